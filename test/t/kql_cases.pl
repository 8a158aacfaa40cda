# Queries in test/kql/*.slt: what each has as columns, with their types, and as
# rows, or the errors that it is refused with.
#
# A case is "query", the query, "----", and then the columns and a JSON array for
# each row, or "error", the message, the detail and "hint", the hint.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Test::More;

$ENV{PGCLIENTENCODING} = 'UTF8';
my $source = abs_path(dirname(abs_path(__FILE__)) . '/../..');
my $database = create_database('azhunt_kql_cases', 'log_tables');

# A function that answers a query as a case is written
query($database, <<'SQL');
CREATE FUNCTION answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	compiled text;
	columns text;
	names text;
	result text;
	message text;
	detail text;
	hint text;
BEGIN
	BEGIN
		compiled := azhunt.kql_to_sql(query);
	EXCEPTION WHEN syntax_error THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
		RETURN concat('error ', message, E'\n' || nullif(detail, ''), E'\nhint ' || nullif(hint, ''));
	END;
	SELECT string_agg(format('q.%I', "column"), ', '), string_agg(format('%s:%s', "column", type), ', ') INTO columns, names
	FROM azhunt.kql_columns(query);
	EXECUTE format('SELECT string_agg(jsonb_build_array(%s)::text, chr(10)) FROM (%s) AS q', columns, compiled) INTO result;
	RETURN concat(names, E'\n' || result);
END
$$;
SQL

foreach my $file (sort glob "$source/test/kql/*.slt")
{
	my $name = basename($file, '.slt');
	my @cases = cases($file);

	cmp_ok(scalar @cases, '>', 2, "$name has cases");
	my @answers = split /\n====\n/, query($database, join ';', "SET TimeZone = 'UTC'",
		map { "SELECT answer(\$kqlq\$$_->[0]\$kqlq\$) || E'\\n====\\n'" } @cases);
	s/^\n+|\n+$//g foreach @answers;
	is($answers[$_], $cases[$_][1], "$name: $cases[$_][0]") foreach 0 .. $#cases;
}

# What each query asks and is answered, in a file
sub cases
{
	my ($path) = @_;
	open my $lines, '<', $path or die "$path: $!";
	my $text = do { local $/; <$lines> };

	return map { [ /^query\n(.*?)\n----\n(.*?)\n*$/s ? ($1, $2) : die "$path: not understood: $_" ] } split /\n\n(?=query\n)/, $text;
}

done_testing();
