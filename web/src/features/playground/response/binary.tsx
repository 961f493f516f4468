import { Download, FileText } from "lucide-react";
import { useMemo } from "react";
import { Button } from "@/components/ui/button";
import { formatBytes } from "@/lib/format";
import { isObject } from "../json-value";
import { blobOf } from "../request/file-parts";

interface Binary {
  base64: string;
  contentType: string;
  filename: string;
}

/** A file as the gateway writes it into JSON. */
export function binaryOf(value: unknown): Binary | undefined {
  if (!isObject(value)) return undefined;
  const { base64, content_type, filename, size } = value;
  if (typeof base64 !== "string" || typeof content_type !== "string" || typeof size !== "number")
    return undefined;
  return {
    base64,
    contentType: content_type,
    filename: typeof filename === "string" ? filename : "response.bin",
  };
}

export function Base64File({ base64, contentType, filename }: Binary) {
  const blob = useMemo(() => blobOf({ base64, contentType }), [base64, contentType]);
  const picture = /^image\/(png|jpeg|gif|webp)$/.test(contentType);
  return (
    <div className="flex flex-col gap-3">
      <BlobFile blob={blob} filename={filename} />
      {picture && (
        <img
          src={`data:${contentType};base64,${base64}`}
          alt={filename}
          className="max-h-80 max-w-full self-start rounded-md border"
        />
      )}
    </div>
  );
}

export function BlobFile({ blob, filename }: { blob: Blob; filename: string }) {
  return (
    <div className="flex items-center gap-3 rounded-md border p-3">
      <FileText className="size-5 shrink-0 text-muted-foreground" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{filename}</p>
        <p className="truncate text-muted-foreground text-xs">
          {formatBytes(blob.size)} {blob.type}
        </p>
      </div>
      <Button onClick={() => save(blob, filename)}>
        <Download /> Download
      </Button>
    </div>
  );
}

function save(blob: Blob, filename: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
