// Names of packages that may be built from source. A wheel is only unpacked; building runs the package's own code.
import { Field, Input } from "~/components/ui/field";

interface SourceFieldProps {
  text: string;
  onChange: (text: string) => void;
  error: string | null;
}

export const SourceField = ({ text, onChange, error }: SourceFieldProps) => (
  <div className="border-line border-t px-4 py-3">
    <Field
      label="Build from source"
      error={error}
      hint="Names, with commas. For packages that come as source only: building them runs their code, in the build's container. All others are taken as wheels, which run nothing."
    >
      {(control) => (
        <Input
          {...control}
          spellCheck={false}
          autoComplete="off"
          placeholder="none"
          className="font-mono"
          value={text}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  </div>
);
