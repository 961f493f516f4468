/** The address to go to afterwards, if it is a page of the console's own; else its beginning. */
export function ownPath(address: string | undefined): string {
  return address && /^\/(?![/\\])[^\\]*$/.test(address) && !address.startsWith("/sign-in") ? address : "/";
}
