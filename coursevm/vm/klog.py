"""Finds in a kernel's log what a kernel module must never cause.

`findings` gives each with its trace; coursevm/klog prints them.
"""
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

TIMESTAMP = re.compile(r"^(?:<\d+>)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?")

# What begins a finding, by kind. Matched behind the timestamp.
KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern)) for kind, pattern in (
        ("panic", r"Kernel panic - not syncing"),
        ("kasan", r"BUG: KASAN:|kasan: "  r"(?:GPF|bad access)"),
        ("kfence", r"BUG: KFENCE:"),
        ("kmsan", r"BUG: KMSAN:"),
        ("kcsan", r"BUG: KCSAN:"),
        ("kmemleak", r"kmemleak: (?:unreferenced object|\d+ new suspected memory leaks)"
                     r"|unreferenced object 0x"),
        ("lockup", r"(?:watchdog: )?BUG: (?:soft lockup|workqueue lockup)"
                   r"|.*(?:hard LOCKUP|Hard LOCKUP)"),
        ("atomic-sleep", r"BUG: sleeping function called from invalid context"
                         r"|BUG: scheduling while atomic|BUG: using \w+\(\) in preemptible"
                         r"|BUG: workqueue leaked (?:lock or )?atomic"
                         r"|BUG: Invalid wait context|\[ BUG: Invalid wait context \]"),
        ("lockdep", r"WARNING: (?:possible circular locking dependency"
                    r"|possible recursive locking|inconsistent lock state"
                    r"|possible irq lock inversion|suspicious RCU usage"
                    r"|bad unlock balance|held lock freed|lock held when returning"
                    r"|possible bad bit-spinlock|Nested lock was not taken"
                    r"|[-\w/]+ lock order detected|.*-safe -> .*-unsafe lock order)"
                    r"|INFO: (?:possible recursive locking|inconsistent lock state"
                    r"|possible circular locking dependency|lockdep is turned off"
                    r"|trying to register non-static key|suspicious RCU usage)"
                    r"|DEBUG_LOCKS_WARN_ON|BUG: MAX_\w+ too low!"
                    r"|BUG: held lock freed|\[ BUG: "),
        ("ubsan", r"UBSAN: |.*: UBSAN: "),
        ("hung-task", r"INFO: task .* blocked for more than \d+ seconds"),
        ("rcu-stall", r"(?:rcu: )?INFO: rcu\w* (?:self-)?detected (?:expedited )?stall"
                      r"|rcu: INFO: rcu\w* (?:self-)?detected"),
        ("oops", r"Oops\b|general protection fault|BUG: unable to handle"
                 r"|BUG: kernel NULL pointer dereference"
                 r"|kernel BUG at |invalid opcode: \d+|divide error: \d+"
                 r"|double fault: \d+|stack segment: \d+|int3: \d+|traps: PANIC"
                 r"|Unable to handle kernel|unchecked MSR access error"),
        ("refcount", r"refcount_t: "),
        ("list", r"list_(?:add|del) corruption|slab .* (?:corruption|overwritten)"
                 r"|BUG .*: (?:Object already free|Poison overwritten|Redzone overwritten"
                 r"|Right Redzone|Left Redzone|Objects remaining|Padding overwritten"
                 r"|Freepointer corrupt|Wrong object count|Invalid object pointer"
                 r"|Allocated object)"),
        ("bug", r"BUG: |BUG [\w:-]+(?: \(.*\))?: "),
        ("warn", r"WARNING: "),
        ("unkillable", r"coursevm init: process cannot be killed"),
        ("module-leak", r".*\bwaiting for \w+ to become free\. Usage count"
                        r"|.*: Objects remaining .* on __kmem_cache_shutdown"),
    ))

# The line that every report of a fault opens with; the finding's own line may follow it.
CUT = re.compile(r"-+\[ cut here \]-+|={20,}")
END = re.compile(r"---\[ end (?:trace|Kernel panic)|={20,}$")
STACK_END = "</TASK>"

# What follows a report's last call trace is either indented or begins with a word of this list.
BODY = re.compile(r"^\s|^(?:CPU|Hardware|RIP|Code|RSP|RAX|RBX|RCX|RDX|RSI|RDI|RBP|R\d\d|FS|CS|CR\d"
                  r"|DR\d|PKRU|Call Trace|Modules linked|Tainted|Workqueue|Call trace|Sending"
                  r"|NMI|Read of|Write of|The buggy|Memory state|page|raw|flags|Allocated by"
                  r"|Freed by|which |but |and |the |other |stack |locks held|\d+ locks? held"
                  r"|irq event|hardirqs|softirqs|Last |Comm|PID|note:|\#\d|=>|->|\S+/\d+ is"
                  r"|to see|ORIG_RAX|PGD|P4D|Kernel Offset|Process|task:|index \d|[\w.]+ is "
                  r"|shift|left|signed|load of|member|allocated|preempt|in_atomic|INFO|Preemption"
                  r"|kmemleak: |\*\*\*|---|</?\w+>|---\[)")

TRACE_LINES = 200


@dataclass
class Finding:
    """One report in a kernel's log: its kind, the line that names it, all of its lines."""

    kind: str
    title: str
    line: int
    trace: list[str]

    def __str__(self) -> str:
        return "\n".join([f"{self.kind}: {self.title} (line {self.line})",
                          *("  " + text for text in self.trace)])


def plain(line: str) -> str:
    """A log line without its time."""
    return TIMESTAMP.sub("", line.rstrip("\r\n"))


def kind_of(text: str) -> str | None:
    """The kind of finding that a line (without its time) begins, if any."""
    for kind, pattern in KINDS:
        if pattern.match(text):
            return kind
    return None


def trace_from(lines: list[str], start: int) -> list[str]:
    """The lines of the report that begins at `start`."""
    trace = [plain(lines[start])]
    stack_told = False
    for line in lines[start + 1:start + TRACE_LINES]:
        text = plain(line)
        # a BUG() follows some reports, as part of them
        if CUT.search(text) and not END.search(text) and len(trace) > 3:
            break
        # all leaks of a run are one report
        if kind_of(text) not in (None, "kmemleak") and len(trace) > 6:
            break
        if stack_told and text and not BODY.match(text):
            break
        trace.append(text)
        if END.search(text) and len(trace) > 2:
            break
        stack_told = stack_told or text.strip() == STACK_END
    return trace


def findings(log: str | Iterable[str], allow: Iterable[str] = ()) -> list[Finding]:
    """Every report in the log, but for those whose title matches a pattern of `allow`.

    The lines of one report that would each begin a finding count once.
    """
    lines = log.splitlines() if isinstance(log, str) else list(log)
    allowed = [re.compile(pattern) for pattern in allow]
    found: list[Finding] = []
    end = -1
    for number, line in enumerate(lines):
        text = plain(line)
        kind = kind_of(text)
        if kind is None or number < end:
            continue
        trace = trace_from(lines, number)
        # a panic that follows an oops is its consequence, but worth its own line
        end = number + len(trace)
        if any(pattern.search(text) for pattern in allowed):
            continue
        found.append(Finding(kind, text.strip(), number + 1, trace))
    return found


def is_fatal(line: str) -> bool:
    """True for the line with which a kernel gives up."""
    return "Kernel panic - not syncing" in line
