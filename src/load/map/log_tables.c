/*-------------------------------------------------------------------------
 *
 * log_tables.c
 *	  The log tables, and what says that a record belongs in one.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "map/log_tables.h"

#include <ctype.h>
#include <string.h>

#include "common/ascii.h"

const LogTable log_tables[LOG_TABLES] = {
	{"StorageBlobLogs", BLOB},
	{"StorageFileLogs", FILES},
	{"SigninLogs", SIGNIN},
	{"AADNonInteractiveUserSignInLogs", NONINTERACTIVE},
	{"AzureActivity", ACTIVITY}
};

/* What a category, or a part of a path, says about the table. */
typedef struct CategoryMapping
{
	const char *category;
	unsigned	tables;			/* two where the storage service must decide */
} CategoryMapping;

/* The categories of diagnostic settings, and their tables. */
static const CategoryMapping categories[] = {
	{"StorageRead", STORAGE},
	{"StorageWrite", STORAGE},
	{"StorageDelete", STORAGE},
	{"SignInLogs", SIGNIN},
	{"NonInteractiveUserSignInLogs", NONINTERACTIVE},
	{"Administrative", ACTIVITY},
	{"Security", ACTIVITY},
	{"ServiceHealth", ACTIVITY},
	{"Alert", ACTIVITY},
	{"Recommendation", ACTIVITY},
	{"Policy", ACTIVITY},
	{"Autoscale", ACTIVITY},
	{"ResourceHealth", ACTIVITY},
	/* of the older streams */
	{"Action", ACTIVITY},
	{"Write", ACTIVITY},
	{"Delete", ACTIVITY},
	{NULL, 0}
};

/* What resource types, resource ids and service types say of the service. */
static const CategoryMapping storage_services[] = {
	{"blob", BLOB},
	{"blobServices", BLOB},
	{"file", FILES},
	{"fileServices", FILES},
	{NULL, 0}
};

/*
 * Are these the same, ignoring the case of letters?
 */
static bool
same_name(const char *text, size_t length, const char *name)
{
	return strlen(name) == length && ascii_strncasecmp(text, name, length) == 0;
}

/*
 * The log table of a bit.
 */
const LogTable *
log_table_of_bit(unsigned bit)
{
	for (int i = 0; i < LOG_TABLES; i++)
	{
		if (log_tables[i].bit == bit)
			return &log_tables[i];
	}
	return NULL;
}

/*
 * The log table of a name, or NULL.
 */
const LogTable *
log_table_by_name(const char *name, size_t length)
{
	for (int i = 0; i < LOG_TABLES; i++)
	{
		if (same_name(name, length, log_tables[i].name))
			return &log_tables[i];
	}
	return NULL;
}

/*
 * The tables in which records of a category may belong; none if it is unknown.
 */
unsigned
tables_of_category(const char *category, size_t length)
{
	for (const CategoryMapping *c = categories; c->category != NULL; c++)
	{
		if (same_name(category, length, c->category))
			return c->tables;
	}
	return 0;
}

/*
 * The table of the storage service that is named in a hint or by a part of it
 * between slashes; none if it is unknown.
 */
unsigned
table_of_storage_service(const char *hint, size_t length)
{
	const char *end = hint + length;

	while (hint <= end)
	{
		const char *slash = memchr(hint, '/', (size_t) (end - hint));
		const char *part_end = slash != NULL ? slash : end;

		for (const CategoryMapping *s = storage_services; s->category != NULL; s++)
		{
			if (same_name(hint, (size_t) (part_end - hint), s->category))
				return s->tables;
		}
		hint = part_end + 1;
	}
	return 0;
}

/*
 * The tables of a container's name: am-<table> of data export rules,
 * insights-logs-<category> and insights-activity-logs of diagnostic settings.
 */
static unsigned
tables_of_component(const char *name, size_t length)
{
	static const char export[] = "am-";
	static const char diagnostic[] = "insights-logs-";
	const LogTable *table;

	if (same_name(name, length, "insights-activity-logs"))
		return ACTIVITY;
	if (length > strlen(diagnostic) && ascii_strncasecmp(name, diagnostic, strlen(diagnostic)) == 0)
		return tables_of_category(name + strlen(diagnostic), length - strlen(diagnostic));
	if (length > strlen(export) && ascii_strncasecmp(name, export, strlen(export)) == 0)
	{
		table = log_table_by_name(name + strlen(export), length - strlen(export));
		return table != NULL ? table->bit : 0;
	}
	return 0;
}

/*
 * The tables that the container in a path says; none if there is none.
 */
unsigned
tables_of_container(const char *path)
{
	unsigned	tables = 0;

	for (const char *p = path; *p != '\0';)
	{
		size_t		length = strcspn(p, "/");
		unsigned	found = tables_of_component(p, length);

		if (found != 0)
			tables = found;
		p += length;
		p += strspn(p, "/");
	}
	return tables;
}

/*
 * The log table that a directory is named after, or that a file's name starts
 * with; the last one in the path, or NULL.
 */
const LogTable *
log_table_in_path(const char *path)
{
	const LogTable *found = NULL;

	for (const char *p = path; *p != '\0';)
	{
		size_t		length = strcspn(p, "/");
		size_t		word = 0;

		while (word < length && isalnum((unsigned char) p[word]))
			word++;
		if ((word == length || p[length] == '\0') && log_table_by_name(p, word) != NULL)
			found = log_table_by_name(p, word);
		p += length;
		p += strspn(p, "/");
	}
	return found;
}
