-- Strings of compiled queries.

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

CREATE FUNCTION azhunt.tolower(text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tolower';
COMMENT ON FUNCTION azhunt.tolower(text) IS
'internal: KQL''s tolower()';

CREATE FUNCTION azhunt.toupper(text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toupper';
COMMENT ON FUNCTION azhunt.toupper(text) IS
'internal: KQL''s toupper()';

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

CREATE FUNCTION azhunt.indexof(text, text, bigint, bigint, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_indexof';
COMMENT ON FUNCTION azhunt.indexof(text, text, bigint, bigint, bigint) IS
'internal: KQL''s indexof()';

CREATE FUNCTION azhunt.indexof(a text, b text, c bigint, d bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN azhunt.indexof(a, b, c, d, 1::bigint);
COMMENT ON FUNCTION azhunt.indexof(text, text, bigint, bigint) IS
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

CREATE FUNCTION azhunt.countof(text, text) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_countof';
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

CREATE FUNCTION azhunt.url_encode(a text, b text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN coalesce((SELECT string_agg(CASE WHEN c ~ '^[A-Za-z0-9_.~-]$' THEN c WHEN c = ' ' THEN b ELSE (SELECT string_agg('%' || (lpad(to_hex(get_byte(convert_to(c, 'UTF8'), i)), 2, '0')), '' ORDER BY i) FROM generate_series(0, octet_length(convert_to(c, 'UTF8')) - 1) AS g (i)) END, '' ORDER BY n) FROM regexp_split_to_table(a, '') WITH ORDINALITY AS e (c, n)), '');
COMMENT ON FUNCTION azhunt.url_encode(text, text) IS
'internal: KQL''s url_encode()';

CREATE FUNCTION azhunt.jaccard_index(a jsonb, b jsonb) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN jsonb_array_length(azhunt.set_intersect(VARIADIC ARRAY[a, b]))::double precision / nullif(jsonb_array_length(azhunt.set_union(VARIADIC ARRAY[a, b])), 0);
COMMENT ON FUNCTION azhunt.jaccard_index(jsonb, jsonb) IS
'internal: KQL''s jaccard_index()';

CREATE FUNCTION azhunt.unicode_codepoints_from_string(a text) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(ascii(c) ORDER BY n), '[]') FROM regexp_split_to_table(a, '') WITH ORDINALITY AS e (c, n) WHERE c <> '');
COMMENT ON FUNCTION azhunt.unicode_codepoints_from_string(text) IS
'internal: KQL''s unicode_codepoints_from_string()';

CREATE FUNCTION azhunt.unicode_codepoints_to_string(a jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT string_agg(chr(azhunt.toint(v)), '' ORDER BY n) FROM jsonb_array_elements(azhunt.flatten(a)) WITH ORDINALITY AS e (v, n) WHERE azhunt.toint(v) BETWEEN 1 AND 55295 OR azhunt.toint(v) BETWEEN 57344 AND 1114111);
COMMENT ON FUNCTION azhunt.unicode_codepoints_to_string(jsonb) IS
'internal: KQL''s unicode_codepoints_to_string()';

CREATE FUNCTION azhunt.replace_strings(a text, b jsonb, c jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT azhunt.replace_any(a, l, r)
        FROM (SELECT array_agg(x ORDER BY n) AS l, array_agg(y ORDER BY n) AS r
              FROM (SELECT azhunt.tostring(v) AS x, coalesce(azhunt.tostring(azhunt.element(m, n - 1)), '') AS y, n
                    FROM (SELECT c #> '{}' AS m OFFSET 0) AS o CROSS JOIN jsonb_array_elements(CASE WHEN jsonb_typeof(b) = 'array' THEN b END) WITH ORDINALITY AS e (v, n) OFFSET 0) AS t) AS s);
COMMENT ON FUNCTION azhunt.replace_strings(text, jsonb, jsonb) IS
'internal: KQL''s replace_strings()';

CREATE FUNCTION azhunt.indexof_regex(a text, b text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN coalesce((SELECT length(p) FROM (SELECT azhunt.before_match(b, a)) AS s (p))::bigint, -1);
COMMENT ON FUNCTION azhunt.indexof_regex(text, text) IS
'internal: KQL''s indexof_regex()';

CREATE FUNCTION azhunt.parse_version(a text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a ~ '^[0-9]{1,8}(?:[.][0-9]{1,8}){0,3}$' THEN (
    SELECT string_agg(lpad(split_part(a, '.', n), 8, '0'), '' ORDER BY n)::numeric FROM generate_series(1, 4) AS g (n)) END;
COMMENT ON FUNCTION azhunt.parse_version(text) IS
'internal: KQL''s parse_version()';

CREATE FUNCTION azhunt.base64_bytes(a text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE WHEN length(a) % 4 = 0 AND a !~ '[[:space:]]' THEN decode(a, 'base64') END;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION azhunt.base64_bytes(text) IS
'internal: what a text in base64 stands for; null if it is none';

CREATE FUNCTION azhunt.base64_decode(a text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce(convert_from(azhunt.base64_bytes(a), 'UTF8'), '');
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
    RETURN '';
END
$$;
COMMENT ON FUNCTION azhunt.base64_decode(text) IS
'internal: KQL''s base64_decode_tostring(): the empty string for what is no text';

CREATE FUNCTION azhunt.base64_decode_toarray(a text) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT (SELECT coalesce(jsonb_agg(get_byte(b.bytes, n) ORDER BY n), '[]') FROM generate_series(0, length(b.bytes) - 1) AS g (n))
        FROM (SELECT azhunt.base64_bytes(a) OFFSET 0) AS b (bytes) WHERE b.bytes IS NOT NULL);
COMMENT ON FUNCTION azhunt.base64_decode_toarray(text) IS
'internal: KQL''s base64_decode_toarray()';

CREATE FUNCTION azhunt.base64_encode_fromarray(a jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND NOT jsonb_path_exists(a, '$[*] ? (@.type() != "number" || @ < 0 || @ > 255 || @ != @.floor())')
    THEN (SELECT coalesce(replace(encode(decode(string_agg(lpad(to_hex(v::integer), 2, '0'), '' ORDER BY n), 'hex'), 'base64'), E'\n', ''), '')
          FROM jsonb_array_elements_text(a) WITH ORDINALITY AS e (v, n)) ELSE '' END;
COMMENT ON FUNCTION azhunt.base64_encode_fromarray(jsonb) IS
'internal: KQL''s base64_encode_fromarray()';

CREATE FUNCTION azhunt.base64_encode_fromguid(a uuid) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce((SELECT encode(decode(string_agg(substr(replace(a::text, '-', ''), 2 * place - 1, 2), '' ORDER BY n), 'hex'), 'base64')
                 FROM unnest('{4,3,2,1,6,5,8,7,9,10,11,12,13,14,15,16}'::integer[]) WITH ORDINALITY AS p (place, n)), '');
COMMENT ON FUNCTION azhunt.base64_encode_fromguid(uuid) IS
'internal: KQL''s base64_encode_fromguid(): of its bytes in the order that Windows has';
