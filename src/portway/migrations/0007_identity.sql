-- From a caller's secret to a sealed pass, and from a pass to what policies ask.

SET LOCAL ROLE portway_keyring;
GRANT EXECUTE ON FUNCTION keyring.base64url(bytea) TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_owner;
GRANT EXECUTE ON FUNCTION app.uuid_v7(), app.uuid_v7_time(uuid) TO portway_definer, portway_app;
-- What definer functions touch, and no more.
GRANT SELECT, INSERT, UPDATE ON
    public.users, public.user_identities, public.organizations, public.organization_members, public.workspaces,
    public.workspace_members, public.invitations, public.sessions, public.api_keys
TO portway_definer;
GRANT SELECT, INSERT, DELETE ON public.one_time_tokens TO portway_definer;
GRANT DELETE ON public.sessions, public.invitations, public.user_identities TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM public;

-- For each pass, by its place in the array, its claims: if it is sealed, meant for this purpose, not expired, and,
-- where it is a user's, neither its user is disabled nor its session or key ended; else NULL.
-- A user's pass: {purpose, sub, credential, kind, workspace, scopes, exp}. Inlined, hence no search_path.
CREATE FUNCTION app.live_claims(p_passes text[], p_purpose text) RETURNS TABLE (place bigint, claims jsonb)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT o.i, CASE WHEN o.claims ->> 'purpose' = p_purpose
        AND (o.claims ->> 'exp')::double precision > extract(epoch FROM clock_timestamp())::double precision
        AND (p_purpose <> 'user' OR EXISTS (
            SELECT FROM public.users AS u WHERE u.id = (o.claims ->> 'sub')::uuid AND u.disabled_at IS NULL
        ) AND CASE o.claims ->> 'kind'
            WHEN 'api_key' THEN EXISTS (
                SELECT FROM public.api_keys AS k
                WHERE k.id = (o.claims ->> 'credential')::uuid AND k.revoked_at IS NULL
                    AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
            )
            WHEN 'session' THEN EXISTS (
                SELECT FROM public.sessions AS s
                WHERE s.id = (o.claims ->> 'credential')::uuid AND s.revoked_at IS NULL
                    AND s.expires_at > clock_timestamp()
            )
            ELSE o.claims ->> 'kind' = 'operator'
        END)
    THEN o.claims END
    FROM unnest(keyring.open_seals(p_passes)) WITH ORDINALITY AS o (claims, i);
END;

CREATE FUNCTION app.pass_claims(p_pass text, p_purpose text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (SELECT l.claims FROM app.live_claims(ARRAY[p_pass], p_purpose) AS l);
END
$$;

-- In PL/pgSQL, which keeps its plans from call to call, as SQL functions do not.
CREATE FUNCTION app.claims() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN app.pass_claims(current_setting('portway.pass', true), 'user');
END
$$;

-- What row-level security asks. Each answers nothing without a pass.

CREATE FUNCTION app.current_user_id() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (app.claims() ->> 'sub')::uuid;
END
$$;

CREATE FUNCTION app.has_scope(p_scope text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce(app.claims() -> 'scopes' ? p_scope, false);
END
$$;

-- The workspaces in which the user's role is at least this strong. An organization's owner or admin administers all
-- of its workspaces, but reads a workspace's data only as its member.
CREATE FUNCTION app.workspaces_of(p_claims jsonb, p_roles text[], p_organization_roles text[]) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- A key that is limited to one workspace sees its organization as a plain member does, and administers none.
CREATE FUNCTION app.organizations_of(p_claims jsonb, p_roles text[]) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

CREATE FUNCTION app.current_workspaces() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN app.workspaces_of(app.claims(), ARRAY['owner', 'admin', 'member', 'viewer'], '{}');
END
$$;

CREATE FUNCTION app.administered_workspaces() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN app.workspaces_of(app.claims(), ARRAY['owner', 'admin'], ARRAY['owner', 'admin']);
END
$$;

CREATE FUNCTION app.owned_workspaces() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN app.workspaces_of(app.claims(), ARRAY['owner'], ARRAY['owner']);
END
$$;

CREATE FUNCTION app.current_organizations() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN app.organizations_of(app.claims(), ARRAY['owner', 'admin', 'member']);
END
$$;

CREATE FUNCTION app.administered_organizations() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN app.organizations_of(app.claims(), ARRAY['owner', 'admin']);
END
$$;

CREATE FUNCTION app.owned_organizations() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN app.organizations_of(app.claims(), ARRAY['owner']);
END
$$;

-- The one workspace that the caller's key is limited to; NULL for all others.
CREATE FUNCTION app.workspace_limit() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (app.claims() ->> 'workspace')::uuid;
END
$$;

-- The caller, everyone who shares a workspace with them, and an organization that they administer.
CREATE FUNCTION app.visible_users() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Passes.

CREATE FUNCTION app.all_scopes() RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN ARRAY['execute', 'connections:read', 'connections:write', 'logs:read', 'catalog:write', 'admin'];

CREATE FUNCTION app.seal_user_pass(
    p_user_id uuid, p_credential_id uuid, p_kind text, p_workspace_id uuid, p_scopes text[], p_expires_at timestamptz
) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN keyring.seal(jsonb_build_object(
    'purpose', 'user', 'sub', p_user_id, 'credential', p_credential_id, 'kind', p_kind, 'workspace', p_workspace_id,
    'scopes', CASE WHEN 'admin' = ANY (p_scopes) THEN app.all_scopes() ELSE p_scopes END,
    'exp', extract(epoch FROM p_expires_at)
));

-- For the operator's own commands: acts as a user for five minutes. Only portway_owner may ask.
CREATE FUNCTION app.operator_pass(p_user_id uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN app.seal_user_pass(
    p_user_id, p_user_id, 'operator', NULL, ARRAY['admin'], clock_timestamp() + interval '5 minutes'
);

-- A person with an organization and a workspace of their own.
CREATE FUNCTION app.create_person(
    p_email text, p_name text, p_email_verified boolean,
    OUT user_id uuid, OUT organization_id uuid, OUT workspace_id uuid
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Membership as an invitation offers it. A stronger role that the user has already stays.
CREATE FUNCTION app.join_by_invitation(p_user_id uuid, p_invitation public.invitations) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

CREATE FUNCTION app.open_invitation(p_token text) RETURNS public.invitations
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT i FROM public.invitations AS i
    WHERE i.token_hash = sha256(convert_to(p_token, 'UTF8')) AND i.accepted_at IS NULL AND i.expires_at > now()
    FOR UPDATE;
END;

-- The session of an outside issuer's token that was verified: by its signature in app.authenticate (HS256), or by the
-- gateway's sign-in path (asymmetric keys), whose role alone may call this. An identity is (issuer, subject); an
-- address links to an existing user only where both sides have verified it.
CREATE FUNCTION app.register_outside_session(
    p_issuer text, p_subject text, p_email text, p_email_verified boolean, p_name text,
    p_token_hash bytea, p_expires_at timestamptz, p_sign_up text
) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    person uuid;
    session uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_issuer || ' ' || p_subject, 0));
    SELECT i.user_id INTO person FROM public.user_identities AS i WHERE i.issuer = p_issuer AND i.subject = p_subject;
    IF NOT FOUND THEN
        IF p_email_verified THEN
            SELECT u.id INTO person FROM public.users AS u
            WHERE u.email = lower(p_email) AND u.email_verified_at IS NOT NULL;
        END IF;
        IF person IS NULL THEN
            IF p_sign_up = 'closed' THEN
                RETURN NULL;
            END IF;
            SELECT made.user_id INTO person FROM app.create_person(
                CASE WHEN NOT EXISTS (SELECT FROM public.users AS u WHERE u.email = lower(p_email)) THEN p_email END,
                left(p_name, 200), coalesce(p_email_verified, false)
            ) AS made;
        END IF;
        INSERT INTO public.user_identities (issuer, subject, user_id) VALUES (p_issuer, p_subject, person);
    END IF;
    INSERT INTO public.sessions (user_id, outside_token_hash, outside_token_vouched, expires_at)
    VALUES (person, p_token_hash, pg_has_role(session_user, 'portway_sign_in', 'MEMBER'), p_expires_at)
    ON CONFLICT (outside_token_hash) DO NOTHING;
    SELECT s.id INTO session FROM public.sessions AS s WHERE s.outside_token_hash = p_token_hash;
    RETURN session;
END
$$;

-- The pass for a bearer: an API key, Portway's own access token, or an outside issuer's token. No row for anything
-- else. A pass lives for five minutes at most.
CREATE FUNCTION app.authenticate(p_bearer text, p_sign_up text) RETURNS TABLE (
    sealed_pass text, user_id uuid, credential_id uuid, scopes text[], workspace_id uuid, expires_at timestamptz
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bearer_hash bytea := sha256(convert_to(p_bearer, 'UTF8'));
    kind text := 'session';
    token_claims jsonb;
BEGIN
    expires_at := clock_timestamp() + interval '5 minutes';
    IF p_bearer LIKE 'pw\_%' THEN
        kind := 'api_key';
        SELECT k.user_id, k.id, k.scopes, k.workspace_id, least(authenticate.expires_at, k.expires_at)
        INTO user_id, credential_id, scopes, workspace_id, expires_at
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

-- Built-in users.

CREATE FUNCTION app.random_token() RETURNS text
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
RETURN keyring.base64url(extensions.gen_random_bytes(32));

-- What the gateway computes Argon2id with. An unknown address gets a salt too, always the same one, and it is computed
-- for a known address as well.
CREATE FUNCTION app.password_parameters(p_email text, p_default text, OUT salt bytea, OUT parameters text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

CREATE FUNCTION app.create_session(
    p_user_id uuid, OUT access_token text, OUT refresh_token text, OUT access_expires_at timestamptz,
    OUT refresh_expires_at timestamptz, OUT user_id uuid
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

CREATE FUNCTION app.access_token(p_user_id uuid, p_session_id uuid, p_expires_at timestamptz) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN keyring.sign_jwt(jsonb_build_object(
    'iss', 'portway', 'aud', 'portway', 'sub', p_user_id, 'sid', p_session_id,
    'iat', extract(epoch FROM clock_timestamp())::bigint, 'exp', extract(epoch FROM p_expires_at)::bigint
));

-- A session for whoever knows the password: p_proof is its Argon2id, of which the SHA-256 is stored. No row if wrong.
CREATE FUNCTION app.sign_in(p_email text, p_proof bytea) RETURNS TABLE (
    access_token text, refresh_token text, access_expires_at timestamptz, refresh_expires_at timestamptz, user_id uuid
)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT made.access_token, made.refresh_token, made.access_expires_at, made.refresh_expires_at, made.user_id
    FROM public.users AS u CROSS JOIN LATERAL app.create_session(u.id) AS made
    WHERE u.email = lower(p_email) AND u.disabled_at IS NULL AND u.password_verifier = sha256(p_proof);
END;

-- Rotates the refresh token. One that was rotated already was stolen or replayed: its session ends. (A second tab may
-- come up to ten seconds late; it is only refused.)
CREATE FUNCTION app.refresh_session(p_refresh_token text) RETURNS TABLE (
    access_token text, refresh_token text, access_expires_at timestamptz, refresh_expires_at timestamptz, user_id uuid
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

CREATE FUNCTION app.sign_out(p_pass text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE public.sessions SET revoked_at = now() WHERE id = (app.pass_claims(p_pass, 'user') ->> 'credential')::uuid;
END;

-- p_policy: open, invite, closed. p_token: an invitation's, or the one-time set-up token, which the first account
-- needs where p_first_needs_token. outcome: created, email_taken, refused.
CREATE FUNCTION app.sign_up(
    p_email text, p_name text, p_salt bytea, p_parameters text, p_verifier bytea,
    p_token text, p_policy text, p_first_needs_token boolean,
    OUT outcome text, OUT user_id uuid, OUT organization_id uuid, OUT workspace_id uuid
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- A link's token for an address: verify_email or reset_password. The sign-in path alone may ask, for it mails the
-- token; whoever held it could take the account over. NULL for an unknown address.
CREATE FUNCTION app.create_email_token(p_email text, p_purpose text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- The one-time link for the first account; NULL once there is a user. Only portway_owner may ask.
CREATE FUNCTION app.create_set_up_token() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

CREATE FUNCTION app.verify_email(p_token text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- A new password for the holder of a reset link; ends all of the user's sessions. API keys stay, unless nobody had
-- proved the address yet: then somebody else may have made the account, and whatever of theirs opens it goes.
CREATE FUNCTION app.reset_password(p_token text, p_salt bytea, p_parameters text, p_verifier bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Needs the caller's pass.

CREATE FUNCTION app.create_organization(p_pass text, p_name text, OUT organization_id uuid, OUT workspace_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

CREATE FUNCTION app.create_workspace(p_pass text, p_organization_id uuid, p_name text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

CREATE FUNCTION app.create_invitation(
    p_pass text, p_workspace_id uuid, p_email text, p_role text, p_mailed boolean, OUT id uuid, OUT token text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Joins the caller to the workspace that the invitation is for; NULL for a link that is unknown, used or expired.
CREATE FUNCTION app.accept_invitation(p_pass text, p_token text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- A key with at most the caller's own scopes; NULL scopes mean all that the caller's role allows. A key that a key
-- makes lives no longer than that one. The key itself is returned once and kept as its SHA-256.
CREATE FUNCTION app.create_api_key(
    p_pass text, p_name text, p_scopes text[], p_workspace_id uuid, p_expires_at timestamptz,
    OUT id uuid, OUT api_key text, OUT prefix text, OUT scopes text[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    held text[] := ARRAY(SELECT jsonb_array_elements_text(claims -> 'scopes'));
    chosen uuid := coalesce(p_workspace_id, (claims ->> 'workspace')::uuid);
    is_viewer boolean;
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
    api_key := 'pw_' || app.random_token();
    prefix := left(api_key, 10);
    INSERT INTO public.api_keys (user_id, workspace_id, name, prefix, key_hash, scopes, expires_at)
    VALUES (
        (claims ->> 'sub')::uuid, chosen, p_name, prefix, sha256(convert_to(api_key, 'UTF8')), scopes,
        least(p_expires_at, (SELECT k.expires_at FROM public.api_keys AS k WHERE k.id = (claims ->> 'credential')::uuid))
    )
    RETURNING api_keys.id INTO create_api_key.id;
END
$$;

GRANT EXECUTE ON FUNCTION
    app.current_user_id(), app.has_scope(text), app.current_workspaces(), app.administered_workspaces(),
    app.owned_workspaces(), app.current_organizations(), app.administered_organizations(), app.owned_organizations(),
    app.workspace_limit(), app.visible_users(),
    app.authenticate(text, text), app.password_parameters(text, text), app.sign_in(text, bytea),
    app.refresh_session(text), app.sign_out(text),
    app.sign_up(text, text, bytea, text, bytea, text, text, boolean),
    app.verify_email(text), app.reset_password(text, bytea, text, bytea),
    app.create_organization(text, text), app.create_workspace(text, uuid, text),
    app.create_invitation(text, uuid, text, text, boolean), app.accept_invitation(text, text),
    app.create_api_key(text, text, text[], uuid, timestamptz)
TO portway_app;

GRANT EXECUTE ON FUNCTION
    app.register_outside_session(text, text, text, boolean, text, bytea, timestamptz, text),
    app.create_email_token(text, text)
TO portway_sign_in;

GRANT EXECUTE ON FUNCTION
    app.operator_pass(uuid), app.create_person(text, text, boolean), app.create_set_up_token(),
    app.create_email_token(text, text)
TO portway_owner;

RESET ROLE;
