-- What create_log_tables() makes is what is documented and what the hunts
-- need, and calling it again repairs what is missing and touches nothing else.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(28);

DO $$ BEGIN PERFORM azhunt.create_log_tables(); END $$;
DO $$ BEGIN PERFORM azhunt.add_partitions('azhunt.signinlogs', '2026-03-01', '2026-03-03'); END $$;

--
-- columns
--
SELECT is_empty($$
    SELECT c.log_table, c.column_name
    FROM azhunt.log_table_columns() AS c
    LEFT JOIN pg_attribute AS a
      ON a.attrelid = to_regclass('azhunt.' || c.log_table) AND a.attname = c.column_name
     AND a.attnum = c.ordinal_position
     AND format_type(a.atttypid, NULL) = c.data_type
    WHERE a.attname IS NULL
$$, 'every column of log_table_columns() is in its table, in that place and of that type');

SELECT results_eq($$
    SELECT log_table, count(*) FROM azhunt.log_table_columns() GROUP BY 1 ORDER BY 1
$$, $$
    VALUES ('aadmanagedidentitysigninlogs', 49::bigint), ('aadnoninteractiveusersigninlogs', 92),
           ('aadserviceprincipalsigninlogs', 48), ('auditlogs', 34), ('azureactivity', 37), ('signinlogs', 97),
           ('storagebloblogs', 55), ('storagefilelogs', 61), ('storagequeuelogs', 50), ('storagetablelogs', 50)
$$, 'as many columns as Microsoft documents');

SELECT is_empty($$
    SELECT * FROM azhunt.log_table_columns() WHERE data_type IS NULL OR column_name <> lower(column_name)
$$, 'every Kusto type has one in PostgreSQL, and every name is folded');

SELECT is_empty($$
    SELECT log_table, column_name FROM azhunt.log_table_columns() GROUP BY 1, 2 HAVING count(*) > 1
$$, 'no column is listed twice');

SELECT set_eq($$
    SELECT column_name FROM azhunt.log_table_columns() WHERE quote_ident(column_name) <> column_name
$$, ARRAY['authorization'], 'every name can be typed unquoted but authorization, which SQL reserves');

-- The columns that the hunts read come first: without all others both run.
CREATE TEMP TABLE first_columns (log_table text, last_read text, number integer);
INSERT INTO first_columns VALUES
    ('storagebloblogs', 'correlationid', 9),
    ('storagefilelogs', 'correlationid', 9),
    ('signinlogs', 'appdisplayname', 6),
    ('aadnoninteractiveusersigninlogs', 'appdisplayname', 6),
    ('azureactivity', 'resourcegroup', 5);

SELECT is_empty($$
    SELECT f.* FROM first_columns AS f
    LEFT JOIN azhunt.log_table_columns() AS c
      ON (c.log_table, c.column_name, c.ordinal_position) = (f.log_table, f.last_read, f.number)
    WHERE c.column_name IS NULL
$$, 'the columns that the hunts read have these places');

SAVEPOINT all_columns;
DO $$
DECLARE
    f record;
    other text;
BEGIN
    FOR f IN SELECT * FROM first_columns LOOP
        FOR other IN
            SELECT a.attname FROM pg_attribute AS a
            WHERE a.attrelid = to_regclass('azhunt.' || f.log_table) AND a.attnum > f.number
        LOOP
            EXECUTE format('ALTER TABLE azhunt.%I DROP COLUMN %I', f.log_table, other);
        END LOOP;
    END LOOP;
END
$$;
SELECT lives_ok('SELECT * FROM azhunt.storage_upload_link_account(target_file => ''a'')',
                'the upload hunt reads no column after them');
SELECT lives_ok('SELECT * FROM azhunt.cloudshell_usage()',
                'the Cloud Shell hunt reads no column after them');
SELECT lives_ok('SELECT * FROM azhunt.uploads()', 'nor does uploads()');
SELECT lives_ok('SELECT * FROM azhunt.signins()', 'nor does signins()');
ROLLBACK TO all_columns;

--
-- comments
--
SELECT is_empty($$
    SELECT s.log_table FROM azhunt.log_table_schemas() AS s
    WHERE obj_description(to_regclass('azhunt.' || s.log_table), 'pg_class') IS NULL
$$, 'every table says what it is');
SELECT is_empty($$
    SELECT a.attrelid::regclass, a.attname FROM azhunt.log_table_schemas() AS s
    JOIN pg_attribute AS a ON a.attrelid = to_regclass('azhunt.' || s.log_table) AND a.attnum > 0
    WHERE coalesce(col_description(a.attrelid, a.attnum), '') = ''
$$, 'and so does every column');

-- as in a table that an earlier version made, or the owner described
SAVEPOINT all_comments;
COMMENT ON TABLE azhunt.signinlogs IS NULL;
COMMENT ON COLUMN azhunt.signinlogs.ipaddress IS NULL;
COMMENT ON COLUMN azhunt.signinlogs.userprincipalname IS 'whom we call first';
COMMENT ON TABLE azhunt.azureactivity IS 'it''s ours';
DO $$ BEGIN PERFORM azhunt.create_log_tables(); END $$;
SELECT is(obj_description('azhunt.signinlogs'::regclass, 'pg_class'), 'interactive sign-ins of users',
          'a comment on a table that is missing comes back');
SELECT bag_eq($$
    SELECT attname::text, col_description(attrelid, attnum) FROM pg_attribute
    WHERE attrelid = 'azhunt.signinlogs'::regclass AND attname IN ('ipaddress', 'userprincipalname')
$$, $$
    VALUES ('ipaddress', 'address that the sign-in came from'), ('userprincipalname', 'whom we call first')
$$, 'as does one on a column, and one of the owner''s stays');
SELECT is(obj_description('azhunt.azureactivity'::regclass, 'pg_class'), 'it''s ours', 'on a table, too');
ROLLBACK TO all_comments;

--
-- a second call
--
-- Every catalog row that describes the tables, with the place it is stored
-- at, which even an update to the same values changes.
CREATE FUNCTION pg_temp.catalog() RETURNS TABLE (place text, entry jsonb)
LANGUAGE sql AS $$
    WITH r AS (SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = 'azhunt'::regnamespace)
    SELECT 'pg_class ' || c.ctid, to_jsonb(c) FROM pg_class AS c JOIN r USING (oid)
    UNION ALL
    SELECT 'pg_attribute ' || a.ctid, to_jsonb(a) FROM pg_attribute AS a JOIN r ON r.oid = a.attrelid
    UNION ALL
    SELECT 'pg_attrdef ' || d.ctid, to_jsonb(d) FROM pg_attrdef AS d JOIN r ON r.oid = d.adrelid
    UNION ALL
    SELECT 'pg_index ' || i.ctid, to_jsonb(i) FROM pg_index AS i JOIN r ON r.oid = i.indexrelid
    UNION ALL
    SELECT 'pg_inherits ' || i.ctid, to_jsonb(i) FROM pg_inherits AS i JOIN r ON r.oid = i.inhrelid
    UNION ALL
    SELECT 'pg_constraint ' || c.ctid, to_jsonb(c) FROM pg_constraint AS c JOIN r ON r.oid = c.conrelid
    UNION ALL
    SELECT 'pg_partitioned_table ' || p.ctid, to_jsonb(p) FROM pg_partitioned_table AS p JOIN r ON r.oid = p.partrelid
    UNION ALL
    SELECT 'pg_description ' || d.ctid, to_jsonb(d) FROM pg_description AS d JOIN r ON r.oid = d.objoid
    UNION ALL
    SELECT 'pg_depend ' || d.ctid, to_jsonb(d) FROM pg_depend AS d JOIN r ON r.oid = d.objid
$$;
INSERT INTO azhunt.signinlogs (timegenerated, userprincipalname, ingestxid) VALUES
    ('2026-03-01 00:00Z', 'adele@contoso.com', 1), ('2026-04-01 00:00Z', 'diego@contoso.com', 2);
CREATE TEMP TABLE catalog_before AS SELECT * FROM pg_temp.catalog();
SELECT cmp_ok(count(*), '>', 1000::bigint, 'the catalogs say a lot about the tables') FROM catalog_before;

SELECT is_empty('SELECT * FROM azhunt.create_log_tables()', 'a second call makes no table');
SELECT set_eq('SELECT * FROM pg_temp.catalog()', 'SELECT * FROM catalog_before',
              'and changes nothing in the catalogs');

--
-- repairs
--
ALTER TABLE azhunt.signinlogs DROP COLUMN usertype;
ALTER TABLE azhunt.signinlogs DROP COLUMN additionalfields;
ALTER TABLE azhunt.signinlogs DROP COLUMN ingestedat;
ALTER TABLE azhunt.storagefilelogs DROP COLUMN ingestxid;
ALTER TABLE azhunt.signinlogs ALTER COLUMN ingestxid DROP DEFAULT;
DROP INDEX azhunt.signinlogs_address_idx;
DROP INDEX azhunt.azureactivity_cloudshell_idx;
SELECT is_empty('SELECT * FROM azhunt.create_log_tables()', 'a call that repairs makes no table either');

SELECT bag_eq($$
    SELECT a.attrelid::regclass::text, a.attname::text, format_type(a.atttypid, NULL), pg_get_expr(d.adbin, d.adrelid),
           col_description(a.attrelid, a.attnum)
    FROM pg_attribute AS a
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE (a.attrelid = 'azhunt.signinlogs'::regclass
           AND a.attname IN ('usertype', 'additionalfields', 'ingestedat', 'ingestxid'))
       OR (a.attrelid = 'azhunt.storagefilelogs'::regclass AND a.attname = 'ingestxid')
$$, $$
    VALUES ('azhunt.signinlogs', 'usertype', 'text', NULL, 'member or guest'),
           ('azhunt.signinlogs', 'additionalfields', 'jsonb', NULL, 'what a record brought that no other column takes'),
           ('azhunt.signinlogs', 'ingestedat', 'timestamp with time zone', 'now()', 'when the row arrived here'),
           ('azhunt.signinlogs', 'ingestxid', 'bigint', 'azhunt.ingest_xid()', 'id of the transaction that brought the row'),
           ('azhunt.storagefilelogs', 'ingestxid', 'bigint', 'azhunt.ingest_xid()', 'id of the transaction that brought the row')
$$, 'columns that were dropped are there again, with default and comment');

SELECT bag_eq($$
    SELECT i.index_name, s.indisvalid, obj_description(s.indexrelid, 'pg_class') = i.purpose,
           (SELECT count(*) FROM pg_inherits AS h WHERE h.inhparent = s.indexrelid)
    FROM azhunt.log_table_indexes() AS i
    JOIN pg_index AS s ON s.indexrelid = to_regclass('azhunt.' || i.index_name)
$$, $$
    VALUES ('storagebloblogs_timegenerated_idx', true, true, 1::bigint),
           ('storagefilelogs_timegenerated_idx', true, true, 1),
           ('signinlogs_timegenerated_idx', true, true, 3),
           ('signinlogs_address_idx', true, true, 3),
           ('aadnoninteractiveusersigninlogs_timegenerated_idx', true, true, 1),
           ('aadnoninteractiveusersigninlogs_address_idx', true, true, 1),
           ('azureactivity_cloudshell_idx', true, true, 1),
           ('azureactivity_caller_idx', true, true, 1),
           ('azureactivity_ingestedat_idx', true, true, 1),
           ('storagebloblogs_address_idx', true, true, 1),
           ('storagefilelogs_address_idx', true, true, 1),
           ('storagebloblogs_ingestxid_idx', true, true, 1),
           ('storagefilelogs_ingestxid_idx', true, true, 1),
           ('signinlogs_ingestxid_idx', true, true, 3),
           ('aadnoninteractiveusersigninlogs_ingestxid_idx', true, true, 1),
           ('azureactivity_ingestxid_idx', true, true, 1),
           ('aadserviceprincipalsigninlogs_timegenerated_idx', true, true, 1),
           ('aadserviceprincipalsigninlogs_ingestxid_idx', true, true, 1),
           ('aadserviceprincipalsigninlogs_address_idx', true, true, 1),
           ('aadmanagedidentitysigninlogs_timegenerated_idx', true, true, 1),
           ('aadmanagedidentitysigninlogs_ingestxid_idx', true, true, 1),
           ('aadmanagedidentitysigninlogs_address_idx', true, true, 1),
           ('auditlogs_timegenerated_idx', true, true, 1),
           ('auditlogs_ingestxid_idx', true, true, 1),
           ('storagequeuelogs_timegenerated_idx', true, true, 1),
           ('storagequeuelogs_address_idx', true, true, 1),
           ('storagequeuelogs_ingestxid_idx', true, true, 1),
           ('storagetablelogs_timegenerated_idx', true, true, 1),
           ('storagetablelogs_address_idx', true, true, 1),
           ('storagetablelogs_ingestxid_idx', true, true, 1)
$$, 'every index is there, on every partition, and says what it is for');

SELECT bag_eq($$
    SELECT c.relname::text FROM pg_class AS c WHERE c.relnamespace = 'azhunt'::regnamespace AND c.relkind = 'I'
$$, 'SELECT index_name FROM azhunt.log_table_indexes()', 'and there are no other indexes');

SELECT bag_eq('SELECT timegenerated, userprincipalname, ingestxid FROM azhunt.signinlogs', $$
    VALUES ('2026-03-01 00:00Z'::timestamptz, 'adele@contoso.com', 1::bigint), ('2026-04-01 00:00Z', 'diego@contoso.com', 2)
$$, 'rows are as they were');

INSERT INTO azhunt.signinlogs (timegenerated) VALUES ('2026-03-02 12:00Z');
INSERT INTO azhunt.signinlogs_p20260301 (timegenerated) VALUES ('2026-03-01 12:00Z');
SELECT results_eq($$
    SELECT ingestxid, ingestedat FROM azhunt.signinlogs WHERE userprincipalname IS NULL
$$, $$
    SELECT pg_current_xact_id()::text::bigint, now() FROM generate_series(1, 2)
$$, 'rows that come after a repair say when and with which transaction they came');

-- A whole table that was dropped comes back alone.
DROP TABLE azhunt.azureactivity;
SELECT results_eq('SELECT t::text FROM azhunt.create_log_tables() AS t', ARRAY['azhunt.azureactivity'],
                  'a table that was dropped is made again');
SELECT lives_ok('SELECT * FROM azhunt.cloudshell_usage()', 'and the hunt finds it');

-- Partitions make all that reads a table slower, so the role that loads cannot
-- add without end; the default partition counts, too.
DROP TABLE azhunt.azureactivity;
CREATE TABLE azhunt.azureactivity (timegenerated timestamptz NOT NULL) PARTITION BY RANGE (timegenerated);
CREATE TABLE azhunt.azureactivity_default PARTITION OF azhunt.azureactivity DEFAULT;
DO $$
BEGIN
    FOR day IN 1 .. 1497 LOOP
        EXECUTE format('CREATE TABLE azhunt.azureactivity_%s PARTITION OF azhunt.azureactivity FOR VALUES FROM (%L) TO (%L)',
                       day, timestamptz '2010-01-01Z' + make_interval(days => day),
                       timestamptz '2010-01-01Z' + make_interval(days => day + 1));
    END LOOP;
END
$$;
SELECT throws_ok($$SELECT azhunt.add_log_partitions('azureactivity', '2026-03-01', '2026-03-04')$$,
                 '54000', 'table azhunt.azureactivity would have more than 1500 partitions',
                 'the role that loads adds no 1501st partition');
SELECT lives_ok($$SELECT azhunt.add_log_partitions('azureactivity', '2026-03-01', '2026-03-03')$$,
                'but the 1500th');

SELECT * FROM finish();
ROLLBACK;
