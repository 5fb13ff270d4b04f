// SPDX-License-Identifier: GPL-2.0-only
/* Keeping the server registered, see registration.h. */
#include "registration.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../directory/address.h"
#include "control.h"

#define TOKEN_VARIABLE "HTTPD_REGISTRATION_TOKEN"
#define TOKEN_TEXT (2 * LEASE_TOKEN_LENGTH)
/* Messages without an answer, which together last about a lease. */
#define SILENT_TRIES 6
/* In place of a status of the protocol: there was no answer. */
#define SILENT (-1)

/* --- what is registered --- */

/* That of our predecessor, if there is one; and it stays there for our successor. */
static int find_token(uint8_t token[LEASE_TOKEN_LENGTH], struct error *err)
{
	const char *inherited = getenv(TOKEN_VARIABLE);
	char text[TOKEN_TEXT + 1];
	unsigned int octet;
	int i = 0;

	if (inherited && strlen(inherited) == TOKEN_TEXT)
		for (; i < LEASE_TOKEN_LENGTH && sscanf(inherited + 2 * i, "%2x", &octet) == 1; i++)
			token[i] = octet;
	if (i == LEASE_TOKEN_LENGTH)
		return 0;
	if (getrandom(token, LEASE_TOKEN_LENGTH, 0) != LEASE_TOKEN_LENGTH)
		return error_errno(err, errno, NULL, "register: no random numbers");
	for (i = 0; i < LEASE_TOKEN_LENGTH; i++)
		snprintf(text + 2 * (size_t)i, 3, "%02x", token[i]);
	return setenv(TOKEN_VARIABLE, text, 1) ? error_errno(err, errno, NULL, "register") : 0;
}

/* An IPv4 address that clients can be told; of 0.0.0.0, the one that messages are sent from. */
static bool find_end(int fd, struct lease_end *end)
{
	struct sockaddr_in address = { 0 };
	socklen_t length = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &length) || address.sin_family != AF_INET)
		return false;
	*end = (struct lease_end){ .protocol = LEASE_TCP, .port = ntohs(address.sin_port) };
	if (address.sin_addr.s_addr != htonl(INADDR_ANY))
		address_map(&address, end->address);
	return true;
}

static int open_address(struct registration *r, const struct sockaddr_in *directory,
			const struct lease_claim *claim, struct error *err)
{
	if (r->count == LISTEN_MOST)
		return error_set(err, EUSAGE, "--register: more than %d addresses", LISTEN_MOST);
	return directory_client_open(&r->clients[r->count++], directory, claim, err);
}

int registration_open(struct registration *r, const struct options *o, const struct listeners *l,
		      struct error *err)
{
	struct lease_claim claim = { .version = 1 };
	struct sockaddr_in directory;
	int ret;

	*r = (struct registration){ .options = o, .drains = -1 };
	if (!o->register_name)
		return 0;
	if (!directory_name(&claim.name, o->register_name))
		return error_set(err, EUSAGE,
				 "--register: %.64s: not a name: letters, digits, and . _ - inside",
				 o->register_name);
	if (address_read(o->directory, &directory, err) || !directory.sin_port)
		return error_set(err, EUSAGE,
				 "--directory: %.64s: not an address: such as 127.0.0.1:4111",
				 o->directory);
	ret = find_token(claim.token, err);
	for (unsigned int i = 0; i < l->count && !ret; i++)
		if (!l->at[i].member && find_end(l->at[i].fd, &claim.end))
			ret = open_address(r, &directory, &claim, err);
	if (!ret && !r->count)
		return error_set(err, EUSAGE,
				 "--register: no --listen has an IPv4 address, and a directory knows no other");
	return ret;
}

/* --- keeping it --- */

/* What is wrong with it, as far as one knows. */
static int trouble(const struct directory_client *c, int before)
{
	switch (c->status) {
	case PROTOCOL_OK:
	case PROTOCOL_GONE:
	case PROTOCOL_STALE:
		if (c->tries >= SILENT_TRIES)
			return SILENT;
		/* It is over when there was an answer. */
		return c->state == DIRECTORY_HELD ? 0 : before;
	default:
		return c->status;
	}
}

/* One line when something is wrong, and one when it is not any more. */
static void report(struct registration *r, unsigned int i)
{
	const struct directory_client *c = &r->clients[i];
	int what = trouble(c, r->said[i]);
	char address[ADDRESS_TEXT];

	if (what == r->said[i])
		return;
	r->said[i] = what;
	fprintf(stderr, "httpd: register: %s: %s: directory %s: %s\n", r->options->register_name,
		address_write(&c->claim.end, address), r->options->directory,
		!what ? "is there again" :
		what == SILENT ? "does not answer: is it there? (directory serve): asked on and on" :
				 protocol_status_text((enum protocol_status)what));
}

/* Milliseconds until the first of them has something to send. */
static int patience(const struct registration *r)
{
	uint64_t now = directory_clock_ms(), due = UINT64_MAX;

	for (unsigned int i = 0; i < r->count; i++)
		if (directory_client_due(&r->clients[i]) < due)
			due = directory_client_due(&r->clients[i]);
	return due > now ? (int)(due - now) : 0;
}

static void *keep(void *argument)
{
	struct registration *r = argument;
	struct pollfd wait[LISTEN_MOST + 1];

	for (unsigned int i = 0; i < r->count; i++)
		wait[i] = (struct pollfd){ directory_client_fd(&r->clients[i]), POLLIN, 0 };
	wait[r->count] = (struct pollfd){ r->drains, POLLIN, 0 };
	while (!control_draining()) {
		for (unsigned int i = 0; i < r->count; i++) {
			directory_client_service(&r->clients[i], directory_clock_ms());
			report(r, i);
		}
		poll(wait, r->count + 1, patience(r));
	}
	/* Nobody is to come any more; unless to our successor, whose registration it is by now. */
	for (unsigned int i = 0; i < r->count; i++) {
		if (control_handed_over())
			directory_client_forget(&r->clients[i]);
		else
			directory_client_close(&r->clients[i]);
	}
	return NULL;
}

int registration_start(struct registration *r, struct error *err)
{
	int ret;

	if (!r->count)
		return 0;
	r->drains = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->drains < 0)
		return error_errno(err, errno, NULL, "register");
	control_tell(r->drains);
	control_block(true);
	ret = pthread_create(&r->thread, NULL, keep, r);
	control_block(false);
	if (ret)
		return error_errno(err, ret, NULL, "register: thread");
	r->running = true;
	return 0;
}

void registration_end(struct registration *r)
{
	if (!r->running)
		return;
	pthread_join(r->thread, NULL);
	control_tell(-1);
	close(r->drains);
	r->running = false;
}

void registration_forget(struct registration *r)
{
	if (!r->count)
		return;
	for (unsigned int i = 0; i < r->count; i++)
		directory_client_forget(&r->clients[i]);
	if (r->drains >= 0)
		close(r->drains);
	*r = (struct registration){ .drains = -1 };
}
