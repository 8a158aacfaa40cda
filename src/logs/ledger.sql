CREATE FUNCTION azhunt.create_loaded_files() RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF to_regclass('azhunt.loaded_files') IS NOT NULL THEN
        RETURN false;
    END IF;

    CREATE TABLE azhunt.loaded_files (
        name text NOT NULL,
        part bigint,
        size bigint NOT NULL,
        "offset" bigint NOT NULL,
        digest bytea NOT NULL,
        rows bigint NOT NULL,
        rejected bigint NOT NULL,
        loaded_at timestamp with time zone NOT NULL DEFAULT now(),
        CONSTRAINT loaded_files_digest_key UNIQUE (digest),
        CONSTRAINT loaded_files_check CHECK ("offset" >= 0 AND "offset" <= size AND octet_length(digest) = 32)
    );
    CREATE UNIQUE INDEX loaded_files_name_part_idx ON azhunt.loaded_files USING btree (name, part);
    CREATE INDEX loaded_files_size_idx ON azhunt.loaded_files USING btree (size);

    COMMENT ON TABLE azhunt.loaded_files IS
    'what azhunt-load has loaded, so that it loads nothing twice';
    COMMENT ON COLUMN azhunt.loaded_files.name IS
    'the blob''s name from its container on, if the path shows that, else the path without symbolic links; without .gz; - for standard input';
    COMMENT ON COLUMN azhunt.loaded_files.part IS
    'number of this load among those of the name, so that of two at the same time only one counts; null for standard input and what else can be read only once';
    COMMENT ON COLUMN azhunt.loaded_files.size IS
    'bytes of the file, decompressed, that have been loaded; without a last record that had no end yet';
    COMMENT ON COLUMN azhunt.loaded_files."offset" IS
    'where in the file this load began: the size that it had at the load before, or 0';
    COMMENT ON COLUMN azhunt.loaded_files.digest IS
    'SHA-256 of these bytes, decompressed, from the beginning of the file';
    COMMENT ON COLUMN azhunt.loaded_files.rows IS
    'rows that this load brought';
    COMMENT ON COLUMN azhunt.loaded_files.rejected IS
    'records that this load rejected';
    COMMENT ON COLUMN azhunt.loaded_files.loaded_at IS
    'when the transaction began in which the file was loaded';
    RETURN true;
END
$$;

COMMENT ON FUNCTION azhunt.create_loaded_files() IS
'internal: creates the ledger of azhunt-load, azhunt.loaded_files, which belongs to the caller as the log tables do; returns false if it is there already';
