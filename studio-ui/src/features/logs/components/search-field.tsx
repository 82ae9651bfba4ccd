import { Button, TextInput } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import type { Sought } from "../../../api/types";
import { Icon } from "../../../ui/icon";
import { SoughtMarks } from "../../../ui/log-view/sought-marks";
import { soughtOf } from "../model/sought";
import styles from "./search-field.module.css";

/** Asks for what is searched for in all logs; the answer is an address. */
export function SearchField() {
  const search = useSearch({ from: "/logs" });
  const navigate = useNavigate({ from: "/logs" });
  const { q = "", regex, sensitive } = search;
  const [sought, setSought] = useState<Sought>(soughtOf(search));
  useEffect(() => setSought({ text: q, regex: regex ?? false, sensitive: sensitive ?? false }), [q, regex, sensitive]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { text } = sought;
    const marks = {
      ...(sought.regex && { regex: true as const }),
      ...(sought.sensitive && { sensitive: true as const }),
    };
    void navigate({ search: text === "" ? {} : { q: text, ...marks } });
  };
  return (
    <search className={styles.search} aria-label="All logs">
      <form className={styles.form} onSubmit={submit}>
        <TextInput
          type="search"
          size="xs"
          className={styles.field ?? ""}
          aria-label="Search the logs of all runs"
          placeholder="Search the logs of all runs"
          leftSection={<Icon name="search" size={14} />}
          value={sought.text}
          onChange={(event) => setSought({ ...sought, text: event.currentTarget.value })}
        />
        <SoughtMarks sought={sought} onChange={setSought} />
        <Button type="submit" size="xs" variant="default" disabled={sought.text === "" && q === ""}>
          Search
        </Button>
      </form>
    </search>
  );
}
