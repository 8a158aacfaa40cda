/*-------------------------------------------------------------------------
 *
 * relations.h
 *	  The relations that a query of a log table reads.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOG_RELATIONS_H
#define LOG_RELATIONS_H

#include "access/htup.h"
#include "nodes/pg_list.h"

/* A relation that a query of a log table reads */
typedef struct LogRelation
{
	Oid			relid;
	Oid			reader;			/* role whose policies are for this relation */
	char		relkind;
	bool		below_view;
} LogRelation;

extern List *log_relations_below(Oid log_table);
extern void check_visible_below(Oid relid);
extern bool relation_is_visible(HeapTuple class_tuple);
extern void check_not_distributed(Oid relid);
extern void check_policies_hide_nothing(const LogRelation *relation);

#endif							/* LOG_RELATIONS_H */
