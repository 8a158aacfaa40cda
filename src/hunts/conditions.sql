-- What hunts ask about a log row.  Each condition stands here once; all are
-- inlined, so that the planner sees what the indexes have.

CREATE FUNCTION azhunt.has_succeeded(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status OPERATOR(azhunt.=~) 'Success'::text OR status OPERATOR(azhunt.=~) 'Succeeded'::text;

COMMENT ON FUNCTION azhunt.has_succeeded(text) IS
'condition: is this the status of an operation that succeeded, as StatusText of storage logs or ActivityStatusValue of AzureActivity?';

CREATE FUNCTION azhunt.is_successful_storage_operation(statustext text, statuscode text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- SMB and NFS records have no status text
RETURN azhunt.has_succeeded(statustext)
    OR COALESCE(statustext, ''::text) OPERATOR(pg_catalog.=) ''::text AND statuscode OPERATOR(pg_catalog.=) '0'::text;

COMMENT ON FUNCTION azhunt.is_successful_storage_operation(text, text) IS
'condition: did the operation of a storage log succeed, by its StatusText, or by its StatusCode where it has no text?';

CREATE FUNCTION azhunt.is_upload(operationname text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN operationname OPERATOR(azhunt.=~) ANY (ARRAY[
    'PutBlob', 'PutBlobFromURL', 'PutBlock', 'PutBlockFromURL', 'PutBlockList', 'AppendBlock', 'PutPage',
    'CopyBlob', 'IncrementalCopyBlob', 'CreatePathFile', 'AppendFile', 'FlushFile', 'RenamePathFile',
    'CreateFile', 'PutRange', 'PutRangeFromURL', 'CopyFile', 'Create', 'Write', 'Nfs4Write', 'SftpWrite',
    'SftpCommit']);

COMMENT ON FUNCTION azhunt.is_upload(text) IS
'condition: is this one of the upload operations, which check_operations() accepts? In the predicate of indexes';

CREATE FUNCTION azhunt.is_deletion(operationname text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN operationname OPERATOR(azhunt.=~) ANY (ARRAY['DeleteBlob', 'DeleteFile']);

COMMENT ON FUNCTION azhunt.is_deletion(text) IS
'condition: is this an operation that deletes a file, of those that the published queries look for?';

CREATE FUNCTION azhunt.without_query(uri text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.split_part(uri, '?', 1);

COMMENT ON FUNCTION azhunt.without_query(text) IS
'the file that a URI is of: all that stands before the query string';

CREATE FUNCTION azhunt.is_file(uri text, target_file text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.blob_name(uri) OPERATOR(azhunt.=~) target_file OR azhunt.file_name(uri) OPERATOR(azhunt.=~) target_file;

COMMENT ON FUNCTION azhunt.is_file(text, text) IS
'condition: does this URI name the file, by blob_name() or file_name(), ignoring case?';

CREATE FUNCTION azhunt.is_listing_of_storage_keys(operationnamevalue text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN operationnamevalue OPERATOR(azhunt.=~) 'Microsoft.Storage/storageAccounts/listKeys/action'::text;

COMMENT ON FUNCTION azhunt.is_listing_of_storage_keys(text) IS
'condition: is this the operation that lists the keys of a storage account, as each start of a Cloud Shell does?';

CREATE FUNCTION azhunt.is_shell_start(operationnamevalue text, activitystatusvalue text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.is_listing_of_storage_keys(operationnamevalue) AND azhunt.has_succeeded(activitystatusvalue);

COMMENT ON FUNCTION azhunt.is_shell_start(text, text) IS
'condition: may this operation be the start of a Cloud Shell, if its resource group is that of Cloud Shells? In the predicate of an index';

CREATE FUNCTION azhunt.is_other_operation(operationnamevalue text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN operationnamevalue OPERATOR(pg_catalog.<>) ''::text
    AND NOT azhunt.is_listing_of_storage_keys(operationnamevalue);

COMMENT ON FUNCTION azhunt.is_other_operation(text) IS
'condition: is there an operation, and does it not list the keys of a storage account?';

CREATE FUNCTION azhunt.principal_account(name text, id text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN name OPERATOR(pg_catalog.<>) ''::text AND id OPERATOR(pg_catalog.<>) ''::text
            THEN name OPERATOR(pg_catalog.||) ' ('::text OPERATOR(pg_catalog.||) id OPERATOR(pg_catalog.||) ')'::text
            ELSE COALESCE(NULLIF(name, ''::text), NULLIF(id, ''::text), ''::text) END;

COMMENT ON FUNCTION azhunt.principal_account(text, text) IS
'the account of a service principal or managed identity: its name, and in parentheses its id; only one where the other is missing';

CREATE FUNCTION azhunt.time_of_signin(signin_time text, timegenerated timestamptz, createddatetime timestamptz)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- Null is not the least.  No sign-in was processed before it began, so that what
-- says so was processed when it began, and time of processing can prune.
RETURN CASE WHEN signin_time OPERATOR(pg_catalog.=) 'CreatedDateTime'::text THEN LEAST(createddatetime, timegenerated)
            ELSE timegenerated END;

COMMENT ON FUNCTION azhunt.time_of_signin(text, timestamptz, timestamptz) IS
'when a person signed in, by the column that signin_time names; TimeGenerated where CreatedDateTime is missing, or after it';

CREATE FUNCTION azhunt.processed_until(signin_time text, until timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN signin_time OPERATOR(pg_catalog.=) 'CreatedDateTime'::text THEN 'infinity'::timestamptz ELSE until END;

COMMENT ON FUNCTION azhunt.processed_until(text, timestamptz) IS
'internal: until when sign-ins are processed whose time, by the column that signin_time names, is not after "until"';

CREATE FUNCTION azhunt.begun_since(signin_time text, since timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN signin_time OPERATOR(pg_catalog.=) 'CreatedDateTime'::text THEN '-infinity'::timestamptz
    ELSE since END;

COMMENT ON FUNCTION azhunt.begun_since(text, timestamptz) IS
'internal: since when sign-ins have their time, by the column that signin_time names, that are processed since "since"';
