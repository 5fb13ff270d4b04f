"""What is taken from a student: the regions of the files that the lab names, nothing else.

A submission is a directory with those files by their base names (as labs/skeleton makes it) or
by their paths in the tree. Whatever else is in it is not looked at.
"""
from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from . import markers
from .lab import TREE, Lab
from .outcome import Failure, Usage

MAX_BYTES = 256 << 10

# A comment, a string, a character: what C's tokens are looked for outside of.
OPAQUE = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
# A backslash at the end of a line joins it to the next, before anything else is looked at.
JOINED = re.compile(r"\\[ \t\v\f]*\n")
DIRECTIVE = re.compile(r"^[ \t]*(?:#|%:)", re.MULTILINE)
ASSEMBLY = re.compile(r"\b\w*(?:asm|_Pragma)\w*\b", re.IGNORECASE)


def read_data(folder: Path, name: str, most: int) -> bytes | None:
    """A file that foreign code may have left, of `most` bytes at most; None if it is not there.

    Neither it nor a directory on the way may be a symbolic link, a device or a pipe: raises Failure.
    """
    look = f"Submit {Path(name).name} as a plain file."
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        parts = Path(name).parts
        for part in parts[:-1]:
            inner = os.open(part, flags | os.O_DIRECTORY, dir_fd=at)
            os.close(at)
            at = inner
        fd = os.open(parts[-1], flags | os.O_NONBLOCK, dir_fd=at)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Failure(f"{name} cannot be taken: {os.strerror(error.errno or 0)} "
                      "(a symbolic link is refused).", look) from error
    finally:
        os.close(at)
    info = os.fstat(fd)
    if not stat.S_ISREG(info.st_mode):
        os.close(fd)
        raise Failure(f"{name} is not a regular file.", look)
    with os.fdopen(fd, "rb") as file:
        if info.st_size > most:
            raise Failure(f"{name} has {info.st_size} bytes; {most} are allowed.", look)
        return file.read(most)


def read_regular(folder: Path, name: str) -> str | None:
    """A file of the submission as text; None if it is not there. Raises Failure if it cannot be one."""
    look = f"Submit {Path(name).name} as a plain file."
    data = read_data(folder, name, MAX_BYTES)
    if data is None:
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Failure(f"{name} is not UTF-8 text (byte {error.start}).", look) from error
    if "\0" in text:
        raise Failure(f"{name} holds a NUL byte.", look)
    return text.replace("\r\n", "\n")


def plain_c(lines: list[str], name: str, step: int) -> None:
    """A region is plain C. Raises Failure at a preprocessor line or inline assembly.

    These could take in files of the machine that grades, or code that no function holds.
    """
    text = OPAQUE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]),
                      JOINED.sub("", "\n".join(lines)))
    if DIRECTIVE.search(text):
        raise Failure(f"Step {step} in {name} has a preprocessor line.", "Use plain C between the markers.")
    if match := ASSEMBLY.search(text):
        raise Failure(f"Step {step} in {name} uses {match[0]}.", "Use plain C between the markers.")


@dataclass
class Submission:
    """The student's files by path in the tree, and what is wrong with those that cannot be used."""

    texts: dict[str, str] = field(default_factory=dict)
    refused: dict[str, Failure] = field(default_factory=dict)


def load(lab: Lab, folder: Path | None) -> Submission:
    """Reads a submission; without a folder, the reference itself."""
    taken = Submission()
    if folder is not None and not folder.is_dir():
        raise Usage(f"no submission: {folder}: not a directory: make one with "
                    f"`labs/skeleton {lab.number} DIR`")
    for path in lab.files:
        name = Path(path).name
        if folder is None:
            taken.texts[path] = (TREE / path).read_text()
            continue
        try:
            text = read_regular(folder, name)
            if text is None:
                text = read_regular(folder, path)
            if text is None:
                raise Failure(f"{name} is missing from the submission.", "Submit every file of the skeleton.")
            taken.texts[path] = text
        except Failure as failure:
            taken.refused[path] = failure
    return taken


def files_of_step(lab: Lab, step: int) -> list[str]:
    """The files in which the reference has regions of this step."""
    return [path for path in lab.files
            if any(region.step == step for region in
                   markers.regions((TREE / path).read_text(), lab.number, Path(path).name))]


def compose(lab: Lab, taken: Submission, steps: set[int]) -> dict[str, str]:
    """Every file of the lab: the reference's, with these steps' regions as submitted.

    Raises Failure if a region that is needed cannot be used.
    """
    composed: dict[str, str] = {}
    for path in lab.files:
        name = Path(path).name
        reference = (TREE / path).read_text()
        here = {region.step for region in markers.regions(reference, lab.number, name)} & steps
        if not here:
            composed[path] = reference
            continue
        if path in taken.refused:
            raise taken.refused[path]
        student = taken.texts[path]
        try:
            composed[path] = markers.graft(reference, student, lab.number, name, here)
            for region in markers.regions(student, lab.number, name):
                if region.step in here and markers.is_c(name):
                    plain_c(markers.body(student, region), name, region.step)
        except markers.MarkerError as error:
            raise Failure(f"{error}.", "Only write between the markers.") from error
    return composed
