#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the commands that `make -nB V=1` would run (standard input) into compile_commands.json (standard output)."""
import json
import os
import re
import shlex
import sys

entries = []
for line in sys.stdin:
    if " -c " not in line or not re.search(r" -o \S+\.o$", line.strip()):
        continue
    words = shlex.split(line)
    entries.append({"directory": os.getcwd(), "file": words[words.index("-c") + 1], "arguments": words})
json.dump(entries, sys.stdout, indent=1)
print()
sys.exit(0 if entries else "no compile command on standard input")
