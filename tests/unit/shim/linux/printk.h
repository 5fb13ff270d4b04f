/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel log: standard error. */
#ifndef SHIM_LINUX_PRINTK_H
#define SHIM_LINUX_PRINTK_H

#include <stdio.h>

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif

/* Set by tests that provoke complaints on purpose. */
extern int shim_quiet;

#define printk_ratelimited	printk
#define printk(fmt, ...)	(shim_quiet ? 0 : fprintf(stderr, fmt, ##__VA_ARGS__))
#define pr_err(fmt, ...)	printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)	printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err_ratelimited	pr_err
#define pr_warn_ratelimited	pr_warn

#endif /* SHIM_LINUX_PRINTK_H */
