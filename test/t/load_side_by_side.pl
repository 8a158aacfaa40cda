# While a file is loaded, others replace it, load it, hold locks and write to the
# ledger: each record is loaded once, and nobody is waited for without bounds.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Digest::SHA qw(sha256_hex);
use Session;
use Test::More;
use Time::HiRes qw(time);

my $database = create_database();
my $tree = "$dir/insights-logs-signinlogs/tenantId=t/y=2026/m=01/d=31/h=10/m=00";
system('mkdir', '-p', $tree) == 0 or die;
my $blob = "$tree/PT1H.json";
my $name = 'insights-logs-signinlogs/tenantId=t/y=2026/m=01/d=31/h=10/m=00/PT1H.json';
my $lock = "hashtextextended('azhunt.loaded_files $name', 0)";

sub signins
{
	return join('', map { qq({"time":"2026-01-31T10:00:00Z","category":"SignInLogs","properties":{"id":"$_"}}\n) } @_);
}

sub ids { return sql('SELECT coalesce(string_agg(id, $$ $$ ORDER BY id), $$$$) FROM azhunt.signinlogs'); }
sub clear { sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files'); }

sub wait_until
{
	my ($condition) = @_;

	await(sub { sql("SELECT $condition") eq 't' }) or die "waited in vain: $condition";
}

# a ledger that stops who asks it for digests until lock 42 is free
sql(<<'SQL');
CREATE FUNCTION public.stop() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF pg_catalog.current_query() LIKE '%unnest%' THEN
        PERFORM pg_catalog.pg_advisory_xact_lock_shared(42);
    END IF;
    RETURN true;
END
$$;
ALTER TABLE azhunt.loaded_files RENAME TO ledger;
CREATE VIEW azhunt.loaded_files AS SELECT l.* FROM azhunt.ledger AS l WHERE public.stop();
ALTER VIEW azhunt.loaded_files ALTER COLUMN loaded_at SET DEFAULT now();
SQL
my $stop = Session->new;

# Load ids a to c, let the file grow, and have the program stop when it has read
# what was loaded before; then do something, and let it go on.
sub meanwhile
{
	my ($do, @first) = @_;
	@first = 'a' .. 'c' if !@first;
	sql('TRUNCATE azhunt.signinlogs, azhunt.ledger');
	spew($blob, signins(@first));
	load_ok('the beginning', '-q', $blob);
	spew($blob, signins(@first, 'd', 'e'));
	# long ago, as far as times tell
	utime(1e9, 1e9, $blob) or die;
	$stop->do('SELECT pg_advisory_lock(42)');
	my $pid = start_loader('-q', $blob);
	wait_until("EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'azhunt-load' AND wait_event = 'advisory')");
	$do->();
	$stop->do('SELECT pg_advisory_unlock(42)');
	return end_loader($pid);
}

my ($status, undef, $err) = meanwhile(sub { });
is($status, 0, 'nothing happens: exit status') or diag($err);
is(ids(), 'a b c d e', '... the rest is loaded');

# another file under its name, which is as long, longer or shorter
for my $other (['v' .. 'z'], ['r' .. 'z'], ['z'], ['a' .. 'c', 'y', 'z'])
{
	my $content = signins(@$other);
	($status, undef, $err) = meanwhile(sub { spew($blob, $content) });
	is($status, 1, "overwritten by @$other: exit status");
	like($err, qr/file changed while it was read/, '... message');
	is(ids(), 'a b c', '... nothing of it is loaded');
	($status, undef, $err) = meanwhile(sub { spew("$blob.new", $content); rename("$blob.new", $blob) or die });
	is($status, 0, "replaced by @$other: exit status") or diag($err);
	is(ids(), 'a b c d e', '... the file that was opened is loaded');
	($status, undef, $err) = loader('-q', $blob);
	is($status, $other->[0] eq 'a' ? 0 : 1, '... and the other one is not taken for it');
	is(ids(), $other->[0] eq 'a' ? 'a b c d e y z' : 'a b c d e', '... of which what is new counts if it begins alike');
}

# what is skipped is other than what was looked at, though times don't tell
my @many = map { "a$_" } 1 .. 3000;
($status, undef, $err) = meanwhile(sub {
		spew($blob, signins(@many[0 .. 2998], 'a-new', 'd', 'e'));
		utime(1e9, 1e9, $blob) or die;
	}, @many);
is($status, 1, 'what is skipped is overwritten: exit status');
like($err, qr/file changed while it was read: it does not begin any more with what was loaded earlier/, '... message');
is(sql('SELECT count(*) FROM azhunt.signinlogs'), '3000', '... nothing of it is loaded');

# the file shrinks to what was loaded, and grows again
($status) = meanwhile(sub { spew($blob, signins('a' .. 'c')) });
is($status, 1, 'shortened to what was loaded: exit status');
is(ids(), 'a b c', '... nothing comes twice');
is((loader('-q', spew($blob, signins('a' .. 'e'))))[0], 0, '... grown again');
is(ids(), 'a b c d e', '... each record once');

# another loader, which does not wait, has loaded a part of it
my $part = signins('a' .. 'd');
($status, undef, $err) = meanwhile(sub {
		sql(sprintf(q(INSERT INTO azhunt.signinlogs (timegenerated, id) VALUES ('2026-01-31 10:00:00+00', 'd');
			INSERT INTO azhunt.ledger (name, part, size, "offset", digest, rows, rejected)
			SELECT '%s', 2, %d, size, '\x%s', 1, 0 FROM azhunt.ledger), $name, length($part), sha256_hex($part)));
	});
is($status, 0, 'another loads a part: exit status') or diag($err);
is(ids(), 'a b c d e', '... each record once');
is(sql('SELECT string_agg(part || $$:$$ || rows, $$ $$ ORDER BY part) FROM azhunt.ledger'), '1:3 2:1 3:1', '... in the ledger, too');
my $all = signins('a' .. 'e');
($status, undef, $err) = meanwhile(sub {
		sql(sprintf(q(INSERT INTO azhunt.signinlogs (timegenerated, id) SELECT '2026-01-31 10:00:00+00', i FROM unnest(ARRAY['d', 'e']) AS i;
			INSERT INTO azhunt.ledger (name, part, size, "offset", digest, rows, rejected)
			SELECT '%s', 2, %d, size, '\x%s', 2, 0 FROM azhunt.ledger), $name, length($all), sha256_hex($all)));
	});
is($status, 0, 'another loads all of it: exit status') or diag($err);
is(ids(), 'a b c d e', '... each record once');
sql('DROP VIEW azhunt.loaded_files; ALTER TABLE azhunt.ledger RENAME TO loaded_files');

# a symbolic link that leads elsewhere: each file has its own name
clear();
mkdir("$dir/$_") for qw(one two);
spew("$dir/one/x.json", signins('a'));
spew("$dir/two/x.json", signins('b'));
for my $to (qw(one two one))
{
	unlink("$dir/link");
	symlink("$dir/$to/x.json", "$dir/link") or die;
	load_ok("link to $to", '-q', "$dir/link");
}
is(sql('SELECT count(*), count(DISTINCT name), bool_and(name ~ $$/(one|two)/x.json$$) FROM azhunt.loaded_files'), '2|2|t', 'names without links');

# locks in the hands of who may not write to the ledger don't matter
sql('SET client_min_messages = warning; DROP ROLE IF EXISTS regress_azhunt_stranger; CREATE ROLE regress_azhunt_stranger LOGIN');
my $stranger = Session->new(PGUSER => 'regress_azhunt_stranger');
$stranger->do("SELECT pg_advisory_lock($lock)");
clear();
spew($blob, signins('a' .. 'c'));
my $begun = time;
($status, undef, $err) = end_loader(start_loader('-q', '--wait', '30', $blob));
is($status, 0, 'a stranger holds the lock: exit status') or diag($err);
cmp_ok(time - $begun, '<', 20, '... and is not waited for');
is(ids(), 'a b c', '... the file is loaded');
$stranger->close;
sql('DROP ROLE regress_azhunt_stranger');

# another loader is waited for, not for ever
my $holder = Session->new;
$holder->do("SET application_name = 'some loader'; SELECT pg_advisory_lock($lock)");
spew($blob, signins('a' .. 'e'));
($status, undef, $err) = end_loader(start_loader('-q', '--wait', '1', $blob));
is($status, 1, 'another loader is not done: exit status');
like($err, qr/^\Q$blob\E: is being loaded by process \d+ of role "[^"]+" \(some loader\); waited 1 seconds/, '... message');
my $pid = start_loader('-q', $blob);
wait_until("EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'azhunt-load' AND query ~ 'pg_locks')");
$holder->do("SELECT pg_advisory_unlock($lock)");
($status, undef, $err) = end_loader($pid);
is($status, 0, 'another loader is done: exit status') or diag($err);
is(ids(), 'a b c d e', '... the file is loaded');

# who keeps an entry of the ledger to itself is not waited for for ever
clear();
$holder->do(qq(BEGIN; INSERT INTO azhunt.loaded_files (name, part, size, "offset", digest, rows, rejected)
	VALUES ('$name', 1, 1, 0, sha256('x'), 0, 0)));
($status, undef, $err) = end_loader(start_loader('-q', '--wait', '1', $blob));
is($status, 1, 'an entry that is not committed: exit status');
like($err, qr/could not be entered into azhunt.loaded_files: waited 1 seconds for process \d+ of role "[^"]+" \(some loader\)/, '... message');
unlike($err, qr/no transaction/, '... and nothing else');
is(ids(), '', '... nothing is loaded');
$holder->do('ROLLBACK');
load_ok('the entry is gone', '-q', $blob);
is(ids(), 'a b c d e', '... the file is loaded');
$holder->close;

# several loaders of a growing file at once
clear();
my @ids = map { sprintf('%03d', $_) } 1 .. 400;
spew($blob, '');
for my $round (1 .. 8)
{
	open(my $growing, '>>', $blob) or die;
	print $growing signins(@ids[($round - 1) * 50 .. $round * 50 - 1]);
	close($growing);
	my @loaders = map { start_loader('-q', $blob) } 1 .. 2;
	open($growing, '>>', $blob) or die;
	close($growing);
	my @status = map { waitpid($_, 0); $? } @loaders;
	is("@status", '0 0', "round $round");
}
is(sql('SELECT count(*), count(DISTINCT id) FROM azhunt.signinlogs'), '400|400', 'two loaders of a growing file: each record once');

# the ledger's size does not matter, nor how many files are of one size
clear();
mkdir("$dir/many$_") for 1, 2;
for my $i (1 .. 100)
{
	spew(sprintf('%s/many1/%03d.json', $dir, $i), signins(sprintf('a%03d', $i)));
	spew(sprintf('%s/many2/%03d.json', $dir, $i), signins(sprintf('b%03d', $i)));
}
my $size = length(signins('a001'));
$begun = time;
load_ok('100 files and an empty ledger', '-q', "$dir/many1");
my $before = time - $begun;
sql(qq(INSERT INTO azhunt.loaded_files (name, part, size, "offset", digest, rows, rejected)
	SELECT 'x' || n, 1, $size, 0, sha256(n::text::bytea), 1, 0 FROM generate_series(1, 50000) AS n));
$begun = time;
load_ok('100 files and 50,000 others of their size', '-q', "$dir/many2");
cmp_ok(time - $begun, '<', 1 + 4 * $before, sprintf('... take about as long (%.2f s and %.2f s)', $before, time - $begun));

# what policies hide is not known
sql(<<'SQL');
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_azhunt_blind;
CREATE ROLE regress_azhunt_blind LOGIN;
GRANT USAGE ON SCHEMA azhunt TO regress_azhunt_blind;
GRANT INSERT ON azhunt.signinlogs TO regress_azhunt_blind;
GRANT SELECT, INSERT ON azhunt.loaded_files TO regress_azhunt_blind;
ALTER TABLE azhunt.loaded_files ENABLE ROW LEVEL SECURITY;
CREATE POLICY new ON azhunt.loaded_files FOR INSERT TO regress_azhunt_blind WITH CHECK (true);
SQL
($status, undef, $err) = loader('-q', '--no-partitions', '-U', 'regress_azhunt_blind', $blob);
is($status, 1, 'a ledger with policies: exit status');
like($err, qr/row-level security hides rows of azhunt.loaded_files/, '... message');
sql('DROP OWNED BY regress_azhunt_blind; DROP ROLE regress_azhunt_blind');

$stop->close;
done_testing();
