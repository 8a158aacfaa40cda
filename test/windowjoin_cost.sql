-- What the planner thinks that processes which share a table of inner rows save.

BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(3);

SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, azhunt, pg_catalog;

CREATE TABLE events AS
SELECT i % 10 AS k, i AS id, '2026-01-01'::timestamptz + i * interval '1 second' AS t FROM generate_series(1, 20000) AS i;
CREATE TABLE anchors AS TABLE events;
ANALYZE events, anchors;

CREATE FUNCTION costly(integer, integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100 AS 'BEGIN RETURN $1 > $2; END';

\ir lib/plan_of.sql

-- The node of a query's plan that joins.
CREATE FUNCTION join_of(query text) RETURNS jsonb LANGUAGE sql VOLATILE
RETURN jsonb_path_query_first(plan_of(query, 'FORMAT JSON')::jsonb, '$.** ? (@."Custom Plan Provider" == "AzhuntWindowJoin")');

SELECT set_config(name, 'off', true) FROM unnest('{enable_nestloop,enable_hashjoin,enable_mergejoin}'::text[]) AS n (name) \g /dev/null
\set query 'SELECT count(*) FROM events AS e JOIN anchors AS a USING (k) WHERE within(e.t, a.t, ''1 hour'') AND costly(e.id, a.id)'

SET LOCAL max_parallel_workers_per_gather = 0;
CREATE TEMPORARY TABLE alone AS SELECT join_of(:'query') AS node;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
CREATE TEMPORARY TABLE together AS SELECT join_of(:'query') AS node;

SELECT is((SELECT node ->> 'Parallel Aware' FROM alone), 'false', 'a process joins alone');
SELECT is((SELECT node ->> 'Parallel Aware' FROM together), 'true', 'processes share a table');
-- both have nearly all of their cost from the pairs, of which each process has its part
SELECT cmp_ok((SELECT (node ->> 'Total Cost')::numeric FROM together), '>=', (SELECT (node ->> 'Total Cost')::numeric / 2.5 FROM alone),
              'each process meets all rows of the table');

SELECT * FROM finish();
ROLLBACK;
