# The rules, and sessions that run them at random moments, as a scheduler and people do.
package Soak::Rules;

use strict;
use warnings;

use List::Util qw(shuffle);
use Soak::Client;
use Soak::Worker;

# Each rule: its hunt, its options, and the query of the oracle that finds the same.
our %rules = (
	uploads => [ 'storage_upload_link_account', '{}', q(soak.uploads('1 minute', true, '{putblob,putrange}', false, false, false, false)) ],
	uploads_wide => [ 'storage_upload_link_account',
		'{"lookback": "10 minutes", "match_user_agent": false, "include_noninteractive": true, "include_service_principals": true,'
		  . ' "operations": ["PutBlob", "PutRange", "PutBlock"]}',
		q(soak.uploads('10 minutes', false, '{putblob,putrange,putblock}', true, true, false, false)) ],
	uploads_began => [ 'storage_upload_link_account',
		'{"signin_time": "CreatedDateTime", "lookback": "2 minutes", "include_noninteractive": true, "successful_only": true}',
		q(soak.uploads('2 minutes', true, '{putblob,putrange}', true, false, true, true)) ],
	deletions => [ 'storage_mass_deletion', '{}', q(soak.deletions(3, '10 minutes')) ],
	quick => [ 'storage_file_created_quickly_deleted', '{}', q(soak.quick('5 minutes')) ],
	shells => [ 'cloudshell_usage', '{}', 'soak.shells()' ],
	new_shells => [ 'new_cloudshell_user', '{}', q(soak.new_shells('3 minutes')) ],
	failures => [ 'soak_failures', '{}', 'soak.failures()' ]);
our @names = sort keys %rules;

# A hunt in KQL.
my $failures = 'SigninLogs | where ResultType != "0" | summarize n = count(), last = max(TimeGenerated)'
  . ' by UserPrincipalName, IPAddress, day = bin(TimeGenerated, 1d) | where n > 1';
my $description = '{"name": "Failed sign-ins", "queryPeriod": "20d", "entityMappings": ['
  . '{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "UserPrincipalName"}]},'
  . ' {"entityType": "IP", "fieldMappings": [{"identifier": "Address", "columnName": "IPAddress"}]}]}';

sub make_all
{
	my ($session) = @_;

	$session->do("CREATE SCHEMA kql; SET search_path = kql; SELECT azhunt.add_kql_hunt('soak_failures', '" . $failures =~ s/'/''/gr . "', '$description')");
	$session->do('RESET search_path');
	$session->do("SELECT azhunt.add_rule('$_', '$rules{$_}[0]', '$rules{$_}[1]', run_every => '5 minutes')") for @names;
}

sub new
{
	my ($class, $soak, $name) = @_;

	return bless { soak => $soak, name => $name }, $class;
}

# A session of the role that may run rules and nothing else, or of the owner.
sub client
{
	my ($self, $user) = @_;

	return Soak::Client->new($self->{soak}, name => "soak $self->{name}", user => $user // one_of('azhunt_hunter', 'postgres'));
}

# Runs that are not in a transaction.
sub call
{
	my ($client, @rules) = @_;

	for my $rule (@rules)
	{
		count('runs') if defined $client->ask("CALL azhunt.run_rule('$rule')");
	}
}

# Runs in a transaction, which commits or does not.
sub run_in_transaction
{
	my ($client) = @_;
	my $level = one_of('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE');
	my $end = one_of('COMMIT', 'COMMIT', 'ROLLBACK');

	defined $client->ask("BEGIN ISOLATION LEVEL $level") or return;
	# in the order in which prune() waits for rules
	for my $name (sort map { one_of(@names) } 1 .. 1 + int rand 2)
	{
		defined $client->ask("SELECT azhunt.run_rule_in_transaction('$name')", '40001') or return;
	}
	count('runs in transactions') if defined $client->ask($end, '40001');
}

# A run whose client dies.
sub run_and_die
{
	my ($client) = @_;

	$client->send("CALL azhunt.run_rule('" . one_of(@names) . "')");
	nap(rand 0.4);
	$client->kill_client;
	count('clients killed');
}

# A step of a session that runs rules.
sub step
{
	my ($self) = @_;
	my $chance = rand;
	my $client = $self->client($chance < 0.03 ? 'postgres' : undef) or return;

	if ($chance < 0.03)
	{
		count('rules restarted') if defined $client->ask("SELECT azhunt.restart_rule('" . one_of(@names) . "')");
	}
	elsif ($chance < 0.5) { call($client, map { one_of(@names) } 1 .. 1 + int rand 4) }
	elsif ($chance < 0.7) { call($client, shuffle @names) }
	elsif ($chance < 0.85) { run_in_transaction($client) }
	else { run_and_die($client) }
	$client->close;
	nap(rand 1.5);
}

# Run all rules until none finds anything more; how often that took, or nothing if it
# never ends.
sub run_all
{
	my ($session) = @_;

	for my $round (1 .. 10)
	{
		my $before = $session->do('SELECT coalesce(max(run), 0) FROM azhunt.runs');
		$session->do("CALL azhunt.run_rule('$_')") for @names;
		return $round
		  if $session->do("SELECT bool_and(status = 'succeeded' AND new_matches = 0) AND count(*) = " . @names . " FROM azhunt.runs WHERE run > $before") eq 't';
	}
	return;
}

1;
