import { client } from "./generated/client.gen";
import { problemOf, reach } from "./problem";
import { refreshSession } from "./session-refresh";

/** What is answered with 401 for reasons of its own: a wrong password, a used link. */
const WITHOUT_SESSION = /^\/api\/v2\/auth\/(sign-in|sign-up|refresh|password-reset|verify-email)/;

let whenSignedOut = () => {};

/** Calls this when a request finds that the session is over. */
export function onSignedOut(listener: () => void): void {
  whenSignedOut = listener;
}

/** `fetch` with the session's cookie: refreshed once and repeated where it has expired. */
export async function fetchWithSession(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  if (WITHOUT_SESSION.test(new URL(request.url).pathname)) return reach(request);
  const again = request.clone();
  const sentAt = Date.now();
  const response = await reach(request);
  if (response.status !== 401) return response;
  if (await refreshSession(sentAt)) return reach(again);
  whenSignedOut();
  return response;
}

client.setConfig({ baseUrl: "", fetch: fetchWithSession, throwOnError: true });
client.interceptors.error.use((error, response) => problemOf(error, response));

export { client };
