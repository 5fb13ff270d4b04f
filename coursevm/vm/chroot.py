"""Running a program natively inside a root file system.

As root in a mount namespace; as an ordinary user in a user namespace too, where the files
that the program makes belong to that user all the same.
"""
from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import cache
from .errors import CourseVMError

# Runs in the new namespaces: $1 root, $2 mount point, then pairs SRC DST, "--", the command.
# What the command writes elsewhere than into a bound SRC goes to memory and is lost.
ENTER = r"""
set -e
lower=$1 scratch=$2; shift 2
mount -t tmpfs tmpfs "$scratch"
mount --make-rprivate "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
mount -t overlay overlay \
	-o "lowerdir=$lower,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root"
root=$scratch/root
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
while [ "$1" != -- ]; do
	case $1 in ro:*) flag=ro src=${1#ro:} ;; *) flag=rw src=${1#rw:} ;; esac
	if [ -d "$src" ]; then mkdir -p "$root$2"; else : >> "$root$2"; fi
	mount --rbind "$src" "$root$2"
	# a user namespace may not drop flags of the mount it copies; then it stays writable
	[ $flag = rw ] || mount -o remount,bind,ro "$root$2" 2>/dev/null || :
	shift 2
done
shift
cd "$root"
exec chroot . /bin/sh -c 'cd "$1" && shift && exec "$@"' sh "$COURSEVM_CWD" "$@"
"""

KEPT = ("TERM", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "KERNEL", "V", "W", "C", "CFLAGS", "LAB",
        "SOURCE_DATE_EPOCH", "CI", "COLUMNS", "LINES", "ASAN_OPTIONS", "UBSAN_OPTIONS")


@functools.cache
def namespace() -> tuple[str, ...]:
    """The `unshare` command that gives the rights to mount and to change root.

    Raises if this process cannot get them, saying how it could.
    """
    user = () if os.geteuid() == 0 else ("--map-root-user",)
    private = ("unshare", "--mount", *user, "--propagation", "private")
    # inside a plain chroot the root directory is no mount point and cannot be made private
    as_it_is = ("unshare", "--mount", *user, "--propagation", "unchanged")
    for command in (private, as_it_is):
        done = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return command
    why = done.stderr.strip().replace("unshare: ", "")
    advice = ("unprivileged user namespaces are off here: run as root, or allow them with "
              "`sysctl kernel.unprivileged_userns_clone=1` (Debian) or "
              "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu)"
              if os.geteuid() else
              "this container may not mount: start it with CAP_SYS_ADMIN (--privileged)")
    raise CourseVMError(f"root file system cannot be entered: unshare: {why}: {advice}")


def environment() -> dict[str, str]:
    """The machine's settings that mean something inside, and a plain rest."""
    env = {name: os.environ[name] for name in KEPT if name in os.environ}
    env |= {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root", "LANG": "C.UTF-8", "SHELL": "/bin/bash"}
    return env


def command(root: Path, argv: Sequence[str], binds: Sequence[tuple[str, str]],
            cwd: str) -> tuple[list[str], dict[str, str]]:
    """The command line and environment that run `argv` in `root`, which stays as it is.

    A source of `binds` starts with `ro:` or `rw:`.
    """
    scratch = cache.directory() / "enter"
    scratch.mkdir(exist_ok=True)
    pairs = [part for bind in binds for part in bind]
    line = [*namespace(), "sh", "-c", ENTER, "enter", str(root), str(scratch), *pairs,
            "--", *argv]
    return line, environment() | {"COURSEVM_CWD": cwd}


def run(root: Path, argv: Sequence[str], binds: Sequence[tuple[str, str]] = (),
        cwd: str = "/", **options: object) -> int:
    """Runs `argv` in `root` and returns its exit status."""
    line, env = command(root, argv, binds, cwd)
    done = subprocess.run(line, env=env, check=False, **options)  # type: ignore[call-overload]
    return done.returncode
