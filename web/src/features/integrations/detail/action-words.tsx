import type { ActionOutput } from "@/api";
import { cn } from "@/lib/cn";

/** What running it does to the service, in a word. */
export function effectWord({ hints, slug }: Pick<ActionOutput, "hints" | "slug">): string {
  // What it does is said by its parameters.
  if (slug === "http-request") return "Any";
  if (hints.read_only) return "Reads";
  return hints.destructive ? "Deletes" : "Changes";
}

export function Method({ children, className }: { children: string; className?: string }) {
  return (
    <code
      className={cn(
        "inline-block w-14 shrink-0 rounded-sm bg-muted px-1 text-center font-medium text-muted-foreground",
        className,
      )}
    >
      {children}
    </code>
  );
}

export function MethodAndPath({
  http_method,
  endpoint_path,
  handler,
}: Pick<ActionOutput, "http_method" | "endpoint_path" | "handler">) {
  if (handler) return <span className="text-muted-foreground text-xs">made by Portway’s own code</span>;
  return (
    <span className="flex min-w-0 items-center gap-2 text-xs">
      <Method>{http_method}</Method>
      <code className="truncate" title={endpoint_path}>
        {endpoint_path}
      </code>
    </span>
  );
}
