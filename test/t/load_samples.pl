# The published samples, where they are at hand.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Test::More;

my $samples = $ENV{AZHUNT_SAMPLES} // "$root/../shared/samples";
plan skip_all => "no samples in $samples" unless -d "$samples/storage";
create_database();

load_ok('storage', '-q', "$samples/storage");
load_ok('activity', '-q', "$samples/azureactivity");
load_ok('sign-in', '-q', "$samples/signinlogs/diagnostic_record_trimmed.json");
is(sql('SELECT count(*) FROM azhunt.storagebloblogs'), '4', 'blob records');
is(sql('SELECT count(*) FROM azhunt.storagefilelogs'), '6', 'file records');
is(sql('SELECT count(*) FROM azhunt.azureactivity'), '328', 'activity records');
is(sql(q(SELECT statuscode, statustext, durationms, lastmodifiedtime, additionalfields #>> '{properties,downloadRange}'
	FROM azhunt.storagebloblogs WHERE operationname = 'GetBlob')),
	'206|Success|4|2022-06-30 12:07:25+00|bytes=0-98', 'a blob record');
is(sql(q(SELECT timegenerated, caller, resourcegroup FROM azhunt.azureactivity WHERE categoryvalue = 'Write')),
	'2019-01-21 22:14:26.979277+00|admin@contoso.com|MSSupportGroup', 'an activity record');
is(sql(q(SELECT caller, timekey FROM azhunt.cloudshell_usage(as_of => '2021-04-27'))),
	'olotolor@buildseccxpninja.onmicrosoft.com|2021-04-26 19:00:00+00', 'a Cloud Shell start is found');

my ($status, undef, $err) = loader('-q', "$samples/signinlogs/portal_export.csv");
is($status, 1, 'a summarised export is refused');
like($err, qr/portal_export\.csv:1:1: .*no column TimeGenerated.*summarize.*expected/, '... with what was expected');
for my $file (glob("$samples/api/*.json"))
{
	is((loader('-q', '--table', 'AzureActivity', $file))[0], 1, "$file has no times");
}
is(sql('SELECT count(*) FROM azhunt.signinlogs'), '1', 'nothing of it was loaded');

done_testing();
