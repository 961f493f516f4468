import type { ImportOutput, Problem } from "@/api";
import { ServiceLogo } from "@/components/service-logo";
import { Card, CardContent, CardHeader } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { authWord } from "@/features/integrations/auth-words";

/** What the integration is called and where the service is, as it is typed. */
export interface IdentityDraft {
  name: string;
  slug: string;
  base_url: string;
}

interface Props {
  draft: IdentityDraft;
  report: ImportOutput;
  fixedSlug: boolean;
  problem: Problem | undefined;
  busy: boolean;
  onChange: (part: Partial<IdentityDraft>) => void;
  /** A field that was changed is left: what would be made has to be found out anew. */
  onSettled: () => void;
}

export function Identity({ draft, report, fixedSlug, problem, busy, onChange, onSettled }: Props) {
  const { integration, slug } = report;
  const faults = problem?.faultsAt();
  function settle() {
    const told = { name: integration.name, slug, base_url: integration.base_url };
    if (JSON.stringify({ ...told, ...draft }) !== JSON.stringify(told)) onSettled();
  }
  return (
    <Card aria-busy={busy}>
      <CardHeader
        title={
          <span className="flex items-center gap-2.5">
            <ServiceLogo slug={slug} name={integration.name} className="size-7" />
            {integration.name}
          </span>
        }
        description={integration.description.split("\n", 1)[0]?.slice(0, 240)}
      >
        <span className="text-muted-foreground">{authWord(integration.auth_type)}</span>
      </CardHeader>
      <CardContent className="grid gap-4 sm:grid-cols-3">
        <Field label="Name" error={faults?.get("/name")}>
          <Input
            value={draft.name}
            maxLength={200}
            onChange={(event) => onChange({ name: event.target.value })}
            onBlur={settle}
          />
        </Field>
        <Field label="Slug" error={faults?.get("/slug")}>
          <Input
            value={draft.slug}
            disabled={fixedSlug}
            className="font-mono"
            spellCheck={false}
            onChange={(event) => onChange({ slug: event.target.value })}
            onBlur={settle}
          />
        </Field>
        <Field label="Base URL" error={faults?.get("/base_url")}>
          <Input
            value={draft.base_url}
            className="font-mono"
            spellCheck={false}
            onChange={(event) => onChange({ base_url: event.target.value })}
            onBlur={settle}
          />
        </Field>
      </CardContent>
    </Card>
  );
}
