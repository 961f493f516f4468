import { useMemo, useState } from "react";
import type { ActionOutput, Problem } from "@/api";
import { JsonEditor } from "@/components/json-editor";
import { SchemaForm, UnfinishedTexts } from "@/components/schema-form";
import { Button } from "@/components/ui/button";
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuTrigger,
} from "@/components/ui/dropdown-menu";
import { FieldError } from "@/components/ui/field";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "@/components/ui/tabs";
import { holdsLongInteger } from "@/lib/json";
import type { JsonObject } from "../json-value";
import type { Draft } from "../use-draft";
import { playgroundSchema } from "./form-schema";

export const FORM_ID = "parameters";

export type Side = "form" | "json";

interface ParametersProps {
  action: ActionOutput;
  draft: Draft;
  /** What was refused of these very parameters. */
  problem: Problem | undefined;
  side: Side;
  onSide: (side: Side) => void;
  onRun: (parameters: JsonObject) => void;
}

/** The parameters, as a form and as JSON; each shows what was entered in the other. */
export function Parameters({ action, draft, problem, side, onSide, onRun }: ParametersProps) {
  const schema = useMemo(() => playgroundSchema(action), [action]);
  const [unfinished] = useState(() => new Map<string, string>());
  const exact = holdsLongInteger(draft.parameters);
  function submit(cleaned: JsonObject) {
    // What is shown is what is sent: the gateway's faults point into that.
    draft.setParameters(cleaned);
    onRun(cleaned);
  }
  return (
    <Tabs value={side} onValueChange={(next) => onSide(next as Side)}>
      <div className="relative">
        <TabsList aria-label="Parameters">
          <TabsTrigger value="form">Form</TabsTrigger>
          <TabsTrigger value="json">JSON</TabsTrigger>
        </TabsList>
        <div className="absolute top-0.5 right-0">
          <Examples action={action} onPick={draft.setParameters} />
        </div>
      </div>
      <TabsContent value="form">
        {exact && (
          <p className="text-muted-foreground">
            A number here has more digits than a form can keep.{" "}
            <button type="button" onClick={() => onSide("json")} className="rounded-sm text-link underline">
              Edit it as JSON
            </button>
          </p>
        )}
        {draft.broken && (
          <p className="mb-3 text-muted-foreground">
            What stands in JSON is not finished; this is how it was before.
          </p>
        )}
        {!exact && (
          <>
            <UnfinishedTexts value={unfinished}>
              <SchemaForm
                id={FORM_ID}
                schema={schema}
                value={draft.parameters}
                onChange={draft.setParameters}
                onSubmit={submit}
                problem={problem}
              />
            </UnfinishedTexts>
            <WithoutFields schema={schema} onJson={() => onSide("json")} />
          </>
        )}
      </TabsContent>
      <TabsContent value="json">
        <JsonEditor
          label="Parameters as JSON"
          value={draft.text}
          onChange={draft.setText}
          onSubmit={() => onRun(draft.parameters)}
          className="h-[min(28rem,60dvh)]"
        />
        <div className="min-h-6 pt-1">
          {draft.broken && <FieldError>This is no JSON object yet.</FieldError>}
        </div>
      </TabsContent>
    </Tabs>
  );
}

interface WithoutFieldsProps {
  schema: Record<string, unknown>;
  onJson: () => void;
}

/** Instead of a form that has nothing in it. */
function WithoutFields({ schema, onJson }: WithoutFieldsProps) {
  const { properties, additionalProperties, anyOf, oneOf, allOf, $ref } = schema;
  if (Object.keys(properties ?? {}).length > 0 || anyOf || oneOf || allOf || $ref) return null;
  if (additionalProperties === false)
    return <p className="text-muted-foreground">This action takes no parameters.</p>;
  return (
    <p className="text-muted-foreground">
      This action does not say what it takes.{" "}
      <button type="button" onClick={onJson} className="rounded-sm text-link underline">
        Write parameters as JSON
      </button>
    </p>
  );
}

interface ExamplesProps {
  action: ActionOutput;
  onPick: (parameters: Record<string, unknown>) => void;
}

function Examples({ action: { examples }, onPick }: ExamplesProps) {
  const [first] = examples;
  if (!first) return null;
  if (examples.length === 1)
    return (
      <Button variant="ghost" size="sm" onClick={() => onPick(first)}>
        Fill in the example
      </Button>
    );
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button variant="ghost" size="sm">
          Examples
        </Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent align="end" className="max-w-80">
        {examples.map((example) => (
          <DropdownMenuItem key={JSON.stringify(example)} onSelect={() => onPick(example)}>
            <span className="truncate">{Object.keys(example).join(", ") || "Nothing"}</span>
          </DropdownMenuItem>
        ))}
      </DropdownMenuContent>
    </DropdownMenu>
  );
}
