#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/ten-minutes.md says what is so: its scripts are written to files, its commands
# run, and what they print compared. The examples pass as well.
set -eu

gucemu=${GUCEMU:-./gucemu}
top=${top_srcdir:-.}
page=$(cd "$top/docs" && pwd)/ten-minutes.md
examples=$(cd "$top/examples/scenarios" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$(cd "$(dirname "$gucemu")" && pwd)/$(basename "$gucemu")" "$work/bin/gucemu"
PATH=$work/bin:$PATH
cd "$work"

awk '/^```lua$/ { inside = 1; next }
	/^```$/ { inside = 0; next }
	inside == 1 { name = $2; inside = 2; printf "" >name }
	inside == 2 { print >name }' "$page"
awk '/^```console$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$page" >wanted

# Each command as it stands, then what it says.
grep '^\$ ' wanted | while read -r line; do
	printf '%s\n' "$line"
	sh -c "${line#??}" 2>&1 </dev/null || true
done >is
diff wanted is
[ "$(grep -c '^\$ ' is)" -gt 5 ]
gucemu run --twice "$examples"
