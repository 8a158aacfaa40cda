/*-------------------------------------------------------------------------
 *
 * find_files.c
 *	  The files of Sentinel's repository that paths name, in order.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client.h"

/* Paths, as many as are found */
typedef struct Paths
{
	char	  **items;
	int			count;
	int			room;
} Paths;

/*
 * Add a path, which it then owns.
 */
static void
add_path(Paths *paths, char *path)
{
	if (paths->count == paths->room)
	{
		char	  **items;

		paths->room = 2 * paths->room + 64;
		items = client_allocate(NULL, (size_t) paths->room * sizeof(char *));
		if (paths->count > 0)
			memcpy(items, paths->items, (size_t) paths->count * sizeof(char *));
		free(paths->items);
		paths->items = items;
	}
	paths->items[paths->count++] = path;
}

/*
 * Does a directory's file have the suffix of YAML?
 */
static bool
is_yaml(const char *path)
{
	const char *suffix = strrchr(path, '.');

	return suffix != NULL && (strcmp(suffix, ".yaml") == 0 || strcmp(suffix, ".yml") == 0);
}

/*
 * The order of paths.
 */
static int
compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/*
 * Add the files below a directory.
 */
static void
add_directory(Paths *paths, const char *path)
{
	DIR		   *dir = opendir(path);
	struct dirent *entry;

	if (dir == NULL)
		give_up(path);
	while ((entry = readdir(dir)) != NULL)
	{
		Text		child = {0};
		struct stat status;

		/* hidden ones are not looked at */
		if (entry->d_name[0] == '.')
			continue;
		add_text(&child, path);
		add_text(&child, "/");
		add_text(&child, entry->d_name);
		/* a link to nowhere is no file */
		if (lstat(child.data, &status) == 0 && S_ISDIR(status.st_mode))
			add_directory(paths, child.data);
		else if (is_yaml(child.data) && stat(child.data, &status) == 0 && S_ISREG(status.st_mode))
		{
			add_path(paths, child.data);
			continue;
		}
		free(child.data);
	}
	closedir(dir);
}

/*
 * The files that paths name: files, or directories with all YAML below.
 */
char	  **
find_files(char *const *paths, int *count)
{
	Paths		found = {0};

	for (; *paths != NULL; paths++)
	{
		struct stat status;
		int			first = found.count;

		if (stat(*paths, &status) != 0)
			give_up(*paths);
		if (S_ISDIR(status.st_mode))
			add_directory(&found, *paths);
		else
			add_path(&found, copy_text(*paths));
		if (found.count > first)
			qsort(found.items + first, (size_t) (found.count - first), sizeof(char *), compare_paths);
	}
	*count = found.count;
	return found.items;
}
