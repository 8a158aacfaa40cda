/*-------------------------------------------------------------------------
 *
 * find_files.c
 *	  The files below the paths of the command line.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "read/find_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/buffer.h"
#include "common/messages.h"

/* A directory that is being walked, to recognise loops of symbolic links. */
typedef struct Ancestor
{
	const struct Ancestor *parent;
	dev_t		device;
	ino_t		inode;
	int			depth;
} Ancestor;

/* directories are nested less than this */
#define MAX_DEPTH	200

static void walk(FileList *list, const char *path, const Ancestor *parent);

/*
 * Add a file.
 */
static void
add_file(FileList *list, const char *path, int64_t size)
{
	if (list->nfiles == list->size)
	{
		list->size = list->size > 0 ? list->size * 2 : 64;
		list->files = load_realloc(list->files, list->size * sizeof(InputFile));
	}
	list->files[list->nfiles].path = load_strdup(path);
	list->files[list->nfiles].size = size;
	list->nfiles++;
	list->bytes += size;
}

/*
 * Add a string, which is the array's from now on.
 */
static void
add_string(char ***strings, size_t *count, char *string)
{
	/* the number has reached the size where it is a power of two */
	if ((*count & (*count - 1)) == 0)
		*strings = load_realloc(*strings, (*count > 0 ? *count * 2 : 1) * sizeof(char *));
	(*strings)[(*count)++] = string;
}

/*
 * Note that a path cannot be loaded.
 */
static void
refuse_path(FileList *list, const char *path, const char *reason)
{
	add_string(&list->problems, &list->nproblems, load_printf("%s: %s", path, reason));
	list->failed = true;
}

/*
 * Compare names for qsort(), so that hours come in their order.
 */
static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/*
 * The names in a directory but hidden ones; false if it cannot be read to its end, and
 * errno says why.
 */
static bool
read_names(DIR *directory, char ***names, size_t *count)
{
	struct dirent *entry;

	*names = NULL;
	*count = 0;
	while (errno = 0, (entry = readdir(directory)) != NULL)
	{
		if (entry->d_name[0] != '.')
			add_string(names, count, load_strdup(entry->d_name));
	}
	return errno == 0;
}

/*
 * Walk a directory.
 */
static void
walk_directory(FileList *list, const char *path, const struct stat *status, const Ancestor *parent)
{
	Ancestor	self = {parent, status->st_dev, status->st_ino, parent != NULL ? parent->depth + 1 : 0};
	DIR		   *directory;
	char	  **names;
	size_t		count;

	for (const Ancestor *a = parent; a != NULL; a = a->parent)
	{
		if (a->device == self.device && a->inode == self.inode)
		{
			refuse_path(list, path, "symbolic link leads back to a directory above it");
			return;
		}
	}
	if (self.depth > MAX_DEPTH)
	{
		refuse_path(list, path, "directories are nested too deep");
		return;
	}
	directory = opendir(path);
	if (directory == NULL)
	{
		refuse_path(list, path, strerror(errno));
		return;
	}
	if (!read_names(directory, &names, &count))
		refuse_path(list, path, strerror(errno));
	closedir(directory);
	if (count > 0)
		qsort(names, count, sizeof(char *), compare_names);
	add_string(&list->directories, &list->ndirectories, load_strdup(path));
	for (size_t i = 0; i < count; i++)
	{
		size_t		length = strlen(path);
		char	   *child = load_printf("%s%s%s", path, path[length - 1] == '/' ? "" : "/", names[i]);

		walk(list, child, &self);
		free(child);
		free(names[i]);
	}
	free(names);
}

/*
 * Add a file, or the files below a directory.
 */
static void
walk(FileList *list, const char *path, const Ancestor *parent)
{
	struct stat status;

	if (stat(path, &status) != 0)
	{
		const char *reason = strerror(errno);

		/*
		 * what is gone since its directory was read is no matter to who
		 * watches
		 */
		if (list->watched && errno == ENOENT && parent != NULL && lstat(path, &status) != 0)
			return;
		refuse_path(list, path, reason);
		return;
	}
	if (S_ISDIR(status.st_mode))
		walk_directory(list, path, &status, parent);
	else if (S_ISREG(status.st_mode) || parent == NULL)
		add_file(list, path, S_ISREG(status.st_mode) ? (int64_t) status.st_size : 0);
}

/*
 * Tell of what could not be read, but for what was told of after an earlier look.
 */
void
tell_problems(const FileList *list, const FileList *before)
{
	for (size_t i = 0; i < list->nproblems; i++)
	{
		bool		told = false;

		for (size_t j = 0; before != NULL && j < before->nproblems && !told; j++)
			told = strcmp(list->problems[i], before->problems[j]) == 0;
		if (!told)
			report_error("%s", list->problems[i]);
	}
}

/*
 * Find all files of the paths.  Who watches them tells of problems by itself, and
 * minds no directory that is empty.
 */
void
find_files(FileList *list, char **paths, int npaths, bool watched)
{
	memset(list, 0, sizeof(*list));
	list->watched = watched;
	for (int i = 0; i < npaths; i++)
	{
		size_t		before = list->nfiles;

		if (strcmp(paths[i], "-") == 0)
			add_file(list, "-", 0);
		else if (*paths[i] == '\0')
			refuse_path(list, "\"\"", "path is empty");
		else
		{
			bool		failed = list->failed;

			list->failed = false;
			walk(list, paths[i], NULL);
			if (list->nfiles == before && !list->failed && !watched)
				refuse_path(list, paths[i], "directory holds no files");
			list->failed = list->failed || failed;
		}
	}
	if (!watched)
		tell_problems(list, NULL);
}

/*
 * Give the memory of a list back.
 */
void
free_files(FileList *list)
{
	for (size_t i = 0; i < list->nfiles; i++)
		free(list->files[i].path);
	free(list->files);
	for (size_t i = 0; i < list->ndirectories; i++)
		free(list->directories[i]);
	free(list->directories);
	for (size_t i = 0; i < list->nproblems; i++)
		free(list->problems[i]);
	free(list->problems);
}
