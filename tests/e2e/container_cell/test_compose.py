"""cell compose: what a user sees of it. The reading of files is tested in tests/unit/container_compose."""
from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import TREE, Cell, wait_for

SERVE_LINE = "hostname > /srv/index.html; exec httpd -f -p 80 -h /srv"


class Project:
    def __init__(self, cell: Cell, folder: Path) -> None:
        self.cell, self.folder = cell, folder
        folder.mkdir()

    def write(self, text: str) -> None:
        (self.folder / "compose.yaml").write_text(text)

    def __call__(self, *words: object, **how: Any) -> subprocess.CompletedProcess[str]:
        return self.cell("compose", *words, cwd=self.folder, **how)

    def ok(self, *words: object, **how: Any) -> str:
        done = self(*words, **how)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def fails(self, *words: object, status: int = 1) -> str:
        done = self(*words)
        assert done.returncode == status, f"{words}: {done.returncode} {done.stdout}{done.stderr}"
        return done.stderr

    def ps(self) -> dict[str, Any]:
        return {c["name"]: c for c in json.loads(self.ok("ps", "--json"))}


@pytest.fixture
def project(tidy: Cell, tmp_path: Path) -> Project:
    subprocess.run(["make", "-s", "-C", TREE / "userland", f"O={tidy.program.parents[1]}",
                    tidy.program.parent / "cell-compose"], check=True)
    return Project(tidy, tmp_path / "shop")


def test_up_ps_logs_down(project: Project) -> None:
    project.write(f"services:\n  web: {{image: box:1, command: [sh, -c, '{SERVE_LINE}'], ports: ['8080:80']}}\n"
                  "  job: {image: box:1, command: echo done}\n")
    project.ok("up", "-d")
    assert wait_for(lambda: project.cell.curl("http://127.0.0.1:8080/", check=False)) == "shop-web-1\n"
    wait_for(lambda: project.ps()["shop-job-1"]["status"] == "stopped")
    assert project.ps()["shop-job-1"]["exit"] == 0 and project.ps()["shop-web-1"]["exit"] is None
    assert project.ok("logs", "job") == "shop-job-1 | done\n"
    (project.folder / "below").mkdir()
    assert "shop-web-1" in project.cell.ok("compose", "ps", cwd=project.folder / "below"), "it is found from below"
    project.ok("down", "-t", 0)
    assert project.ps() == {}


def test_names_resolve_and_replicas_share_one(project: Project) -> None:
    project.write(f"services:\n  web: {{image: box:1, command: [sh, -c, '{SERVE_LINE}'], scale: 2}}\n"
                  "  client: {image: box:1, command: sleep 100, depends_on: [web]}\n")
    project.ok("up", "-d")
    names = {wait_for(lambda n=n: project.cell("exec", "shop-client-1", "wget", "-q", "-O", "-", f"http://{n}/").stdout)
             for n in ("web", "shop-web-1", "shop-web-2")}
    assert names == {"shop-web-1\n", "shop-web-2\n"}
    project.ok("down", "-t", 0)


def test_networks_keep_services_apart(project: Project) -> None:
    project.write(f"services:\n  web: {{image: box:1, command: [sh, -c, '{SERVE_LINE}'], networks: [front]}}\n"
                  "  a: {image: box:1, command: sleep 100, networks: [front, back]}\n"
                  "  b: {image: box:1, command: sleep 100, networks: [back]}\nnetworks: {front: , back: }\n")
    project.ok("up", "-d")
    hosts = project.cell.ok("exec", "shop-a-1", "cat", "/etc/hosts").splitlines()
    address = next(line.split()[0] for line in hosts if "web" in line.split())
    knock = ["sh", "-c", f"echo | nc -w 1 {address} 80 > /dev/null"]
    wait_for(lambda: project.cell("exec", "shop-a-1", *knock).returncode == 0)
    assert project.cell("exec", "shop-b-1", *knock).returncode == 1
    assert "web" not in project.cell.ok("exec", "shop-b-1", "cat", "/etc/hosts")
    project.ok("down", "-t", 0)


def test_a_service_waits_for_one_to_be_healthy(project: Project) -> None:
    project.write("services:\n  slow: {image: box:1, command: [sh, -c, 'sleep 1; touch /ready; sleep 100'], "
                  "healthcheck: {test: [CMD, test, -e, /ready], interval: 100ms, retries: 50}}\n"
                  "  next: {image: box:1, command: date +%s, depends_on: {slow: {condition: service_healthy}}}\n")
    began = time.monotonic()
    project.ok("up", "-d")
    assert time.monotonic() - began > 1
    assert project.ps()["shop-slow-1"]["health"] == "healthy"
    project.cell.ok("exec", "shop-slow-1", "rm", "/ready")
    assert project.ps()["shop-slow-1"]["health"] == "unhealthy"
    project.ok("down", "-t", 0)


def test_a_service_waits_for_one_to_be_done(project: Project) -> None:
    text = ("services:\n  job: {{image: box:1, command: [sh, -c, 'sleep 0.5; exit {0}']}}\n"
            "  next: {{image: box:1, command: sleep 100, "
            "depends_on: {{job: {{condition: service_completed_successfully}}}}}}\n")
    project.write(text.format(0))
    project.ok("up", "-d")
    assert project.ps()["shop-job-1"]["status"] == "stopped" and project.ps()["shop-next-1"]["status"] == "running"
    project.ok("down", "-t", 0)
    project.write(text.format(7))
    assert "container shop-job-1: ended with status 7, where another needs its success" in project.fails("up", "-d")
    assert project.ps() == {}


def test_one_that_does_not_become_healthy_is_heard_and_all_is_undone(project: Project) -> None:
    project.write("services:\n  first: {image: box:1, command: sleep 100}\n"
                  "  ill: {image: box:1, command: [sh, -c, 'echo I am ill; sleep 100'], depends_on: [first], "
                  "healthcheck: {test: [CMD, 'false'], interval: 50ms, retries: 3}}\n"
                  "  next: {image: box:1, depends_on: {ill: {condition: service_healthy}}}\n")
    said = project.fails("up", "-d")
    assert "shop-ill-1: the end of its log:\nI am ill\n" in said
    assert "service ill: container shop-ill-1: is not healthy: its test failed 3 times" in said
    assert project.ps() == {}


def test_a_test_that_takes_too_long_has_failed(project: Project) -> None:
    project.write("services:\n  stuck: {image: box:1, command: sleep 100, healthcheck: "
                  "{test: [CMD, sleep, '100'], interval: 50ms, timeout: 200ms, retries: 2}}\n"
                  "  next: {image: box:1, depends_on: {stuck: {condition: service_healthy}}}\n")
    assert "its test took too long 2 times" in project.fails("up", "-d")


@pytest.mark.parametrize(("service", "says"), [
    ("{image: gone:1}", "service bad: cell-image inspect: image gone:1: is not here"),
    ("{image: box:1, command: /not/there}", "service bad: exec: /not/there: No such file"),
    ("{image: box:1, ports: ['8080:80']}", "service bad: "),
    ("{image: box:1, volumes: ['./not-there:/x']}", "not-there: No such file or directory: make it first"),
])
def test_a_service_that_cannot_start_undoes_those_before(project: Project, service: str, says: str) -> None:
    project.write(f"services:\n  good: {{image: box:1, command: [sh, -c, '{SERVE_LINE}'], ports: ['8080:80']}}\n"
                  f"  bad: {service}\n")
    assert says in project.fails("up", "-d")
    assert project.ps() == {}


def test_a_failure_does_not_touch_what_was_there_before(project: Project) -> None:
    project.write("services: {a: {image: box:1, command: sleep 100}}\n")
    project.ok("up", "-d")
    pid = project.cell.list()["shop-a-1"]["pid"]
    project.write("services: {a: {image: box:1, command: sleep 100}, b: {image: gone:1}}\n")
    project.fails("up", "-d")
    assert project.cell.list()["shop-a-1"]["pid"] == pid
    project.ok("down", "-t", 0)


def test_a_change_makes_one_anew_and_leaves_the_others(project: Project) -> None:
    text = "services: {{a: {{image: box:1, command: sleep {0}}}, b: {{image: box:1, command: sleep 100}}}}\n"
    project.write(text.format(100))
    project.ok("up", "-d")
    before = project.cell.list()
    project.write(text.format(200))
    # Its first process hears no TERM: it is waited for.
    project.ok("up", "-d")
    after = project.cell.list()
    assert after["shop-a-1"]["pid"] != before["shop-a-1"]["pid"]
    assert after["shop-b-1"]["pid"] == before["shop-b-1"]["pid"]
    assert "sleep 200" in project.cell.ok("exec", "shop-a-1", "ps")
    project.ok("down", "-t", 0)


def test_one_that_left_the_file_is_named_and_goes_with_down(project: Project) -> None:
    project.write("services: {a: {image: box:1, command: sleep 100}, b: {image: box:1, command: sleep 100}}\n")
    project.ok("up", "-d")
    project.write("services: {a: {image: box:1, command: sleep 100}}\n")
    assert "container shop-b-1: its service b is not in the file any more" in project("up", "-d").stderr
    project.ok("down", "-t", 0)


def test_volumes_stay_until_they_are_to_go(project: Project) -> None:
    project.write("services: {a: {image: box:1, command: [sh, -c, 'echo x >> /v/f; cat /v/f'], "
                  "volumes: ['data:/v', './:/here']}}\n"
                  "volumes: {data: }\n")
    volume = project.cell.folder / "data/volumes/shop_data/f"
    for lines in (1, 2):
        project.ok("up", "-d")
        wait_for(lambda: project.ps()["shop-a-1"]["status"] == "stopped")
        project.ok("down")
        assert volume.read_text() == "x\n" * lines
    project.ok("down", "-v")
    assert not volume.exists()


def test_in_the_foreground_it_ends_by_a_signal(project: Project) -> None:
    project.write("services: {a: {image: box:1, command: [sh, -c, 'trap \"echo bye; exit 0\" TERM; echo hello; "
                  "while :; do sleep 0.1; done']}}\n")
    process = subprocess.Popen(project.cell.command("compose", "up"), cwd=project.folder, env=project.cell.env,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
    assert process.stdout and process.stdout.readline() == "shop-a-1 | hello\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert project.ps()["shop-a-1"]["status"] == "stopped"
    assert "bye" in project.ok("logs")
    project.ok("down")


def test_in_the_foreground_it_ends_when_all_have_ended(project: Project) -> None:
    project.write("services: {a: {image: box:1, command: echo one}, b: {image: box:1, command: echo two}}\n")
    assert sorted(project.ok("up").splitlines()) == ["shop-a-1 | one", "shop-b-1 | two"]
    project.ok("down")


def test_plan_is_what_up_runs(project: Project) -> None:
    project.write("services:\n  b: {image: box:1, depends_on: [a], environment: {A: it's}}\n  a: {image: box:1}\n")
    lines = project.ok("plan").splitlines()
    assert [line.split(" --name ")[1].split()[0] for line in lines] == ["shop-a-1", "shop-b-1"]
    assert "-e 'A=it'\\''s'" in lines[1]
    # Pasted into a shell it is what up would have run: up then finds it.
    subprocess.run(["sh", "-c", f"cell() {{ {' '.join(project.cell.command())} \"$@\"; }}; {lines[0]}"], check=True,
                   env=project.cell.env)
    wait_for(lambda: project.cell.status("shop-a-1") == "stopped")
    project.ok("down")


def test_limits_and_restart_arrive(project: Project) -> None:
    project.write("services: {a: {image: box:1, command: [sh, -c, 'cat /proc/self/cgroup; sleep 0.2'], "
                  "restart: always, mem_limit: 64m, x-sched: 'share:200', "
                  "deploy: {resources: {limits: {pids: 20}}}}}\n")
    project.ok("up", "-d")
    first = project.cell.list()["shop-a-1"]["pid"]
    wait_for(lambda: project.cell.list().get("shop-a-1", {}).get("pid", first) not in (first, 0))
    groups = list(Path("/sys/fs/cgroup").glob("memory/cell-shop-a-1")) or [Path("/sys/fs/cgroup/cell-shop-a-1")]
    wait_for(lambda: any((groups[0] / f).exists() and (groups[0] / f).read_text().strip() == str(64 << 20)
                         for f in ("memory.limit_in_bytes", "memory.max")))
    project.ok("down", "-t", 0)


def test_env_files_are_read_anew_and_the_environment_counts_more(project: Project) -> None:
    project.write("services: {a: {image: box:1, command: 'sh -c \"echo $$A $$B $$C $$D; sleep 100\"', "
                  "env_file: [one, {path: two, required: false}], environment: {C: here}}}\n")
    (project.folder / "one").write_text("A=1\nB='one and ${A}'\nC=1\nexport D=\"<$HOME_OF_D>\" # comment\n")
    project.cell.env["HOME_OF_D"] = "d"
    project.ok("up", "-d")
    pid = project.cell.list()["shop-a-1"]["pid"]
    wait_for(lambda: project.ok("logs") == "shop-a-1 | 1 one and ${A} here <d>\n")
    project.ok("up", "-d")
    assert project.cell.list()["shop-a-1"]["pid"] == pid, "nothing has changed"
    (project.folder / "two").write_text("B=2\n")
    project.ok("up", "-d")
    wait_for(lambda: project.ok("logs") == "shop-a-1 | 1 2 here <d>\n")
    (project.folder / "one").unlink()
    assert "compose.yaml:1:" in project.fails("up", "-d") and "services.a.env_file: " in project.fails("up", "-d")
    project.ok("down", "-t", 0)


def test_variables_come_from_dot_env_unless_the_caller_has_them(project: Project) -> None:
    project.write("services: {a: {image: '${IMAGE}:1', command: [echo, '${WORD:-none}', '${MORE:+$WORD}', $$x], "
                  "environment: [WORD]}}\n")
    (project.folder / ".env").write_text("IMAGE=box\nWORD=of-the-file\nMORE=${WORD}\n")
    assert project.ok("up") == "shop-a-1 | of-the-file of-the-file $x\n"
    project.ok("down")
    project.cell.env["WORD"] = "mine"
    assert " -e WORD=mine " in project.ok("plan")
    assert project.ok("up") == "shop-a-1 | mine mine $x\n"
    project.ok("down")
    (project.folder / "other").write_text("IMAGE=box\n")
    assert project.ok("--env-file", "other", "up") == "shop-a-1 | mine  $x\n"
    project.ok("down")
    assert "nowhere: No such file" in project("--env-file", "nowhere", "plan").stderr
    (project.folder / ".env").write_text("IMAGE=box\n1=x\n")
    assert "compose: .env:2:1: expected NAME=VALUE" in project.fails("plan")


def test_secrets_are_files_that_cannot_be_written(project: Project) -> None:
    project.write("services: {a: {image: box:1, user: ann, read_only: true, command: [sh, -c, "
                  "'cd /run/secrets; cat word; stat -c \"%n %a %u\" word key; cat key; echo x > word; "
                  "readlink -f /etc/x; sleep 100'], "
                  "secrets: [word, {source: word, target: key, mode: 0400}, {source: word, target: /etc/x}]}}\n"
                  "secrets: {word: {file: ./word.txt}}\n")
    (project.folder / "word.txt").write_text("abracadabra\n")
    (project.folder / "word.txt").chmod(0o600)
    project.ok("up", "-d")
    wait_for(lambda: "/etc/x" in project.ok("logs"))
    said = project.ok("logs").replace("shop-a-1 | ", "")
    assert said.startswith("abracadabra\nword 444 0\nkey 400 0\n") and "can't open 'key': Permission denied" in said
    assert said.count("abracadabra") == 1 and "word: Read-only file system" in said, said
    assert "abracadabra" not in project.cell.ok("list", "--format", "json") + project.ok("plan")
    first = project.cell.list()["shop-a-1"]["pid"]
    (project.folder / "word.txt").write_text("open sesame\n")
    project.ok("up", "-d")
    assert project.cell.list()["shop-a-1"]["pid"] != first
    wait_for(lambda: "open sesame" in project.ok("logs"))
    project.ok("down", "-t", 0)
    (project.folder / "word.txt").unlink()
    assert "word.txt: No such file or directory: make it first" in project.fails("up", "-d")


def test_a_profile_is_wanted_by_name(project: Project) -> None:
    project.write("services:\n  a: {image: box:1, command: sleep 100}\n"
                  "  spy: {image: box:1, command: sleep 100, profiles: [debug], depends_on: [a]}\n")
    project.ok("up", "-d")
    assert set(project.ps()) == {"shop-a-1"}
    said = project("--profile", "debug", "up", "-d").stderr
    assert set(project.ps()) == {"shop-a-1", "shop-spy-1"} and "shop-a-1" not in said
    assert "warning" not in project("up", "-d").stderr, "it is in the file"
    assert set(project.ps()) == {"shop-a-1", "shop-spy-1"}
    project.ok("down", "-t", 0)
    assert project.ps() == {}
    project.cell.env["COMPOSE_PROFILES"] = "other,debug"
    assert len(project.ok("plan").splitlines()) == 2
    project.write("services:\n  a: {image: box:1, depends_on: [spy]}\n  spy: {image: box:1, profiles: [other]}\n")
    assert "compose.yaml:2:34: services.a.depends_on: spy: is in the profile other" in \
        project("up", "-d", env=project.cell.env | {"COMPOSE_PROFILES": ""}).stderr


def test_long_forms_of_ports_and_volumes(project: Project) -> None:
    (project.folder / "site").mkdir()
    (project.folder / "site/index.html").write_text("long\n")
    project.write("services:\n  web:\n    image: box:1\n    command: [sh, -c, 'grep /m /proc/mounts; date > /v/f; "
                  "date > /site/x; exec httpd -f -p 80 -h /site']\n"
                  "    ports:\n      - {target: 80, published: 8080, protocol: tcp, host_ip: 127.0.0.1}\n"
                  "    volumes:\n      - {type: bind, source: site, target: /site, read_only: true}\n"
                  "      - {type: volume, source: data, target: /v}\n"
                  "      - {type: tmpfs, target: /m, tmpfs: {size: 1m}}\nvolumes: {data: }\n")
    project.ok("up", "-d")
    assert wait_for(lambda: project.cell.curl("http://127.0.0.1:8080/", check=False)) == "long\n"
    assert project.cell.curl("http://192.0.2.1:8080/", check=False) == ""
    said = project.ok("logs")
    assert "/site/x: Read-only file system" in said and "size=1024k" in said
    assert (project.cell.folder / "data/volumes/shop_data/f").exists()
    project.ok("down", "-t", 0, "-v")


def test_an_empty_entrypoint_takes_the_images_away(project: Project) -> None:
    from conftest import busybox
    image = busybox(Entrypoint=["echo", "of the image"])
    image.names = ["localhost/talks:1"]
    project.cell.ok("load", "-i", image.build().write(project.folder / "talks.tar"))
    text = "services: {{a: {{image: 'talks:1', {0}}}}}\n"
    for words, says in (("command: hello", "of the image hello"), ("entrypoint: [], command: [echo, hello]", "hello"),
                        ("entrypoint: 'echo \"so  it\"', command: goes", "so  it goes")):
        project.write(text.format(words))
        assert project.ok("up") == f"shop-a-1 | {says}\n"
        project.ok("down")


def test_a_log_has_the_bound_that_the_file_says(project: Project) -> None:
    project.write("services: {a: {image: box:1, command: [seq, '2000'], "
                  "logging: {driver: json-file, options: {max-size: 1k, max-file: '2'}}}}\n")
    project.ok("up", "-d")
    wait_for(lambda: project.ps()["shop-a-1"]["status"] == "stopped")
    lines = project.ok("logs").splitlines()
    assert lines == [f"shop-a-1 | {n}" for n in range(2001 - len(lines), 2001)] and 204 < len(lines) <= 410
    project.ok("down")


@pytest.mark.parametrize(("words", "status", "says"), [
    (["up"], 1, "compose: compose.yaml:1:15: services.a: expected a map"),
    (["frob"], 2, "frob: no such verb"),
    (["-p", "Big", "ps"], 2, "--project Big: expected lower-case letters"),
    (["-f", "nowhere.yaml", "up"], 1, "nowhere.yaml: No such file or directory"),
    (["up", "--scale", "x=1"], 1, "compose.yaml:1:15"),
    (["ps", "--frob"], 1, "compose.yaml:1:15"),
])
def test_bad_input(project: Project, words: list[str], status: int, says: str) -> None:
    project.write("services: {a: x}\n")
    done = project(*words)
    assert done.returncode == status and says in done.stderr.replace(str(project.folder) + "/", ""), done.stderr


def test_without_a_file_what_is_there_can_be_removed(project: Project) -> None:
    project.write("services: {a: {image: box:1, command: sleep 100}}\n")
    project.ok("up", "-d")
    project.write("services: [broken")
    assert "did not find expected" in project.fails("down")
    project.ok("-p", "shop", "down", "-t", 0)


def test_what_is_not_there_is_built(project: Project) -> None:
    (project.folder / "app").mkdir()
    (project.folder / "app/word").write_text("first\n")
    (project.folder / "app/Containerfile").write_text("FROM localhost/box:1\nCOPY word /word\nCMD [\"cat\", \"/word\"]\n")
    project.write("services: {a: {build: ./app}}\n")
    assert project.ok("up") == "shop-a-1 | first\n"
    assert "localhost/shop-a" in project.cell.ok("images")
    (project.folder / "app/word").write_text("second\n")
    project.ok("down")
    assert project.ok("up") == "shop-a-1 | first\n", "it is there"
    project.ok("down")
    assert project.ok("up", "--build") == "shop-a-1 | second\n"
    project.ok("down")


def test_a_build_that_fails_is_told_with_its_service(project: Project) -> None:
    (project.folder / "Other").write_text("FROM localhost/box:1\nCOPY nowhere /\n")
    project.write("services: {a: {build: {context: ., dockerfile: Other}}}\n")
    assert "service a: build: " in project.fails("up", "-d")


@pytest.mark.slow
def test_the_example_builds_itself(project: Project) -> None:
    example = TREE / "userland/container/examples/four-services"
    subprocess.run(["make", "-s", "-C", TREE / "userland", f"O={project.cell.program.parents[1]}",
                    *(project.cell.program.parent / name for name in ("httpd", "directory", "load"))], check=True)
    subprocess.run([example / "prepare", project.folder / "context"], check=True, stdout=subprocess.DEVNULL)
    project.cell.env["CONTEXT"] = str(project.folder / "context")
    project.ok("-f", example / "compose.yaml", "up", "-d")
    assert "found by name" in project.cell.curl("http://127.0.0.1:8080/")
    project.ok("-f", example / "compose.yaml", "down", "-t", 1, "-v")
