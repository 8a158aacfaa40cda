#!/usr/bin/perl
# Rows that become visible without a new ingestxid: partitions that are filled
# before they are attached, tables that are swapped, emptied and filled again,
# inherited or viewed.  And rows that a run would not see, which it refuses.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Test::More;

use Session;

my $database = 'azhunt_rules_arrivals';
my $admin = Session->new(PGDATABASE => 'postgres');

$admin->do("DROP DATABASE IF EXISTS $database WITH (FORCE)");
$admin->do("CREATE DATABASE $database");

my $session = Session->new(PGDATABASE => $database);
my $uploads = 'storage_upload_link_account';

$session->do('SET client_min_messages = warning');
$session->do('CREATE EXTENSION azhunt');
$session->do('SELECT count(*) FROM azhunt.create_log_tables()');
$session->do("SELECT azhunt.add_partitions('azhunt.$_', '2026-03-01', '2026-03-04')") for qw(signinlogs storagebloblogs);

# Each case has an address of its own.
my $case = 0;

sub address { return "203.0.113.$case" }

# Rows of a table that has the columns of a log table.
sub signin
{
	my ($table, $time) = @_;

	$session->do("INSERT INTO $table (timegenerated, ipaddress, userprincipalname, useragent)"
		  . " VALUES ('$time', '${\ address()}', 'adele\@contoso.com', 'Edge')");
}

sub upload
{
	my ($table, $time) = @_;

	$session->do("INSERT INTO $table (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)"
		  . " VALUES ('$time', 'PutBlob', 'Success', '${\ address()}:443', 'https://contosodata.blob.core.windows.net/in/a?x', 'Edge')");
}

sub run
{
	my ($hunt) = @_;

	$session->do("CALL azhunt.run_rule('" . ($hunt // $uploads) . "')");
}

# What has been found for the address of this case, which is what the ad-hoc
# hunt finds.
sub is_found
{
	my ($count, $name) = @_;

	is($session->do("SELECT count(*) FROM azhunt.storage_upload_link_account_facts WHERE address = '${\ address()}'"), $count, $name);
}

# The reason why the last run read all rows.
sub started_over
{
	return $session->do('SELECT started_over FROM azhunt.runs ORDER BY run DESC LIMIT 1');
}

sub is_found_by_next_run
{
	my ($name) = @_;

	is_found(0, "$name: not found before");
	run();
	is_found(1, "$name: found by the next run");
	is(started_over(), '', "$name: which reads no more than it must");
	run();
	is_found(1, "$name: once");
}

run();

#
# partitions
#
$case++;
upload('azhunt.storagebloblogs', '2026-03-10 10:00:30Z');
$session->do('CREATE TABLE azhunt.bulk (LIKE azhunt.signinlogs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)');
signin('azhunt.bulk', '2026-03-10 10:00:00Z');
run();
$session->do("ALTER TABLE azhunt.signinlogs ATTACH PARTITION azhunt.bulk FOR VALUES FROM ('2026-03-10 00:00Z') TO ('2026-03-11 00:00Z')");
is_found_by_next_run('a partition that is filled before it is attached');

$case++;
signin('azhunt.bulk', '2026-03-10 11:00:00Z');
run();
$session->do('ALTER TABLE azhunt.signinlogs DETACH PARTITION azhunt.bulk');
upload('azhunt.storagebloblogs', '2026-03-10 11:00:30Z');
run();
$session->do("ALTER TABLE azhunt.signinlogs ATTACH PARTITION azhunt.bulk FOR VALUES FROM ('2026-03-10 00:00Z') TO ('2026-03-11 00:00Z')");
is_found_by_next_run('a partition that is detached while partners arrive');

$case++;
signin('azhunt.bulk', '2026-03-10 12:00:00Z');
run();
# which PostgreSQL does only where there is no default partition
$session->do('ALTER TABLE azhunt.signinlogs DETACH PARTITION azhunt.signinlogs_default');
$session->do('ALTER TABLE azhunt.signinlogs DETACH PARTITION azhunt.bulk CONCURRENTLY');
upload('azhunt.storagebloblogs', '2026-03-10 12:00:30Z');
run();
$session->do("ALTER TABLE azhunt.signinlogs ATTACH PARTITION azhunt.bulk FOR VALUES FROM ('2026-03-10 00:00Z') TO ('2026-03-11 00:00Z')");
$session->do('ALTER TABLE azhunt.signinlogs ATTACH PARTITION azhunt.signinlogs_default DEFAULT');
is_found_by_next_run('likewise, concurrently');

$case++;
signin('azhunt.signinlogs', '2026-03-20 10:00:00Z');
run();
upload('azhunt.storagebloblogs', '2026-03-20 10:00:30Z');
$session->do("SELECT azhunt.add_partitions('azhunt.signinlogs', '2026-03-19', '2026-03-22')");
is_found_by_next_run('a row that is moved out of the default partition');

# a partition of partitions
$case++;
upload('azhunt.storagebloblogs', '2026-03-25 10:00:30Z');
run();
$session->do('CREATE TABLE azhunt.deep (LIKE azhunt.signinlogs INCLUDING DEFAULTS) PARTITION BY RANGE (timegenerated)');
$session->do("CREATE TABLE azhunt.deeper PARTITION OF azhunt.deep FOR VALUES FROM ('2026-03-25 00:00Z') TO ('2026-03-26 00:00Z')");
signin('azhunt.deep', '2026-03-25 10:00:00Z');
run();
$session->do("ALTER TABLE azhunt.signinlogs ATTACH PARTITION azhunt.deep FOR VALUES FROM ('2026-03-25 00:00Z') TO ('2026-03-27 00:00Z')");
is_found_by_next_run('partitions of a partition');

# what is new and what is read again may overlap, and a match be of both
$case++;
$session->do("INSERT INTO azhunt.rules (rule, hunt, options) VALUES ('two_days', '$uploads', '{\"lookback\": \"2 days\"}')");
signin('azhunt.signinlogs', '2026-05-11 14:00:00Z');
run('two_days');
$session->do('CREATE TABLE azhunt.before (LIKE azhunt.signinlogs INCLUDING DEFAULTS)');
$session->do("INSERT INTO azhunt.before (timegenerated, ipaddress) VALUES ('2026-05-10 00:00:00Z', '198.51.100.1')");
run('two_days');
$session->do("ALTER TABLE azhunt.signinlogs ATTACH PARTITION azhunt.before FOR VALUES FROM ('2026-05-10 00:00Z') TO ('2026-05-11 00:00Z')");
upload('azhunt.storagebloblogs', '2026-05-13 12:00:00Z');
run('two_days');
is_found(1, 'a new row beside a partition that is read again');
is(started_over(), '', 'and nothing starts over');

#
# the same rows again, with the ids that they had
#
$case++;
signin('azhunt.signinlogs', '2026-03-01 10:00:00Z');
run();
$session->do('CREATE TABLE public.saved AS SELECT * FROM azhunt.signinlogs_p20260301');
$session->do('TRUNCATE azhunt.signinlogs_p20260301');
run();
upload('azhunt.storagebloblogs', '2026-03-01 10:00:30Z');
run();
$session->do('TRUNCATE azhunt.signinlogs_p20260301');
$session->do('INSERT INTO azhunt.signinlogs SELECT * FROM public.saved');
is_found_by_next_run('rows that are loaded again after TRUNCATE');

$case++;
signin('azhunt.signinlogs', '2026-03-02 10:00:00Z');
run();
$session->do('VACUUM FULL azhunt.signinlogs_p20260302');
run();
is_found(0, 'a table that is rewritten has nothing new');
is(started_over(), '', 'and nothing starts over');

#
# a table that takes the name of another
#
$case++;
signin('azhunt.aadnoninteractiveusersigninlogs', '2026-03-02 11:00:00Z');
$session->do("INSERT INTO azhunt.rules (rule, hunt, options) VALUES ('all', '$uploads', '{\"include_noninteractive\": true}')");
upload('azhunt.storagebloblogs', '2026-03-02 11:30:30Z');
run('all');
$session->do('CREATE TABLE public.other (LIKE azhunt.aadnoninteractiveusersigninlogs INCLUDING DEFAULTS)');
signin('public.other', '2026-03-02 11:30:00Z');
run('all');
$session->do('ALTER TABLE azhunt.aadnoninteractiveusersigninlogs RENAME TO old_signins');
$session->do('ALTER TABLE public.other SET SCHEMA azhunt');
$session->do('ALTER TABLE azhunt.other RENAME TO aadnoninteractiveusersigninlogs');
is_found(0, 'a table under the name of another: not found before');
run('all');
is_found(1, 'found by the next run');

# with children
$case++;
upload('azhunt.storagebloblogs', '2026-03-02 12:00:30Z');
$session->do('CREATE TABLE azhunt.child (LIKE azhunt.aadnoninteractiveusersigninlogs INCLUDING DEFAULTS)');
signin('azhunt.child', '2026-03-02 12:00:00Z');
run('all');
$session->do('ALTER TABLE azhunt.child INHERIT azhunt.aadnoninteractiveusersigninlogs');
is_found(0, 'a table that becomes a child: not found before');
run('all');
is_found(1, 'found by the next run');

$case++;
signin('azhunt.child', '2026-03-02 13:00:00Z');
run('all');
$session->do('ALTER TABLE azhunt.child NO INHERIT azhunt.aadnoninteractiveusersigninlogs');
upload('azhunt.storagebloblogs', '2026-03-02 13:00:30Z');
run('all');
$session->do('ALTER TABLE azhunt.child INHERIT azhunt.aadnoninteractiveusersigninlogs');
is_found(0, 'a child that had left: not found before');
run('all');
is_found(1, 'found by the next run');

#
# views
#
$case++;
upload('azhunt.storagebloblogs', '2026-03-02 14:00:30Z');
$session->do('ALTER TABLE azhunt.aadnoninteractiveusersigninlogs RENAME TO base');
$session->do('CREATE VIEW azhunt.aadnoninteractiveusersigninlogs AS SELECT * FROM azhunt.base');
signin('azhunt.base', '2026-03-02 14:00:00Z');
run('all');
is_found(1, 'a view is hunted');
run('all');
is($session->do("SELECT rows_read ->> 'aadnoninteractiveusersigninlogs' FROM azhunt.runs ORDER BY run DESC LIMIT 1"), '0',
	'and has nothing new afterwards');
signin('azhunt.base', '2026-03-02 14:00:10Z');
run('all');
is_found(2, 'a new row of its table is found');
is(started_over(), '', 'as new rows are');

$case++;
upload('azhunt.storagebloblogs', '2026-03-02 15:00:30Z');
signin('azhunt.base', '2026-03-02 15:00:00Z');
$session->do("CREATE OR REPLACE VIEW azhunt.aadnoninteractiveusersigninlogs AS SELECT * FROM azhunt.base WHERE userprincipalname = 'nobody'");
run('all');
is_found(0, 'rows that a view hides are not found');
$session->do('CREATE OR REPLACE VIEW azhunt.aadnoninteractiveusersigninlogs AS SELECT * FROM azhunt.base');
run('all');
is_found(1, 'but are once its definition shows them');

$case++;
upload('azhunt.storagebloblogs', '2026-03-02 16:00:30Z');
$session->do('CREATE TABLE azhunt.later (LIKE azhunt.base INCLUDING DEFAULTS)');
signin('azhunt.later', '2026-03-02 16:00:00Z');
run('all');
$session->do('ALTER TABLE azhunt.later INHERIT azhunt.base');
is_found(0, 'a child of a table below a view: not found before');
run('all');
is_found(1, 'found by the next run');

#
# what a run would not see
#
sub is_refused
{
	my ($message, $name) = @_;

	like($session->query("CALL azhunt.run_rule('all')"), qr/ERROR:  $message/, $name);
	is($session->do('SELECT status FROM azhunt.runs ORDER BY run DESC LIMIT 1'), 'failed', 'and the run is recorded as failed');
}

$session->do('BEGIN');
$session->do('CREATE MATERIALIZED VIEW azhunt.stale AS SELECT * FROM azhunt.base');
$session->do('CREATE OR REPLACE VIEW azhunt.aadnoninteractiveusersigninlogs AS SELECT * FROM azhunt.stale');
$session->do('COMMIT');
is_refused('a scheduled hunt cannot tell the new rows of materialized view azhunt.stale', 'a materialized view is refused');
$session->do('CREATE OR REPLACE VIEW azhunt.aadnoninteractiveusersigninlogs AS SELECT * FROM azhunt.base');

$session->do('CREATE FOREIGN DATA WRAPPER regress_azhunt_nowhere');
$session->do('CREATE SERVER nowhere FOREIGN DATA WRAPPER regress_azhunt_nowhere');
$session->do("CREATE FOREIGN TABLE azhunt.far PARTITION OF azhunt.storagefilelogs FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') SERVER nowhere");
like($session->query("CALL azhunt.run_rule('all')"), qr/ERROR:  a scheduled hunt cannot tell the new rows of foreign table azhunt.far/,
	'a partition that is a foreign table is refused');
$session->do('DROP FOREIGN TABLE azhunt.far');

# policies
$session->do('CREATE ROLE regress_azhunt_viewer');
$session->do('ALTER VIEW azhunt.aadnoninteractiveusersigninlogs OWNER TO CURRENT_USER');
$session->do('ALTER TABLE azhunt.base ENABLE ROW LEVEL SECURITY');
run('all');
is($session->do('SELECT status FROM azhunt.runs ORDER BY run DESC LIMIT 1'), 'succeeded',
	'row-level security does not matter to a role that it does not hide rows from');
$session->do('ALTER TABLE azhunt.base DISABLE ROW LEVEL SECURITY');
$session->do('DROP ROLE regress_azhunt_viewer');

#
# Citus
#
# Its catalogue is what tells that a table has its rows elsewhere.
$session->do('SET allow_system_table_mods = on');
$session->do('CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass)');
run('all');
is($session->do('SELECT status FROM azhunt.runs ORDER BY run DESC LIMIT 1'), 'succeeded', 'Citus alone is no trouble');
$session->do("INSERT INTO pg_catalog.pg_dist_partition VALUES ('azhunt.base')");
is_refused('log table azhunt.base is distributed by Citus', 'a distributed table below a view is refused');
for my $hunt ("$uploads()", 'signins()')
{
	like($session->query("SELECT count(*) FROM azhunt.$hunt"), qr/ERROR:  log table azhunt.base is distributed by Citus/, "ad hoc, too: $hunt");
	like($session->query("SELECT (SELECT count(*) FROM azhunt.$hunt)"), qr/ERROR:  log table azhunt.base is distributed by Citus/, 'and in a subquery');
}
$session->do("UPDATE pg_catalog.pg_dist_partition SET logicalrelid = 'azhunt.azureactivity'");
for my $hunt (qw(cloudshell_usage cloudshell_sessions))
{
	like($session->query("SELECT count(*) FROM azhunt.$hunt()"), qr/ERROR:  log table azhunt.azureactivity is distributed by Citus/, "$hunt()");
}
like($session->query("CALL azhunt.run_rule('cloudshell_usage')"), qr/ERROR:  log table azhunt.azureactivity is distributed by Citus/,
	'a scheduled hunt that would find nothing');
$session->do('DROP TABLE pg_catalog.pg_dist_partition');
$session->do('RESET allow_system_table_mods');

#
# a snapshot that is older than the catalogue
#
my $other = Session->new(PGDATABASE => $database);

for my $change (
	[ 'a partition is added', "SELECT azhunt.add_partitions('azhunt.signinlogs', '2026-04-01', '2026-04-02')" ],
	[ 'a partition is detached', 'ALTER TABLE azhunt.signinlogs DETACH PARTITION azhunt.signinlogs_p20260401' ],
	[ 'a partition is attached',
		"ALTER TABLE azhunt.signinlogs ATTACH PARTITION azhunt.signinlogs_p20260401 FOR VALUES FROM ('2026-04-01 00:00Z') TO ('2026-04-02 00:00Z')" ],
	[ 'a partition is dropped', 'DROP TABLE azhunt.signinlogs_p20260401' ],
	[ 'a partition is rewritten', 'ALTER TABLE azhunt.signinlogs_p20260303 SET UNLOGGED' ])
{
	my ($name, $statement) = @$change;

	for my $level ('REPEATABLE READ', 'SERIALIZABLE')
	{
		next if $level eq 'SERIALIZABLE' && $name ne 'a partition is added' && $name ne 'a partition is detached';
		$other->do("BEGIN ISOLATION LEVEL $level");
		$other->do('SELECT count(*) FROM pg_class');
		$session->do($level eq 'SERIALIZABLE' && $name eq 'a partition is added'
			? "SELECT azhunt.add_partitions('azhunt.signinlogs', '2026-04-02', '2026-04-03')"
			: $level eq 'SERIALIZABLE' ? 'ALTER TABLE azhunt.signinlogs DETACH PARTITION azhunt.signinlogs_p20260402' : $statement);
		like($other->query("SELECT azhunt.run_rule_in_transaction('$uploads')"), qr/ERROR:  could not serialize access due to a concurrent change/,
			"$level: $name after the snapshot was taken");
		$other->do('ROLLBACK');
		$other->do("BEGIN ISOLATION LEVEL $level");
		like($other->query("SELECT azhunt.run_rule_in_transaction('$uploads')"), qr/^\d+$/, 'a later snapshot is as good as any');
		$other->do('COMMIT');
	}
}
$other->do('BEGIN ISOLATION LEVEL REPEATABLE READ');
$other->do('SELECT count(*) FROM pg_class');
$session->do("SELECT azhunt.add_partitions('azhunt.signinlogs', '2026-04-05', '2026-04-06')");
like($other->query('SELECT count(*) FROM azhunt.storage_upload_link_account()'), qr/ERROR:  could not serialize access due to a concurrent change/,
	'an ad-hoc hunt is refused as well');
$other->do('ROLLBACK');

$_->close for $session, $other;
$admin->do("DROP DATABASE $database");

done_testing();
