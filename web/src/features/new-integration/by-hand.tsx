import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { createIntegrationMutation, problemOf } from "@/api";
import { useWorkspace } from "@/app/session";
import { InlineError } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardFooter } from "@/components/ui/card";
import { UnsavedGuard } from "@/components/unsaved-guard";
import { refreshIntegration } from "@/features/integrations/data";
import {
  EMPTY_INTEGRATION,
  INTEGRATION_POINTERS,
  type IntegrationDraft,
  integrationOf,
  slugOf,
} from "@/features/integrations/edit/integration-draft";
import { IntegrationFields } from "@/features/integrations/edit/integration-fields";
import { isElsewhere } from "@/lib/faults";

/** An integration without a document: actions are added afterwards. */
export function ByHand() {
  const { id: workspaceId, organization_id } = useWorkspace();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [draft, setDraft] = useState(EMPTY_INTEGRATION);
  const { mutate, isPending, error } = useMutation(createIntegrationMutation());
  const problem = error ? problemOf(error) : undefined;
  const body = integrationOf(draft);
  function change(part: Partial<IntegrationDraft>) {
    setDraft((before) => {
      const follows = part.name !== undefined && before.slug === slugOf(before.name);
      return { ...before, ...part, ...(follows && { slug: slugOf(part.name ?? "") }) };
    });
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!body) return;
    mutate(
      { body: { ...body, organization_id } },
      {
        onSuccess: ({ slug, name }) => {
          toast.success(`${name} is there. Add its first action.`);
          void refreshIntegration(client, slug);
          void navigate({
            to: "/w/$workspaceId/integrations/$slug",
            params: { workspaceId, slug },
            ignoreBlocker: true,
          });
        },
      },
    );
  }
  return (
    <form onSubmit={submit}>
      <Card>
        <CardContent className="pt-4">
          <IntegrationFields draft={draft} onChange={change} problem={problem} withSlug />
          {problem && isElsewhere(problem, INTEGRATION_POINTERS) && (
            <InlineError error={problem} className="mt-4" />
          )}
        </CardContent>
        <CardFooter>
          <Button type="submit" variant="primary" busy={isPending} disabled={!body}>
            Create integration
          </Button>
        </CardFooter>
      </Card>
      <UnsavedGuard unsaved={draft !== EMPTY_INTEGRATION} />
    </form>
  );
}
