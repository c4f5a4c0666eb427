#!/bin/sh
# SPDX-License-Identifier: MIT
# The actors are pure: they leave nothing undefined but mem*/str* and what they
# define for one another. No malloc, clock, stdio, thread, socket; and no
# writable global. Argument: the build folder.
set -eu

top=${1:-${top_builddir:-.}}
archives=
for lib in proto host guc vfcore pfcore; do
	a=$top/.libs/libguc$lib.a
	[ -f "$a" ] || { echo "purity: $a is missing"; exit 1; }
	archives="$archives $a"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail=0

# Sanitizers and coverage add their own; the compiler its helpers.
tool='^(__asan|__ubsan|__tsan|__gcov|__sanitizer|__odr_asan|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__popcount[sd]i2|__llvm)'

# shellcheck disable=SC2086
nm --defined-only $archives 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u >"$work/defined"
# shellcheck disable=SC2086
nm -u $archives 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u |
	grep -vxF -f "$work/defined" |
	grep -vE '^(mem(cpy|set|cmp|move|chr)|str(len|cmp|ncmp|chr|rchr|str|nlen))$' |
	grep -vE "$tool" >"$work/undefined" || true
if [ -s "$work/undefined" ]; then
	echo "purity: the actors use what they must not:"
	sed 's/^/  /' "$work/undefined"
	fail=1
fi

# Tables of pointers lie in .data.rel.ro: written by the loader, then locked.
# shellcheck disable=SC2086
nm --format=sysv --defined-only $archives 2>/dev/null |
	awk -F'|' '$7 ~ /^\.(data|bss|tdata|tbss)/ && $7 !~ /^\.data\.rel\.ro/ { gsub(/ /, "", $1); print $1 }' |
	grep -vE "$tool|^\.|^__?[0-9]" >"$work/globals" || true
if [ -s "$work/globals" ] && [ -z "${SAN_CFLAGS:-}" ]; then
	echo "purity: the actors have writable globals:"
	sed 's/^/  /' "$work/globals"
	fail=1
fi
[ $fail = 0 ] && echo "purity: $(wc -l <"$work/defined") symbols, nothing but mem* and str* undefined, no global"
exit $fail
