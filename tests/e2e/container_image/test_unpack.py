"""Unpacking: byte for byte what umoci makes of the same layers; whiteouts; and images that want out (CVE by CVE)."""
from __future__ import annotations

import gzip
import json
import os
import shutil
import stat
import subprocess
import tarfile
import time
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import Cell
from images import Image, Layer, image, sha256, tree

Unpack = Callable[..., Path]
STARTED = time.time_ns()


@pytest.fixture
def unpack(cell: Cell, tmp_path: Path) -> Unpack:
    """Load and unpack; the root file system."""
    def go(made: Image, *words: str) -> Path:
        cell.ok("load", "-i", made.write(tmp_path / "in.tar"))
        cell.ok("unpack", *words, "test:1", tmp_path / "bundle")
        return tmp_path / "bundle/rootfs"
    return go


@pytest.fixture
def refused(cell: Cell, tmp_path: Path) -> Callable[..., str]:
    """Load and unpack, which must fail and leave nothing; why."""
    def go(made: Image, *words: str) -> str:
        cell.ok("load", "-i", made.write(tmp_path / "in.tar"))
        why = cell.fails("unpack", *words, "test:1", tmp_path / "bundle")
        assert not (tmp_path / "bundle").exists(), "nothing is left"
        return why
    return go


def umoci(made: Image, tmp_path: Path) -> Path:
    made.write(tmp_path / "umoci.tar")
    (tmp_path / "layout").mkdir()
    subprocess.run(["tar", "-C", tmp_path / "layout", "-xf", tmp_path / "umoci.tar"], check=True)
    name = made.names[0]
    assert name
    index = json.loads((tmp_path / "layout/index.json").read_text())
    index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"] = "t"
    (tmp_path / "layout/index.json").write_text(json.dumps(index))
    subprocess.run(["umoci", "unpack", "--image", f"{tmp_path}/layout:t", tmp_path / "umoci"], check=True,
                   capture_output=True)
    return tmp_path / "umoci/rootfs"


# --- like umoci ---

def settled(found: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """Folders that no layer names have the time at which they were made."""
    return {path: (*entry[:4], 0, *entry[5:]) if stat.S_ISDIR(entry[0]) and entry[4] > STARTED else entry
            for path, entry in found.items()}


def everything() -> Layer:
    layer = Layer()
    layer.folder("./", mode=0o755, mtime=5)
    layer.folder("etc", uid=3, gid=4, mtime=999_999_999).file("etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    layer.file("etc/shadow", "secret", mode=0o000).file("bin/su", "#!", mode=0o4755, uid=0)
    layer.file("bin/wall", "#!", mode=0o2755, gid=5).folder("tmp", mode=0o1777)
    layer.symlink("etc/mtab", "/proc/self/mounts", mtime=12345, uid=7).symlink("lib", "usr/lib")
    layer.file("usr/lib/libc.so", b"\x7fELF" * 5000).hardlink("usr/lib/libc.so.6", "usr/lib/libc.so")
    layer.hardlink("etc/mtab2", "etc/mtab").add("dev/null", tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666)
    layer.add("dev/loop0", tarfile.BLKTYPE, devmajor=7, devminor=0).add("run/pipe", tarfile.FIFOTYPE, mode=0o600)
    layer.file("bin/ping", "#!", mode=0o755, pax_headers={
        "SCHILY.xattr.security.capability":
            b"\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00".decode("latin1"),
        "SCHILY.xattr.user.note": "hello"})
    layer.file("näme/" + "long/" * 30 + "f" * 200, "long", uid=3_000_000, gid=2_500_000)
    layer.file("time", "x", mtime=1234567890.123456789).file("old", "x", mtime=-1000).file("empty", "")
    return layer


def test_all_kinds_of_files_are_as_umoci_unpacks_them(unpack: Unpack, tmp_path: Path) -> None:
    made = image(everything())

    assert settled(tree(unpack(made))) == settled(tree(umoci(made, tmp_path)))


def upper_layers() -> list[Layer]:
    return [
        Layer().file("etc/.wh.passwd").file(".wh.nothing").file("nowhere/.wh.x").folder("nowhere"),
        Layer().folder("usr/lib", mode=0o700, mtime=77).file("lib/through-a-link", "x").file("etc/mtab", "now a file"),
        Layer().folder("bin/su", mode=0o700).file("bin/su/in", "a file became a folder").file("tmp", "and back"),
        Layer().file("usr/lib/.wh..wh..opq").file("usr/lib/new", "x"),
        Layer().file(".wh.bin").folder("bin", mtime=42).file("bin/sh", "new"),
        Layer().hardlink("sh", "bin/sh").file("time", "again", mtime=3, mode=0o600),
    ]


@pytest.mark.parametrize("layers", range(1, 7))
def test_layers_on_layers_are_as_umoci_unpacks_them(unpack: Unpack, tmp_path: Path, layers: int) -> None:
    made = image(everything(), *upper_layers()[:layers])

    assert settled(tree(unpack(made))) == settled(tree(umoci(made, tmp_path)))


def test_a_real_root_file_system_is_as_umoci_unpacks_it(unpack: Unpack, tmp_path: Path) -> None:
    """/etc and /usr/share/doc of this machine: thousands of files of all kinds."""
    packed = subprocess.run(["tar", "-C", "/", "--xattrs", "--format=pax", "-cf", "-", "etc", "usr/share/doc",
                             "usr/share/perl5"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    made = image(packed)

    ours, theirs = tree(unpack(made)), tree(umoci(made, tmp_path))

    assert len(ours) > 1000
    assert settled(ours) == settled(theirs)


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_all_formats_of_tar_unpack(unpack: Unpack, form: int) -> None:
    layer = Layer()
    layer.tar = tarfile.open(fileobj=layer.out, mode="w", format=form)
    layer.file("d/" * 40 + "f" * 90, "x")

    assert (unpack(image(layer)) / ("d/" * 40 + "f" * 90)).read_text() == "x"


@pytest.mark.parametrize("packer", ["none", "gzip", "gzip twice", "zstd"])
def test_all_packings_unpack(unpack: Unpack, packer: str) -> None:
    pack: Any = {
        "none": lambda data: data,
        "gzip": gzip.compress,
        "gzip twice": lambda data: gzip.compress(data[:700]) + gzip.compress(data[700:]) + bytes(512),
        "zstd": lambda data: subprocess.run(["zstd", "-q"], input=data, stdout=subprocess.PIPE, check=True).stdout,
    }[packer]

    assert (unpack(image(Layer().file("a", "x" * 3000), pack=pack)) / "a").read_text() == "x" * 3000


def test_a_sparse_file_stays_sparse(unpack: Unpack, tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as out:
        out.seek(50 << 20)
        out.write(b"end")
    packed = subprocess.check_output(["tar", "-C", tmp_path, "-S", "-cf", "-", "sparse"])

    file = unpack(image(packed)) / "sparse"

    assert file.stat().st_size == (50 << 20) + 3 and file.stat().st_blocks < 100
    assert file.read_bytes()[-3:] == b"end"


# --- whiteouts: class 25 ---

def test_a_whiteout_hides_lower_layers_only_wherever_it_stands(unpack: Unpack) -> None:
    low = Layer().folder("d").file("d/low", "1").file("d/both", "1").file("f", "low").folder("d/sub").file("d/sub/low")

    root = unpack(image(low, Layer().file("d/both", "2").file("d/new", "2").file("f", "up").file("d/sub/up", "2")
                        .file(".wh.f").file("d/.wh.both").file("d/.wh..wh..opq")))

    assert (root / "f").read_text() == "up"
    assert sorted(str(p.relative_to(root)) for p in root.rglob("*")) == ["d", "d/both", "d/new", "d/sub", "d/sub/up", "f"]
    assert (root / "d/both").read_text() == "2"


def test_an_opaque_folder_by_another_name(unpack: Unpack) -> None:
    """The layer's own file came through a symbolic link, and is the same file."""
    root = unpack(image(Layer().folder("usr/lib").file("usr/lib/low").symlink("lib", "usr/lib"),
                        Layer().file("lib/new", "x").file("usr/lib/.wh..wh..opq")))

    assert os.listdir(root / "usr/lib") == ["new"]


def test_an_opaque_root(unpack: Unpack) -> None:
    root = unpack(image(Layer().file("a/b/c").file("d"), Layer().file("e").file(".wh..wh..opq")))

    assert os.listdir(root) == ["e"]


@pytest.mark.parametrize("name", [".wh.", ".wh..", ".wh...", "a/.wh...", ".wh.x/y"])
def test_whiteouts_of_no_name_are_refused(refused: Callable[..., str], name: str) -> None:
    why = refused(image(Layer().file("a/x"), Layer().file(name)))

    assert "hides nothing that has a name" in why or "is below a whiteout" in why


def test_what_aufs_left_is_ignored(unpack: Unpack) -> None:
    root = unpack(image(Layer().folder(".wh..wh.plnk").file(".wh..wh.plnk/12.34", "x").file(".wh..wh.aufs").file("a")))

    assert os.listdir(root) == ["a"]


def test_a_whiteout_does_not_follow_a_link(unpack: Unpack, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/keep").write_text("x")

    root = unpack(image(Layer().symlink("out", str(tmp_path / "outside")).folder("d"),
                        Layer().file("out/.wh.keep"), Layer().file(".wh.out")))

    assert (tmp_path / "outside/keep").exists() and not (root / "out").is_symlink()


def test_character_device_0_0_is_refused(refused: Callable[..., str]) -> None:
    assert "overlayfs's whiteout" in refused(image(Layer().add("x", tarfile.CHRTYPE, devmajor=0, devminor=0)))


# --- out of the root: class 23 ---

@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/../evil", "a/b/.."])
def test_dot_dot_is_refused(refused: Callable[..., str], tmp_path: Path, name: str) -> None:
    assert 'has ".."' in refused(image(Layer().folder("a/b").file(name, "x")))

    assert not (tmp_path / "evil").exists() and not (tmp_path / "bundle").exists()


def test_an_absolute_name_is_one_of_the_root(unpack: Unpack, tmp_path: Path) -> None:
    root = unpack(image(Layer().file(f"{tmp_path}/evil", "x").file("//a//./b", "y")))

    assert not (tmp_path / "evil").exists()
    assert (root / str(tmp_path)[1:] / "evil").exists() and (root / "a/b").read_text() == "y"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "victim").write_text("untouched")
    os.utime(folder / "victim", (1, 1))
    return folder


def untouched(outside: Path) -> bool:
    info = (outside / "victim").lstat()
    return (os.listdir(outside) == ["victim"] and (outside / "victim").read_text() == "untouched"
            and info.st_mtime == 1 and info.st_nlink == 1 and stat.S_IMODE(info.st_mode) == 0o644)


def attacks(outside: Path) -> dict[str, list[Layer]]:
    up = "../" * 20 + str(outside)[1:]
    return {
        "write through a link": [Layer().symlink("x", str(outside)).file("x/evil", "x")],
        "write through a relative link": [Layer().symlink("x", up).file("x/evil", "x")],
        "write through a link of a lower layer": [Layer().symlink("x", str(outside)), Layer().file("x/evil", "x")],
        "replace a file through a link": [Layer().symlink("x", str(outside)), Layer().file("x/victim", "x")],
        "write to a link": [Layer().symlink("x", f"{outside}/victim"), Layer().file("x", "evil")],
        "link of a link": [Layer().symlink("a", str(outside)).symlink("b", "a").file("b/evil", "x")],
        "dot dot in a link": [Layer().folder("d").symlink("d/x", up).file("d/x/evil", "x")],
        "folder through a link": [Layer().symlink("x", str(outside)).folder("x/evil")],
        "folder onto a link": [Layer().symlink("x", str(outside)), Layer().folder("x", mode=0o777).file("x/evil")],
        "hard link to outside": [Layer().hardlink("x", f"{outside}/victim"), Layer().file("x", "evil")],
        "hard link through a link": [Layer().symlink("l", str(outside)).hardlink("x", "l/victim")],
        "whiteout through a link": [Layer().symlink("x", str(outside)), Layer().file("x/.wh.victim")],
        "opaque through a link": [Layer().symlink("x", str(outside)), Layer().file("x/.wh..wh..opq")],
        "device through a link": [Layer().symlink("x", str(outside)).add("x/n", tarfile.CHRTYPE, devmajor=1, devminor=3)],
        "mode through a link": [Layer().symlink("x", f"{outside}/victim"), Layer().hardlink("y", "x"),
                                Layer().file("y", "", mode=0o777)],
        "magic link": [Layer().symlink("x", f"/proc/{os.getpid()}/root{outside}").file("x/evil", "x")],
        "magic link, relative": [Layer().symlink("x", f"{'../' * 20}proc/{os.getpid()}/cwd").file("x/evil", "x")],
        "link to nowhere": [Layer().symlink("x", f"{outside}/new").file("x/evil", "x")],
    }


@pytest.mark.parametrize("attack", attacks(Path("/x")))
def test_class_23_no_layer_writes_outside_of_its_root(cell: Cell, tmp_path: Path, outside: Path, attack: str) -> None:
    made = image(*attacks(outside)[attack])
    cell.ok("load", "-i", made.write(tmp_path / "in.tar"))

    done = cell.run("unpack", "test:1", tmp_path / "bundle")

    assert untouched(outside), done.stderr
    if done.returncode:
        assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("name", [".", "./", "/", "a/.."])
def test_cve_2021_29136_the_root_itself_is_no_link(refused: Callable[..., str], outside: Path, name: str) -> None:
    why = refused(image(Layer().symlink(name, str(outside)), Layer().file("evil", "x")))

    assert "is the root, and not a folder" in why or 'has ".."' in why
    assert untouched(outside)


def test_a_hard_link_to_the_root_is_refused(refused: Callable[..., str]) -> None:
    assert "is a link to the root" in refused(image(Layer().hardlink("x", ".")))


def test_a_folder_becomes_a_link_and_back(unpack: Unpack, outside: Path) -> None:
    root = unpack(image(Layer().folder("d").file("d/x", "1"), Layer().symlink("d", str(outside)),
                        Layer().folder("d").file("d/y", "2")))

    assert os.listdir(root / "d") == ["y"] and untouched(outside)


def test_a_tree_too_deep_to_remove_is_an_error_not_a_crash(cell: Cell, tmp_path: Path) -> None:
    low = Layer()
    for start in range(0, 40):
        low.folder(f"{'d/' * 20}x" if not start else f"{'l' * 1}{start}/{'d/' * 20}x")
        low.symlink(f"l{start + 1}", ("" if not start else f"l{start}/") + "d/" * 20 + "x")
    cell.ok("load", "-i", image(low, Layer().file(".wh.d")).write(tmp_path / "in.tar"))

    assert "Too many levels" in cell.fails("unpack", "test:1", tmp_path / "bundle")


# --- files that are not what they seem: class 24 ---

@pytest.mark.parametrize("how", ["link", "pipe", "big", "folder", "loop"])
def test_cve_2024_9676_passwd_is_a_file_of_the_image(cell: Cell, tmp_path: Path, how: str) -> None:
    outside = tmp_path / "passwd"
    outside.write_text("evil:x:4711:4711::/:/bin/sh\n")
    layer = Layer().folder("etc")
    {"link": lambda: layer.symlink("etc/passwd", str(outside)),
     "pipe": lambda: layer.add("etc/passwd", tarfile.FIFOTYPE),
     "big": lambda: layer.file("etc/passwd", b"\0" * (2 << 20)),
     "folder": lambda: layer.folder("etc/passwd"),
     "loop": lambda: layer.symlink("etc/passwd", "passwd")}[how]()
    cell.ok("load", "-i", image(layer, run={"User": "evil"}).write(tmp_path / "in.tar"))

    why = cell.fails("unpack", "test:1", tmp_path / "bundle")

    assert 'user: "evil": is not in the image' in why or "/etc/passwd: is to be a file" in why


# --- digests, sizes, bombs: class 26 ---

def test_a_layer_that_is_not_its_diff_id_is_not_used(refused: Callable[..., str]) -> None:
    made = image(Layer().file("a", "x"), diff_ids=[sha256(b"other")])

    assert "but the config says" in refused(made)


def test_octets_behind_the_end_of_the_tar_count(refused: Callable[..., str]) -> None:
    """They are part of what the diff_id is of."""
    layer = Layer().file("a", "x").bytes()
    made = image(layer + bytes(10240) + b"more", diff_ids=[sha256(layer)])

    assert "but the config says" in refused(made)


def test_as_many_diff_ids_as_layers(cell: Cell, tmp_path: Path) -> None:
    made = image(Layer().file("a"), Layer().file("b"), diff_ids=[sha256(b"")])
    cell.ok("load", "-i", made.write(tmp_path / "in.tar"))

    assert "has 2 layers, but its config has 1 diff_ids" in cell.fails("unpack", "test:1", tmp_path / "bundle")


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_a_bomb_is_refused_before_it_fills_the_disk(refused: Callable[..., str], packer: str) -> None:
    layer = Layer().file("zeros", bytes(300 << 20)).bytes()
    packed = subprocess.run([packer, "-q", "-c"], input=layer, stdout=subprocess.PIPE, check=True).stdout
    assert len(packed) < 400_000

    why = refused(image(layer, pack=lambda data: packed), "--max-size", "10M")

    assert "say --max-size" in why


def test_a_bomb_of_padding_is_refused(refused: Callable[..., str]) -> None:
    layer = Layer().file("a", "x").bytes() + bytes(200 << 20)

    assert "unpacks to more than" in refused(image(layer), "--max-size", "10M")


def test_a_sparse_bomb_is_refused(refused: Callable[..., str], tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as out:
        out.truncate(1 << 40)
    packed = subprocess.check_output(["tar", "-C", tmp_path, "-S", "-cf", "-", "sparse"])

    assert "say --max-size" in refused(image(packed), "--max-size", "1G")


def raw_header(name: bytes, size: bytes, kind: bytes = b"0") -> bytes:
    header = bytearray(512)
    header[:len(name)] = name
    header[100:108], header[108:116], header[116:124] = b"0000644\0", b"0000000\0", b"0000000\0"
    header[124:124 + len(size)], header[136:148] = size, b"00000000000\0"
    header[156:157], header[257:265], header[148:156] = kind, b"ustar\00000", b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


@pytest.mark.parametrize("size", [b"\xff" * 12, b"\x80" + b"\xff" * 11, b"77777777777\0", b"-0000000001\0"])
def test_sizes_that_cannot_be_are_refused(refused: Callable[..., str], size: bytes) -> None:
    refused(image(raw_header(b"x", size) + b"data" + bytes(508) + bytes(1024)))


def test_a_layer_that_is_cut_off_is_refused(refused: Callable[..., str]) -> None:
    layer = Layer().file("a", "x" * 5000).bytes()[:3000]

    assert "damaged" in refused(image(layer))


def test_what_is_no_tar_is_refused(refused: Callable[..., str]) -> None:
    assert "not a tar archive" in refused(image(b"no tar" * 1000, pack=lambda data: data))


def test_a_damaged_gzip_is_refused(refused: Callable[..., str]) -> None:
    def damage(data: bytes) -> bytes:
        packed = bytearray(gzip.compress(data))
        packed[-6] ^= 1
        return bytes(packed)

    assert "gzip" in refused(image(Layer().file("a", os.urandom(5000)), pack=damage))


def test_the_last_of_two_entries_counts(unpack: Unpack) -> None:
    root = unpack(image(Layer().file("a", "first").hardlink("b", "a").file("a", "second")))

    assert (root / "a").read_text() == "second" and (root / "b").read_text() == "first"


def test_a_pax_name_wins_and_is_checked(refused: Callable[..., str]) -> None:
    assert 'has ".."' in refused(image(Layer().file("fine", "x", pax_headers={"path": "../evil"})))


def test_xattrs_of_overlayfs_are_left_out(unpack: Unpack) -> None:
    root = unpack(image(Layer().folder("d", pax_headers={"SCHILY.xattr.trusted.overlay.opaque": "y",
                                                       "SCHILY.xattr.trusted.overlay.redirect": "/etc",
                                                       "SCHILY.xattr.user.kept": "1"})))

    assert os.listxattr(root / "d") == ["user.kept"]


def test_a_name_with_escapes_does_not_reach_the_terminal(refused: Callable[..., str]) -> None:
    why = refused(image(Layer().file("a/\x1b]0;owned\x07/../x", "x")))

    assert "\x1b" not in why and "a/?]0;owned?" in why


# --- bundles ---

def test_a_bundle_says_what_the_image_says(cell: Cell, tmp_path: Path) -> None:
    run = {"User": "web:staff", "Env": ["A=1", "PATH=/bin"], "Entrypoint": ["/bin/httpd"], "Cmd": ["-p", "80"],
           "WorkingDir": "/srv", "Labels": {"x.y": "z"}, "StopSignal": "SIGINT"}
    layer = Layer().file("etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:33:44::/srv/web:/bin/sh\n") \
        .file("etc/group", "root:x:0:\nweb:x:44:\nstaff:x:50:\nlog:x:60:web,root\n")
    cell.ok("load", "-i", image(layer, run=run).write(tmp_path / "in.tar"))

    cell.ok("unpack", "test:1", tmp_path / "bundle")

    config = json.loads((tmp_path / "bundle/config.json").read_text())
    process = config["process"]
    assert process["args"] == ["/bin/httpd", "-p", "80"] and process["cwd"] == "/srv"
    assert process["user"] == {"uid": 33, "gid": 50}
    assert process["env"] == ["A=1", "PATH=/bin", "HOME=/srv/web"]
    assert config["annotations"]["x.y"] == "z"
    assert config["annotations"]["org.opencontainers.image.stopSignal"] == "SIGINT"
    assert config["root"]["path"] == "rootfs" and process["noNewPrivileges"]


@pytest.mark.parametrize("user, uid, gid, groups", [
    ("", 0, 0, None), ("web", 33, 44, [60]), ("33", 33, 44, [60]), ("4711", 4711, 0, None), ("4711:12", 4711, 12, None),
    ("0:staff", 0, 50, None), ("1234", 1234, 0, None),
])
def test_cve_2016_3697_users_by_name_and_number(cell: Cell, tmp_path: Path, user: str, uid: int, gid: int,
                                                groups: list[int] | None) -> None:
    """The image has a user whose name is a number: that number is not that user."""
    layer = Layer().file("etc/passwd", "root:x:0:0::/root:/bin/sh\n1234:x:0:0::/:/bin/sh\nweb:x:33:44::/srv:/bin/sh\n") \
        .file("etc/group", "staff:x:50:\nlog:x:60:web\n")
    cell.ok("load", "-i", image(layer, run={"User": user}).write(tmp_path / "in.tar"))

    cell.ok("unpack", "test:1", tmp_path / "bundle")

    told = json.loads((tmp_path / "bundle/config.json").read_text())["process"]["user"]
    assert (told["uid"], told["gid"], told.get("additionalGids")) == (uid, gid, groups)


def test_unpacking_onto_what_is_there_is_refused(cell: Cell, tmp_path: Path) -> None:
    cell.ok("load", "-i", image(Layer().file("a")).write(tmp_path / "in.tar"))
    (tmp_path / "bundle/rootfs").mkdir(parents=True)
    (tmp_path / "bundle/rootfs/mine").write_text("x")

    assert "is already there" in cell.fails("unpack", "test:1", tmp_path / "bundle")

    assert (tmp_path / "bundle/rootfs/mine").exists()


def test_as_a_user_who_is_not_root(cell: Cell, tmp_path: Path) -> None:
    """No owners and no devices, as umoci does it without rights."""
    made = image(Layer().file("a", "x", uid=5).add("n", tarfile.CHRTYPE, devmajor=1, devminor=3))
    shutil.copy(cell.program, tmp_path / "cell-image")
    made.write(tmp_path / "in.tar")
    for folder in (tmp_path, *tmp_path.parents):
        if str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o755)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    cell.program, cell.store = tmp_path / "cell-image", home / "store"

    cell.ok("load", "-i", tmp_path / "in.tar", user=65534, group=65534)
    cell.ok("unpack", "test:1", home / "bundle", user=65534, group=65534)

    assert (home / "bundle/rootfs/a").stat().st_uid == 65534
    assert (home / "bundle/rootfs/n").is_file()
