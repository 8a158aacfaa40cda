# azhunt-load --explain says what would be loaded, and into which columns, without a
# server.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Test::More;

# no server
local @ENV{qw(PGHOST PGDATABASE)} = ("$dir/nowhere", 'none');

my $csv = spew("$dir/SigninLogs.csv", <<'END');
TimeGenerated;IPAddress;UserPrincipalName;UserAgent;Extra;DeviceDetail_string
2026-01-31 10:00:00;192.0.2.1;kim@contoso.com;;e;
2026-01-31 11:00:00;192.0.2.2;;"A
B";;"{""browser"":""Edge""}"
soon;192.0.2.3;;;;
END
my ($status, $out, $err) = loader('--explain', $csv);
is($status, 1, 'CSV with a bad record: exit status');
is($err, '', 'CSV: standard error');
is($out, <<"END", 'CSV: output');
$csv
  3 lines of CSV with the columns of a log table
  taken for CSV with semicolons between its values
  5:1: column timegenerated: not a time: "soon"

SigninLogs: 2 records

  columns that hunts read                null    empty  filled from
    timegenerated                           0        0  TimeGenerated
    ipaddress                               0        0  IPAddress
    userprincipalname                       1        0  UserPrincipalName
    useragent                               1        0  UserAgent
    resulttype                              2        0  -
    appdisplayname                          2        0  -
    createddatetime                         2        0  -

  other columns                          null    empty  filled from
    devicedetail                            1        0  DeviceDetail_string

  to additionalfields                 records
    Extra                                   1

  the first of these records
    2026-01-31 10:00:00;192.0.2.1;kim\@contoso.com;;e;

  becomes the row
    timegenerated                    2026-01-31 10:00:00.000000+00
    ipaddress                        192.0.2.1
    userprincipalname                kim\@contoso.com
    additionalfields                 {"Extra":"e"}
END

# two tables, derived columns, empty values, what does not fit, and what has no table
my $raw = join "\n", map { s/\n//gr } <<'A', <<'B', <<'C', <<'D', '';
{"time":"2026-01-31T10:00:00Z","category":"Administrative","operationName":"A/b/write","resultType":"","durationMs":"long",
"resourceId":"/subscriptions/s/resourceGroups/g","identity":{"claims":{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn":"kim@contoso.com"}}}
A
{"time":"2026-01-31T10:00:01Z","category":"SignInLogs","durationMs":"long","properties":{"ipAddress":"192.0.2.1","createdDateTime":"2026-01-31T10:00:00Z"}}
B
{"time":"2026-01-31T10:00:02Z","category":"UserRiskEvents"}
C
{"time":"2026-01-31T10:00:03Z","category":"Administrative","operationName":"A/b/write","resourceId":"/subscriptions/s/resourceGroups/g","caller":"sam"}
D
($status, $out, $err) = loader('--explain', spew("$dir/raw.json", $raw));
is($status, 1, 'raw records, one without a table: exit status');
like($out, qr/^  4 raw diagnostic records\n  UserRiskEvents: 1 record without a table for it; --skip-unknown leaves it out\n\nAzureActivity: 2 records\n/m, 'raw records: tables');
like($out, qr/^    caller +0 +0  identity\.claims\.\S+\/upn \(1\), caller \(1\)$/m, 'raw records: column that is derived from one field, and filled from another');
like($out, qr/^    activitystatusvalue +1 +1  resultType$/m, 'raw records: empty value');
like($out, qr/^    resourcegroup +0 +0  resourceId$/m, 'raw records: part of a resource id');
like($out, qr/^SigninLogs: 1 record$/m, 'raw records: second table');
like($out, qr/^  1 value does not fit its column, and goes to additionalfields\n\n  to additionalfields +records\n    durationMs +1$/m, 'raw records: value that does not fit');
is((loader('--explain', '--skip-unknown', "$dir/raw.json"))[0], 0, '--skip-unknown: exit status');

# nothing of what a terminal would obey reaches it
($status, $out) = loader('--explain', '--table', 'SigninLogs', spew("$dir/escape.json", qq({"TimeGenerated":"2026-01-31T10:00:00Z","UserAgent":"a\\u001b[2Jb","x\\u0007":"\\u001b"}\n)));
is($status, 0, 'escape sequences: exit status');
unlike($out, qr/[^\n -~]/, 'escape sequences: none');
($status, $out) = loader('--explain', '--table', 'SigninLogs', spew("$dir/\x1b[2J.json",
	qq({"TimeGenerated":"2026-01-31T10:00:00Z","UserAgent":"a\\u009b2Jb","x\\u009b":"\\u007f"}\n{"TimeGenerated":"\\u009b2J\\u007f"}\n)));
like($out, qr/^    useragent +a\\x9b2Jb$/m, 'escape sequences of one byte: shown');
unlike($out, qr/[^\n -~]/, 'escape sequences of one byte, and in the name of the file: none');
($status, $out) = loader('--explain', spew("$dir/twice.csv", "TimeGenerated,\x1b[2J,\x1b[2J\n"));
unlike($out, qr/[^\n -~]/, 'escape sequences of a header: none');

# what it says cannot be written
SKIP:
{
	skip 'no /dev/full', 2 unless -c '/dev/full';
	my $message = `'@{[loader_path()]}' --explain --skip-unknown '$dir/raw.json' 2>&1 > /dev/full`;
	is($? >> 8, 2, 'standard output is full: exit status');
	is($message, "azhunt-load: error: could not write to standard output: No space left on device\n", 'standard output is full: message');
}

# standard input, several files, and what is no log
($status, $out) = loader({ input => "$dir/raw.json" }, '--explain', '--skip-unknown', '-');
like($out, qr/^-\n  4 raw diagnostic records/, 'standard input');
($status, $out) = loader('--explain', $csv, "$dir/raw.json");
like($out, qr/^\Q$csv\E\n.*^\Q$dir\E\/raw\.json\n/ms, 'several files');
($status, $out) = loader('--explain', spew("$dir/none.csv", "a,b\n1,2\n"));
is($status, 1, 'no log: exit status');
like($out, qr/none\.csv\n  no records\n  1:1: file is no Azure log: it has no column TimeGenerated/, 'no log: why');
($status, $out, $err) = loader('--explain', "$dir/missing");
is($status, 1, 'missing file: exit status');
like($err, qr/missing: .*No such file/, 'missing file: message');
($status, $out) = loader('--explain', '--table', 'soc.mine', spew("$dir/mine.json", qq({"TimeGenerated":"2026-01-31T10:00:00Z","a":1}\n)));
like($out, qr/1 record for table soc\.mine, whose columns only the server knows/, 'table of one\'s own');

# dates that may be of two months
like((loader('--explain', '--table', 'SigninLogs', spew("$dir/dates.csv", "TimeGenerated\n10/03/2026\n25/03/2026\n")))[1], qr/timegenerated +2026-03-10/, 'a day above 12 tells');

done_testing();
