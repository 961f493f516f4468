import type {
  ArrayFieldItemTemplateProps,
  ArrayFieldTemplateProps,
  DescriptionFieldProps,
  FieldErrorProps,
  FieldTemplateProps,
  MultiSchemaFieldTemplateProps,
  ObjectFieldTemplateProps,
  WrapIfAdditionalTemplateProps,
} from "@rjsf/utils";
import {
  ADDITIONAL_PROPERTY_FLAG,
  buttonId,
  canExpand,
  errorId,
  getTemplate,
  getUiOptions,
  helpId,
} from "@rjsf/utils";
import { ChevronRight, CircleAlert } from "lucide-react";
import { useState } from "react";
import { cn } from "@/lib/cn";
import { Prose } from "../prose";
import { Input } from "../ui/input";
import { labelOf } from "./form-schema";

/** A label with the parameter's own name, the control, what it is for, and what is the matter with it. */
export function FieldTemplate(props: FieldTemplateProps) {
  const {
    id,
    children,
    displayLabel,
    rawDescription,
    rawErrors = [],
    errors,
    hidden,
    required,
    schema,
  } = props;
  const Wrap = getTemplate("WrapIfAdditionalTemplate", props.registry, getUiOptions(props.uiSchema));
  if (hidden) return <div className="hidden">{children}</div>;
  const isCheckbox = schema.type === "boolean";
  return (
    <Wrap {...props}>
      <div
        className={cn("flex min-w-0 flex-col gap-1.5", rawErrors.length > 0 && "[&_.control]:border-danger")}
      >
        {displayLabel && !isCheckbox && <FieldLabel {...props} required={required} />}
        {children}
        {(displayLabel || isCheckbox) && <FieldHint id={id} description={rawDescription} schema={schema} />}
        {errors}
      </div>
    </Wrap>
  );
}

function FieldLabel({ id, label, fieldPathId, required, schema }: FieldTemplateProps) {
  const name = fieldPathId.path.at(-1);
  const isItem = typeof name === "number";
  return (
    <div className={isItem ? "sr-only" : "flex min-w-0 items-baseline justify-between gap-3"}>
      <label htmlFor={id} className="font-medium">
        {schema.title || isItem ? label : labelOf(label)}
        {required && (
          <span className="text-danger" title="Needed">
            {" "}
            *
          </span>
        )}
      </label>
      {typeof name === "string" && <code className="truncate text-muted-foreground">{name}</code>}
    </div>
  );
}

function FieldHint({
  id,
  description,
  schema,
}: Pick<FieldTemplateProps, "id" | "schema"> & { description?: string }) {
  const initial = schema.default;
  const byDefault = initial === undefined || typeof initial === "object" ? undefined : String(initial);
  if (!description && byDefault === undefined) return null;
  return (
    <p id={helpId(id)} className="text-muted-foreground text-xs">
      {description && <Prose text={description} />}
      {byDefault !== undefined && (
        <>
          {description && " "}
          By default <code>{byDefault || '""'}</code>.
        </>
      )}
    </p>
  );
}

export function FieldErrorTemplate({ errors = [], fieldPathId }: FieldErrorProps) {
  if (errors.length === 0) return null;
  return (
    <div id={errorId(fieldPathId)} role="alert" className="flex gap-1.5 text-danger text-xs">
      <CircleAlert className="mt-0.5 size-3 shrink-0" aria-hidden />
      <div>
        {errors.map((error) => (
          <p key={String(error)}>{error}</p>
        ))}
      </div>
    </div>
  );
}

/** So many parameters are shown at once; the catalog names the usual ones first. What is needed or used always is. */
const AT_ONCE = 10;

/** Members of an object. At the top, long lists of parameters are folded. */
export function ObjectFieldTemplate(props: ObjectFieldTemplateProps) {
  const { title, description, properties, fieldPathId, schema, formData, registry, uiSchema } = props;
  const { AddButton } = registry.templates.ButtonTemplates;
  const isRoot = fieldPathId.path.length === 0;
  const used = new Set([...(schema.required ?? []), ...Object.keys(formData ?? {})]);
  const visible = properties.filter(({ hidden }) => !hidden);
  // What is unfolded stays in its place while it is filled in.
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>();
  const isFolded = ({ name }: { name: string }) =>
    unfolded?.has(name) ?? (visible.findIndex((other) => other.name === name) >= AT_ONCE && !used.has(name));
  const folded = visible.filter(isFolded);
  const folds = isRoot && folded.length > 1;
  const content = (folds ? visible.filter((property) => !isFolded(property)) : visible).map((property) => (
    <div key={property.name}>{property.content}</div>
  ));
  return (
    <fieldset id={fieldPathId.$id} className={cn("flex min-w-0 flex-col gap-4", !isRoot && "border-l pl-4")}>
      {!isRoot && title && (
        <legend className="float-left mb-0 font-medium">{schema.title ? title : labelOf(title)}</legend>
      )}
      {!isRoot && description && (
        <p className="-mt-3 text-muted-foreground text-xs">
          {typeof description === "string" ? <Prose text={description} /> : description}
        </p>
      )}
      {content}
      {folds && (
        <Folded
          count={folded.length}
          open={unfolded !== undefined}
          onOpen={(open) => setUnfolded(open ? new Set(folded.map(({ name }) => name)) : undefined)}
        >
          {folded.map(({ name, content: field }) => (
            <div key={name}>{field}</div>
          ))}
        </Folded>
      )}
      {canExpand(schema, uiSchema, formData) && (
        <div>
          <AddButton
            id={buttonId(fieldPathId, "add")}
            onClick={props.onAddProperty}
            disabled={props.disabled || props.readonly}
            uiSchema={uiSchema}
            registry={registry}
          />
        </div>
      )}
    </fieldset>
  );
}

interface FoldedProps {
  count: number;
  open: boolean;
  onOpen: (open: boolean) => void;
  children: React.ReactNode;
}

function Folded({ count, open, onOpen, children }: FoldedProps) {
  return (
    <div className="flex flex-col gap-4">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => onOpen(!open)}
        className="flex w-fit items-center gap-1.5 rounded-sm text-muted-foreground hover:text-foreground"
      >
        <ChevronRight className={cn("size-4 transition-transform", open && "rotate-90")} aria-hidden />
        {count} more {count === 1 ? "parameter" : "parameters"}
      </button>
      {open && children}
    </div>
  );
}

/** A list: its entries, each with its buttons, and one to add. */
export function ArrayFieldTemplate(props: ArrayFieldTemplateProps) {
  const { canAdd, items, onAddClick, fieldPathId, title, schema, required, registry, uiSchema, rawErrors } =
    props;
  const { AddButton } = registry.templates.ButtonTemplates;
  const name = fieldPathId.path.at(-1);
  return (
    <fieldset
      id={fieldPathId.$id}
      className="flex min-w-0 flex-col gap-2"
      data-invalid={Boolean(rawErrors?.length)}
    >
      <div className="flex min-w-0 items-baseline justify-between gap-3">
        <legend className="float-left font-medium">
          {schema.title ? title : labelOf(String(title))}
          {required && <span className="text-danger"> *</span>}
        </legend>
        {typeof name === "string" && <code className="truncate text-muted-foreground">{name}</code>}
      </div>
      {items}
      {canAdd && (
        <div>
          <AddButton
            id={buttonId(fieldPathId, "add")}
            onClick={onAddClick}
            disabled={props.disabled || props.readonly}
            uiSchema={uiSchema}
            registry={registry}
          />
        </div>
      )}
      {schema.description && (
        <p className="text-muted-foreground text-xs">
          <Prose text={schema.description} />
        </p>
      )}
    </fieldset>
  );
}

export function ArrayFieldItemTemplate({
  children,
  buttonsProps,
  hasToolbar,
  registry,
  uiSchema,
}: ArrayFieldItemTemplateProps) {
  const Buttons = getTemplate("ArrayFieldItemButtonsTemplate", registry, getUiOptions(uiSchema));
  return (
    <div className="flex min-w-0 items-start gap-1.5">
      <div className="min-w-0 flex-1">{children}</div>
      {hasToolbar && (
        <div className="flex shrink-0">
          <Buttons {...buttonsProps} />
        </div>
      )}
    </div>
  );
}

/** A member that the schema does not name: its name can be written, too. */
export function WrapIfAdditionalTemplate(props: WrapIfAdditionalTemplateProps) {
  const { children, id, label, schema, registry, uiSchema, disabled, readonly } = props;
  const { RemoveButton } = registry.templates.ButtonTemplates;
  if (!(ADDITIONAL_PROPERTY_FLAG in schema)) return <div className={props.classNames}>{children}</div>;
  return (
    <div className="flex items-end gap-1.5">
      <Input
        key={label}
        id={`${id}-key`}
        aria-label="Name"
        defaultValue={label}
        disabled={disabled || readonly}
        onBlur={readonly ? undefined : props.onKeyRenameBlur}
        className="w-2/5 font-mono"
      />
      <div className="min-w-0 flex-1 [&_label]:sr-only">{children}</div>
      <RemoveButton
        id={buttonId(id, "remove")}
        disabled={disabled || readonly}
        onClick={props.onRemoveProperty}
        uiSchema={uiSchema}
        registry={registry}
      />
    </div>
  );
}

/** One of several forms. */
export function MultiSchemaFieldTemplate({ selector, optionSchemaField }: MultiSchemaFieldTemplateProps) {
  return (
    <div className="flex flex-col gap-3">
      <div className="max-w-xs">{selector}</div>
      {optionSchemaField}
    </div>
  );
}

export function DescriptionFieldTemplate({ id, description }: DescriptionFieldProps) {
  if (!description) return null;
  return <span id={id}>{typeof description === "string" ? <Prose text={description} /> : description}</span>;
}
