CREATE TABLE azhunt.rules (
    rule text PRIMARY KEY
        CHECK (rule OPERATOR(pg_catalog.<>) '' AND pg_catalog.octet_length(rule) OPERATOR(pg_catalog.<=) 500),
    hunt text NOT NULL,
    options jsonb NOT NULL DEFAULT '{}',
    severity text NOT NULL DEFAULT 'Medium'
        CHECK (severity OPERATOR(pg_catalog.=) ANY ('{Informational,Low,Medium,High}'::text[])),
    run_every interval NOT NULL DEFAULT '1 hour' CHECK (run_every OPERATOR(pg_catalog.>) '0'::interval),
    announce_since timestamptz NOT NULL DEFAULT '-infinity',
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);

COMMENT ON TABLE azhunt.rules IS
'the rules that run_rule() knows: each a hunt with options, which are those of table hunts where they are left out';
COMMENT ON COLUMN azhunt.rules.rule IS 'name of the rule';
COMMENT ON COLUMN azhunt.rules.hunt IS 'the hunt that it runs';
COMMENT ON COLUMN azhunt.rules.options IS 'options that differ from the defaults of the hunt';
COMMENT ON COLUMN azhunt.rules.severity IS 'Sentinel''s severity of its results';
COMMENT ON COLUMN azhunt.rules.run_every IS 'how often it should run: a rule without a successful run for twice as long is late';
COMMENT ON COLUMN azhunt.rules.announce_since IS 'matches before this time are stored, but not announced by NOTIFY';
COMMENT ON COLUMN azhunt.rules.created_at IS 'when the rule was made';
SELECT pg_catalog.pg_extension_config_dump('azhunt.rules', '');

CREATE FUNCTION azhunt.check_rule() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- A dump may bring the rules before the hunts, before the tables that a check
    -- reads, or with options that the hunt has no longer: all rules must come, and
    -- a run says what is wrong.  pg_dump has functions' bodies not checked either.
    IF current_setting('check_function_bodies')::boolean
       AND EXISTS (SELECT FROM azhunt.hunts AS h WHERE h.hunt = NEW.hunt) THEN
        PERFORM azhunt.check_options(NEW.hunt, NEW.options);
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION azhunt.check_rule() IS
'internal: trigger that refuses a rule whose hunt does not take its options';

CREATE TRIGGER check_rule BEFORE INSERT OR UPDATE OF hunt, options ON azhunt.rules
FOR EACH ROW EXECUTE FUNCTION azhunt.check_rule();
COMMENT ON TRIGGER check_rule ON azhunt.rules IS 'a rule has options that its hunt takes';

CREATE FUNCTION azhunt.add_rule(
    rule text,
    hunt text DEFAULT NULL,
    options jsonb DEFAULT '{}',
    run_every interval DEFAULT NULL,
    severity text DEFAULT NULL,
    announce_since timestamptz DEFAULT '-infinity')
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM azhunt.check_options(coalesce(add_rule.hunt, add_rule.rule), add_rule.options);
    INSERT INTO azhunt.rules (rule, hunt, options, run_every, severity, announce_since)
    SELECT add_rule.rule, h.hunt, add_rule.options, coalesce(add_rule.run_every, h.run_every, interval '1 hour'),
           coalesce(add_rule.severity, h.severity, 'Medium'), add_rule.announce_since
    FROM azhunt.hunts AS h
    WHERE h.hunt = coalesce(add_rule.hunt, add_rule.rule);
END
$$;

COMMENT ON FUNCTION azhunt.add_rule(text, text, jsonb, interval, text, timestamptz) IS
'makes a rule, which runs a hunt, by default the one of its own name, with options, as often and with the severity that the hunt has';

CREATE FUNCTION azhunt.check_rule_found(is_found boolean, rule text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT is_found THEN
        RAISE EXCEPTION 'there is no rule "%"', coalesce(rule, 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'Table azhunt.rules lists the rules; azhunt.add_rule() makes one.';
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_rule_found(boolean, text) IS
'internal: an error that there is no such rule, unless it was found';

--
-- What belongs to a rule is written under a lock of its row that keeps the rule
-- from being dropped: FOR KEY SHARE, which runs do not wait for, or stronger.
-- What is written without could come after drop_rule() has looked, and be found
-- by the next rule of that name.
--

CREATE FUNCTION azhunt.restart_rule(rule text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM azhunt.rules AS r WHERE r.rule = restart_rule.rule FOR KEY SHARE;
    PERFORM azhunt.check_rule_found(FOUND, restart_rule.rule);
    INSERT INTO azhunt.restart_requests (rule, requested_at, requested_by)
    VALUES (restart_rule.rule, clock_timestamp(), session_user);
END
$$;

COMMENT ON FUNCTION azhunt.restart_rule(text) IS
'has the next run of a rule read all rows again';

CREATE FUNCTION azhunt.drop_rule(rule text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- also waits for a run to end
    PERFORM FROM azhunt.rules AS r WHERE r.rule = drop_rule.rule FOR UPDATE;
    PERFORM azhunt.check_rule_found(FOUND, drop_rule.rule);
    DELETE FROM azhunt.status_changes AS c
    WHERE c.result_id = ANY (ARRAY(SELECT m.result_id FROM azhunt.matches AS m WHERE m.rule = drop_rule.rule));
    DELETE FROM azhunt.matches AS m WHERE m.rule = drop_rule.rule;
    DELETE FROM azhunt.watermarks AS w WHERE w.rule = drop_rule.rule;
    DELETE FROM azhunt.restart_requests AS q WHERE q.rule = drop_rule.rule;
    DELETE FROM azhunt.runs AS r WHERE r.rule = drop_rule.rule;
    DELETE FROM azhunt.rules AS r WHERE r.rule = drop_rule.rule;
END
$$;

COMMENT ON FUNCTION azhunt.drop_rule(text) IS
'removes a rule with its runs, its results and their status';

CREATE FUNCTION azhunt.keep_options() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE'
       AND (NEW.rule, NEW.hunt, NEW.options) IS NOT DISTINCT FROM (OLD.rule, OLD.hunt, OLD.options) THEN
        RETURN NEW;
    END IF;
    -- A run that was skipped has changed nothing.
    IF EXISTS (SELECT FROM azhunt.runs AS r WHERE r.rule = OLD.rule AND r.status <> 'skipped')
       OR EXISTS (SELECT FROM azhunt.watermarks AS w WHERE w.rule = OLD.rule) THEN
        RAISE EXCEPTION 'rule "%" has run, and its results are those of its options', OLD.rule
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Make another one with the new options; azhunt.drop_rule() removes the old one with its results.';
    END IF;
    IF TG_OP = 'DELETE' OR NEW.rule <> OLD.rule THEN
        DELETE FROM azhunt.restart_requests AS q WHERE q.rule = OLD.rule;
        DELETE FROM azhunt.runs AS r WHERE r.rule = OLD.rule;
    END IF;
    RETURN CASE TG_OP WHEN 'UPDATE' THEN NEW ELSE OLD END;
END
$$;

COMMENT ON FUNCTION azhunt.keep_options() IS
'internal: trigger that refuses to change or delete a rule that has run, and removes what else goes by the name of one that has not';

CREATE TRIGGER keep_options BEFORE UPDATE OR DELETE ON azhunt.rules
FOR EACH ROW EXECUTE FUNCTION azhunt.keep_options();
COMMENT ON TRIGGER keep_options ON azhunt.rules IS
'a rule that has run keeps its name and options, of which its results are';
