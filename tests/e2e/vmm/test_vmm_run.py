"""vmm run: what a user sees of a guest that runs, ends, or comes to grief."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import pytest
from vmm_runs import BUILD, GUESTS, last_line, run_vmm


def test_hello_greets_and_exits_0(accelerator):
    result = accelerator.run(GUESTS / "hello.elf")

    assert result.returncode == 0
    assert result.stdout.startswith(b"Hello from a guest in 64-bit mode with 64 MiB of memory.\nCPU vendor: ")
    assert result.stderr == b""


def test_flat_image_is_the_same_guest(accelerator):
    assert accelerator.run(GUESTS / "hello.bin").stdout == accelerator.run(GUESTS / "hello.elf").stdout


def test_guest_sees_its_memory_and_its_arguments(accelerator):
    result = accelerator.run(GUESTS / "hello.elf", "one", "", "two words", "--stats", options=["--mem", "32M"])

    assert b"with 32 MiB of memory" in result.stdout
    assert result.stdout.splitlines()[-4:] == [b"argument 0: one", b"argument 1: ", b"argument 2: two words",
                                               b"argument 3: --stats"]


@pytest.mark.parametrize("status", [0, 1, 77, 255])
def test_exit_port_gives_the_exit_status(accelerator, assemble, status):
    result = accelerator.run(assemble(f"mov ${status}, %al; out %al, $0xf4"))

    assert result.returncode == status
    assert result.stderr == b""


def test_console_carries_every_byte_both_ways(accelerator, assemble):
    echo = assemble("""
        mov $512, %ebx
    1:  mov $0x3fd, %edx
        in (%dx), %al
        test $1, %al
        jz 1b
        mov $0x3f8, %edx
        in (%dx), %al
        out %al, (%dx)
        dec %ebx
        jnz 1b
        xor %eax, %eax
        out %al, $0xf4
    """)
    everything = bytes(range(256)) + bytes(reversed(range(256)))

    result = accelerator.run(echo, stdin=everything)

    assert result.returncode == 0
    assert result.stdout == everything


def test_end_of_input_is_no_input(accelerator, assemble):
    guest = assemble("""
        mov $1000, %ebx
    1:  mov $0x3fd, %edx
        in (%dx), %al
        test $1, %al
        jnz 2f
        dec %ebx
        jnz 1b
    2:  out %al, $0xf4
    """)

    assert accelerator.run(guest).returncode == 0x60


def test_string_output(accelerator, assemble):
    result = accelerator.run(assemble("""
        lea text(%rip), %rsi
        mov $26, %ecx
        mov $0x3f8, %edx
        rep outsb
        cmp $0, %ecx
        setne %al
        out %al, $0xf4
    text: .ascii "abcdefghijklmnopqrstuvwxyz"
    """))

    assert result.stdout == b"abcdefghijklmnopqrstuvwxyz"
    assert result.returncode == 0


def test_string_input(accelerator, assemble):
    result = accelerator.run(assemble("""
        mov $0x200000, %edi
        mov $64, %ecx
        mov $0x80, %edx
        rep insb
        mov $0x200000, %esi
        mov $-1, %rax
        mov $8, %ecx
    1:  and (%rsi), %rax
        add $8, %rsi
        loop 1b
        inc %rax
        out %al, $0xf4
    """))

    assert result.returncode == 0


def test_ports_without_a_device_read_as_ones(accelerator, assemble):
    result = accelerator.run(assemble("""
        mov $0x80, %edx
        mov %eax, (0x200000)
        out %eax, (%dx)
        in (%dx), %eax
        inc %eax
        out %al, $0xf4
    """))

    assert result.returncode == 0


@pytest.mark.parametrize("status, message, source", [
    (110, "guest halted without an exit status: nothing can wake it", "hlt"),
    (111, "guest shut down by a triple fault", "ud2"),
    (111, "guest shut down by a triple fault", "mov $0x8000000000, %rax; mov (%rax), %eax"),
])
def test_trouble_has_a_status_and_a_message(accelerator, assemble, status, message, source):
    result = accelerator.run(assemble(source))

    assert result.returncode == status
    assert result.stderr.decode().splitlines()[0] == f"vmm: {message}"
    assert " rip 00" in result.stderr.decode() and " cr3 0000000000003000" in result.stderr.decode()


@pytest.mark.parametrize("source, detail", [
    ("movl $0x1234, (0x7ffffff0)", "write of 4 bytes, 0x1234, to physical 0x7ffffff0"),
    ("mov (0x7ffffff0), %rax", "read of 8 bytes at physical 0x7ffffff0"),
])
def test_touching_nothing_names_the_address(accelerator, assemble, source, detail):
    result = accelerator.run(assemble(source))

    assert result.returncode == 112
    assert result.stderr.decode().splitlines()[0] == f"vmm: guest touched an address without memory: {detail}"


def test_timeout_ends_a_guest_that_spins(accelerator, assemble):
    result = accelerator.run(assemble("1: jmp 1b"), options=["--timeout", "0.3"])

    assert result.returncode == 124
    assert result.stderr.startswith(b"vmm: guest still running at the timeout: ended\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_guest_cleanly(accelerator, assemble, number):
    guest = assemble("mov $0x3f8, %edx; mov $'!', %al; out %al, (%dx); 1: jmp 1b")
    with subprocess.Popen([BUILD / "bin" / "vmm", "run", *accelerator.options, guest], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.read(1) == b"!"
        process.send_signal(number)
        error = process.communicate(timeout=60)[1].decode()

    assert process.returncode == 128 + number
    assert error.startswith(f"vmm: ended by signal {int(number)}")


def test_reader_that_went_away_is_an_error_not_a_signal(accelerator, assemble):
    read_end, write_end = os.pipe()
    os.close(read_end)
    guest = assemble("mov $0x3f8, %edx; 1: out %al, (%dx); jmp 1b")
    result = subprocess.run([BUILD / "bin" / "vmm", "run", *accelerator.options, guest], stdin=subprocess.DEVNULL,
                            stdout=write_end, stderr=subprocess.PIPE, timeout=60)
    os.close(write_end)

    assert result.returncode == 125
    assert last_line(result.stderr) == "vmm: cannot write the guest's console output: Broken pipe"


def test_vm_ends_with_its_process(accelerator, assemble):
    """Killed at its work, again and again: the next VM starts all the same."""
    guest = assemble("mov $0x3f8, %edx; mov $'!', %al; out %al, (%dx); 1: mov %eax, (0x300000); jmp 1b")
    for _ in range(10):
        with subprocess.Popen([BUILD / "bin" / "vmm", "run", *accelerator.options, guest], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout.read(1) == b"!"
            process.kill()
    assert accelerator.run(GUESTS / "hello.elf").returncode == 0


def test_two_machines_at_once(accelerator, assemble):
    spinning = assemble("mov $0x3f8, %edx; mov $'!', %al; out %al, (%dx); 1: jmp 1b")
    with subprocess.Popen([BUILD / "bin" / "vmm", "run", *accelerator.options, spinning], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout.read(1) == b"!"
        assert accelerator.run(GUESTS / "hello.elf").returncode == 0
        assert process.poll() is None
        process.terminate()


def test_stats_table_counts_the_exits(accelerator, assemble):
    result = accelerator.run(assemble("mov $3, %ecx; 1: out %al, $0x80; loop 1b; mov $0, %al; out %al, $0xf4"),
                             options=["--stats"])

    rows = [line.split() for line in result.stderr.decode().splitlines()]
    assert rows[0][0].startswith(accelerator.device)
    assert ["IO", "4"] in rows


def test_json_has_the_same_numbers(accelerator, assemble, tmp_path):
    file = tmp_path / "stats.json"
    result = accelerator.run(assemble("mov $3, %ecx; 1: out %al, $0x80; loop 1b; mov $9, %al; out %al, $0xf4"),
                             options=["--json", str(file)])

    stats = json.loads(file.read_text())
    assert result.returncode == stats["status"] == 9
    assert stats["accel"] == accelerator.device
    assert stats["end"] == "exit"
    assert stats["user_exits"]["IO"] == 4
    if accelerator.is_shadowpt:
        assert stats["strategy"] == accelerator.strategy
        assert stats["exits"]["IO"] == 4
        assert stats["events"]["FILL"] > 0
    else:
        assert stats["kvm_vcpu"]["exits"] >= 4


def test_json_is_written_for_a_guest_in_trouble_too(accelerator, assemble, tmp_path):
    file = tmp_path / "stats.json"
    accelerator.run(assemble("hlt"), options=["--json", str(file)])

    assert json.loads(file.read_text())["end"] == "halt"


def test_paging_is_refused_on_kvm(kvm):
    result = run_vmm("run", "--accel", kvm.device, "--paging", "trap", GUESTS / "hello.elf")

    assert result.returncode == 125
    assert last_line(result.stderr).startswith("vmm: --paging needs /dev/shadowpt: ")


def test_largest_memory(kvm):
    result = kvm.run(GUESTS / "hello.elf", options=["--mem", "3G"])

    assert b"with 3072 MiB of memory" in result.stdout


def test_smallest_memory(accelerator):
    assert b"with 2 MiB of memory" in accelerator.run(GUESTS / "hello.elf", options=["--mem", "2M"]).stdout
