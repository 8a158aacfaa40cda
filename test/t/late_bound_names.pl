# Bodies that are strings find their names when they are run.  Those without a
# search_path of their own must find the same whatever the session's is: here a
# schema comes first that has an operator, function, type and relation under
# each name of pg_catalog's that they could mean.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Logs;
use Test::More;
use Utils;

my $database = create_database('azhunt_late_bound_names');
query($database, 'CREATE EXTENSION azhunt');
load_logs($database);
# files that are deleted at once, and a Cloud Shell that is set up
query($database, <<"SQL");
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader, accountname)
SELECT '2026-03-02 10:00Z'::timestamptz + n * interval '1 second', o, 'Success', '203.0.113.7:443', 'https://h/' || n || '?x', 'Edge', 'contosodata'
FROM generate_series(1, 5) AS n, unnest('{PutBlob,DeleteBlob}'::text[]) AS o;
INSERT INTO azhunt.azureactivity (timegenerated, operationnamevalue, activitystatusvalue, caller, resourcegroup, calleripaddress)
SELECT '2026-03-02 10:00Z', 'Microsoft.Storage/storageAccounts/' || o, 'Success', 'adele\@contoso.com', 'cloud-shell-storage-westeurope', '203.0.113.7'
FROM unnest('{write,listKeys/action}'::text[]) AS o;
SQL

my $late_bound = q{FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
	WHERE p.pronamespace = 'azhunt'::regnamespace AND l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL
	AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS c WHERE c LIKE 'search_path=%')};
my @names = split /\n/, query($database, "SELECT DISTINCT p.proname $late_bound ORDER BY 1");
is_deeply([ sort @names ], [ sort qw(cloudshell_sessions cloudshell_usage cloudshell_usage_log_rows cloudshell_usage_matches cloudshell_usage_new_matches
		cloudshell_usage_pairs
		new_cloudshell_user new_cloudshell_user_log_rows new_cloudshell_user_matches new_cloudshell_user_pairs
		new_cloudshell_user_writes read_activity read_shell_starts read_signins read_storage_operations read_uploads run_rule signins
		storage_file_created_quickly_deleted storage_file_created_quickly_deleted_log_rows storage_file_created_quickly_deleted_matches
		storage_file_created_quickly_deleted_pairs storage_log_rows storage_mass_deletion storage_mass_deletion_deletions storage_mass_deletion_log_rows
		storage_mass_deletion_matches storage_upload_link_account storage_upload_link_account_log_rows storage_upload_link_account_matches
		storage_upload_link_account_new_matches storage_upload_link_account_pairs uploads) ],
	'functions that find their names by the session\'s search_path');

# Everything whose name is a word in one of these bodies, and all operators.
query($database, <<"SQL");
CREATE SCHEMA hostile;
CREATE TABLE hostile.word AS
SELECT DISTINCT m[1]::name AS word FROM (SELECT p.prosrc $late_bound) AS b (body)
CROSS JOIN regexp_matches(lower(b.body), '[a-z_][a-z0-9_]*', 'g') AS m;
DO \$do\$
DECLARE
	item record;
	body text := 'LANGUAGE plpgsql AS \$\$BEGIN RAISE WARNING ''HOSTILE''; RAISE EXCEPTION ''HOSTILE''; END\$\$';
BEGIN
	FOR item IN
		SELECT p.oid, p.proname, pg_get_function_identity_arguments(p.oid) AS arguments, p.prorettype::regtype AS result
		FROM pg_proc AS p
		WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname IN (SELECT w.word FROM hostile.word AS w)
	LOOP
		BEGIN
			EXECUTE format('CREATE FUNCTION hostile.%I(%s) RETURNS %s %s', item.proname, regexp_replace(item.arguments, ' ORDER BY', ','),
				CASE WHEN item.result::text ~ '^any' OR item.result = 'internal'::regtype THEN 'text' ELSE item.result::text END, body);
		EXCEPTION WHEN OTHERS THEN NULL;
		END;
	END LOOP;
	FOR item IN
		SELECT o.oprname, o.oprleft::regtype AS l, o.oprright::regtype AS r, o.oprresult::regtype AS result FROM pg_operator AS o
		WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprleft <> 0
		  AND o.oprname IN ('=', '<>', '<', '<=', '>', '>=', '+', '-', '||', '->', '->>', '~')
	LOOP
		BEGIN
			EXECUTE format('CREATE FUNCTION hostile.refuse(%s, %s) RETURNS %s %s', item.l, item.r, item.result, body);
		EXCEPTION WHEN OTHERS THEN NULL;
		END;
		BEGIN
			EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = hostile.refuse)', item.oprname, item.l, item.r);
		EXCEPTION WHEN OTHERS THEN NULL;
		END;
	END LOOP;
	-- the first type of a search_path wins
	FOR item IN
		SELECT t.typname FROM pg_type AS t
		WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typname IN ('text', 'timestamptz', 'interval', 'int8', 'int4', 'bool', 'jsonb')
	LOOP
		EXECUTE format('CREATE DOMAIN hostile.%I AS pg_catalog.%1\$I CHECK (VALUE IS NULL)', item.typname);
	END LOOP;
	FOR item IN
		SELECT w.word FROM hostile.word AS w WHERE to_regclass('azhunt.' || quote_ident(w.word)) IS NOT NULL
	LOOP
		EXECUTE format('CREATE VIEW hostile.%I AS SELECT 1 / 0 AS nothing', item.word);
	END LOOP;
END
\$do\$;
SQL
cmp_ok(query($database, q{SELECT count(*) FROM pg_proc WHERE pronamespace = 'hostile'::regnamespace AND proname <> 'refuse'}), '>', 20,
	'there are hostile functions');
cmp_ok(query($database, q{SELECT count(*) FROM pg_operator WHERE oprnamespace = 'hostile'::regnamespace}), '>', 200, 'and operators');
like(query_error($database, q{SET search_path = hostile, pg_catalog; SELECT 'a'::pg_catalog.text = 'a'::pg_catalog.text}), qr/HOSTILE/,
	'which are found');
like(query_error($database, q{SET search_path = hostile, pg_catalog; SELECT 'a'::text}), qr/violates check constraint/, 'and types');

my @hunts = qw(storage_upload_link_account cloudshell_usage storage_mass_deletion storage_file_created_quickly_deleted new_cloudshell_user);
my $day = q{'2026-03-02 12:00Z'};
my %calls = (
	(map { $_ => "SELECT * FROM azhunt.$_()" } qw(uploads signins storage_upload_link_account)),
	cloudshell_usage => "SELECT * FROM azhunt.cloudshell_usage(as_of => $day, lookback => '3 days')",
	cloudshell_sessions => "SELECT * FROM azhunt.cloudshell_sessions(as_of => $day, lookback => '3 days')",
	read_storage_operations => "SELECT * FROM azhunt.read_storage_operations('-infinity', 'infinity')",
	storage_log_rows => "SELECT l.log_table, l.log_row OPERATOR(pg_catalog.-) '{timegenerated,ingestedat}'::pg_catalog.text[] FROM azhunt.storage_log_rows('2026-03-02 10:00:01Z') AS l",
	read_uploads => "SELECT * FROM azhunt.read_uploads('file1', '{PutBlob,Write}', '-infinity', 'infinity')",
	read_signins => "SELECT * FROM azhunt.read_signins(true, true, true, '-infinity', 'infinity')",
	read_shell_starts => "SELECT * FROM azhunt.read_shell_starts('cloud-shell-storage', '-infinity', 'infinity')",
	read_activity => "SELECT * FROM azhunt.read_activity('-infinity', 'infinity')",
	(map { my $kind = $_;
			("storage_upload_link_account_$kind" => "SELECT * FROM azhunt.storage_upload_link_account_$kind('1 minute', NULL, true, '{PutBlob,Write}', false, false, true,"
				. " 'CreatedDateTime', '-infinity', 'infinity', NULL)",
			"cloudshell_usage_$kind" => "SELECT * FROM azhunt.cloudshell_usage_$kind('1 hour', 'cloud-shell-storage', '-infinity', 'infinity', NULL)") }
		qw(matches new_matches)),
	storage_upload_link_account_pairs => "SELECT * FROM azhunt.storage_upload_link_account_pairs('1 minute', NULL, true, '{PutBlob,Write}', false, false, true,"
	  . " 'CreatedDateTime', '-infinity', 'infinity', '-infinity', NULL)",
	cloudshell_usage_pairs => "SELECT * FROM azhunt.cloudshell_usage_pairs('1 hour', 'cloud-shell-storage', '-infinity', 'infinity')",
	(map { $_ => "SELECT * FROM azhunt.$_(as_of => $day)" } qw(storage_mass_deletion storage_file_created_quickly_deleted new_cloudshell_user)),
	storage_mass_deletion_deletions => "SELECT * FROM azhunt.storage_mass_deletion_deletions(3, '10 minutes', '-infinity', 'infinity')",
	storage_mass_deletion_matches => "SELECT * FROM azhunt.storage_mass_deletion_matches(3, '10 minutes', '-infinity', 'infinity', NULL)",
	(map { $_ => "SELECT * FROM azhunt.$_('5 minutes', '{PutBlob}', '-infinity', 'infinity', NULL)" }
		qw(storage_file_created_quickly_deleted_pairs storage_file_created_quickly_deleted_matches)),
	(map { $_ => "SELECT * FROM azhunt.$_('3 minutes', 'cloud-shell', '-infinity', 'infinity', NULL)" } qw(new_cloudshell_user_pairs new_cloudshell_user_matches)),
	new_cloudshell_user_writes => "SELECT * FROM azhunt.new_cloudshell_user_writes('cloud-shell', '-infinity', 'infinity')",
	(map { $_ . '_log_rows' => "SELECT l.log_table, l.log_row OPERATOR(pg_catalog.-) '{timegenerated,ingestedat}'::pg_catalog.text[] FROM azhunt.matches AS m CROSS JOIN LATERAL azhunt.${_}_log_rows(m) AS l WHERE m.rule OPERATOR(pg_catalog.=) '$_'" }
		@hunts));
foreach my $hunt (@hunts)
{
	query($database, "SELECT azhunt.add_rule('$hunt')");
	query($database, "CALL azhunt.run_rule('$hunt')");
}
my @settings = ('search_path = hostile, pg_catalog, public', (has_backslash_strings() ? 'standard_conforming_strings = off' : ()), 'transform_null_equals = on',
	'array_nulls = off', "IntervalStyle = sql_standard", "DateStyle = 'German, DMY'", "TimeZone = 'America/New_York'", 'quote_all_identifiers = on');
my $reset = 'SET search_path = pg_catalog; SET DateStyle = ISO; SET TimeZone = UTC;'
  . (has_backslash_strings() ? ' SET escape_string_warning = off;' : '')
  . " DO 'BEGIN PERFORM azhunt.allow_visits(1000000); END'";
foreach my $name (grep { $_ ne 'run_rule' } @names)
{
	# the answer as text, whatever the settings
	my $count = "SELECT pg_catalog.count(*), pg_catalog.md5(pg_catalog.string_agg(r, ' ' ORDER BY r COLLATE pg_catalog.\"C\"))"
	  . " FROM answer AS a CROSS JOIN LATERAL (SELECT a::pg_catalog.text) AS t (r)";
	my $expected = query($database, "$reset; CREATE TEMP TABLE answer AS $calls{$name}; $count");
	cmp_ok((split /\|/, $expected)[0], '>', 0, "$name finds something");
	foreach my $setting (@settings)
	{
		my $as_table = "CREATE TEMP TABLE answer AS $calls{$name}";
		is(query($database, "$reset; SET $setting; $as_table; $reset; $count"), $expected, "and the same with $setting");
	}
}

# a run, likewise
my $matches = query($database, q{SELECT count(*) FROM azhunt.matches WHERE rule = 'storage_upload_link_account'});
cmp_ok($matches, '>', 0, 'run_rule finds something');
foreach my $setting (@settings)
{
	my $name = $setting =~ s/ .*//r;
	query($database, "INSERT INTO azhunt.rules (rule, hunt) VALUES ('$name', 'storage_upload_link_account')");
	query($database, "ALTER DATABASE $database SET $setting");
	query($database, "CALL azhunt.run_rule('$name')");
	query($database, "ALTER DATABASE $database RESET ALL");
	is(query($database, "SELECT status, new_matches FROM azhunt.runs WHERE rule = '$name'"), "succeeded|$matches", "and the same with $setting");
}

done_testing();
