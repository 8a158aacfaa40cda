-- strip_port, blob_name, file_name and has against regular expressions and
-- built-in functions, on hostile strings that a hash makes: the same in every run.
BEGIN;
SELECT plan(26);

-- One of so many numbers from zero, by hash.
CREATE FUNCTION pg_temp.draw(i bigint, salt bigint, choices integer) RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN (hashint8extended(i, salt) & 9223372036854775807) % choices;

-- So many strings of up to nine pieces each, then each piece again and again
CREATE FUNCTION pg_temp.hostile(number integer, salt bigint, pieces text[], repeats integer DEFAULT 20000) RETURNS SETOF text
LANGUAGE sql
BEGIN ATOMIC
    SELECT (SELECT coalesce(string_agg(pieces[1 + pg_temp.draw(i * 16 + j, salt, cardinality(pieces))], '' ORDER BY j), '')
            FROM generate_series(1, pg_temp.draw(i, salt + 1, 10)) AS j)
    FROM generate_series(1, number) AS i
    UNION ALL
    SELECT repeat(piece, repeats) FROM unnest(pieces) AS piece
    UNION ALL
    SELECT repeat(a, repeats) || b FROM unnest(pieces[:12]) AS a, unnest(pieces[:12]) AS b;
END;

--
-- strip_port
--

-- The same address in one of many spellings, right or nearly right
CREATE FUNCTION pg_temp.spelled(address text, i bigint) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE pg_temp.draw(i, 1, 12)
    WHEN 0 THEN '[' || address || ']:' || pg_temp.draw(i, 2, 70000)
    WHEN 1 THEN '[' || address || ']'
    WHEN 2 THEN upper(address)
    WHEN 3 THEN address || '%eth0'
    WHEN 4 THEN '[' || address || '%25eth:0]:443'
    WHEN 5 THEN address || ':443'
    WHEN 6 THEN address || '/64'
    WHEN 7 THEN regexp_replace(address, '(^|:)0(:0)*(:|$)', '::')
    WHEN 8 THEN CASE WHEN i % 3 = 0 THEN '::ffff:203.0.113.' || i % 256 ELSE regexp_replace(address, ':[^:]*:[^:]*$', ':203.0.113.7') END
            || CASE WHEN i % 2 = 0 THEN ':443' ELSE '' END
    WHEN 9 THEN regexp_replace('[' || upper(address) || ']:1', '(:0)+', ':')
    WHEN 10 THEN overlay(address PLACING substr(E':[]%./0fFg é\n', 1 + pg_temp.draw(i, 3, 13), 1)
                         FROM 1 + pg_temp.draw(i, 4, greatest(length(address), 1)) FOR pg_temp.draw(i, 5, 3))
    ELSE address
END;

CREATE TEMPORARY TABLE addresses AS
SELECT s FROM pg_temp.hostile(32000, 10, ARRAY[':', '::', '[', ']', '%', '.', '/', '0', '1', 'f', 'FFFF',
       '2001:db8', '203.0.113.7', '::ffff:', '%eth0', ']:443', '0000', '00001', ' ', E'\n', 'é', '😀', 'x', '-1']) AS s
UNION ALL
SELECT pg_temp.spelled(string_agg(CASE pg_temp.draw(i * 8 + j, 20, 5)
                                      WHEN 0 THEN to_hex(pg_temp.draw(i * 8 + j, 21, 65536))
                                      WHEN 1 THEN lpad(to_hex(pg_temp.draw(i * 8 + j, 21, 256)), 4, '0')
                                      ELSE '0' END, ':' ORDER BY j), i)
FROM generate_series(1, 24000) AS i, generate_series(1, 8) AS j
GROUP BY i;

-- What inet takes for an address without prefix length, if an IPv4 address in
-- its end has four numbers, which inet does not insist on; with its zone
CREATE FUNCTION pg_temp.canonical(address text, v4 boolean) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    numbers CONSTANT text := replace('N\.N\.N\.N', 'N', '(0|[1-9][0-9]{0,2})');
    parts text[] := regexp_match(address, '^([^%]*)(%[0-9A-Za-z._~-]{1,64})?$');
BEGIN
    IF parts[1] ~ ':.*:' AND parts[1] ~ ('^[0-9A-Fa-f:]+(:' || numbers || ')?$') OR
       v4 AND parts[2] IS NULL AND parts[1] ~ ('^' || numbers || '$') THEN
        RETURN regexp_replace(host(parts[1]::inet), '^::ffff:(.*\..*)$', '\1') || coalesce(parts[2], '');
    END IF;
    RETURN NULL;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN NULL;
END
$$;

-- A port is a number up to 65535, or nothing.
CREATE FUNCTION pg_temp.strip_port_oracle(address text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    ported text[] := CASE WHEN address ~ ':[0-9]{0,5}$' AND coalesce(nullif(substring(address FROM '[0-9]*$'), ''), '0')::integer < 65536
                          THEN regexp_match(address, '^(.*):[0-9]*$') ELSE '{}' END;
BEGIN
    RETURN coalesce(
        CASE WHEN address ~ '^\[[^]]*\]$' THEN pg_temp.canonical(trim('[]' FROM address), true)
             WHEN address ~ '^\[' THEN CASE WHEN ported[1] ~ '^\[[^]]*\]$' THEN pg_temp.canonical(trim('[]' FROM ported[1]), true) END
             WHEN address !~ ':.*:' THEN ported[1]
             ELSE coalesce(pg_temp.canonical(address, false),
                           CASE WHEN ported[1] !~ '%' AND (ported[1] !~ '::' OR ported[1] ~ '\.') THEN pg_temp.canonical(ported[1], false) END) END,
        address);
END
$$;

CREATE TEMPORARY TABLE stripped AS
SELECT s, azhunt.strip_port(s) AS answer, pg_temp.strip_port_oracle(s) AS oracle FROM addresses;

SELECT cmp_ok(count(*), '>=', 40000::bigint, 'strip_port: enough addresses') FROM stripped;
SELECT cmp_ok(count(*) FILTER (WHERE oracle ~ ':'), '>', 12000::bigint, 'many of them IPv6') FROM stripped;
SELECT cmp_ok(count(*) FILTER (WHERE oracle = s AND s ~ '[0-9A-Fa-f]:.*:'), '>', 4000::bigint,
              'and many nearly') FROM stripped;
SELECT cmp_ok(count(*) FILTER (WHERE oracle ~ '^[0-9.]+$' AND s ~ ':.*:'), '>', 40::bigint, 'some stand for IPv4') FROM stripped;
SELECT is_empty($$ SELECT left(s, 100), left(answer, 100), left(oracle, 100) FROM stripped
                   WHERE answer IS DISTINCT FROM oracle LIMIT 10 $$, 'strip_port as inet');
SELECT is_empty($$ SELECT left(s, 100) FROM stripped WHERE oracle ~ '^([0-9.]+|[0-9a-f:.]+(%.*)?)$' AND oracle <> '' AND azhunt.strip_port(answer) <> answer
                   AND oracle ~ '^([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+|.*:.*:.*)$' LIMIT 10 $$,
                'an address that is stripped stays as it is');

--
-- blob_name
--
CREATE TEMPORARY TABLE blobs AS
SELECT s, azhunt.blob_name(s) AS answer,
       coalesce(substring(s FROM '/([0-9A-Za-z_. \-]+)\?'), '') AS oracle
FROM pg_temp.hostile(44000, 30, ARRAY['/', '?', 'a', 'Z', '0', '_', '-', '.', ' ', '//', '/?', '?/',
     '/name.txt?', '/name', 'x?', '\', '%20', '(', E'\n', 'é', '😀', '\\contoso\share\', 'https://contoso.com', '']) AS s;

SELECT cmp_ok(count(*), '>=', 40000::bigint, 'blob_name: enough URIs') FROM blobs;
SELECT cmp_ok(count(*) FILTER (WHERE oracle <> ''), '>', 8000::bigint, 'many of them with a name') FROM blobs;
SELECT is_empty($$ SELECT left(s, 100), left(answer, 100), left(oracle, 100) FROM blobs
                   WHERE answer IS DISTINCT FROM oracle LIMIT 10 $$, 'blob_name as substring');

--
-- file_name
--

-- The characters that escapes spell, or NULL for none
CREATE FUNCTION pg_temp.unescape(escapes text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    RETURN convert_from(decode(replace(escapes, '%', ''), 'hex'), 'UTF8');
EXCEPTION WHEN character_not_in_repertoire THEN
    RETURN NULL;
END
$$;

-- Each run of escapes is decoded from its start; where the shortest that
-- spells a character is not found, one byte of the string stays as it is.
CREATE FUNCTION pg_temp.percent_decode_oracle(string text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    decoded text := '';
    rest text := string;
    part text;
    spelled text;
BEGIN
    LOOP
        part := substring(rest FROM '^[^%]+');
        IF part IS NULL THEN
            EXIT WHEN rest = '';
            FOR n IN 1 .. 4 LOOP
                part := substring(rest FROM '^(?:%[0-9A-Fa-f]{2}){' || n || '}');
                EXIT WHEN part IS NULL;
                spelled := pg_temp.unescape(part);
                EXIT WHEN spelled IS NOT NULL;
            END LOOP;
            IF part IS NULL OR spelled IS NULL THEN
                part := '%';
                spelled := '%';
            END IF;
        ELSE
            spelled := part;
        END IF;
        decoded := decoded || spelled;
        rest := substr(rest, length(part) + 1);
    END LOOP;
    RETURN decoded;
END
$$;

CREATE FUNCTION pg_temp.file_name_oracle(uri text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    path text;
BEGIN
    IF left(uri, 2) = '\\' THEN
        RETURN coalesce(substring(uri FROM '^\\\\[^\\]*\\[^\\]*\\(?:.*[\\/])?([^\\/]*)$'), '');
    END IF;
    path := regexp_replace(uri, '[?#].*$', '');
    IF path ~ '^[^:/]*://' THEN
        path := regexp_replace(path, '^[^:/]*://[^/]*', '');
    END IF;
    RETURN substring(pg_temp.percent_decode_oracle(path) FROM '[^\\/]*$');
END
$$;

CREATE TEMPORARY TABLE files AS
SELECT s, azhunt.file_name(s) AS answer, pg_temp.file_name_oracle(s) AS oracle
FROM pg_temp.hostile(44000, 40, ARRAY['/', '\', '?', '#', ':', '%', '%2F', 'a', '0', 'F', 'https://', 'contoso.com',
       '\\contoso\share\', '%5c', '%25', '%00', '%C3%BC', '%E2%82%AC', '%F0%9F%98%80', '%C0%AF', '%E0%80%AF',
       '%F0%80%80%AF', '%ED%A0%BD', '%F4%90%80%80', '%80', '%FF', '%C3', '%E2%82', '%F0%9F', '%4', '%zz', '%0a',
       'é', '😀', E'\n', '', 'name.txt', '+', ' ', 'C:\', '%e1%88%b4', '%41', '://'], 50) AS s;

SELECT cmp_ok(count(*), '>=', 40000::bigint, 'file_name: enough URIs') FROM files;
SELECT cmp_ok(count(*) FILTER (WHERE oracle <> '' AND strpos(s, oracle) = 0), '>', 4000::bigint,
              'many of them with characters decoded') FROM files;
SELECT cmp_ok(count(*) FILTER (WHERE oracle ~ '%[0-9A-Fa-f]{2}'), '>', 4000::bigint,
              'and many with escapes that spell none') FROM files;
SELECT cmp_ok(count(*) FILTER (WHERE s LIKE '\\\\%' AND oracle <> ''), '>', 200::bigint,
              'and UNC paths') FROM files;
SELECT is_empty($$ SELECT left(s, 100), left(answer, 100), left(oracle, 100) FROM files
                   WHERE answer IS DISTINCT FROM oracle LIMIT 10 $$, 'file_name as convert_from and substring');
SELECT ok(azhunt.file_name('/' || repeat('%41', 1000000)) = repeat('A', 1000000)
          AND azhunt.file_name('/' || repeat('%F0%9F%98%80', 100000)) = repeat('😀', 100000)
          AND azhunt.file_name('/' || repeat('%80', 1000000)) = repeat('%80', 1000000)
          AND azhunt.file_name(repeat('%2F', 1000000) || 'a') = 'a', 'very long names');

--
-- has
--

-- The letters that are here: the Kelvin sign and the long s are two of them
CREATE FUNCTION pg_temp.folded(s text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN translate(s, 'ABCDEFGHIJKLMNOPQRSTUVWXYZÉМſ' || U&'\212A', 'abcdefghijklmnopqrstuvwxyzéмsk');

CREATE TEMPORARY TABLE terms AS
SELECT s, term, azhunt.has(s, term) AS answer,
       term = '' OR
       pg_temp.folded(s) ~
       (CASE WHEN pg_temp.folded(term) ~ '^[0-9a-zéм日]' THEN '(^|[^0-9a-zéм日])' ELSE '' END
        || regexp_replace(pg_temp.folded(term), '([][(){}.*+?^$|\\])', '\\\1', 'g')
        || CASE WHEN pg_temp.folded(term) ~ '[0-9a-zéм日]$' THEN '($|[^0-9a-zéм日])' ELSE '' END) AS oracle
FROM (SELECT s, coalesce(CASE pg_temp.draw(i, 51, 4)
                             -- a part of the string, or of another, or of it in other case
                             WHEN 0 THEN substr(s, 1 + pg_temp.draw(i, 52, 12), pg_temp.draw(i, 53, 8))
                             WHEN 1 THEN substr(lag(s) OVER (ORDER BY i), 1 + pg_temp.draw(i, 52, 4), pg_temp.draw(i, 53, 5))
                             WHEN 2 THEN upper(substr(s, 1 + pg_temp.draw(i, 52, 12), pg_temp.draw(i, 53, 8)))
                             ELSE substr('a-b.A', 1 + pg_temp.draw(i, 52, 5), pg_temp.draw(i, 53, 3)) END, '') AS term
      FROM pg_temp.hostile(44000, 50, ARRAY['a', 'A', 'b', '-', '.', '_', ' ', '0', '9', 'Z', 'ab', 'a-b',
           '(', ')', '[', ']', '{', '}', '*', '+', '?', '^', '$', '|', '\', '/', ':', E'\n', 'é', 'É', '😀', 'K', U&'\212A', 'ſ', 'м', 'М', '日', '。',
           'cloud-shell-storage', 'CLOUD-SHELL', '']) WITH ORDINALITY AS h (s, i)) AS v;

SELECT cmp_ok(count(*), '>=', 40000::bigint, 'has: enough strings') FROM terms;
SELECT cmp_ok(count(*) FILTER (WHERE oracle AND term <> ''), '>', 4000::bigint, 'many have the term') FROM terms;
SELECT cmp_ok(count(*) FILTER (WHERE NOT oracle AND strpos(lower(s), lower(term)) > 0), '>', 4000::bigint,
              'and many have it inside another') FROM terms;
SELECT is_empty($$ SELECT left(s, 100), left(term, 100), answer, oracle FROM terms
                   WHERE answer IS DISTINCT FROM oracle LIMIT 10 $$, 'has as a regular expression');

-- long strings are searched in parts, and the term may stand across any two
SELECT is_empty($$ SELECT place FROM
    (SELECT place, repeat(' ', place) || repeat('Term ', 4000) AS start, repeat(' ', 400 - place) AS rest
     FROM generate_series(0, 400) AS place) AS s
    WHERE NOT azhunt.has(start || rest, repeat('tERM ', 4000)) OR NOT azhunt.has(start || 'Term' || rest, repeat('tERM ', 4000) || 'term')
       OR azhunt.has(start || 'Terms' || rest, repeat('tERM ', 4000) || 'term') $$, 'has in long strings');
SELECT is_empty($$ SELECT place FROM
    (SELECT place, repeat('é ', place) || repeat('Мир ', 4000) AS start, repeat(' é', 400 - place) AS rest
     FROM generate_series(0, 400, 7) AS place) AS s
    WHERE NOT azhunt.has(start || rest, repeat('мИР ', 4000)) OR NOT azhunt.has(start || 'Мир' || rest, repeat('мИР ', 4000) || 'мир')
       OR azhunt.has(start || 'Мира' || rest, repeat('мИР ', 4000) || 'мир') $$, 'has in long strings of other letters');

-- a term that nearly stands at many places takes time in proportion to the
-- string's length: 16 times as long a string would take 256 times as long if
-- every place were compared to the end
CREATE FUNCTION pg_temp.slowdown(word text, ending text) RETURNS double precision
LANGUAGE plpgsql AS $$
DECLARE
    best double precision[] := '{infinity,infinity}';
    words integer[] := '{500,8000}';
    s text;
    term text;
    started timestamptz;
BEGIN
    FOR i IN 0..19 LOOP
        s := repeat(word, words[1 + i % 2]) || ' ' || ending;
        term := repeat(word, words[1 + i % 2] / 2) || ending;
        started := clock_timestamp();
        IF azhunt.has(s, term) THEN
            RAISE EXCEPTION 'the term is not there';
        END IF;
        best[1 + i % 2] := least(best[1 + i % 2], extract(epoch FROM clock_timestamp() - started));
    END LOOP;
    RETURN best[2] / best[1];
END
$$;
SELECT cmp_ok(pg_temp.slowdown(v.word, v.ending), '<', 64::double precision, 'has in proportion: ' || v.word || ', ' || v.ending)
FROM (VALUES ('Мир ', 'Мира'), ('Мир ', 'Ми'), ('-Мир', 'ы'), ('Term ', 'Terms'), ('e ', 'é')) AS v (word, ending);

SELECT * FROM finish();
ROLLBACK;
