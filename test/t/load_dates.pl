# Dates that may be of two months, and records without TimeGenerated.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Test::More;

create_database();
my $both = qr/column timegenerated: "10\/03\/2026, 10:00:00\.123" may be 2026-10-03 or 2026-03-10, and no date of the file tells; say it with --dates month-first or --dates day-first/;

# A portal's CSV with these times.
sub csv
{
	return join '', "TimeGenerated [UTC],IPAddress,UserPrincipalName\n", map { qq("$_",192.0.2.9,kim\@contoso.com\n) } @_;
}

# [name, options, times, the times that are meant, or the message]
my @cases = (
	[ 'two months', [], [ '10/03/2026, 10:00:00.123' ], $both ],
	[ 'two months in many rows', [], [ ('10/03/2026, 10:00:00.123') x 3 ], $both ],
	[ '--dates day-first', [ '--dates', 'day-first' ], [ '10/03/2026, 10:00:00.123' ], '2026-03-10 10:00:00.123+00' ],
	[ '--dates month-first', [ '--dates=month-first' ], [ '10/03/2026, 10:00:00.123' ], '2026-10-03 10:00:00.123+00' ],
	[ '--dates against a date', [ '--dates=month-first' ], [ '25/03/2026, 10:00:00' ], qr/column timegenerated: not a time: "25\/03/ ],
	[ 'day above 12 before', [], [ '25/03/2026, 10:00:00', '10/03/2026, 10:00:00' ], '2026-03-10 10:00:00+00 2026-03-25 10:00:00+00' ],
	[ 'day above 12 after', [], [ '10/03/2026, 10:00:00', '11/03/2026', '25/03/2026, 10:00:00' ], '2026-03-10 10:00:00+00 2026-03-11 00:00:00+00 2026-03-25 10:00:00+00' ],
	[ 'month first by a day above 12', [], [ '10/03/2026, 10:00:00', '3/25/2026 10:00:00' ], '2026-03-25 10:00:00+00 2026-10-03 10:00:00+00' ],
	[ 'both orders', [], [ '10/03/2026, 10:00:00', '3/25/2026 10:00:00', '25/3/2026 10:00:00' ], qr/has dates both with the month and with the day first/ ],
	[ 'AM and PM', [], [ '10/03/2026, 10:00:00.123 PM' ], '2026-10-03 22:00:00.123+00' ],
	[ 'am and pm in small letters', [], [ '10/03/2026, 10:00:00.123 pm' ], qr/may be 2026-10-03 or 2026-03-10/ ],
	[ 'AM and PM, and a day above 12', [], [ '25/03/2026, 1:00:00 AM', '10/03/2026, 1:00:00 PM' ], '2026-03-10 13:00:00+00 2026-03-25 01:00:00+00' ],
	[ 'AM and PM, and a day above 12 after', [], [ '10/03/2026, 1:00:00 PM', '25/03/2026, 1:00:00 AM' ], qr/has dates both/ ],
	[ 'the same day of the same month', [], [ '3/3/2026 10:00:00' ], '2026-03-03 10:00:00+00' ],
	[ 'neither month', [], [ '13/13/2026' ], qr/not a time/ ],
	[ 'year first', [], [ '2026/10/03 10:00:00' ], '2026-10-03 10:00:00+00' ],
);
for my $case (@cases)
{
	my ($name, $options, $times, $expected) = @$case;

	sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
	my $file = spew("$dir/dates.csv", csv(@$times));
	my ($status, undef, $err) = loader('-q', '--table', 'SigninLogs', @$options, $file);
	if (!ref $expected)
	{
		is($status, 0, "$name: exit status") or diag($err);
		is(sql('SELECT string_agg(timegenerated::text, $$ $$ ORDER BY timegenerated) FROM azhunt.signinlogs'), $expected, "$name: times");
		next;
	}
	is($status, 1, "$name: exit status");
	like($err, qr/dates\.csv:\d+:\d+: .*$expected/, "$name: message");
	is(sql('SELECT count(*) FROM azhunt.signinlogs'), '0', "$name: nothing is loaded");
}

# the file is refused as a whole, with --reject-file too, but for what is no time
unlink "$dir/rejects";
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
my ($status, undef, $err) = loader('-q', '--table', 'SigninLogs', '--reject-file', "$dir/rejects", spew("$dir/two.csv", csv('2026-03-10 10:00:00', '10/03/2026, 10:00:00.123')));
is($status, 1, '--reject-file: exit status');
like($err, $both, '--reject-file: message');
ok(!-e "$dir/rejects", '--reject-file: no record is rejected');
is(sql('SELECT count(*) FROM azhunt.signinlogs'), '0', '--reject-file: nothing is loaded');

# each column has an order of its own, and each file
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
load_ok('two columns', '-q', spew("$dir/columns.csv", "TimeGenerated,Type,CreatedDateTime\n10/03/2026,SigninLogs,10/03/2026\n25/03/2026,SigninLogs,3/25/2026\n"));
is(sql('SELECT string_agg(createddatetime::date::text, $$ $$ ORDER BY timegenerated) FROM azhunt.signinlogs'), '2026-10-03 2026-03-25', 'two columns: an order each');
like((loader('-q', '--table', 'SigninLogs', spew("$dir/a.csv", csv('25/03/2026')), spew("$dir/b.csv", csv('10/03/2026, 10:00:00.123'))))[2], qr/b\.csv:2:1: $both/, 'two files: an order each');

# standard input can be read only once, so only what came before tells
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
like((loader({ input => spew("$dir/after.csv", csv('10/03/2026, 10:00:00.123', '25/03/2026')) }, '-q', '--table', 'SigninLogs', '-'))[2], $both, 'standard input: a day above 12 after');
is((loader({ input => spew("$dir/before.csv", csv('25/03/2026', '10/03/2026')) }, '-q', '--table', 'SigninLogs', '-'))[0], 0, 'standard input: a day above 12 before');

# also where a file is called so; what is read at once ends with a line
mkdir("$dir/dash") or die;
spew("$dir/dash/-", '');
chdir("$dir/dash") or die;
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
my @lines = map { my $line = sprintf('{"TimeGenerated":"%d/03/2026","Type":"SigninLogs","Id":"', $_); $line . 'x' x (125 - length($line)) . qq("}\n) } (10) x 600, (25) x 1400;
is(length($lines[0]), 128, 'standard input: length of a line');
like((loader({ input => spew("$dir/lines.json", join('', @lines)) }, '-q', '-'))[2], qr/no date of the file tells/, 'standard input, where a file is called -');
is(sql('SELECT count(*) FROM azhunt.signinlogs'), '0', '... nothing is loaded');
chdir('/');

# JSON, too
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
load_ok('JSON', '-q', spew("$dir/dates.json", join '', map { qq({"time":"2026-03-10T10:00:00Z","category":"SignInLogs","properties":{"createdDateTime":"$_"}}\n) } '10/03/2026', '25/03/2026'));
is(sql('SELECT min(createddatetime) FROM azhunt.signinlogs'), '2026-03-10 00:00:00+00', 'JSON: time');
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
load_ok('objects in strings', '-q', spew("$dir/strings.json", join '', map { qq({"time":"2026-03-10T10:00:00Z","category":"SignInLogs","properties":"{\\"createdDateTime\\":\\"$_\\"}"}\n) } '10/03/2026', '25/03/2026'));
is(sql('SELECT min(createddatetime) FROM azhunt.signinlogs'), '2026-03-10 00:00:00+00', 'objects in strings: time');

# records without time
my @others = (
	[ 'createdDateTime', qq({"category":"SignInLogs","createdDateTime":"2026-03-10T10:00:00Z"}), 'signinlogs' ],
	[ 'createdDateTime in properties', qq({"category":"SignInLogs","properties":{"createdDateTime":"2026-03-10T10:00:00Z"}}), 'signinlogs' ],
	[ 'activityDateTime', qq({"category":"AuditLogs","properties":{"activityDateTime":"2026-03-10T10:00:00Z"}}), 'auditlogs' ],
	[ 'eventTimestamp', qq({"category":"Administrative","EventTimestamp":"2026-03-10T10:00:00Z"}), 'azureactivity' ],
	[ 'CSV without TimeGenerated', qq(CreatedDateTime [UTC],Type\n"3/10/2026, 10:00:00 AM",SigninLogs), 'signinlogs' ],
	[ 'time before createdDateTime', qq({"time":"2026-03-10T10:00:00Z","category":"SignInLogs","properties":{"createdDateTime":"2026-03-10T09:00:00Z"}}), 'signinlogs' ],
);
for my $case (@others)
{
	my ($name, $record, $table) = @$case;

	sql("TRUNCATE azhunt.$table, azhunt.loaded_files");
	load_ok($name, '-q', spew("$dir/other", "$record\n"));
	is(sql("SELECT timegenerated FROM azhunt.$table"), '2026-03-10 10:00:00+00', "$name: TimeGenerated");
}
is((loader('--dates', 'first', $dir))[0], 2, '--dates takes two values');

done_testing();
