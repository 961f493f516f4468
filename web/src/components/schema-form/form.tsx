import { withTheme } from "@rjsf/core";
import type { RJSFSchema } from "@rjsf/utils";
import { useMemo } from "react";
import type { Problem } from "@/api";
import { cleanValue } from "./clean-value";
import { formSchemaOf, uiSchemaOf } from "./form-schema";
import { errorSchemaOf } from "./server-errors";
import { formTheme } from "./theme";
import { createFormValidator } from "./validator";

const ThemedForm = withTheme(formTheme);

export interface SchemaFormProps {
  /** An action's `request_schema`. */
  schema: RJSFSchema | Record<string, unknown>;
  value: Record<string, unknown>;
  onChange: (value: Record<string, unknown>) => void;
  /** Called when everything fits the schema. */
  onSubmit?: (value: Record<string, unknown>) => void;
  /** For a button outside the form: `<Button type="submit" form={id}>`. */
  id: string;
  /** What the gateway refused; shown at the fields. */
  problem?: Problem;
  /** Where the value stands in the request's body. */
  pointer?: string;
  disabled?: boolean;
}

/** Nothing is filled in that the user did not ask for, but constants that tell alternatives apart. */
const DEFAULTS = {
  emptyObjectFields: "populateRequiredDefaults",
  arrayMinItems: { populate: "requiredOnly" },
  requiredBooleanDefault: "skip",
} as const;

export default function Form({
  schema,
  value,
  onChange,
  onSubmit,
  id,
  problem,
  pointer = "/parameters",
  disabled,
}: SchemaFormProps) {
  const { shown, ui, validator } = useMemo(() => {
    const original = schema as RJSFSchema;
    const form = formSchemaOf(original);
    return { shown: form, ui: uiSchemaOf(form), validator: createFormValidator(original) };
  }, [schema]);
  const refused = useMemo(() => errorSchemaOf(problem?.errors ?? [], pointer), [problem, pointer]);
  return (
    <ThemedForm
      id={id}
      idPrefix={id}
      schema={shown}
      uiSchema={ui}
      validator={validator}
      formData={value}
      extraErrors={refused}
      disabled={disabled}
      noHtml5Validate
      showErrorList={false}
      focusOnFirstError
      experimental_defaultFormStateBehavior={DEFAULTS}
      onChange={({ formData }) => onChange(formData ?? {})}
      // Without it, the form writes what is wrong to the browser's console.
      onError={() => undefined}
      onSubmit={({ formData }, { target }) => {
        // What is on the screen is sent, or nothing.
        const unfinished = target instanceof Element && target.querySelector("[data-unfinished]");
        if (unfinished) unfinished.parentElement?.querySelector<HTMLElement>(".cm-content")?.focus();
        else onSubmit?.(cleanValue(formData ?? {}));
      }}
    />
  );
}
