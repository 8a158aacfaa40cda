# The functions and aggregates in databases of other encodings than UTF-8, and
# of a collation that does not order by bytes.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Test::More;

$ENV{PGCLIENTENCODING} = 'UTF8';

# An empty database with the extension, of a certain kind.
sub create_database_of_kind
{
	my ($name, $kind) = @_;

	create_database($name);
	query('postgres', "DROP DATABASE $name");
	query('postgres', "CREATE DATABASE $name TEMPLATE template0 $kind");
	query($name, 'CREATE EXTENSION azhunt');
	return $name;
}

# All conditions that are to be true; "u" stands for a letter past ASCII.
sub all_true
{
	my ($database, $name, $u, %conditions) = @_;

	foreach my $condition (sort keys %conditions)
	{
		is(query($database, "SET search_path TO public, azhunt; SELECT $conditions{$condition} FROM (SELECT $u) AS v (u)"),
			't', "$name: $condition");
	}
}

my %everywhere = (
	'tolower and toupper change what stands around it' => q{tolower('AB' || u || 'C') = 'ab' || tolower(u) || 'c' AND toupper('ab' || u || 'c') = 'AB' || toupper(u) || 'C'},
	'strip_port cuts after a letter' => q{strip_port(u || ':443') = u},
	'blob_name takes no such letter' => q{blob_name('/a' || u || 'b.txt?') = '' AND blob_name('/' || u || '/b.txt?') = 'b.txt'},
	'file_name keeps letters and decodes ASCII' => q{file_name('/' || u || '%2F' || u || '%41%20' || u) = u || 'A ' || u},
	'has finds a letter' => q{has(u, u) AND has('x ' || u || ' x', u) AND has('x-' || u || 'term', u || 'TERM')},
	'=~ folds what stands around it' => q{('A' || u || 'b') =~ ('a' || u || 'B') AND hash('A' || u) = hash('a' || u)},
	'make_set keeps letters' => q{(SELECT make_set(x) ->> 1 = u FROM unnest(ARRAY[u, 'a', u]) AS x)},
	'make_bag keeps them in keys' => q{(SELECT make_bag(bag_pack(x, x)) = jsonb_build_object(u, u) FROM unnest(ARRAY[u]) AS x)});

my %letters_are_letters = (
	'has takes a letter for a part of a term' => q{NOT has('x' || u || 'term' || u, 'TERM') AND NOT has('x' || u, u)});

my %letters_are_separators = (
	'has takes a letter for a separator' => q{has('x' || u || 'term' || u, 'TERM') AND has('x' || u, u)});

my %escapes_of_ascii_alone = (
	'escapes past ASCII stay, as they spell UTF-8' => q{file_name('/Z%C3%BCrich%20%FF.txt') = 'Z%C3%BCrich %FF.txt'});

# letters past ASCII are one byte here, which is their code point
my $latin1 = create_database_of_kind('azhunt_latin1', q{ENCODING 'LATIN1' LOCALE 'C'});
all_true($latin1, 'LATIN1', 'chr(252)', %everywhere, %letters_are_letters, %escapes_of_ascii_alone,
	'=~ folds all letters' => q{(SELECT bool_and(repeat(chr(225), n) =~ repeat(chr(193), n) AND hash(repeat(chr(225), n)) = hash(repeat(chr(193), n)))
		FROM generate_series(1, 20) AS n)},
	'and signs are no letters' => q{chr(215) !=~ chr(247) AND chr(223) !=~ chr(255) AND chr(181) =~ chr(181)},
	'tolower and toupper change letters' => q{tolower('X' || chr(193)) = 'x' || chr(225) AND toupper(chr(225)) = chr(193)},
	'but those whose other case it has not' => q{toupper(chr(255) || chr(181) || 'x') = chr(255) || chr(181) || 'X'},
	'in the order of letters' => q{chr(193) <~ chr(226) AND chr(225) <~ chr(194) AND chr(193) >~ 'z'},
	'has ignores the case of all letters' => q{has('x ' || chr(193) || 'b', chr(225) || 'B')});

# two bytes of a character, both past ASCII
my $euc_jp = create_database_of_kind('azhunt_euc_jp', q{ENCODING 'EUC_JP' LOCALE 'C'});
all_true($euc_jp, 'EUC_JP', q{convert_from('\xe6bca2', 'UTF8')}, %everywhere, %letters_are_separators, %escapes_of_ascii_alone,
	'tolower and toupper change letters' => q{tolower(convert_from('\xa3c1', 'EUC_JP')) = convert_from('\xa3e1', 'EUC_JP')
		AND toupper(convert_from('\xa7d1', 'EUC_JP')) = convert_from('\xa7a1', 'EUC_JP')},
	'has finds whole characters alone' => q{NOT has(convert_from('\xa4a2a4a4', 'EUC_JP'), convert_from('\xa2a4', 'EUC_JP'))},
	'nor do they need a character to be one of Unicode' => q{(SELECT split('a,b' || c, ',') = jsonb_build_array('a', 'b' || c) AND replace_any('a' || c, '{a}', '{x}') = 'x' || c
		FROM convert_from('\xfcfe', 'EUC_JP') AS c)},
	'split and replace_strings neither find other ones' => q{
		(SELECT split(s, d) = jsonb_build_array(s) AND split(s, d, 0) = jsonb_build_array(s) AND replace_any(s, ARRAY[d], '{x}') = s
			AND split(s || d || s, d) = jsonb_build_array(s, s) AND replace_any(s || d, ARRAY[d], ARRAY[s]) = s || s
		FROM (VALUES (convert_from('\xa1a4a2a1', 'EUC_JP'), convert_from('\xa4a2', 'EUC_JP'))) AS v (s, d))});

# a byte that is no character of any encoding
my $sql_ascii = create_database_of_kind('azhunt_sql_ascii', q{ENCODING 'SQL_ASCII' LOCALE 'C'});
all_true($sql_ascii, 'SQL_ASCII', q{convert_from('\xff', 'SQL_ASCII')}, %everywhere, %letters_are_separators, %escapes_of_ascii_alone,
	'bytes that are no UTF-8 stay as they are' => q{
		(SELECT bool_and(tolower(s || 'A') = s || 'a' AND toupper(s || 'a') = s || 'A' AND replace_regex(s || 'a', 'a', '\\0' || s) = s || 'a' || s
			AND extract_all('(.+)', s) = jsonb_build_array(s) AND split(s || ',' || s, ',') = jsonb_build_array(s, s)
			AND replace_any(s || 'a', ARRAY[s], ARRAY['b' || s]) = 'b' || s || 'a')
		FROM (SELECT convert_from(decode(b, 'hex'), 'SQL_ASCII') FROM unnest('{ff,e041,c341,c3,f09f98,80,edb280,c328a1,f4908080}'::text[]) AS b) AS v (s)
		WHERE s !~ 'A')},
	'nor do they swallow what follows' => q{tolower(convert_from('\xe04142', 'SQL_ASCII')) = convert_from('\xe06162', 'SQL_ASCII')
		AND tolower(convert_from('\xc341', 'SQL_ASCII')) = convert_from('\xc361', 'SQL_ASCII')},
	'and are found' => q{contains(u || 'a', 'A') AND startswith(u || 'ab', u || 'A') AND endswith('a' || u, u) AND has_cs('a ' || u || ' b', 'b')
		AND hasprefix('x ' || u || 'term', 'TERM') AND hassuffix('term' || u, 'TERM') AND countof('a' || u || u, u) = 2 AND indexof('ab' || u, u) = 2
		AND matches_regex('a' || u, 'a.$') AND NOT matches_regex(u, '\\w')},
	'UTF-8 is read as such' => q{tolower(convert_from('\xc389ff', 'SQL_ASCII')) = convert_from('\xc3a9ff', 'SQL_ASCII')
		AND matches_regex(convert_from('\xc389', 'SQL_ASCII'), '^.$')});

# where letters of both cases stand together
SKIP:
{
	my $icu = query('postgres', q{SELECT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i')});
	skip 'PostgreSQL was built without ICU', 1 if $icu ne 't';

	my $english = create_database_of_kind('azhunt_icu', q{ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'});
	all_true($english, 'ICU', q{'ü'}, %everywhere, %letters_are_letters,
		'the database has another order' => q{'a' < 'B'},
		'make_set orders by bytes' => q{(SELECT make_set(x) = '["B", "a", "c"]' AND make_set(x, 1) = '["B"]' FROM unnest('{c,B,a}'::text[]) AS x)},
		'make_bag takes the greatest by bytes' => q{(SELECT make_bag(bag_pack('key', x)) = '{"key": "a"}' FROM unnest('{B,a}'::text[]) AS x)},
		'and the smallest keys by bytes' => q{(SELECT make_bag(bag_pack(x, 1), 1) = '{"B": 1}' FROM unnest('{a,B}'::text[]) AS x)},
		'KQL orders strings by bytes' => q{(SELECT r = '{"m": "a", "n": "B", "l": "B", "g": "a"}'
			FROM kql('datatable(a:string, b:string)["a", "B", "B", "a"] | summarize m = max(max_of(a, b)), n = max(min_of(a, b)), l = percentile(a, 0), g = percentile(a, 100)') AS k (r))},
		'the order of =~ is by bytes' => q{'B' >~ 'a' AND '_' <~ 'A' AND 'z' <~ u});

	my $turkish = create_database_of_kind('azhunt_turkish', q{ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR'});
	all_true($turkish, 'Turkish', q{'ü'}, %everywhere, %letters_are_letters,
		'the database has other letters' => q{lower('I') = 'ı' AND upper('i') = 'İ'},
		'tolower and toupper have not' => q{tolower('IİıÜ') = 'iİıü' AND toupper('iİıü') = 'IİıÜ'},
		'names of columns neither' => q{(SELECT bool_and(column_name ~ '^[a-z_0-9]+$') AND bool_or(column_name = 'ipaddress') FROM log_table_columns())});
}

done_testing();
