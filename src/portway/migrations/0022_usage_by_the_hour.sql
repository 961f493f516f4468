-- Usage, counted once for each hour that is over, so that nobody who asks for a month counts a million executions.

SET LOCAL ROLE portway_owner;
GRANT CREATE ON SCHEMA app TO portway_definer;

-- Durations as one number that sum() adds up: of each of 384 steps, how many took that long, in twelve decimal digits
-- each, the shortest in the last twelve. Sixteen steps double the duration; the first ends at 2^(-15/16) ms. What such
-- a number says is read by domain/rules/durations.py.
CREATE FUNCTION app.duration_mark(p_milliseconds double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- Written so that it is inlined: not STRICT, and with the cast to text, as `||` on a number is not immutable.
RETURN CASE WHEN p_milliseconds IS NOT NULL THEN ('1e' || (12 * least(
    greatest(floor(16 * ln(greatest(p_milliseconds, 0.001)) / ln(2::double precision))::integer + 16, 0), 383
))::text)::numeric END;

-- Hours are those of UTC. No foreign keys, as in the log itself; executions in no workspace used nothing.
CREATE TABLE public.usage_by_connection (
    workspace_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    integration_id uuid,
    action_id uuid,
    user_id uuid,
    connection_id uuid,
    status text NOT NULL,
    error_code text,
    status_code integer,
    executions bigint NOT NULL,
    -- Of those that came to an end and were not refused.
    durations numeric
);
CREATE INDEX usage_by_connection_workspace ON public.usage_by_connection (workspace_id, hour);
CREATE INDEX usage_by_connection_connection ON public.usage_by_connection (connection_id, hour);
CREATE INDEX usage_by_connection_hour ON public.usage_by_connection (hour);

-- The same of all users and connections together: hundreds of times fewer rows where there are many of them.
CREATE TABLE public.usage_by_action (
    workspace_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    integration_id uuid,
    action_id uuid,
    status text NOT NULL,
    error_code text,
    status_code integer,
    executions bigint NOT NULL,
    durations numeric
);
CREATE INDEX usage_by_action_workspace ON public.usage_by_action (workspace_id, hour);
CREATE INDEX usage_by_action_hour ON public.usage_by_action (hour);

-- Until when every hour is counted; NULL before the first.
CREATE TABLE public.usage_progress (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    counted_until timestamptz
);
INSERT INTO public.usage_progress DEFAULT VALUES;

-- Hours that were counted while some of their executions had not ended, or nobody knew how.
CREATE TABLE public.unfinished_usage (
    hour timestamptz PRIMARY KEY,
    checked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

DO $$
DECLARE
    target regclass;
BEGIN
    FOREACH target IN ARRAY ARRAY[
        'public.usage_by_connection', 'public.usage_by_action', 'public.usage_progress', 'public.unfinished_usage'
    ]::regclass[] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
        EXECUTE format('CREATE POLICY owner ON %s TO portway_owner USING (true) WITH CHECK (true)', target);
        EXECUTE format('CREATE POLICY definer ON %s TO portway_definer USING (true) WITH CHECK (true)', target);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO portway_definer', target);
    END LOOP;
    FOREACH target IN ARRAY ARRAY['public.usage_by_connection', 'public.usage_by_action']::regclass[] LOOP
        EXECUTE format('GRANT SELECT ON %s TO portway_app', target);
        EXECUTE format($policy$
            CREATE POLICY read ON %s FOR SELECT TO portway_app USING (
                (SELECT app.has_scope('logs:read')) AND workspace_id = ANY ((SELECT app.current_workspaces())::uuid[])
            )$policy$, target);
    END LOOP;
END
$$;

GRANT EXECUTE ON FUNCTION app.duration_mark(double precision) TO portway_definer, portway_app;

-- Drops the partitions that are wholly older than the retention, and what was counted of them. Returns how many.
CREATE OR REPLACE FUNCTION app.drop_expired_log_partitions() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    oldest date;
    partition text;
    dropped integer := 0;
BEGIN
    SELECT date_trunc('month', (now() - greatest(log_retention, minimum_log_retention)) AT TIME ZONE 'UTC')::date
    INTO oldest FROM public.settings;
    FOR partition IN
        SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.api_logs'::regclass AND c.relname < 'api_logs_' || to_char(oldest, 'YYYY_MM')
    LOOP
        EXECUTE format('DROP TABLE public.%I', partition);
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM public.usage_by_connection WHERE hour < oldest::timestamp AT TIME ZONE 'UTC';
    DELETE FROM public.usage_by_action WHERE hour < oldest::timestamp AT TIME ZONE 'UTC';
    RETURN dropped;
END
$$;

RESET ROLE;

SET LOCAL ROLE portway_definer;

-- Counts an hour, again if it was counted before. Returns how many of its executions have no outcome yet.
CREATE FUNCTION app.count_usage(p_hour timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unfinished bigint;
BEGIN
    DELETE FROM public.usage_by_connection WHERE hour = p_hour;
    DELETE FROM public.usage_by_action WHERE hour = p_hour;
    WITH counted AS (
        INSERT INTO public.usage_by_connection
        SELECT l.workspace_id, p_hour, l.integration_id, l.action_id, l.user_id, l.connection_id, l.status,
            l.error_code, l.status_code, count(*),
            sum(app.duration_mark(l.duration_ms)) FILTER (WHERE l.status IN ('success', 'error'))
        FROM public.api_logs AS l
        WHERE l.executed_at >= p_hour AND l.executed_at < p_hour + interval '1 hour' AND l.workspace_id IS NOT NULL
        GROUP BY l.workspace_id, l.integration_id, l.action_id, l.user_id, l.connection_id, l.status, l.error_code,
            l.status_code
        ORDER BY l.workspace_id
        RETURNING *
    ), by_action AS (
        INSERT INTO public.usage_by_action
        SELECT c.workspace_id, p_hour, c.integration_id, c.action_id, c.status, c.error_code, c.status_code,
            sum(c.executions), sum(c.durations)
        FROM counted AS c
        GROUP BY c.workspace_id, c.integration_id, c.action_id, c.status, c.error_code, c.status_code
        ORDER BY c.workspace_id
    )
    SELECT coalesce(sum(c.executions), 0) INTO unfinished FROM counted AS c WHERE c.status IN ('started', 'unknown');
    RETURN unfinished;
END
$$;

-- Counts one hour that is over and not counted yet, or one whose executions have ended since. Returns how many it
-- counted; 0 where there is nothing to do.
CREATE FUNCTION app.roll_up_usage() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- By five minutes after its end, all that was begun in an hour is written.
    complete timestamptz := date_trunc('hour', clock_timestamp() - interval '5 minutes', 'UTC');
    counted timestamptz;
    target timestamptz;
    unfinished bigint;
BEGIN
    SELECT p.counted_until INTO counted FROM public.usage_progress AS p;
    SELECT date_trunc('hour', min(l.executed_at), 'UTC') INTO target
    FROM public.api_logs AS l WHERE l.executed_at >= coalesce(counted, '-infinity');
    IF target < complete THEN
        unfinished := app.count_usage(target);
        IF unfinished > 0 THEN
            INSERT INTO public.unfinished_usage (hour) VALUES (target)
            ON CONFLICT (hour) DO UPDATE SET checked_at = excluded.checked_at;
        END IF;
        UPDATE public.usage_progress SET counted_until = target + interval '1 hour';
        RETURN 1;
    END IF;
    -- Hours without an execution need no row.
    UPDATE public.usage_progress SET counted_until = complete WHERE counted_until IS DISTINCT FROM complete;

    -- The older, the rarer. After a week nobody comes any more to say how an execution has ended.
    SELECT u.hour INTO target FROM public.unfinished_usage AS u
    WHERE u.checked_at < clock_timestamp() - greatest((clock_timestamp() - u.hour) / 20, interval '5 minutes')
    ORDER BY u.checked_at LIMIT 1;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    unfinished := app.count_usage(target);
    IF unfinished = 0 OR target < clock_timestamp() - interval '7 days' THEN
        DELETE FROM public.unfinished_usage WHERE hour = target;
    ELSE
        UPDATE public.unfinished_usage SET checked_at = clock_timestamp() WHERE hour = target;
    END IF;
    RETURN 1;
END
$$;

-- Until when hours are counted, and which of them are better counted anew: their executions are about to end.
CREATE FUNCTION app.usage_state() RETURNS TABLE (counted_until timestamptz, unsettled timestamptz[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT p.counted_until, ARRAY(
        SELECT u.hour FROM public.unfinished_usage AS u
        WHERE u.hour > clock_timestamp() - interval '3 hours' ORDER BY u.hour
    )
    FROM public.usage_progress AS p;
END;

GRANT EXECUTE ON FUNCTION app.roll_up_usage(), app.usage_state() TO portway_app;

RESET ROLE;

SET LOCAL ROLE portway_owner;
REVOKE CREATE ON SCHEMA app FROM portway_definer;
RESET ROLE;
