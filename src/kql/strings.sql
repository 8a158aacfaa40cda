CREATE FUNCTION azhunt.strip_port(address text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_strip_port';

COMMENT ON FUNCTION azhunt.strip_port(text) IS
'the address without its port, IPv6 in canonical form; anything else as it is';

CREATE FUNCTION azhunt.is_in_network(address text, network text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_is_in_network';

COMMENT ON FUNCTION azhunt.is_in_network(text, text) IS
'is the address in the network, such as 203.0.113.0/24? False if either is no address';

CREATE FUNCTION azhunt.blob_name(uri text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_blob_name';

COMMENT ON FUNCTION azhunt.blob_name(text) IS
E'KQL''s extract(@"\\/([\\w\\-. ]+)\\?", 1, uri): the name before the query string, the empty string where there is none';

CREATE FUNCTION azhunt.file_name(uri text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_file_name';

COMMENT ON FUNCTION azhunt.file_name(text) IS
'the last part of the path of a URI, percent-decoded, or of a UNC path; empty for a directory or a host alone';

CREATE FUNCTION azhunt.has_support(internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_has_support';
COMMENT ON FUNCTION azhunt.has_support(internal) IS 'internal: planner support of has()';

CREATE FUNCTION azhunt.has(string text, term text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
SUPPORT azhunt.has_support
AS 'MODULE_PATHNAME', 'azhunt_has';

COMMENT ON FUNCTION azhunt.has(text, text) IS
'KQL''s has: the term occurs, ignoring case, and where it begins or ends with a letter or digit, none is next to it there';
