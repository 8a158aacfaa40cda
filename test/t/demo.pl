# make demo prints what it runs, finds what it says, leaves a reader who has a
# terminal in psql, and leaves nothing behind, however it ends.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Test::More;
use Utils;

my $top = abs_path(dirname(abs_path(__FILE__)) . '/../..');
my $directory = tempdir('azhunt.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $marker = "AZHUNT_DEMO_TEST=$$";
my $prompt = 'azhunt demo, \q quits=# ';

# what the demo makes is below one directory, which the server's user can enter
chmod 0755, $directory;
mkdir "$directory/tmp" or die $!;
chmod 01777, "$directory/tmp";
$ENV{TMPDIR} = "$directory/tmp";
$ENV{TERM} = 'dumb';
# a terminal without a size would have each answer go to a pager
$ENV{PAGER} = 'cat';
$ENV{AZHUNT_DEMO_TEST} = $$;

# Where Debian's packages are not what PostgreSQL came with, make demo would install
# them.
my $has_packages = system('dpkg-query --show postgresql postgresql-server-dev-all >/dev/null 2>&1') == 0;
my @demo = $has_packages ? ('make', '--silent', "--directory=$top", 'demo') : ("$top/script/with-cluster", "$top/script/demo-session");
delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};

# The processes that the demo started, which have its environment.
sub processes
{
	my @found;

	foreach my $path (glob '/proc/[0-9]*/environ')
	{
		my ($pid) = $path =~ /(\d+)/;
		open my $file, '<', $path or next;
		local $/;
		my $environment = readline($file) // '';
		push @found, $pid if $environment =~ /(?:^|\0)\Q$marker\E\0/ && $pid != $$;
	}
	return @found;
}

sub nothing_is_left
{
	my ($description) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	ok(await(sub { !processes() }), "$description: no process stays")
	  or diag(map { "$_: " . slurp("/proc/$_/cmdline") =~ tr/\0/ /r . "\n" } processes());
	is_deeply([ glob "$directory/tmp/{*,.[!.]*}" ], [], '... and no directory');
}

# Start the demo, or another command of the shell, on a terminal.
sub start_on_terminal
{
	my ($command) = @_;

	unlink "$directory/typescript";
	pipe(my $reader, my $writer) or die "pipe: $!";
	my $pid = fork() // die "fork: $!";
	if ($pid == 0)
	{
		close $writer;
		open STDIN, '<&', $reader or die $!;
		open STDOUT, '>', '/dev/null' or die $!;
		@SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3;
		exec 'script', '--quiet', '--return', '--flush', '--command', $command // join(' ', @demo), "$directory/typescript"
		  or die "script: $!";
	}
	$writer->autoflush;
	return { pid => $pid, keyboard => $writer };
}

sub shown
{
	return -e "$directory/typescript" ? slurp("$directory/typescript") : '';
}

# How often the prompt has been shown.
sub prompts
{
	return scalar(() = shown() =~ /\Q$prompt\E/g);
}

sub type
{
	my ($terminal, $keys) = @_;

	print { $terminal->{keyboard} } $keys;
}

# Wait for the end of what runs on a terminal: its exit status, or what killed it.
sub end_of
{
	my ($terminal) = @_;

	if (!await(sub { waitpid($terminal->{pid}, 1) == $terminal->{pid} }))
	{
		kill 'KILL', $terminal->{pid};
		waitpid $terminal->{pid}, 0;
		return 'still running';
	}
	return $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;
}

# The process that a terminal's user has started: the shell's, or its child.
sub demo_process
{
	my ($terminal) = @_;
	my ($shell) = `pgrep --parent $terminal->{pid}` =~ /(\d+)/;
	my ($child) = `pgrep --parent $shell` =~ /(\d+)/;

	return slurp("/proc/$shell/cmdline") =~ /^\S*sh\0-c/ ? $child : $shell;
}

# Type a query into psql: is that the answer, once there is a prompt again?  Between
# prompts, psql does not read, and the terminal has its own idea of control keys.
sub is_answered
{
	my ($terminal, $query, $answer, $description) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	type($terminal, "$query\n");
	ok(await(sub { shown() =~ /$answer.*\Q$prompt\E/s }), $description) or diag(substr shown(), -2000);
}

# A session in psql, once a query has been answered there.
sub start_session
{
	my $terminal = start_on_terminal();

	ok(await(sub { prompts() > 0 }), 'the reader is left in psql') or diag(substr shown(), -2000);
	is_answered($terminal, "SELECT 'sign-ins', count(*) FROM signinlogs;", qr/sign-ins +\| +14/, '... on the sample logs');
	return $terminal;
}

# Without a terminal.
my $output = qx{exec @demo </dev/null 2>&1};
is($?, 0, 'without a terminal, the demo ends');
unlike($output, qr/\Q$prompt\E|ERROR/, '... and shows no prompt and no error');
nothing_is_left('without a terminal');

my @commands = $output =~ /^\$ (.*)$/mg;
my @files = map { /^psql -f (\S+)$/ } @commands;
is_deeply([ sort map { "$top/$_" } @files ], [ sort glob "$top/sample/*.sql" ], 'each SQL file of the sample is run');
cmp_ok(scalar(grep { /^azhunt-load / } @commands), '==', 2, '... and logs are loaded twice');

# Each line of a file is printed, in its place, and so are its answers.
foreach my $file (@files)
{
	my ($part) = $output =~ /^\$ psql -f \Q$file\E\n(.*?)(?=^\$ |\z)/ms;
	my $lines = join '.*?', map { '^' . quotemeta . '$' } grep { /\S/ } split /\n/, slurp("$top/$file");
	like($part, qr/\A$lines/ms, "$file is printed as it is run");
}
like($output, qr/ \\gx\n-\[ RECORD 1 \]-.*?\nfileuploadpath +\| \S+mimikatz\.exe\S*\n(?:[a-z_]+ +\| .*\n){7}last_upload +\| /, 'one row is shown whole');

# Every condition is missed by some decoy.
my @decoys = (
	'readme.txt       | adelev@contoso.com | not an upload, but GetBlob',
	'march final.xlsx | pattif@contoso.com | another user agent: Mozilla/5.0 (X11; Linux x86...',
	'q1.pdf           | adelev@contoso.com | the upload failed: AuthenticationFailed',
	'just-outside.csv | diegos@contoso.com | signed in too long before: 00:01:00.001',
	'rclone.conf      | lynner@contoso.com | a tool signed in, not a person',
	'forecast.xlsx    | pattif@contoso.com | signed in from another address: 198.51.100.61',
	'AdeleV@contoso.com   | MICROSOFT.RESOURCES/TAGS/WRITE                      | in another hour than the Cloud Shell of 09:02:14',
	'AdeleV@contoso.com   | MICROSOFT.COMPUTE/VIRTUALMACHINES/DEALLOCATE/ACTION | the Cloud Shell did not start: Failure',
	'9f2c1d7e-4b60-4f7a-8 | MICROSOFT.RECOVERYSERVICES/VAULTS/WRITE             | keys not of a Cloud Shell, but of BACKUP-RG',
	'lynner@contoso.com   | MICROSOFT.STORAGE/STORAGEACCOUNTS/WRITE             | the Cloud Shell is of isaiahl@contoso.com',
	'edge-of-window.csv | 00:06:00.9',
	'192.0.2.55 |     2');
like($output, qr/^ (?:[\d:]+ \| )?\Q$_\E *$/m, "decoy: $_") foreach @decoys;
my ($found) = $output =~ /ORDER BY first_upload;\n(.*?)rows\)/s;
unlike($found, qr/pattif|q1\.pdf|just-outside|rclone|forecast/, 'no decoy is found');

# Each hunt finds something.
my ($catalogue) = $output =~ /FROM azhunt\.hunts ORDER BY hunt;\n.*\n.*\n((?: .*\n)+)/;
my @hunts = $catalogue =~ /^ (\w+) +\| /mg;
cmp_ok(scalar(@hunts), '>=', 2, 'there are hunts');
foreach my $hunt (@hunts)
{
	like($output, qr/FROM azhunt\.$hunt\([^;]*;(?:\n(?!\().*)+\n\([1-9]\d* rows?\)/, "$hunt finds something");
}

# The rule finds the late sign-in, once.
my ($before, $after) = $output =~ /^\$ psql -f sample\/rule\.sql\n(.*)^\$ psql -f sample\/late\.sql\n(.*)/ms;
unlike($before, qr/salaries/, 'before the sign-in arrives, its upload is no match');
like($after, qr/ 2 \| succeeded \| 1 +\| 0 +\| +1\n\(2 rows\).*\n .*diegos\@contoso\.com \| 198\.51\.100\.23 \| salaries\.xlsx\n\(1 row\).*PutBlob of salaries\.xlsx/s, 'when it has arrived, it is the one new match');

# With a terminal that is not on both sides.
my $terminal = start_on_terminal(join(' ', @demo) . ' | cat');
is(end_of($terminal), 0, 'where its output goes elsewhere, the demo ends');
like(shown(), qr/Where to go next/, '... after all of it');
unlike(shown(), qr/\Q$prompt\E/, '... without a prompt');
nothing_is_left('output that goes elsewhere');

# The reader leaves.
$terminal = start_session();
type($terminal, "\\q\n");
is(end_of($terminal), 0, '\q ends the demo');
nothing_is_left('\q');

$terminal = start_session();
my $prompts = prompts();
type($terminal, "SELECT 'not this");
type($terminal, "\x03");
ok(await(sub { prompts() > $prompts }), 'Ctrl-C gives a new line');
is_answered($terminal, "SELECT 'still', 'here';", qr/still +\| +here/, '... and does not end psql');
type($terminal, "\x04");
isnt(end_of($terminal), 'still running', '... Ctrl-D does');
nothing_is_left('Ctrl-D');

# Or is interrupted.
$terminal = start_on_terminal();
ok(await(sub { shown() =~ /^\$ createdb/m }), 'the demo begins');
type($terminal, "\x03");
isnt(end_of($terminal), 0, 'Ctrl-C ends it');
unlike(shown(), qr/Where to go next/, '... before its end');
nothing_is_left('Ctrl-C');

# TERM, to make or what runs in its place
$terminal = start_session();
kill 'TERM', demo_process($terminal);
isnt(end_of($terminal), 0, 'TERM ends the demo');
nothing_is_left('TERM');

$terminal = start_session();
kill 'KILL', $terminal->{pid};
end_of($terminal);
nothing_is_left('the end of the terminal');

done_testing();
