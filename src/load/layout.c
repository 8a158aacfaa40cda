/*-------------------------------------------------------------------------
 *
 * layout.c
 *	  From the fields of records to the columns of a table.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "row.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* no field feeds more columns than this */
#define MAX_COLUMNS_OF_FIELD	2

struct FieldEntry
{
	char	   *path;			/* parent, a dot, name; NULL if unused */
	uint32_t	hash;
	bool		descends;		/* its members are fields themselves */
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

static inline unsigned char
fold(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/*
 * FNV-1a of a text in lower case, started from the hash of what is before it.
 */
static uint32_t
hash_text(uint32_t hash, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ fold((unsigned char) text[i])) * UINT32_C(16777619);
	return hash;
}

/*
 * Hash of a field's path.
 */
static uint32_t
hash_path(const char *parent, const char *name, size_t length)
{
	uint32_t	hash = UINT32_C(2166136261);

	if (*parent != '\0')
		hash = hash_text(hash_text(hash, parent, strlen(parent)), ".", 1);
	return hash_text(hash, name, length);
}

/*
 * Is this an entry's path?
 */
static bool
is_path(const FieldEntry *entry, const char *parent, const char *name, size_t length)
{
	size_t		skip = 0;

	if (*parent != '\0')
	{
		skip = strlen(parent) + 1;
		if (strlen(entry->path) < skip || strncasecmp(entry->path, parent, skip - 1) != 0 ||
			entry->path[skip - 1] != '.')
			return false;
	}
	return strlen(entry->path + skip) == length &&
		strncasecmp(entry->path + skip, name, length) == 0;
}

/*
 * The place of a field in a map: its entry, or the unused one that it may have.
 */
static FieldEntry *
find_place(const FieldMap *map, uint32_t hash, const char *parent, const char *name, size_t length)
{
	size_t		i = hash & (map->size - 1);

	while (map->entries[i].path != NULL &&
		   (map->entries[i].hash != hash || !is_path(&map->entries[i], parent, name, length)))
		i = (i + 1) & (map->size - 1);
	return &map->entries[i];
}

/*
 * The entry of a field, or NULL.
 */
const FieldEntry *
field_map_find(const FieldMap *map, const char *parent, const char *name, size_t length)
{
	FieldEntry *entry = find_place(map, hash_path(parent, name, length), parent, name, length);

	return entry->path != NULL ? entry : NULL;
}

/*
 * Are the members of this field fields themselves?
 */
bool
field_entry_descends(const FieldEntry *entry)
{
	return entry->descends;
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

	map->size = old.size > 0 ? old.size * 2 : 256;
	map->entries = load_calloc(map->size, sizeof(FieldEntry));
	for (size_t i = 0; i < old.size; i++)
	{
		FieldEntry *entry = &old.entries[i];

		if (entry->path != NULL)
			*find_place(map, entry->hash, "", entry->path, strlen(entry->path)) = *entry;
	}
	free(old.entries);
}

/*
 * The entry of a field, made if it is not there.
 */
static FieldEntry *
add_entry(FieldMap *map, const char *path, size_t length)
{
	uint32_t	hash = hash_path("", path, length);
	FieldEntry *entry;

	if (map->used * 2 >= map->size)
		grow(map);
	entry = find_place(map, hash, "", path, length);
	if (entry->path == NULL)
	{
		entry->path = load_strndup(path, length);
		entry->hash = hash;
		map->used++;
	}
	return entry;
}

/*
 * Let a column take a field.
 */
static void
add_column(FieldMap *map, const char *path, int column, FieldRule rule)
{
	FieldEntry *entry = add_entry(map, path, strlen(path));

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
find_column(const Layout *layout, const char *name)
{
	for (int i = 0; i < layout->ncolumns; i++)
	{
		if (strcasecmp(layout->columns[i].name, name) == 0)
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
	return strcasecmp(name, names[0]) == 0 || strcasecmp(name, names[1]) == 0 ||
		strcasecmp(name, names[2]) == 0;
}

/*
 * Add the documented fields, and the objects around them.
 */
static void
add_documented_fields(Layout *layout)
{
	for (const FieldMapping *m = field_mappings; m->field != NULL; m++)
	{
		int			column = find_column(layout, m->column);
		const char *dot = m->field;

		if ((m->tables & layout->table) == 0)
			continue;
		while ((dot = strchr(dot, '.')) != NULL)
		{
			add_entry(&layout->raw, m->field, (size_t) (dot - m->field))->descends = true;
			dot++;
		}
		if (column >= 0)
			add_column(&layout->raw, m->field, column, m->rule);
	}
	add_entry(&layout->raw, "properties", strlen("properties"))->descends = true;
}

/*
 * Add the fields that have the names of columns.
 */
static void
add_fields_of_same_name(Layout *layout)
{
	for (int i = 0; i < layout->ncolumns; i++)
	{
		const char *name = layout->columns[i].name;
		char	   *path;
		FieldEntry *entry;

		if (is_one_of(name, own_columns))
			continue;
		add_column(&layout->named, name, i, TAKE);
		if (is_one_of(name, workspace_columns))
			continue;
		entry = add_entry(&layout->raw, name, strlen(name));
		if (entry->ncolumns == 0 && !entry->descends)
			add_column(&layout->raw, name, i, TAKE);
		path = load_printf("properties.%s", name);
		entry = add_entry(&layout->raw, path, strlen(path));
		if (entry->ncolumns == 0 && i != layout->time_column)
			add_column(&layout->raw, path, i, SECOND);
		free(path);
	}
}

/*
 * Find out what fills the columns of a table; takes the columns over.
 */
void
layout_init(Layout *layout, unsigned table, Column *columns, int ncolumns)
{
	memset(layout, 0, sizeof(*layout));
	layout->table = table;
	layout->columns = columns;
	layout->ncolumns = ncolumns;
	layout->time_column = find_column(layout, "timegenerated");
	layout->extra_column = find_column(layout, "additionalfields");
	add_documented_fields(layout);
	add_fields_of_same_name(layout);
}

/*
 * Give the memory of a map back.
 */
static void
free_map(FieldMap *map)
{
	for (size_t i = 0; i < map->size; i++)
		free(map->entries[i].path);
	free(map->entries);
}

/*
 * Give all memory back.
 */
void
layout_free(Layout *layout)
{
	free_map(&layout->raw);
	free_map(&layout->named);
	for (int i = 0; i < layout->ncolumns; i++)
		free(layout->columns[i].name);
	free(layout->columns);
	memset(layout, 0, sizeof(*layout));
}
