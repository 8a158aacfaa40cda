#!/usr/bin/perl
# What a rule costs: a run over 10,000 new rows where few and where
# many rows are stored, and loading with the default indexes.
#
# usage: script/with-cluster bench/rules.pl [ROWS [MORE_ROWS]]
#
# Runs in a cluster of its own, whose shared buffers take the larger database,
# so that the work is compared and not the luck of the caches.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib map { dirname(abs_path(__FILE__)) . $_ } '', '/../test/lib';

use Time::HiRes;

use Cluster;
use Median;

my $few = shift // 1_000_000;
my $many = shift // 10 * $few;
my $rounds = 9;
$| = 1;
my $here = dirname(abs_path(__FILE__));

system "$here/machine";
my $cluster = Cluster->new('shared_buffers = 6GB', 'max_wal_size = 20GB', 'checkpoint_timeout = 1h',
	'autovacuum = off', 'work_mem = 64MB', 'maintenance_work_mem = 512MB');

#
# runs
#
my %runs;    # by hunt and rows: lists of [milliseconds, buffers]
my %first;

for my $rows ($few, $many)
{
	my $database = "rows_$rows";

	$cluster->session->do("CREATE DATABASE $database");
	local %ENV = (%ENV, $cluster->environment($database));
	print STDERR "Making $rows rows ...\n";
	open my $psql, '-|', "psql --no-psqlrc --quiet --set=rows=$rows --set=rounds=$rounds --file='$here/rules.sql' 2>&1"
	  or die "psql: $!";
	while (my $line = <$psql>)
	{
		die $line unless $line =~ /INFO:  \d+,(\d+),(\w+),(\d+),([\d.]+),(\d+)$/;
		if ($1 == 0) { $first{$2}{$rows} = $4 }
		else         { push @{ $runs{$2}{$rows} }, [ $4, $5 ] }
	}
	close $psql or die 'psql failed';
}

printf "%-28s %12s %12s %7s %8s\n", 'run over 10,000 new rows', "of $few", "of $many", 'ratio', 'target';
for my $hunt (sort keys %runs)
{
	my ($less, $more) = map { my $rows = $_; [ map { my $i = $_; median(map { $_->[$i] } @{ $runs{$hunt}{$rows} }) } 0, 1 ] } $few, $many;

	printf "%-28s %9.1f ms %9.1f ms %7.2f %8s\n", $hunt, $less->[0], $more->[0], $more->[0] / $less->[0], '1.3';
	printf "%-28s %12d %12d %7.2f\n", '  buffers', $less->[1], $more->[1], $more->[1] / $less->[1];
	printf "%-28s %9.1f ms %9.1f ms %7.2f\n", '  first run, over all', map({ $first{$hunt}{$_} } $few, $many),
	  $first{$hunt}{$many} / $first{$hunt}{$few};
}

#
# loading
#
# COPY of the same file into a bare table, one with the columns' defaults, these
# with one index each, and the partitioned table itself.  Rows are about as
# long as Azure's: what the hunts do not read is most of them.
my %padding = (
	storagebloblogs => q{etag = '"0x8DC' || md5(uri) || '"', clientrequestid = md5(random()::text), category = 'StorageWrite',
		authenticationtype = 'SAS', authenticationhash = 'system-1(' || sha256(uri::bytea)::text || '),SasSignature(' || sha256(uri::bytea)::text || ')',
		authorizationdetails = '[{"action": "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write", "result": "Granted", "denyAssignmentId": "", "roleAssignmentId": ""}]',
		_resourceid = '/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/data/providers/microsoft.storage/storageaccounts/contosodata',
		objectkey = '/contosodata/in/report.pdf', durationms = 12, serverlatencyms = 11, requestheadersize = 512, responseheadersize = 256,
		operationversion = '2022-11-02', protocol = 'HTTPS', tlsversion = 'TLS 1.3', tenantid = '00000000-0000-0000-0000-000000000000'},
	signinlogs => q{conditionalaccesspolicies = (SELECT jsonb_agg(jsonb_build_object('id', md5(i::text), 'displayName', 'Require multifactor authentication ' || i,
			'enforcedGrantControls', '["Mfa"]'::jsonb, 'result', 'notApplied', 'conditionsSatisfied', i, 'conditionsNotSatisfied', 0)) FROM generate_series(1, 12) AS i),
		authenticationdetails = repeat('{"authenticationStepDateTime": "2026-03-10T08:00:00Z", "authenticationMethod": "Password"}', 3),
		devicedetail = '{"deviceId": "", "operatingSystem": "Windows10", "browser": "Edge 120.0.0"}', status = '{"errorCode": 0, "additionalDetails": "MFA requirement satisfied by claim in the token"}',
		locationdetails = '{"city": "Redmond", "state": "Washington", "countryOrRegion": "US", "geoCoordinates": {"latitude": 47.6, "longitude": -122.1}}',
		userid = md5(userprincipalname), correlationid = md5(random()::text), id = md5(random()::text), uniquetokenidentifier = md5(random()::text),
		tenantid = '00000000-0000-0000-0000-000000000000', userdisplayname = 'Adele Vance', resourcedisplayname = 'Windows Azure Service Management API'},
	azureactivity => q{claims = repeat('{"aud": "https://management.core.windows.net/", "iss": "https://sts.windows.net/00000000/", "ver": "1.0"}', 8),
		claims_d = '{"aud": "https://management.core.windows.net/", "iss": "https://sts.windows.net/00000000/", "ver": "1.0"}',
		"authorization" = repeat('{"action": "Microsoft.Compute/virtualMachines/write", "scope": "/subscriptions/0/resourceGroups/web"}', 2),
		properties = repeat('{"eventCategory": "Administrative", "entity": "/subscriptions/0/resourceGroups/web", "message": "Microsoft.Compute/virtualMachines/write"}', 4),
		properties_d = '{"eventCategory": "Administrative", "entity": "/subscriptions/0/resourceGroups/web", "message": "Microsoft.Compute/virtualMachines/write"}',
		correlationid = md5(random()::text), eventdataid = md5(random()::text), operationid = md5(random()::text), calleripaddress = '192.0.2.1',
		_resourceid = '/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/web/providers/microsoft.compute/virtualmachines/web'});
my $session = $cluster->session("rows_$few");
my $file = "$cluster->{dir}/rows.csv";

# Seconds that COPY takes into each of the tables: the best of some rounds, as
# other work on the machine only adds to them.
sub seconds_to_copy
{
	my ($columns, @targets) = @_;
	my %best;

	for my $round (0 .. $rounds)
	{
		for my $target (@targets)
		{
			$session->do("TRUNCATE $target");
			my $started = Time::HiRes::time();
			$session->do("COPY $target ($columns) FROM '$file'");
			my $seconds = Time::HiRes::time() - $started;
			$best{$target} = $seconds if $round > 0 && $seconds < ($best{$target} // 'inf');
		}
		$session->do('CHECKPOINT');
	}
	return \%best;
}

printf "\n%-54s %8s %7s %8s\n", 'loading', 'us a row', 'ratio', 'target';
for my $log (qw(storagebloblogs signinlogs azureactivity))
{
	my $columns = $session->do("SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
		  . " WHERE attrelid = 'azhunt.$log'::regclass AND attnum > 0 AND attname NOT IN ('ingestedat', 'ingestxid')");
	$session->do("CREATE UNLOGGED TABLE sample (LIKE azhunt.$log)");
	$session->do("INSERT INTO sample SELECT * FROM azhunt.$log ORDER BY timegenerated LIMIT 50000");
	$session->do("UPDATE sample SET $padding{$log}");
	$session->do("COPY (SELECT $columns FROM sample ORDER BY timegenerated) TO '$file'");
	my $rows = $session->do('SELECT count(*) FROM sample');
	printf "%s: %d rows of %d bytes\n", $log, $rows, (-s $file) / $rows;
	my @targets = (['bare table', 'bare'], ['and ingestedat, ingestxid', 'plus_defaults']);

	$session->do("CREATE TABLE bare (LIKE azhunt.$log)");
	$session->do("CREATE TABLE plus_defaults (LIKE azhunt.$log INCLUDING DEFAULTS)");
	for my $index (split /\n/, $session->do("SELECT index_name || '|' || definition FROM azhunt.log_table_indexes() WHERE log_table = '$log'"))
	{
		my ($name, $definition) = split /\|/, $index, 2;
		$session->do("CREATE TABLE plus_$name (LIKE azhunt.$log INCLUDING DEFAULTS)");
		$session->do("CREATE INDEX ON plus_$name $definition");
		push @targets, [ "and $name", "plus_$name" ];
	}
	push @targets, [ 'partitioned, all indexes', "azhunt.$log", '2.0' ];

	my $best = seconds_to_copy($columns, map { $_->[1] } @targets);
	printf "  %-52s %8.2f %7.2f %8s\n", $_->[0], 1e6 * $best->{ $_->[1] } / $rows, $best->{ $_->[1] } / $best->{bare}, $_->[2] // ''
	  for @targets;
	$session->do("DROP TABLE $_->[1]") for grep { $_->[1] !~ /^azhunt/ } @targets;
	$session->do('DROP TABLE sample');
}
$session->close;
