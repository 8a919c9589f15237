// The scripts: those there are, or those in the trash. Everything that is asked for is in the address.
import { useSearch } from "@tanstack/react-router";
import { ScriptsView } from "./scripts-view";
import { TrashView } from "./trash/trash-view";

export const ScriptsPage = () => (useSearch({ from: "/scripts" }).trash ? <TrashView /> : <ScriptsView />);
