#!/bin/sh
# SPDX-License-Identifier: MIT
# Run test_python.py with a Python that has protobuf, and what protoc makes of
# the schema. Skipped (77) where Debian's python3-protobuf or protobuf-compiler
# are missing; nanopb, which the build needs, brings both.
set -u
for python in python3 /usr/bin/python3 none; do
	"$python" -c 'import google.protobuf' 2>/dev/null && break
done
if [ "$python" = none ] || ! command -v protoc >/dev/null 2>&1; then
	echo "needs python3-protobuf and protobuf-compiler"
	exit 77
fi
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT INT TERM
protoc --python_out="$folder" -I "$srcdir/proto" "$srcdir/proto/frame.proto" || exit 1
PYTHONPATH=$folder PYTHONDONTWRITEBYTECODE=1 EXAMPLES=$srcdir/examples/python \
	"$python" "$srcdir/tests/process/test_python.py"
