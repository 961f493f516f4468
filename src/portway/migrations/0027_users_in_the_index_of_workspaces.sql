-- An execution writes an index less.

SET LOCAL ROLE portway_owner;

-- A workspace's executions by time, and a user's among them: those of others are passed over within the index. Servers
-- wait while it is built.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX public.api_logs_user;
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX public.api_logs_workspace;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX api_logs_workspace ON public.api_logs (workspace_id, executed_at DESC, user_id);

RESET ROLE;
