import { Link } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { Kbd } from "@/components/ui/kbd";
import { cn } from "@/lib/cn";
import { useWorkspace } from "../session";
import { SECTIONS } from "./navigation";
import { UserMenu } from "./user-menu";
import { WorkspaceSwitcher } from "./workspace-switcher";

interface SidebarProps {
  /** Icons alone, where the window is not wide enough for words. */
  folds?: boolean;
  onNavigate: () => void;
  onSearch: () => void;
}

const ROW = "flex h-8 items-center gap-2.5 rounded-md px-2 text-sm [&_svg]:size-4 [&_svg]:shrink-0";

export function Sidebar({ folds = false, onNavigate, onSearch }: SidebarProps) {
  const { id: workspaceId } = useWorkspace();
  const word = cn("min-w-0 flex-1 truncate text-left", folds && "hidden lg:block");
  return (
    <div className={cn("flex h-full flex-col gap-3 p-2", folds ? "lg:px-3" : "px-3")}>
      <WorkspaceSwitcher folds={folds} onNavigate={onNavigate} />
      <button
        type="button"
        onClick={() => {
          onNavigate();
          onSearch();
        }}
        className={cn(
          ROW,
          "border bg-card text-muted-foreground hover:text-foreground",
          folds && "max-lg:border-transparent max-lg:bg-transparent",
        )}
      >
        <Search aria-hidden />
        <span className="sr-only">Search and run commands</span>
        <span className={word} aria-hidden>
          Search
        </span>
        <span className={cn(folds && "hidden lg:inline-flex")} aria-hidden>
          <Kbd keys="mod+k" />
        </span>
      </button>
      <nav aria-label="Main" className="flex-1 overflow-y-auto">
        <ul className="flex flex-col gap-0.5">
          {SECTIONS.map(({ label, to, icon: Icon }) => (
            <li key={label}>
              <Link
                to={to}
                params={{ workspaceId }}
                onClick={onNavigate}
                title={folds ? label : undefined}
                aria-label={label}
                className={cn(
                  ROW,
                  "text-muted-foreground hover:bg-foreground/5 hover:text-foreground",
                  "data-[status=active]:bg-foreground/8 data-[status=active]:font-medium data-[status=active]:text-foreground",
                )}
              >
                <Icon aria-hidden />
                <span className={word}>{label}</span>
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <UserMenu folds={folds} />
    </div>
  );
}
