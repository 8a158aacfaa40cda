# Jobs: how they start and end, and what becomes of files that none of them tries.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Session;
use Test::More;

create_database();
chmod(0755, $dir);
my $tree = "$dir/tree";
mkdir($tree) or die;
spew("$tree/$_.json", qq({"time":"2026-01-31T10:00:00Z","category":"SignInLogs","properties":{"id":"$_"}}\n)) for 1 .. 4;

sub clear { sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files'); }

# Start the program with two jobs, by a command that execs its arguments, once the
# process has been prepared; what end_loader() gives.
sub run_with
{
	my ($prepare, @command) = @_;
	my $pid = fork() // die;
	if ($pid == 0)
	{
		open(STDOUT, '>', "$dir/stdout") or die;
		open(STDERR, '>', "$dir/stderr") or die;
		$prepare->();
		exec(@command, loader_path(), '--jobs', '2', $tree) or die;
	}
	return end_loader($pid);
}

# who has started it does not want to be told of its children
my ($status, $out, $err) = run_with(sub { $SIG{CHLD} = 'IGNORE'; });
is($status, 0, 'SIGCHLD is ignored: exit status') or diag($err);
like($out, qr/^4 files loaded/m, '... all is loaded');

# no room for a job
SKIP:
{
	skip 'root may start as many processes as it likes', 4 if $> == 0;
	skip 'no bash', 4 if system('bash', '-c', 'true') != 0;
	clear();
	($status, $out, $err) = run_with(sub { }, 'bash', '-c', 'ulimit -u 0; exec "$@"', 'bash');
	is($status, 2, 'no room for a job: exit status');
	like($err, qr/could not start job 1: /, '... message');
	unlike($err, qr/could not start job 2: /, '... once');
	is(sql('SELECT count(*) FROM azhunt.signinlogs'), '0', '... nothing is loaded');
}

# connections that are lost
clear();
sql(<<'SQL');
CREATE FUNCTION public.end_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_terminate_backend(pg_backend_pid());
    RETURN NEW;
END
$$;
CREATE TRIGGER end_session BEFORE INSERT ON azhunt.signinlogs FOR EACH ROW EXECUTE FUNCTION public.end_session();
SQL
for my $jobs (1, 2)
{
	($status, $out, $err) = loader('--jobs', $jobs, $tree);
	is($status, 2, "$jobs jobs without a connection: exit status");
	like($out, qr/^0 files loaded, 0 loaded before, 4 not loaded/m, '... the files that were not tried count');
	is(() = $err =~ /\.json: .*terminating connection/g, $jobs, '... each job says why it ends');
}

sql('DROP TRIGGER end_session ON azhunt.signinlogs');
clear();

# what a job says does not stand behind the progress line, which another process shows
spew("$tree/3.json", qq({"time":"2026-01-31T10:00:00Z","category":"SignInLogs","properties":{"id":"3"}}\n{"time":\n));
my $holder = Session->new;
$holder->do('BEGIN; LOCK TABLE azhunt.signinlogs');
my $typescript = "$dir/typescript";
my $pid = fork() // die;
if ($pid == 0)
{
	open(STDIN, '<', '/dev/null') or die;
	open(STDOUT, '>', '/dev/null') or die;
	exec('script', '--quiet', '--return', '--flush', '--command', loader_path() . " --jobs 2 $tree/2.json $tree/3.json", $typescript) or die;
}
ok(await(sub { -e $typescript && slurp($typescript) =~ /rows\/s/ }), 'two jobs: a progress line is shown');
$holder->do('COMMIT');
waitpid($pid, 0);
like(slurp($typescript), qr/\r +\r\S+3\.json:2:/, '... which is wiped out where a job has to say something');

done_testing();
