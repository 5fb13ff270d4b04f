# SPDX-License-Identifier: GPL-2.0-only
"""What a process finds in its container: namespaces, files, credentials, limits, as config.json asks for them."""
from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from conftest import Bundle, Cell, until

KINDS = {"pid": "pid", "network": "net", "ipc": "ipc", "uts": "uts", "mount": "mnt", "cgroup": "cgroup"}


def own(kind: str) -> str:
    return os.readlink(f"/proc/self/ns/{kind}")


def status(cell: Cell, bundle: Bundle) -> dict[str, str]:
    lines = cell.out(bundle.sh("cat /proc/self/status")).splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_listed_namespace_is_new_and_another_is_the_callers(cell: Cell, bundle: Bundle, kind: str) -> None:
    file = KINDS[kind]
    bundle.sh(f"readlink /proc/self/ns/{file}")
    assert cell.out(bundle).strip() != own(file)
    if kind == "mount":
        return
    bundle.config["linux"]["namespaces"].remove({"type": kind})
    bundle.config.pop("hostname", None)
    if kind == "network":
        bundle.config["mounts"] = [mount for mount in bundle.config["mounts"] if mount["destination"] != "/sys"
                                   and not mount["destination"].startswith("/sys/")]
    assert cell.out(bundle).strip() == own(file)


def test_a_namespace_with_a_path_is_joined(cell: Cell, bundle: Bundle) -> None:
    first = cell.start(bundle.sh("sleep 100"))
    path = f"/proc/{cell.state(first)['pid']}/ns/uts"
    bundle.config["linux"]["namespaces"].remove({"type": "uts"})
    bundle.config["linux"]["namespaces"].append({"type": "uts", "path": path})
    bundle.config["hostname"] = "changed"
    assert cell.out(bundle.sh("readlink /proc/self/ns/uts")).strip() == os.readlink(path)


def test_time_namespace_has_its_offsets(cell: Cell, bundle: Bundle) -> None:
    bundle.config["linux"]["namespaces"].append({"type": "time"})
    bundle.config["linux"]["timeOffsets"] = {"boottime": {"secs": 1000000}, "monotonic": {"secs": 5}}
    here = float(Path("/proc/uptime").read_text().split()[0])
    there = float(cell.out(bundle.sh("cat /proc/uptime")).split()[0])
    assert 1000000 <= there - here < 1000010


def test_user_namespace_maps_ids_both_ways(cell: Cell, bundle: Bundle) -> None:
    bundle.config["linux"]["namespaces"].append({"type": "user"})
    mapping = [{"containerID": 0, "hostID": 100000, "size": 1000}]
    bundle.config["linux"]["uidMappings"] = bundle.config["linux"]["gidMappings"] = mapping
    for folder in (bundle.path, *bundle.path.parents):
        if folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o11)
        else:
            break
    name = cell.start(bundle.sh("sleep 100"))
    assert os.stat(f"/proc/{cell.state(name)['pid']}").st_uid == 100000
    assert cell.ok("exec", name, "id", "-u").strip() == "0"
    assert cell.ok("exec", name, "cat", "/proc/self/uid_map").split() == ["0", "100000", "1000"]


def test_hostname_is_the_containers(cell: Cell, bundle: Bundle) -> None:
    bundle.config["hostname"] = "den"
    assert cell.out(bundle.sh("hostname")) == "den\n"
    assert os.uname().nodename != "den"


def test_only_its_own_processes_are_there_and_it_is_the_first(cell: Cell, bundle: Bundle) -> None:
    assert cell.out(bundle.sh("echo $$; echo /proc/[0-9]*")).split() == ["1", "/proc/1"]


def test_loopback_is_up_and_alone(cell: Cell, bundle: Bundle) -> None:
    lines = [line for line in cell.out(bundle.sh("ip -o link")).splitlines() if "LOWER_UP" in line]
    assert len(lines) == 1 and " lo: " in lines[0]


def test_the_hosts_files_are_not_there(cell: Cell, bundle: Bundle) -> None:
    assert set(cell.out(bundle.sh("ls /")).split()) == {"bin", "dev", "etc", "proc", "sys", "tmp"}
    targets = {line.split()[4] for line in cell.out(bundle.sh("cat /proc/self/mountinfo")).splitlines()}
    asked = {mount["destination"] for mount in bundle.config["mounts"]}
    extra = {place for place in targets - asked if place != "/" and not place.startswith(("/proc/", "/sys/"))}
    assert not extra


def test_readonly_root_refuses_writes_and_a_writable_one_does_not(cell: Cell, bundle: Bundle) -> None:
    done = cell.run(bundle.sh("touch /mark"))
    assert done.returncode == 1 and "Read-only" in done.stderr
    bundle.config["root"]["readonly"] = False
    cell.out(bundle)
    assert (bundle.root / "mark").exists()


def test_bind_mount_with_its_options(cell: Cell, bundle: Bundle, tmp_path: Path) -> None:
    (volume := tmp_path / "volume").mkdir()
    (volume / "word").write_text("kept")
    bundle.config["mounts"].append({"destination": "/tmp", "type": "bind", "source": str(volume),
                                    "options": ["rbind", "ro", "nosuid", "noexec"]})
    done = cell.run(bundle.sh("cat /tmp/word; grep ' /tmp ' /proc/self/mountinfo; touch /tmp/other"))
    options = done.stdout.splitlines()[0].removeprefix("kept").split()[5].split(",")
    assert {"ro", "nosuid", "noexec"} <= set(options) and "Read-only" in done.stderr
    assert not (volume / "other").exists()


def test_tmpfs_has_the_size_and_mode_that_are_asked_for(cell: Cell, bundle: Bundle) -> None:
    bundle.config["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs",
                                    "options": ["size=64k", "mode=1770"]})
    done = cell.run(bundle.sh("stat -c %a /tmp; dd if=/dev/zero of=/tmp/x bs=1k count=100 2>&1"))
    assert done.stdout.startswith("1770\n") and "No space" in done.stdout


def test_devices_are_there(cell: Cell, bundle: Bundle) -> None:
    out = cell.out(bundle.sh("for d in null zero full random urandom tty; do stat -c '%n %t:%T %a %F' /dev/$d; done;"
                             "readlink /dev/fd; readlink /dev/ptmx"))
    assert "/dev/null 1:3 666 character special file" in out and "/dev/urandom 1:9 666" in out
    assert out.endswith("/proc/self/fd\npts/ptmx\n")


def test_masked_paths_are_empty(cell: Cell, bundle: Bundle) -> None:
    bundle.config["linux"]["maskedPaths"] += ["/proc/cmdline", "/proc/driver", "/proc/not-there"]
    assert Path("/proc/cmdline").read_text()
    assert cell.out(bundle.sh("cat /proc/cmdline; ls -A /proc/driver; ls -A /sys/firmware")) == ""


def test_readonly_paths_cannot_be_written(cell: Cell, bundle: Bundle) -> None:
    bundle.sh("echo 1 > /proc/sys/vm/drop_caches")
    done = cell.run(bundle)
    assert done.returncode != 0 and "Read-only" in done.stderr
    bundle.config["linux"]["readonlyPaths"].remove("/proc/sys")
    assert "Read-only" not in cell.run(bundle.sh("echo > /proc/sys/kernel/hostname")).stderr


def test_capabilities_are_exactly_those_in_all_five_sets(cell: Cell, bundle: Bundle) -> None:
    bundle.config["process"]["capabilities"] = {
        "bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"], "permitted": ["CAP_CHOWN", "CAP_KILL"],
        "effective": ["CAP_CHOWN"], "inheritable": ["CAP_CHOWN"], "ambient": ["CAP_CHOWN"]}
    bundle.config["process"]["user"] = {"uid": 1000, "gid": 1000}
    now = status(cell, bundle)
    assert int(now["CapBnd"], 16) == 1 << 0 | 1 << 5 | 1 << 7
    # An execve by a user who is not root leaves what is ambient.
    assert [int(now[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [1, 1, 1, 1]
    bundle.config["process"]["user"] = {"uid": 0, "gid": 0}
    bundle.grant("CHOWN", "NET_RAW")
    bundle.config["process"]["capabilities"].update(inheritable=[], ambient=[])
    now = status(cell, bundle)
    assert [int(now[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [0, 1 << 13 | 1, 1 << 13 | 1, 0]


@pytest.mark.parametrize("wanted", [True, False])
def test_no_new_privileges(cell: Cell, bundle: Bundle, wanted: bool) -> None:
    bundle.config["process"]["noNewPrivileges"] = wanted
    assert status(cell, bundle)["NoNewPrivs"] == str(int(wanted))


def test_user_groups_and_umask(cell: Cell, bundle: Bundle) -> None:
    bundle.config["process"]["user"] = {"uid": 1000, "gid": 1001, "additionalGids": [7, 9], "umask": 0o27}
    now = status(cell, bundle)
    assert now["Uid"].split() == ["1000"] * 4 and now["Gid"].split() == ["1001"] * 4
    assert set(now["Groups"].split()) == {"7", "9"} and now["Umask"] == "0027"


def test_cwd_and_env(cell: Cell, bundle: Bundle) -> None:
    bundle.config["process"].update(cwd="/etc", env=["PATH=/bin", "WORD=two words"])
    assert cell.out(bundle.sh("echo $PWD $WORD $HOME")) == "/etc two words /\n"


def test_home_is_that_of_the_passwd_file(cell: Cell, bundle: Bundle) -> None:
    (bundle.root / "etc/passwd").write_text("root:x:0:0::/tmp:/bin/sh\n")
    assert cell.out(bundle.sh("echo $HOME")) == "/tmp\n"


def test_rlimits(cell: Cell, bundle: Bundle) -> None:
    bundle.config["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 33, "hard": 44},
                                           {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]
    lines = cell.out(bundle.sh("cat /proc/self/limits")).splitlines()
    assert any(line.startswith("Max open files") and line.split()[3:5] == ["33", "44"] for line in lines)
    assert any(line.startswith("Max core file size") and line.split()[4:6] == ["0", "0"] for line in lines)


def test_oom_score(cell: Cell, bundle: Bundle) -> None:
    bundle.config["process"]["oomScoreAdj"] = 321
    assert cell.out(bundle.sh("cat /proc/self/oom_score_adj")) == "321\n"


def test_sysctl_of_a_namespace_is_set_and_the_hosts_is_not(cell: Cell, bundle: Bundle) -> None:
    before = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()
    bundle.config["linux"]["sysctl"] = {"net.ipv4.ip_unprivileged_port_start": "77", "kernel.shmmni": "99"}
    assert cell.out(bundle.sh("cd /proc/sys; cat net/ipv4/ip_unprivileged_port_start kernel/shmmni")) == "77\n99\n"
    assert Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text() == before
    bundle.config["linux"]["sysctl"] = {"vm.swappiness": "1"}
    assert "vm.swappiness" in (why := cell.refuses(bundle)) and "host" in why


def seccomp(*rules: dict[str, Any], default: str = "SCMP_ACT_ALLOW") -> dict[str, Any]:
    return {"defaultAction": default, "architectures": ["SCMP_ARCH_X86_64"], "syscalls": list(rules)}


@pytest.mark.parametrize("privileges", [True, False])
def test_seccomp_refuses_by_name_and_with_the_error_that_is_said(cell: Cell, bundle: Bundle, privileges: bool) -> None:
    bundle.config["process"]["noNewPrivileges"] = privileges
    bundle.config["linux"]["seccomp"] = seccomp({"names": ["mkdir", "mkdirat", "of_a_newer_kernel"],
                                                 "action": "SCMP_ACT_ERRNO", "errnoRet": 95})
    done = cell.run(bundle.sh("mkdir /dev/shm/x; grep Seccomp: /proc/self/status"))
    assert "not supported" in done.stderr and done.stdout.split() == ["Seccomp:", "2"]


def test_seccomp_compares_arguments(cell: Cell, bundle: Bundle) -> None:
    bundle.grant("KILL")
    bundle.config["linux"]["seccomp"] = seccomp({
        "names": ["kill"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13,
        "args": [{"index": 1, "value": 10, "op": "SCMP_CMP_EQ"}]})
    done = cell.run(bundle.sh("sleep 9 & kill -USR1 $! || echo refused; kill -USR2 $! && echo allowed"))
    assert done.stdout == "refused\nallowed\n"


def test_seccomp_conditions_on_one_argument_are_all_of_them_rules(cell: Cell, bundle: Bundle) -> None:
    """Any number of them, each of which is enough."""
    bundle.grant("KILL")
    bundle.config["linux"]["seccomp"] = seccomp({
        "names": ["kill"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13,
        "args": [{"index": 1, "value": value, "op": "SCMP_CMP_EQ"} for value in (30, 31, 29, 28, 27, 26, 10)]})
    done = cell.run(bundle.sh("sleep 9 & kill -USR1 $! || echo refused; kill -USR2 $! && echo allowed"))
    assert done.stdout == "refused\nallowed\n"


@pytest.mark.parametrize("options, mode", [([], "drwxr-x---"), (["mode=0711"], "drwx--x--x")])
def test_tmpcopyup_begins_with_what_is_hidden_and_whose_it_is(cell: Cell, bundle: Bundle, options: list[str],
                                                              mode: str) -> None:
    folder = bundle.root / "data"
    folder.mkdir()
    (folder / "word").write_text("below")
    os.chown(folder, 99, 98)
    folder.chmod(0o750)
    bundle.config["mounts"].append({"destination": "/data", "type": "tmpfs", "source": "tmpfs",
                                    "options": ["tmpcopyup", *options]})
    bundle.config["process"]["user"] = {"uid": 99, "gid": 98}
    words = cell.out(bundle.sh("ls -ldn /data; cat /data/word")).split()
    assert (words[0], words[2], words[3], words[-1]) == (mode, "99", "98", "below")


def test_an_empty_label_is_none(cell: Cell, bundle: Bundle) -> None:
    bundle.config["linux"]["mountLabel"] = ""
    assert cell.out(bundle.sh("echo there")) == "there\n"


def test_a_label_with_commas_is_one_word(cell: Cell, bundle: Bundle) -> None:
    """No kernel of ours has SELinux: what it refuses is the option, by its name, not half of the label."""
    bundle.config["linux"]["mountLabel"] = "system_u:object_r:container_file_t:s0:c1,c2"
    done = cell.run(bundle.sh("true"))
    assert done.returncode == 0 or ("context" in done.stderr and "c2" not in done.stderr), done.stderr


def test_limits_stand_in_the_groups(cell: Cell, bundle: Bundle) -> None:
    bundle.config["linux"]["resources"].update(
        memory={"limit": 33554432}, pids={"limit": 20}, cpu={"shares": 512, "quota": 30000, "period": 100000})
    name = cell.start(bundle.sh("sleep 100"))
    said = {"memory": 33554432, "pids": 20, "quota": 30000, "period": 100000, "shares": 512}
    assert limits(cell, name) == told(said)
    cell.ok("update", "--memory", "67108864", "--pids-limit", "30", "--cpu-quota", "50000", "--cpu-share", "256", name)
    said |= {"memory": 67108864, "pids": 30, "quota": 50000, "shares": 256}
    assert limits(cell, name) == told(said)
    cell.ok("update", "--resources", "-", name, input=json.dumps({"pids": {"limit": 40}}), stdin=None)
    said["pids"] = 40
    assert limits(cell, name) == told(said)
    # Version 2 has both in one file: neither takes the other away.
    cell.ok("update", "--cpu-period", "200000", name)
    said["period"] = 200000
    assert limits(cell, name) == told(said)
    cell.ok("update", "--cpu-quota", "80000", name)
    said["quota"] = 80000
    assert limits(cell, name) == told(said)


def version_2() -> bool:
    return Path("/sys/fs/cgroup/cgroup.controllers").exists()


def told(said: dict[str, int]) -> dict[str, int]:
    """Weights of version 2 are 1 to 10000 where shares are 2 to 262144."""
    return said | {"shares": 1 + (said["shares"] - 2) * 9999 // 262142} if version_2() else said


def limits(cell: Cell, name: str) -> dict[str, int]:
    """As the groups of its first process have them."""
    lines = Path(f"/proc/{cell.state(name)['pid']}/cgroup").read_text().splitlines()
    where = {kind: path for _, kinds, path in (line.split(":", 2) for line in lines) for kind in kinds.split(",")}

    def value(kind: str, file: str) -> str:
        mount, path = ("", where[""]) if version_2() else (kind, where[kind])
        return Path("/sys/fs/cgroup", mount, path.lstrip("/"), file).read_text()

    if version_2():
        quota, period = value("cpu", "cpu.max").split()
        return {"memory": int(value("memory", "memory.max")), "pids": int(value("pids", "pids.max")),
                "quota": int(quota), "period": int(period), "shares": int(value("cpu", "cpu.weight"))}
    return {"memory": int(value("memory", "memory.limit_in_bytes")), "pids": int(value("pids", "pids.max")),
            "quota": int(value("cpu", "cpu.cfs_quota_us")), "period": int(value("cpu", "cpu.cfs_period_us")),
            "shares": int(value("cpu", "cpu.shares"))}


def test_pids_limit_makes_fork_fail(cell: Cell, bundle: Bundle) -> None:
    bundle.config["linux"]["resources"]["pids"] = {"limit": 5}
    done = cell.run(bundle.sh("for i in 1 2 3 4 5 6 7 8; do sleep 5 & done"))
    assert done.returncode != 0 and "fork" in done.stderr


def test_memory_limit_kills(cell: Cell, bundle: Bundle) -> None:
    bundle.config["linux"]["resources"]["memory"] = {"limit": 16 << 20}
    done = cell.run(bundle.sh("dd if=/dev/zero of=/dev/null bs=64M count=1; echo status $?"))
    assert "status 137" in done.stdout


def test_a_device_that_is_not_allowed_cannot_be_opened(cell: Cell, bundle: Bundle) -> None:
    bundle.grant("MKNOD").config["root"]["readonly"] = False
    done = cell.run(bundle.sh("mknod /tmp/kmsg c 1 11 && cat /tmp/kmsg"))
    assert done.returncode != 0 and "not permitted" in done.stderr
    bundle.config["linux"]["resources"]["devices"].append(
        {"allow": True, "type": "c", "major": 1, "minor": 5, "access": "rwm"})
    assert cell.out(bundle.sh("mknod /tmp/zero c 1 5; head -c 3 /tmp/zero")) == "\0\0\0"


def test_exec_is_a_process_of_the_container(cell: Cell, bundle: Bundle) -> None:
    name = cell.start(bundle.sh("sleep 100"))
    inside = cell.ok("exec", name, "/bin/sh", "-c", "for n in /proc/self/ns/*; do readlink $n; done; cat /proc/1/comm")
    pid = cell.state(name)["pid"]
    there = {os.readlink(f"/proc/{pid}/ns/{kind}") for kind in ("mnt", "pid", "net", "ipc", "uts", "cgroup")}
    assert there <= set(inside.split()) and inside.endswith("sh\n") or inside.endswith("sleep\n")


def test_exec_options_change_the_process(cell: Cell, bundle: Bundle) -> None:
    name = cell.start(bundle.sh("sleep 100"))
    out = cell.ok("exec", "--user", "12:34", "--cwd", "/tmp", "--env", "A=b", "--env", "PATH=/bin", name, "/bin/sh",
                  "-c", "id -u; id -g; echo $PWD $A $PATH")
    assert out.split() == ["12", "34", "/tmp", "b", "/bin"]
    assert cell.do("exec", name, "/bin/sh", "-c", "exit 5").returncode == 5
    assert "12x" in cell.fails("exec", "--user", "12x", name, "true")
    assert "absent" in cell.fails("exec", name, "/absent")


def test_exec_process_file_detached_with_pid_file(cell: Cell, bundle: Bundle, tmp_path: Path) -> None:
    name = cell.start(bundle.sh("sleep 100"))
    process = bundle.config["process"] | {"args": ["/bin/sleep", "77"], "cwd": "/tmp"}
    (tmp_path / "process.json").write_text(json.dumps(process))
    cell.ok("exec", "--process", tmp_path / "process.json", "--detach", "--pid-file", tmp_path / "pid", name,
            capture_output=False)
    pid = int((tmp_path / "pid").read_text())
    assert b"77" in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert os.readlink(f"/proc/{pid}/cwd") == "/tmp"
    assert pid in json.loads(cell.ok("ps", "--format", "json", name))


def test_exec_in_what_has_stopped_says_so(cell: Cell, bundle: Bundle) -> None:
    cell.ok("run", "--keep", "-b", bundle.sh("true").write(), name := cell.name())
    assert "not running" in cell.fails("exec", name, "true")


def test_a_fifo_survives_in_the_bundle(cell: Cell, bundle: Bundle) -> None:
    os.mkfifo(bundle.root / "tmp/fifo")
    cell.out(bundle.sh("true"))
    assert stat.S_ISFIFO((bundle.root / "tmp/fifo").stat().st_mode)
    until(lambda: not any(path.name != ".seccomp" for path in cell.root.glob("*")), "state is gone")
