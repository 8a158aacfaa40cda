--
-- Functions on times: bin, bin_end, within, window_start
--
SET search_path TO public, azhunt;
SET TimeZone TO 'UTC';
SET DateStyle TO 'ISO';
SET IntervalStyle TO 'postgres';

--
-- bin and bin_end
--
SELECT t, size, bin(t, size), bin_end(t, size)
FROM (VALUES (1, timestamptz '2026-03-08 10:58:59.999999+00', interval '1 hour'),
             (2, '2026-03-08 10:00:00+00', '1 hour'),
             (3, '2026-03-08 10:58:59.999999+00', '5 minutes'),
             (4, '2026-03-08 10:58:59.999999+00', '1 day'),
             (5, '2026-03-08 10:58:59.999999+00', '00:00:00.000001'),
             (6, '2026-03-08 10:58:59.999999+00', '00:00:07'),
             -- bins are counted from 0001-01-01, a Monday
             (7, '2026-03-08 23:59:59.999999+00', '7 days'),
             (8, '2026-03-09 00:00:00+00', '7 days'),
             (9, '0001-01-01 00:00:00+00', '1 hour'),
             -- and before it they are rounded down too
             (10, '0001-12-31 23:59:59.999999+00 BC', '1 hour'),
             (11, '4714-11-24 00:00:00+00 BC', '1 hour'),
             (12, '294276-12-31 23:59:59.999999+00', '1 hour'),
             -- an interval that adds up to a timespan
             (13, '2026-03-08 10:58:59.999999+00', '1 day -23 hours'),
             (14, '2026-03-08 10:58:59.999999+00', '-1 day 25 hours'),
             (15, 'infinity', '1 hour'),
             (16, '-infinity', '1 hour'),
             -- one bin from 0001-01-01 to past the end of time
             (17, '2026-03-08 10:58:59.999999+00', '106751991 days')) AS v(i, t, size)
ORDER BY i;

-- where date_bin() is defined, it says the same
SELECT bool_and(bin(t, size) = date_bin(size, t, '0001-01-01 00:00:00+00')) AS as_date_bin
FROM generate_series('2026-03-01 00:00+00'::timestamptz, '2026-03-20 00:00+00', '17 min 3.000007 s') AS t,
     unnest('{1 us,1 s,7 s,1 min,5 min,1 hour,11 hours,1 day,7 days,30 days}'::interval[]) AS size;

-- a bin that starts before time does
SELECT bin('4714-11-24 00:00:00+00 BC', '11 days');
\echo :SQLSTATE
SELECT bin_end('4714-11-24 00:00:00+00 BC', '11 days');
SELECT bin('0005-01-01 00:00:00+00 BC', '106751991 days');
-- at what would be the number that stands for -infinity
SELECT bin('0005-01-01 00:00:00+00 BC', '106021872 days 04:00:54.775808');
SELECT bin_end('0005-01-01 00:00:00+00 BC', '106021872 days 04:00:54.775808');

-- sizes that are none
SELECT bin('2026-03-08 10:58+00', '0');
\echo :SQLSTATE
SELECT bin('2026-03-08 10:58+00', '-1 hour');
SELECT bin('2026-03-08 10:58+00', '1 day -24 hours');
SELECT bin('2026-03-08 10:58+00', '1 month');
\echo :SQLSTATE
SELECT bin('2026-03-08 10:58+00', '1 year');
SELECT bin('2026-03-08 10:58+00', '-1 month 40 days');
SELECT bin('2026-03-08 10:58+00', '2147483647 days');
\echo :SQLSTATE
SELECT bin('2026-03-08 10:58+00', '106751991 days 24 hours');
SELECT bin_end('2026-03-08 10:58+00', '0');
SELECT bin_end('2026-03-08 10:58+00', '1 month');
SELECT bin('infinity', '0');

SELECT bin(NULL, '1 hour') IS NULL AND bin('2026-03-08 10:58+00', NULL) IS NULL
   AND bin_end(NULL, '1 hour') IS NULL AND bin_end('2026-03-08 10:58+00', NULL) IS NULL AS null;

--
-- within and window_start
--
SELECT event, anchor, lookback, within(event, anchor, lookback), window_start(anchor, lookback)
FROM (VALUES (1, timestamptz '2026-03-08 10:58:00+00', timestamptz '2026-03-08 10:59:00+00', interval '1 minute'),
             (2, '2026-03-08 10:57:59.999999+00', '2026-03-08 10:59:00+00', '1 minute'),
             (3, '2026-03-08 10:59:00+00', '2026-03-08 10:59:00+00', '1 minute'),
             (4, '2026-03-08 10:59:00.000001+00', '2026-03-08 10:59:00+00', '1 minute'),
             (5, '2026-03-08 10:59:00+00', '2026-03-08 10:59:00+00', '0'),
             (6, '2026-03-08 10:58:59.999999+00', '2026-03-08 10:59:00+00', '0'),
             -- windows that start before time does
             (7, '4714-11-24 00:00:00+00 BC', '2026-03-08 10:59:00+00', '106751991 days'),
             (8, '4714-11-24 00:00:00+00 BC', '294276-12-31 23:59:59.999999+00', '106751991 days'),
             (9, '-infinity', '2026-03-08 10:59:00+00', '106751991 days'),
             (10, '-infinity', '4714-11-24 00:00:00+00 BC', '1 day'),
             (11, '2026-03-08 10:59:00+00', 'infinity', '106751991 days'),
             (12, 'infinity', 'infinity', '0'),
             (13, '-infinity', '-infinity', '1 day'),
             (14, '-infinity', 'infinity', '106751991 days'),
             (15, 'infinity', '2026-03-08 10:59:00+00', '1 day'),
             (16, '2026-03-08 10:59:00+00', '-infinity', '1 day')) AS v(i, event, anchor, lookback)
ORDER BY i;

SELECT within('2026-03-08 10:58+00', '2026-03-08 10:59+00', '-1 minute');
\echo :SQLSTATE
SELECT within('2026-03-08 10:58+00', '2026-03-08 10:59+00', '1 day -25 hours');
SELECT within('2026-03-08 10:58+00', '2026-03-08 10:59+00', '1 month');
\echo :SQLSTATE
SELECT within('2026-03-08 10:58+00', '2026-03-08 10:59+00', '-1 month 31 days');
SELECT within('2026-03-08 10:58+00', '2026-03-08 10:59+00', '2147483647 days');
\echo :SQLSTATE
SELECT within('infinity', 'infinity', '-1 minute');
SELECT window_start('2026-03-08 10:59+00', '-1 minute');
SELECT window_start('2026-03-08 10:59+00', '1 year');
SELECT window_start('2026-03-08 10:59+00', '-2147483648 days');

SELECT within(NULL, now(), '1 day') IS NULL AND within(now(), NULL, '1 day') IS NULL
   AND within(now(), now(), NULL) IS NULL AND window_start(NULL, '1 day') IS NULL
   AND window_start(now(), NULL) IS NULL AS null;

--
-- a day has 24 hours, also on the one when clocks go forward
--
SET TimeZone TO 'America/New_York';
SELECT timestamptz '2026-03-08 12:00' - interval '1 day' AS calendar_day_before,
       window_start('2026-03-08 12:00', '1 day'),
       within('2026-03-07 11:00', '2026-03-08 12:00', '1 day') AS hour_24,
       within('2026-03-07 10:59:59.999999', '2026-03-08 12:00', '1 day') AS past_it;
SELECT window_start('2026-11-01 12:00', '1 day') AS when_clocks_go_back,
       bin('2026-03-08 12:00', '1 day') AS day_of_utc,
       bin('2026-03-08 12:00', '1 hour') AS hour;
