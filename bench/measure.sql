-- measure.sql
--
-- What all measurements share: procedures that time two ways to the same
-- answer against each other, and the table that they write to.

CREATE EXTENSION azhunt;
CREATE EXTENSION pg_prewarm;

CREATE SCHEMA bench;

CREATE TABLE bench.measurement (
    ordinal integer GENERATED ALWAYS AS IDENTITY,
    measured text NOT NULL,
    contender text NOT NULL,
    reference text NOT NULL,
    unit text NOT NULL,
    contender_cost double precision NOT NULL,
    reference_cost double precision NOT NULL,
    resolution double precision NOT NULL,       -- costs below this are lost in that of the baseline
    target double precision                     -- of contender_cost / reference_cost, if there is one
);

CREATE FUNCTION bench.median(costs double precision[]) RETURNS double precision
LANGUAGE sql IMMUTABLE
RETURN (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY cost) FROM unnest(costs) AS cost);

CREATE FUNCTION bench.median_deviation(costs double precision[]) RETURNS double precision
LANGUAGE sql IMMUTABLE
RETURN (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(cost - bench.median(costs))) FROM unnest(costs) AS cost);

-- Have a table, filled in bulk, look as it does after a while in use: with
-- statistics, its rows' visibility known, and in memory.
CREATE PROCEDURE bench.warm(relations regclass[])
LANGUAGE plpgsql
AS $$
DECLARE
    relation regclass;
BEGIN
    FOR relation IN
        SELECT t.relid
        FROM unnest(relations) AS r
        CROSS JOIN LATERAL pg_partition_tree(r) AS t
        WHERE t.isleaf
        UNION ALL
        SELECT i.indexrelid
        FROM unnest(relations) AS r
        CROSS JOIN LATERAL pg_partition_tree(r) AS t
        JOIN pg_index AS i ON i.indrelid = t.relid
        WHERE t.isleaf
    LOOP
        PERFORM pg_prewarm(relation);
    END LOOP;
END
$$;

-- Milliseconds that the processor has worked for this session, which other load
-- on the machine changes less than the time on the clock.  Linux brings the
-- figure up to date when the process sleeps.  Where there is none, the clock
-- must do.
CREATE FUNCTION bench.clock() RETURNS double precision
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    IF pg_read_file('/proc/self/schedstat', 0, 100, true) IS NULL THEN
        RETURN 1e3 * extract(epoch FROM clock_timestamp());
    END IF;
    PERFORM pg_sleep(0.001);
    RETURN split_part(pg_read_file('/proc/self/schedstat', 0, 100), ' ', 1)::double precision / 1e6;
END
$$;

-- Milliseconds that a query takes, planning included.
CREATE FUNCTION bench.elapsed(query text) RETURNS double precision
LANGUAGE plpgsql
AS $$
DECLARE
    started double precision := bench.clock();
BEGIN
    EXECUTE query;
    RETURN bench.clock() - started;
END
$$;

-- Refuse to compare the speed of two queries that give different answers, or
-- none.
CREATE PROCEDURE bench.check_same_answer(contender_query text, reference_query text)
LANGUAGE plpgsql
AS $$
DECLARE
    answers bigint;
    differences bigint;
BEGIN
    EXECUTE format('WITH contender AS MATERIALIZED (%s), reference AS MATERIALIZED (%s)'
                   ' SELECT (SELECT count(*) FROM contender),'
                   ' (SELECT count(*) FROM (TABLE contender EXCEPT ALL TABLE reference) AS only_contender)'
                   ' + (SELECT count(*) FROM (TABLE reference EXCEPT ALL TABLE contender) AS only_reference)',
                   contender_query, reference_query)
    INTO answers, differences;
    IF answers = 0 OR differences > 0 THEN
        RAISE EXCEPTION '% rows of the answers, of %, differ', differences, answers
            USING DETAIL = format(E'%s\n%s', contender_query, reference_query);
    END IF;
END
$$;

-- Time both queries, in turn, in as many rounds as bench.rounds says, and in
-- more while that takes less than five seconds, after one that does not count.
-- Cost is what a query takes longer than baseline_query, in milliseconds or,
-- where "calls" is not null, in nanoseconds for each call; of all rounds, the
-- median.
CREATE PROCEDURE bench.measure_queries(
    measured text,
    contender text, contender_query text,
    reference text, reference_query text,
    target double precision DEFAULT NULL,
    baseline_query text DEFAULT NULL,
    calls bigint DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
    queries text[] := ARRAY[contender_query, reference_query, coalesce(baseline_query, 'SELECT')];
    scale double precision := coalesce(1e6 / calls, 1);
    started timestamptz := clock_timestamp();
    round integer := 0;
    query integer;
    elapsed double precision;
    contender_times double precision[] := '{}';
    reference_times double precision[] := '{}';
    baseline_times double precision[] := '{}';
    baseline double precision;
BEGIN
    WHILE round <= current_setting('bench.rounds')::integer OR clock_timestamp() < started + interval '5 seconds' LOOP
        FOR turn IN 0 .. 2 LOOP
            -- no query is the first of every round
            query := (round + turn) % 3;
            elapsed := scale * bench.elapsed(queries[1 + query]);
            CONTINUE WHEN round = 0;
            CASE query
                WHEN 0 THEN contender_times := contender_times || elapsed;
                WHEN 1 THEN reference_times := reference_times || elapsed;
                WHEN 2 THEN baseline_times := baseline_times || elapsed;
            END CASE;
        END LOOP;
        round := round + 1;
    END LOOP;

    baseline := bench.median(baseline_times);
    INSERT INTO bench.measurement (measured, contender, reference, unit, contender_cost, reference_cost,
                                   resolution, target)
    VALUES (measured, contender, reference, CASE WHEN calls IS NULL THEN 'ms' ELSE 'ns' END,
            bench.median(contender_times) - baseline, bench.median(reference_times) - baseline,
            bench.median_deviation(baseline_times), target);
END
$$;

-- Time two expressions over all rows of a table against each other.  "scanned"
-- is the last column that both read, so that reading a row up to it is not
-- counted.  The expressions must agree where "comparable" is true.
CREATE PROCEDURE bench.measure_expressions(
    measured text,
    relation regclass,
    scanned text,
    contender text,
    reference text,
    target double precision DEFAULT NULL,
    comparable text DEFAULT 'true')
LANGUAGE plpgsql
AS $$
DECLARE
    calls bigint;
    differences bigint;
BEGIN
    EXECUTE format('SELECT count(*), count(*) FILTER (WHERE (%s) AND (%s) IS DISTINCT FROM (%s)) FROM %s',
                   comparable, contender, reference, relation)
    INTO calls, differences;
    IF differences > 0 THEN
        RAISE EXCEPTION '% and % differ in % of % rows', contender, reference, differences, calls;
    END IF;

    CALL bench.measure_queries(
        measured,
        contender, format('SELECT count(%s) FROM %s', contender, relation),
        reference, format('SELECT count(%s) FROM %s', reference, relation),
        target,
        format('SELECT count(%s) FROM %s', scanned, relation),
        calls);
END
$$;

-- Time two aggregates of a column against each other.  What they cost more than
-- count() in the same groups is counted.
CREATE PROCEDURE bench.measure_aggregates(
    measured text,
    relation regclass,
    group_column text,
    argument text,
    contender text,
    reference text,
    target double precision DEFAULT NULL,
    reference_from text DEFAULT '',             -- what the reference needs beside the relation
    contender_answer text DEFAULT NULL,         -- what to compare, if not these themselves
    reference_answer text DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
    counted text := 'SELECT count(result) FROM (SELECT %2$s AS result FROM %3$s GROUP BY %1$s) AS groups';
BEGIN
    CALL bench.check_same_answer(
        format('SELECT %I, %s FROM %s GROUP BY %1$I', group_column, coalesce(contender_answer, contender), relation),
        format('SELECT %I, %s FROM %s %s GROUP BY %1$I', group_column, coalesce(reference_answer, reference),
               relation, reference_from));

    CALL bench.measure_queries(
        measured,
        contender, format(counted, group_column, contender, relation),
        reference, format(counted, group_column, reference, relation || reference_from),
        target,
        format(counted, group_column, format('count(%s)', argument), relation));
END
$$;
