# Over four months of daily partitions, what asks for the health of the logs and the
# panels that read logs hold few locks, so that many of them fit side by side where
# there is a third of the room that PostgreSQL has by default, and one lock for each
# partition would not; and what others do to the partitions meanwhile is no error.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Grafana;
use Cluster;
use Session;
use Utils;
use Test::More;

my $cluster = Cluster->new('max_locks_per_transaction = 20', 'max_connections = 100');
my @tables = qw(storagebloblogs storagefilelogs signinlogs aadnoninteractiveusersigninlogs azureactivity);
my $session = $cluster->session;

$session->do('CREATE EXTENSION azhunt');
$session->do('SELECT count(*) FROM azhunt.create_log_tables()');
$session->do("SELECT azhunt.add_rule(h) FROM unnest('{storage_upload_link_account,cloudshell_usage}'::text[]) AS h");

# In transactions that the lock table has room for.
$session->do(<<'SQL');
DO $$
DECLARE
	log_table text;
	day timestamptz;
BEGIN
	FOR i IN 0 .. 119 LOOP
		day := (current_date::timestamp AT TIME ZONE 'UTC') - i * interval '1 day';
		FOREACH log_table IN ARRAY '{storagebloblogs,storagefilelogs,signinlogs,aadnoninteractiveusersigninlogs,azureactivity}'::text[] LOOP
			EXECUTE format('CREATE TABLE azhunt.%I PARTITION OF azhunt.%I FOR VALUES FROM (%L) TO (%L)',
						   log_table || '_p' || i, log_table, day, day + interval '1 day');
		END LOOP;
		COMMIT;
	END LOOP;
END
$$
SQL

# Rows of today, of months ago that have just come, and of a time without a
# partition.
$session->do(<<'SQL');
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, uri)
SELECT now() - i * interval '1 hour', 'PutBlob', 'Success', '' FROM generate_series(0, 1000) AS i;
INSERT INTO azhunt.signinlogs (timegenerated) VALUES (now() - interval '110 days'), (now() - interval '3 years')
SQL

# The role that reads results and nothing else, as the documentation says.
$session->do(<<'SQL');
CREATE ROLE azhunt_reader LOGIN;
GRANT USAGE ON SCHEMA azhunt TO azhunt_reader;
GRANT SELECT ON azhunt.source_health TO azhunt_reader;
GRANT EXECUTE ON FUNCTION azhunt.source_health(timestamptz) TO azhunt_reader
SQL

sub reader
{
	return Session->new($cluster->environment, PGUSER => 'azhunt_reader');
}

# The locks that a session holds on relations that are not in the catalog.
sub locks
{
	my ($reader) = @_;

	return $session->do('SELECT count(*) FROM pg_locks WHERE locktype = \'relation\' AND relation >= 16384 AND pid = '
		  . $reader->do('SELECT pg_backend_pid()'));
}

my $health = 'SELECT log_table, state, rows_last_hour FROM azhunt.source_health';
my %expected = (signinlogs => 'flowing|2', storagebloblogs => 'flowing|1001');
my $log_tables = $session->do('SELECT count(*) FROM azhunt.log_table_schemas()');
my $expected = $session->do('SELECT log_table FROM azhunt.log_table_schemas() ORDER BY 1') =~ s/^(\w+)$/"$1|" . ($expected{$1} \/\/ 'never loaded|0')/gemr;

my @readers = map { reader() } 1 .. 3;
foreach my $reader (@readers)
{
	$reader->do('BEGIN');
	is($reader->query($health), $expected, 'source_health() over four months');
}
cmp_ok(locks($_), '<=', $log_tables + 1, 'holds a lock for each log table, and for its view') foreach @readers;

# PostgreSQL's accounts of what is read are larger where they must be exact.
my @serializable = map { reader() } 1 .. 3;
foreach my $reader (@serializable)
{
	$reader->do('BEGIN ISOLATION LEVEL SERIALIZABLE');
	is($reader->query($health), $expected, 'serializable');
}
$_->close foreach @serializable;
$_->do('COMMIT') foreach @readers;

#
# panels
#
sub upload_counts
{
	my ($days) = @_;

	$session->do('BEGIN');
	my $count = $session->do('SELECT sum(uploads) FROM azhunt.upload_counts(\'storage_upload_link_account\','
		  . " now() - interval '$days days', now())");
	my $locks = locks($session);
	$session->do('COMMIT');
	return ($count, $locks);
}

my ($day_count, $day_locks) = upload_counts(1);
my ($week_count, $week_locks) = upload_counts(7);
is($day_count, 24, 'uploads of a day');
is($week_count, 7 * 24, 'and of a week');
is($week_locks - $day_locks, 6 * 2 * 4, 'each day more locks two partitions and their indexes');
cmp_ok($day_locks, '<=', 30, 'a day locks few');

psql('postgres', '\i ' . directory() . "/role.sql\n", '--host=' . {$cluster->environment}->{PGHOST}, '--port=5432', '--dbname=postgres');
my $panels = Session->new($cluster->environment, PGUSER => 'azhunt_grafana');
my $format = q('YYYY-MM-DD"T"HH24:MI:SS"Z"');
my ($from, $to) = split /\|/, $session->do("SELECT to_char((now() - interval '7 days') AT TIME ZONE 'UTC', $format), to_char(now() AT TIME ZONE 'UTC', $format)");
my %most = (name => 'none', locks => 0);
foreach my $query (map { queries($_) } dashboards())
{
	my %variables = (account => '', address => '', file => '', severity => '', status => [ 'new', 'investigating' ],
		result => '00000000-0000-0000-0000-000000000000',
		rule => $query->{name} =~ /^azhunt-storage/ ? 'storage_upload_link_account'
		: $query->{name} =~ /^azhunt-cloudshell/ ? 'cloudshell_usage' : [ 'storage_upload_link_account', 'cloudshell_usage' ]);

	$panels->do('BEGIN');
	$panels->do(expand($query->{sql}, { from => $from, to => $to, interval => '1h' }, \%variables));
	my $locks = locks($panels);
	%most = (name => $query->{name}, locks => $locks) if $locks > $most{locks};
	$panels->do('COMMIT');
}
like($most{name}, qr/storage/, 'the query of a panel with most locks counts uploads');
cmp_ok($most{locks}, '<=', 120, 'of a week, which is few');
$panels->close;

#
# what may not be called
#
like(reader()->query("SELECT azhunt.log_table_health('azhunt.signinlogs', '{}', 1)"), qr/permission denied for function log_table_health/,
	'the readers do not read by themselves');
$session->do('GRANT EXECUTE ON FUNCTION azhunt.log_table_health(regclass, timestamptz[], integer) TO azhunt_reader');
like(reader()->query("SELECT azhunt.log_table_health('azhunt.signinlogs', '{}', 1)"), qr/permission denied for table signinlogs/,
	'nor if they could');
$session->do('GRANT SELECT ON azhunt.signinlogs TO azhunt_reader');
is(reader()->query("SELECT cardinality(delays) FROM azhunt.log_table_health('azhunt.signinlogs', '{}', 10)"), 2, 'but what they may read');
$session->do('ALTER TABLE azhunt.signinlogs ENABLE ROW LEVEL SECURITY');
like(reader()->query("SELECT azhunt.log_table_health('azhunt.signinlogs', '{}', 1)"), qr/row-level security may hide rows of signinlogs from azhunt_reader/,
	'unless policies hide it');
is(reader()->query($health), $expected, 'which do not hide it from the superuser who owns source_health()');
$session->do('CREATE ROLE azhunt_owner; GRANT ALL ON SCHEMA azhunt TO azhunt_owner;'
	  . ' GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA azhunt TO azhunt_owner; GRANT SELECT ON azhunt.signinlogs TO azhunt_owner;'
	  . ' ALTER FUNCTION azhunt.source_health(timestamptz) OWNER TO azhunt_owner');
like(reader()->query($health), qr/^signinlogs\|not known: row-level security may hide rows of azhunt.signinlogs from azhunt_owner\|$/m, 'but from another owner');
$session->do("ALTER FUNCTION azhunt.source_health(timestamptz) OWNER TO postgres; ALTER TABLE azhunt.signinlogs DISABLE ROW LEVEL SECURITY");
like($session->query("SELECT azhunt.log_table_health('azhunt.results', '{}', 1)"), qr/ERROR:  "results" is not a table/, 'a view has no partitions');
like($session->query("SELECT azhunt.log_table_health('azhunt.runs', '{}', 1)"), qr/ERROR:  table "runs" has no column ingestxid/, 'nor is each table one of logs');
like($session->query("SELECT azhunt.log_table_health(0, '{}', 1)"), qr/^ERROR: /, 'nor each number a table');

#
# at the same time
#

# A snapshot that is older than the partitions still sees each row once.
my $old = $cluster->session;
$old->do('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($old->query($health), $expected, 'a snapshot');
is($session->do("SELECT count(*) FROM azhunt.add_partitions('azhunt.signinlogs', (now() - interval '3 years')::date - 1, (now() - interval '3 years')::date + 2)"),
	3, 'a row is moved out of the default partition');
$session->do('INSERT INTO azhunt.signinlogs (timegenerated) VALUES (now() - interval \'3 years\')');
is($old->query($health), $expected, 'the snapshot sees it where it was');
$old->do('COMMIT');
$expected =~ s/^(signinlogs\|flowing\|)2$/${1}3/m;
is($old->query($health), $expected, 'and the next one where it is');
$old->close;

# A partition that is locked is waited for; to wait can be ended.
my $reader = reader();
my $pid = $reader->do('SELECT pg_backend_pid()');
my $waiting = "SELECT true FROM pg_stat_activity WHERE pid = $pid AND wait_event_type = 'Lock'";
$session->do('BEGIN; LOCK TABLE azhunt.signinlogs_p50');
$reader->send($health);
my $watcher = $cluster->session;
ok(await(sub { $watcher->do($waiting) }), 'a locked partition is waited for');
$watcher->do("SELECT pg_cancel_backend($pid)");
like($reader->answer, qr/canceling statement due to user request/, 'but not if the query is cancelled');
$session->do('ROLLBACK');
is($reader->query($health), $expected, 'the session goes on');

# A child that is dropped after the children were listed is none any more.
$session->do(<<'SQL');
CREATE SCHEMA kept;
ALTER TABLE azhunt.storagefilelogs SET SCHEMA kept;
CREATE TABLE azhunt.storagefilelogs (timegenerated timestamptz, ingestedat timestamptz DEFAULT now(), ingestxid bigint DEFAULT azhunt.ingest_xid());
CREATE TABLE azhunt.child_1 () INHERITS (azhunt.storagefilelogs);
CREATE TABLE azhunt.child_2 () INHERITS (azhunt.storagefilelogs);
CREATE TABLE azhunt.child_3 () INHERITS (azhunt.storagefilelogs);
INSERT INTO azhunt.child_1 VALUES (now());
INSERT INTO azhunt.child_2 VALUES (now());
INSERT INTO azhunt.child_3 VALUES (now())
SQL
my $files = q{SELECT state, rows_last_hour FROM azhunt.source_health WHERE log_table = 'storagefilelogs'};
is($reader->query($files), 'flowing|3', 'children are read');
$session->do('BEGIN; LOCK TABLE azhunt.child_2');
$reader->send($files);
ok(await(sub { $watcher->do($waiting) }), 'a child is waited for');
$watcher->do('DROP TABLE azhunt.child_3');
$session->do('COMMIT');
is($reader->answer, 'flowing|2', 'and one that is gone meanwhile passed over');

# Partitions come and go, in each way there is, while others ask.
my $busy = $cluster->session;
$busy->do('SET client_min_messages = warning');
$busy->send(<<'SQL');
DO $$
BEGIN
	FOR i IN 1 .. 8 LOOP
		ALTER TABLE azhunt.azureactivity DETACH PARTITION azhunt.azureactivity_p100;
		COMMIT;
		ALTER TABLE azhunt.azureactivity ATTACH PARTITION azhunt.azureactivity_p100
			FOR VALUES FROM ('2000-01-01 00:00Z') TO ('2000-01-02 00:00Z');
		COMMIT;
		DROP TABLE azhunt.azureactivity_p101;
		COMMIT;
		CREATE TABLE azhunt.azureactivity_p101 PARTITION OF azhunt.azureactivity FOR VALUES FROM ('2000-01-02 00:00Z') TO ('2000-01-03 00:00Z');
		COMMIT;
		TRUNCATE azhunt.azureactivity_p102;
		REINDEX TABLE azhunt.azureactivity_p103;
		COMMIT;
		DROP INDEX azhunt.azureactivity_ingestxid_idx;
		COMMIT;
		PERFORM azhunt.create_log_tables();
		COMMIT;
	END LOOP;
END
$$
SQL
my $activity = q{SELECT log_table, state FROM azhunt.source_health WHERE log_table = 'azureactivity'};
my $is_busy = "SELECT true FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO %DETACH PARTITION%'";
my ($asked, $ended) = (0, 0);
my @wrong;
ok(await(sub { $watcher->do($is_busy) }), 'partitions begin to come and go');
while (!$ended)
{
	$ended = !$watcher->do($is_busy);
	my $answer = $reader->query($activity);
	push @wrong, $answer if $answer ne 'azureactivity|never loaded';
	$asked++;
}
is($busy->answer, '', 'they come and go');
is_deeply(\@wrong, [], 'which no call notices');
cmp_ok($asked, '>', 5, 'of many');

done_testing();
