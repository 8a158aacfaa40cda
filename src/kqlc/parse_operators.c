/*-------------------------------------------------------------------------
 *
 * parse_operators.c
 *	  Operators that have a grammar of their own.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "ast.h"

/*
 * parse PARAMETERS EXPRESSION with "text" Column:type * ...
 */
Node *
parse_parse(Parser *parser, Node *node)
{
	parse_parameters(parser, node);
	node->left = parse_expression(parser);
	expect_word(parser, "with");
	while (!parser->is_broken)
	{
		const Token *token = current_token(parser);
		Node	   *part;

		if (token->kind == TOKEN_STRING)
			part = parse_literal(parser);
		else if (at_symbol(parser, "*"))
		{
			part = new_node(parser, NODE_STAR);
			parser->at++;
			finish_node(parser, part);
		}
		else if (at_name(parser))
		{
			part = parse_name(parser);
			part->type = KQL_STRING;
			if (accept_symbol(parser, ":"))
				part->type = parse_type(parser);
		}
		else
			break;
		add_child(parser, node, &node->args, part);
	}
	if (node->args.count == 0)
		syntax_error(parser, "a pattern");
	return finish_node(parser, node);
}

/*
 * An aggregate of make-series, with its default in limit.
 */
static Node *
parse_series(Parser *parser)
{
	Node	   *node = parse_named(parser);

	if (accept_word(parser, "default"))
	{
		expect_symbol(parser, "=");
		node->limit = parse_additive(parser);
	}
	return node;
}

/*
 * make-series AGGREGATES on AXIS from START to STOP step STEP by KEYS
 *
 * The axis is left; names has the bounds, in that order, or broken nodes.
 */
Node *
parse_make_series(Parser *parser, Node *node)
{
	static const char *const words[] = {"from", "to", "step"};

	parse_parameters(parser, node);
	parse_list(parser, node, &node->args, parse_series);
	expect_word(parser, "on");
	node->left = parse_named(parser);
	if (at_word(parser, "in") && is_word(next_token(parser, 1), "range"))
	{
		parser->at += 2;
		expect_symbol(parser, "(");
		for (int i = 0; i < 3; i++)
		{
			add_child(parser, node, &node->names, parse_expression(parser));
			if (i < 2)
				expect_symbol(parser, ",");
		}
		expect_symbol(parser, ")");
		node->is_table = true;
	}
	else
	{
		for (int i = 0; i < 3; i++)
		{
			Node	   *bound = NULL;

			if (i == 2)
				expect_word(parser, words[i]);
			if (i == 2 || accept_word(parser, words[i]))
				bound = parse_additive(parser);
			else
				bound = new_node(parser, NODE_BROKEN);
			add_child(parser, node, &node->names, bound);
		}
	}
	if (accept_word(parser, "by"))
		parse_list(parser, node, &node->by, parse_named);
	return finish_node(parser, node);
}

/*
 * A column of mv-expand: [NAME =] EXPRESSION [to typeof(TYPE)]
 */
static Node *
parse_mv_column(Parser *parser)
{
	Node	   *node = parse_named(parser);

	if (node->kind != NODE_NAMED)
	{
		Node	   *named = new_node(parser, NODE_NAMED);

		named->start = node->start;
		named->right = node;
		node = named;
	}
	if (at_word(parser, "to") && is_word(next_token(parser, 1), "typeof"))
	{
		parser->at += 2;
		expect_symbol(parser, "(");
		node->type = parse_type(parser);
		expect_symbol(parser, ")");
	}
	return finish_node(parser, node);
}

/*
 * mv-expand PARAMETERS COLUMNS [limit N], mv-apply ... on (PIPE)
 */
Node *
parse_mv(Parser *parser, Node *node)
{
	parse_parameters(parser, node);
	parse_list(parser, node, &node->args, parse_mv_column);
	if (accept_word(parser, "limit"))
		node->limit = parse_postfix(parser);
	if (strcmp(node->text, "mv-apply") == 0)
	{
		expect_word(parser, "on");
		expect_symbol(parser, "(");
		if (enter(parser))
		{
			node->right = parse_operators(parser, NULL);
			leave(parser);
		}
		expect_symbol(parser, ")");
	}
	return finish_node(parser, node);
}
