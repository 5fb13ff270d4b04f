"""Pull and push: beside a stock registry and skopeo; and a registry that lies, breaks off, and sends us elsewhere."""
from __future__ import annotations

import base64
import json
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Cell
from images import INDEX, MANIFEST, Image, Layer, image, sha256
from registries import Answer, Script, Stock


@pytest.fixture
def script() -> Iterator[Callable[..., Script]]:
    started: list[Script] = []

    def go(*words: object, **how: object) -> Script:
        started.append(Script(*words, **how))  # type: ignore[arg-type]
        return started[-1]

    yield go
    for registry in started:
        registry.stop()


def made(**fields: object) -> Image:
    return image(Layer().file("a", "first"), Layer().file("b", os.urandom(100_000)), **fields)


# --- with a stock registry ---

def test_push_and_pull_keep_the_digest(cell: Cell, stock: Stock, tmp_path: Path) -> None:
    cell.ok("load", "-i", made().write(tmp_path / "in.tar"))
    digest = cell.inspect("test:1")["digest"]

    assert cell.ok("push", "test:1", f"{stock.name}/team/app:1") == digest + "\n"
    cell.store = tmp_path / "other"
    assert cell.ok("pull", f"{stock.name}/team/app:1") == digest + "\n"

    assert cell.inspect(f"{stock.name}/team/app:1")["digest"] == digest
    assert cell.ok("verify") == "4 blobs, all good\n"


def test_skopeo_reads_what_we_push_and_we_what_it_pushes(cell: Cell, stock: Stock, tmp_path: Path) -> None:
    cell.ok("load", "-i", made().write(tmp_path / "in.tar"))
    cell.ok("push", "test:1", f"{stock.name}/ours:1")
    subprocess.run(["skopeo", "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false",
                    f"docker://{stock.name}/ours:1", f"docker://{stock.name}/theirs:1"], check=True)

    cell.ok("pull", f"{stock.name}/theirs:1")

    assert cell.inspect(f"{stock.name}/theirs:1")["digest"] == cell.inspect("test:1")["digest"]


def test_what_is_there_is_not_sent_again(cell: Cell, stock: Stock, tmp_path: Path) -> None:
    cell.ok("load", "-i", made().write(tmp_path / "in.tar"))
    cell.ok("push", "test:1", f"{stock.name}/again:1")

    assert cell.run("push", "test:1", f"{stock.name}/again:1").stderr.count("is there") == 3
    cell.ok("pull", f"{stock.name}/again:1")
    assert cell.run("pull", f"{stock.name}/again:1").stderr.count("is there") == 3


def test_a_schema_2_image_is_pulled_as_it_is(cell: Cell, stock: Stock, tmp_path: Path) -> None:
    made().write(tmp_path / "in.tar")
    subprocess.run(["skopeo", "copy", "-q", "--dest-tls-verify=false", "--format", "v2s2",
                    f"oci-archive:{tmp_path}/in.tar", f"docker://{stock.name}/docker:1"], check=True)

    cell.ok("pull", f"{stock.name}/docker:1")
    cell.ok("unpack", f"{stock.name}/docker:1", tmp_path / "bundle")

    assert "docker" in cell.inspect(f"{stock.name}/docker:1")["mediaType"]
    assert (tmp_path / "bundle/rootfs/a").read_text() == "first"


def test_what_is_not_there(cell: Cell, stock: Stock) -> None:
    assert "none: 1: is not there" in cell.fails("pull", f"{stock.name}/none:1")
    assert "connect" in cell.fails("pull", "localhost:1/x:1")


def test_a_bar_for_each_layer_on_a_terminal(cell: Cell, stock: Stock, tmp_path: Path) -> None:
    cell.ok("load", "-i", made().write(tmp_path / "in.tar"))
    cell.ok("push", "test:1", f"{stock.name}/bars:1")
    cell.ok("rmi", "test:1")

    out = subprocess.run(["script", "-qec", " ".join(cell.command("pull", f"{stock.name}/bars:1")), "/dev/null"],
                         env=os.environ | {"CELL_STORE": str(cell.store)}, capture_output=True, text=True).stdout

    assert out.count("done") >= 3 and "\x1b[K" in out and re.search(r"\[[#.]{30}\]|done", out)


def test_a_pull_that_is_killed_is_resumed_and_breaks_nothing(cell: Cell, stock: Stock, tmp_path: Path) -> None:
    random.seed(2)
    big = image(*(os.urandom(6 << 20) for _ in range(4)), pack=lambda data: data)
    cell.ok("load", "-i", big.write(tmp_path / "in.tar"))
    cell.ok("push", "test:1", f"{stock.name}/big:1")
    killed = 0
    for turn in range(12):
        cell.store = tmp_path / f"s{turn % 3}"
        process = subprocess.Popen(cell.command("pull", "-q", f"{stock.name}/big:1"), stdout=subprocess.DEVNULL,
                                   env=os.environ | {"CELL_STORE": str(cell.store)})
        time.sleep(random.uniform(0.002, 0.04))
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        cell.ok("verify")
    assert killed >= 6, "they were killed at work"

    for turn in range(3):
        cell.store = tmp_path / f"s{turn}"
        cell.ok("pull", f"{stock.name}/big:1")
        assert cell.ok("verify") == "6 blobs, all good\n"
        assert list((cell.store / "tmp").iterdir()) == []


def test_two_pulls_of_one_image_at_once(cell: Cell, stock: Stock, tmp_path: Path) -> None:
    cell.ok("load", "-i", made().write(tmp_path / "in.tar"))
    cell.ok("push", "test:1", f"{stock.name}/twice:1")
    cell.store = tmp_path / "other"

    running = [subprocess.Popen(cell.command("pull", "-q", f"{stock.name}/twice:1"), stdout=subprocess.DEVNULL,
                                env=os.environ | {"CELL_STORE": str(cell.store)}) for _ in range(4)]

    assert [process.wait() for process in running] == [0] * 4
    assert cell.ok("verify") == "4 blobs, all good\n"


# --- parts ---

def test_a_transfer_that_breaks_off_goes_on_where_it_was(cell: Cell, script: Callable[..., Script]) -> None:
    big = image(os.urandom(1 << 20), pack=lambda data: data)
    blob = big.manifest["layers"][0]["digest"]
    cuts = [400_000, 800_000]

    def twist(path: str, fields: dict[str, str]) -> Answer | None:
        if path.endswith(blob) and cuts:
            start = int(fields.get("range", "bytes=0-")[6:].rstrip("-"))
            end = cuts.pop(0)
            return (206 if start else 200,
                    {"Content-Length": str(len(big.blobs[blob]) - start)}
                    | ({"Content-Range": f"bytes {start}-9/10"} if start else {}), big.blobs[blob][start:end])
        return None

    registry = script(big, twist)
    cell.ok("pull", f"{registry.name}/x:1")

    assert [f.get("range") for p, f in registry.asked if p.endswith(blob)] == [None, "bytes=400000-", "bytes=800000-"]


def test_a_registry_that_ignores_ranges_is_read_from_the_start(cell: Cell, script: Callable[..., Script]) -> None:
    big = image(os.urandom(1 << 20), pack=lambda data: data)
    blob = big.manifest["layers"][0]["digest"]
    cell.ok("images")
    part = cell.store / "tmp" / (blob.removeprefix("sha256:") + ".part")
    part.write_bytes(big.blobs[blob][:1000])

    registry = script(big, lambda path, fields: (200, {}, big.blobs[blob]) if path.endswith(blob) else None)
    cell.ok("pull", f"{registry.name}/x:1")

    assert cell.ok("verify") == "3 blobs, all good\n"


def test_a_part_that_is_wrong_is_not_kept(cell: Cell, script: Callable[..., Script]) -> None:
    big = image(os.urandom(100_000), pack=lambda data: data)
    blob = big.manifest["layers"][0]["digest"]
    cell.ok("images")
    part = cell.store / "tmp" / (blob.removeprefix("sha256:") + ".part")
    part.write_bytes(bytes(50_000))
    registry = script(big)

    assert "it is not used" in cell.fails("pull", "-q", f"{registry.name}/x:1")
    assert not part.exists() and cell.images() == []
    cell.ok("pull", f"{registry.name}/x:1")


def test_a_busy_registry_is_asked_again(cell: Cell, script: Callable[..., Script]) -> None:
    busy = [503, 429, 502]
    registry = script(made(), lambda path, fields: (busy.pop(), {}, b"") if busy else None)

    cell.ok("pull", f"{registry.name}/x:1")


# --- lies: class 26 ---

def test_every_lie_is_refused(cell: Cell, script: Callable[..., Script]) -> None:
    good = made()
    blob = good.manifest["layers"][1]["digest"]
    config = good.manifest["config"]["digest"]
    changed = bytearray(good.blobs[blob])
    changed[50] ^= 1
    lies: dict[str, tuple[Callable[[str, dict[str, str]], Answer | None], str]] = {
        "changed layer": (lambda p, f: (200, {}, bytes(changed)) if p.endswith(blob) else None, "it is not used"),
        "longer layer": (lambda p, f: (200, {}, good.blobs[blob] + b"x") if p.endswith(blob) else None, "sends more than"),
        "endless layer": (lambda p, f: (200, {"Content-Length": "1000000000000"}, good.blobs[blob] + bytes(99999))
                          if p.endswith(blob) else None, "sends more than"),
        "changed config": (lambda p, f: (200, {}, bytes(len(good.blobs[config]))) if p.endswith(config) else None,
                           "it is not used"),
        "no JSON": (lambda p, f: (200, {"Content-Type": MANIFEST}, b"<html>") if "manifests" in p else None, "not JSON"),
        "huge manifest": (lambda p, f: (200, {}, bytes(5 << 20)) if "manifests" in p else None, "a manifest of more than"),
        "manifest as index": (lambda p, f: (200, {"Content-Type": INDEX}, good.blobs[good.index["manifests"][0]["digest"]])
                              if "manifests" in p else None, "was announced as"),
        "no blob": (lambda p, f: (404, {}, b"") if p.endswith(blob) else None, "is not there"),
    }
    for name, (twist, says) in lies.items():
        assert says in cell.fails("pull", "-q", f"{script(good, twist).name}/x:1"), name
        assert cell.images() == [], name
        assert cell.run("verify").returncode == 0, f"{name}: nothing false is kept"
        cell.ok("prune")


def test_a_digest_that_was_asked_for_is_what_is_used(cell: Cell, script: Callable[..., Script]) -> None:
    good, other = made(), made()
    digest = good.index["manifests"][0]["digest"]
    wrong = other.blobs[other.index["manifests"][0]["digest"]]
    registry = script(good, lambda p, f: (200, {"Content-Type": MANIFEST}, wrong) if "manifests" in p else None)

    assert "what came is something else" in cell.fails("pull", f"{registry.name}/x@{digest}")
    cell.ok("pull", f"{script(good).name}/x@{digest}")


def test_an_index_leads_to_the_image_of_a_platform(cell: Cell, script: Callable[..., Script]) -> None:
    good = made()
    entry = {key: good.index["manifests"][0][key] for key in ("mediaType", "digest", "size")}
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        entry | {"digest": sha256(b"other"), "platform": {"os": "linux", "architecture": "s390x"}},
        entry | {"platform": {"os": "linux", "architecture": "amd64"}}]}).encode()
    registry = script(good, lambda p, f: (200, {"Content-Type": INDEX}, index) if p.endswith("/1") else None)

    assert cell.ok("pull", "--platform", "linux/amd64", f"{registry.name}/x:1") == entry["digest"] + "\n"
    assert "has nothing for linux/riscv64" in cell.fails("pull", "--platform", "linux/riscv64", f"{registry.name}/x:1")


# --- tokens, redirects, addresses: class 28 ---

CREDENTIALS = base64.b64encode(b"user:secret").decode()


def auth_file(tmp_path: Path, name: str) -> Path:
    path = tmp_path / "auth.json"
    path.write_text(json.dumps({"auths": {name: {"auth": CREDENTIALS}}}))
    return path


def wants_token(realm: str) -> Callable[[str, dict[str, str]], Answer | None]:
    def twist(path: str, fields: dict[str, str]) -> Answer | None:
        if path.startswith("/token"):
            return 200, {"Content-Type": "application/json"}, b'{"token":"abc.def"}'
        if fields.get("authorization") != "Bearer abc.def":
            return 401, {"WWW-Authenticate": f'Bearer realm="{realm}",service="a b",scope="repository:evil:push"'}, b""
        return None
    return twist


def test_a_token_is_got_for_this_repository_and_used(cell: Cell, script: Callable[..., Script], tmp_path: Path) -> None:
    realm = script(made(), wants_token(""))
    registry = script(made(), wants_token(f"http://{realm.name}/token?x=1"))

    cell.ok("pull", "--auth-file", auth_file(tmp_path, registry.name), f"{registry.name}/team/app:1")

    path, fields = realm.asked[0]
    assert path == "/token?x=1&scope=repository%3Ateam%2Fapp%3Apull&service=a%20b"
    assert fields["authorization"] == f"Basic {CREDENTIALS}"
    assert not any("Basic" in f.get("authorization", "") for p, f in registry.asked)


def test_a_realm_at_another_address_is_not_asked(cell: Cell, script: Callable[..., Script]) -> None:
    """The registry is on this host, so what it names may be, too; from further away it may not."""
    registry = script(made(), wants_token("file:///etc/passwd"))
    assert "is neither https:// nor http://" in cell.fails("pull", f"{registry.name}/x:1")
    registry = script(made(), wants_token("http://user:pass@localhost/token"))
    assert "has a user in it" in cell.fails("pull", f"{registry.name}/x:1")
    registry = script(made(), wants_token("http://metadata.example/token"))
    assert "does not speak TLS" in cell.fails("pull", f"{registry.name}/x:1")


@pytest.fixture
def private() -> Iterator[str]:
    """A private address of this machine."""
    subprocess.run(["ip", "address", "add", "10.99.98.97/32", "dev", "lo"], check=True)
    yield "10.99.98.97"
    subprocess.run(["ip", "address", "del", "10.99.98.97/32", "dev", "lo"], check=True)


@pytest.mark.parametrize("how", ["realm", "redirect"])
def test_class_28_a_registry_far_away_does_not_make_us_ask_this_host(
        cell: Cell, script: Callable[..., Script], private: str, how: str) -> None:
    victim = script(made())
    good = made()
    blob = good.manifest["layers"][1]["digest"]
    if how == "realm":
        registry = script(good, wants_token(f"http://{victim.name}/token"), address=private)
    else:
        registry = script(good, lambda p, f: (307, {"Location": f"http://{victim.name}{p}"}, b"")
                          if p.endswith(blob) else None, address=private)

    why = cell.fails("pull", "-q", "--plain-http", f"{registry.name}/x:1")

    assert "private address, which it has no business with" in why
    assert victim.asked == []


def test_class_28_a_redirect_to_another_host_does_not_get_the_token(cell: Cell, script: Callable[..., Script]) -> None:
    good = made()
    blob = good.manifest["layers"][1]["digest"]
    other = script(good)
    realm = script(good, wants_token(""))
    ask = wants_token(f"http://{realm.name}/token")
    registry = script(good, lambda p, f: ask(p, f) or ((307, {"Location": f"http://{other.name}{p}"}, b"")
                                                        if p.endswith(blob) else None))

    cell.ok("pull", f"{registry.name}/x:1")

    assert [p for p, f in other.asked] == [f"/v2/x/blobs/{blob}"]
    assert "authorization" not in other.asked[0][1]
    assert any(f.get("authorization") == "Bearer abc.def" for p, f in registry.asked)


def test_redirects_end(cell: Cell, script: Callable[..., Script]) -> None:
    registry = script(made(), lambda p, f: (302, {"Location": p}, b""))

    assert "sends us from place to place" in cell.fails("pull", f"{registry.name}/x:1")
    assert len(registry.asked) == 6


def test_class_28_plain_http_must_be_allowed_and_gets_no_credentials(
        cell: Cell, script: Callable[..., Script], private: str, tmp_path: Path) -> None:
    registry = script(made(), lambda p, f: None if "authorization" in f else
                      (401, {"WWW-Authenticate": 'Basic realm="x"'}, b""), address=private)
    auth = auth_file(tmp_path, registry.name)

    cell.fails("pull", "--auth-file", auth, f"{registry.name}/x:1")
    assert registry.asked == [], "TLS was tried"
    assert "they are not sent without TLS" in cell.fails("pull", "--plain-http", "--auth-file", auth,
                                                         f"{registry.name}/x:1")
    assert not any("authorization" in f for p, f in registry.asked)


def test_a_user_and_password_on_this_host(cell: Cell, script: Callable[..., Script], tmp_path: Path) -> None:
    registry = script(made(), lambda p, f: None if f.get("authorization") == f"Basic {CREDENTIALS}" else
                      (401, {"WWW-Authenticate": 'Basic realm="x"'}, b""))

    assert "say --auth-file FILE" in cell.fails("pull", f"{registry.name}/x:1")
    cell.ok("pull", "--auth-file", auth_file(tmp_path, registry.name), f"{registry.name}/x:1")


def test_push_says_where_to(cell: Cell, tmp_path: Path) -> None:
    cell.ok("load", "-i", made().write(tmp_path / "in.tar"))

    assert "names no registry" in cell.fails("push", "test:1")
