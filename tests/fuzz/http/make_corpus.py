#!/usr/bin/python3
"""Writes corpus/: sound requests with and without bodies, and each with one thing wrong."""
from __future__ import annotations

from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"
HOST = "Host: a.example\r\n"
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


def head(line: str, *fields: str) -> str:
    return f"{line}\r\n" + "".join(f"{field}\r\n" for field in fields) + "\r\n"


def get(*fields: str, target: str = "/a/b?us=100") -> str:
    return head(f"GET {target} HTTP/1.1", "Host: a.example", *fields)


def post(body: str, *fields: str) -> str:
    return head("POST /form HTTP/1.1", "Host: a.example", *fields) + body


def chunked(body: str) -> str:
    return post(body, "Transfer-Encoding: chunked")


REQUESTS = {
    "empty": "",
    "get": get(),
    "get_1_0": head("GET / HTTP/1.0"),
    "get_1_0_kept": head("GET / HTTP/1.0", "Connection: keep-alive"),
    "browser": get("User-Agent: Browser/1.0 (X11; Linux)", "Accept: text/html,*/*;q=0.8",
                   "Accept-Language: en,de;q=0.5", "Accept-Encoding: gzip, br", "Connection: keep-alive",
                   "Referer: http://a.example/", "Cookie: a=b; session=0123456789abcdef", "Cache-Control: max-age=0"),
    "head": head("HEAD /a HTTP/1.1", "Host: a"),
    "options_all": head("OPTIONS * HTTP/1.1", "Host: a"),
    "absolute": head("GET http://b.example:80/x?y HTTP/1.1", "Host: a"),
    "absolute_bare": head("GET http://b.example HTTP/1.1", "Host: a"),
    "absolute_user": head("GET http://u@b.example/ HTTP/1.1", "Host: a"),
    "connect": head("CONNECT b.example:443 HTTP/1.1", "Host: a"),
    "empty_lines": "\r\n\r\n" + get(),
    "many_empty_lines": "\r\n" * 6,
    "pipelined": get() + get(target="/second"),
    "path_dots": get(target="/a/./b/../%2e%2E/c//d"),
    "path_out": get(target="/../../etc/passwd"),
    "path_nul": get(target="/a%00b"),
    "path_escape": get(target="/a%2"),
    "ipv6_host": head("GET / HTTP/1.1", "Host: [2001:db8::1]:8080"),
    "bad_host": head("GET / HTTP/1.1", "Host: a/b"),
    "two_hosts": get("Host: b"),
    "no_host": head("GET / HTTP/1.1"),
    "version_2": head("GET / HTTP/2.0", "Host: a"),
    "version_none": "GET /\r\n",
    "bare_lf": get().replace("\r\n", "\n"),
    "bare_cr": get("X: a\rb"),
    "folded": get("X: a\r\n b"),
    "space_colon": get("X : a"),
    "nul_value": get("X: \0"),
    "many_fields": get(*["X: y"] * 41),
    "long_line": get(target="/" + "a" * 600),
    "long_head": get("X: " + "x" * 1600),
    "counted": post("hello", "Content-Length: 5"),
    "counted_short": post("hel", "Content-Length: 5"),
    "counted_large": post("", "Content-Length: 1025"),
    "length_signed": post("", "Content-Length: +5"),
    "length_huge": post("", "Content-Length: 99999999999999999999"),
    "length_twice": post("hello", "Content-Length: 5", "Content-Length: 5"),
    "both_framings": post("0\r\n\r\n", "Content-Length: 5", "Transfer-Encoding: chunked"),
    "coding_unknown": post("", "Transfer-Encoding: gzip, chunked"),
    "coding_last": post("", "Transfer-Encoding: chunked, gzip"),
    "coding_empty": post("", "Transfer-Encoding: ,"),
    "expect": post("hello", "Expect: 100-continue", "Content-Length: 5"),
    "expect_other": post("", "Expect: magic"),
    "chunked": chunked("5\r\nhello\r\nA;x=\"y\\\"\" ; z\r\n, world...\r\n0\r\nT: v\r\n\r\n"),
    "chunked_empty": chunked("0\r\n\r\n"),
    "chunked_lf": chunked("5\nhello\n0\n\n"),
    "chunked_overflow": chunked("ffffffffffffffff\r\n"),
    "chunked_large": chunked("401\r\n"),
    "chunked_longer": chunked("3\r\nhello\r\n"),
    "chunked_trailer": chunked("0\r\n T: v\r\n\r\n"),
    "chunked_extension": chunked("1;a=\r\nx\r\n0\r\n\r\n"),
    "chunked_next": chunked("1\r\nx\r\n0\r\n\r\n") + get(),
    "if_match": get('If-Match: "v1", "v2"'),
    "if_none_match": get('If-None-Match: W/"v2", "a,b"', f"If-Modified-Since: {DATE}"),
    "if_none_match_bad": get('If-None-Match: "v2" "v3'),
    "if_modified_since": get(f"If-Modified-Since: {DATE}"),
    "if_modified_850": get("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT"),
    "if_modified_asctime": get("If-Modified-Since: Sun Nov  6 08:49:37 1994"),
    "if_unmodified_since": get(f"If-Unmodified-Since: {DATE}"),
    "date_last": get("If-Modified-Since: Fri, 31 Dec 9999 23:59:60 GMT"),
    "range": get("Range: bytes=0-9", 'If-Range: "v2"'),
    "ranges": get("Range: bytes=0-9,5-20,-5,900-,2000-"),
    "range_wrong": get("Range: bytes=9-0"),
    "range_huge": get("Range: bytes=0-99999999999999999999,-18446744073709551615"),
    "cookie": get('Cookie: session="a"; session=b;;=; x'),
}


def main() -> None:
    CORPUS.mkdir(exist_ok=True)
    for number, (name, text) in enumerate(REQUESTS.items()):
        # The first octet: how to cut it. Octet by octet, or at some place of its own.
        cut = 0 if number % 3 == 0 else number * 7 % 200
        (CORPUS / name).write_bytes(bytes([cut]) + text.encode("latin-1"))


if __name__ == "__main__":
    main()
