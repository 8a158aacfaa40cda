# What is wrong is said with file, line and column; nothing of the file is
# loaded, or with --reject-file everything but the bad records.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Encode qw(decode encode);
use JSON::PP;
use MIME::Base64 qw(decode_base64);
use POSIX ();
use Test::More;

create_database();

my $good = '{"time":"2026-01-31T10:00:00Z","category":"SignInLogs","properties":{"ipAddress":"198.51.100.7"}}';
my $time = '"time":"2026-01-31T10:00:00Z","category":"SignInLogs"';
my $rejects = "$dir/rejects.json";

sub count_is
{
	my ($count, $name) = @_;
	is(sql('SELECT (SELECT count(*) FROM azhunt.signinlogs) + (SELECT count(*) FROM azhunt.storagebloblogs)'),
		$count, $name);
}

sub clear
{
	sql('TRUNCATE azhunt.signinlogs, azhunt.storagebloblogs, azhunt.loaded_files');
	unlink($rejects);
}

# One bad record among good ones: [name, bad record, column, message].  In place
# of the column, ~~ may mark the value that is wrong.
my @bad_records = (
	['truncated', substr($good, 0, 60), undef, qr/JSON object has no end/],
	['no quote at the end of a string', qq({$time,"location":"NL}), undef, qr/no end/],
	['no JSON', 'hello', 1, qr/not a JSON object/],
	['empty object', '{}', 1, qr/neither time nor TimeGenerated|says which table/],
	['missing time', '{"category":"SignInLogs"}', 1, qr/neither time nor TimeGenerated; expected/],
	['bad time', '{"time":~~"2026-02-30T10:00:00Z","category":"SignInLogs"}', undef, qr/column timegenerated: not a time: "2026-02-30T10:00:00Z"/],
	['unknown category', '{"time":"2026-01-31T10:00:00Z","category":"ProvisioningLogs"}', 1, qr/no log table for "ProvisioningLogs"/],
	['category of another provider', '{"time":"2026-01-31T10:00:00Z","category":"AuditLogs","resourceId":"/subscriptions/s/resourceGroups/g/providers/Microsoft.HealthcareApis/services/f"}',
		1, qr/no log table for "AuditLogs"/],
	['duplicate key', qq({$time,"a":1,"a":2}), undef, qr/invalid JSON: duplicate object key/],
	['duplicate key within', qq({$time,"properties":{"x":1,"x":2}}), undef, qr/duplicate object key/],
	['zero byte', qq({$time,"location":"N\\u0000L"}), undef, qr/PostgreSQL cannot store \\u0000/],
	['zero byte in a key', qq({$time,"l\\u0000":"NL"}), undef, qr/PostgreSQL cannot store \\u0000/],
	# after the bytes by which binary data is recognised
	['zero byte between members', qq({$time,"resultDescription":") . ('x' x 600) . qq("\0,"location":"NL"}), 678, qr/invalid JSON: zero byte/],
	['lone surrogate', qq({$time,"location":"\\ud800"}), undef, qr/invalid JSON: invalid Unicode/],
	['invalid UTF-8', qq({$time,"location":"\xff\xfe"}), undef, qr/invalid JSON: invalid UTF-8/],
	['overlong UTF-8', qq({$time,"location":"\xc0\x80"}), undef, qr/invalid JSON/],
	['control character', qq({$time,"location":"a\tb"}), undef, qr/invalid JSON: control character/],
	['leading zero', qq({$time,"durationMs":012}), 69, qr/invalid JSON: not a number/],
	['not a number', qq({$time,"durationMs":1.}), 69, qr/invalid JSON: not a number/],
	['two strings side by side', qq({$time,"location":"a""b"}), undef, qr/invalid JSON/],
	['string and number side by side', qq({$time,"location":"a"5}), undef, qr/invalid JSON/],
	['string and fraction side by side', qq({$time,"location":"a".5}), undef, qr/invalid JSON/],
	['two numbers side by side', qq({$time,"durationMs":5-6}), undef, qr/invalid JSON/],
	['comma too many', qq({$time,"a":{"b":["x",~~,2]}}), undef, qr/invalid JSON/],
	['comma too many after an escape', qq({$time,"a":{"b":["\\n",~~,2]}}), undef, qr/invalid JSON/],
	['comma too many after a blank', qq({$time,"a":{"b":[12345 ,~~,2]}}), undef, qr/invalid JSON/],
	['comma too many after blanks and escapes', qq({$time,"a" : {"\\t" : [ "\\u00e9" , 5 ,~~, 2]}}), undef, qr/invalid JSON/],
	['string for a name', qq({$time,"location"}), undef, qr/invalid JSON/],
	['boolean for text', qq({$time,"properties":{"ipAddress":~~true}}), undef, qr/column ipaddress: not a text: "true"/],
	['object for text', qq({$time,"properties":{"userPrincipalName":~~{"value":"a","more":1}}}), undef, qr/column userprincipalname: not a text: "\{/],
	['array for text', qq({$time,"resultType":~~["0"]}), undef, qr/column resulttype: not a text: "\[/],
	['object with an object for a value', qq({$time,"resultType":~~{"value":{}}}), undef, qr/column resulttype: not a text: "\{/],
	['value after all kinds of others', '{' . $time . q( , "a" : "\\\\\\",{" ,"b":[{"c":[1,2]},{}] ,"\\"d\\"":true, ")
		  . "\xc3\xa9" . q(" : null,"properties" : {"x":{"a":{}},"y":[],"us\\u0065rAgent" :  ~~[true, {"a":"]"}]}}),
		undef, qr/column useragent: not a text: "\[true/],
	['column name', qq({"TimeGenerated":"2026-01-31T10:00:00Z","Type":"SigninLogs","Status":{"a":1},"CreatedDateTime":~~"1 ms"}), undef, qr/column createddatetime: not a time: "1 ms"/],
	['number too large for jsonb', qq({$time,"properties":{"status":~~{"a":1e200000}}}), undef, qr/jsonb cannot store/],
	['number too large in a field without a column', qq({$time,"properties":{"note":~~{"a":1e200000}}}), undef, qr/field note: .*jsonb cannot store/],
	['second choice', qq({"time":"2026-01-31T10:00:00Z","category":"SignInLogs","properties":{"x":1,"createdDateTime":~~"yesterday"}}), undef, qr/column createddatetime: not a time: "yesterday"/],
	['deep nesting', qq({$time,"properties":) . ('[' x 100000) . (']' x 100000) . '}', undef, qr/nested more than 2048 levels deep/],
	['value for an index that is too long', qq({$time,"properties":{"ipAddress":") . join('', map { chr(97 + int(rand(26))) } 1 .. 20000) . '"}}', 1, qr/index row/],
);

for my $case (@bad_records)
{
	my ($name, $bad, $column, $message) = @$case;
	$column = length(decode('UTF-8', $1)) + 1 if $bad =~ s/^(.*?)~~/$1/;
	my $file = spew("$dir/bad.json", "$good\n$bad\n$good\n");
	my $where = defined $column ? "2:$column" : qr/[123]:\d+/;

	clear();
	my ($status, undef, $err) = loader('-q', $file);
	is($status, 1, "$name: exit status");
	like($err, qr/^\Q$file\E:$where: .*$message/, "$name: message");
	count_is(0, "$name: nothing is loaded");
	is(sql('SELECT count(*) FROM azhunt.loaded_files'), '0', "$name: nor remembered");

	my ($reject_status, $out, $reject_err) = loader('--reject-file', $rejects, $file);
	is($reject_status, 0, "$name: exit status with --reject-file") or diag($reject_err);
	count_is(2, "$name: the others are loaded");
	like($out, qr/^1 file loaded, 0 loaded before, 0 not loaded/m, "$name: summary");
	my @lines = split(/\n/, slurp($rejects));
	is(scalar(@lines), 1, "$name: one record is rejected");
	my $reject = decode_json($lines[0]);
	my $record = exists $reject->{record_base64} ? decode_base64($reject->{record_base64}) : encode('UTF-8', $reject->{record});
	is($record, $bad, "$name: the record as it was");
	like($reject->{reason}, $message, "$name: the reason");
	is($reject->{line}, 2, "$name: its line") if $name ne 'no quote at the end of a string';
	is($reject->{column}, $column, "$name: its column") if defined $column;
	is($reject->{file}, $file, "$name: its file");
	is(sql('SELECT rows, rejected FROM azhunt.loaded_files'), '2|1', "$name: the ledger counts it");
}

# what is hostile but a valid record is loaded as it is
clear();
my $mega = 'x' x 3_000_000;
my $digits = '1234567890' x 100;
spew("$dir/odd.json", qq({$time,"resultDescription":"$mega\\\\","location":"\\ud83d\\ude00","properties":{"status":{"n":$digits.$digits,"d":-0.0,"e":1.5E+3}}}\r\n)
	  . qq(  {$time , "identity" : "\\" }{ ][ , \\" :" }{$time}\n\n$good));
load_ok('odd but valid records', '-q', "$dir/odd.json");
is(sql('SELECT count(*), max(length(resultdescription)), max(location) FROM azhunt.signinlogs'),
	"4|3000001|\xf0\x9f\x98\x80", 'megabyte string, surrogate pair');
is(sql("SELECT status ->> 'n', status ->> 'e' FROM azhunt.signinlogs WHERE status IS NOT NULL"),
	"$digits.$digits|1500", 'a number of thousands of digits keeps them');
is(sql(q(SELECT count(*) FROM azhunt.signinlogs WHERE identity = '" }{ ][ , " :')), '1', 'brackets in strings');

# forged columns of ours are data
clear();
spew("$dir/forged.json", qq({"TimeGenerated":"2026-01-31T10:00:00Z","Type":"SigninLogs","ingestxid":1,"IngestedAt":"1999-01-01","AdditionalFields":{"a":1}}\n));
load_ok('names of our own columns', '-q', "$dir/forged.json");
is(sql(q(SELECT ingestxid > 1, ingestedat > '2000-01-01', additionalfields FROM azhunt.signinlogs)),
	't|t|{"ingestxid": 1, "IngestedAt": "1999-01-01", "AdditionalFields": {"a": 1}}', '... stay data');

# bad CSV
clear();
spew("$dir/bad.csv", qq(TimeGenerated [UTC],Type,Location\n"1/31/2026, 1:00:00 AM",SigninLogs,"a\nb"\nx,SigninLogs\n"1/31/2026, 2:00:00 AM",SigninLogs,a"b\n"1/31/2026, 2:00:00 AM",SigninLogs,\xff\n"1/31/2026, 3:00:00 AM",SigninLogs,c\n));
my ($csv_status, undef, $csv_err) = loader('-q', "$dir/bad.csv");
is($csv_status, 1, 'bad CSV: exit status');
like($csv_err, qr/bad\.csv:4:1: record has 2 values, but there are 3 columns/, 'bad CSV: message');
count_is(0, 'bad CSV: nothing is loaded');
is((loader('-q', '--reject-file', $rejects, "$dir/bad.csv"))[0], 0, 'bad CSV with --reject-file');
is(sql(q(SELECT string_agg(location, ',' ORDER BY timegenerated) FROM azhunt.signinlogs)), "a\nb,c", 'the good ones are loaded');
is(join(',', map { decode_json($_)->{line} } split(/\n/, slurp($rejects))), '4,5,6', 'the bad ones are rejected');

# records in arrays and envelopes: one that ends where it seems to is rejected
# alone, after any other nothing is sure
my %within = (
	'nonsense' => [qq([$good,{"a":tru:},$good]), 2],
	'wrong closing brackets' => [qq({"records":[$good,{"a":{"b":[1}]},$good]}), 2],
	'wrong brackets on one level' => [qq({"records":[$good,{"a":[{"b":1}},{"c":2]},$good]}), 2],
	'closing bracket for a brace' => [qq([$good,{"a":1],$good]), 2],
	'missing brace' => [qq({"records":[\n$good,\n{"a":{"b":1},\n$good]}), qr/:4:\d+: the record before this is broken/],
	'missing bracket' => [qq({"records":[\n$good,\n {"a":{"b":[1},\n$good]}\n), qr/:5:1: the record before this is broken, so it is not known where/],
	'missing brackets' => [qq({"records":[\n$good,\n {"a":{"b":[1,\n$good]}\n), qr/:5:1: file ends within the record that starts at 3:2/],
	'missing quote' => [qq([$good,\n {"a":"b},\n$good]\n), qr/:4:1: file ends within the record that starts at 2:2/],
	'brace too many' => [qq([$good,{"a":1}},$good]), qr/:1:\d+: expected "," or "\]"/],
);
for my $name (sort keys %within)
{
	my ($content, $result) = @{ $within{$name} };
	clear();
	my ($status, undef, $err) = loader('-q', '--reject-file', $rejects, spew("$dir/within.json", $content));
	if (ref($result))
	{
		is($status, 1, "$name: exit status");
		like($err, qr/within\.json$result/, "$name: message");
		count_is(0, "$name: nothing is loaded");
		ok(!-e $rejects, "$name: nor rejected");
	}
	else
	{
		is($status, 0, "$name: exit status") or diag($err);
		count_is($result, "$name: the others are loaded");
	}
}

# the place of a value in a record of several lines, in a row, and in CSV
clear();
like((loader('-q', spew("$dir/lines.json", qq([\n  $good,\n  {\n    $time,\n    "properties": {\n      "ipAddress": false\n    }\n  }\n]\n))))[2],
	qr/lines\.json:6:20: column ipaddress: not a text: "false"/, 'a record of several lines');
like((loader('-q', '--table', 'SigninLogs', spew("$dir/rows.json",
	'{"tables":[{"columns":[{"name":"TimeGenerated"},{"name":"Status"},{"name":"CreatedDateTime"}],"rows":[["2026-01-31T10:00:00Z",{"a":["x,]"]},""],["2026-01-31T10:00:00Z",{"a":["x,]"]}, "4 ms"]]}]}')))[2],
	qr/rows\.json:1:184: column createddatetime: not a time: "4 ms"/, 'a row of an answer');
like((loader('-q', spew("$dir/cells.csv", qq(TimeGenerated [UTC],Type,Location,CreatedDateTime\n"1/31/2026, 1:00:00 AM",SigninLogs,"a,""\n\xc3\xa9",4 ms\n))))[2],
	qr/cells\.csv:3:4: column createddatetime: not a time: "4 ms"/, 'a cell of CSV');
like((loader('-q', spew("$dir/InteractiveSignIns_1.csv", qq(Request ID,"Operating System",Browser,"x, y",Date (UTC),IP address\nr,W,"Edge, 1",z,"soon, at 9",192.0.2.1\n))))[2],
	qr/InteractiveSignIns_1\.csv:2:17: column createddatetime: not a time: "soon, at 9"/, 'a cell of the Entra portal');
like((loader('-q', spew("$dir/AuditLogs_1.csv", qq(CorrelationId,ActorDisplayName,Activity,Date (UTC)\n,Kim,"Add x, y",soon\n))))[2],
	qr/AuditLogs_1\.csv:2:17: column timegenerated: not a time: "soon"/, 'a cell of audit logs of the Entra portal');
like((loader('-q', spew("$dir/audits.json", qq({"value":[{"id":"x","activityDisplayName":"a","ActivityDateTime": "soon"}]}))))[2],
	qr/audits\.json:1:67: column timegenerated: not a time: "soon"/, 'a time in place of TimeGenerated');
like((loader('-q', spew("$dir/inner.json", qq({"category":"SignInLogs","properties":{"id":"x","activityDateTime":"soon"}}\n))))[2],
	qr/inner\.json:1:68: column timegenerated: not a time: "soon"/, 'a time in place of TimeGenerated in properties');
count_is(0, 'nothing of these is loaded');

# rows of one batch that the server does not take, alone and side by side
clear();
my %refused = map { $_ => 1 } 1, 2, 30, 32, 34, 60 .. 69, 150, 200;
my $long = join('', map { chr(97 + int(rand(26))) } 1 .. 20000);
spew("$dir/refused.json", join('', map {
	sprintf(qq({$time,"properties":{"id":"%d","ipAddress":"%s"}}\n), $_, $refused{$_} ? $long : '198.51.100.7')
} 1 .. 200));
is((loader('-q', '--reject-file', $rejects, "$dir/refused.json"))[0], 0, 'many rows that the server refuses');
is(join(' ', map { decode_json($_)->{line} } split(/\n/, slurp($rejects))), join(' ', sort { $a <=> $b } keys %refused),
	'... are rejected, in their order');
is(sql('SELECT string_agg(id, $$ $$ ORDER BY id::int) FROM azhunt.signinlogs'),
	join(' ', grep { !$refused{$_} } 1 .. 200), '... and the others are loaded');

# files that are no Azure logs say what was expected
my $gz = "$dir/truncated.json.gz";
spew("$dir/plain.json", "$good\n" x 50);
system("gzip -c $dir/plain.json > $gz.full && head -c 90 $gz.full > $gz && rm $gz.full") == 0 or die;
my %no_logs = (
	'empty' => ['', qr/:1:1: file is empty; expected/],
	'blank' => ["\n \n", qr/file is empty; expected/],
	'jpeg' => ["\xff\xd8\xff\xe0\0\x10JFIF\0" . join('', map { chr($_ % 256) } 1 .. 2000), qr/binary data; expected/],
	'prose' => ["Dear all,\nplease find attached\n", qr/no Azure log.*expected/],
	'object' => ['{}', qr/:1:1: record has neither time nor TimeGenerated; expected/],
	'error of an API' => ['{"error":{"code":"InvalidAuthenticationToken","message":"x"}}', qr/:1:1: record has neither time nor TimeGenerated; expected/],
	'number' => ['42', qr/no Azure log.*expected/],
	'avro' => ["Obj\x01abc", qr/Avro/],
	'zip' => ["PK\x03\x04abc", qr/ZIP.*unzip/],
	'parquet' => ["PAR1abc", qr/Parquet.*duckdb/],
	'bzip2' => ["BZh9abc", qr/bzip2.*bunzip2 FILE/],
	'xz' => ["\xfd7zXZ\0abc", qr/xz.*unxz FILE/],
	'zstd' => ["\x28\xb5\x2f\xfdabc", qr/Zstandard.*unzstd FILE/],
	'7z' => ["7z\xbc\xaf\x27\x1c", qr/7z archive.*7z x FILE/],
	'error of Azure' => [qq(<?xml version="1.0"?><Error><Code>BlobNotFound</Code></Error>), qr/XML or HTML.*expected/],
	'UTF-16 without its mark' => ["{\0\"\0t\0", qr/UTF-16 without its mark.*iconv/],
	'local_time' => ["TimeGenerated [Local Time],Type\n1,SigninLogs\n", qr/local.*UTC/],
	'summarised' => ["IPAddress,count_\n192.0.2.1,4\n", qr/no column TimeGenerated.*expected/],
	'twice' => ["TimeGenerated,Type,type\n", qr/column "type" occurs twice/],
	'array' => ["[$good,", qr/file ends|expected/],
	'two arrays' => [qq({"records":[$good],"a":[1],"Records": [$good]}), qr/:1:\d+: the object has a second array of records; only one is expected/],
	'two arrays of names' => [qq({"value":[],"records":[$good]}), qr/second array of records/],
	'columns of an answer twice' => [qq({"tables":[{"columns":[{"name":"TimeGenerated"},{"name":"A"},{"name":"a"}],"rows":[["2026-01-31T10:00:00Z",1,2]]}]}), qr/column "a" occurs twice/],
	'UTF-16, the other way round, without its mark' => ["\0{\0\"\0t", qr/UTF-16 without its mark.*iconv -f UTF-16BE/],
	'columns without end' => [join(',', 'TimeGenerated', map { "c$_" } 1 .. 100_000) . "\n", qr/:1:1: there are 100001 columns, and no log has more than 2000/],
	'columns without end of the Entra portal' => [join(',', 'Date', 'Request ID', map { "c$_" } 1 .. 2000) . "\n", qr/there are 2002 columns/],
	'columns without end in an answer' => ['{"tables":[{"columns":[{"name":"TimeGenerated"}' . join('', map { qq(,{"name":"c$_"}) } 1 .. 100_000) . ']}]}', qr/there are 100001 columns/],
	'envelope' => [qq({"records":[$good), qr/file ends where "," or "]" is expected/],
	'arrays' => ['[' x 100, qr/too many arrays deep/],
	'answer' => ['{"tables":[{"name":"PrimaryResult","columns":[{"name":"count_","type":"long"}],"rows":[[1]]}]}', qr/no column TimeGenerated.*expected/],
);
clear();
for my $name (sort keys %no_logs)
{
	my ($content, $message) = @{ $no_logs{$name} };
	my ($status, undef, $err) = loader('-q', spew("$dir/no_log", $content));
	is($status, 1, "$name: exit status");
	like($err, $message, "$name: message");
}
system("gzip -c $dir/plain.json | gzip -c > $dir/twice.gz") == 0 or die;
like((loader('-q', "$dir/twice.gz"))[2], qr/twice\.gz:1:1: file is compressed with gzip twice; decompress it once: gunzip FILE/, 'gzip in gzip');
my ($gz_status, undef, $gz_err) = loader('-q', $gz);
is($gz_status, 1, 'truncated gzip: exit status');
like($gz_err, qr/truncated\.json\.gz:\d+:\d+: gzip data ends before its end/, 'truncated gzip: message');
count_is(0, 'nothing of all these is loaded');
is((loader('-q', '--reject-file', $rejects, $gz))[0], 1, 'truncated gzip with --reject-file fails, too');
count_is(0, '... and nothing of it is loaded');

# a list of several pages, wherever it says so
for my $list (qq({"\@odata.nextLink":"https://graph.microsoft.com/x","value":[$good]}), qq({"nextLink":"https://management.azure.com/x","value":[$good]}),
	qq({"value":[$good],"nextLink":"https://management.azure.com/x"}), qq({"\@odata.context":"c","\@odata.nextLink":"https://graph.microsoft.com/x","value":[$good]}))
{
	clear();
	my ($status, undef, $err) = loader('-q', spew("$dir/page.json", $list));
	is($status, 0, 'page of a list: exit status');
	is($err, "azhunt-load: warning: $dir/page.json: the list has another page, whose address is in \@odata.nextLink or nextLink; fetch it with az rest --method get --url ADDRESS, and load it, too\n",
		'page of a list: warning');
	count_is(1, 'page of a list: row');
}
clear();
load_ok('last page of a list', '-q', spew("$dir/page.json", qq({"\@odata.nextLink":null,"value":[$good],"nextLink":""})));
clear();

# empty but valid
load_ok('no records: many columns', '-q', spew("$dir/none", join(',', 'TimeGenerated', map { "c$_" } 1 .. 1999) . "\n"));
load_ok("no records: $_", '-q', spew("$dir/none", $_))
  for ('[]', '{"records":[]}', '{"tables":[{"name":"PrimaryResult","columns":[{"name":"TimeGenerated"}],"rows":[]}]}');

# one bad file does not keep the others from being loaded
clear();
mkdir("$dir/tree");
mkdir("$dir/tree/deep");
spew("$dir/tree/a.json", "$good\n");
spew("$dir/tree/b.json", "bad\n");
spew("$dir/tree/.hidden", "bad\n");
spew("$dir/tree/deep/c.json", "$good\n\n");
symlink('..', "$dir/tree/deep/loop") or die;
my ($status, $out, $err) = loader("$dir/tree");
is($status, 1, 'tree: exit status');
like($err, qr/tree\/b\.json:1:1: /, 'tree: the bad file');
like($err, qr/tree\/deep\/loop: symbolic link leads back/, 'tree: the loop');
like($out, qr/^2 files loaded, 0 loaded before, 1 not loaded/m, 'tree: summary');
count_is(2, 'tree: the good files are loaded');
my $deep = "$dir/deep";
mkdir($deep) and chdir($deep) or die;
for (1 .. 300) { mkdir('d') and chdir('d') or die; }
spew('x.json', "$good\n");
chdir('/');
like((loader('-q', $deep))[2], qr/nested too deep/, 'directories that are nested too deep');

# a directory that can be opened, and not be read: one of a process that has ended
my $ended = fork() // die;
POSIX::_exit(0) if $ended == 0;
SKIP:
{
	await(sub { -e "/proc/$ended/status" && slurp("/proc/$ended/status") =~ /^State:\s+Z/m }, 10);
	skip 'no such directory', 1 if `ls /proc/$ended/net 2>&1` !~ /reading directory.*Invalid argument/;
	like((loader('-q', "/proc/$ended/net"))[2], qr{/proc/$ended/net: Invalid argument}, 'a directory that cannot be read');
}
waitpid($ended, 0);

# command line and connection
is((loader())[0], 2, 'no path');
is((loader('--nonsense', 'x'))[0], 2, 'unknown option');
is((loader('--jobs', '0', 'x'))[0], 2, 'no jobs');
is((loader('-q', "$dir/nowhere"))[0], 1, 'no file');
like((loader('-q', "$dir/nowhere"))[2], qr/nowhere: No such file or directory/, 'no file: message');
my @no_server = loader('-q', '-h', '/nonexistent', $rejects);
is($no_server[0], 2, 'no server');
like($no_server[2], qr/connection to server on socket "\/nonexistent\/.*" failed/, 'no server: in libpq\'s words');
like((loader('--help'))[1], qr/Usage:.*--reject-file/s, '--help');
like((loader('--version'))[1], qr/^azhunt-load \(azhunt\) \d+\.\d+$/, '--version');
for my $question ('--help', '-?', '--version', '-V')
{
	my ($status, $out) = loader('-q', $question);
	is($status, 0, "$question after another option: exit status");
	is($out, (loader($question))[1], "$question after another option: output");
}
like((loader('-y'))[2], qr/invalid option -- 'y'\nTry/, 'unknown letter');
is((loader('-q', '--table', 'no.such', "$dir/tree/a.json"))[0], 0, 'an unneeded --table is not looked up');
spew("$dir/plain_named.json", qq({"TimeGenerated":"2026-01-31T10:00:00Z"}\n));
like((loader('-q', '--table', 'no.such', "$dir/plain_named.json"))[2], qr/no\.such.*does not exist|schema "no" does not exist/, 'a table that does not exist');
sql('ALTER TABLE azhunt.signinlogs RENAME TO elsewhere');
like((loader('-q', "$dir/odd.json"))[2], qr/azhunt\.signinlogs does not exist; SELECT azhunt\.create_log_tables\(\)/, 'log tables that do not exist');

done_testing();
