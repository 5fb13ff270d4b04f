// SPDX-License-Identifier: GPL-2.0-only
/* Reading of the file of services, see config.h. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "../directory/address.h"

enum setting {
	SETTING_KIND = 1,
	SETTING_WAIT = 2,
	SETTING_MAX = 4,
	SETTING_USER = 8,
	SETTING_VERSION = 16,
	SETTING_LEASE = 32,
};

static int wrong(const struct config_service *s, struct error *err, const char *what,
		 const char *word)
{
	return error_set(err, EINVAL, "line %u: %s%s%.64s", s->line, what, word ? ": " : "",
			 word ? word : "");
}

static bool read_number(const char *text, unsigned long most, unsigned long *n)
{
	*n = 0;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		*n = *n * 10 + (*text - '0');
		if (*n > most)
			return false;
	}
	return *n > 0;
}

/* What follows "key=" in @word, NULL if it is another. */
static const char *value_of(const char *word, const char *key)
{
	size_t length = strlen(key);

	return strncmp(word, key, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static int read_user(struct config_service *s, const char *value, struct error *err)
{
	size_t length = strlen(value);

	if (!length || length > CONFIG_USER_MOST)
		return wrong(s, err, "bad user", value);
	memcpy(s->user, value, length + 1);
	return SETTING_USER;
}

/* Returns which setting it is, or -EINVAL. */
static int read_setting(struct config_service *s, const char *word, struct error *err)
{
	unsigned long n = 0;
	const char *value;

	if (strcmp(word, "wait") == 0 || strcmp(word, "nowait") == 0) {
		s->wait = word[0] == 'w';
		return SETTING_WAIT;
	}
	value = value_of(word, "kind");
	if (value) {
		s->datagram = strcmp(value, "dgram") == 0;
		if (!s->datagram && strcmp(value, "stream") != 0)
			return wrong(s, err, "kind is stream or dgram, not", value);
		return SETTING_KIND;
	}
	value = value_of(word, "max");
	if (value) {
		if (!read_number(value, CONFIG_MAX_MOST, &n))
			return wrong(s, err, "max is 1 to 4096, not", value);
		s->max = n;
		return SETTING_MAX;
	}
	value = value_of(word, "version");
	if (value) {
		if (!read_number(value, UINT32_MAX, &n))
			return wrong(s, err, "version is 1 to 4294967295, not", value);
		s->version = n;
		return SETTING_VERSION;
	}
	value = value_of(word, "lease");
	if (value) {
		if (!read_number(value, 86400, &n))
			return wrong(s, err, "lease is 1 to 86400 seconds, not", value);
		s->lease = n;
		return SETTING_LEASE;
	}
	value = value_of(word, "user");
	return value ? read_user(s, value, err) : wrong(s, err, "unknown word", word);
}

static int read_settings(struct config_service *s, char **words, unsigned int count,
			 struct error *err)
{
	int seen = 0;

	for (unsigned int i = 0; i < count; i++) {
		int setting = read_setting(s, words[i], err);

		if (setting < 0)
			return setting;
		if (seen & setting)
			return wrong(s, err, "said twice", words[i]);
		seen |= setting;
	}
	if (!(seen & SETTING_KIND))
		return wrong(s, err, "kind=stream or kind=dgram is missing", NULL);
	if (!(seen & SETTING_WAIT))
		return wrong(s, err, "wait or nowait is missing", NULL);
	if (s->datagram && !s->wait)
		return wrong(s, err, "a dgram service must be wait: there is no connection", NULL);
	if (s->wait && (seen & SETTING_MAX) && s->max != 1)
		return wrong(s, err, "a wait service has one server: max is for nowait", NULL);
	if (s->wait)
		s->max = 1;
	return 0;
}

/* Cut the text into words. Returns their number, or -EINVAL. */
static int cut(struct config_service *s, struct error *err)
{
	unsigned int count = 0;
	char *at = s->text;

	for (;;) {
		at += strspn(at, " \t");
		if (!*at || *at == '#')
			break;
		if (count == CONFIG_WORDS)
			return wrong(s, err, "too many words: 32 at most", NULL);
		s->words[count++] = at;
		at += strcspn(at, " \t");
		if (!*at)
			break;
		*at++ = '\0';
	}
	return (int)count;
}

static int read_address(struct config_service *s, const char *word, struct error *err)
{
	struct error why;

	if (address_read(word, &s->address, &why))
		return wrong(s, err, why.text, NULL);
	return 0;
}

/* Returns 1: a service, 0: nothing there, or -EINVAL. */
static int read_line(struct config_service *s, struct error *err)
{
	int count = cut(s, err), command = 2, ret;

	if (count <= 0)
		return count;
	if (count < 2)
		return wrong(s, err, "the address is missing behind", s->words[0]);
	if (!lease_name_valid(s->words[0], strlen(s->words[0])))
		return wrong(s, err, "bad name", s->words[0]);
	s->name.length = strlen(s->words[0]);
	memcpy(s->name.text, s->words[0], s->name.length);
	ret = read_address(s, s->words[1], err);
	if (ret)
		return ret;
	while (command < count && s->words[command][0] != '/')
		command++;
	ret = read_settings(s, s->words + 2, command - 2, err);
	if (ret)
		return ret;
	if (command == count)
		return wrong(s, err, "the command is missing: a path that starts with /", NULL);
	memmove(s->words, s->words + command, (count - command) * sizeof(s->words[0]));
	s->words[count - command] = NULL;
	return 1;
}

static int check_same(const struct config *config, const struct config_service *s,
		      struct error *err)
{
	for (unsigned int i = 0; i < config->count; i++) {
		const struct config_service *other = &config->services[i];

		if (s->address.sin_port && other->datagram == s->datagram &&
		    other->address.sin_port == s->address.sin_port &&
		    other->address.sin_addr.s_addr == s->address.sin_addr.s_addr)
			return error_set(err, EINVAL, "line %u: listens where line %u does",
					 s->line, other->line);
		if (other->name.length == s->name.length && other->version == s->version &&
		    other->datagram == s->datagram &&
		    memcmp(other->name.text, s->name.text, s->name.length) == 0)
			return error_set(err, EINVAL, "line %u: is the service of line %u",
					 s->line, other->line);
	}
	return 0;
}

int config_read(struct config *config, const char *data, size_t length, struct error *err)
{
	unsigned int line = 1;

	config->count = 0;
	for (size_t at = 0; at < length; line++) {
		const char *end = memchr(data + at, '\n', length - at);
		size_t octets = end ? (size_t)(end - data) - at : length - at;
		struct config_service probe = { .line = line, .max = CONFIG_MAX_DEFAULT,
						.version = 1, .lease = 10 };
		int ret;

		if (octets > CONFIG_LINE_MOST)
			return wrong(&probe, err, "longer than 1023 octets", NULL);
		if (memchr(data + at, '\0', octets))
			return wrong(&probe, err, "a NUL is in it", NULL);
		memcpy(probe.text, data + at, octets);
		at += octets + 1;
		ret = read_line(&probe, err);
		if (ret > 0)
			ret = check_same(config, &probe, err);
		else if (!ret)
			continue;
		if (ret < 0)
			return ret;
		if (config->count == CONFIG_SERVICES)
			return wrong(&probe, err, "too many services: 64 at most", NULL);
		config_copy(&config->services[config->count++], &probe);
	}
	return 0;
}

void config_copy(struct config_service *to, const struct config_service *from)
{
	*to = *from;
	for (int i = 0; from->words[i]; i++)
		to->words[i] = to->text + (from->words[i] - from->text);
}
