// The zone whose clocks count: any that the server knows, the viewer's own first.
import { useQuery } from "@tanstack/react-query";
import { Combobox } from "~/components/ui/combobox";
import { Field } from "~/components/ui/field";
import { zonesQuery } from "./requests";
import { searchZones, viewerZone } from "./zoned";

interface ZoneFieldProps {
  value: string;
  onChange: (zone: string) => void;
  label?: string;
  hint?: string;
  error?: string | null | undefined;
  className?: string;
}

export function ZoneField({ value, onChange, label = "Time zone", hint, error, className }: ZoneFieldProps) {
  const { data: zones = [] } = useQuery(zonesQuery);
  const own = viewerZone();
  return (
    <Field label={label} hint={hint} error={error} {...(className ? { className } : {})}>
      {(control) => (
        <Combobox
          {...control}
          label={label}
          value={value}
          onChange={onChange}
          search={(typed) => searchZones(zones, typed, [own, "UTC"])}
          note={(zone) => (zone === own ? "yours" : null)}
        />
      )}
    </Field>
  );
}
