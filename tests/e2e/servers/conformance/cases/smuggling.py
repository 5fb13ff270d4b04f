"""One message that two parsers read differently. Behind each stands a request for /smuggled.txt that nobody sent.

Judged by what the connection is good for afterwards: whatever is answered, /smuggled.txt never is.
"""
from ..case import CLOSED, EITHER, ETAG, MUST, OK, OUGHT, SHOULD, SMUGGLE, Theme, request, status

T = Theme("request smuggling")
CHUNKED = "Transfer-Encoding: chunked"
INSIDE = f"Content-Length: {len(SMUGGLE)}"
LAST = "0\r\n\r\n"
# The end of a chunked body, then the request: as many octets as the length says.
BEHIND = LAST + SMUGGLE
COUNTED = f"Content-Length: {len(BEHIND)}"


# --- both framings: the connection MUST be closed behind the answer ---

for name, fields in {
    "length, then chunked": (COUNTED, CHUNKED), "chunked, then length": (CHUNKED, COUNTED),
    "a length of nothing, then chunked": ("Content-Length: 0", CHUNKED),
    "a length that ends inside": ("Content-Length: 3", CHUNKED),
    "chunked in upper case": (COUNTED, "TRANSFER-ENCODING: CHUNKED"),
    "no space before chunked": (COUNTED, "Transfer-Encoding:chunked"),
    "a tab before chunked": (COUNTED, "Transfer-Encoding:\tchunked"),
    "white space behind chunked": (COUNTED, "Transfer-Encoding: chunked \t"),
    "chunked in an empty list": (COUNTED, "Transfer-Encoding: ,chunked,"),
    "two lines, one empty": (COUNTED, "Transfer-Encoding:", CHUNKED),
}.items():
    T.refused(name, "9112 6.1", MUST, request("/file.txt", *fields, body=BEHIND), 400, CLOSED, others=(200, 411, 501),
              note="MAY be processed by Transfer-Encoding alone; we refuse, as 6.3 says one ought to")
T.refused("both, with POST", "9112 6.1", MUST, request("/file.txt", COUNTED, CHUNKED, method="POST", body=BEHIND),
          400, CLOSED, others=(200, 403, 404, 405, 411, 501))
T.refused("both, in HTTP/1.0 that asks to persist", "9112 6.1", MUST,
          request("/file.txt", COUNTED, CHUNKED, "Connection: keep-alive", version="HTTP/1.0", body=BEHIND),
          400, CLOSED, others=(200, 411, 501))

# --- Transfer-Encoding that one parser sees and another does not ---

for name, field in {
    "a space before its colon": "Transfer-Encoding : chunked", "a tab before its colon": "Transfer-Encoding\t: chunked",
    "a vertical tab before chunked": "Transfer-Encoding: \x0bchunked",
    "a form feed behind chunked": "Transfer-Encoding: chunked\x0c",
    "another word": "Transfer-Encoding: xchunked", "a coding behind": "Transfer-Encoding: chunked, identity",
    "identity before": "Transfer-Encoding: identity, chunked", "quotes": 'Transfer-Encoding: "chunked"',
    "NUL in it": "Transfer-Encoding: chunked\0", "a folded line": "Transfer-Encoding:\r\n chunked",
    "a line that starts with a space": " Transfer-Encoding: chunked",
    "CR before it": "X: y\rTransfer-Encoding: chunked",
    "octets beyond ASCII": "Transfer-Encoding: chunked\xa0", "a colon too many": "Transfer-Encoding:: chunked",
    "a NUL in the name": "Transfer\0-Encoding: chunked", "an equals sign": "Transfer-Encoding: chunked=1",
}.items():
    T.refused(f"Transfer-Encoding with {name}, beside a length", "9112 11.2", OUGHT,
              request("/file.txt", COUNTED, field, body=BEHIND), (400, 501), EITHER, others=200,
              note="200 if the whole of it was taken by its length")
T.taken("Transfer_Encoding is another field", "9110 5.1", MUST, request("/file.txt", COUNTED,
        "Transfer_Encoding: chunked", body=BEHIND), OK)
T.taken("X-Transfer-Encoding is another field", "9110 5.1", MUST, request("/file.txt", COUNTED,
        "X-Transfer-Encoding: chunked", body=BEHIND), OK)
T.taken("Content_Length is another field", "9110 5.1", MUST, request("/file.txt", INSIDE, "Content_Length: 0",
        body=SMUGGLE), OK)
T.taken("X-Content-Length is another field", "9110 5.1", MUST, request("/file.txt", INSIDE, "X-Content-Length: 0",
        body=SMUGGLE), OK)

# --- lengths of which one parser takes the first and another the last ---

for name, fields in {
    "nothing, then all": ("Content-Length: 0", INSIDE), "all, then nothing": (INSIDE, "Content-Length: 0"),
    "a list": (f"Content-Length: 0, {len(SMUGGLE)}",), "a list the other way": (f"Content-Length: {len(SMUGGLE)}, 0",),
    "a sign": (f"Content-Length: +{len(SMUGGLE)}",), "a fold": (f"Content-Length: 0\r\n {len(SMUGGLE)}",),
    "a space inside": (f"Content-Length: 0 {len(SMUGGLE)}",), "hexadecimal": (f"Content-Length: 0x{len(SMUGGLE):x}",),
    "a space before its colon": (f"Content-Length : {len(SMUGGLE)}",), "NUL": (f"Content-Length: {len(SMUGGLE)}\0",),
    "CR hides the second": (f"Content-Length: 0\rContent-Length: {len(SMUGGLE)}",),
}.items():
    T.refused(f"Content-Length: {name}", "9112 6.3", MUST, request("/file.txt", *fields, body=SMUGGLE), 400, CLOSED)
T.refused("Content-Length: LF hides the second", "9112 11.2", OUGHT, request("/file.txt",
          f"Content-Length: 0\nContent-Length: {len(SMUGGLE)}", body=SMUGGLE),
          400, CLOSED)
T.refused("a length in a folded line", "9112 5.2", MUST, request("/file.txt", "X: y",
          f" Content-Length: {len(SMUGGLE)}", body=""), 400, EITHER, others=200,
          note="the fold is a part of X, or refused")

# --- chunks ---

for name, text in {
    "a size that overflows": "10000000000000000\r\n\r\n" + SMUGGLE, "a size with a sign": "-0\r\n\r\n" + SMUGGLE,
    "a size with a prefix": "0x0\r\n\r\n" + SMUGGLE,
    "a size with a space before it": " 0\r\n\r\n" + SMUGGLE, "no last chunk": "\r\n" + SMUGGLE,
    "CR for CRLF behind a size": "0\r\r" + SMUGGLE,
}.items():
    T.refused(f"chunked: {name}", "9112 7.1", SHOULD, request("/file.txt", CHUNKED, body=text), 400, CLOSED,
              others=(413,
              200))
T.refused("chunked: a size of 33 bits, which are none in 32", "9112 7.1", MUST,
          request("/file.txt", CHUNKED, body="100000000\r\n\r\n" + SMUGGLE), 413, CLOSED, others=(400, 200),
          half_close=True,
          silent=True, note="4 GiB are refused, or waited for: they never come")
for name, text in {
    "LF for CRLF behind a size": f"{len(SMUGGLE):x}\n{SMUGGLE}\r\n{LAST}",
    "LF in an extension": f"{len(SMUGGLE):x};\n{SMUGGLE}\r\n{LAST}",
    "LF behind a chunk": f"5\r\nhello\n{len(SMUGGLE):x}\r\n{SMUGGLE}\r\n{LAST}",
    "an extension that holds a size": f"5;a=\"\n{len(SMUGGLE):x}\r\n{SMUGGLE}\r\n{LAST}",
    "a trailer that is a request": "0\r\n" + SMUGGLE,
}.items():
    T.refused(f"chunked: {name}", "9112 11.2", OUGHT, request("/file.txt", CHUNKED, body=text), 400, EITHER, others=200,
              note="refused, or taken whole")
T.taken("a request inside a chunk is content", "9112 7.1", MUST, request("/file.txt", CHUNKED,
        body=f"{len(SMUGGLE):x}\r\n{SMUGGLE}\r\n{LAST}"), OK)
T.taken("a length in the trailer frames nothing", "9110 6.5.1", MUST, request("/file.txt", CHUNKED,
        body=f"0\r\n{INSIDE}\r\n\r\n"), OK)

# --- bodies that were refused, and requests that had none ---

for method in ("POST", "PUT", "DELETE", "OPTIONS", "BREW"):
    T.taken(f"the body of a {method} is not the next request", "9112 9.3", MUST, request("/file.txt", INSIDE,
            method=method, body=SMUGGLE),
            status(200, 201, 204, 400, 403, 404, 405, 409, 411, 501), EITHER,
            note="it is read, or the connection closed")
T.taken("the chunked body of a POST is not the next request", "9112 9.3", MUST,
        request("/file.txt", CHUNKED, method="POST", body=f"{len(SMUGGLE):x}\r\n{SMUGGLE}\r\n{LAST}"), status(200, 204,
        400, 403, 404, 405, 411, 501), EITHER)
T.taken("the body of what was not modified is not the next request", "9112 9.3", MUST, request("/file.txt",
        f"If-None-Match: {ETAG}", INSIDE, body=SMUGGLE), status(304), EITHER)
T.taken("the body of what was refused by a precondition is not the next request", "9112 9.3", MUST,
        request("/file.txt", 'If-Match: "other"', INSIDE, body=SMUGGLE), status(412, others=(200,)), EITHER)
T.taken("the body of a redirected request is not the next request", "9112 9.3", MUST, request("/folder", INSIDE,
        body=SMUGGLE), status(301), EITHER)
T.taken("the body of a HEAD is not the next request", "9112 9.3", MUST, request("/file.txt", INSIDE, method="HEAD",
        body=SMUGGLE), status(200, head=True), EITHER)
for name, text in {
    "no Host": request(host=None), "two Hosts": request("/file.txt", "Host: y"),
    "a bad field line": request("/file.txt", "X Y: z"),
    "a bad version": request(version="HTTP/x.1"), "a bad target": request("/%zz"),
}.items():
    T.refused(f"refused for {name}, with a body", "9112 9.3", MUST, text.replace("\r\n\r\n",
              f"\r\n{INSIDE}\r\n\r\n{SMUGGLE}"), (400, 505), EITHER, others=(404, 200))
T.refused("a space before Host's colon, and what follows", "9112 5.1", MUST, request(host="Host : x") + SMUGGLE, 400,
          CLOSED, ours=True)
T.refused("LF for CRLF, and what follows", "9112 2.2", OUGHT, "GET / HTTP/1.1\nHost: x\n\n" + SMUGGLE, 400, CLOSED,
          ours=True)
T.refused("no Host, and what follows", "9112 3.2", MUST, request(host=None) + SMUGGLE, 400, CLOSED, ours=True,
          note="a server may go on where the framing was sound; ours closes behind each refusal of its parser")
