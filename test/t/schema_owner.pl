# Whoever can create objects in schema azhunt could have its functions called
# in place of the extension's, so CREATE EXTENSION refuses such a schema.
use strict;
use warnings;

use Test::More;

my $database = 'azhunt_schema_owner';
my $role = 'azhunt_schema_owner_test';

# Run SQL, and return what psql printed, errors included.
sub psql
{
	my ($in, $sql) = @_;
	open my $psql, '-|', 'sh', '-c', 'psql -XqAt -d "$1" -c "$2" 2>&1', 'sh', $in, $sql
		or die "psql: $!";
	local $/ = undef;
	my $printed = <$psql> // '';
	close $psql;
	return $printed;
}

sub reset_database
{
	psql('postgres', "DROP DATABASE IF EXISTS $database");
	psql('postgres', "CREATE DATABASE $database");
}

psql('postgres', "CREATE ROLE $role");

reset_database();
psql($database, "CREATE SCHEMA azhunt AUTHORIZATION $role");
like(psql($database, 'CREATE EXTENSION azhunt'),
	qr/schema azhunt exists, and another role can create objects in it/,
	'a schema that another role owns is refused');

reset_database();
psql($database, "CREATE SCHEMA azhunt; GRANT CREATE ON SCHEMA azhunt TO $role");
like(psql($database, 'CREATE EXTENSION azhunt'),
	qr/another role can create objects/, 'and one in which another role can create objects');

reset_database();
psql($database, 'CREATE SCHEMA azhunt; GRANT CREATE ON SCHEMA azhunt TO PUBLIC');
like(psql($database, 'CREATE EXTENSION azhunt'),
	qr/another role can create objects/, 'or everybody can');

reset_database();
psql($database, "CREATE SCHEMA azhunt; GRANT USAGE ON SCHEMA azhunt TO $role");
is(psql($database, 'CREATE EXTENSION azhunt'), '', 'a schema of our own is taken');

psql('postgres', "DROP DATABASE $database");
psql('postgres', "DROP ROLE $role");
done_testing();
