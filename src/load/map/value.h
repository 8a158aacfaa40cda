/*-------------------------------------------------------------------------
 *
 * value.h
 *	  Values of fields as values of columns.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_VALUE_H
#define LOAD_VALUE_H

#include "common/buffer.h"
#include "map/column_map.h"
#include "map/date_order.h"
#include "read/record.h"

typedef struct Cell
{
	const char *text;			/* NULL for null */
	size_t		length;
} Cell;


/* Work space for the values of one record after the other. */
typedef struct ValueConverter
{
	Arena		arena;			/* lives for one record */
	Buffer		scratch;
	JsonText	nested;			/* JSON within a string */
	int64_t		time;			/* that was converted last */
	DateOrders	dates;			/* of this file */
	const char *field;			/* that is converted */
	bool		order_missing;	/* of a date: the error is about the file */
	char	   *error;			/* why the record is no row */
} ValueConverter;

extern bool convert_value(ValueConverter *converter, const Column *column, const Value *value, Cell *cell);
extern void value_converter_reset(ValueConverter *converter);
extern void value_converter_free(ValueConverter *converter);
extern char *quote_for_message(const char *text, size_t length);

#endif							/* LOAD_VALUE_H */
