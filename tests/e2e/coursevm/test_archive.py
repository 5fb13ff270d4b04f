"""/out comes from a guest that its user may own: nothing that it sends leads out of DIR."""
from __future__ import annotations

import random

import pytest
from vm import archive


def entry(name: bytes, mode: int, data: bytes = b"", size: int | None = None) -> bytes:
    fields = (1, mode, 0, 0, 1, 0, len(data) if size is None else size, 0, 0, 0, 0,
              len(name) + 1, 0)
    out = b"070701" + b"".join(b"%08x" % f for f in fields) + name + b"\0"
    out += bytes(-len(out) % 4)
    return out + data + bytes(-len(data) % 4)


TRAILER = entry(b"TRAILER!!!", 0)
FILE, DIRECTORY, LINK = 0o100644, 0o040755, 0o120777


def unpack(data: bytes, target, piece: int | None = None) -> archive.Unpacker:
    unpacker = archive.Unpacker(target)
    for start in range(0, len(data), piece or max(len(data), 1)):
        unpacker.feed(data[start:start + (piece or len(data))])
    return unpacker


@pytest.mark.parametrize("piece", [1, 3, 7, 110, 4096])
def test_archive_arrives_whole_in_pieces_of_any_size(tmp_path, piece):
    data = (entry(b"d", DIRECTORY) + entry(b"d/f", FILE, b"12345") + entry(b"e", FILE, b"")
            + entry(b"x/y/z", FILE, bytes(1000)) + TRAILER)
    unpacker = unpack(data, tmp_path, piece)
    assert unpacker.finished and unpacker.error is None
    assert (tmp_path / "d/f").read_bytes() == b"12345"
    assert (tmp_path / "e").read_bytes() == b""
    assert (tmp_path / "x/y/z").read_bytes() == bytes(1000)


@pytest.mark.parametrize("name", [b"../evil", b"/evil", b"a/../../evil", b"..", b".", b"a//b",
                                  b"", b"a/./b"])
def test_name_that_leads_out_is_refused(tmp_path, name):
    inside = tmp_path / "inside"
    inside.mkdir()
    unpacker = unpack(entry(name, FILE, b"evil") + TRAILER, inside)
    assert unpacker.error
    assert [p.name for p in tmp_path.rglob("*")] == ["inside"]


def test_link_of_the_guest_is_not_made(tmp_path):
    unpacker = unpack(entry(b"link", LINK, b"/etc") + TRAILER, tmp_path)
    assert unpacker.finished
    assert not (tmp_path / "link").is_symlink()


def test_link_of_the_host_is_not_written_through(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "d").symlink_to(outside)
    (inside / "f").symlink_to(outside / "f")
    assert unpack(entry(b"d/f", FILE, b"evil") + TRAILER, inside).error
    assert unpack(entry(b"f", FILE, b"good") + TRAILER, inside).error is None
    assert list(outside.iterdir()) == []
    assert (inside / "f").read_bytes() == b"good"


@pytest.mark.parametrize("data", [b"x" * 200, b"070701" + b"g" * 104,
                                  b"070701" + b"0" * 88 + b"ffffffff" + b"0" * 8])
def test_garbled_archive_is_an_error(tmp_path, data):
    assert unpack(data, tmp_path).error


def test_flood_without_end_is_not_kept_in_memory(tmp_path):
    unpacker = archive.Unpacker(tmp_path)
    unpacker.feed(entry(b"f", FILE, size=0xFFFFFFFF))
    for _ in range(64):
        unpacker.feed(bytes(1 << 20))
        assert len(unpacker.buffer) < 1 << 16


def test_random_damage_never_leads_out(tmp_path):
    chance = random.Random(1)
    good = entry(b"d", DIRECTORY) + entry(b"d/f", FILE, b"12345678") + TRAILER
    for round_number in range(2000):
        data = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.choice(b"0123456789abcdef./\0\xff")
        inside = tmp_path / "in" / str(round_number)
        inside.mkdir(parents=True)
        unpack(bytes(data), inside)
    assert {p.name for p in tmp_path.iterdir()} == {"in"}
    assert {p.name for p in (tmp_path / "in").iterdir()} == {str(n) for n in range(2000)}
