/*-------------------------------------------------------------------------
 *
 * parser.c
 *	  Statements of a query, and what the other files of the parser share.
 *
 * The parser is a recursive descent.  After a syntax error it makes broken
 * nodes of all that follows up to the next operator of the pipe, and goes on
 * there, so that all errors of a query are found at once.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "ast.h"

/*
 * The token that is next.
 */
const Token *
current_token(const Parser *parser)
{
	return &parser->tokens[parser->at];
}

/*
 * The token after so many others, or the last.
 */
const Token *
next_token(const Parser *parser, int distance)
{
	const Token *token = &parser->tokens[parser->at];

	while (distance-- > 0 && token->kind != TOKEN_END)
		token++;
	return token;
}

/*
 * Is this token that word?
 */
bool
is_word(const Token *token, const char *word)
{
	return token->kind == TOKEN_NAME && strcmp(token->text, word) == 0;
}

/*
 * Is this token that symbol?
 */
bool
is_symbol(const Token *token, const char *symbol)
{
	return token->kind == TOKEN_SYMBOL && strcmp(token->text, symbol) == 0;
}

/*
 * Is the next token that symbol?
 */
bool
at_symbol(const Parser *parser, const char *symbol)
{
	return !parser->is_broken && is_symbol(current_token(parser), symbol);
}

/*
 * Is the next token that word?
 */
bool
at_word(const Parser *parser, const char *word)
{
	return !parser->is_broken && is_word(current_token(parser), word);
}

/*
 * Pass over that symbol if it is next.
 */
bool
accept_symbol(Parser *parser, const char *symbol)
{
	if (!at_symbol(parser, symbol))
		return false;
	parser->at++;
	return true;
}

/*
 * Pass over that word if it is next.
 */
bool
accept_word(Parser *parser, const char *word)
{
	if (!at_word(parser, word))
		return false;
	parser->at++;
	return true;
}

/*
 * Say what was expected here, unless an error is being passed over already.
 */
void
syntax_error(Parser *parser, const char *expected)
{
	const Token *token = current_token(parser);

	if (parser->is_broken)
		return;
	parser->is_broken = true;
	if (token->kind == TOKEN_END)
		add_error(parser->errors, token->start,
				  "syntax error at end of query: expected %s", expected);
	else
		add_error(parser->errors, token->start,
				  "syntax error at \"%.*s\": expected %s",
				  token->end - token->start > 40 ? 40 : token->end - token->start,
				  parser->query + token->start, expected);
}

/*
 * That symbol has to be next.
 */
void
expect_symbol(Parser *parser, const char *symbol)
{
	char	   *quoted;

	if (accept_symbol(parser, symbol))
		return;
	quoted = arena_printf(parser->arena, "\"%s\"", symbol);
	syntax_error(parser, quoted);
}

/*
 * That word has to be next.
 */
void
expect_word(Parser *parser, const char *word)
{
	if (!accept_word(parser, word))
		syntax_error(parser, arena_printf(parser->arena, "\"%s\"", word));
}

/*
 * A node that begins here.
 */
Node *
new_node(Parser *parser, NodeKind kind)
{
	Node	   *node = arena_alloc(parser->arena, sizeof(Node));

	node->kind = kind;
	node->start = node->end = current_token(parser)->start;
	return node;
}

/*
 * Let a node end before the next token; what is broken says so.
 */
Node *
finish_node(Parser *parser, Node *node)
{
	int			depth = 0;

	if (parser->at > 0 && parser->tokens[parser->at - 1].end > node->start)
		node->end = parser->tokens[parser->at - 1].end;
	if (node->left != NULL && node->left->depth > depth)
		depth = node->left->depth;
	if (node->right != NULL && node->right->depth > depth)
		depth = node->right->depth;
	if (node->depth < depth + 1)
		node->depth = depth + 1;
	if (node->depth > MAX_DEPTH && !parser->is_broken)
	{
		add_error(parser->errors, node->start, "query is nested too deeply");
		parser->is_broken = true;
	}
	if (parser->is_broken)
		node->kind = NODE_BROKEN;
	return node;
}

/*
 * Add a node to a list of another.
 */
void
add_child(Parser *parser, Node *node, Vector *list, Node *child)
{
	vector_add(parser->arena, list, child);
	if (node->depth <= child->depth)
		node->depth = child->depth + 1;
}

/*
 * Go down one level, unless that is too deep.
 */
bool
enter(Parser *parser)
{
	if (parser->is_broken)
		return false;
	if (++parser->depth <= MAX_DEPTH)
		return true;
	parser->depth--;
	add_error(parser->errors, current_token(parser)->start,
			  "query is nested too deeply");
	parser->is_broken = true;
	return false;
}

/*
 * Come back.
 */
void
leave(Parser *parser)
{
	parser->depth--;
}

/*
 * Pass over what is left of an operator at this level of brackets.
 */
void
skip_operator(Parser *parser, int level)
{
	for (;; parser->at++)
	{
		const Token *token = current_token(parser);

		if (token->kind == TOKEN_END || parser->levels[parser->at] < level)
			return;
		if (parser->levels[parser->at] == level &&
			(is_symbol(token, "|") || is_symbol(token, ";")))
			return;
	}
}

/*
 * How many brackets are open at each token; closing ones count as outside.
 */
int *
count_levels(Arena *arena, const Token *tokens)
{
	int			count = 0;
	int			level = 0;
	int		   *levels;

	while (tokens[count].kind != TOKEN_END)
		count++;
	levels = arena_alloc(arena, (size_t) (count + 1) * sizeof(int));
	for (int i = 0; i <= count; i++)
	{
		char		c = tokens[i].kind == TOKEN_SYMBOL ? tokens[i].text[0] : 0;

		if (c == ')' || c == ']' || c == '}')
			level--;
		levels[i] = level;
		if (c == '(' || c == '[' || c == '{')
			level++;
	}
	return levels;
}

/*
 * A list of nodes divided by commas.
 */
void
parse_list(Parser *parser, Node *node, Vector *list,
		   Node *(*parse) (Parser *parser))
{
	do
		add_child(parser, node, list, parse(parser));
	while (accept_symbol(parser, ","));
}

/*
 * A type by its name.
 */
KqlType
parse_type(Parser *parser)
{
	const Token *token = current_token(parser);
	KqlType		type = KQL_NONE;

	if (token->kind == TOKEN_NAME)
		type = kql_type_of_name(token->text);
	if (type == KQL_NONE)
		syntax_error(parser, "a type, such as string or long");
	else
		parser->at++;
	return type;
}

/*
 * A name and its type, or a name and a table's columns; it may have a default.
 */
Node *
parse_declaration(Parser *parser)
{
	Node	   *node = new_node(parser, NODE_DECLARATION);
	Node	   *name = parse_name(parser);

	node->text = name->text;
	if (accept_symbol(parser, ":"))
	{
		if (at_symbol(parser, "("))
		{
			node->is_table = true;
			if (is_symbol(next_token(parser, 1), "*"))
			{
				parser->at += 2;
				expect_symbol(parser, ")");
			}
			else
				parse_declarations(parser, node, &node->args);
		}
		else
			node->type = parse_type(parser);
	}
	else
		syntax_error(parser, "\":\" and a type");
	if (accept_symbol(parser, "="))
		node->right = parse_postfix(parser);
	return finish_node(parser, node);
}

/*
 * Declarations in parentheses.
 */
void
parse_declarations(Parser *parser, Node *node, Vector *list)
{
	expect_symbol(parser, "(");
	if (!accept_symbol(parser, ")"))
	{
		parse_list(parser, node, list, parse_declaration);
		expect_symbol(parser, ")");
	}
}

/*
 * Is there a lambda here: parameters in parentheses and then a body?
 */
static bool
at_lambda(const Parser *parser)
{
	int			level = parser->levels[parser->at];
	int			at = parser->at;

	if (!at_symbol(parser, "("))
		return false;
	do
		at++;
	while (parser->tokens[at].kind != TOKEN_END && parser->levels[at] > level);
	return is_symbol(&parser->tokens[at], ")") &&
		is_symbol(&parser->tokens[at + 1], "{");
}

static Node *parse_let_value(Parser *parser);

/*
 * let NAME = VALUE
 */
static Node *
parse_let(Parser *parser)
{
	Node	   *node = new_node(parser, NODE_LET);

	parser->at++;
	node->text = parse_name(parser)->text;
	expect_symbol(parser, "=");
	if (!enter(parser))
		return finish_node(parser, node);
	node->left = parse_let_value(parser);
	leave(parser);
	return finish_node(parser, node);
}

/*
 * The value of a let: a function, a table or a scalar.
 */
static Node *
parse_let_value(Parser *parser)
{
	Node	   *node = new_node(parser, NODE_LAMBDA);

	if (at_word(parser, "view") && is_symbol(next_token(parser, 1), "("))
	{
		parser->at++;
		node->is_view = true;
	}
	else if (!at_lambda(parser))
		return parse_pipe(parser);

	parse_declarations(parser, node, &node->names);
	expect_symbol(parser, "{");
	while (at_word(parser, "let"))
	{
		add_child(parser, node, &node->args, parse_let(parser));
		expect_symbol(parser, ";");
	}
	if (!parser->is_broken)
		node->left = parse_pipe(parser);
	accept_symbol(parser, ";");
	expect_symbol(parser, "}");
	return finish_node(parser, node);
}

/*
 * A statement that there is no support for, as a whole.
 */
static void
refuse_statement(Parser *parser, const char *what)
{
	add_error(parser->errors, current_token(parser)->start,
			  "%s is not supported", what);
	while (current_token(parser)->kind != TOKEN_END &&
		   !(is_symbol(current_token(parser), ";") &&
			 parser->levels[parser->at] == 0))
		parser->at++;
}

/*
 * One statement.
 */
static void
parse_statement(Parser *parser, Vector *statements)
{
	static const char *const refused[] = {
		"set", "declare", "alias", "restrict", NULL
	};

	if (at_word(parser, "declare") && is_word(next_token(parser, 1), "query_parameters"))
	{
		Node	   *node = new_node(parser, NODE_PARAMETERS);

		parser->at += 2;
		parse_declarations(parser, node, &node->names);
		vector_add(parser->arena, statements, finish_node(parser, node));
		return;
	}
	for (int i = 0; refused[i] != NULL; i++)
	{
		if (!at_word(parser, refused[i]) ||
			next_token(parser, 1)->kind != TOKEN_NAME)
			continue;
		refuse_statement(parser, strcmp(refused[i], "declare") == 0 ?
						 arena_printf(parser->arena, "declare %s",
									  next_token(parser, 1)->text) :
						 arena_printf(parser->arena, "the statement %s", refused[i]));
		return;
	}
	if (at_word(parser, "let") && next_token(parser, 1)->kind == TOKEN_NAME)
		vector_add(parser->arena, statements, parse_let(parser));
	else
		vector_add(parser->arena, statements, parse_pipe(parser));
}

/*
 * The statements of a query.
 */
void
parse_query(Arena *arena, Errors *errors, const char *query, size_t length,
			Vector *statements)
{
	Parser		parser = {0};

	parser.arena = arena;
	parser.errors = errors;
	parser.query = query;
	parser.tokens = lex(arena, errors, query, length);
	parser.levels = count_levels(arena, parser.tokens);

	while (current_token(&parser)->kind != TOKEN_END)
	{
		if (accept_symbol(&parser, ";"))
			continue;
		parse_statement(&parser, statements);
		if (current_token(&parser)->kind != TOKEN_END && !at_symbol(&parser, ";"))
			syntax_error(&parser, "an operator after \"|\", or \";\"");
		if (parser.is_broken)
		{
			/* brackets may be unbalanced: go on behind the next semicolon */
			while (current_token(&parser)->kind != TOKEN_END &&
				   !is_symbol(current_token(&parser), ";"))
				parser.at++;
			parser.is_broken = false;
		}
		parser.depth = 0;
	}
}
