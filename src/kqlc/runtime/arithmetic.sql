-- Arithmetic of compiled queries, where SQL has no form that does exactly what
-- Kusto does.  NULL stands for Kusto's null here and in the files beside.

CREATE FUNCTION azhunt.add(bigint, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_add_long';
COMMENT ON FUNCTION azhunt.add(bigint, bigint) IS
'internal: add as Kusto does, without an error for what is out of range';

CREATE FUNCTION azhunt.add(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_add_real';
COMMENT ON FUNCTION azhunt.add(double precision, double precision) IS
'internal: add as Kusto does, without an error for what is out of range';

CREATE FUNCTION azhunt.subtract(bigint, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_subtract_long';
COMMENT ON FUNCTION azhunt.subtract(bigint, bigint) IS
'internal: subtract as Kusto does, without an error for what is out of range';

CREATE FUNCTION azhunt.subtract(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_subtract_real';
COMMENT ON FUNCTION azhunt.subtract(double precision, double precision) IS
'internal: subtract as Kusto does, without an error for what is out of range';

CREATE FUNCTION azhunt.multiply(bigint, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_multiply_long';
COMMENT ON FUNCTION azhunt.multiply(bigint, bigint) IS
'internal: multiply as Kusto does, without an error for what is out of range';

CREATE FUNCTION azhunt.multiply(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_multiply_real';
COMMENT ON FUNCTION azhunt.multiply(double precision, double precision) IS
'internal: multiply as Kusto does, without an error for what is out of range';

CREATE FUNCTION azhunt.divide(bigint, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_divide_long';
COMMENT ON FUNCTION azhunt.divide(bigint, bigint) IS
'internal: divide as Kusto does';

CREATE FUNCTION azhunt.modulo(bigint, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_modulo_long';
COMMENT ON FUNCTION azhunt.modulo(bigint, bigint) IS
'internal: remainder as Kusto has it, never negative';

CREATE FUNCTION azhunt.bin_or_null(bigint, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_bin_long';
COMMENT ON FUNCTION azhunt.bin_or_null(bigint, bigint) IS
'internal: KQL''s bin(), null for a size that is not positive';

CREATE FUNCTION azhunt.divide(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_divide_real';
COMMENT ON FUNCTION azhunt.divide(double precision, double precision) IS
'internal: divide as Kusto does';

CREATE FUNCTION azhunt.modulo(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_modulo_real';
COMMENT ON FUNCTION azhunt.modulo(double precision, double precision) IS
'internal: remainder as Kusto has it, never negative';

CREATE FUNCTION azhunt.bin_or_null(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_bin_real';
COMMENT ON FUNCTION azhunt.bin_or_null(double precision, double precision) IS
'internal: KQL''s bin(), null for a size that is not positive';

CREATE FUNCTION azhunt.bin_or_null(timestamptz, interval) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_bin_datetime';
COMMENT ON FUNCTION azhunt.bin_or_null(timestamptz, interval) IS
'internal: KQL''s bin(), null for a size that is not positive';

CREATE FUNCTION azhunt.bin_or_null(interval, interval) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_bin_timespan';
COMMENT ON FUNCTION azhunt.bin_or_null(interval, interval) IS
'internal: KQL''s bin(), null for a size that is not positive';

CREATE FUNCTION azhunt.abs(bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_abs_long';
COMMENT ON FUNCTION azhunt.abs(bigint) IS
'internal: KQL''s abs()';

CREATE FUNCTION azhunt.abs(interval) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_abs_timespan';
COMMENT ON FUNCTION azhunt.abs(interval) IS
'internal: KQL''s abs()';

CREATE FUNCTION azhunt.pow(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_pow';
COMMENT ON FUNCTION azhunt.pow(double precision, double precision) IS
'internal: KQL''s pow()';

CREATE FUNCTION azhunt.exp(double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_exp';
COMMENT ON FUNCTION azhunt.exp(double precision) IS
'internal: KQL''s exp()';

CREATE FUNCTION azhunt.sqrt(double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_sqrt';
COMMENT ON FUNCTION azhunt.sqrt(double precision) IS
'internal: KQL''s sqrt()';

CREATE FUNCTION azhunt.log(double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_log';
COMMENT ON FUNCTION azhunt.log(double precision) IS
'internal: KQL''s log()';

CREATE FUNCTION azhunt.log2(double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_log2';
COMMENT ON FUNCTION azhunt.log2(double precision) IS
'internal: KQL''s log2()';

CREATE FUNCTION azhunt.log10(double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_log10';
COMMENT ON FUNCTION azhunt.log10(double precision) IS
'internal: KQL''s log10()';

CREATE FUNCTION azhunt.angle(a double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN abs(a) = 'Infinity' THEN 'NaN' ELSE a END;
COMMENT ON FUNCTION azhunt.angle(double precision) IS
'internal: NaN in place of infinity, of which sin() and others raise an error';

CREATE FUNCTION azhunt.least_real(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_least_real';
COMMENT ON FUNCTION azhunt.least_real(double precision, double precision) IS
'internal: the less of two, or NaN';

CREATE FUNCTION azhunt.greatest_real(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_greatest_real';
COMMENT ON FUNCTION azhunt.greatest_real(double precision, double precision) IS
'internal: the greater of two, or NaN';

CREATE FUNCTION azhunt.add(timestamptz, interval) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_add_timespan';
COMMENT ON FUNCTION azhunt.add(timestamptz, interval) IS
'internal: a time later by a timespan, null if Kusto has none';

CREATE FUNCTION azhunt.subtract(timestamptz, interval) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_subtract_timespan';
COMMENT ON FUNCTION azhunt.subtract(timestamptz, interval) IS
'internal: a time earlier by a timespan, null if Kusto has none';

CREATE FUNCTION azhunt.subtract(timestamptz, timestamptz) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_subtract_datetimes';
COMMENT ON FUNCTION azhunt.subtract(timestamptz, timestamptz) IS
'internal: the timespan between two times, without days';

CREATE FUNCTION azhunt.multiply(interval, double precision) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_multiply_timespan';
COMMENT ON FUNCTION azhunt.multiply(interval, double precision) IS
'internal: a multiple of a timespan';

CREATE FUNCTION azhunt.divide(interval, double precision) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_divide_timespan';
COMMENT ON FUNCTION azhunt.divide(interval, double precision) IS
'internal: a part of a timespan';

CREATE FUNCTION azhunt.divide(interval, interval) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_divide_timespans';
COMMENT ON FUNCTION azhunt.divide(interval, interval) IS
'internal: how often one timespan is in another';

CREATE FUNCTION azhunt.modulo(interval, interval) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_modulo_timespans';
COMMENT ON FUNCTION azhunt.modulo(interval, interval) IS
'internal: what a timespan leaves of another';

CREATE FUNCTION azhunt.divide(a numeric, b numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b <> 0 THEN a / b END;
COMMENT ON FUNCTION azhunt.divide(numeric, numeric) IS
'internal: divide as Kusto does';

CREATE FUNCTION azhunt.modulo(a numeric, b numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b <> 0 THEN mod(mod(a, abs(b)) + abs(b), abs(b)) END;
COMMENT ON FUNCTION azhunt.modulo(numeric, numeric) IS
'internal: remainder as Kusto has it, never negative';

CREATE FUNCTION azhunt.bin_or_null(a numeric, b numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b > 0 THEN floor(a / b) * b END;
COMMENT ON FUNCTION azhunt.bin_or_null(numeric, numeric) IS
'internal: KQL''s bin(), null for a size that is not positive';

CREATE FUNCTION azhunt.round(a double precision, b bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN round(a::numeric, least(greatest(b, -300), 300)::integer)::double precision;
COMMENT ON FUNCTION azhunt.round(double precision, bigint) IS
'internal: KQL''s round()';

CREATE FUNCTION azhunt.subtract(a interval, b interval) RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN a - b;
COMMENT ON FUNCTION azhunt.subtract(interval, interval) IS
'internal: the difference of two timespans';

-- What is too much is cut off, as the conversion of a constant is done before the
-- conditions are looked at.
CREATE FUNCTION azhunt.some_interval(a text, b bigint, c timestamp) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b BETWEEN -1 AND 1 OR extract('year' FROM c) + b::numeric / CASE a WHEN 'day' THEN 365 WHEN 'week' THEN 52 WHEN 'month' THEN 12 WHEN 'quarter' THEN 4 ELSE 1 END BETWEEN -100 AND 10100
    THEN CASE a WHEN 'day' THEN make_interval(days => (b % 100000000)::integer) WHEN 'week' THEN make_interval(weeks => (b % 100000000)::integer) WHEN 'month' THEN make_interval(months => (b % 100000000)::integer) WHEN 'quarter' THEN make_interval(months => (3 * (b % 100000000))::integer) WHEN 'year' THEN make_interval(years => (b % 100000000)::integer) END END;
COMMENT ON FUNCTION azhunt.some_interval(text, bigint, timestamp) IS
'internal: so many days or months, unless a time is then far from all that Kusto has';
