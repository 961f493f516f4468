import { Prose } from "../prose";
import { labelOf } from "./form-schema";

interface OwnLabelProps {
  name: string;
  title?: string;
  required?: boolean;
  /** The control's id; a group of controls has none. */
  htmlFor?: string;
  id?: string;
}

/** The label of a field that the form's template leaves to itself. */
export function OwnLabel({ name, title, required, htmlFor, id }: OwnLabelProps) {
  return (
    <div className="flex min-w-0 items-baseline justify-between gap-3">
      <label htmlFor={htmlFor} id={id} className="font-medium">
        {title ?? labelOf(name)}
        {required && <span className="text-danger"> *</span>}
      </label>
      <code className="truncate text-muted-foreground">{name}</code>
    </div>
  );
}

export function OwnHint({ text, id }: { text: string | undefined; id?: string }) {
  if (!text) return null;
  return (
    <p id={id} className="text-muted-foreground text-xs">
      <Prose text={text} />
    </p>
  );
}
