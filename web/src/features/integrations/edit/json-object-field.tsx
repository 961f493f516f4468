import { useQuery } from "@tanstack/react-query";
import { CircleAlert } from "lucide-react";
import { type ReactNode, useId, useMemo } from "react";
import { type Fault, getSchemaOptions } from "@/api";
import { JsonEditor } from "@/components/json-editor";
import { Hint } from "@/components/ui/field";
import { cn } from "@/lib/cn";
import { readObject, schemaFaults } from "./json-text";
import { useSettled } from "./use-settled";

interface Props {
  label: string;
  hint?: ReactNode;
  text: string;
  onChange: (text: string) => void;
  /** Which of the gateway's schemas the object has to fit. */
  schema?: "auth-config" | "transform-config" | "integration-transform-config";
  /** What the gateway has against it, by pointers into it. */
  faults?: readonly Fault[];
  placeholder?: string;
  /** At the right of the label. */
  action?: ReactNode;
  className?: string;
}

/** A JSON object to write, checked as it is typed. */
export function JsonObjectField({
  label,
  hint,
  text,
  onChange,
  schema,
  faults = [],
  action,
  ...editor
}: Props) {
  const id = useId();
  const own = useOwnFaults(text, schema);
  const shown = own.length > 0 ? own : faults;
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <div className="flex min-h-7 items-end justify-between gap-3">
        <span className="font-medium">{label}</span>
        {action}
      </div>
      <JsonEditor
        id={id}
        label={label}
        value={text}
        onChange={onChange}
        describedBy={`${id}-about`}
        placeholder={editor.placeholder ?? "{}"}
        className={cn("h-56", shown.length > 0 && "border-danger", editor.className)}
      />
      <div id={`${id}-about`} className="flex flex-col gap-1">
        {hint && <Hint>{hint}</Hint>}
        <FaultList faults={shown} />
      </div>
    </div>
  );
}

/** What is the matter with the text itself, before the gateway is asked. */
function useOwnFaults(text: string, name: Props["schema"]): readonly Fault[] {
  const { data: schema } = useQuery({
    ...getSchemaOptions({ path: { name: name ?? "" } }),
    enabled: name !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const settled = useSettled(text);
  return useMemo(() => {
    const { value, fault } = readObject(settled);
    if (fault) return [{ pointer: "", message: fault }];
    return schema && value ? schemaFaults(schema, value) : [];
  }, [settled, schema]);
}

const MANY = 5;

/** Faults, each with the place that it is about. */
export function FaultList({ faults }: { faults: readonly Fault[] }) {
  if (faults.length === 0) return null;
  return (
    <div role="alert">
      <ul className="flex flex-col gap-1 text-danger text-xs">
        {faults.slice(0, MANY).map(({ pointer, message }) => (
          <li key={`${pointer} ${message}`} className="flex gap-1.5">
            <CircleAlert className="mt-0.5 size-3 shrink-0" aria-hidden />
            <span className="min-w-0 break-words">
              {pointer && <code className="font-medium">{pointer.slice(1).replaceAll("/", ".")}</code>}{" "}
              {message}
            </span>
          </li>
        ))}
        {faults.length > MANY && <li>and {faults.length - MANY} more</li>}
      </ul>
    </div>
  );
}
