"""The launcher's contract for commands that end by themselves."""
from __future__ import annotations

import subprocess
import time

import pytest
from conftest import COURSEVM, TROUBLE
from vm import klog


@pytest.mark.parametrize("status", [0, 1, 77, 255])
def test_exit_status_is_the_commands(vm, status):
    assert vm("sh", "-c", f"exit {status}").status == status


def test_death_by_signal_is_128_plus_its_number(vm):
    assert vm("sh", "-c", "kill -TERM $$").status == 128 + 15


def test_guest_has_two_processors_and_no_warning_from_its_boot(vm):
    ended = vm("nproc")
    assert ended.stdout == b"2\n"
    assert not klog.findings(ended.kernel_log)


def test_missing_command_is_127_and_named(vm):
    ended = vm("no-such-command")
    assert ended.status == 127
    assert "no-such-command" in ended.stderr


def test_stdout_and_stderr_stay_apart(vm):
    ended = vm("sh", "-c", "echo to out; echo to err >&2")
    assert ended.stdout == b"to out\n"
    assert ended.stderr == "to err\n"


def test_output_is_binary_clean(vm):
    ended = vm("python3", "-c", "import sys; sys.stdout.buffer.write(bytes(range(256)) * 64)")
    assert ended.stdout == bytes(range(256)) * 64


def test_hundred_megabytes_of_output_arrive_whole(small_tree):
    argv = [COURSEVM / "run", "--snapshot", "--tree", small_tree, "--", "sh", "-c",
            "yes 0123456789abcde | head -c 104857600"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as launcher:
        assert launcher.stdout
        total, wrong = 0, 0
        while block := launcher.stdout.read(1 << 20):
            wrong += block != b"0123456789abcde\n" * (len(block) // 16)
            total += len(block)
    assert (launcher.returncode, total, wrong) == (0, 104857600, 0)


def test_last_words_arrive_at_a_slow_reader(small_tree):
    """What is on the way when the command ends waits for its reader; the machine waits too."""
    argv = [COURSEVM / "run", "--snapshot", "--tree", small_tree, "--", "sh", "-c",
            "head -c 20000000 /dev/zero; head -c 20000000 /dev/zero > /out/zeros"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as launcher:
        assert launcher.stdout
        total = 0
        while block := launcher.stdout.read(1 << 20):
            total += len(block)
            time.sleep(0.05)
    assert (launcher.returncode, total) == (0, 20000000)


def test_output_is_live(small_tree):
    """A line arrives while the command that printed it still waits."""
    argv = [COURSEVM / "run", "--snapshot", "--timeout", "60", "--tree", small_tree, "--",
            "sh", "-c", "echo first; sleep 3600"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as launcher:
        assert launcher.stdout
        assert launcher.stdout.readline() == b"first\n"
        assert launcher.poll() is None
        launcher.terminate()
    assert launcher.returncode == 128 + 15


def test_output_of_a_background_child_does_not_delay_the_end(vm):
    ended = vm("sh", "-c", "sleep 3600 & echo done")
    assert (ended.status, ended.stdout) == (0, b"done\n")


def test_files_in_out_come_back(vm):
    ended = vm("sh", "-c", "mkdir -p /out/a/b; echo text > /out/a/b/file; "
               "head -c 100001 /dev/zero > /out/zeros; : > /out/empty; ln -s /etc /out/link")
    assert ended.status == 0
    assert (ended.out / "a/b/file").read_text() == "text\n"
    assert (ended.out / "zeros").read_bytes() == bytes(100001)
    assert (ended.out / "empty").read_bytes() == b""
    assert not (ended.out / "link").is_symlink()
    assert (ended.out / "verdict").read_text() == "finished 0\n"


def test_kernel_log_holds_boot_and_command(vm):
    ended = vm("sh", "-c", "echo '<4>marker of the command' > /dev/kmsg")
    log = ended.kernel_log
    assert "Linux version" in log
    assert log.count("marker of the command") == 1
    assert log.index("Linux version") < log.index("marker of the command")


def test_tree_is_at_virtlab_and_is_the_working_directory(vm):
    ended = vm("sh", "-c", "pwd; cat hello.txt; echo changed > hello.txt; cat hello.txt")
    assert ended.stdout == b"/virtlab\nhello\nchanged\n"


def test_tree_of_the_host_is_not_changed(vm, small_tree):
    assert vm("sh", "-c", "echo changed > hello.txt; rm -rf /virtlab/*").status == 0
    assert (small_tree / "hello.txt").read_text() == "hello\n"


def test_put_places_files_and_directories(vm, tmp_path):
    directory = tmp_path / "directory"
    directory.mkdir()
    (directory / "script").write_text("#!/bin/sh\necho ran $*\n")
    (directory / "script").chmod(0o755)
    ended = vm("sh", "-c", "/opt/place/script a; /virtlab/into/tree b; ls -ld /opt",
               options=("--snapshot", "--put", f"{directory}:/opt/place",
                        "--put", f"{directory / 'script'}:/virtlab/into/tree"))
    assert ended.stdout.decode().splitlines()[:2] == ["ran a", "ran b"]
    assert b"root root" in ended.stdout


def test_put_of_a_missing_file_is_named(vm):
    ended = vm("true", options=("--snapshot", "--put", "/no/such/file:/x"))
    assert ended.status == TROUBLE
    assert "/no/such/file" in ended.stderr


def test_processors_and_memory_are_as_asked(vm):
    ended = vm("sh", "-c", "nproc; grep MemTotal /proc/meminfo",
               options=("--smp", "1", "--mem", "512M"))
    count, memory = ended.stdout.decode().splitlines()
    assert count == "1"
    assert 350 * 1024 < int(memory.split()[1]) < 512 * 1024


def test_svm_is_there_and_linux_can_use_it_without_nested_paging(vm):
    script = ("modprobe kvm-amd npt=0 && python3 -c \"import fcntl; "
              "kvm = open('/dev/kvm', 'rb', buffering=0); vm = fcntl.ioctl(kvm, 0xAE01, 0); "
              "print(fcntl.ioctl(kvm, 0xAE00), vm >= 0, fcntl.ioctl(vm, 0xAE41, 0) >= 0)\"")
    ended = vm("sh", "-c", script)
    assert (ended.status, ended.stdout) == (0, b"12 True True\n"), ended.stderr
    assert "Nested Paging disabled" in ended.kernel_log


@pytest.mark.parametrize(("arguments", "says"), [
    (["--kernel", "9.9", "--", "true"], "there are 6.1, 6.12, 7.3, debug"),
    (["--mem", "lots", "--", "true"], "memory size not understood: lots"),
    (["--deterministic", "1", "--smp", "2", "--", "true"], "deterministic runs have one"),
    (["--tree", "/no/such/tree", "--", "true"], "/no/such/tree"),
    (["--put", "nonsense", "--", "true"], "'nonsense' is not SRC:DST"),
    (["--snapshot"], "no command"),
    (["--no-such-option", "--", "true"], "--no-such-option"),
])
def test_wrong_usage_is_trouble_and_says_why(arguments, says):
    done = subprocess.run([COURSEVM / "run", *arguments], capture_output=True, text=True,
                          check=False)
    assert done.returncode == TROUBLE
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_kernel_variable_chooses_too(vm):
    ended = vm("true", env={"KERNEL": "2.4"})
    assert ended.status == TROUBLE
    assert "kernel unknown: 2.4" in ended.stderr
