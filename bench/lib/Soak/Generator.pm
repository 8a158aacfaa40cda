# Files of logs, which are written while others load them, and what the log tables
# must have of each: the independent count.
#
# The records of an incident lie in a pool, from which a file takes some at random.
# So they come in any order, in several files, and late; some come twice.
package Soak::Generator;

use strict;
use warnings;

use Encode ();
use File::Basename qw(dirname);
use File::Path qw(make_path);
use IO::Handle;
use Soak::Records;
use Soak::Shapes;
use Soak::Worker;
use Utils;

# Columns of the oracle's tables, by kind of record.
our %written = (
	storage => [ qw(log_table path time id operation status code spelling address uri path_of_file name agent account) ],
	signin => [ qw(log_table path time id created spelling address account agent result) ],
	activity => [ qw(log_table path time id user operation status group spelling address) ],
	audit => [ qw(log_table path time id) ]);

# As many rows as this can wait for a loader.
my $most_waiting = 4000;

sub new
{
	my ($class, $soak) = @_;

	return bless { soak => $soak, files => "$soak->{dir}/files", number => 0, rows => 0, pool => [], growing => [] }, $class;
}

# Incidents on these days, until the pool has enough records.
sub fill_pool
{
	my ($self, $records, @days) = @_;

	while (@{ $self->{pool} } < $records)
	{
		my @new = incident(one_of(@days));
		push @new, one_of(@new) if rand() < 0.1;
		push @{ $self->{pool} }, @new;
	}
}

# Take some records at random.
sub take
{
	my ($self, $number) = @_;
	my $pool = $self->{pool};
	my @taken;

	while (@$pool && @taken < $number)
	{
		my $place = int rand @$pool;
		push @taken, $pool->[$place];
		$pool->[$place] = $pool->[-1];
		pop @$pool;
	}
	return @taken;
}

# Write one file more, of a random shape.
sub write_file
{
	my ($self, $number) = @_;
	my @records = $self->take($number) or return;
	my $file = file_of(one_of(shapes_for()), $self->{number}++, @records);

	if (!$file)
	{
		push @{ $self->{pool} }, @records;
		return;
	}
	my %used = map { $_ => 1 } @{ $file->{records} };
	push @{ $self->{pool} }, grep { !$used{$_} } @records;
	$self->note($file->{path}, @{ $file->{records} });
	$self->place($file->{path}, $file->{content});
	count('files written');
}

# A third of the files are for azhunt-load --watch.
sub directory
{
	my ($self) = @_;

	return "$self->{files}/" . ($self->{number} % 3 ? 'offered' : 'watched');
}

# Under a name of its own until it is whole.
sub place
{
	my ($self, $path, $content) = @_;
	my $to = $self->directory . "/$path";

	make_path(dirname($to), "$self->{files}/unfinished");
	spew("$self->{files}/unfinished/file", $content);
	rename "$self->{files}/unfinished/file", $to or die "$to: $!";
}

# Let an hourly blob grow, which may end in the middle of a record meanwhile.
sub grow
{
	my ($self) = @_;
	my $growing = $self->{growing};

	if (@$growing < 2)
	{
		my $path = Soak::Shapes::blob('insights-logs-storagewrite', $self->{number}++);
		my $at = $self->directory . "/$path";
		make_path(dirname($at));
		push @$growing, { path => $path, at => $at, rest => '', times => 0 };
	}
	my $blob = one_of(@$growing);
	my @records = $self->take(1 + int rand 15) or return;
	Soak::Shapes::spell($_) for @records;
	$self->note($blob->{path}, @records);
	my $content = $blob->{rest} . raw_lines(@records);
	my $whole = rand() < 0.5 || ++$blob->{times} > 10;
	$blob->{rest} = $whole ? '' : substr $content, -1 - int rand(length($content) / 2);
	append($blob->{at}, substr $content, 0, length($content) - length $blob->{rest});
	@$growing = grep { $_ != $blob } @$growing if $whole && $blob->{times} > 10;
	count('blobs grown');
}

# What the log tables must have, as COPY reads it; before anybody can load it.
sub note
{
	my ($self, $path, @records) = @_;

	for my $record (@records)
	{
		my %row = (%$record, path => $path =~ s/\.gz$//r, path_of_file => $record->{path}, time => iso_of($record->{time}),
			created => defined $record->{created} ? iso_of($record->{created}) : undef);

		$row{account} = account($record) if $record->{kind} eq 'signin';
		$row{result} = "$record->{result}" if $record->{kind} eq 'signin';
		my $line = join "\t", map { copied($row{$_}) } @{ $written{ $record->{kind} } };
		append("$self->{soak}{dir}/oracle.$record->{kind}", Encode::encode('UTF-8', "$line\n"));
	}
	$self->{rows} += @records;
	count('rows written', scalar @records);
}

sub iso_of
{
	my ($time) = @_;

	return POSIX::strftime('%Y-%m-%d %H:%M:%S', gmtime int($time / 1000)) . sprintf '.%03d+00', $time % 1000;
}

sub copied
{
	my ($value) = @_;

	return '\N' unless defined $value;
	return $value =~ s/\\/\\\\/gr;
}

# Who signed in, as hunts say it.
sub account
{
	my ($record) = @_;
	my ($name, $id) = @$record{qw(principal principal_id)};

	return $record->{user} // '' if $record->{log_table} =~ /user|^signin/;
	return defined $name && defined $id ? "$name ($id)" : $name // $id // '';
}

# Is there much that nobody has loaded yet, by the ledger?
sub is_far_ahead
{
	my ($self) = @_;
	my $ledger = "$self->{soak}{dir}/ledger";

	return $self->{rows} - (-e $ledger ? slurp($ledger) : 0) > $most_waiting;
}

# A step of the generator while all else goes on.
sub step
{
	my ($self) = @_;
	my @days = @{ $self->{soak}{days} };

	# of many hours, no more logs than of one
	nap((0.3 + rand) * ($self->{soak}{minutes} > 60 ? $self->{soak}{minutes} / 60 : 1));
	return if $self->is_far_ahead;
	$self->fill_pool(400, (@days) x 8, @{ $self->{soak}{old_days} });
	if (rand() < 0.3) { $self->grow }
	else { $self->write_file(1 + int rand one_of(20, 100, 200)) }
}

# The rest of the pool, and of the blobs that end within a record.
sub finish
{
	my ($self) = @_;

	append($_->{at}, $_->{rest}) for @{ $self->{growing} };
	$self->write_file(200) while @{ $self->{pool} };
}

# The files of one quiet day, which never change.
sub write_quiet_day
{
	my ($self) = @_;

	$self->fill_pool(600, $self->{soak}{quiet_day});
	$self->write_file(150) while @{ $self->{pool} };
}

1;
