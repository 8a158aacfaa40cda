# What the owner of the database does meanwhile: retention, vacuum, indexes, partitions
# that go and come back, and triage.
package Soak::Maintenance;

use strict;
use warnings;

use Soak::Client;
use Soak::Worker;

our @log_tables = qw(storagebloblogs storagefilelogs signinlogs aadnoninteractiveusersigninlogs aadserviceprincipalsigninlogs
  aadmanagedidentitysigninlogs azureactivity auditlogs);

# What others are in the way of, or do at the same time.
my @busy = ('55P03', '40001', '55006', '42P01', '42704', '23514', '55000');

sub new
{
	my ($class, $soak) = @_;

	return bless { soak => $soak }, $class;
}

sub client
{
	my ($self) = @_;
	my $client = $self->{client};

	if (!$client || !$client->is_alive)
	{
		$client->close if $client;
		$client = $self->{client} = Soak::Client->new($self->{soak}, name => 'soak maintenance') or return;
		# what the one before has left behind
		settle(sub { $client->ask(@_) });
	}
	return $client;
}

# Partitions of the old days go, and come again with files of them.
sub prune
{
	my ($self) = @_;
	my $dropped = $self->{client}->ask("SELECT count(*) FROM azhunt.prune('1 year', keep_log_partitions => '30 days') AS p WHERE p.relation ~ '_p[0-9]+\$'", @busy) // return;

	count('partitions dropped', $dropped);
	return;
}

sub vacuum
{
	my $relation = one_of((map { "azhunt.$_" } @log_tables), ('azhunt.matches', 'azhunt.runs', 'azhunt.rules', 'azhunt.watermarks', 'azhunt.loaded_files') x 3);

	return one_of("VACUUM $relation", "ANALYZE $relation", "VACUUM (ANALYZE) $relation");
}

sub add_partitions
{
	my ($self) = @_;
	my $day = one_of(@{ $self->{soak}{days} });

	return sprintf "SELECT count(*) FROM azhunt.add_partitions('azhunt.%s', date '%s', date '%s')", one_of(@log_tables),
	  map { $self->{soak}->date($day + 86400 * $_) } 0, 1;
}

sub reindex
{
	my ($self) = @_;
	my $index = $self->{client}->ask("SELECT format('azhunt.%I', c.relname) FROM pg_class AS c WHERE c.relnamespace = 'azhunt'::regnamespace"
		  . " AND c.relkind = 'i' AND c.relname !~ '_cc(new|old)' ORDER BY random() LIMIT 1") // return;

	return $index eq '' ? undef : "REINDEX INDEX CONCURRENTLY $index";
}

sub triage
{
	return one_of(
		"SELECT azhunt.set_status(result_id, (ARRAY['new', 'investigating', 'closed'])[1 + (random() * 2)::integer], 'soak') FROM azhunt.results ORDER BY random() LIMIT 1",
		"INSERT INTO azhunt.allow_list (entity, value) VALUES ('account', 'user" . int(rand 200) . "\@contoso.com') ON CONFLICT DO NOTHING",
		'DELETE FROM azhunt.allow_list WHERE random() < 0.5');
}

# A partition of some day leaves its log table, and comes back with what has come for
# that day meanwhile.
sub detach
{
	my ($self) = @_;
	my $client = $self->{client};
	my $day = one_of(@{ $self->{soak}{days} });
	my $table = one_of(@log_tables);
	my $partition = "azhunt.${table}_p" . $self->{soak}->date($day) =~ tr/-//dr;

	return unless ($client->ask("SELECT count(*) FROM pg_inherits WHERE inhrelid = to_regclass('$partition')") // 0) == 1;
	defined $client->ask("ALTER TABLE azhunt.$table DETACH PARTITION $partition", @busy) or return;
	count('partitions detached');
	nap(rand 3);
	settle(sub { $client->{session} ? $client->ask(@_) : undef });
}

# Attach what is detached, with rows that came to the default partition meanwhile, and
# drop what an interrupted REINDEX has left.  Asks by a function.
sub settle
{
	my ($ask) = @_;
	my $indexes = $ask->("SELECT c.relname FROM pg_class AS c JOIN pg_index AS i ON i.indexrelid = c.oid WHERE NOT i.indisvalid"
		  . " AND c.relnamespace = 'azhunt'::regnamespace AND c.relname ~ '_cc(new|old)[0-9]*\$' AND c.relkind = 'i'") // return;
	my $tables = $ask->("SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'azhunt'::regnamespace AND c.relkind = 'r'"
		  . " AND c.relname ~ '_p[0-9]{8}\$' AND NOT EXISTS (SELECT FROM pg_inherits AS h WHERE h.inhrelid = c.oid)") // return;

	$ask->("DROP INDEX azhunt.$_", @busy) for split /\n/, $indexes;
	attach($ask, $_) for split /\n/, $tables;
}

sub attach
{
	my ($ask, $name) = @_;
	my ($table, $day) = $name =~ /^(.*)_p(\d{8})$/ or return problem("not a partition: $name");
	my ($since, $until) = ("timestamptz '$day 00:00+00'", "timestamptz '$day 00:00+00' + interval '1 day'");

	for (1 .. 100)
	{
		my $done = $ask->("BEGIN; LOCK TABLE azhunt.$table IN ACCESS EXCLUSIVE MODE;"
			  . " WITH m AS (DELETE FROM azhunt.${table}_default WHERE timegenerated >= $since AND timegenerated < $until RETURNING *)"
			  . " INSERT INTO azhunt.$name SELECT * FROM m;"
			  . " DO \$\$ BEGIN EXECUTE format('ALTER TABLE azhunt.$table ATTACH PARTITION azhunt.$name FOR VALUES FROM (%L) TO (%L)', $since, $until); END \$\$;"
			  . ' COMMIT', @busy);
		return count('partitions attached') if defined $done;
		last if is_stopped();
		nap(0.2);
	}
}

my @steps = (
	(\&prune) x 2, (\&vacuum) x 6, (\&add_partitions) x 2, (\&reindex) x 3, (\&triage) x 4,
	(sub { 'SELECT count(*) FROM azhunt.create_log_tables()' }), (sub { 'SELECT count(*) FROM azhunt.source_health' }), (sub { 'CHECKPOINT' }));

sub step
{
	my ($self) = @_;
	my $client = $self->client or return;

	$client->ask("SET lock_timeout = '2s'") // return;
	if (rand() < 0.15) { $self->detach }
	else
	{
		my $query = one_of(@steps)->($self) // return nap(rand 2);
		count($query =~ /^(REINDEX|VACUUM|ANALYZE)/ ? lc $1 : 'other maintenance') if defined $client->ask($query, @busy);
	}
	nap(rand 2);
}

sub finish
{
	my ($self) = @_;

	$self->{client}->close if $self->{client};
}

1;
