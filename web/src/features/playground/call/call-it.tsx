import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useWorkspace } from "@/app/session";
import { CodeBlock } from "@/components/code-block";
import { EmptyState } from "@/components/empty-state";
import { Button } from "@/components/ui/button";
import type { Asked } from "../request/execution";
import { splitFiles } from "../request/file-parts";
import { curlOf, pythonOf, typescriptOf } from "./snippets";

const LANGUAGES = [
  { name: "curl", write: curlOf },
  { name: "Python", write: pythonOf },
  { name: "TypeScript", write: typescriptOf },
] as const;

/** The same from a program, with an API key. */
export function CallIt({ asked }: { asked: Asked | undefined }) {
  const [chosen, setChosen] = useState<(typeof LANGUAGES)[number]>(LANGUAGES[0]);
  const { id: workspaceId } = useWorkspace();
  if (!asked) return <EmptyState title="Choose an action first" />;
  const { files } = splitFiles(asked.parameters);
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <fieldset className="flex gap-1" aria-label="Language">
        {LANGUAGES.map((language) => (
          <Button
            key={language.name}
            size="sm"
            variant={language === chosen ? "secondary" : "ghost"}
            aria-pressed={language === chosen}
            onClick={() => setChosen(language)}
          >
            {language.name}
          </Button>
        ))}
      </fieldset>
      <CodeBlock code={chosen.write(asked, location.origin)} label={chosen.name} className="max-w-full" />
      <p className="text-muted-foreground text-xs">
        It reads the key from <code>PORTWAY_API_KEY</code>.{" "}
        <Link to="/w/$workspaceId/api-keys" params={{ workspaceId }} className="text-link underline">
          Make an API key
        </Link>
        {files.length > 0 && <> Files are read from the directory that it runs in.</>}
      </p>
    </div>
  );
}
