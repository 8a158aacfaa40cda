/*-------------------------------------------------------------------------
 *
 * has.c
 *	  KQL's has: a whole term, ignoring case.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "kql.h"

/*
 * Does this byte belong to a term?  Terms are runs of ASCII letters and
 * digits; every other byte separates them.
 */
static inline bool
is_term_byte(unsigned char c)
{
	return (c >= '0' && c <= '9') ||
		(c >= 'a' && c <= 'z') ||
		(c >= 'A' && c <= 'Z');
}

/*
 * Does the string begin with the term, ignoring case?
 */
static inline bool
starts_with_fold(const char *s, KqlString term)
{
	for (size_t i = 0; i < term.length; i++)
	{
		if (s[i] != term.data[i] &&
			kql_fold_byte(s[i]) != kql_fold_byte(term.data[i]))
			return false;
	}
	return true;
}

/*
 * KQL's has: the term occurs, ignoring ASCII case, with the end of the string
 * or a byte that belongs to no term on each side of it.  What stands inside
 * the term, separators included, must occur as it is.  Every string has the
 * empty term.
 */
bool
kql_has(KqlString haystack, KqlString term)
{
	unsigned char first;
	size_t		last_start;

	if (term.length == 0)
		return true;
	if (term.length > haystack.length)
		return false;

	first = kql_fold_byte(term.data[0]);
	last_start = haystack.length - term.length;
	for (size_t i = 0; i <= last_start; i++)
	{
		if (kql_fold_byte(haystack.data[i]) != first)
			continue;
		if (i > 0 && is_term_byte(haystack.data[i - 1]))
			continue;
		if (i < last_start && is_term_byte(haystack.data[i + term.length]))
			continue;
		if (starts_with_fold(haystack.data + i, term))
			return true;
	}
	return false;
}
