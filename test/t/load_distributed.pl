# Log tables that are distributed over servers: they are in schema logs, and have a
# column distribution_key, which azhunt-load fills.  Citus is not needed for that: the
# tables here have the same form and the same constraints.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Test::More;

create_database();
my @log_tables = split ' ', sql('SELECT string_agg(log_table, $$ $$ ORDER BY log_table) FROM azhunt.log_table_schemas()');

# what the rows are distributed by, as the script for Citus has it
sql("CREATE SCHEMA azhunt_citus; CREATE SCHEMA logs;\n\\set azhunt_scaling_schema azhunt_citus\n\\i '$root/scaling/common.sql'");
sql(<<'SQL');
DO $$
DECLARE
    log_table text;
    key text;
    partition regclass;
BEGIN
    FOR log_table, key IN SELECT k.log_table, k.key FROM azhunt_citus.log_table_keys() AS k LOOP
        FOR partition IN SELECT p.relation FROM azhunt.partition_tree(format('azhunt.%I', log_table)) AS p (relation) LOOP
            EXECUTE format('ALTER TABLE %s SET SCHEMA logs', partition);
        END LOOP;
        EXECUTE format('ALTER TABLE logs.%I ADD COLUMN distribution_key text NOT NULL, ADD CHECK (distribution_key = %s)',
                       log_table, key);
    END LOOP;
END
$$
SQL

load_ok('all log tables', '-q', map { data($_) } qw(raw_storage.json raw_signins.json capture_activity.json activity_list.json
	graph_audits.json portal_old.csv raw_audit.json raw_managedidentity.json raw_queue.json
	raw_serviceprincipal.json raw_table.json InteractiveSignIns_2026-01-31_2026-02-01.csv));
for my $table (@log_tables)
{
	cmp_ok(sql("SELECT count(*) FROM logs.$table"), '>', 0, "$table: rows");
	cmp_ok(sql("SELECT count(*) FROM logs.$table WHERE tableoid <> 'logs.${table}_default'::regclass"), '>', 0, "$table: daily partitions");
}

# addresses of all forms, none, and what only looks like the column
sub signin { return '{"time":"2026-01-31T10:00:00Z","category":"SignInLogs","properties":{' . join(',', @_) . "}}\n"; }
my @addresses = ('192.0.2.1', '192.0.2.1:443', '[2001:DB8::1]:443', '2001:db8::1', '::ffff:192.0.2.1', 'fe80::1%eth0', 'x:y:z', '', ' 192.0.2.1');
sql('TRUNCATE logs.signinlogs, azhunt.loaded_files');
load_ok('addresses', '-q', spew("$dir/addresses.json", join '', signin('"id":"none"'), signin('"id":"null"', '"ipAddress":null'),
	map { signin(qq("id":"a","ipAddress":"$_"), '"distribution_key":"mine"') } @addresses));
is(sql('SELECT count(*) FROM logs.signinlogs'), @addresses + 2, 'addresses: rows');
is(sql(q{SELECT string_agg(DISTINCT distribution_key, ' ' ORDER BY distribution_key) FROM logs.signinlogs WHERE ipaddress ~ '^192'}), '192.0.2.1', 'addresses: without ports');
is(sql(q{SELECT count(*) FROM logs.signinlogs WHERE ipaddress IS NULL AND distribution_key = ''}), '2', 'addresses: none');
is(sql(q{SELECT count(*) FROM logs.signinlogs WHERE additionalfields #>> '{properties,distribution_key}' = 'mine'}), scalar @addresses, 'a field of that name goes to additionalfields');
sql('TRUNCATE logs.signinlogs, azhunt.loaded_files');
load_ok('columns of that name', '-q', '--table', 'SigninLogs', spew("$dir/named.csv", "TimeGenerated,IPAddress,distribution_key\n2026-01-31 10:00:00,192.0.2.7:1,mine\n"));
is(sql(q{SELECT distribution_key || ' ' || additionalfields::text FROM logs.signinlogs}), '192.0.2.7 {"distribution_key": "mine"}', 'a column of that name goes to additionalfields');

# --explain knows nothing of them, and a table of somebody else's takes no logs
sql(q{SET client_min_messages = warning; DROP ROLE IF EXISTS regress_azhunt_other; CREATE ROLE regress_azhunt_other; ALTER TABLE logs.signinlogs OWNER TO regress_azhunt_other});
like((loader('-q', spew("$dir/other.json", signin('"id":"b"'))))[2], qr/table azhunt\.signinlogs does not exist/, 'table of another owner in schema logs');
sql('ALTER TABLE logs.signinlogs OWNER TO CURRENT_USER; DROP ROLE regress_azhunt_other; ALTER TABLE logs.signinlogs DROP COLUMN distribution_key');
like((loader('-q', "$dir/other.json"))[2], qr/table azhunt\.signinlogs does not exist/, 'table of another form in schema logs');

done_testing();
