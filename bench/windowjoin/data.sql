-- data.sql
--
-- Logs for the windowed join: "signins" sign-ins and "records" storage records,
-- of which a good quarter are uploads, over "days" days, from 200,000 addresses
-- by Zipf's law.  "skew" is the part of both that comes from one address, as
-- behind a NAT.  With "covering" there are indexes that cover what the join reads,
-- with "daily" a partition for each day.

SELECT setseed(0.5) \g /dev/null
SET TimeZone = 'UTC';
SET client_min_messages = warning;

SELECT count(*) AS log_tables FROM azhunt.create_log_tables() \g /dev/null
SELECT format('DROP INDEX azhunt.%I', index_name) FROM azhunt.log_table_indexes() \gexec
\if :daily
SELECT count(*)
FROM unnest('{azhunt.signinlogs,azhunt.storagebloblogs}'::regclass[]) AS log_table,
     azhunt.add_partitions(log_table, '2026-01-05', '2026-01-05'::date + ceil(:days)::integer) AS partition \g /dev/null
\endif

-- the networks that RFC 2544 has for measurements, and then IPv6
CREATE FUNCTION bench_address(rank integer) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE WHEN rank < 131072 THEN format('198.%s.%s.%s', 18 + rank / 65536, rank / 256 % 256, rank % 256)
            ELSE '2001:db8::' || to_hex(rank % 65536) END;

CREATE FUNCTION bench_user_agent(number integer) RETURNS text LANGUAGE sql IMMUTABLE
RETURN format('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%s.0.%s.0 Safari/537.36',
              100 + number % 40, number);

INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent, resulttype, appdisplayname,
                               authenticationdetails, conditionalaccesspolicies, correlationid)
SELECT '2026-01-05'::timestamptz + random() * :days * interval '1 day',
       bench_address(CASE WHEN random() < :skew THEN 0 ELSE floor(exp(random() * ln(200000)))::integer END),
       'user' || floor(random() * 20000) || '@contoso.com', bench_user_agent(floor(random() ^ 2 * 100)::integer),
       CASE WHEN random() < 0.9 THEN '0' ELSE '50126' END, 'Azure Portal', repeat('d', 350), '[]', md5(i::text)
FROM generate_series(1, :signins) AS i;

INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader,
                                    accountname, correlationid, objectkey, requestmd5)
SELECT '2026-01-05'::timestamptz + random() * :days * interval '1 day',
       (ARRAY['GetBlob', 'PutBlob', 'PutBlob', 'PutRange', 'ListBlobs', 'GetBlobProperties', 'DeleteBlob', 'GetBlob', 'PutBlock', 'GetBlob'])[1 + floor(random() * 10)::integer],
       CASE WHEN random() < 0.92 THEN 'Success' ELSE 'AuthorizationFailure' END, '201',
       bench_address(CASE WHEN random() < :skew THEN 0 ELSE floor(exp(random() * ln(200000)))::integer END) || ':' || 1024 + i % 60000,
       'https://contosodata.blob.core.windows.net:443/container' || i % 50 || '/file-' || floor(random() * 200000)
           || '.bin?sv=2024-11-04&ss=b&srt=sco&sp=rwdlac&sig=XXXXX',
       bench_user_agent(floor(random() ^ 2 * 100)::integer), 'contosodata', md5(i::text), repeat('k', 250), 'x'
FROM generate_series(1, :records) AS i;

SELECT count(*) AS log_tables FROM azhunt.create_log_tables() \g /dev/null

\if :covering
-- all that the join reads
CREATE INDEX ON azhunt.signinlogs (azhunt.strip_port(ipaddress), timegenerated) INCLUDE (ipaddress, useragent);
CREATE INDEX ON azhunt.storagebloblogs (azhunt.strip_port(calleripaddress), timegenerated)
    INCLUDE (calleripaddress, useragentheader, operationname, statustext, statuscode)
    WHERE azhunt.is_upload(operationname);
\endif
VACUUM ANALYZE;
