# Databases of a test, and queries in them.
package Databases;

use strict;
use warnings;

use IPC::Open3;
use Exporter qw(import);
use KeptSessions;
our @EXPORT = qw(create_database template template_kinds run query query_error);

my @created;
my $owner = $$;

END
{
	local $?;
	if ($$ == $owner)
	{
		psql('postgres', "DROP DATABASE IF EXISTS $_ WITH (FORCE)") foreach @created;
	}
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

# What databases are made of: nothing, or one of these.
my %templates = (
	extension => [ 'CREATE EXTENSION azhunt' ],
	log_tables => [ 'CREATE EXTENSION azhunt', 'SELECT count(*) FROM azhunt.create_log_tables()' ],
	pgtap => [ 'CREATE EXTENSION azhunt', 'CREATE EXTENSION pgtap' ],
);

sub template_kinds
{
	return sort keys %templates;
}

# The database of that kind that others are copied from, which is made once.
sub template
{
	my ($kind) = @_;
	my $name = "azhunt_template_$kind";
	my $statements = $templates{$kind} // die "there is no kind $kind of databases";

	if (query('postgres', "SELECT count(*) FROM pg_database WHERE datname = '$name'") eq '0')
	{
		query('postgres', "CREATE DATABASE $name");
		query($name, $_) foreach @$statements;
	}
	return $name;
}

# A database, which goes when the test ends: an empty one, or one of that kind.
sub create_database
{
	my ($name, $kind) = @_;
	my $template = defined $kind ? template($kind) : 'template1';

	push @created, $name unless grep { $_ eq $name } @created;
	query('postgres', "DROP DATABASE IF EXISTS $name WITH (FORCE)");
	query('postgres', "CREATE DATABASE $name TEMPLATE $template");
	return $name;
}

sub psql
{
	my ($database, $query, @options) = @_;
	my @answer = @options ? () : ask_kept_session($database, $query, 1);

	return @answer if @answer;
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
