/*-------------------------------------------------------------------------
 *
 * binders.c
 *	  Functions whose SQL depends on more than the types of arguments.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "functions.h"
#include "../kql/regex.h"

/* The most arguments of a function of PostgreSQL's, in pairs */
#define MOST_PIECES	100

/*
 * All arguments as SQL, in the form of a type.
 */
static Vector
pieces_of(Compiler *c, const Node *node, Expr **arguments, int from, int count, KqlType type)
{
	Vector		pieces = {0};

	for (int i = from; i < count; i++)
		vector_add(c->arena, &pieces, value_of(c, convert(c, node, arguments[i], type)));
	return pieces;
}

/*
 * An array or object of any number of pieces, by a function that takes so many at
 * once.
 */
Sql *
json_of_pieces(Compiler *c, const char *function, const Vector *pieces)
{
	Vector		calls = {0};
	int			at = 0;

	do
	{
		Vector		some = {0};

		while (at < pieces->count && some.count < MOST_PIECES)
			vector_add(c->arena, &some, pieces->items[at++]);
		vector_add(c->arena, &calls, sql_format(c->arena, arena_printf(c->arena, "@%s($1)", function), sql_join(c->arena, &some, ", ")));
	} while (at < pieces->count);
	return calls.count == 1 ? calls.items[0] : sql_format(c->arena, "($1)", sql_join(c->arena, &calls, " {||} "));
}

/*
 * Arguments as an array of JSON, in the form of a type.
 */
static Sql *
json_array(Compiler *c, const Node *node, Expr **arguments, int from, int count, KqlType type)
{
	Vector		pieces = pieces_of(c, node, arguments, from, count, type);

	return json_of_pieces(c, "jsonb_build_array", &pieces);
}

/*
 * strcat()
 */
Expr *
bind_strcat(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Vector		pieces = {0};

	for (int i = 0; i < count; i++)
		vector_add(c->arena, &pieces, value_of(c, convert(c, node, arguments[i], KQL_STRING)));
	return expr_new(c, KQL_STRING, sql_format(c->arena, "($1)", sql_join(c->arena, &pieces, " {||} ")), false);
}

/*
 * strcat_delim()
 */
Expr *
bind_strcat_delim(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Vector		pieces = pieces_of(c, node, arguments, 1, count, KQL_STRING);

	return expr_new(c, KQL_STRING, sql_format(c->arena, "@concat_ws($1, VARIADIC ARRAY[$2]::text[])",
											  value_of(c, convert(c, node, arguments[0], KQL_STRING)), sql_join(c->arena, &pieces, ", ")), false);
}

/*
 * The type that all of these can have; literals that are null have any.
 */
static KqlType
type_of_all(Compiler *c, const Node *node, Expr **arguments, int count)
{
	KqlType		type = KQL_NONE;
	bool		is_first = true;

	for (int i = 0; i < count; i++)
	{
		const Expr *argument = arguments[i];

		if (argument->literal != NULL && argument->literal->is_null && argument->type == KQL_DYNAMIC)
			continue;
		if (is_first)
			type = argument->type;
		else if (type == KQL_DYNAMIC || argument->type == KQL_DYNAMIC)
			type = KQL_DYNAMIC;
		else
			type = common_type(type, argument->type);
		is_first = false;
		if (type == KQL_NONE)
		{
			fail(c, node, "the arguments of %s() have different types", node->text);
			return KQL_NONE;
		}
	}
	return is_first ? KQL_DYNAMIC : type;
}

/*
 * The type that all values have but those that are dynamic, which become of it;
 * KQL_NONE if there is none.
 */
static KqlType
type_beside_dynamic(Expr **values, int count)
{
	KqlType		type = KQL_NONE;

	for (int i = 0; i < count; i++)
	{
		if (values[i]->type == KQL_DYNAMIC)
			continue;
		type = type == KQL_NONE ? values[i]->type : common_type(type, values[i]->type);
		if (type == KQL_NONE)
			return KQL_NONE;
	}
	return type;
}

/*
 * case(), and iff(), which is a case of one condition
 */
Expr *
bind_case(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Vector		pieces = {0};
	KqlType		type = KQL_NONE;
	Expr	   *values[200];
	int			value_count = 0;
	bool		nullable = false;
	Expr	   *result;

	if (count % 2 == 0)
		return fail(c, node, "%s() takes conditions with their values, and a last value", node->text);
	for (int i = 1; i < count; i += 2)
		values[value_count++] = arguments[i];
	values[value_count++] = arguments[count - 1];
	type = type_beside_dynamic(values, value_count);
	if (type == KQL_NONE)
		type = type_of_all(c, node, values, value_count);
	if (type == KQL_NONE)
		return failed_expr(c);
	for (int i = 0; i < value_count; i++)
	{
		values[i] = convert(c, node, values[i], type);
		nullable |= values[i]->is_nullable;
	}
	for (int i = 0; i + 1 < count; i += 2)
	{
		Expr	   *condition = to_condition(c, node->args.items[i], arguments[i]);

		if (is_failed(condition))
			return condition;
		vector_add(c->arena, &pieces, sql_format(c->arena, "WHEN $1 THEN $2", condition->sql, values[i / 2]->sql));
	}
	vector_add(c->arena, &pieces, sql_format(c->arena, "ELSE $1", values[value_count - 1]->sql));
	result = expr_new(c, type, sql_format(c->arena, "CASE $1 END", sql_join(c->arena, &pieces, " ")), nullable);
	result->has_json_null = type == KQL_DYNAMIC;
	return result;
}

/*
 * coalesce(): strings that are empty are skipped like nulls.
 */
Expr *
bind_coalesce(Compiler *c, const Node *node, Expr **arguments, int count)
{
	KqlType		type = type_of_all(c, node, arguments, count);
	Vector		pieces = {0};
	bool		nullable = true;

	if (type == KQL_NONE)
		return failed_expr(c);
	for (int i = 0; i < count; i++)
	{
		Expr	   *argument = convert(c, node, arguments[i], type);

		nullable &= argument->is_nullable || type == KQL_STRING;
		if (type == KQL_STRING)
			vector_add(c->arena, &pieces, sql_format(c->arena, "#not_empty($1)", argument->sql));
		else
			vector_add(c->arena, &pieces, value_of(c, argument));
	}
	return expr_new(c, type, sql_format(c->arena, "coalesce($1)", sql_join(c->arena, &pieces, ", ")), nullable);
}

/*
 * max_of(), min_of()
 */
Expr *
bind_extreme(Compiler *c, const Node *node, Expr **arguments, int count)
{
	KqlType		type = type_of_all(c, node, arguments, count);
	bool		is_max = strcmp(node->text, "max_of") == 0;
	bool		nullable = true;
	Vector		pieces;
	Sql		   *list;

	if (type == KQL_NONE)
		return failed_expr(c);
	if (type == KQL_DYNAMIC || type == KQL_BOOL)
		return fail(c, node, "%s() of type %s is not supported", node->text, kql_type_name(type));
	for (int i = 0; i < count; i++)
		nullable &= arguments[i]->is_nullable;
	pieces = pieces_of(c, node, arguments, 0, count, type);
	list = sql_join(c->arena, &pieces, ", ");
	/* the collation of one is that of all */
	if (type == KQL_STRING)
		list = sql_format(c->arena, "$1 COLLATE pg_catalog.\"C\"", list);
	return expr_new(c, type, sql_format(c->arena, is_max ? "greatest($1)" : "least($1)", list), nullable);
}

/*
 * isnull(), isnotnull(): a string is never null
 */
Expr *
bind_isnull(Compiler *c, const Node *node, Expr **arguments, int count)
{
	bool		negated = strcmp(node->text, "isnotnull") == 0;

	(void) count;
	if (arguments[0]->type == KQL_STRING)
		return expr_new(c, KQL_BOOL, sql_text(c->arena, negated ? "true" : "false"), false);
	return expr_new(c, KQL_BOOL, sql_format(c->arena, negated ? "($1 IS NOT NULL)" : "($1 IS NULL)",
											value_of(c, arguments[0])), false);
}

/*
 * isempty(), isnotempty()
 */
Expr *
bind_isempty(Compiler *c, const Node *node, Expr **arguments, int count)
{
	bool		negated = strcmp(node->text, "isempty") != 0;

	(void) count;
	return expr_new(c, KQL_BOOL, compare(c, node, negated ? "!=" : "==", to_string(c, arguments[0]),
										 string_expr(c, ""), MODE_VALUE), false);
}

/*
 * tolong() and its like
 */
Expr *
bind_conversion(Compiler *c, const Node *node, Expr **arguments, int count)
{
	static const struct
	{
		const char *name;
		KqlType		type;
	}			names[] = {
		{"toint", KQL_INT}, {"tolong", KQL_LONG}, {"toreal", KQL_REAL}, {"todouble", KQL_REAL},
		{"todecimal", KQL_DECIMAL}, {"tobool", KQL_BOOL}, {"toboolean", KQL_BOOL}, {"tostring", KQL_STRING},
		{"toguid", KQL_GUID}, {"todatetime", KQL_DATETIME}, {"totimespan", KQL_TIMESPAN}, {NULL, KQL_NONE}
	};
	int			i = 0;

	(void) count;
	while (strcmp(names[i].name, node->text) != 0)
		i++;
	if (names[i].type == KQL_STRING)
		return to_string(c, arguments[0]);
	return convert(c, node, arguments[0], names[i].type);
}

/*
 * bin()
 */
Expr *
bind_bin(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Expr	   *value = arguments[0];
	Expr	   *size = arguments[1];
	const char *format = "#bin_or_null($1, $2)";
	bool		is_nullable = true; /* also at the end of a type's range */

	(void) count;
	if (value->type == KQL_DYNAMIC)
		value = convert(c, node, value, size->type == KQL_TIMESPAN ? KQL_DATETIME : size->type);
	if (is_number(value->type) && is_number(size->type))
	{
		KqlType		type = common_type(value->type, size->type);

		if (type == KQL_INT)
			type = KQL_LONG;
		value = convert(c, node, value, type);
		size = convert(c, node, size, type);
	}
	else if (value->type == KQL_DATETIME && size->type == KQL_TIMESPAN)
	{
		if (size->literal != NULL && !size->literal->is_null && size->literal->integer >= TICKS_PER_MICROSECOND)
		{
			format = "#bin($1, $2)";
			is_nullable = value->is_nullable;
		}
	}
	else if (is_number(value->type) && size->type == KQL_TIMESPAN)
		value = convert(c, node, value, KQL_TIMESPAN);
	else if (value->type != KQL_TIMESPAN || size->type != KQL_TIMESPAN)
		return fail(c, node, "%s() does not take the arguments (%s, %s)", node->text,
					kql_type_name(value->type), kql_type_name(size->type));
	return expr_new(c, value->type, sql_format(c->arena, format, value->sql, size->sql),
					is_nullable);
}

/*
 * bin_at()
 */
Expr *
bind_bin_at(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Expr	   *value = arguments[0];
	Expr	   *size = arguments[1];
	Expr	   *fixed = arguments[2];
	Expr	   *result;
	Expr	   *inner[2];

	(void) count;
	inner[0] = arithmetic(c, node, "-", value, fixed);
	inner[1] = size;
	if (is_failed(inner[0]))
		return inner[0];
	result = bind_bin(c, node, inner, 2);
	return arithmetic(c, node, "+", fixed, result);
}

/*
 * now(), now(timespan)
 */
Expr *
bind_now(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Expr	   *now = expr_format(c, KQL_DATETIME, false, "@now()");

	now->is_constant = true;
	now->base = now->sql;
	if (count == 0)
		return now;
	return arithmetic(c, node, "+", now, coerce(c, node, arguments[0], KQL_TIMESPAN));
}

/*
 * ago(timespan)
 */
Expr *
bind_ago(Compiler *c, const Node *node, Expr **arguments, int count)
{
	return arithmetic(c, node, "-", bind_now(c, node, arguments, 0),
					  coerce(c, node, arguments[count - 1], KQL_TIMESPAN));
}

/*
 * bag_pack()
 */
Expr *
bind_bag_pack(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Vector		pieces = {0};

	if (count % 2 != 0)
		return fail(c, node, "%s() takes keys and values in turn", node->text);
	for (int i = 0; i < count; i++)
		vector_add(c->arena, &pieces, value_of(c, convert(c, node, arguments[i], i % 2 == 0 ? KQL_STRING : KQL_DYNAMIC)));
	return expr_new(c, KQL_DYNAMIC, json_of_pieces(c, "jsonb_build_object", &pieces), false);
}

/*
 * Functions that take any number of arguments as an array of SQL
 */
Expr *
bind_array_list(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Vector		pieces;

	if (strcmp(node->text, "pack_array") == 0)
		return expr_new(c, KQL_DYNAMIC, json_array(c, node, arguments, 0, count, KQL_DYNAMIC), false);
	if (strcmp(node->text, "ipv4_is_in_any_range") == 0)
	{
		Sql		   *address = value_of(c, to_string(c, arguments[0]));

		if (count == 2 && arguments[1]->type == KQL_DYNAMIC)
			return expr_new(c, KQL_BOOL, sql_format(c->arena, "#ipv4_is_in_any_range($1, $2)",
													address, value_of(c, arguments[1])), true);
		return expr_new(c, KQL_BOOL, sql_format(c->arena, "#ipv4_is_in_any_range($1, $2)",
												address, json_array(c, node, arguments, 1, count, KQL_STRING)), true);
	}
	pieces = pieces_of(c, node, arguments, 0, count, KQL_DYNAMIC);
	return expr_new(c, KQL_DYNAMIC, sql_format(c->arena, arena_printf(c->arena, "#%s(VARIADIC ARRAY[$1])", node->text),
											   sql_join(c->arena, &pieces, ", ")), true);
}

/*
 * The name of a part of a time, without its plural; NULL if there is none.
 */
static const char *
part_name(const Expr *expr)
{
	static const char *const names[] = {
		"year", "quarter", "month", "week", "week_of_year", "day", "dayofyear", "day_of_year", "hour",
		"minute", "second", "millisecond", "microsecond", "nanosecond", NULL
	};
	const char *text;

	if (!string_constant(expr, &text))
		return NULL;
	for (int i = 0; names[i] != NULL; i++)
	{
		size_t		length = strlen(names[i]);

		if (strncasecmp(names[i], text, length) == 0 &&
			(text[length] == '\0' || ((text[length] == 's' || text[length] == 'S') && text[length + 1] == '\0')))
			return names[i];
	}
	return NULL;
}

/*
 * datetime_part()
 */
Expr *
bind_datetime_part(Compiler *c, const Node *node, Expr **arguments, int count)
{
	const char *part = part_name(arguments[0]);
	Expr	   *time = convert(c, node, arguments[1], KQL_DATETIME);
	const char *field = part;

	(void) count;
	if (part == NULL)
		return fail(c, node, "the part of datetime_part() has to be a literal such as 'hour'");
	if (strncmp(part, "week", 4) == 0)
		field = "week";
	else if (strcmp(part, "dayofyear") == 0 || strcmp(part, "day_of_year") == 0)
		field = "doy";
	else if (strcmp(part, "second") == 0)
		return expr_new(c, KQL_INT, sql_format(c->arena, "@floor(@extract('second', #utc_fields($1)))::integer", time->sql), time->is_nullable);
	else if (strcmp(part, "millisecond") == 0)
		return expr_new(c, KQL_INT, sql_format(c->arena, "(@floor(@extract('milliseconds', #utc_fields($1)))::integer {%} 1000)", time->sql), time->is_nullable);
	else if (strcmp(part, "microsecond") == 0)
		return expr_new(c, KQL_INT, sql_format(c->arena, "(@extract('microseconds', #utc_fields($1))::integer {%} 1000000)", time->sql), time->is_nullable);
	else if (strcmp(part, "nanosecond") == 0)
		return fail(c, node, "datetime_part(\"nanosecond\") is not supported");
	return expr_new(c, KQL_INT, sql_format(c->arena, arena_printf(c->arena, "@extract('%s', #utc_fields($1))::integer", field), time->sql),
					time->is_nullable);
}

/*
 * datetime_add()
 */
Expr *
bind_datetime_add(Compiler *c, const Node *node, Expr **arguments, int count)
{
	const char *part = part_name(arguments[0]);

	(void) count;
	if (part == NULL || strcmp(part, "nanosecond") == 0 || strstr(part, "year_") != NULL ||
		strstr(part, "of") != NULL)
		return fail(c, node, "the part of datetime_add() has to be a literal such as 'hour'");
	return expr_new(c, KQL_DATETIME, sql_format(c->arena, "#datetime_add($1, $2, $3)",
												sql_string(c->arena, part, strlen(part)),
												convert(c, node, arguments[1], KQL_LONG)->sql,
												convert(c, node, arguments[2], KQL_DATETIME)->sql), true);
}

/*
 * datetime_diff()
 */
Expr *
bind_datetime_diff(Compiler *c, const Node *node, Expr **arguments, int count)
{
	const char *part = part_name(arguments[0]);
	Expr	   *later = convert(c, node, arguments[1], KQL_DATETIME);
	Expr	   *earlier = convert(c, node, arguments[2], KQL_DATETIME);
	bool		nullable = later->is_nullable || earlier->is_nullable;
	Sql		   *sql;

	(void) count;
	if (part == NULL)
		return fail(c, node, "the part of datetime_diff() has to be a literal such as 'hour'");
	sql = sql_format(c->arena, "#datetime_diff($1, $2, $3)", sql_string(c->arena, part, strlen(part)),
					 later->sql, earlier->sql);
	if (strcmp(part, "week") == 0)
		return expr_new(c, KQL_REAL, sql_format(c->arena, "$1::double precision", sql), nullable);
	return expr_new(c, KQL_LONG, sql, nullable);
}

/*
 * extract()
 */
Expr *
bind_extract(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Expr	   *text = to_string(c, arguments[2]);
	Expr	   *result;

	if (!check_regex(c, node, arguments[0]))
		return failed_expr(c);
	result = expr_new(c, KQL_STRING, sql_format(c->arena, "#extract($1, $2, $3)", value_of(c, to_string(c, arguments[0])),
												convert(c, node, arguments[1], KQL_LONG)->sql, text->sql), true);
	if (count == 4)
		return convert(c, node, result, arguments[3]->type);
	return result;
}

/*
 * gettype()
 */
Expr *
bind_gettype(Compiler *c, const Node *node, Expr **arguments, int count)
{
	(void) node;
	(void) count;
	if (arguments[0]->type == KQL_DYNAMIC)
		return expr_new(c, KQL_STRING, sql_format(c->arena, "#gettype($1)", value_of(c, arguments[0])), false);
	return string_expr(c, arguments[0]->type == KQL_REAL ? "real" :
					   arguments[0]->type == KQL_BOOL ? "bool" : kql_type_name(arguments[0]->type));
}

/*
 * abs()
 */
Expr *
bind_abs(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Expr	   *value = arguments[0];

	(void) count;
	if (value->type == KQL_DYNAMIC)
		value = convert(c, node, value, KQL_LONG);
	if (value->type == KQL_INT)
		value = convert(c, node, value, KQL_LONG);
	if (value->type == KQL_LONG || value->type == KQL_TIMESPAN)
		return expr_new(c, value->type, sql_format(c->arena, "#abs($1)", value->sql), value->is_nullable);
	if (value->type == KQL_REAL || value->type == KQL_DECIMAL)
		return expr_new(c, value->type, sql_format(c->arena, "@abs($1)", value->sql), value->is_nullable);
	return fail(c, node, "abs() does not take a %s", kql_type_name(value->type));
}

/*
 * tohex(): a negative int has eight digits, a long sixteen
 */
Expr *
bind_tohex(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Sql		   *digits = sql_format(c->arena, "@to_hex($1)", arguments[0]->type == KQL_INT ? arguments[0]->sql :
									convert(c, node, arguments[0], KQL_LONG)->sql);

	if (count == 2)
		digits = sql_format(c->arena, "#pad_left($1, $2)", digits, convert(c, node, arguments[1], KQL_LONG)->sql);
	return expr_new(c, KQL_STRING, digits, true);
}

/*
 * parse_json()
 */
Expr *
bind_parse_json(Compiler *c, const Node *node, Expr **arguments, int count)
{
	(void) count;
	if (arguments[0]->type == KQL_STRING)
		return expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "#parse_json($1)", arguments[0]->sql), true);
	return convert(c, node, arguments[0], KQL_DYNAMIC);
}

/*
 * range() as a function
 */
Expr *
bind_range_function(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Expr	   *from = arguments[0];
	Expr	   *to = arguments[1];
	Expr	   *step;
	KqlType		type = common_type(from->type, to->type);

	if (type == KQL_INT)
		type = KQL_LONG;
	if (count == 3)
		step = arguments[2];
	else if (type == KQL_DATETIME || type == KQL_TIMESPAN)
	{
		Node	   *hour = arena_alloc(c->arena, sizeof(Node));

		hour->kind = NODE_LITERAL;
		hour->type = KQL_TIMESPAN;
		hour->integer = INT64_C(36000000000);
		step = literal_expr(c, hour);
	}
	else
		step = long_expr(c, 1);
	if (type == KQL_LONG && step->type == KQL_REAL)
		type = KQL_REAL;
	if (type != KQL_LONG && type != KQL_REAL && type != KQL_DATETIME && type != KQL_TIMESPAN)
		return fail(c, node, "range() does not take the arguments (%s, %s)", kql_type_name(from->type),
					kql_type_name(to->type));
	step = coerce(c, node, step, type == KQL_DATETIME ? KQL_TIMESPAN : type);
	return expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "#range_array($1, $2, $3)", convert(c, node, from, type)->sql,
											   convert(c, node, to, type)->sql, step->sql), true);
}

/*
 * split()
 */
Expr *
bind_split(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Sql		   *text = value_of(c, convert(c, node, arguments[0], KQL_STRING));
	Sql		   *delimiter = value_of(c, convert(c, node, arguments[1], KQL_STRING));

	if (count == 2)
		return expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "#split($1, $2)", text, delimiter), false);
	return expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "#split($1, $2, $3)", text, delimiter,
											   convert(c, node, arguments[2], KQL_LONG)->sql), true);
}

/*
 * bag_has_key() and its like, whose keys must not be paths of JSON
 */
Expr *
bind_with_keys(Compiler *c, const Node *node, Expr **arguments, int count)
{
	const Node *keys = arguments[1]->literal;

	if (keys == NULL || keys->is_null)
		return fail(c, node, "keys of %s() that are not known when the query is compiled are not supported", node->text);
	if (arguments[1]->type == KQL_DYNAMIC && strcmp(node->text, "bag_remove_keys") != 0)
		return fail(c, node, "the key of %s() has to be a string", node->text);
	if (keys->text[0] == '$' || strstr(keys->text, "\"$") != NULL)
		return fail(c, node, "paths of JSON in %s() are not supported", node->text);
	if (count == 3)
		return expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "#bag_set_key($1, $2, $3)", value_of(c, arguments[0]), arguments[1]->sql,
												   value_of(c, to_dynamic(c, arguments[2]))), true);
	return expr_new(c, strcmp(node->text, "bag_has_key") == 0 ? KQL_BOOL : KQL_DYNAMIC,
					sql_format(c->arena, arena_printf(c->arena, "#%s($1, $2)", node->text), value_of(c, arguments[0]), arguments[1]->sql), true);
}

/*
 * unicode_codepoints_to_string(), of numbers and arrays of numbers
 */
Expr *
bind_codepoints(Compiler *c, const Node *node, Expr **arguments, int count)
{
	return expr_new(c, KQL_STRING, sql_format(c->arena, "#unicode_codepoints_to_string($1)",
											  json_array(c, node, arguments, 0, count, KQL_DYNAMIC)), true);
}

/*
 * Memory for regular expressions.
 */
static void *
regex_memory(void *context, size_t size)
{
	return arena_alloc(context, size);
}

/*
 * Is the regular expression a valid one?  One that is not known yet is looked
 * at when it is used.
 */
bool
check_regex(Compiler *c, const Node *node, const Expr *pattern)
{
	const char *text;
	const char *error;

	if (!string_constant(pattern, &text) ||
		kql_regex_compile(kql_string(text, pattern->literal->length), regex_memory, c->arena, &error) != NULL)
		return true;
	fail(c, node, "regular expression \"%.60s\": %s", text, error);
	return false;
}

/*
 * Functions whose first or second argument is a regular expression
 */
Expr *
bind_regex(Compiler *c, const Node *node, Expr **arguments, int count)
{
	bool		second = strcmp(node->text, "replace_regex") == 0;
	Sql		   *pieces[3];

	if (!check_regex(c, node, arguments[second ? 1 : 0]))
		return failed_expr(c);
	for (int i = 0; i < count; i++)
		pieces[i] = value_of(c, convert(c, node, arguments[i], KQL_STRING));
	if (strcmp(node->text, "replace") == 0)
		return expr_new(c, KQL_STRING, sql_template(c->arena, "#replace_regex($3, $1, $2)", pieces, count), false);
	if (strcmp(node->text, "extract_all") == 0)
		return expr_new(c, KQL_DYNAMIC, sql_template(c->arena, "#extract_all($1, $2)", pieces, count), true);
	return expr_new(c, KQL_STRING, sql_template(c->arena, count == 3 ? "#replace_regex($1, $2, $3)" :
												arena_printf(c->arena, "#%s($1, $2)", node->text), pieces, count), false);
}

/*
 * countof() and indexof_regex(), whose second argument is a regular expression, or
 * may be one
 */
Expr *
bind_regex_search(Compiler *c, const Node *node, Expr **arguments, int count)
{
	bool		is_indexof = strcmp(node->text, "indexof_regex") == 0;
	bool		is_regex = is_indexof;
	const char *kind;
	Sql		   *pieces[3];

	if (count == 3 && string_constant(arguments[2], &kind))
		is_regex = strcmp(kind, "regex") == 0;
	if (is_regex && !check_regex(c, node, arguments[1]))
		return failed_expr(c);
	for (int i = 0; i < count; i++)
		pieces[i] = value_of(c, to_string(c, arguments[i]));
	return expr_new(c, KQL_LONG, sql_template(c->arena, is_indexof ? "#indexof_regex($1, $2)" : count == 3 ?
											  "#countof($1, $2, $3)" : "#countof($1, $2)", pieces, count), is_indexof);
}

/*
 * has_any_ipv4(), has_any_ipv4_prefix(): several texts, or an array of them.
 */
Expr *
bind_has_any_ipv4(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Sql		   *wanted = count == 2 && arguments[1]->type == KQL_DYNAMIC ? value_of(c, arguments[1]) :
	json_array(c, node, arguments, 1, count, KQL_STRING);

	return expr_new(c, KQL_BOOL, sql_format(c->arena, strcmp(node->text, "has_any_ipv4") == 0 ?
											"#has_ipv4($1, $2, false)" : "#has_ipv4($1, $2, true)",
											value_of(c, to_string(c, arguments[0])), wanted), false);
}
