-- Are the logs still coming?
BEGIN;
SELECT plan(15);

SELECT results_eq('SELECT log_table, state, newest_event, rows_last_hour FROM azhunt.source_health', $$
    SELECT log_table, 'never loaded', NULL::timestamptz, 0::bigint FROM azhunt.log_table_schemas() ORDER BY log_table$$,
    'tables that are not there were never loaded');
SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
SELECT results_eq('SELECT DISTINCT state, newest_event, newest_arrival, median_delay FROM azhunt.source_health', $$
    VALUES ('never loaded', NULL::timestamptz, NULL::timestamptz, NULL::interval)$$, 'nor were empty ones');

-- A hundred sign-ins, one a minute until a minute ago, the first of them 100
-- seconds late and the last 1 second; and ten of the same hour of yesterday.
INSERT INTO azhunt.signinlogs (timegenerated, ingestedat)
SELECT now() - i * interval '1 minute' - i * interval '1 second', now() - i * interval '1 minute'
FROM generate_series(1, 100) AS i;
INSERT INTO azhunt.signinlogs (timegenerated, ingestedat, ingestxid)
SELECT now() - interval '1 day' - i * interval '1 minute', now() - interval '1 day' - i * interval '1 minute', 3
FROM generate_series(1, 10) AS i;
SELECT results_eq($$SELECT state, newest_event, newest_arrival, rows_last_hour, rows_hour_before, rows_hour_day_before
                    FROM azhunt.source_health WHERE log_table = 'signinlogs'$$,
    $$VALUES ('flowing', now() - interval '61 s', now() - interval '1 min', 59::bigint, 41::bigint, 10::bigint)$$,
    'rows arrive');
-- the independent count of the same 110 delays: ten are 0, the others 1 to 100 seconds
SELECT results_eq($$SELECT median_delay, p95_delay FROM azhunt.source_health WHERE log_table = 'signinlogs'$$,
    $$VALUES (interval '45.5 s', interval '94.55 s')$$, 'with their usual delay');

-- arrival counts, not what an event says of its time
INSERT INTO azhunt.storagebloblogs (timegenerated, ingestedat) VALUES (now() - interval '300 days', now() - interval '10 minutes');
INSERT INTO azhunt.storagefilelogs (timegenerated, ingestedat) VALUES (now(), now() - interval '2 hours');
INSERT INTO azhunt.azureactivity (timegenerated, ingestedat) VALUES (now(), now() - interval '25 hours');
SELECT results_eq($$SELECT log_table, state FROM azhunt.source_health
                    WHERE log_table = 'aadnoninteractiveusersigninlogs' OR state <> 'never loaded'$$, $$
    VALUES ('aadnoninteractiveusersigninlogs', 'never loaded'), ('azureactivity', 'stopped'), ('signinlogs', 'flowing'),
           ('storagebloblogs', 'flowing'), ('storagefilelogs', 'quiet')$$, 'states are about arrival');
SELECT results_eq($$SELECT newest_event, median_delay FROM azhunt.source_health WHERE log_table = 'storagebloblogs'$$,
    $$VALUES (now() - interval '300 days', interval '299 days 23:50')$$, 'an old event is found as the newest');
SELECT results_eq($$SELECT state FROM azhunt.source_health(now() + interval '30 minutes') WHERE log_table = 'storagebloblogs'$$,
    $$VALUES ('flowing')$$, 'flowing');
SELECT results_eq($$SELECT state FROM azhunt.source_health(now() + interval '1 hour') WHERE log_table = 'storagebloblogs'$$,
    $$VALUES ('quiet')$$, 'turns quiet');
SELECT results_eq($$SELECT state FROM azhunt.source_health(now() + interval '24 hours') WHERE log_table = 'storagebloblogs'$$,
    $$VALUES ('stopped')$$, 'and then has stopped');

-- the health of others can still be seen
DROP TABLE azhunt.azureactivity;
CREATE VIEW azhunt.azureactivity AS SELECT now() AS timegenerated;
SELECT results_eq($$SELECT state, rows_last_hour FROM azhunt.source_health WHERE log_table IN ('azureactivity', 'signinlogs')$$,
    $$VALUES ('not known: azhunt.azureactivity has no column ingestxid of type bigint', NULL::bigint), ('flowing', 59)$$,
    'a view that does not say when rows came');
SELECT set_eq('SELECT log_table FROM azhunt.source_health', 'SELECT log_table FROM azhunt.log_table_schemas()', 'every log table is listed');

-- what arrived after the time that is asked about, or claims to
DROP VIEW azhunt.azureactivity;
SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
INSERT INTO azhunt.azureactivity (timegenerated, ingestedat) VALUES ('2024-01-01 00:00Z', '2024-01-01 00:05Z');
SELECT is((SELECT state FROM azhunt.source_health(timestamptz '2020-06-01 00:00Z') WHERE log_table = 'azureactivity'), 'stopped',
    'what arrived later does not make a table flow');
INSERT INTO azhunt.azureactivity (timegenerated, ingestedat) VALUES ('2024-01-01 00:00Z', 'infinity');
SELECT is((SELECT state FROM azhunt.source_health() WHERE log_table = 'azureactivity'), 'stopped', 'nor does a time to come');
SELECT is((SELECT state FROM azhunt.source_health(timestamptz '2024-01-01 00:30Z') WHERE log_table = 'azureactivity'), 'flowing', 'but a row of the hour does');

SELECT results_eq($$SELECT DISTINCT rows_hour_day_before FROM azhunt.source_health('4714-11-24 00:00:00+00 BC')$$, 'VALUES (0::bigint)',
    'the first time that there is has no day before');

SELECT * FROM finish();
ROLLBACK;
