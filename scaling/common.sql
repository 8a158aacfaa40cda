--
-- What azhunt_fdw.sql and azhunt_citus.sql have in common; each includes this
-- file, after it has set azhunt_scaling_schema to the name of its schema.
--

-- Hunts that group by an address take one that is missing for an empty one.
CREATE FUNCTION :"azhunt_scaling_schema".log_table_keys() RETURNS TABLE (log_table text, key_column text, key text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.log_table, c.key_column,
           pg_catalog.format(CASE WHEN c.is_address THEN 'COALESCE(azhunt.strip_port(%I), '''')' ELSE 'COALESCE(%I, '''')' END,
                             c.key_column)
    FROM (VALUES
        -- log tables {
        ('aadmanagedidentitysigninlogs', 'ipaddress', true),
        ('aadnoninteractiveusersigninlogs', 'ipaddress', true),
        ('aadserviceprincipalsigninlogs', 'ipaddress', true),
        ('auditlogs', 'correlationid', false),
        ('azureactivity', 'caller', false),
        ('signinlogs', 'ipaddress', true),
        ('storagebloblogs', 'calleripaddress', true),
        ('storagefilelogs', 'calleripaddress', true),
        ('storagequeuelogs', 'calleripaddress', true),
        ('storagetablelogs', 'calleripaddress', true)
        -- log tables }
    ) AS c (log_table, key_column, is_address);
END;
COMMENT ON FUNCTION :"azhunt_scaling_schema".log_table_keys() IS
'log tables, and the column, and the expression of it, whose hash says on which server a row lives';

-- The statement is written out, as neither postgres_fdw nor Citus sends a join to
-- where the rows are that is hidden in a function, and the planner has to know the
-- arguments.
CREATE FUNCTION :"azhunt_scaling_schema".storage_upload_link_account_query(pairs text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.format($query$
    SELECT f.uri, f.operationname, f.useragentheader, (f.linked).loginevents, (f.linked).accounts, (f.linked).logins,
           (f.linked).uploads, f.first_upload, f.last_upload
    FROM (
        SELECT p.uri, p.operationname, p.useragentheader,
               azhunt.linked_signins(p.timegenerated, p.correlationid, p.signin_timegenerated, p.account,
                                     p.signin_useragent, p.address) AS linked,
               min(p.timegenerated) AS first_upload, max(p.timegenerated) AS last_upload
        FROM (%s) AS p
        GROUP BY p.uri, p.operationname, p.useragentheader
        -- once for each row, not for each of its members
        OFFSET 0
    ) AS f$query$, pairs);
COMMENT ON FUNCTION :"azhunt_scaling_schema".storage_upload_link_account_query(text) IS
'internal: the query that makes what azhunt.storage_upload_link_account() returns of a query with the columns of azhunt.storage_upload_link_account_pairs()';
