/*-------------------------------------------------------------------------
 *
 * network.c
 *	  Is an address, which is a text, in a network?
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/socket.h>

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/inet.h"

PG_FUNCTION_INFO_V1(azhunt_is_in_network);

/*
 * An IPv4 address or network that is written as IPv6, such as
 * ::ffff:203.0.113.0/120, is the IPv4 one, as it is to strip_port().
 */
static void
unmap_network(inet_struct *network)
{
	static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (network->family != PGSQL_AF_INET6 || network->bits < 96 ||
		memcmp(network->ipaddr, mapped, sizeof(mapped)) != 0)
		return;
	memmove(network->ipaddr, network->ipaddr + sizeof(mapped), 4);
	network->family = PGSQL_AF_INET;
	network->bits -= 96;
}

/*
 * Parse an address or network as type inet does.  Logs have other texts as
 * addresses, too, so this says whether it is one, where inet_in() fails.
 */
static bool
parse_network(const char *string, inet_struct *network)
{
	int			bits;

	network->family = strchr(string, ':') != NULL ? PGSQL_AF_INET6 : PGSQL_AF_INET;
	bits = pg_inet_net_pton(network->family, string, network->ipaddr, -1);
	if (bits < 0 || bits > (network->family == PGSQL_AF_INET ? 32 : 128))
		return false;
	network->bits = bits;
	unmap_network(network);
	return true;
}

/*
 * is_in_network(address text, network text): is the address in the network?
 */
Datum
azhunt_is_in_network(PG_FUNCTION_ARGS)
{
	inet_struct address;
	inet_struct network;

	PG_RETURN_BOOL(parse_network(text_to_cstring(PG_GETARG_TEXT_PP(0)), &address) &&
				   parse_network(text_to_cstring(PG_GETARG_TEXT_PP(1)), &network) &&
				   address.family == network.family &&
				   address.bits >= network.bits &&
				   bitncmp(address.ipaddr, network.ipaddr, network.bits) == 0);
}
