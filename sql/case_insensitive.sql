--
-- =~, !=~ and the operators that go with them
--
SET search_path TO public, azhunt;

-- letters of all alphabets are folded, one to one, and nothing is normalized
SELECT a, b, a =~ b AS "=~", a !=~ b AS "!=~"
FROM (VALUES (1, 'Success', 'SUCCESS'),
             (2, 'success', 'Success'),
             (3, 'Success', 'Succeeded'),
             (4, 'Success', 'Success '),
             (5, '', ''),
             (6, '', ' '),
             (7, 'Zürich', 'zürich'),
             (8, 'Zürich', 'ZÜRICH'),
             (9, 'straße', 'STRASSE'),
             (10, 'K', U&'\212A'),          -- the Kelvin sign
             (11, 'I', 'ı'),
             -- neighbours of the letters in ASCII are no letters
             (12, '@', '`'),
             (13, '[', '{'),
             (14, '^_', '~_'),
             (15, 'a', '!'),
             -- eight bytes at a time, and what is left over
             (16, 'ABCDEFGH', 'abcdefgh'),
             (17, 'ABCDEFGHi', 'abcdefghI'),
             (18, 'ABCDEFGHi', 'abcdefghj'),
             (19, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'),
             (20, U&'\00C1\00C2\00C3\00C4', U&'\00E1\00E2\00E3\00E4'),
             (21, 'МИР', 'мир'),
             (22, 'CAFÉ', 'café'),
             (23, 'é', U&'e\0301'),         -- a letter and an accent
             (24, 'straße', 'STRAẞE'),
             (25, 'ΣΊΣΥΦΟΣ', 'σίσυφος'),    -- a sigma at the end
             (26, 'Success', 'ſucceſſ'),    -- the long s
             (27, 'i', 'İ'),                -- Turkish
             (28, 'I', 'İ'),
             (29, 'ＦＵＬＬ', 'ｆｕｌｌ'),          -- wide letters
             (30, 'FULL', 'ＦＵＬＬ'),
             (31, U&'\+010400', U&'\+010428'), -- four bytes
             (32, U&'\023A', U&'\2C65'),     -- two bytes and three
             (33, U&'abcdefg\00C1', U&'ABCDEFG\00E1'), -- a letter across words
             (34, U&'abcdefg\00C1', U&'ABCDEFG\00E2')) AS v(i, a, b)
ORDER BY i;

SELECT a =~ b AS "=~", a !=~ b AS "!=~", a <~ b AS "<~", a <=~ b AS "<=~", a >~ b AS ">~", a >=~ b AS ">=~"
FROM (VALUES ('a', NULL), (NULL, 'a'), (NULL, NULL)) AS v(a, b);

-- order is by folded bytes: "_" stands before the letters, as in lower case
SELECT a, b, a <~ b AS "<~", a <=~ b AS "<=~", a >~ b AS ">~", a >=~ b AS ">=~", sign(compare(a, b))
FROM (VALUES (1, 'a', 'B'),
             (2, 'B', 'a'),
             (3, 'a', 'A'),
             (4, 'a', 'AA'),
             (5, '', 'a'),
             (6, '_', 'A'),
             (7, 'z', 'É'),
             (8, 'abcdefghIJ', 'ABCDEFGHIK'),
             (9, 'abcdefgh', 'ABCDEFGHI'),
             (10, 'É', 'ê'),
             (11, U&'\212A', 'l'),          -- the Kelvin sign is a k
             (12, 'ſt', 'SU'),
             (13, 'я', U&'\+010400')) AS v(i, a, b)
ORDER BY i;

-- not by ORDER BY of an aggregate, of which PostgreSQL 16 and later may forget
-- the second key where both are of one column
WITH strings AS (SELECT unnest('{b,A,_,a,B,É,é,Z,1}'::text[]) AS s)
SELECT array_to_string(ARRAY(SELECT s FROM strings ORDER BY s USING <~, s COLLATE "C"), ' ') AS ascending,
       array_to_string(ARRAY(SELECT s FROM strings ORDER BY s USING >~, s COLLATE "C"), ' ') AS descending;

-- hashes are equal where strings are
SELECT hash('Success') = hash('SUCCESS') AS hash,
       hash('Success') = hash('Succeeded') AS hash_of_another,
       hash_extended('Success', 42) = hash_extended('SUCCESS', 42) AS hash_extended,
       hash_extended('Success', 42) = hash_extended('Success', 43) AS other_seed,
       hash_extended('Success', 0) & 4294967295 = hash('sUCCESS')::bigint & 4294967295 AS seed_zero,
       hash(repeat('Success', 1000)) = hash(repeat('sUCCESS', 1000)) AS long,
       hash('ΣΊΣΥΦΟΣ') = hash('σίσυφος') AS greek,
       hash('Kings Successes') = hash(U&'\212Aing\017F \017FUCCE\017F\017Fe\017F') AS other_length;

--
-- the operator classes
--
SELECT amname, opcname, opcdefault, amvalidate(c.oid)
FROM pg_opclass AS c
JOIN pg_am AS m ON m.oid = c.opcmethod
WHERE c.opcnamespace = 'azhunt'::regnamespace
ORDER BY amname COLLATE "C";

-- what the planner relies on
SELECT oprname, oprcom::regoper, oprnegate::regoper, oprcanmerge, oprcanhash, oprrest, oprjoin
FROM pg_operator
WHERE oprnamespace = 'azhunt'::regnamespace
ORDER BY oprname COLLATE "C";

SELECT proname, provolatile, proisstrict, proleakproof, proparallel
FROM pg_proc AS p
WHERE p.oid IN (SELECT oprcode FROM pg_operator WHERE oprnamespace = 'azhunt'::regnamespace)
   OR p.oid IN (SELECT amproc FROM pg_amproc AS a
                JOIN pg_opfamily AS f ON f.oid = a.amprocfamily
                WHERE f.opfnamespace = 'azhunt'::regnamespace)
ORDER BY proname COLLATE "C";

--
-- joins
--
CREATE TABLE uploads (i int, agent text);
CREATE TABLE signins (i int, agent text);
INSERT INTO uploads
SELECT i, CASE WHEN i % 20 = 0 THEN NULL
               WHEN i % 19 = 0 THEN ''
               WHEN i % 2 = 0 THEN upper('agent ' || i % 50) || ' Ü'
               ELSE initcap('agent ' || i % 50) || ' ü' END
FROM generate_series(1, 400) AS i;
INSERT INTO signins
SELECT i, CASE WHEN i % 20 = 0 THEN NULL
               WHEN i % 19 = 0 THEN ''
               WHEN i % 3 = 0 THEN upper('agent ' || i % 70) || ' ü'
               ELSE initcap('agent ' || i % 70) || ' Ü' END
FROM generate_series(1, 200) AS i;
ANALYZE uploads, signins;

-- the answer that every plan must give
CREATE TABLE expected AS
SELECT u.i AS u, s.i AS s
FROM uploads AS u
JOIN signins AS s ON translate(u.agent, 'ABCDEFGHIJKLMNOPQRSTUVWXYZÜ', 'abcdefghijklmnopqrstuvwxyzü')
                   = translate(s.agent, 'ABCDEFGHIJKLMNOPQRSTUVWXYZÜ', 'abcdefghijklmnopqrstuvwxyzü');
SELECT count(*) FROM expected;

CREATE VIEW matches AS
SELECT u.i AS u, s.i AS s
FROM uploads AS u
JOIN signins AS s ON u.agent =~ s.agent;

CREATE VIEW disagreements AS
(TABLE matches EXCEPT ALL TABLE expected)
UNION ALL
(TABLE expected EXCEPT ALL TABLE matches);

SET enable_material TO off;
SET enable_memoize TO off;
SET max_parallel_workers_per_gather TO 0;

SET enable_hashjoin TO off;
SET enable_mergejoin TO off;
EXPLAIN (COSTS OFF) TABLE matches;
SELECT count(*) FROM disagreements;

SET enable_hashjoin TO on;
SET enable_nestloop TO off;
EXPLAIN (COSTS OFF) TABLE matches;
SELECT count(*) FROM disagreements;

SET enable_hashjoin TO off;
SET enable_mergejoin TO on;
EXPLAIN (COSTS OFF) TABLE matches;
SELECT count(*) FROM disagreements;

-- outer, semi and anti joins
CREATE VIEW outer_joins AS
SELECT 'full' AS kind, u.i AS u, s.i AS s
FROM uploads AS u FULL JOIN signins AS s ON u.agent =~ s.agent
UNION ALL
SELECT 'semi', u.i, NULL
FROM uploads AS u WHERE EXISTS (SELECT FROM signins AS s WHERE u.agent =~ s.agent)
UNION ALL
SELECT 'anti', u.i, NULL
FROM uploads AS u WHERE NOT EXISTS (SELECT FROM signins AS s WHERE u.agent =~ s.agent);

CREATE TABLE merged AS TABLE outer_joins;
SET enable_hashjoin TO on;
SET enable_mergejoin TO off;
CREATE TABLE hashed AS TABLE outer_joins;
CREATE TABLE expected_outer_joins AS
SELECT 'full' AS kind, u, s FROM expected
UNION ALL
SELECT 'full', i, NULL FROM uploads WHERE i NOT IN (SELECT u FROM expected)
UNION ALL
SELECT 'full', NULL, i FROM signins WHERE i NOT IN (SELECT s FROM expected)
UNION ALL
SELECT DISTINCT 'semi', u, NULL::int FROM expected
UNION ALL
SELECT 'anti', i, NULL FROM uploads WHERE i NOT IN (SELECT u FROM expected);

SELECT kind, count(*), count(u) AS uploads, count(s) AS signins
FROM expected_outer_joins GROUP BY kind ORDER BY kind COLLATE "C";
SELECT count(*)
FROM ((TABLE merged EXCEPT ALL TABLE expected_outer_joins)
      UNION ALL (TABLE expected_outer_joins EXCEPT ALL TABLE merged)) AS disagreement;
SELECT count(*)
FROM ((TABLE hashed EXCEPT ALL TABLE expected_outer_joins)
      UNION ALL (TABLE expected_outer_joins EXCEPT ALL TABLE hashed)) AS disagreement;
RESET enable_nestloop;
RESET enable_mergejoin;

-- !=~ is what a nested loop can do
EXPLAIN (COSTS OFF)
SELECT FROM uploads AS u JOIN signins AS s ON u.agent !=~ s.agent;
SELECT count(*) FILTER (WHERE u.agent !=~ s.agent)
     + count(*) FILTER (WHERE u.agent =~ s.agent)
     = count(*) FILTER (WHERE u.agent IS NOT NULL AND s.agent IS NOT NULL) AS complement
FROM uploads AS u CROSS JOIN signins AS s;

--
-- indexes
--
SET enable_seqscan TO off;
SET enable_bitmapscan TO off;
SET enable_sort TO off;

CREATE INDEX uploads_agent_btree ON uploads (agent case_insensitive_ops);
EXPLAIN (COSTS OFF) SELECT i FROM uploads WHERE agent =~ 'AGENT 7 ü';
SELECT array_agg(i ORDER BY i) FROM uploads WHERE agent =~ 'AGENT 7 ü';
EXPLAIN (COSTS OFF) SELECT i FROM uploads WHERE agent =~ ANY ('{AGENT 7 ü,agent 8 ü,agent 8 Ü,nobody}');
SELECT array_agg(i ORDER BY i) FROM uploads WHERE agent =~ ANY ('{AGENT 7 ü,agent 8 ü,agent 8 Ü,nobody}');
EXPLAIN (COSTS OFF) SELECT i FROM uploads WHERE agent >=~ 'AGENT 3' AND agent <~ 'agent 31';
SELECT array_agg(i ORDER BY i) FROM uploads WHERE agent >=~ 'AGENT 3' AND agent <~ 'agent 31';
EXPLAIN (COSTS OFF) SELECT agent FROM uploads ORDER BY agent USING >~ LIMIT 1;
SELECT lower(agent) FROM uploads WHERE agent IS NOT NULL ORDER BY agent USING >~ LIMIT 1;
SET enable_hashjoin TO off;
SET enable_mergejoin TO off;
EXPLAIN (COSTS OFF)
SELECT u.i FROM unnest('{AGENT 7 ü,agent 9 ü}'::text[]) AS s (agent) JOIN uploads AS u ON u.agent =~ s.agent;
SELECT array_agg(u.i ORDER BY u.i)
FROM unnest('{AGENT 7 ü,agent 9 ü}'::text[]) AS s (agent) JOIN uploads AS u ON u.agent =~ s.agent;
DROP INDEX uploads_agent_btree;

CREATE INDEX uploads_agent_hash ON uploads USING hash (agent case_insensitive_ops);
EXPLAIN (COSTS OFF) SELECT i FROM uploads WHERE agent =~ 'AGENT 7 ü';
SELECT array_agg(i ORDER BY i) FROM uploads WHERE agent =~ 'AGENT 7 ü';
DROP INDEX uploads_agent_hash;
RESET enable_seqscan;

-- a unique index takes strings for equal that =~ does
\set VERBOSITY terse
CREATE TABLE callers (caller text);
CREATE UNIQUE INDEX callers_caller ON callers (caller case_insensitive_ops);
INSERT INTO callers VALUES ('alice@contoso.com'), ('ÁLICE@contoso.com'), ('bob@contoso.com');
INSERT INTO callers VALUES ('álice@contoso.com');
INSERT INTO callers VALUES ('Alice@Contoso.com');
INSERT INTO callers VALUES ('Alice@Contoso.com') ON CONFLICT (caller case_insensitive_ops) DO NOTHING;
SELECT count(*) FROM callers;
\set VERBOSITY default

-- a partition key, by range and by hash
CREATE TABLE by_range (s text) PARTITION BY RANGE (s case_insensitive_ops);
CREATE TABLE by_range_1 PARTITION OF by_range FOR VALUES FROM (MINVALUE) TO ('M');
CREATE TABLE by_range_2 PARTITION OF by_range FOR VALUES FROM ('m') TO (MAXVALUE);
INSERT INTO by_range VALUES ('a'), ('L'), ('m'), ('M'), ('Z'), ('z');
SELECT tableoid::regclass, string_agg(s, ' ' ORDER BY s COLLATE "C") FROM by_range GROUP BY 1 ORDER BY 1::text COLLATE "C";
EXPLAIN (COSTS OFF) SELECT * FROM by_range WHERE s =~ 'A';

CREATE TABLE by_hash (s text) PARTITION BY HASH (s case_insensitive_ops);
CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE by_hash_1 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO by_hash SELECT chr(65 + i % 26 + i / 26 * 32) FROM generate_series(0, 51) AS i;
SELECT count(*) AS together
FROM by_hash AS a JOIN by_hash AS b ON a.tableoid = b.tableoid AND a.s =~ b.s AND a.s <> b.s;
SELECT count(DISTINCT tableoid) AS partitions FROM by_hash;

--
-- other types that are text underneath; stored strings
--
SELECT 'Success'::varchar(10) =~ 'SUCCESS'::text AS varchar,
       'Success'::name =~ 'SUCCESS' AS name,
       'Success  '::char(10) =~ 'SUCCESS' AS char_loses_its_blanks;

CREATE TABLE stored (i int, s text);
ALTER TABLE stored ALTER COLUMN s SET STORAGE EXTERNAL;
INSERT INTO stored VALUES (1, repeat('Long', 25000));
ALTER TABLE stored ALTER COLUMN s SET STORAGE MAIN;
INSERT INTO stored VALUES (2, repeat('lONG', 25000)), (3, 'short'), (4, 'SHORT');
INSERT INTO stored VALUES (5, repeat('lONG', 24999) || 'LONk');
SELECT a.i, b.i, sign(compare(a.s, b.s)), hash(a.s) = hash(b.s) AS hash
FROM stored AS a JOIN stored AS b ON a.s =~ b.s ORDER BY a.i, b.i;
SELECT i FROM stored ORDER BY s USING <~, i;

DROP VIEW disagreements, matches, outer_joins;
DROP TABLE uploads, signins, expected, merged, hashed, expected_outer_joins, callers, by_range, by_hash, stored;
