-- What was requested is in the row since the execution was opened: who completes it sends it only where it is to be
-- shown otherwise, which is rare, and NULL where it stays.

SET LOCAL ROLE portway_owner;
GRANT CREATE ON SCHEMA app TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;

-- Completes the rows of elements that the pass's user opened and that are not finished. The pass may have expired by
-- now: the call may outlast it, and its seal still tells whose it is. A request_payload of NULL stays as it is.
CREATE OR REPLACE FUNCTION app.close_executions(
    p_passes text[], p_execution_ids uuid[], p_executed_at timestamptz[], p_statuses text[], p_request_payloads jsonb[],
    p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[],
    p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    claims jsonb[];
    earliest timestamptz;
    latest timestamptz;
    closed integer;
    used uuid[];
    i integer;
BEGIN
    IF NOT app.is_batch(cardinality(p_passes), ARRAY[
        cardinality(p_execution_ids), cardinality(p_executed_at), cardinality(p_statuses),
        cardinality(p_request_payloads), cardinality(p_response_payloads), cardinality(p_truncated),
        cardinality(p_error_codes), cardinality(p_status_codes), cardinality(p_durations_ms), cardinality(p_attempts),
        cardinality(p_idempotent_answers), cardinality(p_free_keys)
    ]) THEN
        RAISE EXCEPTION 'a batch is arrays of one length, at most 64' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    claims := keyring.open_seals(p_passes);
    -- Known before the update starts, so that it opens the partitions in between and no others.
    SELECT min(n.executed_at), max(n.executed_at) INTO earliest, latest FROM unnest(p_executed_at) AS n (executed_at);
    WITH finished AS (
        UPDATE public.api_logs AS l SET
            status = n.status, request_payload = coalesce(n.request_payload, l.request_payload),
            response_payload = n.response_payload,
            payload_truncated = coalesce(n.truncated, false), error_code = n.error_code, status_code = n.status_code,
            duration_ms = n.duration_ms, attempts = coalesce(n.attempts, 0)
        FROM unnest(
            claims, p_execution_ids, p_executed_at, p_statuses, p_request_payloads, p_response_payloads, p_truncated,
            p_error_codes, p_status_codes, p_durations_ms, p_attempts
        ) AS n (
            claims, execution_id, executed_at, status, request_payload, response_payload, truncated,
            error_code, status_code, duration_ms, attempts
        )
        WHERE l.executed_at = n.executed_at AND l.id = n.execution_id AND l.executed_at BETWEEN earliest AND latest
            AND n.claims ->> 'purpose' = 'user' AND l.user_id = (n.claims ->> 'sub')::uuid
            AND l.status IN ('started', 'unknown') AND n.status IN ('success', 'error', 'refused')
        RETURNING l.connection_id
    )
    SELECT count(*), array_agg(f.connection_id) INTO closed, used FROM finished AS f;
    -- When a connection was last used, to the minute; a row that somebody else is writing is left to them.
    PERFORM FROM public.connections AS c
    WHERE c.id = ANY (used) AND (c.last_used_at IS NULL OR c.last_used_at < now() - interval '1 minute');
    IF FOUND THEN
        UPDATE public.connections SET last_used_at = now()
        WHERE id IN (
            SELECT c.id FROM public.connections AS c
            WHERE c.id = ANY (used) AND (c.last_used_at IS NULL OR c.last_used_at < now() - interval '1 minute')
            FOR NO KEY UPDATE SKIP LOCKED
        );
    END IF;
    IF num_nonnulls(VARIADIC p_idempotent_answers) > 0 OR true = ANY (p_free_keys) THEN
        FOR i IN
            SELECT n.i FROM unnest(p_execution_ids, p_idempotent_answers, p_free_keys)
                WITH ORDINALITY AS n (execution_id, answer, is_free, i)
            WHERE n.answer IS NOT NULL OR n.is_free
            ORDER BY n.execution_id
        LOOP
            PERFORM app.settle_idempotency_key(
                CASE WHEN claims[i] ->> 'purpose' = 'user' THEN (claims[i] ->> 'sub')::uuid END, p_execution_ids[i],
                p_idempotent_answers[i], p_free_keys[i]
            );
        END LOOP;
    END IF;
    RETURN closed;
END
$$;

RESET ROLE;

SET LOCAL ROLE portway_owner;
REVOKE CREATE ON SCHEMA app FROM portway_definer;
RESET ROLE;
