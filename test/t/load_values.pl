# Values that are not what their columns take: what becomes of them, and that
# none is lost or in the wrong column without a word.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Test::More;

create_database();
my $time = '"time":"2026-01-31T10:00:00Z"';
my $signin = qq($time,"category":"SignInLogs");
my $activity = qq($time,"category":"Administrative","resourceId":"/subscriptions/s/resourceGroups/g");

# Load records into empty tables; standard output.
sub load
{
	my ($name, $file, $content, @options) = @_;
	sql('TRUNCATE azhunt.signinlogs, azhunt.aadnoninteractiveusersigninlogs, azhunt.storagebloblogs, azhunt.azureactivity, azhunt.auditlogs, azhunt.loaded_files');
	my ($status, $out, $err) = loader(@options, spew("$dir/$file", $content));
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($status == 0 && $err eq '', $name) or diag("exit status $status\n$err");
	return $out;
}

# {value, localizedValue} is text for programs and for people
load('localized texts', 'localized.json', <<"END");
{$activity,"operationName":{"value":"A/b/write","localizedValue":"Write b"},"resultType":{"value":"Succeeded"},"level":{"LocalizedValue":"Information","Value":"Info"}}
{$activity,"operationName":{"value":null},"resultType":"Start"}
END
is(sql('SELECT operationnamevalue, activitystatusvalue, operationname, level, additionalfields FROM azhunt.azureactivity ORDER BY operationnamevalue'),
	"A/b/write|Succeeded|Write b|Info|{\"level\": {\"LocalizedValue\": \"Information\"}}\n|Start|||",
	'localized texts: each in its column, the rest in additionalfields');

# ... but in columns of JSON it is an object like others
load('localized texts for JSON', 'json.json', qq({$activity,"operationName":"a/b/c","properties":{"value":"x","localizedValue":"y"}}\n{$signin,"properties":{"deviceDetail":{"value":"x"}}}\n));
is(sql('SELECT properties, properties_d FROM azhunt.azureactivity'), '{"value":"x","localizedValue":"y"}|{"value": "x", "localizedValue": "y"}', 'localized texts for JSON: Properties');
is(sql('SELECT devicedetail FROM azhunt.signinlogs'), '{"value": "x"}', 'localized texts for JSON: DeviceDetail');

# text that may be JSON is; other text is not
my $out = load('objects in columns of text', 'objects.json', <<"END");
{$signin,"properties":{"authenticationDetails":[{"a":1.50}],"clientAppUsed":{"a":[1]},"ipAddress":"192.0.2.1","userPrincipalName":"kim\@contoso.com","appId":false,"userType":["x"]}}
END
is(sql('SELECT authenticationdetails, clientappused, appid, usertype, additionalfields FROM azhunt.signinlogs'),
	'[{"a":1.50}]||||{"properties": {"appId": false, "userType": ["x"], "clientAppUsed": {"a": [1]}}}',
	'objects in columns of text: only where text may be JSON');
like($out, qr/^SigninLogs: 3 values that did not fit their columns are in additionalfields$/m, 'objects in columns of text: counted');
sql('ALTER TABLE azhunt.signinlogs ADD COLUMN note text');
load('column of one\'s own', 'note.json', qq({$signin,"properties":{"note":{"a":1}}}\n));
is(sql('SELECT note FROM azhunt.signinlogs'), '{"a":1}', 'column of one\'s own: takes what there is');

# a column that no hunt reads does not cost the record
my $digits = '9' x 1000;
my @numbers = ([ '14.2187', 14 ], [ '"14.5"', 15 ], [ '-2.5', -3 ], [ '1.4e1', 14 ], [ '5.00', 5 ], [ '"9223372036854775807"', '9223372036854775807' ], [ '0.4', 0 ]);
my @misfits = ($digits, '"fast"', '9223372036854775808', '1e30', '{"a": 1}', 'true', '"5-6"', '"1.5.2"', '"0x10"');
$out = load('numbers', 'numbers.json', join '', map { qq({$signin,"correlationId":"n$_","durationMs":$numbers[$_][0]}\n) } 0 .. $#numbers);
is(sql('SELECT string_agg(durationms::text, $$ $$ ORDER BY correlationid) FROM azhunt.signinlogs'), join(' ', map { $_->[1] } @numbers), 'numbers: rounded');
unlike($out, qr/did not fit/, 'numbers: none is kept elsewhere');
$out = load('misfits', 'misfits.json', join '', map { qq({$signin,"correlationId":"m$_","durationMs":$misfits[$_]}\n) } 0 .. $#misfits);
is(sql('SELECT count(durationms), string_agg((additionalfields -> $$durationMs$$)::text, $$ $$ ORDER BY correlationid) FROM azhunt.signinlogs'),
	'0|' . join(' ', map { $_ eq '1e30' ? '1' . '0' x 30 : $_ } @misfits), 'misfits: kept');
like($out, qr/^SigninLogs: ${\ scalar @misfits} values that did not fit/m, 'misfits: counted');
$out = load('misfits of other types', 'types.csv', qq(TimeGenerated,Type,IsInteractive,CreatedDateTime,DeviceDetail,_BilledSize\n2026-01-31T10:00:00Z,SigninLogs,maybe,,{x,1 kB\n));
is(sql('SELECT isinteractive, createddatetime, devicedetail, _billedsize, additionalfields FROM azhunt.signinlogs'),
	'||"{x"||{"_BilledSize": "1 kB", "IsInteractive": "maybe"}', 'misfits of other types: kept');
# ... unless there is no place for it
sql('CREATE TABLE azhunt.own (timegenerated timestamptz, durationms bigint)');
my (undef, undef, $err) = loader('--table', 'own', spew("$dir/own.json", qq({"TimeGenerated":"2026-01-31T10:00:00Z","DurationMs":"fast"}\n)));
like($err, qr/own\.json:1:\d+: column durationms: not a bigint: "fast"/, 'table without additionalfields: a bad record');

# objects of raw records in strings
load('objects in strings', 'strings.json', <<'END');
{"time":"2026-01-31T10:00:00Z","category":"Administrative","resourceId":"/subscriptions/s/resourceGroups/g","identity":"{\"authorization\":{\"action\":\"x\"},\"claims\":\"{\\\"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn\\\":\\\"kim@contoso.com\\\"}\"}","operationName":"a/b/c","properties":" {\"n\":1.50}"}
{"time":"2026-01-31T10:00:01Z","category":"Administrative","resourceId":"/subscriptions/s/resourceGroups/g","identity":{"claims":"{\"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn\":\"sam@contoso.com\"}"},"operationName":"a/b/c"}
{"time":"2026-01-31T10:00:02Z","category":"SignInLogs","identity":"{Kim}","properties":"{\"ipAddress\":\"192.0.2.1\",\"userPrincipalName\":\"kim@contoso.com\",\"more\":{\"a\":1.0}}"}
{"time":"2026-01-31T10:00:03Z","category":"StorageWrite","identity":"{\"type\":\"OAuth\",\"requester\":\"{\\\"upn\\\":\\\"kim@contoso.com\\\"}\"}","properties":"{\"serviceType\":\"blob\"}"}
END
is(sql('SELECT caller, "authorization", claims_d IS NOT NULL, properties, properties_d, additionalfields FROM azhunt.azureactivity ORDER BY timegenerated'),
	"kim\@contoso.com|{\"action\":\"x\"}|t|{\"n\":1.50}|{\"n\": 1.50}|\nsam\@contoso.com||t|||", 'objects in strings: AzureActivity');
is(sql('SELECT identity, ipaddress, userprincipalname, additionalfields FROM azhunt.signinlogs'),
	'{Kim}|192.0.2.1|kim@contoso.com|{"properties": {"more": {"a": 1.0}}}', 'objects in strings: SigninLogs');
is(sql('SELECT authenticationtype, requesterupn, additionalfields FROM azhunt.storagebloblogs'),
	'OAuth|kim@contoso.com|', 'objects in strings: StorageBlobLogs');
like((loader('-q', spew("$dir/string.json", qq({$signin,"properties":"{\\"ipAddress\\":true}"}\n))))[2],
	qr/string\.json:1:69: column ipaddress: not a text: "true"/, 'objects in strings: the place of a bad value is that of the string');

# the caller of an operation: what its claims say, in Microsoft's order
my $soap = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';
my $oid = 'http://schemas.microsoft.com/identity/claims/objectidentifier';
my @callers = (
	[ 'address of mail', { "$soap/upn" => 'kim_fabrikam.com#EXT#@contoso.com', "$soap/emailaddress" => ' kim@fabrikam.com ', $oid => 'o' }, 'kim@fabrikam.com' ],
	[ 'upn', { "$soap/upn" => 'kim@contoso.com', "$soap/name" => 'Kim', $oid => 'o' }, 'kim@contoso.com' ],
	[ 'spn', { "$soap/spn" => 'api://app', $oid => 'o', appid => 'a' }, 'api://app' ],
	[ 'personal account', { "$soap/name" => 'live.com#kim@outlook.com', $oid => 'o' }, 'kim@outlook.com' ],
	[ 'personal account by unique_name', { unique_name => 'live.com#kim@outlook.com', $oid => 'o' }, 'kim@outlook.com' ],
	[ 'guest by name', { "$soap/name" => 'kim_fabrikam.com#EXT#@contoso.com', $oid => 'o' }, 'o' ],
	[ 'object id', { "$soap/name" => 'Kim', $oid => 'o', appid => 'a' }, 'o' ],
	[ 'application', { appid => 'a' }, 'a' ],
	[ 'nothing', { "$soap/upn" => '', aud => 'x' }, '' ],
);
for my $case (@callers)
{
	my ($name, $claims, $caller) = @$case;
	my $json = '{' . join(',', map { qq("$_":"$claims->{$_}") } sort keys %$claims) . '}';

	load("caller: $name", 'caller.json', qq({$activity,"operationName":"a/b/c","identity":{"claims":$json}}\n));
	is(sql('SELECT caller FROM azhunt.azureactivity'), $caller, "caller: $name");
}

# what hunts can't do without is counted
$out = load('nothing to be found', 'empty.json', <<"END");
{$signin}
{$signin,"properties":{"userPrincipalName":"kim\@contoso.com","ipAddress":""}}
{$signin,"properties":{"userPrincipalName":"kim\@contoso.com","ipAddress":"192.0.2.1"}}
{$activity,"operationName":"a/b/c"}
{$time,"category":"StorageWrite","operationName":"PutBlob","properties":{"serviceType":"blob"}}
END
like($out, qr/^SigninLogs: 2 rows without address, 1 without account$/m, 'sign-ins without address and account');
like($out, qr/^AzureActivity: 1 row without caller$/m, 'operations without caller');
like($out, qr/^StorageBlobLogs: 1 row without address$/m, 'requests without address');

# the columns that hunts read are marked as such
my $read = 0;
for my $file (glob("$root/src/hunts/*.sql $root/src/hunts/*/*.sql"))
{
	my $text = slurp($file);

	while ($text =~ /SELECT((?:(?!SELECT).)*?)FROM azhunt\.(\w+logs|azureactivity) AS (\w)\b/gs)
	{
		my ($columns, $table, $alias) = ($1, $2, $3);
		my ($description) = grep { m{/$table\.txt$}i } glob("$root/src/logs/tables/*.txt");
		my ($hunted) = slurp($description) =~ /^read by hunts: (.*)/m;

		for my $column ($columns =~ /\b$alias\.(\w+)/g)
		{
			$read++;
			like($hunted, qr/\b$column\b/i, "$file reads $table.$column");
		}
	}
}
ok($read > 50, 'columns that hunts read are found');

done_testing();
