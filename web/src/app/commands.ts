import type { LucideIcon } from "lucide-react";
import { useEffect } from "react";
import { createStore } from "@/lib/store";

/** Something that the command palette offers while a page is open. */
export interface Command {
  id: string;
  label: string;
  keywords?: string[];
  icon?: LucideIcon;
  /** Shown beside it; `useShortcut` makes it work. */
  shortcut?: string;
  run(): void;
}

/** Something that the palette offers everywhere: it leads to a page of the workspace. */
export interface PageCommand {
  id: string;
  label: string;
  keywords?: string[];
  icon?: LucideIcon;
  /** Below `/w/$workspaceId/`, with a query string where it needs one: `connections?connect=gmail`. */
  path: string;
}

export const pageCommands = createStore<readonly Command[]>([]);

/** Offers these while the component is there. Keep the list stable (`useMemo`). */
export function useCommands(commands: readonly Command[]): void {
  useEffect(() => {
    pageCommands.set((before) => [...commands, ...before]);
    return () => pageCommands.set((before) => before.filter((command) => !commands.includes(command)));
  }, [commands]);
}
