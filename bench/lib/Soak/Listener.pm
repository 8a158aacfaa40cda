# Who listens for new results: each run that announces something is notified once.
package Soak::Listener;

use strict;
use warnings;

use JSON::PP;
use Soak::Client;
use Soak::Worker;
use Utils;

sub new
{
	my ($class, $soak) = @_;

	return bless { soak => $soak }, $class;
}

# A step: what came since.  Each session that listened has a line with the first run
# that it would have heard of.
sub step
{
	my ($self) = @_;

	if (!$self->{client} || !$self->{client}->is_alive)
	{
		$self->{client}->close if $self->{client};
		$self->{client} = Soak::Client->new($self->{soak}, name => 'soak listener') or return;
		$self->{client}->ask('LISTEN azhunt') // return;
		my $since = $self->hear('SELECT clock_timestamp()') // return;
		$self->write('listens', $self->{client}{server}{epoch}, $since =~ /^(20.*)$/m);
	}
	$self->hear('SELECT 1');
	nap(0.5);
}

# Ask something, and note what came before the answer to it.
sub hear
{
	my ($self, $query) = @_;
	my $answer = $self->{client}->ask($query) // return;

	while ($answer =~ /payload "(\{.*?\})" received/g)
	{
		my $heard = decode_json($1);
		$self->write('heard', $self->{client}{server}{epoch}, @$heard{qw(run rule new_matches)});
		count('notifications');
	}
	return $answer;
}

sub write
{
	my ($self, @fields) = @_;

	append("$self->{soak}{dir}/notifications", join("\t", @fields) . "\n");
}

sub finish
{
	my ($self) = @_;

	$self->hear('SELECT 1') if $self->{client} && $self->{client}->is_alive;
	$self->{client}->close if $self->{client};
}

# What is wrong with what was heard, as lines; given a session with the last server.
sub problems
{
	my ($soak, $session) = @_;
	my (%heard, $listens, @problems);

	for my $line (split /\n/, slurp("$soak->{dir}/notifications"))
	{
		my ($what, $epoch, @fields) = split /\t/, $line;

		if ($what eq 'listens') { $listens = [ $epoch, $fields[0] ]; next }
		my ($run, $rule, $matches) = @fields;
		push @problems, "run $run was notified twice" if $heard{"$epoch $run"}++;
		# the server before may have had runs that the standby had not
		next if $epoch != $listens->[0] || $epoch != $soak->{epoch};
		my $stored = $session->do("SELECT rule || '|' || announced FROM azhunt.runs WHERE run = $run");
		push @problems, "run $run of $rule notified $matches, and has $stored" if $stored ne "$rule|$matches";
	}
	push @problems, map { "run $_ was not notified" } grep { !$heard{"$soak->{epoch} $_"} } split /\n/,
	  $session->do("SELECT run FROM azhunt.runs WHERE announced > 0 AND status = 'succeeded' AND started > '$listens->[1]'");
	return @problems;
}

1;
