import { Fragment } from "react";
import { cn } from "@/lib/cn";
import { isApple } from "@/lib/platform";

/** A shortcut as its keys: `mod+k`, or `g h` for one after the other. */
export function Kbd({ keys, className }: { keys: string; className?: string }) {
  return (
    <span className={cn("inline-flex items-center gap-0.5", className)}>
      {keys.split(" ").map((stroke, index) => (
        <Fragment key={stroke}>
          {index > 0 && <span className="px-0.5 text-muted-foreground text-xs">then</span>}
          {stroke.split("+").map((key) => (
            <kbd
              key={key}
              className="grid h-5 min-w-5 place-items-center rounded-sm border bg-muted px-1 font-sans text-muted-foreground text-xs"
            >
              {shown(key)}
            </kbd>
          ))}
        </Fragment>
      ))}
    </span>
  );
}

function shown(key: string): string {
  if (key === "mod") return isApple() ? "⌘" : "Ctrl";
  if (key === "enter") return "↵";
  return key.length === 1 ? key.toUpperCase() : key.charAt(0).toUpperCase() + key.slice(1);
}
