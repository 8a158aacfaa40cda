# The documentation says what is true: its examples print what stands there,
# what it describes exists as described, all that exists is described, and its
# links lead somewhere.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IPC::Open3;
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Test::More;
use Utils;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $role = 'azhunt_documentation_analyst';

#
# examples
#

# The statements of a file's ```sql blocks, each with what is printed after it.
# A line that begins with a word in capitals, or a backslash, begins one.
sub examples
{
	my ($name) = @_;
	my ($before, $in_block, $complete, @examples) = ('', 0, 1);

	my $number = 0;
	foreach my $line (split /\n/, slurp("$top/$name"))
	{
		$number++;
		if ($line =~ /^```/)
		{
			$in_block = $line eq '```sql';
			$complete = 1;
		}
		elsif (!$in_block)
		{
			$before = $line if $line ne '';
		}
		elsif ($complete && $line !~ /^(?:[A-Z]+[ ;]|\\\w)/)
		{
			$examples[-1]{printed} .= "$line\n";
		}
		else
		{
			push @examples, { name => "$name, line $number", query => '', printed => '', after => $before } if $complete;
			$examples[-1]{query} .= "$line\n";
			$complete = $line =~ /^\\|;$|\\gx$/;
		}
	}
	return @examples;
}

# What psql prints for each example, one after the other in one session.
sub printed
{
	my ($database, @examples) = @_;
	my $script = "SET TimeZone = 'UTC';\n\\pset footer off\n"
	  . join('', map { "\\echo example $_\n$examples[$_]{query}" } 0 .. $#examples);

	local $ENV{PGCLIENTENCODING} = 'UTF8';
	local $ENV{PGOPTIONS} = '-c datestyle=ISO -c intervalstyle=postgres -c lc_messages=C';
	my $pid = open3(my $in, my $out, undef, 'psql', '--no-psqlrc', '--quiet', "--dbname=$database");
	$script =~ s/soc_analyst/$role/g;
	print $in $script;
	close $in;
	my $output = do { local $/; readline $out };
	waitpid $pid, 0;

	my (undef, %printed) = split /^example (\d+)\n/m, $output, -1;
	return map { $printed{$_} // 'nothing' } 0 .. $#examples;
}

# psql fills the cells of a table with blanks, and ends it with an empty line.
sub trimmed
{
	my ($text) = @_;

	$text =~ s/[ \t]+$//mg;
	$text =~ s/\n+\z//;
	return $text;
}

sub check_examples
{
	my ($database, @examples) = @_;
	my @printed = printed($database, @examples);

	ok(@examples > 0, "there are examples for $database");
	is(trimmed($printed[$_]), trimmed($examples[$_]{printed}), $examples[$_]{name}) foreach 0 .. $#examples;
}

#
# functions
#

# A list of columns, as in RETURNS TABLE, or of options, from a table in the
# documentation; one line may tell of two that have their type in common.
sub declarations
{
	my ($section, $heading) = @_;
	my ($rows) = $section =~ /^\| $heading \|.*\n\|[-|]+\n((?:\|.*\n)+)/m;
	my @declarations;

	foreach my $row (split /\n/, $rows // '')
	{
		my (undef, $names, $type, $defaults) = split / *\| */, $row;
		my @defaults = $defaults =~ /`([^`]+)`/g;
		($type) = $type =~ /`(.*)`/;
		foreach my $name ($names =~ /`(\w+)`/g)
		{
			my $default = $heading eq 'option' ? shift @defaults : '';
			$default = "'$default'" unless $default =~ /^(?:NULL|.*\(\)|)$/;
			push @declarations, qq("$name" $type) . ($default ne '' ? " = $default" : '');
		}
	}
	return join ', ', @declarations;
}

# Two signatures if there is an argument in brackets, as in [, limit integer].
sub with_and_without
{
	my ($name, $arguments, $result) = @_;

	return [ $name, $arguments, $result ] if $arguments !~ /\[,/;
	return [ $name, $arguments =~ s/ \[,.*\]//r, $result ], [ $name, $arguments =~ s/[][]//gr, $result ];
}

# Name, arguments and result (procedures have none) of each function that a
# section describes: as name(arguments) → result, or by tables of its options
# and columns.
sub signatures
{
	my ($section) = @_;
	my $arguments = qr/\(((?:[^()]|\(\))*)\)/;
	my @signatures;

	while ($section =~ /(?:`|\*\*|^### )(\w+)$arguments(?: → ([^`*\n]+)|`, a procedure)/mg)
	{
		push @signatures, [ $1, $2, $3 ];
	}
	my $returns = $section =~ /^Returns `([^`]+)`/m ? $1 : declarations($section, 'column');
	if ($section =~ /^### ([a-z_]+)$/m)
	{
		my $name = $1;
		my ($options) = $section =~ /^\*\*$name$arguments\*\*/m;
		push @signatures, [ $name, $options // declarations($section, 'option'), "TABLE ($returns)" ];
	}
	return map { with_and_without(@$_) } @signatures;
}

# As PostgreSQL describes them, functions like those in the documentation.
sub declare
{
	my ($database, @signatures) = @_;
	my $script = "CREATE SCHEMA documented;\n";

	foreach my $signature (@signatures)
	{
		my ($name, $arguments, $result) = @$signature;
		my $returns = defined $result ? "RETURNS $result" : '';
		s/(?<!")\b(table|limit|time)(?= \w)/"$1"/g foreach $arguments, $returns;
		$script .= 'CREATE ' . ($returns ? 'FUNCTION' : 'PROCEDURE')
		  . " documented.$name($arguments) $returns LANGUAGE internal AS 'int4in';\n";
	}
	query($database, $script);
}

my $described = <<'END';
SELECT format('%s(%s) %s', p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid))
FROM pg_proc AS p WHERE p.pronamespace = 'SCHEMA'::regnamespace ORDER BY 1
END

sub check_functions
{
	my ($database, $reference) = @_;
	my ($supporting) = $reference =~ /^## Supporting functions\n(.*)\z/ms;
	my @signatures = map { signatures($_) } split /^(?=###? )/m, $reference =~ s/^```.*?^```//msgr;
	my %documented = map { $_->[0] => 1 } @signatures;

	declare($database, @signatures);
	my %existing = map { $_ => 1 } split /\n/, query($database, $described =~ s/SCHEMA/azhunt/r);
	my @wrong = grep { !$existing{$_} } split /\n/, query($database, $described =~ s/SCHEMA/documented/r);
	cmp_ok(scalar(@signatures), '>', 30, 'the reference has the functions that users call');
	is_deeply(\@wrong, [], 'with their arguments, defaults and results');

	my @names = split /\n/, query($database,
		"SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'azhunt'::regnamespace ORDER BY 1");
	my %mentioned = map { s/…/.*/r => 1 } $supporting =~ /`([\w…]+)`/g;
	my $pattern = join '|', grep { $_ ne 'hunt_definitions' } keys %mentioned;
	is_deeply([ grep { !$documented{$_} && !/^(?:$pattern)$/ } @names ], [], 'each other function is named as supporting');
	is_deeply([ grep { my $one = $_; !grep { /^$one$/ } @names } split /\|/, $pattern ], [], 'and exists');
}

#
# errors
#

# Those of what users do not call, of other documents, or that cannot be.
my @other_errors = ('a run visits more rows', 'argument … of linked_signins', 'cannot tell the new rows of foreign table', 'could not rewind',
	'invalid regular expression', 'log table and transactions must not be null', 'table "…" has no column', 'what is to be trusted', '"…" is not a table');

# Is one text a message that begins as another one, where … is anything in both?
sub is_message
{
	my ($message, $text) = @_;
	my ($one, $other) = map { join '.*', map { quotemeta } split /…/, $_, -1 } $message, $text;

	return $message =~ /^$other/ || $text =~ /^$one/;
}

sub check_errors
{
	my ($list) = slurp("$top/doc/reference.md") =~ /^## Errors\n(.*?)^## /ms;
	my @listed = map { /`([^`]+)`/g } map { (split / *\| */)[2] } $list =~ /^(\| .*)$/mg;
	my $code = join '', map { slurp($_) } glob "$top/src/{logs,runs,hunts,kql}/{,*/}*.{c,sql} $top/src/guard.sql";
	my @raised = map { s/''/'/gr =~ s/%/…/gr } $code =~ /RAISE EXCEPTION '((?:[^']|'')*)'/g;

	push @raised, map { s/"\s*\n\s*"//gr =~ s/\\"/"/gr =~ s/%(?:zu|\w*d|s)/…/gr } $code =~ /errmsg\("((?:[^"\\]|\\.|"\s*\n\s*")*)"/g;
	cmp_ok(scalar(@raised), '>', 100, 'there are errors');
	is_deeply([ grep { my $one = $_; !grep { is_message($_, $one) } @listed, @other_errors } @raised ], [], 'each is in the list');
	is_deeply([ grep { my $one = $_; !grep { is_message($_, $one) } @raised } @listed ], [], 'and each of the list is raised');
}

#
# all else
#

sub check_mentioned
{
	my ($database, $documentation) = @_;
	my @names = split /\n/, query($database, <<'END');
-- loads the library
DO $$ BEGIN PERFORM azhunt.strip_port(''); END $$;
SELECT c.relname FROM pg_class AS c
JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'azhunt'
WHERE c.relkind IN ('r', 'v')
UNION ALL SELECT s.name FROM pg_settings AS s WHERE s.name LIKE 'azhunt.%'
END

	cmp_ok(scalar(@names), '>', 10, 'there are tables, views and a setting');
	is_deeply([ grep { $documentation !~ /\b\Q$_\E\b/ } @names ], [], 'each is in the documentation');
}

# Statements within sentences can be planned, but for those that need Citus.
sub check_statements
{
	my ($database, $documentation) = @_;
	my @statements = $documentation =~ /`((?:SELECT|UPDATE \S+ SET|INSERT INTO|DELETE FROM) [^`\n]*azhunt\.[^`\n]*)`/g;

	@statements = grep { !/azhunt_citus\./ } @statements;
	cmp_ok(scalar(@statements), '>', 5, 'there are statements in sentences');
	foreach my $statement (@statements)
	{
		my ($status, $output) = run('psql', '--no-psqlrc', "--dbname=$database", "--command=EXPLAIN $statement");
		is($status, 0, $statement) or diag($output);
	}
}

# The name by which a link reaches a heading.
sub anchor
{
	my ($heading) = @_;

	$heading = lc $heading =~ s/[^\w\s-]//gra;
	return $heading =~ tr/ /-/r;
}

sub broken_links
{
	my ($name) = @_;
	my @broken;

	foreach my $link (slurp("$top/$name") =~ /\]\(([^()\s]+)\)/g)
	{
		my ($path, $anchor) = $link =~ /^([^#]*)(?:#(.*))?$/;
		next if $path =~ /^https?:/;
		my $target = $path eq '' ? "$top/$name" : dirname("$top/$name") . "/$path";
		push @broken, $link
		  unless -e $target && (!defined $anchor || grep { $anchor eq anchor($_) } slurp($target) =~ /^#+ (.*)/mg);
	}
	return @broken;
}

my @files = map { s{^\Q$top\E/}{}r } glob "$top/*.md $top/*/*.md $top/src/*/*.md $top/src/*/*/*.md";
cmp_ok(scalar(@files), '>=', 9, 'the files are found');
is_deeply([ broken_links($_) ], [], "links of $_") foreach @files;

my $demo = create_database('azhunt_documentation_demo');
query($demo, 'CREATE EXTENSION azhunt');
check_functions($demo, slurp("$top/doc/reference.md"));
check_errors();
check_mentioned($demo, join '', map { slurp("$top/$_") } @files);

query($demo, 'SELECT count(*) FROM azhunt.create_log_tables()');
my ($status, $output) = run('azhunt-load', '--quiet', "--dbname=$demo", "$top/sample/logs");
is($status, 0, 'the logs of make demo are loaded') or diag $output;
check_statements($demo, join '', map { slurp($_) } "$top/README.md", glob "$top/doc/*.md");
check_examples($demo, examples('doc/kql.md'));
my @examples = examples('doc/reference.md');
check_examples($demo, grep { $_->{after} =~ /make demo/ } @examples);

my $reference = create_database('azhunt_documentation');
query($reference, "DROP ROLE IF EXISTS $role");
check_examples($reference, grep { $_->{after} !~ /make demo/ } @examples);
query($reference, "DROP OWNED BY $role; DROP ROLE $role");

done_testing();
