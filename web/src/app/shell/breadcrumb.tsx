import { Link } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import { Fragment } from "react";
import { useStore } from "@/lib/store";
import { trail } from "../page-title";
import { useWorkspace } from "../session";

export function Breadcrumb() {
  const { id, name } = useWorkspace();
  const { title, parents } = useStore(trail);
  return (
    <nav aria-label="Breadcrumb" className="min-w-0 flex-1 overflow-hidden">
      <ol className="flex min-w-0 items-center gap-1.5 text-muted-foreground">
        <li className="hidden max-w-48 min-w-10 truncate sm:block">
          <Link
            to="/w/$workspaceId/home"
            params={{ workspaceId: id }}
            className="rounded-sm hover:text-foreground"
          >
            {name}
          </Link>
        </li>
        {parents.map(({ label, link }) => (
          <Fragment key={label}>
            <Separator />
            <li className="max-w-64 min-w-10 truncate">
              <Link {...link} className="rounded-sm hover:text-foreground">
                {label}
              </Link>
            </li>
          </Fragment>
        ))}
        <Separator first={parents.length === 0} />
        <li className="min-w-10 shrink-[2] truncate text-foreground" aria-current="page">
          {title}
        </li>
      </ol>
    </nav>
  );
}

function Separator({ first = false }: { first?: boolean }) {
  return (
    <li aria-hidden className={first ? "hidden sm:block" : undefined}>
      <ChevronRight className="size-3.5" />
    </li>
  );
}
