# azhunt-kql import: hunting queries and analytics rules in the YAML of Sentinel's
# repository become hunts of the catalogue, or are refused with the reason.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Test::More;

my $source = abs_path(dirname(abs_path(__FILE__)) . '/../..');
my $program = $ENV{AZHUNT_KQL} // "$source/src/kqlc/azhunt-kql";
my $directory = tempdir('azhunt.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $database = create_database('azhunt_kql_import', 'log_tables');

query($database, 'CREATE SCHEMA soc');

sub file
{
	my ($path, $text) = @_;
	make_path(dirname("$directory/$path"));
	open my $file, '>:raw', "$directory/$path" or die "$path: $!";
	print $file $text;
	close $file;
}

# What the program prints, without the directory: each line, and then the summary
sub import_files
{
	my (@arguments) = @_;
	my ($status, $output) = run('sh', '-c', 'exec "$@" 2>"$ERRORS"', 'sh', $program, 'import', @arguments);
	open my $errors, '<', $ENV{ERRORS} or die $!;
	my $summary = do { local $/; readline $errors };

	$output =~ s/\Q$directory\E/DIR/g;
	$summary =~ s/\Q$directory\E/DIR/g;
	return ($status, $output, $summary);
}
$ENV{ERRORS} = "$directory/errors";

file('rules/Failed Sign-Ins.yaml', <<'END');
id: 7d1cf5b2-16a6-4e2f-b2a4-0e5f3a3f2d11
name: 'Failed sign-ins'
description: |
  Finds accounts with "many" failures.
severity: High
status: ~
queryFrequency: 1h
queryPeriod: 2d
triggerThreshold: 0
tactics: &tactics
  - CredentialAccess
  - Persistence
relevantTechniques: [T1110]
query: |
  SigninLogs
  | where ResultType != "0"
  | summarize Failures = count() by UserPrincipalName, IPAddress
  | where Failures >= 2
entityMappings:
  - entityType: Account
    fieldMappings:
      - identifier: FullName
        columnName: UserPrincipalName
kind: Scheduled
END
file('rules/deeper/3 things.yml', "name: null\nquery: AzureActivity | project TimeGenerated, Caller\ntactics:\n");
file('rules/deeper/Failed_sign_ins.yaml', "name: Another\nquery: |\n  SigninLogs | take 1\n");
file('rules/broken.yaml', "name: [\n");
file('rules/wrong.yaml', "name: x\nquery: |\n  SigninLogs | where Nothing == 1\n  | nonsense\n");
file('rules/wrong2.yaml', "name: x\nquery: |\n  SigninLogs | nonsense\n");
file('rules/playbook.yaml', "name: not a hunt\nsteps: [a, b]\n");
file('rules/severe.yaml', "name: x\nseverity: Fatal\nquery: SigninLogs\n");
file('rules/.hidden/x.yaml', "query: SigninLogs\n");
file('rules/readme.txt', "query: SigninLogs\n");
file('rules/laughs.yaml', "query: SigninLogs\na: &a [x,x,x,x,x,x,x,x,x,x]\n" . join('', map { my $n = chr(ord('a') + $_); my $m = chr(ord($n) + 1); "$m: &$m [" . join(',', ("*$n") x 10) . "]\n" } 0 .. 8) . "tactics: *j\n");

my $expected = <<'END';
refused		DIR/rules/broken.yaml	line 2 of the file: did not find expected node content
OK	hunt_3_things	DIR/rules/deeper/3 things.yml
OK	failed_sign_ins_2	DIR/rules/deeper/Failed_sign_ins.yaml
refused		DIR/rules/laughs.yaml	the description is too large, or too deep
skipped		DIR/rules/playbook.yaml	it has no query
refused	severe	DIR/rules/severe.yaml	severity cannot be "Fatal"
refused	wrong	DIR/rules/wrong.yaml	Line 1, column 20: column "Nothing" of SigninLogs does not exist. Line 2, column 3: the operator nonsense is not supported.
refused	wrong2	DIR/rules/wrong2.yaml	KQL query has an error at line 1, column 14: the operator nonsense is not supported
END
my $first = "OK	failed_sign_ins	DIR/rules/Failed Sign-Ins.yaml\n";
my ($status, $output, $summary) = import_files("--dbname=$database", '--into=soc', "$directory/rules");
is($output, ($first . $expected) =~ s/^OK/imported/mgr, 'each file has its line');
is($status, 1, 'and what is refused shows in the status');
is($summary, <<'END', 'the reasons are counted');
3 imported, 5 refused, 1 skipped
     2  the operator nonsense is not supported
     1  column "Nothing" of SigninLogs does not exist
     1  line 2 of the file: did not find expected node content
     1  severity cannot be "Fatal"
     1  the description is too large, or too deep
END
is(query($database, q{SELECT to_jsonb(h) - 'query' FROM azhunt.hunts AS h WHERE hunt = 'failed_sign_ins'}),
	'{"id": "7d1cf5b2-16a6-4e2f-b2a4-0e5f3a3f2d11", "hunt": "failed_sign_ins", "reach": "query_period", "title": "Failed sign-ins", "schema": "soc", "tables": ["signinlogs"], '
	. '"summary": "UserPrincipalName: {UserPrincipalName}, IPAddress: {IPAddress}", "tactics": ["CredentialAccess", "Persistence"], "severity": "High", "run_every": "01:00:00", '
	. '"result_key": ["UserPrincipalName", "IPAddress"], "techniques": ["T1110"], "description": "Finds accounts with \"many\" failures.\n", "default_options": {"query_period": "2 days"}, '
	. '"entity_mappings": [{"entityType": "Account", "fieldMappings": [{"columnName": "UserPrincipalName", "identifier": "FullName"}]}]}', 'a hunt has all that its file says');
is(query($database, q{SELECT title, default_options, tactics FROM azhunt.hunts WHERE hunt = 'hunt_3_things'}), 'hunt_3_things|{"query_period": "1 day"}|{}', 'or what is usual');
query($database, q{INSERT INTO azhunt.SigninLogs (TimeGenerated, UserPrincipalName, ResultType) SELECT now(), 'kim@contoso.com', '50126' FROM generate_series(1, 2)});
query($database, q{SELECT azhunt.add_rule('failed_sign_ins')});
query($database, q{CALL azhunt.run_rule('failed_sign_ins')});
is(query($database, q{SELECT account, severity, summary FROM azhunt.results}), 'kim@contoso.com|High|UserPrincipalName: kim@contoso.com, IPAddress: ', 'and can be a rule');

# once more, with a change
file('rules/deeper/3 things.yml', "name: Three things\nquery: AzureActivity | project TimeGenerated\n");
($status, $output) = import_files("--dbname=$database", '--into=soc', "$directory/rules/deeper/3 things.yml");
is($status, 0, 'a file is imported again');
is(query($database, q{SELECT title, result_key FROM azhunt.hunts WHERE hunt = 'hunt_3_things'}), 'Three things|{TimeGenerated}', 'and changes its hunt');

# without a server
{
	local $ENV{PGHOST} = '/nonexistent';
	($status, $output, $summary) = import_files('--check', "$directory/rules");
	is($output, ($first . $expected) =~ s/^OK/compiles/mgr =~ s/^refused\tsevere(.*)\t.*/compiles\tsevere$1/mr =~ s/exist\. Line/exist. Line/r =~ s/supported\.$/supported/mr
		=~ s/KQL query has an error at line 1, column 14/Line 1, column 14/r, 'it can be checked what compiles');
	like($summary, qr/^4 compile, 4 refused, 1 skipped$/m, 'and counted');
	($status, $output, $summary) = import_files("--dbname=$database", "$directory/rules");
	is($status, 2, 'else there has to be a server');
}
(undef, undef, $summary) = import_files('--check', "$directory/nothing");
is($summary, "azhunt-kql: DIR/nothing: No such file or directory\n", 'and a file');
($status) = run('sh', '-c', 'exec "$@" 2>/dev/null', 'sh', $program, 'import');
is($status, 2, 'at least one');

# query parameters and tables of the command line
file('tables/Mine.csv', "Name,string\nSize,long\n");
file('query.kql', 'declare query_parameters(n: long, s: string = "x"); Mine | where Size > n and Name == s | count');
my ($compiled, $sql) = run($program, "--schema=$directory/tables", '--parameter=n=5', '-p', "s=it's", "$directory/query.kql");
is($compiled, 0, 'a query with parameters is compiled');
like($sql, qr/5::bigint.*'it''s'/s, 'with their values');
foreach my $case (
	[ "Name,string\n\nSize,longer\n", 3, 'KQL has no type of that name' ],
	[ "Name,string\r\nSize", 2, 'expected "column,type"' ],
	[ "Name,string\nSize,long\0Other,long\n", 2, 'there is a null character' ],
	[ join('', map { "c$_,long\n" } 1 .. 2001), 2001, 'the table has too many columns' ])
{
	my ($text, $line, $problem) = @$case;
	file('tables/Wrong.csv', $text);
	my ($refused, $message) = run('sh', '-c', 'exec "$@" 2>&1', 'sh', $program, "--schema=$directory/tables", "$directory/query.kql");
	is("$refused $message", "2 azhunt-kql: $directory/tables/Wrong.csv:$line: $problem\n", "a line of a table is refused: $problem");
}
unlink "$directory/tables/Wrong.csv";

SKIP:
{
	skip 'no /dev/full', 1 unless -c '/dev/full';
	my ($status, $message) = run('sh', '-c', 'exec "$@" 2>&1 >/dev/full', 'sh', $program, '--functions');
	is("$status $message", "2 azhunt-kql: could not write to standard output: No space left on device\n", 'output that cannot be written is an error');
}

done_testing();
