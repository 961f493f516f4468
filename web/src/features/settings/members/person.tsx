import { Monogram } from "@/components/monogram";
import { Badge } from "@/components/ui/badge";

interface PersonProps {
  name: string | null;
  email: string | null;
  isSelf: boolean;
}

/** A person in a list: name before address. */
export function Person({ name, email, isSelf }: PersonProps) {
  const shown = name ?? email ?? "Somebody";
  return (
    <div className="flex min-w-0 items-center gap-2.5">
      <Monogram name={shown} className="size-7 rounded-full" />
      <div className="min-w-0 leading-tight">
        <p className="flex items-center gap-1.5">
          <span className="truncate font-medium">{shown}</span>
          {isSelf && <Badge className="h-4">You</Badge>}
        </p>
        {name && email && <p className="truncate text-muted-foreground text-xs">{email}</p>}
      </div>
    </div>
  );
}
