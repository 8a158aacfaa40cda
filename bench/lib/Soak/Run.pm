# The soak test: what happens when, and what it says of itself.
#
# Of its time, the first quarter has crashes of the server; then one session stays until
# four fifths, whose memory is measured while all else goes on; then the server stops at
# once and for ever, its standby becomes the server, and crashes again.
package Soak::Run;

use strict;
use warnings;

use Cluster;
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Grafana ();
use POSIX ();
use Soak::Checks;
use Soak::Client;
use Soak::Generator;
use Soak::Kills;
use Soak::Listener;
use Soak::Loading;
use Soak::Maintenance;
use Soak::Probe;
use Soak::Readers;
use Soak::Rules;
use Soak::Worker;
use Time::HiRes qw(sleep time);
use Utils;

my @settings = ('autovacuum = on', 'autovacuum_naptime = 5s', 'checkpoint_timeout = 1min', 'wal_keep_size = 256MB', 'shared_buffers = 128MB',
	'max_connections = 60', 'deadlock_timeout = 200ms', 'hot_standby_feedback = on', 'log_autovacuum_min_duration = -1',
	'log_checkpoints = off', 'log_error_verbosity = verbose', 'random_page_cost = 1.1');

sub new
{
	my ($class, %options) = @_;
	my $self = bless { %options, epoch => 1, workers => [] }, $class;
	my $today = 86400 * int(time() / 86400);

	$self->{dir} = tempdir('azhunt-soak.XXXXXX', TMPDIR => 1, CLEANUP => 1);
	chmod 0755, $self->{dir};
	make_path(map { "$self->{dir}/$_" } qw(workers files/offered files/watched));
	Soak::Worker::note_in($self, 'main');
	$self->{today} = $today;
	$self->{days} = [ map { $today - 86400 * $_ } 1 .. 4 ];
	$self->{old_days} = [ map { $today - 86400 * $_ } 60, 61 ];
	$self->{quiet_day} = $today - 86400 * 7;
	return $self;
}

# Midnight some days after a day, today by default.
sub iso
{
	my ($self, $days, $day) = @_;

	return POSIX::strftime('%Y-%m-%dT00:00:00Z', gmtime(($day // $self->{today}) + 86400 * $days));
}

sub date
{
	my ($self, $day) = @_;

	return POSIX::strftime('%Y-%m-%d', gmtime $day);
}

sub seconds_since_start { return time() - $_[0]{started} }

#
# set-up
#
sub set_up
{
	my ($self) = @_;

	# messages are read, and a slow machine may take long to recover
	@ENV{qw(LC_ALL TZ PGCTLTIMEOUT)} = ('C.UTF-8', 'UTC', 600);
	$self->{primary} = Cluster->new(@settings);
	my $session = $self->{primary}->session;
	$session->do('CREATE DATABASE soak');
	$session->close;
	$session = $self->{primary}->session('soak');
	$session->do('CREATE EXTENSION azhunt');
	$session->do('SELECT count(*) FROM azhunt.create_log_tables()');
	$session->do("SELECT count(*) FROM azhunt.create_signin_time_indexes()");
	$self->make_roles($session);
	Soak::Rules::make_all($session);
	$session->do("\\i $self->{root}/bench/lib/Soak/oracle.sql");
	$self->load_quiet_day($session);
	$session->close;
	$self->{standby} = Cluster->standby($self->{primary}, @settings);
	Soak::Client::set_server($self, standby => 1, $self->{standby});
}

# Roles as the documents say.
sub make_roles
{
	my ($self, $session) = @_;
	my $loading = slurp("$self->{root}/doc/loading.md");
	my $operations = slurp("$self->{root}/doc/operations.md");
	my ($loader) = $loading =~ /^(CREATE ROLE azhunt_loader LOGIN;\n.*?)^```/ms;
	my ($hunter) = $operations =~ /^(CREATE ROLE azhunt_hunter LOGIN;\n.*?)^```/ms;

	$session->do($_) for map { split /(?<=;)\n/ } $loader, $hunter;
	local %ENV = (%ENV, $self->{primary}->environment('soak'));
	my ($text, $succeeded) = Grafana::psql('postgres', '\i ' . Grafana::directory() . "/role.sql\n");
	die $text unless $succeeded;
}

sub load_quiet_day
{
	my ($self, $session) = @_;

	srand $self->{seed};
	Soak::Client::set_server($self, primary => 1, $self->{primary});
	$self->{generator} = Soak::Generator->new($self);
	$self->{generator}->write_quiet_day;
	$self->{loading} = Soak::Loading->new($self, 'load');
	my $problem = $self->{loading}->load_all;
	die "the quiet day was not loaded: $problem" if $problem;
	$session->do("CALL azhunt.run_rule('$_')") for @Soak::Rules::names;
	Soak::Readers::know_answers($self, $session);
}

#
# while it runs
#
sub start_worker
{
	my ($self, $name, $worker, $step) = @_;

	$step //= 'step';
	my $started = Soak::Worker->start($self, $name, sub { $worker->$step }, $worker->can('finish') ? sub { $worker->finish } : undef);
	push @{ $self->{workers} }, $started;
	return $started;
}

sub start_workers
{
	my ($self) = @_;

	$self->start_worker('generator', $self->{generator});
	$self->start_worker("load$_", Soak::Loading->new($self, "load$_")) for 1, 2;
	$self->start_worker('watch', Soak::Loading->new($self, 'watch'), 'watch');
	$self->start_worker("rules$_", Soak::Rules->new($self, "rules$_")) for 1, 2;
	$self->start_worker('primary', Soak::Readers->new($self, 'primary reader', 'primary'));
	$self->start_worker('standby', Soak::Readers->new($self, 'standby reader', 'standby'));
	$self->start_worker('maintenance', Soak::Maintenance->new($self));
	$self->start_worker('kills', Soak::Kills->new($self));
	$self->start_worker('listener', Soak::Listener->new($self));
}

# What is done at which part of the time.
sub schedule
{
	my ($self) = @_;

	return (
		[ 0.08, 'a server process is killed', sub { $self->plan_kill } ],
		[ 0.13, 'the server stops at once, and starts', sub { $self->crash } ],
		[ 0.18, 'a server process is killed', sub { $self->plan_kill } ],
		[ 0.21, 'the server stops at once, and starts', sub { $self->crash } ],
		[ 0.25, 'a session begins that stays', sub { $self->{probe} = $self->start_worker('probe', Soak::Probe->new($self)) } ],
		[ 0.80, 'that session ends', sub { $self->stop_worker($self->{probe}) } ],
		[ 0.81, 'the server stops for ever, and its standby goes on', sub { $self->promote } ],
		[ 0.90, 'a server process is killed', sub { $self->plan_kill } ],
		[ 0.95, 'the server stops at once, and starts', sub { $self->crash } ],
		[ 1, 'the end', sub { } ]);
}

sub plan_kill
{
	my ($self) = @_;

	spew("$self->{dir}/crashes", ++$self->{planned_kills});
}

sub crash
{
	my ($self) = @_;

	$self->{primary}->stop('immediate');
	sleep rand 2;
	$self->{primary}->start;
}

sub promote
{
	my ($self) = @_;

	$self->{primary}->stop('immediate');
	$self->{standby}->promote;
	$self->{epoch}++;
	@$self{qw(former primary)} = @$self{qw(primary standby)};
	Soak::Client::set_server($self, $_ => $self->{epoch}, $self->{primary}) for qw(primary standby);
}

# Do what is scheduled, look at the ledger for the generator, and tell each minute.
sub go_on
{
	my ($self) = @_;
	my @schedule = $self->schedule;
	my $total = 60 * $self->{minutes};
	my $parent = getppid();

	$self->{told} = 0;
	while (@schedule)
	{
		if ($self->seconds_since_start >= $schedule[0][0] * $total)
		{
			my (undef, $what, $do) = @{ shift @schedule };
			$self->tell($what);
			$do->();
		}
		$self->look_at_ledger;
		$self->tell_progress;
		$self->check_workers;
		die "who has started it is gone\n" if getppid() != $parent;
		sleep 1;
	}
}

sub look_at_ledger
{
	my ($self) = @_;

	return if time() - ($self->{looked} // 0) < 5;
	$self->{looked} = time();
	my $session = $self->{primary}->session('soak');
	my $counts = $session->query('SELECT (SELECT count(*) FROM azhunt.loaded_files), (SELECT sum(rows) FROM azhunt.loaded_files), (SELECT count(*) FROM azhunt.matches)');
	$session->close;
	return unless $counts =~ /^(\d+)\|(\d*)\|(\d+)$/;
	@$self{qw(parts rows matches)} = ($1, $2 || 0, $3);
	spew("$self->{dir}/ledger.new", $self->{rows});
	rename "$self->{dir}/ledger.new", "$self->{dir}/ledger";
}

sub tell
{
	my ($self, $text) = @_;

	printf "%5.1f min  %s\n", $self->seconds_since_start / 60, $text;
}

sub tell_progress
{
	my ($self) = @_;
	my $minute = int($self->seconds_since_start / 60);

	return if $minute <= $self->{told};
	$self->{told} = $minute;
	my $counts = Soak::Worker::counts($self);
	$self->tell("$self->{parts} parts of files, $self->{rows} rows, $self->{matches} matches; " . join ', ', map { "$_ $counts->{$_}" } sort keys %$counts);
}

sub check_workers
{
	my ($self) = @_;

	for my $worker (@{ $self->{workers} })
	{
		die "worker $worker->{name} ended with status $?\n" if waitpid($worker->{pid}, POSIX::WNOHANG()) == $worker->{pid};
	}
}

sub stop_worker
{
	my ($self, $worker) = @_;
	my $problem = $worker->stop;

	push @{ $self->{unstopped} }, $problem if $problem;
	@{ $self->{workers} } = grep { $_ != $worker } @{ $self->{workers} };
}

#
# the end
#

# Load and run what is left, and check all.
sub finish
{
	my ($self) = @_;
	my ($listener) = grep { $_->{name} eq 'listener' } @{ $self->{workers} };
	my @others = grep { $_ != $listener } @{ $self->{workers} };

	$self->stop_worker($_) for @others;
	my $session = $self->{primary}->session('soak');
	Soak::Maintenance::settle(sub { $session->do($_[0]) });
	$self->tell('the rest is loaded');
	my $problem = $self->{loading}->load_all;
	$self->tell('rules run until nothing is new');
	my $rounds = Soak::Rules::run_all($session);
	$self->stop_worker($listener);
	$self->tell('all is compared');
	my $checks = Soak::Checks->new($self, $session);
	$checks->is_empty('all files are loaded', $problem);
	$checks->note([ 'rules come to an end', defined $rounds, 'in ' . ($rounds // '') . ' rounds' ]);
	$self->check($checks);
	return $checks->report;
}

sub check
{
	my ($self, $checks) = @_;

	$checks->check_happened;
	$checks->check_rows;
	$checks->check_ledger;
	$checks->check_matches;
	$checks->check_runs;
	$checks->check_starting_over;
	$checks->check_remains;
	$checks->check_server_logs(grep { defined } @$self{qw(former primary)});
	$checks->note(Soak::Probe::checks($self));
	$checks->is_empty('nobody saw what must not happen', [ (map { s/\n/ /gr } Soak::Worker::problems($self)), @{ $self->{unstopped} // [] } ]);
}

# All of it; whether it went well.
sub run
{
	my ($self) = @_;

	print "seed $self->{seed}, $self->{minutes} minutes\n";
	$self->set_up;
	$self->{started} = time();
	$self->start_workers;
	my $is_well = eval { $self->go_on; $self->finish };
	if (!defined $is_well)
	{
		print STDERR "it came to nothing: $@";
		# each ends what it has started
		kill 'TERM', map { $_->{pid} } @{ $self->{workers} };
		$_->stop for @{ $self->{workers} };
	}
	$self->keep_logs unless $is_well;
	# their logs have said all that they know
	$_->remove for grep { defined } @$self{ $self->{former} ? qw(former primary) : qw(primary standby) };
	return $is_well;
}

# Where to look further.
sub keep_logs
{
	my ($self) = @_;
	my $kept = "$self->{keep}/azhunt-soak.$self->{seed}.$$";

	make_path($kept);
	for my $name (qw(former primary standby))
	{
		spew("$kept/$name.log", $self->{$name}->log) if $self->{$name};
	}
	system 'cp', '--recursive', $self->{dir}, "$kept/soak";
	print STDERR "seed $self->{seed}; the logs, the files and what was noted are in $kept\n";
}

1;
