import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Check } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { listApiKeysOptions, listConnectionsOptions, listLogsOptions } from "@/api";
import { useRoleAtLeast } from "@/app/session";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";
import { cn } from "@/lib/cn";

const ConnectDialog = lazy(() =>
  import("@/features/connections/connect-dialog").then((found) => ({ default: found.ConnectDialog })),
);

/** What there is of each step. */
function useSteps(workspaceId: string) {
  const query = { workspace_id: workspaceId, limit: 1 };
  const connections = useQuery(listConnectionsOptions({ query }));
  const executions = useQuery(listLogsOptions({ query: { ...query, payloads: false, status: ["success"] } }));
  const keys = useQuery(listApiKeysOptions({ query: { limit: 1 } }));
  return { connections, executions, keys };
}

/** Whether it is known which steps are gone; what stands below them waits for that, and does not move down later. */
export function useStepsKnown(workspaceId: string): boolean {
  return Object.values(useSteps(workspaceId)).every(
    ({ isPending, failureCount }) => !isPending || failureCount > 0,
  );
}

/** The shortest way to a first execution, until it was gone. */
export function FirstSteps({ workspaceId }: { workspaceId: string }) {
  const mayConnect = useRoleAtLeast("member");
  const { connections, executions, keys } = useSteps(workspaceId);
  if (!mayConnect || !connections.data || !executions.data || !keys.data) return null;
  const connection = connections.data.data[0];
  const hasRun = executions.data.data.length > 0;
  const hasKey = keys.data.data.length > 0;
  if (connection && hasRun) return null;
  return (
    <Card>
      <CardHeader
        title="Make your first execution"
        description="Connect an account once; then every action of its service is one call away."
      />
      <ol className="grid divide-y border-t md:grid-cols-3 md:divide-x md:divide-y-0">
        <Step number={1} title="Connect a service" done={Boolean(connection)} isNext={!connection}>
          Sign in there, or paste a key. Portway keeps it encrypted.
          <Connect workspaceId={workspaceId} isNext={!connection} />
        </Step>
        <Step number={2} title="Run an action" done={hasRun} isNext={Boolean(connection) && !hasRun}>
          Fill in a form, press Run, see what the service answers.
          <Button variant={connection && !hasRun ? "primary" : "secondary"} asChild>
            <Link
              to="/w/$workspaceId/playground"
              params={{ workspaceId }}
              search={{ connection: connection?.id }}
            >
              Open the playground
            </Link>
          </Button>
        </Step>
        <Step number={3} title="Call it from your product" done={hasKey} isNext={false}>
          An API key, and the same call in curl, Python or TypeScript.
          <Button asChild>
            <Link to="/w/$workspaceId/api-keys" params={{ workspaceId }}>
              Make an API key
            </Link>
          </Button>
        </Step>
      </ol>
    </Card>
  );
}

function Connect({ workspaceId, isNext }: { workspaceId: string; isNext: boolean }) {
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant={isNext ? "primary" : "secondary"} onClick={() => setOpen(true)}>
        {isNext ? "Choose a service" : "Connect another"}
      </Button>
      {open && (
        <Suspense>
          <ConnectDialog
            workspaceId={workspaceId}
            open={open}
            onOpenChange={setOpen}
            onConnected={(connection) =>
              void navigate({
                to: "/w/$workspaceId/playground",
                params: { workspaceId },
                search: { connection },
              })
            }
          />
        </Suspense>
      )}
    </>
  );
}

interface StepProps {
  number: number;
  title: string;
  done: boolean;
  isNext: boolean;
  children: ReactNode;
}

function Step({ number, title, done, isNext, children }: StepProps) {
  return (
    <li className="flex gap-3 p-4">
      <span
        className={cn(
          "grid size-6 shrink-0 place-items-center rounded-full border font-medium text-xs tabular-nums",
          done && "border-success text-success",
          isNext && "border-primary bg-primary text-primary-foreground",
        )}
        aria-hidden
      >
        {done ? <Check className="size-3.5" /> : number}
      </span>
      <div className="flex flex-col items-start gap-3 text-muted-foreground">
        <h3 className="font-medium text-foreground text-sm leading-6">
          {title}
          {done && <span className="sr-only"> (done)</span>}
        </h3>
        {children}
      </div>
    </li>
  );
}
