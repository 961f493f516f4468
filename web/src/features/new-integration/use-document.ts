import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { type ImportOutput, type Problem, problemOf } from "@/api";
import { useWorkspace } from "@/app/session";
import { runImport, type Source } from "./run-import";

/** A document that was read without changing anything. */
export interface ReadDocument {
  source: Source;
  report: ImportOutput;
}

export interface DocumentReader {
  read: ReadDocument | undefined;
  busy: boolean;
  problem: Problem | undefined;
  /** Without a slug, it is that of the document's name. */
  open: (source: Source, slug: string | undefined) => void;
  close: () => void;
}

/** Reads documents: a trial of the import tells what it would make. */
export function useDocument(): DocumentReader {
  const { organization_id } = useWorkspace();
  const [read, setRead] = useState<ReadDocument>();
  const { mutate, reset, isPending, error } = useMutation({
    mutationFn: ({ source, slug }: { source: Source; slug: string | undefined }) =>
      runImport(source, { organization_id, slug, dry_run: true }),
    onSuccess: (report, { source }) => setRead({ source, report }),
  });
  return {
    read,
    busy: isPending,
    problem: error ? problemOf(error) : undefined,
    open: (source, slug) => mutate({ source, slug }),
    close: () => {
      reset();
      setRead(undefined);
    },
  };
}
