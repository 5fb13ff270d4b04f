"""Whether a peer on this machine has read what it was sent: asked of the kernel (sock_diag(7)), not guessed by time.

Without it two pieces that are sent one after the other may be read as one.
"""
from __future__ import annotations

import socket
import struct
import time

SOCK_DIAG, DIAG_BY_FAMILY, REQUEST, ERROR = 4, 20, 1, 2
NO_COOKIE = 0xffffffff
HEADER = struct.Struct("=IHHII")
# inet_diag_req_v2: family, protocol, extensions, states, then inet_diag_sockid.
QUESTION = struct.Struct("=BBBxIHH16s16sIII")
# Of inet_diag_msg: behind family, state, timer, retransmissions, the sockid and the expiry.
RECEIVE_QUEUE_AT = HEADER.size + 4 + 48 + 4


class Taken:
    def __init__(self) -> None:
        self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG)

    def __enter__(self) -> Taken:
        return self

    def __exit__(self, *exc: object) -> None:
        self.netlink.close()

    def unread(self, client: socket.socket) -> int:
        """Octets that wait in the socket at the other end; 0 if there is none any more."""
        (host, port), (own_host, own_port) = client.getpeername(), client.getsockname()
        question = QUESTION.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, NO_COOKIE, socket.htons(port),
                                 socket.htons(own_port), socket.inet_aton(host).ljust(16, b"\0"),
                                 socket.inet_aton(own_host).ljust(16, b"\0"), 0, NO_COOKIE, NO_COOKIE)
        self.netlink.send(HEADER.pack(HEADER.size + len(question), DIAG_BY_FAMILY, REQUEST, 1, 0) + question)
        said = self.netlink.recv(4096)
        if HEADER.unpack_from(said)[1] == ERROR:
            return 0
        return struct.unpack_from("=I", said, RECEIVE_QUEUE_AT)[0]

    def wait(self, client: socket.socket, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                if not self.unread(client):
                    return
            except OSError:     # the connection is gone: what it said last tells why
                return
            if time.monotonic() > end:
                raise TimeoutError(f"the server has not read what it was sent for {seconds} s")
            time.sleep(0)
