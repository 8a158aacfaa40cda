# The owner of a database who is no superuser: what a superuser does for that role,
# as doc/operations.md says, lets it use azhunt, and not more.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Test::More;
use Utils;

my $top = abs_path(dirname(abs_path(__FILE__)) . '/../..');
my ($owner, $reader) = ('azhunt_owner', 'azhunt_owner_reader');

sub drop_roles
{
	query('postgres', "DROP ROLE IF EXISTS $_") foreach $reader, $owner;
}

query('postgres', 'DROP DATABASE IF EXISTS azhunt_database_owner WITH (FORCE)');
drop_roles();
query('postgres', "CREATE ROLE $_ LOGIN") foreach $owner, $reader;
my $database = create_database('azhunt_database_owner');
query('postgres', "ALTER DATABASE $database OWNER TO $owner");

# As the owner, or another role
sub as
{
	my ($role, $query) = @_;
	local $ENV{PGUSER} = $role;

	return query($database, $query);
}

sub refused
{
	my ($query, $pattern, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	local $ENV{PGUSER} = $owner;

	like(query_error($database, $query), $pattern, $name);
}

refused('CREATE EXTENSION azhunt', qr/permission denied to create extension "azhunt"/, 'the extension is not trusted');

my ($section) = slurp("$top/doc/operations.md") =~ /^## A database owner who is not a superuser\n(.*?)^## /ms;
my ($statements) = ($section // '') =~ /^```sql\n(.*?)^```/ms;
ok($statements, 'doc/operations.md says what a superuser does');
query($database, $statements);

{
	local $ENV{PGUSER} = $owner;
	my ($status, $output) = run($ENV{AZHUNT_LOAD} // 'azhunt-load', '--quiet', "--dbname=$database", "$top/sample/logs");
	is($status, 0, 'the owner loads logs') or diag($output);
}
cmp_ok(as($owner, 'SELECT count(*) FROM azhunt.storage_upload_link_account()'), '>', 0, 'hunts');
as($owner, "SELECT azhunt.add_rule('storage_upload_link_account')");
as($owner, "CALL azhunt.run_rule('storage_upload_link_account')");
cmp_ok(as($owner, 'SELECT count(*) FROM azhunt.results'), '>', 0, 'makes a rule, runs it, reads results');
is(as($owner, 'SELECT status FROM azhunt.runs'), 'succeeded', '... of a run');
as($owner, "SELECT azhunt.set_status(result_id, 'closed') FROM azhunt.results");
is(as($owner, "SELECT count(*) > 0 AND bool_and(status = 'closed') FROM azhunt.results"), 't', 'does triage');
as($owner, "INSERT INTO azhunt.allow_list (entity, value, note) VALUES ('account', 'adelev\@contoso.com', 'known')");
is(as($owner, 'SELECT added_by FROM azhunt.allow_list'), $owner, 'keeps the allow-list');
as($owner, 'DELETE FROM azhunt.allow_list');
as($owner, 'SELECT count(*) FROM azhunt.source_health');
as($owner, "GRANT USAGE ON SCHEMA azhunt TO $reader; GRANT SELECT ON azhunt.results TO $reader");
cmp_ok(as($reader, 'SELECT count(*) FROM azhunt.results'), '>', 0, 'and makes another role a reader');

refused('CREATE FUNCTION azhunt.f() RETURNS integer RETURN 1', qr/permission denied for schema azhunt/, 'the owner cannot create in the schema');
refused('UPDATE azhunt.matches SET account = NULL', qr/permission denied for table matches/, 'cannot change matches');
refused('DROP EXTENSION azhunt CASCADE', qr/must be owner of extension azhunt/, 'cannot drop the extension');
refused('ALTER EXTENSION azhunt UPDATE', qr/must be owner of extension azhunt/, 'cannot update it');
refused("SELECT azhunt.prune(interval '1 year')", qr/permission denied for function prune/, 'cannot prune');
refused("SELECT azhunt.add_hunt('azhunt.cloudshell_usage', '{}', '', '{}', '', '')", qr/permission denied for function add_hunt/, 'cannot add a hunt');
refused("SELECT azhunt.drop_rule('storage_upload_link_account')", qr/permission denied for function drop_rule/, 'cannot drop a rule');

query('postgres', "DROP DATABASE $database WITH (FORCE)");
drop_roles();
done_testing();
