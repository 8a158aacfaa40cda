/*-------------------------------------------------------------------------
 *
 * query.c
 *	  Pipes, what let defines, and the compilation as a whole.
 *
 * A table that let defines is bound anew wherever it is used, as Kusto does;
 * only materialize() keeps one.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/* Functions call each other no deeper than this */
#define MOST_CALLS		40

/* Queries are not longer than this */
#define LONGEST_QUERY	(1024 * 1024)

/* What becomes of the order in which functions may look at other rows */
typedef enum RowOrder
{
	KEEPS_ORDER,
	MAKES_ORDER,
	LOSES_ORDER
} RowOrder;

static const struct
{
	const char *name;
	OperatorFunction function;
	RowOrder	order;
}			operators[] = {
	{"where", op_where, KEEPS_ORDER},
	{"extend", op_extend, KEEPS_ORDER},
	{"project", op_project, KEEPS_ORDER},
	{"project-away", op_project_away, KEEPS_ORDER},
	{"project-keep", op_project_keep, KEEPS_ORDER},
	{"project-rename", op_project_rename, KEEPS_ORDER},
	{"project-reorder", op_project_reorder, KEEPS_ORDER},
	{"summarize", op_summarize, LOSES_ORDER},
	{"count", op_count, LOSES_ORDER},
	{"distinct", op_distinct, LOSES_ORDER},
	{"take", op_take, KEEPS_ORDER},
	{"sort", op_sort, MAKES_ORDER},
	{"top", op_top, MAKES_ORDER},
	{"join", op_join, LOSES_ORDER},
	{"lookup", op_lookup, LOSES_ORDER},
	{"union", op_union, LOSES_ORDER},
	{"serialize", op_serialize, MAKES_ORDER},
	{"as", op_as, KEEPS_ORDER},
	{"invoke", op_invoke, KEEPS_ORDER},
	{"evaluate", op_evaluate, LOSES_ORDER},
	{"search", op_search, KEEPS_ORDER},
	{"mv-expand", op_mv_expand, LOSES_ORDER},
	{"mvexpand", op_mv_expand, LOSES_ORDER},
	{"mv-apply", op_mv_apply, LOSES_ORDER},
	{"parse", op_parse, KEEPS_ORDER},
	{"parse-where", op_parse, KEEPS_ORDER},
	{"make-series", op_make_series, LOSES_ORDER},
	{"getschema", op_getschema, MAKES_ORDER},
	{"render", NULL, KEEPS_ORDER},
	{"consume", NULL, KEEPS_ORDER},
	{"print", op_print, LOSES_ORDER},
	{"range", op_range, MAKES_ORDER},
	{"datatable", op_datatable, LOSES_ORDER},
	{"externaldata", op_externaldata, LOSES_ORDER},
	{NULL, NULL, KEEPS_ORDER}
};

/*
 * Apply an operator.
 */
static Table *
apply_operator(Compiler *c, Table *table, const Node *node)
{
	int			outer = c->place;

	if (!(table != NULL ? count_columns(c, node->start, table) : descend(c, node)))
		return unknown_table(c);
	if (node->kind == NODE_BROKEN)
	{
		table->is_unknown = true;
		return table;
	}
	for (int i = 0; operators[i].name != NULL; i++)
	{
		if (strcmp(operators[i].name, node->text) != 0)
			continue;
		c->place = node->start;
		if (operators[i].function != NULL)
			table = operators[i].function(c, table, node);
		if (operators[i].order != KEEPS_ORDER)
			table->is_serialized = operators[i].order == MAKES_ORDER;
		c->place = outer;
		if (operators[i].function != op_as)
			table->as_name = NULL;
		return table;
	}
	add_error(c->errors, node->start, "the operator %s is not supported", node->text);
	table->is_unknown = true;
	return table;
}

/*
 * Apply operators one after the other.
 */
Table *
apply_operators(Compiler *c, Table *table, const Vector *nodes, int from)
{
	Binding    *scope = c->scope;

	for (int i = from; i < nodes->count; i++)
		table = apply_operator(c, table, nodes->items[i]);
	c->scope = scope;
	return table;
}

/*
 * Calls that give a table.
 */
static Table *
called_table(Compiler *c, const Node *node)
{
	Binding    *binding = find_binding(c, node->text);
	const Node *argument = node->args.count > 0 ? node->args.items[0] : NULL;

	if (binding != NULL && binding->is_broken)
		return unknown_table(c);
	if (binding != NULL && binding->is_function)
		return call_table_function(c, node, binding, NULL);
	if (argument != NULL && strcmp(node->text, "materialize") == 0)
		return bind_table(c, argument);
	if (argument != NULL && strcmp(node->text, "table") == 0)
	{
		Expr	   *name = bind_constant(c, argument);
		Node	   *named = arena_alloc(c->arena, sizeof(Node));

		*named = *node;
		if (is_failed(name))
			return unknown_table(c);
		if (string_constant(name, &named->text))
		{
			Binding    *scope = c->scope;
			Table	   *table;

			table = named_table(c, named);
			c->scope = scope;
			return table;
		}
		fail(c, node, "the name of table() has to be known when the query is compiled");
		return unknown_table(c);
	}
	fail(c, node, "the function %s() is not supported as a table", node->text);
	return unknown_table(c);
}

/*
 * A table, by the kind of its node.
 */
static Table *
bind_table_node(Compiler *c, const Node *node)
{
	if (!descend(c, node))
		return unknown_table(c);
	switch (node->kind)
	{
		case NODE_NAME:
			return named_table(c, node);
		case NODE_CALL:
			return called_table(c, node);
		case NODE_PIPE:
			return apply_operators(c, bind_table(c, node->left), &node->args, 0);
		case NODE_OPERATOR:
			return apply_operator(c, NULL, node);
		case NODE_BROKEN:
			return unknown_table(c);
		case NODE_MEMBER:
			fail(c, node, "tables of other databases are not supported");
			return unknown_table(c);
		default:
			fail(c, node, "a table is expected here");
			return unknown_table(c);
	}
}

/*
 * Anything that is a table.  What is around it, and is bound by now, has
 * aggregates and windows of its own.
 */
Table *
bind_table(Compiler *c, const Node *node)
{
	Table	   *aggregated = c->aggregated;
	Vector		windows = c->windows;
	Table	   *table;

	c->aggregated = NULL;
	table = bind_table_node(c, node);
	c->aggregated = aggregated;
	c->windows = windows;
	return table;
}

/*
 * Is it a table, and not a scalar?
 */
bool
is_tabular(Compiler *c, const Node *node)
{
	Binding    *binding;
	Binding    *scope = c->scope;
	bool		result;

	if (node->kind == NODE_PIPE || node->kind == NODE_OPERATOR)
		return true;
	if (node->kind != NODE_NAME && node->kind != NODE_CALL)
		return false;
	binding = find_binding(c, node->text);
	if (binding == NULL)
	{
		if (node->kind == NODE_CALL)
			return strcmp(node->text, "table") == 0 || strcmp(node->text, "materialize") == 0;
		return c->schema->find_table(c->schema->context, node->text) != NULL;
	}
	if (binding->scalar != NULL || binding->is_broken)
		return false;
	if (!binding->is_function)
		return true;
	if (node->kind == NODE_NAME && binding->node->is_view && binding->node->names.count == 0)
		return true;
	if (node->kind != NODE_CALL || c->call_depth > MOST_CALLS || binding->node->left == NULL)
		return false;

	/*
	 * what a function gives may be a name that it defines itself, or a
	 * parameter
	 */
	for (int i = 0; i < binding->node->args.count; i++)
	{
		const Node *let = binding->node->args.items[i];

		if (binding->node->left->kind == NODE_NAME && strcmp(let->text, binding->node->left->text) == 0)
		{
			c->call_depth++;
			result = is_tabular(c, let->left);
			c->call_depth--;
			return result;
		}
	}
	for (int i = 0; i < binding->node->names.count; i++)
	{
		const Node *parameter = binding->node->names.items[i];

		if (binding->node->left->kind == NODE_NAME && strcmp(parameter->text, binding->node->left->text) == 0)
			return parameter->is_table;
	}
	c->scope = binding->scope;
	c->call_depth++;
	result = is_tabular(c, binding->node->left);
	c->call_depth--;
	c->scope = scope;
	return result;
}

/*
 * let NAME = VALUE
 */
static void
bind_let(Compiler *c, const Node *node)
{
	Binding    *scope = c->scope;
	const Node *value = node->left;
	Binding    *binding;

	if (node->kind == NODE_BROKEN || value == NULL || value->kind == NODE_BROKEN)
	{
		add_binding(c, node->text != NULL ? node->text : "")->is_broken = true;
		return;
	}
	if (value->kind == NODE_LAMBDA)
	{
		binding = add_binding(c, node->text);
		binding->node = value;
		binding->scope = scope;
		binding->is_function = true;
		return;
	}
	if (is_tabular(c, value))
	{
		Table	   *table = NULL;

		/* errors are found here, once, even if it is not used */
		table = bind_table(c, value);
		binding = add_binding(c, node->text);
		binding->node = value;
		binding->scope = scope;
		binding->is_broken = table->is_unknown;
		if (value->kind == NODE_CALL && strcmp(value->text, "materialize") == 0 && !table->is_unknown)
			materialize(c, binding, table);
	}
	else
	{
		Expr	   *expr = bind_constant(c, value);

		binding = add_binding(c, node->text);
		binding->scalar = expr;
		binding->is_broken = is_failed(expr);
		if (binding->is_broken)
			binding->scalar = NULL;
	}
}

/*
 * The argument for a parameter, by name or place; NULL if it was left out.
 */
static const Node *
argument_for(const Node *call, const Node *parameter, int place)
{
	for (int i = 0; i < call->args.count; i++)
	{
		const Node *argument = call->args.items[i];

		if (argument->kind == NODE_NAMED && argument->names.count > 0 &&
			strcmp(((Node *) argument->names.items[0])->text, parameter->text) == 0)
			return argument->right;
	}
	if (place >= 0 && place < call->args.count &&
		((Node *) call->args.items[place])->kind != NODE_NAMED)
		return call->args.items[place];
	return parameter->right;
}

/*
 * Does the function have a parameter for each argument, and at most one argument
 * for each parameter?
 */
static bool
check_arguments(Compiler *c, const Node *call, const Binding *function, bool is_piped)
{
	const Vector *parameters = &function->node->names;
	bool	   *is_given = arena_alloc(c->arena, (size_t) parameters->count + 1);

	if (call->args.count + (is_piped ? 1 : 0) > parameters->count)
	{
		fail(c, call, "function %s() takes %d arguments", function->name, parameters->count);
		return false;
	}
	is_given[0] = is_piped;
	for (int i = 0; i < call->args.count; i++)
	{
		const Node *argument = call->args.items[i];
		const char *name = argument->kind == NODE_NAMED && argument->names.count > 0 ?
		((Node *) argument->names.items[0])->text : NULL;
		int			place = name == NULL ? i + (is_piped ? 1 : 0) : 0;

		/* each parameter looks at all arguments, too */
		if (!count_names(c, argument->start, parameters->count))
			return false;
		while (name != NULL && place < parameters->count && strcmp(((Node *) parameters->items[place])->text, name) != 0)
			place++;
		if (place == parameters->count)
			fail(c, argument, "function %s() has no parameter \"%s\"", function->name, name);
		else if (is_given[place])
			fail(c, argument, "function %s() gets \"%s\" twice", function->name, ((Node *) parameters->items[place])->text);
		else
		{
			is_given[place] = true;
			continue;
		}
		return false;
	}
	return true;
}

/*
 * Define the parameters of a function, whose scope is then current.
 */
static bool
bind_parameters(Compiler *c, const Scope *scope, const Node *call, Binding *function, Table *piped)
{
	const Node *lambda = function->node;
	Binding    *caller = c->scope;
	Binding    *inner = function->scope;
	Table	   *aggregated = c->aggregated;
	bool		ok = true;

	if (!check_arguments(c, call, function, piped != NULL))
		return false;
	for (int i = 0; i < lambda->names.count && ok; i++)
	{
		const Node *parameter = lambda->names.items[i];
		const Node *argument = argument_for(call, parameter, piped != NULL ? i - 1 : i);
		Binding    *binding;
		Expr	   *scalar = NULL;
		Table	   *table = NULL;

		if (parameter->kind == NODE_BROKEN)
			return false;
		c->scope = caller;
		if (parameter->is_table)
			table = i == 0 && piped != NULL ? piped : argument != NULL ? bind_table(c, argument) : NULL;
		else if (argument != NULL)
		{
			scalar = bind(c, scope, argument);
			scalar = convert(c, argument, scalar, parameter->type);
			ok &= !is_failed(scalar);
		}
		if (scalar == NULL && table == NULL)
		{
			fail(c, call, "function %s() has no argument for \"%s\"", function->name, parameter->text);
			ok = false;
		}
		c->scope = inner;
		binding = add_binding(c, parameter->text);
		binding->scalar = scalar;
		binding->table = table;
		binding->is_broken = !ok;
		inner = c->scope;
	}
	c->scope = ok ? inner : caller;
	c->aggregated = aggregated;
	return ok;
}

/*
 * Begin the call of a function: its parameters and its own lets.
 */
static bool
enter_function(Compiler *c, const Scope *scope, const Node *call, Binding *function, Table *piped)
{
	if (c->call_depth >= MOST_CALLS)
	{
		fail(c, call, "functions call each other too deeply");
		return false;
	}
	if (function->node->kind == NODE_BROKEN || function->node->left == NULL ||
		!bind_parameters(c, scope, call, function, piped))
		return false;
	c->call_depth++;
	for (int i = 0; i < function->node->args.count; i++)
		bind_let(c, function->node->args.items[i]);
	return true;
}

/*
 * Call a function that gives a table.
 */
Table *
call_table_function(Compiler *c, const Node *call, Binding *function, Table *piped)
{
	Binding    *caller = c->scope;
	Scope		scope = {0};
	Table	   *table;

	if (!enter_function(c, &scope, call, function, piped))
	{
		c->scope = caller;
		return unknown_table(c);
	}
	table = bind_table(c, function->node->left);
	c->call_depth--;
	c->scope = caller;
	return table;
}

/*
 * Call a function that gives a scalar.
 */
Expr *
call_function(Compiler *c, const Scope *scope, const Node *call, Binding *function)
{
	Binding    *caller = c->scope;
	Expr	   *result;

	if (!enter_function(c, scope, call, function, NULL))
	{
		c->scope = caller;
		return failed_expr(c);
	}
	if (is_tabular(c, function->node->left))
		result = fail(c, call, "function %s() gives a table, where a scalar is expected", function->name);
	else
		result = bind_constant(c, function->node->left);
	c->call_depth--;
	c->scope = caller;
	return result;
}

/*
 * toscalar(TABLE): the first column of its first row.
 */
Expr *
bind_toscalar(Compiler *c, const Node *node)
{
	const Node *argument = node->args.count == 1 ? node->args.items[0] : NULL;
	Table	   *table;
	Column	   *column;
	Select	   *select;
	Expr	   *result;

	if (argument == NULL)
		return fail(c, node, "toscalar() takes one argument");
	if (!is_tabular(c, argument))
		return bind_constant(c, argument);
	table = bind_table(c, argument);
	column = first_column(table);
	if (table->is_unknown)
		return failed_expr(c);
	if (column == NULL)
		return fail(c, argument, "the table has no columns");
	close_if_needed(c, table);
	table->limit = sql_text(c->arena, "1");
	select = table_select(c, table, true);
	select->columns.count = 1;
	select->needs_all = true;
	result = expr_new(c, column->expr->type, sql_subselect(c->arena, select), true);
	result->is_constant = true;
	return result;
}

/*
 * The word that a parameter of an operator has, or NULL.
 */
const char *
parameter_of(const Node *node, const char *name)
{
	for (int i = 0; i < node->parameters.count; i++)
	{
		const Node *parameter = node->parameters.items[i];

		if (strcmp(parameter->text, name) != 0 || parameter->right == NULL)
			continue;
		if (parameter->right->kind == NODE_LITERAL && parameter->right->type == KQL_BOOL)
			return parameter->right->integer ? "true" : "false";
		return parameter->right->text != NULL ? parameter->right->text : "";
	}
	return NULL;
}

/*
 * The result of the last statement.
 */
static void
finish(Compiler *c, const Node *node, KqlResult *result)
{
	Table	   *table;
	Select	   *select;
	KqlResultColumn *columns;

	if (node->kind == NODE_BROKEN)
		return;
	if (!is_tabular(c, node) && node->kind != NODE_NAME && node->kind != NODE_CALL)
	{
		fail(c, node, "the query has no table to begin with");
		return;
	}
	table = bind_table(c, node);
	if (table->is_unknown || c->errors->first != NULL)
		return;
	if (first_column(table) == NULL)
	{
		fail(c, node, "the result has no columns");
		return;
	}
	if (table->is_distinct && table->order.count > 0)
		close_table(c, table);
	select = table_select(c, table, true);
	columns = arena_alloc(c->arena, (size_t) (table->columns.count + 1) * sizeof(KqlResultColumn));
	for (int i = 0; i < table->columns.count; i++)
	{
		const Column *column = table->columns.items[i];

		if (column->is_hidden)
			continue;
		columns[result->column_count].name = column->name;
		columns[result->column_count++].type = column->expr->type;
	}
	result->columns = columns;
	describe_keys(c, table, result);
	result->tables = (const KqlSourceTable *const *) c->sources.items;
	result->table_count = c->sources.count;
	result->sql = select_write(c->arena, &c->common_tables, select);
	if (result->sql == NULL)
		fail(c, node, "the compiled query is too large");
}

/*
 * Compile a query.
 */
void
kql_compile(const char *query, size_t length, const KqlSchema *schema,
			const KqlOptions *options, const KqlAllocator *allocator, KqlResult *result)
{
	static const KqlOptions no_options;
	Arena		arena = {allocator, NULL, 0};
	Errors		errors = {&arena, query, NULL, 0};
	Compiler	c = {0};
	Vector		statements = {0};
	const Node *last = NULL;
	int			broken;

	memset(result, 0, sizeof(*result));
	c.arena = &arena;
	c.errors = &errors;
	c.schema = schema;
	c.options = options != NULL ? options : &no_options;
	if (length > LONGEST_QUERY)
		add_error(&errors, 0, "the query is longer than %d bytes", LONGEST_QUERY);
	else if (memchr(query, '\0', length) != NULL)
		add_error(&errors, (int) strlen(query), "a query cannot contain character U+0000");
	else if ((broken = find_broken_character(query, length)) >= 0)
		add_error(&errors, broken, "byte 0x%02X is not UTF-8 here", (unsigned char) query[broken]);
	else
		parse_query(&arena, &errors, query, length, &statements);
	for (int i = 0; i < statements.count; i++)
	{
		const Node *statement = statements.items[i];

		if (statement->kind == NODE_LET || (statement->kind == NODE_BROKEN && statement->text != NULL && i + 1 < statements.count))
			bind_let(&c, statement);
		else if (statement->kind == NODE_PARAMETERS)
			bind_query_parameters(&c, statement);
		else if (last != NULL)
			add_error(&errors, statement->start, "a query has one result, and this would be another");
		else
			last = statement;
	}
	check_query_parameters(&c);
	if (last != NULL)
		finish(&c, last, result);
	else if (errors.first == NULL)
		add_error(&errors, 0, "the query has no result: a table is missing behind the last \"let\"");
	if (errors.first != NULL)
	{
		result->sql = NULL;
		locate_errors(&errors);
	}
	result->errors = errors.first;
}
