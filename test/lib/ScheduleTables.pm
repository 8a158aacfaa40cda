# Steps of a random schedule that change what stands under the names of log tables.
package ScheduleTables;

use strict;
use warnings;

use Exporter qw(import);
our @EXPORT = qw(
	relations kind_of add_partitions attach insert_of_day step_tables make_plain step_partitions step_children step_swap
	step_truncate step_delete);

use ScheduleOracle;
use ScheduleRows;
use ScheduleState;

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

# A log table without partitions, as its owner may have it.
sub make_plain
{
	my ($log_table) = @_;

	$control->do("ALTER TABLE azhunt.$log_table RENAME TO plain; CREATE TABLE azhunt.$log_table (LIKE azhunt.plain INCLUDING ALL);"
		  . ' DROP TABLE azhunt.plain');
}

1;
