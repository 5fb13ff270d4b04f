// SPDX-License-Identifier: GPL-2.0
/*
 * Lab 08: asks the timer wheel. A line on standard input each; questions are answered with the
 * line's number in front:
 *
 *	begin NOW	an empty wheel
 *	set N DEADLINE	timer N, 0 to 999
 *	clear N
 *	at NOW		? the timers that expire, one after the other, or "-"
 */
#include <stdio.h>
#include <stdlib.h>

#include "../../../userland/servers/httpd/timers.h"
#include "../../grading/host/crash.h"

#define MOST 1000

static struct timers wheel;
static struct timer timers[MOST];

static void ask(int number, long now)
{
	struct timer *timer;
	int n = 0;

	printf("%d", number);
	while ((timer = timers_expired(&wheel, now))) {
		printf(" %ld", (long)(timer - timers));
		if (++n > 2 * MOST) {
			fprintf(stderr, "found: timers expire again and again without being set\n");
			exit(1);
		}
	}
	puts(n ? "" : " -");
}

int main(void)
{
	char line[128];
	int number = 0, n;
	long ms;

	report_crashes();
	while (fgets(line, sizeof(line), stdin)) {
		number++;
		if (sscanf(line, "begin %ld", &ms) == 1) {
			timers_init(&wheel, ms);
			for (n = 0; n < MOST; n++)
				timers[n] = (struct timer){ 0 };
		} else if (sscanf(line, "set %d %ld", &n, &ms) == 2 && n >= 0 && n < MOST) {
			timer_set(&wheel, &timers[n], ms);
		} else if (sscanf(line, "clear %d", &n) == 1 && n >= 0 && n < MOST) {
			timer_clear(&wheel, &timers[n]);
		} else if (sscanf(line, "at %ld", &ms) == 1) {
			ask(number, ms);
		} else {
			fprintf(stderr, "probe: line %d: %s", number, line);
			return 2;
		}
	}
	return 0;
}
