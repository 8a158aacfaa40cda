-- Times and timespans of compiled queries.

CREATE FUNCTION azhunt.format_datetime(timestamptz, text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_format_datetime';
COMMENT ON FUNCTION azhunt.format_datetime(timestamptz, text) IS
'internal: KQL''s format_datetime()';

CREATE FUNCTION azhunt.format_timespan(interval, text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_format_timespan';
COMMENT ON FUNCTION azhunt.format_timespan(interval, text) IS
'internal: KQL''s format_timespan()';

CREATE FUNCTION azhunt.startofday(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('day', azhunt.utc_fields(a)) + azhunt.some_interval('day', b, azhunt.utc_fields(a)));
COMMENT ON FUNCTION azhunt.startofday(timestamptz, bigint) IS
'internal: KQL''s startofday()';

CREATE FUNCTION azhunt.endofday(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('day', azhunt.utc_fields(a)) + azhunt.some_interval('day', azhunt.add(b, 1), azhunt.utc_fields(a)) - interval '1 microsecond');
COMMENT ON FUNCTION azhunt.endofday(timestamptz, bigint) IS
'internal: KQL''s endofday()';

CREATE FUNCTION azhunt.startofmonth(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('month', azhunt.utc_fields(a)) + azhunt.some_interval('month', b, azhunt.utc_fields(a)));
COMMENT ON FUNCTION azhunt.startofmonth(timestamptz, bigint) IS
'internal: KQL''s startofmonth()';

CREATE FUNCTION azhunt.endofmonth(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('month', azhunt.utc_fields(a)) + azhunt.some_interval('month', azhunt.add(b, 1), azhunt.utc_fields(a)) - interval '1 microsecond');
COMMENT ON FUNCTION azhunt.endofmonth(timestamptz, bigint) IS
'internal: KQL''s endofmonth()';

CREATE FUNCTION azhunt.startofyear(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('year', azhunt.utc_fields(a)) + azhunt.some_interval('year', b, azhunt.utc_fields(a)));
COMMENT ON FUNCTION azhunt.startofyear(timestamptz, bigint) IS
'internal: KQL''s startofyear()';

CREATE FUNCTION azhunt.endofyear(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('year', azhunt.utc_fields(a)) + azhunt.some_interval('year', azhunt.add(b, 1), azhunt.utc_fields(a)) - interval '1 microsecond');
COMMENT ON FUNCTION azhunt.endofyear(timestamptz, bigint) IS
'internal: KQL''s endofyear()';

CREATE FUNCTION azhunt.startofweek(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('week', azhunt.utc_fields(a) + interval '1 day') - interval '1 day' + azhunt.some_interval('week', b, azhunt.utc_fields(a)));
COMMENT ON FUNCTION azhunt.startofweek(timestamptz, bigint) IS
'internal: KQL''s startofweek()';

CREATE FUNCTION azhunt.endofweek(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('week', azhunt.utc_fields(a) + interval '1 day') - interval '1 day' + azhunt.some_interval('week', azhunt.add(b, 1), azhunt.utc_fields(a)) - interval '1 microsecond');
COMMENT ON FUNCTION azhunt.endofweek(timestamptz, bigint) IS
'internal: KQL''s endofweek()';

CREATE FUNCTION azhunt.dayofweek(a timestamptz) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN make_interval(hours => 24 * extract('dow' FROM azhunt.utc_fields(a))::integer);
COMMENT ON FUNCTION azhunt.dayofweek(timestamptz) IS
'internal: KQL''s dayofweek()';

CREATE FUNCTION azhunt.datetime_add(a text, b bigint, c timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a IN ('year', 'quarter', 'month') THEN azhunt.kusto_time(azhunt.utc_fields(c) + azhunt.some_interval(a, b, azhunt.utc_fields(c)))
    ELSE azhunt.add(c, azhunt.multiply(CASE a WHEN 'week' THEN interval '168 hours' WHEN 'day' THEN interval '24 hours' WHEN 'hour' THEN interval '1 hour' WHEN 'minute' THEN interval '1 minute'
        WHEN 'second' THEN interval '1 second' WHEN 'millisecond' THEN interval '1 millisecond' WHEN 'microsecond' THEN interval '1 microsecond' END, b::double precision)) END;
COMMENT ON FUNCTION azhunt.datetime_add(text, bigint, timestamptz) IS
'internal: KQL''s datetime_add()';

CREATE FUNCTION azhunt.datetime_diff(a text, b timestamptz, c timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE a WHEN 'year' THEN (extract('year' FROM azhunt.utc_fields(b)) - extract('year' FROM azhunt.utc_fields(c)))::bigint
    WHEN 'quarter' THEN (4 * (extract('year' FROM azhunt.utc_fields(b)) - extract('year' FROM azhunt.utc_fields(c))) + extract('quarter' FROM azhunt.utc_fields(b)) - extract('quarter' FROM azhunt.utc_fields(c)))::bigint
    WHEN 'month' THEN (12 * (extract('year' FROM azhunt.utc_fields(b)) - extract('year' FROM azhunt.utc_fields(c))) + extract('month' FROM azhunt.utc_fields(b)) - extract('month' FROM azhunt.utc_fields(c)))::bigint
    WHEN 'week' THEN (azhunt.tolong(b) + 864000000000) / 6048000000000 - (azhunt.tolong(c) + 864000000000) / 6048000000000
    WHEN 'day' THEN azhunt.tolong(b) / 864000000000 - azhunt.tolong(c) / 864000000000
    WHEN 'hour' THEN azhunt.tolong(b) / 36000000000 - azhunt.tolong(c) / 36000000000
    WHEN 'minute' THEN azhunt.tolong(b) / 600000000 - azhunt.tolong(c) / 600000000
    WHEN 'second' THEN azhunt.tolong(b) / 10000000 - azhunt.tolong(c) / 10000000
    WHEN 'millisecond' THEN azhunt.tolong(b) / 10000 - azhunt.tolong(c) / 10000
    WHEN 'microsecond' THEN azhunt.tolong(b) / 10 - azhunt.tolong(c) / 10
    WHEN 'nanosecond' THEN azhunt.multiply(azhunt.tolong(b) - azhunt.tolong(c), 100) END;
COMMENT ON FUNCTION azhunt.datetime_diff(text, timestamptz, timestamptz) IS
'internal: KQL''s datetime_diff()';

CREATE FUNCTION azhunt.make_datetime(a bigint, b bigint, c bigint, d bigint, e bigint, f double precision) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN a BETWEEN 1 AND 9999 AND d BETWEEN 0 AND 23 AND f >= 0 AND f < 60 THEN azhunt.add(azhunt.todatetime(lpad(a::text, 4, '0') || '-' || b::text || '-' || c::text || ' ' || d::text || ':' || e::text), azhunt.multiply(interval '1 second', f)) END;
COMMENT ON FUNCTION azhunt.make_datetime(bigint, bigint, bigint, bigint, bigint, double precision) IS
'internal: KQL''s make_datetime()';

CREATE FUNCTION azhunt.make_datetime(a bigint, b bigint, c bigint, d bigint, e bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN azhunt.make_datetime(a, b, c, d, e, 0);
COMMENT ON FUNCTION azhunt.make_datetime(bigint, bigint, bigint, bigint, bigint) IS
'internal: KQL''s make_datetime()';

CREATE FUNCTION azhunt.make_datetime(a bigint, b bigint, c bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN azhunt.make_datetime(a, b, c, 0, 0, 0);
COMMENT ON FUNCTION azhunt.make_datetime(bigint, bigint, bigint) IS
'internal: KQL''s make_datetime()';

CREATE FUNCTION azhunt.make_timespan(a bigint, b bigint, c bigint, d double precision) RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN a >= 0 AND a < 10675199 AND b BETWEEN 0 AND 23 AND c BETWEEN 0 AND 59 AND d >= 0 AND d < 60 THEN make_interval(hours => (24 * a + b)::integer, mins => c::integer, secs => (round(d * 10000000)::bigint / 10)::double precision / 1000000) END;
COMMENT ON FUNCTION azhunt.make_timespan(bigint, bigint, bigint, double precision) IS
'internal: KQL''s make_timespan()';

CREATE FUNCTION azhunt.unixtime_todatetime(a double precision) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a >= -62135596800000000 AND a < 253402300800000000 THEN azhunt.add(timestamptz '1970-01-01 00:00:00+00', make_interval(secs => trunc(a) / 1000000)) END;
COMMENT ON FUNCTION azhunt.unixtime_todatetime(double precision) IS
'internal: KQL''s unixtime_microseconds_todatetime()';

CREATE FUNCTION azhunt.time_in_zone(a timestamptz, zone text, is_local boolean) RETURNS timestamptz
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    clock timestamp := a AT TIME ZONE 'UTC';
    moment timestamptz;
BEGIN
    -- what is no name, PostgreSQL may take for a rule of POSIX's, with another sign
    IF zone !~ '^(GMT[-+]?0|Etc/GMT([-+]?0|[-+]([1-9]|1[0-4])))$' AND zone !~ '^[A-Za-z_]+(-[A-Za-z]+)*(/[A-Za-z_]+(-[A-Za-z_]+)*)*$'
        AND zone NOT IN ('EST5EDT', 'CST6CDT', 'MST7MDT', 'PST8PDT') OR zone = 'posixrules' THEN
        RETURN NULL;
    END IF;
    IF NOT is_local THEN
        RETURN azhunt.kusto_time(a AT TIME ZONE zone);
    END IF;
    moment := clock AT TIME ZONE zone;
    -- a time that clocks skip is as if they had gone on an hour earlier
    RETURN azhunt.kusto_time((moment - (moment AT TIME ZONE zone - clock)) AT TIME ZONE 'UTC');
EXCEPTION WHEN invalid_parameter_value OR datetime_field_overflow THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION azhunt.time_in_zone(timestamptz, text, boolean) IS
'internal: KQL''s datetime_local_to_utc() and datetime_utc_to_local()';
