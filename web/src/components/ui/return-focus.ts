import { useRef } from "react";

interface ReturnFocus {
  onOpenAutoFocus: (event: Event) => void;
  onCloseAutoFocus: (event: Event) => void;
}

/** Gives the keyboard back, when a window closes, to what had it before; else to the page's title. */
export function useReturnFocus({ onOpenAutoFocus }: Partial<ReturnFocus> = {}): ReturnFocus {
  const before = useRef<Element>(null);
  return {
    onOpenAutoFocus(event) {
      before.current = document.activeElement;
      onOpenAutoFocus?.(event);
    },
    onCloseAutoFocus(event) {
      event.preventDefault();
      const { activeElement } = document;
      const within = event.currentTarget instanceof Node && event.currentTarget.contains(activeElement);
      // Whoever went on to something else meanwhile stays there.
      if (activeElement && activeElement !== document.body && !within) return;
      const target = before.current?.isConnected && before.current !== document.body ? before.current : null;
      const place = target ?? document.getElementById("page-title");
      if (place instanceof HTMLElement) place.focus({ preventScroll: true });
    },
  };
}
