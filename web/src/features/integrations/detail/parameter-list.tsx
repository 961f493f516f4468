import { ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";
import { PlainText } from "@/components/plain-text";
import { Badge } from "@/components/ui/badge";
import { cn } from "@/lib/cn";
import { alternatives, type JsonSchema } from "../schema/json-schema";
import { hasMembers, type Parameter } from "../schema/parameters";
import { boundWords, typeWords, valueWords } from "../schema/words";

interface Props {
  parameters: readonly Parameter[];
  /** The whole schema, which references lead into. */
  root: JsonSchema;
}

/** Parameters with what they mean and may be; what is in an object or a list opens below it. */
export function ParameterList({ parameters, root }: Props) {
  return (
    <ul className="divide-y rounded-md border">
      {parameters.map((parameter) => (
        <li key={parameter.name} className="flex flex-col gap-1 px-3 py-2.5">
          <Entry parameter={parameter} root={root} />
        </li>
      ))}
    </ul>
  );
}

function Entry({ parameter, root }: { parameter: Parameter; root: JsonSchema }) {
  const { name, required, schema } = parameter;
  return (
    <>
      <div className="flex flex-wrap items-baseline gap-x-2 gap-y-0.5">
        <code className="break-all font-medium">{name}</code>
        <span className="text-muted-foreground text-xs">{typeWords(schema, root)}</span>
        {required && <Badge tone="outline">required</Badge>}
        {schema.deprecated && <Badge tone="warning">deprecated</Badge>}
      </div>
      {schema.description && (
        <p className="whitespace-pre-line break-words text-muted-foreground">
          <PlainText>{schema.description}</PlainText>
        </p>
      )}
      <Details schema={schema} root={root} />
      {hasMembers(schema, root) && <Members parameter={parameter} root={root} />}
    </>
  );
}

const FEW = 12;

function Details({ schema, root }: { schema: JsonSchema; root: JsonSchema }) {
  const choices = choicesOf(schema, root);
  const bounds = boundWords(schema);
  const example = schema.examples?.[0] ?? schema.example;
  const facts: [string, ReactNode][] = [];
  if (choices.length > 0) facts.push(["One of", <Values key="of" values={choices} />]);
  if (schema.const !== undefined) facts.push(["Always", <Values key="always" values={[schema.const]} />]);
  if (schema.default !== undefined)
    facts.push(["Unless told", <Values key="default" values={[schema.default]} />]);
  if (bounds.length > 0) facts.push(["Must be", bounds.join(", ")]);
  if (example !== undefined) facts.push(["For example", <Values key="example" values={[example]} />]);
  if (facts.length === 0) return null;
  return (
    <dl className="flex flex-col gap-0.5 text-xs">
      {facts.map(([name, value]) => (
        <div key={name} className="flex gap-2">
          <dt className="shrink-0 text-muted-foreground">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function choicesOf(schema: JsonSchema, root: JsonSchema): unknown[] {
  if (schema.enum) return schema.enum;
  const found = alternatives(schema, root).choices;
  const inside = found.flatMap((choice) => choice.enum ?? (choice.const === undefined ? [] : [choice.const]));
  return inside.length > 0 ? inside : (schema.items?.enum ?? []);
}

function Values({ values }: { values: readonly unknown[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? values : values.slice(0, FEW);
  return (
    <span className="flex flex-wrap gap-x-1.5 gap-y-1">
      {shown.map((value) => (
        <code key={valueWords(value)} className="rounded-sm bg-muted px-1 break-all">
          {valueWords(value)}
        </code>
      ))}
      {shown.length < values.length && (
        <button type="button" className="rounded-sm text-link hover:underline" onClick={() => setAll(true)}>
          {values.length - shown.length} more
        </button>
      )}
    </span>
  );
}

function Members({ parameter, root }: { parameter: Parameter; root: JsonSchema }) {
  const [open, setOpen] = useState(false);
  return (
    <div className="mt-1 flex flex-col gap-2">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex w-fit items-center gap-1 rounded-sm text-muted-foreground text-xs hover:text-foreground"
      >
        <ChevronRight className={cn("size-3.5 transition-transform", open && "rotate-90")} aria-hidden />
        {open ? "Hide" : "Show"} what is in <code>{parameter.name}</code>
      </button>
      {open && <ParameterList parameters={parameter.members()} root={root} />}
    </div>
  );
}
