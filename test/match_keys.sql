-- The digests of matches.  They are restored from dumps that other machines made,
-- so what they are is fixed here, as Python's hashlib.blake2b() computes it.
BEGIN;
SELECT plan(9);

CREATE FUNCTION pg_temp.key(details jsonb) RETURNS text LANGUAGE sql
RETURN encode(azhunt.match_key(NULL, NULL, NULL, NULL, details), 'hex');

SELECT is(pg_temp.key('{}'), 'cf7c454abfe63cdefdb966f3dd4d6845de4abf0508c3feb619214ad0376b2a27', 'nothing but nulls');
SELECT is(encode(azhunt.match_key('adele@contoso.com', '203.0.113.1', 'Edge', 'contosodata',
                                  '{"b": 1.50, "cc": [true, false, null], "aaa": {"x": "é"}}'), 'hex'),
          'fdd4f6e047ebfae784bf35edf678b44a9931a89a8bb1c8363e206ecb7fca1d51', 'all that JSON has');
SELECT is(pg_temp.key(jsonb_build_object('k', repeat('a', 108))),
          'a5a3e36aa50dc399d862ce9ef81b2a561a853e11a3a4e58b741a5c4f76e67960', 'as much as one block takes');
SELECT is(pg_temp.key(jsonb_build_object('k', repeat('a', 109))),
          '6fd965f14c88b24831f7fa5cfe5111cbac566cb4e7603b1bf74d6e57c57b680b', 'one more byte');
SELECT is(pg_temp.key(jsonb_build_object('k', repeat('a', 1000))),
          '85d27486d5408eb8bcf5e46cccdd351c4171ba27de27d39787fea82767bd5adb', 'many blocks');

-- What differs must have another key, wherever the difference is.
SELECT is((SELECT count(DISTINCT azhunt.match_key(m.account, m.address, m.useragent, m.storageaccount, m.details))
           FROM (VALUES (NULL, NULL, NULL, NULL, '{}'::jsonb),
                        ('', NULL, NULL, NULL, '{}'), (NULL, '', NULL, NULL, '{}'), (NULL, NULL, '', NULL, '{}'), (NULL, NULL, NULL, '', '{}'),
                        ('ab', 'c', NULL, NULL, '{}'), ('a', 'bc', NULL, NULL, '{}'), ('a', 'b', 'c', NULL, '{}'),
                        ('a', 'b', NULL, NULL, '{"c": "d"}'), ('a', 'b', NULL, NULL, '{"c": ["d"]}'), ('a', 'b', NULL, NULL, '{"c": {"d": null}}'),
                        ('a', 'b', NULL, NULL, '{"cd": ""}'), ('a', 'b', NULL, NULL, '{"c": "", "d": ""}'), ('a', 'b', NULL, NULL, '{"c": {"d": ""}}'),
                        ('a', 'b', NULL, NULL, '{"c": 1}'), ('a', 'b', NULL, NULL, '{"c": "1"}'), ('a', 'b', NULL, NULL, '{"c": true}'), ('a', 'b', NULL, NULL, '{"c": null}'),
                        ('a', 'b', NULL, NULL, '{"c": false}'), ('a', 'b', NULL, NULL, '{"c": [[], []]}'), ('a', 'b', NULL, NULL, '{"c": [[[]]]}'))
                AS m (account, address, useragent, storageaccount, details)),
          21::bigint, 'matches that differ have different keys');

SELECT is(azhunt.match_result_id('a rule', '{useragent,time,Number,Missing}', '2026-03-10 09:00Z', 'adele@contoso.com', NULL, 'Edge', NULL, '{"Number": 7, "Other": 8}'),
          azhunt.match_result_id('a rule', '{useragent,time,Number,Missing}', '2026-03-10 09:00Z', 'other', '192.0.2.1', 'Edge', 'x', '{"Number": 7, "Other": 9}'),
          'what is not in the key of a result does not count');
SELECT is(azhunt.match_result_id('a rule', '{useragent,time,Number,Missing}', '2026-03-10 09:00Z', NULL, NULL, 'Edge', NULL, '{"Number": 7}'),
          'dcc6a39f-81a4-d17c-bd23-7471b6629d33'::uuid, 'columns, the time, members and what is missing');
SELECT is((SELECT count(DISTINCT r.id)
           FROM (SELECT azhunt.match_result_id('a', '{account,P}', '2026-03-10 09:00Z', 'x', NULL, NULL, NULL, '{"P": "y"}')
                 UNION ALL SELECT azhunt.match_result_id('b', '{account,P}', '2026-03-10 09:00Z', 'x', NULL, NULL, NULL, '{"P": "y"}')
                 UNION ALL SELECT azhunt.match_result_id('a', '{account,P}', '2026-03-10 09:00Z', 'z', NULL, NULL, NULL, '{"P": "y"}')
                 UNION ALL SELECT azhunt.match_result_id('a', '{account,P}', '2026-03-10 09:00Z', 'x', NULL, NULL, NULL, '{"P": ["y"]}')
                 UNION ALL SELECT azhunt.match_result_id('a', '{account,P}', '2026-03-10 09:00Z', 'x', NULL, NULL, NULL, '{"P": null, "Q": "y"}')
                 UNION ALL SELECT azhunt.match_result_id('a', '{time,P}', '2026-03-10 09:00Z', 'x', NULL, NULL, NULL, '{"P": "y"}')
                 UNION ALL SELECT azhunt.match_result_id('a', '{time,P}', '2026-03-10 09:01Z', 'x', NULL, NULL, NULL, '{"P": "y"}')) AS r (id)),
          7::bigint, 'results that differ have different ids');

SELECT * FROM finish();
ROLLBACK;
