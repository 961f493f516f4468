-- Made by `make schema`; not applied by anything.

CREATE SCHEMA app;

ALTER SCHEMA app OWNER TO portway_owner;

CREATE SCHEMA extensions;

ALTER SCHEMA extensions OWNER TO portway_owner;

CREATE SCHEMA jobs;

ALTER SCHEMA jobs OWNER TO portway_owner;

CREATE SCHEMA keyring;

ALTER SCHEMA keyring OWNER TO portway_keyring;

ALTER SCHEMA public OWNER TO portway_owner;

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA extensions;

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';

CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA extensions;

COMMENT ON EXTENSION pgcrypto IS 'cryptographic functions';

CREATE TYPE app.held_execution AS (
	outcome text,
	execution_id uuid,
	replay text
);

ALTER TYPE app.held_execution OWNER TO portway_definer;

CREATE TYPE jobs.procrastinate_job_event_type AS ENUM (
    'deferred',
    'started',
    'deferred_for_retry',
    'failed',
    'succeeded',
    'cancelled',
    'abort_requested',
    'aborted',
    'scheduled',
    'retried'
);

ALTER TYPE jobs.procrastinate_job_event_type OWNER TO portway_owner;

CREATE TYPE jobs.procrastinate_job_status AS ENUM (
    'todo',
    'doing',
    'succeeded',
    'failed',
    'cancelled',
    'aborting',
    'aborted'
);

ALTER TYPE jobs.procrastinate_job_status OWNER TO portway_owner;

CREATE TYPE jobs.procrastinate_job_to_defer_v1 AS (
	queue_name character varying,
	task_name character varying,
	priority integer,
	lock text,
	queueing_lock text,
	args jsonb,
	scheduled_at timestamp with time zone
);

ALTER TYPE jobs.procrastinate_job_to_defer_v1 OWNER TO portway_owner;

CREATE FUNCTION app.accept_invitation(p_pass text, p_token text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    invitation public.invitations := app.open_invitation(p_token);
BEGIN
    IF claims IS NULL OR claims ->> 'workspace' IS NOT NULL OR NOT claims -> 'scopes' ? 'admin' OR invitation.id IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM app.join_by_invitation((claims ->> 'sub')::uuid, invitation);
    RETURN invitation.workspace_id;
END
$$;

ALTER FUNCTION app.accept_invitation(p_pass text, p_token text) OWNER TO portway_definer;

CREATE FUNCTION keyring.sign_jwt(p_claims jsonb) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'extensions', 'pg_temp'
    AS $$
DECLARE
    key_id integer := keyring.current_key_id('jwt');
    signed text := keyring.base64url(convert_to(jsonb_build_object('alg', 'HS256', 'typ', 'JWT', 'kid', key_id::text)::text, 'UTF8'))
        || '.' || keyring.base64url(convert_to(p_claims::text, 'UTF8'));
BEGIN
    RETURN signed || '.' || keyring.base64url(extensions.hmac(convert_to(signed, 'UTF8'), keyring.unwrap(key_id, 'jwt'), 'sha256'));
END
$$;

ALTER FUNCTION keyring.sign_jwt(p_claims jsonb) OWNER TO portway_keyring;

CREATE FUNCTION app.access_token(p_user_id uuid, p_session_id uuid, p_expires_at timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN keyring.sign_jwt(jsonb_build_object('iss', 'portway', 'aud', 'portway', 'sub', p_user_id, 'sid', p_session_id, 'iat', (EXTRACT(epoch FROM clock_timestamp()))::bigint, 'exp', (EXTRACT(epoch FROM p_expires_at))::bigint));

ALTER FUNCTION app.access_token(p_user_id uuid, p_session_id uuid, p_expires_at timestamp with time zone) OWNER TO portway_definer;

CREATE FUNCTION app.add_webhook_secret(p_endpoint_id uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    secret text := 'whsec_' || encode(extensions.gen_random_bytes(32), 'base64');
BEGIN
    INSERT INTO public.webhook_secrets (endpoint_id, encrypted_value, key_id)
    SELECT p_endpoint_id, s.ciphertext, s.key_id FROM keyring.encrypt(secret, p_endpoint_id, 'webhook_secret') AS s;
    RETURN secret;
END
$$;

ALTER FUNCTION app.add_webhook_secret(p_endpoint_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.administered_endpoint(p_pass text, p_endpoint_id uuid) RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    organization uuid;
BEGIN
    SELECT w.organization_id INTO organization FROM public.webhook_endpoints AS w
    WHERE w.id = p_endpoint_id AND claims -> 'scopes' ? 'admin'
        AND w.organization_id = ANY (app.organizations_of(claims, ARRAY['owner', 'admin']));
    IF organization IS NULL THEN
        RAISE EXCEPTION 'there is no such webhook of an organization that you administer' USING ERRCODE = 'no_data_found';
    END IF;
    RETURN organization;
END
$$;

ALTER FUNCTION app.administered_endpoint(p_pass text, p_endpoint_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.administered_organizations() RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN app.organizations_of(app.claims(), ARRAY['owner', 'admin']);
END
$$;

ALTER FUNCTION app.administered_organizations() OWNER TO portway_definer;

CREATE FUNCTION app.administered_workspaces() RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN app.workspaces_of(app.claims(), ARRAY['owner', 'admin'], ARRAY['owner', 'admin']);
END
$$;

ALTER FUNCTION app.administered_workspaces() OWNER TO portway_definer;

CREATE FUNCTION app.all_scopes() RETURNS text[]
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN ARRAY['execute'::text, 'connections:read'::text, 'connections:write'::text, 'logs:read'::text, 'catalog:write'::text, 'admin'::text];

ALTER FUNCTION app.all_scopes() OWNER TO portway_definer;

CREATE FUNCTION app.authenticate(p_bearer text, p_sign_up text) RETURNS TABLE(sealed_pass text, user_id uuid, credential_id uuid, scopes text[], workspace_id uuid, expires_at timestamp with time zone, rate_limits jsonb)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION app.authenticate(p_bearer text, p_sign_up text) OWNER TO portway_definer;

CREATE FUNCTION app.search_document(p_slug text, p_name text, p_category text, p_description text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE
    RETURN (((setweight(to_tsvector('simple'::regconfig, ((translate(p_slug, '-_.'::text, '   '::text) || ' '::text) || p_name)), 'A'::"char") || setweight(to_tsvector('english'::regconfig, ((translate(p_slug, '-_.'::text, '   '::text) || ' '::text) || p_name)), 'A'::"char")) || setweight(to_tsvector('english'::regconfig, translate(p_category, '-_.'::text, '   '::text)), 'B'::"char")) || setweight(to_tsvector('english'::regconfig, "left"(p_description, 2000)), 'D'::"char"));

ALTER FUNCTION app.search_document(p_slug text, p_name text, p_category text, p_description text) OWNER TO portway_owner;

CREATE FUNCTION app.uuid_v7() RETURNS uuid
    LANGUAGE sql
    RETURN ((OVERLAY(lpad(to_hex((floor(((EXTRACT(epoch FROM clock_timestamp()) * (1000)::numeric) * (4096)::numeric)))::bigint), 15, '0'::text) PLACING '7'::text FROM 13 FOR 0) || "right"((gen_random_uuid())::text, 17)))::uuid;

ALTER FUNCTION app.uuid_v7() OWNER TO portway_owner;

CREATE TABLE public.integrations (
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    organization_id uuid,
    name text NOT NULL,
    slug text NOT NULL,
    base_url text NOT NULL,
    auth_type text NOT NULL,
    auth_config jsonb DEFAULT '{}'::jsonb NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    category text DEFAULT ''::text NOT NULL,
    documentation_url text,
    shipped boolean DEFAULT false NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    transform_config jsonb DEFAULT '{}'::jsonb NOT NULL,
    rate_limits jsonb DEFAULT '[]'::jsonb NOT NULL,
    imported jsonb,
    search tsvector GENERATED ALWAYS AS (app.search_document(slug, name, category, description)) STORED NOT NULL,
    website text,
    CONSTRAINT integrations_auth_config_check CHECK ((jsonb_typeof(auth_config) = 'object'::text)),
    CONSTRAINT integrations_auth_type_check CHECK ((auth_type = ANY (ARRAY['none'::text, 'api_key'::text, 'basic'::text, 'bearer'::text, 'oauth2'::text, 'oauth2_client_credentials'::text, 'oauth1'::text, 'jwt_bearer'::text, 'aws_sigv4'::text, 'custom'::text]))),
    CONSTRAINT integrations_check CHECK (((NOT shipped) OR (organization_id IS NULL))),
    CONSTRAINT integrations_imported_check CHECK ((jsonb_typeof(imported) = 'object'::text)),
    CONSTRAINT integrations_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT integrations_rate_limits_check CHECK ((jsonb_typeof(rate_limits) = 'array'::text)),
    CONSTRAINT integrations_slug_check CHECK ((slug ~ '^[a-z0-9][a-z0-9_-]{0,99}$'::text)),
    CONSTRAINT integrations_transform_config_check CHECK ((jsonb_typeof(transform_config) = 'object'::text)),
    CONSTRAINT integrations_website_check CHECK (((length(website) >= 1) AND (length(website) <= 2000)))
);

ALTER TABLE ONLY public.integrations FORCE ROW LEVEL SECURITY;

ALTER TABLE public.integrations OWNER TO portway_owner;

CREATE FUNCTION app.integration_row(p_integration_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (SELECT (to_jsonb(i.*) - ARRAY['created_at'::text, 'updated_at'::text, 'shipped'::text]) FROM public.integrations i WHERE (i.id = integration_row.p_integration_id));

ALTER FUNCTION app.integration_row(p_integration_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.pass_claims(p_pass text, p_purpose text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN (SELECT l.claims FROM app.live_claims(keyring.open_seals(ARRAY[p_pass]), p_purpose) AS l);
END
$$;

ALTER FUNCTION app.pass_claims(p_pass text, p_purpose text) OWNER TO portway_definer;

CREATE TABLE public.oauth_authorizations (
    state_hash bytea NOT NULL,
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    user_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    integration_id uuid NOT NULL,
    connection_id uuid,
    name text,
    scopes text[] NOT NULL,
    config jsonb NOT NULL,
    return_url text,
    encrypted_code_verifier bytea NOT NULL,
    key_id integer NOT NULL,
    browser_hash bytea,
    expires_at timestamp with time zone NOT NULL,
    taken_at timestamp with time zone,
    completed_at timestamp with time zone,
    oauth_client_id uuid,
    end_user_id text,
    connect_link_id uuid,
    opener_origin text,
    CONSTRAINT oauth_authorizations_end_user_id_check CHECK (((length(end_user_id) >= 1) AND (length(end_user_id) <= 200))),
    CONSTRAINT oauth_authorizations_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT oauth_authorizations_opener_origin_check CHECK ((length(opener_origin) <= 300))
);

ALTER TABLE ONLY public.oauth_authorizations FORCE ROW LEVEL SECURITY;

ALTER TABLE public.oauth_authorizations OWNER TO portway_owner;

CREATE FUNCTION app.authorization_integration(p_authorization_pass text) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (SELECT app.integration_row(o.integration_id) AS integration_row FROM public.oauth_authorizations o WHERE (o.id = ((app.pass_claims(authorization_integration.p_authorization_pass, 'authorization'::text) ->> 'authorization'::text))::uuid));

ALTER FUNCTION app.authorization_integration(p_authorization_pass text) OWNER TO portway_definer;

CREATE FUNCTION app.begin_authorization(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_connection_id uuid, p_name text, p_scopes text[], p_config jsonb, p_return_url text, p_state text, p_code_verifier text, p_browser_secret text, p_oauth_client_id uuid DEFAULT NULL::uuid, p_end_user_id text DEFAULT NULL::text, p_opener_origin text DEFAULT NULL::text) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.connecting_claims(p_pass, p_workspace_id, p_integration_id);
    organization uuid := app.check_may_connect(claims, p_workspace_id);
    authorization_id uuid := app.uuid_v7();
    mine public.connections;
    sealed record;
    expiry timestamptz := now() + interval '10 minutes';
BEGIN
    PERFORM app.check_link_connection(claims, p_connection_id);
    PERFORM app.check_integration(p_integration_id, organization);
    PERFORM app.check_oauth_client(p_oauth_client_id, organization, p_integration_id);
    IF p_connection_id IS NOT NULL THEN
        mine := app.own_connection(claims, p_connection_id);
        IF (mine.integration_id, mine.workspace_id) IS DISTINCT FROM (p_integration_id, p_workspace_id) THEN
            RAISE EXCEPTION 'no such connection' USING ERRCODE = 'no_data_found';
        END IF;
    END IF;
    sealed := keyring.encrypt(p_code_verifier, authorization_id, 'code_verifier');
    INSERT INTO public.oauth_authorizations (
        state_hash, id, user_id, workspace_id, integration_id, connection_id, name, scopes, config, return_url,
        encrypted_code_verifier, key_id, browser_hash, expires_at, oauth_client_id, end_user_id, opener_origin,
        connect_link_id
    )
    VALUES (
        sha256(convert_to(p_state, 'UTF8')), authorization_id, (claims ->> 'sub')::uuid, p_workspace_id,
        p_integration_id, p_connection_id, p_name, p_scopes, p_config, p_return_url, sealed.ciphertext, sealed.key_id,
        sha256(convert_to(p_browser_secret, 'UTF8')), expiry, p_oauth_client_id,
        CASE WHEN claims ? 'link' THEN claims ->> 'end_user_id' ELSE p_end_user_id END, p_opener_origin,
        (claims ->> 'link')::uuid
    );
    RETURN expiry;
END
$$;

ALTER FUNCTION app.begin_authorization(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_connection_id uuid, p_name text, p_scopes text[], p_config jsonb, p_return_url text, p_state text, p_code_verifier text, p_browser_secret text, p_oauth_client_id uuid, p_end_user_id text, p_opener_origin text) OWNER TO portway_definer;

CREATE FUNCTION app.begin_delivery(p_delivery_id uuid) RETURNS TABLE(url text, secrets text[], event_id uuid, event_type text, occurred_at timestamp with time zone, data text, attempts_in_row integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    delivery public.webhook_deliveries;
    endpoint public.webhook_endpoints;
    signing text[];
BEGIN
    SELECT d.* INTO delivery FROM public.webhook_deliveries AS d WHERE d.id = p_delivery_id FOR UPDATE;
    IF delivery.status IS DISTINCT FROM 'pending' OR delivery.next_attempt_at > now() + interval '1 second' THEN
        RETURN;  -- done, deleted, or another job's
    END IF;
    SELECT w.* INTO endpoint FROM public.webhook_endpoints AS w WHERE w.id = delivery.endpoint_id;
    IF endpoint.disabled_at IS NOT NULL AND delivery.event_type <> 'webhook.test' THEN
        PERFORM app.end_delivery(p_delivery_id, 'failed', NULL, 'webhook_disabled');
        RETURN;
    END IF;
    IF delivery.claimed_until > now() THEN
        PERFORM app.defer_delivery(p_delivery_id, delivery.claimed_until);
        RETURN;
    END IF;
    -- An endpoint that is slow to answer must not keep every worker waiting.
    IF (
        SELECT count(*) FROM public.webhook_deliveries AS d
        WHERE d.endpoint_id = delivery.endpoint_id AND d.claimed_until > now()
    ) >= 8 THEN
        PERFORM app.defer_delivery(p_delivery_id, now() + make_interval(secs => 2 + 3 * random()));
        RETURN;
    END IF;
    SELECT array_agg(o.value ORDER BY s.id DESC) INTO signing
    FROM public.webhook_secrets AS s
    CROSS JOIN LATERAL keyring.decrypt_all(
        ARRAY[s.encrypted_value], ARRAY[s.key_id], ARRAY[s.endpoint_id], ARRAY['webhook_secret']
    ) AS opened (plaintexts)
    CROSS JOIN LATERAL unnest(opened.plaintexts) AS o (value)
    WHERE s.endpoint_id = delivery.endpoint_id AND (s.expires_at IS NULL OR s.expires_at > now())
        AND o.value IS NOT NULL;
    IF signing IS NULL THEN
        PERFORM app.end_delivery(p_delivery_id, 'failed', NULL, 'secret_unreadable');
        RETURN;
    END IF;
    UPDATE public.webhook_deliveries AS d SET claimed_until = now() + interval '1 minute' WHERE d.id = p_delivery_id;
    RETURN QUERY
        SELECT endpoint.url, signing, e.id, e.type, e.occurred_at, e.data::text, delivery.attempts_in_row
        FROM public.events AS e WHERE e.id = delivery.event_id;
END
$$;

ALTER FUNCTION app.begin_delivery(p_delivery_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.builtin_action_id(p_integration_id uuid, p_slug text) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    RETURN (md5((((p_integration_id)::text || ' '::text) || p_slug)))::uuid;

ALTER FUNCTION app.builtin_action_id(p_integration_id uuid, p_slug text) OWNER TO portway_definer;

CREATE FUNCTION app.builtin_timeout_ms(p_slug text) RETURNS integer
    LANGUAGE sql IMMUTABLE
    RETURN CASE p_slug WHEN 'http-request'::text THEN 60000 WHEN 'verify-connection'::text THEN 15000 ELSE 30000 END;

ALTER FUNCTION app.builtin_timeout_ms(p_slug text) OWNER TO portway_definer;

CREATE FUNCTION app.builtin_action(p_integration public.integrations, p_slug text) RETURNS json
    LANGUAGE sql STABLE
    RETURN ((jsonb_build_object('id', app.builtin_action_id((p_integration).id, p_slug), 'integration_id', (p_integration).id, 'slug', p_slug, 'rate_limits', '[]'::jsonb, 'scopes', '[]'::jsonb, 'timeout_ms', app.builtin_timeout_ms(p_slug), 'version', (p_integration).version) || CASE p_slug WHEN 'http-request'::text THEN '{"name": "HTTP request", "handler": "portway.http_request", "description": "Any request to the service, under the integration''s base_url, with the connection''s credential.", "http_method": "GET", "endpoint_path": "/", "request_schema": {"type": "object", "required": ["path"], "properties": {"body": {"description": "Sent as JSON."}, "path": {"type": "string", "pattern": "^/[^?#]*$", "maxLength": 8000, "description": "A path under the integration''s base_url, percent-encoded, without a query."}, "query": {"type": "object", "description": "Query parameters. A list repeats its name, null is left out.", "additionalProperties": {"type": ["string", "number", "boolean", "null", "array"], "items": {"type": ["string", "number", "boolean", "null"]}}}, "method": {"enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], "default": "GET", "description": "The request''s method."}, "headers": {"type": "object", "description": "Header fields. The connection''s credential is added by itself.", "additionalProperties": {"type": "string"}}, "body_base64": {"type": "string", "description": "Bytes to send instead of a JSON body, in base64. Name their content-type in headers.", "contentEncoding": "base64"}}, "additionalProperties": false}, "transform_config": {}}'::jsonb ELSE jsonb_build_object('name', 'Verify connection', 'description', 'The request that proves the connection''s credential.', 'http_method', COALESCE(((p_integration).auth_config #>> '{verification,method}'::text[]), 'GET'::text), 'endpoint_path', ((p_integration).auth_config #>> '{verification,path}'::text[]), 'request_schema', '{"type": "object", "additionalProperties": false}'::jsonb, 'handler', NULL::unknown, 'transform_config', CASE WHEN (jsonb_typeof(((p_integration).auth_config #> '{verification,response}'::text[])) <> 'null'::text) THEN jsonb_build_object('response', ((p_integration).auth_config #> '{verification,response}'::text[])) ELSE '{}'::jsonb END) END))::json;

ALTER FUNCTION app.builtin_action(p_integration public.integrations, p_slug text) OWNER TO portway_definer;

CREATE FUNCTION app.bump_version() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    NEW.version := OLD.version + 1;
    NEW.updated_at := now();
    RETURN NEW;
END
$$;

ALTER FUNCTION app.bump_version() OWNER TO portway_owner;

CREATE FUNCTION app.change_password(p_pass text, p_proof bytea, p_salt bytea, p_parameters text, p_verifier bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
BEGIN
    UPDATE public.users
    SET password_salt = p_salt, password_parameters = p_parameters, password_verifier = p_verifier
    WHERE id = (claims ->> 'sub')::uuid AND claims ->> 'kind' = 'session' AND password_verifier = sha256(p_proof);
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM public.one_time_tokens WHERE user_id = (claims ->> 'sub')::uuid AND purpose = 'reset_password';
    UPDATE public.sessions SET revoked_at = now()
    WHERE user_id = (claims ->> 'sub')::uuid AND revoked_at IS NULL AND id <> (claims ->> 'credential')::uuid;
    RETURN true;
END
$$;

ALTER FUNCTION app.change_password(p_pass text, p_proof bytea, p_salt bytea, p_parameters text, p_verifier bytea) OWNER TO portway_definer;

CREATE FUNCTION app.check_administers(p_pass text, p_organization_id uuid) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
BEGIN
    IF NOT coalesce(claims -> 'scopes' ? 'admin', false)
        OR NOT coalesce(p_organization_id = ANY (app.organizations_of(claims, ARRAY['owner', 'admin'])), false)
    THEN
        RAISE EXCEPTION 'only an owner or admin of the organization may do this' USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;

ALTER FUNCTION app.check_administers(p_pass text, p_organization_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.check_integration(p_integration_id uuid, p_organization_id uuid) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.integrations AS i
        WHERE i.id = p_integration_id AND (i.organization_id IS NULL OR i.organization_id = p_organization_id)
    ) THEN
        RAISE EXCEPTION 'no such integration' USING ERRCODE = 'no_data_found';
    END IF;
END
$$;

ALTER FUNCTION app.check_integration(p_integration_id uuid, p_organization_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.check_link_connection(p_claims jsonb, p_connection_id uuid) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF p_claims ? 'link' AND (p_claims ->> 'connection')::uuid IS DISTINCT FROM p_connection_id THEN
        RAISE EXCEPTION 'this connect link is for something else' USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;

ALTER FUNCTION app.check_link_connection(p_claims jsonb, p_connection_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.check_may_connect(p_claims jsonb, p_workspace_id uuid) RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    role text := app.role_in(p_claims, p_workspace_id);
BEGIN
    IF role IS NULL THEN
        RAISE EXCEPTION 'no such workspace' USING ERRCODE = 'no_data_found';
    END IF;
    IF NOT p_claims -> 'scopes' ? 'connections:write' THEN
        RAISE EXCEPTION 'this API key does not have the scope connections:write' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF role = 'viewer' THEN
        RAISE EXCEPTION 'a viewer may not connect services' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN (SELECT w.organization_id FROM public.workspaces AS w WHERE w.id = p_workspace_id);
END
$$;

ALTER FUNCTION app.check_may_connect(p_claims jsonb, p_workspace_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.check_oauth_client(p_oauth_client_id uuid, p_organization_id uuid, p_integration_id uuid) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF p_oauth_client_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.oauth_clients AS o
        WHERE o.id = p_oauth_client_id AND o.organization_id = p_organization_id AND o.integration_id = p_integration_id
    ) THEN
        RAISE EXCEPTION 'no such OAuth client' USING ERRCODE = 'no_data_found';
    END IF;
END
$$;

ALTER FUNCTION app.check_oauth_client(p_oauth_client_id uuid, p_organization_id uuid, p_integration_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.claims() RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN app.pass_claims(current_setting('portway.pass', true), 'user');
END
$$;

ALTER FUNCTION app.claims() OWNER TO portway_definer;

CREATE TABLE public.connect_links (
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    token_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    integration_id uuid NOT NULL,
    connection_id uuid,
    reconnect boolean DEFAULT false NOT NULL,
    end_user_id text,
    name text,
    scopes text[],
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    oauth_client text,
    return_url text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    opened_at timestamp with time zone,
    used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT connect_links_check CHECK ((reconnect OR (end_user_id IS NOT NULL))),
    CONSTRAINT connect_links_config_check CHECK ((jsonb_typeof(config) = 'object'::text)),
    CONSTRAINT connect_links_end_user_id_check CHECK (((length(end_user_id) >= 1) AND (length(end_user_id) <= 200))),
    CONSTRAINT connect_links_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT connect_links_oauth_client_check CHECK (((length(oauth_client) >= 1) AND (length(oauth_client) <= 100))),
    CONSTRAINT connect_links_return_url_check CHECK ((length(return_url) <= 4000))
);

ALTER TABLE ONLY public.connect_links FORCE ROW LEVEL SECURITY;

ALTER TABLE public.connect_links OWNER TO portway_owner;

CREATE FUNCTION app.claims_of_link(p_link public.connect_links) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN jsonb_build_object('sub', (p_link).user_id, 'scopes', '["connections:write"]'::jsonb, 'workspace', (p_link).workspace_id, 'integration', (p_link).integration_id, 'link', (p_link).id, 'end_user_id', (p_link).end_user_id, 'oauth_client', (p_link).oauth_client, 'connection', CASE WHEN (p_link).reconnect THEN (p_link).connection_id ELSE NULL::uuid END);

ALTER FUNCTION app.claims_of_link(p_link public.connect_links) OWNER TO portway_definer;

CREATE FUNCTION keyring.decrypt(p_ciphertext bytea, p_key_id integer, p_owner uuid, p_type text) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    plaintext text := (keyring.decrypt_all(ARRAY[p_ciphertext], ARRAY[p_key_id], ARRAY[p_owner], ARRAY[p_type]))[1];
BEGIN
    IF plaintext IS NULL AND p_ciphertext IS NOT NULL THEN
        RAISE EXCEPTION 'this ciphertext does not decrypt' USING ERRCODE = 'data_corrupted';
    END IF;
    RETURN plaintext;
END
$$;

ALTER FUNCTION keyring.decrypt(p_ciphertext bytea, p_key_id integer, p_owner uuid, p_type text) OWNER TO portway_keyring;

CREATE TABLE public.oauth_clients (
    organization_id uuid NOT NULL,
    integration_id uuid NOT NULL,
    client_id text NOT NULL,
    encrypted_client_secret bytea,
    key_id integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    name text DEFAULT 'default'::text NOT NULL,
    replaced_at timestamp with time zone,
    CONSTRAINT oauth_clients_check CHECK (((encrypted_client_secret IS NULL) = (key_id IS NULL))),
    CONSTRAINT oauth_clients_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)))
);

ALTER TABLE ONLY public.oauth_clients FORCE ROW LEVEL SECURITY;

ALTER TABLE public.oauth_clients OWNER TO portway_owner;

CREATE FUNCTION app.read_oauth_client(p_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (SELECT jsonb_build_object('client_id', o.client_id, 'client_secret', CASE WHEN (o.key_id IS NOT NULL) THEN keyring.decrypt(o.encrypted_client_secret, o.key_id, o.integration_id, ('client_secret '::text || o.organization_id)) ELSE NULL::text END) AS jsonb_build_object FROM public.oauth_clients o WHERE (o.id = read_oauth_client.p_id));

ALTER FUNCTION app.read_oauth_client(p_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.identified_client(p_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (app.read_oauth_client(p_id) || jsonb_build_object('id', p_id));

ALTER FUNCTION app.identified_client(p_id uuid) OWNER TO portway_definer;

CREATE TABLE public.encrypted_credentials (
    connection_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    credential_type text NOT NULL,
    encrypted_value bytea NOT NULL,
    key_id integer NOT NULL,
    expires_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    for_renewal boolean DEFAULT false NOT NULL
);

ALTER TABLE ONLY public.encrypted_credentials FORCE ROW LEVEL SECURITY;

ALTER TABLE public.encrypted_credentials OWNER TO portway_owner;

CREATE FUNCTION app.read_secret(p_connection_id uuid, p_type text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (SELECT keyring.decrypt(e.encrypted_value, e.key_id, e.connection_id, e.credential_type) AS decrypt FROM public.encrypted_credentials e WHERE ((e.connection_id = read_secret.p_connection_id) AND (e.credential_type = read_secret.p_type)));

ALTER FUNCTION app.read_secret(p_connection_id uuid, p_type text) OWNER TO portway_definer;

CREATE TABLE public.connections (
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    user_id uuid NOT NULL,
    integration_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    name text NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    enabled_status text,
    origins text[] DEFAULT '{}'::text[] NOT NULL,
    scopes text[] DEFAULT '{}'::text[] NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    issued_at timestamp with time zone,
    expires_at timestamp with time zone,
    credential_version integer DEFAULT 0 NOT NULL,
    disabled_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone,
    oauth_client_id uuid,
    account_id text,
    account_name text,
    end_user_id text,
    renewed_at timestamp with time zone,
    renewal_failures integer DEFAULT 0 NOT NULL,
    renewal_not_before timestamp with time zone,
    renewal_forced_version integer,
    status_since timestamp with time zone,
    status_reason text,
    CONSTRAINT connections_account_id_check CHECK (((length(account_id) >= 1) AND (length(account_id) <= 500))),
    CONSTRAINT connections_account_name_check CHECK (((length(account_name) >= 1) AND (length(account_name) <= 500))),
    CONSTRAINT connections_config_check CHECK ((jsonb_typeof(config) = 'object'::text)),
    CONSTRAINT connections_enabled_status_check CHECK ((enabled_status <> 'disabled'::text)),
    CONSTRAINT connections_end_user_id_check CHECK (((length(end_user_id) >= 1) AND (length(end_user_id) <= 200))),
    CONSTRAINT connections_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT connections_status_check CHECK ((status = ANY (ARRAY['active'::text, 'expired'::text, 'reauthorization_required'::text, 'error'::text, 'disabled'::text]))),
    CONSTRAINT connections_status_reason_check CHECK ((status_reason = ANY (ARRAY['grant_refused'::text, 'integration_moved'::text, 'disabled_by_owner'::text, 'disabled_by_admin'::text])))
);

ALTER TABLE ONLY public.connections FORCE ROW LEVEL SECURITY;

ALTER TABLE public.connections OWNER TO portway_owner;

CREATE FUNCTION app.client_of(p_connection public.connections) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN CASE WHEN (EXISTS (SELECT FROM public.encrypted_credentials e WHERE ((e.connection_id = (client_of.p_connection).id) AND (e.credential_type = 'client_id'::text)))) THEN jsonb_build_object('client_id', app.read_secret((p_connection).id, 'client_id'::text), 'client_secret', app.read_secret((p_connection).id, 'client_secret'::text)) ELSE app.identified_client((p_connection).oauth_client_id) END;

ALTER FUNCTION app.client_of(p_connection public.connections) OWNER TO portway_definer;

CREATE FUNCTION app.close_executions(p_passes text[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN app.close_executions(
        app.closing_keys(p_passes, p_execution_ids, p_executed_at), p_execution_ids, p_executed_at, p_statuses,
        p_request_payloads, p_response_payloads, p_truncated, p_error_codes, p_status_codes, p_durations_ms, p_attempts,
        p_idempotent_answers, p_free_keys
    );
END
$$;

ALTER FUNCTION app.close_executions(p_passes text[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) OWNER TO portway_definer;

CREATE FUNCTION app.close_executions(p_closing_keys uuid[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
BEGIN
    RETURN app.complete_executions(
        p_closing_keys, p_execution_ids, p_executed_at, p_statuses, p_request_payloads, p_response_payloads,
        p_truncated, p_error_codes, p_status_codes, p_durations_ms, p_attempts, p_idempotent_answers, p_free_keys
    );
END
$$;

ALTER FUNCTION app.close_executions(p_closing_keys uuid[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) OWNER TO portway_definer;

CREATE FUNCTION keyring.open_seals(p_sealed text[]) RETURNS jsonb[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION keyring.open_seals(p_sealed text[]) OWNER TO portway_keyring;

CREATE TABLE public.api_logs (
    id uuid NOT NULL,
    executed_at timestamp with time zone NOT NULL,
    status text NOT NULL,
    user_id uuid,
    organization_id uuid,
    workspace_id uuid,
    connection_id uuid,
    integration_id uuid,
    action_id uuid,
    request_payload jsonb,
    response_payload jsonb,
    payload_truncated boolean DEFAULT false NOT NULL,
    status_code integer,
    error_code text,
    duration_ms double precision,
    attempts integer DEFAULT 0 NOT NULL,
    deadline timestamp with time zone NOT NULL,
    closing_key uuid,
    CONSTRAINT api_logs_status_check CHECK ((status = ANY (ARRAY['started'::text, 'success'::text, 'error'::text, 'refused'::text, 'unknown'::text])))
)
PARTITION BY RANGE (executed_at);
ALTER TABLE ONLY public.api_logs ALTER COLUMN request_payload SET COMPRESSION lz4;
ALTER TABLE ONLY public.api_logs ALTER COLUMN response_payload SET COMPRESSION lz4;

ALTER TABLE ONLY public.api_logs FORCE ROW LEVEL SECURITY;

ALTER TABLE public.api_logs OWNER TO portway_owner;

CREATE FUNCTION app.closing_keys(p_passes text[], p_execution_ids uuid[], p_executed_at timestamp with time zone[]) RETURNS uuid[]
    LANGUAGE sql
    BEGIN ATOMIC
 WITH opened AS (
          UPDATE public.api_logs l SET closing_key = COALESCE(l.closing_key, gen_random_uuid())
            FROM UNNEST(keyring.open_seals(closing_keys.p_passes), closing_keys.p_execution_ids, closing_keys.p_executed_at) WITH ORDINALITY n_1(claims, execution_id, executed_at, i)
           WHERE ((l.executed_at = n_1.executed_at) AND (l.id = n_1.execution_id) AND (l.status = ANY (ARRAY['started'::text, 'unknown'::text])) AND ((n_1.claims ->> 'purpose'::text) = 'user'::text) AND (l.user_id = ((n_1.claims ->> 'sub'::text))::uuid))
           RETURNING n_1.i,
             l.closing_key
         )
  SELECT COALESCE(array_agg(o.closing_key ORDER BY n.i), '{}'::uuid[]) AS "coalesce"
    FROM (unnest(closing_keys.p_execution_ids) WITH ORDINALITY n(execution_id, i)
      LEFT JOIN opened o ON ((o.i = n.i)));
END;

ALTER FUNCTION app.closing_keys(p_passes text[], p_execution_ids uuid[], p_executed_at timestamp with time zone[]) OWNER TO portway_definer;

CREATE FUNCTION app.complete_authorization(p_authorization_pass text, p_values jsonb, p_grant jsonb, p_expires_at timestamp with time zone, p_origins text[], p_scopes text[], p_config jsonb, p_account_id text, p_account_name text, p_default_name text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_authorization_pass, 'authorization');
    pending public.oauth_authorizations;
    target uuid;
BEGIN
    UPDATE public.oauth_authorizations AS o SET completed_at = now()
    WHERE o.id = (claims ->> 'authorization')::uuid AND o.completed_at IS NULL
    RETURNING o.* INTO pending;
    IF pending.id IS NULL THEN
        RAISE EXCEPTION 'this authorization is complete already, or not begun' USING ERRCODE = 'no_data_found';
    END IF;
    IF NOT EXISTS (
        SELECT FROM public.workspace_members AS m JOIN public.users AS u ON u.id = m.user_id
        WHERE m.workspace_id = pending.workspace_id AND m.user_id = pending.user_id AND m.role <> 'viewer'
            AND u.disabled_at IS NULL
    ) THEN
        RAISE EXCEPTION 'whoever began this may no longer connect services here' USING ERRCODE = 'insufficient_privilege';
    END IF;
    target := coalesce(
        pending.connection_id,
        app.connection_of_account(
            pending.user_id, pending.workspace_id, pending.integration_id, pending.end_user_id, p_account_id
        ),
        app.insert_connection(
            pending.user_id, pending.workspace_id, pending.integration_id, pending.name, p_default_name,
            pending.end_user_id, p_account_id, p_account_name
        )
    );
    PERFORM app.set_credential(
        target, p_values, p_grant, p_expires_at, p_origins, p_scopes, p_config, pending.oauth_client_id, p_account_id,
        p_account_name, NOT p_grant ? 'refresh_token'
    );
    PERFORM app.use_connect_link(pending.connect_link_id, target);
    RETURN target;
END
$$;

ALTER FUNCTION app.complete_authorization(p_authorization_pass text, p_values jsonb, p_grant jsonb, p_expires_at timestamp with time zone, p_origins text[], p_scopes text[], p_config jsonb, p_account_id text, p_account_name text, p_default_name text) OWNER TO portway_definer;

CREATE FUNCTION app.complete_executions(p_closing_keys uuid[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) RETURNS integer
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

ALTER FUNCTION app.complete_executions(p_closing_keys uuid[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) OWNER TO portway_definer;

CREATE FUNCTION app.configured_margin(p_auth_config jsonb) RETURNS interval
    LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN (jsonb_typeof((p_auth_config -> 'refresh_margin_seconds'::text)) = 'number'::text) THEN ('00:00:01'::interval * (round(LEAST(GREATEST(((p_auth_config ->> 'refresh_margin_seconds'::text))::numeric, (0)::numeric), (2592000)::numeric), 3))::double precision) ELSE NULL::interval END;

ALTER FUNCTION app.configured_margin(p_auth_config jsonb) OWNER TO portway_definer;

CREATE TABLE public.workspace_members (
    workspace_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT workspace_members_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'viewer'::text])))
);

ALTER TABLE ONLY public.workspace_members FORCE ROW LEVEL SECURITY;

ALTER TABLE public.workspace_members OWNER TO portway_owner;

CREATE FUNCTION app.role_in(p_claims jsonb, p_workspace_id uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (SELECT m.role FROM public.workspace_members m WHERE ((m.workspace_id = role_in.p_workspace_id) AND (m.user_id = ((role_in.p_claims ->> 'sub'::text))::uuid) AND (((role_in.p_claims ->> 'workspace'::text) IS NULL) OR (m.workspace_id = ((role_in.p_claims ->> 'workspace'::text))::uuid))));

ALTER FUNCTION app.role_in(p_claims jsonb, p_workspace_id uuid) OWNER TO portway_definer;

CREATE TABLE public.users (
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    email text,
    name text,
    email_verified_at timestamp with time zone,
    password_salt bytea,
    password_parameters text,
    password_verifier bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    disabled_at timestamp with time zone,
    CONSTRAINT users_check CHECK ((num_nonnulls(password_salt, password_parameters, password_verifier) = ANY (ARRAY[0, 3]))),
    CONSTRAINT users_email_check CHECK (((email = lower(email)) AND (length(email) <= 320))),
    CONSTRAINT users_name_check CHECK ((length(name) <= 200))
);

ALTER TABLE ONLY public.users FORCE ROW LEVEL SECURITY;

ALTER TABLE public.users OWNER TO portway_owner;

CREATE FUNCTION app.connect_link_state(p_link public.connect_links) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN CASE WHEN ((p_link).used_at IS NOT NULL) THEN 'used'::text WHEN (((p_link).revoked_at IS NOT NULL) OR ((p_link).reconnect AND ((p_link).connection_id IS NULL)) OR (COALESCE(app.role_in(app.claims_of_link(p_link), (p_link).workspace_id), 'viewer'::text) = 'viewer'::text) OR (NOT (EXISTS (SELECT FROM public.users u WHERE ((u.id = (connect_link_state.p_link).user_id) AND (u.disabled_at IS NULL)))))) THEN 'revoked'::text WHEN ((p_link).expires_at <= clock_timestamp()) THEN 'expired'::text ELSE 'ready'::text END;

ALTER FUNCTION app.connect_link_state(p_link public.connect_links) OWNER TO portway_definer;

CREATE FUNCTION app.connect_link_claims(p_pass text) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (SELECT app.claims_of_link(l.*) AS claims_of_link FROM public.connect_links l WHERE ((l.id = ((app.pass_claims(connect_link_claims.p_pass, 'connect_link'::text) ->> 'link'::text))::uuid) AND (app.connect_link_state(l.*) = 'ready'::text)));

ALTER FUNCTION app.connect_link_claims(p_pass text) OWNER TO portway_definer;

CREATE FUNCTION app.connecting_claims(p_pass text, p_workspace_id uuid, p_integration_id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
BEGIN
    IF claims IS NOT NULL THEN
        RETURN claims;
    END IF;
    claims := app.connect_link_claims(p_pass);
    IF (claims ->> 'workspace')::uuid = p_workspace_id AND (claims ->> 'integration')::uuid = p_integration_id THEN
        RETURN claims;
    END IF;
    RETURN NULL;
END
$$;

ALTER FUNCTION app.connecting_claims(p_pass text, p_workspace_id uuid, p_integration_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.connection_of_account(p_user_id uuid, p_workspace_id uuid, p_integration_id uuid, p_end_user_id text, p_account_id text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    found_id uuid;
BEGIN
    IF p_account_id IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(
        jsonb_build_array(p_user_id, p_workspace_id, p_integration_id, p_end_user_id, p_account_id)::text, 0
    ));
    SELECT c.id INTO found_id FROM public.connections AS c
    WHERE c.user_id = p_user_id AND c.workspace_id = p_workspace_id AND c.integration_id = p_integration_id
        AND c.account_id = p_account_id AND c.end_user_id IS NOT DISTINCT FROM p_end_user_id
    ORDER BY c.id LIMIT 1 FOR UPDATE;
    RETURN found_id;
END
$$;

ALTER FUNCTION app.connection_of_account(p_user_id uuid, p_workspace_id uuid, p_integration_id uuid, p_end_user_id text, p_account_id text) OWNER TO portway_definer;

CREATE FUNCTION app.count_usage(p_hour timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    unfinished bigint;
BEGIN
    DELETE FROM public.usage_by_connection WHERE hour = p_hour;
    DELETE FROM public.usage_by_action WHERE hour = p_hour;
    WITH counted AS (
        INSERT INTO public.usage_by_connection
        SELECT l.workspace_id, p_hour, l.integration_id, l.action_id, l.user_id, l.connection_id, l.status,
            l.error_code, l.status_code, count(*),
            sum(app.duration_mark(l.duration_ms)) FILTER (WHERE l.status IN ('success', 'error'))
        FROM public.api_logs AS l
        WHERE l.executed_at >= p_hour AND l.executed_at < p_hour + interval '1 hour' AND l.workspace_id IS NOT NULL
        GROUP BY l.workspace_id, l.integration_id, l.action_id, l.user_id, l.connection_id, l.status, l.error_code,
            l.status_code
        ORDER BY l.workspace_id
        RETURNING *
    ), by_action AS (
        INSERT INTO public.usage_by_action
        SELECT c.workspace_id, p_hour, c.integration_id, c.action_id, c.status, c.error_code, c.status_code,
            sum(c.executions), sum(c.durations)
        FROM counted AS c
        GROUP BY c.workspace_id, c.integration_id, c.action_id, c.status, c.error_code, c.status_code
        ORDER BY c.workspace_id
    )
    SELECT coalesce(sum(c.executions), 0) INTO unfinished FROM counted AS c WHERE c.status IN ('started', 'unknown');
    RETURN unfinished;
END
$$;

ALTER FUNCTION app.count_usage(p_hour timestamp with time zone) OWNER TO portway_definer;

CREATE FUNCTION app.create_api_key(p_pass text, p_name text, p_scopes text[], p_workspace_id uuid, p_expires_at timestamp with time zone, p_rate_limits jsonb DEFAULT '[]'::jsonb, OUT id uuid, OUT api_key text, OUT prefix text, OUT scopes text[], OUT rate_limits jsonb) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION app.create_api_key(p_pass text, p_name text, p_scopes text[], p_workspace_id uuid, p_expires_at timestamp with time zone, p_rate_limits jsonb, OUT id uuid, OUT api_key text, OUT prefix text, OUT scopes text[], OUT rate_limits jsonb) OWNER TO portway_definer;

CREATE FUNCTION app.create_connect_link(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_connection_id uuid, p_end_user_id text, p_name text, p_scopes text[], p_config jsonb, p_oauth_client text, p_return_url text, p_lifetime interval, OUT id uuid, OUT token text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    mine public.connections;
    organization uuid;
BEGIN
    IF p_connection_id IS NOT NULL THEN
        mine := app.own_connection(claims, p_connection_id);
        p_workspace_id := mine.workspace_id;
        p_integration_id := mine.integration_id;
        p_end_user_id := mine.end_user_id;
    END IF;
    organization := app.check_may_connect(claims, p_workspace_id);
    PERFORM app.check_integration(p_integration_id, organization);
    IF p_oauth_client IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.oauth_clients AS o
        WHERE o.organization_id = organization AND o.integration_id = p_integration_id AND o.name = p_oauth_client
            AND o.replaced_at IS NULL
    ) THEN
        RAISE EXCEPTION 'no such OAuth client' USING ERRCODE = 'no_data_found';
    END IF;
    IF p_lifetime NOT BETWEEN interval '1 minute' AND interval '7 days' THEN
        RAISE EXCEPTION 'a connect link lives for one minute to seven days' USING ERRCODE = 'check_violation';
    END IF;
    token := app.random_token();
    INSERT INTO public.connect_links (
        token_hash, user_id, organization_id, workspace_id, integration_id, connection_id, reconnect, end_user_id, name,
        scopes, config, oauth_client, return_url, expires_at
    )
    VALUES (
        sha256(convert_to(create_connect_link.token, 'UTF8')), (claims ->> 'sub')::uuid, organization, p_workspace_id,
        p_integration_id, p_connection_id, p_connection_id IS NOT NULL, p_end_user_id, p_name, p_scopes, p_config,
        p_oauth_client, p_return_url, clock_timestamp() + p_lifetime
    )
    RETURNING connect_links.id INTO create_connect_link.id;
END
$$;

ALTER FUNCTION app.create_connect_link(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_connection_id uuid, p_end_user_id text, p_name text, p_scopes text[], p_config jsonb, p_oauth_client text, p_return_url text, p_lifetime interval, OUT id uuid, OUT token text) OWNER TO portway_definer;

CREATE FUNCTION app.create_connection(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_name text, p_values jsonb, p_config jsonb, p_origins text[], p_expires_at timestamp with time zone, p_grant jsonb DEFAULT '{}'::jsonb, p_scopes text[] DEFAULT '{}'::text[], p_oauth_client_id uuid DEFAULT NULL::uuid, p_account_id text DEFAULT NULL::text, p_account_name text DEFAULT NULL::text, p_end_user_id text DEFAULT NULL::text, p_default_name text DEFAULT NULL::text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.connecting_claims(p_pass, p_workspace_id, p_integration_id);
    organization uuid := app.check_may_connect(claims, p_workspace_id);
    person uuid := (claims ->> 'sub')::uuid;
    end_user text := CASE WHEN claims ? 'link' THEN claims ->> 'end_user_id' ELSE p_end_user_id END;
    target uuid;
BEGIN
    PERFORM app.check_link_connection(claims, NULL);
    PERFORM app.check_integration(p_integration_id, organization);
    PERFORM app.check_oauth_client(p_oauth_client_id, organization, p_integration_id);
    target := coalesce(
        app.connection_of_account(person, p_workspace_id, p_integration_id, end_user, p_account_id),
        app.insert_connection(
            person, p_workspace_id, p_integration_id, p_name, p_default_name, end_user, p_account_id, p_account_name
        )
    );
    PERFORM app.set_credential(
        target, p_values, p_grant, p_expires_at, p_origins, p_scopes, p_config, p_oauth_client_id, p_account_id,
        p_account_name, false
    );
    PERFORM app.use_connect_link((claims ->> 'link')::uuid, target);
    RETURN target;
END
$$;

ALTER FUNCTION app.create_connection(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_name text, p_values jsonb, p_config jsonb, p_origins text[], p_expires_at timestamp with time zone, p_grant jsonb, p_scopes text[], p_oauth_client_id uuid, p_account_id text, p_account_name text, p_end_user_id text, p_default_name text) OWNER TO portway_definer;

CREATE FUNCTION app.create_email_token(p_email text, p_purpose text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    person uuid;
    token text := app.random_token();
BEGIN
    SELECT u.id INTO person FROM public.users AS u WHERE u.email = lower(p_email) AND u.disabled_at IS NULL;
    IF person IS NULL OR p_purpose NOT IN ('verify_email', 'reset_password') THEN
        RETURN NULL;
    END IF;
    INSERT INTO public.one_time_tokens (token_hash, purpose, user_id, email, expires_at)
    VALUES (
        sha256(convert_to(token, 'UTF8')), p_purpose, person, lower(p_email),
        now() + CASE p_purpose WHEN 'verify_email' THEN interval '3 days' ELSE interval '1 hour' END
    );
    RETURN token;
END
$$;

ALTER FUNCTION app.create_email_token(p_email text, p_purpose text) OWNER TO portway_definer;

CREATE FUNCTION app.create_invitation(p_pass text, p_workspace_id uuid, p_email text, p_role text, p_mailed boolean, OUT id uuid, OUT token text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
BEGIN
    IF NOT coalesce(p_workspace_id = ANY (app.workspaces_of(
        claims, ARRAY['owner', 'admin', 'member', 'viewer'], ARRAY['owner', 'admin']
    )), false) THEN
        RAISE EXCEPTION 'no such workspace' USING ERRCODE = 'no_data_found';
    END IF;
    IF NOT coalesce(claims -> 'scopes' ? 'admin', false) OR NOT p_workspace_id = ANY (app.workspaces_of(
        claims,
        CASE p_role WHEN 'owner' THEN ARRAY['owner'] ELSE ARRAY['owner', 'admin'] END,
        CASE p_role WHEN 'owner' THEN ARRAY['owner'] ELSE ARRAY['owner', 'admin'] END
    )) THEN
        RAISE EXCEPTION 'your role does not let you invite %', p_role USING ERRCODE = 'insufficient_privilege';
    END IF;
    token := app.random_token();
    INSERT INTO public.invitations (
        organization_id, workspace_id, email, role, token_hash, mailed, invited_by, expires_at
    )
    SELECT w.organization_id, w.id, lower(p_email), p_role, sha256(convert_to(create_invitation.token, 'UTF8')),
        p_mailed, (claims ->> 'sub')::uuid, now() + interval '7 days'
    FROM public.workspaces AS w WHERE w.id = p_workspace_id
    RETURNING invitations.id INTO create_invitation.id;
END
$$;

ALTER FUNCTION app.create_invitation(p_pass text, p_workspace_id uuid, p_email text, p_role text, p_mailed boolean, OUT id uuid, OUT token text) OWNER TO portway_definer;

CREATE FUNCTION app.create_log_partition(p_month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    first date := date_trunc('month', p_month)::date;
    partition text := 'api_logs_' || to_char(first, 'YYYY_MM');
BEGIN
    IF to_regclass('public.' || partition) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format(
        'CREATE TABLE public.%I (LIKE public.api_logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMPRESSION)
         WITH (fillfactor = 50, autovacuum_vacuum_insert_scale_factor = 0.1, autovacuum_vacuum_scale_factor = 0.05)',
        partition
    );
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', partition);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', partition);
    EXECUTE format(
        'CREATE POLICY owner ON public.%I TO portway_owner USING (true) WITH CHECK (true)', partition
    );
    -- Attached when it is complete: that lets executions go on, where CREATE ... PARTITION OF would stop them.
    EXECUTE format(
        'ALTER TABLE public.api_logs ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        partition, first::timestamp AT TIME ZONE 'UTC', (first + interval '1 month') AT TIME ZONE 'UTC'
    );
END
$$;

ALTER FUNCTION app.create_log_partition(p_month date) OWNER TO portway_owner;

CREATE FUNCTION app.create_log_partitions() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 SELECT app.create_log_partition((((now() AT TIME ZONE 'UTC'::text) + make_interval(months => ahead.ahead)))::date) AS create_log_partition
    FROM generate_series(0, 3) ahead(ahead);
END;

ALTER FUNCTION app.create_log_partitions() OWNER TO portway_owner;

CREATE FUNCTION app.create_organization(p_pass text, p_name text, OUT organization_id uuid, OUT workspace_id uuid) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    person uuid := (claims ->> 'sub')::uuid;
BEGIN
    IF NOT coalesce(claims -> 'scopes' ? 'admin', false) OR claims ->> 'workspace' IS NOT NULL THEN
        RAISE EXCEPTION 'this needs the scope admin and no limit to one workspace' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO public.organizations (name) VALUES (p_name) RETURNING id INTO organization_id;
    INSERT INTO public.organization_members VALUES (organization_id, person, 'owner');
    INSERT INTO public.workspaces (organization_id, name) VALUES (organization_id, p_name) RETURNING id INTO workspace_id;
    INSERT INTO public.workspace_members VALUES (workspace_id, organization_id, person, 'owner');
END
$$;

ALTER FUNCTION app.create_organization(p_pass text, p_name text, OUT organization_id uuid, OUT workspace_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.create_person(p_email text, p_name text, p_email_verified boolean, OUT user_id uuid, OUT organization_id uuid, OUT workspace_id uuid) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    called text := left(coalesce(nullif(p_name, ''), nullif(split_part(p_email, '@', 1), ''), 'Personal'), 150);
BEGIN
    INSERT INTO public.users (email, name, email_verified_at)
    VALUES (lower(p_email), p_name, CASE WHEN p_email_verified THEN now() END)
    RETURNING id INTO user_id;
    INSERT INTO public.organizations (name) VALUES (called) RETURNING id INTO organization_id;
    INSERT INTO public.organization_members VALUES (organization_id, user_id, 'owner');
    INSERT INTO public.workspaces (organization_id, name) VALUES (organization_id, called) RETURNING id INTO workspace_id;
    INSERT INTO public.workspace_members VALUES (workspace_id, organization_id, user_id, 'owner');
END
$$;

ALTER FUNCTION app.create_person(p_email text, p_name text, p_email_verified boolean, OUT user_id uuid, OUT organization_id uuid, OUT workspace_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.create_session(p_user_id uuid, OUT access_token text, OUT refresh_token text, OUT access_expires_at timestamp with time zone, OUT refresh_expires_at timestamp with time zone, OUT user_id uuid) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    session uuid;
    family text := app.random_token();
BEGIN
    user_id := p_user_id;
    refresh_token := family || '.' || app.random_token();
    refresh_expires_at := now() + interval '30 days';
    INSERT INTO public.sessions (user_id, refresh_family_hash, refresh_token_hash, expires_at)
    VALUES (
        p_user_id, sha256(convert_to(family, 'UTF8')), sha256(convert_to(refresh_token, 'UTF8')), refresh_expires_at
    )
    RETURNING id INTO session;
    access_expires_at := clock_timestamp() + interval '15 minutes';
    access_token := app.access_token(p_user_id, session, access_expires_at);
END
$$;

ALTER FUNCTION app.create_session(p_user_id uuid, OUT access_token text, OUT refresh_token text, OUT access_expires_at timestamp with time zone, OUT refresh_expires_at timestamp with time zone, OUT user_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.create_set_up_token() RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    token text := app.random_token();
BEGIN
    IF EXISTS (SELECT FROM public.users) THEN
        RETURN NULL;
    END IF;
    INSERT INTO public.one_time_tokens (token_hash, purpose, expires_at)
    VALUES (sha256(convert_to(token, 'UTF8')), 'set_up', now() + interval '1 day');
    RETURN token;
END
$$;

ALTER FUNCTION app.create_set_up_token() OWNER TO portway_definer;

CREATE FUNCTION app.create_webhook_endpoint(p_pass text, p_organization_id uuid, p_url text, p_description text, p_events text[], OUT id uuid, OUT secret text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM app.check_administers(p_pass, p_organization_id);
    INSERT INTO public.webhook_endpoints AS w (organization_id, url, description, events)
    VALUES (p_organization_id, p_url, p_description, p_events) RETURNING w.id INTO id;
    secret := app.add_webhook_secret(id);
END
$$;

ALTER FUNCTION app.create_webhook_endpoint(p_pass text, p_organization_id uuid, p_url text, p_description text, p_events text[], OUT id uuid, OUT secret text) OWNER TO portway_definer;

CREATE FUNCTION app.create_workspace(p_pass text, p_organization_id uuid, p_name text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    made uuid;
BEGIN
    IF NOT coalesce(p_organization_id = ANY (app.organizations_of(claims, ARRAY['owner', 'admin', 'member'])), false) THEN
        RAISE EXCEPTION 'no such organization' USING ERRCODE = 'no_data_found';
    END IF;
    IF NOT claims -> 'scopes' ? 'admin' OR claims ->> 'workspace' IS NOT NULL
        OR NOT p_organization_id = ANY (app.organizations_of(claims, ARRAY['owner', 'admin']))
    THEN
        RAISE EXCEPTION 'only an owner or admin of the organization may do this' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO public.workspaces (organization_id, name) VALUES (p_organization_id, p_name) RETURNING id INTO made;
    INSERT INTO public.workspace_members VALUES (made, p_organization_id, (claims ->> 'sub')::uuid, 'owner');
    RETURN made;
END
$$;

ALTER FUNCTION app.create_workspace(p_pass text, p_organization_id uuid, p_name text) OWNER TO portway_definer;

CREATE FUNCTION app.read_secrets(p_connection_id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    found_members jsonb;
BEGIN
    SELECT s.members INTO found_members FROM app.secrets_of(ARRAY[p_connection_id]) AS s;
    IF FOUND AND found_members IS NULL THEN
        RAISE EXCEPTION 'the secrets of this connection do not decrypt' USING ERRCODE = 'data_corrupted';
    END IF;
    RETURN found_members;
END
$$;

ALTER FUNCTION app.read_secrets(p_connection_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.credential_of(p_connection public.connections) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN jsonb_build_object('values', app.read_secrets((p_connection).id), 'version', (p_connection).credential_version, 'issued_at', (p_connection).issued_at, 'expires_at', (p_connection).expires_at);

ALTER FUNCTION app.credential_of(p_connection public.connections) OWNER TO portway_definer;

CREATE FUNCTION app.current_organizations() RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN app.organizations_of(app.claims(), ARRAY['owner', 'admin', 'member']);
END
$$;

ALTER FUNCTION app.current_organizations() OWNER TO portway_definer;

CREATE FUNCTION app.current_user_id() RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN (app.claims() ->> 'sub')::uuid;
END
$$;

ALTER FUNCTION app.current_user_id() OWNER TO portway_definer;

CREATE FUNCTION app.current_workspaces() RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN app.workspaces_of(app.claims(), ARRAY['owner', 'admin', 'member', 'viewer'], '{}');
END
$$;

ALTER FUNCTION app.current_workspaces() OWNER TO portway_definer;

CREATE FUNCTION app.defer_delivery(p_delivery_id uuid, p_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM jobs.procrastinate_defer_jobs_v1(ARRAY[ROW(
        'webhooks', 'deliver_webhook', 0, NULL, NULL, jsonb_build_object('delivery_id', p_delivery_id), p_at
    )::jobs.procrastinate_job_to_defer_v1]);
END
$$;

ALTER FUNCTION app.defer_delivery(p_delivery_id uuid, p_at timestamp with time zone) OWNER TO portway_definer;

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

ALTER FUNCTION app.definition_of(p_integration_id uuid, p_action_id uuid, p_action text) OWNER TO portway_definer;

CREATE FUNCTION app.delete_connection(p_pass text, p_connection_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    target public.connections;
    tokens jsonb := '{}';
    client jsonb;
BEGIN
    SELECT * INTO target FROM public.connections AS c
    WHERE c.id = p_connection_id AND app.role_in(claims, c.workspace_id) IS NOT NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such connection' USING ERRCODE = 'no_data_found';
    END IF;
    IF NOT claims -> 'scopes' ? 'connections:write' OR NOT (
        target.user_id = (claims ->> 'sub')::uuid
        OR target.workspace_id = ANY (app.workspaces_of(claims, ARRAY['owner', 'admin'], ARRAY['owner', 'admin']))
    ) THEN
        RAISE EXCEPTION 'only its owner or an admin of the workspace may do this' USING ERRCODE = 'insufficient_privilege';
    END IF;
    BEGIN
        tokens := jsonb_strip_nulls(jsonb_build_object(
            'refresh_token', app.read_secret(p_connection_id, 'refresh_token'),
            'access_token', app.read_secret(p_connection_id, 'access_token')
        ));
        client := app.client_of(target);
    EXCEPTION WHEN data_corrupted THEN
        tokens := '{}';  -- What no longer opens cannot be revoked; the row goes all the same.
    END;
    DELETE FROM public.connections WHERE id = p_connection_id;
    RETURN jsonb_build_object(
        'tokens', tokens, 'client', client, 'integration', app.integration_row(target.integration_id),
        'origins', target.origins, 'config', target.config
    );
END
$$;

ALTER FUNCTION app.delete_connection(p_pass text, p_connection_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.delete_expired() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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
    DELETE FROM public.connect_links WHERE expires_at < now() - interval '90 days';
    GET DIAGNOSTICS gone = ROW_COUNT; total := total + gone;
    DELETE FROM public.invitations WHERE expires_at < now() - interval '30 days' AND accepted_at IS NULL;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN total + gone;
END
$$;

ALTER FUNCTION app.delete_expired() OWNER TO portway_definer;

CREATE FUNCTION app.describe_session(p_pass text, p_user_agent text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
BEGIN
    UPDATE public.sessions SET user_agent = left(p_user_agent, 400)
    WHERE id = (claims ->> 'credential')::uuid AND user_agent IS NULL;
END
$$;

ALTER FUNCTION app.describe_session(p_pass text, p_user_agent text) OWNER TO portway_definer;

CREATE FUNCTION app.drop_expired_log_partitions() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    oldest date;
    partition text;
    dropped integer := 0;
BEGIN
    SELECT date_trunc('month', (now() - greatest(log_retention, minimum_log_retention)) AT TIME ZONE 'UTC')::date
    INTO oldest FROM public.settings;
    FOR partition IN
        SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.api_logs'::regclass AND c.relname < 'api_logs_' || to_char(oldest, 'YYYY_MM')
    LOOP
        EXECUTE format('DROP TABLE public.%I', partition);
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM public.usage_by_connection WHERE hour < oldest::timestamp AT TIME ZONE 'UTC';
    DELETE FROM public.usage_by_action WHERE hour < oldest::timestamp AT TIME ZONE 'UTC';
    RETURN dropped;
END
$$;

ALTER FUNCTION app.drop_expired_log_partitions() OWNER TO portway_owner;

CREATE FUNCTION app.duration_mark(p_milliseconds double precision) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (p_milliseconds IS NOT NULL) THEN (('1e'::text || ((12 * LEAST(GREATEST(((floor((((16)::double precision * ln(GREATEST(p_milliseconds, (0.001)::double precision))) / ln((2)::double precision))))::integer + 16), 0), 383)))::text))::numeric ELSE NULL::numeric END;

ALTER FUNCTION app.duration_mark(p_milliseconds double precision) OWNER TO portway_owner;

CREATE TABLE public.webhook_deliveries (
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    organization_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    attempts_in_row integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT now(),
    claimed_until timestamp with time zone,
    completed_at timestamp with time zone,
    status_code integer,
    error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT webhook_deliveries_check CHECK (((status = 'pending'::text) = (next_attempt_at IS NOT NULL))),
    CONSTRAINT webhook_deliveries_check1 CHECK (((status = 'pending'::text) = (completed_at IS NULL))),
    CONSTRAINT webhook_deliveries_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text])))
);

ALTER TABLE ONLY public.webhook_deliveries FORCE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_deliveries OWNER TO portway_owner;

CREATE FUNCTION app.end_delivery(p_delivery_id uuid, p_status text, p_status_code integer, p_error text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 UPDATE public.webhook_deliveries d SET status = end_delivery.p_status, status_code = end_delivery.p_status_code, error = end_delivery.p_error, next_attempt_at = NULL::timestamp with time zone, claimed_until = NULL::timestamp with time zone, completed_at = now()
   WHERE (d.id = end_delivery.p_delivery_id);
END;

ALTER FUNCTION app.end_delivery(p_delivery_id uuid, p_status text, p_status_code integer, p_error text) OWNER TO portway_definer;

CREATE FUNCTION app.end_own_session(p_pass text, p_session_id uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.own_account_claims(p_pass);
BEGIN
    UPDATE public.sessions SET revoked_at = now()
    WHERE id = p_session_id AND user_id = (claims ->> 'sub')::uuid AND revoked_at IS NULL;
    RETURN FOUND;
END
$$;

ALTER FUNCTION app.end_own_session(p_pass text, p_session_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.endpoints_for(p_type text, p_organization_id uuid) RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN (
        SELECT array_agg(w.id) FROM public.webhook_endpoints AS w
        -- An organization that is being deleted takes its endpoints along, but maybe not before its connections.
        JOIN public.organizations AS o ON o.id = w.organization_id
        WHERE w.organization_id = p_organization_id AND w.disabled_at IS NULL AND p_type = ANY (w.events)
    );
END
$$;

ALTER FUNCTION app.endpoints_for(p_type text, p_organization_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.erase_payloads(p_pass text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION app.erase_payloads(p_pass text) OWNER TO portway_definer;

CREATE FUNCTION app.sensitive_parameters(p_schema jsonb) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN CASE WHEN ((jsonb_typeof((p_schema -> 'properties'::text)) = 'object'::text) AND (p_schema @? 'strict $.**?(@."writeOnly" == true || @."format" == "password")'::jsonpath)) THEN (SELECT COALESCE(array_agg(property.key), '{}'::text[]) AS "coalesce" FROM jsonb_each((sensitive_parameters.p_schema -> 'properties'::text)) property(key, value) WHERE (property.value @? 'strict $.**?((@."writeOnly" == true || @."format" == "password") || exists (@."$ref"))'::jsonpath)) ELSE '{}'::text[] END;

ALTER FUNCTION app.sensitive_parameters(p_schema jsonb) OWNER TO portway_owner;

CREATE TABLE public.actions (
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    integration_id uuid NOT NULL,
    organization_id uuid,
    name text NOT NULL,
    slug text NOT NULL,
    http_method text DEFAULT 'GET'::text NOT NULL,
    endpoint_path text DEFAULT '/'::text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    request_schema jsonb DEFAULT '{}'::jsonb NOT NULL,
    transform_config jsonb DEFAULT '{}'::jsonb NOT NULL,
    scopes text[] DEFAULT '{}'::text[] NOT NULL,
    handler text,
    timeout_ms integer DEFAULT 30000 NOT NULL,
    shipped boolean DEFAULT false NOT NULL,
    sensitive_parameters text[] GENERATED ALWAYS AS (app.sensitive_parameters(request_schema)) STORED NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    rate_limits jsonb DEFAULT '[]'::jsonb NOT NULL,
    imported jsonb,
    search tsvector GENERATED ALWAYS AS (app.search_document(slug, name, ''::text, description)) STORED NOT NULL,
    CONSTRAINT actions_check CHECK (((NOT shipped) OR (organization_id IS NULL))),
    CONSTRAINT actions_http_method_check CHECK ((http_method = ANY (ARRAY['GET'::text, 'HEAD'::text, 'POST'::text, 'PUT'::text, 'PATCH'::text, 'DELETE'::text, 'OPTIONS'::text]))),
    CONSTRAINT actions_imported_check CHECK ((jsonb_typeof(imported) = 'object'::text)),
    CONSTRAINT actions_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT actions_rate_limits_check CHECK ((jsonb_typeof(rate_limits) = 'array'::text)),
    CONSTRAINT actions_request_schema_check CHECK ((jsonb_typeof(request_schema) = 'object'::text)),
    CONSTRAINT actions_slug_check CHECK ((slug ~ '^[a-z0-9][a-z0-9_.-]{0,199}$'::text)),
    CONSTRAINT actions_timeout_ms_check CHECK (((timeout_ms >= 1) AND (timeout_ms <= 300000))),
    CONSTRAINT actions_transform_config_check CHECK ((jsonb_typeof(transform_config) = 'object'::text))
);

ALTER TABLE ONLY public.actions FORCE ROW LEVEL SECURITY;

ALTER TABLE public.actions OWNER TO portway_owner;

CREATE FUNCTION app.executed_recently(p_action_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 SELECT a.id
    FROM public.actions a
   WHERE ((a.id = ANY (executed_recently.p_action_ids)) AND (a.organization_id = ANY (app.administered_organizations())) AND (EXISTS ( SELECT
            FROM (public.connections c
              JOIN public.api_logs l ON ((l.connection_id = c.id)))
           WHERE ((c.integration_id = a.integration_id) AND (l.executed_at > (now() - '30 days'::interval)) AND (l.action_id = a.id)))));
END;

ALTER FUNCTION app.executed_recently(p_action_ids uuid[]) OWNER TO portway_definer;

CREATE FUNCTION app.forget_oauth_clients(p_organization_id uuid, p_integration_id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 DELETE FROM public.oauth_clients o
   WHERE ((o.organization_id = forget_oauth_clients.p_organization_id) AND (o.integration_id = forget_oauth_clients.p_integration_id) AND (o.replaced_at IS NOT NULL) AND (NOT (EXISTS ( SELECT
            FROM public.connections c
           WHERE (c.oauth_client_id = o.id)))) AND (NOT (EXISTS ( SELECT
            FROM public.oauth_authorizations a
           WHERE ((a.oauth_client_id = o.id) AND (a.completed_at IS NULL) AND (a.expires_at > (now() - '00:10:00'::interval)))))));
END;

ALTER FUNCTION app.forget_oauth_clients(p_organization_id uuid, p_integration_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.free_connection_name(p_user_id uuid, p_workspace_id uuid, p_name text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (WITH taken AS (SELECT c.name FROM public.connections c WHERE ((c.user_id = free_connection_name.p_user_id) AND (c.workspace_id = free_connection_name.p_workspace_id))) SELECT candidate.name FROM (generate_series((1)::bigint, (SELECT (count(*) + 1) FROM taken)) n(n) CROSS JOIN LATERAL (SELECT ("left"(free_connection_name.p_name, 180) || CASE WHEN (n.n > 1) THEN format(' (%s)'::text, n.n) ELSE ''::text END) AS name) candidate) WHERE (NOT (EXISTS (SELECT FROM taken WHERE (taken.name = candidate.name)))) ORDER BY n.n LIMIT 1);

ALTER FUNCTION app.free_connection_name(p_user_id uuid, p_workspace_id uuid, p_name text) OWNER TO portway_definer;

CREATE FUNCTION app.has_builtin_action(p_auth_config jsonb, p_slug text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    RETURN CASE p_slug WHEN 'http-request'::text THEN true WHEN 'verify-connection'::text THEN COALESCE((jsonb_typeof((p_auth_config #> '{verification,path}'::text[])) = 'string'::text), false) ELSE false END;

ALTER FUNCTION app.has_builtin_action(p_auth_config jsonb, p_slug text) OWNER TO portway_definer;

CREATE FUNCTION app.has_password() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (EXISTS (SELECT FROM public.users u WHERE ((u.id = app.current_user_id()) AND (u.password_verifier IS NOT NULL))));

ALTER FUNCTION app.has_password() OWNER TO portway_definer;

CREATE FUNCTION app.has_scope(p_scope text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN coalesce(app.claims() -> 'scopes' ? p_scope, false);
END
$$;

ALTER FUNCTION app.has_scope(p_scope text) OWNER TO portway_definer;

CREATE FUNCTION app.has_users() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.users);
END
$$;

ALTER FUNCTION app.has_users() OWNER TO portway_definer;

CREATE FUNCTION app.hold_idempotency_key(p_user_id uuid, p_key text, p_request_hash bytea, p_execution_id uuid, p_deadline timestamp with time zone) RETURNS app.held_execution
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION app.hold_idempotency_key(p_user_id uuid, p_key text, p_request_hash bytea, p_execution_id uuid, p_deadline timestamp with time zone) OWNER TO portway_definer;

CREATE TABLE public.workspaces (
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    organization_id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT workspaces_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

ALTER TABLE ONLY public.workspaces FORCE ROW LEVEL SECURITY;

ALTER TABLE public.workspaces OWNER TO portway_owner;

CREATE FUNCTION app.insert_connection(p_user_id uuid, p_workspace_id uuid, p_integration_id uuid, p_name text, p_default_name text, p_end_user_id text, p_account_id text, p_account_name text) RETURNS uuid
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 INSERT INTO public.connections (user_id, integration_id, organization_id, workspace_id, name, end_user_id, account_id, account_name)  SELECT insert_connection.p_user_id AS p_user_id,
             insert_connection.p_integration_id AS p_integration_id,
             w.organization_id,
             w.id,
             COALESCE(insert_connection.p_name, app.free_connection_name(insert_connection.p_user_id, insert_connection.p_workspace_id, insert_connection.p_default_name)) AS "coalesce",
             insert_connection.p_end_user_id AS p_end_user_id,
             insert_connection.p_account_id AS p_account_id,
             insert_connection.p_account_name AS p_account_name
            FROM public.workspaces w
           WHERE (w.id = insert_connection.p_workspace_id)
   RETURNING connections.id;
END;

ALTER FUNCTION app.insert_connection(p_user_id uuid, p_workspace_id uuid, p_integration_id uuid, p_name text, p_default_name text, p_end_user_id text, p_account_id text, p_account_name text) OWNER TO portway_definer;

CREATE FUNCTION app.is_batch(p_size integer, p_sizes integer[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    RETURN (((p_size >= 0) AND (p_size <= 64)) AND COALESCE((p_size = ALL (p_sizes)), false));

ALTER FUNCTION app.is_batch(p_size integer, p_sizes integer[]) OWNER TO portway_definer;

CREATE TABLE public.invitations (
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    organization_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    email text NOT NULL,
    role text NOT NULL,
    token_hash bytea NOT NULL,
    mailed boolean DEFAULT false NOT NULL,
    invited_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    CONSTRAINT invitations_email_check CHECK (((email = lower(email)) AND (length(email) <= 320))),
    CONSTRAINT invitations_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'viewer'::text])))
);

ALTER TABLE ONLY public.invitations FORCE ROW LEVEL SECURITY;

ALTER TABLE public.invitations OWNER TO portway_owner;

CREATE FUNCTION app.join_by_invitation(p_user_id uuid, p_invitation public.invitations) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE public.invitations SET accepted_at = now() WHERE id = p_invitation.id;
    INSERT INTO public.organization_members VALUES (p_invitation.organization_id, p_user_id, 'member')
    ON CONFLICT DO NOTHING;
    INSERT INTO public.workspace_members AS m
    VALUES (p_invitation.workspace_id, p_invitation.organization_id, p_user_id, p_invitation.role)
    ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role
    WHERE array_position(ARRAY['viewer', 'member', 'admin', 'owner'], m.role)
        < array_position(ARRAY['viewer', 'member', 'admin', 'owner'], excluded.role);
END
$$;

ALTER FUNCTION app.join_by_invitation(p_user_id uuid, p_invitation public.invitations) OWNER TO portway_definer;

CREATE FUNCTION app.lease_due_renewals(p_limit integer, p_lease_seconds double precision) RETURNS TABLE(connection_id uuid, integration jsonb, config jsonb, origins text[], scopes text[], refresh_pass text, grant_members jsonb, client jsonb, interrupted boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    longest interval := greatest(interval '5 minutes', (
        SELECT max(app.configured_margin(i.auth_config)) FROM public.integrations AS i
        WHERE i.auth_config ? 'refresh_margin_seconds'
    ));
    busy uuid[] := ARRAY(
        SELECT c.integration_id FROM public.refresh_leases AS l JOIN public.connections AS c ON c.id = l.connection_id
        WHERE l.expires_at > clock_timestamp() GROUP BY c.integration_id HAVING count(*) >= 4
    );
    due public.connections;
BEGIN
    FOR due IN
        SELECT c.* FROM public.connections AS c JOIN public.integrations AS i ON i.id = c.integration_id
        WHERE c.status = 'active' AND c.expires_at BETWEEN now() - interval '30 days' AND now() + longest
            AND c.expires_at < now() + app.renewal_margin(i.auth_config, c.expires_at - c.issued_at)
            AND c.expires_at - c.issued_at >= interval '5 seconds'
            AND (c.renewal_not_before IS NULL OR c.renewal_not_before < now())
            AND c.integration_id <> ALL (busy)
            AND NOT EXISTS (
                SELECT FROM public.refresh_leases AS l WHERE l.connection_id = c.id AND l.expires_at > clock_timestamp()
            )
            AND (
                EXISTS (SELECT FROM public.encrypted_credentials AS e WHERE e.connection_id = c.id AND e.for_renewal)
                OR i.auth_type IN ('oauth2_client_credentials', 'jwt_bearer')
                OR i.auth_type = 'custom' AND i.auth_config ? 'login'
            )
            AND EXISTS (
                SELECT FROM public.workspace_members AS m JOIN public.users AS u ON u.id = m.user_id
                WHERE m.workspace_id = c.workspace_id AND m.user_id = c.user_id AND m.role <> 'viewer'
                    AND u.disabled_at IS NULL
            )
        ORDER BY c.expires_at
        LIMIT least(coalesce(p_limit, 0), 4)
        FOR UPDATE OF c SKIP LOCKED
    LOOP
        BEGIN
            SELECT t.* INTO refresh_pass, grant_members, client, interrupted
            FROM app.take_renewal(due, p_lease_seconds) AS t;
        EXCEPTION WHEN data_corrupted THEN
            refresh_pass := NULL;
        END;
        IF refresh_pass IS NULL THEN
            PERFORM app.pause_renewal(due.id, due.credential_version);
            CONTINUE;
        END IF;
        connection_id := due.id;
        integration := app.integration_row(due.integration_id);
        config := due.config;
        origins := due.origins;
        scopes := due.scopes;
        RETURN NEXT;
    END LOOP;
END
$$;

ALTER FUNCTION app.lease_due_renewals(p_limit integer, p_lease_seconds double precision) OWNER TO portway_definer;

CREATE FUNCTION app.lease_refresh(p_pass text, p_connection_id uuid, p_seen_version integer, p_lease_seconds double precision, p_refused boolean DEFAULT false, OUT outcome text, OUT refresh_pass text, OUT grant_members jsonb, OUT client jsonb, OUT credential jsonb, OUT interrupted boolean, OUT retry_seconds double precision) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    mine public.connections := app.usable_connection(app.renewing_claims(p_pass, p_connection_id), p_connection_id);
    is_paused boolean := coalesce(mine.renewal_not_before > clock_timestamp(), false);
BEGIN
    interrupted := false;
    outcome := 'gone';
    IF mine.status IN ('reauthorization_required', 'disabled') THEN
        RETURN;
    END IF;
    IF mine.credential_version <> p_seen_version THEN
        credential := app.credential_of(mine);
        outcome := 'fresh';
        RETURN;
    END IF;
    IF EXISTS (
        SELECT FROM public.refresh_leases AS l
        WHERE l.connection_id = p_connection_id AND l.expires_at > clock_timestamp()
    ) THEN
        outcome := 'wait';
        RETURN;
    END IF;
    IF is_paused AND NOT (p_refused AND mine.renewal_forced_version IS DISTINCT FROM mine.credential_version) THEN
        retry_seconds := extract(epoch FROM mine.renewal_not_before - clock_timestamp());
        outcome := 'later';
        RETURN;
    END IF;
    SELECT t.refresh_pass, t.grant_members, t.client, coalesce(t.interrupted, false)
    INTO lease_refresh.refresh_pass, lease_refresh.grant_members, lease_refresh.client, lease_refresh.interrupted
    FROM app.take_renewal(mine, p_lease_seconds) AS t;
    IF refresh_pass IS NULL THEN
        RETURN;
    END IF;
    outcome := 'leased';
    IF is_paused THEN
        UPDATE public.connections AS c SET renewal_forced_version = c.credential_version WHERE c.id = p_connection_id;
    END IF;
EXCEPTION WHEN data_corrupted THEN
    interrupted := false;
    outcome := 'gone';
END
$$;

ALTER FUNCTION app.lease_refresh(p_pass text, p_connection_id uuid, p_seen_version integer, p_lease_seconds double precision, p_refused boolean, OUT outcome text, OUT refresh_pass text, OUT grant_members jsonb, OUT client jsonb, OUT credential jsonb, OUT interrupted boolean, OUT retry_seconds double precision) OWNER TO portway_definer;

CREATE TABLE public.api_keys (
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    user_id uuid NOT NULL,
    workspace_id uuid,
    name text NOT NULL,
    prefix text NOT NULL,
    key_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    rate_limits jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT api_keys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT api_keys_rate_limits_check CHECK (((jsonb_typeof(rate_limits) = 'array'::text) AND (jsonb_array_length(rate_limits) = jsonb_array_length(jsonb_path_query_array(rate_limits, '$[*]?(((((@."requests" >= 1 && @."requests" <= 1000000) && @."requests".floor() == @."requests") && @."per_seconds" >= 1) && @."per_seconds" <= 86400) && @."per_seconds".floor() == @."per_seconds")'::jsonpath))))),
    CONSTRAINT api_keys_scopes_check CHECK (((scopes <@ ARRAY['execute'::text, 'connections:read'::text, 'connections:write'::text, 'logs:read'::text, 'catalog:write'::text, 'admin'::text]) AND (cardinality(scopes) > 0)))
);

ALTER TABLE ONLY public.api_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE public.api_keys OWNER TO portway_owner;

CREATE TABLE public.sessions (
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    user_id uuid NOT NULL,
    refresh_family_hash bytea,
    refresh_token_hash bytea,
    previous_refresh_token_hash bytea,
    rotated_at timestamp with time zone,
    outside_token_hash bytea,
    outside_token_vouched boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    user_agent text,
    CONSTRAINT sessions_user_agent_check CHECK ((length(user_agent) <= 400))
);

ALTER TABLE ONLY public.sessions FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sessions OWNER TO portway_owner;

CREATE FUNCTION app.live_claims(p_claims jsonb[], p_purpose text) RETURNS TABLE(place bigint, claims jsonb)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT o.i,
         CASE
             WHEN (((o.claims ->> 'purpose'::text) = live_claims.p_purpose) AND (((o.claims ->> 'exp'::text))::double precision > (EXTRACT(epoch FROM clock_timestamp()))::double precision) AND ((live_claims.p_purpose <> 'user'::text) OR ((EXISTS ( SELECT
                FROM public.users u
               WHERE ((u.id = ((o.claims ->> 'sub'::text))::uuid) AND (u.disabled_at IS NULL)))) AND
             CASE (o.claims ->> 'kind'::text)
                 WHEN 'api_key'::text THEN (EXISTS ( SELECT
                    FROM public.api_keys k
                   WHERE ((k.id = ((o.claims ->> 'credential'::text))::uuid) AND (k.revoked_at IS NULL) AND ((k.expires_at IS NULL) OR (k.expires_at > clock_timestamp())))))
                 WHEN 'session'::text THEN (EXISTS ( SELECT
                    FROM public.sessions s
                   WHERE ((s.id = ((o.claims ->> 'credential'::text))::uuid) AND (s.revoked_at IS NULL) AND (s.expires_at > clock_timestamp()))))
                 ELSE ((o.claims ->> 'kind'::text) = 'operator'::text)
             END))) THEN o.claims
             ELSE NULL::jsonb
         END AS "case"
    FROM unnest(live_claims.p_claims) WITH ORDINALITY o(claims, i);
END;

ALTER FUNCTION app.live_claims(p_claims jsonb[], p_purpose text) OWNER TO portway_definer;

CREATE FUNCTION app.make_way_for_integration() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE public.integrations SET slug = left(slug, 90) || '-shipped'
    WHERE organization_id IS NULL AND shipped AND slug = NEW.slug;
    RETURN NEW;
END
$$;

ALTER FUNCTION app.make_way_for_integration() OWNER TO portway_owner;

CREATE FUNCTION app.mark_reauthorization_required(p_pass text, p_connection_id uuid, p_seen_version integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    mine public.connections := app.usable_connection(app.renewing_claims(p_pass, p_connection_id), p_connection_id);
BEGIN
    IF mine.credential_version = p_seen_version THEN
        PERFORM app.set_connection_status(mine.id, 'reauthorization_required');
    END IF;
END
$$;

ALTER FUNCTION app.mark_reauthorization_required(p_pass text, p_connection_id uuid, p_seen_version integer) OWNER TO portway_definer;

CREATE FUNCTION app.mark_unfinished_executions(p_age interval DEFAULT '1 day'::interval) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION app.mark_unfinished_executions(p_age interval) OWNER TO portway_definer;

CREATE FUNCTION app.mask_payload(p_payload jsonb, p_sensitive text[], p_literals text[]) RETURNS jsonb
    LANGUAGE plpgsql STABLE
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

ALTER FUNCTION app.mask_payload(p_payload jsonb, p_sensitive text[], p_literals text[]) OWNER TO portway_definer;

CREATE FUNCTION app.note_connection_status() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    NEW.status_since := now();
    NEW.status_reason := CASE NEW.status
        WHEN 'disabled' THEN
            CASE WHEN NEW.disabled_by = NEW.user_id THEN 'disabled_by_owner' ELSE 'disabled_by_admin' END
        -- Only the trigger of integrations calls it for another reason than an answer of the service's.
        WHEN 'reauthorization_required' THEN
            CASE WHEN pg_trigger_depth() > 1 THEN 'integration_moved' ELSE 'grant_refused' END
    END;
    RETURN NEW;
END
$$;

ALTER FUNCTION app.note_connection_status() OWNER TO portway_definer;

CREATE FUNCTION app.oauth_client(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_name text DEFAULT NULL::text, p_connection_id uuid DEFAULT NULL::uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.connecting_claims(p_pass, p_workspace_id, p_integration_id);
    organization uuid := app.check_may_connect(claims, p_workspace_id);
    -- A link gets the client that its maker chose, and no other.
    wanted text := coalesce(CASE WHEN claims ? 'link' THEN claims ->> 'oauth_client' ELSE p_name END, (
        SELECT o.name FROM public.connections AS c JOIN public.oauth_clients AS o ON o.id = c.oauth_client_id
        WHERE c.id = p_connection_id AND o.organization_id = organization
    ), 'default');
BEGIN
    RETURN (
        SELECT app.identified_client(o.id) FROM public.oauth_clients AS o
        WHERE o.organization_id = organization AND o.integration_id = p_integration_id AND o.name = wanted
            AND o.replaced_at IS NULL
    );
END
$$;

ALTER FUNCTION app.oauth_client(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_name text, p_connection_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.open_connect_link(p_token text) RETURNS TABLE(id uuid, state text, link_pass text, return_url text, organization_name text, workspace_name text, integration jsonb, workspace_id uuid, connection_id uuid, connection_name text, account_name text, connection_scopes text[], connection_config jsonb, reconnect boolean, name text, scopes text[], config jsonb, oauth_client text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    link public.connect_links;
BEGIN
    SELECT * INTO link FROM public.connect_links AS l WHERE l.token_hash = sha256(convert_to(p_token, 'UTF8'));
    IF link.id IS NULL THEN
        RETURN;
    END IF;
    UPDATE public.connect_links AS l SET opened_at = now() WHERE l.id = link.id AND l.opened_at IS NULL;
    RETURN QUERY SELECT
        link.id, s.state,
        CASE s.state WHEN 'ready' THEN keyring.seal(jsonb_build_object(
            'purpose', 'connect_link', 'link', link.id,
            'exp', extract(epoch FROM clock_timestamp() + interval '5 minutes')
        )) END,
        link.return_url, o.name, w.name, app.integration_row(link.integration_id), link.workspace_id,
        c.id, c.name, c.account_name, c.scopes, c.config, link.reconnect, link.name, link.scopes, link.config,
        link.oauth_client
    FROM app.connect_link_state(link) AS s (state)
    JOIN public.workspaces AS w ON w.id = link.workspace_id
    JOIN public.organizations AS o ON o.id = w.organization_id
    -- Of a link that ended before it was used, nothing is told of the connection.
    LEFT JOIN public.connections AS c ON c.id = link.connection_id AND s.state IN ('ready', 'used');
END
$$;

ALTER FUNCTION app.open_connect_link(p_token text) OWNER TO portway_definer;

CREATE FUNCTION app.open_executions(p_passes text[], p_workspace_ids uuid[], p_connection_ids uuid[], p_actions text[], p_payloads jsonb[], p_timeouts_ms integer[], p_idempotency_keys text[], p_request_hashes bytea[], p_refusals text[], p_known_definitions text[], p_closing_passes text[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) RETURNS TABLE(ordinal integer, execution_id uuid, executed_at timestamp with time zone, outcome text, detail text, definition_key text, definition text, connection text, credential text, replay text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION app.open_executions(p_passes text[], p_workspace_ids uuid[], p_connection_ids uuid[], p_actions text[], p_payloads jsonb[], p_timeouts_ms integer[], p_idempotency_keys text[], p_request_hashes bytea[], p_refusals text[], p_known_definitions text[], p_closing_passes text[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) OWNER TO portway_definer;

CREATE FUNCTION app.open_executions(p_passes text[], p_workspace_ids uuid[], p_connection_ids uuid[], p_actions text[], p_payloads jsonb[], p_timeouts_ms integer[], p_idempotency_keys text[], p_request_hashes bytea[], p_refusals text[], p_known_definitions text[] DEFAULT '{}'::text[], p_closing_keys uuid[] DEFAULT '{}'::uuid[], p_execution_ids uuid[] DEFAULT '{}'::uuid[], p_executed_at timestamp with time zone[] DEFAULT '{}'::timestamp with time zone[], p_statuses text[] DEFAULT '{}'::text[], p_request_payloads jsonb[] DEFAULT '{}'::jsonb[], p_response_payloads jsonb[] DEFAULT '{}'::jsonb[], p_truncated boolean[] DEFAULT '{}'::boolean[], p_error_codes text[] DEFAULT '{}'::text[], p_status_codes integer[] DEFAULT '{}'::integer[], p_durations_ms double precision[] DEFAULT '{}'::double precision[], p_attempts integer[] DEFAULT '{}'::integer[], p_idempotent_answers text[] DEFAULT '{}'::text[], p_free_keys boolean[] DEFAULT '{}'::boolean[]) RETURNS TABLE(ordinal integer, execution_id uuid, executed_at timestamp with time zone, outcome text, detail text, definition_key text, definition text, connection text, credential text, replay text, closing_key uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
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

ALTER FUNCTION app.open_executions(p_passes text[], p_workspace_ids uuid[], p_connection_ids uuid[], p_actions text[], p_payloads jsonb[], p_timeouts_ms integer[], p_idempotency_keys text[], p_request_hashes bytea[], p_refusals text[], p_known_definitions text[], p_closing_keys uuid[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) OWNER TO portway_definer;

CREATE FUNCTION app.open_invitation(p_token text) RETURNS public.invitations
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 SELECT i.*::public.invitations AS i
    FROM public.invitations i
   WHERE ((i.token_hash = sha256(convert_to(open_invitation.p_token, 'UTF8'::name))) AND (i.accepted_at IS NULL) AND (i.expires_at > now()))
  FOR UPDATE OF i;
END;

ALTER FUNCTION app.open_invitation(p_token text) OWNER TO portway_definer;

CREATE FUNCTION keyring.seal(p_claims jsonb) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'extensions', 'pg_temp'
    AS $$
DECLARE
    key_id integer := keyring.current_key_id('seal');
    body text := key_id || ':' || p_claims::text;
BEGIN
    RETURN encode(
        extensions.hmac(convert_to(body, 'UTF8'), keyring.unwrap(key_id, 'seal'), 'sha256'), 'hex'
    ) || body;
END
$$;

ALTER FUNCTION keyring.seal(p_claims jsonb) OWNER TO portway_keyring;

CREATE FUNCTION app.seal_user_pass(p_user_id uuid, p_credential_id uuid, p_kind text, p_workspace_id uuid, p_scopes text[], p_expires_at timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN keyring.seal(jsonb_build_object('purpose', 'user', 'sub', p_user_id, 'credential', p_credential_id, 'kind', p_kind, 'workspace', p_workspace_id, 'scopes', CASE WHEN ('admin'::text = ANY (p_scopes)) THEN app.all_scopes() ELSE p_scopes END, 'exp', EXTRACT(epoch FROM p_expires_at)));

ALTER FUNCTION app.seal_user_pass(p_user_id uuid, p_credential_id uuid, p_kind text, p_workspace_id uuid, p_scopes text[], p_expires_at timestamp with time zone) OWNER TO portway_definer;

CREATE FUNCTION app.operator_pass(p_user_id uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN app.seal_user_pass(p_user_id, p_user_id, 'operator'::text, NULL::uuid, ARRAY['admin'::text], (clock_timestamp() + '00:05:00'::interval));

ALTER FUNCTION app.operator_pass(p_user_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.organizations_of(p_claims jsonb, p_roles text[]) RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN ARRAY(
        SELECT o.organization_id FROM public.organization_members AS o
        WHERE o.user_id = (p_claims ->> 'sub')::uuid AND o.role = ANY (p_roles)
            AND (p_claims ->> 'workspace' IS NULL OR 'member' = ANY (p_roles) AND EXISTS (
                SELECT FROM public.workspaces AS w
                WHERE w.id = (p_claims ->> 'workspace')::uuid AND w.organization_id = o.organization_id
            ))
    );
END
$$;

ALTER FUNCTION app.organizations_of(p_claims jsonb, p_roles text[]) OWNER TO portway_definer;

CREATE FUNCTION app.outside_person(p_issuer text, p_subject text, p_email text, p_email_verified boolean) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    person uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_issuer || ' ' || p_subject, 0));
    SELECT i.user_id INTO person FROM public.user_identities AS i WHERE i.issuer = p_issuer AND i.subject = p_subject;
    IF NOT FOUND AND p_email_verified THEN
        SELECT u.id INTO person FROM public.users AS u
        WHERE u.email = lower(p_email) AND u.email_verified_at IS NOT NULL;
        IF FOUND THEN
            INSERT INTO public.user_identities (issuer, subject, user_id) VALUES (p_issuer, p_subject, person);
        END IF;
    END IF;
    RETURN person;
END
$$;

ALTER FUNCTION app.outside_person(p_issuer text, p_subject text, p_email text, p_email_verified boolean) OWNER TO portway_definer;

CREATE FUNCTION app.own_account_claims(p_pass text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
BEGIN
    RETURN CASE WHEN claims -> 'scopes' ? 'admin' AND claims ->> 'workspace' IS NULL THEN claims END;
END
$$;

ALTER FUNCTION app.own_account_claims(p_pass text) OWNER TO portway_definer;

CREATE FUNCTION app.own_connection(p_claims jsonb, p_connection_id uuid) RETURNS public.connections
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    found_connection public.connections;
BEGIN
    SELECT * INTO found_connection FROM public.connections AS c
    WHERE c.id = p_connection_id AND app.role_in(p_claims, c.workspace_id) IS NOT NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such connection' USING ERRCODE = 'no_data_found';
    END IF;
    IF found_connection.user_id <> (p_claims ->> 'sub')::uuid THEN
        RAISE EXCEPTION 'only the owner of a connection may do this' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN found_connection;
END
$$;

ALTER FUNCTION app.own_connection(p_claims jsonb, p_connection_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.own_oauth_clients() RETURNS TABLE(organization_id uuid, integration_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    mine uuid[] := app.current_organizations();
BEGIN
    RETURN QUERY
    SELECT o.organization_id, o.integration_id FROM public.oauth_clients AS o
    WHERE o.replaced_at IS NULL AND o.name = 'default' AND o.organization_id = ANY (mine);
END
$$;

ALTER FUNCTION app.own_oauth_clients() OWNER TO portway_definer;

CREATE FUNCTION app.own_sessions(p_pass text) RETURNS TABLE(id uuid, created_at timestamp with time zone, last_used_at timestamp with time zone, expires_at timestamp with time zone, user_agent text, is_current boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.own_account_claims(p_pass);
BEGIN
    RETURN QUERY
    SELECT s.id, s.created_at, coalesce(s.rotated_at, s.created_at), s.expires_at, s.user_agent,
        s.id = (claims ->> 'credential')::uuid
    FROM public.sessions AS s
    WHERE s.user_id = (claims ->> 'sub')::uuid AND s.refresh_token_hash IS NOT NULL
        AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp()
    ORDER BY s.id = (claims ->> 'credential')::uuid DESC, coalesce(s.rotated_at, s.created_at) DESC, s.id
    LIMIT 200;
END
$$;

ALTER FUNCTION app.own_sessions(p_pass text) OWNER TO portway_definer;

CREATE FUNCTION app.owned_organizations() RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN app.organizations_of(app.claims(), ARRAY['owner']);
END
$$;

ALTER FUNCTION app.owned_organizations() OWNER TO portway_definer;

CREATE FUNCTION app.owned_workspaces() RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN app.workspaces_of(app.claims(), ARRAY['owner'], ARRAY['owner']);
END
$$;

ALTER FUNCTION app.owned_workspaces() OWNER TO portway_definer;

CREATE FUNCTION app.password_parameters(p_email text, p_default text, OUT salt bytea, OUT parameters text) RETURNS record
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    invented bytea := substring(keyring.steady_hash('salt ' || lower(p_email)) FROM 1 FOR 16);
BEGIN
    SELECT u.password_salt, u.password_parameters INTO salt, parameters
    FROM public.users AS u WHERE u.email = lower(p_email) AND u.password_salt IS NOT NULL;
    IF NOT FOUND THEN
        salt := invented;
        parameters := p_default;
    END IF;
END
$$;

ALTER FUNCTION app.password_parameters(p_email text, p_default text, OUT salt bytea, OUT parameters text) OWNER TO portway_definer;

CREATE FUNCTION app.renewal_pause(p_failures integer) RETURNS double precision
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (LEAST(((2)::double precision ^ (LEAST(GREATEST(p_failures, 1), 10))::double precision), (300)::double precision) * ((0.75)::double precision + (random() / (2)::double precision)));

ALTER FUNCTION app.renewal_pause(p_failures integer) OWNER TO portway_definer;

CREATE FUNCTION app.pause_renewal(p_connection_id uuid, p_version integer) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 UPDATE public.connections c SET renewal_failures = (c.renewal_failures + 1), renewal_not_before = (clock_timestamp() + make_interval(secs => app.renewal_pause((c.renewal_failures + 1))))
   WHERE ((c.id = pause_renewal.p_connection_id) AND (c.credential_version = pause_renewal.p_version));
END;

ALTER FUNCTION app.pause_renewal(p_connection_id uuid, p_version integer) OWNER TO portway_definer;

CREATE FUNCTION keyring.base64url(p_value bytea) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN rtrim(translate(encode(p_value, 'base64'::text), '+/
'::text, '-_'::text), '='::text);

ALTER FUNCTION keyring.base64url(p_value bytea) OWNER TO portway_keyring;

CREATE FUNCTION app.random_token() RETURNS text
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN keyring.base64url(extensions.gen_random_bytes(32));

ALTER FUNCTION app.random_token() OWNER TO portway_definer;

CREATE FUNCTION app.read_grant(p_connection_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (SELECT CASE WHEN bool_or(e.for_renewal) THEN jsonb_object_agg(e.credential_type, keyring.decrypt(e.encrypted_value, e.key_id, e.connection_id, e.credential_type)) ELSE NULL::jsonb END AS "case" FROM public.encrypted_credentials e WHERE ((e.connection_id = read_grant.p_connection_id) AND (e.credential_type <> 'access_token'::text)));

ALTER FUNCTION app.read_grant(p_connection_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.reauthorize_moved_integration() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM app.set_connection_status(c.id, 'reauthorization_required') FROM public.connections AS c
    WHERE c.integration_id = NEW.id;
    RETURN NULL;
END
$$;

ALTER FUNCTION app.reauthorize_moved_integration() OWNER TO portway_definer;

CREATE FUNCTION app.record_delivery_attempt(p_delivery_id uuid, p_attempted_at timestamp with time zone, p_duration_ms double precision, p_outcome text, p_status_code integer, p_error text, p_answer text, p_next_attempt_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    delivery public.webhook_deliveries;
BEGIN
    UPDATE public.webhook_deliveries AS d
    SET attempts = d.attempts + 1, attempts_in_row = d.attempts_in_row + 1, claimed_until = NULL,
        status_code = p_status_code, error = p_error
    WHERE d.id = p_delivery_id RETURNING d.* INTO delivery;
    IF delivery.id IS NULL THEN
        RETURN;  -- its endpoint was deleted meanwhile
    END IF;
    INSERT INTO public.webhook_attempts
        (organization_id, delivery_id, attempted_at, duration_ms, status_code, error, answer)
    VALUES (
        delivery.organization_id, p_delivery_id, p_attempted_at, p_duration_ms, p_status_code, p_error,
        left(p_answer, 1024)
    );
    IF p_outcome = 'delivered' THEN
        PERFORM app.end_delivery(p_delivery_id, 'delivered', p_status_code, NULL);
        UPDATE public.webhook_endpoints AS w SET failing_since = NULL
        WHERE w.id = delivery.endpoint_id AND w.failing_since IS NOT NULL;
        RETURN;
    END IF;
    UPDATE public.webhook_endpoints AS w SET failing_since = p_attempted_at
    WHERE w.id = delivery.endpoint_id AND w.failing_since IS NULL;
    UPDATE public.webhook_endpoints AS w
    SET disabled_at = now(), disabled_reason = CASE p_outcome WHEN 'gone' THEN 'gone' ELSE 'failing' END
    WHERE w.id = delivery.endpoint_id AND w.disabled_at IS NULL
        AND (p_outcome = 'gone' OR w.failing_since < now() - interval '5 days');
    IF p_outcome = 'gone' OR p_next_attempt_at IS NULL THEN
        PERFORM app.end_delivery(p_delivery_id, 'failed', p_status_code, p_error);
    ELSE
        UPDATE public.webhook_deliveries AS d SET next_attempt_at = p_next_attempt_at WHERE d.id = p_delivery_id;
        PERFORM app.defer_delivery(p_delivery_id, p_next_attempt_at);
    END IF;
END
$$;

ALTER FUNCTION app.record_delivery_attempt(p_delivery_id uuid, p_attempted_at timestamp with time zone, p_duration_ms double precision, p_outcome text, p_status_code integer, p_error text, p_answer text, p_next_attempt_at timestamp with time zone) OWNER TO portway_definer;

CREATE FUNCTION app.record_event(p_type text, p_organization_id uuid, p_workspace_id uuid, p_data jsonb, p_endpoints uuid[]) RETURNS uuid[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    event uuid;
    made uuid[];
BEGIN
    INSERT INTO public.events (organization_id, workspace_id, type, data)
    VALUES (p_organization_id, p_workspace_id, p_type, p_data) RETURNING id INTO event;
    WITH deliveries AS (
        INSERT INTO public.webhook_deliveries (organization_id, endpoint_id, event_id, event_type)
        SELECT p_organization_id, w.endpoint_id, event, p_type FROM unnest(p_endpoints) AS w (endpoint_id)
        RETURNING id
    )
    SELECT array_agg(d.id) INTO made FROM deliveries AS d;
    PERFORM app.defer_delivery(d.id, NULL) FROM unnest(made) AS d (id);
    RETURN made;
END
$$;

ALTER FUNCTION app.record_event(p_type text, p_organization_id uuid, p_workspace_id uuid, p_data jsonb, p_endpoints uuid[]) OWNER TO portway_definer;

CREATE FUNCTION app.refresh_session(p_refresh_token text) RETURNS TABLE(access_token text, refresh_token text, access_expires_at timestamp with time zone, refresh_expires_at timestamp with time zone, user_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    family text := split_part(p_refresh_token, '.', 1);
    hash bytea := sha256(convert_to(p_refresh_token, 'UTF8'));
    session public.sessions;
BEGIN
    SELECT s.* INTO session FROM public.sessions AS s JOIN public.users AS u ON u.id = s.user_id
    WHERE s.refresh_family_hash = sha256(convert_to(family, 'UTF8'))
        AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp() AND u.disabled_at IS NULL
    FOR UPDATE OF s;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF session.refresh_token_hash <> hash THEN
        UPDATE public.sessions AS s SET revoked_at = now()
        WHERE s.id = session.id AND (
            s.previous_refresh_token_hash IS DISTINCT FROM hash
            OR s.rotated_at < clock_timestamp() - interval '10 seconds'
        );
        RETURN;
    END IF;
    refresh_token := family || '.' || app.random_token();
    user_id := session.user_id;
    refresh_expires_at := session.expires_at;
    UPDATE public.sessions AS s SET
        previous_refresh_token_hash = s.refresh_token_hash,
        refresh_token_hash = sha256(convert_to(refresh_session.refresh_token, 'UTF8')),
        rotated_at = clock_timestamp()
    WHERE s.id = session.id;
    access_expires_at := clock_timestamp() + interval '15 minutes';
    access_token := app.access_token(session.user_id, session.id, access_expires_at);
    RETURN NEXT;
END
$$;

ALTER FUNCTION app.refresh_session(p_refresh_token text) OWNER TO portway_definer;

CREATE FUNCTION app.register_outside_session(p_issuer text, p_subject text, p_email text, p_email_verified boolean, p_name text, p_token_hash bytea, p_expires_at timestamp with time zone, p_sign_up text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    person uuid := app.outside_person(p_issuer, p_subject, p_email, p_email_verified);
    session uuid;
BEGIN
    IF person IS NULL THEN
        IF p_sign_up = 'closed' THEN
            RETURN NULL;
        END IF;
        SELECT made.user_id INTO person FROM app.create_person(
            CASE WHEN NOT EXISTS (SELECT FROM public.users AS u WHERE u.email = lower(p_email)) THEN p_email END,
            left(p_name, 200), coalesce(p_email_verified, false)
        ) AS made;
        INSERT INTO public.user_identities (issuer, subject, user_id) VALUES (p_issuer, p_subject, person);
    END IF;
    INSERT INTO public.sessions (user_id, outside_token_hash, outside_token_vouched, expires_at)
    VALUES (person, p_token_hash, pg_has_role(session_user, 'portway_sign_in', 'MEMBER'), p_expires_at)
    ON CONFLICT (outside_token_hash) DO NOTHING;
    SELECT s.id INTO session FROM public.sessions AS s WHERE s.outside_token_hash = p_token_hash;
    RETURN session;
END
$$;

ALTER FUNCTION app.register_outside_session(p_issuer text, p_subject text, p_email text, p_email_verified boolean, p_name text, p_token_hash bytea, p_expires_at timestamp with time zone, p_sign_up text) OWNER TO portway_definer;

CREATE FUNCTION app.release_refresh(p_refresh_pass text, p_outcome text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_refresh_pass, 'refresh');
    target uuid := (claims ->> 'connection')::uuid;
    version integer := (claims ->> 'version')::integer;
BEGIN
    -- In the order in which everybody locks: the connection, then its lease.
    PERFORM FROM public.connections AS c WHERE c.id = target FOR UPDATE;
    DELETE FROM public.refresh_leases AS l WHERE l.connection_id = target AND l.holder = (claims ->> 'holder')::uuid;
    IF p_outcome = 'failed' THEN
        PERFORM app.pause_renewal(target, version);
    ELSIF p_outcome = 'grant_gone' THEN
        PERFORM app.set_connection_status(c.id, 'reauthorization_required') FROM public.connections AS c
        WHERE c.id = target AND c.credential_version = version;
    END IF;
END
$$;

ALTER FUNCTION app.release_refresh(p_refresh_pass text, p_outcome text) OWNER TO portway_definer;

CREATE FUNCTION app.remove_oauth_client(p_organization_id uuid, p_integration_id uuid, p_name text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE public.oauth_clients AS o SET replaced_at = now(), encrypted_client_secret = NULL, key_id = NULL
    WHERE o.organization_id = p_organization_id AND o.integration_id = p_integration_id AND o.name = p_name
        AND o.replaced_at IS NULL
        AND o.organization_id = ANY (app.administered_organizations()) AND app.has_scope('catalog:write');
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM app.forget_oauth_clients(p_organization_id, p_integration_id);
    RETURN true;
END
$$;

ALTER FUNCTION app.remove_oauth_client(p_organization_id uuid, p_integration_id uuid, p_name text) OWNER TO portway_definer;

CREATE FUNCTION app.renew_invitation(p_pass text, p_invitation_id uuid, p_mailed boolean) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    target public.invitations;
    token text := app.random_token();
BEGIN
    SELECT * INTO target FROM public.invitations AS i
    WHERE i.id = p_invitation_id AND i.accepted_at IS NULL
        AND i.workspace_id = ANY (app.workspaces_of(claims, ARRAY['owner', 'admin'], ARRAY['owner', 'admin']))
    FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such invitation' USING ERRCODE = 'no_data_found';
    END IF;
    IF NOT coalesce(claims -> 'scopes' ? 'admin', false) OR NOT target.workspace_id = ANY (app.workspaces_of(
        claims,
        CASE target.role WHEN 'owner' THEN ARRAY['owner'] ELSE ARRAY['owner', 'admin'] END,
        CASE target.role WHEN 'owner' THEN ARRAY['owner'] ELSE ARRAY['owner', 'admin'] END
    )) THEN
        RAISE EXCEPTION 'your role does not let you invite %', target.role USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE public.invitations SET
        token_hash = sha256(convert_to(token, 'UTF8')), mailed = p_mailed, expires_at = now() + interval '7 days'
    WHERE id = p_invitation_id;
    RETURN token;
END
$$;

ALTER FUNCTION app.renew_invitation(p_pass text, p_invitation_id uuid, p_mailed boolean) OWNER TO portway_definer;

CREATE FUNCTION app.renew_lease(p_refresh_pass text, p_seconds double precision) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_refresh_pass, 'refresh');
BEGIN
    UPDATE public.refresh_leases AS l
    SET expires_at = clock_timestamp() + make_interval(secs => least(greatest(p_seconds, 1), 600))
    WHERE l.connection_id = (claims ->> 'connection')::uuid AND l.holder = (claims ->> 'holder')::uuid
        AND l.credential_version = (claims ->> 'version')::integer;
    RETURN FOUND;
END
$$;

ALTER FUNCTION app.renew_lease(p_refresh_pass text, p_seconds double precision) OWNER TO portway_definer;

CREATE FUNCTION app.renewal_grant(p_connection public.connections) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN COALESCE(app.read_grant((p_connection).id), CASE WHEN (EXISTS (SELECT FROM public.integrations i WHERE ((i.id = (renewal_grant.p_connection).integration_id) AND ((i.auth_type = ANY (ARRAY['oauth2_client_credentials'::text, 'jwt_bearer'::text])) OR ((i.auth_type = 'custom'::text) AND (i.auth_config ? 'login'::text)))))) THEN (COALESCE(app.read_secrets((p_connection).id), '{}'::jsonb) - 'access_token'::text) ELSE NULL::jsonb END);

ALTER FUNCTION app.renewal_grant(p_connection public.connections) OWNER TO portway_definer;

CREATE FUNCTION app.renewal_margin(p_auth_config jsonb, p_lifetime interval) RETURNS interval
    LANGUAGE sql IMMUTABLE
    RETURN LEAST(COALESCE(app.configured_margin(p_auth_config), '00:05:00'::interval), (GREATEST(p_lifetime, '00:00:00'::interval) / (2)::double precision));

ALTER FUNCTION app.renewal_margin(p_auth_config jsonb, p_lifetime interval) OWNER TO portway_definer;

CREATE FUNCTION app.renewing_claims(p_pass text, p_connection_id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
BEGIN
    IF claims IS NOT NULL THEN
        RETURN claims;
    END IF;
    claims := keyring.open_seal(p_pass);
    IF claims ->> 'purpose' = 'user' AND EXISTS (
        SELECT FROM public.api_logs AS l
        WHERE l.connection_id = p_connection_id AND l.user_id = (claims ->> 'sub')::uuid AND l.status = 'started'
            AND l.deadline > clock_timestamp() AND l.executed_at > now() - interval '1 day'
            AND l.executed_at < to_timestamp((claims ->> 'exp')::double precision)
    ) THEN
        -- As if it were good for a little longer: whether its user, session or key still is, is looked at as ever.
        claims := app.pass_claims(keyring.seal(claims || jsonb_build_object(
            'exp', extract(epoch FROM clock_timestamp()) + 10
        )), 'user');
        IF claims IS NOT NULL THEN
            RETURN claims;
        END IF;
    END IF;
    RAISE EXCEPTION 'this token or API key is not valid any more' USING ERRCODE = 'invalid_authorization_specification';
END
$$;

ALTER FUNCTION app.renewing_claims(p_pass text, p_connection_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.replace_secret(p_pass text, p_connection_id uuid, p_values jsonb, p_origins text[], p_expires_at timestamp with time zone, p_grant jsonb DEFAULT '{}'::jsonb, p_scopes text[] DEFAULT NULL::text[], p_config jsonb DEFAULT NULL::jsonb, p_oauth_client_id uuid DEFAULT NULL::uuid, p_account_id text DEFAULT NULL::text, p_account_name text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := (
        SELECT app.connecting_claims(p_pass, c.workspace_id, c.integration_id)
        FROM public.connections AS c WHERE c.id = p_connection_id
    );
    mine public.connections := app.own_connection(claims, p_connection_id);
BEGIN
    PERFORM app.check_link_connection(claims, p_connection_id);
    PERFORM app.check_oauth_client(
        p_oauth_client_id, app.check_may_connect(claims, mine.workspace_id), mine.integration_id
    );
    PERFORM app.set_credential(
        p_connection_id, p_values, p_grant, p_expires_at, p_origins, coalesce(p_scopes, mine.scopes),
        coalesce(p_config, mine.config), p_oauth_client_id, p_account_id, p_account_name, false
    );
    PERFORM app.use_connect_link((claims ->> 'link')::uuid, p_connection_id);
END
$$;

ALTER FUNCTION app.replace_secret(p_pass text, p_connection_id uuid, p_values jsonb, p_origins text[], p_expires_at timestamp with time zone, p_grant jsonb, p_scopes text[], p_config jsonb, p_oauth_client_id uuid, p_account_id text, p_account_name text) OWNER TO portway_definer;

CREATE FUNCTION app.replay_webhook_delivery(p_pass text, p_endpoint_id uuid, p_delivery_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM app.administered_endpoint(p_pass, p_endpoint_id);
    UPDATE public.webhook_deliveries AS d
    SET status = 'pending', attempts_in_row = 0, next_attempt_at = now(), completed_at = NULL
    WHERE d.id = p_delivery_id AND d.endpoint_id = p_endpoint_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such delivery of this webhook' USING ERRCODE = 'no_data_found';
    END IF;
    PERFORM app.defer_delivery(p_delivery_id, NULL);
END
$$;

ALTER FUNCTION app.replay_webhook_delivery(p_pass text, p_endpoint_id uuid, p_delivery_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.reset_password(p_token text, p_salt bytea, p_parameters text, p_verifier bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    link public.one_time_tokens;
BEGIN
    DELETE FROM public.one_time_tokens AS t
    WHERE t.token_hash = sha256(convert_to(p_token, 'UTF8')) AND t.purpose = 'reset_password' AND t.expires_at > now()
    RETURNING * INTO link;
    IF link.user_id IS NULL THEN
        RETURN false;
    END IF;
    DELETE FROM public.one_time_tokens WHERE user_id = link.user_id AND purpose = 'reset_password';
    IF EXISTS (SELECT FROM public.users AS u WHERE u.id = link.user_id AND u.email_verified_at IS NULL) THEN
        UPDATE public.api_keys SET revoked_at = now() WHERE user_id = link.user_id AND revoked_at IS NULL;
        DELETE FROM public.user_identities WHERE user_id = link.user_id;
    END IF;
    UPDATE public.users SET
        password_salt = p_salt, password_parameters = p_parameters, password_verifier = p_verifier,
        email_verified_at = coalesce(email_verified_at, now())
    WHERE id = link.user_id AND email = link.email;
    UPDATE public.sessions SET revoked_at = now() WHERE user_id = link.user_id AND revoked_at IS NULL;
    RETURN true;
END
$$;

ALTER FUNCTION app.reset_password(p_token text, p_salt bytea, p_parameters text, p_verifier bytea) OWNER TO portway_definer;

CREATE FUNCTION app.roll_up_usage() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    -- By five minutes after its end, all that was begun in an hour is written.
    complete timestamptz := date_trunc('hour', clock_timestamp() - interval '5 minutes', 'UTC');
    counted timestamptz;
    target timestamptz;
    unfinished bigint;
BEGIN
    SELECT p.counted_until INTO counted FROM public.usage_progress AS p;
    SELECT date_trunc('hour', min(l.executed_at), 'UTC') INTO target
    FROM public.api_logs AS l WHERE l.executed_at >= coalesce(counted, '-infinity');
    IF target < complete THEN
        unfinished := app.count_usage(target);
        IF unfinished > 0 THEN
            INSERT INTO public.unfinished_usage (hour) VALUES (target)
            ON CONFLICT (hour) DO UPDATE SET checked_at = excluded.checked_at;
        END IF;
        UPDATE public.usage_progress SET counted_until = target + interval '1 hour';
        RETURN 1;
    END IF;
    -- Hours without an execution need no row.
    UPDATE public.usage_progress SET counted_until = complete WHERE counted_until IS DISTINCT FROM complete;

    -- The older, the rarer. After a week nobody comes any more to say how an execution has ended.
    SELECT u.hour INTO target FROM public.unfinished_usage AS u
    WHERE u.checked_at < clock_timestamp() - greatest((clock_timestamp() - u.hour) / 20, interval '5 minutes')
    ORDER BY u.checked_at LIMIT 1;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    unfinished := app.count_usage(target);
    IF unfinished = 0 OR target < clock_timestamp() - interval '7 days' THEN
        DELETE FROM public.unfinished_usage WHERE hour = target;
    ELSE
        UPDATE public.unfinished_usage SET checked_at = clock_timestamp() WHERE hour = target;
    END IF;
    RETURN 1;
END
$$;

ALTER FUNCTION app.roll_up_usage() OWNER TO portway_definer;

CREATE FUNCTION app.rotate_webhook_secret(p_pass text, p_endpoint_id uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM app.administered_endpoint(p_pass, p_endpoint_id);
    -- One after the other.
    PERFORM FROM public.webhook_endpoints AS w WHERE w.id = p_endpoint_id FOR NO KEY UPDATE;
    DELETE FROM public.webhook_secrets AS s WHERE s.endpoint_id = p_endpoint_id AND s.expires_at IS NOT NULL;
    UPDATE public.webhook_secrets AS s SET expires_at = now() + interval '1 day' WHERE s.endpoint_id = p_endpoint_id;
    RETURN app.add_webhook_secret(p_endpoint_id);
END
$$;

ALTER FUNCTION app.rotate_webhook_secret(p_pass text, p_endpoint_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.search_actions(p_words text[], p_integration text, p_category text) RETURNS TABLE(id uuid, rank integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    query tsquery := app.search_query(p_words);
    phrase text := array_to_string(p_words, ' ');
    hyphened text := array_to_string(p_words, '-');
    organizations uuid[] := app.current_organizations();
    -- NULL: all.
    chosen uuid[] := CASE WHEN p_integration IS NOT NULL OR p_category IS NOT NULL THEN ARRAY(
        SELECT i.id FROM public.integrations AS i
        WHERE i.slug = coalesce(p_integration, i.slug) AND i.category = coalesce(p_category, i.category)
    ) END;
BEGIN
    IF app.current_user_id() IS NULL OR coalesce(p_words, '{}') = '{}' THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH terms AS (
        SELECT w AS word, app.search_query(ARRAY[w], 'AB') AS term FROM unnest(p_words) AS w
    ), named AS MATERIALIZED (
        -- Integrations whose name or category has some of the words, and the words that are left.
        SELECT i.id, ARRAY(SELECT t.word FROM terms AS t WHERE NOT i.search @@ t.term) AS rest,
            i.slug = hyphened OR lower(i.name) = phrase AS is_exact
        FROM public.integrations AS i
        WHERE i.search @@ (SELECT string_agg(t.term::text, ' | ')::tsquery FROM terms AS t)
            AND (i.organization_id IS NULL OR i.organization_id = ANY (organizations))
            AND (chosen IS NULL OR i.id = ANY (chosen))
    ), found AS (
        SELECT a.id, a.slug, a.search, CASE
            WHEN lower(a.name) = phrase THEN 3000 WHEN starts_with(a.slug, hyphened) THEN 2000 ELSE 1000
        END AS rank
        FROM (
            SELECT x.id, x.slug, x.name, x.search FROM public.actions AS x
            WHERE x.search @@ query AND (x.organization_id IS NULL OR x.organization_id = ANY (organizations))
                AND (chosen IS NULL OR x.integration_id = ANY (chosen))
            LIMIT 2000
        ) AS a
        UNION ALL
        SELECT a.id, a.slug, a.search, 3000 FROM public.actions AS a
        WHERE a.slug = hyphened AND (a.organization_id IS NULL OR a.organization_id = ANY (organizations))
            AND (chosen IS NULL OR a.integration_id = ANY (chosen))
        UNION ALL
        SELECT a.id, a.slug, a.search, 50 + CASE
            WHEN a.is_exact OR a.slug = array_to_string(a.rest, '-') THEN 3000
            WHEN a.rest <> '{}' AND starts_with(a.slug, array_to_string(a.rest, '-')) THEN 2000
            ELSE 1000
        END
        FROM (
            SELECT x.id, x.slug, x.search, n.rest, n.is_exact
            FROM (
                SELECT i.*, app.search_query(i.rest) AS others FROM named AS i
                ORDER BY i.is_exact DESC, cardinality(i.rest)
            ) AS n
            CROSS JOIN LATERAL (
                SELECT y.id, y.slug, y.search FROM public.actions AS y
                WHERE y.integration_id = n.id AND (n.rest = '{}' OR y.search @@ n.others)
            ) AS x
            LIMIT 2000
        ) AS a
    )
    SELECT f.id, max(f.rank) + (100 * ts_rank(f.search, query))::integer AS rank
    FROM found AS f GROUP BY f.id, f.slug, f.search
    ORDER BY rank DESC, f.slug, f.id LIMIT 1000;
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT a.id, a.rank FROM app.similar_actions(phrase, organizations, chosen) AS a
        ORDER BY a.rank DESC, a.slug, a.id;
    END IF;
END
$$;

ALTER FUNCTION app.search_actions(p_words text[], p_integration text, p_category text) OWNER TO portway_definer;

CREATE FUNCTION app.search_integrations(p_words text[]) RETURNS TABLE(id uuid, rank integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    query tsquery := app.search_query(p_words);
    phrase text := array_to_string(p_words, ' ');
    hyphened text := array_to_string(p_words, '-');
    organizations uuid[] := app.current_organizations();
BEGIN
    IF app.current_user_id() IS NULL OR coalesce(p_words, '{}') = '{}' THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT i.id, CASE
        WHEN i.slug = hyphened OR lower(i.name) = phrase THEN 3000
        WHEN starts_with(i.slug, hyphened) OR starts_with(lower(i.name), phrase) THEN 2000
        WHEN i.search @@ query THEN 1000
        ELSE 500
    END + (100 * ts_rank(i.search, query))::integer
    FROM public.integrations AS i
    WHERE (i.organization_id IS NULL OR i.organization_id = ANY (organizations))
        AND (i.search @@ query OR strpos(i.slug, hyphened) > 0 OR strpos(lower(i.name), phrase) > 0);
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT i.id, i.rank FROM app.similar_integrations(phrase, organizations) AS i;
    END IF;
END
$$;

ALTER FUNCTION app.search_integrations(p_words text[]) OWNER TO portway_definer;

CREATE FUNCTION app.search_query(p_words text[], p_weights text DEFAULT ''::text) RETURNS tsquery
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    word text;
    term text;
    stem tsquery;
    exact tsquery;
    meant tsquery := '';
    stop_words tsquery := '';
BEGIN
    FOREACH word IN ARRAY coalesce(p_words, '{}') LOOP
        term := format(
            '''%s'':%s%s', translate(word, '''\', '  '), CASE WHEN length(word) > 1 THEN '*' END, p_weights
        );
        stem := to_tsquery('pg_catalog.english', term);
        exact := to_tsquery('pg_catalog.simple', term);
        IF numnode(stem) > 0 THEN
            meant := meant && (stem || exact);
        ELSE
            stop_words := stop_words && exact;
        END IF;
    END LOOP;
    RETURN CASE WHEN numnode(meant) > 0 THEN meant ELSE stop_words END;
END
$$;

ALTER FUNCTION app.search_query(p_words text[], p_weights text) OWNER TO portway_definer;

CREATE FUNCTION keyring.decrypt_all(p_ciphertexts bytea[], p_key_ids integer[], p_owners uuid[], p_types text[]) RETURNS text[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION keyring.decrypt_all(p_ciphertexts bytea[], p_key_ids integer[], p_owners uuid[], p_types text[]) OWNER TO portway_keyring;

CREATE FUNCTION app.secrets_of(p_connection_ids uuid[]) RETURNS TABLE(connection_id uuid, members jsonb)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT s.connection_id,
         CASE
             WHEN bool_and((s.value IS NOT NULL)) THEN jsonb_object_agg(s.type, s.value)
             ELSE NULL::jsonb
         END AS "case"
    FROM (( SELECT array_agg(e.connection_id) AS array_agg,
             array_agg(e.credential_type) AS array_agg,
             array_agg(e.encrypted_value) AS array_agg,
             array_agg(e.key_id) AS array_agg
            FROM public.encrypted_credentials e
           WHERE ((e.connection_id = ANY (secrets_of.p_connection_ids)) AND (NOT e.for_renewal))) stored(owners, types, ciphertexts, key_ids)
      CROSS JOIN LATERAL UNNEST(stored.owners, stored.types, keyring.decrypt_all(stored.ciphertexts, stored.key_ids, stored.owners, stored.types)) s(connection_id, type, value))
   GROUP BY s.connection_id;
END;

ALTER FUNCTION app.secrets_of(p_connection_ids uuid[]) OWNER TO portway_definer;

CREATE FUNCTION app.set_action_organization() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    SELECT i.organization_id INTO NEW.organization_id FROM public.integrations AS i WHERE i.id = NEW.integration_id;
    RETURN NEW;
END
$$;

ALTER FUNCTION app.set_action_organization() OWNER TO portway_owner;

CREATE FUNCTION app.set_connection_disabled(p_pass text, p_connection_id uuid, p_disabled boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    person uuid := (claims ->> 'sub')::uuid;
    target public.connections;
    is_admin boolean;
BEGIN
    SELECT * INTO target FROM public.connections AS c
    WHERE c.id = p_connection_id AND app.role_in(claims, c.workspace_id) IS NOT NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such connection' USING ERRCODE = 'no_data_found';
    END IF;
    is_admin := target.workspace_id = ANY (app.workspaces_of(claims, ARRAY['owner', 'admin'], ARRAY['owner', 'admin']));
    IF NOT claims -> 'scopes' ? 'connections:write'
        OR NOT (is_admin OR target.user_id = person AND (p_disabled OR target.disabled_by IS NOT DISTINCT FROM person))
    THEN
        RAISE EXCEPTION 'only its owner or an admin of the workspace may do this' USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE public.connections SET
        status = CASE
            WHEN p_disabled THEN 'disabled' WHEN status = 'disabled' THEN coalesce(enabled_status, 'active') ELSE status
        END,
        enabled_status = CASE WHEN p_disabled THEN CASE status WHEN 'disabled' THEN enabled_status ELSE status END END,
        disabled_by = CASE WHEN p_disabled THEN person END,
        updated_at = now()
    WHERE id = p_connection_id;
END
$$;

ALTER FUNCTION app.set_connection_disabled(p_pass text, p_connection_id uuid, p_disabled boolean) OWNER TO portway_definer;

CREATE FUNCTION app.set_connection_status(p_connection_id uuid, p_status text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE public.connections SET
        status = CASE WHEN status = 'disabled' THEN status ELSE p_status END,
        enabled_status = CASE WHEN status = 'disabled' THEN p_status END,
        updated_at = now()
    WHERE id = p_connection_id;
END
$$;

ALTER FUNCTION app.set_connection_status(p_connection_id uuid, p_status text) OWNER TO portway_definer;

CREATE FUNCTION app.set_credential(p_connection_id uuid, p_values jsonb, p_grant jsonb, p_expires_at timestamp with time zone, p_origins text[], p_scopes text[], p_config jsonb, p_oauth_client_id uuid, p_account_id text, p_account_name text, p_keep_refresh_token boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    target public.connections;
BEGIN
    SELECT * INTO target FROM public.connections AS c WHERE c.id = p_connection_id FOR UPDATE;
    IF target.account_id <> p_account_id THEN
        RAISE EXCEPTION 'this connection is for the account %, and this is the account %; connect that as a new one',
            coalesce(target.account_name, target.account_id), coalesce(p_account_name, p_account_id)
        USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    DELETE FROM public.encrypted_credentials AS e
    WHERE e.connection_id = p_connection_id AND NOT (
        p_keep_refresh_token AND e.credential_type = 'refresh_token'
        AND target.oauth_client_id IS NOT DISTINCT FROM p_oauth_client_id
    );
    DELETE FROM public.refresh_leases AS l WHERE l.connection_id = p_connection_id;
    PERFORM app.store_members(p_connection_id, target.workspace_id, p_values, p_grant, p_expires_at);
    UPDATE public.connections AS c SET
        origins = p_origins, scopes = p_scopes, config = p_config, oauth_client_id = p_oauth_client_id,
        account_id = coalesce(p_account_id, c.account_id), account_name = coalesce(p_account_name, c.account_name),
        credential_version = c.credential_version + 1, issued_at = now(), expires_at = p_expires_at,
        renewal_failures = 0, renewal_not_before = NULL, updated_at = now()
    WHERE c.id = p_connection_id;
    PERFORM app.set_connection_status(p_connection_id, 'active');
END
$$;

ALTER FUNCTION app.set_credential(p_connection_id uuid, p_values jsonb, p_grant jsonb, p_expires_at timestamp with time zone, p_origins text[], p_scopes text[], p_config jsonb, p_oauth_client_id uuid, p_account_id text, p_account_name text, p_keep_refresh_token boolean) OWNER TO portway_definer;

CREATE FUNCTION app.set_oauth_client(p_pass text, p_organization_id uuid, p_integration_id uuid, p_client_id text, p_client_secret text, p_name text DEFAULT 'default'::text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    sealed record;
    known uuid;
BEGIN
    IF NOT coalesce(claims -> 'scopes' ? 'catalog:write', false)
        OR NOT p_organization_id = ANY (app.organizations_of(claims, ARRAY['owner', 'admin']))
    THEN
        RAISE EXCEPTION 'only an owner or admin of the organization may do this' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM app.check_integration(p_integration_id, p_organization_id);
    PERFORM pg_advisory_xact_lock(
        hashtextextended(jsonb_build_array('oauth client', p_organization_id, p_integration_id, p_name)::text, 0)
    );
    SELECT s.ciphertext, s.key_id INTO sealed
    FROM keyring.encrypt(p_client_secret, p_integration_id, 'client_secret ' || p_organization_id) AS s
    WHERE p_client_secret IS NOT NULL;
    SELECT o.id INTO known FROM public.oauth_clients AS o
    WHERE o.organization_id = p_organization_id AND o.integration_id = p_integration_id AND o.name = p_name
        AND o.client_id = p_client_id
    ORDER BY o.replaced_at DESC NULLS FIRST LIMIT 1;
    UPDATE public.oauth_clients AS o SET replaced_at = now()
    WHERE o.organization_id = p_organization_id AND o.integration_id = p_integration_id AND o.name = p_name
        AND o.replaced_at IS NULL AND o.id IS DISTINCT FROM known;
    IF known IS NULL THEN
        INSERT INTO public.oauth_clients
            (organization_id, integration_id, name, client_id, encrypted_client_secret, key_id)
        VALUES (p_organization_id, p_integration_id, p_name, p_client_id, sealed.ciphertext, sealed.key_id);
    ELSE
        UPDATE public.oauth_clients AS o SET
            encrypted_client_secret = sealed.ciphertext, key_id = sealed.key_id, replaced_at = NULL, updated_at = now()
        WHERE o.id = known;
    END IF;
    PERFORM app.forget_oauth_clients(p_organization_id, p_integration_id);
END
$$;

ALTER FUNCTION app.set_oauth_client(p_pass text, p_organization_id uuid, p_integration_id uuid, p_client_id text, p_client_secret text, p_name text) OWNER TO portway_definer;

CREATE FUNCTION app.settle_idempotency_key(p_user_id uuid, p_execution_id uuid, p_answer text, p_free boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION app.settle_idempotency_key(p_user_id uuid, p_execution_id uuid, p_answer text, p_free boolean) OWNER TO portway_definer;

CREATE FUNCTION app.sign_in(p_email text, p_proof bytea) RETURNS TABLE(access_token text, refresh_token text, access_expires_at timestamp with time zone, refresh_expires_at timestamp with time zone, user_id uuid)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 SELECT made.access_token,
     made.refresh_token,
     made.access_expires_at,
     made.refresh_expires_at,
     made.user_id
    FROM (public.users u
      CROSS JOIN LATERAL app.create_session(u.id) made(access_token, refresh_token, access_expires_at, refresh_expires_at, user_id))
   WHERE ((u.email = lower(sign_in.p_email)) AND (u.disabled_at IS NULL) AND (u.password_verifier = sha256(sign_in.p_proof)));
END;

ALTER FUNCTION app.sign_in(p_email text, p_proof bytea) OWNER TO portway_definer;

CREATE FUNCTION app.sign_out(p_pass text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 UPDATE public.sessions SET revoked_at = now()
   WHERE (sessions.id = ((app.pass_claims(sign_out.p_pass, 'user'::text) ->> 'credential'::text))::uuid);
END;

ALTER FUNCTION app.sign_out(p_pass text) OWNER TO portway_definer;

CREATE FUNCTION app.sign_up(p_email text, p_name text, p_salt bytea, p_parameters text, p_verifier bytea, p_token text, p_policy text, p_first_needs_token boolean, OUT outcome text, OUT user_id uuid, OUT organization_id uuid, OUT workspace_id uuid) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    invitation public.invitations;
    is_first boolean;
    has_set_up_token boolean := false;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('portway sign-up', 0));
    is_first := NOT EXISTS (SELECT FROM public.users);
    IF p_token IS NOT NULL THEN
        invitation := app.open_invitation(p_token);
        IF is_first THEN
            DELETE FROM public.one_time_tokens AS t
            WHERE t.token_hash = sha256(convert_to(p_token, 'UTF8')) AND t.purpose = 'set_up' AND t.expires_at > now();
            has_set_up_token := FOUND;
        END IF;
    END IF;
    outcome := 'refused';
    IF (CASE
        WHEN is_first THEN has_set_up_token OR NOT p_first_needs_token
        WHEN invitation.id IS NOT NULL THEN p_policy <> 'closed' AND invitation.email = lower(p_email)
        -- A link that is no good any more makes nobody a stranger with an organization of their own.
        ELSE p_policy = 'open' AND p_token IS NULL
    END) IS NOT TRUE THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM public.users AS u WHERE u.email = lower(p_email)) THEN
        outcome := 'email_taken';
        RETURN;
    END IF;
    IF invitation.id IS NULL THEN
        SELECT * INTO user_id, organization_id, workspace_id FROM app.create_person(p_email, p_name, false);
    ELSE
        INSERT INTO public.users (email, name, email_verified_at)
        VALUES (lower(p_email), p_name, CASE WHEN invitation.mailed THEN now() END)
        RETURNING id INTO user_id;
        PERFORM app.join_by_invitation(user_id, invitation);
        organization_id := invitation.organization_id;
        workspace_id := invitation.workspace_id;
    END IF;
    UPDATE public.users AS u
    SET password_salt = p_salt, password_parameters = p_parameters, password_verifier = p_verifier
    WHERE u.id = sign_up.user_id;
    outcome := 'created';
END
$$;

ALTER FUNCTION app.sign_up(p_email text, p_name text, p_salt bytea, p_parameters text, p_verifier bytea, p_token text, p_policy text, p_first_needs_token boolean, OUT outcome text, OUT user_id uuid, OUT organization_id uuid, OUT workspace_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.similar_actions(p_words text, p_organizations uuid[], p_integrations uuid[]) RETURNS TABLE(id uuid, slug text, rank integer)
    LANGUAGE sql STABLE
    SET "pg_trgm.word_similarity_threshold" TO '0.45'
    BEGIN ATOMIC
 SELECT a.id,
     a.slug,
     (((400)::double precision * extensions.word_similarity(similar_actions.p_words, ((a.slug || ' '::text) || a.name))))::integer AS int4
    FROM public.actions a
   WHERE ((((a.slug || ' '::text) || a.name) OPERATOR(extensions.%>) similar_actions.p_words) AND ((a.organization_id IS NULL) OR (a.organization_id = ANY (similar_actions.p_organizations))) AND ((similar_actions.p_integrations IS NULL) OR (a.integration_id = ANY (similar_actions.p_integrations))))
  LIMIT 1000;
END;

ALTER FUNCTION app.similar_actions(p_words text, p_organizations uuid[], p_integrations uuid[]) OWNER TO portway_definer;

CREATE FUNCTION app.similar_integrations(p_words text, p_organizations uuid[]) RETURNS TABLE(id uuid, rank integer)
    LANGUAGE sql STABLE
    SET "pg_trgm.word_similarity_threshold" TO '0.3'
    BEGIN ATOMIC
 SELECT i.id,
     (((400)::double precision * extensions.word_similarity(similar_integrations.p_words, ((i.slug || ' '::text) || i.name))))::integer AS int4
    FROM public.integrations i
   WHERE ((((i.slug || ' '::text) || i.name) OPERATOR(extensions.%>) similar_integrations.p_words) AND ((i.organization_id IS NULL) OR (i.organization_id = ANY (similar_integrations.p_organizations))));
END;

ALTER FUNCTION app.similar_integrations(p_words text, p_organizations uuid[]) OWNER TO portway_definer;

CREATE FUNCTION app.start_outside_session(p_issuer text, p_subject text, p_email text, p_email_verified boolean, p_name text, p_sign_up text) RETURNS TABLE(access_token text, refresh_token text, access_expires_at timestamp with time zone, refresh_expires_at timestamp with time zone, user_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    person uuid := app.outside_person(p_issuer, p_subject, p_email, p_email_verified);
    invitation public.invitations;
    own_email text;
BEGIN
    IF person IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('portway sign-up', 0));
        IF p_email_verified AND p_sign_up IN ('open', 'invite') THEN
            SELECT * INTO invitation FROM public.invitations AS i
            WHERE i.email = lower(p_email) AND i.accepted_at IS NULL AND i.expires_at > now()
            ORDER BY i.created_at DESC LIMIT 1
            FOR UPDATE;
        END IF;
        own_email := CASE
            WHEN NOT EXISTS (SELECT FROM public.users AS u WHERE u.email = lower(p_email)) THEN lower(p_email)
        END;
        IF invitation.id IS NOT NULL THEN
            INSERT INTO public.users (email, name, email_verified_at)
            VALUES (own_email, left(p_name, 200), now()) RETURNING id INTO person;
            PERFORM app.join_by_invitation(person, invitation);
        ELSIF p_sign_up = 'open' THEN
            SELECT made.user_id INTO person
            FROM app.create_person(own_email, left(p_name, 200), coalesce(p_email_verified, false)) AS made;
        ELSE
            RETURN;
        END IF;
        INSERT INTO public.user_identities (issuer, subject, user_id) VALUES (p_issuer, p_subject, person);
    END IF;
    RETURN QUERY
    SELECT made.access_token, made.refresh_token, made.access_expires_at, made.refresh_expires_at, made.user_id
    FROM public.users AS u CROSS JOIN LATERAL app.create_session(u.id) AS made
    WHERE u.id = person AND u.disabled_at IS NULL;
END
$$;

ALTER FUNCTION app.start_outside_session(p_issuer text, p_subject text, p_email text, p_email_verified boolean, p_name text, p_sign_up text) OWNER TO portway_definer;

CREATE FUNCTION keyring.encrypt(p_value text, p_owner uuid, p_type text, OUT ciphertext bytea, OUT key_id integer) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'extensions', 'pg_temp'
    AS $$
BEGIN
    key_id := keyring.current_key_id('data');
    -- The key is 256 random bits, not a password: stretching it (the default s2k-mode) would only cost time.
    ciphertext := extensions.pgp_sym_encrypt_bytea(
        convert_to(p_owner::text || E'\n' || p_type || E'\n' || p_value, 'UTF8'),
        encode(keyring.unwrap(key_id, 'data'), 'hex'),
        'cipher-algo=aes256, s2k-mode=1, compress-algo=0'
    );
END
$$;

ALTER FUNCTION keyring.encrypt(p_value text, p_owner uuid, p_type text, OUT ciphertext bytea, OUT key_id integer) OWNER TO portway_keyring;

CREATE FUNCTION app.store_members(p_connection_id uuid, p_workspace_id uuid, p_values jsonb, p_grant jsonb, p_expires_at timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 INSERT INTO public.encrypted_credentials AS e (connection_id, workspace_id, credential_type, encrypted_value, key_id, for_renewal, expires_at)  SELECT store_members.p_connection_id AS p_connection_id,
             store_members.p_workspace_id AS p_workspace_id,
             member.key,
             sealed.ciphertext,
             sealed.key_id,
             member.for_renewal,
                 CASE member.key
                     WHEN 'access_token'::text THEN store_members.p_expires_at
                     ELSE NULL::timestamp with time zone
                 END AS "case"
            FROM (( SELECT v.key,
                     v.value,
                     false AS for_renewal
                    FROM jsonb_each_text(store_members.p_values) v(key, value)
                 UNION ALL
                  SELECT g.key,
                     g.value,
                     true
                    FROM jsonb_each_text(store_members.p_grant) g(key, value)) member
              CROSS JOIN LATERAL keyring.encrypt(member.value, store_members.p_connection_id, member.key) sealed(ciphertext, key_id))
           WHERE (member.value IS NOT NULL) ON CONFLICT(connection_id, credential_type) DO UPDATE SET encrypted_value = excluded.encrypted_value, key_id = excluded.key_id, for_renewal = excluded.for_renewal, expires_at = excluded.expires_at, updated_at = now();
END;

ALTER FUNCTION app.store_members(p_connection_id uuid, p_workspace_id uuid, p_values jsonb, p_grant jsonb, p_expires_at timestamp with time zone) OWNER TO portway_definer;

CREATE FUNCTION app.store_refresh(p_refresh_pass text, p_access_token text, p_refresh_token text, p_expires_at timestamp with time zone, p_scopes text[], p_members jsonb DEFAULT '{}'::jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.pass_claims(p_refresh_pass, 'refresh');
    target public.connections;
BEGIN
    UPDATE public.connections AS c SET
        credential_version = c.credential_version + 1, issued_at = now(), renewed_at = now(), expires_at = p_expires_at,
        scopes = coalesce(p_scopes, c.scopes), renewal_failures = 0, renewal_not_before = NULL, updated_at = now()
    WHERE c.id = (claims ->> 'connection')::uuid AND c.credential_version = (claims ->> 'version')::integer
    RETURNING c.* INTO target;
    IF target.id IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM app.store_members(
        target.id, target.workspace_id, p_members || jsonb_build_object('access_token', p_access_token),
        jsonb_build_object('refresh_token', p_refresh_token), p_expires_at
    );
    DELETE FROM public.refresh_leases AS l WHERE l.connection_id = target.id;
    RETURN app.credential_of(target);
END
$$;

ALTER FUNCTION app.store_refresh(p_refresh_pass text, p_access_token text, p_refresh_token text, p_expires_at timestamp with time zone, p_scopes text[], p_members jsonb) OWNER TO portway_definer;

CREATE FUNCTION app.take_authorization(p_state text, p_browser_secret text) RETURNS TABLE(authorization_pass text, integration_id uuid, client jsonb, code_verifier text, scopes text[], config jsonb, return_url text, expired boolean, opener_origin text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    pending public.oauth_authorizations;
BEGIN
    UPDATE public.oauth_authorizations AS o SET taken_at = now()
    WHERE o.state_hash = sha256(convert_to(p_state, 'UTF8')) AND o.taken_at IS NULL
        AND (o.browser_hash IS NULL OR o.browser_hash = sha256(convert_to(p_browser_secret, 'UTF8')))
    RETURNING o.* INTO pending;
    IF pending.id IS NULL THEN
        RETURN;
    END IF;
    expired := pending.expires_at < clock_timestamp();
    integration_id := pending.integration_id;
    scopes := pending.scopes;
    config := pending.config;
    return_url := pending.return_url;
    opener_origin := pending.opener_origin;
    IF NOT expired THEN
        code_verifier := keyring.decrypt(
            pending.encrypted_code_verifier, pending.key_id, pending.id, 'code_verifier'
        );
        client := app.identified_client(pending.oauth_client_id);
        authorization_pass := keyring.seal(jsonb_build_object(
            'purpose', 'authorization', 'authorization', pending.id,
            'exp', extract(epoch FROM clock_timestamp() + interval '5 minutes')
        ));
    END IF;
    RETURN NEXT;
END
$$;

ALTER FUNCTION app.take_authorization(p_state text, p_browser_secret text) OWNER TO portway_definer;

CREATE FUNCTION app.take_renewal(p_connection public.connections, p_lease_seconds double precision, OUT refresh_pass text, OUT grant_members jsonb, OUT client jsonb, OUT interrupted boolean) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    earlier public.refresh_leases;
    new_holder uuid := gen_random_uuid();
    lease_seconds double precision := least(greatest(p_lease_seconds, 1), 600);
BEGIN
    SELECT * INTO earlier FROM public.refresh_leases AS l WHERE l.connection_id = p_connection.id FOR UPDATE;
    IF earlier.expires_at > clock_timestamp() THEN
        RETURN;
    END IF;
    grant_members := app.renewal_grant(p_connection);
    IF grant_members IS NULL THEN
        RETURN;
    END IF;
    client := app.read_oauth_client(p_connection.oauth_client_id);
    interrupted := coalesce(earlier.credential_version = p_connection.credential_version, false);
    INSERT INTO public.refresh_leases AS l (connection_id, holder, credential_version, taken_at, expires_at)
    VALUES (
        p_connection.id, new_holder, p_connection.credential_version, clock_timestamp(),
        clock_timestamp() + make_interval(secs => lease_seconds)
    )
    ON CONFLICT (connection_id) DO UPDATE SET
        holder = excluded.holder, credential_version = excluded.credential_version, taken_at = excluded.taken_at,
        expires_at = excluded.expires_at;
    -- Outlives the lease: an answer that comes late is stored all the same, if nothing newer was.
    refresh_pass := keyring.seal(jsonb_build_object(
        'purpose', 'refresh', 'connection', p_connection.id, 'version', p_connection.credential_version,
        'holder', new_holder, 'exp', extract(epoch FROM clock_timestamp()) + lease_seconds + 600
    ));
END
$$;

ALTER FUNCTION app.take_renewal(p_connection public.connections, p_lease_seconds double precision, OUT refresh_pass text, OUT grant_members jsonb, OUT client jsonb, OUT interrupted boolean) OWNER TO portway_definer;

CREATE FUNCTION app.tell_of_connection() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    type text := TG_ARGV[0];
    c public.connections := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    endpoints uuid[] := app.endpoints_for(type, c.organization_id);
BEGIN
    IF endpoints IS NOT NULL THEN
        PERFORM app.record_event(type, c.organization_id, c.workspace_id, jsonb_build_object(
            'organization_id', c.organization_id, 'workspace_id', c.workspace_id, 'connection_id', c.id,
            'connection_name', c.name, 'integration_id', c.integration_id,
            'integration', (SELECT g.slug FROM public.integrations AS g WHERE g.id = c.integration_id),
            'user_id', c.user_id, 'end_user_id', c.end_user_id, 'account_id', c.account_id,
            'account_name', c.account_name, 'status', c.status
        ), endpoints);
    END IF;
    RETURN NULL;
END
$$;

ALTER FUNCTION app.tell_of_connection() OWNER TO portway_definer;

CREATE FUNCTION app.tell_of_execution() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    endpoints uuid[] := app.endpoints_for('execution.failed', NEW.organization_id);
BEGIN
    IF endpoints IS NOT NULL THEN
        PERFORM app.record_event('execution.failed', NEW.organization_id, NEW.workspace_id, jsonb_build_object(
            'organization_id', NEW.organization_id, 'workspace_id', NEW.workspace_id, 'execution_id', NEW.id,
            'connection_id', NEW.connection_id,
            'connection_name', (SELECT c.name FROM public.connections AS c WHERE c.id = NEW.connection_id),
            'end_user_id', (SELECT c.end_user_id FROM public.connections AS c WHERE c.id = NEW.connection_id),
            'integration_id', NEW.integration_id,
            'integration', (SELECT g.slug FROM public.integrations AS g WHERE g.id = NEW.integration_id),
            'action_id', NEW.action_id,
            'action', (SELECT a.slug FROM public.actions AS a WHERE a.id = NEW.action_id),
            'user_id', NEW.user_id, 'status', NEW.status, 'status_code', NEW.status_code,
            'error_code', NEW.error_code
        ), endpoints);
    END IF;
    RETURN NULL;
END
$$;

ALTER FUNCTION app.tell_of_execution() OWNER TO portway_definer;

CREATE FUNCTION app.test_webhook_endpoint(p_pass text, p_endpoint_id uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    organization uuid := app.administered_endpoint(p_pass, p_endpoint_id);
BEGIN
    RETURN (app.record_event('webhook.test', organization, NULL, jsonb_build_object(
        'organization_id', organization, 'webhook_id', p_endpoint_id
    ), ARRAY[p_endpoint_id]))[1];
END
$$;

ALTER FUNCTION app.test_webhook_endpoint(p_pass text, p_endpoint_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.tidy_events() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM public.events WHERE occurred_at < now() - interval '30 days';
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM public.webhook_secrets WHERE expires_at < now();
    PERFORM app.defer_delivery(d.id, NULL) FROM public.webhook_deliveries AS d
    WHERE d.status = 'pending' AND d.next_attempt_at < now() - interval '1 hour'
        AND (d.claimed_until IS NULL OR d.claimed_until < now());
    RETURN gone;
END
$$;

ALTER FUNCTION app.tidy_events() OWNER TO portway_definer;

CREATE FUNCTION app.usable_connection(p_claims jsonb, p_connection_id uuid) RETURNS public.connections
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    mine public.connections := app.own_connection(p_claims, p_connection_id);
BEGIN
    IF NOT p_claims -> 'scopes' ?| ARRAY['execute', 'connections:write'] THEN
        RAISE EXCEPTION 'this API key does not have the scope execute' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF app.role_in(p_claims, mine.workspace_id) = 'viewer' THEN
        RAISE EXCEPTION 'a viewer may not use connections' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN mine;
END
$$;

ALTER FUNCTION app.usable_connection(p_claims jsonb, p_connection_id uuid) OWNER TO portway_definer;

CREATE TABLE public.unfinished_usage (
    hour timestamp with time zone NOT NULL,
    checked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ONLY public.unfinished_usage FORCE ROW LEVEL SECURITY;

ALTER TABLE public.unfinished_usage OWNER TO portway_owner;

CREATE TABLE public.usage_progress (
    singleton boolean DEFAULT true NOT NULL,
    counted_until timestamp with time zone,
    CONSTRAINT usage_progress_singleton_check CHECK (singleton)
);

ALTER TABLE ONLY public.usage_progress FORCE ROW LEVEL SECURITY;

ALTER TABLE public.usage_progress OWNER TO portway_owner;

CREATE FUNCTION app.usage_state() RETURNS TABLE(counted_until timestamp with time zone, unsettled timestamp with time zone[])
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 SELECT p.counted_until,
     ARRAY( SELECT u.hour
            FROM public.unfinished_usage u
           WHERE (u.hour > (clock_timestamp() - '03:00:00'::interval))
           ORDER BY u.hour) AS "array"
    FROM public.usage_progress p;
END;

ALTER FUNCTION app.usage_state() OWNER TO portway_definer;

CREATE FUNCTION app.use_connect_link(p_link_id uuid, p_connection_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF p_link_id IS NULL THEN
        RETURN;
    END IF;
    UPDATE public.connect_links AS l SET used_at = now(), connection_id = c.id
    FROM public.connections AS c
    WHERE l.id = p_link_id AND c.id = p_connection_id AND app.connect_link_state(l) IN ('ready', 'expired')
        AND c.user_id = l.user_id AND c.workspace_id = l.workspace_id AND c.integration_id = l.integration_id
        AND c.end_user_id IS NOT DISTINCT FROM l.end_user_id
        AND (NOT l.reconnect OR l.connection_id = c.id);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this connect link was used or revoked meanwhile' USING ERRCODE = 'no_data_found';
    END IF;
END
$$;

ALTER FUNCTION app.use_connect_link(p_link_id uuid, p_connection_id uuid) OWNER TO portway_definer;

CREATE FUNCTION app.uuid_v7_at(p_time timestamp with time zone) RETURNS uuid
    LANGUAGE sql
    RETURN (encode(set_bit(set_bit(OVERLAY(uuid_send(gen_random_uuid()) PLACING SUBSTRING(int8send(((EXTRACT(epoch FROM p_time) * (1000)::numeric))::bigint) FROM 3) FROM 1 FOR 6), (52)::bigint, 1), (53)::bigint, 1), 'hex'::text))::uuid;

ALTER FUNCTION app.uuid_v7_at(p_time timestamp with time zone) OWNER TO portway_definer;

CREATE FUNCTION app.uuid_v7_time(p_id uuid) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE STRICT
    RETURN to_timestamp((((((('x'::text || "left"(replace((p_id)::text, '-'::text, ''::text), 12)))::bit(48))::bigint)::numeric / 1000.0))::double precision);

ALTER FUNCTION app.uuid_v7_time(p_id uuid) OWNER TO portway_owner;

CREATE FUNCTION app.verify_email(p_token text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    link public.one_time_tokens;
BEGIN
    DELETE FROM public.one_time_tokens AS t
    WHERE t.token_hash = sha256(convert_to(p_token, 'UTF8')) AND t.purpose = 'verify_email' AND t.expires_at > now()
    RETURNING * INTO link;
    UPDATE public.users SET email_verified_at = now() WHERE id = link.user_id AND email = link.email;
    RETURN FOUND;
END
$$;

ALTER FUNCTION app.verify_email(p_token text) OWNER TO portway_definer;

CREATE FUNCTION app.visible_users() RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    claims jsonb := app.claims();
    workspaces uuid[] := app.workspaces_of(claims, ARRAY['owner', 'admin', 'member', 'viewer'], '{}');
    organizations uuid[] := app.organizations_of(claims, ARRAY['owner', 'admin']);
BEGIN
    IF claims IS NULL THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(
        SELECT (claims ->> 'sub')::uuid
        UNION
        SELECT m.user_id FROM public.workspace_members AS m WHERE m.workspace_id = ANY (workspaces)
        UNION
        SELECT o.user_id FROM public.organization_members AS o WHERE o.organization_id = ANY (organizations)
    );
END
$$;

ALTER FUNCTION app.visible_users() OWNER TO portway_definer;

CREATE FUNCTION app.workspace_limit() RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN (app.claims() ->> 'workspace')::uuid;
END
$$;

ALTER FUNCTION app.workspace_limit() OWNER TO portway_definer;

CREATE FUNCTION app.workspaces_of(p_claims jsonb, p_roles text[], p_organization_roles text[]) RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN ARRAY(
        SELECT reachable.id FROM (
            SELECT m.workspace_id FROM public.workspace_members AS m
            WHERE m.user_id = (p_claims ->> 'sub')::uuid AND m.role = ANY (p_roles)
            UNION
            SELECT w.id FROM public.organization_members AS o
            JOIN public.workspaces AS w ON w.organization_id = o.organization_id
            WHERE o.user_id = (p_claims ->> 'sub')::uuid AND o.role = ANY (p_organization_roles)
        ) AS reachable (id)
        WHERE p_claims ->> 'workspace' IS NULL OR reachable.id = (p_claims ->> 'workspace')::uuid
    );
END
$$;

ALTER FUNCTION app.workspaces_of(p_claims jsonb, p_roles text[], p_organization_roles text[]) OWNER TO portway_definer;

CREATE FUNCTION jobs.procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status = 'todo'
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        IF abort THEN
            UPDATE procrastinate_jobs
            SET abort_requested = true,
                status = CASE status
                    WHEN 'todo' THEN 'cancelled'::procrastinate_job_status ELSE status
                END
            WHERE id = job_id AND status IN ('todo', 'doing')
            RETURNING id INTO _job_id;
        ELSE
            UPDATE procrastinate_jobs
            SET status = 'cancelled'::procrastinate_job_status
            WHERE id = job_id AND status = 'todo'
            RETURNING id INTO _job_id;
        END IF;
    END IF;
    RETURN _job_id;
END;
$$;

ALTER FUNCTION jobs.procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean) OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_defer_jobs_v1(jobs jobs.procrastinate_job_to_defer_v1[]) RETURNS bigint[]
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
    job_ids bigint[];
BEGIN
    WITH inserted_jobs AS (
        INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
        SELECT (job).queue_name,
               (job).task_name,
               (job).priority,
               (job).lock,
               (job).queueing_lock,
               (job).args,
               (job).scheduled_at
        FROM unnest(jobs) AS job
        RETURNING id
    )
    SELECT array_agg(id) FROM inserted_jobs INTO job_ids;

    RETURN job_ids;
END;
$$;

ALTER FUNCTION jobs.procrastinate_defer_jobs_v1(jobs jobs.procrastinate_job_to_defer_v1[]) OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_defer_periodic_job_v2(_queue_name character varying, _lock character varying, _queueing_lock character varying, _task_name character varying, _priority integer, _periodic_id character varying, _defer_timestamp bigint, _args jsonb) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
	_job_id bigint;
	_defer_id bigint;
BEGIN
    INSERT
        INTO procrastinate_periodic_defers (task_name, periodic_id, defer_timestamp)
        VALUES (_task_name, _periodic_id, _defer_timestamp)
        ON CONFLICT DO NOTHING
        RETURNING id into _defer_id;

    IF _defer_id IS NULL THEN
        RETURN NULL;
    END IF;

    UPDATE procrastinate_periodic_defers
        SET job_id = (
            SELECT COALESCE((
                SELECT unnest(procrastinate_defer_jobs_v1(
                    ARRAY[
                        ROW(
                            _queue_name,
                            _task_name,
                            _priority,
                            _lock,
                            _queueing_lock,
                            _args,
                            NULL::timestamptz
                        )
                    ]::procrastinate_job_to_defer_v1[]
                ))
            ), NULL)
        )
        WHERE id = _defer_id
        RETURNING job_id INTO _job_id;

    DELETE
        FROM procrastinate_periodic_defers
        USING (
            SELECT id
            FROM procrastinate_periodic_defers
            WHERE procrastinate_periodic_defers.task_name = _task_name
            AND procrastinate_periodic_defers.periodic_id = _periodic_id
            AND procrastinate_periodic_defers.defer_timestamp < _defer_timestamp
            ORDER BY id
            FOR UPDATE
        ) to_delete
        WHERE procrastinate_periodic_defers.id = to_delete.id;

    RETURN _job_id;
END;
$$;

ALTER FUNCTION jobs.procrastinate_defer_periodic_job_v2(_queue_name character varying, _lock character varying, _queueing_lock character varying, _task_name character varying, _priority integer, _periodic_id character varying, _defer_timestamp bigint, _args jsonb) OWNER TO portway_owner;

CREATE TABLE jobs.procrastinate_jobs (
    id bigint NOT NULL,
    queue_name character varying(128) NOT NULL,
    task_name character varying(128) NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    lock text,
    queueing_lock text,
    args jsonb DEFAULT '{}'::jsonb NOT NULL,
    status jobs.procrastinate_job_status DEFAULT 'todo'::jobs.procrastinate_job_status NOT NULL,
    scheduled_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    abort_requested boolean DEFAULT false NOT NULL,
    worker_id bigint,
    CONSTRAINT check_not_todo_abort_requested CHECK ((NOT ((status = 'todo'::jobs.procrastinate_job_status) AND (abort_requested = true))))
);

ALTER TABLE jobs.procrastinate_jobs OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_fetch_job_v2(target_queue_names character varying[], p_worker_id bigint) RETURNS jobs.procrastinate_jobs
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
	found_jobs procrastinate_jobs;
BEGIN
    WITH candidate AS (
        SELECT jobs.*
            FROM procrastinate_jobs AS jobs
            WHERE
                -- reject the job if its lock has earlier or higher priority jobs
                NOT EXISTS (
                    SELECT 1
                        FROM procrastinate_jobs AS other_jobs
                        WHERE
                            jobs.lock IS NOT NULL
                            AND other_jobs.lock = jobs.lock
                            AND (
                                -- job with same lock is already running
                                other_jobs.status = 'doing'
                                OR
                                -- job with same lock is waiting and has higher priority (or same priority but was queued first)
                                (
                                    other_jobs.status = 'todo'
                                    AND (
                                        other_jobs.priority > jobs.priority
                                        OR (
                                        other_jobs.priority = jobs.priority
                                        AND other_jobs.id < jobs.id
                                        )
                                    )
                                )
                            )
                )
                AND jobs.status = 'todo'
                AND (target_queue_names IS NULL OR jobs.queue_name = ANY( target_queue_names ))
                AND (jobs.scheduled_at IS NULL OR jobs.scheduled_at <= now())
            ORDER BY jobs.priority DESC, jobs.id ASC LIMIT 1
            FOR UPDATE OF jobs SKIP LOCKED
    )
    UPDATE procrastinate_jobs
        SET status = 'doing', worker_id = p_worker_id
        FROM candidate
        WHERE procrastinate_jobs.id = candidate.id
        RETURNING procrastinate_jobs.* INTO found_jobs;

 RETURN found_jobs;
END;
$$;

ALTER FUNCTION jobs.procrastinate_fetch_job_v2(target_queue_names character varying[], p_worker_id bigint) OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_finish_job_v1(job_id bigint, end_status jobs.procrastinate_job_status, delete_job boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF end_status NOT IN ('succeeded', 'failed', 'aborted') THEN
        RAISE 'End status should be either "succeeded", "failed" or "aborted" (job id: %)', job_id;
    END IF;
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = end_status,
            abort_requested = false,
            attempts = CASE status
                WHEN 'doing' THEN attempts + 1 ELSE attempts
            END
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" or "todo" status (job id: %)', job_id;
    END IF;
END;
$$;

ALTER FUNCTION jobs.procrastinate_finish_job_v1(job_id bigint, end_status jobs.procrastinate_job_status, delete_job boolean) OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_notify_queue_abort_job_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'abort_job_requested', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;

ALTER FUNCTION jobs.procrastinate_notify_queue_abort_job_v1() OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_notify_queue_job_inserted_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'job_inserted', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;

ALTER FUNCTION jobs.procrastinate_notify_queue_job_inserted_v1() OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_prune_stalled_workers_v1(seconds_since_heartbeat double precision) RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    RETURN QUERY
    DELETE FROM procrastinate_workers
    WHERE last_heartbeat < NOW() - (seconds_since_heartbeat || 'SECOND')::INTERVAL
    RETURNING procrastinate_workers.id;
END;
$$;

ALTER FUNCTION jobs.procrastinate_prune_stalled_workers_v1(seconds_since_heartbeat double precision) OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_register_worker_v1() RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    RETURN QUERY
    INSERT INTO procrastinate_workers DEFAULT VALUES
    RETURNING procrastinate_workers.id;
END;
$$;

ALTER FUNCTION jobs.procrastinate_register_worker_v1() OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_retry_job_v1(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
BEGIN
    SELECT abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status = 'doing'
    FOR UPDATE
    INTO _abort_requested;
    IF _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    END IF;

    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" status (job id: %)', job_id;
    END IF;
END;
$$;

ALTER FUNCTION jobs.procrastinate_retry_job_v1(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_retry_job_v2(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
    _current_status procrastinate_job_status;
BEGIN
    SELECT status, abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status IN ('doing', 'failed')
    FOR UPDATE
    INTO _current_status, _abort_requested;
    IF _current_status = 'doing' AND _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status IN ('doing', 'failed')
        RETURNING id INTO _job_id;
    END IF;

    IF _job_id IS NULL THEN
        RAISE 'Job was not found or has an invalid status to retry (job id: %)', job_id;
    END IF;

END;
$$;

ALTER FUNCTION jobs.procrastinate_retry_job_v2(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_trigger_abort_requested_events_procedure_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'abort_requested'::procrastinate_job_event_type);
    RETURN NEW;
END;
$$;

ALTER FUNCTION jobs.procrastinate_trigger_abort_requested_events_procedure_v1() OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_trigger_function_scheduled_events_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type, at)
        VALUES (NEW.id, 'scheduled'::procrastinate_job_event_type, NEW.scheduled_at);

	RETURN NEW;
END;
$$;

ALTER FUNCTION jobs.procrastinate_trigger_function_scheduled_events_v1() OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_trigger_function_status_events_insert_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'deferred'::procrastinate_job_event_type);
	RETURN NEW;
END;
$$;

ALTER FUNCTION jobs.procrastinate_trigger_function_status_events_insert_v1() OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_trigger_function_status_events_update_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    WITH t AS (
        SELECT CASE
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND NEW.status = 'doing'::procrastinate_job_status
                THEN 'started'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'deferred_for_retry'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'failed'::procrastinate_job_status
                THEN 'failed'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'succeeded'::procrastinate_job_status
                THEN 'succeeded'::procrastinate_job_event_type
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND (
                    NEW.status = 'cancelled'::procrastinate_job_status
                    OR NEW.status = 'failed'::procrastinate_job_status
                    OR NEW.status = 'succeeded'::procrastinate_job_status
                )
                THEN 'cancelled'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'aborted'::procrastinate_job_status
                THEN 'aborted'::procrastinate_job_event_type
            WHEN OLD.status = 'failed'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'retried'::procrastinate_job_event_type
            ELSE NULL
        END as event_type
    )
    INSERT INTO procrastinate_events(job_id, type)
        SELECT NEW.id, t.event_type
        FROM t
        WHERE t.event_type IS NOT NULL;
	RETURN NEW;
END;
$$;

ALTER FUNCTION jobs.procrastinate_trigger_function_status_events_update_v1() OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_unlink_periodic_defers_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    UPDATE procrastinate_periodic_defers
    SET job_id = NULL
    WHERE job_id = OLD.id;
    RETURN OLD;
END;
$$;

ALTER FUNCTION jobs.procrastinate_unlink_periodic_defers_v1() OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_unregister_worker_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    DELETE FROM procrastinate_workers
    WHERE id = worker_id;
END;
$$;

ALTER FUNCTION jobs.procrastinate_unregister_worker_v1(worker_id bigint) OWNER TO portway_owner;

CREATE FUNCTION jobs.procrastinate_update_heartbeat_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    UPDATE procrastinate_workers
    SET last_heartbeat = NOW()
    WHERE id = worker_id;
END;
$$;

ALTER FUNCTION jobs.procrastinate_update_heartbeat_v1(worker_id bigint) OWNER TO portway_owner;

CREATE FUNCTION keyring.add_key(p_purpose text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'extensions', 'pg_temp'
    AS $$
DECLARE
    iv bytea := extensions.gen_random_bytes(16);
    new_id integer;
BEGIN
    UPDATE keyring.keys SET retired_at = now() WHERE purpose = p_purpose AND retired_at IS NULL;
    INSERT INTO keyring.keys (purpose, iv, wrapped_key)
    SELECT p_purpose, iv, extensions.encrypt_iv(
        extensions.gen_random_bytes(32), keyring.fetch_master_key(m), iv, 'aes-cbc/pad:none'
    )
    FROM keyring.master_key AS m
    RETURNING id INTO new_id;
    RETURN new_id;
END
$$;

ALTER FUNCTION keyring.add_key(p_purpose text) OWNER TO portway_keyring;

CREATE TABLE keyring.keys (
    id integer NOT NULL,
    purpose text NOT NULL,
    iv bytea NOT NULL,
    wrapped_key bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    retired_at timestamp with time zone,
    CONSTRAINT keys_purpose_check CHECK ((purpose = ANY (ARRAY['seal'::text, 'data'::text, 'jwt'::text])))
);

ALTER TABLE keyring.keys OWNER TO portway_keyring;

CREATE FUNCTION keyring.current_key_id(p_purpose text) RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'extensions', 'pg_temp'
    RETURN (SELECT k.id FROM keyring.keys k WHERE ((k.purpose = current_key_id.p_purpose) AND (k.retired_at IS NULL)));

ALTER FUNCTION keyring.current_key_id(p_purpose text) OWNER TO portway_keyring;

CREATE FUNCTION keyring.file_content(p_path text) RETURNS bytea
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN pg_read_binary_file(p_path);
END
$$;

ALTER FUNCTION keyring.file_content(p_path text) OWNER TO portway_keyring;

CREATE FUNCTION keyring.vault_secret(p_name text) RETURNS bytea
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    secret text;
BEGIN
    EXECUTE 'SELECT decrypted_secret FROM vault.decrypted_secrets WHERE name = $1' INTO secret USING p_name;
    RETURN decode(secret, 'hex');
END
$_$;

ALTER FUNCTION keyring.vault_secret(p_name text) OWNER TO portway_keyring;

CREATE TABLE keyring.master_key (
    singleton boolean DEFAULT true NOT NULL,
    source text NOT NULL,
    location text,
    key bytea,
    CONSTRAINT master_key_check CHECK (((source = 'table'::text) = (key IS NOT NULL))),
    CONSTRAINT master_key_check1 CHECK (((source = 'table'::text) = (location IS NULL))),
    CONSTRAINT master_key_singleton_check CHECK (singleton),
    CONSTRAINT master_key_source_check CHECK ((source = ANY (ARRAY['file'::text, 'vault'::text, 'table'::text])))
);

ALTER TABLE keyring.master_key OWNER TO portway_keyring;

CREATE FUNCTION keyring.fetch_master_key(p_place keyring.master_key) RETURNS bytea
    LANGUAGE sql
    RETURN CASE (p_place).source WHEN 'file'::text THEN keyring.file_content((p_place).location) WHEN 'vault'::text THEN keyring.vault_secret((p_place).location) ELSE (p_place).key END;

ALTER FUNCTION keyring.fetch_master_key(p_place keyring.master_key) OWNER TO portway_keyring;

CREATE FUNCTION keyring.from_base64url(p_value text) RETURNS bytea
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN decode((translate(p_value, '-_'::text, '+/'::text) || repeat('='::text, ((4 - (length(p_value) % 4)) % 4))), 'base64'::text);

ALTER FUNCTION keyring.from_base64url(p_value text) OWNER TO portway_keyring;

CREATE FUNCTION keyring.initialize(p_source text, p_location text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'extensions', 'pg_temp'
    AS $$
DECLARE
    place keyring.master_key;
BEGIN
    IF EXISTS (SELECT FROM keyring.master_key) THEN
        RETURN;
    END IF;
    INSERT INTO keyring.master_key (source, location, key)
    VALUES (p_source, p_location, CASE WHEN p_source = 'table' THEN extensions.gen_random_bytes(32) END)
    RETURNING * INTO place;
    IF length(keyring.fetch_master_key(place)) IS DISTINCT FROM 32 THEN
        RAISE EXCEPTION 'the master key must be 32 bytes long';
    END IF;
    PERFORM keyring.add_key(purpose) FROM unnest(ARRAY['seal', 'data', 'jwt']) AS purpose;
END
$$;

ALTER FUNCTION keyring.initialize(p_source text, p_location text) OWNER TO portway_keyring;

CREATE FUNCTION keyring.open_seal(p_sealed text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN (keyring.open_seals(ARRAY[p_sealed]))[1];
END
$$;

ALTER FUNCTION keyring.open_seal(p_sealed text) OWNER TO portway_keyring;

CREATE FUNCTION keyring.reencrypt(p_ciphertext bytea, p_key_id integer, p_owner uuid, p_type text, OUT ciphertext bytea, OUT key_id integer) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    plaintext text := (keyring.decrypt_all(ARRAY[p_ciphertext], ARRAY[p_key_id], ARRAY[p_owner], ARRAY[p_type]))[1];
BEGIN
    IF plaintext IS NOT NULL THEN
        SELECT e.ciphertext, e.key_id INTO ciphertext, key_id FROM keyring.encrypt(plaintext, p_owner, p_type) AS e;
    END IF;
END
$$;

ALTER FUNCTION keyring.reencrypt(p_ciphertext bytea, p_key_id integer, p_owner uuid, p_type text, OUT ciphertext bytea, OUT key_id integer) OWNER TO portway_keyring;

CREATE FUNCTION keyring.rotate(p_at_once boolean) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM keyring.add_key('seal'), keyring.add_key('jwt');
    IF p_at_once THEN
        UPDATE keyring.keys SET retired_at = '-infinity' WHERE purpose <> 'data' AND retired_at IS NOT NULL;
    END IF;
    RETURN keyring.add_key('data');
END
$$;

ALTER FUNCTION keyring.rotate(p_at_once boolean) OWNER TO portway_keyring;

CREATE FUNCTION keyring.set_jwt_issuer(p_issuer text, p_audience text, p_secret text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'extensions', 'pg_temp'
    AS $$
DECLARE
    sealed record;
BEGIN
    DELETE FROM keyring.jwt_issuers;
    IF p_secret IS NULL THEN
        RETURN;
    END IF;
    sealed := keyring.encrypt(p_secret, '00000000-0000-0000-0000-000000000000', 'jwt_issuer');
    INSERT INTO keyring.jwt_issuers (issuer, audience, secret_ciphertext, key_id)
    VALUES (p_issuer, p_audience, sealed.ciphertext, sealed.key_id);
END
$$;

ALTER FUNCTION keyring.set_jwt_issuer(p_issuer text, p_audience text, p_secret text) OWNER TO portway_keyring;

CREATE FUNCTION keyring.steady_hash(p_text text) RETURNS bytea
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN (
        SELECT extensions.hmac(convert_to(p_text, 'UTF8'), keyring.unwrapped(k, m), 'sha256')
        FROM keyring.keys AS k CROSS JOIN keyring.master_key AS m
        WHERE k.purpose = 'seal' ORDER BY k.id LIMIT 1
    );
END
$$;

ALTER FUNCTION keyring.steady_hash(p_text text) OWNER TO portway_keyring;

CREATE FUNCTION keyring.unwrap(p_key_id integer, p_purpose text) RETURNS bytea
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN (
        SELECT keyring.unwrapped(k, m) FROM keyring.keys AS k CROSS JOIN keyring.master_key AS m
        WHERE k.id = p_key_id AND k.purpose = p_purpose
            AND (p_purpose = 'data' OR k.retired_at IS NULL OR k.retired_at > now() - interval '1 day')
    );
END
$$;

ALTER FUNCTION keyring.unwrap(p_key_id integer, p_purpose text) OWNER TO portway_keyring;

CREATE FUNCTION keyring.unwrapped(p_key keyring.keys, p_place keyring.master_key) RETURNS bytea
    LANGUAGE sql
    RETURN extensions.decrypt_iv((p_key).wrapped_key, keyring.fetch_master_key(p_place), (p_key).iv, 'aes-cbc/pad:none'::text);

ALTER FUNCTION keyring.unwrapped(p_key keyring.keys, p_place keyring.master_key) OWNER TO portway_keyring;

CREATE FUNCTION keyring.verify_jwt(p_token text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'extensions', 'pg_temp'
    AS $_$
DECLARE
    parts text[] := string_to_array(p_token, '.');
    header jsonb;
    claims jsonb;
    issuer keyring.jwt_issuers;
    secret bytea;
    epoch double precision := extract(epoch FROM clock_timestamp());
BEGIN
    IF cardinality(parts) IS DISTINCT FROM 3 OR length(p_token) > 16384 OR p_token !~ '^[A-Za-z0-9_.-]+$' THEN
        RETURN NULL;
    END IF;
    BEGIN
        header := convert_from(keyring.from_base64url(parts[1]), 'UTF8')::jsonb;
        claims := convert_from(keyring.from_base64url(parts[2]), 'UTF8')::jsonb;
    EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
        RETURN NULL;  -- no base64, no UTF-8, no JSON, or JSON that is nested too deep
    END;
    IF header ->> 'alg' IS DISTINCT FROM 'HS256' OR jsonb_typeof(claims) IS DISTINCT FROM 'object' THEN
        RETURN NULL;
    END IF;
    IF claims ->> 'iss' = 'portway' THEN
        IF header ->> 'kid' IS NULL OR header ->> 'kid' !~ '^[0-9]{1,9}$' THEN
            RETURN NULL;
        END IF;
        secret := keyring.unwrap((header ->> 'kid')::integer, 'jwt');
    ELSE
        SELECT * INTO issuer FROM keyring.jwt_issuers AS i WHERE i.issuer IN (claims ->> 'iss', '*')
        ORDER BY (i.issuer = '*') LIMIT 1;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        IF issuer.audience IS NOT NULL AND NOT coalesce(
            claims -> 'aud' = to_jsonb(issuer.audience) OR claims -> 'aud' @> to_jsonb(ARRAY[issuer.audience]), false
        ) THEN
            RETURN NULL;
        END IF;
        secret := convert_to(
            keyring.decrypt(issuer.secret_ciphertext, issuer.key_id, '00000000-0000-0000-0000-000000000000', 'jwt_issuer'), 'UTF8'
        );
    END IF;
    IF secret IS NULL OR parts[3] IS DISTINCT FROM keyring.base64url(
        extensions.hmac(convert_to(parts[1] || '.' || parts[2], 'UTF8'), secret, 'sha256')
    ) THEN
        RETURN NULL;
    END IF;
    -- 1e11 is the year 5138, well within what a timestamp holds.
    IF jsonb_typeof(claims -> 'exp') IS DISTINCT FROM 'number'
        OR (claims ->> 'exp')::numeric NOT BETWEEN epoch::numeric AND 1e11
        OR (jsonb_typeof(claims -> 'nbf') = 'number' AND (claims ->> 'nbf')::numeric > epoch::numeric + 60)
        OR jsonb_typeof(claims -> 'sub') IS DISTINCT FROM 'string'
    THEN
        RETURN NULL;
    END IF;
    RETURN claims;
END
$_$;

ALTER FUNCTION keyring.verify_jwt(p_token text) OWNER TO portway_keyring;

CREATE TABLE app.job_migrations (
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE app.job_migrations OWNER TO portway_owner;

CREATE TABLE app.migrations (
    number integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE app.migrations OWNER TO portway_owner;

CREATE TABLE jobs.procrastinate_events (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    type jobs.procrastinate_job_event_type,
    at timestamp with time zone DEFAULT now()
);

ALTER TABLE jobs.procrastinate_events OWNER TO portway_owner;

CREATE SEQUENCE jobs.procrastinate_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE jobs.procrastinate_events_id_seq OWNER TO portway_owner;

ALTER SEQUENCE jobs.procrastinate_events_id_seq OWNED BY jobs.procrastinate_events.id;

CREATE SEQUENCE jobs.procrastinate_jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE jobs.procrastinate_jobs_id_seq OWNER TO portway_owner;

ALTER SEQUENCE jobs.procrastinate_jobs_id_seq OWNED BY jobs.procrastinate_jobs.id;

CREATE TABLE jobs.procrastinate_periodic_defers (
    id bigint NOT NULL,
    task_name character varying(128) NOT NULL,
    defer_timestamp bigint,
    job_id bigint,
    periodic_id character varying(128) DEFAULT ''::character varying NOT NULL
);

ALTER TABLE jobs.procrastinate_periodic_defers OWNER TO portway_owner;

CREATE SEQUENCE jobs.procrastinate_periodic_defers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE jobs.procrastinate_periodic_defers_id_seq OWNER TO portway_owner;

ALTER SEQUENCE jobs.procrastinate_periodic_defers_id_seq OWNED BY jobs.procrastinate_periodic_defers.id;

CREATE TABLE jobs.procrastinate_workers (
    id bigint NOT NULL,
    last_heartbeat timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE jobs.procrastinate_workers OWNER TO portway_owner;

ALTER TABLE jobs.procrastinate_workers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME jobs.procrastinate_workers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE keyring.jwt_issuers (
    issuer text NOT NULL,
    audience text,
    secret_ciphertext bytea NOT NULL,
    key_id integer NOT NULL
);

ALTER TABLE keyring.jwt_issuers OWNER TO portway_keyring;

ALTER TABLE keyring.keys ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME keyring.keys_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.events (
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    organization_id uuid NOT NULL,
    workspace_id uuid,
    type text NOT NULL,
    data jsonb NOT NULL,
    occurred_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT events_data_check CHECK ((jsonb_typeof(data) = 'object'::text))
);

ALTER TABLE ONLY public.events FORCE ROW LEVEL SECURITY;

ALTER TABLE public.events OWNER TO portway_owner;

CREATE TABLE public.idempotency_keys (
    user_id uuid NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    execution_id uuid NOT NULL,
    encrypted_answer bytea,
    key_id integer,
    deadline timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT idempotency_keys_key_check CHECK (((length(key) >= 1) AND (length(key) <= 255)))
);

ALTER TABLE ONLY public.idempotency_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE public.idempotency_keys OWNER TO portway_owner;

CREATE TABLE public.one_time_tokens (
    token_hash bytea NOT NULL,
    purpose text NOT NULL,
    user_id uuid,
    email text,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT one_time_tokens_purpose_check CHECK ((purpose = ANY (ARRAY['set_up'::text, 'verify_email'::text, 'reset_password'::text])))
);

ALTER TABLE ONLY public.one_time_tokens FORCE ROW LEVEL SECURITY;

ALTER TABLE public.one_time_tokens OWNER TO portway_owner;

CREATE TABLE public.organization_members (
    organization_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT organization_members_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text])))
);

ALTER TABLE ONLY public.organization_members FORCE ROW LEVEL SECURITY;

ALTER TABLE public.organization_members OWNER TO portway_owner;

CREATE TABLE public.organizations (
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT organizations_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

ALTER TABLE ONLY public.organizations FORCE ROW LEVEL SECURITY;

ALTER TABLE public.organizations OWNER TO portway_owner;

CREATE TABLE public.refresh_leases (
    connection_id uuid NOT NULL,
    holder uuid NOT NULL,
    credential_version integer NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.refresh_leases FORCE ROW LEVEL SECURITY;

ALTER TABLE public.refresh_leases OWNER TO portway_owner;

CREATE TABLE public.settings (
    singleton boolean DEFAULT true NOT NULL,
    log_retention interval DEFAULT '400 days'::interval NOT NULL,
    minimum_log_retention interval DEFAULT '30 days'::interval NOT NULL,
    CONSTRAINT settings_singleton_check CHECK (singleton)
);

ALTER TABLE ONLY public.settings FORCE ROW LEVEL SECURITY;

ALTER TABLE public.settings OWNER TO portway_owner;

CREATE TABLE public.usage_by_action (
    workspace_id uuid NOT NULL,
    hour timestamp with time zone NOT NULL,
    integration_id uuid,
    action_id uuid,
    status text NOT NULL,
    error_code text,
    status_code integer,
    executions bigint NOT NULL,
    durations numeric
);

ALTER TABLE ONLY public.usage_by_action FORCE ROW LEVEL SECURITY;

ALTER TABLE public.usage_by_action OWNER TO portway_owner;

CREATE TABLE public.usage_by_connection (
    workspace_id uuid NOT NULL,
    hour timestamp with time zone NOT NULL,
    integration_id uuid,
    action_id uuid,
    user_id uuid,
    connection_id uuid,
    status text NOT NULL,
    error_code text,
    status_code integer,
    executions bigint NOT NULL,
    durations numeric
);

ALTER TABLE ONLY public.usage_by_connection FORCE ROW LEVEL SECURITY;

ALTER TABLE public.usage_by_connection OWNER TO portway_owner;

CREATE TABLE public.user_identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.user_identities FORCE ROW LEVEL SECURITY;

ALTER TABLE public.user_identities OWNER TO portway_owner;

CREATE TABLE public.webhook_attempts (
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    organization_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    attempted_at timestamp with time zone NOT NULL,
    duration_ms double precision NOT NULL,
    status_code integer,
    error text,
    answer text,
    CONSTRAINT webhook_attempts_answer_check CHECK ((length(answer) <= 1024))
);

ALTER TABLE ONLY public.webhook_attempts FORCE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_attempts OWNER TO portway_owner;

CREATE TABLE public.webhook_endpoints (
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    organization_id uuid NOT NULL,
    url text NOT NULL,
    description text,
    events text[] NOT NULL,
    disabled_at timestamp with time zone,
    disabled_reason text,
    failing_since timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT webhook_endpoints_check CHECK (((disabled_at IS NULL) = (disabled_reason IS NULL))),
    CONSTRAINT webhook_endpoints_description_check CHECK ((length(description) <= 1000)),
    CONSTRAINT webhook_endpoints_disabled_reason_check CHECK ((disabled_reason = ANY (ARRAY['by_user'::text, 'gone'::text, 'failing'::text]))),
    CONSTRAINT webhook_endpoints_events_check CHECK (((cardinality(events) >= 1) AND (events <@ ARRAY['connection.created'::text, 'connection.refreshed'::text, 'connection.reauthorization_required'::text, 'connection.deleted'::text, 'execution.failed'::text]))),
    CONSTRAINT webhook_endpoints_url_check CHECK (((length(url) >= 1) AND (length(url) <= 2000)))
);

ALTER TABLE ONLY public.webhook_endpoints FORCE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_endpoints OWNER TO portway_owner;

CREATE TABLE public.webhook_secrets (
    id uuid DEFAULT app.uuid_v7() NOT NULL,
    endpoint_id uuid NOT NULL,
    encrypted_value bytea NOT NULL,
    key_id integer NOT NULL,
    expires_at timestamp with time zone
);

ALTER TABLE ONLY public.webhook_secrets FORCE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_secrets OWNER TO portway_owner;

ALTER TABLE ONLY jobs.procrastinate_events ALTER COLUMN id SET DEFAULT nextval('jobs.procrastinate_events_id_seq'::regclass);

ALTER TABLE ONLY jobs.procrastinate_jobs ALTER COLUMN id SET DEFAULT nextval('jobs.procrastinate_jobs_id_seq'::regclass);

ALTER TABLE ONLY jobs.procrastinate_periodic_defers ALTER COLUMN id SET DEFAULT nextval('jobs.procrastinate_periodic_defers_id_seq'::regclass);

ALTER TABLE ONLY app.job_migrations
    ADD CONSTRAINT job_migrations_pkey PRIMARY KEY (name);

ALTER TABLE ONLY app.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);

ALTER TABLE ONLY jobs.procrastinate_events
    ADD CONSTRAINT procrastinate_events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY jobs.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY jobs.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY jobs.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_unique UNIQUE (task_name, periodic_id, defer_timestamp);

ALTER TABLE ONLY jobs.procrastinate_workers
    ADD CONSTRAINT procrastinate_workers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY keyring.jwt_issuers
    ADD CONSTRAINT jwt_issuers_pkey PRIMARY KEY (issuer);

ALTER TABLE ONLY keyring.keys
    ADD CONSTRAINT keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY keyring.master_key
    ADD CONSTRAINT master_key_pkey PRIMARY KEY (singleton);

ALTER TABLE ONLY public.actions
    ADD CONSTRAINT actions_integration_id_slug_key UNIQUE (integration_id, slug);

ALTER TABLE ONLY public.actions
    ADD CONSTRAINT actions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_logs
    ADD CONSTRAINT api_logs_pkey PRIMARY KEY (executed_at, id);

ALTER TABLE ONLY public.connect_links
    ADD CONSTRAINT connect_links_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.connect_links
    ADD CONSTRAINT connect_links_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_id_workspace_id_key UNIQUE (id, workspace_id);

ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.encrypted_credentials
    ADD CONSTRAINT encrypted_credentials_pkey PRIMARY KEY (connection_id, credential_type);

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_execution_id_key UNIQUE (execution_id);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key);

ALTER TABLE ONLY public.integrations
    ADD CONSTRAINT integrations_organization_id_slug_key UNIQUE NULLS NOT DISTINCT (organization_id, slug);

ALTER TABLE ONLY public.integrations
    ADD CONSTRAINT integrations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.oauth_authorizations
    ADD CONSTRAINT oauth_authorizations_id_key UNIQUE (id);

ALTER TABLE ONLY public.oauth_authorizations
    ADD CONSTRAINT oauth_authorizations_pkey PRIMARY KEY (state_hash);

ALTER TABLE ONLY public.oauth_clients
    ADD CONSTRAINT oauth_clients_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.one_time_tokens
    ADD CONSTRAINT one_time_tokens_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.organization_members
    ADD CONSTRAINT organization_members_pkey PRIMARY KEY (organization_id, user_id);

ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT organizations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.refresh_leases
    ADD CONSTRAINT refresh_leases_pkey PRIMARY KEY (connection_id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_outside_token_hash_key UNIQUE (outside_token_hash);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_refresh_family_hash_key UNIQUE (refresh_family_hash);

ALTER TABLE ONLY public.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (singleton);

ALTER TABLE ONLY public.unfinished_usage
    ADD CONSTRAINT unfinished_usage_pkey PRIMARY KEY (hour);

ALTER TABLE ONLY public.usage_progress
    ADD CONSTRAINT usage_progress_pkey PRIMARY KEY (singleton);

ALTER TABLE ONLY public.user_identities
    ADD CONSTRAINT user_identities_pkey PRIMARY KEY (issuer, subject);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_attempts
    ADD CONSTRAINT webhook_attempts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_endpoint_id_event_id_key UNIQUE (endpoint_id, event_id);

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_endpoints
    ADD CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_secrets
    ADD CONSTRAINT webhook_secrets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.workspace_members
    ADD CONSTRAINT workspace_members_pkey PRIMARY KEY (workspace_id, user_id);

ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT workspaces_id_organization_id_key UNIQUE (id, organization_id);

ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT workspaces_pkey PRIMARY KEY (id);

CREATE INDEX idx_procrastinate_jobs_worker_not_null ON jobs.procrastinate_jobs USING btree (worker_id) WHERE ((worker_id IS NOT NULL) AND (status = 'doing'::jobs.procrastinate_job_status));

CREATE INDEX idx_procrastinate_workers_last_heartbeat ON jobs.procrastinate_workers USING btree (last_heartbeat);

CREATE INDEX procrastinate_events_job_id_fkey_v1 ON jobs.procrastinate_events USING btree (job_id);

CREATE INDEX procrastinate_jobs_id_lock_idx_v1 ON jobs.procrastinate_jobs USING btree (id, lock) WHERE (status = ANY (ARRAY['todo'::jobs.procrastinate_job_status, 'doing'::jobs.procrastinate_job_status]));

CREATE UNIQUE INDEX procrastinate_jobs_lock_idx_v1 ON jobs.procrastinate_jobs USING btree (lock) WHERE (status = 'doing'::jobs.procrastinate_job_status);

CREATE INDEX procrastinate_jobs_priority_idx_v1 ON jobs.procrastinate_jobs USING btree (priority DESC, id) WHERE (status = 'todo'::jobs.procrastinate_job_status);

CREATE INDEX procrastinate_jobs_queue_name_idx_v1 ON jobs.procrastinate_jobs USING btree (queue_name);

CREATE UNIQUE INDEX procrastinate_jobs_queueing_lock_idx_v1 ON jobs.procrastinate_jobs USING btree (queueing_lock) WHERE (status = 'todo'::jobs.procrastinate_job_status);

CREATE INDEX procrastinate_periodic_defers_job_id_fkey_v1 ON jobs.procrastinate_periodic_defers USING btree (job_id);

CREATE UNIQUE INDEX keys_current ON keyring.keys USING btree (purpose) WHERE (retired_at IS NULL);

CREATE INDEX actions_organization ON public.actions USING btree (organization_id);

CREATE INDEX actions_search ON public.actions USING gin (search);

CREATE INDEX actions_similar ON public.actions USING gin ((((slug || ' '::text) || name)) extensions.gin_trgm_ops);

CREATE INDEX actions_slug ON public.actions USING btree (slug, id);

CREATE INDEX api_keys_user ON public.api_keys USING btree (user_id);

CREATE INDEX api_keys_workspace ON public.api_keys USING btree (workspace_id);

CREATE INDEX api_logs_connection ON ONLY public.api_logs USING btree (connection_id, executed_at DESC);

CREATE INDEX api_logs_nowhere ON ONLY public.api_logs USING btree (user_id, executed_at DESC) WHERE (workspace_id IS NULL);

CREATE INDEX api_logs_workspace_user ON ONLY public.api_logs USING btree (workspace_id, executed_at DESC, user_id);

CREATE INDEX connect_links_connection ON public.connect_links USING btree (connection_id);

CREATE INDEX connect_links_expires ON public.connect_links USING btree (expires_at);

CREATE INDEX connect_links_integration ON public.connect_links USING btree (integration_id);

CREATE INDEX connect_links_organization ON public.connect_links USING btree (organization_id);

CREATE INDEX connect_links_user ON public.connect_links USING btree (user_id);

CREATE INDEX connect_links_workspace ON public.connect_links USING btree (workspace_id, id);

CREATE INDEX connections_account ON public.connections USING btree (user_id, integration_id, account_id);

CREATE INDEX connections_end_user ON public.connections USING btree (workspace_id, end_user_id) WHERE (end_user_id IS NOT NULL);

CREATE INDEX connections_expiring ON public.connections USING btree (expires_at) WHERE ((status = 'active'::text) AND (expires_at IS NOT NULL));

CREATE INDEX connections_integration ON public.connections USING btree (integration_id);

CREATE INDEX connections_oauth_client ON public.connections USING btree (oauth_client_id);

CREATE INDEX connections_organization ON public.connections USING btree (organization_id);

CREATE INDEX connections_user ON public.connections USING btree (user_id);

CREATE INDEX connections_workspace ON public.connections USING btree (workspace_id, id);

CREATE INDEX encrypted_credentials_key ON public.encrypted_credentials USING btree (key_id);

CREATE INDEX encrypted_credentials_workspace ON public.encrypted_credentials USING btree (workspace_id);

CREATE INDEX events_occurred ON public.events USING btree (occurred_at);

CREATE INDEX events_organization ON public.events USING btree (organization_id, id);

CREATE INDEX idempotency_keys_expires ON public.idempotency_keys USING btree (expires_at);

CREATE INDEX integrations_search ON public.integrations USING gin (search);

CREATE INDEX integrations_similar ON public.integrations USING gin ((((slug || ' '::text) || name)) extensions.gin_trgm_ops);

CREATE INDEX integrations_slug ON public.integrations USING btree (slug);

CREATE INDEX invitations_email ON public.invitations USING btree (email);

CREATE INDEX invitations_organization ON public.invitations USING btree (organization_id);

CREATE INDEX invitations_workspace ON public.invitations USING btree (workspace_id);

CREATE INDEX oauth_authorizations_connect_link ON public.oauth_authorizations USING btree (connect_link_id);

CREATE INDEX oauth_authorizations_connection ON public.oauth_authorizations USING btree (connection_id);

CREATE INDEX oauth_authorizations_expires ON public.oauth_authorizations USING btree (expires_at);

CREATE INDEX oauth_authorizations_integration ON public.oauth_authorizations USING btree (integration_id);

CREATE INDEX oauth_authorizations_oauth_client ON public.oauth_authorizations USING btree (oauth_client_id);

CREATE INDEX oauth_authorizations_user ON public.oauth_authorizations USING btree (user_id);

CREATE INDEX oauth_authorizations_workspace ON public.oauth_authorizations USING btree (workspace_id);

CREATE UNIQUE INDEX oauth_clients_current ON public.oauth_clients USING btree (organization_id, integration_id, name) WHERE (replaced_at IS NULL);

CREATE INDEX oauth_clients_integration ON public.oauth_clients USING btree (integration_id);

CREATE INDEX one_time_tokens_user ON public.one_time_tokens USING btree (user_id);

CREATE INDEX organization_members_user ON public.organization_members USING btree (user_id);

CREATE INDEX sessions_expires ON public.sessions USING btree (expires_at);

CREATE INDEX sessions_user ON public.sessions USING btree (user_id);

CREATE INDEX usage_by_action_hour ON public.usage_by_action USING btree (hour);

CREATE INDEX usage_by_action_workspace ON public.usage_by_action USING btree (workspace_id, hour);

CREATE INDEX usage_by_connection_connection ON public.usage_by_connection USING btree (connection_id, hour);

CREATE INDEX usage_by_connection_hour ON public.usage_by_connection USING btree (hour);

CREATE INDEX usage_by_connection_workspace ON public.usage_by_connection USING btree (workspace_id, hour);

CREATE INDEX user_identities_user ON public.user_identities USING btree (user_id);

CREATE UNIQUE INDEX users_email ON public.users USING btree (email);

CREATE INDEX webhook_attempts_delivery ON public.webhook_attempts USING btree (delivery_id, id);

CREATE INDEX webhook_attempts_organization ON public.webhook_attempts USING btree (organization_id);

CREATE INDEX webhook_deliveries_claimed ON public.webhook_deliveries USING btree (endpoint_id, claimed_until) WHERE (claimed_until IS NOT NULL);

CREATE INDEX webhook_deliveries_endpoint ON public.webhook_deliveries USING btree (endpoint_id, id);

CREATE INDEX webhook_deliveries_event ON public.webhook_deliveries USING btree (event_id);

CREATE INDEX webhook_deliveries_organization ON public.webhook_deliveries USING btree (organization_id);

CREATE INDEX webhook_deliveries_pending ON public.webhook_deliveries USING btree (next_attempt_at) WHERE (status = 'pending'::text);

CREATE INDEX webhook_endpoints_organization ON public.webhook_endpoints USING btree (organization_id, id);

CREATE INDEX webhook_secrets_endpoint ON public.webhook_secrets USING btree (endpoint_id);

CREATE INDEX webhook_secrets_key ON public.webhook_secrets USING btree (key_id);

CREATE INDEX workspace_members_organization ON public.workspace_members USING btree (organization_id, user_id);

CREATE INDEX workspace_members_user ON public.workspace_members USING btree (user_id, workspace_id);

CREATE INDEX workspaces_organization ON public.workspaces USING btree (organization_id);

CREATE TRIGGER procrastinate_jobs_notify_queue_job_aborted_v1 AFTER UPDATE OF abort_requested ON jobs.procrastinate_jobs FOR EACH ROW WHEN (((old.abort_requested = false) AND (new.abort_requested = true) AND (new.status = 'doing'::jobs.procrastinate_job_status))) EXECUTE FUNCTION jobs.procrastinate_notify_queue_abort_job_v1();

CREATE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 AFTER INSERT ON jobs.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::jobs.procrastinate_job_status)) EXECUTE FUNCTION jobs.procrastinate_notify_queue_job_inserted_v1();

CREATE TRIGGER procrastinate_trigger_abort_requested_events_v1 AFTER UPDATE OF abort_requested ON jobs.procrastinate_jobs FOR EACH ROW WHEN ((new.abort_requested = true)) EXECUTE FUNCTION jobs.procrastinate_trigger_abort_requested_events_procedure_v1();

CREATE TRIGGER procrastinate_trigger_delete_jobs_v1 BEFORE DELETE ON jobs.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION jobs.procrastinate_unlink_periodic_defers_v1();

CREATE TRIGGER procrastinate_trigger_scheduled_events_v1 AFTER INSERT OR UPDATE ON jobs.procrastinate_jobs FOR EACH ROW WHEN (((new.scheduled_at IS NOT NULL) AND (new.status = 'todo'::jobs.procrastinate_job_status))) EXECUTE FUNCTION jobs.procrastinate_trigger_function_scheduled_events_v1();

CREATE TRIGGER procrastinate_trigger_status_events_insert_v1 AFTER INSERT ON jobs.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::jobs.procrastinate_job_status)) EXECUTE FUNCTION jobs.procrastinate_trigger_function_status_events_insert_v1();

CREATE TRIGGER procrastinate_trigger_status_events_update_v1 AFTER UPDATE OF status ON jobs.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION jobs.procrastinate_trigger_function_status_events_update_v1();

CREATE TRIGGER actions_organization BEFORE INSERT OR UPDATE ON public.actions FOR EACH ROW EXECUTE FUNCTION app.set_action_organization();

CREATE TRIGGER actions_version BEFORE UPDATE ON public.actions FOR EACH ROW EXECUTE FUNCTION app.bump_version();

CREATE TRIGGER api_logs_failed AFTER UPDATE OF status ON public.api_logs FOR EACH ROW WHEN (((old.status = 'started'::text) AND (new.status = ANY (ARRAY['error'::text, 'unknown'::text])))) EXECUTE FUNCTION app.tell_of_execution();

CREATE TRIGGER connections_created AFTER INSERT ON public.connections FOR EACH ROW EXECUTE FUNCTION app.tell_of_connection('connection.created');

CREATE TRIGGER connections_deleted AFTER DELETE ON public.connections FOR EACH ROW EXECUTE FUNCTION app.tell_of_connection('connection.deleted');

CREATE TRIGGER connections_reauthorization_required AFTER UPDATE OF status ON public.connections FOR EACH ROW WHEN (((new.status = 'reauthorization_required'::text) AND (old.status <> new.status))) EXECUTE FUNCTION app.tell_of_connection('connection.reauthorization_required');

CREATE TRIGGER connections_refreshed AFTER UPDATE OF renewed_at ON public.connections FOR EACH ROW WHEN (((new.renewed_at IS DISTINCT FROM old.renewed_at) AND (new.renewed_at IS NOT NULL))) EXECUTE FUNCTION app.tell_of_connection('connection.refreshed');

CREATE TRIGGER connections_status BEFORE UPDATE OF status ON public.connections FOR EACH ROW WHEN ((new.status <> old.status)) EXECUTE FUNCTION app.note_connection_status();

CREATE TRIGGER integrations_make_way BEFORE INSERT ON public.integrations FOR EACH ROW WHEN (((new.organization_id IS NULL) AND (NOT new.shipped))) EXECUTE FUNCTION app.make_way_for_integration();

CREATE TRIGGER integrations_moved AFTER UPDATE ON public.integrations FOR EACH ROW WHEN (((new.organization_id IS NOT NULL) AND ((new.base_url <> old.base_url) OR (new.auth_type <> old.auth_type) OR (((((new.auth_config -> 'token_url'::text) IS DISTINCT FROM (old.auth_config -> 'token_url'::text)) OR ((new.auth_config -> 'refresh_url'::text) IS DISTINCT FROM (old.auth_config -> 'refresh_url'::text))) OR ((new.auth_config -> 'revocation_url'::text) IS DISTINCT FROM (old.auth_config -> 'revocation_url'::text))) OR ((new.auth_config #> '{login,url}'::text[]) IS DISTINCT FROM (old.auth_config #> '{login,url}'::text[])))))) EXECUTE FUNCTION app.reauthorize_moved_integration();

CREATE TRIGGER integrations_version BEFORE UPDATE ON public.integrations FOR EACH ROW EXECUTE FUNCTION app.bump_version();

ALTER TABLE ONLY jobs.procrastinate_events
    ADD CONSTRAINT procrastinate_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs.procrastinate_jobs(id) ON DELETE CASCADE;

ALTER TABLE ONLY jobs.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES jobs.procrastinate_workers(id) ON DELETE SET NULL;

ALTER TABLE ONLY jobs.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs.procrastinate_jobs(id);

ALTER TABLE ONLY public.actions
    ADD CONSTRAINT actions_integration_id_fkey FOREIGN KEY (integration_id) REFERENCES public.integrations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.actions
    ADD CONSTRAINT actions_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.connect_links
    ADD CONSTRAINT connect_links_connection_id_workspace_id_fkey FOREIGN KEY (connection_id, workspace_id) REFERENCES public.connections(id, workspace_id) ON DELETE SET NULL (connection_id);

ALTER TABLE ONLY public.connect_links
    ADD CONSTRAINT connect_links_integration_id_fkey FOREIGN KEY (integration_id) REFERENCES public.integrations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.connect_links
    ADD CONSTRAINT connect_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.connect_links
    ADD CONSTRAINT connect_links_workspace_id_organization_id_fkey FOREIGN KEY (workspace_id, organization_id) REFERENCES public.workspaces(id, organization_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_integration_id_fkey FOREIGN KEY (integration_id) REFERENCES public.integrations(id);

ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_oauth_client_id_fkey FOREIGN KEY (oauth_client_id) REFERENCES public.oauth_clients(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_workspace_id_organization_id_fkey FOREIGN KEY (workspace_id, organization_id) REFERENCES public.workspaces(id, organization_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.encrypted_credentials
    ADD CONSTRAINT encrypted_credentials_connection_id_workspace_id_fkey FOREIGN KEY (connection_id, workspace_id) REFERENCES public.connections(id, workspace_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.integrations
    ADD CONSTRAINT integrations_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_workspace_id_organization_id_fkey FOREIGN KEY (workspace_id, organization_id) REFERENCES public.workspaces(id, organization_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.oauth_authorizations
    ADD CONSTRAINT oauth_authorizations_connect_link_id_fkey FOREIGN KEY (connect_link_id) REFERENCES public.connect_links(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.oauth_authorizations
    ADD CONSTRAINT oauth_authorizations_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.connections(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.oauth_authorizations
    ADD CONSTRAINT oauth_authorizations_integration_id_fkey FOREIGN KEY (integration_id) REFERENCES public.integrations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.oauth_authorizations
    ADD CONSTRAINT oauth_authorizations_oauth_client_id_fkey FOREIGN KEY (oauth_client_id) REFERENCES public.oauth_clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.oauth_authorizations
    ADD CONSTRAINT oauth_authorizations_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.oauth_authorizations
    ADD CONSTRAINT oauth_authorizations_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.oauth_clients
    ADD CONSTRAINT oauth_clients_integration_id_fkey FOREIGN KEY (integration_id) REFERENCES public.integrations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.oauth_clients
    ADD CONSTRAINT oauth_clients_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.one_time_tokens
    ADD CONSTRAINT one_time_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.organization_members
    ADD CONSTRAINT organization_members_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.organization_members
    ADD CONSTRAINT organization_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.refresh_leases
    ADD CONSTRAINT refresh_leases_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.connections(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.user_identities
    ADD CONSTRAINT user_identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook_attempts
    ADD CONSTRAINT webhook_attempts_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES public.webhook_deliveries(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook_attempts
    ADD CONSTRAINT webhook_attempts_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES public.webhook_endpoints(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.events(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook_endpoints
    ADD CONSTRAINT webhook_endpoints_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook_secrets
    ADD CONSTRAINT webhook_secrets_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES public.webhook_endpoints(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.workspace_members
    ADD CONSTRAINT workspace_members_organization_id_user_id_fkey FOREIGN KEY (organization_id, user_id) REFERENCES public.organization_members(organization_id, user_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.workspace_members
    ADD CONSTRAINT workspace_members_workspace_id_organization_id_fkey FOREIGN KEY (workspace_id, organization_id) REFERENCES public.workspaces(id, organization_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT workspaces_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id) ON DELETE CASCADE;

ALTER TABLE public.actions ENABLE ROW LEVEL SECURITY;

CREATE POLICY add ON public.actions FOR INSERT TO portway_app WITH CHECK (((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])) AND ( SELECT app.has_scope('catalog:write'::text) AS has_scope)));

CREATE POLICY add ON public.integrations FOR INSERT TO portway_app WITH CHECK (((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])) AND ( SELECT app.has_scope('catalog:write'::text) AS has_scope)));

CREATE POLICY add ON public.workspace_members FOR INSERT TO portway_app WITH CHECK (((workspace_id = ANY (( SELECT app.administered_workspaces() AS administered_workspaces)::uuid[])) AND ( SELECT app.has_scope('admin'::text) AS has_scope) AND ((role <> 'owner'::text) OR (workspace_id = ANY (( SELECT app.owned_workspaces() AS owned_workspaces)::uuid[])))));

ALTER TABLE public.api_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.api_logs ENABLE ROW LEVEL SECURITY;

CREATE POLICY change ON public.actions FOR UPDATE TO portway_app USING (((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])) AND ( SELECT app.has_scope('catalog:write'::text) AS has_scope))) WITH CHECK ((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])));

CREATE POLICY change ON public.integrations FOR UPDATE TO portway_app USING (((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])) AND ( SELECT app.has_scope('catalog:write'::text) AS has_scope))) WITH CHECK ((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])));

CREATE POLICY change ON public.organization_members FOR UPDATE TO portway_app USING (((organization_id = ANY (( SELECT app.owned_organizations() AS owned_organizations)::uuid[])) AND ( SELECT app.has_scope('admin'::text) AS has_scope))) WITH CHECK ((organization_id = ANY (( SELECT app.owned_organizations() AS owned_organizations)::uuid[])));

CREATE POLICY change ON public.webhook_endpoints FOR UPDATE TO portway_app USING (((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])) AND ( SELECT app.has_scope('admin'::text) AS has_scope))) WITH CHECK ((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])));

CREATE POLICY change ON public.workspace_members FOR UPDATE TO portway_app USING (((workspace_id = ANY (( SELECT app.administered_workspaces() AS administered_workspaces)::uuid[])) AND ( SELECT app.has_scope('admin'::text) AS has_scope) AND ((role <> 'owner'::text) OR (workspace_id = ANY (( SELECT app.owned_workspaces() AS owned_workspaces)::uuid[]))))) WITH CHECK (((workspace_id = ANY (( SELECT app.administered_workspaces() AS administered_workspaces)::uuid[])) AND ((role <> 'owner'::text) OR (workspace_id = ANY (( SELECT app.owned_workspaces() AS owned_workspaces)::uuid[])))));

ALTER TABLE public.connect_links ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.connections ENABLE ROW LEVEL SECURITY;

CREATE POLICY definer ON public.actions TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.api_keys TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.api_logs TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.connect_links TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.connections TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.encrypted_credentials TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.events TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.idempotency_keys TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.integrations TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.invitations TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.oauth_authorizations TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.oauth_clients TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.one_time_tokens TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.organization_members TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.organizations TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.refresh_leases TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.sessions TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.settings TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.unfinished_usage TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.usage_by_action TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.usage_by_connection TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.usage_progress TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.user_identities TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.users TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.webhook_attempts TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.webhook_deliveries TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.webhook_endpoints TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.webhook_secrets TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.workspace_members TO portway_definer USING (true) WITH CHECK (true);

CREATE POLICY definer ON public.workspaces TO portway_definer USING (true) WITH CHECK (true);

ALTER TABLE public.encrypted_credentials ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.events ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.idempotency_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.integrations ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.invitations ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.oauth_authorizations ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.oauth_clients ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.one_time_tokens ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.organization_members ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.organizations ENABLE ROW LEVEL SECURITY;

CREATE POLICY owner ON public.actions TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.api_keys TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.api_logs TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.connect_links TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.connections TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.encrypted_credentials TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.events TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.idempotency_keys TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.integrations TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.invitations TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.oauth_authorizations TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.oauth_clients TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.one_time_tokens TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.organization_members TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.organizations TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.refresh_leases TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.sessions TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.settings TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.unfinished_usage TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.usage_by_action TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.usage_by_connection TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.usage_progress TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.user_identities TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.users TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.webhook_attempts TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.webhook_deliveries TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.webhook_endpoints TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.webhook_secrets TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.workspace_members TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY owner ON public.workspaces TO portway_owner USING (true) WITH CHECK (true);

CREATE POLICY read ON public.actions FOR SELECT TO portway_app USING ((((organization_id IS NULL) AND (( SELECT app.current_user_id() AS current_user_id) IS NOT NULL)) OR (organization_id = ANY (( SELECT app.current_organizations() AS current_organizations)::uuid[]))));

CREATE POLICY read ON public.api_keys FOR SELECT TO portway_app USING (((user_id = ( SELECT app.current_user_id() AS current_user_id)) AND ( SELECT app.has_scope('admin'::text) AS has_scope) AND COALESCE((workspace_id = ( SELECT app.workspace_limit() AS workspace_limit)), (( SELECT app.workspace_limit() AS workspace_limit) IS NULL))));

CREATE POLICY read ON public.api_logs FOR SELECT TO portway_app USING ((( SELECT app.has_scope('logs:read'::text) AS has_scope) AND ((workspace_id = ANY (( SELECT app.current_workspaces() AS current_workspaces)::uuid[])) OR ((workspace_id IS NULL) AND (user_id = ( SELECT app.current_user_id() AS current_user_id))))));

CREATE POLICY read ON public.connect_links FOR SELECT TO portway_app USING (((workspace_id = ANY (( SELECT app.current_workspaces() AS current_workspaces)::uuid[])) AND ( SELECT app.has_scope('connections:read'::text) AS has_scope)));

CREATE POLICY read ON public.connections FOR SELECT TO portway_app USING (((workspace_id = ANY (( SELECT app.current_workspaces() AS current_workspaces)::uuid[])) AND ( SELECT app.has_scope('connections:read'::text) AS has_scope)));

CREATE POLICY read ON public.encrypted_credentials FOR SELECT TO portway_app USING (((workspace_id = ANY (( SELECT app.current_workspaces() AS current_workspaces)::uuid[])) AND ( SELECT app.has_scope('connections:read'::text) AS has_scope)));

CREATE POLICY read ON public.events FOR SELECT TO portway_app USING (((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])) AND ( SELECT app.has_scope('admin'::text) AS has_scope)));

CREATE POLICY read ON public.integrations FOR SELECT TO portway_app USING ((((organization_id IS NULL) AND (( SELECT app.current_user_id() AS current_user_id) IS NOT NULL)) OR (organization_id = ANY (( SELECT app.current_organizations() AS current_organizations)::uuid[]))));

CREATE POLICY read ON public.invitations FOR SELECT TO portway_app USING (((workspace_id = ANY (( SELECT app.administered_workspaces() AS administered_workspaces)::uuid[])) AND ( SELECT app.has_scope('admin'::text) AS has_scope)));

CREATE POLICY read ON public.oauth_clients FOR SELECT TO portway_app USING ((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])));

CREATE POLICY read ON public.organization_members FOR SELECT TO portway_app USING ((((user_id = ( SELECT app.current_user_id() AS current_user_id)) AND (organization_id = ANY (( SELECT app.current_organizations() AS current_organizations)::uuid[]))) OR (organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[]))));

CREATE POLICY read ON public.organizations FOR SELECT TO portway_app USING ((id = ANY (( SELECT app.current_organizations() AS current_organizations)::uuid[])));

CREATE POLICY read ON public.usage_by_action FOR SELECT TO portway_app USING ((( SELECT app.has_scope('logs:read'::text) AS has_scope) AND (workspace_id = ANY (( SELECT app.current_workspaces() AS current_workspaces)::uuid[]))));

CREATE POLICY read ON public.usage_by_connection FOR SELECT TO portway_app USING ((( SELECT app.has_scope('logs:read'::text) AS has_scope) AND (workspace_id = ANY (( SELECT app.current_workspaces() AS current_workspaces)::uuid[]))));

CREATE POLICY read ON public.users FOR SELECT TO portway_app USING ((id = ANY (( SELECT app.visible_users() AS visible_users)::uuid[])));

CREATE POLICY read ON public.webhook_attempts FOR SELECT TO portway_app USING (((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])) AND ( SELECT app.has_scope('admin'::text) AS has_scope)));

CREATE POLICY read ON public.webhook_deliveries FOR SELECT TO portway_app USING (((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])) AND ( SELECT app.has_scope('admin'::text) AS has_scope)));

CREATE POLICY read ON public.webhook_endpoints FOR SELECT TO portway_app USING (((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])) AND ( SELECT app.has_scope('admin'::text) AS has_scope)));

CREATE POLICY read ON public.workspace_members FOR SELECT TO portway_app USING (((workspace_id = ANY (( SELECT app.current_workspaces() AS current_workspaces)::uuid[])) OR (workspace_id = ANY (( SELECT app.administered_workspaces() AS administered_workspaces)::uuid[]))));

CREATE POLICY read ON public.workspaces FOR SELECT TO portway_app USING (((id = ANY (( SELECT app.current_workspaces() AS current_workspaces)::uuid[])) OR (id = ANY (( SELECT app.administered_workspaces() AS administered_workspaces)::uuid[]))));

ALTER TABLE public.refresh_leases ENABLE ROW LEVEL SECURITY;

CREATE POLICY remove ON public.actions FOR DELETE TO portway_app USING (((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])) AND ( SELECT app.has_scope('catalog:write'::text) AS has_scope)));

CREATE POLICY remove ON public.integrations FOR DELETE TO portway_app USING (((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])) AND ( SELECT app.has_scope('catalog:write'::text) AS has_scope)));

CREATE POLICY remove ON public.invitations FOR DELETE TO portway_app USING (((workspace_id = ANY (( SELECT app.administered_workspaces() AS administered_workspaces)::uuid[])) AND ( SELECT app.has_scope('admin'::text) AS has_scope)));

CREATE POLICY remove ON public.oauth_clients FOR DELETE TO portway_app USING (((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])) AND ( SELECT app.has_scope('catalog:write'::text) AS has_scope)));

CREATE POLICY remove ON public.organization_members FOR DELETE TO portway_app USING ((( SELECT app.has_scope('admin'::text) AS has_scope) AND (((user_id = ( SELECT app.current_user_id() AS current_user_id)) AND (( SELECT app.workspace_limit() AS workspace_limit) IS NULL) AND (organization_id = ANY (( SELECT app.current_organizations() AS current_organizations)::uuid[]))) OR (organization_id = ANY (( SELECT app.owned_organizations() AS owned_organizations)::uuid[])) OR ((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])) AND (role <> 'owner'::text)))));

CREATE POLICY remove ON public.organizations FOR DELETE TO portway_app USING (((id = ANY (( SELECT app.owned_organizations() AS owned_organizations)::uuid[])) AND ( SELECT app.has_scope('admin'::text) AS has_scope)));

CREATE POLICY remove ON public.webhook_endpoints FOR DELETE TO portway_app USING (((organization_id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])) AND ( SELECT app.has_scope('admin'::text) AS has_scope)));

CREATE POLICY remove ON public.workspace_members FOR DELETE TO portway_app USING ((( SELECT app.has_scope('admin'::text) AS has_scope) AND (((user_id = ( SELECT app.current_user_id() AS current_user_id)) AND (workspace_id = ANY (( SELECT app.current_workspaces() AS current_workspaces)::uuid[]))) OR ((workspace_id = ANY (( SELECT app.administered_workspaces() AS administered_workspaces)::uuid[])) AND ((role <> 'owner'::text) OR (workspace_id = ANY (( SELECT app.owned_workspaces() AS owned_workspaces)::uuid[])))))));

CREATE POLICY remove ON public.workspaces FOR DELETE TO portway_app USING (((id = ANY (( SELECT app.owned_workspaces() AS owned_workspaces)::uuid[])) AND ( SELECT app.has_scope('admin'::text) AS has_scope)));

CREATE POLICY rename ON public.connections FOR UPDATE TO portway_app USING (((workspace_id = ANY (( SELECT app.current_workspaces() AS current_workspaces)::uuid[])) AND ( SELECT app.has_scope('connections:write'::text) AS has_scope) AND ((user_id = ( SELECT app.current_user_id() AS current_user_id)) OR (workspace_id = ANY (( SELECT app.administered_workspaces() AS administered_workspaces)::uuid[]))))) WITH CHECK ((workspace_id = ANY (( SELECT app.current_workspaces() AS current_workspaces)::uuid[])));

CREATE POLICY rename ON public.organizations FOR UPDATE TO portway_app USING (((id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])) AND ( SELECT app.has_scope('admin'::text) AS has_scope))) WITH CHECK ((id = ANY (( SELECT app.administered_organizations() AS administered_organizations)::uuid[])));

CREATE POLICY rename ON public.users FOR UPDATE TO portway_app USING (((id = ( SELECT app.current_user_id() AS current_user_id)) AND ( SELECT app.has_scope('admin'::text) AS has_scope) AND (( SELECT app.workspace_limit() AS workspace_limit) IS NULL))) WITH CHECK ((id = ( SELECT app.current_user_id() AS current_user_id)));

CREATE POLICY rename ON public.workspaces FOR UPDATE TO portway_app USING (((id = ANY (( SELECT app.administered_workspaces() AS administered_workspaces)::uuid[])) AND ( SELECT app.has_scope('admin'::text) AS has_scope))) WITH CHECK ((id = ANY (( SELECT app.administered_workspaces() AS administered_workspaces)::uuid[])));

CREATE POLICY revoke ON public.api_keys FOR UPDATE TO portway_app USING (((user_id = ( SELECT app.current_user_id() AS current_user_id)) AND ( SELECT app.has_scope('admin'::text) AS has_scope) AND COALESCE((workspace_id = ( SELECT app.workspace_limit() AS workspace_limit)), (( SELECT app.workspace_limit() AS workspace_limit) IS NULL)))) WITH CHECK (((user_id = ( SELECT app.current_user_id() AS current_user_id)) AND (revoked_at IS NOT NULL)));

CREATE POLICY revoke ON public.connect_links FOR UPDATE TO portway_app USING (((workspace_id = ANY (( SELECT app.current_workspaces() AS current_workspaces)::uuid[])) AND ( SELECT app.has_scope('connections:write'::text) AS has_scope) AND ((user_id = ( SELECT app.current_user_id() AS current_user_id)) OR (workspace_id = ANY (( SELECT app.administered_workspaces() AS administered_workspaces)::uuid[]))))) WITH CHECK (((workspace_id = ANY (( SELECT app.current_workspaces() AS current_workspaces)::uuid[])) AND (revoked_at IS NOT NULL)));

ALTER TABLE public.sessions ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.settings ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.unfinished_usage ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.usage_by_action ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.usage_by_connection ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.usage_progress ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.user_identities ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_attempts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_deliveries ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_endpoints ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_secrets ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.workspace_members ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.workspaces ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA app TO portway_app;
GRANT USAGE ON SCHEMA app TO portway_definer;
GRANT USAGE ON SCHEMA app TO portway_sign_in;
GRANT USAGE ON SCHEMA app TO portway_keyring;
GRANT USAGE ON SCHEMA app TO portway_worker;

GRANT USAGE ON SCHEMA extensions TO portway_definer;
GRANT USAGE ON SCHEMA extensions TO portway_keyring;

GRANT USAGE ON SCHEMA jobs TO portway_worker;
GRANT USAGE ON SCHEMA jobs TO portway_definer;

GRANT USAGE ON SCHEMA keyring TO portway_definer;
GRANT USAGE ON SCHEMA keyring TO portway_owner;

REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO portway_app;
GRANT USAGE ON SCHEMA public TO portway_definer;

REVOKE ALL ON FUNCTION app.accept_invitation(p_pass text, p_token text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.accept_invitation(p_pass text, p_token text) TO portway_app;

REVOKE ALL ON FUNCTION keyring.sign_jwt(p_claims jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION keyring.sign_jwt(p_claims jsonb) TO portway_definer;

REVOKE ALL ON FUNCTION app.access_token(p_user_id uuid, p_session_id uuid, p_expires_at timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.add_webhook_secret(p_endpoint_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.administered_endpoint(p_pass text, p_endpoint_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.administered_organizations() FROM PUBLIC;
GRANT ALL ON FUNCTION app.administered_organizations() TO portway_app;

REVOKE ALL ON FUNCTION app.administered_workspaces() FROM PUBLIC;
GRANT ALL ON FUNCTION app.administered_workspaces() TO portway_app;

REVOKE ALL ON FUNCTION app.all_scopes() FROM PUBLIC;

REVOKE ALL ON FUNCTION app.authenticate(p_bearer text, p_sign_up text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.authenticate(p_bearer text, p_sign_up text) TO portway_app;

REVOKE ALL ON FUNCTION app.search_document(p_slug text, p_name text, p_category text, p_description text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.search_document(p_slug text, p_name text, p_category text, p_description text) TO portway_app;

REVOKE ALL ON FUNCTION app.uuid_v7() FROM PUBLIC;
GRANT ALL ON FUNCTION app.uuid_v7() TO portway_definer;
GRANT ALL ON FUNCTION app.uuid_v7() TO portway_app;

GRANT SELECT,DELETE ON TABLE public.integrations TO portway_app;
GRANT SELECT ON TABLE public.integrations TO portway_definer;

GRANT INSERT(organization_id) ON TABLE public.integrations TO portway_app;

GRANT INSERT(name),UPDATE(name) ON TABLE public.integrations TO portway_app;

GRANT INSERT(slug) ON TABLE public.integrations TO portway_app;

GRANT INSERT(base_url),UPDATE(base_url) ON TABLE public.integrations TO portway_app;

GRANT INSERT(auth_type),UPDATE(auth_type) ON TABLE public.integrations TO portway_app;

GRANT INSERT(auth_config),UPDATE(auth_config) ON TABLE public.integrations TO portway_app;

GRANT INSERT(description),UPDATE(description) ON TABLE public.integrations TO portway_app;

GRANT INSERT(category),UPDATE(category) ON TABLE public.integrations TO portway_app;

GRANT INSERT(documentation_url),UPDATE(documentation_url) ON TABLE public.integrations TO portway_app;

GRANT INSERT(transform_config),UPDATE(transform_config) ON TABLE public.integrations TO portway_app;

GRANT INSERT(rate_limits),UPDATE(rate_limits) ON TABLE public.integrations TO portway_app;

GRANT INSERT(imported),UPDATE(imported) ON TABLE public.integrations TO portway_app;

GRANT INSERT(website),UPDATE(website) ON TABLE public.integrations TO portway_app;

REVOKE ALL ON FUNCTION app.integration_row(p_integration_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.pass_claims(p_pass text, p_purpose text) FROM PUBLIC;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.oauth_authorizations TO portway_definer;

REVOKE ALL ON FUNCTION app.authorization_integration(p_authorization_pass text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.authorization_integration(p_authorization_pass text) TO portway_app;

REVOKE ALL ON FUNCTION app.begin_authorization(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_connection_id uuid, p_name text, p_scopes text[], p_config jsonb, p_return_url text, p_state text, p_code_verifier text, p_browser_secret text, p_oauth_client_id uuid, p_end_user_id text, p_opener_origin text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.begin_authorization(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_connection_id uuid, p_name text, p_scopes text[], p_config jsonb, p_return_url text, p_state text, p_code_verifier text, p_browser_secret text, p_oauth_client_id uuid, p_end_user_id text, p_opener_origin text) TO portway_app;

REVOKE ALL ON FUNCTION app.begin_delivery(p_delivery_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.begin_delivery(p_delivery_id uuid) TO portway_worker;

REVOKE ALL ON FUNCTION app.builtin_action_id(p_integration_id uuid, p_slug text) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.builtin_timeout_ms(p_slug text) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.builtin_action(p_integration public.integrations, p_slug text) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.bump_version() FROM PUBLIC;

REVOKE ALL ON FUNCTION app.change_password(p_pass text, p_proof bytea, p_salt bytea, p_parameters text, p_verifier bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION app.change_password(p_pass text, p_proof bytea, p_salt bytea, p_parameters text, p_verifier bytea) TO portway_app;

REVOKE ALL ON FUNCTION app.check_administers(p_pass text, p_organization_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.check_integration(p_integration_id uuid, p_organization_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.check_link_connection(p_claims jsonb, p_connection_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.check_may_connect(p_claims jsonb, p_workspace_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.check_oauth_client(p_oauth_client_id uuid, p_organization_id uuid, p_integration_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.claims() FROM PUBLIC;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.connect_links TO portway_definer;

GRANT SELECT(id) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(user_id) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(organization_id) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(workspace_id) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(integration_id) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(connection_id) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(reconnect) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(end_user_id) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(name) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(scopes) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(config) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(oauth_client) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(return_url) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(created_at) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(expires_at) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(opened_at) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(used_at) ON TABLE public.connect_links TO portway_app;

GRANT SELECT(revoked_at),UPDATE(revoked_at) ON TABLE public.connect_links TO portway_app;

REVOKE ALL ON FUNCTION app.claims_of_link(p_link public.connect_links) FROM PUBLIC;

REVOKE ALL ON FUNCTION keyring.decrypt(p_ciphertext bytea, p_key_id integer, p_owner uuid, p_type text) FROM PUBLIC;
GRANT ALL ON FUNCTION keyring.decrypt(p_ciphertext bytea, p_key_id integer, p_owner uuid, p_type text) TO portway_definer;

GRANT DELETE ON TABLE public.oauth_clients TO portway_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.oauth_clients TO portway_definer;

GRANT SELECT(organization_id) ON TABLE public.oauth_clients TO portway_app;

GRANT SELECT(integration_id) ON TABLE public.oauth_clients TO portway_app;

GRANT SELECT(client_id) ON TABLE public.oauth_clients TO portway_app;

GRANT SELECT(key_id) ON TABLE public.oauth_clients TO portway_app;

GRANT SELECT(created_at) ON TABLE public.oauth_clients TO portway_app;

GRANT SELECT(updated_at) ON TABLE public.oauth_clients TO portway_app;

GRANT SELECT(id) ON TABLE public.oauth_clients TO portway_app;

GRANT SELECT(name) ON TABLE public.oauth_clients TO portway_app;

GRANT SELECT(replaced_at) ON TABLE public.oauth_clients TO portway_app;

REVOKE ALL ON FUNCTION app.read_oauth_client(p_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.identified_client(p_id uuid) FROM PUBLIC;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.encrypted_credentials TO portway_definer;

GRANT SELECT(connection_id) ON TABLE public.encrypted_credentials TO portway_app;

GRANT SELECT(workspace_id) ON TABLE public.encrypted_credentials TO portway_app;

GRANT SELECT(credential_type) ON TABLE public.encrypted_credentials TO portway_app;

GRANT SELECT(key_id) ON TABLE public.encrypted_credentials TO portway_app;

GRANT SELECT(expires_at) ON TABLE public.encrypted_credentials TO portway_app;

GRANT SELECT(updated_at) ON TABLE public.encrypted_credentials TO portway_app;

GRANT SELECT(for_renewal) ON TABLE public.encrypted_credentials TO portway_app;

REVOKE ALL ON FUNCTION app.read_secret(p_connection_id uuid, p_type text) FROM PUBLIC;

GRANT SELECT ON TABLE public.connections TO portway_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.connections TO portway_definer;

GRANT UPDATE(name) ON TABLE public.connections TO portway_app;

REVOKE ALL ON FUNCTION app.client_of(p_connection public.connections) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.close_executions(p_passes text[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) FROM PUBLIC;
GRANT ALL ON FUNCTION app.close_executions(p_passes text[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) TO portway_app;

REVOKE ALL ON FUNCTION app.close_executions(p_closing_keys uuid[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) FROM PUBLIC;
GRANT ALL ON FUNCTION app.close_executions(p_closing_keys uuid[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) TO portway_app;

REVOKE ALL ON FUNCTION keyring.open_seals(p_sealed text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyring.open_seals(p_sealed text[]) TO portway_definer;

GRANT SELECT,INSERT,UPDATE ON TABLE public.api_logs TO portway_definer;

GRANT SELECT(id) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(executed_at) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(status) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(user_id) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(organization_id) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(workspace_id) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(connection_id) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(integration_id) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(action_id) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(request_payload) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(response_payload) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(payload_truncated) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(status_code) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(error_code) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(duration_ms) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(attempts) ON TABLE public.api_logs TO portway_app;

GRANT SELECT(deadline) ON TABLE public.api_logs TO portway_app;

REVOKE ALL ON FUNCTION app.closing_keys(p_passes text[], p_execution_ids uuid[], p_executed_at timestamp with time zone[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.complete_authorization(p_authorization_pass text, p_values jsonb, p_grant jsonb, p_expires_at timestamp with time zone, p_origins text[], p_scopes text[], p_config jsonb, p_account_id text, p_account_name text, p_default_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.complete_authorization(p_authorization_pass text, p_values jsonb, p_grant jsonb, p_expires_at timestamp with time zone, p_origins text[], p_scopes text[], p_config jsonb, p_account_id text, p_account_name text, p_default_name text) TO portway_app;

REVOKE ALL ON FUNCTION app.complete_executions(p_closing_keys uuid[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.configured_margin(p_auth_config jsonb) FROM PUBLIC;

GRANT SELECT,INSERT,UPDATE ON TABLE public.workspace_members TO portway_definer;
GRANT SELECT,DELETE ON TABLE public.workspace_members TO portway_app;

GRANT INSERT(workspace_id) ON TABLE public.workspace_members TO portway_app;

GRANT INSERT(organization_id) ON TABLE public.workspace_members TO portway_app;

GRANT INSERT(user_id) ON TABLE public.workspace_members TO portway_app;

GRANT INSERT(role),UPDATE(role) ON TABLE public.workspace_members TO portway_app;

REVOKE ALL ON FUNCTION app.role_in(p_claims jsonb, p_workspace_id uuid) FROM PUBLIC;

GRANT SELECT,INSERT,UPDATE ON TABLE public.users TO portway_definer;

GRANT SELECT(id) ON TABLE public.users TO portway_app;

GRANT SELECT(email) ON TABLE public.users TO portway_app;

GRANT SELECT(name),UPDATE(name) ON TABLE public.users TO portway_app;

GRANT SELECT(email_verified_at) ON TABLE public.users TO portway_app;

GRANT SELECT(created_at) ON TABLE public.users TO portway_app;

REVOKE ALL ON FUNCTION app.connect_link_state(p_link public.connect_links) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.connect_link_claims(p_pass text) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.connecting_claims(p_pass text, p_workspace_id uuid, p_integration_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.connection_of_account(p_user_id uuid, p_workspace_id uuid, p_integration_id uuid, p_end_user_id text, p_account_id text) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.count_usage(p_hour timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.create_api_key(p_pass text, p_name text, p_scopes text[], p_workspace_id uuid, p_expires_at timestamp with time zone, p_rate_limits jsonb, OUT id uuid, OUT api_key text, OUT prefix text, OUT scopes text[], OUT rate_limits jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION app.create_api_key(p_pass text, p_name text, p_scopes text[], p_workspace_id uuid, p_expires_at timestamp with time zone, p_rate_limits jsonb, OUT id uuid, OUT api_key text, OUT prefix text, OUT scopes text[], OUT rate_limits jsonb) TO portway_app;

REVOKE ALL ON FUNCTION app.create_connect_link(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_connection_id uuid, p_end_user_id text, p_name text, p_scopes text[], p_config jsonb, p_oauth_client text, p_return_url text, p_lifetime interval, OUT id uuid, OUT token text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.create_connect_link(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_connection_id uuid, p_end_user_id text, p_name text, p_scopes text[], p_config jsonb, p_oauth_client text, p_return_url text, p_lifetime interval, OUT id uuid, OUT token text) TO portway_app;

REVOKE ALL ON FUNCTION app.create_connection(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_name text, p_values jsonb, p_config jsonb, p_origins text[], p_expires_at timestamp with time zone, p_grant jsonb, p_scopes text[], p_oauth_client_id uuid, p_account_id text, p_account_name text, p_end_user_id text, p_default_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.create_connection(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_name text, p_values jsonb, p_config jsonb, p_origins text[], p_expires_at timestamp with time zone, p_grant jsonb, p_scopes text[], p_oauth_client_id uuid, p_account_id text, p_account_name text, p_end_user_id text, p_default_name text) TO portway_app;

REVOKE ALL ON FUNCTION app.create_email_token(p_email text, p_purpose text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.create_email_token(p_email text, p_purpose text) TO portway_sign_in;
GRANT ALL ON FUNCTION app.create_email_token(p_email text, p_purpose text) TO portway_owner;

REVOKE ALL ON FUNCTION app.create_invitation(p_pass text, p_workspace_id uuid, p_email text, p_role text, p_mailed boolean, OUT id uuid, OUT token text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.create_invitation(p_pass text, p_workspace_id uuid, p_email text, p_role text, p_mailed boolean, OUT id uuid, OUT token text) TO portway_app;

REVOKE ALL ON FUNCTION app.create_log_partition(p_month date) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.create_log_partitions() FROM PUBLIC;
GRANT ALL ON FUNCTION app.create_log_partitions() TO portway_app;

REVOKE ALL ON FUNCTION app.create_organization(p_pass text, p_name text, OUT organization_id uuid, OUT workspace_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.create_organization(p_pass text, p_name text, OUT organization_id uuid, OUT workspace_id uuid) TO portway_app;

REVOKE ALL ON FUNCTION app.create_person(p_email text, p_name text, p_email_verified boolean, OUT user_id uuid, OUT organization_id uuid, OUT workspace_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.create_person(p_email text, p_name text, p_email_verified boolean, OUT user_id uuid, OUT organization_id uuid, OUT workspace_id uuid) TO portway_owner;

REVOKE ALL ON FUNCTION app.create_session(p_user_id uuid, OUT access_token text, OUT refresh_token text, OUT access_expires_at timestamp with time zone, OUT refresh_expires_at timestamp with time zone, OUT user_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.create_set_up_token() FROM PUBLIC;
GRANT ALL ON FUNCTION app.create_set_up_token() TO portway_owner;

REVOKE ALL ON FUNCTION app.create_webhook_endpoint(p_pass text, p_organization_id uuid, p_url text, p_description text, p_events text[], OUT id uuid, OUT secret text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.create_webhook_endpoint(p_pass text, p_organization_id uuid, p_url text, p_description text, p_events text[], OUT id uuid, OUT secret text) TO portway_app;

REVOKE ALL ON FUNCTION app.create_workspace(p_pass text, p_organization_id uuid, p_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.create_workspace(p_pass text, p_organization_id uuid, p_name text) TO portway_app;

REVOKE ALL ON FUNCTION app.read_secrets(p_connection_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.credential_of(p_connection public.connections) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.current_organizations() FROM PUBLIC;
GRANT ALL ON FUNCTION app.current_organizations() TO portway_app;

REVOKE ALL ON FUNCTION app.current_user_id() FROM PUBLIC;
GRANT ALL ON FUNCTION app.current_user_id() TO portway_app;

REVOKE ALL ON FUNCTION app.current_workspaces() FROM PUBLIC;
GRANT ALL ON FUNCTION app.current_workspaces() TO portway_app;

REVOKE ALL ON FUNCTION app.defer_delivery(p_delivery_id uuid, p_at timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.definition_of(p_integration_id uuid, p_action_id uuid, p_action text) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.delete_connection(p_pass text, p_connection_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.delete_connection(p_pass text, p_connection_id uuid) TO portway_app;

REVOKE ALL ON FUNCTION app.delete_expired() FROM PUBLIC;
GRANT ALL ON FUNCTION app.delete_expired() TO portway_app;

REVOKE ALL ON FUNCTION app.describe_session(p_pass text, p_user_agent text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.describe_session(p_pass text, p_user_agent text) TO portway_app;

REVOKE ALL ON FUNCTION app.drop_expired_log_partitions() FROM PUBLIC;
GRANT ALL ON FUNCTION app.drop_expired_log_partitions() TO portway_app;

REVOKE ALL ON FUNCTION app.duration_mark(p_milliseconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION app.duration_mark(p_milliseconds double precision) TO portway_definer;
GRANT ALL ON FUNCTION app.duration_mark(p_milliseconds double precision) TO portway_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.webhook_deliveries TO portway_definer;
GRANT SELECT ON TABLE public.webhook_deliveries TO portway_app;

REVOKE ALL ON FUNCTION app.end_delivery(p_delivery_id uuid, p_status text, p_status_code integer, p_error text) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.end_own_session(p_pass text, p_session_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.end_own_session(p_pass text, p_session_id uuid) TO portway_app;

REVOKE ALL ON FUNCTION app.endpoints_for(p_type text, p_organization_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.erase_payloads(p_pass text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.erase_payloads(p_pass text) TO portway_app;

REVOKE ALL ON FUNCTION app.sensitive_parameters(p_schema jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION app.sensitive_parameters(p_schema jsonb) TO portway_app;

GRANT SELECT,DELETE ON TABLE public.actions TO portway_app;
GRANT SELECT ON TABLE public.actions TO portway_definer;

GRANT INSERT(integration_id) ON TABLE public.actions TO portway_app;

GRANT INSERT(name),UPDATE(name) ON TABLE public.actions TO portway_app;

GRANT INSERT(slug) ON TABLE public.actions TO portway_app;

GRANT INSERT(http_method),UPDATE(http_method) ON TABLE public.actions TO portway_app;

GRANT INSERT(endpoint_path),UPDATE(endpoint_path) ON TABLE public.actions TO portway_app;

GRANT INSERT(description),UPDATE(description) ON TABLE public.actions TO portway_app;

GRANT INSERT(request_schema),UPDATE(request_schema) ON TABLE public.actions TO portway_app;

GRANT INSERT(transform_config),UPDATE(transform_config) ON TABLE public.actions TO portway_app;

GRANT INSERT(scopes),UPDATE(scopes) ON TABLE public.actions TO portway_app;

GRANT INSERT(handler),UPDATE(handler) ON TABLE public.actions TO portway_app;

GRANT INSERT(timeout_ms),UPDATE(timeout_ms) ON TABLE public.actions TO portway_app;

GRANT INSERT(rate_limits),UPDATE(rate_limits) ON TABLE public.actions TO portway_app;

GRANT INSERT(imported),UPDATE(imported) ON TABLE public.actions TO portway_app;

REVOKE ALL ON FUNCTION app.executed_recently(p_action_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION app.executed_recently(p_action_ids uuid[]) TO portway_app;

REVOKE ALL ON FUNCTION app.forget_oauth_clients(p_organization_id uuid, p_integration_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.free_connection_name(p_user_id uuid, p_workspace_id uuid, p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.has_builtin_action(p_auth_config jsonb, p_slug text) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.has_password() FROM PUBLIC;
GRANT ALL ON FUNCTION app.has_password() TO portway_app;

REVOKE ALL ON FUNCTION app.has_scope(p_scope text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.has_scope(p_scope text) TO portway_app;

REVOKE ALL ON FUNCTION app.has_users() FROM PUBLIC;
GRANT ALL ON FUNCTION app.has_users() TO portway_app;

REVOKE ALL ON FUNCTION app.hold_idempotency_key(p_user_id uuid, p_key text, p_request_hash bytea, p_execution_id uuid, p_deadline timestamp with time zone) FROM PUBLIC;

GRANT SELECT,INSERT,UPDATE ON TABLE public.workspaces TO portway_definer;
GRANT SELECT,DELETE ON TABLE public.workspaces TO portway_app;

GRANT UPDATE(name) ON TABLE public.workspaces TO portway_app;

REVOKE ALL ON FUNCTION app.insert_connection(p_user_id uuid, p_workspace_id uuid, p_integration_id uuid, p_name text, p_default_name text, p_end_user_id text, p_account_id text, p_account_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.is_batch(p_size integer, p_sizes integer[]) FROM PUBLIC;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.invitations TO portway_definer;
GRANT DELETE ON TABLE public.invitations TO portway_app;

GRANT SELECT(id) ON TABLE public.invitations TO portway_app;

GRANT SELECT(organization_id) ON TABLE public.invitations TO portway_app;

GRANT SELECT(workspace_id) ON TABLE public.invitations TO portway_app;

GRANT SELECT(email) ON TABLE public.invitations TO portway_app;

GRANT SELECT(role) ON TABLE public.invitations TO portway_app;

GRANT SELECT(mailed) ON TABLE public.invitations TO portway_app;

GRANT SELECT(invited_by) ON TABLE public.invitations TO portway_app;

GRANT SELECT(created_at) ON TABLE public.invitations TO portway_app;

GRANT SELECT(expires_at) ON TABLE public.invitations TO portway_app;

GRANT SELECT(accepted_at) ON TABLE public.invitations TO portway_app;

REVOKE ALL ON FUNCTION app.join_by_invitation(p_user_id uuid, p_invitation public.invitations) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.lease_due_renewals(p_limit integer, p_lease_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION app.lease_due_renewals(p_limit integer, p_lease_seconds double precision) TO portway_worker;

REVOKE ALL ON FUNCTION app.lease_refresh(p_pass text, p_connection_id uuid, p_seen_version integer, p_lease_seconds double precision, p_refused boolean, OUT outcome text, OUT refresh_pass text, OUT grant_members jsonb, OUT client jsonb, OUT credential jsonb, OUT interrupted boolean, OUT retry_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION app.lease_refresh(p_pass text, p_connection_id uuid, p_seen_version integer, p_lease_seconds double precision, p_refused boolean, OUT outcome text, OUT refresh_pass text, OUT grant_members jsonb, OUT client jsonb, OUT credential jsonb, OUT interrupted boolean, OUT retry_seconds double precision) TO portway_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.api_keys TO portway_definer;

GRANT SELECT(id) ON TABLE public.api_keys TO portway_app;

GRANT SELECT(user_id) ON TABLE public.api_keys TO portway_app;

GRANT SELECT(workspace_id) ON TABLE public.api_keys TO portway_app;

GRANT SELECT(name) ON TABLE public.api_keys TO portway_app;

GRANT SELECT(prefix) ON TABLE public.api_keys TO portway_app;

GRANT SELECT(scopes) ON TABLE public.api_keys TO portway_app;

GRANT SELECT(created_at) ON TABLE public.api_keys TO portway_app;

GRANT SELECT(expires_at) ON TABLE public.api_keys TO portway_app;

GRANT SELECT(last_used_at) ON TABLE public.api_keys TO portway_app;

GRANT SELECT(revoked_at),UPDATE(revoked_at) ON TABLE public.api_keys TO portway_app;

GRANT SELECT(rate_limits) ON TABLE public.api_keys TO portway_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sessions TO portway_definer;

REVOKE ALL ON FUNCTION app.live_claims(p_claims jsonb[], p_purpose text) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.make_way_for_integration() FROM PUBLIC;

REVOKE ALL ON FUNCTION app.mark_reauthorization_required(p_pass text, p_connection_id uuid, p_seen_version integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.mark_reauthorization_required(p_pass text, p_connection_id uuid, p_seen_version integer) TO portway_app;

REVOKE ALL ON FUNCTION app.mark_unfinished_executions(p_age interval) FROM PUBLIC;
GRANT ALL ON FUNCTION app.mark_unfinished_executions(p_age interval) TO portway_app;

REVOKE ALL ON FUNCTION app.mask_payload(p_payload jsonb, p_sensitive text[], p_literals text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.note_connection_status() FROM PUBLIC;
GRANT ALL ON FUNCTION app.note_connection_status() TO portway_owner;

REVOKE ALL ON FUNCTION app.oauth_client(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_name text, p_connection_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.oauth_client(p_pass text, p_workspace_id uuid, p_integration_id uuid, p_name text, p_connection_id uuid) TO portway_app;

REVOKE ALL ON FUNCTION app.open_connect_link(p_token text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.open_connect_link(p_token text) TO portway_app;

REVOKE ALL ON FUNCTION app.open_executions(p_passes text[], p_workspace_ids uuid[], p_connection_ids uuid[], p_actions text[], p_payloads jsonb[], p_timeouts_ms integer[], p_idempotency_keys text[], p_request_hashes bytea[], p_refusals text[], p_known_definitions text[], p_closing_passes text[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) FROM PUBLIC;
GRANT ALL ON FUNCTION app.open_executions(p_passes text[], p_workspace_ids uuid[], p_connection_ids uuid[], p_actions text[], p_payloads jsonb[], p_timeouts_ms integer[], p_idempotency_keys text[], p_request_hashes bytea[], p_refusals text[], p_known_definitions text[], p_closing_passes text[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) TO portway_app;

REVOKE ALL ON FUNCTION app.open_executions(p_passes text[], p_workspace_ids uuid[], p_connection_ids uuid[], p_actions text[], p_payloads jsonb[], p_timeouts_ms integer[], p_idempotency_keys text[], p_request_hashes bytea[], p_refusals text[], p_known_definitions text[], p_closing_keys uuid[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) FROM PUBLIC;
GRANT ALL ON FUNCTION app.open_executions(p_passes text[], p_workspace_ids uuid[], p_connection_ids uuid[], p_actions text[], p_payloads jsonb[], p_timeouts_ms integer[], p_idempotency_keys text[], p_request_hashes bytea[], p_refusals text[], p_known_definitions text[], p_closing_keys uuid[], p_execution_ids uuid[], p_executed_at timestamp with time zone[], p_statuses text[], p_request_payloads jsonb[], p_response_payloads jsonb[], p_truncated boolean[], p_error_codes text[], p_status_codes integer[], p_durations_ms double precision[], p_attempts integer[], p_idempotent_answers text[], p_free_keys boolean[]) TO portway_app;

REVOKE ALL ON FUNCTION app.open_invitation(p_token text) FROM PUBLIC;

REVOKE ALL ON FUNCTION keyring.seal(p_claims jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION keyring.seal(p_claims jsonb) TO portway_definer;

REVOKE ALL ON FUNCTION app.seal_user_pass(p_user_id uuid, p_credential_id uuid, p_kind text, p_workspace_id uuid, p_scopes text[], p_expires_at timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.operator_pass(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.operator_pass(p_user_id uuid) TO portway_owner;

REVOKE ALL ON FUNCTION app.organizations_of(p_claims jsonb, p_roles text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.outside_person(p_issuer text, p_subject text, p_email text, p_email_verified boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.own_account_claims(p_pass text) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.own_connection(p_claims jsonb, p_connection_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.own_oauth_clients() FROM PUBLIC;
GRANT ALL ON FUNCTION app.own_oauth_clients() TO portway_app;

REVOKE ALL ON FUNCTION app.own_sessions(p_pass text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.own_sessions(p_pass text) TO portway_app;

REVOKE ALL ON FUNCTION app.owned_organizations() FROM PUBLIC;
GRANT ALL ON FUNCTION app.owned_organizations() TO portway_app;

REVOKE ALL ON FUNCTION app.owned_workspaces() FROM PUBLIC;
GRANT ALL ON FUNCTION app.owned_workspaces() TO portway_app;

REVOKE ALL ON FUNCTION app.password_parameters(p_email text, p_default text, OUT salt bytea, OUT parameters text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.password_parameters(p_email text, p_default text, OUT salt bytea, OUT parameters text) TO portway_app;

REVOKE ALL ON FUNCTION app.renewal_pause(p_failures integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.pause_renewal(p_connection_id uuid, p_version integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION keyring.base64url(p_value bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION keyring.base64url(p_value bytea) TO portway_definer;

REVOKE ALL ON FUNCTION app.random_token() FROM PUBLIC;

REVOKE ALL ON FUNCTION app.read_grant(p_connection_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.reauthorize_moved_integration() FROM PUBLIC;
GRANT ALL ON FUNCTION app.reauthorize_moved_integration() TO portway_owner;

REVOKE ALL ON FUNCTION app.record_delivery_attempt(p_delivery_id uuid, p_attempted_at timestamp with time zone, p_duration_ms double precision, p_outcome text, p_status_code integer, p_error text, p_answer text, p_next_attempt_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION app.record_delivery_attempt(p_delivery_id uuid, p_attempted_at timestamp with time zone, p_duration_ms double precision, p_outcome text, p_status_code integer, p_error text, p_answer text, p_next_attempt_at timestamp with time zone) TO portway_worker;

REVOKE ALL ON FUNCTION app.record_event(p_type text, p_organization_id uuid, p_workspace_id uuid, p_data jsonb, p_endpoints uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.refresh_session(p_refresh_token text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.refresh_session(p_refresh_token text) TO portway_app;

REVOKE ALL ON FUNCTION app.register_outside_session(p_issuer text, p_subject text, p_email text, p_email_verified boolean, p_name text, p_token_hash bytea, p_expires_at timestamp with time zone, p_sign_up text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.register_outside_session(p_issuer text, p_subject text, p_email text, p_email_verified boolean, p_name text, p_token_hash bytea, p_expires_at timestamp with time zone, p_sign_up text) TO portway_sign_in;

REVOKE ALL ON FUNCTION app.release_refresh(p_refresh_pass text, p_outcome text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.release_refresh(p_refresh_pass text, p_outcome text) TO portway_app;

REVOKE ALL ON FUNCTION app.remove_oauth_client(p_organization_id uuid, p_integration_id uuid, p_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.remove_oauth_client(p_organization_id uuid, p_integration_id uuid, p_name text) TO portway_app;

REVOKE ALL ON FUNCTION app.renew_invitation(p_pass text, p_invitation_id uuid, p_mailed boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION app.renew_invitation(p_pass text, p_invitation_id uuid, p_mailed boolean) TO portway_app;

REVOKE ALL ON FUNCTION app.renew_lease(p_refresh_pass text, p_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION app.renew_lease(p_refresh_pass text, p_seconds double precision) TO portway_app;

REVOKE ALL ON FUNCTION app.renewal_grant(p_connection public.connections) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.renewal_margin(p_auth_config jsonb, p_lifetime interval) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.renewing_claims(p_pass text, p_connection_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.replace_secret(p_pass text, p_connection_id uuid, p_values jsonb, p_origins text[], p_expires_at timestamp with time zone, p_grant jsonb, p_scopes text[], p_config jsonb, p_oauth_client_id uuid, p_account_id text, p_account_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.replace_secret(p_pass text, p_connection_id uuid, p_values jsonb, p_origins text[], p_expires_at timestamp with time zone, p_grant jsonb, p_scopes text[], p_config jsonb, p_oauth_client_id uuid, p_account_id text, p_account_name text) TO portway_app;

REVOKE ALL ON FUNCTION app.replay_webhook_delivery(p_pass text, p_endpoint_id uuid, p_delivery_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.replay_webhook_delivery(p_pass text, p_endpoint_id uuid, p_delivery_id uuid) TO portway_app;

REVOKE ALL ON FUNCTION app.reset_password(p_token text, p_salt bytea, p_parameters text, p_verifier bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION app.reset_password(p_token text, p_salt bytea, p_parameters text, p_verifier bytea) TO portway_app;

REVOKE ALL ON FUNCTION app.roll_up_usage() FROM PUBLIC;
GRANT ALL ON FUNCTION app.roll_up_usage() TO portway_app;

REVOKE ALL ON FUNCTION app.rotate_webhook_secret(p_pass text, p_endpoint_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.rotate_webhook_secret(p_pass text, p_endpoint_id uuid) TO portway_app;

REVOKE ALL ON FUNCTION app.search_actions(p_words text[], p_integration text, p_category text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.search_actions(p_words text[], p_integration text, p_category text) TO portway_app;

REVOKE ALL ON FUNCTION app.search_integrations(p_words text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION app.search_integrations(p_words text[]) TO portway_app;

REVOKE ALL ON FUNCTION app.search_query(p_words text[], p_weights text) FROM PUBLIC;

REVOKE ALL ON FUNCTION keyring.decrypt_all(p_ciphertexts bytea[], p_key_ids integer[], p_owners uuid[], p_types text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyring.decrypt_all(p_ciphertexts bytea[], p_key_ids integer[], p_owners uuid[], p_types text[]) TO portway_definer;

REVOKE ALL ON FUNCTION app.secrets_of(p_connection_ids uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.set_action_organization() FROM PUBLIC;

REVOKE ALL ON FUNCTION app.set_connection_disabled(p_pass text, p_connection_id uuid, p_disabled boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION app.set_connection_disabled(p_pass text, p_connection_id uuid, p_disabled boolean) TO portway_app;

REVOKE ALL ON FUNCTION app.set_connection_status(p_connection_id uuid, p_status text) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.set_credential(p_connection_id uuid, p_values jsonb, p_grant jsonb, p_expires_at timestamp with time zone, p_origins text[], p_scopes text[], p_config jsonb, p_oauth_client_id uuid, p_account_id text, p_account_name text, p_keep_refresh_token boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.set_oauth_client(p_pass text, p_organization_id uuid, p_integration_id uuid, p_client_id text, p_client_secret text, p_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.set_oauth_client(p_pass text, p_organization_id uuid, p_integration_id uuid, p_client_id text, p_client_secret text, p_name text) TO portway_app;

REVOKE ALL ON FUNCTION app.settle_idempotency_key(p_user_id uuid, p_execution_id uuid, p_answer text, p_free boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.sign_in(p_email text, p_proof bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION app.sign_in(p_email text, p_proof bytea) TO portway_app;

REVOKE ALL ON FUNCTION app.sign_out(p_pass text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.sign_out(p_pass text) TO portway_app;

REVOKE ALL ON FUNCTION app.sign_up(p_email text, p_name text, p_salt bytea, p_parameters text, p_verifier bytea, p_token text, p_policy text, p_first_needs_token boolean, OUT outcome text, OUT user_id uuid, OUT organization_id uuid, OUT workspace_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.sign_up(p_email text, p_name text, p_salt bytea, p_parameters text, p_verifier bytea, p_token text, p_policy text, p_first_needs_token boolean, OUT outcome text, OUT user_id uuid, OUT organization_id uuid, OUT workspace_id uuid) TO portway_app;

REVOKE ALL ON FUNCTION app.similar_actions(p_words text, p_organizations uuid[], p_integrations uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.similar_integrations(p_words text, p_organizations uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.start_outside_session(p_issuer text, p_subject text, p_email text, p_email_verified boolean, p_name text, p_sign_up text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.start_outside_session(p_issuer text, p_subject text, p_email text, p_email_verified boolean, p_name text, p_sign_up text) TO portway_sign_in;

REVOKE ALL ON FUNCTION keyring.encrypt(p_value text, p_owner uuid, p_type text, OUT ciphertext bytea, OUT key_id integer) FROM PUBLIC;
GRANT ALL ON FUNCTION keyring.encrypt(p_value text, p_owner uuid, p_type text, OUT ciphertext bytea, OUT key_id integer) TO portway_definer;

REVOKE ALL ON FUNCTION app.store_members(p_connection_id uuid, p_workspace_id uuid, p_values jsonb, p_grant jsonb, p_expires_at timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.store_refresh(p_refresh_pass text, p_access_token text, p_refresh_token text, p_expires_at timestamp with time zone, p_scopes text[], p_members jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION app.store_refresh(p_refresh_pass text, p_access_token text, p_refresh_token text, p_expires_at timestamp with time zone, p_scopes text[], p_members jsonb) TO portway_app;

REVOKE ALL ON FUNCTION app.take_authorization(p_state text, p_browser_secret text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.take_authorization(p_state text, p_browser_secret text) TO portway_app;

REVOKE ALL ON FUNCTION app.take_renewal(p_connection public.connections, p_lease_seconds double precision, OUT refresh_pass text, OUT grant_members jsonb, OUT client jsonb, OUT interrupted boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.tell_of_connection() FROM PUBLIC;
GRANT ALL ON FUNCTION app.tell_of_connection() TO portway_owner;

REVOKE ALL ON FUNCTION app.tell_of_execution() FROM PUBLIC;
GRANT ALL ON FUNCTION app.tell_of_execution() TO portway_owner;

REVOKE ALL ON FUNCTION app.test_webhook_endpoint(p_pass text, p_endpoint_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.test_webhook_endpoint(p_pass text, p_endpoint_id uuid) TO portway_app;

REVOKE ALL ON FUNCTION app.tidy_events() FROM PUBLIC;
GRANT ALL ON FUNCTION app.tidy_events() TO portway_worker;

REVOKE ALL ON FUNCTION app.usable_connection(p_claims jsonb, p_connection_id uuid) FROM PUBLIC;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.unfinished_usage TO portway_definer;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.usage_progress TO portway_definer;

REVOKE ALL ON FUNCTION app.usage_state() FROM PUBLIC;
GRANT ALL ON FUNCTION app.usage_state() TO portway_app;

REVOKE ALL ON FUNCTION app.use_connect_link(p_link_id uuid, p_connection_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.uuid_v7_at(p_time timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION app.uuid_v7_time(p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.uuid_v7_time(p_id uuid) TO portway_definer;
GRANT ALL ON FUNCTION app.uuid_v7_time(p_id uuid) TO portway_app;

REVOKE ALL ON FUNCTION app.verify_email(p_token text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.verify_email(p_token text) TO portway_app;

REVOKE ALL ON FUNCTION app.visible_users() FROM PUBLIC;
GRANT ALL ON FUNCTION app.visible_users() TO portway_app;

REVOKE ALL ON FUNCTION app.workspace_limit() FROM PUBLIC;
GRANT ALL ON FUNCTION app.workspace_limit() TO portway_app;

REVOKE ALL ON FUNCTION app.workspaces_of(p_claims jsonb, p_roles text[], p_organization_roles text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION jobs.procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean) TO portway_worker;

REVOKE ALL ON FUNCTION jobs.procrastinate_defer_jobs_v1(jobs jobs.procrastinate_job_to_defer_v1[]) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_defer_jobs_v1(jobs jobs.procrastinate_job_to_defer_v1[]) TO portway_worker;
GRANT ALL ON FUNCTION jobs.procrastinate_defer_jobs_v1(jobs jobs.procrastinate_job_to_defer_v1[]) TO portway_definer;

REVOKE ALL ON FUNCTION jobs.procrastinate_defer_periodic_job_v2(_queue_name character varying, _lock character varying, _queueing_lock character varying, _task_name character varying, _priority integer, _periodic_id character varying, _defer_timestamp bigint, _args jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_defer_periodic_job_v2(_queue_name character varying, _lock character varying, _queueing_lock character varying, _task_name character varying, _priority integer, _periodic_id character varying, _defer_timestamp bigint, _args jsonb) TO portway_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE jobs.procrastinate_jobs TO portway_worker;
GRANT INSERT ON TABLE jobs.procrastinate_jobs TO portway_definer;

GRANT SELECT(id) ON TABLE jobs.procrastinate_jobs TO portway_definer;

REVOKE ALL ON FUNCTION jobs.procrastinate_fetch_job_v2(target_queue_names character varying[], p_worker_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_fetch_job_v2(target_queue_names character varying[], p_worker_id bigint) TO portway_worker;

REVOKE ALL ON FUNCTION jobs.procrastinate_finish_job_v1(job_id bigint, end_status jobs.procrastinate_job_status, delete_job boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_finish_job_v1(job_id bigint, end_status jobs.procrastinate_job_status, delete_job boolean) TO portway_worker;

REVOKE ALL ON FUNCTION jobs.procrastinate_notify_queue_abort_job_v1() FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_notify_queue_abort_job_v1() TO portway_worker;

REVOKE ALL ON FUNCTION jobs.procrastinate_notify_queue_job_inserted_v1() FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_notify_queue_job_inserted_v1() TO portway_worker;

REVOKE ALL ON FUNCTION jobs.procrastinate_prune_stalled_workers_v1(seconds_since_heartbeat double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_prune_stalled_workers_v1(seconds_since_heartbeat double precision) TO portway_worker;

REVOKE ALL ON FUNCTION jobs.procrastinate_register_worker_v1() FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_register_worker_v1() TO portway_worker;

REVOKE ALL ON FUNCTION jobs.procrastinate_retry_job_v1(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_retry_job_v1(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) TO portway_worker;

REVOKE ALL ON FUNCTION jobs.procrastinate_retry_job_v2(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_retry_job_v2(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) TO portway_worker;

REVOKE ALL ON FUNCTION jobs.procrastinate_trigger_abort_requested_events_procedure_v1() FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_trigger_abort_requested_events_procedure_v1() TO portway_worker;

REVOKE ALL ON FUNCTION jobs.procrastinate_trigger_function_scheduled_events_v1() FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_trigger_function_scheduled_events_v1() TO portway_worker;

REVOKE ALL ON FUNCTION jobs.procrastinate_trigger_function_status_events_insert_v1() FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_trigger_function_status_events_insert_v1() TO portway_worker;

REVOKE ALL ON FUNCTION jobs.procrastinate_trigger_function_status_events_update_v1() FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_trigger_function_status_events_update_v1() TO portway_worker;

REVOKE ALL ON FUNCTION jobs.procrastinate_unlink_periodic_defers_v1() FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_unlink_periodic_defers_v1() TO portway_worker;

REVOKE ALL ON FUNCTION jobs.procrastinate_unregister_worker_v1(worker_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_unregister_worker_v1(worker_id bigint) TO portway_worker;

REVOKE ALL ON FUNCTION jobs.procrastinate_update_heartbeat_v1(worker_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.procrastinate_update_heartbeat_v1(worker_id bigint) TO portway_worker;

REVOKE ALL ON FUNCTION keyring.add_key(p_purpose text) FROM PUBLIC;

GRANT SELECT ON TABLE keyring.keys TO portway_owner;

REVOKE ALL ON FUNCTION keyring.current_key_id(p_purpose text) FROM PUBLIC;

REVOKE ALL ON FUNCTION keyring.file_content(p_path text) FROM PUBLIC;

REVOKE ALL ON FUNCTION keyring.vault_secret(p_name text) FROM PUBLIC;

GRANT SELECT ON TABLE keyring.master_key TO portway_owner;

REVOKE ALL ON FUNCTION keyring.fetch_master_key(p_place keyring.master_key) FROM PUBLIC;

REVOKE ALL ON FUNCTION keyring.from_base64url(p_value text) FROM PUBLIC;

REVOKE ALL ON FUNCTION keyring.initialize(p_source text, p_location text) FROM PUBLIC;

REVOKE ALL ON FUNCTION keyring.open_seal(p_sealed text) FROM PUBLIC;
GRANT ALL ON FUNCTION keyring.open_seal(p_sealed text) TO portway_definer;

REVOKE ALL ON FUNCTION keyring.reencrypt(p_ciphertext bytea, p_key_id integer, p_owner uuid, p_type text, OUT ciphertext bytea, OUT key_id integer) FROM PUBLIC;
GRANT ALL ON FUNCTION keyring.reencrypt(p_ciphertext bytea, p_key_id integer, p_owner uuid, p_type text, OUT ciphertext bytea, OUT key_id integer) TO portway_owner;

REVOKE ALL ON FUNCTION keyring.rotate(p_at_once boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION keyring.rotate(p_at_once boolean) TO portway_owner;

REVOKE ALL ON FUNCTION keyring.set_jwt_issuer(p_issuer text, p_audience text, p_secret text) FROM PUBLIC;

REVOKE ALL ON FUNCTION keyring.steady_hash(p_text text) FROM PUBLIC;
GRANT ALL ON FUNCTION keyring.steady_hash(p_text text) TO portway_definer;

REVOKE ALL ON FUNCTION keyring.unwrap(p_key_id integer, p_purpose text) FROM PUBLIC;

REVOKE ALL ON FUNCTION keyring.unwrapped(p_key keyring.keys, p_place keyring.master_key) FROM PUBLIC;

REVOKE ALL ON FUNCTION keyring.verify_jwt(p_token text) FROM PUBLIC;
GRANT ALL ON FUNCTION keyring.verify_jwt(p_token text) TO portway_definer;

GRANT SELECT ON TABLE app.job_migrations TO portway_app;

GRANT SELECT ON TABLE app.migrations TO portway_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE jobs.procrastinate_events TO portway_worker;
GRANT INSERT ON TABLE jobs.procrastinate_events TO portway_definer;

GRANT USAGE ON SEQUENCE jobs.procrastinate_events_id_seq TO portway_worker;
GRANT USAGE ON SEQUENCE jobs.procrastinate_events_id_seq TO portway_definer;

GRANT USAGE ON SEQUENCE jobs.procrastinate_jobs_id_seq TO portway_worker;
GRANT USAGE ON SEQUENCE jobs.procrastinate_jobs_id_seq TO portway_definer;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE jobs.procrastinate_periodic_defers TO portway_worker;

GRANT USAGE ON SEQUENCE jobs.procrastinate_periodic_defers_id_seq TO portway_worker;
GRANT USAGE ON SEQUENCE jobs.procrastinate_periodic_defers_id_seq TO portway_definer;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE jobs.procrastinate_workers TO portway_worker;

GRANT USAGE ON SEQUENCE jobs.procrastinate_workers_id_seq TO portway_worker;
GRANT USAGE ON SEQUENCE jobs.procrastinate_workers_id_seq TO portway_definer;

GRANT SELECT ON TABLE keyring.jwt_issuers TO portway_owner;

GRANT UPDATE(secret_ciphertext) ON TABLE keyring.jwt_issuers TO portway_owner;

GRANT UPDATE(key_id) ON TABLE keyring.jwt_issuers TO portway_owner;

GRANT SELECT ON SEQUENCE keyring.keys_id_seq TO portway_owner;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.events TO portway_definer;
GRANT SELECT ON TABLE public.events TO portway_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.idempotency_keys TO portway_definer;

GRANT SELECT,INSERT,DELETE ON TABLE public.one_time_tokens TO portway_definer;

GRANT SELECT,INSERT,UPDATE ON TABLE public.organization_members TO portway_definer;
GRANT SELECT,DELETE ON TABLE public.organization_members TO portway_app;

GRANT UPDATE(role) ON TABLE public.organization_members TO portway_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.organizations TO portway_definer;
GRANT SELECT,DELETE ON TABLE public.organizations TO portway_app;

GRANT UPDATE(name) ON TABLE public.organizations TO portway_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.refresh_leases TO portway_definer;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.usage_by_action TO portway_definer;
GRANT SELECT ON TABLE public.usage_by_action TO portway_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.usage_by_connection TO portway_definer;
GRANT SELECT ON TABLE public.usage_by_connection TO portway_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.user_identities TO portway_definer;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.webhook_attempts TO portway_definer;
GRANT SELECT ON TABLE public.webhook_attempts TO portway_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.webhook_endpoints TO portway_definer;
GRANT SELECT,DELETE ON TABLE public.webhook_endpoints TO portway_app;

GRANT UPDATE(url) ON TABLE public.webhook_endpoints TO portway_app;

GRANT UPDATE(description) ON TABLE public.webhook_endpoints TO portway_app;

GRANT UPDATE(events) ON TABLE public.webhook_endpoints TO portway_app;

GRANT UPDATE(disabled_at) ON TABLE public.webhook_endpoints TO portway_app;

GRANT UPDATE(disabled_reason) ON TABLE public.webhook_endpoints TO portway_app;

GRANT UPDATE(failing_since) ON TABLE public.webhook_endpoints TO portway_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.webhook_secrets TO portway_definer;

ALTER DEFAULT PRIVILEGES FOR ROLE portway_definer REVOKE ALL ON FUNCTIONS FROM PUBLIC;

ALTER DEFAULT PRIVILEGES FOR ROLE portway_keyring REVOKE ALL ON FUNCTIONS FROM PUBLIC;

ALTER DEFAULT PRIVILEGES FOR ROLE portway_owner REVOKE ALL ON FUNCTIONS FROM PUBLIC;
