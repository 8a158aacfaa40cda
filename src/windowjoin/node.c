/*-------------------------------------------------------------------------
 *
 * node.c
 *	  What the plan nodes of both ways to join have in common.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "utils/ruleutils.h"

#include "compat.h"
#include "windowjoin/node.h"

/*
 * The rows that are joined have the columns that are asked for of both sides,
 * the outer one's first.
 */
List *
window_joined_tlist(List *outer, List *inner)
{
	List	   *joined = NIL;
	ListCell   *cell;

	foreach(cell, list_concat_copy(outer, inner))
		joined = lappend(joined,
						 makeTargetEntry(copyObject(lfirst(cell)),
										 list_length(joined) + 1, NULL, false));
	return joined;
}

/*
 * The joined row as the plan's result.
 */
TupleTableSlot *
window_project(CustomScanState *node)
{
	PlanState  *ps = &node->ss.ps;
	TupleTableSlot *joined = node->ss.ss_ScanTupleSlot;
	TupleTableSlot *result = ps->ps_ResultTupleSlot;
	int			columns = joined->tts_tupleDescriptor->natts;

	if (ps->ps_ProjInfo != NULL)
		return ExecProject(ps->ps_ProjInfo);

	/* not the joined row itself, which is filled again piece by piece */
	ExecClearTuple(result);
	memcpy(result->tts_values, joined->tts_values, columns * sizeof(Datum));
	memcpy(result->tts_isnull, joined->tts_isnull, columns * sizeof(bool));
	return ExecStoreVirtualTuple(result);
}

/*
 * Show a list of conditions, if there are any.
 */
void
window_explain_conditions(const char *label, List *conditions, List *context,
						  struct ExplainState *es)
{
	bool		prefix = list_length(es->rtable) > 1 || es->verbose;
	Node	   *all = (Node *) make_ands_explicit(conditions);

	if (conditions != NIL)
		ExplainPropertyText(label,
							deparse_expression(all, context, prefix, false), es);
}

/*
 * Show how many pairs the filter has removed, on average of all scans.
 */
void
window_explain_removed(const CustomScanState *node, struct ExplainState *es)
{
	const NodeInstrumentation *instrument = node->ss.ps.instrument;

	if (instrument != NULL && instrument->nloops > 0)
		ExplainPropertyFloat("Rows Removed by Filter", NULL,
							 instrument->nfiltered1 / instrument->nloops, 0,
							 es);
}

/*
 * Go to the start of a temporary file.
 */
void
window_rewind_file(BufFile *file)
{
	if (BufFileSeek(file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind temporary file of a windowed join")));
}
