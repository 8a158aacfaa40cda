--
-- Functions on strings: strip_port, blob_name, file_name, has
--
SET search_path TO public, azhunt;

--
-- strip_port
--

-- what the storage services and the sign-in logs write
SELECT address, strip_port(address)
FROM (VALUES (1, '203.0.113.7:45762'),
             (2, '203.0.113.7'),
             (3, '[2001:db8::7]:443'),
             (4, '[2001:db8::7]'),
             (5, '2001:db8::7'),
             (6, '')) AS v(i, address)
ORDER BY i;

-- one spelling of an IPv6 address for all
SELECT address, strip_port(address)
FROM (VALUES (1, '2001:DB8:0:0:0:0:0:7'),
             (2, '2001:0db8:0000:0000:0000:0000:0000:0007'),
             (3, '[2001:DB8::0007]:65535'),
             (4, '2001:db8:0:0:1:0:0:1'),
             (5, '2001:db8:0:1:1:1:1:1'),
             (6, '::FFFF:203.0.113.7'),
             (7, '::ffff:cb00:7107'),
             (8, '0:0:0:0:0:0:0:0'),
             (9, '0:0:0:0:0:0:0:1'),
             (10, 'FE80::7%eth0'),
             (11, '[fe80::7%25eth0]:8080'),
             -- the same IPv4 client
             (12, '[::ffff:203.0.113.7]:443'),
             (13, '[::ffff:cb00:7107]'),
             (14, '0:0:0:0:0:FFFF:CB00:7107:443'),
             (15, '::ffff:203.0.113.7:443'),
             (16, '[203.0.113.7]:443'),
             -- others
             (17, '::203.0.113.7'),
             (18, '64:ff9b::203.0.113.7'),
             -- a port after all eight groups, and one that may be a group
             (19, '2001:db8:0:0:0:0:0:7:443'),
             (20, '2001:db8::7:443')) AS v(i, address)
ORDER BY i;

-- a host loses its port, and what is no address stays whole
SELECT address, strip_port(address)
FROM (VALUES (1, 'contoso.com:443'),
             (2, ':443'),
             (3, '203.0.113.7:'),
             (4, '203.0.113.7:45762:1'),
             (5, '[203.0.113.7]:443'),
             (6, '[2001:db8::7'),
             (7, '[2001:db8::7]443'),
             (8, '2001:db8::7]:443'),
             (9, '2001:db8::7::1'),
             (10, '2001:db8:0:0:0:0:0:0:7'),
             (11, '2001:db8::/32'),
             (12, '2001:db8::g'),
             (13, ' 2001:db8::7'),
             (14, '[]:443'),
             (15, '%:2001:db8::7'),
             (16, ':'),
             (17, '::::'),
             (18, E'203.0.113.7\n:443'),
             (19, 'zürich:443'),
             (20, '10.0.0.135'),
             (21, 'host:1:2'),
             (22, 'contoso.com:65535'),
             (23, 'contoso.com:65536'),
             (24, 'contoso.com:000443'),
             (25, 'contoso.com:https'),
             (26, 'contoso.com:-1'),
             (27, 'contoso.com: 443'),
             (28, '[2001:db8::7]:65536'),
             (29, '[2001:db8::7]:https'),
             (30, '[2001:db8::7]:'),
             (31, '[contoso.com]:443'),
             (32, '10.0.0.0/8'),
             (33, '[2001:db8::]/32'),
             (34, 'fe80::7%'),
             (35, 'fe80::7%eth0:443'),
             (36, 'fe80::7%eth 0'),
             (37, 'fe80::7%' || repeat('z', 64)),
             (38, 'fe80::7%' || repeat('z', 65)),
             (39, '2001:db8:0:0:0:0:0:7:99999'),
             (40, '2001:db8:0:0:0:0:0:7:'),
             (41, '2001:db8::7:12345')) AS v(i, address)
ORDER BY i;

SELECT strip_port(NULL) IS NULL AS null;

--
-- blob_name
--

SELECT uri, blob_name(uri)
FROM (VALUES (1, 'https://contoso.blob.core.windows.net:443/files/tool.exe?sv=2021-06-08&sig=XXXXX'),
             (2, 'https://contoso.blob.core.windows.net:443/files/a/b/Read me-2.txt?sv=1'),
             (3, 'https://contoso.blob.core.windows.net:443/files/tool.exe'),
             (4, 'https://contoso.blob.core.windows.net:443/files/my%20tool.exe?sv=1'),
             (5, 'https://contoso.blob.core.windows.net:443/files/tool(1).exe?sv=1'),
             (6, 'https://contoso.blob.core.windows.net:443/files?restype=container'),
             (7, 'https://contoso.blob.core.windows.net:443/?comp=list'),
             (8, 'tool.exe?sv=1'),
             (9, '/tool.exe?'),
             (10, '/?'),
             (11, '?'),
             (12, ''),
             -- the leftmost match, wherever it is
             (13, 'https://contoso.blob.core.windows.net/files/x(1)?next=/files/y.txt?z'),
             (14, 'https://contoso.blob.core.windows.net/files/x.txt?next=/files/y.txt?z'),
             (15, '/a??/b?'),
             -- letters past ASCII are no word characters
             (16, '/files/Zürich.txt?sv=1'),
             (17, E'/files/two\nlines?sv=1'),
             (18, '\\contoso.file.core.windows.net\files\tool.exe?')) AS v(i, uri)
ORDER BY i;

SELECT blob_name(NULL) IS NULL AS null;

--
-- file_name
--

SELECT uri, file_name(uri)
FROM (VALUES (1, 'https://contoso.blob.core.windows.net:443/files/tool.exe?sv=2021-06-08&sig=XXXXX'),
             (2, 'https://contoso.blob.core.windows.net:443/files/tool.exe'),
             (3, 'https://contoso.blob.core.windows.net:443/files/my%20tool%20(1).exe?sv=1'),
             (4, 'https://contoso.blob.core.windows.net:443/files/a/b/tool.exe#top'),
             (5, 'https://contoso.blob.core.windows.net:443/files/a%2Fb%2ftool.exe'),
             (6, 'https://contoso.blob.core.windows.net:443/files/100%25%3F.txt?sv=1'),
             (7, 'https://contoso.blob.core.windows.net:443/files/tool.exe?next=/files/y.txt'),
             (8, 'https://contoso.blob.core.windows.net:443/files/a/'),
             (9, 'https://contoso.blob.core.windows.net:443/'),
             (10, 'https://contoso.blob.core.windows.net:443'),
             (11, 'https://contoso.blob.core.windows.net?x=/y'),
             (12, '/files/tool.exe'),
             (13, 'files/tool.exe'),
             (14, 'tool.exe'),
             (15, 'tool:v2.exe'),
             (16, 'C:\Users\alice\tool.exe'),
             (17, '?sv=1'),
             (18, ''),
             (19, 'https://'),
             (20, '/a/b://c')) AS v(i, uri)
ORDER BY i;

-- UNC paths, in which "%", "#" and "?" are characters like others
SELECT uri, file_name(uri)
FROM (VALUES (1, '\\contoso.file.core.windows.net\files\dir\tool.exe'),
             (2, '\\contoso.file.core.windows.net\files\100%25 #1?.txt'),
             (3, '\\contoso.file.core.windows.net\files\dir\'),
             (4, '\\contoso.file.core.windows.net\files'),
             (5, '\\contoso.file.core.windows.net'),
             (6, '\\'),
             (7, '\\\\x'),
             (8, '\contoso\tool.exe')) AS v(i, uri)
ORDER BY i;

-- escapes that spell characters of UTF-8, and those that spell none
\pset format unaligned
SELECT uri, file_name(uri)
FROM (VALUES (1, '/Z%C3%BCrich.txt'),
             (2, '/%E2%82%AC 100'),
             (3, '/%F0%9F%98%80.png'),
             (4, '/ready/😀%2E.txt'),
             (5, '/%41%42%43'),
             (6, '/%'),
             (7, '/%4'),
             (8, '/%4G'),
             (9, '/%%34%31'),
             (10, '/%00.txt'),
             (11, '/%FF%FE'),
             (12, '/%C0%AF (overlong)'),
             (13, '/%E0%80%AF (overlong)'),
             (14, '/%F0%80%80%AF (overlong)'),
             (15, '/%ED%A0%BD%ED%B8%80 (surrogates)'),
             (16, '/%F4%90%80%80 (past U+10FFFF)'),
             (17, '/%F5%80%80%80 (past U+10FFFF)'),
             (18, '/%E2%82 (cut short)'),
             (19, '/%E2%82%'),
             (20, '/%C3%28'),
             (21, '/%80')) AS v(i, uri)
ORDER BY i;
\pset format aligned

SELECT file_name('/%F4%8F%BF%BF') = chr(1114111) AS last_character,
       file_name('/%ED%9F%BF%EE%80%80') = chr(55295) || chr(57344) AS beside_surrogates,
       file_name('/a%0Ab') = E'a\nb' AS newline;
SELECT file_name(NULL) IS NULL AS null;

--
-- has
--

SELECT string, term, has(string, term)
FROM (VALUES (1, 'cloud-shell-storage-westeurope', 'cloud-shell-storage'),
             (2, 'CLOUD-SHELL-STORAGE-WESTUS', 'cloud-shell-storage'),
             (3, 'cloud-shell-storage', 'Cloud-Shell-Storage'),
             (4, 'x_cloud-shell-storage', 'cloud-shell-storage'),
             (5, 'mycloud-shell-storage', 'cloud-shell-storage'),
             (6, 'cloud-shell-storage2', 'cloud-shell-storage'),
             (7, 'cloud shell storage', 'cloud-shell-storage'),
             (8, 'North America', 'america'),
             (9, 'North America', 'amer'),
             (10, 'amer america', 'america'),
             (11, 'aa a', 'a'),
             (12, 'anything', ''),
             (13, '', ''),
             (14, '', 'a'),
             (15, 'a', 'ab'),
             (16, 'a--b', '-'),
             (17, '-', '-'),
             -- a term that begins or ends with a separator may have any neighbour there
             (18, 'x-a', '-a'),
             (19, '--a', '-a'),
             -- letters and digits of all alphabets make terms, in either case
             (20, 'aéb', 'a'),
             (21, 'É', 'é'),
             (22, 'I like CAFÉ au lait', 'café'),
             (23, E'line\nterm\nline', 'TERM'),
             (24, 'a.b', 'a%b'),
             (25, 'a.b', 'a.b'),
             (26, 'МИР', 'мир'),
             (27, 'Привет, МИР!', 'мир'),
             (28, 'МИРНЫЙ', 'мир'),
             (29, 'café', 'caf'),
             (30, U&'cafe\0301', 'cafe'),        -- an accent is no letter
             (31, 'a😀b', 'a'),
             (32, 'a٣', 'a'),                    -- an Arabic digit
             (33, 'Kingſ Success', 'kings success'),
             (34, 'kings success', U&'\212AINGS \017Fucce\017F\017F'),
             (35, 'x' || repeat('ÿ', 20) || '-Term', repeat('Ÿ', 20)),
             (36, repeat('ÿ', 20) || '-Term', repeat('Ÿ', 20) || '-term'),
             (37, 'é', 'éé'),
             (38, 'ééa', 'éa')) AS v(i, string, term)
ORDER BY i;

SELECT has(NULL, 'a') IS NULL AS null_string, has('a', NULL) IS NULL AS null_term;

--
-- stored strings: with short headers, compressed, out of line, or both
--

CREATE TABLE stored (kind text, s text);
ALTER TABLE stored ALTER COLUMN s SET STORAGE MAIN;
INSERT INTO stored VALUES ('short header', '203.0.113.7:443');
INSERT INTO stored VALUES ('compressed', repeat('3', 100000) || ':443');
ALTER TABLE stored ALTER COLUMN s SET STORAGE EXTERNAL;
INSERT INTO stored VALUES ('out of line', repeat('4', 100000) || ':443');
ALTER TABLE stored ALTER COLUMN s SET STORAGE EXTENDED;
INSERT INTO stored
SELECT 'compressed, out of line', string_agg(md5(i::text) || repeat('5', 100), '' ORDER BY i) || ':443'
FROM generate_series(1, 3000) AS i;

-- that they are stored so
SELECT kind,
       pg_column_size(s) = octet_length(s) + 1 AS short_header,
       pg_column_size(s) < octet_length(s) AS compressed,
       pg_column_size(s) > current_setting('block_size')::int AS out_of_line
FROM stored;

SELECT kind,
       strip_port(s) = left(s, -4) AS strip_port,
       blob_name('/' || s || '?') = '' AS colon_is_in_no_name,
       blob_name('/' || left(s, -4) || '?') = left(s, -4) AS blob_name,
       file_name(s) = s AS file_name,
       file_name('https://contoso.com/' || s || '%21?a') = s || '!' AS decoded,
       has(s, '443') AND NOT has(s, '43') AS has,
       has('(' || s || ')', s) AS has_stored_term
FROM stored;

-- straight from the table, without an expression in between
SELECT kind, octet_length(strip_port(s)) AS strip_port, octet_length(file_name(s)) AS file_name,
       blob_name(s) = '' AS blob_name
FROM stored;

DROP TABLE stored;

-- what casts to text by itself
CREATE DOMAIN address AS text;
SELECT strip_port('203.0.113.7:443'::varchar(11)) AS varchar,
       strip_port('203.0.113.7:443'::address) AS domain,
       strip_port('203.0.113.7:443'::name) AS name;
DROP DOMAIN address;
