/*-------------------------------------------------------------------------
 *
 * evaluate.c
 *	  The plugins of evaluate.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/*
 * Is an argument of ipv4_lookup() the last, which says what of rows without a
 * network?
 */
static bool
is_flag(const Node *argument, bool *value)
{
	if (argument->kind == NODE_NAMED && argument->names.count == 1 &&
		strcmp(((Node *) argument->names.items[0])->text, "return_unmatched") == 0)
		argument = argument->right;
	if (argument->kind != NODE_LITERAL || argument->type != KQL_BOOL)
		return false;
	*value = argument->integer != 0;
	return true;
}

/*
 * The column of a table that an argument names, or NULL after an error.
 */
static Column *
named_column(Compiler *c, const Node *argument, Table *table)
{
	Column	   *column = argument->kind == NODE_NAME ? find_column(table, argument->text) : NULL;

	if (argument->kind != NODE_NAME)
		fail(c, argument, "ipv4_lookup takes the name of a column here");
	else if (column == NULL && !table->is_unknown)
		unknown_column(c, argument, table);
	return column;
}

/*
 * Note two columns of a lookup.
 */
static bool
add_pair(Compiler *c, Vector *pairs, Column *left, Column *right)
{
	JoinKey    *pair = arena_alloc(c->arena, sizeof(JoinKey));

	if (left == NULL || right == NULL)
		return false;
	pair->left = left;
	pair->right = right;
	vector_add(c->arena, pairs, pair);
	return true;
}

/*
 * evaluate ipv4_lookup(TABLE, ADDRESS, NETWORK [, KEYS] [, return_unmatched = BOOL])
 */
static Table *
ipv4_lookup(Compiler *c, Table *table, const Node *call)
{
	int			count = call->args.count;
	bool		keeps_unmatched = false;
	Vector		pairs = {0};
	Table	   *networks;
	bool		is_known = true;

	if (count > 0 && is_flag(call->args.items[count - 1], &keeps_unmatched))
		count--;
	if (count < 3)
	{
		fail(c, call, "ipv4_lookup takes a table, a column with addresses and one with networks");
		table->is_unknown = true;
		return table;
	}
	networks = bind_table(c, call->args.items[0]);
	if (table->is_closed)
		close_table(c, table);
	for (int i = 3; i < count; i++)
		is_known &= add_pair(c, &pairs, named_column(c, call->args.items[i], table), named_column(c, call->args.items[i], networks));
	/* the networks come last */
	is_known &= add_pair(c, &pairs, named_column(c, call->args.items[1], table), named_column(c, call->args.items[2], networks));
	for (int i = 0; i < pairs.count && is_known; i++)
	{
		const JoinKey *pair = pairs.items[i];

		if (i == pairs.count - 1 && (pair->left->expr->type != KQL_STRING || pair->right->expr->type != KQL_STRING))
		{
			fail(c, call, "ipv4_lookup takes columns of strings, not %s and %s", kql_type_name(pair->left->expr->type),
				 kql_type_name(pair->right->expr->type));
			is_known = false;
		}
	}
	if (!is_known || table->is_unknown || networks->is_unknown)
	{
		table->is_unknown = true;
		return table;
	}
	return join_networks(c, call, table, networks, &pairs, keeps_unmatched);
}

/*
 * evaluate PLUGIN(ARGUMENTS)
 */
Table *
op_evaluate(Compiler *c, Table *table, const Node *node)
{
	if (table != NULL && node->left->kind == NODE_CALL && strcmp(node->left->text, "ipv4_lookup") == 0 &&
		node->by.count == 0 && !node->is_wildcard)
		return ipv4_lookup(c, table, node->left);
	if (table == NULL)
		table = table_new(c);
	if (node->left->kind == NODE_CALL)
		fail(c, node, "the operator evaluate %s is not supported", node->left->text);
	else if (node->left->kind != NODE_BROKEN)
		fail(c, node, "evaluate takes the call of a plugin");
	table->is_unknown = true;
	return table;
}
