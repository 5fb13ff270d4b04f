// SPDX-License-Identifier: GPL-2.0-only
/* What is in flight, see exchange.h. */
#include "exchange.h"

#include <string.h>

/* What is cheaper to copy than to hand to the kernel as a piece of its own. */
#define COPIED_MOST 1024

static void begin(struct exchange *x)
{
	http_request_init(&x->request, x->fields, &HTTP_DEFAULT_LIMITS);
	x->reading = READING_HEAD;
	x->content = 0;
	x->raw = 0;
	x->route = NULL;
	x->work = NULL;
	x->worked = false;
}

void exchange_init(struct exchange *x)
{
	x->start = 0;
	x->end = 0;
	x->refused = false;
	x->first = 0;
	x->segment_count = 0;
	x->text_used = 0;
	begin(x);
}

void exchange_end(struct exchange *x)
{
	for (; x->first < x->segment_count; x->first++)
		if (x->segments[x->first].file)
			file_put(x->segments[x->first].file);
}

void exchange_next(struct exchange *x)
{
	x->start = x->raw;
	if (x->start == x->end) {
		x->start = 0;
		x->end = 0;
	}
	begin(x);
}

size_t exchange_room(struct exchange *x)
{
	if (x->start && x->end > EXCHANGE_IN / 2) {
		memmove(x->in, x->in + x->start, x->end - x->start);
		x->end -= x->start;
		x->raw -= x->reading == READING_HEAD ? 0 : x->start;
		x->start = 0;
	}
	return EXCHANGE_IN - x->end;
}

bool exchange_full(const struct exchange *x)
{
	return x->text_used > EXCHANGE_TEXT - ANSWER_TEXT ||
	       x->segment_count > EXCHANGE_SEGMENTS - ANSWER_SEGMENTS;
}

void exchange_put_text(struct exchange *x, size_t length)
{
	struct segment *last = &x->segments[x->segment_count];
	const char *at = x->text + x->text_used;

	x->text_used += length;
	if (exchange_pending(x) && !last[-1].file && last[-1].at + last[-1].left == at)
		last[-1].left += length;
	else
		x->segments[x->segment_count++] = (struct segment){ .at = at, .left = length };
}

void exchange_put_file(struct exchange *x, struct file *file, uint64_t offset, uint64_t length)
{
	const char *at = file->fd < 0 ? file->content + offset : NULL;

	if (!length)
		return;
	if (at && length <= COPIED_MOST && length <= EXCHANGE_TEXT - x->text_used) {
		memcpy(x->text + x->text_used, at, length);
		exchange_put_text(x, length);
		return;
	}
	file_hold(file);
	x->segments[x->segment_count++] = (struct segment){ file, at, offset, length };
}

void exchange_sent(struct exchange *x, uint64_t length)
{
	/* lab 08 step 4 begin: so many octets less; skeleton: return; */
	while (length) {
		struct segment *s = &x->segments[x->first];
		uint64_t part = length < s->left ? length : s->left;

		s->left -= part;
		s->offset += part;
		if (s->at)
			s->at += part;
		length -= part;
		if (s->left)
			return;
		if (s->file)
			file_put(s->file);
		x->first++;
	}
	/* lab 08 step 4 end */
	if (exchange_pending(x))
		return;
	x->first = 0;
	x->segment_count = 0;
	x->text_used = 0;
}
