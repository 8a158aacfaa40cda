# What log_table_health() finds in indexes, one partition at a time, is what
# plain queries of the whole table say, whatever the rows are and wherever they
# are.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Logs;
use Test::More;

my $database = create_database('azhunt_health_oracle');

sub execute
{
	query($database, "SET client_min_messages = warning; $_[0]");
}

# Random rows, but the same in each test.
my $seed = 0;

sub add_rows
{
	my ($table, $number, $odd) = @_;

	$seed += 0.01;
	execute("SELECT setseed($seed); SELECT oracle.add_rows('$table', $number, $odd)");
}

sub same
{
	my ($table, $name) = @_;

	$seed += 0.01;
	is(query($database, "DO 'BEGIN PERFORM setseed($seed); END'; SELECT * FROM oracle.differences('$table') LIMIT 5"), '', $name);
}

execute(<<'SQL');
CREATE EXTENSION azhunt;
SELECT count(*) FROM azhunt.create_log_tables();
CREATE SCHEMA oracle;

-- The rows that are newest and latest, and those that arrived since: each is asked
-- once for all questions that share it.
CREATE FUNCTION oracle.newest(log_table regclass) RETURNS TABLE (event timestamptz, arrival timestamptz)
LANGUAGE plpgsql SET enable_indexscan = off SET enable_bitmapscan = off AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT max(timegenerated), max(ingestedat) FROM %1$s', log_table);
END
$$;
CREATE FUNCTION oracle.arrivals(log_table regclass, since timestamptz[]) RETURNS bigint[]
LANGUAGE plpgsql SET enable_indexscan = off SET enable_bitmapscan = off AS $$
DECLARE
	answer bigint[];
BEGIN
	EXECUTE format('
		SELECT ARRAY(SELECT (SELECT count(*) FROM %1$s WHERE ingestedat > s AND ingestedat <= s + interval ''1 hour'')
					 FROM unnest($1) WITH ORDINALITY AS s (s, i) ORDER BY i)', log_table)
	INTO answer USING since;
	RETURN answer;
END
$$;
CREATE FUNCTION oracle.delays(log_table regclass, latest integer) RETURNS interval[]
LANGUAGE plpgsql SET enable_indexscan = off SET enable_bitmapscan = off AS $$
DECLARE
	answer interval[];
BEGIN
	EXECUTE format('
		SELECT ARRAY(SELECT ingestedat - timegenerated
					 FROM (SELECT * FROM %1$s WHERE ingestxid IS NOT NULL ORDER BY ingestxid DESC LIMIT $1) AS l
					 WHERE isfinite(timegenerated) AND isfinite(ingestedat)
					 ORDER BY 1)', log_table)
	INTO answer USING latest;
	RETURN answer;
END
$$;

-- both, asked of many times, at some of which rows arrived: what differs
CREATE FUNCTION oracle.differences(log_table regclass) RETURNS SETOF text
LANGUAGE sql AS $$
	WITH since AS MATERIALIZED (
		SELECT s.since, oracle.arrivals($1, s.since) AS arrivals
		FROM (SELECT '2026-03-12 00:00Z'::timestamptz - random() * interval '13 days' FROM generate_series(1, 8)
			  UNION ALL VALUES ('infinity'::timestamptz), ('-infinity'), (NULL), ('2027-01-01 00:00Z'), ('2026-03-05 12:00Z')) AS t (t)
		CROSS JOIN LATERAL (SELECT ARRAY[t, t - interval '1 hour', t - interval '24 hours'] AS since) AS s
	), latest AS MATERIALIZED (
		SELECT latest, oracle.delays($1, latest) AS delays FROM (VALUES (1), (25), (500), (10000)) AS l (latest)
	)
	SELECT format('%s, %s: got %s, expected %s', s.since, l.latest, g, e)
	FROM since AS s
	CROSS JOIN latest AS l
	CROSS JOIN oracle.newest($1) AS n
	CROSS JOIN LATERAL azhunt.log_table_health($1, s.since, l.latest) AS h
	CROSS JOIN LATERAL (SELECT h.newest_event, h.newest_arrival, h.arrivals, ARRAY(SELECT unnest(h.delays) ORDER BY 1)) AS g
	CROSS JOIN LATERAL (SELECT n.event, n.arrival, s.arrivals, l.delays) AS e
	WHERE g::text IS DISTINCT FROM e::text
$$;

-- Rows of ten days, nearly in the order of time, that arrived when they
-- happened, or much later; so many of a thousand are odder, of infinite times
-- for instance.  No two have the same ingestxid.
CREATE SEQUENCE oracle.xids;
CREATE FUNCTION oracle.add_rows(log_table regclass, number integer, odd integer) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('
		INSERT INTO %s (timegenerated, ingestedat, ingestxid, resulttype, useragent)
		SELECT (CASE (1000000 * random())::integer / $2 WHEN 0 THEN ''infinity'' WHEN 1 THEN ''-infinity'' ELSE t::text END)::timestamptz,
			   CASE (1000000 * random())::integer / $2 WHEN 0 THEN ''infinity'' WHEN 1 THEN ''-infinity'' WHEN 2 THEN NULL
					WHEN 3 THEN ''2026-03-05 12:00Z'' WHEN 4 THEN ''2026-03-05 13:00Z''
					WHEN 5 THEN ''2026-03-11 00:00Z''::timestamptz - random() * interval ''11 days''
					ELSE t + random() * interval ''10 minutes'' END,
			   CASE WHEN random() > 0.02 THEN nextval(''oracle.xids'') END,
			   (i %% 2)::text, repeat(md5(random()::text), 1 + i %% 40)
		FROM (SELECT i, ''2026-03-01 00:00Z''::timestamptz + (i + 3 * random()) * interval ''10 days'' / $1 AS t
			  FROM generate_series(1, $1) AS i) AS r', log_table)
	USING number, 1000 * odd;
END
$$;
SQL

same('azhunt.signinlogs', 'an empty table');
add_rows('azhunt.signinlogs', 30, 30);
same('azhunt.signinlogs', 'a default partition alone');

# Daily partitions of some days, of which one is divided, one stays empty and
# one has its columns in the reverse order.
execute(<<'SQL');
DELETE FROM azhunt.signinlogs_default WHERE timegenerated >= '2026-03-06 00:00Z' AND timegenerated <> 'infinity';
SELECT count(*) FROM azhunt.add_partitions('azhunt.signinlogs', '2026-03-02', '2026-03-06');
CREATE TABLE azhunt.signinlogs_halves PARTITION OF azhunt.signinlogs
	FOR VALUES FROM ('2026-03-07 00:00Z') TO ('2026-03-08 00:00Z') PARTITION BY LIST (resulttype);
CREATE TABLE azhunt.signinlogs_success PARTITION OF azhunt.signinlogs_halves FOR VALUES IN ('0');
CREATE TABLE azhunt.signinlogs_failure PARTITION OF azhunt.signinlogs_halves DEFAULT;
CREATE TABLE azhunt.signinlogs_empty PARTITION OF azhunt.signinlogs
	FOR VALUES FROM ('2026-04-01 00:00Z') TO ('2026-04-02 00:00Z');
DO $$
BEGIN
	EXECUTE (SELECT format('CREATE TABLE azhunt.signinlogs_reverse (dropped text, %s)',
						   string_agg(format('%I %s%s', attname, format_type(atttypid, NULL), CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END),
									  ', ' ORDER BY attnum DESC))
			 FROM pg_attribute WHERE attrelid = 'azhunt.signinlogs'::regclass AND attnum > 0);
END
$$;
ALTER TABLE azhunt.signinlogs_reverse DROP COLUMN dropped;
ALTER TABLE azhunt.signinlogs ATTACH PARTITION azhunt.signinlogs_reverse
	FOR VALUES FROM ('2026-03-08 00:00Z') TO ('2026-03-10 00:00Z');
CREATE INDEX signinlogs_pages_idx ON azhunt.signinlogs USING brin (timegenerated, ingestedat) WITH (pages_per_range = 1);
DROP INDEX azhunt.signinlogs_timegenerated_idx;
SQL
add_rows('azhunt.signinlogs', 2000, 2);
is(query($database, 'SELECT count(DISTINCT tableoid) FROM azhunt.signinlogs'), 8, 'rows are everywhere');
same('azhunt.signinlogs', 'partitions of all kinds');

# Each page is a range, which the index has summarized.
cmp_ok(query($database, q{SELECT sum(brin_summarize_new_values(t.relid))
		FROM pg_partition_tree('azhunt.signinlogs_pages_idx') AS t WHERE t.isleaf}), '>', 100,
	'there were pages that were not summarized');
same('azhunt.signinlogs', 'pages that are summarized');
add_rows('azhunt.signinlogs', 1000, 2);
same('azhunt.signinlogs', 'and some that are not');

# The newest rows are in one partition after the other.
foreach my $hours (map { 6 + 17 * $_ } 0 .. 12)
{
	my $cutoff = "'2026-03-10 00:00Z'::timestamptz - interval '$hours hours'";

	execute("DELETE FROM azhunt.signinlogs WHERE timegenerated > $cutoff");
	execute("DELETE FROM azhunt.signinlogs WHERE ingestedat > $cutoff - interval '5 hours'") if $hours % 2;
	query($database, 'VACUUM azhunt.signinlogs');
	execute("REINDEX INDEX $_") foreach split /\n/, query($database,
		q{SELECT t.relid::regclass FROM pg_partition_tree('azhunt.signinlogs_pages_idx') AS t WHERE t.isleaf});
	same('azhunt.signinlogs', "the newest rows are of $hours hours before the end");
}
add_rows('azhunt.signinlogs', 2000, 2);

# Rows that are gone, changed, moved, and not there any more.
execute(<<'SQL');
DELETE FROM azhunt.signinlogs WHERE random() < 0.2;
UPDATE azhunt.signinlogs SET ingestxid = nextval('oracle.xids') WHERE random() < 0.1;
UPDATE azhunt.signinlogs SET ingestedat = ingestedat - interval '1 day' WHERE random() < 0.1;
UPDATE azhunt.signinlogs SET timegenerated = timegenerated - interval '1 day' WHERE random() < 0.1;
SQL
query($database, <<'SQL');
BEGIN;
INSERT INTO azhunt.signinlogs (timegenerated, ingestedat, ingestxid) VALUES ('2026-03-20 00:00Z', '2026-03-20 00:00Z', 1::bigint << 62);
ROLLBACK;
SQL
same('azhunt.signinlogs', 'rows that have come and gone');
add_rows('azhunt.signinlogs', 300, 20);
same('azhunt.signinlogs', 'and odd ones');
is(query($database, <<'SQL'), '', 'rows that the transaction itself brings and changes');
DO $$ BEGIN PERFORM setseed(0.5); PERFORM oracle.add_rows('azhunt.signinlogs', 300, 3); END $$;
UPDATE azhunt.signinlogs SET ingestedat = ingestedat + interval '1 hour' WHERE resulttype = '0';
SELECT * FROM oracle.differences('azhunt.signinlogs') LIMIT 5
SQL

execute(<<'SQL');
CREATE INDEX ON azhunt.signinlogs USING brin (ingestedat) WITH (pages_per_range = 1);
CREATE INDEX ON azhunt.signinlogs USING brin (resulttype, timegenerated) WITH (pages_per_range = 1);
DROP INDEX azhunt.signinlogs_pages_idx;
SQL
same('azhunt.signinlogs', 'an index for each column');
execute("ALTER DATABASE $database SET work_mem = '64kB'");
same('azhunt.signinlogs', 'with hardly any memory');

execute('DROP INDEX azhunt.signinlogs_ingestxid_idx');
same('azhunt.signinlogs', 'no index on ingestxid');
execute(<<'SQL');
CREATE INDEX ON azhunt.signinlogs_p20260302 (ingestxid DESC);
CREATE INDEX ON azhunt.signinlogs_p20260303 (ingestxid NULLS FIRST);
CREATE INDEX ON azhunt.signinlogs_p20260304 (ingestxid DESC NULLS LAST, ipaddress);
CREATE INDEX ON azhunt.signinlogs_success (ipaddress, ingestxid);
CREATE INDEX ON azhunt.signinlogs_failure (ingestxid) WHERE resulttype = '2';
CREATE INDEX ON azhunt.signinlogs_reverse ((ingestxid + 0));
CREATE INDEX ON azhunt.signinlogs_default (ingestxid) INCLUDE (timegenerated);
SQL
same('azhunt.signinlogs', 'all kinds of indexes on ingestxid');

# as after CREATE INDEX CONCURRENTLY that failed
execute(<<'SQL');
CREATE INDEX broken ON azhunt.signinlogs_p20260305 (ingestxid);
UPDATE pg_index SET indisvalid = false, indisready = false WHERE indexrelid = 'azhunt.broken'::regclass;
SQL
execute(q{INSERT INTO azhunt.signinlogs (timegenerated, ingestxid) VALUES ('2026-03-05 01:00Z', 1::bigint << 62)});
execute(q{UPDATE pg_index SET indisready = true WHERE indexrelid = 'azhunt.broken'::regclass});
same('azhunt.signinlogs', 'an index that is not valid');

execute(<<'SQL');
DO $$
DECLARE
	index regclass;
BEGIN
	FOR index IN SELECT indexrelid FROM pg_index WHERE indrelid = 'azhunt.signinlogs'::regclass LOOP
		EXECUTE format('DROP INDEX %s', index);
	END LOOP;
END
$$
SQL
same('azhunt.signinlogs', 'no index on times');
execute(<<'SQL');
CREATE INDEX ON azhunt.signinlogs_p20260302 USING brin (ingestedat timestamptz_bloom_ops);
CREATE INDEX ON azhunt.signinlogs_p20260303 USING brin (ingestedat timestamptz_minmax_multi_ops, timegenerated) WITH (pages_per_range = 1);
CREATE INDEX ON azhunt.signinlogs_p20260304 (ingestedat);
CREATE INDEX ON azhunt.signinlogs_p20260304 (timegenerated DESC);
CREATE INDEX ON azhunt.signinlogs_success USING brin (ingestedat) WHERE resulttype = '2';
CREATE INDEX ON azhunt.signinlogs_success USING brin ((ingestedat AT TIME ZONE 'UTC'));
CREATE INDEX ON azhunt.signinlogs_failure USING hash (ingestedat);
CREATE INDEX ON azhunt.signinlogs_default (ingestedat DESC, timegenerated);
SQL
same('azhunt.signinlogs', 'all kinds of indexes on times');

# Partitions by something else than the time alone.
execute(<<'SQL');
CREATE TABLE azhunt.by_type (LIKE azhunt.signinlogs) PARTITION BY RANGE (resulttype, timegenerated);
CREATE TABLE azhunt.by_type_0 PARTITION OF azhunt.by_type FOR VALUES FROM ('0', MINVALUE) TO ('0', '2026-03-05 00:00Z');
CREATE TABLE azhunt.by_type_1 PARTITION OF azhunt.by_type FOR VALUES FROM ('0', '2026-03-05 00:00Z') TO ('1', '2026-03-01 00:00Z');
CREATE TABLE azhunt.by_type_2 PARTITION OF azhunt.by_type FOR VALUES FROM ('1', '2026-03-01 00:00Z') TO (MAXVALUE, MAXVALUE);
CREATE INDEX ON azhunt.by_type (ingestxid);
CREATE INDEX ON azhunt.by_type USING brin (timegenerated, ingestedat) WITH (pages_per_range = 1);
INSERT INTO azhunt.by_type SELECT * FROM azhunt.signinlogs WHERE (resulttype, timegenerated) >= ('0', '-infinity');

CREATE TABLE azhunt.by_arrival (LIKE azhunt.signinlogs) PARTITION BY RANGE (ingestedat);
CREATE TABLE azhunt.by_arrival_1 PARTITION OF azhunt.by_arrival FOR VALUES FROM (MINVALUE) TO ('2026-03-04 00:00Z');
CREATE TABLE azhunt.by_arrival_2 PARTITION OF azhunt.by_arrival DEFAULT;
CREATE INDEX ON azhunt.by_arrival (ingestxid);
CREATE INDEX ON azhunt.by_arrival USING brin (timegenerated, ingestedat) WITH (pages_per_range = 1);
INSERT INTO azhunt.by_arrival SELECT * FROM azhunt.signinlogs WHERE timegenerated < '2026-04-01 00:00Z';
INSERT INTO azhunt.by_arrival (timegenerated, ingestedat, ingestxid) VALUES ('2026-03-20 00:00Z', '2026-03-01 00:00Z', 1);
SQL
query($database, 'VACUUM azhunt.by_type, azhunt.by_arrival');
same('azhunt.by_type', 'partitions by more than the time');
same('azhunt.by_arrival', 'or by the arrival');

# A plain table, and one with children, of which one has two parents.
execute(<<'SQL');
CREATE TABLE azhunt.plain (LIKE azhunt.signinlogs);
CREATE INDEX ON azhunt.plain (ingestxid);
CREATE INDEX ON azhunt.plain USING brin (ingestedat, timegenerated);
SQL
add_rows('azhunt.plain', 300, 10);
same('azhunt.plain', 'a plain table');
execute(<<'SQL');
CREATE TABLE azhunt.child_1 () INHERITS (azhunt.plain);
CREATE TABLE azhunt.child_2 (dropped text, LIKE azhunt.signinlogs_reverse);
ALTER TABLE azhunt.child_2 DROP COLUMN dropped, INHERIT azhunt.plain;
CREATE TABLE azhunt.grandchild () INHERITS (azhunt.child_1, azhunt.plain);
CREATE INDEX ON azhunt.child_2 (ingestxid);
CREATE INDEX ON azhunt.child_2 USING brin (ingestedat, timegenerated) WITH (pages_per_range = 1);
SQL
add_rows("azhunt.$_", 300, 10) foreach qw(child_1 child_2 grandchild);
same('azhunt.plain', 'and its children');

# The same table is queried where a view stands for it.
my $health = q{SELECT t, h.* FROM generate_series('2026-02-28 00:00Z'::timestamptz, '2026-03-12 00:00Z', '7 hours') AS t
	CROSS JOIN LATERAL azhunt.source_health_of('signinlogs', t) AS h};
cmp_ok(query($database, "SELECT count(*) FROM ($health) AS h WHERE rows_last_hour > 0 AND rows_hour_before <> rows_hour_day_before AND median_delay < p95_delay"),
	'>', 10, 'a table has some health');
my $expected = query($database, $health);
execute(<<'SQL');
ALTER TABLE azhunt.signinlogs RENAME TO stored_signinlogs;
CREATE VIEW azhunt.signinlogs AS SELECT * FROM azhunt.stored_signinlogs;
SQL
is(query($database, $health), $expected, 'and a view of it the same');

done_testing();
