// SPDX-License-Identifier: GPL-2.0-only
/* Building of error messages, see error.h. */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int (error_set)(struct error *err, int errnum, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return -errnum;
}

int (error_errno)(struct error *err, int errnum, const char *advice, const char *format, ...)
{
	va_list args;
	size_t used;

	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s%s%s", strerror(errnum),
		 advice ? ": " : "", advice ? advice : "");
	return -errnum;
}
