"""What a dead kernel tells: the fault, the function of the module, the source line."""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from .lab import TREE

sys.path.insert(0, str(TREE / "coursevm"))

from vm import klog, recipe  # noqa: E402  (the course VM's own)

FRAME = re.compile(r"\b(?P<function>[A-Za-z_][\w.]*)\+0x(?P<offset>[0-9a-f]+)/0x[0-9a-f]+ \[(?P<module>\w+)\]")


def kernels() -> list[str]:
    """The kernels that the course VM offers."""
    return list(recipe.KERNELS)


def source_line(module: Path, function: str, offset: int) -> str:
    """file:line of function+offset in a module's file; empty if it cannot be told."""
    symbols = subprocess.run(["nm", module], capture_output=True, text=True, check=False).stdout
    for line in symbols.splitlines():
        parts = line.split()
        if len(parts) == 3 and parts[2] == function and parts[1] in "tT":
            done = subprocess.run(["addr2line", "-j", ".text", "-e", module, hex(int(parts[0], 16) + offset)],
                                  capture_output=True, text=True, check=False).stdout.split(" ")[0].strip()
            return "" if done.startswith("?") else re.sub(r"^.*/(?=[^/]+:)", "", done)
    return ""


def place(trace: list[str], module: Path) -> str:
    """The first frame of a trace that is in the module: "in function(), file:line"."""
    for text in trace:
        match = FRAME.search(text)
        if match and match["module"] == module.stem:
            # a return address may belong to the next line; the faulting one (RIP) does not
            offset = int(match["offset"], 16) - (0 if text.startswith("RIP") else 1)
            line = source_line(module, match["function"], max(offset, 0))
            return f"in {match['function']}()" + (f", {line}" if line else "")
    return ""


def findings(log: str) -> list[klog.Finding]:
    """What a kernel's log holds that no module may cause."""
    return klog.findings(log)


def explain(found: list[klog.Finding], module: Path) -> tuple[str, str]:
    """One sentence for the first finding, and where to look."""
    first = found[0]
    where = next((text for text in (place(finding.trace, module) for finding in found) if text), "")
    return (f"The kernel said: {first.title.rstrip('.')}.",
            f"It happened {where}." if where else "The trace is in kernel.log.")
