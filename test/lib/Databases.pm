# Databases of a test, and queries in them.
package Databases;

use strict;
use warnings;

use IPC::Open3;
use Exporter qw(import);
our @EXPORT = qw(create_database run query query_error);

my @created;

END
{
	local $?;
	run('dropdb', '--if-exists', '--force', $_) foreach @created;
}

# Run a program: its exit status and all that it printed.
sub run
{
	my (@command) = @_;
	my $pid = open3(my $in, my $out, undef, @command);

	close $in;
	my $output = do { local $/; readline $out } // '';
	waitpid $pid, 0;
	return ($? >> 8, $output);
}

# An empty database, which goes when the test ends.
sub create_database
{
	my ($name) = @_;

	push @created, $name;
	foreach my $command ([ 'dropdb', '--if-exists', '--force', $name ], [ 'createdb', $name ])
	{
		my ($status, $output) = run(@$command);
		die "@$command: $output" if $status;
	}
	return $name;
}

sub psql
{
	my ($database, $query, @options) = @_;

	return run('psql', '--no-psqlrc', '--quiet', '--no-align', '--tuples-only', @options,
		'--set=ON_ERROR_STOP=1', "--dbname=$database", "--command=$query");
}

# What a query that must not fail answers.
sub query
{
	my ($database, $query) = @_;
	my ($status, $output) = psql($database, $query);

	die "$query\n$output" if $status;
	chomp $output;
	return $output;
}

# What psql says of a query that must fail, without the notices.
sub query_error
{
	my ($database, $query) = @_;
	my ($status, $output) = psql($database, $query);

	die "no error: $query\n$output" unless $status;
	return $output;
}

1;
