"""The course VM: how its image is made, entered, booted and listened to.

Reading order: recipe (what is in it), cache, mirror, rootfs, disk, initramfs (how it is made),
chroot (how it is entered), machine (QEMU's command line), session (one run), snapshot, klog.
"""
