# Log tables that another server feeds by logical replication, hunted on the
# subscriber.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Cluster;
use Utils;
use Test::More;

my @logs = qw(storagebloblogs storagefilelogs signinlogs aadnoninteractiveusersigninlogs azureactivity);

my $publisher = Cluster->new('wal_level = logical', 'logical_decoding_work_mem = 64kB');
my $subscriber = Cluster->new('wal_level = logical');
my $source = $publisher->session;
my $target = $subscriber->session;

$_->do('CREATE EXTENSION azhunt; SELECT count(*) FROM azhunt.create_log_tables()') for $source, $target;

$target->do("SELECT azhunt.add_rule('storage_upload_link_account')");

# The publisher has more transactions behind it, so that its ids are no good
# on the subscriber.
$source->do('SELECT pg_current_xact_id()') for 1 .. 200;

sub uploads_and_signins
{
	my ($address, $count) = @_;

	$source->do('INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)'
		  . " SELECT timestamptz '2026-03-10 08:00:30+00' + i * interval '1 hour', 'PutBlob', 'Success', '$address',"
		  . " 'https://contosodata.blob.core.windows.net/in/' || i, 'Edge' FROM generate_series(1, $count) AS i");
	$source->do('INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)'
		  . " SELECT timestamptz '2026-03-10 08:00:00+00' + i * interval '1 hour', '$address', 'adele\@contoso.com', 'Edge'"
		  . " FROM generate_series(1, $count) AS i");
}

# Wait until the subscriber has what the publisher has.
sub catch_up
{
	my $lsn = $source->do('SELECT pg_current_wal_insert_lsn()');

	return await(sub {
		$source->do("SELECT 1 FROM pg_stat_replication WHERE replay_lsn >= '$lsn' AND application_name = 'logs'")
		  && $target->do("SELECT NOT EXISTS (SELECT FROM pg_subscription_rel WHERE srsubstate <> 'r') OR NULL") });
}

sub last_run
{
	return $target->do("SELECT status, started_over, new_matches, rows_read ->> 'signinlogs', rows_read ->> 'storagebloblogs'"
		  . ' FROM azhunt.runs ORDER BY run DESC LIMIT 1');
}

# All columns but those about arrival, which the subscriber fills.
for my $log (@logs)
{
	my $columns = $source->do("SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
		  . " WHERE attrelid = 'azhunt.$log'::regclass AND attnum > 0 AND NOT attisdropped"
		  . " AND attname NOT IN ('ingestedat', 'ingestxid')");
	$source->do("CREATE PUBLICATION $log FOR TABLE azhunt.$log ($columns) WITH (publish = 'insert', publish_via_partition_root)");
}

# there before the subscription
uploads_and_signins('192.0.2.1', 5);
$target->do("CALL azhunt.run_rule('storage_upload_link_account')");
is(last_run(), 'succeeded|first run|0|0|0', 'a run before there is anything');
$target->do("CREATE SUBSCRIPTION logs CONNECTION 'host=$publisher->{dir} port=5432 user=postgres dbname=postgres'"
	  . ' PUBLICATION ' . join(', ', @logs) . " WITH (streaming = on)");
ok(catch_up(), 'the tables are copied');
$target->do("CALL azhunt.run_rule('storage_upload_link_account')");
is(last_run(), 'succeeded||5|5|5', 'what the initial copy brought is new');

uploads_and_signins('192.0.2.2', 5);
ok(catch_up(), 'rows are replicated');
$target->do("CALL azhunt.run_rule('storage_upload_link_account')");
is(last_run(), 'succeeded||5|5|5', 'what was replicated is new');

# a transaction so large that it is sent before it commits, and one that
# commits in the meantime
my $large = $publisher->session;
$large->do('BEGIN');
$large->do('INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)'
	  . " SELECT timestamptz '2026-03-11 00:00+00' + i * interval '1 second', '192.0.2.3', 'user' || i || '\@contoso.com', 'Edge'"
	  . ' FROM generate_series(1, 5000) AS i');
ok(await(sub { $source->do("SELECT 1 FROM pg_stat_replication_slots WHERE slot_name = 'logs' AND stream_count > 0") }),
	'a large transaction is streamed while it goes on');
uploads_and_signins('192.0.2.4', 5);
ok(catch_up(), 'a small one overtakes it');
$target->do("CALL azhunt.run_rule('storage_upload_link_account')");
is(last_run(), 'succeeded||5|5|5', 'and is found alone');
$large->do('SAVEPOINT s');
$large->do('INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)'
	  . " VALUES ('2026-03-11 00:01:00+00', 'PutBlob', 'Success', '192.0.2.3', 'https://contosodata.blob.core.windows.net/in/x', 'Edge')");
$large->do('COMMIT');
ok(catch_up(), 'the large one commits');
$target->do("CALL azhunt.run_rule('storage_upload_link_account')");
is(last_run(), 'succeeded||60|5000|1', 'what was streamed is new');

my $columns = 'fileuploadpath, operationname, uploaduseragent, loginevents, accounts, logins, uploads, first_upload, last_upload';
my $stored = "SELECT $columns FROM azhunt.storage_upload_link_account_results";
my $ad_hoc = "SELECT $columns FROM azhunt.storage_upload_link_account()";
is($target->do("($stored) EXCEPT ALL ($ad_hoc)"), '', 'nothing is stored that the ad-hoc hunt does not find');
is($target->do("($ad_hoc) EXCEPT ALL ($stored)"), '', 'all is stored that the ad-hoc hunt finds');
is($target->do("SELECT count(*) FROM azhunt.signinlogs WHERE ingestedat IS NULL OR ingestxid IS NULL"), 0,
	'every row says when it arrived');
$large->close;
$target->do('DROP SUBSCRIPTION logs');

$_->close for $source, $target;
done_testing();
