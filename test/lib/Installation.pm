# azhunt, built from this tree and installed where a cluster finds it.
package Installation;

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);

my $top = abs_path(dirname(abs_path(__FILE__)) . '/../..');

# Build and install, and set the environment of all that is to use it, which
# nothing of the caller's does any more.  Debian's PostgreSQL gets azhunt from a
# directory below the one that is given, any other has it installed into it, and
# has to be one's own: its directories are outside of /usr, and writable.  Within
# an environment that this made, AZHUNT_INSTALLED says that there is no need.
sub install
{
	my ($directory) = @_;

	forget_servers();
	return if $ENV{AZHUNT_INSTALLED};
	$ENV{PG_CONFIG} //= 'pg_config';
	chomp(my ($bindir, @targets) = `$ENV{PG_CONFIG} --bindir --pkglibdir --sharedir`);
	die "$ENV{PG_CONFIG} --bindir failed\n" unless defined $bindir;

	make('all', $ENV{CC} ? "CC=$ENV{CC}" : (), $ENV{COPT} ? "COPT=$ENV{COPT}" : ());
	delete $ENV{AZHUNT_ROOT};
	if ($bindir =~ m{^/usr/lib/postgresql/})
	{
		$ENV{AZHUNT_ROOT} = "$directory/root";
		make('install', "DESTDIR=$ENV{AZHUNT_ROOT}", "BINDIR=$bindir");
		$ENV{PATH} = "$ENV{AZHUNT_ROOT}$bindir:$bindir:$ENV{PATH}";
	}
	else
	{
		check_is_own($_) foreach $bindir, @targets;
		make('install', "BINDIR=$bindir");
		$ENV{PATH} = "$bindir:$ENV{PATH}";
	}
	$ENV{AZHUNT_LOAD} //= ($ENV{AZHUNT_ROOT} // '') . "$bindir/azhunt-load";
	$ENV{AZHUNT_KQL} //= ($ENV{AZHUNT_ROOT} // '') . "$bindir/azhunt-kql";
	# what is left here by who is killed goes with the directory
	make_path("$directory/tmp");
	chmod 01777, "$directory/tmp";
	$ENV{TMPDIR} = "$directory/tmp";
}

# libpq's and psql's settings of the caller, which are meant for other servers.
sub forget_servers
{
	delete @ENV{ grep { /^PG(?!_CONFIG$)/ || /^PSQL/ } keys %ENV };
}

# Run make without output, unless it fails.
sub make
{
	my (@arguments) = @_;
	open my $make, '-|', 'sh', '-c', 'exec make --silent --directory="$0" "$@" 2>&1', $top, "PG_CONFIG=$ENV{PG_CONFIG}", @arguments
	  or die "make: $!\n";
	my $output = do { local $/; readline $make } // '';

	close $make or die "${output}make @arguments failed\n";
}

sub check_is_own
{
	my ($directory) = @_;
	my $path = abs_path($directory) // die "there is no $directory\n";

	die "script/with-cluster will not install into $path\n" if $path =~ m{^/usr(?:/|$)};
	die "script/with-cluster cannot write to $path\n" unless -w $path;
}

1;
