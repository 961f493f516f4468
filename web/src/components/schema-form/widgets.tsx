import { SchemaExamples } from "@rjsf/core";
import {
  type BaseInputTemplateProps,
  enumOptionSelectedValue,
  enumOptionsDeselectValue,
  enumOptionsIsSelected,
  enumOptionsSelectValue,
  enumOptionValueDecoder,
  enumOptionValueEncoder,
  errorId,
  examplesId,
  getInputProps,
  getOptionValueFormat,
  helpId,
  optionId,
  type WidgetProps,
} from "@rjsf/utils";
import { cn } from "@/lib/cn";
import { Checkbox } from "../ui/checkbox";
import { Input, Select, Textarea } from "../ui/input";
import { labelOf } from "./form-schema";

type Described = Pick<WidgetProps, "id" | "rawErrors">;

function described({ id, rawErrors }: Described) {
  const invalid = Boolean(rawErrors?.length);
  return { "aria-describedby": cn(helpId(id), invalid && errorId(id)), "aria-invalid": invalid || undefined };
}

/** A line of text, a number, a date. */
export function BaseInputTemplate(props: BaseInputTemplateProps) {
  const { id, htmlName, type, value, schema, options, onChange, onChangeOverride, onBlur, onFocus } = props;
  return (
    <>
      <Input
        id={id}
        name={htmlName || id}
        placeholder={props.placeholder}
        disabled={props.disabled}
        readOnly={props.readonly}
        list={schema.examples ? examplesId(id) : undefined}
        spellCheck={false}
        autoComplete="off"
        {...props.extraProps}
        {...getInputProps(schema, type, options)}
        value={value || value === 0 ? value : ""}
        onChange={
          onChangeOverride ??
          (({ target }) => onChange(target.value === "" ? options.emptyValue : target.value))
        }
        onBlur={({ target }) => onBlur(id, target.value)}
        onFocus={({ target }) => onFocus(id, target.value)}
        {...described(props)}
      />
      <SchemaExamples id={id} schema={schema} />
    </>
  );
}

export function TextareaWidget(props: WidgetProps) {
  const { id, value, options, onChange, onBlur } = props;
  return (
    <Textarea
      id={id}
      name={id}
      placeholder={props.placeholder}
      disabled={props.disabled}
      readOnly={props.readonly}
      rows={options.rows ?? 4}
      value={value ?? ""}
      onChange={({ target }) => onChange(target.value === "" ? options.emptyValue : target.value)}
      onBlur={({ target }) => onBlur(id, target.value)}
      {...described(props)}
    />
  );
}

/** One of a few: the browser's own list. */
export function SelectWidget(props: WidgetProps) {
  const { id, value, multiple, options, onChange, placeholder } = props;
  const { enumOptions = [], enumDisabled = [], emptyValue } = options;
  const format = getOptionValueFormat(options);
  return (
    <Select
      id={id}
      name={id}
      disabled={props.disabled || props.readonly}
      value={enumOptionSelectedValue(value, enumOptions, Boolean(multiple), format, "")}
      onChange={({ target }) =>
        onChange(enumOptionValueDecoder(target.value, enumOptions, format, emptyValue))
      }
      {...described(props)}
      aria-label={props.hideLabel ? props.label : undefined}
    >
      {!props.required || value === undefined ? <option value="">{placeholder || "–"}</option> : null}
      {enumOptions.map((option, index) => (
        <option
          key={String(option.value)}
          value={enumOptionValueEncoder(option.value, index, format)}
          disabled={enumDisabled.includes(option.value)}
        >
          {option.label}
        </option>
      ))}
    </Select>
  );
}

/** Some of a few. */
export function CheckboxesWidget({ id, value, options, disabled, readonly, onChange }: WidgetProps) {
  const { enumOptions = [] } = options;
  const chosen: unknown[] = Array.isArray(value) ? value : [];
  return (
    <div id={id} className="flex flex-wrap gap-x-5 gap-y-2">
      {enumOptions.map((option, index) => (
        <div key={String(option.value)} className="flex items-center gap-2">
          <Checkbox
            id={optionId(id, index)}
            checked={enumOptionsIsSelected(option.value, chosen)}
            disabled={disabled || readonly}
            onCheckedChange={(checked) => {
              const change = checked ? enumOptionsSelectValue : enumOptionsDeselectValue;
              onChange(change(index, chosen, enumOptions));
            }}
          />
          <label htmlFor={optionId(id, index)}>{option.label}</label>
        </div>
      ))}
    </div>
  );
}

/** Yes or no. What was never touched is not sent. */
export function CheckboxWidget(props: WidgetProps) {
  const { id, value, label, schema, onChange } = props;
  return (
    <div className="flex items-center gap-2">
      <Checkbox
        id={id}
        checked={value === undefined ? schema.default === true : Boolean(value)}
        disabled={props.disabled || props.readonly}
        onCheckedChange={(checked) => onChange(checked === true)}
        {...described(props)}
      />
      <label htmlFor={id} className="font-medium">
        {schema.title ? label : labelOf(label)}
      </label>
      <code className="ml-auto truncate text-muted-foreground">{label}</code>
    </div>
  );
}
