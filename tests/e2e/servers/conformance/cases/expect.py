"""Expect: 100-continue."""
from ..case import CLOSED, MUST, OK, OUGHT, SHOULD, Step, Theme, request, status

T = Theme("expectations")
WAITS = ("Expect: 100-continue", "Content-Length: 5")
# Or a final answer at once, and the end: then nobody waits for the body.
GO_ON = status(100, others=(200,), lacks=("content-length", "transfer-encoding"))


def head(*fields: str, method: str = "GET", target: str = "/file.txt", version: str = "HTTP/1.1") -> bytes:
    return request(target, *fields, method=method, version=version).encode()


T.taken("100, then the body, then the answer", "9110 10.1.1", MUST, (Step(head(*WAITS), (GO_ON,)), Step(b"hello",
        (OK,))))
T.taken("100 before a chunked body", "9110 10.1.1", MUST,
        (Step(head("Expect: 100-continue", "Transfer-Encoding: chunked"), (GO_ON,)), Step(b"5\r\nhello\r\n0\r\n\r\n",
        (OK,))))
T.taken("in any case", "9110 10.1.1", MUST, (Step(head("Expect: 100-Continue", "Content-Length: 5"), (GO_ON,)),
        Step(b"hello", (OK,))))
T.taken("100 before each body", "9110 10.1.1", MUST,
        (Step(head(*WAITS), (GO_ON,)), Step(b"hello", (OK,)), Step(head(*WAITS), (GO_ON,)), Step(b"hello", (OK,))))
T.taken("who does not wait may not be told", "9110 10.1.1", MUST, head(*WAITS) + b"hello", OK,
        note="100 MAY be left out")
T.taken("no body, nothing to wait for", "9110 10.1.1", OUGHT, head("Expect: 100-continue"), OK)
T.taken("HTTP/1.0 does not expect", "9110 10.1.1", MUST,
        head(*WAITS, "Connection: keep-alive", version="HTTP/1.0") + b"hello", OK,
        note="it MUST be ignored, and no 1xx be sent (15.2)")
T.taken("HTTP/1.0 does not expect, and waits", "9110 10.1.1", MUST,
        (Step(head(*WAITS, "Connection: keep-alive", version="HTTP/1.0"), ()), Step(b"hello", (OK,))),
        note="whoever says 100 here says it in front of the answer")
T.taken("refused at once, the body is not sent", "9110 10.1.1", SHOULD,
        (Step(head(*WAITS, method="DELETE"), (status(405),)),), after=CLOSED, waits=True, ours=True,
        note="we close: whether the body still comes nobody knows")
T.taken("refused for its length", "9110 10.1.1", SHOULD,
        (Step(head("Expect: 100-continue", "Content-Length: 99999999999"), (status(413),)),), after=CLOSED, waits=True,
        ours=True)
T.refused("another expectation", "9110 10.1.1", OUGHT, head("Expect: x-odd"), 417, others=200,
          note="417 MAY be the answer")
T.refused("another expectation beside it", "9110 10.1.1", OUGHT, head("Expect: 100-continue, x-odd"), 417, others=200)
