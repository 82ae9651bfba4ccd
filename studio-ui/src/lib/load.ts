/**
 * Fetches code of the page that is loaded when first needed, and asks again when it does not come: browsers cut what is on its
 * way whenever an interface of the machine comes or goes, as each container of a job makes one do.
 */
export async function load<T>(code: () => Promise<T>, waits: readonly number[] = [200, 1000]): Promise<T> {
  for (const millis of waits) {
    try {
      return await code();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, millis));
    }
  }
  return code();
}
