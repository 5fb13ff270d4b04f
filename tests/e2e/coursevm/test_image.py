"""Making the image: what is cached, what is never used, what is said."""
from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest
from conftest import COURSEVM, TREE, TROUBLE
from vm import cache, initramfs, job, mirror, recipe


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("VIRTLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "coursevm"


def run(program: str, *arguments: object, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run([COURSEVM / program, *map(str, arguments)], capture_output=True,
                          text=True, env=os.environ | env, check=False)


def test_parts_are_printed_and_exist(kernel, image):
    release = run("image", "--kernel", kernel, "--release").stdout.strip()
    for part in ("--path", "--rootfs", "--vmlinuz", "--initramfs"):
        done = run("image", "--kernel", kernel, part)
        assert done.returncode == 0
        assert done.stderr == ""
        assert Path(done.stdout.strip()).exists()
    rootfs = Path(run("image", "--kernel", kernel, "--rootfs").stdout.strip())
    assert (rootfs / "lib/modules" / release / "modules.dep").exists()


def test_unknown_kernel_names_what_exists():
    for program in ("image", "enter"):
        done = run(program, "--kernel", "2.6", *(["--", "true"] if program == "enter" else []))
        assert done.returncode == TROUBLE
        assert "kernel unknown: 2.6: there are 6.1, 6.12, 7.3, debug" in done.stderr


def test_failed_build_leaves_nothing_and_says_why(empty_cache):
    done = run("image", VIRTLAB_CACHE=str(empty_cache.parent),
               VIRTLAB_MIRROR="http://127.0.0.1:9/debian")
    assert done.returncode == TROUBLE
    assert "base cannot be made" in done.stderr
    assert "Traceback" not in done.stderr
    assert [p.name for p in empty_cache.iterdir() if p.name.startswith((".partial", "base"))] == []


def test_half_built_entry_is_not_used(empty_cache):
    """A builder that was killed leaves its directory under another name; the next removes it."""
    left = cache.directory() / f"{cache.PARTIAL}thing-k-1"
    left.mkdir()
    (left / "file").write_text("half")

    def build(target: Path) -> None:
        (target / "file").write_text("whole")

    assert (cache.entry("thing", "k", build) / "file").read_text() == "whole"
    assert not left.exists()


def test_failing_builder_is_not_remembered(empty_cache):
    def fail(target: Path) -> None:
        (target / "file").write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        cache.entry("thing", "k", fail)
    assert not (cache.directory() / "thing-k").exists()
    assert cache.entry("thing", "k", lambda target: None).is_dir()


def test_two_builders_build_once(empty_cache):
    built = []
    barrier = threading.Barrier(2)

    def build(target: Path) -> None:
        built.append(target)

    def start() -> None:
        barrier.wait()
        cache.entry("thing", "k", build)

    # flock tells open files apart, not threads, so two threads stand for two processes
    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


def test_stale_is_what_no_current_recipe_leads_to(empty_cache):
    for name in ("base-old", "base-new", "snapshot-x", "debs", "run", "debug-build-x",
                 ".partial-disk-6.12-k-1"):
        (cache.directory() / name).mkdir()
    stale = cache.stale({cache.directory() / "base-new"})
    assert [p.name for p in stale] == [".partial-disk-6.12-k-1", "base-old", "snapshot-x"]


def test_entry_that_is_being_built_is_not_stale(empty_cache):
    def build(target: Path) -> None:
        assert target not in cache.stale(set())

    cache.entry("thing", "k", build)


def test_enter_runs_in_the_image_and_passes_the_status_on(kernel):
    done = run("enter", "--kernel", kernel, "--", "sh", "-c",
               ". /etc/os-release; echo $VERSION_CODENAME; pwd; exit 9")
    assert (done.returncode, done.stdout) == (9, "trixie\n/virtlab\n")


def test_enter_keeps_the_image_and_the_tree_as_they_are():
    done = run("enter", "--", "sh", "-c", "touch /usr/left-behind && touch /virtlab/left-behind")
    assert done.returncode != 0
    rootfs = Path(run("image", "--rootfs").stdout.strip())
    assert not (rootfs / "usr/left-behind").exists()
    assert not (TREE / "left-behind").exists()


def test_enter_writes_into_build_and_bound_directories(tmp_path):
    done = run("enter", "--bind", f"{tmp_path}:/mnt", "--", "sh", "-c",
               "echo a > /virtlab/build/.enter-test; echo b > /mnt/file")
    made = TREE / "build" / ".enter-test"
    assert done.returncode == 0, done.stderr
    assert made.read_text() == "a\n"
    assert made.stat().st_uid == os.getuid()
    assert (tmp_path / "file").read_text() == "b\n"
    made.unlink()


def test_an_ordinary_users_path_is_enough():
    """mke2fs, which makes every run's disk, is in a directory that only root looks into."""
    done = subprocess.run([COURSEVM / "run", "--", "true"], env=os.environ | {"PATH": "/usr/bin:/bin"},
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["6.1", "7.3"])
def test_other_kernels_boot_and_offer_svm(vm, name):
    ended = vm("sh", "-c", "uname -r; modprobe kvm-amd npt=0; test -c /dev/kvm",
               options=("--kernel", name))
    assert ended.status == 0
    assert ended.stdout.decode().startswith(name)


def test_mirror_is_the_one_of_apt(tmp_path, monkeypatch):
    monkeypatch.delenv("VIRTLAB_MIRROR", raising=False)
    (tmp_path / "sources.list").write_text(
        "# deb http://commented.example/debian bookworm main\n"
        "deb cdrom:[Debian]/ bookworm main\n"
        "deb http://security.example/debian-security bookworm-security main\n"
        "deb [arch=amd64 signed-by=/k] http://other.example/tool stable-tool main\n"
        "deb-src http://source.example/debian bookworm main\n"
        "deb [ trusted=yes ] http://right.example/debian/ bookworm main contrib # mine\n")
    assert mirror.uri(tmp_path) == "http://right.example/debian"


def test_mirror_in_deb822_style(tmp_path, monkeypatch):
    monkeypatch.delenv("VIRTLAB_MIRROR", raising=False)
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (parts / "a.sources").write_text(
        "Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: bookworm\n"
        "Components: main\n\n"
        "# a comment\nTypes: deb deb-src\nURIs:\n http://right.example/debian\n"
        "Suites: bookworm\n bookworm-updates\nComponents: main\n")
    assert mirror.uri(tmp_path) == "http://right.example/debian"


def test_mirror_can_be_set(tmp_path, monkeypatch):
    monkeypatch.setenv("VIRTLAB_MIRROR", "http://set.example/debian/")
    assert mirror.uri(tmp_path) == "http://set.example/debian"


def test_kernels_are_ordered_by_number():
    names = ["6.12.9+deb13-cloud-amd64", "6.12.107+deb13-cloud-amd64", "6.12.94+deb13-cloud-amd64"]
    assert max(names, key=recipe.natural_order) == names[1]


def test_modules_are_ordered_by_need():
    index = ("a/top.ko.xz: b/mid.ko.xz c/base.ko.xz\nb/mid.ko.xz: c/base.ko.xz\n"
             "c/base.ko.xz:\nd/x.ko:\n")
    assert initramfs.with_dependencies(index, ["built_in", "top", "mid"]) == [
        "c/base.ko.xz", "b/mid.ko.xz", "a/top.ko.xz"]


def test_tree_in_the_guest_leaves_out_what_it_does_not_need(tmp_path):
    for name in (".git/x", "kmod/a.c", "kmod/a.o", "build/bin/vmm", "build/demo/x.html",
                 "build/kernel/6.12/src/a.ko", "build/kernel/6.1/src/a.ko", "labs/build/x"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    files = {str(p) for p in job.tree_files(tmp_path, "6.12") if (tmp_path / p).is_file()}
    assert files == {"kmod/a.c", "build/bin/vmm", "build/kernel/6.12/src/a.ko", "labs/build/x"}
