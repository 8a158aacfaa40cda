/*-------------------------------------------------------------------------
 *
 * lookback.c
 *	  Errors of lookbacks, whatever the plan.
 *
 * within(), window_start() and window_end() raise an error for a lookback that
 * is negative or has months, but whether they are called at all depends on the
 * rows and on the plan.  So a lookback is looked at as soon as it is known:  a
 * constant while the query is planned (within.c), and one that is made of
 * parameters when the executor starts, which is here.  A lookback that is
 * computed from rows or by a subquery is known only when it is used.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/parallel.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "optimizer/optimizer.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "azhunt.h"
#include "planner/planner.h"

/* Functions whose last argument is a lookback */
#define LOOKBACK_FUNCTIONS	3

/*
 * Those that this session has planned a call of, and the hashes by which a
 * plan says that it depends on them.  A plan is never of another session.
 */
static Oid	functions[LOOKBACK_FUNCTIONS];
static uint32 hashes[LOOKBACK_FUNCTIONS];

static ExecutorStart_hook_type previous_hook = NULL;

static void check_plan(Plan *plan, QueryDesc *query);

/*
 * Which of the functions is this?  -1 if none.
 */
static int
function_index(Oid function)
{
	for (int i = 0; i < LOOKBACK_FUNCTIONS; i++)
	{
		if (functions[i] == function)
			return i;
	}
	return -1;
}

/*
 * Have the lookback looked at in each plan that calls this function, one of the
 * three.
 */
void
lookback_remember_function(Oid function)
{
	FmgrInfo	info;
	int			i;

	if (function_index(function) >= 0)
		return;

	/* each has a place of its own, also where the extension is created anew */
	fmgr_info(function, &info);
	i = info.fn_addr == azhunt_within ? 0 :
		info.fn_addr == azhunt_window_start ? 1 : 2;
	functions[i] = function;
	hashes[i] = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(function));
}

/*
 * Does a plan call one of the functions?
 */
static bool
plan_has_lookback(const PlannedStmt *statement)
{
	ListCell   *cell;

	foreach(cell, statement->invalItems)
	{
		PlanInvalItem *item = lfirst(cell);

		if (item->cacheId != PROCOID)
			continue;
		for (int i = 0; i < LOOKBACK_FUNCTIONS; i++)
		{
			if (OidIsValid(functions[i]) && item->hashValue == hashes[i])
				return true;
		}
	}
	return false;
}

/*
 * Is there anything in the expression that is not known before there are rows?
 */
static bool
depends_on_rows(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Const:
			return false;
		case T_Param:
			return ((Param *) node)->paramkind != PARAM_EXTERN;
		case T_FuncExpr:
		case T_OpExpr:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_CoalesceExpr:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_ArrayExpr:
		case T_ScalarArrayOpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_MinMaxExpr:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_SubscriptingRef:
		case T_List:
			return expression_tree_walker(node, depends_on_rows, context);
		default:
			return true;
	}
}

/*
 * Is the value of the expression known now, and the same all through the query?
 */
static bool
is_known(Node *node)
{
	return !depends_on_rows(node, NULL) && !contain_volatile_functions(node);
}

/*
 * The value of an expression that is known.
 */
static Datum
compute(Expr *expression, QueryDesc *query, EState *estate, bool *isnull)
{
	estate->es_param_list_info = query->params;
	return ExecEvalExprSwitchContext(ExecPrepareExpr(expression, estate),
									 GetPerTupleExprContext(estate), isnull);
}

/*
 * Raise the error of a lookback that is known, if it has one.
 */
static void
check_lookback(Expr *lookback, QueryDesc *query)
{
	EState	   *estate;
	Datum		value;
	bool		isnull;

	/* a constant was looked at when the query was planned */
	if (IsA(lookback, Const) || !is_known((Node *) lookback))
		return;

	estate = CreateExecutorState();
	value = compute(lookback, query, estate, &isnull);
	if (!isnull)
		(void) lookback_microseconds(DatumGetIntervalP(value));
	FreeExecutorState(estate);
}

/*
 * Does a plan have a one-time filter that is known to be false, so that nothing
 * below it is executed?  If the filter raises an error, that comes first, as it
 * would when the plan is executed.
 */
static bool
is_never_executed(Plan *plan, QueryDesc *query)
{
	List	   *filter;
	EState	   *estate;
	Datum		value;
	bool		isnull;

	if (!IsA(plan, Result))
		return false;
	filter = (List *) ((Result *) plan)->resconstantqual;
	if (filter == NIL || !is_known((Node *) filter))
		return false;

	estate = CreateExecutorState();
	value = compute(make_ands_explicit(filter), query, estate, &isnull);
	FreeExecutorState(estate);
	return isnull || !DatumGetBool(value);
}

/*
 * Look at the lookbacks of all calls in an expression.
 */
static bool
check_expression(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr))
	{
		FuncExpr   *call = (FuncExpr *) node;

		if (function_index(call->funcid) >= 0)
			check_lookback(llast(call->args), context);
	}
	return expression_tree_walker(node, check_expression, context);
}

/*
 * Look at all plans of a list.
 */
static void
check_plans(List *plans, QueryDesc *query)
{
	ListCell   *cell;

	foreach(cell, plans)
		check_plan(lfirst(cell), query);
}

/*
 * Look at the plans that some kinds of plans read beside the usual two.
 */
static void
check_inputs(Plan *plan, QueryDesc *query)
{
	switch (nodeTag(plan))
	{
		case T_Append:
			check_plans(((Append *) plan)->appendplans, query);
			break;
		case T_MergeAppend:
			check_plans(((MergeAppend *) plan)->mergeplans, query);
			break;
		case T_BitmapAnd:
			check_plans(((BitmapAnd *) plan)->bitmapplans, query);
			break;
		case T_BitmapOr:
			check_plans(((BitmapOr *) plan)->bitmapplans, query);
			break;
		case T_SubqueryScan:
			check_plan(((SubqueryScan *) plan)->subplan, query);
			break;
		case T_CustomScan:
			check_plans(((CustomScan *) plan)->custom_plans, query);
			break;
		default:
			break;
	}
}

/*
 * The expressions of a table's change.
 */
static List *
change_expressions(const ModifyTable * change)
{
	List	   *expressions = list_make5(change->withCheckOptionLists,
										 change->returningLists,
										 change->onConflictSet,
										 change->onConflictWhere,
										 change->mergeActionLists);

#if PG_VERSION_NUM >= 170000
	expressions = lappend(expressions, change->mergeJoinConditions);
#endif
	return expressions;
}

/*
 * The expressions that a join or a scan has beside conditions and columns.
 */
static List *
scan_expressions(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_IndexScan:
			return list_make2(((const IndexScan *) plan)->indexqual,
							  ((const IndexScan *) plan)->indexorderby);
		case T_IndexOnlyScan:
			return list_make2(((const IndexOnlyScan *) plan)->indexqual,
							  ((const IndexOnlyScan *) plan)->indexorderby);
		case T_BitmapIndexScan:
			return ((const BitmapIndexScan *) plan)->indexqual;
		case T_TidScan:
			return ((const TidScan *) plan)->tidquals;
		case T_TidRangeScan:
			return ((const TidRangeScan *) plan)->tidrangequals;
		case T_SampleScan:
			return list_make1(((const SampleScan *) plan)->tablesample);
		case T_FunctionScan:
			return ((const FunctionScan *) plan)->functions;
		case T_TableFuncScan:
			return list_make1(((const TableFuncScan *) plan)->tablefunc);
		case T_ValuesScan:
			return ((const ValuesScan *) plan)->values_lists;
		case T_ForeignScan:
			return list_make3(((const ForeignScan *) plan)->fdw_exprs,
							  ((const ForeignScan *) plan)->fdw_scan_tlist,
							  ((const ForeignScan *) plan)->fdw_recheck_quals);
		case T_CustomScan:
			return list_make2(((const CustomScan *) plan)->custom_exprs,
							  ((const CustomScan *) plan)->custom_scan_tlist);
		case T_NestLoop:
			return ((const Join *) plan)->joinqual;
		case T_MergeJoin:
			return list_make2(((const Join *) plan)->joinqual,
							  ((const MergeJoin *) plan)->mergeclauses);
		case T_HashJoin:
			return list_make2(((const Join *) plan)->joinqual,
							  ((const HashJoin *) plan)->hashclauses);
		default:
			return NIL;
	}
}

/*
 * The expressions that plans of some kinds have beside conditions and columns.
 */
static List *
own_expressions(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_Result:
			return list_make1(((const Result *) plan)->resconstantqual);
		case T_ModifyTable:
			return change_expressions((const ModifyTable *) plan);
		case T_WindowAgg:
			return list_make3(((const WindowAgg *) plan)->startOffset,
							  ((const WindowAgg *) plan)->endOffset,
							  ((const WindowAgg *) plan)->runCondition);
		case T_Limit:
			return list_make2(((const Limit *) plan)->limitOffset,
							  ((const Limit *) plan)->limitCount);
		default:
			return scan_expressions(plan);
	}
}

/*
 * Look at the lookbacks in a plan and all below it.
 */
static void
check_plan(Plan *plan, QueryDesc *query)
{
	if (plan == NULL)
		return;
	check_stack_depth();
	if (is_never_executed(plan, query))
		return;
	(void) check_expression((Node *) plan->targetlist, query);
	(void) check_expression((Node *) plan->qual, query);
	(void) check_expression((Node *) own_expressions(plan), query);
	check_inputs(plan, query);
	check_plan(plan->lefttree, query);
	check_plan(plan->righttree, query);
}

/*
 * ExecutorStart_hook: raise the errors of lookbacks that are known by now.
 */
static void
start_executor(QueryDesc *query, int eflags)
{
	if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0 && !IsParallelWorker() &&
		query->snapshot != InvalidSnapshot &&
		plan_has_lookback(query->plannedstmt))
	{
		PushActiveSnapshot(query->snapshot);
		check_plan(query->plannedstmt->planTree, query);
		check_plans(query->plannedstmt->subplans, query);
		PopActiveSnapshot();
	}

	if (previous_hook != NULL)
		previous_hook(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
}

/*
 * Have such errors raised from now on.
 */
void
lookback_install_hook(void)
{
	previous_hook = ExecutorStart_hook;
	ExecutorStart_hook = start_executor;
}
