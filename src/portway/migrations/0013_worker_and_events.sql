-- Work that has no caller: the role that does it.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portway_worker') THEN
        CREATE ROLE portway_worker NOLOGIN;
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO portway_worker', current_database());
END
$$;

SET LOCAL ROLE portway_owner;
GRANT USAGE ON SCHEMA app TO portway_worker;
RESET ROLE;
