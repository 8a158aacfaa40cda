#!/usr/bin/perl
# What a run costs after a day without runs, against an ad-hoc hunt that returns
# the same matches and against starting over; with statistics, and without.
#
# usage: script/with-cluster bench/rules_backlog.pl
#
#   AZHUNT_BENCH_ROWS  uploads of a day, and as many sign-ins (200000)
#   AZHUNT_BENCH_DAYS  days that the rule has read (3)
#
# Runs in a cluster of its own, whose shared buffers take all of it.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib map { dirname(abs_path(__FILE__)) . $_ } '', '/../test/lib';

use Backlog;
use Cluster;
use Nat;

my $rows = $ENV{AZHUNT_BENCH_ROWS} // 200_000;
my $days = $ENV{AZHUNT_BENCH_DAYS} // 3;
system dirname(abs_path(__FILE__)) . '/machine';
my $cluster = Cluster->new('shared_buffers = 4GB', 'max_wal_size = 20GB', 'autovacuum = off', 'work_mem = 64MB', 'jit = off');
$| = 1;

# Milliseconds that the processor works for a query, the median of three.
sub processor_time
{
	my ($session, $before, $query) = @_;
	my $clock = q{SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::double precision / 1e6 FROM pg_sleep(0.001)};
	my @times;

	for (1 .. 3)
	{
		$session->do("BEGIN; $before");
		my $started = $session->do($clock);
		$session->do($query);
		push @times, $session->do($clock) - $started;
		$session->do('ROLLBACK');
	}
	return (sort { $a <=> $b } @times)[1];
}

printf "%-20s %10s %10s %10s %12s %12s %8s\n", 'a day of ' . 2 * $rows, 'matches', 'run', 'ad hoc', 'starting over', 'run/ad hoc', 'target';
for my $statistics (1, 0)
{
	my $session = Backlog::database($cluster, days => $days, rows => $rows, statistics => $statistics);

	Backlog::load($session, $days, $rows);
	$session->do('VACUUM ANALYZE') if $statistics;
	my $run = processor_time($session, '', q{SELECT azhunt.run_rule_in_transaction('uploads')});
	my $since = $session->do("SELECT timestamptz '2026-03-01 00:00+00' + $days * interval '1 day'");
	my $ad_hoc = processor_time($session, '',
		"SELECT count(logins), count(accounts) FROM azhunt.storage_upload_link_account(since => '$since')");
	my $over = processor_time($session, q{SELECT azhunt.restart_rule('uploads'); TRUNCATE azhunt.matches},
		q{SELECT azhunt.run_rule_in_transaction('uploads')});
	$session->do('BEGIN');
	my $found = Nat::measure($session, 'uploads');
	$session->do('ROLLBACK');

	printf "%-20s %10d %7.0f ms %7.0f ms %10.0f ms %12.2f %8s\n", $statistics ? 'with statistics' : 'without', $found->{new_matches},
	  $run, $ad_hoc, $over, $run / $ad_hoc, '2';
	$session->close;
	$cluster->session->do('DROP DATABASE backlog');
}
