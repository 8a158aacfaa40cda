# What a role or a database sets for its sessions does not lead azhunt-load
# astray: where names are looked up, what values mean, what is waited for.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Test::More;
use Utils;

plan skip_all => 'needs a superuser'
  if sql("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user") ne 't';

my $database = create_database();
my $role = 'regress_azhunt_misled';
my $file = spew("$dir/signins.json", join('', map {
			qq({"time":"2026-01-31T10:00:00Z","category":"SignInLogs","properties":{"id":"$_","ipAddress":"198.51.100.7","location":"\xc3\xa9"}}\n)
} 1 .. 3));

sql(<<"SQL");
SET client_min_messages = warning;
DROP ROLE IF EXISTS $role;
CREATE ROLE $role LOGIN;
GRANT USAGE ON SCHEMA azhunt TO $role;
GRANT INSERT ON azhunt.signinlogs TO $role;
GRANT SELECT, INSERT ON azhunt.loaded_files TO $role;
SQL

END
{
	my $status = $?;
	if (defined $role && defined $database)
	{
		sql("DROP OWNED BY $role; DROP ROLE $role");
	}
	$? = $status;
}

# a schema that comes first has a function, an operator, a type or a table of
# each name that the program uses
sql(<<'SQL');
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.trap() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE TABLE hostile.pg_class (oid oid, relname name);
CREATE TABLE hostile.pg_attribute (attname name);
CREATE TABLE hostile.pg_type (typname name);
CREATE TABLE hostile.loaded_files (name text);
CREATE TABLE hostile.signinlogs (timegenerated timestamptz);
CREATE DOMAIN hostile.text AS pg_catalog.text CHECK (VALUE = 'trapped');
CREATE DOMAIN hostile.oid AS pg_catalog.oid CHECK (VALUE = 0);
CREATE DOMAIN hostile.date AS pg_catalog.date CHECK (VALUE IS NULL);
DO $do$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT o.oprname, o.oprleft::regtype AS l, o.oprright::regtype AS r, o.oprresult::regtype AS result
        FROM pg_operator AS o
        WHERE o.oprname IN ('=', '<>', '<', '>', '<=', '>=', '||', '&', '|', '<<', '+', '-', '*', '/', '~')
          AND o.oprleft <> 0 AND o.oprresult <> 0
    LOOP
        BEGIN
            EXECUTE format('CREATE FUNCTION hostile.operator(%1$s, %2$s) RETURNS %3$s LANGUAGE plpgsql AS %4$L',
                item.l, item.r, item.result, 'BEGIN RAISE EXCEPTION ''trapped by an operator''; END');
        EXCEPTION WHEN duplicate_function OR invalid_function_definition OR feature_not_supported THEN
            NULL;
        END;
        BEGIN
            EXECUTE format('CREATE OPERATOR hostile.%s (FUNCTION = hostile.operator, LEFTARG = %s, RIGHTARG = %s)',
                item.oprname, item.l, item.r);
        EXCEPTION WHEN OTHERS THEN
            NULL;
        END;
    END LOOP;
    FOR item IN
        SELECT DISTINCT p.proname, pg_get_function_identity_arguments(p.oid) AS arguments
        FROM pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f'
          AND p.proname IN ('format', 'parse_ident', 'to_regclass', 'array_length', 'quote_ident', 'encode', 'decode',
              'hashtextextended', 'pg_try_advisory_xact_lock', 'row_security_active', 'set_config', 'current_setting',
              'floor', 'ceil', 'extract', 'now', 'lower', 'sha256', 'unnest')
    LOOP
        BEGIN
            EXECUTE format('CREATE FUNCTION hostile.%I(%s) RETURNS text LANGUAGE plpgsql AS %L',
                item.proname, item.arguments, 'BEGIN RAISE EXCEPTION ''trapped by a function''; END');
        EXCEPTION WHEN OTHERS THEN
            NULL;
        END;
    END LOOP;
END
$do$;
GRANT USAGE ON SCHEMA hostile TO PUBLIC;
SQL
cmp_ok(sql(q(SELECT count(*) FROM pg_operator WHERE oprnamespace = 'hostile'::regnamespace)), '>', 100, 'there are traps');
for my $whose ("ROLE $role", "DATABASE $database")
{
	sql("TRUNCATE azhunt.signinlogs, azhunt.loaded_files; ALTER $whose SET search_path = hostile, pg_catalog, azhunt");
	load_ok("$whose with another search_path", '-q', '--no-partitions', '-U', $role, $file);
	like((loader('-U', $role, $file))[1], qr/ 1 loaded before/, '... the ledger is found');
	spew("$dir/grown.json", slurp($file));
	load_ok('... a file that is known under another name', '-q', '-U', $role, "$dir/grown.json");
	is(sql('SELECT count(*) FROM azhunt.signinlogs'), '3', '... and the log table');
	is(sql('SELECT count(*) FROM hostile.signinlogs'), '0', '... of schema azhunt');
	sql("ALTER $whose RESET search_path");
}
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files; ALTER DATABASE ' . $database . ' SET search_path = hostile, pg_catalog, azhunt');
load_ok('... when partitions are added, too', '-q', $file);
sql("ALTER DATABASE $database RESET search_path");

# settings: what they are in a session of the program, which a trigger tells
my %settings = (
	array_nulls => ['off', 'on'],
	client_encoding => ['LATIN1', 'UTF8'],
	DateStyle => ["'SQL, DMY'", 'ISO, MDY'],
	default_transaction_isolation => ['serializable', 'read committed'],
	default_transaction_read_only => ['on', 'off'],
	idle_in_transaction_session_timeout => ['1', '0'],
	IntervalStyle => ['sql_standard', 'postgres'],
	row_security => ['off', 'on'],
	session_replication_role => ['replica', 'origin'],
	(has_backslash_strings() ? (standard_conforming_strings => ['off', 'on']) : ()),
	statement_timeout => ["'1min'", '0'],
	synchronous_commit => ['off', 'local'],
	TimeZone => ["'Asia/Tokyo'", 'UTC'],
	xmloption => ['document', 'content']);
sql(<<'SQL');
CREATE TABLE public.told (timegenerated timestamptz, id text, day date, span interval, clock time with time zone, settings jsonb);
CREATE FUNCTION public.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.settings := (SELECT jsonb_object_agg(s.name, s.setting) FROM pg_settings AS s);
    RETURN NEW;
END
$$;
CREATE TRIGGER tell BEFORE INSERT ON public.told FOR EACH ROW EXECUTE FUNCTION public.tell();
SQL
my $told = spew("$dir/told.json", qq({"TimeGenerated":"2026-01-31T10:00:00Z","Id":"\xc3\xa9","Day":"02/01/2026","Span":"-1 2:03:04","Clock":"10:00"}\n));
my $who = sql('SELECT current_user');
my $superuser = $who;
sql('TRUNCATE azhunt.loaded_files; ' . join('; ', map { "ALTER DATABASE $database SET $_ = $settings{$_}[0]" } keys %settings));
my ($status, undef, $err) = loader('-q', '--table', 'public.told', $told);
my ($role_status, undef, $role_err) = loader('-q', '-U', $role, $file);
{
	local $ENV{PGOPTIONS} = '-c default_transaction_read_only=off';
	local $ENV{PGDATABASE} = 'postgres';
	sql("ALTER DATABASE $database RESET ALL", database => 'postgres');
}
is($status, 0, 'settings of the database: exit status') or diag($err);
is(sql('SELECT settings ->> $$' . $_ . '$$ FROM public.told'), $settings{$_}[1], "... $_") for sort keys %settings;
is(sql(q(SELECT id, day, span, clock FROM public.told)), "\xc3\xa9|2026-02-01|-1 days +02:03:04|10:00:00+00", '... values');
is($role_status, 2, 'a replica role that cannot be left: exit status');
like($role_err, qr/permission denied to set parameter "session_replication_role"/, '... message');

done_testing();
