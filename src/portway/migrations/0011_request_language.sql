-- What integrations say for all of their actions, rate limits, and an action that every integration has.

SET LOCAL ROLE portway_owner;

ALTER TABLE public.integrations
    ADD COLUMN transform_config jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(transform_config) = 'object'),
    ADD COLUMN rate_limits jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(rate_limits) = 'array');
ALTER TABLE public.actions
    ADD COLUMN rate_limits jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(rate_limits) = 'array');
GRANT INSERT (transform_config, rate_limits), UPDATE (transform_config, rate_limits)
ON public.integrations TO portway_app;
GRANT INSERT (rate_limits), UPDATE (rate_limits) ON public.actions TO portway_app;

-- How often a key's holder may execute anything: [{"requests": 100, "per_seconds": 60}].
ALTER TABLE public.api_keys
    ADD COLUMN rate_limits jsonb NOT NULL DEFAULT '[]' CHECK (
        jsonb_typeof(rate_limits) = 'array' AND jsonb_array_length(rate_limits) = jsonb_array_length(
            jsonb_path_query_array(
                rate_limits,
                '$[*] ? (
                    @.requests >= 1 && @.requests <= 1000000 && @.requests.floor() == @.requests
                    && @.per_seconds >= 1 && @.per_seconds <= 86400 && @.per_seconds.floor() == @.per_seconds
                )'
            )
        )
    );
GRANT SELECT (rate_limits) ON public.api_keys TO portway_app;

GRANT CREATE ON SCHEMA app TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;

-- Actions without a row. A row with the slug of one takes its place.
--
-- Every integration has `http-request`: any request under its base_url. One with a verification request has
-- `verify-connection`: the cheap call that proves a credential. `auth_config.verification` is {method, path, response}.

CREATE FUNCTION app.has_builtin_action(p_auth_config jsonb, p_slug text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE p_slug
    WHEN 'http-request' THEN true
    WHEN 'verify-connection' THEN coalesce(jsonb_typeof(p_auth_config #> '{verification,path}') = 'string', false)
    ELSE false
END;

-- Always the same, and another one than that of any row: the log names built-in actions by it.
CREATE FUNCTION app.builtin_action_id(p_integration_id uuid, p_slug text) RETURNS uuid
LANGUAGE sql IMMUTABLE
RETURN md5(p_integration_id::text || ' ' || p_slug)::uuid;

CREATE FUNCTION app.builtin_timeout_ms(p_slug text) RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN CASE p_slug WHEN 'http-request' THEN 60000 WHEN 'verify-connection' THEN 15000 ELSE 30000 END;

CREATE FUNCTION app.builtin_action(p_integration public.integrations, p_slug text) RETURNS json
LANGUAGE sql STABLE
RETURN (jsonb_build_object(
    'id', app.builtin_action_id(p_integration.id, p_slug), 'integration_id', p_integration.id, 'slug', p_slug,
    'rate_limits', '[]'::jsonb, 'scopes', '[]'::jsonb, 'timeout_ms', app.builtin_timeout_ms(p_slug),
    'version', p_integration.version
) || CASE p_slug WHEN 'http-request' THEN $json${
    "name": "HTTP request",
    "description": "Any request to the service, under the integration's base_url, with the connection's credential.",
    "http_method": "GET",
    "endpoint_path": "/",
    "transform_config": {},
    "handler": "portway.http_request",
    "request_schema": {
        "type": "object",
        "required": ["path"],
        "additionalProperties": false,
        "properties": {
            "method": {
                "description": "The request's method.",
                "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
                "default": "GET"
            },
            "path": {
                "description": "A path under the integration's base_url, percent-encoded, without a query.",
                "type": "string",
                "pattern": "^/[^?#]*$",
                "maxLength": 8000
            },
            "query": {
                "description": "Query parameters. A list repeats its name, null is left out.",
                "type": "object",
                "additionalProperties": {
                    "type": ["string", "number", "boolean", "null", "array"],
                    "items": {"type": ["string", "number", "boolean", "null"]}
                }
            },
            "headers": {
                "description": "Header fields. The connection's credential is added by itself.",
                "type": "object",
                "additionalProperties": {"type": "string"}
            },
            "body": {
                "description": "Sent as JSON."
            },
            "body_base64": {
                "description": "Bytes to send instead of a JSON body, in base64. Name their content-type in headers.",
                "type": "string",
                "contentEncoding": "base64"
            }
        }
    }
}$json$::jsonb
ELSE jsonb_build_object(
    'name', 'Verify connection', 'description', 'The request that proves the connection''s credential.',
    'http_method', coalesce(p_integration.auth_config #>> '{verification,method}', 'GET'),
    'endpoint_path', p_integration.auth_config #>> '{verification,path}',
    'request_schema', '{"type": "object", "additionalProperties": false}'::jsonb, 'handler', NULL,
    'transform_config', CASE
        WHEN jsonb_typeof(p_integration.auth_config #> '{verification,response}') <> 'null'
        THEN jsonb_build_object('response', p_integration.auth_config #> '{verification,response}') ELSE '{}'
    END
) END)::json;

-- Finds connection, integration and action of each element, applies the rules, decrypts. One statement, hence one
-- state of the database; every element is judged by its own claims, which are a column here.
CREATE OR REPLACE FUNCTION app.judge_executions(
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
                c.id AS connection_id, c.organization_id, g.id AS integration_id,
                coalesce(a.id, CASE
                    WHEN app.has_builtin_action(g.auth_config, n.action) THEN app.builtin_action_id(g.id, n.action)
                END) AS action_id,
                coalesce(a.sensitive_parameters, '{}') AS sensitive_parameters,
                greatest(
                    least(n.timeout_ms, coalesce(a.timeout_ms, app.builtin_timeout_ms(n.action))), 0
                ) AS timeout_ms,
                CASE WHEN a.id IS NULL THEN n.action END AS builtin,
                concat_ws(' ', coalesce(a.id::text, concat_ws(' ', g.id, n.action)), a.version, g.version)
                    AS definition_key,
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
                    WHEN a.id IS NULL AND NOT app.has_builtin_action(g.auth_config, n.action)
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
                        g.transform_config, g.rate_limits, g.description, g.category, g.documentation_url, g.version
                ) AS row),
                'action', CASE WHEN a.id IS NULL THEN app.builtin_action(g, used.builtin) ELSE (SELECT to_json(row) FROM (
                    SELECT a.id, a.integration_id, a.name, a.slug, a.http_method, a.endpoint_path, a.description,
                        a.request_schema, a.transform_config, a.rate_limits, a.scopes, a.handler, a.timeout_ms, a.version
                ) AS row) END
            )::text AS definition
            FROM (
                SELECT DISTINCT j.definition_key, j.integration_id, j.action_id, j.builtin FROM judged AS j
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

-- Nobody but the function above called it.
-- squawk-ignore ban-drop-function
DROP FUNCTION app.verification_action(public.integrations);

-- Servers of the release before go on: they read the columns by name, and give five arguments.
-- squawk-ignore ban-drop-function
DROP FUNCTION app.authenticate(text, text);
-- The pass for a bearer: an API key, Portway's own access token, or an outside issuer's token. No row for anything
-- else. A pass lives for five minutes at most.
CREATE FUNCTION app.authenticate(p_bearer text, p_sign_up text) RETURNS TABLE (
    sealed_pass text, user_id uuid, credential_id uuid, scopes text[], workspace_id uuid, expires_at timestamptz,
    rate_limits jsonb
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bearer_hash bytea := sha256(convert_to(p_bearer, 'UTF8'));
    kind text := 'session';
    token_claims jsonb;
BEGIN
    expires_at := clock_timestamp() + interval '5 minutes';
    rate_limits := '[]';
    IF p_bearer LIKE 'pw\_%' THEN
        kind := 'api_key';
        SELECT k.user_id, k.id, k.scopes, k.workspace_id, least(authenticate.expires_at, k.expires_at),
            k.rate_limits
        INTO user_id, credential_id, scopes, workspace_id, expires_at, rate_limits
        FROM public.api_keys AS k
        WHERE k.key_hash = bearer_hash AND k.revoked_at IS NULL
            AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp());
        UPDATE public.api_keys AS k SET last_used_at = now()
        WHERE k.id = credential_id AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute');
    ELSE
        token_claims := keyring.verify_jwt(p_bearer);
        IF token_claims ->> 'iss' = 'portway' THEN
            IF token_claims ->> 'aud' IS DISTINCT FROM 'portway' THEN
                RETURN;
            END IF;
            credential_id := (token_claims ->> 'sid')::uuid;
        ELSIF token_claims IS NOT NULL THEN
            credential_id := app.register_outside_session(
                coalesce(token_claims ->> 'iss', ''), token_claims ->> 'sub', token_claims ->> 'email',
                coalesce(token_claims -> 'email_verified' = 'true'::jsonb, false), token_claims ->> 'name',
                bearer_hash, to_timestamp((token_claims ->> 'exp')::double precision), p_sign_up
            );
        END IF;
        SELECT s.user_id, s.id, app.all_scopes(), least(
            authenticate.expires_at, s.expires_at, to_timestamp((token_claims ->> 'exp')::double precision)
        )
        INTO user_id, credential_id, scopes, expires_at
        FROM public.sessions AS s
        WHERE (s.id = credential_id
                OR (token_claims IS NULL AND s.outside_token_hash = bearer_hash AND s.outside_token_vouched))
            AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp();
    END IF;
    IF user_id IS NULL OR EXISTS (
        SELECT FROM public.users AS u WHERE u.id = authenticate.user_id AND u.disabled_at IS NOT NULL
    ) THEN
        RETURN;
    END IF;
    IF 'admin' = ANY (scopes) THEN
        scopes := app.all_scopes();
    END IF;
    sealed_pass := app.seal_user_pass(user_id, credential_id, kind, workspace_id, scopes, expires_at);
    RETURN NEXT;
END
$$;

-- squawk-ignore ban-drop-function
DROP FUNCTION app.create_api_key(text, text, text[], uuid, timestamptz);
-- A key with at most the caller's own scopes; NULL scopes mean all that the caller's role allows. A key that a key
-- makes lives no longer than that one, and has its rate limits besides its own. The key itself is returned once and
-- kept as its SHA-256.
CREATE FUNCTION app.create_api_key(
    p_pass text, p_name text, p_scopes text[], p_workspace_id uuid, p_expires_at timestamptz,
    p_rate_limits jsonb DEFAULT '[]',
    OUT id uuid, OUT api_key text, OUT prefix text, OUT scopes text[], OUT rate_limits jsonb
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    held text[] := ARRAY(SELECT jsonb_array_elements_text(claims -> 'scopes'));
    chosen uuid := coalesce(p_workspace_id, (claims ->> 'workspace')::uuid);
    is_viewer boolean;
    maker public.api_keys;
BEGIN
    IF NOT coalesce('admin' = ANY (held), false) THEN
        RAISE EXCEPTION 'making API keys needs the scope admin' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF chosen IS NOT NULL AND NOT chosen = ANY (
        app.workspaces_of(claims, ARRAY['owner', 'admin', 'member', 'viewer'], '{}')
    ) THEN
        RAISE EXCEPTION 'no such workspace' USING ERRCODE = 'no_data_found';
    END IF;
    SELECT bool_and(m.role = 'viewer') INTO is_viewer FROM public.workspace_members AS m
    WHERE m.user_id = (claims ->> 'sub')::uuid AND (chosen IS NULL OR m.workspace_id = chosen);
    scopes := coalesce(
        p_scopes, CASE WHEN is_viewer THEN ARRAY['connections:read', 'logs:read'] ELSE app.all_scopes() END
    );
    SELECT * INTO maker FROM public.api_keys AS k WHERE k.id = (claims ->> 'credential')::uuid;
    SELECT coalesce(jsonb_agg(DISTINCT l), '[]') INTO rate_limits
    FROM jsonb_array_elements(p_rate_limits || coalesce(maker.rate_limits, '[]')) AS l;
    api_key := 'pw_' || app.random_token();
    prefix := left(api_key, 10);
    INSERT INTO public.api_keys (user_id, workspace_id, name, prefix, key_hash, scopes, expires_at, rate_limits)
    VALUES (
        (claims ->> 'sub')::uuid, chosen, p_name, prefix, sha256(convert_to(api_key, 'UTF8')), scopes,
        least(p_expires_at, maker.expires_at), rate_limits
    )
    RETURNING api_keys.id INTO create_api_key.id;
END
$$;

GRANT EXECUTE ON FUNCTION
    app.authenticate(text, text), app.create_api_key(text, text, text[], uuid, timestamptz, jsonb)
TO portway_app;

RESET ROLE;

SET LOCAL ROLE portway_owner;
REVOKE CREATE ON SCHEMA app FROM portway_definer;
RESET ROLE;
