CREATE FUNCTION azhunt.bin("time" timestamptz, size interval) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_bin';

COMMENT ON FUNCTION azhunt.bin(timestamptz, interval) IS
'KQL''s bin(): the time rounded down to a multiple of the size since 0001-01-01 UTC; a day has 24 hours, and months are an error';

CREATE FUNCTION azhunt.bin_end("time" timestamptz, size interval) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_bin_end';

COMMENT ON FUNCTION azhunt.bin_end(timestamptz, interval) IS
'the first time after the bin that the time is in: bin() plus the size';

CREATE FUNCTION azhunt.within_support(internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_within_support';
COMMENT ON FUNCTION azhunt.within_support(internal) IS 'internal: planner support of within(), window_start() and window_end()';

CREATE FUNCTION azhunt.within(event timestamptz, anchor timestamptz, lookback interval)
RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
SUPPORT azhunt.within_support
AS 'MODULE_PATHNAME', 'azhunt_within';

COMMENT ON FUNCTION azhunt.within(timestamptz, timestamptz, interval) IS
'anchor - lookback <= event <= anchor, where a day has 24 hours';

CREATE FUNCTION azhunt.window_start(anchor timestamptz, lookback interval)
RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
SUPPORT azhunt.within_support
AS 'MODULE_PATHNAME', 'azhunt_window_start';

COMMENT ON FUNCTION azhunt.window_start(timestamptz, interval) IS
'anchor - lookback, the earliest event that is within(); the earliest timestamp there is where the window reaches past it';

CREATE FUNCTION azhunt.window_end(event timestamptz, lookback interval)
RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
SUPPORT azhunt.within_support
AS 'MODULE_PATHNAME', 'azhunt_window_end';

COMMENT ON FUNCTION azhunt.window_end(timestamptz, interval) IS
'event + lookback, the latest anchor that the event is within() of; the latest timestamp there is where the window reaches past it';
