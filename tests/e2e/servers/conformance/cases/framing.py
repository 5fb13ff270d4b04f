"""Where a body is, and where it ends: Content-Length, and Transfer-Encoding as a field. Chunks are in chunked.py."""
from ..case import CLOSED, EITHER, MUST, OK, OUGHT, SHOULD, SMUGGLE, Theme, request, status

T = Theme("body framing")
POSTED = status(200, 201, 204, 301, 302, 303, 403, 404, 405, 409, 411, 415, 501)

# --- sound ---

T.taken("no length, no body", "9112 6.3", MUST, request(), OK)
T.taken("a body of no octets", "9112 6.2", MUST, request("/file.txt", "Content-Length: 0"), OK)
T.taken("a counted body is read to its end", "9112 6.3", MUST, request("/file.txt", "Content-Length: 5", body="hello"),
        OK,
        note="a GET's content has no meaning (9110 9.3.1), but is framed as any other")
T.taken("a body that looks like a request is none", "9112 6.3", MUST, request("/file.txt",
        f"Content-Length: {len(SMUGGLE)}", body=SMUGGLE), OK)
T.taken("a length with zeros before it", "9110 8.6", MUST, request("/file.txt", "Content-Length: 0005", body="hello"),
        OK)
T.taken("the name of the field in any case", "9110 5.1", MUST, request("/file.txt", "CONTENT-LENGTH:5", body="hello"),
        OK)
T.taken("all octets may stand in a body", "9112 6", MUST, request("/file.txt", "Content-Length: 256",
        body="".join(map(chr, range(256)))), OK)
T.taken("CRLF behind a body is an empty line before a request", "9112 2.2", SHOULD, request("/file.txt",
        "Content-Length: 5", body="hello\r\n"), OK)
T.taken("a counted body of HTTP/1.0", "9112 6.2", MUST, request("/file.txt", "Content-Length: 5", version="HTTP/1.0",
        body="hello"), OK, CLOSED)
T.taken("POST with a body, whatever the answer", "9112 6.3", MUST, request("/file.txt", "Content-Length: 5",
        method="POST", body="hello"), POSTED, EITHER)
T.taken("POST without a length has no body", "9112 6.3", MUST, request(method="POST"), POSTED, EITHER)
T.taken("PUT with a body that looks like a request", "9112 6.3", MUST, request("/new.txt",
        f"Content-Length: {len(SMUGGLE)}", method="PUT", body=SMUGGLE),
        POSTED, EITHER)
T.taken("a body on a target that is not there", "9112 6.3", MUST, request("/nothing",
        f"Content-Length: {len(SMUGGLE)}", body=SMUGGLE), status(404), EITHER)
T.taken("HEAD with a body", "9112 6.3", MUST, request("/file.txt", "Content-Length: 5", method="HEAD", body="hello"),
        status(200, head=True))
T.taken("a method nobody knows, with a body", "9112 6.3", MUST, request("/file.txt", f"Content-Length: {len(SMUGGLE)}",
        method="BREW", body=SMUGGLE),
        status(400, 403, 405, 501), EITHER)
T.taken("Content-Type and Content-Encoding change no framing", "9110 8.4", MUST,
        request("/file.txt", "Content-Type: text/plain", "Content-Encoding: identity", "Content-Length: 5",
        body="hello"), status(200, 415), EITHER)

# --- Content-Length that is none: 400, and the end (9112 6.3, item 5) ---

for name, value in {
    "a sign": "+5", "a minus": "-5", "hexadecimal": "0x5", "a fraction": "5.0", "an exponent": "5e0", "letters": "five",
    "two numbers": "5 5", "a semicolon": "5;", "quotes": '"5"', "an underscore": "5_0", "a list that differs": "5, 6",
    "an empty list element": "5,", "white space of another kind": "\x0b5", "a digit of another script": "\xd9\xa5",
}.items():
    T.refused(f"Content-Length with {name}", "9112 6.3", MUST, request("/file.txt", f"Content-Length: {value}",
              body="hello"), after=CLOSED)
T.refused("Content-Length of nothing", "9112 6.3", MUST, request("/file.txt", "Content-Length:"), after=CLOSED)
T.refused("two lengths that differ", "9112 6.3", MUST, request("/file.txt", "Content-Length: 5", "Content-Length: 6",
          body="hello"), after=CLOSED)
T.refused("two lengths, one in another case", "9112 6.3", MUST, request("/file.txt", "Content-Length: 5",
          "content-length: 0", body="hello"), after=CLOSED)
T.refused("two equal lengths", "9112 6.3", MUST, request("/file.txt", "Content-Length: 5", "Content-Length: 5",
          body="hello"), 400, others=200,
          note="MUST be refused or taken as one; we refuse (9112 11.2)")
T.refused("a list of equal lengths", "9112 6.3", MUST, request("/file.txt", "Content-Length: 5, 5", body="hello"), 400,
          others=200)
T.refused("a length beyond 64 bits", "9110 8.6", MUST, request("/file.txt", "Content-Length: 18446744073709551621",
          body="hello"), (400, 413), CLOSED,
          note="2^64 + 5: it must not overflow to 5")
T.refused("a length of a thousand digits", "9110 8.6", MUST, request("/file.txt", "Content-Length: " + "9" * 1000,
          body="hello"), (400, 413), CLOSED)

# --- Transfer-Encoding that does not end in chunked: 400, and the end (9112 6.3, item 4) ---

for name, value in {"another coding": "gzip", "identity": "identity", "a coding after chunked": "chunked, gzip",
                    "chunked in quotes": '"chunked"', "a word that ends in it": "xchunked",
                    "a word that starts with it": "chunkedx",
                    "a control character": "\x0bchunked", "a semicolon": "chunked;", "two words": "chunked x"}.items():
    T.refused(f"Transfer-Encoding with {name}", "9112 6.3", MUST, request("/file.txt", f"Transfer-Encoding: {value}",
              body="0\r\n\r\n"), (400, 501), CLOSED)
T.refused("Transfer-Encoding of nothing", "9112 6.3", OUGHT, request("/file.txt", "Transfer-Encoding:",
          body="0\r\n\r\n"), (400, 501), CLOSED)
T.refused("a coding that is unknown before chunked", "9112 6.1", SHOULD, request("/file.txt",
          "Transfer-Encoding: x-odd, chunked", body="0\r\n\r\n"), (501, 400), EITHER)
T.refused("chunked twice in a list", "9112 6.1", OUGHT, request("/file.txt", "Transfer-Encoding: chunked, chunked",
          body="0\r\n\r\n"), (400, 501), CLOSED,
          note="a sender MUST NOT")
T.refused("chunked twice in two lines", "9112 6.1", OUGHT, request("/file.txt", "Transfer-Encoding: chunked",
          "Transfer-Encoding: chunked", body="0\r\n\r\n"),
          (400, 501), CLOSED)
T.refused("Transfer-Encoding in HTTP/1.0", "9112 6.1", MUST, request("/file.txt", "Transfer-Encoding: chunked",
          "Connection: keep-alive", version="HTTP/1.0",
          body="0\r\n\r\n"), 400, CLOSED, others=(200, 411, 501),
          note="framing is faulty, and the connection MUST be closed")

# --- messages that end too early ---

T.refused("the client ends inside the request line", "9112 8", OUGHT, "GET /fi", 400, CLOSED, half_close=True,
          silent=True)
T.refused("the client ends inside the fields", "9112 8", OUGHT, "GET /file.txt HTTP/1.1\r\nHost: x\r\n", 400, CLOSED,
          half_close=True, silent=True)
T.refused("the client ends inside a counted body", "9112 6.3", MUST, request("/file.txt", "Content-Length: 50",
          body="hello"), 400, CLOSED, others=200,
          half_close=True, silent=True, note="incomplete, and the connection MUST be closed")
T.taken("the client ends behind its request, and gets its answer", "9112 9.6", OUGHT, request(), OK, CLOSED,
        half_close=True)
