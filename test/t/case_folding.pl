# =~, its hashes, has(), tolower() and toupper() on every character there is,
# against Perl's own knowledge of Unicode, in a database whose locale knows ASCII alone.
use strict;
use warnings;
no warnings 'utf8';
use feature 'unicode_strings';

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp;
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Test::More;
use Unicode::UCD qw(casefold charinfo);

$ENV{PGCLIENTENCODING} = 'UTF8';

my $source = abs_path(dirname(abs_path(__FILE__)) . '/../..');
my $table = do { local (@ARGV, $/) = "$source/src/kql/unicode_table.h"; <> };
my ($version) = $table =~ /of Unicode (\d+\.\d+)\./;
ok($version, 'the tables say which Unicode they are of');

my $perls_version = Unicode::UCD::UnicodeVersion();
my $other_unicode = $perls_version =~ /^\Q$version\E\./ ? '' : "Perl has Unicode $perls_version, not $version";

SKIP:
{
	skip $other_unicode, 1 if $other_unicode;
	is(scalar `"$source/script/make-case-folding"`, $table, 'the tables are what script/make-case-folding makes');
}

my $database = 'azhunt_case_folding';
create_database($database);
query('postgres', "DROP DATABASE $database");
query('postgres', "CREATE DATABASE $database TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'");
query($database, 'CREATE EXTENSION azhunt');

# The simple folding of each character, its other cases, and whether it is a letter or a digit,
# of those that the tables can know.
my $characters = File::Temp->new;
chmod 0644, $characters->filename;
for my $code_point (1 .. 0xD7FF, 0xE000 .. 0x10FFFF)
{
	next if chr($code_point) !~ /\p{Present_In: $version}/;
	# three that are folded since Unicode 15.1
	next if $other_unicode && grep { $_ == $code_point } 0x1FD3, 0x1FE3, 0xFB05;
	my $folding = casefold($code_point);
	my $folded = $folding && $folding->{simple} ne '' ? hex $folding->{simple} : $code_point;
	# which takes long, and few characters have cases
	my $info = lc chr($code_point) ne uc chr($code_point) ? charinfo($code_point) : undef;
	# a later Unicode may give an old character a new one as its other case
	my ($lower, $upper) = map { $_ ne '' && chr(hex $_) =~ /\p{Present_In: $version}/ ? hex $_ : $code_point }
		map { $info ? $info->{$_} : '' } qw(lower upper);
	# the dotted I, the dotless i and the long s have none
	($lower, $upper) = ($code_point, $code_point) if grep { $_ == $code_point } 0x130, 0x131, 0x17F;
	print $characters join("\t", $code_point, $folded, $lower, $upper,
		chr($code_point) =~ /\p{Alphabetic}|\p{Nd}/ ? 't' : 'f'), "\n";
}
close $characters;

query($database, 'CREATE TABLE characters (code_point integer, folded integer, lower integer, upper integer, alphanumeric boolean);'
	. 'CREATE FUNCTION longer(c integer, n integer) RETURNS text LANGUAGE sql IMMUTABLE'
	. q{ RETURN repeat('x', n) || chr(c) || repeat('Y', 3)});
is(system('psql', '-Xqd', $database, '-c', "\\copy characters FROM '$characters'"), 0, 'characters are copied');

cmp_ok(query($database, 'SELECT count(*) FROM characters WHERE code_point <> folded'), '>', 1400, 'many characters are folded');
cmp_ok(query($database, 'SELECT count(*) FROM characters WHERE alphanumeric'), '>', 130000, 'many are letters or digits');

# Characters for which something is not so, in hexadecimal
sub exceptions
{
	my ($condition, $name) = @_;
	is(query($database, 'SET search_path TO public, azhunt; SELECT to_hex(code_point) FROM characters'
		. " WHERE ($condition) IS NOT TRUE ORDER BY code_point LIMIT 10"), '', $name);
}

exceptions('chr(code_point) =~ chr(folded) AND chr(folded) =~ chr(code_point) AND compare(chr(code_point), chr(folded)) = 0',
	'each character equals what it is folded to');
exceptions('hash(chr(code_point)) = hash(chr(folded)) AND hash_extended(chr(code_point), 7) = hash_extended(chr(folded), 7)',
	'and has its hash');
exceptions('(SELECT bool_and(longer(code_point, n) =~ lower(longer(folded, n)) AND hash(longer(code_point, n)) = hash(lower(longer(folded, n))))'
	. ' FROM generate_series(4, 9) AS n)', 'also inside others');
exceptions("has('. ' || chr(code_point) || ' .', chr(folded)) AND has(chr(folded), chr(code_point))", 'has() finds each for the other');

exceptions("tolower(chr(code_point)) = chr(lower) AND toupper(chr(code_point)) = chr(upper)", 'tolower() and toupper() change the case of each');
exceptions("tolower(longer(code_point, 2)) = 'xx' || chr(lower) || 'yyy' AND toupper(longer(code_point, 2)) = 'XX' || chr(upper) || 'YYY'", 'also between others');

# how a character is folded hardly ever changes, whether it is a letter may
SKIP:
{
	skip $other_unicode, 1 if $other_unicode;
	exceptions("has('term' || chr(code_point), 'TERM') <> alphanumeric AND has(chr(code_point) || 'term', 'TERM') <> alphanumeric",
		'letters and digits are parts of a term, others are not');
}

# folded characters that are one, and no others, are neighbours in the order
is(query($database, q{
	SET search_path TO public, azhunt;
	SELECT count(*) FROM
		(SELECT chr(code_point) =~ lag(chr(code_point)) OVER w AS is_equal, folded = lag(folded) OVER w AS same,
			folded < lag(folded) OVER w AS wrong
		FROM characters WINDOW w AS (ORDER BY chr(code_point) USING <~)) AS sorted
	WHERE is_equal <> same OR wrong}), '0', 'the order is that of folded code points');
is(query($database, q{
	SET search_path TO public, azhunt;
	SELECT count(DISTINCT hash_extended(chr(code_point), 1)) = count(DISTINCT folded) FROM characters}), 't',
	'characters that are not equal have other hashes');

done_testing();
