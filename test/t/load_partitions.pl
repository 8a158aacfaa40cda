# Daily partitions that azhunt-load adds: with the documented privileges and no
# more, in bounded time whoever uses the tables, and without losing a row.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use POSIX qw(mkfifo);
use Session;
use Test::More;

my $database = create_database();
my $role = 'regress_azhunt_loader';
my %log = (signinlogs => 'SigninLogs', azureactivity => 'AzureActivity');

# A record of a log table that is known by its number.
sub record
{
	my ($table, $time, $id) = @_;
	return qq({"TimeGenerated":"$time","CorrelationId":"$id","Type":"$log{$table}"}\n);
}

sub clear
{
	sql('TRUNCATE azhunt.signinlogs, azhunt.azureactivity, azhunt.loaded_files;'
		  . q(SELECT format('DROP TABLE %s', partition) FROM (VALUES ('azhunt.signinlogs'::regclass), ('azhunt.azureactivity')) AS t (t), azhunt.partition_bounds(t) \gexec));
}

# Which rows are where, as "partition:number".
sub places
{
	my ($table) = @_;
	return sql("SELECT string_agg(replace(tableoid::regclass::text, '${table}_', '') || ':' || correlationid, ' '"
		  . " ORDER BY correlationid COLLATE \"C\") FROM azhunt.$table");
}

# Sessions of azhunt-load in this database of which a condition is true.
sub sessions
{
	my ($condition) = @_;
	return sql("SELECT count(*) FROM pg_stat_activity WHERE datname = '$database' AND application_name = 'azhunt-load' AND $condition");
}

my $of_partitions = q(query ~ 'add_(log_)?partitions');

#
# the documented role
#

# Statements of the documents that are about roles, under names of the tests.
sub role_statements
{
	my ($text) = @_;
	# those of the objects that scaling/ makes are for the databases that have them
	my @statements = grep { /^\s*(?:CREATE ROLE|GRANT|REVOKE|ALTER ROLE)\b/ && !/\bazhunt_shards\b/ }
	  map { split /(?<=;)\n/, s/^--.*\n//mgr } $text =~ /^```sql\n(.*?)^```/msg;
	s/\b(?=azhunt_(?:loader|reader|hunter)\b|soc_analyst\b|logs_owner\b)/regress_/g foreach @statements;
	return @statements;
}

my ($section) = slurp("$root/doc/loading.md") =~ /^## Role and privileges\n(.*?)^## /ms;
my @grants = role_statements($section);
cmp_ok(scalar(@grants), '>=', 4, 'the document has the statements');
sql("SET client_min_messages = warning; DROP ROLE IF EXISTS $role;" . join('', @grants));
sql("INSERT INTO azhunt.signinlogs (timegenerated, correlationid) VALUES ('2026-02-01 12:00Z', '1')");
spew("$dir/days.json", record('signinlogs', '2026-02-01T10:00:00Z', 2) . record('azureactivity', '2026-02-02T10:00:00Z', 3)
	  . record('signinlogs', '2026-02-03T10:00:00Z', 4));
load_ok('loader with the documented privileges', '-q', '-U', $role, "$dir/days.json");
is(places('signinlogs'), 'p20260201:1 p20260201:2 p20260203:4', '... adds partitions, and moves rows that were there');
is(places('azureactivity'), 'p20260202:3', '... of each table');
is(sql(q(SELECT count(*) FROM pg_class WHERE relowner <> (SELECT relowner FROM pg_class WHERE oid = 'azhunt.signinlogs'::regclass) AND relname ~ '^(signinlogs|azureactivity)_')),
	'0', '... which belong to the owner of the tables');
is(sql("SELECT has_schema_privilege('$role', 'azhunt', 'CREATE')"), 'f', '... and cannot create anything in schema azhunt');

# overloads of what others call
for my $name ('check_log_tables(text)', 'prune(text)', 'add_partitions(unknown, date, date)')
{
	my $answer = `psql -XAtq -U $role -c "CREATE FUNCTION azhunt.$name RETURNS void LANGUAGE sql AS ''" 2>&1`;
	like($answer, qr/permission denied for schema azhunt/, "... not even $name");
}
for my $what ("add_partitions('azhunt.signinlogs', '2026-02-05', '2026-02-06')", 'create_log_tables()')
{
	like(`psql -XAtq -U $role -c "SELECT azhunt.$what" 2>&1`, qr/permission denied for function/, "... nor call $what");
}

# all other documented roles, but those that have the rights of one of them, or get
# theirs from a procedure
my $all = join('', map { slurp($_) } "$root/README.md", glob("$root/doc/*.md"));
my %statements = map { $_ => 1 } role_statements($all);
my @roles = map { /^\s*CREATE ROLE (\w+)(?![^;]*\bIN ROLE\b)/ ? $1 : () } sort keys %statements;
cmp_ok(scalar(@roles), '>=', 4, 'the documents have roles');
unlike($all . slurp("$root/grafana/role.sql"), qr/\bGRANT\b[^;]*\b(?:CREATE|ALL)\b[^;]*\bON SCHEMA azhunt\b/, 'and none of them is given CREATE on schema azhunt');
for my $other (@roles)
{
	my @grants = grep { /\bON\b.*\bTO $other\b/s } sort keys %statements;
	next if $other eq $role || !@grants;
	sql("SET client_min_messages = warning; DROP ROLE IF EXISTS $other; CREATE ROLE $other;" . join('', @grants));
	is(sql("SELECT has_schema_privilege('$other', 'azhunt', 'CREATE'), has_schema_privilege('$other', 'azhunt', 'USAGE')"),
		'f|t', "$other may use schema azhunt and create nothing there");
	sql("DROP OWNED BY $other; DROP ROLE $other");
}

# days that no log has go to the default partition, without a word
clear();
spew("$dir/odd.json", record('signinlogs', '2009-12-31T23:59:59Z', 1));
load_ok('a day before Azure', '-q', '-U', $role, "$dir/odd.json");
spew("$dir/odd.json", record('signinlogs', '2150-01-01T00:00:00Z', 2));
load_ok('a day to come', '-q', '-U', $role, "$dir/odd.json");
spew("$dir/odd.json", record('signinlogs', '2026-03-01T00:00:00Z', 3));
load_ok('a day after these', '-q', '-U', $role, "$dir/odd.json");
is(places('signinlogs'), 'default:1 default:2 p20260301:3', 'days that no log has are in the default partition');

#
# who is in the way
#
clear();
my $reader = Session->new(PGDATABASE => $database);
my $reader_pid = $reader->do('SELECT pg_backend_pid()');
$reader->do('BEGIN; SELECT count(*) FROM azhunt.signinlogs');
spew("$dir/blocked1.json", record('signinlogs', '2026-03-02T10:00:00Z', 1));
spew("$dir/blocked2.json", record('signinlogs', '2026-03-02T11:00:00Z', 2) . record('azureactivity', '2026-03-02T11:00:00Z', 9));
my $loading = start_loader('-q', '-U', $role, "$dir/blocked1.json", "$dir/blocked2.json");
ok(await(sub { sessions("wait_event_type = 'Lock' AND $of_partitions") }), 'a loader waits for a reader');
# a hunt that comes meanwhile queues for a moment only
is(sql("SET statement_timeout = '3s'; SELECT count(*) FROM azhunt.signinlogs"), '0', '... and other readers do not wait for it');
is((end_loader($loading))[0], 0, '... nor it for ever');
my @warnings = split(/\n/, slurp("$dir/stderr"));
is(scalar(@warnings), 2, '... a warning for each file') or diag(@warnings);
like($_, qr/no partition of azhunt\.signinlogs for 2026-03-02, rows go to the default partition: could not lock azhunt\.signinlogs_default within \d+ ms: Process $reader_pid of \w+ uses it in a transaction that began at /,
	'... says who is in the way') foreach @warnings;
like($warnings[1], qr/within 1 ms/, '... and it does not wait for the same reader twice');
is(places('signinlogs'), 'default:1 default:2', '... nothing is lost');
is(places('azureactivity'), 'p20260302:9', '... and other tables get their partitions');
$reader->do('COMMIT');
spew("$dir/free.json", record('signinlogs', '2026-03-02T12:00:00Z', 3));
load_ok('when the reader is gone', '-q', '-U', $role, "$dir/free.json");
is(places('signinlogs'), 'p20260302:1 p20260302:2 p20260302:3', '... rows move to the partition of their day');

# a loader that is killed while it waits leaves nothing behind
clear();
$reader->do('BEGIN; SELECT count(*) FROM azhunt.signinlogs');
$loading = start_loader('-q', '-U', $role, "$dir/free.json");
ok(await(sub { sessions("wait_event_type = 'Lock' AND $of_partitions") }), 'a loader waits again');
kill('KILL', $loading);
is((end_loader($loading))[0], 128 + 9, '... and is killed');
ok(await(sub { sessions('true') == 0 }), '... its sessions end though the reader stays');
is(sql('SELECT count(*) FROM azhunt.signinlogs'), '0', '... and nobody waits for them');
$reader->do('COMMIT');
load_ok('... and it can be run again', '-q', '-U', $role, "$dir/free.json");
is(places('signinlogs'), 'p20260302:3', '... with its partition');

#
# two jobs, each with rows in one default partition, each with a new day for
# the other table; .NET's DateTime.MinValue is no rare value
#
{
	clear();
	for ([1, 'azureactivity', 'signinlogs', '2026-07-01'], [2, 'signinlogs', 'azureactivity', '2026-08-01'])
	{
		my ($number, $first, $second, $day) = @$_;
		spew("$dir/job$number.json", record($first, '0001-01-01T00:00:00Z', "$number")
			  . record($first, "${day}T00:00:00Z", "$number") x 30000 . record($second, "${day}T00:00:00Z", "$number"));
	}
	$loading = start_loader('-q', '-U', $role, '--jobs', '2', "$dir/job1.json", "$dir/job2.json");
	is((end_loader($loading))[0], 0, "two jobs that are in each other's way end");
	is(sql('SELECT (SELECT count(*) FROM azhunt.signinlogs), (SELECT count(*) FROM azhunt.azureactivity)'),
		'30002|30002', '... with all rows');
}

# the same, made sure of: the other job is a session that holds its lock
clear();
$reader->do("BEGIN; INSERT INTO azhunt.azureactivity (timegenerated) VALUES ('0001-01-01 00:00Z')");
spew("$dir/hold.json", record('signinlogs', '0001-01-01T00:00:00Z', 1) . record('azureactivity', '2026-07-01T00:00:00Z', 2));
$loading = start_loader('-q', '-U', $role, "$dir/hold.json");
is((end_loader($loading))[0], 0, 'a job that is in the way of others waits for nobody');
like(slurp("$dir/stderr"), qr/azureactivity for 2026-07-01, rows go to the default partition: could not lock azhunt\.azureactivity_default within 1 ms: Process/, '... and says so');
is(places('azureactivity'), 'default:2', '... its rows are in the default partition');
$reader->do('ROLLBACK');

#
# partitions that others add during a COPY
#
clear();
sql(<<'END');
SELECT count(*) FROM azhunt.add_partitions('azhunt.signinlogs', '2026-04-01', '2026-04-02');
CREATE FUNCTION public.wait_for_test() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN new; END';
CREATE TRIGGER wait_for_test BEFORE INSERT ON azhunt.signinlogs_p20260401
    FOR EACH ROW WHEN (new.correlationid = '1') EXECUTE FUNCTION public.wait_for_test();
END
my $before = record('signinlogs', '2026-04-01T10:00:00Z', 1);
my $moved = record('signinlogs', '2026-04-02T10:00:00Z', 2);

# Load a file whose first row waits until its second one has a partition.
sub load_during_addition
{
	my (@arguments) = @_;
	sql('SET client_min_messages = warning; TRUNCATE azhunt.signinlogs, azhunt.loaded_files; DROP TABLE IF EXISTS azhunt.signinlogs_p20260402');
	$reader->do('SELECT pg_advisory_lock(4711)');
	my $loading = start_loader('-q', '--no-partitions', @arguments);
	ok(await(sub { sessions(q(wait_event = 'advisory')) }), 'a COPY is under way');
	sql(q(SELECT count(*) FROM azhunt.add_partitions('azhunt.signinlogs', '2026-04-02', '2026-04-03')));
	$reader->do('SELECT pg_advisory_unlock(4711)');
	return (end_loader($loading))[0];
}
spew("$dir/race.json", $before . $moved . record('signinlogs', '2026-04-02T11:00:00Z', 3));
for my $rejecting (0, 1)
{
	my $name = $rejecting ? 'with --reject-file' : 'without --reject-file';
	is(load_during_addition(($rejecting ? ('--reject-file', "$dir/rejects.json") : ()), "$dir/race.json"), 0,
		"a partition that is added meanwhile is no error $name") or diag(slurp("$dir/stderr"));
	is(slurp("$dir/stderr"), '', '... nothing is said');
	is(places('signinlogs'), 'p20260401:1 p20260402:2 p20260402:3', '... each row is there, once');
	ok(!-e "$dir/rejects.json", '... none is rejected');
	is(sql('SELECT rows, rejected FROM azhunt.loaded_files'), '3|0', '... and the ledger has their number');
}
# what can be read only once is refused, as a whole
mkfifo("$dir/pipe", 0600) or die $!;
my $writer = fork() // die $!;
if ($writer == 0)
{
	open(my $pipe, '>', "$dir/pipe") or POSIX::_exit(1);
	print $pipe slurp("$dir/race.json");
	close($pipe);
	POSIX::_exit(0);
}
is(load_during_addition("$dir/pipe"), 1, 'from a pipe it is an error');
waitpid($writer, 0);
like(slurp("$dir/stderr"), qr/violates partition constraint/, '... that is said');
is(places('signinlogs'), '', '... and nothing of it is loaded');

# a check is the record's fault
clear();
sql(q(CREATE SEQUENCE public.violations;
	ALTER TABLE azhunt.signinlogs ADD CONSTRAINT not_two CHECK (correlationid <> '2' OR nextval('public.violations') < 0)));
is((loader('-q', '--reject-file', "$dir/rejects.json", "$dir/race.json"))[0], 0, 'a constraint that a record violates');
is(places('signinlogs'), 'p20260401:1 p20260402:3', '... takes the others');
like(slurp("$dir/rejects.json"), qr/\A\{[^\n]*"line":2,[^\n]*not_two[^\n]*\n\z/, '... and rejects that record, once');
is(sql('SELECT last_value FROM public.violations'), '2', '... which is sent once more, alone');
sql('ALTER TABLE azhunt.signinlogs DROP CONSTRAINT not_two');
clear();
unlink("$dir/rejects.json");
sql(<<'END');
ALTER TABLE azhunt.signinlogs DETACH PARTITION azhunt.signinlogs_default;
SELECT count(*) FROM azhunt.add_partitions('azhunt.signinlogs', '2026-04-01', '2026-04-02');
END
# but that there is no partition at all is not
for my $options ([], [ '--reject-file', "$dir/rejects.json" ])
{
	is((loader('-q', '--no-partitions', @$options, "$dir/race.json"))[0], 1, 'a day without any partition is an error');
	like(slurp("$dir/stderr"), qr/race\.json: no partition of relation/, '... that is said');
	is(places('signinlogs'), '', '... and nothing is loaded');
	ok(!-e "$dir/rejects.json", '... or rejected');
}
sql('ALTER TABLE azhunt.signinlogs ATTACH PARTITION azhunt.signinlogs_default DEFAULT');

#
# connections that end
#
my %end = (
	'the end of the connection for partitions' => sub {
		sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$database' AND application_name = 'azhunt-load' AND $of_partitions");
		await(sub { sessions($of_partitions) == 0 });
	},
	'idle_session_timeout' => sub {
		# longer than that it was idle, or it is gone
		await(sub { sessions("$of_partitions AND clock_timestamp() - state_change < '300 ms'") == 0 });
	},
);
sql("ALTER DATABASE $database SET idle_session_timeout = '100ms'");
for my $name (sort keys %end)
{
	clear();
	my $loading = start_loader('-q', '-U', $role, "$dir/pipe");
	open(my $pipe, '>', "$dir/pipe") or die $!;
	$pipe->autoflush(1);
	# more than what is read at once, so that the first record is taken
	print $pipe record('signinlogs', '2026-05-01T10:00:00Z', 1) . ' ' x 1_000_000 . "\n";
	ok(await(sub { sessions("state = 'idle' AND $of_partitions") }), "$name: a first partition was added");
	$end{$name}->();
	print $pipe record('signinlogs', '2026-05-02T10:00:00Z', 2);
	close($pipe);
	is((end_loader($loading))[0], 0, "... the file is loaded") or diag(slurp("$dir/stderr"));
	is(slurp("$dir/stderr"), '', '... nothing is said');
	is(places('signinlogs'), 'p20260501:1 p20260502:2', '... and the second day has a partition, too');
}
sql("ALTER DATABASE $database RESET idle_session_timeout");

# where there is no connection to be had, that is said; the next file tries again
clear();
sql("ALTER ROLE $role CONNECTION LIMIT 1");
spew("$dir/limit1.json", record('signinlogs', '2026-05-03T10:00:00Z', 1));
spew("$dir/limit2.json", record('signinlogs', '2026-05-03T11:00:00Z', 2));
my ($status, undef, $err) = loader('-q', '-U', $role, "$dir/limit1.json", "$dir/limit2.json");
is($status, 0, 'without a connection for partitions files are loaded');
is(scalar(() = $err =~ /too many connections/g), 2, '... the reason is said for each');
is(scalar(() = $err =~ /warning: no partition of azhunt\.signinlogs for 2026-05-03, rows go to the default partition: no connection for partitions/g), 2,
	'... and what comes of it');
is(places('signinlogs'), 'default:1 default:2', '... and nothing is lost');
sql("ALTER ROLE $role CONNECTION LIMIT -1");

#
# a file with more new days than the loader adds, which is 400
#
sql('CREATE TABLE azhunt.days (timegenerated timestamptz NOT NULL, correlationid text) PARTITION BY RANGE (timegenerated);'
	  . 'CREATE TABLE azhunt.days_default PARTITION OF azhunt.days DEFAULT');
my @days = split(/\n/, sql(q(SELECT to_char(d, 'YYYY-MM-DD') FROM generate_series('2020-01-01'::date, '2021-02-05', '1 day') AS d)));
is(scalar(@days), 402, 'a file of 402 days');
load_ok('... is loaded', '-q', '--table', 'days', spew("$dir/many.json",
	join('', map { qq({"TimeGenerated":"$days[$_]T12:00:00Z","CorrelationId":"$_"}\n) } 0 .. 401)));
is(sql('SELECT count(*) FROM azhunt.partition_bounds($$azhunt.days$$)'), '400', '... and adds 400 partitions');
is(sql('SELECT string_agg(correlationid, $$ $$ ORDER BY timegenerated) FROM azhunt.days_default'), '400 401',
	'... for all days but the last two');

$reader->close;
sql("DROP OWNED BY $role; DROP ROLE $role");
done_testing();
