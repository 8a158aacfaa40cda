# Logs of some days that a rule has read, and days that it has not.
package Backlog;

use strict;
use warnings;

# Rows of a day of which nearly each has an address of its own; one upload in ten
# follows a sign-in.
my %insert = (
	signinlogs => "INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent, resulttype)
SELECT timestamptz '2026-03-01 00:00+00' + DAY * interval '1 day' + i * interval '1 day' / ROWS,
	format('10.%s.%s.%s', i / 62500 % 250, i / 250 % 250, i % 250), format('user%s\@contoso.com', i % 5000), 'agent ' || i % 10, '0'
FROM generate_series(1, ROWS) AS i",
	storagebloblogs => "INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader, accountname, correlationid)
SELECT timestamptz '2026-03-01 00:00:10+00' + DAY * interval '1 day' + i * interval '1 day' / ROWS, 'PutBlob', 'Success', '201',
	format('10.%s.%s.%s:443', i / 62500 % 250, i / 250 % 250, i % 250),
	'https://contosodata.blob.core.windows.net/in/report' || i || '.pdf?sig=XXXXX', 'agent 1', 'contosodata', i::text
FROM generate_series(1, ROWS) AS i");

sub load
{
	my ($session, $day, $rows) = @_;

	$session->do($insert{$_} =~ s/ROWS/$rows/gr =~ s/DAY/$day/gr) for sort keys %insert;
}

# A database with so many days of rows that a rule has read.
sub database
{
	my ($cluster, %options) = @_;

	$cluster->session->do('CREATE DATABASE backlog');
	my $session = $cluster->session('backlog');
	$session->do('CREATE EXTENSION azhunt');
	$session->do('SELECT count(*) FROM azhunt.create_log_tables()');
	$session->do("SELECT count(*) FROM azhunt.add_partitions('azhunt.$_', '2026-03-01', '2026-03-20')") for qw(signinlogs storagebloblogs);
	load($session, $_, $options{rows}) for 0 .. $options{days} - 1;
	$session->do('VACUUM ANALYZE') if $options{statistics};
	$session->do("SELECT azhunt.add_rule('uploads', 'storage_upload_link_account')");
	$session->do("CALL azhunt.run_rule('uploads')");
	return $session;
}

1;
