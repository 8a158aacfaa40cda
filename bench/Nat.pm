# Logs where many rows share an address, as behind a NAT, and what runs over them
# cost.
package Nat;

use strict;
use warnings;

# A database whose hunts have run over rows uploads and as many sign-ins, a fifth
# of each from one address within an hour, with user agents that never match, and
# over rows operations, a fifth of one caller; and to which new uploads and
# operations have come since, in the same proportion.
sub database
{
	my ($cluster, $database, %options) = @_;

	$cluster->session->do("CREATE DATABASE $database");
	my $session = $cluster->session($database);
	$session->do('CREATE EXTENSION azhunt');
	$session->do('SELECT count(*) FROM azhunt.create_log_tables()');
	$session->do("INSERT INTO azhunt.rules (rule, hunt, options) VALUES"
		  . " ('nat storage_upload_link_account', 'storage_upload_link_account', '{\"lookback\": \"1 day\"}'),"
		  . " ('nat cloudshell_usage', 'cloudshell_usage', '{}')");
	load($session, $options{rows}, 'signins', 'uploads', 'operations');
	$session->do('VACUUM ANALYZE') if $options{statistics};
	for my $hunt (qw(storage_upload_link_account cloudshell_usage))
	{
		$session->do("CALL azhunt.run_rule('nat $hunt')");
	}
	load($session, $options{new}, 'uploads', 'operations');
	return $session;
}

my %insert = (
	signins => "INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent, resulttype)
SELECT timestamptz '2026-03-10 00:00+00' + i * interval '1 day' / ROWS,
	CASE WHEN i % 5 = 0 THEN '203.0.113.1' ELSE format('10.%s.%s.%s', i / 62500 % 250, i / 250 % 250, i % 250) END,
	format('user%s\@contoso.com', i % 5000), 'sign-in agent', '0'
FROM generate_series(1, ROWS) AS i",
	uploads => "INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader, accountname, correlationid)
SELECT timestamptz '2026-03-10 00:00+00' + i * interval '1 day' / ROWS,
	'PutBlob', 'Success', '201',
	CASE WHEN i % 5 = 0 THEN '203.0.113.1:' || 1024 + i % 60000 ELSE format('10.%s.%s.%s:443', i / 62500 % 250, i / 250 % 250, i % 250) END,
	'https://contosodata.blob.core.windows.net/in/report' || i || '.pdf?sig=XXXXX', 'upload agent', 'contosodata', i::text
FROM generate_series(1, ROWS) AS i",
	operations => "INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)
SELECT timestamptz '2026-03-10 00:00+00' + i * interval '1 day' / ROWS,
	CASE WHEN i % 5 < 2 THEN 'service\@contoso.com' ELSE format('user%s\@contoso.com', i % 5000) END,
	CASE WHEN i % 5 = 0 THEN 'Microsoft.Storage/storageAccounts/listKeys/action' ELSE 'Microsoft.Compute/virtualMachines/write' END,
	'Success', 'cloud-shell-storage-westeurope'
FROM generate_series(1, ROWS) AS i");

sub load
{
	my ($session, $rows, @kinds) = @_;

	$session->do($insert{$_} =~ s/ROWS/$rows/gr) for @kinds;
}

# What a run costs and says of itself.
sub measure
{
	my ($session, $name) = @_;
	my $plan = $session->do("EXPLAIN (ANALYZE, BUFFERS, COSTS off, TIMING off, FORMAT JSON) SELECT azhunt.run_rule_in_transaction('$name')");
	my ($hit) = $plan =~ /"Shared Hit Blocks": (\d+)/;
	my ($read) = $plan =~ /"Shared Read Blocks": (\d+)/;
	my ($milliseconds) = $plan =~ /"Execution Time": ([\d.]+)/;
	my ($started_over, $new_matches) = split /\|/,
	  $session->do("SELECT coalesce(started_over, ''), new_matches FROM azhunt.runs WHERE rule = '$name' ORDER BY run DESC LIMIT 1");

	return { buffers => $hit + $read, milliseconds => $milliseconds, started_over => $started_over, new_matches => $new_matches };
}

1;
