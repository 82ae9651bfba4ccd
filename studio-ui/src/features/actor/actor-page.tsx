import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { giveOrder, isUnknownHere, journalQuery, type OrderBody } from "../../api/inside-queries";
import { sessionQuery } from "../../api/queries";
import type { ActorRecord } from "../../api/types";
import { barredFrom } from "../../lib/roles";
import { useLook } from "../../lib/use-live";
import { usePastReason } from "../../lib/use-moment";
import { ActorFacts, Metadata } from "../../ui/actor-facts";
import { ActorLink } from "../../ui/actor-link";
import type { Lever } from "../../ui/levers";
import { Name } from "../../ui/name";
import { EmptyNote, ErrorNote, LoadingNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import { StateWord } from "../../ui/state-word";
import { Tabs } from "../../ui/tabs";
import styles from "./actor-page.module.css";
import { Children } from "./components/children";
import { Journal } from "./components/journal";
import { Levers } from "./components/levers";
import { type Given, OrderResultView } from "./components/order-result";
import { StateView } from "./components/state-view";
import { Messages, Traffic } from "./components/traffic";
import { type ActorTab, TABS } from "./model/tabs";
import { useActor } from "./use-actor";

type ActorPageProps = {
  /** What a product knows of the actor: the run that it carries out, say. */
  links?: (actor: ActorRecord) => ReactNode;
};

/** Everything about one actor: how it does, whom it talks to, what happened to it, and what can be ordered of it. */
export function ActorPage({ links }: ActorPageProps) {
  const { id } = useParams({ from: "/actors/$id" });
  const { actor, error, retry } = useActor(id);
  useLook(id);
  return (
    <Page
      title={id}
      aside={
        actor && (
          <span className={styles.aside}>
            <StateWord state={actor.status} />
            <Name of={actor.type} />
          </span>
        )
      }
      actions={<Link to="/actors">All actors</Link>}
    >
      {error && (
        <Panel label="What went wrong">
          <ErrorNote title="The actor could not be read." error={error} onRetry={retry} />
        </Panel>
      )}
      {actor === undefined && !error && (
        <Panel label="The actor">
          <LoadingNote what="the actor" />
        </Panel>
      )}
      {actor === null && <Gone id={id} />}
      {actor && <Known key={id} actor={actor} links={links} />}
    </Page>
  );
}

/** What happened to it may still be known. */
function Gone({ id }: { id: string }) {
  const { error } = useInfiniteQuery(journalQuery(id));
  return (
    <>
      <Panel label="The actor">
        <EmptyNote title="The studio does not know this actor.">
          <p className="dim">It has ended, or it has not reported yet.</p>
        </EmptyNote>
      </Panel>
      {!isUnknownHere(error) && (
        <Panel label="Journal" head={<h2>Journal</h2>}>
          <Journal id={id} />
        </Panel>
      )}
    </>
  );
}

function Known({ actor, links }: { actor: ActorRecord; links: ActorPageProps["links"] }) {
  const { id } = actor;
  const session = useQuery(sessionQuery);
  const role = session.data?.role ?? undefined;
  const past = usePastReason();
  const barred = past ?? barredFrom(role);
  const [given, setGiven] = useState<Given | undefined>(undefined);
  const order = useMutation({
    mutationFn: ({ lever, body }: { lever: Lever; body: OrderBody | undefined }) => giveOrder(id, lever.order, body),
    onMutate: () => setGiven(undefined),
    onSuccess: (result, { lever }) => setGiven({ title: lever.title, result }),
    onError: (error, { lever }) => setGiven({ title: lever.title, error }),
  });
  return (
    <>
      <Levers
        actor={actor}
        role={role}
        past={past}
        pending={order.isPending}
        onOrder={(lever, body) => order.mutate({ lever, body })}
      />
      {given && <OrderResultView given={given} onClose={() => setGiven(undefined)} />}
      <div className={styles.columns}>
        <div className={styles.main}>
          <Traffic id={id} />
          <Views actor={actor} barred={barred} />
        </div>
        <Panel label="About" className={styles.about} head={<h2>About</h2>}>
          <div className={styles.facts}>
            {links?.(actor)}
            <ActorFacts actor={actor} link={(to) => <ActorLink id={to} />} />
            <h3>Metadata</h3>
            <Metadata metadata={actor.metadata} />
          </div>
        </Panel>
      </div>
    </>
  );
}

const TITLES: Record<ActorTab, string> = {
  journal: "Journal",
  messages: "Messages",
  state: "State",
  children: "Children",
};

function Views({ actor, barred }: { actor: ActorRecord; barred: string | undefined }) {
  const { tab = "journal" } = useSearch({ from: "/actors/$id" });
  const navigate = useNavigate({ from: "/actors/$id" });
  const open = (next: ActorTab) =>
    void navigate({
      search: ({ tab: _, ...rest }) => (next === "journal" ? rest : { ...rest, tab: next }),
      replace: true,
    });
  return (
    <Panel label="What is known of it">
      <Tabs label="Views of the actor" tabs={TABS.map((key) => ({ key, title: TITLES[key] }))} open={tab} onOpen={open}>
        {tab === "journal" && <Journal id={actor.id} />}
        {tab === "messages" && <Messages id={actor.id} />}
        {tab === "state" && (
          <StateView id={actor.id} shows={actor.controls?.orders.includes("snapshot") ?? false} barred={barred} />
        )}
        {tab === "children" && <Children id={actor.id} />}
      </Tabs>
    </Panel>
  );
}
