-- Work that has no caller: the role that does it, its queue, and events sent to webhooks.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portway_worker') THEN
        CREATE ROLE portway_worker NOLOGIN;
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO portway_worker', current_database());
END
$$;

-- The tables and functions in it are those of the library procrastinate, which brings the SQL for them; see
-- `infrastructure/postgres/job_schema.py`.
CREATE SCHEMA IF NOT EXISTS jobs;
ALTER SCHEMA jobs OWNER TO portway_owner;

SET LOCAL ROLE portway_owner;

GRANT USAGE ON SCHEMA app TO portway_worker;
GRANT USAGE ON SCHEMA jobs TO portway_worker, portway_definer;

-- Which of the library's own migrations the schema `jobs` has.
CREATE TABLE app.job_migrations (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON app.job_migrations TO portway_app;

-- Where an organization wants to be told what happens.
CREATE TABLE public.webhook_endpoints (
    id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
    organization_id uuid NOT NULL REFERENCES public.organizations ON DELETE CASCADE,
    url text NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
    description text CHECK (length(description) <= 1000),
    events text[] NOT NULL CHECK (
        cardinality(events) >= 1 AND events <@ ARRAY[
            'connection.created', 'connection.refreshed', 'connection.reauthorization_required', 'connection.deleted',
            'execution.failed'
        ]
    ),
    disabled_at timestamptz,
    disabled_reason text CHECK (disabled_reason IN ('by_user', 'gone', 'failing')),
    -- The first failed attempt since one succeeded.
    failing_since timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
);
CREATE INDEX webhook_endpoints_organization ON public.webhook_endpoints (organization_id, id);

-- What deliveries to an endpoint are signed with; more than one while a replaced one is still good.
CREATE TABLE public.webhook_secrets (
    id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
    endpoint_id uuid NOT NULL REFERENCES public.webhook_endpoints ON DELETE CASCADE,
    encrypted_value bytea NOT NULL,
    key_id integer NOT NULL,
    expires_at timestamptz
);
CREATE INDEX webhook_secrets_endpoint ON public.webhook_secrets (endpoint_id);
CREATE INDEX webhook_secrets_key ON public.webhook_secrets (key_id);

-- What happened, as far as an endpoint wanted to know. Ids, names and codes; never a payload, never a secret. The
-- workspace may be gone by the time that its events are read.
CREATE TABLE public.events (
    id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
    organization_id uuid NOT NULL REFERENCES public.organizations ON DELETE CASCADE,
    workspace_id uuid,
    type text NOT NULL,
    data jsonb NOT NULL CHECK (jsonb_typeof(data) = 'object'),
    occurred_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX events_organization ON public.events (organization_id, id);
CREATE INDEX events_occurred ON public.events (occurred_at);

-- One event on its way to one endpoint.
CREATE TABLE public.webhook_deliveries (
    id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
    organization_id uuid NOT NULL REFERENCES public.organizations ON DELETE CASCADE,
    endpoint_id uuid NOT NULL REFERENCES public.webhook_endpoints ON DELETE CASCADE,
    event_id uuid NOT NULL REFERENCES public.events ON DELETE CASCADE,
    event_type text NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    -- Attempts since the beginning or the last replay: what the next pause depends on.
    attempts_in_row integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz DEFAULT now(),
    -- Somebody is at it until then, unless their process has died.
    claimed_until timestamptz,
    completed_at timestamptz,
    status_code integer,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (endpoint_id, event_id),
    CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
    CHECK ((status = 'pending') = (completed_at IS NULL))
);
CREATE INDEX webhook_deliveries_endpoint ON public.webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_organization ON public.webhook_deliveries (organization_id);
CREATE INDEX webhook_deliveries_event ON public.webhook_deliveries (event_id);
CREATE INDEX webhook_deliveries_claimed ON public.webhook_deliveries (endpoint_id, claimed_until)
    WHERE claimed_until IS NOT NULL;
CREATE INDEX webhook_deliveries_pending ON public.webhook_deliveries (next_attempt_at) WHERE status = 'pending';

CREATE TABLE public.webhook_attempts (
    id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
    organization_id uuid NOT NULL REFERENCES public.organizations ON DELETE CASCADE,
    delivery_id uuid NOT NULL REFERENCES public.webhook_deliveries ON DELETE CASCADE,
    attempted_at timestamptz NOT NULL,
    duration_ms double precision NOT NULL,
    status_code integer,
    error text,
    -- How the endpoint's answer begins.
    answer text CHECK (length(answer) <= 1024)
);
CREATE INDEX webhook_attempts_delivery ON public.webhook_attempts (delivery_id, id);
CREATE INDEX webhook_attempts_organization ON public.webhook_attempts (organization_id);

DO $$
DECLARE
    target regclass;
BEGIN
    FOREACH target IN ARRAY ARRAY[
        'public.webhook_endpoints', 'public.webhook_secrets', 'public.events', 'public.webhook_deliveries',
        'public.webhook_attempts'
    ]::regclass[] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
        EXECUTE format('CREATE POLICY owner ON %s TO portway_owner USING (true) WITH CHECK (true)', target);
        EXECUTE format('CREATE POLICY definer ON %s TO portway_definer USING (true) WITH CHECK (true)', target);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO portway_definer', target);
        IF target <> 'public.webhook_secrets'::regclass THEN
            EXECUTE format('GRANT SELECT ON %s TO portway_app', target);
            EXECUTE format($policy$
                CREATE POLICY read ON %s FOR SELECT TO portway_app USING (
                    organization_id = ANY ((SELECT app.administered_organizations())::uuid[])
                    AND (SELECT app.has_scope('admin'))
                )
            $policy$, target);
        END IF;
    END LOOP;
END
$$;

GRANT UPDATE (url, description, events, disabled_at, disabled_reason, failing_since), DELETE
ON public.webhook_endpoints TO portway_app;
CREATE POLICY change ON public.webhook_endpoints FOR UPDATE TO portway_app
    USING (
        organization_id = ANY ((SELECT app.administered_organizations())::uuid[]) AND (SELECT app.has_scope('admin'))
    )
    WITH CHECK (organization_id = ANY ((SELECT app.administered_organizations())::uuid[]));
CREATE POLICY remove ON public.webhook_endpoints FOR DELETE TO portway_app
    USING (
        organization_id = ANY ((SELECT app.administered_organizations())::uuid[]) AND (SELECT app.has_scope('admin'))
    );

GRANT CREATE ON SCHEMA app TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;

-- Has a worker deliver this, as soon as the transaction commits or later.
CREATE FUNCTION app.defer_delivery(p_delivery_id uuid, p_at timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM jobs.procrastinate_defer_jobs_v1(ARRAY[ROW(
        'webhooks', 'deliver_webhook', 0, NULL, NULL, jsonb_build_object('delivery_id', p_delivery_id), p_at
    )::jobs.procrastinate_job_to_defer_v1]);
END
$$;

-- The enabled endpoints of an organization that want events of this type; NULL where none does.
CREATE FUNCTION app.endpoints_for(p_type text, p_organization_id uuid) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT array_agg(w.id) FROM public.webhook_endpoints AS w
        -- An organization that is being deleted takes its endpoints along, but maybe not before its connections.
        JOIN public.organizations AS o ON o.id = w.organization_id
        WHERE w.organization_id = p_organization_id AND w.disabled_at IS NULL AND p_type = ANY (w.events)
    );
END
$$;

-- Keeps an event and sends it to these endpoints. Returns the deliveries' ids.
CREATE FUNCTION app.record_event(
    p_type text, p_organization_id uuid, p_workspace_id uuid, p_data jsonb, p_endpoints uuid[]
) RETURNS uuid[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    event uuid;
    made uuid[];
BEGIN
    INSERT INTO public.events (organization_id, workspace_id, type, data)
    VALUES (p_organization_id, p_workspace_id, p_type, p_data) RETURNING id INTO event;
    WITH deliveries AS (
        INSERT INTO public.webhook_deliveries (organization_id, endpoint_id, event_id, event_type)
        SELECT p_organization_id, w.endpoint_id, event, p_type FROM unnest(p_endpoints) AS w (endpoint_id)
        RETURNING id
    )
    SELECT array_agg(d.id) INTO made FROM deliveries AS d;
    PERFORM app.defer_delivery(d.id, NULL) FROM unnest(made) AS d (id);
    RETURN made;
END
$$;

-- The trigger's argument is the event's type.
CREATE FUNCTION app.tell_of_connection() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    type text := TG_ARGV[0];
    c public.connections := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    endpoints uuid[] := app.endpoints_for(type, c.organization_id);
BEGIN
    IF endpoints IS NOT NULL THEN
        PERFORM app.record_event(type, c.organization_id, c.workspace_id, jsonb_build_object(
            'organization_id', c.organization_id, 'workspace_id', c.workspace_id, 'connection_id', c.id,
            'connection_name', c.name, 'integration_id', c.integration_id,
            'integration', (SELECT g.slug FROM public.integrations AS g WHERE g.id = c.integration_id),
            'user_id', c.user_id, 'end_user_id', c.end_user_id, 'account_id', c.account_id,
            'account_name', c.account_name, 'status', c.status
        ), endpoints);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION app.tell_of_execution() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    endpoints uuid[] := app.endpoints_for('execution.failed', NEW.organization_id);
BEGIN
    IF endpoints IS NOT NULL THEN
        PERFORM app.record_event('execution.failed', NEW.organization_id, NEW.workspace_id, jsonb_build_object(
            'organization_id', NEW.organization_id, 'workspace_id', NEW.workspace_id, 'execution_id', NEW.id,
            'connection_id', NEW.connection_id,
            'connection_name', (SELECT c.name FROM public.connections AS c WHERE c.id = NEW.connection_id),
            'end_user_id', (SELECT c.end_user_id FROM public.connections AS c WHERE c.id = NEW.connection_id),
            'integration_id', NEW.integration_id,
            'integration', (SELECT g.slug FROM public.integrations AS g WHERE g.id = NEW.integration_id),
            'action_id', NEW.action_id,
            'action', (SELECT a.slug FROM public.actions AS a WHERE a.id = NEW.action_id),
            'user_id', NEW.user_id, 'status', NEW.status, 'status_code', NEW.status_code,
            'error_code', NEW.error_code
        ), endpoints);
    END IF;
    RETURN NULL;
END
$$;

-- Who makes a trigger, or a partition of a table that has one, must be allowed to call its function.
GRANT EXECUTE ON FUNCTION app.tell_of_connection(), app.tell_of_execution() TO portway_owner;

-- Raises insufficient_privilege unless the caller administers the organization.
CREATE FUNCTION app.check_administers(p_pass text, p_organization_id uuid) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
BEGIN
    IF NOT coalesce(claims -> 'scopes' ? 'admin', false)
        OR NOT coalesce(p_organization_id = ANY (app.organizations_of(claims, ARRAY['owner', 'admin'])), false)
    THEN
        RAISE EXCEPTION 'only an owner or admin of the organization may do this' USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;

-- A new secret for an endpoint, as the Standard Webhooks format writes it.
CREATE FUNCTION app.add_webhook_secret(p_endpoint_id uuid) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    secret text := 'whsec_' || encode(extensions.gen_random_bytes(32), 'base64');
BEGIN
    INSERT INTO public.webhook_secrets (endpoint_id, encrypted_value, key_id)
    SELECT p_endpoint_id, s.ciphertext, s.key_id FROM keyring.encrypt(secret, p_endpoint_id, 'webhook_secret') AS s;
    RETURN secret;
END
$$;

CREATE FUNCTION app.create_webhook_endpoint(
    p_pass text, p_organization_id uuid, p_url text, p_description text, p_events text[], OUT id uuid, OUT secret text
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.check_administers(p_pass, p_organization_id);
    INSERT INTO public.webhook_endpoints AS w (organization_id, url, description, events)
    VALUES (p_organization_id, p_url, p_description, p_events) RETURNING w.id INTO id;
    secret := app.add_webhook_secret(id);
END
$$;

-- The organization of an endpoint that the caller administers. Raises no_data_found where there is none.
CREATE FUNCTION app.administered_endpoint(p_pass text, p_endpoint_id uuid) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    organization uuid;
BEGIN
    SELECT w.organization_id INTO organization FROM public.webhook_endpoints AS w
    WHERE w.id = p_endpoint_id AND claims -> 'scopes' ? 'admin'
        AND w.organization_id = ANY (app.organizations_of(claims, ARRAY['owner', 'admin']));
    IF organization IS NULL THEN
        RAISE EXCEPTION 'there is no such webhook of an organization that you administer' USING ERRCODE = 'no_data_found';
    END IF;
    RETURN organization;
END
$$;

-- The new secret. The one that it replaces signs beside it for a day; what that one had replaced is gone.
CREATE FUNCTION app.rotate_webhook_secret(p_pass text, p_endpoint_id uuid) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.administered_endpoint(p_pass, p_endpoint_id);
    -- One after the other.
    PERFORM FROM public.webhook_endpoints AS w WHERE w.id = p_endpoint_id FOR NO KEY UPDATE;
    DELETE FROM public.webhook_secrets AS s WHERE s.endpoint_id = p_endpoint_id AND s.expires_at IS NOT NULL;
    UPDATE public.webhook_secrets AS s SET expires_at = now() + interval '1 day' WHERE s.endpoint_id = p_endpoint_id;
    RETURN app.add_webhook_secret(p_endpoint_id);
END
$$;

-- Sends an event `webhook.test` to one endpoint, which need not have asked for it. Returns the delivery's id.
CREATE FUNCTION app.test_webhook_endpoint(p_pass text, p_endpoint_id uuid) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    organization uuid := app.administered_endpoint(p_pass, p_endpoint_id);
BEGIN
    RETURN (app.record_event('webhook.test', organization, NULL, jsonb_build_object(
        'organization_id', organization, 'webhook_id', p_endpoint_id
    ), ARRAY[p_endpoint_id]))[1];
END
$$;

-- Sends a delivery once more from the beginning. Raises no_data_found where there is none of this endpoint.
CREATE FUNCTION app.replay_webhook_delivery(p_pass text, p_endpoint_id uuid, p_delivery_id uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.administered_endpoint(p_pass, p_endpoint_id);
    UPDATE public.webhook_deliveries AS d
    SET status = 'pending', attempts_in_row = 0, next_attempt_at = now(), completed_at = NULL
    WHERE d.id = p_delivery_id AND d.endpoint_id = p_endpoint_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such delivery of this webhook' USING ERRCODE = 'no_data_found';
    END IF;
    PERFORM app.defer_delivery(p_delivery_id, NULL);
END
$$;

-- Sets a delivery's end, whether it came to an attempt or not.
CREATE FUNCTION app.end_delivery(p_delivery_id uuid, p_status text, p_status_code integer, p_error text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE public.webhook_deliveries AS d
    SET status = p_status, status_code = p_status_code, error = p_error, next_attempt_at = NULL, claimed_until = NULL,
        completed_at = now()
    WHERE d.id = p_delivery_id;
END;

-- What to send now, for whoever is to send it: no rows where it is not to be sent at all, or not now; in that case a
-- job for later is there. The claim lasts longer than any attempt.
CREATE FUNCTION app.begin_delivery(p_delivery_id uuid) RETURNS TABLE (
    url text, secrets text[], event_id uuid, event_type text, occurred_at timestamptz, data text, attempts_in_row integer
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    delivery public.webhook_deliveries;
    endpoint public.webhook_endpoints;
    signing text[];
BEGIN
    SELECT d.* INTO delivery FROM public.webhook_deliveries AS d WHERE d.id = p_delivery_id FOR UPDATE;
    IF delivery.status IS DISTINCT FROM 'pending' OR delivery.next_attempt_at > now() + interval '1 second' THEN
        RETURN;  -- done, deleted, or another job's
    END IF;
    SELECT w.* INTO endpoint FROM public.webhook_endpoints AS w WHERE w.id = delivery.endpoint_id;
    IF endpoint.disabled_at IS NOT NULL AND delivery.event_type <> 'webhook.test' THEN
        PERFORM app.end_delivery(p_delivery_id, 'failed', NULL, 'webhook_disabled');
        RETURN;
    END IF;
    IF delivery.claimed_until > now() THEN
        PERFORM app.defer_delivery(p_delivery_id, delivery.claimed_until);
        RETURN;
    END IF;
    -- An endpoint that is slow to answer must not keep every worker waiting.
    IF (
        SELECT count(*) FROM public.webhook_deliveries AS d
        WHERE d.endpoint_id = delivery.endpoint_id AND d.claimed_until > now()
    ) >= 8 THEN
        PERFORM app.defer_delivery(p_delivery_id, now() + make_interval(secs => 2 + 3 * random()));
        RETURN;
    END IF;
    SELECT array_agg(o.value ORDER BY s.id DESC) INTO signing
    FROM public.webhook_secrets AS s
    CROSS JOIN LATERAL keyring.decrypt_all(
        ARRAY[s.encrypted_value], ARRAY[s.key_id], ARRAY[s.endpoint_id], ARRAY['webhook_secret']
    ) AS opened (plaintexts)
    CROSS JOIN LATERAL unnest(opened.plaintexts) AS o (value)
    WHERE s.endpoint_id = delivery.endpoint_id AND (s.expires_at IS NULL OR s.expires_at > now())
        AND o.value IS NOT NULL;
    IF signing IS NULL THEN
        PERFORM app.end_delivery(p_delivery_id, 'failed', NULL, 'secret_unreadable');
        RETURN;
    END IF;
    UPDATE public.webhook_deliveries AS d SET claimed_until = now() + interval '1 minute' WHERE d.id = p_delivery_id;
    RETURN QUERY
        SELECT endpoint.url, signing, e.id, e.type, e.occurred_at, e.data::text, delivery.attempts_in_row
        FROM public.events AS e WHERE e.id = delivery.event_id;
END
$$;

-- Keeps an attempt. p_outcome: `delivered`; `failed`, which is tried again at p_next_attempt_at unless that is NULL;
-- `gone`, after which nothing is sent there any more.
CREATE FUNCTION app.record_delivery_attempt(
    p_delivery_id uuid, p_attempted_at timestamptz, p_duration_ms double precision, p_outcome text,
    p_status_code integer, p_error text, p_answer text, p_next_attempt_at timestamptz
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    delivery public.webhook_deliveries;
BEGIN
    UPDATE public.webhook_deliveries AS d
    SET attempts = d.attempts + 1, attempts_in_row = d.attempts_in_row + 1, claimed_until = NULL,
        status_code = p_status_code, error = p_error
    WHERE d.id = p_delivery_id RETURNING d.* INTO delivery;
    IF delivery.id IS NULL THEN
        RETURN;  -- its endpoint was deleted meanwhile
    END IF;
    INSERT INTO public.webhook_attempts
        (organization_id, delivery_id, attempted_at, duration_ms, status_code, error, answer)
    VALUES (
        delivery.organization_id, p_delivery_id, p_attempted_at, p_duration_ms, p_status_code, p_error,
        left(p_answer, 1024)
    );
    IF p_outcome = 'delivered' THEN
        PERFORM app.end_delivery(p_delivery_id, 'delivered', p_status_code, NULL);
        UPDATE public.webhook_endpoints AS w SET failing_since = NULL
        WHERE w.id = delivery.endpoint_id AND w.failing_since IS NOT NULL;
        RETURN;
    END IF;
    UPDATE public.webhook_endpoints AS w SET failing_since = p_attempted_at
    WHERE w.id = delivery.endpoint_id AND w.failing_since IS NULL;
    UPDATE public.webhook_endpoints AS w
    SET disabled_at = now(), disabled_reason = CASE p_outcome WHEN 'gone' THEN 'gone' ELSE 'failing' END
    WHERE w.id = delivery.endpoint_id AND w.disabled_at IS NULL
        AND (p_outcome = 'gone' OR w.failing_since < now() - interval '5 days');
    IF p_outcome = 'gone' OR p_next_attempt_at IS NULL THEN
        PERFORM app.end_delivery(p_delivery_id, 'failed', p_status_code, p_error);
    ELSE
        UPDATE public.webhook_deliveries AS d SET next_attempt_at = p_next_attempt_at WHERE d.id = p_delivery_id;
        PERFORM app.defer_delivery(p_delivery_id, p_next_attempt_at);
    END IF;
END
$$;

-- Deletes events, with their deliveries, 30 days after they occurred, and takes up deliveries whose job was lost.
-- Returns how many events went.
CREATE FUNCTION app.tidy_events() RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM public.events WHERE occurred_at < now() - interval '30 days';
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM public.webhook_secrets WHERE expires_at < now();
    PERFORM app.defer_delivery(d.id, NULL) FROM public.webhook_deliveries AS d
    WHERE d.status = 'pending' AND d.next_attempt_at < now() - interval '1 hour'
        AND (d.claimed_until IS NULL OR d.claimed_until < now());
    RETURN gone;
END
$$;

GRANT EXECUTE ON FUNCTION
    app.create_webhook_endpoint(text, uuid, text, text, text[]), app.rotate_webhook_secret(text, uuid),
    app.test_webhook_endpoint(text, uuid), app.replay_webhook_delivery(text, uuid, uuid)
TO portway_app;
GRANT EXECUTE ON FUNCTION
    app.begin_delivery(uuid),
    app.record_delivery_attempt(uuid, timestamptz, double precision, text, integer, text, text, timestamptz),
    app.tidy_events()
TO portway_worker;

RESET ROLE;

SET LOCAL ROLE portway_owner;
REVOKE CREATE ON SCHEMA app FROM portway_definer;

CREATE TRIGGER connections_created AFTER INSERT ON public.connections
    FOR EACH ROW EXECUTE FUNCTION app.tell_of_connection('connection.created');
CREATE TRIGGER connections_refreshed AFTER UPDATE OF renewed_at ON public.connections
    FOR EACH ROW WHEN (new.renewed_at IS DISTINCT FROM old.renewed_at AND new.renewed_at IS NOT NULL)
    EXECUTE FUNCTION app.tell_of_connection('connection.refreshed');
CREATE TRIGGER connections_reauthorization_required AFTER UPDATE OF status ON public.connections
    FOR EACH ROW WHEN (new.status = 'reauthorization_required' AND old.status <> new.status)
    EXECUTE FUNCTION app.tell_of_connection('connection.reauthorization_required');
CREATE TRIGGER connections_deleted AFTER DELETE ON public.connections
    FOR EACH ROW EXECUTE FUNCTION app.tell_of_connection('connection.deleted');
-- Whatever succeeds pays for no more than this condition.
CREATE TRIGGER api_logs_failed AFTER UPDATE OF status ON public.api_logs
    FOR EACH ROW WHEN (old.status = 'started' AND new.status IN ('error', 'unknown'))
    EXECUTE FUNCTION app.tell_of_execution();
RESET ROLE;
