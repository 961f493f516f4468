import { Link } from "@tanstack/react-router";
import type { ConnectionOutput } from "@/api";
import { CopyId } from "@/components/copy-id";
import { Button } from "@/components/ui/button";
import type { JsonObject } from "../json-value";
import type { Answered, Meta } from "../request/execution";
import { AnswerBadge } from "./answer-badge";
import { BlobFile } from "./binary";
import { Data } from "./data";
import { ProblemAnswer } from "./problem-answer";
import { Timing } from "./timing";

interface AnswerProps {
  answered: Answered;
  connection: ConnectionOutput;
  /** What the action needs of the service. */
  scopes: readonly string[];
  /** Runs it for the page after the last one. */
  onNext: (parameters: JsonObject) => void;
}

export function Answer({ answered, connection, scopes, onNext }: AnswerProps) {
  const { executionId } = answered;
  return (
    <div className="flex min-w-0 flex-col gap-4">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <AnswerBadge answered={answered} />
        <Timing answered={answered} />
        {executionId && (
          <span className="ml-auto flex items-center gap-3">
            <CopyId id={executionId} short />
            <Link
              to="/w/$workspaceId/logs"
              params={{ workspaceId: connection.workspace_id }}
              search={{ execution: executionId }}
              className="text-link hover:underline"
            >
              In the log
            </Link>
          </span>
        )}
      </div>
      {answered.kind === "problem" && (
        <ProblemAnswer problem={answered.problem} connection={connection} scopes={scopes} />
      )}
      {answered.kind === "file" && <BlobFile blob={answered.blob} filename={answered.filename} />}
      {answered.kind === "success" && (
        <>
          <Data value={answered.success.data} />
          <MetaLine meta={answered.success.meta} onNext={onNext} />
        </>
      )}
    </div>
  );
}

function MetaLine({ meta, onNext }: { meta: Meta; onNext: AnswerProps["onNext"] }) {
  const { attempts = 1, refreshed, pages = 1, truncated, next, rate_limit } = meta;
  const facts = [
    attempts > 1 && `${attempts} attempts`,
    refreshed && "token refreshed",
    pages > 1 && `${pages} pages`,
    truncated && "there is more",
    rate_limit?.remaining !== undefined && `${rate_limit.remaining} of ${rate_limit.limit} calls left`,
  ].filter((fact) => typeof fact === "string");
  if (facts.length === 0 && !next) return null;
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-muted-foreground text-xs">
      {facts.map((fact) => (
        <span key={fact}>{fact}</span>
      ))}
      {next && (
        <Button size="sm" className="ml-auto" onClick={() => onNext(next)}>
          Next page
        </Button>
      )}
    </div>
  );
}
