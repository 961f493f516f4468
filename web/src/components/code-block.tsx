import { cn } from "@/lib/cn";
import { CopyButton } from "./copy-id";

interface CodeBlockProps {
  code: string;
  /** What it is, for screen readers and above it: "curl", "Redirect URI". */
  label: string;
  /** The label is read out alone. */
  hideLabel?: boolean;
  /** Long lines are broken. */
  wrap?: boolean;
  className?: string;
}

/** Text to copy: a command, a snippet, an address. */
export function CodeBlock({ code, label, hideLabel, wrap, className }: CodeBlockProps) {
  return (
    <figure className={cn("relative min-w-0 rounded-md border bg-muted/50", className)}>
      <div
        className={
          hideLabel ? "absolute top-1 right-1" : "flex items-center justify-between border-b py-1 pr-1 pl-3"
        }
      >
        <figcaption className={hideLabel ? "sr-only" : "text-muted-foreground text-xs"}>{label}</figcaption>
        <CopyButton text={code} />
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the keyboard
        tabIndex={0}
        className={cn(
          "overflow-x-auto p-3 text-xs",
          wrap && "break-all whitespace-pre-wrap",
          hideLabel && "pr-24",
        )}
      >
        <code>{code}</code>
      </pre>
    </figure>
  );
}
