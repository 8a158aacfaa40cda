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

#include <stdlib.h>
#include <string.h>

#include "../kql/kql.h"
#include "common/ascii.h"
#include "common/bytes.h"
#include "map/derive.h"
#include "map/localized.h"
#include "map/times.h"

/*
 * Remember a field that no column took, or that one takes only if no other
 * field does.
 */
static void
add_leftover(RowBuilder *builder, const Leftover *leftover)
{
	if (builder->nleftovers == builder->leftovers_size)
	{
		builder->leftovers_size = builder->leftovers_size > 0 ? builder->leftovers_size * 2 : 64;
		builder->leftovers = load_realloc(builder->leftovers,
										  (size_t) builder->leftovers_size * sizeof(Leftover));
	}
	builder->leftovers[builder->nleftovers++] = *leftover;
}

/*
 * A copy of a cell in lower case, whatever the alphabet, so that =~ and =
 * agree.
 */
static void
fold_cell(RowBuilder *builder, Cell *cell)
{
	char	   *folded = arena_alloc(&builder->converter.arena, 2 * cell->length + 1);

	cell->length = kql_fold_utf8(kql_string(cell->text, cell->length), folded);
	folded[cell->length] = '\0';
	cell->text = folded;
}

/*
 * Let a column take a value; *taken says whether it did, or has the same.
 */
static bool
fill_column(RowBuilder *builder, int column, FieldRule rule, const Value *value, bool *taken)
{
	Cell	   *cell = &builder->cells[column];
	Cell		other;
	Cell	   *converted = cell->text == NULL ? cell : &other;

	if (!convert_value(&builder->converter, &builder->map->columns[column], value, converted))
		return false;
	if (rule == FOLD && converted->text != NULL)
		fold_cell(builder, converted);
	if (converted == cell && column == builder->map->time_column)
		builder->day = day_of_time(builder->converter.time);
	*taken = converted == cell || converted->text == NULL ||
		(cell->length == converted->length && memcmp(cell->text, converted->text, cell->length) == 0);
	return true;
}

/*
 * As fill_column(); but a value that the column cannot take is no error if the
 * record may do without: then *misfit.
 */
static bool
try_column(RowBuilder *builder, int column, FieldRule rule, const Value *value, bool *taken, bool *misfit)
{
	if (fill_column(builder, column, rule, value, taken))
		return true;
	if (builder->converter.order_missing || column_is_strict(builder->map, column))
		return false;
	free(builder->converter.error);
	builder->converter.error = NULL;
	*taken = false;
	*misfit = true;
	return true;
}

/*
 * Remember which field is wrong.
 */
static bool
fail_at_field(RowBuilder *builder, const Leftover *field)
{
	builder->error_path = field->path;
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
 * Tell the one who wants to know that a field has filled a column.
 */
static rarely_called void
trace_field(RowBuilder *builder, int column, const Leftover *field)
{
	if (builder->cells[column].text != NULL)
		builder->trace->filled(builder->trace, column, field);
}

/*
 * Likewise, of a field that is not a leftover.
 */
static rarely_called void
trace_member(RowBuilder *builder, int column, const Leftover *around, const char *name, const Value *value, size_t before)
{
	Leftover	field = field_within(around, name, value, before);

	trace_field(builder, column, &field);
}

/*
 * Let the columns of a field take its value, or leave it over.
 */
static bool
fill_field(RowBuilder *builder, const FieldEntry *entry, const Leftover *around, const char *name,
		   const Value *value, size_t before)
{
	int			ncolumns = entry != NULL ? field_entry_columns(entry) : 0;
	bool		any_taken = false;
	bool		misfit = false;
	Leftover	field;

	builder->converter.field = name;
	for (int i = 0; i < ncolumns; i++)
	{
		FieldRule	rule;
		int			column = field_entry_column(entry, i, &rule);
		bool		taken = false;

		if (rule != SECOND && !try_column(builder, column, rule, value, &taken, &misfit))
		{
			field = field_within(around, name, value, before);
			return fail_at_field(builder, &field);
		}
		any_taken = any_taken || taken;
		if (taken && builder->trace != NULL)
			trace_member(builder, column, around, name, value, before);
	}
	if (!any_taken)
	{
		field = field_within(around, name, value, before);
		field.entry = entry;
		field.misfit = misfit;
		add_leftover(builder, &field);
	}
	return true;
}

/*
 * Let the columns of a field take what {value, localizedValue} says to programs.
 * What it says to people has columns of its own, or is left over.
 */
static bool
fill_localized(RowBuilder *builder, const JsonText *json, json_t *object, const FieldEntry *entry,
			   const Leftover *around)
{
	const FieldMap *members = field_entry_members(entry);
	size_t		before = 0;

	for (void *member = json_object_iter(object); member != NULL;
		 member = json_object_iter_next(object, member))
	{
		const char *name = json_object_iter_key(member);
		Value		value = json_value(json, json_object_iter_value(member));
		const FieldEntry *inner = members != NULL ? field_map_find(members, name, strlen(name)) : NULL;

		if (inner == NULL && ascii_strcasecmp(name, "value") == 0)
			inner = entry;
		if (!fill_field(builder, inner, around, name, &value, before++))
			return false;
	}
	return true;
}

/*
 * Is any column of a field for a text, or a time or the like, rather than for JSON?
 */
static bool
takes_text(const ColumnMap *map, const FieldEntry *entry)
{
	for (int i = 0; i < field_entry_columns(entry); i++)
	{
		FieldRule	rule;
		const Column *column = &map->columns[field_entry_column(entry, i, &rule)];

		if (column->type != TYPE_DYNAMIC && (map->table == NULL || (column->flags & COLUMN_JSON) == 0))
			return true;
	}
	return false;
}

static bool fill_from_object(RowBuilder *builder, const JsonText *json, json_t *object,
							 const FieldMap *fields, const Leftover *around);

/*
 * Fill the columns from a member of an object: from its own members if they are
 * fields, else from the value.
 */
static bool
fill_member(RowBuilder *builder, const JsonText *json, json_t *node, const FieldEntry *entry,
			const Leftover *around, const char *name, size_t before)
{
	Value		value = json_value(json, node);
	Leftover	inner;
	bool		has_columns = entry != NULL && field_entry_columns(entry) > 0;

	if (entry == NULL || !json_is_object(node) || around->nparents == FIELD_LEVELS - 1 ||
		(has_columns ? !takes_text(builder->map, entry) || !is_localized(node) : field_entry_members(entry) == NULL))
		return fill_field(builder, entry, around, name, &value, before);
	inner = field_within(around, name, &value, before);
	inner.parents[inner.nparents++] = name;
	if (has_columns)
		return fill_localized(builder, json, node, entry, &inner);
	return fill_from_object(builder, json, node, field_entry_members(entry), &inner);
}

/*
 * Fill the columns from the members of an object of a raw record.
 */
static bool
fill_from_object(RowBuilder *builder, const JsonText *json, json_t *object, const FieldMap *fields,
				 const Leftover *around)
{
	size_t		before = 0;

	for (void *member = json_object_iter(object); member != NULL;
		 member = json_object_iter_next(object, member))
	{
		const char *name = json_object_iter_key(member);
		const FieldEntry *entry = field_map_find(fields, name, json_object_iter_key_len(member));

		if (!fill_member(builder, json, json_object_iter_value(member), entry, around, name, before))
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
find_named(const FieldMap *map, const char *name, size_t length, bool *typed)
{
	static const char *const types[] = {
		"_string", "_dynamic", "_datetime", "_long", "_int", "_real", "_bool", "_guid"
	};
	const FieldEntry *entry = field_map_find(map, name, length);

	*typed = false;
	for (size_t i = 0; entry == NULL && i < sizeof(types) / sizeof(types[0]); i++)
	{
		size_t		type_length = strlen(types[i]);

		if (length > type_length && ascii_strncasecmp(name + length - type_length, types[i], type_length) == 0)
		{
			*typed = true;
			return field_map_find(map, name, length - type_length);
		}
	}
	return entry;
}

/*
 * Fill the columns from one field that has the name of a column.
 */
static bool
fill_named(RowBuilder *builder, const FieldMap *fields, const char *name, size_t length, Value value, size_t before)
{
	Leftover	top = {0};
	bool		typed;
	const FieldEntry *entry = find_named(fields, name, length, &typed);

	if (typed && value.kind == VALUE_STRING && value.length == 0)
		return true;
	if (value.kind == VALUE_DYNAMIC)
		return fill_member(builder, value.json, (json_t *) value.node, entry, &top, name, before);
	return fill_field(builder, entry, &top, name, &value, before);
}

/*
 * Fill the columns from a record whose fields have the names of columns.
 */
static bool
fill_from_named(RowBuilder *builder, const Record *record)
{
	const FieldMap *fields = &builder->map->named;
	json_t	   *root;
	size_t		before = 0;

	if (!record_is_object(record))
	{
		for (size_t i = 0; i < record->header->nnames; i++)
		{
			const char *name = record->header->names[i];

			if (!fill_named(builder, fields, name, strlen(name), record->values[i], i))
				return false;
		}
		return true;
	}
	root = record->json->root;
	for (void *member = json_object_iter(root); member != NULL;
		 member = json_object_iter_next(root, member))
	{
		if (!fill_named(builder, fields, json_object_iter_key(member), json_object_iter_key_len(member),
						json_value(record->json, json_object_iter_value(member)), before++))
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
dump_leftover(RowBuilder *builder, const Leftover *leftover)
{
	const Value *value = &leftover->value;

	if (value->node == NULL)
	{
		dump_json_string(&builder->converter.scratch, value->text, value->length);
		return true;
	}
	if (json_text_dump(value->json, value->node, &builder->converter.scratch))
		return true;
	builder->converter.error = load_printf("field %s: PostgreSQL's jsonb cannot store a number this large",
										   leftover->name);
	return fail_at_field(builder, leftover);
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
fill_extra(RowBuilder *builder)
{
	Buffer	   *out = &builder->converter.scratch;
	Leftover	top = {0};
	const Leftover *previous = &top;
	bool		first = true;

	if (builder->map->extra_column < 0)
		return true;
	out->length = 0;
	buffer_append_byte(out, '{');
	for (int i = 0; i < builder->nleftovers; i++)
	{
		const Leftover *leftover = &builder->leftovers[i];

		if (leftover->value.kind == VALUE_NULL)
			continue;
		change_parents(out, previous, leftover, &first);
		if (!first)
			buffer_append_byte(out, ',');
		dump_json_string(out, leftover->name, strlen(leftover->name));
		buffer_append_byte(out, ':');
		if (!dump_leftover(builder, leftover))
			return false;
		first = false;
		previous = leftover;
	}
	change_parents(out, previous, &top, &first);
	buffer_append_byte(out, '}');
	if (out->length > 2)
	{
		Cell	   *cell = &builder->cells[builder->map->extra_column];

		cell->length = out->length;
		cell->text = arena_copy(&builder->converter.arena, out->data, out->length);
	}
	return true;
}

/*
 * Let the second columns of a leftover take it, where they have no value yet.
 */
static bool
fill_second_columns(RowBuilder *builder, Leftover *leftover, bool *taken)
{
	int			ncolumns = leftover->entry != NULL ? field_entry_columns(leftover->entry) : 0;

	builder->converter.field = leftover->name;
	for (int i = 0; i < ncolumns; i++)
	{
		FieldRule	rule;
		int			column = field_entry_column(leftover->entry, i, &rule);
		bool		by_this = false;

		if (rule == SECOND &&
			!try_column(builder, column, TAKE, &leftover->value, &by_this, &leftover->misfit))
			return fail_at_field(builder, leftover);
		if (by_this && builder->trace != NULL)
			trace_field(builder, column, leftover);
		*taken = *taken || by_this;
	}
	return true;
}

/*
 * Give columns that are still without a value their second choice.
 */
static bool
fill_second(RowBuilder *builder)
{
	for (int i = 0; i < builder->nleftovers; i++)
	{
		Leftover   *leftover = &builder->leftovers[i];
		bool		taken = is_about_table(leftover);

		if (!taken && !fill_second_columns(builder, leftover, &taken))
			return false;
		if (taken)
			leftover->value.kind = VALUE_NULL;
		else if (leftover->misfit)
			builder->misfits++;
	}
	return true;
}

/*
 * The members of a record's properties, or NULL.
 */
static json_t *
properties_of(const Record *record)
{
	return record->shape == RECORD_RAW ? (json_t *) record_member(record, "properties") : NULL;
}

/*
 * How many members or names are before the one of a name, ignoring the case of
 * letters.
 */
static size_t
members_before(const Record *record, json_t *object, const char *name)
{
	size_t		before = 0;

	if (object == NULL)
	{
		while (ascii_strcasecmp(record->header->names[before], name) != 0)
			before++;
		return before;
	}
	for (void *member = json_object_iter(object);
		 ascii_strcasecmp(json_object_iter_key(member), name) != 0;
		 member = json_object_iter_next(object, member))
		before++;
	return before;
}

/*
 * Take the time of a record from a field of it, or else of its properties, if either
 * has one of this name.
 */
static bool
fill_time_from(RowBuilder *builder, const Record *record, json_t *properties, const char *name)
{
	json_t	   *root = record_is_object(record) ? record->json->root : NULL;
	Leftover	field = {.name = name};
	bool		taken;

	builder->converter.field = name;
	if (!record_field(record, name, &field.value))
	{
		if (!object_field(record->json, properties, name, &field.value))
			return true;
		field.path.before[field.path.levels++] = members_before(record, root, "properties");
		root = properties;
	}
	field.path.before[field.path.levels++] = members_before(record, root, name);
	if (!fill_column(builder, builder->map->time_column, TAKE, &field.value, &taken))
		return fail_at_field(builder, &field);
	if (builder->trace != NULL)
		trace_field(builder, builder->map->time_column, &field);
	return true;
}

/*
 * Give a record without TimeGenerated the time that it has instead.
 */
static bool
fill_time(RowBuilder *builder, const Record *record)
{
	int			column = builder->map->time_column;
	json_t	   *properties;

	if (column < 0 || builder->cells[column].text != NULL)
		return true;
	properties = properties_of(record);
	for (size_t i = 0; builder->cells[column].text == NULL && other_time_names[i] != NULL; i++)
	{
		if (!fill_time_from(builder, record, properties, other_time_names[i]))
			return false;
	}
	return true;
}

/*
 * Fill the column by whose values rows are distributed over servers.  Hunts join rows
 * with the same address or caller, which are on one server so.
 */
static void
fill_key(RowBuilder *builder)
{
	const ColumnMap *map = builder->map;
	const Cell *source;
	Cell	   *key;
	KqlString	stripped;

	if (map->key_column < 0)
		return;
	source = &builder->cells[map->key_source];
	key = &builder->cells[map->key_column];
	key->text = source->text != NULL ? source->text : "";
	key->length = source->length;
	if (!map->table->key_is_address || source->text == NULL)
		return;
	stripped = kql_strip_port(kql_string(source->text, source->length),
							  arena_alloc(&builder->converter.arena, KQL_ADDRESS_SIZE));
	key->text = stripped.data;
	key->length = stripped.length;
}

/*
 * Make ready for the next record.
 */
static void
start_row(RowBuilder *builder, const ColumnMap *map)
{
	if (builder->size < map->ncolumns)
	{
		builder->size = map->ncolumns;
		builder->cells = load_realloc(builder->cells, (size_t) builder->size * sizeof(Cell));
	}
	memset(builder->cells, 0, (size_t) map->ncolumns * sizeof(Cell));
	builder->map = map;
	builder->nleftovers = 0;
	builder->misfits = 0;
	value_converter_reset(&builder->converter);
	builder->error_path.levels = 0;
}

/*
 * Turn a record into a row, or say in the converter's error why that is
 * impossible.
 */
bool
row_builder_fill(RowBuilder *builder, const ColumnMap *map, const Record *record)
{
	Leftover	top = {0};
	bool		filled;

	start_row(builder, map);
	if (record->shape == RECORD_RAW || record->shape == RECORD_LISTED)
		filled = fill_from_object(builder, record->json, record->json->root,
								  record->shape == RECORD_RAW ? &map->raw : &map->listed, &top);
	else
		filled = fill_from_named(builder, record);
	if (!filled || !fill_second(builder) || !fill_time(builder, record) ||
		!derive_columns(&builder->converter, map, record, builder->cells, builder->trace) || !fill_extra(builder))
		return false;
	fill_key(builder);
	if (map->time_column >= 0 && builder->cells[map->time_column].text == NULL)
	{
		builder->converter.error = load_strdup(NO_TIME);
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
row_builder_append_copy(const RowBuilder *builder, Buffer *out)
{
	bool		first = true;

	for (int i = 0; i < builder->map->ncolumns; i++)
	{
		if (!first)
			buffer_append_byte(out, '\t');
		first = false;
		if (builder->cells[i].text == NULL)
			buffer_append(out, "\\N", 2);
		else
			append_escaped(out, builder->cells[i].text, builder->cells[i].length);
	}
	buffer_append_byte(out, '\n');
}

/*
 * Give all memory back.
 */
void
row_builder_free(RowBuilder *builder)
{
	free(builder->cells);
	free(builder->leftovers);
	value_converter_free(&builder->converter);
	memset(builder, 0, sizeof(*builder));
}
