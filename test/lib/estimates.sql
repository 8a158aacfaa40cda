-- Estimated rows by actual rows of a query's top node.
CREATE FUNCTION estimate_ratio(query text) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
    result json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || query INTO result;
    RETURN (result -> 0 -> 'Plan' ->> 'Plan Rows')::double precision
        / (result -> 0 -> 'Plan' ->> 'Actual Rows')::double precision;
END
$$;

CREATE FUNCTION is_estimated_within(query text, factor double precision, description text)
RETURNS text LANGUAGE sql AS $$
    SELECT ok(ratio BETWEEN 1 / factor AND factor, format('%s (%s)', description, ratio::numeric(20, 4)))
    FROM estimate_ratio(query) AS ratio
$$;
