-- aggregates.sql
--
-- Cost of the aggregates, over two million rows, in many small groups and in
-- few large ones.

\echo Making data for the aggregates ...
SELECT setseed(0.5) \g /dev/null

-- Operations, some as common as one in ten, in the order of time: each of one
-- of 1,200 callers that are busy in its hour, on one of 200,000 resources, in
-- one of 20 subscriptions.
CREATE TABLE bench.operations AS
SELECT (i * 168 / (2 * :rows) * (:rows * 6 / 5000) + floor(random() * (:rows * 6 / 5000)))::integer AS caller_and_hour,
       floor(random() * :rows / 5)::integer AS resource,
       floor(random() * 20)::integer AS subscription,
       CASE WHEN r.kind % 3 = 0 THEN upper(n.operation) ELSE n.operation END AS operation
FROM (
    SELECT i, floor(300 * power(random(), 3))::integer AS kind
    FROM generate_series(1, 2 * :rows::bigint) AS i
) AS r
CROSS JOIN LATERAL format((ARRAY['Microsoft.Compute/virtualMachines/extensions%s/write',
                                 'Microsoft.Storage/storageAccounts/blobServices%s/write',
                                 'Microsoft.Network/networkSecurityGroups/securityRules%s/delete',
                                 'Microsoft.Authorization/roleAssignments%s/write'])[1 + r.kind % 4],
                          r.kind) AS n (operation);

-- Sign-ins, likewise in the order of time: the bags that the upload hunt makes
-- of them, of one of 600 accounts that are busy in the hour, from one of
-- 100,000 addresses, to one of 20 applications.
CREATE TABLE bench.signins AS
SELECT (r.i * 168 / :rows * (:rows * 6 / 10000) + r.account)::integer AS account_and_hour,
       r.address,
       floor(random() * 20)::integer AS application,
       r.i AS ordinal,
       jsonb_build_object('AccountUsed', format('user%s@contoso.com', r.account),
                          'IPUsed', format('2001:db8::%s:%s', to_hex(r.address / 65536), to_hex(r.address % 65536)),
                          'AzureLoginTime', to_char(timestamp '2026-01-10' + r.i * interval '0.6 seconds',
                                                    'YYYY-MM-DD"T"HH24:MI:SS.US"0Z"'),
                          'UserAgent', format('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36'
                                              ' (KHTML, like Gecko) Chrome/%s.0.0.0 Safari/537.36',
                                              110 + r.account % 40)) AS signin
FROM (
    SELECT i,
           floor(random() * (:rows * 6 / 10000))::integer AS account,
           floor(random() * :rows / 10)::integer AS address
    FROM generate_series(1, :rows::bigint) AS i
) AS r;

VACUUM ANALYZE bench.operations, bench.signins;
CALL bench.warm('{bench.operations,bench.signins}');

\echo Measuring the aggregates ...
CALL bench.measure_aggregates('set, 200,000 groups, in order', 'bench.operations', 'caller_and_hour', 'operation',
    'azhunt.make_set(operation)', 'array_agg(DISTINCT operation)', 1,
    reference_answer => 'to_jsonb(array_agg(DISTINCT operation))');

CALL bench.measure_aggregates('set, 200,000 groups, mixed', 'bench.operations', 'resource', 'operation',
    'azhunt.make_set(operation)', 'array_agg(DISTINCT operation)', 1,
    reference_answer => 'to_jsonb(array_agg(DISTINCT operation))');

CALL bench.measure_aggregates('set, 20 groups', 'bench.operations', 'subscription', 'operation',
    'azhunt.make_set(operation)', 'array_agg(DISTINCT operation)', 1 / 5.0,
    reference_answer => 'to_jsonb(array_agg(DISTINCT operation))');

CALL bench.measure_aggregates('bag, 100,000 groups, in order', 'bench.signins', 'account_and_hour', 'signin',
    'azhunt.make_bag(signin)', 'jsonb_object_agg(key, value)', 1 / 10.0, ', jsonb_each(signin)',
    'azhunt.make_bag(signin ORDER BY ordinal)', 'jsonb_object_agg(key, value ORDER BY ordinal)');

CALL bench.measure_aggregates('bag, 100,000 groups, mixed', 'bench.signins', 'address', 'signin',
    'azhunt.make_bag(signin)', 'jsonb_object_agg(key, value)', 1 / 10.0, ', jsonb_each(signin)',
    'azhunt.make_bag(signin ORDER BY ordinal)', 'jsonb_object_agg(key, value ORDER BY ordinal)');

CALL bench.measure_aggregates('bag, 20 groups', 'bench.signins', 'application', 'signin',
    'azhunt.make_bag(signin)', 'jsonb_object_agg(key, value)', 1 / 10.0, ', jsonb_each(signin)',
    'azhunt.make_bag(signin ORDER BY ordinal)', 'jsonb_object_agg(key, value ORDER BY ordinal)');

DROP TABLE bench.operations, bench.signins;
