#!/bin/sh
# SPDX-License-Identifier: MIT
# The actors are pure: they leave nothing undefined but mem*/str* and what they
# define for one another. No malloc, clock, stdio, thread, socket; and no
# writable global. Argument: the build folder. The rules are first tried on
# libraries that are known to break them: a check that lets those pass is none.
set -eu

top=${1:-${top_builddir:-.}}
nm=${NM:-nm}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

die() {
	echo "purity: $*"
	exit 1
}

# archive NAME...: their paths, all of which must be there.
archive() {
	for lib; do
		a=$top/.libs/libguc$lib.a
		[ -f "$a" ] || die "$a is missing" >&2
		echo "$a"
	done
}

# symbols OPTION... ARCHIVE...: what nm says; that it can't say is a failure.
symbols() {
	# shellcheck disable=SC2086 # nm may be a command with options
	$nm "$@" >"$work/nm" 2>"$work/err" ||
		die "$nm: $(cat "$work/err")" >&2
	[ -s "$work/nm" ] || die "$nm $* says nothing" >&2
	cat "$work/nm"
}

# Sanitizers and coverage add their own; the compiler its helpers, what it knows
# of the processor (__cpu_model, filled before anything runs) and, fortified, the
# checked forms of mem* and str*.
tool='^(__asan|__ubsan|__tsan|__gcov|__sanitizer|__odr_asan|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__popcount[sd]i2|__cpu_model|__llvm|__(mem|str)[a-z]+_chk$)'

# undefined ARCHIVE...: what they take from outside and must not.
undefined() {
	symbols --defined-only "$@" >"$work/all"
	awk 'NF == 3 { print $3 }' "$work/all" | sort -u >"$work/defined"
	[ -s "$work/defined" ] || die "nothing is defined in $*" >&2
	symbols -u "$@" >"$work/all"
	# Weak ones (w, v) too: they are used when they are there.
	awk 'NF == 2 && $1 ~ /^[Uwv]$/ { print $2 }' "$work/all" | sort -u |
		grep -vxF -f "$work/defined" |
		grep -vE '^(mem(cpy|set|cmp|move|chr)|str(len|cmp|ncmp|chr|rchr|str|nlen))$' |
		grep -vE "$tool" || true
}

# globals ARCHIVE...: their writable data. Tables of pointers lie in
# .data.rel.ro: written by the loader, then locked.
globals() {
	symbols --format=sysv --defined-only "$@" >"$work/all"
	awk -F'|' '$7 ~ /^(\.(data|bss|tdata|tbss)|\*COM\*)/ && $7 !~ /^\.data\.rel\.ro/ {
			gsub(/ /, "", $1); print $1 }' "$work/all" |
		grep -vE "$tool|^\.|^__?[0-9]" || true
}

# The edges do what the actors must not: libgucwire calls libc for its sockets.
impure=$(archive wire)
undefined "$impure" >"$work/control"
grep -qx recvmsg "$work/control" || die "would not notice a system call"
for name in printf malloc clock_gettime pthread_create socket; do
	grep -qxF "$name" "$work/defined" && die "$name is taken for one of ours"
	echo "$name" | grep -vE "$tool" >/dev/null || die "would not notice $name"
done

archives=$(archive proto host engine guc fault vfcore pfcore)
fail=0
# shellcheck disable=SC2086
undefined $archives >"$work/undefined"
if [ -s "$work/undefined" ]; then
	echo "purity: the actors use what they must not:"
	sed 's/^/  /' "$work/undefined"
	fail=1
fi
# shellcheck disable=SC2086
globals $archives >"$work/globals"
if [ -s "$work/globals" ] && [ -z "${SAN_CFLAGS:-}" ]; then
	echo "purity: the actors have writable globals:"
	sed 's/^/  /' "$work/globals"
	fail=1
fi
[ $fail = 0 ] && echo "purity: $(wc -l <"$work/defined") symbols, nothing but mem* and str* undefined, no global"
exit $fail
