import { readSetting, writeSetting } from "@/lib/local-setting";
import { problemOf, reach } from "./problem";

const PATH = "/api/v2/auth/refresh";
const LOCK = "portway.refresh";
const WHEN = "refreshed-at";

/**
 * Exchanges the session's cookies for new ones; false where the session is over.
 *
 * A refresh token works once, and all tabs share it: whoever waits for its turn finds that another has refreshed since
 * its own request was sent (`sentAt`, in milliseconds), and has only to repeat that.
 */
export async function refreshSession(sentAt: number): Promise<boolean> {
  return inTurn(async () => {
    if (Number(readSetting(WHEN)) > sentAt) return true;
    const response = await reach(
      new Request(PATH, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ cookie: true }),
      }),
    );
    if (response.ok) writeSetting(WHEN, String(Date.now()));
    else if (response.status !== 401 && response.status !== 400)
      throw problemOf(await response.json().catch(() => undefined), response);
    return response.ok;
  });
}

let last: Promise<unknown> = Promise.resolve();

/** One at a time, over all tabs where the browser can (in a secure context), else in this one. */
function inTurn(work: () => Promise<boolean>): Promise<boolean> {
  if (navigator.locks) return navigator.locks.request(LOCK, work);
  const turn = last.then(work);
  last = turn.catch(() => undefined);
  return turn;
}
