/*-------------------------------------------------------------------------
 *
 * selectivity.c
 *	  How many rows =~ and has let through.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_statistic.h"
#include "fmgr.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

#include "planner/planner.h"

PG_FUNCTION_INFO_V1(azhunt_equals_selectivity);
PG_FUNCTION_INFO_V1(azhunt_equals_join_selectivity);
PG_FUNCTION_INFO_V1(azhunt_has_support);

/*
 * As many members of either side as the estimate of a join may look at; and if
 * there are many in all, of which more are like the others
 */
#define MAX_JOIN_MEMBERS	4
#define FEW_JOIN_MEMBERS	2
#define MANY_MEMBERS		16

/* As many members as the estimate of a restriction may look at */
#define MAX_MEMBERS			64

/* An equality to be estimated */
typedef struct Equality
{
	PlannerInfo *root;
	Oid			operator;
	Oid			collation;
	SpecialJoinInfo *sjinfo;	/* of a join */
	bool		nulls_are_equal;
} Equality;

/* What was found for a table with many partitions */
typedef struct KnownEquality
{
	Equality	equality;		/* whose join may be gone by now */
	JoinType	jointype;
	Node	   *left;
	Node	   *right;
	Selectivity selectivity;
}			KnownEquality;

/*
 * The equality that an operator's estimator is called for.
 */
static Equality
estimated_equality(FunctionCallInfo fcinfo)
{
	Equality	equality = {
		.root = (PlannerInfo *) PG_GETARG_POINTER(0),
		.operator = PG_GETARG_OID(1),
		.collation = PG_GET_COLLATION(),
	};

	return equality;
}

/*
 * Look through COALESCE(expression, constant), which the hunts write where KQL
 * has no null.  *filler is the constant, or NULL.
 */
static Node *
strip_coalesce(Node *expression, Const **filler)
{
	*filler = NULL;
	while (IsA(expression, RelabelType))
		expression = (Node *) ((RelabelType *) expression)->arg;

	if (IsA(expression, CoalesceExpr))
	{
		List	   *arguments = ((CoalesceExpr *) expression)->args;

		if (list_length(arguments) == 2 && IsA(lsecond(arguments), Const))
		{
			*filler = lsecond(arguments);
			return linitial(arguments);
		}
	}
	return expression;
}

/*
 * The fraction of nulls in a column, zero if it is not known.
 */
static double
null_fraction(VariableStatData *variable)
{
	if (!HeapTupleIsValid(variable->statsTuple))
		return 0;
	return ((Form_pg_statistic) GETSTRUCT(variable->statsTuple))->stanullfrac;
}

/*
 * The fraction of a column's rows that equal a constant.
 *
 * Core's own estimate stops at the first of the most common values that is
 * equal; here "Success" and "SUCCESS" may both be among them.
 */
static double
equal_to_constant(const Equality *equality, VariableStatData *variable,
				  Const *constant, bool variable_on_left)
{
	FmgrInfo	equal;
	double		common;
	double		matching = 0;

	fmgr_info(get_opcode(equality->operator), &equal);
	if (!constant->constisnull &&
		statistic_proc_security_check(variable, equal.fn_oid))
		matching = mcv_selectivity(variable, &equal, equality->collation,
								   constant->constvalue, variable_on_left,
								   &common);
	if (matching > 0)
		return matching;
	return var_eq_const(variable, equality->operator, equality->collation,
						constant->constvalue, constant->constisnull,
						variable_on_left, false);
}

/*
 * The fraction of rows for which one column equals something else.
 */
static double
equal_to_other(const Equality *equality, Node *column, Const *filler,
			   Node *other, bool column_on_left)
{
	VariableStatData variable;
	double		selectivity;

	examine_variable(equality->root, column, 0, &variable);
	if (IsA(other, Const))
	{
		Const	   *constant = (Const *) other;

		selectivity = equal_to_constant(equality, &variable, constant,
										column_on_left);
		if (filler != NULL && !filler->constisnull &&
			!constant->constisnull &&
			DatumGetBool(OidFunctionCall2Coll(get_opcode(equality->operator),
											  equality->collation,
											  filler->constvalue,
											  constant->constvalue)))
			selectivity += null_fraction(&variable);
	}
	else
		selectivity = var_eq_non_const(&variable, equality->operator,
									   equality->collation, other,
									   column_on_left, false);
	ReleaseVariableStats(variable);
	CLAMP_PROBABILITY(selectivity);
	return selectivity;
}

/*
 * equals_selectivity(internal, oid, internal, integer): RESTRICT of =~.
 */
Datum
azhunt_equals_selectivity(PG_FUNCTION_ARGS)
{
	Equality	equality = estimated_equality(fcinfo);
	List	   *arguments = (List *) PG_GETARG_POINTER(2);
	int			relid = PG_GETARG_INT32(3);
	VariableStatData variable;
	Const	   *filler;
	Node	   *other;
	Node	   *column;
	bool		column_on_left;
	double		selectivity = 0;
	ListCell   *cell;

	if (!get_restriction_variable(equality.root, arguments, relid, &variable,
								  &other, &column_on_left))
		PG_RETURN_FLOAT8(DEFAULT_EQ_SEL);
	column = strip_coalesce(variable.var, &filler);
	ReleaseVariableStats(variable);

	foreach(cell, find_append_members(equality.root, column, MAX_MEMBERS))
	{
		AppendMember *member = lfirst(cell);

		selectivity += member->weight *
			equal_to_other(&equality, member->expression, filler, other,
						   column_on_left);
	}
	CLAMP_PROBABILITY(selectivity);
	PG_RETURN_FLOAT8(selectivity);
}

/*
 * The fraction of nulls in an expression, zero if it is not known.
 */
static double
expression_null_fraction(PlannerInfo *root, Node *expression)
{
	VariableStatData variable;
	double		fraction;

	examine_variable(root, expression, 0, &variable);
	fraction = null_fraction(&variable);
	ReleaseVariableStats(variable);
	return fraction;
}

/*
 * Have the planner use the statistics of partial indexes, which it does not,
 * where the query reads only rows that are in them.  Returns the relation's
 * own list of indexes, to be put back.
 */
List *
reveal_partial_indexes(RelOptInfo *rel)
{
	List	   *indexes;
	ListCell   *cell;

	if (rel == NULL)
		return NIL;

	indexes = rel->indexlist;
	rel->indexlist = list_copy(indexes);
	foreach(cell, rel->indexlist)
	{
		IndexOptInfo *index = lfirst(cell);

		if (index->indpred != NIL && index->predOK)
		{
			IndexOptInfo *whole = makeNode(IndexOptInfo);

			*whole = *index;
			whole->indpred = NIL;
			lfirst(cell) = whole;
		}
	}
	return indexes;
}

/*
 * Core's estimate of the fraction of pairs of rows of which two expressions
 * are equal.
 */
static Selectivity
equal_members(const Equality *equality, Node *left, Node *right)
{
	PlannerInfo *root = equality->root;
	RelOptInfo *left_rel = relation_of(root, left);
	RelOptInfo *right_rel = relation_of(root, right);
	List	   *left_indexes = reveal_partial_indexes(left_rel);
	List	   *right_indexes = reveal_partial_indexes(right_rel);
	Datum		selectivity;

	selectivity = DirectFunctionCall5Coll(eqjoinsel, equality->collation,
										  PointerGetDatum(root),
										  ObjectIdGetDatum(equality->operator),
										  PointerGetDatum(list_make2(left, right)),
										  Int16GetDatum(equality->sjinfo->jointype),
										  PointerGetDatum(equality->sjinfo));
	if (right_rel != NULL)
		right_rel->indexlist = right_indexes;
	if (left_rel != NULL)
		left_rel->indexlist = left_indexes;
	return DatumGetFloat8(selectivity);
}

/*
 * The fraction of pairs of rows of which two expressions are equal: that of
 * each pair of members, at most so many of a side, weighted by their rows.
 */
static Selectivity
equal_pairs_of_members(const Equality *equality, Node *left, Node *right,
					   int limit)
{
	PlannerInfo *root = equality->root;
	List	   *left_members = find_append_members(root, left, limit);
	List	   *right_members = find_append_members(root, right, limit);
	double		selectivity = 0;
	ListCell   *left_cell;
	ListCell   *right_cell;

	foreach(left_cell, left_members)
	{
		AppendMember *left_member = lfirst(left_cell);

		foreach(right_cell, right_members)
		{
			AppendMember *right_member = lfirst(right_cell);
			Node	   *left_value = left_member->expression;
			Node	   *right_value = right_member->expression;
			double		matching = equal_members(equality, left_value,
												 right_value);

			if (equality->nulls_are_equal)
				matching += expression_null_fraction(root, left_value) *
					expression_null_fraction(root, right_value);
			selectivity += left_member->weight * right_member->weight * matching;
		}
	}
	CLAMP_PROBABILITY(selectivity);
	return selectivity;
}

/*
 * Is it an expression over one member of several?
 */
static bool
is_of_member(PlannerInfo *root, Node *expression)
{
	RelOptInfo *rel = relation_of(root, expression);

	return rel != NULL && IS_OTHER_REL(rel);
}

/*
 * Is it the same equality, in joins of the same kind?
 */
static bool
is_same_equality(const KnownEquality * known, const Equality *equality)
{
	return known->equality.operator == equality->operator &&
		known->equality.collation == equality->collation &&
		known->equality.nulls_are_equal == equality->nulls_are_equal &&
		known->jointype == equality->sjinfo->jointype;
}

/*
 * The fraction for one of many partitions: that of the table's largest, which
 * is found once.
 *
 * Most common values are compared with each other, which takes long where it is
 * done for each of many partitions.
 */
static Selectivity
equal_pairs_of_partition(const Equality *equality, Node *left, Node *right)
{
	PlannerInfo *root = equality->root;
	Planning   *planning = planning_of(root);
	KnownEquality *known;
	MemoryContext caller;
	ListCell   *cell;

	left = partitioned_expression(root, left);
	right = partitioned_expression(root, right);
	foreach(cell, planning->equalities)
	{
		known = lfirst(cell);
		if (is_same_equality(known, equality) &&
			equal(known->left, left) && equal(known->right, right))
			return known->selectivity;
	}

	caller = MemoryContextSwitchTo(root->planner_cxt);
	known = palloc(sizeof(KnownEquality));
	known->equality = *equality;
	known->jointype = equality->sjinfo->jointype;
	known->left = copyObject(left);
	known->right = copyObject(right);
	known->selectivity = equal_pairs_of_members(equality, known->left,
												known->right, 1);
	planning->equalities = lappend(planning->equalities, known);
	MemoryContextSwitchTo(caller);
	return known->selectivity;
}

/*
 * The fraction of pairs of rows of which two expressions are equal.
 */
static Selectivity
equal_pairs(const Equality *equality, Node *left, Node *right)
{
	PlannerInfo *root = equality->root;

	if (list_length(root->append_rel_list) < MANY_MEMBERS)
		return equal_pairs_of_members(equality, left, right, MAX_JOIN_MEMBERS);
	if (is_of_member(root, left) || is_of_member(root, right))
		return equal_pairs_of_partition(equality, left, right);
	return equal_pairs_of_members(equality, left, right, FEW_JOIN_MEMBERS);
}

/*
 * equals_join_selectivity(internal, oid, internal, smallint, internal): JOIN
 * of =~.
 */
Datum
azhunt_equals_join_selectivity(PG_FUNCTION_ARGS)
{
	Equality	equality = estimated_equality(fcinfo);
	List	   *arguments = (List *) PG_GETARG_POINTER(2);
	Const	   *left_filler;
	Const	   *right_filler;
	Node	   *left = strip_coalesce(linitial(arguments), &left_filler);
	Node	   *right = strip_coalesce(lsecond(arguments), &right_filler);

	equality.sjinfo = (SpecialJoinInfo *) PG_GETARG_POINTER(4);
	equality.nulls_are_equal = left_filler != NULL && equal(left_filler, right_filler);
	PG_RETURN_FLOAT8(equal_pairs(&equality, left, right));
}

/*
 * The selectivity of a clause of a join that also has a within().
 *
 * Core has no statistics of a key over UNION ALL, and takes all of its values
 * for equally common; we know better.  The clause keeps what is found, as it
 * does with core's own estimate, so that the join's rows are estimated by it
 * as well.
 */
Selectivity
window_clause_selectivity(PlannerInfo *root, RestrictInfo *info,
						  SpecialJoinInfo *sjinfo)
{
	OpExpr	   *clause = (OpExpr *) info->clause;

	if (info->norm_selec < 0 && IsA(clause, OpExpr) &&
		list_length(clause->args) == 2 &&
		get_oprjoin(clause->opno) == F_EQJOINSEL)
	{
		Equality	equality = {
			.root = root,
			.operator = clause->opno,
			.collation = clause->inputcollid,
			.sjinfo = sjinfo,
		};

		info->norm_selec = equal_pairs(&equality, linitial(clause->args),
									   lsecond(clause->args));
	}
	return clause_selectivity(root, (Node *) info, 0, JOIN_INNER, sjinfo);
}

/*
 * The fraction of a column's rows that have a constant term: of its most
 * common values those that do, and of the others as many as in its histogram.
 */
static double
column_has_term(PlannerInfo *root, Node *column, Oid function, Oid collation,
				Const *term)
{
	VariableStatData variable;
	FmgrInfo	has;
	double		selectivity = DEFAULT_MATCH_SEL;

	fmgr_info(function, &has);
	examine_variable(root, column, 0, &variable);
	if (HeapTupleIsValid(variable.statsTuple) &&
		statistic_proc_security_check(&variable, function))
	{
		double		common;
		double		matching;
		double		others;
		int			values;

		matching = mcv_selectivity(&variable, &has, collation,
								   term->constvalue, true, &common);
		others = histogram_selectivity(&variable, &has, collation,
									   term->constvalue, true, 1, 0, &values);
		if (others < 0)
			others = DEFAULT_MATCH_SEL;
		else if (values < 100)
			/* so few values say only so much */
			others = (others * values + DEFAULT_MATCH_SEL * (100 - values)) / 100;
		others = Min(Max(others, 0.0001), 0.9999);
		selectivity = matching +
			others * Max(1 - null_fraction(&variable) - common, 0);
	}
	ReleaseVariableStats(variable);
	CLAMP_PROBABILITY(selectivity);
	return selectivity;
}

/*
 * has_support(internal): answers the planner's requests about has().
 */
Datum
azhunt_has_support(PG_FUNCTION_ARGS)
{
	Node	   *node = (Node *) PG_GETARG_POINTER(0);
	SupportRequestSelectivity *request = (SupportRequestSelectivity *) node;
	Node	   *term;
	Const	   *filler;
	ListCell   *cell;

	if (!IsA(node, SupportRequestSelectivity) ||
		list_length(request->args) != 2)
		PG_RETURN_POINTER(NULL);

	term = estimate_expression_value(request->root, lsecond(request->args));
	request->selectivity = 0;
	if (!IsA(term, Const))
		request->selectivity = DEFAULT_MATCH_SEL;
	else if (!((Const *) term)->constisnull)
	{
		Node	   *column = strip_coalesce(linitial(request->args), &filler);

		foreach(cell, find_append_members(request->root, column, MAX_MEMBERS))
		{
			AppendMember *member = lfirst(cell);

			request->selectivity += member->weight *
				column_has_term(request->root, member->expression,
								request->funcid, request->inputcollid,
								(Const *) term);
		}
	}
	CLAMP_PROBABILITY(request->selectivity);
	PG_RETURN_POINTER(node);
}
