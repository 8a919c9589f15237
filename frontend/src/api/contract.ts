// Shapes of the API that the generated document does not hold yet. What is here goes away once it does.

/** How much of the past is kept. `null`: as the level above says, in the end the default; 0: no bound. */
export interface Retention {
  max_age_days: number | null;
  /** Per script. */
  max_runs: number | null;
  /** Logs and artifacts together: of all runs, or in a script's own settings of its runs. */
  max_bytes: number | null;
}

export interface WithRetention {
  retention?: Partial<Retention>;
}

/** Set on a run that retention must never remove. */
export interface Keepable {
  kept?: boolean;
}
