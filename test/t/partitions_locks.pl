# Whoever changes log tables waits for those who use them, but not for ever, and
# does not keep others from using them meanwhile.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Session;
use Utils;
use Test::More;
use Time::HiRes qw(time);

my $database = create_database('azhunt_partitions_locks');
my %environment = (PGDATABASE => $database);
my ($owner, $other, $observer) = map { Session->new(%environment) } 1 .. 3;
$observer->do('CREATE EXTENSION azhunt');
$observer->do('SELECT count(*) FROM azhunt.create_log_tables()');
$owner->do('SET client_min_messages = warning');
my $owner_pid = $owner->do('SELECT pg_backend_pid()');
my $other_pid = $other->do('SELECT pg_backend_pid()');
my $add = q(SELECT azhunt.add_partitions('azhunt.signinlogs', '2026-03-01', '2026-03-02'));

sub waits
{
	return await(sub {
		$observer->do("SELECT count(*) FROM pg_stat_activity WHERE pid = $owner_pid AND wait_event_type = 'Lock'");
	});
}

# What others hold, and what is tried meanwhile: it holds nobody up, though it would
# wait for long; and if it must not, it ends, says who is in the way, and has nothing.
sub is_bounded
{
	my ($name, $held, $tried, $relation, $usage) = @_;

	$other->do("BEGIN; $held");
	$owner->send("SET lock_timeout = '10min'; $tried");
	ok(waits(), "$name waits for others");
	like($observer->query("SET statement_timeout = '1min'; $usage; RESET statement_timeout"), qr/^(?!.*ERROR)/s,
		'... and keeps nobody from using the table');
	$observer->do("SELECT pg_cancel_backend($owner_pid)");
	like($owner->answer, qr/^ERROR:  canceling statement due to user request$/m, '... for as long as it may');

	my $start = time();
	my $answer = $owner->query("SET lock_timeout = '300ms'; $tried");
	my $seconds = time() - $start;
	like($answer, qr/^ERROR:  could not lock azhunt\.$relation within 300 ms$/m, '... gives up');
	like($answer, qr/^DETAIL:  Process $other_pid of \w+ uses it in a transaction that began at 2\d\d\d-/m, '... says who is in the way');
	cmp_ok($seconds, '>', 0.25, '... not before lock_timeout');
	cmp_ok($seconds, '<', 60, '... and soon after it');
	is($owner->do('SHOW lock_timeout'), '300ms', '... which stays as it was');
	is($observer->do("SELECT count(*) FROM pg_locks WHERE pid = $owner_pid AND locktype = 'relation' AND relation <> 'pg_locks'::regclass"), '0',
		'... and holds no lock');
	$other->do('ROLLBACK');
}

my $read = 'SELECT count(*) FROM azhunt.signinlogs';
my $write = q(INSERT INTO azhunt.signinlogs (timegenerated) VALUES ('2026-01-01 00:00Z'));
is_bounded('add_partitions()', $read, $add, 'signinlogs_default', "$read; BEGIN; $write; ROLLBACK");
is_bounded('add_partitions() beside a reader of the table alone', 'LOCK TABLE ONLY azhunt.signinlogs IN SHARE UPDATE EXCLUSIVE MODE',
	$add, 'signinlogs', $read);
is($owner->do($add), 'azhunt.signinlogs_p20260301', 'when they are gone, it adds partitions');

# what is there already costs no lock
$other->do("BEGIN; $read");
is($owner->do($add), '', 'what is there already needs no lock');
$other->do('ROLLBACK');

# a lock that is released in time
$other->do("BEGIN; $read");
$owner->send(q(SET lock_timeout = '30s'; SELECT azhunt.add_partitions('azhunt.signinlogs', '2026-03-02', '2026-03-03')));
ok(waits(), 'it waits for a reader');
$other->do('ROLLBACK');
is($owner->answer, 'azhunt.signinlogs_p20260302', '... and goes on when that has ended');

# in a transaction of the caller's
like($owner->do(q(BEGIN; SELECT azhunt.add_partitions('azhunt.signinlogs', '2026-02-01', '2026-02-02'); SHOW lock_timeout; ROLLBACK)),
	qr/^azhunt\.signinlogs_p20260201\n30s$/, 'lock_timeout stays as it was when the locks were had');

# without lock_timeout there is one of five seconds
$other->do("BEGIN; $read");
my $start = time();
like($owner->query(q(SET lock_timeout = 0; SELECT azhunt.add_partitions('azhunt.signinlogs', '2026-03-03', '2026-03-04'))),
	qr/could not lock azhunt\.signinlogs_default within 5000 ms/, 'without lock_timeout it waits for five seconds');
cmp_ok(time() - $start, '<', 60, '... and no longer');
is($owner->do('SHOW lock_timeout'), '0', '... and lock_timeout stays as it was');
$other->do('ROLLBACK');

# who has no session any more
$other->do("BEGIN; $read; PREPARE TRANSACTION 'left behind'");
like($owner->query(q(SET lock_timeout = '200ms'; SELECT azhunt.add_partitions('azhunt.signinlogs', '2026-03-03', '2026-03-04'))),
	qr/^DETAIL:  Prepared transaction 'left behind' of \w+ uses it since /m, 'a prepared transaction is named');
$other->do("ROLLBACK PREPARED 'left behind'");

# a transaction that has rows in the default partition, as two of them may
$owner->do("SET lock_timeout = '300ms'; BEGIN; $write");
$other->do("SET lock_timeout = '300ms'; BEGIN; $write");
$_->send(q(SELECT azhunt.add_partitions('azhunt.signinlogs', '2026-03-03', '2026-03-04'))) foreach $owner, $other;
my @answers = map { $_->answer } $owner, $other;
cmp_ok(scalar(grep { /could not lock azhunt\.signinlogs_default/ } @answers), '>', 0, 'of two that wait for each other one gives up');
is(scalar(grep { /deadlock/ } @answers), 0, '... as others would');
$_->do('ROLLBACK; RESET lock_timeout') foreach $owner, $other;

# a partition that is locked does not keep its bounds from being read
$other->do('BEGIN; LOCK TABLE azhunt.signinlogs_p20260301 IN ACCESS EXCLUSIVE MODE');
is($observer->do(q(SET statement_timeout = '1min'; SELECT count(*) FROM azhunt.partition_bounds('azhunt.signinlogs'))), '2',
	'bounds are read without a lock on the partition');
$other->do('ROLLBACK');

# retention
$owner->do(q(SELECT count(*) FROM azhunt.add_partitions('azhunt.azureactivity', '2020-01-01', '2020-01-02')));
$owner->do(q(SELECT count(*) FROM azhunt.add_partitions('azhunt.signinlogs', '2020-01-01', '2020-01-02')));
my $prune = q(SELECT * FROM azhunt.prune('1 day', '1000 days'));
is_bounded('prune()', $read, $prune, 'signinlogs', $read);
is_bounded('prune() of two tables', 'SELECT count(*) FROM azhunt.azureactivity', $prune, 'azureactivity', $read);
is($observer->do(q(SELECT count(*) FROM azhunt.partition_bounds('azhunt.azureactivity'))), '1', 'it drops all or nothing');
like($owner->do($prune), qr/^azhunt\.azureactivity_p20200101\|\nazhunt\.signinlogs_p20200101\|$/m, 'when they are gone, it drops partitions');

# columns, defaults and indexes
my $create = 'SELECT count(*) FROM azhunt.create_log_tables()';
$other->do("BEGIN; $read");
is($owner->do("SET lock_timeout = '200ms'; $create; RESET lock_timeout"), '0', 'where nothing is missing, create_log_tables() waits for nobody');
$other->do('ROLLBACK');
my %missing = (
	'column' => [ 'ALTER TABLE azhunt.signinlogs DROP COLUMN additionalfields', $read, $read ],
	'default' => [ 'ALTER TABLE azhunt.signinlogs ALTER COLUMN ingestxid DROP DEFAULT', $read, $read ],
	'index' => [ 'DROP INDEX azhunt.signinlogs_ingestxid_idx', $write, $write ],
	'comment' => [ 'COMMENT ON COLUMN azhunt.signinlogs.usertype IS NULL', 'LOCK TABLE ONLY azhunt.signinlogs IN SHARE UPDATE EXCLUSIVE MODE',
		"$read; BEGIN; $write; ROLLBACK" ],
);
foreach my $what (sort keys %missing)
{
	my ($drop, $held, $usage) = @{ $missing{$what} };
	$observer->do($drop);
	is_bounded("create_log_tables() with a missing $what", $held, $create, '\w+', $usage);
	is($owner->do($create), '0', '... when they are gone, it is added');
}
is($observer->do(q(SELECT count(*) FROM azhunt.missing_columns('azhunt.signinlogs', 'signinlogs'))), '0', 'nothing is missing in the end');
is($observer->do(q(SELECT count(*) FROM azhunt.missing_comments())), '0', '... nor a comment');

# a comment is added while others read and write, also beside an index
$observer->do('COMMENT ON COLUMN azhunt.signinlogs.usertype IS NULL');
$other->do("BEGIN; $write; $read");
is($owner->do("SET lock_timeout = '500ms'; $create; RESET lock_timeout"), '0', 'a comment waits neither for readers nor for writers');
$other->do('ROLLBACK');
$observer->do('COMMENT ON COLUMN azhunt.signinlogs.usertype IS NULL; DROP INDEX azhunt.signinlogs_ingestxid_idx');
is($owner->do("BEGIN; $create"), '0', 'a comment and an index are added');
is($observer->do("SELECT string_agg(mode, ' ' ORDER BY mode) FROM pg_locks WHERE pid = $owner_pid AND relation = 'azhunt.signinlogs'::regclass AND mode NOT IN ('AccessShareLock', 'RowShareLock')"),
	'ShareLock ShareUpdateExclusiveLock', '... with no more locks than each of them needs');
$owner->do('COMMIT');

$_->close foreach $owner, $other, $observer;
done_testing();
