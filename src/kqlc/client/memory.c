/*-------------------------------------------------------------------------
 *
 * memory.c
 *	  Memory, text and files of azhunt-kql.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

/*
 * Memory, or the end.
 */
void *
client_allocate(void *context, size_t size)
{
	void	   *memory = malloc(size > 0 ? size : 1);

	(void) context;
	if (memory == NULL)
	{
		fputs("azhunt-kql: out of memory\n", stderr);
		exit(EXIT_TROUBLE);
	}
	return memory;
}

/*
 * A copy of a string.
 */
char *
copy_text(const char *text)
{
	return strcpy(client_allocate(NULL, strlen(text) + 1), text);
}

/*
 * Add bytes at the end.
 */
void
add_bytes(Text *text, const char *data, size_t length)
{
	if (text->length + length + 1 > text->room)
	{
		char	   *old = text->data;

		text->room = 2 * (text->length + length) + 64;
		text->data = client_allocate(NULL, text->room);

		if (text->length > 0)
			memcpy(text->data, old, text->length);
		free(old);
	}
	memcpy(text->data + text->length, data, length);
	text->length += length;
	text->data[text->length] = '\0';
}

/*
 * Add a string at the end.
 */
void
add_text(Text *text, const char *data)
{
	add_bytes(text, data, strlen(data));
}

/*
 * Put another byte wherever this one is.
 */
void
replace_bytes(char *text, char from, char to)
{
	for (; *text != '\0'; text++)
	{
		if (*text == from)
			*text = to;
	}
}

/*
 * Trouble with a file ends the program.
 */
void
give_up(const char *path)
{
	fprintf(stderr, "azhunt-kql: %s: %s\n", path, strerror(errno));
	exit(EXIT_TROUBLE);
}

/*
 * All of a file, or of standard input if it is called "-".
 */
char *
read_whole_file(const char *path, size_t *length)
{
	FILE	   *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	Text		text = {0};
	char		block[65536];
	size_t		count;

	if (file == NULL)
		give_up(path);
	add_text(&text, "");
	while ((count = fread(block, 1, sizeof(block), file)) > 0)
		add_bytes(&text, block, count);
	if (ferror(file))
		give_up(path);
	if (file != stdin)
		fclose(file);
	*length = text.length;
	return text.data;
}
