# The library's names: only those that PostgreSQL looks up are seen outside of
# it, and another library's names are not seen inside.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp;
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Test::More;
use Utils;

plan skip_all => nothing_is_built() if nothing_is_built();

my $database = 'azhunt_symbols';
create_database($database);
query($database, 'CREATE EXTENSION azhunt');

# The names that nm prints of the library, with its options
sub names
{
	my ($library, @options) = @_;
	open my $nm, '-|', 'nm', '--format=posix', '--defined-only', @options, $library or die "nm: $!";
	my @names = map { (split / /)[0] } <$nm>;
	close $nm or die "nm $library failed";
	return @names;
}

# Where it is installed: below a directory of the tests, if they have one
my $library = ($ENV{AZHUNT_ROOT} // '') . query($database, q{SELECT setting FROM pg_config() WHERE name = 'PKGLIBDIR'}) . '/azhunt.so';
ok(-f $library, 'the library is found');

my @looked_up = split /\n/, query($database, q{
	SELECT DISTINCT f.prefix || p.prosrc FROM pg_proc AS p
	CROSS JOIN (VALUES (''), ('pg_finfo_')) AS f (prefix)
	WHERE p.probin ~ 'azhunt$'});
cmp_ok(@looked_up, '>', 80, 'functions of the library are looked up');
is_deeply([sort(names($library, '--dynamic'))], [sort('Pg_magic_func', '_PG_init', @looked_up)],
	'the library shows what PostgreSQL looks up, and nothing else');

# Another library, loaded first, with the names of all functions that ours has
# for itself; where it is optimized as a whole, as on Ubuntu, many are not left
my %functions = map { $_ => 1 } grep { /^[a-z]/ && !/^(?:azhunt_|pg_finfo_|frame_dummy|register_tm|deregister_tm)|\./ } names($library);
cmp_ok(keys %functions, '>', 50, 'the library has functions of its own');

my $directory = File::Temp->newdir;
chmod 0755, $directory->dirname;
my $other = "$directory/other";
open my $source, '>', "$other.c" or die "$other.c: $!";
print $source "#include \"postgres.h\"\n#include \"fmgr.h\"\nPG_MODULE_MAGIC;\n",
	map { "extern __attribute__((visibility(\"default\"))) int azhunt_test_$_(void) __asm__(\"$_\");\nint azhunt_test_$_(void) { return 1; }\n" } sort keys %functions;
close $source;
chomp(my $include = `\${PG_CONFIG:-pg_config} --includedir-server`);
is(system($ENV{CC} // 'cc', '-shared', '-fPIC', "-I$include", '-D_GNU_SOURCE', '-o', "$other.so", "$other.c"), 0, 'another library is built');
chmod 0755, "$other.so";

is(query($database, "LOAD '$other.so'; SELECT azhunt.make_set(i) FROM generate_series(1, 5) AS i"),
	'[1, 2, 3, 4, 5]', 'make_set calls its own functions');
is(query($database, "LOAD '$other.so'; SELECT azhunt.make_bag(azhunt.bag_pack('k' || i, i)) FROM generate_series(1, 3) AS i"),
	'{"k1": 1, "k2": 2, "k3": 3}', 'and so do make_bag and bag_pack');
is(query($database, "LOAD '$other.so'; SELECT azhunt.strip_port('[::1]:443'), azhunt.has('a b', 'C'), azhunt.equals('a', 'b'), azhunt.file_name('/a%20b?c')"),
	'::1|f|f|a b', 'and the functions on strings');
is(query($database, "LOAD '$other.so'; SET enable_hashjoin = off; SET enable_nestloop = off; SET enable_mergejoin = off;"
	. " SELECT count(*) FROM generate_series(timestamptz '2026-01-01 00:00Z', '2026-01-01 01:00Z', '1 minute') AS a (t)"
	. " JOIN generate_series(timestamptz '2026-01-01 00:00Z', '2026-01-01 01:00Z', '1 minute') AS b (t) ON azhunt.within(a.t, b.t, interval '1 minute')"),
	'121', 'and the windowed join');

done_testing();
