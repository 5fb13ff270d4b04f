#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The set against httpd's designs and the servers of Debian, each from a configuration of one use.

    python3 tests/e2e/servers/conformance/beside.py [FILE]    writes FILE (beside.json here), prints the table

Packages: nginx-light lighttpd h2o apache2-bin. One that is not installed is left out.
"""
from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from conformance.__main__ import judged, report, total, with_every  # noqa: E402
from conformance.cases import CASES  # noqa: E402
from conformance.judge import Server, make_root  # noqa: E402
from running import VARIANTS, binary  # noqa: E402

HTTPD = ("sequential", "prefork", "pool", "epoll")

NGINX = """daemon off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/error; user root;
events {{ worker_connections 1024; }}
http {{
  access_log off; include /etc/nginx/mime.types; default_type text/plain; client_body_temp_path {work}/bodies;
  open_file_cache max=1000;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""
LIGHTTPD = """server.port = {port}
server.bind = "127.0.0.1"
server.document-root = "{root}"
server.errorlog = "{work}/error"
index-file.names = ("index.html")
mimetype.assign = (".txt" => "text/plain", ".html" => "text/html")
server.http-parseopts = ("method-get-body" => "enable")
"""
H2O = """listen: {{ host: 127.0.0.1, port: {port} }}
error-log: {work}/error
num-threads: 1
hosts: {{ default: {{ paths: {{ "/": {{ file.dir: {root} }} }} }} }}
"""
APACHE = """ServerRoot {work}
PidFile {work}/apache.pid
Listen 127.0.0.1:{port}
ServerName localhost
ErrorLog {work}/error
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so
TypesConfig /etc/mime.types
DocumentRoot {root}
DirectoryIndex index.html
MaxKeepAliveRequests 0
<Directory {root}>
  Require all granted
</Directory>
"""
# Name: package, configuration, command.
OTHERS = {
    "nginx": ("nginx", NGINX, ["nginx", "-c"]),
    "lighttpd": ("lighttpd", LIGHTTPD, ["lighttpd", "-D", "-f"]),
    "h2o": ("h2o", H2O, ["h2o", "-c"]),
    "apache2": ("apache2-bin", APACHE, ["apache2", "-D", "FOREGROUND", "-f"]),
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.05)


def judge(command: list[str], port: int, ours: bool) -> dict[str, object]:
    """Start it, run the set, stop it. Cases that are httpd's own are asked of nobody here."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        server = Server("127.0.0.1", port, 2, ours)
        server.learn()
        # One at a time to a server that serves one at a time; silence costs time with the others.
        cases = [case for case in CASES if not case.ours]
        return report(with_every(server, judged(server, cases, 1 if ours else 24)))
    finally:
        process.terminate()
        process.wait(10)


def version(package: str) -> str:
    said = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
    return said.stdout


def print_table(results: dict[str, dict]) -> None:
    def row(name: str, cells: list[str]) -> None:
        print(f"| {name} | " + " | ".join(cells) + " |")

    row("theme", list(results))
    row("---", ["---:" for _ in results])
    themes = list(next(iter(results.values()))["themes"])
    for theme in themes:
        counts = [total({theme: result["themes"][theme]}) for result in results.values()]
        row(f"{theme} ({counts[0][1]})", [str(passed) for passed, _ in counts])
    for level in ("MUST", "SHOULD", "OUGHT", "MAY"):
        counts = [total(result["themes"], level) for result in results.values()]
        row(f"all {level} ({counts[0][1]})", [str(passed) for passed, _ in counts])
    cases = next(iter(results.values()))["cases"]
    row(f"**all** ({cases})", [f"**{result['passed']}**" for result in results.values()])


def main() -> int:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("beside.json")
    results: dict[str, dict] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)     # who serves may be another user
        root = make_root(Path(folder))
        for name in HTTPD:
            port = free_port()
            results[f"httpd, {name}"] = judge([str(binary()), "--listen", f"127.0.0.1:{port}", "--root", str(root),
                                               *VARIANTS[name]], port, True)
        for name, (package, text, command) in OTHERS.items():
            if not shutil.which(command[0]):
                print(f"{name} is not there: apt install {package}", file=sys.stderr)
                continue
            port, work = free_port(), Path(folder) / name
            work.mkdir()
            (work / "conf").write_text(text.format(port=port, root=root, work=work))
            results[f"{name} {version(package)}"] = judge([*command, str(work / "conf")], port, False)
    out.write_text(json.dumps(results, indent=1) + "\n")
    print_table(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
