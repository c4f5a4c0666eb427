# SPDX-License-Identifier: MIT
"""One bit of a kernel module: a platform's descriptor says that it can do SR-IOV.
For kernels whose driver has what is to be seen, but takes no card as a VF that
shows it. The bit is found by the module's symbols and by its BTF."""
import struct

STRUCT, FIELD = b"xe_device_desc", b"has_sriov"
SIGNED = b"~Module signature appended~\n"
SYMTAB, KIND_STRUCT = 2, 4
# What follows the twelve bytes of a type: bytes, and bytes for each of its `vlen`.
TRAILS = {1: (4, 0), 3: (12, 0), 4: (0, 12), 5: (0, 12), 6: (0, 8), 13: (0, 8), 14: (4, 0),
          15: (0, 12), 17: (4, 0), 19: (0, 12)}


class Unmarkable(Exception):
    pass


def text(table, at):
    return table[at:table.index(b"\0", at)]


def sections(elf):
    """(name, type, offset, size) of each."""
    at, = struct.unpack_from("<Q", elf, 0x28)
    entry, count, names = struct.unpack_from("<HHH", elf, 0x3A)
    raw = [struct.unpack_from("<IIQQQQ", elf, at + i * entry) for i in range(count)]
    strings = elf[raw[names][4]:raw[names][4] + raw[names][5]]
    return [(text(strings, r[0]), r[1], r[4], r[5]) for r in raw]


def place(elf, symbol):
    """Where in the file an object is, and its bytes."""
    parts = sections(elf)
    symbols = next(p for p in parts if p[1] == SYMTAB)
    strings = next(p for p in parts if p[0] == b".strtab")
    table = elf[strings[2]:strings[2] + strings[3]]
    for at in range(symbols[2], symbols[2] + symbols[3], 24):
        name, _, _, section, value, size = struct.unpack_from("<IBBHQQ", elf, at)
        # The display's part of the driver has descriptors of these names, too.
        if text(table, name) == symbol and parts[section][0] == b".rodata":
            return parts[section][2] + value, size
    raise Unmarkable("no %s in the module" % symbol.decode())


def bit_of(elf, size):
    """The field's place in a descriptor of this size, in bits."""
    part = next((p for p in sections(elf) if p[0] == b".BTF"), None)
    if not part:
        raise Unmarkable("the module has no BTF")
    header, types, types_len, strings, strings_len = struct.unpack_from("<5I", elf, part[2] + 4)
    data = elf[part[2] + header + types:][:types_len]
    names = elf[part[2] + header + strings:][:strings_len]
    own = {name: names.index(b"\0" + name + b"\0") + 1 for name in (STRUCT, FIELD)}
    at = 0
    while at < len(data):
        name, info, this = struct.unpack_from("<III", data, at)
        kind, count = info >> 24 & 31, info & 0xFFFF
        # Names count from the kernel's own strings, which are as many as make the
        # structure's name right; then the field's has to be among its members.
        if kind == KIND_STRUCT and this == size:
            members = [struct.unpack_from("<III", data, at + 12 + 12 * i) for i in range(count)]
            for member, _, offset in members:
                if member - own[FIELD] == name - own[STRUCT] >= 0:
                    return offset & 0xFFFFFF
        fixed, each = TRAILS.get(kind, (0, 0))
        at += 12 + fixed + each * count
    raise Unmarkable("the module's BTF does not know the field")


def marked(elf, descriptor):
    """The module with the bit of this descriptor ("bmg_desc") set."""
    at, size = place(elf, descriptor.encode())
    bit = bit_of(elf, size)
    out = bytearray(elf)
    if elf.endswith(SIGNED):  # a wrong signature is refused, none is not
        tail, = struct.unpack_from(">I", elf, len(elf) - len(SIGNED) - 4)
        del out[len(elf) - len(SIGNED) - 12 - tail:]
    out[at + bit // 8] |= 1 << bit % 8
    return bytes(out)
