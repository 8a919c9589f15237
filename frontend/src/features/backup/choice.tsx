// A box with its words.
import { useId } from "react";
import { Checkbox } from "~/components/ui/checkbox";

interface ChoiceProps {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

export function Choice({ label, checked, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <span className="flex items-center gap-2 text-sm">
      <Checkbox id={id} checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <label htmlFor={id}>{label}</label>
    </span>
  );
}
