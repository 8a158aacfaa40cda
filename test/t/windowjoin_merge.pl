# The merge of indexes while others change, remove and replace the rows whose
# entries it has read: it returns what its snapshot has, whatever the pages say.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Databases;
use Session;
use Test::More;

my $database = create_database('azhunt_windowmerge');
my $join = 'SELECT e.id, a.id AS a, e.note, a.note AS a_note FROM events AS e JOIN anchors AS a ON e.k = a.k'
  . " AND e.agent OPERATOR(azhunt.=~) a.agent WHERE azhunt.within(e.t, a.t, '5 minutes')";
my $merged = join(' ', map { "SET $_ = off;" } qw(jit enable_seqscan enable_indexscan enable_bitmapscan enable_nestloop enable_hashjoin enable_mergejoin));
my $naive = 'SET azhunt.enable_windowjoin = off;';

query($database, 'CREATE EXTENSION azhunt');

# Rows of a few keys, so that many are on each page of heap and index.
sub make_tables
{
	query($database, <<'SQL');
DROP TABLE IF EXISTS events, anchors;
CREATE TABLE events (id integer, k integer, agent text, t timestamptz, note text) WITH (autovacuum_enabled = off, fillfactor = 70);
CREATE TABLE anchors (LIKE events) WITH (autovacuum_enabled = off, fillfactor = 70);
INSERT INTO events SELECT i, i % 20, 'Edge' || i % 3, '2026-01-01 00:00Z'::timestamptz + i * interval '1 second', repeat('e', 30) FROM generate_series(1, 10000) AS i;
INSERT INTO anchors SELECT i, i % 20, 'EDGE' || i % 3, '2026-01-01 00:00Z'::timestamptz + i * 2 * interval '1 second', repeat('a', 30) FROM generate_series(1, 5000) AS i;
CREATE INDEX ON events (k, t, azhunt.hash(agent));
CREATE INDEX ON anchors (k, t, azhunt.hash(agent));
ANALYZE events, anchors;
SQL
	query($database, 'VACUUM events, anchors');
}

# What a query returns, without regard to the order.
sub rows_of
{
	my ($session, $query) = @_;

	return join "\n", sort split /\n/, $session->query($query);
}

like(do { make_tables(); query($database, "$merged EXPLAIN $join") }, qr/Custom Scan \(AzhuntWindowMerge\).*Hashed/s, 'the merge is used');

# Each is done while the merge has returned its first rows, of more than one
# batch; another statement has seen the same snapshot.
foreach my $case (
	[ 'rows are updated in place',    q(UPDATE events SET note = 'new'; UPDATE anchors SET note = 'new' WHERE id % 2 = 0) ],
	[ 'rows get other times',         q(UPDATE events SET t = t + interval '1 minute'; UPDATE anchors SET k = k + 1) ],
	[ 'rows are deleted',             q(DELETE FROM events WHERE id % 3 = 0; DELETE FROM anchors) ],
	[ 'rows come',                    q(INSERT INTO events SELECT id + 100000, k, agent, t, 'new' FROM events; INSERT INTO anchors SELECT id + 100000, k, agent, t, 'new' FROM anchors) ],
	[ 'rows are updated twice',       q(UPDATE events SET note = '1'; UPDATE events SET note = '2' WHERE id % 5 = 0; UPDATE events SET k = 1 WHERE id % 7 = 0) ])
{
	my ($description, $change) = @$case;

	make_tables();

	# rows that are dead before the snapshot, whose places are free once a vacuum has been there
	query($database, q(DELETE FROM events WHERE id % 4 = 1; DELETE FROM anchors WHERE id % 4 = 2));
	my $reader = Session->new(PGDATABASE => $database);
	my $other = Session->new(PGDATABASE => $database);

	my $snapshot = $reader->query("$merged BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot()");
	my $expected = rows_of($other, "BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '$snapshot'; $naive $join");
	$other->query('COMMIT');
	my $found = $reader->query("DECLARE c CURSOR FOR $join; FETCH 10 FROM c");

	$other->query($change);

	# the vacuum may have to wait for a page that the reader has not left yet
	$other->send("SET vacuum_cost_delay = 0; VACUUM events; VACUUM anchors;"
		  . " INSERT INTO events SELECT id, k, agent, t, 'in the place of another' FROM events WHERE id % 4 = 3;"
		  . " INSERT INTO anchors SELECT id, k, agent, t, 'in the place of another' FROM anchors WHERE id % 4 = 3");
	$found .= "\n" . $reader->query('FETCH 20000 FROM c');
	$found .= "\n" . $reader->query('FETCH ALL FROM c');
	$reader->query('COMMIT');
	$other->answer;
	ok($expected ne '', "$description: there are rows");
	ok(join("\n", sort grep { $_ ne '' } split /\n/, $found) eq $expected, "$description: those of the snapshot are returned");
	is(rows_of($reader, "$merged $join"), rows_of($other, "$naive $join"), "$description: and afterwards what is there then");
}

# Entries that are known to be dead, and pages of which only some are all-visible.
make_tables();
query($database, q(DELETE FROM events WHERE id % 2 = 0));
query($database, q(SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT count(note) FROM events WHERE k >= 0)) foreach 1 .. 2;
query($database, q(VACUUM anchors));
query($database, q(UPDATE anchors SET note = 'u' WHERE id % 10 = 0; INSERT INTO events SELECT id + 1, k, agent, t, 'n' FROM events WHERE id % 20 = 1));
my $session = Session->new(PGDATABASE => $database);
is(rows_of($session, "$merged $join"), rows_of(Session->new(PGDATABASE => $database), "$naive $join"),
	'entries that are marked as dead, and some pages that are all-visible');

# What the transaction itself has changed, and then taken back.
$session->query("BEGIN; UPDATE events SET t = t - interval '10 seconds' WHERE id % 3 = 0; SAVEPOINT s; DELETE FROM anchors WHERE id % 3 = 0");
my $deleted = rows_of($session, "$merged $join");
$session->query("RESET ALL; $naive");
is($deleted, rows_of($session, $join), 'own changes');
$session->query('ROLLBACK TO s; RESET ALL');
my $restored = rows_of($session, "$merged $join");
$session->query("RESET ALL; $naive");
is($restored, rows_of($session, $join), 'own changes that are taken back');
$session->query('ROLLBACK');

# No page stays in use after an error or an abandoned cursor.
is($session->query("RESET ALL; $merged BEGIN; DECLARE c CURSOR FOR $join; FETCH 1 FROM c; ROLLBACK"), $session->query("BEGIN; DECLARE c CURSOR FOR $join; FETCH 1 FROM c; CLOSE c; COMMIT"),
	'a cursor that is left');

done_testing;
