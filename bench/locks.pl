#!/usr/bin/perl
# How many locks statements hold at once over a year of daily partitions, and
# how long they take.
#
# usage: script/with-cluster bench/locks.pl [DAYS]
#
# Runs in a cluster of its own, whose lock table takes everything.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../test/lib';

use Time::HiRes qw(time sleep);

use Cluster;

my $days = shift // 365;
$| = 1;

system dirname(abs_path(__FILE__)) . '/machine';
my $cluster = Cluster->new('max_locks_per_transaction = 4096', 'autovacuum = off');
my @tables = qw(storagebloblogs storagefilelogs signinlogs aadnoninteractiveusersigninlogs
	aadserviceprincipalsigninlogs aadmanagedidentitysigninlogs azureactivity);
my $session = $cluster->session;
my $other = $cluster->session;

# What all locks of a session are but those on system catalogs.
my $locks = q{SELECT count(*) FROM pg_locks AS l WHERE l.pid = %s AND l.locktype = 'relation' AND l.relation >= 16384};

# Report what a statement holds when it has been executed, in the second of two
# executions, for whose first the caches are empty.
sub measure
{
	my ($name, $statement, %options) = @_;
	my ($count, $duration);

	foreach my $round (1 .. ($options{once} ? 1 : 2))
	{
		$session->do('BEGIN');
		$session->do($_) foreach @{ $options{before} // [] };
		my $started = time();
		$session->do($statement);
		$duration = time() - $started;
		$count = $session->do(sprintf $locks, 'pg_backend_pid()');
		$session->do('ROLLBACK');
	}
	printf "%-60s %7d %9.1f ms\n", $name, $count, 1000 * $duration;
}

# Report the most that another program's session holds.
sub measure_program
{
	my ($name, @command) = @_;
	my $most = 0;
	my $started = time();
	my $pid = fork() // die "fork: $!";

	if ($pid == 0)
	{
		%ENV = (%ENV, $cluster->environment);
		open STDOUT, '>', '/dev/null';
		exec @command or die "$command[0]: $!";
	}
	while (waitpid($pid, 1) == 0)
	{
		my $count = $other->do(sprintf $locks, q{ANY (ARRAY(SELECT pid FROM pg_stat_activity WHERE application_name = 'pg_dump'))});
		$most = $count if $count > $most;
	}
	printf "%-60s %7d %9.1f ms\n", $name, $most, 1000 * (time() - $started);
}

$session->do('CREATE EXTENSION azhunt');
$session->do('SELECT count(*) FROM azhunt.create_log_tables()');
$session->do("SELECT azhunt.add_rule(h) FROM unnest('{storage_upload_link_account,cloudshell_usage}'::text[]) AS h");
foreach my $table (@tables)
{
	$session->do(<<"END");
DO \$\$
DECLARE
	day timestamptz;
BEGIN
	FOR i IN 0 .. $days - 1 LOOP
		day := (current_date::timestamp AT TIME ZONE 'UTC') - i * interval '1 day';
		EXECUTE format('CREATE TABLE azhunt.%I PARTITION OF azhunt.$table FOR VALUES FROM (%L) TO (%L)',
					   '${table}_p' || to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD'), day, day + interval '1 day');
		COMMIT;
	END LOOP;
END \$\$
END
}
$session->do(<<'END');
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, uri)
SELECT now() - i * interval '1 hour', 'PutBlob', 'Success', '' FROM generate_series(0, 24 * 30) AS i
END
my $oldest = "azhunt.signinlogs_p" . $session->do("SELECT to_char(now() AT TIME ZONE 'UTC' - interval '@{[ $days - 1 ]} days', 'YYYYMMDD')");

# a session that has not made the partitions, whose caches are full of them
$session = $cluster->session;
print "locks on relations that are not catalogs, over $days daily partitions of @{[ scalar @tables ]} tables\n\n";
measure('source_health', 'SELECT count(*) FROM azhunt.source_health');
foreach my $width (1, 7, 30)
{
	measure("upload_counts() over $width days", "SELECT count(*) FROM azhunt.upload_counts('storage_upload_link_account', now() - interval '$width days', now())");
}
foreach my $width (1, 7, 30)
{
	measure("storage_upload_link_account(since => now() - $width days)",
		"SELECT count(*) FROM azhunt.storage_upload_link_account(since => now() - interval '$width days', until => now())");
	measure("storage_upload_link_account(since => constant of $width days ago)",
		'SELECT count(*) FROM azhunt.storage_upload_link_account(since => \'' . $session->do("SELECT now() - interval '$width days'") . '\')');
}
measure('storage_upload_link_account()', 'SELECT count(*) FROM azhunt.storage_upload_link_account()');
foreach my $width (1, 7, 30)
{
	measure("cloudshell_usage(lookback => $width days)", "SELECT count(*) FROM azhunt.cloudshell_usage(lookback => interval '$width days')");
}
measure('cloudshell_usage(as_of => constant, lookback => 1 day)', "SELECT count(*) FROM azhunt.cloudshell_usage(as_of => '" . $session->do('SELECT now()') . "', lookback => interval '1 day')");
measure('count(*) of one table', 'SELECT count(*) FROM azhunt.signinlogs');
foreach my $hunt (qw(storage_upload_link_account cloudshell_usage))
{
	measure("first run of $hunt", "SELECT azhunt.run_rule_in_transaction('$hunt')", once => 1);
	$session->do("CALL azhunt.run_rule('$hunt')");
	measure("empty run of $hunt", "SELECT azhunt.run_rule_in_transaction('$hunt')");
}
measure('results', 'SELECT count(*) FROM azhunt.results');
measure('hidden_results', 'SELECT count(*) FROM azhunt.hidden_results');
measure("prune('180 days')", "SELECT count(*) FROM azhunt.prune(interval '180 days')");
measure("prune('180 days', one partition of each table)",
	"SELECT count(*) FROM azhunt.prune(interval '180 days', interval '@{[ $days - 2 ]} days')");
measure("prune('180 days', half the partitions)",
	"SELECT count(*) FROM azhunt.prune(interval '180 days', interval '@{[ int($days / 2) ]} days')");
measure('DROP of a partition', "DROP TABLE $oldest");
measure('DETACH of a partition', "ALTER TABLE azhunt.signinlogs DETACH PARTITION $oldest");
measure('add_partitions() of 1 day', "SELECT count(*) FROM azhunt.add_partitions('azhunt.signinlogs', current_date + 10, current_date + 11)");
measure('add_partitions() of 31 days', "SELECT count(*) FROM azhunt.add_partitions('azhunt.signinlogs', current_date + 10, current_date + 41)");
measure('create_log_tables(), nothing to do', 'SELECT count(*) FROM azhunt.create_log_tables()');
$session->do('DROP INDEX azhunt.signinlogs_address_idx');
measure('create_log_tables(), an index of one table is missing', 'SELECT count(*) FROM azhunt.create_log_tables()', once => 1);
$session->do('SELECT count(*) FROM azhunt.create_log_tables()');
measure('INSERT of one row', "INSERT INTO azhunt.signinlogs (timegenerated) VALUES (now())");
measure('COPY of one row', "COPY azhunt.signinlogs (timegenerated) FROM PROGRAM 'date -u +%F'");
measure('DELETE of a day', "DELETE FROM azhunt.signinlogs WHERE timegenerated >= now() - interval '1 day'");
measure('ANALYZE of a log table', 'ANALYZE azhunt.signinlogs');
measure('DROP EXTENSION, refused', "SAVEPOINT s;\nDO 'BEGIN DROP EXTENSION azhunt; EXCEPTION WHEN OTHERS THEN NULL; END'", once => 1);
measure('DROP EXTENSION ... CASCADE', 'SET LOCAL client_min_messages = warning; DROP EXTENSION azhunt CASCADE', once => 1);
measure('DROP of a log table', 'DROP TABLE azhunt.signinlogs', once => 1);
measure('TRUNCATE of a log table', 'TRUNCATE azhunt.signinlogs', once => 1);
measure_program('pg_dump --schema-only', 'pg_dump', '--schema-only');
