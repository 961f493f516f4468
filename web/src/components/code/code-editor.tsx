import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { bracketMatching, foldGutter, foldKeymap } from "@codemirror/language";
import { linter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  placeholder as placeholderText,
} from "@codemirror/view";
import { useEffect, useRef } from "react";
import { pageNonce } from "@/lib/platform";
import { editorTheme } from "./editor-theme";
import { typeOver } from "./type-over";

export interface CodeEditorProps {
  value: string;
  /** Without it, the text can only be read. */
  onChange?: (value: string) => void;
  label: string;
  id?: string;
  placeholder?: string;
  /** Ctrl/Command and Enter. */
  onSubmit?: () => void;
  describedBy?: string;
}

/** CodeMirror for JSON, loaded when it is first shown. */
export default function CodeEditor({ value, onChange, onSubmit, ...setup }: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const calls = useRef({ onChange, onSubmit });
  calls.current = { onChange, onSubmit };
  const initial = useRef({ value, readOnly: onChange === undefined, ...setup });

  useEffect(() => {
    if (!host.current) return;
    const { value: doc, ...options } = initial.current;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({ doc, extensions: extensionsFor(options, calls) }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);

  useEffect(() => {
    const editor = view.current;
    const before = editor?.state.doc.toString();
    if (editor && before !== undefined && before !== value) {
      editor.dispatch({ changes: { from: 0, to: before.length, insert: value } });
    }
  }, [value]);

  return <div ref={host} className="h-full min-h-0 overflow-auto" />;
}

interface Calls {
  current: Pick<CodeEditorProps, "onChange" | "onSubmit">;
}

type Setup = Omit<CodeEditorProps, "value" | "onChange" | "onSubmit"> & { readOnly: boolean };

function extensionsFor({ readOnly, label, id, placeholder, describedBy }: Setup, calls: Calls): Extension[] {
  const attributes = {
    "aria-label": label,
    tabindex: "0",
    ...(id && { id }),
    ...(describedBy && { "aria-describedby": describedBy }),
  };
  const nonce = pageNonce();
  return [
    nonce ? EditorView.cspNonce.of(nonce) : [],
    editorTheme,
    json(),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of(attributes),
    foldGutter(),
    bracketMatching(),
    highlightSelectionMatches(),
    drawSelection(),
    readOnly ? reading() : writing(placeholder, calls),
    keymap.of([...searchKeymap, ...foldKeymap, ...lintKeymap, ...defaultKeymap]),
  ];
}

function reading(): Extension {
  // Not editable, but with the keyboard's selection and search.
  return [EditorState.readOnly.of(true), EditorView.editable.of(false)];
}

function writing(placeholder: string | undefined, calls: Calls): Extension {
  const submit = {
    key: "Mod-Enter",
    run: () => {
      calls.current.onSubmit?.();
      return calls.current.onSubmit !== undefined;
    },
  };
  const parse = jsonParseLinter();
  return [
    lineNumbers(),
    history(),
    closeBrackets(),
    typeOver,
    highlightActiveLine(),
    placeholder ? placeholderText(placeholder) : [],
    linter((view) => (view.state.doc.length > 0 ? parse(view) : [])),
    keymap.of([submit, ...closeBracketsKeymap, ...historyKeymap]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) calls.current.onChange?.(update.state.doc.toString());
    }),
  ];
}
