/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A session that its client keeps: records, and when they end, under a seal that only who has
 * the secret can make (HMAC-SHA-256, RFC 2104). As text, for a cookie:
 *
 *	base64url( format | end, seconds since 1970 | records | seal of all before )
 *		      1		    8				 32
 *
 * The client can read it, but not change it. What it can do is show an old one again: there is
 * nothing on the server that knows better.
 */
#ifndef VIRTLAB_HTTPD_SESSION_TOKEN_H
#define VIRTLAB_HTTPD_SESSION_TOKEN_H

#include "error.h"
#include "session.h"

#define SESSION_SECRET 32
/*
 * Octets of records: a browser keeps cookies of 4096 octets with name and attributes (RFC 6265
 * 6.1), and may drop a longer one without a word.
 */
#define SESSION_TOKEN_DATA 2900
/* Octets of text, without an end. */
#define SESSION_TOKEN_MOST 3922

/**
 * struct session_secret - what seals are made with
 * @octets: random
 */
struct session_secret {
	uint8_t octets[SESSION_SECRET];
};

/**
 * session_secret_open() - read the secret from a file, or make both
 * @path: of the file: 64 hexadecimal digits, for its owner alone
 * @secret: set
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int session_secret_open(const char *path, struct session_secret *secret, struct error *err);

/**
 * session_token_write() - seal a session
 * @secret: to seal it with
 * @end: seconds since 1970
 * @s: it; at most SESSION_TOKEN_DATA octets
 * @text: set; SESSION_TOKEN_MOST + 1 octets
 *
 * Return: octets of @text, which ends with a NUL behind them.
 */
size_t session_token_write(const struct session_secret *secret, int64_t end,
			   const struct session *s, char *text);

enum session_token { SESSION_TOKEN_SOUND, SESSION_TOKEN_OVER, SESSION_TOKEN_FORGED };

/**
 * session_token_read() - look at what a client brought
 * @secret: it should be sealed with
 * @now: seconds since 1970
 * @text: anything
 * @s: set if it is sound
 *
 * Nothing of it is looked at before the seal is; how long that takes tells nothing of the seal.
 *
 * Return: SESSION_TOKEN_OVER if it was sound once.
 */
enum session_token session_token_read(const struct session_secret *secret, int64_t now,
				      struct http_text text, struct session *s);

#endif
