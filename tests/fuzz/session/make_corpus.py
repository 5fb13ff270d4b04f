#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes the seeds in corpus/: cookies and tokens as they should be, and in the ways that matter not."""
from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

SECRET = b"only who has this can make a sea"


def record(kind: int, name: bytes, value: bytes) -> bytes:
    return bytes([kind, len(name)]) + len(value).to_bytes(2, "big") + name + value


def token(records: bytes, end: int = 1001, version: int = 1) -> bytes:
    sealed = bytes([version]) + end.to_bytes(8, "big") + records
    seal = hmac.new(SECRET, sealed, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(sealed + seal).rstrip(b"=")


def request(verb: int, key: bytes, value: bytes = b"", name: bytes = b"", addend: int = 0) -> bytes:
    return bytes([verb, addend, len(key), len(value) >> 4, len(value) % 16, len(name)]) + key + value + name


PUT, ADD, DELETE = range(3)
RECORDS = record(1, b"a", b"one") + record(1, b"n", b"5") + record(2, b"r-1", bytes(24))

SEEDS = {
    "token_sound": b"t" + token(RECORDS),
    "token_empty": b"t" + token(b""),
    "token_over": b"t" + token(RECORDS, 1000),
    "token_other_version": b"t" + token(RECORDS, version=2),
    "token_forged": b"t" + token(RECORDS)[:-3] + b"AAA",
    "token_cut": b"t" + token(RECORDS)[:-4],
    "token_padded": b"t" + token(RECORDS) + b"==",
    "token_largest": b"t" + token(record(1, b"k", b"v" * 2895)),
    "token_too_large": b"t" + token(record(1, b"k", b"v" * 2896)),
    "token_two_of_a_name": b"t" + token(record(1, b"k", b"v") * 2),
    "cookie": b"csession=" + token(RECORDS),
    "cookie_among_others": b"ca=b; session=" + token(RECORDS) + b"; c=d",
    "cookie_quoted": b"csession=\"" + token(RECORDS) + b"\"",
    "cookie_twice": b"csession=abc; session=" + token(RECORDS),
    "cookie_none": b"cSession=x; session; =session; session =y;;",
    "records": b"s" + RECORDS,
    "records_cut": b"s" + RECORDS[:-1],
    "records_bad_kind": b"s" + record(3, b"a", b""),
    "records_bad_name": b"s" + record(1, b"a/b", b""),
    "records_no_name": b"s" + record(1, b"", b"x"),
    "requests": b"o" + request(PUT, b"a", b"one") + request(ADD, b"n", name=b"r1", addend=3) +
                request(ADD, b"n", name=b"r1", addend=3) + request(DELETE, b"a") + request(ADD, b"a", addend=255),
    "requests_no_number": b"o" + request(PUT, b"a", b"word") + request(ADD, b"a", addend=1) +
                          request(PUT, b"a", b"18446744073709551615") + request(ADD, b"a", addend=1),
    "requests_too_large": b"o" + request(PUT, b"a", b"x" * 4080) + request(PUT, b"b", b"x" * 2000, b"r") +
                          request(6 + PUT, b"c", b"y" * 90),
    "requests_many": b"o" + b"".join(request(ADD, b"n", name=b"r%d" % i, addend=i) for i in range(12)) +
                     request(ADD, b"n", name=b"r0", addend=9),
    "requests_give_way": b"o" + b"".join(request(ADD, b"n", name=b"r%d" % i, addend=i) for i in range(8)) +
                         request(PUT, b"v", b"x" * 3900, b"last"),
}

if __name__ == "__main__":
    folder = Path(__file__).with_name("corpus")
    folder.mkdir(exist_ok=True)
    for name, data in SEEDS.items():
        (folder / name).write_bytes(data)
