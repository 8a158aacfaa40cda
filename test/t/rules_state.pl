#!/usr/bin/perl
# A hunt that is changed, dropped, pruned or marked while it runs; times that no
# bin has; and what only a hostile administrator would try.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Test::More;

use Session;
use Utils;

my $database = 'azhunt_rules_state';
my $admin = Session->new(PGDATABASE => 'postgres');

$admin->do("DROP DATABASE IF EXISTS $database WITH (FORCE)");
$admin->do("CREATE DATABASE $database");

my ($one, $other) = map { Session->new(PGDATABASE => $database) } 1, 2;
my $shell = 'Microsoft.Storage/storageAccounts/listKeys/action';

$one->do('SET client_min_messages = warning');
$one->do('CREATE EXTENSION azhunt');
$one->do('SELECT count(*) FROM azhunt.create_log_tables()');

sub operation
{
	my ($time, $operation) = @_;

	$one->do('INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)'
		  . " VALUES ('$time', 'adele\@contoso.com', '$operation', 'Success', 'cloud-shell-storage-westeurope')");
}

sub waits
{
	my ($session_pid) = @_;

	return await(sub { $admin->do("SELECT 1 FROM pg_locks WHERE pid = $session_pid AND NOT granted") });
}

my $other_pid = $other->do('SELECT pg_backend_pid()');

operation('2026-03-01 00:00Z', $shell);
operation('2026-03-01 05:00Z', 'later');

#
# a snapshot that is older than the run
#
$one->do("INSERT INTO azhunt.rules (rule, hunt) VALUES ('mine', 'cloudshell_usage')");
for my $statement (q(UPDATE azhunt.rules SET options = '{"bin": "1 day"}' WHERE name = 'mine'),
	q(DELETE FROM azhunt.rules WHERE rule = 'mine'), q(SELECT azhunt.drop_rule('mine')))
{
	$other->do('BEGIN ISOLATION LEVEL REPEATABLE READ');
	$other->do('SELECT 1');
	$one->do("CALL azhunt.run_rule('mine')");
	like($other->query($statement), qr/ERROR:  could not serialize access due to concurrent update/, "not as if it had not run: $statement");
	$other->do('ROLLBACK');
}
like($one->query(q(UPDATE azhunt.rules SET options = '{"bin": "1 day"}' WHERE name = 'mine')), qr/ERROR:  scheduled hunt "mine" has run/,
	'as is said of one that has');

#
# pruned while it runs
#
$one->do("SELECT azhunt.drop_rule('mine')");
operation('2026-03-01 00:10Z', 'first');
$one->do("CALL azhunt.run_rule('cloudshell_usage')");
$one->do(q(UPDATE azhunt.cloudshell_usage_facts SET found_at = now() - interval '100 days'));
operation('2026-03-01 00:20Z', 'second');
$one->do('BEGIN');
$one->do("SELECT azhunt.run_rule_in_transaction('cloudshell_usage')");
$other->send(q(SELECT removed FROM azhunt.prune(interval '90 days') WHERE relation = 'azhunt.cloudshell_usage_facts'));
ok(waits($other_pid), 'prune() waits for a run');
$one->do('COMMIT');
is($other->answer, '0', 'and does not remove a result that it has added to');
is($one->do('SELECT count(*) FROM azhunt.cloudshell_usage_facts'), '2', 'of which all is there');

$one->do(q(UPDATE azhunt.cloudshell_usage_facts SET found_at = now() - interval '100 days'));
$one->do('BEGIN');
$one->do(q(SELECT azhunt.set_status(result_id, 'investigating', NULL) FROM azhunt.results));
$other->send(q(SELECT removed FROM azhunt.prune(interval '90 days') WHERE relation = 'azhunt.cloudshell_usage_facts'));
ok(waits($other_pid), 'it waits for who marks a result');
$one->do('COMMIT');
is($other->answer, '0', 'and leaves it');

#
# times at the ends of time
#
$one->do(q(INSERT INTO azhunt.rules (rule, hunt, options) VALUES ('five_days', 'cloudshell_usage', '{"bin": "5 days"}')));
$one->do("CALL azhunt.run_rule('$_')") for 'five_days', 'cloudshell_usage';
for my $time ('-infinity', 'infinity', '4714-11-24 00:00:00Z BC', '294276-12-31 23:59:59Z')
{
	operation($time, $shell);
	operation($time, "at $time");
	for my $hunt ('five_days', 'cloudshell_usage')
	{
		my $found = q(SELECT count(*) FROM azhunt.cloudshell_usage_facts WHERE hunt = ) . "'$hunt'";
		$one->do("CALL azhunt.run_rule('$hunt')");
		my $by_index = $one->do($found);
		$one->do("SELECT azhunt.restart_rule('$hunt')");
		$one->do("CALL azhunt.run_rule('$hunt')");
		is($one->do($found), $by_index, "$hunt: a run that starts over finds no more at $time");
	}
}

#
# a log table that becomes a view while a run waits for it
#
$one->do('BEGIN');
$one->do('LOCK TABLE azhunt.storagebloblogs IN ACCESS EXCLUSIVE MODE');
$other->send("CALL azhunt.run_rule('storage_upload_link_account')");
ok(waits($other_pid), 'a run waits for a log table');
$one->do('ALTER TABLE azhunt.signinlogs RENAME TO signins_before');
$one->do('CREATE VIEW azhunt.signinlogs AS SELECT * FROM azhunt.signins_before');
$one->do('COMMIT');
is($other->answer, '', 'and works with the view that another has become');

#
# odd calls
#
like($one->query(q(INSERT INTO azhunt.rules (rule, hunt) VALUES (repeat('n', 501), 'cloudshell_usage'))), qr/ERROR:.*check constraint/,
	'a name that no notification has room for');
for my $arguments (q(NULL, 1, 2, '{}', '{}'), q('azhunt.azureactivity', NULL, 2, '{}', '{}'), q('azhunt.azureactivity', 1, NULL, '{}', '{}'),
	q('azhunt.azureactivity', 1, 2, NULL, '{}'))
{
	like($one->query("SELECT * FROM azhunt.find_arrivals($arguments)"), qr/ERROR:  log table and transactions must not be null/, "arrivals($arguments)");
}
is($one->do(q(SELECT count(*) > 0 FROM azhunt.find_arrivals('azhunt.azureactivity', NULL, NULL, NULL, NULL))), 't', 'which may be null altogether');
like($one->query(q(SELECT * FROM azhunt.find_arrivals('azhunt.azureactivity', 1, 2, '{NULL}', '{}'))), qr/ERROR:/, 'but no element of them');

$_->close for $one, $other;
$admin->do("DROP DATABASE $database");

done_testing();
