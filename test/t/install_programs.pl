# make install puts azhunt-load, azhunt-kql and their manual pages where they are
# found.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Find qw(find);
use File::Temp qw(tempdir);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Test::More;
use Utils;

plan skip_all => nothing_is_built() if nothing_is_built();

my $top = abs_path(dirname(abs_path(__FILE__)) . '/../..');
my $root = tempdir('azhunt.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $pg_config = $ENV{PG_CONFIG} // 'pg_config';
chomp(my ($bindir, $mandir) = `$pg_config --bindir --mandir`);
delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};

# Run make in the directory of a program.
sub make
{
	my ($directory, @arguments) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($status, $output) = run('sh', '-c', 'exec make --silent "$@" 2>&1', 'sh', "--directory=$top/src/$directory", "PG_CONFIG=$pg_config", "DESTDIR=$root", @arguments);

	is($status, 0, "make @arguments") or diag($output);
	return $output;
}

# The files below the root, without it.
sub files
{
	my @files;

	find({ no_chdir => 1, wanted => sub { push @files, substr $_, length $root if -f } }, $root);
	return [ sort @files ];
}

# Debian's PostgreSQL has its programs in a directory of their own.
($bindir, $mandir) = ('/usr/local/bin', '/usr/local/share/man')
  if $bindir =~ m{^/usr/(?:lib/postgresql/|pgsql-)};
foreach my $case ([ 'load', 'azhunt-load' ], [ 'kqlc', 'azhunt-kql' ])
{
	my ($directory, $program) = @$case;

	my @defaults = sort "$bindir/$program", "$mandir/man1/$program.1";

	{
		local $ENV{PATH} = "$bindir:$ENV{PATH}";
		is(make($directory, 'install'), '', 'a directory on PATH is not worth a word');
	}
	is_deeply(files(), \@defaults, 'they are where programs and manual pages are looked for');
	my ($status, $version) = run("$root$bindir/$program", '--version');
	like($version, qr/^\Q$program\E .*\d\.\d/, 'the program runs');
	make($directory, 'uninstall');
	is_deeply(files(), [], 'and is gone again');

	my @elsewhere = ('BINDIR=/opt/azhunt/bin', 'MANDIR=/opt/azhunt/man');
	is(make($directory, 'install', @elsewhere), "$program is in /opt/azhunt/bin, which is not on your PATH; BINDIR=DIRECTORY installs it elsewhere\n",
		'another directory is named if it is not on PATH');
	is_deeply(files(), [ "/opt/azhunt/bin/$program", "/opt/azhunt/man/man1/$program.1" ], 'they are in the directories that were asked for');

	SKIP:
	{
		skip 'there is no man', 4 if system('command -v man groff >/dev/null 2>&1') != 0;
		my ($found, $path) = run('man', "--manpath=$root/opt/azhunt/man", '--where', $program);
		is($path, "$root/opt/azhunt/man/man1/$program.1\n", 'man finds the page');
		local @ENV{qw(LC_ALL MANWIDTH)} = ('C.UTF-8', 80);
		my ($shown, $warnings) = run('sh', '-c', 'man --warnings=all --encoding=UTF-8 --local-file --pager=cat "$1" 2>&1 >/dev/null', 'sh', $path =~ s/\n//r);
		is($warnings, '', '... and formats it without a warning');
		is($shown, 0, '... successfully');
		my (undef, $text) = run('man', '--local-file', '--pager=cat', $path =~ s/\n//r);
		like($text, qr/EXIT STATUS/, '... with its sections');
	}

	# The page has each option that the program has.
	my (undef, $help) = run("$root/opt/azhunt/bin/$program", '--help');
	open my $page, '<', "$top/src/$directory/$program.1" or die $!;
	my $source = do { local $/; readline $page } =~ s/\\-/-/gr;
	my @options = $help =~ /(--[a-z][a-z-]+)/g;
	cmp_ok(scalar(@options), '>=', 8, 'the program has options');
	is_deeply([ grep { $source !~ /\Q$_\E(?![a-z-])/ } @options ], [], 'the manual page has all of them');
	make($directory, 'uninstall', @elsewhere, 'PKG_CONFIG=false');
	is_deeply(files(), [], 'and all is gone again, without the libraries that it was built with');
	make($directory, '--dry-run', 'clean', 'PKG_CONFIG=false');
	my ($failed, $why) = run('sh', '-c', 'exec make --silent "$@" 2>&1', 'sh', "--directory=$top/src/$directory", '--dry-run', '--always-make', "PG_CONFIG=$pg_config", 'PKG_CONFIG=false');
	like("$failed: $why", qr/^2: .*\*\*\* \Q$program\E needs /s, 'which are named where it is built');
}

done_testing();
