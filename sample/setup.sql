CREATE EXTENSION azhunt;
SELECT azhunt.create_log_tables() AS log_table;
