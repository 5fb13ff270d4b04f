"""4-level paging as the manual has it, in the plainest way: the grader's own reference.

AMD64 Architecture Programmer's Manual, volume 2: 5.3 (long-mode translation), 5.4 (entries),
5.6 (protection), 8.4.2 (the error code of #PF). Takes nothing from the module.
"""
from __future__ import annotations

from dataclasses import dataclass, field, replace

P, W, U, A, D, PS, G = 1 << 0, 1 << 1, 1 << 2, 1 << 5, 1 << 6, 1 << 7, 1 << 8
NX = 1 << 63
FRAME = 0x000FFFFFFFFFF000
MASK = (1 << 64) - 1

# Shadow entries: bits that the CPU ignores and shadowpt keeps its reasons in (core/spt.h).
S_GLOBAL, S_WP_TRAP, S_WP_DIRTY, S_WP0 = 1 << 9, 1 << 10, 1 << 11, 1 << 52

# Rights as a set (core/spt.h).
ACC_WRITE, ACC_USER, ACC_EXEC = 1, 2, 4
ACC_ALL = 7

# The error code of #PF, which also names a kind of access.
PF_P, PF_W, PF_U, PF_RSVD, PF_I = 1, 2, 4, 8, 16
PF_SMAP_OK = 1 << 31

CR0_WP, CR4_PGE, CR4_SMEP, CR4_SMAP, EFER_NXE = 1 << 16, 1 << 7, 1 << 20, 1 << 21, 1 << 11

BIT_NAMES = {P: "P", W: "W", U: "U", A: "A", D: "D", PS: "PS", G: "G", NX: "NX", S_GLOBAL: "SPTE_GLOBAL",
             S_WP_TRAP: "SPTE_WP_TRAP", S_WP_DIRTY: "SPTE_WP_DIRTY", S_WP0: "SPTE_WP0"}


def bits(value: int) -> str:
    """The names of an entry's bits, without its frame."""
    value &= MASK & ~FRAME
    names = [name for bit, name in BIT_NAMES.items() if value & bit]
    rest = value & ~sum(bit for bit in BIT_NAMES if value & bit)
    return " ".join(names + ([f"0x{rest:x}"] if rest else [])) or "none"


def kind(want: int) -> str:
    """A kind of access in words."""
    who = "user" if want & PF_U else "supervisor"
    what = "fetch" if want & PF_I else "write" if want & PF_W else "read"
    return f"{who} {what}" + (" with EFLAGS.AC" if want & PF_SMAP_OK else "")


def sign_extend(gva: int) -> int:
    return (gva | 0xFFFF << 48) & MASK if gva >> 47 & 1 else gva


def index(gva: int, level: int) -> int:
    return gva >> (12 + 9 * (level - 1)) & 511


def mix(z: int) -> int:
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
    return z ^ z >> 31


@dataclass(frozen=True)
class Mode:
    """The bits of the control registers that take part, and two facts from CPUID."""

    cr3: int = 0
    wp: bool = True
    pge: bool = False
    smep: bool = False
    smap: bool = False
    nxe: bool = True
    gbpages: bool = True
    width: int = 40

    @property
    def registers(self) -> tuple[int, int, int, int, int, int]:
        """CR0, CR3, CR4, EFER, physical address width, 1 GiB pages."""
        cr4 = self.pge * CR4_PGE | self.smep * CR4_SMEP | self.smap * CR4_SMAP
        return (self.wp * CR0_WP, self.cr3, cr4, self.nxe * EFER_NXE, self.width, int(self.gbpages))

    def __str__(self) -> str:
        return (f"WP={self.wp:d} NXE={self.nxe:d} SMEP={self.smep:d} SMAP={self.smap:d}, "
                f"{self.width} address bits, {'' if self.gbpages else 'no '}1 GiB pages")


@dataclass
class Memory:
    """Guest physical memory: slots of frames, and the words in them that are not zero."""

    slots: list[tuple[int, int]] = field(default_factory=list)
    words: dict[int, int] = field(default_factory=dict)

    def has(self, gfn: int) -> bool:
        return any(base <= gfn < base + count for base, count in self.slots)

    def read(self, gpa: int) -> int:
        return self.words.get(gpa, 0)

    def write(self, gpa: int, value: int) -> None:
        self.words[gpa] = value

    def sum(self) -> int:
        """One number for all of it, as host/probe.c computes it."""
        return sum(mix(mix(gpa) ^ value) for gpa, value in self.words.items() if value) & MASK


def rights(entry: int) -> int:
    return (ACC_WRITE if entry & W else 0) | (ACC_USER if entry & U else 0) | (0 if entry & NX else ACC_EXEC)


def reserved(mode: Mode, entry: int, level: int) -> bool:
    mask = FRAME & ~((1 << mode.width) - 1)
    if not mode.nxe:
        mask |= NX
    if level == 4:
        mask |= PS | G
    if level == 3 and not mode.gbpages:
        mask |= PS
    if level == 3 and mode.gbpages and entry & PS:
        mask |= 0x3FFFE000
    if level == 2 and entry & PS:
        mask |= 0x1FE000
    return bool(entry & mask)


def is_leaf(entry: int, level: int) -> bool:
    return level == 1 or (level in (2, 3) and bool(entry & PS))


def allowed(mode: Mode, access: int, want: int) -> bool:
    user, write, fetch = want & PF_U, want & PF_W, want & PF_I
    if fetch and not access & ACC_EXEC:
        return False
    if user:
        return bool(access & ACC_USER and (access & ACC_WRITE or not write))
    if write and mode.wp and not access & ACC_WRITE:
        return False
    if access & ACC_USER and fetch and mode.smep:
        return False
    return not (access & ACC_USER and not fetch and mode.smap and not want & PF_SMAP_OK)


@dataclass(frozen=True)
class Walk:
    """What a walk comes to. `steps`: (level, table gfn, entry, rights so far), from the top."""

    error: int | None
    gpa: int = 0
    level: int = 0
    access: int = 0
    steps: tuple[tuple[int, int, int, int], ...] = ()

    def __str__(self) -> str:
        return ", ".join(f"level {level}: 0x{entry:x}" for level, _, entry, _ in self.steps) or "no table"

    @property
    def answer(self) -> str:
        """As host/probe.c prints it."""
        if self.error is not None:
            return f"fault {self.error:x}"
        path = "".join(f" / {table:x} {entry:x} {access:x}" for _, table, entry, access in self.steps)
        return f"ok gpa {self.gpa:x} level {self.level} access {self.access:x}{path}"


def walk(memory: Memory, mode: Mode, gva: int, want: int) -> Walk:
    """Translates, and sets A and D in memory if the access is allowed."""
    def fault(why: int) -> Walk:
        code = why | want & (PF_W | PF_U)
        if mode.nxe or mode.smep:
            code |= want & PF_I
        return Walk(code, steps=tuple(steps))

    table = (mode.cr3 & FRAME) >> 12
    access = ACC_ALL
    steps: list[tuple[int, int, int, int]] = []
    for level in (4, 3, 2, 1):
        if not memory.has(table):
            return fault(0)
        entry = memory.read(table << 12 | index(gva, level) << 3)
        access &= rights(entry)
        steps.append((level, table, entry, access))
        if not entry & P:
            return fault(0)
        if reserved(mode, entry, level):
            return fault(PF_P | PF_RSVD)
        if is_leaf(entry, level):
            break
        table = (entry & FRAME) >> 12
    if not allowed(mode, access, want):
        return fault(PF_P)
    for i, (at, table, entry, so_far) in enumerate(steps):
        entry |= A | (D if at == level and want & PF_W else 0)
        memory.write(table << 12 | index(gva, at) << 3, entry)
        steps[i] = (at, table, entry, so_far)
    size = 1 << (12 + 9 * (level - 1))
    gpa = entry & FRAME & ~(size - 1) | gva & (size - 1)
    return Walk(None, gpa, level, access, tuple(steps))


def leaf_bits(entry: int, access: int, shadowed: bool) -> int:
    """The bits of the shadow entry that shadowpt makes for a guest's leaf entry."""
    spte = P | A | D
    if entry & G:
        spte |= S_GLOBAL
    if access & ACC_USER:
        spte |= U
    if not access & ACC_EXEC:
        spte |= NX
    if access & ACC_WRITE:
        spte |= S_WP_TRAP if shadowed else W if entry & D else S_WP_DIRTY
    return spte


def with_cr3(mode: Mode, cr3: int) -> Mode:
    return replace(mode, cr3=cr3)
