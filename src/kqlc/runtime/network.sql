-- IPv4 addresses and networks of compiled queries.

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

CREATE FUNCTION azhunt.has_ipv4(a text, b jsonb, is_prefix boolean) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM regexp_matches(a, '(?<![[:alnum:]])(?:[0-9]{1,3}[.]){3}[0-9]{1,3}(?![[:alnum:]])', 'g') AS m (match)
    CROSS JOIN jsonb_array_elements_text(CASE jsonb_typeof(b) WHEN 'array' THEN b ELSE jsonb_build_array(b) END) AS p (wanted)
    WHERE azhunt.ipv4_network(m.match[1]) IS NOT NULL
      AND (m.match[1] = p.wanted
           OR is_prefix AND p.wanted ~ '^(?:[0-9]{1,3}[.]){1,3}$' AND starts_with(m.match[1], p.wanted)));
COMMENT ON FUNCTION azhunt.has_ipv4(text, jsonb, boolean) IS
'internal: KQL''s has_any_ipv4() and its like: does an address of a list, or with a prefix of it, stand in a text by itself?';

CREATE FUNCTION azhunt.ipv6_network(a text) RETURNS inet
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ipv4 CONSTANT inet := azhunt.ipv4_network(a);
BEGIN
    RETURN CASE WHEN ipv4 IS NOT NULL THEN set_masklen(('::ffff:' || host(ipv4))::inet, masklen(ipv4) + 96)
                WHEN a ~ '^[0-9A-Fa-f:.]+(?:/[0-9]+)?$' AND a ~ ':' THEN a::inet END;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION azhunt.ipv6_network(text) IS
'internal: an IPv6 address or network, which one of IPv4 is, too; null for anything else';

CREATE FUNCTION azhunt.ipv6_compare(a text, b text, prefix bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT CASE WHEN x.a = x.b THEN 0 WHEN x.a < x.b THEN -1 WHEN x.a > x.b THEN 1 END::bigint
    FROM (SELECT network(set_masklen(n.a, n.bits)) AS a, network(set_masklen(n.b, n.bits)) AS b
          FROM (SELECT azhunt.ipv6_network(ipv6_compare.a) AS a, azhunt.ipv6_network(ipv6_compare.b) AS b,
                       least(masklen(azhunt.ipv6_network(ipv6_compare.a)), masklen(azhunt.ipv6_network(ipv6_compare.b)),
                             greatest(0, least(128, prefix + CASE WHEN azhunt.ipv4_network(ipv6_compare.a) IS NOT NULL
                                                                       AND azhunt.ipv4_network(ipv6_compare.b) IS NOT NULL THEN 96 ELSE 0 END)))::integer AS bits) AS n) AS x);
COMMENT ON FUNCTION azhunt.ipv6_compare(text, text, bigint) IS
'internal: KQL''s ipv6_compare()';

CREATE FUNCTION azhunt.ipv6_is_in_any_range(a text, b jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN azhunt.ipv6_network(a) IS NOT NULL THEN EXISTS (
    SELECT FROM jsonb_array_elements_text(CASE jsonb_typeof(b) WHEN 'array' THEN b ELSE jsonb_build_array(b) END) AS e (v)
    WHERE set_masklen(azhunt.ipv6_network(a), 128) <<= azhunt.ipv6_network(e.v)) END;
COMMENT ON FUNCTION azhunt.ipv6_is_in_any_range(text, jsonb) IS
'internal: KQL''s ipv6_is_in_any_range()';
