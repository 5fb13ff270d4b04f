"""Each guard against hostile images (escape classes 23 to 28) off in turn: the tests of its class must fail then."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TREE

pytestmark = pytest.mark.slow

# Guard, its class, and the tests that it is there for: file and words of -k.
GUARDS = [
    ("NUMERIC", 15, "test_unpack.py", "cve_2016_3697"),
    ("INROOT", 23, "test_unpack.py", "class_23"),
    ("DOTS", 23, "test_unpack.py", "dot_dot"),
    ("ROOT", 23, "test_unpack.py", "cve_2021_29136"),
    ("INROOT", 24, "test_unpack.py", "cve_2024_9676 and link"),
    ("SEEN", 25, "test_unpack.py", "wherever_it_stands"),
    ("WHITEOUT", 25, "test_unpack.py", "no_name"),
    ("DEVICE", 25, "test_unpack.py", "character_device"),
    ("XATTR", 25, "test_unpack.py", "xattrs_of_overlayfs"),
    ("COMMIT", 25, "test_build.py", "named_like_a_whiteout"),
    ("DIGEST", 26, "test_unpack.py", "not_its_diff_id"),
    ("DIGEST", 26, "test_registry.py", "every_lie"),
    ("MEDIA", 26, "test_store.py", "cve_2021_41190"),
    ("BOMB", 26, "test_unpack.py", "bomb_of_padding"),
    ("OWNERS", 27, "test_build.py", "nothing_of_the_host"),
    ("REACH", 28, "test_registry.py", "does_not_make_us_ask"),
    ("REDIRECT", 28, "test_registry.py", "does_not_get_the_token"),
    ("CREDENTIALS", 28, "test_registry.py", "plain_http_must"),
]


@pytest.fixture(scope="module")
def objects(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what was built, of which only the files that have the guard are built again."""
    out = tmp_path_factory.mktemp("guards") / "build"
    shutil.copytree(program.parent.parent, out, symlinks=True, ignore=shutil.ignore_patterns("experiment*"))
    return out


def without(guard: str, objects: Path) -> Path:
    out = objects.parent / guard
    if not out.exists():
        shutil.copytree(objects, out, symlinks=True)
        word = re.compile(rf"GUARD\({guard}\)|CELL_WITHOUT_GUARD_{guard}\b")
        sources = [path for path in (TREE / "userland/container").rglob("*.c") if word.search(path.read_text())]
        assert sources, "there is no such guard"
        for source in sources:
            found = out / "obj/userland" / source.relative_to(TREE / "userland").with_suffix(".o")
            found.unlink(missing_ok=True)
        (out / "bin/cell-image").unlink()
        subprocess.run(["make", "-s", "-C", TREE / "userland", f"O={out}", f"CC=gcc -DCELL_WITHOUT_GUARD_{guard}",
                        out / "bin/cell-image"], check=True)
    return out / "bin/cell-image"


@pytest.mark.parametrize("guard, number, file, words", GUARDS, ids=[f"class {g[1]} {g[0]} {g[3]}" for g in GUARDS])
def test_without_its_guard_the_tests_of_a_class_fail(objects: Path, guard: str, number: int, file: str,
                                                     words: str) -> None:
    program = without(guard, objects)

    done = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-k", words,
                           Path(__file__).parent / file], env=os.environ | {"CELL_IMAGE": str(program)}, text=True,
                          capture_output=True, timeout=300)

    assert done.returncode == 1 and re.search(r"\d+ failed", done.stdout), done.stdout[-2000:]
