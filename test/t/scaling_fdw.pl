# Log rows on several servers behind postgres_fdw: the answers of one server, ad
# hoc and by rule, and the join is done where the rows are.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Loader ();
use Databases;
use Session;
use Shards;
use Test::More;
use Utils;

my $script = dirname(abs_path(__FILE__)) . '/../../scaling/azhunt_fdw.sql';
my $one = create_database('azhunt_one', 'log_tables');
my $coordinator = create_database('azhunt_coordinator', 'extension');
my @shards = map { create_database("azhunt_shard_$_", 'extension') } 1 .. 3;

sub run_script
{
	my ($database) = @_;

	return run('psql', '--no-psqlrc', '--quiet', "--dbname=$database", "--file=$script");
}

# Whoever has made the schema before does not have their functions called, nor
# owns what a superuser calls.
query($coordinator, 'CREATE SCHEMA azhunt_shards; CREATE PROCEDURE azhunt_shards.create_shard(name) LANGUAGE sql AS $$ SELECT $$');
my ($status, $output) = run_script($coordinator);
is($status, 3, 'the script ends with its first error');
is($output =~ tr/\n//, 1, 'and only that') or diag $output;
is(query($coordinator, "SELECT count(*) FROM pg_proc WHERE pronamespace = 'azhunt_shards'::regnamespace"), '1', 'a schema that is there is left alone');
query($coordinator, 'DROP SCHEMA azhunt_shards CASCADE');

foreach my $database ($coordinator, @shards)
{
	($status, $output) = run_script($database);
	is("$status$output", '0', "the script runs in $database");
}
# The role as which the coordinator connects has no other rights than those that
# it needs, on servers whose names need quotes.
my $role = 'azhunt_scaling_coordinator';
my @servers = ('shard1', "shard'2", 'Shard "3"');
my $servers = join ', ', map { "'" . s/'/''/gr . "'" } @servers;
query('postgres', "DROP ROLE IF EXISTS $role");
query('postgres', "CREATE ROLE $role LOGIN");
query($_, "CALL azhunt_shards.create_shard('$role')") foreach @shards;
query($coordinator, 'CREATE EXTENSION postgres_fdw');
sub create_server
{
	my ($database, $server, $shard, $options) = @_;
	my $name = '"' . $server =~ s/"/""/gr . '"';

	query($database, "CREATE SERVER $name FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$ENV{PGHOST}', port '$ENV{PGPORT}', dbname '$shard' $options)");
	query($database, "CREATE USER MAPPING FOR CURRENT_USER SERVER $name OPTIONS (user '$role')");
}
create_server($coordinator, $servers[$_], $shards[$_], ", extensions 'azhunt', async_capable 'true', batch_size '1000'") foreach 0 .. $#servers;

# What cannot be a coordinator stays as it is.
query($coordinator, 'SELECT count(*) FROM azhunt.create_log_tables()');
query($coordinator, 'INSERT INTO azhunt.signinlogs (timegenerated) VALUES (now())');
like(query_error($coordinator, "CALL azhunt_shards.create_coordinator($servers)"),
	qr/table azhunt.signinlogs has rows/, 'log rows of the coordinator are not dropped');
query($coordinator, 'DELETE FROM azhunt.signinlogs');
like(query_error($coordinator, "CALL azhunt_shards.create_coordinator('shard1', 'shard1')"), qr/each server can be one shard only/, 'a server is one shard');
like(query_error($coordinator, "CALL azhunt_shards.create_coordinator('shard1', 'nowhere')"), qr/server "nowhere" does not exist/, 'that is there');
create_server($coordinator, 'plain', $shards[0], ", extensions 'azhunts'");
like(query_error($coordinator, "CALL azhunt_shards.create_coordinator('shard1', 'plain')"),
	qr/server "plain" does not have azhunt among its extensions/, 'and is sent joins');
query('postgres', 'DROP DATABASE IF EXISTS azhunt_shard_other');
query('postgres', "CREATE DATABASE azhunt_shard_other TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
query('azhunt_shard_other', 'CREATE EXTENSION azhunt');
run_script('azhunt_shard_other');
query('azhunt_shard_other', "CALL azhunt_shards.create_shard('$role')");
create_server($coordinator, 'other', 'azhunt_shard_other', ", extensions 'azhunt'");
like(query_error($coordinator, "CALL azhunt_shards.create_coordinator('shard1', 'other')"),
	qr/server "other" has other settings than the coordinator/, 'and sorts as the others do');
create_server($coordinator, 'again', $shards[0], ", extensions 'azhunt'");
like(query_error($coordinator, "CALL azhunt_shards.create_coordinator('shard1', 'again')"),
	qr/server "again" is the database of the coordinator or of another server/, 'a database is one shard, whatever its servers are named');
create_server($coordinator, 'itself', $coordinator, ", extensions 'azhunt'");
query($coordinator, "GRANT USAGE ON SCHEMA azhunt_shards TO $role; GRANT SELECT ON azhunt_shards.settings_here TO $role");
like(query_error($coordinator, "SET timezone = 'Asia/Tokyo'; CALL azhunt_shards.create_coordinator('shard1', 'itself')"),
	qr/server "itself" is the database of the coordinator or of another server/, 'and not the coordinator');
query($coordinator, 'DROP SERVER plain CASCADE; DROP SERVER other CASCADE; DROP SERVER again CASCADE; DROP SERVER itself CASCADE');
query($coordinator, "DROP OWNED BY $role");
query('postgres', 'DROP DATABASE azhunt_shard_other');

query($coordinator, "CALL azhunt_shards.create_coordinator($servers)");
like(query_error($coordinator, "CALL azhunt_shards.create_coordinator($servers)"), qr/this database is a coordinator already/, 'nor can what is one become one');
like(query($coordinator, 'SELECT count(*) FROM azhunt.create_log_tables()'), qr/^0\z/m, 'create_log_tables() leaves the foreign tables alone');

sub insert_logs
{
	foreach my $insert (log_inserts(@_))
	{
		my ($log_table, $columns, $query) = @$insert;

		query($_, "INSERT INTO azhunt.$log_table ($columns) $query") foreach $one, $coordinator;
	}
}

sub answer
{
	my ($database, $hunt) = @_;

	return query($database, "SELECT h FROM $hunt AS h ORDER BY h::text COLLATE \"C\"");
}

insert_logs(1, 1, 1500);
query($_, 'ANALYZE') foreach @shards, $coordinator;
is(query($coordinator, 'SELECT count(*), count(DISTINCT tableoid) FROM azhunt.signinlogs'), '1500|3', 'each shard has rows');
is(query($shards[0], 'SELECT count(*) FROM azhunt.signinlogs WHERE ingestxid IS NULL OR ingestedat IS NULL'), '0', 'and fills what is its own');

foreach my $relation ('uploads', 'signins')
{
	is(query($coordinator, "SELECT count(*) FROM azhunt_shards.$relation WHERE address IS NULL"),
		query($coordinator, "SELECT count(*) FILTER (WHERE address IS NULL) FROM azhunt_shards.$relation"), "no row is where a search does not look for it ($relation)");
}
my $recent = 'SELECT azhunt.kql($$SigninLogs | where ingestion_time() > ago(1d) | count$$)';
is(query($coordinator, $recent), query($one, $recent), 'a query in KQL finds when rows came');

foreach my $arguments (@arguments)
{
	my $expected = answer($one, "azhunt.storage_upload_link_account($arguments)");

	isnt($expected, '', "there is something to find ($arguments)");
	same(answer($coordinator, "azhunt_shards.storage_upload_link_account($arguments)"), $expected, "one server's answer, joined on the shards ($arguments)");
	same(answer($coordinator, "azhunt.storage_upload_link_account($arguments)"), $expected, "one server's answer, joined on the coordinator ($arguments)");
}
my @hunts = ("azhunt.cloudshell_usage(as_of => '2026-03-02Z')", "azhunt.new_cloudshell_user(as_of => '2026-03-02Z', \"window\" => '1 hour')",
	"azhunt.storage_mass_deletion(as_of => '2026-03-02Z', \"window\" => '6 hours', threshold => 3)",
	"azhunt.storage_file_created_quickly_deleted(as_of => '2026-03-02Z', \"window\" => '1 hour')");
foreach my $hunt (@hunts)
{
	my $expected = answer($one, $hunt);

	isnt($expected, '', "there is something to find: $hunt");
	same(answer($coordinator, $hunt), $expected, "one server's answer: $hunt");
}

# The remote SQL of what the hunt does on the coordinator.
sub remote_sql
{
	my ($hunt) = @_;

	query($coordinator, "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;"
		  . " SET auto_explain.log_verbose = on; SET client_min_messages = log; SELECT count(*) FROM $hunt");
}
my $plan = remote_sql('azhunt_shards.storage_upload_link_account()');
is(() = $plan =~ /Async Foreign Scan/g, 3, 'the shards work at the same time');
is(() = $plan =~ /Remote SQL: SELECT [^\n]* FROM \(azhunt_shards\.uploads_here \w+ INNER JOIN azhunt_shards\.signins_here \w+ ON \([^\n]*azhunt\.within\(/g, 3,
	'and join what they have');
$plan = remote_sql("azhunt_shards.storage_upload_link_account('1 hour', since => '2026-03-01 06:00Z', until => '2026-03-01 09:00Z')");
is(() = $plan =~ /Remote SQL: (?=[^\n]*r(\d+)\.timegenerated >= '2026-03-01 05:00:00\+00')(?=[^\n]*r(?!\1\b)\d+\.timegenerated >= '2026-03-01 06:00:00\+00')/g, 3,
	'and read no more of them than the period needs');
is(() = remote_sql("azhunt_shards.storage_upload_link_account(signin_time => 'CreatedDateTime')") =~ /Remote SQL: [^\n]*azhunt\.within\(\w+\.begun,/g, 3,
	'also by when sign-ins began');
my $remote_plan = query($shards[0], 'EXPLAIN (COSTS off) SELECT * FROM azhunt_shards.uploads_here AS u JOIN azhunt_shards.signins_here AS s'
	  . " ON s.address = u.address AND azhunt.within(s.timegenerated, u.timegenerated, '1 minute') AND s.useragent OPERATOR(azhunt.=~) u.useragent");
like($remote_plan, qr/AzhuntWindowJoin/, 'by the windowed join');

# Rules run on each shard; the results of all are read on the coordinator, which
# has the rules, to know them, and the decisions.
my @rules = ('storage_upload_link_account', 'cloudshell_usage', 'new_cloudshell_user', 'storage_mass_deletion');
foreach my $database ($one, $coordinator, @shards)
{
	query($database, "SELECT azhunt.add_rule('$_')") foreach @rules[0 .. 2];
	# a window in which one address has deletions of which some lack it and some have it empty
	query($database, "SELECT azhunt.add_rule('$rules[3]', options => '{\"window\": \"6 hours\"}')");
}
sub run_rules
{
	foreach my $database ($one, @shards)
	{
		query($database, "CALL azhunt.run_rule('$_')") foreach @rules;
	}
}
my $results = 'SELECT "time", rule, account, address, summary, details, result_id, matches, status, note FROM azhunt.results ORDER BY rule, result_id';

run_rules();
isnt(query($one, 'SELECT count(*) FROM azhunt.results'), '0', 'rules find something');
same(query($coordinator, $results), query($one, $results), 'the results of all shards are those of one server');
is(query($coordinator, 'SELECT string_agg(DISTINCT shard COLLATE "C", \',\'), count(*), bool_and(status = \'succeeded\') FROM azhunt_shards.runs'),
	"Shard \"3\",shard'2,shard1|12|t", 'the runs of all shards');
is(query($coordinator, 'SELECT count(*) FROM azhunt_shards.rule_health'), '12', 'their health');
is(query($coordinator, "SELECT count(*) FROM azhunt_shards.source_health WHERE log_table = 'signinlogs' AND state = 'flowing'"), '3', 'and that of their logs');

my $counts = "SELECT * FROM azhunt.upload_counts('storage_upload_link_account', '2026-03-01Z', '2026-03-02Z')";
is(query($coordinator, $counts), query($one, $counts), 'uploads of all shards are counted');
like(query_error($coordinator, "CALL azhunt.run_rule('$rules[0]')"), qr/a rule cannot tell the new rows of foreign table azhunt_shards\.\w+_1/, 'the coordinator runs no rule');

# What is decided on the coordinator, where later runs of one shard have lower
# numbers than earlier ones of another.
query($shards[0], 'SELECT setval(\'azhunt.runs_run_seq\', 1000)');
foreach my $seed (2, 3)
{
	foreach my $database ($one, $coordinator)
	{
		query($database, "SELECT azhunt.set_status(result_id, 'closed', 'seen') FROM azhunt.results");
	}
	insert_logs($seed, 1501, 3000);
	query($_, "INSERT INTO azhunt.allow_list (entity, value) VALUES ('account', 'user$seed')") foreach $one, $coordinator;
	run_rules();
	same(query($coordinator, $results), query($one, $results), "late rows reopen the same results ($seed)");
}
# A run that was under way when a result was closed, of a shard whose runs have
# lower numbers.
my $insert = q{INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)
	VALUES ('2026-03-05Z', 'PutBlob', 'Success', '192.0.2.}
  . q{%s', 'https://contosodata.blob.core.windows.net/in/shared', 'x')};
query($coordinator, "INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)"
	  . " SELECT '2026-03-05Z', '192.0.2.' || n, 'user', 'x' FROM generate_series(1, 60) AS n");
my ($address_of_first, $address_of_second) = map {
	query($coordinator, "SELECT min(split_part(ipaddress, '.', 4)::integer) FROM azhunt_shards.signinlogs_$_ WHERE timegenerated = '2026-03-05Z'") } 1, 2;
query($coordinator, sprintf($insert, $address_of_first));
query($shards[0], "CALL azhunt.run_rule('$rules[0]')");
query($coordinator, sprintf($insert, $address_of_second));
my $under_way = Session->new(PGDATABASE => $shards[1]);
$under_way->do("BEGIN; SELECT azhunt.run_rule_in_transaction('$rules[0]')");
my $shared = q{FROM azhunt.results WHERE details ->> 'FileUploadPath' LIKE '%/shared'};
query($coordinator, "SELECT azhunt.set_status(result_id, 'closed', 'done') $shared");
is(query($coordinator, "SELECT status, matches $shared"), 'closed|1', 'a result is closed');
$under_way->do('COMMIT');
is(query($coordinator, "SELECT status, matches $shared"), 'new|2', 'what is found meanwhile reopens it');
is(query($coordinator, "SELECT s.status FROM azhunt.result_status AS s WHERE s.result_id = (SELECT result_id $shared)"), 'new', 'on the dashboards, too');
query($coordinator, "SELECT azhunt.set_status(result_id, 'closed', 'done') $shared");
query($coordinator, "INSERT INTO azhunt.allow_list (entity, value) VALUES ('address', '192.0.2.$address_of_second')");
is(query($coordinator, "SELECT status, matches $shared"), 'closed|1', 'what is hidden leaves it closed');
query($coordinator, "DELETE FROM azhunt.allow_list WHERE entity = 'address'");
is(query($coordinator, "SELECT status, matches $shared"), 'closed|2', 'as does what is shown again');
query($_, "DELETE FROM azhunt.storagebloblogs WHERE timegenerated >= '2026-03-05'; DELETE FROM azhunt.signinlogs WHERE timegenerated >= '2026-03-05'") foreach @shards;
query($_, "DELETE FROM azhunt.matches WHERE time >= '2026-03-05'") foreach @shards;

isnt(query($one, "SELECT count(*) FROM azhunt.results WHERE status = 'closed'"), '0', 'some results stay closed');
isnt(query($one, "SELECT count(*) FROM azhunt.results WHERE status = 'new' AND note = 'seen'"), '0', 'and some are new again');
isnt(query($one, "SELECT sum(matches) FROM azhunt.hidden_results"), '0', 'and some are hidden');
my $hidden = 'SELECT entity, value, rule, matches, results FROM azhunt.hidden_results ORDER BY 1, 2, 3';
is(query($coordinator, $hidden), query($one, $hidden), 'which the coordinator knows');

# azhunt-load loads through the coordinator, each file once.
my $file = spew("$Loader::dir/signins.jsonl", join '', map {
	qq({"TimeGenerated":"2026-03-03T00:00:0${_}Z","IPAddress":"192.0.2.$_:4$_","UserPrincipalName":"user$_","UserAgent":"x","Type":"SigninLogs"}\n) } 1 .. 9);
foreach my $time (1, 2)
{
	my ($status, $output) = run(Loader::loader_path(), '-d', $coordinator, $file);

	is($status, 0, "a file is loaded through the coordinator ($time)") or diag $output;
}
is(query($coordinator, q{SELECT count(*), count(DISTINCT tableoid) FROM azhunt.signinlogs WHERE ipaddress LIKE '192.0.2.%'}), '9|3', 'each row once, on its shard');
is(query($coordinator, q{SELECT count(*) FROM azhunt_shards.signins WHERE address = '192.0.2.7'}), '1', 'where the hunt finds it');


# What an update would leave on the wrong shard.
like(query_error($coordinator, "UPDATE azhunt.signinlogs SET ipaddress = '192.0.2.8' WHERE ipaddress LIKE '192.0.2.7:%'"),
	qr/permission denied for table signinlogs/, 'the role cannot update rows');
query($_, "GRANT UPDATE ON azhunt.signinlogs TO $role") foreach @shards;
like(query_error($coordinator, "UPDATE azhunt.signinlogs SET ipaddress = '192.0.2.8' WHERE ipaddress LIKE '192.0.2.7:%'"),
	qr/column ipaddress says on which shard a row is, and cannot change/, 'and nobody moves them');
query($coordinator, "UPDATE azhunt.signinlogs SET useragent = 'y', ipaddress = ipaddress WHERE ipaddress LIKE '192.0.2.7:%'");
is(query($coordinator, q{SELECT useragent FROM azhunt_shards.signins WHERE address = '192.0.2.7'}), 'y', 'but all else can change');

# A coordinator comes back from a dump.
my $restored = create_database('azhunt_coordinator_restored');
($status, $output) = run('sh', '-c', "pg_dump --dbname=$coordinator | psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=$restored --output=/dev/null");
is("$status$output", '0', 'a dump of the coordinator is restored');
same(query($restored, $results), query($coordinator, $results), 'with all results');
is(query($restored, 'SELECT count(*) FROM ONLY azhunt.matches'), '0', 'of which it has none itself');
same(answer($restored, "azhunt_shards.storage_upload_link_account($arguments[1])"), answer($coordinator, "azhunt_shards.storage_upload_link_account($arguments[1])"), 'and all rows');
query($restored, "INSERT INTO azhunt.signinlogs (timegenerated, ipaddress) VALUES ('2026-03-04Z', '192.0.2.1')");
is(query($restored, q{SELECT count(DISTINCT tableoid) FROM azhunt.signinlogs WHERE azhunt.strip_port(ipaddress) = '192.0.2.1'}), '1', 'to which it adds where others are');

# A shard that does not answer: an error, and no part of an answer.
query($restored, q{ALTER SERVER shard1 OPTIONS (SET host '/nonexistent')});
foreach my $hunt ('azhunt_shards.storage_upload_link_account()', @hunts)
{
	like(query_error($restored, "SELECT * FROM $hunt"), qr/could not connect to server "shard1"/, "no part of an answer: $hunt");
}
like(query_error($restored, $results), qr/could not connect to server "shard1"/, 'nor of the results');

query($coordinator, 'SELECT azhunt.drop_rule(rule) FROM azhunt.rules');
is(query($shards[1], 'SELECT count(*) FROM azhunt.matches'), '0', 'drop_rule() on the coordinator removes what the shards have found');

# The way back.
query($coordinator, 'CALL azhunt_shards.drop_coordinator()');
like(query_error($coordinator, "CALL azhunt_shards.create_coordinator('shard''2', 'shard1', 'Shard \"3\"')"),
	qr/server "shard'2" has rows of azhunt\.\w+ that belong on another/, 'the order of servers that have rows cannot change');
like(query_error($coordinator, "CALL azhunt_shards.create_coordinator('shard1', 'shard''2')"), qr/that belong on another/, 'nor their number');
is(query($coordinator, 'SELECT count(*) FROM azhunt.signinlogs'), '0', 'a former coordinator has log tables of its own');
is(query($coordinator, "SELECT count(*) FROM pg_foreign_table"), '0', 'and no foreign tables');
isnt(query($shards[0], 'SELECT count(*) FROM azhunt.signinlogs'), '0', 'the shards keep their rows');
query($coordinator, "CALL azhunt_shards.create_coordinator($servers)");
isnt(query($coordinator, 'SELECT count(*) FROM azhunt.signinlogs'), '0', 'which a coordinator finds again');
query($coordinator, 'CALL azhunt_shards.drop_coordinator()');
query($coordinator, 'DROP SCHEMA azhunt_shards CASCADE; DROP EXTENSION postgres_fdw CASCADE');
query($_, "DROP OWNED BY $role") foreach @shards;
query('postgres', "DROP ROLE $role");

done_testing();
