# What a person sees, and how much memory it takes.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Test::More;
use Time::HiRes qw(usleep);

create_database();

# one envelope, on one line, of more than 64 MiB
my $record = '{"time":"2026-01-31T10:00:00Z","category":"SignInLogs","properties":{"ipAddress":"198.51.100.7","id":"%d","status":{"failureReason":"'
  . ('x' x 1500) . '"}}}';
my $rows = 50_000;
my $envelope = "$dir/envelope.json";
{
	open(my $file, '>', $envelope) or die $!;
	print $file '{"records":[';
	printf $file ($_ > 1 ? ',' : '') . $record, $_ for 1 .. $rows;
	print $file "]}\n";
	close($file) or die $!;
}
cmp_ok(-s $envelope, '>', 64 * 1024 * 1024, 'the envelope is larger than 64 MiB');

# records of which no two have the same members
my $shapes = "$dir/shapes.json";
{
	open(my $file, '>', $shapes) or die $!;
	for my $i (1 .. 20_000)
	{
		print $file '{"time":"2026-01-31T10:00:00Z","category":"SignInLogs"', (map { qq(,"f${i}_$_":{}) } 1 .. 40), "}\n";
	}
	close($file) or die $!;
}

# the loader's peak of memory, which Linux tells as long as the process is there
SKIP:
{
	skip 'no /proc', 6 unless -e '/proc/self/status';
	for my $file ($envelope, $shapes)
	{
		my $peak = 0;
		my $pid = fork() // die;
		if ($pid == 0)
		{
			exec(loader_path(), '-q', $file) or die;
		}
		while (waitpid($pid, 1) == 0)
		{
			$peak = $1 if slurp("/proc/$pid/status") =~ /^VmHWM:\s+(\d+) kB/m;
			usleep(2000);
		}
		is($?, 0, 'the file is loaded');
		cmp_ok($peak, '>', 1000, 'its memory was measured');
		cmp_ok($peak, '<', 32 * 1024, "... in $peak kB of memory, which does not depend on the size of the file");
	}
}
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');

# on a terminal there is a progress line, and it is gone in the end
SKIP:
{
	skip 'no script(1)', 5 if system('script -qec true /dev/null > /dev/null 2>&1') != 0;
	my $screen = `script -qec "stty cols 160 2>&1; '$Loader::loader' '$envelope'" /dev/null < /dev/null`;
	is($?, 0, 'loaded on a terminal');
	like($screen, qr/\r\d+ \w+ of \d+ MB \(\d+%\), \d+ rows, \d+ \w+\/s, \d+ rows\/s, 0:00:\d\d, 0:00:\d\d left/, 'progress');
	like($screen, qr/\r +\r\S*table +rows/, 'the progress line is wiped out');
	like($screen, qr/SigninLogs +$rows\r/, 'summary: rows');
	like($screen, qr/1 file loaded, 0 loaded before, 0 not loaded, in \d+\.\d seconds/, 'summary: files');
}

# redirected, there is none
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
my ($status, $out, $err) = loader($envelope);
is($status, 0, 'loaded with output redirected');
is($err, '', 'no progress');
like($out, qr/^table +rows\nSigninLogs +$rows\nSigninLogs: $rows rows without account\n1 file loaded, .*\n\z/, 'summary');
sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
is((loader('-q', data('raw_signins.json')))[1], '', '--quiet');

done_testing();
