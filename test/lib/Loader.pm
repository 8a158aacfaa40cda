# Help for the tests of azhunt-load: databases, runs of the program, and the
# rows of log tables.
package Loader;

use strict;
use warnings;
use Databases ();
use Exporter 'import';
use File::Basename qw(dirname);
use File::Spec;
use File::Temp qw(tempdir);
use KeptSessions;
use POSIX ();
use Test::More ();
use Utils;

our @EXPORT = qw(create_database sql loader start_loader end_loader load_ok loader_path rows_are data slurp spew await $dir $root);

our $root = File::Spec->rel2abs(dirname(__FILE__) . '/../..');
our $dir = tempdir('azhunt-load-XXXXXX', TMPDIR => 1, CLEANUP => 1);
our $loader = $ENV{AZHUNT_LOAD} // "$root/src/load/azhunt-load";

if (!$ENV{AZHUNT_LOAD})
{
	system('make', '--silent', "--directory=$root/src/load") == 0 or die 'could not build azhunt-load';
}

sub loader_path { return $loader; }

sub data { return "$root/test/load/data/$_[0]"; }

# Run SQL in the database of this test; the rows, without the last newline.
sub sql
{
	my ($query, %option) = @_;
	my $statements = "SET TimeZone = 'UTC'; SET search_path = pg_catalog, azhunt;\n$query";
	my ($status, $answer) = ask_kept_session($option{database} // $ENV{PGDATABASE} // 'postgres',
		"SET client_min_messages = error; $statements");

	if (defined $status)
	{
		die "$query\n$answer" if $status;
		return $answer =~ s{\n\z}{}r;
	}
	my $file = spew("$dir/query.sql", $statements);
	my @command = ('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', $file);
	push @command, '-d', $option{database} if $option{database};
	open(my $pipe, '-|', @command) or die "psql: $!";
	binmode($pipe);
	local $/;
	my $result = <$pipe> // '';
	close($pipe) or die "psql failed: $query";
	$result =~ s{\n\z}{};
	return $result;
}

# A database with the extension and the log tables, which sql() and the program
# use by default.
sub create_database
{
	my ($name) = @_;

	return $ENV{PGDATABASE} = Databases::create_database($name // 'azhunt_load', 'log_tables');
}

# Start the program, and wait for nothing; its process.  Standard input is a file.
sub start_loader
{
	my @arguments = @_;
	my $input;
	$input = shift(@arguments)->{input} if ref($arguments[0]);
	my $pid = fork() // die "fork: $!";
	if ($pid == 0)
	{
		open(STDIN, '<', $input // File::Spec->devnull) or die $!;
		open(STDOUT, '>', "$dir/stdout") or die $!;
		open(STDERR, '>', "$dir/stderr") or die $!;
		exec($loader, @arguments) or die "$loader: $!";
	}
	return $pid;
}

# What loader() gives, once the program has ended; if it never
# does, it is killed.
sub end_loader
{
	my ($pid) = @_;
	my $ended = await(sub { waitpid($pid, POSIX::WNOHANG()) == $pid });

	if (!$ended)
	{
		kill('KILL', $pid);
		waitpid($pid, 0);
		return ('still running', slurp("$dir/stdout"), slurp("$dir/stderr"));
	}
	return ($? & 127 ? 128 + ($? & 127) : $? >> 8, slurp("$dir/stdout"), slurp("$dir/stderr"));
}

# Run the program; a list of exit status, standard output, standard error.
sub loader
{
	my $pid = start_loader(@_);

	waitpid($pid, 0);
	return ($? & 127 ? 128 + ($? & 127) : $? >> 8, slurp("$dir/stdout"), slurp("$dir/stderr"));
}

# Run the program, which must load everything without a word on standard error.
sub load_ok
{
	my ($name, @arguments) = @_;
	my ($status, $out, $err) = loader(@arguments);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return Test::More::ok($status == 0 && $err eq '', $name)
	  || Test::More::diag("exit status $status\n$out$err");
}

# Is a table what a file of expected rows says, cell by cell?  A column that a
# row there does not mention must be null.
sub rows_are
{
	my ($table, $file, $name) = @_;
	my $expected = defined $file ? slurp($file) : '';
	my $tag = '$expected$';
	my $difference = sql(<<"END");
CREATE TEMPORARY TABLE expected AS
    SELECT line::jsonb AS row FROM string_to_table($tag$expected$tag, E'\\n') AS line WHERE line <> '';
CREATE TEMPORARY TABLE loaded AS
    SELECT (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(t))
            WHERE value <> 'null' AND key NOT IN ('ingestedat', 'ingestxid')) AS row
    FROM azhunt.$table AS t;
SELECT 'missing: ' || row::text FROM (TABLE expected EXCEPT ALL TABLE loaded) AS m
UNION ALL
SELECT 'unexpected: ' || row::text FROM (TABLE loaded EXCEPT ALL TABLE expected) AS u;
END
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return Test::More::is($difference, '', $name);
}

1;
