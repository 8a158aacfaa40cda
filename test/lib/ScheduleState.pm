# What a random schedule has: the sessions, what was done in them, and what a run
# has stored, which is compared with the plain join.
package ScheduleState;

use strict;
use warnings;

use Exporter qw(import);
our @EXPORT = (qw(
	trace try judge new_session insert some_log_table some_rows some_duplicates old_rows check some_rule run_rule run_in
	begin close_session),
	qw(
	$cluster $control $listener @open %prepared $step $theme @trace $crashed $names_given $prepared_count %done
	%found_first %found_late $silent $locked @missed @busy));

use Cluster;
use ScheduleOracle;
use ScheduleRows;
use Test::More;

our $cluster = Cluster->new('autovacuum = off', 'lock_timeout = 60ms', 'deadlock_timeout = 20ms',
	'timezone = UTC', 'shared_buffers = 64MB');

our ($control, $listener);
our @open;       # sessions with a transaction, that any step may go on with
our %prepared;
our ($step, $theme, @trace);
our ($crashed, $names_given, $prepared_count);
our (%done, %found_first, %found_late);
our $silent = 0;  # runs that did not announce all that they found

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

our $locked = '55P03';                      # another session is in the way
our @missed = ($locked, '40P01', '23514');  # or a partition is not there
# or the tables are not as the step would have them
our @busy = ($locked, '40P01', '42P01', '55000', '55006', '42P17', '42P16', '42809', '42P07', '23514', '0A000');

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

1;
