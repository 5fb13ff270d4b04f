"""Inside the course VM, as root: runs boxes as a plan says, looks at them from outside, and judges nothing.

	agent.py PLAN.json OUT

	agent (root) -- fork --> arena: namespaces of its own, root of which is user 100000 out here
	     |                     |-- box, the submission's, as that root
	     |                     |     `-- process 1 of the box -- witness, which does what it is told
	     | looks: /proc/PID, cgroups, the arena's network

What box can do to this machine is what user 100000 can do. It gets a cgroup of its own; its files are below
/arena. What was seen, raw, is left in OUT/report.json.
"""
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

BASE, COUNT = 100_000, 65_536
TOP = Path("/arena")
CGROUPS = Path("/sys/fs/cgroup")
PATIENCE = 30.0		# s, for an answer: emulation is slow
OPEN_FD = 7		# a folder of the outer root, left open by who starts box


def write(path: Path | str, text: str) -> None:
    Path(path).write_text(text)


def read(path: Path | str) -> str:
    """A file, or "" if it is gone."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def children(pid: int) -> list[int]:
    return [int(word) for task in Path(f"/proc/{pid}/task").glob("*")
            for word in read(task / "children").split()]


def family(pid: int) -> list[int]:
    """All that came of a process, without it."""
    found = children(pid)
    for one in found:
        found += [child for child in children(one) if child not in found]
    return found


def digest(top: Path) -> str:
    """Of a folder: names, modes, contents."""
    told = hashlib.sha256()
    for path in sorted(top.rglob("*")):
        info = path.lstat()
        told.update(f"{path.relative_to(top)} {info.st_mode:o} {info.st_uid} {info.st_size}\0".encode())
        if path.is_file() and not path.is_symlink():
            told.update(path.read_bytes())
    return told.hexdigest()


class Box:
    """One that is running, and its witness."""

    def __init__(self, arena: Arena, argv: list[str], pid: int, inside: str, stdin: int, stdout: int,
                 stderr: Path) -> None:
        self.arena, self.argv, self.pid, self.inside = arena, argv, pid, inside
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self.said = b""

    def line(self, patience: float = PATIENCE) -> str | None:
        end = time.monotonic() + patience
        while b"\n" not in self.said:
            if not select.select([self.stdout], [], [], max(0.0, end - time.monotonic()))[0]:
                return None
            piece = os.read(self.stdout, 65536)
            if not piece or len(self.said) > 1 << 20:
                return None
            self.said += piece
        text, _, self.said = self.said.partition(b"\n")
        return text.decode(errors="replace")

    def tell(self, line: str) -> None:
        with contextlib.suppress(OSError):
            os.write(self.stdin, f"{line}\n".encode())

    def witnesses(self) -> list[int]:
        """Processes of box's that run the witness's program."""
        found = []
        for pid in family(self.pid):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/exe").read_bytes() == self.arena.witness:
                    found.append(pid)
        return found


def host_name(pid: int) -> str:
    """That of the namespace that a process is in."""
    with open("/proc/thread-self/ns/uts") as before, contextlib.suppress(OSError):
        with open(f"/proc/{pid}/ns/uts") as there:
            os.setns(there.fileno(), os.CLONE_NEWUTS)
        try:
            return socket.gethostname()
        finally:
            os.setns(before.fileno(), os.CLONE_NEWUTS)
    return ""


def seen(pid: int) -> dict[str, object]:
    """What the kernel says of a process."""
    status = dict(line.split(":\t", 1) for line in read(f"/proc/{pid}/status").splitlines() if ":\t" in line)
    return {
        "pid": pid, "host name": host_name(pid), "status": {name: status.get(name, "") for name in (
            "Name", "State", "Uid", "Gid", "Groups", "NSpid", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
            "NoNewPrivs", "Seccomp")},
        "namespaces": {name: link(f"/proc/{pid}/ns/{name}")
                       for name in ("user", "mnt", "pid", "uts", "ipc", "net", "cgroup")},
        "uid_map": read(f"/proc/{pid}/uid_map").split(), "gid_map": read(f"/proc/{pid}/gid_map").split(),
        "cgroup": read(f"/proc/{pid}/cgroup").strip().rpartition(":")[2],
        "mounts": read(f"/proc/{pid}/mountinfo").splitlines(),
        "descriptors": sorted(os.listdir(f"/proc/{pid}/fd"), key=int) if Path(f"/proc/{pid}/fd").exists() else [],
    }


class Arena:
    """A world for boxes: ends with all that is in it."""

    def __init__(self, name: str, images: Path) -> None:
        self.name, self.boxes, self.report = name, {}, []
        self.folder = TOP / name
        self.folder.mkdir(parents=True)
        shutil.copytree(images, self.folder / "images")
        shutil.copy("/root/box", self.folder / "box")
        (self.folder / "tmp").mkdir()
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, BASE, BASE)
            path.chmod(0o755)
        self.witness = Path("/root/witness").read_bytes()
        self.cgroup = CGROUPS / f"arena-{name}"
        self.make_cgroup()
        self.control_r, self.control_w = os.pipe()
        self.answer_r, self.answer_w = os.pipe()
        self.told: list[str] = []
        self.half = ""
        self.pid = self.begin()

    def make_cgroup(self) -> None:
        write(CGROUPS / "cgroup.subtree_control", "+cpu +memory +pids")
        (self.cgroup / "rest").mkdir(parents=True)
        write(self.cgroup / "cgroup.subtree_control", "+cpu +memory +pids")
        for name in ("", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads", "rest", "rest/cgroup.procs"):
            os.chown(self.cgroup / name, BASE, BASE)

    # --- in the arena ---

    def begin(self) -> int:
        """Its process 1, which starts boxes."""
        ready, go = os.pipe(), os.pipe()
        child = os.fork()
        if not child:
            write(self.cgroup / "rest/cgroup.procs", "0")
            os.sched_setaffinity(0, {0})
            os.setgroups([])
            os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNS | os.CLONE_NEWPID | os.CLONE_NEWUTS | os.CLONE_NEWIPC
                       | os.CLONE_NEWNET)
            os.write(ready[1], b"!")
            os.read(go[0], 1)
            os.setresgid(0, 0, 0)
            os.setresuid(0, 0, 0)
            first = os.fork()
            if first:
                os.waitpid(first, 0)
                os._exit(0)
            self.live()
        os.read(ready[0], 1)
        write(f"/proc/{child}/uid_map", f"0 {BASE} {COUNT}")
        write(f"/proc/{child}/gid_map", f"0 {BASE} {COUNT}")
        os.write(go[1], b"!")
        self.outer = child
        if self.heard_of("ready") is None:
            sys.exit("agent: no arena")
        return children(child)[0]

    def live(self) -> None:
        """Process 1: starts a box for each line, and reaps."""
        socket.sethostname("arena")
        for command in ("mount --make-rshared /", "mount -t tmpfs tmpfs /tmp", "mount -t proc proc /proc",
                        "ip link set lo up"):
            subprocess.run(command.split(), check=True)
        os.dup2(os.open("/", os.O_RDONLY | os.O_DIRECTORY), OPEN_FD)
        self.say("ready")
        said = b""
        while True:
            if select.select([self.control_r], [], [], 0.02)[0]:
                said += os.read(self.control_r, 65536)
            while b"\n" in said:
                line, _, said = said.partition(b"\n")
                self.say(f"started {self.run(*json.loads(line))}")
            with contextlib.suppress(ChildProcessError):
                while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                    self.say(f"ended {ended[0]} {os.waitstatus_to_exitcode(ended[1])}")

    def say(self, line: str) -> None:
        os.write(self.answer_w, f"{line}\n".encode())

    def run(self, argv: list[str], *files: str) -> int:
        """A process of box's, its three standard files, and a folder that is left open."""
        pid = os.fork()
        if pid:
            return pid
        try:
            fds = [os.open(path, flags) for path, flags in zip(files, (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY))]
            for target, fd in enumerate(fds):
                os.dup2(fd, target)
            os.closerange(3, OPEN_FD)
            os.closerange(OPEN_FD + 1, 256)
            os.set_inheritable(OPEN_FD, True)
            os.chdir(self.folder)
            os.execv(argv[0], argv)
        finally:
            os._exit(99)

    # --- out here ---

    def heard_of(self, wanted: str, patience: float = PATIENCE) -> str | None:
        """What the arena's process 1 says, if it begins like this; what it says meanwhile is kept."""
        end = time.monotonic() + patience
        while True:
            for line in self.told:
                if line.startswith(wanted):
                    self.told.remove(line)
                    return line[len(wanted):].strip()
            if not select.select([self.answer_r], [], [], max(0.0, end - time.monotonic()))[0]:
                return None
            self.half += os.read(self.answer_r, 4096).decode()
            *whole, self.half = self.half.split("\n")
            self.told += whole

    # --- what a plan may say ---

    def start(self, key: str, *options: str) -> None:
        """A box with these options, whose command is the witness. Says whether that began."""
        pipes = {}
        for name in ("in", "out"):
            pipes[name] = self.folder / f"{key}.{name}"
            os.mkfifo(pipes[name])
            os.chown(pipes[name], BASE, BASE)
        errors = self.folder / f"{key}.err"
        errors.touch()
        os.chown(errors, BASE, BASE)
        argv = [str(self.folder / "box"), "--cgroups", str(self.cgroup), *(
            word.replace("IMAGES", str(self.folder / "images")).replace("TMP", str(self.folder / "tmp"))
            for word in options), "/witness"]
        stdin, stdout = (os.open(pipes[name], os.O_RDWR) for name in ("in", "out"))
        os.write(self.control_w, (json.dumps([argv, *map(str, pipes.values()), str(errors)]) + "\n").encode())
        inside = self.heard_of("started ") or "0"
        pid = next((pid for pid in children(self.pid) if read(f"/proc/{pid}/status").split("NSpid:")[-1]
                    .split("\n")[0].split()[-1:] == [inside]), 0)
        box = Box(self, argv, pid, inside, stdin, stdout, errors)
        self.boxes[key] = box
        self.note("start", key, self.first_line(box))

    def first_line(self, box: Box) -> str | None:
        """The witness's first, unless box ends before."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            line = box.line(0.1)
            if line is not None or read(f"/proc/{box.pid}/stat").rpartition(")")[2].split()[:1] in ([], ["Z"]):
                return line
        return None

    def ask(self, key: str, line: str, patience: float = PATIENCE) -> None:
        box = self.boxes[key]
        box.tell(line)
        self.note("ask", key, line, box.line(patience))

    def look(self, key: str, what: str) -> None:
        """At box, its process 1 and its witness, from outside."""
        box = self.boxes[key]
        witnesses = box.witnesses()
        first = children(box.pid)
        self.note("look", key, what, {
            "arena": seen(self.pid), "box": seen(box.pid), "first": seen(first[0]) if first else None,
            "witness": seen(witnesses[0]) if witnesses else None,
            "family": [read(f"/proc/{pid}/stat").rpartition(")")[2].split()[:1] for pid in family(box.pid)],
            "processes": len(family(box.pid))})

    def peek(self, key: str, path: str) -> None:
        """A file as the witness would see it: its words, a kind, or nothing."""
        witnesses = self.boxes[key].witnesses()
        here = Path(f"/proc/{witnesses[0]}/root{path}") if witnesses else Path("/nowhere")
        found = "nothing"
        with contextlib.suppress(OSError):
            if here.is_dir():
                found = "folder " + " ".join(sorted(os.listdir(here)))
            else:
                found = f"file {here.read_text(errors='replace')[:200]}"
        self.note("peek", key, path, found)

    def group(self, key: str, file: str) -> None:
        """A value of the box's cgroup."""
        name = self.boxes[key].argv[self.boxes[key].argv.index("--name") + 1]
        self.note("group", key, file, read(self.cgroup / name / file).strip())

    def usage(self, moment: str, *keys: str) -> None:
        """us of processor time that boxes have used, all at one moment."""
        at = time.monotonic()
        used = []
        for key in keys:
            name = self.boxes[key].argv[self.boxes[key].argv.index("--name") + 1]
            lines = dict(line.split() for line in read(self.cgroup / name / "cpu.stat").splitlines())
            used.append(int(lines.get("usage_usec", -1)))
        self.note("usage", moment, at, used)

    def tell(self, key: str, line: str) -> None:
        self.boxes[key].tell(line)

    def heard(self, key: str, patience: float = PATIENCE) -> None:
        self.note("heard", key, self.boxes[key].line(patience))

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    @contextlib.contextmanager
    def network(self) -> Iterator[None]:
        """This thread is in the arena's network."""
        with open("/proc/thread-self/ns/net") as before, open(f"/proc/{self.pid}/ns/net") as there:
            os.setns(there.fileno(), os.CLONE_NEWNET)
            try:
                yield
            finally:
                os.setns(before.fileno(), os.CLONE_NEWNET)

    def ping(self, address: str) -> None:
        with self.network():
            done = subprocess.run(["ping", "-c", "1", "-W", "3", address], capture_output=True, text=True, check=False)
        self.note("ping", address, done.returncode)

    def talk(self, address: str, port: int) -> None:
        """Connects, and listens."""
        heard = ""
        with self.network(), contextlib.suppress(OSError):
            with socket.create_connection((address, port), timeout=3) as client:
                heard = client.recv(200).decode(errors="replace")
        self.note("talk", address, heard)

    def own(self, address: str) -> None:
        """An address out here that no wire leads to."""
        with self.network():
            subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=False)

    def serve(self, port: int, words: str) -> None:
        """Out here: who connects is told these words."""
        with self.network():
            listener = socket.create_server(("0.0.0.0", port))
        listener.settimeout(PATIENCE)

        def one() -> None:
            with contextlib.suppress(OSError), listener.accept()[0] as client:
                client.sendall(words.encode())
        threading.Thread(target=one, daemon=True).start()

    def image(self, moment: str, name: str) -> None:
        self.note("image", moment, digest(self.folder / "images" / name))

    def lower(self, moment: str, key: str) -> None:
        """What box made of the image's layers, as it lies in its folder."""
        box = self.boxes[key]
        folder = Path(box.argv[box.argv.index("--folder") + 1])
        at = Path(f"/proc/{self.pid}/root{folder}")
        layers = {path.name: digest(path) for path in at.glob("*.tar")} if at.is_dir() else {}
        self.note("lower", moment, layers)

    def kill(self, key: str, number: int) -> None:
        with contextlib.suppress(OSError):
            os.kill(self.boxes[key].pid, number)

    def end(self, key: str, words: str = "exit 0", patience: float = PATIENCE) -> None:
        """Tells the witness to go; notes box's status, and what is left."""
        box = self.boxes[key]
        if words:
            box.tell(words)
        status = self.heard_of(f"ended {box.inside} ", patience)
        if status is None:
            for pid in [*family(box.pid), box.pid]:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            self.heard_of(f"ended {box.inside} ", 5)
        links = self.links()
        # a network namespace ends a moment after its last process
        for _ in range(100):
            if len(links) == 1:
                break
            time.sleep(0.05)
            links = self.links()
        self.note("end", key, status, read(box.stderr)[-500:], {
            "cgroups": sorted(path.name for path in self.cgroup.iterdir() if path.is_dir()),
            "links": links,
            "processes": len(family(self.pid)),
            "mounts": [line.split()[4] for line in read(f"/proc/{self.pid}/mountinfo").splitlines()],
            "files": sorted(os.listdir(f"/proc/{self.pid}/root{self.folder}/tmp"))})

    def links(self) -> list[str]:
        with self.network():
            return [name for _, name in socket.if_nameindex()]

    def note(self, *words: object) -> None:
        self.report.append(list(words))

    def close(self) -> None:
        """All of it."""
        for pid in (self.pid, self.outer):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.waitpid(self.outer, 0)
        shutil.rmtree(self.folder, ignore_errors=True)


def main(plan: dict, out: Path) -> None:
    # box is another user: nothing of what is left here is its
    out.chmod(0o700)
    Path("/root").chmod(0o700)
    TOP.mkdir(mode=0o755, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(TOP)], check=True)
    (TOP / "secret").write_text(plan["secret"] + "\n")
    report = {}
    for name, actions in plan["scenes"].items():
        arena = Arena(name, Path("/root/images"))
        began = time.monotonic()
        for action, *words in actions:
            try:
                getattr(arena, action)(*words)
            except (OSError, KeyError, ValueError, IndexError) as error:
                arena.note("trouble", action, f"{type(error).__name__}: {error}")
            # a box that does not begin has no more to say
            if action == "start" and arena.report[-1][2] is None:
                arena.end(words[0], "", 1.0)
                break
        arena.note("took", time.monotonic() - began)
        report[name] = arena.report
        arena.close()
    (out / "report.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
