-- externaldata of KQL reads the table that its address is mapped to, and nothing
-- else.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(9);

DO $$ BEGIN PERFORM azhunt.create_log_tables(); END $$;
CREATE TABLE networks (network text, "Owner" text, n integer);
INSERT INTO networks VALUES ('203.0.113.0/24', 'vps', 1), ('198.51.100.0/24', NULL, 2);
INSERT INTO azhunt.external_data VALUES ('https://example.com/networks.csv?sig=a''b', 'networks');
INSERT INTO azhunt.SigninLogs (TimeGenerated, UserPrincipalName, IPAddress) VALUES (now(), 'a@contoso.com', '203.0.113.7'), (now(), 'b@contoso.com', '192.0.2.1');

SELECT results_eq($$SELECT azhunt.kql('externaldata(Network:string, Owner:string) [@"https://example.com/networks.csv?sig=a''b"] with (format="csv", ignoreFirstRecord=true) | sort by Network asc')$$,
    $$VALUES ('{"Owner": "", "Network": "198.51.100.0/24"}'::jsonb), ('{"Owner": "vps", "Network": "203.0.113.0/24"}')$$, 'an address is a table');
SELECT results_eq($$SELECT azhunt.kql('let IP_Data = (externaldata(network:string)[h@"https://example.com/networks.csv?sig=a''b"]); SigninLogs | evaluate ipv4_lookup(IP_Data, IPAddress, network, return_unmatched = false) | project UserPrincipalName, network')$$,
    $$VALUES ('{"network": "203.0.113.0/24", "UserPrincipalName": "a@contoso.com"}'::jsonb)$$, 'whose networks can be looked up');
SELECT lives_ok($$SELECT azhunt.create_kql_view('pg_temp.v', 'external_data(n:int)["https://example.com/networks.csv?sig=a''b"]')$$, 'also in a view');

CREATE FUNCTION pg_temp.error_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text;
BEGIN
    PERFORM azhunt.kql(query);
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
    RETURN concat(SQLSTATE, ' ', message);
END $$;
SELECT is(pg_temp.error_of('externaldata(network:string)["https://example.com/networks.csv"]'),
    '42601 KQL query has an error at line 1, column 1: externaldata of "https://example.com/networks.csv" is no table here', 'an address that is not mapped is refused');
SELECT is(pg_temp.error_of('externaldata(size:string)["https://example.com/networks.csv?sig=a''b"]'),
    '42601 KQL query has an error at line 1, column 14: table public.networks, which is mapped to the address, has no column "size"', 'and a column that is not there');
SELECT is(pg_temp.error_of('externaldata(n:long)["https://example.com/networks.csv?sig=a''b"]'),
    '42601 KQL query has an error at line 1, column 14: column "n" of table public.networks, which is mapped to the address, is a int, not a long', 'or is of another type');
SELECT is(pg_temp.error_of('externaldata(n:int, network:string, n:int)["https://example.com/networks.csv?sig=a''b"]'),
    '42601 KQL query has an error at line 1, column 37: column "n" is there twice', 'or is there twice');
SELECT is(pg_temp.error_of('externaldata(n:long)["'' OR true; --"]'),
    '42601 KQL query has an error at line 1, column 1: externaldata of "'' OR true; --" is no table here', 'an address is a value');
DROP VIEW v;
DROP TABLE networks;
SELECT is(pg_temp.error_of('externaldata(n:int)["https://example.com/networks.csv?sig=a''b"]'),
    '42601 KQL query has an error at line 1, column 1: externaldata of "https://example.com/networks.csv?sig=a''b" is no table here', 'a table that was dropped is none');

SELECT * FROM finish();
ROLLBACK;
