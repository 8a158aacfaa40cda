-- Every condition of the hunts, one by one, in every order of arrival.
--
-- A case is a condition, the log rows that try it, and how many matches there
-- are, as a scheduled hunt finds them in its first run, in a later one, and
-- where one side of the join was there before.  The ad-hoc hunt must agree.  All
-- cases are loaded together, each with addresses, accounts and callers of its
-- own, and the runs commit, so this has a database of its own.
SET client_min_messages = warning;
DROP DATABASE IF EXISTS azhunt_rules_conditions;
CREATE DATABASE azhunt_rules_conditions;
\c azhunt_rules_conditions
SET client_min_messages = warning;
-- a zone with daylight saving time, which must not matter: a day has 24 hours
SET TIME ZONE 'America/New_York';
CREATE EXTENSION azhunt;
CREATE EXTENSION pgtap;
SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
-- some rows are in partitions of a day, some in the default partition
SELECT count(*)
FROM unnest('{storagebloblogs,signinlogs,aadserviceprincipalsigninlogs,azureactivity}'::text[]) AS t
CROSS JOIN LATERAL azhunt.add_partitions(('azhunt.' || t)::regclass, '2026-03-10', '2026-03-12') \g /dev/null

INSERT INTO azhunt.rules (rule, hunt, options) VALUES
    ('storage_upload_link_account', 'storage_upload_link_account', '{}'),
    ('cloudshell_usage', 'cloudshell_usage', '{}'),
    ('no lookback', 'storage_upload_link_account', '{"lookback": "0"}'),
    ('a day', 'storage_upload_link_account', '{"lookback": "1 day"}'),
    ('any agent', 'storage_upload_link_account', '{"match_user_agent": false}'),
    ('all operations', 'storage_upload_link_account',
     '{"operations": ["PutBlob", "PutBlobFromURL", "PutBlock", "PutBlockFromURL", "PutBlockList", "AppendBlock",
       "PutPage", "CopyBlob", "IncrementalCopyBlob", "CreatePathFile", "AppendFile", "FlushFile", "RenamePathFile",
       "CreateFile", "PutRange", "PutRangeFromURL", "CopyFile", "Create", "Write", "Nfs4Write", "SftpWrite",
       "SftpCommit"]}'),
    ('blocks', 'storage_upload_link_account', '{"operations": ["putBLOCK"]}'),
    ('one file', 'storage_upload_link_account', '{"target_file": "Tool.exe"}'),
    ('non-interactive', 'storage_upload_link_account', '{"include_noninteractive": true}'),
    ('successful', 'storage_upload_link_account', '{"successful_only": true}'),
    ('principals', 'storage_upload_link_account', '{"include_service_principals": true}'),
    ('successful principals', 'storage_upload_link_account', '{"include_service_principals": true, "successful_only": true}'),
    ('ten minutes', 'cloudshell_usage', '{"bin": "10 minutes"}'),
    ('two days', 'cloudshell_usage', '{"bin": "2 days"}'),
    ('shells', 'cloudshell_usage', '{"resource_group": "Shells"}');
CREATE TABLE options AS
SELECT r.rule, r.hunt, r.options, h.default_options || r.options AS all_options
FROM azhunt.rules AS r JOIN azhunt.hunts AS h ON h.hunt = r.hunt;

-- Rows are what differs from the default rows below, where <case> is the case's
-- own name.  The left side is uploads, or starts of Cloud Shells; the right one
-- sign-ins, or other operations.
CREATE TABLE cases (
    number integer GENERATED ALWAYS AS IDENTITY,
    rule text NOT NULL,
    condition text NOT NULL UNIQUE,
    left_rows jsonb NOT NULL,
    right_rows jsonb NOT NULL,
    matches bigint NOT NULL,
    token text GENERATED ALWAYS AS ('case' || lpad(number::text, 3, '0')) STORED
);

--
-- uploads and sign-ins
--
INSERT INTO cases (rule, condition, left_rows, right_rows, matches)
SELECT coalesce(rule, 'storage_upload_link_account'), condition, coalesce(uploads, '[{}]')::jsonb, coalesce(signins, '[{}]')::jsonb, matches
FROM (VALUES
    (NULL, 'an upload and a sign-in half a minute before', NULL, NULL, 1),
    (NULL, 'an upload without a sign-in', NULL, '[]', 0),
    (NULL, 'a sign-in without an upload', '[]', NULL, 0),
    -- the window
    (NULL, 'a sign-in at the time of the upload', NULL, '[{"time": "2026-03-10 08:30:00Z"}]', 1),
    (NULL, 'a sign-in one microsecond after the upload', NULL, '[{"time": "2026-03-10 08:30:00.000001Z"}]', 0),
    (NULL, 'a sign-in one lookback before the upload', NULL, '[{"time": "2026-03-10 08:29:00Z"}]', 1),
    (NULL, 'a sign-in one microsecond more than the lookback before', NULL, '[{"time": "2026-03-10 08:28:59.999999Z"}]', 0),
    (NULL, 'an upload one microsecond more than the lookback after', '[{"time": "2026-03-10 08:30:30.000001Z"}]', NULL, 0),
    (NULL, 'a sign-in at the upload''s time of another day', NULL, '[{"time": "2026-03-09 08:30:00Z"}]', 0),
    (NULL, 'a sign-in before midnight, an upload after it', '[{"time": "2026-03-11 00:00:10Z"}]', '[{"time": "2026-03-10 23:59:50Z"}]', 1),
    (NULL, 'a sign-in before the first partition, an upload in it', '[{"time": "2026-03-10 00:00:00Z"}]', '[{"time": "2026-03-09 23:59:00Z"}]', 1),
    (NULL, 'a sign-in in the last partition, an upload after it', '[{"time": "2026-03-12 00:00:59.999999Z"}]', '[{"time": "2026-03-11 23:59:59.999999Z"}]', 1),
    (NULL, 'rows of days without partitions', '[{"time": "1999-12-31 23:59:30Z"}]', '[{"time": "1999-12-31 23:58:30Z"}]', 1),
    ('no lookback', 'no lookback: a sign-in at the time of the upload', NULL, '[{"time": "2026-03-10 08:30:00Z"}]', 1),
    ('no lookback', 'no lookback: a sign-in one microsecond before', NULL, '[{"time": "2026-03-10 08:29:59.999999Z"}]', 0),
    ('no lookback', 'no lookback: a sign-in one microsecond after', NULL, '[{"time": "2026-03-10 08:30:00.000001Z"}]', 0),
    ('a day', 'lookback of a day: a sign-in 24 hours before', NULL, '[{"time": "2026-03-09 08:30:00Z"}]', 1),
    ('a day', 'lookback of a day: a sign-in a microsecond earlier', NULL, '[{"time": "2026-03-09 08:29:59.999999Z"}]', 0),
    ('a day', 'lookback of a day: 24 hours before, where the clocks change', '[{"time": "2026-03-08 16:00:00Z"}]', '[{"time": "2026-03-07 16:00:00Z"}]', 1),
    ('a day', 'lookback of a day: a microsecond earlier, where the clocks change', '[{"time": "2026-03-08 16:00:00Z"}]', '[{"time": "2026-03-07 15:59:59.999999Z"}]', 0),
    -- the address
    (NULL, 'no port in the address', '[{"address": "<address>"}]', NULL, 1),
    (NULL, 'a port in the sign-in''s address', NULL, '[{"address": "<address>:5000"}]', 1),
    (NULL, 'different ports on both sides', '[{"address": "<address>:443"}]', '[{"address": "<address>:5000"}]', 1),
    (NULL, 'another address', NULL, '[{"address": "10.255.0.1"}]', 0),
    (NULL, 'an address that begins like the other', NULL, '[{"address": "<address>1"}]', 0),
    (NULL, 'IPv6, the same text', '[{"address": "2001:db8::<number>"}]', '[{"address": "2001:db8::<number>"}]', 1),
    (NULL, 'IPv6, in brackets with a port', '[{"address": "[2001:db8::<number>]:443"}]', '[{"address": "2001:db8::<number>"}]', 1),
    (NULL, 'IPv6, in brackets without a port', '[{"address": "[2001:db8::<number>]"}]', '[{"address": "2001:db8::<number>"}]', 1),
    (NULL, 'IPv6, written in full', '[{"address": "2001:db8::<number>"}]', '[{"address": "2001:0DB8:0:0:0:0:0:<number>"}]', 1),
    (NULL, 'IPv6, capital letters in brackets with a port', '[{"address": "[2001:DB8:0::0:<number>]:443"}]', '[{"address": "2001:db8::<number>"}]', 1),
    (NULL, 'IPv6, another address of the same network', '[{"address": "[2001:db8::<number>]:443"}]', '[{"address": "2001:db8::1:<number>"}]', 0),
    (NULL, 'an address that is a word', '[{"address": "redacted-<case>"}]', '[{"address": "redacted-<case>"}]', 1),
    (NULL, 'an address that is a word, in other case', '[{"address": "redacted-<case>"}]', '[{"address": "REDACTED-<case>"}]', 0),
    (NULL, 'no address on both sides', '[{"address": null}]', '[{"address": null}]', 0),
    (NULL, 'an empty address on both sides', '[{"address": ""}]', '[{"address": ""}]', 0),
    (NULL, 'no address of the upload, an empty one of the sign-in', '[{"address": null}]', '[{"address": ""}]', 0),
    (NULL, 'an empty address of the upload, none of the sign-in', '[{"address": ""}]', '[{"address": null}]', 0),
    (NULL, 'nothing but a port', '[{"address": ":443"}]', '[{"address": ""}]', 0),
    (NULL, 'no address of the upload alone', '[{"address": null}]', NULL, 0),
    (NULL, 'no address of the sign-in alone', NULL, '[{"address": null}]', 0),
    -- the user agent
    (NULL, 'the user agent in other case', '[{"agent": "EDGE/1.0"}]', '[{"agent": "edge/1.0"}]', 1),
    (NULL, 'another user agent', NULL, '[{"agent": "Chrome"}]', 0),
    (NULL, 'a user agent that begins like the other', NULL, '[{"agent": "Edge/1.0"}]', 0),
    (NULL, 'no user agent on both sides', '[{"agent": null}]', '[{"agent": null}]', 1),
    (NULL, 'an empty user agent on both sides', '[{"agent": ""}]', '[{"agent": ""}]', 1),
    (NULL, 'no user agent of the upload, an empty one of the sign-in', '[{"agent": null}]', '[{"agent": ""}]', 1),
    (NULL, 'an empty user agent of the upload, none of the sign-in', '[{"agent": ""}]', '[{"agent": null}]', 1),
    (NULL, 'no user agent of the upload alone', '[{"agent": null}]', NULL, 0),
    (NULL, 'no user agent of the sign-in alone', NULL, '[{"agent": null}]', 0),
    ('any agent', 'match_user_agent is false: the same user agent', NULL, NULL, 1),
    ('any agent', 'match_user_agent is false: another user agent', NULL, '[{"agent": "Chrome"}]', 1),
    ('any agent', 'match_user_agent is false: no user agent of the upload', '[{"agent": null}]', NULL, 1),
    ('any agent', 'match_user_agent is false: no user agent of the sign-in', NULL, '[{"agent": null}]', 1),
    ('any agent', 'match_user_agent is false: another address', NULL, '[{"address": "10.255.0.1"}]', 0),
    ('any agent', 'match_user_agent is false: an empty address on both sides', '[{"address": ""}]', '[{"address": ""}]', 0),
    ('any agent', 'match_user_agent is false: a sign-in after the upload', NULL, '[{"time": "2026-03-10 08:30:00.000001Z"}]', 0),
    ('any agent', 'match_user_agent is false: a sign-in before the window', NULL, '[{"time": "2026-03-10 08:28:59.999999Z"}]', 0),
    -- the operation
    (NULL, 'PutRange', '[{"operation": "PutRange"}]', NULL, 1),
    (NULL, 'PutBlob in small letters', '[{"operation": "putblob"}]', NULL, 1),
    (NULL, 'PUTRANGE in capitals', '[{"operation": "PUTRANGE"}]', NULL, 1),
    (NULL, 'an upload that is not in the options', '[{"operation": "PutBlock"}]', NULL, 0),
    (NULL, 'an operation that is no upload', '[{"operation": "GetBlob"}]', NULL, 0),
    (NULL, 'an operation that begins like an upload', '[{"operation": "PutBlobs"}]', NULL, 0),
    (NULL, 'an empty operation', '[{"operation": ""}]', NULL, 0),
    (NULL, 'no operation', '[{"operation": null}]', NULL, 0),
    ('all operations', 'all operations: GetBlob is none of them', '[{"operation": "GetBlob"}]', NULL, 0),
    ('blocks', 'an option in other case', '[{"operation": "PutBlock"}]', NULL, 1),
    ('blocks', 'PutBlob where the options have only PutBlock', '[{"operation": "PutBlob"}]', NULL, 0),
    ('blocks', 'PutBlockList where the options have only PutBlock', '[{"operation": "PutBlockList"}]', NULL, 0),
    -- the status
    (NULL, 'status success in small letters', '[{"status": "success"}]', NULL, 1),
    (NULL, 'status Succeeded', '[{"status": "Succeeded"}]', NULL, 1),
    (NULL, 'status SUCCEEDED in capitals', '[{"status": "SUCCEEDED"}]', NULL, 1),
    (NULL, 'status Success, whatever the code', '[{"code": "500"}]', NULL, 1),
    (NULL, 'status Success without a code', '[{"code": null}]', NULL, 1),
    (NULL, 'no status, code 0', '[{"status": null, "code": "0"}]', NULL, 1),
    (NULL, 'an empty status, code 0', '[{"status": "", "code": "0"}]', NULL, 1),
    (NULL, 'no status, another code', '[{"status": null, "code": "201"}]', NULL, 0),
    (NULL, 'an empty status, another code', '[{"status": "", "code": "-1073741790"}]', NULL, 0),
    (NULL, 'no status and no code', '[{"status": null, "code": null}]', NULL, 0),
    (NULL, 'no status, code 00', '[{"status": null, "code": "00"}]', NULL, 0),
    (NULL, 'another status', '[{"status": "ServerBusy"}]', NULL, 0),
    (NULL, 'another status, code 0', '[{"status": "ServerBusy", "code": "0"}]', NULL, 0),
    (NULL, 'a status that has Success in it', '[{"status": "PartialSuccess"}]', NULL, 0),
    (NULL, 'a blank status, code 0', '[{"status": " ", "code": "0"}]', NULL, 0),
    -- the log tables
    (NULL, 'an upload in StorageFileLogs', '[{"table": "storagefilelogs"}]', NULL, 1),
    (NULL, 'an upload in StorageFileLogs that failed', '[{"table": "storagefilelogs", "status": "ServerBusy"}]', NULL, 0),
    (NULL, 'an upload in each log table', '[{}, {"table": "storagefilelogs", "correlation": "<case> 2"}]', NULL, 2),
    (NULL, 'a non-interactive sign-in, unasked for', NULL, '[{"table": "aadnoninteractiveusersigninlogs"}]', 0),
    ('non-interactive', 'include_noninteractive: a non-interactive sign-in', NULL, '[{"table": "aadnoninteractiveusersigninlogs"}]', 1),
    ('non-interactive', 'include_noninteractive: an interactive sign-in', NULL, NULL, 1),
    ('non-interactive', 'include_noninteractive: one of each, at different times', NULL,
     '[{}, {"table": "aadnoninteractiveusersigninlogs", "time": "2026-03-10 08:29:31Z"}]', 2),
    ('non-interactive', 'include_noninteractive: a non-interactive sign-in of another address', NULL,
     '[{"table": "aadnoninteractiveusersigninlogs", "address": "10.255.0.1"}]', 0),
    (NULL, 'a sign-in of a service principal, unasked for', NULL, '[{"table": "aadserviceprincipalsigninlogs"}]', 0),
    (NULL, 'a sign-in of a managed identity, unasked for', NULL, '[{"table": "aadmanagedidentitysigninlogs"}]', 0),
    ('non-interactive', 'include_noninteractive: a sign-in of a service principal', NULL, '[{"table": "aadserviceprincipalsigninlogs"}]', 0),
    ('non-interactive', 'include_noninteractive: a sign-in of a managed identity', NULL, '[{"table": "aadmanagedidentitysigninlogs"}]', 0),
    ('principals', 'include_service_principals: a sign-in of a service principal', NULL, '[{"table": "aadserviceprincipalsigninlogs"}]', 1),
    ('principals', 'include_service_principals: a sign-in of a managed identity', NULL, '[{"table": "aadmanagedidentitysigninlogs"}]', 1),
    ('principals', 'include_service_principals: an interactive sign-in', NULL, NULL, 1),
    ('principals', 'include_service_principals: a non-interactive sign-in', NULL, '[{"table": "aadnoninteractiveusersigninlogs"}]', 0),
    ('principals', 'include_service_principals: one of each, at different times', NULL,
     '[{}, {"table": "aadserviceprincipalsigninlogs", "time": "2026-03-10 08:29:31Z"},
       {"table": "aadmanagedidentitysigninlogs", "time": "2026-03-10 08:29:32Z"}]', 3),
    ('principals', 'include_service_principals: the same sign-in in both tables', NULL,
     '[{"table": "aadserviceprincipalsigninlogs"}, {"table": "aadmanagedidentitysigninlogs"}]', 1),
    ('principals', 'include_service_principals: a sign-in of another address', NULL,
     '[{"table": "aadserviceprincipalsigninlogs", "address": "10.255.0.1"}]', 0),
    ('principals', 'include_service_principals: a port in the sign-in''s address', NULL,
     '[{"table": "aadmanagedidentitysigninlogs", "address": "<address>:5000"}]', 1),
    ('principals', 'include_service_principals: another user agent', NULL, '[{"table": "aadserviceprincipalsigninlogs", "agent": "Chrome"}]', 0),
    ('principals', 'include_service_principals: no address on both sides', '[{"address": null}]',
     '[{"table": "aadmanagedidentitysigninlogs", "address": null}]', 0),
    ('principals', 'include_service_principals: a sign-in one lookback before the upload', NULL,
     '[{"table": "aadserviceprincipalsigninlogs", "time": "2026-03-10 08:29:00Z"}]', 1),
    ('principals', 'include_service_principals: a sign-in before the window', NULL,
     '[{"table": "aadmanagedidentitysigninlogs", "time": "2026-03-10 08:28:59.999999Z"}]', 0),
    ('principals', 'include_service_principals: a sign-in after the upload', NULL,
     '[{"table": "aadserviceprincipalsigninlogs", "time": "2026-03-10 08:30:00.000001Z"}]', 0),
    ('principals', 'include_service_principals: two ids of a name', NULL,
     '[{"table": "aadserviceprincipalsigninlogs"}, {"table": "aadserviceprincipalsigninlogs", "id": "<case>-2"}]', 2),
    ('principals', 'include_service_principals: two names of an id', NULL,
     '[{"table": "aadmanagedidentitysigninlogs"}, {"table": "aadmanagedidentitysigninlogs", "account": "<case> 2"}]', 2),
    ('principals', 'include_service_principals: no id, and an empty one', NULL,
     '[{"table": "aadserviceprincipalsigninlogs", "id": null}, {"table": "aadserviceprincipalsigninlogs", "id": ""}]', 1),
    ('principals', 'include_service_principals: no name, and an empty one', NULL,
     '[{"table": "aadmanagedidentitysigninlogs", "account": null}, {"table": "aadmanagedidentitysigninlogs", "account": ""}]', 1),
    ('principals', 'include_service_principals: neither name nor id', NULL, '[{"table": "aadmanagedidentitysigninlogs", "account": null, "id": null}]', 1),
    ('principals', 'include_service_principals: a sign-in that failed', NULL, '[{"table": "aadserviceprincipalsigninlogs", "result": "7000215"}]', 1),
    ('successful principals', 'include_service_principals and successful_only: a sign-in that succeeded', NULL,
     '[{"table": "aadserviceprincipalsigninlogs"}]', 1),
    ('successful principals', 'include_service_principals and successful_only: a sign-in that failed', NULL,
     '[{"table": "aadserviceprincipalsigninlogs", "result": "7000215"}]', 0),
    ('successful principals', 'include_service_principals and successful_only: a managed identity without a result', NULL,
     '[{"table": "aadmanagedidentitysigninlogs", "result": null}]', 0),
    -- the result
    (NULL, 'a sign-in that failed, unasked for', NULL, '[{"result": "50126"}]', 1),
    (NULL, 'a sign-in without a result, unasked for', NULL, '[{"result": null}]', 1),
    ('successful', 'successful_only: a sign-in that succeeded', NULL, NULL, 1),
    ('successful', 'successful_only: a sign-in that failed', NULL, '[{"result": "50126"}]', 0),
    ('successful', 'successful_only: result 00', NULL, '[{"result": "00"}]', 0),
    ('successful', 'successful_only: an empty result', NULL, '[{"result": ""}]', 0),
    ('successful', 'successful_only: no result', NULL, '[{"result": null}]', 0),
    -- the file
    (NULL, 'no URI', '[{"uri": null}]', NULL, 1),
    (NULL, 'an empty URI', '[{"uri": ""}]', NULL, 1),
    ('one file', 'target_file: the name of a blob', '[{"uri": "https://contosodata.blob.core.windows.net/<case>/Tool.exe?sig=XXXXX"}]', NULL, 1),
    ('one file', 'target_file: the name of a blob in other case', '[{"uri": "https://contosodata.blob.core.windows.net/<case>/TOOL.exe?sig=XXXXX"}]', NULL, 1),
    ('one file', 'target_file: what blob_name() alone finds',
     '[{"uri": "https://contosodata.file.core.windows.net/<case>/x(1).txt?prefix=/tool.EXE?"}]', NULL, 1),
    ('one file', 'target_file: what file_name() alone finds', '[{"uri": "https://contosodata.blob.core.windows.net/<case>/Tool.exe"}]', NULL, 1),
    ('one file', 'target_file: what file_name() alone finds, in other case', '[{"uri": "https://contosodata.blob.core.windows.net/<case>/tool%2EEXE"}]', NULL, 1),
    ('one file', 'target_file: another file', NULL, NULL, 0),
    ('one file', 'target_file: a name that ends like it', '[{"uri": "https://contosodata.blob.core.windows.net/<case>/mytool.exe?sig=XXXXX"}]', NULL, 0),
    ('one file', 'target_file: a name that begins like it', '[{"uri": "https://contosodata.blob.core.windows.net/<case>/tool.exe.txt?sig=XXXXX"}]', NULL, 0),
    ('one file', 'target_file: a directory of that name', '[{"uri": "https://contosodata.blob.core.windows.net/tool.exe/<case>?sig=XXXXX"}]', NULL, 0),
    ('one file', 'target_file: an empty URI', '[{"uri": ""}]', NULL, 0),
    ('one file', 'target_file: no URI', '[{"uri": null}]', NULL, 0),
    ('one file', 'target_file: the file from another address', '[{"uri": "https://contosodata.blob.core.windows.net/<case>/Tool.exe?sig=XXXXX"}]', '[{"address": "10.255.0.1"}]', 0),
    -- what else may be missing
    (NULL, 'no account', NULL, '[{"account": null}]', 1),
    (NULL, 'no storage account', '[{"storage": null}]', NULL, 1),
    (NULL, 'no CorrelationId', '[{"correlation": null}]', NULL, 1),
    -- several rows
    (NULL, 'the same upload twice', '[{}, {}]', NULL, 1),
    (NULL, 'the same sign-in twice', NULL, '[{}, {}]', 1),
    (NULL, 'the same upload and the same sign-in twice', '[{}, {}]', '[{}, {}]', 1),
    (NULL, 'the same upload from two ports', '[{"address": "<address>:1"}, {"address": "<address>:2"}]', NULL, 1),
    (NULL, 'two uploads that differ in the time', '[{}, {"time": "2026-03-10 08:30:00.000001Z"}]', NULL, 2),
    (NULL, 'two uploads that differ in the operation', '[{}, {"operation": "PutRange"}]', NULL, 2),
    (NULL, 'two uploads that differ in the case of the operation', '[{}, {"operation": "putblob"}]', NULL, 2),
    (NULL, 'two uploads that differ in the URI', '[{}, {"uri": "https://contosodata.blob.core.windows.net/<case>/other.docx?sig=XXXXX"}]', NULL, 2),
    (NULL, 'two uploads that differ in the case of the user agent', '[{}, {"agent": "EDGE"}]', NULL, 2),
    (NULL, 'two uploads that differ in the storage account', '[{}, {"storage": "other"}]', NULL, 2),
    (NULL, 'two uploads that differ in the CorrelationId', '[{}, {"correlation": "<case> 2"}]', NULL, 2),
    (NULL, 'two uploads that differ in the address', '[{}, {"address": "<address>1"}]', '[{}, {"address": "<address>1"}]', 2),
    (NULL, 'two sign-ins that differ in the time', NULL, '[{}, {"time": "2026-03-10 08:29:30.000001Z"}]', 2),
    (NULL, 'two sign-ins that differ in the account', NULL, '[{}, {"account": "other-<case>@contoso.com"}]', 2),
    (NULL, 'two sign-ins that differ in the case of the account', NULL, '[{}, {"account": "<case>@CONTOSO.com"}]', 2),
    (NULL, 'two sign-ins that differ in the case of the user agent', NULL, '[{}, {"agent": "EDGE"}]', 2),
    (NULL, 'two sign-ins of which one matches', NULL, '[{}, {"time": "2026-03-10 08:30:00.000001Z"}]', 1),
    (NULL, 'two uploads of which one matches', '[{}, {"status": "ServerBusy"}]', NULL, 1),
    (NULL, 'two uploads and two sign-ins', '[{}, {"correlation": "<case> 2"}]', '[{}, {"account": "other-<case>@contoso.com"}]', 4)
) AS v (rule, condition, uploads, signins, matches);

INSERT INTO cases (rule, condition, left_rows, right_rows, matches)
SELECT o.rule, 'all operations: ' || operation, jsonb_build_array(jsonb_build_object('operation', operation)), '[{}]', 1
FROM options AS o CROSS JOIN LATERAL jsonb_array_elements_text(o.options -> 'operations') AS operation
WHERE o.rule = 'all operations';

--
-- Cloud Shells and operations
--
INSERT INTO cases (rule, condition, left_rows, right_rows, matches)
SELECT coalesce(rule, 'cloudshell_usage'), condition, coalesce(starts, '[{}]')::jsonb, coalesce(operations, '[{}]')::jsonb, matches
FROM (VALUES
    (NULL, 'a Cloud Shell and an operation in the same hour', NULL, NULL, 1),
    (NULL, 'a Cloud Shell without an operation', NULL, '[]', 0),
    (NULL, 'an operation without a Cloud Shell', '[]', NULL, 0),
    -- the hour
    (NULL, 'an operation in the first microsecond of the hour', NULL, '[{"time": "2026-03-10 08:00:00Z"}]', 1),
    (NULL, 'an operation in the last microsecond of the hour', NULL, '[{"time": "2026-03-10 08:59:59.999999Z"}]', 1),
    (NULL, 'an operation in the first microsecond of the next hour', NULL, '[{"time": "2026-03-10 09:00:00Z"}]', 0),
    (NULL, 'an operation in the last microsecond of the hour before', NULL, '[{"time": "2026-03-10 07:59:59.999999Z"}]', 0),
    (NULL, 'an operation before the Cloud Shell of its hour', NULL, '[{"time": "2026-03-10 08:05:00Z"}]', 1),
    (NULL, 'an operation in the same hour of another day', NULL, '[{"time": "2026-03-11 08:20:00Z"}]', 0),
    (NULL, 'a Cloud Shell in the first microsecond of the hour', '[{"time": "2026-03-10 08:00:00Z"}]', NULL, 1),
    (NULL, 'a Cloud Shell in the last microsecond of the hour', '[{"time": "2026-03-10 08:59:59.999999Z"}]', NULL, 1),
    (NULL, 'a Cloud Shell in the first microsecond of the next hour', '[{"time": "2026-03-10 09:00:00Z"}]', NULL, 0),
    (NULL, 'a Cloud Shell in the last microsecond of the hour before', '[{"time": "2026-03-10 07:59:59.999999Z"}]', NULL, 0),
    (NULL, 'a Cloud Shell in the first and an operation in the last microsecond', '[{"time": "2026-03-10 08:00:00Z"}]', '[{"time": "2026-03-10 08:59:59.999999Z"}]', 1),
    (NULL, 'a Cloud Shell in the last and an operation in the first microsecond', '[{"time": "2026-03-10 08:59:59.999999Z"}]', '[{"time": "2026-03-10 08:00:00Z"}]', 1),
    (NULL, 'the last hour of a partition', '[{"time": "2026-03-10 23:00:00Z"}]', '[{"time": "2026-03-10 23:59:59.999999Z"}]', 1),
    (NULL, 'an operation in the next partition', '[{"time": "2026-03-10 23:00:00Z"}]', '[{"time": "2026-03-11 00:00:00Z"}]', 0),
    (NULL, 'the last hour before 2000', '[{"time": "1999-12-31 23:00:00Z"}]', '[{"time": "1999-12-31 23:59:59.999999Z"}]', 1),
    (NULL, 'the first microsecond of 2000', '[{"time": "1999-12-31 23:00:00Z"}]', '[{"time": "2000-01-01 00:00:00Z"}]', 0),
    ('ten minutes', 'ten minutes: their last microsecond', NULL, '[{"time": "2026-03-10 08:19:59.999999Z"}]', 1),
    ('ten minutes', 'ten minutes: their first microsecond', NULL, '[{"time": "2026-03-10 08:10:00Z"}]', 1),
    ('ten minutes', 'ten minutes: the first microsecond of the next', NULL, '[{"time": "2026-03-10 08:20:00Z"}]', 0),
    ('ten minutes', 'ten minutes: the last microsecond before', NULL, '[{"time": "2026-03-10 08:09:59.999999Z"}]', 0),
    ('two days', 'two days: their last microsecond', '[{"time": "2026-03-10 00:00:00Z"}]', '[{"time": "2026-03-11 23:59:59.999999Z"}]', 1),
    ('two days', 'two days: their first microsecond', '[{"time": "2026-03-11 23:59:59.999999Z"}]', '[{"time": "2026-03-10 00:00:00Z"}]', 1),
    ('two days', 'two days: the first microsecond of the next', '[{"time": "2026-03-10 00:00:00Z"}]', '[{"time": "2026-03-12 00:00:00Z"}]', 0),
    ('two days', 'two days: the last microsecond before', '[{"time": "2026-03-10 00:00:00Z"}]', '[{"time": "2026-03-09 23:59:59.999999Z"}]', 0),
    -- the caller
    (NULL, 'another caller', NULL, '[{"caller": "other-<case>@contoso.com"}]', 0),
    (NULL, 'the caller in other case', NULL, '[{"caller": "<case>@CONTOSO.com"}]', 0),
    (NULL, 'no caller on both sides', '[{"time": "2026-03-10 10:10:00Z", "caller": null}]', '[{"time": "2026-03-10 10:20:00Z", "caller": null}]', 1),
    (NULL, 'an empty caller on both sides', '[{"time": "2026-03-10 11:10:00Z", "caller": ""}]', '[{"time": "2026-03-10 11:20:00Z", "caller": ""}]', 1),
    (NULL, 'no caller of the Cloud Shell, an empty one of the operation', '[{"time": "2026-03-10 12:10:00Z", "caller": null}]', '[{"time": "2026-03-10 12:20:00Z", "caller": ""}]', 1),
    (NULL, 'an empty caller of the Cloud Shell, none of the operation', '[{"time": "2026-03-10 13:10:00Z", "caller": ""}]', '[{"time": "2026-03-10 13:20:00Z", "caller": null}]', 1),
    (NULL, 'no caller of the Cloud Shell alone', '[{"time": "2026-03-10 14:10:00Z", "caller": null}]', '[{"time": "2026-03-10 14:20:00Z"}]', 0),
    (NULL, 'no caller of the operation alone', '[{"time": "2026-03-10 15:10:00Z"}]', '[{"time": "2026-03-10 15:20:00Z", "caller": null}]', 0),
    -- what starts a Cloud Shell
    (NULL, 'listKeys in capitals', '[{"operation": "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION"}]', NULL, 1),
    (NULL, 'an operation that begins like listKeys', '[{"operation": "Microsoft.Storage/storageAccounts/listKeys/actions"}]', '[]', 0),
    (NULL, 'an operation other than listKeys does not start a Cloud Shell', '[{"operation": "Microsoft.Storage/storageAccounts/regenerateKey/action"}]', NULL, 0),
    (NULL, 'no operation does not start a Cloud Shell', '[{"operation": null}]', NULL, 0),
    (NULL, 'an empty operation does not start a Cloud Shell', '[{"operation": ""}]', NULL, 0),
    (NULL, 'listKeys, status success in small letters', '[{"status": "success"}]', NULL, 1),
    (NULL, 'listKeys, status Succeeded', '[{"status": "Succeeded"}]', NULL, 1),
    (NULL, 'listKeys, status SUCCEEDED in capitals', '[{"status": "SUCCEEDED"}]', NULL, 1),
    (NULL, 'listKeys, status Start', '[{"status": "Start"}]', NULL, 0),
    (NULL, 'listKeys, status Failure', '[{"status": "Failure"}]', NULL, 0),
    (NULL, 'listKeys, an empty status', '[{"status": ""}]', NULL, 0),
    (NULL, 'listKeys, no status', '[{"status": null}]', NULL, 0),
    -- the resource group
    (NULL, 'the resource group in capitals', '[{"group": "CLOUD-SHELL-STORAGE-WESTEUROPE"}]', NULL, 1),
    (NULL, 'the resource group alone', '[{"group": "cloud-shell-storage"}]', NULL, 1),
    (NULL, 'the resource group in the middle', '[{"group": "my-cloud-shell-storage-2"}]', NULL, 1),
    (NULL, 'the resource group, and a letter after it', '[{"group": "cloud-shell-storages"}]', NULL, 0),
    (NULL, 'the resource group, and a letter before it', '[{"group": "xcloud-shell-storage"}]', NULL, 0),
    (NULL, 'part of the resource group', '[{"group": "cloud-shell"}]', NULL, 0),
    (NULL, 'another resource group', '[{"group": "web"}]', NULL, 0),
    (NULL, 'an empty resource group', '[{"group": ""}]', NULL, 0),
    (NULL, 'no resource group', '[{"group": null}]', NULL, 0),
    ('shells', 'resource_group: a group that has the word', '[{"group": "rg-shells"}]', NULL, 1),
    ('shells', 'resource_group: a group that has not', NULL, NULL, 0),
    -- what is done in a Cloud Shell
    (NULL, 'an operation that failed', NULL, '[{"status": "Failure"}]', 1),
    (NULL, 'an operation without a status', NULL, '[{"status": null}]', 1),
    (NULL, 'an operation without a resource group', NULL, '[{"group": null}]', 1),
    (NULL, 'an operation in the Cloud Shell''s resource group', NULL, '[{"group": "cloud-shell-storage-westeurope"}]', 1),
    (NULL, 'listKeys is not an operation', NULL, '[{"operation": "Microsoft.Storage/storageAccounts/listKeys/action"}]', 0),
    (NULL, 'listKeys in capitals is not an operation', NULL, '[{"operation": "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION"}]', 0),
    (NULL, 'listKeys that failed is not an operation', NULL, '[{"operation": "Microsoft.Storage/storageAccounts/listKeys/action", "status": "Failure"}]', 0),
    (NULL, 'listKeys of another group is not an operation', NULL, '[{"operation": "Microsoft.Storage/storageAccounts/listKeys/action", "group": "web"}]', 0),
    (NULL, 'an empty operation is none', NULL, '[{"operation": ""}]', 0),
    (NULL, 'no operation is none', NULL, '[{"operation": null}]', 0),
    -- several rows
    (NULL, 'the same Cloud Shell twice', '[{}, {}]', NULL, 1),
    (NULL, 'two Cloud Shells in an hour', '[{}, {"time": "2026-03-10 08:40:00Z"}]', NULL, 1),
    (NULL, 'the same operation twice', NULL, '[{}, {}]', 1),
    (NULL, 'the same operation at two times of an hour', NULL, '[{}, {"time": "2026-03-10 08:40:00Z"}]', 1),
    (NULL, 'two operations', NULL, '[{}, {"operation": "Microsoft.KeyVault/vaults/delete/<case>"}]', 2),
    (NULL, 'two operations that differ in case', NULL, '[{}, {"operation": "microsoft.compute/virtualMachines/write/<case>"}]', 2),
    (NULL, 'two hours with a Cloud Shell and an operation each', '[{}, {"time": "2026-03-10 09:10:00Z"}]', '[{}, {"time": "2026-03-10 09:20:00Z"}]', 2),
    (NULL, 'two hours with a Cloud Shell, one with an operation', '[{}, {"time": "2026-03-10 09:10:00Z"}]', NULL, 1),
    (NULL, 'two hours with an operation, one with a Cloud Shell', NULL, '[{}, {"time": "2026-03-10 09:20:00Z"}]', 1),
    (NULL, 'two callers with a Cloud Shell and an operation each', '[{}, {"caller": "other-<case>@contoso.com"}]', '[{}, {"caller": "other-<case>@contoso.com"}]', 2)
) AS v (rule, condition, starts, operations, matches);

-- The rows of one side of all cases, as one load of the logs.
CREATE VIEW sides AS
SELECT c.number, o.hunt, s.side, r.ordinality,
       replace(replace(replace((s.defaults || r.value)::text, '<case>', c.token),
                       '<address>', '10.' || c.number / 250 || '.' || c.number % 250 || '.1'),
               '<number>', to_hex(c.number))::jsonb AS log_row
FROM cases AS c
JOIN options AS o ON o.rule = c.rule
CROSS JOIN LATERAL (VALUES
    ('storage_upload_link_account', 'left', c.left_rows, jsonb '{"table": "storagebloblogs", "time": "2026-03-10 08:30:00Z",
        "operation": "PutBlob", "status": "Success", "code": "201", "address": "<address>:443",
        "uri": "https://contosodata.blob.core.windows.net/<case>/report.docx?sig=XXXXX", "agent": "Edge",
        "storage": "contosodata", "correlation": "<case>"}'),
    ('storage_upload_link_account', 'right', c.right_rows, '{"table": "signinlogs", "time": "2026-03-10 08:29:30Z",
        "address": "<address>", "account": "<case>@contoso.com", "id": "<case>-1", "agent": "Edge", "result": "0"}'),
    ('cloudshell_usage', 'left', c.left_rows, '{"table": "azureactivity", "time": "2026-03-10 08:10:00Z",
        "caller": "<case>@contoso.com", "operation": "Microsoft.Storage/storageAccounts/listKeys/action",
        "status": "Success", "group": "cloud-shell-storage-westeurope"}'),
    ('cloudshell_usage', 'right', c.right_rows, '{"table": "azureactivity", "time": "2026-03-10 08:20:00Z",
        "caller": "<case>@contoso.com", "operation": "Microsoft.Compute/virtualMachines/write/<case>",
        "status": "Success", "group": "web"}')
) AS s (hunt, side, rows, defaults)
CROSS JOIN LATERAL jsonb_array_elements(s.rows) WITH ORDINALITY AS r
WHERE s.hunt = o.hunt;

CREATE PROCEDURE load(wanted text)
LANGUAGE plpgsql AS $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY '{storagebloblogs,storagefilelogs}'::text[] LOOP
        EXECUTE format($q$
            INSERT INTO azhunt.%I (timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader,
                                   accountname, correlationid)
            SELECT (r ->> 'time')::timestamptz, r ->> 'operation', r ->> 'status', r ->> 'code', r ->> 'address', r ->> 'uri',
                   r ->> 'agent', r ->> 'storage', r ->> 'correlation'
            FROM (SELECT s.log_row AS r FROM sides AS s WHERE s.side = $1 AND s.log_row ->> 'table' = $2) AS r $q$, t)
        USING wanted, t;
    END LOOP;
    FOREACH t IN ARRAY '{signinlogs,aadnoninteractiveusersigninlogs}'::text[] LOOP
        EXECUTE format($q$
            INSERT INTO azhunt.%I (timegenerated, ipaddress, userprincipalname, useragent, resulttype)
            SELECT (r ->> 'time')::timestamptz, r ->> 'address', r ->> 'account', r ->> 'agent', r ->> 'result'
            FROM (SELECT s.log_row AS r FROM sides AS s WHERE s.side = $1 AND s.log_row ->> 'table' = $2) AS r $q$, t)
        USING wanted, t;
    END LOOP;
    FOREACH t IN ARRAY '{aadserviceprincipalsigninlogs,aadmanagedidentitysigninlogs}'::text[] LOOP
        EXECUTE format($q$
            INSERT INTO azhunt.%I (timegenerated, ipaddress, serviceprincipalname, serviceprincipalid, useragent, resulttype)
            SELECT (r ->> 'time')::timestamptz, r ->> 'address', r ->> 'account', r ->> 'id', r ->> 'agent', r ->> 'result'
            FROM (SELECT s.log_row AS r FROM sides AS s WHERE s.side = $1 AND s.log_row ->> 'table' = $2) AS r $q$, t)
        USING wanted, t;
    END LOOP;
    INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)
    SELECT (r ->> 'time')::timestamptz, r ->> 'caller', r ->> 'operation', r ->> 'status', r ->> 'group'
    FROM (SELECT s.log_row AS r FROM sides AS s WHERE s.side = wanted AND s.log_row ->> 'table' = 'azureactivity') AS r;
END
$$;

--
-- orders of arrival
--
CREATE TABLE passes (number integer GENERATED ALWAYS AS IDENTITY, pass text PRIMARY KEY, steps text[] NOT NULL);
INSERT INTO passes (pass, steps) VALUES
    ('first run', '{left,right,run}'),
    ('a later run, the left side there before', '{left,run,right,run}'),
    ('a later run, the right side there before', '{right,run,left,run}'),
    ('a later run, nothing there before', '{run,left,right,run}');

-- what the rules of each case found, and what runs said of themselves
CREATE TABLE found (pass text, number integer, matches bigint);
CREATE TABLE said (pass text, run integer, rule text, status text, started_over text, new_matches bigint);
CREATE TABLE strays (pass text, match text);
CREATE TABLE differences (pass text, rule text, only_in text, result text);
CREATE TABLE ad_hoc (number integer, found boolean);

CREATE PROCEDURE run(pass text, step integer)
LANGUAGE plpgsql AS $$
DECLARE
    rule text;
    id bigint;
BEGIN
    FOR rule IN SELECT o.rule FROM options AS o ORDER BY o.rule LOOP
        id := azhunt.run_rule_in_transaction(rule);
        INSERT INTO said
        SELECT $1, $2, r.rule, r.status, r.started_over, r.new_matches FROM azhunt.runs AS r WHERE r.run = id;
        COMMIT;
    END LOOP;
END
$$;

CREATE VIEW stored AS
SELECT c.number, m.rule, m.account, m.details ->> 'FileUploadPath' AS text
FROM azhunt.screened_matches AS m
LEFT JOIN cases AS c ON c.token = coalesce(nullif(left(m.details ->> 'CorrelationId', 7), ''), substring(m.details ->> 'FileUploadPath' FROM 'case[0-9]{3}'))
WHERE m.hunt = 'storage_upload_link_account'
UNION ALL
SELECT c.number, m.rule, m.account, m.details ->> 'OperationNameValue'
FROM azhunt.screened_matches AS m
LEFT JOIN cases AS c ON c.token = right(m.details ->> 'OperationNameValue', 7)
WHERE m.hunt = 'cloudshell_usage';

CREATE VIEW ad_hoc_uploads AS
SELECT o.rule, a.*
FROM options AS o
CROSS JOIN LATERAL azhunt.storage_upload_link_account(
    (o.all_options ->> 'lookback')::interval, o.all_options ->> 'target_file', (o.all_options ->> 'match_user_agent')::boolean,
    ARRAY(SELECT jsonb_array_elements_text(o.all_options -> 'operations')), (o.all_options ->> 'include_noninteractive')::boolean,
    (o.all_options ->> 'successful_only')::boolean, (o.all_options ->> 'include_service_principals')::boolean) AS a
WHERE o.hunt = 'storage_upload_link_account';

CREATE VIEW ad_hoc_shells AS
SELECT o.rule, a.*
FROM options AS o
CROSS JOIN LATERAL azhunt.cloudshell_usage('365000 days', (o.all_options ->> 'bin')::interval, o.all_options ->> 'resource_group',
                                           '2100-01-01 00:00Z') AS a
WHERE o.hunt = 'cloudshell_usage';

CREATE PROCEDURE compare(pass text)
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO found
    SELECT $1, c.number, (SELECT count(*) FROM stored AS s WHERE s.number = c.number AND s.rule = c.rule)
    FROM cases AS c;
    -- a match is of rows of one case
    INSERT INTO strays
    SELECT $1, s::text
    FROM stored AS s LEFT JOIN cases AS c ON c.number = s.number
    WHERE c.number IS NULL
       OR s.account <> '' AND position(c.token IN s.account) = 0
       OR s.text <> '' AND position(c.token IN s.text) = 0;

    CREATE TEMP TABLE one AS
    SELECT rule, to_jsonb(a) - 'rule' AS result FROM ad_hoc_uploads AS a
    UNION ALL SELECT rule, to_jsonb(a) - 'rule' FROM ad_hoc_shells AS a;
    CREATE TEMP TABLE other AS
    SELECT r.rule, to_jsonb(r) AS result
    FROM (SELECT fileuploadpath, operationname, uploaduseragent, loginevents, accounts, logins, uploads, first_upload, last_upload, rule
          FROM azhunt.storage_upload_link_account_results) AS r
    UNION ALL
    SELECT r.rule, to_jsonb(r)
    FROM (SELECT caller, timekey, set_operationnamevalue, "timestamp", accountcustomentity, rule FROM azhunt.cloudshell_usage_results) AS r;
    UPDATE other SET result = result - 'rule';
    INSERT INTO differences
    SELECT $1, d.rule, 'the ad-hoc hunt', d.result::text FROM (SELECT * FROM one EXCEPT ALL SELECT * FROM other) AS d
    UNION ALL
    SELECT $1, d.rule, 'the rule', d.result::text FROM (SELECT * FROM other EXCEPT ALL SELECT * FROM one) AS d;

    DELETE FROM ad_hoc;
    INSERT INTO ad_hoc
    SELECT c.number, EXISTS (SELECT FROM one AS o WHERE o.rule = c.rule AND position(c.token IN o.result::text) > 0)
    FROM cases AS c;
    DROP TABLE one, other;
END
$$;

CREATE PROCEDURE all_passes()
LANGUAGE plpgsql AS $$
DECLARE
    p passes;
    step text;
    runs integer;
BEGIN
    FOR p IN SELECT * FROM passes ORDER BY number LOOP
        TRUNCATE azhunt.storagebloblogs, azhunt.storagefilelogs, azhunt.signinlogs, azhunt.aadnoninteractiveusersigninlogs,
            azhunt.aadserviceprincipalsigninlogs, azhunt.aadmanagedidentitysigninlogs, azhunt.azureactivity;
        PERFORM azhunt.drop_rule(o.rule) FROM options AS o;
        INSERT INTO azhunt.rules (rule, hunt, options)
        SELECT o.rule, o.hunt, o.options FROM options AS o;
        COMMIT;

        runs := 0;
        FOREACH step IN ARRAY p.steps || '{run}'::text[] LOOP
            IF step = 'run' THEN
                runs := runs + 1;
                CALL run(p.pass, runs);
            ELSE
                CALL load(step);
                COMMIT;
            END IF;
        END LOOP;
        CALL compare(p.pass);
        COMMIT;

        -- Azure delivers all of it once more
        CALL load('left');
        CALL load('right');
        COMMIT;
        CALL run(p.pass, runs + 1);
    END LOOP;
END
$$;
CALL all_passes();

SELECT plan((SELECT count(*) * 5 FROM cases)::integer + 6);

SELECT is(f.matches, c.matches, format('%s: %s: found by the %s', o.hunt, c.condition, p.pass))
FROM cases AS c
JOIN options AS o ON o.rule = c.rule
CROSS JOIN passes AS p
JOIN found AS f ON f.number = c.number AND f.pass = p.pass
ORDER BY c.number, p.number;
SELECT is(a.found, c.matches > 0, format('%s: %s: found by the ad-hoc hunt', o.hunt, c.condition))
FROM cases AS c
JOIN options AS o ON o.rule = c.rule
JOIN ad_hoc AS a ON a.number = c.number
ORDER BY c.number;

SELECT is_empty('SELECT * FROM differences', 'the results are those of the ad-hoc hunts, in every order of arrival');
-- what the last pass found
SELECT bag_eq($$
    SELECT c.condition, a.* FROM cases AS c CROSS JOIN LATERAL (
        SELECT array_agg(replace(s.account, c.token, 'x') ORDER BY s.account) FROM stored AS s WHERE s.number = c.number AND s.rule = c.rule) AS a
    WHERE c.condition ~ '^include_service_principals: (two (ids|names)|no (id|name)|neither)'
$$, $$ VALUES
    ('include_service_principals: two ids of a name', '{x@contoso.com (x-1),x@contoso.com (x-2)}'::text[]),
    ('include_service_principals: two names of an id', '{x 2 (x-1),x@contoso.com (x-1)}'),
    ('include_service_principals: no id, and an empty one', '{x@contoso.com}'),
    ('include_service_principals: no name, and an empty one', '{x-1}'),
    ('include_service_principals: neither name nor id', '{""}')
$$, 'the account of a service principal is its name and id, or what there is of them');
SELECT is_empty('SELECT * FROM strays', 'no match is of the rows of two cases');
SELECT is_empty($$
    SELECT * FROM said
    WHERE status <> 'succeeded' OR started_over IS DISTINCT FROM CASE WHEN run = 1 THEN 'first run' END
$$, 'the first runs started over, and no other');
SELECT is_empty($$
    SELECT s.pass, s.run, s.rule, s.new_matches
    FROM said AS s
    JOIN passes AS p USING (pass)
    WHERE s.new_matches > 0 AND s.run <> (SELECT count(*) FROM unnest(p.steps) AS t WHERE t = 'run')
$$, 'all is found by the run that first has both sides; another run, or the same rows once more, bring nothing');
SELECT results_eq($$SELECT pass, sum(new_matches) FROM said GROUP BY pass ORDER BY pass COLLATE "C"$$,
    $$SELECT pass, (SELECT sum(new_matches) FROM said WHERE pass = 'first run') FROM passes ORDER BY pass COLLATE "C"$$,
    'every order of arrival brings as many matches');

SELECT * FROM finish();
\c postgres
DROP DATABASE azhunt_rules_conditions;
