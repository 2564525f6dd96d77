#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# serial
# Proves that a good test is counted as passed, also when it runs alone.
test -d "$LL_BIN"
