"""The run in the course VM: boxes of the submission's, looked at by the kernel's own words, judged here.

A plan is drawn from the seed; guest/agent.py carries it out, as another user than the submission, and leaves
what it saw. README.md, "What the grade proves", says what this leaves open.
"""
from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import layered
from grading.module import Machine
from grading.outcome import Failure

VM_LIMIT = 240
DEBUG_KERNEL_COSTS = 4
# The arena's first user out there, as agent.py has it.
BASE = 100_000
MIB = 1 << 20
ERRNO = {"EPERM": 1, "ENOSYS": 38, "ENOENT": 2, "ENOTTY": 25, "EACCES": 13, "EINVAL": 22, "EIO": 5}
# Bits of the capabilities of box's default set; and of others that are asked for, beyond bit 31 too.
CAPS_DEFAULT = {"chown": 0, "dac_override": 1, "fowner": 3, "fsetid": 4, "kill": 5, "setgid": 6, "setuid": 7,
                "setpcap": 8, "net_bind_service": 10, "sys_chroot": 18, "setfcap": 31}
CAPS_MORE = {"net_raw": 13, "ipc_lock": 14, "sys_nice": 23, "mknod": 27, "audit_write": 29, "syslog": 34,
             "wake_alarm": 35, "block_suspend": 36, "checkpoint_restore": 40}
DEVICES = ("full", "null", "random", "tty", "urandom", "zero")
PROCESSES = 30

SCRIPT = """\
dmesg -n 8
modprobe veth || exit 89
modprobe overlay || exit 89
chmod 755 /root/box /root/witness
python3 -B /root/agent.py /root/plan.json /out >/out/agent.said 2>&1
echo $? >/out/agent.status
"""


@dataclass
class Report:
    """What agent.py saw, by scene."""

    scenes: dict[str, list[list]]

    def of(self, scene: str, *words: object) -> list:
        """The note that begins like this, without that; Failure if there is none."""
        for note in self.scenes.get(scene, []):
            if note[:len(words)] == list(words):
                return note[len(words):]
        raise Failure(f"The run in the course VM ended before '{' '.join(map(str, words))}'.",
                      "Your box, or what it started, did not come so far.")

    def one(self, scene: str, *words: object) -> object:
        return self.of(scene, *words)[0]

    def answer(self, scene: str, key: str, line: str) -> str:
        return str(self.one(scene, "ask", key, line))


Check = Callable[[Report], None]


@dataclass
class Plan:
    """What is done, and what must come of it."""

    rng: random.Random
    secret: str
    layers: list[layered.Layer]
    scenes: dict[str, list[list]] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)

    def do(self, scene: str, *action: object) -> None:
        self.scenes.setdefault(scene, []).append(list(action))

    def check(self, check: Check) -> None:
        self.checks.append(check)


def wrong(story: str, should: str, look: str) -> Failure:
    return Failure(f"{story}: {should}.", look)


def begins(plan: Plan, scene: str, key: str, *options: str) -> None:
    """A box that must begin."""
    plan.do(scene, "start", key, *options)

    def check(report: Report) -> None:
        if report.one(scene, "start", key) != "ok here":
            said = ""
            for note in report.scenes[scene]:
                if note[:2] == ["end", key]:
                    said = next((line for line in note[3].splitlines() if line.strip()), "")
            raise wrong("A box", "its command should run; it does not begin" + (f" (it says '{said[:160]}')" if said else ""),
                        "See what it says, and which function says so.")
    plan.check(check)


def ends(plan: Plan, scene: str, key: str, status: int, words: str = "exit 0") -> None:
    """A box must end with this status, and nothing of it is left."""
    plan.do(scene, "end", key, words)

    def check(report: Report) -> None:
        got, said, left = report.of(scene, "end", key)
        if got is None:
            raise wrong("A box whose command has ended", "it should end, too; it goes on",
                        "spawn_serve(): until the command has ended, not until all have.")
        if int(got) != status:
            raise wrong(f"A box whose command {'is told to ' + words if words else 'is sent SIGTERM'}",
                        f"its status should be {status}; it is {got}" + (f" (it says '{said.strip()[:160]}')" if said.strip() else ""),
                        "spawn_serve(): the command's status, or 128 + the signal's number.")
        for what, have, want, look in (
                ("cgroup", left["cgroups"], ["rest"], "limits_remove(): rmdir() of the cgroup, when nobody is in it."),
                ("device", left["links"], ["lo"], "wire_lay(): a pair ends with the namespace of one of them."),
                ("folder", left["files"], [], "main.c removes it; is something mounted there still?")):
            if more := [name for name in have if name not in want]:
                if scene != "share":
                    raise wrong("After the end of a box", f"no {what} of it should be left; there is {more[0]}", look)
        if left["processes"] and scene != "share":
            raise wrong("After the end of a box", f"no process of it should be left; there are {left['processes']}",
                        "What is in a process namespace ends with its process 1.")
        if more := [path for path in left["mounts"] if path.startswith("/arena/")]:
            raise wrong("After the end of a box", f"nothing of it should be mounted outside; {more[0]} is",
                        "keep_to_itself(): what is mounted inside must not come outside.")
    plan.check(check)


# --- the life of a box ---

def life(plan: Plan) -> None:
    rng = plan.rng
    name = layered.word(rng)
    ids = (rng.randrange(2000, 40_000), rng.randrange(1000, 20_000))
    caps = CAPS_DEFAULT | dict(rng.sample(sorted(CAPS_MORE.items()), 3))
    del caps[rng.choice(("fsetid", "net_bind_service", "kill"))]
    mask = sum(1 << bit for bit in caps.values())
    net = f"10.{rng.randrange(1, 200)}.{rng.randrange(200)}"
    inside, outside = f"{net}.{rng.randrange(100, 200)}", f"{net}.{rng.randrange(1, 99)}"
    folder = f"TMP/{layered.word(rng)}"
    options = ("--name", name, "--folder", folder, "--ids", f"{ids[0]}:{ids[1]}", "--caps", ",".join(caps),
               "--wire", f"{inside}/24:{outside}", "IMAGES/drawn")
    scene = "life"
    plan.do(scene, "image", "before", "drawn")
    begins(plan, scene, "a", *options)
    plan.do(scene, "lower", "before", "a")
    plan.do(scene, "look", "a", "begin")
    a_process(plan, name, ids)
    a_root(plan)
    privileges(plan, mask)
    calls(plan)
    files(plan)
    wires(plan, inside, outside)
    ends(plan, scene, "a", status := rng.randrange(1, 120), f"exit {status}")
    plan.do(scene, "image", "after", "drawn")

    # another one of the same name, from the same image
    begins(plan, scene, "b", *options)
    plan.do(scene, "peek", "b", "/written")
    ends(plan, scene, "b", 0)
    plan.check(image_unchanged)


def image_unchanged(report: Report) -> None:
    if report.one("life", "image", "before") != report.one("life", "image", "after"):
        raise wrong("The image", "it should be after a box as it was before; something has changed it",
                    "What is written goes to upperdir.")
    if report.one("life", "lower", "before") != report.one("life", "lower", "while"):
        raise wrong("A box that writes", "the layers should stay as they are; one has changed",
                    "layers_options(): only upperdir is written to.")
    if report.one("life", "peek", "b", "/written") != "nothing":
        raise wrong("A second box of the same image", "it should not see what the first one wrote; it does",
                    "What is written goes to upperdir.")


def a_process(plan: Plan, name: str, ids: tuple[int, int]) -> None:
    scene = "life"
    for line in ("hostname", "processes", "cat /proc/self/cgroup"):
        plan.do(scene, "ask", "a", line)
    orphans = plan.rng.randrange(3, 9)
    plan.do(scene, "ask", "a", f"orphans {orphans}")
    plan.do(scene, "wait", 0.6)
    plan.do(scene, "look", "a", "orphans")
    clone = "spawn(): the flags of clone()."

    def namespaces(report: Report) -> None:
        seen = report.one(scene, "look", "a", "begin")
        witness = seen["witness"]
        if not witness:
            raise wrong("A box", "its command should be a descendant of box's process; it cannot be found", clone)
        for kind, words in (("user", "users"), ("mnt", "mounts"), ("pid", "processes"), ("uts", "the host name"),
                            ("ipc", "IPC"), ("net", "the network")):
            if witness["namespaces"][kind] == seen["arena"]["namespaces"][kind]:
                raise wrong("A box", f"it should have a namespace of its own for {words}; it has that of who started it",
                            clone)
        if witness["namespaces"]["cgroup"] == seen["arena"]["namespaces"]["cgroup"]:
            raise wrong("A box", "it should have a cgroup namespace of its own; it has that of who started it",
                        "spawn_become_root(): unshare(CLONE_NEWCGROUP).")
        if seen["box"]["namespaces"] != {**seen["box"]["namespaces"], **{
                kind: seen["arena"]["namespaces"][kind] for kind in ("user", "mnt", "uts", "net")}}:
            raise wrong("The process that starts a box", "it should stay where it was; it has entered the box", clone)

    def users(report: Report) -> None:
        seen = report.one(scene, "look", "a", "begin")
        for which, words in (("uid_map", "user"), ("gid_map", "group")):
            want = ["0", str(BASE + ids[0]), str(ids[1])]
            if seen["witness"][which] != want:
                have = seen["witness"][which]
                raise wrong(f"--ids {ids[0]}:{ids[1]}", f"the box's {words} 0 should be {ids[0]} outside, and so on for "
                            f"{ids[1]} of them; {which} has " + (f"'{have[0]} {int(have[1]) - BASE} {have[2]}'" if len(have) == 3 else "nothing"),
                            "spawn_map() and spawn_map_line().")
        status = seen["witness"]["status"]
        for which, words in (("Uid", "user"), ("Gid", "group")):
            if status[which].split() != [str(BASE + ids[0])] * 4:
                raise wrong("A box", f"its command should run as {words} 0 of the box, {ids[0]} outside; it runs as "
                            f"{', '.join(str(int(word) - BASE) for word in status[which].split())}",
                            "spawn_become_root(): setresgid(), then setresuid().")
        if status["Groups"].split():
            raise wrong("A box", "its command should be in no other groups; it is", "spawn_become_root(): setgroups().")

    def names(report: Report) -> None:
        seen = report.one(scene, "look", "a", "begin")
        if seen["witness"]["host name"] != name:
            raise wrong(f"--name {name}", f"the host name should be that; it is {seen['witness']['host name']!r}",
                        "spawn_become_root(): sethostname().")
        if seen["arena"]["host name"] != "arena":
            raise wrong("A box", "the host name outside should stay what it is; it has changed", clone)
        if report.answer(scene, "a", "hostname") != f"ok {name}":
            raise wrong(f"--name {name}", "the command should see that name; it does not",
                        "spawn_become_root(): sethostname().")

    def processes(report: Report) -> None:
        seen = report.one(scene, "look", "a", "begin")
        if seen["first"]["status"]["NSpid"].split()[-1:] != ["1"] or len(seen["first"]["status"]["NSpid"].split()) != 3:
            raise wrong("A box", "its first process should be process 1 there; it is not", clone)
        if seen["witness"]["status"]["NSpid"].split()[-1:] != ["2"]:
            raise wrong("A box", "its command should be process 2 there; it is "
                        f"{seen['witness']['status']['NSpid'].split()[-1]}", "main.c: inside().")
        shown = report.answer(scene, "a", "processes")
        if shown.split() != ["ok", "1", "2"]:
            raise wrong("A box", f"/proc there should show processes 1 and 2; it shows {shown[:60]!r}",
                        "mount_proc(): a /proc shows the namespace in which it was mounted.")
        if report.answer(scene, "a", "cat /proc/self/cgroup") != "ok 0::/":
            raise wrong("A box", "its command's cgroup should look like / from inside; it is "
                        f"{report.answer(scene, 'a', 'cat /proc/self/cgroup')!r}",
                        "spawn_become_root(): a cgroup namespace begins where its maker is; main.c moves it before.")

    def zombies(report: Report) -> None:
        states = [word for words in report.one(scene, "look", "a", "orphans")["family"] for word in words]
        if states.count("Z"):
            raise wrong(f"{orphans} processes have lost their parent and ended",
                        f"process 1 should have reaped them; {states.count('Z')} are zombies",
                        "spawn_serve(): wait() for whoever ends, again and again.")

    for check in (namespaces, users, names, processes, zombies):
        plan.check(check)


def a_root(plan: Plan) -> None:
    scene = "life"
    ways = (("escape /arena/secret", "It has left its root with chroot() and '..'", "change_root(): pivot_root(), and let the old one go."),
            ("through arena/secret", "It has left its root through a folder that was open when box was started",
             "root_close_others(): everything but 0, 1, 2."),
            ("cat /arena/secret", "It sees the root of who started it", "change_root()."),
            ("cat /../../../arena/secret", "It has left its root", "change_root()."))
    for line, *_ in ways:
        plan.do(scene, "ask", "a", line)
    for line in ("descriptors", "list /dev", "list /proc/1/root"):
        plan.do(scene, "ask", "a", line)

    def escapes(report: Report) -> None:
        for line, story, look in ways:
            if plan.secret in report.answer(scene, "a", line):
                raise wrong("A box tries to break out", f"it should stay in. {story}, and has read /arena/secret of the machine", look)

    def mounts(report: Report) -> None:
        seen = report.one(scene, "look", "a", "begin")
        rows = [row.split() for row in seen["witness"]["mounts"]]
        points = sorted(row[4] for row in rows)
        want = sorted(["/", "/dev", "/proc", *(f"/dev/{name}" for name in DEVICES)])
        kinds = {row[4]: row[row.index("-") + 1] for row in rows}
        if points[:1] != ["/"] or kinds.get("/") != "overlay":
            raise wrong("A box", "its root should be the layers, an overlay; it is "
                        f"{kinds.get('/', 'nothing that is mounted there')}", "change_root(): pivot_root().")
        if more := [point for point in points if point not in want]:
            raise wrong("A box", f"nothing of the old root should be mounted in it; {more[0]} is",
                        "change_root(): umount2(\".\", MNT_DETACH) after pivot_root().")
        if missing := [point for point in want if point not in points]:
            raise wrong("A box", f"{missing[0]} should be mounted; it is not", "mount_proc(), mount_devices().")
        if points.count("/") != 1:
            raise wrong("A box", "the old root should be gone; it lies upon the new one", "change_root(): umount2(\".\", MNT_DETACH).")
        by_point = {row[4]: row for row in rows}
        for option in ("nosuid", "nodev", "noexec"):
            if option not in by_point["/proc"][5].split(","):
                raise wrong("A box", f"/proc should be mounted {option}; it is not", "mount_proc().")
        if any(word.startswith(("shared:", "master:")) for row in rows for word in row[6:row.index("-")]):
            raise wrong("A box", "its mounts should be private; they are tied to those outside",
                        "keep_to_itself(): MS_PRIVATE, and all of them (MS_REC), before anything is mounted.")

    def open_files(report: Report) -> None:
        if report.answer(scene, "a", "descriptors") != "ok 0 1 2":
            raise wrong("A box", "its command should have the descriptors 0, 1 and 2; it has "
                        f"{report.answer(scene, 'a', 'descriptors')[3:60]}", "root_close_others().")
        if sorted(report.answer(scene, "a", "list /dev").split()[1:]) != sorted(DEVICES):
            raise wrong("A box", f"/dev should hold {', '.join(DEVICES)}; it holds {report.answer(scene, 'a', 'list /dev')[3:90]}",
                        "mount_devices().")

    for check in (escapes, mounts, open_files):
        plan.check(check)


def privileges(plan: Plan, mask: int) -> None:
    scene = "life"
    for line in ("set_user_id /root-witness", "call sethostname", "call chroot", "call chown"):
        plan.do(scene, "ask", "a", line)

    def sets(report: Report) -> None:
        seen = report.one(scene, "look", "a", "begin")
        for who, words in (("witness", "the command"), ("first", "process 1")):
            status = seen[who]["status"]
            for name, want, look in (
                    ("CapBnd", mask, "drop_bounding(): PR_CAPBSET_DROP for each that is not kept, as many as the kernel knows."),
                    ("CapEff", mask, "set_own(): effective; and execve() gives root all that the bounding set has."),
                    ("CapPrm", mask, "set_own(): permitted."), ("CapInh", 0, "set_own(): inheritable is nothing."),
                    ("CapAmb", 0, "PR_CAP_AMBIENT_CLEAR_ALL.")):
                have = int(status[name] or "0", 16)
                if have != want:
                    odd = have ^ want
                    bit = (odd & -odd).bit_length() - 1
                    raise wrong(f"Of {words} in a box", f"{name} should be {want:#x}; it is {have:#x}: capability {bit} is "
                                f"{'kept' if have >> bit & 1 else 'missing'}", look)
            if status["NoNewPrivs"].strip() != "1":
                raise wrong("A box", f"no new privileges should be had in it; NoNewPrivs of {words} is {status['NoNewPrivs'].strip()}",
                            "caps_drop(): PR_SET_NO_NEW_PRIVS.")

    def deeds(report: Report) -> None:
        if report.answer(scene, "a", "set_user_id /root-witness") != "ok 1":
            raise wrong("User 1 of a box starts a program that is set-user-ID root",
                        f"he should stay user 1; the answer is {report.answer(scene, 'a', 'set_user_id /root-witness')!r}",
                        "caps_drop(): PR_SET_NO_NEW_PRIVS.")
        if report.answer(scene, "a", "call sethostname") != f"errno {ERRNO['EPERM']}":
            raise wrong("A box that does not keep CAP_SYS_ADMIN sets its host name", "it should fail with EPERM; the answer "
                        f"is {report.answer(scene, 'a', 'call sethostname')!r}", "caps_drop().")
        for line in ("call chroot", "call chown"):
            if report.answer(scene, "a", line) != "ok":
                raise wrong("A box", f"root there should do what its capabilities allow; {line[5:]}() does not work "
                            f"({report.answer(scene, 'a', line)!r})", "set_own(): those that are kept.")

    plan.check(sets)
    plan.check(deeds)


def calls(plan: Plan) -> None:
    scene = "life"
    want = {name: f"errno {ERRNO['EPERM']}" for name in (
        "mount", "umount", "unshare", "bpf", "keyctl", "ptrace", "io_uring", "clone_newuser", "tiocsti", "tiocsti_high")}
    want |= {"clone3": f"errno {ERRNO['ENOSYS']}", "clone": "ok", "getppid": "ok", "i386": "signal 31", "x32": "signal 31"}
    for name in want:
        plan.do(scene, "ask", "a", f"call {name}")
    words = {"i386": "A system call by the numbers of i386 (int 0x80)", "x32": "A system call by x32's numbers",
             "tiocsti_high": "ioctl(TIOCSTI), with bits that the kernel does not read", "clone_newuser": "clone(CLONE_NEWUSER)"}

    def check(report: Report) -> None:
        seen = report.one(scene, "look", "a", "begin")
        for who, said in (("witness", "the command"), ("first", "process 1")):
            if seen[who]["status"]["Seccomp"].strip() != "2":
                raise wrong("A box", f"a filter should be installed; Seccomp of {said} is {seen[who]['status']['Seccomp'].strip()}",
                            "filter_install(): PR_SET_SECCOMP.")
        for name, right in want.items():
            got = report.answer(scene, "a", f"call {name}")
            if got != right:
                raise wrong(words.get(name, f"{name}() in a box"), f"the answer should be {right!r}; it is {got!r}",
                            "policy.c has the rules; build_frame() and build_rule() make a program of them.")
    plan.check(check)


def files(plan: Plan) -> None:
    scene = "life"
    want = layered.merged(plan.layers)
    asked = sorted({path for layer in plan.layers for path, _ in [*layer.paths(), *layer.takes_away()]} | set(want))
    for path in asked:
        plan.do(scene, "peek", "a", f"/{path}")
    plan.do(scene, "peek", "a", "/")
    plan.do(scene, "ask", "a", "put /written by-a-box")
    changed = next(path for path, words in want.items() if words and "/" not in path)
    plan.do(scene, "ask", "a", f"put /{changed} by-a-box")
    plan.do(scene, "ask", "a", f"cat /{changed}")
    plan.do(scene, "lower", "while", "a")

    def check(report: Report) -> None:
        for path in asked:
            got = str(report.one(scene, "peek", "a", f"/{path}"))
            story = f"The image's /{path}"
            look = "layer_classify(), layer_whiteout(), layer_opaque(), and the order in layers_options()."
            if path not in want:
                if got != "nothing":
                    raise wrong(story, f"a layer takes it away; the box sees a {got.split()[0]}", look)
            elif want[path] is None:
                names = sorted({other[len(path) + 1:].split("/")[0] for other in want if other.startswith(f"{path}/")})
                if got.split() != ["folder", *names]:
                    raise wrong(story, f"it should be a folder with {', '.join(names) or 'nothing'} in it; the box sees '{got[:80]}'", look)
            elif got != f"file {want[path]}":
                raise wrong(story, f"it should hold {want[path]!r}; the box sees '{got[:80]}'", look)
        names = sorted({path.split("/")[0] for path in want} | {"dev", "proc", "witness", "root-witness"})
        got = str(report.one(scene, "peek", "a", "/"))
        if [name for name in got.split()[1:] if name != ".out"] != names:
            odd = sorted(set(got.split()[1:]) ^ set(names))[0]
            raise wrong("The root of a box", f"it should hold what the layers say; {odd} {'is there' if odd in got else 'is missing'}",
                        "A whiteout is no file of the box.")
        for line, right in (("put /written by-a-box", "ok"), (f"put /{changed} by-a-box", "ok"), (f"cat /{changed}", "ok by-a-box")):
            if report.answer(scene, "a", line) != right:
                raise wrong("A box writes a file", f"'{line}' should be answered {right!r}; it is {report.answer(scene, 'a', line)!r}",
                            "layers_options(): upperdir and workdir.")
    plan.check(check)


def wires(plan: Plan, inside: str, outside: str) -> None:
    scene, rng = "life", plan.rng
    token, port = layered.word(rng), rng.randrange(2000, 60_000)
    back, back_port = layered.word(rng), rng.randrange(2000, 60_000)
    far, far_port = "198.51.100.9", rng.randrange(2000, 60_000)
    plan.do(scene, "ping", inside)
    plan.do(scene, "serve", port, token)
    plan.do(scene, "ask", "a", f"connect {outside} {port}")
    plan.do(scene, "ask", "a", f"serve {back_port} {back}")
    plan.do(scene, "talk", inside, back_port)
    plan.do(scene, "ask", "a", f"serve {back_port + 1} {back}")
    plan.do(scene, "ask", "a", f"connect 127.0.0.1 {back_port + 1}")
    # an address that is nowhere, but out there: only a route leads there
    plan.do(scene, "own", far)
    plan.do(scene, "serve", far_port, token)
    plan.do(scene, "ask", "a", f"connect {far} {far_port}")

    def check(report: Report) -> None:
        if report.one(scene, "ping", inside) != 0:
            raise wrong("A box with a wire", f"its address {inside} should answer a ping from outside; it does not",
                        "wire_lay(): the pair, an address, up; wire_take(): the same inside.")
        for line, right, story, look in (
                (f"connect {outside} {port}", f"ok {token}", f"A box connects to {outside}, the other end of its wire", "wire_take()."),
                (f"connect 127.0.0.1 {back_port + 1}", f"ok {back}", "A box connects to itself at 127.0.0.1", "wire_take(): lo is switched on."),
                (f"connect {far} {far_port}", f"ok {token}", f"A box connects to {far}, for which it has no network", "wire_take(): netlink_route().")):
            if report.answer(scene, "a", line) != right:
                raise wrong(story, f"it should be answered; it is {report.answer(scene, 'a', line)!r}", look)
        if report.one(scene, "talk", inside) != back:
            raise wrong("A box that listens", f"it should be reached from outside, at {inside}; it is not", "wire_lay() and wire_take().")
    plan.check(check)


# --- limits ---

def limits(plan: Plan) -> None:
    rng, scene = plan.rng, "limits"
    memory, pids = rng.randrange(20, 40), rng.randrange(8, 60)
    cpu, weight = rng.randrange(20, 300), rng.randrange(2, 9999)
    name = layered.word(rng)
    begins(plan, scene, "m", "--name", name, "--folder", "TMP/m", "--ids", "5000:3000", "--memory", f"{memory}M",
           "--pids", str(pids), "--cpu", str(cpu), "--weight", str(weight), "IMAGES/drawn")
    files = {"memory.max": str(memory * MIB), "memory.swap.max": "0", "pids.max": str(pids),
             "cpu.max": f"{cpu * 1000} 100000", "cpu.weight": str(weight)}
    for file in files:
        plan.do(scene, "group", "m", file)
    plan.do(scene, "look", "m", "begin")
    plan.do(scene, "ask", "m", "cat /proc/self/cgroup")
    plan.do(scene, "ask", "m", f"forks {pids + 50}")
    plan.do(scene, "ask", "m", f"hog {memory // 2}")
    plan.do(scene, "ask", "m", f"hog {memory * 2}")
    plan.do(scene, "group", "m", "memory.events")
    plan.do(scene, "ask", "m", "hostname")
    ends(plan, scene, "m", 0)

    def values(report: Report) -> None:
        for file, right in files.items():
            got = report.one(scene, "group", "m", file)
            if got != right and not (file == "memory.swap.max" and got == ""):
                raise wrong(f"A box with --memory {memory}M --pids {pids} --cpu {cpu} --weight {weight}",
                            f"{file} of its cgroup should be {right!r}; it is {got!r}", "limits_value().")
        seen = report.one(scene, "look", "m", "begin")
        for who, words in (("first", "process 1"), ("witness", "the command")):
            if not seen[who] or not seen[who]["cgroup"].endswith(f"/{name}"):
                raise wrong("A box with limits", f"{words} should be in the box's cgroup; it is in "
                            f"{seen[who]['cgroup'] if seen[who] else 'none'}", "limits_enter().")
        if report.answer(scene, "m", "cat /proc/self/cgroup") != "ok 0::/":
            raise wrong("A box with limits", "its command's cgroup should look like / from inside; it is "
                        f"{report.answer(scene, 'm', 'cat /proc/self/cgroup')!r}",
                        "spawn_become_root(): a cgroup namespace begins where its maker is.")

    def effects(report: Report) -> None:
        # process 1 and the command count, too
        if report.answer(scene, "m", f"forks {pids + 50}") != f"ok {pids - 2}":
            raise wrong(f"A fork bomb in a box with --pids {pids}", f"it should have {pids - 2} children, beside process 1 and "
                        f"the command; the answer is {report.answer(scene, 'm', f'forks {pids + 50}')!r}", "pids.max, limits_enter().")
        if report.answer(scene, "m", f"hog {memory // 2}") != "ok":
            raise wrong(f"A box with --memory {memory}M", f"its command should have {memory // 2} MiB; the answer is "
                        f"{report.answer(scene, 'm', f'hog {memory // 2}')!r}", "memory.max is in octets.")
        if report.answer(scene, "m", f"hog {memory * 2}") != "signal 9":
            raise wrong(f"A box with --memory {memory}M", f"who takes {memory * 2} MiB should be killed; the answer is "
                        f"{report.answer(scene, 'm', f'hog {memory * 2}')!r}", "memory.max, limits_enter().")
        events = dict(line.split() for line in str(report.one(scene, "group", "m", "memory.events")).splitlines())
        if events.get("oom_kill") != "1":
            raise wrong(f"A box with --memory {memory}M", f"memory.events should tell of one kill; it tells of {events.get('oom_kill', 'none')}",
                        "memory.max.")
        if not report.answer(scene, "m", "hostname").startswith("ok"):
            raise wrong("After a memory hog was killed", "the command should go on; it does not", "spawn_serve().")

    plan.check(values)
    plan.check(effects)


def share(plan: Plan) -> None:
    """Two boxes want the same processor; then one alone has a limit."""
    rng, scene = plan.rng, "share"
    heavy = rng.randrange(250, 450)
    begins(plan, scene, "light", "--name", "light", "--folder", "TMP/light", "--ids", "5000:3000", "--weight", "100",
           "IMAGES/drawn")
    begins(plan, scene, "heavy", "--name", "heavy", "--folder", "TMP/heavy", "--ids", "9000:3000", "--weight", str(heavy),
           "IMAGES/drawn")
    quota = rng.randrange(20, 45)
    plan.do(scene, "tell", "light", "burn 3600")
    plan.do(scene, "tell", "heavy", "burn 3600")
    plan.do(scene, "wait", 0.4)
    plan.do(scene, "usage", "from", "light", "heavy")
    plan.do(scene, "wait", 2.4)
    plan.do(scene, "usage", "to", "light", "heavy")
    plan.do(scene, "heard", "light")
    plan.do(scene, "heard", "heavy")
    ends(plan, scene, "heavy", 0)
    ends(plan, scene, "light", 0)
    begins(plan, scene, "quota", "--name", "quota", "--folder", "TMP/quota", "--ids", "5000:3000", "--cpu", str(quota),
           "IMAGES/drawn")
    plan.do(scene, "tell", "quota", "burn 2600")
    plan.do(scene, "wait", 0.3)
    plan.do(scene, "usage", "begin", "quota")
    plan.do(scene, "wait", 2.0)
    plan.do(scene, "usage", "end", "quota")
    plan.do(scene, "heard", "quota")
    ends(plan, scene, "quota", 0)

    def check(report: Report) -> None:
        _, before = report.of(scene, "usage", "from")
        _, after = report.of(scene, "usage", "to")
        light, strong = (b - a for a, b in zip(before, after))
        if min(light, strong, *before) <= 0 or not 0.7 <= strong / light / (heavy / 100) <= 1.4:
            raise wrong(f"Two boxes of weights 100 and {heavy} on one processor", f"the second should have {heavy / 100:.1f} times the time "
                        f"of the first; they had {light / 1000:.0f} and {strong / 1000:.0f} ms", "cpu.weight, limits_enter().")
        began, used_from = report.of(scene, "usage", "begin")
        ended, used_to = report.of(scene, "usage", "end")
        percent = (used_to[0] - used_from[0]) / 1e4 / (ended - began)
        if not 0.7 * quota <= percent <= 1.25 * quota:
            raise wrong(f"A box with --cpu {quota}", f"it should have {quota} % of a processor; it had {percent:.0f} %", "cpu.max, limits_enter().")
    plan.check(check)


def lingering(plan: Plan) -> None:
    """Who does not want to end, and who is told to."""
    rng, scene = plan.rng, "lingering"
    options = ("--name", "linger", "--folder", "TMP/linger", "--ids", "7000:3000", "--pids", str(PROCESSES))
    begins(plan, scene, "many", *options, "IMAGES/drawn")
    plan.do(scene, "ask", "many", f"linger {rng.randrange(3, 9)}")
    ends(plan, scene, "many", status := rng.randrange(1, 100), f"exit {status}")
    begins(plan, scene, "dies", *options, "IMAGES/drawn")
    signal = rng.choice((3, 6, 9, 14))
    ends(plan, scene, "dies", 128 + signal, f"die {signal}")
    begins(plan, scene, "told", *options, "IMAGES/drawn")
    plan.do(scene, "kill", "told", 15)
    ends(plan, scene, "told", 143, "")


# --- the run ---

def draw(seed: int) -> Plan:
    rng = random.Random(f"lab 06 {seed}")
    plan = Plan(rng, rng.randbytes(12).hex(), layered.draw(rng))
    for scene in (life, limits, share, lingering):
        scene(plan)
    return plan


def run(machine: Machine, box: Path, witness: Path) -> None:
    """Raises Failure if what the machine shows is not what the plan says."""
    plan = draw(machine.seed)
    images = machine.work / "images"
    layered.pack(plan.layers, images / "drawn", {"witness": (witness, 0o755), "root-witness": (witness, 0o4755)})
    files = {"plan.json": json.dumps({"secret": plan.secret, "scenes": plan.scenes})}
    puts: dict[Path, str] = {images: "/root/images", witness: "/root/witness",
                             machine.lab.folder / "guest/agent.py": "/root/agent.py"}
    for name, text in files.items():
        (machine.work / name).write_text(text)
        puts[machine.work / name] = f"/root/{name}"
    done = machine.run(box, SCRIPT, puts, VM_LIMIT * (DEBUG_KERNEL_COSTS if machine.kernel == "debug" else 1))
    judge(plan, done.text("report.json"), done.text("agent.said"))


def judge(plan: Plan, text: str, said: str) -> None:
    try:
        report = Report(json.loads(text))
    except ValueError:
        last = (said.strip().splitlines() or ["no message"])[-1]
        raise Failure("The run in the course VM left no report.", f"It said: {re.sub(r'[^ -~]', '?', last)[:160]}.") from None
    try:
        for check in plan.checks:
            check(report)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as odd:
        raise Failure("The run in the course VM left a report with a hole.",
                      f"A process of the box's was not there when it was looked for ({type(odd).__name__}: {odd}).") from odd
