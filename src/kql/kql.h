/*-------------------------------------------------------------------------
 *
 * kql.h
 *	  The KQL operators and functions that the hunts use, as pure logic.
 *
 * Nothing here calls PostgreSQL, so that these functions can be fuzzed on
 * their own and linked into client programs.  Strings are byte ranges without
 * a terminator; times are PostgreSQL's microseconds since 2000-01-01 UTC.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef KQL_H
#define KQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A range of bytes that someone else owns */
typedef struct KqlString
{
	const char *data;
	size_t		length;
} KqlString;

/*
 * Make a range of bytes.
 */
static inline KqlString
kql_string(const char *data, size_t length)
{
	KqlString	s;

	s.data = data;
	s.length = length;
	return s;
}

/* What is known of the bytes of strings */
typedef enum KqlEncoding
{
	KQL_BYTES,					/* ASCII, and bytes of unknown meaning */
	KQL_EUC,					/* ASCII, and characters of several bytes */
	KQL_LATIN1,					/* each byte is a code point of Unicode */
	KQL_UTF8,
	KQL_UNKNOWN					/* not looked up yet */
} KqlEncoding;

/*
 * Fold one byte of ASCII; others stay.
 */
static inline unsigned char
kql_fold_byte(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') ? c | 0x20 : c;
}

/* Room for the longest IPv6 address that inet_ntop() prints, and its zone */
#define KQL_ADDRESS_SIZE	111

/* Infinite times, the same values that PostgreSQL's timestamps use */
#define KQL_TIME_MINUS_INFINITY INT64_MIN
#define KQL_TIME_INFINITY		INT64_MAX

/* address.c */
extern KqlString kql_strip_port(KqlString address, char *buffer);

/* uri.c */
extern KqlString kql_blob_name(KqlString uri);
extern KqlString kql_file_name(KqlString uri, bool utf8, char *buffer);

/* compare_fold.c */
extern uint64_t kql_hash_fold(KqlString s, uint64_t seed, KqlEncoding encoding);
extern bool kql_may_be_equal(size_t length_a, size_t length_b,
							 KqlEncoding encoding);
extern bool kql_equal_fold(KqlString a, KqlString b, KqlEncoding encoding);
extern int	kql_compare_fold(KqlString a, KqlString b, KqlEncoding encoding);

/* fold.c */
extern uint32_t kql_fold_code_point(uint32_t code_point);
extern uint32_t kql_next_folded(uint32_t code_point);
extern uint32_t kql_lower_code_point(uint32_t code_point);
extern uint32_t kql_upper_code_point(uint32_t code_point);
extern bool kql_is_alphanumeric(uint32_t code_point);
extern bool kql_is_space(uint32_t code_point);
extern int	kql_encode_utf8(uint32_t code_point, char *buffer);
extern size_t kql_fold_utf8(KqlString s, char *buffer);

/* has.c */
extern bool kql_has_from(KqlString haystack, KqlString term,
						 size_t *start, size_t count, KqlEncoding encoding);

/* timespan.c */
extern bool kql_within(int64_t event, int64_t anchor, int64_t lookback);
extern int64_t kql_window_start(int64_t anchor, int64_t lookback,
								int64_t earliest);
extern int64_t kql_window_end(int64_t event, int64_t lookback, int64_t latest);
extern bool kql_bin(int64_t time, int64_t size, int64_t *result);

#endif							/* KQL_H */
