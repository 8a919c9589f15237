// An act on many scripts, sent in parts so that its progress can be told. A part that the server did not answer ends it:
// what came before is done, the rest was not tried.
import type { BulkAction, BulkFailure, BulkResult } from "../../contract";

export const BATCH = 25;

export interface Progress {
  total: number;
  /** Done or refused. */
  over: number;
  done: readonly string[];
  failed: readonly BulkFailure[];
}

export interface Ended extends Progress {
  /** Why it ended early. */
  error: unknown;
}

export async function inBatches(
  ids: readonly string[],
  action: BulkAction,
  send: (ids: readonly string[], action: BulkAction) => Promise<BulkResult>,
  onProgress: (progress: Progress) => void,
): Promise<Ended> {
  let progress: Progress = { total: ids.length, over: 0, done: [], failed: [] };
  onProgress(progress);
  for (let at = 0; at < ids.length; at += BATCH) {
    const part = ids.slice(at, at + BATCH);
    try {
      const { done, failed } = await send(part, action);
      progress = {
        ...progress,
        over: at + part.length,
        done: [...progress.done, ...done],
        failed: [...progress.failed, ...failed],
      };
      onProgress(progress);
    } catch (error) {
      return { ...progress, error };
    }
  }
  return { ...progress, error: null };
}
