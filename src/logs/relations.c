/*-------------------------------------------------------------------------
 *
 * relations.c
 *	  The relations that a query of a log table reads, and whether it can see
 *	  all of their rows.
 *
 * A hunt that says that there is nothing is believed.  So each case in which
 * PostgreSQL, or an extension of it, would answer from fewer rows than there
 * are, and which can be known, is an error here.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace_d.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "partitioning/partdesc.h"
#include "rewrite/prs2lock.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "logs/relations.h"

PG_FUNCTION_INFO_V1(azhunt_check_rows_are_visible);

/* A relation, and the role as which it is read */
typedef struct RelationReader
{
	Oid			relid;
	Oid			reader;
} RelationReader;

/* What is known while the relations below a log table are collected */
typedef struct RelationWalk
{
	HTAB	   *seen;			/* of RelationReader */
	List	   *relations;		/* of LogRelation */
} RelationWalk;

static void walk_relation(Oid relid, Oid reader, bool below_view, RelationWalk *walk);

/*
 * The tables and views that a query names.
 */
static bool
collect_relations_walker(Node *node, void *context)
{
	List	  **relids = context;

	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *rte = (RangeTblEntry *) node;

		if (rte->rtekind == RTE_RELATION)
			*relids = list_append_unique_oid(*relids, rte->relid);
		return false;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, collect_relations_walker,
								 context, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, collect_relations_walker, context);
}

/*
 * The relations that a view names, as of now.
 *
 * Before version 16, its rule has the view itself for OLD and NEW.
 */
static List *
relations_of_view(Relation view)
{
	List	   *relids = NIL;

	for (int i = 0; view->rd_rules && i < view->rd_rules->numLocks; i++)
	{
		RewriteRule *rule = view->rd_rules->rules[i];

		if (rule->event == CMD_SELECT)
			collect_relations_walker((Node *) rule->actions, &relids);
	}
	return list_delete_oid(relids, RelationGetRelid(view));
}

/*
 * Walk what a view reads, as the role as which it is read.
 */
static void
walk_view(Oid relid, Oid reader, RelationWalk *walk)
{
	Relation	view = relation_open(relid, AccessShareLock);
	Oid			owner = RelationHasSecurityInvoker(view) ? reader : view->rd_rel->relowner;
	List	   *relids = relations_of_view(view);
	ListCell   *lc;

	relation_close(view, NoLock);
	foreach(lc, relids)
		walk_relation(lfirst_oid(lc), owner, true, walk);
	list_free(relids);
}

/*
 * Walk a relation, its children, and what it reads if it is a view.
 *
 * Each is locked until the end of the transaction, so that none can be
 * detached meanwhile.
 */
static void
walk_relation(Oid relid, Oid reader, bool below_view, RelationWalk *walk)
{
	RelationReader key = {.relid = relid,.reader = reader};
	LogRelation *relation;
	bool		found;
	char		relkind;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();

	hash_search(walk->seen, &key, HASH_ENTER, &found);
	if (found)
		return;
	LockRelationOid(relid, AccessShareLock);
	relkind = get_rel_relkind(relid);
	if (relkind == '\0')
		return;					/* dropped while we waited for the lock */

	relation = palloc(sizeof(LogRelation));
	relation->relid = relid;
	relation->reader = reader;
	relation->relkind = relkind;
	relation->below_view = below_view;
	walk->relations = lappend(walk->relations, relation);

	if (relkind == RELKIND_VIEW)
		walk_view(relid, reader, walk);
	else if (relkind == RELKIND_PARTITIONED_TABLE || has_subclass(relid))
	{
		List	   *children = find_inheritance_children(relid, NoLock);
		ListCell   *lc;

		foreach(lc, children)
			walk_relation(lfirst_oid(lc), reader, below_view, walk);
		list_free(children);
	}
}

/*
 * The relations that a query of a log table reads: itself, its partitions or
 * children, and if it is a view, those that it names.
 *
 * Takes AccessShareLock on all of them, and leaves it to the end of the
 * transaction.
 */
List *
log_relations_below(Oid log_table)
{
	HASHCTL		control = {
		.keysize = sizeof(RelationReader),
		.entrysize = sizeof(RelationReader),
		.hcxt = CurrentMemoryContext
	};
	RelationWalk walk = {
		.seen = hash_create("azhunt log relations", 1024, &control,
							HASH_ELEM | HASH_BLOBS | HASH_CONTEXT)
	};

	walk_relation(log_table, GetUserId(), false, &walk);
	hash_destroy(walk.seen);
	return walk.relations;
}

/*
 * Is what a transaction wrote into the catalogue newer than the snapshot that
 * rows are read by?
 */
static bool
is_newer_than_snapshot(HeapTupleHeader tuple)
{
	TransactionId xmin = HeapTupleHeaderGetXmin(tuple);

	return !HeapTupleHeaderXminFrozen(tuple) &&
		!TransactionIdIsCurrentTransactionId(xmin) &&
		XidInMVCCSnapshot(xmin, GetActiveSnapshot());
}

/*
 * An error that says that a relation has changed since the snapshot.
 *
 * Queries are planned by today's catalogue: pruning by a partition that the
 * snapshot does not see would skip the rows that it still sees elsewhere.
 */
static void
raise_changed_since_snapshot(Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not serialize access due to a concurrent change of table %s or its partitions",
					quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
											   get_rel_name(relid))),
			 errdetail("The snapshot of this transaction is older than the change, so that rows could be missed."),
			 errhint("The transaction might succeed if retried.")));
}

/*
 * How many children a relation has by a snapshot, or if it is NULL, as of now.
 */
static int
count_children(Relation inherits, Oid relid, Snapshot snapshot, bool *has_newer)
{
	int			count = 0;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_inherits_inhparent, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(inherits, InheritsParentIndexId, true, snapshot, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		count++;
		if (is_newer_than_snapshot(tuple->t_data))
			*has_newer = true;
	}
	systable_endscan(scan);
	return count;
}

/*
 * The children of a relation that may have children themselves.
 */
static List *
children_with_children(Oid relid)
{
	List	   *children = NIL;

	if (get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE)
	{
		Relation	parent = table_open(relid, AccessShareLock);
		PartitionDesc partitions = RelationGetPartitionDesc(parent, true);

		for (int i = 0; i < partitions->nparts; i++)
			if (!partitions->is_leaf[i])
				children = lappend_oid(children, partitions->oids[i]);
		table_close(parent, NoLock);
	}
	else if (has_subclass(relid))
		children = find_inheritance_children(relid, NoLock);
	return children;
}

/*
 * An error if the partitions or children that a relation has now are not those
 * that the snapshot sees.
 */
static void
check_children_are_visible(Relation inherits, Oid relid)
{
	bool		has_newer = false;
	int			now;
	ListCell   *lc;

	check_stack_depth();
	now = count_children(inherits, relid, NULL, &has_newer);
	if (has_newer ||
		now != count_children(inherits, relid, GetActiveSnapshot(), &has_newer))
		raise_changed_since_snapshot(relid);

	foreach(lc, children_with_children(relid))
		check_children_are_visible(inherits, lfirst_oid(lc));
}

/*
 * Is a relation as the snapshot sees it, and not one that was created, attached
 * or rewritten since?
 *
 * A transaction whose snapshot stays, as at REPEATABLE READ, would never see
 * what is in it, which is an error then.
 */
bool
relation_is_visible(HeapTuple class_tuple)
{
	if (!is_newer_than_snapshot(class_tuple->t_data))
		return true;
	if (IsolationUsesXactSnapshot())
		raise_changed_since_snapshot(((Form_pg_class) GETSTRUCT(class_tuple))->oid);
	return false;
}

/*
 * Is a relation in a table of Citus' catalogue, by the column logicalrelid?
 */
static bool
is_listed_as_distributed(Oid distributed_tables, Oid relid)
{
	AttrNumber	attnum = get_attnum(distributed_tables, "logicalrelid");
	Relation	catalog;
	ScanKeyData key;
	SysScanDesc scan;
	bool		found;

	if (attnum == InvalidAttrNumber)
		return false;
	catalog = table_open(distributed_tables, AccessShareLock);
	ScanKeyInit(&key, attnum, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, InvalidOid, false, NULL, 1, &key);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

/*
 * An error if Citus distributes a table, whose rows are on other servers then.
 *
 * Citus decides what is distributed before SQL functions are inlined, so that
 * the hunts would read the empty table that stands for it here.
 */
void
check_not_distributed(Oid relid)
{
	Oid			distributed_tables = get_relname_relid("pg_dist_partition", PG_CATALOG_NAMESPACE);

	if (OidIsValid(distributed_tables) &&
		is_listed_as_distributed(distributed_tables, relid))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("log table %s is distributed by Citus",
						quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
												   get_rel_name(relid))),
				 errdetail("Its rows are on other servers, and a hunt here would find nothing."),
				 errhint("Hunt on each worker, over a view of the shards that it has.")));
}

/*
 * An error if row-level security may hide rows of a relation from its reader.
 */
void
check_policies_hide_nothing(const LogRelation *relation)
{
	if (check_enable_rls(relation->relid, relation->reader, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("row-level security may hide rows of %s from %s, who runs rules",
						quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation->relid)),
												   get_rel_name(relation->relid)),
						quote_identifier(GetUserNameFromId(relation->reader, false))),
				 errdetail("Rows that a policy shows only later would never be found."),
				 errhint("Give the role BYPASSRLS, or the table to it.")));
}

/*
 * An error if a query of a log table would not see rows that are there.
 *
 * Partitions and what a view reads are looked at as of now.
 */
void
check_visible_below(Oid relid)
{
	HeapTuple	class_tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	char		relkind;

	if (!HeapTupleIsValid(class_tuple))
		return;
	check_stack_depth();
	check_not_distributed(relid);
	(void) relation_is_visible(class_tuple);
	relkind = ((Form_pg_class) GETSTRUCT(class_tuple))->relkind;
	ReleaseSysCache(class_tuple);
	if (relkind == RELKIND_VIEW)
	{
		Relation	view = relation_open(relid, AccessShareLock);
		List	   *relids = relations_of_view(view);
		ListCell   *lc;

		relation_close(view, NoLock);
		foreach(lc, relids)
			check_visible_below(lfirst_oid(lc));
	}
	else if (relkind == RELKIND_PARTITIONED_TABLE || has_subclass(relid))
	{
		Relation	inherits = table_open(InheritsRelationId, AccessShareLock);

		check_children_are_visible(inherits, relid);
		table_close(inherits, AccessShareLock);
	}
}

/*
 * check_rows_are_visible(tables text[]): true, or an error if a query of these
 * log tables would not see rows that are there.
 *
 * What is not there at all, or is named by NULL, is left to the query.
 */
Datum
azhunt_check_rows_are_visible(PG_FUNCTION_ARGS)
{
	Oid			schema = get_namespace_oid("azhunt", false);
	Datum	   *names;
	bool	   *nulls;
	int			count;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT,
					  &names, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		Oid			relid = nulls[i] ? InvalidOid :
		get_relname_relid(TextDatumGetCString(names[i]), schema);

		if (OidIsValid(relid))
			check_visible_below(relid);
	}
	PG_RETURN_BOOL(true);
}
