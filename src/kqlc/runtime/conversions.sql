-- Conversions between the types of KQL.

CREATE FUNCTION azhunt.tostring(boolean) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tostring_bool';
COMMENT ON FUNCTION azhunt.tostring(boolean) IS
'internal: KQL''s tostring()';

CREATE FUNCTION azhunt.tostring(double precision) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tostring_real';
COMMENT ON FUNCTION azhunt.tostring(double precision) IS
'internal: KQL''s tostring()';

CREATE FUNCTION azhunt.tostring(timestamptz) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tostring_datetime';
COMMENT ON FUNCTION azhunt.tostring(timestamptz) IS
'internal: KQL''s tostring()';

CREATE FUNCTION azhunt.tostring(interval) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tostring_timespan';
COMMENT ON FUNCTION azhunt.tostring(interval) IS
'internal: KQL''s tostring()';

CREATE FUNCTION azhunt.tostring(jsonb) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tostring_dynamic';
COMMENT ON FUNCTION azhunt.tostring(jsonb) IS
'internal: KQL''s tostring()';

CREATE FUNCTION azhunt.toint(bigint) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toint_long';
COMMENT ON FUNCTION azhunt.toint(bigint) IS
'internal: KQL''s toint()';

CREATE FUNCTION azhunt.toint(double precision) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toint_real';
COMMENT ON FUNCTION azhunt.toint(double precision) IS
'internal: KQL''s toint()';

CREATE FUNCTION azhunt.toint(text) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toint_text';
COMMENT ON FUNCTION azhunt.toint(text) IS
'internal: KQL''s toint()';

CREATE FUNCTION azhunt.toint(jsonb) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toint_dynamic';
COMMENT ON FUNCTION azhunt.toint(jsonb) IS
'internal: KQL''s toint()';

CREATE FUNCTION azhunt.tolong(double precision) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tolong_real';
COMMENT ON FUNCTION azhunt.tolong(double precision) IS
'internal: KQL''s tolong()';

CREATE FUNCTION azhunt.tolong(text) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tolong_text';
COMMENT ON FUNCTION azhunt.tolong(text) IS
'internal: KQL''s tolong()';

CREATE FUNCTION azhunt.tolong(jsonb) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tolong_dynamic';
COMMENT ON FUNCTION azhunt.tolong(jsonb) IS
'internal: KQL''s tolong()';

CREATE FUNCTION azhunt.tolong(timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tolong_datetime';
COMMENT ON FUNCTION azhunt.tolong(timestamptz) IS
'internal: KQL''s tolong()';

CREATE FUNCTION azhunt.tolong(interval) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tolong_timespan';
COMMENT ON FUNCTION azhunt.tolong(interval) IS
'internal: KQL''s tolong()';

CREATE FUNCTION azhunt.toreal(text) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toreal_text';
COMMENT ON FUNCTION azhunt.toreal(text) IS
'internal: KQL''s toreal()';

CREATE FUNCTION azhunt.toreal(jsonb) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toreal_dynamic';
COMMENT ON FUNCTION azhunt.toreal(jsonb) IS
'internal: KQL''s toreal()';

CREATE FUNCTION azhunt.toreal(numeric) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toreal_decimal';
COMMENT ON FUNCTION azhunt.toreal(numeric) IS
'internal: KQL''s toreal()';

CREATE FUNCTION azhunt.tobool(text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tobool_text';
COMMENT ON FUNCTION azhunt.tobool(text) IS
'internal: KQL''s tobool()';

CREATE FUNCTION azhunt.tobool(jsonb) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tobool_dynamic';
COMMENT ON FUNCTION azhunt.tobool(jsonb) IS
'internal: KQL''s tobool()';

CREATE FUNCTION azhunt.todecimal(text) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_todecimal_text';
COMMENT ON FUNCTION azhunt.todecimal(text) IS
'internal: KQL''s todecimal()';

CREATE FUNCTION azhunt.toguid(text) RETURNS uuid
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toguid';
COMMENT ON FUNCTION azhunt.toguid(text) IS
'internal: KQL''s toguid()';

CREATE FUNCTION azhunt.todatetime(text) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_todatetime_text';
COMMENT ON FUNCTION azhunt.todatetime(text) IS
'internal: KQL''s todatetime()';

CREATE FUNCTION azhunt.todatetime(bigint) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_todatetime_long';
COMMENT ON FUNCTION azhunt.todatetime(bigint) IS
'internal: KQL''s todatetime() of ticks';

CREATE FUNCTION azhunt.totimespan(text) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_totimespan_text';
COMMENT ON FUNCTION azhunt.totimespan(text) IS
'internal: KQL''s totimespan()';

CREATE FUNCTION azhunt.todynamic(double precision) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_todynamic_real';
COMMENT ON FUNCTION azhunt.todynamic(double precision) IS
'internal: a real as dynamic, with a point';

CREATE FUNCTION azhunt.parse_json(text) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_parse_json';
COMMENT ON FUNCTION azhunt.parse_json(text) IS
'internal: KQL''s parse_json()';

CREATE FUNCTION azhunt.not_json_null(jsonb) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_not_json_null';
COMMENT ON FUNCTION azhunt.not_json_null(jsonb) IS
'internal: the value, or NULL if it is the null of JSON';

CREATE FUNCTION azhunt.gettype(jsonb) RETURNS text
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_gettype';
COMMENT ON FUNCTION azhunt.gettype(jsonb) IS
'internal: KQL''s gettype()';

CREATE FUNCTION azhunt.json_text(jsonb) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_json_text';
COMMENT ON FUNCTION azhunt.json_text(jsonb) IS
'internal: JSON with the keys of objects in the order of their names';

CREATE FUNCTION azhunt.tolong(a numeric) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a >= -9223372036854775808 AND a <= 9223372036854775807 THEN trunc(a)::bigint END;
COMMENT ON FUNCTION azhunt.tolong(numeric) IS
'internal: KQL''s tolong()';

CREATE FUNCTION azhunt.todecimal(a double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN abs(a) < 'Infinity' THEN azhunt.todecimal(azhunt.tostring(a)) END;
COMMENT ON FUNCTION azhunt.todecimal(double precision) IS
'internal: KQL''s todecimal()';

CREATE FUNCTION azhunt.totimespan(a bigint) RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN make_interval(hours => (a / 36000000000)::integer, secs => (a % 36000000000 / 10)::double precision / 1000000);
COMMENT ON FUNCTION azhunt.totimespan(bigint) IS
'internal: KQL''s totimespan() of ticks';

CREATE FUNCTION azhunt.not_empty(a text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a <> '' THEN a END;
COMMENT ON FUNCTION azhunt.not_empty(text) IS
'internal: the text, or NULL if it is empty';

CREATE FUNCTION azhunt.dynamic_to_json(a jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN azhunt.json_text(a);
COMMENT ON FUNCTION azhunt.dynamic_to_json(jsonb) IS
'internal: KQL''s dynamic_to_json()';

CREATE FUNCTION azhunt.utc_fields(a timestamptz) RETURNS timestamp
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a >= '0001-01-01 00:00+00' AND a < '10000-01-01 00:00+00' THEN timezone('UTC', a) END;
COMMENT ON FUNCTION azhunt.utc_fields(timestamptz) IS
'internal: a time in UTC, or NULL if Kusto has none like it';

CREATE FUNCTION azhunt.kusto_time(a timestamp) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a >= '0001-01-01' AND a < '10000-01-01' THEN timezone('UTC', a) END;
COMMENT ON FUNCTION azhunt.kusto_time(timestamp) IS
'internal: a time of UTC, null if Kusto has none';
