/*-------------------------------------------------------------------------
 *
 * partitions.c
 *	  The tables that hold the rows of a log table, and their indexes.
 *
 * A query locks all partitions that it cannot exclude when it is planned, and
 * all of their indexes, until the end of the transaction.  For a year of daily
 * partitions that is more than the lock table has room for by default.  What
 * looks at all partitions here has one of them locked at a time.
 *
 * That is safe because nothing is remembered of a partition but what its rows
 * said.  The list of partitions is at least as new as the active snapshot, by
 * which their rows are read: rows that are moved from one to another meanwhile
 * are seen once, where they were.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "logs/partitions.h"

/*
 * Is a partitioned table partitioned by range of timegenerated alone, in the
 * order of time?
 */
static bool
is_partitioned_by_time(Relation table)
{
	PartitionKey key = RelationGetPartitionKey(table);

	return key->strategy == PARTITION_STRATEGY_RANGE && key->partnatts == 1 &&
		key->partattrs[0] != InvalidAttrNumber &&
		key->partattrs[0] == get_attnum(RelationGetRelid(table), "timegenerated") &&
		key->parttypid[0] == TIMESTAMPTZOID &&
		key->partsupfunc[0].fn_oid == F_TIMESTAMPTZ_CMP;
}

/*
 * Set the upper bounds of partitions, which are no later than their parent's.
 */
static void
set_partition_ends(Relation table, PartitionDesc partitions, TimestampTz parent_end,
				   TimestampTz *ends)
{
	PartitionBoundInfo bounds = partitions->boundinfo;

	for (int i = 0; i < partitions->nparts; i++)
		ends[i] = parent_end;
	if (bounds == NULL || !is_partitioned_by_time(table))
		return;

	/* indexes[i] is the partition whose upper bound is bound i, if any is */
	for (int i = 0; i < bounds->ndatums; i++)
	{
		int			partition = bounds->indexes[i];

		if (partition >= 0 && bounds->kind[i][0] == PARTITION_RANGE_DATUM_VALUE)
			ends[partition] = Min(parent_end, DatumGetTimestampTz(bounds->datums[i][0]));
	}
}

/*
 * Visit the partitions of a partitioned table, the latest first.
 */
static void
visit_partitions(Relation table, TimestampTz until, LogPartitionVisitor visitor, void *arg)
{
	PartitionDesc partitions = RelationGetPartitionDesc(table, true);
	int			count = partitions->nparts;
	TimestampTz *ends = palloc(sizeof(TimestampTz) * Max(count, 1));
	Oid		   *relids = palloc(sizeof(Oid) * Max(count, 1));

	/* the relation cache may replace the descriptor meanwhile */
	set_partition_ends(table, partitions, until, ends);
	if (count > 0)
		memcpy(relids, partitions->oids, sizeof(Oid) * count);
	for (int i = count - 1; i >= 0; i--)
		visit_log_partition(relids[i], ends[i], visitor, arg);
	pfree(relids);
	pfree(ends);
}

/*
 * Call the visitor for an open table that has rows itself, in a memory context
 * that is reset afterwards.
 */
static void
call_visitor(Relation table, TimestampTz until, LogPartitionVisitor visitor, void *arg)
{
	LogPartition partition = {.relation = table,.until = until};
	MemoryContext context;
	MemoryContext old;

	if (table->rd_rel->relkind == RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("cannot tell the new rows of foreign table \"%s\"",
						RelationGetRelationName(table))));

	/* queries pass over other sessions' temporary children, too */
	if (RELATION_IS_OTHER_TEMP(table))
		return;

	context = AllocSetContextCreate(CurrentMemoryContext, "azhunt log partition",
									ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	visitor(&partition, arg);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/*
 * Visit one partition, or all that it is divided into.
 *
 * One that is dropped since it was listed is none any more, and passed over.
 */
void
visit_log_partition(Oid relid, TimestampTz until, LogPartitionVisitor visitor, void *arg)
{
	Relation	table;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();

	table = try_table_open(relid, AccessShareLock);
	if (table == NULL)
		return;
	if (table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		visit_partitions(table, until, visitor, arg);
	else
		call_visitor(table, until, visitor, arg);
	table_close(table, AccessShareLock);
}

/*
 * Visit each table that holds rows of a log table, the latest first where that
 * is known.
 *
 * The log table itself should be locked already.
 */
void
visit_log_partitions(Oid log_table, LogPartitionVisitor visitor, void *arg)
{
	List	   *tables;
	ListCell   *lc;

	/* of a partitioned table, whose partitions have bounds, this is not asked */
	tables = get_rel_relkind(log_table) == RELKIND_PARTITIONED_TABLE ?
		list_make1_oid(log_table) : find_all_inheritors(log_table, NoLock, NULL);

	foreach(lc, tables)
		visit_log_partition(lfirst_oid(lc), DT_NOEND, visitor, arg);
	list_free(tables);
}

/*
 * May an index be searched by queries of the active snapshot?  What the planner
 * asks of an index, and that it has all rows.
 */
bool
index_is_usable(HeapTuple index_tuple)
{
	Form_pg_index index = (Form_pg_index) GETSTRUCT(index_tuple);

	return index->indisvalid && index->indisready &&
		heap_attisnull(index_tuple, Anum_pg_index_indpred, NULL) &&
		(!index->indcheckxmin ||
		 TransactionIdPrecedes(HeapTupleHeaderGetXmin(index_tuple->t_data), TransactionXmin));
}

/*
 * Does a column of an index have PostgreSQL's own operators for ranges?  Others
 * could run anybody's code, and those of a Bloom filter find equals only.
 */
static bool
has_range_operators(Relation index, int i)
{
	return index->rd_opfamily[i] < FirstNormalObjectId &&
		OidIsValid(get_opfamily_member(index->rd_opfamily[i], index->rd_opcintype[i],
									   index->rd_opcintype[i], BTGreaterStrategyNumber));
}

/*
 * Where in an index a column of the table is, or InvalidAttrNumber if it cannot
 * be searched by range there.
 */
static AttrNumber
position_in_index(Relation index, AttrNumber column, Oid access_method)
{
	int			searchable;

	if (index->rd_rel->relam != access_method || !index_is_usable(index->rd_indextuple))
		return InvalidAttrNumber;

	/* a block range index has its columns in no order */
	searchable = access_method == BRIN_AM_OID ? index->rd_index->indnkeyatts : 1;
	for (int i = 0; i < searchable; i++)
		if (index->rd_index->indkey.values[i] == column)
			return has_range_operators(index, i) ? i + 1 : InvalidAttrNumber;
	return InvalidAttrNumber;
}

/*
 * An index of a table by which a column can be searched, with the column's
 * position in it; or InvalidOid.
 *
 * As long as the table is locked, the index stays usable.
 */
Oid
usable_index(Relation table, AttrNumber column, Oid access_method, AttrNumber *position)
{
	List	   *indexes = RelationGetIndexList(table);
	Oid			result = InvalidOid;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		*position = position_in_index(index, column, access_method);
		index_close(index, AccessShareLock);
		if (*position != InvalidAttrNumber)
		{
			result = lfirst_oid(lc);
			break;
		}
	}
	list_free(indexes);
	return result;
}

/*
 * The btree index of a table whose first column is ingestxid, or InvalidOid.
 */
Oid
usable_ingestxid_index(Relation table)
{
	Oid			relid = RelationGetRelid(table);
	AttrNumber	column = get_attnum(relid, "ingestxid");
	AttrNumber	position;

	if (column == InvalidAttrNumber || get_atttype(relid, column) != INT8OID)
		return InvalidOid;
	return usable_index(table, column, BTREE_AM_OID, &position);
}
