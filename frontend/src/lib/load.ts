// Parts of the interface that are loaded when needed. A load that fails is tried again: the network of a machine that
// starts containers drops requests now and then.
const PAUSES_MS = [200, 1000];

export async function load<T>(part: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await part();
    } catch (error) {
      const pause = PAUSES_MS[attempt];
      if (pause === undefined) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
