import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";
import { pagePaths } from "../../contract/index.ts";
import { Skeleton } from "../components/Notice.tsx";
import { NotFoundPage } from "./NotFoundPage.tsx";
import { PageBoundary } from "./PageBoundary.tsx";
import { Shell } from "./Shell.tsx";

const OverviewPage = lazy(async () => {
  const { OverviewPage: page } = await import("../pages/overview/OverviewPage.tsx");
  return { default: page };
});
const KitchenPage = lazy(async () => {
  const { KitchenPage: page } = await import("../pages/kitchen/KitchenPage.tsx");
  return { default: page };
});
const AlertsPage = lazy(async () => {
  const { AlertsPage: page } = await import("../pages/alerts/AlertsPage.tsx");
  return { default: page };
});

/** Which page stands at which address, each in a file of its own that loads when it is opened. */
export function Pages() {
  return (
    <Shell>
      <PageBoundary>
        <Suspense fallback={<Skeleton />}>
          <Switch>
            <Route path={pagePaths.overview} component={OverviewPage} />
            <Route path={pagePaths.kitchen}>
              {({ sppgId }) => <KitchenPage key={sppgId} sppgId={sppgId} />}
            </Route>
            <Route path={pagePaths.alerts} component={AlertsPage} />
            <Route component={NotFoundPage} />
          </Switch>
        </Suspense>
      </PageBoundary>
    </Shell>
  );
}
