-- What compiled queries call where SQL has no form that does exactly what Kusto
-- does.  NULL stands for Kusto's null.

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

CREATE FUNCTION azhunt.gettype(jsonb) RETURNS text
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_gettype';
COMMENT ON FUNCTION azhunt.gettype(jsonb) IS
'internal: KQL''s gettype()';

CREATE FUNCTION azhunt.contains(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_contains';
COMMENT ON FUNCTION azhunt.contains(text, text) IS
'internal: KQL''s contains';

CREATE FUNCTION azhunt.startswith(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_startswith';
COMMENT ON FUNCTION azhunt.startswith(text, text) IS
'internal: KQL''s startswith';

CREATE FUNCTION azhunt.endswith(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_endswith';
COMMENT ON FUNCTION azhunt.endswith(text, text) IS
'internal: KQL''s endswith';

CREATE FUNCTION azhunt.has_cs(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_has_cs';
COMMENT ON FUNCTION azhunt.has_cs(text, text) IS
'internal: KQL''s has_cs';

CREATE FUNCTION azhunt.hasprefix(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_hasprefix';
COMMENT ON FUNCTION azhunt.hasprefix(text, text) IS
'internal: KQL''s hasprefix';

CREATE FUNCTION azhunt.hasprefix_cs(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_hasprefix_cs';
COMMENT ON FUNCTION azhunt.hasprefix_cs(text, text) IS
'internal: KQL''s hasprefix_cs';

CREATE FUNCTION azhunt.hassuffix(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_hassuffix';
COMMENT ON FUNCTION azhunt.hassuffix(text, text) IS
'internal: KQL''s hassuffix';

CREATE FUNCTION azhunt.hassuffix_cs(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_hassuffix_cs';
COMMENT ON FUNCTION azhunt.hassuffix_cs(text, text) IS
'internal: KQL''s hassuffix_cs';

CREATE FUNCTION azhunt.split(text, text) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_split';
COMMENT ON FUNCTION azhunt.split(text, text) IS
'internal: KQL''s split()';

CREATE FUNCTION azhunt.split(text, text, bigint) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_split_part';
COMMENT ON FUNCTION azhunt.split(text, text, bigint) IS
'internal: KQL''s split()';

CREATE FUNCTION azhunt.matches_regex(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_matches_regex';
COMMENT ON FUNCTION azhunt.matches_regex(text, text) IS
'internal: KQL''s matches regex';

CREATE FUNCTION azhunt.extract(text, bigint, text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_extract';
COMMENT ON FUNCTION azhunt.extract(text, bigint, text) IS
'internal: KQL''s extract()';

CREATE FUNCTION azhunt.extract_all(text, text) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_extract_all';
COMMENT ON FUNCTION azhunt.extract_all(text, text) IS
'internal: KQL''s extract_all()';

CREATE FUNCTION azhunt.regex_groups(text, text) RETURNS text[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_regex_groups';
COMMENT ON FUNCTION azhunt.regex_groups(text, text) IS
'internal: the groups of the first match';

CREATE FUNCTION azhunt.replace_regex(text, text, text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_replace_regex';
COMMENT ON FUNCTION azhunt.replace_regex(text, text, text) IS
'internal: KQL''s replace_regex()';

CREATE FUNCTION azhunt.trim_start(text, text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_trim_start';
COMMENT ON FUNCTION azhunt.trim_start(text, text) IS
'internal: KQL''s trim_start()';

CREATE FUNCTION azhunt.trim_end(text, text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_trim_end';
COMMENT ON FUNCTION azhunt.trim_end(text, text) IS
'internal: KQL''s trim_end()';

CREATE FUNCTION azhunt.count_matches(text, text) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_count_matches';
COMMENT ON FUNCTION azhunt.count_matches(text, text) IS
'internal: number of matches of a regular expression';

CREATE FUNCTION azhunt.regex_quote(text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_regex_quote';
COMMENT ON FUNCTION azhunt.regex_quote(text) IS
'internal: KQL''s regex_quote()';

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

CREATE FUNCTION azhunt.json_text(jsonb) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_json_text';
COMMENT ON FUNCTION azhunt.json_text(jsonb) IS
'internal: JSON with the keys of objects in the order of their names';

CREATE FUNCTION azhunt.replace_any(text, text[], text[]) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_replace_any';
COMMENT ON FUNCTION azhunt.replace_any(text, text[], text[]) IS
'internal: KQL''s replace_strings()';

CREATE FUNCTION azhunt.before_match(text, text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_before_match';
COMMENT ON FUNCTION azhunt.before_match(text, text) IS
'internal: the text before the first match of a regular expression';

CREATE FUNCTION azhunt.first_of(anyelement, anyelement) RETURNS anyelement
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_first_of';
COMMENT ON FUNCTION azhunt.first_of(anyelement, anyelement) IS
'internal: aggregate transition function';

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
RETURN make_interval(secs => a::double precision / 10000000);
COMMENT ON FUNCTION azhunt.totimespan(bigint) IS
'internal: KQL''s totimespan() of ticks';

CREATE FUNCTION azhunt.not_empty(a text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a <> '' THEN a END;
COMMENT ON FUNCTION azhunt.not_empty(text) IS
'internal: the text, or NULL if it is empty';

CREATE FUNCTION azhunt.has_any(a text, b jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce((SELECT bool_or(azhunt.has(a, azhunt.tostring(v))) FROM jsonb_array_elements(CASE jsonb_typeof(b) WHEN 'array' THEN b ELSE jsonb_build_array(b) END) AS e (v)), false);
COMMENT ON FUNCTION azhunt.has_any(text, jsonb) IS
'internal: KQL''s has_any';

CREATE FUNCTION azhunt.has_all(a text, b jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce((SELECT bool_and(azhunt.has(a, azhunt.tostring(v))) FROM jsonb_array_elements(CASE jsonb_typeof(b) WHEN 'array' THEN b ELSE jsonb_build_array(b) END) AS e (v)), true);
COMMENT ON FUNCTION azhunt.has_all(text, jsonb) IS
'internal: KQL''s has_all';

CREATE FUNCTION azhunt.in_array_fold(a text, b jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce((SELECT bool_or(a OPERATOR(azhunt.=~) azhunt.tostring(v)) FROM jsonb_array_elements(CASE jsonb_typeof(b) WHEN 'array' THEN b ELSE jsonb_build_array(b) END) AS e (v)), false);
COMMENT ON FUNCTION azhunt.in_array_fold(text, jsonb) IS
'internal: KQL''s in~ with an array';

CREATE FUNCTION azhunt.trim(a text, b text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.trim_end(a, azhunt.trim_start(a, b));
COMMENT ON FUNCTION azhunt.trim(text, text) IS
'internal: KQL''s trim()';

CREATE FUNCTION azhunt.indexof(a text, b text, c bigint, d bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN coalesce((SELECT p FROM generate_series(CASE WHEN c < 0 THEN greatest(length(a) + c, 0) ELSE c END,
        CASE WHEN d < 0 THEN length(a) ELSE least(length(a), CASE WHEN c < 0 THEN greatest(length(a) + c, 0) ELSE c END + d - 1) END) AS g (p)
        WHERE substr(a, p::integer + 1, length(b)) = b AND p <= length(a) - length(b) ORDER BY p OFFSET 0 LIMIT 1), -1);
COMMENT ON FUNCTION azhunt.indexof(text, text, bigint, bigint) IS
'internal: KQL''s indexof()';

CREATE FUNCTION azhunt.indexof(a text, b text, c bigint, d bigint, e bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN e > 0 THEN coalesce((SELECT p FROM generate_series(CASE WHEN c < 0 THEN greatest(length(a) + c, 0) ELSE c END,
        CASE WHEN d < 0 THEN length(a) ELSE least(length(a), CASE WHEN c < 0 THEN greatest(length(a) + c, 0) ELSE c END + d - 1) END) AS g (p)
        WHERE substr(a, p::integer + 1, length(b)) = b AND p <= length(a) - length(b) ORDER BY p OFFSET e - 1 LIMIT 1), -1) END;
COMMENT ON FUNCTION azhunt.indexof(text, text, bigint, bigint, bigint) IS
'internal: KQL''s indexof()';

CREATE FUNCTION azhunt.indexof(a text, b text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (strpos(a, b) - 1)::bigint;
COMMENT ON FUNCTION azhunt.indexof(text, text) IS
'internal: KQL''s indexof()';

CREATE FUNCTION azhunt.indexof(a text, b text, c bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN azhunt.indexof(a, b, c, -1::bigint);
COMMENT ON FUNCTION azhunt.indexof(text, text, bigint) IS
'internal: KQL''s indexof()';

CREATE FUNCTION azhunt.substring(a text, b bigint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN substr(a, least(greatest(CASE WHEN b < 0 THEN length(a) + b ELSE b END, -1000000000), 2000000000)::integer + 1);
COMMENT ON FUNCTION azhunt.substring(text, bigint) IS
'internal: KQL''s substring()';

CREATE FUNCTION azhunt.substring(a text, b bigint, c bigint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN substr(a, least(greatest(CASE WHEN b < 0 THEN length(a) + b ELSE b END, -1000000000), 1000000000)::integer + 1, least(greatest(c, 0), 1000000000)::integer);
COMMENT ON FUNCTION azhunt.substring(text, bigint, bigint) IS
'internal: KQL''s substring()';

CREATE FUNCTION azhunt.strrep(a text, b bigint, c text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN coalesce((SELECT string_agg(a, c) FROM generate_series(1, least(b, 1024))), '');
COMMENT ON FUNCTION azhunt.strrep(text, bigint, text) IS
'internal: KQL''s strrep()';

CREATE FUNCTION azhunt.strcmp(a text, b text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN a COLLATE "C" < b THEN -1 WHEN a COLLATE "C" > b THEN 1 ELSE 0 END;
COMMENT ON FUNCTION azhunt.strcmp(text, text) IS
'internal: KQL''s strcmp()';

CREATE FUNCTION azhunt.countof(a text, b text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT count(*) FROM generate_series(1, length(a) - length(b) + 1) AS g (p) WHERE substr(a, p, length(b)) = b AND b <> '');
COMMENT ON FUNCTION azhunt.countof(text, text) IS
'internal: KQL''s countof()';

CREATE FUNCTION azhunt.countof(a text, b text, c text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN c = 'regex' THEN azhunt.count_matches(a, b) ELSE azhunt.countof(a, b) END;
COMMENT ON FUNCTION azhunt.countof(text, text, text) IS
'internal: KQL''s countof()';

CREATE FUNCTION azhunt.pad_left(a text, b bigint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lpad(a, greatest(least(b, 1000), length(a))::integer, '0');
COMMENT ON FUNCTION azhunt.pad_left(text, bigint) IS
'internal: digits with zeros before them';

CREATE FUNCTION azhunt.array_length(a jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN jsonb_array_length(a)::bigint END;
COMMENT ON FUNCTION azhunt.array_length(jsonb) IS
'internal: KQL''s array_length()';

CREATE FUNCTION azhunt.array_slice(a jsonb, b bigint, c bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(v ORDER BY n) FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)
        WHERE n - 1 BETWEEN CASE WHEN b < 0 THEN jsonb_array_length(a) + b ELSE b END AND CASE WHEN c < 0 THEN jsonb_array_length(a) + c ELSE c END), '[]') END;
COMMENT ON FUNCTION azhunt.array_slice(jsonb, bigint, bigint) IS
'internal: KQL''s array_slice()';

CREATE FUNCTION azhunt.array_reverse(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(v ORDER BY n DESC) FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)), '[]') END;
COMMENT ON FUNCTION azhunt.array_reverse(jsonb) IS
'internal: KQL''s array_reverse()';

CREATE FUNCTION azhunt.array_rotate(a jsonb, b bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(v ORDER BY mod(mod(n - 1 - b, jsonb_array_length(a)) + jsonb_array_length(a), jsonb_array_length(a))) FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)), '[]') END;
COMMENT ON FUNCTION azhunt.array_rotate(jsonb, bigint) IS
'internal: KQL''s array_rotate_left()';

CREATE FUNCTION azhunt.array_shift(a jsonb, b bigint, c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(coalesce(CASE WHEN i + b >= 0 THEN azhunt.element(a, i + b) END, CASE WHEN i + b < 0 OR i + b >= jsonb_array_length(a) THEN c END) ORDER BY i) FROM generate_series(0, jsonb_array_length(a) - 1) AS g (i)), '[]') END;
COMMENT ON FUNCTION azhunt.array_shift(jsonb, bigint, jsonb) IS
'internal: KQL''s array_shift_left()';

CREATE FUNCTION azhunt.array_index_of(a jsonb, b jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT min(n) - 1 FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n) WHERE v = b), -1) END;
COMMENT ON FUNCTION azhunt.array_index_of(jsonb, jsonb) IS
'internal: KQL''s array_index_of()';

CREATE FUNCTION azhunt.array_sum(a jsonb) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT sum(azhunt.toreal(v)) FROM jsonb_array_elements(a) AS e (v) WHERE jsonb_typeof(v) IN ('number', 'boolean')) END;
COMMENT ON FUNCTION azhunt.array_sum(jsonb) IS
'internal: KQL''s array_sum()';

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
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(CASE WHEN azhunt.tobool(v) THEN CASE jsonb_typeof(b) WHEN 'array' THEN azhunt.element(b, n - 1) ELSE b END
        ELSE CASE jsonb_typeof(c) WHEN 'array' THEN azhunt.element(c, n - 1) ELSE c END END ORDER BY n) FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)), '[]') END;
COMMENT ON FUNCTION azhunt.array_iff(jsonb, jsonb, jsonb) IS
'internal: KQL''s array_iff()';

CREATE FUNCTION azhunt.array_concat(VARIADIC a jsonb[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT CASE WHEN bool_and(jsonb_typeof(x) = 'array') THEN coalesce(jsonb_agg(v ORDER BY i, n) FILTER (WHERE v IS NOT NULL), '[]') END FROM unnest(a) WITH ORDINALITY AS p (x, i) LEFT JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(x) = 'array' THEN x END) WITH ORDINALITY AS e (v, n) ON true);
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
RETURN (SELECT coalesce(jsonb_agg(v ORDER BY n), '[]') FROM jsonb_array_elements(azhunt.distinct_elements(a[1])) WITH ORDINALITY AS e (v, n) WHERE NOT EXISTS (SELECT FROM unnest(a) AS p (x) WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(CASE WHEN jsonb_typeof(x) = 'array' THEN x END) AS f (w) WHERE w = v)));
COMMENT ON FUNCTION azhunt.set_intersect(jsonb[]) IS
'internal: KQL''s set_intersect()';

CREATE FUNCTION azhunt.set_difference(VARIADIC a jsonb[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(v ORDER BY n), '[]') FROM jsonb_array_elements(azhunt.distinct_elements(a[1])) WITH ORDINALITY AS e (v, n) WHERE NOT EXISTS (SELECT FROM unnest(a) WITH ORDINALITY AS p (x, i) CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(x) = 'array' THEN x END) AS f (w) WHERE i > 1 AND w = v));
COMMENT ON FUNCTION azhunt.set_difference(jsonb[]) IS
'internal: KQL''s set_difference()';

CREATE FUNCTION azhunt.set_has_element(a jsonb, b jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN EXISTS (SELECT FROM jsonb_array_elements(a) AS e (v) WHERE v = b) END;
COMMENT ON FUNCTION azhunt.set_has_element(jsonb, jsonb) IS
'internal: KQL''s set_has_element()';

CREATE FUNCTION azhunt.zip(VARIADIC a jsonb[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg((SELECT jsonb_agg(azhunt.element(CASE jsonb_typeof(x) WHEN 'array' THEN x ELSE jsonb_build_array(x) END, p) ORDER BY i) FROM unnest(a) WITH ORDINALITY AS l (x, i)) ORDER BY p), '[]') FROM generate_series(0, (SELECT max(CASE jsonb_typeof(x) WHEN 'array' THEN jsonb_array_length(x) ELSE 1 END) FROM unnest(a) AS l (x))::bigint - 1) AS g (p));
COMMENT ON FUNCTION azhunt.zip(jsonb[]) IS
'internal: KQL''s zip()';

CREATE FUNCTION azhunt.repeat(a jsonb, b bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b >= 0 THEN (SELECT coalesce(jsonb_agg(a), '[]') FROM generate_series(1, b)) END;
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

CREATE FUNCTION azhunt.dynamic_to_json(a jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN azhunt.json_text(a);
COMMENT ON FUNCTION azhunt.dynamic_to_json(jsonb) IS
'internal: KQL''s dynamic_to_json()';

CREATE FUNCTION azhunt.url_encode(a text, b text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN coalesce((SELECT string_agg(CASE WHEN c ~ '^[A-Za-z0-9_.~-]$' THEN c WHEN c = ' ' THEN b ELSE (SELECT string_agg('%' || (lpad(to_hex(get_byte(convert_to(c, 'UTF8'), i)), 2, '0')), '' ORDER BY i) FROM generate_series(0, octet_length(convert_to(c, 'UTF8')) - 1) AS g (i)) END, '' ORDER BY n) FROM regexp_split_to_table(a, '') WITH ORDINALITY AS e (c, n)), '');
COMMENT ON FUNCTION azhunt.url_encode(text, text) IS
'internal: KQL''s url_encode()';

CREATE FUNCTION azhunt.series_of(a jsonb, b bigint, c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b > 1048576 THEN NULL WHEN b >= 0 THEN (SELECT coalesce(jsonb_agg(coalesce(a -> i::text, c) ORDER BY i), '[]') FROM generate_series(0, b - 1) AS g (i)) END;
COMMENT ON FUNCTION azhunt.series_of(jsonb, bigint, jsonb) IS
'internal: the array that make-series makes of bins';

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
    SELECT a + i * c FROM generate_series(0, floor((b - a) / CASE WHEN c <> 0 THEN c END)::bigint) AS g (i);
END;
COMMENT ON FUNCTION azhunt.range_rows(double precision, double precision, double precision) IS
'internal: KQL''s range';

CREATE FUNCTION azhunt.range_rows(a timestamptz, b timestamptz, c interval) RETURNS SETOF timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT azhunt.add(a, azhunt.multiply(c, i::double precision)) FROM generate_series(0, floor(azhunt.divide(azhunt.subtract(b, a), CASE WHEN c <> '0' THEN c END))::bigint) AS g (i);
END;
COMMENT ON FUNCTION azhunt.range_rows(timestamptz, timestamptz, interval) IS
'internal: KQL''s range';

CREATE FUNCTION azhunt.range_rows(a interval, b interval, c interval) RETURNS SETOF interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a + azhunt.multiply(c, i::double precision) FROM generate_series(0, floor(azhunt.divide(b - a, CASE WHEN c <> '0' THEN c END))::bigint) AS g (i);
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

CREATE FUNCTION azhunt.axis_of(a timestamptz, b interval, c bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(azhunt.tostring(azhunt.add(a, azhunt.multiply(b, i::double precision))) ORDER BY i), '[]') FROM generate_series(0, least(c, 1048576) - 1) AS g (i));
COMMENT ON FUNCTION azhunt.axis_of(timestamptz, interval, bigint) IS
'internal: the axis of make-series';

CREATE FUNCTION azhunt.axis_of(a interval, b interval, c bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(azhunt.tostring(a + azhunt.multiply(b, i::double precision)) ORDER BY i), '[]') FROM generate_series(0, least(c, 1048576) - 1) AS g (i));
COMMENT ON FUNCTION azhunt.axis_of(interval, interval, bigint) IS
'internal: the axis of make-series';

CREATE FUNCTION azhunt.axis_of(a double precision, b double precision, c bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(a + b * i ORDER BY i), '[]') FROM generate_series(0, least(c, 1048576) - 1) AS g (i));
COMMENT ON FUNCTION azhunt.axis_of(double precision, double precision, bigint) IS
'internal: the axis of make-series';

CREATE FUNCTION azhunt.subtract(a interval, b interval) RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN a - b;
COMMENT ON FUNCTION azhunt.subtract(interval, interval) IS
'internal: the difference of two timespans';

CREATE FUNCTION azhunt.kusto_time(a timestamp) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a >= '0001-01-01' AND a < '10000-01-01' THEN timezone('UTC', a) END;
COMMENT ON FUNCTION azhunt.kusto_time(timestamp) IS
'internal: a time of UTC, null if Kusto has none';

CREATE FUNCTION azhunt.some_interval(a text, b bigint) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN abs(b) <= 4000000 THEN CASE a WHEN 'day' THEN make_interval(days => b::integer) WHEN 'week' THEN make_interval(days => 7 * b::integer) WHEN 'month' THEN make_interval(months => b::integer) WHEN 'quarter' THEN make_interval(months => 3 * b::integer) WHEN 'year' THEN make_interval(years => b::integer) END END;
COMMENT ON FUNCTION azhunt.some_interval(text, bigint) IS
'internal: so many days or months';

CREATE FUNCTION azhunt.startofday(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('day', timezone('UTC', a)) + azhunt.some_interval('day', b));
COMMENT ON FUNCTION azhunt.startofday(timestamptz, bigint) IS
'internal: KQL''s startofday()';

CREATE FUNCTION azhunt.endofday(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('day', timezone('UTC', a)) + azhunt.some_interval('day', b + 1) - interval '1 microsecond');
COMMENT ON FUNCTION azhunt.endofday(timestamptz, bigint) IS
'internal: KQL''s endofday()';

CREATE FUNCTION azhunt.startofmonth(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('month', timezone('UTC', a)) + azhunt.some_interval('month', b));
COMMENT ON FUNCTION azhunt.startofmonth(timestamptz, bigint) IS
'internal: KQL''s startofmonth()';

CREATE FUNCTION azhunt.endofmonth(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('month', timezone('UTC', a)) + azhunt.some_interval('month', b + 1) - interval '1 microsecond');
COMMENT ON FUNCTION azhunt.endofmonth(timestamptz, bigint) IS
'internal: KQL''s endofmonth()';

CREATE FUNCTION azhunt.startofyear(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('year', timezone('UTC', a)) + azhunt.some_interval('year', b));
COMMENT ON FUNCTION azhunt.startofyear(timestamptz, bigint) IS
'internal: KQL''s startofyear()';

CREATE FUNCTION azhunt.endofyear(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('year', timezone('UTC', a)) + azhunt.some_interval('year', b + 1) - interval '1 microsecond');
COMMENT ON FUNCTION azhunt.endofyear(timestamptz, bigint) IS
'internal: KQL''s endofyear()';

CREATE FUNCTION azhunt.startofweek(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('week', timezone('UTC', a) + interval '1 day') - interval '1 day' + azhunt.some_interval('week', b));
COMMENT ON FUNCTION azhunt.startofweek(timestamptz, bigint) IS
'internal: KQL''s startofweek()';

CREATE FUNCTION azhunt.endofweek(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('week', timezone('UTC', a) + interval '1 day') - interval '1 day' + azhunt.some_interval('week', b + 1) - interval '1 microsecond');
COMMENT ON FUNCTION azhunt.endofweek(timestamptz, bigint) IS
'internal: KQL''s endofweek()';

CREATE FUNCTION azhunt.dayofweek(a timestamptz) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN make_interval(hours => 24 * extract('dow' FROM timezone('UTC', a))::integer);
COMMENT ON FUNCTION azhunt.dayofweek(timestamptz) IS
'internal: KQL''s dayofweek()';

CREATE FUNCTION azhunt.datetime_add(a text, b bigint, c timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a IN ('year', 'quarter', 'month') THEN azhunt.kusto_time(timezone('UTC', c) + azhunt.some_interval(a, b))
    ELSE azhunt.add(c, azhunt.multiply(CASE a WHEN 'week' THEN interval '168 hours' WHEN 'day' THEN interval '24 hours' WHEN 'hour' THEN interval '1 hour' WHEN 'minute' THEN interval '1 minute'
        WHEN 'second' THEN interval '1 second' WHEN 'millisecond' THEN interval '1 millisecond' WHEN 'microsecond' THEN interval '1 microsecond' END, b::double precision)) END;
COMMENT ON FUNCTION azhunt.datetime_add(text, bigint, timestamptz) IS
'internal: KQL''s datetime_add()';

CREATE FUNCTION azhunt.datetime_diff(a text, b timestamptz, c timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE a WHEN 'year' THEN (extract('year' FROM timezone('UTC', b)) - extract('year' FROM timezone('UTC', c)))::bigint
    WHEN 'quarter' THEN (4 * (extract('year' FROM timezone('UTC', b)) - extract('year' FROM timezone('UTC', c))) + extract('quarter' FROM timezone('UTC', b)) - extract('quarter' FROM timezone('UTC', c)))::bigint
    WHEN 'month' THEN (12 * (extract('year' FROM timezone('UTC', b)) - extract('year' FROM timezone('UTC', c))) + extract('month' FROM timezone('UTC', b)) - extract('month' FROM timezone('UTC', c)))::bigint
    WHEN 'week' THEN (azhunt.tolong(b) + 864000000000) / 6048000000000 - (azhunt.tolong(c) + 864000000000) / 6048000000000
    WHEN 'day' THEN azhunt.tolong(b) / 864000000000 - azhunt.tolong(c) / 864000000000
    WHEN 'hour' THEN azhunt.tolong(b) / 36000000000 - azhunt.tolong(c) / 36000000000
    WHEN 'minute' THEN azhunt.tolong(b) / 600000000 - azhunt.tolong(c) / 600000000
    WHEN 'second' THEN azhunt.tolong(b) / 10000000 - azhunt.tolong(c) / 10000000
    WHEN 'millisecond' THEN azhunt.tolong(b) / 10000 - azhunt.tolong(c) / 10000
    WHEN 'microsecond' THEN azhunt.tolong(b) / 10 - azhunt.tolong(c) / 10
    WHEN 'nanosecond' THEN (azhunt.tolong(b) - azhunt.tolong(c)) * 100 END;
COMMENT ON FUNCTION azhunt.datetime_diff(text, timestamptz, timestamptz) IS
'internal: KQL''s datetime_diff()';

CREATE FUNCTION azhunt.make_datetime(a bigint, b bigint, c bigint, d bigint, e bigint, f double precision) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN f >= 0 AND f < 60 THEN azhunt.add(azhunt.todatetime(lpad(a::text, 4, '0') || '-' || b::text || '-' || c::text || ' ' || d::text || ':' || e::text), azhunt.multiply(interval '1 second', f)) END;
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
RETURN CASE WHEN a >= 0 AND a < 10675199 AND b BETWEEN 0 AND 23 AND c BETWEEN 0 AND 59 AND d >= 0 AND d < 60 THEN make_interval(hours => (24 * a + b)::integer, mins => c::integer, secs => d) END;
COMMENT ON FUNCTION azhunt.make_timespan(bigint, bigint, bigint, double precision) IS
'internal: KQL''s make_timespan()';

CREATE FUNCTION azhunt.unixtime_todatetime(a double precision) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a >= -62135596800000000 AND a < 253402300800000000 THEN azhunt.add(timestamptz '1970-01-01 00:00:00+00', make_interval(secs => trunc(a) / 1000000)) END;
COMMENT ON FUNCTION azhunt.unixtime_todatetime(double precision) IS
'internal: KQL''s unixtime_microseconds_todatetime()';

CREATE FUNCTION azhunt.ipv4_network(a text) RETURNS inet
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a ~ E'^\\s*(25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.(25[0-5]|2[0-4]\\d|1?\\d?\\d)){3}(/(3[0-2]|[12]?\\d))?\\s*$' THEN btrim(a)::inet END;
COMMENT ON FUNCTION azhunt.ipv4_network(text) IS
'internal: the address, or NULL if it is none';

CREATE FUNCTION azhunt.ipv4_is_private(a text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN azhunt.ipv4_network(a) IS NOT NULL THEN azhunt.ipv4_network(a) <<= ANY ('{10.0.0.0/8,172.16.0.0/12,192.168.0.0/16}'::inet[]) END;
COMMENT ON FUNCTION azhunt.ipv4_is_private(text) IS
'internal: KQL''s ipv4_is_private()';

CREATE FUNCTION azhunt.ipv4_compare(a text, b text, c bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN c BETWEEN 0 AND 32 THEN sign(
        (network(set_masklen(azhunt.ipv4_network(a), least(c, masklen(azhunt.ipv4_network(a)), masklen(azhunt.ipv4_network(b)))::integer)) - inet '0.0.0.0')
        - (network(set_masklen(azhunt.ipv4_network(b), least(c, masklen(azhunt.ipv4_network(a)), masklen(azhunt.ipv4_network(b)))::integer)) - inet '0.0.0.0'))::bigint END;
COMMENT ON FUNCTION azhunt.ipv4_compare(text, text, bigint) IS
'internal: KQL''s ipv4_compare()';

CREATE FUNCTION azhunt.ipv4_is_in_range(a text, b text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.ipv4_compare(host(azhunt.ipv4_network(a)), host(azhunt.ipv4_network(b)), masklen(azhunt.ipv4_network(b))::bigint) = 0;
COMMENT ON FUNCTION azhunt.ipv4_is_in_range(text, text) IS
'internal: KQL''s ipv4_is_in_range()';

CREATE FUNCTION azhunt.ipv4_is_in_any_range(a text, b jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT bool_or(coalesce(azhunt.ipv4_is_in_range(a, azhunt.tostring(v)), false)) FROM jsonb_array_elements(CASE jsonb_typeof(b) WHEN 'array' THEN b ELSE jsonb_build_array(b) END) AS e (v) WHERE azhunt.ipv4_network(a) IS NOT NULL);
COMMENT ON FUNCTION azhunt.ipv4_is_in_any_range(text, jsonb) IS
'internal: KQL''s ipv4_is_in_any_range()';

CREATE FUNCTION azhunt.ipv4_netmask_suffix(a text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN masklen(azhunt.ipv4_network(a))::bigint;
COMMENT ON FUNCTION azhunt.ipv4_netmask_suffix(text) IS
'internal: KQL''s ipv4_netmask_suffix()';

CREATE FUNCTION azhunt.parse_ipv4(a text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN host(network(azhunt.ipv4_network(a)))::inet - inet '0.0.0.0';
COMMENT ON FUNCTION azhunt.parse_ipv4(text) IS
'internal: KQL''s parse_ipv4()';

CREATE FUNCTION azhunt.series_add(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric + y::numeric) END ORDER BY i), '[]') FROM generate_series(0, greatest(jsonb_array_length(a), jsonb_array_length(b)) - 1) AS g (i) CROSS JOIN LATERAL (SELECT azhunt.element(a, i) AS x, azhunt.element(b, i) AS y) AS p) END;
COMMENT ON FUNCTION azhunt.series_add(jsonb, jsonb) IS
'internal: KQL''s series_add()';

CREATE FUNCTION azhunt.series_subtract(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric - y::numeric) END ORDER BY i), '[]') FROM generate_series(0, greatest(jsonb_array_length(a), jsonb_array_length(b)) - 1) AS g (i) CROSS JOIN LATERAL (SELECT azhunt.element(a, i) AS x, azhunt.element(b, i) AS y) AS p) END;
COMMENT ON FUNCTION azhunt.series_subtract(jsonb, jsonb) IS
'internal: KQL''s series_subtract()';

CREATE FUNCTION azhunt.series_multiply(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric * y::numeric) END ORDER BY i), '[]') FROM generate_series(0, greatest(jsonb_array_length(a), jsonb_array_length(b)) - 1) AS g (i) CROSS JOIN LATERAL (SELECT azhunt.element(a, i) AS x, azhunt.element(b, i) AS y) AS p) END;
COMMENT ON FUNCTION azhunt.series_multiply(jsonb, jsonb) IS
'internal: KQL''s series_multiply()';

CREATE FUNCTION azhunt.series_divide(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN azhunt.todynamic(azhunt.divide(azhunt.toreal(x), azhunt.toreal(y))) END ORDER BY i), '[]') FROM generate_series(0, greatest(jsonb_array_length(a), jsonb_array_length(b)) - 1) AS g (i) CROSS JOIN LATERAL (SELECT azhunt.element(a, i) AS x, azhunt.element(b, i) AS y) AS p) END;
COMMENT ON FUNCTION azhunt.series_divide(jsonb, jsonb) IS
'internal: KQL''s series_divide()';

CREATE FUNCTION azhunt.series_pow(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN azhunt.todynamic(azhunt.pow(azhunt.toreal(x), azhunt.toreal(y))) END ORDER BY i), '[]') FROM generate_series(0, greatest(jsonb_array_length(a), jsonb_array_length(b)) - 1) AS g (i) CROSS JOIN LATERAL (SELECT azhunt.element(a, i) AS x, azhunt.element(b, i) AS y) AS p) END;
COMMENT ON FUNCTION azhunt.series_pow(jsonb, jsonb) IS
'internal: KQL''s series_pow()';

CREATE FUNCTION azhunt.series_greater(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric > y::numeric) END ORDER BY i), '[]') FROM generate_series(0, greatest(jsonb_array_length(a), jsonb_array_length(b)) - 1) AS g (i) CROSS JOIN LATERAL (SELECT azhunt.element(a, i) AS x, azhunt.element(b, i) AS y) AS p) END;
COMMENT ON FUNCTION azhunt.series_greater(jsonb, jsonb) IS
'internal: KQL''s series_greater()';

CREATE FUNCTION azhunt.series_greater_equals(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric >= y::numeric) END ORDER BY i), '[]') FROM generate_series(0, greatest(jsonb_array_length(a), jsonb_array_length(b)) - 1) AS g (i) CROSS JOIN LATERAL (SELECT azhunt.element(a, i) AS x, azhunt.element(b, i) AS y) AS p) END;
COMMENT ON FUNCTION azhunt.series_greater_equals(jsonb, jsonb) IS
'internal: KQL''s series_greater_equals()';

CREATE FUNCTION azhunt.series_less(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric < y::numeric) END ORDER BY i), '[]') FROM generate_series(0, greatest(jsonb_array_length(a), jsonb_array_length(b)) - 1) AS g (i) CROSS JOIN LATERAL (SELECT azhunt.element(a, i) AS x, azhunt.element(b, i) AS y) AS p) END;
COMMENT ON FUNCTION azhunt.series_less(jsonb, jsonb) IS
'internal: KQL''s series_less()';

CREATE FUNCTION azhunt.series_less_equals(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric <= y::numeric) END ORDER BY i), '[]') FROM generate_series(0, greatest(jsonb_array_length(a), jsonb_array_length(b)) - 1) AS g (i) CROSS JOIN LATERAL (SELECT azhunt.element(a, i) AS x, azhunt.element(b, i) AS y) AS p) END;
COMMENT ON FUNCTION azhunt.series_less_equals(jsonb, jsonb) IS
'internal: KQL''s series_less_equals()';

CREATE FUNCTION azhunt.series_equals(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric = y::numeric) END ORDER BY i), '[]') FROM generate_series(0, greatest(jsonb_array_length(a), jsonb_array_length(b)) - 1) AS g (i) CROSS JOIN LATERAL (SELECT azhunt.element(a, i) AS x, azhunt.element(b, i) AS y) AS p) END;
COMMENT ON FUNCTION azhunt.series_equals(jsonb, jsonb) IS
'internal: KQL''s series_equals()';

CREATE FUNCTION azhunt.series_not_equals(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric <> y::numeric) END ORDER BY i), '[]') FROM generate_series(0, greatest(jsonb_array_length(a), jsonb_array_length(b)) - 1) AS g (i) CROSS JOIN LATERAL (SELECT azhunt.element(a, i) AS x, azhunt.element(b, i) AS y) AS p) END;
COMMENT ON FUNCTION azhunt.series_not_equals(jsonb, jsonb) IS
'internal: KQL''s series_not_equals()';

CREATE FUNCTION azhunt.series_sin(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(sin(v)) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_sin(jsonb) IS
'internal: KQL''s series_sin()';

CREATE FUNCTION azhunt.series_cos(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(cos(v)) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_cos(jsonb) IS
'internal: KQL''s series_cos()';

CREATE FUNCTION azhunt.series_tan(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(tan(v)) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_tan(jsonb) IS
'internal: KQL''s series_tan()';

CREATE FUNCTION azhunt.series_asin(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(CASE WHEN abs(v) <= 1 THEN asin(v) ELSE 'NaN' END) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_asin(jsonb) IS
'internal: KQL''s series_asin()';

CREATE FUNCTION azhunt.series_acos(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(CASE WHEN abs(v) <= 1 THEN acos(v) ELSE 'NaN' END) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
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
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT sum(azhunt.multiply(azhunt.toreal(x), azhunt.toreal(y))) FROM generate_series(0, greatest(jsonb_array_length(a), jsonb_array_length(b)) - 1) AS g (i) CROSS JOIN LATERAL (SELECT azhunt.element(a, i) AS x, azhunt.element(b, i) AS y) AS p) END;
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
        (SELECT jsonb_agg(azhunt.todynamic(icept + slope * (n - 1)) ORDER BY n) FROM jsonb_array_elements(a) WITH ORDINALITY AS f (j, n)))
    FROM (SELECT coalesce(regr_r2(y, x), 0) AS r2, regr_slope(y, x) AS slope, regr_intercept(y, x) AS icept, var_samp(y) AS v
        FROM (SELECT azhunt.toreal(j) AS y, (n - 1)::double precision AS x FROM jsonb_array_elements(CASE WHEN jsonb_typeof(a) = 'array' THEN a END) WITH ORDINALITY AS e (j, n)) AS s) AS r WHERE slope IS NOT NULL);
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

CREATE FUNCTION azhunt.bag_zip(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_object_agg(azhunt.tostring(v), coalesce(azhunt.element(b, n - 1), 'null') ORDER BY n DESC), '{}') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n) WHERE jsonb_typeof(v) = 'string') END;
COMMENT ON FUNCTION azhunt.bag_zip(jsonb, jsonb) IS
'internal: KQL''s bag_zip()';

CREATE FUNCTION azhunt.jaccard_index(a jsonb, b jsonb) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN jsonb_array_length(azhunt.set_intersect(VARIADIC ARRAY[a, b]))::double precision / nullif(jsonb_array_length(azhunt.set_union(VARIADIC ARRAY[a, b])), 0);
COMMENT ON FUNCTION azhunt.jaccard_index(jsonb, jsonb) IS
'internal: KQL''s jaccard_index()';

CREATE FUNCTION azhunt.array_index_of(a jsonb, b jsonb, c bigint, d bigint, e bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT n - 1 FROM jsonb_array_elements(a) WITH ORDINALITY AS x (v, n)
        WHERE v = b AND n - 1 >= CASE WHEN c < 0 THEN greatest(jsonb_array_length(a) + c, 0) ELSE c END
        AND (d < 0 OR n - 1 < CASE WHEN c < 0 THEN greatest(jsonb_array_length(a) + c, 0) ELSE c END + d) ORDER BY n OFFSET greatest(e - 1, 0) LIMIT 1), -1) END;
COMMENT ON FUNCTION azhunt.array_index_of(jsonb, jsonb, bigint, bigint, bigint) IS
'internal: KQL''s array_index_of()';

CREATE FUNCTION azhunt.unicode_codepoints_from_string(a text) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(ascii(c) ORDER BY n), '[]') FROM regexp_split_to_table(a, '') WITH ORDINALITY AS e (c, n) WHERE c <> '');
COMMENT ON FUNCTION azhunt.unicode_codepoints_from_string(text) IS
'internal: KQL''s unicode_codepoints_from_string()';

CREATE FUNCTION azhunt.unicode_codepoints_to_string(a jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT string_agg(chr(azhunt.toint(v)), '' ORDER BY n) FROM jsonb_array_elements(azhunt.flatten(a)) WITH ORDINALITY AS e (v, n) WHERE azhunt.toint(v) BETWEEN 1 AND 1114111);
COMMENT ON FUNCTION azhunt.unicode_codepoints_to_string(jsonb) IS
'internal: KQL''s unicode_codepoints_to_string()';

CREATE FUNCTION azhunt.replace_strings(a text, b jsonb, c jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT azhunt.replace_any(a, l, r) FROM (SELECT array_agg(azhunt.tostring(v) ORDER BY n) AS l, array_agg(coalesce(azhunt.tostring(azhunt.element(c, n - 1)), '') ORDER BY n) AS r FROM jsonb_array_elements(CASE WHEN jsonb_typeof(b) = 'array' THEN b END) WITH ORDINALITY AS e (v, n)) AS s);
COMMENT ON FUNCTION azhunt.replace_strings(text, jsonb, jsonb) IS
'internal: KQL''s replace_strings()';

CREATE FUNCTION azhunt.indexof_regex(a text, b text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN coalesce((SELECT length(p) FROM (SELECT azhunt.before_match(b, a)) AS s (p))::bigint, -1);
COMMENT ON FUNCTION azhunt.indexof_regex(text, text) IS
'internal: KQL''s indexof_regex()';

CREATE FUNCTION azhunt.format_ipv4(a text, b bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b BETWEEN 0 AND 32 THEN host(network(set_masklen(azhunt.ipv4_network(a), least(b, masklen(azhunt.ipv4_network(a)))::integer))) ELSE '' END;
COMMENT ON FUNCTION azhunt.format_ipv4(text, bigint) IS
'internal: KQL''s format_ipv4()';

CREATE FUNCTION azhunt.format_ipv4_mask(a text, b bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b BETWEEN 0 AND 32 THEN host(network(set_masklen(azhunt.ipv4_network(a), least(b, masklen(azhunt.ipv4_network(a)))::integer))) || '/' || least(b, masklen(azhunt.ipv4_network(a))) ELSE '' END;
COMMENT ON FUNCTION azhunt.format_ipv4_mask(text, bigint) IS
'internal: KQL''s format_ipv4_mask()';

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
    WHEN $1 IS NULL OR $5 OR $2 - $1[2] > $4 OR $2 - $1[1] > $3 THEN ARRAY[$2, $2]
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
