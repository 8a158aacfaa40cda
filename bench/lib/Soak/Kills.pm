# Sessions of others that are cancelled or ended, and server processes that are killed,
# which has the server recover.
package Soak::Kills;

use strict;
use warnings;

use Soak::Client;
use Soak::Worker;
use Utils;

# Whose sessions may be ended: not the one whose memory is measured.
my $victims = "backend_type = 'client backend' AND pid <> pg_backend_pid()"
  . " AND application_name ~ '^soak (?:load|watch|rules|primary reader|maintenance)'";

sub new
{
	my ($class, $soak) = @_;

	return bless { soak => $soak, killed => 0 }, $class;
}

sub step
{
	my ($self) = @_;

	nap(1 + rand 4);
	my $client = Soak::Client->new($self->{soak}, name => 'soak kills') or return;
	my $pid = $client->ask("SELECT pid FROM pg_stat_activity WHERE $victims ORDER BY state <> 'active', random() LIMIT 1");

	if ($pid) { $self->kill_one($client, $pid) }
	$client->close;
}

sub kill_one
{
	my ($self, $client, $pid) = @_;
	my $allowed = "$self->{soak}{dir}/crashes";
	my $planned = -e $allowed ? slurp($allowed) : 0;

	if ($self->{killed} < $planned)
	{
		# which may have ended since
		return unless (eval { slurp("/proc/$pid/cmdline") } // '') =~ /^postgres: \w+ soak /;
		$self->{killed} += kill 'KILL', $pid;
		count('server processes killed');
	}
	elsif (rand() < 0.5)
	{
		count('sessions cancelled') if ($client->ask("SELECT pg_cancel_backend($pid)") // '') eq 't';
	}
	else
	{
		count('sessions ended') if ($client->ask("SELECT pg_terminate_backend($pid)") // '') eq 't';
	}
}

1;
