# Nothing is loaded twice and nothing is lost: again, grown, copied, compressed,
# at the same time, interrupted.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Digest::SHA qw(sha256_hex);
use Test::More;
use Time::HiRes qw(time usleep);

create_database();
my $tree = "$dir/insights-logs-signinlogs/tenantId=ten-1/y=2026/m=01/d=31/h=10/m=00";
my $blobs = "$dir/insights-logs-storagewrite/resourceId=/SUBSCRIPTIONS/S1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.STORAGE/STORAGEACCOUNTS/A/BLOBSERVICES/DEFAULT/y=2026/m=01/d=31/h=10/m=00";
system('mkdir', '-p', $tree, $blobs) == 0 or die;

# Sign-ins that are known by their number.
sub signins
{
	return join('', map {
			sprintf(qq({"time":"2026-01-%02dT10:00:00Z","category":"SignInLogs","properties":{"id":"%d","ipAddress":"198.51.100.7"}}\n),
				1 + $_ % 3, $_)
	} $_[0] .. $_[1]);
}

sub uploads
{
	return join('', map {
			qq({"time":"2026-01-31T10:00:00Z","category":"StorageWrite","correlationId":"$_"}\n)
	} $_[0] .. $_[1]);
}

# Are these numbers there, each once?
sub ids_are
{
	my ($last, $name) = @_;
	is(sql('SELECT count(*), count(DISTINCT id), coalesce(min(id::int), 0), coalesce(max(id::int), 0) FROM azhunt.signinlogs'),
		"$last|$last|" . ($last > 0 ? 1 : 0) . "|$last", $name);
}

sub clear
{
	sql('TRUNCATE azhunt.signinlogs, azhunt.storagebloblogs, azhunt.loaded_files');
}

# again
my $file = "$tree/PT1H.json";
spew($file, signins(1, 10));
load_ok('first', '-q', $file);
ids_are(10, 'loaded');
is(sql(q(SELECT encode(digest, 'hex') FROM azhunt.loaded_files)), sha256_hex(slurp($file)), 'the digest is SHA-256');
like((loader($file))[1], qr/^0 files loaded, 1 loaded before, 0 not loaded/m, 'loaded before');
ids_are(10, 'again: nothing comes twice');

# grown, and by a line whose end was not written before
spew($file, signins(1, 25));
load_ok('grown', '-q', $file);
ids_are(25, 'grown: only the new lines');
my $partial = signins(1, 30);
chomp($partial);
spew($file, $partial);
load_ok('grown without newline', '-q', $file);
ids_are(30, 'grown without newline');
spew($file, signins(1, 40));
load_ok('grown after that', '-q', $file);
ids_are(40, 'grown after that');
is(sql('SELECT string_agg(format($$%s-%s:%s$$, "offset", size, rows), $$ $$ ORDER BY size) FROM azhunt.loaded_files'),
	join(' ', map { sprintf('%d-%d:%d', @$_) }
		  [0, length(signins(1, 10)), 10], [length(signins(1, 10)), length(signins(1, 25)), 15],
		[length(signins(1, 25)), length($partial), 5], [length($partial), length(signins(1, 40)), 10]),
	'the ledger has each part');
is((loader('-q', $file))[0], 0, 'nothing new');
spew($file, signins(1, 41) . "bad\n");
my ($grown_status, undef, $grown_error) = loader('-q', $file);
is($grown_status, 1, 'grown by a bad line');
like($grown_error, qr/PT1H\.json:42:1: /, '... which has the number that it has in the file');
ids_are(40, 'grown by a bad line: nothing of it');

# the same content elsewhere, compressed, and from standard input
spew($file, signins(1, 40));
spew("$dir/copy.json", signins(1, 40));
system("gzip -k $dir/copy.json") == 0 or die;
like((loader($_))[1], qr/ 1 loaded before/, "known by its content: $_") for ("$dir/copy.json", "$dir/copy.json.gz");
like((loader({ input => $file }, '-'))[1], qr/ 1 loaded before/, 'known by its content: standard input');
ids_are(40, 'known by their content');

# a second download of a blob that has grown
my $second = "$dir/second";
system('mkdir', '-p', $second) == 0 && system('cp', '-r', "$dir/insights-logs-storagewrite", $second) == 0 or die;
(my $second_blob = $blobs) =~ s{^\Q$dir\E}{$second};
spew("$blobs/PT1H.json", uploads(1, 5));
load_ok('blob', '-q', "$dir/insights-logs-storagewrite");
spew("$second_blob/PT1H.json", uploads(1, 8));
system('gzip', "$second_blob/PT1H.json") == 0 or die;
load_ok('blob downloaded again, grown, compressed', '-q', $second);
is(sql('SELECT count(*), count(DISTINCT correlationid) FROM azhunt.storagebloblogs'), '8|8', '... brings its new lines');

# a blob that is not what it was
spew("$blobs/PT1H.json", uploads(101, 120));
my ($changed_status, undef, $changed_error) = loader('-q', $blobs);
is($changed_status, 1, 'blob with another beginning');
like($changed_error, qr/not what it starts with now/, '... is refused');
is(sql('SELECT count(*) FROM azhunt.storagebloblogs'), '8', '... and not loaded');

# a grown CSV keeps the columns of its first line
clear();
my $csv = "Type,Id,TimeGenerated [UTC]\n";
my @lines = map { qq(SigninLogs,$_,"1/31/2026, 1:00:00 AM"\n) } 1 .. 6;
spew("$dir/grown.csv", $csv . join('', @lines[0 .. 2]));
load_ok('CSV', '-q', "$dir/grown.csv");
spew("$dir/grown.csv", $csv . join('', @lines));
load_ok('CSV that has grown', '-q', "$dir/grown.csv");
ids_are(6, 'CSV that has grown');

# loaders at the same time
clear();
my @many = map { spew("$dir/many$_.json", signins(1 + 2000 * $_, 2000 + 2000 * $_)) } 0 .. 4;
my @children;
for (1 .. 3)
{
	my $pid = fork() // die;
	if ($pid == 0)
	{
		open(STDOUT, '>', '/dev/null');
		exec(loader_path(), '-q', '--jobs', '2', @many) or die;
	}
	push @children, $pid;
}
for my $pid (@children)
{
	waitpid($pid, 0);
	is($?, 0, 'loader at the same time as others');
}
ids_are(10000, 'loaders at the same time');

# interrupted at random moments by signals, and by the end of its connection
my $duration = do
{
	clear();
	my $start = time;
	load_ok('all in one run', '-q', '--jobs', '2', @many);
	time - $start;
};
for my $how (qw(KILL INT TERM server))
{
	my $interrupted = 0;
	my $partial_files = 0;
	clear();
	for (my $try = 1; $interrupted < 6 && $try <= 60; $try++)
	{
		my $pid = fork() // die;
		if ($pid == 0)
		{
			open(STDERR, '>', '/dev/null');
			open(STDOUT, '>', '/dev/null');
			# a shell has what runs in its background ignore interrupts
			$SIG{INT} = 'DEFAULT';
			exec(loader_path(), '-q', ($try % 2 ? ('--jobs', '2') : ()), @many) or die;
		}
		usleep(int(rand($duration) * 1e6));
		if ($how eq 'server')
		{
			sql(q(SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'azhunt-load'));
		}
		else
		{
			kill($how, $pid);
		}
		waitpid($pid, 0);
		if ($? != 0)
		{
			$interrupted++;
			$partial_files += sql(q(SELECT count(*) FROM (SELECT FROM azhunt.signinlogs GROUP BY (id::int - 1) / 2000 HAVING count(*) <> 2000) AS part));
			next;
		}
		# it was too late to interrupt this run; start over
		ids_are(10000, "$how: nothing lost, nothing doubled");
		clear();
	}
	load_ok("$how: run again", '-q', @many);
	ids_are(10000, "$how: nothing lost, nothing doubled in the end");
	is($partial_files, 0, "$how: no part of a file was there meanwhile");
	is($interrupted, 6, "$how: runs were interrupted");
}

# the reject file is not a way to load twice
clear();
spew("$dir/half.json", signins(1, 3) . "bad\n");
is((loader('-q', '--reject-file', "$dir/rejects", "$dir/half.json"))[0], 0, 'with a bad record') for 1 .. 2;
ids_are(3, 'loaded once');
is(scalar(() = slurp("$dir/rejects") =~ /\n/g), 1, 'rejected once');

# what a role needs, and no more
sql(<<'END');
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_azhunt_loader;
CREATE ROLE regress_azhunt_loader LOGIN;
GRANT USAGE ON SCHEMA azhunt TO regress_azhunt_loader;
GRANT INSERT ON azhunt.storagebloblogs, azhunt.storagefilelogs, azhunt.signinlogs,
    azhunt.aadnoninteractiveusersigninlogs, azhunt.azureactivity TO regress_azhunt_loader;
GRANT SELECT, INSERT ON azhunt.loaded_files TO regress_azhunt_loader;
END
clear();
load_ok('role with INSERT only', '-q', '--no-partitions', '-U', 'regress_azhunt_loader', $file);
ids_are(40, 'role with INSERT only');
spew("$dir/new_day.json", qq({"time":"2027-05-05T10:00:00Z","category":"SignInLogs","properties":{"id":"41"}}\n));
my ($role_status, undef, $role_error) = loader('-q', '-U', 'regress_azhunt_loader', "$dir/new_day.json");
is($role_status, 0, 'without the privilege to add partitions');
like($role_error, qr/warning: no daily partitions are added to azhunt\.signinlogs: permission denied/, '... that is said');
is(sql('SELECT count(*) FROM azhunt.signinlogs_default'), '1', '... and the rows are in the default partition');
sql('DROP OWNED BY regress_azhunt_loader; DROP ROLE regress_azhunt_loader');

# a file with a row that has no day of its own, among new days
clear();
spew("$dir/days.json", join('', map { qq({"time":"$_-01T10:00:00Z","category":"SignInLogs","properties":{"id":"1"}}\n) }
		  ('2028-01', '1901-01', '2028-02')));
load_ok('day without partition among others', '-q', "$dir/days.json");
is(sql('SELECT string_agg(tableoid::regclass::text, $$ $$ ORDER BY timegenerated) FROM azhunt.signinlogs'),
	'signinlogs_default signinlogs_p20280101 signinlogs_default', '... goes to the default partition');

# a second time of a record is not the row's
spew("$dir/times.json", qq({"time":"2028-03-01T10:00:00Z","category":"Administrative","eventTimestamp":"2028-04-01T10:00:00Z"}\n));
load_ok('record with two times', '-q', "$dir/times.json");
is(sql('SELECT tableoid::regclass FROM azhunt.azureactivity'), 'azureactivity_p20280301',
	'... has the partition of the first one');

done_testing();
