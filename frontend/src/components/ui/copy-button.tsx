// Copies a text and says so where it was pressed. Where the browser forbids it, it says that, too.
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { toast } from "sonner";
import { Button, IconButton } from "./button";

const SAID_MS = 2000;

interface CopyButtonProps {
  text: string;
  /** What is copied: "Copy the address". */
  label: string;
  /** With its word, where it is the thing to do. */
  word?: boolean;
  onCopied?: () => void;
}

export function CopyButton({ text, label, word, onCopied }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      onCopied?.();
    } catch {
      toast.error("The browser does not allow copying here", { description: "Select the text and copy it by hand." });
    }
  };
  const icon = copied ? <Check aria-hidden className="text-ok" /> : <Copy aria-hidden />;
  return (
    <>
      {word ? (
        <Button size="sm" aria-label={label} onClick={() => void copy()}>
          {icon} {copied ? "Copied" : "Copy"}
        </Button>
      ) : (
        <IconButton label={label} onClick={() => void copy()}>
          {icon}
        </IconButton>
      )}
      <span role="status" className="sr-only">
        {copied ? "Copied" : ""}
      </span>
    </>
  );
}
