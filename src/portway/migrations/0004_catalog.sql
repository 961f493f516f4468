-- Integrations and actions as rows, and the organizations' own OAuth clients.

SET LOCAL ROLE portway_owner;

CREATE TABLE public.integrations (
    id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
    -- NULL: global. Everyone may use it, only portway_owner writes it.
    organization_id uuid REFERENCES public.organizations ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    slug text NOT NULL CHECK (slug ~ '^[a-z0-9][a-z0-9_-]{0,99}$'),
    base_url text NOT NULL,
    auth_type text NOT NULL CHECK (auth_type IN (
        'none', 'api_key', 'basic', 'bearer', 'oauth2', 'oauth2_client_credentials', 'oauth1', 'jwt_bearer',
        'aws_sigv4', 'custom'
    )),
    auth_config jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(auth_config) = 'object'),
    description text NOT NULL DEFAULT '',
    category text NOT NULL DEFAULT '',
    documentation_url text,
    -- Rows of the shipped catalog are kept up to date by it; all others are left alone.
    shipped boolean NOT NULL DEFAULT false CHECK (NOT shipped OR organization_id IS NULL),
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (organization_id, slug)
);
CREATE INDEX integrations_slug ON public.integrations (slug);

-- The names of top-level parameters whose schema holds, anywhere, what must not be logged. Coarse on purpose: the
-- exact redaction is the gateway's, once it has the schema; this one guards the row that is written before the call.
CREATE FUNCTION app.sensitive_parameters(p_schema jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN jsonb_typeof(p_schema -> 'properties') = 'object'
    AND p_schema @? 'strict $.**?(@.writeOnly == true || @.format == "password")'
THEN (
    SELECT coalesce(array_agg(property.key), '{}')
    FROM jsonb_each(p_schema -> 'properties') AS property
    WHERE property.value @? 'strict $.**?(@.writeOnly == true || @.format == "password" || exists(@."$ref"))'
) ELSE '{}' END;

CREATE TABLE public.actions (
    id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
    integration_id uuid NOT NULL REFERENCES public.integrations ON DELETE CASCADE,
    -- Always the integration's; set by a trigger.
    organization_id uuid REFERENCES public.organizations ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    slug text NOT NULL CHECK (slug ~ '^[a-z0-9][a-z0-9_.-]{0,199}$'),
    http_method text NOT NULL DEFAULT 'GET'
        CHECK (http_method IN ('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')),
    endpoint_path text NOT NULL DEFAULT '/',
    description text NOT NULL DEFAULT '',
    request_schema jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(request_schema) = 'object'),
    transform_config jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(transform_config) = 'object'),
    scopes text[] NOT NULL DEFAULT '{}',
    handler text,
    timeout_ms integer NOT NULL DEFAULT 30000 CHECK (timeout_ms BETWEEN 1 AND 300000),
    -- As in integrations: the catalog changes and removes its own actions, and nobody else's.
    shipped boolean NOT NULL DEFAULT false CHECK (NOT shipped OR organization_id IS NULL),
    sensitive_parameters text[] NOT NULL GENERATED ALWAYS AS (app.sensitive_parameters(request_schema)) STORED,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (integration_id, slug)
);
CREATE INDEX actions_organization ON public.actions (organization_id);

CREATE TABLE public.oauth_clients (
    organization_id uuid NOT NULL REFERENCES public.organizations ON DELETE CASCADE,
    integration_id uuid NOT NULL REFERENCES public.integrations ON DELETE CASCADE,
    client_id text NOT NULL,
    encrypted_client_secret bytea,
    key_id integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, integration_id),
    CHECK ((encrypted_client_secret IS NULL) = (key_id IS NULL))
);
CREATE INDEX oauth_clients_integration ON public.oauth_clients (integration_id);

CREATE FUNCTION app.bump_version() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.version := OLD.version + 1;
    NEW.updated_at := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER integrations_version BEFORE UPDATE ON public.integrations
    FOR EACH ROW EXECUTE FUNCTION app.bump_version();
CREATE TRIGGER actions_version BEFORE UPDATE ON public.actions
    FOR EACH ROW EXECUTE FUNCTION app.bump_version();

CREATE FUNCTION app.set_action_organization() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT i.organization_id INTO NEW.organization_id FROM public.integrations AS i WHERE i.id = NEW.integration_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER actions_organization BEFORE INSERT OR UPDATE ON public.actions
    FOR EACH ROW EXECUTE FUNCTION app.set_action_organization();

-- Who inserts a global integration with the slug of a shipped one means theirs: the shipped row steps aside, and the
-- connections that use it go on.
CREATE FUNCTION app.make_way_for_integration() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE public.integrations SET slug = left(slug, 90) || '-shipped'
    WHERE organization_id IS NULL AND shipped AND slug = NEW.slug;
    RETURN NEW;
END
$$;
CREATE TRIGGER integrations_make_way BEFORE INSERT ON public.integrations
    FOR EACH ROW WHEN (NEW.organization_id IS NULL AND NOT NEW.shipped)
    EXECUTE FUNCTION app.make_way_for_integration();

RESET ROLE;
