-- The rule finds what is new, and nothing twice.
CALL azhunt.run_rule('storage_upload_link_account');
SELECT run, status, rows_read, new_matches FROM azhunt.runs ORDER BY run;
SELECT time, account, summary FROM azhunt.results ORDER BY time;
