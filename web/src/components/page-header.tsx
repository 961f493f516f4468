import { type ReactNode, type RefObject, useLayoutEffect, useRef } from "react";
import { type Crumb, usePageTitle } from "@/app/page-title";
import { cn } from "@/lib/cn";

interface PageHeaderProps {
  title: string;
  /** One sentence at most. */
  description?: ReactNode;
  /** Before the title: the service's logo, for one. */
  icon?: ReactNode;
  /** Beside the title: a state. */
  badge?: ReactNode;
  /** The page's one primary action, after secondary ones. */
  actions?: ReactNode;
  /** Pages above this one, for the breadcrumb. Keep the list stable (`useMemo`). */
  parents?: readonly Crumb[];
  className?: string;
}

/** A page's title, also that of the browser's tab and the end of the breadcrumb. */
export function PageHeader({
  title,
  description,
  icon,
  badge,
  actions,
  parents,
  className,
}: PageHeaderProps) {
  usePageTitle(title, parents);
  const heading = useKeptFocus();
  return (
    <header className={cn("flex flex-wrap items-start justify-between gap-x-6 gap-y-3", className)}>
      <div className="flex min-w-0 items-center gap-3">
        {icon}
        <div className="min-w-0">
          <div className="flex min-w-0 flex-wrap items-center gap-x-2.5 gap-y-1">
            <h1
              ref={heading}
              id="page-title"
              tabIndex={-1}
              className="min-w-0 font-semibold text-xl tracking-tight outline-none"
            >
              {title}
            </h1>
            {badge}
          </div>
          {description && <p className="mt-0.5 text-muted-foreground">{description}</p>}
        </div>
      </div>
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  );
}

let wasFocused = false;

/** The keyboard stays at the title where a page takes the place of what stood there while it loaded. */
function useKeptFocus(): RefObject<HTMLHeadingElement | null> {
  const ref = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    const heading = ref.current;
    if (wasFocused && document.activeElement === document.body) heading?.focus({ preventScroll: true });
    wasFocused = false;
    return () => {
      wasFocused = heading === document.activeElement;
    };
  }, []);
  return ref;
}
