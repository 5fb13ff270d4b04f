// SPDX-License-Identifier: GPL-2.0
/* Which packages an image consists of. Debian Policy 7.1, 7.5. */
#include <errno.h>

#include "tap.h"
#include "base/packages.h"

static struct error err;

#define HOLDS(cond) CHECK(cond, "%s: %s", #cond, err.text)

/* Status, name, name with architecture, what it depends on, what it provides. */
static const char records[] =
	"ii \tawk-old\tawk-old\t, \tawk\n"
	"ii \tbash\tbash\tbase (>= 2.1), libc6 (>= 2.36), libtinfo6 (>= 6)\t\n"
	"ii \tbase\tbase\t, awk\t\n"
	"ii \tlibc6\tlibc6:amd64\t, libgcc-s1\t\n"
	"ii \tlibc6\tlibc6:i386\t, libgcc-s1\t\n"
	"ii \tlibgcc-s1\tlibgcc-s1:amd64\t, libc6 (>= 2.35)\tlibgcc1 (= 1:12)\n"
	"ii \tlibtinfo6\tlibtinfo6:amd64\tlibc6,\t\n"
	"rc \tgone\tgone\t, \tgone-too\n"
	"ii \tmail\tmail\t, mta | mta-simple:any (>= 2), base\t\n"
	"ii \tmawk\tmawk\t, libc6\tawk, nawk, pawk (= 1)\n"
	"ii \tmta-simple\tmta-simple\t, \t\n"
	"ii \tmta-simpler\tmta-simpler\t, \t\n"
	"ii \tnawk\tnawk\t, \t\n"
	"ii \told\told\t, libgcc1\t\n"
	"ii \torphan\torphan\t, bash, gone (>= 1) | lost\t\n";

static struct packages packages;

static void read_records(const char *text)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");

	CHECK(file && !packages_read(file, &packages, &err), "%s", err.text);
	fclose(file);
}

/* Full names of what comes of these, or why nothing does; the last one is kept. */
static const char *closure_of(const char *text)
{
	struct words asked, closure;
	static char out[1024];

	CHECK(!words_split(text, &asked), "words");
	if (packages_closure(&packages, &asked, &closure, &err)) {
		words_free(&asked);
		return err.text;
	}
	out[0] = '\0';
	for (size_t i = 0; i < closure.count; i++)
		sprintf(out + strlen(out), "%s%s", i ? " " : "", closure.at[i]);
	words_free(&asked);
	words_free(&closure);
	return out;
}

#define IS(asked, expected) do {							\
		const char *got = closure_of(asked);				\
		CHECK(!strcmp(got, expected), "%s: %s", asked, got);		\
	} while (0)

static void what_is_depended_on_comes_along(void)
{
	read_records(records);
	IS("bash", "bash base libc6:amd64 libtinfo6:amd64 awk-old libgcc-s1:amd64");
	IS("libtinfo6", "libtinfo6:amd64 libc6:amd64 libgcc-s1:amd64");
	IS("mta-simple", "mta-simple");
	IS("", "");
	packages_free(&packages);
}

static void each_comes_once_and_circles_end(void)
{
	read_records(records);
	IS("libc6 libgcc-s1 libc6", "libc6:amd64 libgcc-s1:amd64");
	packages_free(&packages);
}

static void the_first_alternative_that_is_there_is_taken(void)
{
	read_records(records);
	IS("mail", "mail mta-simple base awk-old");
	packages_free(&packages);
}

static void names_are_provided(void)
{
	read_records(records);
	IS("awk", "awk-old");
	IS("old", "old libgcc-s1:amd64 libc6:amd64");
	IS("pawk", "mawk libc6:amd64 libgcc-s1:amd64");
	/* A package of that name is meant, if there is one. */
	IS("nawk", "nawk");
	packages_free(&packages);
}

static void what_is_not_there_is_told(void)
{
	read_records(records);
	IS("mta", "base: mta: is not installed here: apt install mta");
	IS("bash gone", "base: gone: is not installed here: apt install gone");
	IS("gone-too", "base: gone-too: is not installed here: apt install gone-too");
	IS("orphan", "base: orphan: depends on gone (>= 1) | lost, which is not installed here");
	packages_free(&packages);
}

static void records_of_another_form_are_refused(void)
{
	FILE *file = fmemopen((void *)"ii \tbash\tbash\t\n", 15, "r");

	HOLDS(packages_read(file, &packages, &err) == -EBADMSG && !packages.count && !packages.at);
	fclose(file);
	read_records("");
	IS("bash", "base: bash: is not installed here: apt install bash");
	packages_free(&packages);
}

int main(void)
{
	RUN(what_is_depended_on_comes_along);
	RUN(each_comes_once_and_circles_end);
	RUN(the_first_alternative_that_is_there_is_taken);
	RUN(names_are_provided);
	RUN(what_is_not_there_is_told);
	RUN(records_of_another_form_are_refused);
	return tap_done();
}
