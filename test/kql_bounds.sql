-- Arrays of KQL have at most 1048576 elements: more are an error, and nothing is
-- cut off in silence.
BEGIN;
SELECT plan(5);

CREATE FUNCTION pg_temp.error_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text;
BEGIN
    PERFORM azhunt.kql(query);
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
    RETURN concat(SQLSTATE, ' ', message);
END $$;
SELECT is(pg_temp.error_of('print array_length(repeat(1, 9223372036854775807))'), '54000 an array of KQL cannot have 9223372036854775807 elements', 'repeat()');
SELECT is((SELECT r ->> 'print_0' FROM azhunt.kql('print array_length(repeat(1, 1000))') AS r), '1000', 'which may be long');
SELECT is(pg_temp.error_of('datatable(t:datetime)[datetime(2026-01-01)] | make-series count() on t from datetime(2020-01-01) to datetime(2026-01-01) step 1s'),
    '54000 an array of KQL cannot have 189388800 elements', 'make-series');
SELECT is(pg_temp.error_of('print array_length(range(1, 9223372036854775807, 1))'), 'none', 'range() has the first ones, as in Kusto');
SELECT is((SELECT r ->> 'print_0' FROM azhunt.kql('print array_length(range(1, 9223372036854775807, 1))') AS r), '1048576', 'of which there are as many');

SELECT * FROM finish();
ROLLBACK;
