# azhunt-load, run again and again over what there is, and killed now and then.
package Soak::Loading;

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Find ();
use File::Path qw(make_path);
use Loader ();
use POSIX ();
use Soak::Client;
use Soak::Worker;
use Time::HiRes qw(time);
use Utils;

# What azhunt-load may say while others end its sessions, lock what it needs or
# stop the server; anything else is a problem.
my @expected = (
	qr/the record that starts here has no end yet; it is left to a later run/,
	# which is detached
	qr/no daily partitions are added to \S+: relation "\w+_p\d+" already exists/,
	# what --watch says of what it does
	qr/: \d+ rows? loaded|waiting for more/,
	qr/no partition of \S+ for .*rows go to the default partition/,
	qr/server closed the connection|terminating connection|connection to server|no connection to the server|connection not open/,
	qr/the database system is (?:starting up|shutting down|in recovery mode|not yet accepting connections)/,
	qr/could not send|could not receive|SSL|Connection refused|No such file or directory|Is the server running|server terminated abnormally|before or while processing/,
	qr/canceling statement due to user request/,
	qr/is being loaded by process/,
	qr/cannot execute .* in a read-only transaction/,
	qr/interrupted/);

sub new
{
	my ($class, $soak, $name) = @_;
	my $self = bless { soak => $soak, name => $name, dir => "$soak->{dir}/$name", files => "$soak->{dir}/files" }, $class;

	make_path($self->{dir});
	return $self;
}

# All files that may be offered.
sub offered
{
	my ($self) = @_;
	my @found;

	File::Find::find({ no_chdir => 1, wanted => sub { push @found, $_ if -f } }, "$self->{files}/offered");
	return @found;
}

# Some of them: the newest, any, or all at once.
sub choose
{
	my ($self) = @_;
	my $chance = rand;

	return "$self->{files}/offered" if $chance < 0.15;
	my @files = $self->offered or return;
	if ($chance < 0.6)
	{
		my %age = map { $_ => -M $_ // 0 } @files;
		@files = sort { $age{$a} <=> $age{$b} } @files;
		splice @files, 20 if @files > 20;
	}
	return map { one_of(@files) } 1 .. 1 + int rand 20;
}

# The same content under another name.
sub copy_of
{
	my ($self) = @_;
	my @files = grep { !/PT1H\.json$/ } $self->offered or return;
	my $file = one_of(@files);
	my $to = $file =~ s{^\Q$self->{files}\E/offered}{"$self->{files}/copies/$$-" . int rand 1e6}er;

	make_path(dirname($to));
	spew($to, slurp($file));
	count('copies offered');
	return $to;
}

# Run the program; it is killed, or waited for.
sub run
{
	my ($self, $kill, @arguments) = @_;
	my $pid = $self->start(@arguments);

	if ($kill)
	{
		nap(rand one_of(0.1, 0.5, 2));
		kill one_of(qw(KILL KILL TERM INT)), $pid;
		count('loaders killed');
	}
	my ($status, undef, $err) = $self->end($pid);
	return $self->judge($status, $err, $kill);
}

# Await that the program ends; its exit status and what it printed.
sub end
{
	my ($self, $pid) = @_;
	my $ended = await(sub { waitpid($pid, POSIX::WNOHANG()) == $pid }, 900);
	my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;

	if (!$ended)
	{
		kill 'KILL', $pid;
		waitpid $pid, 0;
		$status = 'still running';
	}
	return ($status, map { slurp("$self->{dir}/$_") } qw(stdout stderr));
}

sub start
{
	my ($self, @arguments) = @_;
	my $server = Soak::Client::server($self->{soak}, 'primary');
	my $user = one_of('postgres', 'azhunt_loader');

	local %ENV = (%ENV, Soak::Client::environment($server, name => "soak $self->{name}", user => $user));
	local $Loader::dir = $self->{dir};
	return Loader::start_loader('--skip-unknown', @arguments);
}

# What a run that has ended said.
sub judge
{
	my ($self, $status, $err, $killed) = @_;

	count('loader runs');
	count("loader exit status $status") if $status ne '0';
	problem("azhunt-load does not end") if $status eq 'still running';
	problem("azhunt-load ended with status $status") unless $killed || $status =~ /^(?:0|1|2|still running)$/;
	$self->judge_messages($err);
	return $status;
}

sub judge_messages
{
	my ($self, $err) = @_;

	for my $line (split /\n/, $err)
	{
		next if grep { $line =~ $_ } @expected;
		next if $line =~ /^\s*(?:DETAIL|HINT|CONTEXT|Process \d+|This probably|See server log)/;
		problem("azhunt-load said: $line");
	}
}

# A step of a loader.
sub step
{
	my ($self) = @_;
	my @paths = rand() < 0.1 ? $self->copy_of : $self->choose;
	my @options = ('--wait', one_of(1, 10, 60));

	return nap(0.5) unless @paths;
	push @options, '--jobs', 2 if rand() < 0.2;
	push @options, '--no-partitions' if rand() < 0.1;
	push @options, '--reject-file', "$self->{dir}/rejects" if rand() < 0.2;
	$self->run(rand() < 0.2, @options, @paths);
	nap(rand 1);
}

# A step of azhunt-load --watch, which is stopped and started anew now and then, and
# where the server is another one.
sub watch
{
	my ($self) = @_;
	my $epoch = Soak::Client::server($self->{soak}, 'primary')->{epoch};

	if (!$self->{watching})
	{
		@$self{qw(watching epoch)} = ($self->start('--watch', '--interval', 5, "$self->{files}/watched"), $epoch);
		$self->{until} = time() + 5 + rand 60;
	}
	nap(0.5);
	my $ended = waitpid($self->{watching}, POSIX::WNOHANG()) == $self->{watching};
	$self->judge_end_of_watch($? >> 8) if $ended;
	return unless $ended || time() > $self->{until} || $epoch != $self->{epoch};
	$self->end_watch(one_of(qw(KILL TERM INT))) unless $ended;
	$self->{watching} = undef;
}

# It ends by itself only where there is no server when it starts.
sub judge_end_of_watch
{
	my ($self, $status) = @_;
	my $said = join '', map { slurp("$self->{dir}/$_") } qw(stdout stderr);

	if ($status == 2 && $said !~ /rows? loaded|waiting for more/) { count('watches without a server') }
	else { problem("azhunt-load --watch ended with status $status\n$said") }
}

sub end_watch
{
	my ($self, $signal) = @_;

	return unless $self->{watching};
	kill $signal, $self->{watching};
	my ($status, undef, $err) = $self->end($self->{watching});
	my $expected = $signal eq 'KILL' ? 128 + 9 : 0;

	$self->{watching} = undef;
	count('watches ended');
	problem("azhunt-load --watch ended with status $status after SIG$signal\n$err") if $status ne $expected;
	$self->judge_messages($err);
}

sub finish
{
	my ($self) = @_;

	$self->end_watch('TERM');
}

# Load all there is, twice: the second time nothing may be left.
sub load_all
{
	my ($self) = @_;
	my @paths = map { "$self->{files}/$_" } qw(offered watched);

	$self->run(0, '--jobs', 2, @paths);
	my $pid = $self->start('-q', @paths);
	my ($status, undef, $err) = $self->end($pid);
	return $status eq '0' && $err eq '' ? '' : "exit status $status\n$err";
}

1;
