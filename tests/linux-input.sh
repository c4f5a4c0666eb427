#!/bin/sh
# SPDX-License-Identifier: MIT
# What ./run linux is given that it can't use: a QEMU that is too old or none, a kernel
# without xe, folders without modules: one line says so, and no guest is started.
set -eu

python3=$(command -v python3) || { echo "no python3"; exit 77; }
top=${top_srcdir:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# Tools that are there, as far as anybody looks: nothing is fetched.
mkdir -p "$work/cache/linux/tools/usr/bin"
: >"$work/cache/linux/tools/usr/bin/qemu-system-x86_64"
: >"$work/bzImage"

# qemu FILE MODEL: a program that knows this device.
qemu() {
	printf '#!/bin/sh\necho "name \\"%s\\", bus PCI"\n' "$2" >"$1"
	chmod +x "$1"
}
qemu "$work/old" vfio-pci
qemu "$work/new" vfio-user-pci

# modules FOLDER MODULE: a folder of modules that has this one.
modules() {
	mkdir -p "$1/lib/modules/1.0/kernel"
	echo "kernel/$2.ko:" >"$1/lib/modules/1.0/modules.dep"
}
modules "$work/others" i915
mkdir "$work/empty"

# expect STATUS WORDS OPTIONS...
expect() {
	want=$1 words=$2
	shift 2
	got=0
	GUCEMU_CACHE=$work/cache GUCEMU=false "$python3" -B "$top/tests/linux/run.py" "$@" \
		>"$work/out" 2>&1 || got=$?
	if [ "$got" != "$want" ] || ! grep -q "$words" "$work/out" ||
	   grep -q Traceback "$work/out"; then
		echo "$*: status $got, and not $want with '$words':"
		cat "$work/out"
		status=1
	fi
}
expect 77 "^skipped: $work/old is too old: it has no vfio-user-pci" --qemu "$work/old"
expect 77 "^skipped: $work/none: No such file" --qemu "$work/none"
expect 77 "^skipped: this kernel has no module xe" --qemu "$work/new" \
	--kernel-image "$work/bzImage" --modules "$work/others"
expect 77 "^skipped: no modules below" --qemu "$work/new" \
	--kernel-image "$work/bzImage" --modules "$work/empty"
expect 2 "error: there is no $work/none" --kernel-image "$work/none"
expect 2 "error: --modules is for --kernel-image" --modules "$work/others"
expect 2 "error: there is no test 'nothing'" --test nothing
expect 2 "error: --kernel and --kernel-image exclude" --kernel 7.2 --kernel-image "$work/bzImage"
exit $status
