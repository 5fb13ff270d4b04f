"""The initramfs: our init, the modules that it needs to find the root disk, nothing else."""
from __future__ import annotations

import lzma
import subprocess
from collections.abc import Iterable
from pathlib import Path

from . import cache, chroot, recipe, rootfs
from .errors import CourseVMError

GUEST = Path(__file__).parent.parent / "guest"
CFLAGS = ("-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-static")


def guest_sources() -> list[Path]:
    return sorted(GUEST.glob("*.[ch]"))


def with_dependencies(modules_dep: str, wanted: Iterable[str]) -> list[str]:
    """Paths of the modules named and of all they need, each after what it needs.

    `modules_dep` is depmod's index: "path: path...", names in it spelled with - or _.
    """
    needs: dict[str, list[str]] = {}
    paths: dict[str, str] = {}
    for line in modules_dep.splitlines():
        path, _, rest = line.partition(":")
        needs[path] = rest.split()
        paths[module_name(path)] = path
    ordered: list[str] = []

    def add(path: str) -> None:
        if path in ordered:
            return
        for other in reversed(needs.get(path, [])):
            add(other)
        ordered.append(path)

    for name in wanted:
        if name in paths:
            add(paths[name])
    return ordered


def module_name(path: str) -> str:
    return Path(path).name.split(".ko")[0].replace("-", "_")


def contents(path: Path) -> bytes:
    """A module's bytes, uncompressed."""
    data = path.read_bytes()
    if path.suffix == ".xz":
        return lzma.decompress(data)
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE,
                              check=True).stdout
    return data


def cpio(files: Iterable[tuple[str, int, bytes]]) -> bytes:
    """A "newc" archive of (name, mode, contents)."""
    out = bytearray()
    for inode, (name, mode, data) in enumerate([*files, ("TRAILER!!!", 0, b"")]):
        fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08X" % f for f in fields) + name.encode() + b"\0"
        out += bytes(-len(out) % 4)
        out += data
        out += bytes(-len(out) % 4)
    return bytes(out)


def digest(kernel: rootfs.Kernel) -> str:
    return cache.key(kernel.entry.name, Path(__file__), *guest_sources())


def image(kernel: rootfs.Kernel) -> Path:
    """The initramfs of a kernel, made on first use."""
    def build(target: Path) -> None:
        modules = kernel.rootfs / "usr/lib/modules" / kernel.release
        needed = with_dependencies((modules / "modules.dep").read_text(), recipe.BOOT_MODULES)
        files = [(d, 0o040755, b"") for d in ("dev", "proc", "sys", "image", "cow", "root",
                                              "modules")]
        files.append(("init", 0o100755, compile_init(kernel, target)))
        for path in needed:
            files.append((f"modules/{module_name(path)}.ko", 0o100644, contents(modules / path)))
        order = "".join(f"{module_name(path)}.ko\n" for path in needed)
        files.append(("modules/order", 0o100644, order.encode()))
        (target / "initramfs.cpio").write_bytes(cpio(files))

    return cache.entry(f"initramfs-{kernel.name}", digest(kernel), build) / "initramfs.cpio"


def compile_init(kernel: rootfs.Kernel, target: Path) -> bytes:
    """Compiles init natively inside the kernel's root file system."""
    out = target / "out"
    out.mkdir()
    sources = [f"/src/{path.name}" for path in guest_sources() if path.suffix == ".c"]
    status = chroot.run(kernel.rootfs, ["gcc", *CFLAGS, "-o", "/mnt/init", *sources],
                        binds=[(f"ro:{GUEST}", "/src"), (f"rw:{out}", "/mnt")])
    if status:
        raise CourseVMError(f"init does not compile: {GUEST}: gcc ended with {status}")
    return (out / "init").read_bytes()
