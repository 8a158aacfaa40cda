--
-- What rules did and found.
--
-- A run reads the log rows that the runs before it have not seen, joins them
-- with all others, and stores each match that was not there.  What it has seen
-- is a pg_snapshot: a row is new if the snapshot does not see the transaction
-- in ingestxid.  So a match is found by the first run that sees all its rows,
-- in whatever order they were written, committed or dated.
--
-- There are no foreign keys among these tables: pg_restore loads their rows in
-- any order, or side by side.
--

CREATE SEQUENCE azhunt.runs_run_seq;
COMMENT ON SEQUENCE azhunt.runs_run_seq IS 'ids of runs';
SELECT pg_catalog.pg_extension_config_dump('azhunt.runs_run_seq', '');

CREATE TABLE azhunt.runs (
    run bigint PRIMARY KEY DEFAULT pg_catalog.nextval('azhunt.runs_run_seq'),
    rule text NOT NULL,
    started timestamptz NOT NULL,
    finished timestamptz NOT NULL,
    duration interval GENERATED ALWAYS AS (finished OPERATOR(pg_catalog.-) started) STORED,
    status text NOT NULL
        CHECK (status OPERATOR(pg_catalog.=) ANY ('{succeeded,failed,skipped}'::text[])),
    started_over text,
    rows_read jsonb,
    new_matches bigint,
    announced bigint,
    error text,
    sqlstate text,
    snapshot pg_snapshot,
    run_by text NOT NULL
);

CREATE INDEX runs_rule_idx ON azhunt.runs (rule, run);
COMMENT ON INDEX azhunt.runs_rule_idx IS 'the latest runs of one rule';
CREATE INDEX runs_started_idx ON azhunt.runs (started);
COMMENT ON INDEX azhunt.runs_started_idx IS 'the runs of a period';
COMMENT ON TABLE azhunt.runs IS
'what run_rule() did, a row for each run';
COMMENT ON COLUMN azhunt.runs.run IS 'id of the run; a later run has a higher one';
COMMENT ON COLUMN azhunt.runs.rule IS 'the rule that ran';
COMMENT ON COLUMN azhunt.runs.started IS 'when the run began';
COMMENT ON COLUMN azhunt.runs.finished IS 'when it ended';
COMMENT ON COLUMN azhunt.runs.duration IS 'finished - started';
COMMENT ON COLUMN azhunt.runs.status IS 'succeeded, failed, or skipped because another run of the rule was going on';
COMMENT ON COLUMN azhunt.runs.started_over IS 'why the run read all rows; null if it read only new ones';
COMMENT ON COLUMN azhunt.runs.rows_read IS 'how many log rows it read, by log table';
COMMENT ON COLUMN azhunt.runs.new_matches IS 'how many matches it found that were not there';
COMMENT ON COLUMN azhunt.runs.announced IS 'how many of these the notification counts';
COMMENT ON COLUMN azhunt.runs.error IS 'why it failed or was skipped';
COMMENT ON COLUMN azhunt.runs.sqlstate IS 'SQLSTATE of the error';
COMMENT ON COLUMN azhunt.runs.snapshot IS 'the transactions whose rows it has seen';
COMMENT ON COLUMN azhunt.runs.run_by IS 'role of the session that ran it';
SELECT pg_catalog.pg_extension_config_dump('azhunt.runs', '');

CREATE TABLE azhunt.watermarks (
    rule text PRIMARY KEY,
    snapshot pg_snapshot NOT NULL,
    relations bigint[] NOT NULL,
    system_identifier text NOT NULL
);

COMMENT ON TABLE azhunt.watermarks IS
'what each rule''s last successful run has seen: the transactions that its snapshot sees, in the relations that it read, of one cluster';
COMMENT ON COLUMN azhunt.watermarks.rule IS 'the rule';
COMMENT ON COLUMN azhunt.watermarks.snapshot IS 'the transactions whose rows the run has seen';
COMMENT ON COLUMN azhunt.watermarks.relations IS 'identities of the relations that it read';
COMMENT ON COLUMN azhunt.watermarks.system_identifier IS 'the cluster in which it ran';
SELECT pg_catalog.pg_extension_config_dump('azhunt.watermarks', '');

-- A table of its own: a run takes only the requests away that it has seen, so
-- that it cannot undo one that is made meanwhile.
CREATE TABLE azhunt.restart_requests (
    rule text NOT NULL,
    requested_at timestamptz NOT NULL,
    requested_by text NOT NULL
);
-- A publication of all tables would have deletions refused that name no row.
ALTER TABLE azhunt.restart_requests REPLICA IDENTITY FULL;

COMMENT ON TABLE azhunt.restart_requests IS
'calls of restart_rule() that no successful run has followed yet';
COMMENT ON COLUMN azhunt.restart_requests.rule IS 'the rule';
COMMENT ON COLUMN azhunt.restart_requests.requested_at IS 'when restart_rule() was called';
COMMENT ON COLUMN azhunt.restart_requests.requested_by IS 'role of the session that called it';
SELECT pg_catalog.pg_extension_config_dump('azhunt.restart_requests', '');

CREATE TABLE azhunt.matches (
    rule text NOT NULL,
    "time" timestamptz NOT NULL,
    account text,
    address text,
    useragent text,
    storageaccount text,
    details jsonb NOT NULL CHECK (pg_catalog.jsonb_typeof(details) OPERATOR(pg_catalog.=) 'object'),
    key bytea NOT NULL,
    result_id uuid NOT NULL,
    run bigint NOT NULL,
    found_at timestamptz NOT NULL,
    CONSTRAINT matches_key UNIQUE (rule, "time", key)
);
ALTER TABLE azhunt.matches REPLICA IDENTITY USING INDEX matches_key;

CREATE INDEX matches_result_id_idx ON azhunt.matches (result_id);
COMMENT ON INDEX azhunt.matches_result_id_idx IS 'the matches of one result';
CREATE INDEX matches_run_idx ON azhunt.matches (run);
COMMENT ON INDEX azhunt.matches_run_idx IS 'what one run found';
CREATE INDEX matches_account_idx ON azhunt.matches (account azhunt.case_insensitive_ops, rule, "time");
COMMENT ON INDEX azhunt.matches_account_idx IS 'the first match of one account';
COMMENT ON TABLE azhunt.matches IS
'what rules found, a row for each match, which is one or more log rows that belong together';
COMMENT ON COLUMN azhunt.matches.rule IS 'the rule that found it';
COMMENT ON COLUMN azhunt.matches."time" IS 'when it happened';
COMMENT ON COLUMN azhunt.matches.account IS 'the account; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.matches.address IS 'the address, without its port; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.matches.useragent IS 'the user agent; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.matches.storageaccount IS 'the storage account; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.matches.details IS 'what only this hunt knows';
COMMENT ON COLUMN azhunt.matches.key IS 'digest of all that describes the match but its time';
COMMENT ON COLUMN azhunt.matches.result_id IS 'the result that it belongs to';
COMMENT ON COLUMN azhunt.matches.run IS 'the run that found it';
COMMENT ON COLUMN azhunt.matches.found_at IS 'when that run began';
SELECT pg_catalog.pg_extension_config_dump('azhunt.matches', '');

CREATE FUNCTION azhunt.match_key(account text, address text, useragent text, storageaccount text, details jsonb)
RETURNS bytea
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_match_key';

COMMENT ON FUNCTION azhunt.match_key(text, text, text, text, jsonb) IS
'internal: digest of all that describes a match but its time, for a unique key over what is too long for an index';

CREATE FUNCTION azhunt.match_result_id(rule text, result_key text[], "time" timestamptz,
                                       account text, address text, useragent text, storageaccount text, details jsonb)
RETURNS uuid
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_match_result_id';

COMMENT ON FUNCTION azhunt.match_result_id(text, text[], timestamptz, text, text, text, text, jsonb) IS
'internal: the result of a rule that a match belongs to: digest of the columns, or members of details, that the result key names; the key is the same in all rows of a query';

--
-- A hunt can have two functions that find matches.  NAME_matches() joins all
-- rows of a period by the windowed join, whose cost is that of reading them and
-- of what it finds.  NAME_new_matches() goes from each new row to its partners,
-- which OFFSET 0 ensures, by index.  That is far less work for a few rows, and
-- far more for many that share an address.  Nobody knows beforehand, so it gives
-- up where it has visited rows for as long as the other would take.
--
-- Neither depends on what the planner knows about rows that came a moment ago:
-- the first has no other join, and the second no other scans than of indexes,
-- chosen by how many of their entries have to be read.
--

CREATE FUNCTION azhunt.insert_matches(rule text, run bigint, found_at timestamptz, call text, result_key text[],
                                      since timestamptz, until timestamptz, arrivals azhunt.arrivals)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
SET "DateStyle" = 'ISO, YMD'
SET "TimeZone" = 'UTC'
SET extra_float_digits = 1
SET bytea_output = 'hex'
AS $$
DECLARE
    new_matches bigint;
BEGIN
    EXECUTE format(
        'INSERT INTO azhunt.matches (rule, "time", account, address, useragent, storageaccount, details, key, result_id, run, found_at)'
        ' SELECT $1, m."time", m.account, m.address, m.useragent, m.storageaccount, m.details,'
        '        azhunt.match_key(m.account, m.address, m.useragent, m.storageaccount, m.details),'
        '        azhunt.match_result_id($1, $7, m."time", m.account, m.address, m.useragent, m.storageaccount, m.details),'
        '        $2, $3'
        -- details are made once for a match, whatever uses them
        ' FROM (SELECT m.* FROM %s AS m OFFSET 0) AS m'
        ' ON CONFLICT DO NOTHING'::text, call)
    USING rule, run, found_at, since, until, arrivals, result_key;
    GET DIAGNOSTICS new_matches = ROW_COUNT;
    RETURN new_matches;
END
$$;

COMMENT ON FUNCTION azhunt.insert_matches(text, bigint, timestamptz, text, text[], timestamptz, timestamptz, azhunt.arrivals) IS
'internal: stores the matches that a call of a hunt''s function gives and that are not there, and counts them; in the call, $4 to $6 are since, until and arrivals';

CREATE FUNCTION azhunt.cost_of_period(call text, since timestamptz, until timestamptz, arrivals azhunt.arrivals)
RETURNS double precision
-- as EXPLAIN may change something, for all that PostgreSQL knows
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM %s AS m'::text, call)
    INTO plan
    USING NULL::text, NULL::text, NULL::text, since, until, arrivals;
    RETURN (plan #>> '{0,Plan,Total Cost}')::double precision;
END
$$;

COMMENT ON FUNCTION azhunt.cost_of_period(text, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: what the planner takes insert_matches_of_period() to cost, where it finds no matches; its join reads rows, and these it can count without statistics';

CREATE FUNCTION azhunt.insert_matches_of_period(rule text, run bigint, found_at timestamptz, call text,
                                                result_key text[],
                                                since timestamptz, until timestamptz, arrivals azhunt.arrivals)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET enable_nestloop = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
BEGIN
    RETURN azhunt.insert_matches(rule, run, found_at, call, result_key, since, until, arrivals);
END
$$;

COMMENT ON FUNCTION azhunt.insert_matches_of_period(text, bigint, timestamptz, text, text[], timestamptz, timestamptz, azhunt.arrivals) IS
'internal: as insert_matches(), with the windowed join as the only one';

CREATE FUNCTION azhunt.insert_new_matches(rule text, run bigint, found_at timestamptz, call text, result_key text[],
                                          since timestamptz, until timestamptz, arrivals azhunt.arrivals)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET cpu_index_tuple_cost = 1
SET jit = off
AS $$
BEGIN
    RETURN azhunt.insert_matches(rule, run, found_at, call, result_key, since, until, arrivals);
END
$$;

COMMENT ON FUNCTION azhunt.insert_new_matches(text, bigint, timestamptz, text, text[], timestamptz, timestamptz, azhunt.arrivals) IS
'internal: as insert_matches(), by index from the new rows to their partners';
