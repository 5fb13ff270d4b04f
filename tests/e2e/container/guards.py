# SPDX-License-Identifier: GPL-2.0-only
"""Builds of cell with one guard off: an attack that also fails there tests nothing."""
from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

class Guards:
    """One build for each guard, on demand: the objects of the tree, and those files again that have the guard."""

    def __init__(self, tree: Path, out: Path) -> None:
        self.userland, self.out, self.objects = tree / "userland", out, tree / "build/native/obj/userland"
        self.built: dict[str, Path] = {}

    def sources(self) -> list[Path]:
        """What the Makefile links into cell."""
        told = subprocess.run(["make", "-s", "-C", self.userland, f"O={self.objects.parents[1]}", "cell-objects"],
                              check=True, capture_output=True, text=True).stdout
        objects = [Path(word) for word in told.split() if word.endswith(".o")]
        return [self.userland / path.relative_to(self.objects).with_suffix(".c") for path in objects]

    def without(self, guard: str) -> Path:
        if guard not in self.built:
            self.built[guard] = self.build(guard)
        return self.built[guard]

    def build(self, guard: str) -> Path:
        mark, linked = f"CELL_WITHOUT_GUARD_{guard}", []
        has_guard = re.compile(rf"{mark}\b|GUARD\({guard}\)")
        folder = self.out / guard.lower()
        folder.mkdir(parents=True)
        for source in self.sources():
            name = source.relative_to(self.userland)
            if not has_guard.search(source.read_text()):
                linked.append(self.objects / name.with_suffix(".o"))
                continue
            linked.append(folder / f"{'_'.join(name.with_suffix('').parts)}.o")
            subprocess.run([shutil.which("gcc") or "cc", "-std=gnu17", "-O1", "-D_GNU_SOURCE", f"-D{mark}", "-Wall",
                            f"-I{self.userland}/lib", f"-I{self.userland}/ctl/tool",
                            f"-I{self.userland.parent}/kmod/vnic/uapi",
                            f"-I{self.userland.parent}/kmod/credit_sched/uapi", "-c", "-o", linked[-1], source],
                           check=True)
        assert any(path.parent == folder for path in linked), f"no file has {mark}"
        program = folder / "cell"
        subprocess.run(["gcc", "-static", "-o", program, *linked, "-ljson-c", "-lseccomp", "-lm"], check=True)
        return program
