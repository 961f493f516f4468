import { Play, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { ActionOutput, ConnectionOutput } from "@/api";
import { Button } from "@/components/ui/button";
import { Kbd } from "@/components/ui/kbd";
import { useShortcut } from "@/lib/shortcuts";
import type { JsonObject } from "../json-value";
import type { Draft } from "../use-draft";
import type { Runner } from "../use-runner";
import type { Asked, Options } from "./execution";
import { RunOptions } from "./options";
import { FORM_ID, Parameters, type Side } from "./parameters";

interface RequestPaneProps {
  connection: ConnectionOutput;
  action: ActionOutput;
  asked: Asked;
  draft: Draft;
  onOptions: (options: Options) => void;
  runner: Runner;
}

/** Parameters, options, and the button. */
export function RequestPane({ connection, action, asked, draft, onOptions, runner }: RequestPaneProps) {
  const [side, setSide] = useState<Side>("form");
  const { running, answered } = runner;
  const refused =
    answered?.kind === "problem" && runner.asked?.parameters === draft.parameters
      ? answered.problem
      : undefined;
  const ready = !draft.broken && connection.can.use;
  function run(parameters: JsonObject) {
    if (ready) runner.run({ ...asked, parameters });
  }
  function start() {
    if (running || !ready) return;
    // The form checks what it can before anything is sent, and shows what is wrong at its fields.
    const form = side === "form" ? document.getElementById(FORM_ID) : null;
    if (form instanceof HTMLFormElement) form.requestSubmit();
    else run(draft.parameters);
  }
  useRunShortcut(start);
  return (
    <>
      <Parameters action={action} draft={draft} problem={refused} side={side} onSide={setSide} onRun={run} />
      <RunOptions action={action} options={asked.options} onChange={onOptions} />
      <div className="sticky bottom-0 -mx-4 -mb-4 flex items-center gap-3 rounded-b-lg border-t bg-card px-4 py-3">
        <Button
          variant="primary"
          onClick={start}
          busy={running}
          disabled={!ready}
          aria-keyshortcuts="Control+Enter"
        >
          {!running && <Play />} {running ? "Running …" : "Run"}
        </Button>
        {running ? (
          <Button variant="ghost" onClick={runner.cancel}>
            <X /> Stop waiting
          </Button>
        ) : (
          <Kbd keys="mod+enter" className="max-sm:hidden" />
        )}
        {action.hints.destructive && (
          <span className="ml-auto text-muted-foreground text-xs">It deletes for real.</span>
        )}
      </div>
    </>
  );
}

/** Ctrl/Command and Enter wherever the focus is on this page, also in a field or on a button; not behind a window. */
function useRunShortcut(start: () => void) {
  useShortcut({
    keys: "mod+enter",
    label: "Run the action",
    group: "Playground",
    run: (event) => event.repeat || start(),
  });
  const latest = useRef(start);
  latest.current = start;
  useEffect(() => {
    function pressed(event: KeyboardEvent) {
      const within = event.target instanceof Element && event.target.closest("#page");
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !within) return;
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) latest.current();
    }
    window.addEventListener("keydown", pressed, { capture: true });
    return () => window.removeEventListener("keydown", pressed, { capture: true });
  }, []);
}
