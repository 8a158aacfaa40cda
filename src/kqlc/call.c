/*-------------------------------------------------------------------------
 *
 * call.c
 *	  Calls of functions: those of the table, and those that are special.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "functions.h"

/* More arguments than this are not looked at */
#define MOST_ARGUMENTS	200

const Function *const function_tables[] = {
	string_functions, number_functions, time_functions, dynamic_functions,
	other_functions, NULL
};

/*
 * Can an argument of this type stand where this letter is?
 */
static bool
accepts(char letter, const Expr *argument)
{
	KqlType		type = argument->type;

	if (type == KQL_NONE)
		return true;
	switch (letter)
	{
		case 's':
			return type == KQL_STRING || type == KQL_DYNAMIC;
		case 'b':
			return type == KQL_BOOL || type == KQL_DYNAMIC;
		case 'i':
			return is_integer(type) || type == KQL_DYNAMIC;
		case 'n':
		case 'r':
			return is_number(type) || type == KQL_DYNAMIC;
		case 't':
			return type == KQL_DATETIME || type == KQL_DYNAMIC;
		case 'p':
			return type == KQL_TIMESPAN || type == KQL_DYNAMIC;
		case 'g':
			return type == KQL_GUID;
		case 'y':
			return type == KQL_DYNAMIC;
		default:
			return true;
	}
}

/*
 * The letter for an argument, or zero if there is no such argument.
 */
static char
letter_of(const char *spec, int number)
{
	char		last = 0;

	for (; *spec != '\0'; spec++)
	{
		if (*spec == '?')
			continue;
		if (*spec == '*')
			return last;
		last = *spec;
		if (number-- == 0)
			return last;
	}
	return 0;
}

/*
 * How many arguments must there be?
 */
static int
least_arguments(const char *spec)
{
	int			count = 0;

	for (; *spec != '\0' && *spec != '?'; spec++)
	{
		if (*spec == '*')
			return count;
		count++;
	}
	return count;
}

/*
 * Do these arguments fit?
 */
static bool
fits(const Function *function, Expr **arguments, int count)
{
	if (count < least_arguments(function->arguments))
		return false;
	for (int i = 0; i < count; i++)
	{
		char		letter = letter_of(function->arguments, i);

		if (letter == 0 || !accepts(letter, arguments[i]))
			return false;
	}
	return true;
}

/*
 * An argument in the form that its letter asks for.
 */
static Expr *
prepare(Compiler *c, const Node *node, char letter, Expr *argument)
{
	KqlType		type = KQL_NONE;

	switch (letter)
	{
		case 's':
		case 'S':
			type = KQL_STRING;
			break;
		case 'b':
			type = KQL_BOOL;
			break;
		case 'i':
			type = KQL_LONG;
			break;
		case 'n':
			type = argument->type == KQL_INT || argument->type == KQL_DYNAMIC ? KQL_LONG : argument->type;
			break;
		case 'r':
			type = KQL_REAL;
			break;
		case 't':
			type = KQL_DATETIME;
			break;
		case 'p':
			type = KQL_TIMESPAN;
			break;
		case 'Y':
			type = KQL_DYNAMIC;
			break;
		default:
			return argument;
	}
	return convert(c, node, argument, type);
}

/*
 * The call of a function that has a template.
 */
static Expr *
call_template(Compiler *c, const Node *node, const Function *function, Expr **arguments, int count)
{
	Sql		   *pieces[9];
	bool		nullable = function->nulls == MAYBE;
	Expr	   *result;
	KqlType		type = function->result;

	for (int i = 0; i < count && i < 9; i++)
	{
		Expr	   *argument = prepare(c, node, letter_of(function->arguments, i), arguments[i]);

		pieces[i] = value_of(c, argument);
		nullable |= function->nulls == STRICT && argument->is_nullable && argument->type != KQL_STRING;
		if (i == 0 && type == KQL_NONE)
			type = argument->type;
	}
	result = expr_new(c, type, sql_template(c->arena, function->template, pieces, count), nullable);
	return result;
}

/*
 * Does the table have a function of that name?
 */
static bool
is_function_name(const char *name)
{
	for (int i = 0; function_tables[i] != NULL; i++)
	{
		for (const Function *f = function_tables[i]; f->name != NULL; f++)
		{
			if (strcmp(f->name, name) == 0)
				return true;
		}
	}
	return false;
}

/*
 * Say that no function of that name takes such arguments.
 */
static Expr *
refuse_call(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Buffer		types = {c->arena, NULL, 0, 0, 1000, false};
	Vector		names = {0};

	if (!is_function_name(node->text))
	{
		for (int i = 0; function_tables[i] != NULL; i++)
		{
			for (const Function *f = function_tables[i]; f->name != NULL; f++)
				vector_add(c->arena, &names, (void *) f->name);
		}
		add_let_names(c, &names);
		suggest_name(c, add_error(c->errors, node->start, "the function %s() is not supported", node->text),
					 node->text, &names);
		return failed_expr(c);
	}
	buffer_text(&types, "");
	for (int i = 0; i < count; i++)
	{
		buffer_text(&types, i > 0 ? ", " : "");
		buffer_text(&types, kql_type_name(arguments[i]->type));
	}
	return fail(c, node, "function %s() does not take the arguments (%s)", node->text,
				types.data != NULL ? types.data : "");
}

/*
 * column_ifexists("name", default)
 */
static Expr *
bind_column_ifexists(Compiler *c, const Scope *scope, const Node *node)
{
	const Node *name;
	Column	   *column;

	if (node->args.count != 2)
		return fail(c, node, "function %s() takes two arguments", node->text);
	name = node->args.items[0];
	if (name->kind != NODE_LITERAL || name->type != KQL_STRING)
		return fail(c, name, "the column of %s() has to be a string literal", node->text);
	column = scope->table != NULL ? find_column(scope->table, name->text) : NULL;
	if (column != NULL)
		return read_column(c, node, scope->table, column);
	return bind(c, scope, node->args.items[1]);
}

/*
 * pack_all(): all columns as an object.
 */
static Expr *
bind_pack_all(Compiler *c, const Scope *scope, const Node *node)
{
	Vector		parts = {0};

	if (scope->table == NULL)
		return fail(c, node, "%s() has no columns here", node->text);
	if (c->aggregated == scope->table)
		return fail(c, node, "%s() stands outside of an aggregate", node->text);
	count_columns(c, node->start, scope->table);
	for (int i = 0; i < scope->table->columns.count; i++)
	{
		Column	   *column = scope->table->columns.items[i];

		if (column->is_hidden)
			continue;
		vector_add(c->arena, &parts, sql_string(c->arena, column->name, strlen(column->name)));
		vector_add(c->arena, &parts, value_of(c, to_dynamic(c, column->expr)));
	}
	return expr_new(c, KQL_DYNAMIC, json_of_pieces(c, "jsonb_build_object", &parts), false);
}

/*
 * bag_pack_columns(): these columns as an object.
 */
static Expr *
bind_pack_columns(Compiler *c, const Scope *scope, const Node *node)
{
	Vector		parts = {0};

	if (node->args.count == 0)
		return fail(c, node, "%s() takes columns", node->text);
	for (int i = 0; i < node->args.count; i++)
	{
		const Node *argument = node->args.items[i];
		Expr	   *value = bind(c, scope, argument);

		if (is_failed(value))
			return value;
		if (argument->kind != NODE_NAME)
			return fail(c, argument, "%s() takes the names of columns", node->text);
		vector_add(c->arena, &parts, sql_string(c->arena, argument->text, strlen(argument->text)));
		vector_add(c->arena, &parts, value_of(c, to_dynamic(c, value)));
	}
	return expr_new(c, KQL_DYNAMIC, json_of_pieces(c, "jsonb_build_object", &parts), false);
}

/*
 * column_names_of(TABLE): an array of the names of its columns.
 */
static Expr *
bind_column_names(Compiler *c, const Node *node)
{
	Table	   *table = bind_table(c, node->args.items[0]);
	Vector		names = {0};

	for (int i = 0; i < table->columns.count; i++)
	{
		Column	   *column = table->columns.items[i];

		if (!column->is_hidden)
			vector_add(c->arena, &names, sql_string(c->arena, column->name, strlen(column->name)));
	}
	if (table->is_unknown)
		return failed_expr(c);
	return expr_new(c, KQL_DYNAMIC, json_of_pieces(c, "jsonb_build_array", &names), false);
}

/*
 * Functions whose arguments are not just bound; NULL if it is none of them.
 */
static Expr *
bind_special(Compiler *c, const Scope *scope, const Node *node)
{
	if (strcmp(node->text, "toscalar") == 0)
		return bind_toscalar(c, node);
	if (strcmp(node->text, "column_ifexists") == 0 || strcmp(node->text, "columnifexists") == 0)
		return bind_column_ifexists(c, scope, node);
	if (strcmp(node->text, "pack_all") == 0)
		return bind_pack_all(c, scope, node);
	if (strcmp(node->text, "bag_pack_columns") == 0)
		return bind_pack_columns(c, scope, node);
	if (strcmp(node->text, "column_names_of") == 0 && node->args.count == 1)
		return bind_column_names(c, node);
	if (strcmp(node->text, "not") == 0 && node->args.count == 1)
	{
		Expr	   *argument = to_condition(c, node->args.items[0], bind(c, scope, node->args.items[0]));

		if (is_failed(argument))
			return argument;
		return made_of(expr_new(c, KQL_BOOL, sql_format(c->arena, "(NOT $1)", argument->sql), argument->is_nullable), argument, NULL);
	}
	if (strcmp(node->text, "ingestion_time") == 0 && node->args.count == 0)
	{
		Column	   *column = scope->table != NULL ? find_hidden(scope->table, INGESTION_TIME) : NULL;

		return column != NULL ? read_column(c, node, scope->table, column) :
			fail(c, node, "ingestion_time() needs rows of a log table here");
	}
	if (is_aggregate_name(node->text))
		return bind_aggregate(c, scope, node);
	if (is_window_name(node->text))
		return fail(c, node, "%s() is not supported here", node->text);
	return NULL;
}

/*
 * The function of the table that is called.
 */
static Expr *
call_known(Compiler *c, const Node *node, Expr **arguments, int count)
{
	for (int i = 0; function_tables[i] != NULL; i++)
	{
		for (const Function *function = function_tables[i]; function->name != NULL; function++)
		{
			if (strcmp(function->name, node->text) != 0)
				continue;
			if (!fits(function, arguments, count))
				continue;
			for (int j = 0; j < count; j++)
			{
				if (is_failed(arguments[j]))
					return arguments[j];
			}
			return function->binder != NULL ? function->binder(c, node, arguments, count) :
				call_template(c, node, function, arguments, count);
		}
	}
	return refuse_call(c, node, arguments, count);
}

/*
 * Any call.
 */
Expr *
bind_call(Compiler *c, const Scope *scope, const Node *node)
{
	Binding    *binding = find_binding(c, node->text);
	Expr	   *arguments[MOST_ARGUMENTS];
	int			count = node->args.count;
	Expr	   *result;
	bool		is_constant = true;
	bool		has_aggregate = false;

	if (binding != NULL && binding->is_broken)
		return failed_expr(c);
	if (binding != NULL && binding->is_function)
		return call_function(c, scope, node, binding);
	if (strcmp(node->text, "typeof") == 0)
	{
		result = null_expr(c, node->type);
		return result;
	}
	result = bind_special(c, scope, node);
	if (result != NULL)
		return result;
	/* it may be an aggregate, whose arguments are columns */
	if (c->aggregated != NULL && !is_function_name(node->text))
		return refuse_call(c, node, NULL, 0);
	if (count > MOST_ARGUMENTS)
		return fail(c, node, "function %s() has more than %d arguments", node->text, MOST_ARGUMENTS);
	for (int i = 0; i < count; i++)
	{
		arguments[i] = bind(c, scope, node->args.items[i]);
		is_constant &= arguments[i]->is_constant;
		has_aggregate |= arguments[i]->has_aggregate;
	}
	result = call_known(c, node, arguments, count);
	if (result->literal == NULL && result->sql->kind == SQL_LIST)
	{
		result->is_constant = is_constant;
		result->has_aggregate = has_aggregate;
	}
	return result;
}

/*
 * What the table says of a function, for the documentation.
 */
bool
kql_describe_function(int number, const char **name, const char **arguments,
					  const char **result, const char **description)
{
	for (int i = 0; function_tables[i] != NULL; i++)
	{
		for (const Function *f = function_tables[i]; f->name != NULL; f++)
		{
			if (number-- > 0)
				continue;
			*name = f->name;
			*arguments = f->arguments;
			*result = f->result == KQL_NONE ? "" : kql_type_name(f->result);
			*description = f->description;
			return true;
		}
	}
	return false;
}
