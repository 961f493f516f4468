import type { IconButtonProps } from "@rjsf/utils";
import { ArrowDown, ArrowUp, Copy, type LucideIcon, Plus, X } from "lucide-react";
import { Button } from "../ui/button";

function iconButton(Icon: LucideIcon, label: string) {
  return function FormButton({ id, onClick, disabled }: IconButtonProps) {
    return (
      <Button
        id={id}
        variant="ghost"
        size="icon"
        onClick={onClick}
        disabled={disabled}
        aria-label={label}
        title={label}
      >
        <Icon />
      </Button>
    );
  };
}

function AddButton({ id, onClick, disabled }: IconButtonProps) {
  return (
    <Button id={id} size="sm" onClick={onClick} disabled={disabled}>
      <Plus /> Add
    </Button>
  );
}

/** Whoever shows the form brings the button that sends it. */
function SubmitButton() {
  return null;
}

export const buttons = {
  AddButton,
  SubmitButton,
  RemoveButton: iconButton(X, "Remove"),
  CopyButton: iconButton(Copy, "Copy"),
  MoveUpButton: iconButton(ArrowUp, "Move up"),
  MoveDownButton: iconButton(ArrowDown, "Move down"),
  ClearButton: iconButton(X, "Clear"),
};
