-- The allow-list: each entity, networks, and what is counted as hidden.
BEGIN;
SELECT plan(38);

SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
SELECT azhunt.add_rule('storage_upload_link_account'), azhunt.add_rule('cloudshell_usage') \g /dev/null

-- A file is named after the case that it stands for.
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader, accountname)
SELECT '2026-03-10 08:00+00', 'PutBlob', 'Success', CASE WHEN address LIKE '%:%' THEN '[' || address || ']:5000' ELSE address || ':5000' END,
       'https://contosodata.blob.core.windows.net/in/' || file, agent, storage
FROM (VALUES
    ('v4', '203.0.113.7', 'Edge', 'contosodata'),
    ('v4neighbour', '203.0.114.7', 'Edge', 'contosodata'),
    ('v6', '2001:db8::7', 'Edge', 'contosodata'),
    ('v6neighbour', '2001:db9::7', 'Edge', 'contosodata'),
    ('mapped', '::ffff:203.0.113.8', 'Edge', 'contosodata'),
    ('word', 'redacted', 'Edge', 'contosodata'),
    ('agent', '198.51.100.1', 'AzCopy/10', 'contosodata'),
    ('storage', '198.51.100.2', 'Edge', 'contosobackup'),
    ('account', '198.51.100.3', 'Edge', 'contosodata')
) AS v (file, address, agent, storage);
INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)
SELECT '2026-03-10 08:00+00', azhunt.strip_port(calleripaddress),
       CASE WHEN uri LIKE '%/account' THEN 'backup@contoso.com' ELSE 'adele@contoso.com' END, useragentheader
FROM azhunt.storagebloblogs;
INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)
VALUES ('2026-03-10 08:00+00', 'backup@contoso.com', 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'cloud-shell-storage-westeurope'),
       ('2026-03-10 08:10+00', 'backup@contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Success', 'web');
SELECT azhunt.run_rule_in_transaction(rule) FROM azhunt.rules \g /dev/null

CREATE FUNCTION pg_temp.hidden_by(VARIADIC entries text[]) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM azhunt.allow_list;
    INSERT INTO azhunt.allow_list (entity, value)
    SELECT split_part(e, '=', 1), substr(e, strpos(e, '=') + 1) FROM unnest(entries) AS e;
    -- a hidden match leaves no result, as each is one of its own
    IF (SELECT count(*) FROM azhunt.results) + (SELECT count(*) FROM azhunt.screened_matches WHERE hidden) <> 10 THEN
        RAISE EXCEPTION 'the results are not those of the matches that are not hidden';
    END IF;
    RETURN ARRAY(SELECT coalesce(details ->> 'FileName', 'shell') COLLATE "C" FROM azhunt.screened_matches WHERE hidden ORDER BY 1);
END
$$;

SELECT is((SELECT count(*) FROM azhunt.screened_matches WHERE NOT hidden), 10::bigint, 'an empty list hides none of the ten matches');
SELECT is(pg_temp.hidden_by(VARIADIC entries), hidden, entries::text)
FROM (VALUES
    -- networks
    ('{address=203.0.113.0/24}'::text[], '{mapped,v4}'::text[]),
    ('{address=203.0.112.0/22}', '{mapped,v4,v4neighbour}'),
    ('{address=203.0.113.8/32}', '{mapped}'),
    ('{address=203.0.113.7/32}', '{v4}'),
    ('{address=203.0.113.9/32}', '{}'),
    ('{address=203.0.113.99/24}', '{mapped,v4}'),
    ('{address=0.0.0.0/0}', '{account,agent,mapped,storage,v4,v4neighbour}'),
    ('{address=2001:db8::/32}', '{v6}'),
    ('{address=2001:DB8:0:0::/32}', '{v6}'),
    ('{address=2001:DB8:0:0::7}', '{v6}'),
    ('{address=::ffff:203.0.113.7}', '{v4}'),
    ('{address=2001:db8::/31}', '{v6,v6neighbour}'),
    ('{address=::/0}', '{v6,v6neighbour}'),
    ('{address=::ffff:203.0.113.0/120}', '{mapped,v4}'),
    ('{address=203.0.113.0/24,address=2001:db8::/32,address=192.0.2.0/24}', '{mapped,v4,v6}'),
    -- addresses
    ('{address=203.0.113.7}', '{v4}'),
    ('{address=2001:db8::7}', '{v6}'),
    ('{address=REDACTED}', '{word}'),
    -- the other entities, in any case
    ('{useragent=azcopy/10}', '{agent}'),
    ('{useragent=azcopy}', '{}'),
    ('{storageaccount=ContosoBackup}', '{storage}'),
    ('{account=BACKUP@contoso.com}', '{account,shell}'),
    -- a value is one of its own entity
    ('{account=203.0.113.0/24,useragent=203.0.113.7,storageaccount=backup@contoso.com,address=contosobackup}', '{}'),
    ('{useragent=azcopy/10,storageaccount=contosobackup,account=backup@contoso.com,address=203.0.113.0/24}', '{account,agent,mapped,shell,storage,v4}')
) AS v (entries, hidden);

-- what each entry hides, for each rule
SELECT pg_temp.hidden_by('address=203.0.112.0/22', 'address=203.0.113.7', 'address=::/0', 'address=192.0.2.0/24', 'account=backup@contoso.com',
                         'useragent=AZCOPY/10', 'storageaccount=contosobackup') \g /dev/null
SELECT results_eq('SELECT entity, value, rule, matches, results, found_at IS NOT NULL FROM azhunt.hidden_results ORDER BY entity, value COLLATE "C", rule', $$
    VALUES ('account', 'backup@contoso.com', 'cloudshell_usage', 1::bigint, 1::bigint, true),
           ('account', 'backup@contoso.com', 'storage_upload_link_account', 1, 1, true),
           ('address', '192.0.2.0/24', NULL, 0, 0, false),
           ('address', '203.0.112.0/22', 'storage_upload_link_account', 3, 3, true),
           ('address', '203.0.113.7', 'storage_upload_link_account', 1, 1, true),
           ('address', '::/0', 'storage_upload_link_account', 2, 2, true),
           ('storageaccount', 'contosobackup', 'storage_upload_link_account', 1, 1, true),
           ('useragent', 'AZCOPY/10', 'storage_upload_link_account', 1, 1, true)$$,
    'each entry is there with what it hides, a match that two hide for both');

-- what is in no list
SELECT throws_ok(format('INSERT INTO azhunt.allow_list (entity, value) VALUES (%L, %L)', entity, value), '23514', message, format('%s %s', entity, value))
FROM (VALUES
    ('address', '203.0.113.0/33', 'new row for relation "allow_list" violates check constraint "allow_list_network_check"'),
    ('address', '2001:db8::/129', 'new row for relation "allow_list" violates check constraint "allow_list_network_check"'),
    ('address', '203.0.113/24', 'new row for relation "allow_list" violates check constraint "allow_list_network_check"'),
    ('address', '203.0.113.0/', 'new row for relation "allow_list" violates check constraint "allow_list_network_check"'),
    ('address', '/24', 'new row for relation "allow_list" violates check constraint "allow_list_network_check"'),
    ('address', '203.0.113.0/24/24', 'new row for relation "allow_list" violates check constraint "allow_list_network_check"'),
    ('address', 'contoso/24', 'new row for relation "allow_list" violates check constraint "allow_list_network_check"'),
    ('address', '', NULL),
    ('caller', 'adele@contoso.com', NULL)
) AS v (entity, value, message);
-- a user agent is no network
SELECT is(pg_temp.hidden_by('useragent=Mozilla/5.0', 'account=contoso/24'), '{}', 'a slash in another entity is a slash');
SELECT throws_ok($$INSERT INTO azhunt.allow_list (entity, value) VALUES ('useragent', 'Mozilla/5.0')$$, '23505', NULL, 'an entry is there once');
SELECT is((SELECT count(*) FROM azhunt.matches), 10::bigint, 'the matches are all there still');

SELECT * FROM finish();
ROLLBACK;
