# Sessions of psql that stay open from one query of a test to the next, because to
# start psql and its server process takes longer than most queries.
package KeptSessions;

use strict;
use warnings;

use Exporter qw(import);
use IPC::Open2;
our @EXPORT = qw(ask_kept_session end_kept_sessions);

my %sessions;
my $count = 0;

# What psql takes in one piece.
my $quoted = qr{'(?:[^']|'')*'|"[^"]*"|(?<tag>\$\w*\$).*?\g{tag}|--[^\n]*}s;

# What a new session sees and an old one does not, and what needs that nobody else
# is connected.
my $needs_new_session = qr{
	\b(?: (?:CREATE|DROP|ALTER)\s+(?:DATABASE|ROLE|USER|EXTENSION|SUBSCRIPTION|TABLESPACE|EVENT) | ALTER\s+SYSTEM
	  | pg_(?:stat|reload|terminate|cancel|backend|advisory|try_advisory|promote|switch|postmaster)\w* )\b
}xi;

# What is no transaction of its own, or would stay open.
my $is_not_closed = qr{\b(?:BEGIN|START|COMMIT|ROLLBACK|PREPARE|LISTEN|LOAD|VACUUM|COPY|CONCURRENTLY)\b}i;

END
{
	local $?;
	end_kept_sessions();
}

# The answer to a query from a session that is like a new one: whether it failed, and
# all that psql printed.  Nothing, if it had better be asked in a new one.  Several
# statements are one transaction, if that is asked for.
sub ask_kept_session
{
	my ($database, $query, $one_transaction) = @_;
	my $unquoted = $query =~ s{$quoted}{ }gr;

	if ($query =~ $needs_new_session || $unquoted =~ $is_not_closed || !psql_finds_end($unquoted))
	{
		end_kept_sessions();
		return;
	}
	# which is how psql sends several at once
	$query =~ s{($quoted)|;(?!\s*\z)}{$1 // '\;'}ge if $one_transaction;
	# of statements that come one by one, an error has to end the session
	my $commands = join "\n", 'DISCARD ALL;', '\set ON_ERROR_STOP ' . ($one_transaction ? 0 : 1);
	my @answer = ask(session($database), $commands, $query);

	# the server may have ended the session that there was
	@answer = ask(session($database), $commands, $query) unless @answer;
	return @answer;
}

# End all sessions of this process.
sub end_kept_sessions
{
	foreach my $key (keys %sessions)
	{
		my $session = delete $sessions{$key};

		next unless $session->{owner} == $$;
		local $SIG{PIPE} = 'IGNORE';
		# processes that were forked may have the pipe open as well
		print { $session->{in} } "\\q\n";
		close $session->{in};
		close $session->{out};
		waitpid $session->{pid}, 0;
	}
}

# Does psql see where a query ends?  It does not within quotes and parentheses.
sub psql_finds_end
{
	my ($unquoted) = @_;

	return $unquoted !~ m{['"\\\$]|/\*} && $unquoted =~ tr/(// == $unquoted =~ tr/)//;
}

# The session for a database, as whom and where the environment says.
sub session
{
	my ($database) = @_;
	my $key = join "\0", $$, $database, map { "$_=$ENV{$_}" } sort grep { /^PG/ } keys %ENV;

	if (!$sessions{$key})
	{
		my $session = { owner => $$ };

		end_kept_sessions() if keys %sessions >= 8;
		$session->{pid} = open2($session->{out}, $session->{in}, 'sh', '-c', 'exec psql "$@" 2>&1', 'psql',
			'--no-psqlrc', '--quiet', '--no-align', '--tuples-only', "--dbname=$database");
		$session->{in}->autoflush(1);
		$sessions{$key} = $session;
	}
	return $sessions{$key};
}

# Ask a query, after some commands; nothing, if the session ended before it came to that.
sub ask
{
	my ($session, $commands, $query) = @_;
	my ($output, $begun) = ('', 0);

	$count++;
	{
		local $SIG{PIPE} = 'IGNORE';
		print { $session->{in} } "$commands\n\\echo begun $count\n$query\n;\n\\echo answered $count :ERROR\n";
	}
	while (defined(my $line = readline $session->{out}))
	{
		return ($1 eq 'true' ? 1 : 0, $output) if $line =~ /^answered $count (true|false)$/;
		if ($line eq "begun $count\n")
		{
			($begun, $output) = (1, '');
		}
		else
		{
			$output .= $line;
		}
	}
	delete @sessions{ grep { $sessions{$_} == $session } keys %sessions };
	waitpid $session->{pid}, 0;
	return $begun || $output =~ /^psql: error:/ ? ($? >> 8 || 1, $output) : ();
}

1;
