"""httpd, every design and variant: each case of the set, whole and in pieces. How they are judged: README.md."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from running import VARIANTS, Httpd

from .case import Case
from .cases import CASES
from .judge import Server, make_root, modes, run, run_in_pieces
from .taken import Taken

# One message: what it means must not depend on how it is cut.
WHOLE = [case for case in CASES if len(case.steps) == 1 and not case.half_close]
SOUND = [case for case in WHOLE if case.valid]
THEMES = list(dict.fromkeys(case.theme for case in SOUND))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_root(tmp_path_factory.mktemp("conformance"))


@pytest.fixture(scope="module", params=VARIANTS)
def server(request: pytest.FixtureRequest, root: Path) -> Iterator[Server]:
    with Httpd(root, *VARIANTS[request.param]) as httpd:
        server = Server("127.0.0.1", httpd.port, ours=True)
        server.learn()
        yield server


@pytest.fixture(scope="module")
def taken() -> Iterator[Taken]:
    with Taken() as taken:
        yield taken


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(server: Server, case: Case) -> None:
    for mode in modes(case):
        run(server, case, mode)
    assert not server.broken, "what every response must keep"


@pytest.mark.parametrize("theme", THEMES)
def test_sound_messages_are_understood_in_whatever_pieces_they_come(server: Server, taken: Taken, theme: str) -> None:
    ways = sum(run_in_pieces(server, case, taken) for case in SOUND if case.theme == theme)
    assert ways > 20
    assert not server.broken, "what every response must keep"


def test_what_is_refused_is_refused_octet_by_octet_too(server: Server, taken: Taken) -> None:
    for case in WHOLE:
        if not case.valid and len(case.octets) < 400:
            run_in_pieces(server, case, taken, only_octets=True)


def test_each_case_has_a_name_of_its_own_and_a_section() -> None:
    assert len({str(case) for case in CASES}) == len(CASES)
    for case in CASES:
        number = case.section.split()
        assert number[0] in ("9110", "9112", "3986", "6585") and len(number) == 2, case
