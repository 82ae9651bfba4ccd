import { Button, type ButtonProps } from "@mantine/core";
import type { ComponentPropsWithRef, MouseEvent } from "react";

type PendingButtonProps = ButtonProps &
  Omit<ComponentPropsWithRef<"button">, keyof ButtonProps> & {
    /** What it asked for is on its way. */
    pending: boolean;
    /** Why it is not for whoever looks at it, where that is so. */
    barred?: string | undefined;
  };

/** A button that waits for what it asked for: no second press counts, and the keyboard stays, which leaves a disabled one. */
export function PendingButton({ pending, barred, onClick, title, disabled, ...props }: PendingButtonProps) {
  return (
    <Button
      {...props}
      title={barred ?? title}
      disabled={barred !== undefined || disabled === true}
      aria-disabled={pending || undefined}
      {...(pending && { "data-disabled": true })}
      onClick={(event: MouseEvent<HTMLButtonElement>) => {
        if (pending) event.preventDefault();
        else onClick?.(event);
      }}
    />
  );
}
