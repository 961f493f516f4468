import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

interface EmptyStateProps {
  icon?: LucideIcon;
  title: string;
  /** What to do next, or why there is nothing. */
  description?: ReactNode;
  action?: ReactNode;
  className?: string;
}

/** Instead of a list that has nothing: says what to do next. */
export function EmptyState({ icon: Icon, title, description, action, className }: EmptyStateProps) {
  return (
    <div className={cn("flex flex-col items-center gap-4 px-6 py-12 text-center", className)}>
      {Icon && (
        <div className="grid size-10 place-items-center rounded-lg border bg-card text-muted-foreground">
          <Icon className="size-5" aria-hidden />
        </div>
      )}
      <div className="flex max-w-md flex-col gap-1">
        <p className="font-medium text-base">{title}</p>
        {description && <p className="text-balance text-muted-foreground">{description}</p>}
      </div>
      {action && <div className="flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}
