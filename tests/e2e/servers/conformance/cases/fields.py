"""Field lines: names, values, white space."""
from ..case import CLOSED, MAY, MUST, OK, OUGHT, SHOULD, Theme, request

T = Theme("fields")

T.taken("names in any case", "9110 5.1", MUST, "GET /file.txt HTTP/1.1\r\nhOsT: x\r\nCONNECTION: ClOsE\r\n\r\n", OK,
        CLOSED)
T.taken("unknown fields are ignored", "9110 5.1", MUST, request("/file.txt", "X-Nobody-Knows: this"), OK)
T.taken("every character of a token in a name", "9110 5.6.2", MUST, request("/file.txt", "!#$%&'*+-.^_`|~09AZaz: x"),
        OK)
T.taken("no white space before the value", "9112 5.1", MUST, request(host="Host:x"), OK)
T.taken("white space around the value", "9112 5.1", MUST, request(host="Host: \t  x \t "), OK)
T.taken("a tab before the value", "9112 5.1", MUST, request(host="Host:\tx"), OK)
T.taken("an empty value", "9110 5.5", MUST, request("/file.txt", "X-Empty:"), OK)
T.taken("a value of white space", "9112 5.1", MUST, request("/file.txt", "X-Empty: \t "), OK)
T.taken("a tab inside a value", "9110 5.5", MUST, request("/file.txt", "X-Tab: a\tb"), OK)
T.taken("a colon inside a value", "9112 5", MUST, request("/file.txt", "X-Colon: a:b : c"), OK)
T.taken("octets beyond ASCII in a value", "9110 5.5", SHOULD, request("/file.txt", "X-Obs: \x80\xff"), OK,
        note="opaque data: obs-text is in the grammar")
T.taken("quotes, commas and backslashes in a value", "9110 5.6.4", MUST, request("/file.txt",
        r'X-Quoted: "a, \"b", (c)'), OK)
T.taken("fields of one name are a list", "9110 5.3", MUST, request("/file.txt", "Connection: x", "Connection: close"),
        OK, CLOSED)
T.taken("empty elements of a list are read over", "9110 5.6.1.2", MUST, request("/file.txt",
        "Connection: , x ,, close,"), OK, CLOSED)
T.taken("a list of one", "9110 5.6.1", MUST, request("/file.txt", "Connection:close"), OK, CLOSED)
T.taken("no field but Host", "9112 3.2", MUST, request(), OK)
T.taken("Host need not be the first", "9110 7.2", MUST, request("/file.txt", "X: y", "Host: x", host=None), OK)
T.taken("fifty fields", "9110 5.4", OUGHT, request("/file.txt", *[f"X-{i}: {i}" for i in range(50)]), OK)
T.taken("a value of 4000 octets", "9110 5.4", OUGHT, request("/file.txt", "X-Long: " + "v" * 4000), OK)

T.refused("a space before the colon", "9112 5.1", MUST, request("/file.txt", "X-Space : y"))
T.refused("a tab before the colon", "9112 5.1", MUST, request("/file.txt", "X-Tab\t: y"))
T.refused("a space before the colon of Host", "9112 5.1", MUST, request(host="Host : x"))
T.refused("no name", "9112 5", SHOULD, request("/file.txt", ": y"))
T.refused("no colon", "9112 5", SHOULD, request("/file.txt", "no colon"))
T.refused("a name with a space", "9112 5.1", MUST, request("/file.txt", "X Y: z"))
for c in "\"(),/;<=>?@[\\]{}":
    T.refused(f"a name with {c}", "9110 5.1", OUGHT, request("/file.txt", f"X{c}Y: z"),
              note="a field name is a token (9110 5.6.2)")
T.refused("a name beyond ASCII", "9110 5.1", OUGHT, request("/file.txt", "X\xfc: z"))
T.refused("a name with NUL", "9110 5.1", OUGHT, request("/file.txt", "X\0: z"))
T.refused("white space before the first field", "9112 2.2", MUST, "GET /file.txt HTTP/1.1\r\n Host: x\r\n\r\n",
          note="MUST be refused, or the line be left out: then there is no Host")
T.refused("white space before the first field, Host behind it", "9112 2.2", MUST,
          "GET /file.txt HTTP/1.1\r\n X: y\r\nHost: x\r\n\r\n", 400, others=200)
T.refused("a folded line", "9112 5.2", MUST, request("/file.txt", "X: a", " b"), 400, others=200,
          note="MUST be refused, or the fold be made spaces")
T.refused("a line folded by a tab", "9112 5.2", MUST, request("/file.txt", "X: a", "\tb"), 400, others=200)
T.refused("a line folded to nothing", "9112 5.2", MUST, request("/file.txt", "X: a", " "), 400, others=200)
for name, octet in {"NUL": "\0", "CR": "\r"}.items():
    T.refused(f"{name} in a value", "9110 5.5", MUST, request("/file.txt", f"X: a{octet}b"), 400, others=200,
              note="MUST be refused, or the octet be made a space; we refuse")
for name, octet in {"BEL": "\x07", "VT": "\x0b", "ESC": "\x1b", "DEL": "\x7f"}.items():
    T.refused(f"{name} in a value", "9110 5.5", MAY, request("/file.txt", f"X: a{octet}b"), 400, others=200,
              note="invalid as well, but MAY be kept; we refuse")
T.refused("LF ends a field line", "9112 2.2", MAY, "GET /file.txt HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400, others=200,
          note="MAY be recognised; we refuse")
T.refused("CR alone is no line end between fields", "9112 2.2", MUST,
          "GET /file.txt HTTP/1.1\r\nHost: x\rX: y\r\n\r\n", 400, others=200)
T.refused("CR CR LF ends no field line", "9112 2.2", MUST, "GET /file.txt HTTP/1.1\r\nHost: x\r\r\n\r\n", 400,
          others=200)
T.refused("NUL in Host", "9112 3.2", MUST, request(host="Host: x\0y"))
