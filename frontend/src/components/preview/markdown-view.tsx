// Markdown that a script wrote. Raw HTML stays text, pictures are named and not fetched, links leave for a new tab.
import Markdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

const COMPONENTS: Components = {
  img: ({ alt, src }) => (
    <span className="text-ink-3" title={typeof src === "string" ? src : undefined}>
      [picture{alt ? `: ${alt}` : ""}]
    </span>
  ),
  a: ({ href, children }) =>
    href && /^(https?:|mailto:)/i.test(href) ? (
      <a href={href} target="_blank" rel="noopener noreferrer">
        {children}
      </a>
    ) : (
      <span>{children}</span>
    ),
};

const MarkdownView = ({ text }: { text: string }) => (
  <div className="markdown max-h-[70vh] overflow-auto px-6 py-4">
    <Markdown remarkPlugins={[remarkGfm]} components={COMPONENTS}>
      {text}
    </Markdown>
  </div>
);

export default MarkdownView;
