-- What integrations and actions were imported from, so that a later import knows what a person has changed since.

SET LOCAL ROLE portway_owner;

-- Of an integration {"source", "digests"}, of an action {"operation", "digests"}: digests of the members as they were
-- imported, by name. NULL for a row that a person made.
ALTER TABLE public.integrations ADD COLUMN imported jsonb CHECK (jsonb_typeof(imported) = 'object');
ALTER TABLE public.actions ADD COLUMN imported jsonb CHECK (jsonb_typeof(imported) = 'object');
GRANT INSERT (imported), UPDATE (imported) ON public.integrations, public.actions TO portway_app;

GRANT CREATE ON SCHEMA app TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;

-- Which of these actions somebody has executed within the last 30 days, with a connection that is still there; of
-- organizations that the caller administers, whose workspaces the caller need not see.
CREATE FUNCTION app.executed_recently(p_action_ids uuid[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT a.id FROM public.actions AS a
    WHERE a.id = ANY (p_action_ids) AND a.organization_id = ANY (app.administered_organizations()) AND EXISTS (
        SELECT FROM public.connections AS c
        JOIN public.api_logs AS l ON l.connection_id = c.id
        WHERE c.integration_id = a.integration_id AND l.executed_at > now() - interval '30 days' AND l.action_id = a.id
    );
END;

GRANT EXECUTE ON FUNCTION app.executed_recently(uuid[]) TO portway_app;

RESET ROLE;

SET LOCAL ROLE portway_owner;
REVOKE CREATE ON SCHEMA app FROM portway_definer;
RESET ROLE;
