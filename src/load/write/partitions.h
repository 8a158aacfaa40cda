/*-------------------------------------------------------------------------
 *
 * partitions.h
 *	  Daily partitions ahead of the rows.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_PARTITIONS_H
#define LOAD_PARTITIONS_H

#include "write/writer.h"

/* A day or more that has partitions already. */
typedef struct DayRange
{
	int64_t		first;
	int64_t		end;			/* the day after the last */
} DayRange;

/* The partitions of a table. */
typedef struct DayPartitions
{
	const char *table_oid;
	const char *table_name;		/* quoted, with its schema */
	bool		by_day;			/* partitioned by time */
	const char *add_query;		/* adds a day's partition */
	bool		hasty;			/* waiting for others did not help last time */
	DayRange   *ranges;
	size_t		nranges;
	size_t		new_days;		/* added for this file */
	bool		to_default;		/* this file has rows without a day's
								 * partition */
} DayPartitions;

extern bool read_partitions(Writer *writer, DayPartitions *partitions,
							const char *table_oid, const char *table_name);
extern bool lacks_partition(DayPartitions *partitions, int64_t day);
extern void add_partition(Writer *writer, DayPartitions *partitions, int64_t day, bool may_wait);
extern bool is_about_partition(const DayPartitions *partitions, const PGresult *result);

#endif							/* LOAD_PARTITIONS_H */
