-- View results: one row for each result, over the matches of any hunt.
BEGIN;
SELECT plan(25);

-- A hunt of this test's own, to which a rule of it is added by hand: the view
-- knows nothing but the catalogue and the matches.
INSERT INTO azhunt.hunts (hunt, schema, title, description, tactics, techniques, entity_mappings, tables, default_options, reach, result_key, summary)
VALUES ('mine', 'public', 'Mine', 'Finds.', '{Discovery}', '{T1580}', '[]', '{azureactivity}', '{"window": "01:00:00"}', 'window',
        '{Place,account,Missing}', '{Verb} by {account} at {address} in {Place}: {matches} of {Missing}{Many}, last {time}.');
INSERT INTO azhunt.rules (rule, hunt, severity) VALUES ('a', 'mine', 'Low'), ('b', 'mine', 'High');
SET LOCAL TimeZone = 'UTC';

-- 150 matches of one result, found by three runs, the later ones by later runs;
-- and one of each of two other results.
INSERT INTO azhunt.matches (rule, "time", account, address, details, key, result_id, run, found_at)
SELECT 'a', timestamptz '2026-03-10 08:00Z' + n * interval '1 second', 'user' || n % 2, CASE WHEN n % 3 = 0 THEN '192.0.2.' || n % 2 END,
       jsonb_build_object('Place', 'here', 'Verb', 'Step ' || n, 'Many', '[]'::jsonb), int4send(n), '00000000-0000-0000-0000-00000000000a', (n - 1) / 50 + 1,
       timestamptz '2026-03-10 09:00Z' + (n - 1) / 50 * interval '1 hour'
FROM generate_series(1, 150) AS n
ORDER BY hashint4(n);
INSERT INTO azhunt.matches (rule, "time", account, address, details, key, result_id, run, found_at)
VALUES ('b', '2026-03-10 08:00Z', 'user1', NULL, '{"Place": "there", "Verb": "Only {account}"}', '', '00000000-0000-0000-0000-00000000000b', 3, '2026-03-10 11:00Z'),
       ('b', '2026-03-10 08:00Z', NULL, NULL, '{}', 'x', '00000000-0000-0000-0000-00000000000c', 3, '2026-03-10 11:00Z');

SELECT results_eq('SELECT rule, hunt, title, description, tactics, techniques, severity FROM azhunt.results ORDER BY result_id', $$
    VALUES ('a', 'mine', 'Mine', 'Finds.', '{Discovery}'::text[], '{T1580}'::text[], 'Low'), ('b', 'mine', 'Mine', 'Finds.', '{Discovery}', '{T1580}', 'High'),
           ('b', 'mine', 'Mine', 'Finds.', '{Discovery}', '{T1580}', 'High')$$, 'a result has what its rule and hunt say');
SELECT results_eq('SELECT "time", account, address, matches, hidden, first_run, run, found_at FROM azhunt.results ORDER BY result_id', $$
    VALUES ('2026-03-10 08:02:30Z'::timestamptz, 'user0, user1', '192.0.2.0, 192.0.2.1', 150::bigint, 0::bigint, 1::bigint, 3::bigint, '2026-03-10 11:00Z'::timestamptz),
           ('2026-03-10 08:00Z', 'user1', NULL, 1, 0, 3, 3, '2026-03-10 11:00Z'), ('2026-03-10 08:00Z', NULL, NULL, 1, 0, 3, 3, '2026-03-10 11:00Z')$$,
    'and what all its matches have');
SELECT results_eq('SELECT summary FROM azhunt.results ORDER BY result_id', $$
    VALUES ('Step 150 by user0, user1 at 192.0.2.0, 192.0.2.1 in here: 150 of [], last 2026-03-10T08:02:30+00:00.'),
           ('Only {account} by user1 at  in there: 1 of , last 2026-03-10T08:00:00+00:00.'), (' by  at  in : 1 of , last 2026-03-10T08:00:00+00:00.')$$,
    'a summary of the latest match, in which names stand for values');

-- details: the key, and the latest matches
CREATE TEMP VIEW detail AS SELECT result_id, details, jsonb_array_length(details -> 'matches') AS length FROM azhunt.results;
SELECT results_eq($$SELECT details - 'matches', length FROM detail ORDER BY result_id$$,
    $$VALUES ('{"Place": "here"}'::jsonb, 100), ('{"Place": "there"}', 1), ('{}', 1)$$, 'details have what the result is told apart by, and at most 100 matches');
SELECT results_eq($$SELECT m.value ->> 'Verb' FROM detail AS d CROSS JOIN LATERAL jsonb_array_elements(d.details -> 'matches') WITH ORDINALITY AS m
                    WHERE d.length = 100 ORDER BY m.ordinality$$,
    $$SELECT 'Step ' || n FROM generate_series(150, 51, -1) AS n$$, 'the latest ones first');
SELECT results_eq($$SELECT details -> 'matches' -> 0 FROM detail WHERE result_id = '00000000-0000-0000-0000-00000000000b'$$,
    $$VALUES ('{"Place": "there", "Verb": "Only {account}"}'::jsonb)$$, 'as they are stored');

-- hidden matches are left out of all of it
INSERT INTO azhunt.allow_list (entity, value) VALUES ('account', 'USER0');
SELECT results_eq($$SELECT "time", account, address, matches, hidden, summary, jsonb_array_length(details -> 'matches'), details -> 'matches' -> 0 ->> 'Verb'
                    FROM azhunt.results WHERE rule = 'a'$$, $$
    VALUES ('2026-03-10 08:02:29Z'::timestamptz, 'user1', '192.0.2.1', 75::bigint, 75::bigint,
            'Step 149 by user1 at 192.0.2.1 in here: 75 of [], last 2026-03-10T08:02:29+00:00.', 75, 'Step 149')$$, 'what is hidden is in no column');
INSERT INTO azhunt.allow_list (entity, value) VALUES ('account', 'user1');
SELECT results_eq('SELECT result_id FROM azhunt.results', $$VALUES ('00000000-0000-0000-0000-00000000000c'::uuid)$$, 'a result that is hidden whole is not there');
DELETE FROM azhunt.allow_list;
SELECT results_eq($$SELECT hunt, rule, count(*), count(*) FILTER (WHERE hidden) FROM azhunt.screened_matches GROUP BY 1, 2 ORDER BY 2$$,
    $$VALUES ('mine', 'a', 150::bigint, 0::bigint), ('mine', 'b', 2, 0)$$, 'screened_matches has them all');

-- status
SELECT azhunt.set_status('00000000-0000-0000-0000-00000000000a', 'closed', 'known') \g /dev/null
SELECT results_eq('SELECT status, note, changed_by = session_user FROM azhunt.results ORDER BY result_id',
    $$VALUES ('closed', 'known', true), ('new', NULL, NULL), ('new', NULL, NULL)$$, 'a result has its status');
INSERT INTO azhunt.matches (rule, "time", account, details, key, result_id, run, found_at)
VALUES ('a', '2026-03-10 07:00Z', 'user1', '{"Place": "here"}', '', '00000000-0000-0000-0000-00000000000a', 3, '2026-03-10 11:00Z');
SELECT is((SELECT status FROM azhunt.results WHERE rule = 'a'), 'new', 'a match that was not there opens it, of whichever run');
SELECT azhunt.set_status('00000000-0000-0000-0000-00000000000a', 'closed', 'known') \g /dev/null
INSERT INTO azhunt.allow_list (entity, value) VALUES ('account', 'user0');
SELECT is((SELECT status FROM azhunt.results WHERE rule = 'a'), 'closed', 'one that is hidden changes nothing');
DELETE FROM azhunt.allow_list;
SELECT is((SELECT status FROM azhunt.results WHERE rule = 'a'), 'closed', 'nor one that is not any more');
INSERT INTO azhunt.matches (rule, "time", account, details, key, result_id, run, found_at)
VALUES ('a', '2026-03-10 06:00Z', 'user0', '{"Place": "here"}', '', '00000000-0000-0000-0000-00000000000a', 4, '2026-03-10 12:00Z');
SELECT is((SELECT status FROM azhunt.results WHERE rule = 'a'), 'new', 'one of a later run opens it');
INSERT INTO azhunt.allow_list (entity, value) VALUES ('account', 'user0');
SELECT is((SELECT status FROM azhunt.results WHERE rule = 'a'), 'closed', 'unless it is hidden');
SELECT is((SELECT count(*) FROM azhunt.results), 3::bigint, 'there are as many results as before');

-- what has no rule or no hunt is not shown
DELETE FROM azhunt.hunts WHERE hunt = 'mine';
SELECT is_empty('SELECT FROM azhunt.results', 'results of a hunt that is not there are not shown');
SELECT is((SELECT count(*) FROM azhunt.screened_matches), 154::bigint, 'its matches are');

-- the functions that the views call
SELECT results_eq($$SELECT azhunt.fill_in(t.template, '{"a": "x{b}", "b": 1.50, "c": true, "d": null, "e": {"f": ["g"]}, "": "empty", "ä": "ö"}') FROM unnest(ARRAY[
                    '', 'no name', '{a}', '{a}{b}{c}', '[{d}]', '{e}', '{}', '{ä}', '{none}.', 'a } b', 'a {b', '{a} {b {c} d', '{{']) WITH ORDINALITY AS t (template, place)
                    ORDER BY t.place$$,
    $$VALUES (''), ('no name'), ('x{b}'), ('x{b}1.50true'), ('[]'), ('{"f": ["g"]}'), ('empty'), ('ö'), ('.'), ('a } b'), ('a b'), ('x{b}  d'), ('{')$$,
    'a summary says nothing of what is missing or null');
SELECT is(azhunt.members('{"a": 1, "bb": [{"c": null}], "d": "e"}', '{bb,none,a,a,NULL}'), '{"a": 1, "bb": [{"c": null}]}', 'members by their names');
SELECT is(azhunt.fill_in('{{a}} {a} }} {{{a}}} } {', '{"a": 1}'), '{a} 1 } {1} } ', 'two braces are one');
SELECT is(ARRAY[azhunt.fill_in('[{a}]', '["a"]'), azhunt.members('["a"]', '{a}')::text, azhunt.members('"a"', '{a}')::text], ARRAY['[]', '{}', '{}'], 'what is no object has no members');
SELECT throws_ok($$INSERT INTO azhunt.matches (rule, "time", details, key, result_id, run, found_at)
                   SELECT 'a', now(), d, azhunt.match_key(NULL, NULL, NULL, NULL, d), azhunt.match_result_id('a', '{a}', now(), NULL, NULL, NULL, NULL, d), 1, now()
                   FROM (VALUES ('["a"]'::jsonb)) AS v (d)$$, '23514', NULL, 'nor can it be a match');

CREATE TEMP TABLE some_matches AS
SELECT n % 3 AS g, timestamptz '2026-03-10 08:00Z' + n / 9 * interval '1 minute' AS t, jsonb_build_object('n', n % 7, 'padding', repeat('x', n % 5)) AS d,
       CASE WHEN n % 2 = 0 THEN 'A' || n % 5 ELSE 'a' || n % 4 END AS text
FROM generate_series(1, 200) AS n
ORDER BY hashint4(n);
INSERT INTO some_matches VALUES (3, NULL, '{}', NULL), (3, now(), NULL, NULL);
SELECT results_eq('SELECT g, azhunt.latest_details(t, d) FROM some_matches GROUP BY g ORDER BY g',
    'SELECT g, (SELECT m.d FROM some_matches AS m WHERE m.g = s.g AND m.t IS NOT NULL AND m.d IS NOT NULL ORDER BY m.t DESC, m.d DESC LIMIT 1)
     FROM (SELECT DISTINCT g FROM some_matches) AS s ORDER BY g', 'the latest match, and of several the greatest');
SELECT results_eq('SELECT g, azhunt.array_of_texts(text) FROM some_matches GROUP BY g ORDER BY g',
    'SELECT g, array_agg(DISTINCT text COLLATE "C" ORDER BY text COLLATE "C") FILTER (WHERE text IS NOT NULL) COLLATE "default" FROM some_matches GROUP BY g ORDER BY g',
    'texts in the order of their bytes');

SELECT * FROM finish();
ROLLBACK;
