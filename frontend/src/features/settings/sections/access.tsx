// Tokens for programs and for other machines.
export { AccessPanel as Section } from "~/features/access/access-panel";
