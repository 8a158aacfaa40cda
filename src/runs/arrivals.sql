CREATE FUNCTION azhunt.check_rows_are_visible(tables text[]) RETURNS boolean
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_rows_are_visible';

COMMENT ON FUNCTION azhunt.check_rows_are_visible(text[]) IS
'internal: true, or an error if a query of these log tables would not see rows that are there: Citus distributes a table, or its partitions are newer than the snapshot';

CREATE FUNCTION azhunt.find_arrivals(log_table regclass, first_xid bigint, end_xid bigint,
                                     unfinished_xids bigint[], known bigint[])
RETURNS TABLE (relation regclass, identity bigint, is_view boolean,
               new_rows bigint, since timestamptz, until timestamptz, reread boolean)
LANGUAGE C STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_find_arrivals';

COMMENT ON FUNCTION azhunt.find_arrivals(regclass, bigint, bigint, bigint[], bigint[]) IS
'internal: for each relation that a query of a log table reads: who it is, how many rows are new to a run and of what time, or, with reread, that all rows are because the last run did not read it';

CREATE FUNCTION azhunt.relations_below(tables text[]) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT COALESCE(array_agg(a.identity ORDER BY a.identity), '{}'::bigint[])
    FROM unnest(tables) AS t (log_table)
    CROSS JOIN LATERAL azhunt.find_arrivals(format('azhunt.%I'::text, t.log_table)::regclass, NULL::bigint,
                                            NULL::bigint,
                                            NULL::bigint[], NULL::bigint[]) AS a
$$;

COMMENT ON FUNCTION azhunt.relations_below(text[]) IS
'internal: the identities of all relations that queries of these log tables read';

CREATE FUNCTION azhunt.new_rows_of_view(log_table text, arrivals azhunt.arrivals,
                                        OUT new_rows bigint, OUT since timestamptz, OUT until timestamptz)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('SELECT count(*), min(l.timegenerated), max(l.timegenerated) FROM azhunt.%I AS l'
                   ' WHERE azhunt.arrived_since(l.ingestxid, $1)', log_table)
    INTO new_rows, since, until
    USING arrivals;
END
$$;

COMMENT ON FUNCTION azhunt.new_rows_of_view(text, azhunt.arrivals) IS
'internal: how many rows of a view under a log table''s name are new to a run, and of what time';

CREATE FUNCTION azhunt.look_for_arrivals(tables text[], reach interval, arrivals azhunt.arrivals, known bigint[],
                                         OUT relations bigint[], OUT rows_read jsonb,
                                         OUT new_periods tstzmultirange, OUT reread_periods tstzmultirange)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_table text;
    relation regclass;
    part record;
    of_view record;
    all_time CONSTANT tstzmultirange := '{[-infinity,infinity]}';
BEGIN
    relations := '{}';
    rows_read := '{}';
    new_periods := '{}';
    reread_periods := '{}';

    FOREACH log_table IN ARRAY tables LOOP
        relation := format('azhunt.%I'::text, log_table)::regclass;
        SELECT array_agg(a.identity) AS relations,
               sum(a.new_rows)::bigint AS new_rows,
               bool_or(a.is_view) AS is_view,
               bool_or(a.reread) AS reread,
               range_agg(tstzrange(azhunt.window_start(a.since, reach), azhunt.window_end(a.until, reach), '[]'::text))
                   FILTER (WHERE a.since IS NOT NULL AND NOT a.reread) AS new_periods,
               range_agg(tstzrange(azhunt.window_start(a.since, reach), azhunt.window_end(a.until, reach), '[]'::text))
                   FILTER (WHERE a.since IS NOT NULL AND a.reread) AS reread_periods
        INTO part
        FROM azhunt.find_arrivals(relation, arrivals.first_xid, arrivals.end_xid, arrivals.unfinished_xids, known) AS a;

        relations := relations || part.relations;
        IF part.is_view THEN
            SELECT v.new_rows, v.since, v.until INTO of_view
            FROM azhunt.new_rows_of_view(log_table, arrivals) AS v;
            part.new_rows := of_view.new_rows;
            part.new_periods := CASE WHEN of_view.since IS NOT NULL THEN tstzmultirange(
                tstzrange(azhunt.window_start(of_view.since, reach), azhunt.window_end(of_view.until, reach),
                          '[]'::text)) END;
            part.reread_periods := CASE WHEN part.reread THEN all_time END;
        END IF;
        rows_read := rows_read || jsonb_build_object(log_table, part.new_rows);
        new_periods := new_periods + COALESCE(part.new_periods, '{}'::tstzmultirange);
        reread_periods := reread_periods + COALESCE(part.reread_periods, '{}'::tstzmultirange);
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.look_for_arrivals(text[], interval, azhunt.arrivals, bigint[]) IS
'internal: what is new in log tables: how many rows, and the periods that have all new rows and their partners, which are at most reach away; reread_periods are of relations that the last run did not read';

CREATE FUNCTION azhunt.allow_visits(visits bigint) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_allow_visits';

COMMENT ON FUNCTION azhunt.allow_visits(bigint) IS
'internal: sets how many rows count_visit() lets a run visit';

CREATE FUNCTION azhunt.count_visit("time" timestamptz, weight integer) RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 0.01
AS 'MODULE_PATHNAME', 'azhunt_count_visit';

COMMENT ON FUNCTION azhunt.count_visit(timestamptz, integer) IS
'internal: true, or error ZH001 when a run visits more rows than allow_visits() allowed it; the time is not looked at';

-- COST has it checked after all other conditions: a row that they reject is not
-- one whose partners are searched.
CREATE FUNCTION azhunt.count_search("time" timestamptz, weight integer) RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'azhunt_count_visit';

COMMENT ON FUNCTION azhunt.count_search(timestamptz, integer) IS
'internal: the same for a new row whose partners are searched, which counts for as many visits as weight says';
