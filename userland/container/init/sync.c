// SPDX-License-Identifier: GPL-2.0-only
/* Words between runtime and container, see sync.h. Called by spawn.c, child.c, cmd_start.c. */
#include "sync.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

static int send_message(int socket, const struct sync_message *message)
{
	size_t length = offsetof(struct sync_message, text) + strlen(message->text) + 1;
	ssize_t n;

	do
		n = send(socket, message, length, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int sync_say(int socket, enum sync_word word, int value)
{
	struct sync_message message = { .word = word, .value = value };

	return send_message(socket, &message);
}

void sync_fail(int socket, int errnum, const struct error *err)
{
	struct sync_message message = { .word = SYNC_ERROR, .value = errnum };

	memcpy(message.text, err->text, sizeof(err->text));
	send_message(socket, &message);
}

int sync_hear(int socket, struct sync_message *message, struct error *err)
{
	ssize_t n;

	memset(message, 0, sizeof(*message));
	/* Reset: the other side has ended with a word of ours unread. Its own last word is there still. */
	do
		n = recv(socket, message, sizeof(*message), 0);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < (ssize_t)offsetof(struct sync_message, text)) {
		error_set(err, EPIPE, "the container's first process ended unexpectedly: it may "
			  "have been killed: is its memory limit very small?");
		return -EPIPE;
	}
	if (message->word != SYNC_ERROR)
		return 0;
	message->text[sizeof(message->text) - 1] = '\0';
	memcpy(err->text, message->text, sizeof(err->text));
	return message->value ? -message->value : -EPROTO;
}

int sync_expect(int socket, enum sync_word word, struct error *err)
{
	struct sync_message message;
	int ret = sync_hear(socket, &message, err);

	if (!ret && message.word != (int)word)
		ret = error_set(err, EPROTO, "unexpected word %d instead of %d", message.word,
				word);
	return ret;
}
