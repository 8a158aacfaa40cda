# Log rows on the workers of a Citus cluster: the answers of one server, ad hoc and
# by rule.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Cluster;
use Databases qw(run);
use Shards;
use Test::More;
use Utils;

my $pg_config = $ENV{PG_CONFIG} // 'pg_config';
chomp(my $sharedir = `$pg_config --sharedir`);
plan skip_all => 'Citus is not installed' unless -e "$sharedir/extension/citus.control";

my $script = dirname(abs_path(__FILE__)) . '/../../scaling/azhunt_citus.sql';
my ($coordinator, @workers) = map { Cluster->new_system("shared_preload_libraries = 'citus'", 'wal_level = logical', 'max_prepared_transactions = 50') } 1 .. 3;
my $one = Cluster->new_system;
my %session = map { $_->{dir} => $_->session } $one, $coordinator, @workers;

sub ask
{
	my ($cluster, $query) = @_;

	return $session{ $cluster->{dir} }->do($query);
}

sub answer_or_error
{
	my ($cluster, $query) = @_;
	my $session = $session{ $cluster->{dir} };

	$session->send($query);
	return $session->answer;
}

# A statement that must not fail, and answers nothing.
sub execute
{
	my ($cluster, $query) = @_;

	is(ask($cluster, $query), '', $query);
}

sub run_script
{
	local %ENV = (%ENV, $coordinator->environment);

	return run('psql', '--no-psqlrc', '--quiet', "--file=$script");
}

ask($one, 'CREATE EXTENSION azhunt; SELECT count(*) FROM azhunt.create_log_tables()');
ask($_, 'CREATE EXTENSION citus') foreach $coordinator, @workers;
execute($coordinator, "SELECT WHERE citus_set_coordinator_host('$coordinator->{dir}', 5432) IS NULL");
ask($coordinator, "SELECT citus_add_node('$_->{dir}', 5432)") foreach @workers;
execute($coordinator, 'CREATE EXTENSION azhunt');

# Whoever has made the schema before does not have their functions called.
ask($coordinator, 'CREATE SCHEMA azhunt_citus; CREATE PROCEDURE azhunt_citus.create_local_views() LANGUAGE sql AS $$ SELECT $$');
my ($status, $output) = run_script();
is($status, 3, 'the script ends with its first error');
like($output, qr/\A[^\n]*ERROR:  schema "azhunt_citus" already exists\n\z/, 'which is that the schema is there');
ask($coordinator, 'DROP SCHEMA azhunt_citus CASCADE');

($status, $output) = run_script();
is("$status$output", '0', 'the script runs');
execute($coordinator, 'SET client_min_messages = warning; CALL azhunt_citus.distribute_log_tables(8)');
execute($coordinator, 'CALL azhunt_citus.run_on_workers(\'CALL azhunt_citus.create_local_views()\')');
execute($coordinator, 'CREATE EXTENSION postgres_fdw');
execute($coordinator, 'CALL azhunt_citus.create_foreign_tables()');
execute($coordinator, "CREATE USER MAPPING FOR CURRENT_USER SERVER $_ OPTIONS (user 'postgres')")
  foreach split /\n/, ask($coordinator, 'SELECT srvname FROM pg_foreign_server');
like(answer_or_error($coordinator, 'SELECT * FROM azhunt.storage_upload_link_account()'), qr/ERROR: .*does not exist/, 'no hunt reads empty tables on the coordinator');

sub insert_logs
{
	foreach my $insert (log_inserts(@_))
	{
		my ($log_table, $columns, $query) = @$insert;
		my $key = ask($coordinator, "SELECT key FROM azhunt_citus.log_table_keys() WHERE log_table = '$log_table'");

		ask($one, "INSERT INTO azhunt.$log_table ($columns) $query");
		ask($coordinator, "INSERT INTO logs.$log_table ($columns, distribution_key) SELECT l.*, $key FROM ($query) AS l ($columns)");
	}
}

insert_logs(1, 1, 1500);
is(ask($coordinator, 'SELECT count(*) FROM logs.signinlogs'), '1500', 'all rows are there');
is(ask($workers[0], 'SELECT count(*) FROM azhunt.signinlogs') + ask($workers[1], 'SELECT count(*) FROM azhunt.signinlogs'), 1500, 'each on one worker');
foreach my $arguments (@arguments)
{
	my $query = "storage_upload_link_account($arguments) AS h ORDER BY h::text COLLATE \"C\"";
	my $expected = ask($one, "SELECT h FROM azhunt.$query");

	isnt($expected, '', "there is something to find ($arguments)");
	same(ask($coordinator, "SELECT h FROM azhunt_citus.$query"), $expected, "one server's answer ($arguments)");
}

my @rules = ('storage_upload_link_account', 'cloudshell_usage', 'new_cloudshell_user', 'storage_mass_deletion');
foreach my $rule (@rules)
{
	my $options = $rule eq 'storage_mass_deletion' ? '{"window": "6 hours"}' : '{}';

	ask($_, "SELECT azhunt.add_rule('$rule', options => '$options')") foreach $one, $coordinator;
	execute($coordinator, "CALL azhunt_citus.run_on_workers(\$\$SELECT azhunt.add_rule('$rule', options => '$options')\$\$)");
}
sub run_rules
{
	foreach my $rule (@rules)
	{
		ask($one, "CALL azhunt.run_rule('$rule')");
		execute($coordinator, "CALL azhunt_citus.run_rule('$rule')");
	}
}
my $results = 'SELECT "time", rule, account, address, summary, details, result_id, matches, status, note FROM azhunt.results ORDER BY rule, result_id';

run_rules();
isnt(ask($one, 'SELECT count(*) FROM azhunt.results'), '0', 'rules find something');
same(ask($coordinator, $results), ask($one, $results), 'the results are those of one server');
# later runs of one worker have lower numbers than earlier ones of another
ask($workers[0], "SELECT setval('azhunt.runs_run_seq', 1000)");
foreach my $seed (2, 3)
{
	ask($_, "SELECT azhunt.set_status(result_id, 'closed', 'seen') FROM azhunt.results") foreach $one, $coordinator;
	insert_logs($seed, 1501, 3000);
	run_rules();
	same(ask($coordinator, $results), ask($one, $results), "late rows reopen the same results ($seed)");
}
isnt(ask($one, "SELECT count(*) FROM azhunt.results WHERE status = 'closed'"), '0', 'some results stay closed');
isnt(ask($one, "SELECT count(*) FROM azhunt.results WHERE status = 'new' AND note = 'seen'"), '0', 'and some are new again');

# An error on a worker is not lost.
ask($workers[1], 'DROP VIEW azhunt.azureactivity');
like(answer_or_error($coordinator, "CALL azhunt_citus.run_rule('cloudshell_usage')"), qr/ERROR:  worker .*: /, 'a run that fails on one worker is an error');
execute($coordinator, 'CALL azhunt_citus.run_on_workers(\'CALL azhunt_citus.create_local_views()\')');
execute($coordinator, "CALL azhunt_citus.run_rule('cloudshell_usage')");

ask($coordinator, "SELECT azhunt.drop_rule(rule) FROM azhunt.rules");
is(ask($workers[0], 'SELECT count(*) FROM azhunt.matches'), '0', 'drop_rule() on the coordinator removes what the workers have found');

# A worker without a shard has no rows, and runs rules.
ask($coordinator, 'SET client_min_messages = warning; DROP SCHEMA azhunt_citus, logs CASCADE');
($status, $output) = run_script();
is("$status$output", '0', 'the script runs again once its schemas are gone');
execute($coordinator, 'SET client_min_messages = warning; CALL azhunt_citus.distribute_log_tables(1)');
execute($coordinator, 'CALL azhunt_citus.run_on_workers(\'CALL azhunt_citus.create_local_views()\')') foreach 1, 2;
insert_logs(1, 1, 100);
is(join(',', sort { $a <=> $b } map { ask($_, 'SELECT count(*) FROM azhunt.signinlogs') } @workers), '0,100', 'one worker has all rows');
execute($coordinator, "CALL azhunt_citus.run_on_workers(\$\$SELECT azhunt.drop_rule('cloudshell_usage')\$\$)");
execute($coordinator, "CALL azhunt_citus.run_on_workers(\$\$SELECT azhunt.add_rule('cloudshell_usage')\$\$)");
execute($coordinator, "CALL azhunt_citus.run_rule('cloudshell_usage')");
is(join(',', sort { $a <=> $b } map { ask($_, q(SELECT rows_read -> 'azureactivity' FROM azhunt.runs WHERE rule = 'cloudshell_usage')) } @workers), '0,100', 'and both read what they have');

done_testing();
