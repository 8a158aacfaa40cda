# Sessions of psql that stay open from one query of a test to the next, because to
# start psql and its server process takes longer than most queries.
package KeptSessions;

use strict;
use warnings;

use Exporter qw(import);
use Session;
our @EXPORT = qw(ask_kept_session end_kept_sessions);

my %sessions;

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
	if ($one_transaction)
	{
		# which is how psql sends several at once; after the last one nothing may come,
		# as that would be what psql says of whether there was an error
		$query =~ s{;\s*\z}{};
		$query =~ s{($quoted)|;}{$1 // '\;'}ge;
	}
	# of statements that come one by one, an error has to end the session
	my $reset = 'DISCARD ALL; \set ON_ERROR_STOP ' . ($one_transaction ? 0 : 1);
	my @answer = ask($database, $reset, $query);

	# the server may have ended the session that there was
	@answer = ask($database, $reset, $query) unless @answer;
	return @answer;
}

# End all sessions of this process.
sub end_kept_sessions
{
	$_->close foreach grep { $_->{owner} == $$ } values %sessions;
	%sessions = ();
}

# Does psql see where a query ends?  It does not within quotes and parentheses.
sub psql_finds_end
{
	my ($unquoted) = @_;

	return $unquoted !~ m{['"\\\$]|/\*} && $unquoted =~ tr/(// == $unquoted =~ tr/)//;
}

# Ask a query, after a reset, in the session for a database, as whom and where the
# environment says.  Nothing, if the session ended before it came to that.
sub ask
{
	my ($database, $reset, $query) = @_;
	my $key = join "\0", $$, $database, map { "$_=$ENV{$_}" } sort grep { /^PG/ } keys %ENV;

	end_kept_sessions() if keys %sessions >= 8;
	my $session = $sessions{$key} //= Session->new(PGDATABASE => $database);
	$session->send($reset);
	my $begun = defined $session->answer;
	$session->send($query) if $begun;
	my $output = $begun ? $session->answer : undef;

	return ($session->query('\echo :ERROR') eq 'true' ? 1 : 0, length $output ? "$output\n" : '') if defined $output;
	delete $sessions{$key};
	$output = $session->{last_words};
	return $begun || $output =~ /^psql: error:/ ? (1, $output) : ();
}

1;
