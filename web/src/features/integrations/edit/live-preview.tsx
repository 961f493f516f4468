import { RotateCcw } from "lucide-react";
import type { PreviewedRequestOutput, PreviewOutput } from "@/api";
import { CodeBlock } from "@/components/code-block";
import { InlineError } from "@/components/error-state";
import { JsonView } from "@/components/json-editor";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardHeader } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { faultsIn, isElsewhere } from "@/lib/faults";
import { Method } from "../detail/action-words";
import { ACTION_MEMBERS } from "./action-draft";
import { JsonObjectField } from "./json-object-field";
import type { DraftPreview, Filled } from "./use-draft-preview";

const SHOWN_ELSEWHERE = ["/parameters", "/config", ...ACTION_MEMBERS.map((name) => `/action/${name}`)];

/** The request that the action would send, as it is being written. */
export function LivePreview({ parameters, config, preview, problem, isBehind }: DraftPreview) {
  return (
    <Card>
      <CardHeader title="Preview" description="What would be sent; nothing is sent." />
      <CardContent className="flex flex-col gap-4">
        <Outgoing preview={preview} isBehind={isBehind} isBroken={problem !== undefined} />
        {problem && isElsewhere(problem, SHOWN_ELSEWHERE) && <InlineError error={problem} />}
        <FilledField
          label="With these parameters"
          filled={parameters}
          faults={faultsIn(problem, "/parameters")}
        />
        {config && (
          <FilledField
            label="And this connection’s values"
            filled={config}
            faults={faultsIn(problem, "/config")}
          />
        )}
      </CardContent>
    </Card>
  );
}

type FaultsOfField = ReturnType<typeof faultsIn>;

function FilledField({ label, filled, faults }: { label: string; filled: Filled; faults: FaultsOfField }) {
  return (
    <JsonObjectField
      label={label}
      text={filled.text}
      onChange={(text) => {
        if (text !== filled.text) filled.write(text);
      }}
      faults={faults}
      className="h-36"
      action={
        filled.isOwn && (
          <Button variant="ghost" size="sm" onClick={() => filled.write(undefined)}>
            <RotateCcw /> From the schema
          </Button>
        )
      }
    />
  );
}

interface OutgoingProps {
  preview: PreviewOutput | undefined;
  isBehind: boolean;
  isBroken: boolean;
}

function Outgoing({ preview, isBehind, isBroken }: OutgoingProps) {
  if (!preview) return isBroken ? <NoRequestYet /> : <Skeleton className="h-24 w-full" />;
  if (!preview.request)
    return (
      <p className="text-muted-foreground">
        This action does more than one request, or speaks another protocol than HTTP: there is nothing to
        show.
      </p>
    );
  return (
    <section
      aria-label="Outgoing request"
      aria-busy={isBehind && !isBroken}
      className="flex min-w-0 flex-col gap-3"
    >
      {isBroken && (
        <p className="text-muted-foreground">
          As it was before. What is marked has to be put right before it can be shown anew.
        </p>
      )}
      <RequestView request={preview.request} />
      {preview.curl && <CodeBlock code={preview.curl} label="curl" wrap />}
    </section>
  );
}

function NoRequestYet() {
  return <p className="text-muted-foreground">There is no request before what is marked is put right.</p>;
}

function RequestView({ request }: { request: PreviewedRequestOutput }) {
  const headers = Object.entries(request.headers);
  return (
    <>
      <div className="flex min-w-0 items-baseline gap-2 text-xs">
        <Method>{request.method}</Method>
        <code className="min-w-0 break-all">{request.url}</code>
      </div>
      {headers.length > 0 && (
        <dl className="flex flex-col gap-0.5 font-mono text-xs">
          {headers.map(([name, value]) => (
            <div key={name} className="flex gap-2">
              <dt className="shrink-0 text-muted-foreground">{name}:</dt>
              <dd className="min-w-0 break-all">{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {request.body && <JsonView value={prettyOf(request.body)} label="Body" className="max-h-56" />}
      {request.body_base64 && <p className="text-muted-foreground text-xs">The body is binary.</p>}
    </>
  );
}

/** JSON with line breaks; any other text as it is. */
function prettyOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
