/*-------------------------------------------------------------------------
 *
 * field_mappings.h
 *	  Which column takes which field.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_FIELD_MAPPINGS_H
#define LOAD_FIELD_MAPPINGS_H

#include "map/log_tables.h"

typedef enum FieldRule
{
	TAKE,						/* the column takes the value */
	FOLD,						/* ... in lower case */
	SECOND						/* ... if no other field gave it one */
} FieldRule;

/* A field of raw records, and the column that takes it. */
typedef struct FieldMapping
{
	unsigned	tables;
	const char *field;
	const char *column;
	FieldRule	rule;
} FieldMapping;

typedef enum DerivationRule
{
	WHOLE,						/* the value itself */
	MEMBER,						/* of a JSON object, the member */
	OPERATION,					/* the member, or value, if it is like a/b/c */
	SUBSCRIPTION,				/* of a resource id, the subscription */
	RESOURCE_GROUP,				/* ... the resource group */
	PROVIDER					/* ... the last provider */
} DerivationRule;

/* A column that a field fills which another column may hold already. */
typedef struct Derivation
{
	unsigned	tables;
	const char *column;
	const char *raw_field;		/* NULL if raw records don't have it */
	const char *named_field;	/* of records with the names of columns */
	DerivationRule rule;
	const char *member;
} Derivation;

extern const FieldMapping field_mappings[];
extern const Derivation derivations[];

#endif							/* LOAD_FIELD_MAPPINGS_H */
