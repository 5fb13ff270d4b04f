"""Deterministic mode: the same seed is the same run, byte for byte."""
from __future__ import annotations

import pytest

# Three shells race, each starting programs: their order is the scheduler's doing.
RACE = ("modprobe kvm-amd npt=0; head -c 16 /dev/urandom | od -x; "
        "for i in 1 2 3; do (for j in 1 2 3 4; do echo $i $j; cat /proc/uptime; "
        "python3 -Sc 'print(sum(range(9999)))'; done) & done; wait; "
        "grep LOC /proc/interrupts; cat /proc/interrupts > /out/interrupts; date >&2; sleep 100")


def transcript(ended) -> tuple:
    files = {p.name: p.read_bytes() for p in ended.out.iterdir()}
    return ended.status, ended.stdout, ended.stderr, files


def order(ended) -> list[bytes]:
    """The order in which the racers came by."""
    return [line for line in ended.stdout.splitlines() if len(line) == 3]


@pytest.mark.slow
def test_same_seed_same_bytes_from_the_boot_on(vm):
    runs = [vm("sh", "-c", RACE, options=("--deterministic", "7")) for _ in range(2)]
    first, again = [transcript(run) for run in runs]
    assert first[0] == 0
    assert {"interrupts", "kernel.log", "verdict"} == set(first[3])
    assert b"Nested Paging disabled" in first[3]["kernel.log"]
    assert first == again


def test_from_a_snapshot_same_seed_same_bytes_and_other_seed_other_schedule(vm):
    vm("true", options=("--snapshot", "--deterministic", "7"))
    runs = [vm("sh", "-c", RACE, options=("--snapshot", "--deterministic", seed))
            for seed in ("7", "7", "8")]
    first, again, other = [transcript(run) for run in runs]
    assert first[0] == 0
    assert first == again
    assert first != other
    assert sorted(order(runs[0])) == sorted(order(runs[2]))
    assert order(runs[0]) != order(runs[2])


def test_guest_sleep_costs_no_time_of_the_host(vm):
    """An hour of the guest's time passes well within the run's ten minutes of ours."""
    ended = vm("sh", "-c", "read a _ < /proc/uptime; sleep 3600; read b _ < /proc/uptime; "
               "echo ${a%.*} ${b%.*}",
               options=("--snapshot", "--deterministic", "1", "--timeout", "120"))
    before, after = ended.stdout.split()
    assert ended.status == 0
    assert 3600 <= int(after) - int(before) <= 3602
