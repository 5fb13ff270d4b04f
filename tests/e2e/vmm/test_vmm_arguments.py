"""Bad input: each is one line on stderr that says what to do, whatever devices the machine has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from vmm_runs import GUESTS, TREE, run_vmm


def assert_one_line(result, status: int, text: str) -> None:
    assert result.returncode == status, result.stderr
    assert result.stdout == b""
    assert len(result.stderr.splitlines()) == 1
    assert text in result.stderr.decode()


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["inspect", "--help"], ["run", "-h"]])
def test_help_goes_to_stdout(arguments):
    result = run_vmm(*arguments)

    assert result.returncode == 0
    assert result.stdout.startswith(b"usage: vmm ")
    assert result.stderr == b""
    assert max(map(len, result.stdout.decode().splitlines())) <= 100


def test_version():
    result = run_vmm("--version")

    assert result.returncode == 0
    assert result.stdout.startswith(b"vmm (VirtLab) ")


@pytest.mark.parametrize("arguments, text", [
    ([], "no verb given"),
    (["fly"], "unknown verb: fly"),
    (["--fly"], "unknown option: --fly"),
    (["run"], "no IMAGE given"),
    (["run", "--fly", "x"], "unknown option: --fly"),
    (["run", "--mem"], "option needs a value: --mem"),
    (["run", "--mem", "lots", "x"], "bad --mem: lots"),
    (["run", "--mem", "64X", "x"], "bad --mem: 64X"),
    (["run", "--mem", "-64M", "x"], "bad --mem: -64M"),
    (["run", "--mem", "", "x"], "bad --mem: "),
    (["run", "--mem", "1M", "x"], "must be from 2M to 3G"),
    (["run", "--mem", "9999999999G", "x"], "must be from 2M to 3G"),
    (["run", "--mem", "99999999999999999999999", "x"], "bad --mem"),
    (["run", "--mem", "4194305", "x"], "not a multiple of 4K"),
    (["run", "--paging", "magic", "x"], "bad --paging: magic: give vtlb or trap"),
    (["run", "--timeout", "0", "x"], "bad --timeout: 0"),
    (["run", "--timeout", "nan", "x"], "bad --timeout: nan"),
    (["run", "--timeout", "1s", "x"], "bad --timeout: 1s"),
    (["inspect", "--at", "256", "x"], "bad --at: 256"),
    (["inspect", "--at", "x", "x"], "bad --at: x"),
    (["inspect", "--format", "png", "x"], "bad --format: png: give text or svg"),
    (["inspect", "--at", "1", "--halt", "x"], "--at and --halt exclude each other"),
    (["inspect", "--stats", "x"], "unknown option: --stats"),
])
def test_bad_usage_is_status_2_and_one_line(arguments, text):
    assert_one_line(run_vmm(*arguments), 2, text)


def test_missing_image():
    assert_one_line(run_vmm("run", "/nonexistent"), 125, "cannot read image: /nonexistent: No such file or directory")


def test_image_that_is_a_folder(tmp_path):
    assert_one_line(run_vmm("run", tmp_path), 125, "not a regular file")


def test_empty_image(tmp_path):
    image = tmp_path / "empty"
    image.touch()

    assert_one_line(run_vmm("run", image), 125, "the image is empty")


CORPUS = TREE / "tests" / "fuzz" / "elf" / "corpus"
LOADER_MESSAGES = {
    "magic_only": "ELF header is truncated: 4 of 64 bytes",
    "header_truncated": "ELF header is truncated: 63 of 64 bytes",
    "segments_truncated": "ELF program headers lie outside the file",
    "data_truncated": "lies outside the file",
    "class_32": "not a 64-bit ELF file",
    "big_endian": "not a little-endian ELF file",
    "version_0": "unknown ELF version",
    "machine_arm": "not an x86-64 ELF file: machine 183",
    "type_dyn": "not an executable ELF file: type 3",
    "no_segments": "ELF file has no program headers",
    "only_note": "ELF file has no PT_LOAD segment",
    "interp": "ELF file needs a dynamic loader",
    "phentsize_32": "ELF program headers have 32 bytes each, not 56",
    "phnum_max": "ELF file has 65535 program headers: at most 64",
    "phoff_wild": "ELF program headers lie outside the file",
    "offset_wild": "lies outside the file",
    "memsz_small": "0x2 bytes in memory but 0x5 in the file",
    "memsz_wild": "do not fit into 65536 KiB of memory: raise --mem",
    "address_wild": "do not fit into 65536 KiB of memory: raise --mem",
    "address_boot": "overlaps the boot tables",
    "overlap": "overlaps another one",
    "vaddr_high": "differs from physical",
    "entry_outside": "ELF entry point 0x200000 lies outside every loaded segment",
    "entry_before": "ELF entry point 0xfffff lies outside every loaded segment",
}


@pytest.mark.parametrize("name", sorted(LOADER_MESSAGES))
def test_broken_elf_image_is_named(name):
    assert_one_line(run_vmm("run", CORPUS / name), 125, LOADER_MESSAGES[name])


def test_every_broken_image_of_the_corpus_is_tested():
    works = {"good", "good_two_segments", "good_with_note", "flat", "flat_one_byte", "address_end"}
    assert {file.name for file in CORPUS.iterdir()} == set(LOADER_MESSAGES) | works | {"empty"}


def test_image_larger_than_memory(tmp_path):
    image = tmp_path / "large"
    image.write_bytes(b"\xf4")
    os.truncate(image, 64 << 20)

    assert_one_line(run_vmm("run", image), 125, "does not fit above 0x100000 in 65536 KiB of memory: raise --mem")


def test_too_many_guest_arguments():
    assert_one_line(run_vmm("run", GUESTS / "hello.elf", *["x"] * 17), 125, "17 guest arguments: at most 16")


def test_guest_arguments_too_long():
    assert_one_line(run_vmm("run", GUESTS / "hello.elf", "x" * 3000), 125, "guest arguments: more than 2048 bytes")


def test_device_that_is_missing():
    result = run_vmm("run", "--accel", "/dev/nonexistent", GUESTS / "hello.elf")

    assert_one_line(result, 125, "cannot open accelerator: /dev/nonexistent: No such file or directory: ")


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_device_that_is_something_else(device):
    result = run_vmm("run", "--accel", device, GUESTS / "hello.elf")

    assert_one_line(result, 125, f"cannot use accelerator: {device}: it does not speak the KVM ABI: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root opens everything")
def test_device_without_permission(tmp_path: Path):
    device = tmp_path / "device"
    device.touch(mode=0)

    assert_one_line(run_vmm("run", "--accel", device, GUESTS / "hello.elf"), 125, "run as root, or join the group")


def test_json_that_cannot_be_written():
    result = run_vmm("run", "--json", "/nonexistent/x", GUESTS / "hello.elf")

    assert_one_line(result, 125, "cannot write --json: /nonexistent/x: No such file or directory")

