CREATE FUNCTION azhunt.lock_holders(relation regclass, lock_mode text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET "DateStyle" = 'ISO, YMD'
AS $$
    SELECT string_agg(h.holder, ' '::text ORDER BY h.since)
    FROM (
        SELECT CASE WHEN l.pid IS NULL
                    THEN format('Prepared transaction %L of %s uses it since %s.'::text, p.gid, p.owner, p.prepared)
                    ELSE format('Process %s of %s uses it%s.'::text, l.pid, coalesce(a.usename::text, a.backend_type),
                                ' in a transaction that began at '::text || a.xact_start::text)
               END,
               coalesce(a.xact_start, p.prepared)
        FROM pg_locks AS l
        LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
        LEFT JOIN pg_locks AS x ON l.pid IS NULL AND x.pid IS NULL
                               AND x.virtualtransaction = l.virtualtransaction AND x.locktype = 'transactionid'::text
        LEFT JOIN pg_prepared_xacts AS p ON p.transaction = x.transactionid
        WHERE l.locktype = 'relation'::text
          AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
          AND l.relation = lock_holders.relation::oid AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
          AND l.mode = ANY (
              CASE lock_holders.lock_mode
                  WHEN 'SHARE'::text
                  THEN '{RowExclusiveLock,ShareUpdateExclusiveLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'::text[]
                  WHEN 'SHARE UPDATE EXCLUSIVE'::text
                  THEN '{ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'::text[]
                  ELSE ARRAY[l.mode]
              END)
        ORDER BY 2
        LIMIT 3
    ) AS h (holder, since)
$$;

COMMENT ON FUNCTION azhunt.lock_holders(regclass, text) IS
'internal: who keeps a relation from being locked, as sentences; null if nobody does';

-- The locks are taken all or none.  Those who come meanwhile queue behind an
-- attempt for less than a second, and then get their turn.
CREATE FUNCTION azhunt.lock_relations(relations regclass[], lock_modes text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    own_timeout constant text := current_setting('lock_timeout'::text);
    patience integer := (SELECT s.setting::integer FROM pg_settings AS s WHERE s.name = 'lock_timeout'::text);
    deadline timestamptz;
    attempt_end timestamptz;
    attempt integer := 50;
    place integer;
BEGIN
    patience := CASE patience WHEN 0 THEN 5000 ELSE patience END;
    deadline := clock_timestamp() + patience * interval '1 ms';
    LOOP
        attempt_end := least(deadline, clock_timestamp() + attempt * interval '1 ms');
        place := 1;
        BEGIN
            WHILE place <= cardinality(relations) LOOP
                PERFORM set_config('lock_timeout'::text, greatest(1, ceil(
                    1000 * extract(epoch FROM attempt_end - clock_timestamp()))::integer)::text, true);
                EXECUTE format('LOCK TABLE ONLY %s IN %s MODE'::text, relations[place], lock_modes[place]);
                place := place + 1;
            END LOOP;
            PERFORM set_config('lock_timeout'::text, own_timeout, true);
            RETURN;
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected THEN
                -- all that this attempt has locked is free again
                NULL;
        END;

        IF clock_timestamp() >= deadline THEN
            RAISE EXCEPTION 'could not lock % within % ms', relations[place], patience
                USING ERRCODE = 'lock_not_available',
                      DETAIL = coalesce(azhunt.lock_holders(relations[place], lock_modes[place]),
                                        'It has been released in this moment.'),
                      HINT = 'Try again later, or SET lock_timeout to a longer time; pg_terminate_backend() ends a session that has been forgotten.';
        END IF;
        PERFORM pg_sleep(greatest(0.0, least(attempt / 1000.0,
                                             extract(epoch FROM deadline - clock_timestamp())))::double precision);
        attempt := least(2 * attempt, 800);
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.lock_relations(regclass[], text[]) IS
'internal: locks relations, each in its mode, all or none; waits for lock_timeout, or 5 seconds if that is 0, and then tells who uses them';
