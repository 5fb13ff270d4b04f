#!/usr/bin/python3
"""One slice of the pull bench: slice.py FOLDER prepare|clean|cell-image|skopeo. The last line is JSON."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

TREE = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TREE / "tests/e2e/container_image"))
from images import Image, Layer
from registries import Stock

CELL = Path(os.environ.get("CELL_IMAGE", TREE / "build/native/bin/cell-image"))
LAYERS, OCTETS = 4, 25_000_000


def prepare(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    made = Image([Layer().file(f"random-{i}", os.urandom(OCTETS)).bytes() for i in range(LAYERS)]).build()
    made.write(folder / "image.tar")
    store = {"CELL_STORE": str(folder / "source")}
    subprocess.run([CELL, "load", "-q", "-i", folder / "image.tar"], env=os.environ | store, check=True)
    registry = Stock(folder / "registry")
    subprocess.run([CELL, "push", "-q", "test:1", f"{registry.name}/bench:1"], env=os.environ | store, check=True,
                   stdout=subprocess.DEVNULL)
    registry.stop()


def pull(folder: Path, who: str) -> dict:
    target = folder / "target"
    shutil.rmtree(target, ignore_errors=True)
    registry = Stock(folder / f"registry-{os.getpid()}", folder / "registry/data")
    name = f"{registry.name}/bench:1"
    command = {"cell-image": [CELL, "pull", "-q", "--store", target, name],
               "skopeo": ["skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{name}",
                          f"oci:{target}:bench"]}[who]
    os.sync()
    try:
        start = time.monotonic()
        # What a child of ours has at its execve counts as its own memory: GNU time has next to none. And of this child
        # alone: the registry is one as well.
        process = subprocess.Popen(["/usr/bin/time", "-f", "%M", "-o", folder / "peak", *command],
                                   stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        pulled = sum(p.stat().st_size for p in (target / "blobs/sha256").iterdir())
        assert status == 0 and pulled > LAYERS * OCTETS, "all of it came"
        peak = int((folder / "peak").read_text())
    finally:
        registry.stop()
        shutil.rmtree(folder / f"registry-{os.getpid()}")
        shutil.rmtree(target, ignore_errors=True)
    return {"seconds": seconds, "cpu_seconds": used.ru_utime + used.ru_stime, "peak_mb": peak * 1024 / 1e6}


def main() -> None:
    folder, what = Path(sys.argv[1]), sys.argv[2]
    if what == "prepare":
        prepare(folder)
    elif what == "clean":
        shutil.rmtree(folder)
    else:
        print(json.dumps(pull(folder, what)))


if __name__ == "__main__":
    main()
