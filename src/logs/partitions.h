/*-------------------------------------------------------------------------
 *
 * partitions.h
 *	  The tables that hold the rows of a log table, and their indexes.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOG_PARTITIONS_H
#define LOG_PARTITIONS_H

#include "access/attnum.h"
#include "access/htup.h"
#include "datatype/timestamp.h"
#include "utils/relcache.h"

/* A table that holds rows of a log table: a partition, a child, or itself */
typedef struct LogPartition
{
	Relation	relation;		/* open and locked as long as it is visited */
	TimestampTz until;			/* its events are before this, by its bounds;
								 * DT_NOEND if they say nothing */
} LogPartition;

typedef void (*LogPartitionVisitor) (const LogPartition *partition, void *arg);

extern void visit_log_partitions(Oid log_table, LogPartitionVisitor visitor, void *arg);
extern void visit_log_partition(Oid relid, TimestampTz until, LogPartitionVisitor visitor, void *arg);
extern bool index_is_usable(HeapTuple index_tuple);
extern Oid	usable_index(Relation table, AttrNumber column, Oid access_method, AttrNumber *position);
extern Oid	usable_ingestxid_index(Relation table);

#endif							/* LOG_PARTITIONS_H */
