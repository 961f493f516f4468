import { useCallback, useState } from "react";

/** State that belongs to something: it begins anew when `key` is another, and what comes late for the old is lost. */
export function useStateFor<T>(key: string, initial: () => T): [T, (next: T) => void] {
  const [state, setState] = useState(() => ({ key, value: initial() }));
  let current = state;
  if (state.key !== key) {
    current = { key, value: initial() };
    setState(current);
  }
  const set = useCallback(
    (value: T) => setState((before) => (before.key === key ? { key, value } : before)),
    [key],
  );
  return [current.value, set];
}
