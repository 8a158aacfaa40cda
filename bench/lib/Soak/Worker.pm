# A process that does one thing again and again until it is told to stop, counts
# what it does, and goes on when a connection is lost.
package Soak::Worker;

use strict;
use warnings;

use Cluster;
use Exporter qw(import);
use POSIX ();
use Time::HiRes qw(sleep time);
use Utils;
our @EXPORT = qw(count problem is_stopped nap one_of);

my ($directory, $name, $parent, $stopped, $written);
my %done;

# Fork a worker, which calls a function until it is stopped, and another one then.
# What is random in it depends on the seed and its name.
sub start
{
	my ($class, $soak, $worker_name, $step, $finish) = @_;
	my $self = bless { name => $worker_name, parent => $$ }, $class;

	$self->{pid} = fork() // die "fork: $!";
	return $self if $self->{pid};
	become($soak, $worker_name, $self->{parent});
	until (is_stopped())
	{
		attempt($step);
		nap(0.01);
	}
	attempt($finish) if $finish;
	eval { write_counts() };
	POSIX::_exit(0);
}

# Where this process notes what it counts, and under which name.
sub note_in
{
	my ($soak, $worker_name) = @_;

	($directory, $name) = ("$soak->{dir}/workers", $worker_name);
}

# Forget what is the parent's alone.
sub become
{
	my ($soak, $worker_name, $parent_pid) = @_;

	note_in($soak, $worker_name);
	$parent = $parent_pid;
	Cluster::forget_all();
	srand($soak->{seed} + unpack '%32C*', $worker_name);
	$0 = "soak: $worker_name";
	%done = ();
	$SIG{TERM} = sub { $stopped = 1 };
	$SIG{INT} = 'IGNORE';
	$SIG{PIPE} = 'IGNORE';
	$SIG{__WARN__} = sub { problem("warning: @_") };
}

# What a step dies of is a problem; without the directory there is nobody to tell.
sub attempt
{
	my ($step) = @_;

	eval {
		problem($@) unless eval { $step->(); 1 };
		write_counts() if time() - ($written // 0) > 1;
	};
}

# Whoever is asked to stop, or has lost the process that would ask, stops.
sub is_stopped
{
	return $stopped || defined $parent && getppid() != $parent;
}

# Sleep, but no longer than until one is stopped.
sub nap
{
	my ($seconds) = @_;
	my $until = time() + $seconds;

	while (!is_stopped() && time() < $until)
	{
		my $left = $until - time();
		sleep($left < 0.2 ? $left > 0 ? $left : 0 : 0.2);
	}
}

sub one_of
{
	return $_[ int rand @_ ];
}

# Count something that was done.
sub count
{
	my ($what, $times) = @_;

	$done{$what} += $times // 1;
}

# Note what must not happen; the soak test has failed.
sub problem
{
	my ($text) = @_;

	chomp $text;
	append("$directory/problems", scalar(gmtime) . ", $name: " . substr($text, 0, 3000) . "\n\n");
	count('problems');
}

sub write_counts
{
	my $path = "$directory/$name.counts";

	spew("$path.new", join '', map { "$_\t$done{$_}\n" } sort keys %done);
	rename "$path.new", $path or die "$path: $!";
	$written = time();
}

# What workers have counted so far, together.
sub counts
{
	my ($soak) = @_;
	my %sum;

	for my $path (glob "$soak->{dir}/workers/*.counts")
	{
		/^(.*)\t(\d+)$/ and $sum{$1} += $2 for split /\n/, slurp($path);
	}
	return \%sum;
}

# All that workers noted as problems.
sub problems
{
	my ($soak) = @_;
	my $path = "$soak->{dir}/workers/problems";

	return -e $path ? split /\n\n/, slurp($path) : ();
}

# Ask a worker to stop, and await that; one that does not is a problem.
sub stop
{
	my ($self) = @_;

	kill 'TERM', $self->{pid};
	return '' if await(sub { waitpid($self->{pid}, POSIX::WNOHANG()) != 0 }, 300);
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
	return "worker $self->{name} did not stop";
}

1;
