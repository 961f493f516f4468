-- Secrets go in; out comes only what a lease or a pending authorization needs.

SET LOCAL ROLE portway_owner;
GRANT SELECT ON public.integrations, public.actions TO portway_definer;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    public.oauth_clients, public.connections, public.encrypted_credentials, public.oauth_authorizations,
    public.refresh_leases
TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;

-- The role that the caller of a pass has in a workspace; NULL for a stranger.
CREATE FUNCTION app.role_in(p_claims jsonb, p_workspace_id uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT m.role FROM public.workspace_members AS m
    WHERE m.workspace_id = p_workspace_id AND m.user_id = (p_claims ->> 'sub')::uuid
        AND (p_claims ->> 'workspace' IS NULL OR m.workspace_id = (p_claims ->> 'workspace')::uuid)
);

-- Raises unless the caller may connect services in this workspace. Returns the workspace's organization.
CREATE FUNCTION app.check_may_connect(p_claims jsonb, p_workspace_id uuid) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- The caller's own connection, locked. Raises for one that they do not see, or see and do not own.
CREATE FUNCTION app.own_connection(p_claims jsonb, p_connection_id uuid) RETURNS public.connections
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- The same, for calling the service.
CREATE FUNCTION app.usable_connection(p_claims jsonb, p_connection_id uuid) RETURNS public.connections
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- What is found while a connection is disabled shows when it is enabled again.
CREATE FUNCTION app.set_connection_status(p_connection_id uuid, p_status text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE public.connections SET
        status = CASE WHEN status = 'disabled' THEN status ELSE p_status END,
        enabled_status = CASE WHEN status = 'disabled' THEN p_status END,
        updated_at = now()
    WHERE id = p_connection_id;
END
$$;

CREATE FUNCTION app.check_integration(p_integration_id uuid, p_organization_id uuid) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Sets the secret members of a connection. A NULL value leaves the member as it is.
CREATE FUNCTION app.store_secrets(p_connection_id uuid, p_workspace_id uuid, p_values jsonb, p_expires_at timestamptz)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO public.encrypted_credentials AS e
        (connection_id, workspace_id, credential_type, encrypted_value, key_id, expires_at)
    SELECT p_connection_id, p_workspace_id, member.key, sealed.ciphertext, sealed.key_id,
        CASE member.key WHEN 'access_token' THEN p_expires_at END
    FROM jsonb_each_text(p_values) AS member
    CROSS JOIN LATERAL keyring.encrypt(member.value, p_connection_id, member.key) AS sealed
    WHERE member.value IS NOT NULL
    ON CONFLICT (connection_id, credential_type) DO UPDATE SET
        encrypted_value = excluded.encrypted_value, key_id = excluded.key_id, expires_at = excluded.expires_at,
        updated_at = now();
END;

-- The members that authenticate a call, of each of these connections that has any; a refresh token is none of them.
-- NULL where something does not decrypt. Inlined, hence no search_path.
CREATE FUNCTION app.secrets_of(p_connection_ids uuid[]) RETURNS TABLE (connection_id uuid, members jsonb)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.connection_id, CASE WHEN bool_and(s.value IS NOT NULL) THEN jsonb_object_agg(s.type, s.value) END
    FROM (
        SELECT array_agg(e.connection_id), array_agg(e.credential_type), array_agg(e.encrypted_value),
            array_agg(e.key_id)
        FROM public.encrypted_credentials AS e
        WHERE e.connection_id = ANY (p_connection_ids) AND e.credential_type <> 'refresh_token'
    ) AS stored (owners, types, ciphertexts, key_ids)
    CROSS JOIN LATERAL unnest(
        stored.owners, stored.types,
        keyring.decrypt_all(stored.ciphertexts, stored.key_ids, stored.owners, stored.types)
    ) AS s (connection_id, type, value)
    GROUP BY s.connection_id;
END;

-- Those of one connection; NULL where it has none. Raises data_corrupted.
CREATE FUNCTION app.read_secrets(p_connection_id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

CREATE FUNCTION app.read_secret(p_connection_id uuid, p_type text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT keyring.decrypt(e.encrypted_value, e.key_id, e.connection_id, e.credential_type)
    FROM public.encrypted_credentials AS e
    WHERE e.connection_id = p_connection_id AND e.credential_type = p_type
);

CREATE FUNCTION app.create_connection(
    p_pass text, p_workspace_id uuid, p_integration_id uuid, p_name text, p_values jsonb, p_config jsonb,
    p_origins text[], p_expires_at timestamptz
) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    organization uuid := app.check_may_connect(claims, p_workspace_id);
    made uuid;
BEGIN
    PERFORM app.check_integration(p_integration_id, organization);
    INSERT INTO public.connections (
        user_id, integration_id, organization_id, workspace_id, name, origins, config, credential_version,
        issued_at, expires_at
    )
    VALUES (
        (claims ->> 'sub')::uuid, p_integration_id, organization, p_workspace_id, p_name, p_origins, p_config, 1,
        now(), p_expires_at
    )
    RETURNING id INTO made;
    PERFORM app.store_secrets(made, p_workspace_id, p_values, p_expires_at);
    RETURN made;
END
$$;

CREATE FUNCTION app.replace_secret(
    p_pass text, p_connection_id uuid, p_values jsonb, p_origins text[], p_expires_at timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    mine public.connections := app.own_connection(claims, p_connection_id);
BEGIN
    PERFORM app.check_may_connect(claims, mine.workspace_id);
    DELETE FROM public.encrypted_credentials WHERE connection_id = p_connection_id;
    PERFORM app.store_secrets(p_connection_id, mine.workspace_id, p_values, p_expires_at);
    UPDATE public.connections SET
        origins = p_origins, credential_version = credential_version + 1, issued_at = now(), expires_at = p_expires_at
    WHERE id = p_connection_id;
    PERFORM app.set_connection_status(p_connection_id, 'active');
END
$$;

-- Disabling is for the owner and the workspace's admins; enabling for whoever disabled, and the admins.
CREATE FUNCTION app.set_connection_disabled(p_pass text, p_connection_id uuid, p_disabled boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Deletes; returns {tokens, client}: what to revoke at the provider, refresh token first, and with which OAuth client
-- of the organization's own. For the owner and the workspace's admins.
CREATE FUNCTION app.delete_connection(p_pass text, p_connection_id uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    target public.connections;
    tokens text[] := '{}';
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
        tokens := array_remove(ARRAY[
            app.read_secret(p_connection_id, 'refresh_token'), app.read_secret(p_connection_id, 'access_token')
        ], NULL);
        client := app.read_oauth_client(target.organization_id, target.integration_id);
    EXCEPTION WHEN data_corrupted THEN
        NULL;  -- What no longer opens cannot be revoked; the row goes all the same.
    END;
    DELETE FROM public.connections WHERE id = p_connection_id;
    RETURN jsonb_build_object('tokens', tokens, 'client', client);
END
$$;

-- OAuth clients.

CREATE FUNCTION app.set_oauth_client(
    p_pass text, p_organization_id uuid, p_integration_id uuid, p_client_id text, p_client_secret text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    sealed record;
BEGIN
    IF NOT coalesce(claims -> 'scopes' ? 'catalog:write', false)
        OR NOT p_organization_id = ANY (app.organizations_of(claims, ARRAY['owner', 'admin']))
    THEN
        RAISE EXCEPTION 'only an owner or admin of the organization may do this' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM app.check_integration(p_integration_id, p_organization_id);
    SELECT s.ciphertext, s.key_id INTO sealed
    FROM keyring.encrypt(p_client_secret, p_integration_id, 'client_secret ' || p_organization_id) AS s
    WHERE p_client_secret IS NOT NULL;
    INSERT INTO public.oauth_clients AS o
        (organization_id, integration_id, client_id, encrypted_client_secret, key_id)
    VALUES (p_organization_id, p_integration_id, p_client_id, sealed.ciphertext, sealed.key_id)
    ON CONFLICT (organization_id, integration_id) DO UPDATE SET
        client_id = excluded.client_id, encrypted_client_secret = excluded.encrypted_client_secret,
        key_id = excluded.key_id, updated_at = now();
END
$$;

-- {client_id, client_secret} of an organization's own client; NULL where it has none.
CREATE FUNCTION app.read_oauth_client(p_organization_id uuid, p_integration_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT jsonb_build_object('client_id', o.client_id, 'client_secret', CASE WHEN o.key_id IS NOT NULL THEN
        keyring.decrypt(
            o.encrypted_client_secret, o.key_id, o.integration_id, 'client_secret ' || o.organization_id
        )
    END)
    FROM public.oauth_clients AS o
    WHERE o.organization_id = p_organization_id AND o.integration_id = p_integration_id
);

-- The client id that an authorization in this workspace is made with; NULL where the organization has no client.
CREATE FUNCTION app.oauth_client_id(p_pass text, p_workspace_id uuid, p_integration_id uuid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    organization uuid := app.check_may_connect(app.pass_claims(p_pass, 'user'), p_workspace_id);
BEGIN
    RETURN (
        SELECT o.client_id FROM public.oauth_clients AS o
        WHERE o.organization_id = organization AND o.integration_id = p_integration_id
    );
END
$$;

-- The authorization code flow (RFC 6749, section 4.1; RFC 7636).

CREATE FUNCTION app.begin_authorization(
    p_pass text, p_workspace_id uuid, p_integration_id uuid, p_connection_id uuid, p_name text, p_scopes text[],
    p_config jsonb, p_return_url text, p_state text, p_code_verifier text, p_browser_secret text
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    organization uuid := app.check_may_connect(claims, p_workspace_id);
    authorization_id uuid := app.uuid_v7();
    sealed record;
    expiry timestamptz := now() + interval '10 minutes';
BEGIN
    PERFORM app.check_integration(p_integration_id, organization);
    IF p_connection_id IS NOT NULL
        AND (app.own_connection(claims, p_connection_id)).integration_id IS DISTINCT FROM p_integration_id
    THEN
        RAISE EXCEPTION 'no such connection' USING ERRCODE = 'no_data_found';
    END IF;
    sealed := keyring.encrypt(p_code_verifier, authorization_id, 'code_verifier');
    INSERT INTO public.oauth_authorizations (
        state_hash, id, user_id, workspace_id, integration_id, connection_id, name, scopes, config, return_url,
        encrypted_code_verifier, key_id, browser_hash, expires_at
    )
    VALUES (
        sha256(convert_to(p_state, 'UTF8')), authorization_id, (claims ->> 'sub')::uuid, p_workspace_id,
        p_integration_id, p_connection_id, p_name, p_scopes, p_config, p_return_url, sealed.ciphertext, sealed.key_id,
        sha256(convert_to(p_browser_secret, 'UTF8')), expiry
    );
    RETURN expiry;
END
$$;

-- Takes an authorization up by its state: once, and only for the browser that began it, where one did. No row for any
-- other state. `authorization_pass` completes this one and nothing else.
CREATE FUNCTION app.take_authorization(p_state text, p_browser_secret text) RETURNS TABLE (
    authorization_pass text, integration_id uuid, client jsonb, code_verifier text, scopes text[], config jsonb,
    return_url text, expired boolean
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
    IF NOT expired THEN
        code_verifier := keyring.decrypt(
            pending.encrypted_code_verifier, pending.key_id, pending.id, 'code_verifier'
        );
        client := app.read_oauth_client(
            (SELECT w.organization_id FROM public.workspaces AS w WHERE w.id = pending.workspace_id),
            pending.integration_id
        );
        authorization_pass := keyring.seal(jsonb_build_object(
            'purpose', 'authorization', 'authorization', pending.id,
            'exp', extract(epoch FROM clock_timestamp() + interval '5 minutes')
        ));
    END IF;
    RETURN NEXT;
END
$$;

-- The integration's row for a pass of purpose authorization or refresh, which names no user.
CREATE FUNCTION app.integration_row(p_integration_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT to_jsonb(i) - ARRAY['created_at', 'updated_at', 'shipped']
    FROM public.integrations AS i WHERE i.id = p_integration_id
);

CREATE FUNCTION app.authorization_integration(p_authorization_pass text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT app.integration_row(o.integration_id) FROM public.oauth_authorizations AS o
    WHERE o.id = (app.pass_claims(p_authorization_pass, 'authorization') ->> 'authorization')::uuid
);

CREATE FUNCTION app.complete_authorization(
    p_authorization_pass text, p_access_token text, p_refresh_token text, p_expires_at timestamptz, p_origins text[],
    p_scopes text[]
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
    IF pending.connection_id IS NULL THEN
        INSERT INTO public.connections (
            user_id, integration_id, organization_id, workspace_id, name, origins, scopes, config, issued_at, expires_at
        )
        SELECT pending.user_id, pending.integration_id, w.organization_id, w.id, pending.name, p_origins, p_scopes,
            pending.config, now(), p_expires_at
        FROM public.workspaces AS w WHERE w.id = pending.workspace_id
        RETURNING id INTO target;
    ELSE
        target := pending.connection_id;
        DELETE FROM public.refresh_leases WHERE connection_id = target;
    END IF;
    PERFORM app.store_secrets(
        target, pending.workspace_id,
        jsonb_build_object('access_token', p_access_token, 'refresh_token', p_refresh_token), p_expires_at
    );
    UPDATE public.connections SET
        origins = p_origins, scopes = p_scopes, config = pending.config, credential_version = credential_version + 1,
        issued_at = now(), expires_at = p_expires_at
    WHERE id = target;
    PERFORM app.set_connection_status(target, 'active');
    RETURN target;
END
$$;

-- Refresh. One holder at a time over all nodes; nothing is locked while the token request is under way.

-- outcome: leased, wait, fresh, gone (see the credential vault's port). The lease records the intent to spend the
-- refresh token of this version; `interrupted` says that an earlier holder recorded the same and vanished. A lease is
-- at most ten minutes long.
CREATE FUNCTION app.lease_refresh(
    p_pass text, p_connection_id uuid, p_seen_version integer, p_lease_seconds double precision,
    OUT outcome text, OUT refresh_pass text, OUT refresh_token text, OUT client jsonb, OUT credential jsonb,
    OUT interrupted boolean
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    mine public.connections := app.usable_connection(claims, p_connection_id);
    earlier public.refresh_leases;
    holder uuid := gen_random_uuid();
    lease_seconds double precision := least(greatest(p_lease_seconds, 1), 600);
BEGIN
    interrupted := false;
    outcome := 'gone';
    IF mine.status IN ('reauthorization_required', 'disabled') THEN
        RETURN;
    END IF;
    BEGIN
        IF mine.credential_version <> p_seen_version THEN
            credential := app.credential_of(mine);
            outcome := 'fresh';
            RETURN;
        END IF;
        refresh_token := app.read_secret(p_connection_id, 'refresh_token');
        client := app.read_oauth_client(mine.organization_id, mine.integration_id);
    EXCEPTION WHEN data_corrupted THEN
        RETURN;
    END;
    IF refresh_token IS NULL THEN
        RETURN;
    END IF;
    SELECT * INTO earlier FROM public.refresh_leases AS l WHERE l.connection_id = p_connection_id FOR UPDATE;
    IF earlier.expires_at > clock_timestamp() THEN
        outcome := 'wait';
        refresh_token := NULL; client := NULL;
        RETURN;
    END IF;
    interrupted := coalesce(earlier.credential_version = mine.credential_version, false);
    INSERT INTO public.refresh_leases AS l (connection_id, holder, credential_version, taken_at, expires_at)
    VALUES (
        p_connection_id, holder, mine.credential_version, clock_timestamp(),
        clock_timestamp() + make_interval(secs => lease_seconds)
    )
    ON CONFLICT (connection_id) DO UPDATE SET
        holder = excluded.holder, credential_version = excluded.credential_version, taken_at = excluded.taken_at,
        expires_at = excluded.expires_at;
    -- Outlives the lease: an answer that comes late is stored all the same, if nothing newer was.
    refresh_pass := keyring.seal(jsonb_build_object(
        'purpose', 'refresh', 'connection', p_connection_id, 'version', mine.credential_version, 'holder', holder,
        'exp', extract(epoch FROM clock_timestamp()) + lease_seconds + 600
    ));
    outcome := 'leased';
END
$$;

CREATE FUNCTION app.credential_of(p_connection public.connections) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN jsonb_build_object(
    'values', app.read_secrets(p_connection.id), 'version', p_connection.credential_version,
    'issued_at', p_connection.issued_at, 'expires_at', p_connection.expires_at
);

-- Stores by compare-and-set on the version that was leased; NULL where another version is stored by now.
CREATE FUNCTION app.store_refresh(
    p_refresh_pass text, p_access_token text, p_refresh_token text, p_expires_at timestamptz, p_scopes text[]
) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_refresh_pass, 'refresh');
    target public.connections;
BEGIN
    UPDATE public.connections AS c SET
        credential_version = c.credential_version + 1, issued_at = now(), expires_at = p_expires_at,
        scopes = coalesce(p_scopes, c.scopes), updated_at = now()
    WHERE c.id = (claims ->> 'connection')::uuid AND c.credential_version = (claims ->> 'version')::integer
    RETURNING c.* INTO target;
    IF target.id IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM app.store_secrets(
        target.id, target.workspace_id,
        jsonb_build_object('access_token', p_access_token, 'refresh_token', p_refresh_token), p_expires_at
    );
    DELETE FROM public.refresh_leases AS l WHERE l.connection_id = target.id;
    RETURN app.credential_of(target);
END
$$;

-- Gives the lease back; where the grant is gone for good, marks the connection, if it still holds that version.
CREATE FUNCTION app.release_refresh(p_refresh_pass text, p_reauthorization_required boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_refresh_pass, 'refresh');
BEGIN
    DELETE FROM public.refresh_leases AS l
    WHERE l.connection_id = (claims ->> 'connection')::uuid AND l.holder = (claims ->> 'holder')::uuid;
    IF p_reauthorization_required THEN
        PERFORM app.set_connection_status(c.id, 'reauthorization_required') FROM public.connections AS c
        WHERE c.id = (claims ->> 'connection')::uuid AND c.credential_version = (claims ->> 'version')::integer
        FOR UPDATE;
    END IF;
END
$$;

-- The service refused a credential of this version, and there is nothing to refresh it with.
CREATE FUNCTION app.mark_reauthorization_required(p_pass text, p_connection_id uuid, p_seen_version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mine public.connections := app.usable_connection(app.pass_claims(p_pass, 'user'), p_connection_id);
BEGIN
    IF mine.credential_version = p_seen_version THEN
        PERFORM app.set_connection_status(mine.id, 'reauthorization_required');
    END IF;
END
$$;

-- An organization's admin who moves an integration to another address harvests nothing: its connections must be
-- authorized again. (Every call checks the recorded origins besides.)
CREATE FUNCTION app.reauthorize_moved_integration() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.set_connection_status(c.id, 'reauthorization_required') FROM public.connections AS c
    WHERE c.integration_id = NEW.id;
    RETURN NULL;
END
$$;

GRANT EXECUTE ON FUNCTION app.reauthorize_moved_integration() TO portway_owner;

GRANT EXECUTE ON FUNCTION
    app.create_connection(text, uuid, uuid, text, jsonb, jsonb, text[], timestamptz),
    app.replace_secret(text, uuid, jsonb, text[], timestamptz),
    app.set_connection_disabled(text, uuid, boolean), app.delete_connection(text, uuid),
    app.set_oauth_client(text, uuid, uuid, text, text), app.oauth_client_id(text, uuid, uuid),
    app.begin_authorization(text, uuid, uuid, uuid, text, text[], jsonb, text, text, text, text),
    app.take_authorization(text, text), app.authorization_integration(text),
    app.complete_authorization(text, text, text, timestamptz, text[], text[]),
    app.lease_refresh(text, uuid, integer, double precision),
    app.store_refresh(text, text, text, timestamptz, text[]), app.release_refresh(text, boolean),
    app.mark_reauthorization_required(text, uuid, integer)
TO portway_app;

RESET ROLE;

SET LOCAL ROLE portway_owner;
CREATE TRIGGER integrations_moved AFTER UPDATE ON public.integrations
    FOR EACH ROW WHEN (
        NEW.organization_id IS NOT NULL AND (
            NEW.base_url <> OLD.base_url OR NEW.auth_type <> OLD.auth_type
            OR (NEW.auth_config -> 'token_url', NEW.auth_config -> 'refresh_url', NEW.auth_config -> 'revocation_url')
                IS DISTINCT FROM
                (OLD.auth_config -> 'token_url', OLD.auth_config -> 'refresh_url', OLD.auth_config -> 'revocation_url')
        )
    )
    EXECUTE FUNCTION app.reauthorize_moved_integration();
RESET ROLE;
