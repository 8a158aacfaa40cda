/*-------------------------------------------------------------------------
 *
 * join.c
 *	  join and lookup.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/*
 * The column of a side that one half of a condition names, or NULL.
 */
static Column *
side_column(Compiler *c, const Node *node, Table *table, const char *side)
{
	Column	   *column;

	if (node->kind != NODE_MEMBER || node->left->kind != NODE_NAME || strcmp(node->left->text, side) != 0)
		return NULL;
	column = find_column(table, node->text);
	if (column == NULL && !table->is_unknown)
		unknown_column(c, node, table);
	return column;
}

/*
 * One condition of a join.
 */
static void
add_key(Compiler *c, Vector *keys, const Node *node, Table *left, Table *right)
{
	JoinKey    *key = arena_alloc(c->arena, sizeof(JoinKey));

	if (node->kind == NODE_BROKEN)
		return;
	if (node->kind == NODE_BINARY && strcmp(node->text, "and") == 0)
	{
		add_key(c, keys, node->left, left, right);
		add_key(c, keys, node->right, left, right);
		return;
	}
	if (node->kind == NODE_NAME)
	{
		key->left = find_column(left, node->text);
		key->right = find_column(right, node->text);
		if (key->left == NULL && !left->is_unknown)
			unknown_column(c, node, left);
		else if (key->right == NULL && !right->is_unknown)
			unknown_column(c, node, right);
	}
	else if (node->kind == NODE_BINARY && strcmp(node->text, "==") == 0 &&
			 node->left->kind == NODE_MEMBER && node->left->left->kind == NODE_NAME)
	{
		bool		swapped = strcmp(node->left->left->text, "$right") == 0;

		key->left = side_column(c, swapped ? node->right : node->left, left, "$left");
		key->right = side_column(c, swapped ? node->left : node->right, right, "$right");
	}
	else
	{
		fail(c, node, "a join condition is a column of both sides, or $left.column == $right.column");
		return;
	}
	if (key->left != NULL && key->right != NULL)
		vector_add(c->arena, keys, key);
}

/*
 * A value of a type that stands for null where keys are compared.
 */
static const char *
stand_in(KqlType type)
{
	switch (type)
	{
		case KQL_BOOL:
			return "false";
		case KQL_DATETIME:
			return "'-infinity'::timestamp with time zone";
		case KQL_TIMESPAN:
			return "'0'::interval";
		case KQL_GUID:
			return "'00000000-0000-0000-0000-000000000000'::pg_catalog.uuid";
		default:
			return "0";
	}
}

/*
 * Two keys that are equal; null matches null.
 */
static Sql *
key_condition(Compiler *c, const Node *node, const JoinKey *key)
{
	Expr	   *left = key->left->expr;
	Expr	   *right = key->right->expr;
	KqlType		type = common_type(left->type, right->type);

	if (is_failed(left) || is_failed(right))
		return sql_text(c->arena, "NULL::boolean");
	if (left->type == KQL_DYNAMIC || right->type == KQL_DYNAMIC || type == KQL_NONE)
	{
		fail(c, node, "columns \"%s\" (%s) and \"%s\" (%s) cannot be joined", key->left->name,
			 kql_type_name(left->type), key->right->name, kql_type_name(right->type));
		return sql_text(c->arena, "NULL::boolean");
	}
	left = convert(c, node, left, type);
	right = convert(c, node, right, type);
	if (type == KQL_STRING || !left->is_nullable || !right->is_nullable)
		return sql_format(c->arena, "$1 {=} $2", value_of(c, left), value_of(c, right));
	return sql_format(c->arena, "coalesce($1, $3) {=} coalesce($2, $3) AND ($1 IS NULL) {=} ($2 IS NULL)",
					  left->sql, right->sql, sql_text(c->arena, stand_in(type)));
}

/*
 * All conditions of a join.
 */
static Sql *
join_condition(Compiler *c, const Node *node, const Vector *keys)
{
	Vector		conditions = {0};

	for (int i = 0; i < keys->count; i++)
		vector_add(c->arena, &conditions, key_condition(c, node, keys->items[i]));
	return conditions.count > 0 ? sql_join(c->arena, &conditions, " AND ") : sql_text(c->arena, "true");
}

/*
 * Of the rows with the same keys keep the first.
 */
static void
keep_first(Compiler *c, Table *table, const Vector *keys)
{
	Vector		order = {0};
	Vector		names = {0};

	close_if_needed(c, table);
	if (table->order.count == 0)
		order_rows(c, table);
	for (int i = 0; i < keys->count; i++)
	{
		Column	   *column = find_column(table, ((JoinKey *) keys->items[i])->left->name);
		SortKey    *sort = arena_alloc(c->arena, sizeof(SortKey));

		/* without a collation, as DISTINCT ON has none */
		sort->expr = expr_new(c, KQL_LONG, value_of(c, column->expr), false);
		vector_add(c->arena, &order, sort);
		vector_add(c->arena, &names, sort->expr->sql);
	}
	for (int i = 0; i < table->order.count; i++)
		vector_add(c->arena, &order, table->order.items[i]);
	table->order = order;
	table->distinct_on = names;
}

/*
 * Are the rows distinct on the keys already?
 */
static bool
is_distinct_on(const Table *table, const Vector *keys)
{
	if (!table->is_grouped || table->group_count == 0)
		return false;
	for (int i = 0; i < table->group_count; i++)
	{
		const Column *column = table->columns.items[i];
		bool		found = false;

		for (int j = 0; j < keys->count; j++)
			found |= ((JoinKey *) keys->items[j])->left == column;
		if (!found)
			return false;
	}
	return true;
}

/*
 * DISTINCT ON needs its order in the subselect.
 */
static void
close_distinct_on(Compiler *c, Table *table)
{
	if (table->distinct_on.count == 0)
		return;
	/* as a limit does, without one */
	table->limit = sql_text(c->arena, "ALL");
	close_table(c, table);
	table->order = (Vector)
	{
		0
	};
	table->has_row_number = false;
}

/*
 * Find the keys again once both tables are closed.
 */
static void
close_sides(Compiler *c, Table *left, Table *right, Vector *keys)
{
	close_distinct_on(c, left);
	close_if_needed(c, left);
	if (left->from == NULL || strncmp(sql_peek(c->arena, left->from), "(SELECT", 7) != 0 || left->where.count > 0)
		close_table(c, left);
	close_table(c, right);
	left->has_row_number = false;
	for (int i = 0; i < keys->count; i++)
	{
		JoinKey    *key = arena_alloc(c->arena, sizeof(JoinKey));
		const JoinKey *old = keys->items[i];

		key->left = find_column(left, old->left->name);
		key->right = find_column(right, old->right->name);
		keys->items[i] = key;
	}
}

/*
 * The same column, which may be NULL now.
 */
static Expr *
nullable_column(Compiler *c, const Expr *expr)
{
	Expr	   *copy = arena_alloc(c->arena, sizeof(Expr));

	*copy = *expr;
	copy->is_nullable = true;
	/* a literal is not one where the other side has no row */
	copy->literal = NULL;
	return copy;
}

/*
 * Add the columns of a side to the result.
 */
static void
add_side(Compiler *c, Table *result, const Table *side, bool nullable, const Vector *but)
{
	for (int i = 0; i < side->columns.count; i++)
	{
		Column	   *column = side->columns.items[i];
		bool		skip = column->is_hidden;

		for (int j = 0; but != NULL && j < but->count; j++)
			skip |= ((JoinKey *) but->items[j])->right == column;
		if (!skip)
			add_column(c, result, free_name(c, result, column->name),
					   nullable ? nullable_column(c, column->expr) : column->expr);
	}
}

/*
 * Semi and anti joins: rows of one side that have, or have no, partner.
 */
static Table *
semi_join(Compiler *c, Table *kept, Table *other, Sql *condition, bool is_anti)
{
	Table		inner = {0};

	inner.from = other->from;
	vector_add(c->arena, &inner.where, condition);
	add_column(c, &inner, "one", long_expr(c, 1));
	vector_add(c->arena, &kept->where, sql_format(c->arena, is_anti ? "NOT EXISTS $1" : "EXISTS $1",
												  sql_subselect(c->arena, table_select(c, &inner, false))));
	return kept;
}

static const struct
{
	const char *name;
	const char *sql;			/* NULL for semi and anti joins */
	bool		keeps_right;
	bool		is_anti;
}			kinds[] = {
	{"innerunique", "JOIN", false, false},
	{"inner", "JOIN", false, false},
	{"leftouter", "LEFT JOIN", false, false},
	{"rightouter", "RIGHT JOIN", false, false},
	{"fullouter", "FULL JOIN", false, false},
	{"leftsemi", NULL, false, false},
	{"rightsemi", NULL, true, false},
	{"leftanti", NULL, false, true},
	{"anti", NULL, false, true},
	{"leftantisemi", NULL, false, true},
	{"rightanti", NULL, true, true},
	{"rightantisemi", NULL, true, true},
	{NULL, NULL, false, false}
};

/*
 * Join two tables by keys.
 */
static Table *
join_tables(Compiler *c, const Node *node, Table *left, Table *right, Vector *keys, int kind, bool is_lookup)
{
	Table	   *result = table_new(c);
	Sql		   *condition;
	const char *sql = kinds[kind].sql;

	if (kind == 0 && !is_distinct_on(left, keys))
		keep_first(c, left, keys);
	close_sides(c, left, right, keys);
	condition = join_condition(c, node, keys);
	if (sql == NULL)
	{
		result = kinds[kind].keeps_right ? semi_join(c, right, left, condition, kinds[kind].is_anti) :
			semi_join(c, left, right, condition, kinds[kind].is_anti);
		result->order = (Vector)
		{
			0
		};
		return result;
	}
	join_keys(c, result, left, right, keys);
	result->from = sql_format(c->arena, arena_printf(c->arena, "$1\n  %s $2\n  ON $3", sql), left->from, right->from, condition);
	add_side(c, result, left, sql[0] == 'R' || sql[0] == 'F', NULL);
	add_side(c, result, right, sql[0] == 'L' || sql[0] == 'F', is_lookup ? keys : NULL);
	return result;
}

/*
 * Join addresses with the networks that they are in.  The last pair of columns
 * has these, the others have to be equal.
 */
Table *
join_networks(Compiler *c, const Node *node, Table *left, Table *right, Vector *pairs, bool keeps_unmatched)
{
	Table	   *result = table_new(c);
	const JoinKey *networks;
	Vector		keys = {0};
	Sql		   *condition;

	close_sides(c, left, right, pairs);
	for (int i = 0; i < pairs->count - 1; i++)
		vector_add(c->arena, &keys, pairs->items[i]);
	join_keys(c, result, left, right, &keys);
	networks = pairs->items[pairs->count - 1];
	condition = sql_format(c->arena, "#ipv4_network($1) {<<=} #ipv4_network($2)",
						   find_column(left, networks->left->name)->expr->sql, find_column(right, networks->right->name)->expr->sql);
	if (keys.count > 0)
		condition = sql_format(c->arena, "$1 AND $2", condition, join_condition(c, node, &keys));
	result->from = sql_format(c->arena, keeps_unmatched ? "$1\n  LEFT JOIN $2\n  ON $3" : "$1\n  JOIN $2\n  ON $3",
							  left->from, right->from, condition);
	add_side(c, result, left, false, NULL);
	add_side(c, result, right, keeps_unmatched, &keys);
	return result;
}

/*
 * join and lookup
 */
static Table *
join(Compiler *c, Table *table, const Node *node, const char *kind_name, bool is_lookup)
{
	Table	   *right = bind_table(c, node->left);
	Vector		keys = {0};
	int			kind = 0;
	int			errors = c->errors->count;

	while (kinds[kind].name != NULL && strcmp(kinds[kind].name, kind_name) != 0)
		kind++;
	if (kinds[kind].name == NULL || (is_lookup && kind != 1 && kind != 2))
		fail(c, node, "%s kind=%s is not supported", node->text, kind_name);
	if (table->is_closed)
		close_table(c, table);
	for (int i = 0; i < node->args.count; i++)
		add_key(c, &keys, node->args.items[i], table, right);
	if (table->is_unknown || right->is_unknown || c->errors->count > errors)
	{
		/* the columns of both are known nevertheless, if those of each are */
		Table	   *unknown = table_new(c);

		unknown->is_unknown = table->is_unknown || right->is_unknown || kinds[kind].name == NULL;
		add_side(c, unknown, table, true, NULL);
		add_side(c, unknown, right, true, NULL);
		return unknown;
	}
	return join_tables(c, node, table, right, &keys, kind, is_lookup);
}

/*
 * join kind=KIND (TABLE) on KEYS
 */
Table *
op_join(Compiler *c, Table *table, const Node *node)
{
	const char *kind = parameter_of(node, "kind");

	return join(c, table, node, kind != NULL ? kind : "innerunique", false);
}

/*
 * lookup kind=KIND (TABLE) on KEYS
 */
Table *
op_lookup(Compiler *c, Table *table, const Node *node)
{
	const char *kind = parameter_of(node, "kind");

	return join(c, table, node, kind != NULL ? kind : "leftouter", true);
}
