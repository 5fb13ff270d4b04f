"""The directory as its users see it: leases, crashes of either side, bad messages, slow clients, a hard one."""
from __future__ import annotations

import json
import os
import random
import signal
import socket
import struct
import time
from pathlib import Path
from typing import Callable, Iterator

import pytest
from directory_running import (
    END_FULL, FULL, GONE, LIST, LOOKUP, MALFORMED, NAME_FULL, NOT_YOURS, OK, OTHER_VERSION, REGISTER, RENEW, SLACK,
    STALE, STATS, TCP, UDP, UNREGISTER, Directory, Running, ask_stream, claim, lookup, question,
    read_answer, read_exactly, wait_until,
)


@pytest.fixture
def directory(start_directory: Callable[..., Directory]) -> Directory:
    return start_directory()


@pytest.fixture
def servers() -> Iterator[list[Running]]:
    kept: list[Running] = []
    yield kept
    for server in kept:
        server.stop()


def stream_of(answer: bytes) -> int:
    return struct.unpack(">H", answer[:2])[0]


# --- leases ---

def test_a_server_killed_disappears_within_one_lease(directory: Directory, servers: list[Running]) -> None:
    servers.append(directory.keep("web", 8080))
    wait_until(lambda: directory.find("web") == [("127.0.0.1", 8080)], 10, "it is found")
    time.sleep(1.5)
    assert directory.find("web"), "it is renewed"

    servers[0].kill()

    time.sleep(1.0 + 0.05)
    assert directory.find("web") == []


def test_a_command_that_ends_is_gone_at_once(directory: Directory) -> None:
    server = directory.keep("web", 8080, "sh", "-c", "sleep 0.5; exit 7", lease="60s")
    wait_until(lambda: directory.find("web"), 10, "it is found")

    assert server.process.wait(10) == 7

    wait_until(lambda: directory.find("web") == [], SLACK, "it is gone")


def test_a_killed_directory_is_rebuilt_within_one_lease_without_any_restart(
        start_directory: Callable[..., Directory], servers: list[Running]) -> None:
    lease = 1.0
    first = start_directory()
    servers += [first.keep(f"s{i}", 8000 + i) for i in range(8)]
    wait_until(lambda: all(first.find(f"s{i}") for i in range(8)), 10, "all are found")
    pids = [server.process.pid for server in servers]

    first.kill()
    time.sleep(0.5)
    second = start_directory(port=first.port)

    assert not any(second.find(f"s{i}") for i in range(8)) or second.stats()["uptime_ms"] > 50, "it starts empty"
    wait_until(lambda: all(second.find(f"s{i}") for i in range(8)), lease + SLACK, "all are found again")
    assert second.stats()["uptime_ms"] < (lease + SLACK) * 1000
    assert [server.process.pid for server in servers if server.process.poll() is None] == pids


def test_a_server_may_start_before_its_directory(start_directory: Callable[..., Directory],
                                                 servers: list[Running]) -> None:
    away = start_directory()
    away.kill()
    servers.append(away.keep("early", 8080))
    time.sleep(0.5)

    directory = start_directory(port=away.port)

    wait_until(lambda: directory.find("early"), 1 + SLACK, "it is found")


def test_a_stopped_directory_loses_nobody_who_still_renews(directory: Directory, servers: list[Running]) -> None:
    servers.append(directory.keep("web", 8080, lease="2s"))
    wait_until(lambda: directory.find("web"), 10, "it is found")

    directory.process.send_signal(signal.SIGSTOP)
    time.sleep(3)
    directory.process.send_signal(signal.SIGCONT)

    wait_until(lambda: directory.find("web"), 2 + SLACK, "it is found again")


def test_servers_of_one_name_take_turns(directory: Directory) -> None:
    for port in (1, 2, 3):
        assert directory.ask(REGISTER, claim("web", port, 1)).status == OK

    firsts = [directory.find("web")[0][1] for _ in range(6)]

    assert sorted(firsts[:3]) == [1, 2, 3] and firsts[:3] == firsts[3:]


def test_a_new_owner_of_a_port_takes_it_from_the_old_name(directory: Directory) -> None:
    directory.ask(REGISTER, claim("old", 8080, 10, 60000, b"a" * 16))

    assert directory.ask(REGISTER, claim("new", 8080, 11, 60000, b"b" * 16)).status == OK

    assert directory.find("old") == [] and directory.find("new")
    assert directory.ask(RENEW, claim("old", 8080, 12, 60000, b"a" * 16)).status == GONE


def test_tcp_and_udp_of_a_port_are_two_end_points(directory: Directory) -> None:
    directory.ask(REGISTER, claim("dns", 53, 1, token=b"a" * 16, protocol=TCP))
    directory.ask(REGISTER, claim("dns", 53, 1, token=b"b" * 16, protocol=UDP))

    assert len(directory.find("dns")) == 2
    assert len(directory.ask(LOOKUP, lookup("dns", protocol=UDP)).ends()) == 1


# --- messages that are repeated, late, or wrong ---

def test_a_replayed_registration_does_not_keep_the_dead_alive(directory: Directory) -> None:
    message = question(REGISTER, claim("web", 8080, 5, 500))
    end = time.monotonic() + 0.5
    assert read_answer(directory.send(message), message).status == OK

    while time.monotonic() < end - 0.05:
        assert read_answer(directory.send(message), message).status == OK
        time.sleep(0.05)
    time.sleep(0.2)

    assert directory.find("web") == []
    assert directory.stats()["repeated"] > 0


def test_a_registration_that_comes_after_unregistering_is_not_done(directory: Directory) -> None:
    late = question(REGISTER, claim("web", 8080, 5, 60000))
    directory.send(late)
    assert directory.ask(UNREGISTER, claim("web", 8080, 6)).status == OK

    assert read_answer(directory.send(late), late).status == STALE

    assert directory.find("web") == []


def test_nobody_registers_for_another_host(directory: Directory) -> None:
    other = bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 1])

    assert directory.ask(REGISTER, claim("web", 8080, 5, address=other)).status == NOT_YOURS


def test_an_answer_lists_only_what_three_times_the_question_holds(directory: Directory) -> None:
    for port in range(1, 41):
        directory.ask(REGISTER, claim("web", port, 1, 60000))

    short = directory.ask(LOOKUP, lookup("web"))
    with directory.connect() as connection:
        whole = ask_stream(connection, question(LOOKUP, lookup("web")))

    assert short.truncated and 16 + len(short.body) <= 3 * 27
    assert not whole.truncated and len(whole.ends()) == 40
    assert len(json.loads(directory.verb("lookup", "web", "--json").stdout)) == 40


def test_malformed_and_truncated_messages_are_refused_and_change_nothing(directory: Directory) -> None:
    good = question(REGISTER, claim("web", 8080, 5))
    rng = random.Random(1)
    bad = [good[:cut] for cut in range(len(good))]
    bad += [good + b"x", question(0), question(9), good[:2] + b"\7" + good[3:], b"", b"\0" * 1400]
    for _ in range(300):
        spoilt = bytearray(good[:12] + b"\1" + good[13:])
        spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
        bad.append(bytes(spoilt))

    for message in bad:
        directory.socket.send(message)

    directory.socket.close()
    directory.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    directory.socket.connect(("127.0.0.1", directory.port))
    directory.socket.settimeout(10)
    stats = directory.stats()
    assert stats["malformed"] > 200 and stats["ignored"] > 15
    assert directory.send(good[:2] + b"\7" + good[3:])[12] == OTHER_VERSION
    assert directory.send(good + b"x")[12] == MALFORMED


def test_no_answer_is_ever_answered(directory: Directory) -> None:
    answer = directory.send(question(LOOKUP, lookup("web")))

    directory.socket.send(answer)
    directory.socket.settimeout(0.3)

    with pytest.raises(TimeoutError):
        directory.socket.recv(2000)


# --- TCP ---

def test_a_question_over_tcp_may_come_in_any_two_pieces(directory: Directory) -> None:
    directory.ask(REGISTER, claim("web", 8080, 5, 60000))
    message = question(LOOKUP, lookup("web"))

    with directory.connect() as connection:
        for at in range(1, len(message) + 2):
            assert ask_stream(connection, message, at).ends() == [("127.0.0.1", 8080)], f"cut at {at}"


def test_questions_over_tcp_may_be_sent_all_at_once(directory: Directory) -> None:
    messages = [question(LOOKUP, lookup("web"), request) for request in range(1, 301)]

    with directory.connect() as connection:
        connection.sendall(b"".join(struct.pack(">H", len(m)) + m for m in messages))
        for message in messages:
            assert read_answer(read_exactly(connection, stream_of(read_exactly(connection, 2))), message).status == OK


def test_what_is_no_question_closes_the_connection(directory: Directory) -> None:
    for octets in (b"GET / HTTP/1.1\r\n\r\n", b"\0\0", b"\xff\xff" + b"x" * 2000, b"\0\x10" + b"y" * 16):
        with directory.connect() as connection:
            try:
                connection.sendall(octets)
                assert connection.recv(100) == b"", octets
            except ConnectionError:
                pass    # it closed with octets unread
    with directory.connect() as connection:
        assert ask_stream(connection, question(LOOKUP, lookup("web") + b"x")).status == MALFORMED
        assert connection.recv(100) == b""


def test_a_slow_client_is_closed_and_holds_up_nobody(start_directory: Callable[..., Directory]) -> None:
    directory = start_directory("--idle", "500ms")
    directory.ask(REGISTER, claim("web", 8080, 5, 60000))
    message = question(LOOKUP, lookup("web"))
    framed = struct.pack(">H", len(message)) + message
    slow = directory.connect()
    begin = time.monotonic()

    with pytest.raises((ConnectionError, EOFError)):
        for octet in framed + framed:
            slow.sendall(bytes([octet]))
            assert directory.find("web"), "others are served"
            time.sleep(0.1)
            slow.settimeout(0.001)
            try:
                if slow.recv(1) == b"":
                    raise EOFError
            except TimeoutError:
                pass
    assert time.monotonic() - begin < 0.5 + SLACK


def test_who_does_not_read_costs_one_answer(start_directory: Callable[..., Directory]) -> None:
    directory = start_directory("--idle", "60s")
    for port in range(1, 65):
        directory.ask(REGISTER, claim("web", port, 1, 60000))
    message = question(LOOKUP, lookup("web"))
    deaf = directory.connect()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.settimeout(0.3)

    with pytest.raises(TimeoutError):
        for _ in range(1000):
            deaf.sendall((struct.pack(">H", len(message)) + message) * 200)

    assert directory.find("web"), "others are served"
    deaf.close()


def test_more_connections_than_may_be_close_the_quietest(start_directory: Callable[..., Directory]) -> None:
    directory = start_directory("--connections", "4")
    message = question(LOOKUP, lookup("web"))
    first = directory.connect()
    ask_stream(first, message)
    others = []
    for _ in range(8):
        others.append(directory.connect())
        ask_stream(others[-1], message)

    assert first.recv(1) == b""
    for connection in others[-4:]:
        assert ask_stream(connection, message).status == OK
    assert directory.stats()["connections_closed_for_room"] == 5
    for connection in others:
        connection.close()


def test_without_descriptors_new_clients_are_still_served(start_directory: Callable[..., Directory]) -> None:
    directory = start_directory("--connections", "1000", descriptors=24)
    message = question(LOOKUP, lookup("web"))
    connections = []

    for _ in range(60):
        connections.append(directory.connect())
        assert ask_stream(connections[-1], message).status == OK

    assert directory.find("web") == []
    for connection in connections:
        connection.close()
    with directory.connect() as connection:
        assert ask_stream(connection, message).status == OK


def test_no_descriptor_is_leaked(directory: Directory) -> None:
    def descriptors() -> int:
        return len(os.listdir(f"/proc/{directory.process.pid}/fd"))

    before = descriptors()
    for _ in range(200):
        with directory.connect() as connection:
            connection.sendall(b"\0")
    wait_until(lambda: descriptors() == before, SLACK, "all are closed")


# --- many, and limits ---

def test_ten_thousand_registrations_are_all_there(directory: Directory) -> None:
    for i in range(10000):
        assert directory.ask(REGISTER, claim(f"s{i}", 1 + i, 1, 60000)).status == OK

    listed = json.loads(directory.verb("list", "--json").stdout)

    assert len(listed) == 10000 and {entry["name"] for entry in listed} == {f"s{i}" for i in range(10000)}
    assert directory.find("s9999") == [("127.0.0.1", 10000)]
    assert directory.stats()["entries"] == 10000


def test_ten_thousand_leases_end_together(directory: Directory) -> None:
    for i in range(10000):
        directory.ask(REGISTER, claim(f"s{i}", 1 + i, 1, 3000))
    time.sleep(3.1)

    assert directory.find("s1") == []
    assert directory.stats()["entries"] == 0


def test_limits_are_said(start_directory: Callable[..., Directory]) -> None:
    directory = start_directory("--entries", "3", "--per-name", "2", "--per-end", "2")

    assert directory.ask(REGISTER, claim("a", 1, 1)).status == OK
    assert directory.ask(REGISTER, claim("a", 2, 1)).status == OK
    assert directory.ask(REGISTER, claim("a", 3, 1)).status == NAME_FULL
    assert directory.ask(REGISTER, claim("b", 1, 1)).status == OK
    assert directory.ask(REGISTER, claim("c", 1, 1)).status in (END_FULL, FULL)
    assert directory.ask(REGISTER, claim("c", 4, 1)).status == FULL


# --- hard ---

def test_a_hard_directory_knows_all_at_once_also_what_is_no_longer_true(
        start_directory: Callable[..., Directory], tmp_path: Path, servers: list[Running]) -> None:
    first = start_directory("--hard", tmp_path / "journal")
    servers += [first.keep("alive", 8000), first.keep("dead", 8001)]
    wait_until(lambda: first.find("alive") and first.find("dead"), 10, "both are found")

    first.kill()
    servers[1].kill()
    second = start_directory("--hard", tmp_path / "journal", port=first.port)

    assert second.find("alive") and second.find("dead"), "at once"
    time.sleep(1.5)
    assert second.find("dead"), "and for ever"
    assert second.stats()["hard"] == 1


def test_a_hard_directory_killed_at_any_moment_has_all_it_has_answered(
        start_directory: Callable[..., Directory], tmp_path: Path) -> None:
    rng = random.Random(7)
    known: dict[int, int] = {}
    port = 0
    for round_ in range(6):
        directory = start_directory("--hard", tmp_path / "journal", "--entries", "100", port=port)
        port = directory.port
        for number, stamp in known.items():
            assert bool(directory.find(f"s{number}")) == (stamp > 0), f"s{number} in round {round_}"
        end = time.monotonic() + rng.uniform(0.05, 0.3)
        stamp = 1 + 1000000 * round_
        while time.monotonic() < end:
            number, stamp = rng.randrange(40), stamp + 1
            gone = rng.random() < 0.4
            operation = UNREGISTER if gone else REGISTER
            assert directory.ask(operation, claim(f"s{number}", 1 + number, stamp)).status == OK
            known[number] = 0 if gone else stamp
        # One more is on its way, whose answer nobody waits for.
        directory.socket.send(question(REGISTER, claim("torn", 99, stamp + 1)))
        directory.kill()


def test_the_journal_does_not_grow_without_bound(start_directory: Callable[..., Directory], tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    directory = start_directory("--hard", journal)

    # Many at a time: a disk may take long to synchronise, and a batch is synchronised once.
    for start_of_batch in range(1, 1501, 50):
        messages = [question(REGISTER, claim("web", 80, stamp)) for stamp in range(start_of_batch, start_of_batch + 50)]
        for message in messages:
            directory.socket.send(message)
        for message in messages:
            assert read_answer(directory.socket.recv(2000), message).status == OK

    assert journal.stat().st_size < 70000
    directory.kill()
    assert start_directory("--hard", journal, port=directory.port).find("web")


def test_a_torn_journal_is_used_up_to_the_tear(start_directory: Callable[..., Directory], tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    directory = start_directory("--hard", journal)
    for port in (1, 2):
        directory.ask(REGISTER, claim(f"s{port}", port, 1))
    directory.kill()
    journal.write_bytes(journal.read_bytes()[:-1])

    again = start_directory("--hard", journal)

    assert again.find("s1") and not again.find("s2")


def test_one_journal_is_one_directorys(start_directory: Callable[..., Directory], directory_program: Path,
                                       tmp_path: Path) -> None:
    start_directory("--hard", tmp_path / "journal")

    second = Running([directory_program, "--listen", "127.0.0.1:0", "--hard", tmp_path / "journal"],
                     stderr=tmp_path / "err")

    assert second.process.wait(10) == 1
    assert "another directory has it" in (tmp_path / "err").read_text()


# --- the command ---

def test_what_a_register_prints_unregisters(directory: Directory) -> None:
    token = directory.verb("register", "web", "8080", "--lease", "60s").stdout.strip()
    assert directory.find("web")

    assert directory.verb("unregister", "web", "8080", "--token", "0" * 32).returncode == 0
    assert directory.find("web"), "not with another's token"
    assert directory.verb("unregister", "web", "8080", "--token", token).returncode == 0

    assert directory.find("web") == []
    assert directory.verb("lookup", "web").returncode == 1


def test_errors_say_what_to_do(directory: Directory) -> None:
    for words, text in [(("register", "we b", "1"), "bad name"), (("register", "web", "0"), "bad port"),
                        (("lookup",), "an argument is missing"), (("lookup", "web", "--timeout", "-1s"), "bad time"),
                        (("unregister", "web", "1", "--token", "xy"), "bad token"),
                        (("stats", "--seconds", "0"), "bad number"), (("list", "--what"), "bad option")]:
        done = directory.verb(*words)
        assert done.returncode == 2 or words[0] == "lookup", words
        assert text in done.stderr and done.stderr.startswith("directory: "), done.stderr


def test_a_lookup_asks_again_when_an_answer_is_lost(directory: Directory) -> None:
    directory.ask(REGISTER, claim("web", 8080, 1, 60000))
    directory.process.send_signal(signal.SIGSTOP)
    asking = Running([directory.program, "lookup", "web", "--directory", directory.at, "--timeout", "10s"])
    time.sleep(0.8)

    directory.process.send_signal(signal.SIGCONT)

    assert asking.process.wait(10) == 0
    assert directory.stats()["lookups"] >= 3


def test_a_bench_counts_system_calls(directory: Directory) -> None:
    result = json.loads(directory.verb("bench", "--seconds", "1", "--names", "50", "--json").stdout)

    assert result["lookups"] > 100 and result["without_answer"] == 0
    assert result["system_calls_per_lookup"] < 1


def test_sigusr1_prints_statistics(directory_program: Path, tmp_path: Path) -> None:
    directory = Running([directory_program, "--listen", "127.0.0.1:0"], stderr=tmp_path / "err")
    directory.await_line("listening on")

    directory.process.send_signal(signal.SIGUSR1)

    wait_until(lambda: "lookups 0\n" in (tmp_path / "err").read_text(), 5, "they are there")
    assert directory.stop() == 0


def test_stats_and_list_over_udp_fit_their_questions(directory: Directory) -> None:
    assert directory.ask(STATS).truncated
    assert not directory.ask(STATS, least=400).truncated
    assert not directory.ask(LIST, struct.pack(">I", 0)).truncated
