// A box to choose something with. Half set where only some of what it stands for is.
import { type ComponentProps, useEffect, useRef } from "react";
import { cn } from "~/lib/cn";

interface CheckboxProps extends Omit<ComponentProps<"input">, "type" | "ref"> {
  half?: boolean;
}

export function Checkbox({ half = false, className, ...rest }: CheckboxProps) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.indeterminate = half;
  }, [half]);
  return <input ref={box} type="checkbox" className={cn("block size-3.5 accent-(--accent)", className)} {...rest} />;
}
