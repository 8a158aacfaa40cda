# The hunt in doc/hunts.md works as it stands there, ad hoc and as a rule, is
# short, and survives a dump.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Test::More;
use Utils;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $dir = tempdir('azhunt.XXXXXX', TMPDIR => 1, CLEANUP => 1);

# The statements of the document, each block with what it prints.
sub examples
{
	my ($text) = @_;
	my @examples;

	while ($text =~ /^```sql\n(.*?)^```\n(?:\n```\n(.*?)^```\n)?/msg)
	{
		push @examples, { statements => $1, printed => $2 // '' };
	}
	return @examples;
}

# What psql prints: without the blanks that fill cells, the lines under headings,
# whose length depends on them, and empty lines.
sub trimmed
{
	my ($text) = @_;

	$text =~ s/[ \t]+/ /g;
	$text =~ s/^[-+]+\n//mg;
	$text =~ s/^ | $//mg;
	$text =~ s/\n\n+/\n/g;
	return $text;
}

sub run_script
{
	my ($database, $statements) = @_;

	open my $script, '>', "$dir/script.sql" or die "$dir/script.sql: $!";
	print $script "SET TimeZone = 'UTC';\n$statements";
	close $script;
	my (undef, $output) = run('psql', '--no-psqlrc', '--quiet', "--dbname=$database", "--file=$dir/script.sql");
	return $output;
}

my @examples = examples(slurp("$top/doc/hunts.md"));
my $database = create_database('azhunt_hunts_document', 'log_tables');
is(scalar(@examples), 4, 'there are four blocks of statements');
cmp_ok(scalar(() = $examples[0]{statements} =~ /^.*\S/mg), '<', 40, 'the hunt has less than 40 lines');
foreach my $number (0 .. $#examples)
{
	is(trimmed(run_script($database, $examples[$number]{statements})), trimmed($examples[$number]{printed}),
		"block $number prints what stands there");
}

# Both ways of calling it are inlined, and a run joins as the engine's own hunts do.
like(query($database, "SET enable_nestloop = off; SET enable_hashjoin = off; SET enable_mergejoin = off;"
		. ' EXPLAIN SELECT * FROM soc.role_then_delete()'), qr/AzhuntWindowJoin/, 'the ad-hoc hunt can be a windowed join');
like(query($database, "SET enable_nestloop = off; SET enable_hashjoin = off; SET enable_mergejoin = off;"
		. " EXPLAIN SELECT * FROM soc.role_then_delete_matches('1 hour', '-infinity', 'infinity', ROW(1, 2, '{}'))"),
	qr/AzhuntWindowJoin/, 'so can what a rule asks');

# Late rows, either side.
sub found
{
	query($_[0], "CALL azhunt.run_rule('role_then_delete')");
	return query($_[0], 'SELECT new_matches FROM azhunt.runs ORDER BY run DESC LIMIT 1');
}
is(found($database), 0, 'a second run finds nothing');
query($database, "INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue)"
	  . " VALUES ('2026-03-10 09:35:00Z', 'alex\@contoso.com', 'Microsoft.Authorization/roleAssignments/write')");
is(found($database), 1, 'a role that is known late makes a match of a deletion');
query($database, "INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue)"
	  . " VALUES ('2026-03-10 09:05:00Z', 'alex\@contoso.com', 'Microsoft.Network/virtualNetworks/delete')");
is(found($database), 1, 'and a deletion that is known late is one');
query($database, "INSERT INTO azhunt.azureactivity SELECT * FROM azhunt.azureactivity");
is(found($database), 0, 'rows that come twice are no new matches');

# What operations.md shows first of log rows works, whatever hunt found the latest result.
my ($log_rows) = map { $_->{statements} } grep { $_->{statements} =~ /azhunt\.log_rows/ } examples(slurp("$top/doc/operations.md"));
is(query($database, 'SELECT hunt FROM azhunt.results ORDER BY time DESC LIMIT 1'), 'role_then_delete', 'the latest result is of a hunt without log rows');
is(query($database, $log_rows), '', 'the example has none to show');
like(query_error($database, 'SELECT azhunt.log_rows(result_id) FROM azhunt.results'),
	qr/^ERROR:  hunt "role_then_delete" does not say .*\nHINT:  It needs a function soc\.role_then_delete_log_rows\(azhunt\.matches\)/m,
	'and who asks for such a result is told why');

# A dump and its restore.
my $contents = q{SELECT 'hunt', h.* FROM azhunt.hunts AS h WHERE h.schema = 'soc';
	SELECT 'rule', r.rule, r.hunt, r.options, r.run_every FROM azhunt.rules AS r;
	SELECT 'result', r.result_id, r.summary, r.matches, r.status FROM azhunt.results AS r ORDER BY r.result_id};
query($database, 'SELECT azhunt.set_status(result_id, $$closed$$) FROM azhunt.results LIMIT 1');
my $before = query($database, $contents);
is(scalar(() = $before =~ /^result/mg), 2, 'there are two results to dump');
foreach my $format (qw(custom plain))
{
	my $target = create_database("azhunt_hunts_document_$format");
	my ($status, $output) = run('pg_dump', "--format=$format", "--file=$dir/$format", $database);
	is($status, 0, "pg_dump, $format") or diag $output;
	($status, $output) = $format eq 'custom'
	  ? run('pg_restore', '--exit-on-error', "--dbname=$target", "$dir/$format")
	  : run('psql', '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--output=/dev/null', "--dbname=$target", "--file=$dir/$format");
	is($status, 0, "restored, $format") or diag $output;
	is(query($target, $contents), $before, 'hunt, rule, results and their status are there');
	query($target, "SELECT azhunt.restart_rule('role_then_delete')");
	is(found($target), 0, 'what was found is not announced again');
	query($target, "INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue)"
		  . " VALUES ('2026-03-10 09:06:00Z', 'alex\@contoso.com', 'Microsoft.Network/virtualNetworks/delete')");
	is(found($target), 1, 'and the rule goes on');
}

# What the document says of trust and removal.
query('postgres', 'DROP ROLE IF EXISTS azhunt_hunts_document');
query('postgres', 'CREATE ROLE azhunt_hunts_document');
query($database, 'ALTER FUNCTION soc.role_then_delete_matches OWNER TO azhunt_hunts_document');
like(query_error($database, "CALL azhunt.run_rule('role_then_delete')"), qr/is not trusted by/, 'a run trusts no function of others');
query($database, 'ALTER FUNCTION soc.role_then_delete_matches OWNER TO CURRENT_USER');
query('postgres', 'DROP ROLE azhunt_hunts_document');
like(query_error($database, "SELECT azhunt.drop_hunt('role_then_delete')"), qr/rules run hunt "role_then_delete"/, 'a hunt with rules stays');
query($database, "SELECT azhunt.drop_rule('role_then_delete'), azhunt.drop_hunt('role_then_delete')");
is(query($database, $contents), '', 'then it is gone');
is(query($database, 'SELECT count(*) FROM soc.role_then_delete(as_of => $$2026-03-10 12:00Z$$)'), 4, 'but its functions stay');

done_testing();
