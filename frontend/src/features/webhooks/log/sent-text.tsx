// Headers and a body as they went over the wire: text, whatever is in it. JSON is set out to be read.
import { TextBlock } from "~/components/ui/text-block";
import type { SentRequest } from "../contract";
import { readable } from "../words";

interface SentTextProps {
  /** "Body", "Request" */
  label: string;
  headers?: SentRequest["headers"];
  body: string;
  /** Before the headers: "POST https://…". */
  line?: string;
}

export function SentText({ label, headers, body, line }: SentTextProps) {
  const names = Object.entries(headers ?? {});
  return (
    <TextBlock label={label} copies={body} className="max-h-72">
      {line ? <span className="block font-medium text-ink">{line}</span> : null}
      {names.map(([name, value]) => (
        <span key={name} className="block text-ink-3">
          {name}: {value}
        </span>
      ))}
      {line || names.length > 0 ? "\n" : null}
      {body === "" ? <span className="text-ink-3">(empty)</span> : readable(body)}
    </TextBlock>
  );
}
