# run_rule(): what it records, announces and refuses, and by which plans it
# reads the log tables.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Session;
use Utils;
use Test::More;

my $database = 'azhunt_rules_runs';
my $admin = Session->new(PGDATABASE => 'postgres');
$admin->do("DROP DATABASE IF EXISTS $database");
$admin->do("CREATE DATABASE $database");

my $session = Session->new(PGDATABASE => $database);
$session->do('CREATE EXTENSION azhunt');
$session->do('SELECT count(*) FROM azhunt.create_log_tables()');
$session->do("SELECT azhunt.add_rule(h) FROM unnest('{storage_upload_link_account,cloudshell_usage}'::text[]) AS h");
$session->do("SELECT count(*) FROM azhunt.add_partitions('azhunt.$_', '2026-03-09', '2026-03-12')")
  for qw(storagebloblogs signinlogs azureactivity);

# An upload and, half a minute before, its sign-in.
sub upload
{
	my ($address, $time) = @_;

	return 'INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)'
	  . " VALUES (timestamptz '2026-03-10 08:00+00' + interval '$time', 'PutBlob', 'Success', '$address:5000',"
	  . " 'https://contosodata.blob.core.windows.net/in/report.pdf', 'Edge')";
}

sub signin
{
	my ($address, $time) = @_;

	return 'INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)'
	  . " VALUES (timestamptz '2026-03-10 07:59:30+00' + interval '$time', '$address', 'adele\@contoso.com', 'Edge')";
}

sub last_run
{
	my ($columns) = @_;

	return $session->do("SELECT $columns FROM azhunt.runs ORDER BY run DESC LIMIT 1");
}

#
# announcements
#
my $listener = Session->new(PGDATABASE => $database);
$listener->do('LISTEN azhunt');

$session->do("CALL azhunt.run_rule('storage_upload_link_account')");
is(last_run('status, started_over, new_matches'), 'succeeded|first run|0', 'a first run finds nothing in nothing');
is($listener->query('SELECT 1'), '1', 'and announces nothing');

$session->do(upload('192.0.2.1', '0 s'));
$session->do(signin('192.0.2.1', '0 s'));
$session->do(signin('192.0.2.1', '10 s'));
$session->do("CALL azhunt.run_rule('storage_upload_link_account')");
is(last_run("status, started_over IS NULL, new_matches, rows_read ->> 'signinlogs', rows_read ->> 'storagebloblogs',"
	  . " rows_read ->> 'storagefilelogs', finished >= started, duration = finished - started, error IS NULL, snapshot IS NOT NULL"),
	'succeeded|t|2|2|1|0|t|t|t|t', 'a run records what it read and found');
like($listener->query('SELECT 1'),
	qr/^1\nAsynchronous notification "azhunt" with payload "\{"rule" : "storage_upload_link_account", "run" : \d+, "new_matches" : 2\}"/,
	'and announces it');

$session->do("CALL azhunt.run_rule('storage_upload_link_account')");
is(last_run("status, new_matches, rows_read ->> 'signinlogs'"), 'succeeded|0|0', 'the next one reads nothing again');
is($listener->query('SELECT 1'), '1', 'and is silent');

#
# failures
#
$session->do(upload('192.0.2.2', '0 s'));
$session->do(signin('192.0.2.2', '0 s'));
my $watermark = $session->do("SELECT snapshot FROM azhunt.watermarks WHERE rule = 'storage_upload_link_account'");
$session->do('ALTER TABLE azhunt.storagefilelogs RENAME TO elsewhere');
is($session->query("\\set VERBOSITY verbose\nCALL azhunt.run_rule('storage_upload_link_account')") =~ s/^CONTEXT:.*//smr,
	"ERROR:  42P01: there is no table azhunt.storagefilelogs\nHINT:  azhunt.create_log_tables() creates the log tables.\n",
	'a failed run ends in its error');
is(last_run('rule, status, sqlstate, error, new_matches IS NULL'),
	'storage_upload_link_account|failed|42P01|there is no table azhunt.storagefilelogs|t', 'and is recorded');
is($session->do("SELECT snapshot FROM azhunt.watermarks WHERE rule = 'storage_upload_link_account'"),
	$watermark, 'it has seen nothing');
$session->do('ALTER TABLE azhunt.elsewhere RENAME TO storagefilelogs');

# a failure after results were stored: the constraint is checked at the end
$session->do('CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE division_by_zero; END$$');
$session->do('CREATE TRIGGER refuse BEFORE INSERT ON azhunt.watermarks FOR EACH ROW EXECUTE FUNCTION refuse()');
like($session->query("CALL azhunt.run_rule('storage_upload_link_account')"), qr/^ERROR: .*division_by_zero/m,
	'a run may fail after it stored results');
is(last_run('status, sqlstate'), 'failed|22012', 'it too is recorded');
is($session->do('SELECT count(*) FROM azhunt.matches'), 2, 'and its results are not there');
is($listener->query('SELECT 1'), '1', 'nor announced');
$session->do('DROP TRIGGER refuse ON azhunt.watermarks');

# one that is cancelled
my $blocker = Session->new(PGDATABASE => $database);
$blocker->do('BEGIN');
$blocker->do(q(SELECT FROM azhunt.watermarks WHERE rule = 'storage_upload_link_account' FOR UPDATE));
$session->do("SET statement_timeout = '200ms'");
like($session->query("CALL azhunt.run_rule('storage_upload_link_account')"),
	qr/ERROR:  57014: canceling statement due to statement timeout/, 'a run that takes too long is cancelled');
$session->do('RESET statement_timeout');
is(last_run('status, sqlstate'), 'failed|57014', 'and recorded');

# two at once
my $slow = Session->new(PGDATABASE => $database);
my $slow_pid = $slow->do('SELECT pg_backend_pid()');
$slow->send("CALL azhunt.run_rule('storage_upload_link_account')");
ok(await(sub { $session->do("SELECT 1 FROM pg_locks WHERE pid = $slow_pid AND NOT granted") }), 'a run takes long');
is($session->query("CALL azhunt.run_rule('storage_upload_link_account')"), '', 'another one of the same rule returns');
like(last_run('status, error'),
	qr/^skipped\|another run of this rule is going on: process $slow_pid of role \S+, in a transaction since \d/,
	'and records why, and who is in the way');
is($session->query("CALL azhunt.run_rule('cloudshell_usage')"), '', 'one of another hunt does not care');
is(last_run('rule, status'), 'cloudshell_usage|succeeded', 'and finishes');
$blocker->do('COMMIT');
is($slow->answer, '', 'the slow one ends');
is($session->do("SELECT sum(new_matches) FROM azhunt.runs"), 3, 'and has found what the failed ones left');

# nobody looks for one that has no session any more
$session->do("BEGIN; SELECT azhunt.run_rule_in_transaction('cloudshell_usage'); PREPARE TRANSACTION 'forgotten'");
is($session->query("CALL azhunt.run_rule('cloudshell_usage')"), '', 'a prepared transaction has run a rule');
like(last_run('status, error'),
	qr/^skipped\|another run of this rule is going on: prepared transaction 'forgotten' of role \S+, since \d/,
	'which is said, too');
$session->do("COMMIT PREPARED 'forgotten'");

is($session->query("BEGIN;\nCALL azhunt.run_rule('cloudshell_usage')") =~ s/^CONTEXT:.*//smr,
	"ERROR:  25001: azhunt.run_rule() cannot run inside a transaction block\n"
	  . "DETAIL:  It commits its results, or that it failed.\n"
	  . "HINT:  Call it on its own, or use azhunt.run_rule_in_transaction() and commit yourself.\n",
	'in a transaction block it says what to do');
$session->do('ROLLBACK');
like($session->query("CALL azhunt.run_rule('nothing')"), qr/^ERROR: .*there is no rule "nothing"/m, 'no such hunt');
is($session->do("SELECT count(*) FROM azhunt.runs WHERE rule = 'nothing'"), 0, 'is not recorded');

# whatever a session's defaults are
for my $level ('read committed', 'repeatable read', 'serializable')
{
	$session->do("SET default_transaction_isolation = '$level'");
	$session->do("SET default_transaction_read_only = on");
	is($session->query("CALL azhunt.run_rule('storage_upload_link_account')"), '', "a run under $level");
	is(last_run('status'), 'succeeded', 'succeeds');
}
$session->do('RESET default_transaction_isolation');
$session->do('RESET default_transaction_read_only');

#
# plans: what a run reads that does not start over
#
$session->do("INSERT INTO azhunt.rules (rule, hunt, options) VALUES"
	  . " ('all_signins', 'storage_upload_link_account', '{\"include_noninteractive\": true}')");
$session->do("CALL azhunt.run_rule('$_')") for qw(all_signins cloudshell_usage);

my $explain = "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; SET client_min_messages = log";

# with the statistics of empty tables, of what was there, and with none
for my $case ('no statistics', 'statistics')
{
	$session->do('ANALYZE') if $case eq 'statistics';
	my $half = $case eq 'statistics' ? 720 : 0;
	$session->do(upload('192.0.2.3', "$_ min")) for $half + 1 .. $half + 20;
	$session->do(signin('192.0.2.3', "$_ min")) for $half + 1 .. $half + 20;
	$session->do('INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)'
		  . " SELECT timestamptz '2026-03-10 00:00+00' + ($half + i) * interval '1 minute', 'alex\@contoso.com',"
		  . "  CASE i % 3 WHEN 0 THEN 'Microsoft.Storage/storageAccounts/listKeys/action' ELSE 'operation ' || i END,"
		  . "  'Success', 'cloud-shell-storage-westeurope' FROM generate_series(1, 100) AS i");
	for my $hunt (qw(storage_upload_link_account all_signins cloudshell_usage))
	{
		my $reader = Session->new(PGDATABASE => $database);
		$reader->do($explain);
		my $plans = $reader->query("CALL azhunt.run_rule('$hunt')");
		# without the plan that is not executed, of which only the cost is asked
		$plans = join '', grep { !/^Query Text: EXPLAIN/m } split /^(?=LOG:)/m, $plans;
		my @scans = $plans =~ /^.*Scan (?:using \S+ )?on (?:storage(?:blob|file)logs|signinlogs|aadnoninteractiveusersigninlogs|azureactivity)_(?:p|default).*$/mg;

		cmp_ok(scalar @scans, '>', 3, "$case: plans of $hunt were read");
		is_deeply([ grep { /Seq Scan/ } @scans ], [], "$case: none of them scans a log table");
		$reader->close;
		cmp_ok(last_run('new_matches'), '>', 0, "$case: and it found something");
	}
}

# what is removed is joined with what stays, and not each compared with each
$session->do($explain);
my $plans = $session->query("SELECT * FROM azhunt.prune('1 year')");
like($plans, qr/Delete on $_ .*\n.*Anti Join/, "prune() joins $_ with matches") for qw(status_changes runs);

$_->close for $session, $listener, $blocker, $slow;
$admin->do("DROP DATABASE $database");

done_testing();
