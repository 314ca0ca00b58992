import { type ReactNode, useEffect } from "react";
import type { RealtimeSource } from "./create-realtime.ts";
import { RealtimeContext } from "./useRealtimeSource.ts";

/** Connected for as long as it stands on the page. */
export function RealtimeProvider(props: { source: RealtimeSource; children: ReactNode }) {
  const { source, children } = props;
  useEffect(() => {
    source.connection.start();
    return () => source.connection.stop();
  }, [source]);
  return <RealtimeContext value={source}>{children}</RealtimeContext>;
}
