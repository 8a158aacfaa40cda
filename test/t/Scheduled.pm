# What the tests of scheduled hunts share: psql sessions that stay open, and
# clusters of their own that can be killed.
package Scheduled;

use strict;
use warnings;

use Time::HiRes qw(sleep time);

use Exporter qw(import);
our @EXPORT = qw(await);

# Wait until a condition is true: its value, or undef after too long.
sub await
{
	my ($condition, $seconds) = @_;
	my $deadline = time() + ($seconds // 60);

	while (1)
	{
		my $value = $condition->();
		return $value if $value;
		return undef if time() > $deadline;
		sleep(0.02);
	}
}

package Scheduled::Session;

use IPC::Open2;

# A psql that takes one query after the other.  Settings are environment
# variables, such as PGDATABASE.
sub new
{
	my ($class, %settings) = @_;
	local %ENV = (%ENV, %settings);
	my $self = bless { marker => 0, waiting => 0 }, $class;

	$self->{pid} = open2($self->{out}, $self->{in},
		'psql --no-psqlrc --quiet --no-align --tuples-only 2>&1');
	$self->{in}->autoflush(1);
	return $self;
}

# Send a query, and do not wait for its answer.
sub send
{
	my ($self, $query) = @_;

	die 'the last answer has not been read' if $self->{waiting};
	$self->{waiting} = 1;
	$self->{marker}++;
	local $SIG{PIPE} = 'IGNORE';
	print { $self->{in} } "$query\n;\n\\echo answered $self->{marker}\n";
}

# The answer to what was sent, errors and notifications included; undef where
# the session ended.
sub answer
{
	my ($self) = @_;
	my $answer = '';

	$self->{waiting} = 0;
	while (defined(my $line = readline $self->{out}))
	{
		if ($line eq "answered $self->{marker}\n")
		{
			chomp $answer;
			return $answer;
		}
		$answer .= $line;
	}
	return undef;
}

sub query
{
	my ($self, $query) = @_;

	$self->send($query);
	return $self->answer // '';
}

# As query(), and die of an error.
sub do
{
	my ($self, $query) = @_;
	my $answer = $self->query($query);

	die "$query\n$answer" if $answer =~ /^(?:ERROR|FATAL|psql: error):/m;
	return $answer;
}

sub close
{
	my ($self) = @_;

	return unless $self->{pid};
	close $self->{in};
	close $self->{out};
	waitpid $self->{pid}, 0;
	$self->{pid} = undef;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $!);

	$self->close;
}

package Scheduled::Cluster;

use File::Temp qw(tempdir);

# Servers must not outlive the test, nor the directory that they are in.
my %running;

END
{
	local $?;
	$_->stop('immediate') for values %running;
}

# Become the user that may run a server, if that is not us, in a directory that
# this user may enter.
sub as_server_user
{
	return $> == 0 ? ('env', '--chdir=/', 'runuser', '-u', 'postgres', '--') : ();
}

sub run
{
	my (@command) = @_;

	system(as_server_user(), @command) == 0 or die "@command failed";
}

# A new cluster that finds the same extensions as the server of the
# environment.  Settings are lines of postgresql.conf.
sub new
{
	my ($class, @settings) = @_;
	my $pg_config = $ENV{PG_CONFIG} // 'pg_config';
	chomp(my $bindir = `$pg_config --bindir`);
	my $dir = tempdir('azhunt.XXXXXX', TMPDIR => 1, CLEANUP => 1);
	my $self = bless { bindir => $bindir, dir => $dir, data => "$dir/data" }, $class;

	if ($> == 0)
	{
		my ($uid, $gid) = (getpwnam 'postgres')[ 2, 3 ];
		chown $uid, $gid, $dir or die "chown $dir: $!";
	}
	run('sh', '-c', "'$bindir/initdb' --pgdata='$self->{data}' --username=postgres --auth=trust"
		  . ' --locale=C.UTF-8 --encoding=UTF8 --no-sync > /dev/null');

	# Debian's PostgreSQL looks for extensions there first
	my $destdir = `psql -XAtc 'SHOW extension_destdir' postgres 2>/dev/null`;
	chomp $destdir;
	my $conf = join "\n", "listen_addresses = ''", "unix_socket_directories = '$dir'", 'fsync = off',
	  'max_prepared_transactions = 10', ($destdir ne '' ? "extension_destdir = '$destdir'" : ()),
	  @settings;
	run('sh', '-c', "printf '%s\\n' \"\$1\" >> '$self->{data}/postgresql.conf'", 'sh', $conf);
	$self->start;
	return $self;
}

sub start
{
	my ($self) = @_;

	run('sh', '-c', "'$self->{bindir}/pg_ctl' --silent --wait --pgdata='$self->{data}'"
		  . " --log='$self->{dir}/log' start > /dev/null");
	$running{ $self->{data} } = $self;
}

sub stop
{
	my ($self, $mode) = @_;

	run("$self->{bindir}/pg_ctl", '--silent', '--wait', "--pgdata=$self->{data}", "--mode=$mode", 'stop');
	delete $running{ $self->{data} };
}

# What psql and others need to find it.
sub environment
{
	my ($self, $database) = @_;

	return (PGHOST => $self->{dir}, PGPORT => 5432, PGUSER => 'postgres',
		PGDATABASE => $database // 'postgres');
}

sub session
{
	my ($self, $database) = @_;

	return Scheduled::Session->new($self->environment($database));
}

sub log
{
	my ($self) = @_;

	open my $file, '<', "$self->{dir}/log" or return '';
	local $/;
	return <$file>;
}

1;
