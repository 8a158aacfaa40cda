--
-- SQL values as KQL's dynamic values: what make_list, make_set and bag_pack
-- make of each type
--
SET search_path TO public, azhunt;

-- none of these may change a value
SET TimeZone TO 'America/New_York';
SET DateStyle TO 'SQL, DMY';
SET extra_float_digits TO -15;
SET IntervalStyle TO 'iso_8601';
SET bytea_output TO 'escape';

--
-- numbers stay numbers
--
SELECT make_list(x) AS smallint FROM unnest('{-32768,0,32767,null}'::smallint[]) AS x;
SELECT make_list(x) AS integer FROM unnest('{-2147483648,0,2147483647}'::integer[]) AS x;
SELECT make_list(x) AS bigint FROM unnest('{-9223372036854775808,0,9223372036854775807}'::bigint[]) AS x;
SELECT make_list(x) AS numeric
FROM unnest('{0,-0.0,1.50,1e-30,123456789012345678901234567890.123456789,NaN,Infinity,-Infinity}'::numeric[]) AS x;
SELECT make_list(x) AS real FROM unnest('{0.1,-0,1.17549e-38,3.4028235e38,NaN,Infinity,-Infinity}'::real[]) AS x;
SELECT make_list(x) AS "double precision"
FROM unnest('{0.1,-0,0.30000000000000004,1e-10,1e20,NaN,Infinity,-Infinity}'::double precision[]) AS x;
SELECT bool_and((make_list ->> 0)::double precision = x) AS none_is_rounded
FROM (SELECT x, make_list(x)
      FROM unnest('{5e-324,2.2250738585072014e-308,1.7976931348623157e308,3.141592653589793}'::double precision[]) AS x
      GROUP BY x) AS v;

-- equal numbers are one element, whatever their scale
SELECT make_set(x) AS one, make_set(x ORDER BY n) AS first, make_set(x ORDER BY n DESC) AS last, make_set(x, 1) AS one_of_one,
       make_list(x ORDER BY n) AS list
FROM unnest('{1.00,1.0,1,1e0,1.50,1.5}'::numeric[]) WITH ORDINALITY AS v (x, n);
SELECT make_set(x) AS short, make_set(x ORDER BY n DESC) AS last, make_list(x ORDER BY n) AS list
FROM unnest(ARRAY['{"a": [1.00, {"b": 2.50}], "c": 100}', '{"a": [1.0, {"b": 2.5}], "c": 1e2}', '{"a": [1, {"b": 2.500}], "c": 100.0}',
                  '1.0', '1', '"1.0"', '[1.10]', '[1.1]']::jsonb[]) WITH ORDINALITY AS v (x, n);
SELECT make_set(x) AS arrays FROM unnest(ARRAY['(1.0)', '(1.00)']) AS r (s), LATERAL (SELECT ARRAY[trim('()' FROM s)::numeric]) AS v (x);
SELECT make_set(x) AS zeros FROM unnest('{0,-0}'::double precision[]) AS x;
SELECT make_set(x) FROM unnest('{NaN,1,NaN,Infinity,-Infinity,-1}'::numeric[]) AS x;

--
-- booleans and strings
--
SELECT make_list(x) AS boolean, make_set(x) FROM unnest('{true,false,null,true}'::boolean[]) AS x;
SELECT make_list(x) AS text, make_set(x) FROM unnest('{b,"",B,a,null,"a ",é,b}'::text[]) AS x;
SELECT make_list(x) AS varchar FROM unnest('{b,"",a}'::varchar(10)[]) AS x;
SELECT make_list(x) AS char FROM unnest('{b,a}'::char(3)[]) AS x;
SELECT make_list(x) AS name FROM unnest('{b,a}'::name[]) AS x;
SELECT make_list(E'"quoted" \\ \b\f\n\r\t\u0001 / </script>'::text) AS escapes;

--
-- times: ISO 8601, in UTC if they have a time zone
--
SELECT make_list(x) AS timestamptz
FROM unnest('{2026-03-08 10:58:59.999999+00,2026-03-08 02:30-05,1970-01-01 00:00+05:30,infinity,-infinity}'::timestamptz[]) AS x;
SELECT make_list(x) AS timestamptz_extremes
FROM unnest('{4714-11-24 00:00:00+00 BC,0001-12-31 23:59:59.999999+00 BC,0001-01-01 00:00+00,294276-12-31 23:59:59.999999+00}'::timestamptz[]) AS x;
SELECT make_list(x) AS timestamp
FROM unnest('{2026-03-08 02:30:00.1,0044-03-15 12:00 BC,infinity,-infinity}'::timestamp[]) AS x;
SELECT make_list(x) AS date FROM unnest('{2026-03-08,0044-03-15 BC,infinity,-infinity,5874897-12-31}'::date[]) AS x;
SELECT make_list(x) AS time FROM unnest('{10:58:59.999999,24:00}'::time[]) AS x;
SELECT make_list(x) AS timetz FROM unnest('{10:58+01}'::timetz[]) AS x;
SELECT make_list(x) AS interval FROM unnest('{1 day 02:03:04.5,-1 mon}'::interval[]) AS x;
-- one instant in two zones is one element
SELECT make_set(x) FROM unnest('{2026-03-08 10:00+00,2026-03-08 05:00-05,2026-03-08 09:00+00}'::timestamptz[]) AS x;

--
-- json and jsonb stay what they are; a JSON null is a null
--
SELECT make_list(x) AS jsonb
FROM unnest(ARRAY['1.50', '"s"', 'true', 'null', '[]', '{}', '[1,[2,null],{"a":null}]', '{"b":1,"a":{"c":[]}}', NULL]::jsonb[]) AS x;
SELECT make_list(x) AS json
FROM unnest(ARRAY['1.50', '"s"', 'true', 'null', '[ ]', '{"b":1, "a":2, "a":3}', NULL]::json[]) AS x;
SELECT make_set(x) AS jsonb_set
FROM unnest(ARRAY['{"b":1,"a":2}', '{"a":2,"b":1.0}', '[1,2]', '[2,1]', '1', '1.0', '"1"', '"1"', 'null']::jsonb[]) AS x;

--
-- other types as to_jsonb() has them
--
CREATE TYPE risk AS ENUM ('low', 'high');
CREATE DOMAIN address AS text;
CREATE DOMAIN counter AS integer;
CREATE DOMAIN moment AS timestamptz;
CREATE DOMAIN numbers AS integer[];
SELECT make_list(x) AS uuid FROM unnest('{01234567-89AB-CDEF-0123-456789ABCDEF}'::uuid[]) AS x;
SELECT make_list(x) AS inet FROM unnest('{203.0.113.7,2001:DB8::/32}'::inet[]) AS x;
SELECT make_list(x) AS bytea FROM unnest(ARRAY['\x00ff'::bytea]) AS x;
SELECT make_list(x) AS enum FROM unnest('{high,low}'::risk[]) AS x;
SELECT make_list(x::address) AS domain_text FROM unnest('{b,a}'::text[]) AS x;
SELECT make_list(x::counter) AS domain_integer FROM unnest('{2,1}'::integer[]) AS x;
SELECT make_list(x::moment) AS domain_timestamptz FROM unnest('{2026-03-08 10:00+00}'::timestamptz[]) AS x;
SELECT make_list(x) AS range FROM unnest(ARRAY['[1,3)'::int4range]) AS x;
SELECT make_list(x) AS tstzrange FROM unnest(ARRAY['[2026-03-08 10:58+00,2026-03-08 05:59-05)'::tstzrange]) AS x;
SELECT make_list(x) AS datemultirange FROM unnest(ARRAY['{[2026-03-01,2026-03-08)}'::datemultirange]) AS x;
SELECT make_list(x) AS money FROM unnest('{1234.5}'::money[]) AS x;
SELECT make_list(x) AS point FROM unnest(ARRAY['(0.1,3)'::point]) AS x;
SELECT bag_pack('class', 'azhunt.runs'::regclass, 'function', 'azhunt.strip_port'::regproc, 'type', 'text'::regtype) AS names;
-- all of them, inside others, under other settings
SELECT bag_pack('members', ARRAY['1 day 02:03:04.5'::interval], 'row', ROW ('\x00ff'::bytea, tstzrange('2026-03-08 10:58+00', NULL))) AS bag \gset
SET TimeZone TO 'Asia/Kolkata';
SET DateStyle TO 'German';
SET IntervalStyle TO 'sql_standard';
SET bytea_output TO 'hex';
SELECT bag_pack('members', ARRAY['1 day 02:03:04.5'::interval], 'row', ROW ('\x00ff'::bytea, tstzrange('2026-03-08 10:58+00', NULL))) = :'bag'::jsonb AS same,
       :'bag' AS bag;
-- which stay as they were
SELECT current_setting('TimeZone') AS timezone, current_setting('DateStyle') AS datestyle, current_setting('IntervalStyle') AS intervalstyle,
       current_setting('bytea_output') AS bytea_output;
SET TimeZone TO 'America/New_York';
SET DateStyle TO 'SQL, DMY';
SET IntervalStyle TO 'iso_8601';
SET bytea_output TO 'escape';
SELECT make_list(x) AS oid FROM unnest('{1,4294967295}'::oid[]) AS x;

--
-- arrays and rows, whose members follow the same rules
--
SELECT make_list(x)
FROM (VALUES ('{}'::text[]), ('{a,null,b}'), ('{{a,b},{c,d}}'), ('[5:6]={x,y}')) AS v(x);
SELECT make_list(x) AS three_dimensions FROM (VALUES ('{{{1,2},{3,null}},{{5,6},{7,8}}}'::integer[])) AS v(x);
SELECT make_list(x) AS nan FROM (VALUES ('{1.5,NaN,Infinity}'::double precision[])) AS v(x);
SELECT make_list(x) AS times FROM (VALUES ('{2026-03-08 10:58+00,infinity}'::timestamptz[])) AS v(x);
SELECT make_list(x) AS jsonb_members FROM (VALUES (ARRAY['null', '[null]', '"s"', NULL]::jsonb[])) AS v(x);
SELECT make_list(x::numbers) AS domain_over_array FROM (VALUES ('{3,1}'::integer[])) AS v(x);
SELECT make_set(x) AS set_of_arrays FROM (VALUES ('{2}'::integer[]), ('{1,2}'), ('{2}'), ('{}')) AS v(x);

CREATE TYPE login AS (account text, attempts integer, at timestamptz, risk risk, addresses inet[]);
CREATE DOMAIN checked_login AS login;
SELECT make_list(x)
FROM (VALUES (('alice', 2, '2026-03-08 10:58:59.5+00', 'high', '{203.0.113.7,null}')::login),
             (NULL),
             ((NULL, NULL, NULL, NULL, NULL)::login)) AS v(x);
SELECT make_list(x::checked_login) AS domain_over_row FROM (VALUES (('bob', 1, NULL, NULL, '{}')::login)) AS v(x);
SELECT make_list(ARRAY[x, NULL]) AS array_of_rows FROM (VALUES (('bob', 1, 'infinity', NULL, NULL)::login)) AS v(x);
SELECT make_list(ROW (1, 'two'::text, timestamptz '2026-03-08 10:58+00', ROW ('{1.50}'::numeric[], NULL))) AS record;
SELECT make_set(v) AS set_of_rows FROM (VALUES (2, 'b'), (1, 'b'), (2, 'b'), (NULL, 'b')) AS v(i, s);

-- rows of a table that lost a column and gained one
CREATE TABLE signins (i integer, gone text, at timestamptz, agent text);
INSERT INTO signins VALUES (1, 'x', '2026-03-08 10:58+00', repeat('Agent', 20000)), (2, 'y', NULL, 'short');
ALTER TABLE signins DROP COLUMN gone;
ALTER TABLE signins ADD COLUMN added integer DEFAULT 7;
SELECT jsonb_path_query_array(make_list(s), '$[*].keyvalue().key') AS keys,
       make_list(s) #> '{0,at}' AS at,
       make_list(s) #> '{0,added}' AS added,
       length(make_list(s) #>> '{0,agent}') AS length,
       make_list(s) -> 1 AS second
FROM signins AS s;

-- arrays and rows that PL/pgSQL keeps in its own form
DO $$
DECLARE
    a integer[] := '{}';
    l login;
BEGIN
    FOR i IN 1 .. 3 LOOP
        a[i] := i * i;
    END LOOP;
    l.account := 'carol';
    l.at := '2026-03-08 10:58+00';
    RAISE INFO '% %', (SELECT azhunt.make_list(a)), (SELECT azhunt.make_list(l));
    RAISE INFO '%', azhunt.bag_pack('array', a, 'row', l);
END
$$;

-- nested deeper than the stack allows
SET max_stack_depth TO '300kB';
DO $$
DECLARE
    r record := ROW (1);
BEGIN
    FOR i IN 1 .. 3000 LOOP
        r := ROW (r);
    END LOOP;
    PERFORM azhunt.make_list(r);
    RAISE INFO 'not refused';
EXCEPTION WHEN statement_too_complex THEN
    RAISE INFO '%', SQLERRM;
END
$$;
RESET max_stack_depth;

--
-- bag_pack
--
SELECT bag_pack('AccountUsed', 'alice@contoso.com'::text,
                'AzureLoginTime', timestamptz '2026-03-08 10:58:59.5+00',
                'IPUsed', NULL,
                'Attempts', 3, 'Ratio', 0.50, 'Interactive', true, 'Date', date '2026-03-08',
                'Details', '{"b": [1, null]}'::jsonb, 'Tags', '{x,null}'::text[]);
SELECT bag_pack('a', 1, 'a', 2) AS last_value_wins, bag_pack('', '') AS empty_key,
       bag_pack('k'::varchar, 1, 'd'::address, 2) AS keys_of_other_types;
SELECT bag_pack(VARIADIC '{a,1,b,null}'::text[]) AS variadic,
       bag_pack(VARIADIC '{}'::text[]) AS nothing,
       bag_pack(VARIADIC NULL::text[]) IS NULL AS null;
SELECT bag_pack('at', x) FROM unnest('{infinity,0044-03-15 12:00+00 BC}'::timestamptz[]) AS x;
SELECT bag_pack('json null', 'null'::jsonb, 'array', '[]'::json);

SELECT bag_pack('a');
\echo :SQLSTATE
SELECT bag_pack('a', 1, 'b');
SELECT bag_pack('a', 1, NULL, 2);
\echo :SQLSTATE
SELECT bag_pack('a', 1, NULL::text, 2);
SELECT bag_pack(1, 'a');
\echo :SQLSTATE
SELECT bag_pack(VARIADIC '{a,b,c}'::text[]);

DROP TABLE signins;
DROP DOMAIN address, counter, moment, numbers, checked_login;
DROP TYPE login, risk;

-- nor does how the session quotes names
SET quote_all_identifiers = on;
SELECT azhunt.bag_pack('k'::text, 'pg_class'::regclass), azhunt.make_set('pg_class'::regclass);
RESET quote_all_identifiers;
