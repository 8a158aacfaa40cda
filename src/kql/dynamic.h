/*-------------------------------------------------------------------------
 *
 * dynamic.h
 *	  SQL values as elements of KQL's dynamic type, which is jsonb here.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef DYNAMIC_H
#define DYNAMIC_H

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/datetime.h"
#include "utils/jsonb.h"

#include "compat.h"

/* How a value is kept until it is put into a jsonb */
typedef enum DynamicKind
{
	DYNAMIC_STRING,				/* the bytes of a JSON string */
	DYNAMIC_INTEGER,			/* an int64 */
	DYNAMIC_NUMERIC,			/* a Numeric */
	DYNAMIC_BOOL,				/* one byte */
	DYNAMIC_JSONB				/* a Jsonb, of any kind */
} DynamicKind;

/* What is known of the SQL type of the values */
typedef struct DynamicType
{
	Oid			type;			/* the base type, for a domain */
	int16		typlen;
	DynamicKind kind;
	FmgrInfo	to_jsonb;		/* for DYNAMIC_JSONB of other types than jsonb */
	bool		is_pinned;		/* to_jsonb needs settings of its own */
	bool		is_array;		/* converted element by element */
	bool		is_row;
} DynamicType;

/* A value, encoded as its kind says; numeric and jsonb are int-aligned */
typedef struct DynamicValue
{
	const char *data;
	int			length;
	int64		integer;		/* what data points to for DYNAMIC_INTEGER */
	char		boolean;		/* what data points to for DYNAMIC_BOOL */
	char		buffer[MAXDATELEN + 8]; /* and for times */
} DynamicValue;

extern void dynamic_type_init(DynamicType *dynamic, Oid type,
							  MemoryContext context);
extern bool dynamic_encode(DynamicType *dynamic, Datum value,
						   DynamicValue *encoded);
extern void dynamic_canonicalize(DynamicKind kind, DynamicValue *encoded);
extern void dynamic_push(JsonbInState *state, JsonbIteratorToken token,
						 DynamicType *dynamic, Datum value);
extern void dynamic_to_jsonb_value(DynamicKind kind, const char *data,
								   int length, JsonbValue *result);
extern uint32 dynamic_hash(DynamicKind kind, const char *data, int length);
extern int	dynamic_compare(DynamicKind kind, const char *a, int a_length,
							const char *b, int b_length);

#endif							/* DYNAMIC_H */
