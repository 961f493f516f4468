import type { ReactNode } from "react";
import { usePageTitle } from "@/app/page-title";
import { Logo } from "@/components/logo";

interface FrameProps {
  title: string;
  description?: ReactNode;
  children?: ReactNode;
  /** Below the card: where else to go. */
  footer?: ReactNode;
}

/** A page for people who are not signed in: one column, one thing to do. */
export function AuthFrame({ title, description, children, footer }: FrameProps) {
  usePageTitle(title);
  return (
    <main id="page" className="grid min-h-dvh place-items-center bg-background px-4 py-10">
      <div className="flex w-full max-w-sm flex-col gap-6">
        <Logo className="self-center" />
        <section className="flex flex-col gap-5 rounded-lg border bg-card p-6">
          <header>
            <h1 id="page-title" tabIndex={-1} className="font-semibold text-xl tracking-tight outline-none">
              {title}
            </h1>
            {description && <div className="mt-1 text-muted-foreground">{description}</div>}
          </header>
          {children}
        </section>
        {footer && <p className="text-center text-muted-foreground">{footer}</p>}
      </div>
    </main>
  );
}
