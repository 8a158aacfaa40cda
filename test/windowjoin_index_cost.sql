-- What the planner thinks that it costs to search an index on (key, time) for
-- the rows within a window, and what it makes of that.

BEGIN;
SELECT plan(19);

SET LOCAL TimeZone = 'UTC';
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL random_page_cost = 1.1;
SET LOCAL jit = off;

SELECT setseed(0.5);

-- One key has a fifth of all rows on both sides.
CREATE FUNCTION key_of(device text) RETURNS text LANGUAGE sql IMMUTABLE RETURN split_part(device, ':', 1);
CREATE TABLE events AS
SELECT (random() * 1000)::integer AS uniform,
       'k' || CASE WHEN random() < 0.2 THEN 0 ELSE (random() * 1000)::integer END AS skewed,
       '2026-01-01'::timestamptz + random() * interval '7 days' AS t, repeat('e', 100) AS note
FROM generate_series(1, 60000);
CREATE TABLE anchors AS
SELECT (random() * 1000)::integer AS uniform,
       'k' || CASE WHEN random() < 0.2 THEN 0 ELSE (random() * 1000)::integer END AS skewed,
       '2026-01-01'::timestamptz + random() * interval '7 days' AS t
FROM generate_series(1, 20000);
CREATE TABLE few_anchors AS SELECT * FROM anchors LIMIT 10;
CREATE TABLE some_anchors AS SELECT * FROM anchors LIMIT 2000;
CREATE INDEX ON events (uniform, t);
CREATE INDEX ON events (skewed, t);

CREATE TABLE daily (LIKE events) PARTITION BY RANGE (t);
CREATE TABLE first_days PARTITION OF daily FOR VALUES FROM (MINVALUE) TO ('2026-01-04');
CREATE TABLE last_days PARTITION OF daily FOR VALUES FROM ('2026-01-04') TO (MAXVALUE);
CREATE INDEX ON daily (skewed, t);
INSERT INTO daily SELECT * FROM events;

-- the key is in an expression, and only part of the rows in an index of it
CREATE TABLE devices AS
SELECT skewed || ':' || (random() * 10000)::integer AS device, 'upload' AS operation, t FROM anchors
UNION ALL
SELECT 'other:' || i, 'download', '2026-01-01'::timestamptz + random() * interval '7 days' FROM generate_series(1, 20000) AS i;
CREATE INDEX ON devices (key_of(device), t) WHERE operation = 'upload';
CREATE TABLE more_devices AS SELECT * FROM devices LIMIT 100;
ANALYZE;

\ir lib/plan_of.sql

CREATE FUNCTION joins_by(query text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(plan ->> 'Custom Plan Provider', plan ->> 'Node Type')
    FROM (SELECT plan_of(query, 'FORMAT JSON')::jsonb -> 0 -> 'Plan') AS p (plan)
$$;

-- what all scans of indexes cost together, for one outer row
CREATE FUNCTION search_cost(query text) RETURNS numeric LANGUAGE sql AS $$
    SELECT sum((scan ->> 'Total Cost')::numeric)
    FROM jsonb_path_query(plan_of(query, 'FORMAT JSON')::jsonb, 'strict $.** ? (@."Node Type" like_regex "Index|Bitmap Heap")') AS scan
$$;

\ir lib/estimates.sql

--
-- no query without within() is planned otherwise
--
CREATE FUNCTION other_plans() RETURNS SETOF jsonb LANGUAGE sql AS $$
    SELECT plan_of(query, 'FORMAT JSON')::jsonb
    FROM unnest(ARRAY['SELECT * FROM events AS e JOIN few_anchors AS a USING (skewed) WHERE e.t < a.t',
                      'SELECT * FROM events WHERE uniform = 1 AND t < ''2026-01-03''',
                      'SELECT * FROM daily AS e JOIN few_anchors AS a USING (skewed) WHERE e.t BETWEEN a.t AND a.t']) AS query
$$;
CREATE TABLE plans_before AS SELECT other_plans() AS plan;
SELECT azhunt.within(now(), now(), '0') \g (tuples_only=on) /dev/null
SELECT bag_eq('SELECT other_plans()', 'TABLE plans_before', 'other queries are planned as without azhunt');

--
-- a longer window costs more, however the index is read
--
SET LOCAL azhunt.enable_windowjoin = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_seqscan = off;

CREATE FUNCTION costs_more(first_query text, second_query text, factor numeric, description text) RETURNS text
LANGUAGE sql AS $$
    SELECT cmp_ok(search_cost(first_query), '>', factor * search_cost(second_query), description)
$$;
CREATE FUNCTION lookup(relation text, columns text, key text, lookback text) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT %s FROM some_anchors AS a JOIN %s AS e USING (%s) WHERE azhunt.within(e.t, a.t, %L)',
                  columns, relation, key, lookback)
$$;
SELECT costs_more(lookup('events', '*', 'uniform', '1 day'), lookup('events', '*', 'uniform', '1 second'), 1.5, 'a day of a uniform key');
SELECT costs_more(lookup('events', '*', 'skewed', '1 hour'), lookup('events', '*', 'skewed', '1 second'), 2, 'an hour of a skewed key');
SELECT costs_more(lookup('events', '*', 'skewed', '1 day'), lookup('events', '*', 'skewed', '1 hour'), 10, 'a day of a skewed key');
SELECT costs_more(lookup('events', '*', 'skewed', '1 day'), lookup('events', '*', 'uniform', '1 day'), 10, 'a key that is common on both sides');
SELECT costs_more(lookup('events', 'e.t', 'skewed', '1 day'), lookup('events', 'e.t', 'skewed', '1 hour'), 5, 'an index-only scan');
SELECT costs_more(lookup('daily', '*', 'skewed', '1 day'), lookup('daily', '*', 'skewed', '1 hour'), 10, 'partitions');
SELECT costs_more(lookup('(TABLE events UNION ALL TABLE daily)', '*', 'skewed', '1 day'),
                  lookup('(TABLE events UNION ALL TABLE daily)', '*', 'skewed', '1 hour'), 10, 'members of UNION ALL');
SET LOCAL enable_indexscan = off;
SELECT costs_more(lookup('events', '*', 'skewed', '1 day'), lookup('events', '*', 'skewed', '1 hour'), 10, 'a bitmap scan');
RESET enable_indexscan;
-- the events may be the outer side
SELECT costs_more('SELECT * FROM some_anchors AS a JOIN events AS e USING (skewed) WHERE azhunt.within(a.t, e.t, ''1 day'')',
                  'SELECT * FROM some_anchors AS a JOIN events AS e USING (skewed) WHERE azhunt.within(a.t, e.t, ''1 hour'')',
                  10, 'anchors that are searched for');
RESET azhunt.enable_windowjoin;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_seqscan;

--
-- so that the faster plan is chosen
--
SELECT is(joins_by(replace(lookup('events', '*', 'skewed', '1 minute'), 'some_anchors', 'few_anchors')), 'Nested Loop',
          'few anchors are looked up');
SELECT is(joins_by(replace(lookup('events', '*', 'skewed', '1 minute'), 'some_anchors', 'anchors')), 'AzhuntWindowJoin',
          'many anchors are joined');
SELECT is(joins_by(replace(lookup('events', '*', 'skewed', '1 day'), 'some_anchors', 'anchors')), 'AzhuntWindowJoin',
          'many anchors with much in their windows are joined');
SELECT is(joins_by(lookup('events', '*', 'skewed', '1 second')), 'Nested Loop', 'what little is in short windows is looked up');
SELECT is(joins_by(lookup('events', '*', 'skewed', '1 day')), 'AzhuntWindowJoin', 'much in long windows is joined');

--
-- and the rows of the join are estimated right
--
SELECT is_estimated_within(lookup('(TABLE events UNION ALL TABLE events)', '*', 'skewed', '1 minute'), 2,
                           'a skewed key over UNION ALL');
SELECT is_estimated_within(lookup('daily', '*', 'skewed', '1 minute'), 2, 'a skewed key of partitions');
SELECT is_estimated_within($$
    SELECT FROM events AS e
    JOIN (TABLE devices UNION ALL TABLE more_devices) AS d ON e.skewed = key_of(d.device)
    WHERE d.operation = 'upload' AND azhunt.within(e.t, d.t, '1 minute')
$$, 2, 'an expression over UNION ALL of which a partial index has statistics');
SELECT is_estimated_within($$
    SELECT FROM events AS e
    JOIN (TABLE devices UNION ALL TABLE more_devices) AS d ON key_of(d.device) = e.skewed
    WHERE d.operation = 'upload' AND azhunt.within(d.t, e.t, '1 minute')
$$, 2, 'the same the other way around');

SELECT * FROM finish();
ROLLBACK;
