# A database without the extension or without log tables: what is said, and --create.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Databases ();
use Loader;
use Test::More;

my $file = data('raw_signins.json');
my $user = sql('SELECT current_user', database => 'postgres');

# which database was tried is said where nobody has named one
{
	local %ENV = %ENV;
	delete $ENV{PGDATABASE};
	my ($status, $out, $err) = loader('-U', 'regress_azhunt_missing', $file);
	is($status, 2, 'no connection without -d: exit status');
	like($err, qr/role "regress_azhunt_missing" does not exist\nDatabase "regress_azhunt_missing" was tried, as neither -d nor PGDATABASE names one; name it with -d\.\n\z/, 'no connection without -d: message');
	($status, $out, $err) = loader('-d', 'regress_azhunt_missing', $file);
	like($err, qr/database "regress_azhunt_missing" does not exist\n\z/, 'no connection with -d: message');
	$ENV{PGUSER} = $user;
	Databases::create_database($user) if sql("SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = '$user')", database => 'postgres') eq 't';
	($status, $out, $err) = loader($file);
	is($status, 1, 'no extension without -d: exit status');
	is($err, qq(azhunt-load: error: database "$user" (which is tried as neither -d nor PGDATABASE names one) does not have azhunt; azhunt-load --create creates it, as does CREATE EXTENSION azhunt\n),
		'no extension without -d: message');
}

# --create, by a role that may
my $database = Databases::create_database('azhunt_load_create');
my ($status, $out, $err) = loader('-q', '-d', $database, '--create', $file);
is($status, 0, '--create without the extension: exit status') or diag($err);
is($err, '', '--create without the extension: nothing is said');
my $rows = sql('SELECT count(*) FROM azhunt.signinlogs', database => $database);
cmp_ok($rows, '>', 0, '--create without the extension: rows');
sql('DROP TABLE azhunt.loaded_files', database => $database);
is((loader('-q', '-d', $database, '--create', $file))[0], 0, '--create without the ledger: exit status');
is(sql('SELECT count(*) FROM azhunt.signinlogs', database => $database), 2 * $rows, '--create without the ledger: rows');
my $oid = sql(q{SELECT 'azhunt.signinlogs'::regclass::oid}, database => $database);
is((loader('-q', '-d', $database, '--create', data('raw_storage.json')))[0], 0, '--create where nothing is missing: exit status');
is(sql(q{SELECT 'azhunt.signinlogs'::regclass::oid}, database => $database), $oid, '--create where nothing is missing: nothing is created');

# and by one that may not: nothing is left half done
my $other = Databases::create_database('azhunt_load_create_not');
sql('SET client_min_messages = warning; DROP ROLE IF EXISTS regress_azhunt_plain; CREATE ROLE regress_azhunt_plain LOGIN', database => $other);
($status, $out, $err) = loader('-q', '-d', $other, '-U', 'regress_azhunt_plain', '--create', $file);
is($status, 1, '--create by a role that may not: exit status');
like($err, qr/^azhunt-load: error: could not create what database "$other" lacks: permission denied .*; have a superuser run CREATE EXTENSION azhunt, and SELECT azhunt\.create_log_tables\(\)\n\z/,
	'--create by a role that may not: one line, which says who may');
is(sql(q{SELECT count(*) FROM pg_extension WHERE extname = 'azhunt'}, database => $other), '0', '--create by a role that may not: nothing is created');
sql('CREATE EXTENSION azhunt; GRANT USAGE ON SCHEMA azhunt TO regress_azhunt_plain', database => $other);
($status, $out, $err) = loader('-q', '-d', $other, '-U', 'regress_azhunt_plain', '--create', $file);
is($status, 1, '--create of log tables by a role that may not: exit status');
like($err, qr/^azhunt-load: error: could not create what database "$other" lacks: permission denied.*; have a superuser run .*\n\z/, '--create of log tables by a role that may not: message');
sql('DROP OWNED BY regress_azhunt_plain; DROP ROLE regress_azhunt_plain', database => $other);

# a connection that is lost meanwhile
sql('CREATE FUNCTION public.end_session() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); END$$;'
	. 'CREATE EVENT TRIGGER end_session ON ddl_command_start EXECUTE FUNCTION public.end_session()', database => $other);
($status, $out, $err) = loader('-q', '-d', $other, '--create', $file);
is($status, 2, '--create, and the connection is lost: exit status');
like($err, qr/^azhunt-load: error: could not create what database "$other" lacks: .*terminating connection/, '--create, and the connection is lost: message');

done_testing();
