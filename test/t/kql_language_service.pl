# The names and types of KQL, against Microsoft's own parser and binder, npm's
# @kusto/language-service-next, over all queries of test/kql: it accepts what is
# compiled, with the same columns, and refuses what is refused for another reason
# than that azhunt lacks it.
use strict;
use warnings;

use Cwd qw(abs_path);
use Encode qw(decode_utf8 encode_utf8);
use File::Basename qw(basename dirname);
use IPC::Open2;
use JSON::PP;
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Npm;
use Test::More;
use Utils;

my $top = abs_path(dirname(abs_path(__FILE__)) . '/../..');
my $directory = "$top/test/kql/language-service";

# What it says otherwise than Kusto's engine, or is no question of names and types.
my %differs = (
	'print a = array_length(dynamic([1,2])), b = array_length(dynamic([])), c = array_length(dynamic({})), d = array_length(dynamic(null))' => 'the engine gives null for what is no array',
	'union (print a = 1 | as Yonder), Yonder' => 'it knows a name in all operands of a union',
	'let x = 5;' => 'it takes a query without a result',
	'print x = extract("(", 0, "a")' => 'it does not read regular expressions',
	'print "a" matches regex "(éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé"' => 'nor this one',
	'print a = 1 | extend [""] = 2' => 'it takes a column without a name',
	'declare query_parameters(x:long); print x' => 'it knows of no values',
	'print 1; print 2' => 'it takes several results',
	'print x = dynamic([guid(1-2)]), y = datetime(2020-13-01), z = long(abc)' => 'it does not read what is in literals',
	'datatable(s:string, n:long)["0", 0] | where s == n' => 'what this means is not documented',
	'cluster("a").database("b").T | take 1' => 'it knows nothing of other clusters, and says nothing',
	'datatable(x:long)[long(null)] | summarize sum(x), avg(x), min(x), count(x), make_list(x), stdev(x)' => 'the engine takes count(x)',
	'datatable(s:string, v:string)["a=1", "old"] | parse s with "a=" v' => 'the engine replaces a column that is there',
	'datatable(s:string, n:long)["a b", 10, "c", 20] | search s:"b" and not("c")' => 'the documentation has not("...") in search',
	'datatable(a:long, b:string, c:dynamic)[] | getschema' => 'the engine has int',
	'print y = dynamic([1, 3, 5, 7]) | extend f = series_fit_line_dynamic(y) | project toint(f.slope), r = series_fit_line(y)' => 'one name takes the first of several values',
	'print a = strcmp("a", "b"), b = strcmp("b", "a"), c = strcmp("a", "a"), d = "b" > "a", e = "B" > "a"' => 'the engine compares strings',
	'union kind = inner (print x = 1, y = 2), (print y = 3, z = 4) | sort by y asc' => 'the documentation has only the columns of both',
	'let A1 = print x = 1; let A2 = print x = 2; union A* | summarize sum(x)' => 'it looks for patterns among tables alone',
	'print a = 1 | project-away a | getschema' => 'here, too',
	'print a = countof("a", "(", "regex"), b = indexof_regex("a", "(")' => 'it does not read regular expressions',
	'print decimal(1e400)' => 'nor how large a number is',
	'print a = dynamic([-0x10])' => 'it takes hexadecimal digits behind a minus, but not without one',
	'print a = 1 | project-away *' => 'it takes a table without columns',
	'print a = 1 | sort by a | serialize n = row_number() | project-away *' => 'here, too',
	'print a = 1 | where a in (print b = 1 | project-away *)' => 'and here',
	'print a = "\uD800\u0041"' => 'it takes half a character',
	'print a = "\uD800\uD800"' => 'two first halves, too',
	'print a = "\uDC00"' => 'and a second half',
	'print a = getyear(datetime(2020-02-03)), b = monthofyear(datetime(2020-02-03)), c = hourofday(datetime(2020-02-03 17:00)), d = datetime_part("minute", datetime(2020-02-03 17:23)), e = datetime_part("quarter", datetime(2020-05-03))' => 'the engine has long',
	'print a = datetime_diff("year", datetime(2020-01-01), datetime(2019-12-31)), b = datetime_diff("day", datetime(2020-01-01 23:00), datetime(2020-01-02 01:00)), c = datetime_diff("hour", datetime(2020-01-01 10:59), datetime(2020-01-01 09:00)), d = datetime_diff("week", datetime(2020-01-12), datetime(2020-01-04))' => 'the engine has real for weeks',
);

#
# packages: once for each lock file, as for the dashboards
#
my $lock = decode_json(slurp("$directory/package-lock.json"));
is_deeply([ grep { exists $lock->{packages}{$_}{resolved} } keys %{ $lock->{packages} } ], [], 'the lock file names no registry');
is_deeply([ grep { $_ ne '' && ($lock->{packages}{$_}{integrity} // '') !~ /^sha512-/ } keys %{ $lock->{packages} } ], [], 'and has a hash of each package');
my $problem = install_packages($directory);
if (defined $problem)
{
	fail('npm ci installs the packages (Debian: nodejs, npm)') if $ENV{CI};
	diag $problem;
	SKIP: { skip('npm cannot install Microsoft\'s language service', 1) unless $ENV{CI}; }
	done_testing();
	exit;
}

# The cases of a file: a query, and its columns or its error
sub cases
{
	my ($path) = @_;

	return map { [ /^query\n(.*?)\n----\n(.*?)(?:\n|\z)/s ? ($1, $2) : die "$path: $_" ] }
	  split /\n\n(?=query\n)/, slurp($path);
}

my $database = create_database('azhunt_kql_language_service', 'log_tables');
my %tables;
foreach my $name (map { basename($_, '.txt') } glob "$top/src/logs/tables/[A-Z]*.txt")
{
	$tables{$name} = [ map { [ split /\|/ ] } split /\n/, query($database, qq{SELECT "column", type FROM azhunt.kql_columns('$name')}) ];
}

my @cases;
foreach my $path (sort glob "$top/test/kql/*.slt")
{
	push @cases, map { { name => basename($path, '.slt') . ": $_->[0]", query => $_->[0], answer => $_->[1] } } cases($path);
}

# all are asked at once
my $pid = open2(my $out, my $in, 'node', "$directory/analyze.js");
binmode $_ foreach $out, $in;
print $in encode_json({ tables => \%tables, queries => [ map { decode_utf8($_->{query}) } @cases ] });
close $in;
my @analyzed = map { decode_json($_) } readline $out;
waitpid $pid, 0;
is($?, 0, 'the language service runs');
is(scalar @analyzed, scalar @cases, 'and has looked at all queries');

# Errors of azhunt alone: what it lacks, its bounds, and what it has of its own; and
# those of values, of the order of rows and of characters nobody sees, for which
# only the engine looks
my $values = qr/ cannot be -?\d+(?:\n|\z)|between 0 and 100|that is known when|greater than zero|needs rows in an order|character U\+200B/;
my $own = qr/$values| is not supported| not supported | too (?:large|deeply|long)|longer than|has to be known when|no table here|shorter than|takes one address|cannot be joined|below a microsecond|no more than/;
my %found;
foreach my $i (0 .. $#cases)
{
	my ($case, $theirs) = ($cases[$i], $analyzed[$i]);
	my $is_refused = $case->{answer} =~ /^error /;

	next if $is_refused && $case->{answer} =~ $own;
	if (exists $differs{ $case->{query} })
	{
		$found{ $case->{query} } = 1;
		next;
	}
	if ($is_refused)
	{
		cmp_ok(scalar @{ $theirs->{errors} }, '>', 0, "$case->{name} is refused");
		next;
	}
	is(join('; ', @{ $theirs->{errors} }), '', "$case->{name} is accepted");
	is(encode_utf8(join ', ', @{ $theirs->{columns} }), $case->{answer}, '... with the same columns');
}
is_deeply([ sort keys %found ], [ sort keys %differs ], 'what differs is a case');

done_testing();
