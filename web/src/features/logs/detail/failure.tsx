import { Link } from "@tanstack/react-router";
import { BookOpen, KeyRound, TriangleAlert } from "lucide-react";
import type { LogOutput } from "@/api";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import { adviceOn } from "./advice";

const NEEDS_GRANT = new Set(["reauthorization_required", "insufficient_scope"]);

/** How it failed, and what to do. */
export function Failure({ row }: { row: LogOutput }) {
  const { error_code, status, status_code, connection_id, workspace_id } = row;
  const advice = adviceOn(row);
  if (!error_code && !advice) return null;
  const grave = status === "error";
  return (
    <section
      aria-label="Error"
      className={cn(
        "flex flex-col gap-2 rounded-md px-3 py-2.5",
        grave ? "bg-danger-soft text-danger" : "bg-warning-soft text-warning",
      )}
    >
      <p className="flex flex-wrap items-center gap-x-2 font-medium">
        <TriangleAlert className="size-4 shrink-0" aria-hidden />
        <code className="break-all">{error_code ?? status}</code>
        {status_code !== null && <span className="font-normal">the service answered {status_code}</span>}
      </p>
      {advice && <p className="text-foreground">{advice}</p>}
      <div className="flex flex-wrap gap-2 empty:hidden">
        {error_code && NEEDS_GRANT.has(error_code) && connection_id && workspace_id && (
          <Button asChild size="sm">
            <Link
              to="/w/$workspaceId/connections/$connectionId"
              params={{ workspaceId: workspace_id, connectionId: connection_id }}
            >
              <KeyRound aria-hidden /> Open the connection
            </Link>
          </Button>
        )}
        {error_code && (
          <Button asChild size="sm">
            <a href={`/docs#problem-${error_code}`} target="_blank" rel="noreferrer">
              <BookOpen aria-hidden /> About this error
            </a>
          </Button>
        )}
      </div>
    </section>
  );
}
