# What has to be true in the end, by the generator's own count and plain joins of what
# it wrote.
package Soak::Checks;

use strict;
use warnings;

use Cluster;
use Soak::Generator;
use Soak::Listener;
use Soak::Maintenance;
use Soak::Probe;
use Soak::Rules;
use Utils;

# Columns in which the rows of the log tables are compared.
my %compared = (
	storage => 'log_table, "time", id, operation, status, code, spelling, uri, agent, account',
	signin => 'log_table, "time", id, created, spelling, account, agent, result',
	activity => 'log_table, "time", id, caller, operation, status, resource_group, spelling',
	audit => 'log_table, "time", id');

sub new
{
	my ($class, $soak, $session) = @_;
	my $self = bless { soak => $soak, session => $session, done => [] }, $class;

	# before that, retention may have removed rows
	$self->{kept} = $soak->iso(-20);
	$self->load_oracle;
	return $self;
}

sub load_oracle
{
	my ($self) = @_;

	for my $kind (sort keys %Soak::Generator::written)
	{
		my $path = "$self->{soak}{dir}/oracle.$kind";
		$self->{session}->do("\\copy soak.$kind FROM '$path'") if -e $path;
	}
	$self->{session}->do('ANALYZE');
}

# Note a check, whose problems are lines of one text or several; none is well.
sub is_empty
{
	my ($self, $name, $problems, $remark) = @_;
	my @lines = map { split /\n/ } ref $problems ? @$problems : $problems;

	push @{ $self->{done} }, [ $name, !@lines, @lines ? scalar(@lines) . ' differences' : $remark // '' ];
	print STDERR "$name:\n", map { "  $_\n" } splice @lines, 0, 10 if @lines;
}

# Rows of one query and not of the other, with a mark of which.
sub difference
{
	my ($self, $missing, $one, $surplus, $other) = @_;

	return $self->{session}->do("SELECT '$missing: ' || d::text FROM ($one EXCEPT ALL $other) AS d UNION ALL"
		  . " SELECT '$surplus: ' || d::text FROM ($other EXCEPT ALL $one) AS d");
}

# What has to happen at all, or there would be little to check.
my @wanted = ('blobs grown', 'clients killed', 'copies offered', 'hunts, primary', 'hunts, standby', 'loaders killed', 'notifications', 'panels, primary',
	'panels, standby', 'partitions attached', 'partitions detached', 'partitions dropped', 'reindex', 'rules restarted', 'runs', 'runs in transactions',
	'samples', 'server processes killed', 'sessions cancelled', 'sessions ended', 'vacuum', 'watches ended');

sub check_happened
{
	my ($self) = @_;
	my $counts = Soak::Worker::counts($self->{soak});

	$self->is_empty('all of this happened', [ grep { !$counts->{$_} } @wanted ]);
}

# Each row that was written is there once; those that retention may have removed are
# not there more often than written.
sub check_rows
{
	my ($self) = @_;

	for my $kind (sort keys %compared)
	{
		my ($written, $loaded) = map { "SELECT $compared{$kind} FROM soak.$_" } $kind, "loaded_$kind";
		my $kept = "WHERE \"time\" >= '$self->{kept}'";
		my $rows = $self->{session}->do("SELECT count(*) FROM soak.$kind");
		my $old = $self->{session}->do("SELECT 'never written: ' || d::text FROM ($loaded EXCEPT ALL $written) AS d");

		$self->is_empty("rows of $kind logs, each once", [ $self->difference('lost', "$written $kept", 'never written or doubled', "$loaded $kept"), $old ],
			"$rows rows");
	}
}

# Matches that the plain join finds; of what retention may have removed, some.
sub check_matches
{
	my ($self) = @_;
	my $session = $self->{session};

	for my $rule (@Soak::Rules::names)
	{
		# conditions of which the planner thinks too little would have it join row by row
		$session->do('DROP TABLE IF EXISTS expected, stored; SET enable_nestloop = off');
		$session->do("CREATE TEMPORARY TABLE expected AS SELECT * FROM $Soak::Rules::rules{$rule}[2]");
		$session->do('RESET enable_nestloop');
		$session->do(qq(CREATE TEMPORARY TABLE stored AS SELECT "time", account, address, useragent, storageaccount, details FROM azhunt.matches WHERE rule = '$rule'));
		my $kept = "WHERE \"time\" >= '$self->{kept}'";
		my $count = $session->do('SELECT count(*) FROM stored');

		$self->is_empty("matches of rule $rule, each once", [
				$self->difference('lost', "SELECT * FROM expected $kept", 'wrong or doubled', "SELECT * FROM stored $kept"),
				$session->do("SELECT 'of rows that never were: ' || d::text FROM (TABLE stored EXCEPT ALL TABLE expected) AS d") ], "$count matches");
		$self->note([ '... of which there are some', 0, '' ]) unless $count;
	}
}

# What runs say that they found and announced is what there is.
sub check_runs
{
	my ($self) = @_;
	my $session = $self->{session};

	$self->is_empty('runs found what is stored, once', $session->do(
			"SELECT format('%s: runs found %s, and %s are stored', u.rule, r.found, m.stored) FROM azhunt.rules AS u"
			  . " CROSS JOIN LATERAL (SELECT coalesce(sum(r.new_matches), 0) AS found FROM azhunt.runs AS r WHERE r.rule = u.rule AND r.status = 'succeeded') AS r"
			  . ' CROSS JOIN LATERAL (SELECT count(*) AS stored FROM azhunt.matches AS m WHERE m.rule = u.rule) AS m WHERE r.found <> m.stored'));
	$self->is_empty('runs announced what they found', $session->do(
			"SELECT format('run %s of %s', r.run, r.rule) FROM azhunt.runs AS r WHERE r.status = 'succeeded' AND r.announced IS DISTINCT FROM"
			  . ' (SELECT count(*) FROM azhunt.matches AS m WHERE m.run = r.run)'));
	$self->is_empty('runs failed only where they were stopped', $session->do(
			"SELECT format('%s run %s of %s: %s %s', r.status, r.run, r.rule, r.sqlstate, r.error) FROM azhunt.runs AS r"
			  . " WHERE r.status = 'failed' AND r.sqlstate NOT IN ('57014', '57P01', '40P01')"));
	$self->is_empty('runs started over only where they were asked to', $session->do(
			"SELECT format('run %s of %s: %s', run, rule, started_over) FROM azhunt.runs WHERE started_over NOT IN ('first run', 'restart_rule() was called')"
			  . " UNION ALL SELECT format('%s: first run %s times', rule, count(*)) FROM azhunt.runs WHERE started_over = 'first run' GROUP BY rule HAVING count(*) > 1"));
	$self->is_empty('each run was notified once', [ Soak::Listener::problems($self->{soak}, $session) ]);
	$self->is_empty('results are those of the matches', $session->do('SELECT m.result_id FROM azhunt.screened_matches AS m WHERE NOT m.hidden'
			  . ' EXCEPT SELECT r.result_id FROM azhunt.results AS r'));
	$self->is_empty('... and each is there once', $session->do('SELECT result_id FROM azhunt.results GROUP BY 1 HAVING count(*) > 1'));
}

# All rows of each file are in the ledger, in parts without gaps.
sub check_ledger
{
	my ($self) = @_;
	my $session = $self->{session};
	my $files = $self->{soak}{dir} . '/files/';

	$session->do("CREATE TEMPORARY VIEW parts AS SELECT regexp_replace(l.name, '^\Q$files\E(offered|watched|copies/[0-9-]+)/', '') AS path, l.* FROM azhunt.loaded_files AS l");
	my $written = join ' UNION ALL ', map { "SELECT path FROM soak.$_" } sort keys %compared;
	$self->is_empty('the ledger has all rows of each file',
		$self->difference('written', "(SELECT path, count(*) FROM ($written) AS w GROUP BY path)", 'loaded', '(SELECT path, sum(rows) FROM parts GROUP BY path HAVING sum(rows) > 0)'),
		$session->do('SELECT count(*) FROM azhunt.loaded_files') . ' parts');
	$self->is_empty('... in parts without gaps', $session->do('SELECT name, part FROM (SELECT l.*, lag(l.size, 1, 0::bigint) OVER w AS before, row_number() OVER w AS number'
			  . ' FROM azhunt.loaded_files AS l WINDOW w AS (PARTITION BY l.name ORDER BY l.part)) AS l WHERE l.part <> l.number OR l."offset" <> l.before'));
	$self->is_empty('... and nothing was rejected', $session->do('SELECT name FROM azhunt.loaded_files WHERE rejected > 0'));
}

# Rules that start over find what they had found.
sub check_starting_over
{
	my ($self) = @_;
	my $session = $self->{session};
	my $before = $session->do('SELECT max(run) FROM azhunt.runs');

	$session->do("SELECT azhunt.restart_rule('$_'); CALL azhunt.run_rule('$_')") for @Soak::Rules::names;
	$self->is_empty('rules that start over find nothing new', $session->do(
			"SELECT format('%s: %s %s new', rule, status, new_matches) FROM azhunt.runs WHERE run > $before AND NOT (status = 'succeeded' AND new_matches = 0)"));
}

# Nothing is left behind.
sub check_remains
{
	my ($self) = @_;
	my $session = $self->{session};

	# sessions that have ended, and vacuum, may need a moment
	await(sub { $session->do("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()") == 0 });
	$self->is_empty('no session is left', $session->do("SELECT application_name, state, query FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"));
	await(sub { $session->query(remaining_locks()) eq '' }, 60);
	$self->is_empty('no lock is left', $session->do(remaining_locks()));
	$self->is_empty('no prepared transaction is left', $session->do('SELECT gid FROM pg_prepared_xacts'));
	$self->is_empty('no replication slot is left', $session->do('SELECT slot_name FROM pg_replication_slots'));
	$self->is_empty('no temporary file is left', $session->do(q(SELECT name FROM pg_ls_tmpdir())));
	await(sub { $session->query(temporary_tables()) eq '' }, 90);
	$self->is_empty('no temporary table of a session that is gone', $session->do(temporary_tables()));
	$self->is_empty('no request to start over is left', $session->do('SELECT rule FROM azhunt.restart_requests'));
}

sub remaining_locks
{
	return "SELECT l.pid, l.locktype, l.relation::regclass, l.mode FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid"
	  . " WHERE l.pid IS DISTINCT FROM pg_backend_pid() AND coalesce(a.backend_type, '') <> 'autovacuum worker'";
}

sub temporary_tables
{
	return q(SELECT c.oid::regclass FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname ~ '^pg_temp_' AND c.relnamespace <> pg_my_temp_schema());
}

# No server process died of anything but what was sent to it.
sub check_server_logs
{
	my ($self, @clusters) = @_;
	my $killed = Soak::Worker::counts($self->{soak})->{'server processes killed'} // 0;
	my @crashes = map { Cluster::crashes($_->log) } @clusters;
	my @others = grep { !/was terminated by signal 9: Killed/ } @crashes;

	push @others, "$killed processes were killed, and " . scalar(@crashes) . ' were' if @crashes - @others > $killed;
	$self->is_empty('no server process crashed', \@others);
	my @internal = map { $_->log =~ /^(.*(?:ERROR|FATAL):  (?:XX\w{3}: .*|cache lookup failed.*|could not (?:open|read|find).*|invalid memory.*|unexpected .*|out of .*))$/mg } @clusters;
	$self->is_empty('no internal error', \@internal);
}

sub note
{
	my ($self, @checks) = @_;

	push @{ $self->{done} }, @checks;
}

# Print the table; whether all is well.
sub report
{
	my ($self) = @_;

	printf "\n%-60s %-7s %s\n", 'check', '', '';
	printf "%-60s %-7s %s\n", $_->[0], $_->[1] ? 'ok' : 'FAILED', $_->[2] for @{ $self->{done} };
	return !grep { !$_->[1] } @{ $self->{done} };
}

1;
