-- Series: arrays of numbers, and what make-series is made of.

CREATE FUNCTION azhunt.series_of(a jsonb, b bigint, c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(coalesce(a -> i::text, c) ORDER BY i), '[]') FROM generate_series(0, azhunt.bounded_count(b) - 1) AS g (i));
COMMENT ON FUNCTION azhunt.series_of(jsonb, bigint, jsonb) IS
'internal: the array that make-series makes of bins';

CREATE FUNCTION azhunt.is_long(a jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.gettype(a) = 'long' AND a::numeric BETWEEN -9223372036854775808 AND 9223372036854775807;
COMMENT ON FUNCTION azhunt.is_long(jsonb) IS
'internal: is a number of JSON a long of Kusto?';

CREATE FUNCTION azhunt.series_bin(steps double precision) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF steps BETWEEN -1e18 AND 1e18 THEN
        RETURN steps::bigint;
    END IF;
    RAISE EXCEPTION 'make-series has too many steps'
        USING ERRCODE = 'program_limit_exceeded',
              HINT = 'Its step has to be greater than zero, and its arrays have 1048576 elements at most.';
END
$$;
COMMENT ON FUNCTION azhunt.series_bin(double precision) IS
'internal: the number of a bin of make-series, or an error if there are too many';

CREATE FUNCTION azhunt.axis_of(a timestamptz, b interval, c bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(azhunt.tostring(azhunt.add(a, azhunt.multiply(b, i::double precision))) ORDER BY i), '[]') FROM generate_series(0, azhunt.bounded_count(c) - 1) AS g (i));
COMMENT ON FUNCTION azhunt.axis_of(timestamptz, interval, bigint) IS
'internal: the axis of make-series';

CREATE FUNCTION azhunt.axis_of(a interval, b interval, c bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(azhunt.tostring(a + azhunt.multiply(b, i::double precision)) ORDER BY i), '[]') FROM generate_series(0, azhunt.bounded_count(c) - 1) AS g (i));
COMMENT ON FUNCTION azhunt.axis_of(interval, interval, bigint) IS
'internal: the axis of make-series';

CREATE FUNCTION azhunt.axis_of(a double precision, b double precision, c bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(azhunt.add(a, azhunt.multiply(b, i::double precision)) ORDER BY i), '[]') FROM generate_series(0, azhunt.bounded_count(c) - 1) AS g (i));
COMMENT ON FUNCTION azhunt.axis_of(double precision, double precision, bigint) IS
'internal: the axis of make-series';

CREATE FUNCTION azhunt.series_add(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN CASE WHEN azhunt.is_long(x) AND azhunt.is_long(y) THEN to_jsonb(azhunt.add(azhunt.tolong(x), azhunt.tolong(y))) ELSE azhunt.todynamic(azhunt.add(azhunt.toreal(x), azhunt.toreal(y))) END END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_add(jsonb, jsonb) IS
'internal: KQL''s series_add()';

CREATE FUNCTION azhunt.series_subtract(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN CASE WHEN azhunt.is_long(x) AND azhunt.is_long(y) THEN to_jsonb(azhunt.subtract(azhunt.tolong(x), azhunt.tolong(y))) ELSE azhunt.todynamic(azhunt.subtract(azhunt.toreal(x), azhunt.toreal(y))) END END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_subtract(jsonb, jsonb) IS
'internal: KQL''s series_subtract()';

CREATE FUNCTION azhunt.series_multiply(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN CASE WHEN azhunt.is_long(x) AND azhunt.is_long(y) THEN to_jsonb(azhunt.multiply(azhunt.tolong(x), azhunt.tolong(y))) ELSE azhunt.todynamic(azhunt.multiply(azhunt.toreal(x), azhunt.toreal(y))) END END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_multiply(jsonb, jsonb) IS
'internal: KQL''s series_multiply()';

CREATE FUNCTION azhunt.series_divide(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN azhunt.todynamic(azhunt.divide(azhunt.toreal(x), azhunt.toreal(y))) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_divide(jsonb, jsonb) IS
'internal: KQL''s series_divide()';

CREATE FUNCTION azhunt.series_pow(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN azhunt.todynamic(azhunt.pow(azhunt.toreal(x), azhunt.toreal(y))) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_pow(jsonb, jsonb) IS
'internal: KQL''s series_pow()';

CREATE FUNCTION azhunt.series_greater(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric > y::numeric) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_greater(jsonb, jsonb) IS
'internal: KQL''s series_greater()';

CREATE FUNCTION azhunt.series_greater_equals(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric >= y::numeric) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_greater_equals(jsonb, jsonb) IS
'internal: KQL''s series_greater_equals()';

CREATE FUNCTION azhunt.series_less(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric < y::numeric) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_less(jsonb, jsonb) IS
'internal: KQL''s series_less()';

CREATE FUNCTION azhunt.series_less_equals(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric <= y::numeric) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_less_equals(jsonb, jsonb) IS
'internal: KQL''s series_less_equals()';

CREATE FUNCTION azhunt.series_equals(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric = y::numeric) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_equals(jsonb, jsonb) IS
'internal: KQL''s series_equals()';

CREATE FUNCTION azhunt.series_not_equals(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric <> y::numeric) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_not_equals(jsonb, jsonb) IS
'internal: KQL''s series_not_equals()';

CREATE FUNCTION azhunt.series_sin(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(sin(azhunt.angle(v))) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_sin(jsonb) IS
'internal: KQL''s series_sin()';

CREATE FUNCTION azhunt.series_cos(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(cos(azhunt.angle(v))) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_cos(jsonb) IS
'internal: KQL''s series_cos()';

CREATE FUNCTION azhunt.series_tan(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(tan(azhunt.angle(v))) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_tan(jsonb) IS
'internal: KQL''s series_tan()';

CREATE FUNCTION azhunt.series_asin(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(CASE WHEN abs(v) > 1 THEN 'NaN' ELSE asin(v) END) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_asin(jsonb) IS
'internal: KQL''s series_asin()';

CREATE FUNCTION azhunt.series_acos(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(CASE WHEN abs(v) > 1 THEN 'NaN' ELSE acos(v) END) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_acos(jsonb) IS
'internal: KQL''s series_acos()';

CREATE FUNCTION azhunt.series_atan(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(atan(v)) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_atan(jsonb) IS
'internal: KQL''s series_atan()';

CREATE FUNCTION azhunt.series_exp(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(azhunt.exp(v)) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_exp(jsonb) IS
'internal: KQL''s series_exp()';

CREATE FUNCTION azhunt.series_ceiling(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(ceil(v)) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_ceiling(jsonb) IS
'internal: KQL''s series_ceiling()';

CREATE FUNCTION azhunt.series_floor(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(floor(v)) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_floor(jsonb) IS
'internal: KQL''s series_floor()';

CREATE FUNCTION azhunt.series_abs(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(abs(v)) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_abs(jsonb) IS
'internal: KQL''s series_abs()';

CREATE FUNCTION azhunt.series_sign(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(sign(v)) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_sign(jsonb) IS
'internal: KQL''s series_sign()';

CREATE AGGREGATE azhunt.product_of(double precision) (
    SFUNC = azhunt.multiply, STYPE = double precision, INITCOND = '1',
    COMBINEFUNC = azhunt.multiply,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.product_of(double precision) IS
'internal: product of numbers';

CREATE FUNCTION azhunt.series_product(a jsonb) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT azhunt.product_of(azhunt.toreal(v)) FROM jsonb_array_elements(a) AS e (v) WHERE jsonb_typeof(v) = 'number') END;
COMMENT ON FUNCTION azhunt.series_product(jsonb) IS
'internal: KQL''s series_product()';

CREATE FUNCTION azhunt.series_dot_product(a jsonb, b jsonb) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT sum(azhunt.multiply(azhunt.toreal(x), azhunt.toreal(y))) FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_dot_product(jsonb, jsonb) IS
'internal: KQL''s series_dot_product()';

CREATE FUNCTION azhunt.series_fill_const(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN v = 'null' THEN b ELSE v END ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)) END;
COMMENT ON FUNCTION azhunt.series_fill_const(jsonb, jsonb) IS
'internal: KQL''s series_fill_const()';

CREATE FUNCTION azhunt.series_fill_forward(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(coalesce(w, 'null') ORDER BY n), '[]') FROM (SELECT n, first_value(v) OVER (PARTITION BY k ORDER BY n) AS w FROM (SELECT v, n, count(*) FILTER (WHERE v <> 'null') OVER (ORDER BY n) AS k FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)) AS s) AS t) END;
COMMENT ON FUNCTION azhunt.series_fill_forward(jsonb) IS
'internal: KQL''s series_fill_forward()';

CREATE FUNCTION azhunt.series_fill_backward(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(coalesce(w, 'null') ORDER BY n), '[]') FROM (SELECT n, first_value(v) OVER (PARTITION BY k ORDER BY n DESC) AS w FROM (SELECT v, n, count(*) FILTER (WHERE v <> 'null') OVER (ORDER BY n DESC) AS k FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)) AS s) AS t) END;
COMMENT ON FUNCTION azhunt.series_fill_backward(jsonb) IS
'internal: KQL''s series_fill_backward()';

CREATE FUNCTION azhunt.fit_of(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT jsonb_build_array(azhunt.todynamic(r2), azhunt.todynamic(slope), azhunt.todynamic(v), azhunt.todynamic(v * (1 - r2)), azhunt.todynamic(icept),
        (SELECT jsonb_agg(azhunt.todynamic(icept + slope * n) ORDER BY n) FROM jsonb_array_elements(a) WITH ORDINALITY AS f (j, n)))
    FROM (SELECT coalesce(regr_r2(y, x), 0) AS r2, regr_slope(y, x) AS slope, regr_intercept(y, x) AS icept, var_samp(y) AS v
        FROM (SELECT azhunt.toreal(j) AS y, n::double precision AS x FROM jsonb_array_elements(CASE WHEN jsonb_typeof(a) = 'array' THEN a END) WITH ORDINALITY AS e (j, n)) AS s) AS r WHERE slope IS NOT NULL);
COMMENT ON FUNCTION azhunt.fit_of(jsonb) IS
'internal: R square, slope, variance, variance of residuals, interception and line of a series';

CREATE FUNCTION azhunt.series_fit_line(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.fit_of(a);
COMMENT ON FUNCTION azhunt.series_fit_line(jsonb) IS
'internal: KQL''s series_fit_line()';

CREATE FUNCTION azhunt.series_fit_line_dynamic(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT jsonb_build_object('rsquare', f -> 0, 'slope', f -> 1, 'variance', f -> 2, 'rvariance', f -> 3, 'interception', f -> 4, 'line_fit', f -> 5) FROM (SELECT azhunt.fit_of(a)) AS s (f) WHERE f IS NOT NULL);
COMMENT ON FUNCTION azhunt.series_fit_line_dynamic(jsonb) IS
'internal: KQL''s series_fit_line_dynamic()';
