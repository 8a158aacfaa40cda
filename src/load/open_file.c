/*-------------------------------------------------------------------------
 *
 * open_file.c
 *	  A file, and the name that the ledger has for it.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "open_file.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "common/buffer.h"
#include "write/failure.h"
#include "write/ledger.h"

/* how often to look at a path that leads to one file after the other */
#define MAX_LOOKS	10

/*
 * The name of the file that is open, without symbolic links; NULL if its path
 * leads to another file by now.
 */
static char *
resolve(const Source *source, const char *path)
{
	struct stat opened;
	struct stat named;
	char	   *resolved = source->opened ? realpath(path, NULL) : NULL;

	if (!source_is_file(source, &opened))
	{
		free(resolved);
		return ledger_name(path);
	}
	if (resolved != NULL && stat(resolved, &named) == 0 &&
		named.st_dev == opened.st_dev && named.st_ino == opened.st_ino)
	{
		char	   *name = ledger_name(resolved);

		free(resolved);
		return name;
	}
	free(resolved);
	return NULL;
}

/*
 * Open the file of this turn.  What is read, and what it is called, are of the
 * same file, even if another one takes its place meanwhile.
 */
bool
open_file(Writer *writer, Source *source, char **name)
{
	for (int look = 0; look < MAX_LOOKS; look++)
	{
		if (!source_open(source, writer->path))
		{
			fail_file(writer, load_strdup(source->error));
			return false;
		}
		*name = resolve(source, writer->path);
		if (*name != NULL)
			return true;
		source_close(source);
	}
	fail_file(writer, load_strdup("one file after the other takes this place"));
	return false;
}
