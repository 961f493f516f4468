-- Row-level security, forced on every table. What a role has no policy for, it does not see.

SET LOCAL ROLE portway_owner;

DO $$
DECLARE
    target regclass;
BEGIN
    FOR target IN
        SELECT c.oid FROM pg_class AS c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND c.relowner = 'portway_owner'::regrole
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
        EXECUTE format('CREATE POLICY owner ON %s TO portway_owner USING (true) WITH CHECK (true)', target);
        EXECUTE format('CREATE POLICY definer ON %s TO portway_definer USING (true) WITH CHECK (true)', target);
    END LOOP;
END
$$;

-- People and tenancy.

GRANT SELECT (id, email, name, email_verified_at, created_at), UPDATE (name) ON public.users TO portway_app;
CREATE POLICY read ON public.users FOR SELECT TO portway_app
    USING (id = ANY ((SELECT app.visible_users())::uuid[]));
CREATE POLICY rename ON public.users FOR UPDATE TO portway_app
    USING (
        id = (SELECT app.current_user_id()) AND (SELECT app.has_scope('admin'))
        AND (SELECT app.workspace_limit()) IS NULL
    )
    WITH CHECK (id = (SELECT app.current_user_id()));

GRANT SELECT, UPDATE (name), DELETE ON public.organizations TO portway_app;
CREATE POLICY read ON public.organizations FOR SELECT TO portway_app
    USING (id = ANY ((SELECT app.current_organizations())::uuid[]));
CREATE POLICY rename ON public.organizations FOR UPDATE TO portway_app
    USING (id = ANY ((SELECT app.administered_organizations())::uuid[]) AND (SELECT app.has_scope('admin')))
    WITH CHECK (id = ANY ((SELECT app.administered_organizations())::uuid[]));
CREATE POLICY remove ON public.organizations FOR DELETE TO portway_app
    USING (id = ANY ((SELECT app.owned_organizations())::uuid[]) AND (SELECT app.has_scope('admin')));

GRANT SELECT, UPDATE (role), DELETE ON public.organization_members TO portway_app;
CREATE POLICY read ON public.organization_members FOR SELECT TO portway_app
    USING (
        user_id = (SELECT app.current_user_id()) AND organization_id = ANY ((SELECT app.current_organizations())::uuid[])
        OR organization_id = ANY ((SELECT app.administered_organizations())::uuid[])
    );
CREATE POLICY change ON public.organization_members FOR UPDATE TO portway_app
    USING (organization_id = ANY ((SELECT app.owned_organizations())::uuid[]) AND (SELECT app.has_scope('admin')))
    WITH CHECK (organization_id = ANY ((SELECT app.owned_organizations())::uuid[]));
CREATE POLICY remove ON public.organization_members FOR DELETE TO portway_app
    USING (
        (SELECT app.has_scope('admin')) AND (
            user_id = (SELECT app.current_user_id()) AND (SELECT app.workspace_limit()) IS NULL
            AND organization_id = ANY ((SELECT app.current_organizations())::uuid[])
            OR organization_id = ANY ((SELECT app.owned_organizations())::uuid[])
            OR organization_id = ANY ((SELECT app.administered_organizations())::uuid[]) AND role <> 'owner'
        )
    );

GRANT SELECT, UPDATE (name), DELETE ON public.workspaces TO portway_app;
CREATE POLICY read ON public.workspaces FOR SELECT TO portway_app
    USING (
        id = ANY ((SELECT app.current_workspaces())::uuid[])
        OR id = ANY ((SELECT app.administered_workspaces())::uuid[])
    );
CREATE POLICY rename ON public.workspaces FOR UPDATE TO portway_app
    USING (id = ANY ((SELECT app.administered_workspaces())::uuid[]) AND (SELECT app.has_scope('admin')))
    WITH CHECK (id = ANY ((SELECT app.administered_workspaces())::uuid[]));
CREATE POLICY remove ON public.workspaces FOR DELETE TO portway_app
    USING (id = ANY ((SELECT app.owned_workspaces())::uuid[]) AND (SELECT app.has_scope('admin')));

GRANT SELECT, INSERT (workspace_id, organization_id, user_id, role), UPDATE (role), DELETE
ON public.workspace_members TO portway_app;
CREATE POLICY read ON public.workspace_members FOR SELECT TO portway_app
    USING (
        workspace_id = ANY ((SELECT app.current_workspaces())::uuid[])
        OR workspace_id = ANY ((SELECT app.administered_workspaces())::uuid[])
    );
CREATE POLICY add ON public.workspace_members FOR INSERT TO portway_app
    WITH CHECK (
        workspace_id = ANY ((SELECT app.administered_workspaces())::uuid[]) AND (SELECT app.has_scope('admin'))
        AND (role <> 'owner' OR workspace_id = ANY ((SELECT app.owned_workspaces())::uuid[]))
    );
CREATE POLICY change ON public.workspace_members FOR UPDATE TO portway_app
    USING (
        workspace_id = ANY ((SELECT app.administered_workspaces())::uuid[]) AND (SELECT app.has_scope('admin'))
        AND (role <> 'owner' OR workspace_id = ANY ((SELECT app.owned_workspaces())::uuid[]))
    )
    WITH CHECK (
        workspace_id = ANY ((SELECT app.administered_workspaces())::uuid[])
        AND (role <> 'owner' OR workspace_id = ANY ((SELECT app.owned_workspaces())::uuid[]))
    );
CREATE POLICY remove ON public.workspace_members FOR DELETE TO portway_app
    USING (
        (SELECT app.has_scope('admin')) AND (
            user_id = (SELECT app.current_user_id()) AND workspace_id = ANY ((SELECT app.current_workspaces())::uuid[])
            OR workspace_id = ANY ((SELECT app.administered_workspaces())::uuid[])
            AND (role <> 'owner' OR workspace_id = ANY ((SELECT app.owned_workspaces())::uuid[]))
        )
    );

GRANT SELECT (id, organization_id, workspace_id, email, role, invited_by, created_at, expires_at, accepted_at), DELETE
ON public.invitations TO portway_app;
CREATE POLICY read ON public.invitations FOR SELECT TO portway_app
    USING (workspace_id = ANY ((SELECT app.administered_workspaces())::uuid[]) AND (SELECT app.has_scope('admin')));
CREATE POLICY remove ON public.invitations FOR DELETE TO portway_app
    USING (workspace_id = ANY ((SELECT app.administered_workspaces())::uuid[]) AND (SELECT app.has_scope('admin')));

GRANT SELECT (id, user_id, workspace_id, name, prefix, scopes, created_at, expires_at, last_used_at, revoked_at),
    UPDATE (revoked_at)
ON public.api_keys TO portway_app;
-- A key that is limited to a workspace knows of those limited to the same.
CREATE POLICY read ON public.api_keys FOR SELECT TO portway_app
    USING (
        user_id = (SELECT app.current_user_id()) AND (SELECT app.has_scope('admin'))
        AND coalesce(workspace_id = (SELECT app.workspace_limit()), (SELECT app.workspace_limit()) IS NULL)
    );
CREATE POLICY revoke ON public.api_keys FOR UPDATE TO portway_app
    USING (
        user_id = (SELECT app.current_user_id()) AND (SELECT app.has_scope('admin'))
        AND coalesce(workspace_id = (SELECT app.workspace_limit()), (SELECT app.workspace_limit()) IS NULL)
    )
    WITH CHECK (user_id = (SELECT app.current_user_id()) AND revoked_at IS NOT NULL);

-- Catalog.

GRANT SELECT, DELETE,
    INSERT (organization_id, name, slug, base_url, auth_type, auth_config, description, category, documentation_url),
    UPDATE (name, base_url, auth_type, auth_config, description, category, documentation_url)
ON public.integrations TO portway_app;
GRANT SELECT, DELETE,
    INSERT (
        integration_id, name, slug, http_method, endpoint_path, description, request_schema, transform_config, scopes,
        handler, timeout_ms
    ),
    UPDATE (
        name, http_method, endpoint_path, description, request_schema, transform_config, scopes, handler, timeout_ms
    )
ON public.actions TO portway_app;
-- A generated column is computed with the rights of whoever inserts.
GRANT EXECUTE ON FUNCTION app.sensitive_parameters(jsonb) TO portway_app;

DO $$
DECLARE
    target regclass;
BEGIN
    FOREACH target IN ARRAY ARRAY['public.integrations', 'public.actions']::regclass[] LOOP
        EXECUTE format($policy$
            CREATE POLICY read ON %s FOR SELECT TO portway_app USING (
                organization_id IS NULL AND (SELECT app.current_user_id()) IS NOT NULL
                OR organization_id = ANY ((SELECT app.current_organizations())::uuid[])
            )$policy$, target);
        EXECUTE format($policy$
            CREATE POLICY add ON %s FOR INSERT TO portway_app WITH CHECK (
                organization_id = ANY ((SELECT app.administered_organizations())::uuid[])
                AND (SELECT app.has_scope('catalog:write'))
            )$policy$, target);
        EXECUTE format($policy$
            CREATE POLICY change ON %s FOR UPDATE TO portway_app USING (
                organization_id = ANY ((SELECT app.administered_organizations())::uuid[])
                AND (SELECT app.has_scope('catalog:write'))
            ) WITH CHECK (organization_id = ANY ((SELECT app.administered_organizations())::uuid[]))
            $policy$, target);
        EXECUTE format($policy$
            CREATE POLICY remove ON %s FOR DELETE TO portway_app USING (
                organization_id = ANY ((SELECT app.administered_organizations())::uuid[])
                AND (SELECT app.has_scope('catalog:write'))
            )$policy$, target);
    END LOOP;
END
$$;

GRANT SELECT (organization_id, integration_id, client_id, created_at, updated_at), DELETE
ON public.oauth_clients TO portway_app;
CREATE POLICY read ON public.oauth_clients FOR SELECT TO portway_app
    USING (organization_id = ANY ((SELECT app.administered_organizations())::uuid[]));
CREATE POLICY remove ON public.oauth_clients FOR DELETE TO portway_app
    USING (
        organization_id = ANY ((SELECT app.administered_organizations())::uuid[])
        AND (SELECT app.has_scope('catalog:write'))
    );

-- Connections. Nobody but the definer functions reads or writes a secret column.

GRANT SELECT, UPDATE (name) ON public.connections TO portway_app;
CREATE POLICY read ON public.connections FOR SELECT TO portway_app
    USING (
        workspace_id = ANY ((SELECT app.current_workspaces())::uuid[]) AND (SELECT app.has_scope('connections:read'))
    );
CREATE POLICY rename ON public.connections FOR UPDATE TO portway_app
    USING (
        workspace_id = ANY ((SELECT app.current_workspaces())::uuid[]) AND (SELECT app.has_scope('connections:write'))
        AND (
            user_id = (SELECT app.current_user_id())
            OR workspace_id = ANY ((SELECT app.administered_workspaces())::uuid[])
        )
    )
    WITH CHECK (workspace_id = ANY ((SELECT app.current_workspaces())::uuid[]));

GRANT SELECT (connection_id, workspace_id, credential_type, key_id, expires_at, updated_at)
ON public.encrypted_credentials TO portway_app;
CREATE POLICY read ON public.encrypted_credentials FOR SELECT TO portway_app
    USING (
        workspace_id = ANY ((SELECT app.current_workspaces())::uuid[]) AND (SELECT app.has_scope('connections:read'))
    );

-- Log. Rows are written by the functions only.

GRANT SELECT ON public.api_logs TO portway_app;
CREATE POLICY read ON public.api_logs FOR SELECT TO portway_app
    USING (
        (SELECT app.has_scope('logs:read')) AND (
            workspace_id = ANY ((SELECT app.current_workspaces())::uuid[])
            OR workspace_id IS NULL AND user_id = (SELECT app.current_user_id())
        )
    );

RESET ROLE;
