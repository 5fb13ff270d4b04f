/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LABS_CRASH_H
#define LABS_CRASH_H

/* From now on a crash ends the program with status 3 and one line on stderr. */
void report_crashes(void);

#endif /* LABS_CRASH_H */
