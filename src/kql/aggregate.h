/*-------------------------------------------------------------------------
 *
 * aggregate.h
 *	  What the aggregates make_set, make_list and make_bag share.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef AGGREGATE_H
#define AGGREGATE_H

#include "dynamic.h"

/* The most elements or keys that KQL's aggregates return, and the default */
#define KQL_MAX_SIZE	1048576

struct ElementStore;
struct ValuePool;

extern MemoryContext aggregate_context(FunctionCallInfo fcinfo);
extern DynamicType *aggregate_argument_type(FunctionCallInfo fcinfo,
											int argument);
extern struct ValuePool *aggregate_pool(FunctionCallInfo fcinfo);
extern bool aggregate_is_ordered(FunctionCallInfo fcinfo);
extern int	aggregate_limit(FunctionCallInfo fcinfo, int argument);
extern void aggregate_check_limit(int before, int now);
extern Datum aggregate_first_state(FunctionCallInfo fcinfo);
extern struct ElementStore *aggregate_open_message(FunctionCallInfo fcinfo,
												   StringInfo message);
extern void aggregate_close_message(StringInfo message);

#endif							/* AGGREGATE_H */
