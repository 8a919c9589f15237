// What the API says about access tokens, and about who asks. An answer has all its fields, be they null.
import type { components } from "~/api/schema";

type Schemas = components["schemas"];

export type Scope = Schemas["Scope"];
export type Token = Required<Schemas["Token"]>;
export type MadeToken = Token & { token: string };
export type NewToken = Schemas["NewToken"];
export type Session = Required<Omit<Schemas["SessionView"], "who">> & { who: Required<Schemas["Who"]> | null };
