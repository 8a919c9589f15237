// A line of arguments as a POSIX shell splits it into words, without what a shell would do beyond that: no variables,
// no patterns, no comments. The server splits the commands of an imported crontab by the same rules. Pure.

export type Split = { words: string[] } | { problem: string };

export function splitLine(line: string): Split {
  const words: string[] = [];
  let word: string | null = null;
  let quote: "'" | '"' | null = null;
  for (let i = 0; i < line.length; i++) {
    const sign = line.charAt(i);
    const next = line[i + 1];
    if (quote === "'") {
      if (sign === "'") quote = null;
      else word += sign;
    } else if (quote === '"') {
      if (sign === '"') quote = null;
      else if (sign === "\\" && next !== undefined && '\\"$`\n'.includes(next)) {
        if (next !== "\n") word += next;
        i++;
      } else word += sign;
    } else if (sign === "'" || sign === '"') {
      quote = sign;
      word ??= "";
    } else if (sign === "\\") {
      if (next === undefined) return { problem: "It ends with a backslash that stands before nothing." };
      if (next !== "\n") word = (word ?? "") + next;
      i++;
    } else if (/\s/.test(sign)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + sign;
  }
  if (quote) return { problem: `A quotation mark (${quote}) is not closed.` };
  if (word !== null) words.push(word);
  return { words };
}

/** A line that `splitLine` takes apart into these words again. */
export const joinWords = (words: readonly string[]): string => words.map(quoted).join(" ");

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
