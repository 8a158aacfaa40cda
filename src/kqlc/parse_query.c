/*-------------------------------------------------------------------------
 *
 * parse_query.c
 *	  Pipes, and the operators in them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "ast.h"

/*
 * The name of an operator, whose parts may be joined by -, or NULL.  Stores
 * how many tokens it has.
 */
static const char *
operator_name(Parser *parser, int *count)
{
	const Token *first = current_token(parser);
	const Token *last = first;

	*count = 1;
	if (first->kind != TOKEN_NAME)
		return NULL;
	/* last[1] is there, as the last token of all is TOKEN_END */
	while (is_symbol(last + 1, "-") && last[1].start == last->end &&
		   last[2].kind == TOKEN_NAME && last[2].start == last[1].end)
	{
		last += 2;
		*count += 2;
	}
	return arena_strndup(parser->arena, parser->query + first->start, (size_t) (last->end - first->start));
}

/*
 * Is it the name of a parameter?  Others that a = follows name columns.
 */
static bool
is_parameter(const Token *token)
{
	static const char *const names[] = {
		"kind", "withsource", "with_source", "isfuzzy", "bagexpansion",
		"with_itemindex", "flags", NULL
	};

	for (int i = 0; names[i] != NULL; i++)
	{
		if (is_word(token, names[i]))
			return true;
	}
	return false;
}

/*
 * Is it hint.materialized, the one hint that means something?
 */
static bool
is_materialized(const Node *parameter)
{
	return parameter->text != NULL && strcmp(parameter->text, "materialized") == 0;
}

/*
 * Parameters such as kind=inner or hint.strategy=shuffle.
 */
void
parse_parameters(Parser *parser, Node *node)
{
	for (;;)
	{
		const Token *token = current_token(parser);
		bool		is_hint = is_word(token, "hint") && is_symbol(next_token(parser, 1), ".");
		Node	   *parameter;

		if (parser->is_broken || token->kind != TOKEN_NAME ||
			(!is_hint && (!is_parameter(token) || !is_symbol(next_token(parser, 1), "="))))
			return;
		parameter = new_node(parser, NODE_PARAMETER);
		parameter->text = token->text;
		parser->at++;
		if (is_hint)
		{
			parser->at++;
			parameter->text = parse_name(parser)->text;
			is_hint = !is_materialized(parameter);
		}
		expect_symbol(parser, "=");
		if (is_hint || at_name(parser))
			parameter->right = at_name(parser) ? parse_name(parser) : parse_postfix(parser);
		else
			parameter->right = parse_postfix(parser);
		finish_node(parser, parameter);
		if (!is_hint)
			add_child(parser, node, &node->parameters, parameter);
	}
}

/*
 * A name of a column, which may have wildcards in it: Caller*, *
 */
static Node *
parse_column_pattern(Parser *parser)
{
	Node	   *node;
	Buffer		pattern = {parser->arena, NULL, 0, 0, 1 << 16, false};
	int			end = current_token(parser)->start;

	if (at_name(parser) && !is_symbol(next_token(parser, 1), "*"))
		node = parse_name(parser);
	else
	{
		node = new_node(parser, NODE_NAME);
		/* tokens without space between them */
		while (!parser->is_broken && current_token(parser)->start == end &&
			   (at_symbol(parser, "*") || current_token(parser)->kind == TOKEN_NAME ||
				current_token(parser)->kind == TOKEN_NUMBER))
		{
			node->is_wildcard |= at_symbol(parser, "*");
			buffer_add(&pattern, parser->query + current_token(parser)->start,
					   (size_t) (current_token(parser)->end - current_token(parser)->start));
			end = current_token(parser)->end;
			parser->at++;
		}
		node->text = pattern.data;
		if (!node->is_wildcard || node->text == NULL)
			syntax_error(parser, "a column");
		finish_node(parser, node);
	}
	node->has_order = at_word(parser, "asc") || at_word(parser, "desc");
	node->is_descending = at_word(parser, "desc");
	if (node->has_order)
		parser->at++;
	return node;
}

/*
 * A sort key.
 */
static Node *
parse_ordered(Parser *parser)
{
	Node	   *node = new_node(parser, NODE_ORDERED);

	node->left = parse_named(parser);
	node->is_descending = true;
	if (accept_word(parser, "asc"))
		node->is_descending = false;
	else
		accept_word(parser, "desc");
	if (accept_word(parser, "nulls"))
	{
		if (accept_word(parser, "first"))
			node->nulls = NULLS_ARE_FIRST;
		else
		{
			expect_word(parser, "last");
			node->nulls = NULLS_ARE_LAST;
		}
	}
	return finish_node(parser, node);
}

/*
 * Is this the end of an operator?
 */
static bool
at_end(const Parser *parser)
{
	const Token *token = current_token(parser);

	return parser->is_broken || token->kind == TOKEN_END || is_symbol(token, "|") ||
		is_symbol(token, ")") || is_symbol(token, "}") || is_symbol(token, ";");
}

/*
 * summarize HINTS AGGREGATES by KEYS
 */
static void
parse_summarize(Parser *parser, Node *node)
{
	/* kind and the like are columns here */
	if (at_word(parser, "hint"))
		parse_parameters(parser, node);
	if (!at_word(parser, "by") && !at_end(parser))
		parse_list(parser, node, &node->args, parse_named);
	if (accept_word(parser, "by"))
		parse_list(parser, node, &node->by, parse_named);
}

/*
 * join PARAMETERS (TABLE) on KEYS
 */
static void
parse_join(Parser *parser, Node *node)
{
	parse_parameters(parser, node);
	node->left = parse_postfix(parser);
	parse_parameters(parser, node);
	if (accept_word(parser, "on"))
		parse_list(parser, node, &node->args, parse_expression);
	else
		syntax_error(parser, "\"on\"");
}

/*
 * A table of a union: a name, which may have wildcards, or an expression.
 */
static Node *
parse_union_table(Parser *parser)
{
	const Token *token = current_token(parser);

	if (at_symbol(parser, "*") ||
		(token->kind == TOKEN_NAME && is_symbol(next_token(parser, 1), "*") &&
		 next_token(parser, 1)->start == token->end))
		return parse_column_pattern(parser);
	return parse_postfix(parser);
}

/*
 * sort by KEYS, top N by KEYS
 */
static void
parse_sort(Parser *parser, Node *node)
{
	if (strcmp(node->text, "top") == 0)
		node->left = parse_expression(parser);
	parse_parameters(parser, node);
	expect_word(parser, "by");
	parse_list(parser, node, &node->args, parse_ordered);
}

/*
 * take N, sample N
 */
static void
parse_one(Parser *parser, Node *node)
{
	parse_parameters(parser, node);
	add_child(parser, node, &node->args, parse_expression(parser));
}

/*
 * extend, project, print and the like
 */
static void
parse_named_list(Parser *parser, Node *node)
{
	if (!at_end(parser))
		parse_list(parser, node, &node->args, parse_named);
}

/*
 * project-away and the like, distinct
 */
static void
parse_columns(Parser *parser, Node *node)
{
	if (strcmp(node->text, "distinct") != 0)
		parse_list(parser, node, &node->args, parse_column_pattern);
	else if (accept_symbol(parser, "*"))
		node->is_wildcard = true;
	else
		parse_list(parser, node, &node->args, parse_named);
}

/*
 * union PARAMETERS TABLES
 */
static void
parse_union(Parser *parser, Node *node)
{
	parse_parameters(parser, node);
	parse_list(parser, node, &node->args, parse_union_table);
}

/*
 * render: what a client draws, which does not change the result
 */
static void
parse_render(Parser *parser, Node *node)
{
	(void) node;
	skip_operator(parser, parser->levels[parser->at]);
}

/*
 * as NAME
 */
static void
parse_as(Parser *parser, Node *node)
{
	parse_parameters(parser, node);
	add_child(parser, node, &node->args, parse_name(parser));
}

/*
 * invoke CALL, evaluate CALL : (COLUMNS)
 */
static void
parse_call(Parser *parser, Node *node)
{
	parse_parameters(parser, node);
	node->left = parse_postfix(parser);
	if (accept_symbol(parser, ":"))
	{
		expect_symbol(parser, "(");
		if (accept_symbol(parser, "*"))
		{
			node->is_wildcard = true;
			accept_symbol(parser, ",");
		}
		if (!at_symbol(parser, ")"))
			parse_list(parser, node, &node->by, parse_declaration);
		expect_symbol(parser, ")");
	}
}

/*
 * count, getschema: nothing follows
 */
static void
parse_nothing(Parser *parser, Node *node)
{
	(void) parser;
	(void) node;
}

/*
 * search PARAMETERS [in (TABLES)] CONDITION
 */
static void
parse_search(Parser *parser, Node *node)
{
	parse_parameters(parser, node);
	if (at_word(parser, "in") && is_symbol(next_token(parser, 1), "("))
	{
		parser->at += 2;
		parse_list(parser, node, &node->by, parse_union_table);
		expect_symbol(parser, ")");
	}
	node->left = parse_expression(parser);
}

/* What follows an operator's name */
static const struct
{
	const char *name;
	const char *canonical;		/* or NULL */
	void		(*parse) (Parser *parser, Node *node);
	Node	   *(*parse_node) (Parser *parser, Node *node);
}			operators[] = {
	{"where", NULL, parse_one, NULL},
	{"filter", "where", parse_one, NULL},
	{"extend", NULL, parse_named_list, NULL},
	{"project", NULL, parse_named_list, NULL},
	{"project-away", NULL, parse_columns, NULL},
	{"project-keep", NULL, parse_columns, NULL},
	{"project-rename", NULL, parse_named_list, NULL},
	{"project-reorder", NULL, parse_columns, NULL},
	{"print", NULL, parse_named_list, NULL},
	{"summarize", NULL, parse_summarize, NULL},
	{"count", NULL, parse_nothing, NULL},
	{"getschema", NULL, parse_nothing, NULL},
	{"consume", NULL, parse_nothing, NULL},
	{"distinct", NULL, parse_columns, NULL},
	{"take", NULL, parse_one, NULL},
	{"limit", "take", parse_one, NULL},
	{"sort", NULL, parse_sort, NULL},
	{"order", "sort", parse_sort, NULL},
	{"top", NULL, parse_sort, NULL},
	{"join", NULL, parse_join, NULL},
	{"lookup", NULL, parse_join, NULL},
	{"union", NULL, parse_union, NULL},
	{"serialize", NULL, parse_named_list, NULL},
	{"render", NULL, parse_render, NULL},
	{"as", NULL, parse_as, NULL},
	{"invoke", NULL, parse_call, NULL},
	{"evaluate", NULL, parse_call, NULL},
	{"search", NULL, parse_search, NULL},
	{"mv-expand", NULL, NULL, parse_mv},
	{"mvexpand", NULL, NULL, parse_mv},
	{"mv-apply", NULL, NULL, parse_mv},
	{"mvapply", "mv-apply", NULL, parse_mv},
	{"parse", NULL, NULL, parse_parse},
	{"parse-where", NULL, NULL, parse_parse},
	{"make-series", NULL, NULL, parse_make_series},
	{NULL, NULL, NULL, NULL}
};

/*
 * Which operator is that?  Or -1.
 */
static int
find_operator(const char *name)
{
	for (int i = 0; operators[i].name != NULL; i++)
	{
		if (strcmp(operators[i].name, name) == 0)
			return i;
	}
	return -1;
}

/*
 * One operator of a pipe.  One that is not known is passed over.
 */
static Node *
parse_operator(Parser *parser)
{
	Node	   *node = new_node(parser, NODE_OPERATOR);
	int			level = parser->levels[parser->at];
	int			count;
	int			found;

	node->text = operator_name(parser, &count);
	if (node->text == NULL)
	{
		syntax_error(parser, "an operator");
		return finish_node(parser, node);
	}
	found = find_operator(node->text);
	if (found < 0)
	{
		add_error(parser->errors, node->start, "the operator %s is not supported", node->text);
		node->kind = NODE_BROKEN;
		skip_operator(parser, level);
		return node;
	}
	parser->at += count;
	if (operators[found].canonical != NULL)
		node->text = operators[found].canonical;
	if (operators[found].parse_node != NULL)
		return operators[found].parse_node(parser, node);
	operators[found].parse(parser, node);
	return finish_node(parser, node);
}

/*
 * The operators of a pipe behind its source, which mv-apply's have none of.
 */
Node *
parse_operators(Parser *parser, Node *source)
{
	Node	   *pipe = new_node(parser, NODE_PIPE);
	int			level = parser->levels[parser->at];

	if (source != NULL)
		pipe->start = source->start;
	pipe->left = source;
	do
	{
		Node	   *operator = parse_operator(parser);

		if (!parser->is_broken && !at_end(parser))
			syntax_error(parser, "\"|\"");
		if (parser->is_broken)
		{
			skip_operator(parser, level);
			parser->is_broken = false;
			operator->kind = NODE_BROKEN;
		}
		add_child(parser, pipe, &pipe->args, operator);
	} while (accept_symbol(parser, "|"));
	return finish_node(parser, pipe);
}

/*
 * An expression, or a table that is piped through operators.
 */
Node *
parse_pipe(Parser *parser)
{
	int			level = parser->levels[parser->at];
	Node	   *source = parse_expression(parser);

	if (parser->is_broken)
	{
		/* the source has an error: look at the operators nevertheless */
		int			at = parser->at;

		skip_operator(parser, level);
		if (!is_symbol(current_token(parser), "|") || parser->levels[parser->at] != level)
		{
			parser->at = at;
			return source;
		}
		parser->is_broken = false;
		source->kind = NODE_BROKEN;
	}
	if (!accept_symbol(parser, "|"))
		return source;
	return parse_operators(parser, source);
}

/*
 * datatable (COLUMNS) [VALUES], externaldata (COLUMNS) [ADDRESSES] with (...)
 */
static Node *
parse_datatable(Parser *parser)
{
	Node	   *node = new_node(parser, NODE_OPERATOR);

	node->text = at_word(parser, "external_data") ? "externaldata" : current_token(parser)->text;
	parser->at++;
	parse_parameters(parser, node);
	parse_declarations(parser, node, &node->by);
	expect_symbol(parser, "[");
	while (!parser->is_broken && !at_symbol(parser, "]"))
	{
		add_child(parser, node, &node->args, parse_additive(parser));
		if (!accept_symbol(parser, ",") && !at_symbol(parser, "]"))
			syntax_error(parser, "\",\" or \"]\"");
	}
	expect_symbol(parser, "]");
	if (strcmp(node->text, "externaldata") == 0 && accept_word(parser, "with"))
	{
		Node	   *properties = new_node(parser, NODE_CALL);

		parse_arguments(parser, properties, &properties->args);
	}
	return finish_node(parser, node);
}

/*
 * range NAME from START to STOP step STEP
 */
static Node *
parse_range(Parser *parser)
{
	static const char *const words[] = {"from", "to", "step"};
	Node	   *node = new_node(parser, NODE_OPERATOR);

	node->text = "range";
	parser->at++;
	add_child(parser, node, &node->names, parse_name(parser));
	for (int i = 0; i < 3; i++)
	{
		expect_word(parser, words[i]);
		add_child(parser, node, &node->args, parse_additive(parser));
	}
	return finish_node(parser, node);
}

/*
 * An operator that makes a table of nothing, or NULL if there is none here.
 */
Node *
parse_source_operator(Parser *parser)
{
	const Token *next = next_token(parser, 1);
	bool		called = is_symbol(next, "(");
	Node	   *node;

	if (parser->is_broken)
		return NULL;
	if ((at_word(parser, "datatable") || at_word(parser, "externaldata") || at_word(parser, "external_data")) &&
		(called || next->kind == TOKEN_NAME))
		return parse_datatable(parser);
	if (at_word(parser, "range") && next->kind == TOKEN_NAME)
		return parse_range(parser);
	if (at_word(parser, "find") && (next->kind == TOKEN_NAME || called))
	{
		node = new_node(parser, NODE_BROKEN);
		add_error(parser->errors, node->start, "the operator find is not supported");
		skip_operator(parser, parser->levels[parser->at]);
		return node;
	}
	if ((at_word(parser, "print") || at_word(parser, "union") || at_word(parser, "search")) &&
		!is_symbol(next, "|") && !is_symbol(next, "=") && !is_symbol(next, ".") &&
		!is_symbol(next, ")") && !is_symbol(next, ",") && next->kind != TOKEN_END)
		return parse_operator(parser);
	if (at_word(parser, "evaluate") && next->kind == TOKEN_NAME)
		return parse_operator(parser);
	return NULL;
}
