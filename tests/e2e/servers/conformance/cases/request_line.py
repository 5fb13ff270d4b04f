"""The line a request starts with, and what may stand before it."""
from ..case import CLOSED, EITHER, MAY, MUST, OK, OUGHT, SHOULD, Theme, request, status

T = Theme("request line")
HOST = "\r\nHost: x\r\n\r\n"

# --- sound ---

T.taken("method, target, version, each after one space", "9112 3", MUST, request(), OK)
T.taken("one empty line before it is read over", "9112 2.2", SHOULD, "\r\n" + request(), OK)
T.taken("one empty line between two requests is read over", "9112 2.2", SHOULD, request() + "\r\n" + request(), (OK,
        OK))
T.taken("HTTP/1.0 is answered, without Host", "9112 3.2", MUST, request(version="HTTP/1.0", host=None), OK, CLOSED)
T.taken("an answer to HTTP/1.0 is one of HTTP/1.1", "9110 6.2", SHOULD, request(version="HTTP/1.0"), OK, CLOSED,
        note="the reader takes nothing but HTTP/1.1 in a status line")
T.taken("8000 octets", "9112 3", SHOULD, request("/file.txt?" + "q" * (8000 - len("GET /file.txt? HTTP/1.1"))), OK,
        note="RECOMMENDED for all recipients")
T.taken("a target of 8000 octets", "9110 4.1", SHOULD, request("/file.txt?" + "q" * (8000 - len("/file.txt?"))), OK,
        note="RECOMMENDED for all recipients")
T.taken("a method of token characters that nobody knows", "9110 9.1", SHOULD, request(method="!#$%&'*+-.^_`|~9aZ"),
        status(501, 405, 400, 403), EITHER)

# --- not sound ---

for name, line in {
    "two spaces before the target": "GET  /file.txt HTTP/1.1",
    "two spaces before the version": "GET /file.txt  HTTP/1.1",
    "a tab for a space": "GET\t/file.txt HTTP/1.1",
    "a tab before the version": "GET /file.txt\tHTTP/1.1",
    "a space at the end": "GET /file.txt HTTP/1.1 ",
    "a space at the start": " GET /file.txt HTTP/1.1",
    "a fourth word": "GET /file.txt HTTP/1.1 x",
}.items():
    T.refused(name, "9112 3", SHOULD, line + HOST, note="MAY be parsed by words; then it is not refused, which we take "
              "for the worse choice (9112 11.2)" if "space" in name or "tab" in name else "")
T.refused("no version", "9112 3", SHOULD, "GET /file.txt" + HOST, after=CLOSED,
          note="HTTP/0.9 has no fields; whoever speaks it to us does not mean us")
T.refused("no target", "9112 3", SHOULD, "GET HTTP/1.1" + HOST)
T.refused("no method", "9112 3", SHOULD, "/file.txt HTTP/1.1" + HOST)
T.refused("a method with a character that is none of a token's", "9112 3.1", SHOULD, "G@T /file.txt HTTP/1.1" + HOST,
          (400, 501))
T.refused("a method with a colon", "9112 3.1", SHOULD, "GET: /file.txt HTTP/1.1" + HOST, (400, 501))
T.refused("get is not GET", "9112 3.1", MUST, request(method="get"), (400, 405, 501))
T.refused("a method longer than any", "9112 3", SHOULD, request(method="G" * 200), (501, 400, 405))

for name, version in {
    "a version in lower case": "http/1.1",
    "a version without a minor number": "HTTP/1",
    "a version of two digits": "HTTP/1.10",
    "a version of two digits before the point": "HTTP/01.1",
    "a version with a comma": "HTTP/1,1",
    "a version with a sign": "HTTP/+1.1",
    "a version with a letter": "HTTP/1.x",
    "another protocol's name": "HTTQ/1.1",
}.items():
    T.refused(name, "9112 2.3", SHOULD, request(version=version), (400, 505))
T.refused("HTTP/2.0 is not spoken so", "9110 15.6.6", OUGHT, request(version="HTTP/2.0"), (505, 400))
T.refused("HTTP/0.9 with a version", "9110 15.6.6", OUGHT, request(version="HTTP/0.9"), (505, 400))
for minor in "29":
    T.taken(f"HTTP/1.{minor} is read as HTTP/1.1", "9110 6.2", SHOULD, request(version=f"HTTP/1.{minor}"), OK,
            note="as the highest minor version that is known; 505 is for major ones")

# --- line ends ---

T.refused("LF alone ends no line", "9112 2.2", MAY, "GET /file.txt HTTP/1.1\nHost: x\n\n", after=CLOSED,
          note="MAY be recognised; what is read in two ways is smuggled, so here it is not")
T.refused("CR alone ends no line", "9112 2.2", MUST, "GET /file.txt HTTP/1.1\rHost: x\r\n\r\n")
T.refused("CR inside the target", "9112 2.2", MUST, "GET /file\r.txt HTTP/1.1" + HOST, (400, 404))
T.refused("CR before the line's end", "9112 2.2", MUST, "GET /file.txt HTTP/1.1\r\r\nHost: x\r\n\r\n")
T.refused("NUL in the method", "9112 3.1", SHOULD, "GE\0T /file.txt HTTP/1.1" + HOST, (400, 501))
T.refused("NUL in the target", "9112 3.2", SHOULD, "GET /file\0.txt HTTP/1.1" + HOST)
T.refused("NUL in the version", "9112 2.3", SHOULD, "GET /file.txt HTTP/1.\0" + HOST, (400, 505))
T.refused("TLS to a server that has none", "9112 2.2", OUGHT,
          b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
          after=CLOSED, half_close=True, silent=True)
T.refused("HTTP/2's preface", "9112 3", OUGHT, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, CLOSED, ours=True,
          note="h2o speaks HTTP/2 then")
T.refused("an answer where a request belongs", "9112 2.1", SHOULD, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
          (400, 501, 505))
T.refused("no HTTP at all", "9112 2.2", OUGHT, "hello world\r\n\r\n", after=CLOSED, silent=True)
