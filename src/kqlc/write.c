/*-------------------------------------------------------------------------
 *
 * write.c
 *	  Writing SQL, without the columns that nobody reads.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "sql.h"

static void mark_column(OutColumn *column);
static void select_mark(Select *select);
static void write_select(Buffer *out, Select *select, int indent);

/*
 * The columns in this piece are read.
 */
static void
mark(Sql *sql)
{
	if (sql == NULL || sql->is_marked)
		return;
	sql->is_marked = true;
	for (int i = 0; i < sql->parts.count; i++)
		mark(sql->parts.items[i]);
	if (sql->kind == SQL_COLUMN)
		mark_column(sql->column);
	else if (sql->kind == SQL_SELECT)
		select_mark(sql->select);
}

/*
 * This column is read, and so are those that it is made of.
 */
static void
mark_column(OutColumn *column)
{
	Select	   *select = column->select;

	if (column->is_used)
		return;
	column->is_used = true;
	mark(column->sql);
	for (int i = 0; i < select->columns.count; i++)
	{
		if (select->columns.items[i] != column)
			continue;
		for (int j = 0; j < select->branches.count; j++)
			mark_column(((Select *) select->branches.items[j])->columns.items[i]);
	}
}

/*
 * Mark all pieces of a list.
 */
static void
mark_all(const Vector *pieces)
{
	for (int i = 0; i < pieces->count; i++)
		mark(pieces->items[i]);
}

/*
 * A SELECT is read: all of it but the columns, which are marked one by one.
 */
static void
select_mark(Select *select)
{
	if (select->is_marked)
		return;
	select->is_marked = true;
	for (int i = 0; i < select->columns.count; i++)
	{
		if (select->needs_all || select->is_distinct || i < select->group_count)
			mark_column(select->columns.items[i]);
	}
	mark(select->from);
	mark(select->limit);
	mark_all(&select->where);
	mark_all(&select->distinct_on);
	mark_all(&select->order);
	for (int i = 0; i < select->branches.count; i++)
		select_mark(select->branches.items[i]);
}

/*
 * Begin a new line.
 */
static void
new_line(Buffer *out, int indent)
{
	buffer_text(out, "\n");
	/* deep levels are not indented more, so that the text stays short */
	for (int i = 0; i < indent && i < 30; i++)
		buffer_text(out, "  ");
}

/*
 * Write a piece.
 */
static void
write_sql(Buffer *out, const Sql *sql, int indent)
{
	if (out->is_full)
		return;
	switch (sql->kind)
	{
		case SQL_TEXT:
			buffer_text(out, sql->text);
			break;
		case SQL_LIST:
			for (int i = 0; i < sql->parts.count; i++)
				write_sql(out, sql->parts.items[i], indent);
			break;
		case SQL_COLUMN:
			buffer_text(out, sql->column->select->alias);
			buffer_text(out, ".");
			buffer_text(out, quote_name(out->arena, sql->column->name));
			break;
		case SQL_SELECT:
			buffer_text(out, "(");
			write_select(out, sql->select, indent + 1);
			buffer_text(out, ")");
			break;
	}
}

/*
 * Write pieces with something between them.
 */
static void
write_list(Buffer *out, const Vector *pieces, const char *separator, int indent)
{
	for (int i = 0; i < pieces->count; i++)
	{
		if (i > 0)
			buffer_text(out, separator);
		write_sql(out, pieces->items[i], indent);
	}
}

/*
 * Write the columns that are read.
 */
static void
write_columns(Buffer *out, const Select *select, int indent)
{
	bool		is_first = true;

	for (int i = 0; i < select->columns.count && !out->is_full; i++)
	{
		const OutColumn *column = select->columns.items[i];
		const Sql  *sql = column->sql;

		if (!column->is_used)
			continue;
		if (!is_first)
			buffer_text(out, ",");
		is_first = false;
		new_line(out, indent + 1);
		write_sql(out, sql, indent + 1);
		if (sql->kind == SQL_COLUMN && strcmp(sql->column->name, column->name) == 0)
			continue;
		buffer_text(out, " AS ");
		buffer_text(out, quote_name(out->arena, column->name));
	}
}

/*
 * Write what groups and orders.
 */
static void
write_tail(Buffer *out, const Select *select, int indent)
{
	if (select->group_count > 0)
	{
		new_line(out, indent);
		buffer_text(out, "GROUP BY ");
		for (int i = 1; i <= select->group_count; i++)
			buffer_text(out, arena_printf(out->arena, i > 1 ? ", %d" : "%d", i));
	}
	else if (select->is_grouped)
	{
		new_line(out, indent);
		buffer_text(out, "GROUP BY ()");
	}
	if (select->order.count > 0)
	{
		new_line(out, indent);
		buffer_text(out, "ORDER BY ");
		write_list(out, &select->order, ", ", indent);
	}
	if (select->limit != NULL)
	{
		new_line(out, indent);
		buffer_text(out, "LIMIT ");
		write_sql(out, select->limit, indent);
	}
}

/*
 * Write a SELECT, or several with UNION ALL between them.
 */
static void
write_select(Buffer *out, Select *select, int indent)
{
	if (out->is_full)
		return;
	if (select->branches.count > 0)
	{
		for (int i = 0; i < select->branches.count; i++)
		{
			if (i > 0)
			{
				new_line(out, indent);
				buffer_text(out, "UNION ALL ");
			}
			write_select(out, select->branches.items[i], indent);
		}
		return;
	}
	buffer_text(out, "SELECT");
	if (select->is_distinct)
		buffer_text(out, " DISTINCT");
	if (select->distinct_on.count > 0)
	{
		buffer_text(out, " DISTINCT ON (");
		write_list(out, &select->distinct_on, ", ", indent);
		buffer_text(out, ")");
	}
	write_columns(out, select, indent);
	if (select->from != NULL)
	{
		new_line(out, indent);
		buffer_text(out, "FROM ");
		write_sql(out, select->from, indent);
	}
	if (select->where.count > 0)
	{
		Buffer		separator = {out->arena, NULL, 0, 0, 256, false};

		new_line(out, indent);
		buffer_text(out, "WHERE ");
		new_line(&separator, indent + 1);
		buffer_text(&separator, "AND ");
		write_list(out, &select->where, separator.data, indent + 1);
	}
	write_tail(out, select, indent);
}

/*
 * The text of a piece, to compare it; an empty one if it is long.
 */
const char *
sql_peek(Arena *arena, const Sql *sql)
{
	Buffer		out = {arena, NULL, 0, 0, 4096, false};

	write_sql(&out, sql, 0);
	return out.data == NULL || out.is_full ? "" : out.data;
}

/*
 * The whole statement, or NULL if that is too long.
 */
char *
select_write(Arena *arena, const Vector *common_tables, Select *select)
{
	Buffer		out = {arena, NULL, 0, 0, MAX_SQL_LENGTH, false};

	select->needs_all = true;
	select_mark(select);
	for (int i = 0; i < common_tables->count; i++)
	{
		CommonTable *table = common_tables->items[i];

		table->select->needs_all = true;
		select_mark(table->select);
		buffer_text(&out, i == 0 ? "WITH " : ",\n  ");
		buffer_text(&out, table->name);
		buffer_text(&out, " AS MATERIALIZED (");
		write_select(&out, table->select, 1);
		buffer_text(&out, ")");
	}
	if (common_tables->count > 0)
		buffer_text(&out, "\n");
	write_select(&out, select, 0);
	return out.is_full ? NULL : out.data;
}
