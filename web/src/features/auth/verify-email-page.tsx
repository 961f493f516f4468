import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import { verifyEmailMutation } from "@/api";
import { InlineError } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { AuthFrame } from "./auth-frame";
import { useLinkToken } from "./link-token";
import { Note } from "./note";

/** A press of the button, not opening the page, confirms: programs that look through mails open links, too. */
export function VerifyEmailPage() {
  const token = useLinkToken();
  const verify = useMutation(verifyEmailMutation());
  return (
    <AuthFrame title="Confirm your address">
      {!token && <Note tone="danger">This address lacks its token. Open the whole link of the mail.</Note>}
      {verify.isSuccess ? (
        <>
          <p className="flex items-center gap-2">
            <CircleCheck className="size-4 text-success" aria-hidden /> Your address is confirmed.
          </p>
          <Button variant="primary" size="lg" asChild>
            <Link to="/">Go on</Link>
          </Button>
        </>
      ) : (
        token && (
          <>
            <InlineError error={verify.error} outside />
            <Button
              variant="primary"
              size="lg"
              busy={verify.isPending}
              onClick={() => verify.mutate({ body: { token } })}
            >
              Confirm
            </Button>
          </>
        )
      )}
    </AuthFrame>
  );
}
