# A query of a test is answered by a session that is kept as it would be by one of its
# own: whether it fails, what is one transaction, and what it leaves behind.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use KeptSessions;
use Test::More;

my $database = create_database('azhunt_kept_sessions');

# The process of the server that answers a query without such words as start another.
sub server_process
{
	return query($database, 'SELECT pid FROM public.azhunt_process()');
}

query($database, 'CREATE FUNCTION azhunt_process(OUT pid integer) LANGUAGE sql AS $$SELECT pg_backend_pid()$$');
my $process = server_process();
is(server_process(), $process, 'the next query is asked in the same session');

foreach my $query ('SELECT 1/0', 'SELECT 1/0;', "SELECT 1/0;\n", 'SELECT 1/0; -- ;', 'SELECT 1; SELECT 1/0;', 'SELECT 1/0; SELECT 1;')
{
	like(query_error($database, $query), qr/ERROR:  division by zero/, "$query fails" =~ s/\n/ /r);
}
like(query_error($database, 'SELECT (1'), qr/syntax error at end of input/, 'so does one whose end psql would not find');
is(query($database, "SELECT ';'';' || \$\$a;b\$\$ -- ;\n"), ";';a;b", 'semicolons within quotes and comments divide nothing');
is(query($database, 'SELECT 1; SELECT 2'), "1\n2", 'all answers of several statements come');
is(query($database, ''), '', 'nothing is no error');
is(query($database, "DO 'BEGIN RAISE NOTICE ''said''; END'"), 'NOTICE:  said', 'a notice is a part of the answer');

$process = server_process();
query_error($database, 'CREATE TABLE kept (); SELECT 1/0');
is(query($database, "SELECT to_regclass('kept') IS NULL"), 't', 'several statements are one transaction');
query($database, 'CREATE TEMPORARY TABLE mine (); SET search_path = elsewhere; SET ROLE pg_monitor');
is(query($database, "SELECT to_regclass('pg_temp.mine') IS NULL, current_setting('search_path'), current_user"), 't|"$user", public|postgres',
	'neither tables nor settings nor a role stay');
is(server_process(), $process, 'and all of this was one session');

# the server ends it
query('postgres', "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '$database'");
$process = server_process();
ok($process, 'the next session is begun when one has ended');
query('postgres', "ALTER DATABASE $database SET search_path = pg_catalog, later");
is(query($database, 'SHOW search_path'), 'pg_catalog, later', 'a setting of the database counts at once');

{
	local $ENV{PGOPTIONS} = '-c search_path=other';
	is(query($database, 'SHOW search_path'), 'other', 'and so does the environment');
}

$process = server_process();
my $pid = fork() // die "fork: $!";
if ($pid == 0)
{
	exit(server_process() ne $process ? 0 : 1);
}
waitpid $pid, 0;
is($?, 0, 'a process that was forked has a session of its own');
is(server_process(), $process, 'and leaves ours');

like(query_error('azhunt_kept_nowhere', 'SELECT 1'), qr/^psql: error: .* does not exist$/, 'a database that is not there is an error');
query('postgres', "DROP DATABASE $database");
like(query_error($database, 'SELECT 1'), qr/ does not exist$/, 'nothing is connected that would be in the way');

done_testing();
