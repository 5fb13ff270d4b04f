"""Bundles by overlayfs: the same files as unpacked, shared, and gone when nobody stands on them."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Iterator

import pytest
from conftest import Cell
from images import Layer, image, sha256, tree
from test_unpack import everything, settled, upper_layers


def can_mount() -> bool:
    return os.geteuid() == 0 and "overlay" in Path("/proc/filesystems").read_text()


pytestmark = pytest.mark.skipif(not can_mount(), reason="overlayfs and root are needed")


@pytest.fixture
def mounted(cell: Cell, tmp_path: Path) -> Iterator[Any]:
    made: list[Path] = []

    def go(name: str = "test:1", folder: str = "bundle") -> Path:
        cell.ok("mount", name, tmp_path / folder)
        made.append(tmp_path / folder)
        return tmp_path / folder
    yield go
    for path in made:
        if path.exists():
            cell.ok("umount", path)


def load(cell: Cell, tmp_path: Path, *layers: Layer, **fields: Any) -> None:
    cell.ok("load", "-i", image(*layers, **fields).write(tmp_path / "in.tar"))


@pytest.mark.parametrize("layers", range(7))
def test_it_has_the_files_that_unpacking_makes(cell: Cell, tmp_path: Path, mounted: Any, layers: int) -> None:
    load(cell, tmp_path, everything(), *upper_layers()[:layers])
    cell.ok("unpack", "test:1", tmp_path / "unpacked")

    ours = settled(tree(mounted() / "rootfs"))

    assert ours == settled(tree(tmp_path / "unpacked/rootfs"))


def test_layers_are_unpacked_once_and_shared(cell: Cell, tmp_path: Path, mounted: Any) -> None:
    """Their names are chain ids: OCI image-spec config.md."""
    base, one, two = (Layer().file(name, name) for name in ("base", "one", "two"))
    data = [layer.bytes() for layer in (base, one, two)]
    cell.ok("load", "-i", image(data[0], data[1]).write(tmp_path / "1.tar"))
    cell.ok("load", "-i", image(data[0], data[2], names=["localhost/test:2"]).write(tmp_path / "2.tar"))

    mounted("test:1", "a"), mounted("test:2", "b"), mounted("test:2", "c")

    ids = [sha256(layer) for layer in data]
    assert {path.name for path in (cell.store / "layers").iterdir()} == {
        digest.removeprefix("sha256:") for digest in
        (ids[0], sha256(f"{ids[0]} {ids[1]}".encode()), sha256(f"{ids[0]} {ids[2]}".encode()))}
    (tmp_path / "b/rootfs/two").write_text("changed")
    assert (tmp_path / "c/rootfs/two").read_text() == "two"


def test_a_container_runs_in_it(cell: Cell, tmp_path: Path, mounted: Any) -> None:
    load(cell, tmp_path, Layer().file("bin/sh", Path("/usr/bin/busybox").read_bytes(), mode=0o755),
         run={"Cmd": ["/bin/sh", "-c", "echo written > /file; cat /file"]})

    out = subprocess.run([cell.program.parent / "cell", "--root", tmp_path / "state", "run", "-b", mounted(),
                          f"mount-test-{os.getpid()}"], capture_output=True, text=True)

    assert out.stdout == "written\n", out.stderr
    assert (tmp_path / "bundle/upper/file").read_text() == "written\n"


def test_umount_removes_all_of_it(cell: Cell, tmp_path: Path, mounted: Any) -> None:
    load(cell, tmp_path, Layer().file("a", "a"))
    (mounted() / "rootfs/b").write_text("b")

    cell.ok("umount", tmp_path / "bundle")

    assert not (tmp_path / "bundle").exists() and str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    assert "has no rootfs that cell-image mount made" in cell.fails("umount", tmp_path)


@pytest.fixture
def runs(cell: Cell, tmp_path: Path, mounted: Any) -> Iterator[Any]:
    """A container in the bundle; what it is told it writes to a file and reads again."""
    load(cell, tmp_path, Layer().file("bin/sh", Path("/usr/bin/busybox").read_bytes(), mode=0o755),
         run={"Cmd": ["/bin/sh", "-c", "echo up; read line; echo $line > /later; cat /later"]})
    name = f"mount-test-{os.getpid()}"
    runtime = [cell.program.parent / "cell", "--root", tmp_path / "state"]
    process = subprocess.Popen([*runtime, "run", "-b", mounted(), name], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "up\n"
    yield process, name
    process.kill()
    process.wait()
    subprocess.run([*runtime, "delete", "--force", name], capture_output=True)


def test_a_folder_that_is_in_use_is_not_mounted_on(cell: Cell, tmp_path: Path, mounted: Any) -> None:
    load(cell, tmp_path, Layer().file("a"))
    (tmp_path / "other/rootfs").mkdir(parents=True)

    assert "or cell-image umount it" in cell.fails("mount", "test:1", mounted())
    assert "or remove it" in cell.fails("mount", "test:1", tmp_path / "other")


def test_umount_refuses_while_a_container_uses_it(cell: Cell, tmp_path: Path, runs: Any) -> None:
    process, name = runs

    said = cell.fails("umount", tmp_path / "bundle")

    assert f"container {name} uses it (process " in said and f"cell delete --force {name}" in said
    assert process.communicate("written\n", timeout=30)[0] == "written\n"
    assert all((tmp_path / f"bundle/{of}/later").read_text() == "written\n" for of in ("upper", "rootfs"))
    cell.ok("umount", tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("follows", [False, True], ids=["private", "slave"])
def test_umount_and_a_process_in_a_mount_namespace_of_its_own(cell: Cell, tmp_path: Path, mounted: Any,
                                                             follows: bool) -> None:
    """One that follows the host's, such as a service's with PrivateTmp, loses the mount with it: it is not in the way."""
    load(cell, tmp_path, Layer().file("a", "a"))
    (tmp_path / "shared").mkdir()
    subprocess.run(["mount", "--bind", "--make-shared", tmp_path / "shared", tmp_path / "shared"], check=True)
    bundle = mounted(folder="shared/bundle")
    other = subprocess.Popen(["unshare", "-m", "--propagation", "slave" if follows else "private", "sh", "-c",
                              "echo up; read line"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout and other.stdout.readline() == "up\n"
    try:
        if not follows:
            said = cell.fails("umount", bundle)
            assert f"process {other.pid} (sh) uses it" in said and (bundle / "rootfs/a").read_text() == "a"
            other.communicate("\n")
        cell.ok("umount", bundle)
    finally:
        other.kill()
        other.wait()
        subprocess.run(["umount", tmp_path / "shared"], check=True)


def test_umount_names_another_place_where_it_is_mounted(cell: Cell, tmp_path: Path, mounted: Any) -> None:
    load(cell, tmp_path, Layer().file("a", "a"))
    (tmp_path / "other").mkdir()
    subprocess.run(["mount", "--bind", mounted() / "rootfs", tmp_path / "other"], check=True)
    try:
        said = cell.fails("umount", tmp_path / "bundle")
    finally:
        subprocess.run(["umount", tmp_path / "other"], check=True)

    assert f"is mounted at {tmp_path}/other, too: umount that first" in said


def test_prune_leaves_what_a_bundle_stands_on(cell: Cell, tmp_path: Path, mounted: Any) -> None:
    load(cell, tmp_path, Layer().file("a", "a"), Layer().file("b", "b"))
    mounted()
    cell.ok("rmi", "test:1")

    cell.ok("prune", "--all")

    assert (tmp_path / "bundle/rootfs/b").read_text() == "b" and len(list((cell.store / "layers").iterdir())) == 2
    cell.ok("umount", tmp_path / "bundle")
    cell.ok("prune", "--all")
    assert not list((cell.store / "layers").iterdir()) and not list((cell.store / "mounts").iterdir())


def test_a_layer_that_is_wrong_leaves_nothing(cell: Cell, tmp_path: Path) -> None:
    load(cell, tmp_path, Layer().file("a"), Layer().file("../b"))

    assert 'has ".."' in cell.fails("mount", "test:1", tmp_path / "bundle")

    assert not (tmp_path / "bundle").exists() and len(list((cell.store / "layers").iterdir())) == 1
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace: scripts/setup installs it")
def test_a_layer_is_on_the_disk_before_it_has_its_name(cell: Cell, tmp_path: Path) -> None:
    load(cell, tmp_path, Layer().file("a"), Layer().file("b"))
    strace = ["strace", "-f", "-y", "-qq", "-e", "trace=syncfs,renameat2,fsync", "-o", tmp_path / "trace"]
    command, env = cell.command("mount", "test:1", tmp_path / "bundle"), os.environ | {"CELL_STORE": str(cell.store)}

    failed = subprocess.run([*strace, "-e", "inject=syncfs:error=EIO", *command], env=env, capture_output=True, text=True)

    assert re.search("store: keep layers/[0-9a-f]{64}: Input/output error", failed.stderr)
    assert not list((cell.store / "layers").iterdir()) and not (tmp_path / "bundle").exists()
    subprocess.run([*strace, *command], env=env, check=True)
    cell.ok("umount", tmp_path / "bundle")
    calls = re.findall(rf"(\w+)\(\d+<{cell.store}/layers>", (tmp_path / "trace").read_text())
    assert calls == ["syncfs", "renameat2", "fsync"] * 2


def test_many_layers_fit_into_one_mount(cell: Cell, tmp_path: Path, mounted: Any) -> None:
    load(cell, tmp_path, *(Layer().file(f"f{i}", "x") for i in range(60)))

    assert len(list((mounted() / "rootfs").iterdir())) == 60


def test_a_folder_that_is_taken_is_told(cell: Cell, tmp_path: Path, mounted: Any) -> None:
    load(cell, tmp_path, Layer().file("a"))
    mounted()

    assert "rootfs: is already there" in cell.fails("mount", "test:1", tmp_path / "bundle")


def test_without_privileges_unpack_is_advised(cell: Cell, tmp_path: Path) -> None:
    load(cell, tmp_path, Layer().file("a"), Layer().file("b"))

    done = subprocess.run(["setpriv", "--bounding-set=-sys_admin", *cell.command("mount", "test:1", tmp_path / "b")],
                          env=os.environ | {"CELL_STORE": str(cell.store)}, capture_output=True, text=True)

    assert done.returncode == 1 and "use cell-image unpack" in done.stderr and not (tmp_path / "b").exists()
