/** A file among an action's parameters, as the API takes it in JSON. */
export interface FileValue {
  filename: string;
  content_type?: string;
  base64?: string;
  content_base64?: string;
  size?: number;
}

/** As much as fits into a request of JSON, which base64 makes larger by a third. */
export const MAX_FILE_BYTES = 18_000_000;

export class FileTooLarge extends Error {}

/** A file's content in base64. Raises FileTooLarge. */
export async function base64Of(file: File): Promise<string> {
  if (file.size > MAX_FILE_BYTES) {
    throw new FileTooLarge(
      "The file is too large to be sent from here: 18 MB at most. The API takes larger ones.",
    );
  }
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("The file could not be read."));
    reader.readAsDataURL(file);
  });
  return url.slice(url.indexOf(",") + 1);
}

/** How many bytes a text in base64 stands for. */
export function bytesOfBase64(text: string): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return Math.floor((text.length * 3) / 4) - padding;
}
