/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  What differs between the versions of PostgreSQL that azhunt is for.
 *
 * The code is written for the newest version; here is what older ones have
 * in place of that.  What has one name in all versions, but fields that some do
 * not have, is set by a function.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef COMPAT_H
#define COMPAT_H

#include "access/genam.h"
#include "access/tableam.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"
#include "nodes/tidbitmap.h"
#include "optimizer/appendinfo.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/plancat.h"
#include "storage/buffile.h"
#include "utils/jsonb.h"

/* 16 took these out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 took these out of commands/explain.h. */
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#else
#include "commands/explain.h"
#endif

/* 18 lets a module say its name and version. */
#ifndef PG_MODULE_MAGIC_EXT
#define PG_MODULE_MAGIC_EXT(...)	PG_MODULE_MAGIC
#endif

/* 19 has a statement where there were comments, which some compilers don't see. */
#ifndef pg_fallthrough
#define pg_fallthrough	__attribute__((fallthrough))
#endif

/* 17 has no rows removed any more that a snapshot may still have. */
#if PG_VERSION_NUM < 170000
#include "utils/snapmgr.h"
#else
#define OldSnapshotThresholdActive()	false
#endif

/*
 * 18 counts searches of an index, if it is given a place for that, and 19 is
 * told what a scan of an index or a table is for.
 */
#if PG_VERSION_NUM < 180000
#define index_beginscan(table, index, snapshot, instrument, keys, orderbys, flags) \
	index_beginscan(table, index, snapshot, keys, orderbys)
#define index_beginscan_bitmap(index, snapshot, instrument, keys) \
	index_beginscan_bitmap(index, snapshot, keys)
#elif PG_VERSION_NUM < 190000
#define index_beginscan(table, index, snapshot, instrument, keys, orderbys, flags) \
	index_beginscan(table, index, snapshot, instrument, keys, orderbys)
#endif
#if PG_VERSION_NUM < 190000
#define SO_NONE		0
#define table_beginscan(table, snapshot, count, keys, flags) \
	table_beginscan(table, snapshot, count, keys)
#define table_index_fetch_begin(table, flags) \
	table_index_fetch_begin(table)
#define table_beginscan_tidrange(table, snapshot, lowest, highest, flags) \
	table_beginscan_tidrange(table, snapshot, lowest, highest)
#endif

/* 18 has the caller keep a page of a bitmap, and two kinds of iterators. */
#if PG_VERSION_NUM < 180000
typedef TBMIterator TBMPrivateIterator;

#define tbm_begin_private_iterate	tbm_begin_iterate
#define tbm_end_private_iterate		tbm_end_iterate

/*
 * The next page of a bitmap, without the rows that are asked for on it.
 */
static inline bool
tbm_private_iterate(TBMPrivateIterator *iterator, TBMIterateResult *page)
{
	const TBMIterateResult *next = tbm_iterate(iterator);

	if (next != NULL)
		*page = *next;
	return next != NULL;
}
#endif

/*
 * 19 builds a jsonb in a state that has the result when it is complete; before,
 * each push returned it, complete or not.
 */
#if PG_VERSION_NUM < 190000
typedef struct JsonbInState
{
	JsonbValue *result;
	JsonbParseState *parseState;
} JsonbInState;

#define pushJsonbValue(state, token, value) \
	((void) ((state)->result = pushJsonbValue(&(state)->parseState, token, value)))
#endif

/* 19 measures more than plan nodes, whose measurements have a name of their own. */
#if PG_VERSION_NUM < 190000
typedef Instrumentation NodeInstrumentation;
#endif

/*
 * 19 has a hook for every kind of relation in a query, where there was one for
 * those that are in the catalog; either comes when the indexes are known.
 */
#if PG_VERSION_NUM >= 190000
typedef build_simple_rel_hook_type relation_hook_type;

#define relation_hook				build_simple_rel_hook
#define RELATION_HOOK_PARAMETERS	PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte
#define RELATION_HOOK_ARGUMENTS		root, rel, rte
#else
typedef get_relation_info_hook_type relation_hook_type;

#define relation_hook				get_relation_info_hook
#define RELATION_HOOK_PARAMETERS	PlannerInfo *root, Oid relation, bool inhparent, RelOptInfo *rel
#define RELATION_HOOK_ARGUMENTS		root, relation, inhparent, rel
#endif

/* 16 can explain a query whose parameters have no values. */
#ifndef EXEC_FLAG_EXPLAIN_GENERIC
#define EXEC_FLAG_EXPLAIN_GENERIC	0
#endif

/* 16 is told about the join that the equalities are for. */
#if PG_VERSION_NUM < 160000
#define generate_join_implied_equalities(root, relids, outer_relids, inner, sjinfo) \
	generate_join_implied_equalities(root, relids, outer_relids, inner)
#endif

/* 16 can read the end of a file or what is wanted, and complain of all else. */
#if PG_VERSION_NUM < 160000
/*
 * Read bytes that must be there, or, where that is allowed, the end.
 */
static inline size_t
BufFileReadMaybeEOF(BufFile *file, void *buffer, size_t size, bool eof_allowed)
{
	size_t		bytes = BufFileRead(file, buffer, size);

	if (bytes != size && !(bytes == 0 && eof_allowed))
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from temporary file: read only %zu of %zu bytes",
						bytes, size)));
	return bytes;
}
#endif

/*
 * What stands for columns of a partitioned table, as it is for a partition.
 * 16 takes relations where there were their numbers.
 */
static inline Node *
adjust_to_partition(PlannerInfo *root, Node *node, RelOptInfo *partition)
{
#if PG_VERSION_NUM >= 160000
	return adjust_appendrel_attrs_multilevel(root, node, partition,
											 partition->top_parent);
#else
	return adjust_appendrel_attrs_multilevel(root, node, partition->relids,
											 partition->top_parent_relids);
#endif
}

/*
 * Have a clause be one about these relations.  16 has their number beside them,
 * by which it tells a join clause.
 */
static inline void
set_clause_relids(RestrictInfo *clause, Relids relids)
{
	clause->clause_relids = relids;
#if PG_VERSION_NUM >= 160000
	clause->num_base_rels = bms_num_members(relids);
#endif
}

/*
 * Have a join count the nodes below it that were disabled, by which 18 compares
 * paths; before, their costs were raised.
 */
static inline void
set_disabled_nodes(Path *join, const Path *outer, const Path *inner)
{
#if PG_VERSION_NUM >= 180000
	join->disabled_nodes = outer->disabled_nodes + inner->disabled_nodes;
#else
	(void) join;
	(void) outer;
	(void) inner;
#endif
}

/*
 * Have a path not be one of those that are disabled, whatever others of its kind
 * are.
 */
static inline void
clear_disabled_nodes(Path *path)
{
#if PG_VERSION_NUM >= 180000
	path->disabled_nodes = 0;
#else
	(void) path;
#endif
}

/*
 * Have a path know its clauses: those of custom_private are our own, 17 looks
 * at these, too.
 */
static inline void
set_custom_clauses(CustomPath *path, List *clauses)
{
	path->custom_private = clauses;
#if PG_VERSION_NUM >= 170000
	path->custom_restrictinfo = clauses;
#endif
}

#endif							/* COMPAT_H */
