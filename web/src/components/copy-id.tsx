import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { cn } from "@/lib/cn";
import { copyText } from "@/lib/copy";
import { Button } from "./ui/button";

/** Says for a moment that something was copied. */
function useCopied(text: string): [boolean, () => void] {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return [copied, () => void copyText(text).then(setCopied)];
}

interface CopyIdProps {
  id: string;
  /** Shows only its beginning; all of it on hover, and all of it is copied. */
  short?: boolean;
  className?: string;
}

/** An id that a click copies. */
export function CopyId({ id, short, className }: CopyIdProps) {
  const [copied, copy] = useCopied(id);
  return (
    <button
      type="button"
      title={short ? id : undefined}
      onClick={(event) => {
        event.stopPropagation();
        copy();
      }}
      className={cn(
        "group/copy inline-flex max-w-full items-center gap-1 rounded-sm font-mono text-muted-foreground text-xs",
        "hover:text-foreground",
        className,
      )}
    >
      <span className="sr-only">Copy </span>
      <span className="truncate">{short ? shortened(id) : id}</span>
      {copied ? (
        <Check className="size-3 shrink-0 text-success" aria-hidden />
      ) : (
        <Copy
          className="size-3 shrink-0 opacity-0 group-hover/copy:opacity-100 group-focus-visible/copy:opacity-100"
          aria-hidden
        />
      )}
      {/* Not by aria-live: a window over the page would leave it there, and hide the rest of the button. */}
      <span className="sr-only" role="status">
        {copied && "Copied"}
      </span>
    </button>
  );
}

/** Ids of version 7 begin with the time, so their ends tell them apart. */
function shortened(id: string): string {
  return id.length > 12 ? `${id.slice(0, 4)}…${id.slice(-6)}` : id;
}

/** Copies a text that stands elsewhere. */
export function CopyButton({
  text,
  label = "Copy",
  className,
}: {
  text: string;
  label?: string;
  className?: string;
}) {
  const [copied, copy] = useCopied(text);
  return (
    <Button variant="ghost" size="sm" onClick={copy} className={className}>
      {copied ? <Check className="text-success" /> : <Copy />}
      <span aria-live="polite">{copied ? "Copied" : label}</span>
    </Button>
  );
}
