-- Arrays of KQL have at most 1048576 elements: more are an error, and nothing is
-- cut off in silence.  Times and timespans that Kusto does not have are none, the
-- nearest that it has, or an error.
BEGIN;
SELECT plan(20);

CREATE FUNCTION pg_temp.error_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text;
BEGIN
    PERFORM azhunt.kql(query);
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
    RETURN concat(SQLSTATE, ' ', message);
END $$;
SELECT is(pg_temp.error_of('print array_length(repeat(1, 9223372036854775807))'), '54000 an array of KQL cannot have 9223372036854775807 elements', 'repeat()');
SELECT is((SELECT r ->> 'print_0' FROM azhunt.kql('print array_length(repeat(1, 1000))') AS r), '1000', 'which may be long');
SELECT is(pg_temp.error_of('datatable(t:datetime)[datetime(2026-01-01)] | make-series count() on t from datetime(2020-01-01) to datetime(2026-01-01) step 1s'),
    '54000 an array of KQL cannot have 189388800 elements', 'make-series');
SELECT is(pg_temp.error_of('print array_length(range(1, 9223372036854775807, 1))'), 'none', 'range() has the first ones, as in Kusto');
SELECT is((SELECT r ->> 'print_0' FROM azhunt.kql('print array_length(range(1, 9223372036854775807, 1))') AS r), '1048576', 'of which there are as many');

CREATE TABLE moments (t timestamptz, p interval);
INSERT INTO moments VALUES ('infinity', '1 day 24:00'), ('-infinity', NULL), ('0044-03-15 BC', NULL), ('294276-12-31', NULL);
SELECT results_eq($$SELECT r ->> 'y', r ->> 's', r ->> 'e', r ->> 'd', r ->> 'm', r ->> 'x' FROM azhunt.kql('moments | project y = getyear(t), s = startofday(t), e = endofyear(t), d = t - now(), m = datetime_diff("year", t, now()), x = datetime_part("second", t)') AS r$$,
                  $$SELECT NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text FROM generate_series(1, 4)$$, 'other times have no parts');
SELECT is((SELECT array_agg(r ->> 's' ORDER BY r ->> 's') FROM azhunt.kql('moments | project s = tostring(t)') AS r),
          '{0001-01-01T00:00:00.0000000Z,0001-01-01T00:00:00.0000000Z,9999-12-31T23:59:59.9999999Z,9999-12-31T23:59:59.9999999Z}', 'and print as the nearest');
SELECT is(pg_temp.error_of('moments | sort by t asc | extend s = row_window_session(t, 1h, 1h) | make-series count() on t step 1d'), 'none', 'sessions and series have them, too');
SELECT is((SELECT r ->> 'h' FROM azhunt.kql('moments | where isnotnull(p) | project h = tostring(p)') AS r), '2.00:00:00', 'days of an interval have 24 hours');
UPDATE moments SET p = '1 month';
SELECT is(pg_temp.error_of('moments | where p > 20d'), '22023 timespan must not contain months or years', 'and months none');

-- Texts that nearly match everywhere take time in proportion to their length: by its
-- square, each of these would take hours.
SET LOCAL statement_timeout = '2min';
SELECT ok(NOT azhunt.contains(repeat('a', 20000000), repeat('a', 10000000) || 'b'), 'contains()');
SELECT ok(NOT azhunt.contains(repeat('ab', 10000000), repeat('ab', 5000000) || 'b'), 'contains() with two letters');
SELECT is(jsonb_array_length(azhunt.split(repeat('a', 2000000), repeat('a', 1000000) || 'b')), 1, 'split()');
SELECT is(azhunt.replace_any(repeat('a', 4000000) || 'b', ARRAY[repeat('a', 2000000) || 'c', repeat('a', 1000000), repeat('a', 999999) || 'b'], ARRAY['x', 'y', 'z']),
          'yyyyb', 'replace_any()');
SELECT is(azhunt.replace_any(repeat('a', 2000000), ARRAY['a', repeat('a', 1000000)], ARRAY['', 'x']), '', 'replace_any() where all is taken');
SELECT is((SELECT azhunt.count_matches(repeat('~', 200000), '(?i)[' || string_agg('\x{' || to_hex(256 + i) || '}-\x{' || to_hex(1256 + i) || '}', '') || ']')
           FROM generate_series(0, 900) AS i), 0::bigint, 'a class of many characters that ignores case');
-- nor does it take memory by depth times length
SELECT is(length(azhunt.json_text(azhunt.parse_json(repeat('[', 990) || '"' || repeat('x', 20000000) || '"' || repeat(']', 990)))), 20001982, 'dynamic_to_json()');
SET LOCAL statement_timeout = 0;

-- What takes long can be cancelled: without that, this goes on for minutes.
CREATE FUNCTION pg_temp.is_cancelled(pattern text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM azhunt.matches_regex(repeat('a', 10000000), pattern);
    RETURN false;
EXCEPTION WHEN query_canceled THEN
    RETURN true;
END $$;
SET LOCAL statement_timeout = '100ms';
SELECT ok(pg_temp.is_cancelled('(?i)(?:[a-ǿ]?){1000}(?:[a-ǿ]?){1000}(?:[a-ǿ]?){1000}b'), 'a search for a regular expression');
SET LOCAL statement_timeout = 0;

SELECT is(azhunt.format_timespan(interval '-100000000 days', 'd.hh:mm:ss.fffffff'), '-10675199.02:48:05.4775807', 'timespans end where Kusto''s do');
SELECT is(azhunt.format_timespan(interval '100000000 days', 'd.hh:mm:ss.fffffff'), '10675199.02:48:05.4775807', 'at both ends');

SELECT * FROM finish();
ROLLBACK;
