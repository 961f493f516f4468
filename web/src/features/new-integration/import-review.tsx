import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { toast } from "sonner";
import { type ImportOutput, problemOf } from "@/api";
import type { Crumb } from "@/app/page-title";
import { useWorkspace } from "@/app/session";
import { InlineError } from "@/components/error-state";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { Button } from "@/components/ui/button";
import { UnsavedGuard } from "@/components/unsaved-guard";
import { refreshIntegration } from "@/features/integrations/data";
import { formatNumber } from "@/lib/format";
import { ActionChoice } from "./action-choice";
import { choicesOf, includeOf } from "./choices";
import { Identity, type IdentityDraft } from "./identity";
import { Effects, Remarks } from "./report";
import { runImport } from "./run-import";
import type { ReadDocument } from "./use-document";

interface Props {
  title: string;
  parents: readonly Crumb[];
  read: ReadDocument;
  /** It goes into an integration that is there. */
  isUpdate?: boolean;
  onBack: () => void;
}

/** What a document would make, to choose from, before it does. */
export function ImportReview({ title, parents, read, isUpdate = false, onBack }: Props) {
  const [trial, setTrial] = useState(read.report);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [prune, setPrune] = useState(false);
  const [identity, setIdentity] = useState(() => identityOf(read.report));
  const choices = useMemo(() => choicesOf(trial), [trial]);
  const chosen = choices.filter(({ operation }) => !left.has(operation)).length;
  const { organization_id } = useWorkspace();
  const options = { organization_id, ...changedIn(read.report, identity) };
  const again = useMutation({
    mutationFn: (pruned: boolean) => runImport(read.source, { ...options, prune: pruned, dry_run: true }),
    onSuccess: setTrial,
    // One after the other, so that the one begun last is the one that is shown.
    scope: { id: "import-trial" },
  });
  const { run, reset, isPending, error } = useImport(isUpdate);
  const failed = again.error ?? error;
  function tryAgain(pruned: boolean) {
    reset();
    again.mutate(pruned);
  }
  const isChanged = left.size > 0 || prune || isRenamed(read.report, identity);
  const problem = failed ? problemOf(failed) : undefined;
  return (
    <Page>
      <PageHeader
        title={title}
        parents={parents}
        description={sourceWord(read)}
        actions={
          <>
            <Button onClick={onBack}>Another document</Button>
            <Button
              variant="primary"
              busy={isPending}
              // Nothing is deleted before it is shown what. A name that was just entered needs no look.
              disabled={(again.isPending && prune) || (chosen === 0 && choices.length > 0)}
              onClick={() => run(read, { ...options, prune, include: includeOf(choices, left) })}
            >
              {isUpdate ? "Update" : "Import"} {formatNumber(chosen)} {chosen === 1 ? "action" : "actions"}
            </Button>
          </>
        }
      />
      <InlineError error={problem} />
      <Effects
        report={trial}
        isUpdate={isUpdate}
        prune={prune}
        onPrune={(next) => {
          setPrune(next);
          tryAgain(next);
        }}
      />
      <Identity
        draft={identity}
        report={trial}
        fixedSlug={isUpdate}
        problem={problem}
        busy={again.isPending}
        onChange={(part) => setIdentity((before) => ({ ...before, ...part }))}
        onSettled={() => tryAgain(prune)}
      />
      <ActionChoice choices={choices} left={left} onLeft={setLeft} withState={isUpdate || !trial.created} />
      <Remarks report={trial} />
      <UnsavedGuard unsaved={isChanged && !isPending} />
    </Page>
  );
}

function sourceWord({ source, report }: ReadDocument): string {
  const place =
    source.kind === "file"
      ? source.file.name
      : source.kind === "url"
        ? source.url
        : "the text that you entered";
  const count = choicesOf(report).length;
  return `${formatNumber(count)} ${count === 1 ? "action" : "actions"} in ${place}. Nothing is changed yet.`;
}

function identityOf({ slug, integration }: ImportOutput): IdentityDraft {
  return { slug, name: integration.name, base_url: integration.base_url };
}

function isRenamed(report: ImportOutput, identity: IdentityDraft): boolean {
  return JSON.stringify(identity) !== JSON.stringify(identityOf(report));
}

/** Only what was changed of it is said: the rest follows the document. */
function changedIn({ integration }: ImportOutput, { slug, name, base_url }: IdentityDraft) {
  return {
    slug: slug.trim(),
    name: name.trim() && name.trim() !== integration.name ? name.trim() : undefined,
    base_url: base_url.trim() && base_url.trim() !== integration.base_url ? base_url.trim() : undefined,
  };
}

function useImport(isUpdate: boolean) {
  const { id: workspaceId } = useWorkspace();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { mutate, reset, isPending, error } = useMutation({
    mutationFn: ({ read, options }: { read: ReadDocument; options: Parameters<typeof runImport>[1] }) =>
      runImport(read.source, options),
    onSuccess: ({ slug, integration }) => {
      toast.success(`${integration.name} is ${isUpdate ? "up to date" : "imported"}.`);
      void refreshIntegration(client, slug);
      void navigate({
        to: "/w/$workspaceId/integrations/$slug",
        params: { workspaceId, slug },
        ignoreBlocker: true,
      });
    },
  });
  const run = (read: ReadDocument, options: Parameters<typeof runImport>[1]) => mutate({ read, options });
  return { run, reset, isPending, error };
}
