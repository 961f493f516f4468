import { cloneElement, type ReactElement, type ReactNode, useId } from "react";
import { cn } from "@/lib/cn";

export function Label({ className, ...props }: React.ComponentProps<"label">) {
  // biome-ignore lint/a11y/noLabelWithoutControl: whoever uses it says for which control
  return <label className={cn("font-medium text-foreground text-sm", className)} {...props} />;
}

interface Described {
  id?: string;
  "aria-describedby"?: string;
  "aria-invalid"?: boolean;
  required?: boolean;
}

interface FieldProps {
  label: ReactNode;
  /** What to enter, or what it is for. */
  hint?: ReactNode;
  /** What is the matter with what was entered. */
  error?: ReactNode;
  required?: boolean;
  className?: string;
  /** One control: it gets an id, and is told of hint and error. */
  children: ReactElement<Described>;
}

/** A labelled control with its hint and its error. */
export function Field({ label, hint, error, required, className, children }: FieldProps) {
  const made = useId();
  const id = children.props.id ?? made;
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className={cn("flex flex-col gap-1.5", className)}>
      <Label htmlFor={id}>
        {label}
        {required === false && <span className="font-normal text-muted-foreground"> (optional)</span>}
      </Label>
      {cloneElement(children, {
        id,
        "aria-describedby": described || undefined,
        "aria-invalid": Boolean(error) || undefined,
        required: required ?? children.props.required,
      })}
      {hint && <Hint id={`${id}-hint`}>{hint}</Hint>}
      {error && <FieldError id={`${id}-error`}>{error}</FieldError>}
    </div>
  );
}

export function Hint({ id, children }: { id?: string; children: ReactNode }) {
  return (
    <p id={id} className="text-muted-foreground text-xs">
      {children}
    </p>
  );
}

export function FieldError({ id, children }: { id?: string; children: ReactNode }) {
  return (
    <p id={id} className="text-danger text-xs" role="alert">
      {children}
    </p>
  );
}
