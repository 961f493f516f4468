-- Connections, their secrets, and the short-lived rows that authorizing and refreshing them need.

SET LOCAL ROLE portway_owner;

CREATE TABLE public.connections (
    id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
    user_id uuid NOT NULL REFERENCES public.users ON DELETE CASCADE,
    integration_id uuid NOT NULL REFERENCES public.integrations,
    organization_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    status text NOT NULL DEFAULT 'active'
        CHECK (status IN ('active', 'expired', 'reauthorization_required', 'error', 'disabled')),
    -- What the status becomes when a disabled connection is enabled: disabling hides no fault.
    enabled_status text CHECK (enabled_status <> 'disabled'),
    -- The only places (scheme://host:port) that the credential may be sent to.
    origins text[] NOT NULL DEFAULT '{}',
    scopes text[] NOT NULL DEFAULT '{}',
    config jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(config) = 'object'),
    -- Those of the access token.
    issued_at timestamptz,
    expires_at timestamptz,
    -- Grows with each change of the secrets; a refresh replaces exactly the version it was made from.
    credential_version integer NOT NULL DEFAULT 0,
    disabled_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    UNIQUE (id, workspace_id),
    FOREIGN KEY (workspace_id, organization_id) REFERENCES public.workspaces (id, organization_id) ON DELETE CASCADE
);
CREATE INDEX connections_workspace ON public.connections (workspace_id, id);
CREATE INDEX connections_user ON public.connections (user_id);
CREATE INDEX connections_integration ON public.connections (integration_id);
CREATE INDEX connections_organization ON public.connections (organization_id);

CREATE TABLE public.encrypted_credentials (
    connection_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    -- access_token, refresh_token, or a member of the integration's own (api_key, username, password, token, ...).
    credential_type text NOT NULL,
    encrypted_value bytea NOT NULL,
    key_id integer NOT NULL,
    expires_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, credential_type),
    FOREIGN KEY (connection_id, workspace_id) REFERENCES public.connections (id, workspace_id) ON DELETE CASCADE
);
CREATE INDEX encrypted_credentials_workspace ON public.encrypted_credentials (workspace_id);
CREATE INDEX encrypted_credentials_key ON public.encrypted_credentials (key_id);

-- A user at an authorization server, for ten minutes.
CREATE TABLE public.oauth_authorizations (
    state_hash bytea PRIMARY KEY,
    id uuid NOT NULL UNIQUE DEFAULT app.uuid_v7(),
    user_id uuid NOT NULL REFERENCES public.users ON DELETE CASCADE,
    workspace_id uuid NOT NULL REFERENCES public.workspaces ON DELETE CASCADE,
    integration_id uuid NOT NULL REFERENCES public.integrations ON DELETE CASCADE,
    connection_id uuid REFERENCES public.connections ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    scopes text[] NOT NULL,
    config jsonb NOT NULL,
    return_url text,
    encrypted_code_verifier bytea NOT NULL,
    key_id integer NOT NULL,
    browser_hash bytea,
    expires_at timestamptz NOT NULL,
    taken_at timestamptz,
    completed_at timestamptz
);
CREATE INDEX oauth_authorizations_expires ON public.oauth_authorizations (expires_at);
CREATE INDEX oauth_authorizations_user ON public.oauth_authorizations (user_id);
CREATE INDEX oauth_authorizations_workspace ON public.oauth_authorizations (workspace_id);
CREATE INDEX oauth_authorizations_integration ON public.oauth_authorizations (integration_id);
CREATE INDEX oauth_authorizations_connection ON public.oauth_authorizations (connection_id);

-- The right to refresh one connection, and the intent to spend the refresh token of `credential_version`.
CREATE TABLE public.refresh_leases (
    connection_id uuid PRIMARY KEY REFERENCES public.connections ON DELETE CASCADE,
    holder uuid NOT NULL,
    credential_version integer NOT NULL,
    taken_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

RESET ROLE;
