import { EditorSelection, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

/**
 * Replaces the selection by what is typed over it. Left to itself, Chromium keeps the look of the text that goes by a
 * `style` of its own, which the page's policy refuses with an error in the console.
 */
export const typeOver: Extension = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const text = event.data;
    // Of the browser itself: the editor may not have heard of it yet.
    const selection = document.getSelection();
    if (event.inputType !== "insertText" || text === null || !selection || view.composing) return false;
    if (selection.isCollapsed || selection.rangeCount === 0) return false;
    const { startContainer, startOffset, endContainer, endOffset } = selection.getRangeAt(0);
    const from = view.posAtDOM(startContainer, startOffset);
    const to = view.posAtDOM(endContainer, endOffset);
    const replace = () =>
      view.state.update({
        changes: { from, to, insert: text },
        selection: EditorSelection.cursor(from + text.length),
        userEvent: "input.type",
        scrollIntoView: true,
      });
    // Brackets and quotes close around the selection.
    const taken = view.state
      .facet(EditorView.inputHandler)
      .some((handler) => handler(view, from, to, text, replace));
    if (!taken) view.dispatch(replace());
    event.preventDefault();
    return true;
  },
});
