# Whatever a test dies of, the server of its own ends and its directory goes; and
# so does what script/with-cluster made.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Cluster;
use Test::More;
use Utils;

my $here = dirname(abs_path(__FILE__));
my @signals = qw(INT TERM HUP KILL);

# Start a program that prints the directory of its cluster; its process, and that
# directory.
sub start
{
	my (@command) = @_;
	my $pid = open(my $output, '-|') // die "fork: $!";

	if ($pid == 0)
	{
		# as from a terminal, whatever is ignored in here
		@SIG{@signals} = ('DEFAULT') x @signals;
		exec @command or die "$command[0]: $!";
	}
	chomp(my $directory = readline($output) // '');
	return { pid => $pid, output => $output, directory => $directory };
}

# The process of the server that runs in a directory.
sub postmaster
{
	my ($directory) = @_;

	return (split /\n/, slurp("$directory/data/postmaster.pid"))[0];
}

# Await that a program, its server and their directory are gone.
sub is_gone
{
	my ($program, $postmaster, $description) = @_;

	ok(await(sub { !kill 0, $postmaster }), "$description: the server ends");
	ok(await(sub { !-e $program->{directory} }), '... and its directory goes');
}

my $own_cluster = 'use lib shift; use Cluster; $| = 1; my $cluster = Cluster->new; print "$cluster->{dir}\n";';
foreach my $signal (@signals)
{
	my $program = start($^X, '-e', "$own_cluster sleep 600", "$here/../lib");
	my $postmaster = postmaster($program->{directory});
	ok(kill(0, $postmaster), "a test has a server of its own");
	kill $signal, $program->{pid};
	waitpid $program->{pid}, 0;
	isnt($? & 127, 0, "... dies by SIG$signal");
	is_gone($program, $postmaster, "... after SIG$signal");
}

# other ways out
foreach my $end ('exit 3', 'die "at once\n"', 'exec "true"', 'POSIX::_exit(1)')
{
	my $program = start('sh', '-c', 'exec 2>/dev/null; exec "$@"', 'sh', $^X, '-e', "$own_cluster $end", "$here/../lib");
	my $directory = $program->{directory};
	waitpid $program->{pid}, 0;
	ok(await(sub { !-e $directory }), "$end: the directory goes") or diag($directory);
}

# script/with-cluster passes on what is sent to it, and waits for the command
$ENV{AZHUNT_INSTALLED} = 1;
foreach my $signal (@signals)
{
	my $program = start("$here/../../script/with-cluster", 'sh', '-c', 'echo "$AZHUNT_CLUSTER"; exec sleep 600');
	my $postmaster = postmaster($program->{directory});
	my $command = await(sub { (`pgrep --parent $program->{pid} --exact sleep` =~ /(\d+)/)[0] });
	ok(kill(0, $postmaster), 'script/with-cluster has a server');
	# as ^C does, which every process of the terminal gets
	kill $signal, $signal eq 'INT' ? $command : (), $program->{pid};
	waitpid $program->{pid}, 0;
	is_gone($program, $postmaster, "... after SIG$signal");
	ok($signal eq 'KILL' || await(sub { !kill 0, $command }), '... with the command');
	kill 'KILL', $command;
}

done_testing();
