/*-------------------------------------------------------------------------
 *
 * column_map.c
 *	  From the fields of records to the columns of a table.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "map/column_map.h"

#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "common/buffer.h"
#include "common/bytes.h"

/* no field feeds more columns than this */
#define MAX_COLUMNS_OF_FIELD	2

struct FieldEntry
{
	char	   *name;			/* NULL if unused */
	size_t		length;			/* of name */
	uint64_t	hash;
	FieldMap   *members;		/* if they are fields themselves, or NULL */
	int			ncolumns;
	int			columns[MAX_COLUMNS_OF_FIELD];
	FieldRule	rules[MAX_COLUMNS_OF_FIELD];
};

/* Columns that are ours, so that no file can fill them. */
static const char *const own_columns[3] = {"additionalfields", "ingestedat", "ingestxid"};

/*
 * Columns that Log Analytics fills by itself: its TenantId is the workspace,
 * which is not what raw records call so.
 */
static const char *const workspace_columns[3] = {"tenantid", "type", "sourcesystem"};

/*
 * Hash of a name, the same in upper and lower case, which differ in one bit.
 */
static uint64_t
hash_name(const char *name, size_t length)
{
	return hash_text(name, length, EACH_BYTE('a' - 'A'));
}

/*
 * The place of a field in a map: its entry, or the unused one that it may have.
 */
static FieldEntry *
find_place(const FieldMap *map, uint64_t hash, const char *name, size_t length)
{
	size_t		i = hash & (map->size - 1);

	while (map->entries[i].name != NULL &&
		   (map->entries[i].hash != hash || map->entries[i].length != length ||
			!texts_match(map->entries[i].name, name, length)))
		i = (i + 1) & (map->size - 1);
	return &map->entries[i];
}

/*
 * The entry of a field, or NULL.
 */
const FieldEntry *
field_map_find(const FieldMap *map, const char *name, size_t length)
{
	FieldEntry *entry;

	if (map->size == 0)
		return NULL;
	entry = find_place(map, hash_name(name, length), name, length);
	return entry->name != NULL ? entry : NULL;
}

/*
 * The members of this field if they are fields themselves, or NULL.
 */
const FieldMap *
field_entry_members(const FieldEntry *entry)
{
	return entry->members;
}

/*
 * The number of columns that take a field.
 */
int
field_entry_columns(const FieldEntry *entry)
{
	return entry->ncolumns;
}

/*
 * One of the columns that take a field, and how.
 */
int
field_entry_column(const FieldEntry *entry, int i, FieldRule *rule)
{
	*rule = entry->rules[i];
	return entry->columns[i];
}

/*
 * Double the size of a map.
 */
static void
grow(FieldMap *map)
{
	FieldMap	old = *map;

	map->size = old.size > 0 ? old.size * 2 : 64;
	map->entries = load_calloc(map->size, sizeof(FieldEntry));
	for (size_t i = 0; i < old.size; i++)
	{
		FieldEntry *entry = &old.entries[i];

		if (entry->name != NULL)
			*find_place(map, entry->hash, entry->name, entry->length) = *entry;
	}
	free(old.entries);
}

/*
 * The entry of a name, made if it is not there.
 */
static FieldEntry *
add_name(FieldMap *map, const char *name, size_t length)
{
	uint64_t	hash = hash_name(name, length);
	FieldEntry *entry;

	if (map->used * 2 >= map->size)
		grow(map);
	entry = find_place(map, hash, name, length);
	if (entry->name == NULL)
	{
		entry->name = load_strndup(name, length);
		entry->length = length;
		entry->hash = hash;
		map->used++;
	}
	return entry;
}

/*
 * The members of a field, which are fields themselves.
 */
static FieldMap *
add_members(FieldMap *map, const char *name, size_t length)
{
	FieldEntry *entry = add_name(map, name, length);

	if (entry->members == NULL)
		entry->members = load_calloc(1, sizeof(FieldMap));
	return entry->members;
}

/*
 * Let a column take a field.
 */
static void
add_column(FieldEntry *entry, int column, FieldRule rule)
{
	if (entry->ncolumns == MAX_COLUMNS_OF_FIELD)
		return;
	entry->columns[entry->ncolumns] = column;
	entry->rules[entry->ncolumns] = rule;
	entry->ncolumns++;
}

/*
 * The column of a name that files may fill, or -1.
 */
static int
find_column(const ColumnMap *map, const char *name)
{
	for (int i = 0; i < map->ncolumns; i++)
	{
		if (ascii_strcasecmp(map->columns[i].name, name) == 0)
			return i;
	}
	return -1;
}

/*
 * Is a name among these three?
 */
static bool
is_one_of(const char *name, const char *const names[3])
{
	return ascii_strcasecmp(name, names[0]) == 0 || ascii_strcasecmp(name, names[1]) == 0 ||
		ascii_strcasecmp(name, names[2]) == 0;
}

/*
 * Add documented fields, and the objects around them.
 */
static void
add_documented_fields(const ColumnMap *map, FieldMap *fields_at_top, const FieldMapping *mappings)
{
	for (const FieldMapping *m = mappings; m->field != NULL; m++)
	{
		int			column = find_column(map, m->column);
		FieldMap   *fields = fields_at_top;
		const char *name = m->field;
		const char *dot;

		while ((dot = strchr(name, '.')) != NULL)
		{
			fields = add_members(fields, name, (size_t) (dot - name));
			name = dot + 1;
		}
		if (column >= 0)
			add_column(add_name(fields, name, strlen(name)), column, m->rule);
	}
}

/*
 * Let a column take the field of its name, if no other column does.
 */
static void
add_own_name(FieldMap *map, const char *name, int column)
{
	FieldEntry *entry = add_name(map, name, strlen(name));

	if (entry->ncolumns == 0 && (entry->members == NULL || field_map_find(entry->members, "value", strlen("value")) != NULL))
		add_column(entry, column, TAKE);
}

/*
 * Add the fields that have the names of columns.
 */
static void
add_fields_of_same_name(ColumnMap *map)
{
	FieldMap   *properties = add_members(&map->raw, "properties", strlen("properties"));

	for (int i = 0; i < map->ncolumns; i++)
	{
		const char *name = map->columns[i].name;
		size_t		length = strlen(name);
		FieldEntry *entry;

		if (is_one_of(name, own_columns) || i == map->key_column)
			continue;
		add_column(add_name(&map->named, name, length), i, TAKE);
		if (is_one_of(name, workspace_columns))
			continue;
		add_own_name(&map->raw, name, i);
		add_own_name(&map->listed, name, i);
		entry = add_name(properties, name, length);
		if (entry->ncolumns == 0 && i != map->time_column)
			add_column(entry, i, SECOND);
	}
}

/*
 * Note what is special about the columns, and which are needed.  A column of the
 * user's own takes whatever it can.
 */
static void
add_descriptions(ColumnMap *map)
{
	for (int i = 0; i < map->ncolumns; i++)
	{
		const ColumnDescription *description = map->table != NULL ? describe_column(map->table, map->columns[i].name) : NULL;

		map->columns[i].flags = description != NULL ? description->flags : COLUMN_JSON;
	}
	for (int i = 0; i < MAX_NEEDED; i++)
		map->needed[i] = -1;
	for (int i = 0; map->table != NULL && map->table->needed[i].what != NULL; i++)
		map->needed[i] = find_column(map, map->table->needed[i].column);
}

/*
 * Find out what fills the columns of a table; takes the columns over.
 */
void
column_map_init(ColumnMap *map, const LogTable *table, Column *columns, int ncolumns)
{
	memset(map, 0, sizeof(*map));
	map->table = table;
	map->columns = columns;
	map->ncolumns = ncolumns;
	map->time_column = find_column(map, "timegenerated");
	map->extra_column = find_column(map, "additionalfields");
	map->key_source = table != NULL ? find_column(map, table->key) : -1;
	map->key_column = map->key_source >= 0 ? find_column(map, "distribution_key") : -1;
	add_descriptions(map);
	if (table != NULL)
	{
		add_documented_fields(map, &map->raw, table->fields);
		add_documented_fields(map, &map->listed, table->listed);
	}
	else if (map->time_column >= 0)
		add_column(add_name(&map->raw, "time", strlen("time")), map->time_column, TAKE);
	add_fields_of_same_name(map);
}

/*
 * Must a record be refused whose value this column cannot take?  Otherwise the
 * value is kept in additionalfields.
 */
bool
column_is_strict(const ColumnMap *map, int column)
{
	return map->extra_column < 0 || column == map->time_column ||
		(map->columns[column].flags & COLUMN_HUNTED) != 0;
}

/*
 * Give the memory of a map back.
 */
static void
free_map(FieldMap *map)
{
	for (size_t i = 0; i < map->size; i++)
	{
		FieldMap   *members = map->entries[i].members;

		if (members != NULL)
			free_map(members);
		free(members);
		free(map->entries[i].name);
	}
	free(map->entries);
}

/*
 * Give all memory back.
 */
void
column_map_free(ColumnMap *map)
{
	free_map(&map->raw);
	free_map(&map->named);
	free_map(&map->listed);
	for (int i = 0; i < map->ncolumns; i++)
		free(map->columns[i].name);
	free(map->columns);
	memset(map, 0, sizeof(*map));
}
