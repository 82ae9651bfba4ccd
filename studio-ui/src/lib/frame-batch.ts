/** Joins many changes into one drawing: the next animation frame, or a timer where none comes, as in a hidden tab. */

const HIDDEN_MS = 250;

export function frameBatch(run: () => void): () => void {
  let pending = false;
  return () => {
    if (pending) return;
    pending = true;
    const once = () => {
      if (!pending) return;
      pending = false;
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      run();
    };
    const frame = requestAnimationFrame(once);
    const timer = setTimeout(once, HIDDEN_MS);
  };
}
