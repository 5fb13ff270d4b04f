"""The structs, flags and ioctls of kmod/vnic/uapi/vnic.h, read from the header itself."""
from __future__ import annotations

import ctypes
import re
from pathlib import Path
from types import SimpleNamespace

HEADER = Path(__file__).resolve().parents[3] / "kmod/vnic/uapi/vnic.h"

SCALARS = {"char": ctypes.c_char, "__u8": ctypes.c_uint8, "__u16": ctypes.c_uint16, "__u32": ctypes.c_uint32,
           "__u64": ctypes.c_uint64, "__s32": ctypes.c_int32, "__s64": ctypes.c_int64}
# In network byte order: octets, as the socket functions give them.
OCTETS = {"__be16": (ctypes.c_uint8 * 2), "__be32": (ctypes.c_uint8 * 4), "struct in6_addr": (ctypes.c_uint8 * 16)}
DIRECTIONS = {"_IO": 0, "_IOW": 1, "_IOR": 2, "_IOWR": 3}


def read(header: Path = HEADER) -> SimpleNamespace:
    """An object with a class or a number for each name, without "vnic_" or "VNIC_" before it."""
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
    numbers: dict[str, int] = {}
    for name, value in re.findall(r"^#define\s+VNIC_(\w+)\s+(0x[0-9a-f]+|\d+)\s*$", text, re.M):
        numbers[name] = int(value, 0)
    for body in re.findall(r"enum vnic_\w+ \{(.*?)\}", text, re.S):
        for number, name in enumerate(re.findall(r"VNIC_(\w+)", body)):
            numbers[name] = number
    types: dict[str, type] = {}
    for name, body in re.findall(r"struct vnic_(\w+) \{(.*?)\n\};", text, re.S):
        fields = []
        for kind, member, length in re.findall(r"((?:struct )?\w+)\s+(\w+)(?:\[(\w+)\])?;", body):
            known = SCALARS.get(kind) or OCTETS.get(kind) or types[kind.removeprefix("struct vnic_")]
            count = length and (numbers[length.removeprefix("VNIC_")] if length.startswith("VNIC_") else int(length))
            fields.append((member, known * count if count else known))
        types[name] = type(name, (ctypes.Structure,), {"_fields_": fields})
    for name, direction, number, kind in re.findall(
            r"^#define\s+VNIC_(\w+)\s+(_IOW?R?)\(VNIC_IOC_MAGIC, (0x[0-9a-f]+)(?:, (?:struct vnic_)?(\w+))?\)", text,
            re.M):
        size = ctypes.sizeof(types.get(kind) or SCALARS[kind]) if kind else 0
        numbers[name] = DIRECTIONS[direction] << 30 | size << 16 | numbers["IOC_MAGIC"] << 8 | int(number, 0)
    return SimpleNamespace(**types, **numbers)
