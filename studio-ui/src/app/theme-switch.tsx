import { SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { Icon } from "../ui/icon";

const CHOICES = [
  { value: "light", icon: "sun", word: "Light" },
  { value: "dark", icon: "moon", word: "Dark" },
  { value: "auto", icon: "screen", word: "As the system" },
] as const;

export function ThemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <SegmentedControl
      aria-label="Theme"
      size="xs"
      value={colorScheme}
      onChange={(value) => setColorScheme(value as typeof colorScheme)}
      data={CHOICES.map(({ value, icon, word }) => ({
        value,
        label: (
          <span title={word} style={{ display: "block", lineHeight: 0 }}>
            <Icon name={icon} size={14} />
            <span className="visually-hidden">{word}</span>
          </span>
        ),
      }))}
    />
  );
}
