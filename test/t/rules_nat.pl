# What an incremental run costs where many rows share an address, as behind a
# NAT, with user agents that never match, or where a caller has many operations:
# at most a few times what starting over costs, in buffers, with statistics and
# without.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib map { dirname(abs_path(__FILE__)) . $_ } '/../lib', '/../../bench';

use Cluster;
use Nat;
use Test::More;

my $rows = 20_000;
my $cluster = Cluster->new('autovacuum = off', 'shared_buffers = 256MB', 'statement_timeout = 120s');

for my $statistics (1, 0)
{
	my $session = Nat::database($cluster, 'nat', rows => $rows, new => 1000, statistics => $statistics);
	my $how = $statistics ? 'with statistics' : 'without statistics';

	for my $hunt (qw(storage_upload_link_account cloudshell_usage))
	{
		my $run = Nat::measure($session, "nat $hunt");
		is($run->{started_over}, '', "$hunt, $how: a run reads what is new");
		$session->do("SELECT azhunt.restart_rule('nat $hunt')");
		my $over = Nat::measure($session, "nat $hunt");

		isnt($over->{started_over}, '', "$hunt, $how: another starts over");
		cmp_ok($run->{buffers}, '<=', 3 * $over->{buffers}, "$hunt, $how: the first took at most three times the buffers of the second");
	}
	$session->close;
	$cluster->session->do('DROP DATABASE nat');
}
done_testing();
