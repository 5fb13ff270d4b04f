# SPDX-License-Identifier: GPL-2.0-only
"""
Ways out of a container that others' runtimes once had, by CVE. Each attack is tried twice: on the program, which
must hold, and on a build with the one guard off, where it must get through: else it would test nothing.
"""
from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import TREE, Bundle, Cell, groups, make_bundle
from guards import Guards

Attack = Callable[[Cell, Bundle], bool]


@pytest.fixture(scope="session")
def guards(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Guards:
    return Guards(TREE, tmp_path_factory.mktemp("guards"))


@pytest.fixture
def holds(cell: Cell, bundle: Bundle, guards: Guards, tmp_path: Path) -> Callable[[Attack, str], None]:
    """The attack fails, and succeeds where the guard is off."""
    def both(attack: Attack, guard: str) -> None:
        assert not attack(cell, bundle), "the attack got through"
        whole = cell.program
        cell.program = guards.without(guard)
        try:
            assert attack(cell, make_bundle(tmp_path / "again", whole)), f"the attack fails without {guard} too"
        finally:
            for path in cell.root.glob("*") if cell.root.exists() else []:
                if path.name != ".seccomp":
                    cell.do("delete", "--force", path.name)
            cell.program = whole
    return both


def leak(folder: Path, cell: Cell, bundle: Bundle, cwd: str) -> subprocess.CompletedProcess[str]:
    """Run with a folder of the host as descriptor 9, which a caller forgot to close."""
    bundle.config["process"]["cwd"] = cwd
    words = cell.command("run", "-b", bundle.write(), cell.name())
    return subprocess.run(["/bin/sh", "-c", f'exec "$@" 9<{folder}', "sh", *words], capture_output=True, text=True,
                          timeout=20)


def test_cve_2019_5736_the_binary_cannot_be_written_from_inside(holds, tmp_path: Path) -> None:
    """Opened through the process that is about to become the program; written when the runtime has ended."""
    writes = ("exec 3</proc/$PPID/exe; (for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.05; "
              "echo >> /proc/self/fd/3 && break; done) </dev/null >/dev/null 2>&1 &")

    def attack(cell: Cell, bundle: Bundle) -> bool:
        whole, mine = cell.program, tmp_path / f"copy-of-{cell.program.parent.name}"
        shutil.copy(whole, mine)
        size = mine.stat().st_size
        bundle.config["root"]["readonly"] = False
        bundle.config["hooks"] = {"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", writes],
                                                      "env": ["PATH=/bin"]}]}
        cell.program = mine
        cell.start(bundle.sh("sleep 100"))
        cell.program = whole
        time.sleep(0.7)
        return mine.stat().st_size != size
    holds(attack, "SELF")


def test_cve_2024_21626_cwd_by_a_leaked_descriptor(holds, tmp_path: Path) -> None:
    (secret := tmp_path / "secret").mkdir()
    (secret / "word").write_text("of the host")

    def attack(cell: Cell, bundle: Bundle) -> bool:
        return "of the host" in leak(secret, cell, bundle.sh("cat word"), "/proc/self/fd/9").stdout
    holds(attack, "CWD")


def test_cve_2024_21626_descriptors_of_the_caller_are_closed(holds, tmp_path: Path) -> None:
    (secret := tmp_path / "secret").mkdir()
    (secret / "word").write_text("of the host")

    def attack(cell: Cell, bundle: Bundle) -> bool:
        return "of the host" in leak(secret, cell, bundle.sh("cat /proc/self/fd/9/word"), "/").stdout
    holds(attack, "CLOSE")


@pytest.mark.parametrize("interpreter", [False, True], ids=["program", "interpreter"])
def test_cve_2024_21626_program_by_a_descriptor_of_the_runtime(holds, interpreter: bool) -> None:
    """The kernel looks for it before it closes what is marked for that."""
    hosts = shutil.which("busybox")
    assert hosts

    def attack(cell: Cell, bundle: Bundle) -> bool:
        said = ""
        for fd in range(3, 12):
            program = f"/proc/self/fd/{fd}/..{hosts}"
            if interpreter:
                (bundle.root / "bin/tool").write_text(f"#!{program} echo\n")
                (bundle.root / "bin/tool").chmod(0o755)
            bundle.config["process"]["args"] = ["/bin/tool"] if interpreter else [program, "echo", "/bin/tool"]
            said += cell.run(bundle).stdout
        return "/bin/tool" in said
    holds(attack, "CLOSE")


def test_cve_2021_30465_mount_destination_is_a_link_to_the_host(holds, tmp_path: Path) -> None:
    (victim := tmp_path / "victim").mkdir()

    def attack(cell: Cell, bundle: Bundle) -> bool:
        (bundle.root / "volume").symlink_to(victim)
        (bundle.root / "etc/word").write_text("x")
        bundle.config["mounts"].insert(0, {"destination": "/volume/made", "type": "tmpfs", "source": "tmpfs"})
        bundle.config["root"]["readonly"] = False
        cell.run(bundle.sh("true"))
        made = (victim / "made").exists()
        if made:
            (victim / "made").rmdir()
        return made
    holds(attack, "INROOT")


def test_cve_2024_45310_no_empty_folders_on_the_host_in_a_race(holds, tmp_path: Path) -> None:
    (victim := tmp_path / "victim").mkdir()
    swap = ("import ctypes,sys\nc=ctypes.CDLL(None)\n"
            "while True: c.renameat2(-100, sys.argv[1].encode(), -100, sys.argv[2].encode(), 2)")

    def attack(cell: Cell, bundle: Bundle) -> bool:
        volume = bundle.root / "volume"
        (volume / "dir").mkdir(parents=True)
        (volume / "link").symlink_to(victim)
        bundle.config["mounts"].append({"destination": "/volume/dir/a/b/c", "type": "tmpfs", "source": "tmpfs"})
        with subprocess.Popen(["/usr/bin/python3", "-c", swap, volume / "dir", volume / "link"]) as swaps:
            for _ in range(40):
                cell.run(bundle.sh("true"))
            swaps.kill()
        return any(victim.iterdir())
    holds(attack, "INROOT")


@pytest.mark.parametrize("cve, folder", [("2019-16884", "proc"), ("2019-19921", "proc"), ("2023-27561", "proc"),
                                         ("2019-18837", "proc"), ("2023-28642", "sys")])
def test_cve_proc_and_sys_are_mounted_on_plain_folders_only(holds, cve: str, folder: str) -> None:
    def attack(cell: Cell, bundle: Bundle) -> bool:
        (bundle.root / folder).rmdir()
        (bundle.root / "elsewhere").mkdir()
        (bundle.root / folder).symlink_to("/elsewhere")
        # what is mounted below would go elsewhere as well
        bundle.config["mounts"] = [m for m in bundle.config["mounts"] if "cgroup" not in m["destination"]]
        return cell.run(bundle.sh("true")).returncode == 0
    holds(attack, "PLAIN")


def test_cve_2025_31133_masked_path_with_dev_null_a_link(holds) -> None:
    def attack(cell: Cell, bundle: Bundle) -> bool:
        bundle.config["mounts"] = [m for m in bundle.config["mounts"] if m["destination"] == "/proc"]
        (bundle.root / "dev/null").symlink_to("/proc/version")
        bundle.config["linux"]["maskedPaths"] = ["/proc/cmdline"]
        bundle.config["root"]["readonly"] = False
        return "Linux version" in cell.run(bundle.sh("cat /proc/cmdline")).stdout
    holds(attack, "DEVNULL")


def test_cve_2025_52565_console_is_the_terminal_and_nothing_of_that_name(holds) -> None:
    """A devpts elsewhere, so that names below /dev/pts are whatever the image says."""
    def attack(cell: Cell, bundle: Bundle) -> bool:
        keep = [m for m in bundle.config["mounts"] if not m["destination"].startswith("/dev")]
        bundle.config["mounts"] = [*keep, {"destination": "/other", "type": "devpts", "source": "devpts",
                                           "options": ["newinstance", "ptmxmode=0666", "mode=0620"]}]
        (bundle.root / "dev/pts").mkdir()
        (bundle.root / "dev/pts/ptmx").symlink_to("/other/ptmx")
        (bundle.root / "dev/pts/0").symlink_to("/proc/version")
        bundle.config["root"]["readonly"] = False
        bundle.config["process"]["terminal"] = True
        inside = "test -c /dev/console && echo device || echo file; echo ends"
        words = " ".join(cell.command("run", "-b", bundle.sh(inside).write(), cell.name()))
        done = subprocess.run(["script", "-qec", words, "/dev/null"], capture_output=True, text=True, timeout=20,
                              stdin=subprocess.DEVNULL)
        assert "ends" in done.stdout, done.stdout
        return "file" in done.stdout
    holds(attack, "CONSOLE")


def test_cve_2025_52881_sysctl_on_a_false_proc(holds, tmp_path: Path) -> None:
    (false := tmp_path / "false/sys/net/ipv4").mkdir(parents=True)

    def attack(cell: Cell, bundle: Bundle) -> bool:
        (false / "ip_forward").write_text("untouched")
        bundle.config["mounts"][0] = {"destination": "/proc", "type": "bind", "source": str(tmp_path / "false"),
                                      "options": ["bind"]}
        bundle.config["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}
        cell.run(bundle.sh("true"))
        return (false / "ip_forward").read_text() != "untouched"
    holds(attack, "PROC")


def test_cve_2026_41579_cve_2026_47766_dev_is_a_link(holds, tmp_path: Path) -> None:
    (victim := tmp_path / "victim").mkdir()
    node = Path(f"/dev/cell-test-{os.getpid()}")

    def attack(cell: Cell, bundle: Bundle) -> bool:
        (bundle.root / "dev").rmdir()
        (bundle.root / "dev").symlink_to(victim)
        bundle.config["mounts"] = [m for m in bundle.config["mounts"] if not m["destination"].startswith("/dev")]
        bundle.config["linux"]["devices"] = [{"path": str(node), "type": "c", "major": 1, "minor": 3}]
        bundle.config["root"]["readonly"] = False
        cell.run(bundle.sh("true"))
        made = [*victim.iterdir(), *([node] if node.exists() else [])]
        for path in made:
            path.unlink()
        return bool(made)
    holds(attack, "DEV")


@pytest.mark.parametrize("cve", ["2022-27650", "2022-29162"])
def test_cve_exec_gives_no_inheritable_capabilities(holds, cve: str) -> None:
    def attack(cell: Cell, bundle: Bundle) -> bool:
        name = cell.start(bundle.sh("sleep 100"))
        out = cell.ok("exec", "--cap", "CAP_CHOWN", name, "grep", "CapInh", "/proc/self/status")
        return int(out.split()[1], 16) != 0
    holds(attack, "INHERITABLE")


def test_cve_2026_30892_exec_user_is_a_number_or_nothing(holds) -> None:
    def attack(cell: Cell, bundle: Bundle) -> bool:
        name = cell.start(bundle.sh("sleep 100"))
        return cell.do("exec", "--user", "nobody", name, "id", "-u").stdout.strip() == "0"
    holds(attack, "USER")


def test_cve_2023_25809_cve_2022_0492_groups_are_read_only_without_a_namespace(holds) -> None:
    def attack(cell: Cell, bundle: Bundle) -> bool:
        bundle.config["linux"]["namespaces"].remove({"type": "cgroup"})
        bundle.config["mounts"][-1]["options"].remove("ro")
        bundle.grant("SYS_ADMIN", "DAC_OVERRIDE")
        script = "mkdir /sys/fs/cgroup/pids/x && echo wrote && rmdir /sys/fs/cgroup/pids/x"
        bundle.root.joinpath("bin/rmdir").symlink_to("busybox")
        return "wrote" in cell.run(bundle.sh(script)).stdout
    holds(attack, "CGROUP_RO")


@pytest.mark.parametrize("user", [False, True], ids=["root", "userns"])
def test_no_pivot_leaves_no_bare_proc_of_the_host(holds, user: bool) -> None:
    """Who is root in a user namespace inside may mount a procfs only where one is there to see, with no masks."""
    def attack(cell: Cell, bundle: Bundle) -> bool:
        if user:
            mapping = [{"containerID": 0, "hostID": 0, "size": 65536}]
            bundle.config["linux"]["namespaces"].append({"type": "user"})
            bundle.config["linux"].update(uidMappings=mapping, gidMappings=mapping)
        bundle.grant("SYS_ADMIN", "SETUID", "SETGID", "SETFCAP")
        bundle.root.joinpath("bin/unshare").symlink_to("busybox")
        done = cell.run(bundle.sh("unshare -Urmpf mount -t proc proc /tmp && echo mounted"), "--no-pivot")
        assert done.returncode == 0 or "mount: permission denied" in done.stderr, done.stderr
        return "mounted" in done.stdout
    holds(attack, "REVEAL")


def test_no_pivot_shows_its_own_root(cell: Cell, bundle: Bundle) -> None:
    assert cell.out(bundle.sh("ls /; cat /proc/self/comm; ls /sys | head -1"), "--no-pivot").split() == [
        "bin", "dev", "etc", "proc", "sys", "tmp", "cat", "block"]


@pytest.mark.parametrize("bad", ["..", ".", "a/b", "../x", "", "a b", ".hidden", "x" * 1025, "é"])
def test_a_container_id_is_no_path(cell: Cell, bundle: Bundle, bad: str) -> None:
    assert "container id" in cell.fails("run", "-b", bundle.sh("true").write(), bad)


def test_a_container_id_is_no_path_without_the_guard_it_is(holds) -> None:
    def attack(cell: Cell, bundle: Bundle) -> bool:
        bundle.config["linux"]["cgroupsPath"] = f"/{cell.name()}"
        cell.do("create", "-b", bundle.sh("true").write(), "../beside", capture_output=False)
        outside = (cell.root.parent / "beside/state.json").exists()
        cell.do("delete", "--force", "../beside")
        return outside
    holds(attack, "ID")


def test_cgroups_path_stays_below(holds) -> None:
    def attack(cell: Cell, bundle: Bundle) -> bool:
        name = cell.name()
        bundle.config["linux"]["cgroupsPath"] = f"/{name}/../{name}up"
        through = cell.run(bundle.sh("true")).returncode == 0
        for folder in sorted(groups(), reverse=True):
            os.rmdir(folder)
        return through
    holds(attack, "CGROUP_PATH")


def test_cve_2016_9962_who_enters_cannot_be_looked_into(cell: Cell, bundle: Bundle) -> None:
    """
    Before its execve it is not dumpable: to root of the container its files in /proc are nobody's. prctl sees to it, and
    again the kernel at each change of ids, which cannot be left out: there is no build without.
    """
    def attack() -> bool:
        mapping = [{"containerID": 0, "hostID": 100000, "size": 1000}]
        bundle.config["linux"].update(uidMappings=mapping, gidMappings=mapping)
        bundle.config["linux"]["namespaces"].append({"type": "user"})
        for folder in (bundle.path, bundle.path.parent, bundle.path.parent.parent, bundle.path.parent.parent.parent):
            folder.chmod(0o755)
        bundle.config["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"})
        bundle.config["hooks"] = {"startContainer": [{
            "path": "/bin/sh", "args": ["sh", "-c", "stat -c %u /proc/$PPID/status > /tmp/owner"],
            "env": ["PATH=/bin"]}]}
        return cell.out(bundle.sh("cat /tmp/owner")).strip() == "0"
    assert not attack()


def test_exec_brings_no_descriptors_of_the_runtime(cell: Cell, bundle: Bundle) -> None:
    name = cell.start(bundle.sh("sleep 100"))
    assert cell.ok("exec", name, "ls", "/proc/self/fd").split() == ["0", "1", "2", "3"], "3 is ls's own folder"


def test_cve_2016_3697_a_name_of_digits_is_no_uid(cell: Cell, bundle: Bundle) -> None:
    (bundle.root / "etc/passwd").write_text("1000:x:0:0::/root:/bin/sh\nme:x:1000:1000::/etc:/bin/sh\n")
    bundle.config["process"]["user"] = {"uid": 1000, "gid": 1000}
    assert cell.out(bundle.sh("id -u; echo $HOME")) == "1000\n/etc\n"


def test_cve_2024_9676_passwd_is_a_link_or_a_device(cell: Cell, bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("root:x:0:0::/of/the/host:/bin/sh\n")
    (bundle.root / "etc/passwd").symlink_to(tmp_path / "passwd")
    assert "host" not in cell.run(bundle.sh("echo $HOME")).stdout
    (bundle.root / "etc/passwd").unlink()
    os.mkfifo(bundle.root / "etc/passwd")
    assert cell.out(bundle) == "/\n"


def test_cve_2020_15257_abstract_sockets_of_the_host_are_not_there(cell: Cell, bundle: Bundle) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0cell-{os.getpid()}")
        server.listen()
        assert f"cell-{os.getpid()}" not in cell.out(bundle.sh("cat /proc/net/unix"))
        # it is the namespace that makes the difference
        bundle.config["linux"]["namespaces"].remove({"type": "network"})
        assert f"@cell-{os.getpid()}" in cell.out(bundle)


def test_cve_2022_0185_fsopen_is_refused(cell: Cell, bundle: Bundle, tmp_path: Path) -> None:
    source = """#include <errno.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        int main(void) { return syscall(SYS_fsopen, "tmpfs", 0) < 0 ? errno : 0; }"""
    subprocess.run(["gcc", "-static", "-x", "c", "-o", bundle.root / "bin/try", "-"], input=source, text=True,
                   check=True)
    bundle.config["process"]["args"] = ["/bin/try"]
    assert cell.run(bundle).returncode == errno.EPERM
    assert cell.run(bundle.grant("SYS_ADMIN")).returncode == 0, "it is the capability that makes the difference"


def test_tiocsti_has_no_terminal_of_the_host(holds) -> None:
    """A session of its own: the caller's terminal is not the controlling one inside."""
    def attack(cell: Cell, bundle: Bundle) -> bool:
        words = " ".join(cell.command("run", "-b", bundle.sh("echo typed >/dev/tty; echo ends").write(), cell.name()))
        done = subprocess.run(["script", "-qec", words, "/dev/null"], capture_output=True, text=True, timeout=20,
                              stdin=subprocess.DEVNULL)
        assert "ends" in done.stdout
        return "typed" in done.stdout
    holds(attack, "SESSION")
