"""Lab 07: how the ledger that came out of the course VM is judged, here, from files."""
from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lab_runs import LABS, labs

from grading.module import Run
from grading.outcome import Failure

labs.find("07").checks()
import ledger  # noqa: E402  (beside the lab's checks)
from urn import Urn  # noqa: E402

SEED = 4711
MASK = (1 << 64) - 1
FROM_KEY, IDLE = 0xFFFFFFFF, 26
Entry = tuple[int, int, int]


def piece(start: int, owner: int) -> int:
    """One piece of work, as guest/ledger.h has it."""
    z = start ^ (owner + 1) * 0x9E3779B97F4A7C15 & MASK
    for _ in range(4000):
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z | 1


def worked(owners: str, key: int) -> list[Entry]:
    """A ledger of tasks that never met in the middle of a piece."""
    entries: list[Entry] = []
    for owner in owners:
        number = IDLE if owner == "-" else ord(owner) - ord("a")
        newest = entries[-1][2] if entries else key
        entries.append((number, len(entries) - 1 if entries else FROM_KEY, piece(newest, number)))
    return entries


OWNERS = "abbaccab-bca"
TINY = ledger.Workload("tiny", "a tiny one", (), len(OWNERS) * ledger.PIECE, lambda _: None, "")
KEY = ledger.key_of(SEED, "tiny")
RIGHT = worked(OWNERS, KEY)


@pytest.fixture(scope="session")
def verify(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("verify") / "verify"
    subprocess.run(["gcc", "-static", "-O2", "-o", program, LABS / "07-shares-and-credits/host/verify.c"], check=True)
    return program


@pytest.fixture
def judge(verify: Path, tmp_path: Path) -> Callable[[list[Entry]], ledger.Ledger]:
    def read(entries: list[Entry], key: int = KEY) -> ledger.Ledger:
        (tmp_path / "tiny.ledger").write_bytes(b"".join(struct.pack("<IIQ", *entry) for entry in entries))
        return ledger.read_ledger(Run(tmp_path), verify, key, TINY, ledger.PIECE_MOST)
    return read


def changed(place: int, **new: int) -> list[Entry]:
    """The right ledger with one field of one entry changed."""
    owner, start, proof = RIGHT[place]
    entry = (new.get("owner", owner), new.get("start", start), new.get("proof", proof))
    return [*RIGHT[:place], entry, *RIGHT[place + 1:]]


def test_work_that_was_done_is_the_schedule(judge: Callable[..., ledger.Ledger]) -> None:
    assert judge(RIGHT).owners == OWNERS


def test_a_place_taken_and_not_filled_is_left_out(judge: Callable[..., ledger.Ledger]) -> None:
    assert judge([*RIGHT, (0, 0, 0)]).owners == OWNERS


def test_a_piece_may_stand_on_an_older_one_than_the_last(judge: Callable[..., ledger.Ledger]) -> None:
    """b begins, is stopped, a does what is left, b finishes."""
    entries = worked("a" * (len(OWNERS) - 1), KEY)
    entries.append((1, 0, piece(entries[0][2], 1)))
    assert judge(entries).owners == "a" * (len(OWNERS) - 1) + "b"


@pytest.mark.parametrize(("entries", "says"), [
    (changed(5, proof=RIGHT[5][2] ^ 2), "entry 5 is not the work it should be"),
    (changed(5, owner=0), "entry 5 is not the work it should be"),
    (changed(11, owner=1), "entry 11 is not the work it should be"),
    (changed(5, owner=27), "entry 5 has no owner"),
    (changed(5, start=7), "entry 5 does not stand on an earlier one"),
    (changed(5, start=5), "entry 5 does not stand on an earlier one"),
    ([*RIGHT[:3], RIGHT[4], RIGHT[3], *RIGHT[5:]], "entry 3 does not stand on an earlier one"),
    ([*RIGHT[:4], *RIGHT[5:]], "entry 4"),
    ([*RIGHT, RIGHT[-1]], "entry 12 does not stand on an earlier one"),
    ([*RIGHT, (0, FROM_KEY, piece(KEY, 0))], "entry 12 does not stand on an earlier one"),
], ids=["proof", "another's", "the-last-another's", "no-owner", "later", "itself", "order", "gap", "twice", "again"])
def test_a_forged_ledger_is_found(judge: Callable[..., ledger.Ledger], entries: list[Entry], says: str) -> None:
    with pytest.raises(Failure, match=says):
        judge(entries)


def test_a_ledger_of_another_key_is_found(judge: Callable[..., ledger.Ledger]) -> None:
    with pytest.raises(Failure, match="entry 0 is not the work it should be"):
        judge(RIGHT, KEY + 2)


@pytest.mark.parametrize("entries", [[], RIGHT[:-2], [*RIGHT[:-1], *[(0, 0, 0)] * 9]], ids=["none", "few", "holes"])
def test_too_little_work_means_that_the_cpu_was_idle(judge: Callable[..., ledger.Ledger], entries: list[Entry]) -> None:
    with pytest.raises(Failure, match="pieces of work at least should have been done"):
        judge(entries)


def test_a_ledger_that_is_a_link_is_not_followed(judge: Callable[..., ledger.Ledger], verify: Path, tmp_path: Path) -> None:
    judge(RIGHT)
    (tmp_path / "tiny.ledger").rename(tmp_path / "real")
    (tmp_path / "tiny.ledger").symlink_to(tmp_path / "real")
    with pytest.raises(Failure):
        ledger.read_ledger(Run(tmp_path), verify, KEY, TINY, ledger.PIECE_MOST)


# --- what is judged in a ledger whose work was done ---

PER_MS = 10
SLOT = ledger.SLOT * PER_MS


def wrong(name: str, owners: str) -> str | None:
    workload = next(w for w in ledger.workloads(SEED) if w.name == name)
    return workload.wrong(ledger.Ledger(owners, 1000 / PER_MS))


def weights(name: str) -> dict[str, int]:
    workload = next(w for w in ledger.workloads(SEED) if w.name == name)
    words = [line.split() for line in workload.lines if line.startswith("group")]
    return {word[1]: int(word[2].removeprefix("weight=")) for word in words}


def option(name: str, what: str) -> int:
    lines = " ".join(next(w for w in ledger.workloads(SEED) if w.name == name).lines)
    return int(lines.partition(f" {what}=")[2].split()[0])


def in_turns(groups: dict[str, int], slots: int) -> str:
    """By weight, the furthest behind first."""
    lag = dict.fromkeys(groups, 0.0)
    out = ""
    for _ in range(slots):
        lag = {name: lag[name] + groups[name] / sum(groups.values()) for name in groups}
        next_one = max(lag, key=lambda name: lag[name])
        lag[next_one] -= 1
        out += next_one * SLOT
    return out


def test_share_by_weight_passes_and_taking_turns_does_not() -> None:
    groups = weights("share")
    assert len(set(groups.values())) > 1, "choose another seed"
    assert wrong("share", in_turns(groups, 200)) is None
    assert "within a slot and a half" in (wrong("share", in_turns(dict.fromkeys(groups, 1), 200)) or "")


def test_share_by_weight_in_long_turns_is_too_late() -> None:
    groups = weights("share")
    whole = "".join(name * groups[name] for name in groups)
    assert "within a slot and a half" in (wrong("share", whole * (10_000 // len(whole))) or "")


def test_lottery_must_draw_the_tickets_of_the_seed() -> None:
    groups, seed = weights("lottery"), option("lottery", "seed")
    urn, other = Urn(seed, groups), Urn(seed + 1, groups)
    assert wrong("lottery", "".join(urn.draw("abc") * SLOT for _ in range(300))) is None
    assert "tickets of seed" in (wrong("lottery", "".join(other.draw("abc") * SLOT for _ in range(300))) or "")
    assert "tickets of seed" in (wrong("lottery", in_turns(groups, 300)) or ""), "fair is not enough"


def capped(percent: int, run: int) -> str:
    """Runs of `run` ms, held back for as long as the cap asks."""
    return ("a" * run * PER_MS + "-" * round(run * PER_MS * (100 - percent) / percent)) * (100 // run)


def test_cap_bounds_the_part_each_100_ms_and_the_wait() -> None:
    percent = option("cap", "cap")
    assert wrong("cap", capped(percent, 5)) is None
    assert "of the CPU" in (wrong("cap", capped(percent + 5, 5)) or "")
    assert "in any 100 ms" in (wrong("cap", capped(percent, 60)) or "")
    assert "held back" in (wrong("cap", capped(percent, 20)) or "")


def boosted(late: int) -> str:
    """i wakes, waits, and works; three others take turns."""
    pause = option("boost", "sleep") // 1000
    return "".join(name * (pause + late) * PER_MS + "i" * 8 for name in "abc" * 25)


def test_boost_bounds_the_wait_of_the_woken() -> None:
    assert wrong("boost", boosted(1)) is None
    assert "within 2 ms of waking up" in (wrong("boost", boosted(4)) or "")
    assert "each of the others" in (wrong("boost", boosted(1).replace("c", "a")) or "")


@pytest.mark.parametrize("name", ["credit", "burst"])
def test_savings_last_as_long_as_they_should(name: str) -> None:
    groups = weights(name)
    nap, share = option(name, "delay") // 1000, groups["a"] / sum(groups.values())
    saved = nap * share if name == "credit" else option(name, "burst") // 1000
    should = round((saved - 15) / (1 - share))

    def lasting(ms: int, then: dict[str, int] = groups) -> str:
        return "b" * nap * PER_MS + "a" * ms * PER_MS + in_turns(then, 200)
    assert wrong(name, lasting(should)) is None
    assert "on what it has saved" in (wrong(name, lasting(should + 100)) or "")
    assert "on what it has saved" in (wrong(name, lasting(10)) or "")
    assert "of the CPU" in (wrong(name, lasting(should, {"a": 1, "b": 4})) or "")


def test_what_a_sleeper_leaves_goes_by_weight() -> None:
    groups = weights("unused")
    pause = option("unused", "sleep") // 1000
    hogs = {name: groups[name] for name in "ab"}

    def naps(split: dict[str, int], late: int) -> str:
        ticks = iter(in_turns(split, 400))
        return "".join("".join(next(ticks) for _ in range((pause + late) * PER_MS)) + "c" * SLOT for _ in range(15))
    assert wrong("unused", naps(hogs, 3)) is None
    assert "of what c leaves" in (wrong("unused", naps({"a": 1, "b": 1}, 3)) or "")
    assert "of waking up" in (wrong("unused", naps(hogs, 25)) or "")
