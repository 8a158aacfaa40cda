-- linked_signins against the aggregates of PostgreSQL, on random matches, under
-- all kinds of plans, and at the limit of sign-ins.
BEGIN;
SELECT plan(15);
SET LOCAL TIME ZONE 'America/New_York';
SET LOCAL search_path TO public, azhunt;
SET LOCAL jit = off;
SELECT setseed(0.5) \g /dev/null

CREATE FUNCTION pg_temp.pick(choices anyarray) RETURNS anyelement LANGUAGE sql VOLATILE AS $$
    SELECT choices[1 + floor(random() * cardinality(choices))]
$$;

-- Groups of one match to thousands, whose texts are each other's beginnings, and
-- whose times lie on both sides of 2000 and of Christ's birth
CREATE TABLE matches_of_uploads AS
SELECT floor(300 * power(random(), 4))::integer AS g,
       pg_temp.pick('{-infinity,infinity,4000-01-01 BC,0001-12-31 BC,1999-12-31 23:59:59.999999Z,2000-01-01Z,20000-02-29Z}'::timestamptz[]
                    || ARRAY(SELECT timestamptz '2026-03-08 06:59Z' + n * interval '40.000001 s' FROM generate_series(1, 40) AS n)) AS logintime,
       pg_temp.pick('{"",a,A,ab,é,"\"quoted\\ ",Zoë@contoso.com,zoe@contoso.com}'::text[]) AS account,
       pg_temp.pick(ARRAY['', 'b', E'\x01', 'bb', 'Mozilla/5.0 ' || repeat('x', 300)]) AS useragent,
       pg_temp.pick('{203.0.113.7,203.0.113.70,2001:db8::7}'::text[]) AS address,
       timestamptz '2026-03-08 07:00Z' + floor(random() * 20) * interval '1 microsecond' AS uploadtime,
       pg_temp.pick('{"",a,b,ab}'::text[]) AS correlationid
FROM generate_series(1, 30000);
INSERT INTO matches_of_uploads SELECT 1000 + n, m.logintime, m.account, m.useragent, m.address, m.uploadtime, m.correlationid
FROM (SELECT row_number() OVER () AS n, m.* FROM matches_of_uploads AS m LIMIT 1000) AS m;
CREATE TABLE parts (LIKE matches_of_uploads) PARTITION BY HASH (logintime);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part_2 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts TABLE matches_of_uploads;
ANALYZE matches_of_uploads, parts;
CREATE INDEX by_group ON matches_of_uploads (g);

CREATE TEMPORARY TABLE expected AS
SELECT m.g,
       (array_agg(m.login ORDER BY m.logintime DESC, m.account COLLATE "C" DESC, m.useragent COLLATE "C" DESC, m.address COLLATE "C" DESC))[1] AS loginevents,
       array_agg(DISTINCT m.account COLLATE "C" ORDER BY m.account COLLATE "C") AS accounts,
       (SELECT jsonb_agg(l.login ORDER BY l.logintime, l.account COLLATE "C", l.useragent COLLATE "C", l.address COLLATE "C")
        FROM (SELECT DISTINCT o.logintime, o.account, o.useragent, o.address, bag_pack('AccountUsed', o.account, 'IPUsed', o.address,
                     'AzureLoginTime', o.logintime, 'UserAgent', o.useragent) AS login
              FROM matches_of_uploads AS o WHERE o.g = m.g) AS l) AS logins,
       count(DISTINCT ROW(m.uploadtime, m.address, m.correlationid)) AS uploads
FROM (SELECT *, bag_pack('AccountUsed', account, 'IPUsed', address, 'AzureLoginTime', logintime, 'UserAgent', useragent) AS login
      FROM matches_of_uploads) AS m
GROUP BY m.g;
DROP INDEX by_group;

\ir lib/plan_of.sql

-- Does the aggregate over a table give what is expected, in a plan like this?
CREATE FUNCTION pg_temp.gives_what_is_expected(relation text, plan text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
    query text := format('SELECT f.g, (f.l).* FROM (SELECT g, linked_signins(uploadtime, correlationid, logintime, account, useragent, address) AS l'
                         ' FROM %s GROUP BY g OFFSET 0) AS f', relation);
BEGIN
    RETURN NEXT matches(plan_of(query), plan, plan || ': plan');
    RETURN NEXT bag_eq('SELECT g, e::text FROM expected AS e', format('SELECT g, f::text FROM (%s) AS f', query), plan || ': answer');
END
$$;

SELECT cmp_ok(max(jsonb_array_length(logins)), '>', 1000, 'there are large groups') FROM expected;
SET LOCAL enable_sort = off;
SELECT pg_temp.gives_what_is_expected('matches_of_uploads', 'HashAggregate');
SET LOCAL work_mem = '64kB';
SELECT pg_temp.gives_what_is_expected('matches_of_uploads', 'HashAggregate');
SET LOCAL enable_sort = on;
SET LOCAL enable_hashagg = off;
SELECT pg_temp.gives_what_is_expected('matches_of_uploads', 'GroupAggregate');
SET LOCAL enable_hashagg = on;
SET LOCAL enable_partitionwise_aggregate = on;
SELECT pg_temp.gives_what_is_expected('parts', 'Finalize.*Partial');
SET LOCAL enable_partitionwise_aggregate = off;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SELECT pg_temp.gives_what_is_expected('matches_of_uploads', 'Finalize.*Gather.*Partial');
RESET work_mem;

-- What is written byte by byte is what PostgreSQL writes.
CREATE TEMPORARY TABLE found AS
SELECT f.g, (f.l).* FROM (SELECT g, linked_signins(uploadtime, correlationid, logintime, account, useragent, address) AS l
                          FROM matches_of_uploads GROUP BY g) AS f;
SELECT is_empty($$
    SELECT e.g FROM expected AS e JOIN found AS f USING (g)
    WHERE pg_column_size(e.loginevents || '{}') <> pg_column_size(f.loginevents || '{}') OR e.loginevents <> f.loginevents
       OR jsonb_hash_extended(e.logins, 7) <> jsonb_hash_extended(f.logins, 7)
       OR e.logins <> f.logins OR NOT f.logins @> jsonb_build_array(e.loginevents)
       OR f.logins -> -1 <> e.loginevents OR f.logins #>> '{-1,UserAgent}' <> e.loginevents ->> 'UserAgent'
       OR (SELECT count(*) FROM generate_series(0, jsonb_array_length(e.logins) - 1, 31) AS n
           WHERE e.logins -> n -> 'AccountUsed' IS DISTINCT FROM f.logins -> n -> 'AccountUsed') > 0
$$, 'operators of jsonb find in it what they should');

-- twice as many sign-ins as the limit, in no order
CREATE TEMPORARY TABLE many AS
SELECT (linked_signins('2026-01-01Z', (n % 7)::text, timestamptz '2026-01-01Z' + abs(hashint8(n) % 10000000) * interval '1 second',
                       'user' || n % 3, n::text, '203.0.113.7')).*,
       max(timestamptz '2026-01-01Z' + abs(hashint8(n) % 10000000) * interval '1 second') AS latest
FROM generate_series(1, 2200000) AS n;
SELECT results_eq($$
    SELECT jsonb_array_length(logins), accounts, uploads, (loginevents ->> 'AzureLoginTime')::timestamptz = latest,
           (logins #>> '{-1,AzureLoginTime}')::timestamptz < latest FROM many
$$, $$ VALUES (1048576, '{user0,user1,user2}'::text[], 7::bigint, true, true) $$,
    'the oldest sign-ins are kept, and the latest, and the accounts and uploads of all');
DROP TABLE many;

SELECT results_eq($$
    SELECT n, jsonb_array_length((l).logins), (l).uploads, (l).accounts FROM (
        SELECT n, linked_signins('2026-01-01Z', n::text, '2026-01-01Z', 'a' || n, '', '203.0.113.7') OVER (ORDER BY n) AS l
        FROM generate_series(1, 3) AS n) AS w
$$, $$ VALUES (1, 1, 1::bigint, '{a1}'::text[]), (2, 2, 2, '{a1,a2}'), (3, 3, 3, '{a1,a2,a3}') $$, 'as a window function');
SELECT throws_ok($$ SELECT linked_signins(now(), 'a', now(), NULL, 'a', 'a') $$, '22004',
                 'argument 4 of linked_signins must not be null', 'nothing may be null');

SELECT * FROM finish();
ROLLBACK;
