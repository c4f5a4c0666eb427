#!/bin/sh
# SPDX-License-Identifier: MIT
# The conformance suite notices every weakness that can be chosen for our drivers, and
# every fixup that can be left out: the row that tests/weaknesses.tsv names fails with it.
# (Without it the row passes: that is tests/conformance.sh.) The table has them all, once
# each, and docs/scenarios.md says the same.
set -eu

gucemu=${GUCEMU:-./gucemu}
top=${top_srcdir:-.}
table=$top/tests/weaknesses.tsv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# list KIND MACRO HEADER: the names in a header's list.
list() {
	sed -n "/^#define $2(X)/,/^\$/s/.*X([A-Z0-9_]*, \"\([^\"]*\)\".*/$1\t\1/p" "$top/$3"
}
{
	list quirk VFC_QUIRK_LIST vfclient/vfc.h
	list pf_quirk PFC_QUIRK_LIST pfclient/pfc.h
	list skip FIXUP_LIST proto/fixup.h
} | sort >"$work/all"
grep -v '^#' "$table" >"$work/table"
cut -f 1,2 "$work/table" | sort >"$work/named"
if ! diff "$work/all" "$work/named"; then
	echo "tests/weaknesses.tsv does not have each weakness once"
	status=1
fi

while read -r kind name id file; do
	if ! grep -q "^| $kind=$name | .*$id" "$top/docs/scenarios.md"; then
		echo "docs/scenarios.md does not say that $id notices $kind=$name"
		status=1
	fi
	is=0
	"$gucemu" run --set "$kind=$name" --filter "=$id" --format text \
		"$top/tests/conformance/$file.lua" >"$work/out" 2>&1 </dev/null || is=$?
	case $is in
	1 | 4) ;; # an expectation was not met, or it hangs
	*)
		cat "$work/out"
		echo "$id does not notice $kind=$name: exit status $is"
		status=1
		;;
	esac
done <"$work/table"
echo "$(wc -l <"$work/table") weaknesses tried"
exit $status
