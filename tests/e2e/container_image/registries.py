"""Registries to speak to: Debian's docker-registry, and one in Python that can be told to misbehave."""
from __future__ import annotations

import http.server
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from images import MANIFEST, Image


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Stock:
    """docker-registry on a port of its own, and perhaps with what another had."""

    def __init__(self, folder: Path, data: Path | None = None) -> None:
        self.port = free_port()
        self.name = f"localhost:{self.port}"
        folder.mkdir()
        config = folder / "config.yml"
        config.write_text("version: 0.1\nlog: {level: error}\n"
                          f"storage: {{filesystem: {{rootdirectory: {data or folder / 'data'}}}}}\n"
                          f'http: {{addr: "127.0.0.1:{self.port}"}}\n')
        self.process = subprocess.Popen(["docker-registry", "serve", config], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("docker-registry does not start")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


Answer = tuple[int, dict[str, str], bytes]


class Script:
    """A registry that has one image and answers as @twist says, which may leave an answer as it is by None."""

    def __init__(self, image: Image, twist: Callable[[str, dict[str, str]], Answer | None] = lambda path, fields: None,
                 address: str = "127.0.0.1") -> None:
        self.image = image
        self.asked: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                fields = {k.lower(): v for k, v in self.headers.items()}
                outer.asked.append((self.path, fields))
                status, out, body = twist(self.path, fields) or outer.plain(self.path, fields)
                self.send_response(status)
                length = out.pop("Content-Length", str(len(body)))
                for key, value in out.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", length)
                self.end_headers()
                self.wfile.write(body)
                if int(length) != len(body):
                    self.close_connection = True

            do_HEAD = do_GET

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.port = self.server.server_address[1]
        self.name = f"{address}:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def plain(self, path: str, fields: dict[str, str]) -> Answer:
        if "/manifests/" in path:
            which = path.rsplit("/", 1)[1]
            entry = self.image.index["manifests"][0]
            data = self.image.blobs[which if which.startswith("sha256:") else entry["digest"]]
            return 200, {"Content-Type": MANIFEST}, data
        blob = self.image.blobs.get(path.rsplit("/", 1)[1])
        if blob is None:
            return 404, {}, b""
        if "range" in fields:
            start = int(fields["range"].removeprefix("bytes=").split("-")[0])
            if start >= len(blob):
                return 416, {}, b""
            return 206, {"Content-Range": f"bytes {start}-{len(blob) - 1}/{len(blob)}"}, blob[start:]
        return 200, {}, blob

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
