"""The kernel's side of seccomp, in Python: whether it would take a program, and what that says of a call.

Classic BPF (Documentation/networking/filter.rst), with the loads and checks of seccomp (kernel/seccomp.c:
seccomp_check_filter, net/core/filter.c: bpf_check_classic).
"""
from __future__ import annotations

import random
import struct
from dataclasses import dataclass

X86_64, I386, AARCH64 = 0xC000003E, 0x40000003, 0xC00000B7
X32_BIT = 0x40000000
KILL_PROCESS, ALLOW, ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
MOST = 4096

LD_ABS, LDX_IMM, LD_IMM, LD_LEN = 0x20, 0x01, 0x00, 0x80
RET_K, RET_A, TAX, TXA, JA = 0x06, 0x16, 0x07, 0x87, 0x05
JUMPS = {0x10: lambda a, k: a == k, 0x20: lambda a, k: a > k, 0x30: lambda a, k: a >= k, 0x40: lambda a, k: bool(a & k)}
ALU = {0x00: lambda a, k: a + k, 0x10: lambda a, k: a - k, 0x20: lambda a, k: a * k, 0x40: lambda a, k: a | k,
       0x50: lambda a, k: a & k, 0x60: lambda a, k: a << (k & 31), 0x70: lambda a, k: a >> (k & 31),
       0xA0: lambda a, k: a ^ k}

Program = list[tuple[int, int, int, int]]


class Refused(Exception):
    """Why the kernel would not take it, as the rest of a sentence."""


@dataclass(frozen=True)
class Call:
    number: int
    arch: int = X86_64
    args: tuple[int, ...] = (0,) * 6

    def data(self) -> bytes:
        return struct.pack("<IIQ6Q", self.number, self.arch, 0, *self.args)

    def __str__(self) -> str:
        arch = {X86_64: "", I386: " of i386", AARCH64: " of aarch64"}[self.arch]
        named = f"x32's call {self.number - X32_BIT}" if self.number & X32_BIT else f"call {self.number}"
        used = [f"argument {n} is {arg:#x}" for n, arg in enumerate(self.args) if arg]
        return f"{named}{arch}" + (f" where {', '.join(used)}" if used else "")


@dataclass(frozen=True)
class Rule:
    """As struct filter_rule."""

    number: int
    argument: int
    mask: int
    value: int
    verdict: int

    def holds(self, call: Call) -> bool:
        return call.number == self.number and (self.argument < 0 or
                                               call.args[self.argument] & self.mask == self.value)

    def line(self) -> str:
        return f"rule {self.number} {self.argument} {self.mask:x} {self.value:x} {self.verdict:x}"


def verdict(rules: list[Rule], otherwise: int, call: Call) -> int:
    """What it must be."""
    if call.arch != X86_64 or call.number & X32_BIT:
        return KILL_PROCESS
    return next((rule.verdict for rule in rules if rule.holds(call)), otherwise)


def decode(octets: bytes) -> Program:
    """Raises Refused if the kernel would."""
    if len(octets) % 8 or not octets:
        raise Refused("it is no program")
    program = [struct.unpack_from("<HBBI", octets, at) for at in range(0, len(octets), 8)]
    if len(program) > MOST:
        raise Refused(f"it has {len(program)} instructions; {MOST} are allowed")
    for n, (code, yes, no, k) in enumerate(program):
        left = len(program) - n - 1
        kind = code & 7
        if code == LD_ABS and (k % 4 or k >= 64):
            raise Refused(f"instruction {n} loads from offset {k}, where no word is")
        if kind == 5 and code != JA and (code & 0xF0 not in JUMPS or max(yes, no) >= left):
            raise Refused(f"instruction {n} jumps out of the program")
        if code == JA and k >= left:
            raise Refused(f"instruction {n} jumps out of the program")
        if kind == 4 and code & 0xF0 not in ALU and code != 0x84:
            raise Refused(f"instruction {n} has the unknown code {code:#x}")
        if kind in (0, 1, 2, 3) and code not in (LD_ABS, LD_IMM, LDX_IMM, LD_LEN, 0x60, 0x61, 0x02, 0x03):
            raise Refused(f"instruction {n} has the code {code:#x}, which seccomp does not take")
        if kind == 7 and code not in (TAX, TXA) or kind == 6 and code not in (RET_K, RET_A):
            raise Refused(f"instruction {n} has the unknown code {code:#x}")
    if program[-1][0] not in (RET_K, RET_A):
        raise Refused("its last instruction is no verdict")
    return program


def run(program: Program, call: Call) -> int:
    """The verdict. Jumps only go forward: it comes to an end."""
    data, a, x, memory, at = call.data(), 0, 0, [0] * 16, 0
    while True:
        code, yes, no, k = program[at]
        at += 1
        kind = code & 7
        operand = x if code & 8 else k
        if code == LD_ABS:
            a = struct.unpack_from("<I", data, k)[0]
        elif code in (LD_IMM, LDX_IMM):
            a, x = (k, x) if code == LD_IMM else (a, k)
        elif code == LD_LEN:
            a = 64
        elif code in (0x60, 0x61):
            a, x = (memory[k & 15], x) if code == 0x60 else (a, memory[k & 15])
        elif code in (0x02, 0x03):
            memory[k & 15] = a if code == 0x02 else x
        elif code == JA:
            at += k
        elif kind == 5:
            at += yes if JUMPS[code & 0xF0](a, operand) else no
        elif code == 0x84:
            a = -a & 0xFFFFFFFF
        elif kind == 4:
            a = ALU[code & 0xF0](a, operand) & 0xFFFFFFFF
        elif code in (TAX, TXA):
            a, x = (a, a) if code == TAX else (x, x)
        else:
            return k if code == RET_K else a


# --- policies and calls, drawn at random ---

def draw_rules(rng: random.Random, count: int) -> list[Rule]:
    rules = []
    for number in rng.sample(range(450), min(count, 440)):
        what = rng.random()
        if what < 0.5:
            rules.append(Rule(number, -1, 0, 0, rng.choice((ALLOW, ERRNO | rng.randrange(1, 130)))))
            continue
        argument = rng.randrange(6)
        for _ in range(rng.randrange(1, 3)):
            mask = rng.choice(((1 << 64) - 1, 0xFFFFFFFF, 1 << rng.randrange(64), rng.getrandbits(64)))
            value = rng.getrandbits(64) & mask
            rules.append(Rule(number, argument, mask, value, rng.choice((ALLOW, ERRNO | rng.randrange(1, 130)))))
    rng.shuffle(rules)
    return rules


def near(rng: random.Random, rule: Rule) -> Call:
    """A call that a rule is about, or nearly."""
    args = [rng.choice((0, rng.getrandbits(64), rng.getrandbits(8))) for _ in range(6)]
    if rule.argument >= 0:
        hit = rule.value | rng.getrandbits(64) & ~rule.mask
        bits = [bit for bit in range(64) if rule.mask >> bit & 1]
        args[rule.argument] = rng.choice((hit, hit, hit ^ (1 << rng.choice(bits)) if bits else hit))
    return Call(rule.number, args=tuple(args))


def draw_calls(rng: random.Random, rules: list[Rule], count: int) -> list[Call]:
    calls = []
    for _ in range(count):
        what = rng.random()
        call = near(rng, rng.choice(rules)) if rules and what < 0.7 else Call(rng.randrange(460))
        if what > 0.93:
            call = Call(call.number, rng.choice((I386, AARCH64)), call.args)
        elif what > 0.85:
            call = Call(call.number | X32_BIT, X86_64, call.args)
        calls.append(call)
    return calls
