# Each match once: random schedules of transactions that load, commit out of
# order, roll back, are prepared or stay open while hunts run, with crashes of
# the server in between.  In the end what the hunts have stored is what the
# ad-hoc hunts find in all rows, and nothing was announced twice.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__));

use Scheduled;
use Test::More;

my $schedules = $ENV{AZHUNT_SCHEDULES} // 3;
my $steps     = $ENV{AZHUNT_STEPS} // 200;

# Every name is a scheduled hunt, with its options and the same ones as the
# arguments of the ad-hoc hunt.
my %hunts = (
	storage_upload_link_account => ['storage_upload_link_account', undef, ''],
	wide => [
		'storage_upload_link_account',
		'{"lookback": "2 days", "match_user_agent": false, "include_noninteractive": true,'
		  . ' "operations": ["PutBlob", "PutRange", "PutBlock"]}',
		"lookback => '2 days', match_user_agent => false, include_noninteractive => true,"
		  . " operations => '{PutBlob,PutRange,PutBlock}'"
	],
	one_file => [
		'storage_upload_link_account',
		'{"target_file": "tool.exe", "lookback": "10 minutes", "successful_only": true}',
		"target_file => 'tool.exe', lookback => '10 minutes', successful_only => true"
	],
	cloudshell_usage => ['cloudshell_usage', undef, "lookback => '36500 days', as_of => '2100-01-01 00:00+00'"],
	ten_minutes => [
		'cloudshell_usage',
		'{"bin": "10 minutes", "resource_group": "shells"}',
		"bin => '10 minutes', resource_group => 'shells', lookback => '36500 days', as_of => '2100-01-01 00:00+00'"
	]);

my %columns = (
	storage_upload_link_account =>
	  'fileuploadpath, operationname, uploaduseragent, loginevents, accounts, logins, uploads, firstupload, lastupload',
	cloudshell_usage => 'caller, timekey, set_operationnamevalue, "timestamp", accountcustomentity');

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

# A time in one of three days, mostly near one of a few moments.
sub some_time
{
	my $seconds = 86400 * int(rand 3) + 7200 * int(rand 2) + int(rand 300);

	$seconds = int rand 3 * 86400 if rand() < 0.1;
	return "timestamptz '2026-03-10 00:00+00' + interval '$seconds seconds'";
}

# An INSERT of one row, or of several at a time.
sub insert
{
	my @values = map { "(" . join(', ', @$_) . ")" } @{ $_[2] };

	return "INSERT INTO azhunt.$_[0] ($_[1]) VALUES " . join(', ', @values);
}

my @addresses = ('192.0.2.1', '198.51.100.7', '203.0.113.9', '2001:db8::1');
my @agents    = ('Edge', 'Edge', 'EDGE', 'azsdk/1.0', undef, '');

sub some_uploads
{
	my @rows = map {
		my $address = one_of(@addresses, @addresses, undef, '');
		my $caller  = !$address ? $address
		  : $address =~ /:/ ? one_of($address, "[$address]:5000", '2001:DB8:0::1')
		  : one_of($address, "$address:" . (5000 + int rand 3));
		[
			some_time(), quote(one_of(qw(PutBlob PutBlob putblob PutRange PutBlock GetBlob))),
			quote(one_of('Success', 'Success', 'success', 'Succeeded', 'ServerBusy', undef)),
			quote(one_of('0', '201', undef)), quote($caller),
			quote('https://contosodata.blob.core.windows.net/in/' . one_of('tool.exe?sig=XXXXX', 'tool.exe', 'report.docx', 'a b.txt?x=1')),
			quote(one_of(@agents)), quote(one_of('contosodata', undef)), quote(one_of('c-1', 'c-2', undef))
		]
	} 1 .. 1 + int rand 15;
	return insert(one_of('storagebloblogs', 'storagefilelogs'),
		'timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader, accountname, correlationid',
		\@rows);
}

sub some_signins
{
	my @rows = map {
		[
			some_time(), quote(one_of(@addresses, @addresses, undef, '')),
			quote(one_of('adele@contoso.com', 'Adele@contoso.com', 'alex@contoso.com', undef)),
			quote(one_of(@agents)), quote(one_of('0', '0', '50126', undef))
		]
	} 1 .. 1 + int rand 15;
	return insert(one_of('signinlogs', 'signinlogs', 'aadnoninteractiveusersigninlogs'),
		'timegenerated, ipaddress, userprincipalname, useragent, resulttype', \@rows);
}

sub some_operations
{
	my @rows = map {
		[
			some_time(), quote(one_of('adele@contoso.com', 'alex@contoso.com', undef, '')),
			quote(one_of('Microsoft.Storage/storageAccounts/listKeys/action',
					'MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION',
					'Microsoft.Compute/virtualMachines/write', 'MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE',
					'Microsoft.KeyVault/vaults/delete', undef, '')),
			quote(one_of('Success', 'Success', 'Succeeded', 'Start', undef)),
			quote(one_of('cloud-shell-storage-westeurope', 'CLOUD-SHELL-STORAGE-EASTUS', 'rg-shells', 'RG-SHELLS', 'web', undef))
		]
	} 1 .. 1 + int rand 15;
	return insert('azureactivity', 'timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup',
		\@rows);
}

sub some_rows
{
	return one_of(\&some_uploads, \&some_signins, \&some_signins, \&some_operations)->();
}

# The log that Azure delivers twice.
sub some_duplicates
{
	return one_of(
		'INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent, resulttype)'
		  . ' SELECT timegenerated, ipaddress, userprincipalname, useragent, resulttype FROM azhunt.signinlogs ORDER BY random() LIMIT 3',
		'INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader, accountname, correlationid)'
		  . ' SELECT timegenerated, operationname, statustext, calleripaddress, uri, useragentheader, accountname, correlationid'
		  . ' FROM azhunt.storagebloblogs ORDER BY random() LIMIT 3',
		'INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)'
		  . ' SELECT timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup FROM azhunt.azureactivity ORDER BY random() LIMIT 3');
}

my $cluster = Scheduled::Cluster->new;

# By hunt, over all schedules: results, and incremental runs that found some.
my (%found, %found_late);

# Open transactions, each a session; and the names of prepared ones.
my (@open, %prepared, $prepared_count, $control, %done);

sub run_hunts
{
	for my $name (grep { rand() < 0.6 } sort keys %hunts)
	{
		$control->do("CALL azhunt.run_hunt('$name')");
		$done{'run'}++;
	}
}

# A run in a transaction of the caller, at any isolation level, which may roll
# it back; then nothing was found.
sub run_in_transaction
{
	my $name  = one_of(sort keys %hunts);
	my $level = one_of('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE');

	$control->do("BEGIN ISOLATION LEVEL $level");
	$control->do(some_rows()) if rand() < 0.5;
	$control->do("SELECT azhunt.run_hunt_in_transaction('$name')");
	$control->do(some_rows()) if rand() < 0.5;
	$control->do(one_of('COMMIT', 'ROLLBACK'));
	$done{"run in $level"}++;
}

sub begin
{
	my $session = $cluster->session('hunted');

	$session->do('BEGIN ISOLATION LEVEL ' . one_of('READ COMMITTED', 'REPEATABLE READ'));
	$session->do(some_rows());
	push @open, $session;
}

sub continue_one
{
	my ($session) = @_;

	if (rand() < 0.5)
	{
		$session->do('SAVEPOINT s');
		$session->do(some_rows());
		$session->do(one_of('ROLLBACK TO SAVEPOINT s', 'RELEASE SAVEPOINT s'));
		$done{savepoint}++;
	}
	$session->do(some_rows());
}

sub finish_one
{
	my ($session) = splice @open, int rand @open, 1;
	my $end = one_of('COMMIT', 'COMMIT', 'ROLLBACK', 'PREPARE TRANSACTION');

	$done{$end}++;
	if ($end eq 'PREPARE TRANSACTION')
	{
		my $id = 'load_' . ++$prepared_count;
		$end .= " '$id'";
		$prepared{$id} = 1;
	}
	$session->do($end);
	$session->close;
}

sub finish_prepared
{
	my $id  = one_of(sort keys %prepared);
	my $end = one_of('COMMIT PREPARED', 'ROLLBACK PREPARED');

	$control->do("$end '$id'");
	delete $prepared{$id};
	$done{$end}++;
}

# The server dies, and with it what was not committed or prepared.
sub crash
{
	my $running;

	if (rand() < 0.7)
	{
		# a run that is in the middle, waiting to store what it found
		begin();
		$open[-1]->do('LOCK TABLE azhunt.storage_upload_link_account_facts, azhunt.cloudshell_usage_facts IN SHARE MODE');
		$running = $cluster->session('hunted');
		my $pid = $running->do('SELECT pg_backend_pid()');
		$running->send("CALL azhunt.run_hunt('" . one_of(sort keys %hunts) . "')");
		my $waits = await(sub {
			$control->do("SELECT 1 FROM pg_locks WHERE pid = $pid AND NOT granted"
				  . " UNION SELECT 1 FROM pg_stat_activity WHERE pid = $pid AND state = 'idle'") });
		die 'the run neither waits nor ends' unless $waits;
		if (rand() < 0.5)
		{
			kill 'KILL', $pid or die "kill: $!";
			$running->answer;
			$done{'SIGKILL in a run'}++;
		}
	}
	$cluster->stop('immediate');
	$done{crash}++;
	@open = ();
	$running->close if $running;
	$cluster->start;
	$control = $cluster->session('hunted');
}

for my $schedule (1 .. $schedules)
{
	my $seed = $ENV{AZHUNT_SEED} // int rand 2**31;
	delete $ENV{AZHUNT_SEED};
	srand $seed;
	note "schedule $schedule: AZHUNT_SEED=$seed";

	$cluster->session->do('CREATE DATABASE hunted');
	$control = $cluster->session('hunted');
	$control->do('CREATE EXTENSION azhunt');
	$control->do('SELECT count(*) FROM azhunt.create_log_tables()');
	$control->do("INSERT INTO azhunt.scheduled_hunts (name, hunt, options) VALUES ('$_', '$hunts{$_}[0]', '$hunts{$_}[1]')")
	  for grep { $hunts{$_}[1] } sort keys %hunts;
	(@open, %prepared) = ();
	%done = ();
	my $crashes = 0;

	for my $step (1 .. $steps)
	{
		my $chance = rand;

		if    ($chance < 0.15) { $control->do(rand() < 0.8 ? some_rows() : some_duplicates()) }
		elsif ($chance < 0.35) { begin() if @open < 6 }
		elsif ($chance < 0.50) { continue_one(one_of(@open)) if @open }
		elsif ($chance < 0.65) { finish_one() if @open }
		elsif ($chance < 0.72) { finish_prepared() if %prepared }
		elsif ($chance < 0.92) { run_hunts() }
		elsif ($chance < 0.97) { run_in_transaction() }
		elsif ($chance < 0.98) { $control->do("SELECT azhunt.restart_hunt('" . one_of(sort keys %hunts) . "')"); $done{restart}++ }
		elsif (!@open && !%prepared)
		{
			my $day = 10 + int rand 3;
			$control->do("SELECT count(*) FROM azhunt.add_partitions('azhunt.$_', '2026-03-$day', '2026-03-" . ($day + 1) . "')")
			  for qw(storagebloblogs signinlogs azureactivity);
			$done{partitions}++;
		}
		elsif ($crashes < 2) { crash(); $crashes++ }
	}
	# the rest ends one way or the other, and each hunt runs once more
	finish_one()      while @open;
	finish_prepared() while %prepared;
	$control->do("CALL azhunt.run_hunt('$_')") for sort keys %hunts;

	for my $name (sort keys %hunts)
	{
		my ($hunt, undef, $arguments) = @{ $hunts{$name} };
		my $stored = "SELECT $columns{$hunt} FROM azhunt.${hunt}_results WHERE hunt = '$name'";
		my $ad_hoc = "SELECT $columns{$hunt} FROM azhunt.$hunt($arguments)";

		$found{$name} += $control->do("SELECT count(*) FROM ($ad_hoc) AS a");
		is($control->do("($stored) EXCEPT ALL ($ad_hoc)"), '', "$name: nothing is stored that the ad-hoc hunt does not find");
		is($control->do("($ad_hoc) EXCEPT ALL ($stored)"), '', "$name: all is stored that the ad-hoc hunt finds");
		is($control->do("SELECT sum(new_results) FROM azhunt.runs WHERE hunt = '$name'"),
			$control->do("SELECT count(*) FROM azhunt.${hunt}_facts WHERE hunt = '$name'"),
			"$name: every match was announced once");
		$found_late{$name} += $control->do("SELECT count(*) FROM azhunt.runs WHERE hunt = '$name' AND new_results > 0 AND started_over IS NULL");
	}
	is($control->do("SELECT DISTINCT error FROM azhunt.runs WHERE status <> 'succeeded'"), '', 'no run failed or was skipped');
	note join ', ', map { "$_: $done{$_}" } sort keys %done;
	$control->close;
	$cluster->session->do('DROP DATABASE hunted');
}

# or else there was nothing to compare
for my $name (sort keys %hunts)
{
	cmp_ok($found{$name}, '>', 0, "$name: the ad-hoc hunt finds something");
	cmp_ok($found_late{$name}, '>', 0, "$name: incremental runs found some of it");
}
done_testing();
