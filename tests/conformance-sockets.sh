#!/bin/sh
# SPDX-License-Identifier: MIT
# The conformance suite on real processes: a part of it with our own drivers, with our PF
# as somebody else's, and with examples/python/vf.py as somebody else's VF driver, where
# Python has protobuf. The whole: gucemu conformance --sockets.
set -eu

gucemu=${GUCEMU:-./gucemu}
top=${top_srcdir:-.}
suite=$top/tests/conformance
GUCEMU=$gucemu
export GUCEMU

"$gucemu" conformance --suite "$suite" --sockets --jobs 4 --filter '?-0*'
"$gucemu" conformance --suite "$suite" --sockets --jobs 4 --generation latest --filter 'Q-7.3-*'
# shellcheck disable=SC2016 # for the shell that starts it
"$gucemu" conformance --suite "$suite" --jobs 4 --generation latest --filter 'P-0*' \
	--pf 'exec "$GUCEMU" pf serve --provision 0'

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
