#!/usr/bin/perl
# How long it takes to plan and to execute a windowed join over many daily
# partitions.
#
# usage: script/with-cluster bench/partitions.pl [ROWS]
#
# Planning is compared with that of the same query in plain comparisons, execution
# with that over the same rows in seven partitions.  Times are the processor's, in one
# process.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib map { dirname(abs_path(__FILE__)) . $_ } '', '/../test/lib';

use Cluster;
use Median;

my $rows = shift // 200000;
my @tables = qw(signinlogs storagefilelogs storagebloblogs);
my $rounds = 5;
$| = 1;

system dirname(abs_path(__FILE__)) . '/machine';
my $cluster = Cluster->new('max_locks_per_transaction = 2048', 'autovacuum = off', 'shared_buffers = 512MB', 'max_parallel_workers_per_gather = 0');

my $uploads = join ' UNION ALL ', map { <<"END" } qw(storagefilelogs storagebloblogs);
SELECT timegenerated AS t, azhunt.strip_port(calleripaddress) AS ip, COALESCE(useragentheader, '') AS ua, operationname AS op, uri FROM azhunt.$_
END
my $join = <<"END";
FROM ($uploads) AS u
JOIN (SELECT timegenerated AS t, azhunt.strip_port(ipaddress) AS ip, COALESCE(useragent, '') AS ua, userprincipalname AS account FROM azhunt.signinlogs) AS s
  ON s.ip = u.ip AND %s WHERE azhunt.is_upload(u.op)
END
my $plain = "s.t >= u.t - interval '1 minute' AND s.t <= u.t";
my $within = "azhunt.within(s.t, u.t, '1 minute')";
my $groups = 'u.uri, u.op, u.ua, min(u.t), count(DISTINCT u.t), array_agg(DISTINCT s.account)';

# What is planned, and what with
my @planned = (
	[ 'join, key', map { sprintf "SELECT count(*) $join", $_ } $within, $plain ],
	[ 'join, key and user agent', sprintf("SELECT count(*) $join", "$within AND s.ua OPERATOR(azhunt.=~) u.ua"),
		sprintf("SELECT count(*) $join", "$plain AND lower(s.ua) = lower(u.ua)") ],
	[ 'storage_upload_link_account', 'SELECT * FROM azhunt.storage_upload_link_account()',
		sprintf("SELECT $groups $join GROUP BY u.uri, u.op, u.ua", "$plain AND lower(s.ua) = lower(u.ua)") ]);
my %executed = (
	'merge of indexes' => 'SET enable_seqscan = off; SET enable_indexscan = off; SET enable_bitmapscan = off;',
	'join of tables' => 'SET azhunt.enable_windowmerge = off;');

# Milliseconds that the processor works for each of some statements, in turn: the
# median of all rounds.
sub compare
{
	my ($session, @statements) = @_;
	my @times;

	$session->do($_) foreach @statements;
	foreach my $round (1 .. $rounds)
	{
		foreach my $i (0 .. $#statements)
		{
			my $started = clock($session);
			$session->do($statements[$i]);
			push @{ $times[$i] }, clock($session) - $started;
		}
	}
	return map { median(@$_) } @times;
}

# The kernel counts when the process is stopped.
sub clock
{
	my ($session) = @_;

	$session->do('SELECT pg_sleep(0.001)');
	return $session->do("SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)") / 1e6;
}

# A database with the rows in so many partitions, which are two years in all.
sub make_database
{
	my ($name, $partitions, $days) = @_;
	my $length = $days / $partitions;

	$cluster->session->do("CREATE DATABASE $name");
	my $session = $cluster->session($name);
	$session->do('CREATE EXTENSION azhunt');
	$session->do('SELECT count(*) FROM azhunt.create_log_tables()');
	foreach my $table (@tables)
	{
		$session->do(<<"END") foreach 0 .. $partitions - 1;
CREATE TABLE azhunt.${table}_p$_ PARTITION OF azhunt.$table
FOR VALUES FROM (@{[ time_of($_ * $length) ]}) TO (@{[ time_of(($_ + 1) * $length) ]})
END
	}
	my $time = "timestamptz '2025-01-01Z' + random() * interval '$days days'";
	my $address = "format('198.18.%s.%s', floor(random() ^ 2 * 200), floor(random() * 200))";
	$session->do('SELECT setseed(0.5)');
	$session->do(<<"END");
INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent, resulttype)
SELECT $time, $address, 'user' || i % 1000, 'agent' || i % 50, '0' FROM generate_series(1, $rows) AS i
END
	$session->do(<<"END") foreach 'storagefilelogs', 'storagebloblogs';
INSERT INTO azhunt.$_ (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)
SELECT $time, 'PutBlob', 'Success', $address || ':1', 'https://contoso/' || i, 'agent' || i % 50 FROM generate_series(1, $rows / 2) AS i
END
	return $session;
}

# So many days after the first, as an expression.
sub time_of
{
	my ($days) = @_;

	return sprintf "timestamptz '2025-01-01Z' + interval '%d minutes'", $days * 1440;
}

sub explain
{
	return map { "EXPLAIN (COSTS OFF) $_" } @_;
}

printf "%-50s %10s %10s %10s %6s\n", 'planning, ms', 'partitions', 'within()', 'plain', 'ratio';
foreach my $days (30, 365, 730)
{
	my $session = make_database("days_$days", $days, $days);
	my @children = split /\n/, $session->do(<<"END");
SELECT inhrelid::regclass FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE relnamespace = 'azhunt'::regnamespace AND relkind = 'r'
END

	foreach my $statistics ('no statistics', 'statistics')
	{
		$session->do("ANALYZE $_") foreach $statistics eq 'statistics' ? @children : ();
		foreach (@planned)
		{
			my ($name, @queries) = @$_;
			my ($within, $plain) = compare($session, explain(@queries));

			printf "%-50s %10d %10.1f %10.1f %6.2f\n", "$name, $statistics", $days, $within, $plain, $within / $plain;
		}
	}
}

printf "\n%-50s %10s %10s %10s %6s\n", 'execution, ms', 'partitions', 'these', '7', 'ratio';
my $week = make_database('weeks', 7, 730);
$week->do('VACUUM ANALYZE');
foreach my $days (365, 730)
{
	my $session = $days == 730 ? $cluster->session('days_730') : make_database('same_days', $days, 730);

	$session->do('VACUUM ANALYZE');
	foreach my $name (sort keys %executed)
	{
		my @times = map {
			$_->do($executed{$name});
			(compare($_, $planned[1][1]))[0] - (compare($_, explain($planned[1][1])))[0];
		} $session, $week;

		$_->do('RESET ALL') foreach $session, $week;
		printf "%-50s %10d %10.1f %10.1f %6.2f\n", $name, $days, @times, $times[0] / $times[1];
	}
}
