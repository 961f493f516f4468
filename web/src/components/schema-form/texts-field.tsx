import { type FieldProps, helpId, type RJSFSchema } from "@rjsf/utils";
import { X } from "lucide-react";
import type { ClipboardEvent } from "react";
import { Button } from "../ui/button";
import { Input } from "../ui/input";
import { labelOf } from "./form-schema";
import { OwnHint, OwnLabel } from "./own-label";

/** A list of texts: there is always one empty line more, and what is pasted with several lines becomes several. */
export function TextsField(props: FieldProps<string[]>) {
  const {
    formData = [],
    fieldPathId,
    name,
    schema,
    required,
    disabled,
    readonly,
    onChange,
    errorSchema,
  } = props;
  const label = schema.title ?? labelOf(name);
  const most = schema.maxItems ?? Number.POSITIVE_INFINITY;
  const given = formData.map((text) => text ?? "");
  const lines = given.at(-1) === "" || given.length >= most ? given : [...given, ""];
  const faults = errorSchema as Record<number, { __errors?: string[] }> | undefined;
  function put(next: string[]) {
    const end = next.findLastIndex((text) => text !== "");
    const kept = next.slice(0, end + 1);
    onChange(kept.length > 0 ? kept : undefined, fieldPathId.path);
  }
  function paste(event: ClipboardEvent, index: number) {
    const several = event.clipboardData.getData("text").split(/\r?\n/).filter(Boolean);
    if (several.length < 2) return;
    event.preventDefault();
    put([...lines.slice(0, index), ...several, ...lines.slice(index + 1)]);
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's legend would stand outside the row
    <div role="group" aria-labelledby={`${fieldPathId.$id}-label`} className="flex flex-col gap-1.5">
      <OwnLabel
        id={`${fieldPathId.$id}-label`}
        htmlFor={`${fieldPathId.$id}_0`}
        name={name}
        title={schema.title}
        required={required}
      />
      {lines.map((text, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
        <div key={index} className="flex flex-col gap-1">
          <div className="flex gap-1.5">
            <Input
              id={`${fieldPathId.$id}_${index}`}
              aria-label={index > 0 ? `${label} ${index + 1}` : undefined}
              aria-describedby={helpId(fieldPathId)}
              aria-invalid={Boolean(faults?.[index]?.__errors) || undefined}
              type={inputType(schema)}
              value={text}
              placeholder={index > 0 && text === "" ? "One more" : undefined}
              disabled={disabled || readonly}
              autoComplete="off"
              spellCheck={false}
              onChange={({ target }) => put(lines.with(index, target.value))}
              onPaste={(event) => paste(event, index)}
            />
            {text !== "" && (
              <Button
                variant="ghost"
                size="icon"
                aria-label={`Take ${text} out`}
                disabled={disabled || readonly}
                onClick={() => put(lines.toSpliced(index, 1))}
              >
                <X />
              </Button>
            )}
          </div>
          {faults?.[index]?.__errors?.map((error) => (
            <p key={error} role="alert" className="text-danger text-xs">
              {error}
            </p>
          ))}
        </div>
      ))}
      <OwnHint id={helpId(fieldPathId)} text={schema.description} />
    </div>
  );
}

function inputType({ items }: RJSFSchema): string {
  const format = typeof items === "object" && "format" in items ? items.format : undefined;
  return format === "email" ? "email" : format === "uri" ? "url" : "text";
}
