"""The store: what goes in comes out, names and counts, and whoever dies leaves nothing broken."""
from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import Cell
from images import DOCKER_MANIFEST, Image, Layer, image, sha256


def small(text: str = "hello", **fields: object) -> Image:
    return image(Layer().folder("etc").file("etc/motd", text), **fields)


def load(cell: Cell, made: Image, tmp_path: Path, *words: str) -> str:
    return cell.ok("load", "-i", made.write(tmp_path / "in.tar"), *words)


def digest_of(made: Image) -> str:
    return str(made.index["manifests"][0]["digest"])


# --- archives ---

def test_an_oci_archive_goes_in_and_out_unchanged(cell: Cell, tmp_path: Path) -> None:
    made = small()

    assert load(cell, made, tmp_path) == "loaded localhost/test:1\n"
    cell.ok("save", "-o", tmp_path / "out.tar", "test:1")

    raw = subprocess.check_output(["skopeo", "inspect", "--raw", f"oci-archive:{tmp_path}/out.tar"])
    assert sha256(raw) == digest_of(made)


def test_the_same_image_makes_the_same_archive(cell: Cell, tmp_path: Path) -> None:
    load(cell, small(), tmp_path)
    for form in ("oci", "docker"):
        for n in (1, 2):
            cell.ok("save", "--format", form, "-o", tmp_path / f"{form}{n}.tar", "test:1")
            time.sleep(0.01)
        assert (tmp_path / f"{form}1.tar").read_bytes() == (tmp_path / f"{form}2.tar").read_bytes()


@pytest.mark.parametrize("transport", ["oci-archive", "docker-archive"])
def test_archives_of_skopeo_load(cell: Cell, tmp_path: Path, transport: str) -> None:
    load(cell, small(), tmp_path)
    cell.ok("save", "-o", tmp_path / "out.tar", "test:1")
    subprocess.run(["skopeo", "copy", "-q", f"oci-archive:{tmp_path}/out.tar",
                    f"{transport}:{tmp_path}/there.tar:registry.example/team/app:2"], check=True)

    assert cell.ok("load", "-i", tmp_path / "there.tar") == "loaded registry.example/team/app:2\n"

    assert cell.inspect("registry.example/team/app:2")["id"] == cell.inspect("test:1")["id"]


def test_a_docker_archive_is_what_skopeo_reads(cell: Cell, tmp_path: Path) -> None:
    load(cell, small(), tmp_path)

    cell.ok("save", "--format", "docker", "-o", tmp_path / "out.tar", "test:1")

    told = json.loads(subprocess.check_output(["skopeo", "inspect", f"docker-archive:{tmp_path}/out.tar"]))
    tags = json.loads(subprocess.check_output(["skopeo", "list-tags", f"docker-archive:{tmp_path}/out.tar"]))
    assert tags["Tags"] == ["localhost/test:1"]
    assert told["Layers"] == [cell.inspect("test:1")["layers"][0]["diff_id"]]


def test_an_image_of_dockers_types_is_saved_as_oci(cell: Cell, tmp_path: Path) -> None:
    made = small()
    made.manifest["mediaType"] = DOCKER_MANIFEST
    made.manifest["config"]["mediaType"] = "application/vnd.docker.container.image.v1+json"
    made.manifest["layers"][0]["mediaType"] = "application/vnd.docker.image.rootfs.diff.tar.gzip"
    made.seal().index["manifests"][0]["mediaType"] = DOCKER_MANIFEST
    load(cell, made, tmp_path)

    cell.ok("save", "-o", tmp_path / "out.tar", "test:1")

    raw = json.loads(subprocess.check_output(["skopeo", "inspect", "--raw", f"oci-archive:{tmp_path}/out.tar"]))
    assert "docker" not in json.dumps(raw)
    assert [layer["digest"] for layer in raw["layers"]] == [layer["digest"] for layer in made.manifest["layers"]]


def test_an_archive_comes_through_a_pipe(cell: Cell, tmp_path: Path) -> None:
    with small().write(tmp_path / "in.tar").open("rb") as archive:
        assert cell.ok("load", stdin=archive) == "loaded localhost/test:1\n"


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_a_compressed_archive_loads(cell: Cell, tmp_path: Path, packer: str) -> None:
    small().write(tmp_path / "in.tar")
    subprocess.run([packer, "-q", tmp_path / "in.tar"], check=True)
    packed = next(tmp_path.glob("in.tar.*"))

    assert cell.ok("load", "-i", packed) == "loaded localhost/test:1\n"


def test_the_store_itself_is_an_image_layout(cell: Cell, tmp_path: Path) -> None:
    load(cell, small(), tmp_path)

    subprocess.run(["skopeo", "inspect", f"oci:{cell.store}:localhost/test:1"], check=True, stdout=subprocess.DEVNULL)


# --- names and counts ---

def test_a_layer_of_two_images_stays_until_both_are_gone(cell: Cell, tmp_path: Path) -> None:
    shared = Layer().file("shared", "x" * 1000).bytes()
    load(cell, image(shared, names=["localhost/a:1"]), tmp_path)
    load(cell, image(shared, Layer().file("own", "y"), names=["localhost/b:1"]), tmp_path)
    layers = cell.inspect("b:1")["layers"]
    assert [layer["images"] for layer in layers] == [2, 1]

    cell.ok("rmi", "b:1")
    assert layers[0]["digest"].removeprefix("sha256:") in cell.blobs()
    assert layers[1]["digest"].removeprefix("sha256:") not in cell.blobs()

    cell.ok("rmi", "a:1")
    assert cell.blobs() == set() and cell.images() == []


def test_a_second_name_keeps_the_image(cell: Cell, tmp_path: Path) -> None:
    load(cell, small(), tmp_path)
    cell.ok("tag", "test:1", "other")
    before = cell.blobs()

    cell.ok("rmi", "test:1")

    assert cell.blobs() == before
    assert [i["name"] for i in cell.images()] == ["localhost/other:latest"]


def test_an_image_of_two_names_is_not_removed_by_its_id(cell: Cell, tmp_path: Path) -> None:
    load(cell, small(), tmp_path)
    cell.ok("tag", "test:1", "other")

    assert "has 2 names: remove them by name" in cell.fails("rmi", cell.inspect("test:1")["id"])

    assert len(cell.images()) == 2


def test_a_name_moves_to_a_new_image_and_prune_removes_the_old(cell: Cell, tmp_path: Path) -> None:
    load(cell, small("old"), tmp_path)
    old = cell.blobs()
    load(cell, small("new"), tmp_path)

    dry = cell.ok("prune", "--dry-run")
    assert dry.startswith("would remove 3 blobs") and old < cell.blobs()
    cell.ok("prune")

    assert len(cell.blobs()) == 3 and not old & cell.blobs()
    assert [i["name"] for i in cell.images()] == ["localhost/test:1"]


@pytest.mark.parametrize("name", ["test:1", "localhost/test:1"])
def test_names_are_found_with_and_without_registry(cell: Cell, tmp_path: Path, name: str) -> None:
    load(cell, small(), tmp_path)

    assert cell.inspect(name)["names"] == ["localhost/test:1"]


def test_an_image_is_found_by_the_digits_of_its_ids(cell: Cell, tmp_path: Path) -> None:
    made = small()
    load(cell, made, tmp_path)
    told = cell.inspect("test:1")

    for text in (told["id"][7:19], told["id"], told["digest"][7:13], told["digest"]):
        assert cell.inspect(text)["digest"] == digest_of(made)
    assert "is not here" in cell.fails("inspect", "00000000")


def test_history_says_which_step_made_which_layer(cell: Cell, tmp_path: Path) -> None:
    load(cell, image(Layer().file("a", "1"), Layer().file("b", "2"), extra_config={"history": [
        {"created": "2001-02-03T04:05:06Z", "created_by": "COPY a /"},
        {"created_by": "ENV X=1", "empty_layer": True},
        {"created_by": "COPY b /"}]}), tmp_path)

    lines = cell.ok("history", "test:1").splitlines()[1:]

    layers = [layer["digest"][7:19] for layer in cell.inspect("test:1")["layers"]]
    assert [line.split(maxsplit=4)[-1] if "T0" in line else line.strip().split(maxsplit=3)[-1] for line in lines] == \
        ["COPY b /", "ENV X=1", "COPY a /"]
    assert layers[1] in lines[0] and layers[0] in lines[2] and " - " in lines[1]


# --- damage ---

def test_verify_names_a_damaged_blob(cell: Cell, tmp_path: Path) -> None:
    load(cell, small(), tmp_path)
    assert cell.ok("verify") == "3 blobs, all good\n"
    layer = cell.inspect("test:1")["layers"][0]["digest"].removeprefix("sha256:")
    path = cell.store / "blobs/sha256" / layer
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)

    done = cell.run("verify")

    assert done.returncode == 1 and f"blob {layer}: is damaged" in done.stdout


def test_a_damaged_manifest_is_not_used_and_stops_a_sweep(cell: Cell, tmp_path: Path) -> None:
    made = small()
    load(cell, made, tmp_path)
    (cell.store / "blobs/sha256" / digest_of(made).removeprefix("sha256:")).write_bytes(
        json.dumps(made.manifest).replace("schema", "Schema").encode())
    before = cell.blobs()

    assert "is damaged" in cell.fails("inspect", "test:1")
    assert "is damaged" in cell.fails("prune")

    assert cell.blobs() == before


def test_a_full_disk_leaves_nothing(cell: Cell, tmp_path: Path, small_disk: Path) -> None:
    big = image(os.urandom(8 << 20), pack=lambda data: data)
    archive = big.write(tmp_path / "in.tar")
    cell.store = small_disk / "store"

    assert "No space left on device: cell-image prune makes room" in cell.fails("load", "-i", archive)

    assert cell.blobs() == set() and cell.images() == []
    assert list((cell.store / "tmp").iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> object:
    where = tmp_path / "disk"
    where.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", where], check=True)
    yield where
    subprocess.run(["umount", where], check=True)


def test_a_load_that_is_killed_leaves_a_store_that_is_whole(cell: Cell, tmp_path: Path) -> None:
    random.seed(1)
    names = [f"localhost/i{n}:1" for n in range(4)]
    archives = [image(*(os.urandom(200_000) for _ in range(6)), pack=lambda data: data, names=[name]).write(
        tmp_path / f"{n}.tar") for n, name in enumerate(names)]
    cell.ok("images")
    killed = 0
    for turn in range(40):
        process = subprocess.Popen(cell.command("load", "-q", "-i", archives[turn % 4]), stdout=subprocess.DEVNULL,
                                   env=os.environ | {"CELL_STORE": str(cell.store)})
        time.sleep(random.uniform(0, 0.04))
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        cell.ok("verify")
        if turn % 10 == 9:
            for entry in cell.images():
                cell.ok("rmi", entry["name"])

    assert killed >= 10, "they were killed at work"
    cell.ok("prune")
    assert len(cell.blobs()) == sum(len(cell.inspect(i["name"])["layers"]) + 2 for i in cell.images())
    assert list((cell.store / "tmp").iterdir()) == []


def test_loads_side_by_side_lose_no_name(cell: Cell, tmp_path: Path) -> None:
    archives = [small(str(n), names=[f"localhost/i{n}:1"]).write(tmp_path / f"{n}.tar") for n in range(8)]

    running = [subprocess.Popen(cell.command("load", "-q", "-i", a), env=os.environ | {"CELL_STORE": str(cell.store)})
               for a in archives]

    assert [process.wait() for process in running] == [0] * 8
    assert sorted(i["name"] for i in cell.images()) == [f"localhost/i{n}:1" for n in range(8)]


# --- bad input ---

def falsify(made: Image, how: str) -> Image:
    manifest = made.manifest
    if how == "blob":
        digest = manifest["layers"][0]["digest"]
        made.blobs[digest] = b"something else"
    elif how == "size":
        manifest["layers"][0]["size"] += 1
        made.seal()
    elif how == "missing layer":
        del made.blobs[manifest["layers"][0]["digest"]]
    elif how == "digest":
        manifest["layers"][0]["digest"] = "sha256:../../../../etc/passwd"
        made.seal()
    elif how == "negative":
        manifest["config"]["size"] = -1
        made.seal()
    elif how == "huge":
        manifest["layers"][0]["size"] = 2 ** 63
        made.seal()
    elif how == "both":
        manifest["manifests"] = []
        made.seal()
    elif how == "claims":
        made.index["manifests"][0]["mediaType"] = "application/vnd.oci.image.index.v1+json"
    elif how == "schema 1":
        manifest["schemaVersion"] = 1
        made.seal()
    elif how == "no images":
        made.index["manifests"] = []
    elif how == "deep":
        made.index["manifests"][0]["annotations"] = json.loads("[" * 100 + "]" * 100)
    return made


@pytest.mark.parametrize("how, says", [
    ("blob", "what came is sha256:"),
    ("size", "layers[0]: sha256:"),
    ("missing layer", "is not in the archive"),
    ("digest", 'layers[0].digest: "sha256:../../../../etc/passwd": is to be sha256: and 64 hex digits'),
    ("negative", "config.size: -1: is no size"),
    ("huge", "layers[0].size"),
    ("both", "is both a manifest and an index"),
    ("claims", "was announced as application/vnd.oci.image.index.v1+json"),
    ("schema 1", "manifests of before 2016 are not read"),
    ("no images", "the archive has 0 images"),
    ("deep", "nesting"),
])
def test_cve_2021_41190_and_other_false_documents(cell: Cell, tmp_path: Path, how: str, says: str) -> None:
    archive = falsify(small(), how).write(tmp_path / "in.tar")

    assert says in cell.fails("load", "-i", archive)

    assert cell.images() == [] and cell.blobs() == set()


def test_what_is_no_archive_says_what_would_be(cell: Cell, tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(Layer().file("x", "y").bytes())
    assert "has neither index.json nor manifest.json: not an archive of images: write one with" in \
        cell.fails("load", "-i", tmp_path / "a.tar")
    (tmp_path / "b").write_bytes(os.urandom(4096))
    assert cell.fails("load", "-i", tmp_path / "b").startswith("cell-image: load: ")
    assert "No such file" in cell.fails("load", "-i", tmp_path / "none")


@pytest.mark.parametrize("change", [-1, 1])
def test_a_blob_of_another_length_is_not_saved(cell: Cell, tmp_path: Path, change: int) -> None:
    load(cell, small("x" * 100000), tmp_path)
    layer = max((cell.store / "blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
    os.truncate(layer, layer.stat().st_size + change)

    assert "octets, not" in cell.fails("save", "-o", tmp_path / "out.tar", "test:1")
    assert not (tmp_path / "out.tar").exists()


def test_an_archive_that_is_cut_anywhere_adds_no_image(cell: Cell, tmp_path: Path) -> None:
    whole = small().write(tmp_path / "in.tar").read_bytes()
    for cut in range(0, len(whole) - 10240, 700):
        (tmp_path / "cut.tar").write_bytes(whole[:cut])
        assert cell.run("load", "-i", tmp_path / "cut.tar").returncode == 1
        assert cell.images() == []


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace: scripts/setup installs it")
@pytest.mark.parametrize("call", ["mkdirat", "openat", "write", "fsync", "renameat"])
def test_a_store_that_was_killed_while_it_was_made_is_made_by_the_next(cell: Cell, tmp_path: Path, call: str) -> None:
    for at in range(1, 200):
        cell.store = tmp_path / f"s{at}"
        done = subprocess.run(["strace", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={at}",
                               *cell.command("images")], env=os.environ | {"CELL_STORE": str(cell.store)},
                              capture_output=True)
        assert cell.images() == []
        assert list((cell.store / "tmp").iterdir()) == [] and (cell.store / "oci-layout").read_text()
        if done.returncode == 0:
            break
    assert 1 < at < 199, "it was killed, and it was not, in the end"


@pytest.mark.parametrize("name, says", [
    ("UPPER", "a repository has lower-case letters"), ("a//b", "a repository has"), ("a:", "a tag has 1 to 128"),
    ("a:" + "x" * 129, "a tag has"), ("a@sha256:12", "after the @ comes sha256:"), ("../../etc", "the registry"),
    ("", "a repository has"), ("reg:99999/a", "the registry"), ("a\n", "a repository has"), ("-a", "no such option"),
])
def test_bad_names_are_refused_with_a_reason(cell: Cell, name: str, says: str) -> None:
    assert says in cell.fails("inspect", name)


def test_a_word_that_is_nearly_right(cell: Cell) -> None:
    assert "did you mean inspect?" in cell.run("inpsect", "x").stderr
    assert "did you mean --format?" in cell.fails("save", "--fromat", "oci", "x")
