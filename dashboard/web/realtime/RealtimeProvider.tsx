import { type ReactNode, use, useEffect, useState } from "react";
import { createRealtime, type RealtimeSource } from "./create-realtime.ts";
import { RealtimeContext } from "./useRealtimeSource.ts";

/**
 * Connected for as long as it stands on the page; within another one it is that one's. Sign-out
 * takes it away with all that it knows. Without a `source` it makes its own.
 */
export function RealtimeProvider(props: { source?: RealtimeSource; children: ReactNode }) {
  const above = use(RealtimeContext);
  return above === null ? <Connected {...props} /> : props.children;
}

function Connected({ source, children }: { source?: RealtimeSource; children: ReactNode }) {
  const [made] = useState<RealtimeSource>(() => source ?? createRealtime());
  useEffect(() => {
    made.connection.start();
    return () => made.connection.stop();
  }, [made]);
  return <RealtimeContext value={made}>{children}</RealtimeContext>;
}
