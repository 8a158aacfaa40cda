# From one version of PostgreSQL to a newer one, by pg_upgrade and by a dump:
# logs, rules, results and what was done to them are there, and rows that no run
# has seen, or that come later, are found once.
#
# usage: test/pg_upgrade.pl OLD_PG_CONFIG NEW_PG_CONFIG
#
# azhunt has to be installed for both.  make test does not run this, as a
# machine has one version; test/matrix does.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/lib';

use Cluster;
use Databases;
use Logs;
use Test::More;

die "usage: test/pg_upgrade.pl OLD_PG_CONFIG NEW_PG_CONFIG\n" unless @ARGV == 2;
my ($old_pg_config, $new_pg_config) = @ARGV;
my $database = 'logs';

# Both servers are found where they are installed, and asked by the new psql.
delete @ENV{qw(AZHUNT_ROOT AZHUNT_TEMPLATE_CLUSTER)};
$ENV{LC_ALL} = 'C.UTF-8';
$ENV{PATH} = bindir($new_pg_config) . ":$ENV{PATH}";

my $upload = 'INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)'
  . q{ VALUES ('2026-03-10 08:00:30+00', 'PutBlob', 'Success', '%1$s', 'https://contosodata.blob.core.windows.net/in/%1$s', 'Edge')};
my $signin = 'INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)'
  . q{ VALUES ('2026-03-10 08:00:00+00', '%s', 'adele@contoso.com', 'Edge')};

#
# the old version
#
my $old = new_cluster($old_pg_config);
$old->configure;
use_cluster($old);
query('postgres', "CREATE DATABASE $database");
query($database, 'CREATE EXTENSION azhunt');
load_logs($database);
query($database, $_)
  foreach (
	q{SELECT azhunt.add_rule('wide', 'storage_upload_link_account', '{"lookback": "1 hour"}')},
	q{SELECT azhunt.add_rule('cloudshell_usage')},
	sprintf($upload, '192.0.2.1'),
	sprintf($signin, '192.0.2.1'),
	sprintf($upload, '192.0.2.2'));
run_rules();
query($database, $_)
  foreach (
	q{SELECT azhunt.set_status(result_id, 'investigating', 'odd') FROM azhunt.results WHERE address = '192.0.2.1'},
	q{INSERT INTO azhunt.allow_list (entity, value) VALUES ('address', '192.0.2.9')},
	# what no run has seen
	sprintf($upload, '192.0.2.3'),
	sprintf($signin, '192.0.2.3'));
my $before = contents();
like($before->{results}, qr/investigating/, 'there are results to keep');
cmp_ok($before->{matches} =~ tr/\n//, '>', 100, 'and matches');

my ($status, $dump) = run(bindir($new_pg_config) . '/pg_dump', '--format=custom', "--file=$old->{dir}/dump", $database);
is($status, 0, 'the new pg_dump dumps the old database') or diag($dump);
$old->stop('fast');

#
# pg_upgrade
#
my $new = new_cluster($new_pg_config);
my $bindir = "$new->{bindir}";
($status, my $output) = run(Cluster::as_server_user(), 'sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', $new->{dir},
	"$bindir/pg_upgrade", "--old-bindir=$old->{bindir}", "--new-bindir=$bindir",
	"--old-datadir=$old->{data}", "--new-datadir=$new->{data}", '--username=postgres', "--socketdir=$new->{dir}");
is($status, 0, 'pg_upgrade succeeds') or diag($output);
$new->configure;
use_cluster($new);
goes_on('pg_upgrade', $database);

#
# the dump, into a cluster that has not seen so many transactions
#
my $restored = new_cluster($new_pg_config);
$restored->configure;
use_cluster($restored);
query('postgres', "CREATE DATABASE $database");
($status, $output) = run("$bindir/pg_restore", '--exit-on-error', "--dbname=$database", "$old->{dir}/dump");
is($status, 0, 'the dump is restored') or diag($output);
goes_on('dump', $database);

done_testing();

sub bindir
{
	my ($pg_config) = @_;

	local $ENV{PG_CONFIG} = $pg_config;
	return Cluster::bindir();
}

# A cluster of a version, which is not started.  pg_upgrade wants both to have
# checksums, or neither; from 18 on they are there unless one asks for none.
sub new_cluster
{
	my ($pg_config) = @_;
	local $ENV{PG_CONFIG} = $pg_config;
	my $cluster = Cluster->directory;
	my ($major) = `$pg_config --version` =~ /^PostgreSQL (\d+)/;

	$cluster->initdb($major >= 18 ? '--no-data-checksums' : ());
	return $cluster;
}

sub use_cluster
{
	my ($cluster) = @_;

	%ENV = (%ENV, $cluster->environment);
}

sub run_rules
{
	query($database, "CALL azhunt.run_rule('$_')") foreach qw(wide cloudshell_usage);
}

# All that a database has of azhunt, by name.
sub contents
{
	return { %{ answers($database) },
		map { $_ => query($database, "SELECT t::text FROM azhunt.$_ AS t ORDER BY t::text COLLATE \"C\"") }
		  qw(rules runs watermarks matches allow_list status_changes latest_status results hidden_results) };
}

# All is there, and goes on.
sub goes_on
{
	my ($way) = @_;
	my $after = contents();

	ok($after->{$_} eq $before->{$_}, "$way: $_") || diag("$before->{$_}\n---\n$after->{$_}") foreach sort keys %$before;
	is(query($database, 'SELECT count(*) FROM azhunt.create_log_tables()'), 0, "$way: no log table is missing");

	query($database, sprintf($signin, '192.0.2.2'));
	my $announced = q{SELECT address, status, matches FROM azhunt.results WHERE address LIKE '192.0.2.%' ORDER BY address};
	run_rules();
	is(query($database, $announced), "192.0.2.1|investigating|1\n192.0.2.2|new|1\n192.0.2.3|new|1",
		"$way: rows that no run had seen are found, and a sign-in that comes later");
	is(query($database, "SELECT new_matches FROM azhunt.runs WHERE rule = 'wide' ORDER BY run DESC LIMIT 1"), 2,
		"$way: and nothing once more");
	run_rules();
	is(query($database, 'SELECT new_matches, started_over IS NULL FROM azhunt.runs ORDER BY run DESC LIMIT 2'), "0|t\n0|t",
		"$way: the next run goes on from there");
	is(query($database, 'SELECT array_agg(DISTINCT health) FROM azhunt.rule_health'), '{running}', "$way: the rules are well");
	query($database, 'ANALYZE');
	like(query($database, 'EXPLAIN (COSTS OFF) SELECT count(*) FROM azhunt.storagebloblogs AS u JOIN azhunt.signinlogs AS s'
			  . q{ ON azhunt.within(s.timegenerated, u.timegenerated, '1 minute') AND s.ipaddress = u.calleripaddress}),
		qr/AzhuntWindowJoin/, "$way: windows are joined");
}
