"""Methods, and what is asked with fields that a server may leave alone."""
from ..case import EITHER, FILE, MODIFIED_TEXT, MUST, OK, OUGHT, SHOULD, Theme, request, status

T = Theme("methods and negotiation")
LIKE_GET = {"content-length": str(len(FILE)), "last-modified": MODIFIED_TEXT}

T.taken("GET", "9110 9.3.1", MUST, request(), OK, note="GET and HEAD MUST be there (9110 9.1)")
T.taken("HEAD sends no content", "9110 9.3.2", MUST, request(method="HEAD"), status(200, head=True))
T.taken("HEAD says what GET would", "9110 9.3.2", SHOULD, request(method="HEAD"), status(200, head=True, has=LIKE_GET))
T.taken("GET says when it was changed", "9110 8.8.2.1", SHOULD, request(), status(200, has=LIKE_GET))
T.taken("GET says an entity tag", "9110 8.8.3", SHOULD, request(), status(200, has={"etag": '(W/)?".*"'}))
T.taken("GET says the media type", "9110 8.3", SHOULD, request(), status(200, has={"content-type": "text/plain.*"}))
T.taken("HEAD of what is not there", "9110 9.3.2", MUST, request("/nothing", method="HEAD"), status(404, head=True))
T.taken("HEAD of a folder", "9110 9.3.2", MUST, request("/folder", method="HEAD"), status(301, head=True))
T.taken("HEAD of an empty file", "9110 9.3.2", MUST, request("/empty.txt", method="HEAD"), status(200, head=True))
T.taken("an empty file", "9110 8.6", MUST, request("/empty.txt"),
        status(200, content=b"", has={"content-length": "0"}))
T.taken("OPTIONS of a resource", "9110 9.3.7", OUGHT, request(method="OPTIONS"), status(200, 204, 403, 405, 501),
        EITHER)
T.taken("OPTIONS says what is allowed", "9110 9.3.7", SHOULD, request(method="OPTIONS"),
        status(200, 204, has={"allow": ".*GET.*"}))
T.taken("a known method that is not allowed", "9110 15.5.6", MUST, request(method="DELETE"),
        status(405, 403, 501), EITHER, note="405 MUST say Allow")
for method in ("POST", "PUT", "PATCH", "DELETE"):
    T.taken(f"{method} of a file is not allowed", "9110 9.1", SHOULD, request(method=method),
            status(405, has={"allow": ".*GET.*"}, others=(200,)), EITHER)
T.taken("405 lists each method that is taken, OPTIONS too", "9110 15.5.6", MUST, request(method="DELETE"),
        status(405, has={"allow": "GET, HEAD, OPTIONS"}), ours=True)
T.taken("a method nobody knows", "9110 9.1", SHOULD, request(method="BREW"), status(501, 405, 400), EITHER)
T.taken("a method nobody knows is not implemented", "9110 15.6.2", SHOULD, request(method="BREW"), status(501), EITHER)
T.taken("TRACE echoes nothing of a secret", "9110 9.3.8", SHOULD, request("/file.txt", "Cookie: secret",
        method="TRACE"),
        status(405, 403, 501, 200, lacks=("set-cookie",)), EITHER, note="we do not offer it, which is allowed")
T.taken("Accept of everything", "9110 12.5.1", MUST, request("/file.txt", "Accept: */*"), OK)
T.taken("Accept that does not fit", "9110 12.5.1", MUST, request("/file.txt", "Accept: image/png"),
        status(200, 406), note="MAY be disregarded")
T.taken("Accept-Encoding of nothing", "9110 12.5.3", SHOULD, request("/file.txt", "Accept-Encoding:"),
        status(200, content=FILE, lacks=("content-encoding",)))
T.taken("Accept-Encoding: identity", "9110 12.5.3", SHOULD, request("/file.txt", "Accept-Encoding: identity"),
        status(200, content=FILE, lacks=("content-encoding",)))
T.taken("TE: trailers", "9110 10.1.4", MUST, request("/file.txt", "TE: trailers", "Connection: TE"), OK)
T.taken("Upgrade to what nobody knows", "9110 7.8", MUST, request("/file.txt", "Upgrade: x-odd",
        "Connection: Upgrade"), OK,
        note="MAY be ignored; 101 MUST be to what was asked for")
T.taken("Upgrade to h2c without its settings", "9110 7.8", MUST, request("/file.txt", "Upgrade: h2c",
        "Connection: Upgrade"), OK)
T.taken("Upgrade in HTTP/1.0", "9110 7.8", MUST,
        request("/file.txt", "Upgrade: x-odd", "Connection: Upgrade, keep-alive", version="HTTP/1.0"), OK)
T.taken("Max-Forwards is for OPTIONS and TRACE", "9110 7.6.2", OUGHT, request("/file.txt", "Max-Forwards: 0"), OK)
T.taken("cookies of any kind", "9110 5.1", OUGHT, request("/file.txt", "Cookie: a=b; c", "Cookie: =;;"), OK)
T.taken("Authorization where none is asked for", "9110 11.6.2", OUGHT, request("/file.txt",
        "Authorization: Basic eDp5"), OK)
