/*-------------------------------------------------------------------------
 *
 * date_order.h
 *	  Whether 10/03/2026 is of October or of March, for each field of a file.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_DATE_ORDER_H
#define LOAD_DATE_ORDER_H

#include "map/times.h"
#include "read/record.h"

typedef enum DateOrder
{
	DATES_UNKNOWN,
	MONTH_FIRST,
	DAY_FIRST
} DateOrder;

/* so many fields of a file may have such dates */
#define MAX_DATED_FIELDS	64

typedef struct DatedField
{
	char	   *name;
	DateOrder	order;
	bool		mixed;			/* both orders occur */
} DatedField;

/* What is known of the dates of a file. */
typedef struct DateOrders
{
	DateOrder	option;			/* --dates */
	DatedField	fields[MAX_DATED_FIELDS];
	int			nfields;
	bool		searched;		/* all of the file has been looked at */
} DateOrders;

extern DateOrder order_of_date(DateOrders *orders, const char *field, const TimeReadings *readings, bool *mixed);
extern void note_dates(DateOrders *orders, const Record *record);
extern void date_orders_reset(DateOrders *orders);

#endif							/* LOAD_DATE_ORDER_H */
