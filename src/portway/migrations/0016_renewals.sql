-- Renewing tokens of every kind: short leases that their holders prolong, a pause after a failure, and leases without a
-- caller for what is about to expire.
--
-- Servers of the release before cannot renew tokens once these functions are gone: replace them right after migrating.
-- squawk-ignore-file ban-drop-function

SET LOCAL ROLE portway_owner;

-- The version of the credential that was renewed in spite of the pause, because the service refused it: once is enough.
ALTER TABLE public.connections ADD COLUMN renewal_forced_version integer;

GRANT CREATE ON SCHEMA app TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;

DROP FUNCTION app.lease_refresh(text, uuid, integer, double precision);
DROP FUNCTION app.store_refresh(text, text, text, timestamptz, text[]);
DROP FUNCTION app.release_refresh(text, boolean);

-- The claims of a user's pass. One that has expired still counts for the connection of an execution that its user
-- opened before, and that goes on: the call may outlast the pass. Raises for any other.
CREATE FUNCTION app.renewing_claims(p_pass text, p_connection_id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- What a connection's token is renewed with; NULL where nothing does. Client credentials may be those of the OAuth
-- client, and a login's user and password may be part of calls as well. Raises data_corrupted.
CREATE FUNCTION app.renewal_grant(p_connection public.connections) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN coalesce(
    app.read_grant(p_connection.id),
    CASE WHEN EXISTS (
        SELECT FROM public.integrations AS i
        WHERE i.id = p_connection.integration_id AND (
            i.auth_type IN ('oauth2_client_credentials', 'jwt_bearer')
            OR i.auth_type = 'custom' AND i.auth_config ? 'login'
        )
    ) THEN coalesce(app.read_secrets(p_connection.id), '{}') - 'access_token' END
);

-- Gives the right to renew a connection, which the caller has locked, to a new holder; all NULL where there is nothing
-- to renew it with, or somebody else holds the right. The row records the intent to spend the grant of this version;
-- `interrupted` says that an earlier holder recorded the same and vanished. Raises data_corrupted.
CREATE FUNCTION app.take_renewal(
    p_connection public.connections, p_lease_seconds double precision,
    OUT refresh_pass text, OUT grant_members jsonb, OUT client jsonb, OUT interrupted boolean
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- outcome: leased, wait, fresh, gone, later (see the port `renewals`). With `later`, how long the pause goes on. A
-- credential that the service refused, p_refused, is renewed in the pause too, once.
CREATE FUNCTION app.lease_refresh(
    p_pass text, p_connection_id uuid, p_seen_version integer, p_lease_seconds double precision,
    p_refused boolean DEFAULT false,
    OUT outcome text, OUT refresh_pass text, OUT grant_members jsonb, OUT client jsonb, OUT credential jsonb,
    OUT interrupted boolean, OUT retry_seconds double precision
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Prolongs a lease, counted from now; false where it is lost.
CREATE FUNCTION app.renew_lease(p_refresh_pass text, p_seconds double precision) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Stores by compare-and-set on the version that was leased, lease or no lease; NULL where another version is stored by
-- now. p_members are further members that are part of calls. Without a refresh token the old one stays.
CREATE FUNCTION app.store_refresh(
    p_refresh_pass text, p_access_token text, p_refresh_token text, p_expires_at timestamptz, p_scopes text[],
    p_members jsonb DEFAULT '{}'
) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- Seconds of the pause after that many failures in a row: 2, doubling up to 300; by chance a quarter more or less, so
-- that connections that failed together do not come back together.
CREATE FUNCTION app.renewal_pause(p_failures integer) RETURNS double precision
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
RETURN least(2 ^ least(greatest(p_failures, 1), 10), 300) * (0.75 + random() / 2);

-- Counts a failure; with it begins a pause.
CREATE FUNCTION app.pause_renewal(p_connection_id uuid, p_version integer) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE public.connections AS c SET
        renewal_failures = c.renewal_failures + 1,
        renewal_not_before = clock_timestamp() + make_interval(secs => app.renewal_pause(c.renewal_failures + 1))
    WHERE c.id = p_connection_id AND c.credential_version = p_version;
END;

-- Gives a lease back. p_outcome: unused, nobody was asked; failed; grant_gone, for good. The latter two say something
-- of the connection only while it holds the version that was leased.
CREATE FUNCTION app.release_refresh(p_refresh_pass text, p_outcome text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- The service refused a credential of this version, and there is nothing to renew it with.
CREATE OR REPLACE FUNCTION app.mark_reauthorization_required(p_pass text, p_connection_id uuid, p_seen_version integer)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mine public.connections := app.usable_connection(app.renewing_claims(p_pass, p_connection_id), p_connection_id);
BEGIN
    IF mine.credential_version = p_seen_version THEN
        PERFORM app.set_connection_status(mine.id, 'reauthorization_required');
    END IF;
END
$$;

-- Without a caller.

-- `refresh_margin_seconds` of an integration, as far as it is a sensible number; NULL where it says nothing. Inlined,
-- hence no search_path.
CREATE FUNCTION app.configured_margin(p_auth_config jsonb) RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN jsonb_typeof(p_auth_config -> 'refresh_margin_seconds') = 'number' THEN interval '1 second' * round(
    least(greatest((p_auth_config ->> 'refresh_margin_seconds')::numeric, 0), 2592000), 3
)::double precision END;

-- How long before its end a token is renewed, by the same rule as before a call. Inlined, hence no search_path.
CREATE FUNCTION app.renewal_margin(p_auth_config jsonb, p_lifetime interval) RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN least(
    coalesce(app.configured_margin(p_auth_config), interval '5 minutes'), greatest(p_lifetime, interval '0') / 2
);

-- Leases for up to p_limit connections that are about to expire and whose owners may still use them, the next to expire
-- first. Each lease comes with all that the renewal needs. At most four of one integration are under way at a time, so
-- that a slow authorization server does not hold up the others.
--
-- A token that lives for less than five seconds is left to its callers: it would be dead again before anybody comes. So
-- is one that has been dead for a month: what could renew it would have.
CREATE FUNCTION app.lease_due_renewals(p_limit integer, p_lease_seconds double precision) RETURNS TABLE (
    connection_id uuid, integration jsonb, config jsonb, origins text[], scopes text[], refresh_pass text,
    grant_members jsonb, client jsonb, interrupted boolean
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

GRANT EXECUTE ON FUNCTION
    app.lease_refresh(text, uuid, integer, double precision, boolean), app.renew_lease(text, double precision),
    app.store_refresh(text, text, text, timestamptz, text[], jsonb), app.release_refresh(text, text)
TO portway_app;
GRANT EXECUTE ON FUNCTION app.lease_due_renewals(integer, double precision) TO portway_worker;

RESET ROLE;

SET LOCAL ROLE portway_owner;
REVOKE CREATE ON SCHEMA app FROM portway_definer;
RESET ROLE;
