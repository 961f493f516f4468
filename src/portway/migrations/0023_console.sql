-- What people see of connections, integrations and invitations beyond what programs need of them.

SET LOCAL ROLE portway_owner;

-- Where people use the service.
ALTER TABLE public.integrations ADD COLUMN website text CHECK (length(website) BETWEEN 1 AND 2000);
GRANT INSERT (website), UPDATE (website) ON public.integrations TO portway_app;

GRANT SELECT (mailed) ON public.invitations TO portway_app;

-- Since when a connection has its status, and what made it so; both NULL as long as it never changed.
ALTER TABLE public.connections
ADD COLUMN status_since timestamptz,
ADD COLUMN status_reason text CHECK (
    status_reason IN ('grant_refused', 'integration_moved', 'disabled_by_owner', 'disabled_by_admin')
);

GRANT CREATE ON SCHEMA app TO portway_definer;
RESET ROLE;

SET LOCAL ROLE portway_definer;

CREATE FUNCTION app.note_connection_status() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.status_since := now();
    NEW.status_reason := CASE NEW.status
        WHEN 'disabled' THEN
            CASE WHEN NEW.disabled_by = NEW.user_id THEN 'disabled_by_owner' ELSE 'disabled_by_admin' END
        -- Only the trigger of integrations calls it for another reason than an answer of the service's.
        WHEN 'reauthorization_required' THEN
            CASE WHEN pg_trigger_depth() > 1 THEN 'integration_moved' ELSE 'grant_refused' END
    END;
    RETURN NEW;
END
$$;

-- Which integrations an organization of the caller's has an OAuth client of its own for. Members may know that there is
-- one; what it is, only administrators see.
CREATE FUNCTION app.own_oauth_clients() RETURNS TABLE (organization_id uuid, integration_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mine uuid[] := app.current_organizations();
BEGIN
    RETURN QUERY
    SELECT o.organization_id, o.integration_id FROM public.oauth_clients AS o
    WHERE o.replaced_at IS NULL AND o.name = 'default' AND o.organization_id = ANY (mine);
END
$$;

-- A new link of an open invitation, good for seven days; the one before does not work any more. An owner's is given by
-- owners alone.
CREATE FUNCTION app.renew_invitation(p_pass text, p_invitation_id uuid, p_mailed boolean) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claims jsonb := app.pass_claims(p_pass, 'user');
    target public.invitations;
    token text := app.random_token();
BEGIN
    SELECT * INTO target FROM public.invitations AS i
    WHERE i.id = p_invitation_id AND i.accepted_at IS NULL
        AND i.workspace_id = ANY (app.workspaces_of(claims, ARRAY['owner', 'admin'], ARRAY['owner', 'admin']))
    FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such invitation' USING ERRCODE = 'no_data_found';
    END IF;
    IF NOT coalesce(claims -> 'scopes' ? 'admin', false) OR NOT target.workspace_id = ANY (app.workspaces_of(
        claims,
        CASE target.role WHEN 'owner' THEN ARRAY['owner'] ELSE ARRAY['owner', 'admin'] END,
        CASE target.role WHEN 'owner' THEN ARRAY['owner'] ELSE ARRAY['owner', 'admin'] END
    )) THEN
        RAISE EXCEPTION 'your role does not let you invite %', target.role USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE public.invitations SET
        token_hash = sha256(convert_to(token, 'UTF8')), mailed = p_mailed, expires_at = now() + interval '7 days'
    WHERE id = p_invitation_id;
    RETURN token;
END
$$;
GRANT EXECUTE ON FUNCTION app.own_oauth_clients(), app.renew_invitation(text, uuid, boolean) TO portway_app;
GRANT EXECUTE ON FUNCTION app.note_connection_status() TO portway_owner;

RESET ROLE;

SET LOCAL ROLE portway_owner;

-- Not for every execution, which writes last_used_at alone.
CREATE TRIGGER connections_status BEFORE UPDATE OF status ON public.connections
FOR EACH ROW WHEN (new.status <> old.status) EXECUTE FUNCTION app.note_connection_status();

REVOKE CREATE ON SCHEMA app FROM portway_definer;
RESET ROLE;
