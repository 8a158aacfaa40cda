/*-------------------------------------------------------------------------
 *
 * sql.h
 *	  The SQL that a query becomes, as a tree that is written at the end.
 *
 * A piece of SQL is shared by all who use it, so making one costs the same
 * whatever is in it.  A column of a subselect that nobody reads is left out,
 * and with it what only it reads.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef KQLC_SQL_H
#define KQLC_SQL_H

#include "memory.h"

/* Compiled queries are not longer than this */
#define MAX_SQL_LENGTH	(4 * 1024 * 1024)

typedef enum SqlKind
{
	SQL_TEXT,
	SQL_LIST,					/* pieces, one behind the other */
	SQL_COLUMN,					/* a column of a subselect */
	SQL_SELECT					/* a subselect in parentheses */
} SqlKind;

struct Select;

/* A column that a SELECT has */
typedef struct OutColumn
{
	const char *name;
	struct Sql *sql;			/* NULL where the SELECT is a union */
	struct Select *select;
	bool		is_used;
} OutColumn;

typedef struct Sql
{
	SqlKind		kind;
	bool		is_marked;		/* columns in it are known to be used */
	const char *text;
	Vector		parts;
	OutColumn  *column;
	struct Select *select;
} Sql;

typedef struct Select
{
	const char *alias;
	Vector		columns;		/* OutColumn */
	Sql		   *from;
	Vector		where;			/* Sql, all of which have to be true */
	int			group_count;	/* the first columns are grouped by */
	bool		is_grouped;		/* even if by nothing */
	bool		is_distinct;
	Vector		distinct_on;	/* Sql */
	Vector		order;			/* Sql */
	Sql		   *limit;
	Vector		branches;		/* Select, of which it is a UNION ALL */
	bool		needs_all;		/* columns must not be left out */
	bool		is_marked;
} Select;

/* A query of its own, with a name */
typedef struct CommonTable
{
	const char *name;
	Select	   *select;
} CommonTable;

extern Sql *sql_text(Arena *arena, const char *text);
extern Sql *sql_format(Arena *arena, const char *format,...);
extern Sql *sql_template(Arena *arena, const char *template, Sql *const *arguments, int count);
extern Sql *sql_join(Arena *arena, const Vector *pieces, const char *separator);
extern Sql *sql_column(Arena *arena, OutColumn *column);
extern Sql *sql_subselect(Arena *arena, Select *select);
extern Sql *sql_string(Arena *arena, const char *text, size_t length);
extern Sql *sql_name(Arena *arena, const char *name);
extern const char *quote_name(Arena *arena, const char *name);
extern const char *sql_peek(Arena *arena, const Sql *sql);

extern Select *select_new(Arena *arena);
extern OutColumn *select_add(Arena *arena, Select *select, const char *name, Sql *sql);
extern char *select_write(Arena *arena, const Vector *common_tables, Select *select);

#endif							/* KQLC_SQL_H */
