import { Fragment, type ReactNode } from "react";

const SPECIAL = /(https?:\/\/[^\s<>"')]*[^\s<>"').,;:]|`[^`]+`)/;

/** A sentence of an integration's definition: addresses become links, and what stands in `backticks` is code. */
export function PlainText({ children }: { children: string }): ReactNode {
  return children.split(SPECIAL).map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other
    <Fragment key={index}>{index % 2 === 0 ? part : shown(part)}</Fragment>
  ));
}

function shown(part: string): ReactNode {
  if (part.startsWith("`")) return <code>{part.slice(1, -1)}</code>;
  return (
    <a href={part} target="_blank" rel="noreferrer" className="break-all text-link underline">
      {part}
    </a>
  );
}
