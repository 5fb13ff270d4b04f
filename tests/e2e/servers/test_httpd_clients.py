"""httpd, every design and variant: clients that nobody here wrote, two that make load, and a browser."""
from __future__ import annotations

import re
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from running import VARIANTS, Httpd, make_root, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_root(tmp_path_factory.mktemp("httpd"))
    (root / "page.html").write_text(PAGE)
    (root / "style.css").write_text("body { color: rgb(1, 2, 3) }\n")
    (root / "script.js").write_text(SCRIPT)
    (root / "image.png").write_bytes(png(7, 5))
    return root


def said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def clients(variant: str) -> int:
    """A sequential server has one at a time; of more, the others would be measured as errors."""
    return 1 if variant == "sequential" else 4


@pytest.mark.parametrize("variant", VARIANTS)
def test_wrk(root: Path, variant: str) -> None:
    with Httpd(root, *VARIANTS[variant]) as httpd:
        report = said("wrk", "-t1", f"-c{clients(variant)}", "-d1s", f"http://127.0.0.1:{httpd.port}/small.txt")
        assert "Socket errors" not in report and "Non-2xx" not in report, report
        requests = int(re.search(r"(\d+) requests in", report)[1])  # type: ignore[index]
        assert requests > 50, report
        assert httpd.metric("httpd_connections_accepted_total") > clients(variant)


@pytest.mark.parametrize("variant", VARIANTS)
def test_h2load_with_requests_in_a_row(root: Path, variant: str) -> None:
    with Httpd(root, *VARIANTS[variant]) as httpd:
        report = said("h2load", "--h1", "-t1", f"-c{clients(variant)}", "-m8", "-n800",
                      f"http://127.0.0.1:{httpd.port}/medium.bin")
        assert "800 done, 800 succeeded, 0 failed, 0 errored, 0 timeout" in report, report
        assert "status codes: 800 2xx, 0 3xx, 0 4xx, 0 5xx" in report, report
        assert f"({800 * 12000}) data" in report, report


PAGE = """<!doctype html>
<html><head><title>page</title><link rel="stylesheet" href="style.css"><script src="script.js"></script></head>
<body><img src="image.png" alt=""></body></html>
"""
# What it writes, only a page can write that has all of them.
SCRIPT = """addEventListener("load", () => {
	const image = document.images[0];

	document.body.dataset.arrived =
		`${getComputedStyle(document.body).color}, ${image.naturalWidth} x ${image.naturalHeight}`;
});
"""


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x7f" * width) * height
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_browser(root: Path, variant: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    # It opens several connections; a sequential server comes to the next when one was idle for that long.
    with Httpd(root, *VARIANTS[variant], "--access-log", str(log), "--idle-timeout", "1") as httpd:
        dom = said("chromium-headless-shell", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile",
                   "--dump-dom", f"http://127.0.0.1:{httpd.port}/page.html")
        assert 'data-arrived="rgb(1, 2, 3), 7 x 5"' in dom, dom
        for name in ("page.html", "style.css", "script.js", "image.png"):
            assert until(lambda: f'"GET /{name} HTTP/1.1" 200 ' in log.read_text()), log.read_text()
