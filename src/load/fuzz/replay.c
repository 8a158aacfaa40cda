/*-------------------------------------------------------------------------
 *
 * replay.c
 *	  Give the files of the corpus to a fuzzing harness, one by one.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Read a file and replay it.
 */
static int
replay(const char *path)
{
	FILE	   *file = fopen(path, "rb");
	uint8_t    *data;
	long		size;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
	{
		perror(path);
		return 1;
	}
	rewind(file);
	/* no byte more than there is, so that reading past the end is noticed */
	data = malloc(size > 0 ? (size_t) size : 1);
	if (data == NULL || fread(data, 1, (size_t) size, file) != (size_t) size)
	{
		perror(path);
		return 1;
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, (size_t) size);
	free(data);
	return 0;
}

/*
 * Replay all files that are named.
 */
int
main(int argc, char **argv)
{
	int			failures = 0;

	for (int i = 1; i < argc; i++)
		failures += replay(argv[i]);
	printf("%d inputs replayed\n", argc - 1 - failures);
	return failures > 0;
}
