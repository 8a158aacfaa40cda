# The reject file: an ordinary file of ours, with whole lines, whatever happens.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use JSON::PP;
use POSIX qw(mkfifo);
use Test::More;

create_database();
my $good = '{"time":"2026-01-31T10:00:00Z","category":"SignInLogs"}';
my $file = spew("$dir/bad.json", "$good\nbad\n$good\n");
my $rejects = "$dir/rejects";

sub clear
{
	sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
	unlink($rejects);
}

# Load the file, which must fail because of the reject file.
sub refused
{
	my ($path, $reason, $name, @command) = @_;
	my $out = "$dir/out";
	sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
	my ($status, undef, $err) = loader('-q', '--reject-file', $path, $file);
	is($status, 1, "$name: exit status");
	like($err, qr/bad\.json: could not write "\Q$path\E": $reason/, "$name: message");
	is(sql('SELECT (SELECT count(*) FROM azhunt.signinlogs) + (SELECT count(*) FROM azhunt.loaded_files)'), '0', "$name: nothing is loaded");
}

# its own
clear();
is((loader('-q', '--reject-file', $rejects, $file))[0], 0, 'a new reject file');
is((stat($rejects))[2] & 07777, 0600, '... is for its owner alone');

# links
spew("$dir/victim", "victim\n");
chmod(0600, "$dir/victim");
symlink("$dir/victim", "$dir/link") or die;
symlink("$dir/nothing", "$dir/dangling") or die;
link("$dir/victim", "$dir/hard") or die;
refused("$dir/link", 'is a symbolic link', 'symbolic link');
refused("$dir/dangling", 'is a symbolic link', 'symbolic link to nothing');
ok(!-e "$dir/nothing", '... makes no file');
refused("$dir/hard", 'has other names', 'hard link');
is(slurp("$dir/victim"), "victim\n", '... nothing is written through links');

# what is no ordinary file
mkfifo("$dir/fifo", 0600) or die;
refused("$dir/fifo", 'is not an ordinary file', 'pipe');
refused('/dev/null', 'is not an ordinary file', 'device') if -c '/dev/null';
refused($dir, 'Is a directory', 'directory');
refused("$dir/none/rejects", 'No such file or directory', 'no directory');
SKIP:
{
	skip 'not root', 4 if $> != 0;
	spew("$dir/theirs", '');
	chown(65534, 65534, "$dir/theirs") or die;
	refused("$dir/theirs", 'belongs to another user', 'file of another user');
	is(-s "$dir/theirs", 0, '... nothing is written to it');
}

# half a line that somebody left
clear();
spew($rejects, qq({"file":"x"}\n{"file":"y));
is((loader('-q', '--reject-file', $rejects, $file))[0], 0, 'after half a line');
my @lines = split(/\n/, slurp($rejects));
is(scalar(@lines), 3, '... a new one is begun');
is(decode_json($lines[2])->{record}, 'bad', '... for the record');

# no room: what was written in part is taken back, and the next one is whole
clear();
my $before = qq({"file":"x"}\n) x 38;
spew($rejects, $before);
cmp_ok(length($before), '<', 512, 'the file is smaller than what it may be');
sub with_room
{
	my ($blocks) = @_;
	my $err = `sh -c 'ulimit -f $blocks; exec "\$@" 2>&1' sh '@{[loader_path()]}' -q --reject-file '$rejects' '$file'`;
	return ($? >> 8, $err);
}
SKIP:
{
	my $unit = `sh -c 'ulimit -f 1; head -c 600 /dev/zero > "$dir/limit" 2>/dev/null; wc -c < "$dir/limit"'` + 0;
	skip 'ulimit -f counts otherwise', 9 if $unit != 512;
	my ($status, $err) = with_room(1);
	is($status, 1, 'no room: exit status');
	like($err, qr/could not write ".*": File too large/, '... message');
	is(slurp($rejects), $before, '... the file is as it was');
	is(sql('SELECT count(*) FROM azhunt.signinlogs'), '0', '... nothing is loaded');
	# not even for the temporary file in which bad records wait
	($status, $err) = with_room(0);
	is($status, 1, 'no room at all: exit status');
	like($err, qr/bad\.json: could not write a temporary file: File too large/, '... message');
	is(sql('SELECT count(*) FROM azhunt.signinlogs'), '0', '... nothing is loaded');

	is((with_room(100))[0], 0, 'room again: exit status');
	is(scalar(grep { !eval { decode_json($_) } } split(/\n/, slurp($rejects))), 0, '... all lines are whole');
}

# jobs take turns
clear();
mkdir("$dir/jobs");
spew("$dir/jobs/$_.json", "$good\n" . join('', map { qq(bad $_ ) . ('x' x 3000) . "\n" } 1 .. 20)) for 1 .. 20;
spew("$dir/jobs/$_.json", slurp("$dir/jobs/$_.json") . "$good\n" x $_) for 1 .. 20;
is((loader('-q', '--jobs', '4', '--reject-file', $rejects, "$dir/jobs"))[0], 0, 'jobs: exit status');
is(scalar(grep { eval { decode_json($_) } } split(/\n/, slurp($rejects))), 400, 'jobs: each line is whole');

done_testing();
