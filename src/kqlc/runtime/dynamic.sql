-- Dynamic values of compiled queries: elements, arrays, bags and ranges.

CREATE FUNCTION azhunt.element(jsonb, bigint) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_element';
COMMENT ON FUNCTION azhunt.element(jsonb, bigint) IS
'internal: element of an array by its number';

CREATE FUNCTION azhunt.element(jsonb, jsonb) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_element_dynamic';
COMMENT ON FUNCTION azhunt.element(jsonb, jsonb) IS
'internal: element of an array by its number, or member of an object by its key';

CREATE FUNCTION azhunt.first_of(anyelement, anyelement) RETURNS anyelement
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_first_of';
COMMENT ON FUNCTION azhunt.first_of(anyelement, anyelement) IS
'internal: aggregate transition function';

CREATE FUNCTION azhunt.array_length(a jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN jsonb_array_length(a)::bigint END;
COMMENT ON FUNCTION azhunt.array_length(jsonb) IS
'internal: KQL''s array_length()';

-- A value of a table may be compressed, or apart from its row, and whatever looks at
-- it fetches all of it.  What is looked at for each element of an array is therefore
-- asked once, or a copy in memory, which #> '{}' makes.  From PostgreSQL 16 on, rows
-- are sorted before they are aggregated, with all columns of which the aggregate is
-- made: so its argument is computed below an OFFSET 0, and no row has the array.

CREATE FUNCTION azhunt.array_slice(a jsonb, b bigint, c bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(v ORDER BY n)
        FROM (SELECT CASE WHEN b < 0 THEN jsonb_array_length(a) + b ELSE b END AS low, CASE WHEN c < 0 THEN jsonb_array_length(a) + c ELSE c END AS high OFFSET 0) AS s
        CROSS JOIN jsonb_array_elements(a) WITH ORDINALITY AS e (v, n) WHERE n - 1 BETWEEN low AND high), '[]') END;
COMMENT ON FUNCTION azhunt.array_slice(jsonb, bigint, bigint) IS
'internal: KQL''s array_slice()';

CREATE FUNCTION azhunt.array_reverse(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(v ORDER BY n DESC) FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)), '[]') END;
COMMENT ON FUNCTION azhunt.array_reverse(jsonb) IS
'internal: KQL''s array_reverse()';

CREATE FUNCTION azhunt.array_rotate(a jsonb, b bigint, c integer) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(v ORDER BY mod(mod(n - 1 - c * mod(b, l), l) + l, l)) FROM (SELECT jsonb_array_length(a) AS l OFFSET 0) AS s CROSS JOIN jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)), '[]') END;
COMMENT ON FUNCTION azhunt.array_rotate(jsonb, bigint, integer) IS
'internal: KQL''s array_rotate_left()';

CREATE FUNCTION azhunt.array_shift(a jsonb, b bigint, c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(v ORDER BY i)
        FROM (SELECT coalesce(CASE WHEN i + d >= 0 THEN azhunt.element(m, i + d) END, CASE WHEN i + d < 0 OR i + d >= l THEN c END) AS v, i
              FROM (SELECT a #> '{}' AS m, jsonb_array_length(a) AS l, greatest(least(b, 1048576), -1048576) AS d OFFSET 0) AS s
              CROSS JOIN LATERAL generate_series(0, l - 1) AS g (i) OFFSET 0) AS t), '[]') END;
COMMENT ON FUNCTION azhunt.array_shift(jsonb, bigint, jsonb) IS
'internal: KQL''s array_shift_left()';

CREATE FUNCTION azhunt.array_index_of(a jsonb, b jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT min(n) - 1 FROM (SELECT b #> '{}' AS m OFFSET 0) AS s CROSS JOIN jsonb_array_elements(a) WITH ORDINALITY AS e (v, n) WHERE v = m), -1) END;
COMMENT ON FUNCTION azhunt.array_index_of(jsonb, jsonb) IS
'internal: KQL''s array_index_of()';

CREATE FUNCTION azhunt.array_sort(a jsonb, b boolean) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(v ORDER BY v = 'null',
        CASE WHEN NOT b AND jsonb_typeof(v) = 'number' THEN v::numeric END, CASE WHEN b AND jsonb_typeof(v) = 'number' THEN v::numeric END DESC NULLS LAST,
        CASE WHEN NOT b THEN azhunt.tostring(v) END COLLATE "C", CASE WHEN b THEN azhunt.tostring(v) END COLLATE "C" DESC NULLS LAST)
        FROM jsonb_array_elements(a) AS e (v)), '[]') END;
COMMENT ON FUNCTION azhunt.array_sort(jsonb, boolean) IS
'internal: KQL''s array_sort_asc()';

CREATE FUNCTION azhunt.array_split(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT jsonb_agg(coalesce((SELECT jsonb_agg(v ORDER BY n) FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)
        WHERE n > s.low AND n <= s.high), '[]') ORDER BY s.low, s.high)
    FROM (SELECT lag(p, 1, 0::bigint) OVER (ORDER BY p) AS low, p AS high
        FROM (SELECT least(greatest(CASE WHEN azhunt.tolong(v) < 0 THEN jsonb_array_length(a) + azhunt.tolong(v) ELSE azhunt.tolong(v) END, 0), jsonb_array_length(a)) AS p
            FROM jsonb_array_elements(CASE jsonb_typeof(b) WHEN 'array' THEN b ELSE jsonb_build_array(b) END) AS i (v)
            UNION ALL SELECT jsonb_array_length(a)) AS positions) AS s) END;
COMMENT ON FUNCTION azhunt.array_split(jsonb, jsonb) IS
'internal: KQL''s array_split()';

CREATE FUNCTION azhunt.array_iff(a jsonb, b jsonb, c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(w ORDER BY n)
        FROM (SELECT CASE WHEN azhunt.tobool(v) THEN CASE jsonb_typeof(x) WHEN 'array' THEN azhunt.element(x, n - 1) ELSE x END
                     ELSE CASE jsonb_typeof(y) WHEN 'array' THEN azhunt.element(y, n - 1) ELSE y END END AS w, n
              FROM (SELECT b #> '{}' AS x, c #> '{}' AS y OFFSET 0) AS s CROSS JOIN jsonb_array_elements(a) WITH ORDINALITY AS e (v, n) OFFSET 0) AS t), '[]') END;
COMMENT ON FUNCTION azhunt.array_iff(jsonb, jsonb, jsonb) IS
'internal: KQL''s array_iff()';

CREATE FUNCTION azhunt.array_concat(VARIADIC a jsonb[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT CASE WHEN bool_and(is_array) THEN coalesce(jsonb_agg(v ORDER BY i, n) FILTER (WHERE v IS NOT NULL), '[]') END
        FROM (SELECT x, i, jsonb_typeof(x) = 'array' AS is_array FROM unnest(a) WITH ORDINALITY AS p (x, i) OFFSET 0) AS s
        LEFT JOIN LATERAL jsonb_array_elements(CASE WHEN is_array THEN x END) WITH ORDINALITY AS e (v, n) ON true);
COMMENT ON FUNCTION azhunt.array_concat(jsonb[]) IS
'internal: KQL''s array_concat()';

CREATE FUNCTION azhunt.strcat_array(a jsonb, b text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(string_agg(coalesce(azhunt.tostring(v), ''), b ORDER BY n), '') FROM jsonb_array_elements(CASE WHEN jsonb_typeof(a) = 'array' THEN a END) WITH ORDINALITY AS e (v, n));
COMMENT ON FUNCTION azhunt.strcat_array(jsonb, text) IS
'internal: KQL''s strcat_array()';

CREATE FUNCTION azhunt.distinct_elements(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(v ORDER BY n), '[]') FROM (SELECT v, min(n) AS n FROM jsonb_array_elements(CASE WHEN jsonb_typeof(a) = 'array' THEN a END) WITH ORDINALITY AS e (v, n) GROUP BY v) AS s);
COMMENT ON FUNCTION azhunt.distinct_elements(jsonb) IS
'internal: the distinct elements of an array, in the order in which they come first';

CREATE FUNCTION azhunt.flatten(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(x ORDER BY n, m), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n) CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(v) WHEN 'array' THEN v ELSE jsonb_build_array(v) END) WITH ORDINALITY AS f (x, m));
COMMENT ON FUNCTION azhunt.flatten(jsonb) IS
'internal: the array with arrays in it replaced by their elements';

CREATE FUNCTION azhunt.set_union(VARIADIC a jsonb[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.distinct_elements(azhunt.array_concat(VARIADIC a));
COMMENT ON FUNCTION azhunt.set_union(jsonb[]) IS
'internal: KQL''s set_union()';

CREATE FUNCTION azhunt.set_intersect(VARIADIC a jsonb[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(v ORDER BY n), '[]') FROM (
    SELECT v, min(n) FILTER (WHERE i = 1) AS n
    FROM unnest(a) WITH ORDINALITY AS p (x, i) CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(x) = 'array' THEN x END) WITH ORDINALITY AS e (v, n)
    GROUP BY v HAVING count(DISTINCT i) = cardinality(a)) AS s);
COMMENT ON FUNCTION azhunt.set_intersect(jsonb[]) IS
'internal: KQL''s set_intersect()';

CREATE FUNCTION azhunt.set_difference(VARIADIC a jsonb[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(v ORDER BY n), '[]') FROM jsonb_array_elements(azhunt.distinct_elements(a[1])) WITH ORDINALITY AS e (v, n) WHERE NOT EXISTS (SELECT FROM unnest(a) WITH ORDINALITY AS p (x, i) CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(x) = 'array' THEN x END) AS f (w) WHERE i > 1 AND w = v));
COMMENT ON FUNCTION azhunt.set_difference(jsonb[]) IS
'internal: KQL''s set_difference()';

CREATE FUNCTION azhunt.set_has_element(a jsonb, b jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN EXISTS (SELECT FROM (SELECT b #> '{}' AS m OFFSET 0) AS s CROSS JOIN jsonb_array_elements(a) AS e (v) WHERE v = m) END;
COMMENT ON FUNCTION azhunt.set_has_element(jsonb, jsonb) IS
'internal: KQL''s set_has_element()';

CREATE FUNCTION azhunt.zip(VARIADIC a jsonb[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(r ORDER BY p), '[]')
        FROM (SELECT p, jsonb_agg(v ORDER BY i) AS r
              FROM generate_series(0, (SELECT max(CASE jsonb_typeof(x) WHEN 'array' THEN jsonb_array_length(x) ELSE 1 END) FROM unnest(a) AS l (x))::bigint - 1) AS g (p)
              CROSS JOIN generate_series(1, cardinality(a)::bigint) AS h (i)
              LEFT JOIN (SELECT i, n - 1 AS p, v FROM unnest(a) WITH ORDINALITY AS l (x, i)
                         CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(x) WHEN 'array' THEN x ELSE jsonb_build_array(x) END) WITH ORDINALITY AS e (v, n)) AS e USING (p, i)
              GROUP BY p) AS s);
COMMENT ON FUNCTION azhunt.zip(jsonb[]) IS
'internal: KQL''s zip()';

CREATE FUNCTION azhunt.bounded_count(count bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF count > 1048576 THEN
        RAISE EXCEPTION 'an array of KQL cannot have % elements', count
            USING ERRCODE = 'program_limit_exceeded',
                  HINT = 'It has 1048576 at most.';
    END IF;
    RETURN count;
END
$$;
COMMENT ON FUNCTION azhunt.bounded_count(bigint) IS
'internal: the number of elements that an array will have, or an error if they are too many';

CREATE FUNCTION azhunt.repeat(a jsonb, b bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b >= 0 THEN (SELECT coalesce(jsonb_agg(a), '[]') FROM generate_series(1, azhunt.bounded_count(b))) END;
COMMENT ON FUNCTION azhunt.repeat(jsonb, bigint) IS
'internal: KQL''s repeat()';

CREATE FUNCTION azhunt.bag_keys(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'object' THEN (SELECT coalesce(jsonb_agg(k ORDER BY n), '[]') FROM jsonb_object_keys(a) WITH ORDINALITY AS e (k, n)) END;
COMMENT ON FUNCTION azhunt.bag_keys(jsonb) IS
'internal: KQL''s bag_keys()';

CREATE FUNCTION azhunt.bag_merge(VARIADIC a jsonb[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_object_agg(k, v ORDER BY i DESC), '{}') FROM unnest(a) WITH ORDINALITY AS p (x, i) CROSS JOIN LATERAL jsonb_each(CASE WHEN jsonb_typeof(x) = 'object' THEN x END) AS e (k, v));
COMMENT ON FUNCTION azhunt.bag_merge(jsonb[]) IS
'internal: KQL''s bag_merge()';

CREATE FUNCTION azhunt.bag_has_key(a jsonb, b text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'object' THEN a ? b END;
COMMENT ON FUNCTION azhunt.bag_has_key(jsonb, text) IS
'internal: KQL''s bag_has_key()';

CREATE FUNCTION azhunt.bag_remove_keys(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'object' THEN a - ARRAY(SELECT azhunt.tostring(v) FROM jsonb_array_elements(CASE WHEN jsonb_typeof(b) = 'array' THEN b END) AS e (v)) END;
COMMENT ON FUNCTION azhunt.bag_remove_keys(jsonb, jsonb) IS
'internal: KQL''s bag_remove_keys()';

CREATE FUNCTION azhunt.bag_set_key(a jsonb, b text, c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'object' OR a IS NULL THEN coalesce(a, '{}') || jsonb_build_object(b, c) END;
COMMENT ON FUNCTION azhunt.bag_set_key(jsonb, text, jsonb) IS
'internal: KQL''s bag_set_key()';

CREATE FUNCTION azhunt.elements(a jsonb) RETURNS SETOF jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN v <> 'null' THEN v END FROM jsonb_array_elements(CASE jsonb_typeof(a) WHEN 'array' THEN a WHEN 'object' THEN
        (SELECT coalesce(jsonb_agg(jsonb_build_object(k, w) ORDER BY n), '[]') FROM jsonb_each(a) WITH ORDINALITY AS o (k, w, n))
        ELSE jsonb_build_array(a) END) AS e (v);
END;
COMMENT ON FUNCTION azhunt.elements(jsonb) IS
'internal: the rows that mv-expand makes of a value';

CREATE FUNCTION azhunt.elements_as_arrays(a jsonb) RETURNS SETOF jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN v <> 'null' THEN v END FROM jsonb_array_elements(CASE jsonb_typeof(a) WHEN 'array' THEN a WHEN 'object' THEN
        (SELECT coalesce(jsonb_agg(jsonb_build_array(k, w) ORDER BY n), '[]') FROM jsonb_each(a) WITH ORDINALITY AS o (k, w, n))
        ELSE jsonb_build_array(a) END) AS e (v);
END;
COMMENT ON FUNCTION azhunt.elements_as_arrays(jsonb) IS
'internal: the rows that mv-expand kind=array makes of a value';

CREATE FUNCTION azhunt.range_rows(a bigint, b bigint, c bigint) RETURNS SETOF bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT generate_series(a, b, CASE WHEN c <> 0 THEN c END);
END;
COMMENT ON FUNCTION azhunt.range_rows(bigint, bigint, bigint) IS
'internal: KQL''s range';

CREATE FUNCTION azhunt.range_rows(a double precision, b double precision, c double precision) RETURNS SETOF double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a + i * c FROM (SELECT generate_series(0, CASE WHEN n < 'NaN' THEN greatest(least(n, 9e18), -1) END::bigint)
        FROM (SELECT floor(azhunt.divide(azhunt.subtract(b, a), CASE WHEN c <> 0 THEN c END))) AS s (n)) AS g (i);
END;
COMMENT ON FUNCTION azhunt.range_rows(double precision, double precision, double precision) IS
'internal: KQL''s range';

CREATE FUNCTION azhunt.range_rows(a timestamptz, b timestamptz, c interval) RETURNS SETOF timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT azhunt.add(a, azhunt.multiply(c, i::double precision)) FROM (SELECT generate_series(0, floor(azhunt.divide(azhunt.subtract(b, a), CASE WHEN c <> '0' THEN c END))::bigint)) AS g (i);
END;
COMMENT ON FUNCTION azhunt.range_rows(timestamptz, timestamptz, interval) IS
'internal: KQL''s range';

CREATE FUNCTION azhunt.range_rows(a interval, b interval, c interval) RETURNS SETOF interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a + azhunt.multiply(c, i::double precision) FROM (SELECT generate_series(0, floor(azhunt.divide(b - a, CASE WHEN c <> '0' THEN c END))::bigint)) AS g (i);
END;
COMMENT ON FUNCTION azhunt.range_rows(interval, interval, interval) IS
'internal: KQL''s range';

CREATE FUNCTION azhunt.range_array(a bigint, b bigint, c bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(v), '[]') FROM (SELECT v FROM azhunt.range_rows(a, b, c) AS r (v) LIMIT 1048576) AS s);
COMMENT ON FUNCTION azhunt.range_array(bigint, bigint, bigint) IS
'internal: KQL''s range()';

CREATE FUNCTION azhunt.range_array(a double precision, b double precision, c double precision) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(azhunt.todynamic(v)), '[]') FROM (SELECT v FROM azhunt.range_rows(a, b, c) AS r (v) LIMIT 1048576) AS s);
COMMENT ON FUNCTION azhunt.range_array(double precision, double precision, double precision) IS
'internal: KQL''s range()';

CREATE FUNCTION azhunt.range_array(a timestamptz, b timestamptz, c interval) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(azhunt.tostring(v)), '[]') FROM (SELECT v FROM azhunt.range_rows(a, b, c) AS r (v) LIMIT 1048576) AS s);
COMMENT ON FUNCTION azhunt.range_array(timestamptz, timestamptz, interval) IS
'internal: KQL''s range()';

CREATE FUNCTION azhunt.range_array(a interval, b interval, c interval) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(azhunt.tostring(v)), '[]') FROM (SELECT v FROM azhunt.range_rows(a, b, c) AS r (v) LIMIT 1048576) AS s);
COMMENT ON FUNCTION azhunt.range_array(interval, interval, interval) IS
'internal: KQL''s range()';

CREATE FUNCTION azhunt.bag_zip(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_object_agg(k, w ORDER BY n DESC), '{}')
        FROM (SELECT azhunt.tostring(v) AS k, coalesce(azhunt.element(m, n - 1), 'null') AS w, n
              FROM (SELECT b #> '{}' AS m OFFSET 0) AS s CROSS JOIN jsonb_array_elements(a) WITH ORDINALITY AS e (v, n) WHERE jsonb_typeof(v) = 'string' OFFSET 0) AS t) END;
COMMENT ON FUNCTION azhunt.bag_zip(jsonb, jsonb) IS
'internal: KQL''s bag_zip()';

CREATE FUNCTION azhunt.array_index_of(a jsonb, b jsonb, c bigint, d bigint, e bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT n - 1
        FROM (SELECT b #> '{}' AS m, CASE WHEN c < 0 THEN greatest(jsonb_array_length(a) + c, 0) ELSE c END AS low OFFSET 0) AS s CROSS JOIN jsonb_array_elements(a) WITH ORDINALITY AS x (v, n)
        WHERE v = m AND n - 1 >= low AND (d < 0 OR n - 1 - low < d) ORDER BY n OFFSET greatest(e, 1) - 1 LIMIT 1), -1) END;
COMMENT ON FUNCTION azhunt.array_index_of(jsonb, jsonb, bigint, bigint, bigint) IS
'internal: KQL''s array_index_of()';
