/** Under which the person's own sessions are cached. */
export const ownSessionsKey = ["own-sessions"] as const;
