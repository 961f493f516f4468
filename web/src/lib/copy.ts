import { toast } from "sonner";

/** Puts the text on the clipboard. Answers whether it could. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await (navigator.clipboard ? navigator.clipboard.writeText(text) : copyBySelection(text));
    return true;
  } catch {
    toast.error("The browser did not let it be copied. Select it and copy it by hand.");
    return false;
  }
}

/** Outside a secure context (plain HTTP at another address than this machine's) there is no other way. */
async function copyBySelection(text: string): Promise<void> {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr-only";
  // Inside an open window, which keeps the focus to itself.
  (document.querySelector("[role=dialog][data-state=open]") ?? document.body).append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("not copied");
}
