// Variables and secrets that every script gets.
import { GlobalVariablesPanel } from "~/features/variables/global-variables-panel";

export const Section = GlobalVariablesPanel;
