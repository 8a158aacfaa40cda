/*-------------------------------------------------------------------------
 *
 * operators.c
 *	  Operators on rows and columns of one table.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/* What extend and project add */
typedef struct Items
{
	Vector		exprs;
	Vector		names;
	Vector		named;			/* not NULL where the query gives the name */
} Items;

/*
 * Add a condition, as many as it is a conjunction of.
 */
static void
add_condition(Compiler *c, Table *table, const Node *node)
{
	Scope		scope = {table, NULL, NULL};

	if (node->kind == NODE_BINARY && strcmp(node->text, "and") == 0)
	{
		add_condition(c, table, node->left);
		add_condition(c, table, node->right);
		return;
	}
	if (!note_time_bound(c, table, node))
		vector_add(c->arena, &table->where, filter(c, &scope, node, MODE_TRUE));
}

/*
 * where CONDITION
 */
Table *
op_where(Compiler *c, Table *table, const Node *node)
{
	prepare_windows(c, table, &node->args);
	close_for(c, table, node->args.items[0]);
	add_condition(c, table, node->args.items[0]);
	add_time_bounds(c, table);
	return table;
}

/*
 * The value of an item of extend or project, and the name that it gets.
 */
static Expr *
bind_item(Compiler *c, Table *table, const Node *item, const char **name, bool *is_named)
{
	Scope		scope = {table, NULL, NULL};
	const Node *value = unnamed(item);

	*is_named = item->kind == NODE_NAMED;
	*name = "Column1";
	if (*is_named && item->names.count > 1)
		return fail(c, item, "several names for one value are not supported");
	*name = *is_named ? ((Node *) item->names.items[0])->text : default_name(c, value);
	if (*name == NULL)
		*name = "Column1";
	check_name(c, item->start, *name);
	return bind(c, &scope, value);
}

/*
 * Add the columns of a function that gives several.
 */
static void
bind_several(Compiler *c, Table *table, const Node *item, Items *items)
{
	static const char *const fit_line[] = {
		"rsquare", "slope", "variance", "rvariance", "interception", "line_fit"
	};
	Scope		scope = {table, NULL, NULL};
	const Node *call = unnamed(item);
	Expr	   *all = bind(c, &scope, call);
	const char *of = call->args.count > 0 ? default_name(c, call->args.items[0]) : NULL;
	int			count = item->kind == NODE_NAMED ? item->names.count : 6;

	if (count > 6)
		fail(c, item, "%s() gives no more than six columns", call->text);
	for (int i = 0; i < count && i < 6; i++)
	{
		Expr	   *expr = all;
		const char *name = arena_printf(c->arena, "%s_%s_%s", call->text, of != NULL ? of : "", fit_line[i]);

		if (!is_failed(all))
		{
			expr = expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "#element($1, $2)", all->sql, long_expr(c, i)->sql), true);
			if (i < 5)
				expr = convert(c, item, expr, KQL_REAL);
		}
		if (item->kind == NODE_NAMED)
			name = ((Node *) item->names.items[i])->text;
		check_name(c, item->start, name);
		vector_add(c->arena, &items->names, (void *) name);
		vector_add(c->arena, &items->exprs, expr);
		vector_add(c->arena, &items->named, item->kind == NODE_NAMED ? table : NULL);
	}
}

/*
 * Bind the items of extend or project.
 */
static void
bind_items(Compiler *c, Table *table, const Vector *nodes, Items *items)
{
	for (int i = 0; i < nodes->count; i++)
	{
		const Node *item = nodes->items[i];
		const Node *value = unnamed(item);
		const char *name;
		bool		is_named;
		Expr	   *expr;

		if (value->kind == NODE_CALL && strcmp(value->text, "series_fit_line") == 0)
		{
			bind_several(c, table, item, items);
			continue;
		}
		expr = bind_item(c, table, item, &name, &is_named);
		vector_add(c->arena, &items->exprs, expr);
		vector_add(c->arena, &items->names, (void *) name);
		vector_add(c->arena, &items->named, is_named || value->kind == NODE_NAME ? table : NULL);
	}
}

/*
 * A name for a column that has none: the first of Column1, Column2 ... that is
 * free.
 */
static const char *
numbered_name(Compiler *c, const Table *table)
{
	const char *name = "Column1";

	for (int i = 2; find_column(table, name) != NULL && count_work(c, c->place, 1); i++)
		name = arena_printf(c->arena, "Column%d", i);
	return name;
}

/*
 * extend COLUMNS: each sees the table as it was before
 */
Table *
op_extend(Compiler *c, Table *table, const Node *node)
{
	Items		items = {0};

	prepare_windows(c, table, &node->args);
	close_for_all(c, table, &node->args);
	bind_items(c, table, &node->args, &items);
	for (int i = 0; i < items.exprs.count; i++)
	{
		const char *name = items.names.items[i];

		/* the name that a value has by itself replaces a column, too */
		if (items.named.items[i] == NULL && strcmp(name, "Column1") == 0)
			add_column(c, table, numbered_name(c, table), items.exprs.items[i]);
		else
			set_column(c, table, name, items.exprs.items[i]);
	}
	return table;
}

/*
 * project COLUMNS
 */
Table *
op_project(Compiler *c, Table *table, const Node *node)
{
	Table		result = {0};
	Items		items = {0};

	prepare_windows(c, table, &node->args);
	close_for_all(c, table, &node->args);
	bind_items(c, table, &node->args, &items);
	for (int i = 0; i < items.exprs.count; i++)
	{
		const char *name = items.names.items[i];
		bool		is_named = items.named.items[i] != NULL;

		if (is_named && find_column(&result, name) != NULL && i < node->args.count)
			fail(c, node->args.items[i], "column \"%s\" is there twice", name);
		if (strcmp(name, "Column1") == 0 && !is_named)
			name = numbered_name(c, &result);
		add_column(c, &result, free_name(c, &result, name), items.exprs.items[i]);
	}
	for (int i = 0; i < table->columns.count; i++)
	{
		if (((Column *) table->columns.items[i])->is_hidden)
			vector_add(c->arena, &result.columns, table->columns.items[i]);
	}
	table->columns = result.columns;
	return table;
}

/*
 * Is the column named by one of these, or matched by its wildcards?
 */
static bool
is_listed(const Vector *patterns, const char *name)
{
	for (int i = 0; i < patterns->count; i++)
	{
		const Node *pattern = patterns->items[i];

		if (pattern->is_wildcard ? matches_pattern(pattern->text, name) : strcmp(pattern->text, name) == 0)
			return true;
	}
	return false;
}

/*
 * Names that are no columns are errors.
 */
static void
check_listed(Compiler *c, const Table *table, const Vector *patterns)
{
	count_work(c, c->place, patterns->count);
	for (int i = 0; i < patterns->count; i++)
	{
		const Node *pattern = patterns->items[i];

		if (!pattern->is_wildcard && pattern->kind == NODE_NAME && !table->is_unknown &&
			find_column(table, pattern->text) == NULL)
			unknown_column(c, pattern, table);
	}
}

/*
 * Keep the columns that are listed, or those that are not.
 */
static Table *
keep_columns(Compiler *c, Table *table, const Node *node, bool listed)
{
	Vector		columns = {0};

	check_listed(c, table, &node->args);
	close_if_needed(c, table);
	for (int i = 0; i < table->columns.count; i++)
	{
		Column	   *column = table->columns.items[i];

		if (column->is_hidden || is_listed(&node->args, column->name) == listed)
			vector_add(c->arena, &columns, column);
	}
	table->columns = columns;
	return table;
}

/*
 * project-away COLUMNS
 */
Table *
op_project_away(Compiler *c, Table *table, const Node *node)
{
	return keep_columns(c, table, node, false);
}

/*
 * project-keep COLUMNS
 */
Table *
op_project_keep(Compiler *c, Table *table, const Node *node)
{
	return keep_columns(c, table, node, true);
}

/*
 * project-rename NEW = OLD
 */
Table *
op_project_rename(Compiler *c, Table *table, const Node *node)
{
	Table		renamed = {0};

	close_if_needed(c, table);
	for (int i = 0; i < table->columns.count; i++)
	{
		Column	   *column = arena_alloc(c->arena, sizeof(Column));

		*column = *(Column *) table->columns.items[i];
		vector_add(c->arena, &renamed.columns, column);
	}
	for (int i = 0; i < node->args.count; i++)
	{
		const Node *item = node->args.items[i];
		const char *name;
		bool		found = false;

		if (!descend(c, item))
			break;
		if (item->kind != NODE_NAMED || item->names.count > 1 || item->right->kind != NODE_NAME)
		{
			fail(c, item, "project-rename takes NEW = OLD");
			continue;
		}
		name = ((Node *) item->names.items[0])->text;
		check_name(c, item->start, name);
		/* nor can it be a name that another column loses */
		if (find_column(table, name) != NULL || find_column(&renamed, name) != NULL)
			fail(c, item, "column \"%s\" is there already", name);
		for (int j = 0; j < renamed.columns.count; j++)
		{
			Column	   *old = table->columns.items[j];

			if (strcmp(old->name, item->right->text) != 0 || old->is_hidden)
				continue;
			((Column *) renamed.columns.items[j])->name = name;
			found = true;
		}
		if (!found && !table->is_unknown)
			unknown_column(c, item->right, table);
	}
	table->columns = renamed.columns;
	return table;
}

/*
 * Add the columns that a pattern of project-reorder names, in its order.
 */
static void
add_matching(Compiler *c, Table *table, Vector *columns, const Node *pattern)
{
	int			start = columns->count;

	if (!count_columns(c, c->place, table))
		return;
	for (int i = 0; i < table->columns.count; i++)
	{
		Column	   *column = table->columns.items[i];
		bool		is_new = true;

		for (int j = 0; j < columns->count; j++)
			is_new &= columns->items[j] != column;
		if (!is_new || column->is_hidden ||
			!(pattern->is_wildcard ? matches_pattern(pattern->text, column->name) : strcmp(pattern->text, column->name) == 0))
			continue;
		vector_add(c->arena, columns, column);
		for (int j = columns->count - 1; pattern->has_order && j > start; j--)
		{
			Column	   *before = columns->items[j - 1];
			int			order = strcmp(before->name, column->name);

			if (pattern->is_descending ? order >= 0 : order <= 0)
				break;
			columns->items[j] = before;
			columns->items[j - 1] = column;
		}
	}
}

/*
 * project-reorder COLUMNS: the others behind these
 */
Table *
op_project_reorder(Compiler *c, Table *table, const Node *node)
{
	static const Node all = {.kind = NODE_NAME,.text = "*",.is_wildcard = true};
	Vector		columns = {0};

	check_listed(c, table, &node->args);
	close_if_needed(c, table);
	for (int i = 0; i < node->args.count; i++)
		add_matching(c, table, &columns, node->args.items[i]);
	add_matching(c, table, &columns, &all);
	table->columns = columns;
	return table;
}

/*
 * count
 */
Table *
op_count(Compiler *c, Table *table, const Node *node)
{
	Table	   *result = table_new(c);

	(void) node;
	close_if_needed(c, table);
	result->from = table->from;
	result->where = table->where;
	result->is_unknown = table->is_unknown;
	result->is_grouped = true;
	add_column(c, result, "Count", expr_format(c, KQL_LONG, false, "@count(*)"));
	return result;
}

/*
 * distinct COLUMNS
 */
Table *
op_distinct(Compiler *c, Table *table, const Node *node)
{
	Table		result = {0};

	if (!node->is_wildcard)
		table = op_project(c, table, node);
	close_if_needed(c, table);
	for (int i = 0; i < table->columns.count; i++)
	{
		Column	   *column = table->columns.items[i];
		Expr	   *value = expr_new(c, column->expr->type, value_of(c, column->expr),
									 column->expr->is_nullable && column->expr->type != KQL_STRING);

		value->key = column->expr->key;
		if (!column->is_hidden)
			add_column(c, &result, column->name, value);
	}
	table->columns = result.columns;
	table->order = result.order;
	table->has_row_number = false;
	table->is_distinct = true;
	return table;
}

/*
 * take N
 */
Table *
op_take(Compiler *c, Table *table, const Node *node)
{
	close_if_needed(c, table);
	table->limit = known_count_sql(c, node->args.items[0], "the number of rows");
	return table;
}

/*
 * sort by KEYS
 */
Table *
op_sort(Compiler *c, Table *table, const Node *node)
{
	Scope		scope = {table, NULL, NULL};
	Vector		order = {0};

	close_if_needed(c, table);
	for (int i = 0; i < node->args.count; i++)
	{
		const Node *item = node->args.items[i];
		SortKey    *key = arena_alloc(c->arena, sizeof(SortKey));

		if (item->kind == NODE_BROKEN)
			continue;
		key->expr = bind(c, &scope, unnamed(item->left));
		key->is_descending = item->is_descending;
		key->nulls_first = item->nulls == NULLS_DEFAULT ? !item->is_descending : item->nulls == NULLS_ARE_FIRST;
		if (key->expr->type == KQL_DYNAMIC)
			fail(c, item, "a dynamic cannot be sorted by: convert it by tostring() or the like");
		if (!is_failed(key->expr))
			vector_add(c->arena, &order, key);
	}
	table->order = order;
	table->has_row_number = false;
	return table;
}

/*
 * top N by KEYS
 */
Table *
op_top(Compiler *c, Table *table, const Node *node)
{
	table = op_sort(c, table, node);
	table->limit = known_count_sql(c, node->left, "the number of rows");
	return table;
}

/*
 * serialize COLUMNS: the order of rows counts from here on
 */
Table *
op_serialize(Compiler *c, Table *table, const Node *node)
{
	order_rows(c, table);
	table->is_serialized = true;
	return op_extend(c, table, node);
}

/*
 * as NAME: what comes later in the same pipe may read the table by this name
 */
Table *
op_as(Compiler *c, Table *table, const Node *node)
{
	const char *name = ((Node *) node->args.items[0])->text;
	const char *materialized = parameter_of(node, "materialized");
	bool		is_shared = materialized != NULL && strcmp(materialized, "true") == 0;

	table->name = table->as_name = name;
	return bind_table_name(c, name, table, is_shared && !table->is_unknown);
}

/*
 * getschema: a row for each column
 */
Table *
op_getschema(Compiler *c, Table *table, const Node *node)
{
	static const char *const names[] = {"ColumnName", "ColumnOrdinal", "DataType", "ColumnType"};
	static const KqlType types[] = {KQL_STRING, KQL_INT, KQL_STRING, KQL_STRING};
	static const char *const net_names[] = {
		"", "System.SByte", "System.Int32", "System.Int64", "System.Double", "System.Data.SqlTypes.SqlDecimal",
		"System.String", "System.Guid", "System.DateTime", "System.TimeSpan", "System.Object"
	};
	Table	   *result = table_new(c);
	Vector		rows = {0};
	const char *alias = new_alias(c, "t");

	(void) node;
	for (int i = 0; i < table->columns.count; i++)
	{
		const Column *column = table->columns.items[i];

		if (column->is_hidden)
			continue;
		vector_add(c->arena, &rows, sql_format(c->arena, "($1, $2::integer, $3, $4)", string_expr(c, column->name)->sql,
											   long_expr(c, rows.count)->sql, string_expr(c, net_names[column->expr->type])->sql,
											   string_expr(c, kql_type_name(column->expr->type))->sql));
	}
	result->is_unknown = table->is_unknown;
	if (rows.count == 0)
	{
		vector_add(c->arena, &rows, sql_text(c->arena, "('', 0, '', '')"));
		vector_add(c->arena, &result->where, sql_text(c->arena, "false"));
	}
	result->from = sql_format(c->arena, "(VALUES $1) AS $2(\"ColumnName\", \"ColumnOrdinal\", \"DataType\", \"ColumnType\")",
							  sql_join(c->arena, &rows, ", "), sql_text(c->arena, alias));
	for (int i = 0; i < 4; i++)
		add_column(c, result, names[i], expr_new(c, types[i], sql_text(c->arena, arena_printf(c->arena, "%s.\"%s\"", alias, names[i])), false))->expr->is_simple = true;
	return result;
}

/*
 * invoke FUNCTION(ARGUMENTS): the table is its first argument
 */
Table *
op_invoke(Compiler *c, Table *table, const Node *node)
{
	Binding    *function = node->left->kind == NODE_CALL ? find_binding(c, node->left->text) : NULL;

	if (function != NULL && function->is_function)
		return call_table_function(c, node->left, function, table);
	if (node->left->kind == NODE_CALL)
		fail(c, node->left, "the function %s() is not supported as a table", node->left->text);
	else if (node->left->kind != NODE_BROKEN)
		fail(c, node->left, "invoke takes the call of a function");
	table->is_unknown = true;
	return table;
}
