/*-------------------------------------------------------------------------
 *
 * signin_bags.h
 *	  Sign-ins as the hunt for uploads shows them, in jsonb.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SIGNIN_BAGS_H
#define SIGNIN_BAGS_H

#include "fmgr.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* A string that nothing ends */
typedef struct SigninText
{
	const char *data;
	int			length;
} SigninText;

typedef struct Signin
{
	TimestampTz time;
	SigninText	account;
	SigninText	useragent;
	SigninText	address;
} Signin;

/* An array of bags that is being written */
typedef struct SigninBags
{
	StringInfoData json;
	int			count;			/* of bags that there will be */
	int			written;
	uint32		bytes;			/* of the bags that are written */
} SigninBags;

extern Jsonb *signin_bag(const Signin *signin);
extern void signin_bags_begin(SigninBags *bags, int count);
extern void signin_bags_add(SigninBags *bags, const Signin *signin);
extern Jsonb *signin_bags_end(SigninBags *bags);

#endif							/* SIGNIN_BAGS_H */
