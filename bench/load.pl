#!/usr/bin/perl
# Measure azhunt-load against plain COPY and against the way in SQL.
#
# usage: script/with-cluster bench/load.pl [ROWS]
#
# Each round loads the same raw storage records in each way, into the same
# table with its indexes and daily partitions; the medians of the rounds are
# compared.  COPY is given a CSV with the table's columns, which somebody else
# has made of the records.  The way in SQL is to COPY the records as jsonb into
# a staging table, and to INSERT what jsonb_to_record() makes of them.
#
# Beside time, the processor time of server and client is measured: what azhunt-load
# has the server do that COPY does not, and how many cores are busy.  Then the CSV
# is copied into tables that have ever more of what the log table has.
#
# At last azhunt-load alone is given other shapes: the same records as Event Hubs
# Capture keeps them in Avro, and sign-ins as raw records and as Microsoft Graph lists
# them.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../test/lib";
use Avro;
use Loader;
use Median;
use Time::HiRes qw(time);

my $rows = $ARGV[0] // 200_000;
my $rounds = $ENV{ROUNDS} // 5;

system "$FindBin::Bin/machine";
create_database();
sql($_) foreach "ALTER SYSTEM SET max_wal_size = '8GB'", 'ALTER SYSTEM SET autovacuum = off';
sql('SELECT pg_reload_conf()');

print "Making $rows raw storage records ...\n";
my @files = make_records("$dir/records", $rows);

my %ways = (
	'azhunt-load' => sub { run_loader(1) },
	'azhunt-load --jobs 2' => sub { run_loader(2) },
	'COPY of a prepared CSV' => sub { copy_into('azhunt.storagebloblogs') },
	'jsonb staging table' => \&run_staging,
);
my $columns = sql("SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'azhunt.storagebloblogs'::regclass"
	  . " AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('ingestedat', 'ingestxid')");
my (%seconds, %server, %client);
prepare();
for my $round (1 .. $rounds)
{
	for my $way (sort keys %ways)
	{
		psql('TRUNCATE azhunt.storagebloblogs, azhunt.loaded_files, public.staging', 'CHECKPOINT');
		my ($server, $client, $start) = (server_time(), client_time(), time);
		$ways{$way}->();
		push @{ $seconds{$way} }, time - $start;
		push @{ $client{$way} }, client_time() - $client;
		push @{ $server{$way} }, server_time() - $server;
		my $count = sql('SELECT count(*) FROM azhunt.storagebloblogs');
		die "$way loaded $count rows, not $rows\n" if $count != $rows;
	}
}
report();
report_parts();
report_shapes();

# Raw records of two days, in two files.
sub make_records
{
	my ($path, $count) = @_;
	srand(1);
	my @made;
	for my $part (0, 1)
	{
		my $content = '';
		open(my $file, '>', "$path$part.json") or die $!;
		for my $i (1 .. $count / 2)
		{
			my $n = $part * $count / 2 + $i;
			my $account = 'contoso' . int(rand(20));
			printf $file '{"time":"2026-01-%02dT%02d:%02d:%02d.%07dZ","resourceId":"/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/Media/providers/Microsoft.Storage/storageAccounts/%s/blobServices/default","category":"StorageWrite","operationName":"%s","operationVersion":"2025-05-05","schemaVersion":"1.0","statusCode":201,"statusText":"Success","durationMs":%d,"callerIpAddress":"198.51.100.%d:%d","correlationId":"%08x-501e-0055-0c78-902644000000","identity":{"type":"SAS","tokenHash":"key1(%064X),SasSignature(%064X)"},"location":"West Europe","properties":{"accountName":"%s","userAgentHeader":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36","clientRequestId":"%08x-fb7f-11ec-ae31-c8e26530e2c3","etag":"\"0x8DE%012X\"","serviceType":"blob","objectKey":"/%s/drop/report-%d.xlsx","lastModifiedTime":"1/31/2026 10:00:30 AM","metricResponseType":"Success","serverLatencyMs":%d,"requestHeaderSize":401,"requestBodySize":%d,"responseHeaderSize":455,"contentLengthHeader":%d,"tlsVersion":"TLS 1.3","accessTier":"Hot"},"uri":"https://%s.blob.core.windows.net:443/drop/report-%d.xlsx?sv=2025-05-05&se=2026-02-01T00%%3A00%%3A00Z&sr=c&sp=rw&sig=XXXXX","protocol":"HTTPS","resourceType":"Microsoft.Storage/storageAccounts/blobServices"}' . "\n",
			  30 + $part, $n / 3600 % 24, $n / 60 % 60, $n % 60, rand(1e7), $account,
			  rand() < 0.5 ? 'PutBlob' : 'PutBlock', rand(50), rand(256), 1024 + rand(60000), $n,
			  rand(1e9), $n, $account, 100 + rand(40), $n, $n, $account, rand(1e6), rand(50),
			  rand(1e6), rand(1e6), $account, rand(1e6);
		}
		close($file) or die $!;
		push @made, "$path$part.json";
	}
	return @made;
}

# Partitions for all ways, the CSV, and the staging table.
sub prepare
{
	run_loader(1);
	psql("\\copy (SELECT $columns FROM azhunt.storagebloblogs) TO '$dir/prepared.csv' WITH (FORMAT csv)",
		'CREATE TABLE public.staging (record jsonb)');
}

sub psql
{
	my @commands = map { ('-c', $_) } @_;
	system('psql', '-XAtq', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', @commands) == 0 or die "psql failed: @_";
}

# The prepared CSV into a table.
sub copy_into
{
	my ($table) = @_;
	psql("\\copy $table ($columns) FROM '$dir/prepared.csv' WITH (FORMAT csv)");
}

# Seconds that the processor has worked for sessions that are over, once all are.
sub server_time
{
	await(sub { sql("SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())") })
	  or die "other sessions are in the way\n";
	my ($postmaster) = slurp("$ENV{AZHUNT_CLUSTER}/data/postmaster.pid") =~ /^(\d+)/;
	my @fields = split ' ', slurp("/proc/$postmaster/stat") =~ s/^.*\) //sr;
	return ($fields[13] + $fields[14]) / 100;
}

# And for programs that this one ran.
sub client_time
{
	my (undef, undef, $user, $system) = times;
	return $user + $system;
}

sub run_loader
{
	my ($jobs) = @_;
	system(loader_path(), '-q', '--jobs', $jobs, @files) == 0 or die "azhunt-load failed";
}

# Lines of JSON through COPY unharmed: no byte of them is a quote or delimiter.
sub run_staging
{
	psql((map { "\\copy public.staging FROM '$_' WITH (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02')" } @files),
		<<'END');
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, statuscode, calleripaddress, uri,
    useragentheader, accountname, correlationid, accesstier, authenticationhash, authenticationtype, category,
    clientrequestid, contentlengthheader, durationms, etag, lastmodifiedtime, location, metricresponsetype, objectkey,
    operationversion, protocol, requestbodysize, requestheadersize, responseheadersize, schemaversion,
    serverlatencyms, servicetype, tlsversion, _resourceid, _subscriptionid, additionalfields)
SELECT r."time", r."operationName", r."statusText", r."statusCode", r."callerIpAddress", r.uri,
    p."userAgentHeader", p."accountName", r."correlationId", p."accessTier", i."tokenHash", i.type, r.category,
    p."clientRequestId", p."contentLengthHeader", r."durationMs", p.etag, p."lastModifiedTime", r.location,
    p."metricResponseType", p."objectKey", r."operationVersion", r.protocol, p."requestBodySize",
    p."requestHeaderSize", p."responseHeaderSize", r."schemaVersion", p."serverLatencyMs", p."serviceType",
    p."tlsVersion", lower(r."resourceId"), split_part(r."resourceId", '/', 3),
    jsonb_build_object('resourceType', r."resourceType")
FROM public.staging AS s
CROSS JOIN LATERAL jsonb_to_record(s.record) AS r ("time" timestamptz, "operationName" text, "statusText" text,
    "statusCode" text, "callerIpAddress" text, uri text, "correlationId" text, category text, "durationMs" double precision,
    location text, "operationVersion" text, protocol text, "schemaVersion" text, "resourceId" text, "resourceType" text,
    properties jsonb, identity jsonb)
CROSS JOIN LATERAL jsonb_to_record(r.properties) AS p ("userAgentHeader" text, "accountName" text, "accessTier" text,
    "clientRequestId" text, "contentLengthHeader" bigint, etag text, "lastModifiedTime" timestamptz,
    "metricResponseType" text, "objectKey" text, "requestBodySize" bigint, "requestHeaderSize" bigint,
    "responseHeaderSize" bigint, "serverLatencyMs" double precision, "serviceType" text, "tlsVersion" text)
CROSS JOIN LATERAL jsonb_to_record(r.identity) AS i ("tokenHash" text, type text);
END
}

sub report
{
	my %median = map { $_ => median(@{ $seconds{$_} }) } keys %seconds;
	my $bytes = 0;
	$bytes += -s $_ for @files;
	printf "\n%d rows, %.0f MB of JSON, medians of %d rounds\n\n", $rows, $bytes / 1e6, $rounds;
	printf "%-26s %8s %10s %8s\n", 'way', 'seconds', 'rows/s', 'MB/s';
	printf "%-26s %8.2f %10.0f %8.0f\n", $_, $median{$_}, $rows / $median{$_}, $bytes / 1e6 / $median{$_}
	  for sort { $median{$a} <=> $median{$b} } keys %median;
	printf "\n%-26s %10s %10s %12s\n", 'processor time', 'server, s', 'client, s', 'cores busy';
	for my $way (sort { $median{$a} <=> $median{$b} } keys %median)
	{
		my ($server, $client) = (median(@{ $server{$way} }), median(@{ $client{$way} }));
		printf "%-26s %10.2f %10.2f %12.2f\n", $way, $server, $client, ($server + $client) / $median{$way};
	}
	printf "\n%-58s %6s %s\n", 'ratio of rows per second', 'is', 'should be';
	printf "%-58s %6.2f %s\n", @$_ for (
		['azhunt-load to COPY of a prepared CSV',
			$median{'COPY of a prepared CSV'} / $median{'azhunt-load'}, 'at least 0.50'],
		['azhunt-load to a jsonb staging table',
			$median{'jsonb staging table'} / $median{'azhunt-load'}, 'at least 2.00'],
		['azhunt-load --jobs 2 to azhunt-load',
			$median{'azhunt-load'} / $median{'azhunt-load --jobs 2'}, 'above 1.00, where two cores are free']);
	printf "\n%-58s %6s %s\n", 'ratio of processor time of the server', 'is', 'should be';
	printf "%-58s %6.2f %s\n", 'azhunt-load to COPY of a prepared CSV',
	  median(@{ $server{'azhunt-load'} }) / median(@{ $server{'COPY of a prepared CSV'} }), 'at most 1.05';
}

# What each part of the log table costs the server: tables with ever more of them.
sub report_parts
{
	my $copy = 'CREATE TABLE public.part (LIKE azhunt.storagebloblogs';
	my @parts = (
		[ 'columns, jsonb as text', join ';', "$copy)", map { "ALTER TABLE public.part ALTER COLUMN $_ TYPE text" } split /\n/,
			sql("SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = 'azhunt.storagebloblogs'::regclass AND atttypid = 'jsonb'::regtype") ],
		[ 'jsonb', "$copy)" ],
		[ 'ingestedat and ingestxid', "$copy INCLUDING DEFAULTS)" ]);

	for (split /\n/, sql("SELECT index_name || '|' || definition FROM azhunt.log_table_indexes() WHERE log_table = 'storagebloblogs' ORDER BY 1"))
	{
		my ($name, $definition) = split /\|/, $_, 2;
		push @parts, [ $name, "$parts[-1][1]; CREATE INDEX ON public.part $definition" ];
	}
	my %part;
	for my $round (1 .. $rounds)
	{
		for my $part (@parts)
		{
			psql(split(/;/, $part->[1]), 'CHECKPOINT');
			my $server = server_time();
			copy_into('public.part');
			push @{ $part{ $part->[0] } }, server_time() - $server;
			psql('DROP TABLE public.part');
		}
	}
	my $whole = median(@{ $server{'COPY of a prepared CSV'} });
	my $before = 0;
	printf "\n%-40s %10s %12s\n", 'COPY, processor time of the server', 'us a row', 'part of all';
	for my $part (@parts)
	{
		my $now = median(@{ $part{ $part->[0] } });
		printf "%-40s %10.2f %11.0f%%\n", ($before == 0 ? '' : 'and ') . $part->[0], 1e6 * ($now - $before) / $rows, 100 * ($now - $before) / $whole;
		$before = $now;
	}
	printf "%-40s %10.2f %11.0f%%\n", 'and daily partitions', 1e6 * ($whole - $before) / $rows, 100 * ($whole - $before) / $whole;
	printf "%-40s %10.2f\n", 'the log table', 1e6 * $whole / $rows;
}

# Messages of Event Hubs with these records, a hundred in each.
sub make_avro
{
	my ($path, $codec, @from) = @_;
	my @records = map { split /\n/, slurp($_) } @from;
	my @bodies;

	while (my @some = splice @records, 0, 100)
	{
		push @bodies, '{"records":[' . join(',', @some) . ']}';
	}
	return spew($path, avro_file(\@bodies, codec => $codec));
}

# The same sign-ins as raw records, and as Microsoft Graph lists them.
sub make_signins
{
	my ($path, $count) = @_;
	my (@raw, @listed);

	for my $n (1 .. $count)
	{
		my $when = sprintf '2026-01-30T%02d:%02d:%02d', $n / 3600 % 24, $n / 60 % 60, $n % 60;
		my $said = sprintf '"id":"%08x-85c1-49a3-b318-f30b8d0f0100","createdDateTime":"%sZ","userDisplayName":"Kim %d","userPrincipalName":"kim%d@contoso.com","userId":"%08x-7b5e-4c32-9f1b-0c8e5a1d2f00","appId":"c44b4083-3bb0-49c1-b47d-974e53cbdf3c","appDisplayName":"Azure Portal","ipAddress":"198.51.100.%d","clientAppUsed":"Browser","userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/%d.0.0.0 Safari/537.36","correlationId":"%08x-4a0f-4d3c-8b1e-2f6d7c9e0a00","conditionalAccessStatus":"notApplied","isInteractive":true,"tokenIssuerType":"AzureAD","processingTimeInMilliseconds":%d,"riskState":"none","signInEventTypes":["interactiveUser"],"status":{"errorCode":0,"failureReason":"Other.","additionalDetails":null},"deviceDetail":{"deviceId":"","operatingSystem":"Windows10","browser":"Edge %d","isCompliant":null,"isManaged":null},"location":{"city":"Utrecht","state":"Utrecht","countryOrRegion":"NL","geoCoordinates":{"latitude":52.09,"longitude":5.12}}',
		  $n, $when, $n % 500, $n % 500, $n % 500, $n % 256, 100 + $n % 40, $n, $n % 900, 100 + $n % 40;

		push @listed, "{$said}";
		push @raw, qq({"time":"${when}Z","resourceId":"/tenants/11111111-2222-3333-4444-555555555555/providers/Microsoft.aadiam","operationName":"Sign-in activity","category":"SignInLogs","resultType":"0","callerIpAddress":"198.51.100.7","location":"NL","properties":{$said}}\n);
	}
	return (spew("$path.raw.json", join '', @raw), spew("$path.graph.json", '{"@odata.context":"x","value":[' . join(',', @listed) . ']}'));
}

# How fast azhunt-load loads other shapes.
sub report_shapes
{
	my ($raw_signins, $graph) = make_signins("$dir/signins", $rows);
	my @shapes = (
		[ 'raw records', undef, 'storagebloblogs', @files ],
		[ 'Avro', 'raw records', 'storagebloblogs', make_avro("$dir/null.avro", 'null', @files) ],
		[ 'Avro with deflate', 'raw records', 'storagebloblogs', make_avro("$dir/deflate.avro", 'deflate', @files) ],
		[ 'raw sign-ins', undef, 'signinlogs', $raw_signins ],
		[ 'sign-ins of Graph', 'raw sign-ins', 'signinlogs', $graph ]);
	my %shape;

	psql('TRUNCATE azhunt.signinlogs, azhunt.storagebloblogs, azhunt.loaded_files');
	for my $round (0 .. $rounds)
	{
		for my $shape (@shapes)
		{
			my ($name, undef, $table, @from) = @$shape;
			psql("TRUNCATE azhunt.$table, azhunt.loaded_files", 'CHECKPOINT');
			my $start = time;
			system(loader_path(), '-q', @from) == 0 or die 'azhunt-load failed';
			# the first time, partitions are added
			push @{ $shape{$name} }, time - $start if $round > 0;
			my $count = sql("SELECT count(*) FROM azhunt.$table");
			die "$name: $count rows, not $rows\n" if $count != $rows;
		}
	}
	printf "\n%-26s %8s %10s %s\n", 'shape', 'seconds', 'rows/s', 'ratio of rows per second';
	for my $shape (@shapes)
	{
		my ($name, $other) = @$shape;
		my $seconds = median(@{ $shape{$name} });
		printf "%-26s %8.2f %10.0f %s\n", $name, $seconds, $rows / $seconds,
		  defined $other ? sprintf('%.2f to %s', median(@{ $shape{$other} }) / $seconds, $other) : '';
	}
}
