# The merge of indexes on a standby: pages are all-visible by the primary's VACUUM,
# entries that the primary knows to be dead may be seen by a snapshot here.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Cluster;
use Session;
use Test::More;
use Utils;

my $primary = Cluster->new;
my $writer = $primary->session;
$writer->do($_) foreach 'CREATE EXTENSION azhunt',
  'CREATE TABLE events (id integer, k integer, t timestamptz, note text) WITH (fillfactor = 70)',
  'CREATE TABLE anchors (LIKE events) WITH (fillfactor = 70)',
  q(INSERT INTO events SELECT i, i % 20, '2026-01-01 00:00Z'::timestamptz + i * interval '1 second', repeat('e', 30) FROM generate_series(1, 3000) AS i),
  q(INSERT INTO anchors SELECT i, i % 20, '2026-01-01 00:00Z'::timestamptz + i * 2 * interval '1 second', repeat('a', 30) FROM generate_series(1, 1500) AS i),
  'CREATE INDEX ON events (k, t)', 'CREATE INDEX ON anchors (k, t)', 'VACUUM (ANALYZE) events, anchors';

# its snapshots keep the primary's VACUUM from removing what they see
my $standby = Cluster->standby($primary, 'hot_standby_feedback = on', 'wal_receiver_status_interval = 1s');

my $join = q(FROM events AS e JOIN anchors AS a ON e.k = a.k AND azhunt.within(e.t, a.t, '5 minutes'));
my %query = (
	'entries alone' => "SELECT count(*), min(e.t), max(a.t) $join",
	'rows' => "SELECT e.id, a.id, e.note, a.note $join ORDER BY 1, 2, 3, 4",
	'semi-join' => q(SELECT a.id FROM anchors AS a WHERE EXISTS (SELECT FROM events AS e WHERE e.k = a.k AND azhunt.within(e.t, a.t, '5 minutes')) ORDER BY 1));
my @others = qw(enable_seqscan enable_indexscan enable_bitmapscan enable_nestloop enable_hashjoin enable_mergejoin);

sub catch_up
{
	my $lsn = $writer->query('SELECT pg_current_wal_lsn()');
	my $session = $standby->session;

	await(sub { $session->query("SELECT pg_last_wal_replay_lsn() >= '$lsn'") eq 't' }) or die 'the standby does not follow';
	$session->close;
}

# The answer of a query, by the merge or by nothing of ours.
sub answer
{
	my ($session, $name, $is_merged) = @_;

	$session->do("SET $_ = " . ($is_merged ? 'off' : 'on')) foreach @others;
	$session->do('SET azhunt.enable_windowjoin = ' . ($is_merged ? 'on' : 'off'));
	return $session->query($query{$name});
}

sub plan_of
{
	my ($session, $name) = @_;

	answer($session, $name, 1);
	return $session->query("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) $query{$name}");
}

catch_up();
my $reader = $standby->session;
is($reader->query('SELECT pg_is_in_recovery()'), 't', 'this is a standby');
like(plan_of($reader, $_), qr/Custom Scan \(AzhuntWindowMerge\)/, "$_: the merge is used") foreach sort keys %query;
like(plan_of($reader, 'entries alone'), qr/Rows Not Fetched: [1-9]/, 'rows on pages that the primary vacuumed are not fetched');

foreach my $change (
	'UPDATE events SET note = repeat(note, 2) WHERE id % 3 = 0', q(UPDATE events SET t = t + interval '1 minute' WHERE id % 5 = 0),
	'DELETE FROM events WHERE id % 7 = 0', 'DELETE FROM anchors WHERE id % 4 = 0', 'UPDATE anchors SET k = k + 1 WHERE id % 6 = 0',
	'INSERT INTO events SELECT id + 20000, k, t, note FROM events WHERE id % 2 = 0')
{
	# a snapshot of before, and one of after
	$reader->do('BEGIN ISOLATION LEVEL REPEATABLE READ');
	my %before = map { $_ => answer($reader, $_, 0) } keys %query;
	$writer->do($change);
	# marks the entries of rows that are gone for everybody on the primary
	answer($writer, $_, 1) foreach keys %query;
	catch_up();
	is(answer($reader, $_, 1), $before{$_}, "$change: $_ as before, by a snapshot of before") foreach sort keys %query;
	$reader->do('COMMIT');
	is(answer($reader, $_, 1), answer($writer, $_, 0), "$change: $_ as on the primary") foreach sort keys %query;
	$writer->do('VACUUM events, anchors');
	catch_up();
	is(answer($reader, $_, 1), answer($writer, $_, 0), "$change, and VACUUM: $_ as on the primary") foreach sort keys %query;
}

$reader->close;
$standby->promote;
$reader = $standby->session;
$reader->do('DELETE FROM events WHERE id % 11 = 0');
is(answer($reader, $_, 1), answer($reader, $_, 0), "$_ after it was promoted") foreach sort keys %query;
done_testing();
