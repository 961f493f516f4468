import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type ConnectionOutput, getIntegrationOptions, type Problem } from "@/api";
import { GuardedButton } from "@/components/guarded-button";
import { JsonView } from "@/components/json-editor";
import { PlainText } from "@/components/plain-text";
import { ReauthorizeDialog } from "@/features/connections/detail/reauthorize-dialog";
import { rightTo } from "@/features/connections/rights";
import { adviceFor } from "@/lib/problem-advice";

interface ProblemAnswerProps {
  problem: Problem;
  connection: ConnectionOutput;
  /** What the action needs of the service. */
  scopes: readonly string[];
}

/** What went wrong, in our words and in the service's, and the way on. */
export function ProblemAnswer({ problem, connection, scopes }: ProblemAnswerProps) {
  const advice = adviceFor(problem);
  return (
    <div className="flex min-w-0 flex-col gap-4">
      <div role="alert" className="flex flex-col gap-1 rounded-md bg-danger-soft px-3 py-2.5 text-danger">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium">{problem.title}</span>
          <code>{problem.code}</code>
        </p>
        <p className="break-words">
          <PlainText>{problem.detail}</PlainText>
        </p>
        {problem.errors.length > 0 && (
          <ul className="flex flex-col gap-0.5">
            {problem.errors.map(({ pointer, message }) => (
              <li key={`${pointer} ${message}`} className="break-words">
                <code>{pointer}</code> {message}
              </li>
            ))}
          </ul>
        )}
        {advice && <p>{advice}</p>}
      </div>
      {problem.authorize_url && <Reauthorize connection={connection} scopes={scopes} />}
      {problem.upstream && (
        <div className="flex min-w-0 flex-col gap-2">
          <p className="text-muted-foreground">
            {connection.integration_name} answered {problem.upstream.status_code}:
          </p>
          <JsonView value={problem.upstream.body ?? ""} label="What the service answered" />
        </div>
      )}
    </div>
  );
}

function Reauthorize({ connection, scopes }: Pick<ProblemAnswerProps, "connection" | "scopes">) {
  const [open, setOpen] = useState(false);
  const { integration, workspace_id } = connection;
  const { data: service } = useQuery(
    getIntegrationOptions({ path: { slug: integration }, query: { workspace_id } }),
  );
  return (
    <div>
      <GuardedButton
        {...rightTo("authorize", connection)}
        variant="primary"
        disabled={!service}
        onClick={() => setOpen(true)}
      >
        Re-authorize
      </GuardedButton>
      <ReauthorizeDialog
        connection={connection}
        service={service}
        needed={scopes}
        open={open}
        onOpenChange={setOpen}
      />
    </div>
  );
}
