-- upload_hunt.sql
--
-- What the hunt for uploads takes beside its join, against the same columns from
-- aggregates of PostgreSQL and of KQL, each of which sorts the joined rows.

\echo Making data for the hunt for uploads ...
SELECT 2 * :rows / 5 AS signins, :rows AS records, 7 AS days, 0 AS skew, false AS covering, false AS daily \gset
\ir windowjoin/data.sql
CALL bench.warm('{azhunt.signinlogs,azhunt.storagebloblogs}');

-- The joined rows, each with its columns read.
CREATE FUNCTION bench.joined_rows(lookback interval, match_user_agent boolean) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN format($query$
    FROM azhunt.storage_upload_link_account_pairs(%L, NULL, %L, '{PutBlob,PutRange}', false, false, false, 'TimeGenerated', '-infinity', 'infinity', '-infinity', NULL) AS p
$query$, lookback, match_user_agent);

CREATE FUNCTION bench.sorted_groups(lookback interval, match_user_agent boolean) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN format($query$
    SELECT m.uri AS fileuploadpath, m.operationname, m.useragentheader AS uploaduseragent,
           azhunt.make_bag(m.login ORDER BY m.signin_timegenerated, m.account, m.signin_useragent, m.address) AS loginevents,
           array_agg(DISTINCT m.account ORDER BY m.account) AS accounts,
           azhunt.make_set(m.login ORDER BY m.signin_timegenerated, m.account, m.signin_useragent, m.address) AS logins,
           count(DISTINCT ROW(m.timegenerated, m.address, m.correlationid)) AS uploads,
           min(m.timegenerated) AS first_upload, max(m.timegenerated) AS last_upload
    FROM (SELECT p.uri, p.operationname, p.useragentheader, p.timegenerated, p.correlationid, p.signin_timegenerated,
                 p.address COLLATE "C" AS address, p.account COLLATE "C" AS account, p.signin_useragent COLLATE "C" AS signin_useragent,
                 azhunt.bag_pack('AccountUsed', p.account, 'IPUsed', p.address, 'AzureLoginTime', p.signin_timegenerated,
                                 'UserAgent', p.signin_useragent) AS login
          %s) AS m
    GROUP BY m.uri, m.operationname, m.useragentheader
$query$, bench.joined_rows(lookback, match_user_agent));

CREATE PROCEDURE bench.measure_upload_hunt(measured text, lookback interval, match_user_agent boolean)
LANGUAGE plpgsql
AS $$
DECLARE
    hunt text := format('SELECT * FROM azhunt.storage_upload_link_account(%L, match_user_agent => %L)', lookback, match_user_agent);
    reference text := bench.sorted_groups(lookback, match_user_agent);
    reading text := 'SELECT count(loginevents), count(accounts), count(logins), sum(uploads), min(first_upload), max(last_upload) FROM (%s) AS h';
BEGIN
    CALL bench.check_same_answer(hunt, reference);
    CALL bench.measure_queries(measured, 'azhunt.storage_upload_link_account()', format(reading, hunt),
        'sorted aggregates', format(reading, reference), 1 / 2.0,
        'SELECT count(*), min(p.signin_timegenerated), max(p.timegenerated), max(p.account), max(p.uri), max(p.correlationid), max(p.useragentheader)'
        || bench.joined_rows(lookback, match_user_agent));
END
$$;

\echo Measuring the hunt for uploads ...
CALL bench.measure_upload_hunt('hunt for uploads beside its join, 1 minute', '1 minute', false);
CALL bench.measure_upload_hunt('the same, 1 hour with user agent', '1 hour', true);

DROP FUNCTION bench.joined_rows, bench.sorted_groups;
DROP PROCEDURE bench.measure_upload_hunt;
