import { AppWindow, LoaderCircle } from "lucide-react";
import { Button } from "@/components/ui/button";
import type { useAuthorization } from "./use-authorization";

interface WaitingProps {
  service: string;
  authorization: ReturnType<typeof useAuthorization>;
}

/** While the user is at the service: what is going on, and what else can be done. */
export function Waiting({ service, authorization }: WaitingProps) {
  const { state, cancel, goThere, showPopup } = authorization;
  const closed = state.step === "waiting" && state.closed;
  return (
    <div className="flex flex-col items-center gap-4 py-6 text-center">
      {closed ? (
        <AppWindow className="size-6 text-warning" aria-hidden />
      ) : (
        <LoaderCircle className="size-6 animate-spin text-primary" aria-hidden />
      )}
      <div role="status" className="flex max-w-sm flex-col gap-1">
        <p className="font-medium text-base">{titleOf(state, service)}</p>
        <p className="text-muted-foreground">{textOf(state, service)}</p>
      </div>
      {state.step === "waiting" && (
        <div className="flex flex-wrap justify-center gap-2">
          <Button variant={closed ? "primary" : "secondary"} onClick={showPopup}>
            {closed ? "Open it again" : "Show the window"}
          </Button>
          <Button onClick={goThere}>Use this window instead</Button>
          <Button variant="ghost" onClick={cancel}>
            Cancel
          </Button>
        </div>
      )}
    </div>
  );
}

type State = WaitingProps["authorization"]["state"];

function titleOf(state: State, service: string): string {
  if (state.step !== "waiting") return `Going to ${service} …`;
  return state.closed ? "The window is closed" : `Waiting for you at ${service}`;
}

function textOf(state: State, service: string): string {
  if (state.step === "waiting" && state.closed)
    return `If you have agreed at ${service}, this takes a moment. Otherwise open it again.`;
  if (state.step === "waiting")
    return "Sign in and agree in the window that has opened. This page goes on by itself.";
  return state.step === "starting" && state.blocked
    ? "The browser blocked the window, so this page goes there itself and comes back."
    : "A window opens.";
}
