import { cn } from "@/lib/cn";

/** Portway's mark and name. */
export function Logo({ className }: { className?: string }) {
  return (
    <span className={cn("flex items-center gap-2 font-semibold text-base tracking-tight", className)}>
      <svg viewBox="0 0 32 32" className="size-6" aria-hidden="true">
        <rect width="32" height="32" rx="8" className="fill-primary" />
        <path
          d="M10 24V13a6 6 0 0 1 12 0v11M5.5 19.5h21"
          fill="none"
          className="stroke-primary-foreground"
          strokeWidth="3"
          strokeLinecap="round"
        />
      </svg>
      Portway
    </span>
  );
}
