import { cn } from "@/lib/cn";

/** Stands where something will be, as large as that will be. */
export function Skeleton({ className }: { className?: string }) {
  return <div className={cn("h-4 animate-pulse rounded-sm bg-muted", className)} aria-hidden />;
}

/** Lines of a list that is loading. */
export function SkeletonRows({ rows = 8, className }: { rows?: number; className?: string }) {
  return (
    <div className={cn("flex flex-col divide-y", className)} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <div key={index} className="flex h-11 items-center gap-4 px-4">
          <Skeleton className="w-1/4" />
          <Skeleton className="w-1/3" />
          <Skeleton className="ml-auto w-16" />
        </div>
      ))}
    </div>
  );
}
