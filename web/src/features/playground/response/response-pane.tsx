import { Play } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { ActionOutput, ConnectionOutput } from "@/api";
import { EmptyState } from "@/components/empty-state";
import { Card } from "@/components/ui/card";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "@/components/ui/tabs";
import { cn } from "@/lib/cn";
import { CallIt } from "../call/call-it";
import { OutgoingRequest } from "../call/outgoing-request";
import type { JsonObject } from "../json-value";
import type { Asked } from "../request/execution";
import type { Runner } from "../use-runner";
import { Answer } from "./answer";

interface ResponsePaneProps {
  connection: ConnectionOutput;
  action: ActionOutput | undefined;
  /** What would be run now. */
  asked: Asked | undefined;
  runner: Runner;
  onParameters: (parameters: JsonObject) => void;
}

/** What came back, what is sent to the service, and how a program does the same. */
export function ResponsePane({ connection, action, asked, runner, onParameters }: ResponsePaneProps) {
  const [tab, setTab] = useState("response");
  const { answered, running } = runner;
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!running) return;
    setTab("response");
    // Where it stands below the form, nobody would see what happens.
    if (!matchMedia("(min-width: 64rem)").matches) card.current?.scrollIntoView({ block: "start" });
  }, [running]);
  return (
    <Card ref={card} className="min-h-[28rem] lg:sticky lg:top-5">
      <Tabs value={tab} onValueChange={setTab}>
        <TabsList aria-label="Response and request" className="px-4">
          <TabsTrigger value="response">Response</TabsTrigger>
          <TabsTrigger value="outgoing">Outgoing request</TabsTrigger>
          <TabsTrigger value="call">Call it</TabsTrigger>
        </TabsList>
        <TabsContent value="response" className="p-4" aria-busy={running || undefined}>
          {answered ? (
            <div className={cn(running && "opacity-50")}>
              <Answer
                answered={answered}
                connection={connection}
                scopes={action?.scopes ?? []}
                onNext={(parameters) => {
                  onParameters(parameters);
                  if (!runner.asked) return;
                  // A key is for one request: under the same, another page would be a conflict.
                  const options = { ...runner.asked.options, idempotencyKey: undefined };
                  runner.run({ ...runner.asked, parameters, options });
                }}
              />
            </div>
          ) : (
            <EmptyState
              icon={Play}
              title={running ? "Running …" : action ? "Run it to see the answer" : "Choose an action"}
              description={action ? undefined : "Its parameters become a form, and its answer stands here."}
            />
          )}
        </TabsContent>
        <TabsContent value="outgoing" className="p-4">
          <OutgoingRequest connection={connection} asked={asked} />
        </TabsContent>
        <TabsContent value="call" className="p-4">
          <CallIt asked={asked} />
        </TabsContent>
      </Tabs>
    </Card>
  );
}
