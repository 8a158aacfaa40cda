# Over 100,000 results of a year, the dashboards' queries of a week find their
# rows by index, and each index that is there for them is used.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP;
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Grafana;
use Session;
use Test::More;

my $role = 'azhunt_grafana';
my $database = 'azhunt_grafana_plans';
my $admin = Session->new(PGDATABASE => 'postgres');
$admin->do("DROP DATABASE IF EXISTS $database");
$admin->do("CREATE DATABASE $database");
local $ENV{PGDATABASE} = $database;

my $session = Session->new(PGDATABASE => $database);
$session->do('CREATE EXTENSION azhunt');
$session->do('SELECT count(*) FROM azhunt.create_log_tables()');
psql($admin->do('SELECT current_user'), '\i ' . directory() . "/role.sql\n");

seed_year($session);
$session->do('VACUUM (ANALYZE)');
is($session->do(q(SELECT count(DISTINCT result_id) FROM azhunt.matches WHERE rule = 'storage_upload_link_account')), 100000, '100,000 results');

my $format = q('YYYY-MM-DD"T"HH24:MI:SS"Z"');
my ($from, $to) = split /\|/, $session->do("SELECT to_char((now() - interval '7 days') AT TIME ZONE 'UTC', $format), to_char(now() AT TIME ZONE 'UTC', $format)");
my %week = (from => $from, to => $to, interval => '1h');
my $result = $session->do("SELECT md5('50000')::uuid");
my $shell = $session->do("SELECT md5('shell 20000')::uuid");

# Each node of a plan, and of what is below it.
sub nodes
{
	my ($node) = @_;

	return ($node, map { nodes($_) } @{ $node->{Plans} // [] });
}

my %used;

sub check_plan
{
	my ($name, $sql) = @_;
	my ($text, $succeeded) = psql($role, "EXPLAIN (FORMAT json) $sql;\n", '--tuples-only', '--no-align');

	ok($succeeded, "$name: is planned") or return diag($text);
	my @nodes = map { nodes($_->{Plan}) } @{ JSON::PP->new->decode($text) };
	my @whole = grep { $_->{'Node Type'} =~ /Seq Scan/ && $_->{'Relation Name'} =~ /^(?:matches|runs)$/ } @nodes;
	is_deeply([ map { $_->{'Relation Name'} } @whole ], [], "$name: no table is read as a whole");
	# an index of which all is read is no better
	is_deeply([ map { $_->{'Index Name'} }
			  grep { $_->{'Node Type'} =~ /^(?:Bitmap )?Index/ && !$_->{'Index Cond'} && $_->{'Index Name'} !~ /^(?:rules_pkey|runs_pkey|status_changes_)/ }
			  @nodes ], [], "$name: nor an index");
	$used{$_} = 1 for grep { defined } map { $_->{'Index Name'} } @nodes;
	like($sql, qr/azhunt\.(?:source_health|rules|upload_counts)\b/, "$name: reads what is small")
	  unless grep { ($_->{'Index Name'} // '') =~ /^(?:matches|runs)_/ } @nodes;
}

for my $query (map { queries($_) } dashboards())
{
	my %variables = (account => '', address => '', file => '', severity => '', status => [ 'new', 'investigating' ], result => $query->{name} =~ /cloudshell/ ? $shell : $result,
		rule => $query->{name} =~ /^azhunt-storage/ ? 'storage_upload_link_account'
		: $query->{name} =~ /^azhunt-cloudshell/ ? 'cloudshell_usage' : [ 'storage_upload_link_account', 'cloudshell_usage' ]);

	check_plan($query->{name}, expand($query->{sql}, \%week, \%variables));
	check_plan("$query->{name}, filtered", expand($query->{sql}, \%week, { %variables, account => 'user7@contoso.com', address => '198.51.100.7', file => 'file9' }))
	  if $query->{sql} =~ /\$\{account/;
}
check_plan($_->{title}, $_->{data}[0]{model}{rawSql}) for alert_rules();

my @indexes = split /\n/, $session->do("SELECT c.relname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid"
	  . " WHERE i.indrelid IN ('azhunt.runs'::regclass, 'azhunt.matches'::regclass)");
is(scalar @indexes, 7, 'indexes of runs and results');
is_deeply([ grep { !$used{$_} } sort @indexes ], [], 'each is used');

# functions, whose plans EXPLAIN does not show
$session->do("SELECT count(*) FROM azhunt.add_partitions('azhunt.storagebloblogs', '2026-03-09', '2026-03-13')");
$session->do("LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; SET client_min_messages = log");
my $plans = $session->query("SELECT * FROM azhunt.upload_counts('storage_upload_link_account', '2026-03-10 06:00+00', '2026-03-11 06:00+00')");
like($plans, qr/on storagebloblogs_p$_/, "uploads of $_ are counted") for 20260310, 20260311;
unlike($plans, qr/on storagebloblogs_p$_/, "and those of $_ not read") for 20260309, 20260312;

$session->close;
$admin->do("DROP DATABASE $database");
$admin->do("DROP ROLE $role");
$admin->close;

done_testing();
