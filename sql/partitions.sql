--
-- Daily partitions
--
BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\pset null '(null)'
SET LOCAL client_min_messages = warning;
DO $$ BEGIN PERFORM azhunt.create_log_tables(); END $$;

-- Partitions of a table with their bounds, in UTC, and their numbers of rows.
CREATE FUNCTION pg_temp.partitions("table" regclass)
RETURNS TABLE (partition text, bounds text, row_count bigint)
LANGUAGE plpgsql SET "TimeZone" = 'UTC' SET "DateStyle" = 'ISO' AS $$
BEGIN
    FOR partition, bounds IN
        SELECT c.oid::regclass::text, pg_get_expr(c.relpartbound, c.oid)
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = "table"
        ORDER BY c.relname
    LOOP
        EXECUTE 'SELECT count(*) FROM ONLY ' || partition INTO row_count;
        RETURN NEXT;
    END LOOP;
END
$$;

--
-- Rows that are in the default partition are moved, with all that they hold
--
INSERT INTO azhunt.signinlogs (timegenerated, userprincipalname, status, ingestedat, ingestxid) VALUES
    ('2026-02-27 23:59:59.999999Z', 'before@contoso.com', '{"errorCode": 0}', '2026-01-01 00:00Z', 1),
    ('2026-02-28 00:00:00Z', 'first@contoso.com', '{"errorCode": 1}', '2026-01-02 00:00Z', 2),
    ('2026-02-28 23:59:59.999999Z', 'last@contoso.com', '{"errorCode": 2}', '2026-01-03 00:00Z', 3),
    ('2026-03-01 00:00:00Z', 'next@contoso.com', '{"errorCode": 3}', '2026-01-04 00:00Z', 4),
    ('2026-03-01 12:00:00Z', NULL, NULL, NULL, NULL),
    ('2026-03-02 00:00:00Z', 'after@contoso.com', '{"errorCode": 4}', '2026-01-05 00:00Z', 5),
    ('-infinity', 'never@contoso.com', NULL, '2026-01-06 00:00Z', 6),
    ('infinity', 'ever@contoso.com', NULL, '2026-01-07 00:00Z', 7);
CREATE TEMP TABLE before AS SELECT * FROM azhunt.signinlogs;

-- Days are counted in UTC, and times are read and written right, whatever the
-- session has set: here a day starts 14 hours earlier than in UTC.
SET LOCAL TIME ZONE 'Pacific/Kiritimati';
SET LOCAL DateStyle = 'SQL, DMY';
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '28/02/2026', '02/03/2026');
SHOW TimeZone;
SHOW DateStyle;
SET LOCAL DateStyle = 'ISO, MDY';
SELECT * FROM pg_temp.partitions('azhunt.signinlogs');
SELECT * FROM azhunt.partition_bounds('azhunt.signinlogs') ORDER BY since;

SELECT count(*) AS lost FROM (TABLE before EXCEPT ALL TABLE azhunt.signinlogs) AS lost;
SELECT count(*) AS made_up FROM (TABLE azhunt.signinlogs EXCEPT ALL TABLE before) AS made_up;
SELECT tableoid::regclass, timegenerated AT TIME ZONE 'UTC' AS utc, userprincipalname, ingestxid
FROM azhunt.signinlogs ORDER BY timegenerated;

-- Indexes come with the partitions.
SELECT c.relname, count(x.indexrelid) AS indexes, bool_and(x.indisvalid) AS valid
FROM pg_inherits AS i
JOIN pg_class AS c ON c.oid = i.inhrelid
LEFT JOIN pg_index AS x ON x.indrelid = c.oid
WHERE i.inhparent = 'azhunt.signinlogs'::regclass
GROUP BY c.relname ORDER BY c.relname;

-- Again there is nothing to do; around, only what is missing comes.
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '2026-02-28', '2026-03-02');
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '2026-02-27', '2026-03-03');
DROP TABLE azhunt.signinlogs_p20260228;
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '2026-02-27', '2026-03-03');
SELECT * FROM pg_temp.partitions('azhunt.signinlogs');

-- Rows that come later find their partition, in other years and leap years too.
SELECT * FROM azhunt.add_partitions('azhunt.azureactivity', '2028-02-28', '2028-03-01');
SELECT * FROM azhunt.add_partitions('azhunt.azureactivity', '2025-12-31', '2026-01-02');
INSERT INTO azhunt.azureactivity (timegenerated) VALUES
    ('2028-02-29 23:59:59Z'), ('2028-03-01 00:00:00Z'), ('2025-12-31 23:59:59Z'), ('2026-01-01 00:00:00Z');
SELECT tableoid::regclass, timegenerated AT TIME ZONE 'UTC' AS utc
FROM azhunt.azureactivity ORDER BY timegenerated;

--
-- Ranges that are none
--
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '2026-04-02', '2026-04-01');
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '2026-04-01', '2026-04-01');
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', NULL, '2026-04-01');
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '2026-04-01', NULL);
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '-infinity', '2026-04-01');
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '2026-04-01', 'infinity');
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '294276-12-31', '294277-01-01');
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '5874897-12-30', '5874897-12-31');
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '4714-11-24 BC', '2026-04-01');
\echo :LAST_ERROR_SQLSTATE

--
-- Partitions of other lengths are left alone
--
CREATE TABLE azhunt.storagefilelogs_week PARTITION OF azhunt.storagefilelogs
    FOR VALUES FROM ('2026-03-09 00:00:00Z') TO ('2026-03-16 00:00:00Z');
-- up to it, and from its end on
SELECT * FROM azhunt.add_partitions('azhunt.storagefilelogs', '2026-03-08', '2026-03-09');
SELECT * FROM azhunt.add_partitions('azhunt.storagefilelogs', '2026-03-16', '2026-03-17');
-- into it, out of it, inside it: none of the days is added
SELECT * FROM azhunt.add_partitions('azhunt.storagefilelogs', '2026-03-07', '2026-03-10');
SELECT * FROM azhunt.add_partitions('azhunt.storagefilelogs', '2026-03-15', '2026-03-18');
SELECT * FROM azhunt.add_partitions('azhunt.storagefilelogs', '2026-03-10', '2026-03-11');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM pg_temp.partitions('azhunt.storagefilelogs');
-- a partition of one day that is not one in UTC
CREATE TABLE azhunt.storagefilelogs_tokyo PARTITION OF azhunt.storagefilelogs
    FOR VALUES FROM ('2026-03-19 15:00:00Z') TO ('2026-03-20 15:00:00Z');
SELECT * FROM azhunt.add_partitions('azhunt.storagefilelogs', '2026-03-20', '2026-03-21');
-- one without beginning and one without end
CREATE TABLE azhunt.storagebloblogs_old PARTITION OF azhunt.storagebloblogs
    FOR VALUES FROM (MINVALUE) TO ('2026-01-30 00:00:00Z');
CREATE TABLE azhunt.storagebloblogs_new PARTITION OF azhunt.storagebloblogs
    FOR VALUES FROM ('2026-02-01 00:00:00Z') TO (MAXVALUE);
SELECT * FROM azhunt.partition_bounds('azhunt.storagebloblogs') ORDER BY since;
SELECT * FROM azhunt.add_partitions('azhunt.storagebloblogs', '2026-01-29', '2026-02-01');
SELECT * FROM azhunt.add_partitions('azhunt.storagebloblogs', '2026-01-30', '2026-02-02');
SELECT * FROM azhunt.add_partitions('azhunt.storagebloblogs', '2026-01-30', '2026-02-01');
SELECT * FROM pg_temp.partitions('azhunt.storagebloblogs');

--
-- Tables of the user's own: names that need quotes, columns that were
-- dropped, that are generated, or that the default partition has in another
-- order, constraints, another owner's schema, no default partition
--
CREATE SCHEMA "Log's %s";
CREATE TABLE "Log's %s"."Sign-in ""Logs"" %I" (
    dropped_first integer,
    note text DEFAULT 'none' CONSTRAINT not_bad CHECK (note <> 'bad'),
    "time % of 'event'" timestamptz NOT NULL,
    number integer NOT NULL,
    doubled integer GENERATED ALWAYS AS (number * 2) STORED,
    dropped_last integer
) PARTITION BY RANGE ("time % of 'event'");
CREATE TABLE "Log's %s"."the rest" (
    doubled integer GENERATED ALWAYS AS (number * 2) STORED,
    number integer NOT NULL,
    dropped_first integer,
    dropped_last integer,
    "time % of 'event'" timestamptz NOT NULL,
    note text DEFAULT 'none' CONSTRAINT not_bad CHECK (note <> 'bad')
);
ALTER TABLE "Log's %s"."Sign-in ""Logs"" %I" ATTACH PARTITION "Log's %s"."the rest" DEFAULT;
CREATE INDEX ON "Log's %s"."Sign-in ""Logs"" %I" (note);
ALTER TABLE "Log's %s"."Sign-in ""Logs"" %I" DROP COLUMN dropped_first, DROP COLUMN dropped_last;
INSERT INTO "Log's %s"."Sign-in ""Logs"" %I" VALUES
    ('a', '2026-03-01 00:00:00Z', 1), (NULL, '2026-03-01 23:59:59.999999Z', 2), ('c', '2026-03-02 00:00:00Z', 3);
SELECT * FROM azhunt.add_partitions('"Log''s %s"."Sign-in ""Logs"" %I"', '2026-03-01', '2026-03-02');
SELECT * FROM pg_temp.partitions('"Log''s %s"."Sign-in ""Logs"" %I"');
SELECT note, number, doubled FROM "Log's %s"."Sign-in ""Logs"" %I" ORDER BY number;
INSERT INTO "Log's %s"."Sign-in ""Logs"" %I_p20260301" VALUES ('bad', '2026-03-01 12:00:00Z', 4);
INSERT INTO "Log's %s"."Sign-in ""Logs"" %I_p20260301" VALUES (DEFAULT, '2026-03-01 12:00:00Z', 4) RETURNING *;

CREATE TABLE "Log's %s".without_default ("time" timestamptz) PARTITION BY RANGE ("time");
SELECT * FROM azhunt.add_partitions('"Log''s %s".without_default', '2026-03-01', '2026-03-03');
SELECT * FROM pg_temp.partitions('"Log''s %s".without_default');

-- a default partition that is itself partitioned
CREATE TABLE nested ("time" timestamptz, kind text) PARTITION BY RANGE ("time");
CREATE TABLE nested_default PARTITION OF nested DEFAULT PARTITION BY LIST (kind);
CREATE TABLE nested_default_a PARTITION OF nested_default FOR VALUES IN ('a');
CREATE TABLE nested_default_b PARTITION OF nested_default FOR VALUES IN ('b');
INSERT INTO nested VALUES ('2026-03-01 01:00:00Z', 'a'), ('2026-03-01 02:00:00Z', 'b'), ('2026-03-02 03:00:00Z', 'b');
SELECT * FROM azhunt.add_partitions('nested', '2026-03-01', '2026-03-02');
SELECT tableoid::regclass::text, count(*) FROM nested GROUP BY 1 ORDER BY 1;

--
-- What is no such table
--
CREATE TABLE plain ("time" timestamptz);
CREATE TABLE by_list ("time" timestamptz) PARTITION BY LIST ("time");
CREATE TABLE by_two ("time" timestamptz, number integer) PARTITION BY RANGE ("time", number);
CREATE TABLE by_date ("time" date) PARTITION BY RANGE ("time");
CREATE TABLE by_local_time ("time" timestamp) PARTITION BY RANGE ("time");
CREATE TABLE by_expression ("time" timestamptz) PARTITION BY RANGE (azhunt.bin("time", '1 hour'));
CREATE VIEW view AS SELECT now() AS "time";
SELECT * FROM azhunt.add_partitions('plain', '2026-03-01', '2026-03-02');
SELECT * FROM azhunt.add_partitions('by_list', '2026-03-01', '2026-03-02');
SELECT * FROM azhunt.add_partitions('by_two', '2026-03-01', '2026-03-02');
SELECT * FROM azhunt.add_partitions('by_date', '2026-03-01', '2026-03-02');
SELECT * FROM azhunt.add_partitions('by_local_time', '2026-03-01', '2026-03-02');
SELECT * FROM azhunt.add_partitions('by_expression', '2026-03-01', '2026-03-02');
SELECT * FROM azhunt.add_partitions('view', '2026-03-01', '2026-03-02');
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs_address_idx', '2026-03-01', '2026-03-02');
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs_default', '2026-03-01', '2026-03-02');
SELECT * FROM azhunt.add_partitions(0, '2026-03-01', '2026-03-02');
SELECT * FROM azhunt.add_partitions(NULL, '2026-03-01', '2026-03-02');
\echo :LAST_ERROR_SQLSTATE

-- Names as long as they may be, and longer, in bytes; nothing is cut off.
CREATE TABLE a23456789_b23456789_c23456789_d23456789_e23456789_f23 ("time" timestamptz) PARTITION BY RANGE ("time");
CREATE TABLE a23456789_b23456789_c23456789_d23456789_e23456789_f234 ("time" timestamptz) PARTITION BY RANGE ("time");
CREATE TABLE "é23456789_b23456789_c23456789_d23456789_e23456789_f23" ("time" timestamptz) PARTITION BY RANGE ("time");
SELECT length(partition::text) FROM azhunt.add_partitions(
    'a23456789_b23456789_c23456789_d23456789_e23456789_f23', '2026-03-01', '2026-03-02') AS partition;
SELECT * FROM azhunt.add_partitions(
    'a23456789_b23456789_c23456789_d23456789_e23456789_f234', '2026-03-01', '2026-03-02');
SELECT * FROM azhunt.add_partitions(
    '"é23456789_b23456789_c23456789_d23456789_e23456789_f23"', '2026-03-01', '2026-03-02');
\echo :LAST_ERROR_SQLSTATE

-- A name that is taken is an error, not a table that is misused.
CREATE TABLE taken ("time" timestamptz) PARTITION BY RANGE ("time");
CREATE TABLE taken_p20260301 (something text);
SELECT * FROM azhunt.add_partitions('taken', '2026-03-01', '2026-03-02');

--
-- Who may
--
CREATE ROLE regress_azhunt_analyst;
GRANT USAGE ON SCHEMA azhunt TO regress_azhunt_analyst;
SET LOCAL ROLE regress_azhunt_analyst;
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '2026-05-01', '2026-05-02');
RESET ROLE;
GRANT EXECUTE ON FUNCTION azhunt.add_partitions(regclass, date, date) TO regress_azhunt_analyst;
GRANT CREATE ON SCHEMA azhunt TO regress_azhunt_analyst;
SET LOCAL ROLE regress_azhunt_analyst;
-- the function gives no right that its caller has not
-- (the hint names whoever runs this)
\set VERBOSITY terse
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '2026-05-01', '2026-05-02');
\set VERBOSITY default
CREATE TABLE azhunt.mine ("time" timestamptz) PARTITION BY RANGE ("time");
SELECT * FROM azhunt.add_partitions('azhunt.mine', '2026-05-01', '2026-05-02');
RESET ROLE;
-- nor does it run what belongs to another role with the rights of its caller
-- (the message names whoever runs this)
CREATE FUNCTION pg_temp.take_over() RETURNS trigger
LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'the trigger ran as %', current_user; END$$;
CREATE TABLE azhunt.mine_rest PARTITION OF azhunt.mine DEFAULT;
CREATE TRIGGER take_over BEFORE DELETE ON azhunt.mine_rest
    FOR EACH ROW EXECUTE FUNCTION pg_temp.take_over();
INSERT INTO azhunt.mine VALUES ('2026-05-02 12:00Z');
\set VERBOSITY sqlstate
SELECT * FROM azhunt.add_partitions('azhunt.mine', '2026-05-02', '2026-05-03');
\set VERBOSITY default

--
-- Rows that must not be taken for deleted
--
ALTER TABLE azhunt.mine OWNER TO CURRENT_USER;
SELECT * FROM azhunt.add_partitions('azhunt.mine', '2026-05-02', '2026-05-03');
-- where there are no rows of the day, nothing is in the way
SELECT * FROM azhunt.add_partitions('azhunt.mine', '2026-05-03', '2026-05-04');
DROP TRIGGER take_over ON azhunt.mine_rest;

ALTER TABLE azhunt.mine ADD PRIMARY KEY ("time");
CREATE TABLE note (about timestamptz REFERENCES azhunt.mine ON DELETE CASCADE);
INSERT INTO note VALUES ('2026-05-02 12:00Z');
SELECT * FROM azhunt.add_partitions('azhunt.mine', '2026-05-02', '2026-05-03');
SELECT count(*) FROM note;
DROP TABLE note;

SET LOCAL client_min_messages = error;
CREATE PUBLICATION mine_publication FOR TABLE azhunt.mine WITH (publish_via_partition_root);
SELECT * FROM azhunt.add_partitions('azhunt.mine', '2026-05-02', '2026-05-03');
ALTER PUBLICATION mine_publication SET (publish = 'insert');
SELECT * FROM azhunt.add_partitions('azhunt.mine', '2026-05-02', '2026-05-03');
SELECT tableoid::regclass, * FROM azhunt.mine;

DROP PUBLICATION mine_publication;

-- a rule, row-level security, and triggers of what is below
CREATE RULE keep AS ON DELETE TO azhunt.mine_rest DO INSTEAD NOTHING;
INSERT INTO azhunt.mine VALUES ('2026-05-04 12:00Z');
SELECT * FROM azhunt.add_partitions('azhunt.mine', '2026-05-04', '2026-05-05');
DROP RULE keep ON azhunt.mine_rest;
ALTER TABLE azhunt.mine_rest ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT CREATE ON SCHEMA public TO regress_azhunt_analyst;
ALTER TABLE azhunt.mine OWNER TO regress_azhunt_analyst;
ALTER TABLE azhunt.mine_rest OWNER TO regress_azhunt_analyst;
SET LOCAL ROLE regress_azhunt_analyst;
SELECT * FROM azhunt.add_partitions('azhunt.mine', '2026-05-04', '2026-05-05');
ALTER TABLE azhunt.mine_rest NO FORCE ROW LEVEL SECURITY;
SELECT * FROM azhunt.add_partitions('azhunt.mine', '2026-05-04', '2026-05-05');
RESET ROLE;
CREATE TABLE split ("time" timestamptz, kind text) PARTITION BY RANGE ("time");
CREATE TABLE split_default PARTITION OF split DEFAULT PARTITION BY LIST (kind);
CREATE TABLE split_default_a PARTITION OF split_default FOR VALUES IN ('a');
CREATE TRIGGER take_over AFTER DELETE ON split_default_a FOR EACH ROW EXECUTE FUNCTION pg_temp.take_over();
INSERT INTO split VALUES ('2026-03-01 01:00:00Z', 'a');
SELECT * FROM azhunt.add_partitions('split', '2026-03-01', '2026-03-02');
DROP TRIGGER take_over ON split_default_a;
-- a trigger that does not fire on DELETE is in nobody's way
CREATE TRIGGER take_over BEFORE UPDATE ON split_default_a FOR EACH ROW EXECUTE FUNCTION pg_temp.take_over();
SELECT * FROM azhunt.add_partitions('split', '2026-03-01', '2026-03-02');
SELECT tableoid::regclass, * FROM split;
-- a foreign table
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
CREATE TABLE remote ("time" timestamptz) PARTITION BY RANGE ("time");
CREATE FOREIGN TABLE remote_default PARTITION OF remote DEFAULT SERVER nowhere;
SELECT azhunt.rows_cannot_move_because('remote_default');

--
-- Code of roles that are not trusted
--
CREATE FUNCTION public.good(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION public.same(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE DOMAIN public.note AS text CHECK (public.good(VALUE));
CREATE FUNCTION public.same_note(text, text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 = $2';
CREATE OPERATOR public.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = public.same_note);
-- what is done to the table, and which function or the like it then uses
CREATE FUNCTION pg_temp.refusal(command text, function text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    CREATE TABLE public.victim ("time" timestamptz NOT NULL, kind text) PARTITION BY RANGE ("time");
    CREATE TABLE public.victim_default PARTITION OF public.victim DEFAULT;
    EXECUTE command;
    EXECUTE format('ALTER %s OWNER TO regress_azhunt_analyst', function);
    BEGIN
        PERFORM azhunt.add_partitions('public.victim', '2026-03-01', '2026-03-02');
        detail := 'added';
    EXCEPTION WHEN insufficient_privilege THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    END;
    EXECUTE format('ALTER %s OWNER TO CURRENT_USER', function);
    PERFORM azhunt.add_partitions('public.victim', '2026-03-01', '2026-03-02');
    DROP TABLE public.victim;
    RETURN detail;
END
$$;
SELECT a.command, pg_temp.refusal(a.command, a.function)
FROM (VALUES
    ('SELECT', 'TABLE public.victim_default'),
    ('ALTER TABLE victim ADD CHECK (public.good(kind))', 'FUNCTION public.good(text)'),
    ('ALTER TABLE victim_default ADD CHECK (public.good(kind))', 'FUNCTION public.good(text)'),
    ('ALTER TABLE victim ADD CHECK (kind OPERATOR(public.===) kind)', 'OPERATOR public.===(text, text)'),
    ('ALTER TABLE victim ADD CHECK (kind OPERATOR(public.===) kind)', 'FUNCTION public.same_note(text, text)'),
    ('ALTER TABLE victim ADD COLUMN n note', 'FUNCTION public.good(text)'),
    ('ALTER TABLE victim ADD COLUMN n note', 'DOMAIN public.note'),
    ('ALTER TABLE victim ADD COLUMN n text GENERATED ALWAYS AS (public.same(kind)) STORED', 'FUNCTION public.same(text)'),
    ('ALTER TABLE victim ADD COLUMN n text DEFAULT public.same(''x'')', 'FUNCTION public.same(text)'),
    ('CREATE INDEX ON victim (public.same(kind))', 'FUNCTION public.same(text)'),
    ('CREATE INDEX ON victim (kind) WHERE public.good(kind)', 'FUNCTION public.good(text)'),
    ('CREATE RULE r AS ON DELETE TO victim_default WHERE public.good(old.kind) DO ALSO SELECT 1', 'FUNCTION public.good(text)'),
    ('CREATE POLICY p ON victim_default USING (public.good(kind))', 'FUNCTION public.good(text)')
) AS a (command, function);

--
-- Rows move with all that they hold, whatever the table is like
--
CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE SCHEMA "a.b";
CREATE TABLE "a.b"."c.d" (
    gone text, "time" timestamptz, large text, compressed text, big numeric, nothing text, several integer[],
    pair int4range, doubled numeric GENERATED ALWAYS AS (big * 2) STORED
) PARTITION BY RANGE ("time");
CREATE TABLE "a.b"."c.d.rest" (LIKE "a.b"."c.d" INCLUDING GENERATED) USING other_heap;
ALTER TABLE "a.b"."c.d" ATTACH PARTITION "a.b"."c.d.rest" DEFAULT;
ALTER TABLE "a.b"."c.d" ALTER COLUMN large SET STORAGE EXTERNAL;
INSERT INTO "a.b"."c.d" VALUES ('x', '2026-03-01 12:00Z',
    (SELECT string_agg(md5(i::text), '' ORDER BY i) FROM generate_series(1, 3000) AS i), repeat('y', 1000000), 1e100 / 3, NULL, '{1,NULL,3}', '[1,5)');
ALTER TABLE "a.b"."c.d" DROP COLUMN gone;
ALTER TABLE "a.b"."c.d" ADD COLUMN later integer DEFAULT 42;
CREATE TEMP TABLE moved AS SELECT * FROM "a.b"."c.d";
SELECT * FROM azhunt.add_partitions('"a.b"."c.d"', '2026-03-01', '2026-03-02');
SELECT count(*) AS lost FROM (TABLE moved EXCEPT TABLE "a.b"."c.d") AS lost;
SELECT c.oid::regclass, m.amname, (SELECT count(*) FROM "a.b"."c.d" AS r WHERE r.tableoid = c.oid) AS rows
FROM pg_class AS c JOIN pg_am AS m ON m.oid = c.relam
WHERE c.relnamespace = '"a.b"'::regnamespace AND c.relkind = 'r' ORDER BY c.relname;
-- the expression of a generated column is that of the table
CREATE TABLE fixed ("time" timestamptz NOT NULL, id integer GENERATED ALWAYS AS IDENTITY) PARTITION BY RANGE ("time");
CREATE TABLE fixed_rest ("time" timestamptz NOT NULL, id integer NOT NULL);
SAVEPOINT identity;
ALTER TABLE fixed ATTACH PARTITION fixed_rest DEFAULT;
INSERT INTO fixed ("time", id) OVERRIDING SYSTEM VALUE VALUES ('2026-03-01 12:00Z', 7);
SELECT * FROM azhunt.add_partitions('fixed', '2026-03-01', '2026-03-02');
SELECT tableoid::regclass, id FROM fixed;

--
-- For the role that loads
--
CREATE ROLE regress_azhunt_loader;
GRANT USAGE ON SCHEMA azhunt TO regress_azhunt_loader;
GRANT EXECUTE ON FUNCTION azhunt.add_log_partitions(text, date, date) TO regress_azhunt_loader;
INSERT INTO azhunt.azureactivity (timegenerated, caller) VALUES ('2026-06-01 12:00Z', 'adele');
SET LOCAL ROLE regress_azhunt_loader;
-- whatever the session has set, or made
CREATE TEMP TABLE log_table_schemas (log_table text);
SET LOCAL search_path = pg_temp, pg_catalog;
SET LOCAL TIME ZONE 'Pacific/Kiritimati';
DO 'BEGIN
    IF current_setting(''server_version_num'')::integer < 190000 THEN
        SET LOCAL escape_string_warning = off;
        SET LOCAL standard_conforming_strings = off;
    END IF;
END';
SET LOCAL quote_all_identifiers = on;
SET LOCAL default_table_access_method = other_heap;
SET LOCAL default_tablespace = pg_global;
SET LOCAL row_security = on;
SELECT azhunt.add_log_partitions('AzureActivity', '2026-06-01', '2026-06-03');
SELECT azhunt.add_log_partitions('azureactivity', '2026-06-01', '2026-06-03');
RESET search_path;
RESET standard_conforming_strings;
RESET quote_all_identifiers;
-- (the message has a date that depends on today's)
\set VERBOSITY sqlstate
SELECT azhunt.add_log_partitions('azureactivity', '2009-12-31', '2010-01-02');
SELECT azhunt.add_log_partitions('azureactivity', '2010-01-01', '2011-02-06');
SELECT azhunt.add_log_partitions('azureactivity', (now() AT TIME ZONE 'UTC')::date + 31, (now() AT TIME ZONE 'UTC')::date + 33) \g /dev/null
SELECT count(*) FROM azhunt.add_log_partitions('azureactivity', (now() AT TIME ZONE 'UTC')::date + 31, (now() AT TIME ZONE 'UTC')::date + 32);
SELECT azhunt.add_log_partitions('azureactivity', '2026-06-02', NULL);
SELECT azhunt.add_log_partitions('azureactivity', '-infinity', 'infinity') \g /dev/null
SELECT azhunt.add_log_partitions('azureactivity', 'infinity', '-infinity') \g /dev/null
SELECT azhunt.add_log_partitions('azureactivity', '2026-06-02', '-infinity') \g /dev/null
SELECT azhunt.add_log_partitions('azureactivity', '5874897-12-31', '-infinity') \g /dev/null
\set VERBOSITY default
SELECT azhunt.add_log_partitions('mine', '2026-06-02', '2026-06-03');
SELECT azhunt.add_log_partitions('azhunt.azureactivity', '2026-06-02', '2026-06-03');
SELECT azhunt.add_log_partitions(NULL, '2026-06-02', '2026-06-03');
RESET ROLE;
SELECT c.relname, c.relowner = t.relowner AS same_owner, m.amname, c.reltablespace
FROM pg_class AS c
JOIN pg_am AS m ON m.oid = c.relam
JOIN pg_class AS t ON t.oid = 'azhunt.azureactivity'::regclass
WHERE c.relname ~ '^azureactivity_p202606' AND c.relkind = 'r' ORDER BY c.relname;
SELECT tableoid::regclass, caller FROM azhunt.azureactivity;
-- a table whose owner is not trusted
ALTER TABLE azhunt.storagefilelogs OWNER TO regress_azhunt_loader;
SET LOCAL ROLE regress_azhunt_loader;
\set VERBOSITY sqlstate
SELECT azhunt.add_log_partitions('storagefilelogs', '2026-07-01', '2026-07-02');
\set VERBOSITY default
RESET ROLE;
ALTER TABLE azhunt.storagefilelogs OWNER TO CURRENT_USER;

ROLLBACK;
