/*-------------------------------------------------------------------------
 *
 * target_table.h
 *	  The tables that take the rows.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_TARGET_TABLE_H
#define LOAD_TARGET_TABLE_H

#include "common/buffer.h"
#include "map/row_builder.h"
#include "read/buffered_input.h"
#include "write/partitions.h"
#include "write/writer.h"

/* Where a row of the COPY that is open, or to come, is from. */
typedef struct RowOrigin
{
	Position	position;
	size_t		row_end;		/* in rows */
	size_t		record_end;		/* in records */
} RowOrigin;

/* A table that takes rows, and those that wait for it. */
struct TargetTable
{
	int			number;			/* in Writer and LoadCounters */
	char	   *name;			/* quoted, with its schema */
	char	   *copied_name;	/* as COPY's errors call it */
	char	   *oid;
	char	   *copy_command;
	char	   *insert_command; /* from the staging table, for a view */
	char	   *stage_command;
	ColumnMap	map;
	DayPartitions partitions;
	Buffer		rows;			/* for COPY, not yet sent */
	Buffer		records;		/* as in the file, if they may be rejected */
	RowOrigin  *origins;
	int			norigins;
	int			origins_size;
	int64_t		sent_count;		/* rows of this file that the server took, */
	int64_t		row_count;		/* and that it stored */
	int64_t		rejected_count;
	int64_t		misfit_count;	/* values that did not fit */
	int64_t		missing_count[MAX_NEEDED];	/* rows without needed values */
	bool		staged;			/* the staging table is there */
};

extern TargetTable *known_target(const Writer *writer, const LogTable *log_table);
extern TargetTable *find_target(Writer *writer, const LogTable *log_table);
extern void count_values(TargetTable *target, const RowBuilder *row);
extern void free_target(TargetTable *target);

#endif							/* LOAD_TARGET_TABLE_H */
