/**
 * Whoever was handed a command for a device, another broker or a cluster, and has not said by then
 * what became of it, may have taken it still. Pages wait longer for their answer.
 */
export const commandMsMax = 5_000;
