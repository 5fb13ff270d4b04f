"""Images made by hand, entry by entry, so that they may be wrong in one place; and trees compared."""
from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import stat
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Layer:
    """A tar in the making."""

    def __init__(self) -> None:
        self.out = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.out, mode="w", format=tarfile.PAX_FORMAT)

    def add(self, name: str, type: bytes = tarfile.REGTYPE, data: bytes = b"", **fields: Any) -> Layer:
        info = tarfile.TarInfo(name)
        info.type, info.size, info.mode, info.mtime = type, len(data), 0o644, 1_000_000_000
        for key, value in fields.items():
            setattr(info, key, value)
        self.tar.addfile(info, io.BytesIO(data))
        return self

    def file(self, name: str, data: bytes | str = b"", **fields: Any) -> Layer:
        return self.add(name, data=data.encode() if isinstance(data, str) else data, **fields)

    def folder(self, name: str, **fields: Any) -> Layer:
        return self.add(name, tarfile.DIRTYPE, **{"mode": 0o755} | fields)

    def symlink(self, name: str, to: str, **fields: Any) -> Layer:
        return self.add(name, tarfile.SYMTYPE, linkname=to, mode=0o777, **fields)

    def hardlink(self, name: str, to: str, **fields: Any) -> Layer:
        return self.add(name, tarfile.LNKTYPE, linkname=to, **fields)

    def bytes(self) -> bytes:
        self.tar.close()
        return self.out.getvalue()


@dataclass
class Image:
    """Blobs and an index that a test may falsify before it is written."""

    layers: list[bytes]
    run: dict[str, Any] = field(default_factory=dict)
    names: list[str | None] = field(default_factory=lambda: ["localhost/test:1"])
    pack: Any = staticmethod(lambda data: gzip.compress(data, 1, mtime=0))
    layer_type: str = LAYER + "+gzip"
    diff_ids: list[str] | None = None
    blobs: dict[str, bytes] = field(default_factory=dict)
    index: dict[str, Any] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)
    extra_config: dict[str, Any] = field(default_factory=dict)

    def add(self, data: bytes) -> dict[str, Any]:
        self.blobs[sha256(data)] = data
        return {"digest": sha256(data), "size": len(data)}

    def build(self) -> Image:
        packed = [self.add(self.pack(layer)) | {"mediaType": self.layer_type} for layer in self.layers]
        config = {"architecture": "amd64", "os": "linux", "config": self.run,
                  "rootfs": {"type": "layers",
                             "diff_ids": self.diff_ids or [sha256(layer) for layer in self.layers]}}
        config |= self.extra_config
        self.manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                         "config": self.add(json.dumps(config).encode()) | {"mediaType": CONFIG}, "layers": packed}
        return self.seal()

    def seal(self) -> Image:
        """Index for the manifest as it is now."""
        entry = self.add(json.dumps(self.manifest).encode()) | {"mediaType": MANIFEST}
        self.index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            entry | ({"annotations": {"org.opencontainers.image.ref.name": name}} if name else {})
            for name in self.names]}
        return self

    def write(self, path: Path) -> Path:
        with tarfile.open(path, "w") as tar:
            def put(name: str, data: bytes) -> None:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))

            put("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
            for digest, data in self.blobs.items():
                put("blobs/sha256/" + digest.removeprefix("sha256:"), data)
            put("index.json", json.dumps(self.index).encode())
        return path


def image(*layers: Layer | bytes, **fields: Any) -> Image:
    return Image([layer if isinstance(layer, bytes) else layer.bytes() for layer in layers], **fields).build()


def tree(root: Path, times: bool = True) -> dict[str, tuple[Any, ...]]:
    """All of a tree that a tar can say: type, mode, owner, time, content, links, attributes."""
    found: dict[str, tuple[Any, ...]] = {}
    inodes: dict[int, str] = {}
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted([".", *folders, *files] if folder == str(root) else [*folders, *files]):
            path = Path(folder, name) if name != "." else root
            info = path.lstat()
            what: Any = None
            if stat.S_ISREG(info.st_mode):
                what = hashlib.sha256(path.read_bytes()).hexdigest()
            elif stat.S_ISLNK(info.st_mode):
                what = os.readlink(path)
            elif stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode):
                what = info.st_rdev
            key = str(path.relative_to(root))
            same = inodes.setdefault(info.st_ino, key) if not stat.S_ISDIR(info.st_mode) else key
            attributes = tuple((a, os.getxattr(path, a, follow_symlinks=False))
                               for a in sorted(os.listxattr(path, follow_symlinks=False)))
            found[key] = (stat.S_IFMT(info.st_mode), stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid,
                          info.st_mtime_ns if times else 0, what, same, attributes)
    return found
