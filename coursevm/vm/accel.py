"""Emulation, or the host's own virtualisation where it is known to carry nested SVM."""
from __future__ import annotations

import os

from .errors import CourseVMError


def choose() -> str:
    """The accelerator for a live run: $VIRTLAB_ACCEL, or what this host is good for."""
    asked = os.environ.get("VIRTLAB_ACCEL")
    if asked in ("tcg", "kvm"):
        return asked
    if asked:
        raise CourseVMError(f"accelerator unknown: VIRTLAB_ACCEL={asked}: there are tcg and kvm")
    return "tcg"
