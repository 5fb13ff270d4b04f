"""The run in the course VM: two guests under both strategies, judged here.

pagetables tells of itself what it found; its word is taken for no more than a reason to look
closer. witness prints what each of its accesses did, and this file draws the same accesses from
the same seed and computes what they must do.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import paging
from grading.lab import TREE
from grading.module import BUILD, Machine, Run
from grading.outcome import Failure
from paging import FRAME, MASK, NX, PF_I, PF_U, PF_W, PS, A, D, Memory, Mode, P, U, W

STRATEGIES = ("vtlb", "trap")
ROUNDS = 400
PAGETABLES_ROUNDS = 200
LIMIT = 60			# seconds of vmm for one guest, which needs three
VM_LIMIT = 180
DEBUG_KERNEL_COSTS = 4

SCRIPT = """\
insmod /root/shadowpt.ko || exit 90
dmesg -n 8
for strategy in {strategies}; do
	for guest in "pagetables {pagetables_rounds} {seed}" "witness {seed} {rounds}"; do
		set -- $guest; name=$1; shift
		/root/vmm run --accel /dev/shadowpt --paging $strategy --timeout {limit} \\
			--json /out/$strategy.$name.json /root/$name.elf "$@" \\
			>/out/$strategy.$name.out 2>/out/$strategy.$name.err
		status=$?
		echo $status >/out/$strategy.$name.status
		[ $status = 0 ] || exit 0
	done
done
rmmod shadowpt || exit 91
"""

BASE = 5 << 39 | 3 << 30 | 5 << 21
PAGE_INDEX = (0, 1, 8, 511)
# Where this side puts what the guest allocates; its own addresses do not matter.
PML4, PDPT, PD, TABLE, FRAME0, LARGE = 1, 2, 3, (4, 5), 16, 0x200


class Sequence:
    """The guest's random numbers, and the numbers it folds."""

    def __init__(self, seed: int) -> None:
        self.seed, self.sum = seed, 0

    def draw(self, n: int) -> int:
        self.seed = (self.seed + 0x9E3779B97F4A7C15) & MASK
        return (paging.mix(self.seed) >> 11) % n

    def fold(self, value: int) -> None:
        self.sum = (paging.mix((self.sum ^ value) & MASK) + 1) & MASK

    def word(self) -> int:
        return self.draw(1 << 48) << 8 | 0xC3

    def rights(self) -> int:
        bits = P if self.draw(8) else 0
        bits |= W if self.draw(4) else 0
        bits |= U if self.draw(4) else 0
        bits |= 0 if self.draw(4) else NX
        bits |= 0 if self.draw(3) else A
        return bits | (0 if self.draw(3) else D)


def expected(seed: int, rounds: int) -> Iterator[tuple[str, str]]:
    """What witness must print, line by line, each with what the round was about."""
    s = Sequence(seed)
    memory = Memory([(0, 64), (LARGE, 512)])
    mode = Mode(PML4 << 12)
    pde = [PD << 12 | (5 + i) << 3 for i in range(2)]
    upper = [pde[0], PDPT << 12 | 3 << 3, PML4 << 12 | 5 << 3]		# by level, from 2
    for i in range(6):
        memory.write(FRAME0 + i << 12, s.word())
    for i in PAGE_INDEX:
        memory.write(LARGE + i << 12, s.word())
    memory.write(upper[2], PDPT << 12 | P | W | U)
    memory.write(upper[1], PD << 12 | P | W | U)
    for i in range(2):
        memory.write(pde[i], TABLE[i] << 12 | P | W | U)

    def edit() -> str:
        nonlocal mode
        what = s.draw(8)
        if what < 5:
            directory = s.draw(2)
            page = PAGE_INDEX[s.draw(4)]
            rights = s.rights()
            memory.write(TABLE[directory] << 12 | page << 3, FRAME0 + s.draw(6) << 12 | rights)
            return "a leaf entry was written and its address flushed with INVLPG"
        if what == 5:
            rights = s.rights()
            memory.write(pde[1], LARGE << 12 | rights | PS if s.draw(2) else TABLE[1] << 12 | rights & ~D)
            return "a directory entry was made a 2 MiB page or a table, and CR3 loaded"
        if what == 6:
            at = upper[s.draw(3)]
            choice = s.draw(3)
            rights = P | (U, W, W | U)[choice] | (0 if s.draw(6) else NX)
            memory.write(at, memory.read(at) & FRAME | rights)
            return "the rights of an upper entry were changed, and CR3 loaded"
        mode = Mode(PML4 << 12, wp=bool(s.draw(2)))
        return "CR0.WP was written, and CR3 loaded"

    for number in range(rounds):
        edited = edit()
        gva = BASE + s.draw(2) * (2 << 20) + PAGE_INDEX[s.draw(4)] * 4096
        user = s.draw(2)
        op = s.draw(3)
        word = s.word()
        want = (PF_U if user else 0) | (0, PF_W, PF_I)[op]
        result = paging.walk(memory, mode, gva, want)
        if result.error is None:
            if op == 1:
                memory.write(result.gpa, word)
            s.fold(memory.read(result.gpa) if op == 0 else 0)
            line = "ok"
        else:
            s.fold(14)
            s.fold(gva)
            line = f"14:{result.error:x}"
        fold_entries(s, memory, gva)
        yield (f"{line} {s.sum & 0xFFFFFFFF:08x}",
               f"round {number}: {edited}; then a {paging.kind(want)} at 0x{gva:x} ({mode}; {result})")


def fold_entries(s: Sequence, memory: Memory, gva: int) -> None:
    table = PML4
    for level in (4, 3, 2, 1):
        entry = memory.read(table << 12 | paging.index(gva, level) << 3)
        s.fold(entry & ~FRAME & MASK)
        if level > 1 and (entry & PS or not entry & P):
            return
        table = (entry & FRAME) >> 12


def guest_tests() -> list[str]:
    """The names of the tests of the pagetables guest, from its source."""
    header = (TREE / "userland/vmm/guests/pagetables/tests.h").read_text()
    return re.findall(r'^\s*X\(test_\w+,\s*"([^"]*)"\)', header, re.MULTILINE)


def run(machine: Machine, module: Path, witness: Path) -> None:
    """Raises Failure if the module is wrong."""
    seed = machine.seed % (1 << 31)
    slower = DEBUG_KERNEL_COSTS if machine.kernel == "debug" else 1
    script = SCRIPT.format(strategies=" ".join(STRATEGIES), seed=seed, rounds=ROUNDS,
                           pagetables_rounds=PAGETABLES_ROUNDS, limit=LIMIT * slower)
    puts = {BUILD / "bin" / "vmm": "/root/vmm", BUILD / "guests" / "pagetables.elf": "/root/pagetables.elf",
            witness: "/root/witness.elf"}
    left = machine.run(module, script, puts, VM_LIMIT * slower)
    for strategy in STRATEGIES:
        judge_pagetables(left, strategy)
        judge_witness(left, strategy, seed)


def judge_end(left: Run, strategy: str, guest: str) -> None:
    """How vmm says that the guest ended."""
    status = left.text(f"{strategy}.{guest}.status").strip()
    where = f"the guest {guest} with --paging {strategy}"
    if status == "0":
        try:
            ended = json.loads(left.text(f"{strategy}.{guest}.json"))["end"]
        except (ValueError, KeyError, TypeError):
            ended = "nothing"
        if ended != "exit":
            raise Failure(f"In {where}: vmm says it ended by {str(ended)[:40]}, not by its exit port.")
        return
    if not status:
        raise Failure(f"In {where}: it left no result.")
    if status == "124":
        raise Failure(f"In {where}: vmm's time was over.",
                      "A fault that is mended wrongly comes again for ever; see vmm run --stats.")
    said = (left.text(f"{strategy}.{guest}.err").strip() or "nothing").splitlines()
    failed = re.search(r"^not ok \d+ - (.*(?:\n#.*)?)", left.text(f"{strategy}.{guest}.out"), re.MULTILINE)
    if failed:
        raise Failure(f"In {where}: test \"{' '.join(failed[1].split())}\" failed.")
    raise Failure(f"In {where}: vmm ended with status {status[:8]} and said: {said[0][:200]}.")


def judge_pagetables(left: Run, strategy: str) -> None:
    judge_end(left, strategy, "pagetables")
    text = left.text(f"{strategy}.pagetables.out")
    passed = re.findall(r"^ok (\d+) - (.*?)(?: # SKIP.*)?$", text, re.MULTILINE)
    want = [(str(i), name) for i, name in enumerate(guest_tests(), 1)]
    if passed != want:
        missing = [name for i, name in want if (i, name) not in passed]
        raise Failure(f"In the guest pagetables with --paging {strategy}: "
                      f"\"{missing[0] if missing else 'the list of tests'}\" is not among what passed.")


def judge_witness(left: Run, strategy: str, seed: int) -> None:
    judge_end(left, strategy, "witness")
    given = left.text(f"{strategy}.witness.out").splitlines()
    count = 0
    for count, (line, about) in enumerate(expected(seed, ROUNDS), 1):
        got = given[count - 1] if count <= len(given) else "nothing"
        if got != line:
            what, should = describe(got), describe(line)
            if what == should:
                what, should = "another value, or other A and D bits", "the model's"
            raise Failure(f"The guest witness with --paging {strategy}, {about}: it got {what}; it should be {should}.")
    if len(given) != count:
        raise Failure(f"The guest witness with --paging {strategy} printed {len(given)} lines, not {count}.")


def describe(line: str) -> str:
    match = re.match(r"^(?:(ok)|(\d+):([0-9a-f]+)) [0-9a-f]{8}$", line)
    if not match:
        return repr(line[:40])
    if match[1]:
        return "no fault"
    return f"#PF with error code 0x{match[3]}" if match[2] == "14" else f"exception {match[2]}"
