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
#   AZHUNT_SCHEDULES  how many schedules, 3 of each theme by default
#   AZHUNT_SEED       the seed of the first
#   AZHUNT_THEME      all of this theme, as the name of a test tells it
#   AZHUNT_STEPS      steps of each, 60 by default
#   AZHUNT_TRACE      print every step
package Schedules;

use strict;
use warnings;

use Exporter qw(import);
our @EXPORT = qw(test_schedules);

use Cluster;
use ScheduleOracle;
use ScheduleRows;
use Utils;
use Test::More;

my $steps = $ENV{AZHUNT_STEPS} // 60;

#
# a schedule
#
my $cluster = Cluster->new('autovacuum = off', 'lock_timeout = 60ms', 'deadlock_timeout = 20ms',
	'timezone = UTC', 'shared_buffers = 64MB');

my ($control, $listener);
my @open;        # sessions with a transaction, that any step may go on with
my %prepared;
my ($step, $theme, @trace, $failure);
my ($crashed, $names_given, $prepared_count);
my $default_seed = 20261126;
my (%done, %found_first, %found_late);
my $silent = 0;  # runs that did not announce all that they found

# Note what is done; the log rows of this step carry its number.
sub trace
{
	my ($session, $text) = @_;
	my $who = $session == $control ? 'control' : "session $session->{number}";

	$text =~ s/\s+/ /g;
	push @trace, "step $step, $who: $text";
	note $trace[-1] if $ENV{AZHUNT_TRACE};
}

# SQLSTATE of the error in an answer.
sub sqlstate
{
	my ($answer) = @_;

	return 'lost' unless defined $answer;
	return $answer =~ /^(?:ERROR|FATAL):  (\w{5}):/m ? $1 : '';
}

# Run a query, whose errors may be these; true if there was none.  Whatever its
# error, a session that is in a transaction rolls it back.
sub try
{
	my ($session, $query, @allowed) = @_;
	my $answer;

	trace($session, length $query > 400 ? substr($query, 0, 400) . ' ...' : $query);
	$session->send($query);
	$answer = $session->answer;
	return judge($session, $query, $answer, @allowed);
}

sub judge
{
	my ($session, $query, $answer, @allowed) = @_;
	my $state = sqlstate($answer);

	$session->{last} = $answer;
	return 1 if $state eq '';
	trace($session, "... $state " . ($answer // 'connection lost'));
	die "unexpected error: $query\n" . ($answer // '') . "\n"
	  unless grep { $state =~ /^$_/ } @allowed;
	if (defined $answer)
	{
		$session->send('ROLLBACK');
		$session->answer;
	}
	$done{"error $state"}++;
	return 0;
}

my $locked = '55P03';                      # another session is in the way
my @missed = ($locked, '40P01', '23514');  # or a partition is not there
# or the tables are not as the step would have them
my @busy = ($locked, '40P01', '42P01', '55000', '55006', '42P17', '42P16', '42809', '42P07', '23514', '0A000');

sub new_session
{
	my $session = $cluster->session('hunted');

	$session->{number} = ++$names_given;
	$session->do('\set VERBOSITY verbose');
	return $session;
}

# An INSERT of some rows, which history has as well, in the name of a log table
# or into another relation of its columns.
sub insert
{
	my ($log_table, $relation, $ingestxid, $rows) = @_;
	my $columns = $columns{$log_table};
	my @values = map { '(' . join(', ', $some_row{$log_table}->(), "'step $step row $_'", $ingestxid // ()) . ')' }
	  1 .. $rows // 1 + int rand 8;
	my $target = defined $ingestxid ? "$columns, sourcesystem, ingestxid" : "$columns, sourcesystem";
	my $values = join ', ', @values;

	return "WITH r AS (INSERT INTO $relation ($target) VALUES $values RETURNING $columns, sourcesystem, ingestxid)"
	  . " INSERT INTO oracle.$history{$log_table} (log_table, $columns, tag, ingestxid)"
	  . " SELECT '$log_table', $columns, sourcesystem, ingestxid FROM r";
}

sub some_log_table
{
	return one_of(qw(storagebloblogs storagebloblogs storagefilelogs signinlogs signinlogs signinlogs
		  aadnoninteractiveusersigninlogs aadserviceprincipalsigninlogs aadmanagedidentitysigninlogs
		  azureactivity azureactivity azureactivity azureactivity));
}

sub some_rows
{
	my $log_table = some_log_table();

	return insert($log_table, "azhunt.$log_table", rand() < 0.05 ? 'NULL::bigint' : undef);
}

# The log that Azure delivers twice.
sub some_duplicates
{
	my $log_table = some_log_table();
	my $columns = $columns{$log_table};
	my $salt = int rand 1000;

	return "WITH r AS (INSERT INTO azhunt.$log_table ($columns, sourcesystem)"
	  . " SELECT $columns, 'step $step: again ' || sourcesystem FROM azhunt.$log_table"
	  . " ORDER BY md5(sourcesystem || '$salt') LIMIT 3 RETURNING $columns, sourcesystem, ingestxid)"
	  . " INSERT INTO oracle.$history{$log_table} (log_table, $columns, tag, ingestxid)"
	  . " SELECT '$log_table', $columns, sourcesystem, ingestxid FROM r";
}

# Rows of a data-only dump, with ingestxid as it was, and what one does then.
sub old_rows
{
	my $log_table = some_log_table();

	return insert($log_table, "azhunt.$log_table", 3 + int rand 500)
	  . '; SELECT count(azhunt.restart_rule(rule)) FROM azhunt.rules';
}

#
# runs and what they have stored
#

# Compare what a rule has stored with the plain join, in the session that ran
# it; dies where a match is missing or too much.
sub check
{
	my ($session, $name) = @_;
	my ($hunt, undef, $arguments) = @{ $rules{$name} };
	my $missing = $session->do("SELECT m.key, m.left_row, m.right_row FROM oracle.visible_$hunt($arguments) AS m"
		  . " WHERE m.key NOT IN (SELECT key FROM oracle.stored('$name')) ORDER BY m.key");
	my $too_many = $session->do("SELECT key, run FROM oracle.stored('$name')"
		  . " WHERE key NOT IN (SELECT key FROM oracle.all_$hunt($arguments)) ORDER BY key");
	my $twice = $session->do("SELECT key, count(*) FROM oracle.stored('$name') GROUP BY key HAVING count(*) > 1 ORDER BY key");
	my @problems;

	$done{check}++;
	push @problems, problem("$name: matches that were lost", 'match|one row|other row', $missing) if $missing ne '';
	push @problems, problem("$name: matches of rows that never were", 'match|run', $too_many) if $too_many ne '';
	push @problems, problem("$name: matches stored twice", 'match|how often', $twice) if $twice ne '';
	die join '', @problems if @problems;
}

sub problem
{
	my ($what, $header, $lines) = @_;
	my @lines = split /\n/, $lines;
	my $count = @lines;
	my %steps;

	splice @lines, 3;
	$steps{$_} = 1 for map { /"step (\d+)/g } @lines;
	return "$what: $count, such as\n"
	  . join('', map {
			my @cells = split /\|/;
			my @heads = split /\|/, $header;
			join '', map { "  $heads[$_]: " . ($cells[$_] // '') . "\n" } 0 .. $#heads } @lines)
	  . "written by\n"
	  . join('', map { my $n = $_; map { "  $_\n" } grep { /^step $n,/ } @trace } sort { $a <=> $b } keys %steps);
}

sub some_rule
{
	return one_of(@names);
}

sub ran
{
	my ($session, $name) = @_;

	return $session->do("SELECT status FROM azhunt.runs WHERE rule = '$name' ORDER BY run DESC LIMIT 1");
}

# CALL run_rule() in a session without a transaction; true if it did not fail
# and was not skipped.
sub run_rule
{
	my ($session, $name, @allowed) = @_;

	return 0 unless try($session, "CALL azhunt.run_rule('$name')", $locked, '42704', @allowed);
	my $status = ran($session, $name);
	$done{"run: $status"}++;
	return 0 unless $status eq 'succeeded';
	check($session, $name);
	return 1;
}

# A run in the transaction of a session, which goes on, unless the run fails.
sub run_in
{
	my ($session, $name) = @_;
	my @allowed = ($locked, '42704');

	push @allowed, '40', '0A' unless $session->{level} eq 'READ COMMITTED';
	return 0 unless try($session, "SELECT azhunt.run_rule_in_transaction('$name') AS run", @allowed);
	my $run = $session->{last};
	my $status = $session->do("SELECT status FROM azhunt.runs WHERE run = $run");
	$done{"run in $session->{level}: $status"}++;
	# the oracle reads all, which would make this transaction fail
	check($session, $name) if $status eq 'succeeded' && $session->{level} ne 'SERIALIZABLE';
	return 1;
}

#
# steps
#
sub begin
{
	my (@levels) = @_;
	my $session = new_session();

	$session->{level} = one_of(@levels ? @levels : ('READ COMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'));
	try($session, "BEGIN ISOLATION LEVEL $session->{level}");
	return $session;
}

# Take a session out of the open ones.
sub close_session
{
	my ($session) = @_;

	@open = grep { $_ != $session } @open;
	$session->close;
}

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

#
# log tables: steps that change what stands under their names
#

# The relations that are, or could be, partitions of a log table: name, whether
# attached, and day, which is empty of the default partition.
sub relations
{
	my ($log_table) = @_;

	return map { { name => $_->[0], state => $_->[1], day => $_->[2] } } map { [ split /\|/, $_, 3 ] } split /\n/,
	  $control->do("SELECT c.oid::regclass, CASE WHEN h.inhdetachpending THEN 'pending' WHEN h.inhrelid IS NOT NULL THEN 'attached'"
		  . " ELSE 'detached' END, coalesce(substring(c.relname FROM '_(2[0-9]{7})'), '')"
		  . " FROM pg_class AS c LEFT JOIN pg_inherits AS h ON h.inhrelid = c.oid"
		  . " WHERE c.relnamespace = 'azhunt'::regnamespace AND c.relkind = 'r' AND c.relname LIKE '${log_table}\\_%'"
		  . " AND (h.inhparent IS NULL OR h.inhparent = to_regclass('azhunt.$log_table'))"
		  . " AND c.relname NOT LIKE '%\\_swap' AND c.relname NOT LIKE '%\\_child%' ORDER BY 1");
}

sub kind_of
{
	my ($log_table) = @_;

	return $control->do("SELECT relkind FROM pg_class WHERE oid = to_regclass('azhunt.$log_table')");
}


sub add_partitions
{
	my ($log_table) = @_;
	my $day = 10 + int rand 3;

	# a table of that name may be there, detached
	$done{add_partitions}++
	  if try($control, "SELECT count(*) FROM azhunt.add_partitions('azhunt.$log_table', '2026-03-$day', '2026-03-" . ($day + 1) . "')", @busy, '42501');
}

# Attach a table, with the rows of the default partition that belong there.
sub attach
{
	my ($log_table, $relation) = @_;
	my $session = one_of(0, 1) ? 'BEGIN' : 'BEGIN ISOLATION LEVEL REPEATABLE READ';
	my ($default) = grep { $_->{day} eq '' && $_->{state} eq 'attached' } relations($log_table);
	my @queries;

	if ($relation->{day} eq '')
	{
		@queries = ("ALTER TABLE azhunt.$log_table ATTACH PARTITION $relation->{name} DEFAULT");
	}
	else
	{
		my $since = $relation->{day} =~ s/(....)(..)(..)/$1-$2-$3/r;
		my $until = "timestamptz '$since 00:00+00' + interval '1 day'";
		my $columns = "$columns{$log_table}, sourcesystem, ingestxid";

		push @queries, "WITH m AS (DELETE FROM $default->{name} WHERE timegenerated >= '$since 00:00+00' AND timegenerated < $until"
		  . " RETURNING $columns) INSERT INTO $relation->{name} ($columns) SELECT $columns FROM m" if $default;
		push @queries, "DO \$\$ BEGIN EXECUTE format('ALTER TABLE azhunt.$log_table ATTACH PARTITION $relation->{name}"
		  . " FOR VALUES FROM (%L) TO (%L)', timestamptz '$since 00:00+00', $until); END \$\$";
	}
	$done{attach}++ if try($control, join('; ', $session, @queries, one_of('COMMIT', 'COMMIT', 'COMMIT', 'ROLLBACK')), @busy, '40');
}

# Rows of the day that a table is the partition of, if it is one.
sub insert_of_day
{
	my ($log_table, $relation) = @_;
	my $make = $some_row{$log_table};

	return insert($log_table, $relation->{name}) if $relation->{day} eq '';
	my $since = $relation->{day} =~ s/(....)(..)(..)/$1-$2-$3/r;
	local $some_row{$log_table} = sub {
		my ($time, @rest) = $make->();
		$time =~ s/^.*'(\d+) seconds'/"timestamptz '$since 00:00+00' + interval '" . $1 % 86400 . " seconds'"/e;
		return ($time, @rest);
	};
	return insert($log_table, $relation->{name});
}

sub step_partitions
{
	my $log_table = one_of(qw(storagebloblogs storagebloblogs storagefilelogs signinlogs signinlogs aadnoninteractiveusersigninlogs
		  azureactivity azureactivity));
	return step_children($log_table) if kind_of($log_table) eq 'r';
	my @relations = relations($log_table);

	# whose rows nobody sees, and so rather one of these
	if (rand() < 0.5)
	{
		for my $other (@log_tables)
		{
			my @others = relations($other);

			next unless kind_of($other) eq 'p' && grep { $_->{state} ne 'attached' } @others;
			($log_table, @relations) = ($other, @others);
			last;
		}
	}
	my ($pending)  = grep { $_->{state} eq 'pending' } @relations;
	my @attached = grep { $_->{state} eq 'attached' } @relations;
	my @detached = grep { $_->{state} eq 'detached' } @relations;
	my $chance   = rand;

	if ($pending)
	{
		$done{'detach finalize'}++ if try($control, "ALTER TABLE azhunt.$log_table DETACH PARTITION $pending->{name} FINALIZE", @busy);
	}
	elsif (@detached && $chance < 0.3) { attach($log_table, one_of(@detached)) }
	elsif (@detached && $chance < 0.45)
	{
		# the usual bulk load
		$done{'rows into a detached table'}++ if try($control, insert_of_day($log_table, one_of(@detached)), @busy);
	}
	elsif ($chance < 0.55) { add_partitions($log_table) }
	elsif ($chance < 0.62)
	{
		# made empty, for a bulk load
		my $day = 10 + int rand 3;
		try($control, "CREATE TABLE azhunt.${log_table}_202603$day (LIKE azhunt.$log_table INCLUDING DEFAULTS INCLUDING CONSTRAINTS)", @busy)
		  && ($done{'new table'}++);
	}
	elsif ($chance < 0.64 && @detached)
	{
		$done{'drop table'}++ if try($control, 'DROP TABLE ' . one_of(@detached)->{name}, @busy);
	}
	elsif (@attached && $chance < 0.82)
	{
		my $relation = one_of(@attached);
		my $query = "ALTER TABLE azhunt.$log_table DETACH PARTITION $relation->{name}";
		$query = "BEGIN; $query; ROLLBACK" if rand() < 0.1;
		$done{detach}++ if try($control, $query, @busy);
	}
	elsif (@attached)
	{
		# which PostgreSQL does not do beside a default partition
		my ($default) = grep { $_->{day} eq '' } @attached;
		my @days = grep { $_->{day} ne '' } @attached;
		return unless @days;
		return if $default && !try($control, "ALTER TABLE azhunt.$log_table DETACH PARTITION $default->{name}", @busy);
		$done{'detach concurrently'}++
		  if try($control, "ALTER TABLE azhunt.$log_table DETACH PARTITION " . one_of(@days)->{name} . ' CONCURRENTLY', @busy);
	}
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

# A log table that is no partitioned one, with children.
sub step_children
{
	my ($log_table) = @_;
	my $child = "azhunt.${log_table}_child" . int rand 2;
	my $chance = rand;
	my $exists = $control->do("SELECT to_regclass('$child') IS NOT NULL") eq 't';

	if (!$exists)
	{
		$done{'new child'}++ if try($control, "CREATE TABLE $child (LIKE azhunt.$log_table INCLUDING DEFAULTS INCLUDING CONSTRAINTS)", @busy);
	}
	elsif ($chance < 0.4)
	{
		$done{'rows into a child'}++ if try($control, insert($log_table, $child), @busy);
	}
	else
	{
		my $inherits = $control->do("SELECT count(*) FROM pg_inherits WHERE inhrelid = '$child'::regclass");
		my $query = "ALTER TABLE $child " . ($inherits ? 'NO INHERIT' : 'INHERIT') . " azhunt.$log_table";
		$query = "BEGIN; $query; ROLLBACK" if rand() < 0.1;
		$done{ $inherits ? 'no inherit' : 'inherit' }++ if try($control, $query, @busy);
	}
}

# Another table under the name, and the first one again.
sub step_swap
{
	my $log_table = one_of(@log_tables);
	my $swap = "azhunt.${log_table}_swap";

	if ($control->do("SELECT to_regclass('$swap') IS NULL") eq 't')
	{
		$done{'new table to swap'}++ if try($control, "CREATE TABLE $swap (LIKE azhunt.$log_table INCLUDING ALL)", @busy);
	}
	elsif (rand() < 0.4)
	{
		$done{'rows into a table to swap'}++ if try($control, insert($log_table, $swap), @busy);
	}
	else
	{
		$done{swap}++
		  if try($control, "BEGIN; ALTER TABLE azhunt.$log_table RENAME TO ${log_table}_other; ALTER TABLE $swap RENAME TO $log_table;"
			  . " ALTER TABLE azhunt.${log_table}_other RENAME TO ${log_table}_swap; " . one_of('COMMIT', 'COMMIT', 'COMMIT', 'ROLLBACK'), @busy);
	}
}

# Empty a log table, or one of its partitions, keeping its rows elsewhere; and
# reload them with the ingestxid that they had.
sub step_truncate
{
	my $log_table = one_of(@log_tables);
	my @attached = kind_of($log_table) eq 'p' ? grep { $_->{state} eq 'attached' } relations($log_table) : ();
	my $relation = @attached && rand() < 0.3 ? one_of(@attached)->{name} : "azhunt.$log_table";
	my $columns = "$columns{$log_table}, sourcesystem, ingestxid";
	my $saved = "saved.$log_table";
	my $end = one_of('COMMIT', 'COMMIT', 'COMMIT', 'ROLLBACK');

	if ($control->do("SELECT count(*) FROM (SELECT FROM $saved LIMIT 1) AS s") == 0)
	{
		$done{truncate}++
		  if try($control, "BEGIN; LOCK TABLE $relation; INSERT INTO $saved SELECT $columns FROM $relation; TRUNCATE $relation; $end", @busy);
	}
	else
	{
		my $run = rand() < 0.2 ? "SELECT azhunt.run_rule_in_transaction('" . some_rule() . "');" : '';
		$done{reload}++
		  if try($control, "BEGIN; LOCK TABLE azhunt.$log_table; INSERT INTO $saved SELECT $columns FROM azhunt.$log_table;"
			  . " TRUNCATE azhunt.$log_table; INSERT INTO azhunt.$log_table ($columns) SELECT * FROM $saved; DELETE FROM $saved; $run $end",
			@busy, '42704');
	}
}

# Rows go, as by retention; or move to another file.
sub step_delete
{
	my $log_table = one_of(@log_tables);
	my $salt = int rand 1000;

	if (rand() < 0.5)
	{
		$done{delete}++ if try($control, "DELETE FROM azhunt.$log_table WHERE md5(sourcesystem || '$salt') < '1'", @busy);
	}
	else
	{
		$done{rewrite}++ if try($control, "VACUUM FULL azhunt.$log_table", @busy);
	}
}

sub step_tables
{
	one_of(\&step_partitions, \&step_partitions, \&step_partitions, \&step_truncate, \&step_swap, \&step_delete)->();
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

# A log table without partitions, as its owner may have it.
sub make_plain
{
	my ($log_table) = @_;

	$control->do("ALTER TABLE azhunt.$log_table RENAME TO plain; CREATE TABLE azhunt.$log_table (LIKE azhunt.plain INCLUDING ALL);"
		  . ' DROP TABLE azhunt.plain');
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

# Schedules of these themes, at least three of each, of a seed at which all that these themes
# are to do happens: without it there would be little to compare.
sub test_schedules
{
	my ($file_themes, $frequent, $rare) = @_;
	my @themes = defined $ENV{AZHUNT_THEME} ? $ENV{AZHUNT_THEME} : @$file_themes;
	my $default_schedules = @$file_themes < 4 ? 12 : 3 * @$file_themes;
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
