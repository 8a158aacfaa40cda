CREATE TABLE azhunt.allow_list (
    kind text NOT NULL
        CHECK (kind OPERATOR(pg_catalog.=) ANY ('{address,account,useragent,storageaccount}'::text[])),
    value text NOT NULL CHECK (value OPERATOR(pg_catalog.<>) ''),
    note text,
    added_by text NOT NULL DEFAULT session_user,
    added_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (kind, value)
);

COMMENT ON TABLE azhunt.allow_list IS
'addresses, accounts, user agents and storage accounts, compared ignoring case, whose matches the result views hide; view hidden_results counts what each entry hides';
SELECT pg_catalog.pg_extension_config_dump('azhunt.allow_list', '');

CREATE SEQUENCE azhunt.marks_mark_seq;
COMMENT ON SEQUENCE azhunt.marks_mark_seq IS 'ids of marks';
SELECT pg_catalog.pg_extension_config_dump('azhunt.marks_mark_seq', '');

CREATE TABLE azhunt.marks (
    mark bigint PRIMARY KEY DEFAULT pg_catalog.nextval('azhunt.marks_mark_seq'),
    resultid uuid NOT NULL,
    status text NOT NULL
        CHECK (status OPERATOR(pg_catalog.=) ANY ('{new,investigating,closed}'::text[])),
    note text,
    marked_by text NOT NULL,
    marked_at timestamptz NOT NULL,
    last_run bigint NOT NULL
);

CREATE INDEX marks_resultid_idx ON azhunt.marks (resultid, mark);
COMMENT ON INDEX azhunt.marks_resultid_idx IS 'the latest mark of one result';
COMMENT ON TABLE azhunt.marks IS
'what people said of results, each time; last_run is the last run whose matches they had before them';
SELECT pg_catalog.pg_extension_config_dump('azhunt.marks', '');

CREATE VIEW azhunt.storage_upload_link_account_matches AS
SELECT f.hunt, f.resultid, f.uploadtime, f.operationname, f.uri, f.useragentheader, f.address,
       f.storageaccount, f.correlationid, f.logintime, f.account, f.loginuseragent,
       f.address OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                          WHERE a.kind OPERATOR(pg_catalog.=) 'address')
       OR f.account OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                             WHERE a.kind OPERATOR(pg_catalog.=) 'account')
       OR f.useragentheader OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                                     WHERE a.kind OPERATOR(pg_catalog.=) 'useragent')
       OR f.storageaccount OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                                    WHERE a.kind OPERATOR(pg_catalog.=) 'storageaccount') AS hidden,
       f.run, f.foundat
FROM azhunt.storage_upload_link_account_facts AS f;

COMMENT ON VIEW azhunt.storage_upload_link_account_matches IS
'each upload and sign-in that scheduled hunts found, those too that the allow-list hides';

CREATE VIEW azhunt.cloudshell_usage_matches AS
SELECT f.hunt, f.resultid, f.timekey, f.caller, f.operationnamevalue,
       f.caller OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                         WHERE a.kind OPERATOR(pg_catalog.=) 'account') AS hidden,
       f.run, f.foundat
FROM azhunt.cloudshell_usage_facts AS f;

COMMENT ON VIEW azhunt.cloudshell_usage_matches IS
'each caller, hour and operation that scheduled hunts found, those too that the allow-list hides';

CREATE VIEW azhunt.matches AS
SELECT s.uploadtime AS "time", s.hunt, s.resultid, s.account, s.address, s.hidden, s.run, s.foundat
FROM azhunt.storage_upload_link_account_matches AS s
UNION ALL
SELECT c.timekey, c.hunt, c.resultid, c.caller, NULL::text, c.hidden, c.run, c.foundat
FROM azhunt.cloudshell_usage_matches AS c;

COMMENT ON VIEW azhunt.matches IS
'each match of all scheduled hunts, those too that the allow-list hides; conditions on hunt and time, on resultid and on run are answered by index';

CREATE VIEW azhunt.result_marks AS
SELECT DISTINCT ON (m.resultid)
       m.resultid, m.status, m.note, m.marked_by, m.marked_at, m.last_run
FROM azhunt.marks AS m
ORDER BY m.resultid, m.mark DESC;

COMMENT ON VIEW azhunt.result_marks IS 'the latest mark of each result';
