# Log records of made-up incidents: sign-ins, uploads, deletions and operations that
# belong together, or nearly do.
package Soak::Records;

use strict;
use warnings;

use Exporter qw(import);
use Soak::Worker;
our @EXPORT = qw(incident);

my $next = 0;

# Addresses of which each log has spellings of its own; some are shared by many.
sub some_address
{
	my $number = rand() < 0.1 ? int rand 3 : 3 + int rand 4000;

	return rand() < 0.8 ? sprintf('10.%d.%d.%d', $number % 4, $number / 4 % 250, $number / 1000)
	  : sprintf('2001:db8::%x:%x', 1 + $number % 4, 1 + $number / 4);
}

sub with_port
{
	my ($address) = @_;
	my $port = 1024 + int rand 60000;

	return $address =~ /:/ ? one_of("[$address]:$port", "[\U$address\E]:$port", $address)
	  : one_of("$address:$port", "$address:$port", $address);
}

sub user { return 'user' . int(rand 200) . '@contoso.com' }

sub some_agent
{
	return one_of('Edge', 'Edge', 'AzCopy/10.28.0', 'Mozilla/5.0 (X11; Linux x86_64)', "Zo\x{eb}/1.0 \"quoted\"", undef);
}

# The same in other letters, now and then.
sub respelled
{
	my ($text) = @_;

	return $text unless defined $text;
	return rand() < 0.2 ? $text =~ tr/a-z/A-Z/r : $text;
}

# The same number of milliseconds earlier, mostly at the edges of windows.
sub moments_before { return 1000 * one_of(0, 0, 1, 10, 30, 59.999, 60, 60.001, 120, 299, 600, 600.001, 3600) }

# A record, whose id no other has.
sub record
{
	my ($kind, $log_table, $time, %fields) = @_;

	return { kind => $kind, log_table => $log_table, time => $time, id => sprintf('%08x-0000-0000-0000-000000000000', ++$next), %fields };
}

sub signin
{
	my ($time, $address, $agent) = @_;
	my $log_table = one_of(qw(signinlogs signinlogs signinlogs aadnoninteractiveusersigninlogs aadserviceprincipalsigninlogs
		  aadmanagedidentitysigninlogs));
	my $created = rand() < 0.3 ? undef : $time - 1000 * one_of(0, 0, 1, 60, 61, 600);
	my %who = $log_table =~ /user|^signin/ ? (user => rand() < 0.02 ? undef : user())
	  : (principal => one_of('backup-app', 'deploy-bot', undef), principal_id => one_of('6f1e0c52', '2c9a77d1', undef));

	return record('signin', $log_table, $time, created => $created, address => $address, agent => $agent,
		result => one_of(0, 0, 0, 50126), %who);
}

# An operation on a file of a storage account.
sub storage
{
	my ($operation, $time, $file, %fields) = @_;
	my $log_table = $file->{share} ? 'storagefilelogs' : 'storagebloblogs';
	my $is_success = rand() < 0.95;
	my $query = rand() < 0.5 ? '?sv=2026&sig=XXXXX' : '';

	return record('storage', $log_table, $time, operation => $operation, path => $file->{path}, name => $file->{name},
		uri => $file->{path} . $query, account => $file->{account}, status => $is_success ? one_of('Success', 'Success', 'success') : 'ServerBusy',
		code => $is_success ? 201 : 503, %fields);
}

sub some_file
{
	my $account = one_of('contosodata', 'contosodata', 'fabrikam');
	my $name = 'report-' . int(rand 100_000) . one_of('.docx', '.exe', '');
	my $share = rand() < 0.2;
	my $service = $share ? 'file' : 'blob';

	return { account => $account, name => $name, share => $share, path => "https://$account.$service.core.windows.net/in/$name" };
}

# Somebody signs in, uploads, and perhaps deletes.
sub upload
{
	my ($time) = @_;
	my ($address, $agent, $file) = (some_address(), some_agent(), some_file());
	my @records = map { signin($time - moments_before(), $address, respelled(rand() < 0.8 ? $agent : some_agent())) } 1 .. 1 + int rand 3;

	for (1 .. one_of(1, 1, 2))
	{
		push @records, storage(one_of(qw(PutBlob PutBlob PutBlob PutRange putblob PutBlock GetBlob)), $time, $file, address => $address, agent => $agent);
		$time += 1000 * one_of(0, 1, 30);
	}
	push @records, storage(one_of(qw(DeleteBlob DeleteFile deleteblob)), $time + moments_before(), $file, address => some_address(), agent => some_agent())
	  if rand() < 0.4;
	return @records;
}

# Somebody deletes some files within minutes, or nearly.
sub deletions
{
	my ($time) = @_;
	my ($address, $agent, $account) = (some_address(), some_agent(), 'fabrikam');
	my @records;

	for (1 .. 1 + int rand 6)
	{
		my $file = { %{ some_file() }, account => $account };
		push @records, storage(one_of(qw(DeleteBlob DeleteBlob DeleteFile)), $time, $file, address => $address, agent => $agent);
		$time += 1000 * one_of(0, 1, 60, 300, 600, 600.001);
	}
	return @records;
}

# Somebody opens a Cloud Shell, and does things.
sub shell
{
	my ($time) = @_;
	my $user = rand() < 0.02 ? undef : user();
	my $group = one_of('cloud-shell-storage-westeurope', 'cloud-shell-storage-westeurope', 'CLOUD-SHELL-STORAGE-EASTUS', 'mycloud-shell', 'web');
	my @others = ('Microsoft.Compute/virtualMachines/write', 'Microsoft.KeyVault/vaults/delete', 'Microsoft.Web/sites/write');
	my $activity = sub {
		my ($when, $operation, $resource_group, $status) = @_;
		return record('activity', 'azureactivity', $when, user => $user, operation => $operation, group => $resource_group, status => $status,
			address => some_address());
	};
	my @records = $activity->($time, respelled('Microsoft.Storage/storageAccounts/listKeys/action'), $group, one_of('Success', 'Success', 'Succeeded', 'Start'));

	push @records, $activity->($time + 1000 * one_of(-180.001, -180, -60, 0, 1, 180, 180.001), 'Microsoft.Storage/storageAccounts/write',
		$group, one_of('Start', 'Success', 'Failure')) if rand() < 0.5;
	push @records, $activity->($time + 1000 * one_of(-1800, 0, 1, 60, 600, 3600), respelled(one_of(@others)), one_of('web', $group), 'Success')
	  for 1 .. int rand 4;
	return @records;
}

# Somebody tries passwords.
sub failures
{
	my ($time) = @_;
	my ($user, $address) = (user(), some_address());

	return map { record('signin', 'signinlogs', $time + 1000 * $_, user => $user, address => $address, agent => 'Edge', result => 50126) }
	  1 .. 1 + int rand 3;
}

sub audit
{
	my ($time) = @_;

	return record('audit', 'auditlogs', $time, operation => one_of('Add member to role', 'Update user'), user => user());
}

my @incidents = (\&upload, \&upload, \&upload, \&upload, \&deletions, \&shell, \&shell, \&failures, \&audit);

# The records of something that happened on a day, which is given in seconds.
sub incident
{
	my ($day) = @_;
	my $time = 1000 * ($day + 3600 + int rand 79_200);

	$time += one_of(0, 0, 0, 1, 999);
	return one_of(@incidents)->($time);
}

1;
