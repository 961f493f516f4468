import { CircleAlert, RotateCcw } from "lucide-react";
import type { ReactNode } from "react";
import { type Problem, problemOf } from "@/api";
import { cn } from "@/lib/cn";
import { adviceFor, waitFor } from "@/lib/problem-advice";
import { CopyId } from "./copy-id";
import { Button } from "./ui/button";

interface ErrorStateProps {
  error: unknown;
  /** Tries again; without it there is no such button. */
  onRetry?: () => void;
  /** What was tried: "The connections could not be loaded". */
  title?: string;
  action?: ReactNode;
  className?: string;
}

/** Instead of what could not be loaded: what happened, why, what to do, and the id to ask about. */
export function ErrorState({ error, onRetry, title, action, className }: ErrorStateProps) {
  const problem = problemOf(error);
  const advice = adviceFor(problem);
  // The very same request would be refused again.
  const mayRetry = onRetry !== undefined && problem.errors.length === 0;
  return (
    <div role="alert" className={cn("flex flex-col items-center gap-4 px-6 py-12 text-center", className)}>
      <CircleAlert className="size-6 text-danger" aria-hidden />
      <div className="flex max-w-lg flex-col gap-1">
        <p className="font-medium text-base">{title ?? problem.title}</p>
        <p className="text-muted-foreground">{problem.detail}</p>
        <Faults problem={problem} className="text-muted-foreground" />
        {advice && <p className="text-muted-foreground">{advice}</p>}
      </div>
      {(mayRetry || action) && (
        <div className="flex flex-wrap justify-center gap-2">
          {mayRetry && (
            <Button onClick={onRetry}>
              <RotateCcw /> Try again
            </Button>
          )}
          {action}
        </div>
      )}
      {problem.requestId && (
        <p className="flex items-center gap-1.5 text-muted-foreground text-xs">
          Request <CopyId id={problem.requestId} />
        </p>
      )}
    </div>
  );
}

/** What of the request was wrong, and where. */
function Faults({ problem, className }: { problem: Problem; className: string }) {
  if (problem.errors.length === 0) return null;
  return (
    <ul className={className}>
      {problem.errors.map(({ pointer, message }) => (
        <li key={`${pointer} ${message}`}>
          {pointer && <code>{pointer.slice(1)}</code>} {message}
        </li>
      ))}
    </ul>
  );
}

interface InlineErrorProps {
  error: unknown;
  /** For who is not in a workspace: what is usually to be done about a problem is done by its members. */
  outside?: boolean;
  className?: string;
}

/** A problem beside what caused it: above a form's buttons, for one. */
export function InlineError({ error, outside, className }: InlineErrorProps) {
  if (!error) return null;
  const problem = problemOf(error);
  const advice = outside ? waitFor(problem) : adviceFor(problem);
  return (
    <div role="alert" className={cn("flex gap-2 rounded-md bg-danger-soft px-3 py-2 text-danger", className)}>
      <CircleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
      <div className="min-w-0 break-words">
        <p>{problem.detail}</p>
        <Faults problem={problem} className="mt-1 list-disc pl-4" />
        {advice && <p className="mt-1">{advice}</p>}
        {problem.temporary && problem.requestId && (
          <p className="mt-1 text-xs">Request {problem.requestId}</p>
        )}
      </div>
    </div>
  );
}
