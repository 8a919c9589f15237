// One variable in a list that is edited: its name, its value or that there is one, whether it is secret, what it is for.
import { Trash2 } from "lucide-react";
import { useId, useState } from "react";
import { Button, IconButton } from "~/components/ui/button";
import { Caution } from "~/components/ui/caution";
import { Checkbox } from "~/components/ui/checkbox";
import { CodeInput, Input } from "~/components/ui/field";
import { type Row, remarkOf, replacing, toggled } from "./draft";
import { ValueField } from "./value-field";

interface VariableRowProps {
  row: Row;
  problem: string | null;
  onChange: (row: Row) => void;
  onRemove: () => void;
}

export function VariableRow({ row, problem, onChange, onRemove }: VariableRowProps) {
  const [asked, setAsked] = useState(false);
  const box = useId();
  const remark = problem ? null : remarkOf(row);
  const called = row.name.trim() || "the new variable";
  const kept = row.stored?.secret && !row.stored.to_be_entered;
  return (
    <li className="px-4 py-3" data-variable={row.name}>
      <div className="grid items-start gap-x-3 gap-y-2 sm:grid-cols-[minmax(0,11rem)_minmax(0,1fr)_auto]">
        {kept && row.value === null ? (
          <code className="num block truncate py-1.5 text-ink text-sm" title={row.name}>
            {row.name}
          </code>
        ) : (
          <CodeInput
            aria-label={`Name of ${called}`}
            aria-invalid={problem !== null}
            placeholder="NAME"
            value={row.name}
            readOnly={Boolean(kept)}
            onChange={(event) => onChange({ ...row, name: event.target.value })}
          />
        )}
        {row.value === null ? (
          <div className="flex h-8 items-center gap-2">
            <span role="img" aria-label={`${called} has a value that is not shown`} className="num text-ink-3">
              ••••••••
            </span>
            <Button
              size="sm"
              aria-label={`Replace ${called}`}
              onClick={() => {
                setAsked(true);
                onChange(replacing(row, true));
              }}
            >
              Replace
            </Button>
          </div>
        ) : (
          <div className="flex items-start gap-2">
            <ValueField
              label={`Value of ${called}`}
              value={row.value}
              hidden={row.secret}
              focus={asked}
              placeholder={row.secret ? "not shown again once it is saved" : "value"}
              onChange={(value) => onChange({ ...row, value })}
            />
            {kept && row.secret ? (
              <Button size="sm" look="quiet" className="h-8" onClick={() => onChange(replacing(row, false))}>
                Keep the old one
              </Button>
            ) : null}
          </div>
        )}
        <div className="flex h-8 items-center gap-2">
          <label htmlFor={box} className="flex h-8 cursor-pointer items-center gap-1.5 text-ink-2 text-sm">
            <Checkbox
              id={box}
              aria-label={`${called} is a secret`}
              checked={row.secret}
              onChange={(event) => onChange(toggled(row, event.target.checked))}
            />
            Secret
          </label>
          <IconButton label={`Remove ${called}`} onClick={onRemove}>
            <Trash2 />
          </IconButton>
        </div>
        <Input
          aria-label={`What ${called} is for`}
          placeholder="What it is for"
          className="sm:col-span-2 sm:col-start-1"
          maxLength={500}
          value={row.description}
          onChange={(event) => onChange({ ...row, description: event.target.value })}
        />
      </div>
      {problem ? (
        <p role="alert" className="mt-1.5 text-fail text-xs">
          {problem}
        </p>
      ) : null}
      {remark ? <Caution className="mt-1.5 text-xs">{remark}</Caution> : null}
    </li>
  );
}
