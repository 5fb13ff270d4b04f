"""Parts of a file of 100 octets, the digits ten times over."""
from ..case import AFTER, ETAG, FILE, MAY, MODIFIED_TEXT, MUST, OK, OUGHT, SHOULD, Theme, request, status

T = Theme("ranges")
WHOLE = status(200, content=FILE, lacks=("content-range",))
NONE = status(416, has={"content-range": r"bytes \*/100"})


def part(first: int, last: int) -> object:
    return status(206, content=FILE[first:last + 1], has={"content-range": f"bytes {first}-{last}/100"})


def get(value: str, *fields: str) -> str:
    return request("/file.txt", f"Range: {value}", *fields)


T.taken("says that it takes ranges", "9110 14.3", MAY, request(), status(200, has={"accept-ranges": "bytes"}))
for value, (first, last) in {"0-0": (0, 0), "0-9": (0, 9), "10-19": (10, 19), "90-": (90, 99), "0-": (0, 99),
"99-99": (99, 99),
                             "-1": (99, 99), "-10": (90, 99), "-100": (0, 99), "-1000": (0, 99), "50-1000": (50, 99),
                             "0-18446744073709551616": (0, 99)}.items():
    T.taken(f"bytes={value}", "9110 14.1.2", SHOULD, get(f"bytes={value}"), part(first, last),
            note="a Range MAY be ignored; 206 says exactly what it is")
T.taken("the unit in upper case", "9110 14.1", OUGHT, get("Bytes=0-9"), part(0, 9),
        note="range units are case-insensitive")
T.taken("beyond the end", "9110 15.5.17", SHOULD, get("bytes=100-"), NONE)
T.taken("far beyond the end", "9110 15.5.17", SHOULD, get("bytes=99999999999999999999-"), status(416, 200))
T.taken("the last octets, of which there are to be none", "9110 14.1.2", OUGHT, get("bytes=-0"), status(416, 200),
        note="a suffix of nothing is not satisfiable")
for name, value in {"last before first": "bytes=9-0", "no number": "bytes=a-b", "no dash": "bytes=5",
"only a dash": "bytes=-",
                    "nothing": "bytes=", "no equals sign": "bytes 0-9", "a sign": "bytes=+1-5",
                    "two dashes": "bytes=0--1"}.items():
    T.taken(f"a set that is none: {name}", "9110 14.2", MAY, get(value), status(200, 416),
            note="invalid: MAY be ignored or refused")
T.taken("a unit nobody knows", "9110 14.2", MUST, get("lines=0-9"), WHOLE, note="MUST be ignored")
T.taken("Range for HEAD", "9110 14.2", MUST, request("/file.txt", "Range: bytes=0-9", method="HEAD"), status(200,
        head=True),
        note="MUST be ignored: ranges are for GET")
T.taken("Range of what is not there", "9110 14.2", MUST, request("/nothing", "Range: bytes=0-9"), status(404))
T.taken("Range of an empty file", "9110 14.1.2", OUGHT, request("/empty.txt", "Range: bytes=0-"), status(200, 416))
T.taken("two ranges", "9110 15.3.7.2", MAY, get("bytes=0-0,99-99"), status(206,
        has={"content-type": "multipart/byteranges;.*"}, lacks=("content-range",)),
        note="no Content-Range of the whole MUST be there beside parts")
T.taken("two ranges that overlap", "9110 15.3.7.2", MAY, get("bytes=0-9,5-19"), status(206, 200), note="MAY become one")
T.taken("two ranges, one beyond the end", "9110 14.2", SHOULD, get("bytes=0-9,200-300"), part(0, 9),
        note="that which is satisfiable is sent")
T.taken("empty elements in a set", "9110 5.6.1.2", MUST, get("bytes=,0-9, ,"), status(206, 200))
T.taken("empty elements in a set are read over", "9110 14.1.1", SHOULD, get("bytes=,0-9, ,"), part(0, 9))
T.taken("very many ranges", "9110 14.2", SHOULD, get("bytes=" + ",".join(f"{i}-{i}" for i in range(0, 100, 2))),
        status(200, 206, 416), note="SHOULD be ignored, coalesced or refused")

T.taken("If-Range with the tag", "9110 13.1.5", MUST, get("bytes=0-9", f"If-Range: {ETAG}"), part(0, 9))
T.taken("If-Range with another tag", "9110 13.1.5", MUST, get("bytes=0-9", 'If-Range: "other"'), WHOLE)
T.taken("If-Range with the tag marked weak", "9110 13.1.5", MUST, get("bytes=0-9", f"If-Range: W/{ETAG}"), WHOLE,
        note="the comparison is the strong one")
T.taken("If-Range with the date", "9110 13.1.5", MUST, get("bytes=0-9", f"If-Range: {MODIFIED_TEXT}"), part(0, 9))
T.taken("If-Range with a later date", "9110 13.1.5", MUST, get("bytes=0-9", f"If-Range: {AFTER}"), WHOLE,
        note="the very date, not later")
T.taken("If-Range without Range", "9110 13.1.5", MUST, request("/file.txt", 'If-Range: "other"'), OK)
T.taken("If-None-Match before Range", "9110 13.2.2", MUST, get("bytes=0-9", f"If-None-Match: {ETAG}"), status(304))
T.taken("If-Match that fails before Range", "9110 13.2.2", MUST, get("bytes=0-9", 'If-Match: "other"'), status(412))
T.taken("If-Match that fails before a range beyond the end", "9110 13.2.2", MUST, get("bytes=200-",
        'If-Match: "other"'), status(412))
