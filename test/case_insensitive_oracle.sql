-- =~, its order and its hashes against translate() and = on hostile strings,
-- one by one, in sorts, hash tables and indexes.
BEGIN;
SELECT plan(20);

-- One of so many numbers from zero, by hash.
CREATE FUNCTION pg_temp.draw(i bigint, salt bigint, choices integer) RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN (hashint8extended(i, salt) & 9223372036854775807) % choices;

-- What KQL folds, of the characters here: capitals to small letters, two small
-- letters to what is usual, and signs to the letters that they are
CREATE FUNCTION pg_temp.folded(s text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT
RETURN translate(s, 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞŸẞМИРΣςſµ' || U&'\212A\212B\023A\+010400',
                    'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿßмирσσsμ' || U&'k\00E5\2C65\+010428') COLLATE "C";

-- Strings of up to 19 pieces, so that the words in which they are compared
-- begin and end everywhere
CREATE TEMPORARY TABLE strings AS
SELECT i, (SELECT coalesce(string_agg(pieces[1 + pg_temp.draw(i * 32 + j, 1, cardinality(pieces))], '' ORDER BY j), '')
           FROM generate_series(1, pg_temp.draw(i, 2, 20)) AS j) AS s
FROM generate_series(1, 40000) AS i,
     (VALUES (ARRAY['a', 'A', 'b', 'B', 'm', 'M', 'y', 'Y', 'z', 'Z', '@', '[', '`', '{', '_', '0', ' ', E'\n', E'\u007f', E'\u0001',
                    'é', 'É', 'ÿ', 'Ÿ', 'ß', 'ẞ', 'ſ', 's', 'k', U&'\212A', U&'\212B', 'å', U&'\023A', U&'\2C65',
                     'М', 'м', 'Σ', 'σ', 'ς', 'İ', 'ı', 'i', U&'e\0301', U&'\+010400', U&'\+010428', '😀', U&'\+10FFFF', 'ABCDEFGH', 'abcdefgh', 'Succeeded'])) AS p (pieces);

-- Each with another: itself in other case, with one character more, less or
-- changed, or the next string
CREATE TEMPORARY TABLE pairs AS
SELECT i, s AS a,
       CASE pg_temp.draw(i, 3, 8)
           WHEN 0 THEN translate(s, 'abcdefghijklmnopqrstuvwxyzéÿмσ', 'ABCDEFGHIJ' || U&'\212A' || 'LMNOPQRſTUVWXYZÉŸМς')
           WHEN 1 THEN pg_temp.folded(s)
           WHEN 2 THEN translate(s, 'aBmYzSucHéΣåſ', 'AbMyZsUChÉσ' || U&'\212B' || 'S')
           WHEN 3 THEN overlay(s PLACING chr(1 + pg_temp.draw(i, 4, 127)) FROM 1 + pg_temp.draw(i, 5, length(s) + 1) FOR 1)
           WHEN 4 THEN s || chr(1 + pg_temp.draw(i, 4, 300))
           WHEN 5 THEN left(s, -1)
           ELSE lead(s, 1, '') OVER (ORDER BY i) END AS b
FROM strings
UNION ALL
-- every pair of single characters below U+0100
SELECT 1000000 + a * 256 + b, chr(a), chr(b) FROM generate_series(1, 255) AS a, generate_series(1, 255) AS b
UNION ALL
-- very long ones, which differ in case only, or at their end
SELECT 2000000 + n, repeat('Long String ', 10000) || n, repeat('lONG sTRING ', 10000) || (n + n % 2)
FROM generate_series(1, 6) AS n;
ALTER TABLE pairs ADD folded_a text COLLATE "C", ADD folded_b text COLLATE "C";
UPDATE pairs SET folded_a = pg_temp.folded(a), folded_b = pg_temp.folded(b);

SELECT cmp_ok(count(*), '>=', 64000::bigint, 'enough pairs') FROM pairs;
SELECT cmp_ok(count(*) FILTER (WHERE folded_a = folded_b AND a <> b), '>', 10000::bigint,
              'many equal in different case') FROM pairs;

SELECT is_empty($$ SELECT left(a, 100), left(b, 100) FROM pairs
    WHERE a OPERATOR(azhunt.=~) b IS DISTINCT FROM (folded_a = folded_b) LIMIT 10 $$, '=~');
SELECT is_empty($$ SELECT left(a, 100), left(b, 100) FROM pairs
    WHERE a OPERATOR(azhunt.!=~) b IS DISTINCT FROM (folded_a <> folded_b) LIMIT 10 $$, '!=~');
SELECT is_empty($$ SELECT left(a, 100), left(b, 100) FROM pairs
    WHERE a OPERATOR(azhunt.<~) b IS DISTINCT FROM (folded_a < folded_b) LIMIT 10 $$, '<~');
SELECT is_empty($$ SELECT left(a, 100), left(b, 100) FROM pairs
    WHERE a OPERATOR(azhunt.<=~) b IS DISTINCT FROM (folded_a <= folded_b) LIMIT 10 $$, '<=~');
SELECT is_empty($$ SELECT left(a, 100), left(b, 100) FROM pairs
    WHERE a OPERATOR(azhunt.>~) b IS DISTINCT FROM (folded_a > folded_b) LIMIT 10 $$, '>~');
SELECT is_empty($$ SELECT left(a, 100), left(b, 100) FROM pairs
    WHERE a OPERATOR(azhunt.>=~) b IS DISTINCT FROM (folded_a >= folded_b) LIMIT 10 $$, '>=~');
SELECT is_empty($$ SELECT left(a, 100), left(b, 100) FROM pairs
    WHERE sign(azhunt.compare(a, b)) IS DISTINCT FROM sign(bttextcmp(folded_a, folded_b))
    LIMIT 10 $$, 'compare');

-- hashes are those of the folded text, so equal strings have equal ones and
-- others hardly ever
SELECT is_empty($$ SELECT left(a, 100) FROM pairs
    WHERE azhunt.hash(a) <> azhunt.hash(folded_a)
       OR azhunt.hash_extended(a, i) <> azhunt.hash_extended(folded_a, i)
    LIMIT 10 $$, 'hashes ignore case');
SELECT is_empty($$ SELECT left(a, 100) FROM pairs
    WHERE azhunt.hash(a)::bit(32) <> azhunt.hash_extended(a, 0)::bit(32) LIMIT 10 $$,
    'the extended hash with seed zero has the low bits of the other');
SELECT cmp_ok(count(DISTINCT azhunt.hash(s)), '>', (count(DISTINCT pg_temp.folded(s)) * 0.999)::bigint,
              'other strings have other hashes') FROM strings;
SELECT cmp_ok(count(DISTINCT azhunt.hash_extended(s, 1)), '=', count(DISTINCT pg_temp.folded(s)),
              'and even more so of 64 bits') FROM strings;

-- sorting with the operator class
SELECT is_empty($$ SELECT i FROM
    (SELECT i, row_number() OVER (ORDER BY s USING OPERATOR(azhunt.<~), i) AS answer,
            row_number() OVER (ORDER BY pg_temp.folded(s), i) AS oracle FROM strings) AS sorted
    WHERE answer <> oracle LIMIT 10 $$, 'sorts as the folded strings do');

-- joins of 100,000 strings, and an index on them
CREATE TEMPORARY TABLE joined AS
SELECT a.i AS a, b.i AS b FROM strings AS a JOIN strings AS b ON pg_temp.folded(a.s) = pg_temp.folded(b.s)
WHERE length(a.s) > 3;
CREATE TEMPORARY VIEW joined_ignoring_case AS
SELECT a.i AS a, b.i AS b FROM strings AS a JOIN strings AS b ON a.s OPERATOR(azhunt.=~) b.s
WHERE length(a.s) > 3;
CREATE TEMPORARY VIEW disagreements AS
(TABLE joined EXCEPT ALL TABLE joined_ignoring_case)
UNION ALL
(TABLE joined_ignoring_case EXCEPT ALL TABLE joined);

\ir lib/plan_of.sql

ANALYZE strings;
SET LOCAL enable_nestloop TO off;
SET LOCAL enable_mergejoin TO off;
SELECT matches(plan_of('TABLE joined_ignoring_case'), 'Hash Cond: \([ab]\.s OPERATOR\(azhunt\.=~\) [ab]\.s\)', 'a hash join');
SELECT is_empty('TABLE disagreements', 'joins as the folded strings do');
SET LOCAL enable_mergejoin TO on;
SET LOCAL enable_hashjoin TO off;
SELECT matches(plan_of('TABLE joined_ignoring_case'), 'Merge Cond: \(a\.s OPERATOR\(azhunt\.=~\) b\.s\)', 'a merge join');
SELECT is_empty('TABLE disagreements', 'does too');
CREATE INDEX ON strings (s azhunt.case_insensitive_ops);
SET LOCAL enable_nestloop TO on;
SET LOCAL enable_mergejoin TO off;
SET LOCAL enable_bitmapscan TO off;
SELECT matches(plan_of('TABLE joined_ignoring_case'), 'Index Cond: \(s OPERATOR\(azhunt\.=~\) a\.s\)', 'index scans');
SELECT is_empty('TABLE disagreements', 'do too');

SELECT * FROM finish();
ROLLBACK;
