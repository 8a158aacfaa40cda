#!/usr/bin/perl
# What a rule costs behind a NAT: an incremental run against starting
# over, where a fifth of the rows share an address, the window is a day long, and
# no user agent matches; with statistics, and without.
#
# usage: script/with-cluster bench/rules_nat.pl
#
#   AZHUNT_BENCH_ROWS  uploads, and as many sign-ins and operations (300000)
#   AZHUNT_BENCH_NEW   new uploads and operations (10000)
#
# Runs in a cluster of its own, whose shared buffers take all of it.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib map { dirname(abs_path(__FILE__)) . $_ } '', '/../test/lib';

use Cluster;
use Nat;

my $rows = $ENV{AZHUNT_BENCH_ROWS} // 300_000;
my $new  = $ENV{AZHUNT_BENCH_NEW} // 10_000;
$| = 1;

system dirname(abs_path(__FILE__)) . '/machine';
my $cluster = Cluster->new('shared_buffers = 2GB', 'max_wal_size = 8GB', 'checkpoint_timeout = 1h', 'autovacuum = off',
	'work_mem = 64MB', 'maintenance_work_mem = 512MB');

printf "%-30s %-12s %12s %12s %7s %8s\n", "$new new rows, $rows stored", 'statistics', 'run', 'start over', 'ratio', 'target';
for my $statistics (1, 0)
{
	my $session = Nat::database($cluster, 'nat', rows => $rows, new => $new, statistics => $statistics);

	for my $hunt (qw(storage_upload_link_account cloudshell_usage))
	{
		my $run = Nat::measure($session, "nat $hunt");
		$session->do("SELECT azhunt.restart_rule('nat $hunt')");
		my $over = Nat::measure($session, "nat $hunt");
		my $yes = $statistics ? 'yes' : 'no';

		die "the run started over: $run->{started_over}" if $run->{started_over} ne '';
		printf "%-30s %-12s %9.1f ms %9.1f ms %7.2f %8s\n", $hunt, $yes, $run->{milliseconds}, $over->{milliseconds},
		  $run->{milliseconds} / $over->{milliseconds}, '2.0';
		printf "%-30s %-12s %12d %12d %7.2f\n", '  buffers', $yes, $run->{buffers}, $over->{buffers}, $run->{buffers} / $over->{buffers};
	}
	$session->close;
	$cluster->session->do('DROP DATABASE nat');
}
