// The five places of the product, in the order of the sidebar, and the key that jumps there after `g`.
import type { LinkProps } from "@tanstack/react-router";
import { CalendarClock, FileCode2, LayoutDashboard, type LucideIcon, Rows3, Settings } from "lucide-react";

export interface Place {
  name: string;
  to: NonNullable<LinkProps["to"]>;
  key: string;
  icon: LucideIcon;
}

export const PLACES: readonly Place[] = [
  { name: "Dashboard", to: "/", key: "d", icon: LayoutDashboard },
  { name: "Scripts", to: "/scripts", key: "s", icon: FileCode2 },
  { name: "Runs", to: "/runs", key: "r", icon: Rows3 },
  { name: "Scheduler", to: "/scheduler", key: "c", icon: CalendarClock },
  { name: "Settings", to: "/settings", key: ",", icon: Settings },
];
