# A dump that pg_restore restores with several jobs: nothing orders the data of
# one table before that of another, so no table may need another's.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Logs;
use Test::More;

my $tries = 4;
my $dump = tempdir('azhunt.XXXXXX', TMPDIR => 1, CLEANUP => 1) . '/dump';
my $source = create_database('azhunt_parallel_source');

query($source, 'CREATE EXTENSION azhunt');
load_logs($source);
query($source, "SELECT azhunt.add_rule(h) FROM unnest('{storage_upload_link_account,cloudshell_usage}'::text[]) AS h");
query($source, "INSERT INTO azhunt.rules (rule, hunt, options, severity) VALUES"
	  . " ('mine', 'cloudshell_usage', '{\"bin\": \"2 hours\"}', 'High'),"
	  . " ('wide', 'storage_upload_link_account', '{\"lookback\": \"1 day\", \"match_user_agent\": false}', 'Low')");
query($source, "SELECT azhunt.run_rule_in_transaction(rule) FROM azhunt.rules, generate_series(1, 10)");
query($source, "INSERT INTO azhunt.allow_list (entity, value, note) SELECT 'account', 'user' || n || '\@contoso.com', 'ours' FROM generate_series(100, 150) AS n");
query($source, "SELECT azhunt.set_status(result_id, 'investigating', 'odd') FROM (SELECT result_id FROM azhunt.results ORDER BY result_id LIMIT 20) AS r");

# Whatever the extension says is the user's data.
my @tables = split /\n/, query($source, <<'END');
SELECT c.oid::regclass
FROM pg_extension AS e CROSS JOIN LATERAL unnest(e.extconfig) AS t (oid) JOIN pg_class AS c ON c.oid = t.oid
WHERE e.extname = 'azhunt' ORDER BY 1
END

sub contents
{
	my ($database) = @_;

	# a sequence may have been fetched ahead of, but is never behind
	return { map { $_ => query($database, /_seq$/ ? "SELECT last_value, is_called FROM $_" : "SELECT t::text FROM $_ AS t ORDER BY 1") } @tables };
}

is(query($source, <<'END'), '', 'no foreign key is between tables whose data the extension dumps');
SELECT c.conrelid::regclass, c.conname, c.confrelid::regclass
FROM pg_constraint AS c
JOIN pg_extension AS e ON e.extname = 'azhunt' AND c.conrelid = ANY (e.extconfig)
WHERE c.contype = 'f'
ORDER BY 1, 2
END

my $before = contents($source);
for my $table ('azhunt.rules', 'azhunt.runs', 'azhunt.status_changes', 'azhunt.allow_list')
{
	isnt($before->{$table} // '', '', "$table has something to restore");
}

my ($status, $output) = run('pg_dump', '--format=directory', "--file=$dump", $source);
is("$status $output", '0 ', 'the database is dumped');
for my $try (1 .. $tries)
{
	my $target = create_database('azhunt_parallel_target');

	($status, $output) = run('pg_restore', '--jobs=' . (1 + $try), "--dbname=$target", $dump);
	is("$status $output", '0 ', "try $try: the dump is restored with " . (1 + $try) . ' jobs');
	my $after = contents($target);
	is_deeply([ grep { $after->{$_} ne $before->{$_} } @tables ], [], "try $try: and every table has all its rows");
	query($target, "SELECT azhunt.run_rule_in_transaction(rule) FROM azhunt.rules");
	is(query($target, "SELECT coalesce(sum(new_matches), 0) FROM azhunt.runs WHERE run > (SELECT max(run) FROM azhunt.runs) - 4"), '0',
		"try $try: and runs find nothing anew");
}
done_testing();
