#!/usr/bin/perl
# The merge of indexes where the server's settings leave it too little: pages in
# the cache for all tables at once, and rows for as long as a snapshot has them.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Test::More;

use Cluster;
use Session;

my $merge = qr/AzhuntWindowMerge/;
my $join = "JOIN anchors AS a USING (k) WHERE azhunt.within(e.t, a.t, '1 hour')";

# A session in which only the merge is wanted, with events in so many partitions.
sub session_with
{
	my ($cluster, $kind, $partitions) = @_;
	my $session = $cluster->session;

	$session->do($_) foreach 'SET client_min_messages = warning', "SET TimeZone = 'UTC'", 'SET temp_buffers = 100',
		'CREATE EXTENSION IF NOT EXISTS azhunt',
		"CREATE $kind TABLE events (k integer, t timestamptz, note text) PARTITION BY LIST (k)",
		"CREATE $kind TABLE anchors (k integer, t timestamptz, note text)",
		(map { "CREATE $kind TABLE events_$_ PARTITION OF events FOR VALUES IN ($_)" } 0 .. $partitions - 1),
		'CREATE INDEX ON events (k, t)', 'CREATE INDEX ON anchors (k, t)',
		(map { "INSERT INTO $_ SELECT i % $partitions, timestamptz '2026-01-01' + i * interval '1 second', 'n' FROM generate_series(1, 3000) AS i" } qw(events anchors)),
		'ANALYZE events, anchors', 'SET max_parallel_workers_per_gather = 0',
		map { "SET $_ = off" } qw(enable_seqscan enable_indexscan enable_bitmapscan enable_nestloop enable_hashjoin enable_mergejoin);
	return $session;
}

# A query gives the same rows whatever the plan, and is merged or not.
sub check
{
	my ($session, $description, $merged) = @_;
	my $query = "SELECT count(*), sum(length(e.note || a.note)) FROM events AS e $join";
	my $plan = $session->query("EXPLAIN (COSTS OFF) $query");

	$merged ? like($plan, $merge, "$description: indexes are merged") : unlike($plan, $merge, "$description: indexes are not merged");
	my $rows = $session->query($query);
	$session->do('SET azhunt.enable_windowjoin = off');
	is($rows, $session->query($query), "$description: the rows");
	$session->do('RESET azhunt.enable_windowjoin');
}

my $small = Cluster->new('shared_buffers = 512kB', 'max_connections = 10', 'max_locks_per_transaction = 256');
check(session_with($small, '', 10), 'ten partitions in a cache of 64 pages', 1);
$small->session->do('DROP TABLE events, anchors');
check(session_with($small, '', 63), '63 partitions in a cache of 64 pages', 0);
check(session_with($small, 'TEMPORARY', 20), '20 temporary partitions', 1);
check(session_with($small, 'TEMPORARY', 120), '120 temporary partitions with 100 buffers', 0);
undef $small;

SKIP:
{
	my $settings = Cluster->new('max_connections = 10');

	skip 'rows stay as long as a snapshot has them', 2
		unless $settings->session->do(q(SELECT count(*) FROM pg_settings WHERE name = 'old_snapshot_threshold'));
	undef $settings;
	check(session_with(Cluster->new('old_snapshot_threshold = 1h'), '', 3), 'with old_snapshot_threshold', 0);
}

done_testing;
