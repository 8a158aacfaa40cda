/*-------------------------------------------------------------------------
 *
 * tally.c
 *	  What a file has for the columns of a table.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "common/messages.h"

/* so many different names are told apart, and the rest is counted together */
#define MAX_NAMES	100
#define OTHERS		"others"

/* so much is shown of the first record, and of each value of its row */
#define SHOWN_RECORD	2000
#define SHOWN_VALUE		100

/*
 * Count a name.
 */
static void
count_name(Names *names, const char *name)
{
	for (int i = 0; i < names->nnames; i++)
	{
		if (strcmp(names->names[i], name) == 0)
		{
			names->counts[i]++;
			return;
		}
	}
	if (names->nnames == MAX_NAMES)
	{
		count_name(names, OTHERS);
		return;
	}
	if (names->nnames == names->size)
	{
		names->size = names->size > 0 ? names->size * 2 : 4;
		names->names = load_realloc(names->names, (size_t) names->size * sizeof(char *));
		names->counts = load_realloc(names->counts, (size_t) names->size * sizeof(int64_t));
	}
	names->names[names->nnames] = load_strdup(names->nnames == MAX_NAMES - 1 ? OTHERS : name);
	names->counts[names->nnames++] = 1;
}

/*
 * Give the memory of names back.
 */
static void
names_free(Names *names)
{
	for (int i = 0; i < names->nnames; i++)
		free(names->names[i]);
	free(names->names);
	free(names->counts);
}

/*
 * A text as it may be shown on one line of a terminal, at most so many bytes of it.
 */
static char *
shown_text(const char *text, size_t length, size_t most)
{
	size_t		shown = length;
	Buffer		line = {0};

	if (shown > most)
	{
		shown = most;
		while (shown > 0 && ((unsigned char) text[shown] & 0xC0) == 0x80)
			shown--;
	}
	append_for_terminal(&line, text, shown);
	for (size_t i = 0; i < line.length; i++)
	{
		if (line.data[i] == '\n' || line.data[i] == '\t')
			line.data[i] = ' ';
	}
	buffer_append_string(&line, shown < length ? "..." : "");
	buffer_append_byte(&line, '\0');
	return line.data;
}

/*
 * What a field is called, with the objects around it.
 */
static char *
field_name(const Leftover *field)
{
	Buffer		name = {0};
	char	   *shown;

	for (int i = 0; i < field->nparents; i++)
		buffer_printf(&name, "%s.", field->parents[i]);
	buffer_append_string(&name, field->name);
	shown = shown_text(name.data, name.length, SHOWN_VALUE);
	buffer_free(&name);
	return shown;
}

/*
 * Note that a field has filled a column.
 */
static void
note_field(FieldTrace *trace, int column, const Leftover *field)
{
	char	   *name = field_name(field);

	count_name(&((TableTally *) trace)->columns[column].fields, name);
	free(name);
}

/*
 * Note that a column was derived from a field, or from a member of it.
 */
static void
note_derived(FieldTrace *trace, int column, const char *field, const char *member)
{
	char	   *name = member != NULL ? load_printf("%s.%s", field, member) : load_strdup(field);

	count_name(&((TableTally *) trace)->columns[column].fields, name);
	free(name);
}

/*
 * The columns of a log table, as create_log_tables() makes it.
 */
TableTally *
tally_start(const LogTable *table)
{
	TableTally *tally = load_calloc(1, sizeof(TableTally));
	int			ncolumns = 0;
	Column	   *columns;

	while (table->columns[ncolumns].name != NULL)
		ncolumns++;
	columns = load_calloc((size_t) ncolumns + 1, sizeof(Column));
	for (int i = 0; i <= ncolumns; i++)
	{
		const ColumnDescription *description = &table->columns[i];

		columns[i].name = load_strdup(i < ncolumns ? description->name : "additionalfields");
		columns[i].type = i < ncolumns ? description->type : TYPE_DYNAMIC;
		for (char *p = columns[i].name; *p != '\0'; p++)
			*p = (char) ascii_lower(*p);
	}
	column_map_init(&tally->map, table, columns, ncolumns + 1);
	tally->columns = load_calloc((size_t) ncolumns + 1, sizeof(ColumnTally));
	tally->trace.filled = note_field;
	tally->trace.derived = note_derived;
	return tally;
}

/*
 * Count what is in a column.
 */
static void
tally_cell(TableTally *tally, int column, const Cell *cell)
{
	ColumnTally *counts = &tally->columns[column];

	if (cell->text != NULL)
		counts->filled++;
	if (cell->text != NULL && cell->length == 0)
		counts->empty++;
}

/*
 * Keep the first record, and what has become of it.
 */
static void
keep_example(TableTally *tally, const RowBuilder *builder, const Record *record)
{
	Buffer		row = {0};

	tally->first_record = shown_text(record->text, record->length, SHOWN_RECORD);
	for (int i = 0; i < tally->map.ncolumns; i++)
	{
		const Cell *cell = &builder->cells[i];
		char	   *shown;

		if (cell->text == NULL)
			continue;
		shown = shown_text(cell->text, cell->length, SHOWN_VALUE);
		buffer_printf(&row, "    %-32s %s\n", tally->map.columns[i].name, shown);
		free(shown);
	}
	buffer_append_byte(&row, '\0');
	tally->first_row = row.data;
}

/*
 * Count what is in a row.
 */
void
tally_row(TableTally *tally, const RowBuilder *builder, const Record *record)
{
	if (tally->records++ == 0)
		keep_example(tally, builder, record);
	tally->misfits += builder->misfits;
	for (int i = 0; i < tally->map.ncolumns; i++)
		tally_cell(tally, i, &builder->cells[i]);
	for (int i = 0; i < builder->nleftovers; i++)
	{
		char	   *name;

		if (builder->leftovers[i].value.kind == VALUE_NULL)
			continue;
		name = field_name(&builder->leftovers[i]);
		count_name(&tally->leftovers, name);
		free(name);
	}
}

/*
 * Print the fields that have filled a column; how often only where there are several.
 */
static void
print_fields(const Names *names)
{
	for (int i = 0; i < names->nnames; i++)
	{
		fputs(i > 0 ? ", " : "", stdout);
		fputs(names->names[i], stdout);
		if (names->nnames > 1)
			printf(" (%" PRId64 ")", names->counts[i]);
	}
	fputs(names->nnames == 0 ? "-\n" : "\n", stdout);
}

/*
 * Print what has filled a column.
 */
static void
print_column(const TableTally *tally, int i)
{
	const ColumnTally *column = &tally->columns[i];

	printf("    %-32s %8" PRId64 " %8" PRId64 "  ", tally->map.columns[i].name,
		   tally->records - column->filled, column->empty);
	print_fields(&column->fields);
}

/*
 * Print what has filled the columns that hunts read, or the others that anything
 * has filled.
 */
static void
print_columns(const TableTally *tally, bool hunted)
{
	printf("\n  %-34s %8s %8s  %s\n", hunted ? "columns that hunts read" : "other columns", "null", "empty", "filled from");
	for (int i = 0; i < tally->map.ncolumns; i++)
	{
		bool		is_hunted = (tally->map.columns[i].flags & COLUMN_HUNTED) != 0;

		if (is_hunted == hunted && i != tally->map.extra_column && (hunted || tally->columns[i].filled > 0))
			print_column(tally, i);
	}
}

/*
 * Print what a file has for a table.
 */
void
tally_print(const TableTally *tally)
{
	printf("\n%s: %" PRId64 " %s\n", tally->map.table->name, tally->records,
		   counted(tally->records, "record", "records"));
	print_columns(tally, true);
	print_columns(tally, false);
	if (tally->misfits > 0)
		printf("\n  %" PRId64 " %s to additionalfields\n", tally->misfits,
			   counted(tally->misfits, "value does not fit its column, and goes", "values do not fit their columns, and go"));
	if (tally->leftovers.nnames > 0)
		printf("\n  %-34s %8s\n", "to additionalfields", "records");
	for (int i = 0; i < tally->leftovers.nnames; i++)
		printf("    %-32s %8" PRId64 "\n", tally->leftovers.names[i], tally->leftovers.counts[i]);
	printf("\n  the first of these records\n    %s\n\n  becomes the row\n%s", tally->first_record, tally->first_row);
}

/*
 * Give all memory back.
 */
void
tally_free(TableTally *tally)
{
	for (int i = 0; i < tally->map.ncolumns; i++)
		names_free(&tally->columns[i].fields);
	free(tally->columns);
	names_free(&tally->leftovers);
	column_map_free(&tally->map);
	free(tally->first_record);
	free(tally->first_row);
	free(tally);
}
