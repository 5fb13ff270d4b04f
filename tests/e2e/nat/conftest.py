"""The tests of this folder run in the course VM, and are judged here.

A test that has a `nat` is called inside, by in_vm.py, once for each subject: one boot each, all tests in it. What
became of it is a line of OUT/verdicts.jsonl; pytest, instead of calling the test here, looks at that line.
vnic has to pass everything. What `nft masquerade` fails is listed in requirements.py, so that it is noticed
when it passes, or fails, anything else. The table of both is written to build/reports/nat.json and nat.md.

See ../module_vm.py for KERNEL, ONLY and MODULE.
"""
from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import module_vm
import report
from module_vm import BUILD, DEBUG, KERNEL, TREE, Boot
from requirements import NFT_FAILS

SUBJECTS = ("nft", "vnic")
# Of Linux's own translator nothing changes from day to day; what it fails shows what the tests can see.
EACH = [pytest.param("nft", marks=pytest.mark.slow), "vnic"]
ran: report.Verdicts = {}
wanted: set[str] = set()


@functools.cache
def boots() -> dict[str, Future[Boot]]:
    """Both at a time: most of what they do is to wait until something expires."""
    pool = ThreadPoolExecutor(len(SUBJECTS))
    return {subject: pool.submit(run, subject) for subject in sorted(wanted)}


def boot(subject: str) -> Boot:
    return boots()[subject].result()


def run(subject: str) -> Boot:
    if subject == "vnic" and "kmod/vnic" not in (TREE / "Kbuild").read_text():
        pytest.skip("kmod/vnic is not built yet")
    out = BUILD / "reports" / f"nat-{KERNEL}-{subject}"
    command: list[str | Path] = [TREE / "coursevm/run", "--kernel", KERNEL, "--snapshot", "--smp", "2", "--timeout",
                                 "3000" if DEBUG else "900", "--out", out, *(["--mem", "2G"] if DEBUG else [])]
    settings = {"NAT_PATIENCE": "6", "NAT_QUIET": "1"} if DEBUG else {}
    settings |= {k: os.environ[k] for k in ("ONLY", "NAT_PATIENCE", "NAT_QUIET") if k in os.environ}
    command += [f"--env={k}={v}" for k, v in settings.items()]
    inside: list[str | Path] = ["python3", "/virtlab/tests/e2e/nat/in_vm.py", subject, "/out"]
    if subject == "vnic":
        command += ["--put", f"{module_vm.module_file('vnic')}:/root/vnic.ko"]
        inside.append("/root/vnic.ko")
    for _ in range(3):
        for old in [*out.glob("*.jsonl"), *out.glob("kernel.log")]:
            old.unlink()
        done = subprocess.run([*command, "--", *inside], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if not module_vm.died_of_emulation(out):
            break
    console = (done.stdout + done.stderr).decode(errors="replace")
    return Boot(done.returncode, out, "\n".join(console.splitlines()[-40:]))


@functools.cache
def verdicts(subject: str) -> dict[str, dict]:
    """What became of each test, by its name."""
    done = boot(subject)
    lines = done.out / "verdicts.jsonl"
    assert lines.exists(), f"nothing was tested; the VM's status is {done.status}\n{done.console}"
    found = {record["test"]: record for record in map(json.loads, lines.read_text().splitlines())}
    if "ONLY" not in os.environ:
        ran[subject] = found
    return found


def judge(subject: str, test: str) -> None:
    records = verdicts(subject)
    if test not in records and "ONLY" in os.environ:
        pytest.skip(f"ONLY={os.environ['ONLY']}")
    assert test in records, f"{subject} did not come to it; the VM's end was\n{boot(subject).console}"
    record = records[test]
    seen = record["seen"] or "it passes"
    assert not record["broken"], f"no verdict: {seen}"
    if subject == "vnic":
        assert record["passed"], f"{seen}\ncounted: {record.get('counts')}"
        assert not record["leaked"], f"inside addresses were seen outside: {record['leaked']}"
    elif record["passed"]:
        assert test not in NFT_FAILS, f"nft masquerade passes it now: take it off NFT_FAILS in requirements.py: {seen}"
    else:
        assert test in NFT_FAILS, f"nft masquerade fails it now: is that so? {seen}"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds; for test-all")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "nat" in metafunc.fixturenames:
        metafunc.parametrize("nat", EACH)
    if "subject" in metafunc.fixturenames:
        metafunc.parametrize("subject", EACH)


def pytest_collection_finish(session: pytest.Session) -> None:
    for item in session.items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            wanted.update(item.callspec.params[key] for key in ("nat", "subject") if key in item.callspec.params)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Judges a test that ran in the VM, instead of calling it."""
    if "nat" not in pyfuncitem.fixturenames:
        return None
    judge(pyfuncitem.callspec.params["nat"], pyfuncitem.originalname)
    return True


def pytest_sessionfinish() -> None:
    if ran:
        report.write(ran)


@pytest.fixture
def of() -> Callable[[str], dict[str, dict]]:
    """Verdicts of a subject."""
    return verdicts


@pytest.fixture
def boot_of() -> Callable[[str], Boot]:
    return boot
