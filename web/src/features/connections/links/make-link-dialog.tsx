import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useDeferredValue, useState } from "react";
import { type ConnectLinkInput, createConnectLinkMutation, listIntegrationsOptions, problemOf } from "@/api";
import { CodeBlock } from "@/components/code-block";
import { Combobox } from "@/components/combobox";
import { InlineError } from "@/components/error-state";
import { ServiceLogo } from "@/components/service-logo";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input, Select } from "@/components/ui/input";
import { isElsewhere } from "@/lib/faults";
import { categoryWord, formatExact } from "@/lib/format";
import { refreshConnections } from "../connect/refresh";

interface MakeLinkDialogProps {
  workspaceId: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function MakeLinkDialog({ workspaceId, open, onOpenChange }: MakeLinkDialogProps) {
  const client = useQueryClient();
  const make = useMutation({
    ...createConnectLinkMutation(),
    onSuccess: () => void refreshConnections(client),
  });
  const made = make.data;
  function change(next: boolean) {
    // A link that is being made would never be shown.
    if (make.isPending) return;
    make.reset();
    onOpenChange(next);
  }
  return (
    <Dialog open={open} onOpenChange={change}>
      <DialogContent
        title={made ? "The link is ready" : "Make a connect link"}
        description={
          made
            ? "Send it to the person now. It is shown this once, and whoever has it may connect."
            : "For one of your own users. The connection they make is yours."
        }
        // What is shown only once does not go away by accident.
        onInteractOutside={(event) => event.preventDefault()}
        onEscapeKeyDown={(event) => made && event.preventDefault()}
      >
        {made ? (
          <Result made={made} />
        ) : (
          <LinkForm
            workspaceId={workspaceId}
            onSubmit={(body) => make.mutate({ body })}
            error={make.error}
            busy={make.isPending}
          />
        )}
      </DialogContent>
    </Dialog>
  );
}

interface Made {
  url: string;
  expires_at: string;
}

function Result({ made: { url, expires_at } }: { made: Made }) {
  return (
    <>
      <DialogBody className="flex flex-col gap-2">
        <CodeBlock code={url} label="Link" wrap />
        <p className="text-muted-foreground text-xs">It works once, until {formatExact(expires_at)}.</p>
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button variant="primary">Done</Button>
        </DialogClose>
      </DialogFooter>
    </>
  );
}

const HOUR = 3600;
const LIFETIMES = [
  { seconds: HOUR, label: "1 hour" },
  { seconds: 24 * HOUR, label: "1 day" },
  { seconds: 3 * 24 * HOUR, label: "3 days" },
  { seconds: 7 * 24 * HOUR, label: "7 days" },
];

/** What has a field that says what is wrong with it. */
const SHOWN = ["/integration", "/end_user_id", "/return_url"];

interface LinkFormProps {
  workspaceId: string;
  onSubmit: (wanted: ConnectLinkInput) => void;
  error: unknown;
  busy: boolean;
}

function LinkForm({ workspaceId, onSubmit, error, busy }: LinkFormProps) {
  const [integration, setIntegration] = useState<string>();
  const [endUser, setEndUser] = useState("");
  const [lifetime, setLifetime] = useState(HOUR);
  const [returnUrl, setReturnUrl] = useState("");
  const problem = error ? problemOf(error) : undefined;
  const faults = problem?.faultsAt() ?? new Map<string, string>();
  function submit(event: FormEvent) {
    event.preventDefault();
    onSubmit({
      workspace_id: workspaceId,
      integration,
      end_user_id: endUser.trim() || undefined,
      return_url: returnUrl.trim() || undefined,
      expires_in: lifetime,
    });
  }
  return (
    <form onSubmit={submit} className="flex min-h-0 flex-col">
      <DialogBody className="flex flex-col gap-4">
        <Field label="Service" error={faults.get("/integration")}>
          <ServiceChoice workspaceId={workspaceId} value={integration} onChange={setIntegration} />
        </Field>
        <Field
          label="End user"
          hint="Your own identifier of the person. The connection carries it."
          error={faults.get("/end_user_id")}
          required
        >
          <Input
            value={endUser}
            maxLength={200}
            placeholder="customer-7"
            autoComplete="off"
            onChange={(event) => setEndUser(event.target.value)}
          />
        </Field>
        <Field label="Good for">
          <Select value={lifetime} onChange={(event) => setLifetime(Number(event.target.value))}>
            {LIFETIMES.map(({ seconds, label }) => (
              <option key={seconds} value={seconds}>
                {label}
              </option>
            ))}
          </Select>
        </Field>
        <Field
          label="Return address"
          hint="Where the person goes on afterwards, with connection_id in the address."
          error={faults.get("/return_url")}
          required={false}
        >
          <Input
            type="url"
            value={returnUrl}
            placeholder="https://app.example.com/connected"
            autoComplete="off"
            onChange={(event) => setReturnUrl(event.target.value)}
          />
        </Field>
        {problem && isElsewhere(problem, SHOWN) && <InlineError error={problem} />}
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <Button type="submit" variant="primary" busy={busy}>
          Make the link
        </Button>
      </DialogFooter>
    </form>
  );
}

interface ServiceChoiceProps {
  workspaceId: string;
  value: string | undefined;
  onChange: (slug: string) => void;
}

/** Passes on what a Field gives its control. */
function ServiceChoice({ workspaceId, value, onChange, ...field }: ServiceChoiceProps) {
  const [typed, setTyped] = useState("");
  const query = useDeferredValue(typed.trim()) || undefined;
  const { data } = useQuery(
    listIntegrationsOptions({ query: { workspace_id: workspaceId, query, limit: 50 } }),
  );
  const options = (data?.data ?? []).map(({ slug, name, category }) => ({
    value: slug,
    label: name,
    detail: categoryWord(category),
    icon: <ServiceLogo slug={slug} name={name} className="size-5" />,
  }));
  return (
    <Combobox
      {...field}
      label="Service"
      options={options}
      value={value}
      onChange={onChange}
      onQuery={setTyped}
      placeholder="Choose a service"
    />
  );
}
