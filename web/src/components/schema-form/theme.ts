import type { ThemeProps } from "@rjsf/core";
import { generateTheme } from "@rjsf/shadcn";
import { buttons } from "./buttons";
import { Base64Widget, FileField } from "./file-field";
import { JsonField } from "./json-field";
import {
  ArrayFieldItemTemplate,
  ArrayFieldTemplate,
  DescriptionFieldTemplate,
  FieldErrorTemplate,
  FieldTemplate,
  MultiSchemaFieldTemplate,
  ObjectFieldTemplate,
  WrapIfAdditionalTemplate,
} from "./templates";
import { TextsField } from "./texts-field";
import { BaseInputTemplate, CheckboxesWidget, CheckboxWidget, SelectWidget, TextareaWidget } from "./widgets";

const base = generateTheme();

/** rjsf's theme for shadcn, with this console's own parts where they are seen. */
export const formTheme: ThemeProps = {
  templates: {
    ...base.templates,
    ArrayFieldItemTemplate,
    ArrayFieldTemplate,
    BaseInputTemplate,
    ButtonTemplates: buttons,
    DescriptionFieldTemplate,
    FieldErrorTemplate,
    FieldTemplate,
    MultiSchemaFieldTemplate,
    ObjectFieldTemplate,
    WrapIfAdditionalTemplate,
  },
  widgets: {
    ...base.widgets,
    base64: Base64Widget,
    CheckboxesWidget,
    CheckboxWidget,
    RadioWidget: SelectWidget,
    SelectWidget,
    TextareaWidget,
  },
  fields: { file: FileField, json: JsonField, texts: TextsField },
};
