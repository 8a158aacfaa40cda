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
CREATE FUNCTION pg_temp.take_over() RETURNS trigger
LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'the trigger ran as %', current_user; END$$;
CREATE TABLE azhunt.mine_rest PARTITION OF azhunt.mine DEFAULT;
CREATE TRIGGER take_over BEFORE DELETE ON azhunt.mine_rest
    FOR EACH ROW EXECUTE FUNCTION pg_temp.take_over();
INSERT INTO azhunt.mine VALUES ('2026-05-02 12:00Z');
SELECT * FROM azhunt.add_partitions('azhunt.mine', '2026-05-02', '2026-05-03');

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

ROLLBACK;
