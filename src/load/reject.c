/*-------------------------------------------------------------------------
 *
 * reject.c
 *	  Records that are not loaded, and why.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * Write bytes in base 64.
 */
static void
append_base64(Buffer *out, const char *text, size_t length)
{
	static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *) text;

	for (size_t i = 0; i < length; i += 3)
	{
		uint32_t	bits = (uint32_t) p[i] << 16;

		if (i + 1 < length)
			bits |= (uint32_t) p[i + 1] << 8;
		if (i + 2 < length)
			bits |= p[i + 2];
		buffer_append_byte(out, digits[bits >> 18]);
		buffer_append_byte(out, digits[bits >> 12 & 63]);
		buffer_append_byte(out, i + 1 < length ? digits[bits >> 6 & 63] : '=');
		buffer_append_byte(out, i + 2 < length ? digits[bits & 63] : '=');
	}
}

/*
 * Keep a bad record for the reject file, as a line of JSON.
 */
bool
reject_record(Loader *loader, Target *target, const char *text, size_t length,
			  Position position, const char *reason)
{
	Buffer		line = {0};
	bool		written;

	if (loader->rejects == NULL)
		loader->rejects = tmpfile();
	buffer_append_string(&line, "{\"file\":");
	dump_json_string(&line, loader->path, strlen(loader->path));
	buffer_printf(&line, ",\"line\":%lld,\"column\":%lld,\"reason\":",
				  (long long) position.line, (long long) position.column);
	dump_json_string(&line, reason, strlen(reason));
	if (is_utf8(text, length))
	{
		buffer_append_string(&line, ",\"record\":");
		dump_json_string(&line, text, length);
	}
	else
	{
		buffer_append_string(&line, ",\"record_base64\":\"");
		append_base64(&line, text, length);
		buffer_append_byte(&line, '"');
	}
	buffer_append_string(&line, "}\n");
	written = loader->rejects != NULL &&
		fwrite(line.data, 1, line.length, loader->rejects) == line.length;
	buffer_free(&line);
	if (!written)
	{
		fail_file(loader, load_printf("could not write a temporary file: %s", strerror(errno)));
		return false;
	}
	loader->rejected++;
	if (target != NULL)
		target->rejected_count++;
	return true;
}

/*
 * Append what was kept to an open reject file.
 */
static bool
append_rejects(FILE *rejects, int file)
{
	char		chunk[8192];
	size_t		length;

	rewind(rejects);
	while ((length = fread(chunk, 1, sizeof(chunk), rejects)) > 0)
	{
		errno = 0;
		if (write(file, chunk, length) != (ssize_t) length)
		{
			/* what is written in part has met a full disk */
			if (errno == 0)
				errno = ENOSPC;
			return false;
		}
	}
	return !ferror(rejects) && (fsync(file) == 0 || errno == EINVAL || errno == EROFS);
}

/*
 * Append this file's bad records to the reject file.  That comes before the
 * commit: a record may come twice then, but none is lost.
 */
bool
keep_rejects(Loader *loader)
{
	int			file;
	bool		ok;

	if (loader->rejected == 0)
		return true;
	file = open(loader->options->reject_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	/*
	 * jobs take turns; where files cannot be locked, each line is in one
	 * piece
	 */
	if (file >= 0)
		(void) lockf(file, F_LOCK, 0);
	ok = file >= 0 && append_rejects(loader->rejects, file);
	if (!ok)
		fail_file(loader, load_printf("could not write \"%s\": %s",
									  loader->options->reject_file, strerror(errno)));
	if (file >= 0)
		close(file);
	return ok;
}
