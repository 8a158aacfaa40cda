-- bin, bin_end, within and window_start against arithmetic in numeric, on
-- random, extreme and infinite times, and against date_bin.
BEGIN;
SELECT plan(18);
SET LOCAL TimeZone TO 'UTC';

-- One of so many numbers from zero, by hash.
CREATE FUNCTION pg_temp.draw(i bigint, salt bigint, choices bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN (hashint8extended(i, salt) & 9223372036854775807) % choices;

-- Microseconds of a timespan, and of a time since 2000, null if it is infinite.
-- (The epoch that extract() gives is rounded in the last years that there are.)
CREATE FUNCTION pg_temp.microseconds(span interval) RETURNS numeric
LANGUAGE sql IMMUTABLE
RETURN extract(day FROM span) * 86400000000 + extract(hour FROM span) * 3600000000
       + extract(minute FROM span) * 60000000 + extract(microseconds FROM span);
CREATE FUNCTION pg_temp.microseconds(t timestamptz) RETURNS numeric
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN isfinite(t) THEN pg_temp.microseconds(t - '2000-01-01 00:00:00+00'::timestamptz) END;

CREATE FUNCTION pg_temp.earliest() RETURNS numeric LANGUAGE sql IMMUTABLE
RETURN pg_temp.microseconds('4714-11-24 00:00:00+00 BC'::timestamptz);
CREATE FUNCTION pg_temp.latest() RETURNS numeric LANGUAGE sql IMMUTABLE
RETURN pg_temp.microseconds('294276-12-31 23:59:59.999999+00'::timestamptz);

-- 100,000 times: about now, about the origin of bins, anywhere, at the ends
CREATE TEMPORARY TABLE times AS
SELECT i, CASE pg_temp.draw(i, 1, 8)
              WHEN 0 THEN '2026-03-08 00:00:00+00'::timestamptz + make_interval(secs => pg_temp.draw(i, 2, 100000))
              WHEN 1 THEN '2026-03-08 00:00:00+00'::timestamptz + pg_temp.draw(i, 2, 10000000000) * interval '1 us'
              WHEN 2 THEN '0001-01-01 00:00:00+00'::timestamptz + (pg_temp.draw(i, 2, 10000) - 5000) * interval '1 us'
              WHEN 3 THEN '0001-01-01 00:00:00+00'::timestamptz + (pg_temp.draw(i, 2, 100000000) - 50000000) * interval '1 s'
              WHEN 4 THEN '2000-01-01 00:00:00+00'::timestamptz + (pg_temp.draw(i, 2, 109000000) - 2450000) * interval '1 day'
                          + pg_temp.draw(i, 3, 86400000000) * interval '1 us'
              WHEN 5 THEN '4714-11-24 00:00:00+00 BC'::timestamptz + pg_temp.draw(i, 2, 1000000000000) * interval '1 us'
              WHEN 6 THEN '294276-12-31 23:59:59.999999+00'::timestamptz - pg_temp.draw(i, 2, 1000000000000) * interval '1 us'
              ELSE (ARRAY['infinity', '-infinity', '4714-11-24 00:00:00+00 BC', '294276-12-31 23:59:59.999999+00',
                          '0001-01-01 00:00:00+00', '0001-12-31 23:59:59.999999+00 BC',
                          '2000-01-01 00:00:00+00', '1999-12-31 23:59:59.999999+00']::timestamptz[])[1 + pg_temp.draw(i, 2, 8)]
          END AS t
FROM generate_series(1, 100000) AS i;

-- and as many timespans, from a microsecond to the longest there is
CREATE TEMPORARY TABLE spans AS
SELECT i, CASE pg_temp.draw(i, 11, 6)
              WHEN 0 THEN (1 + pg_temp.draw(i, 12, 1000)) * interval '1 us'
              WHEN 1 THEN (1 + pg_temp.draw(i, 12, 100000)) * interval '1 s'
              WHEN 2 THEN (1 + pg_temp.draw(i, 12, 1000)) * interval '1 day'
              WHEN 3 THEN (1 + pg_temp.draw(i, 12, 106751990)) * interval '1 day'
                          + pg_temp.draw(i, 13, 86400000000) * interval '1 us'
              WHEN 4 THEN (pg_temp.draw(i, 12, 2000) + 2) * interval '1 day' - pg_temp.draw(i, 13, 24) * interval '1 hour'
              ELSE (ARRAY['1 us', '1 s', '1 min', '1 hour', '1 day', '7 days', '-1 day 25 hours',
                          '106751991 days', '106751991 days 04:00:54.775807', '2147483647 us',
                          '106021872 days 04:00:54.775808']::interval[])[1 + pg_temp.draw(i, 12, 11)]
          END AS span
FROM generate_series(1, 100000) AS i;

--
-- bin and bin_end; NULL stands for an error
--
CREATE FUNCTION pg_temp.bin_or_null(t timestamptz, size interval) RETURNS timestamptz
LANGUAGE plpgsql AS $$
BEGIN
    RETURN azhunt.bin(t, size);
EXCEPTION WHEN datetime_field_overflow THEN
    RETURN NULL;
END
$$;
CREATE FUNCTION pg_temp.bin_end_or_null(t timestamptz, size interval) RETURNS timestamptz
LANGUAGE plpgsql AS $$
BEGIN
    RETURN azhunt.bin_end(t, size);
EXCEPTION WHEN datetime_field_overflow THEN
    RETURN NULL;
END
$$;

CREATE TEMPORARY TABLE bins AS
SELECT t, size, pg_temp.bin_or_null(t, size) AS bin, pg_temp.bin_end_or_null(t, size) AS bin_end,
       time - remainder + CASE WHEN remainder < 0 THEN -microseconds ELSE 0 END AS oracle, microseconds
FROM (SELECT t, span AS size, time, microseconds,
             mod(time - pg_temp.microseconds('0001-01-01 00:00:00+00'::timestamptz), microseconds) AS remainder
      FROM (SELECT t, span, pg_temp.microseconds(t) AS time, pg_temp.microseconds(span) AS microseconds
            FROM times JOIN spans USING (i)) AS a) AS b;

SELECT cmp_ok(count(*), '>=', 100000::bigint, 'enough times') FROM bins;
SELECT is_empty($$ SELECT t, size, bin, oracle FROM bins
    WHERE pg_temp.microseconds(bin) IS DISTINCT FROM CASE WHEN oracle >= pg_temp.earliest() THEN oracle END
       OR NOT isfinite(bin) AND bin <> t
    LIMIT 10 $$, 'bin as numeric arithmetic, an error where it is too early');
SELECT is_empty($$ SELECT t, bin, bin_end FROM bins WHERE NOT isfinite(t) AND (bin IS DISTINCT FROM t OR bin_end IS DISTINCT FROM t) $$,
                'the bin of an infinite time is infinite');
SELECT is_empty($$ SELECT t, size, bin_end, oracle FROM bins
    WHERE isfinite(t) AND
          (pg_temp.microseconds(bin_end) IS DISTINCT FROM
           CASE WHEN oracle >= pg_temp.earliest() AND oracle + microseconds <= pg_temp.latest() THEN oracle + microseconds END
           OR NOT isfinite(bin_end) AND (bin_end = '-infinity' OR oracle + microseconds <= pg_temp.latest()))
    LIMIT 10 $$, 'bin_end is a size later, infinity past the latest time');
SELECT cmp_ok(count(*) FILTER (WHERE bin IS NULL), '>', 1000::bigint, 'some are errors') FROM bins;
SELECT cmp_ok(count(*) FILTER (WHERE bin_end = 'infinity' AND isfinite(t)), '>', 1000::bigint, 'some end nowhere') FROM bins;
CREATE TEMPORARY VIEW binned_by_both AS
SELECT bin, date_bin(size, t, '0001-01-01 00:00:00+00') AS date_bin FROM bins
WHERE t BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 00:00:00+00' AND size < '100000 days';
SELECT cmp_ok(count(*), '>', 20000::bigint, 'many are for date_bin too') FROM binned_by_both;
SELECT is_empty('SELECT * FROM binned_by_both WHERE bin IS DISTINCT FROM date_bin LIMIT 10', 'bin as date_bin');

--
-- within and window_start
--

-- events at the edges of the window to the microsecond, and anywhere
CREATE TEMPORARY TABLE windows AS
SELECT anchor, lookback,
       CASE pg_temp.draw(i, 21, 6)
           WHEN 0 THEN anchor
           WHEN 1 THEN start
           WHEN 2 THEN CASE WHEN anchor = '294276-12-31 23:59:59.999999+00' THEN 'infinity' ELSE anchor + interval '1 us' END
           WHEN 3 THEN CASE WHEN start = '4714-11-24 00:00:00+00 BC' THEN '-infinity' ELSE start - interval '1 us' END
           WHEN 4 THEN CASE WHEN start = '294276-12-31 23:59:59.999999+00' THEN 'infinity' ELSE start + interval '1 us' END
           ELSE another END AS event
FROM (SELECT i, a.t AS anchor, l.lookback, e.t AS another, azhunt.window_start(a.t, l.lookback) AS start
      FROM times AS a
      JOIN (SELECT i, CASE WHEN i % 50 = 0 THEN '0' ELSE span END AS lookback FROM spans) AS l USING (i)
      JOIN (SELECT 100001 - i AS i, t FROM times) AS e USING (i)) AS w;

-- what is infinite is equal to itself and to nothing else
CREATE TEMPORARY TABLE answers AS
SELECT event, anchor, lookback,
       azhunt.within(event, anchor, lookback) AS within,
       azhunt.window_start(anchor, lookback) AS window_start,
       CASE WHEN isfinite(event) AND isfinite(anchor)
            THEN pg_temp.microseconds(event) <= pg_temp.microseconds(anchor)
                 AND pg_temp.microseconds(event) >= pg_temp.microseconds(anchor) - pg_temp.microseconds(lookback)
            ELSE event = anchor END AS oracle
FROM windows;

SELECT cmp_ok(count(*), '>=', 100000::bigint, 'enough windows') FROM answers;
SELECT cmp_ok(count(*) FILTER (WHERE oracle), '>', 30000::bigint, 'many events in them') FROM answers;
SELECT cmp_ok(count(*) FILTER (WHERE NOT oracle), '>', 30000::bigint, 'and many not') FROM answers;
SELECT is_empty('SELECT * FROM answers WHERE within IS DISTINCT FROM oracle LIMIT 10', 'within as numeric arithmetic');
SELECT is_empty('SELECT * FROM answers WHERE within IS DISTINCT FROM (event >= window_start AND event <= anchor) LIMIT 10',
                'within is from window_start to the anchor');
SELECT is_empty($$ SELECT * FROM answers
    WHERE CASE WHEN isfinite(anchor)
               THEN pg_temp.microseconds(window_start) IS DISTINCT FROM
                    greatest(pg_temp.microseconds(anchor) - pg_temp.microseconds(lookback), pg_temp.earliest())
               ELSE window_start IS DISTINCT FROM anchor END
    LIMIT 10 $$, 'window_start as numeric arithmetic');

--
-- the time zone of the session, in which days have 23 to 25 hours, changes nothing
--
SET LOCAL TimeZone TO 'America/New_York';
SELECT is_empty('SELECT * FROM answers
    WHERE within IS DISTINCT FROM azhunt.within(event, anchor, lookback)
       OR window_start IS DISTINCT FROM azhunt.window_start(anchor, lookback) LIMIT 10', 'windows in New York');
SELECT is_empty($$ SELECT t, n, azhunt.window_start(t, make_interval(days => n)) FROM
    (SELECT t, n FROM generate_series('2026-01-01 00:30'::timestamptz, '2026-12-31', '59 min 59.999999 s') AS t,
                      unnest('{0,1,2,30,365}'::integer[]) AS n) AS v
    WHERE azhunt.window_start(t, make_interval(days => n)) <> t - make_interval(hours => 24 * n)
       OR NOT azhunt.within(t - make_interval(hours => 24 * n), t, make_interval(days => n))
       OR azhunt.within(t - make_interval(hours => 24 * n) - interval '1 us', t, make_interval(days => n))
       OR azhunt.bin(t, make_interval(days => n + 1)) <> azhunt.bin(t, make_interval(hours => 24 * (n + 1)))
    LIMIT 10 $$, 'a day has 24 hours all the year');

--
-- timespans of KQL, where the least has no opposite
--
SELECT is_empty($$ SELECT a, b, azhunt.modulo(a, b) FROM
    (SELECT make_interval(secs => 0) + (n || ' microseconds')::interval AS a, (m || ' microseconds')::interval AS b, n, m
     FROM unnest('{-9223372036854775808,-9223372036854775807,-7,-1,0,1,7,9223372036854775807}'::bigint[]) AS n,
          unnest('{-9223372036854775808,-9223372036854775807,-7,-1,1,7,9223372036854775807}'::bigint[]) AS m) AS v
    WHERE pg_temp.microseconds(azhunt.modulo(a, b)) <> (n::numeric % m + abs(m::numeric)) % m
       OR n > -9223372036854775808 AND pg_temp.microseconds(azhunt.abs(a)) <> abs(n::numeric)
       OR n = -9223372036854775808 AND azhunt.abs(a) <> a
    LIMIT 10 $$, 'abs() and the rest of a division, up to the least timespan');
SELECT is(azhunt.make_timespan(0, 1, 2, 59.9999999), interval '01:02:59.999999', 'make_timespan() cuts off what is below a microsecond');

SELECT * FROM finish();
ROLLBACK;
