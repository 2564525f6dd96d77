#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit 1800 s
#
# Goal: RTL of the book and lifecycle tops says what C says. Method: make hls-check, where PandA-bambu is; it is in no
# Debian package, so elsewhere this is a skip by name.
set -u
cd "$(dirname "$0")/../.." || exit 1
command -v bambu >/dev/null || { echo "SKIP: no bambu (PandA-bambu, with Verilator)"; exit 77; }
exec env -u MAKEFLAGS -u MFLAGS make -s hls-check
