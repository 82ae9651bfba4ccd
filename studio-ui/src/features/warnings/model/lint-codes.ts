/** The lints that there are, by the codes of `server/src/lints`. */
export const LINT_CODES: readonly string[] = [
  "ask_cycle",
  "blocked_arbiter",
  "dead_letters",
  "growing_mailbox",
  "panicked_and_gone",
  "restart_storm",
  "stale_process",
  "stuck_handler",
  "too_many_of_one_type",
];
