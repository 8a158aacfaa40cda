--
-- scheduled hunts
--
-- A run reads the log rows that the runs before it have not seen, joins them
-- with all others, and stores each match that was not there.  What it has seen
-- is a pg_snapshot: a row is new if the snapshot does not see the transaction
-- in ingestxid.  So a match is found by the first run that sees both its rows,
-- in whatever order they were written, committed or dated.
--

CREATE FUNCTION azhunt.prevent_in_transaction_block(command text) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_prevent_in_transaction_block';

COMMENT ON FUNCTION azhunt.prevent_in_transaction_block(text) IS
'an error inside a transaction block, where a procedure cannot commit';

CREATE FUNCTION azhunt.rethrow(sqlstate text, message text, detail text, hint text) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_rethrow';

COMMENT ON FUNCTION azhunt.rethrow(text, text, text, text) IS
'the error that GET STACKED DIAGNOSTICS told of; an empty detail or hint is none';

CREATE FUNCTION azhunt.is_upload(operationname text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN operationname OPERATOR(azhunt.=~) ANY (ARRAY[
    'PutBlob', 'PutBlobFromURL', 'PutBlock', 'PutBlockFromURL', 'PutBlockList', 'AppendBlock', 'PutPage',
    'CopyBlob', 'IncrementalCopyBlob', 'CreatePathFile', 'AppendFile', 'FlushFile', 'RenamePathFile',
    'CreateFile', 'PutRange', 'PutRangeFromURL', 'CopyFile', 'Create', 'Write', 'Nfs4Write', 'SftpWrite',
    'SftpCommit']);

COMMENT ON FUNCTION azhunt.is_upload(text) IS
'is this one of the operations that check_operations() accepts? In the predicate of indexes';

CREATE FUNCTION azhunt.sha256_of(texts text[]) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
RETURN pg_catalog.sha256(pg_catalog.decode(pg_catalog.replace(texts::text, E'\\', E'\\\\'), 'escape'));

COMMENT ON FUNCTION azhunt.sha256_of(text[]) IS
'SHA-256 of texts, for unique keys over texts too long for an index';

CREATE VIEW azhunt.hunt_definitions AS
SELECT d.hunt, d.id, d.title, d.description, d.tactics, d.techniques,
       d.entity_mappings, d.tables, d.default_options
FROM (VALUES
    ('storage_upload_link_account',
     'bee57113-7b9d-4158-958c-a7f3d534c6c4'::uuid,
     'User Account Linked to Storage Account File Upload',
     'Finds the accounts that signed in, moments before, from the address that a file was uploaded from.',
     '{CredentialAccess}'::text[], '{T1528}'::text[],
     '[{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "account"}]},
       {"entityType": "IP", "fieldMappings": [{"identifier": "Address", "columnName": "address"}]}]'::jsonb,
     '{storagebloblogs,storagefilelogs,signinlogs,aadnoninteractiveusersigninlogs}'::text[],
     '{"lookback": "1 minute", "target_file": null, "match_user_agent": true,
       "operations": ["PutBlob", "PutRange"], "include_noninteractive": false,
       "successful_only": false}'::jsonb),
    ('cloudshell_usage',
     '42831fb3-f61d-41e9-95d9-f08797479a0e',
     'Azure CloudShell Usage',
     'Finds the callers that opened a Cloud Shell, and what else they did in the same hour.',
     '{Execution}', '{T1059}',
     '[{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "account"}]}]',
     '{azureactivity}',
     '{"bin": "1 hour", "resource_group": "cloud-shell-storage"}')
) AS d (hunt, id, title, description, tactics, techniques, entity_mappings, tables, default_options);

COMMENT ON VIEW azhunt.hunt_definitions IS
'what the published definitions of the hunts say, and the options that a scheduled one can have';

CREATE FUNCTION azhunt.check_options(hunt text, options jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
AS $$
DECLARE
    defaults jsonb := (SELECT d.default_options FROM azhunt.hunt_definitions AS d
                       WHERE d.hunt = check_options.hunt);
    option record;
BEGIN
    IF defaults IS NULL THEN
        RAISE EXCEPTION 'there is no hunt "%"', hunt
            USING ERRCODE = 'undefined_object',
                  HINT = format('Hunts: %s.', (SELECT string_agg(d.hunt, ', ' ORDER BY d.hunt)
                                               FROM azhunt.hunt_definitions AS d));
    ELSIF jsonb_typeof(options) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'options must be a JSON object, such as {"%": %}',
                        (SELECT key FROM jsonb_each(defaults) ORDER BY key LIMIT 1),
                        (SELECT value FROM jsonb_each(defaults) ORDER BY key LIMIT 1)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    FOR option IN SELECT e.key, e.value, jsonb_typeof(e.value) AS type,
                         jsonb_typeof(defaults -> e.key) AS default_type
                  FROM jsonb_each(options) AS e
    LOOP
        IF NOT defaults ? option.key THEN
            RAISE EXCEPTION 'hunt "%" has no option "%"', hunt, option.key
                USING ERRCODE = 'undefined_parameter',
                      HINT = format('Options: %s.', (SELECT string_agg(k, ', ' ORDER BY k)
                                                     FROM jsonb_object_keys(defaults) AS k));
        ELSIF option.type <> option.default_type
              AND NOT (option.key = 'target_file' AND option.type = 'string') THEN
            RAISE EXCEPTION 'option "%" must not be of JSON type %', option.key, option.type
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = format('Its default is %s.', defaults -> option.key);
        END IF;
    END LOOP;

    options := defaults || options;
    IF hunt = 'storage_upload_link_account' THEN
        RETURN azhunt.check_lookback((options ->> 'lookback')::interval)
               AND azhunt.check_text(options ->> 'target_file', 'target_file'::text, true)
               AND azhunt.check_operations(ARRAY(SELECT jsonb_array_elements_text(options -> 'operations')));
    ELSE
        RETURN azhunt.check_bin((options ->> 'bin')::interval)
               AND azhunt.check_text(options ->> 'resource_group', 'resource_group'::text, false);
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_options(text, jsonb) IS
'true, or an error if the hunt is unknown or does not take these options';

CREATE TABLE azhunt.scheduled_hunts (
    name text PRIMARY KEY CHECK (name OPERATOR(pg_catalog.<>) '' AND pg_catalog.octet_length(name) OPERATOR(pg_catalog.<=) 500),
    hunt text NOT NULL,
    options jsonb NOT NULL DEFAULT '{}',
    severity text NOT NULL DEFAULT 'Medium'
        CHECK (severity OPERATOR(pg_catalog.=) ANY ('{Informational,Low,Medium,High}'::text[])),
    -- pg_dump leaves these two rows out, so they must be as they were created
    CONSTRAINT scheduled_hunts_shipped_check CHECK (
        name OPERATOR(pg_catalog.<>) ALL ('{storage_upload_link_account,cloudshell_usage}'::text[])
        OR name OPERATOR(pg_catalog.=) hunt AND options OPERATOR(pg_catalog.=) '{}'
           AND severity OPERATOR(pg_catalog.=) 'Medium'),
    CONSTRAINT scheduled_hunts_options_check CHECK (azhunt.check_options(hunt, options))
);

COMMENT ON TABLE azhunt.scheduled_hunts IS
'the hunts that run_hunt() knows: each a hunt with options, which are those of hunt_definitions where they are left out';

INSERT INTO azhunt.scheduled_hunts (name, hunt)
VALUES ('storage_upload_link_account', 'storage_upload_link_account'),
       ('cloudshell_usage', 'cloudshell_usage');

SELECT pg_catalog.pg_extension_config_dump('azhunt.scheduled_hunts',
    'WHERE name OPERATOR(pg_catalog.<>) ALL (''{storage_upload_link_account,cloudshell_usage}''::text[])');

CREATE VIEW azhunt.hunts AS
SELECT h.name, h.hunt, d.id, d.title, d.description, d.tactics, d.techniques, h.severity,
       d.entity_mappings, d.tables,
       d.default_options OPERATOR(pg_catalog.||) h.options AS options
FROM azhunt.scheduled_hunts AS h
JOIN azhunt.hunt_definitions AS d ON d.hunt OPERATOR(pg_catalog.=) h.hunt;

COMMENT ON VIEW azhunt.hunts IS
'the hunts that run_hunt() knows, with what their published definitions say and all their options';

-- There are no foreign keys among these tables: pg_restore loads their rows in
-- any order, or side by side.

CREATE SEQUENCE azhunt.runs_run_seq;
COMMENT ON SEQUENCE azhunt.runs_run_seq IS 'ids of runs';
SELECT pg_catalog.pg_extension_config_dump('azhunt.runs_run_seq', '');

CREATE TABLE azhunt.runs (
    run bigint PRIMARY KEY DEFAULT pg_catalog.nextval('azhunt.runs_run_seq'),
    hunt text NOT NULL,
    started timestamptz NOT NULL,
    finished timestamptz NOT NULL,
    duration interval GENERATED ALWAYS AS (finished OPERATOR(pg_catalog.-) started) STORED,
    status text NOT NULL
        CHECK (status OPERATOR(pg_catalog.=) ANY ('{succeeded,failed,skipped}'::text[])),
    started_over text,
    rows_read jsonb,
    new_results bigint,
    error text,
    sqlstate text,
    snapshot pg_snapshot,
    run_by text NOT NULL
);

CREATE INDEX runs_hunt_idx ON azhunt.runs (hunt, run);
COMMENT ON INDEX azhunt.runs_hunt_idx IS 'the latest runs of one hunt';
CREATE INDEX runs_started_idx ON azhunt.runs (started);
COMMENT ON INDEX azhunt.runs_started_idx IS 'the runs of a period';
COMMENT ON TABLE azhunt.runs IS
'what run_hunt() did: new log rows read, by table; matches that were not there; why it failed or was skipped; why it started over, if it read all rows';
SELECT pg_catalog.pg_extension_config_dump('azhunt.runs', '');

CREATE TABLE azhunt.watermarks (
    hunt text PRIMARY KEY,
    snapshot pg_snapshot NOT NULL,
    relations bigint[] NOT NULL,
    system_identifier text NOT NULL
);

COMMENT ON TABLE azhunt.watermarks IS
'what each hunt''s last successful run has seen: the transactions that its snapshot sees, in the relations that it read, of one cluster';
SELECT pg_catalog.pg_extension_config_dump('azhunt.watermarks', '');

-- A table of its own: a run takes only the requests away that it has seen, so
-- that it cannot undo one that is made meanwhile.
CREATE TABLE azhunt.restart_requests (
    hunt text NOT NULL,
    requested_at timestamptz NOT NULL,
    requested_by text NOT NULL
);

COMMENT ON TABLE azhunt.restart_requests IS
'calls of restart_hunt() that no successful run has followed yet';
SELECT pg_catalog.pg_extension_config_dump('azhunt.restart_requests', '');

CREATE TABLE azhunt.storage_upload_link_account_facts (
    hunt text NOT NULL,
    uploadtime timestamptz NOT NULL,
    operationname text NOT NULL,
    uri text NOT NULL,
    useragentheader text NOT NULL,
    address text NOT NULL,
    storageaccount text NOT NULL,
    correlationid text NOT NULL,
    logintime timestamptz NOT NULL,
    account text NOT NULL,
    loginuseragent text NOT NULL,
    texts_hash bytea NOT NULL,
    resultid uuid NOT NULL,
    run bigint NOT NULL,
    foundat timestamptz NOT NULL,
    CONSTRAINT storage_upload_link_account_facts_key UNIQUE (hunt, uploadtime, logintime, texts_hash)
);

CREATE INDEX storage_upload_link_account_facts_resultid_idx ON azhunt.storage_upload_link_account_facts (resultid);
COMMENT ON INDEX azhunt.storage_upload_link_account_facts_resultid_idx IS 'the matches of one result';
CREATE INDEX storage_upload_link_account_facts_run_idx ON azhunt.storage_upload_link_account_facts (run);
COMMENT ON INDEX azhunt.storage_upload_link_account_facts_run_idx IS 'what one run found';
COMMENT ON TABLE azhunt.storage_upload_link_account_facts IS
'what scheduled hunts found: a row for each upload and sign-in, unique by all that describes the two; texts_hash stands for the texts, resultid for the row of the result view';
SELECT pg_catalog.pg_extension_config_dump('azhunt.storage_upload_link_account_facts', '');

CREATE TABLE azhunt.cloudshell_usage_facts (
    hunt text NOT NULL,
    timekey timestamptz NOT NULL,
    caller text NOT NULL,
    operationnamevalue text NOT NULL,
    texts_hash bytea NOT NULL,
    resultid uuid NOT NULL,
    run bigint NOT NULL,
    foundat timestamptz NOT NULL,
    CONSTRAINT cloudshell_usage_facts_key UNIQUE (hunt, timekey, texts_hash)
);

CREATE INDEX cloudshell_usage_facts_resultid_idx ON azhunt.cloudshell_usage_facts (resultid);
COMMENT ON INDEX azhunt.cloudshell_usage_facts_resultid_idx IS 'the matches of one result';
CREATE INDEX cloudshell_usage_facts_run_idx ON azhunt.cloudshell_usage_facts (run);
COMMENT ON INDEX azhunt.cloudshell_usage_facts_run_idx IS 'what one run found';
CREATE INDEX cloudshell_usage_facts_caller_idx
ON azhunt.cloudshell_usage_facts (hunt, caller azhunt.case_insensitive_ops, timekey);
COMMENT ON INDEX azhunt.cloudshell_usage_facts_caller_idx IS 'the first Cloud Shell of one caller';
COMMENT ON TABLE azhunt.cloudshell_usage_facts IS
'what scheduled hunts found: a row for each caller, hour and operation; texts_hash stands for the texts, resultid for the row of the result view';
SELECT pg_catalog.pg_extension_config_dump('azhunt.cloudshell_usage_facts', '');
