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
# a node copies a shard from its own server, too, for which it has no other name
ask($_, "ALTER SYSTEM SET citus.local_hostname = '$_->{dir}'; SELECT FROM pg_reload_conf()") foreach $coordinator, @workers;

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
execute($coordinator, 'CREATE ROLE azhunt LOGIN');
execute($coordinator, "CALL azhunt_citus.grant_to_coordinator('azhunt')");
execute($coordinator, "CREATE USER MAPPING FOR CURRENT_USER SERVER $_ OPTIONS (user 'azhunt')")
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

# A shard of logs that goes to another worker, or to the coordinator.
sub move_shard
{
	my ($from, $to) = @_;

	isnt(ask($coordinator, <<"END"), '', "a shard is moved from $from->{dir} to $to->{dir}");
SELECT citus_move_shard_placement(min(s.shardid), '$from->{dir}', 5432, '$to->{dir}', 5432, shard_transfer_mode => 'block_writes') IS NULL
FROM citus_shards AS s WHERE s.table_name = 'logs.signinlogs'::regclass AND s.nodename = '$from->{dir}'
END
}

ask($_, "SELECT azhunt.set_status(result_id, 'closed', 'seen') FROM azhunt.results") foreach $one, $coordinator;
# what is granted on a view stays, though the shard that it read goes
execute($coordinator, 'CREATE ROLE azhunt_scaling_reader');
ask($_, 'GRANT SELECT ON azhunt.signinlogs TO azhunt_scaling_reader') foreach @workers;
move_shard(@workers);
run_rules();
same(ask($coordinator, $results), ask($one, $results), 'what was found of a shard that moves is found once, and stays closed');
is(join(',', map { ask($_, q(SELECT has_table_privilege('azhunt_scaling_reader', 'azhunt.signinlogs', 'SELECT'))) } @workers), 't,t', 'rights stay');
ask($coordinator, 'SET client_min_messages = warning; CALL citus_cleanup_orphaned_resources()');
insert_logs(4, 3001, 4500);
run_rules();
same(ask($coordinator, $results), ask($one, $results), 'and rows that come later are found where it is');
move_shard(reverse @workers);
insert_logs(5, 4501, 5000);
run_rules();
same(ask($coordinator, $results), ask($one, $results), 'also once it is back');
ask($coordinator, "SELECT citus_set_node_property('$coordinator->{dir}', 5432, 'shouldhaveshards', true)");
move_shard($workers[0], $coordinator);
like(answer_or_error($coordinator, "CALL azhunt_citus.run_rule('cloudshell_usage')"), qr/ERROR:  a shard of logs\.\w+ is on the coordinator/, 'no rule passes over what is on the coordinator');
ask($coordinator, "SELECT citus_set_node_property('$coordinator->{dir}', 5432, 'shouldhaveshards', false)");
move_shard($coordinator, $workers[0]);
run_rules();
same(ask($coordinator, $results), ask($one, $results), 'which goes on once it has moved again');

# An error on a worker is not lost, nor keeps the others from what they find.
my $server = ask($coordinator, "SELECT format('azhunt_citus.matches_%s', nodeid) FROM pg_dist_node WHERE nodename = '$workers[0]{dir}'");
ask($coordinator, "ALTER FOREIGN TABLE $server NO INHERIT azhunt.matches; ALTER FOREIGN TABLE $server RENAME TO aside");
like(answer_or_error($coordinator, "CALL azhunt_citus.run_rule('cloudshell_usage')"), qr/ERROR:  what rules find on worker .* would not be read/, 'nor passes over what a worker finds');
ask($coordinator, "ALTER FOREIGN TABLE azhunt_citus.aside RENAME TO " . ($server =~ s/.*\.//r) . "; ALTER FOREIGN TABLE $server INHERIT azhunt.matches");
my $runs = q(SELECT count(*) FROM azhunt.runs WHERE rule = 'cloudshell_usage' AND status = 'succeeded');
my $runs_before = ask($workers[0], $runs);
move_shard(@workers[1, 0]);
ask($workers[1], 'DROP VIEW azhunt.azureactivity; CREATE TABLE azhunt.azureactivity ()');
like(answer_or_error($coordinator, "CALL azhunt_citus.run_rule('cloudshell_usage')"), qr/ERROR:  worker .*: /, 'a run that fails on one worker is an error');
is(ask($workers[0], $runs), $runs_before + 1, 'which does not keep the other from its own');
ask($workers[1], 'DROP TABLE azhunt.azureactivity');
run_rules();
same(ask($coordinator, $results), ask($one, $results), 'nor from being merged once it is mended');

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
execute($coordinator, 'CALL azhunt_citus.create_foreign_tables()');
execute($coordinator, "CALL azhunt_citus.run_on_workers(\$\$SELECT azhunt.drop_rule('cloudshell_usage')\$\$)");
execute($coordinator, "CALL azhunt_citus.run_on_workers(\$\$SELECT azhunt.add_rule('cloudshell_usage')\$\$)");
execute($coordinator, "CALL azhunt_citus.run_rule('cloudshell_usage')");
is(join(',', sort { $a <=> $b } map { ask($_, q(SELECT rows_read -> 'azureactivity' FROM azhunt.runs WHERE rule = 'cloudshell_usage')) } @workers), '0,100', 'and both read what they have');

done_testing();
