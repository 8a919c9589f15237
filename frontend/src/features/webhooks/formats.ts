// What a webhook can speak, whom it reaches with that, and where such an address comes from. Pure.
import type { Format, HookEvent } from "./contract";

interface FormatAbout {
  format: Format;
  name: string;
  /** What is sent, in a sentence. */
  means: string;
  /** Where to get an address. */
  where: string;
  /** What such an address looks like. */
  example: string;
}

export const FORMATS: readonly FormatAbout[] = [
  {
    format: "generic",
    name: "JSON",
    means: "The event with its run and its script, as JSON: for your own programs and for automation tools.",
    where:
      "The address of whatever is to receive it, such as a workflow of n8n, Zapier or Make, or a program of yours.",
    example: "https://example.org/hooks/pytask",
  },
  {
    format: "slack",
    name: "Slack",
    means: "A message in a Slack channel. Mattermost and Rocket.Chat understand it too.",
    where:
      "In Slack: your app › Incoming Webhooks › Add New Webhook to Workspace, choose the channel, copy the address.",
    example: "https://hooks.slack.com/services/T000/B000/XXXX",
  },
  {
    format: "discord",
    name: "Discord",
    means: "A message in a Discord channel.",
    where: "In Discord: the channel's settings › Integrations › Webhooks › New Webhook › Copy Webhook URL.",
    example: "https://discord.com/api/webhooks/000/XXXX",
  },
  {
    format: "ntfy",
    name: "ntfy",
    means: "A push message on phones and desktops that listen to a topic of ntfy.",
    where:
      "Choose a topic that nobody guesses, subscribe to it in the ntfy app, and write its address here: server, slash, topic.",
    example: "https://ntfy.sh/my-secret-topic",
  },
  {
    format: "teams",
    name: "Microsoft Teams",
    means: "A card in a Teams channel.",
    where:
      "In Teams: the channel › Workflows › “Send webhook alerts to a channel”, then copy the address that it shows.",
    example: "https://prod-00.westeurope.logic.azure.com/workflows/…",
  },
  {
    format: "template",
    name: "Own template",
    means: "Exactly what you write, with values of the event filled in: for everything else.",
    where: "What the receiver wants stands in its documentation; write a body of that shape below.",
    example: "https://example.org/api/messages",
  },
];

const [GENERIC] = FORMATS as readonly [FormatAbout];

export const aboutFormat = (format: Format): FormatAbout => FORMATS.find((each) => each.format === format) ?? GENERIC;

const HOSTS: readonly [RegExp, Format][] = [
  [/^hooks\.slack(-gov)?\.com$/, "slack"],
  [/(^|\.)discord(app)?\.com$/, "discord"],
  [/^ntfy\.|\.ntfy\./, "ntfy"],
  [/\.(webhook\.office|logic\.azure|api\.powerplatform)\.com$/, "teams"],
];

/** What an address most likely wants to hear; null where it does not tell. */
export function formatOf(address: string): Format | null {
  try {
    const { hostname } = new URL(address.trim());
    return HOSTS.find(([host]) => host.test(hostname))?.[1] ?? null;
  } catch {
    return null;
  }
}

export const EVENTS: readonly { event: HookEvent; name: string; means: string }[] = [
  { event: "failed", name: "Failed", means: "A run ended without success, and nobody had cancelled it." },
  { event: "recovered", name: "Recovered", means: "The first success after failures." },
  {
    event: "finished",
    name: "Finished",
    means: "A run ended, however. Where Failed or Recovered says more, that is told instead.",
  },
  { event: "skipped", name: "Skipped", means: "A run that was due did not start, and will not." },
  {
    event: "late",
    name: "Late",
    means: "A run that a schedule wanted started too late; how late that is stands under Delivery in Settings.",
  },
];

export const eventName = (event: HookEvent | "test"): string =>
  event === "test" ? "Test" : (EVENTS.find((each) => each.event === event)?.name ?? event);

/** In the order in which they are listed, whatever order they were chosen in. */
export const sortedEvents = (events: readonly HookEvent[]): HookEvent[] =>
  EVENTS.map((each) => each.event).filter((event) => events.includes(event));
