/*-------------------------------------------------------------------------
 *
 * value.c
 *	  Values of fields as values of columns.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "map/value.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "map/times.h"

/* as much of a bad value is shown in a message */
#define SHOWN_LENGTH	60

/*
 * A text for a message: printable, in quotes, and not too long.
 */
char *
quote_for_message(const char *text, size_t length)
{
	Buffer		quoted = {0};
	size_t		shown = length;

	if (shown > SHOWN_LENGTH)
	{
		shown = SHOWN_LENGTH;
		while (shown > 0 && ((unsigned char) text[shown] & 0xC0) == 0x80)
			shown--;
	}
	dump_json_string(&quoted, text, shown);
	if (shown < length)
		buffer_append_string(&quoted, "...");
	buffer_append_byte(&quoted, '\0');
	return quoted.data;
}

/*
 * Say that a column cannot take a value.
 */
static bool
refuse_value(ValueConverter *converter, const Column *column, const char *text, size_t length)
{
	char	   *quoted = quote_for_message(text, length);

	converter->error = load_printf("column %s: not a %s: %s", column->name, column_type_name(column->type), quoted);
	free(quoted);
	return false;
}

/*
 * Is this one of the blanks of JSON?
 */
static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * A value as text, numbers with their own digits.
 */
static bool
value_text(ValueConverter *converter, const Column *column, const Value *value, Cell *cell)
{
	if (value->kind != VALUE_DYNAMIC)
	{
		cell->text = value->text;
		cell->length = value->length;
		return true;
	}
	converter->scratch.length = 0;
	if (!json_text_dump(value->json, value->node, &converter->scratch) && column->type == TYPE_DYNAMIC)
	{
		converter->error = load_printf("column %s: PostgreSQL's jsonb cannot store a number this large", column->name);
		return false;
	}
	cell->length = converter->scratch.length;
	cell->text = arena_copy(&converter->arena, converter->scratch.data, converter->scratch.length);
	return true;
}

/*
 * Does a string hold a JSON object or array?  Then that is the value.
 */
static bool
parse_nested(ValueConverter *converter, const char *text, size_t length, Value *value)
{
	char	   *error = NULL;
	size_t		error_at;

	while (length > 0 && is_blank(*text))
	{
		text++;
		length--;
	}
	if (length == 0 || (*text != '{' && *text != '['))
		return false;
	if (!json_text_parse(&converter->nested, text, length, &error, &error_at))
	{
		free(error);
		return false;
	}
	*value = json_value(&converter->nested, converter->nested.root);
	return true;
}

/*
 * A value for jsonb.  Many exports write objects as strings that hold JSON.
 */
static bool
convert_dynamic(ValueConverter *converter, const Column *column, const Value *value, Cell *cell)
{
	Value		nested;

	if (value->kind == VALUE_DYNAMIC || value->kind == VALUE_BOOLEAN)
		return value_text(converter, column, value, cell);
	if (value->kind == VALUE_NUMBER)
	{
		converter->scratch.length = 0;
		if (!json_text_dump(value->json, value->node, &converter->scratch))
			return refuse_value(converter, column, value->text, value->length);
		return value_text(converter, column, value, cell);
	}
	if (value->length == 0 || (value->length == 4 && memcmp(value->text, "null", 4) == 0))
		return true;
	if (parse_nested(converter, value->text, value->length, &nested))
		return value_text(converter, column, &nested, cell);
	converter->scratch.length = 0;
	dump_json_string(&converter->scratch, value->text, value->length);
	cell->length = converter->scratch.length;
	cell->text = arena_copy(&converter->arena, converter->scratch.data, converter->scratch.length);
	return true;
}

/*
 * Say that nobody can tell what a date means.
 */
static bool
refuse_date(ValueConverter *converter, const Column *column, const Cell *in, const TimeReadings *readings, bool mixed)
{
	char	   *quoted = quote_for_message(in->text, in->length);
	char		month_first[TIME_TEXT_LENGTH];
	char		day_first[TIME_TEXT_LENGTH];

	format_day(day_of_time(readings->month_first), month_first);
	format_day(day_of_time(readings->day_first), day_first);
	if (mixed)
		converter->error = load_printf("column %s: at %s the file has dates both with the month and with the day first;"
									   " --dates month-first or --dates day-first refuses those of the other kind",
									   column->name, quoted);
	else
		converter->error = load_printf("column %s: %s may be %s or %s, and no date of the file tells;"
									   " say it with --dates month-first or --dates day-first",
									   column->name, quoted, month_first, day_first);
	converter->order_missing = true;
	free(quoted);
	return false;
}

/*
 * Of the readings of a time, the one that is meant.
 */
static bool
choose_reading(ValueConverter *converter, const Column *column, const Cell *in, const TimeReadings *readings)
{
	DateOrder	order = MONTH_FIRST;
	bool		mixed = false;

	if (readings->by_slashes)
		order = order_of_date(&converter->dates, converter->field, readings, &mixed);
	if (order == DATES_UNKNOWN || mixed)
		return refuse_date(converter, column, in, readings, mixed);
	if (order == MONTH_FIRST ? !readings->has_month_first : !readings->has_day_first)
		return refuse_value(converter, column, in->text, in->length);
	converter->time = order == MONTH_FIRST ? readings->month_first : readings->day_first;
	return true;
}

/*
 * A value for timestamp with time zone.
 */
static bool
convert_time(ValueConverter *converter, const Column *column, const Cell *in, Cell *cell)
{
	TimeReadings readings;
	char	   *text;

	if (!parse_time(in->text, in->length, &readings))
		return refuse_value(converter, column, in->text, in->length);
	if (!choose_reading(converter, column, in, &readings))
		return false;
	text = arena_alloc(&converter->arena, TIME_TEXT_LENGTH);
	format_time(converter->time, text);
	cell->text = text;
	cell->length = strlen(text);
	return true;
}

/*
 * A value for boolean.
 */
static bool
convert_boolean(ValueConverter *converter, const Column *column, const Cell *in, Cell *cell)
{
	bool		is_true = (in->length == 4 && ascii_strncasecmp(in->text, "true", 4) == 0) ||
	(in->length == 1 && *in->text == '1');
	bool		is_false = (in->length == 5 && ascii_strncasecmp(in->text, "false", 5) == 0) ||
	(in->length == 1 && *in->text == '0');

	if (!is_true && !is_false)
		return refuse_value(converter, column, in->text, in->length);
	cell->text = is_true ? "t" : "f";
	cell->length = 1;
	return true;
}

/*
 * The digits of a number that has a fraction or an exponent, rounded; false if it
 * is none, or if that column may not be rounded.
 */
static bool
round_number(const Column *column, const char *text, long long *number)
{
	char	   *end;
	double		real;

	if ((column->flags & COLUMN_HUNTED) != 0 || strspn(text, "+-.0123456789eE") != strlen(text))
		return false;
	real = strtod(text, &end);
	/* beyond this, neighbours are more than one apart */
	if (*end != '\0' || end == text || fabs(real) >= 9007199254740992.0)
		return false;
	*number = llround(real);
	return true;
}

/*
 * The integer that a text is; 5.0 is five, and where no hunt reads the column 5.4
 * is, too.
 */
static bool
parse_integer(const Column *column, const char *text, long long *number)
{
	size_t		length = strspn(text, "+-0123456789");
	size_t		rest = length;
	char	   *end;

	if (text[rest] == '.')
		rest += 1 + strspn(&text[rest + 1], "0");
	if (length == 0 || text[rest] != '\0')
		return round_number(column, text, number);
	errno = 0;
	*number = strtoll(text, &end, 10);
	return end == &text[length] && errno == 0;
}

/*
 * Is a text the digits of a number, and of none that is too large?
 */
static bool
is_small_integer(const Column *column, const char *text, size_t length)
{
	if (length == 0 || length > (column->type == TYPE_BIGINT ? 18 : column->type == TYPE_INTEGER ? 9 : 4))
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
	}
	return true;
}

/*
 * A value for one of the integer types.
 */
static bool
convert_integer(ValueConverter *converter, const Column *column, const Cell *in, Cell *cell)
{
	int64_t		limit = column->type == TYPE_BIGINT ? INT64_MAX :
	column->type == TYPE_INTEGER ? INT32_MAX : INT16_MAX;
	char		text[64];
	long long	number;

	if (is_small_integer(column, in->text, in->length))
	{
		*cell = *in;
		return true;
	}
	if (in->length >= sizeof(text))
		return refuse_value(converter, column, in->text, in->length);
	memcpy(text, in->text, in->length);
	text[in->length] = '\0';
	if (strlen(text) != in->length || !parse_integer(column, text, &number) || number > limit || number < -limit - 1)
		return refuse_value(converter, column, in->text, in->length);
	cell->length = (size_t) snprintf(text, sizeof(text), "%lld", number);
	cell->text = arena_copy(&converter->arena, text, cell->length);
	return true;
}

/*
 * A value for double precision, checked as PostgreSQL does but handed on with
 * its own digits.
 */
static bool
convert_real(ValueConverter *converter, const Column *column, const Cell *in, Cell *cell)
{
	char	   *text = arena_alloc(&converter->arena, in->length + 1);
	char	   *end;
	double		number;

	memcpy(text, in->text, in->length);
	text[in->length] = '\0';
	if (strspn(text, "+-.0123456789eE") == in->length)
	{
		errno = 0;
		number = strtod(text, &end);
		if (*end != '\0' || end == text ||
			(errno == ERANGE && (number == 0 || isinf(number))))
			return refuse_value(converter, column, in->text, in->length);
	}
	else if (ascii_strcasecmp(text, "NaN") != 0 && ascii_strcasecmp(text, "Infinity") != 0 &&
			 ascii_strcasecmp(text, "-Infinity") != 0)
		return refuse_value(converter, column, in->text, in->length);
	cell->text = text;
	cell->length = in->length;
	return true;
}

/*
 * A value for text.  An object or array is no text, nor is a boolean, but for
 * columns whose text is JSON.
 */
static bool
convert_text(ValueConverter *converter, const Column *column, const Value *value, Cell *cell)
{
	Cell		text = {0};

	if (!value_text(converter, column, value, &text))
		return false;
	if ((value->kind == VALUE_DYNAMIC || value->kind == VALUE_BOOLEAN) && (column->flags & COLUMN_JSON) == 0)
		return refuse_value(converter, column, text.text, text.length);
	*cell = text;
	return true;
}

/*
 * What a field brings, as its column takes it; a null cell where it brings
 * nothing.
 */
bool
convert_value(ValueConverter *converter, const Column *column, const Value *value, Cell *cell)
{
	Cell		in = {0};

	cell->text = NULL;
	cell->length = 0;
	if (value->kind == VALUE_NULL)
		return true;
	if (column->type == TYPE_DYNAMIC)
		return convert_dynamic(converter, column, value, cell);
	if (column->type == TYPE_TEXT)
		return convert_text(converter, column, value, cell);
	if (!value_text(converter, column, value, &in))
		return false;
	/* answers of queries write everything as strings, also what is missing */
	while (in.length > 0 && is_blank(*in.text))
	{
		in.text++;
		in.length--;
	}
	while (in.length > 0 && is_blank(in.text[in.length - 1]))
		in.length--;
	if (in.length == 0 || (in.length == 4 && (memcmp(in.text, "null", 4) == 0 || memcmp(in.text, "None", 4) == 0)))
		return true;
	switch (column->type)
	{
		case TYPE_TIME:
			return convert_time(converter, column, &in, cell);
		case TYPE_BOOLEAN:
			return convert_boolean(converter, column, &in, cell);
		case TYPE_REAL:
			return convert_real(converter, column, &in, cell);
		case TYPE_BIGINT:
		case TYPE_INTEGER:
		case TYPE_SMALLINT:
			return convert_integer(converter, column, &in, cell);
		default:
			*cell = in;
			return true;
	}
}

/*
 * Make ready for the next record.
 */
void
value_converter_reset(ValueConverter *converter)
{
	arena_reset(&converter->arena);
	free(converter->error);
	converter->error = NULL;
	converter->order_missing = false;
}

/*
 * Give all memory back.
 */
void
value_converter_free(ValueConverter *converter)
{
	arena_free(&converter->arena);
	buffer_free(&converter->scratch);
	json_text_free(&converter->nested);
	date_orders_reset(&converter->dates);
	free(converter->error);
}
