import { Button } from "@mantine/core";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { serverClock } from "../../../lib/clock";
import { type Fixed, fixedBetween, localMoment, type Range, stretchOf } from "../../../lib/trends/range";
import styles from "./trend-tools.module.css";

type RangeFormProps = { range: Range; onChoose: (fixed: Fixed) => void; onClose: () => void };

/** From one moment to another, in the time of this computer; filled in with what is shown. */
export function RangeForm({ range, onChoose, onClose }: RangeFormProps) {
  const [shown] = useState(() => stretchOf(range, serverClock.now()));
  const [from, setFrom] = useState(() => localMoment(shown.from));
  const [to, setTo] = useState(() => localMoment(shown.to));
  const [wrong, setWrong] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const said = useId();
  const [opener] = useState(() => document.activeElement);
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  const back = () => {
    if (opener instanceof HTMLElement) opener.focus();
  };
  const choose = (event: FormEvent) => {
    event.preventDefault();
    const [begin, end] = [Date.parse(from), Date.parse(to)];
    const fixed = begin < end ? fixedBetween(begin, end) : undefined;
    setWrong(fixed === undefined);
    if (fixed === undefined) return;
    back();
    onChoose(fixed);
  };
  const close = () => {
    back();
    onClose();
  };
  const field = { type: "datetime-local", step: 1, "aria-invalid": wrong, ...(wrong && { "aria-describedby": said }) };
  return (
    <form
      ref={form}
      aria-label="From one moment to another"
      className={styles.form}
      noValidate
      onSubmit={choose}
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      <label>
        From
        <input {...field} value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
      </label>
      <label>
        To
        <input {...field} value={to} onChange={(event) => setTo(event.currentTarget.value)} />
      </label>
      <span className={styles.buttons}>
        <Button type="submit">Show</Button>
        <Button variant="default" onClick={close}>
          Leave it
        </Button>
      </span>
      {wrong && (
        <p id={said} role="alert">
          The end has to be three seconds after the begin, or more.
        </p>
      )}
    </form>
  );
}
