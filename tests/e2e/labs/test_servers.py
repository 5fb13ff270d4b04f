"""Lab 08: the reference, the skeleton, submissions that cheat, and how figures are judged."""
from __future__ import annotations

import random
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from lab_runs import TREE, Graded, grade, labs, rewritten, run

from grading import markers, submission
from grading.hosttest import Host
from grading.outcome import Failure

LAB = labs.find("08")
checks = LAB.checks()
import asked_of_timers  # noqa: E402  (beside the lab's checks)
import measured  # noqa: E402

# Steps that are tried each day; all of them in test-all.
DAILY = (2, 4, 7)
# Steps whose skeleton is found out without a wait for what does not come.
QUICK = (1, 2, 8)


def test_the_reference_earns_the_points_of_these_steps(tmp_path: Path) -> None:
    graded = grade(tmp_path, None, *(word for n in DAILY for word in ("--step", str(n))), lab="08")
    assert graded.status == 0 and not graded.lost and len(graded.grade["steps"]) == len(DAILY), str(graded)


@pytest.mark.slow
def test_the_reference_earns_all_points(tmp_path: Path) -> None:
    graded = grade(tmp_path, None, lab="08")
    assert graded.status == 0 and graded.earned == 100, str(graded)
    assert [part["name"] for step in graded.grade["steps"] for part in step["parts"]] == ["host tests"] * 8


def loses(steps: tuple[int, ...], student: Path, out: Path) -> None:
    graded = grade(out, student, "--quiet", *(word for n in steps for word in ("--step", str(n))), lab="08")
    assert graded.status == 0 and graded.earned == 0, str(graded)
    assert all(step["sentence"] for step in graded.grade["steps"])


def test_the_skeleton_earns_nothing_where_that_is_soon_found(skeletons: Callable[[str], Path], tmp_path: Path) -> None:
    loses(QUICK, skeletons("08"), tmp_path)


@pytest.mark.slow
def test_the_skeleton_earns_nothing(skeletons: Callable[[str], Path], tmp_path: Path) -> None:
    loses(tuple(step.number for step in LAB.steps), skeletons("08"), tmp_path)


def test_the_skeleton_compiles_and_what_it_needs_is_there(skeletons: Callable[[str], Path], tmp_path: Path) -> None:
    """As `make userland` does, warnings and all."""
    steps = {step.number for step in LAB.steps}
    composed = submission.compose(LAB, submission.load(LAB, skeletons("08")), steps)
    for path, text in composed.items():
        if not path.endswith(".c"):
            continue
        source = tmp_path / Path(path).name
        source.write_text(text)
        folder = (TREE / path).parent
        done = subprocess.run(
            ["gcc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE", f"-I{TREE}/userland/lib", f"-I{folder}",
             "-c", "-o", "/dev/null", source], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found = [line for line in done.stderr.splitlines() if "warning:" in line]
        assert all(re.search("unused|defined but not used|may be used uninitialized|is used uninitialized", line)
                   for line in found), done.stderr


def test_markers_stand_in_the_order_of_the_files() -> None:
    """Each step has regions, in the files that the handout's table names."""
    text = (LAB.folder / "README.md").read_text()
    for step in LAB.steps:
        row = re.search(rf"^\| {step.number} [^|]*\|([^|]*)\|", text, re.MULTILINE)
        assert row
        named = set(re.findall(r"\w+\.(?:c|toml)", row[1]))
        assert named == {Path(path).name for path in submission.files_of_step(LAB, step.number)}


# --- who would rather not write a server ---

def on_host(tmp_path: Path, step: int, body: str, region: int = 0) -> Graded:
    student = rewritten("08", tmp_path / "student", step, body, region)
    graded = grade(tmp_path / "out", student, "--quiet", "--step", str(step), lab="08")
    assert graded.status == 0 and graded.earned == 0, str(graded)
    return graded


def region_of(name: str, step: int) -> int:
    """Which of a step's regions, in the order of file names, is the first one of this file."""
    seen = 0
    for path in sorted((path for path in LAB.files if path.endswith(".c")), key=lambda path: Path(path).name):
        if Path(path).name == name:
            return seen
        seen += sum(r.step == step for r in markers.regions((TREE / path).read_text(), "08", Path(path).name))
    raise AssertionError(name)


def test_what_does_not_compile_is_graded_with_the_line(tmp_path: Path) -> None:
    sentence = on_host(tmp_path, 2, "\tthis is not C;").step(2)["sentence"]
    assert re.search(r"does not compile: design_process\.c:\d+:\d+: unknown type name", sentence)


def test_a_crash_is_graded_with_the_line(tmp_path: Path) -> None:
    body = "\t\t*(volatile int *)0x1230 = 1;"
    sentence = on_host(tmp_path, 1, body, region_of("design_sequential.c", 1)).step(1)["sentence"]
    assert "SIGSEGV" in sentence and re.search(r"serve_sequential\(\), design_sequential\.c:\d+", sentence)


def test_who_owns_the_process_gains_nothing_and_harms_nothing(tmp_path: Path) -> None:
    victim, forged = tmp_path / "victim", tmp_path / "out" / "grade.json"
    victim.write_text("still here")
    for path in (tmp_path, victim):
        path.chmod(0o777)
    graded = on_host(tmp_path, 1, f"""\
	extern int kill(int pid, int sig);
	extern int unlink(const char *path);
	extern int open(const char *path, int flags, ...);
	extern int fork(void);
	extern int pause(void);

	unlink("{victim}");
	open("{forged}", 0102, 0666);
	kill(-1, 9);
	kill(1, 9);
	for (int i = 0; i < 100000; i++)
		if (!fork())
			for (;;)
				pause();""", region_of("design_sequential.c", 1))
    assert victim.read_text() == "still here" and graded.step(1)["earned"] == 0


def test_an_early_exit_with_status_0_gains_nothing(tmp_path: Path) -> None:
    on_host(tmp_path, 2, "\t\t_exit(0);", 1)


def test_what_a_queue_prints_is_no_answer(tmp_path: Path) -> None:
    """It knows what the probe would say to "put", and not what will be asked for."""
    graded = on_host(tmp_path, 3, """\
	extern int printf(const char *format, ...);

	for (int i = 0; i < 1000; i++)
		printf("put %d\\ntook %d\\n", i, i);""", region_of("queue.c", 3))
    assert "The queue" in graded.step(3)["sentence"]


@pytest.mark.slow
def test_an_answer_without_an_end_is_a_failure_and_not_our_trouble(monkeypatch: pytest.MonkeyPatch,
                                                                   tmp_path: Path) -> None:
    monkeypatch.setattr(checks, "LIMIT", 8)
    student = rewritten("08", tmp_path / "student", 2, """\
	extern long write(int fd, const void *buf, unsigned long n);
	extern int usleep(unsigned int us);

	while (write(fd, "H", 1) == 1)
		usleep(100000);""", region_of("design_process.c", 2))
    composed = submission.compose(LAB, submission.load(LAB, student), {2})
    host = Host(LAB.folder, composed, tmp_path / "work", TREE / "build/obj/labs/objects", random.Random(1))
    with pytest.raises(Failure, match="A process for each connection: no end in 8 s"):
        checks.host(2, host)


# --- the wheel ---

def wheel(lines: str, *answers: str) -> None:
    asked_of_timers.judge_wheel(lines.split("; "), list(answers), None)


def test_a_wheel_may_be_late_but_not_too_late() -> None:
    wheel("begin 1000; set 1 1500; at 1400; at 1600; at 1627", "3 -", "4 -", "5 1")
    with pytest.raises(Failure, match="should have expired by 1628"):
        wheel("begin 1000; set 1 1500; at 1627; at 1628", "3 -", "4 -")


@pytest.mark.parametrize(("lines", "answers", "says"), [
    ("begin 1000; set 1 1500; at 1499", ["3 1"], "should not expire before"),
    ("begin 1000; set 1 1100; clear 1; at 1300", ["4 1"], "not running"),
    ("begin 1000; set 1 1100; at 1300", ["3 1 1"], "not running"),
    ("begin 1000; set 1 1100; set 1 9000; at 1300", ["4 1"], "should not expire before"),
    ("begin 1000; set 1 1100; at 1300", [], "no answer came"),
])
def test_a_wheel_that_is_wrong_is_told(lines: str, answers: list[str], says: str) -> None:
    with pytest.raises(Failure, match=says):
        wheel(lines, *answers)


# --- step 8 ---

def answers_of_the_reference() -> dict:
    return tomllib.loads((LAB.folder / "answers.toml").read_text())


class Here:
    """A machine that needs exactly what the reference's answers say, or some multiple."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, faster: float = 1, **other: float) -> None:
        given = answers_of_the_reference()
        monkeypatch.setattr(measured, "keep_alive",
                            lambda tools, design: (given["keep_alive"][design] / faster, 1.0))
        monkeypatch.setattr(measured, "close",
                            lambda tools, design: given["close"][design] / faster * other.get(design, 1))


def judge(text: str) -> None:
    measured.judge(text, lambda: None)  # type: ignore[arg-type, return-value]


def text_of_the_reference() -> str:
    return (LAB.folder / "answers.toml").read_text()


@pytest.mark.parametrize("faster", [0.3, 1, 5])
def test_a_faster_machine_makes_no_difference(monkeypatch: pytest.MonkeyPatch, faster: float) -> None:
    Here(monkeypatch, faster)
    judge(text_of_the_reference())


def test_ratios_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    Here(monkeypatch, process=0.1)
    with pytest.raises(Failure, match="close: process needs .* times what sequential does, you say; here it is"):
        judge(text_of_the_reference())


def test_an_experiment_belongs_to_a_name() -> None:
    assert measured.of("Ada Lovelace") == measured.of("  ada  LOVELACE ")
    assert len({measured.of(f"student {i}") for i in range(100)}) > 95


@pytest.mark.parametrize(("old", "new", "says"), [
    (r'student = "reference"', 'student = " "', "does not name a student"),
    (r"predicted_close = .*", 'predicted_close = ["event"]', "predicted_close should have"),
    (r"pool_serves = .*", "pool_serves = 40", "pool_serves is not 40"),
    (r"sequential_serves = .*", "sequential_serves = true", "sequential_serves is not True"),
    (r"wait = .*", "wait = { event = 1e6, helpers = 1, thread = 1 }", "wait.event cannot be"),
    (r"work = .*", "work = { process = 1, thread = 1, event = 1 }", "work.process cannot be"),
    (r"switches = .*", "switches = { sequential = 0.1, event = 0.9 }", "switches: a server with one client"),
    (r"close = \{ sequential = [\d.]+", "close = { sequential = -1", "no number for close.sequential"),
    (r"close = \{ sequential = [\d.]+", "close = { sequential = nan", "no number for close.sequential"),
    (r"why_event_wait = .*", 'why_event_wait = "memory"', "why_event_wait is not memory"),
    (r"why_event_wait = .*", 'why_event_wait = "luck"', "should be one of"),
])
def test_an_answer_that_cannot_be_loses(monkeypatch: pytest.MonkeyPatch, old: str, new: str, says: str) -> None:
    Here(monkeypatch)
    text, count = re.subn(rf"^{old}", new, text_of_the_reference(), flags=re.MULTILINE)
    assert count == 1
    with pytest.raises(Failure) as told:
        judge(text)
    assert says in told.value.why


def test_measure_without_a_name_says_what_to_do() -> None:
    done = subprocess.run([LAB.folder / "measure"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "give the name" in done.stderr


def test_try_asks_the_wheel(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("begin 1000\nset 7 1500\nat 1499\nat 1700\n")
    done = run("try", "08", tmp_path / "x")
    assert (done.returncode, done.stdout) == (0, "at 1499: -\nat 1700: 7\n"), done.stderr
