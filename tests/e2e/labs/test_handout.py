"""Handouts cite code by pattern, and say what lab.toml says."""
from __future__ import annotations

import re

import pytest
from lab_runs import TREE, labs

CITATION = re.compile(r"\((?P<path>[\w./-]+\.\w+): /(?P<pattern>[^/]+)/\)", re.DOTALL)


@pytest.mark.parametrize("name", labs.names())
def test_every_pattern_is_found_once(name: str) -> None:
    text = (labs.LABS / name / "README.md").read_text()
    citations = list(CITATION.finditer(text))
    assert len(citations) == len(re.findall(r"\.[ch]:\s*/", text)) > 0, "a citation is misspelt"
    for cited in citations:
        source = (TREE / cited["path"]).read_text()
        count = source.count(" ".join(cited["pattern"].split()))
        assert count == 1, f"{name}: /{cited['pattern']}/ is {count} times in {cited['path']}"


@pytest.mark.parametrize("name", labs.names())
def test_points_and_titles_are_those_of_the_lab(name: str) -> None:
    lab = labs.find(name)
    text = (lab.folder / "README.md").read_text()
    rows = re.findall(r"^\| (\d+) ([^|]+?) \|[^|]*\| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    assert rows == [(str(s.number), s.title, str(s.host), str(s.vm)) for s in lab.steps]


@pytest.mark.parametrize("name", labs.names())
def test_every_step_has_a_section_that_says_how_to_check(name: str) -> None:
    lab = labs.find(name)
    text = (lab.folder / "README.md").read_text()
    for step in lab.steps:
        section = re.search(rf"^## Step {step.number}: {re.escape(step.title)}\n(.*?)(?=^## )", text,
                            re.MULTILINE | re.DOTALL)
        assert section and f"--step {step.number}" in section[1]
