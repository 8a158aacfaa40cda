# Log rows on several servers, set up by what doc/scaling.md says, word for word.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Cluster;
use Databases qw(run);
use Test::More;
use Utils;

my $top = abs_path(dirname(__FILE__) . '/../..');
my ($section) = slurp("$top/doc/scaling.md") =~ /^## Shards behind postgres_fdw\n(.*?)^## /ms;
my ($on_shard, $on_coordinator, $for_analyst, $back, $rules, $questions) = $section =~ /^```sql\n(.*?)^```/msg;
my $dir = tempdir(CLEANUP => 1);
my %cluster = map { $_ => Cluster->new_system } qw(coordinator shard1 shard2);

# Run statements as a person does, who goes on after an error; what they print.
sub type
{
	my ($server, $statements, $user) = @_;
	my $path = spew("$dir/typed.sql", $statements =~ s/'(shard\d)\.example\.org'/'$cluster{$1}{dir}'/gr);
	local %ENV = (%ENV, $cluster{$server}->environment('azhunt'));

	$ENV{PGUSER} = $user if defined $user;
	chdir $top or die "$top: $!";
	my (undef, $output) = run('psql', '--no-psqlrc', '--quiet', '--no-align', '--tuples-only', "--file=$path");
	return $output;
}

sub is_typed
{
	my ($server, $statements, $name) = @_;

	is(type($server, $statements), '', $name);
}

foreach my $cluster (values %cluster)
{
	# roles but the superuser have passwords
	Cluster::run('sed', '--in-place', 's/^\(local.*all \+\)all \+trust/\1postgres trust\n\1all scram-sha-256/', "$cluster->{data}/pg_hba.conf");
	$cluster->session->do('SELECT FROM pg_reload_conf()');
	$cluster->session->do('CREATE DATABASE azhunt');
}
is_typed($_, $on_shard, "what $_ needs") foreach qw(shard1 shard2);
is_typed('coordinator', $on_coordinator, 'what the coordinator needs');
foreach my $server (qw(shard1 shard2 coordinator))
{
	$rules =~ /^(SELECT azhunt\.add_rule.*)$/m or die 'no rule is made';
	like(type($server, $1), qr/\A\s*\z/, "a rule on $server");
}
{
	local %ENV = (%ENV, $cluster{coordinator}->environment('azhunt'));
	my ($status, $output) = run('azhunt-load', '--quiet', '--dbname=azhunt', "$top/sample/logs");
	is($status, 0, 'the sample logs are loaded') or diag $output;
}
is_typed($_, "CALL azhunt.run_rule('storage_upload_link_account')", "the rule runs on $_") foreach qw(shard1 shard2);
my @answers = map { type('coordinator', $_) } $questions =~ /^(.*;)$/mg;
is(scalar(@answers), 4, 'there are questions');
unlike($answers[$_], qr/ERROR|^\s*\z/, "with an answer ($_)") foreach 0 .. $#answers;

# An analyst has the rights that the shards give them.
is_typed($_, "CREATE ROLE soc_analyst LOGIN PASSWORD 'secret'") foreach sort keys %cluster;
is_typed('coordinator', $for_analyst, 'what an analyst needs');
is_typed($_, <<'END', "and on $_") foreach qw(shard1 shard2);
GRANT USAGE ON SCHEMA azhunt, azhunt_shards TO soc_analyst;
GRANT SELECT ON azhunt.signinlogs, azhunt.azureactivity, azhunt_shards.uploads_here, azhunt_shards.signins_here TO soc_analyst;
END
$ENV{PGPASSWORD} = 'secret';
is(type('coordinator', 'SELECT count(*) FROM azhunt.signinlogs', 'soc_analyst'), "13\n", 'who reads log tables');
like(type('coordinator', "SELECT count(*) FROM azhunt_shards.storage_upload_link_account('1 hour')", 'soc_analyst'), qr/^[1-9]\d*$/, 'and hunts');
like(type('coordinator', 'SELECT count(*) FROM azhunt.storagebloblogs', 'soc_analyst'), qr/permission denied for table storagebloblogs/, 'but in no other');
like(type('coordinator', 'SELECT count(*) FROM azhunt.matches', 'soc_analyst'), qr/permission denied for table matches/, 'and no matches');
like(type('coordinator', 'CALL azhunt_shards.drop_coordinator()', 'soc_analyst'), qr/permission denied/, 'nor changes anything');

unlike(type('coordinator', $back), qr/ERROR/, 'the way back');
is(type('coordinator', 'SELECT count(*) FROM azhunt.signinlogs'), "0\n", 'leads to log tables without rows');

done_testing();
