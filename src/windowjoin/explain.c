/*-------------------------------------------------------------------------
 *
 * explain.c
 *	  What EXPLAIN shows of the windowed join.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/ruleutils.h"

#include "compat.h"
#include "windowjoin/exec.h"
#include "windowjoin/node.h"

/*
 * The equalities that are the key.
 */
List *
window_join_keys(CustomScan *plan)
{
	List	   *conditions = list_copy_tail(plan->custom_exprs, 1);

	return list_truncate(conditions,
						 intVal(list_nth(plan->custom_private, PRIVATE_KEYS)));
}

/*
 * The conditions that are neither window nor key.
 */
List *
window_join_filters(CustomScan *plan)
{
	return list_copy_tail(plan->custom_exprs,
						  1 + intVal(list_nth(plan->custom_private, PRIVATE_KEYS)));
}

/*
 * ExplainCustomScan: show keys and window, and what it took to join.
 */
void
window_join_explain(CustomScanState *node, List *ancestors, ExplainState *es)
{
	WindowJoinState *state = (WindowJoinState *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	List	   *context = set_deparse_context_plan(es->deparse_cxt,
												   (Plan *) plan, ancestors);

	window_explain_conditions("Key", window_join_keys(plan), context, es);
	window_explain_conditions("Window", list_make1(linitial(plan->custom_exprs)),
							  context, es);
	window_explain_conditions("Filter", window_join_filters(plan), context, es);
	if (!es->analyze || !state->executed)
		return;

	if (window_join_filters(plan) != NIL)
		window_explain_removed(node, es);
	ExplainPropertyInteger("Memory Usage", "kB",
						   (state->peak_memory + 1023) / 1024, es);
	ExplainPropertyInteger("Batches", NULL, Max(state->batch_count, 1), es);
	if (state->batch_count > 0)
		ExplainPropertyUInteger("Pieces", NULL, state->pieces, es);
}
