/*-------------------------------------------------------------------------
 *
 * main.c
 *	  azhunt-kql: compile a KQL query without a server.
 *
 * usage: azhunt-kql [--schema DIR] FILE
 *		  azhunt-kql --functions
 *
 * The log tables are known.  DIR has a file for each other table, NAME.csv,
 * with a line "column,type" for each of its columns.
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

#include "kqlc.h"
#include "log_tables.h"

#define MOST_TABLES		1000

/* The tables of the directory */
typedef struct Directory
{
	KqlSourceTable tables[MOST_TABLES];
	int			count;
} Directory;

/*
 * Memory, or the end.
 */
static void *
allocate(void *context, size_t size)
{
	void	   *memory = malloc(size);

	(void) context;
	if (memory == NULL)
	{
		fputs("azhunt-kql: out of memory\n", stderr);
		exit(2);
	}
	return memory;
}

/*
 * A copy of a string.
 */
static char *
copy(const char *text)
{
	char	   *result = allocate(NULL, strlen(text) + 1);

	return strcpy(result, text);
}

/*
 * All of a file.
 */
static char *
read_file(const char *path, size_t *length)
{
	FILE	   *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	size_t		room = 65536;
	char	   *text = allocate(NULL, room);
	size_t		count;

	*length = 0;
	if (file == NULL)
	{
		perror(path);
		exit(2);
	}
	while ((count = fread(text +*length, 1, room - *length - 1, file)) > 0)
	{
		*length += count;
		if (*length + 1 == room)
		{
			text = realloc(text, room *= 2);

			if (text == NULL)
				allocate(NULL, (size_t) -1);
		}
	}
	text[	   *length] = '\0';

	if (file != stdin)
		fclose(file);
	return text;
}

/*
 * The name in quotes, as SQL has it: in small letters, without quotes if it
 * can be.
 */
static char *
sql_name_of(const char *name)
{
	char	   *result = copy(name);

	for (char *p = result; *p != '\0'; p++)
		*p = (char) tolower((unsigned char) *p);
	return result;
}

/*
 * Read the columns of one table.
 */
static void
read_table(const char *directory, const char *file, KqlSourceTable *table)
{
	char		path[4096];
	size_t		length;
	char	   *text;
	KqlSourceColumn *columns = allocate(NULL, 2000 * sizeof(KqlSourceColumn));
	char		sql_name[512];

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	text = read_file(path, &length);

	table->name = copy(file);
	*strrchr((char *) table->name, '.') = '\0';
	snprintf(sql_name, sizeof(sql_name), "azhunt.%s", table->name);
	table->sql_name = sql_name_of(sql_name);
	table->columns = columns;
	table->ingestion_time = NULL;
	table->column_count = 0;
	for (char *line = strtok(text, "\r\n"); line != NULL && table->column_count < 2000; line = strtok(NULL, "\r\n"))
	{
		char	   *comma = strchr(line, ',');
		KqlSourceColumn *column = &columns[table->column_count];

		if (comma == NULL)
			continue;
		*comma = '\0';
		memset(column, 0, sizeof(*column));
		column->type = kql_type_of_name(comma + 1);
		column->name = copy(line);
		column->sql_name = sql_name_of(line);
		if (column->type != KQL_NONE)
			table->column_count++;
	}
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
	{
		perror(path);
		exit(2);
	}
	while ((entry = readdir(dir)) != NULL && directory->count < MOST_TABLES)
	{
		const char *suffix = strrchr(entry->d_name, '.');

		if (suffix != NULL && strcmp(suffix, ".csv") == 0)
			read_table(path, entry->d_name, &directory->tables[directory->count++]);
	}
	closedir(dir);
}

/*
 * The table of that name.
 */
static const KqlSourceTable *
find_table(void *context, const char *name)
{
	Directory  *directory = context;

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
	Directory  *directory = context;

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
 * Print the table of functions, for the documentation.
 */
static int
print_functions(void)
{
	const char *name;
	const char *arguments;
	const char *result;
	const char *description;

	for (int i = 0; kql_describe_function(i, &name, &arguments, &result, &description); i++)
		printf("%s\t%s\t%s\t%s\n", name, arguments, result, description);
	return 0;
}

/*
 * Print the errors, each at its place.
 */
static int
print_errors(const char *path, const KqlError *error)
{
	for (; error != NULL; error = error->next)
	{
		fprintf(stderr, "%s:%d:%d: %s\n", path, error->line, error->column, error->message);
		if (error->hint != NULL)
			fprintf(stderr, "  %s\n", error->hint);
	}
	return 1;
}

int
main(int argc, char **argv)
{
	static Directory directory;
	KqlSchema	schema = {&directory, find_table, table_name};
	KqlAllocator allocator = {NULL, allocate};
	KqlResult	result;
	size_t		length;
	char	   *query;

	if (argc == 2 && strcmp(argv[1], "--functions") == 0)
		return print_functions();
	if (argc == 4 && strcmp(argv[1], "--schema") == 0)
	{
		read_directory(argv[2], &directory);
		argv += 2;
		argc -= 2;
	}
	if (argc != 2 || (argv[1][0] == '-' && argv[1][1] != '\0'))
	{
		fputs("usage: azhunt-kql [--schema DIR] FILE\n", stderr);
		return 2;
	}
	query = read_file(argv[1], &length);
	kql_compile(query, length, &schema, NULL, &allocator, &result);
	if (result.errors != NULL)
		return print_errors(argv[1], result.errors);
	printf("%s\n", result.sql);
	return 0;
}
