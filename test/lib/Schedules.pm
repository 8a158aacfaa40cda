# Each match once: random schedules of transactions that load, commit out of
# order, roll back, are prepared or stay open while rules run and while log
# tables are partitioned, detached, attached, emptied, reloaded and swapped, with
# crashes of the server in between.
#
# After every run that succeeds, what the rule has stored must be what a plain
# join, written in ScheduleOracle.pm without the extension's functions, finds: all matches of
# the rows that are visible, and none of rows that never were.  In the end
# everything was announced once.
#
#   AZHUNT_SCHEDULES  how many schedules, 8 or 12 by default
#   AZHUNT_SEED       the seed of the first
#   AZHUNT_THEME      all of this theme, as the name of a test tells it
#   AZHUNT_STEPS      steps of each, 60 by default
#   AZHUNT_TRACE      print every step
package Schedules;

use strict;
use warnings;

use Exporter qw(import);
our @EXPORT = qw(test_schedules);

use ScheduleOracle;
use ScheduleRows;
use ScheduleState;
use ScheduleTables;
use Utils;
use Test::More;

my $steps = $ENV{AZHUNT_STEPS} // 60;
my $default_seed = 20261127;

#
# steps
#

# Go on with a transaction: rows, a run, a savepoint, rows with an old ingestxid.
sub step_go_on
{
	return step_begin() unless @open;
	my $session = one_of(@open);
	my @allowed = (@missed, '40');
	my $chance = rand;
	my $alive = 1;

	if ($chance < 0.4) { $alive = try($session, some_rows(), @allowed) }
	elsif ($chance < 0.5)
	{
		$alive = try($session, 'SAVEPOINT s; ' . some_rows(), @allowed)
		  && try($session, one_of('ROLLBACK TO SAVEPOINT s', 'RELEASE SAVEPOINT s'));
		$done{savepoint}++;
	}
	elsif ($chance < 0.6) { $alive = try($session, old_rows(), @allowed); $done{'old rows'}++ }
	else { $alive = run_in($session, some_rule()) }
	close_session($session) unless $alive;
}

sub step_begin
{
	return step_finish() if @open >= 5;
	my $session = begin();
	my $first = rand() < 0.7 ? some_rows() : 'SELECT count(*) FROM pg_class';

	if (try($session, $first, @missed, '40')) { push @open, $session }
	else { $session->close }
}

# A transaction that loads and runs rules, in any order, while others load and
# run, all in one step.
sub step_own_transaction
{
	my $session = begin();
	my $alive = 1;

	for (1 .. 3 + int rand 4)
	{
		my $chance = rand;

		last unless $alive;
		if    ($chance < 0.35) { $alive = try($session, some_rows(), @missed, '40') }
		elsif ($chance < 0.7) { $alive = run_in($session, some_rule()) }
		elsif ($chance < 0.8)
		{
			# an id that is over before the transaction is
			$alive = try($session, 'SAVEPOINT s; ' . some_rows() . '; ROLLBACK TO SAVEPOINT s', @missed, '40');
		}
		elsif ($chance < 0.95) { step_rows() }
		else { run_rule($control, some_rule()) }
	}
	$done{'own transaction'}++ if $alive && try($session, one_of('COMMIT', 'COMMIT', 'COMMIT', 'ROLLBACK'), '40');
	$session->close;
}

# A transaction that has a snapshot and nothing else, and so is in nobody's way.
sub step_begin_with_snapshot
{
	return step_finish() if @open >= 5;
	my $session = begin('REPEATABLE READ', 'REPEATABLE READ', 'SERIALIZABLE');

	try($session, 'SELECT count(*) FROM pg_class');
	push @open, $session;
}

sub step_finish
{
	return unless @open;
	my $session = one_of(@open);
	my $end = one_of('COMMIT', 'COMMIT', 'COMMIT', 'ROLLBACK', 'PREPARE TRANSACTION');

	$done{$end}++;
	if ($end eq 'PREPARE TRANSACTION')
	{
		my $id = 'load_' . ++$prepared_count;
		# who has notified cannot be prepared
		$prepared{$id} = 1 if try($session, "PREPARE TRANSACTION '$id'", '0A', '40');
	}
	else { try($session, $end, '40') }
	close_session($session);
}

sub step_finish_prepared
{
	return unless %prepared;
	my $id = one_of(sort keys %prepared);
	my $end = one_of('COMMIT PREPARED', 'COMMIT PREPARED', 'ROLLBACK PREPARED');

	try($control, "$end '$id'");
	delete $prepared{$id};
	$done{$end}++;
}

sub step_rows
{
	my $query = one_of(\&some_rows, \&some_rows, \&some_rows, \&some_duplicates)->();

	try($control, $query, @missed);
}

sub step_run
{
	run_rule($control, $_) for grep { rand() < 0.5 } @names;
}

sub step_restart
{
	my $query = rand() < 0.5 ? "SELECT azhunt.restart_rule('" . some_rule() . "')" : 'BEGIN; ' . old_rows() . '; COMMIT';

	$done{restart}++ if try($control, $query, @missed, '42704');
}

# Drop a rule with all that it found, or make it anew.  Not while a transaction
# may have restarted all rules that it knew.
sub step_drop
{
	my $name = some_rule();

	return if @open || %prepared;
	return unless try($control, "SELECT azhunt.drop_rule('$name')", $locked, '42704');
	$done{drop}++;
	add_rule($name) if rand() < 0.7;
}

sub add_rule
{
	my ($name) = @_;
	my ($hunt, $options, undef, $announce_since) = @{ $rules{$name} };

	try($control, "SELECT azhunt.add_rule('$name', '$hunt', '$options', announce_since => '$announce_since')"
		  . " WHERE NOT EXISTS (SELECT FROM azhunt.rules WHERE rule = '$name')", $locked);
}

# A run that is in the middle: it waits to store what it found, or how far it
# came, while others load, restart, run, and change tables; then it goes on, or is stopped.
sub step_run_in_the_middle
{
	my $name = some_rule();
	my $blocker = new_session();
	my $hunter = new_session();
	my $end = one_of('go on', 'go on', 'go on', 'cancel', 'terminate');

	$blocker->{level} = 'READ COMMITTED';
	my $block = one_of('LOCK TABLE azhunt.matches IN SHARE MODE', "SELECT FROM azhunt.watermarks WHERE rule = '$name' FOR UPDATE");
	if (!try($blocker, "BEGIN; $block", $locked))
	{
		$blocker->close;
		$hunter->close;
		return;
	}
	$hunter->do('SET lock_timeout = 0');
	my $pid = $hunter->do('SELECT pg_backend_pid()');
	my $query = "CALL azhunt.run_rule('$name')";
	trace($hunter, "$query ... begins");
	$hunter->send($query);
	my $state = await(sub {
		$control->do("SELECT CASE WHEN EXISTS (SELECT FROM pg_locks WHERE pid = $pid AND NOT granted) THEN 'waits'"
			  . " ELSE (SELECT state FROM pg_stat_activity WHERE pid = $pid AND state LIKE 'idle%') END") });
	die 'the run neither waits nor ends' unless $state;
	$done{"in the middle: run $state"}++;

	for (1 .. 1 + int rand 3)
	{
		my $chance = rand;

		if    ($chance < 0.3) { step_rows() }
		elsif ($chance < 0.6) { step_restart() }
		elsif ($chance < 0.7) { step_finish() if @open }
		elsif ($chance < 0.8) { step_tables() }
		elsif ($chance < 0.9) { run_rule($control, one_of($name, some_rule())) }
		elsif (@open < 5)
		{
			# restarts that become visible after the run
			my $session = begin('READ COMMITTED');
			if (try($session, old_rows(), @missed)) { push @open, $session }
			else { $session->close }
		}
	}
	if ($end ne 'go on')
	{
		$control->do("SELECT pg_${end}_backend($pid)");
		$done{$end}++;
	}
	try($blocker, 'COMMIT');
	$blocker->close;
	# others than the blocker can be in the way for as long as they like
	if (!await(sub { $control->do("SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid AND state = 'active')"
				  . " OR EXISTS (SELECT FROM pg_locks WHERE pid = $pid AND NOT granted)") }, 30)
		|| $control->do("SELECT 1 FROM pg_stat_activity WHERE pid = $pid AND state = 'active'"))
	{
		$control->do("SELECT pg_cancel_backend($pid)");
		$done{'in the middle: others in the way'}++;
	}
	trace($hunter, "$query ... ends");
	judge($hunter, $query, $hunter->answer, $locked, '42704', '40P01', '57014', '57P01', 'lost');
	$hunter->close;
}

# The server dies, and with it what was not committed or prepared.
sub step_crash
{
	return if $crashed++ || rand() < 0.7;
	trace($control, 'the server crashes');
	$cluster->stop('immediate');
	$done{crash}++;
	$_->close for @open;
	@open = ();
	$control->close;
	$cluster->start;
	$control = new_session();
	$listener->close;
	$listener = undef;
}

# A bulk load: a table that is filled, and attached later.
sub step_bulk_load
{
	my $log_table = one_of(qw(storagebloblogs signinlogs azureactivity));
	return if kind_of($log_table) ne 'p';
	my ($relation) = grep { $_->{state} eq 'detached' && $_->{day} ne '' } relations($log_table);

	if (!$relation)
	{
		my %taken = map { $_->{day} => 1 } relations($log_table);
		my ($day) = grep { !$taken{$_} } map { '202603' . (10 + $_) } one_of(0, 1), one_of(1, 2), 0, 1, 2;
		return unless $day;
		$relation = { name => "azhunt.${log_table}_$day", day => $day };
		return unless try($control, "CREATE TABLE $relation->{name} (LIKE azhunt.$log_table INCLUDING DEFAULTS INCLUDING CONSTRAINTS)", @busy);
	}
	try($control, insert_of_day($log_table, $relation), @busy);
	run_rule($control, $_) for grep { rand() < 0.7 } @names;
	step_rows() if rand() < 0.5;
	attach($log_table, $relation) if rand() < 0.7;
	$done{'bulk load'}++;
}

# A transaction that has taken its snapshot when tables are changed, and then
# runs a rule.
sub step_old_snapshot
{
	my $session = begin('REPEATABLE READ', 'REPEATABLE READ', 'SERIALIZABLE');
	my $alive = try($session, 'SELECT count(*) FROM pg_class');

	step_rows() if rand() < 0.3;
	if (rand() < 0.5) { add_partitions($_) for grep { kind_of($_) eq 'p' && rand() < 0.7 } qw(storagebloblogs signinlogs azureactivity) }
	else { step_tables() }
	step_rows() if rand() < 0.3;
	$alive = $alive && run_in($session, $_) for grep { rand() < 0.4 } @names;
	$done{'old snapshot'}++ if $alive && try($session, one_of('COMMIT', 'COMMIT', 'COMMIT', 'ROLLBACK'), '40');
	$session->close;
}

# What happens in the schedules of each theme, beside what happens in all.
my @always = (\&step_rows, \&step_rows, \&step_rows, \&step_run, \&step_run, \&step_finish);
my %themes = (
	'own transactions' => [ (\&step_own_transaction) x 5 ],
	'transactions' => [ (\&step_begin) x 3, (\&step_go_on) x 5, \&step_finish, \&step_finish_prepared, \&step_crash ],
	'old snapshots' => [ (\&step_old_snapshot) x 4, \&step_begin_with_snapshot, \&step_go_on, \&step_tables ],
	'runs in the middle' => [ (\&step_run_in_the_middle) x 3, \&step_begin, \&step_go_on, \&step_restart, \&step_drop ],
	'attach and detach' => [ (\&step_partitions) x 6, (\&step_bulk_load) x 2, \&step_begin_with_snapshot ],
	'truncate and reload' => [ (\&step_truncate) x 5, \&step_delete, \&step_begin_with_snapshot ],
	'swap' => [ (\&step_swap) x 6, \&step_begin_with_snapshot ],
	'inherit' => [ (sub { step_children('signinlogs') }) x 3, (sub { step_children('azureactivity') }) x 3 ],
	'all' => [ (\&step_begin) x 2, \&step_begin_with_snapshot, (\&step_go_on) x 3, \&step_own_transaction, \&step_finish,
		\&step_finish_prepared, (\&step_run_in_the_middle) x 2, \&step_restart, \&step_drop, (\&step_tables) x 4, \&step_bulk_load, \&step_old_snapshot, \&step_crash ]);

# A template, as making the extension anew would take longer than the schedule.
$cluster->session->do('CREATE DATABASE hunted_template');
{
	my $session = $cluster->session('hunted_template');

	$session->do('CREATE EXTENSION azhunt');
	$session->do('SELECT count(*) FROM azhunt.create_log_tables()');
	$session->do($own_hunt);
	$session->do($oracle);
	$session->do('CREATE SCHEMA saved');
	$session->do("CREATE TABLE saved.$_ AS SELECT $columns{$_}, sourcesystem, ingestxid FROM azhunt.$_") for @log_tables;
	$session->close;
}

# Open transactions end one way or the other.
sub settle
{
	step_finish() while @open;
	step_finish_prepared() while %prepared;
}

# Everything was announced once, but what is older than the rule announces: what
# the runs say they found, and what was notified of it.
sub check_announced
{
	for my $name (@names)
	{
		my ($announced, $stored) = split /\|/, $control->do(
			"SELECT (SELECT coalesce(sum(new_matches), 0) FROM azhunt.runs WHERE rule = '$name' AND status = 'succeeded'),"
			  . " (SELECT count(*) FROM oracle.stored('$name'))");

		die "$name: runs say that they found $announced, and $stored are stored\n" unless $announced == $stored;
		$found_first{$name} += $control->do("SELECT coalesce(sum(new_matches), 0) FROM azhunt.runs WHERE rule = '$name' AND started_over IS NOT NULL");
		$found_late{$name} += $control->do("SELECT coalesce(sum(new_matches), 0) FROM azhunt.runs WHERE rule = '$name' AND started_over IS NULL");
	}
	my $differ = $control->do("SELECT r.run, r.rule, r.announced, a.announced FROM azhunt.runs AS r JOIN azhunt.rules AS u ON u.rule = r.rule"
		  . ' CROSS JOIN LATERAL (SELECT count(*) AS announced FROM azhunt.matches AS m WHERE m.run = r.run AND m."time" >= u.announce_since) AS a'
		  . " WHERE r.status = 'succeeded' AND r.announced IS DISTINCT FROM a.announced");
	die "runs, what they say they announced, and what they had to announce:\n$differ\n" if $differ ne '';
	$silent += $control->do("SELECT count(*) FROM azhunt.runs WHERE announced < new_matches");
	return unless $listener;

	# runs of rules that were dropped have notified, too
	my %notified;
	my $answer = $listener->do('SELECT 1');
	while ($answer =~ /payload "(\{.*?\})" received/g)
	{
		my $payload = $1;
		my ($rule) = $payload =~ /"rule"\s*:\s*"(\w+)"/;
		my ($count) = $payload =~ /"new_matches"\s*:\s*(\d+)/;
		my ($run) = $payload =~ /"run"\s*:\s*(\d+)/;

		die "a notification without its run: $payload\n" unless defined $run;
		die "run $run was notified twice\n" if $notified{$run};
		$notified{$run} = "$rule|$count";
	}
	for my $line (split /\n/, $control->do("SELECT run, rule, announced FROM azhunt.runs WHERE status = 'succeeded' ORDER BY run"))
	{
		my ($run, $rest) = split /\|/, $line, 2;
		my $expected = $rest =~ /\|0$/ ? 'nothing' : $rest;

		die "run $run found $rest and notified " . ($notified{$run} // 'nothing') . "\n" unless ($notified{$run} // 'nothing') eq $expected;
	}
}

# One schedule of a theme, and what is random in it.
sub test_schedule
{
	(my $seed, $theme) = @_;
	srand $seed;
	($step, $crashed, $names_given, $prepared_count) = (0, 0, 0, 0);
	(@open, %prepared, @trace) = ();
	$cluster->session->do('CREATE DATABASE hunted TEMPLATE hunted_template');
	$control = new_session();
	$listener = new_session();
	$listener->do('LISTEN azhunt');

	my @steps = (@always, @{ $themes{$theme} });
	my $happened = eval {
		make_plain($_) for $theme eq 'inherit' ? qw(signinlogs azureactivity) : $theme eq 'all' && rand() < 0.3 ? ('signinlogs') : ();
		add_rule($_) for @names;
		if (rand() < 0.3)
		{
			add_partitions($_) for grep { kind_of($_) eq 'p' } @log_tables;
		}
		for (1 .. $steps)
		{
			$step++;
			one_of(@steps)->();
		}
		$step++;
		settle();
		# a session that was closed may have locks until its server process has ended
		$control->do('SET lock_timeout = 0');
		for my $name (@names)
		{
			$step++;
			add_rule($name);
			run_rule($control, $name) or die "$name: the last run did not succeed\n";
		}
		1;
	};
	my $problem = $@;

	ok($happened, "$theme: all is found, once, in the schedule of seed $seed");
	if ($happened)
	{
		$happened = eval { check_announced(); 1 };
		$problem = $@;
		ok($happened, "$theme: all is announced, once, in the schedule of seed $seed");
	}
	$happened
	  or diag $problem, "\nTo see this again: AZHUNT_SCHEDULES=1 AZHUNT_STEPS=$steps AZHUNT_THEME='$theme' AZHUNT_SEED=$seed AZHUNT_TRACE=1 $0\n";
	$_->close for grep { defined } @open, $control, $listener;
	for my $id (sort keys %prepared)
	{
		my $session = $cluster->session('hunted');
		$session->query("ROLLBACK PREPARED '$id'");
		$session->close;
	}
	$cluster->session->do('DROP DATABASE hunted WITH (FORCE)');
}

# Schedules of these themes, at least two of each, of a seed at which all that these themes
# are to do happens: without it there would be little to compare.
sub test_schedules
{
	my ($file_themes, $frequent, $rare) = @_;
	my @themes = defined $ENV{AZHUNT_THEME} ? $ENV{AZHUNT_THEME} : @$file_themes;
	my $default_schedules = @$file_themes < 3 ? 12 : 8;
	my $schedules = $ENV{AZHUNT_SCHEDULES} // $default_schedules;
	my $seed = $ENV{AZHUNT_SEED} // $default_seed;
	my @wanted = ('COMMIT', 'ROLLBACK', @$frequent, $schedules >= 50 ? @$rare : ());

	$themes{$_} or die "there is no theme $_\n" foreach @themes;
	foreach my $number (0 .. $schedules - 1)
	{
		test_schedule($seed, $themes[ $number % @themes ]);
		$seed = int rand 2**31;
	}
	note join ', ', map { "$_: $done{$_}" } sort keys %done;
	if (!defined $ENV{AZHUNT_THEME} && $schedules >= $default_schedules)
	{
		# rules that begin with empty tables find nothing in their first run
		if (grep { $_ eq 'restart' } @wanted)
		{
			cmp_ok($found_first{$_} // 0, '>', 0, "$_: runs that start over find something") foreach @names;
		}
		cmp_ok($found_late{$_} // 0, '>', 0, "$_: other runs find something") foreach @names;
		cmp_ok($silent, '>', 0, 'some matches are too old to be announced');
		cmp_ok($done{$_} // 0, '>', 0, "it happened: $_") foreach @wanted;
	}
	done_testing();
}

1;
