import { lazy, Suspense } from "react";
import { Redirect, Route, Switch, useRoute } from "wouter";
import { pagePaths } from "../../contract/index.ts";
import { Skeleton } from "../components/Notice.tsx";
import { useSession } from "../session/SessionProvider.tsx";
import { NotFoundPage } from "./NotFoundPage.tsx";
import { PageBoundary } from "./PageBoundary.tsx";
import { Shell } from "./Shell.tsx";
import { WallBoundary } from "./WallBoundary.tsx";

const OverviewPage = lazy(async () => {
  const { OverviewPage: page } = await import("../pages/overview/OverviewPage.tsx");
  return { default: page };
});
const KitchenPage = lazy(async () => {
  const { KitchenPage: page } = await import("../pages/kitchen/KitchenPage.tsx");
  return { default: page };
});
const FleetPage = lazy(async () => {
  const { FleetPage: page } = await import("../pages/fleet/FleetPage.tsx");
  return { default: page };
});
const AlertsPage = lazy(async () => {
  const { AlertsPage: page } = await import("../pages/alerts/AlertsPage.tsx");
  return { default: page };
});
const RulesPage = lazy(async () => {
  const { RulesPage: page } = await import("../pages/rules/RulesPage.tsx");
  return { default: page };
});
const StockPage = lazy(async () => {
  const { StockPage: page } = await import("../pages/stock/StockPage.tsx");
  return { default: page };
});
const DevicesPage = lazy(async () => {
  const { DevicesPage: page } = await import("../pages/devices/DevicesPage.tsx");
  return { default: page };
});

const AccountPage = lazy(async () => {
  const { AccountPage: page } = await import("../pages/account/AccountPage.tsx");
  return { default: page };
});
const AdminPage = lazy(async () => {
  const { AdminPage: page } = await import("../pages/admin/AdminPage.tsx");
  return { default: page };
});
const WallPage = lazy(async () => {
  const { WallPage: page } = await import("../pages/wall/WallPage.tsx");
  return { default: page };
});
const ScreensPage = lazy(async () => {
  const { ScreensPage: page } = await import("../pages/screens/ScreensPage.tsx");
  return { default: page };
});

/** A wall has nothing around it; and a wall screen sees nothing else, wherever it was opened. */
export function Pages() {
  const { session } = useSession();
  const [isWall] = useRoute(pagePaths.wall);
  const [isKitchenWall, params] = useRoute(pagePaths.wallKitchen);
  if (!isWall && !isKitchenWall) {
    // Whose session ends there is shown a code, and no form that nobody can type into.
    return session.role === "kiosk" ? <Redirect to={pagePaths.wall} replace /> : <ShellPages />;
  }
  return (
    <WallBoundary>
      <Suspense fallback={null}>
        <WallPage sppgId={isKitchenWall ? params.sppgId : null} />
      </Suspense>
    </WallBoundary>
  );
}

/** Which page stands at which address, each in a file of its own that loads when it is opened. */
function ShellPages() {
  return (
    <Shell>
      <PageBoundary>
        <Suspense fallback={<Skeleton />}>
          <Switch>
            <Route path={pagePaths.overview} component={OverviewPage} />
            <Route path={pagePaths.kitchen}>
              {({ sppgId }) => <KitchenPage key={sppgId} sppgId={sppgId} />}
            </Route>
            <Route path={pagePaths.fleet} component={FleetPage} />
            <Route path={pagePaths.stock} component={StockPage} />
            <Route path={pagePaths.alerts} component={AlertsPage} />
            <Route path={pagePaths.rules} component={RulesPage} />
            <Route path={pagePaths.screens} component={ScreensPage} />
            <Route path={pagePaths.devices} component={DevicesPage} />
            <Route path={pagePaths.account} component={AccountPage} />
            <Route path={pagePaths.admin}>{() => <AdminPage section={null} />}</Route>
            <Route path={pagePaths.adminSection}>
              {({ section }) => <AdminPage section={section} />}
            </Route>
            <Route component={NotFoundPage} />
          </Switch>
        </Suspense>
      </PageBoundary>
    </Shell>
  );
}
