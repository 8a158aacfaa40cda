# A psql session that stays open.
package Session;

use strict;
use warnings;

use IPC::Open2;

# A psql that takes one query after the other.  Settings are environment
# variables, such as PGDATABASE.
sub new
{
	my ($class, %settings) = @_;
	local %ENV = (%ENV, %settings);
	my $self = bless { marker => 0, waiting => 0, owner => $$ }, $class;

	$self->{pid} = open2($self->{out}, $self->{in},
		'exec psql --no-psqlrc --quiet --no-align --tuples-only 2>&1');
	$self->{in}->autoflush(1);
	return $self;
}

# Send a query, and do not wait for its answer.
sub send
{
	my ($self, $query) = @_;

	die 'the last answer has not been read' if $self->{waiting};
	$self->{waiting} = 1;
	$self->{marker}++;
	local $SIG{PIPE} = 'IGNORE';
	print { $self->{in} } "$query\n;\n\\echo answered $self->{marker}\n";
}

# The answer to what was sent, errors and notifications included; undef where
# the session ended, whose last words are kept.
sub answer
{
	my ($self) = @_;
	my $answer = '';

	$self->{waiting} = 0;
	while (defined(my $line = readline $self->{out}))
	{
		if ($line eq "answered $self->{marker}\n")
		{
			chomp $answer;
			return $answer;
		}
		$answer .= $line;
	}
	$self->{last_words} = $answer;
	return undef;
}

sub query
{
	my ($self, $query) = @_;

	$self->send($query);
	return $self->answer // '';
}

# As query(), and die of an error.
sub do
{
	my ($self, $query) = @_;
	my $answer = $self->query($query);

	die "$query\n$answer" if $answer =~ /^(?:ERROR|FATAL|psql: error):/m;
	return $answer;
}

sub close
{
	my ($self) = @_;

	return unless $self->{pid};
	if ($self->{owner} == $$)
	{
		# processes that were forked may have the pipe open as well
		local $SIG{PIPE} = 'IGNORE';
		print { $self->{in} } "\\q\n";
	}
	close $self->{in};
	close $self->{out};
	waitpid $self->{pid}, 0;
	$self->{pid} = undef;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $!);

	$self->close;
}

1;
