# Random rows of log tables, few of whose values differ, so that many match.
package ScheduleRows;

use strict;
use warnings;

use Exporter qw(import);
our @EXPORT = qw(one_of quote some_time %some_row %history);

#
# random rows
#
sub one_of
{
	return $_[ int rand @_ ];
}

sub quote
{
	my ($text) = @_;

	return 'NULL' unless defined $text;
	$text =~ s/'/''/g;
	return "'$text'";
}

# A time of three days, mostly near one of a few moments.
sub some_time
{
	my $seconds = 86400 * one_of(0, 0, 1, 1, 1, 2) + 7200 * int(rand 2) + 10 * int(rand 7);

	$seconds = int rand 3 * 86400 if rand() < 0.05;
	return "timestamptz '2026-03-10 00:00+00' + interval '$seconds seconds'";
}

# When a sign-in began that was processed at some time; what is after that counts
# as not known.
sub some_time_before
{
	return rand() < 0.3 ? 'NULL::timestamptz' : some_time();
}

my @spellings = ('192.0.2.1', '192.0.2.1:5000', '192.0.2.1:5001', '198.51.100.7', '198.51.100.7:5000',
	'2001:db8::1', '[2001:db8::1]:5000', '2001:DB8:0::1');
my @addresses = ('192.0.2.1', '192.0.2.1', '192.0.2.1', '198.51.100.7', '198.51.100.7', '2001:db8::1', '2001:db8::1', undef, '');
my @agents = ('Edge', 'Edge', 'Edge', 'EDGE', 'azsdk/1.0', undef, '');

our %some_row = (
	storagebloblogs => sub {
		return (some_time(), quote(one_of(qw(PutBlob PutBlob PutBlob PutBlob PutBlob PutBlob putblob PutRange PutBlock GetBlob))),
			quote(one_of('Success', 'Success', 'Success', 'Success', 'success', 'Succeeded', 'ServerBusy', undef)),
			quote(one_of('0', '201', undef)), quote(one_of(@spellings, undef, '')),
			quote('https://contosodata.blob.core.windows.net/in/' . one_of('tool.exe?sig=XXXXX', 'tool.exe?sig=XXXXX', 'TOOL.EXE', 'report.docx')),
			quote(one_of(@agents)), quote(one_of('contosodata', undef)), quote(one_of('c-1', 'c-2', 'c-3', undef)));
	},
	signinlogs => sub {
		return (some_time(), quote(one_of(@addresses)),
			quote(one_of('adele@contoso.com', 'Adele@contoso.com', 'alex@contoso.com', undef)),
			quote(one_of(@agents)), quote(one_of('0', '0', '0', '50126', undef)), some_time_before());
	},
	azureactivity => sub {
		return (some_time(), quote(one_of('adele@contoso.com', 'alex@contoso.com', 'diego@contoso.com', undef, '')),
			quote(one_of('Microsoft.Storage/storageAccounts/listKeys/action',
					'MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION',
					'Microsoft.Compute/virtualMachines/write', 'MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE',
					'Microsoft.KeyVault/vaults/delete', 'Microsoft.Web/sites/write', undef, '')),
			quote(one_of('Success', 'Success', 'Succeeded', 'Start', undef)),
			quote(one_of('cloud-shell-storage-westeurope', 'cloud-shell-storage-westeurope', 'rg-shells', 'RG-SHELLS', 'web', undef)));
	});
$some_row{storagefilelogs} = $some_row{storagebloblogs};
$some_row{aadnoninteractiveusersigninlogs} = $some_row{signinlogs};
$some_row{aadserviceprincipalsigninlogs} = sub {
	return (some_time(), quote(one_of(@addresses)), quote(one_of('backup-app', 'Backup-App', 'adele@contoso.com', undef, '')),
		quote(one_of('6f1e0c52', '6f1e0c52', '2c9a77d1', undef, '')), quote(one_of(@agents)), quote(one_of('0', '0', '7000215', undef)),
		some_time_before());
};
$some_row{aadmanagedidentitysigninlogs} = $some_row{aadserviceprincipalsigninlogs};

our %history = (
	storagebloblogs => 'uploads', storagefilelogs => 'uploads', signinlogs => 'signins',
	aadnoninteractiveusersigninlogs => 'signins', aadserviceprincipalsigninlogs => 'signins',
	aadmanagedidentitysigninlogs => 'signins', azureactivity => 'activities');

1;
