#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that a time limit that stands in a docstring is one.

limit 2 s
"""
import time

time.sleep(3600)
