import { Keyboard, LogOut, Monitor, Moon, Sun } from "lucide-react";
import { toast } from "sonner";
import { problemOf } from "@/api";
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
import { useSession, useSignOut } from "../session";
import { type Theme, useTheme } from "../theme";
import { shortcutsOpen } from "./shortcuts-dialog";

const THEMES = [
  { value: "light", label: "Light", icon: Sun },
  { value: "dark", label: "Dark", icon: Moon },
  { value: "system", label: "As the system", icon: Monitor },
] as const;

export function UserMenu({ folds }: { folds: boolean }) {
  const { name, email } = useSession();
  const [theme, setTheme] = useTheme();
  const signOut = useSignOut();
  const shown = name ?? email ?? "You";
  return (
    <DropdownMenu>
      <DropdownMenuTrigger className="flex h-9 items-center gap-2 rounded-md px-1.5 hover:bg-foreground/5 data-[state=open]:bg-foreground/8">
        <Monogram name={shown} className="size-6 rounded-full text-xs" />
        <span className="sr-only">Account of {shown}</span>
        <span className={cn("min-w-0 flex-1 truncate text-left", folds && "hidden lg:block")} aria-hidden>
          {shown}
        </span>
      </DropdownMenuTrigger>
      <DropdownMenuContent align="start" side="top" className="w-56">
        {email && <DropdownMenuLabel className="truncate">{email}</DropdownMenuLabel>}
        <DropdownMenuSeparator />
        <DropdownMenuLabel>Theme</DropdownMenuLabel>
        <DropdownMenuRadioGroup value={theme} onValueChange={(value) => setTheme(value as Theme)}>
          {THEMES.map(({ value, label, icon: Icon }) => (
            <DropdownMenuRadioItem key={value} value={value}>
              <span className="flex items-center gap-2">
                <Icon aria-hidden /> {label}
              </span>
            </DropdownMenuRadioItem>
          ))}
        </DropdownMenuRadioGroup>
        <DropdownMenuSeparator />
        <DropdownMenuItem onSelect={() => shortcutsOpen.set(true)}>
          <Keyboard aria-hidden /> Keyboard shortcuts
        </DropdownMenuItem>
        <DropdownMenuItem
          onSelect={() => void signOut().catch((error: unknown) => toast.error(problemOf(error).detail))}
        >
          <LogOut aria-hidden /> Sign out
        </DropdownMenuItem>
      </DropdownMenuContent>
    </DropdownMenu>
  );
}
