import { ChevronRight, TriangleAlert } from "lucide-react";
import { type ReactNode, useId } from "react";
import type { ImportOutput } from "@/api";
import { Prose } from "@/components/prose";
import { Checkbox } from "@/components/ui/checkbox";
import { formatNumber } from "@/lib/format";

interface EffectsProps {
  report: ImportOutput;
  isUpdate: boolean;
  prune: boolean;
  onPrune: (prune: boolean) => void;
}

/** What an import into an integration that is there changes, and whom that hurts. */
export function Effects({ report, isUpdate, prune, onPrune }: EffectsProps) {
  const { breaking, removed, members, created, slug } = report;
  const isQuiet = breaking.length === 0 && members.length === 0 && removed.length === 0;
  if (created || (isUpdate && isQuiet)) return null;
  return (
    <div className="flex flex-col gap-3">
      {!isUpdate && (
        <p className="text-muted-foreground">
          There is an integration <code>{slug}</code> that was imported before: this brings it up to date. For
          another one, choose another slug.
        </p>
      )}
      {breaking.length > 0 && (
        <div role="alert" className="flex gap-2 rounded-md bg-warning-soft px-3 py-2 text-warning">
          <TriangleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
          <div className="min-w-0">
            <p className="font-medium">This breaks what is in use:</p>
            <ul className="list-disc pl-4">
              {breaking.map(({ action, reason }) => (
                <li key={`${action} ${reason}`} className="break-words">
                  {action && <code>{action}</code>} {reason}
                </li>
              ))}
            </ul>
          </div>
        </div>
      )}
      {members.length > 0 && (
        <p>
          Of the integration itself changes: <Codes names={members} />
        </p>
      )}
      {removed.length > 0 && (
        <Prune names={removed.map(({ slug: gone }) => gone)} prune={prune} onPrune={onPrune} />
      )}
    </div>
  );
}

function Prune({
  names,
  prune,
  onPrune,
}: {
  names: string[];
  prune: boolean;
  onPrune: (prune: boolean) => void;
}) {
  const id = useId();
  return (
    <div className="flex items-start gap-2.5">
      <Checkbox
        id={id}
        checked={prune}
        onCheckedChange={(checked) => onPrune(checked === true)}
        className="mt-0.5"
      />
      <label htmlFor={id} className="min-w-0">
        Delete what the document has no longer: <Codes names={names} />
        <span className="block text-muted-foreground">Otherwise it stays as it is.</span>
      </label>
    </div>
  );
}

function Codes({ names }: { names: readonly string[] }) {
  return names.map((name, index) => (
    <span key={name}>
      {index > 0 && ", "}
      <code className="break-all">{name}</code>
    </span>
  ));
}

/** What a person should look at: what is odd, was concluded, kept or skipped. */
export function Remarks({ report }: { report: ImportOutput }) {
  const { notes, guesses, skipped, kept } = report;
  return (
    <div className="flex flex-col gap-2">
      <Remark title="Notes" lines={notes.map((note) => [note, <Prose key="n" text={note} />])} open />
      <Remark
        title="Skipped"
        lines={skipped.map(({ operation, reason }) => [
          operation + reason,
          <span key="s">
            <code className="break-all">{operation}</code> {reason}
          </span>,
        ])}
        open
      />
      <Remark
        title="Concluded, as the document does not say it"
        lines={guesses.map(({ action, pointer, reason }) => [
          action + pointer + reason,
          <span key="g">
            <code className="break-all">
              {action} {pointer}
            </code>{" "}
            {reason}
          </span>,
        ])}
      />
      <Remark
        title="Kept as it was changed by hand"
        lines={kept.map(({ action, member }) => [
          `${action} ${member}`,
          <span key="k">
            <code className="break-all">{member}</code> of{" "}
            {action ? <code>{action}</code> : "the integration"}
          </span>,
        ])}
        open
      />
    </div>
  );
}

const MANY = 200;

type Line = readonly [key: string, shown: ReactNode];

function Remark({ title, lines, open }: { title: string; lines: readonly Line[]; open?: boolean }) {
  if (lines.length === 0) return null;
  return (
    <details open={open && lines.length <= 8} className="group rounded-md border bg-card">
      <summary className="flex cursor-pointer list-none items-center gap-1.5 rounded-md px-3 py-2">
        <ChevronRight
          className="size-4 text-muted-foreground transition-transform group-open:rotate-90"
          aria-hidden
        />
        <span className="font-medium">{title}</span>
        <span className="text-muted-foreground">{formatNumber(lines.length)}</span>
      </summary>
      <ul className="flex max-h-96 flex-col gap-1 overflow-y-auto border-t px-3 py-2 pl-8.5 text-muted-foreground">
        {lines.slice(0, MANY).map(([key, shown]) => (
          <li key={key} className="break-words">
            {shown}
          </li>
        ))}
        {lines.length > MANY && <li>and {formatNumber(lines.length - MANY)} more</li>}
      </ul>
    </details>
  );
}
