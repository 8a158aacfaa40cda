/*-------------------------------------------------------------------------
 *
 * merge_explain.c
 *	  What EXPLAIN shows of the windowed join by a merge of indexes.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/ruleutils.h"

#include "compat.h"
#include "windowjoin/merge.h"
#include "windowjoin/node.h"

/*
 * A number of the plan.
 */
static int
private_number(CustomScan *plan, WindowMergePrivate member)
{
	return intVal(list_nth(plan->custom_private, member));
}

/*
 * The equalities, of which the first is the key.
 */
List *
window_merge_equalities(CustomScan *plan)
{
	return list_truncate(list_copy_tail(plan->custom_exprs, 1),
						 private_number(plan, MERGE_EQUALITIES));
}

/*
 * The values that times are compared with.
 */
List *
window_merge_bounds(CustomScan *plan)
{
	List	   *bounds = list_copy_tail(plan->custom_exprs, 1 +
										private_number(plan, MERGE_EQUALITIES));

	return list_truncate(bounds,
						 list_length(list_nth(plan->custom_private, MERGE_BOUNDS)));
}

/*
 * The conditions that are neither window nor equality.
 */
List *
window_merge_filters(CustomScan *plan)
{
	return list_copy_tail(plan->custom_exprs,
						  1 + private_number(plan, MERGE_EQUALITIES) +
						  list_length(list_nth(plan->custom_private, MERGE_BOUNDS)));
}

/*
 * Show what was read, by all processes.
 */
static void
explain_execution(WindowMergeState *state, ExplainState *es)
{
	MergeCounts own = merge_counts(state);
	const MergeCounts *others = &state->workers;

	ExplainPropertyUInteger("Entries Read", NULL, own.entries + others->entries, es);
	ExplainPropertyUInteger("Pairs", NULL, own.pairs + others->pairs, es);
	ExplainPropertyUInteger("Rows Fetched", NULL, own.rows + others->rows, es);
	if (state->is_from_entries[MERGE_OUTER] || state->is_from_entries[MERGE_INNER])
		ExplainPropertyUInteger("Rows Not Fetched", NULL,
								own.unfetched + others->unfetched, es);
	ExplainPropertyUInteger("Pages Visited", NULL, own.pages + others->pages, es);
	ExplainPropertyUInteger("Fetches", NULL, own.batches + others->batches, es);
	if (own.spooled + others->spooled > 0)
		ExplainPropertyUInteger("Entries Spooled", NULL,
								own.spooled + others->spooled, es);
	ExplainPropertyUInteger("Memory Usage", "kB",
							(Max(own.memory, others->memory) + 1023) / 1024, es);
}

/*
 * ExplainCustomScan: show keys and window, and what it took to join.
 */
void
window_merge_explain(CustomScanState *node, List *ancestors, ExplainState *es)
{
	WindowMergeState *state = (WindowMergeState *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	List	   *context = set_deparse_context_plan(es->deparse_cxt,
												   (Plan *) plan, ancestors);
	List	   *equalities = window_merge_equalities(plan);
	int			in_index = 1 + private_number(plan, MERGE_HAS_HASH);
	List	   *filters = list_concat(list_copy_tail(equalities, in_index),
									  window_merge_filters(plan));

	if (private_number(plan, MERGE_IS_SEMI) != 0)
		ExplainPropertyText("Join Type", "Semi", es);
	window_explain_conditions("Key", list_make1(linitial(equalities)), context, es);
	if (in_index > 1)
		window_explain_conditions("Hashed", list_make1(lsecond(equalities)), context, es);
	window_explain_conditions("Window", list_make1(linitial(plan->custom_exprs)),
							  context, es);
	window_explain_conditions("Filter", filters, context, es);
	if (state->slice_count > 1)
		ExplainPropertyInteger("Slices", NULL, state->slice_count, es);
	if (state->removed > 0)
		ExplainPropertyInteger("Subplans Removed", NULL, state->removed, es);
	if (!es->analyze || (!state->executed && state->workers.entries == 0))
		return;
	if (filters != NIL)
		window_explain_removed(node, es);
	explain_execution(state, es);
}
