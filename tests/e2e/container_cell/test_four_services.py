"""The example: one command brings it up, it answers, survives the killing of any one service, and leaves nothing."""
from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import TREE, Cell, wait_for
from images import Layer, image

EXAMPLE = TREE / "userland/container/examples/four-services"
SERVICES = ("directory", "web", "cache", "client")


@pytest.fixture(scope="session")
def prepared(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    subprocess.run(["make", "-s", "-C", TREE / "userland", f"O={TREE}/build/native",
                    *(program.parent / name for name in ("httpd", "directory", "load", "cell-compose"))], check=True)
    folder = tmp_path_factory.mktemp("four")
    subprocess.run([EXAMPLE / "prepare", folder / "context"], check=True, stdout=subprocess.DEVNULL)
    layer = Layer()
    for path in sorted((folder / "context").rglob("*")):
        name = str(path.relative_to(folder / "context"))
        if path.is_symlink():
            layer.symlink(name, os.readlink(path))
        elif path.is_dir():
            layer.folder(name + "/")
        else:
            layer.file(name, path.read_bytes(), mode=path.stat().st_mode & 0o777)
    return image(layer, run={"Env": ["PATH=/bin"]}, names=["localhost/four-services:1"]).write(folder / "four.tar")


@pytest.fixture
def four(bare: Cell, prepared: Path) -> Iterator[Cell]:
    bare.ok("load", "-i", prepared)
    before = bare.left()
    yield bare
    bare.ok("compose", "-f", EXAMPLE / "compose.yaml", "down", "-t", "1", "-v")
    wait_for(lambda: bare.processes() == before["processes"])
    assert bare.left() == before
    assert not list((bare.folder / "data/volumes").iterdir())


def compose(cell: Cell, *words: object) -> str:
    return cell.ok("compose", "-f", EXAMPLE / "compose.yaml", *words)


def found(cell: Cell, name: str) -> str:
    """Where the directory says that a service is."""
    done = cell("exec", "four-services-directory-1", "directory", "lookup", name)
    return done.stdout.split()[0] if done.returncode == 0 and done.stdout else ""


def test_one_command_brings_it_up(four: Cell) -> None:
    compose(four, "up", "-d")
    assert "found by name" in four.curl("http://127.0.0.1:8080/"), "it is healthy when the command returns"
    assert "httpd_" in four.curl("http://192.0.2.1:8081/metrics")
    state = {c["service"]: (c["status"], c["health"]) for c in json.loads(compose(four, "ps", "--json"))}
    assert state == {"client": ("running", None), "directory": ("running", "healthy"), "web": ("running", "healthy"),
                     "cache": ("running", "healthy")}
    assert found(four, "web").endswith(":8080") and found(four, "cache") != found(four, "web")
    wait_for(lambda: "cache at 10." in compose(four, "logs", "client"))
    lines = compose(four, "logs").splitlines()
    assert all(" | " in line for line in lines)


def session(cell: Cell, *words: str) -> str:
    return cell.host("curl", "-sS", "--noproxy", "*", "-m", "4", *words)


@pytest.mark.parametrize("victim", SERVICES)
def test_it_survives_the_killing_of(four: Cell, victim: str) -> None:
    compose(four, "up", "-d")
    before = four.list()[f"four-services-{victim}-1"]["pid"]
    four.ok("kill", f"four-services-{victim}-1", "KILL")
    wait_for(lambda: four.list().get(f"four-services-{victim}-1", {}).get("pid", before) not in (before, 0))
    for port in (8080, 8081):
        wait_for(lambda p=port: "httpd_" in four.curl(f"http://127.0.0.1:{p}/metrics", check=False))
    # Whoever forgot hears it again; whoever moved is found where it is.
    for name in ("web", "cache"):
        wait_for(lambda n=name: found(four, n), 40)


def test_a_second_up_changes_nothing_and_scale_changes_one(four: Cell) -> None:
    compose(four, "up", "-d")
    before = {name: c["pid"] for name, c in four.list().items()}
    compose(four, "up", "-d")
    assert {name: c["pid"] for name, c in four.list().items()} == before
    compose(four, "up", "-d", "--scale", "client=3")
    after = {name: c["pid"] for name, c in four.list().items()}
    assert set(after) == set(before) | {"four-services-client-2", "four-services-client-3"}
    assert {name: after[name] for name in before} == before
    compose(four, "up", "-d")
    assert {name: c["pid"] for name, c in four.list().items()} == before
