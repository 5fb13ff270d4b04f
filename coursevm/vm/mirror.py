"""Which Debian mirror to use: the one that this machine's apt already uses."""
from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

FALLBACK = "http://deb.debian.org/debian"
APT_DIRECTORY = Path("/etc/apt")
CODENAMES = {"bullseye", "bookworm", "trixie", "forky", "duke", "sid", "oldoldstable",
             "oldstable", "stable", "testing", "unstable"}

# Settings of the machine's apt that decide whether a download works at all.
PASSED_ON = ("Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::Check-Valid-Until",
             "Acquire::Check-Date", "Acquire::Retries")

Source = tuple[str, list[str], list[str]]


def one_line_sources(text: str) -> Iterator[Source]:
    """Entries of sources.list(5)'s one-line style: (URI, suites, components)."""
    for line in text.splitlines():
        line = line.partition("#")[0].strip()
        match = re.match(r"deb\s+(?:\[[^]]*\]\s*)?(\S+)\s+(\S+)\s*(.*)$", line)
        if match:
            yield match[1], [match[2]], match[3].split()


def deb822_sources(text: str) -> Iterator[Source]:
    """Entries of the deb822 style."""
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace():
                fields[name] = fields.get(name, "") + " " + line.strip()
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if "deb" not in fields.get("types", "").split():
            continue
        if fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        for uri in fields.get("uris", "").split():
            yield uri, fields.get("suites", "").split(), fields.get("components", "").split()


def configured(apt: Path = APT_DIRECTORY) -> Iterator[Source]:
    """All entries of this machine, in apt's own order."""
    files = [apt / "sources.list"]
    parts = apt / "sources.list.d"
    if parts.is_dir():
        files += sorted(parts.iterdir())
    for file in files:
        try:
            text = file.read_text(errors="replace")
        except OSError:
            continue
        if file.suffix == ".list":
            yield from one_line_sources(text)
        elif file.suffix == ".sources":
            yield from deb822_sources(text)


def uri(apt: Path = APT_DIRECTORY) -> str:
    """$VIRTLAB_MIRROR, or the first mirror of a Debian release that apt knows here."""
    chosen = os.environ.get("VIRTLAB_MIRROR")
    if chosen:
        return chosen.rstrip("/")
    for address, suites, components in configured(apt):
        if "main" in components and CODENAMES & set(suites) and not address.startswith("cdrom:"):
            return address.rstrip("/")
    return FALLBACK


def apt_options() -> list[str]:
    """`name "value";` lines for what of the machine's apt configuration must be kept."""
    try:
        dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True,
                              check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    return [line for line in dump.splitlines() if line.split(" ")[0] in PASSED_ON]
