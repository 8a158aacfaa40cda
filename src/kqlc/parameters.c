/*-------------------------------------------------------------------------
 *
 * parameters.c
 *	  What "declare query_parameters" declares, and the values that the caller
 *	  gives.
 *
 * A value becomes a literal of the declared type, so that it can mean nothing
 * else than a value.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/* A query declares no more than these */
#define MOST_PARAMETERS		1000

/*
 * The value that the caller gives for a parameter, or NULL.
 */
static const KqlParameter *
given_value(const Compiler *c, const char *name)
{
	for (int i = 0; i < c->options->parameter_count; i++)
	{
		if (strcmp(c->options->parameters[i].name, name) == 0)
			return &c->options->parameters[i];
	}
	return NULL;
}

/*
 * A literal of a value.
 */
static Expr *
given_expr(Compiler *c, const Node *parameter, const KqlParameter *value)
{
	Node	   *node;
	bool		is_valid;

	if (value->value == NULL)
		return null_expr(c, parameter->type);
	if (parameter->type == KQL_STRING)
		return string_expr(c, value->value);
	node = arena_alloc(c->arena, sizeof(Node));
	node->kind = NODE_LITERAL;
	node->start = parameter->start;
	node->type = parameter->type;
	is_valid = parameter->type == KQL_DYNAMIC ? parse_json_text(c->arena, value->value, node) :
		set_literal(c->arena, node, kql_string(value->value, strlen(value->value)));
	if (!is_valid)
		return fail(c, parameter, "\"%.100s\" is no %s, which query parameter \"%s\" is",
					value->value, kql_type_name(parameter->type), parameter->text);
	return literal_expr(c, node);
}

/*
 * The value that a declaration has by itself.
 */
static Expr *
default_expr(Compiler *c, const Node *parameter)
{
	Expr	   *expr = bind_constant(c, parameter->right);

	if (is_failed(expr))
		return expr;
	if (expr->literal == NULL)
		return fail(c, parameter->right, "the default of query parameter \"%s\" has to be a literal", parameter->text);
	return convert(c, parameter->right, expr, parameter->type);
}

/*
 * What a parameter stands for.
 */
static Expr *
parameter_expr(Compiler *c, const Node *parameter)
{
	const KqlParameter *value = given_value(c, parameter->text);
	KqlError   *error;

	if (parameter->is_table)
		return fail(c, parameter, "query parameter \"%s\" is a table, which is not supported", parameter->text);
	if (value != NULL)
		return given_expr(c, parameter, value);
	if (parameter->right != NULL)
		return default_expr(c, parameter);
	if (c->options->lacks_values)
		return null_expr(c, parameter->type);
	error = add_error(c->errors, parameter->start, "query parameter \"%s\" has no value", parameter->text);
	error->hint = "Give it one when the query is compiled, or a default where it is declared.";
	return failed_expr(c);
}

/*
 * declare query_parameters (NAME: TYPE = DEFAULT, ...)
 */
void
bind_query_parameters(Compiler *c, const Node *node)
{
	if (node->names.count + c->parameters.count > MOST_PARAMETERS)
	{
		fail(c, node, "a query has no more than %d query parameters", MOST_PARAMETERS);
		return;
	}
	for (int i = 0; i < node->names.count; i++)
	{
		const Node *parameter = node->names.items[i];
		Binding    *binding;
		Expr	   *expr;

		if (parameter->kind == NODE_BROKEN)
			continue;
		if (find_binding(c, parameter->text) != NULL)
			fail(c, parameter, "query parameter \"%s\" is declared twice", parameter->text);
		expr = parameter_expr(c, parameter);
		binding = add_binding(c, parameter->text);
		binding->is_broken = is_failed(expr);
		binding->scalar = binding->is_broken ? NULL : expr;
		vector_add(c->arena, &c->parameters, (void *) parameter->text);
	}
}

/*
 * Refuse values for parameters that the query does not declare.
 */
void
check_query_parameters(Compiler *c)
{
	for (int i = 0; i < c->options->parameter_count; i++)
	{
		const char *name = c->options->parameters[i].name;
		bool		is_declared = false;

		for (int j = 0; j < c->parameters.count; j++)
			is_declared |= strcmp(c->parameters.items[j], name) == 0;
		if (is_declared)
			continue;
		suggest_name(c, add_error(c->errors, 0, "the query declares no parameter \"%.100s\"", name),
					 name, &c->parameters);
	}
}
