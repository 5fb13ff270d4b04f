"""The grader's own test: known wrong submissions lose the step that they break, and no other."""
from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from lab_runs import Graded, edited, grade, labs

from grading import submission

Mutant = tuple[str, int, str, str, str]


def mutants() -> list[tuple[str, Mutant]]:
    """Of every lab: (lab, mutant)."""
    found = []
    for name in labs.names():
        spec = importlib.util.spec_from_file_location("mutants", labs.LABS / name / "mutants.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found += [(name, mutant) for mutant in module.MUTANTS]
    return found


ALL = mutants()
IDS = [mutant[0] for _, mutant in ALL]
# Each day it is enough to grade the step that a mutant breaks: test_mutant_is_the_reference_in_other_steps is why no
# other can be touched. Whole gradings are for test-all.
WHOLE = os.environ.get("PART") == "all"
# Lab 08 runs servers, and waits for what does not come: a few each day, the others for test-all.
SERVERS = "08-four-servers"
# Lab 04 has so many that a part of them will do each day; and what the VM says of the others' steps it has said once.
TRANSLATION = "04-virtual-nic"
# Lab 06 has nearly all of it in the VM, where a step takes half a minute: who needs it waits for test-all.
BOXES = "06-containers"
IN_THE_VM = {"zombies", "chroot_is_not_enough", "nobody_enters", "no_way_out", "bounding_set_stays"}
DAILY = {
    BOXES: {
        "zombies", "chroot_is_not_enough", "nobody_enters", "bounding_set_stays", "upper_half_is_ignored",
        "whiteout_of_the_folder_above", "no_way_out", "process_1_is_forgotten",
    },
    SERVERS: {
        "blocking_never_works", "process_parent_keeps_the_connection", "queue_takers_spin",
        "send_gives_up_when_it_is_full", "timer_expires_although_put_off", "accept_asks_again_and_again",
        "drain_drops_what_is_under_way", "measured_without_a_prediction",
    },
    TRANSLATION: {
        "sum_by_equation_2", "partial_left_alone", "a_sum_of_0_says_that_there_is_none", "mapping_for_each_destination",
        "mapping_made_to_explain", "port_overloaded", "port_of_any_class", "port_can_be_foretold",
        "back_by_the_address_alone", "filter_forgets_forwards", "what_comes_in_is_not_tracked", "hairpin_past_the_filter",
        "hairpin_without_errors", "error_sum_left_alone", "error_about_anything", "error_out_of_anybody",
        "lives_a_moment_more", "explaining_refreshes", "strangers_keep_a_mapping", "resets_refresh",
        "crowd_guessed_the_silence",
    },
}


def make(name: str, mutant: Mutant, folder: Path) -> Path:
    _, _, path, old, new = mutant
    return edited(labs.find(name).number, folder, path, old, new)


@pytest.fixture(scope="module")
def graded_on_host(request: pytest.FixtureRequest,
                   tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Future[Graded]]]:
    """Every mutant that is asked for, graded on the host, two at a time."""
    top = tmp_path_factory.mktemp("mutants")
    wanted = {(item.callspec.params["name"], item.callspec.params["mutant"][0]) for item in request.session.items
              if isinstance(item, pytest.Function) and item.originalname == "test_mutant_loses_its_step_on_the_host"}

    def one(name: str, mutant: Mutant) -> Graded:
        only = ["--step", str(mutant[1])] if name in (SERVERS, BOXES) or not WHOLE else []
        where = [] if name == BOXES else ["--host-only"]
        number = labs.find(name).number
        folder = top / f"{number}-{mutant[0]}"
        return grade(folder.with_suffix(".out"), make(name, mutant, folder), *where, "--quiet", *only, lab=number)

    with ThreadPoolExecutor(2) as pool:
        yield {(name, mutant[0]): pool.submit(one, name, mutant) for name, mutant in ALL
               if (name, mutant[0]) in wanted}
    shutil.rmtree(top)


@pytest.mark.parametrize(("name", "mutant"), [
    pytest.param(name, mutant, marks=[pytest.mark.slow] if mutant[0] not in DAILY.get(name, {mutant[0]}) - IN_THE_VM
                 else []) for name, mutant in ALL], ids=IDS)
def test_mutant_loses_its_step_on_the_host(name: str, mutant: Mutant,
                                           graded_on_host: dict[tuple[str, str], Future[Graded]]) -> None:
    graded = graded_on_host[name, mutant[0]].result()
    assert graded.status == 0, str(graded)
    assert graded.lost == {mutant[1]}, str(graded)
    assert graded.step(mutant[1])["sentence"]


@pytest.mark.parametrize(("name", "mutant"), ALL, ids=IDS)
def test_mutant_is_the_reference_in_other_steps(name: str, mutant: Mutant, tmp_path: Path) -> None:
    lab = labs.find(name)
    taken = submission.load(lab, make(name, mutant, tmp_path / "student"))
    for step in lab.steps:
        composed = submission.compose(lab, taken, {step.number})
        same = all(text == (labs.TREE / path).read_text() for path, text in composed.items())
        assert same == (step.number != mutant[1]), step


@pytest.mark.slow
@pytest.mark.parametrize(("name", "mutant"), [row for row in ALL if row[0] not in DAILY],
                         ids=[mutant[0] for name, mutant in ALL if name not in DAILY])
def test_mutant_loses_exactly_its_step_with_the_vm(name: str, mutant: Mutant, tmp_path: Path) -> None:
    graded = grade(tmp_path / "out", make(name, mutant, tmp_path / "student"), lab=labs.find(name).number)
    assert graded.status == 0, str(graded)
    assert graded.lost == {mutant[1]} and graded.step(mutant[1])["earned"] == 0, str(graded)


def test_what_is_graded_daily_is_of_every_step() -> None:
    for name, daily in DAILY.items():
        steps = {mutant[1] for owner, mutant in ALL if owner == name and mutant[0] in daily}
        assert steps == {step.number for step in labs.find(name).steps}
        assert daily <= {mutant[0] for owner, mutant in ALL if owner == name}


def test_every_step_of_every_lab_has_mutants() -> None:
    for name in labs.names():
        lab = labs.find(name)
        broken = [mutant[1] for owner, mutant in ALL if owner == name]
        assert len(broken) >= 8 and set(broken) == {step.number for step in lab.steps}
