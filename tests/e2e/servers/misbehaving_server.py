#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""An HTTP server that misbehaves on demand and counts what it saw: the path says how.

    /ok /chunked /to-close /big   well
    /503 /404                     with that status
    /announced                    well, and says that it closes
    /slow?MS                      after so many ms
    /truncated                    half a body, then closes
    /reset                        half a body, then resets
    /silent                       closes without an answer
    /nonsense                     no HTTP
    /more                         more bytes than its Content-Length says
    /mixed                        each four requests: well, 503, truncated, reset
    /stats                        JSON: what was counted; not counted itself

Prints its port. Options: --close-after N: closes after so many answers, without a word;
--one-at-a-time: serves a connection to its end before the next; --patience MS: for a head,
then 408; idle connections are closed as well.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import socket
import struct

OPTIONS = argparse.Namespace()
SEEN: collections.Counter[str] = collections.Counter()
BODIES: list[str] = []
PEERS: collections.Counter[str] = collections.Counter()
TURN = asyncio.Lock()


def answer(status: str, body: bytes, *fields: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields])
    return head.encode() + b"\r\n\r\n" + body


OK = answer("200 OK", b"hello world")
HALF = answer("200 OK", b"hello world")[:-5]


def reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def respond(path: str, writer: asyncio.StreamWriter) -> bool:
    """Answer one request. Returns whether the connection stays."""
    if path == "/mixed":
        path = ["/ok", "/503", "/truncated", "/reset"][SEEN["/mixed"] % 4]
        SEEN[f"mixed {path}"] += 1
    if path.startswith("/slow?"):
        await asyncio.sleep(int(path.removeprefix("/slow?")) / 1000)
    if path == "/503":
        writer.write(answer("503 Service Unavailable", b"later"))
    elif path == "/404":
        writer.write(answer("404 Not Found", b""))
    elif path == "/chunked":
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n")
    elif path == "/to-close":
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nhello world")
        return False
    elif path == "/announced":
        writer.write(answer("200 OK", b"bye", "Connection: close"))
        return False
    elif path == "/big":
        writer.write(answer("200 OK", bytes(4 << 20)))
    elif path == "/truncated":
        writer.write(HALF)
        return False
    elif path == "/reset":
        writer.write(HALF)
        await writer.drain()
        reset(writer)
        return False
    elif path == "/silent":
        return False
    elif path == "/nonsense":
        writer.write(b"hello world\n")
    elif path == "/more":
        writer.write(OK + b"!")
    elif path == "/stats":
        stats = {"seen": SEEN, "peers": PEERS, "bodies": BODIES[-3:]}
        writer.write(answer("200 OK", json.dumps(stats).encode(), "Connection: close"))
        return False
    else:
        writer.write(OK)
    return True


async def read_request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    patience = OPTIONS.patience / 1000 if OPTIONS.patience else None
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), patience)
    lines = head.decode().split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if "content-length" in fields:
        BODIES.append((await reader.readexactly(int(fields["content-length"]))).decode())
    return lines[0].split()[1], fields


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    answers = 0
    while True:
        try:
            path, fields = await read_request(reader)
        except asyncio.TimeoutError:
            writer.write(answer("408 Request Timeout", b""))
            return
        if path != "/stats":
            SEEN["requests"] += 1
            SEEN["connections"] += not answers
            if not answers:
                PEERS[writer.get_extra_info("peername")[0]] += 1
        stays = await respond(path, writer)
        SEEN[path] += 1
        answers += 1
        if not stays or answers == OPTIONS.close_after or fields.get("connection") == "close":
            return
        await writer.drain()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        if OPTIONS.one_at_a_time:
            async with TURN:
                await talk(reader, writer)
        else:
            await talk(reader, writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--close-after", type=int, default=0)
    parser.add_argument("--one-at-a-time", action="store_true")
    parser.add_argument("--patience", type=int, default=0)
    parser.parse_args(namespace=OPTIONS)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
