"""Images drawn at random, and what a box must see of one: a model of layers and whiteouts (OCI image-spec, layer.md).

A whiteout hides what the layers below have; what its own layer has stays, in whatever order both stand there.
"""
from __future__ import annotations

import io
import random
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

OPAQUE = ".wh..wh..opq"
# What every image has, and no layer takes away.
FIXED = ("witness", "root-witness")


@dataclass
class Layer:
    """Entries in order: (path, words of a file; None for a folder). Whiteouts are files of their names."""

    entries: list[tuple[str, str | None]] = field(default_factory=list)

    def file(self, path: str, words: str) -> None:
        self.entries.append((path, words))

    def hide(self, path: str) -> None:
        folder, _, name = path.rpartition("/")
        self.entries.append((f"{folder}/.wh.{name}".lstrip("/"), ""))

    def hide_all_in(self, folder: str) -> None:
        self.entries.append((f"{folder}/{OPAQUE}", ""))

    def paths(self) -> Iterator[tuple[str, str | None]]:
        """What it has itself, its folders too."""
        for path, words in self.entries:
            parts = path.split("/")
            for n in range(1, len(parts)):
                yield "/".join(parts[:n]), None
            if not parts[-1].startswith(".wh."):
                yield path, words

    def takes_away(self) -> Iterator[tuple[str, bool]]:
        """(path, only what is in it)."""
        for path, _ in self.entries:
            folder, _, name = path.rpartition("/")
            if name == OPAQUE:
                yield folder, True
            elif name.startswith(".wh."):
                yield f"{folder}/{name[4:]}".lstrip("/"), False


def merged(layers: list[Layer]) -> dict[str, str | None]:
    """Path: words of a file, None for a folder."""
    seen: dict[str, str | None] = {}
    for layer in layers:
        for gone, inside in layer.takes_away():
            for path in [path for path in seen if path.startswith(f"{gone}/") or (path == gone and not inside)]:
                del seen[path]
        for path, words in layer.paths():
            if words is not None or seen.get(path, "") is not None:
                # a file in place of a folder hides all that was in it
                for old in [old for old in seen if old.startswith(f"{path}/")] if words is not None else []:
                    del seen[old]
                seen[path] = words
    return seen


def word(rng: random.Random) -> str:
    return "".join(rng.choice("bcdfghjklmnpqrstvwz") + rng.choice("aeiou") for _ in range(4))


def draw(rng: random.Random) -> list[Layer]:
    """Three or four layers; each way of hiding something is in one of them, at names of their own."""
    names = iter(rng.sample([word(rng) for _ in range(400)], 40))

    def new(folder: str = "") -> str:
        return f"{folder}/{next(names)}".lstrip("/")

    base, middle, top = Layer(), Layer(), Layer()
    stays, hidden, replaced, twice = new(), new(), new(), new()
    for path in (stays, hidden, replaced, twice):
        base.file(path, word(rng))
    # a file of the same name in each: the topmost counts
    everywhere = new()
    for layer in (base, middle, top):
        layer.file(everywhere, word(rng))
    middle.file(replaced, word(rng))
    middle.hide(hidden)
    # hidden, and there again further up
    middle.hide(twice)
    top.file(twice, word(rng))

    # a folder is hidden with all that is in it, or only in part
    gone, part = new(), new()
    for folder in (gone, part):
        for _ in range(2):
            base.file(new(folder), word(rng))
    middle.hide(gone)
    lost = new(part)
    base.file(lost, word(rng))
    top.hide(lost)

    # an opaque folder: what this layer has stays, before and after the mark
    opaque = new()
    base.file(new(opaque), word(rng))
    base.file(new(new(opaque)), word(rng))
    inner: list[tuple[str, str | None]] = [(new(opaque), word(rng)), (f"{opaque}/{OPAQUE}", ""), (new(opaque), word(rng))]
    rng.shuffle(inner)
    middle.entries += inner

    # a whiteout, and a folder of its name in the same layer, one way round and the other
    for first in (True, False):
        both = new()
        base.file(new(both), word(rng))
        both_new = new(both)
        for step in ((0, 1) if first else (1, 0)):
            if step:
                top.hide(both)
            else:
                top.file(both_new, word(rng))
    # and a file of that name
    file = new()
    base.file(file, word(rng))
    for step in rng.sample((0, 1), 2):
        if step:
            top.hide(file)
        else:
            top.file(file, word(rng))
    # a whiteout of what was never there
    top.hide(new())
    # what looks like one and is none
    top.file(f"{new()}.wh.", word(rng))
    top.file(f".{word(rng)}", word(rng))
    layers = [base, middle, top]
    if rng.random() < 0.5:
        extra = Layer()
        extra.file(new(), word(rng))
        layers.insert(rng.randrange(4), extra)
    return layers


def pack(layers: list[Layer], folder: Path, programs: dict[str, tuple[Path, int]]) -> list[str]:
    """Writes an image. `programs`: what goes into its lowest layer, and the mode. Returns the names of the layers."""
    folder.mkdir(parents=True)
    names = [f"{n}.tar" for n in range(len(layers))]
    for name, layer in zip(names, layers):
        with tarfile.open(folder / name, "w", format=tarfile.GNU_FORMAT) as tar:
            for inside, (path, mode) in programs.items() if name == names[0] else ():
                add(tar, inside, path.read_bytes(), mode)
            for inside, words in layer.entries:
                add(tar, inside, (words or "").encode(), 0o644)
    (folder / "layers").write_text("".join(f"{name}\n" for name in names))
    return names


def add(tar: tarfile.TarFile, name: str, data: bytes, mode: int) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), mode
    tar.addfile(info, io.BytesIO(data))
