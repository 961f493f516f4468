import { lazy, Suspense } from "react";
import { cn } from "@/lib/cn";
import { Monogram } from "./monogram";

interface ServiceLogoProps {
  /** The integration's. */
  slug: string;
  /** The integration's, for the monogram of a service without a mark. */
  name: string;
  className?: string;
}

// All marks together come once, when the first is shown.
const Mark = lazy(() => import("./service-mark"));

/** A service's mark, or the first letters of its name. Its name stands beside it, so it says nothing itself. */
export function ServiceLogo({ slug, name, className }: ServiceLogoProps) {
  const size = cn("size-8", className);
  return (
    <Suspense fallback={<span className={cn("shrink-0 rounded-md border bg-card", size)} aria-hidden />}>
      <Mark slug={slug} fallback={<Monogram name={name} className={size} />} className={size} />
    </Suspense>
  );
}
