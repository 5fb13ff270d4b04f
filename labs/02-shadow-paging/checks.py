"""Lab 02: what is asked of each step on the host, and of the module in the course VM.

The questions are drawn at random for each grading; the right answers come from paging.py. See
README.md for the steps.
"""
from __future__ import annotations

import itertools
import random
from pathlib import Path

import paging
import witness
from grading import module
from grading.hosttest import Host
from grading.module import Machine
from paging import (ACC_ALL, ACC_EXEC, ACC_USER, ACC_WRITE, PF_I, PF_SMAP_OK, PF_U, PF_W, A, D, G, Mode, NX, P,
                    PS, S_WP_DIRTY, U, W)
from questions import Conversation

CORE = "kmod/shadowpt/core"
SOURCES = [*(f"{CORE}/{name}.c" for name in ("memory", "gwalk", "shadow", "vtlb", "trap", "tables", "audit")),
           "tests/unit/shim/alloc.c", "labs/grading/host/crash.c", "labs/02-shadow-paging/host/probe.c"]
HEADERS = ["kmod/shadowpt", "tests/unit/shim"]

RW, RWU = P | W, P | W | U
KINDS = [who | what for who in (0, PF_U) for what in (0, PF_W, PF_I)]

# Where tables and pages are, by frame number; 2 MiB and 1 GiB pages begin at 0x200 and 0x40000.
SLOTS = [(0, 32), (0x200, 8), (0x3FC, 4), (0x40000, 4), (0x40200, 4), (0x5FFFF, 1)]
PML4, PDPT, PD, PT, PT2, DATA = 1, 2, 3, 4, 5, 16
NO_MEMORY = 0x100
FAR = 1 << 24			# beyond 36 address bits


def flags() -> list[str]:
    from grading.lab import TREE
    return ["-std=gnu17", "-O1", "-g", "-fno-pie", "-fsanitize=undefined", "-fno-sanitize-recover=all",
            "-fno-omit-frame-pointer", "-w", "-include", "linux/compiler_types.h",
            f"-ffile-prefix-map={TREE}/=", f"-I{TREE}/tests/unit/shim", f"-I{TREE}/kmod/shadowpt/uapi",
            f"-I{TREE}/{CORE}", f"-I{TREE}"]


def program(host: Host) -> Path:
    """The core with the submission's files in it, ready for questions."""
    return host.build("probe", SOURCES, flags(), HEADERS)


def host(step: int, host: Host) -> None:
    """Raises Failure if the step is wrong."""
    built = program(host)
    talk = Conversation(f"See step {step} of the handout.")
    STEPS[step](talk, host.rng)
    talk.judge(lambda questions: host.run(built, questions))


def gva_of(i4: int, i3: int, i2: int, i1: int, offset: int = 0) -> int:
    return paging.sign_extend(i4 << 39 | i3 << 30 | i2 << 21 | i1 << 12 | offset)


def entry_at(table: int, index: int) -> int:
    """Guest physical address of an entry."""
    return table << 12 | index << 3


def one_page(talk: Conversation, gva: int, frame: int, leaf: int = RWU, upper: int = RWU) -> None:
    """Map one 4 KiB page through PML4, PDPT, PD, PT."""
    for table, level, target in ((PML4, 4, PDPT), (PDPT, 3, PD), (PD, 2, PT)):
        talk.poke(entry_at(table, paging.index(gva, level)), target << 12 | upper)
    talk.poke(entry_at(PT, paging.index(gva, 1)), frame << 12 | leaf)


def indices(rng: random.Random, count: int) -> list[int]:
    return [0, 511, *rng.sample(range(1, 511), count)]


# --- step 1: walk a guest page table ---

def step1(talk: Conversation, rng: random.Random) -> None:
    mode = Mode(cr3=PML4 << 12)
    talk.machine("vtlb", SLOTS)
    talk.set_mode(mode)
    picks = [rng.randrange(512) for _ in range(4)]
    gva = gva_of(*picks, rng.randrange(4096))
    one_page(talk, gva, DATA)
    talk.walk(gva, 0, "Each level takes nine bits of the address, level 4 the highest: spt_index().")
    for level, table in ((4, PML4), (3, PDPT), (2, PD), (1, PT)):
        at = entry_at(table, picks[4 - level])
        was = talk.memory.read(at)
        talk.poke(at, was & ~P)
        talk.walk(gva, PF_U | PF_W, f"The entry of level {level} is not present.")
        talk.poke(at, was | 1 << 50)
        talk.walk(gva, PF_U, f"The entry of level {level} has a reserved bit set: gpte_reserved().")
        talk.poke(at, (was & ~P) | 1 << 50)
        talk.walk(gva, 0, "An entry that is not present may hold anything else.")
        talk.poke(at, was & ~W)
        talk.walk(gva, 0, "walk->path[] holds the rights of the levels above and that one together.")
        talk.walk(gva, PF_W, f"Level {level} forbids writing: the rights of all levels count.")
        talk.poke(at, was)
        if level > 1:
            talk.poke(at, NO_MEMORY << 12 | RWU)
            talk.walk(gva, PF_W, "A table where there is no memory reads as nothing present: #PF without P.")
            talk.poke(at, was)
    talk.set_mode(paging.with_cr3(mode, NO_MEMORY << 12))
    talk.walk(gva, 0, "CR3 may point to no memory: nothing is present there.")
    talk.set_mode(paging.with_cr3(mode, PML4 << 12 | 0x18))
    talk.walk(gva, PF_W, "CR3 holds more than an address: PT_ADDR.")
    talk.memory_is_right("Guest memory after those walks")
    for _ in range(10):
        random_walks(talk, rng, 60)


def random_mode(rng: random.Random, cr3: int) -> Mode:
    def flag() -> bool:
        return rng.random() < 0.5
    return Mode(cr3, wp=flag(), pge=flag(), smep=flag(), smap=flag(), nxe=rng.random() < 0.8,
                gbpages=flag(), width=rng.choice((36, 40, 52)))


def random_entry(rng: random.Random, level: int) -> int:
    entry = rng.choice((rng.randrange(1, 12), rng.randrange(1, 12), rng.randrange(16, 32))) << 12
    for bit, chance in ((P, 0.93), (W, 0.8), (U, 0.8), (A, 0.3), (D, 0.3), (G, 0.1 if level < 4 else 0.02),
                        (NX, 0.12), (1 << 10, 0.5), (1 << 58, 0.5), (1 << 3, 0.3)):
        entry |= bit if rng.random() < chance else 0
    if level in (2, 3) and rng.random() < 0.25:
        size = 21 if level == 2 else 30
        entry = entry & ~paging.FRAME | PS | rng.randrange(3) << size
        entry |= 1 << 12 if rng.random() < 0.3 else 0
        entry |= 1 << rng.randrange(13, size) if rng.random() < 0.15 else 0
    if rng.random() < 0.05:
        entry |= rng.choice((1 << 37, 1 << 44, 1 << 51, PS if level == 4 else 1 << 48))
    if rng.random() < 0.05:
        entry = entry & ~paging.FRAME | NO_MEMORY << 12
    return entry


def random_walks(talk: Conversation, rng: random.Random, count: int) -> None:
    """Tables at random, any frame at any level; walks of them at random."""
    talk.machine("vtlb", SLOTS)
    used = indices(rng, 2)
    for table in range(1, 12):
        for i in used:
            talk.poke(entry_at(table, i), random_entry(rng, rng.choice((4, 3, 2, 1))))
    talk.set_mode(random_mode(rng, rng.randrange(1, 12) << 12))
    for _ in range(count):
        gva = gva_of(*(rng.choice(used) for _ in range(4)), rng.randrange(4096))
        talk.walk(gva, rng.choice(KINDS) | (PF_SMAP_OK if rng.random() < 0.2 else 0))
        if rng.random() < 0.3:
            talk.poke(entry_at(rng.randrange(1, 12), rng.choice(used)), random_entry(rng, rng.choice((4, 3, 2, 1))))
    talk.memory_is_right("Guest memory after random walks")


# --- step 2: fill one shadow entry ---

def step2(talk: Conversation, rng: random.Random) -> None:
    talk.machine("trap", SLOTS)
    for access, dirty, other, shadowed, unsync in itertools.product(
            range(8), (0, D), (0, G), (False, True), (False, True)):
        frame = rng.randrange(8, 32)
        # the entry's own rights and address are not asked: the walk has them all together
        entry = dirty | other | rng.choice((0, W, U, W | U, NX)) | P | A | rng.randrange(64) << 12 | 1 << 59
        spte = paging.leaf_bits(entry, access, shadowed and not unsync)
        words = ", ".join(name for name, on in (("guest D", dirty), ("guest G", other), ("a shadowed table", shadowed),
                                                ("unsync", unsync)) if on) or "nothing else set"
        talk.ask(f"gfn {frame:x} bits {spte:x}",
                 f"spte_make_leaf() for the rights {rights_text(access)} with {words}", "leaf",
                 frame, entry, access, int(shadowed), int(unsync))
    for strategy in ("vtlb", "trap"):
        fill_pages(talk, rng, strategy)


def rights_text(access: int) -> str:
    return "".join(letter if access & bit else "-" for bit, letter in
                   ((ACC_WRITE, "W"), (ACC_USER, "U"), (ACC_EXEC, "X")))


def leaf_answer(frame: int, bits: int) -> str:
    return f"leaf above {W | U:x} gfn {frame:x} bits {bits:x}"


def fill_pages(talk: Conversation, rng: random.Random, strategy: str) -> None:
    """Faults fill the shadow: a clean page is not writable, a table is not writable (trap)."""
    talk.machine(strategy, SLOTS)
    gva = gva_of(*(rng.randrange(510) for _ in range(4)))
    one_page(talk, gva, DATA)
    talk.poke(entry_at(PT, paging.index(gva, 1) + 1), PT << 12 | RWU)
    talk.set_mode(Mode(cr3=PML4 << 12))
    talk.fault(gva, 0)
    talk.shadow(gva, leaf_answer(DATA, paging.leaf_bits(RWU, ACC_ALL, False)),
                f"{strategy}: the shadow entry after a read of a page whose D is clear",
                "Not writable while guest D is clear: the first write must fault, so that D can be set (I4).")
    talk.fault(gva, PF_W)
    talk.shadow(gva, leaf_answer(DATA, paging.leaf_bits(RWU | D, ACC_ALL, False)),
                f"{strategy}: the shadow entry after a write", "D is set now: the page may be written.")
    table = gva + 0x1000
    talk.fault(table, 0)
    watched = strategy == "trap"
    talk.shadow(table, leaf_answer(PT, paging.leaf_bits(RWU, ACC_ALL, watched)),
                f"{strategy}: the shadow entry of a page that is itself a page table",
                "A shadowed table is not writable: the write must fault (I3).")


# --- step 3: permissions and NX ---

def step3(talk: Conversation, rng: random.Random) -> None:
    talk.machine("vtlb", SLOTS)
    for on in itertools.product((0, 1), repeat=3):
        entry = P | on[0] * W | on[1] * U | on[2] * NX | rng.getrandbits(40) << 12 & paging.FRAME | A
        talk.ask(f"{paging.rights(entry):x}", f"gpte_access(0x{entry:x}), as bits 1 write, 2 user, 4 execute", "rights",
                 entry, look="NX forbids; W and U allow.")
    gva = gva_of(*(rng.randrange(512) for _ in range(4)))
    one_page(talk, gva, DATA, RWU | A, RWU | A)
    tables = {4: PML4, 3: PDPT, 2: PD, 1: PT}
    for wp, smep, smap, nxe in itertools.product((True, False), repeat=4):
        talk.set_mode(Mode(PML4 << 12, wp=wp, smep=smep, smap=smap, nxe=nxe))
        for w, u, nx in itertools.product((W, 0), (U, 0), (0, NX) if nxe else (0,)):
            # each right is taken away at a level of its own
            levels = [rng.randint(1, 4) for _ in range(3)]
            for level, table in tables.items():
                at = entry_at(table, paging.index(gva, level))
                frame = talk.memory.read(at) & paging.FRAME
                entry = frame | P | A | (W if level != levels[0] else w) | (U if level != levels[1] else u)
                talk.poke(at, entry | (nx if level == levels[2] else 0))
            for want in KINDS:
                talk.walk(gva, want, STEP3_LOOK)
            for want in (0, PF_W):
                talk.walk(gva, want | PF_SMAP_OK, STEP3_LOOK)
    talk.memory_is_right("Guest memory after those walks")


STEP3_LOOK = "access_allowed(): a user gets what the entries say; a supervisor's limits are CR0.WP, SMEP and SMAP."


# --- step 4: large pages ---

def step4(talk: Conversation, rng: random.Random) -> None:
    talk.machine("vtlb", SLOTS)
    for level, ps in itertools.product((1, 2, 3, 4), (0, PS)):
        talk.ask(str(int(paging.is_leaf(P | ps, level))),
                 f"gpte_is_leaf() at level {level} with PS {'set' if ps else 'clear'}",
                 "isleaf", P | W | ps | 0x200000, level,
                 look="PS ends the walk at levels 2 and 3; at level 1 the same bit is PAT.")
    for strategy in ("vtlb", "trap"):
        split(talk, rng, strategy, 2)
        split(talk, rng, strategy, 3)
    aliases(talk, rng, rights=False)
    aliases(talk, rng, rights=True)


def large_page(talk: Conversation, rng: random.Random, level: int, leaf: int) -> int:
    """Tables with one large page of that level; returns its address."""
    at = [rng.randrange(511) for _ in range(4)]
    gva = gva_of(at[0], at[1], at[2] if level == 2 else 0, 0)
    talk.poke(entry_at(PML4, at[0]), PDPT << 12 | RWU)
    if level == 3:
        talk.poke(entry_at(PDPT, at[1]), leaf | PS)
    else:
        talk.poke(entry_at(PDPT, at[1]), PD << 12 | RWU)
        talk.poke(entry_at(PD, at[2]), leaf | PS)
    return gva


def split(talk: Conversation, rng: random.Random, strategy: str, level: int) -> None:
    """The pieces of one large page are filled one by one; each maps its own frame."""
    what = "2 MiB" if level == 2 else "1 GiB"
    look = "child_gfn_role(): a direct page stands for no table; its gfn is the first frame that it can map."
    talk.machine(strategy, SLOTS)
    frame = 0x200 if level == 2 else 0x40000
    pat = 1 << 12
    gva = large_page(talk, rng, level, frame << 12 | RWU | pat)
    talk.set_mode(Mode(cr3=PML4 << 12))
    pieces = [0, 3, 5, 7] if level == 2 else [0, 2, 0x203, 0x1FFFF]
    rng.shuffle(pieces)
    for piece in pieces:
        talk.walk(gva + (piece << 12) + rng.randrange(4096), 0)
        talk.fault(gva + (piece << 12), 0, look=look)
    for piece in pieces:
        talk.shadow(gva + (piece << 12), leaf_answer(frame + piece, P | A | D | U | S_WP_DIRTY),
                    f"{strategy}: piece {piece} of a {what} page after a read of each of four pieces", look)
    # the root, PDPT and PD, and a level-1 page for each 2 MiB that was touched
    tables = 3 + len({piece >> 9 for piece in pieces})
    talk.ask(f"{tables:x}",
             f"{strategy}: the number of shadow pages (hexadecimal) for four pieces of a {what} page", "pages",
             look=look)
    talk.ask("0", f"{strategy}: the number of findings of the audit", "audit", look=look)
    talk.fault(gva + (pieces[0] << 12), PF_W, look=look)
    talk.shadow(gva + (pieces[0] << 12), leaf_answer(frame + pieces[0], P | A | D | U | W),
                f"{strategy}: a piece of a {what} page after a write", look)
    talk.ask("0", f"{strategy}: the number of findings of the audit after a write", "audit", look=look)
    talk.memory_is_right(f"{strategy}: guest memory after accesses to a {what} page")


def aliases(talk: Conversation, rng: random.Random, rights: bool) -> None:
    """trap: two entries for one large frame, unlike in rights or in D, share no shadow page."""
    look = "child_gfn_role(): what decides the contents of a direct page belongs to its role."
    talk.machine("trap", SLOTS)
    i4, i3, first, second = rng.randrange(512), rng.randrange(512), 8, 9 + rng.randrange(100)
    talk.poke(entry_at(PML4, i4), PDPT << 12 | RWU)
    talk.poke(entry_at(PDPT, i3), PD << 12 | RWU)
    talk.poke(entry_at(PD, first), 0x200000 | RWU | PS | D)
    talk.poke(entry_at(PD, second), 0x200000 | PS | (P | U | D if rights else RWU))
    talk.set_mode(Mode(cr3=PML4 << 12))
    one, other = gva_of(i4, i3, first, 2), gva_of(i4, i3, second, 2)
    talk.fault(one, PF_W, look=look)
    talk.fault(other + 0x1000, 0, look=look)
    talk.shadow(one, leaf_answer(0x202, P | A | D | U | W), "trap: a 2 MiB page with D set, after a write", look)
    unlike = "another right" if rights else "D clear"
    talk.shadow(other, "none", f"trap: the same frame through another entry with {unlike}, in a piece never accessed",
                look)
    talk.ask("0", "trap: the number of findings of the audit", "audit", look=look)


# --- step 5: INVLPG ---

def step5(talk: Conversation, rng: random.Random) -> None:
    look = "vtlb_invlpg(): follow the shadow tables down to the entry, and write 0 to it with spte_write()."
    talk.machine("vtlb", SLOTS)
    talk.set_mode(Mode(cr3=PML4 << 12))
    talk.do("invlpg", 0x1000)
    talk.ask("0", "The number of shadow pages after an INVLPG before there is a root", "pages", look=look)
    for _ in range(6):
        forget_one(talk, rng, look)
    for level in (2, 3):
        forget_large(talk, rng, level)


def forget_one(talk: Conversation, rng: random.Random, look: str) -> None:
    """Some 4 KiB pages are filled and changed; INVLPG forgets just the one asked for."""
    talk.machine("vtlb", SLOTS)
    i4, i3 = rng.randrange(1, 511), rng.randrange(1, 511)
    i2, other2 = rng.sample(range(1, 511), 2)
    used = indices(rng, 3)
    talk.poke(entry_at(PML4, i4), PDPT << 12 | RWU)
    talk.poke(entry_at(PDPT, i3), PD << 12 | RWU)
    talk.poke(entry_at(PD, i2), PT << 12 | RWU)
    talk.poke(entry_at(PD, other2), PT2 << 12 | RWU)
    frames: dict[int, int] = {}
    for table, directory in ((PT, i2), (PT2, other2)):
        for i in used:
            gva = gva_of(i4, i3, directory, i)
            frames[gva] = DATA + len(frames)
            talk.poke(entry_at(table, i), frames[gva] << 12 | RWU | D | (G if rng.random() < 0.3 else 0))
    talk.set_mode(Mode(cr3=PML4 << 12, pge=rng.random() < 0.5))
    bits = {}
    for gva in frames:
        result = talk.fault(gva, 0)
        bits[gva] = paging.leaf_bits(result.steps[-1][2] & (paging.MASK if talk.mode.pge else ~G), ACC_ALL, False)
    kept = dict(frames)
    for gva in rng.sample(sorted(frames), 5):
        talk.do("flushed")
        talk.do("invlpg", gva + rng.randrange(4096))
        del kept[gva]
        talk.shadow(gva, "none", f"The shadow of 0x{gva:x} after INVLPG of an address in that page", look)
        talk.ask("1", "Whether a TLB flush is owed after INVLPG (1 yes)", "owed",
                 look="Use spte_write(): it owes the flush (I5).")
        for near in kept:
            talk.shadow(near, leaf_answer(kept[near], bits[near]),
                        f"The shadow of 0x{near:x} after INVLPG of 0x{gva:x}",
                        "Forget one address, not its neighbours.")
    for strange in (gva_of(0, 0, 0, 0), gva_of(i4, 0, 0, 0), gva_of(i4, i3, 0, 0), gva_of(511, 511, 511, 511)):
        talk.do("invlpg", strange)
    for near in kept:
        talk.shadow(near, leaf_answer(kept[near], bits[near]),
                    f"The shadow of 0x{near:x} after INVLPG of addresses that nothing maps", look)
    talk.ask("0", "The number of findings of the audit", "audit", look=look)


def forget_large(talk: Conversation, rng: random.Random, level: int) -> None:
    """INVLPG of any address in a large page forgets all of its pieces."""
    what = "2 MiB" if level == 2 else "1 GiB"
    look = "vtlb_invlpg(): a shadow page marked large holds pieces of one guest page; all of them must go."
    talk.machine("vtlb", SLOTS)
    frame = 0x200 if level == 2 else 0x40000
    gva = large_page(talk, rng, level, frame << 12 | RWU | D)
    talk.set_mode(Mode(cr3=PML4 << 12))
    pieces = [0, 3, 5, 7] if level == 2 else [0, 2, 0x203, 0x1FFFF]
    for piece in pieces:
        talk.fault(gva + (piece << 12), PF_W)
    talk.do("flushed")
    talk.do("invlpg", gva + (rng.choice(pieces) << 12) + 8)
    for piece in pieces:
        talk.shadow(gva + (piece << 12), "none",
                    f"Piece {piece} of a {what} page after INVLPG of another address in it", look)
    talk.ask("1", "Whether a TLB flush is owed after INVLPG (1 yes)", "owed", look=look)
    talk.ask("0", "The number of findings of the audit", "audit", look=look)


# --- step 6: a trapped page-table write ---

def step6(talk: Conversation, rng: random.Random) -> None:
    for upper in (RWU, P | U, P | W, RWU | NX):
        followed_writes(talk, rng, upper, Mode(PML4 << 12))
    followed_writes(talk, rng, RWU, Mode(PML4 << 12, nxe=False, width=36))


def followed_writes(talk: Conversation, rng: random.Random, upper: int, mode: Mode) -> None:
    """The guest writes leaf entries of a live table; the shadow follows at once, without a fault."""
    look = "leaf_for(): what the entry may be now, or 0 if a fault must come first."
    talk.machine("trap", [*SLOTS, (FAR, 1)])
    at = [rng.randrange(512) for _ in range(3)]
    anchor = gva_of(*at, 0)
    one_page(talk, anchor, DATA, RWU | D)
    talk.poke(entry_at(PD, at[2]), PT << 12 | upper)
    talk.set_mode(mode)
    path = paging.rights(upper)
    shadow: dict[int, tuple[int, int] | None] = {}
    for entry, about in written_entries(rng):
        talk.fault(anchor, PF_U if upper & U else 0)		# the table is in use, so it is not let go
        i = rng.choice((1, 7, 511, rng.randrange(1, 512)))
        gva = gva_of(*at, i)
        talk.write(entry_at(PT, i), entry)
        made = shadow_of(talk, entry, path)
        old = shadow.get(i)
        if made and old and made[0] == old[0] and not (made[1] ^ old[1]) & ~A:
            made = old
        shadow[i] = made
        talk.shadow(gva, leaf_answer(*made) if made else "none",
                    f"The shadow after the guest wrote a leaf entry {about} (0x{entry:x}) "
                    f"under a directory entry that allows {rights_text(path)} ({mode})", look)
    talk.ask("0", "The number of findings of the audit", "audit", look=look)


def shadow_of(talk: Conversation, entry: int, path: int) -> tuple[int, int] | None:
    """Frame and bits of the shadow entry that a written guest entry gets in trap."""
    frame = (entry & paging.FRAME) >> 12
    if not entry & P or not entry & A or paging.reserved(talk.mode, entry, 1) or not talk.memory.has(frame):
        return None
    bits = paging.leaf_bits(entry, path & paging.rights(entry), frame in (PML4, PDPT, PD, PT))
    return frame, bits & ~A


def written_entries(rng: random.Random) -> list[tuple[int, str]]:
    def at(frame: int, bits: int) -> int:
        return frame << 12 | bits
    frame = DATA + rng.randrange(1, 16)
    cases = [
        (at(frame, RWU | A | D), "that allows everything"), (at(frame, P | U | A | D), "without W"),
        (at(frame, P | W | A | D), "without U"), (at(frame, RWU | A | D | NX), "with NX"),
        (at(frame, RWU | A), "with D clear"), (at(frame, RWU | D), "with A clear"),
        (at(frame, W | U | A | D), "that is not present"), (0, "of zero"),
        (at(frame, RWU | A | D | 1 << 45), "with a reserved bit"), (at(NO_MEMORY, RWU | A | D), "to no memory"),
        (at(FAR, RWU | A | D), "to memory beyond 36 address bits"), (at(PD, RWU | A | D), "to a shadowed table"),
        (at(frame, RWU | A | D | G | 1 << 10 | 1 << 55), "with G and ignored bits"),
    ]
    for _ in range(40):
        chances = ((P, 0.9), (W, 0.6), (U, 0.6), (A, 0.9), (D, 0.5), (NX, 0.3))
        bits = sum(bit for bit, chance in chances if rng.random() < chance)
        cases.append((at(rng.choice((DATA + 1, DATA + 2, PT, 0x200)), bits), "at random"))
    rng.shuffle(cases)
    return cases


STEPS = {1: step1, 2: step2, 3: step3, 4: step4, 5: step5, 6: step6}


# --- the module in the course VM ---

def vm(machine: Machine) -> None:
    """Raises Failure if the module is wrong."""
    module.userland()
    guest = module.BUILD / "obj" / "labs" / "guest-02"
    module.build_in_image(machine.lab.folder / "guest", guest)
    built = machine.build_module("kmod/shadowpt")
    witness.run(machine, built, guest / "witness.elf")
