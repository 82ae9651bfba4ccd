import { Button } from "@mantine/core";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { serverClock } from "../../../lib/clock";
import { localMoment } from "../../../lib/trends/range";
import { PendingButton } from "../../../ui/pending-button";
import { ownUntil, QUIET_WORDS, QUIETS, type Quiet, quietUntil } from "../model/quiet";
import styles from "./silence.module.css";

type SilenceProps = {
  /** What is kept quiet, as it is said aloud. */
  spoken: string;
  barred: string | undefined;
  pending: boolean;
  /** Until when, in milliseconds since 1970. */
  onSilence: (until: number) => void;
};

/** Keeps something quiet for a while: the button asks for how long. */
export function Silence({ spoken, barred, pending, onSilence }: SilenceProps) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const choose = (until: number) => {
    close();
    onSilence(until);
  };
  return (
    <>
      <PendingButton
        ref={button}
        size="compact-sm"
        variant="default"
        barred={barred}
        pending={pending}
        aria-label={`Silence ${spoken}`}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        Silence
      </PendingButton>
      {isOpen && <HowLong spoken={spoken} onChoose={choose} onClose={close} />}
    </>
  );
}

type HowLongProps = { spoken: string; onChoose: (until: number) => void; onClose: () => void };

function HowLong({ spoken, onChoose, onClose }: HowLongProps) {
  const [own, setOwn] = useState<string | undefined>(undefined);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.querySelector("button")?.focus(), []);
  const take = (quiet: Quiet) => {
    const now = serverClock.now();
    if (quiet === "own") setOwn((before) => (before === undefined ? localMoment(quietUntil("1h", now)) : undefined));
    else onChoose(quietUntil(quiet, now));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame of its own.
    <div
      role="group"
      aria-label={`Silence ${spoken} for`}
      className={styles.howLong}
      ref={place}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <span className="dim">Quiet for</span>
      {QUIETS.map((quiet) => (
        <Button
          key={quiet}
          size="compact-sm"
          variant="default"
          {...(quiet === "own" && { "aria-expanded": own !== undefined })}
          onClick={() => take(quiet)}
        >
          {QUIET_WORDS[quiet]}
        </Button>
      ))}
      <Button size="compact-sm" variant="subtle" color="gray" onClick={onClose}>
        Leave it
      </Button>
      {own !== undefined && <OwnTime value={own} onChange={setOwn} onChoose={onChoose} />}
    </div>
  );
}

type OwnTimeProps = { value: string; onChange: (value: string) => void; onChoose: (until: number) => void };

function OwnTime({ value, onChange, onChoose }: OwnTimeProps) {
  const [wrong, setWrong] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const said = useId();
  useEffect(() => input.current?.focus(), []);
  const choose = (event: FormEvent) => {
    event.preventDefault();
    const until = ownUntil(value, serverClock.now());
    setWrong(until === undefined);
    if (until !== undefined) onChoose(until);
  };
  return (
    <form className={styles.own} noValidate onSubmit={choose}>
      <label>
        Until{" "}
        <input
          ref={input}
          type="datetime-local"
          step={1}
          aria-invalid={wrong}
          aria-describedby={wrong ? said : undefined}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      </label>
      <Button size="compact-sm" type="submit">
        Silence
      </Button>
      {wrong && (
        <p id={said} role="alert">
          The end has to be a moment that is still to come.
        </p>
      )}
    </form>
  );
}
