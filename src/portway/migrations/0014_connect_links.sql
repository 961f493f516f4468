-- Connect links: a person without an account connects a service for whoever made the link.

SET LOCAL ROLE portway_owner;

CREATE TABLE public.connect_links (
    id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
    token_hash bytea NOT NULL UNIQUE,
    -- Who made it, and will own the connection.
    user_id uuid NOT NULL REFERENCES public.users ON DELETE CASCADE,
    organization_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    integration_id uuid NOT NULL REFERENCES public.integrations ON DELETE CASCADE,
    -- The connection to authorize again; else the one that was made, once it is.
    connection_id uuid,
    reconnect boolean NOT NULL DEFAULT false,
    end_user_id text CHECK (length(end_user_id) BETWEEN 1 AND 200),
    name text CHECK (length(name) BETWEEN 1 AND 200),
    scopes text[],
    -- Values of the connection's config that its maker has set and the end user does not see or change.
    config jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(config) = 'object'),
    oauth_client text CHECK (length(oauth_client) BETWEEN 1 AND 100),
    return_url text CHECK (length(return_url) <= 4000),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    opened_at timestamptz,
    used_at timestamptz,
    revoked_at timestamptz,
    CHECK (reconnect OR end_user_id IS NOT NULL),
    FOREIGN KEY (workspace_id, organization_id) REFERENCES public.workspaces (id, organization_id) ON DELETE CASCADE,
    FOREIGN KEY (connection_id, workspace_id)
        REFERENCES public.connections (id, workspace_id) ON DELETE SET NULL (connection_id)
);
CREATE INDEX connect_links_workspace ON public.connect_links (workspace_id, id);
CREATE INDEX connect_links_organization ON public.connect_links (organization_id);
CREATE INDEX connect_links_user ON public.connect_links (user_id);
CREATE INDEX connect_links_integration ON public.connect_links (integration_id);
CREATE INDEX connect_links_connection ON public.connect_links (connection_id);
CREATE INDEX connect_links_expires ON public.connect_links (expires_at);

ALTER TABLE public.connect_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.connect_links FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON public.connect_links TO portway_owner USING (true) WITH CHECK (true);
CREATE POLICY definer ON public.connect_links TO portway_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.connect_links TO portway_definer;

GRANT SELECT (
        id, user_id, organization_id, workspace_id, integration_id, connection_id, reconnect, end_user_id, name, scopes,
        config, oauth_client, return_url, created_at, expires_at, opened_at, used_at, revoked_at
    ),
    UPDATE (revoked_at)
ON public.connect_links TO portway_app;
CREATE POLICY read ON public.connect_links FOR SELECT TO portway_app
    USING (
        workspace_id = ANY ((SELECT app.current_workspaces())::uuid[]) AND (SELECT app.has_scope('connections:read'))
    );
CREATE POLICY revoke ON public.connect_links FOR UPDATE TO portway_app
    USING (
        workspace_id = ANY ((SELECT app.current_workspaces())::uuid[]) AND (SELECT app.has_scope('connections:write'))
        AND (
            user_id = (SELECT app.current_user_id())
            OR workspace_id = ANY ((SELECT app.administered_workspaces())::uuid[])
        )
    )
    WITH CHECK (workspace_id = ANY ((SELECT app.current_workspaces())::uuid[]) AND revoked_at IS NOT NULL);

-- An authorization that was begun with a link. (The rows of ten minutes are few.)
ALTER TABLE public.oauth_authorizations
    -- squawk-ignore adding-foreign-key-constraint
    ADD COLUMN connect_link_id uuid REFERENCES public.connect_links ON DELETE CASCADE;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX oauth_authorizations_connect_link ON public.oauth_authorizations (connect_link_id);

GRANT CREATE ON SCHEMA app TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;

-- What the link's maker may do now, as claims: connect services in this workspace; for a reconnect link, with a
-- connection of their own.
CREATE FUNCTION app.claims_of_link(p_link public.connect_links) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN jsonb_build_object(
    'sub', p_link.user_id, 'scopes', '["connections:write"]'::jsonb, 'workspace', p_link.workspace_id,
    'integration', p_link.integration_id, 'link', p_link.id, 'end_user_id', p_link.end_user_id,
    'oauth_client', p_link.oauth_client,
    'connection', CASE WHEN p_link.reconnect THEN p_link.connection_id END
);

-- ready, used, expired or revoked. A link lives no longer than its maker may connect services in its workspace, nor
-- than the connection that it is to authorize again. The key that made it may end before.
CREATE FUNCTION app.connect_link_state(p_link public.connect_links) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN CASE
    WHEN p_link.used_at IS NOT NULL THEN 'used'
    WHEN p_link.revoked_at IS NOT NULL
        OR p_link.reconnect AND p_link.connection_id IS NULL
        OR coalesce(app.role_in(app.claims_of_link(p_link), p_link.workspace_id), 'viewer') = 'viewer'
        OR NOT EXISTS (
            SELECT FROM public.users AS u WHERE u.id = p_link.user_id AND u.disabled_at IS NULL
        ) THEN 'revoked'
    WHEN p_link.expires_at <= clock_timestamp() THEN 'expired'
    ELSE 'ready'
END;

-- What a pass of purpose connect_link may do now: {sub, scopes, workspace, integration, link, end_user_id, oauth_client,
-- connection}, where `connection` is that of a reconnect link. NULL for any other pass, and for a link that is not ready.
CREATE FUNCTION app.connect_link_claims(p_pass text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT app.claims_of_link(l) FROM public.connect_links AS l
    WHERE l.id = (app.pass_claims(p_pass, 'connect_link') ->> 'link')::uuid AND app.connect_link_state(l) = 'ready'
);

-- Where a link's connection is made or authorized again, in the same transaction, last: from then on the link is used.
-- Raises where it was used or revoked meanwhile, or the connection is not the link's. Without a link, nothing.
-- Its expiry does not count any more: whoever began in time may finish.
CREATE FUNCTION app.use_connect_link(p_link_id uuid, p_connection_id uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- A link to a new connection, or with p_connection_id, to the caller's own one that needs its account again: then the
-- workspace, the integration and the end user are that connection's. The token is returned once and kept as its hash.
CREATE FUNCTION app.create_connect_link(
    p_pass text, p_workspace_id uuid, p_integration_id uuid, p_connection_id uuid, p_end_user_id text, p_name text,
    p_scopes text[], p_config jsonb, p_oauth_client text, p_return_url text, p_lifetime interval,
    OUT id uuid, OUT token text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- What the hosted page shows to whoever holds the token; no row for one that is unknown. `link_pass` is good for this
-- link's connection alone, for five minutes, and there only where `state` is ready.
CREATE FUNCTION app.open_connect_link(p_token text) RETURNS TABLE (
    id uuid, state text, link_pass text, return_url text, organization_name text, workspace_name text, integration jsonb,
    workspace_id uuid, connection_id uuid, connection_name text, account_name text, connection_scopes text[],
    connection_config jsonb, reconnect boolean, name text, scopes text[], config jsonb, oauth_client text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

CREATE OR REPLACE FUNCTION app.delete_expired() RETURNS integer
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
    DELETE FROM public.connect_links WHERE expires_at < now() - interval '90 days';
    GET DIAGNOSTICS gone = ROW_COUNT; total := total + gone;
    DELETE FROM public.invitations WHERE expires_at < now() - interval '30 days' AND accepted_at IS NULL;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN total + gone;
END
$$;

GRANT EXECUTE ON FUNCTION
    app.create_connect_link(text, uuid, uuid, uuid, text, text, text[], jsonb, text, text, interval),
    app.open_connect_link(text)
TO portway_app;

RESET ROLE;

SET LOCAL ROLE portway_owner;
REVOKE CREATE ON SCHEMA app FROM portway_definer;
RESET ROLE;
