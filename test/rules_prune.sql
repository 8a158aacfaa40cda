-- Retention of runs, results and, on request, log partitions.
BEGIN;
SELECT plan(26);

SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
INSERT INTO azhunt.rules (rule, hunt, options) VALUES ('wide', 'storage_upload_link_account', '{"lookback": "1 hour"}');

-- Five results; the age in days of the matches of each, and its status.
CREATE TEMP TABLE planned (file text, ages integer[], status text);
INSERT INTO planned
VALUES ('old', '{100,95}', NULL), ('old, closed', '{100}', 'closed'), ('old, open', '{100}', 'investigating'),
       ('old and new', '{100,5}', NULL), ('new', '{5,4}', NULL);
INSERT INTO azhunt.runs (run, rule, started, finished, status, run_by)
SELECT -age, 'wide', now() - age * interval '1 day', now() - age * interval '1 day', 'succeeded', 'test'
FROM (SELECT DISTINCT unnest(ages) AS age FROM planned UNION VALUES (200), (3)) AS a;
INSERT INTO azhunt.matches (rule, "time", account, address, details, key, result_id, run, found_at)
SELECT 'wide', '2026-03-10 08:00+00', '', '192.0.2.1', jsonb_build_object('FileUploadPath', p.file, 'OperationName', 'PutBlob'),
       sha256((p.file || age)::bytea), md5(p.file)::uuid, -age, now() - age * interval '1 day'
FROM planned AS p CROSS JOIN unnest(p.ages) AS age;
SELECT azhunt.set_status(md5(file)::uuid, status) FROM planned WHERE status IS NOT NULL \g /dev/null
UPDATE azhunt.status_changes SET changed_at = now() - interval '99 days';
CREATE TEMP VIEW kept AS SELECT DISTINCT details ->> 'FileUploadPath' AS file FROM azhunt.matches;

SELECT results_eq($$SELECT * FROM azhunt.prune('1 year')$$, $$
    VALUES ('azhunt.matches', 0::bigint), ('azhunt.status_changes', 0), ('azhunt.runs', 0)$$,
    'what is young enough stays');
SELECT results_eq($$SELECT * FROM azhunt.prune('30 days')$$, $$
    VALUES ('azhunt.matches', 3::bigint), ('azhunt.status_changes', 1), ('azhunt.runs', 2)$$,
    'what is older goes');
SELECT set_eq('SELECT file FROM kept', '{"old, open",new,"old and new"}'::text[], 'but no result that is open or has a young match');
SELECT set_eq('SELECT run FROM azhunt.runs', '{-100,-5,-4,-3}'::bigint[], 'nor a run that found what stays');
SELECT results_eq($$SELECT removed FROM azhunt.prune('30 days')$$, 'VALUES (0::bigint), (0), (0)', 'the second time there is nothing to do');
UPDATE azhunt.status_changes SET status = 'closed';
SELECT results_eq($$SELECT removed FROM azhunt.prune('30 days')$$, 'VALUES (1::bigint), (1), (0)', 'a result that is closed can go');

-- results that were pruned come back where the rows are still there and a run
-- starts over; what has been seen is not read again
SELECT throws_ok($$SELECT * FROM azhunt.prune('-1 day')$$, '22023', 'what is kept must be a time that is not negative', 'negative');
SELECT throws_ok($$SELECT * FROM azhunt.prune(NULL)$$, '22023', 'what is kept must be a time that is not negative', 'null');
SELECT throws_ok($$SELECT * FROM azhunt.prune('1 day', '-1 day')$$, '22023', 'what is kept must be a time that is not negative', 'or negative for logs');
SELECT throws_ok(format('SELECT azhunt.prune(%L)', age), '22023', 'what is kept must be a time that is not negative', 'or before the first time: ' || age)
FROM unnest('{-100000000 years,-2147483648 days}'::interval[]) AS age;
SELECT results_eq($$SELECT removed FROM azhunt.prune('100000000 years', '2147483647 days')$$, 'VALUES (0::bigint), (0), (0)',
    'all is younger than times that have not been');

-- partitions of days long past, of the day before yesterday, and of today
SELECT azhunt.add_partitions('azhunt.signinlogs', d, d + 1)
FROM unnest(ARRAY['2026-03-10', (now() AT TIME ZONE 'UTC')::date - 2, (now() AT TIME ZONE 'UTC')::date]) AS d \g /dev/null
INSERT INTO azhunt.signinlogs (timegenerated) VALUES ('2026-03-10 08:00+00'), ('2026-03-10 09:00+00'), ('2026-03-11 09:00+00'), (now());
SAVEPOINT not_analyzed;
SELECT results_eq($$SELECT removed FROM azhunt.prune('30 days', '30 days') WHERE relation LIKE '%signinlogs%'$$, 'VALUES (NULL::bigint)',
    'how many rows a partition had that was not analyzed is not known');
ROLLBACK TO not_analyzed;
ANALYZE azhunt.signinlogs_p20260310;
INSERT INTO azhunt.signinlogs (timegenerated) VALUES ('2026-03-10 10:00+00');
CREATE TEMP VIEW parts AS SELECT count(*) AS count FROM pg_inherits WHERE inhparent = 'azhunt.signinlogs'::regclass;
SELECT is((SELECT count FROM parts), 4::bigint, 'there are partitions');
SELECT results_eq($$SELECT relation, removed FROM azhunt.prune('30 days', '30 days') WHERE relation LIKE '%signinlogs%'$$,
    $$VALUES ('azhunt.signinlogs_p20260310', 2::bigint)$$, 'old ones are dropped on request, and their rows are those of the last ANALYZE');
SELECT is((SELECT count FROM parts), 3::bigint, 'only these');
SELECT is((SELECT count(*) FROM azhunt.signinlogs), 2::bigint, 'rows in the default partition stay');
SELECT azhunt.prune('0 s') \g /dev/null
SELECT is((SELECT count FROM parts), 3::bigint, 'and none is dropped without being asked for');

-- a table of its own age
SELECT azhunt.add_partitions(t, '2020-01-01', '2020-01-02')
FROM unnest('{azhunt.signinlogs,azhunt.auditlogs,azhunt.azureactivity}'::regclass[]) AS t \g /dev/null
SAVEPOINT three_tables;
SELECT results_eq($$SELECT relation FROM azhunt.prune('1 day', NULL, '{"auditlogs": "30 days"}') WHERE relation ~ '_p2020'$$,
    $$VALUES ('azhunt.auditlogs_p20200101')$$, 'partitions of one table are dropped alone');
ROLLBACK TO three_tables;
SELECT results_eq($$SELECT relation FROM azhunt.prune('1 day', '30 days', '{"auditlogs": null, "signinlogs": "1000 years"}') WHERE relation ~ '_p2020'$$,
    $$VALUES ('azhunt.azureactivity_p20200101')$$, 'or kept, for longer or for ever');
ROLLBACK TO three_tables;
CREATE OR REPLACE FUNCTION azhunt.log_table_descriptions()
RETURNS TABLE (log_table text, comment text, retention interval, column_comments text) LANGUAGE sql
AS $$SELECT 'auditlogs'::text, ''::text, interval '1000 years', ''::text$$;
SELECT is_empty($$SELECT relation FROM azhunt.prune('1 day', '30 days') WHERE relation ~ '_p2020'$$, 'the description of a table can say how long');
SELECT results_eq($$SELECT relation FROM azhunt.prune('1 day', '30 days', '{"auditlogs": "30 days"}') WHERE relation ~ '_p2020'$$,
    $$VALUES ('azhunt.auditlogs_p20200101')$$, 'unless the caller does');
ROLLBACK TO three_tables;
SELECT throws_ok($$SELECT azhunt.prune('1 day', NULL, '{"auditlog": "1 day"}')$$, '22023', 'there is no log table "auditlog"', 'there must be such a table');
SELECT throws_ok($$SELECT azhunt.prune('1 day', NULL, '["auditlogs"]')$$, '22023',
    'keep_partitions_of must be a JSON object of log tables and times', 'and a time for it');
SELECT throws_ok($$SELECT azhunt.prune('1 day', NULL, '{"auditlogs": "-1 day"}')$$, '22023', 'what is kept must be a time that is not negative', 'that is not negative');
SELECT throws_ok($$SELECT azhunt.prune('1 day', NULL, '{"auditlogs": 30}')$$, '22023', 'keep_partitions_of must be a JSON object of log tables and times', 'with a unit');

SELECT * FROM finish();
ROLLBACK;
