"""cell run --image: each option does what it says, as the container sees it and as the host sees it."""
from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import ALONE, Cell, wait_for


def group_value(controller: str, name: str, file: str, v2: str) -> str:
    old = Path(f"/sys/fs/cgroup/{controller}/cell-{name}/{file}")
    return (old if old.exists() else Path(f"/sys/fs/cgroup/cell-{name}/{v2}")).read_text().strip()


def test_an_image_without_a_command_runs_its_own(tidy: Cell) -> None:
    assert tidy.run() == "of the image\n"


def test_a_command_takes_the_place_of_the_images(tidy: Cell) -> None:
    assert tidy.run("echo", "--rm", "-e") == "--rm -e\n", "options after the first word are the command's"
    assert tidy.run("--", "echo", "x") == "x\n"
    assert tidy.run("--entrypoint", "/bin/echo", "a", "b") == "a b\n"


def test_environment(tidy: Cell) -> None:
    lines = tidy.run("-e", "COLOUR=blue", "-e", "EMPTY=", "--env", "HERE", "-e", "NOT_HERE", "cat",
                     "/proc/self/environ", env=tidy.env | {"HERE": "of the caller"}).rstrip("\0").split("\0")
    env = dict(line.split("=", 1) for line in lines)
    assert len(env) == len(lines), "each name once"
    assert env["COLOUR"] == "blue" and env["EMPTY"] == "" and env["HERE"] == "of the caller"
    assert "NOT_HERE" not in env and env["HOME"] == "/root"


def test_name_and_host_name(tidy: Cell) -> None:
    assert tidy.run("--name", "named", "hostname") == "named\n"
    assert tidy.run("--name", "named", "--hostname", "other", "hostname") == "other\n"


def test_working_folder(tidy: Cell) -> None:
    assert tidy.run("-w", "/srv", "pwd") == "/srv\n"
    assert tidy.run("-w", "/made/for/it", "pwd") == "/made/for/it\n"


@pytest.mark.parametrize(("user", "says"), [
    ("ann", "uid=1000(ann) gid=1000(ann) groups=10(wheel)"), ("1000", "uid=1000(ann) gid=1000(ann) groups=10(wheel)"),
    ("ann:wheel", "uid=1000(ann) gid=10(wheel)"), ("7:8", "uid=7 gid=8")])
def test_user(tidy: Cell, user: str, says: str) -> None:
    assert tidy.run("-u", user, "id").strip().startswith(says)
    if user == "ann":
        assert tidy.run("-u", user, "sh", "-c", "echo $HOME") == "/home/ann\n"


def test_cve_2016_3697_a_number_is_a_number_although_a_line_is_named_so(bare: Cell, tmp_path: Path) -> None:
    from conftest import busybox
    from images import Layer, image
    base = busybox()
    extra = Layer().file("etc/passwd", "root:x:0:0::/root:/bin/sh\n1000:x:0:0::/root:/bin/sh\n").bytes()
    bare.ok("load", "-i", image(*base.layers, extra, run={"Env": ["PATH=/bin"]}, names=["localhost/box:1"])
            .write(tmp_path / "false.tar"))
    assert bare.run("-u", "1000", "id").startswith("uid=1000 ")


def test_a_volume_is_a_folder_of_the_host(tidy: Cell, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    tidy.run("-v", f"{tmp_path}/shared:/mnt", "sh", "-c", "echo in > /mnt/file")
    assert (tmp_path / "shared/file").read_text() == "in\n"
    tidy.run("-v", "./shared:/mnt:ro", "sh", "-c", "! echo more > /mnt/file 2> /dev/null", cwd=tmp_path)
    assert (tmp_path / "shared/file").read_text() == "in\n"


def test_a_named_volume_outlives_its_containers(tidy: Cell) -> None:
    tidy.run("-v", "kept:/mnt", "sh", "-c", "echo kept > /mnt/file")
    assert tidy.run("-v", "kept:/mnt:ro", "cat", "/mnt/file") == "kept\n"
    assert (tidy.folder / "data/volumes/kept/file").read_text() == "kept\n"


def test_tmpfs(tidy: Cell) -> None:
    assert "tmpfs" in tidy.run("--tmpfs", "/scratch:1m", "df", "/scratch")
    tidy.run("--tmpfs", "/scratch:1m", "sh", "-c", "! head -c 2000000 /dev/zero 2> /dev/null > /scratch/much")


def test_read_only(tidy: Cell) -> None:
    assert tidy.run("--read-only", "--tmpfs", "/tmp", "sh", "-c",
                    "touch /file 2> /dev/null && echo written; touch /tmp/file && echo scratch") == "scratch\n"


def test_what_a_container_writes_is_its_own(tidy: Cell) -> None:
    tree = next((tidy.folder / "data/trees").iterdir(), None) if (tidy.folder / "data/trees").exists() else None
    tidy.run("sh", "-c", "rm /etc/group; echo changed > /etc/passwd; mkdir /new")
    tree = tree or next((tidy.folder / "data/trees").iterdir())
    assert (tree / "rootfs/etc/group").exists() and not (tree / "rootfs/new").exists()
    assert "root:x:0" in tidy.run("cat", "/etc/passwd")


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace: scripts/setup installs it")
def test_an_images_files_are_on_the_disk_before_they_are_trusted(tidy: Cell, tmp_path: Path) -> None:
    trees, trace = tidy.folder / "data/trees", tmp_path / "trace"
    strace = ["strace", "-f", "-y", "-qq", "-e", "trace=syncfs,renameat,fsync", "-o", trace]
    command = tidy.command(*ALONE, "--rm", "true")

    failed = subprocess.run([*strace, "-e", "inject=syncfs:error=EIO", *command], env=tidy.env, capture_output=True,
                            text=True)

    assert re.search(f"cell: run: keep {trees}/new-[0-9]+: Input/output error", failed.stderr)
    assert not list(trees.iterdir())
    subprocess.run([*strace, *command], env=tidy.env, check=True)
    calls = re.findall(rf"(\w+)\(\d+<{trees}(/new-\d+)?>", trace.read_text())
    assert [name for name, _ in calls][-3:] == ["syncfs", "renameat", "fsync"] and not calls[-1][1]


def test_limits_are_those_of_the_control_groups(tidy: Cell) -> None:
    tidy.ok(*ALONE, "--name", "bounded", "-d", "--memory", "64m", "--cpus", "0.5",
            "--cpuset", "0", "--pids", "37", "sleep", "100")
    assert group_value("memory", "bounded", "memory.limit_in_bytes", "memory.max") == str(64 << 20)
    assert group_value("cpu", "bounded", "cpu.cfs_quota_us", "cpu.max").split()[0] == "50000"
    assert group_value("cpuset", "bounded", "cpuset.cpus", "cpuset.cpus") == "0"
    assert group_value("pids", "bounded", "pids.max", "pids.max") == "37"
    tidy.ok("delete", "--force", "bounded")


def test_a_hog_is_killed_at_its_limit(tidy: Cell) -> None:
    done = tidy(*ALONE, "--rm", "--memory", "16m", "--tmpfs", "/big:200m", "head", "-c",
                "100000000", "/dev/zero", stdout=subprocess.DEVNULL, capture_output=False)
    assert done.returncode == 0, "what is not kept is not counted"
    done = tidy(*ALONE, "--rm", "--memory", "16m", "--tmpfs", "/big:200m", "sh", "-c",
                "head -c 100000000 /dev/zero > /big/file")
    assert done.returncode in (1, 137)


@pytest.mark.parametrize("status", [0, 1, 42, 255])
def test_the_exit_status_is_the_programs(tidy: Cell, status: int) -> None:
    assert tidy(*ALONE, "--rm", "sh", "-c", f"exit {status}").returncode == status


def test_standard_input_and_output_are_its_own(tidy: Cell) -> None:
    assert tidy.run("cat", input="through\n") == "through\n"


def test_one_that_has_ended_stays_until_it_is_deleted(tidy: Cell) -> None:
    assert tidy(*ALONE, "--name", "ended", "false").returncode == 1
    assert tidy.status("ended") == "stopped"
    assert "already exists: choose another --name" in tidy.fails("run", "--image", "box:1", "--name", "ended", "true")
    tidy.ok("delete", "ended")
    assert tidy.status("ended") == "gone"


def test_detached_it_says_its_id_and_runs_on(tidy: Cell) -> None:
    name = tidy.ok(*ALONE, "-d", "sh", "-c", "echo out; echo err >&2; sleep 100").strip()
    assert len(name) == 12 and tidy.status(name) == "running"
    assert wait_for(lambda: tidy.ok("logs", name).count("\n") == 2)
    assert sorted(tidy.ok("logs", name).split()) == ["err", "out"]
    assert tidy.ok("exec", name, "echo", "beside") == "beside\n"
    tidy.ok("stop", "-t", 0, name)
    assert tidy.status(name) == "stopped"
    tidy.ok("delete", name)


def test_detached_with_rm_it_removes_itself(tidy: Cell) -> None:
    name = tidy.ok(*ALONE, "-d", "--rm", "sleep", "0.3").strip()
    wait_for(lambda: tidy.status(name) == "gone" and not (tidy.root / ".run" / name).exists())


def test_logs_are_followed_to_the_end(tidy: Cell) -> None:
    tidy.ok(*ALONE, "-d", "--name", "talker", "sh", "-c",
            "for i in 1 2 3 4; do echo $i; sleep 0.2; done")
    assert tidy.ok("logs", "-f", "talker") == "1\n2\n3\n4\n"
    tidy.ok("delete", "talker")


def keeper(cell: Cell, name: str) -> int:
    return json.loads((cell.root / ".run" / name / "record.json").read_text())["keeper"]


def log_files(cell: Cell, name: str) -> list[Path]:
    files = (cell.folder / "data/containers" / name).glob("log.[0-9]*")
    return sorted(files, key=lambda path: int(path.suffix[1:]))


COUNT = "i=0; while [ $((i += 1)) -le 20000 ]; do echo $i; done"


@pytest.mark.parametrize(("command", "more"), [(("sh", "-c", COUNT), 0), (("seq", 1, 20000), len("0000\n"))],
                         ids=["a line at a time", "lines in pieces"])
def test_a_log_is_bounded_and_keeps_whole_lines(tidy: Cell, command: tuple[object, ...], more: int) -> None:
    """A line that comes in two pieces is ended in the file where it was begun, by so much more than the bound."""
    tidy.ok(*ALONE, "-d", "--name", "chatty", "--log-opt", "max-size=4k,max-file=3", *command)
    tidy.ok("wait", "chatty")
    lines = tidy.ok("logs", "chatty").splitlines()
    assert lines == [str(n) for n in range(20001 - len(lines), 20001)], "the last, and each of them whole"
    sizes = [path.stat().st_size for path in log_files(tidy, "chatty")]
    assert len(sizes) == 3 and all(4090 <= size <= 4096 + more for size in sizes[:-1]) and sizes[-1] <= 4096 + more
    assert tidy.ok("logs", "-f", "chatty").splitlines() == lines
    tidy.ok("delete", "chatty")


def test_a_log_is_bounded_without_a_word(tidy: Cell) -> None:
    tidy.ok(*ALONE, "-d", "--name", "flood", "sh", "-c", "dd if=/dev/zero bs=1M count=30 2> /dev/null; yes | "
            "head -c 30000000; echo end")
    tidy.ok("wait", "flood")
    sizes = [path.stat().st_size for path in log_files(tidy, "flood")]
    assert len(sizes) == 2 and max(sizes) <= (10 << 20) + (64 << 10)
    assert tidy.ok("logs", "flood").endswith("y\nend\n")
    tidy.ok("delete", "flood")


def test_logs_are_followed_across_files(tidy: Cell) -> None:
    """With files enough nothing is missed, however often the next one begins."""
    tidy.ok(*ALONE, "-d", "--name", "steps", "--log-opt", "max-size=1k", "--log-opt", "max-file=100", "sh", "-c",
            "for i in 1 2 3 4 5; do seq $((i * 1000)) $((i * 1000 + 999)); sleep 0.2; done")
    assert tidy.ok("logs", "-f", "steps").split() == [str(n) for n in range(1000, 6000)]
    tidy.ok("delete", "steps")


def test_a_log_goes_on_over_restarts_and_when_its_keeper_is_killed(tidy: Cell) -> None:
    tidy.ok(*ALONE, "-d", "--name", "lives", "--log-opt", "max-size=1k", "--restart", "on-failure:3", "sh", "-c",
            "seq 100; exit 1")
    assert tidy.ok("logs", "-f", "lives").split()[-100:] == [str(n) for n in range(1, 101)]
    tidy.ok("delete", "lives")
    tidy.ok(*ALONE, "-d", "--name", "orphan", "sh", "-c", "trap 'echo heard' USR1; echo ready; while :; do sleep 0.1; done")
    wait_for(lambda: tidy.ok("logs", "orphan") == "ready\n")
    os.kill(keeper(tidy, "orphan"), signal.SIGKILL)
    tidy.ok("kill", "orphan", "USR1")
    wait_for(lambda: tidy.ok("logs", "orphan") == "ready\nheard\n")
    tidy.ok("delete", "--force", "orphan")


@pytest.mark.parametrize(("word", "says"), [
    ("max-size=1000", "expected a size of at least 1024"), ("max-size=x", "expected a size"),
    ("max-file=0", "expected max-file=1 to 100"), ("max-file=101", "expected max-file=1 to 100"),
    ("colour=red", "expected max-size=SIZE or max-file=N"), ("", "expected max-size=SIZE or max-file=N"),
])
def test_bounds_of_a_log_that_cannot_be(tidy: Cell, word: str, says: str) -> None:
    assert f"--log-opt {word}: {says}" in tidy.fails(*ALONE, "--log-opt", word, "true", status=2)


def test_a_secret_is_a_copy_with_a_mode_of_its_own(tidy: Cell, tmp_path: Path) -> None:
    secret = tmp_path / "word"
    secret.write_text("abracadabra")
    secret.chmod(0o600)
    words = ["--secret", "word:/run/secrets/word", "--secret", f"{secret}:/etc/key:0400"]
    said = tidy.run(*words, "-u", "ann", "sh", "-c", "cat /run/secrets/word; cat /etc/key || stat -c ' %a %U' /etc/key",
                    cwd=tmp_path)
    assert said == "abracadabra 400 root\n"
    tidy.ok(*ALONE, "--name", "keeps", *words, "true", cwd=tmp_path)
    assert "abracadabra" not in (tidy.folder / "data/containers/keeps/config.json").read_text()
    tidy.ok("delete", "keeps")
    secret.write_bytes(b"x" * ((1 << 20) + 1))
    assert "word: is larger than 1 MiB" in tidy.fails(*ALONE, *words, "true", cwd=tmp_path)
    for word, says in ((f"{tmp_path}/none:/x", "none: No such file"), (f"{tmp_path}:/x", "expected a file")):
        assert says in tidy.fails(*ALONE, "--secret", word, "true")
    for word in ("x", "x:y", "word:/x:888", "word:/x:0", "word:/x:1777", ":/x"):
        assert "expected FILE:/DESTINATION[:MODE]" in tidy.fails(*ALONE, "--secret", word, "true", status=2)


def test_a_terminal(tidy: Cell) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(tidy.command(*ALONE, "--rm", "-t", "sh", "-c",
                                            "test -t 0 && test -t 1 && echo $TERM && read word && echo got $word"),
                               stdin=slave, stdout=slave, stderr=slave, env=tidy.env, start_new_session=True)
    os.close(slave)
    said = b""
    while b"xterm" not in said and select.select([master], [], [], 20)[0]:
        said += os.read(master, 1000)
    os.write(master, b"hello\n")
    while b"got hello" not in said and select.select([master], [], [], 20)[0]:
        said += os.read(master, 1000)
    assert b"got hello" in said, said
    assert process.wait(20) == 0
    os.close(master)


def test_always_starts_it_again_until_it_is_stopped(tidy: Cell) -> None:
    tidy.ok(*ALONE, "--name", "again", "-d", "--restart", "always", "sh", "-c",
            "echo life; sleep 0.1")
    wait_for(lambda: tidy.ok("logs", "again").count("life") >= 3)
    tidy.ok("stop", "again")
    wait_for(lambda: not [p for p in tidy.processes() if "again" in p])
    lives = tidy.ok("logs", "again").count("life")
    time.sleep(0.5)
    assert tidy.ok("logs", "again").count("life") == lives
    tidy.ok("delete", "again")


def test_on_failure_counts(tidy: Cell) -> None:
    tidy.ok(*ALONE, "--name", "tries", "-d", "--restart", "on-failure:2", "sh", "-c",
            "echo life; exit 3")
    assert tidy.ok("logs", "-f", "tries") == "life\n" * 3
    tidy.ok("delete", "tries")
    tidy.ok(*ALONE, "--name", "fine", "-d", "--restart", "on-failure", "echo", "life")
    assert tidy.ok("logs", "-f", "fine") == "life\n"
    tidy.ok("delete", "fine")


def test_force_deletes_one_that_is_started_again_and_again(tidy: Cell) -> None:
    tidy.ok("run", "--image", "box:1", "--name", "busy", "-d", "--restart", "always", "true")
    time.sleep(0.3)
    tidy.ok("delete", "--force", "busy")
    assert tidy.status("busy") == "gone"


def test_stop_sends_what_the_image_asks_for(bare: Cell, tmp_path: Path) -> None:
    from conftest import busybox
    bare.ok("load", "-i", busybox(StopSignal="SIGUSR1").build().write(tmp_path / "usr1.tar"))
    bare.ok(*ALONE, "--name", "trap", "-d", "sh", "-c",
            "trap 'echo got it; exit 0' USR1; trap '' TERM; echo ready; while :; do sleep 0.1; done")
    wait_for(lambda: "ready" in bare.ok("logs", "trap"))
    bare.ok("stop", "trap")
    assert "got it" in bare.ok("logs", "trap")


def test_a_keeper_that_is_killed_loses_nothing(tidy: Cell) -> None:
    """The container goes on; delete finds all that was made for it."""
    tidy.ok("run", "--image", "box:1", "--name", "orphan", "-d", "-p", "8080:80", "sleep", "100")
    os.kill(keeper(tidy, "orphan"), signal.SIGKILL)
    assert tidy.status("orphan") == "running"
    tidy.ok("delete", "--force", "orphan")


@pytest.mark.parametrize("moment", [0.005, 0.01, 0.02, 0.03, 0.04, 0.045, 0.05, 0.055, 0.06, 0.07, 0.08, 0.1])
def test_one_killed_while_it_is_made_is_deleted_wholly(tidy: Cell, moment: float) -> None:
    command = tidy.command("run", "--image", "box:1", "--name", "half", "-p", "8080:80", "sleep", "100")
    process = subprocess.Popen(command, env=tidy.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(moment)
    process.kill()
    process.wait()
    tidy.ok("delete", "--force", "half")


@pytest.mark.parametrize(("words", "status", "says"), [
    (["--image", "gone:1"], 1, "image gone:1: is not here"),
    (["--image", ""], 2, "--image: expected NAME[:TAG]"),
    (["--image", "box:1", "--name", "../up"], 2, "--name ../up: expected letters, digits"),
    (["--image", "box:1", "--memory", "much"], 2, "--memory much: expected a size, as in 512m or 1g"),
    (["--image", "box:1", "--memory", "99999999999g"], 2, "--memory 99999999999g: expected a size"),
    (["--image", "box:1", "--cpus", "0"], 2, "--cpus 0: expected how many, as in 0.5 or 2"),
    (["--image", "box:1", "--cpuset", "a"], 2, "--cpuset a: expected such as 0-1,3"),
    (["--image", "box:1", "--pids", "-1"], 2, "--pids -1: expected 1 to 4194304"),
    (["--image", "box:1", "-e", "=x"], 2, "-e =x: expected NAME=VALUE"),
    (["--image", "box:1", "-v", "here"], 2, "-v here: expected FOLDER:/DESTINATION[:ro|rw]"),
    (["--image", "box:1", "-v", "a:relative"], 2, "-v a:relative: expected FOLDER:/DESTINATION"),
    (["--image", "box:1", "-v", "a:/b:rx"], 2, "-v a:/b:rx: expected FOLDER:/DESTINATION"),
    (["--image", "box:1", "-v", "/not/there:/b"], 1, "-v: /not/there: No such file or directory: make it first"),
    (["--image", "box:1", "-w", "relative"], 2, "-w relative: expected an absolute path"),
    (["--image", "box:1", "-u", "nobody-here", "--net", "none"], 1, "nobody-here"),
    (["--image", "box:1", "--restart", "often"], 2, "--restart often: expected no, always, unless-stopped or"),
    (["--image", "box:1", "--restart", "always:3"], 2, "--restart always:3: expected"),
    (["--image", "box:1", "--rm", "--restart", "always"], 2, "--rm and --restart"),
    (["--image", "box:1", "--net", "nowhere"], 2, "--net: nowhere: expected none, host, or private"),
    (["--image", "box:1", "-p", "80"], 2, "80: expected"),
    (["--image", "box:1", "--net", "host", "-p", "80:80"], 2, "--net host has no ports to publish"),
    (["--image", "box:1", "--sched", "fair"], 2, "--sched: fair: expected share[:WEIGHT]"),
    (["--image", "box:1", "--net", "none", "/not/there"], 1, "exec: /not/there: No such file or directory"),
    (["--image", "box:1", "--net", "none", "not-there"], 1, "exec: not-there: executable file not found in $PATH"),
    (["--image", "box:1", "--net", "none", "--memory", "1"], 1, "memory"),
    (["--image", "box:1", "--net", "none", "--cpuset", "4000"], 1, "cpus"),
    (["-b", ".", "--image", "box:1"], 2, "--image: goes first"),
])
@pytest.mark.parametrize("detached", [False, True])
def test_what_cannot_be_is_said_and_leaves_nothing(tidy: Cell, words: list[str], status: int, says: str,
                                                   detached: bool) -> None:
    words = [*words[:2], "-d", *words[2:]] if detached else words
    assert says in tidy.fails("run", *words, status=status)


def test_many_at_once_unpack_once(tidy: Cell) -> None:
    running = [subprocess.Popen(tidy.command(*ALONE, "--rm", "echo", n), env=tidy.env,
                                stdout=subprocess.PIPE, text=True) for n in range(8)]
    assert [process.communicate(timeout=60)[0] for process in running] == [f"{n}\n" for n in range(8)]
    assert len(list((tidy.folder / "data/trees").iterdir())) == 1


def test_without_overlays_files_are_copied(cell: Cell) -> None:
    """A colon in the path is syntax in an overlay's options, so that there the copy is the way."""
    cell.env["CELL_DATA"] = str(cell.folder / "da:ta")
    done = cell("--debug", *ALONE, "--name", "copy", "sh", "-c", "echo mine > /file; cat /file")
    assert done.stdout == "mine\n" and "files are copied" in done.stderr
    assert (cell.folder / "da:ta/containers/copy/rootfs/file").read_text() == "mine\n"
    cell.ok("delete", "copy")
    assert not list((cell.folder / "da:ta/containers").iterdir())


PROBE = """
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
	syscall(SYS_fsopen, "tmpfs", 0);
	printf("fsopen %d\\n", errno);
	errno = 0;
	syscall(SYS_add_key, 0, 0, 0, 0, 0);
	printf("add_key %d\\n", errno);
	return 0;
}
"""


@pytest.fixture(scope="session")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("probe") / "probe"
    subprocess.run(["gcc", "-static", "-x", "c", "-o", target, "-"], input=PROBE, text=True, check=True)
    return target


@pytest.mark.skipif(not Path("/usr/share/containers/seccomp.json").exists(), reason="no default profile on this host")
def test_the_default_filter_is_that_of_the_host(tidy: Cell, probe: Path) -> None:
    assert tidy.run("sh", "-c", "grep -w Seccomp: /proc/self/status").split()[1] == "2"
    confined = dict(line.split() for line in tidy.run("-v", f"{probe}:/bin/probe", "/bin/probe").splitlines())
    # Who has not CAP_SYS_ADMIN gets what the profile says for such, EPERM; what it does not name is not there, ENOSYS.
    assert confined == {"fsopen": "1", "add_key": "38"}
    assert tidy.run("--seccomp", "unconfined", "sh", "-c", "grep -w Seccomp: /proc/self/status").split()[1] == "0"
    free = dict(line.split() for line in tidy.run("--seccomp", "unconfined", "-v", f"{probe}:/bin/probe",
                                                  "/bin/probe").splitlines())
    assert free["add_key"] != "38"


def test_a_profile_of_ones_own(tidy: Cell, tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": ['
                       '{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95},'
                       '{"names": ["rmdir"], "action": "SCMP_ACT_ERRNO", "includes": {"caps": ["CAP_SYS_ADMIN"]}},'
                       '{"names": ["symlink"], "action": "SCMP_ACT_ERRNO", "includes": {"minKernel": "99.0"}},'
                       '{"names": ["link"], "action": "SCMP_ACT_ERRNO", "excludes": {"arches": ["amd64"]}}]}')
    said = tidy.run("--seccomp", profile, "sh", "-c", "mkdir /x 2>&1; busybox rmdir /srv && busybox ln -s a /s && "
                    "busybox ln /s /t && echo all others")
    assert "Operation not supported" in said and "all others" in said
    assert "expected JSON with defaultAction" in tidy.fails("run", "--image", "box:1", "--seccomp", "/etc/passwd")
    assert "give a profile, or unconfined" in tidy.fails("run", "--image", "box:1", "--seccomp", "/not/there")
