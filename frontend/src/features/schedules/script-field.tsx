// Which script a new schedule is for.
import { useInfiniteQuery } from "@tanstack/react-query";
import { scriptsQuery } from "~/api/queries";
import { Combobox } from "~/components/ui/combobox";
import { Field } from "~/components/ui/field";

interface ScriptFieldProps {
  /** The script's id; empty while none is chosen. */
  value: string;
  onChange: (id: string) => void;
}

export function ScriptField({ value, onChange }: ScriptFieldProps) {
  const { data } = useInfiniteQuery(scriptsQuery(""));
  const scripts = data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Field label="Script">
      {(control) => (
        <Combobox
          {...control}
          label="Script"
          placeholder="Choose a script"
          value={scripts.find((script) => script.id === value)?.name ?? ""}
          onChange={(name) => onChange(scripts.find((script) => script.name === name)?.id ?? "")}
          search={(typed) =>
            scripts.map((script) => script.name).filter((name) => name.toLowerCase().includes(typed.toLowerCase()))
          }
        />
      )}
    </Field>
  );
}
