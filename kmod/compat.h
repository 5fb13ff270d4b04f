/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels we build for (6.1, 6.12, 7.3), in one place.
 * Force-included before every file of every module, so that the files read as
 * if there were one kernel. Features are probed, not versions: distributions
 * backport.
 */
#ifndef VIRTLAB_COMPAT_H
#define VIRTLAB_COMPAT_H

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#endif /* VIRTLAB_COMPAT_H */
