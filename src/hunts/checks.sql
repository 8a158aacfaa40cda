CREATE FUNCTION azhunt.check_lookback(lookback interval) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_lookback';
COMMENT ON FUNCTION azhunt.check_lookback(interval) IS
'true, or an error if the lookback is null, negative or has months';

CREATE FUNCTION azhunt.check_bin(bin interval) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_bin';
COMMENT ON FUNCTION azhunt.check_bin(interval) IS
'true, or an error if the size of bins is null, not positive or has months';

CREATE FUNCTION azhunt.check_window("window" interval) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_window';
COMMENT ON FUNCTION azhunt.check_window(interval) IS
'true, or an error if the window is null, negative or has months';

CREATE FUNCTION azhunt.check_operations(operations text[]) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_operations';
COMMENT ON FUNCTION azhunt.check_operations(text[]) IS
'true, or an error if the array is null, empty or has what is no upload operation of the storage services';

CREATE FUNCTION azhunt.check_text(string text, argument text, may_be_null boolean) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_text';
COMMENT ON FUNCTION azhunt.check_text(text, text, boolean) IS
'true, or an error, naming the argument, if the string is empty, or null where that has no meaning';

CREATE FUNCTION azhunt.check_flag(flag boolean, argument text) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_flag';
COMMENT ON FUNCTION azhunt.check_flag(boolean, text) IS
'true, or an error, naming the argument, if the flag is null';

CREATE FUNCTION azhunt.check_as_of(as_of timestamptz) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_as_of';
COMMENT ON FUNCTION azhunt.check_as_of(timestamptz) IS
'true, or an error if the time is null or infinite';

CREATE FUNCTION azhunt.check_period(since timestamptz, until timestamptz) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_period';
COMMENT ON FUNCTION azhunt.check_period(timestamptz, timestamptz) IS
'true, or an error if a bound is null or since is after until';

CREATE FUNCTION azhunt.check_signin_time(signin_time text) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_signin_time';
COMMENT ON FUNCTION azhunt.check_signin_time(text) IS
'true, or an error if this is neither TimeGenerated nor CreatedDateTime';
