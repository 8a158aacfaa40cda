/*-------------------------------------------------------------------------
 *
 * conversions.c
 *	  SQL functions that convert between Kusto's types: tostring, tolong and
 *	  so on.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/uuid.h"

#include "azhunt.h"
#include "kql/scalars.h"

PG_FUNCTION_INFO_V1(azhunt_tostring_bool);
PG_FUNCTION_INFO_V1(azhunt_tostring_real);
PG_FUNCTION_INFO_V1(azhunt_tostring_datetime);
PG_FUNCTION_INFO_V1(azhunt_tostring_timespan);
PG_FUNCTION_INFO_V1(azhunt_tostring_dynamic);
PG_FUNCTION_INFO_V1(azhunt_toint_long);
PG_FUNCTION_INFO_V1(azhunt_toint_real);
PG_FUNCTION_INFO_V1(azhunt_toint_text);
PG_FUNCTION_INFO_V1(azhunt_toint_dynamic);
PG_FUNCTION_INFO_V1(azhunt_tolong_real);
PG_FUNCTION_INFO_V1(azhunt_tolong_text);
PG_FUNCTION_INFO_V1(azhunt_tolong_dynamic);
PG_FUNCTION_INFO_V1(azhunt_tolong_datetime);
PG_FUNCTION_INFO_V1(azhunt_tolong_timespan);
PG_FUNCTION_INFO_V1(azhunt_toreal_text);
PG_FUNCTION_INFO_V1(azhunt_toreal_dynamic);
PG_FUNCTION_INFO_V1(azhunt_toreal_decimal);
PG_FUNCTION_INFO_V1(azhunt_tobool_text);
PG_FUNCTION_INFO_V1(azhunt_tobool_dynamic);
PG_FUNCTION_INFO_V1(azhunt_todecimal_text);
PG_FUNCTION_INFO_V1(azhunt_toguid);
PG_FUNCTION_INFO_V1(azhunt_todatetime_text);
PG_FUNCTION_INFO_V1(azhunt_todatetime_long);
PG_FUNCTION_INFO_V1(azhunt_totimespan_text);
PG_FUNCTION_INFO_V1(azhunt_first_of);

/*
 * The range of bytes of a text argument.
 */
static KqlString
text_argument(FunctionCallInfo fcinfo, int number)
{
	text	   *t = PG_GETARG_TEXT_PP(number);

	return TextKqlString(t);
}

/*
 * tostring() of a bool
 */
Datum
azhunt_tostring_bool(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(PG_GETARG_BOOL(0) ? "True" : "False"));
}

/*
 * tostring() of a real
 */
Datum
azhunt_tostring_real(PG_FUNCTION_ARGS)
{
	char		buffer[KQL_VALUE_SIZE];
	int			length = kql_print_real(PG_GETARG_FLOAT8(0), buffer);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(buffer, length));
}

/*
 * Ticks since 0001-01-01 of a time; one that Kusto does not have is moved to
 * the nearest that it has.
 */
static int64
ticks_of_time(TimestampTz time)
{
	if (time < KUSTO_FIRST_TIME)
		return 0;
	if (time >= KUSTO_END_OF_TIME)
		return KQL_TICKS_TO_END - 1;
	return (time - KUSTO_FIRST_TIME) * 10;
}

/*
 * tostring() of a datetime
 */
Datum
azhunt_tostring_datetime(PG_FUNCTION_ARGS)
{
	char		buffer[KQL_VALUE_SIZE];
	int			length = kql_print_datetime(ticks_of_time(PG_GETARG_TIMESTAMPTZ(0)), buffer);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(buffer, length));
}

/*
 * Ticks of a timespan, as many as there can be.
 */
int64
ticks_of_timespan(Interval *span)
{
	int64		microseconds = timespan_microseconds(span, "timespan");
	int64		ticks;

	if (pg_mul_s64_overflow(microseconds, 10, &ticks))
		return microseconds < 0 ? PG_INT64_MIN : PG_INT64_MAX;
	return ticks;
}

/*
 * tostring() of a timespan
 */
Datum
azhunt_tostring_timespan(PG_FUNCTION_ARGS)
{
	char		buffer[KQL_VALUE_SIZE];
	int			length = kql_print_timespan(ticks_of_timespan(PG_GETARG_INTERVAL_P(0)), buffer);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(buffer, length));
}

/*
 * tostring() of a dynamic: a string as it is, all else as compact JSON
 */
Datum
azhunt_tostring_dynamic(PG_FUNCTION_ARGS)
{
	Jsonb	   *json = PG_GETARG_JSONB_P(0);
	JsonbValue	value;
	StringInfoData out;

	if (json_scalar(json, &value))
	{
		if (value.type == jbvNull)
			PG_RETURN_NULL();
		if (value.type == jbvString)
			PG_RETURN_TEXT_P(cstring_to_text_with_len(value.val.string.val, value.val.string.len));
	}
	initStringInfo(&out);
	print_json(&out, json);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/*
 * toint() of a long wraps around
 */
Datum
azhunt_toint_long(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32((int32) (uint32) PG_GETARG_INT64(0));
}

/*
 * A real as a whole number between bounds, or NULL
 */
static bool
real_to_long(double value, double least, double most, int64 *result)
{
	if (isnan(value) || isinf(value))
		return false;
	if (value >= most)
		*result = most > 1e10 ? PG_INT64_MAX : PG_INT32_MAX;
	else if (value <= least)
		*result = most > 1e10 ? PG_INT64_MIN : PG_INT32_MIN;
	else
		*result = (int64) value;
	return true;
}

/*
 * toint() of a real
 */
Datum
azhunt_toint_real(PG_FUNCTION_ARGS)
{
	int64		result;

	if (!real_to_long(PG_GETARG_FLOAT8(0), PG_INT32_MIN, PG_INT32_MAX, &result))
		PG_RETURN_NULL();
	PG_RETURN_INT32((int32) result);
}

/*
 * tolong() of a real
 */
Datum
azhunt_tolong_real(PG_FUNCTION_ARGS)
{
	int64		result;

	if (!real_to_long(PG_GETARG_FLOAT8(0), -9223372036854775808.0, 9223372036854775808.0, &result))
		PG_RETURN_NULL();
	PG_RETURN_INT64(result);
}

/*
 * toint() of a string
 */
Datum
azhunt_toint_text(PG_FUNCTION_ARGS)
{
	int64		result;

	if (!kql_parse_long(text_argument(fcinfo, 0), &result) || result < PG_INT32_MIN || result > PG_INT32_MAX)
		PG_RETURN_NULL();
	PG_RETURN_INT32((int32) result);
}

/*
 * tolong() of a string
 */
Datum
azhunt_tolong_text(PG_FUNCTION_ARGS)
{
	int64		result;

	if (!kql_parse_long(text_argument(fcinfo, 0), &result))
		PG_RETURN_NULL();
	PG_RETURN_INT64(result);
}

/*
 * The text of a JSON number
 */
static char *
number_text(const JsonbValue *value)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
}

/*
 * A dynamic as a whole number: a number is cut, a string read
 */
static bool
dynamic_to_long(Jsonb *json, int64 *result)
{
	JsonbValue	value;
	char	   *text;

	if (!json_scalar(json, &value))
		return false;
	switch (value.type)
	{
		case jbvBool:
			*result = value.val.boolean;
			return true;
		case jbvString:
			return kql_parse_long(kql_string(value.val.string.val, value.val.string.len), result);
		case jbvNumeric:
			text = number_text(&value);

			if (kql_parse_long(kql_string(text, strlen(text)), result))
				return true;
			return real_to_long(strtod(text, NULL), -9223372036854775808.0, 9223372036854775808.0, result);
		default:
			return false;
	}
}

/*
 * toint() of a dynamic
 */
Datum
azhunt_toint_dynamic(PG_FUNCTION_ARGS)
{
	int64		result;
	Jsonb	   *json = PG_GETARG_JSONB_P(0);
	JsonbValue	value;

	if (!dynamic_to_long(json, &result))
		PG_RETURN_NULL();
	if (json_scalar(json, &value) && value.type == jbvString &&
		(result < PG_INT32_MIN || result > PG_INT32_MAX))
		PG_RETURN_NULL();
	PG_RETURN_INT32((int32) (uint32) result);
}

/*
 * tolong() of a dynamic
 */
Datum
azhunt_tolong_dynamic(PG_FUNCTION_ARGS)
{
	int64		result;

	if (!dynamic_to_long(PG_GETARG_JSONB_P(0), &result))
		PG_RETURN_NULL();
	PG_RETURN_INT64(result);
}

/*
 * tolong() of a datetime: ticks since 0001-01-01
 */
Datum
azhunt_tolong_datetime(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(ticks_of_time(PG_GETARG_TIMESTAMPTZ(0)));
}

/*
 * tolong() of a timespan: ticks
 */
Datum
azhunt_tolong_timespan(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(ticks_of_timespan(PG_GETARG_INTERVAL_P(0)));
}

/*
 * toreal() of a string
 */
Datum
azhunt_toreal_text(PG_FUNCTION_ARGS)
{
	double		result;

	if (!kql_parse_real(text_argument(fcinfo, 0), &result))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(result);
}

/*
 * toreal() of a dynamic
 */
Datum
azhunt_toreal_dynamic(PG_FUNCTION_ARGS)
{
	JsonbValue	value;
	double		result;

	if (!json_scalar(PG_GETARG_JSONB_P(0), &value))
		PG_RETURN_NULL();
	switch (value.type)
	{
		case jbvBool:
			PG_RETURN_FLOAT8(value.val.boolean ? 1 : 0);
		case jbvNumeric:
			PG_RETURN_FLOAT8(strtod(number_text(&value), NULL));
		case jbvString:
			if (kql_parse_real(kql_string(value.val.string.val, value.val.string.len), &result))
				PG_RETURN_FLOAT8(result);
			PG_RETURN_NULL();
		default:
			PG_RETURN_NULL();
	}
}

/*
 * toreal() of a decimal
 */
Datum
azhunt_toreal_decimal(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(strtod(DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(0))), NULL));
}

/*
 * tobool() of a string
 */
Datum
azhunt_tobool_text(PG_FUNCTION_ARGS)
{
	bool		result;

	if (!kql_parse_bool(text_argument(fcinfo, 0), &result))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(result);
}

/*
 * tobool() of a dynamic
 */
Datum
azhunt_tobool_dynamic(PG_FUNCTION_ARGS)
{
	JsonbValue	value;
	bool		result;

	if (!json_scalar(PG_GETARG_JSONB_P(0), &value))
		PG_RETURN_NULL();
	if (value.type == jbvBool)
		PG_RETURN_BOOL(value.val.boolean);
	if (value.type == jbvNumeric)
		PG_RETURN_BOOL(strtod(number_text(&value), NULL) != 0);
	if (value.type == jbvString &&
		kql_parse_bool(kql_string(value.val.string.val, value.val.string.len), &result))
		PG_RETURN_BOOL(result);
	PG_RETURN_NULL();
}

/*
 * todecimal() of a string
 */
Datum
azhunt_todecimal_text(PG_FUNCTION_ARGS)
{
	KqlString	digits;

	if (!kql_parse_decimal(text_argument(fcinfo, 0), &digits))
		PG_RETURN_NULL();
	return DirectFunctionCall3(numeric_in, CStringGetDatum(pnstrdup(digits.data, digits.length)),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/*
 * toguid() of a string
 */
Datum
azhunt_toguid(PG_FUNCTION_ARGS)
{
	char		buffer[KQL_VALUE_SIZE];

	if (!kql_parse_guid(text_argument(fcinfo, 0), buffer))
		PG_RETURN_NULL();
	return DirectFunctionCall1(uuid_in, CStringGetDatum(buffer));
}

/*
 * The time of so many ticks, or NULL if there is none
 */
static Datum
time_of_ticks(FunctionCallInfo fcinfo, int64 ticks)
{
	if (ticks < 0 || ticks >= KQL_TICKS_TO_END)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(ticks / 10 + KUSTO_FIRST_TIME);
}

/*
 * todatetime() of a string
 */
Datum
azhunt_todatetime_text(PG_FUNCTION_ARGS)
{
	KqlString	s = text_argument(fcinfo, 0);
	int64		ticks;

	if (!kql_parse_datetime(s, &ticks))
		PG_RETURN_NULL();
	return time_of_ticks(fcinfo, ticks);
}

/*
 * todatetime() of a number of ticks
 */
Datum
azhunt_todatetime_long(PG_FUNCTION_ARGS)
{
	return time_of_ticks(fcinfo, PG_GETARG_INT64(0));
}

/*
 * totimespan() of a string
 */
Datum
azhunt_totimespan_text(PG_FUNCTION_ARGS)
{
	int64		ticks;

	if (!kql_parse_timespan(text_argument(fcinfo, 0), &ticks))
		PG_RETURN_NULL();
	PG_RETURN_INTERVAL_P(make_timespan(ticks / 10));
}

/*
 * The first of two: transition function of any_of()
 */
Datum
azhunt_first_of(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}
