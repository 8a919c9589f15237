// What the API says about the address at which a call starts a script. An answer has all its fields, be they null.
import type { components } from "~/api/schema";

type Schemas = components["schemas"];

export type Trigger = Required<Schemas["ScriptTrigger"]>;
/** What is left out stays as it is. */
export type TriggerTerms = Schemas["TriggerWish"];
export type Anew = Exclude<Schemas["What"], "both">;
