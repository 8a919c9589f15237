// A .env file, read strictly: what is not plainly an assignment is told with its line and not guessed at. Pure.
//
// NAME=value, `export` before it is fine. In double quotes \n, \r, \t, \", \\ and \$ are escapes, in single quotes
// nothing is; both may go over several lines. Without quotes a value ends before " #". Nothing is filled in: $OTHER
// stays as it is written, and the reader is told.

export interface Entry {
  name: string;
  value: string;
}

export interface DotEnv {
  /** Each name once; the last one counts, as for the programs that read such files. */
  entries: Entry[];
  problems: string[];
}

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=[ \t]*/;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$" };

export function parseDotEnv(text: string): DotEnv {
  const entries = new Map<string, string>();
  const problems: string[] = [];
  let rest = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  let line = 1;
  const skip = (count: number) => {
    line += rest.slice(0, count).split("\n").length - 1;
    rest = rest.slice(count);
  };
  const endOfLine = () => {
    const end = rest.indexOf("\n");
    return end < 0 ? rest.length : end;
  };
  while (rest !== "") {
    const content = rest.slice(0, endOfLine());
    const head = ASSIGNMENT.exec(content);
    const [found, name] = head ?? [];
    if (found === undefined || name === undefined) {
      if (content.trim() !== "" && !content.trim().startsWith("#")) problems.push(`Line ${line} is no NAME=value.`);
      skip(content.length + 1);
      continue;
    }
    const first = line;
    skip(found.length);
    const quote = rest[0];
    if (quote !== '"' && quote !== "'") {
      const raw = rest.slice(0, endOfLine());
      const value = raw.replace(/(?:^|\s)#.*$/, "").trim();
      if (/\$[A-Za-z_{(]/.test(value)) problems.push(`Line ${first}: ${name} has a $, which is not filled in.`);
      entries.set(name, value);
      skip(raw.length + 1);
      continue;
    }
    const quoted = readQuoted(rest, quote);
    if (quoted === null) {
      problems.push(`Line ${first}: the quotation mark of ${name} is not closed.`);
      break;
    }
    skip(quoted.length);
    const behind = rest.slice(0, endOfLine());
    if (behind.trim() !== "" && !behind.trim().startsWith("#"))
      problems.push(`Line ${line}: what stands behind the value of ${name} was left out.`);
    skip(behind.length + 1);
    entries.set(name, quoted.value);
  }
  return { entries: [...entries].map(([name, value]) => ({ name, value })), problems };
}

function readQuoted(text: string, quote: string): { value: string; length: number } | null {
  let value = "";
  for (let at = 1; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === quote) return { value, length: at + 1 };
    if (char === "\\" && quote === '"' && at + 1 < text.length) {
      const next = text.charAt(++at);
      value += ESCAPES[next] ?? `\\${next}`;
    } else value += char;
  }
  return null;
}
