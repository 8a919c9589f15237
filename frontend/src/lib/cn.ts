// Joins class names. Variants are written so that no two classes of one element set the same property,
// so nothing needs to be merged at run time.
import { type ClassValue, clsx } from "clsx";

export const cn = (...parts: ClassValue[]): string => clsx(parts);
