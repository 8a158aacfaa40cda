-- azhunt.is_in_network(): is an address, which is a text, in a network?
BEGIN;
SELECT plan(93);

-- each case by eye
SELECT is(azhunt.is_in_network(address, network), expected, format('%L in %L', address, network))
FROM (VALUES
    ('203.0.113.7', '203.0.113.0/24', true),
    ('203.0.113.0', '203.0.113.0/24', true),
    ('203.0.113.255', '203.0.113.0/24', true),
    ('203.0.112.255', '203.0.113.0/24', false),
    ('203.0.114.0', '203.0.113.0/24', false),
    -- a prefix that is no whole number of bytes
    ('203.0.113.63', '203.0.113.0/26', true),
    ('203.0.113.64', '203.0.113.0/26', false),
    ('10.127.255.255', '10.0.0.0/9', true),
    ('10.128.0.0', '10.0.0.0/9', false),
    -- the longest and the shortest
    ('203.0.113.7', '203.0.113.7/32', true),
    ('203.0.113.6', '203.0.113.7/32', false),
    ('203.0.113.7', '203.0.113.7', true),
    ('203.0.113.8', '203.0.113.7', false),
    ('203.0.113.6', '203.0.113.6/31', true),
    ('203.0.113.8', '203.0.113.6/31', false),
    ('203.0.113.7', '0.0.0.0/0', true),
    ('255.255.255.255', '0.0.0.0/0', true),
    ('127.255.255.255', '0.0.0.0/1', true),
    ('128.0.0.0', '0.0.0.0/1', false),
    -- host bits are of no account
    ('203.0.113.7', '203.0.113.99/24', true),
    ('203.0.114.7', '203.0.113.99/24', false),
    ('203.0.113.7', '1.2.3.4/0', true),
    ('2001:db8::7', '2001:db8::99/64', true),
    -- IPv6, written in any way
    ('2001:db8::7', '2001:db8::/32', true),
    ('2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db8::/32', true),
    ('2001:db9::', '2001:db8::/32', false),
    ('2001:db7:ffff::', '2001:db8::/32', false),
    ('2001:DB8:0:0:0:0:0:7', '2001:db8::/32', true),
    ('2001:db8::7', '2001:DB8:0:0:0:0:0:0/32', true),
    ('2001:db8::7', '2001:db8::7/128', true),
    ('2001:db8::7', '2001:0db8:0000::0007', true),
    ('2001:db8::8', '2001:db8::7/128', false),
    ('2001:db8:0:3::', '2001:db8:0:2::/63', true),
    ('2001:db8:0:4::', '2001:db8:0:2::/63', false),
    ('2001:db8::7', '::/0', true),
    ('::', '::/0', true),
    ('8000::', '::/1', false),
    ('::1', '::1/128', true),
    -- an address of one kind is in no network of the other
    ('203.0.113.7', '::/0', false),
    ('2001:db8::7', '0.0.0.0/0', false),
    -- IPv4 that is written as IPv6 is IPv4
    ('::ffff:203.0.113.7', '203.0.113.0/24', true),
    ('::ffff:cb00:7107', '203.0.113.0/24', true),
    ('::FFFF:203.0.114.7', '203.0.113.0/24', false),
    ('::ffff:203.0.113.7', '::ffff:203.0.113.0/120', true),
    ('203.0.113.7', '::ffff:203.0.113.0/120', true),
    ('203.0.114.7', '::ffff:203.0.113.0/120', false),
    ('203.0.113.7', '::ffff:0.0.0.0/96', true),
    ('203.0.113.7', '::ffff:203.0.113.7', true),
    ('::ffff:203.0.113.7', '::/0', false),
    -- which needs all that says so
    ('203.0.113.7', '::ffff:203.0.113.0/95', false),
    ('::fffe:203.0.113.7', '203.0.113.0/24', false),
    ('1::ffff:203.0.113.7', '203.0.113.0/24', false),
    ('::203.0.113.7', '203.0.113.0/24', false),
    ('::203.0.113.7', '::/96', true),
    -- what is an address and a network at once
    ('203.0.113.0/25', '203.0.113.0/24', true),
    ('203.0.113.0/24', '203.0.113.0/24', true),
    ('203.0.113.0/23', '203.0.113.0/24', false),
    ('203.0.112.0/23', '203.0.112.7', false),
    -- type inet takes it, so this does
    ('203.0.113.7.', '203.0.113.0/24', true),
    -- what is no address
    ('', '203.0.113.0/24', false),
    (' ', '0.0.0.0/0', false),
    ('203.0.113', '203.0.113.0/24', false),
    ('203.0.113.', '203.0.113.0/24', false),
    ('203.0.113.7.9', '203.0.113.0/24', false),
    ('203.0.113.256', '0.0.0.0/0', false),
    ('203.0.113.7:443', '203.0.113.0/24', false),
    (' 203.0.113.7', '203.0.113.0/24', false),
    ('203.0.113.7 ', '203.0.113.0/24', false),
    ('[2001:db8::7]', '2001:db8::/32', false),
    ('[2001:db8::7]:443', '2001:db8::/32', false),
    ('2001:db8::7%eth0', '2001:db8::/32', false),
    ('2001:db8::7::', '2001:db8::/32', false),
    ('2001:db8', '::/0', false),
    (':::', '::/0', false),
    ('redacted', '0.0.0.0/0', false),
    ('redacted', 'redacted', false),
    ('203.0.113.7/', '203.0.113.0/24', false),
    ('203.0.113.7/33', '203.0.113.0/24', false),
    ('203.0.113.7/-1', '0.0.0.0/0', false),
    ('203.0.113.7/24/24', '203.0.113.0/24', false),
    (repeat('1', 10000), '0.0.0.0/0', false),
    -- what is no network
    ('203.0.113.7', '', false),
    ('203.0.113.7', '/', false),
    ('203.0.113.7', '/24', false),
    ('203.0.113.7', '203.0.113.0/', false),
    ('203.0.113.7', '203.0.113.0/33', false),
    ('2001:db8::7', '2001:db8::/129', false),
    ('203.0.113.7', '203.0.113.0/24x', false),
    ('203.0.113.7', '203.0.113.0/255.255.255.0', false),
    (NULL, '203.0.113.0/24', NULL),
    ('203.0.113.7', NULL, NULL)
) AS v (address, network, expected);

-- Random pairs, against type inet, which takes and compares the same.
CREATE FUNCTION pg_temp.by_inet(address text, network text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN address::inet <<= network::inet;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN false;
END
$$;
SELECT setseed(0.5);
CREATE TEMP TABLE pairs AS
WITH address AS (
    SELECT i,
           CASE WHEN i % 2 = 0
                THEN concat_ws('.', o[1], o[2], o[3], o[4])
                ELSE concat_ws(':', to_hex(o[1]), to_hex(o[2]), to_hex(o[3]), to_hex(o[4]), to_hex(o[5]), to_hex(o[6]), to_hex(o[7]), to_hex(o[8]))
           END AS text
    FROM generate_series(1, 20000) AS i
    CROSS JOIN LATERAL (SELECT ARRAY(SELECT (floor(random() * 258) + 0 * i)::integer FROM generate_series(1, 8)) AS o) AS r
)
SELECT a.text AS address,
       CASE WHEN random() < 0.1 THEN b.text
            -- the same but for the end
            ELSE left(a.text, -1) || floor(random() * 10) END || '/' || floor(random() * CASE WHEN a.i % 2 = 0 THEN 35 ELSE 131 END - 1) AS network
FROM address AS a JOIN address AS b ON b.i = a.i % 100 + 1;
SELECT is_empty('SELECT * FROM pairs WHERE azhunt.is_in_network(address, network) <> pg_temp.by_inet(address, network)',
    'random addresses are in those networks in which type inet has them');
SELECT cmp_ok((SELECT least(count(*) FILTER (WHERE r), count(*) FILTER (WHERE NOT r)) FROM (SELECT azhunt.is_in_network(address, network) AS r FROM pairs) AS p),
    '>', 1000::bigint, 'there are many of either kind');

SELECT * FROM finish();
ROLLBACK;
