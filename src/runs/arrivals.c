/*-------------------------------------------------------------------------
 *
 * arrivals.c
 *	  Which rows of a log table have arrived since a run of a rule.
 *
 * A run has to know, for each relation below a log table, whether it has new
 * rows and of what time they are, so that it reads no more than it must.  By
 * SQL, that is a plan and locks on all indexes for each partition; here it is
 * one search in one index, which finds nothing in nearly all of them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_opfamily_d.h"
#include "catalog/pg_type_d.h"
#include "common/hashfn.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/tidbitmap.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "compat.h"
#include "logs/partitions.h"
#include "logs/relations.h"

PG_FUNCTION_INFO_V1(azhunt_find_arrivals);
PG_FUNCTION_INFO_V1(azhunt_count_visit);
PG_FUNCTION_INFO_V1(azhunt_allow_visits);

/* The transactions whose rows are new, as in arrived_since() */
typedef struct NewXids
{
	int64		first;
	int64		end;
	int64	   *unfinished;
	int			unfinished_count;
} NewXids;

/* What a run has to know of one relation */
typedef struct RelationArrivals
{
	int64		identity;
	int64		new_rows;
	TimestampTz since;			/* of the new rows that have a time */
	TimestampTz until;
	bool		reread;			/* has rows that no run has read, but that do
								 * not look new */
} RelationArrivals;

/* A relation that is read, and where in its rows the columns are */
typedef struct LogColumns
{
	Relation	relation;
	AttrNumber	ingestxid;
	AttrNumber	timegenerated;
} LogColumns;

/* Visits that allow_visits() has left */
static int64 visits_left = 0;

/*
 * Order of two int64, for qsort() and bsearch().
 */
static int
compare_int64(const void *a, const void *b)
{
	int64		left = *(const int64 *) a;
	int64		right = *(const int64 *) b;

	return (left > right) - (left < right);
}

/*
 * The elements of an array of bigint without NULLs, in order.
 */
static int64 *
int64_array(ArrayType *array, int *count)
{
	Datum	   *datums;
	bool	   *nulls;
	int64	   *values;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &datums, &nulls, count);
	values = palloc(sizeof(int64) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
	{
		if (nulls[i])
			elog(ERROR, "unexpected null in an array of transactions or relations");
		values[i] = DatumGetInt64(datums[i]);
	}
	qsort(values, *count, sizeof(int64), compare_int64);
	return values;
}

/*
 * The transactions whose rows are new: from first up to but not including end,
 * and those of unfinished, which are kept once, and where they say more.
 */
static NewXids
new_xids(int64 first, int64 end, ArrayType *unfinished)
{
	NewXids		xids = {.first = first,.end = end};
	int			count;
	int64	   *values = int64_array(unfinished, &count);

	xids.unfinished = values;
	for (int i = 0; i < count; i++)
	{
		bool		in_range = values[i] >= first && values[i] < end;
		bool		repeated = xids.unfinished_count > 0 && values[i] == values[xids.unfinished_count - 1];

		if (!in_range && !repeated)
			values[xids.unfinished_count++] = values[i];
	}
	return xids;
}

/*
 * Is a row of this transaction new?  NULL says nothing of its arrival, so that
 * such a row is read by every run.
 */
static bool
is_new_xid(const NewXids *xids, int64 xid, bool isnull)
{
	return isnull || (xid >= xids->first && xid < xids->end) ||
		bsearch(&xid, xids->unfinished, xids->unfinished_count, sizeof(int64), compare_int64) != NULL;
}

/*
 * What tells a relation from another that stands in its place later, or from
 * itself with other contents: its file, as TRUNCATE gives it another one; of a
 * view, its definition.
 */
static int64
relation_identity(Form_pg_class class)
{
	uint32		contents = class->relfilenode;

	if (class->relkind == RELKIND_VIEW)
	{
		char	   *definition = TextDatumGetCString(DirectFunctionCall1(pg_get_viewdef, ObjectIdGetDatum(class->oid)));

		contents = DatumGetUInt32(hash_any((unsigned char *) definition, strlen(definition)));
	}

	/* Both are often the same number, of which hash tables would see nothing */
	return (int64) ((((uint64) class->oid << 32) | contents) * UINT64CONST(0x9E3779B97F4A7C15));
}

/*
 * An error if a run cannot tell what is new in a relation of this kind.
 */
static void
check_relation_kind(Form_pg_class class)
{
	if (class->relkind == RELKIND_RELATION || class->relkind == RELKIND_PARTITIONED_TABLE ||
		class->relkind == RELKIND_VIEW)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("a rule cannot tell the new rows of %s %s",
					class->relkind == RELKIND_FOREIGN_TABLE ? "foreign table" :
					class->relkind == RELKIND_MATVIEW ? "materialized view" : "relation",
					quote_qualified_identifier(get_namespace_name(class->relnamespace), NameStr(class->relname))),
			 errhint("Replicate the rows into a table here; or hunt ad hoc, for which any relation serves.")));
}

/*
 * An open btree index of a table whose first column is ingestxid, or NULL.
 *
 * The table is not opened for it, as nearly all have nothing new.
 */
static Relation
open_ingestxid_index(Oid relid, AttrNumber ingestxid)
{
	Relation	catalog = table_open(IndexRelationId, AccessShareLock);
	Relation	index = NULL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, IndexIndrelidIndexId, true, NULL, 1, &key);
	while (index == NULL && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		if (((Form_pg_index) GETSTRUCT(tuple))->indkey.values[0] != ingestxid || !index_is_usable(tuple))
			continue;
		index = index_open(((Form_pg_index) GETSTRUCT(tuple))->indexrelid, AccessShareLock);
		if (index->rd_rel->relam != BTREE_AM_OID || index->rd_opfamily[0] != INTEGER_BTREE_FAM_OID)
		{
			index_close(index, AccessShareLock);
			index = NULL;
		}
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return index;
}

/*
 * Conditions of the searches that find new rows: the range, each transaction
 * that was unfinished, and NULL.  Returns how many conditions search i has.
 */
static int
fill_search(const NewXids *xids, int i, ScanKey keys)
{
	if (i == 0)
	{
		ScanKeyEntryInitialize(&keys[0], 0, 1, BTGreaterEqualStrategyNumber, INT8OID, InvalidOid,
							   F_INT8GE, Int64GetDatum(xids->first));
		ScanKeyEntryInitialize(&keys[1], 0, 1, BTLessStrategyNumber, INT8OID, InvalidOid,
							   F_INT8LT, Int64GetDatum(xids->end));
		return 2;
	}
	if (i == 1)
		ScanKeyEntryInitialize(&keys[0], SK_ISNULL | SK_SEARCHNULL, 1, InvalidStrategy, InvalidOid,
							   InvalidOid, InvalidOid, (Datum) 0);
	else
		ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, INT8OID, InvalidOid,
							   F_INT8EQ, Int64GetDatum(xids->unfinished[i - 2]));
	return 1;
}

/*
 * May a relation have new rows, by its index alone?
 *
 * Entries of rows that are gone, or not yet there, count as well.
 */
static bool
index_has_entries(Relation index, const NewXids *xids)
{
	for (int i = 0; i < xids->unfinished_count + 2; i++)
	{
		ScanKeyData keys[2];
		int			key_count = fill_search(xids, i, keys);
		TIDBitmap  *bitmap = tbm_create(work_mem * (Size) 1024, NULL);
		IndexScanDesc scan = index_beginscan_bitmap(index, GetActiveSnapshot(), NULL, key_count);
		bool		empty;

		index_rescan(scan, keys, key_count, NULL, 0);
		index_getbitmap(scan, bitmap);
		index_endscan(scan);
		empty = tbm_is_empty(bitmap);
		tbm_free(bitmap);
		if (!empty)
			return true;
	}
	return false;
}

/*
 * Take a row into account.
 */
static void
add_row(RelationArrivals *arrivals, const LogColumns *columns, TupleTableSlot *slot)
{
	bool		isnull;
	TimestampTz time = DatumGetTimestampTz(slot_getattr(slot, columns->timegenerated, &isnull));

	arrivals->new_rows++;
	if (isnull)
		return;					/* no hunt finds anything by it */
	arrivals->since = Min(arrivals->since, time);
	arrivals->until = Max(arrivals->until, time);
}

/*
 * Look at the new rows of a relation, by its index.
 */
static void
add_new_rows(RelationArrivals *arrivals, const LogColumns *columns, Relation index, const NewXids *xids)
{
	TupleTableSlot *slot = table_slot_create(columns->relation, NULL);

	for (int i = 0; i < xids->unfinished_count + 2; i++)
	{
		ScanKeyData keys[2];
		int			key_count = fill_search(xids, i, keys);
		IndexScanDesc scan = index_beginscan(columns->relation, index, GetActiveSnapshot(), NULL,
											 key_count, 0, SO_NONE);

		index_rescan(scan, keys, key_count, NULL, 0);
		while (index_getnext_slot(scan, ForwardScanDirection, slot))
		{
			CHECK_FOR_INTERRUPTS();
			add_row(arrivals, columns, slot);
		}
		index_endscan(scan);
	}
	ExecDropSingleTupleTableSlot(slot);
}

/*
 * Look at all rows of a relation: if only_new, at those that are new by their
 * ingestxid; otherwise all are, if any of them does not look so.
 */
static void
add_all_rows(RelationArrivals *arrivals, const LogColumns *columns, const NewXids *xids, bool only_new)
{
	TupleTableSlot *slot = table_slot_create(columns->relation, NULL);
	TableScanDesc scan = table_beginscan(columns->relation, GetActiveSnapshot(), 0, NULL, SO_NONE);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		int64		xid = DatumGetInt64(slot_getattr(slot, columns->ingestxid, &isnull));
		bool		looks_new = is_new_xid(xids, xid, isnull);

		CHECK_FOR_INTERRUPTS();
		if (looks_new || !only_new)
			add_row(arrivals, columns, slot);
		if (!looks_new && !only_new)
			arrivals->reread = true;
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

/*
 * A column of this type of a relation, or InvalidAttrNumber.
 */
static AttrNumber
column_of_type(Oid relid, const char *name, Oid type)
{
	AttrNumber	attnum = get_attnum(relid, name);

	return attnum != InvalidAttrNumber && get_atttype(relid, attnum) == type ? attnum : InvalidAttrNumber;
}

/*
 * Find out what is new in a table.
 */
static void
look_at_table(RelationArrivals *arrivals, Form_pg_class class, bool known, const NewXids *xids)
{
	LogColumns	columns = {
		.ingestxid = column_of_type(class->oid, "ingestxid", INT8OID),
		.timegenerated = column_of_type(class->oid, "timegenerated", TIMESTAMPTZOID)
	};
	Relation	index;

	/* below a view; its rows are new if it is */
	if (columns.ingestxid == InvalidAttrNumber || columns.timegenerated == InvalidAttrNumber)
	{
		arrivals->reread = !known;
		return;
	}

	index = known ? open_ingestxid_index(class->oid, columns.ingestxid) : NULL;
	if (index == NULL || class->reltuples < 0 || index_has_entries(index, xids))
	{
		columns.relation = table_open(class->oid, AccessShareLock);
		if (index == NULL)
			add_all_rows(arrivals, &columns, xids, known);
		else
			add_new_rows(arrivals, &columns, index, xids);
		table_close(columns.relation, NoLock);
	}
	if (index != NULL)
		index_close(index, AccessShareLock);
}

/*
 * Find out what is new in a relation, whether or not it is known from the last
 * run; if xids is NULL, only what it is.
 *
 * Returns false if queries do not read the relation, or not by this snapshot, as
 * it is newer: what is in it is left to the next run.
 */
static bool
look_at_relation(const LogRelation *relation, const NewXids *xids, const int64 *known, int known_count,
				 RelationArrivals *arrivals)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation->relid));
	Form_pg_class class;
	bool		is_known;
	bool		visible;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relation->relid);
	class = (Form_pg_class) GETSTRUCT(tuple);
	check_relation_kind(class);
	check_not_distributed(class->oid);
	if (class->relrowsecurity)
		check_policies_hide_nothing(relation);
	/* queries pass over other sessions' temporary tables */
	visible = relation_is_visible(tuple) && !isOtherTempNamespace(class->relnamespace);

	memset(arrivals, 0, sizeof(RelationArrivals));
	arrivals->since = DT_NOEND;
	arrivals->until = DT_NOBEGIN;
	if (visible)
		arrivals->identity = relation_identity(class);
	if (visible && xids != NULL)
	{
		is_known = bsearch(&arrivals->identity, known, known_count, sizeof(int64), compare_int64) != NULL;
		if (class->relkind == RELKIND_VIEW)
			arrivals->reread = !is_known;
		else if (class->relkind == RELKIND_RELATION)
			look_at_table(arrivals, class, is_known, xids);
	}
	ReleaseSysCache(tuple);
	return visible;
}

/*
 * Return a row of find_arrivals().
 */
static void
put_arrivals(ReturnSetInfo *result, const LogRelation *relation, const RelationArrivals *arrivals)
{
	Datum		values[7];
	bool		nulls[7] = {false};

	values[0] = ObjectIdGetDatum(relation->relid);
	values[1] = Int64GetDatum(arrivals->identity);
	values[2] = BoolGetDatum(relation->below_view || relation->relkind == RELKIND_VIEW);
	values[3] = Int64GetDatum(arrivals->new_rows);
	values[4] = TimestampTzGetDatum(arrivals->since);
	values[5] = TimestampTzGetDatum(arrivals->until);
	nulls[4] = nulls[5] = arrivals->since > arrivals->until;
	values[6] = BoolGetDatum(arrivals->reread);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * find_arrivals(log_table regclass, first_xid bigint, end_xid bigint,
 * unfinished_xids bigint[], known bigint[]): what is new in each relation that a
 * query of a log table reads.
 *
 * known has the identities of the relations that the last run read.  If that
 * is NULL, only who the relations are is told.
 */
Datum
azhunt_find_arrivals(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	NewXids		xids = {0};
	int			known_count = 0;
	int64	   *known = NULL;
	MemoryContext per_relation;
	ListCell   *lc;

	if (PG_ARGISNULL(0) ||
		(!PG_ARGISNULL(4) && (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("log table and transactions must not be null")));
	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(4))
	{
		xids = new_xids(PG_GETARG_INT64(1), PG_GETARG_INT64(2), PG_GETARG_ARRAYTYPE_P(3));
		known = int64_array(PG_GETARG_ARRAYTYPE_P(4), &known_count);
	}

	if (IsolationUsesXactSnapshot())
		check_visible_below(PG_GETARG_OID(0));
	per_relation = AllocSetContextCreate(CurrentMemoryContext, "azhunt arrivals", ALLOCSET_DEFAULT_SIZES);
	foreach(lc, log_relations_below(PG_GETARG_OID(0)))
	{
		const LogRelation *relation = lfirst(lc);
		MemoryContext old = MemoryContextSwitchTo(per_relation);
		RelationArrivals arrivals;

		if (look_at_relation(relation, known ? &xids : NULL, known, known_count, &arrivals))
			put_arrivals(result, relation, &arrivals);
		MemoryContextSwitchTo(old);
		MemoryContextReset(per_relation);
	}
	return (Datum) 0;
}

/*
 * allow_visits(visits bigint): how many rows count_visit() may be called for.
 */
Datum
azhunt_allow_visits(PG_FUNCTION_ARGS)
{
	visits_left = PG_GETARG_INT64(0);
	PG_RETURN_VOID();
}

/*
 * count_visit(time timestamptz, weight integer): true, or an error once more
 * rows have been visited than allow_visits() said.
 *
 * A condition of searches whose cost nobody knows beforehand.  The time makes
 * it one that is checked for each row that the search gives, and is not looked
 * at.  The error is caught by the function that has the query.
 */
Datum
azhunt_count_visit(PG_FUNCTION_ARGS)
{
	visits_left -= PG_GETARG_INT32(1);
	if (visits_left < 0)
		ereport(ERROR,
				(errcode(MAKE_SQLSTATE('Z', 'H', '0', '0', '1')),
				 errmsg("a run visits more rows than it would by starting over")));
	PG_RETURN_BOOL(true);
}
