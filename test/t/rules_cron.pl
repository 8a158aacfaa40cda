# schedule_rule() with a real pg_cron, in the database of the logs, in another
# one, and where there is none.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Cluster;
use Session;
use Utils;
use Test::More;

my $plain = Session->new(PGDATABASE => 'postgres');
$plain->do('DROP DATABASE IF EXISTS azhunt_rules_cron');
$plain->do('CREATE DATABASE azhunt_rules_cron');
my $session = Session->new(PGDATABASE => 'azhunt_rules_cron');
$session->do('CREATE EXTENSION azhunt');
$session->do("SELECT azhunt.add_rule('cloudshell_usage')");
is($session->query("SELECT azhunt.schedule_rule('cloudshell_usage', '*/5 * * * *')") =~ s/^CONTEXT:.*//smr,
	"ERROR:  pg_cron is not there\nHINT:  Install it and add it to shared_preload_libraries; or have another scheduler,"
	  . " such as cron with psql, call azhunt.run_rule().\n",
	'without pg_cron it says so');
is($session->query("SELECT azhunt.unschedule_rule('cloudshell_usage')") =~ s/\n.*//sr, 'ERROR:  pg_cron is not there',
	'as does unschedule_rule()');
$session->close;
$plain->do('DROP DATABASE azhunt_rules_cron');

if ($plain->do("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'") == 0)
{
  SKIP:
	{
		skip('there is no pg_cron for a PostgreSQL that is not released', 1)
		  if $plain->do('SHOW server_version') =~ /\d(?:beta|rc|devel)/;
		fail('pg_cron is installed (Debian: postgresql-NN-cron, where NN is the version of PostgreSQL)');
	}
	done_testing();
	exit;
}

my $cluster = Cluster->new("shared_preload_libraries = 'pg_cron'", "cron.database_name = 'jobs'",
	"cron.use_background_workers = off", "cron.host = ''");
my $postgres = $cluster->session;
$postgres->do("ALTER SYSTEM SET cron.host = '$cluster->{dir}'");
$postgres->do("CREATE DATABASE $_") for 'jobs', q("it's the logs");
$postgres->close;
$cluster->stop('fast');
$cluster->start;

my $logs = $cluster->session("it's the logs");
$logs->do("CREATE EXTENSION azhunt; SELECT count(*) FROM azhunt.create_log_tables(); SELECT azhunt.add_rule('cloudshell_usage')");
is($logs->query("SELECT azhunt.schedule_rule('cloudshell_usage', '* * * * *')") =~ s/^CONTEXT:.*//smr,
	"ERROR:  pg_cron is in another database, \"jobs\"\nHINT:  Run there: SELECT cron.schedule_in_database("
	  . join('', map { "$_\::pg_catalog.text, " } q('azhunt "it''s the logs": cloudshell_usage'), "'* * * * *'",
		"'CALL azhunt.run_rule(''cloudshell_usage'')'", "'it''s the logs'", 'NULL') . 'true).'
	  . " Or create extension dblink here, and call this again.\n",
	'where pg_cron is in another database, it says what to do there');

# a schema of that name, and what is in it, may be anybody's
my $jobs = $cluster->session('jobs');
$jobs->do('CREATE SCHEMA cron; CREATE TABLE cron.calls (who name);'
	  . ' CREATE FUNCTION cron.schedule_in_database(text, text, text, text, text, boolean) RETURNS bigint LANGUAGE sql'
	  . ' AS $$INSERT INTO cron.calls VALUES (current_user) RETURNING 1::bigint$$');
$logs->do('CREATE EXTENSION dblink');
is($logs->query("SELECT azhunt.schedule_rule('cloudshell_usage', '* * * * *')") =~ s/^CONTEXT:.*//smr,
	"ERROR:  there is no extension pg_cron in database \"jobs\"\nHINT:  Run there: CREATE EXTENSION pg_cron.\n",
	'where the other database has no pg_cron, it says so');
is($jobs->do('SELECT count(*) FROM cron.calls'), 0, 'and calls nothing that is in a schema cron');
$jobs->do("CREATE EXTENSION azhunt; SELECT azhunt.add_rule('cloudshell_usage')");
is($jobs->query("SELECT azhunt.schedule_rule('cloudshell_usage', '* * * * *')") =~ s/^CONTEXT:.*//smr,
	"ERROR:  there is no extension pg_cron in database \"jobs\"\nHINT:  Run here: CREATE EXTENSION pg_cron.\n",
	'so it does in the database that is meant to have it');
$jobs->do('DROP SCHEMA cron CASCADE; CREATE EXTENSION pg_cron');

# as where the server knows a superuser by another name
$jobs->do('CREATE ROLE kept_out SUPERUSER');
$logs->do('SET ROLE kept_out');
like($logs->query("SELECT azhunt.schedule_rule('cloudshell_usage', '* * * * *')"),
	qr/^ERROR:  could not connect to the database of pg_cron, "jobs"\nDETAIL:  .*kept_out.*\nHINT:  Run there: SELECT cron\.schedule_in_database\(/,
	'a superuser who cannot connect is told what to do there');
$logs->do('RESET ROLE');

like($logs->query("SELECT azhunt.schedule_rule('nothing', '* * * * *')"), qr/^ERROR:  there is no rule "nothing"/,
	'only a rule is scheduled');
like($logs->query("SELECT azhunt.schedule_rule('cloudshell_usage', 'now and then')"), qr/invalid schedule/,
	'pg_cron itself checks the times');

my $job = $logs->do("SELECT azhunt.schedule_rule('cloudshell_usage', '* * * * *')");
like($job, qr/^\d+$/, 'a rule is scheduled from the database of the logs');
is($jobs->do("SELECT jobid, schedule, command, database, username FROM cron.job"),
	"$job|* * * * *|CALL azhunt.run_rule('cloudshell_usage')|it's the logs|postgres", 'pg_cron has the job');
is($logs->do("SELECT azhunt.schedule_rule('cloudshell_usage', '*/1 * * * *')"), $job, 'a new schedule replaces the old one');
is($jobs->do('SELECT count(*) FROM cron.job'), 1, 'there is still one job');

# pg_cron starts jobs at the full minute
$logs->do('INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup) VALUES'
	  . " ('2026-03-10 08:00+00', 'adele\@contoso.com', 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'cloud-shell-storage-westeurope'),"
	  . " ('2026-03-10 08:10+00', 'adele\@contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Success', 'web')");
ok(await(sub { $logs->do('SELECT count(*) FROM azhunt.cloudshell_usage_results') }), 'the job runs, and finds something');
is($logs->do('SELECT status, new_matches, run_by FROM azhunt.runs ORDER BY run LIMIT 1'), 'succeeded|1|postgres', 'the run is recorded');
is(await(sub { $jobs->do("SELECT DISTINCT status FROM cron.job_run_details WHERE status IN ('succeeded', 'failed')") }),
	'succeeded', 'for pg_cron it succeeded, too');

is($logs->do("SELECT azhunt.unschedule_rule('cloudshell_usage')"), 't', 'a rule is unscheduled');
is($logs->do("SELECT azhunt.unschedule_rule('cloudshell_usage')"), 'f', 'once');
is($jobs->do('SELECT count(*) FROM cron.job'), 0, 'pg_cron has no job');

# in the database of pg_cron itself
$job = $jobs->do("SELECT azhunt.schedule_rule('cloudshell_usage', '0 5 * * *')");
is($jobs->do('SELECT jobid, schedule, database FROM cron.job'), "$job|0 5 * * *|jobs", 'a rule in the database of pg_cron is scheduled');
is($jobs->do("SELECT azhunt.unschedule_rule('cloudshell_usage')"), 't', 'and unscheduled');

# by who is no superuser
$jobs->do('CREATE ROLE scheduler LOGIN');
for my $session ($jobs, $logs)
{
	$session->do('GRANT USAGE ON SCHEMA azhunt TO scheduler');
	$session->do('GRANT SELECT ON azhunt.rules TO scheduler');
	$session->do("GRANT EXECUTE ON FUNCTION azhunt.$_ TO scheduler")
	  for 'schedule_rule(text, text)', 'unschedule_rule(text)', 'call_cron(text, text)';
	$session->do('SET ROLE scheduler');
}
$jobs->do('RESET ROLE');
$jobs->do('GRANT USAGE ON SCHEMA cron TO scheduler');
$jobs->do('GRANT EXECUTE ON FUNCTION cron.schedule_in_database TO scheduler');
$jobs->do('SET ROLE scheduler');
like($jobs->do("SELECT azhunt.schedule_rule('cloudshell_usage', '0 5 * * *')"), qr/^\d+$/, 'another role schedules a rule');
is($jobs->do("SELECT azhunt.unschedule_rule('cloudshell_usage')"), 't', 'and unschedules it');
is($logs->query("SELECT azhunt.unschedule_rule('cloudshell_usage')") =~ s/^CONTEXT:.*//smr,
	"ERROR:  pg_cron is in another database\nHINT:  Run there: SELECT j.jobid, cron.unschedule(j.jobid) FROM cron.job AS j"
	  . " WHERE j.jobname OPERATOR(pg_catalog.=) 'azhunt \"it''s the logs\": cloudshell_usage' AND j.username OPERATOR(pg_catalog.=) current_user.\n",
	'from another database, it is told what to do there');

# whatever colons names have
my %rules = ('a: b' => 'c', a => 'b: c');
my %names;
$jobs->do('RESET ROLE');
for my $database (sort keys %rules)
{
	$jobs->do(qq(CREATE DATABASE "$database"));
	my $other = $cluster->session($database);
	$other->do("CREATE EXTENSION azhunt; CREATE EXTENSION dblink; SELECT azhunt.add_rule('$rules{$database}', 'cloudshell_usage')");
	$other->do("SELECT azhunt.schedule_rule('$rules{$database}', '0 5 * * *')");
	$names{ $other->do("SELECT azhunt.cron_job_name('$rules{$database}')") } = 1;
	$other->close;
}
is(join('|', sort keys %names), 'azhunt "a: b": c|azhunt a: b: c', 'no other database and rule give the same name');
is($jobs->do("SELECT string_agg(database, ', ' ORDER BY database) FROM cron.job"), 'a, a: b', 'nor the same job');

$_->close for $logs, $jobs;
done_testing();
