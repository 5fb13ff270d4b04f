"""Lab 06: the reference, the skeleton, box as a user meets it, and the models that judge it."""
from __future__ import annotations

import io
import os
import random
import re
import subprocess
import tarfile
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab_runs import TREE, grade, labs, markers, rewritten

from grading import submission
from grading.outcome import Failure

LAB = labs.find("06")
checks = LAB.checks()
import costs  # noqa: E402  (beside the lab's checks)
import filtered  # noqa: E402
import layered  # noqa: E402
import scenes  # noqa: E402

FOLDER = TREE / "labs/06-containers"


def test_the_reference_earns_all_points(tmp_path: Path) -> None:
    graded = grade(tmp_path, None, lab="06")
    assert graded.status == 0 and graded.earned == 100, str(graded)


def test_the_skeleton_earns_nothing_on_the_host(skeletons: Callable[[str], Path], tmp_path: Path) -> None:
    graded = grade(tmp_path, skeletons("06"), "--host-only", "--quiet", lab="06")
    assert graded.status == 0 and graded.earned == 0, str(graded)


@pytest.mark.slow
def test_the_skeleton_earns_nothing(skeletons: Callable[[str], Path], tmp_path: Path) -> None:
    graded = grade(tmp_path, skeletons("06"), lab="06")
    assert graded.status == 0 and graded.earned == 0, str(graded)
    assert all(step["sentence"] for step in graded.grade["steps"])


def test_the_skeleton_compiles_without_a_warning_that_matters(skeletons: Callable[[str], Path], tmp_path: Path) -> None:
    done = subprocess.run(["make", "-C", FOLDER / "box", f"O={tmp_path}", f"MINE={skeletons('06')}"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [line for line in done.stderr.splitlines() if "warning:" in line]
    assert all(re.search("unused|defined but not used|may be used uninitialized", line) for line in found), done.stderr


def test_markers_stand_in_the_files_that_the_handout_names() -> None:
    text = (FOLDER / "README.md").read_text()
    counts = {"once": 1, "twice": 2, "three": 3, "four": 4, "five": 5}
    for step in LAB.steps:
        row = re.search(rf"^\| {step.number} [^|]*\|([^|]*)\|", text, re.MULTILINE)
        assert row
        [path] = submission.files_of_step(LAB, step.number)
        regions = [r for r in markers.regions((TREE / path).read_text(), "06", path) if r.step == step.number]
        word = re.search(r", (\w+)", row[1])
        assert Path(path).name in row[1] and len(regions) == (counts[word[1]] if word else 1)


# --- box itself, here ---

@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("box")
    subprocess.run(["make", "-C", FOLDER / "box", f"O={out}"], check=True, capture_output=True)
    return out / "box"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that a box's root, another user, may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("image") / "busybox"
    done = subprocess.run([FOLDER / "image", "busybox", made], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(done.stderr.strip())
    return made


def run(box: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([box, *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)


def test_a_command_runs_and_its_status_comes_out(box: Path, image: Path, open_folder: Path) -> None:
    done = run(box, "--name", "here", "--folder", open_folder / "f", image, "sh", "-c",
               "hostname; cat /etc/motd; ls /data; kill -9 $$")
    assert done.stdout == "here\nthe upper layer's\nkept\nnew\n" and done.returncode == 137, done.stderr
    assert not (open_folder / "f").exists()


def test_a_folder_that_its_root_may_not_enter_is_told(box: Path, image: Path, tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o700)
    done = run(box, "--folder", tmp_path / "shut/f", "--ids", "100000:1000" if not os.geteuid() else f"{os.geteuid()}:1",
               image, "true")
    if not os.geteuid():
        assert done.returncode == 125 and "enter each folder on the way?" in done.stderr
    assert not (tmp_path / "shut/f").exists()


@pytest.mark.parametrize(("words", "says"), [
    ([], "the image is missing"), (["image"], "the command is missing"), (["--frob", "x", "y"], "--frob: no such option"),
    (["--pids", "x", "i", "c"], "--pids x: a number from 2"), (["--memory", "1T", "i", "c"], "--memory 1T: a number, and K, M or G"),
    (["--name", "a/b", "i", "c"], "--name a/b"), (["--ids", "5", "i", "c"], "--ids 5: BASE:COUNT"),
    (["--caps", "all", "i", "c"], "no such capability: all"), (["--wire", "1.2.3.4", "i", "c"], "--wire 1.2.3.4: as 10.1.2.2"),
    (["--weight", "0", "i", "c"], "--weight 0: a number from 1 to 10000"), (["--folder", "a,b", "i", "c"], "--folder a,b"),
])
def test_bad_usage_is_told_in_a_line(box: Path, words: list[str], says: str) -> None:
    done = run(box, *words)
    assert done.returncode == 125 and says in done.stderr and done.stderr.count("\n") == 1, done.stderr


def layer(*entries: tuple[str, str, str]) -> bytes:
    """(name, type, link or words)."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, kind, words in entries:
            info = tarfile.TarInfo(name)
            info.type = {"file": tarfile.REGTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE,
                         "folder": tarfile.DIRTYPE, "device": tarfile.CHRTYPE}[kind]
            info.size = len(words) if kind == "file" else 0
            info.linkname = words if kind in ("link", "hard") else ""
            tar.addfile(info, io.BytesIO(words.encode()))
    return data.getvalue()


def of_layers(folder: Path, *layers: bytes) -> Path:
    folder.mkdir()
    for n, data in enumerate(layers):
        (folder / f"{n}.tar").write_bytes(data)
    (folder / "layers").write_text("".join(f"{n}.tar\n" for n in range(len(layers))))
    return folder


@pytest.mark.parametrize(("entries", "says"), [
    ([("../victim", "file", "x")], "'..' in its name"),
    ([("a/../../victim", "file", "x")], "'..' in its name"),
    ([("out", "link", "VICTIM"), ("out/file", "file", "x")], "no folder of this layer"),
    ([("out", "hard", "../../victim")], "'..' in its name"),
    ([("out", "hard", "missing")], "not in this layer"),
    ([("dev/sda", "device", "")], "its type is unknown here"),
    ([(".wh...", "file", "")], "takes away what no layer may"),
    ([(".wh.", "file", "")], "takes away what no layer may"),
])
def test_a_layer_that_means_no_good_is_refused(box: Path, tmp_path: Path, entries: list[tuple[str, str, str]],
                                               says: str) -> None:
    (tmp_path / "victim").mkdir()
    made = of_layers(tmp_path / "i", layer(*((n, k, w.replace("VICTIM", str(tmp_path / "victim"))) for n, k, w in entries)))
    done = run(box, "--folder", tmp_path / "f", made, "true")
    assert done.returncode == 125 and says in done.stderr, done.stderr
    assert not list((tmp_path / "victim").iterdir()) and not (tmp_path / "f").exists()


@pytest.mark.parametrize("name", ["proc", "dev"])
def test_a_link_in_the_image_leads_nobody_outside(box: Path, open_folder: Path, name: str) -> None:
    (open_folder / "victim").mkdir()
    made = of_layers(open_folder / "i", layer((name, "link", str(open_folder / "victim"))))
    done = run(box, "--folder", open_folder / "f", made, "true")
    assert done.returncode == 125 and f"the image's /{name} is not a folder" in done.stderr, done.stderr
    assert not list((open_folder / "victim").iterdir()) and not (open_folder / "f").exists()


def test_a_layer_that_is_damaged_is_an_error_and_no_crash(box: Path, open_folder: Path) -> None:
    rng = random.Random(6)
    whole = layer(("a/b", "file", "x" * 700), ("c", "link", "a"), ("a/.wh.d", "file", ""))
    for n in range(150):
        data = bytearray(whole[:rng.randrange(len(whole))] if n % 3 else whole)
        for _ in range(rng.randrange(4) if data else 0):
            data[rng.randrange(len(data))] = rng.randrange(256)
        made = of_layers(open_folder / f"i{n}", bytes(data))
        done = run(box, "--folder", open_folder / "f", made, "true")
        assert done.returncode in (125, 127) and done.stderr.startswith("box: "), (n, done)
        assert not (open_folder / "f").exists(), n


# --- the models ---

def test_the_machine_for_filters_agrees_with_the_rules() -> None:
    """A filter by hand: mount() is refused, others pass; and what the kernel would not take."""
    refuse = [(0x20, 0, 0, 0), (0x15, 0, 1, 165), (0x06, 0, 0, filtered.ERRNO | 1), (0x06, 0, 0, filtered.ALLOW)]
    assert filtered.run(refuse, filtered.Call(165)) == filtered.ERRNO | 1
    assert filtered.run(refuse, filtered.Call(166)) == filtered.ALLOW
    rule = filtered.Rule(16, 1, 0xFFFFFFFF, 0x5412, filtered.ERRNO | 1)
    assert filtered.verdict([rule], filtered.ALLOW, filtered.Call(16, args=(0, 0x700005412, 0, 0, 0, 0))) == filtered.ERRNO | 1
    assert filtered.verdict([rule], filtered.ALLOW, filtered.Call(16, filtered.I386)) == filtered.KILL_PROCESS


@pytest.mark.parametrize("octets", [b"", b"1234567", bytes.fromhex("2000000001000000" "0600000000000000"),
                                    bytes.fromhex("1500050000000000" "0600000000000000"), bytes.fromhex("2000000000000000")])
def test_what_the_kernel_would_not_take_is_refused(octets: bytes) -> None:
    with pytest.raises(filtered.Refused):
        filtered.decode(octets)


def test_a_whiteout_hides_what_is_below_and_nothing_else() -> None:
    base, top = layered.Layer(), layered.Layer()
    base.file("a/old", "1")
    base.file("b", "2")
    top.file("a/new", "3")
    top.hide("a")
    top.hide("b")
    assert layered.merged([base, top]) == {"a": None, "a/new": "3"}
    assert layered.merged([top, base]) == {"a": None, "a/new": "3", "a/old": "1", "b": "2"}


def test_a_report_with_holes_is_a_failure_and_no_trouble_of_ours() -> None:
    plan = scenes.draw(1)
    for text in ("", "[]", "{}", '{"life": []}', '{"life": [["start", "a", "ok here"], ["look", "a", "begin", {}]]}',
                 '{"life": [["start", "a", "ok here"], ["look", "a", "begin", {"witness": 7}]]}'):
        with pytest.raises(Failure):
            scenes.judge(plan, text, "")


@pytest.mark.slow
def test_a_box_that_answers_for_its_command_is_found_out(tmp_path: Path) -> None:
    """It prints what the witness would, and runs nothing."""
    student = rewritten("06", tmp_path / "student", 1, """\
	extern int printf(const char *format, ...);

	for (int i = 0; i < 400; i++)
		printf("ok here\\n");
	return (pid_t)-1;""")
    graded = grade(tmp_path / "out", student, "--quiet", "--step", "1", lab="06")
    assert graded.status == 0 and graded.part(1, "course VM")["verdict"] == "fail", str(graded)


# --- step 8 ---

def text_of_the_reference() -> str:
    return (FOLDER / "answers.toml").read_text()


def judge(text: str, monkeypatch: pytest.MonkeyPatch, faster: float = 1, net: float = 1) -> None:
    given = tomllib.loads(text_of_the_reference())
    monkeypatch.setattr(costs, "clone", lambda program: {
        name: us / faster * (net if name == "net" else 1) for name, us in given["clone"].items()})
    monkeypatch.setattr(costs, "calls", lambda program, drawn: {name: ns / faster for name, ns in given["calls"].items()})
    costs.judge(text, lambda: Path("/nowhere"))


@pytest.mark.parametrize("faster", [0.3, 1, 5])
def test_a_faster_machine_makes_no_difference(monkeypatch: pytest.MonkeyPatch, faster: float) -> None:
    judge(text_of_the_reference(), monkeypatch, faster)


def test_ratios_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Failure, match="clone: net costs .* times what process does, you say; here it is"):
        judge(text_of_the_reference(), monkeypatch, net=0.2)


@pytest.mark.parametrize("busy", [0, 1, 2, 3])
def test_a_grader_that_is_busy_measures_again(monkeypatch: pytest.MonkeyPatch, busy: int) -> None:
    given = tomllib.loads(text_of_the_reference())["clone"]
    measured = iter([given | {"process": 5 * given["process"]}] * busy + [given] * 3)
    ask = {"clone": given}
    if busy < 3:
        costs.alike(ask, "clone", lambda: next(measured), "process")
        assert len(list(measured)) == 2, "no more often than it has to"
    else:
        with pytest.raises(Failure, match="here it is"):
            costs.alike(ask, "clone", lambda: next(measured), "process")


@pytest.mark.parametrize(("old", "new", "says"), [
    (r"student = .*", 'student = " "', "does not name a student"), (r"forks = .*", "forks = true", "forks is not True"),
    (r"cpu_seconds = .*", "cpu_seconds = 39.0", "cpu_seconds is not 39.0"),
    (r"predicted = .*", 'predicted = ["net"]', "predicted should have"),
    (r"clone = .*", "clone = 7", "no number for clone"), (r"write = .*", "write = { first = 1, second = 1 }", "write: the first"),
    (r"compute = .*", "compute = { outside = 5000, inside = 9000 }", "compute: there should be"), (r"why_net = .*", 'why_net = "luck"', "should be one of"),
])
def test_answers_that_cannot_be_are_told(monkeypatch: pytest.MonkeyPatch, old: str, new: str, says: str) -> None:
    text, count = re.subn(rf"(?m)^{old}", new, text_of_the_reference(), count=1)
    assert count == 1
    with pytest.raises(Failure, match=re.escape(says)):
        judge(text, monkeypatch)
