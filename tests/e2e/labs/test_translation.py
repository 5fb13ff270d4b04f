"""Lab 04's own: each region counts; real packets show what is wrong; hostile translators; the crowd of step 8."""
from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path

import hostile
import pytest
from lab_runs import LABS, TREE, Graded, grade, labs, markers, reference, rewritten, run
from test_mutants import ALL

from grading.module import Machine
from grading.outcome import Failure

lab = labs.find("04")
lab.checks()
import crowd  # noqa: E402  (beside the lab's checks)
import datagrams  # noqa: E402
import wire  # noqa: E402
from datagrams import End  # noqa: E402

FOLDER = LABS / "04-virtual-nic"


def regions() -> list[tuple[int, int, str]]:
    """Of C: step, which of the step's, what the skeleton has there. In the order of rewritten()."""
    found, count = [], {}
    for path in sorted(lab.files, key=lambda path: Path(path).name):
        if path.endswith(".c"):
            for region in markers.regions((TREE / path).read_text(), "04", Path(path).name):
                found.append((region.step, count.setdefault(region.step, 0), f"\t{region.skeleton}"))
                count[region.step] += 1
    return found


@pytest.mark.parametrize(("step", "number", "skeleton"), regions())
def test_every_region_counts(step: int, number: int, skeleton: str, tmp_path: Path) -> None:
    student = rewritten("04", tmp_path / "student", step, skeleton, number)
    graded = grade(tmp_path / "out", student, "--host-only", "--quiet", lab="04")
    assert graded.lost == {step}, str(graded)


def test_a_handout_counts_its_regions() -> None:
    """The table of the handout names each step's files and how often."""
    text = (FOLDER / "README.md").read_text()
    numbers = {"": 1, " twice": 2, " three times": 3}
    for step in lab.steps[:-1]:
        column = re.search(rf"^\| {step.number} [^|]*\| ([^|]*) \|", text, re.MULTILINE)[1]
        said = re.findall(r"(\w+\.c)((?:,? (?:twice|three times))?)", column)
        real = {Path(path).name: n for path in lab.files if (n := sum(
            region.step == step.number for region in
            markers.regions((TREE / path).read_text(), "04", Path(path).name)))}
        assert {name: numbers[often.replace(",", "")] for name, often in said} == real, step


# --- real packets ---

# One way of each step to be wrong, and what must tell.
REAL = [
    ("partial_left_alone", "with a wrong TCP sum"),
    ("mapping_for_each_destination", "should be seen from one outside end"),
    ("port_of_any_parity", "one from 1024 on should be given"),
    ("filter_always_open", "should not come to the guest"),
    ("hairpin_to_the_host", "went round through the host"),
    ("error_out_shows_the_inside", "a guest's error about UDP"),
    ("what_goes_out_refreshes_nothing", "after the last one of its own, should come"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "says"), REAL, ids=[name for name, _ in REAL])
def test_real_packets_show_it(name: str, says: str, tmp_path: Path) -> None:
    _, _, path, old, new = next(mutant for owner, mutant in ALL if owner == lab.name and mutant[0] == name)
    composed = {file: (TREE / file).read_text() for file in lab.files}
    composed[path] = composed[path].replace(old, new)
    machine = Machine(lab, "6.12", composed, tmp_path / "work", tmp_path / "out", TREE / "build/obj/labs", 4242)
    with pytest.raises(Failure, match=f"Real packets: .*{says}"):
        lab.checks().vm(machine)


def test_a_plan_is_its_seed_s() -> None:
    assert wire.plan_of(7).actions == wire.plan_of(7).actions != wire.plan_of(8).actions


def test_captures_of_nothing_gain_nothing() -> None:
    with pytest.raises(Failure, match="should be seen outside; it is not"):
        wire.judge(wire.plan_of(7), wire.Captured({name: [] for name in wire.CAPTURES}))


def cooked(kind: int, octets: bytes, length: int | None = None) -> bytes:
    packet = struct.pack("!HHH6s2x", kind, 1, 6, b"") + b"\x08\0" + octets
    return struct.pack("<IIII", 1, 5 * 10**8, len(packet) if length is None else length, 0) + packet


def test_a_capture_is_read_as_far_as_it_can_be() -> None:
    good = datagrams.udp(End("10.9.0.2", 1), End("10.9.0.3", 2))
    head = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 113)
    read = wire.read_pcap(head + cooked(4, good) + cooked(0, good + b"padding") + cooked(0, b"\x4f" + good[1:])
                          + cooked(0, good[:24]) + cooked(0, good, 1 << 31))
    assert [(s.at, s.sent, s.octets) for s in read] == [(1.5, True, good), (1.5, False, good)]
    assert not wire.read_pcap(b"") and not wire.read_pcap(head[:9])


@pytest.mark.parametrize("octets", [
    datagrams.udp(End("192.0.2.1", 1), End("198.51.100.7", 80))[:-1] + b"!",
    datagrams.udp(End("10.9.0.2", 1), End("198.51.100.7", 80)),
])
def test_what_nobody_sent_is_looked_at_too(octets: bytes) -> None:
    """A wrong sum, or an inside address, in whatever is seen outside."""
    seen = wire.Captured({name: [] for name in wire.CAPTURES} | {"wire": [wire.Seen(1, False, octets)]})
    with pytest.raises(Failure, match="wrong UDP sum|an inside address is seen outside"):
        wire.judge(wire.plan_of(7), seen)


# --- hostile ---

def on_host(tmp_path: Path, step: int, body: str, region: int = 0) -> str:
    student = rewritten("04", tmp_path / "student", step, body, region)
    graded = grade(tmp_path / "out", student, "--host-only", "--quiet", lab="04")
    assert graded.status == 0 and graded.lost == {step} and graded.step(step)["earned"] == 0, str(graded)
    return graded.step(step)["sentence"]


def first_line(folder: Path, name: str, step: int) -> int:
    return next(r.first + 1 for r in markers.regions((folder / name).read_text(), "04", name) if r.step == step)


def test_what_does_not_compile_is_graded(tmp_path: Path) -> None:
    sentence = on_host(tmp_path, 5, hostile.NOT_C)
    assert f"does not compile: translate.c:{first_line(tmp_path / 'student', 'translate.c', 5)}:" in sentence


def test_crash_is_graded_with_the_line(tmp_path: Path) -> None:
    sentence = on_host(tmp_path, 5, hostile.SEGFAULT)
    assert f"hairpin(), translate.c:{first_line(tmp_path / 'student', 'translate.c', 5)}" in sentence


def test_early_exit_gains_nothing(tmp_path: Path) -> None:
    on_host(tmp_path, 3, hostile.EARLY_EXIT)


@pytest.mark.slow
def test_endless_loop_ends(tmp_path: Path) -> None:
    assert "does not come to an end" in on_host(tmp_path, 2, hostile.ENDLESS)


def test_a_broken_invariant_is_told(tmp_path: Path) -> None:
    """A port's bit that the student clears himself."""
    sentence = on_host(tmp_path, 3, "\t__clear_bit(be16_to_cpu(port), (unsigned long *)ports->taken[row(protocol)]);\n"
                                    "\treturn !host_has(nat, ports, protocol, be16_to_cpu(port));")
    assert re.search("Invariant N[23] is violated|which another mapping has", sentence), sentence


def in_vm(tmp_path: Path, step: int, before: str) -> str:
    """The reference's own region behind code that acts in the kernel only."""
    student = rewritten("04", tmp_path / "student", step, lambda old: before + old)
    graded = grade(tmp_path / "out", student, "--step", str(step), lab="04")
    assert graded.status == 0 and graded.part(step, "host tests")["verdict"] == "pass", str(graded)
    assert graded.part(step, "course VM")["verdict"] == "fail", str(graded)
    return graded.step(step)["sentence"]


@pytest.mark.slow
def test_oops_is_graded_with_function_and_line(tmp_path: Path) -> None:
    assert re.search(r"NULL pointer dereference.*translate\.c:\d+", in_vm(tmp_path, 5, hostile.OOPS))


@pytest.mark.slow
def test_leaving_by_the_debug_port_gains_nothing(tmp_path: Path) -> None:
    in_vm(tmp_path, 5, hostile.DEBUG_EXIT)


# --- step 8 ---

def true() -> dict[str, int]:
    """What the reference's answers say."""
    text = (TREE / "labs/04-virtual-nic/answers.toml").read_text()
    return {name: int(number) for name, number in re.findall(r"^(\w+) = (\d+)$", text, re.MULTILINE)}


def toml(student: str = "reference", **numbers: int) -> str:
    return "\n".join([f'student = "{student}"', *(f"{k} = {v}" for k, v in (true() | numbers).items())])


def answers(tmp_path: Path, text: str) -> Graded:
    student = reference("04", tmp_path / "student")
    target = student / "answers.toml"
    target.write_text(re.sub(r"(?s)(begin: [^\n]*\n).*(# lab 04 step 8 end)", rf"\1{text}\n\2", target.read_text()))
    return grade(tmp_path / "out", student, "--host-only", "--quiet", "--step", "8", lab="04")


def test_a_crowd_belongs_to_a_name_however_it_is_written() -> None:
    assert crowd.of("Ada Lovelace") == crowd.of("  ada  LOVELACE ")
    assert crowd.of("Ada Lovelace") != crowd.of("Grace Hopper")


def test_ports_run_short_in_every_crowd() -> None:
    for i in range(200):
        drawn = crowd.of(f"student {i}")
        assert len(drawn.flows) > drawn.last - drawn.first + 1
        assert len(set(drawn.flows)) == len({flow[:2] for flow in drawn.flows}) == len(drawn.flows)


@pytest.mark.parametrize("name", crowd.NUMBERS)
def test_a_wrong_number_loses_the_step(name: str, tmp_path: Path) -> None:
    graded = answers(tmp_path, toml(**{name: true()[name] + 1}))
    assert graded.status == 0 and graded.earned == 0, str(graded)
    assert f"{name} is not {true()[name] + 1}" in graded.step(8)["sentence"]
    assert str(true()[name]) not in graded.step(8)["sentence"], "the right number is not told"


@pytest.mark.parametrize(("text", "says"), [
    ("this is not toml", "cannot be read"), ("", "does not name a student"),
    ('student = " "', "does not name a student"),
    ('student = "x"\nkept = true', "no whole number for kept"),
])
def test_answers_that_are_none_lose_the_step(text: str, says: str, tmp_path: Path) -> None:
    graded = answers(tmp_path, text)
    assert graded.earned == 0 and says in graded.step(8)["sentence"], str(graded)


def test_what_a_student_can_measure_is_what_is_asked(tmp_path: Path) -> None:
    """The crowd that is printed, run by labs/try and counted as the handout says."""
    printed = subprocess.run([FOLDER / "crowd", "reference"], capture_output=True, text=True, check=True).stdout
    seen = {}
    for filtered in (0, 1):
        (tmp_path / "crowd.txt").write_text(printed.replace("filter=0", f"filter={filtered}"))
        done = run("try", "04", tmp_path / "crowd.txt")
        assert done.returncode == 0, done.stderr
        seen[filtered] = done.stdout.splitlines()
    flows = len(crowd.of("reference").flows)
    out = [line for line in seen[0] if line.startswith("out ")][:flows]
    ports = [match.groups() for line in out
             if (match := re.match(r"out udp [\d.]+:(\d+) .*\| udp [\d.]+:(\d+) > .*", line)) and "created" in line]

    def came(filtered: int, start: str) -> int:
        return sum(line.startswith(f"in udp {start} ") and ": in " in line for line in seen[filtered])
    assert true() == {
        "kept": sum(a == b for a, b in ports),
        "parity": sum(a != b and int(a) % 2 == int(b) % 2 for a, b in ports),
        "refused": sum(": drop " in line for line in out),
        "stranger": came(0, "203.0.113.99:9"), "friend": came(1, "198.51.100.7:9"),
        "silence": came(0, "198.51.100.7:80"),
    }


def test_crowd_without_a_name_says_what_to_do() -> None:
    done = subprocess.run([FOLDER / "crowd"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "give the name" in done.stderr


def test_the_handout_s_example_is_what_try_prints(tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("nat first=5000 last=5003\nout udp 10.9.0.2:4000 198.51.100.7:80\n"
                                    "in udp 198.51.100.7:80 192.0.2.1:5002\nflows\n")
    said = run("try", "04", tmp_path / "lines").stdout.splitlines()
    text = (FOLDER / "README.md").read_text()
    shown = [re.sub(r"\.\.\.$", "", line.split(": ", 1)[1]) for line in
             re.findall(r"^    ((?:out udp|in udp) \.\.\.: .*|flows: .*)$", text, re.MULTILINE)]
    assert len(said) == len(shown) == 3
    assert all(line.split(": ", 1)[1].startswith(words) for line, words in zip(said, shown))
