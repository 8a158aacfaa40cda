-- Aggregates of compiled queries.

CREATE FUNCTION azhunt.average(a double precision, b bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b = 0 THEN 'NaN' ELSE a / b END;
COMMENT ON FUNCTION azhunt.average(double precision, bigint) IS
'internal: a sum divided by a count, NaN if that is zero';

CREATE FUNCTION azhunt.average(a bigint, b bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b = 0 THEN 'NaN' ELSE a::double precision / b END;
COMMENT ON FUNCTION azhunt.average(bigint, bigint) IS
'internal: a sum divided by a count, NaN if that is zero';

CREATE FUNCTION azhunt.average(a interval, b bigint) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b > 0 THEN azhunt.divide(a, b::double precision) END;
COMMENT ON FUNCTION azhunt.average(interval, bigint) IS
'internal: a sum divided by a count';

CREATE FUNCTION azhunt.rounded_variance(a double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a IS NULL THEN 0 WHEN abs(a) < 'Infinity' THEN round(a::numeric, 10)::double precision ELSE a END;
COMMENT ON FUNCTION azhunt.rounded_variance(double precision) IS
'internal: KQL''s variance()';

CREATE FUNCTION azhunt.rounded_stdev(a double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.sqrt(azhunt.rounded_variance(a));
COMMENT ON FUNCTION azhunt.rounded_stdev(double precision) IS
'internal: KQL''s stdev()';

CREATE FUNCTION azhunt.least_fraction(a double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN least(greatest(a / 100, 0), 1);
COMMENT ON FUNCTION azhunt.least_fraction(double precision) IS
'internal: a percentage as a fraction';

CREATE FUNCTION azhunt.session_transition(timestamptz[], timestamptz, interval, interval, boolean) RETURNS timestamptz[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN $2 IS NULL THEN $1
    WHEN $1 IS NULL OR $5 OR azhunt.subtract($2, $1[2]) > $4 OR azhunt.subtract($2, $1[1]) > $3 THEN ARRAY[$2, $2]
    ELSE ARRAY[$1[1], $2] END;
COMMENT ON FUNCTION azhunt.session_transition(timestamptz[], timestamptz, interval, interval, boolean) IS
'internal: aggregate transition function';

CREATE FUNCTION azhunt.session_final(timestamptz[]) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN $1[1];
COMMENT ON FUNCTION azhunt.session_final(timestamptz[]) IS
'internal: aggregate final function';

CREATE AGGREGATE azhunt.session_start(timestamptz, interval, interval, boolean) (
    SFUNC = azhunt.session_transition, STYPE = timestamptz[], FINALFUNC = azhunt.session_final
);
COMMENT ON AGGREGATE azhunt.session_start(timestamptz, interval, interval, boolean) IS
'internal: KQL''s row_window_session()';

CREATE AGGREGATE azhunt.sum_of(bigint) (
    SFUNC = azhunt.add, STYPE = bigint, INITCOND = '0',
    COMBINEFUNC = azhunt.add,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.sum_of(bigint) IS
'internal: KQL''s sum()';

CREATE AGGREGATE azhunt.sum_of(double precision) (
    SFUNC = azhunt.add, STYPE = double precision, INITCOND = '0',
    COMBINEFUNC = azhunt.add,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.sum_of(double precision) IS
'internal: KQL''s sum()';

CREATE AGGREGATE azhunt.sum_of(interval) (
    SFUNC = pg_catalog.interval_pl, STYPE = interval, INITCOND = '0',
    COMBINEFUNC = pg_catalog.interval_pl,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.sum_of(interval) IS
'internal: KQL''s sum()';

CREATE AGGREGATE azhunt.min_of(double precision) (
    SFUNC = azhunt.least_real, STYPE = double precision,
    COMBINEFUNC = azhunt.least_real,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.min_of(double precision) IS
'internal: KQL''s min()';

CREATE AGGREGATE azhunt.max_of(double precision) (
    SFUNC = azhunt.greatest_real, STYPE = double precision,
    COMBINEFUNC = azhunt.greatest_real,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.max_of(double precision) IS
'internal: KQL''s max()';

CREATE AGGREGATE azhunt.any_of(anyelement) (
    SFUNC = azhunt.first_of, STYPE = anyelement,
    COMBINEFUNC = azhunt.first_of,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.any_of(anyelement) IS
'internal: KQL''s take_any()';

CREATE FUNCTION azhunt.array_sum(a jsonb) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT CASE WHEN count(*) > 0 THEN azhunt.sum_of(azhunt.toreal(v)) END FROM jsonb_array_elements(a) AS e (v) WHERE jsonb_typeof(v) IN ('number', 'boolean')) END;
COMMENT ON FUNCTION azhunt.array_sum(jsonb) IS
'internal: KQL''s array_sum()';
