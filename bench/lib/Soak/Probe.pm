# One session that stays: what it costs to run rules and ask panels must not grow.
package Soak::Probe;

use strict;
use warnings;

use Median;
use Soak::Client;
use Soak::Readers;
use Soak::Rules;
use Soak::Worker;
use Time::HiRes qw(time);
use Utils;

sub new
{
	my ($class, $soak) = @_;

	return bless { soak => $soak }, $class;
}

# A step: run each rule, ask each panel, and write down what the session has then.
sub step
{
	my ($self) = @_;
	my $client = $self->{client} //= Soak::Client->new($self->{soak}, name => 'soak probe') // return;

	die "the session that has to stay was lost: $client->{error}\n" if !$client->{session} && !$self->{lost}++;
	return nap(1) unless $client->{session};
	$self->{panels} //= [ Soak::Readers::panels($self->{soak}, $client->ask('SELECT result_id FROM azhunt.results LIMIT 1')) ];
	$client->ask("CALL azhunt.run_rule('$_')") for @Soak::Rules::names;
	Soak::Readers::ask_panel($client, $_) for @{ $self->{panels} };
	$self->sample($client);
	nap(0.5);
}

# The row of the table of samples; names of its columns.
my @columns = qw(time dropped anonymous contexts caches descriptors deleted locks panel_buffers panel_time run_buffers run_time);

sub sample
{
	my ($self, $client) = @_;
	my %sample = (time => time(), dropped => Soak::Worker::counts($self->{soak})->{'partitions dropped'} // 0, $self->process($client), panel($self, $client), idle_run($client));

	return unless defined $sample{run_buffers};
	@sample{qw(contexts caches)} = split /\|/, $client->ask("SELECT sum(used_bytes), sum(used_bytes) FILTER (WHERE name = 'CacheMemoryContext') FROM pg_backend_memory_contexts") // return;
	$sample{locks} = $client->ask("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation IS DISTINCT FROM 'pg_locks'::regclass"
		  . " AND locktype <> 'virtualxid'") // return;
	append("$self->{soak}{dir}/probe", join("\t", map { $_ // '' } @sample{@columns}) . "\n");
	count('samples');
}

# What the operating system says of the server process.
sub process
{
	my ($self, $client) = @_;
	my $pid = $client->{backend};
	my ($anonymous) = slurp("/proc/$pid/status") =~ /^RssAnon:\s+(\d+) kB/m;
	my @descriptors = map { readlink } glob "/proc/$pid/fd/*";

	return (anonymous => 1024 * $anonymous, descriptors => scalar @descriptors, deleted => scalar grep { / \(deleted\)$/ } @descriptors);
}

# Buffers that a statement touches, and milliseconds that it takes.
sub cost
{
	my ($client, $query) = @_;
	my $plan = $client->ask("EXPLAIN (ANALYZE, BUFFERS, COSTS off, TIMING off, FORMAT JSON) $query") // return;
	my ($hit) = $plan =~ /"Shared Hit Blocks": (\d+)/;
	my ($read) = $plan =~ /"Shared Read Blocks": (\d+)/;
	my ($time) = $plan =~ /"Execution Time": ([\d.]+)/;

	return ($hit + $read, $time);
}

# A panel about the quiet day, whose results do not change.
sub panel
{
	my ($self, $client) = @_;
	my @day = map { $self->{soak}->iso($_, $self->{soak}{quiet_day}) } 0, 1;
	my ($panel) = grep { $_->{name} =~ /upload-link-account, panel How much was found/ } Soak::Readers::panels($self->{soak}, '', @day);
	my ($buffers, $time) = cost($client, $panel->{sql});

	return (panel_buffers => $buffers, panel_time => $time);
}

# A run that finds no new row, right after another one.
sub idle_run
{
	my ($client) = @_;

	for (1 .. 20)
	{
		$client->ask("CALL azhunt.run_rule('new_shells')");
		my ($buffers, $time) = cost($client, "SELECT azhunt.run_rule_in_transaction('new_shells')");
		my $read = $client->ask("SELECT status, (rows_read ->> 'azureactivity')::bigint FROM azhunt.runs WHERE rule = 'new_shells' ORDER BY run DESC LIMIT 1");
		return (run_buffers => $buffers, run_time => $time) if ($read // '') eq 'succeeded|0';
	}
	return;
}

sub finish
{
	my ($self) = @_;

	$self->{client}->close if $self->{client};
}

#
# what came of it
#

# How much more the last quarter may have than the second one: a factor, what is lost in
# the noise, and what comes with each partition that is dropped: PostgreSQL remembers
# of each column that it found no statistics of it, and does not forget that with the
# table.
my %limits = (
	anonymous => [ 'memory of a session that stays, MB', 1.15, 16, 1e-6 ],
	contexts => [ 'what its memory contexts use, MB', 1.15, 2, 1e-6, 0.012 ],
	caches => [ '... CacheMemoryContext, MB', 1.15, 2, 1e-6, 0.012 ],
	descriptors => [ 'its open files', 1.5, 100, 1 ],
	deleted => [ '... that are deleted', 1.5, 50, 1 ],
	locks => [ 'its locks between statements', 1, 0, 1 ],
	panel_buffers => [ 'buffers of a panel of a quiet day', 1.5, 100, 1 ],
	run_buffers => [ 'buffers of a run with nothing new', 1.5, 500, 1 ],
	panel_time => [ '... ms of that panel', undef, undef, 1 ],
	run_time => [ '... ms of that run', undef, undef, 1 ]);

# The checks: name, whether it is so, and what was measured.
sub checks
{
	my ($soak) = @_;
	my $path = "$soak->{dir}/probe";
	my @samples = -e $path ? map { my %row; @row{@columns} = split /\t/; \%row } split /\n/, slurp($path) : ();
	my $quarter = int(@samples / 4);

	return [ 'a session that stays was measured', 0, scalar(@samples) . ' samples are too few' ] if $quarter < 1;
	my @second = @samples[ $quarter .. 2 * $quarter - 1 ];
	my @last = @samples[ $#samples - $quarter + 1 .. $#samples ];
	return map { compare($_, \@second, \@last) } grep { $limits{$_} } @columns;
}

sub compare
{
	my ($column, $second, $last) = @_;
	my ($name, $factor, $noise, $unit, $dropped) = @{ $limits{$column} };
	my ($before, $after) = map { $unit * median(map { $_->{$column} } @$_) } $second, $last;

	$noise += $dropped * (median(map { $_->{dropped} } @$last) - median(map { $_->{dropped} } @$second)) if $dropped;
	return [ $name, !defined $factor || $after <= $factor * $before + $noise, sprintf '%.1f in the second quarter, %.1f in the last', $before, $after ];
}

1;
