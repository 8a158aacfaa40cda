-- What tests of hunts have in common: random values, planner settings, and
-- logs that arrive bit by bit.

CREATE FUNCTION pg_temp.pick(choices anyarray) RETURNS anyelement LANGUAGE sql VOLATILE AS $$
    SELECT choices[1 + floor(random() * cardinality(choices))]
$$;

CREATE FUNCTION pg_temp.fold(string text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN translate(string, 'ABCDEFGHIJKLMNOPQRSTUVWXYZÜ', 'abcdefghijklmnopqrstuvwxyzü');

-- Is b at most a window after a?  A day has 24 hours, and an infinite time is
-- only equal to itself.
CREATE FUNCTION pg_temp.follows(a timestamptz, b timestamptz, "window" interval) RETURNS boolean LANGUAGE sql STABLE
RETURN a = b OR isfinite(a) AND isfinite(b)
                AND extract(epoch FROM b) - extract(epoch FROM a) BETWEEN 0 AND extract(epoch FROM "window");

-- Times with many ties, around a day's end in spring when New York's clocks
-- jump, a microsecond beside whole minutes; a few at the ends of time.
CREATE FUNCTION pg_temp.pick_time() RETURNS timestamptz LANGUAGE sql VOLATILE
RETURN CASE WHEN random() < 0.02
            THEN pg_temp.pick('{infinity,-infinity,4714-11-24 00:00:00+00 BC,4714-11-24 00:02:00+00 BC,294276-12-31 23:59:59.999999+00,294276-12-31 23:58:00+00}'::timestamptz[])
            ELSE timestamptz '2026-03-08 06:58:00Z'
                 + floor(random() * 6) * interval '1 minute'
                 + pg_temp.pick('{-1,0,0,0,1}'::integer[]) * interval '1 microsecond'
                 - pg_temp.pick('{0,0,0,0,24}'::integer[]) * interval '1 hour'
       END;

CREATE FUNCTION pg_temp.set_planner(settings text) RETURNS void LANGUAGE sql AS $$
    SELECT set_config(s.name, s.value, true)
    FROM (VALUES
        ('enable_nestloop', (settings NOT IN ('no nested loop', 'windowed join'))::text),
        ('enable_hashjoin', (settings NOT IN ('no hash join', 'windowed join'))::text),
        ('enable_mergejoin', (settings NOT IN ('no merge join', 'windowed join'))::text),
        ('azhunt.enable_windowjoin', (settings <> 'no windowed join')::text),
        ('enable_indexscan', (settings <> 'no index')::text),
        ('enable_indexonlyscan', (settings <> 'no index')::text),
        ('enable_bitmapscan', (settings <> 'no index')::text),
        ('enable_incremental_sort', (settings <> 'no incremental sort')::text),
        ('plan_cache_mode', CASE settings WHEN 'generic plan' THEN 'force_generic_plan' ELSE 'auto' END),
        ('parallel_setup_cost', CASE settings WHEN 'parallel' THEN '0' ELSE '1000' END),
        ('parallel_tuple_cost', CASE settings WHEN 'parallel' THEN '0' ELSE '0.1' END),
        ('min_parallel_table_scan_size', CASE settings WHEN 'parallel' THEN '0' ELSE '8MB' END)) AS s (name, value)
$$;

CREATE FUNCTION pg_temp.pick_settings() RETURNS text LANGUAGE sql VOLATILE
RETURN pg_temp.pick('{none,no nested loop,no hash join,no merge join,windowed join,no windowed join,no index,no incremental sort,generic plan,parallel}'::text[]);

-- How many rows two queries differ in.
CREATE FUNCTION pg_temp.differences(one text, other text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    different bigint;
BEGIN
    EXECUTE format('WITH one AS MATERIALIZED (%s), other AS MATERIALIZED (%s)'
                   ' SELECT (SELECT count(*) FROM (TABLE one EXCEPT ALL TABLE other) AS d)'
                   '      + (SELECT count(*) FROM (TABLE other EXCEPT ALL TABLE one) AS d)', one, other)
    INTO different;
    RETURN different;
END
$$;

-- The log rows are taken away and given back in a number of batches, in random
-- order, each followed by a run.  In this transaction all rows are new to each
-- run, so those of the batches before get an older transaction.
CREATE TABLE pg_temp.arriving (log_table text, log_row jsonb, batch integer);
CREATE TABLE pg_temp.arrival_runs (rule text, batch integer, rows_expected bigint, rows_read bigint, started_over text, new_matches bigint);

CREATE PROCEDURE pg_temp.arrive(rule text, tables text[], batches integer) LANGUAGE plpgsql AS $$
DECLARE
    log_table text;
    current_batch integer;
    this_run bigint;
BEGIN
    TRUNCATE pg_temp.arriving;
    FOREACH log_table IN ARRAY tables LOOP
        EXECUTE format('INSERT INTO pg_temp.arriving SELECT %1$L, to_jsonb(l) - ''ingestxid'', floor(random() * %2$s) FROM azhunt.%1$I AS l',
                       log_table, batches);
        EXECUTE format('TRUNCATE azhunt.%I', log_table);
    END LOOP;
    FOR current_batch IN 0 .. batches LOOP
        FOREACH log_table IN ARRAY tables LOOP
            EXECUTE format('UPDATE azhunt.%I SET ingestxid = 3', log_table);
            EXECUTE format('INSERT INTO azhunt.%1$I SELECT r.* FROM pg_temp.arriving AS a'
                           ' CROSS JOIN LATERAL jsonb_populate_record(NULL::azhunt.%1$I, a.log_row || jsonb_build_object(''ingestxid'', azhunt.ingest_xid())) AS r'
                           ' WHERE a.log_table = %1$L AND a.batch = $1', log_table) USING current_batch;
        END LOOP;
        this_run := azhunt.run_rule_in_transaction(rule);
        INSERT INTO pg_temp.arrival_runs
        SELECT arrive.rule, current_batch, (SELECT count(*) FROM pg_temp.arriving AS a WHERE a.batch = current_batch),
               (SELECT sum(e.value::bigint) FROM jsonb_each_text(r.rows_read) AS e), r.started_over, r.new_matches
        FROM azhunt.runs AS r WHERE r.run = this_run;
    END LOOP;
END
$$;

-- A time to look back from, after most of the others.
CREATE FUNCTION pg_temp.pick_as_of() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN NOT isfinite(t.as_of) OR t.as_of < '2000-01-01' THEN '2026-03-09Z'
                WHEN t.as_of > '3000-01-01' THEN '2026-03-08 07:00Z' ELSE t.as_of END
    FROM (SELECT CASE WHEN random() < 0.3 THEN '2026-03-08 08:00Z' ELSE pg_temp.pick_time() END AS as_of OFFSET 0) AS t
$$;

-- Ask a hunt, as a prepared statement, under some settings, for what
-- pg_temp.expected() gives with the same four arguments.
CREATE TABLE pg_temp.answers (settings text, arguments text[], rows_expected bigint, different bigint);

CREATE PROCEDURE pg_temp.ask(hunt text, types text, arguments text[]) LANGUAGE plpgsql AS $$
DECLARE
    settings text := pg_temp.pick_settings();
    argument_list text := format('(%L, %L, %L, %L)', VARIADIC arguments);
BEGIN
    PERFORM pg_temp.set_planner(settings);
    EXECUTE format('PREPARE hunt (%s) AS SELECT * FROM azhunt.%I($1, $2, $3, $4)', types, hunt);
    EXECUTE 'CREATE TEMP TABLE found AS EXECUTE hunt ' || argument_list;
    DEALLOCATE hunt;
    PERFORM pg_temp.set_planner('none');
    EXECUTE 'CREATE TEMP TABLE expected AS SELECT * FROM pg_temp.expected' || argument_list;
    INSERT INTO pg_temp.answers
    SELECT settings, arguments, (SELECT count(*) FROM expected), pg_temp.differences('TABLE found', 'TABLE expected');
    DROP TABLE found, expected;
END
$$;

-- Have a rule find what is expected while its log rows arrive; once more from the
-- beginning, as another rule; and as the hunt does ad hoc, where that is said, of
-- which of_rule makes the same rows.
CREATE TABLE pg_temp.rules_tried (
    rule text, options jsonb, matches bigint, different bigint, different_over bigint, different_ad_hoc bigint,
    announced_again bigint, runs_with_matches bigint);

CREATE PROCEDURE pg_temp.try_rule(hunt text, tables text[], options jsonb, expected text, of_rule text, ad_hoc text)
LANGUAGE plpgsql AS $$
DECLARE
    r rules_tried;
    found CONSTANT text := 'SELECT "time", account, address, useragent, storageaccount, details FROM azhunt.matches WHERE rule = %L';
    this_run bigint;
BEGIN
    r.rule := 'late ' || (SELECT count(*) FROM pg_temp.rules_tried);
    r.options := options;
    PERFORM azhunt.add_rule(r.rule, hunt, options);
    CALL pg_temp.arrive(r.rule, tables, 4);
    EXECUTE format('SELECT count(*) FROM (%s) AS m', format(found, r.rule)) INTO r.matches;
    r.different := pg_temp.differences(format(found, r.rule), expected);
    PERFORM azhunt.add_rule('over', hunt, options);
    PERFORM azhunt.run_rule_in_transaction('over');
    r.different_over := pg_temp.differences(format(found, r.rule), format(found, 'over'));
    IF ad_hoc IS NOT NULL THEN
        r.different_ad_hoc := pg_temp.differences(format(of_rule, r.rule), ad_hoc);
    END IF;
    PERFORM azhunt.restart_rule(r.rule);
    this_run := azhunt.run_rule_in_transaction(r.rule);
    SELECT n.new_matches + n.announced INTO r.announced_again FROM azhunt.runs AS n WHERE n.run = this_run;
    r.runs_with_matches := (SELECT count(*) FROM pg_temp.arrival_runs AS n WHERE n.rule = r.rule AND n.new_matches > 0);
    PERFORM azhunt.drop_rule('over');
    INSERT INTO pg_temp.rules_tried VALUES (r.*);
END
$$;

CREATE FUNCTION pg_temp.check_rules(options text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    option text;
BEGIN
    RETURN NEXT is_empty('SELECT * FROM rules_tried WHERE different <> 0', 'a rule finds every match, in whatever order log rows come');
    RETURN NEXT is_empty('SELECT * FROM rules_tried WHERE different_over <> 0', 'as one that starts over does');
    RETURN NEXT is_empty('SELECT * FROM rules_tried WHERE different_ad_hoc <> 0', 'as the ad-hoc hunt of all time does');
    RETURN NEXT is_empty('SELECT * FROM rules_tried WHERE announced_again <> 0', 'a restart announces nothing twice');
    RETURN NEXT cmp_ok((SELECT sum(matches) FROM pg_temp.rules_tried), '>', 250::numeric, 'there was much to find');
    RETURN NEXT cmp_ok((SELECT sum(runs_with_matches) FROM pg_temp.rules_tried), '>', 30::numeric, 'by later runs, too');
    FOREACH option IN ARRAY options LOOP
        RETURN NEXT is_empty(format('SELECT options -> %L FROM rules_tried GROUP BY 1 HAVING sum(matches) = 0', option), 'with every ' || option);
    END LOOP;
    RETURN NEXT is_empty('SELECT * FROM arrival_runs WHERE rows_read <> rows_expected OR (started_over IS NULL) <> (batch > 0)',
                         'each run but the first read what had come, and nothing else');
    RETURN NEXT is_empty('SELECT * FROM arrival_runs WHERE batch = 4 AND new_matches <> 0', 'one to which nothing came found nothing');
END
$$;
