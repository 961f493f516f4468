import { Link } from "@tanstack/react-router";
import { Play, ScrollText } from "lucide-react";
import { useWorkspace } from "@/app/session";
import { CodeBlock } from "@/components/code-block";
import { EmptyState } from "@/components/empty-state";
import { Button } from "@/components/ui/button";

/** Instead of a log that has nothing: how to make its first row. */
export function FirstExecution() {
  const { id: workspaceId } = useWorkspace();
  return (
    <div className="pb-8">
      <EmptyState
        icon={ScrollText}
        title="Nothing has been executed yet"
        description="Every call of an action is here a moment later, with what was sent and what came back. Run one in the playground, or from your own program:"
        action={
          <>
            <Button asChild variant="primary">
              <Link to="/w/$workspaceId/playground" params={{ workspaceId }}>
                <Play /> Open the playground
              </Link>
            </Button>
            <Button asChild>
              <Link to="/w/$workspaceId/connections" params={{ workspaceId }}>
                Connections
              </Link>
            </Button>
          </>
        }
        className="pb-6"
      />
      <CodeBlock
        label="With curl, and an API key"
        code={curl(window.location.origin, workspaceId)}
        className="mx-auto w-full max-w-2xl text-left"
      />
    </div>
  );
}

function curl(origin: string, workspaceId: string): string {
  return [
    `curl ${origin}/api/v2/execute \\`,
    `  -H "Authorization: Bearer $PORTWAY_API_KEY" -H 'Content-Type: application/json' \\`,
    `  -d '{"workspace_id": "${workspaceId}",`,
    `       "connection_id": "…", "action": "…", "parameters": {}}'`,
  ].join("\n");
}
