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
