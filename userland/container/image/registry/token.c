// SPDX-License-Identifier: GPL-2.0-only
/* Tokens and credentials: whom are they told? See http.h, H3 and H4. Called by registry.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../path/guard.h"
#include "cleanup.h"
#include "registry.h"

static const char *next_parameter(const char *at, char name[16], char *value, size_t size)
{
	size_t length = 0, used = 0;

	at += strspn(at, " \t,");
	while (at[length] && at[length] != '=' && at[length] != ',' && at[length] != ' ')
		length++;
	if (!length || at[length] != '=')
		return NULL;
	snprintf(name, 16, "%.*s", (int)length, at);
	at += length + 1;
	if (*at != '"') {
		length = strcspn(at, ", ");
		snprintf(value, size, "%.*s", (int)length, at);
		return at + length;
	}
	for (at++; *at && *at != '"'; at++) {
		if (*at == '\\' && at[1])
			at++;
		if (used + 1 >= size)
			return NULL;
		value[used++] = *at;
	}
	value[used] = '\0';
	return *at ? at + 1 : NULL;
}

int challenge_parse(const char *text, struct challenge *challenge)
{
	char name[16], value[1024];

	memset(challenge, 0, sizeof(*challenge));
	if (!strncasecmp(text, "Basic", 5) && (text[5] == ' ' || !text[5]))
		return 0;
	if (strncasecmp(text, "Bearer ", 7) != 0)
		return -EINVAL;
	challenge->bearer = true;
	for (const char *at = text + 7; at[strspn(at, " \t,")];) {
		at = next_parameter(at, name, value, sizeof(value));
		if (!at)
			return -EINVAL;
		if (!strcasecmp(name, "realm"))
			snprintf(challenge->realm, sizeof(challenge->realm), "%s", value);
		else if (!strcasecmp(name, "service"))
			snprintf(challenge->service, sizeof(challenge->service), "%.255s", value);
		else if (!strcasecmp(name, "scope"))
			snprintf(challenge->scope, sizeof(challenge->scope), "%.511s", value);
	}
	return challenge->realm[0] ? 0 : -EINVAL;
}

struct text {
	char *data;
	size_t length;
};

static int collect(void *sink, long status, const struct http_answer *answer, const void *data,
		   size_t length, struct error *err)
{
	struct text *text = sink;
	char *longer;

	(void)status;
	(void)answer;
	if (text->length + length > 2 * HTTP_TOKEN)
		return error_set(err, EFBIG, "registry: its token is too long");
	longer = realloc(text->data, text->length + length + 1);
	if (!longer)
		return error_set(err, ENOMEM, "registry: out of memory");
	memcpy(longer + text->length, data, length);
	text->data = longer;
	text->length += length;
	return 0;
}

static void escape(char *out, size_t size, const char *text)
{
	size_t used = strlen(out);

	for (; *text && used + 4 < size; text++) {
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~",
			   *text))
			out[used++] = *text;
		else
			used += (size_t)sprintf(out + used, "%%%02X", (unsigned char)*text);
	}
	out[used] = '\0';
}

static int check_realm(const struct registry *registry, const struct http_url *realm,
		       struct error *err)
{
	if (registry->base.secure && !realm->secure)
		return error_set(err, EACCES, "registry %s: wants tokens to be got without TLS, from %s",
				 registry->base.host, realm->host);
	return 0;
}

static int realm_url(const struct registry *registry, const struct challenge *challenge,
		     struct http_url *url, struct error *err)
{
	char scope[512], query[2 * HTTP_URL];
	int ret = http_url_parse(challenge->realm, strlen(challenge->realm), url, err);

	if (!ret)
		ret = check_realm(registry, url, err);
	if (ret)
		return ret;
	/* Not the scope that it names: that could be of another repository. */
	snprintf(scope, sizeof(scope), "repository:%s:%s", registry->reference.repository,
		 registry->push ? "pull,push" : "pull");
	snprintf(query, sizeof(query), "%s%cscope=", url->rest, strchr(url->rest, '?') ? '&' : '?');
	escape(query, sizeof(query), scope);
	if (challenge->service[0]) {
		strcat(query, "&service=");
		escape(query, sizeof(query), challenge->service);
	}
	if (strlen(query) >= sizeof(url->rest))
		return error_set(err, EINVAL, "registry %s: its realm is too long",
				 registry->base.host);
	memcpy(url->rest, query, strlen(query) + 1);
	return 0;
}

/* H4 */
static bool may_have_credentials(const struct http_url *url)
{
	return !GUARD(CREDENTIALS) || url->secure || http_is_this_host(url->host);
}

static int read_token(struct registry *registry, const struct text *text, struct error *err)
{
	cleanup_put json_object *root = NULL;
	json_object *token = NULL;
	const char *value;
	int ret = document_parse(text->data ? text->data : "", text->length, "token", &root, err);

	if (!ret)
		ret = document_get(root, "", "token", json_type_string, &token, err);
	if (!ret && !token)
		ret = document_need(root, "", "access_token", json_type_string, &token, err);
	if (ret)
		return ret;
	value = json_object_get_string(token);
	if (strlen(value) + 16 > sizeof(registry->authorization) ||
	    strpbrk(value, "\r\n \t") || !value[0])
		return error_set(err, EINVAL, "registry %s: its token is none", registry->base.host);
	pthread_mutex_lock(&registry->lock);
	snprintf(registry->authorization, sizeof(registry->authorization), "Bearer %s", value);
	pthread_mutex_unlock(&registry->lock);
	return 0;
}

int token_get(struct registry *registry, struct http *http, const char *challenge,
	      struct error *err)
{
	struct http_request request = { .method = "GET", .fd = -1, .closed = true };
	struct challenge asked;
	struct http_answer answer;
	struct text text = { NULL, 0 };
	char basic[1100];
	int ret;

	if (challenge_parse(challenge, &asked))
		return error_set(err, EPROTO, "registry %s: asks for \"%.80s\", which is not known here",
				 registry->base.host, challenge);
	if (!asked.bearer) {
		if (!registry->basic[0] || !may_have_credentials(&registry->base))
			return error_set(err, EACCES, "registry %s: wants a user and a password: %s",
					 registry->base.host, registry->basic[0]
					 ? "they are not sent without TLS" : "say --auth-file FILE");
		pthread_mutex_lock(&registry->lock);
		snprintf(registry->authorization, sizeof(registry->authorization), "Basic %s",
			 registry->basic);
		pthread_mutex_unlock(&registry->lock);
		return 0;
	}
	ret = realm_url(registry, &asked, &request.url, err);
	if (ret)
		return ret;
	if (registry->basic[0] && may_have_credentials(&request.url)) {
		snprintf(basic, sizeof(basic), "Basic %s", registry->basic);
		request.authorization = basic;
	}
	request.sink = collect;
	request.sink_data = &text;
	ret = http_ask(http, &request, true, &answer, err);
	if (!ret && answer.status != 200)
		ret = error_set(err, EACCES, "registry %s: %s gives no token: status %ld: %s",
				registry->base.host, request.url.host, answer.status,
				registry->basic[0] ? "are user and password right?"
						   : "is the name right? or say --auth-file FILE");
	if (!ret)
		ret = read_token(registry, &text, err);
	free(text.data);
	return ret;
}

/* --- credentials: containers-auth.json(5) --- */

static int read_auth(const char *path, const char *host, char basic[1024], struct error *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup_put json_object *root = NULL;
	cleanup_free char *data = NULL;
	json_object *auths, *entry, *auth;
	struct stat info;
	ssize_t got;
	int ret;

	if (fd < 0 || fstat(fd, &info) || !S_ISREG(info.st_mode) || info.st_size > DOCUMENT_MAX)
		return error_errno(err, fd < 0 ? errno : EINVAL, NULL, "credentials: %s", path);
	data = malloc((size_t)info.st_size + 1);
	got = data ? read(fd, data, (size_t)info.st_size) : -1;
	if (got < 0)
		return error_errno(err, errno, NULL, "credentials: %s", path);
	ret = document_parse(data, (size_t)got, path, &root, err);
	if (!ret)
		ret = document_get(root, "", "auths", json_type_object, &auths, err);
	if (ret || !auths)
		return ret;
	ret = document_get(auths, "auths", host, json_type_object, &entry, err);
	if (!ret && entry)
		ret = document_get(entry, host, "auth", json_type_string, &auth, err);
	if (ret || !entry || !auth)
		return ret;
	if (strlen(json_object_get_string(auth)) >= 1024 ||
	    strspn(json_object_get_string(auth), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		   "0123456789+/=") != strlen(json_object_get_string(auth)))
		return error_set(err, EINVAL, "credentials: %s: auths.%s.auth: is no base64", path, host);
	snprintf(basic, 1024, "%s", json_object_get_string(auth));
	return 0;
}

int credentials_find(const char *auth_file, const char *host, char basic[1024],
		     struct error *err)
{
	const char *named = auth_file ? auth_file : getenv("REGISTRY_AUTH_FILE");
	const char *run = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");
	char path[PATH_MAX];

	basic[0] = '\0';
	if (named && named[0])
		return read_auth(named, host, basic, err);
	if (run && snprintf(path, sizeof(path), "%s/containers/auth.json", run) < PATH_MAX &&
	    !access(path, R_OK))
		return read_auth(path, host, basic, err);
	if (home && snprintf(path, sizeof(path), "%s/.docker/config.json", home) < PATH_MAX &&
	    !access(path, R_OK))
		return read_auth(path, host, basic, err);
	return 0;
}
