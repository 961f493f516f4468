import { useState } from "react";

/** The one-time token of the page's address, which does not stay there: neither on the screen nor in the history. */
export function useLinkToken(): string | null {
  const [token] = useState(takeToken);
  return token;
}

/** After a token was used, or is good for nothing: who comes back to the page is not sent through it once more. */
export function forgetLinkToken(pathname: string): void {
  taken.delete(pathname);
}

const taken = new Map<string, string>();

function takeToken(): string | null {
  const { hash, search, pathname } = window.location;
  const found = new URLSearchParams(hash.slice(1)).get("token") ?? new URLSearchParams(search).get("token");
  if (found) {
    taken.set(pathname, found);
    window.history.replaceState(window.history.state, "", pathname);
  }
  return taken.get(pathname) ?? null;
}
