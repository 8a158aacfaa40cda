/*-------------------------------------------------------------------------
 *
 * tables.c
 *	  The tables that queries can read without a server: the log tables, and
 *	  those of a directory that has a file for each, NAME.csv, with a line
 *	  "column,type" for each of its columns; a line "externaldata,ADDRESS" maps
 *	  an address to it.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../log_tables.h"
#include "client.h"

#define MOST_TABLES		1000
#define MOST_COLUMNS	2000

/* The tables of a directory */
typedef struct Directory
{
	KqlSourceTable tables[MOST_TABLES];
	const char *addresses[MOST_TABLES]; /* of externaldata, or NULL */
	int			count;
} Directory;

/*
 * A name in small letters, as SQL has it.
 */
static char *
sql_name_of(const char *name)
{
	char	   *result = copy_text(name);

	for (char *p = result; *p != '\0'; p++)
		*p = (char) tolower((unsigned char) *p);
	return result;
}

/*
 * A line that says nothing of a table ends the program.
 */
static void
refuse_line(const char *path, int number, const char *problem)
{
	fprintf(stderr, "azhunt-kql: %s:%d: %s\n", path, number, problem);
	exit(EXIT_TROUBLE);
}

/*
 * Take a line of a table's file: what is wrong with it, or NULL.
 */
static const char *
read_line(char *line, KqlSourceTable *table, KqlSourceColumn *columns, const char **address)
{
	char	   *comma = strchr(line, ',');
	KqlSourceColumn *column = &columns[table->column_count];

	if (comma == NULL)
		return "expected \"column,type\"";
	*comma = '\0';
	if (strcmp(line, "externaldata") == 0 && strstr(comma + 1, "://") != NULL)
	{
		*address = copy_text(comma + 1);
		return NULL;
	}
	if (table->column_count == MOST_COLUMNS)
		return "the table has too many columns";
	memset(column, 0, sizeof(*column));
	column->type = kql_type_of_name(comma + 1);
	if (column->type == KQL_NONE)
		return "KQL has no type of that name";
	column->name = copy_text(line);
	column->sql_name = sql_name_of(line);
	table->column_count++;
	return NULL;
}

/*
 * Take the lines of a table's file.
 */
static void
read_lines(const char *path, KqlSourceTable *table, const char **address)
{
	size_t		length;
	char	   *text = read_whole_file(path, &length);
	char	   *line = text;
	int			number = 1;
	KqlSourceColumn *columns = client_allocate(NULL, MOST_COLUMNS * sizeof(KqlSourceColumn));

	table->columns = columns;
	for (; line < text + length; number++)
	{
		char	   *end = line + strcspn(line, "\n");
		const char *problem = NULL;

		if (*end == '\0' && end < text + length)
			refuse_line(path, number, "there is a null character");
		*end = '\0';
		line[strcspn(line, "\r")] = '\0';
		if (line[0] != '\0')
			problem = read_line(line, table, columns, address);
		if (problem != NULL)
			refuse_line(path, number, problem);
		line = end + 1;
	}
	free(text);
}

/*
 * Read the columns of one table.
 */
static void
read_table(const char *directory, const char *file, KqlSourceTable *table, const char **address)
{
	Text		path = {0};
	Text		sql_name = {0};

	add_text(&path, directory);
	add_text(&path, "/");
	add_text(&path, file);
	memset(table, 0, sizeof(*table));
	table->name = copy_text(file);
	*strrchr((char *) table->name, '.') = '\0';
	add_text(&sql_name, "azhunt.");
	add_text(&sql_name, table->name);
	table->sql_name = sql_name_of(sql_name.data);
	read_lines(path.data, table, address);
	free(path.data);
	free(sql_name.data);
}

/*
 * Read the tables of a directory.
 */
static void
read_directory(const char *path, Directory *directory)
{
	DIR		   *dir = opendir(path);
	struct dirent *entry;

	if (dir == NULL)
		give_up(path);
	while ((entry = readdir(dir)) != NULL)
	{
		const char *suffix = strrchr(entry->d_name, '.');

		if (suffix != NULL && strcmp(suffix, ".csv") == 0)
		{
			if (directory->count == MOST_TABLES)
			{
				fprintf(stderr, "azhunt-kql: %s: there are too many tables\n", path);
				exit(EXIT_TROUBLE);
			}
			read_table(path, entry->d_name, &directory->tables[directory->count], &directory->addresses[directory->count]);
			directory->count++;
		}
	}
	closedir(dir);
}

/*
 * The table of that name.
 */
static const KqlSourceTable *
find_table(void *context, const char *name)
{
	const Directory *directory = context;

	for (int i = 0; i < directory->count; i++)
	{
		if (strcmp(directory->tables[i].name, name) == 0)
			return &directory->tables[i];
	}
	return kql_find_log_table(name);
}

/*
 * The name of a table.
 */
static const char *
table_name(void *context, int number)
{
	const Directory *directory = context;

	if (number < directory->count)
		return directory->tables[number].name;
	for (const KqlSourceTable *table = kql_log_tables; table->name != NULL; table++)
	{
		if (number-- == directory->count)
			return table->name;
	}
	return NULL;
}

/*
 * The table of that address of externaldata.
 */
static const KqlSourceTable *
find_external(void *context, const char *address)
{
	const Directory *directory = context;

	for (int i = 0; i < directory->count; i++)
	{
		if (directory->addresses[i] != NULL && strcmp(directory->addresses[i], address) == 0)
			return &directory->tables[i];
	}
	return NULL;
}

/*
 * Know the log tables, and the tables of a directory, unless that is NULL.
 */
void
read_tables(const char *path, KqlSchema *schema)
{
	static Directory directory;

	if (path != NULL)
		read_directory(path, &directory);
	schema->context = &directory;
	schema->find_table = find_table;
	schema->table_name = table_name;
	schema->find_external = find_external;
}
