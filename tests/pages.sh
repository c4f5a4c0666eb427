#!/bin/sh
# SPDX-License-Identifier: MIT
# The pages that the program prints from its tables are in docs/protocol as it
# prints them now. Arguments: the program, the source folder.
set -eu

gucemu=${1:-${GUCEMU:-./gucemu}}
top=${2:-${top_srcdir:-.}}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
for page in actions klvs states faults; do
	# shellcheck disable=SC2086 # words of a command
	"$gucemu" $(echo $page | sed 's/^faults$/fault list/') --markdown >"$work/page"
	if ! diff "$top/docs/protocol/$page.md" "$work/page"; then
		echo "docs/protocol/$page.md is out of date: make docs"
		status=1
	fi
done
# Of this page only the part behind the mark is printed.
"$gucemu" run --reference >"$work/page"
sed '1,/<!-- printed -->/d' "$top/docs/scenarios.md" >"$work/is"
if ! diff "$work/is" "$work/page"; then
	echo "docs/scenarios.md is out of date: make docs"
	status=1
fi
exit $status
