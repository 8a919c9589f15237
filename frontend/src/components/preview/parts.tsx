// How a file of a script is shown. A script made it, so nothing of it is trusted: text is shown as text, Markdown
// without HTML, pictures as pictures, and pages in a frame that may run nothing and knows nothing of the page around it.
import { ExternalLink } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { buttonClass } from "~/components/ui/button";
import { Empty, SkeletonRows } from "~/components/ui/panel";
import { formatBytes } from "~/lib/format";
import { load } from "~/lib/load";
import { type Preview, prettyJson } from "./preview";

const CsvView = lazy(() => load(() => import("./csv-view")));
const MarkdownView = lazy(() => load(() => import("./markdown-view")));

export type TextHow = "text" | "csv" | "json" | "markdown";

interface ShownProps {
  path: string;
  /** Where the file is served to be looked at, sandboxed. */
  src: string;
}

export function NoPreview({ size, preview }: { size: number; preview: Extract<Preview, { how: "none" }> }) {
  if (preview.why === "too_large")
    return (
      <Empty title="Too large to preview">
        It has {formatBytes(size)}; up to {formatBytes(preview.most)} are shown here. Download it to look at it.
      </Empty>
    );
  if (preview.why === "empty") return <Empty title="The file is empty" />;
  return <Empty title="There is no preview for this kind of file">Download it to look at it.</Empty>;
}

export function Picture({ path, src }: ShownProps) {
  const [failed, setFailed] = useState(false);
  const [size, setSize] = useState<string | null>(null);
  if (failed)
    return <Empty title="The picture could not be shown">It may be damaged. Download it to look at it.</Empty>;
  return (
    <figure>
      <div className="flex min-h-48 items-center justify-center bg-[repeating-conic-gradient(var(--sunken)_0_25%,var(--panel)_0_50%)] bg-[length:16px_16px] p-4">
        <img
          src={src}
          alt={path}
          onError={() => setFailed(true)}
          onLoad={(event) => setSize(`${event.currentTarget.naturalWidth} × ${event.currentTarget.naturalHeight}`)}
          className="max-h-[70vh] max-w-full object-contain"
        />
      </div>
      <figcaption className="num h-8 border-line border-t px-4 py-2 text-ink-3 leading-4">{size}</figcaption>
    </figure>
  );
}

export function Framed({ path, src }: ShownProps) {
  return (
    <div>
      {/* An empty sandbox: no scripts, no forms, no origin of ours. */}
      <iframe sandbox="" src={src} title={path} referrerPolicy="no-referrer" className="h-[70vh] w-full bg-[white]" />
      <p className="border-line border-t px-4 py-2 text-ink-3 text-xs">
        Shown in a closed frame: its scripts do not run, and it loads nothing from elsewhere.
      </p>
    </div>
  );
}

/** No browser's own viewer works inside a sandbox, and a PDF in an open frame would not be closed off. */
export const InATab = ({ src }: Pick<ShownProps, "src">) => (
  <Empty
    title="A PDF is shown in a tab of its own"
    action={
      <a href={src} target="_blank" rel="noreferrer" className={buttonClass()}>
        <ExternalLink aria-hidden /> Open in a new tab
      </a>
    }
  >
    The browser's viewer does not work in the closed frame in which files of scripts are shown here.
  </Empty>
);

export const TextPreview = ({ how, text }: { how: TextHow; text: string }) => (
  <Suspense fallback={<SkeletonRows rows={4} height={28} />}>{shown(how, text)}</Suspense>
);

function shown(how: TextHow, text: string): ReactNode {
  if (how === "csv") return <CsvView text={text} />;
  if (how === "markdown") return <MarkdownView text={text} />;
  if (how === "text") return <Plain text={text} />;
  const pretty = prettyJson(text);
  return (
    <>
      {pretty === null ? (
        <p className="border-line border-b px-4 py-2 text-skip text-xs">
          This is not valid JSON; it is shown as it is.
        </p>
      ) : null}
      <Plain text={pretty ?? text} />
    </>
  );
}

const Plain = ({ text }: { text: string }) => (
  <pre
    // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll it.
    tabIndex={0}
    className="max-h-[70vh] overflow-auto bg-sunken px-4 py-3 font-mono text-[12.5px] leading-5 outline-offset-[-2px]"
  >
    {text}
  </pre>
);
