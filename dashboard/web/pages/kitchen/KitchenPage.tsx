/** One kitchen; mounted anew for another one. */
export function KitchenPage({ sppgId }: { sppgId: string }) {
  return <h1>{sppgId}</h1>;
}
