# CSV as spreadsheets, browsers and PowerShell write it: what separates the values,
# lines before the names of the columns, and UTF-16.  The message says what was taken
# for granted.
use strict;
use warnings;
use Encode qw(encode);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Test::More;

create_database();

my $comma = qq(TimeGenerated,IPAddress,UserPrincipalName,UserAgent\n2026-01-31 10:00:00,192.0.2.1,kim\@contoso.com,"Agent, with; all|of\tthem"\n);
my $row = "2026-01-31 10:00:00+00 192.0.2.1 kim\@contoso.com Agent, with; all|of\tthem";

# The same with another separator.
sub separated
{
	my ($separator) = @_;

	return join "\n", map({ join $separator, map { /[;|\t,]/ ? qq("$_") : $_ } @$_ } [ qw(TimeGenerated IPAddress UserPrincipalName UserAgent) ],
		[ '2026-01-31 10:00:00', '192.0.2.1', 'kim@contoso.com', "Agent, with; all|of\tthem" ]), '';
}

# The rows, and what is said on standard error, after a file is loaded.
sub load
{
	my ($content, @options) = @_;

	sql('TRUNCATE azhunt.signinlogs, azhunt.aadnoninteractiveusersigninlogs, azhunt.loaded_files');
	my ($status, undef, $err) = loader('-q', '--table', 'SigninLogs', @options, spew("$dir/signins.csv", $content));
	my $rows = sql(q{SELECT concat_ws(' ', timegenerated, ipaddress, userprincipalname, useragent) FROM azhunt.signinlogs ORDER BY timegenerated});
	return ($status, $rows, $err);
}

# [name, content, what is said]
my @dialects = (
	[ 'commas', $comma, undef ],
	[ 'commas and CRLF', $comma =~ s/\n/\r\n/gr, undef ],
	[ 'semicolons', separated(';'), 'CSV with semicolons between its values' ],
	[ 'semicolons and times in UTC', separated(';') =~ s/TimeGenerated/TimeGenerated [UTC]/r, 'CSV with semicolons between its values' ],
	[ 'tabs', separated("\t"), 'CSV with tabs between its values' ],
	[ 'bars', separated('|'), 'CSV with bars between its values' ],
	[ 'sep=,', "sep=,\n$comma", undef ],
	[ 'sep=; and CRLF', "sep=;\n" . separated(';') =~ s/\n/\r\n/gr, 'CSV with semicolons between its values' ],
	[ '"sep=;" in quotes', qq("sep=;"\n) . separated(';'), 'CSV with semicolons between its values' ],
	[ 'BOM and sep=,', "\xef\xbb\xbfsep=,\n$comma", undef ],
	[ '#TYPE', "#TYPE System.Management.Automation.PSCustomObject\n$comma", 'CSV with commas between its values, after a line that names no columns' ],
	[ 'title, empty line', "Sign-ins, \"as of today\"\n\n$comma", 'CSV with commas between its values, after a line that names no columns' ],
	[ 'two lines', "Contoso\nSign-ins\n" . separated(';'), 'CSV with semicolons between its values, after lines that name no columns' ],
	[ 'empty lines', "\n\r\n$comma", undef ],
	[ 'UTF-16LE', "\xff\xfe" . encode('UTF-16LE', $comma), 'UTF-16, as its first two bytes say' ],
	[ 'UTF-16BE', "\xfe\xff" . encode('UTF-16BE', $comma), 'UTF-16, as its first two bytes say' ],
);
for my $dialect (@dialects)
{
	my ($name, $content, $said) = @$dialect;
	my ($status, $rows, $err) = load($content);

	is($status, 0, "$name: exit status");
	is($rows, $row, "$name: row");
	is($err, defined $said ? "azhunt-load: warning: $dir/signins.csv: taken for $said\n" : '', "$name: what is said");
}

# what is no dialect of CSV with the columns of a log
my $none = qr/signins\.csv:1:1: file is no Azure log: it has no column TimeGenerated/;
my @refused = (
	[ 'other columns', "a,b\n1,2\n", $none ],
	[ 'names too far down', "a\nb\nc\n$comma", $none ],
	[ 'no line but a title', "Sign-ins", $none ],
	[ 'sep=; but commas', "sep=;\n$comma", $none ],
	[ 'column twice', "TimeGenerated;IPAddress;ipaddress\n", qr/column "ipaddress" occurs twice/ ],
	[ 'local times', qq(x\n"TimeGenerated [Local Time]";IPAddress\n), qr/the times are local ones.*export with times in UTC/ ],
	[ 'page Activity log', "Correlation ID,Operation name,Status,Event category,Level,Time,Subscription,Event initiated by,Resource type,Resource group,Resource\n",
		qr/names for people only; get the log with: az monitor activity-log list/ ],
	[ 'steps of sign-ins', "Request ID,Date (UTC)x,Authentication method,Succeeded\n", qr/steps of sign-ins/ ],
	[ 'half a pair in UTF-16', "\xff\xfe" . encode('UTF-16LE', $comma) . "\x41\x00\x00\xd8\x0a\x00", qr/:3:1: invalid UTF-8/ ],
	[ 'half a unit in UTF-16', "\xff\xfe" . encode('UTF-16LE', $comma) . "\x41", qr/:3:1: the last line has no end yet/ ],
);
for my $refused (@refused)
{
	my ($name, $content, $said) = @$refused;
	my ($status, $rows, $err) = load($content);

	is($status, 1, "$name: exit status");
	like($err, $said, "$name: message");
}

# the place of a value that does not fit, after other separators
my ($status, $rows, $err) = load(separated(';') . qq("2026-01-31 11:00:00";"x;y";"a,b";z\nsoon;1;2;3\n));
like($err, qr/signins\.csv:4:1: column timegenerated: not a time: "soon"/, 'place after semicolons');
($status, $rows, $err) = load("IPAddress;UserAgent;TimeGenerated\n\"a;b\";\"c,d\";soon\n");
like($err, qr/signins\.csv:2:13: column timegenerated: not a time: "soon"/, 'column after semicolons');

# columns without a name lose nothing
($status, $rows, $err) = load("TimeGenerated,,,IPAddress\n2026-01-31 10:00:00,a,b,192.0.2.1\n");
is($status, 0, 'columns without a name: exit status');
is(sql('SELECT additionalfields FROM azhunt.signinlogs'), '{"column 2": "a", "column 3": "b"}', 'columns without a name: values');

# pairs of UTF-16, across the edges of what is read at once
my $smile = "\x{1F600}";
my $many = join '', map { sprintf "2026-01-31 10:%02d:%02d,192.0.2.1,%s,%s\n", $_ / 60, $_ % 60, 'k' x ($_ % 7), $smile x ($_ % 13) } 0 .. 3599;
($status, $rows, $err) = load("\xff\xfe" . encode('UTF-16LE', "TimeGenerated,IPAddress,UserPrincipalName,UserAgent\n$many"));
is($status, 0, 'pairs of UTF-16') or diag($err);
is(sql(q{SELECT count(*) || ' ' || count(*) FILTER (WHERE coalesce(useragent, '') = repeat(U&'\+01F600', extract(epoch FROM timegenerated - '2026-01-31 10:00Z')::int % 13)
	AND length(coalesce(userprincipalname, '')) = extract(epoch FROM timegenerated - '2026-01-31 10:00Z')::int % 7) FROM azhunt.signinlogs}),
	'3600 3600', 'pairs of UTF-16: every cell');

# a file in UTF-16 is known again, goes on where it ended, and is not loaded twice as UTF-8
my $before = sql('SELECT count(*) FROM azhunt.signinlogs');
is((loader('-q', '--table', 'SigninLogs', "$dir/signins.csv"))[0], 0, 'UTF-16 again: exit status');
my $grown = encode('UTF-16LE', "2026-02-01 10:00:00,192.0.2.2,kim,x\n");
spew("$dir/signins.csv", slurp("$dir/signins.csv") . $grown);
is((loader('-q', '--table', 'SigninLogs', "$dir/signins.csv"))[0], 0, 'UTF-16 that has grown: exit status');
is(sql('SELECT count(*) FROM azhunt.signinlogs'), $before + 1, 'UTF-16 that has grown: its new row');

# JSON that Windows PowerShell has written
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
spew("$dir/signins.json", "\xff\xfe" . encode('UTF-16LE', qq([\r\n{"TimeGenerated":"2026-01-31T10:00:00Z","IPAddress":"192.0.2.1","UserAgent":"$smile"}\r\n]\r\n)));
is((loader('-q', '--table', 'SigninLogs', "$dir/signins.json"))[0], 0, 'JSON in UTF-16: exit status');
is(sql(q{SELECT useragent = U&'\+01F600' FROM azhunt.signinlogs}), 't', 'JSON in UTF-16: value');

# training labs have CreatedDateTime in place of TimeGenerated
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
load_ok('CreatedDateTime', '-q', '--table', 'SigninLogs', spew("$dir/lab.csv",
	qq("CreatedDateTime","UserPrincipalName","IPAddress","City","Status"\n"3/25/2026 7:22:01 AM","kim\@contoso.com","192.0.2.3","Utrecht","Success"\n)));
is(sql('SELECT concat_ws($$ $$, timegenerated, createddatetime, ipaddress, additionalfields) FROM azhunt.signinlogs'),
	'2026-03-25 07:22:01+00 2026-03-25 07:22:01+00 192.0.2.3 {"City": "Utrecht"}', 'CreatedDateTime: row');

# which sign-ins these are, the name of the file or --table must say
my $portal = "Date (UTC),Request ID,Username,IP address\n2026-01-31T10:00:00Z,r,kim,192.0.2.1\n";
like((loader('-q', spew("$dir/download.csv", $portal)))[2], qr/download\.csv:2:1: neither the record nor the path says which table this is/, 'sign-ins of the portal under another name');
load_ok('sign-ins of the portal with --table', '-q', '--table', 'AADNonInteractiveUserSignInLogs', "$dir/download.csv");
is(sql('SELECT ipaddress FROM azhunt.aadnoninteractiveusersigninlogs'), '192.0.2.1', 'sign-ins of the portal with --table: row');
like((loader('-q', '--table', 'AADServicePrincipalSignInLogs', spew("$dir/download2.csv", "$portal\n")))[2],
	qr/record is not of AADServicePrincipalSignInLogs, which --table says/, 'sign-ins of the portal with a --table that they cannot be of');

# a day above 12 tells for the portal's dates, too
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
load_ok('dates of the portal', '-q', spew("$dir/InteractiveSignIns_dates.csv",
	"Date (UTC),Request ID,Username\n\"10/03/2026, 10:00:00\",r,kim\n\"25/03/2026, 10:00:00\",r,kim\n"));
is(sql('SELECT min(timegenerated) FROM azhunt.signinlogs'), '2026-03-10 10:00:00+00', 'dates of the portal: time');

# headings that occur twice, in all ways
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
load_ok('headings twice', '-q', spew("$dir/InteractiveSignIns_twice.csv",
	"Date (UTC),Date,Request ID,request id,id,Username,User name,Extra,Extra,userAgent,User agent\n2026-01-31T10:00:00Z,2026-01-31T11:00:00Z,a,b,c,kim,kim,e,f,g,h\n"));
is(sql('SELECT concat_ws($$ $$, timegenerated, id, userprincipalname, useragent, additionalfields) FROM azhunt.signinlogs'),
	'2026-01-31 10:00:00+00 a kim g {"Date": "2026-01-31T11:00:00Z", "Extra": "e", "id (2)": "c", "Extra (2)": "f", "User agent (2)": "h", "request id (2)": "b"}', 'headings twice: row');

done_testing();
