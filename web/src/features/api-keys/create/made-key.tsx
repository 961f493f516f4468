import { Link } from "@tanstack/react-router";
import type { CreatedApiKeyOutput } from "@/api";
import { useWorkspace } from "@/app/session";
import { CodeBlock } from "@/components/code-block";
import { Button } from "@/components/ui/button";
import { DialogBody, DialogClose, DialogFooter } from "@/components/ui/dialog";
import { formatExact } from "@/lib/format";

/** A new key, and a call to try it with: one that every key may make and that changes nothing. */
export function MadeKey({ made: { api_key, expires_at } }: { made: CreatedApiKeyOutput }) {
  const { id: workspaceId } = useWorkspace();
  return (
    <>
      <DialogBody className="flex flex-col gap-4">
        <CodeBlock code={api_key} label="API key" wrap />
        <CodeBlock
          code={tryIt(window.location.origin, api_key)}
          label="Try it: who am I, by this key?"
          wrap
        />
        <p className="text-muted-foreground text-xs">
          {expires_at ? `It works until ${formatExact(expires_at)}. ` : ""}
          The{" "}
          <Link
            to="/w/$workspaceId/playground"
            params={{ workspaceId }}
            className="rounded-sm text-link underline underline-offset-2"
          >
            playground
          </Link>{" "}
          writes the call of any action in curl, Python and TypeScript.
        </p>
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button variant="primary">I have copied it</Button>
        </DialogClose>
      </DialogFooter>
    </>
  );
}

export function tryIt(origin: string, key: string): string {
  return `curl ${origin}/api/v2/auth/me \\\n  -H 'Authorization: Bearer ${key}'`;
}
