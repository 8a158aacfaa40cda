/*-------------------------------------------------------------------------
 *
 * date_order.c
 *	  Whether 10/03/2026 is of October or of March, for each field of a file.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * The portal writes dates as the browser does.  A day above 12 tells for all
 * dates of its field; where there is none, AM and PM are those of the United
 * States.  Else nobody can tell but the user.
 */
#include "map/date_order.h"

#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"

/*
 * What is known of a field, or NULL if there are too many.
 */
static DatedField *
find_field(DateOrders *orders, const char *name)
{
	for (int i = 0; i < orders->nfields; i++)
	{
		if (ascii_strcasecmp(orders->fields[i].name, name) == 0)
			return &orders->fields[i];
	}
	if (orders->nfields == MAX_DATED_FIELDS)
		return NULL;
	orders->fields[orders->nfields].name = load_strdup(name);
	return &orders->fields[orders->nfields++];
}

/*
 * The order that a date itself shows.
 */
static DateOrder
shown_order(const TimeReadings *readings)
{
	if (readings->has_month_first == readings->has_day_first)
		return DATES_UNKNOWN;
	return readings->has_month_first ? MONTH_FIRST : DAY_FIRST;
}

/*
 * Remember the order that a date of a field shows.
 */
static void
note_order(DatedField *field, DateOrder order)
{
	if (field->order != DATES_UNKNOWN && field->order != order)
		field->mixed = true;
	field->order = order;
}

/*
 * The order of a date with slashes, as far as is known; *mixed if the field's dates
 * are not all in one order.
 */
DateOrder
order_of_date(DateOrders *orders, const char *name, const TimeReadings *readings, bool *mixed)
{
	DateOrder	shown = shown_order(readings);
	DatedField *field;

	*mixed = false;
	if (orders->option != DATES_UNKNOWN)
		return orders->option;
	field = find_field(orders, name);
	if (field == NULL)
		return shown;
	if (shown != DATES_UNKNOWN)
		note_order(field, shown);
	else if (field->order == DATES_UNKNOWN && readings->by_half_days)
		field->order = MONTH_FIRST;
	*mixed = field->mixed;
	if (field->order == DATES_UNKNOWN && readings->month_first == readings->day_first)
		return MONTH_FIRST;
	return field->order;
}

/*
 * Note the order that a value shows.
 */
static void
note_value(DateOrders *orders, const char *name, const Value *value)
{
	TimeReadings readings;
	DatedField *field;

	if (value->kind != VALUE_STRING || value->length < strlen("1/1/2026") ||
		(value->text[1] != '/' && value->text[2] != '/') ||
		!parse_time(value->text, value->length, &readings) || shown_order(&readings) == DATES_UNKNOWN)
		return;
	field = find_field(orders, name);
	if (field != NULL)
		note_order(field, shown_order(&readings));
}

/*
 * Note the orders that the members of an object show.
 */
static void
note_members(DateOrders *orders, const JsonText *json, json_t *object, int levels)
{
	for (void *member = json_object_iter(object); member != NULL;
		 member = json_object_iter_next(object, member))
	{
		json_t	   *node = json_object_iter_value(member);
		Value		value = json_value(json, node);

		note_value(orders, json_object_iter_key(member), &value);
		if (levels > 1)
			note_members(orders, json, node, levels - 1);
	}
}

/*
 * Note the orders that the dates of a record show.
 */
void
note_dates(DateOrders *orders, const Record *record)
{
	if (record_is_object(record))
		note_members(orders, record->json, record->json->root, 3);
	else
	{
		for (size_t i = 0; i < record->header->nnames; i++)
			note_value(orders, record->header->names[i], &record->values[i]);
	}
}

/*
 * Forget what is known of a file; the option stays.
 */
void
date_orders_reset(DateOrders *orders)
{
	DateOrder	option = orders->option;

	for (int i = 0; i < orders->nfields; i++)
		free(orders->fields[i].name);
	memset(orders, 0, sizeof(*orders));
	orders->option = option;
}
