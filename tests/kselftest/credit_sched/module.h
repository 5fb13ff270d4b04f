/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module itself, for tests that load and unload it. Its file is MODULE in the
 * environment; they are skipped without. Parameters are kept from one load to the next.
 */
#ifndef MODULE_H
#define MODULE_H

#include <stdbool.h>
#include <stddef.h>

bool module_loaded(void);
void module_keep_parameters(void);
int module_load(void);
int module_try_unload(void);
void module_unload(void);

bool file_read(const char *path, char *text, size_t size);
bool file_write(const char *path, const char *text);
long file_number(const char *path, const char *key);

#endif /* MODULE_H */
