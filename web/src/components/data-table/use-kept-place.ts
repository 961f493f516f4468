import { type RefObject, useLayoutEffect, useRef } from "react";

/**
 * What is being read stays where it is when rows come in above it; whoever is at the top sees the new ones.
 */
export function useKeptPlace(
  scroller: RefObject<HTMLElement | null>,
  keys: readonly string[],
  rowHeight: number,
): void {
  const first = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    const before = first.current;
    first.current = keys[0];
    const element = scroller.current;
    if (!before || !element || element.scrollTop < rowHeight) return;
    const added = keys.indexOf(before);
    if (added > 0) element.scrollTop += added * rowHeight;
  }, [keys, rowHeight, scroller]);
}
