-- What every execution pays for, once more: the same rules and rows, in fewer and cheaper steps.

SET LOCAL ROLE portway_keyring;

-- It runs within functions of this schema alone, whose rights and search_path it has anyway: setting them again took
-- longer than reading the file.
ALTER FUNCTION keyring.file_content(text) SECURITY INVOKER RESET search_path;

-- For each pass its claims, or NULL where the seal is not right. Looks at no claim. A key that was retired a day ago
-- opens nothing any more.
CREATE OR REPLACE FUNCTION keyring.open_seals(p_sealed text[]) RETURNS jsonb[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ids text[];
    keys bytea[];
    pass text;
    body bytea;
    id text;
    claims jsonb[] := '{}';
BEGIN
    SELECT array_agg(k.id::text), array_agg(keyring.unwrapped(k, m)) INTO ids, keys
    FROM keyring.keys AS k CROSS JOIN keyring.master_key AS m
    WHERE k.purpose = 'seal' AND (k.retired_at IS NULL OR k.retired_at > now() - interval '1 day');
    FOREACH pass IN ARRAY p_sealed LOOP
        -- As bytes: of a text, even the first hundred characters are counted one by one.
        body := substr(convert_to(pass, 'UTF8'), 65);
        id := split_part(substr(pass, 65, 12), ':', 1);
        claims := array_append(claims, CASE
            WHEN left(pass, 64) = encode(extensions.hmac(body, keys[array_position(ids, id)], 'sha256'), 'hex')
            THEN convert_from(substr(body, 2 + length(id)), 'UTF8')::jsonb
        END);
    END LOOP;
    RETURN claims;
END
$$;

-- For each ciphertext what it holds, or NULL where it was altered or belongs to another row or type.
CREATE OR REPLACE FUNCTION keyring.decrypt_all(
    p_ciphertexts bytea[], p_key_ids integer[], p_owners uuid[], p_types text[]
) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ids integer[];
    keys text[];
    plaintext text;
    header text;
    opened text[] := '{}';
BEGIN
    SELECT array_agg(k.id), array_agg(encode(keyring.unwrapped(k, m), 'hex')) INTO ids, keys
    FROM keyring.keys AS k CROSS JOIN keyring.master_key AS m
    WHERE k.purpose = 'data' AND k.id = ANY (p_key_ids);
    FOR i IN 1 .. coalesce(cardinality(p_ciphertexts), 0) LOOP
        plaintext := convert_from(
            extensions.pgp_sym_decrypt_bytea(p_ciphertexts[i], keys[array_position(ids, p_key_ids[i])]), 'UTF8'
        );
        header := p_owners[i]::text || E'\n' || p_types[i] || E'\n';
        opened := array_append(opened, CASE
            WHEN starts_with(plaintext, header) THEN substr(plaintext, length(header) + 1)
        END);
    END LOOP;
    RETURN opened;
EXCEPTION WHEN external_routine_invocation_exception OR character_not_in_repertoire THEN
    IF cardinality(p_ciphertexts) = 1 THEN
        RETURN ARRAY[NULL];
    END IF;
    -- One of them is bad; the others shall not suffer for it.
    RETURN ARRAY(
        SELECT (keyring.decrypt_all(ARRAY[c.ciphertext], ARRAY[c.key_id], ARRAY[c.owner], ARRAY[c.type]))[1]
        FROM unnest(p_ciphertexts, p_key_ids, p_owners, p_types)
            WITH ORDINALITY AS c (ciphertext, key_id, owner, type, i)
        ORDER BY c.i
    );
END
$$;

RESET ROLE;

SET LOCAL ROLE portway_owner;
GRANT CREATE ON SCHEMA app TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;

-- Everything that an execution needs of integration and action, and no secret. STABLE: it sees the same state of the
-- database as the statement that asks, hence the versions that are in that one's key.
CREATE FUNCTION app.definition_of(p_integration_id uuid, p_action_id uuid, p_action text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (
        SELECT json_build_object(
            'integration', (SELECT to_json(row) FROM (
                SELECT g.id, g.organization_id, g.name, g.slug, g.base_url, g.auth_type, g.auth_config,
                    g.transform_config, g.rate_limits, g.description, g.category, g.documentation_url, g.version
            ) AS row),
            'action', CASE WHEN a.id IS NULL THEN app.builtin_action(g, p_action) ELSE (SELECT to_json(row) FROM (
                SELECT a.id, a.integration_id, a.name, a.slug, a.http_method, a.endpoint_path, a.description,
                    a.request_schema, a.transform_config, a.rate_limits, a.scopes, a.handler, a.timeout_ms, a.version
            ) AS row) END
        )
        FROM public.integrations AS g LEFT JOIN public.actions AS a ON a.id = p_action_id
        WHERE g.id = p_integration_id
    );
END
$$;

-- Only opening an execution calls it.
ALTER FUNCTION app.mask_payload(jsonb, text[], text[]) SECURITY INVOKER RESET search_path;

-- Nobody calls them but the function below. Servers of the release before go on with that one: they give nine
-- arguments, and are sent every definition.
-- squawk-ignore ban-drop-function
DROP FUNCTION app.open_executions(text[], uuid[], uuid[], text[], jsonb[], integer[], text[], bytea[], text[]);
-- squawk-ignore ban-drop-function
DROP FUNCTION app.judge_executions(text[], uuid[], uuid[], text[], integer[], text[]);
-- squawk-ignore ban-drop-function
DROP FUNCTION app.hold_idempotency_key(app.opened_element, text, bytea);
-- squawk-ignore ban-drop-type
DROP TYPE app.opened_element;

-- The outcome for an element. execution_id is that of the execution whose answer is repeated, else its own.
CREATE TYPE app.held_execution AS (outcome text, execution_id uuid, replay text);
-- Takes the key for a granted element. Where it is taken already, the element is answered by what has it.
CREATE FUNCTION app.hold_idempotency_key(
    p_user_id uuid, p_key text, p_request_hash bytea, p_execution_id uuid, p_deadline timestamptz
) RETURNS app.held_execution
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    element app.held_execution;
    held public.idempotency_keys;
BEGIN
    element.execution_id := p_execution_id;
    IF p_request_hash IS NULL OR length(p_key) NOT BETWEEN 1 AND 255 THEN
        element.outcome := 'malformed_request';
        RETURN element;
    END IF;
    DELETE FROM public.idempotency_keys AS k
    WHERE k.user_id = p_user_id AND k.key = p_key AND k.expires_at < clock_timestamp();
    INSERT INTO public.idempotency_keys (user_id, key, request_hash, execution_id, deadline, expires_at)
    VALUES (p_user_id, p_key, p_request_hash, p_execution_id, p_deadline, clock_timestamp() + interval '24 hours')
    ON CONFLICT (user_id, key) DO NOTHING;
    IF FOUND THEN
        element.outcome := 'granted';
        RETURN element;
    END IF;
    SELECT * INTO held FROM public.idempotency_keys AS k WHERE k.user_id = p_user_id AND k.key = p_key;
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
-- element never fails because of another, nor sees anything of it: one statement, hence one state of the database, in
-- which every element is judged by its own claims, which are a column.
--
-- outcome: granted, replay, or the stable code of the refusal. p_refusals: the code with which the gateway refuses an
-- element itself; it only gets its audit row. p_known_definitions: keys of definitions that need not be sent again.
CREATE FUNCTION app.open_executions(
    p_passes text[], p_workspace_ids uuid[], p_connection_ids uuid[], p_actions text[], p_payloads jsonb[],
    p_timeouts_ms integer[], p_idempotency_keys text[], p_request_hashes bytea[], p_refusals text[],
    p_known_definitions text[] DEFAULT '{}'
) RETURNS TABLE (
    ordinal integer, execution_id uuid, executed_at timestamptz, outcome text, detail text,
    definition_key text, definition text, connection text, credential text, replay text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    IF NOT app.is_batch(cardinality(p_passes), ARRAY[
        cardinality(p_workspace_ids), cardinality(p_connection_ids), cardinality(p_actions), cardinality(p_payloads),
        cardinality(p_timeouts_ms), cardinality(p_idempotency_keys), cardinality(p_request_hashes),
        cardinality(p_refusals)
    ]) THEN
        RAISE EXCEPTION 'a batch is arrays of one length, at most 64' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY WITH found AS MATERIALIZED (
        SELECT
            l.place, (l.claims ->> 'sub')::uuid AS user_id, at.*,
            CASE
                WHEN l.claims IS NULL THEN ARRAY['unauthenticated', NULL]
                WHEN n.refusal IS NOT NULL THEN ARRAY[n.refusal, NULL]
                WHEN at.connection_id IS NULL
                    THEN ARRAY['not_found', 'There is no such connection in a workspace that you belong to.']
                WHEN NOT l.claims -> 'scopes' ? 'execute'
                    THEN ARRAY['forbidden', 'This API key does not have the scope `execute`.']
                WHEN at.role = 'viewer' THEN ARRAY['forbidden', 'A viewer may not execute actions.']
                WHEN at.own_connection_id IS NULL
                    THEN ARRAY['forbidden', 'Only the owner of a connection may use it.']
                WHEN at.action_id IS NULL
                    THEN ARRAY['not_found', format(
                        'The integration %s has no action %s.', at.integration_slug, left(n.action, 200)
                    )]
                WHEN at.status = 'disabled' THEN ARRAY['forbidden', 'This connection is disabled.']
                WHEN at.status = 'reauthorization_required' THEN ARRAY['reauthorization_required', NULL]
                ELSE ARRAY['granted', NULL]
            END AS verdict
        FROM app.live_claims(p_passes, 'user') AS l
        CROSS JOIN LATERAL (SELECT
            p_workspace_ids[l.place], p_connection_ids[l.place], p_actions[l.place], p_refusals[l.place]
        ) AS n (workspace_id, connection_id, action, refusal)
        -- OFFSET 0: one look into each index for each element, whatever the planner thinks of the tables' sizes.
        LEFT JOIN LATERAL (
            SELECT
                m.workspace_id, m.role, c.id AS connection_id, c.organization_id, c.status, g.id AS integration_id,
                g.slug AS integration_slug, g.auth_type, a.sensitive_parameters, a.timeout_ms,
                coalesce(a.id, CASE WHEN app.has_builtin_action(g.auth_config, n.action)
                    THEN app.builtin_action_id(g.id, n.action) END) AS action_id,
                concat_ws(' ', coalesce(a.id::text, concat_ws(' ', g.id, n.action)), a.version, g.version)
                    AS definition_key,
                CASE WHEN c.user_id = m.user_id THEN c.id END AS own_connection_id,
                CASE WHEN c.user_id = m.user_id THEN (SELECT to_json(row) FROM (
                    SELECT c.id, c.user_id, c.organization_id, c.workspace_id, c.integration_id,
                        g.slug AS integration_slug, c.name, c.status, c.origins, c.scopes, c.config,
                        c.credential_version, c.issued_at, c.expires_at
                ) AS row)::text END AS connection
            FROM public.workspace_members AS m
            LEFT JOIN public.connections AS c ON c.id = n.connection_id AND c.workspace_id = m.workspace_id
            LEFT JOIN public.integrations AS g ON g.id = c.integration_id
            LEFT JOIN public.actions AS a ON a.integration_id = c.integration_id AND a.slug = n.action
            WHERE m.workspace_id = n.workspace_id AND m.user_id = (l.claims ->> 'sub')::uuid
                AND (l.claims ->> 'workspace' IS NULL OR m.workspace_id = (l.claims ->> 'workspace')::uuid)
            OFFSET 0
        ) AS at ON true
    ), secrets AS (
        SELECT s.place,
            CASE WHEN bool_and(s.value IS NOT NULL) THEN jsonb_object_agg(s.type, s.value)::text END AS members,
            -- As they stand inside a JSON text, without the quotes. Short ones would mask half a payload. Longest
            -- first: one secret may be the beginning of another.
            array_agg(substr(s.json, 2, length(s.json) - 2) ORDER BY length(s.json) DESC)
                FILTER (WHERE length(s.json) >= 8) AS literals
        FROM (
            SELECT o.*, to_json(o.value)::text AS json
            FROM (
                SELECT array_agg(f.place), array_agg(e.connection_id), array_agg(e.credential_type),
                    array_agg(e.encrypted_value), array_agg(e.key_id)
                FROM found AS f
                CROSS JOIN LATERAL (
                    SELECT x.connection_id, x.credential_type, x.encrypted_value, x.key_id
                    FROM public.encrypted_credentials AS x
                    WHERE x.connection_id = f.own_connection_id AND NOT x.for_renewal
                    OFFSET 0
                ) AS e
            ) AS stored (places, owners, types, ciphertexts, key_ids)
            CROSS JOIN LATERAL unnest(
                stored.places, stored.types,
                keyring.decrypt_all(stored.ciphertexts, stored.key_ids, stored.owners, stored.types)
            ) AS o (place, type, value)
        ) AS s
        GROUP BY s.place
    ), judged AS (
        SELECT f.*, s.members, s.literals, app.uuid_v7() AS execution_id,
            clock_timestamp() + make_interval(secs => greatest(least(
                p_timeouts_ms[f.place], coalesce(f.timeout_ms, app.builtin_timeout_ms(p_actions[f.place]))
            ), 0) / 1000.0 + 30) AS deadline,
            CASE
                WHEN f.verdict[1] <> 'granted' THEN f.verdict
                WHEN s.place IS NOT NULL AND s.members IS NULL THEN ARRAY[
                    'reauthorization_required',
                    'The stored credential of this connection cannot be decrypted; authorize it again.'
                ]
                WHEN s.place IS NULL AND f.auth_type <> 'none' THEN ARRAY['reauthorization_required', NULL]
                ELSE f.verdict
            END AS final
        FROM found AS f LEFT JOIN secrets AS s ON s.place = f.place
        -- The keys are taken in this order, so that two batches with the same ones wait for each other and do not
        -- deadlock.
        ORDER BY f.user_id, p_idempotency_keys[f.place], f.place
    ), settled AS MATERIALIZED (
        SELECT j.*, CASE WHEN j.final[1] = 'granted' AND p_idempotency_keys[j.place] IS NOT NULL
            THEN app.hold_idempotency_key(
                j.user_id, p_idempotency_keys[j.place], p_request_hashes[j.place], j.execution_id, j.deadline
            )
            ELSE ROW(j.final[1], j.execution_id, NULL)::app.held_execution
        END AS held
        FROM judged AS j
    ), written AS (
        INSERT INTO public.api_logs (
            id, executed_at, status, user_id, organization_id, workspace_id, connection_id, integration_id, action_id,
            request_payload, error_code, duration_ms, deadline
        )
        SELECT
            s.execution_id, app.uuid_v7_time(s.execution_id),
            CASE (s.held).outcome WHEN 'granted' THEN 'started' ELSE 'refused' END,
            s.user_id, s.organization_id, s.workspace_id, s.connection_id, s.integration_id, s.action_id,
            CASE WHEN s.user_id IS NOT NULL THEN
                app.mask_payload(
                    p_payloads[s.place], coalesce(s.sensitive_parameters, '{}'), coalesce(s.literals, '{}')
                )
            END,
            nullif((s.held).outcome, 'granted'), CASE WHEN (s.held).outcome <> 'granted' THEN 0 END, s.deadline
        FROM settled AS s
        WHERE (s.held).outcome <> 'replay'
    )
    SELECT
        s.place::integer, (s.held).execution_id, app.uuid_v7_time((s.held).execution_id), (s.held).outcome, s.final[2],
        granted.definition_key, granted.definition, granted.connection, granted.members, (s.held).replay
    FROM settled AS s
    LEFT JOIN LATERAL (
        SELECT s.definition_key, s.connection, s.members, CASE WHEN s.definition_key <> ALL (p_known_definitions)
            THEN app.definition_of(s.integration_id, s.action_id, p_actions[s.place]) END AS definition
    ) AS granted ON (s.held).outcome = 'granted';
END
$$;

-- Completes the rows of elements that the pass's user opened and that are not finished. The pass may have expired by
-- now: the call may outlast it, and its seal still tells whose it is.
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

GRANT EXECUTE ON FUNCTION
    app.open_executions(text[], uuid[], uuid[], text[], jsonb[], integer[], text[], bytea[], text[], text[])
TO portway_app;

RESET ROLE;

SET LOCAL ROLE portway_owner;
REVOKE CREATE ON SCHEMA app FROM portway_definer;
RESET ROLE;
