/*-------------------------------------------------------------------------
 *
 * address.c
 *	  Take the port off the address of a log record.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "kql.h"

#include <arpa/inet.h>
#include <string.h>

/*
 * Print an IPv6 address in canonical form (RFC 5952, as inet does).
 *
 * False if the text is not an IPv6 address.  An interface after a percent
 * sign, which means something on one host only, is left out.
 */
static bool
canonical_ipv6(KqlString s, char *buffer)
{
	const char *zone = memchr(s.data, '%', s.length);
	char		terminated[KQL_ADDRESS_SIZE];
	struct in6_addr address;

	if (zone != NULL)
		s.length = zone - s.data;
	if (s.length >= sizeof(terminated))
		return false;
	memcpy(terminated, s.data, s.length);
	terminated[s.length] = '\0';

	/* inet_pton() would stop at a NUL byte and take what stands before it */
	if (strlen(terminated) != s.length)
		return false;
	return inet_pton(AF_INET6, terminated, &address) == 1 &&
		inet_ntop(AF_INET6, &address, buffer, KQL_ADDRESS_SIZE) != NULL;
}

/*
 * The address in "a.b.c.d:port", "[v6]:port", "[v6]" or bare IPv6.
 *
 * Anything else is cut before its first colon, which is what the published
 * hunt's split(CallerIpAddress, ":", 0)[0] does.  The result lies in the
 * argument or in the buffer, which must hold KQL_ADDRESS_SIZE bytes.
 */
KqlString
kql_strip_port(KqlString address, char *buffer)
{
	const char *end = address.data + address.length;
	const char *colon = memchr(address.data, ':', address.length);
	KqlString	inner = address;

	if (colon == NULL)
		return address;

	if (address.data[0] == '[')
	{
		const char *bracket = memchr(address.data, ']', address.length);

		inner.data = address.data + 1;
		if (bracket == NULL || (bracket + 1 < end && bracket[1] != ':'))
			inner.length = 0;
		else
			inner.length = bracket - inner.data;
	}
	else if (memchr(colon + 1, ':', end - colon - 1) == NULL)
		inner.length = 0;		/* the usual a.b.c.d:port */

	if (inner.length > 0 && canonical_ipv6(inner, buffer))
		return kql_string(buffer, strlen(buffer));

	return kql_string(address.data, colon - address.data);
}
