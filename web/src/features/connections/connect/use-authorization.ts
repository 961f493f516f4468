import { useCallback, useEffect, useRef, useState } from "react";
import { type AuthorizationOutput, Problem } from "@/api";
import { listen, type Outcome, returnAddress } from "./addresses";

/** What is to be authorized: a new connection, or one that is there. */
export interface Authorizing {
  workspaceId: string;
  /** Asks the gateway to begin. */
  begin(addresses: { return_url: string; opener_origin?: string }): Promise<AuthorizationOutput>;
  /** Looks whether it is done, for where the popup cannot tell: the connection's id. */
  look(): Promise<string | undefined>;
  onConnected(connectionId: string): void;
}

export type AuthorizationState =
  | { step: "idle"; error?: unknown }
  /** `blocked`: the browser opened no window, so the page itself goes to the service. */
  | { step: "starting"; blocked: boolean }
  | { step: "waiting"; attempt: Attempt; popup: Window; closed: boolean };

/** One way to the service. Whatever comes of it after it has ended counts no more. */
interface Attempt {
  id: string;
  /** Null where the page itself goes there. */
  popup: Window | null;
  ended: boolean;
}

const LOOK_EVERY_MS = 2500;
const CLOSED_EVERY_MS = 400;

interface Authorization {
  state: AuthorizationState;
  /** Opens the service's page in a popup, or in this window where it is blocked. Call it in a click's handler. */
  start(): void;
  cancel(): void;
  /** Goes on in this window. */
  goThere(): void;
  /** Brings the popup to the front, or opens it again. */
  showPopup(): void;
}

/** Sends the user to a service and waits until they are back. */
export function useAuthorization(what: Authorizing): Authorization {
  const latest = useRef(what);
  latest.current = what;
  const [state, setState] = useState<AuthorizationState>({ step: "idle" });
  const { next, end } = useAttempts();
  const go = useCallback((attempt: Attempt) => {
    const { popup } = attempt;
    begin(latest.current, attempt).then(
      () => popup && !attempt.ended && setState({ step: "waiting", attempt, popup, closed: false }),
      (error: unknown) => {
        if (attempt.ended) return;
        popup?.close();
        setState({ step: "idle", error });
      },
    );
  }, []);
  const start = useCallback(() => {
    const attempt = next(openPopup());
    setState({ step: "starting", blocked: attempt.popup === null });
    go(attempt);
  }, [next, go]);
  useOutcome(state, setState, latest);
  return {
    state,
    start,
    cancel() {
      end();
      setState({ step: "idle" });
    },
    goThere() {
      if (state.step === "waiting") go(next(null));
    },
    showPopup() {
      if (state.step !== "waiting") return;
      if (state.closed) start();
      else state.popup.focus();
    },
  };
}

/** One attempt at a time: it ends with the next one, and when nobody sees it any more. */
function useAttempts() {
  const current = useRef<Attempt>(null);
  const end = useCallback(() => {
    if (!current.current) return;
    current.current.ended = true;
    current.current.popup?.close();
  }, []);
  const next = useCallback(
    (popup: Window | null): Attempt => {
      end();
      const attempt = { id: Math.random().toString(36).slice(2), popup, ended: false };
      current.current = attempt;
      return attempt;
    },
    [end],
  );
  useEffect(() => end, [end]);
  return { next, end };
}

/** In a popup; else in this window, from which the gateway leads back to the console. */
async function begin(what: Authorizing, attempt: Attempt): Promise<void> {
  const { id, popup } = attempt;
  const { authorization_url: url } = await what.begin({
    return_url: returnAddress(what.workspaceId, popup ? id : undefined),
    opener_origin: popup ? location.origin : undefined,
  });
  if (attempt.ended) return;
  if (popup) popup.location.replace(url);
  else location.assign(url);
}

type SetState = (change: (before: AuthorizationState) => AuthorizationState) => void;

/** Waits for the popup's word, and looks for itself whether it is done. */
function useOutcome(state: AuthorizationState, setState: SetState, latest: { current: Authorizing }) {
  const popup = state.step === "waiting" ? state.popup : undefined;
  const attempt = state.step === "waiting" ? state.attempt : undefined;
  useEffect(() => {
    if (!popup || !attempt) return;
    function settle({ connection_id, error_description, error }: Outcome) {
      if (!attempt || attempt.ended) return;
      attempt.ended = true;
      const text = error_description ?? error ?? "The service did not say why.";
      setState(() => ({ step: "idle", error: connection_id ? undefined : refusal(text) }));
      if (connection_id) latest.current.onConnected(connection_id);
    }
    const stopListening = listen(popup, attempt.id, settle);
    const looking = setInterval(() => {
      latest.current.look().then(
        (found) => found && settle({ connection_id: found }),
        () => undefined, // It is asked again.
      );
    }, LOOK_EVERY_MS);
    const watching = setInterval(() => {
      // A service's own policy may make its window look closed, so this is not the end.
      if (popup.closed)
        setState((before) => (before.step === "waiting" ? { ...before, closed: true } : before));
    }, CLOSED_EVERY_MS);
    return () => {
      stopListening();
      clearInterval(looking);
      clearInterval(watching);
    };
  }, [popup, attempt, setState, latest]);
}

function refusal(detail: string): Problem {
  return new Problem({
    type: "about:blank",
    title: "Not connected",
    status: 400,
    code: "not_connected",
    detail,
  });
}

const SIZE = { width: 520, height: 720 };

/** Null where the browser lets no window be opened. It is opened empty, for that is allowed in a click alone. */
function openPopup(): Window | null {
  const left = Math.max(0, window.screenX + (window.outerWidth - SIZE.width) / 2);
  const top = Math.max(0, window.screenY + (window.outerHeight - SIZE.height) / 3);
  const place = `popup,width=${SIZE.width},height=${SIZE.height},left=${left},top=${top}`;
  return window.open("about:blank", "_blank", place);
}
