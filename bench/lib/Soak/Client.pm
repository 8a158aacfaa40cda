# Sessions of workers with the server that there is at the moment, any of which may
# be lost at any time.
package Soak::Client;

use strict;
use warnings;

use Session;
use Soak::Worker;
use Utils;

# Where a server listens, primary or standby, and how often that has changed; both
# are the same one after the standby was promoted.
sub server
{
	my ($soak, $which) = @_;
	my ($epoch, $host) = split /\t/, slurp("$soak->{dir}/$which");

	return { epoch => $epoch, host => $host };
}

# Tell the workers where a server is.
sub set_server
{
	my ($soak, $which, $epoch, $cluster) = @_;

	spew("$soak->{dir}/$which.new", "$epoch\t$cluster->{dir}");
	rename "$soak->{dir}/$which.new", "$soak->{dir}/$which" or die "$soak->{dir}/$which: $!";
}

sub environment
{
	my ($server, %settings) = @_;

	return (PGHOST => $server->{host}, PGPORT => 5432, PGUSER => $settings{user} // 'postgres', PGDATABASE => 'soak',
		PGAPPNAME => $settings{name});
}

# A session; nothing if there is no server just now.  Settings are name, which
# pg_stat_activity shows, user, server (primary) and timeout.
sub new
{
	my ($class, $soak, %settings) = @_;
	my $server = server($soak, $settings{server} // 'primary');
	my $session = Session->new(environment($server, %settings));
	my $self = bless { session => $session, server => $server, which => $settings{server} // 'primary', soak => $soak }, $class;
	my $timeout = $settings{timeout} // '120s';

	$session->query('\set VERBOSITY verbose');
	my $answer = $session->query("SET statement_timeout = '$timeout'; SET TimeZone = 'UTC'; SELECT pg_backend_pid()");
	if ($answer !~ /^(\d+)$/)
	{
		count('no connection');
		$session->close;
		nap(0.3);
		return;
	}
	$self->{backend} = $1;
	return $self;
}

# SQLSTATE of the error in an answer, if there is one.  psql may stay when it has lost
# its connection.
sub sqlstate
{
	my ($answer) = @_;

	return 'lost' if !defined $answer || $answer =~ /^(?:server closed the connection|no connection to the server|FATAL:  57P0)/m;
	return $answer =~ /^(?:ERROR|FATAL|PANIC):  (\w{5}):/m ? $1 : '';
}

# What an administrator does to any: end or cancel it.
my @always = ('lost', '57014');

# Send a query, and wait for its answer: undef where it failed with one of these
# errors, after which the session is gone or in no transaction.  Any other error is a
# problem.
sub ask
{
	my ($self, $query, @allowed) = @_;

	return unless $self->{session};
	$self->send($query);
	return $self->answer(@allowed);
}

sub send
{
	my ($self, $query) = @_;

	$self->{query} = $query;
	$self->{session}->send($query);
}

sub answer
{
	my ($self, @allowed) = @_;
	my $answer = $self->{session}->answer;
	my $state = sqlstate($answer);

	return $answer if $state eq '';
	count("error $state");
	$self->{error} = $answer // $self->{session}{last_words};
	problem("unexpected error of: $self->{query}\n$self->{error}")
	  if $self->{error} =~ /statement timeout/ || !grep { $state =~ /^$_/ } @always, @allowed;
	if ($state eq 'lost') { $self->close }
	else { $self->{session}->query('ROLLBACK') }
	return;
}

# Is there a session still, with the server that there is now?
sub is_alive
{
	my ($self) = @_;

	return $self->{session} && $self->{server}{epoch} == server($self->{soak}, $self->{which})->{epoch};
}

# Kill psql, as a machine that dies does.
sub kill_client
{
	my ($self) = @_;

	kill 'KILL', $self->{session}{pid};
	$self->close;
}

sub close
{
	my ($self) = @_;

	$self->{session}->close if $self->{session};
	$self->{session} = undef;
}

1;
