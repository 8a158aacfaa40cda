# A cluster of a test's own, whose server can be stopped and killed.
package Cluster;

use strict;
use warnings;

use File::Temp qw(tempdir);
use Session;

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

	return Session->new($self->environment($database));
}

sub log
{
	my ($self) = @_;

	open my $file, '<', "$self->{dir}/log" or return '';
	local $/;
	return <$file>;
}

1;
