/*-------------------------------------------------------------------------
 *
 * make_bag.c
 *	  The aggregate make_bag, and bag_pack, which makes what it merges.
 *
 * KQL leaves undefined which value a key keeps that comes more than once, and
 * which keys a limit keeps.  Here the plan must never change the answer, so:
 *
 *	- with ORDER BY inside the call, the last value wins, and a limit keeps the
 *	  keys that came first;
 *	- without, the greatest value wins (null before strings before numbers
 *	  before booleans before arrays and objects), and a limit keeps the
 *	  smallest keys.  Of equal numbers, the one with more decimals is greater.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "aggregate.h"
#include "element_store.h"

typedef struct BagState
{
	ElementStore *keys;			/* strings, and how many they may be */
	int			allocated;		/* values there is room for */
	JsonbValue	values[FLEXIBLE_ARRAY_MEMBER];	/* of the keys, by index */
} BagState;

/* What bag_pack() knows of an argument */
typedef struct PackArgument
{
	Oid			base_type;
	bool		is_literal;		/* of no type, which is a C string */
	DynamicType type;			/* of a value */
} PackArgument;

#define INITIAL_VALUES	7

/* The memory that a state with room for so many values takes */
#define BagStateSize(allocated) \
	(offsetof(BagState, values) + (allocated) * sizeof(JsonbValue))

PG_FUNCTION_INFO_V1(azhunt_make_bag_transition);
PG_FUNCTION_INFO_V1(azhunt_make_bag_combine);
PG_FUNCTION_INFO_V1(azhunt_make_bag_serialize);
PG_FUNCTION_INFO_V1(azhunt_make_bag_deserialize);
PG_FUNCTION_INFO_V1(azhunt_make_bag_final);
PG_FUNCTION_INFO_V1(azhunt_bag_pack);

/*
 * Start the state of a group; "ordered" says that the last value wins.
 */
static BagState *
create_bag(FunctionCallInfo fcinfo, int limit, bool ordered)
{
	MemoryContext context = aggregate_context(fcinfo);
	BagState   *state = MemoryContextAlloc(context,
										   BagStateSize(INITIAL_VALUES));

	state->keys = element_store_create(DYNAMIC_STRING, limit, context,
									   aggregate_pool(fcinfo));
	state->keys->distinct = true;
	state->keys->ordered = ordered;
	state->allocated = INITIAL_VALUES;
	return state;
}

/*
 * Where a value keeps its bytes, and how many; NULL if it has none.
 */
static void *
value_bytes(JsonbValue *value, Size *length)
{
	switch (value->type)
	{
		case jbvString:
			*length = value->val.string.len;
			return value->val.string.val;
		case jbvNumeric:
			*length = VARSIZE(value->val.numeric);
			return value->val.numeric;
		case jbvBinary:
			*length = value->val.binary.len;
			return value->val.binary.data;
		default:
			*length = 0;
			return NULL;
	}
}

/*
 * Copy a value and its bytes.
 */
static JsonbValue
copy_value(JsonbValue *value, MemoryContext context)
{
	JsonbValue	copy = *value;
	Size		length;
	void	   *bytes = value_bytes(value, &length);

	if (bytes == NULL)
		return copy;

	bytes = memcpy(MemoryContextAlloc(context, Max(length, 1)), bytes, length);
	if (value->type == jbvString)
		copy.val.string.val = bytes;
	else if (value->type == jbvNumeric)
		copy.val.numeric = bytes;
	else
		copy.val.binary.data = bytes;
	return copy;
}

/*
 * Free what copy_value() allocated.
 */
static void
free_value(JsonbValue *value)
{
	Size		length;
	void	   *bytes = value_bytes(value, &length);

	if (bytes != NULL)
		pfree(bytes);
}

/*
 * Write a value over another if it takes the same space; false if not.
 */
static bool
overwrite_value(JsonbValue *old, JsonbValue *value)
{
	Size		old_length;
	Size		length;
	void	   *old_bytes = value_bytes(old, &old_length);
	void	   *bytes = value_bytes(value, &length);

	if (old->type != value->type || bytes == NULL || old_length != length)
		return false;
	memcpy(old_bytes, bytes, length);
	return true;
}

/*
 * Order of two numbers, and of equal ones by how many decimals they have.
 */
static int
compare_numbers(Numeric a, Numeric b)
{
	int			order = dynamic_compare(DYNAMIC_NUMERIC, (const char *) a, 0,
										(const char *) b, 0);

	if (order != 0)
		return order;
	return DatumGetInt32(DirectFunctionCall1(numeric_scale, NumericGetDatum(a))) -
		DatumGetInt32(DirectFunctionCall1(numeric_scale, NumericGetDatum(b)));
}

/*
 * Order of two arrays or objects, and of equal ones, whose numbers may differ
 * in decimals, by their bytes.
 */
static int
compare_containers(const JsonbValue *a, const JsonbValue *b)
{
	int			order = compareJsonbContainers(a->val.binary.data,
											   b->val.binary.data);

	if (order != 0)
		return order;
	return dynamic_compare(DYNAMIC_STRING,
						   (const char *) a->val.binary.data, a->val.binary.len,
						   (const char *) b->val.binary.data, b->val.binary.len);
}

/*
 * A total order of values, in which only the same are equal: by type, then
 * within the type.
 */
static int
compare_values(const JsonbValue *a, const JsonbValue *b)
{
	if (a->type != b->type)
		return a->type > b->type ? 1 : -1;

	switch (a->type)
	{
		case jbvString:
			return dynamic_compare(DYNAMIC_STRING,
								   a->val.string.val, a->val.string.len,
								   b->val.string.val, b->val.string.len);
		case jbvNumeric:
			return compare_numbers(a->val.numeric, b->val.numeric);
		case jbvBool:
			return (int) a->val.boolean - (int) b->val.boolean;
		case jbvBinary:
			return compare_containers(a, b);
		default:
			return 0;
	}
}

/*
 * Keep the smallest keys, as many as the limit says.
 */
static void
prune_bag(BagState *state)
{
	int		   *order = element_store_order(state->keys);
	int			count = state->keys->count;
	int			limit = state->keys->limit;
	JsonbValue *values = palloc(count * sizeof(JsonbValue));

	for (int i = 0; i < count; i++)
	{
		values[i] = state->values[order[i]];
		if (i >= limit)
			free_value(&values[i]);
	}
	memcpy(state->values, values, limit * sizeof(JsonbValue));
	element_store_prune(&state->keys, order);
	pfree(values);
	pfree(order);
}

/*
 * May a key that is not in the bag still be taken in?
 */
static bool
has_room_for(const BagState *state, const char *key, int length)
{
	if (state->keys->ordered)
		return state->keys->count < state->keys->limit;
	return !element_store_is_past_limit(state->keys, key, length);
}

/*
 * Give the key with this index, which has a value, another one if that wins.
 */
static void
replace_value(BagState *state, int index, JsonbValue *value)
{
	JsonbValue *old = &state->values[index];

	if (!state->keys->ordered && compare_values(value, old) <= 0)
		return;
	if (overwrite_value(old, value))
		return;
	free_value(old);
	*old = copy_value(value, GetMemoryChunkContext(state));
}

/*
 * Give the key with this index, which is new, its first value.
 */
static BagState *
add_value(BagState *state, int index, JsonbValue *value)
{
	if (index >= state->allocated)
	{
		state = repalloc(state, BagStateSize(2 * state->allocated));
		state->allocated *= 2;
	}
	state->values[index] = copy_value(value, GetMemoryChunkContext(state));
	return state;
}

/*
 * Take in one key with its value.  Returns the index of the key, or -1 if it
 * has none, or not for long.
 *
 * Bags of a group tend to have the same keys, in the order that jsonb gives
 * them, so the caller says where it expects the key.
 */
static int
put(BagState **state_pointer, const char *key, int length, JsonbValue *value,
	int expected)
{
	BagState   *state = *state_pointer;
	bool		found;
	int			index;

	if (element_store_is_at(state->keys, expected, key, length))
	{
		replace_value(state, expected, value);
		return expected;
	}

	if (!state->keys->ordered && element_store_is_full(state->keys, length))
		prune_bag(state);

	if (!has_room_for(state, key, length))
	{
		index = element_store_find(state->keys, key, length);
		if (index >= 0)
			replace_value(state, index, value);
		return index;
	}

	index = element_store_add(&state->keys, key, length, &found);
	if (found)
		replace_value(state, index, value);
	else
		*state_pointer = state = add_value(state, index, value);

	if (state->keys->count < 2 * state->keys->limit)
		return index;
	prune_bag(state);
	return -1;
}

/*
 * Transition function: merge in the argument if it is an object.
 */
Datum
azhunt_make_bag_transition(PG_FUNCTION_ARGS)
{
	int			limit = aggregate_limit(fcinfo, 2);
	BagState   *state;
	Jsonb	   *bag;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;
	int			index = -1;

	if (PG_ARGISNULL(0))
		state = create_bag(fcinfo, limit, aggregate_is_ordered(fcinfo));
	else
		state = (BagState *) PG_GETARG_POINTER(0);

	aggregate_check_limit(state->keys->limit, limit);

	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);
	bag = PG_GETARG_JSONB_P(1);
	if (!JB_ROOT_IS_OBJECT(bag))
		PG_RETURN_POINTER(state);

	iterator = JsonbIteratorInit(&bag->root);
	while ((token = JsonbIteratorNext(&iterator, &key, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&iterator, &value, true);
		index = put(&state, key.val.string.val, key.val.string.len, &value,
					index + 1);
	}
	PG_RETURN_POINTER(state);
}

/*
 * Combine function: merge in the second state.
 */
Datum
azhunt_make_bag_combine(PG_FUNCTION_ARGS)
{
	BagState   *state;
	BagState   *other;

	if (PG_ARGISNULL(1))
		return aggregate_first_state(fcinfo);

	other = (BagState *) PG_GETARG_POINTER(1);
	if (PG_ARGISNULL(0))
		state = create_bag(fcinfo, other->keys->limit, other->keys->ordered);
	else
		state = (BagState *) PG_GETARG_POINTER(0);

	aggregate_check_limit(state->keys->limit, other->keys->limit);

	for (int i = 0; i < other->keys->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put(&state, element_data(other->keys, i),
			element_length(other->keys, i), &other->values[i], i);
	}
	PG_RETURN_POINTER(state);
}

/*
 * Serialization function.
 */
Datum
azhunt_make_bag_serialize(PG_FUNCTION_ARGS)
{
	BagState   *state = (BagState *) PG_GETARG_POINTER(0);
	StringInfoData message;

	(void) aggregate_context(fcinfo);
	pq_begintypsend(&message);
	element_store_send(state->keys, &message);
	for (int i = 0; i < state->keys->count; i++)
	{
		Jsonb	   *value = JsonbValueToJsonb(&state->values[i]);

		pq_sendint32(&message, VARSIZE(value));
		pq_sendbytes(&message, (char *) value, VARSIZE(value));
		pfree(value);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * Deserialization function.
 */
Datum
azhunt_make_bag_deserialize(PG_FUNCTION_ARGS)
{
	StringInfoData message;
	ElementStore *keys = aggregate_open_message(fcinfo, &message);
	BagState   *state;

	state = palloc(BagStateSize(keys->count));
	state->keys = keys;
	state->allocated = keys->count;
	for (int i = 0; i < state->keys->count; i++)
	{
		int			length = pq_getmsgint(&message, 4);
		char	   *value = memcpy(palloc(length),
								   pq_getmsgbytes(&message, length), length);

		dynamic_to_jsonb_value(DYNAMIC_JSONB, value, length,
							   &state->values[i]);
	}
	aggregate_close_message(&message);
	PG_RETURN_POINTER(state);
}

/*
 * Final function: a jsonb object, empty where there was nothing.
 *
 * Leaves the state as it is, so the aggregate works as a window function.
 */
Datum
azhunt_make_bag_final(PG_FUNCTION_ARGS)
{
	BagState   *state = PG_ARGISNULL(0) ? NULL :
	(BagState *) PG_GETARG_POINTER(0);
	JsonbInState object = {0};
	int		   *order = NULL;
	int			count = 0;

	(void) aggregate_context(fcinfo);
	if (state != NULL)
	{
		count = Min(state->keys->count, state->keys->limit);
		if (!state->keys->ordered && count < state->keys->count)
			order = element_store_order(state->keys);
	}

	pushJsonbValue(&object, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < count; i++)
	{
		int			index = order != NULL ? order[i] : i;
		JsonbValue	key;

		CHECK_FOR_INTERRUPTS();
		dynamic_to_jsonb_value(DYNAMIC_STRING,
							   element_data(state->keys, index),
							   element_length(state->keys, index), &key);
		pushJsonbValue(&object, WJB_KEY, &key);
		pushJsonbValue(&object, WJB_VALUE, &state->values[index]);
	}
	pushJsonbValue(&object, WJB_END_OBJECT, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(object.result));
}

/*
 * What bag_pack() knows of the types of its arguments.  A key must be a text.
 */
static PackArgument *
describe_arguments(const Oid *types, int count, MemoryContext context)
{
	PackArgument *arguments = MemoryContextAllocZero(context,
													 Max(count, 1) * sizeof(PackArgument));

	if (count % 2 != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bag_pack needs an even number of arguments, not %d",
						count),
				 errhint("Arguments are a key, its value, a key, its value, and so on.")));

	for (int i = 0; i < count; i++)
	{
		arguments[i].is_literal = types[i] == UNKNOWNOID;
		arguments[i].base_type = arguments[i].is_literal ? TEXTOID : getBaseType(types[i]);
		/* that of a value which is always null is not needed */
		if (i % 2 == 1 && OidIsValid(types[i]))
			dynamic_type_init(&arguments[i].type, arguments[i].base_type, context);
	}
	return arguments;
}

/*
 * The types of the arguments, looked up once a query.
 */
static PackArgument *
query_arguments(FunctionCallInfo fcinfo)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;
	Oid			types[FUNC_MAX_ARGS];

	if (flinfo->fn_extra == NULL)
	{
		for (int i = 0; i < PG_NARGS(); i++)
		{
			types[i] = get_fn_expr_argtype(flinfo, i);
			if (!OidIsValid(types[i]))
				elog(ERROR, "could not determine the type of argument %d", i + 1);
		}
		flinfo->fn_extra = describe_arguments(types, PG_NARGS(), flinfo->fn_mcxt);
	}
	return flinfo->fn_extra;
}

/*
 * Push a key of bag_pack(), which must be a text and not null.
 */
static void
push_key(JsonbInState *object, int argument, Oid type, Datum key,
		 bool isnull)
{
	JsonbValue	string;
	text	   *t;

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument %d of bag_pack is a key and must not be null",
						argument + 1),
				 errhint("Arguments are a key, its value, a key, its value, and so on.")));
	if (type != TEXTOID && type != VARCHAROID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("argument %d of bag_pack is a key and must be text",
						argument + 1),
				 errhint("Arguments are a key, its value, a key, its value, and so on.")));

	t = DatumGetTextPP(key);
	dynamic_to_jsonb_value(DYNAMIC_STRING, VARDATA_ANY(t),
						   VARSIZE_ANY_EXHDR(t), &string);
	pushJsonbValue(object, WJB_KEY, &string);
}

/*
 * bag_pack(VARIADIC "any"): KQL's bag_pack(), which pack() is an alias of.
 */
Datum
azhunt_bag_pack(PG_FUNCTION_ARGS)
{
	PackArgument *arguments;
	Datum	   *values = NULL;
	bool	   *nulls;
	Oid		   *types;
	int			count = PG_NARGS();
	JsonbInState object = {0};

	if (get_fn_expr_variadic(fcinfo->flinfo))
	{
		count = extract_variadic_args(fcinfo, 0, true, &values, &types, &nulls);
		if (count < 0)
			PG_RETURN_NULL();
		arguments = describe_arguments(types, count, CurrentMemoryContext);
	}
	else
		arguments = query_arguments(fcinfo);

	pushJsonbValue(&object, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < count; i++)
	{
		bool		isnull = values != NULL ? nulls[i] : PG_ARGISNULL(i);
		Datum		value = values != NULL ? values[i] : PG_GETARG_DATUM(i);

		if (arguments[i].is_literal && !isnull)
			value = CStringGetTextDatum(DatumGetCString(value));
		if (i % 2 == 0)
			push_key(&object, i, arguments[i].base_type, value, isnull);
		else
			dynamic_push(&object, WJB_VALUE,
						 isnull ? NULL : &arguments[i].type, value);
	}
	pushJsonbValue(&object, WJB_END_OBJECT, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(object.result));
}
