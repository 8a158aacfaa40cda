/*-------------------------------------------------------------------------
 *
 * json.c
 *	  JSON text as Kusto reads and prints it: parse_json(), and the parts of
 *	  dynamic values.
 *
 * PostgreSQL's own input raises errors where Kusto's parse_json() gives the
 * text itself, so JSON is read here.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "azhunt.h"
#include "kql/scalars.h"

PG_FUNCTION_INFO_V1(azhunt_parse_json);
PG_FUNCTION_INFO_V1(azhunt_json_text);
PG_FUNCTION_INFO_V1(azhunt_not_json_null);
PG_FUNCTION_INFO_V1(azhunt_element);
PG_FUNCTION_INFO_V1(azhunt_element_dynamic);
PG_FUNCTION_INFO_V1(azhunt_gettype);
PG_FUNCTION_INFO_V1(azhunt_todynamic_real);

/* JSON that is nested deeper than this is not read */
#define DEEPEST_JSON	1000

/* A place in JSON text */
typedef struct JsonReader
{
	const char *at;
	const char *end;
	JsonbInState state;
	int			depth;
} JsonReader;

static bool read_value(JsonReader *reader, JsonbIteratorToken token, JsonbValue *result);

/*
 * The scalar that the value is, if it is one.
 */
bool
json_scalar(Jsonb *json, JsonbValue *value)
{
	return JB_ROOT_IS_SCALAR(json) && JsonbExtractScalar(&json->root, value);
}

/*
 * Pass over white space.
 */
static void
skip_space(JsonReader *reader)
{
	while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) != NULL && *reader->at != '\0')
		reader->at++;
}

/*
 * Pass over this byte, and space before it.
 */
static bool
accept_byte(JsonReader *reader, char c)
{
	skip_space(reader);
	if (reader->at == reader->end || *reader->at != c)
		return false;
	reader->at++;
	return true;
}

/*
 * Four hexadecimal digits.
 */
static bool
read_hexadecimal(JsonReader *reader, pg_wchar * result)
{
	*result = 0;
	for (int i = 0; i < 4; i++, reader->at++)
	{
		int			c = reader->at < reader->end ? pg_tolower((unsigned char) *reader->at) : 0;

		if (!isxdigit(c))
			return false;
		*result = *result * 16 + (isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	return true;
}

/*
 * An escape behind its backslash.  What the database cannot hold is no JSON.
 */
static bool
read_escape(JsonReader *reader, StringInfo out)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	const char *found;
	pg_wchar	code;
	pg_wchar	low;
	unsigned char utf8[MAX_UNICODE_EQUIVALENT_STRING + 1];

	if (reader->at == reader->end)
		return false;
	found = *reader->at != '\0' ? strchr(from, *reader->at) : NULL;
	if (found != NULL)
	{
		reader->at++;
		appendStringInfoChar(out, to[found - from]);
		return true;
	}
	if (*reader->at++ != 'u' || !read_hexadecimal(reader, &code))
		return false;
	if (code >= 0xD800 && code <= 0xDBFF)
	{
		if (reader->end - reader->at < 6 || reader->at[0] != '\\' || reader->at[1] != 'u')
			return false;
		reader->at += 2;
		if (!read_hexadecimal(reader, &low) || low < 0xDC00 || low > 0xDFFF)
			return false;
		code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
	}
	if (code == 0 || (code >= 0xDC00 && code <= 0xDFFF) ||
		(code > 0x7F && GetDatabaseEncoding() != PG_UTF8))
		return false;
	unicode_to_utf8(code, utf8);
	appendBinaryStringInfo(out, (char *) utf8, pg_utf_mblen(utf8));
	return true;
}

/*
 * A string, of which the quote is next.
 */
static bool
read_string(JsonReader *reader, JsonbValue *result)
{
	StringInfoData out;

	initStringInfo(&out);
	for (reader->at++; reader->at < reader->end && *reader->at != '"';)
	{
		char		c = *reader->at++;

		if ((unsigned char) c < 0x20)
			return false;
		if (c != '\\')
			appendStringInfoChar(&out, c);
		else if (!read_escape(reader, &out))
			return false;
	}
	if (reader->at == reader->end)
		return false;
	reader->at++;
	result->type = jbvString;
	result->val.string.val = out.data;
	result->val.string.len = out.len;
	return true;
}

/*
 * Pass over digits: how many?
 */
static int
skip_digits(JsonReader *reader)
{
	const char *start = reader->at;

	while (reader->at < reader->end && isdigit((unsigned char) *reader->at))
		reader->at++;
	return reader->at - start;
}

/*
 * A number.
 */
static bool
read_number(JsonReader *reader, JsonbValue *result)
{
	const char *start = reader->at;
	const char *digits;
	int			count;

	if (*reader->at == '-')
		reader->at++;
	digits = reader->at;
	count = skip_digits(reader);
	if (count == 0 || count > 1000 || (count > 1 && *digits == '0'))
		return false;
	if (reader->at < reader->end && *reader->at == '.')
	{
		reader->at++;
		count = skip_digits(reader);
		if (count == 0 || count > 1000)
			return false;
	}
	if (reader->at < reader->end && (*reader->at == 'e' || *reader->at == 'E'))
	{
		reader->at++;
		if (reader->at < reader->end && (*reader->at == '-' || *reader->at == '+'))
			reader->at++;
		count = skip_digits(reader);
		if (count == 0 || count > 3)
			return false;
	}
	result->type = jbvNumeric;
	result->val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in,
															  CStringGetDatum(pnstrdup(start, reader->at - start)),
															  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	return true;
}

/*
 * A word.
 */
static bool
read_word(JsonReader *reader, JsonbValue *result)
{
	static const char *const words[] = {"null", "true", "false"};

	for (int i = 0; i < 3; i++)
	{
		int			length = strlen(words[i]);

		if (reader->end - reader->at < length || memcmp(reader->at, words[i], length) != 0)
			continue;
		reader->at += length;
		result->type = i == 0 ? jbvNull : jbvBool;
		result->val.boolean = i == 1;
		return true;
	}
	return false;
}

/*
 * An array or an object, of which the bracket is next.
 */
static bool
read_container(JsonReader *reader, JsonbValue *result)
{
	bool		is_object = *reader->at == '{';
	char		close = is_object ? '}' : ']';
	JsonbValue	item;

	reader->at++;
	pushJsonbValue(&reader->state, is_object ? WJB_BEGIN_OBJECT : WJB_BEGIN_ARRAY, NULL);
	if (!accept_byte(reader, close))
	{
		do
		{
			skip_space(reader);
			if (is_object)
			{
				if (reader->at == reader->end || *reader->at != '"' || !read_string(reader, &item))
					return false;
				pushJsonbValue(&reader->state, WJB_KEY, &item);
				if (!accept_byte(reader, ':'))
					return false;
			}
			if (!read_value(reader, is_object ? WJB_VALUE : WJB_ELEM, &item))
				return false;
		} while (accept_byte(reader, ','));
		if (!accept_byte(reader, close))
			return false;
	}
	pushJsonbValue(&reader->state, is_object ? WJB_END_OBJECT : WJB_END_ARRAY, NULL);
	/* that of a container within another is not needed */
	if (reader->state.result != NULL)
		*result = *reader->state.result;
	return true;
}

/*
 * Any value; one inside of another is pushed.
 */
static bool
read_value(JsonReader *reader, JsonbIteratorToken token, JsonbValue *result)
{
	bool		ok;

	CHECK_FOR_INTERRUPTS();
	skip_space(reader);
	if (reader->at == reader->end || reader->depth >= DEEPEST_JSON)
		return false;
	if (*reader->at == '{' || *reader->at == '[')
	{
		reader->depth++;
		ok = read_container(reader, result);
		reader->depth--;
		return ok;
	}
	if (*reader->at == '"')
		ok = read_string(reader, result);
	else if (*reader->at == '-' || isdigit((unsigned char) *reader->at))
		ok = read_number(reader, result);
	else
		ok = read_word(reader, result);
	if (ok && token != WJB_DONE)
		pushJsonbValue(&reader->state, token, result);
	return ok;
}

/*
 * parse_json(): NULL of nothing, and the text itself where it is no JSON.
 */
Datum
azhunt_parse_json(PG_FUNCTION_ARGS)
{
	text	   *t = PG_GETARG_TEXT_PP(0);
	JsonReader	reader = {VARDATA_ANY(t), VARDATA_ANY(t) + VARSIZE_ANY_EXHDR(t), {0}, 0};
	JsonbValue	value;
	bool		ok;

	skip_space(&reader);
	if (reader.at == reader.end)
		PG_RETURN_NULL();
	ok = read_value(&reader, WJB_DONE, &value);
	skip_space(&reader);
	if (!ok || reader.at != reader.end)
	{
		value.type = jbvString;
		value.val.string.val = VARDATA_ANY(t);
		value.val.string.len = VARSIZE_ANY_EXHDR(t);
	}
	if (value.type == jbvNull)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(JsonbValueToJsonb(&value));
}

/*
 * Print a scalar as JSON.
 */
static void
print_scalar(StringInfo out, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			appendStringInfoString(out, "null");
			break;
		case jbvBool:
			appendStringInfoString(out, value->val.boolean ? "true" : "false");
			break;
		case jbvNumeric:
			appendStringInfoString(out, DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric))));
			break;
		case jbvString:
			escape_json(out, pnstrdup(value->val.string.val, value->val.string.len));
			break;
		default:
			elog(ERROR, "unexpected jsonb value type: %d", (int) value->type);
	}
}

/*
 * Print a value without any space in it.
 */
void
print_json(StringInfo out, Jsonb *json)
{
	JsonbIterator *iterator = JsonbIteratorInit(&json->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	bool		is_first = true;
	bool		is_raw = false;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_BEGIN_ARRAY && value.val.array.rawScalar)
		{
			is_raw = true;
			continue;
		}
		if ((token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT || token == WJB_KEY || token == WJB_ELEM) && !is_first)
			appendStringInfoChar(out, ',');
		is_first = token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT || token == WJB_KEY;
		if (token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT)
			appendStringInfoChar(out, token == WJB_BEGIN_ARRAY ? '[' : '{');
		else if (token == WJB_END_ARRAY)
		{
			if (!is_raw)
				appendStringInfoChar(out, ']');
		}
		else if (token == WJB_END_OBJECT)
			appendStringInfoChar(out, '}');
		else
		{
			print_scalar(out, &value);
			if (token == WJB_KEY)
				appendStringInfoChar(out, ':');
		}
	}
}

/*
 * Order keys by their bytes.
 */
static int
compare_keys(const void *a, const void *b)
{
	return strcmp(((const JsonbPair *) a)->key.val.string.val, ((const JsonbPair *) b)->key.val.string.val);
}

/*
 * Print an array or an object, with the keys of objects in the order of their
 * names.
 */
static void
print_sorted(StringInfo out, JsonbContainer *container)
{
	bool		is_object = JsonContainerIsObject(container);
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	value;
	JsonbPair  *pairs = palloc((JsonContainerSize(container) + 1) * sizeof(JsonbPair));
	int			count = 0;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			pairs[count].key = value;
			pairs[count].key.val.string.val = pnstrdup(value.val.string.val, value.val.string.len);
		}
		else if (token == WJB_VALUE || token == WJB_ELEM)
			pairs[count++].value = value;
	}
	if (is_object)
		qsort(pairs, count, sizeof(JsonbPair), compare_keys);
	appendStringInfoChar(out, is_object ? '{' : '[');
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		if (is_object)
		{
			escape_json(out, pairs[i].key.val.string.val);
			appendStringInfoChar(out, ':');
		}
		if (pairs[i].value.type == jbvBinary)
			print_sorted(out, pairs[i].value.val.binary.data);
		else
			print_scalar(out, &pairs[i].value);
	}
	appendStringInfoChar(out, is_object ? '}' : ']');
	pfree(pairs);
}

/*
 * json_text(value)
 */
Datum
azhunt_json_text(PG_FUNCTION_ARGS)
{
	Jsonb	   *json = PG_GETARG_JSONB_P(0);
	StringInfoData out;

	initStringInfo(&out);
	if (JB_ROOT_IS_SCALAR(json))
		print_json(&out, json);
	else
		print_sorted(&out, &json->root);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/*
 * A dynamic, or NULL if it is the null of JSON.
 */
Datum
azhunt_not_json_null(PG_FUNCTION_ARGS)
{
	Jsonb	   *json = PG_GETARG_JSONB_P(0);
	JsonbValue	value;

	if (json_scalar(json, &value) && value.type == jbvNull)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(json);
}

/*
 * The element of an array at a place, from the end if that is negative.
 */
static Datum
array_element(FunctionCallInfo fcinfo, Jsonb *json, int64 place)
{
	JsonbValue *value;
	int64		count;

	if (!JB_ROOT_IS_ARRAY(json) || JB_ROOT_IS_SCALAR(json))
		PG_RETURN_NULL();
	count = JB_ROOT_COUNT(json);
	if (place < 0)
		place += count;
	if (place < 0 || place >= count)
		PG_RETURN_NULL();
	value = getIthJsonbValueFromContainer(&json->root, (uint32) place);
	if (value == NULL || value->type == jbvNull)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(JsonbValueToJsonb(value));
}

/*
 * An element by a number
 */
Datum
azhunt_element(PG_FUNCTION_ARGS)
{
	return array_element(fcinfo, PG_GETARG_JSONB_P(0), PG_GETARG_INT64(1));
}

/*
 * An element by a dynamic: a number of an array, or a key of an object
 */
Datum
azhunt_element_dynamic(PG_FUNCTION_ARGS)
{
	Jsonb	   *json = PG_GETARG_JSONB_P(0);
	JsonbValue	index;
	JsonbValue *value;

	if (!json_scalar(PG_GETARG_JSONB_P(1), &index))
		PG_RETURN_NULL();
	if (index.type == jbvNumeric)
	{
		char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(index.val.numeric)));
		int64		place;

		if (!kql_parse_long(kql_string(text, strlen(text)), &place))
			PG_RETURN_NULL();
		return array_element(fcinfo, json, place);
	}
	if (index.type != jbvString || !JB_ROOT_IS_OBJECT(json))
		PG_RETURN_NULL();
	value = findJsonbValueFromContainer(&json->root, JB_FOBJECT, &index);
	if (value == NULL || value->type == jbvNull)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(JsonbValueToJsonb(value));
}

/*
 * gettype() of a dynamic
 */
Datum
azhunt_gettype(PG_FUNCTION_ARGS)
{
	JsonbValue	value;
	const char *name = "null";

	if (PG_ARGISNULL(0))
		PG_RETURN_TEXT_P(cstring_to_text(name));
	if (JB_ROOT_IS_OBJECT(PG_GETARG_JSONB_P(0)))
		name = "dictionary";
	else if (!json_scalar(PG_GETARG_JSONB_P(0), &value))
		name = "array";
	else if (value.type == jbvString)
		name = "string";
	else if (value.type == jbvBool)
		name = "bool";
	else if (value.type == jbvNumeric)
		name = strchr(DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric))), '.') != NULL ?
			"double" : "long";
	PG_RETURN_TEXT_P(cstring_to_text(name));
}

/*
 * A real as a dynamic, which has a point, and NaN as a string
 */
Datum
azhunt_todynamic_real(PG_FUNCTION_ARGS)
{
	char		buffer[KQL_VALUE_SIZE];
	JsonbValue	value;
	double		real = PG_GETARG_FLOAT8(0);

	kql_print_real(real, buffer);
	if (strpbrk(buffer, "nN") != NULL)
	{
		value.type = jbvString;
		value.val.string.val = buffer[0] == 'N' ? "NaN" : buffer[0] == '-' ? "-Infinity" : "Infinity";
		value.val.string.len = strlen(value.val.string.val);
	}
	else
	{
		value.type = jbvNumeric;
		value.val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(buffer),
																ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	}
	PG_RETURN_JSONB_P(JsonbValueToJsonb(&value));
}
