# Every query of the dashboards and alert rules gives, as the read-only role,
# the frame that its panel needs; and that role can do nothing else.
use strict;
use warnings;
use utf8;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Grafana;
use Session;
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output);

my $role = 'azhunt_grafana';
my $database = 'azhunt_grafana_queries';
my $admin = Session->new(PGDATABASE => 'postgres');
$admin->do("DROP DATABASE IF EXISTS $database");
$admin->do("CREATE DATABASE $database");
local $ENV{PGDATABASE} = $database;
my $user = $admin->do('SELECT current_user');

my $session = Session->new(PGDATABASE => $database);
$session->do('CREATE EXTENSION azhunt');
$session->do("SELECT azhunt.add_rule('$_', run_every => '30 minutes')") for qw(storage_upload_link_account cloudshell_usage);
# the database's owner may have set a search_path of its own
$session->do('CREATE SCHEMA hostile');
$session->do(q(CREATE FUNCTION hostile.refuse(name, name) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile operator called'; END$$));
$session->do('CREATE OPERATOR hostile.= (LEFTARG = name, RIGHTARG = name, FUNCTION = hostile.refuse)');
$session->do("ALTER DATABASE $database SET search_path = hostile, pg_catalog");
for my $file ('role.sql', 'role.sql', 'restrict_public.sql')
{
	my ($text, $succeeded) = psql($user, '\i ' . directory() . "/$file\n");
	ok($succeeded, "$file runs") or diag($text);
}
$session->do("ALTER DATABASE $database RESET search_path");
$session->do('DROP SCHEMA hostile CASCADE');

my %variables = (account => '', address => '', file => '', result => '',
	rule => [ 'storage_upload_link_account', 'cloudshell_usage', q(o'hara's uploads) ], severity => '', status => [ 'new', 'investigating' ]);
my %seeded = (from => '2026-03-01T00:00:00Z', to => $session->do(q(SELECT to_char((now() + interval '1 hour') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))),
	interval => '1h');
my %empty = (from => '2020-03-01T00:00:00Z', to => '2020-03-08T00:00:00Z', interval => '1h');

# The variables of one dashboard, of which some have values of their own.
sub variables_of
{
	my ($query, %own) = @_;
	my $single = $query->{name} =~ /^azhunt-storage/ ? 'storage_upload_link_account'
	  : $query->{name} =~ /^azhunt-cloudshell/ ? 'cloudshell_usage' : undef;

	return { %variables, ($single ? (rule => $single) : ()), %own };
}

sub frame_of
{
	my ($query, $range, %own) = @_;

	return frame($role, expand($query->{sql}, $range, variables_of($query, %own)));
}

my @queries = map { queries($_) } dashboards();
my %by_name = map { $_->{name} => $_ } @queries;

sub panel
{
	my ($uid, $title) = @_;
	# the title may say more after its question
	my @names = grep { /^azhunt-$uid, panel \Q$title\E(?:$| )/ } sort keys %by_name;

	die "no panel $title, or several" unless @names == 1;
	return $by_name{ $names[0] };
}

# The rows of a panel, as texts of columns.
sub rows
{
	my ($query, $columns, %own) = @_;
	my $range = delete $own{range} // \%seeded;

	return [ map { my $row = $_; join '|', map { $row->{$_} // 'null' } @$columns } @{ frame_of($query, $range, %own)->{rows} } ];
}

#
# the expansion itself
#
is(expand(q(a.b, $__timeGroupAlias(t, '$__interval'), x), { %empty, interval => '5m' }, {}),
	q(a.b, floor(extract(epoch from t)/300)*300 AS "time", x), '$__timeGroupAlias');
is(expand(q($__timeGroup(t,'1h', 0), x FROM y GROUP BY $__timeGroup(t,'1h')), \%empty, {}),
	q(floor(extract(epoch from t)/3600)*3600 AS "time", x FROM y GROUP BY floor(extract(epoch from t)/3600)*3600), '$__timeGroup');
is(expand(q($__timeFilter(m."time") AND $__timeFrom() < $__timeTo() AND $__unixEpochFilter(e)), \%empty, {}),
	q(m."time" BETWEEN '2020-03-01T00:00:00Z' AND '2020-03-08T00:00:00Z' AND '2020-03-01T00:00:00Z' < '2020-03-08T00:00:00Z')
	  . ' AND e >= 1583020800 AND e <= 1583625600', 'filters');
is(expand(q(IN (${v:sqlstring}) ${v:raw} ${w} ${v}), \%empty, { v => [ "a'b", 'c' ], w => "d'e" }),
	q(IN ('a''b','c') a'b,c d''e 'a''b','c'), 'variables');

#
# before there is anything
#
is_deeply(rows(panel('overview', 'Do the rules run now?'), [ 'Rule', 'State' ]),
	[ 'cloudshell_usage|new', 'storage_upload_link_account|new' ], 'rules that are new say so');
$session->do("UPDATE azhunt.rules SET created_at = created_at - interval '1 hour'");
is_deeply(rows(panel('overview', 'Do the rules run now?'), [ 'Rule', 'State' ]),
	[ 'cloudshell_usage|never run', 'storage_upload_link_account|never run' ], 'rules that never ran say so');
is_deeply(rows(panel('overview', 'Do the logs arrive now?'), ['State']), [ ('never loaded') x $session->do('SELECT count(*) FROM azhunt.log_table_schemas()') ], 'as do tables that are not there');
is_deeply(rows(panel('cloudshell-usage', 'Can an empty panel be trusted?'), [ 'Rule', 'Logs', 'Since last success' ]),
	['never run|never loaded|null'], 'an empty panel is not to be trusted');

#
# what is found
#
$session->do('SELECT count(*) FROM azhunt.create_log_tables()');
$session->do("CALL azhunt.run_rule('$_')") for qw(storage_upload_link_account cloudshell_usage);

my $agent = 'Mozilla/5.0 ' . 'x' x 2000;
my $path = 'https://contosodata.blob.core.windows.net:443/in/' . 'deep/' x 300 . 'O%27Brien%20%C3%9Cbersicht.pdf?sv=2026';
$session->do(<<"END");
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, accountname, calleripaddress, uri, useragentheader)
VALUES ('2026-03-10 08:00+00', 'PutBlob', 'Success', 'contosodata', '192.0.2.1:5000', 'https://contosodata.blob.core.windows.net/in/report.pdf', 'Edge'),
       ('2026-03-11 08:00+00', 'PutBlob', 'Success', 'contosodata', '192.0.2.1:5001', 'https://contosodata.blob.core.windows.net/in/report.pdf', 'Edge'),
       ('2026-03-10 09:30+00', 'PutBlob', 'Success', 'contosodata', '[2001:db8::1]:443', '$path', '$agent'),
       -- nobody signed in
       ('2026-03-10 08:30+00', 'PutBlob', 'Success', 'contosodata', '192.0.2.99:5000', 'https://contosodata.blob.core.windows.net/in/other.pdf', 'Edge'),
       -- the allow-list hides them
       ('2026-03-10 11:00+00', 'PutBlob', 'Success', 'contosodata', '192.0.2.5:5000', 'https://contosodata.blob.core.windows.net/in/hidden.pdf', 'Edge');
INSERT INTO azhunt.storagefilelogs (timegenerated, operationname, statustext, calleripaddress, uri)
VALUES ('2026-03-12 10:00+00', 'PutRange', 'Success', '192.0.2.3', '\\\\contosodata.file.core.windows.net\\share\\plan.docx');
INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)
VALUES ('2026-03-10 07:59:30+00', '192.0.2.1', 'adele\@contoso.com', 'Edge'),
       ('2026-03-10 07:59:40+00', '192.0.2.1', 'alex\@contoso.com', 'edge'),
       ('2026-03-11 07:59:30+00', '192.0.2.1', 'adele\@contoso.com', 'Edge'),
       ('2026-03-10 09:29:30+00', '2001:DB8::1', 'megan\@contoso.com', '$agent'),
       ('2026-03-12 09:59:30+00', '192.0.2.3', 'adele\@contoso.com', NULL),
       ('2026-03-10 10:59:30+00', '192.0.2.5', 'scanner\@contoso.com', 'Edge');
INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)
SELECT s.start, s.caller, 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'cloud-shell-storage-westeurope'
FROM (VALUES ('2026-02-01 08:00+00'::timestamptz, 'adele\@contoso.com'),
             ('2026-03-10 14:05+00', 'Adele\@Contoso.com'),
             ('2026-03-10 14:30+00', 'megan\@contoso.com'),
             ('2026-03-12 02:10+00', 'megan\@contoso.com'),
             ('2026-03-12 03:00+00', 'scanner\@contoso.com')) AS s (start, caller)
UNION ALL
VALUES ('2026-02-01 08:10+00'::timestamptz, 'adele\@contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Success', 'web'),
       ('2026-03-10 14:06+00', 'Adele\@Contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Success', 'web'),
       ('2026-03-10 14:31+00', 'megan\@contoso.com', 'Microsoft.Authorization/roleAssignments/write', 'Success', 'web'),
       ('2026-03-10 14:32+00', 'megan\@contoso.com', 'Microsoft.KeyVault/vaults/delete', 'Success', 'web'),
       ('2026-03-10 14:33+00', 'megan\@contoso.com', 'Microsoft.Compute/virtualMachines/delete', 'Success', 'web'),
       ('2026-03-12 02:11+00', 'megan\@contoso.com', 'Microsoft.KeyVault/vaults/delete', 'Success', 'web'),
       ('2026-03-12 03:01+00', 'scanner\@contoso.com', 'Microsoft.KeyVault/vaults/delete', 'Success', 'web');
INSERT INTO azhunt.allow_list (entity, value) VALUES ('account', 'Scanner\@contoso.com');
INSERT INTO azhunt.rules (rule, hunt, severity) VALUES ('o''hara''s uploads', 'storage_upload_link_account', 'High');
END

$session->do('ALTER TABLE azhunt.storagefilelogs RENAME TO elsewhere');
like($session->query("CALL azhunt.run_rule('storage_upload_link_account')"), qr/there is no table/, 'a run fails');
is_deeply(rows(panel('storage-upload-link-account', 'Can an empty panel be trusted?'), ['Rule']), ['failing'], 'a failed run is not quiet');
$session->do('ALTER TABLE azhunt.elsewhere RENAME TO storagefilelogs');
$session->do('ALTER TABLE azhunt.azureactivity RENAME TO elsewhere');
like($session->query("CALL azhunt.run_rule('cloudshell_usage')"), qr/there is no table/, 'one of the other rule as well');
$session->do('ALTER TABLE azhunt.elsewhere RENAME TO azureactivity');
$session->do("CALL azhunt.run_rule('$_')") for qw(storage_upload_link_account cloudshell_usage);

#
# every query
#
my %result = map { split /\|/ } split /\n/, $session->do(
	"SELECT azhunt.file_name(fileuploadpath) || '|' || result_id FROM azhunt.storage_upload_link_account_results");
my $session_id = $session->do("SELECT result_id FROM azhunt.cloudshell_usage_results WHERE matches = 3");
is(scalar keys %result, 3, 'three files were found');
my $numeric = qr/^(?:smallint|integer|bigint|numeric|double precision)$/;

for my $query (@queries)
{
	my $name = $query->{name};
	my $chosen = $name =~ /cloudshell/ ? $session_id : $result{'report.pdf'};
	# the role of the dashboards may not read the logs
	my $reader = $query->{sql} =~ /azhunt\.log_rows/ ? $user : $role;
	is(scalar @{ frame_of($query, \%seeded, result => $chosen)->{rows} }, 0, "$name: the role reads no log") if $reader ne $role;
	my $frame = frame($reader, expand($query->{sql}, \%seeded, variables_of($query, result => $chosen)));
	my @names = @{ $frame->{names} };
	my %types = %{ $frame->{types} };

	is(scalar keys %types, scalar @names, "$name: each column has a name of its own");
	# nothing is closed yet
	cmp_ok(scalar @{ $frame->{rows} }, '>', 0, "$name: gives rows") if $name !~ /Closed results/;
	is(scalar @{ frame_of($query, \%empty, result => $chosen)->{rows} }, 0, "$name: gives none of a time without any")
	  if $query->{sql} =~ /\$__time/ && $name !~ /ATT&CK/;

	if ($query->{kind} eq 'variable')
	{
		is_deeply([ values %types ], [ ('text') x @names ], "$name: gives texts");
		is_deeply(\@names, [ '__text', '__value' ], "$name: with what is shown, and what is handed over");
		is($frame->{rows}[0]{ $names[0] }, $name =~ /storage/ ? 'storage_upload_link_account' : 'cloudshell_usage', "$name: the default is the first")
		  if $query->{variable}{name} eq 'rule';
	}
	elsif ($query->{kind} eq 'annotation')
	{
		is_deeply([ @types{qw(time timeend text tags)} ], [ ('timestamp with time zone') x 2, 'text', 'text' ], "$name: gives what annotations have");
	}
	elsif ($query->{format} eq 'time_series')
	{
		my @times = map { $_->{time} } @{ $frame->{rows} };
		my @values = grep { $_ ne 'time' && $_ ne 'metric' } @names;

		is($names[0], 'time', "$name: the time comes first");
		like($types{time}, qr/^(?:timestamp with time zone|numeric|double precision)$/, "$name: and is one");
		is_deeply(\@times, [ sort @times ], "$name: and ascends");
		cmp_ok(scalar @values, '>', 0, "$name: there is a value");
		like($types{$_}, $numeric, "$name: $_ is a number") for @values;
		is($types{metric} // 'text', 'text', "$name: a series has a name");
		my %series = map { $_ => 1 } exists $types{metric} ? (map { $_->{metric} } @{ $frame->{rows} }) : @values;
		my %points = ();
		$points{ $_->{time} . ($_->{metric} // '') }++ for @{ $frame->{rows} };
		is_deeply([ grep { $_ > 1 } values %points ], [], "$name: one value for each time and series");
		ok($series{$_}, "$name: series $_, which has a colour, is there")
		  for grep { !/^(?:role|new|storage_m|storage_f|A )/ } map { $_->{matcher}{options} } @{ $query->{panel}{fieldConfig}{overrides} };
	}
	else
	{
		my @overrides = @{ $query->{panel}{fieldConfig}{overrides} };
		my %columns = map { $_ => 1 } @names;

		is_deeply([ sort map { $_->{matcher}{options} } @overrides ], [ sort @names ], "$name: the columns are those of the panel");
		for my $override (@overrides)
		{
			my ($column, %has) = ($override->{matcher}{options}, map { $_->{id} => $_->{value} } @{ $override->{properties} });
			my $unit = $has{unit} // '';
			like($types{$column}, $numeric, "$name: $column is a number") if $unit =~ /^(?:locale|percentunit|s)$/ || $query->{kind} eq 'stat' && $has{thresholds};
			is($types{$column}, 'timestamp with time zone', "$name: $column is a time") if $unit =~ /^(?:dateTime|time:)/;
			# a state without a colour is one that nobody has thought of
			next unless $has{mappings};
			my %known = map { %{ $_->{options} } } grep { $_->{type} eq 'value' } @{ $has{mappings} };
			next unless %known;
			is_deeply([ grep { defined && !$known{$_} } map { $_->{$column} } @{ $frame->{rows} } ], [], "$name: each $column has a colour");
		}
	}

	# whatever is typed, it is text
	for my $nasty (q('; DELETE FROM azhunt.runs; --), q(\\' $$ {}), q(' OR '' = '), q(\\"' OR "" = "))
	{
		my $rows = eval { frame_of($query, \%seeded, map { $_ => $nasty } qw(account address file result))->{rows} };
		is($@, '', "$name: $nasty is no error");
		is(scalar @$rows, 0, "$name: and finds nothing") if $query->{sql} =~ /\$\{(?:account|result):/ && $name !~ /ATT&CK|How many results of this time/;
	}
}

#
# what panels say
#
my $storage = 'storage-upload-link-account';
is_deeply(rows(panel($storage, 'How much was found?'), [ 'Results', 'Linked uploads', 'Accounts', 'Addresses' ]), ['3|4|3|3'], 'numbers of uploads');
is_deeply(rows(panel($storage, 'How many uploads of each hour were linked to an account?'), [ 'time', 'metric', 'uploads' ]),
	[ '2026-03-10 08:00:00+00|All uploads|2', '2026-03-10 08:00:00+00|Linked uploads|1', '2026-03-10 09:00:00+00|All uploads|1',
	  '2026-03-10 09:00:00+00|Linked uploads|1', '2026-03-10 11:00:00+00|All uploads|1', '2026-03-11 08:00:00+00|All uploads|1',
	  '2026-03-11 08:00:00+00|Linked uploads|1', '2026-03-12 10:00:00+00|All uploads|1', '2026-03-12 10:00:00+00|Linked uploads|1' ],
	'uploads and linked uploads');

my $results = panel($storage, 'Who may have uploaded what?');
my @shown = ('Account', 'Address', 'File', 'Uploads');
my @rows = ('adele@contoso.com|192.0.2.3|plan.docx|1', 'adele@contoso.com, alex@contoso.com|192.0.2.1|report.pdf|2',
	q(megan@contoso.com|2001:db8::1|O'Brien Übersicht.pdf|1));
is_deeply(rows($results, \@shown), \@rows, 'results, the latest first');
is_deeply(rows($results, \@shown, account => 'ADELE@contoso.com'), [ @rows[ 0, 1 ] ], 'of one account');
is_deeply(rows($results, \@shown, account => 'adele@contoso.com, alex@contoso.com'), [ @rows[ 0, 1 ] ], 'of the accounts of one result');
is_deeply(rows($results, \@shown, account => [ 'alex', 'megan@contoso.com' ]), [ @rows[ 1, 2 ] ], 'of several, or a part of one');
is_deeply(rows($results, \@shown, account => ' Adele ,x'), [ @rows[ 0, 1 ] ], 'whatever blanks are around');
is_deeply(rows($results, \@shown, account => ' , '), \@rows, 'blanks alone filter nothing');
is_deeply(rows($results, \@shown, account => []), \@rows, 'nor does nothing');
is_deeply(rows($results, \@shown, account => $_), [], "$_ stands for itself") for 'a%e', 'adele_contoso', 'ade\\le';
is_deeply(rows($results, \@shown, account => 'alex@contoso.com'), [ $rows[1] ], 'of another account');
is_deeply(rows($results, \@shown, address => '2001:db8::1'), [ $rows[2] ], 'of one address');
is_deeply(rows($results, \@shown, file => q(o'brien ü)), [ $rows[2] ], 'of some file names');
is_deeply(rows($results, \@shown, file => 'REPORT', address => '192.0.2.3'), [], 'filters go together');
is_deeply(rows($results, \@shown, range => { %seeded, to => '2026-03-10T12:00:00Z' }),
	[ $rows[2], 'adele@contoso.com, alex@contoso.com|192.0.2.1|report.pdf|1' ], 'of some time, with the uploads of that time');
my ($long) = grep { $_->{File} eq q(O'Brien Übersicht.pdf) } @{ frame_of($results, \%seeded)->{rows} };
is($long->{'User agent'}, $agent, 'all of a long user agent is there');

# one result, of whatever hunt
my $detail = panel('result', 'Which matches make it up?');
is_deeply(rows($detail, [ 'Time', 'Account', 'Address' ], result => $result{'report.pdf'}, range => \%empty),
	[ '2026-03-11 08:00:00+00|adele@contoso.com|192.0.2.1', '2026-03-10 08:00:00+00|adele@contoso.com|192.0.2.1',
	  '2026-03-10 08:00:00+00|alex@contoso.com|192.0.2.1' ], 'the result, of whatever time');
is(scalar @{ rows($detail, ['Time'], result => $_) }, 3, "found by $_")
  for substr($result{'report.pdf'}, 0, 13), ' ' . uc($result{'report.pdf'}) . ' ', substr($result{'report.pdf'}, 0, 8) . substr($result{'report.pdf'}, 9, 4);
is_deeply(rows($detail, ['Time'], result => $_), [], "nothing found by '$_'") for '', substr($result{'report.pdf'}, 0, 8), '%';
is(rows(panel('result', 'How is its status set?'), ['Run'], result => substr($result{'report.pdf'}, 0, 13))->[3],
	"SELECT azhunt.set_status('$result{'report.pdf'}', 'closed', 'why', 'false positive');", 'a statement that closes it');
is_deeply([ sort @{ rows(panel('result', 'What else was found of its accounts and addresses?'), ['Rule'], result => $result{'plan.docx'}) } ],
	[ 'cloudshell_usage', 'storage_upload_link_account' ], 'other results of the account, in any case');
my $log_rows = frame($user, expand(panel('result', 'Which log rows are behind it?')->{sql}, \%empty,
	variables_of({ name => '' }, result => $result{'report.pdf'})));
is_deeply([ sort map { "$_->{'Log table'} $_->{Address}" } @{ $log_rows->{rows} } ],
	[ ('signinlogs 192.0.2.1') x 3, ('storagebloblogs 192.0.2.1') x 2 ], 'each log row once, for who may read them');

# a hunt that does not say of which log rows its matches are
$session->do(q(SELECT azhunt.add_kql_hunt('megan', 'SigninLogs | where UserPrincipalName startswith "megan" | project TimeGenerated, UserPrincipalName',
	'{"queryPeriod": "36500d", "time": "TimeGenerated", "entityMappings": [{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "UserPrincipalName"}]}]}')));
$session->do("SELECT azhunt.add_rule('megan')");
$session->do("CALL azhunt.run_rule('megan')");
my $megan = $session->do("SELECT result_id FROM azhunt.results WHERE rule = 'megan'");
is(scalar @{ rows($detail, ['Time'], result => $megan) }, 1, 'a result of a hunt in KQL has its matches');
is_deeply(frame($user, expand(panel('result', 'Which log rows are behind it?')->{sql}, \%empty, variables_of({ name => '' }, result => $megan)))->{rows},
	[], 'and no log rows');
$session->do("SELECT azhunt.drop_rule('megan'), azhunt.drop_hunt('megan')");

my $cloudshell = 'cloudshell-usage';
is_deeply(rows(panel($cloudshell, 'How much was found?'), [ 'Sessions', 'Callers', 'First-time callers', 'Operations' ]), ['3|2|1|5'], 'numbers of Cloud Shells');
is_deeply(rows(panel($cloudshell, 'Who did what in a Cloud Shell?'), [ 'Hour', 'Caller' ]),
	[ '2026-03-12 02:00:00+00|megan@contoso.com', '2026-03-10 14:00:00+00|Adele@Contoso.com', '2026-03-10 14:00:00+00|megan@contoso.com' ], 'sessions');
is_deeply(rows(panel($cloudshell, 'Who did what in a Cloud Shell?'), ['Caller'], account => 'ADELE@CONTOSO.COM'), ['Adele@Contoso.com'], 'of one caller');
is_deeply(rows(panel($cloudshell, 'Who opened a Cloud Shell for the first time?'), [ 'First hour', 'Caller', 'Operations' ]),
	['2026-03-10 14:00:00+00|megan@contoso.com|4'], 'who is new, whatever the case of their names was before');

# an hour overlaps a range that begins or ends in it, and no other
for my $range ([ '14:45', '15:30', 2 ], [ '13:30', '14:00', 2 ], [ '14:10', '14:20', 2 ], [ '15:00', '15:30', 0 ], [ '13:00', '13:59', 0 ])
{
	my ($from, $to, $sessions) = @$range;
	my %part = (from => "2026-03-10T$from:00Z", to => "2026-03-10T$to:00Z", interval => '1h');

	is(scalar @{ rows(panel($cloudshell, 'Who did what in a Cloud Shell?'), ['Caller'], range => \%part) }, $sessions, "sessions from $from to $to");
	is(scalar @{ rows(panel('overview', 'Which results of this time have the chosen status?'), ['Id'], range => \%part) }, $sessions, 'and on the overview');
}

my $hours = panel($cloudshell, 'At what hour of the day (UTC) is the most done in Cloud Shells?');
for my $timezone ('UTC', 'Asia/Kolkata', 'America/Los_Angeles')
{
	my $frame = frame($role, expand($hours->{sql}, \%seeded, variables_of($hours)), $timezone);
	is_deeply($frame->{names}, [ 'Day', 'Total', map { sprintf '%02d-%02d', 2 * $_, 2 * $_ + 2 } 0 .. 11 ], "$timezone: two hours are a column");
	is_deeply([ map { my $row = $_; join ' ', map { $row->{$_} ? "$_ $row->{$_}" : () } @{ $frame->{names} } } @{ $frame->{rows} } ],
		[ 'Day 2026-03-12 Total 1 02-04 1', 'Day 2026-03-11', 'Day 2026-03-10 Total 4 14-16 4' ], "$timezone: the hours are those of UTC, and each day is a row");
}

is_deeply(rows(panel('overview', 'Which accounts come up most?'), [ 'Results', 'Matches' ]), [ '3|5', '3|4', '1|1' ], 'accounts, ignoring case');
is_deeply(rows(panel('overview', 'Which addresses come up most?'), [ 'Address', 'Results', 'Matches' ]),
	[ '192.0.2.1|1|3', '192.0.2.3|1|1', '2001:db8::1|1|1' ], 'addresses');
my $open = panel('overview', 'How many results of this time are open?');
my @states = ('New', 'Investigating', 'Closed');
is_deeply(rows($open, \@states), ['6|0|0'], 'all results are new');
is_deeply(rows($open, \@states, rule => ['cloudshell_usage']), ['3|0|0'], 'those of one rule');
is_deeply(rows($open, \@states, rule => [q(o'hara's uploads)]), [], 'those of a rule that found none');
$session->do("SELECT azhunt.set_status('$result{'report.pdf'}', 'investigating')");
$session->do("SELECT azhunt.set_status('$result{'plan.docx'}', 'closed')");
is_deeply(rows($open, \@states), ['4|1|1'], 'a status counts');
$session->do("INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname) VALUES ('2026-03-12 09:59:50+00', '192.0.2.3', 'diego\@contoso.com')");
$session->do("CALL azhunt.run_rule('storage_upload_link_account')");
is_deeply(rows($open, \@states), ['5|1|0'], 'a closed result that got a new match is new again');
my $list = panel('overview', 'Which results of this time have the chosen status?');
is_deeply([ sort @{ rows($list, [ 'Id', 'Status' ]) } ],
	[ sort split /\n/, $session->do('SELECT left(result_id::text, 13), status FROM azhunt.results WHERE "time" >= \'2026-03-01\'') ], 'as the list of results says');
is_deeply(rows($open, [ 'Open', 'Hidden by filters' ], account => 'alex'), ['1|5'], 'a filter says what it hides');
is(scalar @{ rows($list, ['Id'], account => 'alex') }, 1, 'and lists the rest');
is_deeply(rows($list, ['Account'], account => 'alex'), ['adele@contoso.com, alex@contoso.com'], 'with all accounts of the result');
is_deeply(rows($list, ['Account'], account => 'alex', range => { %seeded, from => '2026-03-10T12:00:00Z' }), [], 'of the time');
is_deeply(rows($open, [ 'Open', 'Closed' ], severity => 'High'), [], 'of a severity that no result has');
$session->do("SELECT azhunt.set_status('$result{'plan.docx'}', 'closed', NULL, 'false positive')");
$session->do("SELECT azhunt.set_status('$result{'report.pdf'}', 'closed', NULL, 'true positive')");
is_deeply(rows(panel('overview', 'How often was a rule wrong?'), [ 'Rule', 'Closed', 'True', 'False', 'Wrong' ]),
	['storage_upload_link_account|2|1|1|0.5'], 'false positives are counted');
is(scalar @{ rows($list, ['Id'], status => 'closed') }, 2, 'the closed ones can be listed, too');
is_deeply(rows(panel('overview', 'Which ATT&CK techniques were found in this time?'), [ 'Technique', 'Rule', 'Open', 'Results' ]),
	[ 'T1059|cloudshell_usage|3|3', 'T1528|storage_upload_link_account|1|3', q(T1528|o'hara's uploads|0|0) ], 'techniques, of rules that found nothing as well');
$session->do("SELECT azhunt.set_status('$result{$_}', 'new')") for 'plan.docx', 'report.pdf';
my $comparison = panel('overview', 'Is this time unlike the day and the week before?');
is_deeply([ grep { !/\|0$/ } @{ rows($comparison, [ 'metric', 'results' ], range => { from => '2026-03-11T00:00:00Z', to => '2026-03-12T00:00:00Z', interval => '1h' }) } ],
	[ 'A day before|1', 'This time|1', 'A day before|1', 'A day before|2' ], 'a day beside the one before');
my %came_in;
# an hour may have begun since the first run
$came_in{ $_->{metric} } += $_->{rows_read} for @{ frame_of(panel('overview', 'How many log rows came in?'), \%seeded)->{rows} };
is_deeply(\%came_in, { azureactivity => 12, signinlogs => 7, storagebloblogs => 5, storagefilelogs => 1 }, 'rows that came in, once each');

#
# alert rules
#
my %rules = map { $_->{title} => $_ } alert_rules();

sub alerts
{
	my ($title, @columns) = @_;
	my $frame = frame($role, $rules{$title}{data}[0]{model}{rawSql});

	is(scalar(grep { $_ =~ $numeric } values %{ $frame->{types} }), 1, "$title: one number");
	is(scalar(grep { $_ eq 'text' } values %{ $frame->{types} }), @{ $frame->{names} } - 1, "$title: all else is labels");
	ok($frame->{types}{$_}, "$title: label $_ is there") for join(' ', values %{ $rules{$title}{annotations} }) =~ /\.Labels\.(\w+)/g;
	my %labels;
	my @labels = grep { $frame->{types}{$_} eq 'text' } @{ $frame->{names} };
	$labels{ join '|', @{$_}{@labels} }++ for @{ $frame->{rows} };
	is_deeply([ grep { $labels{$_} > 1 } keys %labels ], [], "$title: no two alerts have the same labels");
	return [ sort map { my $row = $_; join '|', map { $row->{$_} } @columns } @{ $frame->{rows} } ];
}

is_deeply(alerts('an open result', 'result', 'severity'), [ sort split /\n/, $session->do('SELECT result_id, severity FROM azhunt.results') ], 'each open result is an alert');

# from the first match until somebody closes it
my @labels = qw(severity rule title result);
my $labels_of = sub { [ grep { /\Q$result{'report.pdf'}\E$/ } @{ alerts('an open result', @labels) } ] };
my $before = $labels_of->();
is(scalar @$before, 1, 'an open result is one alert');
$session->do("SELECT azhunt.set_status('$result{'report.pdf'}', 'investigating')");
is_deeply($labels_of->(), $before, 'so is one that somebody looks into');
$session->do("INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent) VALUES ('2026-03-10 07:59:50+00', '192.0.2.1', 'lee\@contoso.com', 'Edge')");
$session->do("CALL azhunt.run_rule('storage_upload_link_account')");
is_deeply($labels_of->(), $before, 'what later runs find changes no label');
$session->do("SELECT azhunt.set_status('$result{'report.pdf'}', 'closed')");
is_deeply($labels_of->(), [], 'nobody is alerted of a closed one');
$session->do("INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent) VALUES ('2026-03-10 07:59:52+00', '192.0.2.1', 'nestor\@contoso.com', 'Edge')");
$session->do("CALL azhunt.run_rule('storage_upload_link_account')");
is_deeply($labels_of->(), $before, 'but again if more is found');
$session->do("UPDATE azhunt.rules SET severity = 'High' WHERE rule = 'cloudshell_usage'");
is((map { $_->{severity} } @{ frame($role, $rules{'an open result'}{data}[0]{model}{rawSql})->{rows} })[0], 'High', 'the most severe come first');
$session->do("UPDATE azhunt.rules SET severity = 'Medium' WHERE rule = 'cloudshell_usage'");

is_deeply(alerts('a log table stopped', 'log_table', 'stopped'),
	[ 'azureactivity|0', 'signinlogs|0', 'storagebloblogs|0', 'storagefilelogs|0' ], 'no table stopped');
is_deeply(alerts('a rule does not succeed', 'rule', 'health', 'broken'),
	[ 'cloudshell_usage|running|0', q(o'hara's uploads|new|0), 'storage_upload_link_account|running|0' ], 'the rules are well');
is_deeply(rows(panel($storage, 'Can an empty panel be trusted?'), [ 'Rule', 'Logs' ]), ['running|flowing'], 'and so is an empty panel');

# quiet, and broken
$session->do("UPDATE azhunt.runs SET started = started - interval '11 minutes', finished = finished - interval '11 minutes'");
is(scalar @{ alerts('an open result', 'result') }, $session->do('SELECT count(*) FROM azhunt.results'), 'a result stays open though nobody looks');
$session->do("UPDATE azhunt.runs SET started = started - interval '1 hour', finished = finished - interval '1 hour'");
$session->do(q(UPDATE azhunt.rules SET created_at = created_at - interval '2 hours' WHERE rule = 'o''hara''s uploads'));
is_deeply(alerts('a rule does not succeed', 'rule', 'health', 'broken'),
	[ 'cloudshell_usage|late|1', q(o'hara's uploads|never run|1), 'storage_upload_link_account|late|1' ], 'a rule that does not run is late');
is_deeply(rows(panel('overview', 'Do the rules run now?'), [ 'Rule', 'State' ]),
	[ 'cloudshell_usage|late', q(o'hara's uploads|never run), 'storage_upload_link_account|late' ], 'and the overview says so');
$session->do("UPDATE azhunt.$_ SET ingestedat = now() - interval '2 hours'") for qw(storagebloblogs storagefilelogs signinlogs);
is_deeply(rows(panel($storage, 'Can an empty panel be trusted?'), [ 'Rule', 'Logs' ]), ['late|quiet'], 'logs can be quiet');
$session->do("UPDATE azhunt.signinlogs SET ingestedat = now() - interval '2 days'");
is_deeply(alerts('a log table stopped', 'log_table', 'state', 'stopped'),
	[ 'azureactivity|flowing|0', 'signinlogs|stopped|1', 'storagebloblogs|quiet|0', 'storagefilelogs|quiet|0' ], 'or have stopped');
is_deeply(rows(panel($storage, 'Can an empty panel be trusted?'), ['Logs']), ['stopped'], 'one is enough');
is_deeply(rows(panel($cloudshell, 'Can an empty panel be trusted?'), ['Logs']), ['flowing'], 'of those that the rule reads');

$session->do('ALTER TABLE azhunt.azureactivity RENAME ingestxid TO arrival');
like((grep { /^azureactivity/ } @{ rows(panel('overview', 'Do the logs arrive now?'), [ 'Table', 'State' ]) })[0],
	qr/^azureactivity\|not known: azhunt\.azureactivity has no column ingestxid/, 'or nobody knows, and why');
is_deeply(rows(panel($cloudshell, 'Can an empty panel be trusted?'), ['Logs']), ['stopped'], 'which is as bad');
like(alerts('a log table stopped', 'log_table', 'stopped', 'state')->[0], qr/^azureactivity\|1\|not known: /, 'and an alert');
$session->do('ALTER TABLE azhunt.azureactivity RENAME arrival TO ingestxid');

#
# a hunt that has no dashboard of its own
#
$session->do(<<'END');
INSERT INTO azhunt.hunts SELECT (jsonb_populate_record(h, '{"hunt": "other"}')).* FROM azhunt.hunts AS h WHERE h.hunt = 'cloudshell_usage';
INSERT INTO azhunt.rules (rule, hunt) VALUES ('other rule', 'other');
WITH run AS (
    INSERT INTO azhunt.runs (rule, started, finished, status, new_matches, run_by)
    VALUES ('other rule', now(), now(), 'succeeded', 1, 'adele') RETURNING run
)
INSERT INTO azhunt.matches (rule, "time", account, details, key, result_id, run, found_at)
SELECT 'other rule', '2026-03-12 12:00+00', 'adele@contoso.com', '{}', '', md5('other')::uuid, run, now() FROM run;
END
is(scalar(grep { $_ eq 'other rule' } @{ alerts('an open result', 'rule') }), 1, 'its result is an alert');
is_deeply(rows($list, [ 'Rule', 'Account' ], rule => ['other rule']), ['other rule|adele@contoso.com'], 'and on the overview');

#
# names of any text are found again by what links and lists hand over
#
my $name = q(guest_mail.com#EXT#+b&c=d%2b, "e"\\f$__timeFrom()~2b'@contoso.com);
$session->do(sprintf <<'END', ($name =~ s/'/''/gr) x 3);
INSERT INTO azhunt.rules (rule, hunt, severity) VALUES ('%s', 'storage_upload_link_account', 'High');
INSERT INTO azhunt.matches (rule, "time", account, address, details, key, result_id, run, found_at)
SELECT '%s', '2026-03-12 13:00+00', '%s', 'Fe80::1%%eth0', '{"FileName": "say \"hi\".txt"}', '', md5('named')::uuid, max(r.run), now() FROM azhunt.runs AS r;
END
my @named = grep { $_->{Rule} eq $name } @{ frame_of($list, \%seeded, rule => '')->{rows} };
is(scalar @named, 1, 'a result of a rule with a name of any text');
is_deeply(rows($list, [ 'Rule', 'Account' ], rule => $named[0]{'Rule key'}, account => $named[0]{'Account key'}), ["$name|$name"], 'is found by its keys');
for my $column ('account', 'address', 'rule')
{
	for my $query (grep { $_->{kind} eq 'variable' && $_->{variable}{name} eq $column } @queries)
	{
		my ($choice) = grep { $_->{__text} =~ /^\Q$name\E|^Fe80/ } @{ frame_of($query, \%seeded, rule => $named[0]{'Rule key'})->{rows} };
		next if $query->{name} =~ /cloudshell/ && $column eq 'rule';
		is_deeply(rows($list, ['Id'], rule => '', $column => [ $choice->{__value} ]), [ $named[0]{Id} ], "$query->{name}: finds it by its choice")
		  if ok(defined $choice, "$query->{name}: offers it");
		unlike($choice->{__value}, qr/[%+&#"\\\$,]/, "$query->{name}: hands over nothing that Grafana changes");
	}
}
my @top = grep { $_->{Account} eq $name } @{ frame_of(panel('overview', 'Which accounts come up most?'), \%seeded, rule => '')->{rows} };
is($top[0]{Key}, $named[0]{'Account key'}, 'the same key everywhere');
is_deeply([ map { "$_->{Account} $_->{'Account key'}" } @{ frame_of($results, \%seeded, rule => $named[0]{'Rule key'}, file => 'say "hi"')->{rows} } ],
	["$name $named[0]{'Account key'}"], 'also on the dashboard of its hunt, by the name of the file');
is(scalar @{ rows($list, ['Id'], rule => '', account => $_) }, 1, "a part of it, as typed: $_") for '#EXT#+b&c', '"e"', '\\f';
is_deeply(frame_of(panel($storage, 'How many uploads of each hour were linked to an account?'), \%seeded, rule => $named[0]{'Rule key'})->{rows}[-1]{metric},
	'Linked uploads', 'uploads are counted of a rule with such a name');
$session->do('UPDATE azhunt.hunts SET techniques = $${T1059.001}$$ WHERE hunt = $$other$$');
is_deeply([ grep { /^T1059\./ } @{ rows(panel('overview', 'Which ATT&CK techniques were found in this time?'), [ 'Technique', 'Page' ], rule => '') } ],
	['T1059.001|T1059/001'], 'the page of a technique below another');

$session->do(q(INSERT INTO azhunt.matches (rule, "time", address, details, key, result_id, run, found_at)
SELECT 'other rule', '2026-03-13 13:00+00', 'fe80::1%ETH0', '{}', 'a', md5('address')::uuid, max(r.run), now() FROM azhunt.runs AS r));
is_deeply(rows(panel('result', 'What else was found of its accounts and addresses?'), [ 'Rule', 'Shares' ], result => $named[0]{Id}),
	['other rule|fe80::1%ETH0'], 'an address in another case is the same');

#
# a day has 24 hours, whatever the time zone of the server has
#
$session->do(<<'END');
INSERT INTO azhunt.rules (rule, hunt, options) VALUES ('daily', 'cloudshell_usage', '{"bin": "1 day"}');
INSERT INTO azhunt.matches (rule, "time", account, details, key, result_id, run, found_at)
SELECT 'daily', t, 'adele@contoso.com', '{}', convert_to(t::text, 'UTF8'), md5(t::text)::uuid, 1, now()
FROM unnest('{2026-03-29 00:00+00, 2026-10-24 00:00+00}'::timestamptz[]) AS t;
END
for my $range ([ '2026-03-29T23:30:00Z', '2026-03-30T23:00:00Z', 1 ], [ '2026-10-25T00:00:00Z', '2026-10-25T23:00:00Z', 0 ])
{
	my %range = (from => $range->[0], to => $range->[1], interval => '1h');
	my @expanded = map { expand($_->{sql}, \%range, variables_of($_, rule => ['daily'])) } $list, $comparison;
	is(scalar @{ frame($role, $expanded[0], 'Europe/Berlin')->{rows} }, $range->[2], "a bin of a day from $range->[0]");
	my $bars = "SELECT extract(epoch FROM b.time) AS t, b.metric, b.results FROM ($expanded[1]) AS b";
	is_deeply(frame($role, $bars, 'Europe/Berlin')->{rows}, frame($role, $bars)->{rows}, 'and the day before it');
}

#
# the role can do nothing else
#
my @granted = $session->do("SELECT string_agg(c.oid::regclass::text, ' ') FROM pg_class AS c"
	  . " WHERE c.relnamespace = 'azhunt'::regnamespace AND has_table_privilege('$role', c.oid, 'SELECT') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')") =~ /(\S+)/g;
is_deeply([ sort @granted ], [ sort map { "azhunt.$_" } qw(hunts rules rule_health runs screened_matches results storage_upload_link_account_results
	cloudshell_usage_results latest_status result_status source_health) ], 'it reads these views and no more');

is($session->do("SELECT string_agg(c.oid::regclass || ' ' || p.privilege, ', ') FROM pg_class AS c"
	  . " CROSS JOIN unnest('{INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p (privilege)"
	  . " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relnamespace <> 'pg_catalog'::regnamespace"
	  . " AND (has_table_privilege('$role', c.oid, p.privilege)"
	  . "      OR p.privilege IN ('INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege('$role', c.oid, p.privilege))"),
	'', 'and writes nowhere');

# Grafana's users can send anything, so also this
sub refused
{
	my ($statement, $name) = @_;
	my ($text, $succeeded) = psql($role, "\\set VERBOSITY verbose\nSET default_transaction_read_only = off;\n$statement;\n");

	ok(!$succeeded && $text =~ /ERROR:  (?:42501|55000)/, $name // "refused: $statement") or diag($text);
}

my @relations = split /\n/, $session->do("SELECT c.oid::regclass FROM pg_class AS c"
	  . " WHERE c.relnamespace = 'azhunt'::regnamespace AND c.relkind IN ('r', 'p', 'v') ORDER BY 1");
cmp_ok(scalar @relations, '>', 20, 'relations to try');
for my $relation (@relations)
{
	refused("DELETE FROM $relation");
	refused("INSERT INTO $relation DEFAULT VALUES");
	refused("TRUNCATE $relation") if $relation =~ /\.matches|runs|logs$/;
	refused("SELECT * FROM $relation") unless grep { $_ eq $relation } @granted;
}
refused("UPDATE azhunt.$_ SET rule = ''") for qw(runs matches rules);
refused($_) for 'SELECT * FROM azhunt.storage_upload_link_account()', 'SELECT * FROM azhunt.cloudshell_usage()',
  'SELECT * FROM azhunt.uploads()', 'SELECT * FROM azhunt.signins()', 'SELECT azhunt.create_log_tables()',
  "SELECT azhunt.add_partitions('azhunt.runs', '2026-01-01', '2026-01-02')", "CALL azhunt.run_rule('cloudshell_usage')",
  "SELECT azhunt.run_rule_in_transaction('cloudshell_usage')", "SELECT azhunt.restart_rule('cloudshell_usage')",
  "SELECT azhunt.drop_rule('cloudshell_usage')", "SELECT azhunt.set_status('$session_id', 'closed')",
  "SELECT azhunt.add_rule('x', 'cloudshell_usage')", "SELECT azhunt.drop_hunt('cloudshell_usage')", "SELECT azhunt.log_rows('$session_id')",
  "SELECT azhunt.prune('1 day')", "SELECT azhunt.schedule_rule('cloudshell_usage', '* * * * *')",
  "SELECT azhunt.source_health_of('signinlogs', now())", "SELECT azhunt.latest_time('azhunt.signinlogs', 'timegenerated', now())",
  "SELECT azhunt.count_rows('{signinlogs}')", "SELECT azhunt.record_failed_run('cloudshell_usage', now(), '', '')",
  "SELECT nextval('azhunt.runs_run_seq')", "SELECT setval('azhunt.runs_run_seq', 1)",
  'CREATE TABLE azhunt.t ()', 'CREATE TABLE public.t ()', 'CREATE TEMPORARY TABLE t ()', 'CREATE SCHEMA s', "SELECT lo_from_bytea(0, 'x')",
  'SELECT lo_create(0)', 'SELECT lo_creat(0)', "COPY azhunt.runs TO '/tmp/runs'", "COPY azhunt.runs TO PROGRAM 'cat'", "SELECT pg_read_file('/etc/passwd')",
  "SET ROLE $user", "ALTER ROLE $role SUPERUSER", 'ALTER VIEW azhunt.results OWNER TO azhunt_grafana', 'DROP EXTENSION azhunt';

# and the set-up does what it says without any of that
my ($text) = psql($role, "\\pset tuples_only\n\\pset format unaligned\nSHOW default_transaction_read_only;\nSHOW statement_timeout;\n");
is($text, "on\n30s\n", 'by itself it is read-only, and gives up');
is($session->do('SELECT count(*) > 5 FROM azhunt.matches'), 't', 'all is still there');

$session->close;
$admin->do("DROP DATABASE $database");
$admin->do("DROP ROLE $role");
$admin->close;

done_testing();
