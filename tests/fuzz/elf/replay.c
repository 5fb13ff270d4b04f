// SPDX-License-Identifier: GPL-2.0-only
/* Runs a fuzz target once on each file named on the command line: the corpus as a unit test. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	long size = -1;

	if (file && fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	if (size < 0) {
		perror(path);
		return 1;
	}
	rewind(file);
	/* A block of exactly that size, so that ASan sees one byte too many. */
	data = malloc(size ? size : 1);
	if (!data || fread(data, 1, size, file) != (size_t)size) {
		perror(path);
		return 1;
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		if (replay(argv[i]) != 0)
			return 1;
	printf("%d inputs replayed\n", argc - 1);
	return 0;
}
