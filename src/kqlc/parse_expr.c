/*-------------------------------------------------------------------------
 *
 * parse_expr.c
 *	  Scalar expressions.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "ast.h"

static Node *parse_argument(Parser *parser);

/* Operators on strings, which bind tighter than arithmetic */
static const char *const string_operators[] = {
	"has", "has_cs", "hasprefix", "hasprefix_cs", "hassuffix", "hassuffix_cs",
	"contains", "contains_cs", "startswith", "startswith_cs", "endswith",
	"endswith_cs", "containscs", "notcontains", "notcontainscs", "like",
	"notlike", NULL
};

/* Operators on a value and a list */
static const char *const list_operators[] = {
	"in", "in~", "has_any", "has_all", NULL
};

/*
 * Is a name here, plain or in brackets?
 */
bool
at_name(const Parser *parser)
{
	const Token *token = current_token(parser);

	return !parser->is_broken &&
		(token->kind == TOKEN_NAME ||
		 (is_symbol(token, "[") &&
		  next_token(parser, 1)->kind == TOKEN_STRING &&
		  is_symbol(next_token(parser, 2), "]")));
}

/*
 * A name, plain or in brackets.
 */
Node *
parse_name(Parser *parser)
{
	Node	   *node = new_node(parser, NODE_NAME);

	node->text = "";
	if (!at_name(parser))
		syntax_error(parser, "a name");
	else if (current_token(parser)->kind == TOKEN_NAME)
	{
		node->text = current_token(parser)->text;
		parser->at++;
	}
	else
	{
		node->text = next_token(parser, 1)->text;
		node->is_quoted = true;
		parser->at += 3;
	}
	return finish_node(parser, node);
}

/*
 * Arguments in parentheses, each perhaps with a name.
 */
void
parse_arguments(Parser *parser, Node *node, Vector *list)
{
	expect_symbol(parser, "(");
	if (accept_symbol(parser, ")"))
		return;
	do
	{
		Node	   *argument;

		if (at_symbol(parser, ",") || at_symbol(parser, ")"))
			syntax_error(parser, "an expression");
		argument = parse_argument(parser);
		add_child(parser, node, list, argument);
	} while (accept_symbol(parser, ","));
	expect_symbol(parser, ")");
}

/*
 * typeof(TYPE), as an argument of functions.
 */
static Node *
parse_typeof(Parser *parser)
{
	Node	   *node = new_node(parser, NODE_CALL);

	node->text = "typeof";
	parser->at++;
	expect_symbol(parser, "(");
	node->type = parse_type(parser);
	expect_symbol(parser, ")");
	return finish_node(parser, node);
}

/*
 * A name, or a call of a function.
 */
static Node *
parse_name_or_call(Parser *parser)
{
	Node	   *node;

	if (at_word(parser, "typeof") && is_symbol(next_token(parser, 1), "("))
		return parse_typeof(parser);
	node = parse_name(parser);
	if (at_symbol(parser, "(") && !node->is_quoted)
	{
		node->kind = NODE_CALL;
		parse_arguments(parser, node, &node->args);
	}
	return finish_node(parser, node);
}

/*
 * What stands by itself.
 */
static Node *
parse_primary(Parser *parser)
{
	const Token *token = current_token(parser);
	Node	   *node;

	if (parser->is_broken)
		return finish_node(parser, new_node(parser, NODE_BROKEN));
	if (token->kind == TOKEN_NUMBER || token->kind == TOKEN_TIMESPAN ||
		token->kind == TOKEN_STRING)
		return parse_literal(parser);
	if (at_symbol(parser, "*"))
	{
		node = new_node(parser, NODE_STAR);
		parser->at++;
		return finish_node(parser, node);
	}
	if (at_symbol(parser, "("))
	{
		if (!enter(parser))
			return finish_node(parser, new_node(parser, NODE_BROKEN));
		parser->at++;
		node = parse_pipe(parser);
		expect_symbol(parser, ")");
		leave(parser);
		if (parser->is_broken)
			node->kind = NODE_BROKEN;
		return node;
	}
	node = parse_source_operator(parser);
	if (node == NULL)
		node = parse_typed_literal(parser);
	if (node != NULL)
		return node;
	if (!at_name(parser))
		syntax_error(parser, "an expression");
	return parse_name_or_call(parser);
}

/*
 * Something with members and elements of it.
 */
Node *
parse_postfix(Parser *parser)
{
	Node	   *left;
	int			start = current_token(parser)->start;

	if (!enter(parser))
		return finish_node(parser, new_node(parser, NODE_BROKEN));
	left = parse_primary(parser);
	while (at_symbol(parser, ".") || at_symbol(parser, "["))
	{
		Node	   *node = new_node(parser, NODE_INDEX);

		node->start = start;
		node->left = left;
		/* a.[0] is a[0] */
		if (accept_symbol(parser, ".") && (at_name(parser) || !at_symbol(parser, "[")))
		{
			Node	   *member = parse_name_or_call(parser);

			node->kind = NODE_MEMBER;
			node->text = member->text;
			if (member->kind == NODE_CALL)
				node->right = member;
		}
		else
		{
			parser->at++;
			node->right = parse_expression(parser);
			expect_symbol(parser, "]");
		}
		left = finish_node(parser, node);
	}
	leave(parser);
	return left;
}

/*
 * Something with a sign, or without.
 */
static Node *
parse_sign(Parser *parser)
{
	Node	   *node;

	if (!at_symbol(parser, "-") && !at_symbol(parser, "+"))
		return parse_postfix(parser);
	node = new_node(parser, NODE_UNARY);
	node->text = current_token(parser)->text;
	if (at_symbol(parser, "-") && next_token(parser, 1)->kind == TOKEN_NUMBER &&
		next_token(parser, 1)->length == 19 &&
		memcmp(next_token(parser, 1)->text, "9223372036854775808", 19) == 0)
	{
		/* the least long, whose opposite is none */
		node->kind = NODE_LITERAL;
		node->type = KQL_LONG;
		node->integer = INT64_MIN;
		parser->at += 2;
		return finish_node(parser, node);
	}
	if (!enter(parser))
		return finish_node(parser, node);
	parser->at++;
	node->left = parse_sign(parser);
	leave(parser);
	return finish_node(parser, node);
}

/*
 * Is there a word of a list here, negated or not?  Stores it and the number of
 * tokens.
 */
static const char *
find_operator(const Parser *parser, const char *const *names, int *count)
{
	bool		negated = at_symbol(parser, "!");
	const Token *token = next_token(parser, negated ? 1 : 0);

	if (token->kind != TOKEN_NAME || parser->is_broken)
		return NULL;
	for (int i = 0; names[i] != NULL; i++)
	{
		size_t		length = strcspn(names[i], "~");

		if (strlen(token->text) != length ||
			memcmp(token->text, names[i], length) != 0)
			continue;
		if ((parser->query[token->end] == '~') != (names[i][length] == '~'))
			continue;
		*count = negated ? 2 : 1;
		return names[i];
	}
	return NULL;
}

/*
 * A binary node of what is left and what is to come.
 */
static Node *
binary_node(Parser *parser, Node *left, const char *operator)
{
	Node	   *node = new_node(parser, NODE_BINARY);

	node->start = left->start;
	node->left = left;
	node->text = operator;
	return node;
}

/*
 * Operators on strings.
 */
static Node *
parse_string_operation(Parser *parser)
{
	Node	   *left = parse_sign(parser);

	for (;;)
	{
		int			count = 1;
		const char *operator = NULL;
		bool		negated = at_symbol(parser, "!");
		Node	   *node;

		if (at_symbol(parser, "=~") || at_symbol(parser, "!~"))
		{
			operator = "=~";
			negated = at_symbol(parser, "!~");
		}
		else if (at_word(parser, "matches") && is_word(next_token(parser, 1), "regex"))
		{
			operator = "matches regex";
			count = 2;
		}
		else if (at_symbol(parser, ":"))
			operator = ":";
		else
			operator = find_operator(parser, string_operators, &count);
		if (operator == NULL)
			return left;
		node = binary_node(parser, left, operator);
		node->is_negated = negated;
		parser->at += count;
		node->right = parse_sign(parser);
		left = finish_node(parser, node);
	}
}

/*
 * Operators of one level, from the left.
 */
static Node *
parse_level(Parser *parser, const char *const *operators,
			Node *(*parse_operand) (Parser *parser))
{
	Node	   *left = parse_operand(parser);

	for (;;)
	{
		const char *found = NULL;
		Node	   *node;

		for (int i = 0; found == NULL && operators[i] != NULL; i++)
		{
			if (at_symbol(parser, operators[i]) || at_word(parser, operators[i]))
				found = operators[i];
		}
		if (found == NULL)
			return left;
		node = binary_node(parser, left, found);
		parser->at++;
		node->right = parse_operand(parser);
		left = finish_node(parser, node);
	}
}

/*
 * Products.
 */
static Node *
parse_product(Parser *parser)
{
	static const char *const operators[] = {"*", "/", "%", NULL};

	return parse_level(parser, operators, parse_string_operation);
}

/*
 * Sums.
 */
Node *
parse_additive(Parser *parser)
{
	static const char *const operators[] = {"+", "-", NULL};

	return parse_level(parser, operators, parse_product);
}

/*
 * Orders.
 */
static Node *
parse_order(Parser *parser)
{
	static const char *const operators[] = {"<=", ">=", "<", ">", NULL};

	return parse_level(parser, operators, parse_additive);
}

/*
 * left between (a .. b)
 */
static Node *
parse_between(Parser *parser, Node *left)
{
	Node	   *node = new_node(parser, NODE_BETWEEN);

	node->start = left->start;
	node->left = left;
	node->is_negated = accept_symbol(parser, "!");
	parser->at++;
	expect_symbol(parser, "(");
	add_child(parser, node, &node->args, parse_additive(parser));
	expect_symbol(parser, "..");
	add_child(parser, node, &node->args, parse_additive(parser));
	expect_symbol(parser, ")");
	return finish_node(parser, node);
}

/*
 * left in (a, b), left has_any (a, b), and so on
 */
static Node *
parse_in(Parser *parser, Node *left, const char *operator, int count)
{
	Node	   *node = new_node(parser, NODE_IN);

	node->start = left->start;
	node->left = left;
	node->text = operator;
	node->is_negated = at_symbol(parser, "!");
	parser->at += count;
	if (at_symbol(parser, "~"))
		parser->at++;
	if (at_symbol(parser, "("))
	{
		parser->at++;
		if (!enter(parser))
			return finish_node(parser, node);
		if (!accept_symbol(parser, ")"))
		{
			parse_list(parser, node, &node->args, parse_pipe);
			expect_symbol(parser, ")");
		}
		leave(parser);
	}
	else
		add_child(parser, node, &node->args, parse_postfix(parser));
	return finish_node(parser, node);
}

/*
 * Comparisons for equality, with lists and with ranges.
 */
static Node *
parse_equality(Parser *parser)
{
	static const char *const operators[] = {"==", "!=", "<>", NULL};
	Node	   *left = parse_level(parser, operators, parse_order);

	for (;;)
	{
		const Token *token = next_token(parser, at_symbol(parser, "!") ? 1 : 0);
		int			count = 1;
		const char *operator;

		if (parser->is_broken)
			return left;
		if (is_word(token, "between"))
		{
			left = parse_between(parser, left);
			continue;
		}
		operator = find_operator(parser, list_operators, &count);
		/* make-series has "on COLUMN in range(...)" */
		if (operator == NULL || (token->end == token->start + 2 && is_word(next_token(parser, 1), "range")))
			return left;
		left = parse_in(parser, left, operator, count);
	}
}

/*
 * Conjunctions.
 */
static Node *
parse_and(Parser *parser)
{
	static const char *const operators[] = {"and", NULL};

	return parse_level(parser, operators, parse_equality);
}

/*
 * Any expression.
 */
Node *
parse_expression(Parser *parser)
{
	static const char *const operators[] = {"or", NULL};
	Node	   *node;

	if (!enter(parser))
		return finish_node(parser, new_node(parser, NODE_BROKEN));
	node = parse_level(parser, operators, parse_and);
	leave(parser);
	return node;
}

/*
 * A value, perhaps with a name: a = x, or (a, b) = x.
 */
static Node *
parse_named_value(Parser *parser, Node *(*parse) (Parser *parser))
{
	Node	   *node = new_node(parser, NODE_NAMED);
	int			at = parser->at;

	if (at_name(parser) &&
		is_symbol(next_token(parser, current_token(parser)->kind == TOKEN_NAME ? 1 : 3), "="))
	{
		add_child(parser, node, &node->names, parse_name(parser));
		parser->at++;
	}
	else if (at_symbol(parser, "("))
	{
		while (parser->tokens[at].kind != TOKEN_END &&
			   !(is_symbol(&parser->tokens[at], ")") &&
				 parser->levels[at] == parser->levels[parser->at]))
			at++;
		if (parser->tokens[at].kind == TOKEN_END ||
			!is_symbol(&parser->tokens[at + 1], "="))
			return parse(parser);
		parser->at++;
		parse_list(parser, node, &node->names, parse_name);
		expect_symbol(parser, ")");
		expect_symbol(parser, "=");
	}
	else
		return parse(parser);
	node->right = parse(parser);
	return finish_node(parser, node);
}

/*
 * An expression, perhaps with a name.
 */
Node *
parse_named(Parser *parser)
{
	return parse_named_value(parser, parse_expression);
}

/*
 * An argument of a function, which may be a table.
 */
static Node *
parse_argument(Parser *parser)
{
	return parse_named_value(parser, parse_pipe);
}
