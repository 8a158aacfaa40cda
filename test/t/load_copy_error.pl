# Which row of a COPY an error is about: names of tables, columns and triggers
# and the server's language do not lead astray.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Encode qw(encode);
use JSON::PP;
use Test::More;

plan skip_all => Utils::nothing_is_built() if Utils::nothing_is_built();

# contexts in the languages of PostgreSQL
my $driver = "$dir/driver";
my $cc = $ENV{CC} // 'cc';
is(system("$cc -std=gnu11 -I'$root/src/load' -o '$driver' '$root/test/load/copy_error_driver.c' '$root/src/load/write/copy_error.c'"), 0,
	'the driver is built');

sub line_is
{
	my ($context, $relation, $expected, $name) = @_;
	open(my $pipe, '-|', $driver, map { encode('UTF-8', $_) } $context, $relation, 100) or die $!;
	chomp(my $line = <$pipe>);
	close($pipe);
	is($line, $expected, $name);
}

my %languages = (
	de => 'COPY %s, Zeile %d, Spalte %s: »%s«',
	en => 'COPY %s, line %d, column %s: "%s"',
	fr => 'COPY %s, ligne %d, colonne %s : « %s »',
	ja => '%sのCOPY、行 %d、列 %s: "%s"',
	ko => '%s 복사, %d번째 줄, %s 열: "%s"',
	ru => 'COPY %s, строка %d, столбец %s: "%s"',
	zh => 'COPY %s, 第 %d 行, 列 %s: "%s"');
for my $language (sort keys %languages)
{
	line_is(sprintf($languages{$language}, 'logs', 17, 'id', 'x'), 'logs', 17, "$language");
	line_is(sprintf($languages{$language}, 'logs 2, line 3, column', 17, 'id', 'x'), 'logs 2, line 3, column', 17,
		"$language: a name that looks like a context");
	line_is(sprintf($languages{$language}, 'logs', 17, "x\nCOPY logs, line 4", 'x'), 'logs', 0,
		"$language: a column's name that looks like a context: not known");
	line_is(sprintf($languages{$language}, 'logs', 17, 'x', "x\nCOPY logs, line 4"), 'logs', 0,
		"$language: a value that looks like a context: not known");
	line_is("PL/pgSQL function \"COPY logs, line 5\"() line 3\n" . sprintf($languages{$language}, 'logs', 17, 'x', 'x'), 'logs', 0,
		"$language: a function's name that looks like a context: not known");
}
line_is('COPY logs, line 101', 'logs', 0, 'more lines than were sent');
line_is('COPY logs, line 99999999999999999999', 'logs', 0, 'a number without bounds');
line_is('COPY other, line 1', 'logs', 0, 'another table');
line_is('', 'logs', 0, 'no context');

# tables and columns with hostile names, with and without --reject-file
create_database();
my $rejects = "$dir/rejects";
my $file = "$dir/hostile.json";
spew($file, join('', map { qq({"TimeGenerated":"2026-01-31T10:00:00Z","Id":"$_"}\n) } 'a', 'b', 'c', '4', 'e'));
for my $name ('a, b', 'COPY t, line 3', 't, line 3, column id', 'quote"d', "quote'd", "new\nline 2", 'back\\slash', '(paren 1)',
	'%s, %d', '1', 'x, line')
{
	(my $quoted = $name) =~ s/"/""/g;
	sql(qq(CREATE TABLE public.hostile (timegenerated timestamptz, id text CHECK (id <> '4'), "$quoted" int);
		ALTER TABLE public.hostile RENAME TO "$quoted"; TRUNCATE azhunt.loaded_files));
	my ($status, undef, $err) = loader('-q', '--no-partitions', '--table', qq(public."$quoted"), $file);
	is($status, 1, "table $name: exit status");
	like($err, qr/^\Q$file\E:(4:1|.*lines 1 to 5): .*violates check constraint/s, "table $name: the place");
	unlink($rejects);
	($status, undef, $err) = loader('-q', '--no-partitions', '--table', qq(public."$quoted"), '--reject-file', $rejects, $file);
	is($status, 0, "table $name: exit status with --reject-file") or diag($err);
	is(sql(qq(SELECT string_agg(id, ' ' ORDER BY id) FROM public."$quoted")), 'a b c e', "table $name: the others");
	is(join(' ', map { decode_json($_)->{line} } split(/\n/, slurp($rejects))), '4', "table $name: the record");
	sql(qq(DROP TABLE public."$quoted"));
}

# an error that the server finds later than at its row: the line is another's
sql('CREATE TABLE public.late (timegenerated timestamptz, id text, long text); ALTER TABLE public.late ALTER COLUMN long SET STORAGE PLAIN;'
	  . ' TRUNCATE azhunt.loaded_files');
my %long = map { $_ => 1 } 3, 4, 40, 77;
spew($file, join('', map { sprintf(qq({"TimeGenerated":"2026-01-31T10:00:00Z","Id":"%d","Long":"%s"}\n), $_, 'x' x ($long{$_} ? 9000 : 9)) } 1 .. 100));
unlink($rejects);
is((loader('-q', '--table', 'public.late', '--reject-file', $rejects, $file))[0], 0, 'rows that are too big');
is(join(' ', map { decode_json($_)->{line} } split(/\n/, slurp($rejects))), '3 4 40 77', '... are rejected, and no others');
is(sql('SELECT count(*), count(DISTINCT id) FROM public.late WHERE length(long) = 9'), '96|96', '... and the others are there, each once');

# an error that comes when all rows are there, without a line
sql('CREATE TABLE public.checked (timegenerated timestamptz, id text); CREATE FUNCTION public.check_id() RETURNS trigger LANGUAGE plpgsql AS'
	  . ' $f$ BEGIN IF NEW.id = $$9$$ THEN RAISE check_violation USING CONSTRAINT = $$nine$$; END IF; RETURN NULL; END $f$;'
	  . ' CREATE TRIGGER late AFTER INSERT ON public.checked FOR EACH ROW EXECUTE FUNCTION public.check_id(); TRUNCATE azhunt.loaded_files');
unlink($rejects);
is((loader('-q', '--table', 'public.checked', '--reject-file', $rejects, $file))[0], 0, 'a row that an AFTER trigger refuses');
is(join(' ', map { decode_json($_)->{line} } split(/\n/, slurp($rejects))), '9', '... is rejected');
is(sql('SELECT count(*), count(DISTINCT id) FROM public.checked'), '99|99', '... and the others are there, each once');

done_testing();
