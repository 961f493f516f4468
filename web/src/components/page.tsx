import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

interface PageProps {
  /** As high as the window, for a list that scrolls in itself. */
  fill?: boolean;
  /** `narrow` for forms and reading. */
  width?: "narrow" | "wide" | "full";
  className?: string;
  children: ReactNode;
}

const WIDTH = { narrow: "max-w-3xl", wide: "max-w-7xl", full: "" };

/** The space of a page: header, then content, in equal distances. */
export function Page({ fill, width = "wide", className, children }: PageProps) {
  return (
    <div
      className={cn(
        "mx-auto flex w-full flex-col gap-5 px-4 py-5 md:px-6",
        WIDTH[width],
        fill ? "h-full min-h-96" : "min-h-full",
        className,
      )}
    >
      {children}
    </div>
  );
}
