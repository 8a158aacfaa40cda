# DROP EXTENSION does not take the logs along: it refuses, or with CASCADE
# removes only what needs the extension, and a new CREATE EXTENSION with
# create_log_tables() puts that back.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Databases;
use Logs;
use Test::More;

my $database = create_database('azhunt_drop_extension');

# Without log tables nothing is in the way.
query($database, 'CREATE EXTENSION azhunt');
query($database, 'DROP EXTENSION azhunt');
is(query($database, q{SELECT count(*) FROM pg_proc WHERE pronamespace = to_regnamespace('azhunt')}), 0,
	'an extension without log tables can be dropped');

query($database, 'CREATE EXTENSION azhunt');
load_logs($database);
my $before = answers($database);

my @log_tables = split ' ', query($database, q{SELECT string_agg(log_table, ' ' ORDER BY log_table) FROM azhunt.log_table_schemas()});
my $error = query_error($database, 'DROP EXTENSION azhunt');
like($error, qr/^ERROR:  cannot drop extension azhunt because other objects depend on it$/m,
	'DROP EXTENSION refuses while there are log tables');
foreach my $log_table (@log_tables)
{
	like($error, qr/default value for column ingestxid of table azhunt\.$log_table depends on function azhunt\.ingest_xid\(\)/,
		"and names $log_table");
}
like($error, qr/index azhunt\.signinlogs_address_idx depends on function azhunt\.hash\(text\)/, 'and indexes');
like($error, qr/^HINT:  Use DROP \.\.\. CASCADE/m, 'and says what else there is');
is_deeply([ differences($before, answers($database)) ], [], 'nothing has changed');

my $add_hunt = q{SELECT azhunt.add_kql_hunt('kept_view', 'SigninLogs | summarize Failures = count() by UserPrincipalName')};
query($database, $add_hunt);

# The rows are kept, each where it was.
my $rows = 'rows of every partition';
query($database, 'SET client_min_messages = warning; DROP EXTENSION azhunt CASCADE');
is(query($database, q{SELECT count(*) FROM pg_extension WHERE extname = 'azhunt'}), 0, 'CASCADE drops it');
ok(query($database, question($rows)) eq $before->{$rows}, 'and keeps every row, in its partition');
is(query($database, q{SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
		WHERE relnamespace = 'azhunt'::regnamespace AND relkind = 'p'}),
	"@log_tables",
	'and the log tables');

# Logs can still come; nothing says yet which transaction brought them.
query($database, q{INSERT INTO azhunt.signinlogs (timegenerated, userprincipalname) VALUES ('2026-03-03 00:00Z', 'meanwhile')});
is(query($database, q{SELECT ingestxid IS NULL FROM azhunt.signinlogs WHERE userprincipalname = 'meanwhile'}), 't',
	'rows that come meanwhile are taken');
query($database, q{DELETE FROM azhunt.signinlogs WHERE userprincipalname = 'meanwhile'});

query($database, 'CREATE EXTENSION azhunt');
is(query($database, 'SELECT count(*) FROM azhunt.create_log_tables()'), 0,
	'after CREATE EXTENSION create_log_tables() finds the tables');
is_deeply([ differences($before, answers($database)) ], [],
	'rows, columns, defaults, indexes and both hunts\' answers are as before');
is(query($database, q{INSERT INTO azhunt.signinlogs (timegenerated) VALUES ('2026-03-03 00:00Z'), ('2026-05-05 00:00Z')
		RETURNING ingestxid = pg_current_xact_id()::text::bigint}), "t\nt",
	'new rows say again which transaction brought them');
is(query($database, q{INSERT INTO azhunt.signinlogs_p20260303 (timegenerated) VALUES ('2026-03-03 00:00Z')
		RETURNING ingestxid = pg_current_xact_id()::text::bigint}), 't',
	'also those that are put into a partition');
like(query_error($database, 'DROP EXTENSION azhunt'), qr/other objects depend on it/, 'DROP EXTENSION refuses again');

# what stays of a hunt in KQL is in the way, until it is dropped
like(query_error($database, $add_hunt), qr/has a relation "kept_view" already.*^HINT:  Drop it if it is left of a hunt/ms, 'the view of a hunt in KQL has stayed');
query($database, 'DROP VIEW kept_view');
is(query($database, $add_hunt), 'kept_view', 'and the hunt is added again without it');

done_testing();
