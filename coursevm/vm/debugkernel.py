"""The debug kernel: Debian's source of 6.12, built with the kernel's own checkers on.

The build takes minutes, so it is an entry of its own, keyed by source version and
configuration; a changed base root file system does not repeat it.
"""
from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from . import cache, chroot, packages, recipe, rootfs
from .errors import CourseVMError

HERE = Path(__file__).parent
CONFIG = HERE.parent / "debug.config"
TOOLS = ("flex", "bison", "libelf-dev", "libssl-dev", "bzip2", "rsync", "perl")
SOURCE = "linux-source-6.12"
LOCALVERSION = "-virtlab-debug"

# Runs in the root file system with tools; /build is scratch, /layer takes what stays.
BUILD = r"""
set -e
cd /build
tar -xf /usr/src/%(source)s.tar.xz --strip-components=1
scripts/kconfig/merge_config.sh -m arch/x86/configs/x86_64_defconfig /mnt/debug.config > merge.log
make -s olddefconfig
scripts/config --set-str LOCALVERSION %(local)s --disable LOCALVERSION_AUTO
make -s olddefconfig
lost=
while read -r line; do
	case $line in
	CONFIG_*=*) grep -qx "$line" .config || lost="$lost $line" ;;
	esac
done < /mnt/debug.config
[ -z "$lost" ] || { echo "not in the configuration:$lost"; exit 1; }
make -s -j"$(nproc)" bzImage modules
release=$(make -s kernelrelease)
mkdir -p /layer/boot /layer/usr/src /layer/usr/lib/modules
make -s INSTALL_MOD_PATH=/layer/usr INSTALL_MOD_STRIP=1 DEPMOD=true modules_install
cp arch/x86/boot/bzImage "/layer/boot/vmlinuz-$release"
cp System.map "/layer/boot/System.map-$release"
cp .config "/layer/boot/config-$release"
make -s run-command \
	KBUILD_RUN_COMMAND="./scripts/package/install-extmod-build /layer/usr/src/linux-$release"
rm -f "/layer/usr/lib/modules/$release/build" "/layer/usr/lib/modules/$release/source"
ln -s "../../../src/linux-$release" "/layer/usr/lib/modules/$release/build"
echo "$release" > /layer/release
"""


def path() -> Path:
    """Where the entry of the debug kernel's root file system is, or would be."""
    return cache.directory() / f"kernel-debug-{digest()}"


def digest() -> str:
    return cache.key(rootfs.kernel_key(recipe.KERNELS["debug"]), BUILD, *TOOLS, CONFIG)


def entry() -> Path:
    return cache.entry("kernel-debug", digest(), make)


def make(target: Path) -> None:
    """The base with the debug kernel's files linked over it."""
    tools = target / "tools"
    rootfs.link_base(tools)
    apt = packages.Apt(target / "apt", recipe.KERNELS["debug"].suites, tools)
    debs = apt.fetch([SOURCE, *TOOLS])
    version = next(d.name for d in debs if d.name.startswith(f"{SOURCE}_"))
    built = cache.entry("debug-build", cache.key(version, CONFIG, BUILD),
                        lambda place: build(place, tools, debs))
    root = target / "root"
    rootfs.link_base(root)
    for part in ("boot", "usr"):
        packages.run("copy of the debug kernel",
                     ["cp", "-al", str(built / "layer" / part), str(root)])
    release = (built / "layer/release").read_text().strip()
    cache.remove(target / "apt")
    cache.remove(tools)
    rootfs.finish(root, release)
    (target / "release").write_text(release + "\n")


def build(place: Path, tools: Path, debs: list[Path]) -> None:
    """Compiles the kernel in a root file system that has the tools for it."""
    layer, work, config = place / "layer", place / "work", place / "config"
    for directory in (layer, work, config):
        directory.mkdir()
    shutil.copy2(CONFIG, config)
    cache.progress(f"debug kernel: building {debs_version(debs)} (about ten minutes)")
    packages.unpack(debs, tools)
    os.nice(5)
    script = BUILD % {"source": SOURCE, "local": LOCALVERSION}
    with open(place / "build.log", "wb") as log:
        status = chroot.run(tools, ["sh", "-c", script], cwd="/", stdout=log, stderr=log,
                            binds=[(f"rw:{work}", "/build"), (f"rw:{layer}", "/layer"),
                                   (f"ro:{config}", "/mnt")])
    if status:
        tail = (place / "build.log").read_text(errors="replace").splitlines()[-20:]
        raise CourseVMError(f"debug kernel does not build: {debs_version(debs)}: shell ended "
                            f"with {status}:\n  " + "\n  ".join(tail))
    cache.remove(work)
    cache.remove(config)


def debs_version(debs: list[Path]) -> str:
    for deb in debs:
        match = re.match(rf"{SOURCE}_([^_]+)_", deb.name)
        if match:
            return match[1]
    return SOURCE
