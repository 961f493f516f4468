import icons from "virtual:service-icons";
import type { CSSProperties, ReactNode } from "react";
import { cn } from "@/lib/cn";

interface MarkProps {
  slug: string;
  fallback: ReactNode;
  className?: string;
}

export default function ServiceMark({ slug, fallback, className }: MarkProps) {
  const icon = icons[slug];
  if (!icon) return fallback;
  const colours = {
    "--mark-light": icon.light ?? "var(--foreground)",
    "--mark-dark": icon.dark ?? "var(--foreground)",
  } as CSSProperties;
  return (
    <span
      aria-hidden
      style={colours}
      className={cn("grid shrink-0 place-items-center rounded-md border bg-card", className)}
    >
      <svg
        viewBox="0 0 24 24"
        className="size-[58%] fill-(--mark-light) dark:fill-(--mark-dark)"
        role="presentation"
        focusable="false"
      >
        <path d={icon.path} />
      </svg>
    </span>
  );
}
