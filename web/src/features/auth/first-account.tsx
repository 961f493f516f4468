import { Link } from "@tanstack/react-router";
import { Button } from "@/components/ui/button";
import { Note } from "./note";

/** While there is no account, and whoever is here may make it. */
export function FirstAccount() {
  return (
    <Button variant="primary" size="lg" asChild>
      <Link to="/set-up">Make the first account</Link>
    </Button>
  );
}

/** While there is no account, where only the operator may make it. */
export function FirstByLink() {
  return (
    <Note>
      There is no account yet. Open the link that <code>portway up</code> printed to make the first one.
    </Note>
  );
}
