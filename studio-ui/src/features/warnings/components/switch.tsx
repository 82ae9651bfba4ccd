import styles from "./now.module.css";

type SwitchProps = {
  label: string;
  isOn: boolean;
  barred: string | undefined;
  pending: boolean;
  onSwitch: () => void;
};

/** On or off. While a change is on its way it takes no other, and the keyboard stays. */
export function Switch({ label, isOn, barred, pending, onSwitch }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={isOn}
      aria-label={label}
      aria-disabled={pending || undefined}
      disabled={barred !== undefined}
      title={barred}
      className={styles.switch}
      onClick={() => !pending && onSwitch()}
    >
      <span aria-hidden className={styles.knob} />
      <span aria-hidden>{isOn ? "on" : "off"}</span>
    </button>
  );
}
