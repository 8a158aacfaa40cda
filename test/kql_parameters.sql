-- Query parameters of KQL: their values, their defaults, and that a value can be
-- nothing else than a value.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TIME ZONE 'America/New_York';
SELECT plan(18);

CREATE FUNCTION pg_temp.error_of(query text, parameters jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text;
    hint text;
BEGIN
    PERFORM azhunt.kql(query, parameters);
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN concat(SQLSTATE, ' ', message, ' ', hint);
END $$;

SELECT is((SELECT jsonb_agg(r) FROM azhunt.kql('declare query_parameters(n:long = 3, s:string = "x"); print a = n + 1, b = s') AS r),
          '[{"a": 4, "b": "x"}]', 'a parameter has its default');
SELECT is((SELECT jsonb_agg(r) FROM azhunt.kql('declare query_parameters(n:long = 3, s:string = "x"); print a = n + 1, b = s', '{"s": "y"}') AS r),
          '[{"a": 4, "b": "y"}]', 'or the value that is given');
SELECT is((SELECT jsonb_agg(r) FROM azhunt.kql('declare query_parameters(q:long); print q = q, r = 2', '{"q": 1}') AS r),
          '[{"q": 1, "r": 2}]', 'and may be called as what kql() calls its rows');
SELECT is((SELECT jsonb_agg(r) FROM azhunt.kql('declare query_parameters(a:datetime, b:timespan, c:bool, d:real, e:guid, f:dynamic, g:decimal, h:int); print a, b, c, d, e, f, g, h',
    '{"a": "2026-01-02T03:04:05Z", "b": "1.02:03:04", "c": true, "d": -1.5e3, "e": "74be27de-1e4e-49d9-b579-fe0b331d3642", "f": {"k": ["é", "\t\"", null]}, "g": "1.10", "h": -7}') AS r),
          '[{"print_0": "2026-01-01T22:04:05-05:00", "print_1": "26:03:04", "print_2": true, "print_3": -1500, "print_4": "74be27de-1e4e-49d9-b579-fe0b331d3642", "print_5": {"k": ["é", "\t\"", null]}, "print_6": 1.10, "print_7": -7}]',
          'of every type');
SELECT is((SELECT jsonb_agg(r) FROM azhunt.kql('declare query_parameters(n:long = 1, s:string = "x"); print isnull(n), isempty(s)', '{"n": null, "s": null}') AS r),
          '[{"print_0": true, "print_1": true}]', 'null is null, or the empty string');
SELECT is((SELECT jsonb_agg(r) FROM azhunt.kql('declare query_parameters(who:string); let f = (x:string) { strcat(x, who) }; datatable(a:string)["1", "2"] | where f(a) == "2me"', '{"who": "me"}') AS r),
          '[{"a": "2"}]', 'functions see it');
SELECT is((SELECT jsonb_agg(r) FROM azhunt.kql('declare query_parameters(who:string); print who', jsonb_build_object('who', t)) AS r),
          jsonb_build_array(jsonb_build_object('print_0', t)), 'a string is a string')
FROM unnest(ARRAY[$$'; DROP TABLE x; --$$, $$"); print ("$$, E'\\', E'line\nline']) AS t;

SELECT is(pg_temp.error_of('declare query_parameters(n:long); print n', '{}'),
          '42601 KQL query has an error at line 1, column 26: query parameter "n" has no value Give it one when the query is compiled, or a default where it is declared.', 'a value may be missing');
SELECT is(pg_temp.error_of('declare query_parameters(number:long = 1); print number', '{"numbr": 1}'),
          '42601 KQL query has an error at line 1, column 1: the query declares no parameter "numbr" Perhaps you meant "number".', 'or be for no parameter');
SELECT is(pg_temp.error_of('declare query_parameters(n:long); print n', '{"n": "1) | take (1"}'),
          '42601 KQL query has an error at line 1, column 26: "1) | take (1" is no long, which query parameter "n" is ', 'a value has the type');
SELECT is(pg_temp.error_of('declare query_parameters(n:long = now()); print n', '{}'),
          '42601 KQL query has an error at line 1, column 35: the default of query parameter "n" has to be a literal ', 'a default is a literal');
SELECT is(pg_temp.error_of('declare query_parameters(n:long = 1, n:long = 2); print n', '{}'),
          '42601 KQL query has an error at line 1, column 38: query parameter "n" is declared twice ', 'a name is declared once');
SELECT is(pg_temp.error_of('print 1', '[1]'),
          '22023 parameters must be a JSON object, such as {"name": "value"} ', 'parameters are an object');

SELECT results_eq($$SELECT * FROM azhunt.kql_columns('declare query_parameters(n:long, s:string); print n, x = strcat(s, "!")')$$,
                  $$VALUES ('print_0', 'long'), ('x', 'string')$$, 'the columns do not depend on values');
SELECT azhunt.create_kql_view('pg_temp.answer', 'declare query_parameters(n:long = 1); print n', '{"n": 42}');
SELECT results_eq('SELECT * FROM answer', 'VALUES (42::bigint)', 'a view has the values that it was made with');

SELECT * FROM finish();
ROLLBACK;
