import { ownPath } from "./own-path";

/** Goes on into the console, as the user who has just signed in; by loading it, so that nothing of another stays. */
export function enter(returnTo?: string): void {
  window.location.assign(ownPath(returnTo));
}
