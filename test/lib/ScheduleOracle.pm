# What the schedules of Schedules.pm run and compare: rules, a hunt of the
# administrator's own, and plain joins that find what these should.
package ScheduleOracle;

use strict;
use warnings;

use Exporter qw(import);
our @EXPORT = qw(%rules @names $own_hunt %columns @log_tables $oracle);

#
# the rules
#

# Every name is a rule: its hunt, its options, the arguments of the plain join,
# and since when it announces.
our %rules = (
	storage_upload_link_account => [
		'storage_upload_link_account', '{}',
		"'1 minute', true, '{putblob,putrange}', NULL, false, false, false, 'TimeGenerated'", '-infinity'
	],
	wide => [
		'storage_upload_link_account',
		'{"lookback": "2 days", "match_user_agent": false, "include_noninteractive": true,'
		  . ' "operations": ["PutBlob", "PutRange", "PutBlock"]}',
		"'48 hours', false, '{putblob,putrange,putblock}', NULL, true, false, false, 'TimeGenerated'", '2026-03-11 00:00+00'
	],
	one_file => [
		'storage_upload_link_account',
		'{"target_file": "tool.exe", "lookback": "10 minutes", "successful_only": true}',
		"'10 minutes', true, '{putblob,putrange}', 'tool.exe', false, true, false, 'TimeGenerated'", '-infinity'
	],
	principals => [
		'storage_upload_link_account', '{"lookback": "5 minutes", "match_user_agent": false, "include_service_principals": true}',
		"'5 minutes', false, '{putblob,putrange}', NULL, false, false, true, 'TimeGenerated'", '-infinity'
	],
	began => [
		'storage_upload_link_account', '{"signin_time": "CreatedDateTime", "include_noninteractive": true, "include_service_principals": true}',
		"'1 minute', true, '{putblob,putrange}', NULL, true, false, true, 'CreatedDateTime'", '-infinity'
	],
	cloudshell_usage => [ 'cloudshell_usage', '{}', "3600, '{cloud-shell-storage-westeurope}'", '-infinity' ],
	ten_minutes => [
		'cloudshell_usage', '{"bin": "10 minutes", "resource_group": "shells"}',
		"600, '{rg-shells}'", '2026-03-11 01:00+00'
	],
	own => [ 'signin_then_activity', '{}', "'2 minutes', '0'", '-infinity' ],
	own_wide => [
		'signin_then_activity', '{"within": "1 day", "result": "50126"}',
		"'1 day', '50126'", '2026-03-11 00:00+00'
	]);
our @names = sort keys %rules;

# A hunt of the administrator's own, over tables of both of the others.
our $own_hunt = <<'END';
CREATE SCHEMA siem;
CREATE FUNCTION siem.signin_then_activity_matches(within interval, result text, since timestamptz, until timestamptz,
	arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE AS $$
	SELECT a.timegenerated, a.caller, NULL::text, s.useragent, NULL::text,
		jsonb_build_object('OperationNameValue', a.operationnamevalue, 'Signin', s.timegenerated)
	FROM azhunt.signinlogs AS s
	JOIN azhunt.azureactivity AS a
	  ON a.caller OPERATOR(azhunt.=~) s.userprincipalname
	 AND azhunt.within(s.timegenerated, a.timegenerated, signin_then_activity_matches.within)
	WHERE s.timegenerated BETWEEN signin_then_activity_matches.since AND signin_then_activity_matches.until
	  AND a.timegenerated BETWEEN signin_then_activity_matches.since AND signin_then_activity_matches.until
	  AND s.resulttype = signin_then_activity_matches.result
	  AND (azhunt.arrived_since(s.ingestxid, arrivals) OR azhunt.arrived_since(a.ingestxid, arrivals))
$$;
CREATE FUNCTION siem.signin_then_activity(within interval DEFAULT '2 minutes', result text DEFAULT '0',
	since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
RETURNS TABLE (caller text, activities bigint)
LANGUAGE sql STABLE AS $$
	SELECT m.account, count(DISTINCT m."time")
	FROM siem.signin_then_activity_matches(signin_then_activity.within, signin_then_activity.result,
		signin_then_activity.since, signin_then_activity.until, NULL) AS m
	GROUP BY m.account
$$;
SELECT azhunt.add_hunt('siem.signin_then_activity', tables => '{signinlogs,azureactivity}', reach => 'within',
	result_key => '{account,OperationNameValue}', title => 'Activity after a sign-in',
	description => 'Finds what callers did soon after they signed in.');
END

our %columns = (
	storagebloblogs => 'timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader, accountname, correlationid',
	signinlogs => 'timegenerated, ipaddress, userprincipalname, useragent, resulttype, createddatetime',
	azureactivity => 'timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup');
$columns{storagefilelogs} = $columns{storagebloblogs};
$columns{aadnoninteractiveusersigninlogs} = $columns{signinlogs};
$columns{aadserviceprincipalsigninlogs} = 'timegenerated, ipaddress, serviceprincipalname, serviceprincipalid, useragent, resulttype, createddatetime';
$columns{aadmanagedidentitysigninlogs} = $columns{aadserviceprincipalsigninlogs};
our @log_tables = sort keys %columns;

#
# the oracle
#
# Log rows carry a tag in SourceSystem, which hunts do not read: the step of the
# schedule that wrote them.  Whoever writes a row writes it to history as well, in
# the same transaction.
#
our $oracle = <<'END';
CREATE SCHEMA oracle;
CREATE TABLE oracle.addresses (spelling text PRIMARY KEY, address text);
INSERT INTO oracle.addresses VALUES
	('192.0.2.1', '192.0.2.1'), ('192.0.2.1:5000', '192.0.2.1'), ('192.0.2.1:5001', '192.0.2.1'),
	('198.51.100.7', '198.51.100.7'), ('198.51.100.7:5000', '198.51.100.7'), ('198.51.100.7:5001', '198.51.100.7'),
	('2001:db8::1', '2001:db8::1'), ('[2001:db8::1]:5000', '2001:db8::1'), ('2001:DB8:0::1', '2001:db8::1'), ('', '');
CREATE TABLE oracle.uris (uri text PRIMARY KEY, file text);
INSERT INTO oracle.uris VALUES
	('https://contosodata.blob.core.windows.net/in/tool.exe?sig=XXXXX', 'tool.exe'),
	('https://contosodata.blob.core.windows.net/in/TOOL.EXE', 'tool.exe'),
	('https://contosodata.blob.core.windows.net/in/report.docx', 'report.docx');

CREATE TABLE oracle.uploads (log_table text, timegenerated timestamptz, operationname text, statustext text, statuscode text,
	calleripaddress text, uri text, useragentheader text, accountname text, correlationid text, tag text, ingestxid bigint, partition text);
CREATE TABLE oracle.signins (log_table text, timegenerated timestamptz, ipaddress text, userprincipalname text, useragent text,
	resulttype text, tag text, ingestxid bigint, partition text, serviceprincipalname text, serviceprincipalid text, createddatetime timestamptz);
CREATE TABLE oracle.activities (log_table text, timegenerated timestamptz, caller text, operationnamevalue text,
	activitystatusvalue text, resourcegroup text, tag text, ingestxid bigint, partition text);

-- who signed in
CREATE FUNCTION oracle.account(s oracle.signins) RETURNS text LANGUAGE sql RETURN CASE
	WHEN coalesce(s.serviceprincipalid, '') = '' THEN concat(s.userprincipalname, s.serviceprincipalname)
	WHEN coalesce(s.serviceprincipalname, '') = '' THEN s.serviceprincipalid
	ELSE format('%s (%s)', s.serviceprincipalname, s.serviceprincipalid) END;

-- and when
CREATE FUNCTION oracle.began(s oracle.signins, signin_time text) RETURNS timestamptz LANGUAGE sql RETURN CASE
	WHEN signin_time = 'CreatedDateTime' AND s.createddatetime < s.timegenerated THEN s.createddatetime
	ELSE s.timegenerated END;

-- What is visible now, whatever stands under the names; volatile, as their
-- conditions must not be pushed down and prune partitions.
CREATE FUNCTION oracle.visible_uploads() RETURNS SETOF oracle.uploads LANGUAGE sql VOLATILE AS $$
	SELECT 'storagebloblogs', timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader,
		accountname, correlationid, sourcesystem, ingestxid, tableoid::regclass::text FROM azhunt.storagebloblogs
	UNION ALL
	SELECT 'storagefilelogs', timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader,
		accountname, correlationid, sourcesystem, ingestxid, tableoid::regclass::text FROM azhunt.storagefilelogs
$$;
CREATE FUNCTION oracle.visible_signins() RETURNS SETOF oracle.signins LANGUAGE sql VOLATILE AS $$
	SELECT 'signinlogs', timegenerated, ipaddress, userprincipalname, useragent, resulttype, sourcesystem, ingestxid,
		tableoid::regclass::text, NULL, NULL, createddatetime FROM azhunt.signinlogs
	UNION ALL
	SELECT 'aadnoninteractiveusersigninlogs', timegenerated, ipaddress, userprincipalname, useragent, resulttype, sourcesystem,
		ingestxid, tableoid::regclass::text, NULL, NULL, createddatetime FROM azhunt.aadnoninteractiveusersigninlogs
	UNION ALL
	SELECT 'aadserviceprincipalsigninlogs', timegenerated, ipaddress, NULL, useragent, resulttype, sourcesystem,
		ingestxid, tableoid::regclass::text, serviceprincipalname, serviceprincipalid, createddatetime FROM azhunt.aadserviceprincipalsigninlogs
	UNION ALL
	SELECT 'aadmanagedidentitysigninlogs', timegenerated, ipaddress, NULL, useragent, resulttype, sourcesystem,
		ingestxid, tableoid::regclass::text, serviceprincipalname, serviceprincipalid, createddatetime FROM azhunt.aadmanagedidentitysigninlogs
$$;
CREATE FUNCTION oracle.visible_activities() RETURNS SETOF oracle.activities LANGUAGE sql VOLATILE AS $$
	SELECT 'azureactivity', timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup, sourcesystem, ingestxid,
		tableoid::regclass::text FROM azhunt.azureactivity
$$;
CREATE FUNCTION oracle.all_uploads() RETURNS SETOF oracle.uploads LANGUAGE sql VOLATILE AS 'SELECT * FROM oracle.uploads';
CREATE FUNCTION oracle.all_signins() RETURNS SETOF oracle.signins LANGUAGE sql VOLATILE AS 'SELECT * FROM oracle.signins';
CREATE FUNCTION oracle.all_activities() RETURNS SETOF oracle.activities LANGUAGE sql VOLATILE AS 'SELECT * FROM oracle.activities';
END

# The plain joins, over what is visible now and over all that ever was; each
# match with one of the pairs of rows that make it.
my $join = <<'END';
CREATE FUNCTION oracle.WHICH_storage_upload_link_account(lookback interval, same_agent boolean, operations text[], file text,
	noninteractive boolean, successful boolean, principals boolean, signin_time text)
RETURNS TABLE (key text, left_row text, right_row text) LANGUAGE sql VOLATILE AS $$
	SELECT DISTINCT ON (1)
		jsonb_build_array(extract(epoch FROM u.timegenerated), u.operationname, coalesce(u.uri, ''), coalesce(u.useragentheader, ''),
			ua.address, coalesce(u.accountname, ''), coalesce(u.correlationid, ''),
			extract(epoch FROM oracle.began(s, signin_time)), oracle.account(s), coalesce(s.useragent, ''))::text,
		to_jsonb(u)::text, to_jsonb(s)::text
	FROM oracle.WHICH_uploads() AS u
	JOIN oracle.addresses AS ua ON ua.spelling = u.calleripaddress AND ua.address <> ''
	JOIN oracle.addresses AS sa ON sa.address = ua.address
	JOIN oracle.WHICH_signins() AS s ON s.ipaddress = sa.spelling
	WHERE lower(u.operationname) = ANY (operations)
	  AND (lower(u.statustext) IN ('success', 'succeeded') OR coalesce(u.statustext, '') = '' AND u.statuscode = '0')
	  AND (file IS NULL OR u.uri IN (SELECT f.uri FROM oracle.uris AS f WHERE f.file = $4))
	  AND CASE s.log_table WHEN 'signinlogs' THEN true WHEN 'aadnoninteractiveusersigninlogs' THEN noninteractive ELSE principals END
	  AND (s.resulttype = '0' OR NOT successful)
	  AND (lower(coalesce(u.useragentheader, '')) = lower(coalesce(s.useragent, '')) OR NOT same_agent)
	  AND oracle.began(s, signin_time) BETWEEN u.timegenerated - lookback AND u.timegenerated
	ORDER BY 1, u.ingestxid, s.ingestxid, u.tag, s.tag
$$;
CREATE FUNCTION oracle.WHICH_cloudshell_usage(seconds integer, groups text[])
RETURNS TABLE (key text, left_row text, right_row text) LANGUAGE sql VOLATILE AS $$
	SELECT DISTINCT ON (1)
		jsonb_build_array(round(floor(extract(epoch FROM s.timegenerated) / seconds) * seconds, 6), coalesce(s.caller, ''), o.operationnamevalue)::text,
		to_jsonb(s)::text, to_jsonb(o)::text
	FROM oracle.WHICH_activities() AS s
	JOIN oracle.WHICH_activities() AS o
	  ON coalesce(o.caller, '') = coalesce(s.caller, '')
	 AND floor(extract(epoch FROM o.timegenerated) / seconds) = floor(extract(epoch FROM s.timegenerated) / seconds)
	WHERE lower(s.operationnamevalue) = 'microsoft.storage/storageaccounts/listkeys/action'
	  AND lower(s.activitystatusvalue) IN ('success', 'succeeded')
	  AND lower(s.resourcegroup) = ANY (groups)
	  AND o.operationnamevalue <> '' AND lower(o.operationnamevalue) <> 'microsoft.storage/storageaccounts/listkeys/action'
	ORDER BY 1, s.ingestxid, o.ingestxid, s.tag, o.tag
$$;
CREATE FUNCTION oracle.WHICH_signin_then_activity(within interval, result text)
RETURNS TABLE (key text, left_row text, right_row text) LANGUAGE sql VOLATILE AS $$
	SELECT DISTINCT ON (1)
		jsonb_build_array(extract(epoch FROM a.timegenerated), a.caller, s.useragent, a.operationnamevalue,
			extract(epoch FROM s.timegenerated))::text,
		to_jsonb(s)::text, to_jsonb(a)::text
	FROM oracle.WHICH_signins() AS s
	JOIN oracle.WHICH_activities() AS a ON lower(a.caller) = lower(s.userprincipalname)
	WHERE s.log_table = 'signinlogs'
	  AND s.resulttype = $2
	  AND a.timegenerated BETWEEN s.timegenerated AND s.timegenerated + $1
	ORDER BY 1, s.ingestxid, a.ingestxid, s.tag, a.tag
$$;
END
$oracle .= join '', map { (my $text = $join) =~ s/WHICH/$_/gr } qw(visible all);
$oracle .= <<'END';
CREATE FUNCTION oracle.stored(rule text) RETURNS TABLE (key text, run bigint) LANGUAGE sql VOLATILE AS $$
	SELECT CASE m.hunt
		WHEN 'storage_upload_link_account' THEN
			jsonb_build_array(extract(epoch FROM m."time"), m.details ->> 'OperationName', m.details ->> 'FileUploadPath', m.useragent,
				m.address, m.storageaccount, m.details ->> 'CorrelationId',
				extract(epoch FROM (m.details ->> 'AzureLoginTime')::timestamptz), m.account, m.details ->> 'UserAgent')
		WHEN 'cloudshell_usage' THEN
			jsonb_build_array(extract(epoch FROM m."time"), m.account, m.details ->> 'OperationNameValue')
		WHEN 'signin_then_activity' THEN
			jsonb_build_array(extract(epoch FROM m."time"), m.account, m.useragent, m.details ->> 'OperationNameValue',
				extract(epoch FROM (m.details ->> 'Signin')::timestamptz))
		END::text, m.run
	FROM azhunt.screened_matches AS m WHERE m.rule = stored.rule
$$;
END

1;
