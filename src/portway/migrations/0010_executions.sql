-- Opening and closing executions, in batches of at most 64 elements of any number of callers.

SET LOCAL ROLE portway_owner;
GRANT SELECT, INSERT, UPDATE ON public.api_logs TO portway_definer;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.idempotency_keys TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;

-- Everything an execution needs that is no secret. Texts, so that a gateway that knows this version need not parse it.
CREATE FUNCTION app.definition(p_integration public.integrations, p_action public.actions) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN jsonb_build_object(
    'integration', to_jsonb(p_integration) - ARRAY['created_at', 'updated_at', 'shipped'],
    'action', to_jsonb(p_action)
        - ARRAY['created_at', 'updated_at', 'organization_id', 'shipped', 'sensitive_parameters']
)::text;

CREATE TYPE app.opened_element AS (
    execution_id uuid, executed_at timestamptz, deadline timestamptz, outcome text, detail text,
    user_id uuid, organization_id uuid, workspace_id uuid, connection_id uuid, integration_id uuid, action_id uuid,
    payload jsonb, definition_key text, definition text, connection jsonb, credential jsonb, replay text
);

-- The action that every integration with a verification request has without a row: the cheap call that proves a
-- credential. `auth_config.verification` is {method, path, success}. NULL where there is none.
CREATE FUNCTION app.verification_action(p_integration public.integrations) RETURNS public.actions
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT jsonb_populate_record(NULL::public.actions, jsonb_build_object(
        'id', p_integration.id, 'integration_id', p_integration.id,
        'name', 'Verify connection', 'slug', 'verify-connection', 'description', '',
        'http_method', coalesce(verification ->> 'method', 'GET'), 'endpoint_path', verification ->> 'path',
        'request_schema', '{}'::jsonb, 'scopes', '{}'::text[], 'sensitive_parameters', '{}'::text[],
        'transform_config', CASE WHEN verification ? 'success'
            THEN jsonb_build_object('success', verification -> 'success') ELSE '{}' END,
        'timeout_ms', 15000, 'version', p_integration.version
    ))
    FROM (SELECT p_integration.auth_config -> 'verification') AS v (verification)
    WHERE jsonb_typeof(verification -> 'path') = 'string'
);

-- Each element: check the pass, find connection, integration and action, check the rules, decrypt. Then one insert of
-- all audit rows, refusals included. An element never fails because of another, nor sees anything of it: exception
-- blocks only read and decrypt, and every result starts as NULL.
--
-- outcome: granted, replay, or the stable code of the refusal. p_refusals: the code with which the gateway refuses an
-- element itself; it only gets its audit row.
CREATE FUNCTION app.open_executions(
    p_passes text[], p_workspace_ids uuid[], p_connection_ids uuid[], p_actions text[], p_payloads jsonb[],
    p_timeouts_ms integer[], p_idempotency_keys text[], p_request_hashes bytea[], p_refusals text[]
) RETURNS TABLE (
    ordinal integer, execution_id uuid, executed_at timestamptz, outcome text, detail text,
    definition_key text, definition text, connection text, credential text, replay text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    size constant integer := cardinality(p_passes);
    claims jsonb;
    role text;
    found_connection public.connections;
    found_integration public.integrations;
    found_action public.actions;
    secrets jsonb;
    payload jsonb;
    held public.idempotency_keys;
    rows_of_elements app.opened_element[] := '{}';
    element app.opened_element;
    i integer;
BEGIN
    IF size > 64 THEN
        RAISE EXCEPTION 'at most 64 executions are opened at once' USING ERRCODE = 'program_limit_exceeded';
    END IF;
    FOR i IN 1..size LOOP
        element := NULL;
        claims := NULL; role := NULL; found_connection := NULL; found_integration := NULL; found_action := NULL;
        secrets := NULL;
        payload := p_payloads[i];
        element.execution_id := app.uuid_v7();
        element.executed_at := app.uuid_v7_time(element.execution_id);
        <<checks>>
        BEGIN
            claims := app.pass_claims(p_passes[i], 'user');
            IF claims IS NULL THEN
                element.outcome := 'unauthenticated';
                payload := NULL;
                EXIT checks;
            END IF;
            element.user_id := (claims ->> 'sub')::uuid;
            role := app.role_in(claims, p_workspace_ids[i]);
            IF role IS NOT NULL THEN
                element.workspace_id := p_workspace_ids[i];
                SELECT * INTO found_connection FROM public.connections AS c
                WHERE c.id = p_connection_ids[i] AND c.workspace_id = p_workspace_ids[i];
                SELECT * INTO found_integration FROM public.integrations AS n
                WHERE n.id = found_connection.integration_id;
                SELECT * INTO found_action FROM public.actions AS a
                WHERE a.integration_id = found_integration.id AND a.slug = p_actions[i];
                element.connection_id := found_connection.id;
                element.organization_id := found_connection.organization_id;
                element.integration_id := found_integration.id;
                element.action_id := found_action.id;
                IF found_action.id IS NULL AND p_actions[i] = 'verify-connection' THEN
                    found_action := app.verification_action(found_integration);
                END IF;
            END IF;
            IF p_refusals[i] IS NOT NULL THEN
                element.outcome := p_refusals[i];
                EXIT checks;
            END IF;
            IF found_connection.id IS NULL THEN
                element.outcome := 'not_found';
                element.detail := 'There is no such connection in a workspace that you belong to.';
                EXIT checks;
            END IF;
            IF NOT claims -> 'scopes' ? 'execute' THEN
                element.outcome := 'forbidden';
                element.detail := 'This API key does not have the scope `execute`.';
                EXIT checks;
            END IF;
            IF role = 'viewer' THEN
                element.outcome := 'forbidden';
                element.detail := 'A viewer may not execute actions.';
                EXIT checks;
            END IF;
            IF found_connection.user_id <> element.user_id THEN
                element.outcome := 'forbidden';
                element.detail := 'Only the owner of a connection may use it.';
                EXIT checks;
            END IF;
            IF found_action.id IS NULL THEN
                element.outcome := 'not_found';
                element.detail := format(
                    'The integration %s has no action %s.', found_integration.slug, left(p_actions[i], 200)
                );
                EXIT checks;
            END IF;
            IF found_connection.status = 'disabled' THEN
                element.outcome := 'forbidden';
                element.detail := 'This connection is disabled.';
                EXIT checks;
            END IF;
            IF found_connection.status = 'reauthorization_required' THEN
                element.outcome := 'reauthorization_required';
                EXIT checks;
            END IF;
            BEGIN
                secrets := app.read_secrets(found_connection.id);
            EXCEPTION WHEN data_corrupted THEN
                element.outcome := 'reauthorization_required';
                element.detail := 'The stored credential of this connection cannot be decrypted; authorize it again.';
                EXIT checks;
            END;
            IF secrets IS NULL AND found_integration.auth_type <> 'none' THEN
                element.outcome := 'reauthorization_required';
                EXIT checks;
            END IF;
            element.outcome := 'granted';
            element.definition_key := concat_ws(
                ' ', found_action.id, found_action.version, found_integration.version
            );
            element.definition := app.definition(found_integration, found_action);
            element.connection := (to_jsonb(found_connection) - ARRAY['disabled_by', 'updated_at'])
                || jsonb_build_object('integration_slug', found_integration.slug);
            element.credential := secrets;
        END;
        element.payload := app.mask_payload(payload, coalesce(found_action.sensitive_parameters, '{}'), secrets);
        element.deadline := clock_timestamp()
            + make_interval(secs => coalesce(least(p_timeouts_ms[i], found_action.timeout_ms), 30000) / 1000.0 + 30);
        rows_of_elements[i] := element;
    END LOOP;

    -- In sorted order, so that two batches with the same keys wait for each other and do not deadlock.
    FOR i IN
        SELECT s.i FROM generate_series(1, size) AS s (i)
        WHERE p_idempotency_keys[s.i] IS NOT NULL AND (rows_of_elements[s.i]).outcome = 'granted'
        ORDER BY (rows_of_elements[s.i]).user_id, p_idempotency_keys[s.i], s.i
    LOOP
        element := rows_of_elements[i];
        DELETE FROM public.idempotency_keys AS k
        WHERE k.user_id = element.user_id AND k.key = p_idempotency_keys[i] AND k.expires_at < clock_timestamp();
        INSERT INTO public.idempotency_keys (user_id, key, request_hash, execution_id, deadline, expires_at)
        VALUES (
            element.user_id, p_idempotency_keys[i], p_request_hashes[i], element.execution_id, element.deadline,
            clock_timestamp() + interval '24 hours'
        )
        ON CONFLICT (user_id, key) DO NOTHING;
        IF NOT FOUND THEN
            SELECT * INTO held FROM public.idempotency_keys AS k
            WHERE k.user_id = element.user_id AND k.key = p_idempotency_keys[i];
            element.definition := NULL; element.definition_key := NULL; element.connection := NULL;
            element.credential := NULL;
            IF held.request_hash IS DISTINCT FROM p_request_hashes[i] THEN
                element.outcome := 'idempotency_conflict';
            ELSIF held.encrypted_answer IS NOT NULL THEN
                BEGIN
                    element.replay := keyring.decrypt(
                        held.encrypted_answer, held.key_id, held.execution_id, 'idempotent_answer'
                    );
                    element.outcome := 'replay';
                    element.execution_id := held.execution_id;
                    element.executed_at := app.uuid_v7_time(held.execution_id);
                EXCEPTION WHEN data_corrupted THEN
                    element.outcome := 'idempotency_outcome_unknown';
                END;
            ELSIF held.deadline < clock_timestamp() THEN
                element.outcome := 'idempotency_outcome_unknown';
            ELSE
                element.outcome := 'idempotency_in_flight';
            END IF;
            rows_of_elements[i] := element;
        END IF;
    END LOOP;

    INSERT INTO public.api_logs (
        id, executed_at, status, user_id, organization_id, workspace_id, connection_id, integration_id, action_id,
        request_payload, error_code, duration_ms, deadline
    )
    SELECT
        e.execution_id, e.executed_at, CASE e.outcome WHEN 'granted' THEN 'started' ELSE 'refused' END,
        e.user_id, e.organization_id, e.workspace_id, e.connection_id, e.integration_id, e.action_id,
        e.payload, CASE WHEN e.outcome <> 'granted' THEN e.outcome END,
        CASE WHEN e.outcome <> 'granted' THEN 0 END, e.deadline
    FROM unnest(rows_of_elements) AS e
    WHERE e.outcome <> 'replay';

    RETURN QUERY SELECT
        s.n, e.execution_id, e.executed_at, e.outcome, e.detail, e.definition_key, e.definition,
        e.connection::text, e.credential::text, e.replay
    FROM generate_series(1, size) AS s (n)
    CROSS JOIN LATERAL (SELECT (rows_of_elements[s.n]).*) AS e;
END
$$;

-- The payload without what must not be logged, as far as the database can tell: parameters whose schema holds a
-- secret, and the credential's own literals.
CREATE FUNCTION app.mask_payload(p_payload jsonb, p_sensitive text[], p_secrets jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    masked jsonb := p_payload;
    body text;
    name text;
    literal text;
BEGIN
    IF jsonb_typeof(masked) = 'object' THEN
        FOREACH name IN ARRAY p_sensitive LOOP
            IF masked ? name THEN
                masked := jsonb_set(masked, ARRAY[name], '"[redacted]"');
            END IF;
        END LOOP;
    END IF;
    body := masked::text;
    FOR literal IN SELECT m.value FROM jsonb_each_text(p_secrets) AS m WHERE length(m.value) >= 6 LOOP
        -- As it stands inside a JSON text, without the quotes.
        literal := to_jsonb(literal)::text;
        literal := substr(literal, 2, length(literal) - 2);
        IF strpos(body, literal) > 0 THEN
            body := replace(body, literal, '[redacted]');
        END IF;
    END LOOP;
    RETURN body::jsonb;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN '"[redacted]"';
END
$$;

-- Completes the rows of elements that the pass's user opened and that are not finished. The pass may have expired by
-- now: the call may outlast it, and its seal still tells whose it is.
CREATE FUNCTION app.close_executions(
    p_passes text[], p_execution_ids uuid[], p_executed_at timestamptz[], p_statuses text[], p_request_payloads jsonb[],
    p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[],
    p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    size constant integer := cardinality(p_passes);
    users uuid[] := '{}';
    claims jsonb;
    sealed record;
    closed integer;
    i integer;
BEGIN
    IF size > 64 THEN
        RAISE EXCEPTION 'at most 64 executions are closed at once' USING ERRCODE = 'program_limit_exceeded';
    END IF;
    FOR i IN 1..size LOOP
        claims := keyring.open_seal(p_passes[i]);
        users[i] := CASE WHEN claims ->> 'purpose' = 'user' THEN (claims ->> 'sub')::uuid END;
    END LOOP;
    UPDATE public.api_logs AS l SET
        status = n.status, request_payload = n.request_payload, response_payload = n.response_payload,
        payload_truncated = n.truncated, error_code = n.error_code, status_code = n.status_code,
        duration_ms = n.duration_ms, attempts = n.attempts
    FROM unnest(
        users, p_execution_ids, p_executed_at, p_statuses, p_request_payloads, p_response_payloads, p_truncated,
        p_error_codes, p_status_codes, p_durations_ms, p_attempts
    ) AS n (
        user_id, execution_id, executed_at, status, request_payload, response_payload, truncated,
        error_code, status_code, duration_ms, attempts
    )
    WHERE l.executed_at = n.executed_at AND l.id = n.execution_id AND l.user_id = n.user_id
        AND l.status IN ('started', 'unknown') AND n.status IN ('success', 'error', 'refused');
    GET DIAGNOSTICS closed = ROW_COUNT;
    FOR i IN
        SELECT s.i FROM generate_series(1, size) AS s (i)
        WHERE p_idempotent_answers[s.i] IS NOT NULL OR p_free_keys[s.i]
        ORDER BY p_execution_ids[s.i]
    LOOP
        IF p_free_keys[i] THEN
            DELETE FROM public.idempotency_keys AS k
            WHERE k.execution_id = p_execution_ids[i] AND k.user_id = users[i] AND k.encrypted_answer IS NULL;
        ELSE
            sealed := keyring.encrypt(p_idempotent_answers[i], p_execution_ids[i], 'idempotent_answer');
            UPDATE public.idempotency_keys AS k
            SET encrypted_answer = sealed.ciphertext, key_id = sealed.key_id
            WHERE k.execution_id = p_execution_ids[i] AND k.user_id = users[i] AND k.encrypted_answer IS NULL;
        END IF;
    END LOOP;
    -- When a connection was last used, to the minute; a row that somebody else is writing is left to them.
    UPDATE public.connections SET last_used_at = now()
    WHERE id IN (
        SELECT c.id FROM public.connections AS c
        JOIN public.api_logs AS l ON l.connection_id = c.id
        JOIN unnest(users, p_execution_ids, p_executed_at) AS n (user_id, execution_id, executed_at)
            ON l.executed_at = n.executed_at AND l.id = n.execution_id AND l.user_id = n.user_id
        WHERE c.last_used_at IS NULL OR c.last_used_at < now() - interval '1 minute'
        ORDER BY c.id FOR NO KEY UPDATE OF c SKIP LOCKED
    );
    RETURN closed;
END
$$;

-- Executions that were cut off: their deadline is past and nobody closed them. Returns how many were found.
CREATE FUNCTION app.mark_unfinished_executions() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    marked integer;
BEGIN
    UPDATE public.api_logs SET status = 'unknown'
    WHERE executed_at > now() - interval '1 day' AND status = 'started' AND deadline < clock_timestamp();
    GET DIAGNOSTICS marked = ROW_COUNT;
    RETURN marked;
END
$$;

-- What is of no use to anybody any more. Returns how many rows went.
CREATE FUNCTION app.delete_expired() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone integer;
    total integer := 0;
BEGIN
    DELETE FROM public.idempotency_keys WHERE expires_at < now();
    GET DIAGNOSTICS gone = ROW_COUNT; total := total + gone;
    DELETE FROM public.oauth_authorizations WHERE expires_at < now() - interval '1 day';
    GET DIAGNOSTICS gone = ROW_COUNT; total := total + gone;
    DELETE FROM public.one_time_tokens WHERE expires_at < now();
    GET DIAGNOSTICS gone = ROW_COUNT; total := total + gone;
    DELETE FROM public.sessions WHERE expires_at < now() - interval '1 day';
    GET DIAGNOSTICS gone = ROW_COUNT; total := total + gone;
    DELETE FROM public.invitations WHERE expires_at < now() - interval '30 days' AND accepted_at IS NULL;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN total + gone;
END
$$;

-- Blanks a person's payloads on their own request; the fact of each call stays. Returns how many rows.
CREATE FUNCTION app.erase_payloads(p_pass text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    erased integer;
BEGIN
    IF NOT coalesce(claims -> 'scopes' ? 'admin', false) THEN
        RAISE EXCEPTION 'this needs the scope admin' USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE public.api_logs SET request_payload = NULL, response_payload = NULL
    WHERE user_id = (claims ->> 'sub')::uuid
        AND (claims ->> 'workspace' IS NULL OR workspace_id = (claims ->> 'workspace')::uuid);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$$;

GRANT EXECUTE ON FUNCTION
    app.open_executions(text[], uuid[], uuid[], text[], jsonb[], integer[], text[], bytea[], text[]),
    app.close_executions(
        text[], uuid[], timestamptz[], text[], jsonb[], jsonb[], boolean[], text[], integer[], double precision[],
        integer[], text[], boolean[]
    ),
    app.mark_unfinished_executions(), app.delete_expired(), app.erase_payloads(text)
TO portway_app;

RESET ROLE;

SET LOCAL ROLE portway_owner;
GRANT EXECUTE ON FUNCTION app.create_log_partitions(), app.drop_expired_log_partitions() TO portway_app;
-- portway_definer made its functions; from here on it makes nothing.
REVOKE CREATE ON SCHEMA app FROM portway_definer;
RESET ROLE;
