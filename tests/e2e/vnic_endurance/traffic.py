"""Flows of several kinds that go on whatever happens to what they go through, and know whether they get on.

	container --- UDP of many sizes, UDP to be cut (UDP_SEGMENT), a TCP stream ---> far, which returns datagrams
	second    --- the same, and is never touched: its flows have to get on
	far       --- UDP to forwarded ports, as fast as one process can ---> whoever has them

A socket keeps its namespace alive. So that namespaces can end, all of a guest's are closed by close().
"""
from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import threading
import time

import wire
from wire import FAR, SLOWNESS, UPLINK, inside

ECHO, SINK = 7, 9
FORWARDED = (6001, 6002, 6003)
SIZES = (0, 1, 200, 1472, 1473, 9000)
SOL_UDP, UDP_SEGMENT = 17, 103


swallowed: set[socket.socket] = set()


def hang_up() -> None:
    """The server forgets the streams of those who went without a word."""
    wire.wait_for(lambda: not swallowed or [cut(stream) for stream in tuple(swallowed)] and not swallowed,
                  "the server's streams end")


def cut(stream: socket.socket) -> None:
    with contextlib.suppress(OSError):
        stream.shutdown(socket.SHUT_RDWR)


def serve() -> None:
    """The server's half: datagrams return, a stream is swallowed."""
    with inside("far"):
        echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sink = socket.create_server((FAR, SINK), backlog=64)
    echo.bind((FAR, ECHO))

    def return_datagrams() -> None:
        while True:
            data, whose = echo.recvfrom(70000)
            with contextlib.suppress(OSError):
                echo.sendto(data, whose)

    def swallow(stream: socket.socket) -> None:
        swallowed.add(stream)
        with contextlib.suppress(OSError), stream:
            without_farewell(stream)
            while stream.recv(1 << 16):
                pass
        swallowed.discard(stream)

    def accept() -> None:
        while True:
            stream, _ = sink.accept()
            wire.in_background(lambda: swallow(stream))

    wire.in_background(return_datagrams)
    wire.in_background(accept)


def without_farewell(stream: socket.socket) -> None:
    """No FIN when it is closed: nothing of it outlives its namespace."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Storm:
    """A process that sends from outside to every forwarded port, and to ports of nobody."""

    def __init__(self) -> None:
        self.pid = os.fork()
        if not self.pid:
            # What it would hold, could not end.
            os.closerange(3, 4096)
            with inside("far"):
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.setblocking(False)
            data = os.urandom(1400)
            while True:
                for port in (*FORWARDED, 6999):
                    with contextlib.suppress(OSError):
                        s.sendto(data, (UPLINK, port))
                time.sleep(0.003 * SLOWNESS)

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


class Flows:
    """Those of one guest, from a thread of its own."""

    def __init__(self, guest: str, port: int = 5000) -> None:
        self.returned = self.sent = self.streamed = 0
        self.going = True
        with inside(guest):
            self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.cut = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        for s in (self.datagrams, self.cut, self.stream):
            s.setblocking(False)
        with contextlib.suppress(OSError):
            self.datagrams.bind(("", port))
            self.cut.setsockopt(SOL_UDP, UDP_SEGMENT, 1000)
        with contextlib.suppress(OSError):
            self.stream.connect((FAR, SINK))
        self.thread = threading.Thread(target=self.flow, daemon=True)
        self.thread.start()

    def flow(self) -> None:
        data = os.urandom(9000)
        while self.going:
            for size in SIZES:
                with contextlib.suppress(OSError):
                    self.datagrams.sendto(data[:size], (FAR, ECHO))
                    self.sent += 1
            with contextlib.suppress(OSError):
                self.cut.sendto(data, (FAR, ECHO))
            with contextlib.suppress(OSError):
                self.streamed += self.stream.send(data)
            with contextlib.suppress(OSError):
                while self.going:
                    self.datagrams.recv(70000)
                    self.returned += 1
            with contextlib.suppress(OSError):
                while self.going:
                    self.cut.recv(70000)
            time.sleep(0.005 * SLOWNESS)

    def get_on(self, what: str, within: float = 10) -> None:
        """More comes back than has so far."""
        before = self.returned
        wire.wait_for(lambda: self.returned > before + 5, f"traffic: {what}", within)

    def close(self) -> None:
        self.going = False
        self.thread.join()
        for s in (self.datagrams, self.cut):
            s.close()
        with contextlib.suppress(OSError):
            without_farewell(self.stream)
        self.stream.close()
