#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit 1 s
# Proves that a test that never ends is ended, with what it started, and counted as failed.
sleep 3600 &
wait
