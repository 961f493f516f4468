import { lazy, Suspense } from "react";
import { cn } from "@/lib/cn";
import type { CodeEditorProps } from "./code/code-editor";
import { CopyButton } from "./copy-id";

const CodeEditor = lazy(() => import("./code/code-editor"));

const FRAME = "relative min-w-0 overflow-hidden rounded-md border bg-card";

interface JsonEditorProps extends CodeEditorProps {
  /** A height: `h-64`. */
  className?: string;
}

/** Text that is meant to be JSON; faults are marked as it is typed. The caller parses it. */
export function JsonEditor({ className, ...props }: JsonEditorProps) {
  return (
    <div className={cn(FRAME, "h-64 border-input focus-within:border-ring", className)}>
      <Suspense fallback={<Plain text={props.value} numbered />}>
        <CodeEditor {...props} />
      </Suspense>
    </div>
  );
}

interface JsonViewProps {
  /** A JSON value; a text is shown as it is. */
  value: unknown;
  label: string;
  /** A greatest height: `max-h-96`. */
  className?: string;
}

/** A JSON value to read: folds, searches (Ctrl/Command and F), copies. */
export function JsonView({ value, label, className }: JsonViewProps) {
  const text = typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
  return (
    <div className={cn(FRAME, "flex max-h-96 min-h-9 flex-col", className)}>
      <div className="absolute top-1 right-2 z-10 rounded-md bg-card/80">
        <CopyButton text={text} label="Copy" />
      </div>
      <Suspense fallback={<Plain text={text} />}>
        <CodeEditor key={label} value={text} label={label} />
      </Suspense>
    </div>
  );
}

/** More is not to be seen in the frame, and a browser takes seconds to lay out millions of characters. */
const SEEN_AT_ONCE = 20_000;

/** The same text in the same place until the editor is there. */
function Plain({ text, numbered }: { text: string; numbered?: boolean }) {
  return (
    <pre
      className={cn("overflow-hidden py-2 pr-2 text-xs/5 whitespace-pre-wrap", numbered ? "pl-12" : "pl-5")}
    >
      {text.slice(0, SEEN_AT_ONCE)}
    </pre>
  );
}
