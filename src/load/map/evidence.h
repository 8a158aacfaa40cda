/*-------------------------------------------------------------------------
 *
 * evidence.h
 *	  What a record says about the table in which it belongs.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_EVIDENCE_H
#define LOAD_EVIDENCE_H

#include "map/log_tables.h"
#include "read/record.h"

/*
 * The name of its log that a record has.  It may be one of several tables, or
 * none if azhunt has no table for it; a record without a name is not named.
 */
typedef struct NamedLog
{
	bool		named;
	Value		name;
	unsigned	tables;
	bool		contradicts;	/* a field says that it is of another table */
	const char *other_field;	/* ... which is this one */
	Value		other_name;		/* ... and says this */
} NamedLog;

extern NamedLog log_of_record(const Record *record);
extern unsigned leave_out_other_resources(unsigned tables, const Record *record);
extern unsigned leave_out_other_operations(unsigned tables, const Record *record);
extern unsigned choose_by_service(unsigned tables, const Record *record, const char *path, bool *contradicts);
extern unsigned choose_by_columns(unsigned tables, const Record *record);
extern const char *foreign_column(const LogTable *table, const Record *record);
extern bool provider_of_record(const Record *record, Value *provider);

#endif							/* LOAD_EVIDENCE_H */
