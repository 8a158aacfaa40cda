# make install puts the documents where PostgreSQL has its own, with what they link
# to; a package has them as they are.
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

my $top = abs_path(dirname(abs_path(__FILE__)) . '/../..');
my $root = tempdir('azhunt.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $pg_config = $ENV{PG_CONFIG} // 'pg_config';
chomp(my $docdir = `$pg_config --docdir`);
delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};

sub make
{
	my (@arguments) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($status, $output) = run('sh', '-c', 'exec make --silent "$@" 2>&1', 'sh', "--directory=$top", "PG_CONFIG=$pg_config", "DESTDIR=$root", @arguments);

	is("$status: $output", '0: ', "make @arguments");
}

# The files below the root, without it.
sub files
{
	my @files;

	find({ no_chdir => 1, wanted => sub { push @files, substr $_, length $root if -f } }, $root);
	return [ sort @files ];
}

sub broken_links
{
	my ($file) = @_;

	return map { "$file: $_" } grep { !-e dirname("$root$file") . "/$_" } map { s/#.*//r }
	  grep { !/^(?:https?:|#)/ } slurp("$root$file") =~ /\]\(([^()\s]+)\)/g;
}

make('install-documents');
my @documents = @{ files() };
my %has = map { $_ => 1 } @documents;
is_deeply([ grep { !$has{"$docdir/azhunt/$_"} } 'README.md', map { s{^\Q$top\E/}{}r } glob "$top/doc/*.md" ], [], 'the documents are there');
my @links = map { slurp("$root$_") =~ /\]\((?!https?:|#)/g } grep { /\.md$/ } @documents;
cmp_ok(scalar(@links), '>', 50, 'they have links');
is_deeply([ map { broken_links($_) } grep { /\.md$/ } @documents ], [], 'which lead to what is installed');
make('uninstall-documents');
is_deeply(files(), [], 'all is gone again');

ok(!-e "$root$docdir/azhunt", 'with their directories');

{
	my $umask = umask 077;
	make('install-documents', 'documentdir=/opt/azhunt');
	umask $umask;
}
is_deeply([ grep { !m{^/opt/azhunt/} } @{ files() } ], [], 'they go into another directory');
my @closed;
find({ no_chdir => 1, wanted => sub { push @closed, $_ if ((stat)[2] & 0555) != (-d _ ? 0555 : 0444) } }, "$root/opt");
is_deeply(\@closed, [], 'where everybody can read them, whatever the umask');

spew("$root/opt/azhunt/$_", "ours\n") foreach 'notes', 'doc/notes';
make('uninstall-documents', 'documentdir=/opt/azhunt');
is_deeply(files(), [ '/opt/azhunt/doc/notes', '/opt/azhunt/notes' ], 'files of others in that directory stay');

# Programs and documents would go to several places.
foreach my $directory (qw(DESTDIR BINDIR MANDIR documentdir))
{
	my ($status, $output) = run('sh', '-c', 'exec make --silent "$@" 2>&1', 'sh', "--directory=$top", "PG_CONFIG=$pg_config", '--dry-run', 'install-documents', "$directory=a b");
	like("$status: $output", qr/^2: Makefile:\d+: \*\*\* $directory has to be an absolute path\.  Stop\.$/m, "$directory is no relative path");
}

# In Debian's package, the names of two documents are Debian's own.
SKIP:
{
	my ($version) = `$pg_config --version` =~ /(\d+)/;
	my $packaged = "/usr/share/doc/postgresql-$version-azhunt";
	skip 'azhunt is not installed from a package', 2 unless $ENV{AZHUNT_INSTALLED} && -e "$packaged/changelog.Debian.gz";
	$root = '';
	is_deeply([ grep { !-f "$packaged/$_" || slurp("$packaged/$_") ne slurp("$top/$_") } grep { !/^(?:CHANGELOG\.md|LICENSE)$/ }
			map { s{^\Q$docdir\E/azhunt/}{}r } @documents ], [], 'the package has them, as they are');
	is_deeply([ map { broken_links("$packaged/$_") } grep { /\.md$/ && -f "$packaged/$_" } map { s{^\Q$docdir\E/azhunt/}{}r } @documents ],
		[], 'with what they link to');
}

done_testing();
