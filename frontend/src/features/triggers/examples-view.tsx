// How the address is called, and how the script reads what a call brought.
import { useState } from "react";
import { Segmented } from "~/components/ui/segmented";
import { TextBlock } from "~/components/ui/text-block";
import { callWithBody, plainCall, READ_BODY, signedCall } from "./examples";

interface ExamplesProps {
  address: string;
  signed: boolean;
  /** The address is known in full. */
  complete: boolean;
}

type Which = "call" | "body" | "script";

export function Examples({ address, signed, complete }: ExamplesProps) {
  const [which, setWhich] = useState<Which>("call");
  const call = signed ? signedCall(address) : which === "body" ? callWithBody(address) : plainCall(address);
  const text = which === "script" ? READ_BODY : call;
  return (
    <section aria-label="Examples" className="border-line border-t px-4 py-3 text-sm">
      <Segmented<Which>
        label="Example"
        value={signed && which === "body" ? "call" : which}
        onChange={setWhich}
        options={[
          { value: "call", label: signed ? "Signed call" : "Call" },
          ...(signed ? [] : [{ value: "body" as const, label: "With a body" }]),
          { value: "script", label: "In the script" },
        ]}
      />
      <div className="mt-2">
        <TextBlock lines label="Example" copies={text}>
          {text}
        </TextBlock>
      </div>
      <p className="mt-1.5 text-ink-3 text-xs">
        {which === "script"
          ? "The body of the call is a file while the run lasts; its type is in PYTASK_TRIGGER_CONTENT_TYPE."
          : complete
            ? "The answer is 202 with the run's id. A body may have up to 1 MiB."
            : "Put the whole address in place of the shortened one. The answer is 202 with the run's id."}
      </p>
    </section>
  );
}
