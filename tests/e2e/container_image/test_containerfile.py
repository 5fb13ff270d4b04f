"""The language of Containerfiles: what each instruction makes of the config, and how wrong ones are told."""
from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import Cell


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"


@pytest.fixture
def config(cell: Cell, folder: Path) -> Any:
    def go(text: str, *words: str, **how: Any) -> Any:
        cell.ok("build", "-q", "-t", "t", "-f", "-", *words, folder, input=text, **how)
        return cell.inspect("t")["image"]["config"]
    return go


def env(*assignments: str) -> dict[str, Any]:
    return {"Env": list(assignments)}


# From https://docs.docker.com/reference/dockerfile: what the instructions there do.
LANGUAGE = [
    ("ENV A=1 B=\"two words\" C=two\\ words D='$A'", env("A=1", "B=two words", "C=two words", "D=$A")),
    ("ENV A the rest  is it", env("A=the rest  is it")),
    ("ENV abc=hello\nENV abc=bye def=$abc\nENV ghi=$abc", env("abc=bye", "def=hello", "ghi=bye")),
    ("ENV A=1\nENV B=${A}2 C=${A:-no} D=${N:-no} E=${A:+yes} F=${N:+yes} G=${N-${A}x} H=\\$A I=\"\\$A\"",
     env("A=1", "B=12", "C=1", "D=no", "E=yes", "F=", "G=1x", "H=$A", "I=$A")),
    ("ENV E=\nENV A=${E:-empty} B=${E-unset}", env("E=", "A=empty", "B=")),
    ("env a=1\nEnV a=2", env("a=2")),
    ("ENV A=1 \\\n  # in between\n\n  B=2", env("A=1", "B=2")),
    ("ENV A=1\\\n  B=2\\\n3", env("A=1", "B=23")),
    ("ENV A=1 \\  \n B=2", env("A=1", "B=2")),
    ("ARG V=1\nENV A=$V\nARG W\nENV B=x$W", env("A=1", "B=x")),
    ("ARG V=1\nENV V=2\nENV A=$V", env("V=2", "A=2")),
    ("ENV A=$TARGETOS\nARG TARGETOS TARGETARCH\nENV B=$TARGETOS/$TARGETARCH", env("A=", "B=linux/amd64")),
    ("LABEL a=1 \"b c\"=\"d e\"\nLABEL a=2", {"Labels": {"a": "2", "b c": "d e"}}),
    ("EXPOSE 80 53/udp 8000-8002/TCP", {"ExposedPorts": {
        "80/tcp": {}, "53/udp": {}, "8000/tcp": {}, "8001/tcp": {}, "8002/tcp": {}}}),
    ("VOLUME /a /b\nVOLUME [\"/c d\"]", {"Volumes": {"/a": {}, "/b": {}, "/c d": {}}}),
    ("ENV U=me\nUSER $U:they\nSTOPSIGNAL SIGINT", env("U=me") | {"User": "me:they", "StopSignal": "SIGINT"}),
    ("CMD echo $HOME", {"Cmd": ["/bin/sh", "-c", "echo $HOME"]}),
    ("CMD [\"a\", \"b c\"]", {"Cmd": ["a", "b c"]}),
    ("CMD []", {"Cmd": []}),
    ("CMD ['a']", {"Cmd": ["/bin/sh", "-c", "['a']"]}),
    ("ENTRYPOINT [\"a\"]\nCMD [\"b\"]\nCMD [\"c\"]", {"Entrypoint": ["a"], "Cmd": ["c"]}),
    ("CMD [\"b\"]\nENTRYPOINT [\"a\"]", {"Cmd": ["b"], "Entrypoint": ["a"]}),
    ("SHELL [\"/sh\", \"-x\"]\nCMD a b", {"Shell": ["/sh", "-x"], "Cmd": ["/sh", "-x", "a b"]}),
    ("HEALTHCHECK --interval=1m30s --timeout=500ms --retries=3 --start-period=1.5s CMD a b",
     {"Healthcheck": {"Test": ["CMD-SHELL", "a b"], "Interval": 90_000_000_000, "Timeout": 500_000_000,
                      "Retries": 3, "StartPeriod": 1_500_000_000}}),
    ("HEALTHCHECK CMD [\"a\", \"b\"]", {"Healthcheck": {"Test": ["CMD", "a", "b"]}}),
    ("HEALTHCHECK NONE", {"Healthcheck": {"Test": ["NONE"]}}),
]


@pytest.mark.parametrize("text, expected", LANGUAGE)
def test_an_instruction_makes_this_of_the_config(config: Any, text: str, expected: Any) -> None:
    assert config("FROM scratch\n" + text) == expected


def test_podman_makes_the_same_of_them(config: Any, folder: Path, cell: Cell) -> None:
    """All that podman 4.3 knows, at once: the table above is not ours alone."""
    text = "FROM scratch\n" + "\n".join(line for line, _ in LANGUAGE
                                        if "\\  " not in line and "SHELL" not in line and "NONE" not in line
                                        and "TARGET" not in line and "8000" not in line and "${E-" not in line)
    text = text.replace(" G=${N-${A}x}", "")
    (folder / "Containerfile").write_text(text)
    ours = config(text)
    root = f"/tmp/pod-{folder.parent.name[:12]}"
    podman = ["podman", "--root", f"{root}/root", "--runroot", f"{root}/run", "--storage-driver", "vfs"]
    try:
        done = subprocess.run([*podman, "build", "-q", "--format", "docker", "--isolation=chroot", "-t", "p", folder],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        subprocess.run([*podman, "save", "-q", "-o", folder.parent / "p.tar", "p"], check=True, capture_output=True)
    finally:
        subprocess.run(["rm", "-rf", root], check=True)
    cell.ok("load", "-i", folder.parent / "p.tar", "podmans")
    theirs = cell.inspect("podmans")["image"]["config"]
    theirs = {key: value for key, value in theirs.items() if value not in (None, "", [], {}, False)}
    theirs["Labels"].pop("io.buildah.version")
    theirs["Env"] = [one for one in theirs["Env"] if not one.startswith("PATH=")]
    assert {key: sorted(value) if key == "Env" else value for key, value in ours.items()} == {
        key: sorted(value) if key == "Env" else value for key, value in theirs.items()
        if key not in ("Hostname", "Domainname", "Image", "WorkingDir", "OnBuild")}


def test_a_directive_changes_the_escape(config: Any) -> None:
    assert config("# syntax=x/y\n# escape=`\nFROM scratch\nENV A=a`\n B=b\\c D=`$x") == env(
        "A=a", "B=b\\c", "D=$x")
    assert config("# escape=`\nFROM scratch\nENV A=1 `\n  B=c\\d") == env("A=1", "B=c\\d")
    assert config("FROM scratch\n# escape=`\nENV A=1 \\\n  B=2") == env("A=1", "B=2"), "not at the top"


def test_arguments_before_from_are_froms(config: Any, cell: Cell) -> None:
    config("FROM scratch\nENV A=base")
    cell.ok("tag", "t", "base:7")

    text = "ARG V=1\nARG N=base\nFROM ${N}:$V\nENV B=x$V\nARG V\nENV C=x$V"
    assert config(text, "--build-arg", "V=7") == env("A=base", "B=x", "C=x7")
    assert "base:1: is not here" in cell.fails("build", "-q", "-f", "-", input=text)


def test_cmd_of_the_base_is_none_for_another_entrypoint(config: Any, cell: Cell) -> None:
    config("FROM scratch\nENTRYPOINT [\"a\"]\nCMD [\"b\"]")
    cell.ok("tag", "t", "base")

    assert config("FROM base\nENTRYPOINT [\"c\"]") == {"Entrypoint": ["c"]}
    assert config("FROM base\nCMD [\"d\"]\nENTRYPOINT [\"c\"]") == {"Entrypoint": ["c"], "Cmd": ["d"]}
    assert config("FROM base\nENV A=1") == {"Entrypoint": ["a"], "Cmd": ["b"]} | env("A=1")


def test_build_arguments_come_from_the_command_line_and_the_environment(config: Any, cell: Cell) -> None:
    text = "FROM scratch\nARG A=1\nENV B=$A"
    assert config(text, "--build-arg", "A=two words") == env("B=two words")
    assert config(text, "--build-arg", "A", env={"A": "from here"}) == env("B=from here")
    done = cell.run("build", "-q", "-f", "-", "--build-arg", "C=1", input=text)
    assert done.returncode == 0 and "--build-arg C=1: no ARG has this name" in done.stderr
    assert config(text, "--label", "a=b=c", "--label", "d=") == env("B=1") | {"Labels": {"a": "b=c", "d": ""}}


def test_workdir_goes_on_from_the_last_one(config: Any) -> None:
    assert config("FROM scratch\nWORKDIR /a\nWORKDIR b\nWORKDIR ../c/./d/")["WorkingDir"] == "/a/c/d"
    assert config("FROM scratch\nENV D=/x\nWORKDIR $D/y\nWORKDIR ../../..")["WorkingDir"] == "/"


WRONG = [
    ("", "-: has no FROM: expected \"FROM NAME\" or \"FROM scratch\""),
    ("# only\n\n", "-: has no FROM"),
    ("RUN x\nFROM scratch", "-:1: expected FROM: only ARG may come before it"),
    ("FROM scratch\n\nCOYP a b", '-:3: "COYP": expected an instruction such as FROM, COPY or RUN: did you mean COPY?'),
    ("FROM scratch\nENV A=1 \\\n\n  B=2\nNONSENSE", '-:5: "NONSENSE": expected an instruction'),
    ("FROM", "-:1: FROM: expected FROM NAME [AS STAGE]"),
    ("FROM a b", '-:1: FROM: "b": expected FROM NAME AS STAGE'),
    ("FROM a AS", "FROM NAME AS STAGE"),
    ("FROM a AS b c", "expected FROM NAME"),
    ("FROM scratch AS 1x", '"1x": expected a name for the stage'),
    ("FROM scratch AS a\nFROM scratch AS A", '-:2: FROM: "A": another stage has this name'),
    ("FROM $X", 'FROM: "$X": is empty: has its ARG a value?'),
    ("FROM Upper:1", "FROM: "),
    ("FROM --platform=linux/arm64 scratch", "builds are for linux/amd64 only"),
    ("FROM scratch\nCOPY a", "-:2: COPY: expected COPY [--from=STAGE] SOURCE... TARGET"),
    ("FROM scratch\nCOPY --form=x a b", "COPY: --form=x: is no flag of it here: there are: from chown chmod link"),
    ("FROM scratch\nCOPY --from a b", "COPY: --from: expected --from=VALUE"),
    ("FROM scratch\nCOPY --chown=1 --chown=2 a b", "COPY: --chown: is there twice"),
    ("FROM scratch\nCOPY --chmod=rwx . b", "--chmod=rwx: expected octal digits such as 755"),
    ("FROM scratch\nCOPY nowhere b", 'COPY: "nowhere": is not there'),
    ("FROM scratch\nCOPY no*where b", 'COPY: "no*where": matches no file'),
    ("FROM scratch\nCOPY [a b", 'COPY: "[a": expected ] after ['),
    ("FROM scratch\nCOPY --from=nowhere a b", "COPY: --from=nowhere: nowhere: is not here"),
    ("FROM scratch\nCOPY <<EOF /a\nx\nEOF", "-:2: COPY: here-documents are not read"),
    ("FROM scratch\nRUN cat <<-'EOF'\nx\nEOF", "-:2: RUN: here-documents are not read"),
    ("FROM scratch\nRUN --mount=type=cache,target=/x true", "RUN: --mount=type=cache,target=/x: is no flag of it here"),
    ("FROM scratch\nONBUILD RUN x", "-:2: ONBUILD: OCI images have no such field"),
    ("FROM scratch\nENV A", '-:2: ENV: "A": expected NAME=VALUE'),
    ("FROM scratch\nENV A=1 B", 'ENV: "B": expected NAME=VALUE'),
    ("FROM scratch\nENV A=\"x", "ENV: A=\"x: the quote has no end"),
    ("FROM scratch\nENV A=${B", "ENV: ${B: expected }"),
    ("FROM scratch\nENV A=${B#x}", "ENV: ${B: expected }, :-, :+ or :?"),
    ("FROM scratch\nENV A=${}", "expected a name after ${"),
    ("FROM scratch\nENV A=\"${B:?say B}\"", "ENV: B: say B"),
    ("FROM scratch\nARG A-B=1", 'ARG: "A-B=1": expected NAME or NAME=VALUE'),
    ("FROM scratch\nEXPOSE 0", 'EXPOSE: "0": expected a port of 1 to 65535, such as 8080 or 53/udp'),
    ("FROM scratch\nEXPOSE 80/xyz", "expected a port"),
    ("FROM scratch\nEXPOSE 90-80", "expected a port"),
    ("FROM scratch\nUSER a b", "USER: expected USER NAME[:GROUP]"),
    ("FROM scratch\nSHELL /bin/sh", 'SHELL: expected SHELL ["PROGRAM", "OPTION"...], as JSON'),
    ("FROM scratch\nHEALTHCHECK true", "HEALTHCHECK: expected HEALTHCHECK [--interval=30s] CMD COMMAND, or NONE"),
    ("FROM scratch\nHEALTHCHECK --interval=5 CMD true", "--interval=5: expected a time such as 30s or 1m30s"),
    ("FROM scratch\nHEALTHCHECK --retries=x CMD true", "--retries=x: expected a number"),
    ("FROM scratch\nWORKDIR $X", 'WORKDIR: "$X": is empty'),
    ("# escape=x\nFROM scratch", "-:1: escape: expected \\ or `"),
    ("FROM scratch\nRUN \x1b[31mx\0", "-: has a NUL: expected text"),
    ("FROM scratch\n" + "ENV A=1\n" * 5000, "more instructions than are read"),
    ("FROM scratch\nENV A=" + "x" * (1 << 20), "-: 1048577 octets: more than 1048576 are not read"),
    ("FROM scratch\nENV A=0123456789\n" + "ENV A=$A$A\n" * 40, "ENV: the word becomes longer than 65536 octets"),
]


@pytest.mark.parametrize("text, why", WRONG, ids=[why[:40] for _, why in WRONG])
def test_what_is_wrong_is_told_with_its_line_and_what_was_expected(
        cell: Cell, folder: Path, text: str, why: str) -> None:
    assert why in cell.fails("build", "-q", "-f", "-", folder, input=text)
    assert cell.images() == []


@pytest.mark.parametrize("words, why", [
    (["nowhere"], "build: nowhere: No such file or directory"),
    (["."], "build: .: has no Containerfile: say -f FILE"),
    (["-f", "nowhere", "."], "build: nowhere: No such file or directory"),
    (["a", "b"], "build: b: too many words"),
    (["-t", "UPPER", "."], "UPPER"),
    (["--network", "bridge", "."], "--network bridge: there are none and host"),
    (["--timestamp", "now", "."], '--timestamp: "now": expected seconds since 1970'),
    (["--label", "x", "."], "--label x: expected NAME=VALUE"),
    (["--ignorefile", "nowhere", "-f", "/dev/null", "."], "has no FROM"),
    (["--no-cash", "."], "--no-c"),
])
def test_a_wrong_command_line_is_told(cell: Cell, folder: Path, words: list[str], why: str) -> None:
    assert why in cell.fails("build", *words, cwd=folder)


def test_a_wrong_time_in_the_environment_is_told(cell: Cell, folder: Path) -> None:
    assert 'SOURCE_DATE_EPOCH: "x"' in cell.fails("build", folder, env={"SOURCE_DATE_EPOCH": "x"})


def test_files_have_their_usual_names(cell: Cell, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\nENV A=docker\n")
    cell.ok("build", "-q", "-t", "t", "--iidfile", folder / "id", folder)
    assert cell.inspect("t")["image"]["config"] == env("A=docker")
    assert (folder / "id").read_text() == cell.inspect("t")["id"]

    (folder / "Containerfile").write_text("FROM scratch\nENV A=container\n")
    cell.ok("build", "-q", "-t", "t", "-t", "other:2", folder)

    assert cell.inspect("other:2")["image"]["config"] == env("A=container")
    assert cell.inspect("other:2")["names"] == ["localhost/t:latest", "localhost/other:2"]
