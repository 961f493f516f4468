import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "@/lib/cn";
import { Button } from "./button";
import { useReturnFocus } from "./return-focus";

export const Dialog = Primitive.Root;
export const DialogTrigger = Primitive.Trigger;
export const DialogClose = Primitive.Close;

const OVERLAY = "fixed inset-0 z-40 bg-overlay data-[state=open]:animate-appear";

interface ContentProps extends Omit<ComponentProps<typeof Primitive.Content>, "title"> {
  title: ReactNode;
  /** What this is about, in a sentence; without it the title has to say all. */
  description?: ReactNode;
  /** The title is read out, but not shown. */
  hideTitle?: boolean;
}

/** A window in the middle of the page; at the bottom, as wide as the screen, on a phone. */
export function DialogContent({
  title,
  description,
  hideTitle,
  className,
  children,
  ...props
}: ContentProps) {
  const focus = useReturnFocus(props);
  return (
    <Primitive.Portal>
      <Primitive.Overlay className={OVERLAY} />
      <Primitive.Content
        className={cn(
          "fixed top-1/2 left-1/2 z-50 flex max-h-[85dvh] w-[min(32rem,calc(100vw-2rem))] -translate-x-1/2",
          "-translate-y-1/2 flex-col overflow-hidden rounded-lg border bg-popover data-[state=open]:animate-appear",
          className,
        )}
        {...(description ? {} : { "aria-describedby": undefined })}
        {...props}
        {...focus}
      >
        <Head title={title} description={description} hidden={hideTitle} />
        {children}
        {!hideTitle && <Close />}
      </Primitive.Content>
    </Primitive.Portal>
  );
}

/** What may be long and scrolls. */
export function DialogBody({ className, ...props }: ComponentProps<"div">) {
  return <div className={cn("min-h-0 flex-1 overflow-y-auto px-5 pb-5", className)} {...props} />;
}

export function DialogFooter({ className, ...props }: ComponentProps<"div">) {
  return <div className={cn("flex justify-end gap-2 border-t px-5 py-3", className)} {...props} />;
}

interface SheetProps extends ContentProps {
  side?: "left" | "right";
}

/** A panel at the page's side. */
export function SheetContent({
  side = "right",
  title,
  description,
  hideTitle,
  className,
  children,
  ...props
}: SheetProps) {
  const focus = useReturnFocus(props);
  return (
    <Primitive.Portal>
      <Primitive.Overlay className={OVERLAY} />
      <Primitive.Content
        className={cn(
          "fixed inset-y-0 z-50 flex max-w-[calc(100vw-2rem)] flex-col bg-popover",
          side === "right" && "right-0 w-160 border-l data-[state=open]:animate-slide-right",
          side === "left" && "left-0 w-64 border-r data-[state=open]:animate-slide-left",
          className,
        )}
        {...(description ? {} : { "aria-describedby": undefined })}
        {...props}
        {...focus}
      >
        <Head title={title} description={description} hidden={hideTitle} />
        {children}
        {!hideTitle && <Close />}
      </Primitive.Content>
    </Primitive.Portal>
  );
}

function Head({
  title,
  description,
  hidden,
}: {
  title: ReactNode;
  description?: ReactNode;
  hidden?: boolean;
}) {
  return (
    <div className={hidden ? "sr-only" : "flex flex-col gap-1 px-5 pt-4 pr-12 pb-4"}>
      <Primitive.Title className="font-semibold text-base">{title}</Primitive.Title>
      {description && (
        <Primitive.Description className="text-muted-foreground text-sm">{description}</Primitive.Description>
      )}
    </div>
  );
}

function Close() {
  return (
    <Primitive.Close asChild>
      <Button variant="ghost" size="icon-sm" className="absolute top-3.5 right-3" aria-label="Close">
        <X />
      </Button>
    </Primitive.Close>
  );
}
