# What a run costs, in buffers, after few and after many new rows: as much as
# there is new, whatever is stored, and for many no more than to join them at once.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib map { dirname(abs_path(__FILE__)) . $_ } '/../lib', '/../../bench';

use Backlog;
use Cluster;
use Nat;
use Test::More;

my $cluster = Cluster->new('autovacuum = off', 'shared_buffers = 256MB', 'statement_timeout = 120s');

# The buffers that a run reads, and the buffers of an INSERT of what it found.
sub run
{
	my ($session) = @_;
	my $run = Nat::measure($session, 'uploads');

	$session->do('DROP TABLE IF EXISTS copy; CREATE TABLE copy (LIKE azhunt.matches INCLUDING ALL)');
	my $insert = $session->do("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) INSERT INTO copy SELECT * FROM azhunt.matches"
		  . " WHERE run = (SELECT max(run) FROM azhunt.runs)");
	my ($hit) = $insert =~ /"Shared Hit Blocks": (\d+)/;
	$run->{storing} = $hit;
	return $run;
}

my %few;
for my $statistics (1, 0)
{
	my $how = $statistics ? 'with statistics' : 'without statistics';

	for my $days (3, 12)
	{
		my $session = Backlog::database($cluster, days => $days, rows => 5000, statistics => $statistics);

		# of the day that is the last in both
		Backlog::load($session, $days - 1, 200);
		$few{$days} = run($session);
		is($few{$days}{new_matches}, 20, "$how, $days days: a run finds the matches of 200 new uploads and sign-ins");
		if ($days == 3)
		{
			Backlog::load($session, $days, 20_000);
			my $many = run($session);
			is($many->{new_matches}, 2000, "$how: a run finds the matches of 20,000");
			$session->do("SELECT azhunt.restart_rule('uploads')");
			my $over = run($session);
			cmp_ok($many->{buffers} - $many->{storing}, '<=', 1.5 * ($over->{buffers} - $over->{storing}),
				"$how: after many new rows, a run joins them");
			cmp_ok($few{3}{buffers} - $few{3}{storing}, '<=', 0.7 * ($over->{buffers} - $over->{storing}),
				"$how: after few, it does not");
			note "$how: few $few{3}{buffers} ($few{3}{storing}), many $many->{buffers} ($many->{storing}), over $over->{buffers} ($over->{storing})";
		}
		$session->close;
		$cluster->session->do('DROP DATABASE backlog');
	}
	cmp_ok($few{12}{buffers}, '<=', 1.3 * $few{3}{buffers}, "$how: what is stored does not matter");
	note "$how: of 12 days $few{12}{buffers}, of 3 $few{3}{buffers}";
}
done_testing();
