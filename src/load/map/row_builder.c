/*-------------------------------------------------------------------------
 *
 * row_builder.c
 *	  Records as rows of a table.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "map/row_builder.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../kql/kql.h"
#include "common/ascii.h"
#include "common/bytes.h"
#include "map/times.h"

/*
 * Remember a field that no column took, or that one takes only if no other
 * field does.
 */
static void
add_leftover(Row *row, const Leftover *leftover)
{
	if (row->nleftovers == row->leftovers_size)
	{
		row->leftovers_size = row->leftovers_size > 0 ? row->leftovers_size * 2 : 64;
		row->leftovers = load_realloc(row->leftovers,
									  (size_t) row->leftovers_size * sizeof(Leftover));
	}
	row->leftovers[row->nleftovers++] = *leftover;
}

/*
 * A copy of a cell in lower case, whatever the alphabet, so that =~ and =
 * agree.
 */
static void
fold_cell(Row *row, Cell *cell)
{
	char	   *folded = arena_alloc(&row->arena, 2 * cell->length + 1);

	cell->length = kql_fold_utf8(kql_string(cell->text, cell->length), folded);
	folded[cell->length] = '\0';
	cell->text = folded;
}

/*
 * Let a column take a value; *taken says whether it did, or has the same.
 */
static bool
fill_column(Row *row, int column, FieldRule rule, const Value *value, bool *taken)
{
	Cell	   *cell = &row->cells[column];
	Cell		other;
	Cell	   *converted = cell->text == NULL ? cell : &other;

	if (!convert_value(row, &row->layout->columns[column], value, converted))
		return false;
	if (rule == FOLD && converted->text != NULL)
		fold_cell(row, converted);
	if (converted == cell && column == row->layout->time_column)
		row->day = day_of_time(row->time);
	*taken = converted == cell || converted->text == NULL ||
		(cell->length == converted->length && memcmp(cell->text, converted->text, cell->length) == 0);
	return true;
}

/*
 * Remember which field is wrong.
 */
static bool
fail_at_field(Row *row, const Leftover *field)
{
	row->error_path = field->path;
	return false;
}

/*
 * A member of an object, with what is around it.
 */
static Leftover
field_within(const Leftover *around, const char *name, const Value *value, size_t before)
{
	Leftover	field = *around;

	field.name = name;
	field.value = *value;
	field.path.before[field.path.levels++] = before;
	return field;
}

/*
 * Let the columns of a field take its value, or leave it over.
 */
static bool
fill_field(Row *row, const FieldEntry *entry, const Leftover *around, const char *name,
		   const Value *value, size_t before)
{
	int			ncolumns = entry != NULL ? field_entry_columns(entry) : 0;
	int			second = -1;
	bool		any_taken = false;
	Leftover	field;

	for (int i = 0; i < ncolumns; i++)
	{
		FieldRule	rule;
		int			column = field_entry_column(entry, i, &rule);
		bool		taken = false;

		if (rule == SECOND)
			second = column;
		else if (!fill_column(row, column, rule, value, &taken))
		{
			field = field_within(around, name, value, before);
			return fail_at_field(row, &field);
		}
		any_taken = any_taken || taken;
	}
	if (!any_taken)
	{
		field = field_within(around, name, value, before);
		field.second = second;
		add_leftover(row, &field);
	}
	return true;
}

/*
 * Fill the columns from the members of an object of a raw record.
 */
static bool
fill_from_object(Row *row, const Element *element, json_t *object, const FieldMap *fields,
				 const Leftover *around)
{
	size_t		before = 0;

	for (void *member = json_object_iter(object); member != NULL;
		 member = json_object_iter_next(object, member))
	{
		const char *name = json_object_iter_key(member);
		json_t	   *node = json_object_iter_value(member);
		const FieldEntry *entry = field_map_find(fields, name, json_object_iter_key_len(member));
		const FieldMap *inner = NULL;
		Value		value = json_value(element, node);

		if (entry != NULL && field_entry_columns(entry) == 0 && json_is_object(node))
			inner = field_entry_members(entry);
		if (inner != NULL)
		{
			Leftover	field = field_within(around, name, &value, before);

			field.parents[field.nparents++] = name;
			if (!fill_from_object(row, element, node, inner, &field))
				return false;
		}
		else if (!fill_field(row, entry, around, name, &value, before))
			return false;
		before++;
	}
	return true;
}

/*
 * The entry of a column's name, also of one like Status_string: the portal and
 * the query API add the type where two tables have one name with two types.
 */
static const FieldEntry *
find_named(const Layout *layout, const char *name, size_t length, bool *typed)
{
	static const char *const types[] = {
		"_string", "_dynamic", "_datetime", "_long", "_int", "_real", "_bool", "_guid"
	};
	const FieldEntry *entry = field_map_find(&layout->named, name, length);

	*typed = false;
	for (size_t i = 0; entry == NULL && i < sizeof(types) / sizeof(types[0]); i++)
	{
		size_t		type_length = strlen(types[i]);

		if (length > type_length && ascii_strncasecmp(name + length - type_length, types[i], type_length) == 0)
		{
			*typed = true;
			return field_map_find(&layout->named, name, length - type_length);
		}
	}
	return entry;
}

/*
 * Fill the columns from one field that has the name of a column.
 */
static bool
fill_named(Row *row, const char *name, size_t length, Value value, size_t before)
{
	Leftover	top = {0};
	bool		typed;
	const FieldEntry *entry = find_named(row->layout, name, length, &typed);

	if (typed && value.kind == VALUE_STRING && value.length == 0)
		return true;
	return fill_field(row, entry, &top, name, &value, before);
}

/*
 * Fill the columns from a record whose fields have the names of columns.
 */
static bool
fill_from_named(Row *row, const Record *record)
{
	json_t	   *root;
	size_t		before = 0;

	if (record->element == NULL)
	{
		for (size_t i = 0; i < record->header->nnames; i++)
		{
			const char *name = record->header->names[i];

			if (!fill_named(row, name, strlen(name), record->values[i], i))
				return false;
		}
		return true;
	}
	root = record->element->root;
	for (void *member = json_object_iter(root); member != NULL;
		 member = json_object_iter_next(root, member))
	{
		if (!fill_named(row, json_object_iter_key(member), json_object_iter_key_len(member),
						json_value(record->element, json_object_iter_value(member)), before++))
			return false;
	}
	return true;
}

/*
 * Names that say where a record comes from, and that are no fields of it.
 */
static bool
is_about_table(const Leftover *leftover)
{
	const Value *value = &leftover->value;

	if (leftover->nparents > 0 || value->kind != VALUE_STRING)
		return false;
	if (strcmp(leftover->name, "$table") == 0)
		return log_table_by_name(value->text, value->length) != NULL;
	return ascii_strcasecmp(leftover->name, "TableName") == 0 &&
		value->length == strlen("PrimaryResult") &&
		ascii_strncasecmp(value->text, "PrimaryResult", value->length) == 0;
}

/*
 * Write a leftover's value.
 */
static bool
dump_leftover(Row *row, const Leftover *leftover)
{
	const Value *value = &leftover->value;

	if (value->node == NULL)
	{
		dump_json_string(&row->scratch, value->text, value->length);
		return true;
	}
	if (element_dump(value->element, value->node, &row->scratch))
		return true;
	row->error = load_printf("field %s: PostgreSQL's jsonb cannot store a number this large",
							 leftover->name);
	return fail_at_field(row, leftover);
}

/*
 * Close and open objects, so that those around the next member are open.
 */
static void
change_parents(Buffer *out, const Leftover *from, const Leftover *to, bool *first)
{
	int			common = 0;

	while (common < from->nparents && common < to->nparents &&
		   from->parents[common] == to->parents[common])
		common++;
	for (int i = from->nparents; i > common; i--)
	{
		buffer_append_byte(out, '}');
		*first = false;
	}
	for (int i = common; i < to->nparents; i++)
	{
		if (!*first)
			buffer_append_byte(out, ',');
		dump_json_string(out, to->parents[i], strlen(to->parents[i]));
		buffer_append_string(out, ":{");
		*first = true;
	}
}

/*
 * Put what no column took into additionalfields, in the objects in which it
 * stands in the record.
 */
static bool
fill_extra(Row *row)
{
	Buffer	   *out = &row->scratch;
	Leftover	top = {0};
	const Leftover *previous = &top;
	bool		first = true;

	if (row->layout->extra_column < 0)
		return true;
	out->length = 0;
	buffer_append_byte(out, '{');
	for (int i = 0; i < row->nleftovers; i++)
	{
		const Leftover *leftover = &row->leftovers[i];

		if (leftover->value.kind == VALUE_NULL)
			continue;
		change_parents(out, previous, leftover, &first);
		if (!first)
			buffer_append_byte(out, ',');
		dump_json_string(out, leftover->name, strlen(leftover->name));
		buffer_append_byte(out, ':');
		if (!dump_leftover(row, leftover))
			return false;
		first = false;
		previous = leftover;
	}
	change_parents(out, previous, &top, &first);
	buffer_append_byte(out, '}');
	if (out->length > 2)
	{
		Cell	   *cell = &row->cells[row->layout->extra_column];

		cell->length = out->length;
		cell->text = arena_copy(&row->arena, out->data, out->length);
	}
	return true;
}

/*
 * Give columns that are still without a value their second choice.
 */
static bool
fill_second(Row *row)
{
	for (int i = 0; i < row->nleftovers; i++)
	{
		Leftover   *leftover = &row->leftovers[i];
		bool		taken = is_about_table(leftover);

		if (leftover->second >= 0 && !taken &&
			!fill_column(row, leftover->second, TAKE, &leftover->value, &taken))
			return fail_at_field(row, leftover);
		if (taken)
			leftover->value.kind = VALUE_NULL;
	}
	return true;
}

/*
 * Make ready for the next record.
 */
static void
start_row(Row *row, const Layout *layout)
{
	if (row->size < layout->ncolumns)
	{
		row->size = layout->ncolumns;
		row->cells = load_realloc(row->cells, (size_t) row->size * sizeof(Cell));
	}
	memset(row->cells, 0, (size_t) layout->ncolumns * sizeof(Cell));
	row->layout = layout;
	row->nleftovers = 0;
	arena_reset(&row->arena);
	free(row->error);
	row->error = NULL;
	row->error_path.levels = 0;
}

/*
 * Turn a record into a row, or say in row->error why that is impossible.
 */
bool
row_fill(Row *row, const Layout *layout, const Record *record)
{
	Leftover	top = {0};
	bool		filled;

	start_row(row, layout);
	if (record_is_raw(record))
		filled = fill_from_object(row, record->element, record->element->root, &layout->raw, &top);
	else
		filled = fill_from_named(row, record);
	if (!filled || !fill_second(row) || !derive_columns(row, record) || !fill_extra(row))
		return false;
	if (layout->time_column >= 0 && row->cells[layout->time_column].text == NULL)
	{
		row->error = load_strdup("record has neither time nor TimeGenerated; " EXPECTED_SHAPES);
		return false;
	}
	return true;
}

/*
 * The letter that stands for a byte after a backslash in the text format of
 * COPY, or zero for a byte that stands for itself.
 */
static inline char
copy_escape(char c)
{
	switch (c)
	{
		case '\\':
			return '\\';
		case '\n':
			return 'n';
		case '\r':
			return 'r';
		case '\t':
			return 't';
		default:
			return '\0';
	}
}

/*
 * Append a value in the text format of COPY.
 */
static void
append_escaped(Buffer *out, const char *text, size_t length)
{
	const char *end = &text[length];
	const char *copied = text;

	for (const char *p = skip_unescaped(text, end); p < end; p = skip_unescaped(p + 1, end))
	{
		char		escape = copy_escape(*p);

		if (escape == '\0')
			continue;
		buffer_append(out, copied, (size_t) (p - copied));
		buffer_append_byte(out, '\\');
		buffer_append_byte(out, escape);
		copied = p + 1;
	}
	buffer_append(out, copied, (size_t) (end - copied));
}

/*
 * Append the row as a line in the text format of COPY.
 */
void
row_append_copy(const Row *row, Buffer *out)
{
	bool		first = true;

	for (int i = 0; i < row->layout->ncolumns; i++)
	{
		if (!first)
			buffer_append_byte(out, '\t');
		first = false;
		if (row->cells[i].text == NULL)
			buffer_append(out, "\\N", 2);
		else
			append_escaped(out, row->cells[i].text, row->cells[i].length);
	}
	buffer_append_byte(out, '\n');
}

/*
 * Give all memory back.
 */
void
row_free(Row *row)
{
	free(row->cells);
	free(row->leftovers);
	free(row->error);
	arena_free(&row->arena);
	buffer_free(&row->scratch);
	element_free(&row->nested);
	memset(row, 0, sizeof(*row));
}
