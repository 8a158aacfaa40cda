#!/usr/bin/perl
# What the queries of the dashboards take over a year of results, of logs in daily
# partitions, and of runs: those of a week, and those of the whole year.
#
# usage: script/with-cluster bench/grafana.pl [DIRECTORY...]
#
#   DIRECTORY            dashboards to be measured in turn; the ratio is that of the last
#                        to the first (grafana/dashboards)
#   AZHUNT_BENCH_ROUNDS  how many times each query is executed (5)
#   AZHUNT_BENCH_PANELS  a pattern of the panels to be measured (all)
#
# Runs in a cluster of its own, and prints medians of the server's processor time.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib map { dirname(abs_path(__FILE__)) . $_ } '', '/../test/lib';

use Cluster;
use Grafana;
use Median;

my @directories = @ARGV ? @ARGV : (directory() . '/dashboards');
my $rounds = $ENV{AZHUNT_BENCH_ROUNDS} // 5;
my $panels = $ENV{AZHUNT_BENCH_PANELS} // '';
my $target = 200;
$| = 1;

system dirname(abs_path(__FILE__)) . '/machine';
my $cluster = Cluster->new('shared_buffers = 1GB', 'max_wal_size = 4GB', 'autovacuum = off', 'max_locks_per_transaction = 512');
my $session = $cluster->session;

# A year of logs: in each of four tables, ten rows an hour.
sub make_logs
{
	$session->do('CREATE EXTENSION azhunt');
	$session->do('SELECT count(*) FROM azhunt.create_log_tables()');
	for my $table (qw(storagebloblogs storagefilelogs signinlogs azureactivity))
	{
		my $upload = $table =~ /^storage/ ? q('PutBlob', 'Success', 'https://contosodata.blob.core.windows.net/in/file') : undef;
		my $columns = $upload ? 'timegenerated, operationname, statustext, uri' : 'timegenerated';

		for my $month (0 .. 12)
		{
			$session->do("SELECT count(*) FROM azhunt.add_partitions('azhunt.$table', current_date - 30 * ($month + 1), least(current_date - 30 * $month, current_date + 1))");
		}
		$session->do("SELECT count(*) FROM azhunt.add_partitions('azhunt.$table', current_date, current_date + 1)");
		$session->do("INSERT INTO azhunt.$table ($columns) SELECT " . join(', ', 't', $upload // ())
			  . " FROM generate_series(now() - interval '364 days', now(), interval '6 minutes') AS t");
	}
}

# Nanoseconds that a server process has had a processor.
sub processor_time
{
	my ($pid) = @_;

	open my $file, '<', "/proc/$pid/schedstat" or die "/proc/$pid/schedstat: $!\n";
	return (split / /, readline $file)[0];
}

# Median milliseconds of each query, executed in turn.
sub measure
{
	my ($reader, @queries) = @_;
	my $pid = $reader->do('SELECT pg_backend_pid()');
	# that of others is not seen
	$reader->do('SET max_parallel_workers_per_gather = 0');
	my @times;

	# for the first, nothing is in a cache
	for my $round (0 .. $rounds)
	{
		for my $place (0 .. $#queries)
		{
			my $before = processor_time($pid);
			$reader->do("\\o /dev/null\n$queries[$place]\n;\n\\o");
			push @{ $times[$place] }, (processor_time($pid) - $before) / 1e6 if $round > 0;
		}
	}
	return map { median(@$_) } @times;
}

sub variables_of
{
	my ($name) = @_;
	my $single = $name =~ /^azhunt-storage/ ? 'storage_upload_link_account' : $name =~ /^azhunt-cloudshell/ ? 'cloudshell_usage' : undef;
	my $result = $session->do($name =~ /cloudshell/ ? "SELECT md5('shell 20000')::uuid" : "SELECT md5('50000')::uuid");

	return { account => '', address => '', file => '', severity => '', status => [ 'new', 'investigating' ], result => $result,
		rule => $single // [ 'storage_upload_link_account', 'cloudshell_usage' ] };
}

sub report
{
	my ($days, $interval) = @_;
	my $format = q('YYYY-MM-DD"T"HH24:MI:SS"Z"');
	my %range = (interval => $interval);
	@range{qw(from to)} = split /\|/, $session->do("SELECT to_char((now() - interval '$days days') AT TIME ZONE 'UTC', $format), to_char(now() AT TIME ZONE 'UTC', $format)");

	my (%queries, @rows);
	for my $place (0 .. $#directories)
	{
		$queries{ $_->{name} }[$place] = $_->{sql} for map { queries($_) } dashboards($directories[$place]);
	}
	$queries{"alert rule, $_->{title}"} = [ ($_->{data}[0]{model}{rawSql}) x @directories ] for alert_rules();

	my $reader = Session->new($cluster->environment, PGUSER => 'azhunt_grafana');
	for my $name (grep { /$panels/ } sort keys %queries)
	{
		next if $days > 7 && !grep { defined && /\$__time/ } @{ $queries{$name} };
		my @measured = measure($reader, map { expand($_ // 'SELECT 1', \%range, variables_of($name)) } @{ $queries{$name} });
		push @rows, [ $name, @measured ];
	}
	$reader->close;

	printf "\n%-110s %s\n", "processor time of $days days, ms", join ' ', map { sprintf '%9s', $_ } 1 .. @directories, @directories > 1 ? 'ratio' : ();
	for my $row (sort { $b->[1] <=> $a->[1] } @rows)
	{
		my ($name, @times) = @$row;
		printf "%-110.110s %s %s\n", $name, join(' ', map { sprintf '%9.1f', $_ } @times),
		  (@times > 1 ? sprintf '%9.2f', $times[-1] / $times[0] : $times[0] > $target ? 'above target' : '');
	}
}

make_logs();
{
	local %ENV = (%ENV, $cluster->environment);
	my ($text, $succeeded) = psql($session->do('SELECT current_user'), '\i ' . directory() . "/role.sql\n");
	die $text unless $succeeded;
}
seed_year($session);
$session->do('VACUUM (ANALYZE)');
print "$rounds rounds over ", $session->do('SELECT count(DISTINCT result_id) FROM azhunt.matches'), ' results, ',
  $session->do('SELECT count(*) FROM azhunt.runs'), " runs, and 365 daily partitions of each of four log tables; the target is $target ms\n";
print map { $_ + 1, ": $directories[$_]\n" } 0 .. $#directories;
report(7, '1h');
report(364, '12h');
