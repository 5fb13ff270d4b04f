"""How long a connection lives, and in what order requests on it are answered."""
from ..case import (CLOSED, EITHER, ETAG, MUST, OK, OUGHT, PERSISTS, SHOULD, SMUGGLE, SMUGGLED, Step, Theme, request,
                    status)

T = Theme("persistence and pipelining")
LAST = status(200, content=OK.content, has={"connection": "close"})
GET, FOLDER = request(), request("/folder/")
OTHER = status(200, content=SMUGGLED)
EMPTY = status(200, content=b"", has={"content-length": "0"})

# --- persistence ---

T.taken("HTTP/1.1 persists", "9112 9.3", SHOULD, GET, OK, PERSISTS)
T.taken("three requests, one after the other", "9112 9.3", SHOULD,
        (Step(GET.encode(), (OK,)), Step(SMUGGLE.encode(), (OTHER,)), Step(GET.encode(), (OK,))))
T.taken("close", "9112 9.6", MUST, request("/file.txt", "Connection: close"), LAST, CLOSED,
        note="the server SHOULD say it as well")
T.taken("close in any case", "9110 7.6.1", MUST, request("/file.txt", "Connection: CLOSE"), LAST, CLOSED)
T.taken("close among others", "9110 7.6.1", MUST, request("/file.txt", "Connection: x, close, y"), LAST, CLOSED)
T.taken("close beside keep-alive", "9112 9.3", MUST, request("/file.txt", "Connection: keep-alive, close"), LAST,
        CLOSED,
        note="close comes first in the list of 9.3")
T.taken("a word that has close in it", "9110 7.6.1", MUST, request("/file.txt", "Connection: closed, x-close"), OK,
        PERSISTS)
T.taken("an option nobody knows", "9110 7.6.1", MUST, request("/file.txt", "Connection: x-odd", "X-Odd: y"), OK)
T.taken("keep-alive in HTTP/1.1 changes nothing", "9112 9.3", OUGHT, request("/file.txt", "Connection: keep-alive"),
        OK, PERSISTS)
T.taken("HTTP/1.0 does not persist", "9112 9.3", MUST, request(version="HTTP/1.0"), OK, CLOSED)
T.taken("HTTP/1.0 persists if asked to, and is told", "9112 9.3", SHOULD,
        request("/file.txt", "Connection: keep-alive", version="HTTP/1.0"),
        status(200, content=OK.content, has={"connection": "keep-alive"}), PERSISTS)
T.taken("HTTP/1.0 with keep-alive and close", "9112 9.3", MUST,
        request("/file.txt", "Connection: keep-alive, close", version="HTTP/1.0"), OK, CLOSED)
T.taken("Keep-Alive alone keeps nothing", "9112 9.3", MUST,
        request("/file.txt", "Keep-Alive: timeout=5", version="HTTP/1.0"), OK, CLOSED)
T.taken("Proxy-Connection is no Connection", "9112 C.2.2", OUGHT, request("/file.txt", "Proxy-Connection: close"), OK)
T.taken("an error of the request's meaning ends nothing", "9112 9.3", SHOULD, request("/nothing"), status(404),
        PERSISTS)
T.taken("a redirection ends nothing", "9112 9.3", SHOULD, request("/folder"), status(301), PERSISTS)

# --- pipelining ---

T.taken("two at once", "9112 9.3.2", MUST, GET + SMUGGLE, (OK, OTHER))
T.taken("in the order they came", "9112 9.3.2", MUST,
        GET + request("/nothing") + request("/empty.txt") + SMUGGLE + request("/folder/"),
        (OK, status(404), EMPTY, OTHER, status(200, content=b"in the folder\n")))
T.taken("fifty at once", "9112 9.3.2", MUST, (GET + SMUGGLE) * 25, (OK, OTHER) * 25)
T.taken("a body between two", "9112 9.3.2", MUST, request("/file.txt", "Content-Length: 5", body="hello") + SMUGGLE,
        (OK, OTHER))
T.taken("a chunked body between two", "9112 9.3.2", MUST,
        request("/file.txt", "Transfer-Encoding: chunked", body="5\r\nhello\r\n0\r\n\r\n") + SMUGGLE, (OK, OTHER))
T.taken("HEAD between two", "9112 9.3.2", MUST, request(method="HEAD") + SMUGGLE, (status(200, head=True), OTHER))
T.taken("304 between two has no content", "9112 6.3", MUST,
        request("/file.txt", f"If-None-Match: {ETAG}") + SMUGGLE, (status(304), OTHER))
T.taken("nothing is answered behind close", "9112 9.6", MUST, request("/file.txt", "Connection: close") + SMUGGLE, LAST,
        CLOSED)
T.taken("nothing is answered behind HTTP/1.0", "9112 9.6", MUST, request(version="HTTP/1.0") + SMUGGLE, OK, CLOSED)
T.taken("HTTP/1.0 and HTTP/1.1 on one connection", "9112 9.3", OUGHT,
        GET + request("/smuggled.txt", "Connection: keep-alive", version="HTTP/1.0"), (OK, OTHER))
T.refused("what is sound is answered before what is not", "9112 9.3.2", MUST,
          GET + "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
       (OK, status(400)), EITHER)
T.refused("many are answered before what is not sound", "9112 9.3.2", MUST,
          GET * 10 + "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
       (OK,) * 10 + (status(400),), EITHER)
