-- What a person's browser needs: whether there is a first account, their own sessions, their password, and a session
-- for who proved to an outside issuer who they are.

SET LOCAL ROLE portway_owner;

-- What a session was begun with, as the browser or program calls itself.
ALTER TABLE public.sessions ADD COLUMN user_agent text CHECK (length(user_agent) <= 400);

GRANT CREATE ON SCHEMA app TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;

-- Anybody may know it: without one, the next account is the first.
CREATE FUNCTION app.has_users() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.users);
END
$$;

-- Says what the pass's session was begun with. Once: what comes later may be anybody who got hold of it.
CREATE FUNCTION app.describe_session(p_pass text, p_user_agent text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
BEGIN
    UPDATE public.sessions SET user_agent = left(p_user_agent, 400)
    WHERE id = (claims ->> 'credential')::uuid AND user_agent IS NULL;
END
$$;

-- The claims of a pass that administers the user's own account; NULL for others.
CREATE FUNCTION app.own_account_claims(p_pass text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
BEGIN
    RETURN CASE WHEN claims -> 'scopes' ? 'admin' AND claims ->> 'workspace' IS NULL THEN claims END;
END
$$;

-- The caller's sessions that last; those of outside issuers' tokens are their issuer's.
CREATE FUNCTION app.own_sessions(p_pass text) RETURNS TABLE (
    id uuid, created_at timestamptz, last_used_at timestamptz, expires_at timestamptz, user_agent text,
    is_current boolean
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

CREATE FUNCTION app.end_own_session(p_pass text, p_session_id uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.own_account_claims(p_pass);
BEGIN
    UPDATE public.sessions SET revoked_at = now()
    WHERE id = p_session_id AND user_id = (claims ->> 'sub')::uuid AND revoked_at IS NULL;
    RETURN FOUND;
END
$$;

-- Whether the caller can sign in by a password: who came by an outside issuer has none.
CREATE FUNCTION app.has_password() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN EXISTS (
    SELECT FROM public.users AS u WHERE u.id = app.current_user_id() AND u.password_verifier IS NOT NULL
);

-- A new password for whoever is signed in and knows the one before, of which p_proof is the Argon2id; ends all of the
-- user's other sessions, and the links that were mailed to choose another. False for a wrong one.
CREATE FUNCTION app.change_password(
    p_pass text, p_proof bytea, p_salt bytea, p_parameters text, p_verifier bytea
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- As before, and the other links that were mailed for the same end with it.
CREATE OR REPLACE FUNCTION app.reset_password(
    p_token text, p_salt bytea, p_parameters text, p_verifier bytea
) RETURNS boolean
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

-- Who an outside issuer's subject is here: known already, or by an address that both sides have verified; else NULL.
CREATE FUNCTION app.outside_person(p_issuer text, p_subject text, p_email text, p_email_verified boolean) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- As before; the person is found as above.
CREATE OR REPLACE FUNCTION app.register_outside_session(
    p_issuer text, p_subject text, p_email text, p_email_verified boolean, p_name text,
    p_token_hash bytea, p_expires_at timestamptz, p_sign_up text
) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- A session for who proved to an outside issuer who they are. The gateway has checked it, by its sign-in path, whose
-- role alone may call this. A stranger becomes a user as p_sign_up has it: open; invite, for an address that the issuer
-- has verified and an invitation is open for; or never. No row for anybody else, and for who was disabled.
CREATE FUNCTION app.start_outside_session(
    p_issuer text, p_subject text, p_email text, p_email_verified boolean, p_name text, p_sign_up text
) RETURNS TABLE (
    access_token text, refresh_token text, access_expires_at timestamptz, refresh_expires_at timestamptz, user_id uuid
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

GRANT EXECUTE ON FUNCTION
    app.has_users(), app.describe_session(text, text), app.own_sessions(text), app.end_own_session(text, uuid),
    app.has_password(), app.change_password(text, bytea, bytea, text, bytea)
TO portway_app;

GRANT EXECUTE ON FUNCTION app.start_outside_session(text, text, text, boolean, text, text) TO portway_sign_in;

RESET ROLE;

SET LOCAL ROLE portway_owner;
REVOKE CREATE ON SCHEMA app FROM portway_definer;
RESET ROLE;
