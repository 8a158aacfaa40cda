# The first answer of README.md, and the commands of sample/README.md, run as they
# stand there.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Test::More;
use Utils;

my $top = abs_path(dirname(abs_path(__FILE__)) . '/../..');
chdir $top or die "$top: $!";
# psql and createdb as a user has them
$ENV{PSQLRC} = '/dev/null';

# The commands of a file that begin with createdb, what is shown below them, and the
# name of the database.
sub commands_of
{
	my ($file) = @_;
	my ($commands, $name, $shown) = slurp($file) =~ /^```sh\n(createdb (\w+)\n.*?)^```\n(?:\n```\n(.*?)^```\n)?/ms
	  or die "$file has no commands";

	return ($commands, $name, $shown);
}

# Run the commands of a file in a shell, as typed: what they print.
sub output_of
{
	my ($file) = @_;
	my ($commands, $name) = commands_of($file);

	query('postgres', "DROP DATABASE IF EXISTS $name");
	my ($status, $output) = run('sh', '-ec', "exec 2>&1\n$commands");
	is($status, 0, "$file: the commands succeed") or diag($output);
	query('postgres', "DROP DATABASE $name");
	return $output =~ s/ +$//mgr;
}

my (undef, undef, $answer) = commands_of('README.md');
like($answer, qr/mimikatz\.exe/, 'README.md has an answer');
my $output = output_of('README.md');
is(substr($output, -length($answer) - 1), "$answer\n", 'and it is the answer') or diag($output);
like(output_of('sample/README.md'), qr/^ mimikatz\.exe /m, 'sample/README.md: the hunt finds a file');

done_testing();
