#!/usr/bin/python3
"""One slice of the container bench: slice.py FOLDER CASE WHO. What it prints last is a line of JSON.

On the host every slice is in a mount namespace of its own. The host's cgroup2 hierarchy is hidden there, since crun 1.8
does not start where it is mounted beside those of version 1: all runtimes meet the same groups. And /run is in memory,
as distributions have it, so that no disk is measured.
"""
from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
TREE = HERE.parents[2]
sys.path += [str(TREE / "userland/servers/experiments"), str(TREE / "tests/bench/servers")]
CELL = Path(os.environ.get("CELL", TREE / "build/native/bin/cell"))
PROGRAMS = {"cell": str(CELL), "crun": "crun", "runc": "runc"}
BARE = TREE / "build/bin/bench-container-bare"
RUNS = int(os.environ.get("BENCH_RUNS", "20"))
CGROUPS = Path("/sys/fs/cgroup")


def quiet(*words: object, **how: object) -> subprocess.CompletedProcess[bytes]:
    """What it says goes to a file: of a pipe a container that stays would keep the other end."""
    with tempfile.TemporaryFile() as said:
        done = subprocess.run([*map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
                              check=False, **how)
        said.seek(0)
        done.stderr = said.read()
        return done


def do(*words: object) -> None:
    done = quiet(*words)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))}: exit status {done.returncode}: {done.stderr.decode()[-300:]}")


# --- bundles ---

def make_bundle(folder: Path, *args: str) -> dict:
    """A busybox root, and what `crun spec` writes by default; all runtimes get the same."""
    (folder / "rootfs/bin").mkdir(parents=True)
    for name in ("proc", "sys", "dev", "tmp", "etc"):
        (folder / "rootfs" / name).mkdir()
    shutil.copy(shutil.which("busybox") or "/bin/busybox", folder / "rootfs/bin/busybox")
    for name in ("sh", "true", "sleep", "cat", "head", "dd"):
        (folder / "rootfs/bin" / name).symlink_to("busybox")
    do("crun", "spec", "--bundle", folder)
    config = json.loads((folder / "config.json").read_text())
    config["process"] |= {"terminal": False, "args": list(args)}
    write(folder, config)
    return config


def write(folder: Path, config: dict) -> None:
    (folder / "config.json").write_text(json.dumps(config))


@contextlib.contextmanager
def bundle(folder: Path, *args: str) -> Iterator[tuple[Path, dict]]:
    place = Path(tempfile.mkdtemp(prefix="bundle-", dir=folder))
    try:
        yield place, make_bundle(place, *args)
    finally:
        shutil.rmtree(place)


# --- how long, how large ---

def hyperfine(folder: Path, command: list[str]) -> dict:
    report = folder / f"hyperfine-{os.getpid()}.json"
    do("hyperfine", "-N", "--style", "none", "--warmup", 3, "--runs", RUNS, "--export-json", report, " ".join(command))
    found = json.loads(report.read_text())["results"][0]
    report.unlink()
    return {"ms": 1000 * found["median"], "cpu_ms": 1000 * (found["user"] + found["system"])}


def hierarchies() -> list[str]:
    """Where those of version 1 are mounted."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [where for _, where, kind, *_ in mounts if kind == "cgroup"]


def run(folder: Path, who: str) -> dict:
    with bundle(folder, "/bin/true") as (place, _):
        if who == "bare":
            return hyperfine(folder, [str(BARE), f"{place}/rootfs", *hierarchies()])
        return hyperfine(folder, [PROGRAMS[who], "run", "-b", str(place), f"bench-{who}"])


def life(folder: Path, who: str) -> dict:
    """create, start, delete: three processes, from a shell that is the same for all."""
    with bundle(folder, "/bin/true") as (place, _):
        script, program = place / "life", PROGRAMS[who]
        script.write_text(f"{program} create -b {place} bench-{who} && {program} start bench-{who} && "
                          f"{program} delete -f bench-{who}\n")
        return hyperfine(folder, ["/bin/dash", str(script)])


def peak(folder: Path, who: str) -> dict:
    """The largest resident set of the runtime and of what it waited for. GNU time itself is smaller than any."""
    with bundle(folder, "/bin/true") as (place, _):
        done = quiet("/usr/bin/time", "-f", "%M", PROGRAMS[who], "run", "-b", place, f"bench-{who}")
        return {"kib": int(done.stderr.split()[-1])}


def starts_in(who: str, place: Path, config: dict, kib: int) -> bool:
    config["linux"]["resources"]["memory"] = {"limit": kib * 1024}
    write(place, config)
    done = quiet(PROGRAMS[who], "run", "-b", place, f"bench-{who}", timeout=20)
    if done.returncode:
        quiet(PROGRAMS[who], "delete", "-f", f"bench-{who}")
    return not done.returncode


def floor(folder: Path, who: str) -> dict:
    """The least memory limit with which it starts, three times of three, in steps of 32 KiB."""
    with bundle(folder, "/bin/true") as (place, config):
        low, high = 0, 512
        while high * 32 < 1 << 16 and not all(starts_in(who, place, config, high * 32) for _ in range(3)):
            high *= 2
        while low + 1 < high:
            middle = (low + high) // 2
            if all(starts_in(who, place, config, middle * 32) for _ in range(3)):
                high = middle
            else:
                low = middle
        return {"kib": high * 32}


# --- many ---

def network_namespaces() -> set[str]:
    """That a process is in, or a mount keeps."""
    found = {line.split()[3] for line in Path("/proc/self/mountinfo").read_text().splitlines() if " net:[" in line}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            found.add(os.readlink(entry / "ns/net"))
    return found


def left_over(mark: str) -> list[str]:
    """Groups, mounts, files of the runtimes, processes."""
    # what hides the host's cgroup2 hierarchy has no groups
    found = [path for path, _, _ in os.walk(CGROUPS) if mark in path and "/unified/" not in path]
    found += [line for line in Path("/proc/self/mounts").read_text().splitlines() if mark in line]
    found += [str(path) for path in Path("/run").rglob(f"*{mark}*")]
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (entry / "cmdline").read_bytes():
                found.append(str(entry))
    return found


def many(folder: Path, who: str) -> dict:
    """1000 that are all there at the same time, each in namespaces of its own, network included."""
    count = int(os.environ.get("BENCH_MANY", "1000"))
    mark, program, networks = f"many{os.getpid()}-", PROGRAMS[who], network_namespaces()
    with bundle(folder, "/bin/sleep", "1000") as (place, _):
        names, took, removed = [f"{mark}{i}" for i in range(count)], [], []
        for step, into in ((lambda name: do(program, "run", "-d", "-b", place, name), took),
                           (lambda name: do(program, "delete", "-f", name), removed)):
            for i in range(0, count, count // 10):
                start = time.monotonic()
                for name in names[i:i + count // 10]:
                    step(name)
                into.append((time.monotonic() - start) / (count // 10) * 1000)
        time.sleep(1)
        left = left_over(mark) + sorted(network_namespaces() - networks)
        return {"start_ms": took, "delete_ms": removed, "left_over": len(left), "what": left[:5],
                "growth": sum(took[-3:]) / sum(took[:3])}


# --- a server inside ---

@dataclass(frozen=True)
class Contained:
    """A server in a container, as the generator knows servers."""

    pid: int
    port: int

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


def servers_slice() -> ModuleType:
    """The servers' bench, which measures outside; its file is called as this one is."""
    spec = importlib.util.spec_from_file_location("servers_slice", TREE / "tests/bench/servers/slice.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def inside(folder: Path, who: str) -> dict:
    """CPU time per request of the event server: started on the host, or in a container with the host's network."""
    servers = servers_slice()
    from subjects import BIN, EVENT, free_port

    if who == "outside":
        with servers.running(EVENT.key) as server:
            return servers.cost(servers.closed(server))
    with servers.folder() as files, bundle(folder, "/httpd") as (place, config):
        shutil.copy(BIN / "httpd", place / "rootfs/httpd")
        shutil.copytree(files / "root", place / "rootfs/www")
        port = free_port()
        config["process"] |= {"args": ["/httpd", "--listen", f"127.0.0.1:{port}", "--root", "/www", *EVENT.options],
                              "rlimits": []}
        config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "network"]
        write(place, config)
        name = f"inside-{os.getpid()}"
        process = subprocess.Popen(["taskset", "-c", servers.CPUS.server, CELL, "run", "-b", place, name],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            if not process.stdout or b"listening" not in process.stdout.readline():
                raise RuntimeError("inside: the server did not start")
            state = subprocess.run([CELL, "state", name], capture_output=True, check=True).stdout
            time.sleep(0.3)
            return servers.cost(servers.closed(Contained(json.loads(state)["pid"], port)))
        finally:
            quiet(CELL, "kill", name, "KILL")
            process.wait()
            quiet(CELL, "delete", "-f", name)


CASES = {"run": run, "life": life, "peak": peak, "floor": floor, "many": many, "inside": inside}


def main() -> None:
    folder, what, who = Path(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""
    if what == "prepare":
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    elif what == "clean":
        shutil.rmtree(folder)
    elif "BENCH_APART" not in os.environ:
        script = "mount -t tmpfs tmpfs /sys/fs/cgroup/unified 2>/dev/null; mount -t tmpfs tmpfs /run && exec \"$@\""
        os.execvpe("unshare", ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh",
                               sys.executable, *sys.argv], os.environ | {"BENCH_APART": "1"})
    else:
        print(json.dumps(CASES[what](folder, who)))


if __name__ == "__main__":
    main()
