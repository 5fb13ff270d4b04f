"""What is asked for: the four forms of a target, hosts, and paths that try to leave."""
from ..case import MAY, MUST, OK, OUGHT, SHOULD, Theme, request, status

T = Theme("target and host")
SPACE = status(200, content=b"a space\n")
UNRESERVED = status(200, content=b"unreserved\n")

# --- forms ---

T.taken("origin-form with a query", "9112 3.2.1", MUST, request("/file.txt?a=b&c=%20"), OK)
T.taken("origin-form with an empty query", "9112 3.2.1", MUST, request("/file.txt?"), OK)
T.taken("a query with ? and /", "3986 3.4", MUST, request("/file.txt?a?b/c"), OK)
T.taken("absolute-form", "9112 3.2.2", MUST, request("http://x/file.txt"), OK)
T.taken("absolute-form with a port", "9112 3.2.2", MUST, request("http://x:80/file.txt"), OK)
T.taken("absolute-form: what Host says does not count", "9112 3.2.2", MUST, request("http://x/file.txt",
        host="Host: y"), OK)
T.taken("absolute-form without a path is /", "9112 3.2.2", MUST, request("http://x"), status(200, content=b"index\n"))
T.taken("absolute-form with a query and no path", "9110 4.2.1", MUST, request("http://x?a"), status(200,
        content=b"index\n"))
T.taken("a scheme in upper case is the same", "9110 4.2.3", MUST, request("HTTP://x/file.txt"), OK)
T.taken("asterisk-form", "9112 3.2.4", OUGHT, request("*", method="OPTIONS"), status(200, 204),
        note="9110 9.3.7: about the server as a whole")
T.refused("asterisk-form is for OPTIONS", "9112 3.2.4", MUST, request("*"), (400, 404, 405))
T.refused("authority-form is for CONNECT", "9112 3.2.3", SHOULD, request("x:80"))
T.refused("CONNECT to an origin server", "9110 9.3.6", MAY, request("x:80", method="CONNECT"),
          (400, 403, 404, 405, 501))
T.refused("neither a path nor a URI", "9112 3.2", SHOULD, request("file.txt"))
T.refused("absolute-form without a host", "9110 4.2.1", MUST, request("http:///file.txt"))
T.refused("https, on a connection without TLS", "9110 7.4", MUST, request("https://x/file.txt"), (421, 400, 403, 404),
          note="MUST be rejected; 421 says why")
T.refused("absolute-form of a scheme that is not served", "9110 7.4", MUST, request("ftp://x/file.txt"),
          (400, 403, 404, 421, 501))
T.refused("absolute-form with user information", "9110 4.2.4", SHOULD, request("http://user:pass@x/file.txt"))
T.refused("absolute-form with a host that is none", "9112 3.2.2", SHOULD, request("http://a b/file.txt"))
T.refused("a fragment", "9112 3.2.1", SHOULD, request("/file.txt#part"), (400, 404), note="no form of a target has one")
T.refused("a space inside", "9112 3.2", SHOULD, request("/file .txt"), note="no white space is allowed in a target")
T.refused("octets beyond ASCII", "3986 2", SHOULD, request("/f\xfcr"), (400, 404))
T.refused("DEL", "3986 2", SHOULD, request("/f\x7fr"), (400, 404))

# --- Host ---

T.refused("no Host", "9112 3.2", MUST, request(host=None))
T.refused("two Hosts", "9112 3.2", MUST, request("/file.txt", "Host: x"))
T.refused("two Hosts that differ", "9112 3.2", MUST, request("/file.txt", "Host: y"))
T.refused("two Hosts, one in another case", "9112 3.2", MUST, request("/file.txt", "HOST: y"))
T.refused("no Host beside an absolute target", "9112 3.2", MUST, request("http://x/file.txt", host=None))
for name, host in {"user information": "u@x", "a path": "x/y", "a space": "x y", "a comma and another": "x, y",
                   "a port that is none": "x:y", "a bracket without its pair": "[::1",
                   "brackets around a name": "[x]", "an IPv6 address of nine groups": "[1:2:3:4:5:6:7:8:9]",
                   "an IPv6 address with two gaps": "[1::2::3]", "octets behind the bracket": "[::1]x",
                   "a question mark": "x?y",
                   "a broken percent-encoding": "x%zz"}.items():
    T.refused(f"Host with {name}", "9112 3.2", MUST, request(host=f"Host: {host}"),
              note="an invalid field value MUST be answered 400" if name != "a comma and another" else
              "a comma may stand in a registered name, a space may not")
for name, host in {"a name": "example.org", "a port": "example.org:8080", "an empty port": "example.org:",
                   "an IPv4 address": "127.0.0.1", "an IPv6 address": "[::1]:80",
                   "an IPv6 address of all groups": "[1:2:3:4:5:6:7:8]",
                   "an IPv4 address in an IPv6 one": "[::ffff:127.0.0.1]",
                   "an underscore": "a_b.example", "a percent-encoding": "a%2db"}.items():
    T.taken(f"Host with {name}", "9110 7.2", MUST, request(host=f"Host: {host}"), OK)

T.taken("Host with nothing", "9110 7.2", MUST, request(host="Host:"), OK, ours=True,
        note="what a client sends if its URI has no authority; other servers refuse it")

# --- paths ---

T.taken("percent-encoding of a space", "3986 2.1", MUST, request("/a%20b.txt"), SPACE)
T.taken("percent-encoding of unreserved characters is the same", "9110 4.2.3", MUST, request("/%7Eu%2Dn%5Fr%2Etxt"),
        UNRESERVED)
T.taken("percent-encoding in lower case is the same", "3986 6.2.2.1", MUST, request("/%7eu%2dn%5fr%2etxt"), UNRESERVED)
T.taken("dot segments are taken away", "3986 5.2.4", OUGHT, request("/folder/./../file.txt"), OK)
T.taken("an empty path segment at the end is a folder", "3986 3.3", OUGHT, request("/folder/"), status(200,
        content=b"in the folder\n"))
T.taken("a folder without its slash is elsewhere", "9110 15.4.2", OUGHT, request("/folder"), status(301,
        has={"location": ".*/folder/"}))
T.taken("what is not there", "9110 15.5.5", MUST, request("/nothing"), status(404))
T.refused("a percent-encoding that is none", "3986 2.1", SHOULD, request("/%zz"), (400, 404))
T.refused("half a percent-encoding", "3986 2.1", SHOULD, request("/file.txt%2"), (400, 404))
T.refused("an encoded NUL", "3986 7.3", OUGHT, request("/file.txt%00"), (400, 404))
for name, target in {"dots": "/../secret.txt", "dots below a folder": "/folder/../../secret.txt",
                     "encoded dots": "/%2e%2e/secret.txt", "half-encoded dots": "/.%2e/secret.txt",
                     "an encoded slash": "/..%2fsecret.txt", "twice encoded": "/%252e%252e/secret.txt",
                     "a backslash": "/..\\secret.txt", "an encoded backslash": "/..%5csecret.txt",
                     "two slashes": "//../secret.txt", "absolute-form": "http://x/../secret.txt"}.items():
    T.refused(f"out of the root by {name}", "3986 7.3", OUGHT, request(target), (400, 403, 404),
              note="what there is above the root is not for its readers (9110 17.3)")
