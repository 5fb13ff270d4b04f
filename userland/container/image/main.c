// SPDX-License-Identifier: GPL-2.0-only
/* cell-image: images of containers: fetched, kept, unpacked. This file only finds the verb. */
#include <locale.h>
#include <sys/stat.h>

#include "image_tool.h"
#include "verbs.h"

/* Messages quote what was wrong, and that may come from an image. */
#define VERB(name)								\
	static int run_##name(int argc, char **argv, struct error *err)		\
	{									\
		int ret = cmd_##name(argc, argv, err);				\
										\
		printable(err->text);						\
		return ret;							\
	}

VERB(base)
VERB(build)
VERB(pull)
VERB(push)
VERB(load)
VERB(save)
VERB(images)
VERB(inspect)
VERB(history)
VERB(tag)
VERB(rmi)
VERB(prune)
VERB(verify)
VERB(unpack)
VERB(mount)
VERB(umount)

static const struct verb verbs[] = {
	{ "base", run_base, 1, "[NAME]", "make an image of this machine's busybox, or its packages" },
	{ "build", run_build, 1, "[-t NAME] DIR", "make an image by a Containerfile" },
	{ "pull", run_pull, 1, "NAME", "fetch an image from a registry" },
	{ "push", run_push, 1, "NAME [NAME-THERE]", "bring an image to a registry" },
	{ "load", run_load, 1, "[-i FILE] [NAME]", "add the images of an archive" },
	{ "save", run_save, 1, "[-o FILE] NAME...", "write images to an archive" },
	{ "images", run_images, 1, "[--json]", "which images are here" },
	{ "inspect", run_inspect, 1, "NAME", "all of an image, as JSON" },
	{ "history", run_history, 1, "NAME", "which step made which layer" },
	{ "tag", run_tag, 1, "NAME NEW-NAME", "give an image one more name" },
	{ "rmi", run_rmi, 1, "NAME...", "remove names, and what no other image needs" },
	{ "prune", run_prune, 1, "[--all] [--dry-run]", "remove what no image needs" },
	{ "verify", run_verify, 1, "", "read every blob, see whether it is what it was" },
	{ "unpack", run_unpack, 1, "NAME DIR", "make a bundle: rootfs and config.json" },
	{ "mount", run_mount, 1, "NAME DIR", "make one whose files are the image's, until written" },
	{ "umount", run_umount, 1, "DIR", "remove such a bundle, and all that was written in it" },
};

#define COUNT (sizeof(verbs) / sizeof(verbs[0]))

static void print_help(void)
{
	puts("usage: cell-image VERB ...\n"
	     "Images of containers: OCI's and Docker's.\n");
	for (size_t i = 0; i < COUNT; i++)
		printf("  %-8s%-22s%s\n", verbs[i].name, verbs[i].arguments, verbs[i].summary);
	puts("\noptions of all: --store DIR (or $CELL_STORE): where images are kept\n"
	     "  base    --busybox FILE, or --packages NAME,...\n"
	     "  build   -f FILE, --target STAGE, --build-arg NAME=VALUE, --label NAME=VALUE, --no-cache,\n"
	     "          --network none|host, --pull, --plain-http, --timestamp SECONDS,\n"
	     "          --ignorefile FILE, --iidfile FILE, --quiet\n"
	     "  load    -i FILE (or -: standard input), --quiet\n"
	     "  save    -o FILE, --format oci|docker\n"
	     "  pull    --platform OS/ARCH, --parallel N, --plain-http, --quiet, --auth-file FILE\n"
	     "  push    --parallel N, --plain-http, --quiet, --auth-file FILE\n"
	     "  images  --quiet: ids only\n"
	     "  prune   --all: build steps and unpacked layers, too; --dry-run: only say how much\n"
	     "  unpack  --max-size SIZE (64G): files that unpack to more are refused\n"
	     "\nNAME is [REGISTRY/]REPOSITORY[:TAG][@sha256:HEX], or the first digits of an id.");
}

int main(int argc, char **argv)
{
	/* Names in archives are UTF-8, whatever the user's language. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		setlocale(LC_CTYPE, "");
	umask(022);
	return verbs_main(verbs, COUNT, print_help, argc, argv);
}
