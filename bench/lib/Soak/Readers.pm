# People who look at dashboards and hunt, on the primary and on the standby.
package Soak::Readers;

use strict;
use warnings;

use Grafana ();
use Soak::Client;
use Soak::Rules;
use Soak::Worker;

# Every query of the dashboards, for a range of time, of which a result is looked at.
sub panels
{
	my ($soak, $result, $from, $to) = @_;
	my %range = (from => $from // $soak->iso(-9), to => $to // $soak->iso(1), interval => '1h');
	my %variables = (account => '', address => '', file => '', severity => '', status => [ 'new', 'investigating' ], result => $result // '');
	my @queries;

	for my $query (map { Grafana::queries($_) } Grafana::dashboards())
	{
		my $rule = $query->{name} =~ /^azhunt-storage/ ? 'uploads' : $query->{name} =~ /^azhunt-cloudshell/ ? 'shells' : \@Soak::Rules::names;
		push @queries, { name => $query->{name}, sql => Grafana::expand($query->{sql}, \%range, { %variables, rule => $rule }) };
	}
	return @queries;
}

# Hunts over the day whose logs do not change, and the same for all.
sub quiet_hunts
{
	my ($soak) = @_;
	my ($since, $until) = map { $soak->iso($_, $soak->{quiet_day}) } 0, 1;

	return (
		"azhunt.storage_upload_link_account(since => '$since', until => '$until')",
		"azhunt.storage_upload_link_account(lookback => '1 hour', match_user_agent => false, include_noninteractive => true,"
		  . " include_service_principals => true, since => '$since', until => '$until')",
		"azhunt.storage_mass_deletion(lookback => '1 day', as_of => '$until')",
		"azhunt.storage_file_created_quickly_deleted(lookback => '1 day', as_of => '$until')",
		"azhunt.cloudshell_usage(lookback => '1 day', as_of => '$until')",
		"azhunt.cloudshell_sessions(lookback => '1 day', as_of => '$until')",
		"azhunt.new_cloudshell_user(lookback => '1 day', as_of => '$until')");
}

sub answer_of
{
	my ($hunt) = @_;

	return qq(SELECT count(*), md5(coalesce(string_agg(h::text, E'\\n' ORDER BY h::text COLLATE "C"), '')) FROM $hunt AS h);
}

# What these hunts answer, for all who ask later.
sub know_answers
{
	my ($soak, $session) = @_;

	$soak->{answers} = { map { $_ => $session->do(answer_of($_)) } quiet_hunts($soak) };
}

sub new
{
	my ($class, $soak, $name, $server) = @_;

	return bless { soak => $soak, name => $name, which => $server, left => 0 }, $class;
}

sub client
{
	my ($self) = @_;

	return $self->{client} if $self->{client} && $self->{client}->is_alive && $self->{left}-- > 0;
	$self->{client}->close if $self->{client};
	$self->{is_analyst} = rand() < 0.5;
	$self->{left} = 5 + int rand 100;
	$self->{client} = Soak::Client->new($self->{soak}, name => "soak $self->{name}", server => $self->{which},
		user => $self->{is_analyst} ? 'postgres' : 'azhunt_grafana') or return;
	$self->{client}->ask('SET default_transaction_read_only = on');
	return $self->{client};
}

# What a standby that follows may say, and a query whose snapshot is older than a change
# of partitions.
my @conflicts = ('40001');

# Ask a panel, whose answer nobody looks at; whether it came.
sub ask_panel
{
	my ($client, $panel) = @_;

	return defined $client->ask("\\o /dev/null\n$panel->{sql}\n;\n\\o", @conflicts);
}

# A step: a panel, or a hunt; that over the quiet day has to answer as ever.
sub step
{
	my ($self) = @_;
	my $client = $self->client or return;

	if (!$self->{is_analyst}) { $self->look_at_panel($client) }
	elsif (rand() < 0.5) { $self->hunt_quiet_day($client) }
	else { $self->hunt($client) }
	nap(rand 0.3);
}

sub look_at_panel
{
	my ($self, $client) = @_;
	my $found = $client->ask('SELECT result_id FROM azhunt.results LIMIT 1', @conflicts) // return;

	count("panels, $self->{which}") if ask_panel($client, one_of(panels($self->{soak}, $found)));
}

sub hunt_quiet_day
{
	my ($self, $client) = @_;
	my $answers = $self->{soak}{answers};
	my $hunt = one_of(sort keys %$answers);
	my $answer = $client->ask(answer_of($hunt), @conflicts) // return;

	count("hunts, $self->{which}");
	problem("$self->{which}: $hunt answers $answer, and not $answers->{$hunt}") if $answer ne $answers->{$hunt};
}

sub hunt
{
	my ($self, $client) = @_;
	my $as_of = $self->{soak}->iso(-int rand 7);
	my $days = one_of(1, 3, 60);
	my $hunt = one_of("storage_upload_link_account(since => timestamptz '$as_of' - interval '$days days', until => '$as_of')",
		(map { "$_(lookback => '$days days', as_of => '$as_of')" }
			qw(storage_mass_deletion storage_file_created_quickly_deleted cloudshell_usage cloudshell_sessions new_cloudshell_user)),
		'storage_upload_link_account()');

	count("hunts, $self->{which}") if defined $client->ask("SELECT count(h) FROM azhunt.$hunt AS h", @conflicts);
}

sub finish
{
	my ($self) = @_;

	$self->{client}->close if $self->{client};
}

1;
