CREATE FUNCTION azhunt.ingest_xid() RETURNS bigint
LANGUAGE C STABLE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_ingest_xid';

COMMENT ON FUNCTION azhunt.ingest_xid() IS
'the 64-bit id of the current transaction, for the column ingestxid of the log tables';
