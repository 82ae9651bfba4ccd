import { CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";

type WordFieldProps = {
  label: string;
  placeholder: string;
  value: string | undefined;
  icon?: React.ReactNode;
  className?: string | undefined;
  onChange: (value: string | undefined) => void;
};

/** A list is asked for once somebody pauses. */
const PAUSE_MS = 250;

/** A word that runs are filtered by. What is typed is the address's a moment later; what the address says by itself is shown. */
export function WordField({ label, placeholder, value = "", icon, className, onChange }: WordFieldProps) {
  const [typed, setTyped] = useState({ text: value, of: value });
  // The address went elsewhere, and not by what was typed here.
  if (typed.of !== value && typed.text.trim() !== value) setTyped({ text: value, of: value });
  const say = useDebouncedCallback((text: string) => onChange(text.trim() || undefined), PAUSE_MS);
  const change = (text: string) => {
    setTyped({ text, of: value });
    say(text);
  };
  return (
    <TextInput
      size="xs"
      aria-label={label}
      placeholder={placeholder}
      className={className ?? ""}
      leftSection={icon}
      rightSection={typed.text && <CloseButton size="sm" aria-label={`Clear: ${label}`} onClick={() => change("")} />}
      value={typed.text}
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
}
