"""Other people's servers from Debian, each in the configuration that suits it best here: one worker (or a pool as large
as ours), no log, descriptors of files kept open where it can, nothing that a request for a small file does not need.

Configurations are written to a folder that is thrown away; who is started by root works as nobody.
"""
from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 16000


@dataclass(frozen=True)
class Peer:
    """`configure` writes what it needs into a folder, for a root and a port, and returns the command."""

    key: str
    name: str
    program: str
    configure: Callable[[Path, Path, int], list[str]]

    def installed(self) -> bool:
        return shutil.which(self.program, path="/usr/sbin:/usr/bin") is not None


def nginx(folder: Path, root: Path, port: int, sendfile: str = "on") -> list[str]:
    """Open files are cached. tcp_nopush would cost two system calls a request, and the log is off."""
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};"
                         for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(f"""
user nobody nogroup;
worker_processes 1;
worker_rlimit_nofile {CONNECTIONS + 1000};
daemon off;
pid {folder}/pid;
error_log /dev/null crit;
events {{ worker_connections {CONNECTIONS}; use epoll; }}
http {{
  default_type text/plain;
  access_log off;
  sendfile {sendfile};
  tcp_nopush off;
  tcp_nodelay on;
  keepalive_timeout 60s;
  keepalive_requests 1000000000;
  open_file_cache max=1000 inactive=60s;
  open_file_cache_valid 60s;
  open_file_cache_min_uses 1;
  {temporary}
  server {{ listen 127.0.0.1:{port} backlog=4096; root {root}; }}
}}
""")
    return ["nginx", "-p", str(folder), "-e", "/dev/null", "-c", str(folder / "nginx.conf")]


def nginx_reads(folder: Path, root: Path, port: int) -> list[str]:
    """A small file may be cheaper to read and to write together with the head."""
    return nginx(folder, root, port, sendfile="off")


def lighttpd(folder: Path, root: Path, port: int) -> list[str]:
    (folder / "lighttpd.conf").write_text(f"""
server.document-root = "{root}"
server.bind = "127.0.0.1"
server.port = {port}
server.username = "nobody"
server.groupname = "nogroup"
server.max-fds = {CONNECTIONS + 1000}
server.max-connections = {CONNECTIONS}
server.max-keep-alive-requests = 65535
server.max-keep-alive-idle = 60
server.listen-backlog = 4096
server.event-handler = "linux-sysepoll"
mimetype.assign = ( ".txt" => "text/plain" )
""")
    return ["lighttpd", "-D", "-f", str(folder / "lighttpd.conf")]


def h2o(folder: Path, root: Path, port: int) -> list[str]:
    (folder / "h2o.conf").write_text(f"""
num-threads: 1
num-name-resolution-threads: 1
max-connections: {CONNECTIONS}
user: nobody
error-log: /dev/null
listen:
  host: 127.0.0.1
  port: {port}
hosts:
  default:
    paths:
      /:
        file.dir: {root}
""")
    return ["h2o", "-m", "worker", "-c", str(folder / "h2o.conf")]


APACHE = """
ServerName localhost
ServerRoot {folder}
Listen 127.0.0.1:{port}
ListenBackLog 4096
PidFile {folder}/pid
Mutex file:{folder}
ErrorLog /dev/null
LogLevel emerg
LoadModule mpm_{mpm}_module /usr/lib/apache2/modules/mod_mpm_{mpm}.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule file_cache_module /usr/lib/apache2/modules/mod_file_cache.so
User nobody
Group nogroup
DocumentRoot {root}
<Directory />
  AllowOverride None
  Options FollowSymLinks
  Require all granted
</Directory>
MMapFile {root}/small.txt
KeepAlive On
KeepAliveTimeout 60
MaxKeepAliveRequests 0
MaxConnectionsPerChild 0
{pool}
"""


def apache(mpm: str, pool: str) -> Callable[[Path, Path, int], list[str]]:
    def configure(folder: Path, root: Path, port: int) -> list[str]:
        (folder / "apache.conf").write_text(APACHE.format(folder=folder, root=root, port=port, mpm=mpm, pool=pool))
        return ["apache2", "-D", "FOREGROUND", "-f", str(folder / "apache.conf")]
    return configure


PEERS = {peer.key: peer for peer in (
    Peer("nginx", "nginx", "nginx", nginx),
    Peer("nginx-reads", "nginx, sendfile off", "nginx", nginx_reads),
    Peer("lighttpd", "lighttpd", "lighttpd", lighttpd),
    Peer("h2o", "h2o", "h2o", h2o),
    Peer("apache-event", "apache event", "apache2", apache(
        "event", "StartServers 1\nServerLimit 4\nThreadsPerChild 64\nMaxRequestWorkers 256\nMinSpareThreads "
                 "64\nMaxSpareThreads 256")),
    Peer("apache-prefork", "apache prefork", "apache2", apache(
        "prefork", "StartServers 64\nMinSpareServers 1\nMaxSpareServers 64\nServerLimit 80\nMaxRequestWorkers 80")),
)}
