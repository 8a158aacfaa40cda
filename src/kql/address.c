/*-------------------------------------------------------------------------
 *
 * address.c
 *	  Take the port off the address of a log record.
 *
 * Records of one client must get one address, and those of strangers never
 * the same, so whatever is not surely an address with a port stays whole.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "kql.h"

#include <arpa/inet.h>
#include <string.h>

/* The longest name of an interface that is kept behind a percent sign */
#define ZONE_SIZE		(KQL_ADDRESS_SIZE - INET6_ADDRSTRLEN - 1)

/*
 * Is this the number of a port?  A colon without one names no other client.
 */
static bool
is_port(const char *digits, const char *end)
{
	unsigned int port = 0;

	if (end - digits > 5)
		return false;
	for (const char *p = digits; p < end; p++)
	{
		unsigned int digit = (unsigned char) *p - '0';

		if (digit > 9)
			return false;
		port = port * 10 + digit;
	}
	return port <= 65535;
}

/*
 * Is this what stands behind the percent sign of an address?
 */
static bool
is_zone(KqlString zone)
{
	if (zone.length == 0 || zone.length > ZONE_SIZE)
		return false;
	for (size_t i = 0; i < zone.length; i++)
	{
		unsigned char c = kql_fold_byte(zone.data[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			  c == '.' || c == '_' || c == '-' || c == '~'))
			return false;
	}
	return true;
}

/*
 * Print an address in canonical form (RFC 5952, as inet does): an IPv6 address
 * without its zone, or an IPv4 address if that is what it stands for.
 *
 * False if the text is no such address.  With "v4", it may be IPv4 itself.
 */
static bool
canonical_address(KqlString s, bool v4, char *buffer)
{
	char		terminated[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (s.length >= sizeof(terminated))
		return false;
	memcpy(terminated, s.data, s.length);
	terminated[s.length] = '\0';

	/* inet_pton() would stop at a NUL byte and take what stands before it */
	if (strlen(terminated) != s.length)
		return false;
	if (v4 && inet_pton(AF_INET, terminated, &address) == 1)
		return inet_ntop(AF_INET, &address, buffer, INET6_ADDRSTRLEN) != NULL;
	if (inet_pton(AF_INET6, terminated, &address) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&address))
		return inet_ntop(AF_INET, &address.s6_addr[12], buffer,
						 INET6_ADDRSTRLEN) != NULL;
	return inet_ntop(AF_INET6, &address, buffer, INET6_ADDRSTRLEN) != NULL;
}

/*
 * The same of an address that may have a zone, which stays: the same address
 * is another client's on another link.  Empty if this is no address.
 */
static KqlString
address_with_zone(KqlString s, bool v4, char *buffer)
{
	const char *percent = memchr(s.data, '%', s.length);
	KqlString	zone = kql_string(NULL, 0);
	size_t		length;

	if (percent != NULL)
	{
		zone = kql_string(percent + 1, s.data + s.length - percent - 1);
		if (!is_zone(zone))
			return kql_string(buffer, 0);
		s.length = percent - s.data;
		v4 = false;
	}
	if (!canonical_address(s, v4, buffer))
		return kql_string(buffer, 0);
	length = strlen(buffer);
	if (percent != NULL)
	{
		buffer[length++] = '%';
		memcpy(buffer + length, zone.data, zone.length);
	}
	return kql_string(buffer, length + zone.length);
}

/*
 * The address in "[v6]:port" or "[v6]"; empty if this is neither.
 */
static KqlString
bracketed_address(KqlString s, char *buffer)
{
	const char *end = s.data + s.length;
	const char *bracket = memchr(s.data, ']', s.length);

	if (bracket == NULL)
		return kql_string(buffer, 0);
	if (bracket + 1 < end &&
		(bracket[1] != ':' || !is_port(bracket + 2, end)))
		return kql_string(buffer, 0);
	return address_with_zone(kql_string(s.data + 1, bracket - s.data - 1), true,
							 buffer);
}

/*
 * Is nothing left out of this IPv6 address, so that what follows it after a
 * colon can only be a port?
 */
static bool
is_written_out(KqlString address)
{
	for (size_t i = address.length; i > 0; i--)
	{
		if (address.data[i - 1] == '.')
			return true;		/* it ends with an IPv4 address */
		if (i > 1 && address.data[i - 1] == ':' && address.data[i - 2] == ':')
			return false;
	}
	return true;
}

/*
 * The address in bare IPv6, or in that with a port after eight groups; empty
 * if this is neither.
 */
static KqlString
bare_address(KqlString s, char *buffer)
{
	KqlString	address = address_with_zone(s, false, buffer);
	size_t		colon = s.length;

	if (address.length > 0)
		return address;
	while (s.data[colon - 1] != ':')
		colon--;
	if (!is_port(s.data + colon, s.data + s.length))
		return address;
	s.length = colon - 1;
	if (!is_written_out(s) || !canonical_address(s, false, buffer))
		return address;
	return kql_string(buffer, strlen(buffer));
}

/*
 * The address without its port: of "host:port", "[v6]:port", "[v6]" and bare
 * IPv6.  It is empty if nothing but a port is there, as that names nobody.
 * Everything else stays as it is.
 *
 * The result lies in the argument or in the buffer, which must hold
 * KQL_ADDRESS_SIZE bytes.
 */
KqlString
kql_strip_port(KqlString address, char *buffer)
{
	const char *end = address.data + address.length;
	const char *colon = memchr(address.data, ':', address.length);
	KqlString	stripped;

	if (address.length > 0 && address.data[0] == '[')
		stripped = bracketed_address(address, buffer);
	else if (colon == NULL)
		return address;
	else if (is_port(colon + 1, end))
		return kql_string(address.data, colon - address.data);
	else if (memchr(colon + 1, ':', end - colon - 1) != NULL)
		stripped = bare_address(address, buffer);
	else
		return address;
	return stripped.length > 0 ? stripped : address;
}
