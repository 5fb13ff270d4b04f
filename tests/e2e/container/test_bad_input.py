# SPDX-License-Identifier: GPL-2.0-only
"""What is wrong with a configuration is said by its JSON path, and nothing is left of the attempt."""
from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Bundle, Cell

BAD: list[tuple[str, Any, list[str]]] = [
    ("ociVersion", "2.0.0", [".ociVersion"]),
    ("ociVersion", 7, [".ociVersion", "string"]),
    ("process", None, [".process"]),
    ("process.args", [], [".process.args"]),
    ("process.args", [1], [".process.args[0]", "string"]),
    ("process.cwd", "etc", [".process.cwd"]),
    ("process.user.uid", -1, [".process.user.uid"]),
    ("process.user.uid", 1 << 33, [".process.user.uid"]),
    ("process.capabilities.ambient", [5], [".process.capabilities.ambient[0]", "string"]),
    ("process.rlimits", [{"type": "RLIMIT_X", "soft": 1, "hard": 1}], [".process.rlimits[0].type", "RLIMIT_X"]),
    ("process.rlimits", [{"type": "RLIMIT_CORE", "soft": 2, "hard": 1}], [".process.rlimits[0]"]),
    ("process.noNewPrivileges", "yes", [".process.noNewPrivileges", "string"]),
    ("root", None, [".root"]),
    ("root.path", "absent", [".root.path", "absent"]),
    ("root.path", "/", [".root.path", "host"]),
    ("hostname", 5, [".hostname"]),
    ("hostname", "x" * 65, [".hostname", "64"]),
    ("mounts", {}, [".mounts", "array"]),
    ("mounts", [{"type": "proc"}], [".mounts[0].destination"]),
    ("mounts", [{"destination": "/x", "type": "nofs", "source": "x"}], ["/x", "nofs"]),
    ("mounts", [{"destination": "/x", "type": "bind", "source": "/absent", "options": ["bind"]}], ["/x", "/absent"]),
    ("linux.namespaces", [{"type": "soul"}], [".linux.namespaces[0].type", "soul"]),
    ("linux.namespaces", [{"type": "pid"}, {"type": "pid"}], [".linux.namespaces[1]"]),
    ("linux.namespaces", [{"type": "mount"}, {"type": "uts"}, {"type": "pid", "path": "/etc/passwd"}], ["/etc/passwd"]),
    ("linux.sysctl", {"net.no.such": "1"}, [".linux.sysctl", "net.no.such"]),
    ("linux.resources.pids", {"limit": "many"}, [".linux.resources.pids.limit", "string"]),
    ("linux.resources.memory", {"limit": 1.5}, [".linux.resources.memory.limit"]),
    ("linux.resources.cpu", {"quota": 10, "period": 100000}, ["quota"]),
    ("linux.seccomp", {"defaultAction": "SCMP_ACT_HUG"}, [".linux.seccomp.defaultAction", "SCMP_ACT_HUG"]),
    ("linux.cgroupsPath", "/a/../../b", ["cgroupsPath", ".."]),
    ("hooks", {"prestart": [{"path": "relative"}]}, [".hooks.prestart[0].path"]),
]


def put(config: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for key in above:
        config = config[key]
    if value is None:
        config.pop(last)
    else:
        config[last] = value


@pytest.mark.parametrize(("path", "value", "words"), BAD, ids=[f"{path}={str(value)[:30]}" for path, value, _ in BAD])
def test_the_place_is_named(cell: Cell, bundle: Bundle, path: str, value: Any, words: list[str]) -> None:
    put(bundle.sh("echo ran").config, path, value)
    why = cell.refuses(bundle)
    assert all(word in why for word in words), why
    assert not any(entry.name != ".seccomp" for entry in cell.root.glob("*"))


def test_what_is_no_json_has_a_line(cell: Cell, bundle: Bundle) -> None:
    (bundle.write() / "config.json").write_text('{\n "ociVersion": "1.0.0",\n "process": [}\n}')
    assert "config.json" in (why := cell.fails("run", "-b", bundle.path, cell.name())) and "line 3" in why


@pytest.mark.parametrize("text", ["", "[]", "[" * 100000, '{"a":' * 1000])
def test_other_text_is_refused(cell: Cell, bundle: Bundle, text: str) -> None:
    (bundle.write() / "config.json").write_text(text)
    assert "config.json" in cell.fails("run", "-b", bundle.path, cell.name())


def test_unknown_properties_are_ignored_and_any_version_1_is_taken(cell: Cell, bundle: Bundle) -> None:
    bundle.sh("echo ran").config.update(ociVersion="1.99.0-dev", weather={"rain": [1, {}]})
    bundle.config["process"]["mood"] = None
    bundle.config["linux"]["resources"]["luck"] = 5
    assert cell.out(bundle) == "ran\n"


def test_a_capability_that_is_not_known_is_a_warning(cell: Cell, bundle: Bundle) -> None:
    bundle.config["process"]["capabilities"]["bounding"].append("CAP_FLY")
    done = cell.run(bundle.sh("echo ran"))
    assert (done.returncode, done.stdout) == (0, "ran\n")
    assert "warning: .process.capabilities: CAP_FLY" in done.stderr


def test_no_bundle_and_no_config(cell: Cell, bundle: Bundle, tmp_path: Any) -> None:
    assert "absent" in cell.fails("run", "-b", tmp_path / "absent", cell.name())
    assert "config.json" in cell.fails("run", "-b", tmp_path, cell.name())


def test_update_that_is_wrong_changes_nothing(cell: Cell, bundle: Bundle) -> None:
    bundle.config["linux"]["resources"]["pids"] = {"limit": 20}
    name = cell.start(bundle.sh("sleep 100"))
    text = json.dumps({"pids": {"limit": 30}, "memory": {"limit": "x"}})
    assert ".memory.limit" in cell.fails("update", "--resources", "-", name, input=text, stdin=None)
    stats = json.loads(cell.ok("events", "--stats", name))["data"]
    assert stats["pids"]["limit"] == 20
