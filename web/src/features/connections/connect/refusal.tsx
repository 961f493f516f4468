import { CircleAlert } from "lucide-react";
import type { Problem } from "@/api";
import { InlineError } from "@/components/error-state";

interface RefusalProps {
  problem: Problem;
  service: string;
  /** The fields say what is wrong themselves. */
  placed?: boolean;
}

/** Why it did not work. Where the service has spoken, in its own words. */
export function Refusal({ problem, service, placed = false }: RefusalProps) {
  const { upstream } = problem;
  if (!upstream) return placed ? null : <InlineError error={problem} />;
  const body = textOf(upstream.body);
  return (
    <div role="alert" className="flex gap-2 rounded-md bg-danger-soft px-3 py-2 text-danger">
      <CircleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
      <div className="flex min-w-0 flex-col gap-1 break-words">
        <p className="font-medium">{service} refused it</p>
        <p>{problem.detail}</p>
        {body && (
          <details className="text-xs">
            <summary className="cursor-pointer">What it answered ({upstream.status_code})</summary>
            <pre className="mt-1 max-h-40 overflow-auto whitespace-pre-wrap">{body}</pre>
          </details>
        )}
      </div>
    </div>
  );
}

function textOf(body: unknown): string {
  if (body === undefined || body === null) return "";
  return typeof body === "string" ? body : JSON.stringify(body, null, 2);
}
