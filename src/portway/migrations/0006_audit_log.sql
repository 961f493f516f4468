-- The audit log, partitioned by month, and idempotency keys.

SET LOCAL ROLE portway_owner;

-- No foreign keys: history outlives what it names. No index on a column that closing a row changes, so that closing
-- stays a heap-only update.
CREATE TABLE public.api_logs (
    id uuid NOT NULL,
    executed_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('started', 'success', 'error', 'refused', 'unknown')),
    user_id uuid,
    organization_id uuid,
    workspace_id uuid,
    connection_id uuid,
    integration_id uuid,
    action_id uuid,
    request_payload jsonb,
    response_payload jsonb,
    payload_truncated boolean NOT NULL DEFAULT false,
    status_code integer,
    error_code text,
    duration_ms double precision,
    attempts integer NOT NULL DEFAULT 0,
    deadline timestamptz NOT NULL,
    PRIMARY KEY (executed_at, id)
) PARTITION BY RANGE (executed_at);
CREATE INDEX api_logs_workspace ON public.api_logs (workspace_id, executed_at DESC);
CREATE INDEX api_logs_connection ON public.api_logs (connection_id, executed_at DESC);
CREATE INDEX api_logs_user ON public.api_logs (user_id, executed_at DESC);
-- Refusals in no workspace of the caller's: few, and only their own caller sees them.
CREATE INDEX api_logs_nowhere ON public.api_logs (user_id, executed_at DESC) WHERE workspace_id IS NULL;

-- lz4 costs a third of the default's time where the server has it.
DO $$
BEGIN
    ALTER TABLE public.api_logs ALTER COLUMN request_payload SET COMPRESSION lz4;
    ALTER TABLE public.api_logs ALTER COLUMN response_payload SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END
$$;

CREATE TABLE public.idempotency_keys (
    user_id uuid NOT NULL REFERENCES public.users ON DELETE CASCADE,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    request_hash bytea NOT NULL,
    execution_id uuid NOT NULL UNIQUE,
    encrypted_answer bytea,
    key_id integer,
    deadline timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_expires ON public.idempotency_keys (expires_at);

-- What only portway_owner sets.
CREATE TABLE public.settings (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    log_retention interval NOT NULL DEFAULT '400 days',
    minimum_log_retention interval NOT NULL DEFAULT '30 days'
);
INSERT INTO public.settings DEFAULT VALUES;

CREATE FUNCTION app.create_log_partition(p_month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first date := date_trunc('month', p_month)::date;
    partition text := 'api_logs_' || to_char(first, 'YYYY_MM');
BEGIN
    IF to_regclass('public.' || partition) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format(
        'CREATE TABLE public.%I (LIKE public.api_logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMPRESSION)
         WITH (fillfactor = 50, autovacuum_vacuum_insert_scale_factor = 0.1, autovacuum_vacuum_scale_factor = 0.05)',
        partition
    );
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', partition);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', partition);
    EXECUTE format(
        'CREATE POLICY owner ON public.%I TO portway_owner USING (true) WITH CHECK (true)', partition
    );
    -- Attached when it is complete: that lets executions go on, where CREATE ... PARTITION OF would stop them.
    EXECUTE format(
        'ALTER TABLE public.api_logs ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        partition, first::timestamp AT TIME ZONE 'UTC', (first + interval '1 month') AT TIME ZONE 'UTC'
    );
END
$$;

-- This month's partition and the next three, so that no execution ever waits for one.
CREATE FUNCTION app.create_log_partitions() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT app.create_log_partition(((now() AT TIME ZONE 'UTC') + make_interval(months => ahead))::date)
    FROM generate_series(0, 3) AS ahead;
END;
SELECT app.create_log_partitions();

-- Drops the partitions that are wholly older than the retention. Returns how many.
CREATE FUNCTION app.drop_expired_log_partitions() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    oldest date;
    partition text;
    dropped integer := 0;
BEGIN
    SELECT date_trunc('month', (now() - greatest(log_retention, minimum_log_retention)) AT TIME ZONE 'UTC')::date INTO oldest
    FROM public.settings;
    FOR partition IN
        SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.api_logs'::regclass AND c.relname < 'api_logs_' || to_char(oldest, 'YYYY_MM')
    LOOP
        EXECUTE format('DROP TABLE public.%I', partition);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

RESET ROLE;
