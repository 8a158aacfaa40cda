/*-------------------------------------------------------------------------
 *
 * dynamic.c
 *	  SQL values as elements of KQL's dynamic type, which is jsonb here.
 *
 * Numbers stay numbers, times become ISO 8601 as Kusto prints it, json and
 * jsonb stay what they are, arrays and rows become JSON arrays and objects,
 * and every other type is what to_jsonb() makes of it under settings that are
 * always the same.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/shortest_dec.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/bytea.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "dynamic.h"

/*
 * How values of this type are kept.
 */
static DynamicKind
kind_of_type(Oid type)
{
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
		case TIMESTAMPTZOID:
		case TIMESTAMPOID:
		case DATEOID:
			return DYNAMIC_STRING;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return DYNAMIC_INTEGER;
		case NUMERICOID:
		case FLOAT4OID:
		case FLOAT8OID:
			return DYNAMIC_NUMERIC;
		case BOOLOID:
			return DYNAMIC_BOOL;
		default:
			return DYNAMIC_JSONB;
	}
}

/*
 * May how to_jsonb() prints values of this type depend on settings?
 */
static bool
depends_on_settings(Oid type)
{
	switch (type)
	{
		case JSONOID:
		case BPCHAROID:
		case NAMEOID:
		case CHAROID:
		case UUIDOID:
		case INETOID:
		case CIDROID:
		case MACADDROID:
		case OIDOID:
			return false;
		default:
			return get_typtype(type) != TYPTYPE_ENUM;
	}
}

/*
 * Look up what encoding values of a type needs.
 *
 * The result is good for as long as the memory context is.
 */
void
dynamic_type_init(DynamicType *dynamic, Oid type, MemoryContext context)
{
	MemoryContext old_context;

	dynamic->type = getBaseType(type);
	dynamic->typlen = get_typlen(dynamic->type);
	dynamic->kind = kind_of_type(dynamic->type);
	dynamic->is_array = dynamic->kind == DYNAMIC_JSONB &&
		OidIsValid(get_base_element_type(dynamic->type));
	dynamic->is_row = dynamic->kind == DYNAMIC_JSONB &&
		type_is_rowtype(dynamic->type);
	if (dynamic->kind != DYNAMIC_JSONB || dynamic->type == JSONBOID ||
		dynamic->is_array || dynamic->is_row)
		return;

	dynamic->is_pinned = depends_on_settings(dynamic->type);

	/* to_jsonb() takes its argument's type from the call expression */
	old_context = MemoryContextSwitchTo(context);
	fmgr_info_cxt(F_TO_JSONB, &dynamic->to_jsonb, context);
	fmgr_info_set_expr((Node *) makeFuncExpr(F_TO_JSONB, JSONBOID,
											 list_make1(makeNullConst(dynamic->type, -1, InvalidOid)),
											 InvalidOid, InvalidOid,
											 COERCE_EXPLICIT_CALL),
					   &dynamic->to_jsonb);
	MemoryContextSwitchTo(old_context);
}

/*
 * Print some digits and what follows them, and return where that ends.
 */
static char *
print_digits(char *end, int number, int digits, char follower)
{
	end = pg_ultostr_zeropad(end, number, digits);
	*end = follower;
	return end + 1;
}

/*
 * Print a time as Kusto does: ISO 8601 with seven decimals, Z for UTC.
 *
 * A timestamp without time zone says nothing of UTC, so it has no Z.  Each
 * match of a rule has a time like this, hence no snprintf().
 */
static void
encode_time(DynamicValue *encoded, Timestamp time, bool has_zone)
{
	struct pg_tm tm;
	fsec_t		fsec;
	bool		before_christ;
	char	   *end = encoded->buffer;

	encoded->data = encoded->buffer;
	if (TIMESTAMP_NOT_FINITE(time))
	{
		EncodeSpecialTimestamp(time, encoded->buffer);
		encoded->length = strlen(encoded->buffer);
		return;
	}
	if (timestamp2tm(time, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));

	before_christ = tm.tm_year <= 0;
	end = print_digits(end, before_christ ? 1 - tm.tm_year : tm.tm_year, 4, '-');
	end = print_digits(end, tm.tm_mon, 2, '-');
	end = print_digits(end, tm.tm_mday, 2, 'T');
	end = print_digits(end, tm.tm_hour, 2, ':');
	end = print_digits(end, tm.tm_min, 2, ':');
	end = print_digits(end, tm.tm_sec, 2, '.');
	end = print_digits(end, (int) fsec, 6, '0');
	if (has_zone)
		*end++ = 'Z';
	if (before_christ)
	{
		memcpy(end, " BC", 3);
		end += 3;
	}
	encoded->length = end - encoded->buffer;
}

/*
 * Encode a value of a type that becomes a JSON string.
 */
static void
encode_string(Oid type, Datum value, DynamicValue *encoded)
{
	switch (type)
	{
		case TIMESTAMPTZOID:
			encode_time(encoded, DatumGetTimestampTz(value), true);
			break;
		case TIMESTAMPOID:
			encode_time(encoded, DatumGetTimestamp(value), false);
			break;
		case DATEOID:
			JsonEncodeDateTime(encoded->buffer, value, DATEOID, NULL);
			encoded->data = encoded->buffer;
			encoded->length = strlen(encoded->buffer);
			break;
		default:
			{
				text	   *string = DatumGetTextPP(value);

				encoded->data = VARDATA_ANY(string);
				encoded->length = VARSIZE_ANY_EXHDR(string);
			}
	}
}

/*
 * Encode a number that is not an integer.
 *
 * A float is taken for the shortest decimal that stands for it, whatever
 * extra_float_digits says.
 */
static void
encode_numeric(Oid type, Datum value, DynamicValue *encoded)
{
	Numeric		number;
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	if (type == NUMERICOID)
		number = DatumGetNumeric(value);
	else
	{
		if (type == FLOAT4OID)
			float_to_shortest_decimal_buf(DatumGetFloat4(value), digits);
		else
			double_to_shortest_decimal_buf(DatumGetFloat8(value), digits);
		number = DatumGetNumeric(DirectFunctionCall3(numeric_in,
													 CStringGetDatum(digits),
													 ObjectIdGetDatum(InvalidOid),
													 Int32GetDatum(-1)));
	}
	encoded->data = (const char *) number;
	encoded->length = VARSIZE(number);
}

/*
 * Encode an integer of any width.
 */
static void
encode_integer(Oid type, Datum value, DynamicValue *encoded)
{
	if (type == INT2OID)
		encoded->integer = DatumGetInt16(value);
	else if (type == INT4OID)
		encoded->integer = DatumGetInt32(value);
	else
		encoded->integer = DatumGetInt64(value);
	encoded->data = (const char *) &encoded->integer;
	encoded->length = sizeof(encoded->integer);
}

/*
 * Push one dimension of an array, and those below it.
 */
static void
push_dimension(JsonbInState *state, DynamicType *dynamic,
			   int dimensions, const int *lengths,
			   Datum **values, bool **nulls)
{
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; dimensions > 0 && i < lengths[0]; i++)
	{
		if (dimensions > 1)
		{
			push_dimension(state, dynamic, dimensions - 1, lengths + 1,
						   values, nulls);
			continue;
		}
		dynamic_push(state, WJB_ELEM, *(*nulls)++ ? NULL : dynamic,
					 *(*values)++);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/*
 * Push an array.
 */
static void
push_array(JsonbInState *state, Datum value)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	Oid			element_type = ARR_ELEMTYPE(array);
	DynamicType dynamic;
	int16		typlen;
	bool		typbyval;
	char		typalign;
	Datum	   *values;
	bool	   *nulls;
	int			count;

	get_typlenbyvalalign(element_type, &typlen, &typbyval, &typalign);
	deconstruct_array(array, element_type, typlen, typbyval, typalign,
					  &values, &nulls, &count);
	dynamic_type_init(&dynamic, element_type, CurrentMemoryContext);
	push_dimension(state, &dynamic, ARR_NDIM(array), ARR_DIMS(array),
				   &values, &nulls);
}

/*
 * Push a row as an object.
 */
static void
push_row(JsonbInState *state, Datum value)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(value);
	TupleDesc	tupdesc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
												 HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple;

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	tuple.t_data = header;

	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(tupdesc, i);
		DynamicType dynamic;
		JsonbValue	key;
		Datum		field;
		bool		isnull;

		if (attribute->attisdropped)
			continue;

		key.type = jbvString;
		/* the descriptor may be gone before the jsonb is complete */
		key.val.string.val = pstrdup(NameStr(attribute->attname));
		key.val.string.len = strlen(key.val.string.val);
		pushJsonbValue(state, WJB_KEY, &key);

		field = heap_getattr(&tuple, i + 1, tupdesc, &isnull);
		if (!isnull)
			dynamic_type_init(&dynamic, attribute->atttypid, CurrentMemoryContext);
		dynamic_push(state, WJB_VALUE, isnull ? NULL : &dynamic, field);
	}
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
	ReleaseTupleDesc(tupdesc);
}

/*
 * Push a value of any type as part of a jsonb that is being built; no type
 * stands for NULL.
 */
void
dynamic_push(JsonbInState *state, JsonbIteratorToken token,
			 DynamicType *dynamic, Datum value)
{
	JsonbValue	element;
	DynamicValue *encoded;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();

	if (dynamic != NULL && dynamic->is_array)
	{
		push_array(state, value);
		return;
	}
	if (dynamic != NULL && dynamic->is_row)
	{
		push_row(state, value);
		return;
	}

	/* what is pushed may point into this until the jsonb is complete */
	encoded = palloc(sizeof(DynamicValue));
	if (dynamic == NULL || !dynamic_encode(dynamic, value, encoded))
		element.type = jbvNull;
	else
		dynamic_to_jsonb_value(dynamic->kind, encoded->data, encoded->length,
							   &element);
	pushJsonbValue(state, token, &element);
}

/*
 * Make a jsonb of an array or a row.
 */
static Jsonb *
nested_to_jsonb(DynamicType *dynamic, Datum value)
{
	JsonbInState state = {0};

	/* both leave their container as the first of the one-element array */
	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	dynamic_push(&state, WJB_ELEM, dynamic, value);
	pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	return JsonbValueToJsonb(&state.result->val.array.elems[0]);
}

/*
 * Set a setting until the nest level of settings ends, which starts with the
 * first of them.
 */
static void
pin_setting(int *nest_level, const char *name, const char *value)
{
	if (*nest_level == 0)
		*nest_level = NewGUCNestLevel();
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * Pin what the session says of how values are printed, as postgres_fdw does:
 * an answer must not depend on it.  Returns the nest level, or 0 if there is
 * nothing to pin.
 */
static int
pin_settings(Oid type)
{
	int			nest_level = 0;

	if (DateStyle != USE_ISO_DATES)
		pin_setting(&nest_level, "datestyle", "ISO");
	if (IntervalStyle != INTSTYLE_POSTGRES)
		pin_setting(&nest_level, "intervalstyle", "postgres");
	if (strcmp(pg_get_timezone_name(session_timezone), "UTC") != 0)
		pin_setting(&nest_level, "timezone", "UTC");
	if (extra_float_digits < 1)
		pin_setting(&nest_level, "extra_float_digits", "1");
	if (bytea_output != BYTEA_OUTPUT_HEX)
		pin_setting(&nest_level, "bytea_output", "hex");
	if (quote_all_identifiers)
		pin_setting(&nest_level, "quote_all_identifiers", "off");
	if (type == MONEYOID)
		pin_setting(&nest_level, "lc_monetary", "C");

	/* names of objects have their schema, unless it is this one */
	if (type == REGPROCOID || type == REGPROCEDUREOID ||
		type == REGOPEROID || type == REGOPERATOROID ||
		type == REGCLASSOID || type == REGTYPEOID ||
		type == REGCONFIGOID || type == REGDICTIONARYOID ||
		type == REGCOLLATIONOID)
		pin_setting(&nest_level, "search_path", "pg_catalog");
	return nest_level;
}

/*
 * What to_jsonb() makes of a value.
 */
static Jsonb *
other_to_jsonb(DynamicType *dynamic, Datum value)
{
	int			nest_level = 0;
	Jsonb	   *jsonb;

	if (dynamic->is_pinned)
		nest_level = pin_settings(dynamic->type);
	jsonb = DatumGetJsonbP(FunctionCall1(&dynamic->to_jsonb, value));
	if (nest_level > 0)
		AtEOXact_GUC(true, nest_level);
	return jsonb;
}

/*
 * Encode a value that is kept as jsonb; false for a JSON null, which is what
 * KQL calls null.
 */
static bool
encode_jsonb(DynamicType *dynamic, Datum value, DynamicValue *encoded)
{
	Jsonb	   *jsonb;
	JsonbValue	scalar;

	if (dynamic->type == JSONBOID)
		jsonb = DatumGetJsonbP(value);
	else if (dynamic->is_array || dynamic->is_row)
		jsonb = nested_to_jsonb(dynamic, value);
	else
		jsonb = other_to_jsonb(dynamic, value);

	encoded->data = (const char *) jsonb;
	encoded->length = VARSIZE(jsonb);
	return !(JB_ROOT_IS_SCALAR(jsonb) &&
			 JsonbExtractScalar(&jsonb->root, &scalar) &&
			 scalar.type == jbvNull);
}

/*
 * Encode a value that is not NULL; false if it is a JSON null.
 *
 * The encoding may point into the value and into "encoded".
 */
bool
dynamic_encode(DynamicType *dynamic, Datum value, DynamicValue *encoded)
{
	switch (dynamic->kind)
	{
		case DYNAMIC_STRING:
			encode_string(dynamic->type, value, encoded);
			return true;
		case DYNAMIC_INTEGER:
			encode_integer(dynamic->type, value, encoded);
			return true;
		case DYNAMIC_NUMERIC:
			encode_numeric(dynamic->type, value, encoded);
			return true;
		case DYNAMIC_BOOL:
			encoded->boolean = DatumGetBool(value);
			encoded->data = &encoded->boolean;
			encoded->length = 1;
			return true;
		case DYNAMIC_JSONB:
			return encode_jsonb(dynamic, value, encoded);
	}
	pg_unreachable();
}

/*
 * A number without the zeros at the end of its fraction.
 */
static Numeric
shortest_numeric(Numeric number)
{
	Datum		datum = NumericGetDatum(number);

	if (numeric_is_nan(number) || numeric_is_inf(number) ||
		DatumGetInt32(DirectFunctionCall1(numeric_scale, datum)) ==
		DatumGetInt32(DirectFunctionCall1(numeric_min_scale, datum)))
		return number;
	return DatumGetNumeric(DirectFunctionCall1(numeric_trim_scale, datum));
}

/*
 * Have all numbers in a jsonb their shortest form?
 */
static bool
has_shortest_numbers(Jsonb *jsonb)
{
	JsonbIterator *iterator = JsonbIteratorInit(&jsonb->root);
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if ((token == WJB_ELEM || token == WJB_VALUE) &&
			value.type == jbvNumeric &&
			shortest_numeric(value.val.numeric) != value.val.numeric)
			return false;
	}
	return true;
}

/*
 * A jsonb whose numbers have their shortest form.
 */
static Jsonb *
shorten_numbers(Jsonb *jsonb)
{
	JsonbIterator *iterator = JsonbIteratorInit(&jsonb->root);
	JsonbInState state = {0};
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		bool		is_scalar = token == WJB_BEGIN_ARRAY &&
		value.val.array.rawScalar;

		CHECK_FOR_INTERRUPTS();
		if ((token == WJB_ELEM || token == WJB_VALUE) &&
			value.type == jbvNumeric)
			value.val.numeric = shortest_numeric(value.val.numeric);
		pushJsonbValue(&state, token,
					   token < WJB_BEGIN_ARRAY || is_scalar ? &value : NULL);
	}
	return JsonbValueToJsonb(state.result);
}

/*
 * Give an encoded value the form that all values equal to it have.
 *
 * Only numbers can be equal and yet be seen to differ, by zeros at their end,
 * also inside a jsonb.
 */
void
dynamic_canonicalize(DynamicKind kind, DynamicValue *encoded)
{
	if (kind == DYNAMIC_NUMERIC)
	{
		Numeric		number = shortest_numeric((Numeric) unconstify(char *, encoded->data));

		encoded->data = (const char *) number;
		encoded->length = VARSIZE(number);
	}
	else if (kind == DYNAMIC_JSONB)
	{
		Jsonb	   *jsonb = (Jsonb *) unconstify(char *, encoded->data);

		if (has_shortest_numbers(jsonb))
			return;
		jsonb = shorten_numbers(jsonb);
		encoded->data = (const char *) jsonb;
		encoded->length = VARSIZE(jsonb);
	}
}

/*
 * A number as JSON has it: those that JSON has not become strings, as
 * to_jsonb() makes them.
 */
static void
numeric_to_jsonb_value(Numeric number, JsonbValue *result)
{
	if (numeric_is_nan(number) || numeric_is_inf(number))
	{
		result->type = jbvString;
		result->val.string.val =
			DatumGetCString(DirectFunctionCall1(numeric_out,
												NumericGetDatum(number)));
		result->val.string.len = strlen(result->val.string.val);
		return;
	}
	result->type = jbvNumeric;
	result->val.numeric = number;
}

/*
 * Turn an encoded value into one that can be pushed into a jsonb.
 *
 * The result points to the data, which must stay.
 */
void
dynamic_to_jsonb_value(DynamicKind kind, const char *data, int length,
					   JsonbValue *result)
{
	int64		integer;
	Jsonb	   *jsonb;

	switch (kind)
	{
		case DYNAMIC_STRING:
			result->type = jbvString;
			result->val.string.val = unconstify(char *, data);
			result->val.string.len = length;
			break;
		case DYNAMIC_INTEGER:
			memcpy(&integer, data, sizeof(integer));
			result->type = jbvNumeric;
			result->val.numeric = int64_to_numeric(integer);
			break;
		case DYNAMIC_NUMERIC:
			numeric_to_jsonb_value((Numeric) unconstify(char *, data), result);
			break;
		case DYNAMIC_BOOL:
			result->type = jbvBool;
			result->val.boolean = *data;
			break;
		case DYNAMIC_JSONB:
			jsonb = (Jsonb *) unconstify(char *, data);
			if (JB_ROOT_IS_SCALAR(jsonb))
			{
				(void) JsonbExtractScalar(&jsonb->root, result);
				break;
			}
			result->type = jbvBinary;
			result->val.binary.data = &jsonb->root;
			result->val.binary.len = VARSIZE(jsonb) - VARHDRSZ;
			break;
	}
}

/*
 * Hash an encoded value: values that are equal have equal hashes.
 */
uint32
dynamic_hash(DynamicKind kind, const char *data, int length)
{
	switch (kind)
	{
		case DYNAMIC_NUMERIC:
			return DatumGetUInt32(DirectFunctionCall1(hash_numeric,
													  PointerGetDatum(data)));
		case DYNAMIC_JSONB:
			return DatumGetUInt32(DirectFunctionCall1(jsonb_hash,
													  PointerGetDatum(data)));
		default:
			return hash_bytes((const unsigned char *) data, length);
	}
}

/*
 * Order of two encoded values of one kind: strings by bytes, numbers by size,
 * jsonb as its btree operator class has it.
 */
int
dynamic_compare(DynamicKind kind, const char *a, int a_length,
				const char *b, int b_length)
{
	int64		integer_a;
	int64		integer_b;
	int			order;

	switch (kind)
	{
		case DYNAMIC_INTEGER:
			memcpy(&integer_a, a, sizeof(integer_a));
			memcpy(&integer_b, b, sizeof(integer_b));
			return (integer_a > integer_b) - (integer_a < integer_b);
		case DYNAMIC_NUMERIC:
			return DatumGetInt32(DirectFunctionCall2(numeric_cmp,
													 PointerGetDatum(a),
													 PointerGetDatum(b)));
		case DYNAMIC_JSONB:
			return compareJsonbContainers(&((Jsonb *) unconstify(char *, a))->root,
										  &((Jsonb *) unconstify(char *, b))->root);
		default:
			order = memcmp(a, b, Min(a_length, b_length));
			return order != 0 ? order : a_length - b_length;
	}
}
