import { useEffect, useRef } from "react";
import { createStore } from "./store";

/** A key of the keyboard and what it does. `keys`: `mod+k` (Ctrl, or Command), `g h` (one after the other), `/`. */
export interface Shortcut {
  keys: string;
  /** What it does, in the list that `?` shows. Without it, the list does not have it. */
  label?: string;
  group?: string;
  /** Also while a field or a window has the keyboard; for those with `mod` alone. */
  everywhere?: boolean;
  run(event: KeyboardEvent): void;
}

const SEQUENCE_MS = 1200;
const registered = createStore<readonly Shortcut[]>([]);

export const shortcuts = registered;

/** The shortcut works while the component is there. */
export function useShortcut(shortcut: Shortcut): void {
  const latest = useRef(shortcut);
  latest.current = shortcut;
  const { keys, label, group, everywhere } = shortcut;
  useEffect(() => {
    const entry: Shortcut = { keys, label, group, everywhere, run: (event) => latest.current.run(event) };
    registered.set((before) => [...before, entry]);
    return () => registered.set((before) => before.filter((other) => other !== entry));
  }, [keys, label, group, everywhere]);
}

/** Reads the keyboard for all shortcuts. Answers what ends it. */
export function listenForShortcuts(): () => void {
  let before = "";
  let at = 0;
  function pressed(event: KeyboardEvent) {
    // A browser that fills a field in tells of a key without a name.
    if (!event.key || event.defaultPrevented || event.isComposing || MODIFIERS.has(event.key)) return;
    const stroke = strokeOf(event);
    const sequence = event.timeStamp - at < SEQUENCE_MS ? `${before} ${stroke}` : stroke;
    [before, at] = [stroke, event.timeStamp];
    const free = !isTyping(event.target) && !isWindowOpen();
    const found = findShortcut(registered.get(), [sequence, stroke], free);
    if (!found) return;
    event.preventDefault();
    before = "";
    found.run(event);
  }
  window.addEventListener("keydown", pressed);
  return () => window.removeEventListener("keydown", pressed);
}

const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta"]);

/** The one that was registered last, of those that are meant: a page's own come before those of all pages. */
export function findShortcut(
  all: readonly Shortcut[],
  strokes: string[],
  free: boolean,
): Shortcut | undefined {
  const usable = all.filter(({ everywhere }) => free || everywhere);
  for (const stroke of strokes) {
    const found = usable.findLast(({ keys }) => keys === stroke);
    if (found) return found;
  }
  return undefined;
}

/** What was pressed, as `keys` has it. Shift shows in the character itself. */
export function strokeOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">): string {
  const key = event.key.toLowerCase();
  const parts = [(event.ctrlKey || event.metaKey) && "mod", event.altKey && "alt", key];
  return parts.filter(Boolean).join("+");
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** Whether a window is above the page, or a menu. */
export function isWindowOpen(): boolean {
  return document.querySelector("[role=dialog][data-state=open]:not([data-beside]), [role=menu]") !== null;
}
