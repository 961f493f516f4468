-- Who opened an execution closes it with a key instead of a pass, whose seal costs more to check.
--
-- Servers of the release before go on executing, but read the log by columns that they may not have any more: replace
-- them right after migrating.

SET LOCAL ROLE portway_owner;

-- Who has it may complete the row. Whoever opened the execution is given it, once, and it is gone when the row is
-- complete. The servers' role cannot read it.
ALTER TABLE public.api_logs ADD COLUMN closing_key uuid;
REVOKE SELECT ON public.api_logs FROM portway_app;
GRANT SELECT (
    id, executed_at, status, user_id, organization_id, workspace_id, connection_id, integration_id, action_id,
    request_payload, response_payload, payload_truncated, status_code, error_code, duration_ms, attempts, deadline
) ON public.api_logs TO portway_app;

GRANT CREATE ON SCHEMA app TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;

-- squawk-ignore ban-drop-function
DROP FUNCTION app.open_executions(
    text[], uuid[], uuid[], text[], jsonb[], integer[], text[], bytea[], text[], text[],
    text[], uuid[], timestamptz[], text[], jsonb[], jsonb[], boolean[], text[], integer[], double precision[],
    integer[], text[], boolean[]
);
-- squawk-ignore ban-drop-function
DROP FUNCTION app.close_executions(
    text[], uuid[], timestamptz[], text[], jsonb[], jsonb[], boolean[], text[], integer[], double precision[],
    integer[], text[], boolean[]
);
-- squawk-ignore ban-drop-function
DROP FUNCTION app.complete_executions(
    jsonb[], uuid[], timestamptz[], text[], jsonb[], jsonb[], boolean[], text[], integer[], double precision[],
    integer[], text[], boolean[]
);

-- Completes the rows that the keys are for. A request_payload of NULL stays as it is. Called within the two functions
-- below alone, whose rights and settings it has.
CREATE FUNCTION app.complete_executions(
    p_closing_keys uuid[], p_execution_ids uuid[], p_executed_at timestamptz[], p_statuses text[],
    p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[],
    p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[],
    p_free_keys boolean[]
) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    moment timestamptz;
    earliest timestamptz;
    latest timestamptz;
    closed integer;
    used uuid[];
    one record;
BEGIN
    IF NOT app.is_batch(cardinality(p_closing_keys), ARRAY[
        cardinality(p_execution_ids), cardinality(p_executed_at), cardinality(p_statuses),
        cardinality(p_request_payloads), cardinality(p_response_payloads), cardinality(p_truncated),
        cardinality(p_error_codes), cardinality(p_status_codes), cardinality(p_durations_ms), cardinality(p_attempts),
        cardinality(p_idempotent_answers), cardinality(p_free_keys)
    ]) THEN
        RAISE EXCEPTION 'a batch is arrays of one length, at most 64' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Known before the update starts, so that it opens the partitions in between and no others.
    FOREACH moment IN ARRAY p_executed_at LOOP
        earliest := least(earliest, moment);
        latest := greatest(latest, moment);
    END LOOP;
    IF num_nonnulls(VARIADIC p_idempotent_answers) > 0 OR true = ANY (p_free_keys) THEN
        FOR one IN
            SELECT l.user_id, n.execution_id, n.answer, n.is_free
            FROM unnest(p_closing_keys, p_execution_ids, p_executed_at, p_idempotent_answers, p_free_keys)
                AS n (closing_key, execution_id, executed_at, answer, is_free)
            JOIN public.api_logs AS l ON l.executed_at = n.executed_at AND l.id = n.execution_id
                AND l.closing_key = n.closing_key AND l.executed_at BETWEEN earliest AND latest
            WHERE n.answer IS NOT NULL OR n.is_free
            ORDER BY n.execution_id
        LOOP
            PERFORM app.settle_idempotency_key(one.user_id, one.execution_id, one.answer, one.is_free);
        END LOOP;
    END IF;
    WITH finished AS (
        UPDATE public.api_logs AS l SET
            status = n.status, request_payload = coalesce(n.request_payload, l.request_payload),
            response_payload = n.response_payload,
            payload_truncated = coalesce(n.truncated, false), error_code = n.error_code, status_code = n.status_code,
            duration_ms = n.duration_ms, attempts = coalesce(n.attempts, 0), closing_key = NULL
        FROM unnest(
            p_closing_keys, p_execution_ids, p_executed_at, p_statuses, p_request_payloads, p_response_payloads,
            p_truncated, p_error_codes, p_status_codes, p_durations_ms, p_attempts
        ) AS n (
            closing_key, execution_id, executed_at, status, request_payload, response_payload, truncated,
            error_code, status_code, duration_ms, attempts
        )
        WHERE l.executed_at = n.executed_at AND l.id = n.execution_id AND l.executed_at BETWEEN earliest AND latest
            AND l.closing_key = n.closing_key AND n.status IN ('success', 'error', 'refused')
        RETURNING l.connection_id
    )
    SELECT count(*), array_agg(c.id) FILTER (WHERE c.id IS NOT NULL) INTO closed, used
    FROM finished AS f LEFT JOIN LATERAL (
        SELECT c.id FROM public.connections AS c
        WHERE c.id = f.connection_id AND (c.last_used_at IS NULL OR c.last_used_at < now() - interval '1 minute')
        OFFSET 0
    ) AS c ON true;
    -- When a connection was last used, to the minute; a row that somebody else is writing is left to them.
    IF used IS NOT NULL THEN
        UPDATE public.connections SET last_used_at = now()
        WHERE id IN (SELECT c.id FROM public.connections AS c WHERE c.id = ANY (used) FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
    RETURN closed;
END
$$;

CREATE FUNCTION app.close_executions(
    p_closing_keys uuid[], p_execution_ids uuid[], p_executed_at timestamptz[], p_statuses text[],
    p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[],
    p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[],
    p_free_keys boolean[]
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
-- As below, for what it calls is the same.
SET enable_seqscan = off SET jit = off
AS $$
BEGIN
    RETURN app.complete_executions(
        p_closing_keys, p_execution_ids, p_executed_at, p_statuses, p_request_payloads, p_response_payloads,
        p_truncated, p_error_codes, p_status_codes, p_durations_ms, p_attempts, p_idempotent_answers, p_free_keys
    );
END
$$;

-- Opens executions: one audit row for each element, refusals included, written before anybody calls anything. An
-- element never fails because of another, nor sees anything of it: one statement, hence one state of the database, in
-- which every element is judged by its own claims, which are a column.
--
-- outcome: granted, replay, or the stable code of the refusal. p_refusals: the code with which the gateway refuses an
-- element itself; it only gets its audit row. p_known_definitions: keys of definitions that need not be sent again.
-- closing_key: of one that is granted, for app.close_executions.
--
-- Then closes those that p_closing_keys and the arrays after it name, as app.close_executions does: one commit for
-- both. It opens first: who opens may wait for somebody who frees the same idempotency key, and must not have freed one
-- by then that those wait for.
CREATE FUNCTION app.open_executions(
    p_passes text[], p_workspace_ids uuid[], p_connection_ids uuid[], p_actions text[], p_payloads jsonb[],
    p_timeouts_ms integer[], p_idempotency_keys text[], p_request_hashes bytea[], p_refusals text[],
    p_known_definitions text[] DEFAULT '{}',
    p_closing_keys uuid[] DEFAULT '{}', p_execution_ids uuid[] DEFAULT '{}', p_executed_at timestamptz[] DEFAULT '{}',
    p_statuses text[] DEFAULT '{}', p_request_payloads jsonb[] DEFAULT '{}', p_response_payloads jsonb[] DEFAULT '{}',
    p_truncated boolean[] DEFAULT '{}', p_error_codes text[] DEFAULT '{}', p_status_codes integer[] DEFAULT '{}',
    p_durations_ms double precision[] DEFAULT '{}', p_attempts integer[] DEFAULT '{}',
    p_idempotent_answers text[] DEFAULT '{}', p_free_keys boolean[] DEFAULT '{}'
) RETURNS TABLE (
    ordinal integer, execution_id uuid, executed_at timestamptz, outcome text, detail text,
    definition_key text, definition text, connection text, credential text, replay text, closing_key uuid
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
-- A plan is made when a connection needs it first, and kept: tables that are small then may be large soon. Those of a
-- hundred rows, too, are read faster by their indexes. Where a table has none that helps, the planner takes the scan
-- for so dear that it would compile the plan.
SET enable_seqscan = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    claims jsonb[];
    closed integer;
BEGIN
    IF NOT app.is_batch(cardinality(p_passes), ARRAY[
        cardinality(p_workspace_ids), cardinality(p_connection_ids), cardinality(p_actions), cardinality(p_payloads),
        cardinality(p_timeouts_ms), cardinality(p_idempotency_keys), cardinality(p_request_hashes),
        cardinality(p_refusals)
    ]) THEN
        RAISE EXCEPTION 'a batch is arrays of one length, at most 64' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    claims := keyring.open_seals(p_passes);
    RETURN QUERY WITH found AS MATERIALIZED (
        SELECT
            l.place, (l.claims ->> 'sub')::uuid AS user_id, at.*,
            date_trunc('milliseconds', clock_timestamp()) AS executed_at,
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
        FROM app.live_claims(claims, 'user') AS l
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
        SELECT f.*, s.members, s.literals, app.uuid_v7_at(f.executed_at) AS execution_id,
            CASE WHEN f.verdict[1] = 'granted' THEN gen_random_uuid() END AS closing_key,
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
            request_payload, error_code, duration_ms, deadline, closing_key
        )
        SELECT
            s.execution_id, s.executed_at,
            CASE (s.held).outcome WHEN 'granted' THEN 'started' ELSE 'refused' END,
            s.user_id, s.organization_id, s.workspace_id, s.connection_id, s.integration_id, s.action_id,
            CASE WHEN s.user_id IS NOT NULL THEN
                app.mask_payload(
                    p_payloads[s.place], coalesce(s.sensitive_parameters, '{}'), coalesce(s.literals, '{}')
                )
            END,
            nullif((s.held).outcome, 'granted'), CASE WHEN (s.held).outcome <> 'granted' THEN 0 END, s.deadline,
            CASE WHEN (s.held).outcome = 'granted' THEN s.closing_key END
        FROM settled AS s
        WHERE (s.held).outcome <> 'replay'
    )
    SELECT
        s.place::integer, (s.held).execution_id,
        CASE WHEN (s.held).outcome = 'replay' THEN app.uuid_v7_time((s.held).execution_id) ELSE s.executed_at END,
        (s.held).outcome, s.final[2],
        granted.definition_key, granted.definition, granted.connection, granted.members, (s.held).replay,
        granted.closing_key
    FROM settled AS s
    LEFT JOIN LATERAL (
        SELECT s.definition_key, s.connection, s.members, s.closing_key,
            CASE WHEN s.definition_key <> ALL (p_known_definitions)
                THEN app.definition_of(s.integration_id, s.action_id, p_actions[s.place]) END AS definition
    ) AS granted ON (s.held).outcome = 'granted';
    IF (cardinality(p_closing_keys), cardinality(p_execution_ids)) IS DISTINCT FROM (0, 0) THEN
        -- Assigned, though nobody wants it: a call in an expression is spared the query that PERFORM would be.
        closed := app.complete_executions(
            p_closing_keys, p_execution_ids, p_executed_at, p_statuses, p_request_payloads, p_response_payloads,
            p_truncated, p_error_codes, p_status_codes, p_durations_ms, p_attempts, p_idempotent_answers, p_free_keys
        );
    END IF;
END
$$;

-- Servers of the release before go on with passes to close with: they get the keys of what those passes' users opened.
-- Rows that such a server opened before have none yet.
CREATE FUNCTION app.closing_keys(p_passes text[], p_execution_ids uuid[], p_executed_at timestamptz[]) RETURNS uuid[]
LANGUAGE sql
BEGIN ATOMIC
    WITH opened AS (
        UPDATE public.api_logs AS l SET closing_key = coalesce(l.closing_key, gen_random_uuid())
        FROM unnest(keyring.open_seals(p_passes), p_execution_ids, p_executed_at)
            WITH ORDINALITY AS n (claims, execution_id, executed_at, i)
        WHERE l.executed_at = n.executed_at AND l.id = n.execution_id AND l.status IN ('started', 'unknown')
            AND n.claims ->> 'purpose' = 'user' AND l.user_id = (n.claims ->> 'sub')::uuid
        RETURNING n.i, l.closing_key
    )
    SELECT coalesce(array_agg(o.closing_key ORDER BY n.i), '{}')
    FROM unnest(p_execution_ids) WITH ORDINALITY AS n (execution_id, i)
    LEFT JOIN opened AS o ON o.i = n.i;
END;

CREATE FUNCTION app.close_executions(
    p_passes text[], p_execution_ids uuid[], p_executed_at timestamptz[], p_statuses text[], p_request_payloads jsonb[],
    p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[],
    p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN app.close_executions(
        app.closing_keys(p_passes, p_execution_ids, p_executed_at), p_execution_ids, p_executed_at, p_statuses,
        p_request_payloads, p_response_payloads, p_truncated, p_error_codes, p_status_codes, p_durations_ms, p_attempts,
        p_idempotent_answers, p_free_keys
    );
END
$$;

CREATE FUNCTION app.open_executions(
    p_passes text[], p_workspace_ids uuid[], p_connection_ids uuid[], p_actions text[], p_payloads jsonb[],
    p_timeouts_ms integer[], p_idempotency_keys text[], p_request_hashes bytea[], p_refusals text[],
    p_known_definitions text[],
    p_closing_passes text[], p_execution_ids uuid[], p_executed_at timestamptz[],
    p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[],
    p_truncated boolean[], p_error_codes text[], p_status_codes integer[],
    p_durations_ms double precision[], p_attempts integer[],
    p_idempotent_answers text[], p_free_keys boolean[]
) RETURNS TABLE (
    ordinal integer, execution_id uuid, executed_at timestamptz, outcome text, detail text,
    definition_key text, definition text, connection text, credential text, replay text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT
        o.ordinal, o.execution_id, o.executed_at, o.outcome, o.detail, o.definition_key, o.definition, o.connection,
        o.credential, o.replay
    FROM app.open_executions(
        p_passes, p_workspace_ids, p_connection_ids, p_actions, p_payloads, p_timeouts_ms, p_idempotency_keys,
        p_request_hashes, p_refusals, p_known_definitions,
        app.closing_keys(p_closing_passes, p_execution_ids, p_executed_at), p_execution_ids, p_executed_at, p_statuses,
        p_request_payloads, p_response_payloads, p_truncated, p_error_codes, p_status_codes, p_durations_ms, p_attempts,
        p_idempotent_answers, p_free_keys
    ) AS o;
END
$$;

GRANT EXECUTE ON FUNCTION
    app.open_executions(
        text[], uuid[], uuid[], text[], jsonb[], integer[], text[], bytea[], text[], text[],
        uuid[], uuid[], timestamptz[], text[], jsonb[], jsonb[], boolean[], text[], integer[], double precision[],
        integer[], text[], boolean[]
    ),
    app.close_executions(
        uuid[], uuid[], timestamptz[], text[], jsonb[], jsonb[], boolean[], text[], integer[], double precision[],
        integer[], text[], boolean[]
    ),
    app.open_executions(
        text[], uuid[], uuid[], text[], jsonb[], integer[], text[], bytea[], text[], text[],
        text[], uuid[], timestamptz[], text[], jsonb[], jsonb[], boolean[], text[], integer[], double precision[],
        integer[], text[], boolean[]
    ),
    app.close_executions(
        text[], uuid[], timestamptz[], text[], jsonb[], jsonb[], boolean[], text[], integer[], double precision[],
        integer[], text[], boolean[]
    )
TO portway_app;

RESET ROLE;

SET LOCAL ROLE portway_owner;
REVOKE CREATE ON SCHEMA app FROM portway_definer;
RESET ROLE;
