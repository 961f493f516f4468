/** Whether this is a machine of Apple's, whose Command key does what Ctrl does elsewhere. */
export function isApple(): boolean {
  return typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent);
}

/** The nonce of this page, for what adds style elements of its own. */
export function pageNonce(): string | undefined {
  return document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce || undefined;
}
