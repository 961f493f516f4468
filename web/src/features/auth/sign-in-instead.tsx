import { Link } from "@tanstack/react-router";

/** For those who have an account already. */
export function SignInInstead({ words = "Have an account?" }: { words?: string }) {
  return (
    <>
      {words}{" "}
      <Link to="/sign-in" className="text-link underline underline-offset-4">
        Sign in
      </Link>
    </>
  );
}
