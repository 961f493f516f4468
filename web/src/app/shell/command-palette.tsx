import { useQuery } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { ArrowRight, Keyboard, LogOut, Moon, Rows3, Sun } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { toast } from "sonner";
import { listConnectionsOptions, listIntegrationsOptions, problemOf } from "@/api";
import { ServiceLogo } from "@/components/service-logo";
import {
  Command,
  CommandEmpty,
  CommandGroup,
  CommandInput,
  CommandItem,
  CommandList,
} from "@/components/ui/command";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";
import { useStore } from "@/lib/store";
import { pageCommands } from "../commands";
import { useSignOut, useWorkspace, useWorkspaces } from "../session";
import { setTheme } from "../theme";
import { featureCommands } from "./feature-commands";
import { SECTIONS } from "./navigation";
import { matching, type PaletteEntry } from "./palette-entries";
import { shortcutsOpen } from "./shortcuts-dialog";

interface PaletteProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Search and commands, with the keyboard alone. */
export function CommandPalette({ open, onOpenChange }: PaletteProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        title="Search and run commands"
        hideTitle
        className="top-[12dvh] w-[min(36rem,calc(100vw-2rem))] translate-y-0"
      >
        <Palette close={() => onOpenChange(false)} />
      </DialogContent>
    </Dialog>
  );
}

function Palette({ close }: { close: () => void }) {
  const [typed, setTyped] = useState("");
  const goTo = useGoTo();
  const own = useStore(pageCommands);
  const pages = SECTIONS.map(({ path, keys, ...section }) => ({
    ...section,
    id: path,
    shortcut: keys,
    run: () => goTo(path),
  }));
  const commands = featureCommands().map(({ path, ...command }) => ({ ...command, run: () => goTo(path) }));
  const groups = { typed, close };
  return (
    <Command label="Search and run commands" loop shouldFilter={false}>
      <CommandInput
        placeholder="Search pages, connections, integrations …"
        value={typed}
        onValueChange={setTyped}
      />
      <CommandList className="max-h-[min(26rem,60dvh)]">
        <CommandEmpty>Nothing is called that.</CommandEmpty>
        <Group heading="This page" entries={own} {...groups} />
        <Group heading="Go to" entries={pages} {...groups} />
        <Found
          typed={typed}
          open={(path) => {
            close();
            goTo(path);
          }}
        />
        <Group heading="Commands" entries={[...commands, ...useOwnCommands()]} {...groups} />
        <Group heading="Workspaces" entries={useOtherWorkspaces()} {...groups} />
      </CommandList>
    </Command>
  );
}

/** Opens a page of this workspace. */
function useGoTo(): (path: string) => void {
  const { id } = useWorkspace();
  const router = useRouter();
  return (path) => router.history.push(`/w/${id}/${path}`);
}

function useOwnCommands(): PaletteEntry[] {
  const signOut = useSignOut();
  const leave = () => void signOut().catch((error: unknown) => toast.error(problemOf(error).detail));
  return [
    { id: "light", label: "Light theme", icon: Sun, run: () => setTheme("light") },
    { id: "dark", label: "Dark theme", icon: Moon, run: () => setTheme("dark") },
    {
      id: "keys",
      label: "Keyboard shortcuts",
      icon: Keyboard,
      shortcut: "?",
      run: () => shortcutsOpen.set(true),
    },
    { id: "sign-out", label: "Sign out", keywords: ["log out", "leave"], icon: LogOut, run: leave },
  ];
}

function useOtherWorkspaces(): PaletteEntry[] {
  const current = useWorkspace();
  const navigate = useNavigate();
  const others = useWorkspaces().filter(({ id }) => id !== current.id);
  return others.map(({ id, name }) => ({
    id,
    label: name,
    icon: Rows3,
    run: () => void navigate({ to: "/w/$workspaceId/home", params: { workspaceId: id } }),
  }));
}

interface GroupProps {
  heading: string;
  entries: readonly PaletteEntry[];
  typed: string;
  close: () => void;
}

function Group({ heading, entries, typed, close }: GroupProps) {
  const found = matching(entries, typed);
  if (found.length === 0) return null;
  return (
    <CommandGroup heading={heading}>
      {found.map(({ id, label, icon: Icon = ArrowRight, shortcut, run }) => (
        <CommandItem
          key={id}
          value={`${heading} ${id}`}
          onSelect={() => {
            close();
            run();
          }}
        >
          <Icon aria-hidden />
          <span className="min-w-0 flex-1 truncate">{label}</span>
          {shortcut && <Kbd keys={shortcut} />}
        </CommandItem>
      ))}
    </CommandGroup>
  );
}

/** Connections and integrations that the gateway finds by what was typed. */
function Found({ typed, open }: { typed: string; open: (path: string) => void }) {
  const { id } = useWorkspace();
  const text = useDeferredValue(typed.trim());
  const enabled = text.length > 1;
  const connections = useQuery({
    ...listConnectionsOptions({ query: { workspace_id: id, query: text, limit: 5 } }),
    enabled,
  });
  const integrations = useQuery({
    ...listIntegrationsOptions({ query: { workspace_id: id, query: text, limit: 5 } }),
    enabled,
  });
  if (!enabled) return null;
  return (
    <>
      <Services
        heading="Connections"
        services={connections.data?.data.map((found) => ({
          slug: found.integration,
          name: found.name,
          path: `connections/${found.id}`,
        }))}
        open={open}
      />
      <Services
        heading="Integrations"
        services={integrations.data?.data.map(({ slug, name }) => ({
          slug,
          name,
          path: `integrations/${slug}`,
        }))}
        open={open}
      />
    </>
  );
}

interface ServicesProps {
  heading: string;
  services: { slug: string; name: string; path: string }[] | undefined;
  open: (path: string) => void;
}

function Services({ heading, services = [], open }: ServicesProps) {
  if (services.length === 0) return null;
  return (
    <CommandGroup heading={heading}>
      {services.map(({ slug, name, path }) => (
        <CommandItem key={path} value={path} onSelect={() => open(path)}>
          <ServiceLogo slug={slug} name={name} className="size-5" />
          <span className="truncate">{name}</span>
        </CommandItem>
      ))}
    </CommandGroup>
  );
}
