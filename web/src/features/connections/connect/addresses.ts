/** How a page learns of what happened in a window that the service has cut off from it. */
const CHANNEL = "portway.connect";

/** What the last page of an authorization tells. */
export interface Outcome {
  connection_id?: string;
  error?: string;
  error_description?: string;
}

/** Where the gateway sends the browser when it is done: back into the console. `attempt` is for a popup. */
export function returnAddress(workspaceId: string, attempt?: string): string {
  return `${location.origin}/w/${workspaceId}/connections${attempt ? `?popup=${attempt}` : ""}`;
}

/** Tells the page that waits for this attempt, wherever it is. */
export function announce(attempt: string, outcome: Outcome): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage({ attempt, outcome });
  channel.close();
}

/** Calls back with what the popup of an attempt tells by either way; answers what ends it. */
export function listen(popup: Window, attempt: string, onOutcome: (outcome: Outcome) => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  const fromPopup = ({ source, origin, data }: MessageEvent<Outcome & { type?: string }>) => {
    if (source === popup && origin === location.origin && data.type === "portway:connected") onOutcome(data);
  };
  const fromElsewhere = ({ data }: MessageEvent<{ attempt: string; outcome: Outcome }>) => {
    if (data.attempt === attempt) onOutcome(data.outcome);
  };
  window.addEventListener("message", fromPopup);
  channel.addEventListener("message", fromElsewhere);
  return () => {
    window.removeEventListener("message", fromPopup);
    channel.close();
  };
}
