/*-------------------------------------------------------------------------
 *
 * sql.c
 *	  Pieces of SQL.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <string.h>

#include "sql.h"

/*
 * SQL that is known already.
 */
Sql *
sql_text(Arena *arena, const char *text)
{
	Sql		   *sql = arena_alloc(arena, sizeof(Sql));

	sql->kind = SQL_TEXT;
	sql->text = text;
	return sql;
}

/*
 * Add text to a list, if there is any.
 */
static void
add_text(Arena *arena, Sql *list, const char *start, const char *end)
{
	if (end > start)
		vector_add(arena, &list->parts,
				   sql_text(arena, arena_strndup(arena, start, (size_t) (end - start))));
}

/*
 * SQL from a template, in which $1 is an argument, @name a name of PostgreSQL's,
 * #name one of azhunt's, {+} an operator of PostgreSQL's and {#=~} of azhunt's.
 */
Sql *
sql_template(Arena *arena, const char *template, Sql *const *arguments, int count)
{
	Sql		   *list = arena_alloc(arena, sizeof(Sql));
	const char *start = template;
	const char *p = template;

	list->kind = SQL_LIST;
	while (*p != '\0')
	{
		const char *insert = NULL;

		if (*p == '$' && isdigit((unsigned char) p[1]) && p[1] - '0' <= count)
		{
			add_text(arena, list, start, p);
			vector_add(arena, &list->parts, arguments[p[1] - '1']);
			start = p += 2;
			continue;
		}
		if (*p == '{' && p[1] == '#')
		{
			insert = "OPERATOR(azhunt.";
			add_text(arena, list, start, p++);
		}
		else if (*p == '{')
		{
			insert = "OPERATOR(pg_catalog.";
			add_text(arena, list, start, p);
		}
		else if (*p == '}')
		{
			insert = ")";
			add_text(arena, list, start, p);
		}
		else if (*p == '@' && isalpha((unsigned char) p[1]))
		{
			insert = "pg_catalog.";
			add_text(arena, list, start, p);
		}
		else if (*p == '#' && isalpha((unsigned char) p[1]))
		{
			insert = "azhunt.";
			add_text(arena, list, start, p);
		}
		p++;
		if (insert != NULL)
		{
			vector_add(arena, &list->parts, sql_text(arena, insert));
			start = p;
		}
	}
	add_text(arena, list, start, p);
	return list;
}

/*
 * The same, with the arguments as they come.
 */
Sql *
sql_format(Arena *arena, const char *format,...)
{
	Sql		   *arguments[9];
	int			count = 0;
	va_list		list;

	for (const char *p = format; *p != '\0'; p++)
	{
		if (*p == '$' && isdigit((unsigned char) p[1]) && p[1] - '0' > count)
			count = p[1] - '0';
	}
	va_start(list, format);
	for (int i = 0; i < count; i++)
		arguments[i] = va_arg(list, Sql *);
	va_end(list);
	return sql_template(arena, format, arguments, count);
}

/*
 * Pieces with something between them.
 */
Sql *
sql_join(Arena *arena, const Vector *pieces, const char *separator)
{
	Sql		   *list = arena_alloc(arena, sizeof(Sql));
	Sql		   *between = sql_template(arena, separator, NULL, 0);

	list->kind = SQL_LIST;
	for (int i = 0; i < pieces->count; i++)
	{
		if (i > 0)
			vector_add(arena, &list->parts, between);
		vector_add(arena, &list->parts, pieces->items[i]);
	}
	return list;
}

/*
 * A column of a subselect, by its alias.
 */
Sql *
sql_column(Arena *arena, OutColumn *column)
{
	Sql		   *sql = arena_alloc(arena, sizeof(Sql));

	sql->kind = SQL_COLUMN;
	sql->column = column;
	return sql;
}

/*
 * A subselect, in parentheses.
 */
Sql *
sql_subselect(Arena *arena, Select *select)
{
	Sql		   *sql = arena_alloc(arena, sizeof(Sql));

	sql->kind = SQL_SELECT;
	sql->select = select;
	return sql;
}

/*
 * A literal of type text, whatever standard_conforming_strings is.
 */
Sql *
sql_string(Arena *arena, const char *text, size_t length)
{
	Buffer		buffer = {arena, NULL, 0, 0, 2 * length + 64, false};

	buffer_text(&buffer, memchr(text, '\\', length) != NULL ? "E'" : "'");
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == '\'' || text[i] == '\\')
			buffer_add(&buffer, text + i, 1);
		buffer_add(&buffer, text + i, 1);
	}
	buffer_text(&buffer, "'::pg_catalog.text");
	return sql_text(arena, buffer.data);
}

/*
 * A name in quotes.
 */
const char *
quote_name(Arena *arena, const char *name)
{
	Buffer		buffer = {arena, NULL, 0, 0, 2 * strlen(name) + 8, false};

	buffer_text(&buffer, "\"");
	for (; *name != '\0'; name++)
	{
		if (*name == '"')
			buffer_text(&buffer, "\"");
		buffer_add(&buffer, name, 1);
	}
	buffer_text(&buffer, "\"");
	return buffer.data;
}

/*
 * A name, as SQL.
 */
Sql *
sql_name(Arena *arena, const char *name)
{
	return sql_text(arena, quote_name(arena, name));
}

/*
 * A SELECT without anything.
 */
Select *
select_new(Arena *arena)
{
	return arena_alloc(arena, sizeof(Select));
}

/*
 * Give a SELECT one more column.
 */
OutColumn *
select_add(Arena *arena, Select *select, const char *name, Sql *sql)
{
	OutColumn  *column = arena_alloc(arena, sizeof(OutColumn));

	column->name = name;
	column->sql = sql;
	column->select = select;
	vector_add(arena, &select->columns, column);
	return column;
}
