# The KQL compiler: its limits, its speed, its corpus under sanitizers, SQL that
# runs in hostile surroundings, and the documentation that is made of its table.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp;
use List::Util qw(sum);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use LongHunt;
use Test::More;
use Utils;

my $source = abs_path(dirname(abs_path(__FILE__)) . '/../..');
my $directory = File::Temp->newdir;

SKIP:
{
	skip nothing_is_built(), 3 if nothing_is_built();
	is(system("$source/script/document-kql", '--check'), 0, 'doc/kql.md has the functions of the compiler');

	my ($status, $output) = run('make', '-s', '-C', "$source/src/kqlc", 'check-fuzz');
	is($status, 0, 'the corpus is compiled without a fault') or diag($output);
	like($output, qr/^\d+ inputs replayed/m, 'all of it');
}

# What the program says of a query: its output, and the processor time that it took
sub compile
{
	my ($query) = @_;
	open my $file, '>', "$directory/query.kql" or die "query.kql: $!";
	print $file $query;
	close $file;
	my $before = (times)[2];
	my ($status, $output) = run($ENV{AZHUNT_KQL} // "$source/src/kqlc/azhunt-kql", "$directory/query.kql");
	return ($status, $output, (times)[2] - $before);
}

# a long hunt
my ($compiled, $sql) = compile(long_hunt(500));
is($compiled, 0, 'a hunt of 1,000 lines is compiled') or diag(substr $sql, 0, 500);

# the clock of processor time has too few ticks for one
sub seconds_for_ten
{
	my ($query) = @_;

	return sum(map { (compile($query))[2] } 1 .. 10);
}

my $seconds = seconds_for_ten(long_hunt(500));
cmp_ok($seconds, '<', 8 * (seconds_for_ten(long_hunt(125)) + 0.01), '... in no more than twice the time that so many more lines take');

# bounds
foreach my $case (
	[ 'print x = ' . '(' x 5000 . '1' . ')' x 5000, qr/nested too deeply/, 'brackets' ],
	[ 'print x = ' . '-' x 5000 . '1', qr/nested too deeply/, 'signs' ],
	[ 'print x = dynamic(' . '[' x 5000 . ']' x 5000 . ')', qr/nested too deeply/, 'arrays' ],
	[ 'print x = ' . join('+', 1 .. 5000), qr/nested too deeply/, 'a chain of sums' ],
	[ 'print 1' . ' ' x 1100000, qr/longer than/, 'long text' ],
	[ 'let f = (x:long) { g(x) }; let g = (x:long) { x }; print f(1)', qr/g\(\) is not supported/, 'a function that is defined later' ],
	[ join("\n", 'let f0 = (x:string) { x };', map({ my $n = $_ - 1; "let f$_ = (x:string) { strcat(f$n(x), f$n(x)) };" } 1 .. 30), 'print f30("a")'), qr/too large/, 'functions that double' ],
	[ 'let a0 = SigninLogs; ' . join('', map { my $n = $_ - 1; "let a$_ = union a$n, a$n;" } 1 .. 40) . ' a40 | count', qr/too large/, 'unions that double' ],
	[ 'print ' . join(', ', map { "a$_ = 1" } 1 .. 40000), qr/more than 1600 columns/, 'columns' ],
	[ 'print ' . join(', ', ('a = 1') x 1600), qr/too large/, 'columns that want one name' ],
	[ 'datatable(' . join(', ', map { "a$_: datetime" } 1 .. 1500) . ')[]' . ' | where now() > ago(1h) | extend x = a1 | sort by x asc | take 1' x 2000, qr/too large/, 'operators on many columns' ],
	[ 'union ' . join(', ', ('(print ' . join(', ', map { "a$_ = 1" } 1 .. 200) . ')') x 300), qr/too large/, 'columns of tables of a union' ],
	[ 'let f = (' . join(', ', map { "p$_: int" } 1 .. 20000) . ') { p1 }; print f(' . join(', ', map { "p$_ = 1" } reverse 1 .. 20000) . ')', qr/too large/, 'arguments with names' ],
	[ 'declare query_parameters(' . join(', ', map { "p$_: long = $_" } 1 .. 1001) . '); print p1', qr/no more than 1000 query parameters/, 'query parameters' ],
	[ 'print x = "a" matches regex "' . '(?:' x 200 . ')' x 200 . '"', qr/nested too deeply/, 'groups of a regular expression' ],
	[ 'print x = "a" matches regex "(((a{1000}){1000}){1000})"', qr/too large/, 'repetitions of repetitions' ])
{
	my ($query, $expected, $name) = @$case;
	my ($status, $output) = compile($query);
	is($status, 1, "$name have a bound");
	like(substr($output, -2000), $expected, 'of which the error tells');
}

# what is long, and has no bound of its own
foreach my $case (
	[ 'print 1 | mv' . '-mv' x 300000, 1, 'the name of an operator' ],
	[ 'print a = 1 | project-rename ' . join(', ', map { "b$_ = a" } 1 .. 70000), 0, 'a list of new names' ],
	[ 'print x = ' . join(' has ', ('"a"') x 30), 0, 'a chain of operators on strings' ])
{
	my ($query, $expected, $name) = @$case;
	my ($status, undef, $taken) = compile($query);
	is($status, $expected, "$name is compiled or refused");
	cmp_ok($taken, '<', $seconds, '... before ten hunts of 1,000 lines are');
}

# text with a null character
my ($refused, $why) = compile("print a =\n\@'x\0y'");
is($refused, 1, 'a null character is refused');
like($why, qr/query\.kql:2:4: a query cannot contain character U\+0000$/m, 'at its place');

# text that is not UTF-8
foreach my $case ([ "print a = 1,\n b = \"\xe4\xff\"", '2:7', 'E4' ], [ "print \xc0\xaf", '1:7', 'C0' ], [ "// \xed\xa0\x80\nprint 1", '1:4', 'ED' ],
	[ "print 1 // \xc3\xa9\xf5\x80\x80\x80", '1:13', 'F5' ], [ "print '\xe2\x82", '1:8', 'E2' ])
{
	my ($query, $place, $byte) = @$case;
	my ($status, $output) = compile($query);
	is($status, 1, "byte $byte is refused");
	like($output, qr/query\.kql:$place: byte 0x$byte is not UTF-8 here$/m, 'at its place');
}

# injection, and surroundings in which nothing means what it seems to
my $database = create_database('azhunt_kql_compiler', 'log_tables');
my $hostile = q{CREATE SCHEMA hostile; CREATE FUNCTION hostile.refuse(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'HOSTILE'; END$$;}
  . q{CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.refuse); CREATE DOMAIN hostile.text AS pg_catalog.text CHECK (VALUE IS NULL);}
  . q{CREATE FUNCTION hostile.lower(text) RETURNS text LANGUAGE sql AS $$SELECT 'HOSTILE'$$;};
query($database, $hostile);
my $kql = q{datatable(s:string, n:long)["it's", 1, "back\\\\slash; DROP TABLE x; --", 2, "", 3]}
  . q{ | where s == "it's" or s has "slash" or tolower(s) in ("", "x") | summarize n = sum(n), l = make_list(s) by k = strlen(s) > 5 | sort by n asc};
my $expected = query($database, "SELECT azhunt.kql(\$kql\$$kql\$kql\$)");
foreach my $settings ('search_path = hostile, pg_catalog',
	(has_backslash_strings() ? 'standard_conforming_strings = off; SET escape_string_warning = off' : ()),
	"DateStyle = 'German, DMY'", "IntervalStyle = sql_standard", "TimeZone = 'America/New_York'", 'transform_null_equals = on')
{
	is(query($database, "SET $settings; SELECT azhunt.kql(\$kql\$$kql\$kql\$)"), $expected, "the same with $settings");
}
like(query_error($database, q{SELECT azhunt.kql('["a"; DROP TABLE x; --"] | take 1')}), qr/KQL query has an error/, 'a name cannot leave the query');
like(query_error($database, q{SELECT azhunt.kql('let f = () { let a = f(); a }; f()')}), qr/KQL query has an error/, 'a function that calls itself by a name of its own has an end');
is(query($database, q{CREATE TABLE "Own""Table" ("a""b" text, "Odd Name" integer); INSERT INTO "Own""Table" VALUES ('x', 1);}
	. q{SELECT azhunt.kql('["Own\"Table"] | extend z = ["a\"b"] | where ["Odd Name"] == 1')}), '{"z": "x", "a\"b": "x", "Odd Name": 1}', 'odd names are quoted');

# the caller's rights
query($database, 'DROP ROLE IF EXISTS azhunt_kql_reader');
query($database, 'CREATE ROLE azhunt_kql_reader; GRANT USAGE ON SCHEMA azhunt TO azhunt_kql_reader');
like(query_error($database, q{SET ROLE azhunt_kql_reader; SELECT azhunt.kql('SigninLogs | count')}), qr/permission denied/, 'a query runs with the rights of the caller');
query($database, 'DROP OWNED BY azhunt_kql_reader; DROP ROLE azhunt_kql_reader');

# views
is(query($database, q{SELECT azhunt.create_kql_view('public.failures', 'SigninLogs | summarize n = count() by UserPrincipalName')}), 'failures', 'a view is made');
is(query($database, q{SELECT string_agg(attname || ' ' || atttypid::regtype, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'failures'::regclass}),
	'UserPrincipalName text,n bigint', 'with the columns of the query');

done_testing();
