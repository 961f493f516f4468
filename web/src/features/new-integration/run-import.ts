import {
  fetchWithSession,
  type ImportIntegrationData,
  type ImportOutput,
  importIntegration,
  problemOf,
} from "@/api";

/** Where a document is. */
export type Source =
  | { kind: "file"; file: File }
  | { kind: "url"; url: string }
  | { kind: "text"; text: string };

/** What to import it as. */
export type ImportOptions = Omit<ImportIntegrationData["body"], "url" | "document">;

/** Imports, or with `dry_run` tells what would be. Throws a Problem. */
export async function runImport(source: Source, options: ImportOptions): Promise<ImportOutput> {
  if (source.kind === "file") return upload(source.file, options);
  const place = source.kind === "url" ? { url: source.url } : { document: source.text };
  return (await importIntegration({ body: { ...options, ...place }, throwOnError: true })).data;
}

/** A file goes as it is: it may be larger than a JSON body. */
async function upload(file: File, options: ImportOptions): Promise<ImportOutput> {
  const form = new FormData();
  form.append("request", new Blob([JSON.stringify(options)], { type: "application/json" }));
  form.append("document", file, file.name);
  const response = await sent(form);
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw problemOf(answer, response);
  return answer as ImportOutput;
}

async function sent(form: FormData): Promise<Response> {
  try {
    return await fetchWithSession("/api/v2/integrations/import", { method: "POST", body: form });
  } catch (error) {
    throw problemOf(error);
  }
}
