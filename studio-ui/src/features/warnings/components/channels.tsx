import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import {
  type Channel,
  type ChannelAsked,
  channelsQuery,
  deleteChannel,
  saveChannel,
  testChannel,
} from "../../../api/warnings";
import { useBarred } from "../../../lib/use-session";
import { EmptyNote, ErrorNote, LoadingNote } from "../../../ui/notes";
import { FRESH_CHANNEL, filledChannel, switched } from "../model/channel-form";
import { editButtonOf } from "../row-of";
import { useChange } from "../use-change";
import { ChannelForm } from "./channel-form";
import { ChannelRow } from "./channel-row";
import { Deliveries } from "./deliveries";
import styles from "./now.module.css";

/** Where warnings are sent, whether that worked, and a form for one of them. */
export function Channels() {
  const query = useQuery(channelsQuery);
  const barred = useBarred("rules");
  const [open, setOpen] = useState<"new" | Channel | undefined>(undefined);
  const add = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const switching = useChange(({ id, asked }: { id: string; asked: ChannelAsked }) => saveChannel(asked, id));
  const remove = useChange(deleteChannel, () => add.current?.focus());
  const test = useChange(testChannel);
  const close = () => {
    const edited = open;
    setOpen(undefined);
    if (typeof edited !== "object") add.current?.focus();
    else editButtonOf(list.current, "channel", edited.id)?.focus();
  };
  if (query.data === undefined) {
    return query.error ? (
      <ErrorNote title="The channels could not be read." error={query.error} onRetry={() => void query.refetch()} />
    ) : (
      <LoadingNote what="channels" />
    );
  }
  const channels = query.data;
  const pending = switching.isPending || remove.isPending;
  return (
    <div className={styles.now}>
      <section aria-label="Channels" className={styles.group}>
        <div className={styles.head}>
          <h2>Sent to</h2>
          <Button
            ref={add}
            size="compact-sm"
            variant="default"
            disabled={barred !== undefined}
            title={barred}
            aria-expanded={open === "new"}
            onClick={() => setOpen(open === "new" ? undefined : "new")}
          >
            New channel
          </Button>
          {barred && <span className="dim">{barred}</span>}
        </div>
        {open !== undefined && (
          <ChannelForm
            key={typeof open === "object" ? open.id : open}
            title={typeof open === "object" ? `Change ${open.name}` : "New channel"}
            before={typeof open === "object" ? filledChannel(open) : FRESH_CHANNEL}
            shown={typeof open === "object" ? open.target : undefined}
            onSave={(asked) => saveChannel(asked, typeof open === "object" ? open.id : undefined)}
            onClose={close}
          />
        )}
        {switching.error && <ErrorNote title="The channel could not be changed." error={switching.error} />}
        {remove.error && <ErrorNote title="The channel could not be deleted." error={remove.error} />}
        {test.error && <ErrorNote title="The test could not be sent." error={test.error} />}
        {channels.length === 0 ? (
          <EmptyNote title="There is no channel yet.">
            <p className="dim">Warnings are seen here alone. A channel sends them on: a webhook, Slack, e-mail.</p>
          </EmptyNote>
        ) : (
          <ul className={styles.list} aria-label="Channels" ref={list}>
            {channels.map((channel) => (
              <ChannelRow
                key={channel.id}
                channel={channel}
                barred={barred}
                pending={pending}
                testing={test.isPending}
                tested={test.variables === channel.id ? test.data : undefined}
                onTest={() => test.mutate(channel.id)}
                onEdit={() => setOpen(channel)}
                onSwitch={() => switching.mutate({ id: channel.id, asked: switched(channel) })}
                onDelete={() => remove.mutate(channel.id)}
              />
            ))}
          </ul>
        )}
      </section>
      <Deliveries channels={channels} />
    </div>
  );
}
