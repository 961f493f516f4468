import { Monitor, Moon, Sun } from "lucide-react";
import { type Theme, useTheme } from "@/app/theme";
import { Card, CardContent, CardHeader } from "@/components/ui/card";
import { cn } from "@/lib/cn";

const THEMES: readonly { value: Theme; label: string; icon: typeof Sun }[] = [
  { value: "system", label: "As the system", icon: Monitor },
  { value: "light", label: "Light", icon: Sun },
  { value: "dark", label: "Dark", icon: Moon },
];

/** Light or dark; kept in this browser. */
export function ThemeCard() {
  const [theme, setTheme] = useTheme();
  return (
    <Card>
      <CardHeader title="Theme" description="In this browser." />
      <CardContent>
        <fieldset className="grid gap-2 sm:grid-cols-3">
          <legend className="sr-only">Theme</legend>
          {THEMES.map(({ value, label, icon: Icon }) => (
            <label
              key={value}
              className={cn(
                "flex h-10 cursor-pointer items-center gap-2.5 rounded-md border px-3 hover:bg-muted",
                "has-focus-visible:outline-2 has-focus-visible:outline-ring has-checked:border-ring has-checked:bg-primary-soft",
              )}
            >
              <input
                type="radio"
                name="theme"
                value={value}
                checked={theme === value}
                onChange={() => setTheme(value)}
                className="accent-primary"
              />
              <Icon className="size-4 text-muted-foreground" aria-hidden /> {label}
            </label>
          ))}
        </fieldset>
      </CardContent>
    </Card>
  );
}
