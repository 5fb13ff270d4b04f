#!/usr/bin/python3
"""Writes corpus/: small sound responses, and each with one thing wrong."""
from __future__ import annotations

from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

# The first byte of an input: bit 0 for HEAD, the rest the length of the reads, less 1.
BY_ONE, BY_SEVEN, HEAD = b"\0", b"\x0c", b"\x01"

RESPONSES = {
    "length": OK + b"Content-Length: 7\r\n\r\nxaabaax",
    "empty": OK + b"Content-Length: 0\r\n\r\n",
    "chunks": CHUNKED + b"3\r\naab\r\n2;x=\"y\"\r\naa\r\n0\r\nX: y\r\n\r\n",
    "to_close": b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\naabaa",
    "interim": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx",
    "no_content": b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    "not_modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    "keep_alive": b"HTTP/1.0 404 \r\nconnection: x, Keep-Alive\r\ncontent-length:\t1 \r\n\r\nx",
    "two": OK + b"Content-Length: 0\r\n\r\n" + OK,
    "bare_lf": OK + b"X: y\n\n",
    "folded": OK + b"X: y\r\n z\r\n\r\n",
    "blank_name": OK + b"X : y\r\n\r\n",
    "two_lengths": OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "large_length": OK + b"Content-Length: 18446744073709551616\r\n\r\n",
    "largest_length": OK + b"Content-Length: 461168601842738790\r\n\r\nx",
    "length_and_chunks": OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "gzip": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "large_chunk": CHUNKED + b"fffffffffffffff\r\nx",
    "too_large_chunk": CHUNKED + b"ffffffffffffffff\r\nx",
    "long_chunk": CHUNKED + b"1\r\nxy\r\n",
    "no_chunk": CHUNKED + b"\r\n",
    "switching": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "no_reason": b"HTTP/1.1 200\r\n\r\n",
    "status_600": b"HTTP/1.1 600 \r\n\r\n",
    "http_2": b"HTTP/2.0 200 OK\r\n\r\n",
    "cut": OK + b"Content-Le",
    "long_value": OK + b"Content-Length: " + b"0" * 70 + b"\r\n\r\n",
    "long_name": OK + b"x" * 40 + b": y\r\nContent-Length: 0\r\n\r\n",
}


def main() -> None:
    CORPUS.mkdir(exist_ok=True)
    for name, content in RESPONSES.items():
        (CORPUS / name).write_bytes((BY_SEVEN if len(name) % 2 else BY_ONE) + content)
    (CORPUS / "head").write_bytes(HEAD + RESPONSES["length"])


if __name__ == "__main__":
    main()
