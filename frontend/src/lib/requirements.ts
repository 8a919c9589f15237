// Requirements as lines of text (PEP 508), as far as the name of their package goes. Pure.
/** Names that differ only in case and in `-`, `_`, `.` are one package. */
export const normalName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, "-");

/** "requests[socks]>=2" → "requests" */
export const nameOf = (requirement: string): string => /^\s*[A-Za-z0-9][\w.-]*/.exec(requirement)?.[0].trim() ?? "";

export const withoutPackage = (requirements: readonly string[], name: string): string[] =>
  requirements.filter((line) => normalName(nameOf(line)) !== normalName(name));

/** The list with this package; one that is there already stays as it is asked for. */
export const withPackage = (requirements: readonly string[], name: string): string[] =>
  requirements.some((line) => normalName(nameOf(line)) === normalName(name))
    ? [...requirements]
    : [...requirements, name];

/** The list with the package that was meant at this place; if another line asks for it, that one is enough. */
export const withMended = (requirements: readonly string[], index: number, name: string): string[] =>
  requirements.some((line) => normalName(nameOf(line)) === normalName(name))
    ? requirements.toSpliced(index, 1)
    : requirements.map((line, at) =>
        at === index ? line.replace(/^(\s*)[A-Za-z0-9][\w.-]*/, (_, blanks: string) => blanks + name) : line,
      );
