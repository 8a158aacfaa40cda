/*-------------------------------------------------------------------------
 *
 * find_files.h
 *	  The files below the paths of the command line.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_FIND_FILES_H
#define LOAD_FIND_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One file of all those that were found. */
typedef struct InputFile
{
	char	   *path;			/* as messages show it */
	int64_t		size;
} InputFile;

typedef struct FileList
{
	InputFile  *files;
	size_t		nfiles;
	size_t		size;			/* of files */
	int64_t		bytes;
	bool		failed;			/* something could not be read */
	bool		watched;		/* will be looked for again */
	char	  **directories;	/* that were looked through */
	size_t		ndirectories;
	char	  **problems;		/* what could not be read, and why */
	size_t		nproblems;
} FileList;

extern void find_files(FileList *list, char **paths, int npaths, bool watched);
extern void tell_problems(const FileList *list, const FileList *before);
extern void free_files(FileList *list);

#endif							/* LOAD_FIND_FILES_H */
