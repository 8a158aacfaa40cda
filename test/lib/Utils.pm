# Small things that any test may need.
package Utils;

use strict;
use warnings;

use Exporter qw(import);
use Time::HiRes qw(sleep time);
our @EXPORT = qw(append await has_backslash_strings nothing_is_built slurp spew);

# Wait until a condition is true: its value, or undef after longer than it takes on
# a machine with much else to do.
sub await
{
	my ($condition, $seconds) = @_;
	my $deadline = time() + ($seconds // 180);

	while (1)
	{
		my $value = $condition->();
		return $value if $value;
		return undef if time() > $deadline;
		sleep(0.02);
	}
}

# Can a session take backslashes in ordinary strings for escapes?  Not from PostgreSQL 19
# on.
sub has_backslash_strings
{
	my $version = qx{@{[ $ENV{PG_CONFIG} // 'pg_config' ]} --version};

	return $version =~ /(\d+)/ && $1 < 19;
}

# Why a test that compiles does not run, if azhunt is one that was installed.
sub nothing_is_built
{
	return $ENV{AZHUNT_INSTALLED} ? 'the azhunt that is installed is tested, which needs no compiler' : undef;
}

# All that is in a file, in bytes.
sub slurp
{
	my ($path) = @_;

	open my $file, '<:raw', $path or die "$path: $!";
	local $/;
	return readline($file) // '';
}

# Make a file of some bytes; its path.
sub spew
{
	my ($path, $content) = @_;

	open my $file, '>:raw', $path or die "$path: $!";
	print $file $content;
	close $file or die "$path: $!";
	return $path;
}

# Add some bytes at the end of a file, which need not be there.
sub append
{
	my ($path, $content) = @_;

	open my $file, '>>:raw', $path or die "$path: $!";
	print $file $content;
	close $file or die "$path: $!";
	return;
}

1;
