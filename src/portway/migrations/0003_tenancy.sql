-- People, organizations, workspaces, and what proves who somebody is.

SET LOCAL ROLE portway_owner;

-- UUID version 7 (RFC 9562): sorted by time, to the millisecond. (No search_path is set, so that it is inlined; the
-- names in such a body were resolved when it was made.)
CREATE FUNCTION app.uuid_v7() RETURNS uuid
LANGUAGE sql VOLATILE
RETURN encode(
    set_bit(set_bit(overlay(
        uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
        FROM 1 FOR 6
    ), 52, 1), 53, 1),
    'hex'
)::uuid;

CREATE FUNCTION app.uuid_v7_time(p_id uuid) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT
RETURN to_timestamp(('x' || left(replace(p_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0);

CREATE TABLE public.users (
    id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
    email text CHECK (email = lower(email) AND length(email) <= 320),
    name text CHECK (length(name) <= 200),
    email_verified_at timestamptz,
    -- Argon2id (RFC 9106) is computed by the gateway; the database keeps the SHA-256 of the result, so that whoever
    -- holds only the servers' database password can sign nobody in.
    password_salt bytea,
    password_parameters text,
    password_verifier bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    CHECK (num_nonnulls(password_salt, password_parameters, password_verifier) IN (0, 3))
);
CREATE UNIQUE INDEX users_email ON public.users (email);

CREATE TABLE public.user_identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL REFERENCES public.users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX user_identities_user ON public.user_identities (user_id);

CREATE TABLE public.organizations (
    id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE public.organization_members (
    organization_id uuid NOT NULL REFERENCES public.organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES public.users ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX organization_members_user ON public.organization_members (user_id);

CREATE TABLE public.workspaces (
    id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
    organization_id uuid NOT NULL REFERENCES public.organizations ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (id, organization_id)
);
CREATE INDEX workspaces_organization ON public.workspaces (organization_id);

CREATE TABLE public.workspace_members (
    workspace_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, user_id),
    FOREIGN KEY (workspace_id, organization_id) REFERENCES public.workspaces (id, organization_id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, user_id)
        REFERENCES public.organization_members (organization_id, user_id) ON DELETE CASCADE
);
CREATE INDEX workspace_members_user ON public.workspace_members (user_id, workspace_id);
CREATE INDEX workspace_members_organization ON public.workspace_members (organization_id, user_id);

CREATE TABLE public.invitations (
    id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
    organization_id uuid NOT NULL REFERENCES public.organizations ON DELETE CASCADE,
    workspace_id uuid NOT NULL,
    email text NOT NULL CHECK (email = lower(email) AND length(email) <= 320),
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    token_hash bytea NOT NULL UNIQUE,
    -- The link went to the address and to nobody else, so that who redeems it has proved the address.
    mailed boolean NOT NULL DEFAULT false,
    invited_by uuid REFERENCES public.users ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    FOREIGN KEY (workspace_id, organization_id) REFERENCES public.workspaces (id, organization_id) ON DELETE CASCADE
);
CREATE INDEX invitations_workspace ON public.invitations (workspace_id);
CREATE INDEX invitations_organization ON public.invitations (organization_id);
CREATE INDEX invitations_email ON public.invitations (email);

-- One for each sign-in. Built-in users hold a rotating refresh token; an outside token is known by its hash.
CREATE TABLE public.sessions (
    id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
    user_id uuid NOT NULL REFERENCES public.users ON DELETE CASCADE,
    -- All refresh tokens of a session begin alike, so that one that was used long ago is known for what it is.
    refresh_family_hash bytea UNIQUE,
    refresh_token_hash bytea,
    previous_refresh_token_hash bytea,
    rotated_at timestamptz,
    outside_token_hash bytea UNIQUE,
    -- The gateway checked the outside token's signature; else it is checked here, each time.
    outside_token_vouched boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_user ON public.sessions (user_id);
CREATE INDEX sessions_expires ON public.sessions (expires_at);

CREATE TABLE public.api_keys (
    id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
    user_id uuid NOT NULL REFERENCES public.users ON DELETE CASCADE,
    workspace_id uuid REFERENCES public.workspaces ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    prefix text NOT NULL,
    key_hash bytea NOT NULL UNIQUE,
    scopes text[] NOT NULL CHECK (
        scopes <@ ARRAY['execute', 'connections:read', 'connections:write', 'logs:read', 'catalog:write', 'admin']
        AND cardinality(scopes) > 0
    ),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_keys_user ON public.api_keys (user_id);
CREATE INDEX api_keys_workspace ON public.api_keys (workspace_id);

-- Links that work once: the first account, an address to verify, a password to reset.
CREATE TABLE public.one_time_tokens (
    token_hash bytea PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('set_up', 'verify_email', 'reset_password')),
    user_id uuid REFERENCES public.users ON DELETE CASCADE,
    email text,
    expires_at timestamptz NOT NULL
);
CREATE INDEX one_time_tokens_user ON public.one_time_tokens (user_id);

RESET ROLE;
