"""Preconditions, and dates in all their forms. file.txt was changed on 1 January 2020."""
from ..case import AFTER, BEFORE, ETAG, FILE, MODIFIED_TEXT, MUST, OK, OUGHT, SHOULD, Theme, request, status

T = Theme("conditional requests and dates")
SAME, CHANGED = status(304, content=b""), status(412)


def get(*fields: str, target: str = "/file.txt") -> str:
    return request(target, *fields)


# --- entity tags ---

T.taken("If-None-Match with the tag", "9110 13.1.2", MUST, get(f"If-None-Match: {ETAG}"), SAME)
T.taken("If-None-Match with the tag marked weak", "9110 13.1.2", MUST, get(f"If-None-Match: W/{ETAG}"), SAME,
        note="the comparison is the weak one")
T.taken("If-None-Match with another tag", "9110 13.1.2", MUST, get('If-None-Match: "other"'), OK)
T.taken("If-None-Match with a list that has the tag", "9110 13.1.2", MUST, get(f'If-None-Match: "other", {ETAG}, "x"'),
        SAME)
T.taken("If-None-Match in two lines", "9110 5.3", MUST, get('If-None-Match: "other"', f"If-None-Match: {ETAG}"), SAME)
T.taken("If-None-Match with a list without it", "9110 13.1.2", MUST, get('If-None-Match: "other", W/"x"'), OK)
T.taken("If-None-Match: a comma in a tag", "9110 8.8.3", MUST, get(f'If-None-Match: "a,b", {ETAG}'), SAME)
T.taken("If-None-Match: *", "9110 13.1.2", MUST, get("If-None-Match: *"), SAME)
T.taken("If-None-Match: * of what is not there", "9110 13.2.1", MUST, get("If-None-Match: *", target="/nothing"),
        status(404))
T.taken("If-None-Match without quotes", "9110 13.1.2", OUGHT, get("If-None-Match: other"), OK)
T.taken("If-None-Match for HEAD", "9110 13.1.2", MUST, request("/file.txt", f"If-None-Match: {ETAG}", method="HEAD"),
        status(304, head=True))
T.taken("304 says the tag", "9110 15.4.5", MUST, get(f"If-None-Match: {ETAG}"), status(304, has={"etag": '(W/)?".*"'}))
T.taken("If-Match with the tag", "9110 13.1.1", MUST, get(f"If-Match: {ETAG}"), OK)
T.taken("If-Match with another tag", "9110 13.1.1", MUST, get('If-Match: "other"'), CHANGED)
T.taken("If-Match with the tag marked weak", "9110 13.1.1", MUST, get(f"If-Match: W/{ETAG}"), CHANGED,
        note="the comparison is the strong one")
T.taken("If-Match with a list that has the tag", "9110 13.1.1", MUST, get(f'If-Match: "other", {ETAG}'), OK)
T.taken("If-Match: *", "9110 13.1.1", MUST, get("If-Match: *"), OK)

# --- dates ---

T.taken("If-Modified-Since that day", "9110 13.1.3", SHOULD, get(f"If-Modified-Since: {MODIFIED_TEXT}"), SAME)
T.taken("If-Modified-Since the next day", "9110 13.1.3", SHOULD, get(f"If-Modified-Since: {AFTER}"), SAME)
T.taken("If-Modified-Since a second before", "9110 13.1.3", SHOULD, get(f"If-Modified-Since: {BEFORE}"), OK)
T.taken("If-Modified-Since in RFC 850's form", "9110 5.6.7", MUST,
        get("If-Modified-Since: Wednesday, 01-Jan-20 00:00:00 GMT"),
        SAME, note="a recipient that parses a date MUST accept all three")
T.taken("If-Modified-Since in asctime's form", "9110 5.6.7", MUST, get("If-Modified-Since: Wed Jan  1 00:00:00 2020"),
        SAME)
T.taken("RFC 850's two digits: 94 is behind us", "9110 5.6.7", MUST,
        get("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT"), OK,
        note="more than 50 years ahead MUST be read as the past")
for name, date in {"no date": "yesterday", "a number": "1577836800",
"a day that does not exist": "Sun, 32 Dec 2023 00:00:00 GMT",
                   "nothing": "", "a list": f"{AFTER}, {AFTER}"}.items():
    T.taken(f"If-Modified-Since with {name} is ignored", "9110 13.1.3", MUST, get(f"If-Modified-Since: {date}"), OK)
T.taken("If-Modified-Since for a method that is not GET or HEAD", "9110 13.1.3", MUST,
        request("/file.txt", f"If-Modified-Since: {AFTER}", method="OPTIONS"), status(200, 204, 403, 405, 501),
        "in step or closed")
T.taken("If-Unmodified-Since that day", "9110 13.1.4", MUST, get(f"If-Unmodified-Since: {MODIFIED_TEXT}"), OK)
T.taken("If-Unmodified-Since a second before", "9110 13.1.4", MUST, get(f"If-Unmodified-Since: {BEFORE}"), CHANGED)
T.taken("If-Unmodified-Since with no date is ignored", "9110 13.1.4", MUST, get("If-Unmodified-Since: yesterday"), OK)

# --- which comes first ---

T.taken("If-None-Match before If-Modified-Since: changed", "9110 13.1.3", MUST,
        get('If-None-Match: "other"', f"If-Modified-Since: {AFTER}"), OK, note="If-Modified-Since MUST be ignored")
T.taken("If-None-Match before If-Modified-Since: the same", "9110 13.2.2", MUST,
        get(f"If-None-Match: {ETAG}", f"If-Modified-Since: {BEFORE}"), SAME)
T.taken("If-Match before If-Unmodified-Since", "9110 13.1.4", MUST,
        get(f"If-Match: {ETAG}", f"If-Unmodified-Since: {BEFORE}"), OK, note="If-Unmodified-Since MUST be ignored")
T.taken("If-Match before If-None-Match", "9110 13.2.2", MUST, get('If-Match: "other"', f"If-None-Match: {ETAG}"),
        CHANGED)
T.taken("a condition on an error does not count", "9110 13.2.1", MUST, get('If-Match: "other"', target="/nothing"),
        status(404, 412), note="MUST be ignored if the answer without it would not be 2xx or 412; "
        "where there is no representation, If-Match: is false (13.1.1)")
T.taken("a condition for OPTIONS does not count", "9110 13.2.1", MUST,
        request("/file.txt", 'If-Match: "other"', method="OPTIONS"), status(200, 204, 403, 405, 501),
        "in step or closed")

# --- what is said ---

T.taken("Date is there, and is one", "9110 6.6.1", MUST, request(), status(200, has={"date": ".* GMT"}))
T.taken("Date with an error", "9110 6.6.1", MUST, request("/nothing"), status(404, has={"date": ".* GMT"}))
T.taken("Date with 304", "9110 15.4.5", MUST, get(f"If-None-Match: {ETAG}"), status(304, has={"date": ".* GMT"}))
T.taken("Last-Modified is that of the file", "9110 8.8.2", SHOULD, request(),
        status(200, content=FILE, has={"last-modified": MODIFIED_TEXT}))
