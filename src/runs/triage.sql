-- What people decide about matches and results.

CREATE TABLE azhunt.allow_list (
    entity text NOT NULL
        CHECK (entity OPERATOR(pg_catalog.=) ANY ('{address,account,useragent,storageaccount}'::text[])),
    value text NOT NULL CHECK (value OPERATOR(pg_catalog.<>) ''),
    note text,
    added_by text NOT NULL DEFAULT session_user,
    added_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (entity, value),
    CONSTRAINT allow_list_network_check CHECK (
        entity OPERATOR(pg_catalog.<>) 'address' OR pg_catalog.strpos(value, '/') OPERATOR(pg_catalog.=) 0
        OR azhunt.is_in_network(pg_catalog.split_part(value, '/', 1), value))
);

COMMENT ON TABLE azhunt.allow_list IS
'entities whose matches the result views hide; view hidden_results counts what each entry hides';
COMMENT ON COLUMN azhunt.allow_list.entity IS 'column of azhunt.matches: address, account, useragent or storageaccount';
COMMENT ON COLUMN azhunt.allow_list.value IS 'its value, compared ignoring case; for an address also a network, such as 203.0.113.0/24';
COMMENT ON COLUMN azhunt.allow_list.note IS 'why it is allowed';
COMMENT ON COLUMN azhunt.allow_list.added_by IS 'role of the session that added it';
COMMENT ON COLUMN azhunt.allow_list.added_at IS 'when it was added';
SELECT pg_catalog.pg_extension_config_dump('azhunt.allow_list', '');

CREATE SEQUENCE azhunt.status_changes_change_seq;
COMMENT ON SEQUENCE azhunt.status_changes_change_seq IS 'ids of status changes';
SELECT pg_catalog.pg_extension_config_dump('azhunt.status_changes_change_seq', '');

CREATE TABLE azhunt.status_changes (
    change bigint PRIMARY KEY DEFAULT pg_catalog.nextval('azhunt.status_changes_change_seq'),
    result_id uuid NOT NULL,
    status text NOT NULL
        CHECK (status OPERATOR(pg_catalog.=) ANY ('{new,investigating,closed}'::text[])),
    note text,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    last_run bigint NOT NULL,
    matches bigint,
    hidden bigint,
    classification text
        CHECK (classification
               OPERATOR(pg_catalog.=) ANY ('{true positive,benign positive,false positive,undetermined}'::text[])),
    CHECK (status OPERATOR(pg_catalog.=) 'closed' OR classification IS NULL)
);

CREATE INDEX status_changes_result_id_idx ON azhunt.status_changes (result_id, change);
COMMENT ON INDEX azhunt.status_changes_result_id_idx IS 'the latest status of one result';
COMMENT ON TABLE azhunt.status_changes IS
'what people said of results, each time';
COMMENT ON COLUMN azhunt.status_changes.change IS 'id of the change; a later one has a higher one';
COMMENT ON COLUMN azhunt.status_changes.result_id IS 'the result';
COMMENT ON COLUMN azhunt.status_changes.status IS 'new, investigating or closed';
COMMENT ON COLUMN azhunt.status_changes.note IS 'why';
COMMENT ON COLUMN azhunt.status_changes.changed_by IS 'role of the session that set it';
COMMENT ON COLUMN azhunt.status_changes.changed_at IS 'when it was set';
COMMENT ON COLUMN azhunt.status_changes.last_run IS 'the last run whose matches that person could see';
COMMENT ON COLUMN azhunt.status_changes.matches IS 'how many matches the result had, without those that the allow-list hid';
COMMENT ON COLUMN azhunt.status_changes.hidden IS 'how many more matches the allow-list hid';
COMMENT ON COLUMN azhunt.status_changes.classification IS 'what a closed result was: true positive, benign positive, false positive or undetermined';
SELECT pg_catalog.pg_extension_config_dump('azhunt.status_changes', '');

CREATE VIEW azhunt.latest_status AS
SELECT DISTINCT ON (c.result_id)
       c.result_id, c.status, c.note, c.changed_by, c.changed_at, c.last_run, c.matches, c.hidden, c.classification
FROM azhunt.status_changes AS c
ORDER BY c.result_id, c.change DESC;

COMMENT ON VIEW azhunt.latest_status IS 'the latest status change of each result';
COMMENT ON COLUMN azhunt.latest_status.result_id IS 'the result';
COMMENT ON COLUMN azhunt.latest_status.status IS 'new, investigating or closed, as it was set';
COMMENT ON COLUMN azhunt.latest_status.note IS 'why; null if nobody said';
COMMENT ON COLUMN azhunt.latest_status.changed_by IS 'role of the session that set it';
COMMENT ON COLUMN azhunt.latest_status.changed_at IS 'when it was set';
COMMENT ON COLUMN azhunt.latest_status.last_run IS 'the last run whose matches that person could see';
COMMENT ON COLUMN azhunt.latest_status.matches IS 'how many matches the result had, without those that the allow-list hid';
COMMENT ON COLUMN azhunt.latest_status.hidden IS 'how many more matches the allow-list hid';
COMMENT ON COLUMN azhunt.latest_status.classification IS 'what a closed result was; null if nobody said';

CREATE VIEW azhunt.screened_matches AS
SELECT m.rule, r.hunt, m."time", m.account, m.address, m.useragent, m.storageaccount, m.details, m.result_id,
       s.hidden, m.run, m.found_at
FROM azhunt.matches AS m
JOIN azhunt.rules AS r ON r.rule OPERATOR(pg_catalog.=) m.rule
CROSS JOIN LATERAL (
    SELECT m.account OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                              WHERE a.entity OPERATOR(pg_catalog.=) 'account') IS TRUE
           OR m.address OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                                 WHERE a.entity OPERATOR(pg_catalog.=) 'address') IS TRUE
           OR m.useragent OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                                   WHERE a.entity OPERATOR(pg_catalog.=) 'useragent') IS TRUE
           OR m.storageaccount OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                                        WHERE a.entity OPERATOR(pg_catalog.=) 'storageaccount') IS TRUE
           -- first of all, are there networks, or IPv6 addresses, which can be
           -- written in several ways?
           OR EXISTS (SELECT FROM azhunt.allow_list AS a
                      WHERE a.entity OPERATOR(pg_catalog.=) 'address' AND a.value OPERATOR(pg_catalog.~) '[/:]')
              AND EXISTS (SELECT FROM azhunt.allow_list AS a
                          WHERE a.entity OPERATOR(pg_catalog.=) 'address' AND a.value OPERATOR(pg_catalog.~) '[/:]'
                            AND azhunt.is_in_network(m.address, a.value))
    -- evaluated once for a match, whatever uses it
    OFFSET 0
) AS s (hidden);

COMMENT ON VIEW azhunt.screened_matches IS
'each match of all rules, and whether the allow-list hides it';
COMMENT ON COLUMN azhunt.screened_matches.rule IS 'the rule that found it';
COMMENT ON COLUMN azhunt.screened_matches.hunt IS 'the hunt that the rule runs';
COMMENT ON COLUMN azhunt.screened_matches."time" IS 'when it happened';
COMMENT ON COLUMN azhunt.screened_matches.account IS 'the account; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.screened_matches.address IS 'the address, without its port; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.screened_matches.useragent IS 'the user agent; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.screened_matches.storageaccount IS 'the storage account; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.screened_matches.details IS 'what only this hunt knows';
COMMENT ON COLUMN azhunt.screened_matches.result_id IS 'the result that it belongs to';
COMMENT ON COLUMN azhunt.screened_matches.hidden IS 'whether the allow-list hides it';
COMMENT ON COLUMN azhunt.screened_matches.run IS 'the run that found it';
COMMENT ON COLUMN azhunt.screened_matches.found_at IS 'when that run began';

CREATE FUNCTION azhunt.check_result_found(is_found boolean, result_id uuid) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT is_found THEN
        RAISE EXCEPTION 'there is no result %', coalesce(result_id::text, 'NULL')
            USING ERRCODE = 'no_data_found',
                  HINT = 'It is column result_id of view azhunt.results.';
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_result_found(boolean, uuid) IS
'internal: an error that there is no such result, unless it was found';

CREATE FUNCTION azhunt.set_status(result_id uuid, status text, note text DEFAULT NULL, classification text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    seen record;
BEGIN
    IF (status IN ('new', 'investigating', 'closed')) IS NOT TRUE THEN
        RAISE EXCEPTION 'a result cannot have status "%"', coalesce(status, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Use new, investigating or closed.';
    END IF;
    IF (classification IN ('true positive', 'benign positive', 'false positive', 'undetermined')) IS FALSE THEN
        RAISE EXCEPTION 'a result cannot be classified as "%"', classification
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Use true positive, benign positive, false positive or undetermined.';
    ELSIF classification IS NOT NULL AND status <> 'closed' THEN
        RAISE EXCEPTION 'only a closed result has a classification'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF char_length(note) > 10000 THEN
        RAISE EXCEPTION 'a note cannot have more than 10000 characters, as this one of %', char_length(note)
            USING ERRCODE = 'string_data_right_truncation';
    END IF;
    -- prune() must not remove a part of it meanwhile
    PERFORM FROM azhunt.rules AS r
    WHERE r.rule = ANY (ARRAY(SELECT m.rule FROM azhunt.matches AS m WHERE m.result_id = set_status.result_id))
    FOR KEY SHARE OF r;
    SELECT max(m.run) AS last_run, count(*) FILTER (WHERE NOT m.hidden) AS matches,
           count(*) FILTER (WHERE m.hidden) AS hidden
    INTO seen
    FROM azhunt.screened_matches AS m
    WHERE m.result_id = set_status.result_id;
    PERFORM azhunt.check_result_found(seen.last_run IS NOT NULL, set_status.result_id);
    INSERT INTO azhunt.status_changes (result_id, status, note, changed_by, changed_at, last_run, matches, hidden,
                                       classification)
    VALUES (set_status.result_id, set_status.status, set_status.note, session_user, clock_timestamp(), seen.last_run,
            seen.matches,
        seen.hidden, set_status.classification);
END
$$;

COMMENT ON FUNCTION azhunt.set_status(uuid, text, text, text) IS
'sets the status of a result: new, investigating or closed, and what a closed one was; matches that later runs add to a closed one make it new again';
