# Packages of npm, for the tests that build with them, draw with them, or compare with them.
package Npm;

use strict;
use warnings;

use Digest::SHA;
use Exporter qw(import);
use POSIX ();
our @EXPORT = qw(install_packages run_in);

# Output and success of a command in a directory.
sub run_in
{
	my ($directory, @command) = @_;
	my $pid = open my $output, '-|' // die "fork: $!";

	if ($pid == 0)
	{
		open STDERR, '>&', \*STDOUT;
		chdir $directory and exec @command;
		syswrite STDOUT, "$command[0]: $!\n";
		POSIX::_exit(127);
	}
	my $text = do { local $/; readline $output };
	my $succeeded = close $output;
	return ($text // '', $succeeded);
}

# Install what the lock file of a directory lists, once for each lock file: what is
# installed is not fetched again.  Returns what npm says if it cannot, which is for the
# caller to judge: a machine without a way to npm's registry can run all other tests.
# There, npm would try again for minutes for each package, unless told to be quick.
sub install_packages
{
	my ($directory) = @_;
	my $stamp = "$directory/node_modules/.azhunt-lock";
	my $hash = Digest::SHA->new(256)->addfile("$directory/package-lock.json")->hexdigest;

	if (open my $file, '<', $stamp)
	{
		return undef if (readline($file) // '') eq $hash;
	}
	my ($text, $succeeded) = run_in($directory, 'timeout', '300', 'npm', 'ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund',
		'--fetch-retry-maxtimeout=1000', '--fetch-retry-mintimeout=100');
	return $text unless $succeeded;
	open my $file, '>', $stamp or die "$stamp: $!";
	print $file $hash;
	close $file;
	return undef;
}

1;
