"""How much is too much. Where the RFC names no number the one here is ours, as httpd(1) has it."""
from ..case import CLOSED, EITHER, MUST, OK, OUGHT, SHOULD, Theme, request, status

T = Theme("limits")
LINE = len("GET /file.txt? HTTP/1.1")
CHUNKED = "Transfer-Encoding: chunked"

# --- any server ---

T.refused("a target of 100 000 octets", "9112 3", MUST, request("/file.txt?" + "q" * 100_000), 414, EITHER,
          others=(200, 400, 431),
          note="longer than a server wants to parse: MUST be 414")
T.refused("a target of 100 000 octets is 414", "9110 15.5.15", MUST, request("/file.txt?" + "q" * 100_000), 414,
          EITHER, others=200)
T.refused("a field of 200 000 octets", "9110 5.4", MUST, request("/file.txt", "X: " + "v" * 200_000), 431, EITHER,
          others=(400, 413, 200))
T.refused("fields of 2 000 000 octets", "9110 5.4", MUST, request("/file.txt", *["X: " + "v" * 1000] * 2000),
          431, EITHER, others=(400, 413, 200))
T.refused("no end of the request line", "9112 3", OUGHT, "GET /" + "a" * 200_000, 414, CLOSED, others=(400, 431))
T.refused("no end of a method", "9112 3", OUGHT, "G" * 200_000, 414, CLOSED, others=(400, 431, 501))

# --- ours ---

T.taken("the longest request line", "9112 3", MUST, request("/file.txt?" + "q" * (8192 - LINE)), OK, ours=True)
T.refused("a request line one octet longer", "9112 3", MUST, request("/file.txt?" + "q" * (8193 - LINE)), 414, CLOSED,
          ours=True)
T.taken("a hundred fields", "6585 5", OUGHT, request("/file.txt", *["X: y"] * 99), OK, ours=True)
T.refused("a hundred and one", "6585 5", OUGHT, request("/file.txt", *["X: y"] * 100), 431, CLOSED, ours=True)
EMPTY_HEAD = len(request("/file.txt", "X: "))
T.taken("the longest head", "6585 5", OUGHT, request("/file.txt", "X: " + "v" * (32768 - EMPTY_HEAD)), OK, ours=True)
T.refused("a head one octet longer", "6585 5", OUGHT, request("/file.txt", "X: " + "v" * (32769 - EMPTY_HEAD)), 431,
          CLOSED, ours=True)
T.taken("the longest body", "9110 15.5.14", OUGHT, request("/file.txt", "Content-Length: 65536", body="b" * 65536), OK,
        ours=True)
T.refused("a body one octet longer", "9110 15.5.14", OUGHT, request("/file.txt", "Content-Length: 65537"), 413, CLOSED,
          ours=True)
T.taken("the longest chunked body", "9110 15.5.14", OUGHT,
        request("/file.txt", CHUNKED, body="8000\r\n" + "b" * 32768 + "\r\n8000\r\n" + "b" * 32768 + "\r\n0\r\n\r\n"),
        OK, ours=True)
T.refused("a chunk that makes it longer", "9110 15.5.14", OUGHT,
          request("/file.txt", CHUNKED, body="8000\r\n" + "b" * 32768 + "\r\n8001\r\n"), 413, CLOSED, ours=True)
T.refused("a length beyond 64 bits is too large", "9110 8.6", MUST, request("/file.txt",
          "Content-Length: " + "9" * 20), 413, CLOSED, ours=True)
T.refused("extensions of 5000 octets", "9112 7.1.1", OUGHT, request("/file.txt", CHUNKED, body="5;" + "a" * 5000),
          (413, 400), CLOSED, ours=True)
T.refused("a trailer section of 9000 octets", "9112 7.1.2", OUGHT, request("/file.txt", CHUNKED,
          body="0\r\nX: " + "v" * 9000), 431, CLOSED, ours=True)
T.refused("thirty-three trailer fields", "9112 7.1.2", OUGHT, request("/file.txt", CHUNKED,
          body="0\r\n" + "X: y\r\n" * 33 + "\r\n"), 431, CLOSED, ours=True)
T.taken("four empty lines", "9112 2.2", SHOULD, "\r\n" * 4 + request(), OK, ours=True)
T.refused("five empty lines", "9112 2.2", OUGHT, "\r\n" * 5, 400, CLOSED, ours=True,
          note="one SHOULD be read over; a flood of them is not a request")
T.refused("a number in a query that is none", "9110 15.5.1", OUGHT, request("/wait?ms=x"), 400, ours=True)
T.taken("/wait answers when it has waited", "9112 9.3.2", MUST, request("/wait?ms=1") + request(), (status(200,
        content=b"done\n"), OK), ours=True)
T.taken("/work answers when it has worked", "9112 9.3.2", MUST, request("/work?us=100") + request(), (status(200,
        content=b"done\n"), OK), ours=True)
