# Avro, as Event Hubs Capture writes it.
use strict;
use warnings;
use File::Path qw(make_path);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Avro;
use Loader;
use Test::More;

create_database();

sub signin
{
	my ($id) = @_;
	return qq({"time":"2026-01-31T10:00:00Z","category":"SignInLogs","properties":{"id":"$id","ipAddress":"198.51.100.7"}});
}

sub clear { sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files'); }
sub ids { return sql(q{SELECT coalesce(string_agg(id, ' ' ORDER BY id), '') FROM azhunt.signinlogs}); }

# bodies of every form, in both codecs, compressed or not, in blocks of one or several
my @bodies = ('{"records":[' . signin('a') . ',' . signin('b') . ']}', '[' . signin('c') . ", \n" . signin('d') . ']', signin('e'),
	signin('f') . "\n" . signin('g') . "\n", '{"records":[]}', " \n" . signin('h'));
for my $codec ('null', 'deflate')
{
	for my $block (1, 2, 100)
	{
		clear();
		load_ok("$codec, blocks of $block", '-q', spew("$dir/capture.avro", avro_file(\@bodies, codec => $codec, block => $block)));
		is(ids(), 'a b c d e f g h', "$codec, blocks of $block: rows");
	}
}
clear();
system("gzip -kf '$dir/capture.avro'") == 0 or die;
load_ok('compressed with gzip', '-q', "$dir/capture.avro.gz");
is(ids(), 'a b c d e f g h', 'compressed with gzip: rows');
like((loader("$dir/capture.avro"))[1], qr/^0 files loaded, 1 loaded before/m, 'the same not compressed is known');
clear();
is((loader({ input => "$dir/capture.avro" }, '-q', '-'))[0], 0, 'standard input: exit status');
is(ids(), 'a b c d e f g h', 'standard input: rows');

# the directories of Capture; empty files are what it writes when nothing has come
clear();
my $hour = "$dir/capture/contoso-hub/insights/0/2026/01/31/10";
make_path("$hour/00", "$hour/05", "$hour/10");
spew("$hour/00/00.avro", avro_file([ signin('m') ]));
spew("$hour/05/00.avro", avro_file([]));
spew("$hour/10/00.avro", avro_file([ signin('n') ], codec => 'deflate'));
my ($status, $out, $err) = loader("$dir/capture");
is("$status$err", '0', 'directories of Capture');
like($out, qr/^3 files loaded/m, 'directories of Capture: files');
is(ids(), 'm n', 'directories of Capture: rows');
rename("$dir/capture", "$dir/moved") or die;
like((loader("$dir/moved"))[1], qr/^0 files loaded, 3 loaded before/m, 'directories of Capture: known elsewhere');

# a body of 1 MB, and many messages
clear();
my $large = '{"records":[' . join(',', map { signin("l$_") } 1 .. 9500) . ']}';
cmp_ok(length $large, '>', 1_000_000, 'a large body');
load_ok('large bodies', '-q', spew("$dir/large.avro", avro_file([ $large, map { signin("s$_") } 1 .. 3000 ], codec => 'deflate', block => 50)));
is(sql('SELECT count(DISTINCT id) FROM azhunt.signinlogs'), '12500', 'large bodies: rows');

# bad records, with the message and the byte of its body at which they are
my @bad = (
	[ 'time', [ signin('a'), '{"records":[' . signin('b') . ',' . (signin('c') =~ s/"2026[^"]*"/"soon"/r) . ']}' ],
		qr/:2:(\d+): column timegenerated: not a time: "soon"/, 'a b' ],
	[ 'no JSON', [ signin('a'), 'hello' ], qr/:2:1: body of the message is no JSON, or not all of it/, 'a' ],
	[ 'half an envelope', [ signin('a'), '{"records":[' . signin('b') ], qr/:2:\d+: file ends where "," or "\]" is expected/, 'a b' ],
	[ 'half a record', [ substr(signin('a'), 0, 50), signin('b') ], qr/:1:1: body of the message is no JSON, or not all of it/, 'b' ],
	[ 'no body', [ signin('a'), undef, signin('b') ], qr/:2:1: message has no body/, 'a b' ],
	[ 'empty body', [ signin('a'), '', signin('b') ], qr/:2:1: message has no body/, 'a b' ],
	[ 'other log', [ signin('a'), signin('b') =~ s/SignInLogs/UserRiskEvents/r ], qr/:2:1: there is no log table for "UserRiskEvents"/, 'a' ],
);
for my $bad (@bad)
{
	my ($name, $bodies, $message, $kept) = @$bad;

	clear();
	unlink("$dir/rejects");
	my $file = spew("$dir/bad.avro", avro_file($bodies));
	my ($status, undef, $err) = loader('-q', $file);
	is($status, 1, "$name: exit status");
	like($err, qr/bad\.avro$message/, "$name: message");
	is(ids(), '', "$name: nothing is loaded");
	is((loader('-q', '--reject-file', "$dir/rejects", $file))[0], 0, "$name with --reject-file: exit status");
	is(ids(), $kept, "$name with --reject-file: the others");
}

# files that are not whole: what is loaded ends with a block, and the next run goes on there
my @blocks = map { length avro_file([ @bodies[ 0 .. $_ ] ], block => 2) } 1, 3;
my $whole = avro_file(\@bodies, block => 2);
my @ids = ('', 'a b c d', 'a b c d e f g');
for my $length (4, 40, 200, $blocks[0] - 1, $blocks[0] + 1, $blocks[0] + 2, $blocks[0] + 100, $blocks[1] - 16, $blocks[1] + 3, length($whole) - 1)
{
	my $complete = grep { $length >= $_ } @blocks;

	clear();
	is((loader('-q', spew("$dir/cut.avro", substr($whole, 0, $length))))[0], 1, "$length bytes: exit status");
	is(ids(), $ids[$complete], "$length bytes: rows");
	is((loader('-q', spew("$dir/cut.avro", $whole)))[0], 0, "$length bytes, then all: exit status");
	is(ids(), 'a b c d e f g h', "$length bytes, then all: rows");
}
clear();
like((loader('-q', spew("$dir/cut.avro", substr($whole, 0, length($whole) - 1))))[2],
	qr/cut\.avro:5:1: the block of messages that starts here has no end yet; it is left to a later run/, 'without its last byte: message');

# the number of a message counts those of earlier runs
clear();
spew("$dir/cut.avro", substr(avro_file([ map { signin($_) } 'a' .. 'e' ], block => 2), 0, -1));
is((loader('-q', "$dir/cut.avro"))[0], 1, 'four messages of five: exit status');
is(ids(), 'a b c d', 'four messages of five: rows');
like((loader('-q', spew("$dir/cut.avro", avro_file([ (map { signin($_) } 'a' .. 'e'), 'hello' ], block => 2))))[2],
	qr/cut\.avro:6:1: body of the message is no JSON/, 'a bad message after those of an earlier run: its number');

# a body may start with the mark of UTF-8
clear();
load_ok('mark of UTF-8 in a body', '-q', spew("$dir/mark.avro", avro_file([ "\xEF\xBB\xBF" . signin('a') ])));
is(ids(), 'a', 'mark of UTF-8 in a body: row');

# files that are damaged: nothing of them is loaded
clear();
my %damaged = (
	'mark between blocks' => substr($whole, 0, -1) . 'x',
	'number of messages' => avro_file(\@bodies) . Avro::number(5) . Avro::text('') . substr($whole, -16),
	'number below zero' => avro_file(\@bodies) . Avro::number(-5) . Avro::text('') . substr($whole, -16),
	'length' => avro_file(\@bodies) . Avro::number(1) . Avro::number(1 << 40),
	'message' => avro_file([ signin('a') ]) . Avro::number(1) . Avro::text('xyz') . substr($whole, -16),
	'more than its messages' => avro_file([ signin('a') ]) . Avro::number(0) . Avro::text('xyz') . substr($whole, -16),
	'deflated' => avro_file([ signin('a') ], codec => 'deflate') . Avro::number(1) . Avro::text('xyz') . substr($whole, -16),
);
for my $name (sort keys %damaged)
{
	my ($status, undef, $err) = loader('-q', spew("$dir/damaged.avro", $damaged{$name}));
	is($status, 1, "$name: exit status");
	like($err, qr/damaged\.avro:\d+:1: block (?:of messages is damaged|of messages cannot be decompressed|has more than its messages)/, "$name: message");
	is(ids(), '', "$name: nothing is loaded");
}
like((loader('-q', spew("$dir/schema.avro", avro_file([ 'x' ], schema => '{"type":"record","name":"r","fields":[{"name":"a","type":"long"}]}'))))[2],
	qr/schema\.avro:1:1: file is in Avro, but not of Event Hubs Capture/, 'another schema');
like((loader('-q', spew("$dir/codec.avro", avro_file([ signin('a') ], codec => 'unknown'))))[2], qr/codec\.avro:1:1: file is in Avro that is compressed otherwise/, 'another codec');
like((loader('-q', spew("$dir/start.avro", "Obj\1abc")))[2], qr/start\.avro:1:1: the header of the file, which is in Avro, has no end yet/, 'nothing but the start');
like((loader('-q', spew("$dir/header.avro", "Obj\1" . Avro::number(1) . Avro::text('avro.codec') . Avro::text('null') . Avro::number(0) . substr($whole, -16))))[2],
	qr/header\.avro:1:1: file is in Avro whose header is damaged/, 'no schema');
like((loader('-q', spew("$dir/union.avro", avro_file([ 'x' ], schema => '{"type":"record","name":"r","fields":[{"name":"Body","type":["null",{"type":"nothing"}]}]}'))))[2],
	qr/union\.avro:1:1: file is in Avro, but not of Event Hubs Capture/, 'a schema that is none');

# values without bytes in records in records take no time
my @records = map { my $n = $_; sprintf '{"name":"f%d","type":{"type":"record","name":"r%d","fields":[%s]}}', $n, $n, join ',', map { sprintf '{"name":"g%d","type":"%s"}', $_, $n > 0 ? 'r' . ($n - 1) : 'null' } 1 .. 9 } 0 .. 20;
my $deep = '{"type":"record","name":"m","fields":[' . join(',', @records, '{"name":"Body","type":"bytes"}') . ']}';
like((loader('-q', spew("$dir/deep.avro", avro_file([], schema => $deep) . Avro::number(1) . Avro::text(Avro::text(signin('a'))) . substr($whole, -16))))[2],
	qr/deep\.avro:1:1: block of messages is damaged/, 'more values than can be counted');

# ... nor do those of many messages
my $empty = '{"type":"record","name":"m","fields":[' . join(',', @records[ 0 .. 2 ], '{"name":"Body","type":["null","bytes"]}') . ']}';
sub empty_messages
{
	my ($count) = @_;
	my $messages = (Avro::number(1) . Avro::text(signin('a'))) x $count;

	return avro_file([], schema => $empty) . Avro::number($count) . Avro::text($messages) . substr($whole, -16);
}
clear();
load_ok('values without bytes', '-q', spew("$dir/empty.avro", empty_messages(20)));
is(sql('SELECT count(*) FROM azhunt.signinlogs'), '20', 'values without bytes: rows');
my $none = Avro::number(0) x 20;
like((loader('-q', '--reject-file', "$dir/rejects", spew("$dir/empty.avro", avro_file([], schema => $empty) . Avro::number(20) . Avro::text($none) . substr($whole, -16))))[2],
	qr/empty\.avro:2:1: block of messages is damaged/, 'more values without bytes than messages have');

# --explain, and dates that others of the file tell
like((loader('--explain', "$dir/capture.avro"))[1], qr/^  8 raw diagnostic records\n.*^SigninLogs: 8 records$/ms, '--explain');

done_testing();
