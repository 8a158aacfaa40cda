# Transaction ids past 2^32, and dumps that are restored in another cluster,
# whose ids are lower or higher.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Cluster;
use Session;
use Test::More;

my $database = 'azhunt_rules_restore';
my $dump = tempdir('azhunt.XXXXXX', TMPDIR => 1, CLEANUP => 1) . '/dump';
my $here = Session->new(PGDATABASE => 'postgres');
$here->do("DROP DATABASE IF EXISTS $database");
$here->do("DROP DATABASE IF EXISTS ${database}_again");

# A cluster that has seen five times 2^32 transactions.
my $old = Cluster->new_system;
$old->stop('fast');
Cluster::run('sh', '-c', "'$old->{bindir}/pg_resetwal' --epoch=5 --pgdata='$old->{data}' > /dev/null");
$old->start;
$old->session->do("CREATE DATABASE $database");

my $session = $old->session($database);
cmp_ok($session->do('SELECT pg_current_xact_id()'), '>', 2**34, 'the cluster has ids past 2^32');
$session->do('CREATE EXTENSION azhunt');
$session->do('SELECT count(*) FROM azhunt.create_log_tables()');
$session->do("SELECT count(*) FROM azhunt.add_partitions('azhunt.signinlogs', '2026-03-10', '2026-03-11')");
$session->do("INSERT INTO azhunt.rules (rule, hunt, options, severity) VALUES"
	  . " ('wide', 'storage_upload_link_account', '{\"lookback\": \"1 day\"}', 'High')");

sub upload
{
	my ($address) = @_;

	return 'INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)'
	  . " VALUES ('2026-03-10 08:00:30+00', 'PutBlob', 'Success', '$address', 'https://contosodata.blob.core.windows.net/in/a', 'Edge')";
}

sub signin
{
	my ($address) = @_;

	return 'INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)'
	  . " VALUES ('2026-03-10 08:00:00+00', '$address', 'adele\@contoso.com', 'Edge')";
}

sub last_run
{
	return $session->do("SELECT status, started_over, new_matches, rows_read ->> 'signinlogs', rows_read ->> 'storagebloblogs'"
		  . ' FROM azhunt.runs ORDER BY run DESC LIMIT 1');
}

my @tables = qw(scheduled_hunts runs watermarks storage_upload_link_account_facts cloudshell_usage_facts allow_list marks
  results hidden_results);

sub contents
{
	return join "\n", map { "$_: " . $session->do("SET TIME ZONE 'UTC'; SELECT * FROM azhunt.$_ AS t ORDER BY t::text") } @tables;
}

# A transaction that is open while a run looks, and one that is not.
my $open = $old->session($database);
$open->do('BEGIN');
$open->do(signin('192.0.2.1'));
$session->do("CALL azhunt.run_rule('wide')");
$session->do(upload('192.0.2.1'));
$session->do(upload('192.0.2.2'));
$session->do(signin('192.0.2.2'));
$session->do("CALL azhunt.run_rule('wide')");
is(last_run(), 'succeeded||1|1|2', 'past 2^32 a run finds what is committed');
$open->do('COMMIT');
$session->do("CALL azhunt.run_rule('wide')");
is(last_run(), 'succeeded||1|1|0', 'and the next what was open');
$session->do("CALL azhunt.run_rule('wide')");
is(last_run(), 'succeeded||0|0|0', 'once');

$session->do("INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup) VALUES"
	  . " ('2026-03-10 08:00+00', 'adele\@contoso.com', 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'cloud-shell-storage-westeurope'),"
	  . " ('2026-03-10 08:10+00', 'adele\@contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Success', 'web')");
$session->do("CALL azhunt.run_rule('cloudshell_usage')");
$session->do("INSERT INTO azhunt.allow_list (kind, value) VALUES ('address', '192.0.2.9')");
$session->do("SELECT azhunt.set_status(result_id, 'investigating', 'odd') FROM azhunt.results WHERE hunt = 'wide'");
# the results have what comes later, too
$session->do(upload('192.0.2.3'));
my $before = contents();
like($before, qr/investigating.*odd/, 'there is something to restore');

$open->close;

# A dump, and what restores it elsewhere, where another role may be superuser.
sub dump_and_restore
{
	my ($from, $to, $target) = @_;

	{
		local %ENV = (%ENV, %$from);
		system("pg_dump --format=custom --file='$dump'") == 0 or die 'pg_dump failed';
	}
	$session->close;
	my $admin = Session->new(%$to, PGDATABASE => 'postgres');
	$admin->do("CREATE DATABASE $target");
	local %ENV = (%ENV, %$to, PGDATABASE => $target);
	is(system("pg_restore --dbname=$target --exit-on-error --no-owner '$dump'"), 0, "the dump is restored as $target");
	return Session->new(%$to, PGDATABASE => $target);
}

my %there = $old->environment($database);
$session = dump_and_restore(\%there, {}, $database);
cmp_ok($session->do('SELECT pg_current_xact_id()'), '<', 2**32, 'the other cluster has lower ids');
is(contents(), $before, 'the dump had everything');

$session->do("CALL azhunt.run_rule('wide')");
is(last_run(), 'succeeded|last run was in another cluster|0|2|3', 'the first run there starts over, and announces nothing again');
$session->do(signin('192.0.2.3'));
$session->do("CALL azhunt.run_rule('wide')");
is(last_run(), 'succeeded||1|1|0', 'the next one reads only what is new, of lower ids than what was restored');
$session->do("CALL azhunt.run_rule('cloudshell_usage')");
is($session->do("SELECT count(*), count(DISTINCT run) FROM azhunt.runs"),
	'8|8', 'runs go on counting');
is($session->do('SELECT status, matches FROM azhunt.results ORDER BY 1, 2'), "investigating|3\nnew|1", 'marks are still there');

# And back, into a cluster with ids far higher.
$session->do(upload('192.0.2.4'));
$session = dump_and_restore({ PGDATABASE => $database }, \%there, "${database}_again");
$session->do("CALL azhunt.run_rule('wide')");
is(last_run(), 'succeeded|last run was in another cluster|0|3|4', 'as does the first run in a cluster with higher ids');
$session->do(signin('192.0.2.4'));
$session->do("CALL azhunt.run_rule('wide')");
is(last_run(), 'succeeded||1|1|0', 'and the next one finds what is new');

# Rows with ids of their own, from a dump of data alone, are read by a run that
# is told to start over.
$session->do("INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent, ingestxid)"
	  . " VALUES ('2026-03-10 08:00:01+00', '192.0.2.4', 'alex\@contoso.com', 'Edge', 1000)");
$session->do("SELECT azhunt.restart_rule('wide')");
$session->do("CALL azhunt.run_rule('wide')");
is(last_run(), 'succeeded|restart_rule() was called|1|5|4', 'restart_rule() has the next run read all');

$session->close;
$here->do("DROP DATABASE $database");
done_testing();
