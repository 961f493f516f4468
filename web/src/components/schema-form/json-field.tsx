import type { FieldProps } from "@rjsf/utils";
import { useContext, useEffect, useState } from "react";
import { JsonEditor } from "../json-editor";
import { labelOf } from "./form-schema";
import { OwnHint, OwnLabel } from "./own-label";
import { UnfinishedTexts } from "./unfinished";

/** A value of no particular form, written as JSON. While it is none, the form keeps what it had, and is not sent. */
export function JsonField({ formData, fieldPathId, name, schema, required, onChange }: FieldProps<unknown>) {
  const unfinished = useContext(UnfinishedTexts);
  const { $id: id } = fieldPathId;
  const [text, setText] = useState(() => unfinished?.get(id) ?? shownText(formData));
  const [broken, setBroken] = useState(unfinished?.has(id) ?? false);
  useEffect(() => {
    // Another value came from outside: an example, an earlier execution's.
    setText((before) => (sameJson(before, formData) ? before : shownText(formData)));
  }, [formData]);
  function change(next: string) {
    setText(next);
    try {
      const value: unknown = next.trim() === "" ? undefined : JSON.parse(next);
      setBroken(false);
      unfinished?.delete(id);
      onChange(value, fieldPathId.path);
    } catch {
      setBroken(true);
      unfinished?.set(id, next);
    }
  }
  return (
    <div className="flex flex-col gap-1.5">
      <OwnLabel name={name} title={schema.title} required={required} />
      <JsonEditor
        className="h-28"
        id={id}
        label={schema.title ?? labelOf(name)}
        value={text}
        onChange={change}
        placeholder="JSON"
      />
      {broken && (
        <p role="alert" data-unfinished className="text-danger text-xs">
          This is not JSON yet.
        </p>
      )}
      <OwnHint text={schema.description} />
    </div>
  );
}

function shownText(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value, null, 2);
}

/** Text that is no JSON yet is the user's, and stays. */
function sameJson(text: string, value: unknown): boolean {
  try {
    return JSON.stringify(text.trim() === "" ? undefined : JSON.parse(text)) === JSON.stringify(value);
  } catch {
    return true;
  }
}
