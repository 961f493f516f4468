import { toast } from "sonner";
import { Button, type ButtonProps } from "./ui/button";
import { Tooltip } from "./ui/tooltip";

/** Whether something may be done here, and if not, why. */
export interface Right {
  allowed: boolean;
  why?: string;
}

interface GuardedButtonProps extends ButtonProps, Right {}

/** A button for what not everybody may do: it stays where it is, and says why it does nothing. */
export function GuardedButton({ allowed, why, onClick, ...props }: GuardedButtonProps) {
  if (allowed) return <Button onClick={onClick} {...props} />;
  return (
    <Tooltip content={why}>
      {/* Touch screens have no hover, so a tap says it as well. */}
      <Button {...props} aria-disabled onClick={() => why && toast.info(why, { id: why })} />
    </Tooltip>
  );
}
