"""The image to begin with: made without a network, the same each time, good enough to build on."""
from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from conftest import TREE, Cell


def test_it_is_the_same_each_time(cell: Cell, program: Path, tmp_path: Path) -> None:
    first = cell.ok("base")

    again = Cell(program, tmp_path / "another").ok("base", "other:1")

    assert first == again
    assert cell.images()[0]["name"] == "localhost/base:latest"
    assert not list((cell.store / "build").iterdir())


def test_one_builds_on_it_and_runs_what_comes_out(cell: Cell, tmp_path: Path) -> None:
    cell.ok("base")
    cell.ok("build", "-q", "-t", "t", "-f", "-", input="FROM base\nRUN seq 3 | tac > /n && id -un >> /n\nCMD cat /n\n")
    cell.ok("unpack", "t", tmp_path / "bundle")

    out = subprocess.run([cell.program.parent / "cell", "--root", tmp_path / "state", "run", "-b", tmp_path / "bundle",
                          f"base-test-{os.getpid()}"], capture_output=True, text=True)

    assert out.stdout == "3\n2\n1\nroot\n", out.stderr
    assert (tmp_path / "bundle/rootfs/tmp").stat().st_mode & 0o7777 == 0o1777


def test_a_busybox_that_would_not_run_is_refused(cell: Cell, tmp_path: Path) -> None:
    assert "is not static: install busybox-static" in cell.fails("base", "--busybox", "/bin/bash")
    (tmp_path / "text").write_text("#!/bin/sh\n" * 20)
    assert "is no 64-bit ELF program" in cell.fails("base", "--busybox", tmp_path / "text")
    assert "No such file" in cell.fails("base", "--busybox", tmp_path / "nowhere")
    shutil.copy("/usr/bin/busybox", tmp_path / "b")
    assert cell.ok("base", "--busybox", tmp_path / "b") == cell.ok("base")


@pytest.fixture(scope="module")
def of_packages(program: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Cell, Path]:
    """A store with an image of packages, and its files."""
    top = tmp_path_factory.mktemp("packages")
    cell = Cell(program, top / "store")
    cell.ok("base", "--packages", "bash,passwd", "--packages", "mawk", "deb:1")
    cell.ok("unpack", "deb:1", top / "bundle")
    return cell, top / "bundle/rootfs"


def test_packages_run_with_all_that_they_depend_on(of_packages: tuple[Cell, Path]) -> None:
    cell, root = of_packages

    inside = ["bash", "-c", "awk 'BEGIN { print 6 * 7 }'; echo $BASH; [ /bin/sh -ef /usr/bin/dash ] && echo dash;"
                            ". /etc/os-release; echo $ID"]
    done = subprocess.run([cell.program.parent / "cell", "--root", root.parents[1] / "state", "run", "--image", "deb:1",
                           *inside], capture_output=True, text=True, env=os.environ | {"CELL_STORE": str(cell.store)})

    assert done.stdout == "42\n/usr/bin/bash\ndash\ndebian\n", done.stderr


def test_packages_bring_their_files_and_no_manuals(of_packages: tuple[Cell, Path]) -> None:
    _, root = of_packages

    listed = subprocess.run(["dpkg-query", "-L", "passwd"], capture_output=True, text=True, check=True).stdout
    for path in map(Path, filter(lambda line: line.startswith(("/usr/sbin/", "/etc/")), listed.split("\n"))):
        there = root / path.relative_to("/")
        assert there.is_dir() or there.read_bytes() == path.read_bytes(), path
    assert (root / "usr/share/doc/passwd/copyright").exists()
    assert not list((root / "usr/share/man").rglob("*.gz"))
    assert not (root / "usr/share/doc/passwd/NEWS.Debian.gz").exists()


def test_rights_of_a_group_that_is_not_root_s_do_not_become_root_s(of_packages: tuple[Cell, Path]) -> None:
    _, root = of_packages

    assert Path("/usr/bin/chage").stat().st_mode & 0o7777 == 0o2755 and Path("/usr/bin/chage").stat().st_gid
    assert (root / "usr/bin/chage").stat().st_mode & 0o7777 == 0o755
    assert (root / "usr/bin/passwd").stat().st_mode & 0o7777 == 0o4755


def test_packages_make_the_same_each_time(of_packages: tuple[Cell, Path], program: Path, tmp_path: Path) -> None:
    another = Cell(program, tmp_path / "another")

    another.ok("base", "--packages", "mawk,passwd,bash", "deb:2")

    assert another.images()[0]["id"] == of_packages[0].images()[0]["id"]


def test_podman_runs_packages(of_packages: tuple[Cell, Path], tmp_path: Path, podman: list[str]) -> None:
    cell, _ = of_packages
    cell.ok("save", "-o", tmp_path / "deb.tar", "deb:1")

    subprocess.run([*podman, "load", "-q", "-i", tmp_path / "deb.tar"], check=True, capture_output=True)
    out = subprocess.run([*podman, "--cgroup-manager=cgroupfs", "--runtime", cell.program.parent / "cell", "run", "--rm",
                          "--network=none", "--ulimit=nofile=1000:1000", "--ulimit=nproc=1000:1000", "deb:1",
                          "bash", "-c", "echo $((6 * 7))"], capture_output=True, text=True)

    assert out.stdout == "42\n", out.stderr


def test_packages_that_cannot_be_had_are_told(cell: Cell) -> None:
    assert "no-such: is not installed here: apt install no-such" in cell.fails("base", "--packages", "bash,no-such")
    assert "write names between commas" in cell.fails("base", "--packages", "bash,")
    assert "write names between commas" in cell.fails("base", "--packages", "--root=x")
    assert "choose one" in cell.fails("base", "--packages", "bash", "--busybox", "/bin/busybox")
    assert not cell.store.exists() or not cell.images()


def test_a_killed_one_leaves_what_the_next_removes(cell: Cell) -> None:
    with subprocess.Popen(cell.command("base", "--packages", "bash,passwd"), stdout=subprocess.DEVNULL,
                          env=os.environ | {"CELL_STORE": str(cell.store)}) as process:
        until = time.monotonic() + 60
        while not list(cell.store.glob("build/*/root/usr/bin/*")):
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.005)
        process.kill()
    assert list(cell.store.glob("build/*"))

    cell.ok("base")

    assert not list(cell.store.glob("build/*"))
    assert [image["name"] for image in cell.images()] == ["localhost/base:latest"]
    cell.ok("verify")


def test_a_full_disk_is_told_and_stays_as_it_was(cell: Cell, tmp_path: Path) -> None:
    tmp_path.joinpath("disk").mkdir()
    script = """
        mount -t tmpfs -o size=8m none "$0" && export CELL_STORE=$0/store && "$1" base && find "$0" | sort >"$2"
        "$1" base --packages bash,passwd big; echo "status $?"
        find "$0" | sort | diff "$2" - && "$1" verify"""

    done = subprocess.run(["unshare", "-m", "sh", "-c", script, tmp_path / "disk", cell.program, tmp_path / "before"],
                          capture_output=True, text=True)

    assert "No space left on device" in done.stderr and "status 1" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_course_vm_makes_one_of_its_own_packages(tmp_path: Path) -> None:
    """No network there, and no store but what it makes itself."""
    assert (TREE / "build/bin/cell-image").exists(), "build/bin/cell-image is missing: make userland"
    script = tmp_path / "inside.sh"
    script.write_text("""set -e
        mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
        export CELL_STORE=/root/store PATH=/virtlab/build/bin:$PATH
        cell-image base --packages bash,coreutils,mawk,python3 vm
        printf 'FROM vm\nRUN seq 9 | awk "{ s += \\$1 } END { print s }" > /sum\n' | cell-image build -q -t sum -f - .
        cell run --image sum python3 -c 'print("from", open("/sum").read().strip(), __import__("os").uname().nodename)'
    """)

    done = subprocess.run([TREE / "coursevm/run", "--snapshot", "--smp", "1", "--timeout", "400",
                           "--put", f"{script}:/root/inside.sh", "--", "sh", "/root/inside.sh"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)

    assert done.returncode == 0 and "from 45 " in done.stdout, done.stdout + done.stderr
