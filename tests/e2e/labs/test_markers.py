"""Regions of the reference, and what becomes of them in a skeleton and in a grading."""
from __future__ import annotations

import pytest
from lab_runs import labs, markers

TEXT = """\
int f(int x)
{
	/* lab 02 step 1 begin: twice; skeleton: x = 0; return x; */
	x *= 2;
	/* lab 02 step 1 end */
	/* lab 03 step 1 begin: another lab's */
	x++;
	/* lab 03 step 1 end */
	/* lab 02 step 2 begin: the end */
	return x;
	/* lab 02 step 2 end */
}
"""


def test_skeleton_cuts_the_regions_and_puts_what_the_marker_says() -> None:
    cut = markers.skeleton(TEXT, "02", "f.c", {1, 2}, set())
    assert "x *= 2" not in cut and "return x;\n\t/* lab 02 step 2 end" not in cut
    assert "\tx = 0;\n\treturn x;\n\t/* lab 02 step 1 end */" in cut
    assert "skeleton:" not in cut
    assert "x++;" in cut, "another lab's region stays"


def test_skeleton_leaves_the_steps_that_are_solved() -> None:
    cut = markers.skeleton(TEXT, "02", "f.c", {1, 2}, {1})
    assert "x *= 2" in cut and "skeleton:" not in cut
    assert "return x;\n\t/* lab 02 step 2 end" not in cut


@pytest.mark.parametrize(("old", "new", "says"), [
    ("\t/* lab 02 step 1 end */\n", "", "step 2 begins inside step 1"),
    ("\t/* lab 02 step 2 end */\n", "", "step 2 begins but does not end"),
    ("\t/* lab 02 step 2 begin: the end */\n", "", "step 2 ends but does not begin"),
    ("step 2 end", "step 1 end", "step 1 ends inside step 2"),
    ("step 2", "step 7", "unknown step 7"),
    ("/* lab 02 step 2 end */", "/* lab 02 step 2 ends */", "not a marker"),
    ("/* lab 02 step 2 begin: the end */", "/* Lab 2, step 2 begin */", "not a marker"),
])
def test_markers_that_do_not_fit_are_an_error_with_a_line(old: str, new: str, says: str) -> None:
    with pytest.raises(markers.MarkerError, match=rf"^f\.c:\d+: .*{says}"):
        markers.skeleton(TEXT.replace(old, new), "02", "f.c", {1, 2}, set())


def test_graft_takes_one_step_and_speaks_of_the_students_lines() -> None:
    student = TEXT.replace("\tx *= 2;\n", "\tx = 5;\n\tx = 6;\n").replace("\treturn x;\n\t/*", "\treturn 9;\n\t/*")
    assert markers.graft(TEXT, student, "02", "f.c", {1}) == TEXT.replace(
        "\tx *= 2;\n", '#line 4 "f.c"\n\tx = 5;\n\tx = 6;\n#line 5 "reference/f.c"\n')
    assert '#line 11 "f.c"\n\treturn 9;\n#line 11 "reference/f.c"' in markers.graft(TEXT, student, "02", "f.c", {2})


ANSWERS = """\
# lab 02 step 1 begin: what you measured; skeleton: speed = 0; name = "";
speed = 7
name = "x"
# lab 02 step 1 end
rest = 1
"""


def test_regions_of_other_files_are_comments_of_theirs() -> None:
    cut = markers.skeleton(ANSWERS, "02", "answers.toml", {1}, set())
    assert 'speed = 0\nname = ""\n# lab 02 step 1 end' in cut and "= 7" not in cut and "skeleton:" not in cut
    assert "/*" not in cut
    student = ANSWERS.replace("7", "9").replace("rest = 1", "rest = 2")
    assert markers.graft(ANSWERS, student, "02", "answers.toml", {1}) == ANSWERS.replace("7", "9")


def test_a_mistyped_marker_of_another_file_is_an_error() -> None:
    with pytest.raises(markers.MarkerError, match="answers.toml:4: not a marker"):
        markers.regions(ANSWERS.replace("step 1 end", "step 1 ends"), "02", "answers.toml")


def test_graft_of_the_reference_is_the_reference() -> None:
    assert markers.graft(TEXT, TEXT, "02", "f.c", {1, 2}) == TEXT


def test_graft_refuses_other_markers() -> None:
    student = TEXT.replace("\t/* lab 02 step 1 begin: twice; skeleton: x = 0; return x; */\n", "").replace(
        "\t/* lab 02 step 1 end */\n", "")
    with pytest.raises(markers.MarkerError, match="it has markers of steps 2; 1, 2 are needed"):
        markers.graft(TEXT, student, "02", "f.c", {2})


@pytest.mark.parametrize("name", labs.names())
def test_every_lab_has_a_region_for_every_step(name: str) -> None:
    lab = labs.find(name)
    steps = frozenset(step.number for step in lab.steps)
    marked = {region.step for path in lab.files for region in
              markers.regions((labs.TREE / path).read_text(), lab.number, path, steps)}
    assert marked == steps
