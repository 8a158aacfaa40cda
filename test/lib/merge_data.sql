-- Random tables with indexes that can be merged, and what compares the merge with
-- every other plan.

CREATE FUNCTION pick(choices text[]) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT choices[1 + floor(random() * cardinality(choices))::integer]
$$;

-- Keys with nulls and skew, times with ties, nulls and infinities.
CREATE FUNCTION random_rows(rows integer, keys integer)
RETURNS TABLE (id integer, k integer, kb bigint, ip text, txt text, v integer, t timestamptz, note text)
LANGUAGE sql VOLATILE AS $$
    SELECT i, r.k, r.k, CASE WHEN r.k = 1 THEN '' ELSE '198.51.100.' || r.k || CASE WHEN random() < 0.5 THEN ':' || i ELSE '' END END,
           CASE WHEN random() < 0.05 THEN NULL
                ELSE (ARRAY['Chrome', 'chrome', 'CHROME', 'Edge', 'edge', 'curl', ''])[1 + floor(random() * 7)::integer] END,
           (random() * 10)::integer,
           CASE WHEN random() < 0.03 THEN NULL WHEN random() < 0.03 THEN '-infinity' WHEN random() < 0.03 THEN 'infinity'
                ELSE '2026-01-01'::timestamptz + floor(random() * 2000) * interval '1 second' END,
           repeat('n', floor(random() * 60)::integer)
    FROM generate_series(1, rows) AS i
    CROSS JOIN LATERAL (SELECT CASE WHEN i > 0 AND random() < 0.05 THEN NULL WHEN random() < 0.2 THEN 0 ELSE (random() * keys)::integer END) AS r (k)
$$;

CREATE TABLE events AS SELECT * FROM random_rows(3000, 40);
CREATE TABLE anchors AS SELECT * FROM random_rows(1000, 40);
CREATE TABLE few AS SELECT * FROM random_rows(15, 40);
CREATE TABLE nothing AS SELECT * FROM random_rows(0, 40);

-- by the range of time, with columns in other places, and a subpartitioned one
CREATE TABLE parts (LIKE events) PARTITION BY RANGE (t);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES FROM (MINVALUE) TO ('2026-01-01 00:10');
CREATE TABLE parts_1 (gone integer, note text, t timestamptz, v integer, txt text, ip text, kb bigint, k integer, id integer);
ALTER TABLE parts_1 DROP COLUMN gone;
ALTER TABLE parts ATTACH PARTITION parts_1 FOR VALUES FROM ('2026-01-01 00:10') TO ('2026-01-01 00:20');
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2026-01-01 00:20') TO ('infinity') PARTITION BY HASH (k);
CREATE TABLE parts_2_0 PARTITION OF parts_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_2_1 PARTITION OF parts_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE parts_rest PARTITION OF parts DEFAULT;
INSERT INTO parts SELECT * FROM random_rows(3000, 40);

CREATE TABLE parent (LIKE events);
CREATE TABLE child (more text) INHERITS (parent);
INSERT INTO parent SELECT * FROM random_rows(400, 40);
INSERT INTO child SELECT *, 'more' FROM random_rows(400, 40);

SELECT format('CREATE INDEX ON %1$I (k, t, hash(COALESCE(txt, ''''))); CREATE INDEX ON %1$I (kb, t);'
              'CREATE INDEX ON %1$I (strip_port(ip), t) INCLUDE (v);'
              'CREATE INDEX ON %1$I (strip_port(ip), t, v, hash(COALESCE(txt, '''')));'
              'CREATE INDEX ON %1$I (k, window_start(t, ''3 seconds''))', name)
FROM unnest('{events,anchors,few,nothing,parts,parent,child}'::text[]) AS n (name) \gexec
CREATE TABLE many_of_one AS SELECT id, v, t FROM random_rows(4000, 40);
CREATE INDEX ON many_of_one ((v % 2), t);
CREATE TABLE partial AS SELECT * FROM random_rows(1000, 40);
CREATE INDEX ON partial (k, t, hash(COALESCE(txt, ''))) WHERE v < 5;
CREATE INDEX ON partial (kb, t) WHERE v < 5;
CREATE INDEX ON partial (strip_port(ip), t) WHERE v < 5;

CREATE VIEW chosen AS SELECT * FROM partial WHERE v < 5;
CREATE VIEW many AS
SELECT id, k, kb, ip, txt, v, t, note FROM events
UNION ALL SELECT id, k, kb, ip, COALESCE(txt, ''), v + 1, t, NULL FROM parts
UNION ALL SELECT id, k, kb, ip, txt, 7, t, note || '!' FROM parent;
ANALYZE;

-- dead rows, HOT chains, moved rows, and some pages that are all-visible
UPDATE events SET note = note || '+' WHERE id % 7 = 0;
UPDATE events SET note = note || '*' WHERE id % 14 = 0;
UPDATE events SET t = t + interval '5 seconds' WHERE id % 11 = 0;
DELETE FROM events WHERE id % 13 = 0;
UPDATE parts SET k = k + 1, t = t + interval '1 minute' WHERE id % 5 = 0;
DELETE FROM anchors WHERE id % 9 = 0;
INSERT INTO anchors SELECT * FROM random_rows(100, 40);

\ir plan_of.sql

-- The same rows by the merge, with more and less memory, and by every other plan.
CREATE FUNCTION same_rows(description text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    memory text;
    rows bigint;
    differences bigint;
BEGIN
    SET LOCAL azhunt.enable_windowjoin = off;
    PERFORM set_config(name, 'on', true) FROM unnest('{enable_seqscan,enable_indexscan,enable_indexonlyscan,enable_bitmapscan,enable_nestloop,enable_hashjoin,enable_mergejoin}'::text[]) AS n (name);
    SET LOCAL work_mem = '4MB';
    DROP TABLE IF EXISTS without_join, with_join;
    EXECUTE 'CREATE TEMP TABLE without_join AS ' || query;
    GET DIAGNOSTICS rows = ROW_COUNT;
    IF rows = 0 AND description NOT LIKE '%nothing%' THEN
        RETURN ok(false, description || ': tests nothing, there are no rows');
    END IF;

    SET LOCAL azhunt.enable_windowjoin = on;
    PERFORM set_config(name, 'off', true) FROM unnest('{enable_seqscan,enable_indexscan,enable_indexonlyscan,enable_bitmapscan,enable_nestloop,enable_hashjoin,enable_mergejoin}'::text[]) AS n (name);
    FOREACH memory IN ARRAY '{4MB,64kB}'::text[] LOOP
        PERFORM set_config('work_mem', memory, true);
        IF plan_of(query) NOT LIKE '%Custom Scan (AzhuntWindowMerge)%' THEN
            RETURN ok(false, format(E'%s: no merge with %s\n%s', description, memory, plan_of(query)));
        END IF;
        EXECUTE 'CREATE TEMP TABLE with_join AS ' || query;
        SELECT count(*) INTO differences
        FROM ((TABLE with_join EXCEPT ALL TABLE without_join)
              UNION ALL (TABLE without_join EXCEPT ALL TABLE with_join)) AS d;
        DROP TABLE with_join;
        IF differences > 0 THEN
            RETURN ok(false, format('%s: %s rows of %s differ with %s', description, differences, rows, memory));
        END IF;
    END LOOP;
    DROP TABLE without_join;
    RETURN ok(true, format('%s (%s rows)', description, rows));
END
$$;

-- The same rows by a merge in several processes, which reads each entry just once
-- if it knows how to divide keys, and by every other plan in one.
CREATE FUNCTION same_rows_in_parallel(description text, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    differences bigint;
BEGIN
    PERFORM set_config(name, '0', true) FROM unnest('{max_parallel_workers_per_gather,parallel_setup_cost,parallel_tuple_cost,min_parallel_index_scan_size,min_parallel_table_scan_size}'::text[]) AS n (name);
    SET LOCAL azhunt.enable_windowjoin = off;
    DROP TABLE IF EXISTS without_join, with_join;
    EXECUTE 'CREATE TEMP TABLE without_join AS ' || query;
    SET LOCAL azhunt.enable_windowjoin = on;
    SET LOCAL max_parallel_workers_per_gather = 2;
    PERFORM set_config(name, 'off', true) FROM unnest('{enable_seqscan,enable_indexscan,enable_indexonlyscan,enable_bitmapscan,enable_nestloop,enable_hashjoin,enable_mergejoin}'::text[]) AS n (name);
    RETURN NEXT alike(plan_of(query), '%Parallel Custom Scan (AzhuntWindowMerge)%', description || ': the plan');
    EXECUTE 'CREATE TEMP TABLE with_join AS ' || query;
    PERFORM set_config(name, 'on', true) FROM unnest('{enable_seqscan,enable_indexscan,enable_indexonlyscan,enable_bitmapscan,enable_nestloop,enable_hashjoin,enable_mergejoin}'::text[]) AS n (name);
    SELECT count(*) INTO differences
    FROM ((TABLE with_join EXCEPT ALL TABLE without_join)
          UNION ALL (TABLE without_join EXCEPT ALL TABLE with_join)) AS d;
    RETURN NEXT is(differences, 0::bigint, description || ': the rows');
END
$$;
