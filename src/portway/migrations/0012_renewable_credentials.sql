-- Credentials of every kind: what renews a token is kept apart from what a call needs, a connection remembers its OAuth
-- client and its account at the service.

-- Clients are some, and connections not so many that an index on them takes long: servers of the release before wait for
-- a moment, and know how to go on without a value for the new columns.
-- squawk-ignore-file adding-field-with-default, ban-drop-constraint, constraint-missing-not-valid
-- squawk-ignore-file adding-serial-primary-key-field, require-concurrent-index-creation, ban-drop-not-null
-- squawk-ignore-file adding-foreign-key-constraint

SET LOCAL ROLE portway_owner;

-- Used to get a new token, and never part of a call: a refresh token, a client's secret, a private key, a login.
ALTER TABLE public.encrypted_credentials ADD COLUMN for_renewal boolean NOT NULL DEFAULT false;
UPDATE public.encrypted_credentials SET for_renewal = true WHERE credential_type = 'refresh_token';

-- Several clients of one organization at one integration, told apart by name. One that was replaced stays for the
-- connections that were made with it: their refresh tokens are that client's.
ALTER TABLE public.oauth_clients
    ADD COLUMN id uuid NOT NULL DEFAULT app.uuid_v7(),
    ADD COLUMN name text NOT NULL DEFAULT 'default' CHECK (length(name) BETWEEN 1 AND 100),
    ADD COLUMN replaced_at timestamptz;
ALTER TABLE public.oauth_clients DROP CONSTRAINT oauth_clients_pkey;
ALTER TABLE public.oauth_clients ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX oauth_clients_current ON public.oauth_clients (organization_id, integration_id, name)
    WHERE replaced_at IS NULL;
GRANT SELECT (id, name, replaced_at) ON public.oauth_clients TO portway_app;

ALTER TABLE public.connections
    -- NULL: the client of the server's environment, or none.
    ADD COLUMN oauth_client_id uuid REFERENCES public.oauth_clients ON DELETE SET NULL,
    -- Whose account at the service this is, by the service's own identifier.
    ADD COLUMN account_id text CHECK (length(account_id) BETWEEN 1 AND 500),
    ADD COLUMN account_name text CHECK (length(account_name) BETWEEN 1 AND 500),
    -- A person without an account here, for whom the owner keeps this connection; an identifier of the owner's own.
    ADD COLUMN end_user_id text CHECK (length(end_user_id) BETWEEN 1 AND 200),
    -- When the token was last renewed without its owner.
    ADD COLUMN renewed_at timestamptz,
    -- How often in a row the authorization server could not answer, and until when it is left alone.
    ADD COLUMN renewal_failures integer NOT NULL DEFAULT 0,
    ADD COLUMN renewal_not_before timestamptz;
CREATE INDEX connections_oauth_client ON public.connections (oauth_client_id);
CREATE INDEX connections_account ON public.connections (user_id, integration_id, account_id);
CREATE INDEX connections_end_user ON public.connections (workspace_id, end_user_id) WHERE end_user_id IS NOT NULL;
-- For those who look for what is about to expire.
CREATE INDEX connections_expiring ON public.connections (expires_at) WHERE status = 'active' AND expires_at IS NOT NULL;
UPDATE public.connections AS c SET oauth_client_id = o.id
FROM public.oauth_clients AS o
WHERE o.organization_id = c.organization_id AND o.integration_id = c.integration_id;

ALTER TABLE public.oauth_authorizations
    ALTER COLUMN name DROP NOT NULL,  -- the account's own, when it is known
    ADD COLUMN oauth_client_id uuid REFERENCES public.oauth_clients ON DELETE CASCADE,
    ADD COLUMN end_user_id text CHECK (length(end_user_id) BETWEEN 1 AND 200);
CREATE INDEX oauth_authorizations_oauth_client ON public.oauth_authorizations (oauth_client_id);

GRANT CREATE ON SCHEMA app TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;

-- Sets secret members of a connection: p_values are part of calls, p_grant renews. A NULL leaves the member as it is.
CREATE FUNCTION app.store_members(
    p_connection_id uuid, p_workspace_id uuid, p_values jsonb, p_grant jsonb, p_expires_at timestamptz
) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO public.encrypted_credentials AS e
        (connection_id, workspace_id, credential_type, encrypted_value, key_id, for_renewal, expires_at)
    SELECT p_connection_id, p_workspace_id, member.key, sealed.ciphertext, sealed.key_id, member.for_renewal,
        CASE member.key WHEN 'access_token' THEN p_expires_at END
    FROM (
        SELECT v.key, v.value, false AS for_renewal FROM jsonb_each_text(p_values) AS v
        UNION ALL
        SELECT g.key, g.value, true FROM jsonb_each_text(p_grant) AS g
    ) AS member
    CROSS JOIN LATERAL keyring.encrypt(member.value, p_connection_id, member.key) AS sealed
    WHERE member.value IS NOT NULL
    ON CONFLICT (connection_id, credential_type) DO UPDATE SET
        encrypted_value = excluded.encrypted_value, key_id = excluded.key_id, for_renewal = excluded.for_renewal,
        expires_at = excluded.expires_at, updated_at = now();
END;

-- The members that authenticate a call, of each of these connections that has any. NULL where something does not
-- decrypt. Inlined, hence no search_path.
CREATE OR REPLACE FUNCTION app.secrets_of(p_connection_ids uuid[]) RETURNS TABLE (connection_id uuid, members jsonb)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.connection_id, CASE WHEN bool_and(s.value IS NOT NULL) THEN jsonb_object_agg(s.type, s.value) END
    FROM (
        SELECT array_agg(e.connection_id), array_agg(e.credential_type), array_agg(e.encrypted_value),
            array_agg(e.key_id)
        FROM public.encrypted_credentials AS e
        WHERE e.connection_id = ANY (p_connection_ids) AND NOT e.for_renewal
    ) AS stored (owners, types, ciphertexts, key_ids)
    CROSS JOIN LATERAL unnest(
        stored.owners, stored.types,
        keyring.decrypt_all(stored.ciphertexts, stored.key_ids, stored.owners, stored.types)
    ) AS s (connection_id, type, value)
    GROUP BY s.connection_id;
END;

-- What a connection's token is renewed with: every member, where one of them is for that; else NULL. Raises
-- data_corrupted.
CREATE FUNCTION app.read_grant(p_connection_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT CASE WHEN bool_or(e.for_renewal) THEN jsonb_object_agg(
        e.credential_type, keyring.decrypt(e.encrypted_value, e.key_id, e.connection_id, e.credential_type)
    ) END
    FROM public.encrypted_credentials AS e
    WHERE e.connection_id = p_connection_id AND e.credential_type <> 'access_token'
);

-- {client_id, client_secret} of an organization's own client; NULL where there is none of this id.
CREATE FUNCTION app.read_oauth_client(p_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT jsonb_build_object('client_id', o.client_id, 'client_secret', CASE WHEN o.key_id IS NOT NULL THEN
        keyring.decrypt(
            o.encrypted_client_secret, o.key_id, o.integration_id, 'client_secret ' || o.organization_id
        )
    END)
    FROM public.oauth_clients AS o WHERE o.id = p_id
);

RESET ROLE;

SET LOCAL ROLE portway_owner;
REVOKE CREATE ON SCHEMA app FROM portway_definer;
RESET ROLE;
