/*-------------------------------------------------------------------------
 *
 * regex.h
 *	  Regular expressions as Kusto has them.
 *
 * The syntax is that of RE2.  Matching takes time in proportion to the product
 * of the lengths of pattern and text, whatever they are.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef KQL_REGEX_H
#define KQL_REGEX_H

#include "kql.h"

/* Memory, which is not NULL and all zeros; the caller frees it all at once */
typedef void *(*KqlAllocate) (void *context, size_t size);

/* Called every now and then during a search, and may not return */
typedef void (*KqlInterrupt) (void);

typedef struct KqlRegex KqlRegex;

extern KqlRegex *kql_regex_compile(KqlString pattern, KqlAllocate allocate,
								   void *context, const char **error);
extern int	kql_regex_groups(const KqlRegex *regex);
extern void *kql_regex_scratch(const KqlRegex *regex, KqlAllocate allocate,
							   void *context, KqlInterrupt interrupt);
extern bool kql_regex_search(const KqlRegex *regex, void *scratch, KqlString s,
							 size_t from, ptrdiff_t *captures);

#endif							/* KQL_REGEX_H */
