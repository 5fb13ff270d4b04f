"""The chunked coding: sizes, extensions, trailers."""
from ..case import CLOSED, MAY, MUST, OK, OUGHT, SHOULD, SMUGGLE, Theme, request

T = Theme("chunked")
FIELD = "Transfer-Encoding: chunked"


def body(text: str) -> str:
    return request("/file.txt", FIELD, body=text)


# --- sound ---

for name, text in {
    "a body of no chunks": "0\r\n\r\n",
    "one chunk": "5\r\nhello\r\n0\r\n\r\n",
    "several chunks": "1\r\nh\r\n4\r\nello\r\n0\r\n\r\n",
    "sixteen and more are hexadecimal": "1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
    "digits in upper case": "1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
    "zeros before a size": "0005\r\nhello\r\n0\r\n\r\n",
    "several zeros are the last chunk": "5\r\nhello\r\n000\r\n\r\n",
    "CRLF inside a chunk": "8\r\nab\r\n0\r\n\r\r\n0\r\n\r\n",
}.items():
    T.taken(name, "9112 7.1", MUST, body(text), OK)
T.taken("what looks like a request in a chunk is none", "9112 7.1", MUST,
        body(f"{len(SMUGGLE):x}\r\n{SMUGGLE}\r\n0\r\n\r\n"), OK)
T.taken("the coding's name in any case", "9112 7", MUST, request("/file.txt", "Transfer-Encoding: CHUNKED",
        body="5\r\nhello\r\n0\r\n\r\n"), OK)
T.taken("empty elements in the list of codings", "9110 5.6.1.2", MUST, request("/file.txt",
        "Transfer-Encoding: , chunked,", body="5\r\nhello\r\n0\r\n\r\n"), OK)

for name, extension in {"a name": ";a", "a name and a value": ";a=b", "a quoted value": ';a="b c"',
"a quoted value with escapes": r';a="\"\\;"',
                        "several": ";a=b;c;d=e", "one that has a semicolon in quotes": ';a=";b="'}.items():
    T.taken(f"an extension: {name}", "9112 7.1.1", MUST, body(f"5{extension}\r\nhello\r\n0\r\n\r\n"), OK)
T.taken("an extension of the last chunk", "9112 7.1.1", MUST, body("5\r\nhello\r\n0;a=b\r\n\r\n"), OK)
T.taken("white space around the parts of an extension", "9112 7.1.1", MUST, body("5 ; a = b\r\nhello\r\n0\r\n\r\n"), OK,
        note="bad white space (9110 5.6.3): MUST be parsed, and left out")

T.taken("a trailer field", "9112 7.1.2", MUST, body("5\r\nhello\r\n0\r\nX: y\r\n\r\n"), OK)
T.taken("several trailer fields", "9112 7.1.2", MUST, body("5\r\nhello\r\n0\r\nX: y\r\nZ:\r\nZ: a\tb \r\n\r\n"), OK)
T.taken("a trailer that was announced", "9110 6.6.2", MUST, request("/file.txt", FIELD, "Trailer: X",
        body="0\r\nX: y\r\n\r\n"), OK)
for name, field in {"Content-Length": "Content-Length: 500", "Transfer-Encoding": "Transfer-Encoding: gzip",
"Host": "Host: y",
                    "Connection: close": "Connection: close", "Expect": "Expect: 100-continue"}.items():
    T.taken(f"a trailer field changes nothing: {name}", "9110 6.5.1", MUST,
            body(f"5\r\nhello\r\n0\r\n{field}\r\n\r\n"), OK,
            note="a field of framing, routing or control has no meaning in a trailer")

# --- sizes that are none ---

for name, line in {
    "no size": "\r\nhello", "an empty line": "", "a letter": "g\r\nhello", "a prefix": "0x5\r\nhello",
    "a sign": "+5\r\nhello", "a minus": "-5\r\nhello",
    "white space before it": " 5\r\nhello", "an underscore": "0_5\r\nhello", "a comma": "5,\r\nhello",
    "a point": "5.0\r\nhello", "quotes": '"5"\r\nhello',
    "NUL": "5\0\r\nhello", "a form feed": "5\x0c\r\nhello",
}.items():
    T.refused(f"a chunk size: {name}", "9112 7.1", SHOULD, body(f"{line}\r\n0\r\n\r\n"), after=CLOSED, others=200)
T.refused("a chunk size with white space behind it", "9112 7.1", OUGHT, body("5 \r\nhello\r\n0\r\n\r\n"), 400,
          others=200,
          note="no rule of the grammar; some send it, some take it; we refuse")
T.refused("a chunk size of 2^64 + 5", "9112 7.1", MUST, body("10000000000000005\r\nhello\r\n0\r\n\r\n"), (400, 413),
          CLOSED, others=200, note="it must not overflow to 5")
T.refused("a chunk size of 2^63", "9112 7.1", MUST, body("8000000000000000\r\nhello\r\n0\r\n\r\n"), (400, 413), CLOSED,
          others=200)
T.refused("a chunk size of a hundred digits", "9112 7.1", MUST, body("f" * 100 + "\r\nhello\r\n0\r\n\r\n"), (400, 413),
          CLOSED, others=200)

# --- line ends ---

T.refused("a size's line that ends with LF", "9112 7.1", OUGHT, body("5\nhello\r\n0\r\n\r\n"), 400, others=200,
          note="9112 2.2 MAY is for the head; the best known "
          "smuggling of late used this; we refuse")
T.refused("a size's line that ends with CR", "9112 7.1", SHOULD, body("5\rhello\r\n0\r\n\r\n"), after=CLOSED,
          others=200)
T.refused("a chunk that ends with LF", "9112 7.1", OUGHT, body("5\r\nhello\n0\r\n\r\n"), 400, others=200,
          note="as above")
T.refused("a chunk longer than its size", "9112 7.1", SHOULD, body("4\r\nhello\r\n0\r\n\r\n"), after=CLOSED, others=200)
T.refused("a chunk shorter than its size", "9112 7.1", SHOULD, body("6\r\nhello\r\n0\r\n\r\n"), 400, CLOSED, others=200,
          note="200 from a server that answers before it has read all of the body")
T.refused("a chunk with nothing between it and the next size", "9112 7.1", SHOULD, body("5\r\nhello0\r\n\r\n"),
          after=CLOSED, others=200)
T.refused("two octets that are not CRLF behind a chunk", "9112 7.1", SHOULD, body("5\r\nhelloXX0\r\n\r\n"),
          after=CLOSED,
          others=200)

# --- extensions and trailers that are none ---

T.refused("a line end hidden in an extension", "9112 7.1.1", SHOULD, body("5;a\nb\r\nhello\r\n0\r\n\r\n"), 400,
          others=200)
T.refused("CR in an extension", "9112 7.1.1", SHOULD, body("5;a\rb\r\nhello\r\n0\r\n\r\n"), after=CLOSED, others=200)
T.refused("NUL in an extension", "9112 7.1.1", OUGHT, body("5;\0\r\nhello\r\n0\r\n\r\n"), 400, others=200,
          note="no octet of the grammar")
T.refused("an extension without a name", "9112 7.1.1", MAY, body("5;\r\nhello\r\n0\r\n\r\n"), 400, others=200,
          note="not in the grammar; we refuse")
T.refused("a trailer line without a colon", "9112 7.1.2", OUGHT, body("5\r\nhello\r\n0\r\nnonsense\r\n\r\n"), 400,
          others=200)
T.refused("a trailer line with a space before the colon", "9112 5.1", MUST, body("5\r\nhello\r\n0\r\nX : y\r\n\r\n"),
          400, others=200,
          note="MUST be refused where it is a field line; a server that drops trailers unread may not see it")
T.refused("a request where a trailer may be", "9112 7.1.2", SHOULD, body("5\r\nhello\r\n0\r\n" + SMUGGLE), 400,
          others=200,
          note="the request line is no field line; whoever takes the trailers unread must still take all of it as such")
T.refused("the client ends inside a chunk", "9112 8", MUST, body("50\r\nhello"), 400, CLOSED, others=200,
          half_close=True, silent=True)
T.refused("the client ends before the last chunk", "9112 8", MUST, body("5\r\nhello\r\n"), 400, CLOSED, others=200,
          half_close=True, silent=True,
          note="incomplete without the chunk of size zero")
