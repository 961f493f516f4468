-- Connecting: values and grants apart, accounts told apart, OAuth clients by name, and passes of connect links.
--
-- Functions get more arguments, with defaults where servers of the release before may still call them. At such a server
-- a sign-in that ends during the upgrade fails, and is begun again.
-- squawk-ignore-file ban-drop-function

SET LOCAL ROLE portway_owner;

-- The page that opened a popup and waits to be told how it ended.
ALTER TABLE public.oauth_authorizations ADD COLUMN opener_origin text CHECK (length(opener_origin) <= 300);

GRANT SELECT (for_renewal) ON public.encrypted_credentials TO portway_app;
GRANT SELECT (key_id) ON public.oauth_clients TO portway_app;

-- Whatever else secrets are sent to once an integration is connected.
DROP TRIGGER integrations_moved ON public.integrations;
CREATE TRIGGER integrations_moved AFTER UPDATE ON public.integrations
    FOR EACH ROW WHEN (
        NEW.organization_id IS NOT NULL AND (
            NEW.base_url <> OLD.base_url OR NEW.auth_type <> OLD.auth_type
            OR (
                NEW.auth_config -> 'token_url', NEW.auth_config -> 'refresh_url', NEW.auth_config -> 'revocation_url',
                NEW.auth_config #> '{login,url}'
            ) IS DISTINCT FROM (
                OLD.auth_config -> 'token_url', OLD.auth_config -> 'refresh_url', OLD.auth_config -> 'revocation_url',
                OLD.auth_config #> '{login,url}'
            )
        )
    )
    EXECUTE FUNCTION app.reauthorize_moved_integration();

GRANT CREATE ON SCHEMA app TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;

DROP FUNCTION app.create_connection(text, uuid, uuid, text, jsonb, jsonb, text[], timestamptz);
DROP FUNCTION app.replace_secret(text, uuid, jsonb, text[], timestamptz);
DROP FUNCTION app.set_oauth_client(text, uuid, uuid, text, text);
DROP FUNCTION app.oauth_client_id(text, uuid, uuid);
DROP FUNCTION app.begin_authorization(text, uuid, uuid, uuid, text, text[], jsonb, text, text, text, text);
DROP FUNCTION app.take_authorization(text, text);
DROP FUNCTION app.complete_authorization(text, text, text, timestamptz, text[], text[]);
DROP FUNCTION app.store_secrets(uuid, uuid, jsonb, timestamptz);
DROP FUNCTION app.read_oauth_client(uuid, uuid);

-- The claims that connect this integration in this workspace: a user's, or those of a connect link to just that. NULL
-- for any other pass.
CREATE FUNCTION app.connecting_claims(p_pass text, p_workspace_id uuid, p_integration_id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- A connect link makes a new connection, or mends the one that it is for. Everybody else chooses.
CREATE FUNCTION app.check_link_connection(p_claims jsonb, p_connection_id uuid) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_claims ? 'link' AND (p_claims ->> 'connection')::uuid IS DISTINCT FROM p_connection_id THEN
        RAISE EXCEPTION 'this connect link is for something else' USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;

-- This name, or with a number behind it: the first that no connection of this person's in this workspace has.
CREATE FUNCTION app.free_connection_name(p_user_id uuid, p_workspace_id uuid, p_name text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN (
    WITH taken AS (
        SELECT c.name FROM public.connections AS c WHERE c.user_id = p_user_id AND c.workspace_id = p_workspace_id
    )
    SELECT candidate.name
    FROM generate_series(1, (SELECT count(*) + 1 FROM taken)) AS n
    CROSS JOIN LATERAL (
        SELECT left(p_name, 180) || CASE WHEN n > 1 THEN format(' (%s)', n) ELSE '' END AS name
    ) AS candidate
    WHERE NOT EXISTS (SELECT FROM taken WHERE taken.name = candidate.name)
    ORDER BY n LIMIT 1
);

-- The person's connection to this account, locked; NULL where there is none. Whoever connects the same account at the
-- same time waits.
CREATE FUNCTION app.connection_of_account(
    p_user_id uuid, p_workspace_id uuid, p_integration_id uuid, p_end_user_id text, p_account_id text
) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Gives a connection a credential in place of its old one, and makes it active: one for the same account, where both are
-- known. With p_keep_refresh_token, an old refresh token of the same client stays: some services give it once only.
CREATE FUNCTION app.set_credential(
    p_connection_id uuid, p_values jsonb, p_grant jsonb, p_expires_at timestamptz, p_origins text[], p_scopes text[],
    p_config jsonb, p_oauth_client_id uuid, p_account_id text, p_account_name text, p_keep_refresh_token boolean
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- A row of connections that has no credential yet. Without p_name it is called by p_default_name, or like it. Its account
-- is there from the beginning: the event that tells of a new connection is written with the row.
CREATE FUNCTION app.insert_connection(
    p_user_id uuid, p_workspace_id uuid, p_integration_id uuid, p_name text, p_default_name text, p_end_user_id text,
    p_account_id text, p_account_name text
) RETURNS uuid
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO public.connections
        (user_id, integration_id, organization_id, workspace_id, name, end_user_id, account_id, account_name)
    SELECT p_user_id, p_integration_id, w.organization_id, w.id,
        coalesce(p_name, app.free_connection_name(p_user_id, p_workspace_id, p_default_name)), p_end_user_id,
        p_account_id, p_account_name
    FROM public.workspaces AS w WHERE w.id = p_workspace_id
    RETURNING id;
END;

CREATE FUNCTION app.check_oauth_client(p_oauth_client_id uuid, p_organization_id uuid, p_integration_id uuid)
RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- p_values are part of calls, p_grant renews the token. One that is to the same account already gets this credential.
CREATE FUNCTION app.create_connection(
    p_pass text, p_workspace_id uuid, p_integration_id uuid, p_name text, p_values jsonb, p_config jsonb,
    p_origins text[], p_expires_at timestamptz, p_grant jsonb DEFAULT '{}', p_scopes text[] DEFAULT '{}',
    p_oauth_client_id uuid DEFAULT NULL, p_account_id text DEFAULT NULL, p_account_name text DEFAULT NULL,
    p_end_user_id text DEFAULT NULL, p_default_name text DEFAULT NULL
) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- A NULL in p_config or p_scopes leaves what is there.
CREATE FUNCTION app.replace_secret(
    p_pass text, p_connection_id uuid, p_values jsonb, p_origins text[], p_expires_at timestamptz,
    p_grant jsonb DEFAULT '{}', p_scopes text[] DEFAULT NULL, p_config jsonb DEFAULT NULL,
    p_oauth_client_id uuid DEFAULT NULL, p_account_id text DEFAULT NULL, p_account_name text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Deletes; returns {tokens, client, integration, origins, config}: what to revoke at the provider, by type, with which
-- OAuth client (NULL: that of the environment), and where that may be sent. For the owner and the workspace's admins.
CREATE OR REPLACE FUNCTION app.delete_connection(p_pass text, p_connection_id uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- OAuth clients. An organization has one of each name at an integration.

-- {id, client_id, client_secret}; NULL where there is none.
CREATE FUNCTION app.identified_client(p_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN app.read_oauth_client(p_id) || jsonb_build_object('id', p_id);

-- The client of a connection: its own credential's, or the organization's; NULL for that of the environment.
CREATE FUNCTION app.client_of(p_connection public.connections) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN EXISTS (
    SELECT FROM public.encrypted_credentials AS e
    WHERE e.connection_id = p_connection.id AND e.credential_type = 'client_id'
) THEN jsonb_build_object(
    'client_id', app.read_secret(p_connection.id, 'client_id'),
    'client_secret', app.read_secret(p_connection.id, 'client_secret')
) ELSE app.identified_client(p_connection.oauth_client_id) END;

-- The client of this name that a connection in this workspace is made with; without a name, that of the connection that
-- is authorized again, else the default one. NULL where the organization has no such client.
--
-- Whoever may connect gets the secret as well: some protocols need it before anybody goes anywhere (RFC 5849,
-- section 2.1), and an authorization that they begin gives it to them in any case.
CREATE FUNCTION app.oauth_client(
    p_pass text, p_workspace_id uuid, p_integration_id uuid, p_name text DEFAULT NULL, p_connection_id uuid DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Deletes clients that are nobody's any more: not a connection's, and not that of a sign-in that is under way.
CREATE FUNCTION app.forget_oauth_clients(p_organization_id uuid, p_integration_id uuid) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    DELETE FROM public.oauth_clients AS o
    WHERE o.organization_id = p_organization_id AND o.integration_id = p_integration_id AND o.replaced_at IS NOT NULL
        AND NOT EXISTS (SELECT FROM public.connections AS c WHERE c.oauth_client_id = o.id)
        AND NOT EXISTS (
            SELECT FROM public.oauth_authorizations AS a
            WHERE a.oauth_client_id = o.id AND a.completed_at IS NULL AND a.expires_at > now() - interval '10 minutes'
        );
END;

-- A new secret for the client of this name, or another client in its place. The one before stays for the connections
-- that were made with it, and comes back with its id where it is set again.
CREATE FUNCTION app.set_oauth_client(
    p_pass text, p_organization_id uuid, p_integration_id uuid, p_client_id text, p_client_secret text,
    p_name text DEFAULT 'default'
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Forgets the client of this name with its secret; false where there is none, or not for the caller of this transaction.
-- The connections that were made with it stay its own, to go on where it is set again.
CREATE FUNCTION app.remove_oauth_client(p_organization_id uuid, p_integration_id uuid, p_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Connecting by redirect.

CREATE FUNCTION app.begin_authorization(
    p_pass text, p_workspace_id uuid, p_integration_id uuid, p_connection_id uuid, p_name text, p_scopes text[],
    p_config jsonb, p_return_url text, p_state text, p_code_verifier text, p_browser_secret text,
    p_oauth_client_id uuid DEFAULT NULL, p_end_user_id text DEFAULT NULL, p_opener_origin text DEFAULT NULL
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Takes an authorization up by its state: once, and only for the browser that began it, where one did. No row for any
-- other state. `authorization_pass` completes this one and nothing else.
CREATE FUNCTION app.take_authorization(p_state text, p_browser_secret text) RETURNS TABLE (
    authorization_pass text, integration_id uuid, client jsonb, code_verifier text, scopes text[], config jsonb,
    return_url text, expired boolean, opener_origin text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Stores what the redirect brought: in the connection that is authorized again, in one that is to the same account
-- already, or in a new one.
CREATE FUNCTION app.complete_authorization(
    p_authorization_pass text, p_values jsonb, p_grant jsonb, p_expires_at timestamptz, p_origins text[],
    p_scopes text[], p_config jsonb, p_account_id text, p_account_name text, p_default_name text
) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

GRANT EXECUTE ON FUNCTION
    app.create_connection(
        text, uuid, uuid, text, jsonb, jsonb, text[], timestamptz, jsonb, text[], uuid, text, text, text, text
    ),
    app.replace_secret(text, uuid, jsonb, text[], timestamptz, jsonb, text[], jsonb, uuid, text, text),
    app.set_oauth_client(text, uuid, uuid, text, text, text), app.oauth_client(text, uuid, uuid, text, uuid),
    app.remove_oauth_client(uuid, uuid, text),
    app.begin_authorization(
        text, uuid, uuid, uuid, text, text[], jsonb, text, text, text, text, uuid, text, text
    ),
    app.take_authorization(text, text),
    app.complete_authorization(text, jsonb, jsonb, timestamptz, text[], text[], jsonb, text, text, text)
TO portway_app;

RESET ROLE;

SET LOCAL ROLE portway_owner;
REVOKE CREATE ON SCHEMA app FROM portway_definer;
RESET ROLE;
