/*-------------------------------------------------------------------------
 *
 * merge_tables.h
 *	  Tables and indexes of one side of a windowed join.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef WINDOWJOIN_MERGE_TABLES_H
#define WINDOWJOIN_MERGE_TABLES_H

#include "datatype/timestamp.h"
#include "nodes/pathnodes.h"

/* A table that one side reads */
typedef struct SideTable
{
	RelOptInfo *rel;
	Oid			relation;
	List	   *values;			/* the time, then the keys, of this table */
	TimestampTz first;			/* times that its partition may have, */
	TimestampTz last;			/* both included */
	IndexOptInfo *index;
	AttrNumber	hash_column;	/* of the index, 0 if there is none */
} SideTable;

/* What the indexes of a side have to have */
typedef struct SideOrder
{
	Oid			equality;		/* of keys */
	Oid			type;			/* of this side's */
	Oid			collation;
	Oid			family;			/* once it is known */
	Oid			hash_function;
	Oid			hash_collation;
} SideOrder;

/* How common the keys of a side are, as fractions of its rows */
typedef struct KeyFrequencies
{
	int			count;			/* of the most common ones */
	float4	   *common;
	double		rest;			/* of all others, */
	double		other;			/* and of each of them */
	double		repeated;		/* pairs of its rows that have the same */
} KeyFrequencies;

/* merge_tables.c */
extern List *find_side_tables(PlannerInfo *root, RelOptInfo *side, List *values);
extern bool may_read_at_once(List *const *tables, int processes);
extern bool choose_indexes(List *tables, int key, int hashed, SideOrder *order);
extern bool clause_may_come_first(RestrictInfo *clause, List *tables);
extern List *find_bounds(const SideTable *table, List **strategies,
						 List **bounds);
extern Const *make_time(TimestampTz time);
extern List *find_entry_columns(PlannerInfo *root, const RelOptInfo *joinrel,
								const RelOptInfo *side, List *tables);

/* merge_keys.c */
extern KeyFrequencies *find_key_frequencies(PlannerInfo *root, List *tables,
											int key);
extern double key_likeness(const KeyFrequencies *outer,
						   const KeyFrequencies *inner, Selectivity equal);
extern double entries_in_pairs(const KeyFrequencies *frequencies,
							   double likeness, double entries, double pairs);
extern List *find_key_ranges(PlannerInfo *root, List *const *tables,
							 const SideOrder *orders, int key, int count);

/* merge_slices.c */
extern List *find_slices(PlannerInfo *root, List *const *tables,
						 const FuncExpr *window, bool outer_is_event,
						 double *tables_at_once, double *reading);

#endif							/* WINDOWJOIN_MERGE_TABLES_H */
