# Every function with arguments at random, nulls and extremes among them: an answer
# or an error, but no crash; and no internal error of what is for people.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Session;
use Test::More;

my %values = (
	text => [ q(''), q('a'), q('10.0.0.1:443'), q('[::1]:5'), q{'(((('}, q('a|b*'), q('{"a":[1,2]}'), q(repeat('x', 5000)), q(E'\u00e9\u4e00'),
		q('2026-01-01'), q('1.02:03:04'), q('%s{x}'), q('-1'), q('https://x/y?z'), q('10.0.0.0/8') ],
	jsonb => [ q('null'), q('[]'), q('{}'), q('[1, "a", null, [2], {"b": 1}]'), q('{"a": 1, "b": {"c": [1e400]}}'), q('"s"'), q('1.5'), q('true') ],
	'timestamp with time zone' => [ q('infinity'), q('-infinity'), q('4714-11-24 BC'), q('294276-12-31'), q('2026-03-01'), q('0001-01-01') ],
	interval => [ q('0'), q('1 day'), q('-1 day'), q('1 month'), q('178000000 years'), q('1 microsecond') ],
	bigint => [ 0, -1, 5, q('9223372036854775807'), q('-9223372036854775808') ],
	integer => [ 0, -1, 3, 2147483647, q('-2147483648') ],
	smallint => [ 0, 1 ],
	boolean => [ 'true', 'false' ],
	'double precision' => [ 0, q('NaN'), q('Infinity'), q('-Infinity'), '1e300', '-2.5' ],
	numeric => [ 0, q('NaN'), '1e200', '-3.7' ],
	'text[]' => [ q('{}'), q('{a, NULL, b}'), q('{{a, b}, {NULL, d}}') ],
	'bigint[]' => [ q('{}'), q('{1, NULL}') ],
	'jsonb[]' => [ q('{}'), q('{1, NULL}') ],
	'timestamp with time zone[]' => [ q('{}'), q('{infinity, NULL}') ],
	'oid[]' => [ q('{}'), q('{0, 1259}') ],
	'regclass[]' => [ q('{}'), q('{pg_class}') ],
	regclass => [ q('pg_class'), q('0') ],
	regproc => [ q('pg_catalog.now') ],
	oid => [ 0, 1259 ],
	uuid => [ q('00000000-0000-0000-0000-000000000000') ],
	bytea => [ q(''), q('\x00') ],
	date => [ q('infinity'), q('2026-01-01') ],
	name => [ q('x') ],
	inet => [ q('10.0.0.1') ],
	pg_snapshot => [ 'pg_current_snapshot()' ],
);
my @any = ('1', q('a'::text), 'now()', q{ROW (1, 'a')}, q('{1, NULL}'::integer[]), 'NULL::text');

# One argument of a type; undef if there is none.
sub argument
{
	my ($type) = @_;

	return $any[ rand @any ] if $type =~ /^(?:anyelement|"any"|record)$/;
	my $values = $values{$type} // return undef;
	my $number = int rand @$values + 1;
	return ($number < @$values ? $values->[$number] : 'NULL') . "::$type";
}

srand 20261126;
my $database = create_database('azhunt_random_arguments', 'log_tables');
my $session = Session->new(PGDATABASE => $database);
my @functions = map { [ split /\|/, $_, -1 ] } split /\n/, $session->do(<<'END');
SELECT p.oid::regproc, (SELECT string_agg(format_type(t.type, NULL), ';' ORDER BY t.n) FROM unnest(p.proargtypes) WITH ORDINALITY AS t (type, n)),
	starts_with(obj_description(p.oid, 'pg_proc'), 'internal: ')
FROM pg_proc AS p
WHERE p.pronamespace = 'azhunt'::regnamespace AND p.prokind <> 'p' AND p.prorettype NOT IN ('trigger'::regtype, 'internal'::regtype)
  AND 'internal'::regtype <> ALL (p.proargtypes)
ORDER BY p.oid::regprocedure::text
END
my ($calls, @faults) = (0);

# what has no end must be possible to cancel
$session->do("SET client_min_messages = error; SET statement_timeout = '200ms'");
foreach my $function (@functions)
{
	my ($name, $types, $is_internal) = @$function;

	foreach (1 .. ($types eq '' ? 1 : 10))
	{
		my @arguments = map { argument($_) } split /;/, $types;
		last if grep { !defined } @arguments;
		my $call = "$name(" . join(', ', @arguments) . ')';

		$calls++;
		$session->send("BEGIN; SELECT max(length(a.answer::text)) FROM (SELECT $call OFFSET 0) AS a (answer);\n\\if :ERROR\n\\echo :LAST_ERROR_SQLSTATE\n\\endif\nROLLBACK");
		my $answer = $session->answer;
		push @faults, "$call: " . ($answer // 'the session ended') if !defined $answer || $answer =~ /server closed the connection/ || $answer =~ /^XX/m && $is_internal eq 'f';
		last unless defined $answer && $answer !~ /server closed/;
	}
	last if grep { /the session ended|server closed/ } @faults;
}
cmp_ok($calls, '>', 3000, 'there are many calls');
is(join("\n", @faults), '', 'none of them crashes the server, and none that is for people gives an internal error');
$session->close;

done_testing();
