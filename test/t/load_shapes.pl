# Every shape in which Azure hands logs out, cell by cell against rows that were
# written by hand, and both hunts over what was loaded.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Test::More;

create_database();
my @log_tables = split ' ', sql('SELECT string_agg(log_table, $$ $$) FROM azhunt.log_table_schemas()');

# Load one file and compare all log tables.
sub shape_is
{
	my ($case, $path, @options) = @_;
	sql("TRUNCATE " . join(', ', map { "azhunt.$_" } @log_tables) . ", azhunt.loaded_files");
	my ($status, undef, $err) = loader('-q', @options, $path);
	is($status, 0, "$case: exit status") or diag($err);
	for my $table (@log_tables)
	{
		my $file = "$root/test/load/expected/$case.$table.json";
		rows_are($table, -e $file ? $file : undef, "$case: $table");
	}
	return $err;
}

is(shape_is('raw_storage', data('raw_storage.json')), '', 'raw storage records');
is(shape_is('raw_signins', data('raw_signins.json')), '', 'array of raw sign-ins');
is(shape_is('capture_activity', data('capture_activity.json')), '', 'envelopes in an array');
is(shape_is('export', data('am-SigninLogs')), '', 'data export, table from the container');
is(shape_is('az_query', data('az_query.json')), '', 'az monitor log-analytics query');
like(shape_is('query_api', data('query_api.json')),
	qr/not complete: PartialError: There were some errors/, 'query API tells of a PartialError');
is(shape_is('portal_new', data('portal_new.csv')), '', 'portal CSV');
is(shape_is('portal_old', data('portal_old.csv')), '', 'portal CSV with old columns');
is(shape_is('portal_union', data('portal_union.csv')), '', 'portal CSV of a union');
is(shape_is('raw_serviceprincipal', data('raw_serviceprincipal.json')), '', 'raw records of AADServicePrincipalSignInLogs');
is(shape_is('export_serviceprincipal', data('am-AADServicePrincipalSignInLogs')), '', 'data export of AADServicePrincipalSignInLogs');
is(shape_is('raw_managedidentity', data('raw_managedidentity.json')), '', 'raw records of AADManagedIdentitySignInLogs');
is(shape_is('export_managedidentity', data('am-AADManagedIdentitySignInLogs')), '', 'data export of AADManagedIdentitySignInLogs');
is(shape_is('raw_audit', data('raw_audit.json')), '', 'raw records of AuditLogs');
is(shape_is('export_audit', data('am-AuditLogs')), '', 'data export of AuditLogs');
is(shape_is('raw_queue', data('raw_queue.json')), '', 'raw records of StorageQueueLogs');
is(shape_is('export_queue', data('am-StorageQueueLogs')), '', 'data export of StorageQueueLogs');
is(shape_is('raw_table', data('raw_table.json')), '', 'raw records of StorageTableLogs');
is(shape_is('export_table', data('am-StorageTableLogs')), '', 'data export of StorageTableLogs');
is(shape_is('activity_list', data('activity_list.json')), '', 'az monitor activity-log list, and Get-AzActivityLog');
like(shape_is('graph_signins', data('graph_signins.json')), qr{the list has another page.*load it, too}, 'sign-ins of Microsoft Graph, a page of several');
is(shape_is('graph_audits', data('graph_audits.json')), '', 'directory audits of Microsoft Graph');
is(shape_is('entra_interactive', data('InteractiveSignIns_2026-01-31_2026-02-01.csv')), '', 'interactive sign-ins of the Entra portal');
is(shape_is('entra_noninteractive', spew("$dir/NonInteractiveSignIns_x (1).csv", slurp(data('InteractiveSignIns_2026-01-31_2026-02-01.csv')))),
	'', 'sign-ins of the Entra portal that are not interactive, known by the name of the file');
is(shape_is('entra_application', data('ApplicationSignIns_2026-01-31.csv')), '', 'sign-ins of service principals of the Entra portal');
is(shape_is('entra_audit', data('AuditLogs_2026-01-31.csv')), '', 'audit logs of the Entra portal');

# the same again, compressed, in two members, and through standard input
my $raw = slurp(data('raw_storage.json'));
my $split = index($raw, "\n") + 30;
system("head -c $split '" . data('raw_storage.json') . "' | gzip > $dir/two.gz; tail -c +"
	  . ($split + 1) . " '" . data('raw_storage.json') . "' | gzip >> $dir/two.gz") == 0 or die;
shape_is('raw_storage', "$dir/two.gz");
for my $input (data('raw_storage.json'), "$dir/two.gz")
{
	sql("TRUNCATE " . join(', ', map { "azhunt.$_" } @log_tables) . ", azhunt.loaded_files");
	is((loader({ input => $input }, '-'))[0], 0, 'standard input');
	rows_are('storagebloblogs', "$root/test/load/expected/raw_storage.storagebloblogs.json", 'standard input: rows');
}

# letters of all alphabets are folded, and may take more bytes or fewer then
sql('TRUNCATE azhunt.storagebloblogs, azhunt.loaded_files');
spew("$dir/letters.json", qq({"time":"2026-01-31T10:00:00Z","category":"StorageWrite","operationName":"PutBlob","resourceId":"/SUBSCRIPTIONS/S/RESOURCEGROUPS/\xc3\x89QUIPE-\xd0\x9c\xd0\x98\xd0\xa0-\xc8\xba\xe2\x84\xaa-\xc3\x9f/providers/Microsoft.Storage/storageAccounts/a/blobServices/default"}\n));
load_ok('letters of all alphabets', '-q', "$dir/letters.json");
is(sql("SELECT _resourceid = '/subscriptions/s/resourcegroups/' || U&'\\00E9quipe-\\043C\\0438\\0440-\\2C65k-\\00DF' || '/providers/microsoft.storage/storageaccounts/a/blobservices/default', _resourceid = lower(_resourceid) FROM azhunt.storagebloblogs"),
	't|t', 'letters of all alphabets: resource id in lower case');

# a column of the user's own takes the field of its name
sql('ALTER TABLE azhunt.storagebloblogs ADD COLUMN downloadrange text');
sql('TRUNCATE azhunt.storagebloblogs, azhunt.loaded_files');
load_ok('column of one\'s own', '-q', data('raw_storage.json'));
is(sql("SELECT downloadrange, additionalfields -> 'properties' ? 'downloadRange'"
	  . " FROM azhunt.storagebloblogs WHERE operationname = 'PutBlob'"),
	'bytes=0-98|f', 'column of one\'s own takes its field out of additionalfields');
sql('ALTER TABLE azhunt.storagebloblogs DROP COLUMN downloadrange');

# --table, and a view in the place of a log table
sql(<<'END');
CREATE SCHEMA soc;
CREATE TABLE soc."Sign-ins" (timegenerated timestamptz NOT NULL, userprincipalname text, ipaddress text,
    status jsonb, loaded_by name DEFAULT current_user, note text GENERATED ALWAYS AS (ipaddress || '!') STORED);
ALTER TABLE azhunt.signinlogs RENAME TO signinlogs_table;
CREATE VIEW azhunt.signinlogs AS SELECT timegenerated, ipaddress, userprincipalname FROM soc."Sign-ins";
TRUNCATE azhunt.loaded_files;
END
load_ok('view as log table', '-q', data('raw_signins.json'));
is(sql('SELECT timegenerated, ipaddress, userprincipalname FROM soc."Sign-ins"'),
	'2026-01-31 10:00:00+00|198.51.100.7|megan@contoso.com', 'view as log table: row');
spew("$dir/named.json", qq({"TimeGenerated":"2026-01-01T00:00:00Z","UserPrincipalName":"adele\@contoso.com","Status":{"a":1},"Unknown":1}\n));
load_ok('--table', '-q', '--table', 'soc."Sign-ins"', "$dir/named.json");
is(sql(q(SELECT userprincipalname, status, loaded_by = current_user FROM soc."Sign-ins" WHERE status IS NOT NULL)),
	'adele@contoso.com|{"a": 1}|t', '--table: row');
# ... whose rows may be rejected, too
sql('ALTER TABLE soc."Sign-ins" ADD CHECK (userprincipalname <> $$nobody@contoso.com$$); TRUNCATE soc."Sign-ins"');
spew("$dir/view.json", join('', map { qq({"time":"2026-01-31T10:00:00Z","category":"SignInLogs","properties":{"userPrincipalName":"$_"}}\n) } 'megan', 'adele'));
load_ok('view with --reject-file', '-q', '--reject-file', "$dir/view_rejects", "$dir/view.json");
is(sql('SELECT string_agg(userprincipalname, $$ $$ ORDER BY userprincipalname) FROM soc."Sign-ins"'), 'adele megan', 'view with --reject-file: rows');
spew("$dir/table.json", join('', map { qq({"TimeGenerated":"2026-01-31T10:00:00Z","UserPrincipalName":"$_\@contoso.com"}\n) } 'lynne', 'nobody', 'isaiah', 'nobody', 'nobody', 'diego'));
load_ok('CHECK constraint with --reject-file', '-q', '--table', 'soc."Sign-ins"', '--reject-file', "$dir/table_rejects", "$dir/table.json");
is(sql('SELECT string_agg(split_part(userprincipalname, $$@$$, 1), $$ $$ ORDER BY userprincipalname) FROM soc."Sign-ins" WHERE userprincipalname LIKE $$%@%$$'), 'diego isaiah lynne', 'CHECK constraint: the others are loaded');
is(join(' ', slurp("$dir/table_rejects") =~ /"line":(\d+)/g), '2 4 5', 'CHECK constraint: rejected lines');
sql('DROP VIEW azhunt.signinlogs; ALTER TABLE azhunt.signinlogs_table RENAME TO signinlogs');

# columns of one's own that number the rows
sql('CREATE TABLE soc.numbered (timegenerated timestamptz, note text, one bigserial, two bigint GENERATED BY DEFAULT AS IDENTITY, three int GENERATED ALWAYS AS IDENTITY)');
load_ok('numbered rows', '-q', '--table', 'soc.numbered', spew("$dir/numbered.json", join '', map { qq({"TimeGenerated":"2026-01-31T10:00:00Z","Note":"$_"}\n) } 'a', 'b","Two":"7'));
is(sql(q{SELECT string_agg(concat_ws(':', note, one, two, three), ' ' ORDER BY note) FROM soc.numbered}), 'a:1:1:1 b:2:2:2', 'numbered rows: numbers');

# where neither a record nor a container says it, --table does, for each log table
for my $table (@log_tables)
{
	sql("TRUNCATE azhunt.$table, azhunt.loaded_files");
	spew("$dir/$table.records", qq({"TimeGenerated":"2026-01-31T10:00:00Z"}\n));
	load_ok("--table $table", '-q', '--table', uc $table, "$dir/$table.records");
	is(sql("SELECT count(*) FROM azhunt.$table"), '1', "--table $table: row");
}

# the container of records without a category, and the log table that it means
my %containers = (
	'insights-activity-logs' => 'azureactivity',
	'insights-logs-administrative' => 'azureactivity',
	'insights-logs-noninteractiveusersigninlogs' => 'aadnoninteractiveusersigninlogs',
	'insights-logs-signinlogs' => 'signinlogs',
	'insights-logs-storageread/resourceId=/subscriptions/S/providers/Microsoft.Storage/storageAccounts/a/blobServices' => 'storagebloblogs',
	'insights-logs-storagewrite/resourceId=/subscriptions/S/providers/Microsoft.Storage/storageAccounts/a/fileServices' => 'storagefilelogs',
	'insights-logs-serviceprincipalsigninlogs' => 'aadserviceprincipalsigninlogs',
	'insights-logs-managedidentitysigninlogs' => 'aadmanagedidentitysigninlogs',
	'insights-logs-auditlogs' => 'auditlogs',
	'insights-logs-storagedelete/resourceId=/subscriptions/S/providers/Microsoft.Storage/storageAccounts/a/queueServices' => 'storagequeuelogs',
	'insights-logs-storageread/resourceId=/subscriptions/S/providers/Microsoft.Storage/storageAccounts/a/tableServices' => 'storagetablelogs',
	map { ("am-$_" => $_) } @log_tables,
);
for my $container (sort keys %containers)
{
	my $table = $containers{$container};
	sql("TRUNCATE azhunt.$table, azhunt.loaded_files");
	system('mkdir', '-p', "$dir/$container") == 0 or die;
	spew("$dir/$container/PT1H.json", qq({"time":"2026-01-31T10:00:00Z"}\n));
	load_ok("container $container", '-q', "$dir/$container");
	is(sql("SELECT count(*) FROM azhunt.$table"), '1', "container $container: $table");
}

# a group of resources may have the name of a service
sql('TRUNCATE azhunt.storagebloblogs, azhunt.loaded_files');
spew("$dir/group.json", qq({"time":"2026-01-31T10:00:00Z","category":"StorageRead","resourceId":"/subscriptions/s/resourceGroups/file/providers/Microsoft.Storage/storageAccounts/a/blobServices/default"}\n));
load_ok('group of resources called file', '-q', "$dir/group.json");
is(sql('SELECT count(*) FROM azhunt.storagebloblogs'), '1', 'group of resources called file: a blob is read');

# both hunts over data that came in through the loader
sql("TRUNCATE " . join(', ', map { "azhunt.$_" } @log_tables) . ", azhunt.loaded_files");
load_ok('all files', '-q', data('raw_storage.json'), data('raw_signins.json'), data('capture_activity.json'));
is(sql(q(SELECT fileuploadpath, operationname, accounts, uploads FROM azhunt.storage_upload_link_account())),
	'https://contosomedia.blob.core.windows.net:443/drop/tool.exe?sv=2025|PutBlob|{megan@contoso.com}|1',
	'storage upload link account');
is(sql(q(SELECT caller, timekey, set_operationnamevalue FROM azhunt.cloudshell_usage(as_of => '2026-02-01'))),
	'megan@contoso.com|2026-01-31 14:00:00+00|["Microsoft.Compute/virtualMachines/write"]',
	'Cloud Shell usage');

# daily partitions came ahead of the rows
is(sql(q(SELECT count(*) FROM azhunt.storagebloblogs_default)), '0', 'default partition is empty');
is(sql(q(SELECT count(*) FROM azhunt.storagefilelogs_p20260201)), '2', 'daily partition has its rows');
is(sql(q(SELECT count(*) FROM azhunt.storagebloblogs_p20260131)), '2', 'a time just before midnight stays in its day');

done_testing();
