import { cn } from "@/lib/cn";

/** The first letters of a name, where there is no picture. */
export function Monogram({ name, className }: { name: string; className?: string }) {
  return (
    <span
      aria-hidden
      className={cn(
        "grid size-8 shrink-0 place-items-center rounded-md border bg-card font-medium text-muted-foreground text-xs select-none",
        className,
      )}
    >
      {lettersOf(name)}
    </span>
  );
}

/** One letter of a word, two of several: "Google Drive" is GD. Of an address of mail, what stands before the @. */
export function lettersOf(name: string): string {
  const words = name
    .replace(/@.*/u, "")
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
  const letters = words.slice(0, 2).map((word) => [...word][0] ?? "");
  return letters.join("").toUpperCase() || "?";
}
