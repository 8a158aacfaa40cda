# The logs of the tests in which log rows are on several servers.
package Shards;

use strict;
use warnings;

use Exporter qw(import);
use Test::More;
our @EXPORT = qw(log_inserts same @arguments);

# Arguments of the hunt for uploads.
our @arguments = ('', "lookback => '1 hour', match_user_agent => false",
	"lookback => '10 minutes', include_noninteractive => true, include_service_principals => true, match_user_agent => false",
	"lookback => '1 hour', successful_only => true, target_file => 'file7', operations => '{PutRange}'",
	"lookback => '1 hour', since => '2026-03-01 06:00Z', until => '2026-03-01 09:00Z'",
	"lookback => '1 hour', since => '2026-03-01 06:00Z', signin_time => 'CreatedDateTime', match_user_agent => false");

# Are two answers the same?  If not, say the first rows that only one has.
sub same
{
	my ($got, $expected, $name) = @_;
	my %count;

	$count{$_}++ foreach split /\n/, $got;
	$count{$_}-- foreach split /\n/, $expected;
	my @different = grep { $count{$_} } sort keys %count;
	ok(!@different, $name)
	  or diag join "\n", scalar(@different) . ' rows differ, such as', map { ($count{$_} > 0 ? '+' : '-') . $_ } @different[0 .. ($#different < 4 ? $#different : 4)];
}

# The statements that insert rows first to last, each of the table, its columns and
# a query.  Addresses with and without port, one of them of a fifth of all rows;
# files that several addresses upload; rows without address or caller, or with an
# empty one.
sub log_inserts
{
	my ($seed, $first, $last) = @_;
	my $address = "CASE WHEN n % 5 = 0 THEN '203.0.113.1' WHEN n % 41 = 0 THEN NULL WHEN n % 43 = 0 THEN ''"
	  . " WHEN n % 7 = 0 THEN '[2001:' || CASE n % 4 WHEN 0 THEN 'DB8' ELSE 'db8' END || '::' || n % 3 || ']' ELSE '198.51.100.' || n % 23 END";
	my $time = sub { "timestamptz '2026-03-01Z' + (n * $_[0] * $seed % 86400) * interval '1 second'" };

	return (
		[ 'signinlogs', 'timegenerated, createddatetime, ipaddress, userprincipalname, useragent, resulttype', <<"END" ],
SELECT @{[ $time->(37) ]}, @{[ $time->(37) ]} + (n % 7 - 5) * interval '10 minutes', $address || CASE WHEN n % 3 = 0 AND $address <> '' THEN ':' || n ELSE '' END,
	'user' || n % 19, 'Agent' || n % 3, n % 4 FROM generate_series($first, $last) AS n
END
		[ 'aadnoninteractiveusersigninlogs', 'timegenerated, ipaddress, userprincipalname, useragent', <<"END" ],
SELECT @{[ $time->(41) ]}, $address, 'user' || n % 17, 'AGENT' || n % 3
FROM generate_series($first, $last) AS n
END
		[ 'aadserviceprincipalsigninlogs', 'timegenerated, ipaddress, serviceprincipalname, serviceprincipalid, useragent', <<"END" ],
SELECT @{[ $time->(43) ]}, $address, 'app' || n % 3, 'id' || n % 3, NULL
FROM generate_series($first, $last, 7) AS n
END
		[ 'storagebloblogs', 'timegenerated, operationname, statustext, calleripaddress, uri, useragentheader, accountname, correlationid', <<"END" ],
SELECT @{[ $time->(31) ]},
	(ARRAY['PutBlob', 'putrange', 'DeleteBlob', 'GetBlob'])[1 + n % 4], 'Success', $address || CASE WHEN $address <> '' THEN ':443' ELSE '' END,
	'https://contosodata.blob.core.windows.net/in/file' || n % 90, 'agent' || n % 3, 'contosodata', 'c' || n
FROM generate_series($first, $last) AS n
END
		[ 'azureactivity', 'timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup', <<"END" ],
SELECT @{[ $time->(53) ]}, (ARRAY['user0', 'user1', 'User1', '', NULL, 'user5', 'user6', 'user7', 'user8', repeat('user9', 1000), 'user10'])[1 + n % 11],
	(ARRAY['Microsoft.Storage/storageAccounts/listKeys/action', 'Microsoft.Storage/storageAccounts/write', 'x', 'y', 'z'])[1 + n % 5],
	'Success', 'cloud-shell-storage-westeurope' FROM generate_series($first, $last) AS n
END
	);
}

1;
