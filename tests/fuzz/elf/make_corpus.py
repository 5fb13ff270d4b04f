#!/usr/bin/python3
"""Writes the corpus of the ELF fuzz target: one good image, and one for each fault the loader names."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

HEADER = "<16sHHIQQQIHHHHHH"
SEGMENT = "<IIQQQQQQ"
PT_LOAD, PT_INTERP, PT_NOTE = 1, 3, 4
CODE = b"\xb0\x00\xe6\xf4\xf4"  # mov $0, %al; out %al, $0xf4; hlt


def segment(offset: int = 0x1000, address: int = 0x100000, filesz: int = len(CODE), memsz: int = 0x100,
            type_: int = PT_LOAD, vaddr: int | None = None) -> bytes:
    return struct.pack(SEGMENT, type_, 7, offset, address if vaddr is None else vaddr, address, filesz, memsz, 0x1000)


def image(segments: list[bytes] | None = None, *, ident: bytes = b"\x7fELF\x02\x01\x01", type_: int = 2,
          machine: int = 62, version: int = 1, entry: int = 0x100000, phoff: int = 64, phentsize: int = 56,
          phnum: int | None = None) -> bytes:
    table = segments if segments is not None else [segment(offset=64 + 56)]
    header = struct.pack(HEADER, ident, type_, machine, version, entry, phoff, 0, 0, 64, phentsize,
                         len(table) if phnum is None else phnum, 0, 0, 0)
    return header + b"".join(table) + CODE


def at(count: int) -> int:
    """Where the code begins behind that many program headers."""
    return 64 + 56 * count


GOOD = image()
CORPUS: dict[str, bytes] = {
    "good": GOOD,
    "good_two_segments": image([segment(at(2)), segment(at(2), 0x108000, 0, 0x1000)]),
    "good_with_note": image([segment(at(2)), segment(0, 0, 0, 0, PT_NOTE)]),
    "empty": b"",
    "flat": CODE,
    "flat_one_byte": b"\xf4",
    "magic_only": b"\x7fELF",
    "header_truncated": GOOD[:63],
    "segments_truncated": GOOD[:100],
    "data_truncated": GOOD[:-1],
    "class_32": image(ident=b"\x7fELF\x01\x01\x01"),
    "big_endian": image(ident=b"\x7fELF\x02\x02\x01"),
    "version_0": image(ident=b"\x7fELF\x02\x01\x00"),
    "machine_arm": image(machine=183),
    "type_dyn": image(type_=3),
    "no_segments": image([]),
    "only_note": image([segment(type_=PT_NOTE)]),
    "interp": image([segment(at(2)), segment(type_=PT_INTERP)]),
    "phentsize_32": image(phentsize=32),
    "phnum_max": image(phnum=0xffff),
    "phoff_wild": image(phoff=0xffffffffffffffc0),
    "offset_wild": image([segment(0xfffffffffffffff0)]),
    "memsz_small": image([segment(at(1), memsz=2)]),
    "memsz_wild": image([segment(at(1), memsz=0xffffffffffff0000)]),
    "address_wild": image([segment(at(1), address=0xfffffffffffff000)]),
    "address_boot": image([segment(at(1), address=0x3000)], entry=0x3000),
    "address_end": image([segment(at(1), address=0x10fff0)], entry=0x10fff0),
    "overlap": image([segment(at(2)), segment(at(2), 0x1000ff)]),
    "vaddr_high": image([segment(at(1), vaddr=0xffffffff80000000)]),
    "entry_outside": image(entry=0x200000),
    "entry_before": image(entry=0xfffff),
}


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent / "corpus"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in CORPUS.items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
