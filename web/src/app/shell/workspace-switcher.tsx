import { useNavigate } from "@tanstack/react-router";
import { ChevronsUpDown } from "lucide-react";
import { Monogram } from "@/components/monogram";
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuLabel,
  DropdownMenuRadioGroup,
  DropdownMenuRadioItem,
  DropdownMenuSeparator,
  DropdownMenuTrigger,
} from "@/components/ui/dropdown-menu";
import { cn } from "@/lib/cn";
import { useWorkspace, useWorkspaces } from "../session";

export function WorkspaceSwitcher({ folds, onNavigate }: { folds: boolean; onNavigate: () => void }) {
  const workspace = useWorkspace();
  const all = useWorkspaces();
  const navigate = useNavigate();
  function open(workspaceId: string) {
    onNavigate();
    void navigate({ to: "/w/$workspaceId/home", params: { workspaceId } });
  }
  return (
    <DropdownMenu>
      <DropdownMenuTrigger className="flex h-9 items-center gap-2 rounded-md px-1.5 hover:bg-foreground/5 data-[state=open]:bg-foreground/8">
        <Monogram name={workspace.name} className="size-6 text-xs" />
        <span className="sr-only">Workspace {workspace.name}. Change</span>
        <span
          className={cn("min-w-0 flex-1 truncate text-left font-medium", folds && "hidden lg:block")}
          aria-hidden
        >
          {workspace.name}
        </span>
        <ChevronsUpDown
          className={cn("size-3.5 shrink-0 text-muted-foreground", folds && "hidden lg:block")}
          aria-hidden
        />
      </DropdownMenuTrigger>
      <DropdownMenuContent align="start" className="w-56">
        <DropdownMenuLabel>Workspaces</DropdownMenuLabel>
        <DropdownMenuRadioGroup value={workspace.id} onValueChange={open}>
          {all.map(({ id, name }) => (
            <DropdownMenuRadioItem key={id} value={id}>
              {name}
            </DropdownMenuRadioItem>
          ))}
        </DropdownMenuRadioGroup>
        <DropdownMenuSeparator />
        <DropdownMenuItem
          onSelect={() => {
            onNavigate();
            void navigate({
              to: "/w/$workspaceId/settings/workspaces",
              params: { workspaceId: workspace.id },
            });
          }}
        >
          Manage workspaces
        </DropdownMenuItem>
      </DropdownMenuContent>
    </DropdownMenu>
  );
}
