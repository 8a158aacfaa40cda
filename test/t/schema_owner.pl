# Whoever can create objects in schema azhunt could have its functions called
# in place of the extension's, so CREATE EXTENSION refuses such a schema.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Test::More;
use Utils;

my $database = 'azhunt_schema_owner';
my $role = 'azhunt_schema_owner_test';

# Run SQL, and return what psql printed, errors included.
sub psql
{
	return (Databases::psql(@_))[1];
}

sub reset_database
{
	create_database($database);
}

psql('postgres', "CREATE ROLE $role");

reset_database();
psql($database, "CREATE SCHEMA azhunt AUTHORIZATION $role");
like(psql($database, 'CREATE EXTENSION azhunt'),
	qr/another role can create objects in schema azhunt/,
	'a schema that another role owns is refused');

reset_database();
psql($database, "CREATE SCHEMA azhunt; GRANT CREATE ON SCHEMA azhunt TO $role");
like(psql($database, 'CREATE EXTENSION azhunt'),
	qr/another role can create objects/, 'and one in which another role can create objects');

reset_database();
psql($database, 'CREATE SCHEMA azhunt; GRANT CREATE ON SCHEMA azhunt TO PUBLIC');
like(psql($database, 'CREATE EXTENSION azhunt'),
	qr/another role can create objects/, 'or everybody can');

reset_database();
psql($database, "CREATE SCHEMA azhunt; GRANT USAGE ON SCHEMA azhunt TO $role");
is(psql($database, 'CREATE EXTENSION azhunt'), '', 'a schema of our own is taken');

# What was made in the schema before is refused, whoever owns the schema now.
my $body = q{AS $$SELECT NULL::bytea$$};
my %made = (
	'function azhunt.texts_hash(' => "CREATE FUNCTION azhunt.texts_hash(text, text) RETURNS bytea LANGUAGE sql $body",
	'procedure azhunt.cast_it(' => "CREATE PROCEDURE azhunt.cast_it(integer) LANGUAGE sql AS ''",
	'operator azhunt.=~(' => 'CREATE OPERATOR azhunt.=~ (LEFTARG = name, RIGHTARG = name, FUNCTION = pg_catalog.nameeq)',
	'type azhunt.text' => 'CREATE DOMAIN azhunt.text AS pg_catalog.text',
	'type azhunt.pair' => 'CREATE TYPE azhunt.pair AS (a integer)',
	'type azhunt.status' => "CREATE TYPE azhunt.status AS ENUM ('new')",
	'table azhunt.pg_class' => 'CREATE TABLE azhunt.pg_class (oid oid)',
	'view azhunt.matches' => 'CREATE VIEW azhunt.matches AS SELECT 1 AS one',
	'sequence azhunt.runs_run_seq' => 'CREATE SEQUENCE azhunt.runs_run_seq',
	'collation azhunt."C"' => 'CREATE COLLATION azhunt."C" FROM pg_catalog."C"',
	'conversion azhunt.utf8' => "CREATE CONVERSION azhunt.utf8 FOR 'UTF8' TO 'LATIN1' FROM pg_catalog.utf8_to_iso8859_1",
	'text search configuration azhunt.english' => 'CREATE TEXT SEARCH CONFIGURATION azhunt.english (COPY = pg_catalog.english)',
	'text search dictionary azhunt.simple' => 'CREATE TEXT SEARCH DICTIONARY azhunt.simple (TEMPLATE = pg_catalog.simple)',
	# a table of a log table's name, but of the other role
	'table azhunt.signinlogs' => "CREATE TABLE azhunt.signinlogs (id serial); ALTER TABLE azhunt.signinlogs OWNER TO $role",
	'view azhunt.azureactivity' => 'CREATE VIEW azhunt.azureactivity AS SELECT 1 AS one');
# only superusers make these; they are refused as well
my %by_superuser = (
	'operator class azhunt.text_ops USING btree' =>
	  'CREATE OPERATOR CLASS azhunt.text_ops FOR TYPE pg_catalog.text USING btree AS OPERATOR 1 pg_catalog.<, FUNCTION 1 pg_catalog.bttextcmp(text, text)',
	'statistics object azhunt.two' => 'CREATE TABLE public.t (a int, b int); CREATE STATISTICS azhunt.two ON a, b FROM public.t');

foreach my $object (sort(keys %made), sort keys %by_superuser)
{
	reset_database();
	my $made = $made{$object} ? "CREATE SCHEMA azhunt AUTHORIZATION $role; SET ROLE $role; $made{$object}" : "CREATE SCHEMA azhunt; $by_superuser{$object}";
	$made =~ s/; ALTER TABLE.*// if $made{$object};
	is(psql($database, $made), '', "$object can be made");
	psql($database, "ALTER SCHEMA azhunt OWNER TO CURRENT_USER; REVOKE ALL ON SCHEMA azhunt FROM $role");
	like(psql($database, 'CREATE EXTENSION azhunt'),
		qr/^ERROR:  schema azhunt has objects that do not belong to extension azhunt\nDETAIL:  There are: .*\Q$object\E.*\nHINT:  Drop the schema: /,
		'and is refused by name');
	psql($database, 'DROP SCHEMA azhunt CASCADE');
	is(psql($database, 'CREATE EXTENSION azhunt'), '', 'what the hint says helps');
}

# Log tables may stay, and what stands under their names, with all that is theirs.
reset_database();
psql($database, 'CREATE EXTENSION azhunt; SELECT count(*) FROM azhunt.create_log_tables()');
psql($database, "SELECT azhunt.add_partitions('azhunt.azureactivity', '2026-03-02', '2026-03-04')");
psql($database, 'DROP TABLE azhunt.signinlogs; CREATE TABLE azhunt.signinlogs (id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz)');
psql($database, 'DROP TABLE azhunt.storagefilelogs; CREATE VIEW azhunt.storagefilelogs AS SELECT 1 AS one');
psql($database, 'SET client_min_messages = warning; DROP EXTENSION azhunt CASCADE');
is(psql($database, 'CREATE EXTENSION azhunt'), '', 'log tables that an extension left are taken');
psql($database, 'SET client_min_messages = warning; DROP EXTENSION azhunt CASCADE');
psql($database, "ALTER TABLE azhunt.azureactivity_p20260303 OWNER TO $role");
like(psql($database, 'CREATE EXTENSION azhunt'), qr/DETAIL:  There are: table azhunt.azureactivity_p20260303\.\n/,
	'but no partition of another role');

# Default privileges give nobody the rights of the extension's owner, and take
# nothing from others.
my $public_functions = "SELECT p.oid::regprocedure FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a"
  . " WHERE p.pronamespace = 'azhunt'::regnamespace AND a.grantee = 0 ORDER BY p.oid::regprocedure::text";
reset_database();
psql($database, 'CREATE EXTENSION azhunt');
my $functions_by_default = psql($database, $public_functions);
reset_database();
psql($database, 'ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC');
psql($database, 'CREATE EXTENSION azhunt');
like($functions_by_default, qr/^azhunt\.ingest_xid\(\)$/m, 'everybody may execute functions');
is(psql($database, $public_functions), $functions_by_default, 'also where default privileges say otherwise');
is(psql($database, "SELECT count(*) FROM pg_default_acl WHERE defaclnamespace = 'azhunt'::regnamespace"), "0\n",
	'and the schema has none of its own');
reset_database();
psql($database, "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO $role, PUBLIC");
psql($database, "ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO $role");
psql($database, "ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON ROUTINES TO $role");
is(psql($database, 'CREATE EXTENSION azhunt'), '', 'default privileges are no obstacle');
is(psql($database, "SELECT c.oid::regclass, a.privilege_type FROM pg_class AS c, aclexplode(c.relacl) AS a"
		. " WHERE c.relnamespace = 'azhunt'::regnamespace AND a.grantee <> c.relowner"), '', 'and give no rights on tables');
is(psql($database, "SELECT p.oid::regprocedure FROM pg_proc AS p, aclexplode(p.proacl) AS a"
		. " WHERE p.pronamespace = 'azhunt'::regnamespace AND a.grantee NOT IN (0, p.proowner)"), '', 'nor on functions');
reset_database();
psql($database, "ALTER DEFAULT PRIVILEGES GRANT CREATE ON SCHEMAS TO $role");
like(psql($database, 'CREATE EXTENSION azhunt'), qr/another role can create objects.*\n.*Default privileges must not grant CREATE/,
	'default privileges that let others create objects in new schemas are refused');

# The script means the same whatever the session's settings.
my %definitions;
foreach my $setting ('on', has_backslash_strings() ? 'off' : ())
{
	reset_database();
	is(psql($database, (has_backslash_strings() ? 'SET escape_string_warning = off; ' : '')
			. "SET standard_conforming_strings = $setting; CREATE EXTENSION azhunt"), '',
		"the extension is created with standard_conforming_strings = $setting");
	$definitions{$setting} = psql($database, "SELECT pg_get_functiondef(oid), obj_description(oid) FROM pg_proc"
		. " WHERE pronamespace = 'azhunt'::regnamespace AND prokind IN ('f', 'p') ORDER BY oid::regprocedure::text");
}
cmp_ok(length $definitions{on}, '>', 10_000, 'there are definitions');
ok($definitions{on} eq ($definitions{off} // $definitions{on}), 'which are the same');

psql('postgres', "DROP DATABASE $database");
psql('postgres', "DROP ROLE $role");
done_testing();
