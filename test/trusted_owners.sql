-- Rules read a log table only if whatever it reaches belongs to a role
-- that has the rights of who reads it anyway: its owner could have code run.
BEGIN;
SELECT plan(33);

CREATE ROLE regress_azhunt_stranger;
CREATE SCHEMA strange;
GRANT USAGE, CREATE ON SCHEMA strange TO regress_azhunt_stranger;
SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
SELECT azhunt.add_rule('storage_upload_link_account'), azhunt.add_rule('cloudshell_usage') \g /dev/null
CREATE SCHEMA siem;
CREATE TABLE siem.events (LIKE azhunt.azureactivity INCLUDING DEFAULTS);
CREATE TABLE siem.days (LIKE azhunt.azureactivity) PARTITION BY RANGE (timegenerated);
CREATE TABLE siem.day PARTITION OF siem.days DEFAULT;

SET LOCAL ROLE regress_azhunt_stranger;
CREATE FUNCTION strange.word(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN $1; END$$;
CREATE FUNCTION strange.truth(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN true; END$$;
CREATE AGGREGATE strange.together(text) (SFUNC = pg_catalog.textcat, STYPE = text);
CREATE OPERATOR strange.~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.texteq);
CREATE DOMAIN strange.words AS text;
RESET ROLE;
CREATE TABLE strange.events (LIKE siem.events INCLUDING DEFAULTS);
ALTER TABLE strange.events OWNER TO regress_azhunt_stranger;
CREATE DOMAIN siem.words AS text CHECK (strange.truth(VALUE));
CREATE FUNCTION siem.word(x text) RETURNS text LANGUAGE sql STABLE RETURN strange.word(x);
CREATE FUNCTION siem.string_body(x text) RETURNS text LANGUAGE sql STABLE AS $$SELECT strange.word(x)$$;

-- What a run says of a log table for which other statements were run first,
-- %s standing for the columns of the view without the caller.
CREATE FUNCTION pg_temp.refused(VARIADIC statements text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    columns text := 'timegenerated, operationnamevalue, activitystatusvalue, resourcegroup, ingestedat, ingestxid';
    statement text;
BEGIN
    DROP TABLE azhunt.azureactivity;
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE replace(replace(statement, '%s', columns), 'VIEW IT', 'VIEW azhunt.azureactivity AS');
    END LOOP;
    PERFORM azhunt.run_rule_in_transaction('cloudshell_usage');
    RAISE EXCEPTION 'not refused';
EXCEPTION WHEN insufficient_privilege OR raise_exception THEN
    RETURN substring(SQLERRM FROM '^(?:the owner of )?(.*?)(?:, regress_azhunt_stranger, is not trusted.*)?$');
END
$$;

SELECT is(pg_temp.refused('CREATE VIEW IT SELECT caller, %s FROM siem.events'), 'not refused', 'a view of trusted objects is read');
SELECT is(pg_temp.refused('CREATE VIEW IT SELECT caller, %s FROM siem.days'), 'not refused', 'over a partitioned table, too');
SELECT is(pg_temp.refused('CREATE VIEW IT SELECT siem.string_body(caller) AS caller, %s FROM siem.days'), 'not refused',
    'a function whose body is a string is its owner''s to answer for');

SELECT is(pg_temp.refused('CREATE VIEW IT SELECT caller, %s FROM siem.events', 'ALTER VIEW azhunt.azureactivity OWNER TO regress_azhunt_stranger'),
    'view azhunt.azureactivity', 'not a view of a stranger');
SELECT is(pg_temp.refused('CREATE VIEW IT SELECT caller, %s FROM strange.events'), 'table strange.events', 'a stranger''s table below a view');
SELECT is(pg_temp.refused('CREATE VIEW IT SELECT caller, %s FROM strange.events', 'ALTER VIEW azhunt.azureactivity SET (security_invoker)'),
    'table strange.events', 'whoever''s rights it is read with');
SELECT is(pg_temp.refused('CREATE VIEW siem.middle AS SELECT * FROM strange.events', 'CREATE VIEW IT SELECT caller, %s FROM siem.middle'),
    'table strange.events', 'or below a view below it');
SELECT is(pg_temp.refused('CREATE VIEW siem.middle AS SELECT * FROM siem.events', 'ALTER VIEW siem.middle OWNER TO regress_azhunt_stranger',
                          'CREATE VIEW IT SELECT caller, %s FROM siem.middle'), 'view siem.middle', 'a view below a view');
SELECT is(pg_temp.refused('CREATE MATERIALIZED VIEW siem.kept AS SELECT * FROM siem.events', 'ALTER MATERIALIZED VIEW siem.kept OWNER TO regress_azhunt_stranger',
                          'CREATE VIEW IT SELECT caller, %s FROM siem.kept'), 'materialized view siem.kept', 'a materialized view');
SELECT is(pg_temp.refused('CREATE VIEW IT SELECT caller, %s FROM siem.events WHERE EXISTS (SELECT FROM strange.events)'),
    'table strange.events', 'a table in a subquery');

SELECT is(pg_temp.refused('CREATE VIEW IT SELECT strange.word(caller) AS caller, %s FROM siem.events'), 'function strange.word(text)', 'a function');
SELECT is(pg_temp.refused('CREATE VIEW IT SELECT caller, %s FROM siem.events WHERE strange.truth(caller)'), 'function strange.truth(text)', 'in a condition');
SELECT is(pg_temp.refused('CREATE VIEW IT SELECT siem.word(caller) AS caller, %s FROM siem.events'), 'function strange.word(text)', 'below a function');
SELECT is(pg_temp.refused('CREATE VIEW IT SELECT (SELECT strange.together(o) FROM unnest(ARRAY[caller]) AS o) AS caller, %s FROM siem.events'),
    'function strange.together(text)', 'an aggregate');
SELECT is(pg_temp.refused('CREATE VIEW IT SELECT caller, %s FROM siem.events WHERE caller OPERATOR(strange.~~~) caller'),
    'operator strange.~~~(text,text)', 'an operator');
SELECT is(pg_temp.refused('CREATE VIEW IT SELECT caller::strange.words::text AS caller, %s FROM siem.events'), 'type strange.words', 'a domain');
SELECT is(pg_temp.refused('CREATE VIEW IT SELECT caller::siem.words::text AS caller, %s FROM siem.events'), 'function strange.truth(text)',
    'a function that a domain checks with');
SELECT is(pg_temp.refused('ALTER TABLE siem.events ADD extra strange.words', 'CREATE VIEW IT SELECT caller, %s FROM siem.events'), 'type strange.words',
    'a type of a column that is not read');

SELECT is(pg_temp.refused('CREATE INDEX ON siem.events (strange.word(caller))', 'CREATE VIEW IT SELECT caller, %s FROM siem.events'),
    'function strange.word(text)', 'an expression of an index');
SELECT is(pg_temp.refused('CREATE INDEX ON siem.events (caller) WHERE strange.truth(caller)', 'CREATE VIEW IT SELECT caller, %s FROM siem.events'),
    'function strange.truth(text)', 'a predicate of an index');
SELECT is(pg_temp.refused('CREATE OPERATOR CLASS siem.ops FOR TYPE text USING btree AS OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 bttextcmp(text, text)',
                          'ALTER OPERATOR CLASS siem.ops USING btree OWNER TO regress_azhunt_stranger',
                          'CREATE INDEX ON siem.events (caller siem.ops)', 'CREATE VIEW IT SELECT caller, %s FROM siem.events'),
    'operator class siem.ops for access method btree', 'an operator class of an index');
SELECT is(pg_temp.refused('CREATE STATISTICS siem.words (ndistinct) ON (strange.word(caller)), caller FROM siem.events', 'CREATE VIEW IT SELECT caller, %s FROM siem.events'),
    'function strange.word(text)', 'an expression of statistics');
SELECT is(pg_temp.refused('CREATE STATISTICS siem.pair ON caller, resourcegroup FROM siem.events', 'ALTER STATISTICS siem.pair OWNER TO regress_azhunt_stranger',
                          'CREATE VIEW IT SELECT caller, %s FROM siem.events'), 'statistics object siem.pair', 'statistics themselves');
SELECT is(pg_temp.refused('ALTER TABLE siem.events ADD CHECK (strange.truth(caller))', 'CREATE VIEW IT SELECT caller, %s FROM siem.events'),
    'function strange.truth(text)', 'a check');
SELECT is(pg_temp.refused('ALTER TABLE siem.events ALTER resourceid SET DEFAULT strange.word(''a'')', 'CREATE VIEW IT SELECT caller, %s FROM siem.events'),
    'function strange.word(text)', 'a default');
SELECT is(pg_temp.refused('ALTER TABLE siem.events ADD extra text GENERATED ALWAYS AS (strange.word(caller)) STORED', 'CREATE VIEW IT SELECT caller, %s FROM siem.events'),
    'function strange.word(text)', 'a generated column');
SELECT is(pg_temp.refused('CREATE POLICY part ON siem.events USING (strange.truth(caller))', 'ALTER TABLE siem.events ENABLE ROW LEVEL SECURITY',
                          'CREATE VIEW IT SELECT caller, %s FROM siem.events'), 'function strange.truth(text)', 'a policy');

SELECT is(pg_temp.refused('ALTER TABLE siem.day OWNER TO regress_azhunt_stranger', 'CREATE VIEW IT SELECT caller, %s FROM siem.days'),
    'table siem.day', 'a partition');
SELECT is(pg_temp.refused('CREATE INDEX ON siem.day (strange.word(caller))', 'CREATE VIEW IT SELECT caller, %s FROM siem.days'),
    'function strange.word(text)', 'an index of a partition');
SELECT is(pg_temp.refused('CREATE TABLE siem.child () INHERITS (siem.events)', 'ALTER TABLE siem.child OWNER TO regress_azhunt_stranger',
                          'CREATE VIEW IT SELECT caller, %s FROM siem.events'), 'table siem.child', 'a child');
SELECT is(pg_temp.refused('CREATE FOREIGN DATA WRAPPER nowhere', 'CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere', 'ALTER FOREIGN DATA WRAPPER nowhere OPTIONS (a ''b'')',
                          'CREATE FOREIGN TABLE siem.remote (caller text) SERVER nowhere', 'GRANT USAGE ON FOREIGN DATA WRAPPER nowhere TO regress_azhunt_stranger',
                          'ALTER SERVER nowhere OWNER TO regress_azhunt_stranger',
                          'CREATE VIEW IT SELECT e.caller, %s FROM siem.events AS e LEFT JOIN siem.remote AS r ON r.caller = e.caller'),
    'server nowhere', 'the server of a foreign table');

-- the other functions that run with their owner's rights
DROP TABLE azhunt.storagebloblogs;
CREATE VIEW azhunt.storagebloblogs AS
SELECT timegenerated, strange.word(caller) AS operationname, caller AS statustext, caller AS statuscode, caller AS calleripaddress, caller AS uri,
       caller AS useragentheader, caller AS accountname, caller AS correlationid, ingestedat, ingestxid
FROM siem.events;
SELECT throws_like($$SELECT azhunt.upload_counts('storage_upload_link_account'::text, now() - interval '1 day', now(), interval '1 hour')$$,
    'the owner of function strange.word(text), regress_azhunt_stranger, is not trusted by %', 'uploads are not counted through it');
SELECT matches((SELECT state FROM azhunt.source_health WHERE log_table = 'storagebloblogs'),
    '^not known: the owner of function strange.word\(text\), regress_azhunt_stranger, is not trusted', 'nor is its health told');

SELECT * FROM finish();
ROLLBACK;
