# Which table a record is of follows from all that it says; what says too little,
# or contradicts itself, is refused, and --table overrides nothing.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Test::More;

create_database();
my @tables = split ' ', sql('SELECT string_agg(log_table, $$ $$) FROM azhunt.log_table_schemas()');
my $time = '"time":"2026-01-31T10:00:00Z"';
my $tenant = '"resourceId":"/tenants/t/providers/Microsoft.aadiam"';
my $resource = '"resourceId":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/applicationGateways/a"';
my $storage = '"resourceId":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a/blobServices/default"';
# what Microsoft Graph lists
my $listed = '"createdDateTime":"2026-01-31T10:00:00Z","ipAddress":"192.0.2.1","appDisplayName":"a","status":{"errorCode":0}';

sub clear { sql('TRUNCATE ' . join(', ', map { "azhunt.$_" } @tables, 'loaded_files')); }

# The numbers of rows of the tables that have any.
sub rows
{
	my $counts = join ' UNION ALL ', map { "SELECT '$_' AS t, count(*) AS n FROM azhunt.$_" } @tables;
	return sql("SELECT coalesce(string_agg(t || ' ' || n, ', ' ORDER BY t), '') FROM ($counts) AS c WHERE n > 0");
}

# [name, options, file, records, tables with rows, or the message]
my @named = ('[{"TimeGenerated":"2026-01-31T10:00:00Z",', '}]');
my @cases = (
	[ 'sign-ins that PowerShell lists', [], 'x.json', '[' . join(',', map { qq({"CreatedDateTime":"2026-01-31T10:00:00Z","IPAddress":"192.0.2.1","AppDisplayName":"a","Status":{"ErrorCode":0},$_}) }
		'"SignInEventTypes":["servicePrincipal"]', '"SignInEventTypes":["managedIdentity"]', '"SignInEventTypes":["nonInteractiveUser"]', '"SignInEventTypes":["interactiveUser"]', '"IsInteractive":false') . ']',
		'aadmanagedidentitysigninlogs 1, aadnoninteractiveusersigninlogs 2, aadserviceprincipalsigninlogs 1, signinlogs 1' ],
	[ 'Policy of a tenant', [], 'x.json', qq({$time,$tenant,"category":"Policy","operationName":"Add conditional access policy","properties":{"loggedByService":"Conditional Access"}}), 'auditlogs 1' ],
	[ 'Policy by its operation', [], 'x.json', qq({$time,"category":"Policy","operationName":"Add conditional access policy"}), 'auditlogs 1' ],
	[ 'Policy of a subscription', [], 'x.json', qq({$time,$resource,"category":"Policy","operationName":"Microsoft.Authorization/policies/audit/action"}), 'azureactivity 1' ],
	[ 'Policy by a path of an operation', [], 'x.json', qq({$time,"category":"Policy","operationName":"Microsoft.Authorization/policies/audit/action"}), 'azureactivity 1' ],
	[ 'Policy without more', [], 'x.json', qq({$time,"category":"Policy"}), qr/neither the record nor the path says which table/ ],
	[ 'Policy in columns of AuditLogs', [], 'x.json', qq($named[0]"OperationName":"Add policy","Category":"Policy","Identity":"Kim","Result":"success"$named[1]), 'auditlogs 1' ],
	[ 'Policy in columns of AzureActivity', [], 'x.json', qq($named[0]"OperationNameValue":"a/b/c","Category":"Policy","Caller":"Kim"$named[1]), 'azureactivity 1' ],
	[ 'Policy in a file of that name', [], 'auditlogs_export.csv', "TimeGenerated,OperationName,Category,Identity,Result\n2026-01-31T10:00:00Z,Add policy,Policy,Kim,success\n2026-01-31T10:00:01Z,Add user,UserManagement,Kim,success", 'auditlogs 2' ],
	[ 'Delete of another service', [], 'x.json', qq({$time,$resource,"category":"Delete","operationName":"x","properties":{}}), qr/no log table for "Delete" of Microsoft\.Network; --skip-unknown/ ],
	[ 'Delete whose operation is no deletion', [], 'x.json', qq({$time,"category":"Delete","operationName":"a/b/write"}), qr/no log table for "Delete" with such an operation/ ],
	[ 'Delete of the control plane', [], 'x.json', qq({$time,$resource,"category":"Delete","operationName":"MICROSOFT.NETWORK/APPLICATIONGATEWAYS/DELETE"}), 'azureactivity 1' ],
	[ 'Write in an object', [], 'x.json', qq({$time,"category":{"value":"Write"},"operationName":{"value":"a/b/write","localizedValue":"Write b"}}), 'azureactivity 1' ],
	[ 'Administrative of a tenant', [], 'x.json', qq({$time,$tenant,"category":"Administrative","operationName":"a/b/write"}), qr/no log table for "Administrative" of Microsoft\.aadiam/ ],
	[ 'sign-in of a storage account', [], 'x.json', qq({$time,$storage,"category":"SignInLogs"}), qr/no log table for "SignInLogs" of Microsoft\.Storage/ ],
	[ 'requests to a network', [], 'x.json', qq({$time,$resource,"category":"StorageRead","properties":{"serviceType":"blob"}}), qr/no log table for "StorageRead" of Microsoft\.Network/ ],
	[ 'two services', [], 'x.json', qq({$time,$storage,"category":"StorageRead","properties":{"serviceType":"queue"}}), qr/contradicts itself: "StorageRead" of which service/ ],
	[ 'Type and category', [], 'x.json', qq($named[0]"Type":"SigninLogs","Category":"StorageWrite"$named[1]), qr/contradicts itself: it is of "SigninLogs", but its category is "StorageWrite"/ ],
	[ 'Type and category of AuditLogs', [], 'x.json', qq($named[0]"Type":"AuditLogs","Category":"Administrative"$named[1]), 'auditlogs 1' ],
	[ 'container of another table', [], 'insights-logs-signinlogs/x.json', qq({$time,$storage,"properties":{}}), qr/neither the record nor the path/ ],
	[ '--table with a record that says its table', [ '--table', 'SigninLogs' ], 'x.json', qq({$time,"category":"StorageWrite","properties":{"serviceType":"blob"}}), 'storageblobllogs 1' =~ s/ll/l/r ],
	[ '--table with an unknown log', [ '--table', 'SigninLogs' ], 'x.json', qq({$time,$tenant,"category":"UserRiskEvents"}), qr/no log table for "UserRiskEvents"; --skip-unknown leaves/ ],
	[ '--table with an unknown type', [ '--table', 'SigninLogs' ], 'x.json', qq($named[0]"Type":"AADUserRiskEvents"$named[1]), qr/no log table for "AADUserRiskEvents"/ ],
	[ '--table with columns of another', [ '--table', 'SigninLogs' ], 'x.json', qq($named[0]"Uri":"https://a"$named[1]), qr/not of SigninLogs, which --table says: that has no column Uri/ ],
	[ '--table with a resource of another', [ '--table', 'SigninLogs' ], 'x.json', qq({$time,$storage}), qr/not of SigninLogs, which --table says: its category, resource/ ],
	[ '--table with columns of its own', [ '--table', 'SigninLogs' ], 'x.json', qq($named[0]"IPAddress":"192.0.2.1","SomethingNew":1$named[1]), 'signinlogs 1' ],
	[ '--table where several are left', [ '--table', 'azureactivity' ], 'x.json', qq({$time,"category":"Policy"}), 'azureactivity 1' ],
	[ 'path that the record contradicts', [], 'SigninLogs/x.json', qq({$time,$storage}), qr/not of SigninLogs, as which the path names it/ ],
	[ 'kind of sign-in alone', [], 'x.json', qq({$listed,"signInEventTypes":"nonInteractiveUser"}), 'aadnoninteractiveusersigninlogs 1' ],
	[ 'isInteractive in a string', [], 'x.json', qq({$listed,"isInteractive":"False"}), 'aadnoninteractiveusersigninlogs 1' ],
	[ 'programs are not interactive', [], 'x.json', qq({$listed,"signInEventTypes":["managedIdentity"],"isInteractive":false}), 'aadmanagedidentitysigninlogs 1' ],
	[ 'unknown kind of sign-in', [], 'x.json', qq({$listed,"signInEventTypes":["agentIdentity"]}), qr/no log table for "agentIdentity"; --skip-unknown/ ],
	[ 'no kind of sign-in', [], 'x.json', qq({$listed,"signInEventTypes":[{}]}), qr/no log table for "signInEventTypes"; --skip-unknown/ ],
	[ 'two kinds of sign-in', [], 'x.json', qq({$listed,"signInEventTypes":["interactiveUser","managedIdentity"]}), qr/it is of "SigninLogs", but its signInEventTypes is "AADManagedIdentitySignInLogs"/ ],
	[ 'interactive, and not', [], 'x.json', qq({$listed,"signInEventTypes":["interactiveUser"],"isInteractive":false}), qr/it is of "SigninLogs", but its isInteractive is "false"/ ],
	[ 'not interactive, and yet', [], 'x.json', qq({$listed,"signInEventTypes":["nonInteractiveUser"],"isInteractive":true}), qr/it is of "AADNonInteractiveUserSignInLogs", but its isInteractive is "true"/ ],
	[ 'sign-in of no kind', [], 'x.json', qq({$listed,"signInEventTypes":[]}), qr/neither the record nor the path says which table/ ],
	[ 'sign-in of no kind, and --table', [ '--table', 'AADNonInteractiveUserSignInLogs' ], 'x.json', qq({$listed}), 'aadnoninteractiveusersigninlogs 1' ],
	[ 'sign-in of no kind in a file of that name', [], 'NonInteractiveSignIns_2026-01-31.json', qq({$listed}), 'aadnoninteractiveusersigninlogs 1' ],
	[ 'sign-in of no kind with a category', [], 'x.json', qq({$listed,"category":"NonInteractiveUserSignInLogs"}), 'aadnoninteractiveusersigninlogs 1' ],
	[ 'sign-in with the category of another log', [], 'x.json', qq({$listed,"isInteractive":true,"category":"StorageWrite"}), qr/it is of "SigninLogs", but its category is "StorageWrite"/ ],
	[ 'activity with the category of another log', [], 'x.json', qq({"eventTimestamp":"2026-01-31T10:00:00Z","category":{"value":"SignInLogs"}}), qr/it is of "AzureActivity", but its category is "SignInLogs"/ ],
	[ 'audit whose category is that of another log', [], 'x.json', qq({"activityDateTime":"2026-01-31T10:00:00Z","activityDisplayName":"x","category":"Administrative"}), 'auditlogs 1' ],
	[ 'container where several are left', [ '--table', 'AuditLogs' ], 'insights-activity-logs/x.json', qq({$time,"category":"Policy"}), 'azureactivity 1' ],
	[ 'nothing', [], 'x.json', qq({$time,"properties":{}}), qr/neither the record nor the path says which table this is; say it with --table/ ],
);
for my $case (@cases)
{
	my ($name, $options, $file, $records, $expected) = @$case;

	clear();
	system('mkdir', '-p', "$dir/" . ($file =~ s{[^/]*$}{}r)) == 0 or die;
	my ($status, undef, $err) = loader('-q', @$options, spew("$dir/$file", "$records\n"));
	if (ref $expected)
	{
		is($status, 1, "$name: exit status");
		like($err, $expected, "$name: message");
		is(rows(), '', "$name: nothing is loaded");
		next;
	}
	is($status, 0, "$name: exit status") or diag($err);
	is(rows(), $expected, "$name: table");
}

# a whole export: what has no table is named, and left out if it may
my $export = spew("$dir/export.json", '{"records":[' . join(',',
	qq({$time,$tenant,"category":"SignInLogs","properties":{"ipAddress":"192.0.2.1"}}),
	qq({$time,$tenant,"category":"UserRiskEvents"}),
	qq({$time,$tenant,"category":"UserRiskEvents"}),
	qq({$time,$resource,"category":"Delete","operationName":"x"}),
	qq({$time,$tenant,"category":"Kim\\u00e9 says \\u0007"}),
	qq({$time,$tenant,"category":"ServicePrincipalSignInLogs","properties":{"ipAddress":"192.0.2.1"}})) . ']}');
clear();
my ($status, $out, $err) = loader('--skip-unknown', $export);
is($status, 0, '--skip-unknown: exit status') or diag($err);
is(rows(), 'aadserviceprincipalsigninlogs 1, signinlogs 1', '--skip-unknown: rows');
like($out, qr/^UserRiskEvents: 2 records without a table for them$/m, '--skip-unknown: an unknown log is named');
like($out, qr/^Delete: 1 record without a table for it$/m, '--skip-unknown: that of another service is, too');
like($out, qr/^Kim\?\?\?says\?\?: 1 record /m, '--skip-unknown: names are printable') or diag($out);
like((loader('--skip-unknown', $export))[1], qr/1 loaded before/, '--skip-unknown: the file is known');
clear();
($status, $out) = loader('--reject-file', "$dir/rejects", $export);
is($status, 0, 'unknown logs with --reject-file: exit status');
is(rows(), 'aadserviceprincipalsigninlogs 1, signinlogs 1', 'unknown logs with --reject-file: rows');
like($out, qr/^UserRiskEvents: 2 records/m, 'unknown logs with --reject-file: named');
is(scalar(() = slurp("$dir/rejects") =~ /no log table for/g), 4, 'unknown logs with --reject-file: rejected');

# of two jobs, each counts its own
clear();
spew("$dir/jobs.$_/x.json", qq({$time,$tenant,"category":"UserRiskEvents","n":$_}\n)) for map { mkdir "$dir/jobs.$_"; $_ } 1 .. 4;
($status, $out) = loader('--skip-unknown', '--jobs', 2, map { "$dir/jobs.$_" } 1 .. 4);
like($out, qr/^UserRiskEvents: 4 records/m, 'unknown logs in two jobs');
# more names than have a place
clear();
($status, $out) = loader('--skip-unknown', spew("$dir/names.json", join '', map { qq({$time,"category":"Unknown$_"}\n) } 1 .. 100));
like($out, qr/^Unknown31: 1 record .*\nother logs: 69 records/m, 'many unknown logs');

# a table of one's own takes an unknown log, unless hunts could read it as another
sql('CREATE TABLE azhunt.risks (timegenerated timestamptz, additionalfields jsonb);
	CREATE TABLE azhunt.mysignins (timegenerated timestamptz, userprincipalname text, additionalfields jsonb)');
clear();
my $risks = spew("$dir/risks.json", qq({$time,$tenant,"category":"UserRiskEvents"}\n));
load_ok('unknown log into a table of one\'s own', '-q', '--table', 'risks', $risks);
is(sql('SELECT count(*) FROM azhunt.risks'), '1', 'unknown log into a table of one\'s own: row');
clear();
like((loader('-q', '--table', 'mysignins', $risks))[2], qr/no log table for "UserRiskEvents"/, 'unknown log into a table like a log table');

done_testing();
