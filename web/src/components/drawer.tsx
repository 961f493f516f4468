import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";
import { Button } from "./ui/button";
import { useReturnFocus } from "./ui/return-focus";

interface DrawerProps {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  /** Below the title: ids, times. */
  subtitle?: ReactNode;
  /** At the right of the title. */
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
}

/** Details of a row beside its list. The list stays usable: another row shows in the same drawer. Escape closes it. */
export function Drawer({ open, onClose, title, subtitle, actions, children, className }: DrawerProps) {
  const focus = useReturnFocus({
    // The panel itself, not whatever comes first in it: an arrow scrolls, Tab goes on to its parts.
    onOpenAutoFocus: (event) => {
      event.preventDefault();
      if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
    },
  });
  return (
    <Primitive.Root open={open} onOpenChange={(next) => !next && onClose()} modal={false}>
      <Primitive.Portal>
        <Primitive.Content
          data-beside
          aria-describedby={undefined}
          {...focus}
          onInteractOutside={(event) => event.preventDefault()}
          className={cn(
            "fixed inset-y-0 right-0 z-30 flex w-[min(40rem,100vw)] flex-col border-l bg-popover shadow-black/5 shadow-xl",
            "outline-none data-[state=open]:animate-slide-right",
            className,
          )}
        >
          <header className="flex items-start gap-3 border-b px-5 py-3">
            <div className="min-w-0 flex-1">
              <Primitive.Title className="truncate font-semibold text-base">{title}</Primitive.Title>
              {subtitle && <div className="min-w-0 text-muted-foreground">{subtitle}</div>}
            </div>
            {actions}
            <Primitive.Close asChild>
              <Button variant="ghost" size="icon-sm" aria-label="Close">
                <X />
              </Button>
            </Primitive.Close>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto px-5 py-4">{children}</div>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
