# The ledger is the user's own, as the log tables are.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Test::More;

my $database = create_database();
is(sql('SELECT azhunt.create_loaded_files()'), 'f', 'the ledger came with the log tables');
is(sql('SELECT count(*) FROM azhunt.create_log_tables()'), '0', 'again: nothing is created');
load_ok('a file', '-q', data('raw_signins.json'));
my $row = sql('SELECT name, size, digest, rows FROM azhunt.loaded_files');

# into another database and back into use
my $copy = "${database}_copy";
system("dropdb --if-exists $copy 2>/dev/null; createdb -T template0 -E UTF8 $copy") == 0 or die;
is(system("pg_dump -Fc -f '$dir/dump' $database && pg_restore --exit-on-error -d $copy '$dir/dump'"), 0, 'dump and restore');
is(sql('SELECT name, size, digest, rows FROM azhunt.loaded_files', database => $copy), $row, 'the ledger is restored');
like((loader('-d', $copy, data('raw_signins.json')))[1], qr/ 1 loaded before/, 'and knows the file');
system('dropdb', $copy);

# it stays when the extension goes
sql('SET client_min_messages = warning; DROP EXTENSION azhunt CASCADE');
is(sql('SELECT name, size, digest, rows FROM azhunt.loaded_files'), $row, 'the ledger stays');
sql('CREATE EXTENSION azhunt');
is(sql('SELECT azhunt.create_loaded_files()'), 'f', 'and is there when the extension comes back');
like((loader(data('raw_signins.json')))[1], qr/ 1 loaded before/, 'and knows the file');

# without it, the message says what to do
sql('DROP TABLE azhunt.loaded_files');
my ($status, undef, $err) = loader('-q', data('raw_signins.json'));
is($status, 1, 'no ledger: exit status');
is($err, qq(azhunt-load: error: database "$ENV{PGDATABASE}" does not have the log tables; azhunt-load --create creates them, as does SELECT azhunt.create_log_tables()\n),
	'no ledger: one line, which says how to make it');
($status, undef, $err) = loader(map { data($_) } qw(raw_signins.json raw_storage.json));
is($status, 1, 'no ledger, several files: exit status');
is(() = $err =~ /\n/g, 1, 'no ledger, several files: one line');

# nor can anything be loaded into a database without the extension
my $without = Databases::create_database('azhunt_load_without');
($status, my $out, $err) = loader('-d', $without, map { data($_) } qw(raw_signins.json raw_storage.json));
is($status, 1, 'no extension: exit status');
is($out, '', 'no extension: no summary');
is($err, qq(azhunt-load: error: database "azhunt_load_without" does not have azhunt; azhunt-load --create creates it, as does CREATE EXTENSION azhunt\n),
	'no extension: one line, which says how to make it');

# who may not create tables in the schema cannot make it
sql('SET client_min_messages = warning; DROP ROLE IF EXISTS regress_azhunt_nobody; CREATE ROLE regress_azhunt_nobody;'
	  . ' GRANT USAGE ON SCHEMA azhunt TO regress_azhunt_nobody');
my $refused = sql(<<'END');
SET ROLE regress_azhunt_nobody;
DO $$ BEGIN
    PERFORM azhunt.create_loaded_files();
EXCEPTION WHEN insufficient_privilege THEN
    PERFORM set_config('azhunt_test.refused', 'yes', false);
END $$;
SELECT current_setting('azhunt_test.refused', true);
END
is($refused, 'yes', 'without CREATE on the schema nobody makes it');
sql('DROP OWNED BY regress_azhunt_nobody; DROP ROLE regress_azhunt_nobody');

done_testing();
