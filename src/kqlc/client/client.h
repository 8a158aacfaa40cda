/*-------------------------------------------------------------------------
 *
 * client.h
 *	  The parts of azhunt-kql.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef KQLC_CLIENT_H
#define KQLC_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "../kqlc.h"

/* Exit status */
#define EXIT_REFUSED	1
#define EXIT_TROUBLE	2

/* Text that grows */
typedef struct Text
{
	char	   *data;			/* ends with a null character */
	size_t		length;
	size_t		room;
} Text;

/* What a file of Sentinel's says of a query */
typedef struct HuntFile
{
	char	   *query;			/* NULL if it has none */
	char	   *description;	/* JSON */
	char	   *problem;		/* why it cannot be read, or NULL */
} HuntFile;

/* What import is told */
typedef struct ImportOptions
{
	const char *connection;
	const char *schema;			/* NULL for the first of search_path */
	bool		only_checks;
	const KqlSchema *tables;	/* to check with */
} ImportOptions;

/* memory.c */
extern void *client_allocate(void *context, size_t size);
extern char *copy_text(const char *text);
extern void add_bytes(Text *text, const char *data, size_t length);
extern void add_text(Text *text, const char *data);
extern void replace_bytes(char *text, char from, char to);
extern void give_up(const char *path);
extern char *read_whole_file(const char *path, size_t *length);

/* tables.c */
extern void read_tables(const char *path, KqlSchema *schema);

/* hunt_file.c */
extern void read_hunt_file(const char *path, HuntFile *hunt);

/* find_files.c */
extern char **find_files(char *const *paths, int *count);

/* import.c */
extern int	import_hunts(const ImportOptions *options, char *const *paths);

#endif							/* KQLC_CLIENT_H */
