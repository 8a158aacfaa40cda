# A throw-away cluster, whose server can be stopped and killed.  It listens on a
# Unix socket only, never runs as root, and goes, with its directory, when the
# process that made it ends, whatever ends it.
package Cluster;

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use POSIX ();
use Session;

my $guard = dirname(abs_path(__FILE__)) . '/guard-server';
my %guarded;

END
{
	local $?;
	foreach my $cluster (values %guarded)
	{
		next unless $cluster->{owner} == $$;
		# the log goes with the directory
		print STDERR map { "# $cluster->{dir}/log: $_\n" } crashes($cluster->log);
		$cluster->remove;
	}
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

# Run a program of the server's that says nothing which matters.
sub run_quietly
{
	my ($program, @options) = @_;

	run('sh', '-c', 'exec "$@" > /dev/null', 'sh', $program, @options);
}

# A new cluster that finds azhunt where this process does.  Settings are lines of
# postgresql.conf.  Under make test it is a copy of one that is there already, with
# the same system identifier.
sub new
{
	my ($class, @settings) = @_;
	my $self = $class->directory;

	if (defined $ENV{AZHUNT_TEMPLATE_CLUSTER})
	{
		copy($ENV{AZHUNT_TEMPLATE_CLUSTER}, $self->{data});
	}
	else
	{
		$self->initdb;
	}
	return $self->configure(@settings);
}

# Copy the data of a server that is stopped.
sub copy
{
	my ($from, $to) = @_;

	run('cp', '--archive', $from, $to);
}

# As new(), with a system identifier of its own.
sub new_system
{
	my ($class, @settings) = @_;
	my $self = $class->directory;

	$self->initdb;
	return $self->configure(@settings);
}

# A standby of a cluster that runs, which it follows.
sub standby
{
	my ($class, $primary, @settings) = @_;
	my $self = $class->directory;
	my %from = $primary->environment;

	run_quietly("$self->{bindir}/pg_basebackup", "--pgdata=$self->{data}", '--checkpoint=fast', '--no-sync',
		'--write-recovery-conf', "--dbname=host=$from{PGHOST} port=$from{PGPORT} user=$from{PGUSER}");
	return $self->configure(@settings);
}

# The cluster in a directory, which another process has made.
sub existing
{
	my ($class, $dir, $bindir) = @_;

	return bless { bindir => $bindir // bindir(), dir => $dir, data => "$dir/data" }, $class;
}

sub bindir
{
	my $pg_config = $ENV{PG_CONFIG} // 'pg_config';

	chomp(my $bindir = do { no warnings 'exec'; `$pg_config --bindir` } // '');
	die "$pg_config not found: install PostgreSQL's server development files, or say where it is with PG_CONFIG=/path/to/pg_config\n"
	  if $bindir eq '';
	return $bindir;
}

# The directory of a cluster, and the process that will remove it.
sub directory
{
	my ($class) = @_;
	# before there is anything to be removed
	my $bindir = bindir();
	my $dir = tempdir('azhunt.XXXXXX', TMPDIR => 1);
	my $self = $class->existing($dir, $bindir);

	if ($> == 0)
	{
		my ($uid, $gid) = (getpwnam 'postgres')[ 2, 3 ];
		chown $uid, $gid, $dir or die "chown $dir: $!";
	}
	$self->start_guard;
	return $self;
}

# The guard notices that we have ended by the end of its input, which nobody else
# has open.  In a session of its own, it outlives what is sent to all of us.
sub start_guard
{
	my ($self) = @_;

	pipe(my $input, my $output) or die "pipe: $!";
	$self->{guard} = fork() // die "fork: $!";
	if ($self->{guard} == 0)
	{
		POSIX::setsid();
		POSIX::dup2(fileno $input, 0);
		open STDOUT, '>', '/dev/null';
		exec $guard, $self->{dir}, as_server_user(), "$self->{bindir}/pg_ctl", '--silent', "--pgdata=$self->{data}"
		  or POSIX::_exit(1);
	}
	@$self{qw(owner guard_input)} = ($$, $output);
	$guarded{ $self->{dir} } = $self;
}

# Leave the clusters to the process that forked this one: it alone keeps them.
sub forget_all
{
	CORE::close $_->{guard_input} foreach values %guarded;
	%guarded = ();
}

# Stop the server, if it runs, and remove all of the cluster.
sub remove
{
	my ($self) = @_;
	local $SIG{PIPE} = 'IGNORE';

	# forked processes may have the pipe open as well
	syswrite $self->{guard_input}, "end\n";
	CORE::close $self->{guard_input};
	waitpid $self->{guard}, 0;
	delete $guarded{ $self->{dir} };
}

# Small segments of WAL, because much of what a cluster costs is to copy it.
sub initdb
{
	my ($self, @options) = @_;

	run_quietly("$self->{bindir}/initdb", "--pgdata=$self->{data}", '--username=postgres', '--auth=trust',
		'--locale=C.UTF-8', '--encoding=UTF8', '--no-sync', '--wal-segsize=1', @options);
}

# The settings of all clusters, and those of this one.  What is on the disk has to
# survive the server's end but not the machine's.  Nothing is vacuumed or analyzed
# in between, so that plans do not depend on when; and nothing is compiled, which
# takes longer than most queries here.
sub configure
{
	my ($self, @settings) = @_;
	my @lines = ("listen_addresses = ''", "unix_socket_directories = '$self->{dir}'", 'unix_socket_permissions = 0700', 'fsync = off',
		'full_page_writes = off', 'max_wal_size = 1GB', 'checkpoint_timeout = 1h', 'autovacuum = off', 'jit = off',
		"timezone = 'UTC'", "log_timezone = 'UTC'", q(log_line_prefix = '%m [%p] %d %a '),
		'max_prepared_transactions = 10', $self->paths, @settings);

	run('sh', '-c', q(printf '%s\n' "$2" >> "$1/postgresql.conf"), 'sh', $self->{data}, join("\n", @lines));
	$self->start;
	return $self;
}

# Where azhunt was installed below a directory of its own, the settings that let
# the server find it: Debian's PostgreSQL has one for that, PostgreSQL 18 has two.
sub paths
{
	my ($self) = @_;
	my $root = $ENV{AZHUNT_ROOT} // return ();
	my $pg_config = $ENV{PG_CONFIG} // 'pg_config';

	return "extension_destdir = '$root'"
	  if `'$self->{bindir}/postgres' --describe-config` =~ /^extension_destdir\t/m;
	chomp(my ($sharedir, $pkglibdir) = `$pg_config --sharedir --pkglibdir`);
	return ("extension_control_path = '$root$sharedir:\$system'", "dynamic_library_path = '$root$pkglibdir:\$libdir'");
}

sub start
{
	my ($self) = @_;

	run_quietly("$self->{bindir}/pg_ctl", '--silent', '--wait', "--pgdata=$self->{data}", "--log=$self->{dir}/log", 'start');
}

sub stop
{
	my ($self, $mode) = @_;

	run("$self->{bindir}/pg_ctl", '--silent', '--wait', "--pgdata=$self->{data}", "--mode=$mode", 'stop');
}

# Make a standby a server of its own.
sub promote
{
	my ($self) = @_;

	run("$self->{bindir}/pg_ctl", '--silent', '--wait', "--pgdata=$self->{data}", 'promote');
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

	return Session->new($self->environment($database));
}

sub log
{
	my ($self) = @_;

	open my $file, '<', "$self->{dir}/log" or return '';
	local $/;
	return <$file> // '';
}

# The lines of a server's log that no test may cause.
sub crashes
{
	my ($log) = @_;

	return $log =~ /^(.*(?:TRAP: |PANIC: |was terminated by signal).*)$/mg;
}

1;
