-- functions.sql
--
-- Cost of a call of the scalar functions and of =~, on a million rows each of
-- what storage logs and sign-in logs hold.

\echo Making data for the functions ...
SELECT setseed(0.5) \g /dev/null

-- Callers: nine in ten with a port, as REST requests have them, the others
-- without, one in fifty IPv6.
CREATE TABLE bench.addresses AS
SELECT CASE WHEN r.kind < 0.90 THEN format('%s:%s', r.v4, 1024 + floor(random() * 60000))
            WHEN r.kind < 0.98 THEN r.v4
            ELSE format('[2001:db8:%s::%s]:%s', to_hex((random() * 65535)::integer),
                        to_hex((random() * 65535)::integer), 1024 + floor(random() * 60000))
       END AS address
FROM (
    SELECT random() AS kind,
           (ARRAY['192.0.2.', '198.51.100.', '203.0.113.'])[1 + i % 3] || floor(random() * 256) AS v4
    FROM generate_series(1, :rows) AS i
) AS r;

-- User agents of an upload and of a sign-in from the same address: two in
-- three are the same browser in another case, the others two browsers.
CREATE TABLE bench.user_agents AS
SELECT r.upload_agent,
       CASE i % 3 WHEN 0 THEN lower(r.upload_agent) WHEN 1 THEN upper(r.upload_agent) ELSE r.other_agent END AS login_agent
FROM (
    SELECT i,
           format('Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%s.0.%s.%s Safari/537.36',
                  p.platforms[1 + floor(random() * 4)::integer], 110 + floor(random() * 40), 5000 + floor(random() * 2000),
                  100 + floor(random() * 100)) AS upload_agent,
           format('Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%s.0.%s.%s Safari/537.36',
                  p.platforms[1 + floor(random() * 4)::integer], 110 + floor(random() * 40), 5000 + floor(random() * 2000),
                  100 + floor(random() * 100)) AS other_agent
    FROM generate_series(1, :rows) AS i
    CROSS JOIN (VALUES (ARRAY['Windows NT 10.0; Win64; x64', 'Macintosh; Intel Mac OS X 10_15_7', 'X11; Linux x86_64',
                              'X11; CrOS x86_64 14541.0.0'])) AS p (platforms)
) AS r;

-- Requests with a shared access signature; one in twenty has no query string.
CREATE TABLE bench.uris AS
SELECT format('https://contosodata%s.blob.core.windows.net:443/%s/%s/%s/%s-%s.%s', floor(random() * 20),
              f.containers[1 + floor(random() * 5)::integer], 2020 + floor(random() * 6), 1 + floor(random() * 12),
              f.names[1 + floor(random() * 5)::integer], floor(random() * 100000),
              f.suffixes[1 + floor(random() * 4)::integer])
       || CASE WHEN i % 20 = 0 THEN ''
               ELSE '?sv=2022-11-02&ss=b&srt=sco&sp=rwdlac&se=2026-01-18T00%3A00%3A00Z&st=2026-01-17T00%3A00%3A00Z'
                    '&spr=https&sig=XXXXX&timeout=901'
          END AS uri
FROM generate_series(1, :rows) AS i
CROSS JOIN (VALUES (ARRAY['backup', 'invoices', 'payroll', 'payroll2024', 'web-assets'],
                    ARRAY['report', 'Export Q3', 'statement', 'invoice', 'summary_final'],
                    ARRAY['csv', 'pdf', 'xlsx', 'parquet'])) AS f (containers, names, suffixes);

-- What the Azure activity log says of operations.
CREATE TABLE bench.operations AS
SELECT (ARRAY['Start', 'Success', 'SUCCESS', 'Succeeded', 'Failure', 'Accept'])[1 + floor(random() * 6)::integer] AS status,
       CASE WHEN random() < 0.01 THEN 'cloud-shell-storage-westeurope'
            ELSE (ARRAY['rg-payroll-prod', 'RG-NETWORK-HUB-WESTEUROPE', 'databricks-rg-analytics-7h2k',
                        'MC_aks-prod_aks-prod_northeurope', 'cloud-shell-storage2'])[1 + floor(random() * 5)::integer]
       END AS resource_group
FROM generate_series(1, :rows) AS i;

VACUUM ANALYZE bench.addresses, bench.user_agents, bench.uris, bench.operations;
CALL bench.warm('{bench.addresses,bench.user_agents,bench.uris,bench.operations}');

\echo Measuring the functions ...
CALL bench.measure_expressions('port off an address', 'bench.addresses', 'address',
    'azhunt.strip_port(address)', $$split_part(address, ':', 1)$$, 1,
    comparable => $$address NOT LIKE '[%'$$);

CALL bench.measure_expressions('blob name in a URI', 'bench.uris', 'uri',
    'azhunt.blob_name(uri)', $$coalesce(substring(uri from '/([\w\-. ]+)\?'), '')$$, 1 / 25.0);

CALL bench.measure_expressions('equality of user agents', 'bench.user_agents', 'login_agent',
    'upload_agent OPERATOR(azhunt.=~) login_agent', 'lower(upload_agent) = lower(login_agent)', 1 / 5.0);

CALL bench.measure_expressions('equality of user agents, ASCII only', 'bench.user_agents', 'login_agent',
    'upload_agent OPERATOR(azhunt.=~) login_agent',
    'lower(upload_agent COLLATE "C") = lower(login_agent COLLATE "C")');

CALL bench.measure_expressions('equality of a status', 'bench.operations', 'status',
    $$status OPERATOR(azhunt.=~) 'Success'$$, $$lower(status) = lower('Success')$$, 1 / 5.0);

CALL bench.measure_expressions('term in a URI', 'bench.uris', 'uri',
    $$azhunt.has(uri, 'payroll')$$, $$uri ~* '\mpayroll\M'$$, 1 / 4.0);

CALL bench.measure_expressions('term in a resource group', 'bench.operations', 'resource_group',
    $$azhunt.has(resource_group, 'cloud-shell-storage')$$, $$resource_group ~* '\mcloud-shell-storage\M'$$, 1 / 4.0);

DROP TABLE bench.addresses, bench.user_agents, bench.uris, bench.operations;
