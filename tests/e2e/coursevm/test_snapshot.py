"""Snapshots: restored machines are fresh ones."""
from __future__ import annotations

import time

from vm import cache


def test_restored_machines_do_not_see_each_other(vm):
    assert vm("sh", "-c", "echo one > /left-behind; echo one > /virtlab/left-behind").status == 0
    assert b"left-behind" not in vm("sh", "-c", "ls / /virtlab; true").stdout


def test_restored_machine_has_the_time_and_entropy_of_its_own(vm):
    script = "date +%s; head -c 16 /dev/urandom | od -An -tx8"
    first, second = [vm("sh", "-c", script).stdout.decode().split() for _ in range(2)]
    assert abs(int(first[0]) - time.time()) < 60
    assert first[1:] != second[1:]


def test_useless_snapshot_falls_back_to_a_boot(vm):
    ended = vm("sh", "-c", "echo booted", options=("--snapshot", "--mem", "600M"))
    assert ended.stdout == b"booted\n"
    newest = max(cache.directory().glob("snapshot-*"), key=lambda p: p.stat().st_mtime)
    try:
        (newest / "state").write_bytes(b"not a machine")
        ended = vm("sh", "-c", "echo booted", options=("--snapshot", "--mem", "600M"))
    finally:
        cache.remove(newest)
    assert (ended.status, ended.stdout) == (0, b"booted\n")
    assert ended.stderr.count("snapshot not usable, booting instead") == 1
