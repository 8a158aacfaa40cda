-- A rule is a hunt with options that runs every few minutes, here by hand.
SELECT azhunt.add_rule('storage_upload_link_account');
CALL azhunt.run_rule('storage_upload_link_account');
SELECT time, summary FROM azhunt.results ORDER BY time;
