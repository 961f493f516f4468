-- Opening and closing executions, in batches of at most 64 elements of any number of callers.

SET LOCAL ROLE portway_owner;
GRANT SELECT, INSERT, UPDATE ON public.api_logs TO portway_definer;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.idempotency_keys TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;

-- The action that every integration with a verification request has without a row: the cheap call that proves a
-- credential. `auth_config.verification` is {method, path, success}.
CREATE FUNCTION app.verification_action(p_integration public.integrations) RETURNS json
LANGUAGE sql STABLE
RETURN json_build_object(
    'id', p_integration.id, 'integration_id', p_integration.id, 'name', 'Verify connection',
    'slug', 'verify-connection', 'description', '',
    'http_method', coalesce(p_integration.auth_config #>> '{verification,method}', 'GET'),
    'endpoint_path', p_integration.auth_config #>> '{verification,path}',
    'request_schema', '{}'::jsonb, 'scopes', '[]'::jsonb, 'handler', NULL,
    'transform_config', jsonb_strip_nulls(
        jsonb_build_object('success', p_integration.auth_config #> '{verification,success}')
    ),
    'timeout_ms', 15000, 'version', p_integration.version
);

-- Whether the arrays of a batch are of one length, and of at most 64 elements. Inlined.
CREATE FUNCTION app.is_batch(p_size integer, p_sizes integer[]) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN p_size BETWEEN 0 AND 64 AND coalesce(p_size = ALL (p_sizes), false);

-- The payload without what must not be logged, as far as the database can tell: parameters whose schema holds a
-- secret, and the credential's own literals.
CREATE FUNCTION app.mask_payload(p_payload jsonb, p_sensitive text[], p_literals text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    masked jsonb := p_payload;
    name text;
    literal text;
    body text;
BEGIN
    IF jsonb_typeof(masked) = 'object' THEN
        FOREACH name IN ARRAY p_sensitive LOOP
            IF masked ? name THEN
                masked := jsonb_set(masked, ARRAY[name], '"[redacted]"');
            END IF;
        END LOOP;
    END IF;
    body := masked::text;
    FOREACH literal IN ARRAY p_literals LOOP
        IF strpos(body, literal) > 0 THEN
            BEGIN
                body := replace(body, literal, '[redacted]');
                masked := body::jsonb;
            EXCEPTION WHEN invalid_text_representation THEN
                RETURN '"[redacted]"';
            END;
        END IF;
    END LOOP;
    RETURN masked;
END
$$;

CREATE TYPE app.opened_element AS (
    execution_id uuid, executed_at timestamptz, deadline timestamptz, outcome text, detail text,
    user_id uuid, organization_id uuid, workspace_id uuid, connection_id uuid, integration_id uuid, action_id uuid,
    sensitive_parameters text[], literals text[], definition_key text, definition text, connection text,
    credential jsonb, replay text
);

-- Finds connection, integration and action of each element, applies the rules, decrypts. One statement, hence one
-- state of the database; every element is judged by its own claims, which are a column here.
CREATE FUNCTION app.judge_executions(
    p_passes text[], p_workspace_ids uuid[], p_connection_ids uuid[], p_actions text[], p_timeouts_ms integer[],
    p_refusals text[]
) RETURNS app.opened_element[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN ARRAY(
        WITH asked AS MATERIALIZED (
            SELECT n.*, (n.claims ->> 'sub')::uuid AS user_id
            FROM unnest(
                ARRAY(SELECT l.claims FROM app.live_claims(p_passes, 'user') AS l ORDER BY l.place),
                p_workspace_ids, p_connection_ids, p_actions, p_timeouts_ms, p_refusals
            ) WITH ORDINALITY AS n (claims, workspace_id, connection_id, action, timeout_ms, refusal, i)
        ), secrets AS MATERIALIZED (
            SELECT s.connection_id, s.members, ARRAY(
                -- As they stand inside a JSON text, without the quotes. Short ones would mask half a payload. Longest
                -- first: one secret may be the beginning of another.
                SELECT substr(e.value::text, 2, length(e.value::text) - 2)
                FROM jsonb_each(s.members) AS e WHERE length(e.value::text) >= 8 ORDER BY length(e.value::text) DESC
            ) AS literals
            FROM (
                SELECT array_agg(DISTINCT c.id) AS connections FROM asked AS n
                JOIN public.connections AS c ON c.id = n.connection_id AND c.user_id = n.user_id
            ) AS own
            CROSS JOIN LATERAL app.secrets_of(own.connections) AS s
        ), judged AS MATERIALIZED (
            SELECT
                n.i, app.uuid_v7() AS execution_id, n.user_id, m.workspace_id,
                c.id AS connection_id, c.organization_id, g.id AS integration_id, a.id AS action_id,
                coalesce(a.sensitive_parameters, '{}') AS sensitive_parameters,
                greatest(least(n.timeout_ms, coalesce(a.timeout_ms, 30000)), 0) AS timeout_ms,
                concat_ws(' ', coalesce(a.id, g.id), a.version, g.version) AS definition_key,
                s.members AS credential, coalesce(s.literals, '{}') AS literals,
                (SELECT to_json(row) FROM (
                    SELECT c.id, c.user_id, c.organization_id, c.workspace_id, c.integration_id,
                        g.slug AS integration_slug, c.name, c.status, c.origins, c.scopes, c.config,
                        c.credential_version, c.issued_at, c.expires_at
                ) AS row) AS connection,
                CASE
                    WHEN n.claims IS NULL THEN ARRAY['unauthenticated', NULL]
                    WHEN n.refusal IS NOT NULL THEN ARRAY[n.refusal, NULL]
                    WHEN c.id IS NULL
                        THEN ARRAY['not_found', 'There is no such connection in a workspace that you belong to.']
                    WHEN NOT n.claims -> 'scopes' ? 'execute'
                        THEN ARRAY['forbidden', 'This API key does not have the scope `execute`.']
                    WHEN m.role = 'viewer' THEN ARRAY['forbidden', 'A viewer may not execute actions.']
                    WHEN c.user_id <> n.user_id
                        THEN ARRAY['forbidden', 'Only the owner of a connection may use it.']
                    WHEN a.id IS NULL AND (
                        n.action IS DISTINCT FROM 'verify-connection'
                        OR jsonb_typeof(g.auth_config #> '{verification,path}') IS DISTINCT FROM 'string'
                    )
                        THEN ARRAY['not_found', format(
                            'The integration %s has no action %s.', g.slug, left(n.action, 200)
                        )]
                    WHEN c.status = 'disabled' THEN ARRAY['forbidden', 'This connection is disabled.']
                    WHEN c.status = 'reauthorization_required' THEN ARRAY['reauthorization_required', NULL]
                    WHEN s.connection_id IS NOT NULL AND s.members IS NULL THEN ARRAY[
                        'reauthorization_required',
                        'The stored credential of this connection cannot be decrypted; authorize it again.'
                    ]
                    WHEN s.connection_id IS NULL AND g.auth_type <> 'none'
                        THEN ARRAY['reauthorization_required', NULL]
                    ELSE ARRAY['granted', NULL]
                END AS verdict
            FROM asked AS n
            LEFT JOIN public.workspace_members AS m
                ON m.workspace_id = n.workspace_id AND m.user_id = n.user_id
                AND (n.claims ->> 'workspace' IS NULL OR m.workspace_id = (n.claims ->> 'workspace')::uuid)
            LEFT JOIN public.connections AS c
                ON c.id = n.connection_id AND c.workspace_id = n.workspace_id AND m.role IS NOT NULL
            LEFT JOIN public.integrations AS g ON g.id = c.integration_id
            -- By both columns of the index, which a plain join does not use where integrations differ in size.
            LEFT JOIN LATERAL (
                SELECT x.id, x.version, x.timeout_ms, x.sensitive_parameters FROM public.actions AS x
                WHERE x.integration_id = c.integration_id AND x.slug = n.action OFFSET 0
            ) AS a ON true
            LEFT JOIN secrets AS s ON s.connection_id = c.id AND c.user_id = n.user_id
        ), definitions AS MATERIALIZED (
            -- Everything else that an execution needs, and no secret. Made once for each action of the batch, however
            -- many elements run it; a text, so that a gateway that knows this version need not parse it.
            SELECT used.definition_key, json_build_object(
                'integration', (SELECT to_json(row) FROM (
                    SELECT g.id, g.organization_id, g.name, g.slug, g.base_url, g.auth_type, g.auth_config,
                        g.description, g.category, g.documentation_url, g.version
                ) AS row),
                'action', CASE WHEN a.id IS NULL THEN app.verification_action(g) ELSE (SELECT to_json(row) FROM (
                    SELECT a.id, a.integration_id, a.name, a.slug, a.http_method, a.endpoint_path, a.description,
                        a.request_schema, a.transform_config, a.scopes, a.handler, a.timeout_ms, a.version
                ) AS row) END
            )::text AS definition
            FROM (
                SELECT DISTINCT j.definition_key, j.integration_id, j.action_id FROM judged AS j
                WHERE j.verdict[1] = 'granted'
            ) AS used
            JOIN public.integrations AS g ON g.id = used.integration_id
            LEFT JOIN public.actions AS a ON a.id = used.action_id
        )
        SELECT ROW(
            j.execution_id, app.uuid_v7_time(j.execution_id),
            clock_timestamp() + make_interval(secs => j.timeout_ms / 1000.0 + 30),
            j.verdict[1], j.verdict[2],
            j.user_id, j.organization_id, j.workspace_id, j.connection_id, j.integration_id, j.action_id,
            j.sensitive_parameters, j.literals, d.definition_key, d.definition,
            CASE WHEN j.verdict[1] = 'granted' THEN j.connection END,
            CASE WHEN j.verdict[1] = 'granted' THEN j.credential END, NULL
        )::app.opened_element
        FROM judged AS j
        LEFT JOIN definitions AS d
            ON j.verdict[1] = 'granted' AND d.definition_key = j.definition_key
        ORDER BY j.i
    );
END
$$;

-- Takes the key for a granted element. Where it is taken already, the element is answered by what has it.
CREATE FUNCTION app.hold_idempotency_key(p_element app.opened_element, p_key text, p_request_hash bytea)
RETURNS app.opened_element
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    element app.opened_element := p_element;
    held public.idempotency_keys;
BEGIN
    IF p_request_hash IS NULL OR length(p_key) NOT BETWEEN 1 AND 255 THEN
        element.outcome := 'malformed_request';
        RETURN element;
    END IF;
    DELETE FROM public.idempotency_keys AS k
    WHERE k.user_id = element.user_id AND k.key = p_key AND k.expires_at < clock_timestamp();
    INSERT INTO public.idempotency_keys (user_id, key, request_hash, execution_id, deadline, expires_at)
    VALUES (
        element.user_id, p_key, p_request_hash, element.execution_id, element.deadline,
        clock_timestamp() + interval '24 hours'
    )
    ON CONFLICT (user_id, key) DO NOTHING;
    IF FOUND THEN
        RETURN element;
    END IF;
    SELECT * INTO held FROM public.idempotency_keys AS k WHERE k.user_id = element.user_id AND k.key = p_key;
    IF held.execution_id IS NULL THEN
        element.outcome := 'idempotency_in_flight';  -- Freed a moment ago: the next attempt gets it.
    ELSIF held.request_hash <> p_request_hash THEN
        element.outcome := 'idempotency_conflict';
    ELSIF held.encrypted_answer IS NOT NULL THEN
        element.replay := (keyring.decrypt_all(
            ARRAY[held.encrypted_answer], ARRAY[held.key_id], ARRAY[held.execution_id], ARRAY['idempotent_answer']
        ))[1];
        IF element.replay IS NULL THEN
            element.outcome := 'idempotency_outcome_unknown';
        ELSE
            element.outcome := 'replay';
            element.execution_id := held.execution_id;
            element.executed_at := app.uuid_v7_time(held.execution_id);
        END IF;
    ELSIF held.deadline < clock_timestamp() THEN
        element.outcome := 'idempotency_outcome_unknown';
    ELSE
        element.outcome := 'idempotency_in_flight';
    END IF;
    RETURN element;
END
$$;

-- Opens executions: one audit row for each element, refusals included, written before anybody calls anything. An
-- element never fails because of another, nor sees anything of it.
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
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    elements app.opened_element[];
    element app.opened_element;
    i integer;
BEGIN
    IF NOT app.is_batch(cardinality(p_passes), ARRAY[
        cardinality(p_workspace_ids), cardinality(p_connection_ids), cardinality(p_actions), cardinality(p_payloads),
        cardinality(p_timeouts_ms), cardinality(p_idempotency_keys), cardinality(p_request_hashes),
        cardinality(p_refusals)
    ]) THEN
        RAISE EXCEPTION 'a batch is arrays of one length, at most 64' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    elements := app.judge_executions(
        p_passes, p_workspace_ids, p_connection_ids, p_actions, p_timeouts_ms, p_refusals
    );
    IF num_nonnulls(VARIADIC p_idempotency_keys) > 0 THEN
        -- In sorted order, so that two batches with the same keys wait for each other and do not deadlock.
        FOR i IN
            SELECT e.ordinality FROM unnest(elements) WITH ORDINALITY AS e
            WHERE p_idempotency_keys[e.ordinality] IS NOT NULL AND e.outcome = 'granted'
            ORDER BY e.user_id, p_idempotency_keys[e.ordinality], e.ordinality
        LOOP
            elements[i] := app.hold_idempotency_key(elements[i], p_idempotency_keys[i], p_request_hashes[i]);
        END LOOP;
    END IF;
    RETURN QUERY WITH written AS (
        INSERT INTO public.api_logs (
            id, executed_at, status, user_id, organization_id, workspace_id, connection_id, integration_id, action_id,
            request_payload, error_code, duration_ms, deadline
        )
        SELECT
            e.execution_id, e.executed_at, CASE e.outcome WHEN 'granted' THEN 'started' ELSE 'refused' END,
            e.user_id, e.organization_id, e.workspace_id, e.connection_id, e.integration_id, e.action_id,
            CASE WHEN e.user_id IS NOT NULL THEN
                app.mask_payload(p_payloads[e.ordinality], e.sensitive_parameters, e.literals)
            END,
            nullif(e.outcome, 'granted'), CASE WHEN e.outcome <> 'granted' THEN 0 END, e.deadline
        FROM unnest(elements) WITH ORDINALITY AS e
        WHERE e.outcome <> 'replay'
    )
    SELECT
        e.ordinality::integer, e.execution_id, e.executed_at, e.outcome, e.detail, granted.definition_key,
        granted.definition, granted.connection, granted.credential::text, e.replay
    FROM unnest(elements) WITH ORDINALITY AS e
    LEFT JOIN LATERAL (SELECT e.definition_key, e.definition, e.connection, e.credential) AS granted
        ON e.outcome = 'granted';
END
$$;

-- Completes the rows of elements that the pass's user opened and that are not finished. The pass may have expired by
-- now: the call may outlast it, and its seal still tells whose it is.
CREATE FUNCTION app.close_executions(
    p_passes text[], p_execution_ids uuid[], p_executed_at timestamptz[], p_statuses text[], p_request_payloads jsonb[],
    p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[],
    p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    claims jsonb[];
    closed integer;
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
    WITH finished AS (
        UPDATE public.api_logs AS l SET
            status = n.status, request_payload = n.request_payload, response_payload = n.response_payload,
            payload_truncated = coalesce(n.truncated, false), error_code = n.error_code, status_code = n.status_code,
            duration_ms = n.duration_ms, attempts = coalesce(n.attempts, 0)
        FROM unnest(
            claims, p_execution_ids, p_executed_at, p_statuses, p_request_payloads, p_response_payloads, p_truncated,
            p_error_codes, p_status_codes, p_durations_ms, p_attempts
        ) AS n (
            claims, execution_id, executed_at, status, request_payload, response_payload, truncated,
            error_code, status_code, duration_ms, attempts
        )
        WHERE l.executed_at = n.executed_at AND l.id = n.execution_id
            AND n.claims ->> 'purpose' = 'user' AND l.user_id = (n.claims ->> 'sub')::uuid
            AND l.status IN ('started', 'unknown') AND n.status IN ('success', 'error', 'refused')
        RETURNING l.connection_id
    ), used AS (
        -- When a connection was last used, to the minute; a row that somebody else is writing is left to them.
        UPDATE public.connections SET last_used_at = now()
        WHERE id IN (
            SELECT c.id FROM public.connections AS c
            WHERE c.id IN (SELECT f.connection_id FROM finished AS f)
                AND (c.last_used_at IS NULL OR c.last_used_at < now() - interval '1 minute')
            FOR NO KEY UPDATE SKIP LOCKED
        )
    )
    SELECT count(*) INTO closed FROM finished;
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

-- Frees the key that an execution holds, or keeps its answer for repeats.
CREATE FUNCTION app.settle_idempotency_key(p_user_id uuid, p_execution_id uuid, p_answer text, p_free boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sealed record;
BEGIN
    IF p_free THEN
        DELETE FROM public.idempotency_keys AS k
        WHERE k.execution_id = p_execution_id AND k.user_id = p_user_id AND k.encrypted_answer IS NULL;
    ELSE
        sealed := keyring.encrypt(p_answer, p_execution_id, 'idempotent_answer');
        UPDATE public.idempotency_keys AS k SET encrypted_answer = sealed.ciphertext, key_id = sealed.key_id
        WHERE k.execution_id = p_execution_id AND k.user_id = p_user_id AND k.encrypted_answer IS NULL;
    END IF;
END
$$;

-- Executions that were cut off: their deadline is past and nobody closed them. Returns how many were found. No deadline
-- is further than minutes away, so that whoever looks often need not look far back.
CREATE FUNCTION app.mark_unfinished_executions(p_age interval DEFAULT '1 day') RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    marked integer;
BEGIN
    UPDATE public.api_logs SET status = 'unknown'
    WHERE executed_at > now() - p_age AND status = 'started' AND deadline < clock_timestamp();
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
    app.mark_unfinished_executions(interval), app.delete_expired(), app.erase_payloads(text)
TO portway_app;

RESET ROLE;

SET LOCAL ROLE portway_owner;
GRANT EXECUTE ON FUNCTION app.create_log_partitions(), app.drop_expired_log_partitions() TO portway_app;
-- portway_definer made its functions; from here on it makes nothing.
REVOKE CREATE ON SCHEMA app FROM portway_definer;
RESET ROLE;
