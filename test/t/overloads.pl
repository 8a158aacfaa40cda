# Another function or operator of the same name in schema azhunt, with other
# types of arguments, more of them or fewer, is never called in place of the
# extension's: not by its own functions and views, nor by a panel of Grafana or
# a statement of the documentation.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use POSIX qw(strftime);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Logs;
use Grafana qw(dashboards alert_rules queries expand);
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)' foreach qw(output failure_output);

my $top = abs_path(dirname(__FILE__) . '/../..');
my $directory = tempdir(CLEANUP => 1);
my $role = 'azhunt_overloads_test';

# Each function says that it was called in a way that nobody can catch.
my $shadows = <<'SQL';
SET client_min_messages = error;
CREATE FUNCTION public.shadow(kind "char", name text, arguments text, result text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    body text := format('LANGUAGE plpgsql AS $body$BEGIN RAISE WARNING %L; RAISE EXCEPTION %1$L; END$body$',
                        'HIJACKED by ' || name || '(' || replace(arguments, '%', '%%') || ')');
BEGIN
    IF kind = 'p' THEN
        EXECUTE format('CREATE PROCEDURE azhunt.%I(%s) %s', name, arguments, body);
    ELSIF kind = 'a' AND arguments = '' THEN
        RETURN false;
    ELSIF kind = 'a' THEN
        BEGIN
            EXECUTE format('CREATE FUNCTION public.shadow_step(text, %s) RETURNS text %s', arguments, body);
        EXCEPTION WHEN duplicate_function THEN NULL;
        END;
        EXECUTE format('CREATE AGGREGATE azhunt.%I(%s) (SFUNC = public.shadow_step, STYPE = text)', name, arguments);
    ELSE
        EXECUTE format('CREATE FUNCTION azhunt.%I(%s) RETURNS %s %s', name, arguments, result, body);
    END IF;
    RETURN true;
EXCEPTION WHEN duplicate_function OR invalid_function_definition OR datatype_mismatch OR ambiguous_function
    OR feature_not_supported OR invalid_parameter_value THEN
    RETURN false;
END
$$;

-- Arguments with their names, so that calls by name could find them, too.
CREATE FUNCTION public.arguments(types text[], names text[]) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(concat_ws(' ', CASE WHEN types[i] NOT LIKE 'VARIADIC%' THEN quote_ident(nullif(names[i], '')) END, types[i]), ', ' ORDER BY i), '')
    FROM generate_subscripts(types, 1) AS i
$$;

CREATE FUNCTION public.shadow_operators(types text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    pair record;
    created bigint := 0;
BEGIN
    FOR pair IN
        SELECT DISTINCT o.oprname, p.l, p.r
        FROM pg_operator AS o
        CROSS JOIN unnest(types) AS t
        CROSS JOIN LATERAL (VALUES (t, o.oprright::regtype::text), (o.oprleft::regtype::text, t), (t, t)) AS p (l, r)
        WHERE o.oprnamespace = 'azhunt'::regnamespace AND (p.l, p.r) <> ('text', 'text')
    LOOP
        BEGIN
            EXECUTE format('CREATE FUNCTION public.shadow_operator(%s, %s) RETURNS boolean LANGUAGE plpgsql AS'
                           ' $body$BEGIN RAISE WARNING ''HIJACKED by an operator''; RAISE EXCEPTION ''HIJACKED''; END$body$', pair.l, pair.r);
        EXCEPTION WHEN duplicate_function THEN NULL;
        END;
        EXECUTE format('CREATE OPERATOR azhunt.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = public.shadow_operator)',
                       pair.oprname, pair.l, pair.r);
        created := created + 1;
    END LOOP;
    RETURN created;
END
$$;

CREATE FUNCTION public.shadow_functions(types text[], arities boolean, of_hunts boolean) RETURNS bigint LANGUAGE sql AS $$
    WITH function AS (
        SELECT p.prokind, p.proname, p.pronargs::integer AS n, pg_get_function_result(p.oid) AS result, p.provariadic,
               ARRAY(SELECT a::regtype::text FROM unnest(p.proargtypes) WITH ORDINALITY AS t (a, i) ORDER BY i) AS args,
               coalesce(p.proargnames, '{}') AS names
        FROM pg_proc AS p
        JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
        WHERE p.pronamespace = 'azhunt'::regnamespace
          AND (of_hunts OR p.proname !~ '^(storage_upload_link_account|cloudshell_usage)(|_matches|_new_matches|_check|_tables|_log_rows)$')
          AND NOT 'internal'::regtype = ANY (p.proargtypes) AND p.prorettype <> 'trigger'::regtype
    ), other AS (
        -- one argument of another type
        SELECT f.*, f.args[:i - 1] || t || f.args[i + 1:] AS others FROM function AS f
        CROSS JOIN generate_series(1, f.n) AS i CROSS JOIN unnest(types) AS t
        -- all
        UNION ALL SELECT f.*, array_fill(t, ARRAY[f.n]) FROM function AS f CROSS JOIN unnest(types) AS t WHERE f.n > 0
        -- fixed numbers of arguments for a variable one
        UNION ALL SELECT f.*, array_fill(t, ARRAY[i]) FROM function AS f
        CROSS JOIN generate_series(1, 10) AS i CROSS JOIN unnest('{text,anyelement,jsonb}'::text[]) AS t WHERE f.provariadic <> 0
        UNION ALL SELECT f.*, ARRAY[t] FROM function AS f CROSS JOIN unnest('{VARIADIC anyarray,VARIADIC text[]}'::text[]) AS t
        WHERE f.n > 0
        -- fewer arguments, and more; one more with a default, if the others are of
        -- the same types, makes all calls ambiguous, but is never called
        UNION ALL SELECT f.*, f.args[:i] FROM function AS f CROSS JOIN generate_series(0, f.n - 1) AS i WHERE arities
        UNION ALL SELECT f.*, array_fill(t, ARRAY[f.n]) || (t || CASE f.prokind WHEN 'a' THEN '' ELSE ' DEFAULT NULL' END)
        FROM function AS f CROSS JOIN unnest(types) AS t WHERE arities AND f.n > 0
          AND array_fill(t, ARRAY[f.n]) <> f.args
    ), distinct_other AS (
        SELECT DISTINCT ON (proname, others) * FROM other WHERE others <> args
    )
    SELECT count(*) FILTER (WHERE public.shadow(prokind, proname, public.arguments(others, names), result)) FROM distinct_other
$$;
SQL

my $types = <<'SQL';
ARRAY(SELECT t::regtype::text FROM unnest('{text,varchar,name,bpchar,json,jsonb,anyelement,anyarray,anycompatible,smallint,integer,bigint,numeric,
double precision,boolean,timestamp,timestamptz,date,interval,regclass,oid,uuid,inet,bytea,text[],varchar[],name[]}'::text[]) AS t)
SQL

sub make_shadows
{
	my ($database, $arities, $of_hunts) = @_;

	query($database, $shadows);
	query($database, "GRANT USAGE, CREATE ON SCHEMA azhunt, public TO $role");
	my $functions = query($database, "SET client_min_messages = error; SET ROLE $role; SELECT public.shadow_functions($types, $arities, $of_hunts)");
	my $operators = query($database, "SET client_min_messages = error; SET ROLE $role; SELECT public.shadow_operators($types)");
	cmp_ok($functions, '>', 3000, "$database: there are shadows of functions");
	cmp_ok($operators, '>', 100, 'and of operators');
	query($database, 'REVOKE CREATE ON SCHEMA azhunt FROM PUBLIC');
	return;
}

# What psql prints of statements, one after the other.
sub printed
{
	my ($database, @statements) = @_;

	open my $file, '>:encoding(UTF-8)', "$directory/script.sql" or die $!;
	print $file "\\echo statement $_\n$statements[$_]\n;\n" foreach 0 .. $#statements;
	close $file;
	my (undef, $output) = run('psql', '--no-psqlrc', '--quiet', '--no-align', "--dbname=$database", "--file=$directory/script.sql");
	my (undef, %printed) = split /^statement (\d+)\n/m, $output, -1;
	return map { ($printed{$_} // 'nothing') =~ s/^psql:.*?: //mgr } 0 .. $#statements;
}

#
# what is run
#

my $day = "timestamptz '2026-03-02 12:00Z'";
my @hunts = (
	"SELECT * FROM azhunt.uploads(NULL::text, '{PutBlob}'::text[], timestamptz '-infinity', timestamptz 'infinity') ORDER BY 1, 2, 3, 4",
	"SELECT * FROM azhunt.uploads('file1'::text, '{PutBlob,Write}'::text[], $day, timestamptz 'infinity') ORDER BY 1, 2, 3, 4",
	'SELECT * FROM azhunt.signins(true, true, true, timestamptz \'-infinity\', timestamptz \'infinity\') ORDER BY 1, 2, 3, 4',
	"SELECT * FROM azhunt.storage_upload_link_account(interval '1 minute', NULL::text, true, '{PutBlob,Write}'::text[], false, false, false,"
	  . " timestamptz '-infinity', timestamptz 'infinity', 'TimeGenerated'::text) ORDER BY 1, 2, 3",
	"SELECT * FROM azhunt.storage_upload_link_account(interval '1 hour', 'file1'::text, false, '{PutBlob}'::text[], true, true, true,"
	  . " $day, timestamptz 'infinity', 'CreatedDateTime'::text) ORDER BY 1, 2, 3",
	"SELECT * FROM azhunt.cloudshell_usage(interval '3 days', interval '2 hours', 'cloud-shell-storage'::text, $day) ORDER BY 1, 2",
	"SELECT * FROM azhunt.cloudshell_sessions(interval '3 hours', interval '3 days', 'cloud-shell-storage'::text, $day) ORDER BY 1, 2",
);
my @tables = qw(storagebloblogs storagefilelogs signinlogs aadnoninteractiveusersigninlogs aadserviceprincipalsigninlogs
	aadmanagedidentitysigninlogs azureactivity);

my @move = ('CREATE SCHEMA siem', map { "ALTER TABLE azhunt.$_ SET SCHEMA siem" } @tables);

# Views with columns of another type under the log tables' names.
sub views
{
	my ($type) = @_;
	my @statements;

	foreach my $table (@tables)
	{
		push @statements, "DROP VIEW IF EXISTS azhunt.$table",
		  "SELECT format('CREATE VIEW azhunt.$table AS SELECT %s FROM siem.$table', string_agg(CASE WHEN atttypid = 'text'::regtype"
		  . " THEN format('%I::$type AS %1\$I', attname) ELSE quote_ident(attname) END, ', ' ORDER BY attnum)) FROM pg_attribute"
		  . " WHERE attrelid = 'siem.$table'::regclass AND attnum > 0 AND NOT attisdropped \\gexec\n";
	}
	return @statements;
}

# in which schema are the tables?
sub runs
{
	my ($schema) = @_;
	my @both = ("CALL azhunt.run_rule('storage_upload_link_account'::text)", "CALL azhunt.run_rule('cloudshell_usage'::text)");

	return (@both,
		"INSERT INTO $schema.azureactivity (timegenerated, caller, operationnamevalue) SELECT timegenerated, caller, 'new' FROM $schema.azureactivity",
		"INSERT INTO $schema.signinlogs (timegenerated, userprincipalname, ipaddress, useragent)"
		  . " SELECT timegenerated, 'late\@contoso.com', ipaddress, useragent FROM $schema.signinlogs LIMIT 50",
		@both, 'SELECT status, error, new_matches FROM azhunt.runs ORDER BY run');
}
my @results = (
	(map { "SELECT * FROM (SELECT to_jsonb(r) - '{found_at,changed_at,added_at}'::text[] AS r FROM azhunt.$_ AS r) AS s ORDER BY r" }
		qw(results matches storage_upload_link_account_results cloudshell_usage_results hidden_results hunts
			screened_matches latest_status)),
	'SELECT log_table, state FROM azhunt.source_health',
	"SELECT * FROM azhunt.upload_counts('storage_upload_link_account'::text, timestamptz '-infinity', timestamptz 'infinity', interval '1 hour')",
	"SELECT count(azhunt.set_status(result_id, 'closed'::text, 'no'::text, NULL::text)) FROM azhunt.results",
	"INSERT INTO azhunt.allow_list (entity, value) VALUES ('account', 'USER1\@contoso.com'), ('address', '2001:DB8::1'), ('address', '203.0.113.0/24') ON CONFLICT DO NOTHING",
	"INSERT INTO azhunt.rules (rule, hunt, options) VALUES ('mine', 'storage_upload_link_account', '{\"lookback\": \"2 minutes\", \"include_service_principals\": true}'), ('bins', 'cloudshell_usage', '{\"bin\": \"2 hours\"}') ON CONFLICT DO NOTHING",
	'SELECT rule, matches FROM azhunt.hidden_results ORDER BY 1, 2', 'SELECT rule, hunt, last_status FROM azhunt.rule_health ORDER BY 1',
	"SELECT count(*) FROM azhunt.results AS r CROSS JOIN LATERAL azhunt.log_rows(r.result_id, 10) AS l",
	"SELECT azhunt.restart_rule('cloudshell_usage'::text)", "CALL azhunt.run_rule('cloudshell_usage'::text)", "CALL azhunt.run_rule('mine'::text)",
	"SELECT azhunt.schedule_rule('mine'::text, '* * * * *'::text)", "SELECT azhunt.unschedule_rule('mine'::text)",
	"SELECT * FROM azhunt.prune(interval '1 day', interval '1000 years', '{}'::jsonb)",
	"SELECT azhunt.drop_rule('mine'::text)",
	'SELECT status, error, new_matches FROM azhunt.runs ORDER BY run',
);

my $range = { from => '2026-03-01T00:00:00Z', to => '2026-03-05T00:00:00Z', interval => '1h' };
my %variables = (datasource => 'azhunt', status => ['new'], severity => ['High'], account => '', address => '', finding => '', file => '', hunt => 'storage_upload_link_account', rule => 'storage_upload_link_account');
my @panels;
foreach my $dashboard (dashboards())
{
	local @variables{qw(hunt rule)} = ('cloudshell_usage') x 2 if $dashboard->{uid} =~ /cloudshell/;
	my %known = (%variables, map { $_->{name} => $variables{ $_->{name} } // '' } @{ $dashboard->{templating}{list} });
	push @panels, map { expand($_->{sql}, $range, \%known) } queries($dashboard);
}
push @panels, map { my $rule = $_; map { $_->{model}{rawSql} // () } @{ $rule->{data} } } alert_rules();
cmp_ok(scalar(@panels), '>', 20, 'there are queries of panels');

my @statements = (
	'SELECT azhunt.create_log_tables()',
	"SELECT azhunt.add_partitions('azhunt.azureactivity'::regclass, date '2026-03-05', date '2026-03-07')",
	"INSERT INTO azhunt.rules (rule, hunt) VALUES ('storage_upload_link_account', 'storage_upload_link_account'), ('cloudshell_usage', 'cloudshell_usage')",
	"SELECT azhunt.add_rule('added'::text, 'cloudshell_usage'::text, '{\"bin\": \"3 hours\"}'::jsonb, interval '1 hour', 'Low'::text, timestamptz '-infinity')",
	@hunts, runs('azhunt'), @results, @panels,
	'CREATE DOMAIN public.words AS text', @move, views('varchar'), @hunts, runs('siem'), views('public.words'), @hunts, runs('siem'), @results);

query('postgres', "DROP ROLE IF EXISTS $role");
query('postgres', "CREATE ROLE $role");
my %printed;
foreach my $database (qw(azhunt_overloads_none azhunt_overloads_all))
{
	create_database($database);
	query($database, 'CREATE EXTENSION azhunt');
	load_logs($database);
	make_shadows($database, 'true', 'false') if $database =~ /all$/;
	$printed{$database} = [ printed($database, @statements) ];
}
# hunts that a person calls, with overloads of their own functions, too
query('azhunt_overloads_all', "SET client_min_messages = error; SET ROLE $role; SELECT public.shadow_functions($types, true, true)");
push @statements, @hunts;
push @{ $printed{$_} }, printed($_, @hunts) foreach qw(azhunt_overloads_none azhunt_overloads_all);
my $this_month = strftime('%Y-%m', gmtime);
foreach my $i (0 .. $#statements)
{
	my ($expected, $actual) = map { $_->[$i] } @printed{qw(azhunt_overloads_none azhunt_overloads_all)};
	my $name = substr($statements[$i] =~ s/\s+/ /gr, 0, 100);
	unlike($expected, qr/^ERROR:(?!  pg_cron is not there)/m, "runs: $name");
	unlike($actual, qr/HIJACKED|is not unique/, 'and calls no other function');
	# but for what the time is
	s/\d+\.\d{4,}/0.0/g, s/$this_month-\d+ [\d:.]+/now/g foreach $actual, $expected;
	# and but for an order that is not asked for
	($actual, $expected) = map { join "\n", sort split /\n/ } $actual, $expected unless $statements[$i] =~ /ORDER BY[^()]*$/;
	is($actual, $expected, 'with the same answer');
}

# Whoever writes a statement may leave out arguments, for which a function with
# fewer arguments could be called; but not the types of those that are there.
my @documented;
foreach my $path ("$top/README.md", glob "$top/doc/*.md")
{
	open my $file, '<:encoding(UTF-8)', $path or die "$path: $!";
	my $text = do { local $/; readline $file };
	push @documented, grep { /^(?:SELECT|CALL|WITH)\b.*azhunt/s } map { /^((?:SELECT|CALL|WITH)\b.*?)(?:;$|\\gx?$)/msg } $text =~ /^```sql\n(.*?)^```/msg;
}
cmp_ok(scalar(@documented), '>', 20, 'there are statements in the documentation');
my $documentation = create_database('azhunt_overloads_documentation');
query($documentation, 'CREATE EXTENSION azhunt');
load_logs($documentation);
make_shadows($documentation, 'false', 'true');

# Which of several functions a run calls could depend on a rule's options.
like(query_error($documentation, "SELECT azhunt.add_rule('refused'::text, 'cloudshell_usage'::text, '{}'::jsonb, interval '1 hour', 'Low'::text, timestamptz '-infinity')"),
	qr/there are \d+ functions azhunt\.cloudshell_usage_/, 'a hunt whose functions are overloaded is refused');
my @output = printed($documentation, map { ("BEGIN; SET LOCAL search_path = public, azhunt; $_; ROLLBACK") } @documented);
unlike($output[$_], qr/HIJACKED|is not unique/, substr $documented[$_] =~ s/\s+/ /gr, 0, 100) foreach 0 .. $#documented;

# not object by object, whose locks are too many
query('postgres', "DROP DATABASE $_") foreach qw(azhunt_overloads_none azhunt_overloads_all azhunt_overloads_documentation);
query('postgres', "DROP ROLE $role");
done_testing();
