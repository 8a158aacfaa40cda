/*-------------------------------------------------------------------------
 *
 * health.c
 *	  What source_health() has to know of the rows of a log table.
 *
 * Rows arrive late, in partitions of any age, and may say of their arrival
 * whatever they like.  So each partition has to be asked; but nearly all of
 * them answer from their indexes that they have nothing to say.
 *
 * The row with the highest ingestxid of a partition, one step in a btree index,
 * tells roughly how new its rows are.  What the block range index does not rule
 * out after that is read: pages with rows that may have arrived in one of the
 * hours asked for, or may be newer than all that have been seen so far.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type_d.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/binaryheap.h"
#include "miscadmin.h"
#include "nodes/tidbitmap.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "logs/partitions.h"

PG_FUNCTION_INFO_V1(azhunt_log_table_health);

/* A time that may not be known */
typedef struct KnownTime
{
	bool		known;
	TimestampTz time;
} KnownTime;

/* What a row says of its event and arrival */
typedef struct RowTimes
{
	int64		ingestxid;
	KnownTime	begin;			/* of a sign-in */
	KnownTime	event;
	KnownTime	arrival;
} RowTimes;

/* An hour, without its begin and with its end, and the rows that arrived in it */
typedef struct ArrivalHour
{
	KnownTime	since;
	TimestampTz until;
	int64		rows;
} ArrivalHour;

/* A partition and the highest ingestxid in it */
typedef struct PartitionTop
{
	Oid			relid;
	int64		ingestxid;		/* PG_INT64_MAX if no index tells */
} PartitionTop;

/* The rows with the highest ingestxid of all that were seen */
typedef struct LatestRows
{
	int			maximum;
	RowTimes   *rows;
	binaryheap *heap;			/* of places in rows, the lowest ingestxid
								 * first */
} LatestRows;

/* What is known of a log table so far */
typedef struct LogTableHealth
{
	KnownTime	newest_event;
	KnownTime	newest_arrival;
	int			hour_count;
	ArrivalHour *hours;
	int			top_count;
	int			top_space;
	PartitionTop *tops;
	LatestRows	latest;
} LogTableHealth;

/* A partition that is read, and where in its rows the columns are */
typedef struct PartitionReader
{
	Relation	relation;
	AttrNumber	ingestxid;
	AttrNumber	createddatetime;	/* 0 if there is none */
	AttrNumber	timegenerated;
	AttrNumber	ingestedat;
	TupleTableSlot *slot;
} PartitionReader;

/*
 * A column that a log table and its children must have, with its type.
 */
static AttrNumber
required_column(Relation relation, const char *name, Oid type)
{
	AttrNumber	column = get_attnum(RelationGetRelid(relation), name);

	if (column == InvalidAttrNumber ||
		get_atttype(RelationGetRelid(relation), column) != type)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"%s\" has no column %s of type %s",
						RelationGetRelationName(relation), name, format_type_be(type))));
	return column;
}

/*
 * The column of when sign-ins began, of the logs that have it.
 */
static AttrNumber
column_of_begin(Relation relation)
{
	Oid			relid = RelationGetRelid(relation);
	AttrNumber	column = get_attnum(relid, "createddatetime");

	return get_atttype(relid, column) == TIMESTAMPTZOID ? column : InvalidAttrNumber;
}

/*
 * Begin to read a partition.
 */
static PartitionReader
begin_partition(Relation relation)
{
	PartitionReader reader = {
		.relation = relation,
		.ingestxid = required_column(relation, "ingestxid", INT8OID),
		.createddatetime = column_of_begin(relation),
		.timegenerated = required_column(relation, "timegenerated", TIMESTAMPTZOID),
		.ingestedat = required_column(relation, "ingestedat", TIMESTAMPTZOID),
		.slot = table_slot_create(relation, NULL)
	};

	return reader;
}

/*
 * A time in the row that is being read.
 */
static KnownTime
time_of_row(const PartitionReader *reader, AttrNumber column)
{
	KnownTime	result = {false, 0};
	bool		isnull = true;

	if (column != InvalidAttrNumber)
		result.time = DatumGetTimestampTz(slot_getattr(reader->slot, column, &isnull));
	result.known = !isnull;
	return result;
}

/*
 * The row that is being read.  Returns false if it has no ingestxid.
 */
static bool
read_row(const PartitionReader *reader, RowTimes *row)
{
	bool		isnull;
	Datum		value = slot_getattr(reader->slot, reader->ingestxid, &isnull);

	row->ingestxid = isnull ? 0 : DatumGetInt64(value);
	row->begin = time_of_row(reader, reader->createddatetime);
	row->event = time_of_row(reader, reader->timegenerated);
	row->arrival = time_of_row(reader, reader->ingestedat);
	return !isnull;
}

/*
 * Is a time later than another one, as an unknown one never is?
 */
static bool
is_later(const KnownTime *time, const KnownTime *than)
{
	return time->known && (!than->known || time->time > than->time);
}

/*
 * Take a row's times for the newest if they are.
 */
static void
note_newest(LogTableHealth *health, const RowTimes *row)
{
	if (is_later(&row->event, &health->newest_event))
		health->newest_event = row->event;
	if (is_later(&row->arrival, &health->newest_arrival))
		health->newest_arrival = row->arrival;
}

/*
 * Count a row in the hours in which it arrived.
 */
static void
count_arrival(LogTableHealth *health, const RowTimes *row)
{
	for (int i = 0; i < health->hour_count; i++)
	{
		ArrivalHour *hour = &health->hours[i];

		if (hour->since.known && is_later(&row->arrival, &hour->since) &&
			row->arrival.time <= hour->until)
			hour->rows++;
	}
}

/*
 * Begin a search in an index.
 */
static IndexScanDesc
begin_search(Relation table, Relation index, int key_count, ScanKey keys)
{
	IndexScanDesc scan = table != NULL ?
	index_beginscan(table, index, GetActiveSnapshot(), NULL, key_count, 0, SO_NONE) :
	index_beginscan_bitmap(index, GetActiveSnapshot(), NULL, key_count);

	index_rescan(scan, keys, key_count, NULL, 0);
	return scan;
}

/*
 * A search of a partition's rows from the highest ingestxid down.  Its
 * direction is that of the index.
 */
static IndexScanDesc
begin_latest(const PartitionReader *reader, Relation index, ScanDirection *direction)
{
	ScanKeyData key;

	ScanKeyEntryInitialize(&key, SK_ISNULL | SK_SEARCHNOTNULL, 1, InvalidStrategy,
						   InvalidOid, InvalidOid, InvalidOid, (Datum) 0);
	*direction = (index->rd_indoption[0] & INDOPTION_DESC) ?
		ForwardScanDirection : BackwardScanDirection;
	return begin_search(reader->relation, index, 1, &key);
}

/*
 * The row of a partition with the highest ingestxid.  Returns false if no row
 * has any.
 */
static bool
read_top(const PartitionReader *reader, Oid index_oid, RowTimes *row)
{
	Relation	index = index_open(index_oid, AccessShareLock);
	ScanDirection direction;
	IndexScanDesc scan = begin_latest(reader, index, &direction);
	bool		found = index_getnext_slot(scan, direction, reader->slot) &&
	read_row(reader, row);

	index_endscan(scan);
	index_close(index, AccessShareLock);
	return found;
}

/*
 * Remember how new the rows of a partition are.
 */
static void
remember_top(LogTableHealth *health, Oid relid, int64 ingestxid)
{
	if (health->top_count == health->top_space)
	{
		health->top_space *= 2;
		health->tops = repalloc_huge(health->tops, sizeof(PartitionTop) * health->top_space);
	}
	health->tops[health->top_count].relid = relid;
	health->tops[health->top_count++].ingestxid = ingestxid;
}

/*
 * Look at the top row of a partition.
 */
static void
look_at_top(const PartitionReader *reader, LogTableHealth *health)
{
	Oid			relid = RelationGetRelid(reader->relation);
	Oid			index = usable_ingestxid_index(reader->relation);
	RowTimes	row;

	if (!OidIsValid(index))
		remember_top(health, relid, PG_INT64_MAX);
	else if (read_top(reader, index, &row))
	{
		remember_top(health, relid, row.ingestxid);
		note_newest(health, &row);
	}
}

/*
 * Add to a bitmap the pages on which a time may be after one and, unless that
 * is NULL, not after another one.
 */
static void
add_pages(TIDBitmap *pages, Relation index, AttrNumber position, KnownTime after, const TimestampTz *until)
{
	ScanKeyData keys[2];
	int			key_count = 1;
	IndexScanDesc scan;

	if (after.known)
		ScanKeyEntryInitialize(&keys[0], 0, position, BTGreaterStrategyNumber, TIMESTAMPTZOID,
							   InvalidOid, F_TIMESTAMPTZ_GT, TimestampTzGetDatum(after.time));
	else
		ScanKeyEntryInitialize(&keys[0], SK_ISNULL | SK_SEARCHNOTNULL, position, InvalidStrategy,
							   InvalidOid, InvalidOid, InvalidOid, (Datum) 0);
	if (until != NULL)
		ScanKeyEntryInitialize(&keys[key_count++], 0, position, BTLessEqualStrategyNumber, TIMESTAMPTZOID,
							   InvalidOid, F_TIMESTAMPTZ_LE, TimestampTzGetDatum(*until));
	scan = begin_search(NULL, index, key_count, keys);
	index_getbitmap(scan, pages);
	index_endscan(scan);
}

/*
 * Open the index that finds times of a column, or return NULL.
 */
static Relation
open_time_index(Relation relation, AttrNumber column, AttrNumber *position)
{
	Oid			index = usable_index(relation, column, BRIN_AM_OID, position);

	if (!OidIsValid(index))
		index = usable_index(relation, column, BTREE_AM_OID, position);
	return OidIsValid(index) ? index_open(index, AccessShareLock) : NULL;
}

/*
 * The time after which no arrival may be passed over.
 */
static KnownTime
earliest_of_interest(const LogTableHealth *health)
{
	KnownTime	result = health->newest_arrival;

	for (int i = 0; i < health->hour_count; i++)
		if (is_later(&result, &health->hours[i].since) && health->hours[i].since.known)
			result = health->hours[i].since;
	return result;
}

/*
 * Add the pages on which rows may have arrived in one of the hours, or later
 * than all that were seen.  Returns false if no index tells.
 */
static bool
add_pages_of_arrivals(TIDBitmap *pages, const PartitionReader *reader, const LogTableHealth *health)
{
	AttrNumber	position;
	Relation	index = open_time_index(reader->relation, reader->ingestedat, &position);
	TIDBitmap  *candidates;

	if (index == NULL)
		return false;

	/* for most partitions the first search is the only one */
	candidates = tbm_create(work_mem * (Size) 1024, NULL);
	add_pages(candidates, index, position, earliest_of_interest(health), NULL);
	if (!tbm_is_empty(candidates))
	{
		for (int i = 0; i < health->hour_count; i++)
			if (health->hours[i].since.known)
				add_pages(pages, index, position, health->hours[i].since, &health->hours[i].until);
		add_pages(pages, index, position, health->newest_arrival, NULL);
	}
	tbm_free(candidates);
	index_close(index, AccessShareLock);
	return true;
}

/*
 * Add the pages on which events may be newer than all that were seen.  Returns
 * false if no index tells.
 */
static bool
add_pages_of_events(TIDBitmap *pages, const PartitionReader *reader, TimestampTz until, const LogTableHealth *health)
{
	AttrNumber	position;
	Relation	index;

	if (health->newest_event.known && health->newest_event.time >= until)
		return true;
	index = open_time_index(reader->relation, reader->timegenerated, &position);
	if (index == NULL)
		return false;
	add_pages(pages, index, position, health->newest_event, NULL);
	index_close(index, AccessShareLock);
	return true;
}

/*
 * Take the rows of a scan into account.
 */
static void
look_at_rows(const PartitionReader *reader, TableScanDesc scan, bool of_range, LogTableHealth *health)
{
	RowTimes	row;

	while (of_range ? table_scan_getnextslot_tidrange(scan, ForwardScanDirection, reader->slot) :
		   table_scan_getnextslot(scan, ForwardScanDirection, reader->slot))
	{
		CHECK_FOR_INTERRUPTS();
		read_row(reader, &row);
		note_newest(health, &row);
		count_arrival(health, &row);
	}
}

/*
 * Take all rows of a partition into account.
 */
static void
look_at_all_rows(const PartitionReader *reader, LogTableHealth *health)
{
	TableScanDesc scan = table_beginscan(reader->relation, GetActiveSnapshot(), 0, NULL, SO_NONE);

	look_at_rows(reader, scan, false, health);
	table_endscan(scan);
}

/*
 * Take the rows on some pages into account, from the first to the last.
 */
static void
look_at_page_range(const PartitionReader *reader, BlockNumber first, BlockNumber last, LogTableHealth *health)
{
	ItemPointerData lowest;
	ItemPointerData highest;
	TableScanDesc scan;

	ItemPointerSet(&lowest, first, FirstOffsetNumber);
	ItemPointerSet(&highest, last, PG_UINT16_MAX);
	scan = table_beginscan_tidrange(reader->relation, GetActiveSnapshot(), &lowest, &highest, SO_NONE);
	look_at_rows(reader, scan, true, health);
	table_endscan(scan);
}

/*
 * The next page of a bitmap, or InvalidBlockNumber after the last.
 */
static BlockNumber
next_page(TBMPrivateIterator *iterator)
{
	TBMIterateResult result;

	return tbm_private_iterate(iterator, &result) ? result.blockno : InvalidBlockNumber;
}

/*
 * Take the rows on the pages of a bitmap into account.
 */
static void
look_at_pages(const PartitionReader *reader, TIDBitmap *pages, LogTableHealth *health)
{
	TBMPrivateIterator *iterator = tbm_begin_private_iterate(pages);
	BlockNumber first = next_page(iterator);

	while (first != InvalidBlockNumber)
	{
		BlockNumber last = first;
		BlockNumber next = next_page(iterator);

		while (next != InvalidBlockNumber && next == last + 1)
		{
			last = next;
			next = next_page(iterator);
		}
		look_at_page_range(reader, first, last, health);
		first = next;
	}
	tbm_end_private_iterate(iterator);
}

/*
 * Take into account what is new in a partition.
 */
static void
look_at_partition(const LogPartition *partition, void *arg)
{
	LogTableHealth *health = arg;
	PartitionReader reader;
	TIDBitmap  *pages;

	/* as most of the partitions of days to come */
	if (RelationGetNumberOfBlocks(partition->relation) == 0)
		return;

	reader = begin_partition(partition->relation);
	look_at_top(&reader, health);
	pages = tbm_create(work_mem * (Size) 1024, NULL);
	if (reader.relation->rd_tableam->scan_set_tidrange != NULL &&
		add_pages_of_arrivals(pages, &reader, health) &&
		add_pages_of_events(pages, &reader, partition->until, health))
		look_at_pages(&reader, pages, health);
	else
		look_at_all_rows(&reader, health);
	tbm_free(pages);
	ExecDropSingleTupleTableSlot(reader.slot);
}

/*
 * Order the places of rows so that the lowest ingestxid is first in a heap.
 */
static int
compare_latest(Datum a, Datum b, void *arg)
{
	const RowTimes *rows = arg;
	int64		left = rows[DatumGetInt32(a)].ingestxid;
	int64		right = rows[DatumGetInt32(b)].ingestxid;

	return (left < right) - (left > right);
}

/*
 * Would a row with this ingestxid be one of the latest?
 */
static bool
is_among_latest(const LatestRows *latest, int64 ingestxid)
{
	return latest->heap->bh_size < latest->maximum ||
		ingestxid > latest->rows[DatumGetInt32(binaryheap_first(latest->heap))].ingestxid;
}

/*
 * Add a row that is one of the latest, in place of the earliest of them if
 * there are enough.
 */
static void
add_latest(LatestRows *latest, const RowTimes *row)
{
	int			count = latest->heap->bh_size;

	if (count < latest->maximum)
	{
		latest->rows[count] = *row;
		binaryheap_add(latest->heap, Int32GetDatum(count));
	}
	else
	{
		Datum		place = binaryheap_first(latest->heap);

		latest->rows[DatumGetInt32(place)] = *row;
		binaryheap_replace_first(latest->heap, place);
	}
}

/*
 * Add the latest rows of a partition by its index.
 */
static void
add_latest_by_index(const PartitionReader *reader, Oid index_oid, LatestRows *latest)
{
	Relation	index = index_open(index_oid, AccessShareLock);
	ScanDirection direction;
	IndexScanDesc scan = begin_latest(reader, index, &direction);
	RowTimes	row;

	while (index_getnext_slot(scan, direction, reader->slot))
	{
		CHECK_FOR_INTERRUPTS();
		read_row(reader, &row);
		if (!is_among_latest(latest, row.ingestxid))
			break;
		add_latest(latest, &row);
	}
	index_endscan(scan);
	index_close(index, AccessShareLock);
}

/*
 * Add the latest rows of a partition that has no index for them.
 */
static void
add_latest_of_all(const PartitionReader *reader, LatestRows *latest)
{
	TableScanDesc scan = table_beginscan(reader->relation, GetActiveSnapshot(), 0, NULL, SO_NONE);
	RowTimes	row;

	while (table_scan_getnextslot(scan, ForwardScanDirection, reader->slot))
	{
		CHECK_FOR_INTERRUPTS();
		if (read_row(reader, &row) && is_among_latest(latest, row.ingestxid))
			add_latest(latest, &row);
	}
	table_endscan(scan);
}

/*
 * Add the latest rows of a partition.
 */
static void
look_for_latest(const LogPartition *partition, void *arg)
{
	PartitionReader reader = begin_partition(partition->relation);
	Oid			index = usable_ingestxid_index(partition->relation);

	if (OidIsValid(index))
		add_latest_by_index(&reader, index, arg);
	else
		add_latest_of_all(&reader, arg);
	ExecDropSingleTupleTableSlot(reader.slot);
}

/*
 * Order partitions by their highest ingestxid, the highest first.
 */
static int
compare_tops(const void *a, const void *b)
{
	int64		left = ((const PartitionTop *) a)->ingestxid;
	int64		right = ((const PartitionTop *) b)->ingestxid;

	return (left < right) - (left > right);
}

/*
 * Collect the latest rows, from no more partitions than have any.
 */
static void
collect_latest(LogTableHealth *health, int maximum)
{
	LatestRows *latest = &health->latest;

	latest->maximum = maximum;
	latest->rows = palloc(sizeof(RowTimes) * maximum);
	latest->heap = binaryheap_allocate(maximum, compare_latest, latest->rows);

	qsort(health->tops, health->top_count, sizeof(PartitionTop), compare_tops);
	for (int i = 0; i < health->top_count; i++)
	{
		if (!is_among_latest(latest, health->tops[i].ingestxid))
			break;
		visit_log_partition(health->tops[i].relid, DT_NOEND, look_for_latest, latest);
	}
}

/*
 * The delays of the latest rows, if both times are finite: from event to
 * arrival, or from begin to event.
 */
static ArrayType *
delays_of_latest(const LatestRows *latest, bool of_events)
{
	Datum	   *delays = palloc(sizeof(Datum) * Max(latest->heap->bh_size, 1));
	int			count = 0;

	for (int i = 0; i < latest->heap->bh_size; i++)
	{
		const RowTimes *row = &latest->rows[i];
		KnownTime	from = of_events ? row->begin : row->event;
		KnownTime	to = of_events ? row->event : row->arrival;

		if (from.known && !TIMESTAMP_NOT_FINITE(from.time) &&
			to.known && !TIMESTAMP_NOT_FINITE(to.time))
			delays[count++] = DirectFunctionCall2(timestamp_mi, TimestampTzGetDatum(to.time),
												  TimestampTzGetDatum(from.time));
	}
	return construct_array(delays, count, INTERVALOID, sizeof(Interval), false, TYPALIGN_DOUBLE);
}

/*
 * How many rows arrived in each hour.
 */
static ArrayType *
arrivals_of_hours(const LogTableHealth *health)
{
	Datum	   *counts = palloc(sizeof(Datum) * Max(health->hour_count, 1));

	for (int i = 0; i < health->hour_count; i++)
		counts[i] = Int64GetDatum(health->hours[i].rows);
	return construct_array(counts, health->hour_count, INT8OID, sizeof(int64),
						   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

/*
 * Set the hours in which arrivals are counted from when they begin.
 */
static void
set_hours(LogTableHealth *health, ArrayType *since)
{
	Datum	   *times;
	bool	   *nulls;

	deconstruct_array(since, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &times, &nulls, &health->hour_count);
	health->hours = palloc0(sizeof(ArrivalHour) * Max(health->hour_count, 1));
	for (int i = 0; i < health->hour_count; i++)
	{
		ArrivalHour *hour = &health->hours[i];

		if (nulls[i])
			continue;
		hour->since.known = true;
		hour->since.time = DatumGetTimestampTz(times[i]);
		hour->until = TIMESTAMP_NOT_FINITE(hour->since.time) ? hour->since.time :
			hour->since.time + USECS_PER_HOUR;
	}
}

/*
 * An error if the current user may not read all rows of a log table, as what
 * reads no further than its indexes does not check.
 */
static void
check_may_read(Relation log_table)
{
	Oid			relid = RelationGetRelid(log_table);

	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(log_table->rd_rel->relkind),
					   RelationGetRelationName(log_table));
	if (check_enable_rls(relid, InvalidOid, false) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("row-level security may hide rows of %s from %s",
						RelationGetRelationName(log_table), GetUserNameFromId(GetUserId(), false))));
}

/*
 * An error if a relation is no table, or lacks a column.
 */
static void
check_is_log_table(Relation log_table)
{
	if (log_table->rd_rel->relkind != RELKIND_RELATION &&
		log_table->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", RelationGetRelationName(log_table))));
	required_column(log_table, "ingestxid", INT8OID);
	required_column(log_table, "timegenerated", TIMESTAMPTZOID);
	required_column(log_table, "ingestedat", TIMESTAMPTZOID);
}

/*
 * log_table_health(log_table regclass, since timestamptz[], latest integer):
 * the newest event and arrival of a table or partitioned table, how many rows
 * arrived in each hour that begins after a time in since, and the delays of the
 * latest rows by ingestxid, of their arrival and of their processing.
 */
Datum
azhunt_log_table_health(PG_FUNCTION_ARGS)
{
	Relation	log_table = table_open(PG_GETARG_OID(0), AccessShareLock);
	int			maximum = PG_GETARG_INT32(2);
	LogTableHealth health = {.top_space = 64};
	TupleDesc	tuple_desc;
	Datum		values[5];
	bool		nulls[5] = {false};

	if (get_call_result_type(fcinfo, NULL, &tuple_desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (maximum < 1 || maximum > 1000000)
		elog(ERROR, "number of latest rows out of range: %d", maximum);
	check_may_read(log_table);
	check_is_log_table(log_table);

	health.tops = palloc(sizeof(PartitionTop) * health.top_space);
	set_hours(&health, PG_GETARG_ARRAYTYPE_P(1));
	visit_log_partitions(RelationGetRelid(log_table), look_at_partition, &health);
	collect_latest(&health, maximum);
	table_close(log_table, NoLock);

	values[0] = TimestampTzGetDatum(health.newest_event.time);
	nulls[0] = !health.newest_event.known;
	values[1] = TimestampTzGetDatum(health.newest_arrival.time);
	nulls[1] = !health.newest_arrival.known;
	values[2] = PointerGetDatum(arrivals_of_hours(&health));
	values[3] = PointerGetDatum(delays_of_latest(&health.latest, false));
	values[4] = PointerGetDatum(delays_of_latest(&health.latest, true));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tuple_desc), values, nulls)));
}
