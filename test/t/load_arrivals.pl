# azhunt-load --watch loads what is there and what arrives, each file once, whatever
# happens to the program and to the server.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Cwd qw(realpath);
use IO::Select;
use IO::Socket::UNIX;
use Test::More;

create_database();
my $box = "$dir/box";
my $record = '{"time":"2026-01-31T10:00:00Z","category":"SignInLogs","properties":{"id":"%s","ipAddress":"198.51.100.7"}}' . "\n";

sub ids { return sql(q{SELECT coalesce(string_agg(id, ' ' ORDER BY id), '') FROM azhunt.signinlogs}); }

sub err { return -e "$dir/stderr" ? slurp("$dir/stderr") : ''; }

# Put a file into place in one piece, as one that was written some time ago.
sub put
{
	my ($name, $content) = @_;
	my $hidden = "$dir/put";

	spew($hidden, $content);
	utime(time - 60, time - 60, $hidden) or die;
	rename($hidden, "$box/$name") or die "$name: $!";
}

# The program watches, and has looked around once.
sub start
{
	unlink("$dir/stderr");
	my $pid = start_loader('--watch', @_, $box);
	ok(await(sub { err() =~ /waiting for more$/m }, 60), 'the program watches') or diag(err());
	return $pid;
}

# It ends when it is asked to.
sub stop
{
	my ($pid, $signal) = @_;

	kill($signal, $pid);
	my ($status, $out, $err) = end_loader($pid);
	is($status, 0, "$signal: exit status");
	return ($out, $err);
}

mkdir($box) or die;
put('a.json', sprintf($record, 'a'));
mkdir("$box/deep") or die;

# what is there, and what arrives, in new directories, too
my $pid = start('--interval', 3600);
is(ids(), 'a', 'what is there is loaded');
like(err(), qr/^\Q$box\E\/a\.json: 1 row loaded: SigninLogs 1$/m, 'what is there: line');
SKIP:
{
	# the interval is too long for this test
	skip 'nothing tells of arrivals', 4 if $^O ne 'linux';
	put('deep/b.json', sprintf($record, 'b'));
	ok(await(sub { ids() eq 'a b' }, 60), 'what arrives is loaded');
	mkdir("$box/new") or die;
	put('new/c.json', sprintf($record, 'c'));
	ok(await(sub { ids() eq 'a b c' }, 60), 'what arrives in a new directory is loaded');

	# a file that is being written is left alone until it is not
	open(my $growing, '>', "$box/d.json") or die;
	print $growing sprintf($record, 'd1');
	close($growing);
	ok(await(sub { ids() =~ / d1/ }, 60), 'a file that was just written is loaded');
	open($growing, '>>', "$box/d.json") or die;
	print $growing sprintf($record, 'd2');
	close($growing);
	ok(await(sub { ids() =~ / d2/ }, 60), 'what was added to it is loaded');
}
my ($out, $err) = stop($pid, 'TERM');
like($out, qr/^SigninLogs +\d+$/m, 'SIGTERM: summary');
my ($seconds) = $out =~ /^\d+ files? loaded, 0 loaded before, 0 not loaded, in (\S+) seconds$/m;
ok(defined $seconds && $seconds <= time + 1 - $^T, 'SIGTERM: how long it took');

# a restart loads nothing twice; SIGINT is as good
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
system("rm -rf '$box' && mkdir '$box'") == 0 or die;
put('a.json', sprintf($record, 'a'));
stop(start('--interval', 1), 'TERM');
put('b.json', sprintf($record, 'b'));
$pid = start('--interval', 1);
like(err(), qr/^1 file loaded, 1 loaded before, 0 not loaded; waiting for more$/m, 'restart: what was loaded before');
stop($pid, 'INT');
is(ids(), 'a b', 'restart: each file once');

# polling; a bad file is told of, does not keep others, and is loaded once it is good
$pid = start('--interval', 1);
put('bad.json', "bad\n");
put('c.json', sprintf($record, 'c'));
ok(await(sub { ids() eq 'a b c' && err() =~ /bad\.json:1:1: file is no Azure log/ }, 60), 'bad file: told, and the others are loaded');
put('bad.json', sprintf($record, 'was-bad'));
ok(await(sub { ids() eq 'a b c was-bad' }, 60), 'bad file: loaded once it is good');

# a table that is missing for a while
sql('ALTER TABLE azhunt.signinlogs RENAME TO elsewhere');
put('e.json', sprintf($record, 'e'));
ok(await(sub { err() =~ /e\.json: table azhunt\.signinlogs does not exist/ }, 60), 'missing table: told');
sql('ALTER TABLE azhunt.elsewhere RENAME TO signinlogs');
ok(await(sub { ids() eq 'a b c e was-bad' }, 60), 'missing table: loaded once it is there');

# connections that are refused for a while
my $name = $ENV{PGDATABASE};
sql("ALTER DATABASE $name ALLOW_CONNECTIONS false", database => 'postgres');
put('f.json', sprintf($record, 'f'));
ok(await(sub { err() =~ /is not currently accepting connections/ }, 60), 'no connection: told');
sql("ALTER DATABASE $name ALLOW_CONNECTIONS true", database => 'postgres');
ok(await(sub { ids() eq 'a b c e f was-bad' }, 60), 'no connection: loaded once there is one');

# ... when many files arrive at once
mkdir("$dir/many") or die;
spew("$dir/many/$_.json", sprintf($record, "m$_")) for 1 .. 50;
system("touch -d '1 minute ago' '$dir/many'/*") == 0 or die;
my $refusals = () = err() =~ /is not currently accepting connections/g;
sql("ALTER DATABASE $name ALLOW_CONNECTIONS false", database => 'postgres');
rename("$dir/many", "$box/many") or die;
ok(await(sub { (() = err() =~ /is not currently accepting connections/g) > $refusals }, 60), 'no connection for many files: told');
# told by the next look, before it tries any file
symlink('nowhere', "$box/next") or die;
ok(await(sub { err() =~ /box\/next: No such file or directory/ }, 60), 'no connection for many files: all of them were tried');
cmp_ok((() = err() =~ /is not currently accepting connections/g) - $refusals, '<', 50, 'no connection for many files: told once for all');
unlink("$box/next") or die;
sql("ALTER DATABASE $name ALLOW_CONNECTIONS true", database => 'postgres');
ok(await(sub { ids() =~ / m50\b/ && ids() =~ / m9\b/ }, 60), 'no connection for many files: loaded once there is one');
system("rm -r '$box/many'") == 0 or die;
sql(q{DELETE FROM azhunt.signinlogs WHERE id LIKE 'm%'});

# what cannot be read is told of once, however often it is looked at
symlink('nowhere', "$box/link") or die;
ok(await(sub { err() =~ /box\/link: No such file or directory/ }, 60), 'dangling link: told');
put("l$_.json", sprintf($record, "l$_")) && await(sub { ids() =~ / l$_\b/ }, 60) for 1 .. 3;
like(ids(), qr/ l1 l2 l3 /, 'dangling link: others are loaded');
is(() = err() =~ /box\/link/g, 1, 'dangling link: told once');
unlink("$box/link") or die;
system("rm '$box'/l?.json") == 0 or die;
sql(q{DELETE FROM azhunt.signinlogs WHERE id LIKE 'l_'});

# a directory that is away for a while
rename($box, "$dir/away") or die;
ok(await(sub { err() =~ /box: No such file or directory/ }, 60), 'missing directory: told');
rename("$dir/away", $box) or die;
put('g.json', sprintf($record, 'g'));
ok(await(sub { ids() eq 'a b c e f g was-bad' }, 60), 'missing directory: loaded once it is back');
($out) = stop($pid, 'TERM');
like($out, qr/^\d+ files? loaded, \d+ loaded before, 0 not loaded, in /m, 'what could not be loaded for a while is loaded in the end');

# a file that is being loaded when it is asked to stop: nothing of it stays, and the next
# start loads it whole
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
system("rm -rf '$box' && mkdir '$box'") == 0 or die;
sql('CREATE FUNCTION public.wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_lock_shared(7); PERFORM pg_advisory_unlock_shared(7); RETURN NEW; END $$;
	CREATE TRIGGER wait BEFORE INSERT ON azhunt.signinlogs FOR EACH ROW EXECUTE FUNCTION public.wait()');
put('large.json', join '', map { sprintf $record, "l$_" } 1 .. 20_000);
unlink("$dir/stderr");
require Session;
my $holder = Session->new;
$holder->query('SELECT pg_advisory_lock(7)');
$pid = start_loader('--watch', $box);
ok(await(sub { sql(q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted}) > 0 }, 60), 'a row of the large file waits');
kill('TERM', $pid);
my ($status) = end_loader($pid);
$holder->query('SELECT pg_advisory_unlock(7)');
is($status, 0, 'SIGTERM while a file is loaded: exit status');
my $loaded = sql('SELECT count(*) FROM azhunt.signinlogs');
ok($loaded == 0 || $loaded == 20_000, "SIGTERM while a file is loaded: all of it or nothing ($loaded)");
stop(start(), 'TERM');
is(sql('SELECT count(*) FROM azhunt.signinlogs'), '20000', 'next start: all of it, once');

# ... and one that somebody else is loading
sql('DROP TRIGGER wait ON azhunt.signinlogs; TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
my $turn = "hashtextextended('azhunt.loaded_files ' || '" . realpath($box) . "/large.json', 0)";
$holder->query("SELECT pg_advisory_lock($turn)");
$pid = start_loader('--watch', '--wait', 86400, $box);
ok(await(sub { sql(q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'azhunt-load' AND query LIKE '%pg_locks%'}) > 0 }, 60), 'the large file waits for its turn');
kill('TERM', $pid);
($status) = end_loader($pid);
$holder->query("SELECT pg_advisory_unlock($turn)");
is($status, 0, 'SIGTERM while a file waits for its turn: exit status');
is(sql('SELECT count(*) FROM azhunt.signinlogs'), '0', '... nothing of it is loaded');
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');

# killed at any time, it goes on where it was
put("k$_.json", join '', map { sprintf $record, "k$_" } 1 .. 300) for 1 .. 9;
spew("$box/k$_.json", slurp("$box/k$_.json") . sprintf($record, "own$_")) for 1 .. 9;
system("touch -d '1 minute ago' '$box'/k*.json") == 0 or die;
unlink("$dir/stderr");
$pid = start_loader('--watch', $box);
await(sub { sql('SELECT count(*) FROM azhunt.loaded_files') >= 3 }, 60);
kill('KILL', $pid);
waitpid($pid, 0);
stop(start(), 'TERM');
is(sql(q{SELECT count(*) || ' ' || count(*) FILTER (WHERE id LIKE 'own%') || ' ' || count(DISTINCT id) FROM azhunt.signinlogs WHERE id !~ '^l'}), '2709 9 309', 'after kill -9: each file once');

# a server that no longer answers: one that hands the first connection on, and no other
system("rm -rf '$box' && mkdir '$box' '$dir/silent'") == 0 or die;
my $listener = IO::Socket::UNIX->new(Listen => 5, Local => "$dir/silent/.s.PGSQL.$ENV{PGPORT}") or die "$!";
my $server = fork() // die;
if ($server == 0)
{
	alarm(300);
	my $client = $listener->accept;
	my $peer = IO::Socket::UNIX->new(Peer => "$ENV{PGHOST}/.s.PGSQL.$ENV{PGPORT}") or die "$!";
	my $streams = IO::Select->new($client, $peer);

	while ($streams->count == 2)
	{
		for my $from ($streams->can_read)
		{
			my $to = $from == $client ? $peer : $client;

			$streams->remove($from) if !sysread($from, my $data, 65536);
			syswrite($to, $data) if length $data;
		}
	}
	shutdown($_, 2) for $client, $peer;
	$client = $listener->accept;
	spew("$dir/silent/accepted", '');
	sleep();
}
$pid = start('--interval', 1, '--host', "$dir/silent");
put('last.json', sprintf($record, 'last'));
ok(await(sub { -e "$dir/silent/accepted" }, 60), 'a server that does not answer is asked');
kill('TERM', $pid);
is((end_loader($pid))[0], 0, 'SIGTERM while a server does not answer: exit status');
kill('KILL', $server);
waitpid($server, 0);

# records that are rejected
system("rm -rf '$box' && mkdir '$box'") == 0 or die;
put('mixed.json', sprintf($record, 'good') . qq({"time":"soon","category":"SignInLogs"}\n{"time":"2026-01-31T10:00:00Z"}\n));
$pid = start('--interval', 3600, '--reject-file', "$dir/rejected.json");
like(err(), qr/^\Q$box\E\/mixed\.json: 1 row loaded: SigninLogs 1; 2 records rejected$/m, 'rejected records: line');
stop($pid, 'TERM');

# what it cannot do
like((loader('--watch', '-'))[2], qr/--watch needs directories/, '--watch and standard input');
like((loader('--watch', '--jobs', 2, $box))[2], qr/so it has no --jobs/, '--watch and --jobs');
like((loader('--watch', '--interval', 0, $box))[2], qr/--interval must be/, '--interval 0');
is((loader('--watch', '--explain', $box))[0], 2, '--watch and --explain');

done_testing();
