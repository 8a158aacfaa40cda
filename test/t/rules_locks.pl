#!/usr/bin/perl
# The locks that a run takes: one for each partition, and those of the few
# partitions that it plans a join for.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Test::More;

use Session;

my $database = 'azhunt_rules_locks';
my $admin = Session->new(PGDATABASE => 'postgres');

$admin->do("DROP DATABASE IF EXISTS $database WITH (FORCE)");
$admin->do("CREATE DATABASE $database");

my $session = Session->new(PGDATABASE => $database);
my $days = 60;

$session->do('SET client_min_messages = warning');
$session->do('CREATE EXTENSION azhunt');
$session->do('SELECT count(*) FROM azhunt.create_log_tables()');
$session->do("SELECT azhunt.add_rule(h) FROM unnest('{storage_upload_link_account,cloudshell_usage}'::text[]) AS h");
$session->do("SELECT azhunt.add_partitions(('azhunt.' || t)::regclass, '2026-03-01', date '2026-03-01' + $days)"
	  . " FROM unnest('{storagebloblogs,storagefilelogs,signinlogs,aadnoninteractiveusersigninlogs,"
	  . "aadserviceprincipalsigninlogs,aadmanagedidentitysigninlogs,azureactivity}'::text[]) AS t");

sub rows_of_day
{
	my ($day) = @_;

	$session->do('INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)'
		  . " SELECT timestamptz '2026-03-01 12:00Z' + $day * interval '1 day', '192.0.2.' || i, 'adele\@contoso.com', 'Edge' FROM generate_series(1, 20) AS i");
	$session->do('INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)'
		  . " SELECT timestamptz '2026-03-01 12:00:30Z' + $day * interval '1 day', 'PutBlob', 'Success', '192.0.2.' || i, 'in/' || i, 'Edge' FROM generate_series(1, 20) AS i");
	$session->do('INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)'
		  . " SELECT timestamptz '2026-03-01 12:00Z' + $day * interval '1 day', 'adele\@contoso.com',"
		  . " CASE i WHEN 1 THEN 'Microsoft.Storage/storageAccounts/listKeys/action' ELSE 'operation ' || i END, 'Success', 'cloud-shell-storage-westeurope'"
		  . " FROM generate_series(1, 20) AS i");
}

# Locks that a run takes, on log tables and on their indexes; and what it found.
sub locks_of_run
{
	my ($hunt) = @_;

	$session->do('BEGIN');
	my $run = $session->do("SELECT azhunt.run_rule_in_transaction('$hunt')");
	my $locks = $session->do("SELECT count(*) FILTER (WHERE c.relkind IN ('r', 'p')) || ' ' || count(*) FILTER (WHERE c.relkind IN ('i', 'I'))"
		  . ' FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation'
		  . ' LEFT JOIN pg_index AS i ON i.indexrelid = c.oid JOIN pg_class AS t ON t.oid = coalesce(i.indrelid, c.oid)'
		  . " WHERE l.pid = pg_backend_pid() AND t.relname ~ '^(storage(blob|file)logs|signinlogs|aadnoninteractiveusersigninlogs|aadserviceprincipalsigninlogs|aadmanagedidentitysigninlogs|azureactivity)'");
	my $found = $session->do("SELECT new_matches FROM azhunt.runs WHERE run = $run");
	$session->do('COMMIT');
	return (split(/ /, $locks), $found);
}

my %index_locks_of_empty_run;

rows_of_day($_) for 0 .. $days - 1;
$session->do('VACUUM ANALYZE');
# where nothing is new: the log tables that the options read, and others, of which
# nothing below is looked at
for my $case ([ 'storage_upload_link_account', 3, 3 ], [ 'cloudshell_usage', 1, 0 ])
{
	my ($hunt, $tables, $others) = @$case;
	my $partitions = $tables * ($days + 2);    # with the default one and the table itself

	$session->do("CALL azhunt.run_rule('$hunt')");
	my ($locks, $index_locks, $found) = locks_of_run($hunt);
	is($found, 0, "$hunt: nothing new");
	cmp_ok($locks, '<=', $partitions + $others, 'locks one of each partition');
	cmp_ok($locks, '>=', $partitions - $tables, 'which the count sees');
	cmp_ok($index_locks, '<=', 5 * $tables, 'and none of their indexes');
	$index_locks_of_empty_run{$hunt} = $index_locks;
}
rows_of_day($_) for 5, 30;
for my $case ([ 'storage_upload_link_account', 6 ], [ 'cloudshell_usage', 1 ])
{
	my ($hunt, $tables) = @$case;
	my ($locks, $index_locks, $found) = locks_of_run($hunt);

	is($found, 0, "$hunt: new rows of two days, which say what is known");
	cmp_ok($locks, '<=', $tables * ($days + 2), 'lock no more partitions');
	cmp_ok($index_locks, '<=', 25 * $tables, 'and indexes of these days and their neighbours alone');
	cmp_ok($index_locks, '>', $index_locks_of_empty_run{$hunt}, 'which the count sees');
}

# What the planner locks to leave out sign-ins that are not asked for.
sub locks_of_plan
{
	my ($query) = @_;

	$session->do('BEGIN');
	$session->do("EXPLAIN $query");
	my $locked = $session->do("SELECT string_agg(c.relname::text, ' ' ORDER BY c.relname::text) FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation"
		  . " WHERE l.pid = pg_backend_pid() AND c.relkind IN ('r', 'p') AND c.relname ~ '^aad'");
	$session->do('COMMIT');
	return $locked;
}

my $parents = 'aadmanagedidentitysigninlogs aadnoninteractiveusersigninlogs aadserviceprincipalsigninlogs';
my $arguments = "'1 minute', NULL, true, '{PutBlob}', false, false, false, 'TimeGenerated', '-infinity', 'infinity'";
is(locks_of_plan($_), $parents, "$_ locks no partition of sign-ins that are not included")
  for 'SELECT * FROM azhunt.storage_upload_link_account()', 'SELECT * FROM azhunt.signins()',
  "SELECT * FROM azhunt.storage_upload_link_account_matches($arguments, NULL)",
  "SELECT * FROM azhunt.storage_upload_link_account_new_matches($arguments, '(1,2,{})')";
is(locks_of_plan("SELECT * FROM azhunt.storage_upload_link_account(include_service_principals => true,"
		  . " since => '2026-03-05 12:00Z', until => '2026-03-05 13:00Z')"),
	'aadmanagedidentitysigninlogs aadmanagedidentitysigninlogs_p20260305 aadnoninteractiveusersigninlogs'
	  . ' aadserviceprincipalsigninlogs aadserviceprincipalsigninlogs_p20260305', 'of those that are, those of the day');

$session->close;
$admin->do("DROP DATABASE $database");

done_testing();
