/** Warnings: what is asked of them, and ordered. By hand is only what the studio's description says more loosely than it is. */

import { queryOptions } from "@tanstack/react-query";
import { deleteJson, getJson, pollEvery, postJson, putJson, segment } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

/** What a rule raised, as it now stands. */
export type Warning = Schemas["Warning"];
export type Warnings = Schemas["WarningList"];
export type Severity = Warning["severity"];
/** When a rule holds; what may be left out in asking is there in answers. */
export type Condition = Filled<Schemas["Condition"]>;
export type MetricCondition = Extract<Condition, { kind: "metric" }>;
export type Rule = Omit<Schemas["Rule"], "when"> & { when: Condition };
export type RuleAsked = Omit<Rule, "id">;
export type Security = Schemas["MailSecurity"];
export type Target = Schemas["TargetAsked"];
export type ShownTarget = Schemas["ShownTarget"];
export type ChannelAsked = Schemas["ChannelAsked"];
export type Channel = Schemas["ShownChannel"];
export type Silence = Schemas["Silence"];
export type SilenceAsked = Schemas["SilenceAsked"];
export type Delivery = Schemas["Delivery"];
export type Deliveries = Schemas["DeliveryList"];
export type PreviewRange = Schemas["PreviewRange"];
export type Preview = Schemas["Preview"];
/** A time in which a rule would have fired. */
export type WouldFire = Schemas["Firing"];

/** What has a meaning of its own where it is absent. */
type MayLack = "clear" | "factor";
type Filled<T> = T extends unknown ? Required<Omit<T, MayLack>> & Pick<T, Extract<keyof T, MayLack>> : never;

/** Changes come by frames; this is for a page without a line. */
const REFRESH_MS = 15_000;
/** How often a preview of the last hour, and of longer, is asked for again. */
const PREVIEW_HOUR_MS = 10_000;
const PREVIEW_MS = 60_000;
/** Deliveries that are asked for. */
const MOST_DELIVERIES = 100;

export const warningKeys = {
  all: ["warnings"],
  list: ["warnings", "list"],
  rules: ["warnings", "rules"],
  channels: ["warnings", "channels"],
  silences: ["warnings", "silences"],
  deliveries: ["warnings", "deliveries"],
  preview: (rule: RuleAsked, range: PreviewRange) => ["warning preview", rule, range],
} as const;

/** What fires, what may soon, and what lately did. */
export const warningsQuery = queryOptions({
  queryKey: warningKeys.list,
  queryFn: ({ signal }) => getJson<Warnings>("/api/warnings", signal),
  refetchInterval: pollEvery(REFRESH_MS),
});

export const rulesQuery = queryOptions({
  queryKey: warningKeys.rules,
  queryFn: ({ signal }) => getJson<Rule[]>("/api/warnings/rules", signal),
});

export const channelsQuery = queryOptions({
  queryKey: warningKeys.channels,
  queryFn: ({ signal }) => getJson<Channel[]>("/api/warnings/channels", signal),
  refetchInterval: pollEvery(REFRESH_MS),
});

export const silencesQuery = queryOptions({
  queryKey: warningKeys.silences,
  queryFn: ({ signal }) => getJson<Silence[]>("/api/warnings/silences", signal),
  refetchInterval: pollEvery(REFRESH_MS),
});

export const deliveriesQuery = queryOptions({
  queryKey: warningKeys.deliveries,
  queryFn: ({ signal }) => getJson<Deliveries>(`/api/warnings/deliveries?limit=${MOST_DELIVERIES}`, signal),
  refetchInterval: pollEvery(REFRESH_MS),
});

/** When a rule would have fired in a time that has passed. */
export function previewQuery(rule: RuleAsked, range: PreviewRange) {
  return queryOptions({
    queryKey: warningKeys.preview(rule, range),
    queryFn: ({ signal }) => postJson<Preview>("/api/warnings/preview", { rule, range }, signal),
    // The past goes on while somebody looks at it.
    refetchInterval: range === "hour" ? PREVIEW_HOUR_MS : PREVIEW_MS,
    staleTime: PREVIEW_HOUR_MS,
    gcTime: 30_000,
    retry: false,
  });
}

/** A rule that is new, or in the place of the one with this id. */
export function saveRule(rule: RuleAsked, id?: string): Promise<Rule> {
  return id === undefined ? postJson("/api/warnings/rules", rule) : putJson(`/api/warnings/rules/${segment(id)}`, rule);
}

export function deleteRule(id: string): Promise<unknown> {
  return deleteJson(`/api/warnings/rules/${segment(id)}`);
}

/** A channel that is new, or in the place of the one with this id; secrets that are absent stay. */
export function saveChannel(channel: ChannelAsked, id?: string): Promise<Channel> {
  return id === undefined
    ? postJson("/api/warnings/channels", channel)
    : putJson(`/api/warnings/channels/${segment(id)}`, channel);
}

export function deleteChannel(id: string): Promise<unknown> {
  return deleteJson(`/api/warnings/channels/${segment(id)}`);
}

/** Sends a message that says that it is a test; what came of it is the answer, also where it failed. */
export function testChannel(id: string): Promise<Delivery> {
  return postJson(`/api/warnings/channels/${segment(id)}/test`);
}

export function silence(asked: SilenceAsked): Promise<Silence> {
  return postJson("/api/warnings/silences", asked);
}

export function endSilence(id: string): Promise<unknown> {
  return deleteJson(`/api/warnings/silences/${segment(id)}`);
}
