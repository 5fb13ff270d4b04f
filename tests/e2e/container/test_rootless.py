# SPDX-License-Identifier: GPL-2.0-only
"""Without root: as the user nobody, who has nothing but a user namespace, and what /etc/subuid gives."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Bundle, Cell, make_bundle

NOBODY = 65534
FIRST, COUNT = 200000, 65536


class Rootless(Cell):
    """cell as nobody. In a mount namespace of its own /etc/subuid says that he has ids to give."""

    def __init__(self, program: Path, folder: Path, ids: bool) -> None:
        super().__init__(program, folder / "state")
        (folder / "sub").write_text(f"nobody:{FIRST}:{COUNT}\n" if ids else "")
        self.before = ["unshare", "--mount", "sh", "-c", f"mount --bind {folder}/sub /etc/subuid && "
                       f'mount --bind {folder}/sub /etc/subgid && exec "$@"', "sh", "setpriv", f"--reuid={NOBODY}",
                       f"--regid={NOBODY}", "--clear-groups", "env", "-u", "XDG_RUNTIME_DIR"]

    def command(self, *words: str | Path) -> list[str]:
        return [*self.before, *super().command(*words)]


@pytest.fixture
def place(program: Path) -> Iterator[Path]:
    """Where nobody may write, with a copy of the program: the tree may be where he may not look."""
    if os.geteuid() or not shutil.which("newuidmap"):
        pytest.skip("needs root, to be somebody else, and newuidmap: scripts/setup installs it")
    folder = Path(tempfile.mkdtemp(prefix="rootless-"))
    shutil.copy(program, folder / "cell")
    yield folder
    shutil.rmtree(folder)


def prepare(place: Path, ids: bool, maps: list[dict[str, int]] | None = None) -> tuple[Rootless, Bundle]:
    cell = Rootless(place / "cell", place, ids)
    bundle = make_bundle(place / "bundle", place / "cell")
    (place / "bundle/config.json").unlink()
    for path in (place, *place.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    cell.ok("spec", "--rootless", "--bundle", place / "bundle")
    bundle.config = json.loads((place / "bundle/config.json").read_text())
    bundle.config["process"]["terminal"] = False
    bundle.config["root"]["readonly"] = False
    if maps:
        bundle.config["linux"] |= {"uidMappings": maps, "gidMappings": maps}
    return cell, bundle


def write(bundle: Bundle) -> None:
    """Root writes the file; it stays nobody's."""
    bundle.write()
    os.chown(bundle.path / "config.json", NOBODY, NOBODY)


def test_a_container_of_one_id(place: Path) -> None:
    cell, bundle = prepare(place, ids=False)
    write(bundle.sh("id -u; cat /proc/self/uid_map; hostname; touch /made; ls /proc | grep -c '^[0-9]'"))
    said = cell.ok("run", "-b", bundle.path, cell.name()).split()
    assert said[:4] == ["0", "0", str(NOBODY), "1"] and int(said[5]) <= 3, said
    assert (bundle.root / "made").stat().st_uid == NOBODY
    assert not list(cell.root.glob("t*"))


def test_more_ids_are_mapped_by_newuidmap(place: Path) -> None:
    maps = [{"containerID": 0, "hostID": NOBODY, "size": 1}, {"containerID": 1, "hostID": FIRST, "size": 1000}]
    cell, bundle = prepare(place, ids=True, maps=maps)
    (bundle.root / "bin/chown").symlink_to("busybox")
    bundle.grant("CHOWN")
    write(bundle.sh("touch /made && chown 7:9 /made && stat -c %u:%g /made"))
    assert cell.ok("run", "-b", bundle.path, cell.name()) == "7:9\n"
    made = (bundle.root / "made").stat()
    assert (made.st_uid, made.st_gid) == (FIRST + 6, FIRST + 8)


def test_ids_that_nobody_gave_are_refused(place: Path) -> None:
    maps = [{"containerID": 0, "hostID": NOBODY, "size": 1}, {"containerID": 1, "hostID": FIRST, "size": 1000}]
    cell, bundle = prepare(place, ids=False, maps=maps)
    write(bundle.sh("true"))
    said = cell.do("run", "-b", bundle.path, cell.name())
    assert said.returncode == 1 and "newuidmap" in said.stderr and "subuid" in said.stderr, said.stderr
    assert not list(cell.root.glob("t*"))


def test_he_may_give_himself_a_worse_score(place: Path) -> None:
    """Nobody cannot write into the files of one that must not be looked into: it writes itself."""
    cell, bundle = prepare(place, ids=False)
    bundle.config["process"]["oomScoreAdj"] = 321
    write(bundle.sh("cat /proc/self/oom_score_adj; sleep 100"))
    name = cell.name()
    cell.ok("run", "--detach", "-b", bundle.path, name, capture_output=False, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
    assert Path(f"/proc/{cell.state(name)['pid']}/oom_score_adj").read_text() == "321\n"
    assert cell.ok("exec", name, "cat", "/proc/self/oom_score_adj") == "321\n"
    cell.ok("delete", "--force", name)


def test_a_better_score_than_his_is_refused(place: Path) -> None:
    cell, bundle = prepare(place, ids=False)
    bundle.config["process"]["oomScoreAdj"] = -900
    write(bundle.sh("true"))
    said = cell.do("run", "-b", bundle.path, cell.name())
    assert said.returncode == 1 and "oomScoreAdj: -900" in said.stderr and "CAP_SYS_RESOURCE" in said.stderr, said.stderr


def test_life(place: Path) -> None:
    cell, bundle = prepare(place, ids=False)
    write(bundle.sh("sleep 100"))
    name = cell.name()
    cell.ok("create", "-b", bundle.path, name, capture_output=False, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
    cell.ok("start", name)
    assert cell.ok("exec", name, "id", "-u") == "0\n"
    cell.wait_for(name, "running")
    cell.ok("delete", "--force", name)
    assert not list(cell.root.glob("t*"))


def test_a_limit_needs_a_group_that_was_given_to_him(place: Path) -> None:
    cell, bundle = prepare(place, ids=False)
    bundle.config["linux"]["resources"] = {"memory": {"limit": 1 << 24}}
    write(bundle.sh("true"))
    said = cell.do("run", "-b", bundle.path, cell.name())
    assert said.returncode == 1 and "needs root, or a group that was delegated to you" in said.stderr, said.stderr
    assert not list(cell.root.glob("t*"))
