import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";

const CONTROL = [
  "w-full min-w-0 rounded-md border border-input bg-card text-sm text-foreground",
  "focus-visible:border-ring focus-visible:outline-1 focus-visible:outline-offset-0",
  "aria-invalid:border-danger disabled:cursor-not-allowed disabled:bg-muted disabled:text-muted-foreground",
];

export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input className={cn(CONTROL, "h-8 px-2.5", className)} {...props} />;
}

export function Textarea({ className, ...props }: ComponentProps<"textarea">) {
  return <textarea className={cn(CONTROL, "min-h-20 px-2.5 py-1.5", className)} {...props} />;
}

/** The browser's own: it is what every screen reader and phone knows. */
export function Select({ className, ...props }: ComponentProps<"select">) {
  return (
    <select className={cn(CONTROL, "select-arrow h-8 appearance-none pr-8 pl-2.5", className)} {...props} />
  );
}
