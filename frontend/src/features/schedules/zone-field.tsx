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
  /** While none is chosen. */
  placeholder?: string;
  /** Something beside it says what it is. */
  hideLabel?: boolean;
  error?: string | null | undefined;
  className?: string;
}

export function ZoneField({
  value,
  onChange,
  label = "Time zone",
  hint,
  placeholder,
  hideLabel,
  error,
  className,
}: ZoneFieldProps) {
  const { data: zones = [] } = useQuery(zonesQuery);
  const own = viewerZone();
  const box = (control: object) => (
    <Combobox
      {...control}
      label={label}
      value={value}
      onChange={onChange}
      {...(placeholder ? { placeholder } : {})}
      search={(typed) => searchZones(zones, typed, [own, "UTC"])}
      note={(zone) => (zone === own ? "yours" : null)}
    />
  );
  if (hideLabel) return <div className={className}>{box({})}</div>;
  return (
    <Field label={label} hint={hint} error={error} {...(className ? { className } : {})}>
      {box}
    </Field>
  );
}
