-- The upload hunt against a literal translation of its KQL query, on random
-- logs full of ties, duplicates, missing values and times at the edges of the
-- windows, with random arguments, under several planner settings.
--
-- The translation is plain SQL: it folds case with translate(), knows the
-- meaning of each address and URI from a list written by hand, and joins
-- without azhunt's functions.  Where it departs from the query's letter it
-- does so as documented: kind=inner, IPv6, no empty addresses, deterministic
-- loginevents.
BEGIN;
SET LOCAL client_min_messages = warning;
-- a zone with daylight saving time, which must not matter: a day has 24 hours
SET LOCAL TIME ZONE 'America/New_York';
SET LOCAL jit = off;
SELECT plan(14);

DO $$ BEGIN PERFORM azhunt.create_log_tables(); END $$;
\ir lib/hunts.sql

--
-- what the random logs are made of
--
CREATE TEMP TABLE addresses (spelling text, address text);
INSERT INTO addresses VALUES
    ('203.0.113.7', '203.0.113.7'),
    ('203.0.113.7:443', '203.0.113.7'),
    ('203.0.113.7:50123', '203.0.113.7'),
    ('198.51.100.20', '198.51.100.20'),
    ('198.51.100.20:1', '198.51.100.20'),
    ('2001:db8::7', '2001:db8::7'),
    ('2001:DB8:0:0:0:0:0:7', '2001:db8::7'),
    ('2001:0db8::0007', '2001:db8::7'),
    ('[2001:db8::7]', '2001:db8::7'),
    ('[2001:DB8::0:7]:50123', '2001:db8::7'),
    ('2001:db8::8', '2001:db8::8'),
    ('::ffff:203.0.113.7', '203.0.113.7'),
    ('[::FFFF:203.0.113.7]:443', '203.0.113.7'),
    ('redacted', 'redacted'),
    ('Redacted', 'Redacted'),
    ('redacted:443', 'redacted'),
    ('[2001:db8::7', '[2001:db8::7'),
    ('', ''),
    (':443', ''),
    (NULL, NULL);

-- the names are those that blob_name() and file_name() are documented to find
CREATE TEMP TABLE uris (uri text, blob_name text, file_name text);
INSERT INTO uris VALUES
    ('https://contosodata.blob.core.windows.net:443/in/tool.exe?sv=2024-11-04', 'tool.exe', 'tool.exe'),
    ('https://contosodata.blob.core.windows.net:443/in/tool.exe?sv=2025-01-05', 'tool.exe', 'tool.exe'),
    ('https://contosodata.blob.core.windows.net:443/in/TOOL.EXE', '', 'TOOL.EXE'),
    ('https://contosodata.dfs.core.windows.net/in/tool%2Eexe?action=append', '', 'tool.exe'),
    ('\\contosodata.file.core.windows.net\share\tool.exe', '', 'tool.exe'),
    ('https://contosodata.file.core.windows.net/share/a%20b.txt?comp=range', '', 'a b.txt'),
    ('https://contosodata.file.core.windows.net/share/a b.txt?comp=range', 'a b.txt', 'a b.txt'),
    ('https://contosodata.file.core.windows.net/share/x(1).txt?prefix=/a b.txt?', 'a b.txt', 'x(1).txt'),
    ('https://contosodata.blob.core.windows.net:443/in?restype=container', 'in', 'in'),
    ('', '', ''),
    (NULL, NULL, NULL);
SELECT is_empty($$
    SELECT * FROM uris WHERE coalesce(substring(uri FROM '/([0-9A-Za-z_. -]+)\?'), '') <> blob_name
$$, 'the names of blobs in the list are what the query''s regular expression finds');

-- Times: minutes around a day's end in spring, when the session's time zone
-- jumps, each also a microsecond earlier and later, and so a day before.
CREATE FUNCTION pg_temp.pick_minute() RETURNS timestamptz LANGUAGE sql VOLATILE
RETURN timestamptz '2026-03-08 06:58:00Z'
       + floor(random() * 4) * interval '1 minute'
       + pg_temp.pick('{-1,0,0,0,1}'::integer[]) * interval '1 microsecond'
       - pg_temp.pick('{0,0,0,0,24}'::integer[]) * interval '1 hour';

-- How long Entra took to process a sign-in; null where the log does not say when
-- it began.  A time before that it began cannot be, and counts as none.
CREATE FUNCTION pg_temp.pick_delay() RETURNS interval LANGUAGE sql VOLATILE
RETURN pg_temp.pick('{NULL,0,1 microsecond,59.999999 seconds,1 minute,2 minutes,2 minutes,24 hours,-1 minute}'::interval[]);

CREATE FUNCTION pg_temp.pick_address() RETURNS text LANGUAGE sql VOLATILE AS $$
    -- one address takes a third, as that of a proxy would
    SELECT CASE WHEN random() < 0.33 THEN '203.0.113.7:' || floor(random() * 3)
                ELSE (SELECT spelling FROM addresses OFFSET floor(random() * 20) LIMIT 1) END
$$;
INSERT INTO addresses SELECT '203.0.113.7:' || n, '203.0.113.7' FROM generate_series(0, 2) AS n;

CREATE FUNCTION pg_temp.pick_user_agent() RETURNS text LANGUAGE sql VOLATILE
RETURN pg_temp.pick(ARRAY[NULL, '', 'Mozilla/5.0', 'MOZILLA/5.0', 'mozilla/5.0 ', 'Ürk/1', 'ürk/1', 'ÜRK/1']);

CREATE PROCEDURE pg_temp.fill(seed integer)
LANGUAGE plpgsql AS $$
DECLARE
    log_table text;
BEGIN
    PERFORM setseed(seed / 1000.0);
    TRUNCATE azhunt.storagebloblogs, azhunt.storagefilelogs, azhunt.signinlogs,
             azhunt.aadnoninteractiveusersigninlogs, azhunt.aadserviceprincipalsigninlogs, azhunt.aadmanagedidentitysigninlogs;
    FOREACH log_table IN ARRAY '{storagebloblogs,storagefilelogs}'::text[] LOOP
        EXECUTE format($f$
            INSERT INTO azhunt.%I (timegenerated, operationname, statustext, statuscode, calleripaddress,
                                   uri, useragentheader, accountname, correlationid)
            SELECT pg_temp.pick_minute(),
                   pg_temp.pick('{PutBlob,PutBlob,PUTBLOB,PutRange,putrange,PutBlockList,GetBlob,Write,"",NULL}'::text[]),
                   pg_temp.pick('{Success,Success,Success,success,SUCCEEDED,SASSuccess,ServerBusy,"",NULL}'::text[]),
                   pg_temp.pick('{201,0,0,-1073741536,"",NULL}'::text[]),
                   pg_temp.pick_address(),
                   (SELECT uri FROM uris OFFSET floor(random() * 11 + n * 0) LIMIT 1),
                   pg_temp.pick_user_agent(),
                   pg_temp.pick('{contosodata,"",NULL}'::text[]),
                   pg_temp.pick('{a,b,c,"",NULL}'::text[])
            FROM generate_series(1, 80) AS n $f$, log_table);
    END LOOP;
    FOREACH log_table IN ARRAY '{signinlogs,aadnoninteractiveusersigninlogs}'::text[] LOOP
        EXECUTE format($f$
            INSERT INTO azhunt.%I (timegenerated, createddatetime, userprincipalname, ipaddress, useragent, resulttype, appdisplayname)
            SELECT t.processed, t.processed - pg_temp.pick_delay(),
                   pg_temp.pick('{adele@contoso.com,Adele@contoso.com,bianca@contoso.com,Zoë@contoso.com,élise@contoso.com,"",NULL}'::text[]),
                   pg_temp.pick_address(),
                   pg_temp.pick_user_agent(),
                   pg_temp.pick('{0,0,0,50126,"",NULL}'::text[]),
                   pg_temp.pick('{"Azure Portal","",NULL}'::text[])
            FROM (SELECT pg_temp.pick_minute() AS processed FROM generate_series(1, 80)) AS t $f$, log_table);
    END LOOP;
    FOREACH log_table IN ARRAY '{aadserviceprincipalsigninlogs,aadmanagedidentitysigninlogs}'::text[] LOOP
        EXECUTE format($f$
            INSERT INTO azhunt.%I (timegenerated, createddatetime, serviceprincipalname, serviceprincipalid, ipaddress, useragent, resulttype)
            SELECT t.processed, t.processed - pg_temp.pick_delay(),
                   pg_temp.pick('{backup-app,Backup-App,adele@contoso.com,"",NULL}'::text[]),
                   pg_temp.pick('{6f1e0c52,"",NULL}'::text[]),
                   pg_temp.pick_address(),
                   pg_temp.pick_user_agent(),
                   pg_temp.pick('{0,0,0,7000215,"",NULL}'::text[])
            FROM (SELECT pg_temp.pick_minute() AS processed FROM generate_series(1, 40)) AS t $f$, log_table);
    END LOOP;
    -- log rows that came twice
    INSERT INTO azhunt.storagebloblogs SELECT * FROM azhunt.storagebloblogs WHERE random() < 0.2;
    INSERT INTO azhunt.signinlogs SELECT * FROM azhunt.signinlogs WHERE random() < 0.2;
    INSERT INTO azhunt.aadserviceprincipalsigninlogs SELECT * FROM azhunt.aadserviceprincipalsigninlogs WHERE random() < 0.2;
    -- the same row in both tables of a union
    INSERT INTO azhunt.storagefilelogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader, correlationid)
    SELECT timegenerated, operationname, statustext, calleripaddress, uri, useragentheader, correlationid
    FROM azhunt.storagebloblogs WHERE random() < 0.1;
    INSERT INTO azhunt.aadnoninteractiveusersigninlogs (timegenerated, userprincipalname, ipaddress, useragent, resulttype)
    SELECT timegenerated, userprincipalname, ipaddress, useragent, resulttype
    FROM azhunt.signinlogs WHERE random() < 0.1;
    INSERT INTO azhunt.aadmanagedidentitysigninlogs (timegenerated, serviceprincipalname, ipaddress, useragent, resulttype)
    SELECT timegenerated, userprincipalname, ipaddress, useragent, resulttype
    FROM azhunt.signinlogs WHERE random() < 0.05;
END
$$;

--
-- the translation
--
CREATE FUNCTION pg_temp.expected_uploads(target_file text, operations text[], since timestamptz, until timestamptz)
RETURNS TABLE (timegenerated timestamptz, operationname text, calleripaddress text, uri text,
               useragentheader text, accountname text, correlationid text)
LANGUAGE sql AS $$
    SELECT l.timegenerated, l.operationname, a.address, coalesce(l.uri, ''), coalesce(l.useragentheader, ''),
           coalesce(l.accountname, ''), coalesce(l.correlationid, '')
    FROM (SELECT b.timegenerated, b.operationname, b.statustext, b.statuscode, b.calleripaddress, b.uri,
                 b.useragentheader, b.accountname, b.correlationid
          FROM azhunt.storagebloblogs AS b
          UNION ALL
          SELECT f.timegenerated, f.operationname, f.statustext, f.statuscode, f.calleripaddress, f.uri,
                 f.useragentheader, f.accountname, f.correlationid
          FROM azhunt.storagefilelogs AS f) AS l
    JOIN addresses AS a ON a.spelling IS NOT DISTINCT FROM l.calleripaddress
    JOIN uris AS u ON u.uri IS NOT DISTINCT FROM l.uri
    WHERE CASE WHEN l.statustext <> '' THEN pg_temp.fold(l.statustext) IN ('success', 'succeeded')
               ELSE l.statuscode = '0' END
      AND EXISTS (SELECT FROM unnest(expected_uploads.operations) AS o
                  WHERE pg_temp.fold(o) = pg_temp.fold(l.operationname))
      AND NOT (l.timegenerated < since OR l.timegenerated > until)
      AND (target_file IS NULL OR pg_temp.fold(target_file) IN (pg_temp.fold(u.blob_name), pg_temp.fold(u.file_name)))
$$;

-- the account of an app or managed identity, for every name and id above
CREATE TEMP TABLE principals (name text, id text, account text);
INSERT INTO principals
SELECT n.name, i.id, concat(n.name, CASE WHEN n.name <> '' THEN i.in_parentheses ELSE i.id END)
FROM unnest('{backup-app,Backup-App,adele@contoso.com,Adele@contoso.com,bianca@contoso.com,Zoë@contoso.com,élise@contoso.com,"",NULL}'::text[]) AS n (name),
     (VALUES ('6f1e0c52', ' (6f1e0c52)'), ('', ''), (NULL, NULL)) AS i (id, in_parentheses);

CREATE FUNCTION pg_temp.began(created timestamptz, generated timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE
RETURN CASE WHEN created IS NULL OR created > generated THEN generated ELSE created END;

CREATE FUNCTION pg_temp.expected_signins(include_noninteractive boolean, successful_only boolean, include_service_principals boolean,
                                         since timestamptz, until timestamptz)
RETURNS TABLE (timegenerated timestamptz, userprincipalname text, ipaddress text, useragent text,
               resulttype text, appdisplayname text, isinteractive boolean, began timestamptz)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    SELECT s.timegenerated, coalesce(s.userprincipalname, ''), a.address, coalesce(s.useragent, ''),
           coalesce(s.resulttype, ''), coalesce(s.appdisplayname, ''), true, pg_temp.began(s.createddatetime, s.timegenerated)
    FROM azhunt.signinlogs AS s JOIN addresses AS a ON a.spelling IS NOT DISTINCT FROM s.ipaddress
    WHERE NOT (s.timegenerated < since OR s.timegenerated > until)
      AND (s.resulttype = '0' OR NOT successful_only);
    IF include_noninteractive THEN
        RETURN QUERY
        SELECT s.timegenerated, coalesce(s.userprincipalname, ''), a.address, coalesce(s.useragent, ''),
               coalesce(s.resulttype, ''), coalesce(s.appdisplayname, ''), false, pg_temp.began(s.createddatetime, s.timegenerated)
        FROM azhunt.aadnoninteractiveusersigninlogs AS s JOIN addresses AS a ON a.spelling IS NOT DISTINCT FROM s.ipaddress
        WHERE NOT (s.timegenerated < since OR s.timegenerated > until)
          AND (s.resulttype = '0' OR NOT successful_only);
    END IF;
    IF include_service_principals THEN
        RETURN QUERY
        SELECT s.timegenerated, p.account, a.address, coalesce(s.useragent, ''), coalesce(s.resulttype, ''), '', false,
               pg_temp.began(s.createddatetime, s.timegenerated)
        FROM (SELECT t.timegenerated, t.createddatetime, t.ipaddress, t.useragent, t.resulttype, t.serviceprincipalname, t.serviceprincipalid
              FROM azhunt.aadserviceprincipalsigninlogs AS t
              UNION ALL
              SELECT t.timegenerated, t.createddatetime, t.ipaddress, t.useragent, t.resulttype, t.serviceprincipalname, t.serviceprincipalid
              FROM azhunt.aadmanagedidentitysigninlogs AS t) AS s
        JOIN addresses AS a ON a.spelling IS NOT DISTINCT FROM s.ipaddress
        JOIN principals AS p ON p.name IS NOT DISTINCT FROM s.serviceprincipalname AND p.id IS NOT DISTINCT FROM s.serviceprincipalid
        WHERE NOT (s.timegenerated < since OR s.timegenerated > until)
          AND (s.resulttype = '0' OR NOT successful_only);
    END IF;
END
$$;

CREATE FUNCTION pg_temp.expected(lookback interval, target_file text, match_user_agent boolean, operations text[],
    include_noninteractive boolean, successful_only boolean, include_service_principals boolean, since timestamptz, until timestamptz, signin_time text)
RETURNS TABLE (fileuploadpath text, operationname text, uploaduseragent text, loginevents jsonb, accounts text[],
               logins jsonb, uploads bigint, first_upload timestamptz, last_upload timestamptz)
LANGUAGE sql AS $$
    WITH matches AS (
        SELECT u.uri, u.operationname, u.useragentheader, u.timegenerated AS uploadtime, u.calleripaddress,
               u.correlationid, s.signin AS logintime, s.userprincipalname AS account, s.useragent,
               jsonb_build_object(
                   'AccountUsed', s.userprincipalname,
                   'IPUsed', s.ipaddress,
                   'AzureLoginTime', to_char(s.signin AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"0Z"'),
                   'UserAgent', s.useragent) AS login
        FROM pg_temp.expected_uploads(target_file, operations, since, until) AS u,
             (SELECT e.*, CASE signin_time WHEN 'CreatedDateTime' THEN e.began ELSE e.timegenerated END AS signin
              FROM pg_temp.expected_signins(include_noninteractive, successful_only, include_service_principals, '-infinity', 'infinity') AS e) AS s
        WHERE u.calleripaddress = s.ipaddress AND u.calleripaddress <> ''
          -- a difference of two times has no days that could be longer or shorter
          AND u.timegenerated - s.signin BETWEEN interval '0' AND lookback
          AND (pg_temp.fold(u.useragentheader) = pg_temp.fold(s.useragent) OR NOT match_user_agent)
    ),
    distinct_logins AS (
        SELECT DISTINCT uri, operationname, useragentheader, logintime, account, useragent, calleripaddress, login
        FROM matches
    )
    SELECT g.uri, g.operationname, g.useragentheader,
           (SELECT d.login FROM distinct_logins AS d
            WHERE (d.uri, d.operationname, d.useragentheader) = (g.uri, g.operationname, g.useragentheader)
            ORDER BY d.logintime DESC, d.account COLLATE "C" DESC, d.useragent COLLATE "C" DESC,
                     d.calleripaddress COLLATE "C" DESC
            LIMIT 1),
           ARRAY(SELECT a.account FROM (SELECT DISTINCT d.account FROM distinct_logins AS d
                 WHERE (d.uri, d.operationname, d.useragentheader) = (g.uri, g.operationname, g.useragentheader)) AS a
                 ORDER BY a.account COLLATE "C"),
           (SELECT jsonb_agg(d.login ORDER BY d.logintime, d.account COLLATE "C", d.useragent COLLATE "C",
                                              d.calleripaddress COLLATE "C")
            FROM distinct_logins AS d
            WHERE (d.uri, d.operationname, d.useragentheader) = (g.uri, g.operationname, g.useragentheader)),
           (SELECT count(*) FROM (SELECT DISTINCT m.uploadtime, m.calleripaddress, m.correlationid FROM matches AS m
            WHERE (m.uri, m.operationname, m.useragentheader) = (g.uri, g.operationname, g.useragentheader)) AS u),
           (SELECT m.uploadtime FROM matches AS m
            WHERE (m.uri, m.operationname, m.useragentheader) = (g.uri, g.operationname, g.useragentheader)
            ORDER BY m.uploadtime LIMIT 1),
           (SELECT m.uploadtime FROM matches AS m
            WHERE (m.uri, m.operationname, m.useragentheader) = (g.uri, g.operationname, g.useragentheader)
            ORDER BY m.uploadtime DESC LIMIT 1)
    FROM (SELECT DISTINCT uri, operationname, useragentheader FROM matches) AS g
$$;

--
-- the comparison
--
CREATE TEMP TABLE runs (
    seed integer, settings text,
    lookback interval, target_file text, match_user_agent boolean, operations text[],
    include_noninteractive boolean, successful_only boolean, include_service_principals boolean, since timestamptz, until timestamptz, signin_time text,
    rows_expected bigint, different bigint, uploads_different bigint, signins_different bigint);

CREATE PROCEDURE pg_temp.compare(seed integer)
LANGUAGE plpgsql AS $$
DECLARE
    r runs;
BEGIN
    r.seed := seed;
    r.settings := pg_temp.pick_settings();
    r.lookback := pg_temp.pick('{1 minute,1 minute,0,1 microsecond,59.999999 seconds,1 day,24 hours 2 minutes,1000 days}'::interval[]);
    r.target_file := pg_temp.pick('{NULL,NULL,NULL,tool.exe,Tool.EXE,a B.txt,in,absent}'::text[]);
    r.match_user_agent := pg_temp.pick('{true,false}'::boolean[]);
    r.operations := pg_temp.pick('{"{PutBlob,PutRange}","{PutBlob,PutRange}","{putblob}","{write,PutBlockList}","{WRITE,PutBlob,PutRange,putblob}"}'::text[])::text[];
    r.include_noninteractive := pg_temp.pick('{true,false}'::boolean[]);
    r.successful_only := pg_temp.pick('{false,false,true}'::boolean[]);
    r.include_service_principals := pg_temp.pick('{false,true}'::boolean[]);
    r.since := CASE WHEN random() < 0.5 THEN '-infinity' ELSE pg_temp.pick_minute() END;
    r.until := CASE WHEN random() < 0.5 THEN 'infinity' ELSE greatest(pg_temp.pick_minute(), r.since) END;
    r.signin_time := pg_temp.pick('{TimeGenerated,CreatedDateTime}'::text[]);

    PERFORM pg_temp.set_planner(r.settings);
    CREATE TEMP TABLE expected AS
    SELECT * FROM pg_temp.expected(r.lookback, r.target_file, r.match_user_agent, r.operations,
                                   r.include_noninteractive, r.successful_only, r.include_service_principals, r.since, r.until, r.signin_time);
    CREATE TEMP TABLE found AS
    SELECT * FROM azhunt.storage_upload_link_account(r.lookback, r.target_file, r.match_user_agent, r.operations,
                                   r.include_noninteractive, r.successful_only, r.include_service_principals, r.since, r.until, r.signin_time);
    r.rows_expected := (SELECT count(*) FROM expected);
    r.different := pg_temp.differences('TABLE found', 'TABLE expected');
    DROP TABLE expected, found;

    CREATE TEMP TABLE expected AS SELECT * FROM pg_temp.expected_uploads(r.target_file, r.operations, r.since, r.until);
    CREATE TEMP TABLE found AS SELECT * FROM azhunt.uploads(r.target_file, r.operations, r.since, r.until);
    r.uploads_different := pg_temp.differences('TABLE found', 'TABLE expected');
    DROP TABLE expected, found;

    CREATE TEMP TABLE expected AS
    SELECT timegenerated, userprincipalname, ipaddress, useragent, resulttype, appdisplayname, isinteractive
    FROM pg_temp.expected_signins(r.include_noninteractive, r.successful_only, r.include_service_principals, r.since, r.until);
    CREATE TEMP TABLE found AS
    SELECT * FROM azhunt.signins(r.include_noninteractive, r.successful_only, r.include_service_principals, r.since, r.until);
    r.signins_different := pg_temp.differences('TABLE found', 'TABLE expected');
    DROP TABLE expected, found;

    INSERT INTO runs VALUES (r.*);
END
$$;

DO $$
BEGIN
    FOR seed IN 1 .. 25 LOOP
        CALL pg_temp.fill(seed);
        IF seed = 25 THEN
            PERFORM azhunt.create_signin_time_indexes();
        END IF;
        FOR i IN 1 .. 5 LOOP
            CALL pg_temp.compare(seed);
        END LOOP;
    END LOOP;
END
$$;

SELECT is_empty('SELECT * FROM runs WHERE different <> 0',
                'the hunt gives what its translation gives, for every seed and argument');
SELECT is_empty('SELECT * FROM runs WHERE uploads_different <> 0', 'so does uploads()');
SELECT is_empty('SELECT * FROM runs WHERE signins_different <> 0', 'so does signins()');
SELECT is(count(*), 125::bigint, 'all runs were made') FROM runs;

-- A comparison of nothing with nothing would prove nothing: every value of
-- every argument had answers to be right about.
SELECT cmp_ok(sum(rows_expected), '>', 500::numeric, 'there was much to find') FROM runs;
SELECT is_empty('SELECT settings FROM runs GROUP BY 1 HAVING sum(rows_expected) = 0', 'under every setting');
SELECT is_empty('SELECT lookback FROM runs GROUP BY 1 HAVING sum(rows_expected) = 0', 'with every lookback');
SELECT is_empty('SELECT operations FROM runs GROUP BY 1 HAVING sum(rows_expected) = 0', 'with every list of operations');
SELECT bag_eq('SELECT target_file FROM runs GROUP BY 1 HAVING sum(rows_expected) = 0', ARRAY['absent'],
              'with every file but the one that is not there');
SELECT is_empty('SELECT signin_time FROM runs GROUP BY 1 HAVING sum(rows_expected) = 0', 'with both times of sign-ins');
SELECT is_empty('SELECT match_user_agent, include_noninteractive, successful_only, include_service_principals FROM runs'
                ' GROUP BY 1, 2, 3, 4 HAVING sum(rows_expected) = 0', 'with every combination of flags');
SELECT is_empty($$
    SELECT since > '-infinity', until < 'infinity' FROM runs GROUP BY 1, 2 HAVING sum(rows_expected) = 0
$$, 'with every kind of period');

-- The list of addresses is the oracle's; it also must be what strip_port() says.
SELECT is_empty('SELECT *, azhunt.strip_port(spelling) FROM addresses'
                ' WHERE azhunt.strip_port(spelling) IS DISTINCT FROM address',
                'strip_port() agrees with the list of addresses');

SELECT * FROM finish();
ROLLBACK;
