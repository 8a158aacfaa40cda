# The windowed join under what needs more than one session: rows that change
# while a statement waits for them, and statements that are stopped.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Databases;
use Session;
use Test::More;
use Utils;

my $database = create_database('azhunt_windowjoin');

query($database, 'CREATE EXTENSION azhunt');

# Wait until a condition of SQL is true.
my $observer = session();

sub await_sql
{
	my ($condition) = @_;

	await(sub { $observer->do("SELECT $condition") eq 't' }) or die "$condition did not come true";
}

sub session
{
	return Session->new(PGDATABASE => $database);
}

#
# A row changes while it is waited for: it is joined again as it is then.
#
foreach my $case (
	[ 'stays in the window',      "t = t - interval '1 second', v = 70", '1|70,2|20' ],
	[ 'leaves the window',        "t = t - interval '1 hour'",           '1|1,2|20' ],
	[ 'gets another key',         'k = 9',                               '1|1,2|20' ],
	[ 'does not pass the filter', 'v = -1',                              '1|1,2|20' ])
{
	my ($description, $change, $expected) = @$case;

	foreach my $enabled ('on', 'off')
	{
		query($database, <<'SQL');
DROP TABLE IF EXISTS events, anchors;
CREATE TABLE events (id integer, k integer, t timestamptz, v integer);
CREATE TABLE anchors (id integer, k integer, t timestamptz, v integer);
INSERT INTO events VALUES (1, 1, '2026-01-01 10:00Z', 1), (2, 2, '2026-01-01 10:00Z', 2);
INSERT INTO anchors VALUES (1, 1, '2026-01-01 10:00:30Z', 10), (2, 2, '2026-01-01 10:00:30Z', 20);
SQL
		my $writer = session();
		my $waiter = session();
		my $settings = join(' ', map { "SET $_ = off;" } qw(enable_nestloop enable_hashjoin enable_mergejoin));
		my $join = 'events AS e JOIN anchors AS a USING (k)'
		  . " WHERE azhunt.within(e.t, a.t, '1 minute') AND a.v > 0";

		if ($enabled eq 'on')
		{
			like(query($database, "$settings EXPLAIN SELECT * FROM $join FOR UPDATE"),
				qr/AzhuntWindowJoin/, "a row $description: the windowed join is used");
		}

		# both statements wait for the anchor, which the second one locks
		$writer->do("BEGIN; UPDATE anchors SET $change WHERE id = 1");
		$waiter->send("$settings SET azhunt.enable_windowjoin = $enabled;"
			  . " WITH locked AS MATERIALIZED (SELECT e.id, a.v FROM $join FOR UPDATE OF a)"
			  . ' UPDATE events SET v = l.v FROM locked AS l WHERE l.id = events.id');
		await_sql("EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())");
		$writer->do('COMMIT');
		$waiter->answer;
		$_->close foreach $writer, $waiter;
		is(query($database, 'SELECT id, v FROM events ORDER BY id'), $expected =~ tr/,/\n/r,
			"a row $description while it is waited for, windowed join $enabled");
	}
}

#
# A statement that is stopped, by an error or from outside, leaves nothing.
#
query($database, <<'SQL');
DROP TABLE events, anchors;
CREATE TABLE rows AS
SELECT i AS id, 0 AS k, '2026-01-01Z'::timestamptz + i * interval '1 second' AS t, repeat('r', 100) AS txt
FROM generate_series(1, 20000) AS i;
ANALYZE rows;
SQL
my $batches = "SET work_mem = '64kB'; SET enable_nestloop = off; SET enable_hashjoin = off; SET enable_mergejoin = off;";
my $self_join = "FROM rows AS e JOIN rows AS a USING (k, txt) WHERE azhunt.within(e.t, a.t, '1 hour')";

foreach my $workers (0, 2)
{
	my $settings = "$batches SET max_parallel_workers_per_gather = $workers; SET parallel_setup_cost = 0;"
	  . ' SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;';

	like(query($database, "$settings EXPLAIN SELECT count(*) $self_join"),
		$workers ? qr/Parallel Custom Scan \(AzhuntWindowJoin\)/ : qr/Custom Scan \(AzhuntWindowJoin\)/,
		"the windowed join with $workers workers");

	like(query_error($database, "$settings SELECT sum(1 / (a.id - 15000)) $self_join"),
		qr/division by zero/, "an error with $workers workers");
	is(query($database, 'SELECT count(*) FROM pg_ls_tmpdir()'), 0, 'leaves no file');

	my $stopped = session();
	$stopped->send("$settings SELECT sum(e.id) $self_join AND pg_sleep(0.001) IS NOT NULL");
	await_sql("EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.001)%' AND wait_event = 'PgSleep')");
	query($database, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
		  . " WHERE query LIKE '%pg_sleep(0.001)%' AND backend_type = 'client backend' AND pid <> pg_backend_pid()");
	like($stopped->answer, qr/canceling statement due to user request/, '... a statement is cancelled');
	is(query($database, 'SELECT count(*) FROM pg_ls_tmpdir()'), 0, "nor does a cancelled one with $workers workers");

	# wherever it is at that time
	my $short_join = $self_join =~ s/1 hour/1 minute/r;
	my $expected = query($database, "$settings SELECT count(*), sum(e.id) $short_join");
	my $stops = join '', map { "SET statement_timeout = $_; SELECT sum(e.id + a.id) $short_join;\n" } map { 5 * $_ } 1 .. 20;
	my $stopping = session();
	$stopping->query("$settings\n\\o /dev/null\n$stops SET statement_timeout = 0;\n\\o");
	is($stopping->query("SELECT count(*), sum(e.id) $short_join"), $expected, "the session goes on after many stops with $workers workers");
	is(query($database, 'SELECT count(*) FROM pg_ls_tmpdir()'), 0, 'without files');

	next if $workers == 0;
	# one key is one batch, which one process joins; it has to be a worker
	my $orphaned = session();
	$orphaned->send("$settings SET parallel_leader_participation = off;"
		  . " SELECT sum(e.id) $self_join AND pg_sleep(0.001) IS NOT NULL");
	await_sql("EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'parallel worker' AND wait_event = 'PgSleep')");
	query($database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'parallel worker'");
	await_sql("NOT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.001)%' AND state = 'active' AND pid <> pg_backend_pid())");
	$orphaned->answer;
	is($orphaned->query("SELECT count(*), sum(e.id) $short_join"), $expected, 'the session goes on when a worker was terminated');
	is(query($database, 'SELECT count(*) FROM pg_ls_tmpdir()'), 0, 'without files, too');
}

done_testing();
