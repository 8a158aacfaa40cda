/*-------------------------------------------------------------------------
 *
 * reject.c
 *	  Records that are not loaded, and why.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "write/reject.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/utf8.h"
#include "read/json_text.h"
#include "write/failure.h"

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
 * The bad records cannot be kept.
 */
static bool
fail_keeping(Writer *writer)
{
	fail_file(writer, load_printf("could not write a temporary file: %s", strerror(errno)));
	return false;
}

/*
 * Keep a bad record for the reject file, as a line of JSON.
 */
bool
reject_record(Writer *writer, TargetTable *target, const char *text, size_t length,
			  Position position, const char *reason)
{
	Buffer		line = {0};
	bool		written;

	if (writer->rejects == NULL)
		writer->rejects = tmpfile();
	buffer_append_string(&line, "{\"file\":");
	dump_json_string(&line, writer->path, strlen(writer->path));
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
	written = writer->rejects != NULL &&
		fwrite(line.data, 1, line.length, writer->rejects) == line.length;
	buffer_free(&line);
	if (!written)
		return fail_keeping(writer);
	writer->rejected++;
	if (target != NULL)
		target->rejected_count++;
	return true;
}

/*
 * Open the reject file, which must be an ordinary file of ours: what it takes is
 * as confidential as the logs, and a name in a directory that others can write to
 * may be a link that they put there.  A pipe or device could lose records.
 */
static int
open_rejects(const char *path, const char **problem)
{
	struct stat status;
	int			file = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);

	*problem = NULL;
	if (file < 0)
		*problem = errno == ELOOP ? "is a symbolic link" : strerror(errno);
	else if (fstat(file, &status) != 0)
		*problem = strerror(errno);
	else if (!S_ISREG(status.st_mode))
		*problem = "is not an ordinary file";
	else if (status.st_uid != geteuid())
		*problem = "belongs to another user";
	else if (status.st_nlink > 1)
		*problem = "has other names, too (hard links)";
	if (*problem == NULL)
		return file;
	if (file >= 0)
		close(file);
	return -1;
}

/*
 * Write all of some bytes.
 */
static bool
write_all(int file, const char *data, size_t length)
{
	while (length > 0)
	{
		ssize_t		written = write(file, data, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		data += written;
		length -= (size_t) written;
	}
	return true;
}

/*
 * See to it that a new line starts at the end of a file of this size, even if
 * somebody was interrupted there.
 */
static bool
end_line(int file, off_t size)
{
	char		last;

	if (size == 0 || (pread(file, &last, 1, size - 1) == 1 && last == '\n'))
		return true;
	return write_all(file, "\n", 1);
}

/*
 * Append what was kept to an open reject file.
 */
static bool
append_rejects(FILE *rejects, int file, off_t size)
{
	char		chunk[8192];
	size_t		length;

	if (!end_line(file, size))
		return false;
	while ((length = fread(chunk, 1, sizeof(chunk), rejects)) > 0)
	{
		if (!write_all(file, chunk, length))
			return false;
	}
	return !ferror(rejects) && (fsync(file) == 0 || errno == EINVAL || errno == EROFS);
}

/*
 * Append this file's bad records to the reject file.  That comes before the
 * commit: a record may come twice then, but none is lost.
 */
bool
keep_rejects(Writer *writer)
{
	const char *path = writer->options->reject_file;
	const char *problem;
	struct stat status;
	int			file;
	bool		locked;
	bool		ok;

	if (writer->rejected == 0)
		return true;
	/* rewind() would not tell that the last of them could not be written */
	if (fseek(writer->rejects, 0, SEEK_SET) != 0)
		return fail_keeping(writer);
	file = open_rejects(path, &problem);
	if (file < 0)
	{
		fail_file(writer, load_printf("could not write \"%s\": %s", path, problem));
		return false;
	}
	/* jobs take turns, where files can be locked */
	locked = lockf(file, F_LOCK, 0) == 0;
	ok = fstat(file, &status) == 0 && append_rejects(writer->rejects, file, status.st_size);
	if (!ok)
	{
		fail_file(writer, load_printf("could not write \"%s\": %s", path, strerror(errno)));
		/* leave no part behind; without a lock it may be another job's */
		if (locked)
			(void) !ftruncate(file, status.st_size);
	}
	close(file);
	return ok;
}
