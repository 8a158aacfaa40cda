/*-------------------------------------------------------------------------
 *
 * convert.c
 *	  Conversions from type to type.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/* A way from a type to another; a nullable result may be NULL for any value */
typedef struct Conversion
{
	KqlType		from;
	KqlType		to;
	const char *template;
	bool		may_fail;
} Conversion;

static const Conversion conversions[] = {
	{KQL_INT, KQL_LONG, "$1::bigint", false},
	{KQL_INT, KQL_REAL, "$1::double precision", false},
	{KQL_LONG, KQL_REAL, "$1::double precision", false},
	{KQL_INT, KQL_DECIMAL, "$1::numeric", false},
	{KQL_LONG, KQL_DECIMAL, "$1::numeric", false},
	{KQL_REAL, KQL_DECIMAL, "#todecimal($1)", true},
	{KQL_DECIMAL, KQL_REAL, "#toreal($1)", false},
	{KQL_LONG, KQL_INT, "#toint($1)", false},
	{KQL_REAL, KQL_INT, "#toint($1)", true},
	{KQL_REAL, KQL_LONG, "#tolong($1)", true},
	{KQL_DECIMAL, KQL_INT, "#toint(#toreal($1))", true},
	{KQL_DECIMAL, KQL_LONG, "#tolong($1)", true},
	{KQL_BOOL, KQL_INT, "$1::integer", false},
	{KQL_BOOL, KQL_LONG, "$1::integer::bigint", false},
	{KQL_BOOL, KQL_REAL, "$1::integer::double precision", false},
	{KQL_BOOL, KQL_DECIMAL, "$1::integer::numeric", false},
	{KQL_INT, KQL_BOOL, "($1 {<>} 0)", false},
	{KQL_LONG, KQL_BOOL, "($1 {<>} 0::bigint)", false},
	{KQL_REAL, KQL_BOOL, "($1 {<>} 0::double precision)", false},
	{KQL_STRING, KQL_BOOL, "#tobool($1)", true},
	{KQL_STRING, KQL_INT, "#toint($1)", true},
	{KQL_STRING, KQL_LONG, "#tolong($1)", true},
	{KQL_STRING, KQL_REAL, "#toreal($1)", true},
	{KQL_STRING, KQL_DECIMAL, "#todecimal($1)", true},
	{KQL_STRING, KQL_GUID, "#toguid($1)", true},
	{KQL_STRING, KQL_DATETIME, "#todatetime($1)", true},
	{KQL_STRING, KQL_TIMESPAN, "#totimespan($1)", true},
	{KQL_DYNAMIC, KQL_BOOL, "#tobool($1)", true},
	{KQL_DYNAMIC, KQL_INT, "#toint($1)", true},
	{KQL_DYNAMIC, KQL_LONG, "#tolong($1)", true},
	{KQL_DYNAMIC, KQL_REAL, "#toreal($1)", true},
	{KQL_DYNAMIC, KQL_DECIMAL, "#todecimal(#tostring($1))", true},
	{KQL_DYNAMIC, KQL_GUID, "#toguid(#tostring($1))", true},
	{KQL_DYNAMIC, KQL_DATETIME, "#todatetime(#tostring($1))", true},
	{KQL_DYNAMIC, KQL_TIMESPAN, "#totimespan(#tostring($1))", true},
	{KQL_INT, KQL_DATETIME, "#todatetime($1::bigint)", true},
	{KQL_LONG, KQL_DATETIME, "#todatetime($1)", true},
	{KQL_INT, KQL_TIMESPAN, "#totimespan($1::bigint)", true},
	{KQL_LONG, KQL_TIMESPAN, "#totimespan($1)", true},
	{KQL_DATETIME, KQL_LONG, "#tolong($1)", false},
	{KQL_TIMESPAN, KQL_LONG, "#tolong($1)", false},
	{KQL_DATETIME, KQL_REAL, "#tolong($1)::double precision", false},
	{KQL_TIMESPAN, KQL_REAL, "#tolong($1)::double precision", false},
	{KQL_BOOL, KQL_STRING, "#tostring($1)", false},
	{KQL_INT, KQL_STRING, "$1::pg_catalog.text", false},
	{KQL_LONG, KQL_STRING, "$1::pg_catalog.text", false},
	{KQL_REAL, KQL_STRING, "#tostring($1)", false},
	{KQL_DECIMAL, KQL_STRING, "@trim_scale($1)::pg_catalog.text", false},
	{KQL_GUID, KQL_STRING, "$1::pg_catalog.text", false},
	{KQL_DATETIME, KQL_STRING, "#tostring($1)", false},
	{KQL_TIMESPAN, KQL_STRING, "#tostring($1)", false},
	{KQL_DYNAMIC, KQL_STRING, "#tostring($1)", true},
	{KQL_BOOL, KQL_DYNAMIC, "@to_jsonb($1)", false},
	{KQL_INT, KQL_DYNAMIC, "@to_jsonb($1)", false},
	{KQL_LONG, KQL_DYNAMIC, "@to_jsonb($1)", false},
	{KQL_REAL, KQL_DYNAMIC, "#todynamic($1)", false},
	{KQL_DECIMAL, KQL_DYNAMIC, "@to_jsonb(@trim_scale($1)::pg_catalog.text)", false},
	{KQL_GUID, KQL_DYNAMIC, "@to_jsonb($1::pg_catalog.text)", false},
	{KQL_DATETIME, KQL_DYNAMIC, "@to_jsonb(#tostring($1))", false},
	{KQL_TIMESPAN, KQL_DYNAMIC, "@to_jsonb(#tostring($1))", false},
};

/*
 * Convert to a type, as tolong() and its like do.
 */
Expr *
convert(Compiler *c, const Node *node, Expr *expr, KqlType type)
{
	if (is_failed(expr) || expr->type == type)
		return expr;
	if (expr->literal != NULL && expr->literal->is_null)
		return null_expr(c, type);
	if (expr->type == KQL_STRING && type == KQL_DYNAMIC)
		return expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "@to_jsonb($1)", value_of(c, expr)), false);
	for (size_t i = 0; i < sizeof(conversions) / sizeof(conversions[0]); i++)
	{
		const Conversion *conversion = &conversions[i];
		Expr	   *result;

		if (conversion->from != expr->type || conversion->to != type)
			continue;
		/* NULL and '' become NULL alike */
		result = expr_new(c, type, sql_format(c->arena, conversion->template, expr->sql),
						  expr->is_nullable || conversion->may_fail);
		return made_of(result, expr, NULL);
	}
	return fail(c, node, "%s cannot be converted to %s", kql_type_name(expr->type),
				kql_type_name(type));
}

/*
 * It as a condition: a dynamic is one as tobool() of it.
 */
Expr *
to_condition(Compiler *c, const Node *node, Expr *expr)
{
	if (is_failed(expr) || expr->type == KQL_BOOL || expr->type == KQL_DYNAMIC)
		return convert(c, node, expr, KQL_BOOL);
	return fail(c, node, "a condition has to be a bool, not a %s", kql_type_name(expr->type));
}

/*
 * tostring() of it.
 */
Expr *
to_string(Compiler *c, Expr *expr)
{
	Expr	   *result = convert(c, NULL, expr, KQL_STRING);

	if (expr->as_text != NULL && result != expr)
		result->as_text = expr->as_text;
	return result;
}

/*
 * It as a dynamic.
 */
Expr *
to_dynamic(Compiler *c, Expr *expr)
{
	return convert(c, NULL, expr, KQL_DYNAMIC);
}

/*
 * Convert where KQL does without being asked, or fail.
 */
Expr *
coerce(Compiler *c, const Node *node, Expr *expr, KqlType type)
{
	if (is_failed(expr) || expr->type == type)
		return expr;
	if (expr->type == KQL_DYNAMIC ||
		(expr->literal != NULL && expr->literal->is_null) ||
		(is_number(type) && common_type(expr->type, type) == type))
		return convert(c, node, expr, type);
	return fail(c, node, "a %s stands where a %s is expected", kql_type_name(expr->type),
				kql_type_name(type));
}
