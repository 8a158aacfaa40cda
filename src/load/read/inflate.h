/*-------------------------------------------------------------------------
 *
 * inflate.h
 *	  The bytes of a file or of standard input, decompressed and in UTF-8.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_INFLATE_H
#define LOAD_INFLATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <zlib.h>

#include "read/utf16.h"

#define SOURCE_CHUNK	65536

typedef struct Source
{
	int			fd;
	const unsigned char *memory;	/* in place of a file */
	size_t		memory_left;
	bool		opened;			/* fd is ours to close */
	bool		compressed;		/* gzip */
	bool		inflating;		/* within a member of a gzip file */
	bool		at_end;			/* of the file */
	int64_t		bytes_read;		/* of the file as it is stored */
	z_stream	stream;
	unsigned char *chunk;		/* SOURCE_CHUNK bytes */
	size_t		chunk_start;
	size_t		chunk_end;
	bool		started;		/* the first bytes have been looked at */
	unsigned char first[16];	/* of the content, and those not yet taken */
	size_t		first_start;
	size_t		first_end;
	Utf16	   *utf16;			/* if the content is in UTF-16 */
	char		error[256];		/* why source_read() failed */
} Source;

extern bool path_is_of_file(const char *path);
extern bool source_open(Source *source, const char *path);
extern void source_open_memory(Source *source, const void *data, size_t length);
extern ssize_t source_read(Source *source, char *data, size_t size);
extern bool source_rewind(Source *source);
extern bool source_is_file(const Source *source, struct stat *status);
extern bool source_was_written(const Source *source, const struct stat *before);
extern void source_close(Source *source);

#endif							/* LOAD_INFLATE_H */
