# A dump of a database with log tables restores into another one, in every
# format: rows of default and daily partitions, the transactions that brought
# them, indexes, and so the hunts' answers.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Logs;
use Test::More;

my $dir = tempdir('azhunt.XXXXXX', TMPDIR => 1, CLEANUP => 1);

# Run a command that must not fail, and must not complain.
sub succeeds
{
	my ($name, @command) = @_;
	my ($status, $output) = run(@command);

	is($status, 0, $name) or diag($output);
	is($output, '', "$name: no complaint");
}

my $source = create_database('azhunt_dump_source');
query($source, 'CREATE EXTENSION azhunt');
load_logs($source);
my $before = answers($source);

# There is something to lose.
cmp_ok(scalar(() = $before->{'rows of every partition'} =~ /^azhunt\.\w+_p202603\d\d\|/mg), '>', 600,
	'rows are in daily partitions');
cmp_ok(scalar(() = $before->{'rows of every partition'} =~ /^azhunt\.\w+_default\|/mg), '>', 600,
	'and in default partitions');
is(scalar(() = $before->{'transactions that brought them'} =~ /\n/g), 27, 'twenty-eight transactions brought them');
cmp_ok(scalar(() = $before->{'answer of the upload hunt'} =~ /AzureLoginTime/g), '>', 100, 'the upload hunt has an answer');
cmp_ok(scalar(() = $before->{'answer of the Cloud Shell hunt'} =~ /Microsoft\.Compute/g), '>', 10,
	'so has the Cloud Shell hunt');
like($before->{'indexes, valid and attached'}, qr/^signinlogs_p20260304_\w*strip_port\w*\|signinlogs_address_idx\|t\|/m,
	'partitions have their part of each index');

succeeds('pg_dump in custom format', 'pg_dump', '--format=custom', "--file=$dir/custom", $source);
succeeds('pg_dump in directory format', 'pg_dump', '--format=directory', '--jobs=2', "--file=$dir/directory", $source);
succeeds('pg_dump in SQL', 'pg_dump', '--format=plain', "--file=$dir/plain", $source);
is_deeply([ differences($before, answers($source)) ], [], 'dumps change nothing');

my %restore = (
	custom => [ 'pg_restore', '--exit-on-error', "$dir/custom" ],
	# several sessions at once restore in an order of their own
	directory => [ 'pg_restore', '--exit-on-error', '--jobs=2', "$dir/directory" ],
	plain => [ 'psql', '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--single-transaction', '--output=/dev/null',
		"--file=$dir/plain" ],
);
foreach my $format (sort keys %restore)
{
	my $target = create_database("azhunt_dump_$format");

	succeeds("restore of $format format", @{ $restore{$format} }, "--dbname=$target");
	my $after = answers($target);
	foreach my $question (sort keys %$before)
	{
		ok($before->{$question} eq $after->{$question}, "$format format: $question");
	}

	# What was restored goes on working.
	is(query($target, 'SELECT count(*) FROM azhunt.create_log_tables()'), 0, "$format format: no log table is missing");
	is_deeply([ differences($after, answers($target)) ], [], "$format format: nor is anything else");
	is(query($target, "SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '2026-03-01', '2026-03-06')"),
		"azhunt.signinlogs_p20260301\nazhunt.signinlogs_p20260305",
		"$format format: partitions can be added");
	is(query($target, 'INSERT INTO azhunt.signinlogs (timegenerated) VALUES (now())'
			  . ' RETURNING ingestxid = pg_current_xact_id()::text::bigint, ingestedat = now()'),
		't|t', "$format format: a new row says when it came");
}

# A database whose sign-ins are a view over a table of the user's own.
my $own = create_database('azhunt_dump_own');
query($own, $_)
  foreach (
	'CREATE EXTENSION azhunt',
	'CREATE SCHEMA siem',
	'CREATE TABLE siem.events (happened timestamptz, who text, source text, agent text)',
	'CREATE INDEX events_address ON siem.events (azhunt.strip_port(source), happened)',
	'CREATE VIEW azhunt.signinlogs AS SELECT happened AS timegenerated, who AS userprincipalname, source AS ipaddress,'
	  . q{ agent AS useragent, '0'::text AS resulttype, NULL::text AS appdisplayname FROM siem.events},
	q{INSERT INTO siem.events VALUES ('2026-03-02 10:00Z', 'adele@contoso.com', '203.0.113.7', 'Mozilla/5.0')},
	'SELECT count(*) FROM azhunt.create_log_tables()',
	'INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)'
	  . q{ VALUES ('2026-03-02 10:00:30Z', 'PutBlob', 'Success', '203.0.113.7:1', 'a', 'Mozilla/5.0')});
my $own_target = create_database('azhunt_dump_own_target');
succeeds('pg_dump with a view', 'pg_dump', '--format=custom', "--file=$dir/own", $own);
succeeds('restore with a view', 'pg_restore', '--exit-on-error', "--dbname=$own_target", "$dir/own");
is(query($own_target, 'SELECT accounts FROM azhunt.storage_upload_link_account()'), '{adele@contoso.com}',
	'a view over a table of the user\'s own is restored and serves the hunt');

done_testing();
