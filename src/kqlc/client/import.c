/*-------------------------------------------------------------------------
 *
 * import.c
 *	  azhunt-kql import: add the hunts of files to the catalogue of a database,
 *	  and tell of each what became of it.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libpq-fe.h>

#include "client.h"

/* The longest name that azhunt.add_kql_hunt() takes, in bytes */
#define LONGEST_NAME	50

/* Memory of one compilation, in pieces */
typedef struct Block
{
	struct Block *next;
	size_t		padding;
} Block;

/* Why hunts were refused, and how many */
typedef struct Reason
{
	char	   *why;
	int			count;
} Reason;

/* What became of the files */
typedef struct Import
{
	const ImportOptions *options;
	PGconn	   *connection;		/* NULL if it only checks */
	char	  **names;			/* of hunts, by now */
	int			name_count;
	Reason	   *reasons;
	int			reason_count;
	int			imported;
	int			refused;
	int			skipped;
} Import;

/*
 * Memory that is freed with its list.
 */
static void *
allocate_block(void *context, size_t size)
{
	Block	  **blocks = context;
	Block	   *block = client_allocate(NULL, sizeof(Block) + size);

	block->next = *blocks;
	*blocks = block;
	return block + 1;
}

/*
 * A name for a hunt after that of its file: small letters, digits and _.
 */
static char *
name_of(const char *path)
{
	const char *base = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	const char *end = strrchr(base, '.') != NULL ? strrchr(base, '.') : base + strlen(base);
	Text		name = {0};

	add_text(&name, isdigit((unsigned char) base[0]) ? "hunt_" : "");
	for (; base < end && name.length < LONGEST_NAME; base++)
	{
		unsigned char c = (unsigned char) *base;
		char		letter = (char) tolower(c);

		if (c < 0x80 && isalnum(c))
			add_bytes(&name, &letter, 1);
		else if (name.length > 0 && name.data[name.length - 1] != '_')
			add_text(&name, "_");
	}
	while (name.length > 0 && name.data[name.length - 1] == '_')
		name.data[--name.length] = '\0';
	if (name.length == 0)
		add_text(&name, "hunt");
	return name.data;
}

/*
 * A name that no file before has had: the next number is added.
 */
static char *
free_name(Import *import, char *name, int file_count)
{
	size_t		length = strlen(name);
	char	   *candidate = name;
	bool		is_taken;
	int			number = 1;

	if (import->names == NULL)
		import->names = client_allocate(NULL, (size_t) file_count * sizeof(char *));
	do
	{
		is_taken = false;
		for (int i = 0; i < import->name_count; i++)
			is_taken |= strcmp(import->names[i], candidate) == 0;
		if (is_taken)
		{
			char		suffix[16];
			size_t		suffix_length = (size_t) snprintf(suffix, sizeof(suffix), "_%d", ++number);
			Text		next = {0};

			add_bytes(&next, name, length + suffix_length > LONGEST_NAME ? LONGEST_NAME - suffix_length : length);
			add_text(&next, suffix);
			if (candidate != name)
				free(candidate);
			candidate = next.data;
		}
	} while (is_taken);
	if (candidate != name)
		free(name);
	import->names[import->name_count++] = candidate;
	return candidate;
}

/*
 * Count a reason.
 */
static void
count_reason(Import *import, const char *why)
{
	for (int i = 0; i < import->reason_count; i++)
	{
		if (strcmp(import->reasons[i].why, why) == 0)
		{
			import->reasons[i].count++;
			return;
		}
	}
	if (import->reason_count % 64 == 0)
	{
		Reason	   *reasons = client_allocate(NULL, ((size_t) import->reason_count + 64) * sizeof(Reason));

		if (import->reason_count > 0)
			memcpy(reasons, import->reasons, (size_t) import->reason_count * sizeof(Reason));
		free(import->reasons);
		import->reasons = reasons;
	}
	import->reasons[import->reason_count].why = copy_text(why);
	import->reasons[import->reason_count++].count = 1;
}

/*
 * Say what became of a file, in one line.  What is said of it may have several.
 */
static void
report(const char *outcome, const char *name, const char *path, const char *why)
{
	char	   *line = copy_text(why != NULL ? why : "");

	replace_bytes(line, '\n', ' ');
	replace_bytes(line, '\t', ' ');
	printf("%s\t%s\t%s%s%s\n", outcome, name, path, line[0] != '\0' ? "\t" : "", line);
	free(line);
}

/*
 * Compile a query without a server: NULL, or all its errors.
 */
static char *
check_query(Import *import, const char *query)
{
	Block	   *blocks = NULL;
	KqlAllocator allocator = {&blocks, allocate_block};
	KqlResult	result;
	Text		errors = {0};

	kql_compile(query, strlen(query), import->options->tables, NULL, &allocator, &result);
	for (const KqlError *error = result.errors; error != NULL; error = error->next)
	{
		char		place[64];

		snprintf(place, sizeof(place), "%sLine %d, column %d: ", error == result.errors ? "" : ". ", error->line, error->column);
		add_text(&errors, place);
		add_text(&errors, error->message);
		count_reason(import, error->message);
	}
	while (blocks != NULL)
	{
		Block	   *next = blocks->next;

		free(blocks);
		blocks = next;
	}
	return errors.data;
}

/*
 * Count the reasons of an error of the server's: those of a query have a line
 * each, behind their place.
 */
static void
count_server_reasons(Import *import, const char *message, const char *detail)
{
	char	   *lines = copy_text(detail != NULL && strncmp(detail, "Line ", 5) == 0 ? detail : message);

	for (char *line = strtok(lines, "\n"); line != NULL; line = strtok(NULL, "\n"))
	{
		const char *column = strstr(line, "column ");
		const char *colon = column != NULL ? strstr(column, ": ") : NULL;
		char	   *end = strstr(line, ". Perhaps you meant");

		if (end == NULL && line[0] != '\0' && line[strlen(line) - 1] == '.')
			end = line + strlen(line) - 1;
		if (end != NULL)
			*end = '\0';
		count_reason(import, colon != NULL ? colon + 2 : line);
	}
	free(lines);
}

/*
 * Add a hunt to the catalogue: NULL, or why not.
 */
static char *
add_hunt(Import *import, const char *name, const HuntFile *hunt)
{
	static const char command[] =
	"SELECT azhunt.add_kql_hunt(pg_catalog.concat(pg_catalog.quote_ident($4) || '.', pg_catalog.quote_ident($1)), $2, $3::pg_catalog.jsonb)";
	const char *values[4] = {name, hunt->query, hunt->description, import->options->schema};
	PGresult   *result = PQexecParams(import->connection, command, 4, NULL, values, NULL, NULL, 0);
	Text		why = {0};

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
	{
		const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
		const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);

		if (message == NULL)
			message = PQerrorMessage(import->connection);
		add_text(&why, detail != NULL && strncmp(detail, "Line ", 5) == 0 ? detail : message);
		count_server_reasons(import, message, detail);
	}
	PQclear(result);
	if (PQstatus(import->connection) != CONNECTION_OK)
	{
		fprintf(stderr, "azhunt-kql: the connection is lost: %s", PQerrorMessage(import->connection));
		exit(EXIT_TROUBLE);
	}
	return why.data;
}

/*
 * Import one file.
 */
static void
import_file(Import *import, const char *path, int file_count)
{
	HuntFile	hunt;
	char	   *why;

	read_hunt_file(path, &hunt);
	if (hunt.problem != NULL)
	{
		import->refused++;
		count_reason(import, hunt.problem);
		report("refused", "", path, hunt.problem);
	}
	else if (hunt.query == NULL)
	{
		import->skipped++;
		report("skipped", "", path, "it has no query");
	}
	else
	{
		const char *name = free_name(import, name_of(path), file_count);

		why = import->connection == NULL ? check_query(import, hunt.query) : add_hunt(import, name, &hunt);
		if (why == NULL)
			import->imported++;
		else
			import->refused++;
		report(why != NULL ? "refused" : import->connection == NULL ? "compiles" : "imported", name, path, why);
		free(why);
	}
	free(hunt.problem);
	free(hunt.query);
	free(hunt.description);
}

/*
 * The more frequent reason comes first.
 */
static int
compare_reasons(const void *a, const void *b)
{
	const Reason *left = a;
	const Reason *right = b;

	return left->count != right->count ? right->count - left->count : strcmp(left->why, right->why);
}

/*
 * Say what became of all, and why.
 */
static void
report_all(Import *import)
{
	if (import->reason_count > 0)
		qsort(import->reasons, (size_t) import->reason_count, sizeof(Reason), compare_reasons);
	fprintf(stderr, "%d %s, %d refused, %d skipped\n", import->imported,
			import->connection == NULL ? "compile" : "imported", import->refused, import->skipped);
	for (int i = 0; i < import->reason_count; i++)
		fprintf(stderr, "%6d  %s\n", import->reasons[i].count, import->reasons[i].why);
}

/*
 * Connect, or end.
 */
static PGconn *
connect_to(const char *connection)
{
	const char *keywords[] = {"dbname", "fallback_application_name", "client_encoding", NULL};
	const char *values[] = {connection, "azhunt-kql", "UTF8", NULL};
	PGconn	   *result = PQconnectdbParams(keywords, values, 1);

	if (PQstatus(result) != CONNECTION_OK)
	{
		fprintf(stderr, "azhunt-kql: %s", PQerrorMessage(result));
		exit(EXIT_TROUBLE);
	}
	return result;
}

/*
 * Import the files that paths name.
 */
int
import_hunts(const ImportOptions *options, char *const *paths)
{
	Import		import = {.options = options};
	int			count;
	char	  **files = find_files(paths, &count);

	if (!options->only_checks)
		import.connection = connect_to(options->connection);
	for (int i = 0; i < count; i++)
	{
		import_file(&import, files[i], count);
		free(files[i]);
	}
	free(files);
	fflush(stdout);
	report_all(&import);
	if (import.connection != NULL)
		PQfinish(import.connection);
	return import.refused > 0 ? EXIT_REFUSED : 0;
}
