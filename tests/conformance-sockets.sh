#!/bin/sh
# SPDX-License-Identifier: MIT
# The conformance suite on real processes: a part of it with our own client, and with
# examples/python/vf.py as somebody else's, where Python has protobuf.
set -eu

gucemu=${GUCEMU:-./gucemu}
top=${top_srcdir:-.}
suite=$top/tests/conformance

"$gucemu" conformance --suite "$suite" --sockets --jobs 2 --filter 'R-0*'

for python in python3 /usr/bin/python3 none; do
	"$python" -c 'import google.protobuf' 2>/dev/null && break
done
if [ "$python" = none ] || ! command -v protoc >/dev/null 2>&1; then
	echo "vf.py: not judged, that needs python3-protobuf and protobuf-compiler"
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
protoc --python_out="$work" -I "$top/proto" "$top/proto/frame.proto"
PYTHONPATH=$work PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
"$gucemu" conformance --suite "$suite" --jobs 2 --filter 'R-0*' \
	--client "exec $python $top/examples/python/vf.py --stay"
