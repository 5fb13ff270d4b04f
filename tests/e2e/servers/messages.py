"""Requests that are made up, sound and spoilt, and what the servers' parser makes of them."""
from __future__ import annotations

import json
import os
import random
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

COUNT = 6000


@dataclass
class Understood:
    """What a parser made of a connection's octets. The content is what there was of it."""

    outcome: str
    why: str = ""
    method: str = ""
    target: str = ""
    minor: int = 0
    fields: list[tuple[str, str]] = field(default_factory=list)
    keep_alive: bool | None = None
    content: str = ""
    complete: bool = False


def ours(program: Path, messages: list[bytes]) -> list[Understood]:
    stdin = b"".join(struct.pack(">I", len(message)) + message for message in messages)
    lines = subprocess.run([program], input=stdin, capture_output=True, check=True).stdout.decode().splitlines()
    assert len(lines) == len(messages)
    return [understood(json.loads(line)) for line in lines]


def understood(said: dict) -> Understood:
    if said["outcome"] != "done":
        return Understood(said["outcome"], said.get("why", ""))
    body = said["body"]
    if body["outcome"] == "bad":
        return Understood("bad", body["why"])
    fields = [(name.lower(), value) for name, value in said["fields"]]
    return Understood("done", "", said["method"], said["target"], said["minor"], fields, said["keep_alive"],
                      "".join(said["content"]), body["outcome"] == "done")


# --- what parsers are asked ---

NAMES = ["Accept", "X-A", "user-agent", "Cookie", "Range", "If-None-Match", "X_b", "Referer", "TE", "Upgrade-X"]
VALUES = ["a", "", "b c", "text/html, */*;q=0.8", "\"q\"", "x\ty", "caf\xe9", "a=b; c=d", "bytes=0-9", "1" * 40]
TARGETS = ["/", "/a/b?c=d", "/%41?x=%20", "http://b.example/x", "*", "/a//../b", "/?", "/~u;v=1", "//x", "/[a]|{b}"]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "M-SEARCH", "get"]
SPOILS = [b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b",", b";", b"\x7f", b"\xff", b"\x01", b"0", b"chunked",
          b"\"", b"Host: x\r\n", b"Content-Length: 5\r\n", b"Content-Length: 3\r\n",
          b"Transfer-Encoding: chunked\r\n",
          b"Transfer-Encoding: gzip\r\n", b"Connection: close\r\n", b"Expect: 100-continue\r\n", b"\r\n ", b"HTTP/1.1",
          b"HTTP/1.0", b"#", b"%", b"+", b"-", b"=", b"a" * 40, b"9" * 22]


def chunked(rng: random.Random, content: str) -> str:
    out, at = "", 0
    while at < len(content):
        size = rng.randint(1, len(content) - at)
        extension = rng.choice(["", "", "", ";a", ";a=b", ";a=\"b c\"", ";a;b=c"])
        digits = rng.choice([f"{size:x}", f"{size:X}", f"00{size:x}"])
        out += f"{digits}{extension}\r\n{content[at:at + size]}\r\n"
        at += size
    return out + "0\r\n" + rng.choice(["", "", "X: y\r\n", "A:\r\nB: c \r\n"]) + "\r\n"


def sound(rng: random.Random) -> bytes:
    """A request that there is nothing to say against, whole."""
    target = rng.choice(TARGETS)
    method = "OPTIONS" if target == "*" else rng.choice(METHODS)
    minor = rng.choice("1110")
    fields = [f"{rng.choice(NAMES)}:{rng.choice(['', ' ', '  '])}{rng.choice(VALUES)}{rng.choice(['', ' '])}"
              for _ in range(rng.randint(0, 6))]
    fields.append(f"Host: {rng.choice(['a', 'a.example:80', '[::1]', '127.0.0.1'])}")
    if rng.random() < 0.3:
        fields.append("Connection: " + rng.choice(["close", "keep-alive", "Keep-Alive, x", "x,close", "CLOSE"]))
    content = "".join(rng.choice("abc\r\n0\xff") for _ in range(rng.randint(0, 40)))
    body = ""
    framing = rng.choice(["", "length", "chunked" if minor == "1" else "length"])
    if framing == "length":
        fields.append(f"{rng.choice(['Content-Length', 'content-length'])}: {len(content)}")
        body = content
    elif framing == "chunked":
        fields.append(f"Transfer-Encoding: {rng.choice(['chunked', 'Chunked'])}")
        body = chunked(rng, content)
    rng.shuffle(fields)
    head = "".join(f"{line}\r\n" for line in [f"{method} {target} HTTP/1.{minor}", *fields, ""])
    return (head + body).encode("latin-1")


def spoilt(rng: random.Random, message: bytes) -> bytes:
    """The same with one to three accidents."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randint(0, len(message))
        lines = message.split(b"\r\n")
        line = rng.randrange(len(lines))
        kind = rng.randrange(6)
        if kind == 0:
            message = message[:at] + rng.choice(SPOILS) + message[at:]
        elif kind == 1:
            message = message[:at] + message[at + rng.randint(1, 4):]
        elif kind == 2:
            message = message[:at] + rng.choice(SPOILS) + message[at + 1:]
        elif kind == 3:
            lines.insert(line, rng.choice(SPOILS).removesuffix(b"\r\n"))
            message = b"\r\n".join(lines)
        elif kind == 4:
            message = b"\r\n".join(lines[:line] + [lines[line]] * 2 + lines[line + 1:])
        else:
            message = message[:at]
    return message


def seed() -> int:
    return int(os.environ.get("SEED", "1"))
