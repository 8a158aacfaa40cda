# Logs of all kinds, and the questions by which two databases that should have
# the same logs are compared.
package Logs;

use strict;
use warnings;

use Databases;
use Exporter qw(import);
our @EXPORT = qw(load_logs question answers differences);

# Logs of five days, three in daily partitions: values of all kinds, hostile
# texts, and rows of several transactions.
sub load_logs
{
	my ($database) = @_;
	my $hostile = q{(ARRAY['', 'plain', E'tab\t, newline\n, return\r', E'back\\\\slash \\\\N \\\\.', E'it''s "quoted"',
		'Zoë 🛰', '{}', '$$', NULL])[1 + n % 9]};

	query($database, 'SELECT count(*) FROM azhunt.create_log_tables()');
	foreach my $log_table (qw(storagebloblogs storagefilelogs signinlogs azureactivity))
	{
		query($database, "SELECT count(*) FROM azhunt.add_partitions('azhunt.$log_table', '2026-03-02', '2026-03-05')");
	}
	foreach my $part (0 .. 3)
	{
		my $series = "generate_series(1, 400) AS n WHERE n % 4 = $part";
		my $time = "'2026-03-01 00:00Z'::timestamptz + n * interval '18 minutes 0.123456 seconds'";
		my $address = "(ARRAY['203.0.113.', '2001:db8::'])[1 + n % 2] || n % 3";

		query($database, <<"END");
INSERT INTO azhunt.StorageBlobLogs (TimeGenerated, OperationName, StatusText, StatusCode, CallerIpAddress, Uri,
	UserAgentHeader, CorrelationId, AuthorizationDetails, ServerLatencyMs, ContentLengthHeader, AdditionalFields)
SELECT $time, 'PutBlob', 'Success', '201',
	CASE n % 2 WHEN 0 THEN $address || ':443' ELSE '[' || $address || ']:443' END,
	'https://contosodata.blob.core.windows.net/in/file' || n % 20, 'Mozilla/5.0', $hostile,
	jsonb_build_array(n, $hostile), 1.0 / n, n::bigint << 33, jsonb_build_object('new', $hostile)
FROM $series
END
		query($database, <<"END");
INSERT INTO azhunt.StorageFileLogs (TimeGenerated, OperationName, StatusCode, CallerIpAddress, Uri, ObjectKey)
SELECT $time, 'Write', '0', $address, '\\\\contosodata.file.core.windows.net\\share\\file' || n % 20, $hostile
FROM $series
END
		query($database, <<"END");
INSERT INTO azhunt.SigninLogs (TimeGenerated, UserPrincipalName, IPAddress, UserAgent, ResultType, AppDisplayName,
	DeviceDetail, IsInteractive)
SELECT $time - interval '20 seconds', 'user' || n % 7 || '\@contoso.com', $address, 'Mozilla/5.0', '0', $hostile,
	jsonb_build_object('browser', $hostile), n % 3 = 0
FROM $series
END
		query($database, <<"END");
INSERT INTO azhunt.AADNonInteractiveUserSignInLogs (TimeGenerated, UserPrincipalName, IPAddress, UserAgent, DeviceDetail)
SELECT $time - interval '10 seconds', 'user' || n % 5 || '\@contoso.com', $address, 'AzCopy/10.28.0', $hostile
FROM $series
END
		query($database, <<"END");
INSERT INTO azhunt.AADServicePrincipalSignInLogs (TimeGenerated, ServicePrincipalName, ServicePrincipalId, IPAddress, UserAgent, ResultType)
SELECT $time - interval '15 seconds', 'app' || n % 3, md5((n % 3)::text), $address, 'Mozilla/5.0', '0'
FROM $series
END
		query($database, <<"END");
INSERT INTO azhunt.AADManagedIdentitySignInLogs (TimeGenerated, ServicePrincipalName, ServicePrincipalId, IPAddress, UserAgent, ResultType)
SELECT $time - interval '5 seconds', $hostile, CASE WHEN n % 2 = 0 THEN md5((n % 3)::text) END, $address, 'Mozilla/5.0', '0'
FROM $series
END
		query($database, <<"END");
INSERT INTO azhunt.AzureActivity (TimeGenerated, Caller, OperationNameValue, ActivityStatusValue, ResourceGroup,
	"authorization", Authorization_d)
SELECT $time, 'user' || n % 3 || '\@contoso.com',
	CASE n % 10 WHEN 0 THEN 'Microsoft.Storage/storageAccounts/listKeys/action'
	ELSE 'Microsoft.Compute/virtualMachines/action' || n % 30 END, 'Success', 'cloud-shell-storage-westeurope',
	$hostile, jsonb_build_object('scope', $hostile)
FROM $series
END
	}
}

my %questions = (
	'rows of every partition' => <<'END',
SELECT * FROM (
	SELECT tableoid::regclass::text, l::text FROM azhunt.storagebloblogs AS l
	UNION ALL SELECT tableoid::regclass::text, l::text FROM azhunt.storagefilelogs AS l
	UNION ALL SELECT tableoid::regclass::text, l::text FROM azhunt.signinlogs AS l
	UNION ALL SELECT tableoid::regclass::text, l::text FROM azhunt.aadnoninteractiveusersigninlogs AS l
	UNION ALL SELECT tableoid::regclass::text, l::text FROM azhunt.aadserviceprincipalsigninlogs AS l
	UNION ALL SELECT tableoid::regclass::text, l::text FROM azhunt.aadmanagedidentitysigninlogs AS l
	UNION ALL SELECT tableoid::regclass::text, l::text FROM azhunt.azureactivity AS l
) AS l (partition, log_row) ORDER BY partition COLLATE "C", log_row COLLATE "C"
END
	'transactions that brought them' => <<'END',
SELECT ingestxid, count(*) FROM (
	SELECT ingestxid FROM azhunt.storagebloblogs UNION ALL SELECT ingestxid FROM azhunt.storagefilelogs
	UNION ALL SELECT ingestxid FROM azhunt.signinlogs UNION ALL SELECT ingestxid FROM azhunt.azureactivity
	UNION ALL SELECT ingestxid FROM azhunt.aadnoninteractiveusersigninlogs
	UNION ALL SELECT ingestxid FROM azhunt.aadserviceprincipalsigninlogs
	UNION ALL SELECT ingestxid FROM azhunt.aadmanagedidentitysigninlogs) AS l
GROUP BY ingestxid ORDER BY ingestxid
END
	'columns and defaults' => <<'END',
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'azhunt'::regnamespace AND c.relkind IN ('p', 'r')
ORDER BY c.relname, a.attnum
END
	'indexes, valid and attached' => <<'END',
SELECT c.relname, p.relname, i.indisvalid, pg_get_indexdef(c.oid), obj_description(c.oid, 'pg_class')
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
LEFT JOIN pg_inherits AS h ON h.inhrelid = c.oid
LEFT JOIN pg_class AS p ON p.oid = h.inhparent
WHERE c.relnamespace = 'azhunt'::regnamespace
ORDER BY c.relname
END
	'partitions' => <<'END',
SELECT c.relname, p.relname, pg_get_expr(c.relpartbound, c.oid)
FROM pg_class AS c JOIN pg_inherits AS h ON h.inhrelid = c.oid JOIN pg_class AS p ON p.oid = h.inhparent
WHERE c.relnamespace = 'azhunt'::regnamespace AND c.relkind = 'r'
ORDER BY c.relname
END
	'answer of the upload hunt' => <<'END',
SELECT * FROM azhunt.storage_upload_link_account(include_noninteractive => true, match_user_agent => false,
	include_service_principals => true, operations => '{PutBlob,Write}') AS h
ORDER BY h::text COLLATE "C"
END
	'answer of the Cloud Shell hunt' => <<'END',
SELECT * FROM azhunt.cloudshell_usage(as_of => '2026-03-06 00:00Z', lookback => '30 days', bin => '3 hours') AS h
ORDER BY h::text COLLATE "C"
END
);

# The query that a question stands for.
sub question
{
	return $questions{ $_[0] };
}

# What a database says of its log tables, by question.
sub answers
{
	my ($database) = @_;

	return { map { $_ => query($database, $questions{$_}) } keys %questions };
}

# The questions that were answered differently.
sub differences
{
	my ($one, $other) = @_;

	return grep { $one->{$_} ne $other->{$_} } sort keys %questions;
}

1;
