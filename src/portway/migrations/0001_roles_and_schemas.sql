-- Roles, schemas and what nobody may do. Runs as a role with CREATEROLE that owns the database.

DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('portway_owner', 'NOLOGIN'),
            ('portway_definer', 'NOLOGIN'),
            ('portway_keyring', 'NOLOGIN'),
            ('portway_app', 'NOLOGIN'),
            ('portway_sign_in', 'NOLOGIN')
        ) AS role (name, attribute)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
            EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.attribute);
        END IF;
    END LOOP;
    -- Whoever migrates becomes portway_owner below, and must be able to hand functions to the two others. Since
    -- PostgreSQL 16, who made a role may grant it, and for a start may not become it.
    BEGIN
        SET LOCAL ROLE portway_owner;
        RESET ROLE;
    EXCEPTION WHEN insufficient_privilege THEN
        EXECUTE format('GRANT portway_owner TO %I', current_user);
    END;
    FOR wanted IN SELECT unnest(ARRAY['portway_definer', 'portway_keyring']) AS name LOOP
        IF NOT pg_has_role('portway_owner', wanted.name, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO portway_owner', wanted.name);
        END IF;
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO portway_app, portway_sign_in', current_database());
    EXECUTE format('GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO portway_owner', current_database());
END
$$;

CREATE SCHEMA IF NOT EXISTS extensions;
CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA extensions;
DO $$
BEGIN
    IF (SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pgcrypto') <> 'extensions' THEN
        RAISE EXCEPTION 'pgcrypto is installed in another schema than "extensions"'
            USING HINT = 'Run: ALTER EXTENSION pgcrypto SET SCHEMA extensions;';
    END IF;
    -- Managed services own this schema themselves and let everyone use it already.
    IF has_schema_privilege(current_user, 'extensions', 'USAGE WITH GRANT OPTION') THEN
        REVOKE ALL ON SCHEMA extensions FROM public;
        GRANT USAGE ON SCHEMA extensions TO portway_definer, portway_keyring, portway_owner;
    END IF;
    REVOKE ALL ON SCHEMA public FROM public;
    GRANT USAGE, CREATE ON SCHEMA public TO portway_owner;
END
$$;

CREATE SCHEMA IF NOT EXISTS app;
CREATE SCHEMA IF NOT EXISTS keyring;
ALTER SCHEMA app OWNER TO portway_owner;
GRANT USAGE ON SCHEMA public, app TO portway_app, portway_definer;
GRANT USAGE ON SCHEMA app TO portway_sign_in, portway_keyring;

SET LOCAL ROLE portway_owner;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM public;
-- A function given to another role must be in a schema where that role may create.
GRANT CREATE ON SCHEMA app TO portway_definer;
RESET ROLE;

ALTER SCHEMA keyring OWNER TO portway_keyring;
SET LOCAL ROLE portway_keyring;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM public;
GRANT USAGE ON SCHEMA keyring TO portway_definer;
RESET ROLE;
