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
#include "common/bytes.h"

/*
 * What a type is called in messages.
 */
const char *
column_type_name(ColumnType type)
{
	static const char *const names[] = {
		[TYPE_TEXT] = "text",
		[TYPE_TIME] = "time",
		[TYPE_DYNAMIC] = "JSON value",
		[TYPE_BIGINT] = "bigint",
		[TYPE_INTEGER] = "integer",
		[TYPE_SMALLINT] = "smallint",
		[TYPE_REAL] = "double precision",
		[TYPE_BOOLEAN] = "boolean",
		[TYPE_OTHER] = "value of its type"
	};

	return names[type];
}

/*
 * Are these the same, ignoring the case of letters?
 */
static bool
same_name(const char *text, size_t length, const char *name)
{
	return strlen(name) == length && texts_match(text, name, length);
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
 * Is a name in a list?
 */
static bool
is_listed(const char *text, size_t length, const char *const *names)
{
	for (; *names != NULL; names++)
	{
		if (same_name(text, length, *names))
			return true;
	}
	return false;
}

/*
 * The tables in which records of a category may belong; none if it is unknown.
 */
unsigned
tables_of_category(const char *category, size_t length)
{
	unsigned	tables = 0;

	for (int i = 0; i < LOG_TABLES; i++)
	{
		if (is_listed(category, length, log_tables[i].categories) ||
			is_listed(category, length, log_tables[i].verbs))
			tables |= log_tables[i].bit;
	}
	return tables;
}

/*
 * Is a category how the operations of its records end?
 */
bool
is_verb_of(const LogTable *table, const char *category, size_t length)
{
	return is_listed(category, length, table->verbs);
}

/*
 * The tables of the service that a hint, or a part of it between slashes,
 * names; of several parts the last, as groups of resources may have any name.
 * None if it is unknown.
 */
unsigned
tables_of_service(const char *hint, size_t length)
{
	const char *end = hint + length;

	for (;;)
	{
		const char *slash = memrchr(hint, '/', (size_t) (end - hint));
		const char *part = slash != NULL ? slash + 1 : hint;
		unsigned	tables = 0;

		for (int i = 0; i < LOG_TABLES; i++)
		{
			if (is_listed(part, (size_t) (end - part), log_tables[i].services))
				tables |= log_tables[i].bit;
		}
		if (tables != 0 || slash == NULL)
			return tables;
		end = slash;
	}
}

/*
 * The tables of a container's name: am-<table> of data export rules,
 * insights-logs-<category> of diagnostic settings, or one of its own.
 */
static unsigned
tables_of_component(const char *name, size_t length)
{
	static const char export[] = "am-";
	static const char diagnostic[] = "insights-logs-";
	const LogTable *table;

	for (int i = 0; i < LOG_TABLES; i++)
	{
		if (is_listed(name, length, log_tables[i].containers))
			return log_tables[i].bit;
	}
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
 * The log table of a name of its own or of the portal's downloads of it, or NULL.
 */
static const LogTable *
log_table_of_file(const char *name, size_t length)
{
	for (int i = 0; i < LOG_TABLES; i++)
	{
		if (is_listed(name, length, log_tables[i].files))
			return &log_tables[i];
	}
	return log_table_by_name(name, length);
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
		if (word == length || p[length] == '\0')
		{
			const LogTable *named = log_table_of_file(p, word);

			found = named != NULL ? named : found;
		}
		p += length;
		p += strspn(p, "/");
	}
	return found;
}

/*
 * What is known of a column of a log table, or NULL.
 */
const ColumnDescription *
describe_column(const LogTable *table, const char *name)
{
	for (const ColumnDescription *c = table->columns; c->name != NULL; c++)
	{
		if (ascii_strcasecmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}
