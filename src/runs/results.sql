-- What rules found, as results: rows of the published queries.

CREATE FUNCTION azhunt.fill_in(template text, names jsonb) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_fill_in';

COMMENT ON FUNCTION azhunt.fill_in(text, jsonb) IS
'internal: the template with each name in braces replaced by its value';

CREATE FUNCTION azhunt.members(bag jsonb, names text[]) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_members';

COMMENT ON FUNCTION azhunt.members(jsonb, text[]) IS
'internal: the members of a bag that have these names';

-- Runs of one server have ids in their order; those of several, whose matches are
-- read together, may not, and a run that was not over when the status was set adds
-- what began before.
CREATE FUNCTION azhunt.status_now(status text, last_run bigint, changed_at timestamptz, last_matches bigint,
                                  last_hidden bigint,
                                  run bigint, found_at timestamptz, matches bigint, hidden bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN status OPERATOR(pg_catalog.=) 'closed'
                 AND (run OPERATOR(pg_catalog.>) last_run
                      OR found_at OPERATOR(pg_catalog.>) changed_at
                      -- more of them, and not because the allow-list hides less
                      OR matches OPERATOR(pg_catalog.>) last_matches
                         AND (matches OPERATOR(pg_catalog.+) hidden)
                             OPERATOR(pg_catalog.>) (last_matches OPERATOR(pg_catalog.+) last_hidden))
            THEN 'new'
            ELSE COALESCE(status, 'new') END;

COMMENT ON FUNCTION azhunt.status_now(text, bigint, timestamptz, bigint, bigint, bigint, timestamptz, bigint, bigint) IS
'internal: the status of a result: the last one set, but new if it was closed and a run has found more since';

CREATE FUNCTION azhunt.latest_details_transition(internal, timestamptz, jsonb) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_latest_details_transition';
COMMENT ON FUNCTION azhunt.latest_details_transition(internal, timestamptz, jsonb) IS
'internal: aggregate transition function';

CREATE FUNCTION azhunt.latest_details_final(internal) RETURNS jsonb
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_latest_details_final';
COMMENT ON FUNCTION azhunt.latest_details_final(internal) IS
'internal: aggregate final function';

CREATE AGGREGATE azhunt.latest_details(timestamptz, jsonb) (
    SFUNC = azhunt.latest_details_transition, STYPE = internal, SSPACE = 1024,
    FINALFUNC = azhunt.latest_details_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.latest_details(timestamptz, jsonb) IS
'internal: the details of the latest time, the greatest of them if it has several';

CREATE VIEW azhunt.results AS
SELECT r."time", r.rule, r.hunt, h.title, h.description, h.tactics, h.techniques, u.severity,
       pg_catalog.array_to_string(r.accounts, ', ') AS account,
       pg_catalog.array_to_string(r.addresses, ', ') AS address,
       azhunt.fill_in(h.summary, r.latest OPERATOR(pg_catalog.||)
                                 pg_catalog.jsonb_build_object('time', r."time",
                                                               'account', pg_catalog.array_to_string(r.accounts, ', '),
                                                               'address', pg_catalog.array_to_string(r.addresses, ', '),
                                                               'matches', r.matches)) AS summary,
       azhunt.members(r.latest, h.result_key)
       OPERATOR(pg_catalog.||)
       pg_catalog.jsonb_build_object('matches', CASE
           -- nothing to be looked up in the allow-list again
           WHEN r.hidden OPERATOR(pg_catalog.=) 0 THEN (
               SELECT azhunt.make_list(m.details)
               FROM (
                   SELECT m.details
                   FROM azhunt.matches AS m
                   WHERE m.result_id OPERATOR(pg_catalog.=) r.result_id
                   ORDER BY m."time" DESC, m.details DESC
                   LIMIT 100
               ) AS m
           )
           ELSE (
               SELECT azhunt.make_list(m.details)
               FROM (
                   SELECT m.details
                   FROM azhunt.screened_matches AS m
                   WHERE m.result_id OPERATOR(pg_catalog.=) r.result_id AND NOT m.hidden
                   ORDER BY m."time" DESC, m.details DESC
                   LIMIT 100
               ) AS m
           )
       END) AS details,
       r.result_id, r.matches, r.hidden,
       azhunt.status_now(s.status, s.last_run, s.changed_at, s.matches, s.hidden, r.run, r.found_at, r.matches,
                         r.hidden) AS status,
       s.classification, s.note, s.changed_by, s.changed_at,
       r.first_run, r.run, r.found_at
FROM (
    SELECT m.rule, m.hunt, m.result_id,
           pg_catalog.max(m."time") FILTER (WHERE NOT m.hidden) AS "time",
           azhunt.array_of_texts(m.account) FILTER (WHERE NOT m.hidden) AS accounts,
           azhunt.array_of_texts(m.address) FILTER (WHERE NOT m.hidden) AS addresses,
           azhunt.latest_details(m."time", m.details) FILTER (WHERE NOT m.hidden) AS latest,
           pg_catalog.count(*) FILTER (WHERE NOT m.hidden) AS matches,
           pg_catalog.count(*) FILTER (WHERE m.hidden) AS hidden,
           pg_catalog.min(m.run) FILTER (WHERE NOT m.hidden) AS first_run,
           pg_catalog.max(m.run) FILTER (WHERE NOT m.hidden) AS run,
           pg_catalog.max(m.found_at) FILTER (WHERE NOT m.hidden) AS found_at
    FROM azhunt.screened_matches AS m
    -- ids first, which differ
    GROUP BY m.result_id, m.rule, m.hunt
) AS r
JOIN azhunt.rules AS u ON u.rule OPERATOR(pg_catalog.=) r.rule
JOIN azhunt.hunts AS h ON h.hunt OPERATOR(pg_catalog.=) r.hunt
LEFT JOIN azhunt.latest_status AS s ON s.result_id OPERATOR(pg_catalog.=) r.result_id
WHERE r.matches OPERATOR(pg_catalog.>) 0;

COMMENT ON VIEW azhunt.results IS
'what all rules found, a row for each result; details has at most the latest 100 matches';
COMMENT ON COLUMN azhunt.results."time" IS 'time of its latest match';
COMMENT ON COLUMN azhunt.results.rule IS 'the rule that found it';
COMMENT ON COLUMN azhunt.results.hunt IS 'the hunt that the rule runs';
COMMENT ON COLUMN azhunt.results.title IS 'title of the hunt';
COMMENT ON COLUMN azhunt.results.description IS 'what the hunt finds, in one sentence';
COMMENT ON COLUMN azhunt.results.tactics IS 'MITRE ATT&CK tactics of the hunt';
COMMENT ON COLUMN azhunt.results.techniques IS 'MITRE ATT&CK techniques of the hunt';
COMMENT ON COLUMN azhunt.results.severity IS 'Sentinel''s severity, as the rule has it';
COMMENT ON COLUMN azhunt.results.account IS 'the accounts, separated by commas; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.results.address IS 'the addresses, separated by commas; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.results.summary IS 'a sentence about the result';
COMMENT ON COLUMN azhunt.results.details IS 'members of details that the hunt''s result_key names, and in matches the details of its latest 100 matches';
COMMENT ON COLUMN azhunt.results.result_id IS 'id of the result, for set_status() and log_rows()';
COMMENT ON COLUMN azhunt.results.matches IS 'how many matches it has, without those that the allow-list hides';
COMMENT ON COLUMN azhunt.results.hidden IS 'how many more matches the allow-list hides';
COMMENT ON COLUMN azhunt.results.status IS 'new, investigating or closed; new again if a later run added a match to a closed one';
COMMENT ON COLUMN azhunt.results.classification IS 'what it was, if it was closed: true positive, benign positive, false positive or undetermined; null if nobody said';
COMMENT ON COLUMN azhunt.results.note IS 'note of the latest status; null if there is none';
COMMENT ON COLUMN azhunt.results.changed_by IS 'role of the session that set the latest status; null if nobody has';
COMMENT ON COLUMN azhunt.results.changed_at IS 'when the latest status was set; null if nobody has';
COMMENT ON COLUMN azhunt.results.first_run IS 'the run that found its first match';
COMMENT ON COLUMN azhunt.results.run IS 'the run that found its latest match';
COMMENT ON COLUMN azhunt.results.found_at IS 'when that run began';

CREATE VIEW azhunt.result_status AS
SELECT s.result_id,
       azhunt.status_now(s.status, s.last_run, s.changed_at, s.matches, s.hidden, m.run, m.found_at, m.matches,
                         m.hidden) AS status,
       s.classification, s.note, s.changed_by, s.changed_at
FROM azhunt.latest_status AS s
-- only a closed result can be new again
LEFT JOIN LATERAL (
    SELECT pg_catalog.max(m.run) FILTER (WHERE NOT m.hidden) AS run,
           pg_catalog.max(m.found_at) FILTER (WHERE NOT m.hidden) AS found_at,
           pg_catalog.count(*) FILTER (WHERE NOT m.hidden) AS matches,
           pg_catalog.count(*) FILTER (WHERE m.hidden) AS hidden
    FROM azhunt.screened_matches AS m
    WHERE m.result_id OPERATOR(pg_catalog.=) s.result_id
) AS m ON s.status OPERATOR(pg_catalog.=) 'closed';

COMMENT ON VIEW azhunt.result_status IS
'the status that results have of which somebody has set it; all others are new';
COMMENT ON COLUMN azhunt.result_status.result_id IS 'the result';
COMMENT ON COLUMN azhunt.result_status.status IS 'new, investigating or closed; new again if a later run added a match to a closed one';
COMMENT ON COLUMN azhunt.result_status.classification IS 'what it was, if it was closed; null if nobody said';
COMMENT ON COLUMN azhunt.result_status.note IS 'note of the latest status; null if there is none';
COMMENT ON COLUMN azhunt.result_status.changed_by IS 'role of the session that set the latest status';
COMMENT ON COLUMN azhunt.result_status.changed_at IS 'when the latest status was set';

CREATE VIEW azhunt.hidden_results AS
SELECT a.entity, a.value, a.note, a.added_by, a.added_at, m.rule,
       pg_catalog.count(m.result_id) AS matches,
       pg_catalog.count(DISTINCT m.result_id) AS results,
       pg_catalog.max(m.found_at) AS found_at
FROM azhunt.allow_list AS a
LEFT JOIN (
    SELECT e.entity, e.value, m.rule, m.result_id, m.found_at
    FROM azhunt.matches AS m
    CROSS JOIN LATERAL (VALUES ('address', m.address), ('account', m.account),
                               ('useragent', m.useragent), ('storageaccount', m.storageaccount)) AS e (entity, value)
) AS m ON m.entity OPERATOR(pg_catalog.=) a.entity
      AND (m.value OPERATOR(azhunt.=~) a.value
           OR a.entity OPERATOR(pg_catalog.=) 'address' AND a.value OPERATOR(pg_catalog.~) '[/:]'
              AND azhunt.is_in_network(m.value, a.value))
GROUP BY a.entity, a.value, m.rule;

COMMENT ON VIEW azhunt.hidden_results IS
'how many matches and results each entry of the allow-list hides for each rule';
COMMENT ON COLUMN azhunt.hidden_results.entity IS 'column of azhunt.matches: address, account, useragent or storageaccount';
COMMENT ON COLUMN azhunt.hidden_results.value IS 'the value of it that is hidden, or a network of addresses';
COMMENT ON COLUMN azhunt.hidden_results.note IS 'why it is allowed; null if nobody said';
COMMENT ON COLUMN azhunt.hidden_results.added_by IS 'role of the session that added the entry';
COMMENT ON COLUMN azhunt.hidden_results.added_at IS 'when it was added';
COMMENT ON COLUMN azhunt.hidden_results.rule IS 'the rule whose matches it hides; null if it hides none';
COMMENT ON COLUMN azhunt.hidden_results.matches IS 'how many matches of the rule it hides';
COMMENT ON COLUMN azhunt.hidden_results.results IS 'how many results of the rule these belong to';
COMMENT ON COLUMN azhunt.hidden_results.found_at IS 'when the run began that found the latest of them; null if it hides none';

CREATE FUNCTION azhunt.log_rows(result_id uuid, most integer DEFAULT 100)
RETURNS TABLE (log_table text, log_row jsonb)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    match azhunt.matches;
    hunt record;
    function regproc;
BEGIN
    SELECT h.schema, h.hunt INTO hunt
    FROM azhunt.matches AS m
    JOIN azhunt.rules AS r ON r.rule = m.rule
    JOIN azhunt.hunts AS h ON h.hunt = r.hunt
    WHERE m.result_id = log_rows.result_id
    LIMIT 1;
    PERFORM azhunt.check_result_found(FOUND, log_rows.result_id);
    function := azhunt.hunt_function(hunt.schema, hunt.hunt, '_log_rows'::text);
    IF function IS NULL THEN
        RAISE EXCEPTION 'hunt "%" does not say which log rows its matches are of', hunt.hunt
            USING ERRCODE = 'feature_not_supported',
                  HINT = format('It needs a function %I.%I(azhunt.matches).'::text, hunt.schema,
                                hunt.hunt || '_log_rows');
    END IF;
    PERFORM azhunt.check_hunt_function(function);
    FOR match IN SELECT m.* FROM azhunt.matches AS m WHERE m.result_id = log_rows.result_id
                 ORDER BY m."time" DESC, m.key LIMIT most LOOP
        RETURN QUERY EXECUTE format('SELECT l.log_table, l.log_row FROM %s($1) AS l'::text, function) USING match;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.log_rows(uuid, integer) IS
'the log rows that the latest matches of a result are made of, as JSON; most says how many matches; a row that two matches share comes twice';
