# A file that ends within a record: nothing is lost, spoiled or loaded twice, at
# whatever byte it ends.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Session;
use Test::More;

# hundreds of times, so that a psql for each would take longer than the loader
my $session = Session->new(PGDATABASE => create_database());
my $rejects = "$dir/rejects";
my $blob = "$dir/insights-logs-signinlogs/tenantId=t/y=2026/m=01/d=31/h=10/m=00";
system('mkdir', '-p', $blob) == 0 or die;

sub clear
{
	$session->do('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
	unlink($rejects);
}

sub ids { return $session->do('SELECT coalesce(string_agg(id, $$ $$ ORDER BY id), $$$$) FROM azhunt.signinlogs'); }

my $line = '{"time":"2026-01-31T10:00:00Z","category":"SignInLogs","properties":{"id":"%s","x":{"a":["\\"}",1]}}}';
my $json = join('', map { sprintf("$line\n", $_) } qw(a b c));
my $csv = join("\r\n", 'TimeGenerated [UTC],Type,Id,Location', map { qq("1/31/2026, 1:00:00 AM",SigninLogs,$_,"x ""y"",\n$_") } qw(a b c)) . "\r\n";

# a file cut at each byte, then whole
for my $shape (['JSON lines', "$blob/PT1H.json", $json], ['CSV', "$dir/portal.csv", $csv])
{
	my ($name, $path, $content) = @$shape;
	for my $reject ([], ['--reject-file', $rejects])
	{
		my @wrong;
		my $mode = @$reject ? ' with --reject-file' : '';
		# the last record and the end of the one before; the header
		my $last = length($content) - length(($content =~ /(.*\n){1,2}\z/)[0]) - 2;
		for my $length (4, 30, 37, 38, grep { ($_ - $last) % 3 == 0 || $_ > length($content) - 8 } $last .. length($content) - 1)
		{
			clear();
			spew($path, substr($content, 0, $length));
			my ($part_status) = loader('-q', @$reject, $path);
			my $part = ids();
			spew($path, $content);
			my ($status, undef, $err) = loader('-q', @$reject, $path);
			my ($again) = loader('-q', @$reject, $path);
			my $ok = $status == 0 && $again == 0 && ids() eq 'a b c' && 'a b c' =~ /^\Q$part\E/ && !-e $rejects
			  && ($part_status == 1 || substr($content, $length) =~ /^\s*$/ || substr($content, $length - 1, 1) eq "\n");
			push @wrong, "$length: $part_status, $part; $status, " . ids() . " $err" if !$ok;
		}
		is_deeply(\@wrong, [], "$name cut at any byte$mode: nothing lost, spoiled, rejected or doubled");
	}
}

# what is said, and what the ledger has
clear();
my $file = spew("$blob/PT1H.json", substr($json, 0, -20));
my ($status, $out, $err) = loader('--reject-file', $rejects, $file);
is($status, 1, 'unfinished record: exit status');
is($err, "$file:3:1: the record that starts here has no end yet; it is left to a later run\n", '... message');
like($out, qr/^0 files loaded, 0 loaded before, 0 not loaded, 1 loaded but for an unfinished record, in/m, '... summary');
is(ids(), 'a b', '... the others are loaded');
is(sql('SELECT size FROM azhunt.loaded_files'), length(sprintf("$line\n$line\n", 'a', 'b')), '... the ledger ends before it');
($status, undef, $err) = loader('-q', $file);
is($status, 1, 'still unfinished: exit status');
like($err, qr/:3:1: the record that starts here has no end yet/, '... message');
is(sql('SELECT count(*) FROM azhunt.loaded_files'), '1', '... no further entry');

# half a line that is no record at all is not rejected in two pieces
clear();
spew("$dir/line.json", "$json" . 'not a rec');
is((loader('-q', '--reject-file', $rejects, "$dir/line.json"))[0], 1, 'half a bad line: exit status');
ok(!-e $rejects, '... it is not rejected');
spew("$dir/line.json", $json . "not a record\n");
is((loader('-q', '--reject-file', $rejects, "$dir/line.json"))[0], 0, 'the whole line: exit status');
like(slurp($rejects), qr/"record":"not a record"\}\n\z/, '... it is rejected');
is(ids(), 'a b c', '... and the others are loaded once');

# standard input and pipes cannot be read again
for my $case ([$json, 'JSON'], [$csv, 'CSV'])
{
	my ($content, $name) = @$case;
	clear();
	spew("$dir/input", substr($content, 0, -3));
	($status, undef, $err) = loader({ input => "$dir/input" }, '-q', '--reject-file', $rejects, '-');
	# from a file, standard input is as it is from a pipe
	is($status, 1, "$name on standard input: exit status");
	is(ids() . sql('SELECT count(*) FROM azhunt.loaded_files'), '0', '... nothing is loaded');
	ok(!-e $rejects, '... nor rejected');
}

# no unfinished array, envelope or answer is loaded in part
my $good = sprintf($line, 'a');
for my $content ("[$good,", "[$good, {\"time\"", "[$good", qq({"records":[$good,$good), qq({"records":[$good]),
	'{"tables":[{"columns":[{"name":"TimeGenerated"},{"name":"Type"}],"rows":[["2026-01-31T10:00:00Z","SigninLogs"],["2026-01')
{
	for my $reject ([], ['--reject-file', $rejects])
	{
		clear();
		my ($status, undef, $err) = loader('-q', @$reject, spew("$dir/array.json", $content));
		is("$status " . sql('SELECT count(*) FROM azhunt.signinlogs') . sql('SELECT count(*) FROM azhunt.loaded_files'),
			'1 00', "nothing of $content is loaded");
		ok(!-e $rejects, '... nor rejected');
	}
}

# space that was set aside and not written to
clear();
spew("$dir/zeros.json", "$good\n" x 8 . ("\0" x 1000));
($status, undef, $err) = loader('-q', '--reject-file', $rejects, "$dir/zeros.json");
is($status, 1, 'zero bytes at the end: exit status');
like($err, qr/zeros\.json:9:1: zero bytes instead of a record/, '... message');
is(ids(), '', '... and nothing is loaded');
ok(!-e $rejects, '... nor rejected');

# a quote where none may be does not take the next lines along
clear();
spew("$dir/quotes.csv", qq(TimeGenerated [UTC],Type,Id\n) . join('', map { qq("1/31/2026, 1:00:00 AM",SigninLogs,$_\n) } 'a', 'b"', 'c""', '"d"e', '"f""g"', 'h'));
is((loader('-q', '--reject-file', $rejects, "$dir/quotes.csv"))[0], 0, 'quotes where none may be');
is(ids(), 'a f"g h', '... only these records are bad');

done_testing();
