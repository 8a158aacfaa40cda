-- What rules found, as results: rows of the published queries.

CREATE FUNCTION azhunt.fill_in(template text, names jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.string_agg(p.part[1] OPERATOR(pg_catalog.||)
                                 COALESCE(names OPERATOR(pg_catalog.->>) p.part[2], ''), '' ORDER BY p.place)
    FROM pg_catalog.regexp_matches(template, '([^{]*)(?:[{]([^}]*)[}])?', 'g') WITH ORDINALITY AS p (part, place);
END;

COMMENT ON FUNCTION azhunt.fill_in(text, jsonb) IS
'internal: the template with each name in braces replaced by its value';

CREATE FUNCTION azhunt.members(bag jsonb, names text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT COALESCE(pg_catalog.jsonb_object_agg(n.name, bag OPERATOR(pg_catalog.->) n.name), '{}')
    FROM pg_catalog.unnest(names) AS n (name)
    WHERE bag OPERATOR(pg_catalog.?) n.name;
END;

COMMENT ON FUNCTION azhunt.members(jsonb, text[]) IS
'internal: the members of a bag that have these names';

CREATE VIEW azhunt.results AS
SELECT r."time", r.rule, r.hunt, h.title, h.description, h.tactics, h.techniques, u.severity,
       r.account, r.address,
       azhunt.fill_in(h.summary, (
           SELECT m.details
           FROM azhunt.screened_matches AS m
           WHERE m.result_id OPERATOR(pg_catalog.=) r.result_id AND NOT m.hidden
           ORDER BY m."time" DESC, m.details DESC
           LIMIT 1
       ) OPERATOR(pg_catalog.||)
       pg_catalog.jsonb_build_object('time', r."time", 'account', r.account, 'address', r.address, 'matches', r.matches)) AS summary,
       (
           SELECT azhunt.members(azhunt.make_list(m.details ORDER BY m."time" DESC, m.details DESC) OPERATOR(pg_catalog.->) 0, h.result_key)
                  OPERATOR(pg_catalog.||)
                  pg_catalog.jsonb_build_object('matches', azhunt.make_list(m.details ORDER BY m."time" DESC, m.details DESC))
           FROM (
               SELECT m."time", m.details
               FROM azhunt.screened_matches AS m
               WHERE m.result_id OPERATOR(pg_catalog.=) r.result_id AND NOT m.hidden
               ORDER BY m."time" DESC, m.details DESC
               LIMIT 100
           ) AS m
       ) AS details,
       r.result_id, r.matches, r.hidden,
       CASE WHEN s.status OPERATOR(pg_catalog.=) 'closed' AND r.run OPERATOR(pg_catalog.>) s.last_run THEN 'new'
            ELSE COALESCE(s.status, 'new') END AS status,
       s.note, s.changed_by, s.changed_at,
       r.first_run, r.run, r.found_at
FROM (
    SELECT m.rule, m.hunt, m.result_id,
           pg_catalog.max(m."time") FILTER (WHERE NOT m.hidden) AS "time",
           pg_catalog.string_agg(DISTINCT m.account COLLATE pg_catalog."C", ', ' ORDER BY m.account COLLATE pg_catalog."C")
               FILTER (WHERE NOT m.hidden) COLLATE pg_catalog."default" AS account,
           pg_catalog.string_agg(DISTINCT m.address COLLATE pg_catalog."C", ', ' ORDER BY m.address COLLATE pg_catalog."C")
               FILTER (WHERE NOT m.hidden) COLLATE pg_catalog."default" AS address,
           pg_catalog.count(*) FILTER (WHERE NOT m.hidden) AS matches,
           pg_catalog.count(*) FILTER (WHERE m.hidden) AS hidden,
           pg_catalog.min(m.run) FILTER (WHERE NOT m.hidden) AS first_run,
           pg_catalog.max(m.run) FILTER (WHERE NOT m.hidden) AS run,
           pg_catalog.max(m.found_at) FILTER (WHERE NOT m.hidden) AS found_at
    FROM azhunt.screened_matches AS m
    GROUP BY m.rule, m.hunt, m.result_id
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
COMMENT ON COLUMN azhunt.results.note IS 'note of the latest status; null if there is none';
COMMENT ON COLUMN azhunt.results.changed_by IS 'role of the session that set the latest status; null if nobody has';
COMMENT ON COLUMN azhunt.results.changed_at IS 'when the latest status was set; null if nobody has';
COMMENT ON COLUMN azhunt.results.first_run IS 'the run that found its first match';
COMMENT ON COLUMN azhunt.results.run IS 'the run that found its latest match';
COMMENT ON COLUMN azhunt.results.found_at IS 'when that run began';

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
    WHERE m.result_id = $1
    LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no result %', coalesce(result_id::text, 'NULL')
            USING ERRCODE = 'no_data_found',
                  HINT = 'It is column result_id of view azhunt.results.';
    END IF;
    function := azhunt.hunt_function(hunt.schema, hunt.hunt, '_log_rows'::text);
    IF function IS NULL THEN
        RAISE EXCEPTION 'hunt "%" does not say which log rows its matches are of', hunt.hunt
            USING ERRCODE = 'feature_not_supported',
                  HINT = format('It needs a function %I.%I(azhunt.matches).'::text, hunt.schema, hunt.hunt || '_log_rows');
    END IF;
    PERFORM azhunt.check_hunt_function(function);
    FOR match IN SELECT m.* FROM azhunt.matches AS m WHERE m.result_id = $1 ORDER BY m."time" DESC, m.key LIMIT most LOOP
        RETURN QUERY EXECUTE format('SELECT l.log_table, l.log_row FROM %s($1) AS l'::text, function) USING match;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.log_rows(uuid, integer) IS
'the log rows that the latest matches of a result are made of, as JSON; most says how many matches; a row that two matches share comes twice';
