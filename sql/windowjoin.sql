--
-- plans with a windowed join, and what EXPLAIN says of them
--
SET TimeZone = 'UTC';
SET search_path = public, azhunt;
SET max_parallel_workers_per_gather = 0;

CREATE TABLE uploads (address text, device text, agent text, t timestamptz, note text);
CREATE TABLE signins (address text, device text, agent text, t timestamptz, note text);
INSERT INTO signins
SELECT '192.0.2.' || i % 16, '2001:db8::' || to_hex(i % 1000), CASE i % 3 WHEN 0 THEN 'curl' ELSE 'Edge' END,
       '2026-01-01'::timestamptz + i * interval '1 second', repeat('s', 100)
FROM generate_series(1, 8000) AS i;
INSERT INTO uploads
SELECT '192.0.2.' || i % 16, '2001:db8::' || to_hex(i % 1000), CASE i % 2 WHEN 0 THEN 'CURL' ELSE 'edge' END,
       '2026-01-01'::timestamptz + (i % 10 + i) * interval '1 second', repeat('u', 100)
FROM generate_series(1, 4000) AS i;
VACUUM ANALYZE uploads, signins;

-- all equalities are the key, and the smaller side is the inner one
EXPLAIN (COSTS OFF)
SELECT * FROM uploads AS u JOIN signins AS s ON s.address = u.address AND u.agent =~ s.agent
WHERE within(s.t, u.t, '1 minute') AND u.note > s.note;
-- which may be the events
EXPLAIN (COSTS OFF)
SELECT * FROM uploads AS u JOIN signins AS s ON s.address = u.address
WHERE within(s.t, u.t, '1 minute') AND s.t < '2026-01-01 00:20';
-- the lookback may be anything that is the same for all rows
PREPARE by_lookback(interval) AS
SELECT count(*) FROM uploads AS u JOIN signins AS s USING (address) WHERE within(s.t, u.t, $1);
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE by_lookback('1 minute');
EXECUTE by_lookback('0');
EXECUTE by_lookback('1 minute');
EXECUTE by_lookback(NULL);
-- an error comes once, and leaves nothing behind
EXECUTE by_lookback('-1 minute');
EXECUTE by_lookback('1 month');
EXECUTE by_lookback('1 minute');
-- the setting counts for plans that were made before it, too
SET azhunt.enable_windowjoin = off;
EXPLAIN (COSTS OFF) EXECUTE by_lookback('1 minute');
EXECUTE by_lookback('1 minute');
RESET azhunt.enable_windowjoin;
EXPLAIN (COSTS OFF) EXECUTE by_lookback('1 minute');
RESET plan_cache_mode;
DEALLOCATE by_lookback;

--
-- declined, as the join could not be right; a key is not necessary
--
CREATE FUNCTION has_windowed_join(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        IF line LIKE '%Custom Scan (AzhuntWindowJoin)%' THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END
$$;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT join_clause, has_windowed_join('SELECT * FROM uploads AS u ' || join_clause)
FROM (VALUES
    ('JOIN signins AS s ON s.address = u.address WHERE within(s.t, u.t, ''1 minute'')'),
    ('JOIN signins AS s ON s.address = u.address WHERE within(u.t, s.t, ''1 minute'')'),
    ('JOIN signins AS s ON within(s.t, u.t, ''1 minute'')'),
    ('JOIN signins AS s ON s.address < u.address WHERE within(s.t, u.t, ''1 minute'')'),
    ('JOIN signins AS s ON s.address = u.address WHERE s.t BETWEEN u.t - interval ''1 minute'' AND u.t'),
    ('JOIN signins AS s ON s.address = u.address WHERE within(s.t, u.t, length(s.note) * interval ''1 second'')'),
    ('JOIN signins AS s ON s.address = u.address WHERE within(s.t, u.t, random() * interval ''1 second'')'),
    ('JOIN signins AS s ON s.address = u.address WHERE within(s.t + random() * interval ''1 second'', u.t, ''1 second'')'),
    ('JOIN signins AS s ON s.address = u.address WHERE within(s.t, s.t, ''1 minute'')'),
    ('JOIN signins AS s ON s.address = u.address OR s.agent = u.agent WHERE within(s.t, u.t, ''1 minute'')'),
    ('LEFT JOIN signins AS s ON s.address = u.address AND within(s.t, u.t, ''1 minute'')'),
    ('FULL JOIN signins AS s ON s.address = u.address AND within(s.t, u.t, ''1 minute'')'),
    ('WHERE EXISTS (SELECT FROM signins AS s WHERE s.address = u.address AND within(s.t, u.t, ''1 minute''))'),
    ('WHERE NOT EXISTS (SELECT FROM signins AS s WHERE s.address = u.address AND within(s.t, u.t, ''1 minute''))')
) AS v (join_clause);
RESET enable_hashjoin;
RESET enable_mergejoin;

--
-- few uploads are looked up, many are joined
--
CREATE INDEX ON signins (device, t);
ANALYZE signins;
EXPLAIN (COSTS OFF)
SELECT * FROM (SELECT * FROM uploads LIMIT 5) AS u JOIN signins AS s USING (device)
WHERE within(s.t, u.t, '1 minute');
EXPLAIN (COSTS OFF)
SELECT * FROM uploads AS u JOIN signins AS s USING (device) WHERE within(s.t, u.t, '1 minute');

--
-- memory
--
CREATE FUNCTION explain_analyze(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) ' || query LOOP
        -- PostgreSQL 18 shows rows with two decimals
        line := regexp_replace(line, '(actual rows=\d+)\.00', '\1');
        RETURN NEXT regexp_replace(line, '(Memory Usage|Pieces): \d+', '\1: N');
    END LOOP;
END
$$;
SET work_mem = '4MB';
SELECT explain_analyze($$
    SELECT * FROM uploads AS u JOIN signins AS s USING (address) WHERE within(s.t, u.t, '1 minute') AND u.agent <> s.agent
$$);
SET work_mem = '64kB';
SELECT explain_analyze($$
    SELECT * FROM uploads AS u JOIN signins AS s USING (address) WHERE within(s.t, u.t, '1 minute')
$$);
-- never more than it may use, but for a row that is larger than that by itself
CREATE FUNCTION memory_used(query text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
    RETURN plan -> 0 -> 'Plan' -> 'Memory Usage';
END
$$;
SELECT memory_used($$
    SELECT * FROM uploads AS u JOIN signins AS s USING (address) WHERE within(s.t, u.t, '1 minute')
$$) BETWEEN 32 AND 64 * current_setting('hash_mem_multiplier')::numeric AS memory_is_used_up_to_the_limit;
-- what processes did without the leader is shown, too
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SET max_parallel_workers_per_gather = 2;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET work_mem = '4MB';
SELECT ltrim(line) FROM explain_analyze($$
    SELECT * FROM uploads AS u JOIN signins AS s USING (address) WHERE within(s.t, u.t, '1 minute')
$$) AS line WHERE line ~ 'Memory|Batches|Pieces';
SET work_mem = '64kB';
SELECT ltrim(line) FROM explain_analyze($$
    SELECT * FROM uploads AS u JOIN signins AS s USING (address) WHERE within(s.t, u.t, '1 minute')
$$) AS line WHERE line ~ 'Memory|Batches|Pieces';
RESET enable_mergejoin;
RESET enable_hashjoin;
SET max_parallel_workers_per_gather = 0;
RESET parallel_leader_participation;
RESET min_parallel_table_scan_size;
RESET parallel_tuple_cost;
RESET parallel_setup_cost;
RESET work_mem;

--
-- cursors
--
BEGIN;
DECLARE joined SCROLL CURSOR FOR
SELECT u.t AS upload, s.t AS signin FROM uploads AS u JOIN signins AS s USING (address)
WHERE within(s.t, u.t, '5 seconds') ORDER BY u.t, s.t;
FETCH 2 FROM joined;
FETCH BACKWARD 1 FROM joined;
FETCH ABSOLUTE 3 FROM joined;
MOVE ABSOLUTE 0 FROM joined;
FETCH 1 FROM joined;
DECLARE unordered SCROLL CURSOR FOR
SELECT u.t AS upload, s.t AS signin FROM uploads AS u JOIN signins AS s USING (device)
WHERE within(s.t, u.t, '1 hour') AND u.t = '2026-01-01 01:00';
FETCH 2 FROM unordered;
FETCH BACKWARD 1 FROM unordered;
FETCH ALL FROM unordered;
COMMIT;

DROP TABLE uploads, signins;
DROP FUNCTION has_windowed_join, explain_analyze, memory_used;
