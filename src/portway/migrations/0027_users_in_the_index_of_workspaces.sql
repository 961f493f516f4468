-- An execution writes an index less.

SET LOCAL ROLE portway_owner;

-- A workspace's executions by time, and a user's among them: those of others are passed over within the index. While it
-- is built, executions wait and the log can be read. A large log takes its time.
SET LOCAL statement_timeout = 0;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX api_logs_workspace_user ON public.api_logs (workspace_id, executed_at DESC, user_id);

-- squawk-ignore require-concurrent-index-deletion
DROP INDEX public.api_logs_user;
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX public.api_logs_workspace;

RESET ROLE;
