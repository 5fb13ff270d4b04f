"""Building: what comes out runs in podman, unpacks as umoci unpacks it, and is the same each time."""
from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Cell
from images import Layer, image, tree

BUSYBOX = """\
FROM scratch
COPY --chmod=755 busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
"""


class Folder:
    """The folder of a build, with busybox in it."""

    def __init__(self, cell: Cell, path: Path) -> None:
        self.cell, self.path = cell, path
        path.mkdir()
        shutil.copy("/usr/bin/busybox", path / "busybox")

    def file(self, name: str, text: str = "", mode: int = 0o644) -> Folder:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return self

    def build(self, text: str, *words: str, **how: Any) -> str:
        """The id."""
        return self.cell.ok("build", "-q", "-t", "t", "-f", "-", *words, self.path, input=text, **how).strip()

    def fails(self, text: str, *words: str, **how: Any) -> str:
        return self.cell.fails("build", "-q", "-t", "t", "-f", "-", *words, self.path, input=text, **how)

    def steps(self, text: str, *words: str) -> str:
        """What a build says of its steps."""
        done = self.cell.run("build", "-t", "t", "-f", "-", *words, self.path, input=text)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def config(self) -> Any:
        return self.cell.inspect("t")["image"]["config"]

    def root(self) -> Path:
        bundle = self.path.parent / f"bundle-{time.monotonic_ns()}"
        self.cell.ok("unpack", "t", bundle)
        return bundle / "rootfs"


@pytest.fixture
def folder(cell: Cell, tmp_path: Path) -> Folder:
    return Folder(cell, tmp_path / "folder")


# --- others read it ---

FOUR = BUSYBOX + """\
WORKDIR /srv/data
ENV GREETING="hello there"
COPY sub/ ./
RUN echo $GREETING > greeting && ln greeting same && chown 7:8 greeting && chmod 4751 greeting && \\
    rm /bin/vi && mkdir -m 1777 open && mkfifo pipe && ln -s ../greeting open/link
RUN rm -r open && echo file > open && rm pipe && mkdir pipe && echo x > pipe/x
CMD ["cat", "/srv/data/greeting"]
"""


@pytest.fixture
def four(folder: Folder) -> Folder:
    folder.file("sub/a", "a").file("sub/deep/b", "b", 0o600)
    os.symlink("../a", folder.path / "sub/deep/link")
    folder.build(FOUR)
    return folder


def test_skopeo_and_oci_image_tool_read_it(four: Folder, cell: Cell, tmp_path: Path) -> None:
    seen = json.loads(subprocess.check_output(["skopeo", "inspect", f"oci:{cell.store}:localhost/t:latest"]))

    assert seen["Architecture"] == "amd64" and seen["Env"] == ["GREETING=hello there"] and len(seen["Layers"]) == 6
    cell.ok("save", "-o", tmp_path / "t.tar", "t")
    (tmp_path / "layout").mkdir()
    subprocess.run(["tar", "-C", tmp_path / "layout", "-xf", tmp_path / "t.tar"], check=True)
    # It knows references of the old form only.
    index = json.loads((tmp_path / "layout/index.json").read_text())
    index["manifests"][0]["annotations"] = {"org.opencontainers.image.ref.name": "t"}
    (tmp_path / "layout/index.json").write_text(json.dumps(index))
    done = subprocess.run(["oci-image-tool", "validate", "--type", "image", "--ref", "name=t", tmp_path / "layout"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_it_unpacks_as_umoci_unpacks_it(four: Folder, cell: Cell, tmp_path: Path) -> None:
    cell.ok("save", "-o", tmp_path / "t.tar", "t")
    (tmp_path / "layout").mkdir()
    subprocess.run(["tar", "-C", tmp_path / "layout", "-xf", tmp_path / "t.tar"], check=True)
    index = json.loads((tmp_path / "layout/index.json").read_text())
    index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"] = "t"
    (tmp_path / "layout/index.json").write_text(json.dumps(index))
    subprocess.run(["umoci", "unpack", "--image", f"{tmp_path}/layout:t", tmp_path / "umoci"], check=True,
                   capture_output=True)

    ours, theirs = tree(four.root()), tree(tmp_path / "umoci/rootfs")

    # Folders that no layer names (the root) have the time at which they were unpacked.
    for found in (ours, theirs):
        found["."] = (*found["."][:4], 0, *found["."][5:])
    assert ours == theirs
    assert ours["srv/data/greeting"][1:4] == (0o4751, 7, 8) and ours["srv/data/same"][6] == "srv/data/greeting"
    assert "bin/vi" not in ours and (four.root() / "srv/data/open").read_text() == "file\n"


@pytest.mark.parametrize("form", ["oci", "docker"])
def test_podman_runs_it(four: Folder, cell: Cell, tmp_path: Path, podman: list[str], form: str) -> None:
    cell.ok("save", "--format", form, "-o", tmp_path / "t.tar", "t")
    subprocess.run([*podman, "load", "-q", "-i", tmp_path / "t.tar"], check=True, capture_output=True)

    out = subprocess.run([*podman, "--cgroup-manager=cgroupfs", "--runtime", cell.program.parent / "cell", "run", "--rm",
                          "--net=none", "--ulimit=nofile=1000:1000", "--ulimit=nproc=1000:1000", "localhost/t:latest"],
                         capture_output=True, text=True)

    assert out.stdout == "hello there\n", out.stderr


def test_the_runtime_runs_it(four: Folder, cell: Cell, tmp_path: Path) -> None:
    cell.ok("unpack", "t", tmp_path / "bundle")

    out = subprocess.run([cell.program.parent / "cell", "--root", tmp_path / "state", "run", "-b", tmp_path / "bundle",
                          f"build-test-{os.getpid()}"], capture_output=True, text=True)

    assert out.stdout == "hello there\n", out.stderr


# --- the same input, the same digest ---

def test_the_same_input_makes_the_same_digest_in_another_store_at_another_time(
        folder: Folder, program: Path, tmp_path: Path) -> None:
    folder.file("sub/a", "a").file("sub/deep/b", "b", 0o600)
    first = folder.build(FOUR)
    copy = Path(shutil.copytree(folder.path, tmp_path / "elsewhere"))
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
    time.sleep(1.1)

    again = Cell(program, tmp_path / "store 2").ok("build", "-q", "-f", "-", copy, input=FOUR).strip()

    assert again == first
    assert folder.build(FOUR, "--no-cache") == first


def test_the_time_is_that_of_source_date_epoch(folder: Folder, cell: Cell) -> None:
    zero = folder.build(BUSYBOX)

    later = folder.build(BUSYBOX, env={"SOURCE_DATE_EPOCH": "1700000000"})

    assert later != zero and later == folder.build(BUSYBOX, "--timestamp", "1700000000")
    assert cell.inspect("t")["image"]["created"] == "2023-11-14T22:13:20Z"
    assert (folder.root() / "bin/busybox").stat().st_mtime == 1700000000


def test_nothing_of_the_host_is_in_a_layer(folder: Folder, cell: Cell) -> None:
    """Names of users, times, and attributes that security modules set (buildah issue 4180)."""
    folder.file("a", "a")
    os.setxattr(folder.path / "a", "user.of-the-host", b"x")
    os.chown(folder.path / "a", 1000, 1000)
    folder.build("FROM scratch\nCOPY a /a")
    layer = cell.inspect("t")["layers"][0]["digest"].removeprefix("sha256:")

    with tarfile.open(cell.store / "blobs/sha256" / layer) as tar:
        (entry,) = tar.getmembers()

    assert (entry.name, entry.uid, entry.gid, entry.uname, entry.gname, entry.mtime) == ("a", 0, 0, "", "", 0)
    assert not entry.pax_headers


# --- what is remembered ---

def test_steps_are_remembered_until_what_they_depend_on_changes(folder: Folder) -> None:
    text = BUSYBOX + "COPY a /a\nRUN cat /proc/sys/kernel/random/uuid > /when\n"
    folder.file("a", "1")
    first = folder.build(text)

    assert folder.steps(text).count("as before") == 4
    os.utime(folder.path / "a", (5, 5))
    assert folder.build(text) == first, "a time is no content"
    folder.file("a", "2")
    assert folder.steps(text).count("as before") == 2
    folder.file("a", "1")
    assert folder.build(text) == first
    assert folder.build(text, "--no-cache") != first


def test_a_mode_an_argument_and_a_variable_are_content(folder: Folder) -> None:
    folder.file("a", "1")
    text = BUSYBOX + "ARG X=1\nENV Y=1\nCOPY a /a\nRUN echo $X $Y > /x\n"
    ids = {folder.build(text), folder.build(text, "--build-arg", "X=2"), folder.build(text.replace("Y=1", "Y=2"))}
    (folder.path / "a").chmod(0o755)
    ids.add(folder.build(text))

    assert len(ids) == 4


def test_a_layer_that_is_gone_is_made_again(folder: Folder, cell: Cell) -> None:
    first = folder.build(BUSYBOX)
    cell.ok("rmi", "t")
    cell.ok("prune", "--all")

    assert cell.blobs() == set()
    assert folder.build(BUSYBOX) == first
    cell.ok("verify")


def test_a_step_that_changes_nothing_makes_no_layer(folder: Folder, cell: Cell) -> None:
    folder.build(BUSYBOX + "RUN true\nRUN true # again\n")

    assert len(cell.inspect("t")["layers"]) == 2
    assert [bool(step.get("empty_layer")) for step in cell.inspect("t")["image"]["history"]] == [
        False, False, True, True]


# --- RUN ---

def test_a_command_has_no_network_unless_it_is_asked_for(folder: Folder) -> None:
    text = BUSYBOX + "RUN ls /sys/class/net > /net; readlink /proc/self/ns/net > /space\n"
    folder.build(text)
    assert (folder.root() / "net").read_text() == "lo\n"

    folder.build(text, "--network", "host")

    assert (folder.root() / "space").read_text().strip() == os.readlink("/proc/self/ns/net")
    assert not (folder.root() / "etc").exists(), "what was made to mount on is gone"
    assert "unless it is asked for" in folder.fails(BUSYBOX + "RUN --network=host true\n")


def test_what_was_made_for_mounts_is_in_no_layer(folder: Folder) -> None:
    folder.build(BUSYBOX + "RUN touch /x\n")

    assert sorted(path.name for path in folder.root().iterdir()) == ["bin", "x"]


def test_a_failing_command_fails_the_build_and_names_its_line(folder: Folder, cell: Cell) -> None:
    folder.build(BUSYBOX)
    before = cell.images()

    done = cell.run("build", "-q", "-t", "t", "-f", "-", folder.path, input=BUSYBOX + "\nRUN echo why; exit 7\n")

    assert done.returncode == 1
    assert done.stderr == ('why\ncell-image: -:5: RUN: ended with status 7: '
                           '["/bin/sh","-c","echo why; exit 7"]\n')
    assert cell.images() == before and not list((cell.store / "build").iterdir())


def test_a_file_named_like_a_whiteout_removes_nothing(folder: Folder, cell: Cell) -> None:
    """podman issue 3582."""
    folder.build(BUSYBOX + "RUN touch /keep /bin/.wh.sh\nRUN touch /.wh.keep /other\n")

    assert (folder.root() / "keep").exists() and (folder.root() / "other").exists()
    assert (folder.root() / "bin/sh").is_symlink()


def test_files_changed_within_a_tick_are_seen(folder: Folder) -> None:
    lines = "".join(f"RUN echo {i} > /file\n" for i in range(5))
    folder.build(BUSYBOX + lines)

    assert (folder.root() / "file").read_text() == "4\n"


def test_user_workdir_and_shell_count(folder: Folder) -> None:
    folder.file("passwd", "me:x:5:6:::\n").file("group", "they:x:9:me\n")
    folder.build(BUSYBOX + """\
COPY passwd group /etc/
WORKDIR /a
WORKDIR b/../c
RUN chmod 777 .
SHELL ["/bin/sh", "-e", "-c"]
USER me
RUN false; echo no > no
""".replace("RUN false; echo no > no", "RUN id > id; pwd >> id"))

    assert (folder.root() / "a/c/id").read_text() == "uid=5(me) gid=6 groups=9(they)\n/a/c\n"
    assert "status 1" in folder.fails(BUSYBOX + 'SHELL ["/bin/sh", "-e", "-c"]\nRUN false; true\n')


def test_a_signal_ends_the_command_and_leaves_nothing(folder: Folder, cell: Cell) -> None:
    process = subprocess.Popen(cell.command("build", "-f", "-", folder.path), stdin=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=os.environ | {"CELL_STORE": str(cell.store)})
    assert process.stdin and process.stderr
    process.stdin.write(BUSYBOX + "RUN echo begun; sleep 1234\n")
    process.stdin.close()
    for line in process.stderr:
        if line == "begun\n":
            break
    process.send_signal(signal.SIGINT)

    assert "stopped by signal 2" in process.stderr.read()
    assert process.wait(timeout=20) == 1
    assert not list((cell.store / "build").iterdir())
    assert subprocess.run(["pgrep", "-f", "^sleep 1234"]).returncode == 1


def test_what_a_killed_build_left_goes_with_the_next(folder: Folder, cell: Cell) -> None:
    process = subprocess.Popen(cell.command("build", "-f", "-", folder.path), stdin=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=os.environ | {"CELL_STORE": str(cell.store)})
    assert process.stdin and process.stderr
    process.stdin.write(BUSYBOX + "RUN echo begun; sleep 5\n")
    process.stdin.close()
    for line in process.stderr:
        if line == "begun\n":
            break
    process.kill()
    process.wait()
    assert len(list((cell.store / "build").iterdir())) == 1
    time.sleep(5.5)

    folder.build(BUSYBOX)

    assert not list((cell.store / "build").iterdir())
    cell.ok("verify")


# --- stages ---

def test_only_stages_that_the_target_needs_are_built(folder: Folder, cell: Cell) -> None:
    text = BUSYBOX.replace("scratch", "scratch AS tools") + """\
RUN echo made > /out
FROM tools AS never
RUN false
FROM scratch AS last
COPY --from=tools /out /from-name
COPY --from=0 /bin/sh /sh
"""
    assert "false" not in folder.steps(text)
    assert sorted(path.name for path in folder.root().iterdir()) == ["from-name", "sh"]
    assert (folder.root() / "from-name").read_text() == "made\n"
    assert "status 1" in folder.fails(text, "--target", "never")
    assert "no stage has this name" in folder.fails(text, "--target", "nowhere")


def test_files_of_another_image_keep_owner_and_attributes(folder: Folder, cell: Cell, tmp_path: Path) -> None:
    made = image(Layer().file("a", "a", uid=5, gid=6, mode=0o640, pax_headers={"SCHILY.xattr.user.note": "hello"}))
    cell.ok("load", "-i", made.write(tmp_path / "in.tar"))

    folder.build("FROM scratch\nCOPY --from=test:1 a /b\nCOPY --from=test:1 --chown=7:8 --chmod=600 a /c\n")

    info = (folder.root() / "b").stat()
    assert (info.st_uid, info.st_gid, info.st_mode & 0o777) == (5, 6, 0o640)
    assert os.getxattr(folder.root() / "b", "user.note") == b"hello"
    info = (folder.root() / "c").stat()
    assert (info.st_uid, info.st_gid, info.st_mode & 0o777) == (7, 8, 0o600)


def test_a_base_of_dockers_types_becomes_one_of_ocis(folder: Folder, cell: Cell, tmp_path: Path) -> None:
    made = image(Layer().file("a", "a"))
    for what in (made.manifest, made.manifest["config"], *made.manifest["layers"]):
        for oci, docker in (("oci.image.manifest.v1", "docker.distribution.manifest.v2"),
                            ("oci.image.config.v1", "docker.container.image.v1"),
                            ("oci.image.layer.v1.tar+gzip", "docker.image.rootfs.diff.tar.gzip")):
            what["mediaType"] = what["mediaType"].replace(oci, docker)
    made.seal().index["manifests"][0]["mediaType"] = made.manifest["mediaType"]
    cell.ok("load", "-i", made.write(tmp_path / "in.tar"))

    folder.file("b").build("FROM test:1\nCOPY b /b\n")

    assert {layer["mediaType"] for layer in cell.inspect("t")["layers"]} == {
        "application/vnd.oci.image.layer.v1.tar+gzip"}
    assert sorted(path.name for path in folder.root().iterdir()) == ["a", "b"]
    assert [bool(step.get("empty_layer")) for step in cell.inspect("t")["image"]["history"]] == [False, False]


def test_an_image_that_is_not_here_is_told(folder: Folder) -> None:
    assert folder.fails("FROM nowhere:1\n").endswith(
        "-:1: FROM: nowhere:1: is not here: cell-image pull or load it, or say --pull")


# --- COPY and ADD ---

def test_copy_puts_files_where_docker_puts_them(folder: Folder) -> None:
    folder.file("d/1", "1").file("d/e/2", "2").file("f", "f")
    folder.build("""\
FROM scratch
COPY f /as-file
COPY f /in-folder/
COPY d /content
COPY d f /both/
WORKDIR /w
COPY f d/1 .
COPY d/e ../up
COPY ["f", "/with space"]
COPY d/e/* d/? /glob/
""")

    found = {path for path, entry in tree(folder.root()).items() if entry[0] == 0o100000}
    assert found == {"as-file", "in-folder/f", "content/1", "content/e/2", "both/1", "both/e/2", "both/f", "w/f",
                     "w/1", "up/2", "with space", "glob/2", "glob/1"} | {"glob/2"}


def test_links_lead_neither_out_of_the_folder_nor_out_of_the_root(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    os.symlink(tmp_path / "secret", folder.path / "absolute")
    os.symlink("../secret", folder.path / "relative")
    os.symlink("/", folder.path / "root")
    folder.file("a", "a")

    for name in ("absolute", "relative", "../secret", "root/../../secret"):
        assert "is not there" in folder.fails(f"FROM scratch\nCOPY {name} /x\n")
    out = tmp_path / "out"
    os.symlink("a", folder.path / "link")
    folder.file("sub/x")
    os.symlink(str(out), folder.path / "sub/evil")
    folder.build("FROM scratch\nCOPY sub /\nCOPY link /evil/file\n")
    assert (folder.root() / str(out)[1:] / "file").read_text() == "a", "a link in the last place is followed"
    assert not out.exists()


# Right after a file was looked at for the Nth time, another takes its place.
SWAP = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int fstatat(int folder, const char *name, struct stat *info, int flags)
{
	static int times;
	int ret = (int)syscall(SYS_newfstatat, folder, name, info, flags);

	if (!strcmp(name, "victim") && ++times == atoi(getenv("SWAP_AT")))
		renameat(AT_FDCWD, getenv("SWAP_WITH"), folder, name);
	return ret;
}
"""


@pytest.mark.parametrize("other", ["link", "fifo", pytest.param("device", marks=pytest.mark.skipif(
    os.geteuid() != 0, reason="needs root: makes a device"))])
@pytest.mark.parametrize("at", [1, 2], ids=["digest", "copy"])
def test_what_takes_a_files_place_after_it_was_looked_at_is_not_read(folder: Folder, tmp_path: Path, at: int,
                                                                    other: str) -> None:
    (tmp_path / "secret").write_text("secret")
    subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-o", tmp_path / "swap.so", "-"], input=SWAP, text=True,
                   check=True)
    folder.file("d/victim", "file")
    {"link": lambda path: os.symlink(tmp_path / "secret", path), "fifo": os.mkfifo,
     "device": lambda path: os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))}[other](tmp_path / "other")

    said = folder.fails("FROM scratch\nCOPY d /\n", timeout=20, env={
        "LD_PRELOAD": str(tmp_path / "swap.so"), "SWAP_AT": str(at), "SWAP_WITH": str(tmp_path / "other")})

    assert not os.path.lexists(tmp_path / "other") and "/d/victim: was a file, and is none any more" in said


def test_add_unpacks_a_tar_however_it_is_packed(folder: Folder) -> None:
    data = Layer().file("in/the", "tar", mode=0o600, uid=3).bytes()
    for pack in (["cat"], ["gzip"], ["bzip2"], ["xz"], ["zstd", "-q"]):
        packed = subprocess.run(pack, input=data, stdout=subprocess.PIPE, check=True).stdout
        (folder.path / f"{pack[0]}.tar").write_bytes(packed)
    folder.file("plain.gz", "no tar")

    folder.build("FROM scratch\nADD plain.gz /\nCOPY cat.tar /\n" + "".join(
        f"ADD {name}.tar /{name}\n" for name in ("cat", "gzip", "bzip2", "xz", "zstd")))

    root = folder.root()
    assert [(root / name / "in/the").read_text() for name in ("cat", "gzip", "bzip2", "xz", "zstd")] == ["tar"] * 5
    assert (root / "plain.gz").read_text() == "no tar" and (root / "cat.tar").read_bytes() == data
    assert (root / "xz/in/the").stat().st_uid == 3


def test_add_unpacks_nothing_outside(folder: Folder, tmp_path: Path) -> None:
    (folder.path / "evil.tar").write_bytes(Layer().symlink("out", str(tmp_path)).file("out/file", "x").bytes())
    (folder.path / "dots.tar").write_bytes(Layer().file("../../file", "x").bytes())

    folder.build("FROM scratch\nADD evil.tar /a/\n")

    assert not (tmp_path / "file").exists()
    assert 'has ".."' in folder.fails("FROM scratch\nADD dots.tar /a/\n")
    assert "fetches nothing" in folder.fails("FROM scratch\nADD https://example.org/x /a/\n")


def test_chown_finds_names_in_the_image(folder: Folder) -> None:
    folder.file("passwd", "me:x:5:6:::\n").file("group", "they:x:9:\n").file("d/a")
    folder.build("FROM scratch\nCOPY passwd group /etc/\nCOPY --chown=me:they d /d\nCOPY --chown=77 d/a /n\n")

    info, number = (folder.root() / "d/a").stat(), (folder.root() / "n").stat()
    assert (info.st_uid, info.st_gid, number.st_uid, number.st_gid) == (5, 9, 77, 77)
    assert "is not in the image's /etc/passwd" in folder.fails("FROM scratch\nCOPY --chown=you d /d\n")


def test_what_is_special_in_the_folder_is_told(folder: Folder) -> None:
    os.mkfifo(folder.path / "pipe")

    assert "pipe: is neither a file, a folder nor a link" in folder.fails("FROM scratch\nCOPY . /\n")


IGNORED = [
    ("*.o", {"a", "sub/c.o", "sub/d"}),
    ("**/*.o", {"a", "sub/d"}),
    ("sub", {"a", "b.o"}),
    ("/sub/\n# comment\n\n b.o \n", {"a"}),
    ("*\n!a", {"a"}),
    ("sub\n!sub/d", {"a", "b.o", "sub/d"}),
    ("!a\na", {"b.o", "sub/c.o", "sub/d"}),
    ("sub/[a-c].o", {"a", "b.o", "sub/d"}),
    ("?\nsub/**", {"b.o"}),
    ("**", set()),
    ("", {"a", "b.o", "sub/c.o", "sub/d"}),
]


@pytest.mark.parametrize("rules, left", IGNORED)
@pytest.mark.parametrize("name", [".containerignore", ".dockerignore"])
def test_what_is_ignored_is_not_copied(folder: Folder, rules: str, left: set[str], name: str) -> None:
    (folder.path / "busybox").unlink()
    folder.file("a").file("b.o").file("sub/c.o").file("sub/d").file(name, rules)

    folder.build("FROM scratch\nCOPY . /x/\n")

    found = {path for path, entry in tree(folder.root()).items() if entry[0] == 0o100000}
    assert found - {"x/" + name} == {"x/" + path for path in left}


def test_podman_ignores_the_same(folder: Folder, tmp_path: Path, podman: list[str]) -> None:
    """The rules above are not ours: podman build makes the same of them."""
    (folder.path / "busybox").unlink()
    folder.file("a").file("b.o").file("sub/c.o").file("sub/d").file("Containerfile", "FROM scratch\nCOPY . /x/\n")
    for rules, left in IGNORED[:9]:
        folder.file(".containerignore", rules)
        done = subprocess.run([*podman, "build", "-q", "--isolation=chroot", "-t", "p", folder.path], text=True,
                              capture_output=True)
        assert done.returncode == 0, done.stderr
        subprocess.run([*podman, "save", "-q", "--format", "oci-archive", "-o", tmp_path / "p.tar", "p"], check=True,
                       capture_output=True)
        folder.cell.ok("load", "-i", tmp_path / "p.tar", "t")
        (tmp_path / "p.tar").unlink()
        found = {path for path, entry in tree(folder.root()).items() if entry[0] == 0o100000}
        assert found - {"x/.containerignore", "x/Containerfile"} == {"x/" + path for path in left}, rules


def test_an_ignored_file_that_is_named_is_told(folder: Folder) -> None:
    folder.file("a").file(".containerignore", "a\n")

    assert folder.fails("FROM scratch\nCOPY a /\n").endswith('COPY: "a": is left out by the ignore file')
    assert folder.file(".containerignore", "ok\n[a\n").fails("FROM scratch\n").endswith(
        '.containerignore:2: "[a": expected ] after [')


def test_a_large_folder_is_copied_in_little_memory(folder: Folder, cell: Cell) -> None:
    with (folder.path / "large").open("wb") as out:
        out.truncate(200 << 20)
    (folder.path / "Containerfile").write_text("FROM scratch\nCOPY large /\n")

    out = subprocess.run(["/usr/bin/time", "-f", "%M", *cell.command("build", "-q", folder.path)], text=True,
                         capture_output=True, env=os.environ | {"CELL_STORE": str(cell.store)}, check=True)

    assert int(out.stderr) < 32 << 10
