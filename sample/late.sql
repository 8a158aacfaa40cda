-- The rule reads what is new, and finds nothing twice.
CALL azhunt.run_rule('storage_upload_link_account');
SELECT run, status, rows_read -> 'signinlogs' AS signins_read, rows_read -> 'storagebloblogs' AS requests_read, new_matches
FROM azhunt.runs
ORDER BY run;

-- What it has found now:
SELECT time, account, address, details ->> 'FileName' AS file
FROM azhunt.matches
WHERE run = (SELECT max(run) FROM azhunt.runs);

-- And all that it has found, as one row for each result:
SELECT time, summary FROM azhunt.results ORDER BY time;
