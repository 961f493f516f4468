import { type ComponentProps, useState } from "react";
import { Revealable } from "./revealable";
import { Input } from "./ui/input";

/** A password, which whoever enters it may look at. */
export function PasswordInput(props: Omit<ComponentProps<"input">, "type">) {
  const [shown, setShown] = useState(false);
  return (
    <Revealable what="the password" revealed={shown} onChange={setShown}>
      <Input {...props} type={shown ? "text" : "password"} className="pr-9" spellCheck={false} />
    </Revealable>
  );
}
