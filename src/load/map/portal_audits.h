/*-------------------------------------------------------------------------
 *
 * portal_audits.h
 *	  Audit logs that the Entra portal downloads, as Microsoft Graph lists them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_PORTAL_AUDITS_H
#define LOAD_PORTAL_AUDITS_H

#include "map/member_cells.h"
#include "read/record.h"

/* so many things, with so many properties each, and so many details */
#define MAX_AUDIT_TARGETS		10
#define MAX_AUDIT_PROPERTIES	20
#define MAX_AUDIT_DETAILS		20

typedef enum AuditMember
{
	AUDIT_DATE, AUDIT_ID, AUDIT_CORRELATION, AUDIT_SERVICE, AUDIT_CATEGORY, AUDIT_ACTIVITY, AUDIT_OPERATION,
	AUDIT_RESULT, AUDIT_REASON, AUDIT_AGENT, AUDIT_ACTOR_TYPE, AUDIT_ACTOR_NAME, AUDIT_ACTOR_ID, AUDIT_ACTOR_UPN,
	AUDIT_ADDRESS, AUDIT_TENANT_ID, AUDIT_TENANT_NAME, AUDIT_PRINCIPAL_ID, AUDIT_PRINCIPAL_NAME, AUDIT_MEMBERS
} AuditMember;

typedef enum TargetMember
{
	TARGET_TYPE, TARGET_NAME, TARGET_ID, TARGET_UPN, TARGET_MEMBERS
} TargetMember;

typedef enum PropertyMember
{
	PROPERTY_NAME, PROPERTY_OLD, PROPERTY_NEW, PROPERTY_MEMBERS
} PropertyMember;

/* What the columns of a file of audit logs are: numbers of cells from 1, or 0. */
typedef struct AuditHeadings
{
	int			members[AUDIT_MEMBERS];
	int			targets[MAX_AUDIT_TARGETS][TARGET_MEMBERS];
	int			properties[MAX_AUDIT_TARGETS][MAX_AUDIT_PROPERTIES][PROPERTY_MEMBERS];
	int			details[MAX_AUDIT_DETAILS][2];
	bool	   *known;			/* of each cell, whether it is one of these */
} AuditHeadings;

extern bool are_audit_headings(const Header *header);
extern void read_audit_headings(AuditHeadings *headings, const Header *header);
extern void write_audit(const AuditHeadings *headings, const Record *record, Buffer *out, MemberCells *cells);
extern void free_audit_headings(AuditHeadings *headings);

#endif							/* LOAD_PORTAL_AUDITS_H */
