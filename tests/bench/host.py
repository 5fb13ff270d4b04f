"""A plan of measurements whose turns are taken on this host, without a VM."""
from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from boot import TREE, Plan


def machine() -> dict:
    """What the figures depend on."""
    cpu = re.search(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.M)
    return {"host_cpu": cpu[1] if cpu else "unknown", "host_processors": len(os.sched_getaffinity(0)),
            "mode": "on the host, nothing emulated",
            "kernel": platform.release(), "load_average": list(os.getloadavg())}


def run(plan: Plan, out: Path) -> dict:
    """Runs, and returns {"machine", "kernel", "slices"}. Ends the program if it cannot."""
    folder = out / plan.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(plan.to_json())
    found = machine()
    done = subprocess.run([sys.executable, TREE / "tests/bench/turns.py", folder / "plan.json", folder / "slices.json"],
                          cwd=TREE, check=False)
    if done.returncode:
        sys.exit(f"bench: {plan.name}: the run on this host failed: exit status {done.returncode}: it says above why")
    return {"machine": found} | json.loads((folder / "slices.json").read_text())
