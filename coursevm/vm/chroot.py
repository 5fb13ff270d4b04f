"""Running a program natively inside a root file system.

As root in a mount namespace; as an ordinary user in a user namespace too, where the files
that the program makes belong to that user all the same.
"""
from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .errors import CourseVMError

# Runs in the new namespaces: $1 root, $2 writable|throwaway, $3 scratch mount point, then
# pairs SRC DST, "--", and the command. What the command writes into a throwaway root is lost.
ENTER = r"""
set -e
root=$1 mode=$2 scratch=$3; shift 3
if [ "$mode" = throwaway ]; then
	mount -t tmpfs tmpfs "$scratch"
	mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
	mount -t overlay overlay \
		-o "lowerdir=$root,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root"
	root=$scratch/root
fi
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


def namespace() -> list[str]:
    """The `unshare` command that gives the rights to mount and to change root."""
    command = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0:
        command.append("--map-root-user")
    return command


def check() -> None:
    """Raises if this process cannot enter any root file system, saying how it could."""
    done = subprocess.run([*namespace(), "true"], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
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
            throwaway: Path | None, cwd: str) -> tuple[list[str], dict[str, str]]:
    """The command line and environment that run `argv` in `root`.

    A source of `binds` starts with `ro:` or `rw:`. `throwaway` is an empty directory to mount
    the changed root on; without it the root is changed in place.
    """
    pairs = [part for bind in binds for part in bind]
    mode = "throwaway" if throwaway else "writable"
    line = [*namespace(), "sh", "-c", ENTER, "enter", str(root), mode, str(throwaway or "-"),
            *pairs, "--", *argv]
    return line, environment() | {"COURSEVM_CWD": cwd}


def run(root: Path, argv: Sequence[str], binds: Sequence[tuple[str, str]] = (),
        throwaway: Path | None = None, cwd: str = "/", **options: object) -> int:
    """Runs `argv` in `root` and returns its exit status."""
    line, env = command(root, argv, binds, throwaway, cwd)
    done = subprocess.run(line, env=env, check=False, **options)  # type: ignore[call-overload]
    if done.returncode:
        check()
    return done.returncode
