#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the kernel keeps the rules that its compilers do not say. Method: tools/hls_lint.py, after its canary.
cd "$(dirname "$0")/../.." || exit 1
exec tools/hls_lint.py
