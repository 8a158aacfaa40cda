/*-------------------------------------------------------------------------
 *
 * inflate.c
 *	  The bytes of a file or of standard input, decompressed and in UTF-8.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "read/inflate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/buffer.h"

/*
 * Read at most so many bytes as they are in the file, or in memory.
 */
static ssize_t
read_stored(Source *source, unsigned char *data, size_t size)
{
	ssize_t		length;

	if (source->memory != NULL)
	{
		if (size > source->memory_left)
			size = source->memory_left;
		memcpy(data, source->memory, size);
		source->memory += size;
		source->memory_left -= size;
		return (ssize_t) size;
	}
	do
		length = read(source->fd, data, size);
	while (length < 0 && errno == EINTR);
	return length;
}

/*
 * Fill the chunk from the file.
 */
static bool
read_chunk(Source *source)
{
	ssize_t		length;

	if (source->chunk_start > 0)
		memmove(source->chunk, source->chunk + source->chunk_start,
				source->chunk_end - source->chunk_start);
	source->chunk_end -= source->chunk_start;
	source->chunk_start = 0;

	length = read_stored(source, source->chunk + source->chunk_end, SOURCE_CHUNK - source->chunk_end);
	if (length < 0)
	{
		snprintf(source->error, sizeof(source->error), "could not read: %s", strerror(errno));
		return false;
	}
	source->at_end = (length == 0);
	source->chunk_end += (size_t) length;
	source->bytes_read += length;
	return true;
}

/*
 * Do the bytes that are next start a gzip member?
 *
 * Reads on until there are two of them.
 */
static bool
at_gzip_member(Source *source, bool *is_gzip)
{
	while (source->chunk_end - source->chunk_start < 2 && !source->at_end)
	{
		if (!read_chunk(source))
			return false;
	}
	*is_gzip = source->chunk_end - source->chunk_start >= 2 &&
		source->chunk[source->chunk_start] == 0x1f &&
		source->chunk[source->chunk_start + 1] == 0x8b;
	return true;
}

/*
 * Open a file, or standard input for "-".
 */
bool
source_open(Source *source, const char *path)
{
	memset(source, 0, sizeof(*source));
	source->opened = strcmp(path, "-") != 0;
	source->fd = source->opened ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (source->fd < 0)
	{
		source->opened = false;
		snprintf(source->error, sizeof(source->error), "could not open: %s", strerror(errno));
		return false;
	}
	source->chunk = load_malloc(SOURCE_CHUNK);
	if (at_gzip_member(source, &source->compressed))
		return true;
	source_close(source);
	return false;
}

/*
 * Does a path lead to an ordinary file, which can be opened and read again?  That of
 * standard input does not, though a file may be called so.
 */
bool
path_is_of_file(const char *path)
{
	struct stat status;

	return strcmp(path, "-") != 0 && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/*
 * Forget what is known of the content.
 */
static void
forget_content(Source *source)
{
	free(source->utf16);
	source->utf16 = NULL;
	source->started = false;
	source->first_start = 0;
	source->first_end = 0;
}

/*
 * Start again at the beginning of a file that is no pipe or the like.
 */
bool
source_rewind(Source *source)
{
	if (source->inflating)
		inflateEnd(&source->stream);
	memset(&source->stream, 0, sizeof(source->stream));
	source->inflating = false;
	source->at_end = false;
	source->bytes_read = 0;
	source->chunk_start = 0;
	source->chunk_end = 0;
	forget_content(source);
	if (lseek(source->fd, 0, SEEK_SET) != 0)
	{
		snprintf(source->error, sizeof(source->error), "could not read again: %s", strerror(errno));
		return false;
	}
	return at_gzip_member(source, &source->compressed);
}

/*
 * Is the file that is open an ordinary one, which can be read again?  *status is
 * what the system says of it.
 */
bool
source_is_file(const Source *source, struct stat *status)
{
	return source->opened && fstat(source->fd, status) == 0 && S_ISREG(status->st_mode);
}

/*
 * May somebody have written to the file since?  Times are not exact, so one that
 * was written shortly before may have been written after, too.
 */
bool
source_was_written(const Source *source, const struct stat *before)
{
	struct stat now;

	return fstat(source->fd, &now) != 0 || now.st_size < source->bytes_read ||
		now.st_mtim.tv_sec != before->st_mtim.tv_sec || now.st_mtim.tv_nsec != before->st_mtim.tv_nsec ||
		before->st_mtim.tv_sec >= time(NULL) - 1;
}

/*
 * Take bytes, which stay where they are, for the contents of a file.
 */
void
source_open_memory(Source *source, const void *data, size_t length)
{
	memset(source, 0, sizeof(*source));
	source->fd = -1;
	source->memory = data;
	source->memory_left = length;
	source->chunk = load_malloc(SOURCE_CHUNK);
	(void) at_gzip_member(source, &source->compressed);
}

/*
 * Start with the gzip member that is next, if there is one.
 *
 * gzip files may be put one after the other, and zero bytes may pad them.
 */
static bool
start_member(Source *source, bool *at_end)
{
	bool		is_gzip;

	if (!at_gzip_member(source, &is_gzip))
		return false;
	*at_end = !is_gzip;
	if (!is_gzip)
	{
		for (; source->chunk_start < source->chunk_end; source->chunk_start++)
		{
			if (source->chunk[source->chunk_start] == 0)
				continue;
			snprintf(source->error, sizeof(source->error), "there is something after the end of the gzip data");
			return false;
		}
		return true;
	}
	if (inflateInit2(&source->stream, 15 + 16) != Z_OK)
	{
		snprintf(source->error, sizeof(source->error), "could not start decompression");
		return false;
	}
	source->inflating = true;
	return true;
}

/*
 * Decompress once; the number of bytes that came may be zero.
 */
static ssize_t
inflate_some(Source *source, char *data, size_t size)
{
	int			result;
	size_t		wanted = size < (1U << 30) ? size : (1U << 30);

	source->stream.next_in = source->chunk + source->chunk_start;
	source->stream.avail_in = (uInt) (source->chunk_end - source->chunk_start);
	source->stream.next_out = (Bytef *) data;
	source->stream.avail_out = (uInt) wanted;
	result = inflate(&source->stream, Z_NO_FLUSH);
	source->chunk_start = source->chunk_end - source->stream.avail_in;

	if (result == Z_STREAM_END)
	{
		inflateEnd(&source->stream);
		source->inflating = false;
	}
	else if (result != Z_OK && result != Z_BUF_ERROR)
	{
		snprintf(source->error, sizeof(source->error), "gzip data is damaged: %s",
				 source->stream.msg != NULL ? source->stream.msg : "invalid data");
		return -1;
	}
	return (ssize_t) (wanted - source->stream.avail_out);
}

/*
 * Read from a gzip file.
 */
static ssize_t
read_compressed(Source *source, char *data, size_t size)
{
	for (;;)
	{
		ssize_t		length;
		bool		at_end = false;

		if (!source->inflating && !start_member(source, &at_end))
			return -1;
		if (at_end)
		{
			if (source->at_end)
				return 0;
			if (!read_chunk(source))
				return -1;
			continue;
		}
		length = inflate_some(source, data, size);
		if (length != 0)
			return length;
		if (source->inflating && source->chunk_start == source->chunk_end)
		{
			if (source->at_end)
			{
				snprintf(source->error, sizeof(source->error), "gzip data ends before its end: the file is truncated");
				return -1;
			}
			if (!read_chunk(source))
				return -1;
		}
	}
}

/*
 * Read at most so many bytes as they are in the file, but decompressed.
 */
static ssize_t
read_bytes(Source *source, char *data, size_t size)
{
	size_t		length;

	if (source->compressed)
		return read_compressed(source, data, size);
	if (source->chunk_start == source->chunk_end)
	{
		if (source->at_end)
			return 0;
		if (!read_chunk(source))
			return -1;
	}
	length = source->chunk_end - source->chunk_start;
	if (length > size)
		length = size;
	memcpy(data, source->chunk + source->chunk_start, length);
	source->chunk_start += length;
	return (ssize_t) length;
}

/*
 * Look at the first bytes of the content, which tell whether it is in UTF-16.
 */
static bool
look_at_start(Source *source)
{
	ssize_t		length = 1;

	while (source->first_end < sizeof(source->first) && length > 0)
	{
		length = read_bytes(source, (char *) source->first + source->first_end, sizeof(source->first) - source->first_end);
		if (length < 0)
			return false;
		source->first_end += (size_t) length;
	}
	source->started = true;
	if (is_utf16(source->first, source->first_end))
		source->utf16 = utf16_start(source->first, source->first_end);
	return true;
}

/*
 * Read from content that is in UTF-16.
 */
static ssize_t
read_utf16(Source *source, char *data, size_t size)
{
	Utf16	   *utf16 = source->utf16;
	ssize_t		length = 1;

	while (utf16->start == utf16->end && length > 0)
	{
		length = read_bytes(source, (char *) utf16->bytes + utf16->nbytes, sizeof(utf16->bytes) - utf16->nbytes);
		if (length < 0)
			return -1;
		utf16->nbytes += (size_t) length;
		utf16_decode(utf16, length == 0);
	}
	return (ssize_t) utf16_take(utf16, data, size);
}

/*
 * Read at most so many bytes; zero at the end, -1 on failure.
 */
ssize_t
source_read(Source *source, char *data, size_t size)
{
	size_t		length;

	if (!source->started && !look_at_start(source))
		return -1;
	if (source->utf16 != NULL)
		return read_utf16(source, data, size);
	length = source->first_end - source->first_start;
	if (length == 0)
		return read_bytes(source, data, size);
	if (length > size)
		length = size;
	memcpy(data, source->first + source->first_start, length);
	source->first_start += length;
	return (ssize_t) length;
}

/*
 * Close the file and give all memory back.
 */
void
source_close(Source *source)
{
	if (source->inflating)
		inflateEnd(&source->stream);
	if (source->opened)
		close(source->fd);
	free(source->chunk);
	source->chunk = NULL;
	source->inflating = false;
	source->opened = false;
	forget_content(source);
}
